//! A month tells by name what was on its way at the end of its last day.

use std::process::Command;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::month_close::{self, Closing as MonthClosing, Month};

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

/// A day without movement, closed.
fn nil(world: &World, number: u32) {
    let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, world.now().business_day());
    import(world, &BankFile::new(world.ba_dinh.account_no, day, 0).numbered(number).camt());
    let closing =
        close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
    match closing.expect("the day is looked at") {
        Closing::Closed(_) => {}
        Closing::Refused(obstacles) => panic!("{obstacles:?}"),
    }
}

#[test]
fn a_month_names_the_claims_that_were_on_their_way_at_the_end_of_its_last_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        let this = Month::of(world.now().business_day());
        let mut number = 0;
        let owed = world.raise(Dong(25_000));
        while Month::of(world.now().business_day()) == this {
            if world.now().business_day() == this.last() {
                world.claim(&owed, Dong(25_000)).settle();
            }
            number += 1;
            nil(&world, number);
            world.wait_days(1);
        }
        let place = (world.ba_dinh.id, world.ba_dinh.account);
        let stamp = || world.stamp();
        let closing = month_close::close(&world.store, &world.keyring, &stamp, &Actor::system(), place, this);
        let MonthClosing::Closed(certificate) = closing.unwrap() else { panic!("all days are closed") };
        let told = month_close::certificate::read(&certificate.document).unwrap();
        assert_eq!((told.in_transit_count, told.in_transit), (1, Dong(25_000)));
        assert_eq!(told.in_transit_unnamed, Dong::ZERO);
        let [claim] = told.claims.as_slice() else { panic!("{told:?}") };
        assert_eq!((claim.code.as_str(), claim.amount), (owed.reference_code.as_str(), Dong(25_000)));
        assert_eq!(claim.first_seen, this.last());
        let folder = tempfile::tempdir().unwrap();
        let (xml, pdf) = (folder.path().join("month.xml"), folder.path().join("month.pdf"));
        std::fs::write(&xml, &certificate.document).unwrap();
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/xsd/month_certificate/MC-1.0.xsd");
        let valid = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&xml).output().unwrap();
        assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));
        std::fs::write(&pdf, month_close::page::render(&certificate.document, false).unwrap()).unwrap();
        let text = Command::new("pdftotext").arg("-layout").arg(&pdf).arg("-").output().unwrap();
        assert!(String::from_utf8_lossy(&text.stdout).contains(&owed.reference_code));
    });
}
