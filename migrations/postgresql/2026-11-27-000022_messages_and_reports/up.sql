-- What watches messages and names certificates.

-- The issuer of a certificate: serials repeat between authorities. Rows of before are known by serial.
ALTER TABLE signing_certificate ADD COLUMN issuer TEXT NULL;

-- Messages that ended without arriving are counted for whoever watches the service.
CREATE INDEX message_by_created_at_where ON message (created_at, unit_id) WHERE (state IN ('bounced', 'failed', 'given_up'));

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000022_messages_and_reports', '0.1.0');
