//! The audit of a unit's series in parts: each carries to the next what was found, and all of them come to what one
//! audit in one go comes to, whoever carries it.

use bienlai::actor::{Role, Scope};
use bienlai::clock::Clock;
use bienlai::register::chain::Audit;
use bienlai::register::parts::{self, Course, Part};
use bienlai::register::proof::Fault;
use bienlai::worker;

use crate::series_tampered::{audited, pay, take_last, taken_over};
use crate::support::program::Service;
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database, tools};

/// How many parts a proof of series has.
pub fn proven(visitor: &mut Visitor, path: &str) -> usize {
    visitor.prove(path, "Số chứng từ đã kiểm", "Mọi ký hiệu liền mạch")
}

/// One step of Ba Đình's audit, of at most two numbers, with what the steps before found carried as an address does.
fn step(world: &World, text: &str) -> Part {
    let (unit, vault) = (world.ba_dinh.id, &world.app.vault);
    let course = Course::read(text, unit, vault, world.now()).expect("ours, and fresh");
    parts::prove(&world.store, &Scope::All, course, 2).expect("a step")
}

fn begun(world: &World) -> String {
    Course::new(world.ba_dinh.id, world.now()).text(&world.app.vault).expect("it can be carried")
}

/// Goes on to the end. Returns what all parts found, and after how many of them each number of faults was known.
fn gone_on(world: &World, mut text: String) -> (Audit, Vec<usize>) {
    let mut known = Vec::new();
    loop {
        match step(world, &text) {
            Part::Further(course) => {
                let (broken, faults) = course.faults();
                known.push(usize::from(broken.is_some()) + faults.len());
                text = course.text(&world.app.vault).expect("it can be carried");
                assert!(known.len() < 1_000, "the parts come to no end");
            }
            Part::Whole(audit) => return (audit, known),
        }
    }
}

/// What an audit says, but for the roots, which parts hold against the certificates and do not tell.
fn said(audit: &Audit) -> String {
    let proofs = audit.proofs.iter().map(|proof| {
        let counts = (proof.count, proof.fault_count, proof.missing);
        format!("{} {counts:?} {:?} {:?}", proof.series.id, proof.by_state, proof.faults)
    });
    format!("{:?} {:?}", audit.broken, proofs.collect::<Vec<_>>())
}

#[test]
fn many_parts_of_an_audit_come_to_what_one_without_a_break_comes_to() {
    each_database(|database| {
        let world = World::settled_in(database);
        for count in [3, 2] {
            pay(&world, count);
            world.seal();
            world.wait_days(1);
            assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        }
        pay(&world, 2);
        world.seal();
        let (audit, known) = gone_on(&world, begun(&world));
        assert!(audit.is_whole(), "{}", said(&audit));
        assert_eq!(said(&audit), said(&audited(&world)));
        assert_eq!(audit.certificate_count, 2);
        assert_eq!((audit.proofs[0].count, audit.proofs[0].by_state["signed"]), (7, 7));
        assert!(known.len() > 6, "numbers two by two, behind certificates and what is gone: {known:?}");
    });
}

#[test]
fn what_a_later_part_finds_broken_is_told_from_then_on_and_in_the_end() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 6);
        world.seal();
        world.stop_watching();
        let mut owner = taken_over(&world);
        tools::run(&mut owner, "UPDATE receipt SET amount = amount - 1000 WHERE number = 3").unwrap();
        let (audit, known) = gone_on(&world, begun(&world));
        assert_eq!(audit.proofs[0].faults, [(3, Fault::AmountChanged)]);
        assert_eq!(said(&audit), said(&audited(&world)));
        let first = known.iter().position(|count| *count > 0).expect("a part told of it");
        assert!(known[first..].iter().all(|count| *count == 1), "each part carries it on: {known:?}");
        assert!(first > 0 && first + 1 < known.len(), "between the first and the last part: {known:?}");

        // A part cannot be made to forget: who puts the row right meanwhile is told all the same.
        let mut text = begun(&world);
        for _ in 0..=first {
            let Part::Further(course) = step(&world, &text) else { panic!("it is not at its end") };
            text = course.text(&world.app.vault).unwrap();
        }
        tools::run(&mut owner, "UPDATE receipt SET amount = amount + 1000 WHERE number = 3").unwrap();
        assert!(audited(&world).is_whole());
        assert_eq!(gone_on(&world, text).0.proofs[0].faults, [(3, Fault::AmountChanged)]);
    });
}

