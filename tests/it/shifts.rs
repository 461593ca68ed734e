//! Cash from the counter to the bank: a counted float, takings in a shift, a count, a difference
//! that two persons settle, deposits that the statement shows, and the day that shares them out.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::exception::{self, Ask, Decision, Kind};
use bienlai::id::{ExceptionId, PersonId, ShiftId};
use bienlai::identity;
use bienlai::ledger::Account;
use bienlai::payment::book::Method;
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{Certificate, Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::shift::deposit::{self, Slip};
use bienlai::shift::{self, Count, Counted, Shift, State, report};

use crate::corrections::person;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn taken(world: &World, count: usize) {
    for _ in 0..count {
        let owed = world.raise(FEE);
        world.take(&owed, FEE, Method::Cash).unwrap();
    }
}

fn open(world: &World, float: &str) -> Result<Shift> {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let float = Count::parse(float)?;
    world.app.write(&cashier, |tx, stamp| shift::open(tx, stamp, &cashier, unit, &float))
}

fn count(world: &World, id: ShiftId, notes: &str) -> Result<(Shift, Counted)> {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let notes = Count::parse(notes)?;
    world.app.write(&cashier, |tx, stamp| shift::close(tx, stamp, &cashier, (unit, id), &notes, &[]))
}

fn sign_off(world: &World, by: &Actor, id: ShiftId) -> Result<Shift> {
    let unit = world.ba_dinh.id;
    world.app.write(by, |tx, stamp| shift::sign_off(tx, stamp, by, unit, id, "biên bản kiểm quỹ"))
}

fn hand_over(world: &World, parts: &[(ShiftId, i64)]) -> Result<Slip> {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let parts: Vec<_> = parts.iter().map(|(id, amount)| (*id, Dong(*amount))).collect();
    world.app.write(&cashier, |tx, stamp| deposit::hand_over(tx, stamp, &cashier, unit, None, &parts))
}

fn chief(world: &World) -> Actor {
    person(world.ba_dinh.id, world.chief, Role::Approver)
}

fn again(world: &World, slip: &Slip) -> Slip {
    world.look(|conn| deposit::find(conn, slip.unit, slip.id))
}

fn statement(world: &World, file: BankFile) {
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// The bank's file of today with one line.
fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening).book(amount, memo, &reference);
    statement(world, file);
}

fn closed(world: &World, day: BusinessDay) -> Certificate {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(certificate) => *certificate,
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

/// Another accountant of the unit.
fn colleague(world: &World) -> PersonId {
    let unit = world.ba_dinh.id;
    world.change(|tx, stamp| identity::create_person(tx, stamp, &Actor::system(), unit, "Kế toán Mẫu"))
}

fn resolved(world: &World, kind: Kind, resolution: &str, target: Option<i64>) -> Result<()> {
    let unit = world.ba_dinh.id;
    let id: ExceptionId =
        world.exceptions(unit).into_iter().find(|item| item.kind == kind).expect("the exception is open").id;
    // Whoever owes does not say that it is repaid.
    let asked_by = if target == Some(world.clerk.0) { colleague(world) } else { world.clerk };
    let maker = person(unit, asked_by, Role::Finance);
    let decision = Some(Decision { number: "12/QĐ-UBND".into(), on: today(world) });
    world.app.write(&maker, |tx, stamp| {
        let ask = Ask { resolution, target, reason: "biên bản", decision: decision.clone() };
        let item = exception::propose(tx, stamp, &maker, unit, id, ask)?;
        resolve::check_proposal(tx, &item, resolution, target)
    })?;
    let checker = chief(world);
    world.app.write(&checker, |tx, stamp| resolve::approve(tx, stamp, &checker, unit, id)).map(|_| ())
}

#[test]
fn a_drawer_that_is_over_twice_on_a_day_is_asked_about_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let mut shift = open(&world, "").unwrap();
        for notes in ["1000x1", "1000x2"] {
            count(&world, shift.id, notes).unwrap();
            sign_off(&world, &chief(&world), shift.id).unwrap();
            shift = open(&world, "").unwrap();
        }
        let over =
            world.exceptions(unit).into_iter().find(|one| one.kind == Kind::UnidentifiedCredit).unwrap();
        let suspense = Account::DrawerSuspense(shift.id);
        let held = world.look(|conn| bienlai::ledger::balance(conn, unit, &suspense));
        assert_eq!((over.amount, held), (Dong(2_000), Dong(-2_000)));
    });
}

