-- The tax authority: accepted registrations, forms, and the ledger of every message and answer.

-- What the tax office accepted: the acceptance of 01/ĐKTĐ-CTĐT (or its sibling for invoices).
CREATE TABLE registration (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    form TEXT NOT NULL,
    notice_no TEXT NOT NULL,
    accepted_on DATE NOT NULL,
    document_kinds TEXT NOT NULL,
    office_code TEXT NOT NULL,
    office_name TEXT NOT NULL,
    filing_id BIGINT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, form, notice_no),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
ALTER TABLE registration ENABLE ROW LEVEL SECURITY;
ALTER TABLE registration FORCE ROW LEVEL SECURITY;
CREATE POLICY registration_in_scope ON registration USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER registration_facts_stay BEFORE UPDATE ON registration FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER registration_stays BEFORE DELETE ON registration FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER registration_is_not_emptied BEFORE TRUNCATE ON registration FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON registration TO bienlai_app;

-- The certificates an accepted registration lists.
CREATE TABLE registration_certificate (
    unit_id BIGINT NOT NULL,
    registration_id BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    serial TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (unit_id, registration_id, ordinal),
    CHECK (action IN ('add', 'renew', 'stop')),
    FOREIGN KEY (unit_id, registration_id) REFERENCES registration (unit_id, id)
);
ALTER TABLE registration_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE registration_certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY registration_certificate_in_scope ON registration_certificate USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER registration_certificate_facts_stay BEFORE UPDATE ON registration_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER registration_certificate_stays BEFORE DELETE ON registration_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER registration_certificate_is_not_emptied BEFORE TRUNCATE ON registration_certificate FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON registration_certificate TO bienlai_app;

-- Forms to the tax authority: registrations, usage reports, error notices.
CREATE TABLE filing (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    form TEXT NOT NULL,
    period TEXT NULL,
    slot TEXT NULL,
    earlier_id BIGINT NULL,
    profile TEXT NOT NULL,
    detail TEXT NOT NULL,
    body BYTEA NOT NULL,
    body_sha256 TEXT NOT NULL,
    maker_person_id BIGINT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    checker_person_id BIGINT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, slot),
    CHECK (kind IN ('registration', 'usage_report', 'error_notice')),
    CHECK (state IN ('requested', 'drafted', 'signed', 'sent', 'received', 'accepted', 'refused', 'withdrawn')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (kind <> 'error_notice' OR maker_person_id IS NOT NULL),
    CHECK (kind <> 'error_notice' OR state IN ('requested', 'withdrawn') OR checker_person_id IS NOT NULL),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id),
    FOREIGN KEY (unit_id, earlier_id) REFERENCES filing (unit_id, id)
);
CREATE INDEX filing_by_unit_id_id_where ON filing (unit_id, id) WHERE (state = 'drafted');
CREATE INDEX filing_by_unit_id_kind_period ON filing (unit_id, kind, period);
ALTER TABLE filing ENABLE ROW LEVEL SECURITY;
ALTER TABLE filing FORCE ROW LEVEL SECURITY;
CREATE POLICY filing_in_scope ON filing USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER filing_facts_stay BEFORE UPDATE OF unit_id, id, kind, form, period, slot, earlier_id, profile, detail, body, body_sha256, maker_person_id, created_at ON filing FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER filing_stays BEFORE DELETE ON filing FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER filing_is_not_emptied BEFORE TRUNCATE ON filing FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER filing_moves_on BEFORE UPDATE ON filing FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON filing TO bienlai_app;
GRANT UPDATE (state, checker_person_id, revision) ON filing TO bienlai_app;

CREATE TABLE filing_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    filing_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, filing_id, revision)
);
ALTER TABLE filing_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE filing_event FORCE ROW LEVEL SECURITY;
CREATE POLICY filing_event_in_scope ON filing_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER filing_event_facts_stay BEFORE UPDATE ON filing_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER filing_event_stays BEFORE DELETE ON filing_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER filing_event_is_not_emptied BEFORE TRUNCATE ON filing_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON filing_event TO bienlai_app;

