-- A batch or a settlement report that was entered wrongly is withdrawn by two persons, and the right paper may come
-- under the same reference. A UNIQUE of a table cannot be changed in place here: the tables are made anew with their
-- rows, and what points to them is looked at when all of it is done. A report tells what was returned to payers, too.
PRAGMA defer_foreign_keys = ON;

CREATE TEMP TABLE pos_batch_kept AS SELECT * FROM pos_batch;
DROP TABLE pos_batch;
CREATE TABLE pos_batch (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    reference TEXT NOT NULL,
    settled_on DATE NOT NULL,
    sales BIGINT NOT NULL,
    charged_back BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    net BIGINT NOT NULL,
    imported_by BIGINT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (sales >= 0 AND charged_back >= 0 AND fee >= 0),
    CHECK (net = sales - charged_back - fee AND net <> 0),
    CHECK (state IN ('awaited', 'credited', 'withdrawn'))
);
INSERT INTO pos_batch (unit_id, id, account_id, reference, settled_on, sales, charged_back, fee, net, imported_by, created_at, state, revision) SELECT unit_id, id, account_id, reference, settled_on, sales, charged_back, fee, net, imported_by, created_at, state, revision FROM pos_batch_kept;
DROP TABLE pos_batch_kept;
CREATE UNIQUE INDEX pos_batch_by_unit_id_account_id_reference_where ON pos_batch (unit_id, account_id, reference) WHERE (state <> 'withdrawn');
CREATE INDEX pos_batch_by_unit_id_account_id_state ON pos_batch (unit_id, account_id, state);
CREATE TRIGGER pos_batch_facts_stay BEFORE UPDATE OF unit_id, id, account_id, reference, settled_on, sales, charged_back, fee, net, imported_by, created_at ON pos_batch BEGIN SELECT RAISE(ABORT, 'append_only: pos_batch'); END;
CREATE TRIGGER pos_batch_moves_on BEFORE UPDATE ON pos_batch WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: pos_batch'); END;
CREATE TRIGGER pos_batch_stays BEFORE DELETE ON pos_batch BEGIN SELECT RAISE(ABORT, 'append_only: pos_batch'); END;

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
    CHECK (gross > 0 AND returned >= 0 AND fee >= 0 AND net > 0 AND net = gross - returned - fee),
    CHECK (state IN ('awaited', 'credited', 'withdrawn'))
);
INSERT INTO settlement (unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, state, revision) SELECT unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, state, revision FROM settlement_kept;
DROP TABLE settlement_kept;
CREATE UNIQUE INDEX settlement_by_unit_id_channel_reference_where ON settlement (unit_id, channel, reference) WHERE (state <> 'withdrawn');
CREATE INDEX settlement_by_unit_id_account_id_state ON settlement (unit_id, account_id, state);
CREATE TRIGGER settlement_facts_stay BEFORE UPDATE OF unit_id, id, account_id, channel, reference, settled_on, gross, fee, net, imported_by, created_at, returned ON settlement BEGIN SELECT RAISE(ABORT, 'append_only: settlement'); END;
CREATE TRIGGER settlement_moves_on BEFORE UPDATE ON settlement WHEN NEW.revision <= OLD.revision BEGIN SELECT RAISE(ABORT, 'revision_stood_still: settlement'); END;
CREATE TRIGGER settlement_stays BEFORE DELETE ON settlement BEGIN SELECT RAISE(ABORT, 'append_only: settlement'); END;

CREATE TEMP TABLE settlement_item_kept AS SELECT * FROM settlement_item;
DROP TABLE settlement_item;
CREATE TABLE settlement_item (
    unit_id BIGINT NOT NULL,
    settlement_id BIGINT NOT NULL,
    item_no INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'paid',
    PRIMARY KEY (unit_id, settlement_id, item_no),
    UNIQUE (unit_id, settlement_id, external_id, kind),
    CHECK (kind IN ('paid', 'returned')),
    CHECK (amount > 0 AND fee >= 0 AND (fee <= amount OR kind = 'returned')),
    FOREIGN KEY (unit_id, settlement_id) REFERENCES settlement (unit_id, id)
);
INSERT INTO settlement_item (unit_id, settlement_id, item_no, external_id, amount, fee) SELECT unit_id, settlement_id, item_no, external_id, amount, fee FROM settlement_item_kept;
DROP TABLE settlement_item_kept;
CREATE TRIGGER settlement_item_facts_stay BEFORE UPDATE ON settlement_item BEGIN SELECT RAISE(ABORT, 'append_only: settlement_item'); END;
CREATE TRIGGER settlement_item_stays BEFORE DELETE ON settlement_item BEGIN SELECT RAISE(ABORT, 'append_only: settlement_item'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000085_papers_withdrawn', '0.1.0');
