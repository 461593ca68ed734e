-- The account that a payer named in a declined request for money back is no voucher: it goes with an erasure by
-- two persons. An account that was taken up is a refund's, and stays.
CREATE TRIGGER refund_request_overwritten_by_two BEFORE UPDATE OF cipher ON refund_request WHEN NOT EXISTS (SELECT 1 FROM obligation o JOIN party_erasure e ON e.unit_id = o.unit_id AND e.party_id = o.party_id JOIN refund_answer a ON a.unit_id = o.unit_id AND a.request_id = NEW.id AND a.kind = 'refused' WHERE o.unit_id = NEW.unit_id AND o.id = NEW.obligation_id) BEGIN SELECT RAISE(ABORT, 'second_person: refund_request'); END;
DROP TRIGGER refund_request_facts_stay;
CREATE TRIGGER refund_request_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, payment_id, amount, key_id, promised_on, created_at, confirmed_by ON refund_request BEGIN SELECT RAISE(ABORT, 'append_only: refund_request'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000063_erased_messages', '0.1.0');
