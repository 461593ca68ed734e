//! Days close in order, proven and signed, or say what keeps them open.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::ledger::Account;
use bienlai::reconciliation::day_close::{Certificate, Closing, close, close_through, verify_chain};
use bienlai::reconciliation::open_days::{self, OpenDay, Span};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::line;
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

fn try_close(world: &World, day: BusinessDay) -> Result<Closing> {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day)
}

#[track_caller]
pub fn closed(world: &World, day: BusinessDay) -> Certificate {
    match try_close(world, day).expect("the day is looked at") {
        Closing::Closed(certificate) => *certificate,
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

#[track_caller]
fn refused(world: &World, day: BusinessDay) -> Vec<&'static str> {
    match try_close(world, day).expect("the day is looked at") {
        Closing::Closed(certificate) => panic!("{} closed", certificate.date),
        Closing::Refused(obstacles) => obstacles.iter().map(Obstacle::code).collect(),
    }
}

fn chain(world: &World) -> Option<String> {
    world.look(|conn| verify_chain(conn, world.ba_dinh.id, world.ba_dinh.account))
}

/// The bank's day of transfers for obligations, then imported and matched.
pub fn paid_by_statement(world: &World, opening: i64, fees: &[(&str, &str, i64)]) -> i64 {
    let mut file = BankFile::new(world.ba_dinh.account_no, today(world), opening);
    for (index, (item, kind, amount)) in fees.iter().enumerate() {
        let owed = world.raise_lines(&world.ba_dinh, vec![line(item, kind, "receipt", Dong(*amount))]);
        file =
            file.book(*amount, &format!("{} nop phi", owed.reference_code), &format!("R{opening}-{index}"));
    }
    let closing = file.closing();
    import(world, &file.without_sequence().camt());
    matched(world);
    closing
}

#[test]
fn a_day_of_fees_closes_with_a_certificate_and_shares_them_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid_by_statement(&world, 0, &[("HT-01", "phi", 25_001), ("LP-01", "le_phi", 8_000)]);
        let certificate = closed(&world, today(&world));
        assert_eq!((certificate.opening, certificate.closing), (Dong(0), Dong(33_001)));
        assert_eq!((certificate.revision, certificate.previous_sha256.as_str()), (1, ""));
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 33_001),
                (Account::BudgetDue("805-2771".into()), -20_501),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
        assert_eq!(chain(&world), None);
        let text = String::from_utf8(certificate.document).unwrap();
        assert!(text.contains("<Number>******1100</Number>"), "the account is masked: {text}");
        assert!(text.contains("<Class><Name>fee_receipt</Name><Sum>33001</Sum></Class>"), "{text}");
        assert!(!text.contains("1900111100"));
    });
}

#[test]
fn fees_settled_on_a_claim_are_shared_when_the_line_shows_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).reference("FT77").settle();
        world.wait_days(1);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, day.next(), 0)
                .book(25_000, &format!("{} nop phi", owed.reference_code), "FT77")
                .camt(),
        );
        matched(&world);
        let first = closed(&world, day);
        let text = String::from_utf8(first.document.clone()).unwrap();
        assert!(text.contains("<IsNil>true</IsNil>"), "{text}");
        assert!(text.contains("<Shares></Shares>"), "nothing was proven that day: {text}");
        let second = closed(&world, day.next());
        assert_eq!(second.previous_sha256, first.document_sha256);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 25_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
        assert_eq!(chain(&world), None);
    });
}

#[test]
fn the_odd_dong_is_worked_out_on_the_month_and_not_on_the_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let closing = paid_by_statement(&world, 0, &[("HT-01", "phi", 1_001)]);
        closed(&world, today(&world));
        world.wait_days(1);
        paid_by_statement(&world, closing, &[("HT-01", "phi", 1_001)]);
        closed(&world, today(&world));
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 2_002),
                (Account::BudgetDue("805-2771".into()), -1_001),
                (Account::ShareKept("HT-01".into()), -1_001),
            ],
        );
    });
}

