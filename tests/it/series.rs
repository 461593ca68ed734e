//! The life of series and the proof that each is exactly 1..N: under load and aborts, over the end
//! of a year, and against somebody who takes a number out.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::error::{Error, Result};
use bienlai::exception::Kind;
use bienlai::id::UnitId;
use bienlai::ledger::Account;
use bienlai::payment;
use bienlai::register::chain::{self, Audit};
use bienlai::register::proof::Fault;
use bienlai::register::query;
use bienlai::store::{Conn, Lane};
use bienlai::unit::series::{Phase, Series, life};
use bienlai::{unit, worker};

use crate::cash_by_command::Shell;
use crate::documents::open_invoices;
use crate::support::app::MASTER_KEY;
use crate::support::world::{BANK, at};
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

fn register(world: &World, unit: UnitId) -> Vec<Series> {
    world.look(|conn| unit::series::of_unit(conn, unit))
}

fn phases(world: &World, unit: UnitId) -> Vec<(String, Phase)> {
    register(world, unit).into_iter().map(|series| (series.series, series.phase)).collect()
}

fn audited(world: &World, unit: UnitId) -> Audit {
    chain::audit(&world.store, &Scope::All, unit).expect("the series are audited")
}

fn pay(world: &World, count: usize) {
    for _ in 0..count {
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
    }
}

fn unguarded(world: &World, tables: &[&str]) -> Conn {
    let mut owner = world.database.as_owner();
    for table in tables {
        match owner {
            Conn::Pg(_) => {
                tools::run(&mut owner, &format!("ALTER TABLE {table} DISABLE TRIGGER USER")).unwrap();
            }
            Conn::Sqlite(_) => {
                for trigger in ["facts_stay", "stays", "moves_on"] {
                    tools::run(&mut owner, &format!("DROP TRIGGER IF EXISTS {table}_{trigger}")).unwrap();
                }
                tools::run(&mut owner, "PRAGMA foreign_keys = OFF").unwrap();
            }
        }
    }
    owner
}

#[test]
fn every_night_each_units_series_are_proven_and_certified_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        pay(&world, 3);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 0, "the day is not over");
        world.seal();
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1, "only Ba Đình gave numbers");
        assert_eq!(worker::audit_series(&world.app).unwrap(), 0, "once a night");
        pay(&world, 2);
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        let audits = world.look(|conn| query::audits(conn, unit));
        let told: Vec<(String, i64, i64)> =
            audits.iter().map(|one| (one.date.to_string(), one.number_count, one.fault_count)).collect();
        assert_eq!(told, [("2026-11-23".to_owned(), 3, 0), ("2026-11-24".to_owned(), 5, 0)]);
        assert_eq!(audits[1].previous_sha256, audits[0].document_sha256);
        let text = String::from_utf8(audits[1].document.clone()).unwrap();
        assert!(text.contains("<Verdict>whole</Verdict>") && text.contains("<Name>BD-26E</Name>"), "{text}");
        fits_the_schema(&audits[1].document);
        world.seal();
        let audit = audited(&world, unit);
        assert!(audit.is_whole(), "{audit:?}");
        assert_eq!((audit.certificate_count, audit.proofs[0].by_state["signed"]), (2, 5));
        assert_eq!(world.count("audit_entry WHERE action = 'series.audited'"), 2);
        let (code, printed) = series_audit(&world);
        assert_eq!((code, &printed["whole"]), (Some(0), &serde_json::json!(true)), "{printed}");
        assert_eq!(printed["units"][0]["certificates"], 2);
    });
}

