//! Surplus goes back to its payer: two persons, proven money, a debit line, or a bounce.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::exception::{self, Kind};
use bienlai::id::{ExceptionId, PaymentId};
use bienlai::ledger::{self, Account};
use bienlai::payment::book::Method;
use bienlai::payment::refund::{self, Ask, Payee, Refund, State};
use bienlai::payment::resolve;
use bienlai::reconciliation::reconcile;

use crate::corrections::{fee, person};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

pub fn payee() -> Payee {
    Payee { bank: "970432".into(), account_no: "1900 9999 00".into(), holder: "NGUYEN THI THU".into() }
}

pub fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

/// Ba Đình's statement of today, which begins at this balance.
pub fn day(world: &World, opening: i64) -> BankFile {
    BankFile::new(world.ba_dinh.account_no, today(world), opening)
}

pub fn statement(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// 30.000 came for 25.000, and the statement shows it.
pub fn overpaid(world: &World) -> PaymentId {
    let owed = world.raise(FEE);
    let memo = format!("{} nop phi", owed.reference_code);
    statement(world, BankFile::new(world.ba_dinh.account_no, today(world), 0).book(30_000, &memo, "R1"));
    world.payments(&world.ba_dinh)[0].id
}

pub fn request(world: &World, payment: PaymentId, amount: i64) -> Result<Refund> {
    let maker = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let ask = Ask {
        unit: world.ba_dinh.id,
        payment,
        amount: Dong(amount),
        reason: "nộp thừa".into(),
        payee: Some(payee()),
    };
    world.app.write(&maker, |tx, stamp| refund::request(tx, stamp, &maker, &ask))
}

pub fn approve(world: &World, one: &Refund) -> Result<Refund> {
    let checker = person(one.unit, world.chief, Role::Approver);
    world.app.write(&checker, |tx, stamp| refund::approve(tx, stamp, &checker, one.unit, one.id))
}

pub fn send(world: &World, one: &Refund) -> Result<Refund> {
    let finance = person(one.unit, world.clerk, Role::Finance);
    world.app.write(&finance, |tx, stamp| refund::send(tx, stamp, &finance, one.unit, one.id))
}

pub fn refuse(world: &World, one: &Refund) -> Result<Refund> {
    let checker = person(one.unit, world.chief, Role::Approver);
    world
        .app
        .write(&checker, |tx, stamp| refund::refuse(tx, stamp, &checker, one.unit, one.id, "sai tài khoản"))
}

pub fn now(world: &World, one: &Refund) -> Refund {
    world.look(|conn| refund::find(conn, one.unit, one.id))
}

pub fn balance(world: &World, account: &Account) -> i64 {
    world.look(|conn| ledger::balance(conn, world.ba_dinh.id, account)).0
}

#[test]
fn a_refund_is_approved_sent_shown_by_its_debit_line_bounced_and_sent_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        assert_eq!(asked.state, State::Requested);
        assert_eq!(request(&world, payment, 1).unwrap_err().code(), "refund_beyond_surplus");
        approve(&world, &asked).unwrap();
        assert_eq!(
            (balance(&world, &Account::Surplus(payment)), balance(&world, &Account::RefundPayable)),
            (0, -5_000)
        );
        send(&world, &asked).unwrap();
        assert_eq!(refuse(&world, &asked).unwrap_err().code(), "refund_state_wrong");

        world.wait_days(1);
        let out = format!("HOAN TIEN {}", asked.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 30_000).book(-5_000, &out, "R2"),
        );
        assert_eq!(now(&world, &asked).state, State::Debited);
        assert_eq!(balance(&world, &Account::RefundPayable), 0);
        assert_eq!(balance(&world, &Account::Bank(world.ba_dinh.account)), 25_000);
        let held = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((held.surplus, held.reversed, held.to_obligations), (Dong(0), Dong(5_000), FEE));
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "the surplus is no exception any more");

        world.wait_days(1);
        let back = format!("TRA LAI {}", asked.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 25_000).book(5_000, &back, "R3"),
        );
        assert_eq!(now(&world, &asked).state, State::Bounced);
        assert_eq!(balance(&world, &Account::RefundPayable), -5_000);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::RefundBounced]);
        send(&world, &asked).unwrap();
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());

        world.wait_days(1);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 30_000).book(-5_000, &out, "R4"),
        );
        assert_eq!(now(&world, &asked).state, State::Debited);
        assert_eq!(balance(&world, &Account::RefundPayable), 0);

        // It comes back once more and is given up: the surplus is the payer's again, and is asked about.
        world.wait_days(1);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 25_000).book(5_000, &back, "R5"),
        );
        refuse(&world, &asked).unwrap();
        assert_eq!(balance(&world, &Account::Surplus(payment)), -5_000);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::Overpaid]);
    });
}

