-- A certificate whose key was stolen, or that was stored by mistake, is stopped by two persons: one asks, another
-- decides, and the database holds that it is another one. Both are facts; the certificate stays and verifies what it
-- signed.
CREATE TABLE certificate_stop (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    maker_person_id BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, id, certificate_id, maker_person_id),
    FOREIGN KEY (unit_id, certificate_id) REFERENCES signing_certificate (unit_id, id)
);
ALTER TABLE certificate_stop ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate_stop FORCE ROW LEVEL SECURITY;
CREATE POLICY certificate_stop_in_scope ON certificate_stop USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER certificate_stop_facts_stay BEFORE UPDATE ON certificate_stop FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_stop_stays BEFORE DELETE ON certificate_stop FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_stop_is_not_emptied BEFORE TRUNCATE ON certificate_stop FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON certificate_stop TO bienlai_app;

CREATE TABLE certificate_stop_decision (
    unit_id BIGINT NOT NULL,
    stop_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('stopped', 'refused')),
    -- Why it was refused.
    reason TEXT NULL,
    checker_person_id BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, stop_id),
    CHECK (verdict = 'refused' OR checker_person_id <> maker_person_id),
    FOREIGN KEY (unit_id, stop_id, certificate_id, maker_person_id) REFERENCES certificate_stop (unit_id, id, certificate_id, maker_person_id)
);
ALTER TABLE certificate_stop_decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate_stop_decision FORCE ROW LEVEL SECURITY;
CREATE POLICY certificate_stop_decision_in_scope ON certificate_stop_decision USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER certificate_stop_decision_facts_stay BEFORE UPDATE ON certificate_stop_decision FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_stop_decision_stays BEFORE DELETE ON certificate_stop_decision FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER certificate_stop_decision_is_not_emptied BEFORE TRUNCATE ON certificate_stop_decision FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON certificate_stop_decision TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000079_certificate_stop', '0.1.0');
