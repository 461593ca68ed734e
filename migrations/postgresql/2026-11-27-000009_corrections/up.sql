-- Corrections of receipts (replace, adjust, cancel) with their money, and refunds of surplus.

-- What corrections add to an obligation's total, and which edition of its lines is in force.
ALTER TABLE obligation ADD COLUMN adjusted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE obligation ADD COLUMN line_edition INTEGER NOT NULL DEFAULT 0;
ALTER TABLE obligation_line ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;
GRANT UPDATE (adjusted, line_edition) ON obligation TO bienlai_app;

-- An adjusting receipt carries differences, which may be below zero.
ALTER TABLE receipt DROP CONSTRAINT receipt_amount_check;

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
    PRIMARY KEY (unit_id, id),
    CHECK (kind IN ('replace', 'adjust', 'cancel')),
    CHECK (state IN ('requested', 'approved', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK ((state = 'requested') = (checker_person_id IS NULL)),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
CREATE UNIQUE INDEX correction_by_unit_id_receipt_id_where ON correction (unit_id, receipt_id) WHERE (state = 'requested');
CREATE INDEX correction_by_unit_id_obligation_id ON correction (unit_id, obligation_id);
ALTER TABLE correction ENABLE ROW LEVEL SECURITY;
ALTER TABLE correction FORCE ROW LEVEL SECURITY;
CREATE POLICY correction_in_scope ON correction USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER correction_facts_stay BEFORE UPDATE OF unit_id, id, receipt_id, obligation_id, kind, reason, agreement_no, agreement_on, agreement_about, party_id, profile, certainty, old_amount, new_amount, maker_person_id, created_at ON correction FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_stays BEFORE DELETE ON correction FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_is_not_emptied BEFORE TRUNCATE ON correction FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_moves_on BEFORE UPDATE ON correction FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON correction TO bienlai_app;
GRANT UPDATE (state, revision, checker_person_id) ON correction TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, correction_id, revision)
);
ALTER TABLE correction_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE correction_event FORCE ROW LEVEL SECURITY;
CREATE POLICY correction_event_in_scope ON correction_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER correction_event_facts_stay BEFORE UPDATE ON correction_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_event_stays BEFORE DELETE ON correction_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_event_is_not_emptied BEFORE TRUNCATE ON correction_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON correction_event TO bienlai_app;

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
ALTER TABLE correction_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE correction_line FORCE ROW LEVEL SECURITY;
CREATE POLICY correction_line_in_scope ON correction_line USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER correction_line_facts_stay BEFORE UPDATE ON correction_line FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_line_stays BEFORE DELETE ON correction_line FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER correction_line_is_not_emptied BEFORE TRUNCATE ON correction_line FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON correction_line TO bienlai_app;

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
ALTER TABLE receipt_relation ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_relation FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_relation_in_scope ON receipt_relation USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_relation_facts_stay BEFORE UPDATE ON receipt_relation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_relation_stays BEFORE DELETE ON receipt_relation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_relation_is_not_emptied BEFORE TRUNCATE ON receipt_relation FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON receipt_relation TO bienlai_app;

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
ALTER TABLE awaited_document ENABLE ROW LEVEL SECURITY;
ALTER TABLE awaited_document FORCE ROW LEVEL SECURITY;
CREATE POLICY awaited_document_in_scope ON awaited_document USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER awaited_document_facts_stay BEFORE UPDATE OF unit_id, correction_id, obligation_id, original_id, action, party_id, note, created_at ON awaited_document FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER awaited_document_stays BEFORE DELETE ON awaited_document FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER awaited_document_is_not_emptied BEFORE TRUNCATE ON awaited_document FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER awaited_document_moves_on BEFORE UPDATE ON awaited_document FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON awaited_document TO bienlai_app;
GRANT UPDATE (state, revision) ON awaited_document TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (state IN ('requested', 'approved', 'sent', 'debited', 'bounced', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('requested', 'refused')),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX refund_by_unit_id_payment_id ON refund (unit_id, payment_id);
CREATE INDEX refund_by_unit_id_state_id ON refund (unit_id, state, id);
ALTER TABLE refund ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_in_scope ON refund USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER refund_facts_stay BEFORE UPDATE OF unit_id, id, payment_id, account_id, amount, reference_code, reason, correction_id, maker_person_id, created_at ON refund FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_stays BEFORE DELETE ON refund FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_is_not_emptied BEFORE TRUNCATE ON refund FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_moves_on BEFORE UPDATE ON refund FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON refund TO bienlai_app;
GRANT UPDATE (state, revision, checker_person_id) ON refund TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, refund_id, revision)
);
ALTER TABLE refund_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund_event FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_event_in_scope ON refund_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER refund_event_facts_stay BEFORE UPDATE ON refund_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_event_stays BEFORE DELETE ON refund_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_event_is_not_emptied BEFORE TRUNCATE ON refund_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON refund_event TO bienlai_app;

CREATE TABLE refund_payee (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    refund_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, refund_id) REFERENCES refund (unit_id, id)
);
CREATE INDEX refund_payee_by_unit_id_refund_id ON refund_payee (unit_id, refund_id);
ALTER TABLE refund_payee ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund_payee FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_payee_in_scope ON refund_payee USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER refund_payee_facts_stay BEFORE UPDATE ON refund_payee FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_payee_stays BEFORE DELETE ON refund_payee FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_payee_is_not_emptied BEFORE TRUNCATE ON refund_payee FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON refund_payee TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000009_corrections', '0.1.0');
