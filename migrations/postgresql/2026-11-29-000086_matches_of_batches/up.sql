-- A payment may be charged back in several parts; and a batch that two persons took from its line is shown again later.
-- What an item was matched with stands while its batch is at the revision at which the line showed it. Every batch was
-- shown at its second revision till now.
ALTER TABLE pos_match ADD COLUMN revision BIGINT NOT NULL DEFAULT 2;
ALTER TABLE pos_match DROP CONSTRAINT pos_match_pkey;
ALTER TABLE pos_match ADD PRIMARY KEY (unit_id, batch_id, item_no, revision);
ALTER TABLE pos_match DROP CONSTRAINT pos_match_unit_id_payment_id_kind_key;
CREATE INDEX pos_match_by_unit_id_payment_id ON pos_match (unit_id, payment_id);

-- Which paper a line shows.
CREATE INDEX pos_event_by_unit_id_line_id ON pos_event (unit_id, line_id);
CREATE INDEX settlement_event_by_unit_id_line_id ON settlement_event (unit_id, line_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000086_matches_of_batches', '0.1.0');
