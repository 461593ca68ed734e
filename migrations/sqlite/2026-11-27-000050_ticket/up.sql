-- The number a visitor drew at the door, keyed by the cashier, so that the waiting room's screen calls it
-- when the money comes. It says nothing about a person and counts for the day it was noted.
CREATE TABLE queue_ticket (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    ticket TEXT NOT NULL CHECK (length(ticket) BETWEEN 1 AND 7),
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE INDEX queue_ticket_by_unit_id_obligation_id ON queue_ticket (unit_id, obligation_id);
CREATE TRIGGER queue_ticket_facts_stay BEFORE UPDATE ON queue_ticket BEGIN SELECT RAISE(ABORT, 'append_only: queue_ticket'); END;
CREATE TRIGGER queue_ticket_stays BEFORE DELETE ON queue_ticket BEGIN SELECT RAISE(ABORT, 'append_only: queue_ticket'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000050_ticket', '0.1.0');
