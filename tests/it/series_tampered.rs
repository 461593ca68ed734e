//! Whoever holds the database file and takes its guards away changes what the proof of series is made of: each
//! column that stands in two places, the last number, which leaves no gap. And what is entered into a register.

use bienlai::actor::{Actor, Scope};
use bienlai::amount::Dong;
use bienlai::cli::units;
use bienlai::correction::{Kind, at_amount};
use bienlai::exception::Kind as Exception;
use bienlai::obligation::Line;
use bienlai::receipt::query::Stored;
use bienlai::register::chain::{self, Audit};
use bienlai::register::proof::Fault;
use bienlai::register::query;
use bienlai::store::Conn;
use bienlai::unit::series::{self, Phase};
use bienlai::worker;
use serde_json::{Value, json};

use crate::cash_by_command::Shell;
use crate::corrections::{again, collected, corrected, fee};
use crate::documents::{fee_and_service, open_invoices};
use crate::support::app::MASTER_KEY;
use crate::support::world::at;
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

pub fn pay(world: &World, count: usize) {
    for _ in 0..count {
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
    }
}

pub fn audited(world: &World) -> Audit {
    chain::audit(&world.store, &Scope::All, world.ba_dinh.id).expect("the series are audited")
}

/// The faults of Ba Đình's one series.
fn faults(world: &World) -> Vec<(i64, Fault)> {
    audited(world).proofs.remove(0).faults
}

/// A connection of who owns the database, with the guards of documents and series gone.
pub fn taken_over(world: &World) -> Conn {
    let mut owner = world.database.as_owner();
    for table in ["receipt", "receipt_event", "receipt_seal", "receipt_series"] {
        tools::unguarded(&mut owner, world.product(), table);
    }
    let references = match owner {
        Conn::Pg(_) => "ALTER TABLE receipt_seal DROP CONSTRAINT receipt_seal_unit_id_receipt_id_fkey",
        Conn::Sqlite(_) => "PRAGMA foreign_keys = OFF",
    };
    tools::run(&mut owner, references).unwrap();
    owner
}

/// Takes a last number away as if it had never been given.
pub fn take_last(owner: &mut Conn, number: i64) {
    tools::run(owner, &format!("DELETE FROM receipt WHERE number = {number}")).unwrap();
    tools::run(owner, &format!("UPDATE receipt_series SET next_no = {number} WHERE series = 'BD-26E'"))
        .unwrap();
}

#[test]
fn a_column_that_says_something_else_than_the_body_or_the_events_is_named_for_what_it_is() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 3);
        world.seal();
        world.stop_watching();
        let mut owner = taken_over(&world);
        assert!(audited(&world).is_whole());
        let own = "SELECT CAST(obligation_id AS BIGINT) AS n FROM receipt WHERE number =";
        let (own, others) =
            (tools::number(&mut owner, &format!("{own} 2")), tools::number(&mut owner, &format!("{own} 3")));
        let (own, others) = (format!("obligation_id = {own}"), format!("obligation_id = {others}"));
        for (change, back, fault) in [
            ("amount = amount - 1000", "amount = amount + 1000", Fault::AmountChanged),
            ("state = 'cancelled'", "state = 'signed'", Fault::StateChanged),
            ("profile = 'ND70-2.1.0'", "profile = 'ND254-2.1.1'", Fault::ProfileChanged),
            (
                "lookup_code = 'X' || lookup_code",
                "lookup_code = substr(lookup_code, 2)",
                Fault::LookupCodeChanged,
            ),
            (others.as_str(), own.as_str(), Fault::ObligationChanged),
        ] {
            let set = |what: &str| format!("UPDATE receipt SET {what} WHERE number = 2");
            tools::run(&mut owner, &set(change)).unwrap();
            assert_eq!(faults(&world), [(2, fault)], "{change}");
            tools::run(&mut owner, &set(back)).unwrap();
        }
        assert!(audited(&world).is_whole(), "everything is as it was");

        // The command and the night say it, too.
        tools::run(&mut owner, "UPDATE receipt SET amount = 1 WHERE number = 3").unwrap();
        let (code, out, error) = Shell::new(&world).run(&["series", "audit", "--unit", "00004"]);
        let words = "3: số tiền khác với nội dung chứng từ / has another amount than its body says (1 tất cả";
        assert!(code == 1 && out.contains(words), "{out} {error}");
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        let last = world.look(|conn| query::last_audit(conn, world.ba_dinh.id)).unwrap();
        assert!(String::from_utf8(last.document).unwrap().contains("<Kind>amount_changed</Kind>"));
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Exception::SeriesBroken]);
    });
}

