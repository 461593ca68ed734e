-- What waits for its signature is looked for several times a second, and of which kind it is says which certificate
-- may sign it: the kind stands in the index, so that no document is read for it.
CREATE INDEX receipt_by_unit_id_id_document_kind_where ON receipt (id, unit_id, document_kind) WHERE (state = 'numbered');
DROP INDEX receipt_by_unit_id_id_where;

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-30-000109_waiting_kinds', '0.1.0');
