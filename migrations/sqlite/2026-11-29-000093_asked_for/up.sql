-- What waits for a second person is asked for of all units at once, page by page. The tables keep what was decided
-- long ago, so that the few that wait have an index of their own.
CREATE INDEX correction_by_unit_id_id_where ON correction (unit_id, id) WHERE (state = 'withdrawal_requested');
CREATE INDEX shift_by_unit_id_id_where ON shift (unit_id, id) WHERE (state = 'counted');
CREATE INDEX provisional_slip_by_unit_id_slip_no_where ON provisional_slip (unit_id, slip_no) WHERE (state = 'entered');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000093_asked_for', '0.1.0');