#[test]
fn a_number_date_series_or_state_that_is_changed_with_nothing_to_show_for_it_is_named() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 3);
        world.seal();
        world.stop_watching();
        let mut owner = taken_over(&world);
        for (change, back, fault) in [
            ("template = '01BLP0-009'", "template = '01BLP0-001'", Fault::SeriesChanged),
            ("series = 'BX-26E'", "series = 'BD-26E'", Fault::SeriesChanged),
            ("document_kind = 'invoice_vat'", "document_kind = 'receipt'", Fault::SeriesChanged),
        ] {
            let set = |what: &str| format!("UPDATE receipt SET {what} WHERE number = 2");
            tools::run(&mut owner, &set(change)).unwrap();
            assert_eq!(faults(&world), [(2, fault)], "{change}");
            tools::run(&mut owner, &set(back)).unwrap();
        }
        let exchange = |from: [i64; 3], to: [i64; 3], owner: &mut Conn| {
            for (from, to) in from.into_iter().zip(to) {
                let sql = format!("UPDATE receipt SET number = {to} WHERE number = {from}");
                tools::run(owner, &sql).unwrap();
            }
        };
        exchange([1, 2, 90], [90, 1, 2], &mut owner);
        assert_eq!(faults(&world), [(1, Fault::NumberChanged), (2, Fault::NumberChanged)]);
        exchange([1, 2, 90], [90, 1, 2], &mut owner);
        let day = "SELECT CAST(issued_on AS TEXT) AS t FROM receipt WHERE number = 3";
        let day = tools::texts(&mut owner, day).remove(0);
        tools::run(&mut owner, "UPDATE receipt SET issued_on = '2026-11-30' WHERE number = 3").unwrap();
        assert_eq!(faults(&world), [(3, Fault::DateChanged)]);
        tools::run(&mut owner, &format!("UPDATE receipt SET issued_on = '{day}' WHERE number = 3")).unwrap();
        let phase = |phase: &str| {
            format!("UPDATE receipt_series SET phase = '{phase}', state = '{phase}' WHERE series = 'BD-26E'")
        };
        tools::run(&mut owner, &phase("closed")).unwrap();
        assert_eq!(faults(&world), [(4, Fault::PhaseChanged)]);
        tools::run(&mut owner, &phase("open")).unwrap();
        let of_second = "receipt_id = (SELECT id FROM receipt WHERE number = 2)";
        for state in ["replaced", "adjusted", "signed"] {
            let told = format!("UPDATE receipt_event SET state = '{state}' WHERE {of_second}");
            tools::run(&mut owner, &told).unwrap();
            let set = format!("UPDATE receipt SET state = '{state}' WHERE number = 2");
            tools::run(&mut owner, &set).unwrap();
            let found: &[(i64, Fault)] =
                if state == "signed" { &[] } else { &[(2, Fault::CorrectionChanged)] };
            assert_eq!(faults(&world), found, "{state}: no correction is recorded");
        }
        assert!(audited(&world).is_whole(), "everything is as it was");
    });
}

/// The state of a document and the events that tell of it.
fn set_state(owner: &mut Conn, document: &Stored, state: &str) {
    for (table, key) in [("receipt", "id"), ("receipt_event", "receipt_id")] {
        let id = document.id.0;
        tools::run(owner, &format!("UPDATE {table} SET state = '{state}' WHERE {key} = {id}")).unwrap();
    }
}

