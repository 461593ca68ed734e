-- A change of the tariff is one more proposal: drafts are copied to where proposals are, with what they rest
-- on. The tables of drafts stay as they are for binaries of before; nothing writes to them any more.

ALTER TABLE proposal DROP CONSTRAINT proposal_kind_check;
ALTER TABLE proposal ADD CONSTRAINT proposal_kind_check CHECK (kind IN ('tariff', 'targets', 'entrustment', 'merger', 'account', 'naming', 'trust'));

ALTER TABLE proposal ADD COLUMN base_id BIGINT NULL;
DROP TRIGGER proposal_facts_stay ON proposal;
CREATE TRIGGER proposal_facts_stay BEFORE UPDATE OF unit_id, id, kind, content, base_id, reason, maker_person_id, created_at ON proposal FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();

INSERT INTO proposal (unit_id, id, kind, content, base_id, reason, maker_person_id, created_at, state, checker_person_id, revision) SELECT unit_id, id, 'tariff', content, base_edition_id, reason, maker_person_id, created_at, state, checker_person_id, revision FROM tariff_draft;
INSERT INTO proposal_event (unit_id, id, proposal_id, revision, kind, state, person_id, reason, at) SELECT unit_id, id, draft_id, revision, kind, state, person_id, reason, at FROM tariff_draft_event;

-- It is decided once, and by somebody.
CREATE TRIGGER proposal_second_person BEFORE UPDATE OF state, checker_person_id ON proposal FOR EACH ROW WHEN (OLD.state <> 'proposed' OR NEW.state = 'proposed' OR NEW.checker_person_id IS NULL) EXECUTE FUNCTION bienlai_second_person();

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000057_proposal', '0.1.0');
