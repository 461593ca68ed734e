-- What the Treasury's report said of each line of an order: it may credit some and reject others. Orders that were
-- reported before have no rows here; they were credited or rejected whole.

CREATE TABLE remittance_line_status (
    unit_id BIGINT NOT NULL,
    remittance_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    report_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, remittance_id, line_no),
    CHECK (status IN ('credited', 'rejected')),
    FOREIGN KEY (unit_id, remittance_id, line_no) REFERENCES remittance_line (unit_id, remittance_id, line_no),
    FOREIGN KEY (unit_id, report_id) REFERENCES treasury_report (unit_id, id)
);
CREATE TRIGGER remittance_line_status_facts_stay BEFORE UPDATE ON remittance_line_status BEGIN SELECT RAISE(ABORT, 'append_only: remittance_line_status'); END;
CREATE TRIGGER remittance_line_status_stays BEFORE DELETE ON remittance_line_status BEGIN SELECT RAISE(ABORT, 'append_only: remittance_line_status'); END;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000088_remittance_lines', '0.1.0');
