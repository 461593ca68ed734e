-- Cash and cards: what a cashier opens with, counts and hands over, the deposits that bring it to the bank, the acquirers batches.

-- A cashier has one drawer in use. Shifts that earlier programs opened by themselves are `open`.
CREATE UNIQUE INDEX shift_by_unit_id_person_id_where ON shift (unit_id, person_id) WHERE (state = 'in_use');
CREATE INDEX payment_by_unit_id_shift_id_where ON payment (unit_id, shift_id) WHERE (shift_id IS NOT NULL);

CREATE TABLE shift_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    account_id BIGINT NULL,
    amount BIGINT NOT NULL,
    on_date DATE NOT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, shift_id, revision),
    CHECK (state IN ('in_use', 'counted', 'closed')),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
CREATE TRIGGER shift_event_facts_stay BEFORE UPDATE ON shift_event BEGIN SELECT RAISE(ABORT, 'append_only: shift_event'); END;
CREATE TRIGGER shift_event_stays BEFORE DELETE ON shift_event BEGIN SELECT RAISE(ABORT, 'append_only: shift_event'); END;

CREATE TABLE shift_count (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    total BIGINT NOT NULL,
    expected BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, shift_id, revision),
    CHECK (kind IN ('float', 'closing')),
    CHECK (total >= 0),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
CREATE TRIGGER shift_count_facts_stay BEFORE UPDATE ON shift_count BEGIN SELECT RAISE(ABORT, 'append_only: shift_count'); END;
CREATE TRIGGER shift_count_stays BEFORE DELETE ON shift_count BEGIN SELECT RAISE(ABORT, 'append_only: shift_count'); END;

CREATE TABLE shift_pieces (
    unit_id BIGINT NOT NULL,
    count_id BIGINT NOT NULL,
    denomination BIGINT NOT NULL,
    pieces BIGINT NOT NULL,
    PRIMARY KEY (unit_id, count_id, denomination),
    CHECK (denomination > 0 AND pieces > 0)
);
CREATE TRIGGER shift_pieces_facts_stay BEFORE UPDATE ON shift_pieces BEGIN SELECT RAISE(ABORT, 'append_only: shift_pieces'); END;
CREATE TRIGGER shift_pieces_stays BEFORE DELETE ON shift_pieces BEGIN SELECT RAISE(ABORT, 'append_only: shift_pieces'); END;

CREATE TABLE shift_sign_off (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    count_id BIGINT NOT NULL,
    variance BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, count_id),
    CHECK (variance <> 0),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
CREATE TRIGGER shift_sign_off_facts_stay BEFORE UPDATE ON shift_sign_off BEGIN SELECT RAISE(ABORT, 'append_only: shift_sign_off'); END;
CREATE TRIGGER shift_sign_off_stays BEFORE DELETE ON shift_sign_off BEGIN SELECT RAISE(ABORT, 'append_only: shift_sign_off'); END;

CREATE TABLE deposit_slip (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    reference_code TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    handed_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (credited >= 0 AND credited <= amount),
    CHECK (state IN ('in_transit', 'short', 'credited', 'withdrawn')),
    CHECK ((state = 'credited') = (credited = amount))
);
CREATE INDEX deposit_slip_by_unit_id_account_id_state ON deposit_slip (unit_id, account_id, state);
CREATE TRIGGER deposit_slip_facts_stay BEFORE UPDATE OF unit_id, id, account_id, amount, reference_code, maker_person_id, handed_on, created_at ON deposit_slip BEGIN SELECT RAISE(ABORT, 'append_only: deposit_slip'); END;
CREATE TRIGGER deposit_slip_moves_on BEFORE UPDATE ON deposit_slip WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: deposit_slip'); END;
CREATE TRIGGER deposit_slip_stays BEFORE DELETE ON deposit_slip BEGIN SELECT RAISE(ABORT, 'append_only: deposit_slip'); END;

CREATE TABLE deposit_part (
    unit_id BIGINT NOT NULL,
    slip_id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, slip_id, shift_id),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, slip_id) REFERENCES deposit_slip (unit_id, id),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
CREATE INDEX deposit_part_by_unit_id_shift_id ON deposit_part (unit_id, shift_id);
CREATE TRIGGER deposit_part_facts_stay BEFORE UPDATE ON deposit_part BEGIN SELECT RAISE(ABORT, 'append_only: deposit_part'); END;
CREATE TRIGGER deposit_part_stays BEFORE DELETE ON deposit_part BEGIN SELECT RAISE(ABORT, 'append_only: deposit_part'); END;

