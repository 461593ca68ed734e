//! The trail shows what was done to it: every edit, deletion and reordering is found and named.

use bienlai::amount::Dong;
use bienlai::audit::proof::{Part, Place, prove};
use bienlai::store::Conn;
use bienlai::{audit, id::UnitId, worker};

use crate::support::{World, each_database, tools};

/// A world with two sealed batches of entries, and a connection that may do anything to them.
fn tampered(database: crate::support::Database) -> (World, Conn, UnitId) {
    let mut world = World::settled_in(database);
    for round in 0..2 {
        for _ in 0..7 {
            let owed = world.raise(Dong(25_000));
            world.claim(&owed, Dong(25_000)).settle();
        }
        worker::number_committed(&world.app).unwrap();
        world.wait_seconds(round + 1);
    }
    world.stop_watching();
    let mut conn = world.database.as_owner();
    for table in ["audit_entry", "audit_leaf", "audit_root"] {
        match conn {
            Conn::Pg(_) => {
                tools::run(&mut conn, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).unwrap()
            }
            Conn::Sqlite(_) => {
                for trigger in ["facts_stay", "stays"] {
                    tools::run(&mut conn, &format!("DROP TRIGGER {table}_{trigger}")).unwrap();
                }
            }
        }
    }
    let unit = world.ba_dinh.id;
    assert_eq!(audit::verify(&mut conn, unit).unwrap(), None);
    (world, conn, unit)
}

