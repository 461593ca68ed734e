-- Forms that wait for their signature or were refused, and messages that are not at their end, are few among all that
-- were ever sent, and every board asks for them: they are found among their own.
CREATE INDEX filing_by_unit_id_state_id_where ON filing (unit_id, state, id) WHERE (state IN ('drafted', 'refused'));
CREATE INDEX transmission_by_unit_id_state_id_where ON transmission (unit_id, state, id)
    WHERE (state IN ('queued', 'sending', 'unknown', 'delivered', 'halted'));

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000098_what_does_not_get_through', '0.1.0');