CREATE TABLE deposit_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    slip_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    amount BIGINT NOT NULL,
    on_date DATE NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    reason TEXT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, slip_id, revision),
    CHECK (amount >= 0),
    FOREIGN KEY (unit_id, slip_id) REFERENCES deposit_slip (unit_id, id)
);
CREATE TRIGGER deposit_event_facts_stay BEFORE UPDATE ON deposit_event BEGIN SELECT RAISE(ABORT, 'append_only: deposit_event'); END;
CREATE TRIGGER deposit_event_stays BEFORE DELETE ON deposit_event BEGIN SELECT RAISE(ABORT, 'append_only: deposit_event'); END;

CREATE TABLE card_slip (
    unit_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    approval_code TEXT NOT NULL,
    terminal TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, payment_id),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX card_slip_by_unit_id_approval_code ON card_slip (unit_id, approval_code);
CREATE TRIGGER card_slip_facts_stay BEFORE UPDATE ON card_slip BEGIN SELECT RAISE(ABORT, 'append_only: card_slip'); END;
CREATE TRIGGER card_slip_stays BEFORE DELETE ON card_slip BEGIN SELECT RAISE(ABORT, 'append_only: card_slip'); END;

CREATE TABLE pos_batch (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    settled_on DATE NOT NULL,
    sales BIGINT NOT NULL,
    charged_back BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    net BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, account_id, reference),
    CHECK (sales >= 0 AND charged_back >= 0 AND fee >= 0),
    CHECK (net = sales - charged_back - fee AND net <> 0),
    CHECK (state IN ('awaited', 'credited'))
);
CREATE INDEX pos_batch_by_unit_id_account_id_state ON pos_batch (unit_id, account_id, state);
CREATE TRIGGER pos_batch_facts_stay BEFORE UPDATE OF unit_id, id, account_id, reference, settled_on, sales, charged_back, fee, net, imported_by, created_at ON pos_batch BEGIN SELECT RAISE(ABORT, 'append_only: pos_batch'); END;
CREATE TRIGGER pos_batch_moves_on BEFORE UPDATE ON pos_batch WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: pos_batch'); END;
CREATE TRIGGER pos_batch_stays BEFORE DELETE ON pos_batch BEGIN SELECT RAISE(ABORT, 'append_only: pos_batch'); END;

CREATE TABLE pos_item (
    unit_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    item_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    approval_code TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, batch_id, item_no),
    CHECK (amount > 0),
    CHECK (kind IN ('sale', 'chargeback')),
    FOREIGN KEY (unit_id, batch_id) REFERENCES pos_batch (unit_id, id)
);
CREATE TRIGGER pos_item_facts_stay BEFORE UPDATE ON pos_item BEGIN SELECT RAISE(ABORT, 'append_only: pos_item'); END;
CREATE TRIGGER pos_item_stays BEFORE DELETE ON pos_item BEGIN SELECT RAISE(ABORT, 'append_only: pos_item'); END;

CREATE TABLE pos_match (
    unit_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    item_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payment_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, batch_id, item_no),
    UNIQUE (unit_id, payment_id, kind),
    FOREIGN KEY (unit_id, batch_id, item_no) REFERENCES pos_item (unit_id, batch_id, item_no),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE TRIGGER pos_match_facts_stay BEFORE UPDATE ON pos_match BEGIN SELECT RAISE(ABORT, 'append_only: pos_match'); END;
CREATE TRIGGER pos_match_stays BEFORE DELETE ON pos_match BEGIN SELECT RAISE(ABORT, 'append_only: pos_match'); END;

CREATE TABLE pos_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    on_date DATE NOT NULL,
    person_id BIGINT NULL,
    line_id BIGINT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, batch_id, revision),
    FOREIGN KEY (unit_id, batch_id) REFERENCES pos_batch (unit_id, id)
);
CREATE TRIGGER pos_event_facts_stay BEFORE UPDATE ON pos_event BEGIN SELECT RAISE(ABORT, 'append_only: pos_event'); END;
CREATE TRIGGER pos_event_stays BEFORE DELETE ON pos_event BEGIN SELECT RAISE(ABORT, 'append_only: pos_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000024_shifts', '0.1.0');
