-- Payments made for an obligation on which nothing was owed: their payers find them on its page. Others
-- are found by their allocations, and are not kept up here.

CREATE INDEX payment_by_unit_id_obligation_id_where ON payment (unit_id, obligation_id) WHERE (to_obligations = 0);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000058_wholly_surplus', '0.1.0');
