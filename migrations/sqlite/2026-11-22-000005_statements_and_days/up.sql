-- Bank statements, matches, exceptions and closed days.

CREATE TABLE statement_file (
    unit_id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    format TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, sha256)
);
CREATE TRIGGER statement_file_facts_stay BEFORE UPDATE ON statement_file BEGIN SELECT RAISE(ABORT, 'append_only: statement_file'); END;
CREATE TRIGGER statement_file_stays BEFORE DELETE ON statement_file BEGIN SELECT RAISE(ABORT, 'append_only: statement_file'); END;

CREATE TABLE statement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    file_sha256 TEXT NOT NULL,
    position INTEGER NOT NULL,
    format TEXT NOT NULL,
    number TEXT NULL,
    sequence BIGINT NULL,
    opening_on DATE NOT NULL,
    opening BIGINT NOT NULL,
    closing_on DATE NOT NULL,
    closing BIGINT NOT NULL,
    balance_basis TEXT NOT NULL,
    line_count INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, file_sha256, position),
    CHECK (state IN ('loading', 'ready', 'abandoned'))
);
CREATE INDEX statement_by_unit_id_account_id_closing_on ON statement (unit_id, account_id, closing_on);
CREATE TRIGGER statement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, file_sha256, position, format, number, sequence, opening_on, opening, closing_on, closing, balance_basis, line_count, created_at ON statement BEGIN SELECT RAISE(ABORT, 'append_only: statement'); END;
CREATE TRIGGER statement_moves_on BEFORE UPDATE ON statement WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: statement'); END;
CREATE TRIGGER statement_stays BEFORE DELETE ON statement BEGIN SELECT RAISE(ABORT, 'append_only: statement'); END;

CREATE TABLE statement_line (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    statement_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    booking_date DATE NOT NULL,
    value_date DATE NULL,
    amount BIGINT NOT NULL,
    identity TEXT NOT NULL,
    reference TEXT NULL,
    bank_reference TEXT NULL,
    codes TEXT NOT NULL,
    damaged TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    memo_cipher BLOB NOT NULL,
    is_reversal BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    matched BIGINT NOT NULL,
    class TEXT NULL,
    posted_on DATE NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, identity),
    CHECK (amount <> 0),
    FOREIGN KEY (unit_id, statement_id) REFERENCES statement (unit_id, id)
);
CREATE INDEX statement_line_by_unit_id_account_id_booking_date ON statement_line (unit_id, account_id, booking_date);
CREATE TRIGGER statement_line_facts_stay BEFORE UPDATE OF unit_id, id, statement_id, account_id, line_no, booking_date, value_date, amount, identity, reference, bank_reference, codes, damaged, key_id, memo_cipher, is_reversal, created_at ON statement_line BEGIN SELECT RAISE(ABORT, 'append_only: statement_line'); END;
CREATE TRIGGER statement_line_moves_on BEFORE UPDATE ON statement_line WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: statement_line'); END;
CREATE TRIGGER statement_line_stays BEFORE DELETE ON statement_line BEGIN SELECT RAISE(ABORT, 'append_only: statement_line'); END;

CREATE TABLE quarantined_line (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    statement_id BIGINT NOT NULL,
    place TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id)
);
CREATE TRIGGER quarantined_line_facts_stay BEFORE UPDATE OF unit_id, id, statement_id, place, code, message, created_at ON quarantined_line BEGIN SELECT RAISE(ABORT, 'append_only: quarantined_line'); END;
CREATE TRIGGER quarantined_line_moves_on BEFORE UPDATE ON quarantined_line WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: quarantined_line'); END;
CREATE TRIGGER quarantined_line_stays BEFORE DELETE ON quarantined_line BEGIN SELECT RAISE(ABORT, 'append_only: quarantined_line'); END;