fn fits_the_schema(document: &[u8]) {
    let Ok(found) = Command::new("xmllint").arg("--version").output() else { return };
    assert!(found.status.success());
    let file = std::env::temp_dir().join(format!("bienlai-series-{}.xml", std::process::id()));
    std::fs::write(&file, document).unwrap();
    let schema = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("xsd/series_certificate/SC-1.0.xsd");
    let checked = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", schema.to_str().unwrap()])
        .arg(&file)
        .output()
        .unwrap();
    let _ = std::fs::remove_file(&file);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// The command's exit code and what it printed.
fn series_audit(world: &World) -> (Option<i32>, serde_json::Value) {
    let config = world.database.folder.path().join("audit.toml");
    let text = format!(
        "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
        world.database.url
    );
    std::fs::write(&config, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bienlai"))
        .args(["series", "audit", "--json", "--unit", "00004", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let printed = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), printed)
}

#[test]
fn a_number_that_somebody_takes_out_is_named_by_the_command_the_night_and_the_older_certificate() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        pay(&world, 5);
        world.seal();
        world.wait_days(1);
        worker::audit_series(&world.app).unwrap();
        world.stop_watching();

        let mut owner = unguarded(&world, &["receipt", "receipt_seal", "receipt_event", "public_code"]);
        if matches!(owner, Conn::Pg(_)) {
            tools::run(
                &mut owner,
                "ALTER TABLE receipt_seal DROP CONSTRAINT receipt_seal_unit_id_receipt_id_fkey",
            )
            .unwrap();
        }
        tools::run(&mut owner, "DELETE FROM receipt WHERE number = 3").unwrap();
        let audit = audited(&world, unit);
        assert_eq!(audit.proofs[0].faults, [(3, Fault::Missing)]);
        let broken = audit.broken.as_ref().expect("the certificate of the night before holds no more");
        let broken = broken.to_string();
        assert!(broken.contains("are not those certified"), "{broken}");
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1, "a broken series is certified as broken");
        let last = world.look(|conn| query::last_audit(conn, unit)).unwrap();
        assert_eq!(last.fault_count, 1);
        assert!(String::from_utf8(last.document.clone()).unwrap().contains("<Verdict>broken</Verdict>"));
        fits_the_schema(&last.document);
        assert_eq!(world.open_kinds(unit), [Kind::SeriesBroken]);
        let (code, printed) = series_audit(&world);
        assert_eq!((code, &printed["whole"]), (Some(1), &serde_json::json!(false)));
        assert_eq!(printed["units"][0]["series"][0]["faults"][0]["fault"], "missing");
    });
}

#[test]
fn whoever_changes_a_receipt_its_seal_or_a_certificate_is_found() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        pay(&world, 4);
        world.seal();
        for _ in 0..3 {
            world.wait_days(1);
            worker::audit_series(&world.app).unwrap();
        }
        world.stop_watching();
        let mut owner = unguarded(&world, &["receipt", "receipt_seal", "receipt_series", "series_audit"]);
        let bytes = |conn: &Conn, text: &str| match conn {
            Conn::Pg(_) => format!("convert_to('{text}', 'UTF8')"),
            Conn::Sqlite(_) => format!("CAST('{text}' AS BLOB)"),
        };
        let forged = bytes(&owner, "forged");
        for (change, back, fault) in [
            (
                format!(
                    "UPDATE receipt_seal SET document = {forged} WHERE receipt_id = (SELECT id FROM receipt WHERE number = 2)"
                ),
                None,
                Fault::SealChanged,
            ),
            (
                "DELETE FROM receipt_seal WHERE receipt_id = (SELECT id FROM receipt WHERE number = 2)"
                    .into(),
                Some("UPDATE receipt SET state = 'cancelled' WHERE number = 2"),
                Fault::SealMissing,
            ),
            (
                "UPDATE receipt SET issued_on = '2026-11-20' WHERE number = 3".into(),
                Some("UPDATE receipt SET issued_on = '2026-11-23' WHERE number = 3"),
                Fault::DateFell,
            ),
            (
                "UPDATE receipt_series SET next_no = 4".into(),
                Some("UPDATE receipt_series SET next_no = 5"),
                Fault::BeyondNext,
            ),
            (format!("UPDATE receipt SET body = {forged} WHERE number = 4"), None, Fault::BodyChanged),
        ] {
            tools::run(&mut owner, &change).unwrap();
            let audit = audited(&world, unit);
            assert!(audit.proofs[0].faults.iter().any(|(_, found)| *found == fault), "{change}: {audit:?}");
            if let Some(back) = back {
                tools::run(&mut owner, back).unwrap();
            }
        }
        let audits = world.look(|conn| query::audits(conn, unit));
        assert_eq!(audits.len(), 3);
        let middle = audits[1].id.0;
        let mut tampered = |sql: String, what: &str| {
            tools::run(&mut owner, &sql).unwrap();
            let fault = audited(&world, unit).broken.expect("the change is found").to_string();
            assert!(fault.contains(what), "{sql}: {fault}");
        };
        tampered(format!("UPDATE series_audit SET number_count = 9 WHERE id = {middle}"), "the row says");
        tampered(
            format!("UPDATE series_audit SET number_count = 4, signature = {forged} WHERE id = {middle}"),
            "signature does not verify",
        );
        tampered(
            format!("UPDATE series_audit SET document = {forged} WHERE id = {middle}"),
            "not the one that was hashed",
        );
        tampered(format!("DELETE FROM series_audit WHERE id = {middle}"), "does not follow");
    });
}

