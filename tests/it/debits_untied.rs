//! A debit whose code tied it by itself to an order, the kept share, a refund, or another unit's money is taken off it
//! by two persons: what it had ended waits as before, and the next debit with the code is its own.

use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::payment::refund::State as RefundState;
use bienlai::remittance::{Kind as OrderKind, State};

use crate::explanations_withdrawn::{foreseen, nothing_is_said_again, refused_to_its_maker};
use crate::refunds::{self, overpaid, request, send, statement, today};
use crate::remittances::{approved, collected, due, kept, now, shown, told};
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};
use crate::taken_apart::{approve, ask_to_unmatch, bank, closed, item, only_line};

const FEE: i64 = 25_000;

/// What is open, by number of the kind.
fn open(world: &World) -> Vec<Kind> {
    let mut kinds = world.open_kinds(world.ba_dinh.id);
    kinds.sort_unstable_by_key(|kind| kind.number());
    kinds
}

#[test]
fn an_order_that_a_debit_did_not_pay_waits_for_its_own() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, OrderKind::Treasury);
        let unit = order.unit;
        let memo = format!("NOP NSNN {}", order.reference_code);
        shown(&world, 33_000, -20_500, &memo);
        let line = only_line(&world, -20_500);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        let effect = foreseen(&world, &doubt);
        assert_eq!((effect.line, effect.to_suspense), (Some(line), Dong(20_500)));
        assert_eq!(effect.orders_expected_again, [order.id]);
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);

        let waiting = now(&world, &order);
        assert_eq!((waiting.state, waiting.was_debited), (State::Approved, false));
        let unexplained = (Account::UnexplainedDebit(line), 20_500);
        let sides = [bank(&world, 12_500), unexplained.clone(), kept(-12_500), due(-20_500)];
        world.assert_balances(unit, &sides);
        assert_eq!(open(&world), [Kind::UnknownDebit]);
        nothing_is_said_again(&world);
        assert_eq!(now(&world, &order).state, State::Approved, "its code in the text says nothing any more");
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "unmatch_unfit", "nothing explains it");
        let steps = world.words("SELECT kind AS t FROM remittance_event ORDER BY revision");
        assert_eq!(steps, ["drafted", "approved", "debited", "undebited"]);
        closed(&world, today(&world));

        world.wait_days(1);
        shown(&world, 12_500, -20_500, &memo);
        let paid = now(&world, &order);
        assert_eq!((paid.state, paid.was_debited), (State::Debited, true));
        let transit = (Account::TreasuryInTransit(order.id), 20_500);
        world.assert_balances(
            unit,
            &[bank(&world, -8_000), unexplained, transit, kept(-12_500), due(-20_500)],
        );
        closed(&world, today(&world));
    });
}

#[test]
fn what_the_treasury_reported_of_an_order_stands_without_its_debit_and_what_came_back_keeps_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, OrderKind::Treasury);
        let memo = format!("NOP NSNN {}", order.reference_code);
        shown(&world, 33_000, -20_500, &memo);
        let line = only_line(&world, -20_500);
        told(&world, &[&format!("{},805,2771,20500,{},credited,", order.reference_code, today(&world))]);
        assert_eq!(now(&world, &order).state, State::Settled);
        approve(&world, ask_to_unmatch(&world, line).unwrap().id);
        assert_eq!(now(&world, &order).state, State::Credited, "the bank has not shown it leaving");
        let transit = (Account::TreasuryInTransit(order.id), -20_500);
        let unexplained = (Account::UnexplainedDebit(line), 20_500);
        world.assert_balances(order.unit, &[bank(&world, 12_500), unexplained, transit, kept(-12_500)]);
        closed(&world, today(&world));
        world.wait_days(1);
        shown(&world, 12_500, -20_500, &memo);
        assert_eq!(now(&world, &order).state, State::Settled);
        closed(&world, today(&world));
    });
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, OrderKind::Treasury);
        shown(&world, 33_000, -20_500, &format!("NOP NSNN {}", order.reference_code));
        let line = only_line(&world, -20_500);
        let row = format!("{},805,2771,20500,{},rejected,sai mã chương", order.reference_code, today(&world));
        told(&world, &[&row]);
        shown(&world, 12_500, 20_500, &format!("TRA LAI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Returned);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "undo_money_gone");
    });
}

