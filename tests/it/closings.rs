//! What surrounds the closing of days: the bridge from receipts to the bank, certificates that prove
//! themselves, days opened again by two persons, months, and the city's overview.

use std::process::Command;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::ledger::Account;
use bienlai::payment::book::Method;
use bienlai::receipt::verify::trust::TrustStore;
use bienlai::reconciliation::bridge::{self, Pier, Report, Standing};
use bienlai::reconciliation::day_close::chain_file::{self, ChainFile, Judgement};
use bienlai::reconciliation::day_close::{self, Certificate, Closing, close, page, verify_chain};
use bienlai::reconciliation::month_close::{self, Closing as MonthClosing, Month};
use bienlai::reconciliation::office::close_accounts;
use bienlai::reconciliation::overview::{self, Standing as AccountStanding};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::reconciliation::reopening::{self, Opened, Reopening, State};
use bienlai::remittance::alarm::{self, Kind as AlarmKind};
use bienlai::remittance::{self, Draft, Kind as OrderKind};
use bienlai::report;
use bienlai::store::failure;

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::judges::keeps_both_standards;
use crate::support::world::line;
use crate::support::{World, each_database, tools};

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// Lines of today, imported and matched; the closing balance.
fn shown(world: &World, opening: i64, lines: &[(i64, &str)]) -> i64 {
    let mut file = BankFile::new(world.ba_dinh.account_no, today(world), opening);
    for (amount, memo) in lines {
        file = file.book(*amount, memo, &format!("R{}", world.next()));
    }
    let closing = file.closing();
    import(world, &file.without_sequence().camt());
    matched(world);
    closing
}

/// A fee of today, paid by a transfer that only the statement tells of.
fn paid(world: &World, opening: i64, amount: i64) -> i64 {
    let owed = world.raise_lines(&world.ba_dinh, vec![line("HT-01", "phi", "receipt", Dong(amount))]);
    shown(world, opening, &[(amount, &format!("{} nop phi", owed.reference_code))])
}

#[track_caller]
fn closed(world: &World, day: BusinessDay) -> Certificate {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    match close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day) {
        Ok(Closing::Closed(certificate)) => *certificate,
        Ok(Closing::Refused(obstacles)) => {
            panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>())
        }
        Err(error) => panic!("{error}"),
    }
}

fn bridge_of(world: &World, day: BusinessDay) -> Report {
    let place = (world.ba_dinh.id, world.ba_dinh.account);
    world.look(|conn| bridge::of_day(conn, &world.stamp(), &Actor::system(), place, day))
}

fn chain(world: &World) -> (ChainFile, Judgement) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let file = chain_file::export(&world.store, &Default::default(), &Scope::unit(unit), unit, account)
        .expect("a chain");
    let judgement = chain_file::judge(&file, &TrustStore::empty());
    (file, judgement)
}

pub fn ask(world: &World, day: BusinessDay) -> Result<Reopening> {
    let maker = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let place = (world.ba_dinh.id, world.ba_dinh.account);
    world.app.write(&maker, |tx, stamp| {
        reopening::request(tx, stamp, &maker, place, day, "Ngân hàng gửi sao kê sửa")
    })
}

pub fn approve(world: &World, request: &Reopening, by: bienlai::id::PersonId) -> Result<Opened> {
    let checker = person(world.ba_dinh.id, by, Role::Approver);
    world.app.write(&checker, |tx, stamp| reopening::approve(tx, stamp, &checker, request.unit, request.id))
}