#[test]
fn a_certificate_that_does_not_hold_and_a_number_that_is_gone_are_told_by_parts_as_without_a_break() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 3);
        world.seal();
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        pay(&world, 2);
        world.seal();
        world.stop_watching();
        let mut owner = taken_over(&world);
        let told = || said(&gone_on(&world, begun(&world)).0);
        take_last(&mut owner, 5);
        assert_eq!(told(), said(&audited(&world)));
        assert!(told().contains("TakenAway"), "{}", told());
        tools::run(&mut owner, "UPDATE receipt SET amount = amount - 1000 WHERE number = 1").unwrap();
        assert!(told().contains("NotCertified"), "{}", told());
        assert_eq!(told(), said(&audited(&world)));
        take_last(&mut owner, 4);
        take_last(&mut owner, 3);
        tools::run(&mut owner, "UPDATE receipt SET amount = amount + 1000 WHERE number = 1").unwrap();
        assert!(told().contains("counted: 3, now: 2"), "{}", told());
        assert_eq!(told(), said(&audited(&world)));
    });
}

#[test]
fn a_last_number_that_a_certificate_counted_and_no_row_has_is_told_and_keeps_no_part_waiting_for_it() {
    each_database(|database| {
        let mut world = World::settled_in(database);
        pay(&world, 3);
        world.seal();
        world.wait_days(1);
        assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        world.stop_watching();
        tools::run(&mut taken_over(&world), "DELETE FROM receipt WHERE number = 3").unwrap();
        // Each part carries no more than the end of a full tree to the next one: here there is none.
        let told = said(&gone_on(&world, begun(&world)).0);
        assert!(told.contains("NotCertified") && told.contains("(3, Missing)"), "{told}");
        assert_eq!(told, said(&audited(&world)));
    });
}

#[test]
fn an_address_that_somebody_wrote_themselves_proves_nothing() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        pay(&world, 3);
        world.seal();
        let (unit, vault) = (world.ba_dinh.id, &world.app.vault);
        let ours = begun(&world);
        let Part::Further(course) = step(&world, &ours) else { panic!("it is not at its end") };
        let ours = course.text(vault).unwrap();
        let mut service = Service::start(&world);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::unit(unit));
        let on = |text: &str| format!("/finance/series/proof?unit=00004&at={text}");
        proven(&mut finance, &on(&ours));
        finance.sees("Mọi ký hiệu liền mạch");

        let (text, tag) = ours.split_once('.').expect("a keyed hash stands behind it");
        let of_others = Course::new(world.tay_ho.id, world.now()).text(vault).unwrap();
        let later = begun(&world);
        let old = Course::new(unit, Clock::System.now().minus_seconds(3_700)).text(vault).unwrap();
        let other_tag = later.split_once('.').expect("a keyed hash stands behind it").1;
        let without = text.to_owned();
        let forged = [format!("{text}A.{tag}"), format!("{text}.{}", "0".repeat(tag.len())), "x.".to_owned()];
        for wrong in forged.into_iter().chain([without, format!("{text}.{other_tag}"), of_others, old]) {
            assert_eq!(finance.get(&on(&wrong)).status, 400, "{wrong}");
            assert!(!finance.page.contains("Mọi ký hiệu liền mạch"), "{wrong}: {}", finance.page);
        }
        finance.is_told("cursor_unreadable");
        service.stop();
    });
}
