-- Lines set aside whose statement states no balances are decided by two persons, who key them alike; and
-- a corrected statement that waits is compared again with the lines as they stand: its differences
-- have editions, of which the last counts.

CREATE TABLE quarantine_proposal (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    statement_id BIGINT NOT NULL,
    verdicts_hash TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, statement_id) REFERENCES statement (unit_id, id)
);
CREATE INDEX quarantine_proposal_by_unit_id_statement_id ON quarantine_proposal (unit_id, statement_id);
ALTER TABLE quarantine_proposal ENABLE ROW LEVEL SECURITY;
ALTER TABLE quarantine_proposal FORCE ROW LEVEL SECURITY;
CREATE POLICY quarantine_proposal_in_scope ON quarantine_proposal USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER quarantine_proposal_facts_stay BEFORE UPDATE ON quarantine_proposal FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER quarantine_proposal_stays BEFORE DELETE ON quarantine_proposal FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER quarantine_proposal_is_not_emptied BEFORE TRUNCATE ON quarantine_proposal FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON quarantine_proposal TO bienlai_app;

ALTER TABLE statement_difference ADD COLUMN edition INTEGER NOT NULL DEFAULT 1;

-- What was paid by card goes back to the card: no account is named for it.
CREATE OR REPLACE FUNCTION bienlai_refund_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'approved' AND OLD.state = 'requested' AND COALESCE((SELECT p.person_id FROM refund_payee p WHERE p.unit_id = NEW.unit_id AND p.refund_id = NEW.id ORDER BY p.id DESC LIMIT 1), (SELECT NEW.maker_person_id FROM payment y WHERE y.unit_id = NEW.unit_id AND y.id = NEW.payment_id AND y.method = 'card'), NEW.checker_person_id) = NEW.checker_person_id THEN
        RAISE EXCEPTION 'second_person: refund' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000033_money_mends', '0.1.0');
