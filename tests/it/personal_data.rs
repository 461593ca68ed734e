//! Personal data is encrypted at rest, found by keyed hashes, and erased by destroying keys.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::party;
use bienlai::receipt::verify::{TrustStore, verify};

use crate::support::schema::{columns, tables};
use crate::support::world::{AUTHORITY_PEM, at};
use crate::support::{World, each_database, tools};

/// What must not be readable anywhere but in receipts, which print it by law.
const PERSONAL: [&str; 4] = ["Nguyễn Thị Thử", "Số 2 ngõ Mẫu", "0900000001", "NGUYEN THI THU"];

#[test]
fn nothing_personal_is_stored_in_the_clear_outside_receipts() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.money(&world.ba_dinh, Dong(1_000)).memo("NGUYEN THI THU nop 0900000001").settle();
        world.seal();
        let mut conn = world.database.as_owner();
        for table in tables(&mut conn) {
            if table == "receipt" || table == "receipt_seal" {
                continue;
            }
            for column in columns(&mut conn, &table) {
                let as_text = match conn {
                    bienlai::store::Conn::Pg(_) => format!("{table}.{column}::text"),
                    bienlai::store::Conn::Sqlite(_) => format!("CAST({column} AS TEXT)"),
                };
                for value in PERSONAL {
                    let sql = format!(
                        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table} WHERE {as_text} LIKE '%{value}%'"
                    );
                    assert_eq!(tools::number(&mut conn, &sql), 0, "{table}.{column} tells {value:?}");
                }
            }
        }
    });
}

#[test]
fn a_payer_is_found_by_exact_values_in_their_own_unit_only() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let search = |unit, kind: &str, value: &str| {
            world.look(|conn| party::search(conn, &world.app.vault, unit, kind, value))
        };
        assert_eq!(search(owed.unit, "phone", "0900000001"), [owed.party]);
        assert_eq!(search(owed.unit, "name", "Nguyễn Thị Thử"), [owed.party]);
        assert!(search(owed.unit, "phone", "0900000002").is_empty());
        assert!(search(world.tay_ho.id, "phone", "0900000001").is_empty());
    });
}

#[test]
fn two_persons_erase_a_year_and_only_its_receipts_stay() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let receipt = world.claim(&owed, Dong(25_000)).receipt();
        world.seal();
        let administrator =
            Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All };
        let erase = |checker| {
            world.try_change(|tx, stamp| {
                party::erase_year(tx, stamp, &administrator, owed.unit, 2026, checker, "hết thời hạn lưu trữ")
            })
        };
        let load = || {
            world
                .look(|conn| party::load(conn, &world.app.vault, &[(owed.unit, owed.party)]))
                .remove(&(owed.unit, owed.party))
        };
        assert_eq!(erase(world.chief).unwrap_err().code(), "year_not_over");
        world.wait_seconds(at("2027-01-04T09:00:00+07:00").seconds_since(world.now()));
        assert_eq!(erase(world.clerk).unwrap_err().code(), "maker_is_checker");
        assert_eq!(load().and_then(|payer| payer.name).as_deref(), Some("Nguyễn Thị Thử"));

        erase(world.chief).unwrap();
        assert!(load().is_none());
        let found =
            world.look(|conn| party::search(conn, &world.app.vault, owed.unit, "phone", "0900000001"));
        assert!(found.is_empty(), "nor can it be asked whether a number was known");
        assert_eq!(erase(world.chief).unwrap_err().code(), "data_key_not_found");
        let document =
            world.look(|conn| bienlai::receipt::query::document(conn, owed.unit, receipt)).unwrap();
        assert!(String::from_utf8(document.clone()).unwrap().contains("Nguyễn Thị Thử"));
        let report = verify(&document, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now());
        assert!(report.is_valid(), "{:?}", report.problems());
        assert_eq!(
            world.words(
                "SELECT CAST(maker_person_id AS TEXT) || CAST(checker_person_id AS TEXT) AS t FROM erasure"
            ),
            ["1112"]
        );
        // Life goes on under a new key, and the other commune's data is untouched.
        let later = world.raise(Dong(25_000));
        assert!(
            world.look(|conn| party::load(conn, &world.app.vault, &[(later.unit, later.party)])).len() == 1
        );
    });
}

#[test]
fn erasing_a_year_leaves_the_signing_key_of_a_certificate_that_is_still_valid() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        world.wait_seconds(at("2027-01-04T09:00:00+07:00").seconds_since(world.now()));
        let administrator =
            Actor { person: Some(world.clerk), client: None, role: Role::Administrator, scope: Scope::All };
        world.change(|tx, stamp| {
            party::erase_year(tx, stamp, &administrator, owed.unit, 2026, world.chief, "hết thời hạn lưu trữ")
        });
        assert_eq!(world.seal(), 1, "the receipt of the erased year still waits for its signature");
    });
}

#[test]
fn a_rolled_back_transaction_leaves_no_key_behind_that_is_stored_nowhere() {
    each_database(|database| {
        let world = World::settled_in(database);
        let failed = world.try_change(|tx, stamp| {
            stamp.sealing_key(tx, world.soc_son.id)?;
            Err::<(), _>(bienlai::error::Error::internal("the power went"))
        });
        assert!(failed.is_err());
        let owed = world.raise_at(&world.soc_son, Dong(25_000));
        let payers = world.look(|conn| {
            world.app.vault.forget();
            party::load(conn, &world.app.vault, &[(owed.unit, owed.party)])
        });
        assert_eq!(payers.len(), 1);
    });
}
