-- A payment may be charged back in several parts; and a batch that two persons took from its line is shown again later.
-- What an item was matched with stands while its batch is at the revision at which the line showed it. Every batch was
-- shown at its second revision till now.
CREATE TEMP TABLE pos_match_kept AS SELECT * FROM pos_match;
DROP TABLE pos_match;
CREATE TABLE pos_match (
    unit_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    item_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payment_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 2,
    PRIMARY KEY (unit_id, batch_id, item_no, revision),
    FOREIGN KEY (unit_id, batch_id, item_no) REFERENCES pos_item (unit_id, batch_id, item_no),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
INSERT INTO pos_match (unit_id, batch_id, item_no, kind, payment_id, created_at) SELECT unit_id, batch_id, item_no, kind, payment_id, created_at FROM pos_match_kept;
DROP TABLE pos_match_kept;
CREATE INDEX pos_match_by_unit_id_payment_id ON pos_match (unit_id, payment_id);
CREATE TRIGGER pos_match_facts_stay BEFORE UPDATE ON pos_match BEGIN SELECT RAISE(ABORT, 'append_only: pos_match'); END;
CREATE TRIGGER pos_match_stays BEFORE DELETE ON pos_match BEGIN SELECT RAISE(ABORT, 'append_only: pos_match'); END;

-- Which paper a line shows.
CREATE INDEX pos_event_by_unit_id_line_id ON pos_event (unit_id, line_id);
CREATE INDEX settlement_event_by_unit_id_line_id ON settlement_event (unit_id, line_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000086_matches_of_batches', '0.1.0');
