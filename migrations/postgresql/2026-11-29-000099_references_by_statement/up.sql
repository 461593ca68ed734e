-- The rows that every payment writes name others of their unit. A foreign key looks for each of them by itself and
-- locks it, which writes it once more. The rows they name are never deleted and never change their keys, so nothing is
-- to be locked; here each statement asks once for all its rows. What is missing is refused with the same SQLSTATE and
-- the same name of a constraint. Each pair has a function of its own: its statement is planned once and kept.

ALTER TABLE claim DROP CONSTRAINT claim_unit_id_movement_id_fkey;
CREATE FUNCTION bienlai_claim_names_its_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted i WHERE (SELECT true FROM movement p WHERE p.unit_id = i.unit_id AND p.id = i.movement_id) IS NULL) THEN
        RAISE EXCEPTION 'a row of claim names no movement of its unit'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'claim_unit_id_movement_id_fkey', TABLE = 'claim';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER claim_names_its_movement AFTER INSERT ON claim REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION bienlai_claim_names_its_movement();

ALTER TABLE payment DROP CONSTRAINT payment_unit_id_movement_id_fkey;
CREATE FUNCTION bienlai_payment_names_its_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted i WHERE i.movement_id IS NOT NULL AND (SELECT true FROM movement p WHERE p.unit_id = i.unit_id AND p.id = i.movement_id) IS NULL) THEN
        RAISE EXCEPTION 'a row of payment names no movement of its unit'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'payment_unit_id_movement_id_fkey', TABLE = 'payment';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payment_names_its_movement AFTER INSERT ON payment REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION bienlai_payment_names_its_movement();

ALTER TABLE allocation DROP CONSTRAINT allocation_unit_id_payment_id_fkey;
CREATE FUNCTION bienlai_allocation_names_its_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted i WHERE (SELECT true FROM payment p WHERE p.unit_id = i.unit_id AND p.id = i.payment_id) IS NULL) THEN
        RAISE EXCEPTION 'a row of allocation names no payment of its unit'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'allocation_unit_id_payment_id_fkey', TABLE = 'allocation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER allocation_names_its_payment AFTER INSERT ON allocation REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION bienlai_allocation_names_its_payment();

ALTER TABLE receipt DROP CONSTRAINT receipt_unit_id_obligation_id_fkey;
CREATE FUNCTION bienlai_receipt_names_its_obligation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted i WHERE (SELECT true FROM obligation p WHERE p.unit_id = i.unit_id AND p.id = i.obligation_id) IS NULL) THEN
        RAISE EXCEPTION 'a row of receipt names no obligation of its unit'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'receipt_unit_id_obligation_id_fkey', TABLE = 'receipt';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER receipt_names_its_obligation AFTER INSERT ON receipt REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION bienlai_receipt_names_its_obligation();

ALTER TABLE receipt DROP CONSTRAINT receipt_unit_id_series_id_fkey;
CREATE FUNCTION bienlai_receipt_names_its_receipt_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM inserted i WHERE (SELECT true FROM receipt_series p WHERE p.unit_id = i.unit_id AND p.id = i.series_id) IS NULL) THEN
        RAISE EXCEPTION 'a row of receipt names no receipt_series of its unit'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'receipt_unit_id_series_id_fkey', TABLE = 'receipt';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER receipt_names_its_receipt_series AFTER INSERT ON receipt REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION bienlai_receipt_names_its_receipt_series();

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000099_references_by_statement', '0.1.0');