#[test]
fn a_day_of_cash_is_counted_deposited_credited_and_shared_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "50000x2,10000x10").unwrap();
        assert_eq!(open(&world, "").unwrap_err().code(), "shift_in_use");
        taken(&world, 4);
        assert_eq!(count(&world, shift.id, "30000x1").unwrap_err().code(), "cash_count_wrong");
        // Float 200.000 and takings 100.000.
        let (after, counted) = count(&world, shift.id, "50000x4,10000x10").unwrap();
        assert_eq!(
            (after.state, counted.variance, counted.expected),
            (State::Closed, Dong(0), Dong(300_000))
        );
        let owed = world.raise(FEE);
        let cashier = world.cashier(world.ba_dinh.id);
        let taking = bienlai::payment::counter::Taking {
            unit: owed.unit,
            obligation: owed.id,
            amount: FEE,
            method: Method::Cash,
            collector: "Trần Văn Mẫu".to_owned(),
        };
        let refused = world
            .app
            .write(&cashier, |tx, stamp| bienlai::payment::counter::take(tx, stamp, &cashier, &taking));
        assert_eq!(refused.unwrap_err().code(), "shift_not_open");

        assert_eq!(hand_over(&world, &[(shift.id, 100_001)]).unwrap_err().code(), "deposit_beyond_drawer");
        let slip = hand_over(&world, &[(shift.id, 100_000)]).unwrap();
        assert_eq!(hand_over(&world, &[(shift.id, 1)]).unwrap_err().code(), "deposit_beyond_drawer");
        let fees = Account::FeesCollected("HT-01".into());
        world.assert_balances(
            world.ba_dinh.id,
            &[(Account::DepositInTransit(slip.id), 100_000), (fees.clone(), -100_000)],
        );
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 0));
        let first = closed(&world, today(&world));
        let text = String::from_utf8(first.document).unwrap();
        let cash = format!("<Cash><Kind>slip</Kind><Id>{}</Id><Amount>100000</Amount>", slip.id);
        assert!(text.contains(&cash), "what is on its way is named: {text}");
        assert!(text.contains("<Shares></Shares>"), "nothing is proven yet: {text}");

        world.wait_days(1);
        shown(&world, 0, 100_000, &format!("{} NOP TIEN MAT", slip.reference_code));
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        let second = closed(&world, today(&world));
        let text = String::from_utf8(second.document).unwrap();
        assert!(text.contains("<Class><Name>cash_deposit</Name><Sum>100000</Sum></Class>"), "{text}");
        assert!(!text.contains("CashInTransit"), "{text}");
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 100_000),
                (Account::BudgetDue("805-2771".into()), -50_000),
                (Account::ShareKept("HT-01".into()), -50_000),
            ],
        );
        let report = world.look(|conn| {
            let shift = shift::find(conn, shift.unit, shift.id)?;
            report::report(conn, &shift)
        });
        assert_eq!((report.float, report.cash_taken, report.held), (Dong(200_000), Dong(100_000), Dong(0)));
        assert_eq!((report.takings.len(), report.deposits.len(), report.variance), (4, 1, Some(Dong(0))));
        assert!(report.takings.iter().all(|one| one.receipt.is_some()));
    });
}

