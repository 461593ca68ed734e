-- What is on its way is named and summed along the index alone: the code stands in it too. The id comes right behind
-- the day, so that the pages in which matching reads what is open are in its order. It replaces a narrower one.
DROP INDEX movement_by_unit_id_state_account_id_first_seen_on_payment_id;
CREATE INDEX movement_by_unit_id_state_account_id_first_seen_on_id
    ON movement (unit_id, state, account_id, first_seen_on, id, payment_id, amount, proven, code);

-- The cut-off of a year looks among all documents of the next one for the few whose money came before: the index says
-- which those are, and the others are not read.
CREATE INDEX receipt_by_unit_id_series_id_number_collected_at
    ON receipt (unit_id, series_id, number, collected_at);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000112_walked_in_the_index', '0.1.0');
