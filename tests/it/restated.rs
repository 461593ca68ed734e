//! The bank sends a statement again with other lines; two persons decide, and no payment is silently
//! un-proven.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Error;
use bienlai::exception::Kind;
use bienlai::id::{PersonId, VersionId};
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::{office, reconcile, restated};
use bienlai::statement::import::Imported;
use bienlai::statement::version::{self, Decision, Version};
use bienlai::statement::{Options, Progress, job};
use bienlai::store::failure;

use crate::imports::{import, try_import};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

const FEE: i64 = 25_000;

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World) -> usize {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account)
        .expect("it is matched")
        .lines_posted
}

fn person(world: &World, person: PersonId, role: Role) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::unit(world.ba_dinh.id) }
}

/// What keeps today open, or nothing.
fn obstacles(world: &World) -> Vec<&'static str> {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let stamp = || world.stamp();
    match close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, today(world)).unwrap()
    {
        Closing::Closed(_) => Vec::new(),
        Closing::Refused(obstacles) => obstacles.iter().map(|one| one.code()).collect(),
    }
}

pub fn held(imported: &Imported) -> &Version {
    let [only] = imported.held.as_slice() else { panic!("{imported:?}") };
    only
}

pub fn propose(world: &World, id: VersionId, decision: Decision) {
    let clerk = person(world, world.clerk, Role::Finance);
    let unit = world.ba_dinh.id;
    world.change(|tx, stamp| version::propose(tx, stamp, &clerk, unit, id, (decision, "ngân hàng xác nhận")));
}

pub fn approve(world: &World, id: VersionId, by: PersonId) -> bienlai::error::Result<restated::Decided> {
    let approver = person(world, by, Role::Approver);
    restated::approve(&world.store, &|| world.stamp(), &approver, world.ba_dinh.id, id)
}

/// A fee and something else, as the bank told them first and in other figures later.
fn two_lines(world: &World, code: &str, fee: Option<i64>) -> BankFile {
    let file = BankFile::new(world.ba_dinh.account_no, today(world), 0);
    let file = match fee {
        Some(fee) => file.book(fee, &format!("{code} nop phi"), "FT26327001"),
        None => file,
    };
    file.book(8_000, "le vi du chuyen tien", "FT26327002")
}

#[test]
fn a_line_that_the_bank_takes_out_is_taken_back_by_two_persons_and_names_its_payment() {
    for format in [BankFile::camt, BankFile::mt940] {
        each_database(|database| {
            let world = World::settled_in(database);
            let unit = world.ba_dinh.id;
            let owed = world.raise(Dong(FEE));
            import(&world, &format(&two_lines(&world, &owed.reference_code, Some(FEE))));
            assert_eq!(matched(&world), 2);
            let corrected = format(&two_lines(&world, &owed.reference_code, None));

            let version = held(&import(&world, &corrected)).clone();
            assert_eq!((version.added, version.gone, version.changed, &*version.state), (0, 1, 0, "held"));
            assert_eq!(world.count("statement_line"), 2, "nothing of it goes in by itself");
            assert_eq!(matched(&world), 0);
            assert_eq!(world.count("payment WHERE state = 'proven'"), 1, "nothing is un-proven by itself");
            assert!(world.open_kinds(unit).contains(&Kind::StatementCorrected));
            assert!(obstacles(&world).contains(&"version_undecided"), "{:?}", obstacles(&world));
            assert_eq!(held(&import(&world, &corrected)).id, version.id, "the same file again is the same");

            propose(&world, version.id, Decision::Accept);
            assert_eq!(approve(&world, version.id, world.clerk).unwrap_err().code(), "maker_is_checker");
            let decided = approve(&world, version.id, world.chief).unwrap();
            assert_eq!(decided.version.state, "accepted");
            assert_eq!(world.count("statement_line"), 3, "a contra line, and nothing deleted");

            let payment = world.payments(&world.ba_dinh).remove(0);
            world.assert_balances(
                unit,
                &[
                    (Account::Bank(world.ba_dinh.account), 8_000),
                    (Account::FeesCollected("HT-01".to_owned()), -FEE),
                    (Account::ReversalToRecover(payment.id), FEE),
                    (suspense(&world), -8_000),
                ],
            );
            let told = world.exceptions(unit);
            let taken = told.iter().find(|item| item.kind == Kind::BankReversal).unwrap();
            assert!(taken.detail.contains(&payment.id.to_string()), "{}", taken.detail);
            assert!(!world.open_kinds(unit).contains(&Kind::StatementCorrected));
            assert!(import(&world, &corrected).already_imported);
            assert_eq!(matched(&world), 0);
            assert_eq!(obstacles(&world), Vec::<&str>::new(), "the day closes on the bank's last word");
        });
    }
}