#[test]
fn the_bridge_of_a_day_names_every_difference_between_receipts_and_bank() {
    each_database(|database| {
        let world = World::settled_in(database);
        // Settled on a claim and not shown; cash in the drawer; shown; part of it; unknown; a charge.
        let claimed = world.raise(Dong(30_000));
        world.claim(&claimed, Dong(30_000)).settle();
        let counter = world.raise(Dong(10_000));
        world.take(&counter, Dong(10_000), Method::Cash).unwrap();
        let fee = world.raise_lines(&world.ba_dinh, vec![line("HT-01", "phi", "receipt", Dong(40_000))]);
        let part = world.raise(Dong(25_000));
        shown(
            &world,
            0,
            &[
                (40_000, &format!("{} nop phi", fee.reference_code)),
                (8_000, &format!("{} nop mot phan", part.reference_code)),
                (5_000, "khong ro"),
                (-1_100, "PHI QUAN LY TAI KHOAN"),
            ],
        );
        let open = bridge_of(&world, today(&world));
        assert_eq!((open.standing, open.obstacles.len()), (Standing::Closable, 0), "{:?}", open.obstacles);
        let sums = [
            (Pier::Receipts, 80_000),
            (Pier::CreditedNotReceipted, 13_000),
            (Pier::ReceiptedNotCredited, -40_000),
            (Pier::Reversals, 0),
            (Pier::Own, -1_100),
        ];
        for (pier, amount) in sums {
            assert_eq!(open.bridge.of(pier), Dong(amount), "{pier:?}: {:?}", open.bridge.spans);
        }
        assert_eq!((open.bridge.bank, open.difference), (Dong(51_900), Dong::ZERO));
        assert_eq!(open.bridge.unexplained().unwrap(), Dong::ZERO);
        let bank = open.bank.as_ref().expect("a statement shows the day");
        assert_eq!((bank.opening, bank.closing, bank.line_count), (Dong(0), Dong(51_900), 4));
        assert!(open.carried.iter().any(|one| one.exception_kind == "unidentified_credit"));
        assert_eq!((open.in_transit_count, open.in_transit), (1, Dong(30_000)));
        assert_eq!((open.claims.len(), open.claims_left_off), (1, 0));
        let brief = bridge_of(&world, today(&world)).naming(0);
        assert_eq!((brief.claims.len(), brief.claims_left_off), (0, 1), "said to be there, and not named");
        assert_eq!((brief.in_transit_count, brief.in_transit), (1, Dong(30_000)), "the sums cover it");
        assert_eq!(open.cash.iter().map(|one| one.amount).collect::<Vec<_>>(), [Dong(10_000)]);

        closed(&world, today(&world));
        let told = bridge_of(&world, today(&world));
        assert_eq!(told.standing, Standing::Closed);
        assert_eq!((told.budget, told.kept), (Dong(20_000), Dong(20_000)), "{:?}", told.shares);
        assert_eq!((&told.bank, &told.bridge, &told.carried), (&open.bank, &open.bridge, &open.carried));

        let table = report::bridge::table(&told);
        let mut csv = Vec::new();
        table.write_as(report::sheet::Form::Csv, &mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert!(csv.contains("Chưa giải thích được / Unexplained,,,0"), "{csv}");
        assert!(csv.contains(",51900"), "{csv}");
        assert!(!csv.contains(world.ba_dinh.account_no), "the account is masked");
        assert!(table.texts().iter().any(|row| row.contains(&"51.900 đ".to_owned())));
    });
}

#[test]
fn a_unit_with_two_accounts_has_each_posting_in_one_bridge() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let second = world.open_account(&world.ba_dinh, "1900999900");
        // A fee and cash on the first; on the second money nobody knows.
        paid(&world, 0, 25_000);
        let counter = world.raise(Dong(10_000));
        world.take(&counter, Dong(10_000), Method::Cash).unwrap();
        import(&world, &BankFile::new("1900999900", today(&world), 0).book(7_000, "la", "S1").camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, second).unwrap();
        let of = |account| {
            world.look(|conn| {
                bridge::of_day(conn, &world.stamp(), &Actor::system(), (unit, account), today(&world))
            })
        };
        let (first, other) = (of(world.ba_dinh.account), of(second));
        assert_eq!((first.bridge.receipts, other.bridge.receipts), (Dong(35_000), Dong::ZERO));
        assert_eq!((first.bridge.bank, other.bridge.bank), (Dong(25_000), Dong(7_000)));
        assert_eq!(first.bridge.receipted_not_credited, Dong(-10_000), "cash is the receiving account's");
        assert_eq!(other.bridge.credited_not_receipted, Dong(7_000));
        for one in [&first, &other] {
            assert_eq!(one.bridge.unexplained().unwrap(), Dong::ZERO);
            assert_eq!(one.difference, Dong::ZERO);
        }
    });
}

