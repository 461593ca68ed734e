//! Receipts that could not be made at once: made when the cause is gone, once, and nobody starves.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::resolve;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::unit::series::{self, NewSeries};
use bienlai::worker;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::Commune;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

fn due(world: &World) -> Vec<String> {
    world.words("SELECT document_kind || ' ' || state AS t FROM receipt_due ORDER BY obligation_id")
}

/// A series of this year that a person registered ahead.
fn plan(world: &World, commune: &Commune, name: &str, last_allowed_no: i64) {
    world.change(|tx, stamp| {
        series::plan(
            tx,
            stamp,
            &Actor::system(),
            NewSeries {
                unit: commune.id,
                document_kind: "receipt".to_owned(),
                template: "01BLP0-001".to_owned(),
                series: name.to_owned(),
                year: stamp.today().year(),
                last_allowed_no,
                registration: "TB-0001".to_owned(),
            },
        )
    });
}

#[test]
fn a_batch_goes_on_in_the_next_series_when_one_runs_out_and_both_are_whole() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.open_series(&world.soc_son, "SS-26E", 3);
        plan(&world, &world.soc_son, "ST-26E", 2);
        plan(&world, &world.soc_son, "SU-26E", 100);
        let arrivals: Vec<_> = (0..8)
            .map(|number| {
                let owed = world.raise_at(&world.soc_son, FEE);
                world.claim(&owed, FEE).id(&format!("B{number}")).arrival()
            })
            .collect();
        let answers = world.settle_all(&arrivals);
        assert!(answers.iter().all(|answer| answer.receipt.is_some()), "nobody waits");
        let numbers = world.words(
            "SELECT series || ' ' || CAST(MIN(number) AS TEXT) || ' ' || CAST(MAX(number) AS TEXT) AS t \
             FROM receipt GROUP BY series ORDER BY series",
        );
        assert_eq!(numbers, ["SS-26E 1 3", "ST-26E 1 2", "SU-26E 1 3"], "in the order they were planned");
        assert_eq!(
            world.words("SELECT phase AS t FROM receipt_series WHERE series LIKE 'S%' ORDER BY series"),
            ["open", "open", "open"],
            "the register ends what is used up"
        );
        worker::keep_registers(&world.app).unwrap();
        assert_eq!(
            world.words("SELECT phase AS t FROM receipt_series WHERE series LIKE 'S%' ORDER BY series"),
            ["exhausted", "exhausted", "open"]
        );
    });
}

#[test]
fn a_batch_that_no_series_follows_leaves_its_rest_due_with_an_alarm_each() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.open_series(&world.soc_son, "SS-26E", 2);
        let owed: Vec<_> = (0..5).map(|_| world.raise_at(&world.soc_son, FEE)).collect();
        let arrivals: Vec<_> = owed.iter().map(|owed| world.claim(owed, FEE).arrival()).collect();
        let answers = world.settle_all(&arrivals);
        assert_eq!(answers.iter().filter(|answer| answer.receipt.is_some()).count(), 2);
        assert_eq!(world.open_kinds(world.soc_son.id), [Kind::ReceiptDue; 3]);
        assert!(owed.iter().all(|owed| world.again(owed).state == State::Paid), "all money is settled");
        plan(&world, &world.soc_son, "ST-26E", 100);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 3, "the planned series opens for them");
        assert!(world.open_kinds(world.soc_son.id).is_empty());
    });
}

#[test]
fn what_was_due_and_is_paid_again_is_due_no_longer() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_at(&world.soc_son, FEE);
        let told = world.claim(&owed, FEE).settle();
        assert_eq!(due(&world), ["receipt open"]);
        // The claim was never proven: the money is taken back.
        let (clerk, chief) = (
            crate::corrections::person(owed.unit, world.clerk, bienlai::actor::Role::Finance),
            crate::corrections::person(owed.unit, world.chief, bienlai::actor::Role::Approver),
        );
        let item = world.change(|tx, stamp| {
            bienlai::exception::open(
                tx,
                stamp,
                &[bienlai::exception::New {
                    unit: owed.unit,
                    kind: Kind::ClaimWithoutCredit,
                    subject: bienlai::exception::Subject::Movement(told.movement),
                    account: Some(world.soc_son.account),
                    amount: FEE,
                    opened_on: stamp.today(),
                    detail: String::new(),
                }],
            )
        });
        assert_eq!(item, 1);
        let item =
            world.exceptions(owed.unit).into_iter().find(|one| one.kind == Kind::ClaimWithoutCredit).unwrap();
        world.change(|tx, stamp| {
            let proposal = ("disprove", None, "ngân hàng xác nhận không có");
            bienlai::exception::propose(tx, stamp, &clerk, owed.unit, item.id, proposal)
        });
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, owed.unit, item.id));
        assert_eq!(world.again(&owed).state, State::Reopened);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 0, "nothing is paid");

        world.open_series(&world.soc_son, "SS-26E", 10);
        world.take(&world.again(&owed), FEE, bienlai::payment::book::Method::Cash).unwrap();
        assert_eq!(world.receipts(&owed).len(), 1);
        assert_eq!(due(&world), ["receipt made"]);
        assert!(!world.open_kinds(owed.unit).contains(&Kind::ReceiptDue), "the alarm ends with it");
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 0);
    });
}

