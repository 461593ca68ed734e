-- How each certificate signs, what is alarmed about keys, and the evidence kept for later years.

ALTER TABLE signing_certificate ADD COLUMN signer TEXT NOT NULL DEFAULT 'software';
ALTER TABLE signing_certificate ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
ALTER TABLE signing_certificate ADD COLUMN active_from BIGINT NULL;

CREATE TABLE key_alarm (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    certificate_id BIGINT NULL,
    detail TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
CREATE TRIGGER key_alarm_facts_stay BEFORE UPDATE ON key_alarm BEGIN SELECT RAISE(ABORT, 'append_only: key_alarm'); END;
CREATE TRIGGER key_alarm_stays BEFORE DELETE ON key_alarm BEGIN SELECT RAISE(ABORT, 'append_only: key_alarm'); END;

CREATE TABLE key_alarm_cleared (
    unit_id BIGINT NOT NULL,
    alarm_id BIGINT NOT NULL,
    cleared_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, alarm_id),
    FOREIGN KEY (unit_id, alarm_id) REFERENCES key_alarm (unit_id, id)
);
CREATE TRIGGER key_alarm_cleared_facts_stay BEFORE UPDATE ON key_alarm_cleared BEGIN SELECT RAISE(ABORT, 'append_only: key_alarm_cleared'); END;
CREATE TRIGGER key_alarm_cleared_stays BEFORE DELETE ON key_alarm_cleared BEGIN SELECT RAISE(ABORT, 'append_only: key_alarm_cleared'); END;

CREATE TABLE validation_evidence (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    document BLOB NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NULL,
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, certificate_id, sha256),
    CHECK (kind IN ('crl', 'ocsp')),
    FOREIGN KEY (unit_id, certificate_id) REFERENCES signing_certificate (unit_id, id)
);
CREATE TRIGGER validation_evidence_facts_stay BEFORE UPDATE ON validation_evidence BEGIN SELECT RAISE(ABORT, 'append_only: validation_evidence'); END;
CREATE TRIGGER validation_evidence_stays BEFORE DELETE ON validation_evidence BEGIN SELECT RAISE(ABORT, 'append_only: validation_evidence'); END;

CREATE TABLE certificate_revocation (
    unit_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    evidence_id BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, certificate_id),
    FOREIGN KEY (unit_id, evidence_id) REFERENCES validation_evidence (unit_id, id)
);
CREATE TRIGGER certificate_revocation_facts_stay BEFORE UPDATE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'append_only: certificate_revocation'); END;
CREATE TRIGGER certificate_revocation_stays BEFORE DELETE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'append_only: certificate_revocation'); END;

CREATE TABLE seal_evidence (
    unit_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    evidence_unit_id BIGINT NOT NULL,
    crl_id BIGINT NULL,
    ocsp_id BIGINT NULL,
    PRIMARY KEY (receipt_id, unit_id)
);
CREATE TRIGGER seal_evidence_facts_stay BEFORE UPDATE ON seal_evidence BEGIN SELECT RAISE(ABORT, 'append_only: seal_evidence'); END;
CREATE TRIGGER seal_evidence_stays BEFORE DELETE ON seal_evidence BEGIN SELECT RAISE(ABORT, 'append_only: seal_evidence'); END;

CREATE TABLE timestamp_leaf (
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    date DATE NOT NULL,
    position BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (subject_id, kind, unit_id),
    CHECK (kind IN ('day', 'seal'))
);
CREATE INDEX timestamp_leaf_by_date_position ON timestamp_leaf (date, position);
CREATE TRIGGER timestamp_leaf_facts_stay BEFORE UPDATE ON timestamp_leaf BEGIN SELECT RAISE(ABORT, 'append_only: timestamp_leaf'); END;
CREATE TRIGGER timestamp_leaf_stays BEFORE DELETE ON timestamp_leaf BEGIN SELECT RAISE(ABORT, 'append_only: timestamp_leaf'); END;

CREATE TABLE daily_timestamp (
    unit_id BIGINT NOT NULL,
    date DATE NOT NULL,
    leaf_count BIGINT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    root_sha256 TEXT NOT NULL,
    token BLOB NOT NULL,
    stamped_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, date)
);
CREATE TRIGGER daily_timestamp_facts_stay BEFORE UPDATE ON daily_timestamp BEGIN SELECT RAISE(ABORT, 'append_only: daily_timestamp'); END;
CREATE TRIGGER daily_timestamp_stays BEFORE DELETE ON daily_timestamp BEGIN SELECT RAISE(ABORT, 'append_only: daily_timestamp'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000008_keys_and_evidence', '0.1.0');
