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

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000048_single_sign_on', '0.1.0');
