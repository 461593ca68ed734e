//! What the bank took a part of is corrected or cancelled: the missing part is covered first, and the rest can be
//! paid back to who paid it.

use bienlai::amount::Dong;
use bienlai::correction::Kind as Correction;
use bienlai::exception::{Kind, State as Step};
use bienlai::ledger::Account;
use bienlai::obligation::State;
use bienlai::payment::book::PaymentState;
use bienlai::payment::{cancel, refund, resolve};
use bienlai::report::verify;

use crate::corrections::corrected;
use crate::refunds::{self, payee, statement, today};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approver, bank, finance, item};

fn books_hold(world: &World) {
    assert_eq!(world.look(|conn| verify::unit(conn, world.ba_dinh.id)), []);
}

#[test]
fn of_what_the_bank_took_a_part_the_rest_goes_back_to_its_payer_when_the_receipt_is_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(28_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let account = world.ba_dinh.account_no;
        statement(&world, BankFile::new(account, today(&world), 0).book(28_000, &memo, "FT001"));
        world.seal();
        let payment = world.payments(&world.ba_dinh).remove(0);
        world.wait_days(1);
        let taken =
            BankFile::new(account, today(&world), 28_000).book(-10_000, "dieu chinh sai sot", "FT002");
        statement(&world, taken);
        let debit = item(&world, Kind::UnknownDebit).id;
        let (maker, checker) = (finance(&world), approver(&world));
        let ask = || ("taken_back", Some(payment.movement.unwrap().0), "công văn ngân hàng 7/2026").into();
        world.change(|tx, stamp| resolve::propose(tx, stamp, &maker, (unit, debit), ask(), &[]));
        world.change(|tx, stamp| resolve::approve(tx, stamp, &checker, unit, debit));

        let receipt = world.receipts(&owed).remove(0);
        let refunds = corrected(&world, &receipt, Correction::Cancel, Vec::new()).refunds;
        let left = world.payments(&world.ba_dinh).remove(0);
        assert_eq!(
            (left.state, left.surplus, left.reversed),
            (PaymentState::Proven, Dong(18_000), Dong(10_000)),
            "what the bank did not take stands"
        );
        books_hold(&world);

        let asked = world.look(|conn| refund::find(conn, unit, refunds[0]));
        assert_eq!(asked.amount, Dong(18_000));
        world.change(|tx, stamp| refund::name_payee(tx, stamp, &maker, unit, asked.id, &payee()));
        refunds::approve(&world, &asked).unwrap();
        refunds::send(&world, &asked).unwrap();
        world.wait_days(1);
        let out = format!("HOAN TIEN {}", asked.reference_code);
        statement(&world, BankFile::new(account, today(&world), 18_000).book(-18_000, &out, "FT003"));
        assert_eq!(refunds::now(&world, &asked).state, refund::State::Debited);
        world.assert_balances(unit, &[]);
        let open = world.exceptions(unit).into_iter().filter(|item| item.state == Step::Open);
        assert_eq!(open.map(|item| item.kind).collect::<Vec<_>>(), []);
        books_hold(&world);
    });
}

#[test]
fn what_is_open_again_because_the_bank_took_a_part_is_cancelled_and_the_other_part_goes_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let owed = world.raise(Dong(28_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let account = world.ba_dinh.account_no;
        let parts =
            BankFile::new(account, today(&world), 0).book(10_000, &memo, "FT001").book(4_000, &memo, "FT002");
        statement(&world, parts);
        world.wait_days(1);
        let taken = BankFile::new(account, today(&world), 14_000).book(-10_000, &memo, "FT001");
        statement(&world, taken);
        let told = world.again(&owed);
        assert_eq!((told.state, told.allocated), (State::Reopened, Dong(4_000)));
        assert_eq!(item(&world, Kind::Underpaid).amount, Dong(24_000), "the rest of today");

        let officer = finance(&world);
        let gone = world.change(|tx, stamp| cancel::cancel(tx, stamp, &officer, unit, owed.id, "dừng hồ sơ"));
        assert_eq!((gone.state, gone.allocated), (State::Cancelled, Dong::ZERO));
        let second =
            world.payments(&world.ba_dinh).into_iter().find(|one| one.surplus.is_positive()).unwrap();
        world.assert_balances(unit, &[bank(&world, 4_000), (Account::Surplus(second.id), -4_000)]);
        books_hold(&world);
    });
}
