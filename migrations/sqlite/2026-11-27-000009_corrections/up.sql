-- Corrections of receipts (replace, adjust, cancel) with their money, and refunds of surplus.

-- What corrections add to an obligation's total, and which edition of its lines is in force.
ALTER TABLE obligation ADD COLUMN adjusted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE obligation ADD COLUMN line_edition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE obligation_line ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;

-- An adjusting receipt carries differences, which may be below zero. The way that SQLite describes
-- for taking a CHECK away, which does not touch stored rows (“Making Other Kinds Of Table Schema
-- Changes”, the simpler procedure).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (amount >= 0),', '') WHERE type = 'table' AND name = 'receipt';
PRAGMA writable_schema = RESET;

CREATE TABLE correction (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    agreement_no TEXT NOT NULL,
    agreement_on DATE NOT NULL,
    agreement_about TEXT NOT NULL,
    party_id BIGINT NULL,
    profile TEXT NOT NULL,
    certainty TEXT NOT NULL,
    old_amount BIGINT NOT NULL,
    new_amount BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (kind IN ('replace', 'adjust', 'cancel')),
    CHECK (state IN ('requested', 'approved', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK ((state = 'requested') = (checker_person_id IS NULL)),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
CREATE UNIQUE INDEX correction_by_unit_id_receipt_id_where ON correction (unit_id, receipt_id) WHERE (state = 'requested');
CREATE INDEX correction_by_unit_id_obligation_id ON correction (unit_id, obligation_id);
CREATE TRIGGER correction_facts_stay BEFORE UPDATE OF unit_id, id, receipt_id, obligation_id, kind, reason, agreement_no, agreement_on, agreement_about, party_id, profile, certainty, old_amount, new_amount, maker_person_id, created_at ON correction BEGIN SELECT RAISE(ABORT, 'append_only: correction'); END;
CREATE TRIGGER correction_moves_on BEFORE UPDATE ON correction WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: correction'); END;
CREATE TRIGGER correction_stays BEFORE DELETE ON correction BEGIN SELECT RAISE(ABORT, 'append_only: correction'); END;

CREATE TABLE correction_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, correction_id, revision)
);
CREATE TRIGGER correction_event_facts_stay BEFORE UPDATE ON correction_event BEGIN SELECT RAISE(ABORT, 'append_only: correction_event'); END;
CREATE TRIGGER correction_event_stays BEFORE DELETE ON correction_event BEGIN SELECT RAISE(ABORT, 'append_only: correction_event'); END;

CREATE TABLE correction_line (
    unit_id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    item_code TEXT NOT NULL,
    item_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    measure_unit TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    gross BIGINT NOT NULL,
    reduction BIGINT NOT NULL,
    reduction_percent TEXT NULL,
    reduction_ground TEXT NULL,
    amount BIGINT NOT NULL,
    chapter TEXT NULL,
    sub_item TEXT NULL,
    kept_share_bp INTEGER NOT NULL,
    legal_ground TEXT NOT NULL,
    explanation TEXT NOT NULL,
    PRIMARY KEY (unit_id, correction_id, line_no),
    CHECK (amount = gross - reduction AND amount >= 0),
    FOREIGN KEY (unit_id, correction_id) REFERENCES correction (unit_id, id)
);
CREATE TRIGGER correction_line_facts_stay BEFORE UPDATE ON correction_line BEGIN SELECT RAISE(ABORT, 'append_only: correction_line'); END;
CREATE TRIGGER correction_line_stays BEFORE DELETE ON correction_line BEGIN SELECT RAISE(ABORT, 'append_only: correction_line'); END;

CREATE TABLE receipt_relation (
    unit_id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    original_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    posted_on DATE NOT NULL,
    difference BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, correction_id),
    CHECK (action IN ('replace', 'adjust', 'cancel')),
    CHECK ((action = 'cancel') = (receipt_id = original_id)),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id),
    FOREIGN KEY (unit_id, original_id) REFERENCES receipt (unit_id, id)
);
CREATE INDEX receipt_relation_by_unit_id_receipt_id ON receipt_relation (unit_id, receipt_id);
CREATE INDEX receipt_relation_by_unit_id_original_id ON receipt_relation (unit_id, original_id);
CREATE INDEX receipt_relation_by_unit_id_posted_on ON receipt_relation (unit_id, posted_on);
CREATE TRIGGER receipt_relation_facts_stay BEFORE UPDATE ON receipt_relation BEGIN SELECT RAISE(ABORT, 'append_only: receipt_relation'); END;
CREATE TRIGGER receipt_relation_stays BEFORE DELETE ON receipt_relation BEGIN SELECT RAISE(ABORT, 'append_only: receipt_relation'); END;

CREATE TABLE awaited_document (
    unit_id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    original_id BIGINT NOT NULL,
    action TEXT NOT NULL,
    party_id BIGINT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, correction_id),
    CHECK (action IN ('replace', 'adjust')),
    CHECK (state IN ('waiting', 'issued')),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE INDEX awaited_document_by_unit_id_obligation_id ON awaited_document (unit_id, obligation_id);
CREATE TRIGGER awaited_document_facts_stay BEFORE UPDATE OF unit_id, correction_id, obligation_id, original_id, action, party_id, note, created_at ON awaited_document BEGIN SELECT RAISE(ABORT, 'append_only: awaited_document'); END;
CREATE TRIGGER awaited_document_moves_on BEFORE UPDATE ON awaited_document WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: awaited_document'); END;
CREATE TRIGGER awaited_document_stays BEFORE DELETE ON awaited_document BEGIN SELECT RAISE(ABORT, 'append_only: awaited_document'); END;

CREATE TABLE refund (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    reference_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    correction_id BIGINT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (state IN ('requested', 'approved', 'sent', 'debited', 'bounced', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('requested', 'refused')),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX refund_by_unit_id_payment_id ON refund (unit_id, payment_id);
CREATE INDEX refund_by_unit_id_state_id ON refund (unit_id, state, id);
CREATE TRIGGER refund_facts_stay BEFORE UPDATE OF unit_id, id, payment_id, account_id, amount, reference_code, reason, correction_id, maker_person_id, created_at ON refund BEGIN SELECT RAISE(ABORT, 'append_only: refund'); END;
CREATE TRIGGER refund_moves_on BEFORE UPDATE ON refund WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: refund'); END;
CREATE TRIGGER refund_stays BEFORE DELETE ON refund BEGIN SELECT RAISE(ABORT, 'append_only: refund'); END;

CREATE TABLE refund_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    refund_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, refund_id, revision)
);
CREATE TRIGGER refund_event_facts_stay BEFORE UPDATE ON refund_event BEGIN SELECT RAISE(ABORT, 'append_only: refund_event'); END;
CREATE TRIGGER refund_event_stays BEFORE DELETE ON refund_event BEGIN SELECT RAISE(ABORT, 'append_only: refund_event'); END;

CREATE TABLE refund_payee (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    refund_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    FOREIGN KEY (unit_id, refund_id) REFERENCES refund (unit_id, id)
);
CREATE INDEX refund_payee_by_unit_id_refund_id ON refund_payee (unit_id, refund_id);
CREATE TRIGGER refund_payee_facts_stay BEFORE UPDATE ON refund_payee BEGIN SELECT RAISE(ABORT, 'append_only: refund_payee'); END;
CREATE TRIGGER refund_payee_stays BEFORE DELETE ON refund_payee BEGIN SELECT RAISE(ABORT, 'append_only: refund_payee'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000009_corrections', '0.1.0');
