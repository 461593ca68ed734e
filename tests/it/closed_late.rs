//! A day that is closed later tells what was open at its own end: what was on its way, what nobody had placed.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind};
use bienlai::id::{ExceptionId, LineId, PersonId};
use bienlai::ledger::{self, Account};
use bienlai::payment::book::Method;
use bienlai::payment::{cancel, resolve, unmatch};
use bienlai::reconciliation::day_close::reading::{self, Reading};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::shift::deposit;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::BANK;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// A day's certificate, closed now.
#[track_caller]
fn closed(world: &World, day: BusinessDay) -> Reading {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(certificate) => reading::read(&certificate.document).expect("it is read back"),
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

fn item(world: &World, kind: Kind) -> ExceptionId {
    let found = world.exceptions(world.ba_dinh.id);
    found.iter().find(|item| item.kind == kind).expect("there is such an exception").id
}

/// Two persons settle an exception.
fn settled(world: &World, item: ExceptionId, (resolution, target): (&str, Option<i64>)) {
    let unit = world.ba_dinh.id;
    let officer = |role: Role, person: PersonId| Actor {
        person: Some(person),
        client: None,
        role,
        scope: Scope::unit(unit),
    };
    let (clerk, chief) = (officer(Role::Finance, world.clerk), officer(Role::Approver, world.chief));
    world.change(|tx, stamp| {
        resolve::propose(
            tx,
            stamp,
            &clerk,
            (unit, item),
            exception::Ask::from((resolution, target, "đã xem chứng từ")),
            &[],
        )
    });
    world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item));
}

fn class(reading: &Reading, class: &str) -> i64 {
    reading.classes.iter().filter(|(name, _)| name == class).map(|(_, sum)| sum.0).sum()
}

fn clearing_at(world: &World, day: BusinessDay) -> Dong {
    let account = Account::Clearing(world.ba_dinh.account, BANK.to_owned());
    world.look(|conn| ledger::balance_until(conn, world.ba_dinh.id, &account, day))
}

#[test]
fn a_day_closed_after_the_line_came_still_names_what_was_on_its_way() {
    each_database(|database| {
        let world = World::settled_in(database);
        let friday = today(&world);
        let (first, second) = (world.raise(FEE), world.raise(Dong(8_000)));
        world.claim(&first, FEE).reference("FT77").settle();
        world.claim(&second, Dong(8_000)).reference("FT78").settle();
        world.wait_days(3);
        let monday = today(&world);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, monday, 0)
                .book(25_000, &format!("{} nop phi", first.reference_code), "FT77")
                .camt(),
        );
        matched(&world);
        let mut day = friday;
        while day < monday {
            let told = closed(&world, day);
            assert_eq!((told.in_transit_count, told.in_transit), (2, Dong(33_000)), "{day}");
            assert_eq!(told.in_transit, clearing_at(&world, day));
            let codes: Vec<&str> = told.claims.iter().map(|claim| claim.code.as_str()).collect();
            assert_eq!(codes, [first.reference_code.as_str(), second.reference_code.as_str()]);
            assert!(told.claims.iter().all(|claim| claim.first_seen == friday && claim.movement.is_some()));
            day = day.next();
        }
        let told = closed(&world, monday);
        let carried: i64 = told.carried.iter().map(|one| one.amount.0).sum();
        assert_eq!(
            told.in_transit.0 + carried,
            8_000,
            "the other one is on its way still, or overdue by name"
        );
        assert_eq!(clearing_at(&world, monday), Dong(8_000));
    });
}

#[test]
fn a_match_made_and_taken_apart_after_the_day_leaves_the_claim_on_its_way() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, friday) = (world.ba_dinh.id, today(&world));
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).reference("FT77").settle();
        world.wait_days(3);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(25_000, &format!("{} nop phi", owed.reference_code), "FT77")
                .camt(),
        );
        matched(&world);
        let line: i64 = world.words("SELECT CAST(id AS TEXT) AS t FROM statement_line")[0].parse().unwrap();
        let officer = |role: Role, person: PersonId| Actor {
            person: Some(person),
            client: None,
            role,
            scope: Scope::unit(unit),
        };
        let (clerk, chief) = (officer(Role::Finance, world.clerk), officer(Role::Approver, world.chief));
        let doubt =
            world.change(|tx, stamp| unmatch::ask(tx, stamp, &clerk, (unit, LineId(line)), "khớp nhầm"));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, doubt.id));
        let told = closed(&world, friday);
        assert_eq!((told.in_transit_count, told.in_transit), (1, FEE), "proven by nothing any more");
        assert_eq!(told.claims[0].code, owed.reference_code);
        assert_eq!(told.in_transit, clearing_at(&world, friday));
    });
}