#[test]
fn what_was_approved_and_refused_is_surplus_again_and_may_be_asked_for_anew() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 3_000).unwrap();
        approve(&world, &asked).unwrap();
        refuse(&world, &asked).unwrap();
        assert_eq!(
            (balance(&world, &Account::Surplus(payment)), balance(&world, &Account::RefundPayable)),
            (-5_000, 0)
        );
        for fault in [approve(&world, &asked), send(&world, &asked), refuse(&world, &asked)] {
            assert_eq!(fault.unwrap_err().code(), "refund_state_wrong");
        }
        assert_eq!(request(&world, payment, 5_000).unwrap().amount, Dong(5_000));
    });
}

#[test]
fn a_refund_takes_two_persons_and_a_payee_that_nobody_reads_in_the_database() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        let same = person(asked.unit, world.clerk, Role::Approver);
        let by_maker =
            world.app.write(&same, |tx, stamp| refund::approve(tx, stamp, &same, asked.unit, asked.id));
        assert_eq!(by_maker.unwrap_err().code(), "maker_is_checker");
        let sql = format!("UPDATE refund SET checker_person_id = {}, revision = 9", world.clerk.0);
        assert!(tools::run(&mut world.database.as_owner(), &sql).is_err(), "the database refuses it too");
        // Who names the payee does not approve either.
        let third = person(asked.unit, world.chief, Role::Finance);
        world
            .app
            .write(&third, |tx, stamp| refund::name_payee(tx, stamp, &third, asked.unit, asked.id, &payee()))
            .unwrap();
        assert_eq!(approve(&world, &asked).unwrap_err().code(), "maker_is_checker");
        let shown = world.look(|conn| refund::payee(conn, &world.vault, asked.unit, asked.id)).unwrap();
        assert_eq!(shown.account_no, "1900999900");
        assert!(!format!("{shown:?}").contains("1900999900"));
        assert_eq!(world.count("refund_payee WHERE CAST(cipher AS TEXT) LIKE '%1900999900%'"), 0);
    });
}

#[test]
fn a_refund_says_whether_it_goes_back_to_the_account_its_money_came_from() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(30_000, &memo, "R1");
        let camt = String::from_utf8(file.without_sequence().camt()).unwrap();
        let sender =
            "<RltdPties><DbtrAcct><Id><Othr><Id>1900999900</Id></Othr></Id></DbtrAcct></RltdPties><RmtInf>";
        import(&world, camt.replace("<RmtInf>", sender).as_bytes());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        let asked = request(&world, world.payments(&world.ba_dinh)[0].id, 5_000).unwrap();
        let is_sender = |account_no: &str| {
            let named = Payee { account_no: account_no.into(), ..payee() };
            world.look(|conn| refund::sender::is_sender(conn, &world.vault, &asked, &named))
        };
        assert_eq!(is_sender("1900 9999 00"), Some(true));
        assert_eq!(is_sender("1900999901"), Some(false), "the second person sees that");
        let cash = world.raise(FEE);
        world.take(&cash, FEE, Method::Cash).unwrap();
        let payment =
            world.payments(&world.ba_dinh).into_iter().find(|one| one.movement.is_none()).unwrap().id;
        let of_cash = Refund { payment, ..asked.clone() };
        let unknown = world.look(|conn| refund::sender::is_sender(conn, &world.vault, &of_cash, &payee()));
        assert_eq!(unknown, None);
    });
}

