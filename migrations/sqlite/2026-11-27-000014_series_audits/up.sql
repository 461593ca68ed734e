-- The life of a series, and the nightly certificates that each is 1..N.

-- `state` stays what numbering reads: open or closed. `phase` says more of why it is closed.
ALTER TABLE receipt_series ADD COLUMN phase TEXT NOT NULL DEFAULT 'open' CHECK (phase IN ('planned', 'open', 'stopped', 'exhausted', 'closed'));
UPDATE receipt_series SET phase = 'closed', revision = revision + 1 WHERE state = 'closed';

CREATE TABLE receipt_series_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    series_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, series_id, revision),
    CHECK (state IN ('planned', 'open', 'stopped', 'exhausted', 'closed')),
    FOREIGN KEY (unit_id, series_id) REFERENCES receipt_series (unit_id, id)
);
CREATE TRIGGER receipt_series_event_facts_stay BEFORE UPDATE ON receipt_series_event BEGIN SELECT RAISE(ABORT, 'append_only: receipt_series_event'); END;
CREATE TRIGGER receipt_series_event_stays BEFORE DELETE ON receipt_series_event BEGIN SELECT RAISE(ABORT, 'append_only: receipt_series_event'); END;

-- One of a unit and night, each behind the one before: no two may follow the same.
CREATE TABLE series_audit (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    date DATE NOT NULL,
    series_count BIGINT NOT NULL,
    number_count BIGINT NOT NULL,
    fault_count BIGINT NOT NULL,
    document BLOB NOT NULL,
    document_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    signature BLOB NOT NULL,
    certificate_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, date),
    UNIQUE (unit_id, previous_sha256),
    CHECK (series_count >= 0 AND number_count >= 0 AND fault_count >= 0)
);
CREATE TRIGGER series_audit_facts_stay BEFORE UPDATE ON series_audit BEGIN SELECT RAISE(ABORT, 'append_only: series_audit'); END;
CREATE TRIGGER series_audit_stays BEFORE DELETE ON series_audit BEGIN SELECT RAISE(ABORT, 'append_only: series_audit'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000014_series_audits', '0.1.0');
