-- Indexes that no query walks, each kept up by every payment: payments are found by movement, and
-- a dossier's obligations by its code alone, which is hardly ever shared by two units.

DROP INDEX payment_by_unit_id_obligation_id;
DROP INDEX obligation_by_unit_id_dossier_code;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000026_fewer_indexes', '0.1.0');
