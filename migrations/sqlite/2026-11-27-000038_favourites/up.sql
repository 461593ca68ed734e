-- The cashier's desk for people without a dossier: favourite items, and the dossier that follows.

-- The items a unit's counter offers at once, 12 at most, in their order; the newest row counts.
CREATE TABLE favourite_list (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    items TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id)
);
CREATE TRIGGER favourite_list_facts_stay BEFORE UPDATE ON favourite_list BEGIN SELECT RAISE(ABORT, 'append_only: favourite_list'); END;
CREATE TRIGGER favourite_list_stays BEFORE DELETE ON favourite_list BEGIN SELECT RAISE(ABORT, 'append_only: favourite_list'); END;

-- The dossier that a walk-in's obligation turned out to belong to; the newest row counts.
CREATE TABLE dossier_link (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    dossier_code TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE INDEX dossier_link_by_unit_id_obligation_id ON dossier_link (unit_id, obligation_id);
CREATE INDEX dossier_link_by_unit_id_dossier_code ON dossier_link (unit_id, dossier_code);
CREATE TRIGGER dossier_link_facts_stay BEFORE UPDATE ON dossier_link BEGIN SELECT RAISE(ABORT, 'append_only: dossier_link'); END;
CREATE TRIGGER dossier_link_stays BEFORE DELETE ON dossier_link BEGIN SELECT RAISE(ABORT, 'append_only: dossier_link'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000038_favourites', '0.1.0');
