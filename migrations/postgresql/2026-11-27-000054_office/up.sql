-- Requests to open a settled exception again are found without reading every event.
CREATE INDEX exception_event_by_unit_id_exception_id_where ON exception_event (unit_id, exception_id) WHERE (kind = 'reopen_proposed');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000054_office', '0.1.0');