#[test]
fn the_database_itself_takes_no_corrected_statement_without_a_second_person() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        matched(&world);
        let id = held(&import(&world, &two_lines(&world, &owed.reference_code, None).camt())).id;
        let mut owner = world.database.as_owner();
        let mut refuses = |sql: &str, why: &str| {
            assert_eq!(tools::code_of(&mut owner, sql), failure::CHECK, "{why}: {sql}")
        };
        let accepted = "UPDATE statement_version SET state = 'accepted', revision = revision + 1";
        refuses(accepted, "nobody proposed it");
        refuses(&told_version("proposed", "NULL", "NULL"), "nobody's proposal");
        refuses(&told_version("accepted", "11", "12"), "two persons, and no proposal");

        propose(&world, id, Decision::Accept);
        refuses(accepted, "no event names who accepted it");
        for state in ["accepted", "dismissed"] {
            for (maker, checker) in
                [("11", "NULL"), ("NULL", "12"), ("NULL", "NULL"), ("11", "11"), ("12", "11")]
            {
                refuses(&told_version(state, maker, checker), "the one who proposed, and another one");
            }
        }
        let (maker, checker) = (world.clerk.0.to_string(), world.chief.0.to_string());
        let dismissed = told_version("dismissed", &maker, &checker);
        refuses(&dismissed, "they accept, and it is dismissed");
        refuses(&dismissed.replace("'accept'", "'dismiss'"), "dismissing was not proposed");
        let columns = "account_id, replaces_id, file_sha256, number, closing_on, opening, closing, added, gone, \
             changed, created_at";
        let born = format!(
            "INSERT INTO statement_version (unit_id, id, position, state, revision, {columns}) SELECT unit_id, id + 1, \
             position + 1, 'accepted', 1, {columns} FROM statement_version"
        );
        refuses(&born, "a version begins undecided");
        assert_eq!(approve(&world, id, world.chief).unwrap().version.state, "accepted");
    });
}

/// Behind the newest event of the only version, one that says these persons took it there.
fn told_version(state: &str, maker: &str, checker: &str) -> String {
    format!(
        "INSERT INTO statement_version_event (unit_id, id, version_id, revision, kind, state, decision, \
         maker_person_id, checker_person_id, reason, at) SELECT unit_id, id + 1, version_id, revision + 1, '{state}', \
         '{state}', 'accept', CAST({maker} AS BIGINT), CAST({checker} AS BIGINT), 'reason', at \
         FROM statement_version_event ORDER BY revision DESC LIMIT 1"
    )
}

/// Where the line that nobody knows stands.
fn suspense(world: &World) -> Account {
    let raw = world.words("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = 8000");
    Account::Suspense(bienlai::id::LineId(raw[0].parse().unwrap()))
}

#[test]
fn a_line_of_another_amount_goes_out_and_comes_in_with_the_new_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        // The bank typed 10,000 first: part of the fee, so there is no receipt yet.
        import(&world, &two_lines(&world, &owed.reference_code, Some(10_000)).camt());
        matched(&world);
        assert_eq!(world.again(&owed).state, State::PartlyPaid);
        let version =
            held(&import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt())).clone();
        assert_eq!((version.added, version.gone, version.changed), (0, 0, 1));
        let differences = world.look(|conn| version::differences(conn, world.ba_dinh.id, version.id));
        let amounts = |side: &Option<version::Side>| side.as_ref().unwrap().amount.0;
        assert_eq!((amounts(&differences[0].old), amounts(&differences[0].new)), (10_000, FEE));

        propose(&world, version.id, Decision::Accept);
        approve(&world, version.id, world.chief).unwrap();
        matched(&world);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Paid, Dong(FEE)), "the new line pays");
        assert_eq!(world.receipts(&owed).len(), 1);
        let bank = Account::Bank(world.ba_dinh.account);
        let balance = world.look(|conn| bienlai::ledger::balance(conn, world.ba_dinh.id, &bank));
        assert_eq!(balance, Dong(FEE + 8_000));
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn a_dismissed_version_changes_nothing_and_lets_the_day_close() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        matched(&world);
        let older = two_lines(&world, &owed.reference_code, None).camt();
        let version = held(&import(&world, &older)).clone();
        propose(&world, version.id, Decision::Dismiss);
        let decided = approve(&world, version.id, world.chief).unwrap();
        assert_eq!((&*decided.version.state, decided.imported.is_none()), ("dismissed", true));
        assert_eq!((world.count("statement"), world.count("statement_line")), (1, 2));
        assert_eq!(held(&import(&world, &older)).state, "dismissed", "it stays decided");
        assert!(!world.open_kinds(world.ba_dinh.id).contains(&Kind::StatementCorrected));
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn an_accepted_version_whose_file_is_refused_is_told_so_and_goes_in_when_it_can() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        matched(&world);
        let corrected = two_lines(&world, &owed.reference_code, None).camt();
        let version = held(&import(&world, &corrected)).clone();
        propose(&world, version.id, Decision::Accept);
        // The clock is set back: the statement is of a day that has not come.
        world.wait_days(-3);
        let decided = approve(&world, version.id, world.chief);
        assert_eq!(decided.map(|_| ()).unwrap_err().code(), "statement_version_unreadable");
        assert_eq!(world.count("statement"), 1);
        world.wait_days(3);
        matched(&world);
        assert_eq!(world.count("statement WHERE state = 'ready'"), 2);
    });
}

