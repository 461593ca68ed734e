//! Cash at the counter: a cashier opens a shift with a counted float, takes money, counts the
//! drawer by denomination; a difference is signed off by another person; slips bring the money to
//! the bank.
//!
//! A cashier has one shift a day, which is opened again when it was closed too early; each closing
//! has its own count, and each opening is a `turn`. The float is petty cash of the unit and stands in
//! none of these books: what a drawer should hold is the float and its takings (`drawer` in the ledger).

pub mod count;
pub mod cover;
mod cover_query;
pub mod credit_back;
pub mod deposit;
pub mod deposit_query;
pub mod provisional;
pub mod provisional_query;
pub mod query;
pub mod report;
mod report_query;
pub mod rules;
pub mod slip_form;
pub mod turn;
mod turn_query;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit;
pub use count::Count;

/// Where a shift stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Opened by a taking, as earlier versions did; it can be counted and takes no more money.
    Open,
    InUse,
    /// Counted with a difference that nobody has signed off.
    Counted,
    Closed,
}

crate::text_enum! { State { Open = "open", InUse = "in_use", Counted = "counted", Closed = "closed" } }

/// A cashier's day at the drawer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub unit: UnitId,
    pub id: ShiftId,
    pub person: PersonId,
    pub opened_on: BusinessDay,
    pub opened_at: Instant,
    pub state: State,
    pub revision: i64,
}

/// Opens the actor's shift of today with a counted float.
///
/// # Errors
/// `shift_in_use` when they have a drawer open already, this or an earlier day's;
/// `shift_state_wrong` while a difference of today waits; `cash_count_wrong`.
pub fn open(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, unit: UnitId, float: &Count) -> Result<Shift> {
    actor.require_role(&[Role::Cashier])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let total = float.total()?;
    if let Some(other) = query::in_use(tx, unit, person)? {
        let detail = format!("count and close the one of {} first", other.opened_on);
        return Err(Error::conflict("shift_in_use", detail));
    }
    let mut shift = first_or_again(tx, stamp, unit, person)?;
    note(tx, stamp, &shift, ("opened", Dong::ZERO, person, None, None))?;
    store_count(tx, stamp, &mut shift, "float", float, (total, Dong::ZERO, person))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "shift.opened", shift.id)])?;
    Ok(shift)
}

/// The row of today: a new one, or the closed one at its next revision.
fn first_or_again(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, person: PersonId) -> Result<Shift> {
    let shift = Shift {
        unit,
        id: stamp.mint()?,
        person,
        opened_on: stamp.today(),
        opened_at: stamp.now,
        state: State::InUse,
        revision: 1,
    };
    let row = query::ShiftRow::of(&shift);
    if rows::insert_if_absent(tx, &[row], &["unit_id", "person_id", "opened_on"])? == [true] {
        return Ok(shift);
    }
    let mut known = query::of_day(tx, unit, person, stamp.today())?;
    if !matches!(known.state, State::Closed | State::Open) {
        return Err(rules::wrong_state(&known, "opened"));
    }
    query::advance(tx, &mut known, State::InUse)?;
    Ok(known)
}

/// The shift in which the actor takes money, under its lock. `shift_not_open` without one.
pub fn taking(tx: &mut Tx<'_>, unit: UnitId, person: PersonId) -> Result<ShiftId> {
    query::in_use(tx, unit, person)?
        .map(|shift| shift.id)
        .ok_or_else(|| Error::conflict("shift_not_open", "open a shift with a counted float first"))
}

/// What a count came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub total: Dong,
    /// Float and takings.
    pub expected: Dong,
    /// Below zero is short.
    pub variance: Dong,
}

