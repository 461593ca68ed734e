-- Renditions of receipts, kept so that they need not be drawn again. A cache: every row can be made
-- anew from receipt_seal, so rows are deleted when they are out of date, and never changed.

CREATE TABLE rendition (
    unit_id BIGINT NOT NULL,
    receipt_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    renderer TEXT NOT NULL,
    document BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, receipt_id, revision, renderer),
    FOREIGN KEY (unit_id, receipt_id) REFERENCES receipt (unit_id, id)
);
CREATE INDEX rendition_by_created_at ON rendition (created_at);
ALTER TABLE rendition ENABLE ROW LEVEL SECURITY;
ALTER TABLE rendition FORCE ROW LEVEL SECURITY;
CREATE POLICY rendition_in_scope ON rendition USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
GRANT SELECT, INSERT, DELETE ON rendition TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000011_renditions', '0.1.0');
