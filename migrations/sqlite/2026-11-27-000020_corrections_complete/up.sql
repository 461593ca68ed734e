-- Corrections of every kind of document, their withdrawal, and the agreement itself.

-- Until now only receipts were corrected.
ALTER TABLE correction ADD COLUMN document_kind TEXT NOT NULL DEFAULT 'receipt';
-- Of the newest agreement that was attached.
ALTER TABLE correction ADD COLUMN agreement_sha256 TEXT NULL;
-- Who asked for an approved correction to be withdrawn, and who agreed.
ALTER TABLE correction ADD COLUMN withdrawal_maker_person_id BIGINT NULL;
ALTER TABLE correction ADD COLUMN withdrawal_checker_person_id BIGINT NULL CHECK (withdrawal_maker_person_id <> withdrawal_checker_person_id);
ALTER TABLE correction_line ADD COLUMN vat_rate TEXT NULL;

-- More states, in the way that SQLite describes for changing a CHECK without touching stored rows.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (state IN (''requested'', ''approved'', ''refused''))', 'CHECK (state IN (''requested'', ''approved'', ''refused'', ''withdrawal_requested'', ''withdrawn''))') WHERE type = 'table' AND name = 'correction';
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (state IN (''waiting'', ''issued''))', 'CHECK (state IN (''waiting'', ''issued'', ''withdrawn''))') WHERE type = 'table' AND name = 'awaited_document';
PRAGMA writable_schema = RESET;

DROP TRIGGER correction_facts_stay;
CREATE TRIGGER correction_facts_stay BEFORE UPDATE OF unit_id, id, receipt_id, obligation_id, kind, reason, agreement_no, agreement_on, agreement_about, party_id, profile, certainty, old_amount, new_amount, maker_person_id, created_at, document_kind ON correction BEGIN SELECT RAISE(ABORT, 'append_only: correction'); END;

CREATE TABLE correction_agreement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (size > 0),
    FOREIGN KEY (unit_id, correction_id) REFERENCES correction (unit_id, id)
);
CREATE INDEX correction_agreement_by_unit_id_correction_id ON correction_agreement (unit_id, correction_id);
CREATE TRIGGER correction_agreement_facts_stay BEFORE UPDATE ON correction_agreement BEGIN SELECT RAISE(ABORT, 'append_only: correction_agreement'); END;
CREATE TRIGGER correction_agreement_stays BEFORE DELETE ON correction_agreement BEGIN SELECT RAISE(ABORT, 'append_only: correction_agreement'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000020_corrections_complete', '0.1.0');
