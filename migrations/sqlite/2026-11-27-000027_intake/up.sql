-- Versions of statements with their differences, decisions about lines that could not be read, imports
-- that run by themselves, column mappings by account.

CREATE TABLE statement_version (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    replaces_id BIGINT NOT NULL,
    file_sha256 TEXT NOT NULL,
    position INTEGER NOT NULL,
    number TEXT NULL,
    closing_on DATE NOT NULL,
    opening BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    added INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, file_sha256, position),
    CHECK (state IN ('applied', 'held', 'proposed', 'accepted', 'dismissed')),
    FOREIGN KEY (unit_id, replaces_id) REFERENCES statement (unit_id, id)
);
CREATE INDEX statement_version_by_unit_id_account_id_state ON statement_version (unit_id, account_id, state);
CREATE TRIGGER statement_version_facts_stay BEFORE UPDATE OF unit_id, id, account_id, replaces_id, file_sha256, position, number, closing_on, opening, closing, added, gone, changed, created_at ON statement_version BEGIN SELECT RAISE(ABORT, 'append_only: statement_version'); END;
CREATE TRIGGER statement_version_moves_on BEFORE UPDATE ON statement_version WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: statement_version'); END;
CREATE TRIGGER statement_version_stays BEFORE DELETE ON statement_version BEGIN SELECT RAISE(ABORT, 'append_only: statement_version'); END;

CREATE TABLE statement_version_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    version_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    decision TEXT NULL,
    maker_person_id BIGINT NULL,
    checker_person_id BIGINT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, version_id, revision),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, version_id) REFERENCES statement_version (unit_id, id)
);
CREATE TRIGGER statement_version_event_facts_stay BEFORE UPDATE ON statement_version_event BEGIN SELECT RAISE(ABORT, 'append_only: statement_version_event'); END;
CREATE TRIGGER statement_version_event_stays BEFORE DELETE ON statement_version_event BEGIN SELECT RAISE(ABORT, 'append_only: statement_version_event'); END;

CREATE TABLE statement_difference (
    unit_id BIGINT NOT NULL,
    version_id BIGINT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    moves_money BOOLEAN NOT NULL,
    line_id BIGINT NULL,
    old_booking_date DATE NULL,
    old_amount BIGINT NULL,
    old_reference TEXT NULL,
    new_booking_date DATE NULL,
    new_amount BIGINT NULL,
    new_reference TEXT NULL,
    PRIMARY KEY (unit_id, version_id, position),
    CHECK (kind IN ('added', 'gone', 'changed')),
    FOREIGN KEY (unit_id, version_id) REFERENCES statement_version (unit_id, id)
);
CREATE TRIGGER statement_difference_facts_stay BEFORE UPDATE ON statement_difference BEGIN SELECT RAISE(ABORT, 'append_only: statement_difference'); END;
CREATE TRIGGER statement_difference_stays BEFORE DELETE ON statement_difference BEGIN SELECT RAISE(ABORT, 'append_only: statement_difference'); END;

CREATE TABLE withdrawn_line (
    unit_id BIGINT NOT NULL,
    line_id BIGINT NOT NULL,
    version_id BIGINT NOT NULL,
    contra_line_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, line_id),
    UNIQUE (unit_id, contra_line_id),
    FOREIGN KEY (unit_id, line_id) REFERENCES statement_line (unit_id, id),
    FOREIGN KEY (unit_id, version_id) REFERENCES statement_version (unit_id, id)
);
CREATE INDEX withdrawn_line_by_unit_id_version_id ON withdrawn_line (unit_id, version_id);
CREATE TRIGGER withdrawn_line_facts_stay BEFORE UPDATE ON withdrawn_line BEGIN SELECT RAISE(ABORT, 'append_only: withdrawn_line'); END;
CREATE TRIGGER withdrawn_line_stays BEFORE DELETE ON withdrawn_line BEGIN SELECT RAISE(ABORT, 'append_only: withdrawn_line'); END;

CREATE TABLE quarantine_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    quarantined_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    line_id BIGINT NULL,
    amount BIGINT NULL,
    person_id BIGINT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, quarantined_id, revision),
    CHECK (kind IN ('repaired', 'discarded', 'superseded')),
    FOREIGN KEY (unit_id, quarantined_id) REFERENCES quarantined_line (unit_id, id)
);
CREATE TRIGGER quarantine_event_facts_stay BEFORE UPDATE ON quarantine_event BEGIN SELECT RAISE(ABORT, 'append_only: quarantine_event'); END;
CREATE TRIGGER quarantine_event_stays BEFORE DELETE ON quarantine_event BEGIN SELECT RAISE(ABORT, 'append_only: quarantine_event'); END;

CREATE TABLE import_job (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    file_sha256 TEXT NOT NULL,
    person_id BIGINT NULL,
    units TEXT NOT NULL,
    mapping TEXT NULL,
    account_no TEXT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    lines_total BIGINT NOT NULL,
    lines_done BIGINT NOT NULL,
    outcome TEXT NULL,
    error_code TEXT NULL,
    leased_until BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (state IN ('queued', 'running', 'done', 'failed')),
    FOREIGN KEY (unit_id, file_sha256) REFERENCES statement_file (unit_id, sha256)
);
CREATE INDEX import_job_by_unit_id_state ON import_job (unit_id, state);
CREATE TRIGGER import_job_facts_stay BEFORE UPDATE OF unit_id, id, file_sha256, person_id, units, mapping, account_no, created_at ON import_job BEGIN SELECT RAISE(ABORT, 'append_only: import_job'); END;
CREATE TRIGGER import_job_moves_on BEFORE UPDATE ON import_job WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: import_job'); END;
CREATE TRIGGER import_job_stays BEFORE DELETE ON import_job BEGIN SELECT RAISE(ABORT, 'append_only: import_job'); END;

CREATE TABLE entry_detail (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    bank_reference TEXT NOT NULL,
    entry_amount BIGINT NOT NULL,
    position INTEGER NOT NULL,
    amount BIGINT NULL,
    codes TEXT NOT NULL,
    damaged TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    memo_cipher BLOB NOT NULL,
    file_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, bank_reference, entry_amount, position),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE TRIGGER entry_detail_facts_stay BEFORE UPDATE ON entry_detail BEGIN SELECT RAISE(ABORT, 'append_only: entry_detail'); END;
CREATE TRIGGER entry_detail_stays BEFORE DELETE ON entry_detail BEGIN SELECT RAISE(ABORT, 'append_only: entry_detail'); END;

CREATE TABLE statement_layout (
    unit_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, account_id, version),
    FOREIGN KEY (unit_id, account_id) REFERENCES bank_account (unit_id, id)
);
CREATE TRIGGER statement_layout_facts_stay BEFORE UPDATE ON statement_layout BEGIN SELECT RAISE(ABORT, 'append_only: statement_layout'); END;
CREATE TRIGGER statement_layout_stays BEFORE DELETE ON statement_layout BEGIN SELECT RAISE(ABORT, 'append_only: statement_layout'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000027_intake', '0.1.0');
