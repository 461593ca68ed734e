-- Obligations, movements, claims, payments, allocations and postings.

CREATE TABLE obligation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    reference_code TEXT NOT NULL,
    dossier_code TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    procedure_field TEXT NOT NULL,
    intake_mode TEXT NOT NULL,
    receiving_unit_id BIGINT NOT NULL,
    competent_unit_id BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    result_due_on DATE NULL,
    due_on DATE NOT NULL,
    electronic_required BOOLEAN NOT NULL,
    party_id BIGINT NOT NULL,
    total BIGINT NOT NULL,
    waived_ground TEXT NULL,
    client_id BIGINT NULL,
    created_at BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    allocated BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (total >= 0),
    CHECK (allocated >= 0),
    CHECK (state IN ('raised', 'partly_paid', 'paid', 'reopened', 'cancelled', 'waived'))
);
CREATE INDEX obligation_by_unit_id_dossier_code ON obligation (unit_id, dossier_code);
CREATE INDEX obligation_by_unit_id_state_id ON obligation (unit_id, state, id);
CREATE TRIGGER obligation_facts_stay BEFORE UPDATE OF unit_id, id, reference_code, dossier_code, procedure_code, procedure_field, intake_mode, receiving_unit_id, competent_unit_id, submitted_at, result_due_on, due_on, electronic_required, party_id, total, waived_ground, client_id, created_at, account_id ON obligation BEGIN SELECT RAISE(ABORT, 'append_only: obligation'); END;
CREATE TRIGGER obligation_moves_on BEFORE UPDATE ON obligation WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: obligation'); END;
CREATE TRIGGER obligation_stays BEFORE DELETE ON obligation BEGIN SELECT RAISE(ABORT, 'append_only: obligation'); END;

CREATE TABLE obligation_line (
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    item_code TEXT NOT NULL,
    item_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    document_kind TEXT NOT NULL,
    measure_unit TEXT NOT NULL,
    quantity TEXT NOT NULL,
    unit_price TEXT NOT NULL,
    gross BIGINT NOT NULL,
    reduction BIGINT NOT NULL,
    reduction_percent TEXT NULL,
    reduction_ground TEXT NULL,
    amount BIGINT NOT NULL,
    chapter TEXT NULL,
    sub_item TEXT NULL,
    kept_share_bp INTEGER NOT NULL,
    legal_ground TEXT NOT NULL,
    explanation TEXT NOT NULL,
    PRIMARY KEY (unit_id, obligation_id, line_no),
    CHECK (amount = gross - reduction AND amount >= 0),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE TRIGGER obligation_line_facts_stay BEFORE UPDATE ON obligation_line BEGIN SELECT RAISE(ABORT, 'append_only: obligation_line'); END;
CREATE TRIGGER obligation_line_stays BEFORE DELETE ON obligation_line BEGIN SELECT RAISE(ABORT, 'append_only: obligation_line'); END;

CREATE TABLE obligation_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    allocated BIGINT NOT NULL,
    payment_id BIGINT NULL,
    receipt_id BIGINT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, obligation_id, revision)
);
CREATE TRIGGER obligation_event_facts_stay BEFORE UPDATE ON obligation_event BEGIN SELECT RAISE(ABORT, 'append_only: obligation_event'); END;
CREATE TRIGGER obligation_event_stays BEFORE DELETE ON obligation_event BEGIN SELECT RAISE(ABORT, 'append_only: obligation_event'); END;

CREATE TABLE raw_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id)
);
CREATE TRIGGER raw_event_facts_stay BEFORE UPDATE ON raw_event BEGIN SELECT RAISE(ABORT, 'append_only: raw_event'); END;
CREATE TRIGGER raw_event_stays BEFORE DELETE ON raw_event BEGIN SELECT RAISE(ABORT, 'append_only: raw_event'); END;