#[test]
fn a_day_without_a_statement_says_so_and_lists_what_stands_in_the_way() {
    each_database(|database| {
        let world = World::settled_in(database);
        let open = bridge_of(&world, today(&world));
        assert_eq!((open.standing, open.bank.is_none()), (Standing::Open, true));
        assert!(open.obstacles.iter().any(|one| one.code() == "nil_day_unproven"), "{:?}", open.obstacles);
        let texts = report::bridge::table(&open).texts();
        assert!(texts.iter().flatten().any(|cell| cell.contains("Chưa có sao kê")), "{texts:?}");
    });
}

#[test]
fn a_certificate_is_a_page_with_the_signed_bytes_in_it_and_its_chain_proves_itself_offline() {
    each_database(|database| {
        let world = World::settled_in(database);
        let closing = paid(&world, 0, 25_000);
        let first = closed(&world, today(&world));
        world.wait_days(1);
        paid(&world, closing, 10_000);
        let second = closed(&world, today(&world));
        assert_eq!(second.previous_sha256, first.document_sha256);

        let pdf = page::render(&second.document, false).unwrap();
        assert_eq!(pdf, page::render(&second.document, false).unwrap(), "the same bytes");
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(place("day.pdf"), &pdf).unwrap();
        std::fs::write(place("day.xml"), &second.document).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let done = Command::new(program).args(arguments).output().unwrap();
            assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        run("qpdf", &["--check", &place("day.pdf")]);
        keeps_both_standards(&folder.path().join("day.pdf"));
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/xsd/day_certificate/DC-1.0.xsd");
        run("xmllint", &["--noout", "--schema", schema, &place("day.xml")]);
        let text = run("pdftotext", &["-layout", &place("day.pdf"), "-"]);
        for words in ["CHỨNG NHẬN ĐỐI SOÁT NGÀY", "35.000", "******1100", &second.document_sha256] {
            assert!(text.replace('\n', "").contains(words), "{words}: {text}");
        }
        run("pdfdetach", &["-saveall", "-o", folder.path().to_str().unwrap(), &place("day.pdf")]);
        let name = format!("chung-nhan-ngay-00004-{}-1.xml", second.date);
        assert_eq!(std::fs::read(place(&name)).unwrap(), second.document, "the signed bytes are attached");

        let (file, judgement) = chain(&world);
        assert!(judgement.holds(), "{judgement:?}");
        assert_eq!(judgement.standing_until, Some(second.date));
        assert_eq!(judgement.head_sha256.as_deref(), Some(second.document_sha256.as_str()));

        // Every way to cheat is found without a database.
        let broken = |change: &dyn Fn(&mut ChainFile)| {
            let mut file = file.clone();
            change(&mut file);
            chain_file::judge(&file, &TrustStore::empty())
        };
        assert!(!broken(&|file| drop(file.certificates.remove(0))).holds(), "one is missing");
        assert!(
            !broken(&|file| file.certificates[1].signature = file.certificates[0].signature.clone()).holds()
        );
        assert!(
            !broken(&|file| file.certificates[1].document = file.certificates[0].document.clone()).holds()
        );
        assert!(!broken(&|file| file.signers.clear()).holds(), "nobody signed");
        let bytes = serde_json::to_vec(&file).unwrap();
        assert_eq!(ChainFile::read(&bytes).unwrap(), file);
        assert_eq!(ChainFile::read(b"{}").unwrap_err().code(), "day_chain_unreadable");
        assert_eq!(verify(&bytes, folder.path()), 0, "the program says the same, without configuration");
        let mut tampered = file.clone();
        tampered.certificates.remove(0);
        assert_eq!(verify(&serde_json::to_vec(&tampered).unwrap(), folder.path()), 1);
        assert_eq!(verify(b"nothing", folder.path()), 2);
    });
}

