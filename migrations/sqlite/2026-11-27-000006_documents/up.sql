-- Invoices beside receipts: tax rates of lines, and what stands on a unit's documents.

ALTER TABLE obligation_line ADD COLUMN vat_rate TEXT NULL;

CREATE TABLE unit_imprint (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    email TEXT NULL,
    treasury_account TEXT NULL,
    treasury_code TEXT NULL,
    principal_name TEXT NULL,
    principal_tax_code TEXT NULL,
    contract TEXT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK ((principal_name IS NULL) = (principal_tax_code IS NULL) AND (principal_name IS NULL) = (contract IS NULL)),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
CREATE TRIGGER unit_imprint_facts_stay BEFORE UPDATE ON unit_imprint BEGIN SELECT RAISE(ABORT, 'append_only: unit_imprint'); END;
CREATE TRIGGER unit_imprint_stays BEFORE DELETE ON unit_imprint BEGIN SELECT RAISE(ABORT, 'append_only: unit_imprint'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000006_documents', '0.1.0');
