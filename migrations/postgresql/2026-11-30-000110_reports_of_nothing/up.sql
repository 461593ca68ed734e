-- A gateway's report is taken on that pays nothing out, because payers got back as much as was paid or more: the bank's
-- debit is its line, or none where it comes to nothing.
ALTER TABLE settlement DROP CONSTRAINT settlement_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_check CHECK (gross >= 0 AND returned >= 0 AND fee >= 0 AND net = gross - returned - fee);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000110_reports_of_nothing', '0.1.0');
