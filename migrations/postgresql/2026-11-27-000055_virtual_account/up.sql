-- Numbers of virtual accounts that a bank opens under an account: each begins with the prefix and ends with
-- what names one obligation. Two persons record the agreement; a number that was given out is understood for
-- ever, whatever the last day.
CREATE TABLE virtual_range (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    style TEXT NOT NULL CHECK (style IN ('letters', 'digits')),
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    agreement_no TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, prefix),
    CHECK (valid_from <= valid_until),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE INDEX virtual_range_by_unit_id_account_id ON virtual_range (unit_id, account_id);
ALTER TABLE virtual_range ENABLE ROW LEVEL SECURITY;
ALTER TABLE virtual_range FORCE ROW LEVEL SECURITY;
CREATE POLICY virtual_range_in_scope ON virtual_range USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER virtual_range_facts_stay BEFORE UPDATE ON virtual_range FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER virtual_range_stays BEFORE DELETE ON virtual_range FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER virtual_range_is_not_emptied BEFORE TRUNCATE ON virtual_range FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON virtual_range TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000055_virtual_account', '0.1.0');
