-- Units that another goes on for: what is handed over; names from a day on; accounts that end. What the city
-- decides by two persons is more than targets and entrustments now.

ALTER TABLE proposal DROP CONSTRAINT proposal_kind_check;
ALTER TABLE proposal ADD CONSTRAINT proposal_kind_check CHECK (kind IN ('targets', 'entrustment', 'merger', 'account', 'naming', 'trust'));

-- What a unit that another goes on for had left was handed over: once, with who did it and how many obligations moved.
CREATE TABLE unit_handover (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    obligations BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id)
);
ALTER TABLE unit_handover ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit_handover FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_handover_in_scope ON unit_handover USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER unit_handover_facts_stay BEFORE UPDATE ON unit_handover FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_handover_stays BEFORE DELETE ON unit_handover FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_handover_is_not_emptied BEFORE TRUNCATE ON unit_handover FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON unit_handover TO bienlai_app;

-- An open obligation goes on in the successor: its code leads there from now on.
CREATE TABLE obligation_handover (
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    successor_obligation_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, obligation_id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
ALTER TABLE obligation_handover ENABLE ROW LEVEL SECURITY;
ALTER TABLE obligation_handover FORCE ROW LEVEL SECURITY;
CREATE POLICY obligation_handover_in_scope ON obligation_handover USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER obligation_handover_facts_stay BEFORE UPDATE ON obligation_handover FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER obligation_handover_stays BEFORE DELETE ON obligation_handover FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER obligation_handover_is_not_emptied BEFORE TRUNCATE ON obligation_handover FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON obligation_handover TO bienlai_app;

-- How a unit is called from a day on, and where it is; of one day the newest counts.
CREATE TABLE unit_naming (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    valid_from DATE NOT NULL,
    decision_no TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
ALTER TABLE unit_naming ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit_naming FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_naming_in_scope ON unit_naming USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER unit_naming_facts_stay BEFORE UPDATE ON unit_naming FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_naming_stays BEFORE DELETE ON unit_naming FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_naming_is_not_emptied BEFORE TRUNCATE ON unit_naming FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON unit_naming TO bienlai_app;

-- An account of a unit ended on a day, for a reason; two persons decided.
CREATE TABLE bank_account_end (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
ALTER TABLE bank_account_end ENABLE ROW LEVEL SECURITY;
ALTER TABLE bank_account_end FORCE ROW LEVEL SECURITY;
CREATE POLICY bank_account_end_in_scope ON bank_account_end USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER bank_account_end_facts_stay BEFORE UPDATE ON bank_account_end FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER bank_account_end_stays BEFORE DELETE ON bank_account_end FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER bank_account_end_is_not_emptied BEFORE TRUNCATE ON bank_account_end FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON bank_account_end TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000052_succession', '0.1.0');
