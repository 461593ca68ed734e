-- What came back of a rejected order by one event. It need not be the whole line: two persons may name the rest of a
-- line that was split. Events before this have nothing here; each was its line's whole sum.
ALTER TABLE remittance_event ADD COLUMN amount BIGINT;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000097_returned_parts', '0.1.0');
