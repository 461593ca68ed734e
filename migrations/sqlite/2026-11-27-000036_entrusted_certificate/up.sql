-- The city's certificate signs for a unit that entrusted it: by which decision, from when to when, and as
-- whom the city stands on the documents. Newer rows of the same day or a later one count; `ended` ends.
CREATE TABLE entrusted_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    action TEXT NOT NULL,
    decision_no TEXT NOT NULL,
    decided_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    issuer_name TEXT NOT NULL,
    issuer_tax_code TEXT NOT NULL,
    issuer_address TEXT NOT NULL,
    issuer_phone TEXT NULL,
    issuer_budget_code TEXT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (action IN ('entrusted', 'ended')),
    CHECK (valid_from <= valid_until)
);
CREATE TRIGGER entrusted_certificate_facts_stay BEFORE UPDATE ON entrusted_certificate BEGIN SELECT RAISE(ABORT, 'append_only: entrusted_certificate'); END;
CREATE TRIGGER entrusted_certificate_stays BEFORE DELETE ON entrusted_certificate BEGIN SELECT RAISE(ABORT, 'append_only: entrusted_certificate'); END;

-- Invoices are filed one by one beside the forms, in the way that SQLite describes for changing a CHECK
-- without touching stored rows.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''registration'', ''usage_report'', ''error_notice''))', 'CHECK (kind IN (''registration'', ''usage_report'', ''error_notice'', ''invoice''))') WHERE type = 'table' AND name = 'filing';
PRAGMA writable_schema = RESET;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000036_entrusted_certificate', '0.1.0');
