-- The sealer takes committed events in the order of their ids, whatever unit they belong to. With
-- the id first the key itself gives that order; with the unit first each look sorted the queue.

ALTER TABLE unsealed DROP CONSTRAINT unsealed_pkey;
ALTER TABLE unsealed ADD PRIMARY KEY (id, unit_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000001_seal_queue', '0.1.0');
