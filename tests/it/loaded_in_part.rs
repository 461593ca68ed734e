//! A statement whose loading broke off keeps its account's other files waiting: somebody is told, and may give it up.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::clock::BusinessDay;
use bienlai::error::{Error, Result};
use bienlai::exception::Kind;
use bienlai::id::StatementId;
use bienlai::ledger::Account;
use bienlai::queue::alarm;
use bienlai::reconciliation::open_days::{self, OpenDay};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::statement::given_up::give_up;
use bienlai::statement::import::{Imported, Options, Progress, import_file, import_file_with};
use bienlai::statement::line_query::lines_of_day;
use bienlai::statement::version::{self, Decision};
use bienlai::statement::{quarantine, query};
use bienlai::unit::BankAccount;

use crate::imports::import;
use crate::refunds::today;
use crate::restated::{approve, held, propose};
use crate::restated_money::{matched, obstacles};
use crate::strangers::token;
use crate::support::bank_file::BankFile;
use crate::support::program::{Service, send};
use crate::support::visitor::seated;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, finance};

/// More lines than the first chunk takes.
const LINES: i64 = 600;
/// What the lines come to.
const SUM: i64 = (LINES - 1) * 1_000 + 7_000;

/// A day whose last line makes the program break off, until it is mended.
fn day(world: &World) -> BankFile {
    let mut day = BankFile::new(world.ba_dinh.account_no, today(world), 0);
    for number in 1..LINES {
        day = day.book(1_000, &format!("noi dung {}", number % 11), &format!("R{number}"));
    }
    day.book(7_000, "too much", "R600")
}

fn taken(world: &World, bytes: &[u8], is_mended: bool) -> Result<Imported> {
    let reads = |memo: &str| {
        assert!(is_mended || memo != "too much", "a library breaks off over it");
        (Vec::new(), Vec::new())
    };
    import_file(&world.store, &|| world.stamp(), &Actor::system(), &reads, bytes)
}

/// The same, which breaks off as by a crash once the statement is begun.
fn crashed(world: &World, bytes: &[u8]) {
    crashed_behind(world, bytes, 0);
}

/// The same, once so many of its lines are known or stored.
fn crashed_behind(world: &World, bytes: &[u8], lines: usize) {
    let crash = |done: Progress| -> Result<()> {
        if done.lines_done < lines {
            return Ok(());
        }
        Err(Error::busy("stopped", 1, "as by a crash"))
    };
    let options = Options { progress: Some(&crash), ..Options::default() };
    let reads = |_: &str| (Vec::new(), Vec::new());
    let past = || {
        let stamp = world.stamp();
        bienlai::store::Stamp { now: stamp.now.minus_seconds(3_600), ..stamp }
    };
    let broken = import_file_with(&world.store, &past, &Actor::system(), &reads, bytes, options);
    assert_eq!(broken.unwrap_err().code(), "stopped");
}

fn left(world: &World) -> StatementId {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    world.look(|conn| query::loading(conn, unit, account)).expect("it is loaded in part").id
}

fn given_up(world: &World, id: StatementId, reason: &str) -> Result<()> {
    let who = finance(world);
    let place = (world.ba_dinh.id, id);
    world.try_change(|tx, stamp| give_up(tx, stamp, &who, place, reason)).map(|_| ())
}

fn alarms(world: &World) -> Vec<String> {
    let found = world.look(|conn| alarm::standing(conn, &Actor::system(), None, world.now()));
    found.into_iter().filter(|one| one.kind == "statement_broken_off").map(|one| one.subject).collect()
}

#[test]
fn a_statement_that_cannot_be_finished_is_given_up_and_its_accounts_other_files_go_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let lines = || world.look(|conn| lines_of_day(conn, unit, account, today(&world))).len() as i64;
        let (first, other) = (day(&world).camt(), day(&world).mt940());
        assert!(taken(&world, &first, false).is_err());
        assert_eq!(world.count("statement_line"), 512, "some of its lines are stored");
        assert_eq!(taken(&world, &other, false).unwrap_err().code(), "statement_loading");
        let id = left(&world);

        let reason = "ngân hàng gửi tệp khác";
        assert_eq!(alarms(&world), Vec::<String>::new(), "a large file takes minutes");
        assert_eq!(given_up(&world, id, reason).unwrap_err().code(), "statement_not_broken_off");
        world.wait_seconds(600);
        assert_eq!(alarms(&world), [id.to_string()]);
        assert_eq!(given_up(&world, id, " ").unwrap_err().code(), "reason_missing");
        given_up(&world, id, reason).unwrap();
        assert_eq!(alarms(&world), Vec::<String>::new());
        assert_eq!(given_up(&world, id, reason).unwrap_err().code(), "statement_not_broken_off");
        assert_eq!(lines(), 0, "none of its lines is taken");

        let imported = taken(&world, &other, true).unwrap();
        assert_eq!(imported.statements[0].lines_new as i64, LINES);
        assert_eq!(lines(), LINES, "the other file's are, the same ones too");
        // Sent again, it goes in beside the one that was given up; its lines are known by now.
        let again = taken(&world, &first, true).unwrap();
        assert_eq!((again.already_imported, again.statements[0].lines_known as i64), (false, LINES));
        assert!(again.statements[0].id != id && again.statements[0].is_chained);
        assert!(taken(&world, &first, true).unwrap().already_imported);
        let states = |state: &str| world.count(&format!("statement WHERE state = '{state}'"));
        assert_eq!((states("ready"), states("abandoned"), lines()), (2, 1, LINES));
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        let bank = world.look(|conn| bienlai::ledger::balance(conn, unit, &Account::Bank(account)));
        assert_eq!(bank.0, SUM);
    });
}

