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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, shift_id, revision),
    CHECK (state IN ('in_use', 'counted', 'closed')),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
ALTER TABLE shift_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_event FORCE ROW LEVEL SECURITY;
CREATE POLICY shift_event_in_scope ON shift_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER shift_event_facts_stay BEFORE UPDATE ON shift_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_event_stays BEFORE DELETE ON shift_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_event_is_not_emptied BEFORE TRUNCATE ON shift_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON shift_event TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, shift_id, revision),
    CHECK (kind IN ('float', 'closing')),
    CHECK (total >= 0),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
ALTER TABLE shift_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_count FORCE ROW LEVEL SECURITY;
CREATE POLICY shift_count_in_scope ON shift_count USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER shift_count_facts_stay BEFORE UPDATE ON shift_count FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_count_stays BEFORE DELETE ON shift_count FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_count_is_not_emptied BEFORE TRUNCATE ON shift_count FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON shift_count TO bienlai_app;

CREATE TABLE shift_pieces (
    unit_id BIGINT NOT NULL,
    count_id BIGINT NOT NULL,
    denomination BIGINT NOT NULL,
    pieces BIGINT NOT NULL,
    PRIMARY KEY (unit_id, count_id, denomination),
    CHECK (denomination > 0 AND pieces > 0)
);
ALTER TABLE shift_pieces ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_pieces FORCE ROW LEVEL SECURITY;
CREATE POLICY shift_pieces_in_scope ON shift_pieces USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER shift_pieces_facts_stay BEFORE UPDATE ON shift_pieces FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_pieces_stays BEFORE DELETE ON shift_pieces FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_pieces_is_not_emptied BEFORE TRUNCATE ON shift_pieces FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON shift_pieces TO bienlai_app;

CREATE TABLE shift_sign_off (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    shift_id BIGINT NOT NULL,
    count_id BIGINT NOT NULL,
    variance BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, count_id),
    CHECK (variance <> 0),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, shift_id) REFERENCES shift (unit_id, id)
);
ALTER TABLE shift_sign_off ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_sign_off FORCE ROW LEVEL SECURITY;
CREATE POLICY shift_sign_off_in_scope ON shift_sign_off USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER shift_sign_off_facts_stay BEFORE UPDATE ON shift_sign_off FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_sign_off_stays BEFORE DELETE ON shift_sign_off FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER shift_sign_off_is_not_emptied BEFORE TRUNCATE ON shift_sign_off FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON shift_sign_off TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, reference_code),
    CHECK (amount > 0),
    CHECK (credited >= 0 AND credited <= amount),
    CHECK (state IN ('in_transit', 'short', 'credited', 'withdrawn')),
    CHECK ((state = 'credited') = (credited = amount))
);
CREATE INDEX deposit_slip_by_unit_id_account_id_state ON deposit_slip (unit_id, account_id, state);
ALTER TABLE deposit_slip ENABLE ROW LEVEL SECURITY;
ALTER TABLE deposit_slip FORCE ROW LEVEL SECURITY;
CREATE POLICY deposit_slip_in_scope ON deposit_slip USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER deposit_slip_facts_stay BEFORE UPDATE OF unit_id, id, account_id, amount, reference_code, maker_person_id, handed_on, created_at ON deposit_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_slip_stays BEFORE DELETE ON deposit_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_slip_is_not_emptied BEFORE TRUNCATE ON deposit_slip FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_slip_moves_on BEFORE UPDATE ON deposit_slip FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON deposit_slip TO bienlai_app;
GRANT UPDATE (state, revision, credited) ON deposit_slip TO bienlai_app;

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
ALTER TABLE deposit_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE deposit_part FORCE ROW LEVEL SECURITY;
CREATE POLICY deposit_part_in_scope ON deposit_part USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER deposit_part_facts_stay BEFORE UPDATE ON deposit_part FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_part_stays BEFORE DELETE ON deposit_part FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_part_is_not_emptied BEFORE TRUNCATE ON deposit_part FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON deposit_part TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, slip_id, revision),
    CHECK (amount >= 0),
    FOREIGN KEY (unit_id, slip_id) REFERENCES deposit_slip (unit_id, id)
);
ALTER TABLE deposit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE deposit_event FORCE ROW LEVEL SECURITY;
CREATE POLICY deposit_event_in_scope ON deposit_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER deposit_event_facts_stay BEFORE UPDATE ON deposit_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_event_stays BEFORE DELETE ON deposit_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER deposit_event_is_not_emptied BEFORE TRUNCATE ON deposit_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON deposit_event TO bienlai_app;

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
ALTER TABLE card_slip ENABLE ROW LEVEL SECURITY;
ALTER TABLE card_slip FORCE ROW LEVEL SECURITY;
CREATE POLICY card_slip_in_scope ON card_slip USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER card_slip_facts_stay BEFORE UPDATE ON card_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER card_slip_stays BEFORE DELETE ON card_slip FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER card_slip_is_not_emptied BEFORE TRUNCATE ON card_slip FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON card_slip TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, account_id, reference),
    CHECK (sales >= 0 AND charged_back >= 0 AND fee >= 0),
    CHECK (net = sales - charged_back - fee AND net <> 0),
    CHECK (state IN ('awaited', 'credited'))
);
CREATE INDEX pos_batch_by_unit_id_account_id_state ON pos_batch (unit_id, account_id, state);
ALTER TABLE pos_batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE pos_batch FORCE ROW LEVEL SECURITY;
CREATE POLICY pos_batch_in_scope ON pos_batch USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER pos_batch_facts_stay BEFORE UPDATE OF unit_id, id, account_id, reference, settled_on, sales, charged_back, fee, net, imported_by, created_at ON pos_batch FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_batch_stays BEFORE DELETE ON pos_batch FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_batch_is_not_emptied BEFORE TRUNCATE ON pos_batch FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_batch_moves_on BEFORE UPDATE ON pos_batch FOR EACH ROW WHEN (NEW.revision <= OLD.revision) EXECUTE FUNCTION bienlai_revision_stood_still();
GRANT SELECT, INSERT ON pos_batch TO bienlai_app;
GRANT UPDATE (state, revision) ON pos_batch TO bienlai_app;

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
ALTER TABLE pos_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE pos_item FORCE ROW LEVEL SECURITY;
CREATE POLICY pos_item_in_scope ON pos_item USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER pos_item_facts_stay BEFORE UPDATE ON pos_item FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_item_stays BEFORE DELETE ON pos_item FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_item_is_not_emptied BEFORE TRUNCATE ON pos_item FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON pos_item TO bienlai_app;

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
ALTER TABLE pos_match ENABLE ROW LEVEL SECURITY;
ALTER TABLE pos_match FORCE ROW LEVEL SECURITY;
CREATE POLICY pos_match_in_scope ON pos_match USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER pos_match_facts_stay BEFORE UPDATE ON pos_match FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_match_stays BEFORE DELETE ON pos_match FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_match_is_not_emptied BEFORE TRUNCATE ON pos_match FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON pos_match TO bienlai_app;

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
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, batch_id, revision),
    FOREIGN KEY (unit_id, batch_id) REFERENCES pos_batch (unit_id, id)
);
ALTER TABLE pos_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE pos_event FORCE ROW LEVEL SECURITY;
CREATE POLICY pos_event_in_scope ON pos_event USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER pos_event_facts_stay BEFORE UPDATE ON pos_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_event_stays BEFORE DELETE ON pos_event FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER pos_event_is_not_emptied BEFORE TRUNCATE ON pos_event FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON pos_event TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000024_shifts', '0.1.0');
