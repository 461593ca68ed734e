-- Contingency: pre-printed slips for when network or power fail.

-- Pads of pre-printed slips (Phiếu thu tạm). Numbers are the unit's own, 1 and up; a pad belongs to one cashier.
CREATE TABLE slip_pad (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    first_no BIGINT NOT NULL,
    last_no BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, first_no),
    CHECK (first_no > 0 AND last_no >= first_no)
);
CREATE TRIGGER slip_pad_facts_stay BEFORE UPDATE ON slip_pad BEGIN SELECT RAISE(ABORT, 'append_only: slip_pad'); END;
CREATE TRIGGER slip_pad_stays BEFORE DELETE ON slip_pad BEGIN SELECT RAISE(ABORT, 'append_only: slip_pad'); END;

-- One slip. Money is taken when a second person countersigns what a cashier entered from it.
CREATE TABLE provisional_slip (
    unit_id BIGINT NOT NULL,
    slip_no BIGINT NOT NULL,
    pad_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    payment_id BIGINT NULL,
    PRIMARY KEY (unit_id, slip_no),
    UNIQUE (unit_id, code),
    CHECK (state IN ('printed', 'entered', 'settled', 'spoiled')),
    FOREIGN KEY (unit_id, pad_id) REFERENCES slip_pad (unit_id, id)
);
CREATE INDEX provisional_slip_by_unit_id_pad_id ON provisional_slip (unit_id, pad_id);
CREATE TRIGGER provisional_slip_moves_on BEFORE UPDATE ON provisional_slip WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: provisional_slip'); END;
CREATE TRIGGER provisional_slip_facts_stay BEFORE UPDATE OF unit_id, slip_no, pad_id, code, created_at ON provisional_slip BEGIN SELECT RAISE(ABORT, 'append_only: provisional_slip'); END;
CREATE TRIGGER provisional_slip_stays BEFORE DELETE ON provisional_slip BEGIN SELECT RAISE(ABORT, 'append_only: provisional_slip'); END;

CREATE TABLE provisional_slip_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    slip_no BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    obligation_id BIGINT NULL,
    amount BIGINT NULL,
    collected_at BIGINT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, slip_no, revision),
    FOREIGN KEY (unit_id, slip_no) REFERENCES provisional_slip (unit_id, slip_no)
);
CREATE TRIGGER provisional_slip_event_facts_stay BEFORE UPDATE ON provisional_slip_event BEGIN SELECT RAISE(ABORT, 'append_only: provisional_slip_event'); END;
CREATE TRIGGER provisional_slip_event_stays BEFORE DELETE ON provisional_slip_event BEGIN SELECT RAISE(ABORT, 'append_only: provisional_slip_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000039_provisional_slip', '0.1.0');
