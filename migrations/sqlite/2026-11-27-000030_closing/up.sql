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
    PRIMARY KEY (id, unit_id),
    CHECK (state IN ('requested', 'approved', 'refused', 'closed_again')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('requested', 'refused')),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE INDEX day_reopening_by_unit_id_account_id_date ON day_reopening (unit_id, account_id, date);
CREATE UNIQUE INDEX day_reopening_once_by_unit_id_account_id ON day_reopening (unit_id, account_id) WHERE (state = 'requested');
CREATE TRIGGER day_reopening_facts_stay BEFORE UPDATE OF unit_id, id, account_id, date, reason, maker_person_id, created_at ON day_reopening BEGIN SELECT RAISE(ABORT, 'append_only: day_reopening'); END;
CREATE TRIGGER day_reopening_moves_on BEFORE UPDATE ON day_reopening WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: day_reopening'); END;
CREATE TRIGGER day_reopening_stays BEFORE DELETE ON day_reopening BEGIN SELECT RAISE(ABORT, 'append_only: day_reopening'); END;

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
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, reopening_id, revision),
    FOREIGN KEY (unit_id, reopening_id) REFERENCES day_reopening (unit_id, id)
);
CREATE TRIGGER day_reopening_event_facts_stay BEFORE UPDATE ON day_reopening_event BEGIN SELECT RAISE(ABORT, 'append_only: day_reopening_event'); END;
CREATE TRIGGER day_reopening_event_stays BEFORE DELETE ON day_reopening_event BEGIN SELECT RAISE(ABORT, 'append_only: day_reopening_event'); END;

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
CREATE TRIGGER account_month_facts_stay BEFORE UPDATE OF unit_id, account_id, month, last_day, created_at ON account_month BEGIN SELECT RAISE(ABORT, 'append_only: account_month'); END;
CREATE TRIGGER account_month_moves_on BEFORE UPDATE ON account_month WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: account_month'); END;
CREATE TRIGGER account_month_stays BEFORE DELETE ON account_month BEGIN SELECT RAISE(ABORT, 'append_only: account_month'); END;

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
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, account_id, month, revision),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE TRIGGER account_month_event_facts_stay BEFORE UPDATE ON account_month_event BEGIN SELECT RAISE(ABORT, 'append_only: account_month_event'); END;
CREATE TRIGGER account_month_event_stays BEFORE DELETE ON account_month_event BEGIN SELECT RAISE(ABORT, 'append_only: account_month_event'); END;

CREATE TABLE month_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    month DATE NOT NULL,
    revision BIGINT NOT NULL,
    opening BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    document BLOB NOT NULL,
    document_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    signature BLOB NOT NULL,
    certificate_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, account_id, month, revision)
);
CREATE TRIGGER month_certificate_facts_stay BEFORE UPDATE ON month_certificate BEGIN SELECT RAISE(ABORT, 'append_only: month_certificate'); END;
CREATE TRIGGER month_certificate_stays BEFORE DELETE ON month_certificate BEGIN SELECT RAISE(ABORT, 'append_only: month_certificate'); END;

CREATE TABLE fee_filing (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    period TEXT NOT NULL,
    reference_no TEXT NOT NULL,
    filed_on DATE NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, kind, period),
    CHECK (kind IN ('month', 'year'))
);
CREATE TRIGGER fee_filing_facts_stay BEFORE UPDATE ON fee_filing BEGIN SELECT RAISE(ABORT, 'append_only: fee_filing'); END;
CREATE TRIGGER fee_filing_stays BEFORE DELETE ON fee_filing BEGIN SELECT RAISE(ABORT, 'append_only: fee_filing'); END;

-- A closed day or month opens again only under a request that a second person approved.
CREATE TRIGGER day_opens_by_two BEFORE UPDATE ON day WHEN OLD.state = 'closed' AND NEW.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM day_reopening r WHERE r.unit_id = NEW.unit_id AND r.account_id = NEW.account_id AND r.state = 'approved' AND r.date <= NEW.date) BEGIN SELECT RAISE(ABORT, 'second_person: day'); END;
CREATE TRIGGER account_month_opens_by_two BEFORE UPDATE ON account_month WHEN OLD.state = 'closed' AND NEW.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM day_reopening r WHERE r.unit_id = NEW.unit_id AND r.account_id = NEW.account_id AND r.state = 'approved' AND r.date <= NEW.last_day) BEGIN SELECT RAISE(ABORT, 'second_person: account_month'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000030_closing', '0.1.0');
