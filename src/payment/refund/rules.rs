//! Which step of a refund follows which, and who may take it. Pure.

use super::{Payee, Refund, State, cleaned};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::obligation::bank_bin;
use crate::payment::book::{Method, Payment, PaymentState};
use crate::text;

/// The states in which a refund still holds a part of its payment's surplus.
pub fn is_live(state: State) -> bool {
    matches!(state, State::Requested | State::Approved | State::Sent | State::Bounced)
}

/// What of a payment's surplus no refund holds yet.
pub fn free(payment: &Payment, refunds: &[Refund]) -> Result<Dong> {
    let held = refunds.iter().filter(|refund| is_live(refund.state)).map(|refund| refund.amount);
    payment.surplus.checked_sub(Dong::sum(held)?)
}

/// An amount may be asked back when so much surplus is free.
pub fn check_amount(amount: Dong, payment: &Payment, refunds: &[Refund]) -> Result<()> {
    if !amount.is_positive() {
        return Err(Error::invalid("amount", "refund_amount_wrong", "above zero"));
    }
    let free = free(payment, refunds)?;
    if amount > free {
        let detail = format!("{free} of the payment's surplus is free");
        return Err(Error::conflict("refund_beyond_surplus", detail));
    }
    Ok(())
}

/// Approving needs another person than those who asked and who named the payee, proven money, and
/// a payee; money paid by card needs none.
pub fn check_approval(
    refund: &Refund,
    payee_by: Option<PersonId>,
    checker: PersonId,
    payment: &Payment,
) -> Result<()> {
    if refund.state != State::Requested {
        return Err(wrong_state(refund, "approved"));
    }
    // What was paid by card goes back to the card, with a batch of the acquirer.
    let to_card = (payment.method == Method::Card).then_some(refund.maker);
    let Some(payee_by) = payee_by.or(to_card) else {
        return Err(Error::conflict("refund_payee_missing", "name the account that is paid first"));
    };
    if checker == refund.maker || checker == payee_by {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    match unproven(payment) {
        Some(code) => Err(Error::conflict(code, format!("the payment is {}", payment.state.as_str()))),
        None => Ok(()),
    }
}

/// Why the money of a payment is not there to be paid out, as the error's code: no statement shows it, or the bank
/// took it back. Of a payment that the bank took back in part, the surplus may still be paid out.
pub fn unproven(payment: &Payment) -> Option<&'static str> {
    match payment.state {
        PaymentState::Proven => None,
        PaymentState::Reversed if payment.surplus.is_positive() => None,
        PaymentState::Reversed => Some("refund_money_reversed"),
        PaymentState::Claimed | PaymentState::Disproven => Some("refund_money_unproven"),
    }
}

/// An account as people type it, in the form it is stored: the bank by its number, so that two persons and the
/// bank's own form mean the same one.
pub(super) fn checked_payee(payee: &Payee) -> Result<Payee> {
    Ok(Payee { account_no: account_no(payee)?, bank: bank(payee)?, holder: holder(payee)? })
}

/// What is wrong with an account as it was typed, in the order in which forms ask for it.
pub fn payee_faults(payee: &Payee) -> Vec<Error> {
    [bank(payee), account_no(payee), holder(payee)].into_iter().filter_map(std::result::Result::err).collect()
}

fn account_no(payee: &Payee) -> Result<String> {
    let account_no = text::squash(&payee.account_no);
    if !(4..=34).contains(&account_no.len()) || !account_no.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::invalid("payee.account_no", "payee_account_wrong", "4 to 34 letters and digits"));
    }
    Ok(account_no)
}

fn bank(payee: &Payee) -> Result<String> {
    let bank = cleaned("payee.bank", &payee.bank, "field_missing")?;
    let unknown =
        || Error::invalid("payee.bank", "payee_bank_unknown", "a bank of the list, by number or name");
    Ok(bank_bin::find(&bank).ok_or_else(unknown)?.bin.clone())
}

fn holder(payee: &Payee) -> Result<String> {
    cleaned("payee.holder", &payee.holder, "field_missing")
}

/// A step that only follows certain states.
pub fn check_step(refund: &Refund, from: &[State], to: &str) -> Result<()> {
    if from.contains(&refund.state) {
        return Ok(());
    }
    Err(wrong_state(refund, to))
}

