-- Corrections of every kind of document, their withdrawal, and the agreement itself.

-- Until now only receipts were corrected.
ALTER TABLE correction ADD COLUMN document_kind TEXT NOT NULL DEFAULT 'receipt';
-- Of the newest agreement that was attached.
ALTER TABLE correction ADD COLUMN agreement_sha256 TEXT NULL;
-- Who asked for an approved correction to be withdrawn, and who agreed.
ALTER TABLE correction ADD COLUMN withdrawal_maker_person_id BIGINT NULL;
ALTER TABLE correction ADD COLUMN withdrawal_checker_person_id BIGINT NULL CHECK (withdrawal_maker_person_id <> withdrawal_checker_person_id);
ALTER TABLE correction_line ADD COLUMN vat_rate TEXT NULL;
GRANT UPDATE (agreement_sha256, withdrawal_maker_person_id, withdrawal_checker_person_id) ON correction TO bienlai_app;

-- More states.
ALTER TABLE correction DROP CONSTRAINT correction_state_check;
ALTER TABLE correction ADD CONSTRAINT correction_state_check CHECK (state IN ('requested', 'approved', 'refused', 'withdrawal_requested', 'withdrawn'));
ALTER TABLE awaited_document DROP CONSTRAINT awaited_document_state_check;
ALTER TABLE awaited_document ADD CONSTRAINT awaited_document_state_check CHECK (state IN ('waiting', 'issued', 'withdrawn'));

DROP TRIGGER correction_facts_stay ON correction;
CREATE TRIGGER correction_facts_stay BEFORE UPDATE OF unit_id, id, receipt_id, obligation_id, kind, reason, agreement_no, agreement_on, agreement_about, party_id, profile, certainty, old_amount, new_amount, maker_person_id, created_at, document_kind ON correction FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();

CREATE TABLE correction_agreement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    correction_id BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (size > 0),
    FOREIGN KEY (unit_id, correction_id) REFERENCES correction (unit_id, id)
);
CREATE INDEX correction_agreement_by_unit_id_correction_id ON correction_agreement (unit_id, correction_id);
ALTER TABLE correction_agreement ENABLE ROW LEVEL SECURITY;
ALTER TABLE correction_agreement FORCE ROW LEVEL SECURITY;
CREATE POLICY correction_agreement_in_scope ON correction_agreement USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER correction_agreement_facts_stay BEFORE UPDATE ON correction_agreement FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_agreement_stays BEFORE DELETE ON correction_agreement FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_agreement_is_not_emptied BEFORE TRUNCATE ON correction_agreement FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON correction_agreement TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000020_corrections_complete', '0.1.0');
