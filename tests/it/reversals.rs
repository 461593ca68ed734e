//! What the bank takes back, on the statement that brought it and in the run that posts both.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, Kind};
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::Method;
use bienlai::payment::refund::State as Refunded;
use bienlai::payment::resolve;
use bienlai::reconciliation::{Report, reconcile};

use crate::imports::import;
use crate::refunds::{approve, balance, now, request, send, statement, today};
use crate::support::bank_file::BankFile;
use crate::support::world::Commune;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

fn file(world: &World, commune: &Commune) -> BankFile {
    BankFile::new(commune.account_no, world.now().business_day(), 0)
}

fn matched(world: &World, commune: &Commune) -> Report {
    let stamp = world.stamp();
    reconcile(&world.store, &stamp, &Actor::system(), commune.id, commune.account).expect("it is matched")
}

fn cases(world: &World) -> Vec<String> {
    world.words("SELECT case_name AS t FROM line_case ORDER BY line_id")
}

#[test]
fn a_credit_and_its_take_back_on_one_statement_are_linked_in_every_format() {
    for format in [BankFile::camt, BankFile::mt940, BankFile::csv] {
        each_database(|database| {
            let world = World::settled_in(database);
            let commune = &world.ba_dinh;
            let owed = world.raise(Dong(FEE));
            let memo = format!("{} nop phi", owed.reference_code);
            let day = file(&world, commune).book(FEE, &memo, "FT26327001").book(-FEE, &memo, "FT26327001");
            import(&world, &format(&day));
            let report = matched(&world, commune);
            assert_eq!((report.credited, report.reversed, report.unknown), (1, 1, 0), "{:?}", cases(&world));
            // The receipt of the credit stands, so the payer owes the money again.
            let payment = world.payments(commune).remove(0);
            world.assert_balances(
                commune.id,
                &[
                    (Account::Bank(commune.account), 0),
                    (Account::FeesCollected("HT-01".to_owned()), -FEE),
                    (Account::ReversalToRecover(payment.id), FEE),
                ]
                .into_iter()
                .filter(|(_, balance)| *balance != 0)
                .collect::<Vec<_>>(),
            );
            assert_eq!(world.open_kinds(commune.id), [Kind::BankReversal]);
            assert_eq!(matched(&world, commune).lines_posted, 0, "a second run finds nothing");
        });
    }
}

#[test]
fn a_take_back_that_the_channel_told_of_too_is_linked_and_not_an_unknown_debit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.tay_ho; // Its bank only advises, so no receipt is made before the line.
        let owed = world.raise_at(commune, Dong(FEE));
        world.claim(&owed, Dong(FEE)).reference("FT26327002").settle();
        world.claim(&owed, Dong(FEE)).reference("FT26327002").of_a_debit().settle();
        let memo = format!("{} nop phi", owed.reference_code);
        let day = file(&world, commune).book(FEE, &memo, "FT26327002").book(-FEE, &memo, "FT26327002");
        import(&world, &day.camt());
        let report = matched(&world, commune);
        assert_eq!((report.proven, report.reversed, report.unknown), (1, 1, 0), "{:?}", cases(&world));
        assert_eq!(world.count("movement WHERE state = 'expected'"), 0, "both claims are proven");
        assert_eq!(world.open_kinds(commune.id), [Kind::BankReversal]);
        let payment = world.payments(commune).remove(0);
        world.assert_balances(
            commune.id,
            &[
                (Account::FeesCollected("HT-01".to_owned()), -FEE),
                (Account::ReversalToRecover(payment.id), FEE),
            ],
        );
    });
}

#[test]
fn a_take_back_of_part_of_the_fee_in_the_same_run_opens_the_obligation_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh;
        let owed = world.raise(Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        let day = file(&world, commune).book(10_000, &memo, "FT26327003").book(-10_000, &memo, "FT26327003");
        import(&world, &day.camt());
        let report = matched(&world, commune);
        assert_eq!((report.credited, report.reversed), (1, 1));
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(0)));
        world.assert_balances(commune.id, &[]);
    });
}

