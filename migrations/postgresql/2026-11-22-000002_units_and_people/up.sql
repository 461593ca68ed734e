-- Collecting units, their accounts, series and keys; people, clients and payers.

CREATE TABLE unit (
    unit_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    tax_code TEXT NOT NULL,
    budget_code TEXT NULL,
    address TEXT NOT NULL,
    phone TEXT NULL,
    parent_id BIGINT NULL,
    valid_from DATE NOT NULL,
    created_at BIGINT NOT NULL,
    valid_until DATE NULL,
    PRIMARY KEY (unit_id),
    UNIQUE (code)
);
ALTER TABLE unit ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_in_scope ON unit USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER unit_facts_stay BEFORE UPDATE OF unit_id, code, kind, parent_id, valid_from, created_at ON unit FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_stays BEFORE DELETE ON unit FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_is_not_emptied BEFORE TRUNCATE ON unit FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON unit TO bienlai_app;
GRANT UPDATE (valid_until, tax_code, name, address, phone, budget_code) ON unit TO bienlai_app;

CREATE TABLE unit_succession (
    unit_id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    decision TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, successor_id)
);
ALTER TABLE unit_succession ENABLE ROW LEVEL SECURITY;
ALTER TABLE unit_succession FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_succession_in_scope ON unit_succession USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER unit_succession_facts_stay BEFORE UPDATE ON unit_succession FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_succession_stays BEFORE DELETE ON unit_succession FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER unit_succession_is_not_emptied BEFORE TRUNCATE ON unit_succession FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON unit_succession TO bienlai_app;

CREATE TABLE bank_account (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    bank_bin TEXT NOT NULL,
    account_no TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    opened_on DATE NOT NULL,
    opening_balance BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_on DATE NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, bank_bin, account_no),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
ALTER TABLE bank_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE bank_account FORCE ROW LEVEL SECURITY;
CREATE POLICY bank_account_in_scope ON bank_account USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER bank_account_facts_stay BEFORE UPDATE OF unit_id, id, bank_bin, account_no, holder_name, currency, opened_on, opening_balance, created_at ON bank_account FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER bank_account_stays BEFORE DELETE ON bank_account FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER bank_account_is_not_emptied BEFORE TRUNCATE ON bank_account FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON bank_account TO bienlai_app;
GRANT UPDATE (closed_on) ON bank_account TO bienlai_app;

CREATE TABLE channel_trust (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    level TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    agreement_no TEXT NOT NULL,
    claim_limit BIGINT NOT NULL,
    unproven_limit BIGINT NOT NULL,
    age_limit_days INTEGER NOT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (level IN ('advises', 'settles')),
    CHECK (level = 'advises' OR (maker_person_id IS NOT NULL AND checker_person_id IS NOT NULL)),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE INDEX channel_trust_by_unit_id_account_id_channel ON channel_trust (unit_id, account_id, channel);
ALTER TABLE channel_trust ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_trust FORCE ROW LEVEL SECURITY;
CREATE POLICY channel_trust_in_scope ON channel_trust USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER channel_trust_facts_stay BEFORE UPDATE ON channel_trust FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER channel_trust_stays BEFORE DELETE ON channel_trust FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER channel_trust_is_not_emptied BEFORE TRUNCATE ON channel_trust FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON channel_trust TO bienlai_app;

CREATE TABLE receipt_series (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    document_kind TEXT NOT NULL,
    template TEXT NOT NULL,
    series TEXT NOT NULL,
    year INTEGER NOT NULL,
    last_allowed_no BIGINT NOT NULL,
    registration TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_no BIGINT NOT NULL,
    last_issued_on DATE NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, template, series, year),
    CHECK (state IN ('open', 'closed')),
    CHECK (next_no >= 1 AND next_no <= last_allowed_no + 1)
);
ALTER TABLE receipt_series ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt_series FORCE ROW LEVEL SECURITY;
CREATE POLICY receipt_series_in_scope ON receipt_series USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER receipt_series_facts_stay BEFORE UPDATE OF unit_id, id, document_kind, template, series, year, last_allowed_no, registration, created_at ON receipt_series FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_series_stays BEFORE DELETE ON receipt_series FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_series_is_not_emptied BEFORE TRUNCATE ON receipt_series FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER receipt_series_moves_on BEFORE UPDATE ON receipt_series FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON receipt_series TO bienlai_app;
GRANT UPDATE (next_no, last_issued_on, state, revision) ON receipt_series TO bienlai_app;

