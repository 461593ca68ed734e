-- Matching: gateways' terms and settlement reports, evidence of lines without a movement, rules of
-- non-fee lines with their versions, what payers' accounts were seen to pay for.

CREATE TABLE gateway_terms (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    marker TEXT NOT NULL,
    fee_bp INTEGER NOT NULL,
    fee_fixed BIGINT NOT NULL,
    window_days INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    agreement_no TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (fee_bp >= 0 AND fee_bp < 10000),
    CHECK (fee_fixed >= 0),
    CHECK (window_days >= 0 AND window_days <= 31),
    CHECK (valid_from <= valid_until),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE INDEX gateway_terms_by_unit_id_account_id_channel ON gateway_terms (unit_id, account_id, channel);
ALTER TABLE gateway_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY gateway_terms_in_scope ON gateway_terms USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER gateway_terms_facts_stay BEFORE UPDATE ON gateway_terms FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER gateway_terms_stays BEFORE DELETE ON gateway_terms FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER gateway_terms_is_not_emptied BEFORE TRUNCATE ON gateway_terms FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON gateway_terms TO bienlai_app;

CREATE TABLE settlement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    reference TEXT NOT NULL,
    settled_on DATE NOT NULL,
    gross BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    net BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, channel, reference),
    CHECK (gross > 0 AND fee >= 0 AND net > 0 AND net = gross - fee),
    CHECK (state IN ('awaited', 'credited'))
);
CREATE INDEX settlement_by_unit_id_account_id_state ON settlement (unit_id, account_id, state);
ALTER TABLE settlement ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement FORCE ROW LEVEL SECURITY;
CREATE POLICY settlement_in_scope ON settlement USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER settlement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at ON settlement FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_is_not_emptied BEFORE TRUNCATE ON settlement FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_moves_on BEFORE UPDATE ON settlement FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON settlement TO bienlai_app;
GRANT UPDATE (state, revision) ON settlement TO bienlai_app;

CREATE TABLE settlement_item (
    unit_id BIGINT NOT NULL,
    settlement_id BIGINT NOT NULL,
    item_no INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    PRIMARY KEY (unit_id, settlement_id, item_no),
    UNIQUE (unit_id, settlement_id, external_id),
    CHECK (amount > 0 AND fee >= 0 AND fee <= amount),
    FOREIGN KEY (unit_id, settlement_id) REFERENCES settlement (unit_id, id)
);
ALTER TABLE settlement_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement_item FORCE ROW LEVEL SECURITY;
CREATE POLICY settlement_item_in_scope ON settlement_item USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER settlement_item_facts_stay BEFORE UPDATE ON settlement_item FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_item_stays BEFORE DELETE ON settlement_item FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_item_is_not_emptied BEFORE TRUNCATE ON settlement_item FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON settlement_item TO bienlai_app;

CREATE TABLE settlement_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    settlement_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    on_date DATE NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, settlement_id, revision),
    FOREIGN KEY (unit_id, settlement_id) REFERENCES settlement (unit_id, id)
);
ALTER TABLE settlement_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement_event FORCE ROW LEVEL SECURITY;
CREATE POLICY settlement_event_in_scope ON settlement_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER settlement_event_facts_stay BEFORE UPDATE ON settlement_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_event_stays BEFORE DELETE ON settlement_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER settlement_event_is_not_emptied BEFORE TRUNCATE ON settlement_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON settlement_event TO bienlai_app;

CREATE TABLE line_evidence (
    unit_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    evidence TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, line_id),
    FOREIGN KEY (unit_id, line_id) REFERENCES statement_line (unit_id, id)
);
ALTER TABLE line_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE line_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY line_evidence_in_scope ON line_evidence USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER line_evidence_facts_stay BEFORE UPDATE ON line_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER line_evidence_stays BEFORE DELETE ON line_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER line_evidence_is_not_emptied BEFORE TRUNCATE ON line_evidence FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON line_evidence TO bienlai_app;

CREATE TABLE class_rule (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, name, version),
    CHECK (version > 0),
    CHECK (state IN ('proposed', 'in_force', 'refused', 'replaced')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('proposed', 'refused'))
);
-- One version of a rule is in force, and one waits for its second person.
CREATE UNIQUE INDEX class_rule_in_force_once ON class_rule (unit_id, name) WHERE (state = 'in_force');
CREATE UNIQUE INDEX class_rule_proposed_once ON class_rule (unit_id, name) WHERE (state = 'proposed');
ALTER TABLE class_rule ENABLE ROW LEVEL SECURITY;
ALTER TABLE class_rule FORCE ROW LEVEL SECURITY;
CREATE POLICY class_rule_in_scope ON class_rule USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER class_rule_facts_stay BEFORE UPDATE OF unit_id, id, name, version, rank, body, reason, maker_person_id, created_at ON class_rule FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER class_rule_stays BEFORE DELETE ON class_rule FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER class_rule_is_not_emptied BEFORE TRUNCATE ON class_rule FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER class_rule_moves_on BEFORE UPDATE ON class_rule FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON class_rule TO bienlai_app;
GRANT UPDATE (state, revision, checker_person_id) ON class_rule TO bienlai_app;

CREATE TABLE class_rule_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    rule_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, rule_id, revision),
    FOREIGN KEY (unit_id, rule_id) REFERENCES class_rule (unit_id, id)
);
ALTER TABLE class_rule_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE class_rule_event FORCE ROW LEVEL SECURITY;
CREATE POLICY class_rule_event_in_scope ON class_rule_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER class_rule_event_facts_stay BEFORE UPDATE ON class_rule_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER class_rule_event_stays BEFORE DELETE ON class_rule_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER class_rule_event_is_not_emptied BEFORE TRUNCATE ON class_rule_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON class_rule_event TO bienlai_app;

CREATE TABLE payer_alias (
    unit_id BIGINT NOT NULL,
    account_hash TEXT NOT NULL,
    party_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_hash, party_id)
);
CREATE INDEX payer_alias_by_unit_id_party_id ON payer_alias (unit_id, party_id);
CREATE INDEX payer_alias_by_unit_id_line_id ON payer_alias (unit_id, line_id);
ALTER TABLE payer_alias ENABLE ROW LEVEL SECURITY;
ALTER TABLE payer_alias FORCE ROW LEVEL SECURITY;
CREATE POLICY payer_alias_in_scope ON payer_alias USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON payer_alias TO bienlai_app;

-- What accounts paid for is found by payer, and payers by what they are known by.
CREATE INDEX party_index_by_unit_id_party_id ON party_index (unit_id, party_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000028_matching_rules', '0.1.0');