CREATE TABLE movement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    direction TEXT NOT NULL,
    amount BIGINT NOT NULL,
    code TEXT NOT NULL,
    first_seen_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    proven BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    payment_id BIGINT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount > 0),
    CHECK (proven >= 0 AND proven <= amount),
    CHECK (direction IN ('credit', 'debit')),
    CHECK (state IN ('expected', 'proven', 'disproven', 'reversed', 'same_as'))
);
CREATE INDEX movement_by_unit_id_account_id_state_first_seen_on ON movement (unit_id, account_id, state, first_seen_on);
CREATE INDEX movement_by_unit_id_account_id_code_amount ON movement (unit_id, account_id, code, amount, first_seen_on);
CREATE TRIGGER movement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, direction, amount, code, first_seen_on, created_at ON movement BEGIN SELECT RAISE(ABORT, 'append_only: movement'); END;
CREATE TRIGGER movement_moves_on BEFORE UPDATE ON movement WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: movement'); END;
CREATE TRIGGER movement_stays BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'append_only: movement'); END;

CREATE TABLE movement_key (
    unit_id BIGINT NOT NULL,
    key TEXT NOT NULL,
    movement_id BIGINT NOT NULL,
    PRIMARY KEY (unit_id, key)
);
CREATE TRIGGER movement_key_facts_stay BEFORE UPDATE ON movement_key BEGIN SELECT RAISE(ABORT, 'append_only: movement_key'); END;
CREATE TRIGGER movement_key_stays BEFORE DELETE ON movement_key BEGIN SELECT RAISE(ABORT, 'append_only: movement_key'); END;

CREATE TABLE movement_same_as (
    unit_id BIGINT NOT NULL,
    later_id BIGINT NOT NULL,
    earlier_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, later_id),
    CHECK (later_id <> earlier_id)
);
CREATE TRIGGER movement_same_as_facts_stay BEFORE UPDATE ON movement_same_as BEGIN SELECT RAISE(ABORT, 'append_only: movement_same_as'); END;
CREATE TRIGGER movement_same_as_stays BEFORE DELETE ON movement_same_as BEGIN SELECT RAISE(ABORT, 'append_only: movement_same_as'); END;

CREATE TABLE claim (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    movement_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    raw_event_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    direction TEXT NOT NULL,
    amount BIGINT NOT NULL,
    code TEXT NOT NULL,
    bank_reference TEXT NULL,
    trust TEXT NOT NULL,
    possible_duplicate BOOLEAN NOT NULL,
    occurred_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    FOREIGN KEY (unit_id, movement_id) REFERENCES movement (unit_id, id)
);
CREATE TRIGGER claim_facts_stay BEFORE UPDATE ON claim BEGIN SELECT RAISE(ABORT, 'append_only: claim'); END;
CREATE TRIGGER claim_stays BEFORE DELETE ON claim BEGIN SELECT RAISE(ABORT, 'append_only: claim'); END;

CREATE TABLE channel_exposure (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    unproven BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, channel),
    CHECK (unproven >= 0)
);
CREATE TRIGGER channel_exposure_facts_stay BEFORE UPDATE OF unit_id, account_id, channel ON channel_exposure BEGIN SELECT RAISE(ABORT, 'append_only: channel_exposure'); END;
CREATE TRIGGER channel_exposure_moves_on BEFORE UPDATE ON channel_exposure WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: channel_exposure'); END;
CREATE TRIGGER channel_exposure_stays BEFORE DELETE ON channel_exposure BEGIN SELECT RAISE(ABORT, 'append_only: channel_exposure'); END;

CREATE TABLE parked_claim (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    raw_event_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, channel, external_id)
);
CREATE TRIGGER parked_claim_facts_stay BEFORE UPDATE OF unit_id, id, channel, external_id, raw_event_id, code, created_at ON parked_claim BEGIN SELECT RAISE(ABORT, 'append_only: parked_claim'); END;
CREATE TRIGGER parked_claim_moves_on BEFORE UPDATE ON parked_claim WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: parked_claim'); END;
CREATE TRIGGER parked_claim_stays BEFORE DELETE ON parked_claim BEGIN SELECT RAISE(ABORT, 'append_only: parked_claim'); END;

