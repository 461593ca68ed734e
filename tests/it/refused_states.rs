//! What a thing's state does not allow is refused under the name of what stands in the way.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::duty::delegation::{self, Offer};
use bienlai::duty::{self, leaving};
use bienlai::identity::login::{self, NewLogin};
use bienlai::identity::{create_person, sso};
use bienlai::payment::combine;
use bienlai::shift::count::Count;
use bienlai::shift::{self, provisional};
use bienlai::store::{Stamp, Tx};
use bienlai::tariff::edition;

use crate::refusals::{Act, Told, code_of, differing};
use crate::support::{World, each_database};

const ISSUER: &str = "https://dang-nhap.example.vn";

#[test]
fn what_stands_in_the_way_is_named_when_somebody_leaves_lends_or_signs_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let today = world.now().business_day();
        let system = Actor::system();
        let seat =
            |person, role| Actor { person: Some(person), client: None, role, scope: Scope::unit(unit) };
        let invited = |tx: &mut Tx<'_>, stamp: &Stamp<'_>, name: &str, role: Role| {
            let person = create_person(tx, stamp, &system, unit, name)?;
            let new = NewLogin { name: name.to_owned(), person, role, scope: Scope::unit(unit) };
            login::invite(tx, stamp, &system, new).map(|(id, _)| (id, person))
        };
        let mut told: Told = Vec::new();
        let mut refused =
            |code: &'static str, act: Act<'_>| told.push((code, code_of(world.try_change(act))));

        refused("login_holds_work", &mut |tx, stamp| {
            let (id, person) = invited(tx, stamp, "thu.ngan", Role::Cashier)?;
            shift::open(tx, stamp, &seat(person, Role::Cashier), unit, &Count::default())?;
            leaving::end(tx, stamp, &system, None, id)
        });
        refused("delegation_giver_no_approver", &mut |tx, stamp| {
            let (_, delegate) = invited(tx, stamp, "ke.toan", Role::Finance)?;
            let offer = Offer {
                unit,
                delegate,
                acts: vec![duty::Kind::Refund],
                limit: Dong(1_000_000),
                valid_from: today,
                valid_until: today.plus_days(7),
                decision_no: "12/QĐ-UBND".to_owned(),
                decision_on: today,
            };
            delegation::offer(tx, stamp, &seat(world.chief, Role::Approver), &offer).map(|_| ())
        });
        refused("sso_subject_wrong", &mut |tx, stamp| {
            let (id, _) = invited(tx, stamp, "ke.toan", Role::Finance)?;
            sso::link(tx, stamp, &system, id, ISSUER, " ")
        });
        refused("sso_subject_wrong", &mut |tx, stamp| {
            let (id, _) = invited(tx, stamp, "ke.toan", Role::Finance)?;
            sso::link(tx, stamp, &system, id, ISSUER, &"x".repeat(256))
        });
        refused("sso_subject_taken", &mut |tx, stamp| {
            let (one, _) = invited(tx, stamp, "ke.toan", Role::Finance)?;
            let (other, _) = invited(tx, stamp, "thu.ngan", Role::Cashier)?;
            sso::link(tx, stamp, &system, one, ISSUER, "3f1c9a5e")?;
            sso::link(tx, stamp, &system, one, ISSUER, " 3f1c9a5e ")?;
            sso::link(tx, stamp, &system, other, ISSUER, "3f1c9a5e")
        });
        refused("tariff_missing", &mut |tx, _| edition::newest_id(tx).map(|_| ()));

        assert_eq!(differing(&told), Vec::<String>::new());
        assert_eq!(world.count("login"), 0, "nothing of what was refused is kept");
    });
}

#[test]
fn what_a_slip_says_has_to_fit_and_what_it_collected_waits_for_nobody_else() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(25_000));
        world.shift(unit);
        world.money(&world.ba_dinh, Dong(1_000)).memo("khong co ma").settle();
        let item = world.exceptions(unit).remove(0).id;
        let seat =
            |person, role| Actor { person: Some(person), client: None, role, scope: Scope::unit(unit) };
        let (cashier, finance) = (seat(world.clerk, Role::Cashier), seat(world.clerk, Role::Finance));
        let pad = world.change(|tx, stamp| provisional::print_pad(tx, stamp, &cashier, unit, 2));
        let entered = |tx: &mut Tx<'_>, stamp: &Stamp<'_>, amount: i64, after_s: i64| {
            let written = provisional::Written {
                obligation: owed.id,
                amount: Dong(amount),
                collected_at: stamp.now.plus_seconds(after_s),
                owed: Dong(25_000),
                differs: false,
            };
            provisional::enter(tx, stamp, &cashier, (unit, pad.first), &written).map(|_| ())
        };
        let mut told: Told = Vec::new();
        let mut refused =
            |code: &'static str, act: Act<'_>| told.push((code, code_of(world.try_change(act))));

        refused("amount_zero", &mut |tx, stamp| entered(tx, stamp, 0, 0));
        refused("slip_amount_differs", &mut |tx, stamp| entered(tx, stamp, 20_000, 0));
        refused("slip_time_wrong", &mut |tx, stamp| entered(tx, stamp, 25_000, 1));
        refused("slip_time_wrong", &mut |tx, stamp| entered(tx, stamp, 25_000, -3_600));
        refused("slip_waits", &mut |tx, stamp| {
            entered(tx, stamp, 25_000, 0)?;
            provisional::refuse_collected(tx, unit, &[owed.id])
        });
        refused("shift_slips_open", &mut |tx, stamp| {
            entered(tx, stamp, 25_000, 0)?;
            provisional::check_closing(tx, unit, world.clerk, &[])
        });
        let wrong: [(&str, &[i64]); 3] =
            [("slip_next_missing", &[]), ("slip_next_wrong", &[9]), ("slip_next_wrong", &[1, 2])];
        for (code, next) in wrong {
            refused(code, &mut |tx, _| provisional::check_closing(tx, unit, world.clerk, next));
        }
        refused("combine_alone", &mut |tx, stamp| {
            combine::approve(tx, stamp, &finance, (unit, item)).map(|_| ())
        });

        assert_eq!(differing(&told), Vec::<String>::new());
        assert_eq!(world.words("SELECT state AS t FROM provisional_slip ORDER BY slip_no"), ["printed"; 2]);
    });
}
