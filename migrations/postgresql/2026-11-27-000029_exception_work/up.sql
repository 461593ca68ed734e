-- Work on exceptions: who has them, what was said, second persons as a rule of the database, alarms by
-- age, letters to the bank.

-- Owners change: a person takes an item, the city takes what lies too long. Each change has its event.
ALTER TABLE exception ADD COLUMN assignee_person_id BIGINT NULL;
ALTER TABLE exception_event ADD COLUMN owner TEXT NULL;
-- The decision by which money without an owner goes to the budget.
ALTER TABLE exception_event ADD COLUMN decision_no TEXT NULL;
ALTER TABLE exception_event ADD COLUMN decision_on DATE NULL;
CREATE INDEX exception_by_unit_id_id_where ON exception (unit_id, id) WHERE (state <> 'resolved');
DROP TRIGGER exception_facts_stay ON exception;
CREATE TRIGGER exception_facts_stay BEFORE UPDATE OF unit_id, id, kind, dedupe, subject_kind, subject_id, account_id, amount, opened_on, due_on, detail, created_at ON exception FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
GRANT UPDATE (owner, assignee_person_id) ON exception TO bienlai_app;

-- Up to which sum one person may settle an exception alone; the newest row counts, without one nobody may.
CREATE TABLE exception_limit (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    decision_no TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (amount >= 0),
    CHECK (maker_person_id <> checker_person_id)
);
ALTER TABLE exception_limit ENABLE ROW LEVEL SECURITY;
ALTER TABLE exception_limit FORCE ROW LEVEL SECURITY;
CREATE POLICY exception_limit_in_scope ON exception_limit USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER exception_limit_facts_stay BEFORE UPDATE ON exception_limit FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER exception_limit_stays BEFORE DELETE ON exception_limit FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER exception_limit_is_not_emptied BEFORE TRUNCATE ON exception_limit FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON exception_limit TO bienlai_app;

-- Money that arrived and nobody knows, claims that nothing proved, once at each age that is set.
CREATE TABLE age_alarm (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    account_id BIGINT NULL,
    amount BIGINT NOT NULL,
    threshold_hours BIGINT NOT NULL,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, kind, subject_id, threshold_hours),
    CHECK (kind IN ('money_unknown', 'claim_unproven'))
);
ALTER TABLE age_alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE age_alarm FORCE ROW LEVEL SECURITY;
CREATE POLICY age_alarm_in_scope ON age_alarm USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER age_alarm_facts_stay BEFORE UPDATE ON age_alarm FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER age_alarm_stays BEFORE DELETE ON age_alarm FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER age_alarm_is_not_emptied BEFORE TRUNCATE ON age_alarm FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON age_alarm TO bienlai_app;

-- Letters that ask the bank about a line or a claim (thư tra soát), and what it answered.
CREATE TABLE trace_letter (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    exception_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    line_id BIGINT NULL,
    movement_id BIGINT NULL,
    year INTEGER NOT NULL,
    letter_no BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    question TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, year, letter_no),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, exception_id) REFERENCES exception (unit_id, id)
);
CREATE INDEX trace_letter_by_unit_id_exception_id ON trace_letter (unit_id, exception_id);
ALTER TABLE trace_letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE trace_letter FORCE ROW LEVEL SECURITY;
CREATE POLICY trace_letter_in_scope ON trace_letter USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER trace_letter_facts_stay BEFORE UPDATE ON trace_letter FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER trace_letter_stays BEFORE DELETE ON trace_letter FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER trace_letter_is_not_emptied BEFORE TRUNCATE ON trace_letter FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON trace_letter TO bienlai_app;

CREATE TABLE trace_reply (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    letter_id BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    replied_on DATE NOT NULL,
    reply_no TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (outcome IN ('identified', 'returned', 'not_received', 'unknown')),
    FOREIGN KEY (unit_id, letter_id) REFERENCES trace_letter (unit_id, id)
);
CREATE INDEX trace_reply_by_unit_id_letter_id ON trace_reply (unit_id, letter_id);
ALTER TABLE trace_reply ENABLE ROW LEVEL SECURITY;
ALTER TABLE trace_reply FORCE ROW LEVEL SECURITY;
CREATE POLICY trace_reply_in_scope ON trace_reply USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER trace_reply_facts_stay BEFORE UPDATE ON trace_reply FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER trace_reply_stays BEFORE DELETE ON trace_reply FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER trace_reply_is_not_emptied BEFORE TRUNCATE ON trace_reply FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON trace_reply TO bienlai_app;

