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
CREATE TRIGGER data_request_facts_stay BEFORE UPDATE OF unit_id, id, kind, subject_kind, subject_hash, identity_shown, received_at, due_at, maker_person_id, created_at ON data_request BEGIN SELECT RAISE(ABORT, 'append_only: data_request'); END;
CREATE TRIGGER data_request_moves_on BEFORE UPDATE ON data_request WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: data_request'); END;
CREATE TRIGGER data_request_stays BEFORE DELETE ON data_request BEGIN SELECT RAISE(ABORT, 'append_only: data_request'); END;

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
CREATE TRIGGER data_request_event_facts_stay BEFORE UPDATE ON data_request_event BEGIN SELECT RAISE(ABORT, 'append_only: data_request_event'); END;
CREATE TRIGGER data_request_event_stays BEFORE DELETE ON data_request_event BEGIN SELECT RAISE(ABORT, 'append_only: data_request_event'); END;

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
CREATE TRIGGER data_view_facts_stay BEFORE UPDATE ON data_view BEGIN SELECT RAISE(ABORT, 'append_only: data_view'); END;
CREATE TRIGGER data_view_stays BEFORE DELETE ON data_view BEGIN SELECT RAISE(ABORT, 'append_only: data_view'); END;

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
CREATE TRIGGER data_incident_facts_stay BEFORE UPDATE OF unit_id, id, found_at, due_at, nature, affected, maker_person_id, created_at ON data_incident BEGIN SELECT RAISE(ABORT, 'append_only: data_incident'); END;
CREATE TRIGGER data_incident_moves_on BEFORE UPDATE ON data_incident WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: data_incident'); END;
CREATE TRIGGER data_incident_stays BEFORE DELETE ON data_incident BEGIN SELECT RAISE(ABORT, 'append_only: data_incident'); END;

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
CREATE TRIGGER data_incident_event_facts_stay BEFORE UPDATE ON data_incident_event BEGIN SELECT RAISE(ABORT, 'append_only: data_incident_event'); END;
CREATE TRIGGER data_incident_event_stays BEFORE DELETE ON data_incident_event BEGIN SELECT RAISE(ABORT, 'append_only: data_incident_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000035_personal_data', '0.1.0');