fn wrong_state(refund: &Refund, to: &str) -> Error {
    Error::conflict("refund_state_wrong", format!("it is {} and cannot be {to}", refund.state.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::*;

    fn payment(surplus: i64, state: PaymentState) -> Payment {
        Payment {
            unit: UnitId(2),
            id: PaymentId(1),
            movement: None,
            account: None,
            method: Method::Transfer,
            channel: "statement".into(),
            amount: Dong(surplus),
            obligation: None,
            shift: None,
            debit_account: String::new(),
            accounting_date: "2026-11-23".parse().unwrap(),
            state,
            revision: 1,
            unallocated: Dong(0),
            to_obligations: Dong(0),
            surplus: Dong(surplus),
            suspense: Dong(0),
            other_unit: Dong(0),
            reversed: Dong(0),
        }
    }

    fn refund(amount: i64, state: State) -> Refund {
        Refund {
            unit: UnitId(2),
            id: RefundId(1),
            payment: PaymentId(1),
            account: AccountId(1),
            amount: Dong(amount),
            reference_code: "HNPH7K2MQ4X97".into(),
            reason: "nộp thừa".into(),
            correction: None,
            maker: PersonId(1),
            checker: None,
            created_at: crate::clock::Instant(0),
            state,
            revision: 1,
        }
    }

    #[test]
    fn no_more_is_asked_back_than_no_other_refund_holds() {
        let payment = payment(100, PaymentState::Proven);
        let held = [refund(30, State::Sent), refund(20, State::Bounced), refund(50, State::Refused)];
        check_amount(Dong(50), &payment, &held).unwrap();
        let code = |amount| check_amount(Dong(amount), &payment, &held).unwrap_err().code();
        assert_eq!(code(51), "refund_beyond_surplus");
        assert_eq!(code(0), "refund_amount_wrong");
        assert_eq!(code(-5), "refund_amount_wrong");
    }

    #[test]
    fn approving_takes_another_person_a_payee_and_proven_money() {
        let proven = payment(100, PaymentState::Proven);
        let asked = refund(100, State::Requested);
        let code = |refund: &Refund, payee, checker, payment: &Payment| {
            check_approval(refund, payee, PersonId(checker), payment).map_err(|error| error.code()).err()
        };
        assert_eq!(code(&asked, Some(PersonId(2)), 3, &proven), None);
        assert_eq!(code(&asked, None, 3, &proven), Some("refund_payee_missing"));
        assert_eq!(code(&asked, Some(PersonId(2)), 1, &proven), Some("maker_is_checker"));
        assert_eq!(code(&asked, Some(PersonId(2)), 2, &proven), Some("maker_is_checker"));
        let claimed = payment(100, PaymentState::Claimed);
        assert_eq!(code(&asked, Some(PersonId(2)), 3, &claimed), Some("refund_money_unproven"));
        let gone = payment(0, PaymentState::Reversed);
        assert_eq!(code(&asked, Some(PersonId(2)), 3, &gone), Some("refund_money_reversed"));
        for state in [State::Approved, State::Sent, State::Debited, State::Bounced, State::Refused] {
            assert_eq!(
                code(&refund(1, state), Some(PersonId(2)), 3, &proven),
                Some("refund_state_wrong"),
                "{state:?}"
            );
        }
    }

    #[test]
    fn money_that_is_not_there_says_whether_no_statement_shows_it_or_the_bank_took_it_back() {
        for (state, surplus, code) in [
            (PaymentState::Proven, 100, None),
            (PaymentState::Claimed, 100, Some("refund_money_unproven")),
            (PaymentState::Disproven, 100, Some("refund_money_unproven")),
            (PaymentState::Reversed, 0, Some("refund_money_reversed")),
            (PaymentState::Reversed, 1, None),
        ] {
            assert_eq!(unproven(&payment(surplus, state)), code, "{state:?}, {surplus} left");
        }
    }

    #[test]
    fn what_is_on_its_way_is_not_refused() {
        let may = [State::Requested, State::Approved, State::Bounced];
        assert!(check_step(&refund(1, State::Bounced), &may, "refused").is_ok());
        for state in [State::Sent, State::Debited, State::Refused] {
            assert_eq!(
                check_step(&refund(1, state), &may, "refused").unwrap_err().code(),
                "refund_state_wrong"
            );
        }
    }
}
