-- Contingency: pre-printed slips for when network or power fail.

-- Pads of pre-printed slips (Phiếu thu tạm). Numbers are the unit's own, 1 and up; a pad belongs to one cashier.
CREATE TABLE slip_pad (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    first_no BIGINT NOT NULL,
    last_no BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, first_no),
    CHECK (first_no > 0 AND last_no >= first_no)
);
ALTER TABLE slip_pad ENABLE ROW LEVEL SECURITY;
ALTER TABLE slip_pad FORCE ROW LEVEL SECURITY;
CREATE POLICY slip_pad_in_scope ON slip_pad USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER slip_pad_facts_stay BEFORE UPDATE ON slip_pad FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER slip_pad_stays BEFORE DELETE ON slip_pad FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER slip_pad_is_not_emptied BEFORE TRUNCATE ON slip_pad FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON slip_pad TO bienlai_app;

-- One slip. Money is taken when a second person countersigns what a cashier entered from it.
CREATE TABLE provisional_slip (
    unit_id BIGINT NOT NULL,
    slip_no BIGINT NOT NULL,
    pad_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    payment_id BIGINT NULL,
    PRIMARY KEY (unit_id, slip_no),
    UNIQUE (unit_id, code),
    CHECK (state IN ('printed', 'entered', 'settled', 'spoiled')),
    FOREIGN KEY (unit_id, pad_id) REFERENCES slip_pad (unit_id, id)
);
CREATE INDEX provisional_slip_by_unit_id_pad_id ON provisional_slip (unit_id, pad_id);
ALTER TABLE provisional_slip ENABLE ROW LEVEL SECURITY;
ALTER TABLE provisional_slip FORCE ROW LEVEL SECURITY;
CREATE POLICY provisional_slip_in_scope ON provisional_slip USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER provisional_slip_facts_stay BEFORE UPDATE OF unit_id, slip_no, pad_id, code, created_at ON provisional_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provisional_slip_stays BEFORE DELETE ON provisional_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provisional_slip_is_not_emptied BEFORE TRUNCATE ON provisional_slip FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provisional_slip_moves_on BEFORE UPDATE ON provisional_slip FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON provisional_slip TO bienlai_app;
GRANT UPDATE (state, revision, payment_id) ON provisional_slip TO bienlai_app;

CREATE TABLE provisional_slip_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    slip_no BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    obligation_id BIGINT NULL,
    amount BIGINT NULL,
    collected_at BIGINT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, slip_no, revision),
    FOREIGN KEY (unit_id, slip_no) REFERENCES provisional_slip (unit_id, slip_no)
);
ALTER TABLE provisional_slip_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE provisional_slip_event FORCE ROW LEVEL SECURITY;
CREATE POLICY provisional_slip_event_in_scope ON provisional_slip_event USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER provisional_slip_event_facts_stay BEFORE UPDATE ON provisional_slip_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provisional_slip_event_stays BEFORE DELETE ON provisional_slip_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provisional_slip_event_is_not_emptied BEFORE TRUNCATE ON provisional_slip_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON provisional_slip_event TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000039_provisional_slip', '0.1.0');
