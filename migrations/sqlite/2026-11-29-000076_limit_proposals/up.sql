-- The limit up to which one person settles an exception alone is one more thing that two administrators decide.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''tariff'',', 'CHECK (kind IN (''limit'', ''tariff'',') WHERE type = 'table' AND name = 'proposal';
PRAGMA writable_schema = RESET;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000076_limit_proposals', '0.1.0');
