//! Cards: the acquirer's batch names the payments, the statement's line pays it out net of its fee,
//! what is missing, extra or charged back has a name.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::correction::Kind as CorrectionKind;
use bienlai::error::Result;
use bienlai::exception::Kind;
use bienlai::id::{AccountId, PaymentId};
use bienlai::ledger::Account;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::pos::{self, Batch, Item, ItemKind, NewBatch, query};
use bienlai::payment::refund;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;

use crate::corrections::{corrected, fee, person};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database, tools};

pub(crate) const FEE: Dong = Dong(25_000);

pub(crate) fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

pub fn slip(world: &World, payment: PaymentId, code: &str) -> Result<()> {
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    world.app.write(&cashier, |tx, stamp| pos::record_slip(tx, stamp, &cashier, unit, payment, (code, "T1")))
}

/// A fee paid by card, its approval code noted.
pub(crate) fn by_card(world: &World, code: &str) -> PaymentId {
    let owed = world.raise(FEE);
    let taken = world.take(&owed, FEE, Method::Card).unwrap();
    slip(world, taken.payment, code).unwrap();
    taken.payment
}

pub fn sale(code: &str) -> Item {
    Item { kind: ItemKind::Sale, approval_code: code.into(), amount: FEE }
}

pub fn back(code: &str) -> Item {
    Item { kind: ItemKind::Chargeback, ..sale(code) }
}

pub fn batch(world: &World, reference: &str, fee: i64, items: &[Item]) -> Result<Batch> {
    batch_on(world, None, reference, fee, items)
}

fn batch_on(
    world: &World,
    account: Option<AccountId>,
    reference: &str,
    fee: i64,
    items: &[Item],
) -> Result<Batch> {
    let finance = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let new = NewBatch {
        unit: world.ba_dinh.id,
        account,
        reference: reference.into(),
        settled_on: today(world),
        fee: Dong(fee),
        items: items.to_vec(),
    };
    world.app.write(&finance, |tx, stamp| pos::import(tx, stamp, &finance, &new))
}

pub fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening).book(amount, memo, &reference);
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

pub(crate) fn close_day(world: &World) {
    let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(world));
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

pub(crate) fn states(world: &World) -> Vec<PaymentState> {
    world.payments(&world.ba_dinh).into_iter().map(|payment| payment.state).collect()
}

pub(crate) fn bank(world: &World, amount: i64) -> (Account, i64) {
    (Account::Bank(world.ba_dinh.account), amount)
}

pub(crate) fn clearing(world: &World, amount: i64) -> (Account, i64) {
    (Account::Clearing(world.ba_dinh.account, "pos".into()), amount)
}

#[test]
fn a_batch_net_of_its_fee_proves_its_payments_and_gross_is_shared_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A00001");
        by_card(&world, "A00002");
        let made = batch(&world, "POS-0001/26", 500, &[sale("a00001"), sale("A00002")]).unwrap();
        assert_eq!((made.net, made.reference.as_str()), (Dong(49_500), "POS000126"));
        assert_eq!(batch(&world, "POS000126", 0, &[sale("X")]).unwrap_err().code(), "pos_batch_exists");
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        shown(&world, 0, 49_500, "THANH TOAN POS 0001/26 TRU PHI");
        assert_eq!(states(&world), [PaymentState::Proven, PaymentState::Proven]);
        assert_eq!(world.look(|conn| pos::find(conn, made.unit, made.id)).state, "credited");
        close_day(&world);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                bank(&world, 49_500),
                (Account::ChargesToRecover, 500),
                (Account::BudgetDue("805-2771".into()), -25_000),
                (Account::ShareKept("HT-01".into()), -25_000),
            ],
        );
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        let matches = world.look(|conn| query::matches(conn, made.unit, made.id));
        assert_eq!(matches.len(), 2);
    });
}

#[test]
fn an_item_nobody_knows_is_named_until_its_code_is_noted_and_else_stands_in_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A00001");
        let owed = world.raise(FEE);
        let later = world.take(&owed, FEE, Method::Card).unwrap().payment;
        batch(&world, "POS000001", 0, &[sale("A00001"), sale("A00002"), sale("A00009")]).unwrap();
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::BulkSettlement]);
        slip(&world, later, "A00002").unwrap();
        assert_eq!(slip(&world, later, "A00003").unwrap_err().code(), "card_slip_exists");
        shown(&world, 0, 75_000, "POS000001");
        assert_eq!(states(&world), [PaymentState::Proven, PaymentState::Proven]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::BulkSettlement], "the rest, by its line");
        close_day(&world);
        let suspense: i64 = world
            .look(|conn| bienlai::ledger::trial_balance(conn, world.ba_dinh.id))
            .into_iter()
            .filter(|(account, _)| account.starts_with("suspense/"))
            .map(|(_, balance)| balance.0)
            .sum();
        assert_eq!(suspense, -25_000);
        placed(&world, FEE);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty(), "{:?}", world.open_kinds(world.ba_dinh.id));
    });
}