#[test]
fn a_day_with_lines_nobody_posted_is_refused_with_the_list() {
    each_database(|database| {
        let world = World::settled_in(database);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(10_000, "la", "R1").camt(),
        );
        let codes = refused(&world, today(&world));
        assert!(codes.contains(&"line_not_posted") && codes.contains(&"ledger_differs"), "{codes:?}");
        let error = try_close(&world, today(&world)).unwrap().certificate().unwrap_err();
        assert_eq!(error.code(), "day_not_closable");
        assert_eq!(world.count("day"), 0);
        // It stands in the list of days without a row, and so does the day after it, each with what it waits for.
        let monday = today(&world);
        world.wait_days(2);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let account = world.look(|conn| bienlai::unit::account::find(conn, unit, account));
        let listed = |span: Span, limit| {
            world.look(|conn| {
                open_days::between(conn, &world.stamp(), &Actor::system(), &account, (span, limit))
            })
        };
        let codes = |day: &OpenDay| day.waits_for.iter().map(Obstacle::code).collect::<Vec<_>>();
        let both = listed((None, None), 10);
        let told: Vec<(BusinessDay, Vec<&str>)> =
            both.days.iter().map(|day| (day.date, codes(day))).collect();
        let waits =
            [(monday, vec!["line_not_posted"]), (monday.next(), vec!["day_before_open", "nil_day_unproven"])];
        assert_eq!(told, waits);
        let one = listed((None, None), 1);
        assert_eq!((one.days.len(), one.count), (1, 2), "the oldest first, and how many there are");
        assert_eq!(listed((Some(monday.next()), None), 10).days[0].date, monday.next());
        assert_eq!(listed((None, Some(monday.plus_days(-1))), 10).count, 0);
        let proven = world.look(|conn| {
            let span = ((None, None), 10);
            open_days::with_proof(conn, &world.stamp(), &Actor::system(), &account, span)
        });
        assert!(codes(&proven.days[0]).contains(&"ledger_differs"), "all that its proof finds");
        world.wait_days(3);
        assert_eq!(listed((None, None), 1).days[0].state(), "late");
    });
}

#[test]
fn unknown_money_is_carried_by_name() {
    each_database(|database| {
        let world = World::settled_in(database);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(10_000, "khong ro", "R1")
                .book(-3_000, "rut tien la", "R2")
                .camt(),
        );
        matched(&world);
        let first = closed(&world, today(&world));
        let text = String::from_utf8(first.document).unwrap();
        assert!(text.contains("<ExceptionKind>unidentified_credit</ExceptionKind>"), "{text}");
        assert!(text.contains("<Amount>-3000</Amount>"), "{text}");
        // It stays on the list of every day until it is explained.
        world.wait_days(1);
        import(&world, &BankFile::new(world.ba_dinh.account_no, today(&world), 7_000).numbered(2).camt());
        let text = String::from_utf8(closed(&world, today(&world)).document).unwrap();
        assert!(text.contains("<Kind>line</Kind>") && text.contains("<Amount>10000</Amount>"), "{text}");
    });
}

#[test]
fn days_without_statement_are_proven_by_the_next_one_and_close_one_after_the_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let monday = today(&world);
        let closing = paid_by_statement(&world, 0, &[("HT-01", "phi", 25_000)]);
        world.wait_days(3);
        let thursday = today(&world);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let through = |until| {
            close_through(
                &world.store,
                &world.keyring,
                &|| world.stamp(),
                &Actor::system(),
                unit,
                account,
                until,
            )
            .unwrap()
        };
        let early = through(thursday);
        assert_eq!(early.closed.len(), 1);
        let (day, obstacles) = early.refused.expect("Tuesday has no statement yet");
        assert_eq!((day, obstacles), (monday.next(), vec![Obstacle::NilDayUnproven]));
        let codes = refused(&world, thursday);
        assert!(codes.contains(&"day_before_open"), "{codes:?}");
        paid_by_statement(&world, closing, &[("HT-01", "phi", 10_000)]);
        let late = through(thursday);
        assert_eq!(
            late.closed.iter().map(|one| one.date).collect::<Vec<_>>(),
            [monday.next(), monday.plus_days(2), thursday]
        );
        assert!(late.refused.is_none());
        assert_eq!(chain(&world), None);
        assert_eq!(try_close(&world, thursday).unwrap_err().code(), "day_closed");
        assert_eq!(try_close(&world, thursday.next()).unwrap_err().code(), "day_in_future");
        assert_eq!(try_close(&world, monday.plus_days(-1)).unwrap_err().code(), "day_before_account");
    });
}

