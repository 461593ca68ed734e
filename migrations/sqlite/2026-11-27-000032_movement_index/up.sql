-- Movements of one state are found by unit, state and account. With the account before the state
-- this index looked, to PostgreSQL, as good for finding the reports of the same money (unit,
-- account, code, amount), and every callback read all movements of its account: a third of the
-- server's work.

DROP INDEX movement_by_unit_id_account_id_state_first_seen_on;
CREATE INDEX movement_by_unit_id_state_account_id_first_seen_on
    ON movement (unit_id, state, account_id, first_seen_on);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000032_movement_index', '0.1.0');
