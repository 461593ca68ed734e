-- What an authority said last of a certificate is asked for with every seal, and some certificates are asked about
-- several times a day for years.
CREATE INDEX validation_evidence_by_unit_id_certificate_id_kind_this_update
    ON validation_evidence (unit_id, certificate_id, kind, this_update, id);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-29-000102_newest_evidence', '0.1.0');
