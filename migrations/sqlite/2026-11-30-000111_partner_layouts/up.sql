-- Column mappings of tables that partners export (acquirers, gateways, the Treasury), which belong to a unit and to no
-- account of a bank. Which table a mapping is for say the headings in it; of one table's the newest counts.
CREATE TABLE partner_layout (
    unit_id BIGINT NOT NULL,
    partner TEXT NOT NULL,
    version INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, partner, version),
    CHECK (partner IN ('pos', 'gateway', 'treasury'))
);
CREATE TRIGGER partner_layout_facts_stay BEFORE UPDATE ON partner_layout BEGIN SELECT RAISE(ABORT, 'append_only: partner_layout'); END;
CREATE TRIGGER partner_layout_stays BEFORE DELETE ON partner_layout BEGIN SELECT RAISE(ABORT, 'append_only: partner_layout'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000111_partner_layouts', '0.1.0');
