-- What a day’s matching looks up for every line: the claims on a movement. Without this index each
-- look-up read all claims of the unit. Payments are found by the movement, which names its payment;
-- nothing walks the other way.

DROP INDEX payment_by_unit_id_movement_id;
CREATE INDEX claim_by_unit_id_movement_id ON claim (unit_id, movement_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000045_walks', '0.1.0');