/// The bank takes a payment back and the citizen pays again before the statement is matched.
#[test]
fn what_is_taken_back_and_paid_again_in_one_run_pays_the_fee_and_is_no_surplus() {
    for first in [FEE, 10_000] {
        each_database(|database| {
            let world = World::settled_in(database);
            let commune = &world.ba_dinh;
            let owed = world.raise(Dong(FEE));
            let memo = format!("{} nop phi", owed.reference_code);
            let day = file(&world, commune)
                .book(first, &memo, "FT26327003")
                .book(-first, &memo, "FT26327003")
                .book(FEE, &memo, "FT26327009");
            import(&world, &day.camt());
            let report = matched(&world, commune);
            assert_eq!((report.credited, report.reversed), (2, 1), "{:?}", cases(&world));
            let again = world.again(&owed);
            assert_eq!((again.state, again.allocated), (State::Paid, Dong(FEE)));
            assert_eq!(world.receipts(&owed).len(), 1);
            world.assert_balances(
                commune.id,
                &[(Account::Bank(commune.account), FEE), (Account::FeesCollected("HT-01".to_owned()), -FEE)],
            );
            let asked: Vec<Kind> =
                world.open_kinds(commune.id).into_iter().filter(|kind| *kind != Kind::BankReversal).collect();
            assert_eq!(asked, [], "nothing is too much and nothing missing");
            assert_eq!(matched(&world, commune).lines_posted, 0, "a second run finds nothing");
        });
    }
}

#[test]
fn money_that_comes_back_to_us_waits_in_suspense_for_a_person() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh;
        let day = file(&world, commune).book(40_000, "tien chua ro", "FT26327004").book(
            -15_000,
            "chuyen nham",
            "FT26327005",
        );
        import(&world, &day.camt());
        matched(&world, commune);
        let next = BankFile::new(commune.account_no, world.now().business_day().next(), 25_000).numbered(2);
        world.wait_days(1);
        let returned = next.book(15_000, "hoan tra chuyen nham", "FT26327005").camt();
        let marked = String::from_utf8(returned)
            .unwrap()
            .replace("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>");
        import(&world, marked.as_bytes());
        let report = matched(&world, commune);
        assert_eq!(report.reversed, 1, "{:?}", cases(&world));
        let suspense = world.look(|conn| bienlai::ledger::trial_balance(conn, commune.id));
        let waiting: i64 = suspense
            .iter()
            .filter(|(account, _)| account.starts_with("suspense"))
            .map(|(_, balance)| balance.0)
            .sum();
        assert_eq!(waiting, -55_000, "what came back waits beside what nobody knows: {suspense:?}");
    });
}

fn officer(world: &World, role: Role, person: bienlai::id::PersonId) -> Actor {
    Actor { person: Some(person), client: None, role, scope: Scope::unit(world.ba_dinh.id) }
}

#[test]
fn money_that_was_taken_back_meanwhile_cannot_be_assigned_and_unexplained_money_not_acknowledged() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh;
        let owed = world.raise(Dong(FEE));
        import(&world, &file(&world, commune).book(FEE, "khong ghi ma", "FT26327006").camt());
        matched(&world, commune);
        let item = world.exceptions(commune.id).remove(0);
        assert_eq!(item.kind, Kind::UnidentifiedCredit);
        let (clerk, chief) =
            (officer(&world, Role::Finance, world.clerk), officer(&world, Role::Approver, world.chief));
        let fits = |resolution: &str, target| {
            world.try_change(|tx, _| {
                let item = exception::find(tx, commune.id, item.id)?;
                resolve::check_proposal(tx, &item, resolution, target)
            })
        };
        assert_eq!(fits("acknowledge", None).unwrap_err().code(), "resolution_unfit", "it is unexplained");
        fits("assign", Some(owed.id.0)).unwrap();
        world.change(|tx, stamp| {
            let proposal = ("assign", Some(owed.id.0), "đối chiếu giấy nộp tiền");
            exception::propose(tx, stamp, &clerk, commune.id, item.id, proposal)
        });
        // Before the second person looks, the bank takes it back.
        world.wait_days(1);
        let next = BankFile::new(commune.account_no, world.now().business_day(), FEE).numbered(2);
        import(&world, &next.book(-FEE, "khong ghi ma", "FT26327006").camt());
        assert_eq!(matched(&world, commune).reversed, 1);
        let refused = world
            .try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, commune.id, item.id))
            .unwrap_err();
        assert!(
            ["line_not_in_suspense", "resolution_unfit", "exception_not_proposed"].contains(&refused.code()),
            "{refused:?}"
        );
        assert_eq!((world.again(&owed).state, world.count("payment")), (State::Raised, 0));
        world.assert_balances(commune.id, &[]);
    });
}

