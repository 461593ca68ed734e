-- An account of a unit goes live when every step of its checklist is there: who said so, and what was
-- there then. The steps themselves are never stored: they follow from the rows they are about.

CREATE TABLE account_live (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    steps TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
ALTER TABLE account_live ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_live FORCE ROW LEVEL SECURITY;
CREATE POLICY account_live_in_scope ON account_live USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER account_live_facts_stay BEFORE UPDATE ON account_live FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_live_stays BEFORE DELETE ON account_live FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER account_live_is_not_emptied BEFORE TRUNCATE ON account_live FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON account_live TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000042_onboarding', '0.1.0');