#[test]
fn money_on_a_channels_word_is_not_refunded() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.claim(&owed, Dong(30_000)).settle();
        let payment = world.payments(&world.ba_dinh)[0].id;
        let asked = request(&world, payment, 5_000).unwrap();
        assert_eq!(approve(&world, &asked).unwrap_err().code(), "refund_money_unproven");
    });
}

#[test]
fn a_debit_that_names_a_refund_but_not_its_amount_stays_unexplained_by_name() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        approve(&world, &asked).unwrap();
        send(&world, &asked).unwrap();
        world.wait_days(1);
        let out = format!("HOAN TIEN {}", asked.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 30_000).book(-4_000, &out, "R2"),
        );
        assert_eq!(now(&world, &asked).state, State::Sent);
        assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::RefundUnmatched));
        assert_eq!(balance(&world, &Account::RefundPayable), -5_000);
    });
}

#[test]
fn a_refund_that_no_statement_shows_in_time_is_an_alarm() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        approve(&world, &asked).unwrap();
        send(&world, &asked).unwrap();
        world.wait_days(7);
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 30_000));
        assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::RefundUnmatched));
    });
}

#[test]
fn money_the_bank_takes_back_takes_its_unsent_refunds_with_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        world.take(&owed, FEE, Method::Cash).unwrap();
        // A second transfer is all surplus; its refund is approved; then the bank reverses it.
        let memo = format!("{} nop phi", owed.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "FT26327000001"),
        );
        let payment = world.payments(&world.ba_dinh).into_iter().find(|one| one.surplus == FEE).unwrap().id;
        let asked = request(&world, payment, 25_000).unwrap();
        approve(&world, &asked).unwrap();
        assert_eq!(balance(&world, &Account::RefundPayable), -25_000);
        world.wait_days(1);
        let back = format!("DAO GIAO DICH R1 {memo}");
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 25_000).book(
                -25_000,
                &back,
                "FT26327000001",
            ),
        );
        let held = world.payments(&world.ba_dinh).into_iter().find(|one| one.id == payment).unwrap();
        if held.reversed == FEE {
            assert_eq!(now(&world, &asked).state, State::Refused);
            assert_eq!(balance(&world, &Account::RefundPayable), 0);
            assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 0);
            let open = world.open_kinds(world.ba_dinh.id);
            assert!(open.is_empty(), "nobody owes anything or has anything to do: {open:?}");
        } else {
            panic!("the reversal was not recognised: {:?}", world.open_kinds(world.ba_dinh.id));
        }
    });
}

#[test]
fn an_approved_refund_of_money_the_bank_took_back_ends_and_its_surplus_covers_the_debt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(FEE);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(30_000, &memo, "FT26327000001"));
        let payment = world.payments(&world.ba_dinh)[0].id;
        let asked = request(&world, payment, 5_000).unwrap();
        approve(&world, &asked).unwrap();
        world.wait_days(1);
        let back = format!("DAO GIAO DICH {memo}");
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-30_000, &back, "FT26327000001"));
        assert_eq!(now(&world, &asked).state, State::Refused, "nobody pays it out any more");
        assert_eq!(send(&world, &asked).unwrap_err().code(), "refund_state_wrong");
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 25_000, "as the receipt says");
        assert_eq!(balance(&world, &Account::Surplus(payment)), 0);
        assert_eq!(balance(&world, &Account::RefundPayable), 0);
        assert_eq!(request(&world, payment, 1).unwrap_err().code(), "refund_beyond_surplus");
    });
}

