-- Changing the master key: data keys may be wrapped anew, one revision further, beside an event.

-- Under which master key it is wrapped; NULL where nobody noted it.
ALTER TABLE data_key ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_key ADD COLUMN master_id TEXT NULL;
DROP TRIGGER data_key_only_dies;
CREATE TRIGGER data_key_only_dies BEFORE UPDATE ON data_key WHEN OLD.destroyed_at IS NOT NULL OR NOT ((NEW.wrapped IS NULL AND NEW.destroyed_at IS NOT NULL) OR (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NOT NULL AND NEW.destroyed_at IS NULL AND NEW.master_id IS NOT NULL AND NEW.revision = OLD.revision + 1)) BEGIN SELECT RAISE(ABORT, 'append_only: data_key'); END;

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
CREATE TRIGGER data_key_event_facts_stay BEFORE UPDATE ON data_key_event BEGIN SELECT RAISE(ABORT, 'append_only: data_key_event'); END;
CREATE TRIGGER data_key_event_stays BEFORE DELETE ON data_key_event BEGIN SELECT RAISE(ABORT, 'append_only: data_key_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000021_key_rewrapping', '0.1.0');
