-- A screen in a waiting room is opened by a link of its own: nobody has to leave a login signed in on a machine in
-- the hall. Only the hash of the link's token is kept; a link ends for good.
CREATE TABLE screen_link (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    place TEXT NOT NULL CHECK (length(place) BETWEEN 1 AND 100),
    token_sha256 TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, token_sha256)
);
CREATE TRIGGER screen_link_facts_stay BEFORE UPDATE ON screen_link BEGIN SELECT RAISE(ABORT, 'append_only: screen_link'); END;
CREATE TRIGGER screen_link_stays BEFORE DELETE ON screen_link BEGIN SELECT RAISE(ABORT, 'append_only: screen_link'); END;

CREATE TABLE screen_link_end (
    unit_id BIGINT NOT NULL,
    link_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, link_id),
    FOREIGN KEY (unit_id, link_id) REFERENCES screen_link (unit_id, id)
);
CREATE TRIGGER screen_link_end_facts_stay BEFORE UPDATE ON screen_link_end BEGIN SELECT RAISE(ABORT, 'append_only: screen_link_end'); END;
CREATE TRIGGER screen_link_end_stays BEFORE DELETE ON screen_link_end BEGIN SELECT RAISE(ABORT, 'append_only: screen_link_end'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000066_screens', '0.1.0');
