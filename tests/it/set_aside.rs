//! Lines that could not be read: a person sees their text and says what they should have been.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::id::{LineId, PersonId, StatementId};
use bienlai::obligation::State;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::{office, reconcile};
use bienlai::statement::quarantine::{self, Decided, Quarantined, Repair, Verdict};
use bienlai::statement::query;

use crate::imports::{import, try_import};
use crate::support::bank_file::BankFile;
use crate::support::database::Database;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

/// Up to a million one person may decide in Ba Đình.
fn settled(database: Database) -> World {
    let world = World::settled_in(database);
    world.limit_for_one(&world.ba_dinh, Dong(1_000_000));
    world
}

fn clerk(world: &World) -> Actor {
    by(world, world.clerk)
}

fn by(world: &World, person: PersonId) -> Actor {
    Actor { person: Some(person), client: None, role: Role::Finance, scope: Scope::unit(world.ba_dinh.id) }
}

fn obstacles(world: &World) -> Vec<&'static str> {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let day = world.now().business_day();
    match close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day)
        .unwrap()
    {
        Closing::Closed(_) => Vec::new(),
        Closing::Refused(obstacles) => obstacles.iter().map(|one| one.code()).collect(),
    }
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("it is matched");
}

/// A day whose line of 150,000 was printed with a letter in its amount.
fn damaged(world: &World, code: &str) -> (BankFile, Vec<u8>) {
    let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
        .book(8_000, "le vi du", "R1")
        .book(FEE, &format!("{code} nop phi"), "R2");
    let text = String::from_utf8(day.mt940()).unwrap().replace("C25000,N", "C25x00,N");
    (day, text.into_bytes())
}

fn decide(world: &World, statement: StatementId, verdicts: &[Verdict]) -> Result<Vec<LineId>> {
    decide_as(world, &clerk(world), statement, verdicts).map(Decided::lines)
}

fn decide_as(world: &World, actor: &Actor, statement: StatementId, verdicts: &[Verdict]) -> Result<Decided> {
    let place = (world.ba_dinh.id, statement);
    office::decide_quarantine(&world.store, &|| world.stamp(), actor, place, verdicts)
}

fn waiting(world: &World) -> Vec<Quarantined> {
    world.look(|conn| quarantine::open(conn, world.ba_dinh.id, None, 100))
}

fn repair(world: &World, amount: i64, memo: &str) -> Repair {
    Repair {
        booking_date: world.now().business_day(),
        value_date: None,
        amount: Dong(amount),
        memo: memo.to_owned(),
        reference: None,
        bank_reference: Some("R2".to_owned()),
        counterparty_name: None,
        counterparty_account: None,
    }
}

#[test]
fn a_line_is_repaired_with_the_sum_the_balances_ask_for_and_goes_on_as_any_other() {
    each_database(|database| {
        let world = settled(database);
        let owed = world.raise(Dong(FEE));
        let (_, bytes) = damaged(&world, &owed.reference_code);
        let statement = import(&world, &bytes).statements[0].id;
        matched(&world);
        assert!(obstacles(&world).contains(&"lines_set_aside"), "{:?}", obstacles(&world));

        let line = waiting(&world).remove(0);
        let stored = world.look(|conn| query::statement(conn, world.ba_dinh.id, statement));
        let text = world.look(|conn| quarantine::text_of(conn, &world.vault, &stored, &line)).unwrap();
        assert!(
            text.contains("C25x00,") && text.contains(":86:") && text.contains(&owed.reference_code),
            "{text}"
        );
        let expected =
            quarantine::expected(&world.store, &world.stamp(), &clerk(&world), world.ba_dinh.id, statement);
        assert_eq!(expected.unwrap(), Some(Dong(FEE)));

        let memo = format!("{} nop phi", owed.reference_code);
        let verdict = |amount, reason: &str| Verdict {
            id: line.id,
            repair: Some(repair(&world, amount, &memo)),
            reason: reason.to_owned(),
        };
        let code = |verdicts: &[Verdict]| decide(&world, statement, verdicts).unwrap_err().code();
        assert_eq!(code(&[verdict(52_000, "in sai")]), "quarantine_balance_broken");
        assert_eq!(code(&[verdict(0, "in sai")]), "amount_zero");
        assert_eq!(code(&[verdict(FEE, " ")]), "reason_missing");
        assert_eq!(code(&[]), "quarantine_incomplete");
        let discarded = Verdict { id: line.id, repair: None, reason: "bỏ".to_owned() };
        assert_eq!(code(&[discarded]), "quarantine_balance_broken", "money is not discarded");

        assert_eq!(decide(&world, statement, &[verdict(FEE, "in sai một chữ số")]).unwrap().len(), 1);
        assert_eq!(code(&[verdict(FEE, "in sai một chữ số")]), "quarantine_not_open");
        matched(&world);
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (State::Paid, 1));
        assert_eq!(obstacles(&world), Vec::<&str>::new());
        assert_eq!(
            world.words("SELECT kind || ' ' || reason AS t FROM quarantine_event"),
            ["repaired in sai một chữ số"]
        );
    });
}

