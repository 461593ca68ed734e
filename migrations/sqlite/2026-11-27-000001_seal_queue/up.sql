-- SQLite's keys begin with the id everywhere; only the twin has something to change.

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000001_seal_queue', '0.1.0');
