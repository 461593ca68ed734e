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
    PRIMARY KEY (unit_id, id),
    CHECK ((principal_name IS NULL) = (principal_tax_code IS NULL) AND (principal_name IS NULL) = (contract IS NULL)),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
ALTER TABLE unit_imprint ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit_imprint FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_imprint_in_scope ON unit_imprint USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER unit_imprint_facts_stay BEFORE UPDATE ON unit_imprint FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_imprint_stays BEFORE DELETE ON unit_imprint FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_imprint_is_not_emptied BEFORE TRUNCATE ON unit_imprint FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON unit_imprint TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000006_documents', '0.1.0');
