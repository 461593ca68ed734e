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
    second_factor BLOB NULL,
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
CREATE TRIGGER login_facts_stay BEFORE UPDATE OF unit_id, id, name, person_id, role, scope, created_at ON login BEGIN SELECT RAISE(ABORT, 'append_only: login'); END;
CREATE TRIGGER login_moves_on BEFORE UPDATE ON login WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: login'); END;
CREATE TRIGGER login_stays BEFORE DELETE ON login BEGIN SELECT RAISE(ABORT, 'append_only: login'); END;

CREATE TABLE login_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, login_id, revision),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
CREATE TRIGGER login_event_facts_stay BEFORE UPDATE ON login_event BEGIN SELECT RAISE(ABORT, 'append_only: login_event'); END;
CREATE TRIGGER login_event_stays BEFORE DELETE ON login_event BEGIN SELECT RAISE(ABORT, 'append_only: login_event'); END;

CREATE TABLE invitation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    token_sha256 TEXT NOT NULL,
    second_key_id BIGINT NOT NULL,
    second_factor BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, token_sha256),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);
CREATE INDEX invitation_by_unit_id_login_id ON invitation (unit_id, login_id);

CREATE TABLE recovery_code (
    unit_id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    code_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, login_id, code_hash),
    FOREIGN KEY (unit_id, login_id) REFERENCES login (unit_id, id)
);

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

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000031_sign_in', '0.1.0');