#[test]
fn what_was_corrected_is_named_when_it_is_said_to_stand_as_it_was_signed() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let signed = |lines: Vec<Line>| collected(&world, lines).1;
        let replaced = signed(vec![fee("HT-01", 25_000)]);
        corrected(&world, &replaced, Kind::Replace, vec![fee("HT-02", 25_000)]);
        let adjusted = signed(vec![fee("HT-01", 25_000)]);
        corrected(&world, &adjusted, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        let cancelled = signed(vec![fee("HT-01", 25_000)]);
        corrected(&world, &cancelled, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        corrected(&world, &again(&world, &cancelled), Kind::Cancel, Vec::new());
        open_invoices(&world, "invoice_vat", "1");
        let service = fee_and_service().remove(1);
        let to_nothing = signed(vec![service.clone()]);
        corrected(&world, &to_nothing, Kind::Adjust, vec![at_amount(&service, Dong(0))]);
        world.stop_watching();
        let mut owner = taken_over(&world);
        assert!(audited(&world).is_whole());
        for document in [&replaced, &adjusted, &cancelled, &to_nothing] {
            let state = again(&world, document).state;
            assert_ne!(state, "signed");
            set_state(&mut owner, document, "signed");
            let found: Vec<(i64, Fault)> =
                audited(&world).proofs.into_iter().flat_map(|proof| proof.faults).collect();
            assert_eq!(found, [(document.number, Fault::CorrectionChanged)], "{state}");
            set_state(&mut owner, document, &state);
        }
        assert!(audited(&world).is_whole(), "everything is as it was");
    });
}

#[test]
fn a_last_number_that_a_certificate_counted_is_missed_in_every_night_after_it_was_taken_away() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        pay(&world, 3);
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        world.stop_watching();
        let mut owner = taken_over(&world);
        take_last(&mut owner, 3);
        // Nothing else is left of it.
        let of_nobody = "receipt_id NOT IN (SELECT id FROM receipt)";
        tools::run(&mut owner, &format!("DELETE FROM receipt_event WHERE {of_nobody}")).unwrap();
        assert_eq!(faults(&world), [(3, Fault::TakenAway)]);
        let broken = audited(&world).broken.expect("the certificate does not hold any more").to_string();
        assert!(broken.contains("BD-26E had 3 numbers and has 2"), "{broken}");
        let (_, out, _) = Shell::new(&world).run(&["series", "audit", "--unit", "00004"]);
        assert!(out.contains("đếm 3 số của BD-26E, nay chỉ còn 2 / "), "{out}");
        for night in 1..=2 {
            world.wait_days(1);
            assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
            let last = world.look(|conn| query::last_audit(conn, unit)).unwrap();
            assert_eq!(last.fault_count, 1, "night {night} after it");
            assert!(world.open_kinds(unit).contains(&Exception::SeriesBroken), "night {night} after it");
        }
    });
}

#[test]
fn a_last_number_that_no_certificate_counted_is_known_from_what_is_left_of_it() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 3);
        world.seal();
        world.stop_watching();
        let mut owner = taken_over(&world);
        take_last(&mut owner, 3);
        assert_eq!(faults(&world), [(3, Fault::TakenAway)], "its signed bytes are left");
        pay(&world, 1);
        assert_eq!(faults(&world), [(3, Fault::TakenAway)], "another receipt has its number now");
        for table in ["receipt_seal", "receipt_event"] {
            let gone = format!("DELETE FROM {table} WHERE receipt_id NOT IN (SELECT id FROM receipt)");
            tools::run(&mut owner, &gone).unwrap();
        }
        assert_eq!(faults(&world), [(4, Fault::Untraced)], "the trail knows that it was sealed");
    });
}

#[test]
fn a_last_number_that_was_not_signed_yet_is_known_from_its_event() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 2);
        world.stop_watching();
        take_last(&mut taken_over(&world), 2);
        assert_eq!(faults(&world), [(2, Fault::Untraced)]);
    });
}

