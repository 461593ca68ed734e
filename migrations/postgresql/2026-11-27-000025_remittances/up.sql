-- Remittance of closed days to the Treasury: orders, what may still be ordered, the Treasury's reports.

-- What persons decided to hand to the budget is found by its decision.
CREATE INDEX posting_by_unit_id_source_id_where ON posting (unit_id, source_id) WHERE (source_kind = 'exception');

CREATE TABLE remittance (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    order_no BIGINT NOT NULL,
    covered_until DATE NOT NULL,
    amount BIGINT NOT NULL,
    reference_code TEXT NOT NULL,
    treasury_account TEXT NULL,
    treasury_code TEXT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, year, order_no),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (kind IN ('treasury', 'kept', 'claim')),
    CHECK (state IN ('drafted', 'approved', 'debited', 'credited', 'settled', 'rejected', 'returned', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('drafted', 'refused'))
);
CREATE INDEX remittance_by_unit_id_account_id_state ON remittance (unit_id, account_id, state);
ALTER TABLE remittance ENABLE ROW LEVEL SECURITY;
ALTER TABLE remittance FORCE ROW LEVEL SECURITY;
CREATE POLICY remittance_in_scope ON remittance USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER remittance_facts_stay BEFORE UPDATE OF unit_id, id, account_id, kind, year, order_no, covered_until, amount, reference_code, treasury_account, treasury_code, maker_person_id, created_at ON remittance FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_stays BEFORE DELETE ON remittance FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_is_not_emptied BEFORE TRUNCATE ON remittance FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_moves_on BEFORE UPDATE ON remittance FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON remittance TO bienlai_app;
GRANT UPDATE (state, revision, checker_person_id) ON remittance TO bienlai_app;

CREATE TABLE remittance_line (
    unit_id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    source_account TEXT NOT NULL,
    chapter TEXT NULL,
    sub_item TEXT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, remittance_id, line_no),
    UNIQUE (unit_id, remittance_id, source_account),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, remittance_id) REFERENCES remittance (unit_id, id)
);
ALTER TABLE remittance_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE remittance_line FORCE ROW LEVEL SECURITY;
CREATE POLICY remittance_line_in_scope ON remittance_line USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER remittance_line_facts_stay BEFORE UPDATE ON remittance_line FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_line_stays BEFORE DELETE ON remittance_line FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_line_is_not_emptied BEFORE TRUNCATE ON remittance_line FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON remittance_line TO bienlai_app;

CREATE TABLE remittance_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, remittance_id, revision),
    FOREIGN KEY (unit_id, remittance_id) REFERENCES remittance (unit_id, id)
);
ALTER TABLE remittance_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE remittance_event FORCE ROW LEVEL SECURITY;
CREATE POLICY remittance_event_in_scope ON remittance_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER remittance_event_facts_stay BEFORE UPDATE ON remittance_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_event_stays BEFORE DELETE ON remittance_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittance_event_is_not_emptied BEFORE TRUNCATE ON remittance_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON remittance_event TO bienlai_app;

CREATE TABLE remittable (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    source_account TEXT NOT NULL,
    due BIGINT NOT NULL,
    ordered BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, source_account),
    CHECK (ordered >= 0 AND ordered <= due)
);
ALTER TABLE remittable ENABLE ROW LEVEL SECURITY;
ALTER TABLE remittable FORCE ROW LEVEL SECURITY;
CREATE POLICY remittable_in_scope ON remittable USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER remittable_facts_stay BEFORE UPDATE OF unit_id, account_id, source_account ON remittable FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittable_stays BEFORE DELETE ON remittable FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittable_is_not_emptied BEFORE TRUNCATE ON remittable FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER remittable_moves_on BEFORE UPDATE ON remittable FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON remittable TO bienlai_app;
GRANT UPDATE (due, ordered, revision) ON remittable TO bienlai_app;

CREATE TABLE treasury_report (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    file_sha256 TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, file_sha256)
);
ALTER TABLE treasury_report ENABLE ROW LEVEL SECURITY;
ALTER TABLE treasury_report FORCE ROW LEVEL SECURITY;
CREATE POLICY treasury_report_in_scope ON treasury_report USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER treasury_report_facts_stay BEFORE UPDATE ON treasury_report FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER treasury_report_stays BEFORE DELETE ON treasury_report FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER treasury_report_is_not_emptied BEFORE TRUNCATE ON treasury_report FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON treasury_report TO bienlai_app;

CREATE TABLE treasury_report_row (
    unit_id BIGINT NOT NULL,
    report_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    reference_code TEXT NOT NULL,
    chapter TEXT NOT NULL,
    sub_item TEXT NOT NULL,
    amount BIGINT NOT NULL,
    on_date DATE NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    remittance_id BIGINT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (unit_id, report_id, line_no),
    CHECK (status IN ('credited', 'rejected')),
    FOREIGN KEY (unit_id, report_id) REFERENCES treasury_report (unit_id, id)
);
ALTER TABLE treasury_report_row ENABLE ROW LEVEL SECURITY;
ALTER TABLE treasury_report_row FORCE ROW LEVEL SECURITY;
CREATE POLICY treasury_report_row_in_scope ON treasury_report_row USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER treasury_report_row_facts_stay BEFORE UPDATE ON treasury_report_row FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER treasury_report_row_stays BEFORE DELETE ON treasury_report_row FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER treasury_report_row_is_not_emptied BEFORE TRUNCATE ON treasury_report_row FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON treasury_report_row TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000025_remittances', '0.1.0');
