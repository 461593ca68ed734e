-- Units that another goes on for: what is handed over; names from a day on; accounts that end. What the city
-- decides by two persons is more than targets and entrustments now.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''targets'', ''entrustment''))', 'CHECK (kind IN (''targets'', ''entrustment'', ''merger'', ''account'', ''naming'', ''trust''))') WHERE type = 'table' AND name = 'proposal';
PRAGMA writable_schema = RESET;

-- What a unit that another goes on for had left was handed over: once, with who did it and how many obligations moved.
CREATE TABLE unit_handover (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    obligations BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id)
);
CREATE TRIGGER unit_handover_facts_stay BEFORE UPDATE ON unit_handover BEGIN SELECT RAISE(ABORT, 'append_only: unit_handover'); END;
CREATE TRIGGER unit_handover_stays BEFORE DELETE ON unit_handover BEGIN SELECT RAISE(ABORT, 'append_only: unit_handover'); END;

-- An open obligation goes on in the successor: its code leads there from now on.
CREATE TABLE obligation_handover (
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    successor_id BIGINT NOT NULL,
    successor_obligation_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, obligation_id),
    FOREIGN KEY (unit_id, obligation_id) REFERENCES obligation (unit_id, id)
);
CREATE TRIGGER obligation_handover_facts_stay BEFORE UPDATE ON obligation_handover BEGIN SELECT RAISE(ABORT, 'append_only: obligation_handover'); END;
CREATE TRIGGER obligation_handover_stays BEFORE DELETE ON obligation_handover BEGIN SELECT RAISE(ABORT, 'append_only: obligation_handover'); END;

-- How a unit is called from a day on, and where it is; of one day the newest counts.
CREATE TABLE unit_naming (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    valid_from DATE NOT NULL,
    decision_no TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id) REFERENCES unit (unit_id)
);
CREATE TRIGGER unit_naming_facts_stay BEFORE UPDATE ON unit_naming BEGIN SELECT RAISE(ABORT, 'append_only: unit_naming'); END;
CREATE TRIGGER unit_naming_stays BEFORE DELETE ON unit_naming BEGIN SELECT RAISE(ABORT, 'append_only: unit_naming'); END;

-- An account of a unit ended on a day, for a reason; two persons decided.
CREATE TABLE bank_account_end (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE TRIGGER bank_account_end_facts_stay BEFORE UPDATE ON bank_account_end BEGIN SELECT RAISE(ABORT, 'append_only: bank_account_end'); END;
CREATE TRIGGER bank_account_end_stays BEFORE DELETE ON bank_account_end BEGIN SELECT RAISE(ABORT, 'append_only: bank_account_end'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000052_succession', '0.1.0');
