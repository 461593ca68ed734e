//! Deposit slips: cash leaves drawers for the bank, and the statement's credit shows that it came.
//!
//! A slip carries a reference code that belongs into the deposit's text. What the bank credited
//! short stays in transit until two persons settle it; what it credited over is suspense.

use serde::Serialize;

use super::deposit_query::{self as query, EventRow, PartRow, SlipRow};
use super::{query as shifts, rules};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::obligation::code;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::account::{self, KIND_DEPOSIT};

/// Money should be on a statement this many working days after it was handed over.
const PATIENCE_WORKING_DAYS: u32 = 1;
const PARTS_LIMIT: usize = 50;

/// Where a slip stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    InTransit,
    /// The bank credited less.
    Short,
    Credited,
    /// Never handed over: the money is in its drawers still.
    Withdrawn,
}

crate::text_enum! {
    State {
        InTransit = "in_transit",
        Short = "short",
        Credited = "credited",
        Withdrawn = "withdrawn",
    }
}

/// A deposit slip as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub unit: UnitId,
    pub id: SlipId,
    pub account: AccountId,
    pub amount: Dong,
    /// Belongs into the deposit's text, so that its credit is recognised.
    pub reference_code: String,
    pub maker: PersonId,
    pub handed_on: BusinessDay,
    pub created_at: Instant,
    pub state: State,
    pub revision: i64,
    /// What the bank credited, or a person answers for.
    pub credited: Dong,
}

impl Slip {
    pub fn open(&self) -> Dong {
        match self.state {
            State::InTransit | State::Short => Dong(self.amount.0 - self.credited.0),
            State::Credited | State::Withdrawn => Dong::ZERO,
        }
    }
}

/// Hands cash of one or more drawers over for deposit on an account (None: the receiving one).
///
/// # Errors
/// `deposit_beyond_drawer`, `deposit_parts_wrong`, `shift_of_other`, `shift_state_wrong`
/// while a difference waits for its signing off.
pub fn hand_over(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    account: Option<AccountId>,
    parts: &[(ShiftId, Dong)],
) -> Result<Slip> {
    actor.require_role(&[Role::Cashier, Role::Finance])?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let account = account::named_or_receiving(tx, unit, account)?.id;
    let parts = checked(parts)?;
    let amount = Dong::sum(parts.iter().map(|(_, amount)| *amount))?;
    crate::statement::query::lock_account(tx, unit, account)?;
    // A day that is closed says what was in the drawers at its end.
    let on = shifts::first_open_day(tx, unit, account, stamp.today())?;
    let emptied = take_out(tx, actor, unit, maker, &parts)?;
    let id: SlipId = stamp.mint()?;
    let slip = Slip {
        unit,
        id,
        account,
        amount,
        reference_code: code::reserve(tx, unit, KIND_DEPOSIT, id.0)?.as_str().to_owned(),
        maker,
        handed_on: on,
        created_at: stamp.now,
        state: State::InTransit,
        revision: 1,
        credited: Dong::ZERO,
    };
    rows::insert(tx, &[SlipRow::of(&slip)])?;
    let rows_of_parts: Vec<PartRow> = parts
        .iter()
        .map(|(shift, amount)| PartRow { unit_id: unit, slip_id: id, shift_id: *shift, amount: *amount })
        .collect();
    rows::insert(tx, &rows_of_parts)?;
    let step = Step { kind: "handed_over", person: Some(maker), ..Step::on(on) };
    note(tx, stamp, &slip, step)?;
    post(tx, stamp, &slip, &parts, on, false)?;
    let causes: Vec<_> = emptied
        .into_iter()
        .map(|shift| (unit, Kind::NotDeposited, Subject::Shift(shift), "its money was handed over"))
        .collect();
    exception::settle_by_themselves(tx, stamp, &causes)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "deposit.handed_over", id)])?;
    Ok(slip)
}

