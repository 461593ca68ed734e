-- What was collected, summed day by day, and the dossier system's totals, for the city's figures.
--
-- Sums are facts: a day that is over is summed once, by the day on which its rows were recorded, and
-- nothing is ever recorded on a past day.

-- What was recorded on this day is summed; once for each unit and day.
CREATE TABLE collection_day (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, recorded_on)
);
ALTER TABLE collection_day ENABLE ROW LEVEL SECURITY;
ALTER TABLE collection_day FORCE ROW LEVEL SECURITY;
CREATE POLICY collection_day_in_scope ON collection_day USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER collection_day_facts_stay BEFORE UPDATE ON collection_day FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_day_stays BEFORE DELETE ON collection_day FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_day_is_not_emptied BEFORE TRUNCATE ON collection_day FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON collection_day TO bienlai_app;

-- Fees by accounting day, item and way of payment, net of what was taken back.
CREATE TABLE collection_amount (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    day DATE NOT NULL,
    item_code TEXT NOT NULL,
    way TEXT NOT NULL,
    amount BIGINT NOT NULL,
    postings BIGINT NOT NULL,
    PRIMARY KEY (unit_id, day, recorded_on, item_code, way),
    FOREIGN KEY (unit_id, recorded_on) REFERENCES collection_day (unit_id, recorded_on)
);
ALTER TABLE collection_amount ENABLE ROW LEVEL SECURITY;
ALTER TABLE collection_amount FORCE ROW LEVEL SECURITY;
CREATE POLICY collection_amount_in_scope ON collection_amount USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER collection_amount_facts_stay BEFORE UPDATE ON collection_amount FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_amount_stays BEFORE DELETE ON collection_amount FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_amount_is_not_emptied BEFORE TRUNCATE ON collection_amount FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON collection_amount TO bienlai_app;

-- Obligations paid in full for the first time, or free of charge, on this day.
CREATE TABLE collection_dossier (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    field TEXT NOT NULL,
    intake_mode TEXT NOT NULL,
    way TEXT NOT NULL,
    dossiers BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, recorded_on, field, intake_mode, way),
    FOREIGN KEY (unit_id, recorded_on) REFERENCES collection_day (unit_id, recorded_on),
    CHECK (dossiers > 0),
    CHECK (way IN ('transfer', 'card', 'cash', 'free'))
);
ALTER TABLE collection_dossier ENABLE ROW LEVEL SECURITY;
ALTER TABLE collection_dossier FORCE ROW LEVEL SECURITY;
CREATE POLICY collection_dossier_in_scope ON collection_dossier USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER collection_dossier_facts_stay BEFORE UPDATE ON collection_dossier FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_dossier_stays BEFORE DELETE ON collection_dossier FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER collection_dossier_is_not_emptied BEFORE TRUNCATE ON collection_dossier FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON collection_dossier TO bienlai_app;

-- The dossier system's own totals of a month so far; the newest row of a unit, month and field counts.
CREATE TABLE dossier_total (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    month DATE NOT NULL,
    field TEXT NOT NULL,
    until DATE NOT NULL,
    total BIGINT NOT NULL,
    online BIGINT NOT NULL,
    full_process BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (total >= online),
    CHECK (online >= full_process),
    CHECK (full_process >= 0)
);
CREATE INDEX dossier_total_by_unit_id_month ON dossier_total (unit_id, month);
ALTER TABLE dossier_total ENABLE ROW LEVEL SECURITY;
ALTER TABLE dossier_total FORCE ROW LEVEL SECURITY;
CREATE POLICY dossier_total_in_scope ON dossier_total USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER dossier_total_facts_stay BEFORE UPDATE ON dossier_total FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER dossier_total_stays BEFORE DELETE ON dossier_total FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER dossier_total_is_not_emptied BEFORE TRUNCATE ON dossier_total FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON dossier_total TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000041_targets', '0.1.0');
