-- A batch or a settlement report that was entered wrongly is withdrawn by two persons, and the right paper may come
-- under the same reference.
ALTER TABLE pos_batch DROP CONSTRAINT pos_batch_state_check;
ALTER TABLE pos_batch ADD CONSTRAINT pos_batch_state_check CHECK (state IN ('awaited', 'credited', 'withdrawn'));
ALTER TABLE pos_batch DROP CONSTRAINT pos_batch_unit_id_account_id_reference_key;
CREATE UNIQUE INDEX pos_batch_by_unit_id_account_id_reference_where ON pos_batch (unit_id, account_id, reference) WHERE (state <> 'withdrawn');

ALTER TABLE settlement DROP CONSTRAINT settlement_state_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_state_check CHECK (state IN ('awaited', 'credited', 'withdrawn'));
ALTER TABLE settlement DROP CONSTRAINT settlement_unit_id_channel_reference_key;
CREATE UNIQUE INDEX settlement_by_unit_id_channel_reference_where ON settlement (unit_id, channel, reference) WHERE (state <> 'withdrawn');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000085_papers_withdrawn', '0.1.0');