/// A refund on its way whose debit line has another amount; the exception it leaves.
pub fn debited_otherwise(world: &World, surplus: i64, refund: i64, debited: i64) -> (Refund, PaymentId) {
    let owed = world.raise(FEE);
    let memo = format!("{} nop phi", owed.reference_code);
    let paid = 25_000 + surplus;
    statement(world, BankFile::new(world.ba_dinh.account_no, today(world), 0).book(paid, &memo, "R1"));
    let payment = world.payments(&world.ba_dinh)[0].id;
    let asked = request(world, payment, refund).unwrap();
    approve(world, &asked).unwrap();
    send(world, &asked).unwrap();
    world.wait_days(1);
    let out = format!("HOAN TIEN {}", asked.reference_code);
    let file = BankFile::new(world.ba_dinh.account_no, today(world), paid);
    statement(world, file.book(-debited, &out, "R2"));
    assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::RefundUnmatched));
    (asked, payment)
}

/// One person proposes, another approves.
pub fn named(world: &World, one: &Refund, resolution: &str) -> Result<()> {
    let unit = one.unit;
    let (clerk, chief) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    let items = world.exceptions(unit);
    let item = items.into_iter().find(|item| item.kind == Kind::RefundUnmatched).expect("it is open");
    world.try_change(|tx, stamp| {
        let proposal = (resolution, Some(one.id.0), "đối chiếu ủy nhiệm chi");
        let item = exception::propose(tx, stamp, &clerk, unit, item.id, proposal)?;
        resolve::check_proposal(tx, &item, resolution, Some(one.id.0))
    })?;
    let same = person(unit, world.clerk, Role::Approver);
    let by_maker = world.try_change(|tx, stamp| resolve::approve(tx, stamp, &same, unit, item.id));
    assert_eq!(by_maker.map(|_| ()).unwrap_err().code(), "maker_is_checker");
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item.id)).map(|_| ())
}

/// A credit of another day that two persons say pays back what the refund's debit took too much; its item.
pub fn paid_back(world: &World, one: &Refund, opening: i64, amount: i64) -> Result<ExceptionId> {
    let account_no = world.ba_dinh.account_no;
    world.wait_days(1);
    let (memo, reference) = ("NGUOI NHAN TRA LAI TIEN HOAN THUA", format!("R{amount}"));
    statement(world, BankFile::new(account_no, today(world), opening).book(amount, memo, &reference));
    said_of_a_credit(world, one, amount, "refund_repaid")
}

pub fn said_of_a_credit(world: &World, one: &Refund, amount: i64, resolution: &str) -> Result<ExceptionId> {
    let unit = one.unit;
    let (clerk, chief) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    let open = |item: &exception::Exception| item.state == exception::State::Open && item.amount.0 == amount;
    let mut items = world.exceptions(unit).into_iter().filter(|item| item.kind == Kind::UnidentifiedCredit);
    let id = items.find(open).expect("nobody knows it").id;
    let ask = (resolution, Some(one.id.0), "sao kê của người nhận");
    world.try_change(|tx, stamp| resolve::propose(tx, stamp, &clerk, (unit, id), ask.into(), &[]))?;
    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, id)).map(|(item, _)| item.id)
}

#[test]
fn a_refund_debited_short_leaves_the_rest_owed_to_its_payer() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (asked, payment) = debited_otherwise(&world, 5_000, 5_000, 4_000);
        for wrong in ["refund_over", "refund_debit"] {
            assert_eq!(named(&world, &asked, wrong).unwrap_err().code(), "resolution_unfit");
        }
        named(&world, &asked, "refund_short").unwrap();
        assert_eq!(now(&world, &asked).state, State::Debited);
        assert_eq!(balance(&world, &Account::RefundPayable), 0);
        assert_eq!(balance(&world, &Account::Surplus(payment)), -1_000);
        let held = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((held.surplus, held.reversed), (Dong(1_000), Dong(4_000)));
        assert!(!world.open_kinds(asked.unit).contains(&Kind::RefundUnmatched));
        assert_eq!(
            request(&world, payment, 1_000).unwrap().amount,
            Dong(1_000),
            "the rest is asked for anew"
        );
        // What never went out as a whole does not come back as a whole.
        world.wait_days(1);
        let back = format!("TRA LAI {}", asked.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 26_000);
        statement(&world, file.book(5_000, &back, "R3"));
        assert_eq!(now(&world, &asked).state, State::Debited);
    });
}