#[test]
fn a_drawer_that_is_short_waits_for_another_person_and_its_fees_are_owed_in_full() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "10000x5").unwrap();
        taken(&world, 2);
        let (after, counted) = count(&world, shift.id, "50000x1,10000x4").unwrap();
        assert_eq!((after.state, counted.variance), (State::Counted, Dong(-10_000)));
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::DepositDiffers]);
        assert_eq!(hand_over(&world, &[(shift.id, 40_000)]).unwrap_err().code(), "shift_state_wrong");
        let same = person(world.ba_dinh.id, world.clerk, Role::Approver);
        assert_eq!(sign_off(&world, &same, shift.id).unwrap_err().code(), "maker_is_checker");
        let sql = format!(
            "INSERT INTO shift_sign_off (unit_id, id, shift_id, count_id, variance, maker_person_id, checker_person_id, at) \
             VALUES ({}, 1, {}, 1, -1, 7, 7, 1)",
            world.ba_dinh.id.0, shift.id.0
        );
        assert!(tools::run(&mut world.database.as_owner(), &sql).is_err(), "the database refuses it too");
        assert_eq!(sign_off(&world, &chief(&world), shift.id).unwrap().state, State::Closed);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        let slip = hand_over(&world, &[(shift.id, 40_000)]).unwrap();
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Shortage(world.clerk), 10_000),
                (Account::DepositInTransit(slip.id), 40_000),
                (Account::FeesCollected("HT-01".into()), -50_000),
            ],
        );
        shown(&world, 0, 40_000, &format!("NOP TM {}", slip.reference_code));
        closed(&world, today(&world));
        // Gross is owed to the budget; the cashier owes the rest.
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 40_000),
                (Account::Shortage(world.clerk), 10_000),
                (Account::BudgetDue("805-2771".into()), -25_000),
                (Account::ShareKept("HT-01".into()), -25_000),
            ],
        );
    });
}

#[test]
fn missing_float_is_no_loss_of_takings() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "10000x5").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        let (_, counted) = count(&world, shift.id, "10000x4").unwrap();
        assert_eq!(counted.variance, Dong(-10_000));
        assert_eq!(sign_off(&world, &chief(&world), shift.id).unwrap().state, State::Closed);
        // All that was taken went to the bank: the drawer owes nothing, and nothing stands below zero.
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::DepositInTransit(slip.id), 25_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
            ],
        );
        assert_eq!(world.look(|conn| shift::balance(conn, world.ba_dinh.id, shift.id)), Dong::ZERO);
    });
}

#[test]
fn a_count_is_sent_back_and_made_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        count(&world, shift.id, "20000x2").unwrap();
        let checker = chief(&world);
        let unit = world.ba_dinh.id;
        world
            .app
            .write(&checker, |tx, stamp| shift::send_back(tx, stamp, &checker, unit, shift.id, "đếm lại"))
            .unwrap();
        assert!(world.open_kinds(unit).is_empty());
        let (after, counted) = count(&world, shift.id, "20000x2,10000x1").unwrap();
        assert_eq!((after.state, counted.variance), (State::Closed, Dong(0)));
        // Closed too early: opened again on the same day, with its own float and count.
        assert_eq!(open(&world, "1000x10").unwrap().id, shift.id);
        taken(&world, 1);
        let (_, counted) = count(&world, shift.id, "50000x1,20000x1,5000x1,1000x9").unwrap();
        assert_eq!(counted.variance, Dong(-1_000));
        // Each opening is a row of its own; what the first left in the drawer is none of the second's takings.
        let turns = world.look(|conn| shift::turn::of_shift(conn, unit, shift.id));
        let row = |one: &shift::turn::Turn| {
            (one.float.0, one.cash_taken.0, one.expected.unwrap().0, one.variance.unwrap().0)
        };
        let rows: Vec<_> = turns.iter().map(row).collect();
        assert_eq!(rows, [(0, 50_000, 50_000, 0), (10_000, 25_000, 85_000, -1_000)]);
        assert_eq!(turns[1].carried(Dong(85_000)).unwrap(), Dong(50_000));
        let (count, text, rows) = crate::lists::written(&world, &crate::lists::asked(&world, "shifts", None));
        assert_eq!(count, 2, "{text}");
        let figures: Vec<&[String]> = rows.iter().map(|row| &row[3..5]).collect();
        assert_eq!(figures, [["0", "50000"], ["10000", "25000"]], "{text}");
        assert_eq!((rows[0][11].as_str(), rows[1][11].as_str()), ("closed", "counted"), "{text}");
    });
}

