-- A certificate whose key was stolen, or that was stored by mistake, is stopped by two persons: one asks, another
-- decides, and the database holds that it is another one. Both are facts; the certificate stays and verifies what it
-- signed.
CREATE TABLE certificate_stop (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    maker_person_id BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    UNIQUE (unit_id, id, certificate_id, maker_person_id),
    FOREIGN KEY (unit_id, certificate_id) REFERENCES signing_certificate (unit_id, id)
);
CREATE TRIGGER certificate_stop_facts_stay BEFORE UPDATE ON certificate_stop BEGIN SELECT RAISE(ABORT, 'append_only: certificate_stop'); END;
CREATE TRIGGER certificate_stop_stays BEFORE DELETE ON certificate_stop BEGIN SELECT RAISE(ABORT, 'append_only: certificate_stop'); END;

CREATE TABLE certificate_stop_decision (
    unit_id BIGINT NOT NULL,
    stop_id BIGINT NOT NULL,
    certificate_id BIGINT NOT NULL,
    maker_person_id BIGINT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('stopped', 'refused')),
    -- Why it was refused.
    reason TEXT NULL,
    checker_person_id BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, stop_id),
    CHECK (verdict = 'refused' OR checker_person_id <> maker_person_id),
    FOREIGN KEY (unit_id, stop_id, certificate_id, maker_person_id) REFERENCES certificate_stop (unit_id, id, certificate_id, maker_person_id)
);
CREATE TRIGGER certificate_stop_decision_facts_stay BEFORE UPDATE ON certificate_stop_decision BEGIN SELECT RAISE(ABORT, 'append_only: certificate_stop_decision'); END;
CREATE TRIGGER certificate_stop_decision_stays BEFORE DELETE ON certificate_stop_decision BEGIN SELECT RAISE(ABORT, 'append_only: certificate_stop_decision'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000079_certificate_stop', '0.1.0');