#[test]
fn other_words_and_more_lines_go_in_at_once_and_are_listed() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).mt940());
        let mut fuller = two_lines(&world, &owed.reference_code, Some(FEE)).book(5_000, "them", "FT26327003");
        fuller.bookings[1].memo = "LE VI DU chuyen tien, xin cam on".into();
        let imported = import(&world, &fuller.mt940());
        assert!(imported.held.is_empty());
        let version = imported.statements[0].version.expect("it is a version of its own");
        let version = world.look(|conn| version::find(conn, world.ba_dinh.id, version));
        assert_eq!((version.added, version.gone, version.changed, &*version.state), (1, 0, 1, "applied"));
        assert_eq!(world.count("statement_line"), 3);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn a_line_under_question_makes_no_receipt_and_what_is_taken_out_unposted_never_does() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        let version = held(&import(&world, &two_lines(&world, &owed.reference_code, None).camt())).clone();
        assert_eq!(matched(&world), 1, "the line nobody questions");
        assert!(world.receipts(&owed).is_empty());
        propose(&world, version.id, Decision::Accept);
        approve(&world, version.id, world.chief).unwrap();
        matched(&world);
        assert!(world.receipts(&owed).is_empty());
        assert_eq!(world.again(&owed).state, State::Raised);
        world.assert_balances(
            world.ba_dinh.id,
            &[(Account::Bank(world.ba_dinh.account), 8_000), (suspense(&world), -8_000)],
        );
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn what_was_accepted_goes_in_with_the_next_matching_when_the_process_ended_in_between() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        matched(&world);
        let version = held(&import(&world, &two_lines(&world, &owed.reference_code, None).camt())).clone();
        propose(&world, version.id, Decision::Accept);
        let chief = person(&world, world.chief, Role::Approver);
        world.change(|tx, stamp| version::approve(tx, stamp, &chief, world.ba_dinh.id, version.id));
        assert_eq!(world.count("statement"), 1, "as a crash right behind the decision leaves it");
        assert!(obstacles(&world).contains(&"version_unfinished"), "{:?}", obstacles(&world));
        matched(&world);
        assert_eq!((world.count("statement"), world.count("statement_line")), (2, 3));
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn a_version_goes_in_though_a_later_statement_of_its_file_broke_off() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).mt940());
        let corrected = two_lines(&world, &owed.reference_code, None);
        let next = BankFile::new(world.ba_dinh.account_no, today(&world).next(), corrected.closing());
        let next = next.numbered(2).book(1_000, "a", "FT26328001");
        let both = [corrected.mt940(), next.mt940()].concat();
        let crash = |_: Progress| Err(Error::busy("stopped", 1, "as by a crash"));
        let options = Options { progress: Some(&crash), ..Options::default() };
        let (stamp, system) = (|| world.stamp(), Actor::system());
        let broken = office::import_with(&world.store, &stamp, &system, &both, options);
        assert_eq!(broken.unwrap_err().code(), "stopped");
        assert_eq!(world.count("statement WHERE state = 'loading'"), 1);

        let waiting = world.look(|conn| version::undecided(conn, unit, account)).remove(0);
        propose(&world, waiting.id, Decision::Accept);
        assert_eq!(approve(&world, waiting.id, world.chief).unwrap().version.state, "accepted");
        assert_eq!(world.count("statement WHERE state = 'ready'"), 3);
        assert_eq!(world.count("statement_line"), 4, "two, one more, and one against what was taken out");
    });
}