/// The only open exception about so much is money of a new obligation, which gets its document.
pub(crate) fn placed(world: &World, amount: Dong) {
    let unit = world.ba_dinh.id;
    let (clerk, chief) =
        (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
    let owed = world.raise(amount);
    let mut open = world.exceptions(unit).into_iter();
    let about = open.find(|one| one.amount == amount && one.state == bienlai::exception::State::Open);
    let about = about.expect("it is asked about").id;
    let ask = ("assign", Some(owed.id.0), "đúng mã chuẩn chi");
    world.change(|tx, stamp| bienlai::exception::propose(tx, stamp, &clerk, unit, about, ask));
    world.change(|tx, stamp| bienlai::payment::resolve::approve(tx, stamp, &chief, unit, about));
    assert_eq!(world.receipts(&owed).len(), 1);
}

#[test]
fn a_batch_of_one_sale_that_nobody_knows_is_placed_gross() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        batch(&world, "POS000001", 500, &[sale("A00009")]).unwrap();
        shown(&world, 0, 24_500, "POS000001");
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        placed(&world, FEE);
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(unit, &[bank(&world, 24_500), (Account::ChargesToRecover, 500), collected]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        close_day(&world);
    });
}

#[test]
fn a_day_closes_while_nobody_knows_the_only_sale_of_its_batch() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        batch(&world, "POS000001", 500, &[sale("A00009")]).unwrap();
        shown(&world, 0, 24_500, "POS000001");
        // The line carries more than it brought: its fee was withheld.
        close_day(&world);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        world.wait_days(1);
        placed(&world, FEE);
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(unit, &[bank(&world, 24_500), (Account::ChargesToRecover, 500), collected]);
    });
}

#[test]
fn a_day_closes_on_a_batch_that_took_more_than_it_paid_and_names_what_nobody_knows() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        shown(&world, 0, 25_000, "POS000001");
        close_day(&world);
        world.wait_days(1);
        // A sale and a chargeback that nobody knows: the sale paid for a part of what was taken.
        let taken = Item { amount: Dong(45_000), ..back("A00007") };
        batch(&world, "POS000002", 500, &[sale("A00009"), taken]).unwrap();
        shown(&world, 25_000, -20_500, "POS000002");
        let mut kinds = world.open_kinds(unit);
        kinds.sort_unstable();
        assert_eq!(kinds, [Kind::BulkSettlement, Kind::UnknownDebit]);
        assert_eq!(carried(&world, today(&world)), [-45_000, 25_000], "each once, with its own sum");
        assert_eq!(world.problems(), Vec::<String>::new());
        // The sale is placed though its line took money, and the debit finds its place.
        world.wait_days(1);
        placed(&world, FEE);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit]);
        let item = crate::late_payouts::open(&world, Kind::UnknownDebit).remove(0);
        assert_eq!(item.amount, Dong(45_000));
        crate::late_payouts::settled(&world, &item, "bank_charge", None);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

/// The sums that a day's certificate carries under lines; it is closed now.
fn carried(world: &World, day: BusinessDay) -> Vec<i64> {
    let told = crate::closed_late::closed(world, day).carried;
    let mut sums: Vec<i64> = told.iter().filter(|one| one.kind == "line").map(|one| one.amount.0).collect();
    sums.sort_unstable();
    sums
}

