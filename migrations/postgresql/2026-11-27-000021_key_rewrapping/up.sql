-- Changing the master key: data keys may be wrapped anew, one revision further, beside an event.

-- Under which master key it is wrapped; NULL where nobody noted it.
ALTER TABLE data_key ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_key ADD COLUMN master_id TEXT NULL;
GRANT UPDATE (revision, master_id) ON data_key TO bienlai_app;
DROP TRIGGER data_key_only_dies ON data_key;
CREATE TRIGGER data_key_only_dies BEFORE UPDATE ON data_key FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL OR NOT ((NEW.wrapped IS NULL AND NEW.destroyed_at IS NOT NULL) OR (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NOT NULL AND NEW.destroyed_at IS NULL AND NEW.master_id IS NOT NULL AND NEW.revision = OLD.revision + 1))) EXECUTE FUNCTION bienlai_append_only();

CREATE TABLE data_key_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    master_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, key_id, revision),
    CHECK (kind IN ('rewrapped')),
    FOREIGN KEY (unit_id, key_id) REFERENCES data_key (unit_id, id)
);
ALTER TABLE data_key_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_key_event FORCE ROW LEVEL SECURITY;
CREATE POLICY data_key_event_in_scope ON data_key_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_key_event_facts_stay BEFORE UPDATE ON data_key_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_key_event_stays BEFORE DELETE ON data_key_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_key_event_is_not_emptied BEFORE TRUNCATE ON data_key_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON data_key_event TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000021_key_rewrapping', '0.1.0');
