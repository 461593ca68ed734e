-- What payers send from the pay page: a wish to have surplus back, a picture of their transfer.

-- A payer asks for surplus back and names the account. Staff take it up or refuse it; nothing moves by it.
CREATE TABLE refund_request (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    promised_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX refund_request_by_unit_id_obligation_id ON refund_request (unit_id, obligation_id);
CREATE INDEX refund_request_by_unit_id_payment_id ON refund_request (unit_id, payment_id);
CREATE TRIGGER refund_request_facts_stay BEFORE UPDATE ON refund_request BEGIN SELECT RAISE(ABORT, 'append_only: refund_request'); END;
CREATE TRIGGER refund_request_stays BEFORE DELETE ON refund_request BEGIN SELECT RAISE(ABORT, 'append_only: refund_request'); END;

CREATE TABLE refund_answer (
    unit_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NULL,
    person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, request_id),
    CHECK (kind IN ('taken_up', 'refused')),
    FOREIGN KEY (unit_id, request_id) REFERENCES refund_request (unit_id, id)
);
CREATE TRIGGER refund_answer_facts_stay BEFORE UPDATE ON refund_answer BEGIN SELECT RAISE(ABORT, 'append_only: refund_answer'); END;
CREATE TRIGGER refund_answer_stays BEFORE DELETE ON refund_answer BEGIN SELECT RAISE(ABORT, 'append_only: refund_answer'); END;

-- The picture that a payer sends with “I have transferred”.
CREATE TABLE told_picture (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp'))
);
CREATE INDEX told_picture_by_unit_id_obligation_id ON told_picture (unit_id, obligation_id);
CREATE TRIGGER told_picture_facts_stay BEFORE UPDATE ON told_picture BEGIN SELECT RAISE(ABORT, 'append_only: told_picture'); END;
CREATE TRIGGER told_picture_stays BEFORE DELETE ON told_picture BEGIN SELECT RAISE(ABORT, 'append_only: told_picture'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000040_refund_request', '0.1.0');
