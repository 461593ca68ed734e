//! A claim that comes while its statement line is being matched.

use std::collections::BTreeSet;

use bienlai::actor::{Actor, Scope};
use bienlai::amount::Dong;
use bienlai::ledger::Account;
use bienlai::payment::prove::{Case, LineWork, post_lines};
use bienlai::reconciliation::{query, reconcile};
use bienlai::store::Lane;

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const FEE: i64 = 25_000;

#[test]
fn a_claim_that_comes_while_its_line_is_matched_is_not_counted_twice() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        let today = world.now().business_day();
        let memo = format!("{} nop phi", owed.reference_code);
        import(&world, &BankFile::new(world.ba_dinh.account_no, today, 0).book(FEE, &memo, "FT1").camt());
        let line = world.look(|conn| query::lines(conn, unit, account, today)).remove(0);
        // Matching saw no claim; now it comes.
        world.claim(&owed, Dong(FEE)).settle();
        let work = LineWork {
            unit,
            account,
            line: line.id,
            booking_date: line.booking_date,
            amount: line.amount,
            code: owed.reference_code.clone(),
            is_damaged: false,
            bank_reference: line.bank_reference.clone(),
            revision: line.revision,
            case: Case::Credit { named: vec![(unit, owed.id)] },
            rule: "code_and_amount",
            evidence: String::new(),
            hint: None,
        };
        let refused = world.store.write(&Scope::All, Lane::Bulk, |tx| {
            post_lines(tx, &world.stamp(), &Actor::system(), std::slice::from_ref(&work), &BTreeSet::new())
        });
        assert_eq!(refused.expect_err("the run starts over").code(), "store_contended");
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("matched anew");
        assert_eq!(world.count("payment"), 1);
        assert!(world.open_kinds(unit).is_empty(), "{:?}", world.open_kinds(unit));
        let bank = (Account::Bank(account), FEE);
        world.assert_balances(unit, &[bank, (Account::FeesCollected("HT-01".to_owned()), -FEE)]);
    });
}
