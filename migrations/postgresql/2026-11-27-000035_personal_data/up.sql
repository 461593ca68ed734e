-- What people ask about their own data, who looked at it and why, and incidents with their clock.

-- Somebody asks to see, correct or erase their data. They are named by a keyed hash of what they showed.
CREATE TABLE data_request (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_hash TEXT NOT NULL,
    identity_shown TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (kind IN ('access', 'correction', 'erasure')),
    CHECK (state IN ('received', 'answered', 'refused'))
);
ALTER TABLE data_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_request FORCE ROW LEVEL SECURITY;
CREATE POLICY data_request_in_scope ON data_request USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_request_facts_stay BEFORE UPDATE OF unit_id, id, kind, subject_kind, subject_hash, identity_shown, received_at, due_at, maker_person_id, created_at ON data_request FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_request_stays BEFORE DELETE ON data_request FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_request_is_not_emptied BEFORE TRUNCATE ON data_request FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_request_moves_on BEFORE UPDATE ON data_request FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON data_request TO bienlai_app;
GRANT UPDATE (state, revision) ON data_request TO bienlai_app;

CREATE TABLE data_request_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    ground TEXT NULL,
    reason TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, request_id, revision),
    CHECK (state <> 'refused' OR ground IS NOT NULL),
    FOREIGN KEY (unit_id, request_id) REFERENCES data_request (unit_id, id)
);
ALTER TABLE data_request_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_request_event FORCE ROW LEVEL SECURITY;
CREATE POLICY data_request_event_in_scope ON data_request_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_request_event_facts_stay BEFORE UPDATE ON data_request_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_request_event_stays BEFORE DELETE ON data_request_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_request_event_is_not_emptied BEFORE TRUNCATE ON data_request_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON data_request_event TO bienlai_app;

-- Who saw a person's file, whose, and for what.
CREATE TABLE data_view (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    request_id BIGINT NULL,
    person_id BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
CREATE INDEX data_view_by_unit_id_party_id ON data_view (unit_id, party_id);
ALTER TABLE data_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_view FORCE ROW LEVEL SECURITY;
CREATE POLICY data_view_in_scope ON data_view USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_view_facts_stay BEFORE UPDATE ON data_view FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_view_stays BEFORE DELETE ON data_view FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_view_is_not_emptied BEFORE TRUNCATE ON data_view FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON data_view TO bienlai_app;

-- Personal data went where it should not have, or may have: the authority is told within 72 hours.
CREATE TABLE data_incident (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    nature TEXT NOT NULL,
    affected BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (affected >= 0),
    CHECK (state IN ('open', 'notified', 'closed'))
);
ALTER TABLE data_incident ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_incident FORCE ROW LEVEL SECURITY;
CREATE POLICY data_incident_in_scope ON data_incident USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_incident_facts_stay BEFORE UPDATE OF unit_id, id, found_at, due_at, nature, affected, maker_person_id, created_at ON data_incident FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_incident_stays BEFORE DELETE ON data_incident FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_incident_is_not_emptied BEFORE TRUNCATE ON data_incident FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_incident_moves_on BEFORE UPDATE ON data_incident FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON data_incident TO bienlai_app;
GRANT UPDATE (state, revision) ON data_incident TO bienlai_app;

CREATE TABLE data_incident_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    incident_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, incident_id, revision),
    FOREIGN KEY (unit_id, incident_id) REFERENCES data_incident (unit_id, id)
);
ALTER TABLE data_incident_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_incident_event FORCE ROW LEVEL SECURITY;
CREATE POLICY data_incident_event_in_scope ON data_incident_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_incident_event_facts_stay BEFORE UPDATE ON data_incident_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_incident_event_stays BEFORE DELETE ON data_incident_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_incident_event_is_not_emptied BEFORE TRUNCATE ON data_incident_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON data_incident_event TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000035_personal_data', '0.1.0');
