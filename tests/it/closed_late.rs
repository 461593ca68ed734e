//! A day that is closed later tells what was open at its own end: what was on its way, what nobody had placed.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::exception::{self, Kind, Subject};
use bienlai::id::{ExceptionId, LineId, MovementId, PersonId};
use bienlai::ledger::{self, Account};
use bienlai::payment::book::Method;
use bienlai::payment::{cancel, resolve, unmatch};
use bienlai::reconciliation::bridge;
use bienlai::reconciliation::day_close::reading::{self, Reading};
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reconcile;
use bienlai::shift::deposit;

use crate::gateways;
use crate::imports::import;
use crate::restated_money::corrected;
use crate::support::bank_file::BankFile;
use crate::support::world::{BANK, POLL};
use crate::support::{World, each_database, tools};

const FEE: Dong = Dong(25_000);

pub fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

pub fn matched(world: &World) {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// A day's certificate, closed now.
#[track_caller]
pub fn closed(world: &World, day: BusinessDay) -> Reading {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(certificate) => reading::read(&certificate.document).expect("it is read back"),
        Closing::Refused(obstacles) => panic!("{:?}", obstacles.iter().map(Obstacle::en).collect::<Vec<_>>()),
    }
}

pub fn item(world: &World, kind: Kind) -> ExceptionId {
    let found = world.exceptions(world.ba_dinh.id);
    found.iter().find(|item| item.kind == kind).expect("there is such an exception").id
}

/// Two persons settle an exception.
pub fn settled(world: &World, item: ExceptionId, (resolution, target): (&str, Option<i64>)) {
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

pub fn class(reading: &Reading, class: &str) -> i64 {
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

/// What a day has on its way, told claim by claim and with fewer names: it must be the same.
#[track_caller]
fn told_alike(world: &World, day: BusinessDay) -> (i64, Dong) {
    let place = (world.ba_dinh.id, world.ba_dinh.account);
    let (stamp, actor) = (world.stamp(), Actor::system());
    let whole = world.look(|conn| bridge::of_day(conn, &stamp, &actor, place, day));
    for limit in [0, 1, 9] {
        let short = world.look(|conn| bridge::in_short(conn, &stamp, &actor, place, day, limit));
        let named = limit.min(whole.claims.len());
        assert_eq!(short.claims, whole.claims[..named], "{limit}");
        assert_eq!(short.claims_left_off, whole.claims.len() - named, "{limit}");
        assert_eq!(short.in_transit_count, whole.in_transit_count, "{limit}");
        assert_eq!(short.in_transit, whole.in_transit, "{limit}");
        assert_eq!(short.carried, whole.carried, "{limit}");
    }
    (whole.in_transit_count, whole.in_transit)
}

#[test]
fn what_is_on_its_way_is_the_same_in_short_as_claim_by_claim() {
    each_database(|database| {
        let world = World::settled_in(database);
        let day = today(&world);
        let claimed = |reference: &str| {
            let owed = world.raise(FEE);
            world.claim(&owed, FEE).reference(reference).settle();
            owed
        };
        let first = claimed("FT71");
        claimed("FT72");
        claimed("FT73");
        assert_eq!(told_alike(&world, day), (3, Dong(75_000)));
        world.wait_days(1);
        claimed("FT74");
        assert_eq!(told_alike(&world, day), (3, Dong(75_000)), "what came the day after is that day's");
        assert_eq!(told_alike(&world, today(&world)), (4, Dong(100_000)));
        let by_card = world.raise(FEE);
        world.take(&by_card, FEE, Method::Card).unwrap();
        assert_eq!(told_alike(&world, day), (3, Dong(75_000)), "nor is a card of the day after");
        assert_eq!(told_alike(&world, today(&world)), (5, Dong(125_000)));
        world.wait_days(12);
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book(25_000, &format!("{} nop phi", first.reference_code), "FT71")
                .camt(),
        );
        matched(&world);
        assert_eq!(told_alike(&world, day), (3, Dong(75_000)), "its line came long after the day");
        // Those that are overdue by now are told under their items, in both ways.
        told_alike(&world, today(&world));
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

/// All that was on its way by the books, over every channel.
fn on_its_way(world: &World, day: BusinessDay) -> Dong {
    let of = |channel: &str| {
        let account = Account::Clearing(world.ba_dinh.account, channel.to_owned());
        world.look(|conn| ledger::balance_until(conn, world.ba_dinh.id, &account, day))
    };
    Dong::sum([BANK, POLL, "vietqr", "pos"].into_iter().map(of)).unwrap()
}

/// The codes of what a day's certificate has on its way, which must be all that the books had.
#[track_caller]
fn codes(world: &World, day: BusinessDay) -> Vec<String> {
    let told = closed(world, day);
    assert_eq!(told.in_transit_unnamed, Dong::ZERO, "{:?}", told.claims);
    let carried = told.carried.iter().filter(|one| one.kind == "movement" || one.kind == "payment");
    let named = told.claims.iter().map(|claim| claim.amount).chain(carried.map(|one| one.amount));
    assert_eq!(Dong::sum(named).unwrap(), on_its_way(world, day), "{told:?}");
    told.claims.into_iter().map(|claim| claim.code).collect()
}

#[test]
fn a_claim_whose_line_a_corrected_statement_moved_is_named_until_the_day_its_first_line_showed_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, owed) = (today(&world), world.raise(FEE));
        world.claim(&owed, FEE).reference("FT26327001").settle();
        world.wait_days(1);
        let shown_on = today(&world);
        world.wait_days(1);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = || BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        let told = file().book_on(shown_on, 25_000, &memo, "FT26327001").book(8_000, "le", "FT26327002");
        import(&world, &told.camt());
        matched(&world);
        corrected(&world, &file().book(8_000, "le", "FT26327002").book(25_000, &memo, "FT26327001"));
        let taken_over = "SELECT rule AS t FROM match_part WHERE undoes_id IS NOT NULL";
        assert_eq!(world.words(taken_over), ["statement_corrected"]);
        assert_eq!(codes(&world, first), [owed.reference_code.as_str()]);
        assert!(codes(&world, shown_on).is_empty(), "its money was in the books of that day");
        assert!(codes(&world, today(&world)).is_empty());
    });
}