fn verify(bytes: &[u8], folder: &std::path::Path) -> i32 {
    let path = folder.join("chain.json");
    std::fs::write(&path, bytes).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let done = program.current_dir(folder).args(["day", "verify"]).arg(path).output().unwrap();
    done.status.code().unwrap()
}

#[test]
fn a_day_opens_again_by_two_persons_with_all_later_ones_and_closing_makes_successors() {
    each_database(|database| {
        let world = World::settled_in(database);
        let monday = today(&world);
        let closing = paid(&world, 0, 25_000);
        let first = closed(&world, monday);
        world.wait_days(1);
        paid(&world, closing, 10_000);
        let second = closed(&world, monday.next());

        assert_eq!(ask(&world, monday.plus_days(5)).unwrap_err().code(), "day_not_closed");
        let request = ask(&world, monday).unwrap();
        assert_eq!(ask(&world, monday.next()).unwrap_err().code(), "reopening_pending");
        assert_eq!(approve(&world, &request, world.clerk).unwrap_err().code(), "maker_is_checker");
        assert_eq!(world.count("day WHERE state = 'closed'"), 2, "nothing opened yet");
        let opened = approve(&world, &request, world.chief).unwrap();
        assert_eq!(opened.days, [monday, monday.next()]);
        assert_eq!(approve(&world, &request, world.chief).unwrap_err().code(), "reopening_state_wrong");
        assert_eq!(world.count("day WHERE state = 'superseded'"), 2);
        assert_eq!(world.count("day_event WHERE kind = 'reopened' AND checker_person_id IS NOT NULL"), 2);
        let judged = chain(&world).1;
        assert!(judged.holds(), "what was certified stays proven: {judged:?}");

        let again = closed(&world, monday);
        assert_eq!((again.revision, again.previous_sha256.as_str()), (3, ""));
        let text = String::from_utf8(again.document.clone()).unwrap();
        let replaces = format!("<ReplacesSha256>{}</ReplacesSha256>", first.document_sha256);
        assert!(text.contains(&replaces), "{text}");
        assert!(text.contains("<Shares></Shares>"), "the shares were posted before: {text}");
        let (_, judged) = chain(&world);
        assert!(judged.holds(), "{judged:?}");
        assert_eq!((judged.standing_until, judged.superseded), (Some(monday), 2), "Tuesday is open");
        let tuesday = closed(&world, monday.next());
        assert_eq!(tuesday.previous_sha256, again.document_sha256);
        let (file, judged) = chain(&world);
        assert_eq!((judged.standing_until, judged.superseded), (Some(tuesday.date), 2));
        assert!(judged.holds(), "{judged:?}");
        let mut without = file.clone();
        without.certificates.retain(|kept| kept != &file.certificates[0]);
        assert!(!chain_file::judge(&without, &TrustStore::empty()).holds(), "a superseded one is missed too");
        assert_eq!(world.look(|conn| verify_chain(conn, world.ba_dinh.id, world.ba_dinh.account)), None);
        let listed = world.look(|conn| reopening::list(conn, world.ba_dinh.id, 10));
        assert_eq!(listed.iter().map(|one| one.state).collect::<Vec<_>>(), [State::ClosedAgain]);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 35_000),
                (Account::BudgetDue("805-2771".into()), -17_500),
                (Account::ShareKept("HT-01".into()), -17_500),
            ],
        );
        assert!(page::render(&second.document, true).is_ok(), "a superseded page says so");
    });
}

