//! Interest and old bookings that the bank corrects: what was ordered to the Treasury is neither ordered
//! again nor claimed back beyond what it got, and no correction comes too late.

use bienlai::clock::BusinessDay;
use bienlai::ledger::Account;
use bienlai::remittance::{self, Kind};

use crate::closings;
use crate::imports::import;
use crate::remittances::{approve, draft_of};
use crate::restated_money::{bank, corrected, line_of, matched, obstacles, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const INTEREST: &str = "budget_due/interest";

fn due(amount: i64) -> (Account, i64) {
    (Account::BudgetDue("interest".to_owned()), amount)
}

/// What may be ordered, or claimed, now.
fn free(world: &World, kind: Kind) -> i64 {
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    let found = world.look(|conn| remittance::remittable(conn, unit, account, kind));
    found.into_iter().map(|one| one.free.0).sum()
}

/// Closes a day, orders so much of its interest, and opens the day again.
fn ordered_and_opened(world: &World, day: BusinessDay, amount: i64) {
    assert_eq!(obstacles(world, day), Vec::<&str>::new());
    let order = draft_of(world, Kind::Treasury, &[(INTEREST, amount)]).unwrap();
    approve(world, &order).unwrap();
    let asked = closings::ask(world, day).unwrap();
    closings::approve(world, &asked, world.chief).unwrap();
}

#[test]
fn ordered_interest_that_the_bank_moves_is_neither_ordered_again_nor_claimed_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let yesterday = today(&world);
        world.wait_days(1);
        let of = |day| {
            BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                .book_on(day, 1_200, "TRA LAI TIEN GUI", "FT26327001")
                .book(40, "le", "FT26327003")
        };
        import(&world, &of(yesterday).camt());
        matched(&world);
        ordered_and_opened(&world, yesterday, 1_200);
        corrected(&world, &of(today(&world)));
        world.assert_balances(
            world.ba_dinh.id,
            &[bank(&world, 1_240), due(-1_200), (Account::Suspense(line_of(&world, 40, 0)), -40)],
        );
        assert_eq!(obstacles(&world, yesterday), Vec::<&str>::new());
        assert_eq!(obstacles(&world, today(&world)), Vec::<&str>::new());
        assert_eq!((free(&world, Kind::Treasury), free(&world, Kind::Claim)), (0, 0));
        assert_eq!(
            world.words("SELECT class AS t FROM statement_line WHERE amount = 1200 ORDER BY id"),
            ["interest", "interest"]
        );
    });
}

#[test]
fn interest_that_was_moved_and_then_never_came_is_taken_back_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let yesterday = today(&world);
        world.wait_days(1);
        let empty = || BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        let base = || empty().book(40, "le", "FT26327003");
        let of =
            |day| empty().book_on(day, 1_200, "TRA LAI TIEN GUI", "FT26327001").book(40, "le", "FT26327003");
        import(&world, &of(yesterday).camt());
        matched(&world);
        corrected(&world, &of(today(&world)));
        corrected(&world, &base());
        let suspense = (Account::Suspense(line_of(&world, 40, 0)), -40);
        world.assert_balances(world.ba_dinh.id, &[bank(&world, 40), suspense]);
        assert_eq!((free(&world, Kind::Treasury), free(&world, Kind::Claim)), (0, 0));
    });
}

#[test]
fn no_more_is_claimed_back_than_was_ordered_of_the_interest() {
    for (ordered, claimed) in [(500, 0), (900, 400), (1_200, 700)] {
        each_database(|database| {
            let world = World::settled_in(database);
            let yesterday = today(&world);
            world.wait_days(1);
            let first = || {
                BankFile::new(world.ba_dinh.account_no, today(&world), 0)
                    .book_on(yesterday, 500, "TRA LAI TIEN GUI", "FT26327001")
                    .book(40, "le", "FT26327003")
            };
            let second = first().book_on(yesterday, 700, "TRA LAI TIEN GUI KY HAN", "FT26327002");
            import(&world, &second.camt());
            matched(&world);
            ordered_and_opened(&world, yesterday, ordered);
            corrected(&world, &first());
            let suspense = (Account::Suspense(line_of(&world, 40, 0)), -40);
            let mut expected = vec![bank(&world, 540), due(-500 - claimed), suspense];
            if claimed > 0 {
                expected.push((Account::BudgetRefundDue("interest".to_owned()), claimed));
            }
            world.assert_balances(world.ba_dinh.id, &expected);
            assert_eq!(obstacles(&world, yesterday), Vec::<&str>::new());
            let left = 500 + claimed - ordered;
            assert_eq!((free(&world, Kind::Treasury), free(&world, Kind::Claim)), (left, claimed));
        });
    }
}

#[test]
fn a_booking_that_the_bank_corrects_after_more_than_a_year_is_corrected() {
    each_database(|database| {
        let world = World::settled_in(database);
        let then = today(&world);
        let of = |amount| {
            BankFile::new(world.ba_dinh.account_no, then, 0).book(amount, "khong ma", "FT26327001").book(
                40,
                "le",
                "FT26327003",
            )
        };
        import(&world, &of(25_000).camt());
        matched(&world);
        world.wait_days(410);
        corrected(&world, &of(26_000));
        let old = Account::Suspense(line_of(&world, 26_000, 0));
        let suspense = (Account::Suspense(line_of(&world, 40, 0)), -40);
        world.assert_balances(world.ba_dinh.id, &[bank(&world, 26_040), (old, -26_000), suspense]);
    });
}