#[test]
fn what_is_counted_over_is_nobodys_and_goes_to_the_budget_by_decision_only() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        count(&world, shift.id, "20000x1,10000x1").unwrap();
        sign_off(&world, &chief(&world), shift.id).unwrap();
        let slip = hand_over(&world, &[(shift.id, 30_000)]).unwrap();
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::DepositInTransit(slip.id), 30_000),
                (Account::DrawerSuspense(shift.id), -5_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
            ],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnidentifiedCredit]);
        let unfit = resolved(&world, Kind::UnidentifiedCredit, "acknowledge", None).unwrap_err();
        assert_eq!(unfit.code(), "resolution_unfit");
        resolved(&world, Kind::UnidentifiedCredit, "to_budget", None).unwrap();
        shown(&world, 0, 30_000, &slip.reference_code);
        closed(&world, today(&world));
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 30_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::BudgetDue("unidentified".into()), -5_000),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
        let due = world.look(|conn| {
            bienlai::remittance::remittable(
                conn,
                world.ba_dinh.id,
                world.ba_dinh.account,
                bienlai::remittance::Kind::Treasury,
            )
        });
        let free: Vec<i64> = due.iter().map(|one| one.free.0).collect();
        assert_eq!(free, [12_500, 5_000], "what was decided is remitted too");
    });
}

#[test]
fn what_a_person_answers_for_is_paid_back_by_transfer() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        count(&world, shift.id, "20000x1").unwrap();
        sign_off(&world, &chief(&world), shift.id).unwrap();
        let slip = hand_over(&world, &[(shift.id, 20_000)]).unwrap();
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(20_000, &slip.reference_code, "R1")
            .book(5_000, "nop bu tien thieu quy", "R2");
        statement(&world, file);
        let other = colleague(&world);
        let stranger = resolved(&world, Kind::UnidentifiedCredit, "shortage_repaid", Some(other.0));
        assert_eq!(stranger.unwrap_err().code(), "resolution_unfit", "they answer for nothing");
        let unit = world.ba_dinh.id;
        let id =
            world.exceptions(unit).into_iter().find(|item| item.kind == Kind::UnidentifiedCredit).unwrap().id;
        let checker = chief(&world);
        world
            .app
            .write(&checker, |tx, stamp| exception::refuse(tx, stamp, &checker, unit, id, "nhầm"))
            .unwrap();
        let debtor = person(unit, world.clerk, Role::Finance);
        let own = ("shortage_repaid", Some(world.clerk.0), "biên bản");
        let refused =
            world.app.write(&debtor, |tx, stamp| exception::propose(tx, stamp, &debtor, unit, id, own));
        assert_eq!(refused.unwrap_err().code(), "debtor_decides");
        resolved(&world, Kind::UnidentifiedCredit, "shortage_repaid", Some(world.clerk.0)).unwrap();
        closed(&world, today(&world));
        world.assert_balances(
            unit,
            &[
                (Account::Bank(world.ba_dinh.account), 25_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
    });
}

#[test]
fn the_bank_credits_less_and_a_person_answers_for_the_rest() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        let slip = hand_over(&world, &[(shift.id, 50_000)]).unwrap();
        shown(&world, 0, 45_000, &format!("{} nop tien mat", slip.reference_code));
        let short = again(&world, &slip);
        assert_eq!((short.state, short.open()), (deposit::State::Short, Dong(5_000)));
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::DepositDiffers]);
        let first = closed(&world, today(&world));
        let text = String::from_utf8(first.document).unwrap();
        assert!(text.contains("<Carried><Kind>slip</Kind>"), "the rest is carried by name: {text}");
        assert_eq!(
            resolved(&world, Kind::DepositDiffers, "acknowledge", None).unwrap_err().code(),
            "resolution_unfit"
        );
        resolved(&world, Kind::DepositDiffers, "shortage", None).unwrap();
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 45_000),
                (Account::Shortage(world.clerk), 5_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
    });
}

#[test]
fn the_bank_credits_more_and_the_rest_stands_in_suspense_by_name() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        shown(&world, 0, 26_000, &format!("{} nop tien mat", slip.reference_code));
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::DepositDiffers]);
        let certificate = closed(&world, today(&world));
        let text = String::from_utf8(certificate.document).unwrap();
        assert!(text.contains("<Amount>1000</Amount>"), "{text}");
        resolved(&world, Kind::DepositDiffers, "to_budget", None).unwrap();
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 26_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::BudgetDue("unidentified".into()), -1_000),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
    });
}

#[test]
fn what_is_taken_after_the_day_was_closed_lies_on_the_next() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        shown(&world, 0, 25_000, &format!("{} nop tien mat", slip.reference_code));
        closed(&world, today(&world));
        let owed = world.raise(FEE);
        let late = world.take(&owed, FEE, Method::Cash).unwrap();
        let found =
            world.look(|conn| bienlai::payment::payment_query::payments(conn, &[(late.unit, late.payment)]));
        assert_eq!(found[0].accounting_date, today(&world).next(), "the closed day stays as it was proven");
    });
}