#[test]
fn a_claim_that_persons_show_by_part_of_a_lump_sum_is_named_without_what_the_lump_sum_showed_before() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, day) = (world.ba_dinh.clone(), today(&world));
        let paid = gateways::claimed(&world, &ba_dinh, 25_000, "S1");
        world.money(&ba_dinh, Dong(7_000)).by(POLL).id("S2").memo("khong ghi ma").settle();
        let other = world.raise(Dong(7_000));
        world.claim(&other, Dong(7_000)).reference("FT99").settle();
        let rows = [gateways::item("S1", 25_000, 125), gateways::item("S2", 7_000, 35)];
        gateways::report(&world, &ba_dinh, &rows).unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(31_840, "QT000126")]);
        assert_eq!(world.payments(&ba_dinh)[0].obligation, Some(paid.id));
        world.wait_days(1);
        let waits = "SELECT CAST(id AS TEXT) AS t FROM movement WHERE state = 'expected'";
        let claim: i64 = world.words(waits)[0].parse().unwrap();
        let found = world.exceptions(ba_dinh.id);
        let about =
            found.iter().find(|item| item.kind == Kind::BulkSettlement && item.subject_kind == "line");
        settled(&world, about.expect("it is asked about").id, ("proves", Some(claim)));
        assert_eq!(codes(&world, day), [other.reference_code.as_str()]);
        world.assert_balances(
            ba_dinh.id,
            &[
                (Account::Bank(ba_dinh.account), 31_840),
                (Account::ChargesToRecover, 160),
                // Shared out with the day whose line shows all of it.
                (Account::BudgetDue("805-2771".into()), -16_000),
                (Account::ShareKept("HT-01".into()), -16_000),
            ],
        );
    });
}

#[test]
fn items_of_a_lump_sum_that_found_their_places_after_the_day_are_carried_from_it_under_their_line() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (ba_dinh, day) = (world.ba_dinh.clone(), today(&world));
        for (id, amount) in [("S1", 7_000), ("S2", 8_000)] {
            world.money(&ba_dinh, Dong(amount)).by(POLL).id(id).memo("khong ghi ma").settle();
        }
        gateways::report(&world, &ba_dinh, &[gateways::item("S1", 7_000, 0), gateways::item("S2", 8_000, 0)])
            .unwrap();
        gateways::shown(&world, &ba_dinh, 0, &[(15_000, "QT000126")]);
        world.wait_days(1);
        let (first, second) = (world.raise(Dong(7_000)), world.raise(Dong(8_000)));
        for owed in [&first, &second] {
            let found = world.exceptions(ba_dinh.id);
            let about =
                found.iter().find(|item| item.amount == owed.total && item.kind == Kind::BulkSettlement);
            settled(&world, about.expect("each is asked about").id, ("assign", Some(owed.id.0)));
        }
        let told = closed(&world, day);
        let carried: Vec<(&str, i64)> =
            told.carried.iter().map(|one| (one.kind.as_str(), one.amount.0)).collect();
        assert_eq!(carried, [("line", 15_000)]);
        import(&world, &BankFile::new(ba_dinh.account_no, today(&world), 15_000).without_sequence().camt());
        assert_eq!(closed(&world, today(&world)).carried, []);
    });
}

