-- Messages to payers with every attempt and answer; consent; look-ups by dossier and their locks.

-- A citizen names the dossier and not the unit.
CREATE INDEX obligation_by_dossier_code ON obligation (dossier_code);

CREATE TABLE message (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    recipient_hash TEXT NOT NULL,
    key_id BIGINT NULL,
    cipher BLOB NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, subject_kind, subject_id, kind, channel, recipient_hash),
    CHECK (channel IN ('email', 'sms', 'lookup')),
    CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'given_up', 'no_address'))
);
CREATE INDEX message_by_run_at_where ON message (run_at, unit_id) WHERE (state IN ('waiting', 'sending'));
CREATE INDEX message_by_unit_id_state_id ON message (unit_id, state, id);
CREATE TRIGGER message_facts_stay BEFORE UPDATE OF unit_id, id, kind, subject_kind, subject_id, channel, recipient_hash, key_id, cipher, created_at, expires_at ON message BEGIN SELECT RAISE(ABORT, 'append_only: message'); END;
CREATE TRIGGER message_moves_on BEFORE UPDATE ON message WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: message'); END;
CREATE TRIGGER message_stays BEFORE DELETE ON message BEGIN SELECT RAISE(ABORT, 'append_only: message'); END;

CREATE TABLE message_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    via TEXT NULL,
    code TEXT NULL,
    reference TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, message_id, revision)
);
CREATE TRIGGER message_event_facts_stay BEFORE UPDATE ON message_event BEGIN SELECT RAISE(ABORT, 'append_only: message_event'); END;
CREATE TRIGGER message_event_stays BEFORE DELETE ON message_event BEGIN SELECT RAISE(ABORT, 'append_only: message_event'); END;

CREATE TABLE contact_consent (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    is_given BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    given_on DATE NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, party_id) REFERENCES party (unit_id, id)
);
CREATE INDEX contact_consent_by_unit_id_party_id ON contact_consent (unit_id, party_id);
CREATE TRIGGER contact_consent_facts_stay BEFORE UPDATE ON contact_consent BEGIN SELECT RAISE(ABORT, 'append_only: contact_consent'); END;
CREATE TRIGGER contact_consent_stays BEFORE DELETE ON contact_consent BEGIN SELECT RAISE(ABORT, 'append_only: contact_consent'); END;

CREATE TABLE dossier_lookup (
    unit_id BIGINT NOT NULL,
    dossier_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    failed_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, dossier_hash)
);
CREATE INDEX dossier_lookup_by_created_at ON dossier_lookup (created_at);

CREATE TABLE one_time_code (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    dossier_hash TEXT NOT NULL,
    phone_hash TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (state IN ('open', 'used', 'spent'))
);
CREATE INDEX one_time_code_by_unit_id_dossier_hash ON one_time_code (unit_id, dossier_hash);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000010_notifications', '0.1.0');