#[test]
fn an_exception_whose_cause_comes_back_is_open_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(10_000)).settle();
        let item = world.exceptions(unit).remove(0);
        assert_eq!((item.kind, item.state), (Kind::Underpaid, exception::State::Open));
        let (clerk, chief) =
            (officer(&world, Role::Finance, world.clerk), officer(&world, Role::Approver, world.chief));
        let seen = world.app.read(&clerk, |conn| resolve::check_proposal(conn, &item, "acknowledge", None));
        assert_eq!(seen.unwrap_err().code(), "advance_stands", "10.000 would be asked about by nobody");
        // An older version let it be acknowledged.
        world.change(|tx, stamp| {
            let proposal = ("acknowledge", None, "đã nhắc người nộp");
            exception::propose(tx, stamp, &clerk, unit, item.id, proposal)
        });
        world.change(|tx, stamp| exception::approve(tx, stamp, &chief, unit, item.id));
        assert!(world.open_kinds(unit).is_empty());
        // Another part comes: it is underpaid anew.
        world.claim(&owed, Dong(5_000)).settle();
        let again = world.exceptions(unit).remove(0);
        assert_eq!((again.id, again.state), (item.id, exception::State::Open));
        let events = world.words("SELECT kind AS t FROM exception_event ORDER BY revision");
        assert_eq!(events, ["opened", "proposed", "approved", "reopened"]);
        let reasons = world.words("SELECT reason AS t FROM exception_event WHERE kind = 'reopened'");
        assert!(reasons[0].contains("10000"), "what is missing now: {reasons:?}");
        // The rest comes: it settles by itself, and stays so.
        world.claim(&owed, Dong(10_000)).settle();
        assert!(world.open_kinds(unit).is_empty());
    });
}

#[test]
fn a_callback_that_comes_after_the_bank_took_unplaced_money_back_pays_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh; // Its bank's word is taken for money.
        let owed = world.raise(Dong(FEE));
        // The statement cut the code off, so the credit stood in suspense until it was taken back.
        let memo = "NHAN TU 19001234567890 ND HNPH";
        let day = file(&world, commune).book(FEE, memo, "FT26327009").book(-FEE, memo, "FT26327009");
        import(&world, &day.camt());
        assert_eq!(matched(&world, commune).reversed, 1, "{:?}", cases(&world));
        let late = world.claim(&owed, Dong(FEE)).reference("FT26327009").settle();
        assert!(late.receipt.is_none());
        assert_eq!(world.again(&owed).state, State::Raised);
        assert!(world.payments(commune).is_empty());
        world.assert_balances(commune.id, &[]);
        assert_eq!(matched(&world, commune).lines_posted, 0, "a second run finds nothing");
        assert_eq!(world.again(&owed).state, State::Raised);
    });
}

#[test]
fn suspense_that_a_late_callback_gives_another_commune_is_an_exception_until_it_is_paid_on() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (commune, owner) = (&world.ba_dinh, &world.tay_ho);
        let owed = world.raise_at(owner, Dong(FEE));
        let day = file(&world, commune).book(FEE, "NHAN TU 19001234567890 ND HNPH", "FT26327010");
        import(&world, &day.camt());
        assert_eq!(matched(&world, commune).unknown, 1, "{:?}", cases(&world));
        world.claim(&owed, Dong(FEE)).on(commune.account_no).reference("FT26327010").settle();
        assert_eq!(world.open_kinds(commune.id), [Kind::WrongAccount]);
        world.assert_balances(
            commune.id,
            &[(Account::Bank(commune.account), FEE), (Account::DueToUnit(owner.id), -FEE)],
        );
    });
}

/// The first credit and its take-back are on yesterday's statement, and a receipt stands on the credit.
fn taken_back(world: &World) -> bienlai::obligation::Obligation {
    let commune = &world.ba_dinh;
    let owed = world.raise(Dong(FEE));
    let memo = format!("{} nop phi", owed.reference_code);
    let day = file(world, commune).book(FEE, &memo, "FT26327101").book(-FEE, &memo, "FT26327101");
    import(world, &day.camt());
    matched(world, commune);
    assert_eq!(world.open_kinds(commune.id), [Kind::BankReversal]);
    owed
}