#[test]
fn a_chargeback_in_a_credit_that_nobody_knows_is_carried_and_goes_with_its_line_to_another_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let yesterday = today(&world);
        by_card(&world, "A00001");
        world.wait_days(1);
        let taken = Item { amount: Dong(5_000), ..back("A00007") };
        batch(&world, "POS000001", 0, &[sale("A00001"), taken]).unwrap();
        let of = |day| {
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
            file.book_on(day, 20_000, "POS000001", "FT26327001").book(40, "le", "FT26327002")
        };
        import(&world, &of(yesterday).camt());
        crate::closed_late::matched(&world);
        crate::restated_money::corrected(&world, &of(today(&world)));
        // Nobody explained the debit yet, and it stands where it is asked about.
        let (now, rest) = (
            crate::restated_money::line_of(&world, 20_000, 1),
            crate::restated_money::line_of(&world, 40, 0),
        );
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        let waits = [(Account::UnexplainedDebit(now), 5_000), (Account::Suspense(rest), -40)];
        world.assert_balances(unit, &[&[bank(&world, 20_040), collected][..], &waits].concat());
        assert_eq!(carried(&world, yesterday), [-5_000]);
        assert_eq!(carried(&world, today(&world)), [-5_000, 40]);
        let item = crate::late_payouts::open(&world, Kind::UnknownDebit).remove(0);
        crate::late_payouts::settled(&world, &item, "bank_charge", None);
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}

#[test]
fn a_sale_of_a_line_that_an_earlier_version_posted_without_a_movement_is_placed_too() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        batch(&world, "POS000001", 500, &[sale("A00009")]).unwrap();
        shown(&world, 0, 24_500, "POS000001");
        // As a version left it that opened no movement for a single sale.
        let mut owner = world.database.as_owner();
        for table in ["match_part", "movement_key", "movement"] {
            tools::unguarded(&mut owner, world.database.product, table);
            tools::run(&mut owner, &format!("DELETE FROM {table}")).expect("the owner may");
        }
        placed(&world, FEE);
        let collected = (Account::FeesCollected("HT-01".into()), -25_000);
        world.assert_balances(unit, &[bank(&world, 24_500), (Account::ChargesToRecover, 500), collected]);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        close_day(&world);
    });
}

#[test]
fn each_sale_that_nobody_knows_is_asked_about_and_placed_alone() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        by_card(&world, "A00001");
        let small = Item { amount: Dong(8_000), ..sale("A00008") };
        batch(&world, "POS000001", 500, &[sale("A00001"), sale("A00009"), small]).unwrap();
        shown(&world, 0, 57_500, "POS000001");
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement, Kind::BulkSettlement]);
        for amount in [8_000, 25_000] {
            placed(&world, Dong(amount));
        }
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        let collected = (Account::FeesCollected("HT-01".into()), -58_000);
        let fee = (Account::ChargesToRecover, 500);
        world.assert_balances(unit, &[bank(&world, 57_500), fee, collected]);
        close_day(&world);
    });
}

#[test]
fn a_card_payment_that_no_batch_shows_in_time_is_an_alarm() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A00001");
        world.wait_days(7);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        import(&world, &file.without_sequence().camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(world.open_kinds(unit), [Kind::NotDeposited]);
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        world.wait_days(1);
        shown(&world, 0, 25_000, "POS000001");
        assert!(world.open_kinds(unit).is_empty());
    });
}

#[test]
fn a_line_of_another_amount_or_two_that_could_be_it_prove_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A00001");
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        shown(&world, 0, 24_999, "POS000001");
        assert_eq!(states(&world), [PaymentState::Claimed]);
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 24_999)
            .book(25_000, "POS000001", "R8")
            .book(25_000, "POS000001 LAN 2", "R9");
        import(&world, &file.without_sequence().camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(states(&world), [PaymentState::Claimed], "never on a tie");
        world.assert_balances(unit, &{
            let mut expected = vec![bank(&world, 74_999), clearing(&world, 25_000)];
            expected.push((Account::FeesCollected("HT-01".into()), -25_000));
            let lines = world.look(|conn| {
                Ok(crate::support::tools::numbers(
                    conn,
                    "SELECT id AS n FROM statement_line ORDER BY amount, id",
                ))
            });
            for (line, amount) in lines.into_iter().zip([-24_999, -25_000, -25_000]) {
                expected.push((Account::Suspense(bienlai::id::LineId(line)), amount));
            }
            expected
        });
    });
}

