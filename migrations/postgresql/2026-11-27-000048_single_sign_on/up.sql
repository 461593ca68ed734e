-- Single sign-on: whose subject at the identity provider is whose, and tries that are under way. All of it
-- stands at the city's unit. Subjects are kept as keyed hashes.

-- One subject is one person, whatever logins they have.
CREATE TABLE sso_subject (
    unit_id BIGINT NOT NULL,
    subject_hash TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, subject_hash),
    UNIQUE (unit_id, subject_hash, person_id)
);
ALTER TABLE sso_subject ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_subject FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_subject_in_scope ON sso_subject USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON sso_subject TO bienlai_app;

-- The logins that a subject opens: its person's, each linked on purpose.
CREATE TABLE sso_link (
    unit_id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    subject_hash TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, login_id),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id),
    FOREIGN KEY (unit_id, subject_hash, person_id) REFERENCES sso_subject (unit_id, subject_hash, person_id)
);
CREATE INDEX sso_link_by_unit_id_subject_hash ON sso_link (unit_id, subject_hash);
ALTER TABLE sso_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_link FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_link_in_scope ON sso_link USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON sso_link TO bienlai_app;

-- A browser that was sent to the provider, or came back and still has to choose a login or type a code.
CREATE TABLE sso_attempt (
    unit_id BIGINT NOT NULL,
    token_sha256 TEXT NOT NULL,
    browser_sha256 TEXT NOT NULL,
    login_id BIGINT NULL,
    next TEXT NOT NULL,
    subject_hash TEXT NULL,
    confirmed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, token_sha256)
);
CREATE INDEX sso_attempt_by_unit_id_expires_at ON sso_attempt (unit_id, expires_at);
ALTER TABLE sso_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE sso_attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY sso_attempt_in_scope ON sso_attempt USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON sso_attempt TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000048_single_sign_on', '0.1.0');