/// Counts the drawer and closes the shift; with a difference it waits for another person. `next_slips` has the first
/// unused provisional slip of each of the cashier's pads that has slips left.
///
/// # Errors
/// `shift_state_wrong`, `shift_of_other` for a cashier at somebody else's drawer,
/// `cash_count_wrong`, `shift_slips_open` over provisional slips that are not in the books, `slip_next_missing`,
/// `slip_next_wrong`.
pub fn close(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ShiftId),
    count: &Count,
    next_slips: &[i64],
) -> Result<(Shift, Counted)> {
    actor.require_role(&[Role::Cashier, Role::Finance])?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let total = count.total()?;
    let mut shift = query::lock(tx, unit, id)?;
    if actor.role == Role::Cashier && shift.person != person {
        return Err(Error::forbidden("shift_of_other", "this is another cashier's drawer"));
    }
    rules::check_count(&shift)?;
    provisional::check_closing(tx, unit, shift.person, next_slips)?;
    let expected = query::last_float(tx, unit, id)?.checked_add(balance(tx, unit, id)?)?;
    let variance = total.checked_sub(expected)?;
    let (state, kind) =
        if variance.is_zero() { (State::Closed, "closed") } else { (State::Counted, "counted") };
    query::advance(tx, &mut shift, state)?;
    note(tx, stamp, &shift, (kind, variance, person, None, None))?;
    store_count(tx, stamp, &mut shift, "closing", count, (total, expected, person))?;
    if !variance.is_zero() {
        let item = differs(tx, stamp, &shift, variance)?;
        exception::open(tx, stamp, &[item])?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "shift.counted", id)])?;
    Ok((shift, Counted { total, expected, variance }))
}

fn counted(variance: Dong) -> Detail {
    let by = Dong(variance.0.saturating_abs());
    if variance.0 < 0 { Detail::CountedShort { by } } else { Detail::CountedOver { by } }
}

fn differs(conn: &mut Conn, stamp: &Stamp<'_>, shift: &Shift, variance: Dong) -> Result<exception::New> {
    Ok(exception::New {
        unit: shift.unit,
        kind: Kind::DepositDiffers,
        subject: Subject::Shift(shift.id),
        account: Some(unit::account::receiving(conn, shift.unit)?.id),
        amount: Dong(variance.0.saturating_abs()),
        opened_on: stamp.today(),
        detail: counted(variance).into(),
    })
}

/// Signs a difference off: what is short the cashier answers for, what is over nobody owns yet.
///
/// # Errors
/// `maker_is_checker`; `shift_state_wrong`, also when the drawer's books are no longer those it was counted against.
pub fn sign_off(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ShiftId,
    reason: &str,
) -> Result<Shift> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let account = unit::account::receiving(tx, unit)?.id;
    crate::statement::query::lock_account(tx, unit, account)?;
    let mut shift = query::lock(tx, unit, id)?;
    let counted = query::last_closing(tx, unit, id)?
        .ok_or_else(|| rules::wrong_state(&shift, "signed off before it is counted"))?;
    rules::check_sign_off(&shift, counted.person, checker)?;
    let variance = counted.total.checked_sub(counted.expected)?;
    let on = query::first_open_day(tx, unit, account, stamp.today())?;
    let held = balance(tx, unit, id)?;
    if query::last_float(tx, unit, id)?.checked_add(held)? != counted.expected {
        return Err(rules::wrong_state(&shift, "signed off: its books moved since it was counted"));
    }
    query::advance(tx, &mut shift, State::Closed)?;
    // The float stands in none of these books: what is missing of it is no loss of takings.
    let variance = variance.max(Dong(-held.0.max(0)));
    note_on(tx, stamp, &shift, on, ("signed_off", variance, checker, Some(account), Some(reason)))?;
    let row = query::SignOffRow {
        unit_id: unit,
        id: stamp.mint()?,
        shift_id: id,
        count_id: counted.id,
        variance,
        maker_person_id: counted.person,
        checker_person_id: checker,
        at: stamp.now,
    };
    if !variance.is_zero() {
        rows::insert(tx, &[row])?;
    }
    let drawer = Account::Drawer(id);
    let (debit, credit) = if variance < Dong::ZERO {
        (Account::Shortage(shift.person), drawer)
    } else {
        (drawer, Account::DrawerSuspense(id))
    };
    let amount = Dong(variance.0.saturating_abs());
    let source = Source::Shift(id);
    ledger::post(tx, stamp, &[Posting { unit, debit, credit, amount, accounting_date: on, source }])?;
    let cause = (unit, Kind::DepositDiffers, Subject::Shift(id), "the difference was signed off");
    exception::settle_by_themselves(tx, stamp, &[cause])?;
    if variance.is_positive() {
        ask_about_over(tx, stamp, &shift, (account, on))?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "shift.signed_off", id)])?;
    Ok(shift)
}

