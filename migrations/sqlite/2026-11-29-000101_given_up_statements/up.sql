-- A statement whose loading broke off and that no import finishes keeps its account's other files waiting. A person
-- may give it up and says why: its lines are not taken.
CREATE TABLE statement_given_up (
    unit_id BIGINT NOT NULL,
    statement_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (statement_id, unit_id),
    FOREIGN KEY (unit_id, statement_id) REFERENCES statement (unit_id, id)
);
CREATE TRIGGER statement_given_up_facts_stay BEFORE UPDATE ON statement_given_up BEGIN SELECT RAISE(ABORT, 'append_only: statement_given_up'); END;
CREATE TRIGGER statement_given_up_stays BEFORE DELETE ON statement_given_up BEGIN SELECT RAISE(ABORT, 'append_only: statement_given_up'); END;

-- What is being loaded is little among all statements, and every board asks for it.
CREATE INDEX statement_by_created_at_where ON statement (created_at) WHERE (state = 'loading');

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000101_given_up_statements', '0.1.0');