#[test]
fn next_years_series_is_registered_in_december_opens_on_its_eve_and_the_old_one_closes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let keep = || worker::keep_registers(&world.app).unwrap();
        assert_eq!(keep(), 0, "it is November");
        world.wait_seconds(at("2026-12-03T08:00:00+07:00").seconds_since(world.now()));
        assert_eq!(keep(), 2, "Ba Đình and Tây Hồ");
        assert_eq!(keep(), 0, "once");
        assert_eq!(
            phases(&world, unit),
            [("BD-26E".to_owned(), Phase::Open), ("BD-27E".to_owned(), Phase::Planned)]
        );
        world.wait_seconds(at("2026-12-31T00:00:01+07:00").seconds_since(world.now()));
        assert_eq!(keep(), 2);
        pay(&world, 1);
        assert_eq!(register(&world, unit)[1].next_no, 1, "still the old year");
        world.wait_days(1);
        keep();
        pay(&world, 2);
        world.wait_days(1);
        keep();
        let register = register(&world, unit);
        assert_eq!(
            register.iter().map(|one| (one.phase, one.next_no)).collect::<Vec<_>>(),
            [(Phase::Closed, 2), (Phase::Open, 3)]
        );
        let told = world.words(&format!(
            "SELECT kind AS t FROM receipt_series_event WHERE unit_id = {} ORDER BY id",
            unit.0
        ));
        assert_eq!(told, ["opened", "planned", "opened", "closed"]);
        assert!(world.open_kinds(unit).is_empty());
        assert!(audited(&world, unit).is_whole());
    });
}

#[test]
fn a_series_that_soon_ends_is_told_and_a_person_may_stop_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.soc_son.id;
        let first = world.open_series(&world.soc_son, "SS-26E", 3);
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::SeriesEnding], "three numbers are few");
        for _ in 0..3 {
            let owed = world.raise_at(&world.soc_son, FEE);
            assert!(world.claim(&owed, FEE).settle().receipt.is_some());
        }
        let owed = world.raise_at(&world.soc_son, FEE);
        assert_eq!(world.claim(&owed, FEE).settle().receipt, None, "used up");
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(phases(&world, unit), [("SS-26E".to_owned(), Phase::Exhausted)]);

        // A second series takes over: the warning settles by itself and the due receipt is made.
        let second = world.open_series(&world.soc_son, "ST-26E", 9_000);
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::ReceiptDue]);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 1);
        assert!(world.open_kinds(unit).is_empty());

        let stop = |role, person, id, reason: &str| {
            let actor = Actor { person, client: None, role, scope: Scope::unit(unit) };
            world.try_change(|tx, stamp| life::stop(tx, stamp, &actor, unit, id, reason))
        };
        let clerk = Some(world.clerk);
        assert_eq!(stop(Role::Cashier, clerk, second, "x").unwrap_err().code(), "role_not_allowed");
        assert_eq!(stop(Role::Administrator, None, second, "x").unwrap_err().code(), "person_required");
        assert_eq!(stop(Role::Administrator, clerk, second, " ").unwrap_err().code(), "reason_missing");
        assert_eq!(stop(Role::Administrator, clerk, first, "x").unwrap_err().code(), "series_step_illegal");
        let stopped = stop(Role::Administrator, clerk, second, "đổi mẫu").unwrap();
        assert_eq!(stopped.phase, Phase::Stopped);
        let owed = world.raise_at(&world.soc_son, FEE);
        assert_eq!(world.claim(&owed, FEE).settle().receipt, None);
        assert!(audited(&world, unit).is_whole());
    });
}