#[test]
fn a_missing_statement_blocks_until_it_comes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        world.wait_days(1);
        import(&world, &BankFile::new(world.ba_dinh.account_no, day.next(), 5_000).numbered(2).camt());
        let codes = refused(&world, day);
        assert!(codes.contains(&"nil_day_moved"), "{codes:?}");
        import(&world, &BankFile::new(world.ba_dinh.account_no, day, 0).book(5_000, "lai", "R1").camt());
        matched(&world);
        closed(&world, day);
        closed(&world, day.next());
    });
}

#[test]
fn a_statement_in_three_formats_closes_as_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(
            25_000,
            &format!("{} nop phi", owed.reference_code),
            "FT1",
        );
        for bytes in [file.csv(), file.camt(), file.mt940()] {
            import(&world, &bytes);
        }
        matched(&world);
        let text = String::from_utf8(closed(&world, today(&world)).document).unwrap();
        assert_eq!(text.matches("<FileSha256>").count(), 3);
        assert!(text.contains("<LineCount>1</LineCount>"), "{text}");
    });
}

#[test]
fn an_export_of_noon_closes_no_day_and_one_that_comes_when_it_is_over_does() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let noon =
            BankFile::new(world.ba_dinh.account_no, day, 0).book(22_000, "TRA LAI TIEN GUI KKH", "LT1");
        import(&world, &noon.csv());
        matched(&world);
        assert_eq!(refused(&world, day), ["day_not_over"]);
        world.wait_days(1);
        assert_eq!(refused(&world, day), ["day_not_over"], "nothing shows its afternoon");
        assert!(import(&world, &noon.csv()).already_imported, "an export of the same bytes");
        import(&world, &noon.book(1_000, "TRA LAI TIEN GUI KKH", "LT2").csv());
        matched(&world);
        assert!(
            String::from_utf8(closed(&world, day).document).unwrap().contains("<LineCount>2</LineCount>")
        );
    });
}

#[test]
fn an_export_of_noon_that_nothing_follows_closes_its_day_some_days_later() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let noon =
            BankFile::new(world.ba_dinh.account_no, day, 0).book(22_000, "TRA LAI TIEN GUI KKH", "LT1");
        import(&world, &noon.csv());
        matched(&world);
        world.wait_days(2);
        assert_eq!(refused(&world, day), ["day_not_over"]);
        world.wait_days(1);
        closed(&world, day);
    });
}

#[test]
fn whoever_changes_a_certificate_or_takes_one_away_is_found() {
    each_database(|database| {
        let world = World::settled_in(database);
        let closing = paid_by_statement(&world, 0, &[("HT-01", "phi", 25_000)]);
        let first = closed(&world, today(&world));
        world.wait_days(1);
        paid_by_statement(&world, closing, &[("HT-01", "phi", 10_000)]);
        let second = closed(&world, today(&world));
        assert_eq!(chain(&world), None);

        let mut owner = world.database.as_owner();
        let is_sqlite = matches!(owner, bienlai::store::Conn::Sqlite(_));
        for trigger in ["facts_stay", "stays"] {
            let name = format!("day_certificate_{trigger}");
            let on = if is_sqlite { String::new() } else { " ON day_certificate".to_owned() };
            tools::run(&mut owner, &format!("DROP TRIGGER {name}{on}")).unwrap();
        }
        let mut tampered = |sql: &str, what: &str| {
            tools::run(&mut owner, sql).unwrap();
            let fault = chain(&world).expect("the change is found");
            assert!(fault.contains(what), "{sql}: {fault}");
            fault
        };
        let id = first.id.0;
        let fault =
            tampered(&format!("UPDATE day_certificate SET closing = 24000 WHERE id = {id}"), "the row says");
        assert!(fault.contains(&first.date.to_string()), "the broken day is named: {fault}");
        tampered(
            &format!("UPDATE day_certificate SET closing = 25000, document_sha256 = 'ff' WHERE id = {id}"),
            "not the one that was hashed",
        );
        let honest = &first.document_sha256;
        tampered(
            &format!(
                "UPDATE day_certificate SET document_sha256 = '{honest}', certificate_id = 1 WHERE id = {id}"
            ),
            "the signing certificate is not there",
        );
        tampered(&format!("DELETE FROM day_certificate WHERE id = {id}"), "has no certificate");
        let _ = second;
    });
}
