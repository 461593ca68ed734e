-- Re-opening a day and accepting a corrected statement take two persons, whoever writes the row: an equal pair was
-- refused before, a missing person was not. A version moves by the event of its new revision, as an exception does.
CREATE TRIGGER day_event_second_person BEFORE INSERT ON day_event FOR EACH ROW WHEN ((NEW.kind = 'reopened' OR NEW.state = 'superseded') AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL)) EXECUTE FUNCTION bienlai_second_person();
CREATE TRIGGER account_month_event_second_person BEFORE INSERT ON account_month_event FOR EACH ROW WHEN ((NEW.kind = 'reopened' OR NEW.state = 'superseded') AND (NEW.maker_person_id IS NULL OR NEW.checker_person_id IS NULL)) EXECUTE FUNCTION bienlai_second_person();

-- Who approved is the person whom the request names, and its maker is another one.
CREATE FUNCTION bienlai_day_reopening_event_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM day_reopening r WHERE r.unit_id = NEW.unit_id AND r.id = NEW.reopening_id AND r.state = 'approved' AND r.checker_person_id = NEW.person_id) THEN
        RAISE EXCEPTION 'second_person: day_reopening_event' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER day_reopening_event_second_person BEFORE INSERT ON day_reopening_event FOR EACH ROW WHEN (NEW.kind = 'approved' OR NEW.state = 'approved') EXECUTE FUNCTION bienlai_day_reopening_event_second_person();

-- What is decided was proposed by the maker that is named, as it is decided. One person alone dismisses only what moved
-- no money, with the statement that is given up.
CREATE TRIGGER statement_version_event_first_person BEFORE INSERT ON statement_version_event FOR EACH ROW WHEN ((NEW.kind = 'proposed' OR NEW.state = 'proposed') AND NEW.maker_person_id IS NULL) EXECUTE FUNCTION bienlai_second_person();
CREATE FUNCTION bienlai_statement_version_event_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM statement_version_event e WHERE e.unit_id = NEW.unit_id AND e.version_id = NEW.version_id AND e.revision = NEW.revision - 1 AND ((NEW.kind = 'accepted' AND NEW.state = 'accepted' AND NEW.decision = 'accept') OR (NEW.kind = 'dismissed' AND NEW.state = 'dismissed' AND NEW.decision = 'dismiss')) AND ((e.kind = 'proposed' AND e.decision = NEW.decision AND e.maker_person_id = NEW.maker_person_id AND NEW.checker_person_id IS NOT NULL) OR (e.state = 'applied' AND NEW.kind = 'dismissed' AND NEW.maker_person_id IS NOT NULL))) THEN
        RAISE EXCEPTION 'second_person: statement_version_event' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER statement_version_event_second_person BEFORE INSERT ON statement_version_event FOR EACH ROW WHEN (NEW.kind IN ('accepted', 'dismissed') OR NEW.state IN ('accepted', 'dismissed')) EXECUTE FUNCTION bienlai_statement_version_event_second_person();
CREATE TRIGGER statement_version_begins_undecided BEFORE INSERT ON statement_version FOR EACH ROW WHEN (NEW.state NOT IN ('applied', 'held')) EXECUTE FUNCTION bienlai_second_person();
CREATE FUNCTION bienlai_statement_version_moves_by_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM statement_version_event e WHERE e.unit_id = NEW.unit_id AND e.version_id = NEW.id AND e.revision = NEW.revision AND e.state = NEW.state) THEN
        RAISE EXCEPTION 'second_person: statement_version' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER statement_version_moves_by_event BEFORE UPDATE ON statement_version FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION bienlai_statement_version_moves_by_event();

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000108_two_persons', '0.1.0');