#[test]
fn a_name_that_two_forms_share_stops_neither_until_the_form_is_named() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        for (kind, template) in [("invoice_vat", "1"), ("invoice_sales", "2")] {
            open_invoices(&world, kind, template);
        }
        let open = || {
            let of_name = register(&world, unit).into_iter().filter(|one| one.series == "K26TBD");
            let open: Vec<String> =
                of_name.filter(|one| one.phase == Phase::Open).map(|one| one.template).collect();
            open
        };
        let shell = Shell::new(&world);
        let person = shell.person("Quản Trị Mẫu").to_string();
        let mut asked = vec!["series", "stop", "--unit", "00004", "--series", "K26TBD"];
        asked.extend(["--reason", "đổi mẫu", "--person", &person]);
        let (code, _, error) = shell.run(&asked);
        assert!(code != 0 && error.contains("series_ambiguous"), "{error}");
        assert_eq!(open().len(), 2, "stopping is for good");
        asked.extend(["--template", "2"]);
        let (code, out, error) = shell.run(&asked);
        assert!(code == 0 && out.starts_with("K26TBD đã dừng / stopped\n"), "{out} {error}");
        assert!(out.contains("nothing of this kind is issued until another series of it is open"), "{out}");
        assert_eq!(open(), ["1"]);
        world.open_series(&world.ba_dinh, "BY-26E", 99_999);
        let mut other = vec!["series", "stop", "--unit", "00004", "--series", "BY-26E"];
        other.extend(["--reason", "đổi mẫu", "--person", &person]);
        let (code, out, error) = shell.run(&other);
        assert_eq!((code, out.trim()), (0, "BY-26E đã dừng / stopped"), "BD-26E is open: {error}");
        // Next year's gives no number before its year.
        let next = unit::series::NewSeries {
            unit,
            document_kind: "receipt".to_owned(),
            template: "01BLP0-001".to_owned(),
            series: "BZ-27E".to_owned(),
            year: world.now().business_day().year() + 1,
            last_allowed_no: 99,
            registration: "TB-0001".to_owned(),
        };
        world.change(|tx, stamp| unit::series::open(tx, stamp, &Actor::system(), next.clone()));
        world.open_series(&world.ba_dinh, "BX-26E", 99_999);
        let stop = |series: &str| {
            let mut asked = vec!["series", "stop", "--unit", "00004", "--series", series];
            asked.extend(["--reason", "đổi mẫu", "--person", &person]);
            shell.run(&asked).1
        };
        let none = "nothing of this kind is issued";
        assert!(!stop("BX-26E").contains(none), "BD-26E is open");
        assert!(stop("BD-26E").contains(none), "BZ-27E is of next year");
        let (_, listed, _) = shell.run(&["series", "list", "--unit", "00004"]);
        assert!(listed.contains("đã dừng / stopped") && listed.contains("đang dùng / open"), "{listed}");
    });
}

#[test]
fn a_receipt_due_from_the_old_year_takes_the_new_years_series_with_its_postings() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (commune, unit) = (&world.soc_son, world.soc_son.id);
        world.wait_seconds(at("2026-12-31T16:00:00+07:00").seconds_since(world.now()));
        let owed = world.raise_at(commune, FEE);
        assert_eq!(world.claim(&owed, FEE).settle().receipt, None, "Sóc Sơn has no series yet");
        assert_eq!(world.open_kinds(unit), [Kind::ReceiptDue]);
        world.wait_days(2);
        world.open_series(commune, "SS-27E", 99_999);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 1);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 0);
        let receipts = world.receipts(&owed);
        assert_eq!(
            (receipts[0].series.as_str(), receipts[0].number, receipts[0].issued_on.to_string().as_str()),
            ("SS-27E", 1, "2027-01-02")
        );
        assert_eq!(receipts[0].collected_at.business_day().to_string(), "2026-12-31", "when it was paid");
        let clearing = Account::Clearing(commune.account, BANK.to_owned());
        world.assert_balances(
            unit,
            &[(clearing, FEE.0), (Account::FeesCollected("HT-01".to_owned()), -FEE.0)],
        );
        assert!(world.open_kinds(unit).is_empty());
        assert_eq!(world.words("SELECT state AS t FROM receipt_due"), ["made"]);
    });
}

