//! Which step of an order follows which, what its lines are, and what each leg posts. Pure.

use std::collections::BTreeMap;

use super::{Kind, Line, Order, Remittable, State};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{AccountId, PersonId};
use crate::ledger::Account;

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Approved,
    Refused,
    /// The bank's line shows the money leaving.
    Debited,
    /// The bank's line shows it back.
    Returned,
    /// The bank's line shows money of a claim coming.
    Received,
    /// The Treasury's report says that it came.
    Credited,
    Rejected,
}

impl Event {
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Approved => "approved",
            Event::Refused => "refused",
            Event::Debited => "debited",
            Event::Returned => "returned",
            Event::Received => "received",
            Event::Credited => "credited",
            Event::Rejected => "rejected",
        }
    }
}

/// The state that follows. `remittance_state_wrong` when none does.
pub fn next(order: &Order, event: Event) -> Result<State> {
    let (is_treasury, is_claim) = (order.kind == Kind::Treasury, order.kind == Kind::Claim);
    let state = match (order.state, event) {
        (State::Drafted, Event::Approved) => State::Approved,
        (State::Drafted | State::Approved, Event::Refused) => State::Refused,
        (State::Rejected, Event::Refused) if !order.was_debited && !order.is_in_part() => State::Refused,
        (State::Approved, Event::Debited) if is_treasury => State::Debited,
        (State::Approved, Event::Debited) if !is_claim => State::Settled,
        (State::Credited, Event::Debited) => State::Settled,
        // It was rejected and left the account all the same: it will come back.
        (State::Rejected, Event::Debited) if !order.was_debited => State::Rejected,
        (State::Approved, Event::Received) if is_claim => State::Settled,
        (State::Approved, Event::Credited) if is_treasury => State::Credited,
        (State::Debited, Event::Credited) => State::Settled,
        (State::Approved | State::Debited, Event::Rejected) if is_treasury => State::Rejected,
        (State::Debited, Event::Returned) => State::Returned,
        // What was not rejected stays with the Treasury: all of it has its place then.
        (State::Rejected, Event::Returned) if order.was_debited && order.is_in_part() => State::Settled,
        (State::Rejected, Event::Returned) if order.was_debited => State::Returned,
        (state, event) => {
            let detail = format!("it is {} and cannot be {}", state.as_str(), event.as_str());
            return Err(Error::conflict("remittance_state_wrong", detail));
        }
    };
    Ok(state)
}

/// The state after a line of the statement. `remittance_state_wrong` when none follows.
pub fn after(order: &Order, leg: Leg) -> Result<State> {
    match leg {
        Leg::BackInPart(_) if awaits_parts(order) => Ok(State::Rejected),
        Leg::Accepted if sends_accepted(order) => Ok(State::Settled),
        _ => next(order, leg.event()),
    }
}

/// The state without the debit that showed it leaving: what the Treasury reported stands. None where more follows from
/// the debit: money that came back, or what of a part was credited.
pub fn undebited(order: &Order) -> Option<State> {
    if !order.was_debited || order.is_in_part() || order.returned.is_positive() {
        return None;
    }
    match (order.kind, order.state) {
        (Kind::Treasury, State::Debited) | (Kind::Kept, State::Settled) => Some(State::Approved),
        (Kind::Treasury, State::Settled) => Some(State::Credited),
        (Kind::Treasury, State::Rejected) => Some(State::Rejected),
        _ => None,
    }
}

/// Whether the person would end alone what they drew up and somebody approved: it may be at the bank already.
pub fn is_by_maker_alone(order: &Order, person: Option<PersonId>) -> bool {
    order.state != State::Drafted && person == Some(order.maker)
}

/// Its money left, was rejected, and comes back as the Treasury booked it.
fn awaits_parts(order: &Order) -> bool {
    order.kind == Kind::Treasury && order.state == State::Rejected && order.was_debited
}

/// The Treasury spoke before the bank did, and rejected some lines.
fn sends_accepted(order: &Order) -> bool {
    order.kind == Kind::Treasury && order.state == State::Rejected && !order.was_debited && order.is_in_part()
}

/// What a line of the statement is to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    Out,
    /// Of an order that is rejected in part only what the Treasury credited leaves.
    Accepted,
    /// All that is still to come back.
    Back,
    /// Some of it: the Treasury returns rejected lines one by one.
    BackInPart(Dong),
    /// Money of a claim.
    In,
}