#[test]
fn a_closed_day_is_opened_first() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        import(&world, &two_lines(&world, &owed.reference_code, Some(FEE)).camt());
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
        let version = held(&import(&world, &two_lines(&world, &owed.reference_code, None).camt())).clone();
        propose(&world, version.id, Decision::Accept);
        let refused = approve(&world, version.id, world.chief).unwrap_err();
        assert_eq!(refused.code(), "statement_version_day_closed");
        let unit = world.ba_dinh.id;
        assert_eq!(world.look(|conn| version::find(conn, unit, version.id)).state, "proposed");
    });
}

#[test]
fn an_export_of_the_morning_after_the_evenings_contradicts_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let whole = two_lines(&world, "khong ma", Some(FEE)).book(5_000, "chieu", "FT26327003");
        import(&world, &whole.csv());
        let mut morning = whole.clone();
        morning.bookings.truncate(2);
        let imported = import(&world, &morning.csv());
        assert!(imported.held.is_empty(), "{imported:?}");
        assert_eq!((imported.statements[0].lines_new, imported.statements[0].lines_known), (0, 2));
        // Without its first line it is no beginning of the day: that is a contradiction.
        let mut other = whole.clone();
        other.bookings.remove(0);
        assert_eq!(held(&import(&world, &other.csv())).gone, 1);
    });
}

#[test]
fn numbers_left_out_are_named_until_they_come() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (account, day) = (world.ba_dinh.account_no, today(&world));
        world.wait_days(2);
        import(&world, &BankFile::new(account, day, 0).book(10_000, "a", "R1").numbered(1).camt());
        let third = BankFile::new(account, day.plus_days(2), 10_000).book(1_000, "c", "R3").numbered(3);
        let imported = import(&world, &third.camt());
        assert!(imported.statements[0].is_chained, "its balance follows");
        assert_eq!(imported.statements[0].oddities[0].en(), "Statement number 2 is missing.");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::StatementGap]);
        let nil = BankFile::new(account, day.plus_days(1), 10_000).numbered(2);
        let late = import(&world, &nil.camt());
        assert_eq!(late.statements[0].oddities[0].en(), "Statement number 2 came after number 3.");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "it was a day without movement");
        let twice = BankFile::new(account, day.plus_days(3), 11_000).book(1, "d", "R4").numbered(3);
        let told = import(&world, &twice.camt()).statements[0].oddities[0].en();
        assert!(told.starts_with("The number 3 was given to stm_"), "{told}");
    });
}

/// A notification of a batch in which two payers' transfers were booked as one sum.
pub fn notification(world: &World, parts: &[(&str, i64)]) -> Vec<u8> {
    let details: String = parts
        .iter()
        .map(|(memo, amount)| {
            format!(
                "<TxDtls><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>{memo}</Ustrd></RmtInf></TxDtls>"
            )
        })
        .collect();
    let sum: i64 = parts.iter().map(|(_, amount)| amount).sum();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N1</MsgId>\
         <CreDtTm>2026-11-23T10:00:00+07:00</CreDtTm></GrpHdr><Ntfctn><Id>N1</Id><Acct><Id><Othr><Id>{}</Id></Othr></Id>\
         </Acct><Ntry><Amt Ccy=\"VND\">{sum}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{}</Dt>\
         </BookgDt><AcctSvcrRef>LO0001</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn>\
         </Document>",
        world.ba_dinh.account_no,
        today(world)
    )
    .into_bytes()
}

#[test]
fn a_notification_names_the_payments_of_a_batch_and_proves_no_balance() {
    for notified_first in [true, false] {
        each_database(|database| {
            let world = World::settled_in(database);
            let (one, two) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)));
            let notice = notification(&world, &[(&one.reference_code, FEE), (&two.reference_code, FEE)]);
            let booked = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(2 * FEE, "thanh toan theo lo", "LO0001")
                .camt();
            if notified_first {
                assert_eq!(import(&world, &notice).details, 2);
                assert_eq!((world.count("statement"), world.count("statement_line")), (0, 0));
                assert!(obstacles(&world).contains(&"nil_day_unproven"), "{:?}", obstacles(&world));
                import(&world, &booked);
            } else {
                import(&world, &booked);
                assert_eq!(import(&world, &notice).details, 2);
            }
            assert!(import(&world, &notice).already_imported, "sent again it changes nothing");
            matched(&world);
            for owed in [&one, &two] {
                assert_eq!((world.again(owed).state, world.receipts(owed).len()), (State::Paid, 1));
            }
            assert_eq!(obstacles(&world), Vec::<&str>::new());
        });
    }
}

