-- Numbered receipts and their seals.

CREATE TABLE receipt (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    series_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    document_kind TEXT NOT NULL,
    template TEXT NOT NULL,
    series TEXT NOT NULL,
    amount BIGINT NOT NULL,
    issued_on DATE NOT NULL,
    collected_at BIGINT NOT NULL,
    lookup_code TEXT NOT NULL,
    profile TEXT NOT NULL,
    body BYTEA NOT NULL,
    body_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, series_id, number),
    CHECK (amount >= 0),
    CHECK (state IN ('numbered', 'signed', 'replaced', 'adjusted', 'cancelled')),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id),
    FOREIGN KEY (unit_id, series_id) REFERENCES receipt_series (unit_id, id)
);
CREATE INDEX receipt_by_unit_id_obligation_id ON receipt (unit_id, obligation_id);
CREATE INDEX receipt_by_unit_id_id_where ON receipt (unit_id, id) WHERE (state = 'numbered');
ALTER TABLE receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_in_scope ON receipt USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, series_id, number, document_kind, template, series, amount, issued_on, collected_at, lookup_code, profile, body, body_sha256, created_at ON receipt FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_is_not_emptied BEFORE TRUNCATE ON receipt FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_moves_on BEFORE UPDATE ON receipt FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON receipt TO bienlai_app;
GRANT UPDATE (state, revision) ON receipt TO bienlai_app;

CREATE TABLE receipt_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, receipt_id, revision)
);
ALTER TABLE receipt_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_event FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_event_in_scope ON receipt_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_event_facts_stay BEFORE UPDATE ON receipt_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_event_stays BEFORE DELETE ON receipt_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_event_is_not_emptied BEFORE TRUNCATE ON receipt_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON receipt_event TO bienlai_app;

CREATE TABLE receipt_seal (
    unit_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    document BYTEA NOT NULL,
    document_sha256 TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, receipt_id),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
ALTER TABLE receipt_seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_seal FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_seal_in_scope ON receipt_seal USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_seal_facts_stay BEFORE UPDATE ON receipt_seal FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_seal_stays BEFORE DELETE ON receipt_seal FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_seal_is_not_emptied BEFORE TRUNCATE ON receipt_seal FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON receipt_seal TO bienlai_app;

CREATE TABLE receipt_due (
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    document_kind TEXT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, obligation_id, document_kind)
);
ALTER TABLE receipt_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_due FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_due_in_scope ON receipt_due USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_due_facts_stay BEFORE UPDATE OF unit_id, obligation_id, document_kind, code, created_at ON receipt_due FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_due_stays BEFORE DELETE ON receipt_due FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_due_is_not_emptied BEFORE TRUNCATE ON receipt_due FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_due_moves_on BEFORE UPDATE ON receipt_due FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON receipt_due TO bienlai_app;
GRANT UPDATE (state, revision) ON receipt_due TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000004_receipts', '0.1.0');
