-- How each certificate signs, what is alarmed about keys, and the evidence kept for later years.

ALTER TABLE signing_certificate ADD COLUMN signer TEXT NOT NULL DEFAULT 'software';
ALTER TABLE signing_certificate ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
ALTER TABLE signing_certificate ADD COLUMN active_from BIGINT NULL;

CREATE TABLE key_alarm (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    certificate_id BIGINT NULL,
    detail TEXT NOT NULL,
    raised_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE key_alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_alarm FORCE ROW LEVEL SECURITY;
CREATE POLICY key_alarm_in_scope ON key_alarm USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER key_alarm_facts_stay BEFORE UPDATE ON key_alarm FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER key_alarm_stays BEFORE DELETE ON key_alarm FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER key_alarm_is_not_emptied BEFORE TRUNCATE ON key_alarm FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON key_alarm TO bienlai_app;

CREATE TABLE key_alarm_cleared (
    unit_id BIGINT NOT NULL,
    alarm_id BIGINT NOT NULL,
    cleared_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, alarm_id),
    FOREIGN KEY (unit_id, alarm_id) REFERENCES key_alarm (unit_id, id)
);
ALTER TABLE key_alarm_cleared ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_alarm_cleared FORCE ROW LEVEL SECURITY;
CREATE POLICY key_alarm_cleared_in_scope ON key_alarm_cleared USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER key_alarm_cleared_facts_stay BEFORE UPDATE ON key_alarm_cleared FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER key_alarm_cleared_stays BEFORE DELETE ON key_alarm_cleared FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER key_alarm_cleared_is_not_emptied BEFORE TRUNCATE ON key_alarm_cleared FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON key_alarm_cleared TO bienlai_app;

CREATE TABLE validation_evidence (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    document BYTEA NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NULL,
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, certificate_id, sha256),
    CHECK (kind IN ('crl', 'ocsp')),
    FOREIGN KEY (unit_id, certificate_id) REFERENCES signing_certificate (unit_id, id)
);
ALTER TABLE validation_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE validation_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY validation_evidence_in_scope ON validation_evidence USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER validation_evidence_facts_stay BEFORE UPDATE ON validation_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER validation_evidence_stays BEFORE DELETE ON validation_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER validation_evidence_is_not_emptied BEFORE TRUNCATE ON validation_evidence FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON validation_evidence TO bienlai_app;

CREATE TABLE certificate_revocation (
    unit_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    evidence_id BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, certificate_id),
    FOREIGN KEY (unit_id, evidence_id) REFERENCES validation_evidence (unit_id, id)
);
ALTER TABLE certificate_revocation ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate_revocation FORCE ROW LEVEL SECURITY;
CREATE POLICY certificate_revocation_in_scope ON certificate_revocation USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER certificate_revocation_facts_stay BEFORE UPDATE ON certificate_revocation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_revocation_stays BEFORE DELETE ON certificate_revocation FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_revocation_is_not_emptied BEFORE TRUNCATE ON certificate_revocation FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON certificate_revocation TO bienlai_app;

CREATE TABLE seal_evidence (
    unit_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    evidence_unit_id BIGINT NOT NULL,
    crl_id BIGINT NULL,
    ocsp_id BIGINT NULL,
    PRIMARY KEY (unit_id, receipt_id)
);
ALTER TABLE seal_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE seal_evidence FORCE ROW LEVEL SECURITY;
CREATE POLICY seal_evidence_in_scope ON seal_evidence USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER seal_evidence_facts_stay BEFORE UPDATE ON seal_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER seal_evidence_stays BEFORE DELETE ON seal_evidence FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER seal_evidence_is_not_emptied BEFORE TRUNCATE ON seal_evidence FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON seal_evidence TO bienlai_app;

CREATE TABLE timestamp_leaf (
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    date DATE NOT NULL,
    position BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (unit_id, kind, subject_id),
    CHECK (kind IN ('day', 'seal'))
);
CREATE INDEX timestamp_leaf_by_date_position ON timestamp_leaf (date, position);
ALTER TABLE timestamp_leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE timestamp_leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY timestamp_leaf_in_scope ON timestamp_leaf USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER timestamp_leaf_facts_stay BEFORE UPDATE ON timestamp_leaf FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER timestamp_leaf_stays BEFORE DELETE ON timestamp_leaf FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER timestamp_leaf_is_not_emptied BEFORE TRUNCATE ON timestamp_leaf FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON timestamp_leaf TO bienlai_app;

CREATE TABLE daily_timestamp (
    unit_id BIGINT NOT NULL,
    date DATE NOT NULL,
    leaf_count BIGINT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    root_sha256 TEXT NOT NULL,
    token BYTEA NOT NULL,
    stamped_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, date)
);
ALTER TABLE daily_timestamp ENABLE ROW LEVEL SECURITY;
ALTER TABLE daily_timestamp FORCE ROW LEVEL SECURITY;
CREATE POLICY daily_timestamp_in_scope ON daily_timestamp USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER daily_timestamp_facts_stay BEFORE UPDATE ON daily_timestamp FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER daily_timestamp_stays BEFORE DELETE ON daily_timestamp FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER daily_timestamp_is_not_emptied BEFORE TRUNCATE ON daily_timestamp FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON daily_timestamp TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000008_keys_and_evidence', '0.1.0');
