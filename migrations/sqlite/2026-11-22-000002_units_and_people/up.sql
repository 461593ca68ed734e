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
CREATE TRIGGER unit_facts_stay BEFORE UPDATE OF unit_id, code, kind, parent_id, valid_from, created_at ON unit BEGIN SELECT RAISE(ABORT, 'append_only: unit'); END;
CREATE TRIGGER unit_stays BEFORE DELETE ON unit BEGIN SELECT RAISE(ABORT, 'append_only: unit'); END;

CREATE TABLE unit_succession (
    unit_id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    effective_on DATE NOT NULL,
    decision TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, successor_id)
);
CREATE TRIGGER unit_succession_facts_stay BEFORE UPDATE ON unit_succession BEGIN SELECT RAISE(ABORT, 'append_only: unit_succession'); END;
CREATE TRIGGER unit_succession_stays BEFORE DELETE ON unit_succession BEGIN SELECT RAISE(ABORT, 'append_only: unit_succession'); END;

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
CREATE TRIGGER bank_account_facts_stay BEFORE UPDATE OF unit_id, id, bank_bin, account_no, holder_name, currency, opened_on, opening_balance, created_at ON bank_account BEGIN SELECT RAISE(ABORT, 'append_only: bank_account'); END;
CREATE TRIGGER bank_account_stays BEFORE DELETE ON bank_account BEGIN SELECT RAISE(ABORT, 'append_only: bank_account'); END;

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
CREATE TRIGGER channel_trust_facts_stay BEFORE UPDATE ON channel_trust BEGIN SELECT RAISE(ABORT, 'append_only: channel_trust'); END;
CREATE TRIGGER channel_trust_stays BEFORE DELETE ON channel_trust BEGIN SELECT RAISE(ABORT, 'append_only: channel_trust'); END;

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
CREATE TRIGGER receipt_series_facts_stay BEFORE UPDATE OF unit_id, id, document_kind, template, series, year, last_allowed_no, registration, created_at ON receipt_series BEGIN SELECT RAISE(ABORT, 'append_only: receipt_series'); END;
CREATE TRIGGER receipt_series_moves_on BEFORE UPDATE ON receipt_series WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: receipt_series'); END;
CREATE TRIGGER receipt_series_stays BEFORE DELETE ON receipt_series BEGIN SELECT RAISE(ABORT, 'append_only: receipt_series'); END;

CREATE TABLE signing_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    subject TEXT NOT NULL,
    serial TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    chain_pem TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    key_cipher BLOB NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    is_test BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, serial)
);
CREATE TRIGGER signing_certificate_facts_stay BEFORE UPDATE ON signing_certificate BEGIN SELECT RAISE(ABORT, 'append_only: signing_certificate'); END;
CREATE TRIGGER signing_certificate_stays BEFORE DELETE ON signing_certificate BEGIN SELECT RAISE(ABORT, 'append_only: signing_certificate'); END;

CREATE TABLE person (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
CREATE TRIGGER person_facts_stay BEFORE UPDATE ON person BEGIN SELECT RAISE(ABORT, 'append_only: person'); END;
CREATE TRIGGER person_stays BEFORE DELETE ON person BEGIN SELECT RAISE(ABORT, 'append_only: person'); END;

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
CREATE TRIGGER api_client_facts_stay BEFORE UPDATE OF unit_id, id, name, person_id, role, scope, secret_sha256, created_at ON api_client BEGIN SELECT RAISE(ABORT, 'append_only: api_client'); END;
CREATE TRIGGER api_client_stays BEFORE DELETE ON api_client BEGIN SELECT RAISE(ABORT, 'append_only: api_client'); END;

CREATE TABLE data_key (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    year INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped BLOB NULL,
    destroyed_at BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, year)
);
CREATE TRIGGER data_key_facts_stay BEFORE UPDATE OF unit_id, id, year, created_at ON data_key BEGIN SELECT RAISE(ABORT, 'append_only: data_key'); END;
CREATE TRIGGER data_key_only_dies BEFORE UPDATE ON data_key WHEN NEW.wrapped IS NOT NULL OR NEW.destroyed_at IS NULL OR OLD.destroyed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'append_only: data_key'); END;
CREATE TRIGGER data_key_stays BEFORE DELETE ON data_key BEGIN SELECT RAISE(ABORT, 'append_only: data_key'); END;

CREATE TABLE party (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
CREATE TRIGGER party_facts_stay BEFORE UPDATE ON party BEGIN SELECT RAISE(ABORT, 'append_only: party'); END;
CREATE TRIGGER party_stays BEFORE DELETE ON party BEGIN SELECT RAISE(ABORT, 'append_only: party'); END;

CREATE TABLE party_index (
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    party_id BIGINT NOT NULL,
    PRIMARY KEY (unit_id, kind, hash, party_id)
);

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
CREATE TRIGGER erasure_facts_stay BEFORE UPDATE ON erasure BEGIN SELECT RAISE(ABORT, 'append_only: erasure'); END;
CREATE TRIGGER erasure_stays BEFORE DELETE ON erasure BEGIN SELECT RAISE(ABORT, 'append_only: erasure'); END;

-- The city itself: it owns what no registered unit's account received.
INSERT INTO unit (unit_id, code, name, kind, tax_code, address, valid_from, created_at) VALUES (1, 'city', 'Thành phố', 'city', '', '', '2025-07-01', 0);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000002_units_and_people', '0.1.0');
