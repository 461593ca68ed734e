//! One transfer is told by callback, by poll and by the statement, in every order: it is one
//! payment, one receipt and one line in the books.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::reconciliation::reconcile;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::{BANK, POLL};
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

/// All orders of callback, poll and statement.
const ORDERS: [&str; 6] = ["cps", "csp", "pcs", "psc", "scp", "spc"];

#[test]
fn callback_poll_and_statement_in_any_order_make_one_payment_and_one_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let mut balance = 0;
        let mut count = 0;
        for trusted in [true, false] {
            for order in ORDERS {
                for has_reference in [true, false] {
                    let owed = world.raise(Dong(FEE));
                    let name = format!("FT{count:04}");
                    count += 1;
                    let telling = |channel: &str| {
                        let told = world.claim(&owed, Dong(FEE)).by(channel).id(&format!("{channel}{name}"));
                        if has_reference { told.reference(&name) } else { told }
                    };
                    // A stranger's channel only advises: then the statement alone settles.
                    let (first, second) = if trusted { (BANK, POLL) } else { ("stranger", "other") };
                    let memo = format!("{} nop phi", owed.reference_code);
                    let file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), balance)
                        .book(FEE, &memo, &name);
                    for round in 0..2 {
                        for route in order.chars() {
                            match route {
                                'c' => drop(telling(first).settle()),
                                'p' => drop(telling(second).settle()),
                                _ => {
                                    import(&world, &file.camt());
                                    let account = world.ba_dinh.account;
                                    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account)
                                        .expect("the line is matched");
                                }
                            }
                        }
                        let told =
                            format!("{order}, trusted {trusted}, reference {has_reference}, round {round}");
                        assert_eq!(world.again(&owed).state, State::Paid, "{told}");
                        assert_eq!(world.receipts(&owed).len(), 1, "{told}");
                        assert_eq!(world.count("payment"), count, "{told}");
                        assert_eq!(world.count("line_case"), count, "{told}");
                        assert!(world.open_kinds(unit).is_empty(), "{told}: {:?}", world.open_kinds(unit));
                    }
                    balance += FEE;
                }
            }
        }
        world.assert_balances(
            unit,
            &[
                (Account::Bank(world.ba_dinh.account), balance),
                (Account::FeesCollected("HT-01".to_owned()), -balance),
            ],
        );
    });
}