#[test]
fn days_to_be_closed_wait_for_no_line_of_a_statement_that_was_given_up() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = today(&world);
        world.wait_days(1);
        crashed_behind(&world, &day(&world).camt(), 512);
        given_up(&world, left(&world), "ngân hàng gửi tệp khác").unwrap();
        assert_eq!(world.count("statement_line WHERE posted_on IS NULL"), 512);
        world.wait_days(1);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let account = world.look(|conn| bienlai::unit::account::find(conn, unit, account));
        let waits = |account: &BankAccount| -> Vec<(BusinessDay, Vec<&str>)> {
            let asked = ((None, None), 10);
            let open =
                world.look(|conn| open_days::between(conn, &world.stamp(), &Actor::system(), account, asked));
            let codes = |day: &OpenDay| day.waits_for.iter().map(Obstacle::code).collect::<Vec<_>>();
            open.days.iter().map(|day| (day.date, codes(day))).collect()
        };
        let proven_by_nothing = (first, vec!["nil_day_unproven"]);
        let second = (first.next(), vec!["day_before_open", "nil_day_unproven"]);
        assert_eq!(waits(&account), [proven_by_nothing.clone(), second]);
        let ended = BankAccount { closed_on: Some(first), ..account };
        assert_eq!(waits(&ended), [proven_by_nothing], "nor does an account last until such a line");
    });
}

#[test]
fn whoever_still_loads_a_statement_that_was_given_up_adds_nothing_to_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let bytes = day(&world).camt();
        let give_up_after_a_chunk = |done: Progress| match done.lines_done {
            512 => {
                world.wait_seconds(600);
                given_up(&world, left(&world), "tưởng là đã đứt")
            }
            _ => Ok(()),
        };
        let options = Options { progress: Some(&give_up_after_a_chunk), ..Options::default() };
        let reads = |_: &str| (Vec::new(), Vec::new());
        let stamp = || world.stamp();
        let told = import_file_with(&world.store, &stamp, &Actor::system(), &reads, &bytes, options);
        assert_eq!(told.unwrap_err().code(), "statement_given_up");
        assert_eq!(world.count("statement_line"), 512);
        assert_eq!(taken(&world, &bytes, true).unwrap().statements[0].lines_new as i64, LINES);
    });
}

#[test]
fn what_was_set_aside_of_a_statement_is_discarded_with_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(8_000, "le vi du", "R1")
            .book(25_000, "nop phi", "R2");
        let text = String::from_utf8(file.mt940()).unwrap().replace("C25000,N", "C25x00,N");
        crashed(&world, text.as_bytes());
        let waiting = || world.look(|conn| quarantine::open(conn, world.ba_dinh.id, None, 10)).len();
        assert_eq!(waiting(), 1);
        given_up(&world, left(&world), "ngân hàng in lại").unwrap();
        assert_eq!(waiting(), 0);
        import(&world, &file.mt940());
        assert_eq!(world.count("statement_line"), 2);
    });
}

#[test]
fn a_corrected_statement_is_given_up_only_where_it_moves_no_money() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let file = |amount: i64, memo: &str| {
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(amount, memo, "R1").camt()
        };
        import(&world, &file(1_000, "a"));
        crashed(&world, &file(1_000, "b"));
        given_up(&world, left(&world), "chỉ khác chữ").unwrap();
        let unfinished = || world.look(|conn| version::unfinished(conn, unit, account)).len();
        assert_eq!(unfinished(), 0, "nothing takes it up again");

        let corrected = file(2_000, "a");
        let held = import_file(
            &world.store,
            &|| world.stamp(),
            &Actor::system(),
            &|_: &str| (Vec::new(), Vec::new()),
            &corrected,
        );
        let id = held.unwrap().held[0].id;
        let (maker, checker) = (finance(&world), approver(&world));
        let ask = (Decision::Accept, "ngân hàng báo");
        world.change(|tx, stamp| version::propose(tx, stamp, &maker, unit, id, ask));
        world.change(|tx, stamp| version::approve(tx, stamp, &checker, unit, id));
        crashed(&world, &corrected);
        let refused = given_up(&world, left(&world), "không nạp được");
        assert_eq!(refused.unwrap_err().code(), "statement_corrects");
        import(&world, &corrected);
        assert_eq!(unfinished(), 0);
    });
}

