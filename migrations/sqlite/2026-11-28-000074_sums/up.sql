-- What pages sum. The rows of one unit lie scattered between those of all units, so that each was read with a page of
-- its own; these indexes hold what is summed beside what it is found by. Those of postings by day and of movements by
-- state take the place of narrower ones, so that a payment writes no more entries than before.

-- Books, balances and bridges: a unit's postings by day, in the order of the books.
DROP INDEX posting_by_unit_id_accounting_date;
CREATE INDEX posting_by_unit_id_accounting_date_id
    ON posting (unit_id, accounting_date, id, debit_account, credit_account, amount, source_kind, source_id);

-- What is on its way: money that was settled and that no line has shown.
DROP INDEX movement_by_unit_id_state_account_id_first_seen_on;
CREATE INDEX movement_by_unit_id_state_account_id_first_seen_on_payment_id
    ON movement (unit_id, state, account_id, first_seen_on, payment_id, amount, proven);

-- What is owed to the budget: what day closes shared out, what was decided about exceptions, lines of interest. No
-- payment has an entry in these.
DROP INDEX posting_by_unit_id_source_id_where;
CREATE INDEX posting_by_unit_id_source_id_where
    ON posting (unit_id, source_id, accounting_date, debit_account, credit_account, amount, source_kind)
    WHERE (source_kind = 'exception');
CREATE INDEX posting_by_unit_id_source_id_day_where
    ON posting (unit_id, source_id, accounting_date, debit_account, credit_account, amount, source_kind)
    WHERE (source_kind = 'day');
CREATE INDEX statement_line_by_unit_id_account_id_where ON statement_line (unit_id, account_id) WHERE (class = 'interest');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000074_sums', '0.1.0');
