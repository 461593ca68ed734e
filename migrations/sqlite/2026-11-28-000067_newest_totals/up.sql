-- The newest totals of a month are found by their index alone, however often a month was told of.
DROP INDEX dossier_total_by_unit_id_month;
CREATE INDEX dossier_total_by_unit_id_month_field_id ON dossier_total (unit_id, month, field, id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000067_newest_totals', '0.1.0');
