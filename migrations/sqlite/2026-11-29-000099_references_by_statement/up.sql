-- SQLite keeps its foreign keys, which cost it little; only the twin has something to change.

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000099_references_by_statement', '0.1.0');
