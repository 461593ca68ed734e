-- What an item is about may change while it waits, or be another sum when its cause comes back: the amount and the
-- detail move with an event that tells them, and with none otherwise.
ALTER TABLE exception_event ADD COLUMN amount BIGINT NULL;
ALTER TABLE exception_event ADD COLUMN detail TEXT NULL;
DROP TRIGGER exception_facts_stay ON exception;
CREATE TRIGGER exception_facts_stay BEFORE UPDATE OF unit_id, id, kind, dedupe, subject_kind, subject_id, account_id, opened_on, due_on, created_at ON exception FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE FUNCTION bienlai_exception_amount_by_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM exception_event e WHERE e.unit_id = NEW.unit_id AND e.exception_id = NEW.id AND e.revision = NEW.revision AND e.kind IN ('reopened', 'restated') AND e.state = 'open' AND e.amount = NEW.amount AND e.detail = NEW.detail) THEN
        RAISE EXCEPTION 'append_only: exception' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER exception_amount_by_event BEFORE UPDATE ON exception FOR EACH ROW WHEN (NEW.amount <> OLD.amount OR NEW.detail <> OLD.detail) EXECUTE FUNCTION bienlai_exception_amount_by_event();
GRANT UPDATE (amount, detail) ON exception TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-28-000072_exception_amounts', '0.1.0');
