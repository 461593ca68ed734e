-- Closing: days opened again by two persons, months with their certificates, figures handed in.

CREATE TABLE day_reopening (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    date DATE NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (state IN ('requested', 'approved', 'refused', 'closed_again')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('requested', 'refused')),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE INDEX day_reopening_by_unit_id_account_id_date ON day_reopening (unit_id, account_id, date);
CREATE UNIQUE INDEX day_reopening_once_by_unit_id_account_id ON day_reopening (unit_id, account_id) WHERE (state = 'requested');
ALTER TABLE day_reopening ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_reopening FORCE ROW LEVEL SECURITY;
CREATE POLICY day_reopening_in_scope ON day_reopening USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER day_reopening_facts_stay BEFORE UPDATE OF unit_id, id, account_id, date, reason, maker_person_id, created_at ON day_reopening FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER day_reopening_stays BEFORE DELETE ON day_reopening FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER day_reopening_is_not_emptied BEFORE TRUNCATE ON day_reopening FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER day_reopening_moves_on BEFORE UPDATE ON day_reopening FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON day_reopening TO bienlai_app;
GRANT UPDATE (state, revision, checker_person_id) ON day_reopening TO bienlai_app;

CREATE TABLE day_reopening_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    reopening_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, reopening_id, revision),
    FOREIGN KEY (unit_id, reopening_id) REFERENCES day_reopening (unit_id, id)
);
ALTER TABLE day_reopening_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_reopening_event FORCE ROW LEVEL SECURITY;
CREATE POLICY day_reopening_event_in_scope ON day_reopening_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER day_reopening_event_facts_stay BEFORE UPDATE ON day_reopening_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER day_reopening_event_stays BEFORE DELETE ON day_reopening_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER day_reopening_event_is_not_emptied BEFORE TRUNCATE ON day_reopening_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON day_reopening_event TO bienlai_app;

CREATE TABLE account_month (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    month DATE NOT NULL,
    last_day DATE NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, month),
    CHECK (state IN ('closed', 'superseded')),
    CHECK (last_day >= month),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
ALTER TABLE account_month ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_month FORCE ROW LEVEL SECURITY;
CREATE POLICY account_month_in_scope ON account_month USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER account_month_facts_stay BEFORE UPDATE OF unit_id, account_id, month, last_day, created_at ON account_month FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_month_stays BEFORE DELETE ON account_month FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_month_is_not_emptied BEFORE TRUNCATE ON account_month FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_month_moves_on BEFORE UPDATE ON account_month FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON account_month TO bienlai_app;
GRANT UPDATE (state, revision) ON account_month TO bienlai_app;

CREATE TABLE account_month_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    month DATE NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, month, revision),
    CHECK (maker_person_id <> checker_person_id)
);
ALTER TABLE account_month_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_month_event FORCE ROW LEVEL SECURITY;
CREATE POLICY account_month_event_in_scope ON account_month_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER account_month_event_facts_stay BEFORE UPDATE ON account_month_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_month_event_stays BEFORE DELETE ON account_month_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_month_event_is_not_emptied BEFORE TRUNCATE ON account_month_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON account_month_event TO bienlai_app;

CREATE TABLE month_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    month DATE NOT NULL,
    revision BIGINT NOT NULL,
    opening BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    document BYTEA NOT NULL,
    document_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    signature BYTEA NOT NULL,
    certificate_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, month, revision)
);
ALTER TABLE month_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE month_certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY month_certificate_in_scope ON month_certificate USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER month_certificate_facts_stay BEFORE UPDATE ON month_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER month_certificate_stays BEFORE DELETE ON month_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER month_certificate_is_not_emptied BEFORE TRUNCATE ON month_certificate FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON month_certificate TO bienlai_app;

CREATE TABLE fee_filing (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    reference_no TEXT NOT NULL,
    filed_on DATE NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, kind, period),
    CHECK (kind IN ('month', 'year'))
);
ALTER TABLE fee_filing ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_filing FORCE ROW LEVEL SECURITY;
CREATE POLICY fee_filing_in_scope ON fee_filing USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER fee_filing_facts_stay BEFORE UPDATE ON fee_filing FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER fee_filing_stays BEFORE DELETE ON fee_filing FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER fee_filing_is_not_emptied BEFORE TRUNCATE ON fee_filing FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON fee_filing TO bienlai_app;

-- A closed day or month opens again only under a request that a second person approved.
CREATE FUNCTION bienlai_reopened_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    until DATE;
BEGIN
    IF TG_TABLE_NAME = 'day' THEN until := NEW.date; ELSE until := NEW.last_day; END IF;
    IF NOT EXISTS (SELECT 1 FROM day_reopening r WHERE r.unit_id = NEW.unit_id AND r.account_id = NEW.account_id
        AND r.state = 'approved' AND r.date <= until) THEN
        RAISE EXCEPTION 'second_person: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER day_opens_by_two BEFORE UPDATE ON day FOR EACH ROW WHEN (OLD.state = 'closed' AND NEW.state <> 'closed') EXECUTE FUNCTION bienlai_reopened_by_two();
CREATE TRIGGER account_month_opens_by_two BEFORE UPDATE ON account_month FOR EACH ROW WHEN (OLD.state = 'closed' AND NEW.state <> 'closed') EXECUTE FUNCTION bienlai_reopened_by_two();

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000030_closing', '0.1.0');