CREATE TABLE signing_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    serial TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    chain_pem TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    key_cipher BYTEA NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    is_test BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, serial)
);
ALTER TABLE signing_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_certificate FORCE ROW LEVEL SECURITY;
CREATE POLICY signing_certificate_in_scope ON signing_certificate USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER signing_certificate_facts_stay BEFORE UPDATE ON signing_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER signing_certificate_stays BEFORE DELETE ON signing_certificate FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER signing_certificate_is_not_emptied BEFORE TRUNCATE ON signing_certificate FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON signing_certificate TO bienlai_app;

CREATE TABLE person (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
CREATE POLICY person_in_scope ON person USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER person_facts_stay BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER person_stays BEFORE DELETE ON person FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER person_is_not_emptied BEFORE TRUNCATE ON person FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON person TO bienlai_app;

CREATE TABLE api_client (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    person_id BIGINT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE api_client ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_client FORCE ROW LEVEL SECURITY;
CREATE POLICY api_client_in_scope ON api_client USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER api_client_facts_stay BEFORE UPDATE OF unit_id, id, name, person_id, role, scope, secret_sha256, created_at ON api_client FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER api_client_stays BEFORE DELETE ON api_client FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER api_client_is_not_emptied BEFORE TRUNCATE ON api_client FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON api_client TO bienlai_app;
GRANT UPDATE (revoked_at) ON api_client TO bienlai_app;

CREATE TABLE data_key (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    year INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped BYTEA NULL,
    destroyed_at BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, year)
);
ALTER TABLE data_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_key FORCE ROW LEVEL SECURITY;
CREATE POLICY data_key_in_scope ON data_key USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER data_key_facts_stay BEFORE UPDATE OF unit_id, id, year, created_at ON data_key FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_key_stays BEFORE DELETE ON data_key FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_key_is_not_emptied BEFORE TRUNCATE ON data_key FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER data_key_only_dies BEFORE UPDATE ON data_key FOR EACH ROW WHEN (NEW.wrapped IS NOT NULL OR NEW.destroyed_at IS NULL OR OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON data_key TO bienlai_app;
GRANT UPDATE (wrapped, destroyed_at) ON data_key TO bienlai_app;

CREATE TABLE party (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
ALTER TABLE party ENABLE ROW LEVEL SECURITY;
ALTER TABLE party FORCE ROW LEVEL SECURITY;
CREATE POLICY party_in_scope ON party USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER party_facts_stay BEFORE UPDATE ON party FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER party_stays BEFORE DELETE ON party FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER party_is_not_emptied BEFORE TRUNCATE ON party FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON party TO bienlai_app;

CREATE TABLE party_index (
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    party_id BIGINT NOT NULL,
    PRIMARY KEY (unit_id, kind, hash, party_id)
);
ALTER TABLE party_index ENABLE ROW LEVEL SECURITY;
ALTER TABLE party_index FORCE ROW LEVEL SECURITY;
CREATE POLICY party_index_in_scope ON party_index USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON party_index TO bienlai_app;

CREATE TABLE erasure (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    year INTEGER NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (maker_person_id <> checker_person_id)
);
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY erasure_in_scope ON erasure USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER erasure_facts_stay BEFORE UPDATE ON erasure FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER erasure_stays BEFORE DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER erasure_is_not_emptied BEFORE TRUNCATE ON erasure FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON erasure TO bienlai_app;

-- The city itself: it owns what no registered unit's account received.
INSERT INTO unit (unit_id, code, name, kind, tax_code, address, valid_from, created_at) VALUES (1, 'city', 'Thành phố', 'city', '', '', '2025-07-01', 0);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000002_units_and_people', '0.1.0');