impl Leg {
    pub fn event(self) -> Event {
        match self {
            Leg::Out | Leg::Accepted => Event::Debited,
            Leg::Back | Leg::BackInPart(_) => Event::Returned,
            Leg::In => Event::Received,
        }
    }
}

/// Which leg of the order a line is that two persons name for it: also some of what comes back.
pub fn leg_named(order: &Order, amount: Dong) -> Option<Leg> {
    let is_part = awaits_parts(order) && amount.is_positive() && amount < order.returning();
    leg(order, amount).or_else(|| is_part.then_some(Leg::BackInPart(amount)))
}

/// Which leg of the order a line with its code and this amount is; None when it is none. Minus is
/// money out.
pub fn leg(order: &Order, amount: Dong) -> Option<Leg> {
    if amount.0 == order.credited.0.saturating_neg() && sends_accepted(order) {
        return Some(Leg::Accepted);
    }
    let awaited = match (order.kind, amount < Dong::ZERO) {
        (Kind::Treasury, false) => order.returning(),
        _ => order.amount,
    };
    if amount.0.unsigned_abs() != awaited.0.unsigned_abs() {
        return None;
    }
    let leg = match (order.kind, amount < Dong::ZERO) {
        (Kind::Treasury | Kind::Kept, true) => Leg::Out,
        (Kind::Treasury, false) => Leg::Back,
        (Kind::Claim, false) => Leg::In,
        _ => return None,
    };
    next(order, leg.event()).ok().map(|_| leg)
}

/// What a leg posts: (debit, credit, amount).
pub fn postings(
    order: &Order,
    lines: &[Line],
    leg: Leg,
    account: AccountId,
) -> Result<Vec<(Account, Account, Dong)>> {
    let (bank, transit) = (Account::Bank(account), Account::TreasuryInTransit(order.id));
    if order.kind == Kind::Treasury {
        return Ok(vec![match leg {
            Leg::Out => (transit, bank, order.amount),
            Leg::Accepted => (transit, bank, order.credited),
            Leg::BackInPart(amount) => (bank, transit, amount),
            _ => (bank, transit, order.returning()),
        }]);
    }
    lines
        .iter()
        .map(|line| {
            let source = source_account(&line.source)?;
            let sides = if leg == Leg::Out { (source, bank.clone()) } else { (bank.clone(), source) };
            Ok((sides.0, sides.1, line.amount))
        })
        .collect()
}

/// What an order posts whose sums another order took: the Treasury owes them back.
pub fn overpaid_postings(lines: &[Line], account: AccountId) -> Result<Vec<(Account, Account, Dong)>> {
    let owed_back = |line: &Line| match source_account(&line.source)? {
        Account::BudgetDue(of) => Ok((Account::BudgetRefundDue(of), Account::Bank(account), line.amount)),
        _ => Err(Error::internal("only what is owed to the budget is paid back by it")),
    };
    lines.iter().map(owed_back).collect()
}

/// What the Treasury's credit of these lines posts.
pub fn credit_postings<'a>(
    order: &Order,
    lines: impl IntoIterator<Item = &'a Line>,
) -> Result<Vec<(Account, Account, Dong)>> {
    let transit = Account::TreasuryInTransit(order.id);
    let posting = |line: &Line| Ok((source_account(&line.source)?, transit.clone(), line.amount));
    lines.into_iter().map(posting).collect()
}

fn source_account(text: &str) -> Result<Account> {
    match text.split_once('/') {
        Some(("budget_due", of)) => Ok(Account::BudgetDue(of.to_owned())),
        Some(("share_kept", of)) => Ok(Account::ShareKept(of.to_owned())),
        Some(("budget_refund_due", of)) => Ok(Account::BudgetRefundDue(of.to_owned())),
        _ => Err(Error::internal("an order takes from an account that it may not")),
    }
}

