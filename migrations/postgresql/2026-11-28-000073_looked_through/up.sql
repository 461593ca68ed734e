-- What is looked through from its newest entry back: the trail of one unit (the city's own lies thin between the
-- entries of all units), and the events of one channel. Without these, each look read what all units have.
CREATE INDEX audit_entry_by_unit_id_id ON audit_entry (unit_id, id);
CREATE INDEX raw_event_by_channel_id ON raw_event (channel, id, unit_id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000073_looked_through', '0.1.0');