#[test]
fn an_audit_that_finds_no_series_at_all_says_so_and_does_not_end_well() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let audit = |unit: &str| shell.run(&["series", "audit", "--unit", unit]);
        let (code, out, error) = audit("00376");
        assert!(code == 1 && out.is_empty() && error.contains("series_none"), "{code} {out} {error}");
        let (code, out, _) = shell.run(&["series", "audit", "--json", "--unit", "00376"]);
        let said: Value = serde_json::from_str(&out).expect("it is JSON all the same");
        assert_eq!((code, &said["code"], &said["whole"]), (1, &json!("series_none"), &json!(false)), "{out}");
        let (code, _, error) = audit("99999");
        assert!(code == 1 && error.contains("unit_not_found"), "{code} {error}");
        assert_eq!(shell.run(&["series", "audit"]).0, 0, "others have some");
    });
}

#[test]
fn a_proof_of_a_database_that_is_not_there_makes_none() {
    let folder = tools::Folder::new("mistyped");
    let config = folder.written(
        "bienlai.toml",
        format!(
            "[database]\nurl = \"sqlite://{}/bienlia.db\"\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
            folder.path().display()
        ),
    );
    for command in [["series", "audit"], ["series", "list"]] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"));
        let output = program.arg("--config").arg(&config).args(command).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && told.contains("database_missing"), "{told}");
        assert!(!folder.path().join("bienlia.db").exists(), "it only reads");
    }
}

#[test]
fn a_database_that_cannot_be_looked_for_is_not_told_as_one_that_is_not_there() {
    let folder = tools::Folder::new("barred");
    folder.written("plain", String::new());
    let config = folder.written(
        "bienlai.toml",
        format!(
            "[database]\nurl = \"sqlite://{}/plain/bienlai.db\"\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
            folder.path().display()
        ),
    );
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let output = program.arg("--config").arg(&config).args(["series", "audit"]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && !told.contains("database_missing"), "{told}");
}

#[test]
fn a_file_enters_next_years_series_as_planned_and_none_of_a_later_year_or_with_too_long_a_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let load = |series: &[(&str, i32, i64)]| {
            let mut text = "[[unit]]\ncode = \"00004\"\nname = \"Ba Đình\"\nkind = \"phường\"\n\
                            tax_code = \"9900000009\"\naddress = \"Số 1\"\nvalid_from = \"2025-07-01\"\n"
                .to_owned();
            for (name, year, last) in series {
                text.push_str(&format!(
                    "[[unit.series]]\ntemplate = \"01BLP0-001\"\nseries = \"{name}\"\nyear = {year}\n\
                     last_allowed_no = {last}\nregistration = \"TB-0001\"\n"
                ));
            }
            let file = units::parse(&text).expect("it reads").remove(0);
            world.try_change(|tx, stamp| units::apply(tx, stamp, &Actor::system(), &file))
        };
        let refused = |name: &str, year: i32, last: i64| load(&[(name, year, last)]).unwrap_err().code();
        assert_eq!(refused("BX-28E", 2028, 100), "series_year_far");
        assert_eq!(refused("BX-26E", 2026, 10_000_000), "series_last_number_wrong");
        assert_eq!(refused("BX-26E", 2026, 0), "series_last_number_wrong");
        let second = load(&[("BX-26E", 2026, 100), ("BY-26E", 2026, 0)]).unwrap_err().to_string();
        assert!(second.starts_with("row 2 01BLP0-001 BY-26E.series.last_allowed_no: "), "{second}");
        let wanted = [("BX-26E", 2026, 9_999_999), ("BX-27E", 2027, 100)];
        let done = load(&wanted).unwrap();
        assert_eq!((done.series, done.planned, done.waiting), (2, 1, 0));
        assert!(done.to_string().ends_with("2 new series (1 open when their year begins)"), "{done}");
        assert_eq!(load(&wanted).unwrap().series, 0, "entered once");
        let phase = |name: &str| {
            let register = world.look(|conn| series::of_unit(conn, unit));
            register.into_iter().find(|one| one.series == name).map(|one| one.phase)
        };
        assert_eq!([phase("BX-26E"), phase("BX-27E")], [Some(Phase::Open), Some(Phase::Planned)]);
        world.wait_seconds(at("2026-12-31T08:00:00+07:00").seconds_since(world.now()));
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(phase("BX-27E"), Some(Phase::Open), "on the eve, as those that follow by themselves");
    });
}