#[test]
fn a_deposit_without_its_code_is_found_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        let slip = hand_over(&world, &[(shift.id, 50_000)]).unwrap();
        shown(&world, 0, 50_000, "NOP TIEN MAT TAI QUAY");
        assert_eq!(again(&world, &slip).state, deposit::State::InTransit);
        resolved(&world, Kind::UnidentifiedCredit, "deposit", Some(slip.id.0)).unwrap();
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        closed(&world, today(&world));
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(world.ba_dinh.account), 50_000),
                (Account::BudgetDue("805-2771".into()), -25_000),
                (Account::ShareKept("HT-01".into()), -25_000),
            ],
        );
    });
}

#[test]
fn a_deposit_that_a_channel_told_of_first_is_proven_by_its_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        let memo = format!("{} NOP TIEN MAT", slip.reference_code);
        world.money(&world.ba_dinh, FEE).memo(&memo).reference("FT1").settle();
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, &memo, "FT1");
        statement(&world, file);
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        closed(&world, today(&world));
    });
}

#[test]
fn what_the_bank_takes_back_of_a_deposit_is_told_and_taken_from_nobody_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        let day = today(&world);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, day, 0).book(25_000, "NOP TIEN MAT", "FT1001"),
        );
        world.money(&world.ba_dinh, FEE).memo("NOP TIEN MAT").reference("FT1001").settle();
        resolved(&world, Kind::UnidentifiedCredit, "deposit", Some(slip.id.0)).unwrap();
        assert_eq!(again(&world, &slip).state, deposit::State::Credited);
        let back =
            BankFile::new(world.ba_dinh.account_no, day, 25_000).book(-25_000, "NOP TIEN MAT", "FT1001");
        statement(&world, back);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::BankReversal]);
        let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, world.ba_dinh.id));
        let of = |head: &str| -> i64 {
            balances.iter().filter(|(account, _)| account.starts_with(head)).map(|(_, sum)| sum.0).sum()
        };
        assert_eq!((of("unexplained_debit/"), of("suspense/")), (25_000, 0), "{balances:?}");
    });
}

#[test]
fn cash_that_stays_too_long_in_a_drawer_or_on_its_way_is_an_alarm_until_it_moves() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        world.wait_days(3);
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 0));
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::NotDeposited, Kind::NotDeposited]);
        assert_eq!(
            resolved(&world, Kind::NotDeposited, "acknowledge", None).unwrap_err().code(),
            "resolution_unfit"
        );
        let rest = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::NotDeposited], "the drawer is empty");
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, &slip.reference_code, "R1")
            .book(25_000, &rest.reference_code, "R2");
        statement(&world, file);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
    });
}

#[test]
fn no_money_comes_back_into_a_drawer_that_was_counted_without_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        // The slip was never carried away, and its money is counted with the rest.
        let (counted, told) = count(&world, shift.id, "50000x1").unwrap();
        assert_eq!((counted.state.as_str(), told.variance), ("counted", Dong(25_000)));
        let withdraw = || {
            let by = chief(&world);
            world
                .app
                .write(&by, |tx, stamp| deposit::withdraw(tx, stamp, &by, slip.unit, slip.id, "chưa nộp"))
        };
        assert_eq!(withdraw().unwrap_err().code(), "shift_state_wrong");
        let by = chief(&world);
        let unit = world.ba_dinh.id;
        world
            .app
            .write(&by, |tx, stamp| shift::send_back(tx, stamp, &by, unit, shift.id, "phiếu chưa nộp"))
            .unwrap();
        assert_eq!(withdraw().unwrap().state, deposit::State::Withdrawn);
        let (closed, told) = count(&world, shift.id, "50000x1").unwrap();
        assert_eq!((closed.state.as_str(), told.variance), ("closed", Dong::ZERO), "nothing was invented");
    });
}

