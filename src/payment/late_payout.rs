//! A card batch or a settlement report that came after its line. The line's money was posted already and
//! stands in suspense, or is a debit that nobody explained; it goes from there to what the paper names. A run
//! does so where the line carries the paper's reference; two persons do so where it does not.
//!
//! A report that comes to nothing has no line: two persons say with which payout of its gateway it was settled.

use std::collections::{BTreeMap, BTreeSet};

use super::flush::flush;
use super::gateway::Settlement;
use super::held::{store_new, touch};
use super::line_query::{self, MatchPartRow};
use super::movement::{Movement, State};
use super::prove::{self, Case, Desk, HELD_KINDS, LineWork, Posted};
use super::{documents, gateway, late_groups, movement_query, pos, query, settle_cash, unmatch};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{self, Account};
use crate::obligation;
use crate::payment::book::{Destination, Held};
use crate::statement::{self, StoredLine};
use crate::store::{Conn, Stamp, Tx, rows};

/// A line nobody explained pays out a card batch (target), or takes its chargebacks.
pub const BATCH: &str = "batch";
/// A line nobody explained pays out what a gateway's settlement report (target) names, or takes what it gave back; a
/// report that comes to nothing was settled with that report's payout.
pub const SETTLEMENT: &str = "settlement";

const RULE: &str = "by_two_persons";
pub(super) const WHY: &str = "its batch or its report came";

/// What a debit that nobody explained may be asked about as.
const DEBIT_KINDS: [Kind; 3] = [Kind::UnknownDebit, Kind::RefundUnmatched, Kind::BankReversal];

pub fn is_ours(resolution: &str) -> bool {
    matches!(resolution, BATCH | SETTLEMENT)
}

/// The papers that wait for exactly the line of an exception: its account, its whole amount with its sign. Of one
/// about a report that comes to nothing, those with whose payout it may have been settled.
pub fn waiting(conn: &mut Conn, item: &Exception, resolution: &str) -> Result<Vec<i64>> {
    if is_about_report(item) {
        if resolution != SETTLEMENT {
            return Ok(Vec::new());
        }
        return Ok(payouts(conn, item)?.into_iter().map(|(id, ..)| id.0).collect());
    }
    let Some(account) = item.account else { return Ok(Vec::new()) };
    let line = settle_cash::line_of(conn, item)?;
    let amount = statement::line_query::line(conn, item.unit, line)?.amount;
    if amount.0.abs() != item.amount.0 {
        return Ok(Vec::new());
    }
    Ok(match resolution {
        BATCH => {
            let awaited = pos::query::awaited(conn, item.unit, account)?;
            awaited.iter().filter(|batch| batch.net == amount).map(|batch| batch.id.0).collect()
        }
        _ => {
            let awaited = gateway::query::awaited(conn, item.unit, account)?;
            awaited.iter().filter(|report| report.net == amount).map(|report| report.id.0).collect()
        }
    })
}

/// Whether an exception is about a settlement report itself.
pub fn is_about_report(item: &Exception) -> bool {
    item.subject_kind == "settlement" && item.kind == Kind::BulkSettlement
}

/// Whether an exception is about a report that pays nothing out and waits: its payments are proven, or what it takes is
/// shown, by nothing that anybody only looked at.
pub(super) fn waits_unpaid(conn: &mut Conn, item: &Exception) -> Result<bool> {
    if !is_about_report(item) {
        return Ok(false);
    }
    let report = gateway::find(conn, item.unit, SettlementId(item.subject_id))?;
    Ok(report.state == "awaited" && !report.net.is_positive())
}

/// The payouts with which a report that comes to nothing may have been settled, each with its line and the line's day:
/// of the same gateway, not before the report, on a day that is open still, so that its fees are shared out with that
/// day's. None while somebody has to say what an item of it is.
fn payouts(conn: &mut Conn, item: &Exception) -> Result<Vec<(SettlementId, LineId, BusinessDay)>> {
    let report = gateway::find(conn, item.unit, SettlementId(item.subject_id))?;
    if report.state != "awaited" || !report.net.is_zero() {
        return Ok(Vec::new());
    }
    if names_unknown(conn, &report)? {
        return Ok(Vec::new());
    }
    let key = (item.unit, report.account);
    let closed = query::closed_days(conn, &[key], report.settled_on)?;
    let paid_by = (report.account, report.channel.as_str());
    let mut found = gateway::query::paid_out(conn, item.unit, paid_by, report.settled_on)?;
    found.retain(|(_, _, on)| !closed.contains(&(key.0, key.1, *on)));
    Ok(found)
}

