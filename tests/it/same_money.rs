//! One money told as two movements under different keys, until a statement line carries both keys.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::reconciliation::{Report, reconcile};

use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::{BANK, POLL};
use crate::support::{World, each_database};

const FEE: i64 = 25_000;
const REFERENCE: &str = "FT26327020";
const CHANNEL_ID: &str = "VPB-778899";

/// A statement whose only line carries the bank's reference and the channel's id, and no code.
fn line_with_both(world: &World, amount: i64) -> Report {
    let commune = &world.ba_dinh;
    let file = BankFile::new(commune.account_no, world.now().business_day(), 0);
    let camt = String::from_utf8(file.book(amount, "NGUYEN THI THU chuyen tien", REFERENCE).camt()).unwrap();
    let refs = format!("<TxDtls><Refs><EndToEndId>{CHANNEL_ID}</EndToEndId></Refs>");
    import(world, camt.replace("<TxDtls>", &refs).as_bytes());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap()
}

fn states(world: &World) -> Vec<String> {
    world.words("SELECT state AS t FROM movement ORDER BY id")
}

#[test]
fn a_callback_by_one_key_and_a_poll_by_another_become_one_when_a_line_carries_both() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        let receipt = world.claim(&owed, Dong(FEE)).id(CHANNEL_ID).receipt();
        // The poll lost the memo, so nothing tells that it is the same money.
        let poll = world.money(&world.ba_dinh, Dong(FEE)).by(POLL).reference(REFERENCE).memo("chuyen tien");
        poll.settle();
        assert_eq!(world.open_kinds(unit), [Kind::UnidentifiedCredit]);
        let report = line_with_both(&world, FEE);
        assert_eq!((report.proven, report.unknown), (1, 0));
        assert_eq!(states(&world), ["proven", "same_as"]);
        assert_eq!(world.count("movement_same_as s JOIN movement m ON m.unit_id = s.unit_id AND m.id = s.later_id WHERE m.state = 'same_as'"), 1);
        assert_eq!(world.open_kinds(unit), [Kind::SameMoneyTwoChannels], "named, and the claim's is gone");
        let receipts = world.receipts(&owed);
        assert_eq!((receipts.len(), receipts[0].id, receipts[0].state.as_str()), (1, receipt, "numbered"));
        world.assert_balances(
            unit,
            &[(Account::Bank(account), FEE), (Account::FeesCollected("HT-01".to_owned()), -FEE)],
        );
        // A third route under the dropped key finds the movement that stayed.
        let third = world.claim(&owed, Dong(FEE)).by("vietqr").id("V-1").reference(REFERENCE).settle();
        assert_eq!(third.receipt, Some(receipt));
        assert_eq!(world.count("payment"), 1);
    });
}

#[test]
fn what_was_posted_on_the_later_of_the_two_is_taken_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(FEE));
        world.claim(&owed, Dong(FEE)).id(CHANNEL_ID).settle();
        // The same channel tells it again under an id of its own: taken for a second transfer.
        world.claim(&owed, Dong(FEE)).id("VPB-778900").reference(REFERENCE).settle();
        assert_eq!(world.open_kinds(unit), [Kind::DuplicateTransfer]);
        line_with_both(&world, FEE);
        assert_eq!(states(&world), ["proven", "same_as"]);
        assert_eq!(world.words("SELECT state AS t FROM payment ORDER BY id"), ["proven", "disproven"]);
        assert_eq!(world.open_kinds(unit), [Kind::SameMoneyTwoChannels]);
        world.assert_balances(
            unit,
            &[(Account::Bank(account), FEE), (Account::FeesCollected("HT-01".to_owned()), -FEE)],
        );
        assert_eq!(world.words("SELECT CAST(unproven AS TEXT) AS t FROM channel_exposure"), ["0"]);
        assert_eq!(world.again(&owed).state, State::Paid);
    });
}

#[test]
fn a_receipt_that_the_doubled_money_completed_is_cancelled_and_the_part_stays_in_advance() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed = world.raise(Dong(2 * FEE));
        world.claim(&owed, Dong(FEE)).id(CHANNEL_ID).settle();
        world.claim(&owed, Dong(FEE)).id("VPB-778900").reference(REFERENCE).settle();
        assert_eq!(world.again(&owed).state, State::Paid, "taken for two halves");
        world.seal();
        line_with_both(&world, FEE);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (State::Reopened, Dong(FEE)));
        assert_eq!(world.receipts(&owed)[0].state, "cancelled");
        world.assert_balances(
            unit,
            &[(Account::Bank(account), FEE), (Account::ReceivedInAdvance(owed.id), -FEE)],
        );
        let mut asked = world.open_kinds(unit);
        asked.sort();
        assert_eq!(asked, [Kind::SameMoneyTwoChannels, Kind::Underpaid], "the half that came is asked about");
        // The other half comes: one receipt for the whole.
        assert!(world.claim(&owed, Dong(FEE)).settle().receipt.is_some());
        let clearing = Account::Clearing(account, BANK.to_owned());
        world.assert_balances(
            unit,
            &[
                (Account::Bank(account), FEE),
                (clearing, FEE),
                (Account::FeesCollected("HT-01".to_owned()), -2 * FEE),
            ],
        );
    });
}
