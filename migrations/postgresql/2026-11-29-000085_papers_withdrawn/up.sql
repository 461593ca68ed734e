-- A batch or a settlement report that was entered wrongly is withdrawn by two persons, and the right paper may come
-- under the same reference. A report tells what was returned to payers, too.
ALTER TABLE pos_batch DROP CONSTRAINT pos_batch_state_check;
ALTER TABLE pos_batch ADD CONSTRAINT pos_batch_state_check CHECK (state IN ('awaited', 'credited', 'withdrawn'));
ALTER TABLE pos_batch DROP CONSTRAINT pos_batch_unit_id_account_id_reference_key;
CREATE UNIQUE INDEX pos_batch_by_unit_id_account_id_reference_where ON pos_batch (unit_id, account_id, reference) WHERE (state <> 'withdrawn');

ALTER TABLE settlement DROP CONSTRAINT settlement_state_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_state_check CHECK (state IN ('awaited', 'credited', 'withdrawn'));
ALTER TABLE settlement DROP CONSTRAINT settlement_unit_id_channel_reference_key;
CREATE UNIQUE INDEX settlement_by_unit_id_channel_reference_where ON settlement (unit_id, channel, reference) WHERE (state <> 'withdrawn');

ALTER TABLE settlement ADD COLUMN returned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE settlement DROP CONSTRAINT settlement_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_check CHECK (gross > 0 AND returned >= 0 AND fee >= 0 AND net > 0 AND net = gross - returned - fee);
DROP TRIGGER settlement_facts_stay ON settlement;
CREATE TRIGGER settlement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, returned ON settlement FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();

ALTER TABLE settlement_item ADD COLUMN kind TEXT NOT NULL DEFAULT 'paid' CHECK (kind IN ('paid', 'returned'));
ALTER TABLE settlement_item DROP CONSTRAINT settlement_item_check;
ALTER TABLE settlement_item ADD CONSTRAINT settlement_item_check CHECK (amount > 0 AND fee >= 0 AND (fee <= amount OR kind = 'returned'));
ALTER TABLE settlement_item DROP CONSTRAINT settlement_item_unit_id_settlement_id_external_id_key;
ALTER TABLE settlement_item ADD CONSTRAINT settlement_item_unit_id_settlement_id_external_id_kind_key UNIQUE (unit_id, settlement_id, external_id, kind);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000085_papers_withdrawn', '0.1.0');
