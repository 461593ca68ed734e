//! What somebody must do about the Treasury: orders that wait for a person, for the bank or for the
//! Treasury's word, money that may be ordered and is not. Told from the rows as they are, so that an
//! alarm ends with its cause. The spans are ours [P], in working days.

use serde::Serialize;

use super::{Kind as OrderKind, Order, State, alarm_query};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, RemittanceId, UnitId};
use crate::store::Conn;
use crate::working_days::WorkingDays;

/// An order should be approved, or refused, the next day.
const APPROVED_WITHIN: u32 = 1;
/// The bank carries an order out on the day or the next one.
const DEBITED_WITHIN: u32 = 2;
/// The Treasury reports within two days of the debit.
const CREDITED_WITHIN: u32 = 3;
/// A rejected order's money is back within a week.
const RETURNED_WITHIN: u32 = 5;
/// Closed days are ordered within a week.
const ORDERED_WITHIN: u32 = 5;

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Drawn up, and nobody approved or refused it.
    OrderUnapproved,
    /// Approved, or told by the Treasury, and the bank shows no debit.
    OrderUndebited,
    /// The money left, and the Treasury's report does not know it.
    OrderUncredited,
    /// Rejected, and its money is not back.
    OrderUnreturned,
    /// What closed days made due was never ordered.
    DueUnordered,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::OrderUnapproved,
        Kind::OrderUndebited,
        Kind::OrderUncredited,
        Kind::OrderUnreturned,
        Kind::DueUnordered,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::OrderUnapproved => "order_unapproved",
            Kind::OrderUndebited => "order_undebited",
            Kind::OrderUncredited => "order_uncredited",
            Kind::OrderUnreturned => "order_unreturned",
            Kind::DueUnordered => "due_unordered",
        }
    }

    /// What it is and what to do: Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::OrderUnapproved => {
                ("Lệnh chờ duyệt: duyệt hoặc từ chối", "An order waits: approve or refuse it")
            }
            Kind::OrderUndebited => (
                "Lệnh đã duyệt nhưng ngân hàng chưa trích tiền: hỏi ngân hàng, kiểm tra nội dung chuyển khoản",
                "An approved order was not debited: ask the bank, look at the transfer's text",
            ),
            Kind::OrderUncredited => (
                "Tiền đã trích nhưng Kho bạc chưa báo có: nhập báo cáo hoặc hỏi Kho bạc",
                "The money left and the Treasury has not shown it: import its report or ask",
            ),
            Kind::OrderUnreturned => (
                "Kho bạc từ chối nhưng tiền chưa về: hỏi Kho bạc và ngân hàng",
                "The Treasury rejected it and the money is not back: ask both",
            ),
            Kind::DueUnordered => (
                "Số phải nộp ngân sách chưa lập lệnh: lập lệnh nộp",
                "What is due to the budget was not ordered: draw an order up",
            ),
        }
    }
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alarm {
    pub unit: UnitId,
    pub account: AccountId,
    pub kind: Kind,
    /// None where the matter is that there is no order.
    pub order: Option<RemittanceId>,
    /// `12/2026`.
    pub number: Option<String>,
    pub amount: Dong,
    /// Since when it waits, and until when there was time.
    pub since: BusinessDay,
    pub due_on: BusinessDay,
    /// Working days it is late.
    pub late_days: u32,
}

/// What an order waits for, and how many working days it may.
fn waits_for(order: &Order) -> Option<(Kind, u32)> {
    match order.state {
        State::Drafted => Some((Kind::OrderUnapproved, APPROVED_WITHIN)),
        // A claim waits for the Treasury to pay; how long that takes nobody promises.
        State::Approved if order.kind == OrderKind::Claim => None,
        State::Approved | State::Credited => Some((Kind::OrderUndebited, DEBITED_WITHIN)),
        State::Debited => Some((Kind::OrderUncredited, CREDITED_WITHIN)),
        State::Rejected if order.was_debited => Some((Kind::OrderUnreturned, RETURNED_WITHIN)),
        State::Rejected | State::Settled | State::Returned | State::Refused => None,
    }
}

/// The alarm that an order has become; none while there is time.
fn of_order(calendar: &WorkingDays, today: BusinessDay, order: &Order, since: Instant) -> Option<Alarm> {
    let (kind, within) = waits_for(order)?;
    let since = since.business_day();
    let due_on = calendar.after(since, within);
    (due_on < today).then(|| Alarm {
        unit: order.unit,
        account: order.account,
        kind,
        order: Some(order.id),
        number: Some(format!("{}/{}", order.order_no, order.year)),
        amount: if kind == Kind::OrderUnreturned { order.returning() } else { order.amount },
        since,
        due_on,
        late_days: calendar.distance(due_on, today),
    })
}

/// A unit's alarms, the latest first.
pub fn of_unit(
    conn: &mut Conn,
    calendar: &WorkingDays,
    today: BusinessDay,
    unit: UnitId,
) -> Result<Vec<Alarm>> {
    of_units(conn, calendar, today, &[unit])
}