#[test]
fn a_notification_of_a_day_that_has_not_come_is_refused_at_its_entry() {
    each_database(|database| {
        let world = World::settled_in(database);
        let notice = String::from_utf8(notification(&world, &[("nop phi", FEE)])).unwrap();
        let on = |day: BusinessDay| notice.replace(&today(&world).to_string(), &day.to_string());
        let ahead = on(today(&world).plus_days(2));
        let refused = try_import(&world, &Actor::system(), ahead.as_bytes()).unwrap();
        let told: Vec<_> = refused.errors.iter().map(|error| (error.code, error.at.as_str())).collect();
        let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[1]";
        assert_eq!((told, world.count("statement_file")), (vec![("statement_in_future", at)], 0));
        assert_eq!(import(&world, on(today(&world).next()).as_bytes()).details, 1);
    });
}

#[test]
fn a_notification_that_comes_by_itself_is_matched_by_itself() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, two) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)));
        let booked = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        import(&world, &booked.book(2 * FEE, "thanh toan theo lo", "LO0001").camt());
        let notice = notification(&world, &[(&one.reference_code, FEE), (&two.reference_code, FEE)]);
        let system = Actor::system();
        let queued = job::queue(&world.store, &|| world.stamp(), &system, &notice, Options::default());
        assert!(queued.unwrap().is_ok());
        assert_eq!(world.again(&one).state, State::Raised, "nothing is matched before it comes");
        assert_eq!(bienlai::worker::run_imports(&world.app, &|| true).unwrap(), 1);
        for owed in [&one, &two] {
            assert_eq!(world.again(owed).state, State::Paid);
        }
    });
}

#[test]
fn a_notification_for_another_units_account_is_refused() {
    each_database(|database| {
        let world = World::settled_in(database);
        let elsewhere = Actor {
            person: Some(world.clerk),
            client: None,
            role: Role::Finance,
            scope: Scope::unit(world.tay_ho.id),
        };
        let refused = try_import(&world, &elsewhere, &notification(&world, &[("a", 1_000)])).unwrap_err();
        assert_eq!(refused.code(), "unit_not_found");
        assert_eq!((world.count("entry_detail"), world.count("statement_file")), (0, 0));
    });
}

#[test]
fn a_table_without_a_number_contradicts_by_a_code_by_a_line_behind_and_by_the_next_days_opening() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (one, two) = (world.raise(Dong(FEE)), world.raise(Dong(FEE)));
        let day = |codes: &[&str]| {
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
            codes.iter().enumerate().fold(file, |file, (at, code)| {
                file.book(FEE, &format!("{code} nop phi"), &format!("FT2632700{at}"))
            })
        };
        let (first, second) = (one.reference_code.as_str(), two.reference_code.as_str());
        import(&world, &day(&[first, "khong ma"]).csv());
        // The same line names somebody else's fee.
        assert_eq!(held(&import(&world, &day(&[second, "khong ma"]).csv())).changed, 1);
        // A line in the midst is gone, and the last one stands: no export of the morning.
        let mut without = day(&[first, "khong ma", "cuoi ngay"]);
        import(&world, &without.csv());
        without.bookings.remove(1);
        assert_eq!(held(&import(&world, &without.csv())).gone, 1);
        // The last line is gone, and the next day opens without it.
        let next = BankFile::new(world.ba_dinh.account_no, today(&world).plus_days(1), 2 * FEE);
        import(&world, &next.book(1_000, "hom sau", "FT26328000").csv());
        let shorter = day(&[first, "khong ma"]).without_references();
        assert_eq!(held(&import(&world, &shorter.csv())).gone, 1);
    });
}

#[test]
fn a_correction_is_compared_with_the_telling_of_its_own_format() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(FEE));
        // A day is missing before, so that balances prove nothing of one format against another.
        let file = |fee: i64| {
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), 500_000).numbered(7);
            file.book(fee, &format!("{} nop phi", owed.reference_code), "FT26327001")
        };
        import(&world, &file(10_000).mt940());
        import(&world, &file(FEE).camt());
        assert_eq!(world.count("statement_line"), 2);
        let version = held(&import(&world, &file(FEE).without_references().mt940())).clone();
        assert_eq!((version.gone + version.changed, version.added), (1, 0), "the misprint is taken out");
    });
}
