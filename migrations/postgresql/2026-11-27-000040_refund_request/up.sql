-- What payers send from the pay page: a wish to have surplus back, a picture of their transfer.

-- A payer asks for surplus back and names the account. Staff take it up or refuse it; nothing moves by it.
CREATE TABLE refund_request (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    promised_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (amount > 0),
    FOREIGN KEY (unit_id, payment_id) REFERENCES payment (unit_id, id)
);
CREATE INDEX refund_request_by_unit_id_obligation_id ON refund_request (unit_id, obligation_id);
CREATE INDEX refund_request_by_unit_id_payment_id ON refund_request (unit_id, payment_id);
ALTER TABLE refund_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund_request FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_request_in_scope ON refund_request USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER refund_request_facts_stay BEFORE UPDATE ON refund_request FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_request_stays BEFORE DELETE ON refund_request FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_request_is_not_emptied BEFORE TRUNCATE ON refund_request FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON refund_request TO bienlai_app;

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
ALTER TABLE refund_answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund_answer FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_answer_in_scope ON refund_answer USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER refund_answer_facts_stay BEFORE UPDATE ON refund_answer FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_answer_stays BEFORE DELETE ON refund_answer FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_answer_is_not_emptied BEFORE TRUNCATE ON refund_answer FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON refund_answer TO bienlai_app;

-- The picture that a payer sends with “I have transferred”.
CREATE TABLE told_picture (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (media_type IN ('image/jpeg', 'image/png', 'image/webp'))
);
CREATE INDEX told_picture_by_unit_id_obligation_id ON told_picture (unit_id, obligation_id);
ALTER TABLE told_picture ENABLE ROW LEVEL SECURITY;
ALTER TABLE told_picture FORCE ROW LEVEL SECURITY;
CREATE POLICY told_picture_in_scope ON told_picture USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER told_picture_facts_stay BEFORE UPDATE ON told_picture FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER told_picture_stays BEFORE DELETE ON told_picture FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER told_picture_is_not_emptied BEFORE TRUNCATE ON told_picture FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON told_picture TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000040_refund_request', '0.1.0');