#[test]
fn the_database_itself_opens_no_day_without_a_second_person() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid(&world, 0, 25_000);
        closed(&world, today(&world));
        let mut owner = world.database.as_owner();
        let open = "UPDATE day SET state = 'superseded', revision = 2";
        assert_eq!(tools::code_of(&mut owner, open), failure::CHECK, "no request at all");
        let request = ask(&world, today(&world)).unwrap();
        assert_eq!(tools::code_of(&mut owner, open), failure::CHECK, "only asked for");
        let alone = format!(
            "UPDATE day_reopening SET state = 'approved', revision = 2, checker_person_id = {} WHERE id = {}",
            world.clerk.0, request.id.0
        );
        assert_eq!(tools::code_of(&mut owner, &alone), failure::CHECK, "the maker approves");
        let nobody =
            format!("UPDATE day_reopening SET state = 'approved', revision = 2 WHERE id = {}", request.id.0);
        assert_eq!(tools::code_of(&mut owner, &nobody), failure::CHECK, "nobody approves");
        for (maker, checker) in [("11", "NULL"), ("NULL", "12"), ("NULL", "NULL"), ("11", "11")] {
            for table in ["day_event", "account_month_event"] {
                let told = told_reopened(table, maker, checker);
                assert_eq!(tools::code_of(&mut owner, &told), failure::CHECK, "{maker} and {checker}");
            }
        }
        for approver in ["NULL", "11", "12"] {
            let told = told_approved(approver);
            assert_eq!(
                tools::code_of(&mut owner, &told),
                failure::CHECK,
                "{approver}, and no approval stands"
            );
        }
        let checker = person(world.ba_dinh.id, world.chief, Role::Approver);
        let refused = world.app.write(&checker, |tx, stamp| {
            reopening::refuse(tx, stamp, &checker, request.unit, request.id, "Không cần")
        });
        assert_eq!(refused.unwrap().state, State::Refused);
        assert_eq!(tools::code_of(&mut owner, open), failure::CHECK, "it was refused");
    });
}

/// Beside each event of a day, one that says the day or its month was opened again by these persons.
fn told_reopened(table: &str, maker: &str, checker: &str) -> String {
    let date = if table == "day_event" { "date" } else { "month" };
    format!(
        "INSERT INTO {table} (unit_id, id, account_id, {date}, revision, kind, state, maker_person_id, \
         checker_person_id, reason, at) SELECT unit_id, id + 1, account_id, date, revision + 1, 'reopened', \
         'superseded', CAST({maker} AS BIGINT), CAST({checker} AS BIGINT), 'reason', at FROM day_event"
    )
}

/// Beside each event of a request, one that says this person approved it.
fn told_approved(person: &str) -> String {
    format!(
        "INSERT INTO day_reopening_event (unit_id, id, reopening_id, revision, kind, state, person_id, reason, at) \
         SELECT unit_id, id + 1, reopening_id, revision + 1, 'approved', 'approved', CAST({person} AS BIGINT), \
         'reason', at FROM day_reopening_event"
    )
}

fn close_month(world: &World, month: &str) -> Result<MonthClosing> {
    let place = (world.ba_dinh.id, world.ba_dinh.account);
    let (stamp, month): (_, Month) = (|| world.stamp(), month.parse()?);
    month_close::close(&world.store, &world.keyring, &stamp, &Actor::system(), place, month)
}

