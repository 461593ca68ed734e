-- People sign in: logins of persons, their invitations, recovery codes and sessions.
--
-- All of them stand at the city's unit, so that a login's name is unique in the whole city.

CREATE TABLE login (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    password TEXT NULL,
    second_key_id BIGINT NULL,
    second_factor BYTEA NULL,
    second_step BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    locked_until BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, name),
    CHECK (state IN ('invited', 'active', 'ended')),
    CHECK (state <> 'active' OR password IS NOT NULL),
    CHECK ((second_key_id IS NULL) = (second_factor IS NULL)),
    CHECK (state <> 'active' OR second_factor IS NOT NULL OR role NOT IN ('approver', 'administrator'))
);
ALTER TABLE login ENABLE ROW LEVEL SECURITY;
ALTER TABLE login FORCE ROW LEVEL SECURITY;
CREATE POLICY login_in_scope ON login USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER login_facts_stay BEFORE UPDATE OF unit_id, id, name, person_id, role, scope, created_at ON login FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER login_stays BEFORE DELETE ON login FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER login_is_not_emptied BEFORE TRUNCATE ON login FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER login_moves_on BEFORE UPDATE ON login FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON login TO bienlai_app;
GRANT UPDATE (state, password, second_key_id, second_factor, second_step, failures, locked_until, revision) ON login TO bienlai_app;

CREATE TABLE login_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, login_id, revision),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
ALTER TABLE login_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE login_event FORCE ROW LEVEL SECURITY;
CREATE POLICY login_event_in_scope ON login_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER login_event_facts_stay BEFORE UPDATE ON login_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER login_event_stays BEFORE DELETE ON login_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER login_event_is_not_emptied BEFORE TRUNCATE ON login_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON login_event TO bienlai_app;

CREATE TABLE invitation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    token_sha256 TEXT NOT NULL,
    second_key_id BIGINT NOT NULL,
    second_factor BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, token_sha256),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
CREATE INDEX invitation_by_unit_id_login_id ON invitation (unit_id, login_id);
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY invitation_in_scope ON invitation USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation TO bienlai_app;

CREATE TABLE recovery_code (
    unit_id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    code_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, login_id, code_hash),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY recovery_code_in_scope ON recovery_code USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code TO bienlai_app;

CREATE TABLE session (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    token_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, token_sha256),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
CREATE INDEX session_by_unit_id_login_id ON session (unit_id, login_id);
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY session_in_scope ON session USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000031_sign_in', '0.1.0');
