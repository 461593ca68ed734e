//! What an officer decides when the rest of a part does not come: it is reduced by two persons, or asked for again.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::exception::{Ask, Decision, Exception, Kind, State};
use bienlai::ledger::Account;
use bienlai::obligation::State as Owed;
use bienlai::party::Payer;
use bienlai::payment::{remind, resolve};

use crate::corrections::person;
use crate::support::world::line;
use crate::support::{World, each_database};

fn part(world: &World) -> Exception {
    let mut items = world.exceptions(world.ba_dinh.id).into_iter();
    items.find(|one| one.kind == Kind::Underpaid).expect("it is asked about")
}

fn by_decision(world: &World, target: Option<i64>) -> Ask<'static> {
    Ask {
        resolution: "reduce",
        target,
        reason: "hộ nghèo",
        decision: Some(Decision { number: "12/QĐ-UBND".into(), on: world.now().business_day() }),
    }
}

fn propose(world: &World, item: &Exception, ask: &Ask<'static>) -> Result<(), &'static str> {
    let clerk = person(item.unit, world.clerk, Role::Finance);
    let done = world
        .try_change(|tx, stamp| resolve::propose(tx, stamp, &clerk, (item.unit, item.id), ask.clone(), &[]));
    done.map(|_| ()).map_err(|error| error.code())
}

fn approve(world: &World, item: &Exception) {
    let chief = person(item.unit, world.chief, Role::Approver);
    world.change(|tx, stamp| resolve::approve(tx, stamp, &chief, item.unit, item.id));
}

#[test]
fn what_is_owed_is_lowered_to_what_was_paid_by_two_persons_and_receipted() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let item = part(&world);
        let unfounded = Ask { decision: None, ..by_decision(&world, None) };
        assert_eq!(propose(&world, &item, &unfounded), Err("decision_missing"));
        assert_eq!(propose(&world, &item, &by_decision(&world, Some(2))), Err("resolution_unfit"));
        assert_eq!(propose(&world, &item, &by_decision(&world, None)), Ok(()));
        let clerk = person(item.unit, world.clerk, Role::Finance);
        let own = world.try_change(|tx, stamp| resolve::approve(tx, stamp, &clerk, item.unit, item.id));
        assert_eq!(own.unwrap_err().code(), "maker_is_checker");
        approve(&world, &item);
        let again = world.again(&owed);
        assert_eq!((again.state, again.total, again.allocated), (Owed::Paid, Dong(10_000), Dong(10_000)));
        let receipts = world.receipts(&owed);
        assert_eq!((receipts.len(), receipts[0].amount), (1, Dong(10_000)));
        assert!(world.open_kinds(owed.unit).is_empty(), "{:?}", world.open_kinds(owed.unit));
        let clearing = (Account::Clearing(world.ba_dinh.account, "vpbank".into()), 10_000);
        let fees = (Account::FeesCollected("HT-01".into()), -10_000);
        world.assert_balances(owed.unit, &[clearing, fees]);
        assert_eq!(world.count("audit_entry WHERE action = 'obligation.reduced'"), 1);
        // What comes after that is too much.
        world.claim(&owed, Dong(15_000)).settle();
        assert_eq!(world.open_kinds(owed.unit), [Kind::DuplicateTransfer]);
    });
}

#[test]
fn of_several_lines_one_is_named_and_one_that_is_lowered_to_nothing_is_on_no_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let lines = vec![
            line("HT-01", "phi", "receipt", Dong(25_000)),
            line("LP-01", "le_phi", "receipt", Dong(25_000)),
            line("HT-02", "phi", "receipt", Dong(5_000)),
        ];
        let owed = world.raise_lines(&world.ba_dinh, lines);
        world.claim(&owed, Dong(30_000)).settle();
        let item = part(&world);
        for (target, code) in [(None, "resolution_unfit"), (Some(3), "resolution_unfit")] {
            assert_eq!(propose(&world, &item, &by_decision(&world, target)), Err(code), "{target:?}");
        }
        assert_eq!(propose(&world, &item, &by_decision(&world, Some(2))), Ok(()));
        approve(&world, &item);
        assert_eq!((world.again(&owed).state, world.again(&owed).total), (Owed::Paid, Dong(30_000)));
        let collected: i64 = world.receipts(&owed).iter().map(|one| one.amount.0).sum();
        assert_eq!(collected, 30_000);
    });
}

#[test]
fn the_rest_is_asked_for_again_no_more_often_than_every_few_days() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payer = Payer { phone: Some("0900000001".into()), ..Payer::default() };
        let owed = world.raise_for(payer, Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let item = part(&world);
        let clerk = person(item.unit, world.clerk, Role::Finance);
        let reminded = || world.try_change(|tx, stamp| remind::remind(tx, stamp, &clerk, &item)).map(|_| ());
        let told = || world.count("message WHERE kind = 'paid_in_part'");
        assert_eq!(told(), 1, "when the part came");
        reminded().unwrap();
        assert_eq!(told(), 2);
        assert_eq!(reminded().unwrap_err().code(), "reminded_lately");
        world.wait_days(7);
        reminded().unwrap();
        assert_eq!((told(), part(&world).state), (3, State::Open));
        world.claim(&owed, Dong(15_000)).settle();
        assert_eq!(reminded().unwrap_err().code(), "resolution_unfit", "nothing is missing");

        let nobody = world.raise_for(Payer::default(), Dong(9_000));
        world.claim(&nobody, Dong(1_000)).settle();
        let items = world.exceptions(world.ba_dinh.id);
        let other = items.iter().find(|one| one.kind == Kind::Underpaid && one.state == State::Open).unwrap();
        let refused = world.try_change(|tx, stamp| remind::remind(tx, stamp, &clerk, other));
        assert_eq!(refused.unwrap_err().code(), "reminder_unaddressed");
    });
}

#[test]
fn how_long_a_payer_has_for_the_rest_is_a_setting() {
    let days = |setting: u32| {
        let calendar = bienlai::working_days::WorkingDays::default().patient(setting);
        calendar.after("2026-11-23".parse().unwrap(), calendar.partial_patience())
    };
    assert_eq!(days(10), "2026-12-07".parse().unwrap());
    assert_eq!(days(3), "2026-11-26".parse().unwrap());
    let text = "[exceptions]\npartial_patience_working_days = 0\n";
    let read: bienlai::config::exceptions::Exceptions =
        toml::from_str::<toml::Table>(text).unwrap()["exceptions"].clone().try_into().unwrap();
    assert_eq!(read.check().unwrap_err().code(), "config_invalid");
}