/// What the trail says while the statements are in force; they are taken back afterwards.
fn after(conn: &mut Conn, unit: UnitId, statements: &[String]) -> Option<String> {
    tools::run(conn, "BEGIN").unwrap();
    for statement in statements {
        tools::run(conn, statement).unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    let told = audit::verify(conn, unit).unwrap();
    tools::run(conn, "ROLLBACK").unwrap();
    told
}

#[test]
fn a_proof_in_parts_looks_at_a_few_entries_at_a_time_and_ends_like_the_whole_one() {
    each_database(|database| {
        let (_world, mut conn, unit) = tampered(database);
        let in_parts = |conn: &mut Conn, limit: i64| {
            let (mut place, mut looked_at, mut parts) = (Place::START, 0, 0);
            loop {
                let (part, count) = prove(conn, unit, place, limit).unwrap();
                (looked_at, parts) = (looked_at + count, parts + 1);
                match part {
                    Part::Further(next) => place = next,
                    Part::Whole => return (None, looked_at, parts),
                    Part::Broken(fault) => return (Some(fault), looked_at, parts),
                }
            }
        };
        let entries =
            tools::numbers(&mut conn, &format!("SELECT id AS n FROM audit_entry WHERE unit_id = {}", unit.0));
        let leaves =
            tools::numbers(&mut conn, &format!("SELECT seq AS n FROM audit_leaf WHERE unit_id = {}", unit.0));
        let all = i64::try_from(entries.len() + leaves.len()).unwrap();
        assert_eq!(
            in_parts(&mut conn, 1_000_000),
            (None, all, 2),
            "the leaves, and whether an entry has none"
        );
        let (fault, looked_at, parts) = in_parts(&mut conn, 5);
        assert_eq!((fault, looked_at), (None, all), "nothing is looked at twice, nothing passed over");
        assert!(parts > 5, "{parts} parts");
        tools::run(&mut conn, "BEGIN").unwrap();
        let last = entries.iter().max().unwrap();
        let place = format!("unit_id = {} AND entry_id = {last}", unit.0);
        tools::run(&mut conn, &format!("DELETE FROM audit_leaf WHERE {place}")).unwrap();
        let (fault, ..) = in_parts(&mut conn, 5);
        assert!(fault.is_some_and(|fault| fault.contains("missing")), "the last part finds it");
        tools::run(&mut conn, "ROLLBACK").unwrap();
    });
}

#[test]
fn every_edit_and_every_deletion_of_an_entry_is_named() {
    each_database(|database| {
        let (_world, mut conn, unit) = tampered(database);
        let entries = tools::numbers(
            &mut conn,
            &format!("SELECT entry_id AS n FROM audit_leaf WHERE unit_id = {} ORDER BY seq", unit.0),
        );
        assert!(entries.len() > 25, "{} entries", entries.len());
        for (entry, seq) in entries.iter().zip(1..) {
            let place = format!("unit_id = {} AND id = {entry}", unit.0);
            for change in [
                "actor = actor || 'x'",
                "action = 'other'",
                "subject = ''",
                "detail = detail || ' '",
                "at = at + 1",
            ] {
                let told =
                    after(&mut conn, unit, &[format!("UPDATE audit_entry SET {change} WHERE {place}")]);
                assert!(
                    told.as_deref().is_some_and(|told| told.starts_with(&format!("entry {seq} ("))),
                    "{change} at {seq}: {told:?}"
                );
            }
            let told = after(&mut conn, unit, &[format!("DELETE FROM audit_entry WHERE {place}")]);
            assert!(
                told.as_deref().is_some_and(|told| told.starts_with(&format!("entry {seq} ("))),
                "{told:?}"
            );
        }
    });
}

#[test]
fn entries_that_change_places_are_named() {
    each_database(|database| {
        let (_world, mut conn, unit) = tampered(database);
        let place = |seq: i64| format!("unit_id = {} AND seq = {seq}", unit.0);
        for seq in [1_i64, 5, 20] {
            let swap = [
                format!("UPDATE audit_leaf SET seq = -1 WHERE {}", place(seq)),
                format!("UPDATE audit_leaf SET seq = {seq} WHERE {}", place(seq + 1)),
                format!("UPDATE audit_leaf SET seq = {} WHERE {}", seq + 1, place(-1)),
            ];
            let told = after(&mut conn, unit, &swap);
            assert!(
                told.as_deref().is_some_and(|told| told.starts_with(&format!("entry {seq} ("))),
                "{told:?}"
            );
        }
    });
}

#[test]
fn missing_leaves_and_roots_are_named() {
    each_database(|database| {
        let (_world, mut conn, unit) = tampered(database);
        let unit_is = format!("unit_id = {}", unit.0);
        let last = tools::number(&mut conn, &format!("SELECT MAX(seq) AS n FROM audit_leaf WHERE {unit_is}"));
        let first_root =
            tools::number(&mut conn, &format!("SELECT MIN(last_seq) AS n FROM audit_root WHERE {unit_is}"));
        let cases = [
            (
                vec![format!("DELETE FROM audit_leaf WHERE {unit_is} AND seq = 3")],
                "entry 3 is missing".to_owned(),
            ),
            (
                vec![format!("DELETE FROM audit_leaf WHERE {unit_is} AND seq = {last}")],
                format!("entries before {last} are missing"),
            ),
            (
                vec![format!("UPDATE audit_leaf SET leaf_sha256 = 'x' WHERE {unit_is} AND seq = 4")],
                "entry 4 (".to_owned(),
            ),
            (
                vec![format!("DELETE FROM audit_root WHERE {unit_is} AND last_seq = {first_root}")],
                "the root at".to_owned(),
            ),
            (
                vec![format!("DELETE FROM audit_root WHERE {unit_is} AND last_seq = {last}")],
                format!(
                    "entries after {} stand under no root",
                    tools::numbers(
                        &mut conn,
                        &format!("SELECT last_seq AS n FROM audit_root WHERE {unit_is} ORDER BY 1 DESC")
                    )[1]
                ),
            ),
            (
                vec![format!(
                    "UPDATE audit_root SET root_sha256 = 'x' WHERE {unit_is} AND last_seq = {last}"
                )],
                format!("the root at {last} does not fit"),
            ),
            (
                vec![format!(
                    "INSERT INTO audit_entry (unit_id, id, actor, action, subject, detail, at) VALUES ({}, 5, 'a', 'b', 'c', '', 1)",
                    unit.0
                )],
                "1 entries stand outside".to_owned(),
            ),
            (
                // Entry and leaf gone together, as somebody would who knows the tables.
                vec![
                    format!(
                        "DELETE FROM audit_entry WHERE {unit_is} AND id = (SELECT entry_id FROM audit_leaf WHERE {unit_is} AND seq = {last})"
                    ),
                    format!("DELETE FROM audit_leaf WHERE {unit_is} AND seq = {last}"),
                ],
                format!("entries before {last} are missing"),
            ),
        ];
        for (statements, expected) in cases {
            let told = after(&mut conn, unit, &statements);
            assert!(told.as_deref().is_some_and(|told| told.starts_with(&expected)), "{expected}: {told:?}");
        }
        assert_eq!(audit::verify(&mut conn, unit).unwrap(), None);
    });
}

#[test]
fn two_sealers_at_once_number_everything_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let second = crate::support::TestApp::open_on(std::sync::Arc::clone(&world.database));
        std::thread::scope(|scope| {
            let sealers = [&world.app, &second.app].map(|app| {
                scope.spawn(move || {
                    for _ in 0..30 {
                        let _ = worker::number_committed(app);
                    }
                })
            });
            for _ in 0..30 {
                world.raise(Dong(25_000));
            }
            for sealer in sealers {
                sealer.join().unwrap();
            }
        });
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}