#[test]
fn what_moves_no_money_is_discarded_with_a_reason() {
    each_database(|database| {
        let world = settled(database);
        let day =
            BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0).book(8_000, "a", "R1");
        let text = String::from_utf8(day.mt940()).unwrap();
        let junk = text.replace(":62F:", ":61:261123C,NTRFNONREF\r\n:86:dong trong\r\n:62F:");
        let statement = import(&world, junk.as_bytes()).statements[0].id;
        let line = waiting(&world).remove(0);
        let verdict =
            Verdict { id: line.id, repair: None, reason: "dòng trống của ngân hàng".to_owned() };
        assert_eq!(decide(&world, statement, &[verdict]).unwrap(), []);
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
        assert_eq!(world.count("statement_line"), 1);
    });
}

#[test]
fn the_banks_corrected_file_settles_what_was_set_aside() {
    each_database(|database| {
        let world = settled(database);
        let (whole, bytes) = damaged(&world, "khong ma");
        import(&world, &bytes);
        assert_eq!(waiting(&world).len(), 1);
        let imported = import(&world, &whole.mt940());
        assert_eq!((imported.statements[0].lines_new, imported.statements[0].lines_known), (1, 1));
        assert!(waiting(&world).is_empty());
        assert_eq!(world.words("SELECT kind AS t FROM quarantine_event"), ["superseded"]);
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

fn keyed(world: &World, line: &Quarantined, amount: i64, memo: &str) -> Verdict {
    Verdict { id: line.id, repair: Some(repair(world, amount, memo)), reason: "in sai".to_owned() }
}

#[test]
fn a_repaired_line_that_another_file_told_already_is_that_line() {
    each_database(|database| {
        let world = settled(database);
        let owed = world.raise(Dong(FEE));
        let (day, bytes) = damaged(&world, &owed.reference_code);
        import(&world, &day.csv());
        matched(&world);
        assert_eq!(world.receipts(&owed).len(), 1);
        let statement = import(&world, &bytes).statements[0].id;
        let line = waiting(&world).remove(0);
        let memo = format!("{} nop phi", owed.reference_code);
        let known = decide(&world, statement, &[keyed(&world, &line, FEE, &memo)]).unwrap();
        let stored = world.words("SELECT CAST(id AS TEXT) AS t FROM statement_line WHERE amount = 25000");
        assert_eq!((known.len(), stored), (1, vec![known[0].0.to_string()]), "no second line is made of it");
        matched(&world);
        assert_eq!(
            (world.count("payment"), world.count("posting WHERE debit_account LIKE 'bank/%'")),
            (1, 2)
        );
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn a_repaired_twin_of_a_line_of_its_own_statement_is_a_line_of_its_own() {
    each_database(|database| {
        let world = settled(database);
        let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
            .book(FEE, "nop phi", "")
            .book(FEE, "nop phi", "");
        let text = String::from_utf8(day.mt940()).unwrap().replacen("C25000,N", "C25x00,N", 1);
        let statement = import(&world, text.as_bytes()).statements[0].id;
        let line = waiting(&world).remove(0);
        let twin = Repair { bank_reference: None, ..repair(&world, FEE, "nop phi") };
        let verdict = Verdict { id: line.id, repair: Some(twin), reason: "in sai".to_owned() };
        assert_eq!(decide(&world, statement, &[verdict]).unwrap().len(), 1);
        assert_eq!(world.count("statement_line"), 2);
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn a_repaired_line_lies_on_its_statements_days_and_on_none_that_is_closed() {
    each_database(|database| {
        let world = settled(database);
        let first = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0);
        import(&world, &first.book(1_000, "mot", "R0").mt940());
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
        let closed = world.now().business_day();
        world.wait_days(2);
        let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 1_000)
            .numbered(2)
            .book(8_000, "le", "R1")
            .book(FEE, "nop phi", "R2");
        let text = String::from_utf8(day.mt940()).unwrap().replace("C25000,N", "C25x00,N");
        let statement = import(&world, text.as_bytes()).statements[0].id;
        let line = waiting(&world).remove(0);
        let on = |day| Verdict {
            id: line.id,
            repair: Some(Repair { booking_date: day, ..repair(&world, FEE, "nop phi") }),
            reason: "in sai".to_owned(),
        };
        let code = |day| decide(&world, statement, &[on(day)]).unwrap_err().code();
        assert_eq!(code(closed), "quarantine_date_outside", "another statement tells that day");
        assert_eq!(code(closed.plus_days(-1)), "quarantine_date_outside");
        assert_eq!(code(world.now().business_day().next()), "quarantine_date_outside");
        assert_eq!(decide(&world, statement, &[on(closed.next())]).unwrap().len(), 1, "a day of its own");
    });
}

#[test]
fn a_repaired_line_goes_onto_no_day_that_was_closed_meanwhile() {
    each_database(|database| {
        let world = settled(database);
        let (unit, account, first) = (world.ba_dinh.id, world.ba_dinh.account, world.now().business_day());
        let day = BankFile::new(world.ba_dinh.account_no, first, 0).book(1_000, "mot", "R0");
        import(&world, &day.mt940());
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
        world.wait_days(2);
        // The first line of the next statement cannot be read: it may be of the day on which nothing is known.
        let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 1_000)
            .numbered(2)
            .book(FEE, "nop phi", "R1")
            .book(8_000, "le", "R2");
        let text = String::from_utf8(day.mt940()).unwrap().replace("C25000,N", "C25x00,N");
        let statement = import(&world, text.as_bytes()).statements[0].id;
        matched(&world);
        let stamp = || world.stamp();
        let between = first.next();
        let closing =
            close(&world.store, &world.keyring, &stamp, &Actor::system(), unit, account, between).unwrap();
        assert!(matches!(closing, Closing::Closed(_)), "{closing:?}");
        let line = waiting(&world).remove(0);
        let repair = Repair {
            booking_date: between,
            bank_reference: Some("R1".to_owned()),
            ..repair(&world, FEE, "nop phi")
        };
        let verdict = Verdict { id: line.id, repair: Some(repair), reason: "in sai".to_owned() };
        assert_eq!(decide(&world, statement, &[verdict]).unwrap_err().code(), "quarantine_day_closed");
    });
}

/// Both persons key the same, the first one twice: then it is done, and not before.
fn takes_two(world: &World, statement: StatementId, verdicts: &[Verdict]) -> Vec<LineId> {
    for _ in 0..2 {
        let alone = decide_as(world, &clerk(world), statement, verdicts).unwrap();
        assert_eq!(alone, Decided::SecondPerson, "one person does not do it");
    }
    assert!(!waiting(world).is_empty(), "nothing is done yet");
    decide_as(world, &by(world, world.chief), statement, verdicts).unwrap().lines()
}

#[test]
fn a_code_or_reference_that_the_file_does_not_show_takes_two_persons() {
    each_database(|database| {
        let world = settled(database);
        let owed = world.raise(Dong(FEE));
        let (_, bytes) = damaged(&world, "khong ma");
        let statement = import(&world, &bytes).statements[0].id;
        let line = waiting(&world).remove(0);
        let other = Repair { bank_reference: Some("R9".to_owned()), ..repair(&world, FEE, "nop phi") };
        let named = Verdict { id: line.id, repair: Some(other), reason: "in sai".to_owned() };
        assert_eq!(decide_as(&world, &clerk(&world), statement, &[named]).unwrap(), Decided::SecondPerson);
        let memo = format!("{} nop phi", owed.reference_code);
        assert_eq!(takes_two(&world, statement, &[keyed(&world, &line, FEE, &memo)]).len(), 1);
        matched(&world);
        assert_eq!((world.again(&owed).state, world.receipts(&owed).len()), (State::Paid, 1));
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn above_the_limit_and_without_one_a_repair_takes_two_persons() {
    for limit in [None, Some(FEE - 1)] {
        each_database(|database| {
            let world = World::settled_in(database);
            if let Some(limit) = limit {
                world.limit_for_one(&world.ba_dinh, Dong(limit));
            }
            let (_, bytes) = damaged(&world, "khong ma");
            let statement = import(&world, &bytes).statements[0].id;
            let line = waiting(&world).remove(0);
            assert_eq!(takes_two(&world, statement, &[keyed(&world, &line, FEE, "khong ma")]).len(), 1);
        });
    }
}

#[test]
fn several_lines_of_a_file_take_two_persons_and_what_the_file_says_of_them_stands() {
    each_database(|database| {
        let world = settled(database);
        let (_, bytes) = damaged(&world, "khong ma");
        // Of the line of 8.000 only the date is damaged.
        let text = String::from_utf8(bytes).unwrap().replace("23C8000,", "99C8000,");
        let statement = import(&world, text.as_bytes()).statements[0].id;
        let lines = waiting(&world);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let (small, large) = match lines[0].id < lines[1].id {
            true => (&lines[0], &lines[1]),
            false => (&lines[1], &lines[0]),
        };
        let verdicts = |first: i64, second: i64| {
            let one = Repair { bank_reference: Some("R1".to_owned()), ..repair(&world, first, "le") };
            let one = Verdict { id: small.id, repair: Some(one), reason: "in sai".to_owned() };
            [one, keyed(&world, large, second, "khong ma")]
        };
        let code = |first, second| decide(&world, statement, &verdicts(first, second)).unwrap_err().code();
        assert_eq!(code(9_000, 24_000), "quarantine_contradicts_text", "the file says 8.000");
        assert_eq!(code(41_000, -8_000), "quarantine_contradicts_text", "the file says a credit");
        assert_eq!(code(9_000, 25_000), "quarantine_balance_broken");
        assert_eq!(takes_two(&world, statement, &verdicts(8_000, FEE)).len(), 2);
        matched(&world);
        assert_eq!(obstacles(&world), Vec::<&str>::new());
    });
}

#[test]
fn a_table_without_stated_balances_and_with_a_line_nobody_can_read_does_not_go_in_at_all() {
    each_database(|database| {
        let world = settled(database);
        let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
            .book(8_000, "le vi du", "R1")
            .book(FEE, "khong ma", "R2")
            .book(1_000, "le nua", "R3");
        let table = |damage: &str| {
            let text = String::from_utf8(day.csv()).unwrap().replace(";25000;", damage);
            let rows: Vec<&str> = text.lines().filter(|row| !row.starts_with("Số dư")).collect();
            rows.join("\n").into_bytes()
        };
        let refused = try_import(&world, &clerk(&world), &table(";25x00;")).unwrap();
        assert_eq!(refused.errors[0].code, "statement_without_balance", "nothing proves what it says");
        assert_eq!((world.count("statement"), world.count("quarantined_line")), (0, 0));
        import(&world, &table(";25000;"));
        assert_eq!(world.words("SELECT balance_basis AS t FROM statement"), ["derived"]);
    });
}