CREATE TABLE payment (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    movement_id BIGINT NULL,
    account_id BIGINT NULL,
    method TEXT NOT NULL,
    channel TEXT NOT NULL,
    amount BIGINT NOT NULL,
    obligation_id BIGINT NULL,
    shift_id BIGINT NULL,
    debit_account TEXT NOT NULL,
    accounting_date DATE NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    unallocated BIGINT NOT NULL,
    to_obligations BIGINT NOT NULL,
    surplus BIGINT NOT NULL,
    suspense BIGINT NOT NULL,
    other_unit BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount > 0),
    CHECK (unallocated >= 0 AND to_obligations >= 0 AND surplus >= 0 AND suspense >= 0 AND other_unit >= 0 AND reversed >= 0),
    CHECK (amount = unallocated + to_obligations + surplus + suspense + other_unit + reversed),
    CHECK (state IN ('claimed', 'proven', 'disproven', 'reversed')),
    FOREIGN KEY (unit_id, movement_id) REFERENCES movement (unit_id, id)
);
CREATE INDEX payment_by_unit_id_movement_id ON payment (movement_id, unit_id);
CREATE INDEX payment_by_unit_id_obligation_id ON payment (unit_id, obligation_id);
CREATE TRIGGER payment_facts_stay BEFORE UPDATE OF unit_id, id, movement_id, account_id, method, channel, amount, obligation_id, shift_id, debit_account, accounting_date, created_at ON payment BEGIN SELECT RAISE(ABORT, 'append_only: payment'); END;
CREATE TRIGGER payment_moves_on BEFORE UPDATE ON payment WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: payment'); END;
CREATE TRIGGER payment_stays BEFORE DELETE ON payment BEGIN SELECT RAISE(ABORT, 'append_only: payment'); END;

CREATE TABLE payment_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (payment_id, revision, unit_id)
);
CREATE TRIGGER payment_event_facts_stay BEFORE UPDATE ON payment_event BEGIN SELECT RAISE(ABORT, 'append_only: payment_event'); END;
CREATE TRIGGER payment_event_stays BEFORE DELETE ON payment_event BEGIN SELECT RAISE(ABORT, 'append_only: payment_event'); END;

CREATE TABLE allocation (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    from_bucket TEXT NOT NULL,
    to_bucket TEXT NOT NULL,
    obligation_id BIGINT NULL,
    amount BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount > 0),
    CHECK (from_bucket <> to_bucket),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX allocation_by_unit_id_payment_id ON allocation (payment_id, unit_id);
CREATE INDEX allocation_by_unit_id_obligation_id_where ON allocation (unit_id, obligation_id) WHERE (obligation_id IS NOT NULL);
CREATE TRIGGER allocation_facts_stay BEFORE UPDATE ON allocation BEGIN SELECT RAISE(ABORT, 'append_only: allocation'); END;
CREATE TRIGGER allocation_stays BEFORE DELETE ON allocation BEGIN SELECT RAISE(ABORT, 'append_only: allocation'); END;

CREATE TABLE posting (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    debit_account TEXT NOT NULL,
    credit_account TEXT NOT NULL,
    amount BIGINT NOT NULL,
    accounting_date DATE NOT NULL,
    source_kind TEXT NOT NULL,
    source_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount > 0),
    CHECK (debit_account <> credit_account)
);
CREATE INDEX posting_by_unit_id_accounting_date ON posting (unit_id, accounting_date);
CREATE TRIGGER posting_facts_stay BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'append_only: posting'); END;
CREATE TRIGGER posting_stays BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'append_only: posting'); END;

CREATE TABLE shift (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    opened_on DATE NOT NULL,
    opened_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, person_id, opened_on)
);
CREATE TRIGGER shift_facts_stay BEFORE UPDATE OF unit_id, id, person_id, opened_on, opened_at ON shift BEGIN SELECT RAISE(ABORT, 'append_only: shift'); END;
CREATE TRIGGER shift_moves_on BEFORE UPDATE ON shift WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: shift'); END;
CREATE TRIGGER shift_stays BEFORE DELETE ON shift BEGIN SELECT RAISE(ABORT, 'append_only: shift'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000003_obligations_and_money', '0.1.0');