#[test]
fn a_month_closes_when_all_its_days_are_and_opens_with_any_of_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = today(&world);
        let this: Month = Month::of(first);
        let name = this.to_string();
        let mut balance = paid(&world, 0, 25_000);
        assert_eq!(close_month(&world, &name).unwrap_err().code(), "month_not_over");
        while Month::of(today(&world)) == this {
            closed(&world, today(&world));
            world.wait_days(1);
            balance = paid(&world, balance, 10_000);
        }
        // The last day of the month is closed; the day before it was opened and is missing.
        let request = ask(&world, this.last()).unwrap();
        approve(&world, &request, world.chief).unwrap();
        match close_month(&world, &name).unwrap() {
            MonthClosing::Refused(days) => assert_eq!(days, [this.last()]),
            MonthClosing::Closed(_) => panic!("a day is open"),
        }
        closed(&world, this.last());
        let MonthClosing::Closed(certificate) = close_month(&world, &name).unwrap() else {
            panic!("all days are closed")
        };
        assert_eq!((certificate.opening, certificate.closing), (Dong(0), Dong(balance - 10_000)));
        assert_eq!(close_month(&world, &name).unwrap_err().code(), "month_closed");
        let next = this.next().to_string();
        assert_eq!(close_month(&world, &next).unwrap_err().code(), "month_not_over");

        let reading = month_close::certificate::read(&certificate.document).unwrap();
        assert_eq!(reading.days.len() as i64, (this.last().0 - first.0).num_days() + 1);
        let [receipts, .., bank] = reading.bridge;
        assert_eq!((receipts, bank), (certificate.closing, certificate.closing));
        let kept: i64 = reading.shares.iter().map(|share| share.amount.0).sum();
        assert_eq!(kept, certificate.closing.0, "every fee is shared out");
        let folder = tempfile::tempdir().unwrap();
        let (xml, pdf) = (folder.path().join("month.xml"), folder.path().join("month.pdf"));
        std::fs::write(&xml, &certificate.document).unwrap();
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/xsd/month_certificate/MC-1.0.xsd");
        let valid = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&xml).output().unwrap();
        assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));
        std::fs::write(&pdf, month_close::page::render(&certificate.document, false).unwrap()).unwrap();
        keeps_both_standards(&pdf);
        let text = Command::new("pdftotext").arg("-layout").arg(&pdf).arg("-").output().unwrap();
        assert!(String::from_utf8_lossy(&text.stdout).contains("CHỨNG NHẬN ĐỐI SOÁT THÁNG"));

        let chain =
            || world.look(|conn| month_close::verify_chain(conn, world.ba_dinh.id, world.ba_dinh.account));
        assert_eq!(chain(), None);
        // Opening a day of it opens the month; closing both again makes a successor.
        let request = ask(&world, this.last()).unwrap();
        let opened = approve(&world, &request, world.chief).unwrap();
        assert_eq!(opened.months, [this.first()]);
        assert_eq!(world.count("account_month WHERE state = 'superseded'"), 1);
        closed(&world, this.last());
        let MonthClosing::Closed(again) = close_month(&world, &name).unwrap() else {
            panic!("all days are closed")
        };
        assert_eq!(again.revision, 3);
        let text = String::from_utf8(again.document.clone()).unwrap();
        assert!(text.contains(&certificate.document_sha256), "it names the one it replaces");
        assert_eq!(chain(), None);
        let open = "UPDATE account_month SET state = 'superseded', revision = 4";
        assert_eq!(tools::code_of(&mut world.database.as_owner(), open), failure::CHECK);
        // While a day of it is open, no month after it closes.
        let request = ask(&world, this.last()).unwrap();
        approve(&world, &request, world.chief).unwrap();
        world.wait_days(31);
        assert_eq!(close_month(&world, &next).unwrap_err().code(), "month_before_open");
    });
}

#[test]
fn the_city_sees_who_has_no_statement_who_is_late_and_one_account_blocks_no_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let monday = today(&world);
        paid(&world, 0, 25_000);
        // Tây Hồ has a statement with a line nobody can post: it fails its proof.
        import(&world, &BankFile::new(world.tay_ho.account_no, monday, 0).book(7_000, "la", "T1").camt());
        world.wait_days(1);
        let closed =
            close_accounts(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), None, monday)
                .unwrap();
        let of = |unit| closed.iter().find(|one| one.unit == unit).unwrap().outcome.as_ref().unwrap();
        assert_eq!(of(world.ba_dinh.id).closed.len(), 1, "Ba Đình closed");
        let (day, obstacles) = of(world.tay_ho.id).refused.as_ref().unwrap();
        assert_eq!(*day, monday);
        assert!(obstacles.iter().any(|one| one.code() == "line_not_posted"), "{obstacles:?}");
        let soc_son = closed.iter().find(|one| one.unit == world.soc_son.id).unwrap();
        let failed = soc_son.outcome.as_ref().map(|_| ()).unwrap_err();
        assert_eq!(failed.code(), "signing_key_missing", "Sóc Sơn fails outright, and the others go on");

        let look = |actor: &Actor| world.look(|conn| overview::overview(conn, &world.stamp(), actor, None));
        let found = look(&Actor::system());
        let standing = |code: &str| found.rows.iter().find(|row| row.unit_code == code).unwrap();
        assert_eq!(standing("00004").standing, AccountStanding::UpToDate, "{found:?}");
        assert_eq!(standing("00091").standing, AccountStanding::Open);
        assert_eq!(standing("00376").standing, AccountStanding::NoStatement);
        assert_eq!((found.accounts, found.no_statement, found.open, found.up_to_date), (3, 1, 1, 1));
        assert_eq!(found.rows[0].unit_code, "00376", "the worst first");

        reconcile(&world.store, &world.stamp(), &Actor::system(), world.tay_ho.id, world.tay_ho.account)
            .unwrap();
        world.wait_days(3);
        let found = look(&Actor::system());
        let tay_ho = found.rows.iter().find(|row| row.unit_code == "00091").unwrap();
        assert_eq!((tay_ho.standing, tay_ho.unexplained), (AccountStanding::Late, Dong(7_000)));
        assert!(tay_ho.oldest_days.unwrap() >= 3 && found.oldest_days >= tay_ho.oldest_days);
        let own = Actor { scope: Scope::unit(world.ba_dinh.id), ..Actor::system() };
        assert_eq!(look(&own).accounts, 1, "a unit sees its own");
        let texts = report::overview::table(&found).texts();
        assert!(texts.iter().flatten().any(|cell| cell == "khóa trễ / late"), "{texts:?}");
    });
}