#[test]
fn a_slip_that_was_never_handed_over_is_withdrawn_by_another_person() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let slip = hand_over(&world, &[(shift.id, 25_000)]).unwrap();
        let withdraw = |by: &Actor| {
            world
                .app
                .write(by, |tx, stamp| deposit::withdraw(tx, stamp, by, slip.unit, slip.id, "ngân hàng nghỉ"))
        };
        let same = person(slip.unit, world.clerk, Role::Finance);
        assert_eq!(withdraw(&same).unwrap_err().code(), "maker_is_checker");
        assert_eq!(withdraw(&chief(&world)).unwrap().state, deposit::State::Withdrawn);
        assert_eq!(withdraw(&chief(&world)).unwrap_err().code(), "deposit_state_wrong");
        // Its code says nothing any more: the money that comes with it is unknown.
        shown(&world, 0, 25_000, &slip.reference_code);
        assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::UnidentifiedCredit));
        hand_over(&world, &[(shift.id, 25_000)]).unwrap();
    });
}

#[test]
fn a_cashier_reaches_no_other_drawer_and_no_other_commune() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        let unit = world.ba_dinh.id;
        let other =
            Actor { person: Some(world.chief), client: None, role: Role::Cashier, scope: Scope::unit(unit) };
        let notes = Count::default();
        let closed = world
            .app
            .write(&other, |tx, stamp| shift::close(tx, stamp, &other, (unit, shift.id), &notes, &[]));
        assert_eq!(closed.unwrap_err().code(), "shift_of_other");
        let parts = [(shift.id, FEE)];
        let taken =
            world.app.write(&other, |tx, stamp| deposit::hand_over(tx, stamp, &other, unit, None, &parts));
        assert_eq!(taken.unwrap_err().code(), "shift_of_other");
        let stranger = Actor { scope: Scope::unit(world.tay_ho.id), ..other };
        let taken = world
            .app
            .write(&stranger, |tx, stamp| deposit::hand_over(tx, stamp, &stranger, unit, None, &parts));
        assert_eq!(taken.unwrap_err().code(), "unit_not_found");
    });
}

#[test]
fn two_deposits_at_once_never_take_more_than_the_drawer_holds() {
    each_database(|database| {
        let world = World::settled_in(database);
        let shift = open(&world, "").unwrap();
        taken(&world, 2);
        let made: Vec<Result<Slip>> = std::thread::scope(|scope| {
            let world = &world;
            let asked: Vec<_> =
                (0..4).map(|_| scope.spawn(move || hand_over(world, &[(shift.id, 30_000)]))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    });
}

/// What a person answers for is the unit's: credits on two accounts pay it back once.
#[test]
fn two_credits_on_two_accounts_never_pay_one_shortage_back_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        let second = world.open_account(&world.ba_dinh, "1900111199");
        let shift = open(&world, "").unwrap();
        taken(&world, 1);
        count(&world, shift.id, "20000x1").unwrap();
        sign_off(&world, &chief(&world), shift.id).unwrap();
        shown(&world, 0, 5_000, "nop bu tien thieu quy");
        let file = BankFile::new("1900111199", today(&world), 0).book(5_000, "nop bu tien thieu", "R0009");
        import(&world, &file.without_sequence().camt());
        let unit = world.ba_dinh.id;
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, second).unwrap();
        let (maker, checker) = (person(unit, colleague(&world), Role::Finance), chief(&world));
        let credits: Vec<ExceptionId> = world
            .exceptions(unit)
            .into_iter()
            .filter(|item| item.kind == Kind::UnidentifiedCredit)
            .map(|item| item.id)
            .collect();
        assert_eq!(credits.len(), 2);
        for id in &credits {
            let proposal = ("shortage_repaid", Some(world.clerk.0), "biên bản");
            world
                .app
                .write(&maker, |tx, stamp| exception::propose(tx, stamp, &maker, unit, *id, proposal))
                .unwrap();
        }
        let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
            let (world, checker) = (&world, &checker);
            let approved: Vec<_> = credits
                .iter()
                .map(|id| {
                    scope.spawn(move || {
                        world
                            .app
                            .write(checker, |tx, stamp| {
                                let done = resolve::approve(tx, stamp, checker, unit, *id);
                                // Both are inside their transactions before either commits.
                                std::thread::sleep(std::time::Duration::from_millis(300));
                                done
                            })
                            .map(|_| ())
                    })
                })
                .collect();
            approved.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let owed = world.look(|conn| bienlai::ledger::balance(conn, unit, &Account::Shortage(world.clerk)));
        assert_eq!(owed, Dong::ZERO, "never below nothing");
    });
}
