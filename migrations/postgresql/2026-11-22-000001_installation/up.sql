-- Leases, directories, feed, audit trail and jobs of one installation.

-- The role the service works under. It may not change facts; see the grants at each table.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'bienlai_app') THEN
        CREATE ROLE bienlai_app NOLOGIN;
    END IF;
    EXECUTE format('GRANT bienlai_app TO %I', current_user);
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    -- Another database of the same cluster made the role at the same moment.
    NULL;
END
$$;

CREATE FUNCTION bienlai_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION bienlai_revision_stood_still() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'revision_stood_still: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE binary_floor (
    migration TEXT NOT NULL,
    oldest_binary TEXT NOT NULL,
    PRIMARY KEY (migration)
);
CREATE TRIGGER binary_floor_facts_stay BEFORE UPDATE ON binary_floor FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER binary_floor_stays BEFORE DELETE ON binary_floor FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER binary_floor_is_not_emptied BEFORE TRUNCATE ON binary_floor FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON binary_floor TO bienlai_app;

CREATE TABLE node_lease (
    node INTEGER NOT NULL,
    holder TEXT NOT NULL,
    reserved_until_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (node)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON node_lease TO bienlai_app;

CREATE TABLE work_lease (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (name)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON work_lease TO bienlai_app;

CREATE TABLE holiday (
    day DATE NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (day)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON holiday TO bienlai_app;

CREATE TABLE provider_key (
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    unit_id BIGINT NOT NULL,
    claim_id BIGINT NOT NULL,
    movement_id BIGINT NOT NULL,
    PRIMARY KEY (channel, external_id)
);
CREATE TRIGGER provider_key_facts_stay BEFORE UPDATE ON provider_key FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provider_key_stays BEFORE DELETE ON provider_key FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER provider_key_is_not_emptied BEFORE TRUNCATE ON provider_key FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON provider_key TO bienlai_app;

CREATE TABLE public_code (
    code TEXT NOT NULL,
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    PRIMARY KEY (code)
);
CREATE TRIGGER public_code_facts_stay BEFORE UPDATE ON public_code FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER public_code_stays BEFORE DELETE ON public_code FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER public_code_is_not_emptied BEFORE TRUNCATE ON public_code FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON public_code TO bienlai_app;

CREATE TABLE idempotency (
    client_id BIGINT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, route, key)
);
CREATE INDEX idempotency_by_created_at ON idempotency (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO bienlai_app;

CREATE TABLE feed (
    feed_no BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (feed_no)
);
CREATE TRIGGER feed_facts_stay BEFORE UPDATE ON feed FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER feed_stays BEFORE DELETE ON feed FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER feed_is_not_emptied BEFORE TRUNCATE ON feed FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON feed TO bienlai_app;

CREATE TABLE refused_event (
    id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    code TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    body_head BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX refused_event_by_received_at ON refused_event (received_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON refused_event TO bienlai_app;

CREATE TABLE tariff_edition (
    id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    content TEXT NOT NULL,
    person_id BIGINT NULL,
    loaded_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TRIGGER tariff_edition_facts_stay BEFORE UPDATE ON tariff_edition FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER tariff_edition_stays BEFORE DELETE ON tariff_edition FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER tariff_edition_is_not_emptied BEFORE TRUNCATE ON tariff_edition FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON tariff_edition TO bienlai_app;

CREATE TABLE unsealed (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE unsealed ENABLE ROW LEVEL SECURITY;
ALTER TABLE unsealed FORCE ROW LEVEL SECURITY;
CREATE POLICY unsealed_in_scope ON unsealed USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON unsealed TO bienlai_app;

CREATE TABLE audit_entry (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_entry_in_scope ON audit_entry USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER audit_entry_facts_stay BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON audit_entry TO bienlai_app;

CREATE TABLE audit_leaf (
    unit_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    leaf_sha256 TEXT NOT NULL,
    PRIMARY KEY (unit_id, seq),
    UNIQUE (unit_id, entry_id)
);
ALTER TABLE audit_leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_leaf_in_scope ON audit_leaf USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER audit_leaf_facts_stay BEFORE UPDATE ON audit_leaf FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_leaf_stays BEFORE DELETE ON audit_leaf FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_leaf_is_not_emptied BEFORE TRUNCATE ON audit_leaf FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON audit_leaf TO bienlai_app;

CREATE TABLE audit_root (
    unit_id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    root_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, last_seq)
);
ALTER TABLE audit_root ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_root FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_root_in_scope ON audit_root USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER audit_root_facts_stay BEFORE UPDATE ON audit_root FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_root_stays BEFORE DELETE ON audit_root FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_root_is_not_emptied BEFORE TRUNCATE ON audit_root FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON audit_root TO bienlai_app;

CREATE TABLE audit_signature (
    unit_id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    root_sha256 TEXT NOT NULL,
    certificate_id BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, last_seq),
    FOREIGN KEY (unit_id, last_seq) REFERENCES audit_root (unit_id, last_seq)
);
ALTER TABLE audit_signature ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_signature FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_signature_in_scope ON audit_signature USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER audit_signature_facts_stay BEFORE UPDATE ON audit_signature FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_signature_stays BEFORE DELETE ON audit_signature FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER audit_signature_is_not_emptied BEFORE TRUNCATE ON audit_signature FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON audit_signature TO bienlai_app;

CREATE TABLE job (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NULL,
    done_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, kind, dedupe)
);
CREATE INDEX job_by_run_at_where ON job (run_at) WHERE (done_at IS NULL);
ALTER TABLE job ENABLE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
CREATE POLICY job_in_scope ON job USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000001_installation', '0.1.0');
GRANT USAGE ON SCHEMA public TO bienlai_app;
GRANT SELECT ON __diesel_schema_migrations TO bienlai_app;