fn checked(parts: &[(ShiftId, Dong)]) -> Result<Vec<(ShiftId, Dong)>> {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    let is_wrong = parts.is_empty()
        || parts.len() > PARTS_LIMIT
        || parts.iter().any(|(_, amount)| !amount.is_positive())
        || parts.windows(2).any(|two| two[0].0 == two[1].0);
    if is_wrong {
        let detail = format!("1 to {PARTS_LIMIT} drawers, each once, with an amount above zero");
        return Err(Error::invalid("parts", "deposit_parts_wrong", detail));
    }
    Ok(parts)
}

/// Locks the drawers and sees that each holds what is taken. Returns those that are empty then.
fn take_out(
    tx: &mut Tx<'_>,
    actor: &Actor,
    unit: UnitId,
    person: PersonId,
    parts: &[(ShiftId, Dong)],
) -> Result<Vec<ShiftId>> {
    let ids: Vec<ShiftId> = parts.iter().map(|(shift, _)| *shift).collect();
    let drawers = shifts::lock_all(tx, unit, &ids)?;
    if drawers.len() != ids.len() {
        return Err(super::not_found());
    }
    let mut emptied = Vec::new();
    for (drawer, (_, amount)) in drawers.iter().zip(parts) {
        if actor.role == Role::Cashier && drawer.person != person {
            return Err(Error::forbidden("shift_of_other", "this is another cashier's drawer"));
        }
        if drawer.state == super::State::Counted {
            return Err(rules::wrong_state(drawer, "handed over before its difference is signed off"));
        }
        let held = super::balance(tx, unit, drawer.id)?;
        rules::check_handed_over(*amount, held)?;
        if *amount == held {
            emptied.push(drawer.id);
        }
    }
    Ok(emptied)
}

/// The slip was never handed over: another person puts its money back into the drawers.
///
/// # Errors
/// `maker_is_checker`, `deposit_state_wrong`; `shift_state_wrong` while one of the drawers is counted.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: SlipId,
    reason: &str,
) -> Result<Slip> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    let checker = actor.require_person()?;
    let reason = text::reason(reason)?;
    let account = find(tx, unit, id)?.account;
    crate::statement::query::lock_account(tx, unit, account)?;
    let mut slip = find(tx, unit, id)?;
    if slip.state != State::InTransit {
        return Err(wrong_state(&slip, "withdrawn"));
    }
    if checker == slip.maker {
        return Err(Error::forbidden("maker_is_checker", "another person must withdraw it"));
    }
    let parts = query::parts(tx, unit, &[id])?;
    let parts: Vec<_> = parts.into_iter().map(|(_, shift, amount)| (shift, amount)).collect();
    let drawers: Vec<ShiftId> = parts.iter().map(|(shift, _)| *shift).collect();
    // What is counted was counted without this money.
    let is_counted = |drawer: &super::Shift| drawer.state == super::State::Counted;
    if let Some(drawer) = shifts::lock_all(tx, unit, &drawers)?.iter().find(|drawer| is_counted(drawer)) {
        return Err(rules::wrong_state(drawer, "given money back before its difference is signed off"));
    }
    slip.state = State::Withdrawn;
    slip.revision += 1;
    query::store(tx, &slip)?;
    let on = shifts::first_open_day(tx, unit, slip.account, stamp.today())?;
    let step = Step { kind: "withdrawn", person: Some(checker), reason: Some(reason), ..Step::on(on) };
    note(tx, stamp, &slip, step)?;
    post(tx, stamp, &slip, &parts, on, true)?;
    exception::settle_by_themselves(tx, stamp, &[no_longer_late(&slip, "the slip was withdrawn")])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "deposit.withdrawn", id)])?;
    Ok(slip)
}

/// What a credit of the bank does to a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Of the slip's money.
    pub taken: Dong,
    /// Above it.
    pub excess: Dong,
}

/// Takes a credit onto the slip. Pure; nothing when the slip waits for no money.
pub fn credit(slip: &mut Slip, amount: Dong) -> Option<Effect> {
    let open = slip.open();
    if !open.is_positive() || !amount.is_positive() {
        return None;
    }
    let taken = open.min(amount);
    slip.credited = slip.credited.checked_add(taken).ok()?;
    slip.state = if slip.credited == slip.amount { State::Credited } else { State::Short };
    slip.revision += 1;
    Some(Effect { taken, excess: amount.checked_sub(taken).ok()? })
}