-- The receipts an error notice is about.
CREATE TABLE notice_receipt (
    unit_id BIGINT NOT NULL,
    filing_id BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    receipt_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (unit_id, filing_id, ordinal),
    FOREIGN KEY (unit_id, filing_id) REFERENCES filing (unit_id, id),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
CREATE INDEX notice_receipt_by_unit_id_receipt_id ON notice_receipt (unit_id, receipt_id);
ALTER TABLE notice_receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE notice_receipt FORCE ROW LEVEL SECURITY;
CREATE POLICY notice_receipt_in_scope ON notice_receipt USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER notice_receipt_facts_stay BEFORE UPDATE ON notice_receipt FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER notice_receipt_stays BEFORE DELETE ON notice_receipt FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER notice_receipt_is_not_emptied BEFORE TRUNCATE ON notice_receipt FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON notice_receipt TO bienlai_app;

-- The transmission ledger: one row for each message to the tax authority.
CREATE TABLE transmission (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    filing_id BIGINT NOT NULL,
    message_code TEXT NOT NULL,
    kind INTEGER NOT NULL,
    payload BYTEA NOT NULL,
    payload_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    run_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, message_code),
    CHECK (state IN ('queued', 'sending', 'unknown', 'delivered', 'answered', 'refused', 'halted')),
    FOREIGN KEY (unit_id, filing_id) REFERENCES filing (unit_id, id)
);
CREATE INDEX transmission_by_unit_id_id_where ON transmission (unit_id, id) WHERE (state IN ('queued', 'sending', 'unknown', 'delivered'));
CREATE INDEX transmission_by_unit_id_filing_id ON transmission (unit_id, filing_id);
ALTER TABLE transmission ENABLE ROW LEVEL SECURITY;
ALTER TABLE transmission FORCE ROW LEVEL SECURITY;
CREATE POLICY transmission_in_scope ON transmission USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER transmission_facts_stay BEFORE UPDATE OF unit_id, id, filing_id, message_code, kind, payload, payload_sha256, created_at ON transmission FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_stays BEFORE DELETE ON transmission FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_is_not_emptied BEFORE TRUNCATE ON transmission FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_moves_on BEFORE UPDATE ON transmission FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON transmission TO bienlai_app;
GRANT UPDATE (state, attempts, run_at, revision) ON transmission TO bienlai_app;

CREATE TABLE transmission_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    transmission_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, transmission_id, revision)
);
ALTER TABLE transmission_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE transmission_event FORCE ROW LEVEL SECURITY;
CREATE POLICY transmission_event_in_scope ON transmission_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER transmission_event_facts_stay BEFORE UPDATE ON transmission_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_event_stays BEFORE DELETE ON transmission_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_event_is_not_emptied BEFORE TRUNCATE ON transmission_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON transmission_event TO bienlai_app;

-- Every answer as it came, linked to the message it answers.
CREATE TABLE transmission_reply (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    transmission_id BIGINT NOT NULL,
    message_code TEXT NOT NULL,
    kind INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    faults TEXT NOT NULL,
    raw BYTEA NOT NULL,
    raw_sha256 TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, message_code),
    FOREIGN KEY (unit_id, transmission_id) REFERENCES transmission (unit_id, id)
);
CREATE INDEX transmission_reply_by_unit_id_transmission_id ON transmission_reply (unit_id, transmission_id);
ALTER TABLE transmission_reply ENABLE ROW LEVEL SECURITY;
ALTER TABLE transmission_reply FORCE ROW LEVEL SECURITY;
CREATE POLICY transmission_reply_in_scope ON transmission_reply USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER transmission_reply_facts_stay BEFORE UPDATE ON transmission_reply FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_reply_stays BEFORE DELETE ON transmission_reply FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER transmission_reply_is_not_emptied BEFORE TRUNCATE ON transmission_reply FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON transmission_reply TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000007_filing', '0.1.0');
