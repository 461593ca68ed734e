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
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, prefix),
    CHECK (valid_from <= valid_until),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE INDEX virtual_range_by_unit_id_account_id ON virtual_range (unit_id, account_id);
CREATE TRIGGER virtual_range_facts_stay BEFORE UPDATE ON virtual_range BEGIN SELECT RAISE(ABORT, 'append_only: virtual_range'); END;
CREATE TRIGGER virtual_range_stays BEFORE DELETE ON virtual_range BEGIN SELECT RAISE(ABORT, 'append_only: virtual_range'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000055_virtual_account', '0.1.0');