#[test]
fn a_card_that_its_batch_showed_later_was_on_its_way_until_then() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let owed = world.raise(FEE);
        let taken = world.take(&owed, FEE, Method::Card).unwrap();
        world.wait_days(1);
        import(&world, &BankFile::new(world.ba_dinh.account_no, today(&world), 0).camt());
        matched(&world);
        let told = closed(&world, day);
        assert_eq!((told.in_transit_count, told.in_transit), (1, FEE));
        assert_eq!(told.claims[0].payment, taken.payment.to_string());
        assert_eq!(told.claims[0].movement, None);
    });
}

#[test]
fn money_that_was_placed_after_the_day_is_carried_from_it_and_from_no_later_one() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let owed = world.raise(FEE);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, day, 0)
                .book(25_000, "khong ro", "R1")
                .book(-3_000, "rut tien la", "R2")
                .camt(),
        );
        matched(&world);
        world.wait_days(1);
        settled(&world, item(&world, Kind::UnidentifiedCredit), ("assign", Some(owed.id.0)));
        settled(&world, item(&world, Kind::UnknownDebit), ("bank_charge", None));
        let told = closed(&world, day);
        let mut carried: Vec<i64> = told.carried.iter().map(|one| one.amount.0).collect();
        carried.sort_unstable();
        assert_eq!(carried, [-3_000, 25_000]);
        assert_eq!((class(&told, "unknown"), class(&told, "fee_receipt")), (22_000, 0));
        import(&world, &BankFile::new(world.ba_dinh.account_no, today(&world), 22_000).numbered(2).camt());
        assert_eq!(closed(&world, today(&world)).carried, []);
    });
}

#[test]
fn a_line_that_found_its_place_on_its_own_day_is_certified_as_what_it_was() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let owed = world.raise(FEE);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, day, 0)
                .book(25_000, "khong ro", "R1")
                .book(-3_000, "rut tien la", "R2")
                .book(-5_000, "rut tien la hai", "R3")
                .book(5_000, "khong ro hai", "R4")
                .camt(),
        );
        matched(&world);
        let of = |amount: i64| {
            let found = world.exceptions(world.ba_dinh.id);
            let about = found.iter().find(|item| item.amount == Dong(amount) && item.subject_kind == "line");
            about.expect("there is such a line").id
        };
        settled(&world, of(25_000), ("assign", Some(owed.id.0)));
        settled(&world, of(3_000), ("bank_charge", None));
        settled(&world, of(5_000), ("given_back", None));
        let told = closed(&world, day);
        assert_eq!(told.carried, []);
        assert_eq!(class(&told, "fee_receipt"), 25_000);
        assert_eq!(class(&told, "bank_fee"), -3_000);
        assert!(told.classes.iter().any(|(name, sum)| name == "reversal" && sum.is_zero()), "{told:?}");
    });
}

/// The accounting dates of what was posted from one kind of account to another.
fn posted_on(world: &World, debit: &str, credit: &str) -> Vec<String> {
    world.words(&format!(
        "SELECT DISTINCT CAST(accounting_date AS TEXT) AS t FROM posting WHERE debit_account LIKE '{debit}/%' \
         AND credit_account LIKE '{credit}/%'"
    ))
}

#[test]
fn what_is_handed_over_or_cancelled_on_a_closed_day_belongs_to_the_next() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, day) = (world.ba_dinh.id, today(&world));
        let (in_cash, in_part) = (world.raise(FEE), world.raise(FEE));
        world.take(&in_cash, FEE, Method::Cash).unwrap();
        world.claim(&in_part, Dong(10_000)).settle();
        import(&world, &BankFile::new(world.ba_dinh.account_no, day, 0).camt());
        matched(&world);
        let told = closed(&world, day);
        assert_eq!(told.cash.len(), 1, "{:?}", told.cash);
        let drawer = told.cash[0].id.parse().expect("the id of a shift");
        let cashier = world.cashier(unit);
        let slip = world
            .app
            .write(&cashier, |tx, stamp| {
                deposit::hand_over(tx, stamp, &cashier, unit, None, &[(drawer, Dong(10_000))])
            })
            .unwrap();
        assert_eq!(slip.handed_on, day.next());
        world.change(|tx, stamp| {
            cancel::cancel(tx, stamp, &Actor::system(), unit, in_part.id, "hồ sơ đã rút")
        });
        let next = [day.next().to_string()];
        assert_eq!(posted_on(&world, "deposit_in_transit", "drawer"), next);
        assert_eq!(posted_on(&world, "received_in_advance", "surplus"), next);
    });
}
