//! What the lines of a certificate are called: what was wholly too much, and what persons found.

use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger;

use crate::closed_late::{class, closed, item, matched, settled, today};
use crate::imports::import;
use crate::restated_money::corrected;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

#[test]
fn money_that_was_wholly_too_much_is_certified_as_such_by_every_way_it_comes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, day) = (world.ba_dinh.id, today(&world));
        let (owed, cancelled, part) = (world.raise(FEE), world.raise(Dong(8_000)), world.raise(Dong(9_000)));
        world.cancel(&cancelled).unwrap();
        let memo = |code: &str| format!("{code} nop phi");
        import(
            &world,
            &BankFile::new(world.ba_dinh.account_no, day, 0)
                .book(25_000, &memo(&owed.reference_code), "R1")
                .book(25_000, &memo(&owed.reference_code), "R2")
                .book(8_000, &memo(&cancelled.reference_code), "R3")
                .book(10_000, &memo(&part.reference_code), "R4")
                .book(3_000, "khong ro", "R5")
                .camt(),
        );
        matched(&world);
        settled(&world, item(&world, Kind::UnidentifiedCredit), ("assign", Some(owed.id.0)));
        let told = closed(&world, day);
        assert_eq!((class(&told, "surplus"), class(&told, "fee_receipt")), (36_000, 35_000), "{told:?}");
        let owed_back: i64 = world
            .look(|conn| ledger::trial_balance(conn, unit))
            .into_iter()
            .filter(|(account, _)| account.starts_with("surplus/"))
            .map(|(_, balance)| balance.0)
            .sum();
        assert_eq!(owed_back, -37_000, "one more thousand came with a fee");
    });
}

#[test]
fn a_line_that_takes_over_what_persons_explained_keeps_its_class() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = today(&world);
        world.wait_days(1);
        let file = || BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        let told =
            file().book_on(first, 9_000, "nop", "FT26327001").book_on(first, -3_000, "rut la", "FT26327002");
        import(&world, &told.camt());
        matched(&world);
        settled(&world, item(&world, Kind::UnknownDebit), ("bank_charge", None));
        corrected(
            &world,
            &file().book_on(first, 9_000, "nop", "FT26327001").book(-3_000, "rut la", "FT26327002"),
        );
        let classes = "SELECT class AS t FROM statement_line WHERE amount = -3000 ORDER BY id";
        assert_eq!(world.words(classes), ["unknown", "bank_fee"]);
        let (before, moved) = (closed(&world, first), closed(&world, today(&world)));
        assert_eq!((class(&before, "bank_fee"), class(&moved, "bank_fee")), (0, -3_000));
    });
}