-- The second person is a rule of the database, not only of the program: no resolution, re-opening or
-- transfer to the budget without both names, no state or owner that no event of the same revision tells.
CREATE FUNCTION bienlai_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'second_person: %', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER exception_event_second_person BEFORE INSERT ON exception_event FOR EACH ROW WHEN ((NEW.kind IN ('proposed', 'approved_alone', 'reopen_proposed', 'assigned', 'commented') AND NEW.maker_person_id IS NULL) OR (NEW.kind IN ('proposed', 'approved', 'approved_alone') AND NEW.resolution IS NULL) OR (NEW.kind = 'approved' AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL)) OR (NEW.kind IN ('refused', 'reopen_refused') AND NEW.checker_person_id IS NULL) OR (NEW.kind = 'reopened' AND (NEW.maker_person_id IS NULL) <> (NEW.checker_person_id IS NULL)) OR (NEW.kind IN ('proposed', 'approved') AND NEW.resolution = 'to_budget' AND (NEW.decision_no IS NULL OR NEW.decision_on IS NULL)) OR (NEW.state = 'resolved' AND NEW.kind NOT IN ('approved', 'approved_alone', 'settled_by_itself', 'noted', 'commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused')) OR (NEW.state = 'proposed' AND NEW.kind NOT IN ('proposed', 'commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused')) OR (NEW.state <> 'resolved' AND NEW.kind IN ('approved', 'approved_alone', 'settled_by_itself', 'noted'))) EXECUTE FUNCTION bienlai_second_person();
CREATE FUNCTION bienlai_exception_event_within_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'approved_alone' AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.unit_id = NEW.unit_id AND x.id = NEW.exception_id AND ((NEW.resolution = 'acknowledge' AND x.kind IN (1, 2, 4, 13, 14, 15, 19, 20, 21, 26, 27, 30, 33, 34)) OR (NEW.resolution IN ('acknowledge', 'assign', 'bank_charge', 'deposit', 'remittance') AND x.kind NOT IN (23, 25) AND x.amount <= (SELECT l.amount FROM exception_limit l WHERE l.unit_id = NEW.unit_id ORDER BY l.id DESC LIMIT 1)))) THEN
        RAISE EXCEPTION 'second_person: exception_event' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER exception_event_within_limit BEFORE INSERT ON exception_event FOR EACH ROW WHEN (NEW.kind = 'approved_alone') EXECUTE FUNCTION bienlai_exception_event_within_limit();
CREATE FUNCTION bienlai_exception_event_keeps_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IN ('commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused') AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.unit_id = NEW.unit_id AND x.id = NEW.exception_id AND x.state = NEW.state) THEN
        RAISE EXCEPTION 'second_person: exception_event' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER exception_event_keeps_state BEFORE INSERT ON exception_event FOR EACH ROW WHEN (NEW.kind IN ('commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused')) EXECUTE FUNCTION bienlai_exception_event_keeps_state();
CREATE FUNCTION bienlai_exception_moves_by_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state <> OLD.state OR NEW.owner <> OLD.owner OR NEW.assignee_person_id IS DISTINCT FROM OLD.assignee_person_id) AND NOT EXISTS (SELECT 1 FROM exception_event e WHERE e.unit_id = NEW.unit_id AND e.exception_id = NEW.id AND e.revision = NEW.revision AND e.state = NEW.state AND (e.kind IN ('assigned', 'escalated') OR NOT (NEW.owner <> OLD.owner OR NEW.assignee_person_id IS DISTINCT FROM OLD.assignee_person_id))) THEN
        RAISE EXCEPTION 'second_person: exception' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER exception_moves_by_event BEFORE UPDATE ON exception FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.owner <> OLD.owner OR NEW.assignee_person_id IS DISTINCT FROM OLD.assignee_person_id) EXECUTE FUNCTION bienlai_exception_moves_by_event();
CREATE FUNCTION bienlai_refund_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'approved' AND OLD.state = 'requested' AND COALESCE((SELECT p.person_id FROM refund_payee p WHERE p.unit_id = NEW.unit_id AND p.refund_id = NEW.id ORDER BY p.id DESC LIMIT 1), NEW.checker_person_id) = NEW.checker_person_id THEN
        RAISE EXCEPTION 'second_person: refund' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refund_second_person BEFORE UPDATE ON refund FOR EACH ROW WHEN (NEW.state = 'approved' AND OLD.state = 'requested') EXECUTE FUNCTION bienlai_refund_second_person();
CREATE TRIGGER match_part_second_person BEFORE INSERT ON match_part FOR EACH ROW WHEN (NEW.undoes_id IS NOT NULL AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL)) EXECUTE FUNCTION bienlai_second_person();

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000029_exception_work', '0.1.0');
