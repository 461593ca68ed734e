-- A screen in a waiting room is opened by a link of its own: nobody has to leave a login signed in on a machine in
-- the hall. Only the hash of the link's token is kept; a link ends for good.
CREATE TABLE screen_link (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    place TEXT NOT NULL CHECK (length(place) BETWEEN 1 AND 100),
    token_sha256 TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, token_sha256)
);
ALTER TABLE screen_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE screen_link FORCE ROW LEVEL SECURITY;
CREATE POLICY screen_link_in_scope ON screen_link USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER screen_link_facts_stay BEFORE UPDATE ON screen_link FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER screen_link_stays BEFORE DELETE ON screen_link FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER screen_link_is_not_emptied BEFORE TRUNCATE ON screen_link FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON screen_link TO bienlai_app;

CREATE TABLE screen_link_end (
    unit_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, link_id),
    FOREIGN KEY (unit_id, link_id) REFERENCES screen_link (unit_id, id)
);
ALTER TABLE screen_link_end ENABLE ROW LEVEL SECURITY;
ALTER TABLE screen_link_end FORCE ROW LEVEL SECURITY;
CREATE POLICY screen_link_end_in_scope ON screen_link_end USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER screen_link_end_facts_stay BEFORE UPDATE ON screen_link_end FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER screen_link_end_stays BEFORE DELETE ON screen_link_end FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER screen_link_end_is_not_emptied BEFORE TRUNCATE ON screen_link_end FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON screen_link_end TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000066_screens', '0.1.0');