/// Stores what `credit` decided, with its event and what it does to exceptions. The postings are
/// the caller's: they belong to the line.
pub fn store_credit(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    slip: &Slip,
    taken: Dong,
    on: BusinessDay,
    line: Option<LineId>,
) -> Result<()> {
    query::store(tx, slip)?;
    note(tx, stamp, slip, Step { kind: "credited", amount: taken, line, ..Step::on(on) })?;
    let mut causes = vec![no_longer_late(slip, "the bank credited it")];
    if slip.state == State::Credited {
        causes.push((slip.unit, Kind::DepositDiffers, Subject::Slip(slip.id), "the rest came"));
    } else {
        ask_for_rest(tx, stamp, slip, on)?;
    }
    exception::settle_by_themselves(tx, stamp, &causes)?;
    Ok(())
}

/// What the bank credited short is asked about.
pub(super) fn ask_for_rest(tx: &mut Tx<'_>, stamp: &Stamp<'_>, slip: &Slip, on: BusinessDay) -> Result<()> {
    let item = exception::New {
        unit: slip.unit,
        kind: Kind::DepositDiffers,
        subject: Subject::Slip(slip.id),
        account: Some(slip.account),
        amount: slip.open(),
        opened_on: on,
        detail: Detail::CreditedInPart {
            credited: slip.credited,
            amount: slip.amount,
            code: slip.reference_code.clone(),
        }
        .into(),
    };
    exception::open(tx, stamp, &[item]).map(|_| ())
}

/// What was deposited short, the person who handed it over answers for. Called with the account
/// locked, by the approval of an exception's resolution.
pub fn accept_shortage(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    id: SlipId,
    person: PersonId,
    on: BusinessDay,
) -> Result<Posting> {
    let mut slip = find(tx, unit, id)?;
    let open = slip.open();
    if slip.state != State::Short {
        return Err(wrong_state(&slip, "settled as short"));
    }
    slip.credited = slip.amount;
    slip.state = State::Credited;
    slip.revision += 1;
    query::store(tx, &slip)?;
    let step = Step { kind: "shortage_accepted", amount: open, person: Some(person), ..Step::on(on) };
    note(tx, stamp, &slip, step)?;
    Ok(Posting {
        unit,
        debit: Account::Shortage(slip.maker),
        credit: Account::DepositInTransit(id),
        amount: open,
        accounting_date: on,
        source: Source::Slip(id),
    })
}

/// Slips that a statement should show by now, and drawers whose takings nobody handed over: what
/// is to be opened as exceptions. The day is the last one that statements cover.
pub fn overdue(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    covered_until: BusinessDay,
) -> Result<Vec<exception::New>> {
    let is_late = |since: BusinessDay| {
        since < covered_until && stamp.calendar.distance(since, covered_until) > PATIENCE_WORKING_DAYS
    };
    let item = |subject, amount, opened_on: BusinessDay, detail: Detail| exception::New {
        unit,
        kind: Kind::NotDeposited,
        subject,
        account: Some(account),
        amount,
        opened_on,
        detail: detail.into(),
    };
    let mut items: Vec<exception::New> = query::waiting(conn, unit, account)?
        .into_iter()
        .filter(|slip| slip.state == State::InTransit && is_late(slip.handed_on))
        .map(|slip| {
            let detail = Detail::HandedOver { on: slip.handed_on, code: slip.reference_code.clone() };
            item(Subject::Slip(slip.id), slip.open(), stamp.today(), detail)
        })
        .collect();
    if account::receiving(conn, unit).is_ok_and(|receiving| receiving.id == account) {
        for (shift, held, opened_on) in shifts::undeposited(conn, unit, covered_until)? {
            if held.is_positive() && is_late(opened_on) {
                let detail = Detail::InDrawer { of: opened_on };
                items.push(item(Subject::Shift(shift), held, stamp.today(), detail));
            }
        }
    }
    Ok(items)
}

