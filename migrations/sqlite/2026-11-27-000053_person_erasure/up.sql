-- What a person asks about their data is carried out by two persons: contacts are corrected, or erased with whatever
-- no duty keeps. What stays, stays under the law on accounting.

-- What one person proposes to do for a request, until another one decides. New contacts are encrypted.
CREATE TABLE data_act (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    key_id BIGINT NULL,
    cipher BLOB NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, request_id),
    CHECK ((key_id IS NULL) = (cipher IS NULL)),
    FOREIGN KEY (unit_id, request_id) REFERENCES data_request (unit_id, id)
);

-- How a payer is reached since a correction, in place of what their dossier said; the newest counts.
CREATE TABLE party_contact (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    FOREIGN KEY (unit_id, party_id) REFERENCES party (unit_id, id)
);
CREATE INDEX party_contact_by_unit_id_party_id ON party_contact (unit_id, party_id);

-- What was erased of a payer, by whom: without this row the database overwrites nothing.
CREATE TABLE party_erasure (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, party_id) REFERENCES party (unit_id, id)
);
CREATE INDEX party_erasure_by_unit_id_party_id ON party_erasure (unit_id, party_id);
CREATE TRIGGER party_erasure_facts_stay BEFORE UPDATE ON party_erasure BEGIN SELECT RAISE(ABORT, 'append_only: party_erasure'); END;
CREATE TRIGGER party_erasure_stays BEFORE DELETE ON party_erasure BEGIN SELECT RAISE(ABORT, 'append_only: party_erasure'); END;

-- A payer's data is overwritten where two persons erased it, and nowhere else; what was signed stays.
CREATE TRIGGER party_overwritten_by_two BEFORE UPDATE OF cipher ON party WHEN NOT EXISTS (SELECT 1 FROM party_erasure e WHERE e.unit_id = NEW.unit_id AND e.party_id = NEW.id) BEGIN SELECT RAISE(ABORT, 'second_person: party'); END;
DROP TRIGGER party_facts_stay;
CREATE TRIGGER party_facts_stay BEFORE UPDATE OF unit_id, id, key_id, created_at ON party BEGIN SELECT RAISE(ABORT, 'append_only: party'); END;

-- Pictures that somebody sent with “I have transferred” are no vouchers: they go with an erasure.
CREATE TRIGGER told_picture_overwritten_by_two BEFORE UPDATE OF cipher ON told_picture WHEN NOT EXISTS (SELECT 1 FROM obligation o JOIN party_erasure e ON e.unit_id = o.unit_id AND e.party_id = o.party_id WHERE o.unit_id = NEW.unit_id AND o.id = NEW.obligation_id) BEGIN SELECT RAISE(ABORT, 'second_person: told_picture'); END;
DROP TRIGGER told_picture_facts_stay;
CREATE TRIGGER told_picture_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, media_type, key_id, created_at ON told_picture BEGIN SELECT RAISE(ABORT, 'append_only: told_picture'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000053_person_erasure', '0.1.0');
