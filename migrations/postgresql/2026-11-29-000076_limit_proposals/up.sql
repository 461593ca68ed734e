-- The limit up to which one person settles an exception alone is one more thing that two administrators decide.
ALTER TABLE proposal DROP CONSTRAINT proposal_kind_check;
ALTER TABLE proposal ADD CONSTRAINT proposal_kind_check CHECK (kind IN ('limit', 'tariff', 'targets', 'entrustment', 'merger', 'account', 'naming', 'trust'));

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000076_limit_proposals', '0.1.0');