/// The alarms of these units, the latest first: the same few questions however many they are.
pub fn of_units(
    conn: &mut Conn,
    calendar: &WorkingDays,
    today: BusinessDay,
    units: &[UnitId],
) -> Result<Vec<Alarm>> {
    let mut found: Vec<Alarm> = alarm_query::waiting(conn, units)?
        .iter()
        .filter_map(|(order, since)| of_order(calendar, today, order, *since))
        .collect();
    found.extend(unordered(conn, calendar, today, units)?);
    found.sort_by_key(|alarm| (std::cmp::Reverse(alarm.late_days), alarm.kind, alarm.order));
    Ok(found)
}

/// What is due and free in each account, when the first day that made it due is long closed.
fn unordered(
    conn: &mut Conn,
    calendar: &WorkingDays,
    today: BusinessDay,
    units: &[UnitId],
) -> Result<Vec<Alarm>> {
    let ordered = alarm_query::ordered_of_units(conn, units)?;
    let ordered_until = alarm_query::ordered_until(conn, units)?;
    // An order that took a part only left the rest to its own last day.
    let first = alarm_query::first_due(conn, units)?;
    let mut found = Vec::new();
    for ((unit, account), owed) in alarm_query::due_of_units(conn, units)? {
        let amount = free(owed, |source| ordered.get(&(unit, account, source.to_owned())).copied())?;
        let since = first.get(&(unit, account)).or_else(|| ordered_until.get(&(unit, account))).copied();
        let Some(since) = since.filter(|_| amount.is_positive()) else { continue };
        let due_on = calendar.after(since, ORDERED_WITHIN);
        if today <= due_on {
            continue;
        }
        found.push(Alarm {
            unit,
            account,
            kind: Kind::DueUnordered,
            order: None,
            number: None,
            amount,
            since,
            due_on,
            late_days: calendar.distance(due_on, today),
        });
    }
    Ok(found)
}

/// What of the budget's money no order took, source by source.
fn free(owed: Vec<(String, Dong)>, ordered: impl Fn(&str) -> Option<Dong>) -> Result<Dong> {
    let mut sum = Dong::ZERO;
    for (source, due) in owed {
        if !source.starts_with(OrderKind::Treasury.source()) {
            continue;
        }
        let free = due.checked_sub(ordered(&source).unwrap_or(Dong::ZERO))?;
        if free.is_positive() {
            sum = sum.checked_add(free)?;
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::super::sample::order;
    use super::*;

    fn alarm(order: &Order, since: &str, today: &str) -> Option<(Kind, u32)> {
        let since: BusinessDay = since.parse().unwrap();
        of_order(&WorkingDays::default(), today.parse().unwrap(), order, since.start())
            .map(|alarm| (alarm.kind, alarm.late_days))
    }

    #[test]
    fn an_order_is_late_after_its_working_days_and_not_over_a_weekend() {
        let approved = order(OrderKind::Treasury, State::Approved, false);
        // 20 November 2026 is a Friday.
        assert_eq!(alarm(&approved, "2026-11-20", "2026-11-24"), None, "Tuesday is the last day");
        assert_eq!(alarm(&approved, "2026-11-20", "2026-11-25"), Some((Kind::OrderUndebited, 1)));
        let debited = order(OrderKind::Treasury, State::Debited, true);
        assert_eq!(alarm(&debited, "2026-11-20", "2026-11-25"), None);
        assert_eq!(alarm(&debited, "2026-11-20", "2026-11-27"), Some((Kind::OrderUncredited, 2)));
    }

    #[test]
    fn what_is_at_its_end_or_at_the_treasurys_pleasure_is_no_alarm() {
        for (kind, state, debited) in [
            (OrderKind::Treasury, State::Settled, true),
            (OrderKind::Treasury, State::Rejected, false),
            (OrderKind::Claim, State::Approved, false),
            (OrderKind::Kept, State::Refused, false),
        ] {
            assert_eq!(alarm(&order(kind, state, debited), "2026-01-05", "2026-11-25"), None, "{state:?}");
        }
        let rejected = order(OrderKind::Treasury, State::Rejected, true);
        assert_eq!(
            alarm(&rejected, "2026-11-02", "2026-11-25").map(|found| found.0),
            Some(Kind::OrderUnreturned)
        );
    }

    #[test]
    fn what_is_free_is_told_of_the_budgets_sources_alone_and_each_for_itself() {
        let owed =
            [("budget_due/a", 100), ("budget_due/b", 40), ("budget_due/c", -30), ("share_kept/HT", 500)];
        let owed = owed.map(|(source, sum)| (source.to_owned(), Dong(sum))).to_vec();
        let ordered = |source: &str| (source == "budget_due/b").then_some(Dong(40));
        assert_eq!(free(owed, ordered).unwrap(), Dong(100));
    }
}
