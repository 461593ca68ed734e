//! The look over the queue, every few minutes: exceptions that follow from time passing and not
//! from a line or a claim, what has become of them, alarms, escalation. Running it again changes
//! nothing; one account's failure never stops the others.

use std::collections::HashSet;

use super::{Settings, alarm, query, rules};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, CITY_OWNER, Detail, Exception, Kind, New, Subject};
use crate::id::*;
use crate::obligation;
use crate::payment::{Direction, Movement, MovementState};
use crate::payment::{movement_query, payment_query};
use crate::reconciliation;
use crate::reconciliation::matching::digits_swapped;
use crate::reconciliation::run::CLAIM_PATIENCE_WORKING_DAYS;
use crate::store::{Conn, Lane, Stamp, Store};

/// What a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub opened: usize,
    pub settled: usize,
    pub escalated: usize,
    pub alarms: usize,
}

/// Items whose cause came or went.
#[derive(Default)]
struct Change {
    open: Vec<New>,
    settle: Vec<(UnitId, Kind, Subject, &'static str)>,
}

/// Lines of so many days are asked about.
const UNTOLD_DAYS: i64 = 30;
/// Rows read for one account.
const PAGE: i64 = 10_000;

/// See the module.
pub fn look(store: &Store, stamp: &Stamp<'_>, settings: &Settings) -> Result<Looked> {
    let mut looked = Looked::default();
    let accounts = store.read(&Scope::All, |conn| reconciliation::query::accounts(conn, None))?;
    for (unit, account) in accounts {
        match look_at(store, stamp, settings, unit, account) {
            Ok((opened, settled)) => {
                looked.opened += opened;
                looked.settled += settled;
            }
            Err(error) => tracing::warn!(%unit, %account, %error, "an account's queue was not looked over"),
        }
    }
    looked.escalated = escalate(store, stamp, settings)?;
    looked.alarms = alarm::raise(store, stamp, settings)?;
    Ok(looked)
}

fn look_at(
    store: &Store,
    stamp: &Stamp<'_>,
    settings: &Settings,
    unit: UnitId,
    account: AccountId,
) -> Result<(usize, usize)> {
    let change = store.read(&Scope::All, |conn| {
        let mut change = Change::default();
        cut_off(conn, stamp, unit, account, &mut change)?;
        untold(conn, stamp, settings, unit, account, &mut change)?;
        swapped(conn, stamp, unit, account, &mut change)?;
        outcomes(conn, unit, account, &mut change)?;
        Ok(change)
    })?;
    if change.open.is_empty() && change.settle.is_empty() {
        return Ok((0, 0));
    }
    store.write(&Scope::All, Lane::Bulk, |tx| {
        let opened = exception::open_lasting(tx, stamp, &change.open)?;
        Ok((opened, exception::settle_by_themselves(tx, stamp, &change.settle)?))
    })
}

fn standing(conn: &mut Conn, unit: UnitId, account: AccountId, kind: Kind) -> Result<Vec<Exception>> {
    let filter = Filter {
        unit: Some(unit),
        account: Some(account),
        kind: Some(kind),
        unresolved: true,
        limit: PAGE,
        ..Filter::default()
    };
    work_query::page(conn, &Scope::All, &filter)
}

/// Payments under way whose outcome came: something happened to the obligation since.
fn outcomes(conn: &mut Conn, unit: UnitId, account: AccountId, change: &mut Change) -> Result<()> {
    for item in standing(conn, unit, account, Kind::PaymentPending)? {
        let obligation = ObligationId(item.subject_id);
        if query::is_told_since(conn, unit, obligation, item.created_at)? {
            let cause = (unit, Kind::PaymentPending, Subject::Obligation(obligation), "its outcome came");
            change.settle.push(cause);
        }
    }
    Ok(())
}

/// Claims of days that statements cover, and no line shows them yet: booked on the next day,
/// usually. Past the patience they are claims without a credit.
fn cut_off(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    change: &mut Change,
) -> Result<()> {
    let Some(covered) = reconciliation::query::covered_until(conn, unit, account)? else { return Ok(()) };
    let is_between = |seen: BusinessDay| {
        seen <= covered && stamp.calendar.distance(seen, covered) <= CLAIM_PATIENCE_WORKING_DAYS
    };
    let mut waiting = HashSet::new();
    movement_query::each_in_state(conn, (unit, account), MovementState::Expected, |_, page| {
        let is_waiting = |one: &Movement| one.direction == Direction::Credit && is_between(one.first_seen_on);
        for movement in page.into_iter().filter(is_waiting) {
            waiting.insert(movement.id.0);
            change.open.push(New {
                unit,
                kind: Kind::CutOff,
                subject: Subject::Movement(movement.id),
                account: Some(account),
                amount: movement.open(),
                opened_on: movement.first_seen_on,
                detail: Detail::NotShown { claimed_on: movement.first_seen_on, covered_until: covered }
                    .into(),
            });
        }
        Ok(())
    })?;
    for item in standing(conn, unit, account, Kind::CutOff)? {
        if !waiting.contains(&item.subject_id) {
            let subject = Subject::Movement(MovementId(item.subject_id));
            let why = "a line shows it, or it is overdue under a name of its own";
            change.settle.push((unit, Kind::CutOff, subject, why));
        }
    }
    Ok(())
}

/// Money that a line showed and no channel told of, on accounts whose channels tell of money.
fn untold(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    settings: &Settings,
    unit: UnitId,
    account: AccountId,
    change: &mut Change,
) -> Result<()> {
    let since = stamp.today().plus_days(-UNTOLD_DAYS);
    if query::is_told_of(conn, unit, account, since)? {
        for one in query::untold(conn, unit, account, since.start())? {
            let booked_on = BusinessDay(one.booked_on);
            let waited = stamp.calendar.distance(booked_on, stamp.today());
            if booked_on < stamp.today() && waited >= settings.callback_patience_working_days {
                change.open.push(New {
                    unit,
                    kind: Kind::CallbackMissing,
                    subject: Subject::Payment(PaymentId(one.payment)),
                    account: Some(account),
                    amount: Dong(one.amount),
                    opened_on: stamp.today(),
                    detail: Detail::Untold { booked_on }.into(),
                });
            }
        }
    }
    let open = standing(conn, unit, account, Kind::CallbackMissing)?;
    let subjects: Vec<PaymentId> = open.iter().map(|item| PaymentId(item.subject_id)).collect();
    for payment in query::told_since(conn, unit, &subjects)? {
        let why = "the channel told of it after all";
        change.settle.push((unit, Kind::CallbackMissing, Subject::Payment(payment), why));
    }
    Ok(())
}

/// Money that missed what was owed by the order of its digits: a hint beside the item itself.
fn swapped(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    change: &mut Change,
) -> Result<()> {
    let mut hinted = HashSet::new();
    for item in standing(conn, unit, account, Kind::Underpaid)? {
        let id = ObligationId(item.subject_id);
        let owed = obligation::find(conn, unit, id)?;
        let due = owed.allocated.checked_add(owed.outstanding())?;
        hint(change, &mut hinted, stamp, &item, Subject::Obligation(id), (owed.allocated, due));
    }
    for item in standing(conn, unit, account, Kind::Overpaid)? {
        let id = PaymentId(item.subject_id);
        let Some(paid) = payment_query::payments(conn, &[(unit, id)])?.pop() else { continue };
        hint(change, &mut hinted, stamp, &item, Subject::Payment(id), (paid.amount, paid.to_obligations));
    }
    for item in standing(conn, unit, account, Kind::SwappedDigits)? {
        if !hinted.contains(&(item.subject_kind.clone(), item.subject_id)) {
            let subject = match item.subject_kind.as_str() {
                "payment" => Subject::Payment(PaymentId(item.subject_id)),
                _ => Subject::Obligation(ObligationId(item.subject_id)),
            };
            change.settle.push((unit, Kind::SwappedDigits, subject, "what it hinted at is settled"));
        }
    }
    Ok(())
}

fn hint(
    change: &mut Change,
    hinted: &mut HashSet<(String, i64)>,
    stamp: &Stamp<'_>,
    item: &Exception,
    subject: Subject,
    (paid, due): (Dong, Dong),
) {
    if !digits_swapped(paid, due) {
        return;
    }
    hinted.insert((item.subject_kind.clone(), item.subject_id));
    change.open.push(New {
        unit: item.unit,
        kind: Kind::SwappedDigits,
        subject,
        account: item.account,
        amount: Dong(paid.0.abs_diff(due.0).try_into().unwrap_or(i64::MAX)),
        opened_on: stamp.today(),
        detail: Detail::SameDigits { paid, due }.into(),
    });
}

/// Money that has stood in suspense too long goes to the city.
fn escalate(store: &Store, stamp: &Stamp<'_>, settings: &Settings) -> Result<usize> {
    let after = settings.escalate_after_working_days;
    let items = store.read(&Scope::All, alarm::unresolved)?;
    let is_due = |item: &Exception| {
        item.owner != CITY_OWNER
            && alarm::is_unknown_money(item)
            && rules::is_for_the_city(item.opened_on, stamp.today(), after, stamp.calendar)
    };
    let mut count = 0;
    for item in items.into_iter().filter(is_due) {
        if !store.read(&Scope::All, |conn| alarm::is_held(conn, &item))? {
            continue;
        }
        let reason = format!("{after} working days in suspense");
        let escalated = store.write(&Scope::All, Lane::Bulk, |tx| {
            exception::escalate(tx, stamp, item.unit, item.id, reason.clone())
        });
        match escalated {
            Ok(is_new) => count += usize::from(is_new),
            Err(error) => tracing::warn!(exception = %item.id, %error, "an item was not escalated"),
        }
    }
    Ok(count)
}
