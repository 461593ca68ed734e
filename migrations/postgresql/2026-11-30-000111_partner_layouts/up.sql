-- Column mappings of tables that partners export (acquirers, gateways, the Treasury), which belong to a unit and to no
-- account of a bank. Which table a mapping is for say the headings in it; of one table's the newest counts.
CREATE TABLE partner_layout (
    unit_id BIGINT NOT NULL,
    partner TEXT NOT NULL,
    version INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, partner, version),
    CHECK (partner IN ('pos', 'gateway', 'treasury'))
);
ALTER TABLE partner_layout ENABLE ROW LEVEL SECURITY;
ALTER TABLE partner_layout FORCE ROW LEVEL SECURITY;
CREATE POLICY partner_layout_in_scope ON partner_layout USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER partner_layout_facts_stay BEFORE UPDATE ON partner_layout FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER partner_layout_stays BEFORE DELETE ON partner_layout FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER partner_layout_is_not_emptied BEFORE TRUNCATE ON partner_layout FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON partner_layout TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000111_partner_layouts', '0.1.0');
