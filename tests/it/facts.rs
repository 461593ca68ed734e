//! Facts stay: no statement, however it is spelled, changes or deletes what happened.

use std::collections::BTreeSet;

use bienlai::store::failure::{APPEND_ONLY, DENIED};
use bienlai::store::{Conn, Product};

use crate::support::schema::{columns, fact_columns, primary_keys, tables};
use crate::support::{Database, each_database, tools};

/// Tables that hold no facts: leases, queues, answers kept for a time, search indexes, caches.
const CHANGEABLE: [&str; 21] = [
    "node_lease",
    "work_lease",
    "holiday",
    "idempotency",
    "refused_event",
    "unsealed",
    "job",
    "party_index",
    "party_contact",
    "data_act",
    "payer_alias",
    "dossier_lookup",
    "one_time_code",
    "rendition",
    "invitation",
    "recovery_code",
    "session",
    "sign_in_failure",
    "sso_attempt",
    "sso_link",
    "sso_subject",
];

/// What moves only with an event that tells it: the database asks for one (`settling` tries without).
const BY_EVENT: [(&str, &str); 2] = [("exception", "amount"), ("exception", "detail")];

/// Columns beside facts that follow from events.
const PROJECTIONS: [&str; 59] = [
    // Of a payer and of pictures, under an erasure by two persons only (`party_overwritten_by_two`).
    "cipher",
    "master_id",
    "credited",
    "due",
    "ordered",
    "adjusted",
    "line_edition",
    "state",
    "owner",
    "assignee_person_id",
    "checker_person_id",
    "agreement_sha256",
    "withdrawal_maker_person_id",
    "withdrawal_checker_person_id",
    "phase",
    "revision",
    "allocated",
    "proven",
    "claimed_by",
    "payment_id",
    "unallocated",
    "to_obligations",
    "surplus",
    "suspense",
    "other_unit",
    "reversed",
    "unproven",
    "next_no",
    "last_issued_on",
    "closed_on",
    "valid_until",
    "matched",
    "class",
    "posted_on",
    "revoked_at",
    "wrapped",
    "destroyed_at",
    "name",
    "tax_code",
    "budget_code",
    "address",
    "phone",
    "attempts",
    "done_at",
    "last_error",
    "run_at",
    "leased_until",
    "lines_total",
    "lines_done",
    "outcome",
    "error_code",
    "expires_at",
    "used_at",
    "password",
    "second_key_id",
    "second_factor",
    "second_step",
    "failures",
    "locked_until",
];

/// A database with a row in every table.
fn filled(database: &Database) -> Conn {
    let mut conn = database.as_owner();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/db");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        tools::run(&mut conn, &std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|error| panic!("{file:?}: {error}"));
    }
    conn
}

#[test]
fn every_table_is_guarded_or_named_as_changeable() {
    each_database(|database| {
        let mut conn = database.as_owner();
        let guarded = fact_columns(&mut conn);
        for table in tables(&mut conn) {
            assert_ne!(
                guarded.contains_key(&table),
                CHANGEABLE.contains(&table.as_str()),
                "{table} must either keep its facts or be named in this test"
            );
        }
        for (table, facts) in guarded {
            let free: BTreeSet<String> =
                columns(&mut conn, &table).into_iter().filter(|c| !facts.contains(c)).collect();
            for column in &free {
                assert!(
                    PROJECTIONS.contains(&column.as_str())
                        || BY_EVENT.contains(&(table.as_str(), column.as_str())),
                    "{table}.{column} can be changed and is no known projection"
                );
            }
        }
    });
}

#[test]
fn no_row_of_facts_can_be_deleted_replaced_or_emptied() {
    each_database(|database| {
        let mut conn = filled(&database);
        let keys = primary_keys(&mut conn);
        for table in fact_columns(&mut conn).into_keys() {
            let key = &keys[&table];
            let first = columns(&mut conn, &table).remove(0);
            let mut attempts = vec![
                format!("DELETE FROM {table}"),
                format!(
                    "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}"
                ),
            ];
            match conn {
                Conn::Sqlite(_) => attempts.extend([
                    format!("REPLACE INTO {table} SELECT * FROM {table}"),
                    format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
                    format!("UPDATE OR REPLACE {table} SET {first} = {first}"),
                ]),
                Conn::Pg(_) => attempts.extend([
                    format!("TRUNCATE {table} CASCADE"),
                    format!("DELETE FROM {table} USING (SELECT 1) s"),
                    format!("MERGE INTO {table} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE"),
                ]),
            }
            if matches!(conn, Conn::Pg(_)) {
                // Where another table refers to this one, PostgreSQL refuses before the trigger.
                assert_ne!(tools::code_of(&mut conn, &format!("TRUNCATE {table}")), "ok", "{table}");
            }
            for attempt in attempts {
                if attempt.starts_with("MERGE") && !knows_merge(&mut conn) {
                    continue;
                }
                assert_eq!(tools::code_of(&mut conn, &attempt), APPEND_ONLY, "{attempt}");
            }
        }
    });
}