#[test]
fn a_refund_debited_with_more_takes_free_surplus_first_and_the_rest_is_owed_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (asked, payment) = debited_otherwise(&world, 5_000, 3_000, 6_500);
        assert_eq!(named(&world, &asked, "refund_short").unwrap_err().code(), "resolution_unfit");
        named(&world, &asked, "refund_over").unwrap();
        assert_eq!(now(&world, &asked).state, State::Debited);
        assert_eq!(balance(&world, &Account::RefundPayable), 0);
        assert_eq!(balance(&world, &Account::Surplus(payment)), 0);
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 1_500);
        assert!(world.open_kinds(asked.unit).iter().all(|kind| *kind != Kind::Overpaid));
        let debt = world.exceptions(asked.unit).into_iter().find(|one| one.kind == Kind::BankReversal);
        let debt = debt.expect("somebody is asked about what is owed back");
        assert_eq!((debt.state, debt.amount), (exception::State::Open, Dong(1_500)));
        // It comes back in two parts, and the debt ends with the second.
        let asked_now = || {
            let now = world.look(|conn| exception::find(conn, debt.unit, debt.id));
            (now.state, now.amount.0, balance(&world, &Account::ReversalToRecover(payment)))
        };
        paid_back(&world, &asked, 23_500, 1_000).unwrap();
        assert_eq!(asked_now(), (exception::State::Open, 500, 500));
        let more = paid_back(&world, &asked, 24_500, 501).unwrap_err();
        assert_eq!(more.code(), "resolution_unfit", "no more than is owed");
        let last = paid_back(&world, &asked, 25_001, 500).unwrap();
        assert_eq!(asked_now(), (exception::State::Resolved, 500, 0));
        // It was said wrongly: the debt is asked for again.
        crate::taken_apart::reopened(&world, last);
        assert_eq!(asked_now(), (exception::State::Open, 500, 500));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn what_a_debit_took_of_free_surplus_is_named_by_its_step_and_asked_about_no_more() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (asked, payment) = debited_otherwise(&world, 5_000, 1_000, 1_500);
        named(&world, &asked, "refund_over").unwrap();
        assert_eq!(balance(&world, &Account::Surplus(payment)), -3_500);
        let told = world.words("SELECT reason AS t FROM refund_event WHERE kind = 'debited_over'");
        assert_eq!(told, ["its debit took 500 đồng of surplus that no refund held"]);
        let is_open = |one: &exception::Exception| {
            one.kind == Kind::Overpaid && one.state != exception::State::Resolved
        };
        let mut items = world.exceptions(asked.unit).into_iter().filter(is_open);
        assert!(items.all(|item| item.amount <= Dong(3_500)), "nobody is owed what left");
    });
}

#[test]
fn a_debit_that_took_too_much_waits_for_the_decision_about_the_payments_other_refund() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (asked, payment) = debited_otherwise(&world, 5_000, 3_000, 6_500);
        request(&world, payment, 1_000).unwrap();
        assert_eq!(named(&world, &asked, "refund_over").unwrap_err().code(), "refund_others_open");
        assert_eq!(now(&world, &asked).state, State::Sent);
    });
}