#[test]
fn what_is_cancelled_is_due_no_longer() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_at(&world.tay_ho, FEE);
        // As a row left behind by an obligation that was paid, reopened and cancelled.
        world.change(|tx, stamp| {
            let row = bienlai::receipt::query::DueRow {
                unit_id: owed.unit,
                obligation_id: owed.id,
                document_kind: "receipt".to_owned(),
                code: "series_missing".to_owned(),
                created_at: stamp.now,
                state: "open",
                revision: 1,
            };
            bienlai::store::rows::insert(tx, &[row])
        });
        world.cancel(&owed).unwrap();
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 0);
        assert_eq!(due(&world), ["receipt void"]);
    });
}

#[test]
fn a_hundred_that_cannot_be_made_keep_nobody_else_waiting() {
    each_database(|database| {
        let world = World::settled_in(database);
        let arrivals: Vec<_> = (0..130)
            .map(|_| {
                let owed = world.raise_at(&world.soc_son, Dong(1_000));
                world.claim(&owed, Dong(1_000)).arrival()
            })
            .collect();
        world.settle_all(&arrivals);
        assert_eq!(world.count("receipt_due"), 130);
        // Another unit's receipt becomes due behind them and can be made at once.
        world.wait_seconds(60);
        let series = world.ba_dinh.series.unwrap();
        let administrator =
            crate::corrections::person(world.ba_dinh.id, world.chief, bienlai::actor::Role::Administrator);
        let unit = world.ba_dinh.id;
        world.change(|tx, stamp| {
            series::life::stop(tx, stamp, &administrator, unit, series, "thử").map(|_| ())
        });
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
        assert!(world.receipts(&owed).is_empty());
        world.open_series(&world.ba_dinh, "BE-26E", 10);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 1);
        assert_eq!(world.receipts(&owed).len(), 1);
        world.open_series(&world.soc_son, "SS-26E", 1_000);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 130, "and then all of them");
    });
}

/// The money's day is closed before the series opens: the fees go to the next day and are shared
/// out with it.
#[test]
fn a_receipt_made_after_its_day_was_closed_counts_in_the_next_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let commune = world.ba_dinh.clone();
        let owed = world.raise_at(&commune, FEE);
        let administrator =
            crate::corrections::person(commune.id, world.clerk, bienlai::actor::Role::Administrator);
        let series = commune.series.unwrap();
        world.change(|tx, stamp| {
            series::life::stop(tx, stamp, &administrator, commune.id, series, "thử").map(|_| ())
        });
        world.claim(&owed, FEE).reference("FT260001").settle();
        let day = world.now().business_day();
        show(
            &world,
            &commune,
            BankFile::new(commune.account_no, day, 0).book(25_000, &owed.reference_code, "FT260001"),
        );
        close_day(&world, &commune);
        world.assert_balances(
            commune.id,
            &[(Account::Bank(commune.account), 25_000), (Account::ReceivedInAdvance(owed.id), -25_000)],
        );
        world.open_series(&commune, "BE-26E", 10);
        assert_eq!(worker::make_due_receipts(&world.app).unwrap(), 1);
        let on = "SELECT CAST(accounting_date AS TEXT) AS t FROM posting WHERE credit_account LIKE 'fees_%'";
        assert_eq!(world.words(on), [day.next().to_string()], "a closed day stays as it was certified");
        world.wait_days(1);
        show(&world, &commune, BankFile::new(commune.account_no, day.next(), 25_000));
        close_day(&world, &commune);
        world.assert_balances(
            commune.id,
            &[
                (Account::Bank(commune.account), 25_000),
                (Account::BudgetDue("805-2771".into()), -12_500),
                (Account::ShareKept("HT-01".into()), -12_500),
            ],
        );
    });
}

fn show(world: &World, commune: &Commune, file: BankFile) {
    import(world, &file.without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
}

fn close_day(world: &World, commune: &Commune) {
    let (unit, account, day) = (commune.id, commune.account, world.now().business_day());
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}