CREATE TABLE match_part (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    movement_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    rule TEXT NOT NULL,
    evidence TEXT NOT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    undoes_id BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (amount > 0),
    CHECK (maker_person_id <> checker_person_id),
    UNIQUE (unit_id, undoes_id),
    FOREIGN KEY (unit_id, line_id) REFERENCES statement_line (unit_id, id),
    FOREIGN KEY (unit_id, movement_id) REFERENCES movement (unit_id, id)
);
CREATE INDEX match_part_by_unit_id_line_id ON match_part (unit_id, line_id);
CREATE INDEX match_part_by_unit_id_movement_id ON match_part (unit_id, movement_id);
CREATE TRIGGER match_part_facts_stay BEFORE UPDATE ON match_part BEGIN SELECT RAISE(ABORT, 'append_only: match_part'); END;
CREATE TRIGGER match_part_stays BEFORE DELETE ON match_part BEGIN SELECT RAISE(ABORT, 'append_only: match_part'); END;

CREATE TABLE line_case (
    unit_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    case_name TEXT NOT NULL,
    accounting_date DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, line_id),
    FOREIGN KEY (unit_id, line_id) REFERENCES statement_line (unit_id, id)
);
CREATE TRIGGER line_case_facts_stay BEFORE UPDATE ON line_case BEGIN SELECT RAISE(ABORT, 'append_only: line_case'); END;
CREATE TRIGGER line_case_stays BEFORE DELETE ON line_case BEGIN SELECT RAISE(ABORT, 'append_only: line_case'); END;

CREATE TABLE exception (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind INTEGER NOT NULL,
    dedupe TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    account_id BIGINT NULL,
    amount BIGINT NOT NULL,
    owner TEXT NOT NULL,
    opened_on DATE NOT NULL,
    due_on DATE NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, dedupe),
    CHECK (state IN ('open', 'proposed', 'resolved'))
);
CREATE INDEX exception_by_unit_id_account_id_state ON exception (unit_id, account_id, state);
CREATE TRIGGER exception_facts_stay BEFORE UPDATE OF unit_id, id, kind, dedupe, subject_kind, subject_id, account_id, amount, owner, opened_on, due_on, detail, created_at ON exception BEGIN SELECT RAISE(ABORT, 'append_only: exception'); END;
CREATE TRIGGER exception_moves_on BEFORE UPDATE ON exception WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: exception'); END;
CREATE TRIGGER exception_stays BEFORE DELETE ON exception BEGIN SELECT RAISE(ABORT, 'append_only: exception'); END;

CREATE TABLE exception_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    exception_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    resolution TEXT NULL,
    target_id BIGINT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, exception_id, revision),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE TRIGGER exception_event_facts_stay BEFORE UPDATE ON exception_event BEGIN SELECT RAISE(ABORT, 'append_only: exception_event'); END;
CREATE TRIGGER exception_event_stays BEFORE DELETE ON exception_event BEGIN SELECT RAISE(ABORT, 'append_only: exception_event'); END;

CREATE TABLE day (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    date DATE NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, date),
    CHECK (state IN ('open', 'closed', 'superseded')),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE TRIGGER day_facts_stay BEFORE UPDATE OF unit_id, account_id, date, created_at ON day BEGIN SELECT RAISE(ABORT, 'append_only: day'); END;
CREATE TRIGGER day_moves_on BEFORE UPDATE ON day WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: day'); END;
CREATE TRIGGER day_stays BEFORE DELETE ON day BEGIN SELECT RAISE(ABORT, 'append_only: day'); END;

CREATE TABLE day_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    date DATE NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, date, revision),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE TRIGGER day_event_facts_stay BEFORE UPDATE ON day_event BEGIN SELECT RAISE(ABORT, 'append_only: day_event'); END;
CREATE TRIGGER day_event_stays BEFORE DELETE ON day_event BEGIN SELECT RAISE(ABORT, 'append_only: day_event'); END;

CREATE TABLE day_certificate (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    date DATE NOT NULL,
    revision BIGINT NOT NULL,
    opening BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    document BLOB NOT NULL,
    document_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    signature BLOB NOT NULL,
    certificate_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, date, revision)
);
CREATE TRIGGER day_certificate_facts_stay BEFORE UPDATE ON day_certificate BEGIN SELECT RAISE(ABORT, 'append_only: day_certificate'); END;
CREATE TRIGGER day_certificate_stays BEFORE DELETE ON day_certificate BEGIN SELECT RAISE(ABORT, 'append_only: day_certificate'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000005_statements_and_days', '0.1.0');