fn knows_merge(conn: &mut Conn) -> bool {
    tools::number(conn, "SELECT CAST(current_setting('server_version_num') AS BIGINT) AS n") >= 150_000
}

#[test]
fn no_fact_of_a_row_can_be_changed_alone_or_beside_its_projection() {
    each_database(|database| {
        let mut conn = filled(&database);
        for (table, facts) in fact_columns(&mut conn) {
            let has_revision =
                columns(&mut conn, &table).contains(&"revision".to_owned()) && !facts.contains("revision");
            for column in &facts {
                let alone = format!("UPDATE {table} SET {column} = {column}");
                assert_eq!(tools::code_of(&mut conn, &alone), APPEND_ONLY, "{alone}");
                if has_revision {
                    let beside = format!("UPDATE {table} SET revision = revision + 1, {column} = {column}");
                    assert_eq!(tools::code_of(&mut conn, &beside), APPEND_ONLY, "{beside}");
                }
            }
        }
    });
}

#[test]
fn a_projection_moves_only_with_its_revision() {
    each_database(|database| {
        let mut conn = filled(&database);
        let mut count = 0;
        for (table, facts) in fact_columns(&mut conn) {
            if !columns(&mut conn, &table).contains(&"revision".to_owned()) || facts.contains("revision") {
                continue;
            }
            count += 1;
            for standing in ["revision = revision", "revision = revision - 1"] {
                let sql = format!("UPDATE {table} SET {standing}");
                assert_eq!(tools::code_of(&mut conn, &sql), APPEND_ONLY, "{sql}");
            }
            let moving = match table.as_str() {
                // A data key moves by being wrapped anew, under a master key that is named.
                "data_key" => "UPDATE data_key SET revision = revision + 1, master_id = 'another' \
                     WHERE wrapped IS NOT NULL AND destroyed_at IS NULL"
                    .to_owned(),
                _ => format!("UPDATE {table} SET revision = revision + 1"),
            };
            assert_eq!(tools::code_of(&mut conn, &moving), "ok", "{moving}");
        }
        assert!(count >= 12, "only {count} tables have a revision");
    });
}

#[test]
fn nothing_cascades() {
    each_database(|database| {
        let mut conn = database.as_owner();
        let cascading = match conn {
            Conn::Pg(_) => tools::texts(
                &mut conn,
                "SELECT CAST(conname AS TEXT) AS t FROM pg_constraint WHERE contype = 'f' AND (confdeltype <> 'a' OR confupdtype <> 'a')",
            ),
            Conn::Sqlite(_) => tables(&mut conn)
                .into_iter()
                .flat_map(|table| {
                    tools::texts(
                        &mut conn,
                        &format!(
                            "SELECT '{table} -> ' || \"table\" AS t FROM pragma_foreign_key_list('{table}') \
                             WHERE on_delete <> 'NO ACTION' OR on_update <> 'NO ACTION'"
                        ),
                    )
                })
                .collect(),
        };
        assert_eq!(cascading, Vec::<String>::new());
    });
}

#[test]
fn a_data_key_can_die_once_and_never_come_back() {
    each_database(|database| {
        let mut conn = filled(&database);
        assert_eq!(tools::code_of(&mut conn, "UPDATE data_key SET wrapped = 'other'"), APPEND_ONLY);
        assert_eq!(
            tools::code_of(&mut conn, "UPDATE data_key SET wrapped = NULL"),
            APPEND_ONLY,
            "without a date"
        );
        tools::run(&mut conn, "UPDATE data_key SET wrapped = NULL, destroyed_at = 2").unwrap();
        for back in [
            "wrapped = 'bytes'",
            "destroyed_at = NULL",
            "destroyed_at = 3",
            "wrapped = 'bytes', destroyed_at = NULL",
        ] {
            assert_eq!(
                tools::code_of(&mut conn, &format!("UPDATE data_key SET {back}")),
                APPEND_ONLY,
                "{back}"
            );
        }
    });
}