#[test]
fn a_fuller_statement_that_was_given_up_brings_its_new_lines_when_its_file_is_sent_again() {
    for stored_before in [0, 3] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
            let morning = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(25_000, "nop phi", "R1")
                .book(8_000, "le vi du", "R2");
            let evening = morning.clone().book(5_000, "them", "R3").camt();
            import(&world, &morning.camt());
            crashed_behind(&world, &evening, stored_before);
            given_up(&world, left(&world), "nạp không xong").unwrap();
            let lines = || world.look(|conn| lines_of_day(conn, unit, account, today(&world))).len();
            let unfinished = || world.look(|conn| version::unfinished(conn, unit, account)).len();
            assert_eq!((lines(), unfinished()), (2, 0), "nothing takes it up by itself");

            let again = import(&world, &evening);
            assert!(again.held.is_empty(), "{:?}", again.held);
            assert_eq!((again.statements[0].lines_new, again.statements[0].lines_known), (1, 2));
            let id = again.statements[0].version.expect("it is the version it was");
            let version = world.look(|conn| version::find(conn, unit, id));
            assert_eq!((version.added, &*version.state, version.revision), (1, "applied", 3));
            assert_eq!((lines(), unfinished()), (3, 0));
            assert!(import(&world, &evening).already_imported);
            assert_eq!(lines(), 3, "each of them once");
            matched(&world);
            let bank = world.look(|conn| bienlai::ledger::balance(conn, unit, &Account::Bank(account)));
            assert_eq!(bank.0, 38_000);
            assert_eq!(obstacles(&world, today(&world)), Vec::<&str>::new());
        });
    }
}

#[test]
fn a_statement_that_was_given_up_is_held_when_it_is_sent_again_and_takes_lines_out_by_then() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let morning = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, "nop phi", "R1");
        let evening = morning.clone().book(8_000, "le vi du", "R2").camt();
        import(&world, &morning.camt());
        crashed(&world, &evening);
        given_up(&world, left(&world), "nạp không xong").unwrap();
        assert_eq!(import(&world, &morning.book(5_000, "them", "R3").camt()).statements[0].lines_new, 1);

        let version = held(&import(&world, &evening)).clone();
        assert_eq!(version.state, "held");
        assert_eq!(world.open_kinds(unit), [Kind::StatementCorrected]);
        let differences = world.look(|conn| version::differences(conn, unit, version.id));
        assert_eq!(differences.iter().filter(|one| one.moves_money).count(), 1);
        assert_eq!(world.count("statement_line"), 2, "nothing of it goes in by itself");
        propose(&world, version.id, Decision::Accept);
        approve(&world, version.id, world.chief).unwrap();
        matched(&world);
        assert_eq!(world.count("statement_line"), 4, "one more, and one against what was taken out");
        assert_eq!(obstacles(&world, today(&world)), Vec::<&str>::new());
    });
}

#[test]
fn the_board_names_a_statement_that_is_loaded_in_part_and_an_officer_gives_it_up_on_its_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        crashed(&world, &day(&world).camt());
        let id = left(&world);
        let mut service = Service::start(&world);
        let here = Scope::unit(world.ba_dinh.id);
        let mut officer = seated(&world, service.address, Role::Finance, "ketoan", here);
        officer.get("/finance");
        officer.sees("Sao kê nạp dở, các tệp khác của tài khoản phải chờ");
        officer.get("/finance/statements");
        officer.sees("đã 1 giờ");
        let path = format!("/finance/statements/{id}/give-up");
        assert_eq!(officer.post(&path, &[("reason", "")]).status, 400);
        officer.is_told("reason_missing");
        assert_eq!(officer.post(&path, &[("reason", "ngân hàng gửi tệp khác")]).status, 303);
        officer.get("/finance/statements");
        officer.sees("ngân hàng gửi tệp khác");
        assert!(!officer.page.contains(&path), "{}", officer.page);
        officer.get("/finance");
        assert!(!officer.page.contains("Sao kê nạp dở"), "{}", officer.page);

        let bearer = format!("Bearer {}", token(&world, &world.ba_dinh, Role::Approver));
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let path = format!("/api/v1/statements/{id}/give-up");
        let again = send(service.address, "POST", &path, &headers, br#"{ "reason": "again" }"#).unwrap();
        assert_eq!(again.status, 409);
        assert!(String::from_utf8_lossy(&again.body).contains("statement_not_broken_off"));
        service.stop();
    });
}
