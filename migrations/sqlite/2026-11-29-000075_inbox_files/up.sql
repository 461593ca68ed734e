-- What became of each file that lay in the inbox: a refused one leaves nothing else behind than a text in a folder
-- that no officer sees. It is the unit's whose account the file names, else the city's.
CREATE TABLE inbox_file (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'known', 'failed')),
    error_code TEXT NULL,
    findings TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id)
);
CREATE INDEX inbox_file_by_unit_id_id ON inbox_file (unit_id, id);
CREATE TRIGGER inbox_file_facts_stay BEFORE UPDATE ON inbox_file BEGIN SELECT RAISE(ABORT, 'append_only: inbox_file'); END;
CREATE TRIGGER inbox_file_stays BEFORE DELETE ON inbox_file BEGIN SELECT RAISE(ABORT, 'append_only: inbox_file'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000075_inbox_files', '0.1.0');
