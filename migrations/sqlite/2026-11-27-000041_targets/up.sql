-- What was collected, summed day by day, and the dossier system's totals, for the city's figures.
--
-- Sums are facts: a day that is over is summed once, by the day on which its rows were recorded, and
-- nothing is ever recorded on a past day.

-- What was recorded on this day is summed; once for each unit and day.
CREATE TABLE collection_day (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, recorded_on)
);
CREATE TRIGGER collection_day_facts_stay BEFORE UPDATE ON collection_day BEGIN SELECT RAISE(ABORT, 'append_only: collection_day'); END;
CREATE TRIGGER collection_day_stays BEFORE DELETE ON collection_day BEGIN SELECT RAISE(ABORT, 'append_only: collection_day'); END;

-- Fees by accounting day, item and way of payment, net of what was taken back.
CREATE TABLE collection_amount (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    day DATE NOT NULL,
    item_code TEXT NOT NULL,
    way TEXT NOT NULL,
    amount BIGINT NOT NULL,
    postings BIGINT NOT NULL,
    PRIMARY KEY (unit_id, day, recorded_on, item_code, way),
    FOREIGN KEY (unit_id, recorded_on) REFERENCES collection_day (unit_id, recorded_on)
);
CREATE TRIGGER collection_amount_facts_stay BEFORE UPDATE ON collection_amount BEGIN SELECT RAISE(ABORT, 'append_only: collection_amount'); END;
CREATE TRIGGER collection_amount_stays BEFORE DELETE ON collection_amount BEGIN SELECT RAISE(ABORT, 'append_only: collection_amount'); END;

-- Obligations paid in full for the first time, or free of charge, on this day.
CREATE TABLE collection_dossier (
    unit_id BIGINT NOT NULL,
    recorded_on DATE NOT NULL,
    field TEXT NOT NULL,
    intake_mode TEXT NOT NULL,
    way TEXT NOT NULL,
    dossiers BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (unit_id, recorded_on, field, intake_mode, way),
    FOREIGN KEY (unit_id, recorded_on) REFERENCES collection_day (unit_id, recorded_on),
    CHECK (dossiers > 0),
    CHECK (way IN ('transfer', 'card', 'cash', 'free'))
);
CREATE TRIGGER collection_dossier_facts_stay BEFORE UPDATE ON collection_dossier BEGIN SELECT RAISE(ABORT, 'append_only: collection_dossier'); END;
CREATE TRIGGER collection_dossier_stays BEFORE DELETE ON collection_dossier BEGIN SELECT RAISE(ABORT, 'append_only: collection_dossier'); END;

-- The dossier system's own totals of a month so far; the newest row of a unit, month and field counts.
CREATE TABLE dossier_total (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    month DATE NOT NULL,
    field TEXT NOT NULL,
    until DATE NOT NULL,
    total BIGINT NOT NULL,
    online BIGINT NOT NULL,
    full_process BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id),
    CHECK (total >= online),
    CHECK (online >= full_process),
    CHECK (full_process >= 0)
);
CREATE INDEX dossier_total_by_unit_id_month ON dossier_total (unit_id, month);
CREATE TRIGGER dossier_total_facts_stay BEFORE UPDATE ON dossier_total BEGIN SELECT RAISE(ABORT, 'append_only: dossier_total'); END;
CREATE TRIGGER dossier_total_stays BEFORE DELETE ON dossier_total BEGIN SELECT RAISE(ABORT, 'append_only: dossier_total'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000041_targets', '0.1.0');