/// Whether nobody knows what an item of a report is: no claim waits for it, it gives back what nobody told of, or its
/// claim only advised and its codes lead nowhere.
fn names_unknown(conn: &mut Conn, report: &Settlement) -> Result<bool> {
    let lump = gateway::line::lump_of(conn, report)?;
    if !lump.unknown.is_empty() || lump.returned.iter().any(|(movement, _)| movement.is_none()) {
        return Ok(true);
    }
    let keys: Vec<(UnitId, MovementId)> = lump.parts.iter().map(|(id, _)| (report.unit, *id)).collect();
    let mut advised = movement_query::movements(conn, &keys)?;
    advised.retain(|movement| movement.payment.is_none());
    let codes = |movement: &Movement| -> Vec<String> {
        movement.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned).collect()
    };
    let told: Vec<String> = advised.iter().flat_map(codes).collect();
    let resolved = obligation::query::resolve_codes(conn, &told)?;
    let own: Vec<(UnitId, ObligationId)> =
        resolved.values().copied().filter(|(unit, _)| *unit == report.unit).collect();
    let own = obligation::query::by_ids(conn, &own)?;
    let owed: BTreeMap<ObligationId, Dong> = own.iter().map(|one| (one.id, one.outstanding())).collect();
    Ok(advised.iter().any(|movement| {
        let named: Vec<(UnitId, ObligationId)> =
            codes(movement).iter().filter_map(|code| resolved.get(code).copied()).collect();
        let place = Destination::of(report.unit, movement.amount, &named, false, |id| owed.get(&id).copied());
        matches!(place, Destination::Unknown(_))
    }))
}

/// Whether the target waits for this line; without a target, whether only one paper does.
///
/// # Errors
/// `settlement_item_unknown` about a report that comes to nothing while somebody has to say what an item of it is.
pub fn fits(conn: &mut Conn, item: &Exception, resolution: &str, target: Option<i64>) -> Result<bool> {
    if is_about_report(item) && resolution == SETTLEMENT {
        let report = gateway::find(conn, item.unit, SettlementId(item.subject_id))?;
        if report.state == "awaited" && report.net.is_zero() && names_unknown(conn, &report)? {
            let detail = "an item of the report leads to no claim that waits: let its claim come, or withdraw the \
                          report and take it on as it is right";
            return Err(Error::conflict("settlement_item_unknown", detail));
        }
    }
    let waiting = waiting(conn, item, resolution)?;
    Ok(target.map_or(waiting.len() == 1, |target| waiting.contains(&target)))
}

/// The paper that is meant: the one named, or the only one that waits for the line.
pub(super) fn named(
    conn: &mut Conn,
    item: &Exception,
    resolution: &str,
    target: Option<i64>,
) -> Result<Option<i64>> {
    if target.is_some() {
        return Ok(target);
    }
    Ok(match waiting(conn, item, resolution)?.as_slice() {
        [only] => Some(*only),
        _ => None,
    })
}

/// Carries out what two persons decided, on that day. The account is locked and the proposal checked.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    on: BusinessDay,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let unfit = || Error::conflict("resolution_unfit", "nothing waits for exactly this line any more");
    let target = named(tx, item, &proposal.resolution, proposal.target)?.ok_or_else(unfit)?;
    let persons = (proposal.maker, actor.require_person()?);
    if is_about_report(item) {
        return settle_nothing(tx, stamp, actor, item, (SettlementId(target), persons));
    }
    let line = settle_cash::line_of(tx, item)?;
    let line = statement::line_query::line(tx, item.unit, line)?;
    let case = match proposal.resolution.as_str() {
        BATCH => Case::PosBatch(BatchId(target)),
        _ => {
            let report = gateway::find(tx, item.unit, SettlementId(target))?;
            Case::LumpSum(gateway::line::lump_of(tx, &report)?)
        }
    };
    let work = decided(line, on, case);
    let posted = settle(tx, stamp, actor, &work, Some(persons))?.ok_or_else(unfit)?;
    Ok(posted.receipts)
}