#[test]
fn of_two_equal_claims_the_one_that_was_disproven_later_is_named_and_the_one_of_an_earlier_day_is_not() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = today(&world);
        let (owed, never) = (world.raise(FEE), world.raise(FEE));
        world.claim(&owed, FEE).id("VPB-778899").settle();
        world.claim(&owed, FEE).id("VPB-778900").reference("FT26327020").settle();
        world.claim(&never, FEE).settle();
        world.wait_days(4);
        let disproven_on = today(&world);
        let code =
            format!("SELECT CAST(id AS TEXT) AS t FROM movement WHERE code = '{}'", never.reference_code);
        let movement = MovementId(world.words(&code)[0].parse().unwrap());
        let new = exception::New {
            unit: world.ba_dinh.id,
            kind: Kind::ClaimWithoutCredit,
            subject: Subject::Movement(movement),
            account: Some(world.ba_dinh.account),
            amount: FEE,
            opened_on: disproven_on,
            detail: String::new(),
        };
        world.change(|tx, stamp| exception::open(tx, stamp, std::slice::from_ref(&new)).map(|_| ()));
        let missing = item(&world, Kind::ClaimWithoutCredit);
        settled(&world, missing, ("disprove", None));
        world.wait_seconds(60);
        // The line of the first day comes last: what it drops was gone on its own day.
        let file = BankFile::new(world.ba_dinh.account_no, disproven_on, 0);
        let file = file.book_on(first, 25_000, "NGUYEN THI THU chuyen tien", "FT26327020").camt();
        let refs = "<TxDtls><Refs><EndToEndId>VPB-778899</EndToEndId></Refs>";
        let file = String::from_utf8(file).unwrap().replacen("<TxDtls>", refs, 1);
        import(&world, file.as_bytes());
        matched(&world);
        assert_eq!(world.count("payment WHERE state = 'disproven'"), 2);
        let mut day = first;
        while day < disproven_on {
            assert_eq!(codes(&world, day), [never.reference_code.as_str()], "{day}");
            day = day.next();
        }
        assert!(codes(&world, disproven_on).is_empty());
    });
}

#[test]
fn a_day_begins_at_the_figure_that_the_certificate_before_it_keeps_and_an_old_certificate_has_none() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (first, owed) = (today(&world), world.raise(FEE));
        let nil = |day: BusinessDay, number: u32| {
            import(&world, &BankFile::new(world.ba_dinh.account_no, day, 0).numbered(number).camt());
        };
        world.claim(&owed, FEE).settle();
        nil(first, 1);
        assert_eq!(codes(&world, first), [owed.reference_code.as_str()]);
        let kept = "SELECT CAST(clearing AS TEXT) AS t FROM day_certificate ORDER BY date";
        assert_eq!(world.words(kept), ["25000"]);
        let mut owner = world.database.as_owner();
        tools::unguarded(&mut owner, world.database.product, "day_certificate");
        tools::run(&mut owner, "UPDATE day_certificate SET clearing = NULL").expect("the owner may");
        world.wait_days(1);
        let later = world.raise(Dong(8_000));
        world.claim(&later, Dong(8_000)).settle();
        nil(today(&world), 2);
        assert_eq!(codes(&world, today(&world)).len(), 2, "everything that was ever posted is gone through");
        assert_eq!(world.words("SELECT CAST(MAX(clearing) AS TEXT) AS t FROM day_certificate"), ["33000"]);
        tools::run(&mut owner, "UPDATE day_certificate SET clearing = 34000 WHERE clearing = 33000")
            .expect("the owner may");
        world.wait_days(1);
        nil(today(&world), 3);
        let told = closed(&world, today(&world));
        assert_eq!(told.in_transit_unnamed, Dong(1_000), "older postings are not looked at again");
    });
}