/// The lines of an order: those asked for, or everything free.
///
/// # Errors
/// `remittance_nothing_due`, `remittance_beyond_due`, `remittance_lines_wrong`.
pub fn lines(available: &[Remittable], asked: &[(String, Dong)]) -> Result<Vec<Line>> {
    let free: BTreeMap<&str, Dong> = available.iter().map(|one| (one.source.as_str(), one.free)).collect();
    let asked: Vec<(String, Dong)> = if asked.is_empty() {
        let positive = free.iter().filter(|(_, amount)| amount.is_positive());
        positive.map(|(source, amount)| ((*source).to_owned(), *amount)).collect()
    } else {
        asked.to_vec()
    };
    if asked.is_empty() {
        return Err(Error::conflict("remittance_nothing_due", "closed days leave nothing to be ordered"));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(asked.len());
    for (source, amount) in asked {
        if !amount.is_positive() || lines.iter().any(|line| line.source == source) {
            let detail = "each source once, with an amount above zero";
            return Err(Error::invalid("lines", "remittance_lines_wrong", detail));
        }
        let free = free.get(source.as_str()).copied().unwrap_or_default();
        if amount > free {
            let detail = format!("{free} of {source} is free");
            return Err(Error::conflict("remittance_beyond_due", detail));
        }
        let (chapter, sub_item) = budget_code(&source);
        lines.push(Line { source, chapter, sub_item, amount, status: None, reason: None });
    }
    lines.sort_by(|one, other| one.source.cmp(&other.source));
    Ok(lines)
}

/// Chapter and sub-item of an account's text.
fn budget_code(source: &str) -> (Option<String>, Option<String>) {
    let code = source.split_once('/').map_or(source, |(_, code)| code);
    match code.split_once('-') {
        Some((chapter, sub_item)) if !source.starts_with("share_kept/") => {
            (Some(chapter.to_owned()), Some(sub_item.to_owned()))
        }
        _ => (None, Some(code.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::order;
    use super::*;

    fn free(source: &str, due: i64, ordered: i64) -> Remittable {
        Remittable {
            source: source.into(),
            due: Dong(due),
            ordered: Dong(ordered),
            free: Dong(due - ordered),
        }
    }

    #[test]
    fn the_bank_and_the_treasury_may_speak_in_either_order() {
        let at = |state, event| next(&order(Kind::Treasury, state, false), event).unwrap();
        assert_eq!(at(State::Approved, Event::Debited), State::Debited);
        assert_eq!(at(State::Debited, Event::Credited), State::Settled);
        assert_eq!(at(State::Approved, Event::Credited), State::Credited);
        assert_eq!(at(State::Credited, Event::Debited), State::Settled);
    }

    #[test]
    fn a_rejected_order_ends_when_its_money_is_back_or_never_left() {
        let left = order(Kind::Treasury, State::Rejected, true);
        assert_eq!(next(&left, Event::Returned).unwrap(), State::Returned);
        assert!(next(&left, Event::Refused).is_err(), "its money is on the way");
        let stayed = order(Kind::Treasury, State::Rejected, false);
        assert_eq!(next(&stayed, Event::Refused).unwrap(), State::Refused);
        assert!(next(&stayed, Event::Returned).is_err());
        assert_eq!(next(&stayed, Event::Debited).unwrap(), State::Rejected, "the bank was faster");
    }

    #[test]
    fn an_order_that_was_rejected_in_part_ends_when_the_rejected_part_is_back() {
        let in_part = |was_debited| Order {
            credited: Dong(8_000),
            ..order(Kind::Treasury, State::Rejected, was_debited)
        };
        assert_eq!(next(&in_part(true), Event::Returned).unwrap(), State::Settled);
        assert_eq!(leg(&in_part(true), Dong(4_500)), Some(Leg::Back));
        assert_eq!(leg(&in_part(true), Dong(12_500)), None, "the Treasury keeps what it credited");
        let back = postings(&in_part(true), &[], Leg::Back, AccountId(1)).unwrap();
        assert_eq!(back.iter().map(|(.., amount)| *amount).collect::<Vec<_>>(), [Dong(4_500)]);
        assert!(next(&in_part(false), Event::Refused).is_err(), "part of it left for good");
        assert_eq!(leg(&in_part(true), Dong(1_500)), None, "some of it only two persons name");
        let part = leg_named(&in_part(true), Dong(1_500)).unwrap();
        assert_eq!(
            (part, after(&in_part(true), part).unwrap()),
            (Leg::BackInPart(Dong(1_500)), State::Rejected)
        );
        let some_came = Order { returned: Dong(1_500), ..in_part(true) };
        assert_eq!(leg(&some_came, Dong(3_000)), Some(Leg::Back), "the rest");
        assert_eq!(leg_named(&some_came, Dong(3_001)), None);
        let accepted = leg(&in_part(false), Dong(-8_000)).unwrap();
        assert_eq!((accepted, after(&in_part(false), accepted).unwrap()), (Leg::Accepted, State::Settled));
        let out = postings(&in_part(false), &[], accepted, AccountId(1)).unwrap();
        assert_eq!(out.iter().map(|(.., amount)| *amount).collect::<Vec<_>>(), [Dong(8_000)]);
        assert_eq!(leg_named(&in_part(false), Dong(1_500)), None, "it has not left");
        assert_eq!(leg(&in_part(false), Dong(-12_500)), Some(Leg::Out), "the bank was slower");
    }

    #[test]
    fn without_its_debit_an_order_stands_where_the_treasurys_word_alone_leaves_it() {
        let stands = |kind, state| undebited(&order(kind, state, true));
        assert_eq!(stands(Kind::Treasury, State::Debited), Some(State::Approved));
        assert_eq!(stands(Kind::Kept, State::Settled), Some(State::Approved));
        assert_eq!(stands(Kind::Treasury, State::Settled), Some(State::Credited));
        assert_eq!(stands(Kind::Treasury, State::Rejected), Some(State::Rejected));
        assert_eq!(stands(Kind::Treasury, State::Returned), None, "its money is in the account again");
        assert_eq!(undebited(&order(Kind::Treasury, State::Approved, false)), None, "none showed it leaving");
        let in_part = Order { credited: Dong(8_000), ..order(Kind::Treasury, State::Settled, true) };
        let some_back = Order { returned: Dong(1), ..order(Kind::Treasury, State::Rejected, true) };
        assert_eq!((undebited(&in_part), undebited(&some_back)), (None, None));
    }

    #[test]
    fn nothing_happens_to_what_is_over_and_nothing_to_a_draft_but_a_decision() {
        let lines = [Event::Debited, Event::Returned, Event::Received, Event::Credited, Event::Rejected];
        for kind in Kind::ALL {
            for event in lines {
                for state in [State::Drafted, State::Refused, State::Returned] {
                    let fault = next(&order(kind, state, true), event).unwrap_err();
                    assert_eq!(fault.code(), "remittance_state_wrong", "{kind:?} {state:?} {event:?}");
                }
            }
            for state in [State::Debited, State::Credited, State::Settled, State::Refused] {
                assert!(next(&order(kind, state, true), Event::Refused).is_err(), "{state:?}");
            }
        }
    }

    #[test]
    fn a_line_is_a_leg_only_with_the_whole_amount_in_the_right_direction() {
        let approved = |kind| order(kind, State::Approved, false);
        assert_eq!(leg(&approved(Kind::Treasury), Dong(-12_500)), Some(Leg::Out));
        assert_eq!(leg(&approved(Kind::Treasury), Dong(-12_499)), None);
        assert_eq!(leg(&approved(Kind::Treasury), Dong(12_500)), None, "it has not left");
        assert_eq!(leg(&order(Kind::Treasury, State::Debited, true), Dong(12_500)), Some(Leg::Back));
        assert_eq!(leg(&approved(Kind::Claim), Dong(12_500)), Some(Leg::In));
        assert_eq!(leg(&approved(Kind::Claim), Dong(-12_500)), None);
        assert_eq!(leg(&approved(Kind::Kept), Dong(-12_500)), Some(Leg::Out));
        assert_eq!(leg(&order(Kind::Kept, State::Settled, true), Dong(12_500)), None);
    }

    #[test]
    fn an_order_takes_what_is_free_and_no_more() {
        let available = [free("budget_due/805-2771", 20_000, 5_000), free("budget_due/interest", 300, 300)];
        let all = lines(&available, &[]).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].amount, all[0].chapter.as_deref()), (Dong(15_000), Some("805")));
        assert_eq!(all[0].sub_item.as_deref(), Some("2771"));
        let code = |asked: &[(&str, i64)]| {
            let asked: Vec<_> =
                asked.iter().map(|(source, amount)| ((*source).to_owned(), Dong(*amount))).collect();
            lines(&available, &asked).map_err(|error| error.code()).err()
        };
        assert_eq!(code(&[("budget_due/805-2771", 15_000)]), None);
        assert_eq!(code(&[("budget_due/805-2771", 15_001)]), Some("remittance_beyond_due"));
        assert_eq!(code(&[("share_kept/P1", 1)]), Some("remittance_beyond_due"));
        assert_eq!(code(&[("budget_due/805-2771", 0)]), Some("remittance_lines_wrong"));
        let twice = [("budget_due/805-2771", 1), ("budget_due/805-2771", 1)];
        assert_eq!(code(&twice), Some("remittance_lines_wrong"));
        let nothing = lines(&[free("budget_due/interest", 300, 300)], &[]).unwrap_err();
        assert_eq!(nothing.code(), "remittance_nothing_due");
    }
}
