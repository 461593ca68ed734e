-- The account that a payer named in a declined request for money back is no voucher: it goes with an erasure by
-- two persons. An account that was taken up is a refund's, and stays.
DROP TRIGGER refund_request_facts_stay ON refund_request;
CREATE TRIGGER refund_request_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, payment_id, amount, key_id, promised_on, created_at, confirmed_by ON refund_request FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE FUNCTION bienlai_refund_request_overwritten_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM obligation o JOIN party_erasure e ON e.unit_id = o.unit_id AND e.party_id = o.party_id JOIN refund_answer a ON a.unit_id = o.unit_id AND a.request_id = NEW.id AND a.kind = 'refused' WHERE o.unit_id = NEW.unit_id AND o.id = NEW.obligation_id) THEN
        RAISE EXCEPTION 'second_person: refund_request' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refund_request_overwritten_by_two BEFORE UPDATE OF cipher ON refund_request FOR EACH ROW EXECUTE FUNCTION bienlai_refund_request_overwritten_by_two();
GRANT UPDATE (cipher) ON refund_request TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000063_erased_messages', '0.1.0');
