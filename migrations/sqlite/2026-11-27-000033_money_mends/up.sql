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
CREATE TRIGGER quarantine_proposal_facts_stay BEFORE UPDATE ON quarantine_proposal BEGIN SELECT RAISE(ABORT, 'append_only: quarantine_proposal'); END;
CREATE TRIGGER quarantine_proposal_stays BEFORE DELETE ON quarantine_proposal BEGIN SELECT RAISE(ABORT, 'append_only: quarantine_proposal'); END;

ALTER TABLE statement_difference ADD COLUMN edition INTEGER NOT NULL DEFAULT 1;

-- What was paid by card goes back to the card: no account is named for it.
DROP TRIGGER refund_second_person;
CREATE TRIGGER refund_second_person BEFORE UPDATE ON refund WHEN NEW.state = 'approved' AND OLD.state = 'requested' AND COALESCE((SELECT p.person_id FROM refund_payee p WHERE p.unit_id = NEW.unit_id AND p.refund_id = NEW.id ORDER BY p.id DESC LIMIT 1), (SELECT NEW.maker_person_id FROM payment y WHERE y.unit_id = NEW.unit_id AND y.id = NEW.payment_id AND y.method = 'card'), NEW.checker_person_id) = NEW.checker_person_id BEGIN SELECT RAISE(ABORT, 'second_person: refund'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000033_money_mends', '0.1.0');
