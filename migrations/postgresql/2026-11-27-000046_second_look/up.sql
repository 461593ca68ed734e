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
ALTER TABLE file_mapping ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_mapping FORCE ROW LEVEL SECURITY;
CREATE POLICY file_mapping_in_scope ON file_mapping USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER file_mapping_facts_stay BEFORE UPDATE ON file_mapping FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER file_mapping_stays BEFORE DELETE ON file_mapping FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER file_mapping_is_not_emptied BEFORE TRUNCATE ON file_mapping FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON file_mapping TO bienlai_app;

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
ALTER TABLE refund_asked ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund_asked FORCE ROW LEVEL SECURITY;
CREATE POLICY refund_asked_in_scope ON refund_asked USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER refund_asked_facts_stay BEFORE UPDATE ON refund_asked FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_asked_stays BEFORE DELETE ON refund_asked FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER refund_asked_is_not_emptied BEFORE TRUNCATE ON refund_asked FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON refund_asked TO bienlai_app;

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
ALTER TABLE cash_tendered ENABLE ROW LEVEL SECURITY;
ALTER TABLE cash_tendered FORCE ROW LEVEL SECURITY;
CREATE POLICY cash_tendered_in_scope ON cash_tendered USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER cash_tendered_facts_stay BEFORE UPDATE ON cash_tendered FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER cash_tendered_stays BEFORE DELETE ON cash_tendered FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER cash_tendered_is_not_emptied BEFORE TRUNCATE ON cash_tendered FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON cash_tendered TO bienlai_app;

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
ALTER TABLE split_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE split_part FORCE ROW LEVEL SECURITY;
CREATE POLICY split_part_in_scope ON split_part USING (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]))) WITH CHECK (((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])));
CREATE TRIGGER split_part_facts_stay BEFORE UPDATE ON split_part FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER split_part_stays BEFORE DELETE ON split_part FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER split_part_is_not_emptied BEFORE TRUNCATE ON split_part FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON split_part TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000046_second_look', '0.1.0');
