-- The kept heads of refused callbacks are encrypted: `body_head` holds a ciphertext where `key_id`
-- names its data key. What was kept in the clear until now is dropped; its hash stays.

ALTER TABLE refused_event ADD COLUMN key_id BIGINT NULL;
UPDATE refused_event SET body_head = ''::bytea;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000012_upkeep', '0.1.0');
