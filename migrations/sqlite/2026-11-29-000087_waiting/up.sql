-- What waits at the end of a day: suspense and unexplained debits are few among the postings of a unit, so that they
-- have an index of their own; what was on its way is kept with the certificate of the day, so that the day after
-- begins there and not at the unit's first posting. Certificates that were made before have no such figure.

CREATE INDEX posting_by_unit_id_accounting_date_where
    ON posting (unit_id, accounting_date, debit_account, credit_account, amount)
    WHERE (debit_account LIKE 'suspense/%' OR credit_account LIKE 'suspense/%'
        OR debit_account LIKE 'unexplained_debit/%' OR credit_account LIKE 'unexplained_debit/%');
ALTER TABLE day_certificate ADD COLUMN clearing BIGINT NULL;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000087_waiting', '0.1.0');
