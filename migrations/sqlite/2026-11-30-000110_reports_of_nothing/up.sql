-- A gateway's report is taken on that pays nothing out, because payers got back as much as was paid or more: the bank's
-- debit is its line, or none where it comes to nothing. A CHECK cannot be changed in place here: the table is made anew
-- with its rows, and what points to it is looked at when all of it is done.
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE settlement_kept AS SELECT * FROM settlement;
DROP TABLE settlement;
CREATE TABLE settlement (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    reference TEXT NOT NULL,
    settled_on DATE NOT NULL,
    gross BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    net BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    returned BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id, unit_id),
    CHECK (gross >= 0 AND returned >= 0 AND fee >= 0 AND net = gross - returned - fee),
    CHECK (state IN ('awaited', 'credited', 'withdrawn'))
);
INSERT INTO settlement (unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, state, revision, returned) SELECT unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, state, revision, returned FROM settlement_kept;
DROP TABLE settlement_kept;
CREATE UNIQUE INDEX settlement_by_unit_id_channel_reference_where ON settlement (unit_id, channel, reference) WHERE (state <> 'withdrawn');
CREATE INDEX settlement_by_unit_id_account_id_state ON settlement (unit_id, account_id, state);
CREATE TRIGGER settlement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, returned ON settlement BEGIN SELECT RAISE(ABORT, 'append_only: settlement'); END;
CREATE TRIGGER settlement_moves_on BEFORE UPDATE ON settlement WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: settlement'); END;
CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement BEGIN SELECT RAISE(ABORT, 'append_only: settlement'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000110_reports_of_nothing', '0.1.0');
