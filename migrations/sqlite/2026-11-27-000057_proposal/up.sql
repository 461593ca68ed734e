-- A change of the tariff is one more proposal: drafts are copied to where proposals are, with what they rest
-- on. The tables of drafts stay as they are for binaries of before; nothing writes to them any more.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''targets'',', 'CHECK (kind IN (''tariff'', ''targets'',') WHERE type = 'table' AND name = 'proposal';
PRAGMA writable_schema = RESET;

ALTER TABLE proposal ADD COLUMN base_id BIGINT NULL;
DROP TRIGGER proposal_facts_stay;
CREATE TRIGGER proposal_facts_stay BEFORE UPDATE OF unit_id, id, kind, content, base_id, reason, maker_person_id, created_at ON proposal BEGIN SELECT RAISE(ABORT, 'append_only: proposal'); END;

INSERT INTO proposal (unit_id, id, kind, content, base_id, reason, maker_person_id, created_at, state, checker_person_id, revision) SELECT unit_id, id, 'tariff', content, base_edition_id, reason, maker_person_id, created_at, state, checker_person_id, revision FROM tariff_draft;
INSERT INTO proposal_event (unit_id, id, proposal_id, revision, kind, state, person_id, reason, at) SELECT unit_id, id, draft_id, revision, kind, state, person_id, reason, at FROM tariff_draft_event;

-- It is decided once, and by somebody.
CREATE TRIGGER proposal_second_person BEFORE UPDATE OF state, checker_person_id ON proposal WHEN OLD.state <> 'proposed' OR NEW.state = 'proposed' OR NEW.checker_person_id IS NULL BEGIN SELECT RAISE(ABORT, 'second_person: proposal'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000057_proposal', '0.1.0');