#[test]
fn who_pays_again_what_the_bank_took_back_covers_the_debt_and_the_receipt_stands() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh;
        let owed = taken_back(&world);
        let first = world.payments(commune).remove(0);
        // Part of it, by a channel whose word counts, and more than the rest on a statement.
        world.claim(&owed, Dong(10_000)).reference("FT26327102").settle();
        assert_eq!(world.open_kinds(commune.id), [Kind::BankReversal], "something is missing still");
        world.wait_days(1);
        let memo = format!("{} nop lai", owed.reference_code);
        let next = BankFile::new(commune.account_no, world.now().business_day(), 0)
            .numbered(2)
            .book(10_000, &memo, "FT26327102")
            .book(20_000, &memo, "FT26327103");
        import(&world, &next.camt());
        matched(&world, commune);
        let last = world.payments(commune).remove(2);
        world.assert_balances(
            commune.id,
            &[
                (Account::Bank(commune.account), 30_000),
                (Account::FeesCollected("HT-01".to_owned()), -FEE),
                (Account::Surplus(last.id), -5_000),
            ],
        );
        assert_eq!(world.open_kinds(commune.id), [Kind::Overpaid], "only what is too much is owed back");
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Paid, Dong(FEE)));
        let receipts = world.receipts(&owed);
        assert_eq!(receipts.len(), 1, "the one receipt stands");
        let taken = world.payments(commune).into_iter().find(|one| one.id == first.id).unwrap();
        assert_eq!((taken.reversed, taken.to_obligations), (Dong(FEE), Dong(0)));
    });
}

/// Two refunds of what was too much are decided, and one of them is sent, when the bank takes all of it back.
#[test]
fn who_pays_the_fee_again_ends_no_question_about_a_refund_that_had_left_with_the_rest() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = &world.ba_dinh;
        let owed = world.raise(Dong(FEE));
        let memo = format!("{} nop phi", owed.reference_code);
        statement(&world, file(&world, commune).book(30_000, &memo, "FT26327000001"));
        let payment = world.payments(commune).remove(0).id;
        let [sent, decided] =
            [2_000, 3_000].map(|amount| approve(&world, &request(&world, payment, amount).unwrap()).unwrap());
        send(&world, &sent).unwrap();
        world.wait_days(1);
        let taken = BankFile::new(commune.account_no, today(&world), 30_000);
        statement(&world, taken.book(-30_000, &format!("DAO GIAO DICH {memo}"), "FT26327000001"));
        let debt = Account::ReversalToRecover(payment);
        let asked = || {
            let mut items = world.exceptions(commune.id).into_iter();
            let item = items.find(|item| item.kind == Kind::BankReversal).expect("it was taken back");
            (item.state, item.amount)
        };
        assert_eq!(now(&world, &decided).state, Refunded::Refused);
        assert_eq!((balance(&world, &debt), asked()), (27_000, (exception::State::Open, Dong(27_000))));

        world.wait_days(1);
        statement(&world, file(&world, commune).book(FEE, &memo, "FT26327000002"));
        assert_eq!((balance(&world, &debt), asked()), (2_000, (exception::State::Open, Dong(2_000))));
        world.wait_days(1);
        let out = BankFile::new(commune.account_no, today(&world), FEE);
        statement(&world, out.book(-2_000, &format!("HOAN TIEN {}", sent.reference_code), "R3"));
        assert_eq!(now(&world, &sent).state, Refunded::Debited);
        assert_eq!((balance(&world, &debt), asked()), (2_000, (exception::State::Open, Dong(2_000))));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn the_counter_takes_again_exactly_what_the_bank_took_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = taken_back(&world);
        let items = world.exceptions(world.ba_dinh.id);
        let debt = items.iter().find(|item| item.kind == Kind::BankReversal).expect("somebody is asked");
        let waved = world.look(|conn| Ok(resolve::check_proposal(conn, debt, "acknowledge", None)));
        assert_eq!(waved.unwrap_err().code(), "reversal_stands");
        let refused = world.take(&owed, Dong(FEE - 1_000), Method::Cash).unwrap_err();
        assert_eq!(refused.code(), "counter_full_amount_only");
        let taken = world.take(&owed, Dong(FEE), Method::Cash).expect("it is owed again");
        assert!(taken.receipts.is_empty(), "no second receipt is made");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(
            world.take(&owed, Dong(FEE), Method::Cash).unwrap_err().code(),
            "obligation_closed",
            "once, and no more"
        );
    });
}
