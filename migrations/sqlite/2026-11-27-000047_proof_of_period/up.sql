-- What proves a period: delegations that belong to the login that took them on, a database that knows every
-- maker of a delegated act, and decisions of the city that two persons make: targets and entrustments.

-- By which login or client somebody took a delegation on; acceptances of before have none.
ALTER TABLE delegation_event ADD COLUMN seat TEXT NULL;

-- Who named the payee of a refund had a hand in it as well as who asked for it.
DROP TRIGGER delegated_act_in_force;
CREATE TRIGGER delegated_act_in_force BEFORE INSERT ON delegated_act WHEN NOT EXISTS (SELECT 1 FROM delegation d WHERE d.unit_id = NEW.unit_id AND d.id = NEW.delegation_id AND d.state = 'accepted' AND NEW.acted_on BETWEEN d.valid_from AND d.valid_until AND NEW.amount <= d.amount_limit AND NEW.delegate_person_id = d.delegate_person_id AND (NEW.maker_person_id IS NULL OR NEW.maker_person_id NOT IN (d.giver_person_id, d.delegate_person_id)) AND NOT EXISTS (SELECT 1 FROM refund r WHERE NEW.act = 'refund' AND r.unit_id = NEW.unit_id AND r.id = NEW.subject_id AND r.maker_person_id IN (d.giver_person_id, d.delegate_person_id)) AND NOT EXISTS (SELECT 1 FROM refund_payee p WHERE NEW.act = 'refund' AND p.unit_id = NEW.unit_id AND p.refund_id = NEW.subject_id AND p.person_id IN (d.giver_person_id, d.delegate_person_id) AND NOT EXISTS (SELECT 1 FROM refund_payee later WHERE later.unit_id = p.unit_id AND later.refund_id = p.refund_id AND later.id > p.id))) BEGIN SELECT RAISE(ABORT, 'second_person: delegated_act'); END;

-- What an administrator proposes and another one approves. `content` is the whole of it: targets as their
-- file has them, an entrustment as JSON.
CREATE TABLE proposal (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    reason TEXT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    checker_person_id BIGINT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (kind IN ('targets', 'entrustment')),
    CHECK (state IN ('proposed', 'approved', 'refused')),
    CHECK (checker_person_id IS NULL OR state = 'refused' OR checker_person_id <> maker_person_id)
);
CREATE TRIGGER proposal_facts_stay BEFORE UPDATE OF unit_id, id, kind, content, reason, maker_person_id, created_at ON proposal BEGIN SELECT RAISE(ABORT, 'append_only: proposal'); END;
CREATE TRIGGER proposal_moves_on BEFORE UPDATE ON proposal WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: proposal'); END;
CREATE TRIGGER proposal_stays BEFORE DELETE ON proposal BEGIN SELECT RAISE(ABORT, 'append_only: proposal'); END;

CREATE TABLE proposal_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    proposal_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, proposal_id, revision),
    FOREIGN KEY (unit_id, proposal_id) REFERENCES proposal (unit_id, id)
);
CREATE TRIGGER proposal_event_facts_stay BEFORE UPDATE ON proposal_event BEGIN SELECT RAISE(ABORT, 'append_only: proposal_event'); END;
CREATE TRIGGER proposal_event_stays BEFORE DELETE ON proposal_event BEGIN SELECT RAISE(ABORT, 'append_only: proposal_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000047_proof_of_period', '0.1.0');