/// The triggers bind even the owner; the service's role has not even the right to try.
#[test]
fn the_services_role_has_no_right_to_change_facts() {
    each_database(|database| {
        if database.product != Product::PostgreSql {
            return;
        }
        let mut conn = filled(&database);
        let facts = fact_columns(&mut conn);
        tools::run(&mut conn, "SET ROLE bienlai_app").unwrap();
        for (table, columns) in facts {
            let mut attempts = vec![format!("DELETE FROM {table}"), format!("TRUNCATE {table}")];
            attempts.extend(columns.iter().map(|column| format!("UPDATE {table} SET {column} = {column}")));
            attempts.push(format!("ALTER TABLE {table} DISABLE TRIGGER ALL"));
            attempts.push(format!("DROP TABLE {table}"));
            for attempt in attempts {
                let code = tools::code_of(&mut conn, &attempt);
                // "must be owner of table" is PostgreSQL's other way to refuse.
                assert!(
                    code == DENIED || attempt.contains("TABLE") && code == "internal",
                    "{attempt}: {code}"
                );
            }
        }
        for attempt in [
            "CREATE TABLE mine (x INT)",
            "CREATE FUNCTION f() RETURNS INT LANGUAGE sql AS 'SELECT 1'",
            "SET session_replication_role = replica",
        ] {
            assert_ne!(tools::code_of(&mut conn, attempt), "ok", "{attempt}");
        }
    });
}

/// The same mistake is told by the same code, so that the program need not know the product.
#[test]
fn the_same_violation_has_the_same_code_on_both_products() {
    each_database(|database| {
        let mut conn = filled(&database);
        for (sql, code) in [
            ("INSERT INTO public_code SELECT * FROM public_code", "unique_violation"),
            (
                "INSERT INTO audit_leaf (unit_id, seq, entry_id, leaf_sha256) VALUES (2, 99, 1, 'x')",
                "unique_violation",
            ),
            (
                "INSERT INTO posting SELECT unit_id, 99, debit_account, credit_account, -1, accounting_date, source_kind, source_id, created_at FROM posting",
                "check_violation",
            ),
            (
                "INSERT INTO posting SELECT unit_id, 99, debit_account, debit_account, 1, accounting_date, source_kind, source_id, created_at FROM posting",
                "check_violation",
            ),
            ("UPDATE obligation SET allocated = -1, revision = revision + 1", "check_violation"),
            ("UPDATE movement SET proven = amount + 1, revision = revision + 1", "check_violation"),
            ("UPDATE payment SET surplus = surplus + 1, revision = revision + 1", "check_violation"),
            (
                "UPDATE receipt_series SET next_no = last_allowed_no + 2, revision = revision + 1",
                "check_violation",
            ),
            ("UPDATE receipt SET state = 'lost', revision = revision + 1", "check_violation"),
            (
                "INSERT INTO erasure SELECT unit_id, 99, year, reason, 11, 11, created_at FROM erasure",
                "check_violation",
            ),
            (
                "INSERT INTO line_case (unit_id, line_id, case_name, accounting_date, created_at) VALUES (2, 77, 'x', '2026-11-23', 1)",
                "foreign_key_violation",
            ),
            (
                "INSERT INTO public_code (code, unit_id, kind, target_id) VALUES ('x', 2, NULL, 1)",
                "not_null_violation",
            ),
            ("UPDATE posting SET amount = 1", "append_only"),
            ("UPDATE payment SET revision = revision", "append_only"),
            ("SELECT * FROM nowhere", "internal"),
        ] {
            assert_eq!(tools::code_of(&mut conn, sql), code, "{:?}: {sql}", database.product);
        }
    });
}

/// A statement of many rows is refused for the one among them that names what is not there.
#[test]
fn what_every_payment_writes_names_rows_that_are_there() {
    each_database(|database| {
        let mut conn = filled(&database);
        for (key, table, id, reference) in [
            (901, "claim", "id", "movement_id"),
            (901, "payment", "id", "movement_id"),
            (901, "allocation", "id", "payment_id"),
            (901, "receipt", "id", "obligation_id"),
            (903, "receipt", "id", "series_id"),
            (901, "receipt_seal", "receipt_id", "receipt_id"),
        ] {
            let columns = columns(&mut conn, table);
            let row = |key: i64, named: i64| {
                let values = columns.iter().map(|column| match column.as_str() {
                    column if column == reference => named.to_string(),
                    column if column == id || column == "number" => key.to_string(),
                    column => column.to_owned(),
                });
                let values: Vec<String> = values.collect();
                format!("SELECT {} FROM {table} WHERE {id} = 1", values.join(", "))
            };
            let kept = if id == reference { row(key, 2) } else { row(key, 1) };
            let both = format!("INSERT INTO {table} {kept} UNION ALL {}", row(key + 1, 999));
            assert_eq!(tools::code_of(&mut conn, &both), "foreign_key_violation", "{both}");
            assert_eq!(tools::code_of(&mut conn, &format!("INSERT INTO {table} {kept}")), "ok", "{kept}");
        }
    });
}
