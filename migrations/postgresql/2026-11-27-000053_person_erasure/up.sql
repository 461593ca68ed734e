-- What a person asks about their data is carried out by two persons: contacts are corrected, or erased with whatever
-- no duty keeps. What stays, stays under the law on accounting.

-- What one person proposes to do for a request, until another one decides. New contacts are encrypted.
CREATE TABLE data_act (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    key_id BIGINT NULL,
    cipher BYTEA NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, request_id),
    CHECK ((key_id IS NULL) = (cipher IS NULL)),
    FOREIGN KEY (unit_id, request_id) REFERENCES data_request (unit_id, id)
);
ALTER TABLE data_act ENABLE ROW LEVEL SECURITY;
ALTER TABLE data_act FORCE ROW LEVEL SECURITY;
CREATE POLICY data_act_in_scope ON data_act USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON data_act TO bienlai_app;

-- How a payer is reached since a correction, in place of what their dossier said; the newest counts.
CREATE TABLE party_contact (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    cipher BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    FOREIGN KEY (unit_id, party_id) REFERENCES party (unit_id, id)
);
CREATE INDEX party_contact_by_unit_id_party_id ON party_contact (unit_id, party_id);
ALTER TABLE party_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE party_contact FORCE ROW LEVEL SECURITY;
CREATE POLICY party_contact_in_scope ON party_contact USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, UPDATE, DELETE ON party_contact TO bienlai_app;

-- What was erased of a payer, by whom: without this row the database overwrites nothing.
CREATE TABLE party_erasure (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    party_id BIGINT NOT NULL,
    request_id BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    checker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (maker_person_id <> checker_person_id),
    FOREIGN KEY (unit_id, party_id) REFERENCES party (unit_id, id)
);
CREATE INDEX party_erasure_by_unit_id_party_id ON party_erasure (unit_id, party_id);
ALTER TABLE party_erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE party_erasure FORCE ROW LEVEL SECURITY;
CREATE POLICY party_erasure_in_scope ON party_erasure USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER party_erasure_facts_stay BEFORE UPDATE ON party_erasure FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER party_erasure_stays BEFORE DELETE ON party_erasure FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER party_erasure_is_not_emptied BEFORE TRUNCATE ON party_erasure FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON party_erasure TO bienlai_app;

-- A payer's data is overwritten where two persons erased it, and nowhere else; what was signed stays.
DROP TRIGGER party_facts_stay ON party;
CREATE TRIGGER party_facts_stay BEFORE UPDATE OF unit_id, id, key_id, created_at ON party FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE FUNCTION bienlai_party_overwritten_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM party_erasure e WHERE e.unit_id = NEW.unit_id AND e.party_id = NEW.id) THEN
        RAISE EXCEPTION 'second_person: party' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER party_overwritten_by_two BEFORE UPDATE OF cipher ON party FOR EACH ROW EXECUTE FUNCTION bienlai_party_overwritten_by_two();
GRANT UPDATE (cipher) ON party TO bienlai_app;

-- Pictures that somebody sent with “I have transferred” are no vouchers: they go with an erasure.
DROP TRIGGER told_picture_facts_stay ON told_picture;
CREATE TRIGGER told_picture_facts_stay BEFORE UPDATE OF unit_id, id, obligation_id, media_type, key_id, created_at ON told_picture FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE FUNCTION bienlai_told_picture_overwritten_by_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM obligation o JOIN party_erasure e ON e.unit_id = o.unit_id AND e.party_id = o.party_id WHERE o.unit_id = NEW.unit_id AND o.id = NEW.obligation_id) THEN
        RAISE EXCEPTION 'second_person: told_picture' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER told_picture_overwritten_by_two BEFORE UPDATE OF cipher ON told_picture FOR EACH ROW EXECUTE FUNCTION bienlai_told_picture_overwritten_by_two();
GRANT UPDATE (cipher) ON told_picture TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000053_person_erasure', '0.1.0');