/// A drawer that is used again on its day may be over again: its item asks about all that stands there.
fn ask_about_over(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    shift: &Shift,
    (account, on): (AccountId, BusinessDay),
) -> Result<()> {
    let held = ledger::balance(tx, shift.unit, &Account::DrawerSuspense(shift.id))?;
    let new = over(shift, account, Dong::ZERO.checked_sub(held)?, on);
    if let Some(item) = exception::find_open(tx, shift.unit, new.kind, new.subject)? {
        let reason = format!("{} đồng in all", new.amount.0);
        exception::restate(tx, stamp, (shift.unit, item.id), (new.amount, new.detail.as_str()), reason)?;
        return Ok(());
    }
    exception::open(tx, stamp, &[new]).map(|_| ())
}

/// Cash that nobody is known to have paid waits for a decision, as money in suspense does.
fn over(shift: &Shift, account: AccountId, amount: Dong, on: BusinessDay) -> exception::New {
    exception::New {
        unit: shift.unit,
        kind: Kind::UnidentifiedCredit,
        subject: Subject::Shift(shift.id),
        account: Some(account),
        amount,
        opened_on: on,
        detail: Detail::OverInDrawer { of: shift.opened_on }.into(),
    }
}

/// Sends a difference back: the drawer is in use again and will be counted again.
///
/// # Errors
/// `maker_is_checker`, `shift_state_wrong`, `shift_in_use` when its cashier has opened
/// another one meanwhile.
pub fn send_back(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ShiftId,
    reason: &str,
) -> Result<Shift> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let mut shift = query::lock(tx, unit, id)?;
    let counted = query::last_closing(tx, unit, id)?.map_or(shift.person, |counted| counted.person);
    rules::check_sign_off(&shift, counted, checker)?;
    if query::in_use(tx, unit, shift.person)?.is_some() {
        return Err(Error::conflict("shift_in_use", "its cashier has another drawer open"));
    }
    query::advance(tx, &mut shift, State::InUse)?;
    note(tx, stamp, &shift, ("sent_back", Dong::ZERO, checker, None, Some(reason)))?;
    let cause = (unit, Kind::DepositDiffers, Subject::Shift(id), "the drawer is counted again");
    exception::settle_by_themselves(tx, stamp, &[cause])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "shift.sent_back", id)])?;
    Ok(shift)
}

/// The takings that a drawer holds: zero when all of it was handed over.
pub fn balance(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Dong> {
    let figures = query::figures(conn, unit, id)?;
    rules::balance(figures.taken, figures.handed_over, figures.signed_off)
}

pub fn find(conn: &mut Conn, unit: UnitId, id: ShiftId) -> Result<Shift> {
    query::by_id(conn, unit, id)?.ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("shift_not_found", "no such shift in your scope")
}

type What = (&'static str, Dong, PersonId, Option<AccountId>, Option<String>);

fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, shift: &Shift, what: What) -> Result<()> {
    note_on(tx, stamp, shift, stamp.today(), what)
}

/// The event of a shift's present revision.
fn note_on(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    shift: &Shift,
    on_date: BusinessDay,
    (kind, amount, person_id, account_id, reason): What,
) -> Result<()> {
    let row = query::EventRow {
        unit_id: shift.unit,
        id: stamp.mint()?,
        shift_id: shift.id,
        revision: shift.revision,
        kind,
        state: shift.state.as_str(),
        person_id,
        account_id,
        amount,
        on_date,
        reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// A count belongs to the revision it made.
fn store_count(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    shift: &mut Shift,
    kind: &'static str,
    count: &Count,
    (total, expected, person_id): (Dong, Dong, PersonId),
) -> Result<()> {
    let row = query::CountRow {
        unit_id: shift.unit,
        id: stamp.mint()?,
        shift_id: shift.id,
        revision: shift.revision,
        kind,
        total,
        expected,
        person_id,
        at: stamp.now,
    };
    let pieces: Vec<query::PiecesRow> = count
        .pieces()
        .map(|(denomination, pieces)| query::PiecesRow {
            unit_id: shift.unit,
            count_id: row.id,
            denomination,
            pieces,
        })
        .collect();
    rows::insert(tx, &[row])?;
    rows::insert(tx, &pieces)
}
