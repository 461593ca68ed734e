-- Leases, directories, feed, audit trail and jobs of one installation.

CREATE TABLE binary_floor (
    migration TEXT NOT NULL,
    oldest_binary TEXT NOT NULL,
    PRIMARY KEY (migration)
);
CREATE TRIGGER binary_floor_facts_stay BEFORE UPDATE ON binary_floor BEGIN SELECT RAISE(ABORT, 'append_only: binary_floor'); END;
CREATE TRIGGER binary_floor_stays BEFORE DELETE ON binary_floor BEGIN SELECT RAISE(ABORT, 'append_only: binary_floor'); END;

CREATE TABLE node_lease (
    node INTEGER NOT NULL,
    holder TEXT NOT NULL,
    reserved_until_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (node)
);

CREATE TABLE work_lease (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE holiday (
    day DATE NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (day)
);

CREATE TABLE provider_key (
    channel TEXT NOT NULL,
    external_id TEXT NOT NULL,
    unit_id BIGINT NOT NULL,
    claim_id BIGINT NOT NULL,
    movement_id BIGINT NOT NULL,
    PRIMARY KEY (channel, external_id)
);
CREATE TRIGGER provider_key_facts_stay BEFORE UPDATE ON provider_key BEGIN SELECT RAISE(ABORT, 'append_only: provider_key'); END;
CREATE TRIGGER provider_key_stays BEFORE DELETE ON provider_key BEGIN SELECT RAISE(ABORT, 'append_only: provider_key'); END;

CREATE TABLE public_code (
    code TEXT NOT NULL,
    unit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    PRIMARY KEY (code)
);
CREATE TRIGGER public_code_facts_stay BEFORE UPDATE ON public_code BEGIN SELECT RAISE(ABORT, 'append_only: public_code'); END;
CREATE TRIGGER public_code_stays BEFORE DELETE ON public_code BEGIN SELECT RAISE(ABORT, 'append_only: public_code'); END;

CREATE TABLE idempotency (
    client_id BIGINT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, route, key)
);
CREATE INDEX idempotency_by_created_at ON idempotency (created_at);

CREATE TABLE feed (
    feed_no BIGINT NOT NULL,
    unit_id BIGINT NOT NULL,
    obligation_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (feed_no)
);
CREATE TRIGGER feed_facts_stay BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'append_only: feed'); END;
CREATE TRIGGER feed_stays BEFORE DELETE ON feed BEGIN SELECT RAISE(ABORT, 'append_only: feed'); END;

CREATE TABLE refused_event (
    id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    code TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    body_head BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX refused_event_by_received_at ON refused_event (received_at);

CREATE TABLE tariff_edition (
    id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    content TEXT NOT NULL,
    person_id BIGINT NULL,
    loaded_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE TRIGGER tariff_edition_facts_stay BEFORE UPDATE ON tariff_edition BEGIN SELECT RAISE(ABORT, 'append_only: tariff_edition'); END;
CREATE TRIGGER tariff_edition_stays BEFORE DELETE ON tariff_edition BEGIN SELECT RAISE(ABORT, 'append_only: tariff_edition'); END;

CREATE TABLE unsealed (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id)
);

CREATE TABLE audit_entry (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, unit_id)
);
CREATE TRIGGER audit_entry_facts_stay BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'append_only: audit_entry'); END;
CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'append_only: audit_entry'); END;

CREATE TABLE audit_leaf (
    unit_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    leaf_sha256 TEXT NOT NULL,
    PRIMARY KEY (unit_id, seq),
    UNIQUE (entry_id, unit_id)
);
CREATE TRIGGER audit_leaf_facts_stay BEFORE UPDATE ON audit_leaf BEGIN SELECT RAISE(ABORT, 'append_only: audit_leaf'); END;
CREATE TRIGGER audit_leaf_stays BEFORE DELETE ON audit_leaf BEGIN SELECT RAISE(ABORT, 'append_only: audit_leaf'); END;

CREATE TABLE audit_root (
    unit_id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    root_sha256 TEXT NOT NULL,
    previous_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, last_seq)
);
CREATE TRIGGER audit_root_facts_stay BEFORE UPDATE ON audit_root BEGIN SELECT RAISE(ABORT, 'append_only: audit_root'); END;
CREATE TRIGGER audit_root_stays BEFORE DELETE ON audit_root BEGIN SELECT RAISE(ABORT, 'append_only: audit_root'); END;

CREATE TABLE audit_signature (
    unit_id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    root_sha256 TEXT NOT NULL,
    certificate_id BIGINT NOT NULL,
    signature BLOB NOT NULL,
    signed_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, last_seq),
    FOREIGN KEY (unit_id, last_seq) REFERENCES audit_root (unit_id, last_seq)
);
CREATE TRIGGER audit_signature_facts_stay BEFORE UPDATE ON audit_signature BEGIN SELECT RAISE(ABORT, 'append_only: audit_signature'); END;
CREATE TRIGGER audit_signature_stays BEFORE DELETE ON audit_signature BEGIN SELECT RAISE(ABORT, 'append_only: audit_signature'); END;

CREATE TABLE job (
    unit_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NULL,
    done_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (unit_id, id),
    UNIQUE (unit_id, kind, dedupe)
);
CREATE INDEX job_by_run_at_where ON job (run_at) WHERE (done_at IS NULL);

INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2026-11-22-000001_installation', '0.1.0');
