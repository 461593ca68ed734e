-- Work on exceptions: who has them, what was said, second persons as a rule of the database, alarms by
-- age, letters to the bank.

-- Owners change: a person takes an item, the city takes what lies too long. Each change has its event.
ALTER TABLE exception ADD COLUMN assignee_person_id BIGINT NULL;
ALTER TABLE exception_event ADD COLUMN owner TEXT NULL;
-- The decision by which money without an owner goes to the budget.
ALTER TABLE exception_event ADD COLUMN decision_no TEXT NULL;
ALTER TABLE exception_event ADD COLUMN decision_on DATE NULL;
CREATE INDEX exception_by_unit_id_id_where ON exception (unit_id, id) WHERE (state <> 'resolved');
DROP TRIGGER exception_facts_stay;
CREATE TRIGGER exception_facts_stay BEFORE UPDATE OF unit_id, id, kind, dedupe, subject_kind, subject_id, account_id, amount, opened_on, due_on, detail, created_at ON exception BEGIN SELECT RAISE(ABORT, 'append_only: exception'); END;

-- Up to which sum one person may settle an exception alone; the newest row counts, without one nobody may.
CREATE TABLE exception_limit (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    decision_no TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount >= 0),
    CHECK (maker_person_id <> checker_person_id)
);
CREATE TRIGGER exception_limit_facts_stay BEFORE UPDATE ON exception_limit BEGIN SELECT RAISE(ABORT, 'append_only: exception_limit'); END;
CREATE TRIGGER exception_limit_stays BEFORE DELETE ON exception_limit BEGIN SELECT RAISE(ABORT, 'append_only: exception_limit'); END;

-- Money that arrived and nobody knows, claims that nothing proved, once at each age that is set.
CREATE TABLE age_alarm (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    account_id BIGINT NULL,
    amount BIGINT NOT NULL,
    threshold_hours BIGINT NOT NULL,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, kind, subject_id, threshold_hours),
    CHECK (kind IN ('money_unknown', 'claim_unproven'))
);
CREATE TRIGGER age_alarm_facts_stay BEFORE UPDATE ON age_alarm BEGIN SELECT RAISE(ABORT, 'append_only: age_alarm'); END;
CREATE TRIGGER age_alarm_stays BEFORE DELETE ON age_alarm BEGIN SELECT RAISE(ABORT, 'append_only: age_alarm'); END;

-- Letters that ask the bank about a line or a claim (thư tra soát), and what it answered.
CREATE TABLE trace_letter (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    exception_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    line_id BIGINT NULL,
    movement_id BIGINT NULL,
    year INTEGER NOT NULL,
    letter_no BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    question TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, year, letter_no),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, exception_id) REFERENCES exception (unit_id, id)
);
CREATE INDEX trace_letter_by_unit_id_exception_id ON trace_letter (unit_id, exception_id);
CREATE TRIGGER trace_letter_facts_stay BEFORE UPDATE ON trace_letter BEGIN SELECT RAISE(ABORT, 'append_only: trace_letter'); END;
CREATE TRIGGER trace_letter_stays BEFORE DELETE ON trace_letter BEGIN SELECT RAISE(ABORT, 'append_only: trace_letter'); END;

CREATE TABLE trace_reply (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    letter_id BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    replied_on DATE NOT NULL,
    reply_no TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (outcome IN ('identified', 'returned', 'not_received', 'unknown')),
    FOREIGN KEY (unit_id, letter_id) REFERENCES trace_letter (unit_id, id)
);
CREATE INDEX trace_reply_by_unit_id_letter_id ON trace_reply (unit_id, letter_id);
CREATE TRIGGER trace_reply_facts_stay BEFORE UPDATE ON trace_reply BEGIN SELECT RAISE(ABORT, 'append_only: trace_reply'); END;
CREATE TRIGGER trace_reply_stays BEFORE DELETE ON trace_reply BEGIN SELECT RAISE(ABORT, 'append_only: trace_reply'); END;

