-- Who may decide for whom, what waits for a decision, and failures to sign in by where they came from.

-- Failures to sign in by name and network, both as keyed hashes; they fade and are taken away.
CREATE TABLE sign_in_failure (
    unit_id BIGINT NOT NULL,
    who TEXT NOT NULL,
    source TEXT NOT NULL,
    failures INTEGER NOT NULL,
    failed_at BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    PRIMARY KEY (unit_id, who, source)
);
CREATE INDEX sign_in_failure_by_unit_id_failed_at ON sign_in_failure (unit_id, failed_at);
ALTER TABLE sign_in_failure ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_failure FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_failure_in_scope ON sign_in_failure USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failure TO bienlai_app;

-- An approver lets another person decide in one unit: named acts, up to a sum, for some days.
CREATE TABLE delegation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    giver_person_id BIGINT NOT NULL,
    delegate_person_id BIGINT NOT NULL,
    acts TEXT NOT NULL,
    amount_limit BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    decision_no TEXT NOT NULL,
    decision_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (giver_person_id <> delegate_person_id),
    CHECK (amount_limit > 0),
    CHECK (valid_from <= valid_until),
    CHECK (state IN ('offered', 'accepted', 'declined', 'ended'))
);
ALTER TABLE delegation ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegation FORCE ROW LEVEL SECURITY;
CREATE POLICY delegation_in_scope ON delegation USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER delegation_facts_stay BEFORE UPDATE OF unit_id, id, giver_person_id, delegate_person_id, acts, amount_limit, valid_from, valid_until, decision_no, decision_on, created_at ON delegation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegation_stays BEFORE DELETE ON delegation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegation_is_not_emptied BEFORE TRUNCATE ON delegation FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegation_moves_on BEFORE UPDATE ON delegation FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON delegation TO bienlai_app;
GRANT UPDATE (state, revision) ON delegation TO bienlai_app;

CREATE TABLE delegation_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    delegation_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, delegation_id, revision),
    FOREIGN KEY (unit_id, delegation_id) REFERENCES delegation (unit_id, id)
);
ALTER TABLE delegation_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegation_event FORCE ROW LEVEL SECURITY;
CREATE POLICY delegation_event_in_scope ON delegation_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER delegation_event_facts_stay BEFORE UPDATE ON delegation_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegation_event_stays BEFORE DELETE ON delegation_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegation_event_is_not_emptied BEFORE TRUNCATE ON delegation_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON delegation_event TO bienlai_app;

-- What was decided under a delegation, and who had asked for it.
CREATE TABLE delegated_act (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    delegation_id BIGINT NOT NULL,
    act TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    delegate_person_id BIGINT NOT NULL,
    maker_person_id BIGINT NULL,
    acted_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, delegation_id) REFERENCES delegation (unit_id, id)
);
CREATE INDEX delegated_act_by_unit_id_delegation_id ON delegated_act (unit_id, delegation_id);
CREATE INDEX delegated_act_by_unit_id_subject_id ON delegated_act (unit_id, subject_id);
ALTER TABLE delegated_act ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegated_act FORCE ROW LEVEL SECURITY;
CREATE POLICY delegated_act_in_scope ON delegated_act USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER delegated_act_facts_stay BEFORE UPDATE ON delegated_act FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegated_act_stays BEFORE DELETE ON delegated_act FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER delegated_act_is_not_emptied BEFORE TRUNCATE ON delegated_act FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE FUNCTION bienlai_delegated_act_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM delegation d WHERE d.unit_id = NEW.unit_id AND d.id = NEW.delegation_id AND d.state = 'accepted' AND NEW.acted_on BETWEEN d.valid_from AND d.valid_until AND NEW.amount <= d.amount_limit AND NEW.delegate_person_id = d.delegate_person_id AND (NEW.maker_person_id IS NULL OR NEW.maker_person_id NOT IN (d.giver_person_id, d.delegate_person_id))) THEN
        RAISE EXCEPTION 'second_person: delegated_act' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER delegated_act_in_force BEFORE INSERT ON delegated_act FOR EACH ROW EXECUTE FUNCTION bienlai_delegated_act_in_force();
GRANT SELECT, INSERT ON delegated_act TO bienlai_app;

-- Decisions that waited for longer than a working day, or that nobody of the unit may take: the city's now.
CREATE TABLE approval_escalation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    why TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, kind, subject_id, asked_at),
    CHECK (why IN ('waited', 'nobody_else'))
);
ALTER TABLE approval_escalation ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_escalation FORCE ROW LEVEL SECURITY;
CREATE POLICY approval_escalation_in_scope ON approval_escalation USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER approval_escalation_facts_stay BEFORE UPDATE ON approval_escalation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER approval_escalation_stays BEFORE DELETE ON approval_escalation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER approval_escalation_is_not_emptied BEFORE TRUNCATE ON approval_escalation FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON approval_escalation TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000034_delegation', '0.1.0');
