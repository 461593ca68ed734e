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
ALTER TABLE entrusted_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE entrusted_certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY entrusted_certificate_in_scope ON entrusted_certificate USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER entrusted_certificate_facts_stay BEFORE UPDATE ON entrusted_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER entrusted_certificate_stays BEFORE DELETE ON entrusted_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER entrusted_certificate_is_not_emptied BEFORE TRUNCATE ON entrusted_certificate FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON entrusted_certificate TO bienlai_app;

-- Invoices are filed one by one beside the forms.
ALTER TABLE filing DROP CONSTRAINT filing_kind_check;
ALTER TABLE filing ADD CONSTRAINT filing_kind_check CHECK (kind IN ('registration', 'usage_report', 'error_notice', 'invoice'));

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000036_entrusted_certificate', '0.1.0');