#[test]
fn a_kept_share_that_a_debit_did_not_withdraw_is_there_still() {
    each_database(|database| {
        let world = World::settled_in(database);
        collected(&world);
        let order = approved(&world, OrderKind::Kept);
        shown(&world, 33_000, -12_500, &format!("TRICH PHI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
        let line = only_line(&world, -12_500);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);
        assert_eq!(now(&world, &order).state, State::Approved);
        let unexplained = (Account::UnexplainedDebit(line), 12_500);
        let sides = [bank(&world, 20_500), unexplained.clone(), kept(-12_500), due(-20_500)];
        world.assert_balances(order.unit, &sides);
        nothing_is_said_again(&world);
        closed(&world, today(&world));
        world.wait_days(1);
        shown(&world, 20_500, -12_500, &format!("TRICH PHI {}", order.reference_code));
        assert_eq!(now(&world, &order).state, State::Settled);
        world.assert_balances(order.unit, &[bank(&world, 8_000), unexplained, due(-20_500)]);
        closed(&world, today(&world));
    });
}

#[test]
fn a_refund_that_a_debit_did_not_pay_is_sent_still_and_its_surplus_is_asked_about() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        refunds::approve(&world, &asked).unwrap();
        send(&world, &asked).unwrap();
        let before = open(&world);
        world.wait_days(1);
        let memo = format!("HOAN TIEN {}", asked.reference_code);
        let debit = |opening: i64, reference: &str| {
            let file = BankFile::new(world.ba_dinh.account_no, today(&world), opening);
            statement(&world, file.book(-5_000, &memo, reference));
        };
        debit(30_000, "R2");
        assert_eq!(refunds::now(&world, &asked).state, RefundState::Debited);
        let line = only_line(&world, -5_000);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        assert_eq!(foreseen(&world, &doubt).refunds_expected_again, [asked.id]);
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);

        assert_eq!(refunds::now(&world, &asked).state, RefundState::Sent);
        let balance = |account: Account| refunds::balance(&world, &account);
        let standing = [Account::RefundPayable, Account::UnexplainedDebit(line), Account::Surplus(payment)];
        assert_eq!(standing.map(balance), [-5_000, 5_000, 0]);
        let held = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((held.surplus, held.reversed), (Dong(5_000), Dong(0)));
        let mut again = before;
        again.push(Kind::UnknownDebit);
        again.sort_unstable_by_key(|kind| kind.number());
        assert_eq!(open(&world), again, "what had ended with the debit is asked about");
        nothing_is_said_again(&world);
        let refused = refunds::refuse(&world, &asked).unwrap_err();
        assert_eq!(refused.code(), "refund_state_wrong", "it is on its way");

        world.wait_days(1);
        debit(25_000, "R3");
        assert_eq!(refunds::now(&world, &asked).state, RefundState::Debited);
        assert_eq!(open(&world), [Kind::UnknownDebit]);
        let steps = world.words("SELECT kind AS t FROM refund_event ORDER BY revision");
        assert_eq!(steps, ["requested", "approved", "sent", "debited", "undebited", "debited"]);
    });
}

#[test]
fn a_refund_that_came_back_keeps_its_debit() {
    each_database(|database| {
        let world = World::settled_in(database);
        let payment = overpaid(&world);
        let asked = request(&world, payment, 5_000).unwrap();
        refunds::approve(&world, &asked).unwrap();
        world.wait_days(1);
        let memo = |words: &str| format!("{words} {}", asked.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 30_000);
        statement(&world, file.book(-5_000, &memo("HOAN TIEN"), "R2"));
        let line = only_line(&world, -5_000);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 25_000);
        statement(&world, file.book(5_000, &memo("TRA LAI"), "R3"));
        assert_eq!(refunds::now(&world, &asked).state, RefundState::Bounced);
        assert_eq!(ask_to_unmatch(&world, line).unwrap_err().code(), "undo_money_gone");
    });
}

#[test]
fn money_of_another_unit_that_a_debit_did_not_pay_on_is_owed_to_it_still() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (unit, neighbour) = (world.ba_dinh.id, &world.tay_ho);
        let owed = world.raise_at(neighbour, Dong(FEE));
        let memo = |words: &str| format!("{} {words}", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(FEE, &memo("nop phi"), "FT001"));
        let asked = item(&world, Kind::WrongAccount);
        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), FEE);
        statement(&world, file.book(-FEE, &memo("chuyen tra"), "FT002"));
        world.assert_balances(unit, &[]);
        let line = only_line(&world, -FEE);
        let doubt = ask_to_unmatch(&world, line).unwrap();
        assert_eq!(foreseen(&world, &doubt).items_reopened, [asked.id]);
        refused_to_its_maker(&world, &doubt);
        approve(&world, doubt.id);

        let (unexplained, to) = (Account::UnexplainedDebit(line), Account::DueToUnit(neighbour.id));
        world.assert_balances(unit, &[(unexplained.clone(), FEE), (to, -FEE)]);
        assert_eq!(open(&world), [Kind::WrongAccount, Kind::UnknownDebit]);
        nothing_is_said_again(&world);

        world.wait_days(1);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0);
        statement(&world, file.book(-FEE, &memo("chuyen tra"), "FT003"));
        world.assert_balances(unit, &[bank(&world, -FEE), (unexplained, FEE)]);
        assert_eq!(open(&world), [Kind::UnknownDebit], "it is paid on once");
        for before in [2, 1, 0] {
            closed(&world, today(&world).plus_days(-before));
        }
    });
}
