-- Remittance of closed days to the Treasury: orders, what may still be ordered, the Treasury's reports.

-- What persons decided to hand to the budget is found by its decision.
CREATE INDEX posting_by_unit_id_source_id_where ON posting (unit_id, source_id) WHERE (source_kind = 'exception');

CREATE TABLE remittance (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    order_no BIGINT NOT NULL,
    covered_until DATE NOT NULL,
    amount BIGINT NOT NULL,
    reference_code TEXT NOT NULL,
    treasury_account TEXT NULL,
    treasury_code TEXT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    checker_person_id BIGINT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, year, order_no),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (kind IN ('treasury', 'kept', 'claim')),
    CHECK (state IN ('drafted', 'approved', 'debited', 'credited', 'settled', 'rejected', 'returned', 'refused')),
    CHECK (maker_person_id <> checker_person_id),
    CHECK (checker_person_id IS NOT NULL OR state IN ('drafted', 'refused'))
);
CREATE INDEX remittance_by_unit_id_account_id_state ON remittance (unit_id, account_id, state);
CREATE TRIGGER remittance_facts_stay BEFORE UPDATE OF unit_id, id, account_id, kind, year, order_no, covered_until, amount, reference_code, treasury_account, treasury_code, maker_person_id, created_at ON remittance BEGIN SELECT RAISE(ABORT, 'append_only: remittance'); END;
CREATE TRIGGER remittance_moves_on BEFORE UPDATE ON remittance WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: remittance'); END;
CREATE TRIGGER remittance_stays BEFORE DELETE ON remittance BEGIN SELECT RAISE(ABORT, 'append_only: remittance'); END;

CREATE TABLE remittance_line (
    unit_id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    source_account TEXT NOT NULL,
    chapter TEXT NULL,
    sub_item TEXT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, remittance_id, line_no),
    UNIQUE (unit_id, remittance_id, source_account),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, remittance_id) REFERENCES remittance (unit_id, id)
);
CREATE TRIGGER remittance_line_facts_stay BEFORE UPDATE ON remittance_line BEGIN SELECT RAISE(ABORT, 'append_only: remittance_line'); END;
CREATE TRIGGER remittance_line_stays BEFORE DELETE ON remittance_line BEGIN SELECT RAISE(ABORT, 'append_only: remittance_line'); END;

CREATE TABLE remittance_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, remittance_id, revision),
    FOREIGN KEY (unit_id, remittance_id) REFERENCES remittance (unit_id, id)
);
CREATE TRIGGER remittance_event_facts_stay BEFORE UPDATE ON remittance_event BEGIN SELECT RAISE(ABORT, 'append_only: remittance_event'); END;
CREATE TRIGGER remittance_event_stays BEFORE DELETE ON remittance_event BEGIN SELECT RAISE(ABORT, 'append_only: remittance_event'); END;

CREATE TABLE remittable (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    source_account TEXT NOT NULL,
    due BIGINT NOT NULL,
    ordered BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, source_account),
    CHECK (ordered >= 0 AND ordered <= due)
);
CREATE TRIGGER remittable_facts_stay BEFORE UPDATE OF unit_id, account_id, source_account ON remittable BEGIN SELECT RAISE(ABORT, 'append_only: remittable'); END;
CREATE TRIGGER remittable_moves_on BEFORE UPDATE ON remittable WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: remittable'); END;
CREATE TRIGGER remittable_stays BEFORE DELETE ON remittable BEGIN SELECT RAISE(ABORT, 'append_only: remittable'); END;

CREATE TABLE treasury_report (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    file_sha256 TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, file_sha256)
);
CREATE TRIGGER treasury_report_facts_stay BEFORE UPDATE ON treasury_report BEGIN SELECT RAISE(ABORT, 'append_only: treasury_report'); END;
CREATE TRIGGER treasury_report_stays BEFORE DELETE ON treasury_report BEGIN SELECT RAISE(ABORT, 'append_only: treasury_report'); END;

CREATE TABLE treasury_report_row (
    unit_id BIGINT NOT NULL,
    report_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    reference_code TEXT NOT NULL,
    chapter TEXT NOT NULL,
    sub_item TEXT NOT NULL,
    amount BIGINT NOT NULL,
    on_date DATE NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    remittance_id BIGINT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (unit_id, report_id, line_no),
    CHECK (status IN ('credited', 'rejected')),
    FOREIGN KEY (unit_id, report_id) REFERENCES treasury_report (unit_id, id)
);
CREATE TRIGGER treasury_report_row_facts_stay BEFORE UPDATE ON treasury_report_row BEGIN SELECT RAISE(ABORT, 'append_only: treasury_report_row'); END;
CREATE TRIGGER treasury_report_row_stays BEFORE DELETE ON treasury_report_row BEGIN SELECT RAISE(ABORT, 'append_only: treasury_report_row'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000025_remittances', '0.1.0');