#[test]
fn a_refused_refund_of_a_line_that_was_taken_apart_is_owed_back_and_its_return_ends_that() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        refuse(&world, &asked).unwrap();
        let line = crate::taken_apart::only_line(&world, 30_000);
        let doubt = crate::taken_apart::ask_to_unmatch(&world, line).unwrap();
        crate::taken_apart::approve(&world, doubt.id);
        world.wait_days(1);
        let out = format!("HOAN TIEN {}", asked.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-5_000, &out, "R2"));
        named(&world, &asked, "refund_refused").unwrap();
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 5_000);
        assert_eq!(world.problems(), Vec::<String>::new(), "the payment ended before");
        // It comes back under its own code: that is no surplus of a payment that stands on nothing.
        world.wait_days(1);
        let back = format!("TRA LAI {}", asked.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        statement(&world, file.book(5_000, &back, "R3"));
        assert_eq!(now(&world, &asked).state, State::Debited);
        assert_eq!(balance(&world, &Account::Surplus(payment)), 0);
        for (resolution, code) in [("refund_bounced", Some("resolution_unfit")), ("refund_repaid", None)] {
            let tried = said_of_a_credit(&world, &asked, 5_000, resolution);
            assert_eq!(tried.err().map(|error| error.code()), code, "{resolution}");
        }
        assert_eq!(balance(&world, &Account::ReversalToRecover(payment)), 0);
        assert!(!world.open_kinds(unit).contains(&Kind::BankReversal), "{:?}", world.open_kinds(unit));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_correction_down_first_recovers_what_the_bank_took_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        let file = file.book(10_000, &memo, "FT26327000001").book(15_000, &memo, "FT26327000002");
        statement(&world, file);
        world.seal();
        let bounced = world.payments(&world.ba_dinh).into_iter().find(|one| one.amount == Dong(10_000));
        let bounced = bounced.expect("it was accepted").id;
        world.wait_days(1);
        let back = format!("DAO GIAO DICH {memo}");
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        statement(&world, file.book(-10_000, &back, "FT26327000001"));
        assert_eq!(balance(&world, &Account::ReversalToRecover(bounced)), 10_000);

        let receipt = world.receipts(&owed).remove(0);
        let way = bienlai::correction::Kind::Adjust;
        let amended = crate::corrections::corrected(&world, &receipt, way, vec![fee("HT-01", 10_000)]);
        assert_eq!(balance(&world, &Account::ReversalToRecover(bounced)), 0);
        let refunds: Vec<Dong> = amended
            .refunds
            .iter()
            .map(|id| world.look(|conn| refund::find(conn, owed.unit, *id)).amount)
            .collect();
        assert_eq!(refunds, [Dong(5_000)], "15.000 really came, and 10.000 are owed");
    });
}

#[test]
fn a_correction_down_is_refunded_to_the_last_dong() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
        let memo = format!("{} nop phi", owed.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "R1"),
        );
        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let amended = crate::corrections::corrected(
            &world,
            &receipt,
            bienlai::correction::Kind::Adjust,
            vec![fee("HT-01", 18_000)],
        );
        let opened = world.look(|conn| refund::find(conn, owed.unit, amended.refunds[0]));
        assert_eq!((opened.amount, opened.maker), (Dong(7_000), world.clerk));
        assert_eq!(approve(&world, &opened).unwrap_err().code(), "refund_payee_missing");
        let clerk = person(owed.unit, world.clerk, Role::Cashier);
        world
            .app
            .write(&clerk, |tx, stamp| refund::name_payee(tx, stamp, &clerk, owed.unit, opened.id, &payee()))
            .unwrap();
        approve(&world, &opened).unwrap();
        send(&world, &opened).unwrap();
        world.wait_days(1);
        let out = format!("{} hoan phi", opened.reference_code);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 25_000).book(-7_000, &out, "R2"),
        );
        world.assert_balances(
            owed.unit,
            &[
                (Account::Bank(world.ba_dinh.account), 18_000),
                (Account::FeesCollected("HT-01".into()), -18_000),
            ],
        );
        assert!(world.open_kinds(owed.unit).is_empty());
    });
}
