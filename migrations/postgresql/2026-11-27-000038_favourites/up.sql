-- The cashier's desk for people without a dossier: favourite items, and the dossier that follows.

-- The items a unit's counter offers at once, 12 at most, in their order; the newest row counts.
CREATE TABLE favourite_list (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    items TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE favourite_list ENABLE ROW LEVEL SECURITY;
ALTER TABLE favourite_list FORCE ROW LEVEL SECURITY;
CREATE POLICY favourite_list_in_scope ON favourite_list USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER favourite_list_facts_stay BEFORE UPDATE ON favourite_list FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER favourite_list_stays BEFORE DELETE ON favourite_list FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER favourite_list_is_not_emptied BEFORE TRUNCATE ON favourite_list FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON favourite_list TO bienlai_app;

-- The dossier that a walk-in's obligation turned out to belong to; the newest row counts.
CREATE TABLE dossier_link (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    dossier_code TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE INDEX dossier_link_by_unit_id_obligation_id ON dossier_link (unit_id, obligation_id);
CREATE INDEX dossier_link_by_unit_id_dossier_code ON dossier_link (unit_id, dossier_code);
ALTER TABLE dossier_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE dossier_link FORCE ROW LEVEL SECURITY;
CREATE POLICY dossier_link_in_scope ON dossier_link USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER dossier_link_facts_stay BEFORE UPDATE ON dossier_link FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER dossier_link_stays BEFORE DELETE ON dossier_link FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER dossier_link_is_not_emptied BEFORE TRUNCATE ON dossier_link FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON dossier_link TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000038_favourites', '0.1.0');