-- The second person is a rule of the database, not only of the program: no resolution, re-opening or
-- transfer to the budget without both names, no state or owner that no event of the same revision tells.
CREATE TRIGGER exception_event_second_person BEFORE INSERT ON exception_event WHEN (NEW.kind IN ('proposed', 'approved_alone', 'reopen_proposed', 'assigned', 'commented') AND NEW.maker_person_id IS NULL) OR (NEW.kind IN ('proposed', 'approved', 'approved_alone') AND NEW.resolution IS NULL) OR (NEW.kind = 'approved' AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL)) OR (NEW.kind IN ('refused', 'reopen_refused') AND NEW.checker_person_id IS NULL) OR (NEW.kind = 'reopened' AND (NEW.maker_person_id IS NULL) <> (NEW.checker_person_id IS NULL)) OR (NEW.kind IN ('proposed', 'approved') AND NEW.resolution = 'to_budget' AND (NEW.decision_no IS NULL OR NEW.decision_on IS NULL)) OR (NEW.state = 'resolved' AND NEW.kind NOT IN ('approved', 'approved_alone', 'settled_by_itself', 'noted', 'commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused')) OR (NEW.state = 'proposed' AND NEW.kind NOT IN ('proposed', 'commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused')) OR (NEW.state <> 'resolved' AND NEW.kind IN ('approved', 'approved_alone', 'settled_by_itself', 'noted')) BEGIN SELECT RAISE(ABORT, 'second_person: exception_event'); END;
CREATE TRIGGER exception_event_within_limit BEFORE INSERT ON exception_event WHEN NEW.kind = 'approved_alone' AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.unit_id = NEW.unit_id AND x.id = NEW.exception_id AND ((NEW.resolution = 'acknowledge' AND x.kind IN (1, 2, 4, 13, 14, 15, 19, 20, 21, 26, 27, 30, 33, 34)) OR (NEW.resolution IN ('acknowledge', 'assign', 'bank_charge', 'deposit', 'remittance') AND x.kind NOT IN (23, 25) AND x.amount <= (SELECT l.amount FROM exception_limit l WHERE l.unit_id = NEW.unit_id ORDER BY l.id DESC LIMIT 1)))) BEGIN SELECT RAISE(ABORT, 'second_person: exception_event'); END;
CREATE TRIGGER exception_event_keeps_state BEFORE INSERT ON exception_event WHEN NEW.kind IN ('commented', 'assigned', 'escalated', 'reopen_proposed', 'reopen_refused') AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.unit_id = NEW.unit_id AND x.id = NEW.exception_id AND x.state = NEW.state) BEGIN SELECT RAISE(ABORT, 'second_person: exception_event'); END;
CREATE TRIGGER exception_moves_by_event BEFORE UPDATE ON exception WHEN (NEW.state <> OLD.state OR NEW.owner <> OLD.owner OR NEW.assignee_person_id IS NOT OLD.assignee_person_id) AND NOT EXISTS (SELECT 1 FROM exception_event e WHERE e.unit_id = NEW.unit_id AND e.exception_id = NEW.id AND e.revision = NEW.revision AND e.state = NEW.state AND (e.kind IN ('assigned', 'escalated') OR NOT (NEW.owner <> OLD.owner OR NEW.assignee_person_id IS NOT OLD.assignee_person_id))) BEGIN SELECT RAISE(ABORT, 'second_person: exception'); END;
CREATE TRIGGER refund_second_person BEFORE UPDATE ON refund WHEN NEW.state = 'approved' AND OLD.state = 'requested' AND COALESCE((SELECT p.person_id FROM refund_payee p WHERE p.unit_id = NEW.unit_id AND p.refund_id = NEW.id ORDER BY p.id DESC LIMIT 1), NEW.checker_person_id) = NEW.checker_person_id BEGIN SELECT RAISE(ABORT, 'second_person: refund'); END;
CREATE TRIGGER match_part_second_person BEFORE INSERT ON match_part WHEN NEW.undoes_id IS NOT NULL AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL) BEGIN SELECT RAISE(ABORT, 'second_person: match_part'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000029_exception_work', '0.1.0');
