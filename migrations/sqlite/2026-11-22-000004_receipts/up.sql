-- Numbered receipts and their seals.

CREATE TABLE receipt (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    series_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    document_kind TEXT NOT NULL,
    template TEXT NOT NULL,
    series TEXT NOT NULL,
    amount BIGINT NOT NULL,
    issued_on DATE NOT NULL,
    collected_at BIGINT NOT NULL,
    lookup_code TEXT NOT NULL,
    profile TEXT NOT NULL,
    body BLOB NOT NULL,
    body_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, series_id, number),
    CHECK (amount >= 0),
    CHECK (state IN ('numbered', 'signed', 'replaced', 'adjusted', 'cancelled')),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id),
    FOREIGN KEY (unit_id, series_id) REFERENCES receipt_series (unit_id, id)
);
CREATE INDEX receipt_by_unit_id_obligation_id ON receipt (unit_id, obligation_id);
CREATE INDEX receipt_by_unit_id_id_where ON receipt (id, unit_id) WHERE (state = 'numbered');
CREATE TRIGGER receipt_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, series_id, number, document_kind, template, series, amount, issued_on, collected_at, lookup_code, profile, body, body_sha256, created_at ON receipt BEGIN SELECT RAISE(ABORT, 'append_only: receipt'); END;
CREATE TRIGGER receipt_moves_on BEFORE UPDATE ON receipt WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: receipt'); END;
CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt BEGIN SELECT RAISE(ABORT, 'append_only: receipt'); END;

CREATE TABLE receipt_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (receipt_id, revision, unit_id)
);
CREATE TRIGGER receipt_event_facts_stay BEFORE UPDATE ON receipt_event BEGIN SELECT RAISE(ABORT, 'append_only: receipt_event'); END;
CREATE TRIGGER receipt_event_stays BEFORE DELETE ON receipt_event BEGIN SELECT RAISE(ABORT, 'append_only: receipt_event'); END;

CREATE TABLE receipt_seal (
    unit_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    document BLOB NOT NULL,
    document_sha256 TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (receipt_id, unit_id),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
CREATE TRIGGER receipt_seal_facts_stay BEFORE UPDATE ON receipt_seal BEGIN SELECT RAISE(ABORT, 'append_only: receipt_seal'); END;
CREATE TRIGGER receipt_seal_stays BEFORE DELETE ON receipt_seal BEGIN SELECT RAISE(ABORT, 'append_only: receipt_seal'); END;

CREATE TABLE receipt_due (
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    document_kind TEXT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, obligation_id, document_kind)
);
CREATE TRIGGER receipt_due_facts_stay BEFORE UPDATE OF unit_id, obligation_id, document_kind, code, created_at ON receipt_due BEGIN SELECT RAISE(ABORT, 'append_only: receipt_due'); END;
CREATE TRIGGER receipt_due_moves_on BEFORE UPDATE ON receipt_due WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: receipt_due'); END;
CREATE TRIGGER receipt_due_stays BEFORE DELETE ON receipt_due BEGIN SELECT RAISE(ABORT, 'append_only: receipt_due'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000004_receipts', '0.1.0');
