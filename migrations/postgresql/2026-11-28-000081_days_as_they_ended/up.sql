-- What was open at the end of a day that is closed later: exceptions that were settled since, claims that were found
-- never to have come, and card payments. Only these rows have an entry.

CREATE INDEX exception_event_by_unit_id_at_where ON exception_event (unit_id, at) WHERE (state = 'resolved');
CREATE INDEX payment_event_by_unit_id_at_where ON payment_event (unit_id, at) WHERE (kind = 'disproven');
CREATE INDEX payment_by_unit_id_accounting_date_where ON payment (unit_id, accounting_date) WHERE (method = 'card');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000081_days_as_they_ended', '0.1.0');
