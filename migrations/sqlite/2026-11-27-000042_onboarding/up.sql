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
CREATE TRIGGER account_live_facts_stay BEFORE UPDATE ON account_live BEGIN SELECT RAISE(ABORT, 'append_only: account_live'); END;
CREATE TRIGGER account_live_stays BEFORE DELETE ON account_live BEGIN SELECT RAISE(ABORT, 'append_only: account_live'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000042_onboarding', '0.1.0');