/// Ends a transaction that did everything right, as a crash or a lost connection would.
fn aborted() -> Error {
    Error::conflict("aborted_on_purpose", "the story aborts this one")
}

#[test]
fn sixty_four_threads_over_many_communes_with_random_aborts_leave_every_series_exactly_1_to_n() {
    each_database(|database| {
        let world = World::settled_in(database);
        let rounds = if tools::is_long() { 40 } else { 4 };
        world.trust(&world.tay_ho, BANK);
        world.open_series(&world.soc_son, "SS-26E", 99_999);
        let communes = world.communes();
        let owed: Vec<Vec<_>> = (0..64)
            .map(|thread| {
                (0..rounds)
                    .map(|round| {
                        let picks = [thread + round, thread * 7 + round * 3];
                        picks.map(|pick| world.raise_at(communes[pick % 3], FEE))
                    })
                    .collect()
            })
            .collect();
        let done = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for (thread, mine) in owed.iter().enumerate() {
                let (world, done) = (&world, &done);
                scope.spawn(move || {
                    for (round, pair) in mine.iter().enumerate() {
                        let arrivals = pair.each_ref().map(|owed| world.claim(owed, FEE).arrival());
                        // Some are aborted once or twice after they took their numbers.
                        let mut aborts = (thread * 31 + round * 17) % 3;
                        loop {
                            let settled: Result<()> = world.store.write(&Scope::All, Lane::Live, |tx| {
                                payment::settle(tx, &world.stamp(), &arrivals)?;
                                if aborts > 0 { Err(aborted()) } else { Ok(()) }
                            });
                            match settled {
                                Ok(()) => break,
                                Err(error) if error.code() == "aborted_on_purpose" => aborts -= 1,
                                Err(error) if error.is_busy() => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                        done.fetch_add(2, Ordering::Relaxed);
                    }
                });
            }
        });
        let expected = i64::from(done.load(Ordering::Relaxed));
        assert_eq!(expected, 128 * i64::try_from(rounds).unwrap());
        assert_eq!(world.count("receipt"), expected);
        let mut numbers = 0;
        for commune in communes {
            let audit = audited(&world, commune.id);
            assert!(audit.is_whole(), "{audit:?}");
            numbers += audit.proofs.iter().map(|proof| proof.count).sum::<i64>();
        }
        assert_eq!(numbers, expected);
    });
}

#[test]
fn callbacks_around_midnight_of_the_new_year_take_the_series_of_the_year_they_are_made_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        world.wait_seconds(at("2026-12-31T23:00:00+07:00").seconds_since(world.now()));
        worker::keep_registers(&world.app).unwrap();
        let owed: Vec<_> = (0..48).map(|_| world.raise(FEE)).collect();
        world.wait_seconds(at("2026-12-31T23:59:58+07:00").seconds_since(world.now()));
        std::thread::scope(|scope| {
            for mine in owed.chunks(6) {
                let world = &world;
                scope.spawn(move || {
                    for owed in mine {
                        world.claim(owed, FEE).settle();
                    }
                });
            }
            // Midnight in Hà Nội is 17:00 UTC: no other clock may decide.
            for _ in 0..4 {
                std::thread::sleep(std::time::Duration::from_millis(60));
                world.wait_seconds(1);
            }
        });
        let more = world.raise(FEE);
        world.claim(&more, FEE).settle();
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(world.count("receipt"), 49);
        assert_eq!(world.count("receipt_due"), 0);
        let register = register(&world, unit);
        assert_eq!(register.iter().map(|one| one.series.as_str()).collect::<Vec<_>>(), ["BD-26E", "BD-27E"]);
        assert!(register[1].next_no > 1, "the new year's series is in use");
        assert_eq!(
            world.count(
                "receipt WHERE (series = 'BD-26E') <> (issued_on = '2026-12-31') OR (series = 'BD-27E') <> (issued_on = '2027-01-01')"
            ),
            0
        );
        let audit = audited(&world, unit);
        assert!(audit.is_whole(), "{audit:?}");
    });
}
