-- What the Treasury's report said of each line of an order: it may credit some and reject others. Orders that were
-- reported before have no rows here; they were credited or rejected whole.

CREATE TABLE remittance_line_status (
    unit_id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    report_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, remittance_id, line_no),
    CHECK (status IN ('credited', 'rejected')),
    FOREIGN KEY (unit_id, remittance_id, line_no) REFERENCES remittance_line (unit_id, remittance_id, line_no),
    FOREIGN KEY (unit_id, report_id) REFERENCES treasury_report (unit_id, id)
);
ALTER TABLE remittance_line_status ENABLE ROW LEVEL SECURITY;
ALTER TABLE remittance_line_status FORCE ROW LEVEL SECURITY;
CREATE POLICY remittance_line_status_in_scope ON remittance_line_status USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER remittance_line_status_facts_stay BEFORE UPDATE ON remittance_line_status FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_line_status_stays BEFORE DELETE ON remittance_line_status FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_line_status_is_not_emptied BEFORE TRUNCATE ON remittance_line_status FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON remittance_line_status TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000088_remittance_lines', '0.1.0');