fn no_longer_late(slip: &Slip, why: &'static str) -> (UnitId, Kind, Subject, &'static str) {
    (slip.unit, Kind::NotDeposited, Subject::Slip(slip.id), why)
}

pub fn find(conn: &mut Conn, unit: UnitId, id: SlipId) -> Result<Slip> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("deposit_not_found", "no such deposit slip in your scope")
}

fn wrong_state(slip: &Slip, to: &str) -> Error {
    Error::conflict("deposit_state_wrong", format!("it is {} and cannot be {to}", slip.state.as_str()))
}

/// One step of a slip.
pub(super) struct Step {
    pub kind: &'static str,
    pub amount: Dong,
    pub on: BusinessDay,
    pub person: Option<PersonId>,
    pub line: Option<LineId>,
    pub reason: Option<String>,
}

impl Step {
    pub fn on(on: BusinessDay) -> Step {
        Step { kind: "", amount: Dong::ZERO, on, person: None, line: None, reason: None }
    }
}

pub(super) fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, slip: &Slip, step: Step) -> Result<()> {
    let row = EventRow {
        unit_id: slip.unit,
        id: stamp.mint()?,
        slip_id: slip.id,
        revision: slip.revision,
        kind: step.kind,
        state: slip.state.as_str(),
        amount: step.amount,
        on_date: step.on,
        person_id: step.person,
        line_id: step.line,
        reason: step.reason,
        at: stamp.now,
    };
    rows::insert(tx, &[row])
}

/// Out of the drawers, or back into them.
fn post(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    slip: &Slip,
    parts: &[(ShiftId, Dong)],
    accounting_date: BusinessDay,
    is_back: bool,
) -> Result<()> {
    let postings: Vec<Posting> = parts
        .iter()
        .map(|(shift, amount)| {
            let (transit, drawer) = (Account::DepositInTransit(slip.id), Account::Drawer(*shift));
            let (debit, credit) = if is_back { (drawer, transit) } else { (transit, drawer) };
            let source = Source::Slip(slip.id);
            Posting { unit: slip.unit, debit, credit, amount: *amount, accounting_date, source }
        })
        .collect();
    ledger::post(tx, stamp, &postings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip(amount: i64) -> Slip {
        Slip {
            unit: UnitId(2),
            id: SlipId(1),
            account: AccountId(1),
            amount: Dong(amount),
            reference_code: "HNPH7K2MQ4X97".into(),
            maker: PersonId(1),
            handed_on: "2026-11-23".parse().unwrap(),
            created_at: Instant(0),
            state: State::InTransit,
            revision: 1,
            credited: Dong(0),
        }
    }

    #[test]
    fn a_credit_fills_a_slip_and_what_is_over_stands_apart() {
        let mut exact = slip(100);
        assert_eq!(credit(&mut exact, Dong(100)), Some(Effect { taken: Dong(100), excess: Dong(0) }));
        assert_eq!((exact.state, exact.open()), (State::Credited, Dong(0)));
        assert_eq!(credit(&mut exact, Dong(1)), None, "it waits for nothing more");
        let mut short = slip(100);
        assert_eq!(credit(&mut short, Dong(90)), Some(Effect { taken: Dong(90), excess: Dong(0) }));
        assert_eq!((short.state, short.open()), (State::Short, Dong(10)));
        assert_eq!(credit(&mut short, Dong(15)), Some(Effect { taken: Dong(10), excess: Dong(5) }));
        assert_eq!(short.state, State::Credited);
    }

    #[test]
    fn a_slip_names_each_drawer_once_with_an_amount() {
        let code = |parts: &[(i64, i64)]| {
            let parts: Vec<_> = parts.iter().map(|(id, amount)| (ShiftId(*id), Dong(*amount))).collect();
            checked(&parts).map_err(|error| error.code()).err()
        };
        assert_eq!(code(&[(1, 10), (2, 5)]), None);
        for wrong in [&[][..], &[(1, 0)], &[(1, -5)], &[(1, 5), (1, 5)]] {
            assert_eq!(code(wrong), Some("deposit_parts_wrong"), "{wrong:?}");
        }
    }
}