/// What two persons say of a line.
fn decided(line: StoredLine, on: BusinessDay, case: Case) -> LineWork {
    LineWork {
        unit: line.unit,
        account: line.account,
        line: line.id,
        booking_date: on,
        amount: line.amount,
        code: String::new(),
        is_damaged: false,
        bank_reference: line.bank_reference,
        revision: 0,
        case,
        rule: RULE,
        evidence: "[]".to_owned(),
        hint: None,
    }
}

/// Two persons settle a report that comes to nothing with the payout of another one (target): its payments are proven
/// beside those, by that line and on its day, and what went back and the fee are as much as they are.
fn settle_nothing(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    item: &Exception,
    (target, persons): (SettlementId, (PersonId, PersonId)),
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let unfit = |detail: &str| Error::conflict("resolution_unfit", detail);
    let payout = payouts(tx, item)?.into_iter().find(|(id, ..)| *id == target);
    let (_, line, on) = payout.ok_or_else(|| unfit("its payout has no open day any more"))?;
    let report = gateway::find(tx, item.unit, SettlementId(item.subject_id))?;
    let lump = gateway::line::lump_of(tx, &report)?;
    let line = statement::line_query::line(tx, item.unit, line)?;
    let case = Case::LumpSum(lump.clone());
    let work = LineWork { amount: Dong::ZERO, rule: line_query::SETTLED_WITH, ..decided(line, on, case) };
    let mut desk = prove::look(tx, stamp, actor, &[&work], &[(work.unit, work.account)])?;
    let unknown = desk.clear(&work, &lump, Account::Bank(work.account))?;
    if !unknown.paid.is_empty() || unknown.returned.is_positive() {
        return Err(unfit("nobody knows yet what an item of the report is"));
    }
    store(tx, stamp, actor, desk, Some(persons))
}

/// What a run found by reference and net amount. None where the line's money does not stand there whole any
/// more, or where a person has to say what was taken.
pub fn settle_posted(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    work: &LineWork,
) -> Result<Option<Posted>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(work.unit)?;
    query::lock_accounts(tx, &[(work.unit, work.account)])?;
    settle(tx, stamp, actor, work, None)
}

/// None where the line's money does not stand there whole, or, without persons, where two took the line apart.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    work: &LineWork,
    persons: Option<(PersonId, PersonId)>,
) -> Result<Option<Posted>> {
    let Some(net) = stands(tx, work)? else { return Ok(None) };
    if persons.is_none() && unmatch::was_taken_apart(tx, work.unit, work.line)? {
        return Ok(None);
    }
    let mut desk = prove::look(tx, stamp, actor, &[work], &[(work.unit, work.account)])?;
    match &work.case {
        Case::PosBatch(batch) => {
            desk.clear_batch(work, *batch, net)?;
        }
        Case::LumpSum(lump) => {
            for (movement, amount) in desk.clear(work, lump, net)?.paid {
                desk.note_about(work, Kind::BulkSettlement, Subject::Movement(movement), amount);
            }
        }
        _ => return Ok(None),
    }
    let is_taken = |new: &crate::exception::New| new.kind == Kind::UnknownDebit;
    if persons.is_none() && desk.book.exceptions.iter().any(is_taken) {
        return Ok(None);
    }
    end_items(&mut desk, work, persons.is_some());
    retire(tx, &mut desk, work, persons.is_some())?;
    let receipts = store(tx, stamp, actor, desk, persons)?;
    Ok(Some(Posted { line_count: 1, receipts }))
}

/// Writes what the desk found, and what became of refunds and papers; the receipts that are made.
fn store(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    mut desk: Desk<'_>,
    persons: Option<(PersonId, PersonId)>,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    write(tx, stamp, &mut desk, persons)?;
    std::mem::take(&mut desk.refunds).store(tx, stamp)?;
    std::mem::take(&mut desk.papers).store(tx, stamp)?;
    let written = flush(tx, stamp, actor, desk.book)?;
    Ok(documents::all(&written))
}

