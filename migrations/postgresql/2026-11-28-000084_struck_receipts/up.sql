-- Receipts that were replaced or cancelled, by the day of their issue: what may have changed a quarter whose usage report
-- the authority has. They are few; no receipt that stands has an entry.
CREATE INDEX receipt_by_unit_id_issued_on_where
    ON receipt (unit_id, issued_on) WHERE (state IN ('cancelled', 'replaced'));

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000084_struck_receipts', '0.1.0');