#[test]
fn what_waits_for_the_bank_or_the_treasury_too_long_is_an_alarm_that_ends_with_its_cause() {
    each_database(|database| {
        let world = World::settled_in(database);
        let opening = paid(&world, 0, 25_000);
        closed(&world, today(&world));
        let unit = world.ba_dinh.id;
        let alarms = || {
            let stamp = world.stamp();
            world.look(|conn| alarm::of_unit(conn, stamp.calendar, stamp.today(), unit))
        };
        assert_eq!(alarms(), []);
        world.wait_days(9);
        let found = alarms();
        assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [AlarmKind::DueUnordered]);
        assert_eq!(found[0].amount, Dong(12_500));

        let maker = person(unit, world.clerk, Role::Finance);
        let new = Draft { unit, account: None, kind: OrderKind::Treasury, lines: Vec::new() };
        let order = world.app.write(&maker, |tx, stamp| remittance::draft(tx, stamp, &maker, &new)).unwrap();
        assert_eq!(alarms(), [], "it is ordered");
        world.wait_days(4);
        assert_eq!(alarms()[0].kind, AlarmKind::OrderUnapproved);
        let checker = person(unit, world.chief, Role::Approver);
        world
            .app
            .write(&checker, |tx, stamp| remittance::approve(tx, stamp, &checker, unit, order.id))
            .unwrap();
        assert_eq!(alarms(), []);
        world.wait_days(6);
        assert_eq!(alarms()[0].kind, AlarmKind::OrderUndebited);
        shown(&world, opening, &[(-12_500, &format!("{} NOP NSNN", order.reference_code))]);
        assert_eq!(alarms(), []);
        world.wait_days(7);
        let late = alarms();
        assert_eq!((late[0].kind, late[0].order), (AlarmKind::OrderUncredited, Some(order.id)));
        assert!(late[0].late_days > 0 && late[0].kind.words().0.contains("Kho bạc"));
    });
}

#[test]
fn a_day_certificate_of_another_unit_is_out_of_sight() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid(&world, 0, 25_000);
        let certificate = closed(&world, today(&world));
        let found = |scope: &Scope| world.look(|conn| day_close::unit_of(conn, scope, certificate.id));
        assert_eq!(found(&Scope::All), Some(world.ba_dinh.id));
        assert_eq!(found(&Scope::unit(world.tay_ho.id)), None);
    });
}

#[test]
fn the_service_closes_by_itself_what_can_be_closed_and_nothing_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        paid(&world, 0, 25_000);
        assert_eq!(bienlai::worker::close_days(&world.app).unwrap(), 0, "today is not over");
        world.wait_days(1);
        assert_eq!(bienlai::worker::close_days(&world.app).unwrap(), 1);
        assert_eq!(bienlai::worker::close_days(&world.app).unwrap(), 0);
        assert_eq!(world.count("day_certificate"), 1);
    });
}