/// Where the line's money stands, when all of it stands there.
fn stands(conn: &mut Conn, work: &LineWork) -> Result<Option<Account>> {
    let (account, whole) = match work.amount.is_positive() {
        true => (Account::Suspense(work.line), Dong(-work.size().0)),
        false => (Account::UnexplainedDebit(work.line), work.size()),
    };
    let is_whole = ledger::balance(conn, work.unit, &account)? == whole;
    Ok(Some(account).filter(|_| is_whole))
}

/// Why what asked about the line ends: its paper came, or without one its claims.
fn why(work: &LineWork) -> &'static str {
    match &work.case {
        Case::LumpSum(lump) if lump.settlement.is_none() => late_groups::WHY,
        _ => WHY,
    }
}

/// What asked about the line ends. Two persons have ended their own item, and what is left of a debit is
/// asked about under the same name.
fn end_items(desk: &mut Desk<'_>, work: &LineWork, by_persons: bool) {
    let kinds: &[Kind] = match (work.amount.is_positive(), by_persons) {
        (true, _) => &HELD_KINDS,
        (false, false) => &DEBIT_KINDS,
        (false, true) => &[],
    };
    for kind in kinds {
        desk.book.settled_exceptions.push((work.unit, *kind, Subject::Line(work.line), why(work)));
    }
}

/// The line shows what the paper names from now on. Two persons take its own movement, which nobody could place,
/// from it; a run takes nothing apart, and leaves that movement without money beside what the paper names.
fn retire(tx: &mut Tx<'_>, desk: &mut Desk<'_>, work: &LineWork, by_persons: bool) -> Result<()> {
    let standing = line_query::standing_parts(tx, work.unit, work.line)?;
    let ids: Vec<(UnitId, MovementId)> = standing.iter().map(|part| (work.unit, part.1)).collect();
    let mut own = movement_query::movements(tx, &ids)?;
    own.retain(|movement| movement.payment.is_none() && movement.state == State::Proven);
    for movement in &own {
        for kind in HELD_KINDS {
            let subject = Subject::Movement(movement.id);
            desk.book.settled_exceptions.push((work.unit, kind, subject, why(work)));
        }
    }
    if !by_persons {
        return Ok(());
    }
    for (id, movement, amount) in standing {
        if !own.iter().any(|one| one.id == movement) {
            continue;
        }
        desk.link(work, movement, amount)?;
        if let Some(part) = desk.match_parts.last_mut() {
            part.undoes_id = Some(id);
        }
    }
    for movement in own {
        let (key, revision) = ((movement.unit, movement.id), movement.revision);
        let mut held = Held::read(movement, revision);
        held.value.state = State::Reversed;
        held.value.proven = Dong::ZERO;
        touch(&mut held);
        desk.book.movements.insert(key, held);
    }
    Ok(())
}

fn write(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    desk: &mut Desk<'_>,
    persons: Option<(PersonId, PersonId)>,
) -> Result<()> {
    store_new(tx, stamp, &desk.book)?;
    // The line's own keys lead to the movement that it opened when it came.
    let keys: Vec<(UnitId, String)> =
        desk.movement_keys.iter().map(|row| (row.unit_id, row.key.clone())).collect();
    let known: BTreeSet<(UnitId, String)> =
        movement_query::movement_keys(tx, &keys)?.into_iter().map(|(unit, key, _)| (unit, key)).collect();
    desk.movement_keys.retain(|row| !known.contains(&(row.unit_id, row.key.clone())));
    rows::insert(tx, &desk.movement_keys)?;
    let by = |mut part: MatchPartRow| {
        part.maker_person_id = persons.map(|both| both.0);
        part.checker_person_id = persons.map(|both| both.1);
        part
    };
    let parts: Vec<MatchPartRow> = std::mem::take(&mut desk.match_parts).into_iter().map(by).collect();
    rows::insert(tx, &parts)
}
