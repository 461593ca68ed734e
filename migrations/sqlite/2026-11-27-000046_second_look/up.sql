-- What a second look at money needs kept: how a file was read, who asked for a surplus, what was handed
-- over, how a person splits a line.

-- How the columns of a table file were understood when it came, so that it is read the same for ever.
CREATE TABLE file_mapping (
    unit_id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    mapping TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, sha256),
    FOREIGN KEY (unit_id, sha256) REFERENCES statement_file (unit_id, sha256)
);
CREATE TRIGGER file_mapping_facts_stay BEFORE UPDATE ON file_mapping BEGIN SELECT RAISE(ABORT, 'append_only: file_mapping'); END;
CREATE TRIGGER file_mapping_stays BEFORE DELETE ON file_mapping BEGIN SELECT RAISE(ABORT, 'append_only: file_mapping'); END;

-- A payment's surplus is asked for once until the request is answered: the round is how many were.
CREATE TABLE refund_asked (
    unit_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    round INTEGER NOT NULL,
    request_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, payment_id, round),
    FOREIGN KEY (unit_id, request_id) REFERENCES refund_request (unit_id, id)
);
CREATE TRIGGER refund_asked_facts_stay BEFORE UPDATE ON refund_asked BEGIN SELECT RAISE(ABORT, 'append_only: refund_asked'); END;
CREATE TRIGGER refund_asked_stays BEFORE DELETE ON refund_asked BEGIN SELECT RAISE(ABORT, 'append_only: refund_asked'); END;

-- What a payer handed over at the counter for everything taken at once, and what that was.
CREATE TABLE cash_tendered (
    unit_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    tendered BIGINT NOT NULL,
    due BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, payment_id),
    CHECK (due > 0),
    CHECK (tendered >= due),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE TRIGGER cash_tendered_facts_stay BEFORE UPDATE ON cash_tendered BEGIN SELECT RAISE(ABORT, 'append_only: cash_tendered'); END;
CREATE TRIGGER cash_tendered_stays BEFORE DELETE ON cash_tendered BEGIN SELECT RAISE(ABORT, 'append_only: cash_tendered'); END;

-- How a person proposes to split the money of an exception: each part for an obligation.
CREATE TABLE split_part (
    unit_id BIGINT NOT NULL,
    exception_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    part_no INTEGER NOT NULL,
    obligation_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, exception_id, revision, part_no),
    UNIQUE (unit_id, exception_id, revision, obligation_id),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, exception_id) REFERENCES exception (unit_id, id)
);
CREATE TRIGGER split_part_facts_stay BEFORE UPDATE ON split_part BEGIN SELECT RAISE(ABORT, 'append_only: split_part'); END;
CREATE TRIGGER split_part_stays BEFORE DELETE ON split_part BEGIN SELECT RAISE(ABORT, 'append_only: split_part'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000046_second_look', '0.1.0');