#[test]
fn a_chargeback_takes_the_money_back_and_the_receipt_waits_for_a_decision() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = by_card(&world, "A00001");
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        shown(&world, 0, 25_000, "POS000001");
        by_card(&world, "A00002");
        by_card(&world, "A00003");
        world.wait_days(1);
        batch(&world, "POS000002", 100, &[sale("A00002"), sale("A00003"), back("A00001")]).unwrap();
        shown(&world, 25_000, 24_900, "POS000002");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::PosChargeback]);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                bank(&world, 49_900),
                (Account::ChargesToRecover, 100),
                (Account::ReversalToRecover(first), 25_000),
                (Account::FeesCollected("HT-01".into()), -75_000),
            ],
        );
        // Another one takes more than it brings: the bank debits it.
        world.wait_days(1);
        batch(&world, "POS000003", 100, &[back("A00002")]).unwrap();
        shown(&world, 49_900, -25_100, "POS000003");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::PosChargeback, Kind::PosChargeback]);
        assert_eq!(batch(&world, "POS000004", 0, &[back("A00002")]).unwrap().net, Dong(-25_000));
        assert!(world.open_kinds(world.ba_dinh.id).contains(&Kind::BulkSettlement), "it is back already");
    });
}

#[test]
fn what_was_paid_by_card_goes_back_to_the_card_and_the_batch_proves_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(FEE);
        let payment = world.take(&owed, FEE, Method::Card).unwrap().payment;
        slip(&world, payment, "A00001").unwrap();
        world.seal();
        batch(&world, "POS000001", 0, &[sale("A00001")]).unwrap();
        shown(&world, 0, 25_000, "POS000001");
        let receipt = world.receipts(&owed).remove(0);
        let amended = corrected(&world, &receipt, CorrectionKind::Adjust, vec![fee("HT-01", 20_000)]);
        let refund = amended.refunds[0];
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let own = world.app.write(&clerk, |tx, stamp| refund::approve(tx, stamp, &clerk, unit, refund));
        assert_eq!(own.unwrap_err().code(), "maker_is_checker");
        world.change(|tx, stamp| refund::approve(tx, stamp, &chief, unit, refund));
        world.change(|tx, stamp| refund::send(tx, stamp, &clerk, unit, refund));

        by_card(&world, "A00002");
        let item = Item { amount: Dong(5_000), ..back("A00001") };
        batch(&world, "POS000002", 100, &[sale("A00002"), item]).unwrap();
        shown(&world, 25_000, 19_900, "POS000002");
        let state = world.look(|conn| refund::find(conn, unit, refund)).state;
        assert_eq!(state, refund::State::Debited);
        assert!(world.open_kinds(unit).is_empty(), "it is no chargeback: {:?}", world.open_kinds(unit));
        world.assert_balances(
            unit,
            &[
                bank(&world, 44_900),
                (Account::ChargesToRecover, 100),
                (Account::FeesCollected("HT-01".into()), -45_000),
            ],
        );
        close_day(&world);
    });
}

/// An acquirer repeats an item: the payment is proven by one batch, the other's money is nobody's yet.
#[test]
fn one_card_payment_in_two_batches_of_a_day_is_paid_once_and_the_other_stands_in_suspense() {
    each_database(|database| {
        let world = World::settled_in(database);
        by_card(&world, "A00001");
        let made = ["POS000001", "POS000002"].map(|name| batch(&world, name, 0, &[sale("A00001")]).unwrap());
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, "POS000001", "R1")
            .book(25_000, "POS000002", "R2");
        import(&world, &file.without_sequence().camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        assert_eq!(states(&world), [PaymentState::Proven]);
        assert_eq!(world.open_kinds(unit), [Kind::BulkSettlement]);
        let matches: Vec<usize> = made
            .iter()
            .map(|batch| world.look(|conn| query::matches(conn, batch.unit, batch.id)).len())
            .collect();
        assert_eq!(matches.iter().sum::<usize>(), 1, "one batch names it: {matches:?}");
        let second = world.exceptions(unit).remove(0).subject_id;
        world.assert_balances(
            unit,
            &[
                bank(&world, 50_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
                (Account::Suspense(bienlai::id::LineId(second)), -25_000),
            ],
        );
    });
}

#[test]
fn a_card_is_cleared_where_it_was_taken_though_its_batch_is_paid_to_another_account() {
    each_database(|database| {
        let world = World::settled_in(database);
        let second = world.open_account(&world.ba_dinh, "1900111199");
        by_card(&world, "A00001");
        batch_on(&world, Some(second), "POS000001", 500, &[sale("A00001")]).unwrap();
        let file = BankFile::new("1900111199", today(&world), 0).book(24_500, "POS000001", "R1");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), world.ba_dinh.id, second).unwrap();
        assert_eq!(states(&world), [PaymentState::Proven]);
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Bank(second), 24_500),
                (Account::ChargesToRecover, 500),
                (Account::FeesCollected("HT-01".into()), -25_000),
            ],
        );
    });
}
