//! The two schemas are twins, each step runs over data, and a binary knows what it may touch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bienlai::store::{Conn, Product, migrate};

use crate::support::database::products;
use crate::support::schema::{self, describe, described_by_diesel, guards};
use crate::support::{Database, each_database, tools};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folders(product: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("migrations").join(product))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn fixture(migration: &str) -> PathBuf {
    root().join("fixtures/db").join(format!("{migration}.sql"))
}

fn difference(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> Vec<String> {
    ours.symmetric_difference(theirs).cloned().collect()
}

#[test]
fn every_migration_has_a_twin_of_the_same_name_and_a_fixture() {
    assert_eq!(folders("postgresql"), folders("sqlite"));
    for migration in folders("sqlite") {
        assert!(fixture(&migration).exists(), "{} is missing", fixture(&migration).display());
    }
}

#[test]
fn the_schema_that_the_program_is_compiled_for_is_the_one_that_migrations_make() {
    each_database(|database| {
        let made = describe(&mut database.as_owner());
        let compiled = described_by_diesel();
        assert!(made.len() > 300, "the description is not empty");
        assert_eq!(difference(&made, &compiled), Vec::<String>::new());
    });
}

#[test]
fn both_products_have_the_same_indexes_triggers_and_references() {
    if products().len() < 2 {
        return;
    }
    let sqlite = guards(&mut Database::sqlite().as_owner());
    let postgresql = guards(&mut Database::postgresql().as_owner());
    assert!(sqlite.len() > 100 && sqlite.contains("reference claim movement"));
    // The trail's key begins with the unit on PostgreSQL and with the id on SQLite, which has an index beside it.
    assert_eq!(difference(&sqlite, &postgresql), ["index audit_entry_by_unit_id_id"]);
}

#[test]
fn each_migration_runs_over_the_data_of_those_before_it() {
    for product in products() {
        let database = Database::empty(product);
        let mut conn = database.as_owner();
        let mut filled: Vec<String> = Vec::new();
        for migration in folders("sqlite") {
            let applied = migrate::run_one(&mut conn).unwrap().expect("a step is left");
            assert!(
                migration.replace(['-', '_'], "").starts_with(&applied.replace(['-', '_'], "")),
                "{applied} is not {migration}"
            );
            for table in &filled {
                let kept =
                    tools::number(&mut conn, &format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}"));
                assert!(kept > 0, "{migration} lost the rows of {table} on {product:?}");
            }
            let rows = std::fs::read_to_string(fixture(&migration)).unwrap();
            tools::run(&mut conn, &rows)
                .unwrap_or_else(|error| panic!("{migration} on {product:?}: {error}"));
            filled = schema::tables(&mut conn);
            for table in &filled {
                let count =
                    tools::number(&mut conn, &format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}"));
                assert!(count > 0, "{} puts no row into {table}", fixture(&migration).display());
            }
        }
        assert_eq!(migrate::run_one(&mut conn).unwrap(), None);
        migrate::check(&mut conn).unwrap();
    }
}

#[test]
fn processes_that_migrate_at_the_same_moment_apply_each_step_once() {
    for product in products() {
        let database = Database::empty(product);
        let applied: Vec<usize> = std::thread::scope(|scope| {
            let runs: Vec<_> =
                (0..4).map(|_| scope.spawn(|| migrate::run(&database.parsed_url()).unwrap().len())).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(applied.iter().sum::<usize>(), folders("sqlite").len(), "{product:?}: {applied:?}");
        migrate::check(&mut database.as_owner()).unwrap();
    }
}

#[test]
fn a_binary_refuses_a_schema_it_is_too_old_or_too_new_for() {
    each_database(|database| {
        let mut conn = database.as_owner();
        let floor = "INSERT INTO binary_floor (migration, oldest_binary) VALUES ('2031-01-01-000001_later', '99.0.0')";
        tools::run(&mut conn, floor).unwrap();
        assert_eq!(migrate::check(&mut conn).unwrap_err().code(), "schema_too_new");
        assert_eq!(migrate::run(&database.parsed_url()).unwrap_err().code(), "schema_too_new");

        let early = Database::empty(database.product);
        let mut conn = early.as_owner();
        assert_eq!(migrate::check(&mut conn).unwrap_err().code(), "schema_too_old", "no schema at all");
        migrate::run_one(&mut conn).unwrap();
        assert_eq!(migrate::check(&mut conn).unwrap_err().code(), "schema_too_old");
    });
}

#[test]
fn the_owner_of_a_database_need_not_be_a_superuser() {
    if !products().contains(&Product::PostgreSql) {
        return;
    }
    let database = Database::postgresql();
    let mut conn = database.as_owner();
    assert_eq!(
        tools::texts(
            &mut conn,
            "SELECT CAST(rolsuper AS TEXT) AS t FROM pg_roles WHERE rolname = current_user"
        ),
        ["false"]
    );
    if let Conn::Pg(_) = conn {
        assert_eq!(
            tools::texts(
                &mut conn,
                "SELECT CAST(rolcanlogin OR rolsuper OR rolbypassrls AS TEXT) AS t FROM pg_roles WHERE rolname = 'bienlai_app'"
            ),
            ["false"]
        );
    }
}
