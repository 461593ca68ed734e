-- The number a visitor drew at the door, keyed by the cashier, so that the waiting room's screen calls it
-- when the money comes. It says nothing about a person and counts for the day it was noted.
CREATE TABLE queue_ticket (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    ticket TEXT NOT NULL CHECK (length(ticket) BETWEEN 1 AND 7),
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE INDEX queue_ticket_by_unit_id_obligation_id ON queue_ticket (unit_id, obligation_id);
ALTER TABLE queue_ticket ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_ticket FORCE ROW LEVEL SECURITY;
CREATE POLICY queue_ticket_in_scope ON queue_ticket USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER queue_ticket_facts_stay BEFORE UPDATE ON queue_ticket FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER queue_ticket_stays BEFORE DELETE ON queue_ticket FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER queue_ticket_is_not_emptied BEFORE TRUNCATE ON queue_ticket FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON queue_ticket TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000050_ticket', '0.1.0');
