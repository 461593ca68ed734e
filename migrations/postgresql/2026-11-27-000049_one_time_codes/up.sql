-- How a payer who asks for surplus back was believed about the account: it is the sender's own, or a code
-- that went to their phone or mailbox came back. Empty for what was asked before.

ALTER TABLE refund_request ADD COLUMN confirmed_by TEXT NULL CHECK (confirmed_by IN ('sender', 'sms', 'email'));

-- Secrets of channels, beside those of the configuration: added and retired while the service runs. A row
-- without cipher is about a secret of the configuration, known by its keyed hash. They stand at the city's unit.
CREATE TABLE channel_secret (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    key_id BIGINT NULL,
    cipher BYTEA NULL,
    made_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NULL,
    revoked_at BIGINT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, channel, fingerprint),
    CHECK ((key_id IS NULL) = (cipher IS NULL))
);
ALTER TABLE channel_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY channel_secret_in_scope ON channel_secret USING ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[])) WITH CHECK ((SELECT current_setting('bienlai.units', true)) = '*' OR unit_id = ANY ((SELECT string_to_array(nullif(nullif(current_setting('bienlai.units', true), '*'), ''), ',')::bigint[])::bigint[]));
CREATE TRIGGER channel_secret_facts_stay BEFORE UPDATE OF unit_id, id, channel, fingerprint, key_id, cipher, made_by, created_at ON channel_secret FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER channel_secret_stays BEFORE DELETE ON channel_secret FOR EACH ROW EXECUTE FUNCTION bienlai_append_only();
CREATE TRIGGER channel_secret_is_not_emptied BEFORE TRUNCATE ON channel_secret FOR EACH STATEMENT EXECUTE FUNCTION bienlai_append_only();
GRANT SELECT, INSERT ON channel_secret TO bienlai_app;
GRANT UPDATE (used_at, revoked_at) ON channel_secret TO bienlai_app;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-27-000049_one_time_codes', '0.1.0');
