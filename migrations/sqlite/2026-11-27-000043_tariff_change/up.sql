-- A change of the tariff is proposed by one person and approved by another; then it is an edition.
--
-- Drafts stand at the city's unit: there is one tariff.

CREATE TABLE tariff_draft (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    base_edition_id BIGINT NULL,
    maker_person_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    checker_person_id BIGINT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    CHECK (state IN ('proposed', 'approved', 'refused')),
    CHECK (checker_person_id IS NULL OR state = 'refused' OR checker_person_id <> maker_person_id)
);
CREATE TRIGGER tariff_draft_facts_stay BEFORE UPDATE OF unit_id, id, content, sha256, reason, base_edition_id, maker_person_id, created_at ON tariff_draft BEGIN SELECT RAISE(ABORT, 'append_only: tariff_draft'); END;
CREATE TRIGGER tariff_draft_moves_on BEFORE UPDATE ON tariff_draft WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: tariff_draft'); END;
CREATE TRIGGER tariff_draft_stays BEFORE DELETE ON tariff_draft BEGIN SELECT RAISE(ABORT, 'append_only: tariff_draft'); END;

CREATE TABLE tariff_draft_event (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    draft_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, draft_id, revision),
    FOREIGN KEY (unit_id, draft_id) REFERENCES tariff_draft (unit_id, id)
);
CREATE TRIGGER tariff_draft_event_facts_stay BEFORE UPDATE ON tariff_draft_event BEGIN SELECT RAISE(ABORT, 'append_only: tariff_draft_event'); END;
CREATE TRIGGER tariff_draft_event_stays BEFORE DELETE ON tariff_draft_event BEGIN SELECT RAISE(ABORT, 'append_only: tariff_draft_event'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000043_tariff_change', '0.1.0');
