//! A line nobody could place is the money of a claim that waits for one: two persons say so, and the claim
//! is proven as if matching had found it. `bank` is posted already; suspense gives the money to clearing,
//! or to what an advised claim named.

use std::collections::BTreeSet;

use super::book::{Book, CollectedBy, Held, Incoming, Method, PaymentState};
use super::documents;
use super::flush::flush;
use super::held::{load_obligations, touch};
use super::line_query::{self, MatchPartRow};
use super::movement::{Movement, State};
use super::prove::CLAIM_KINDS;
use super::same_money::SameAsRow;
use super::take_back;
use super::{Direction, movement_query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Exception, Kind, Proposal, Subject};
use crate::id::*;
use crate::ledger::{Account, Posting, Source};
use crate::obligation;
use crate::store::{Conn, Stamp, Tx, rows};

/// Money in suspense is what a claim (target: its movement) told of.
pub const PROVES: &str = "proves";

const RULE: &str = "by_two_persons";
const WHY: &str = "two persons showed its line";

/// Whether the claim waits for exactly this money on this account.
pub fn fits(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<bool> {
    Ok(claim(conn, item, target)?.is_some())
}

fn claim(conn: &mut Conn, item: &Exception, target: Option<i64>) -> Result<Option<Movement>> {
    let Some(id) = target.map(MovementId) else { return Ok(None) };
    let found = movement_query::movements(conn, &[(item.unit, id)])?.pop();
    let waits = |one: &Movement| {
        one.state == State::Expected
            && one.direction == Direction::Credit
            && Some(one.account) == item.account
            && one.amount == item.amount
            && one.proven.is_zero()
    };
    let Some(found) = found.filter(waits) else { return Ok(None) };
    let is_placed = found.payment.is_some() || !destination(conn, &found)?.is_empty();
    Ok(Some(found).filter(|_| is_placed))
}

/// What an advised claim names, where all of it is the unit's own. An obligation that a merger brought here has two
/// codes, and a claim that tells both names it alone.
fn destination(conn: &mut Conn, claim: &Movement) -> Result<Vec<ObligationId>> {
    let codes: Vec<String> =
        claim.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    let named: BTreeSet<(UnitId, ObligationId)> =
        obligation::query::resolve_codes(conn, &codes)?.into_values().collect();
    let is_own = named.iter().all(|(unit, _)| *unit == claim.unit);
    Ok(if is_own && named.len() == 1 { named.into_iter().map(|(_, id)| id).collect() } else { Vec::new() })
}

/// Carries it out for the line and the movement it had opened. The account is locked.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    ((line, own), on): ((LineId, MovementId), BusinessDay),
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let unit = item.unit;
    let gone = || Error::conflict("resolution_unfit", "the claim waits for this money no more");
    let claim = claim(tx, item, proposal.target)?.ok_or_else(gone)?;
    let own = movement_query::movements(tx, &[(unit, own)])?.pop();
    let own = own.ok_or_else(|| Error::internal("a matched movement is gone"))?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let payment = match claim.payment {
        Some(payment) => prove(tx, stamp, &mut book, (item, line, on), payment).map(|()| payment)?,
        None => receive(tx, stamp, &mut book, (item, line, on), &claim)?,
    };
    relink(tx, stamp, item, (line, own.id, claim.id), (proposal.maker, actor.require_person()?))?;
    hold(&mut book, own, |own| {
        own.state = State::SameAs;
        own.proven = Dong::ZERO;
    });
    let id = claim.id;
    hold(&mut book, claim, |claim| {
        claim.payment = Some(payment);
        claim.proven = claim.amount;
        claim.state = State::Proven;
    });
    for kind in CLAIM_KINDS {
        book.settled_exceptions.push((unit, kind, Subject::Movement(id), WHY));
    }
    let written = flush(tx, stamp, actor, book)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "line.matched", line).with(id.to_string())])?;
    Ok(documents::all(&written))
}

fn hold(book: &mut Book, movement: Movement, change: impl FnOnce(&mut Movement)) {
    let (key, revision) = ((movement.unit, movement.id), movement.revision);
    let mut held = Held::read(movement, revision);
    change(&mut held.value);
    touch(&mut held);
    book.movements.insert(key, held);
}

/// The channel's word was taken already; now the bank says so too.
fn prove(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    (item, line, on): (&Exception, LineId, BusinessDay),
    id: PaymentId,
) -> Result<()> {
    let payment = take_back::read(tx, stamp, book, (item.unit, id))?.payment;
    let account = payment.account.ok_or_else(|| Error::internal("a transfer without an account"))?;
    book.expose(item.unit, account, &payment.channel, Dong(-item.amount.0))?;
    book.tell_payment(item.unit, id, "proven", PaymentState::Proven, None)?;
    if payment.other_unit.is_positive() {
        // The claim's item ends with its proof, the debt to the other unit does not.
        book.exceptions.push(exception::New {
            unit: item.unit,
            kind: Kind::WrongAccount,
            subject: Subject::Line(line),
            account: item.account,
            amount: item.amount,
            opened_on: item.opened_on,
            detail: String::new(),
        });
    }
    book.postings.push(Posting {
        unit: item.unit,
        debit: Account::Suspense(line),
        credit: Account::Clearing(account, payment.channel),
        amount: item.amount,
        accounting_date: on,
        source: Source::Exception(item.id),
    });
    Ok(())
}

/// The channel only advised: the money settles what the claim announced.
fn receive(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    book: &mut Book,
    (item, line, on): (&Exception, LineId, BusinessDay),
    claim: &Movement,
) -> Result<PaymentId> {
    let unit = item.unit;
    let named = destination(tx, claim)?;
    let keys: Vec<(UnitId, ObligationId)> = named.iter().map(|id| (unit, *id)).collect();
    load_obligations(tx, stamp, book, &keys)?;
    let channels = line_query::first_channels(tx, &[(unit, claim.id)])?;
    let channel = channels.get(&(unit, claim.id)).cloned().unwrap_or_else(|| "statement".into());
    let payment: PaymentId = stamp.mint()?;
    let incoming = Incoming {
        unit,
        amount: item.amount,
        movement: Some(claim.id),
        account: item.account,
        shift: None,
        method: Method::Transfer,
        collected_by: CollectedBy::Channel(channel.clone()),
        channel,
        debit: Account::Suspense(line),
        accounting_date: on,
        collected_at: stamp.now,
        is_proven: true,
    };
    book.receive(payment, &incoming, &super::book::Destination::Obligations(named))?;
    Ok(payment)
}

/// The line shows the claim from now on, and no movement of its own.
fn relink(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    item: &Exception,
    (line, own, claim): (LineId, MovementId, MovementId),
    (maker, checker): (PersonId, PersonId),
) -> Result<()> {
    let part = |id: MatchId, movement_id: MovementId, undoes_id: Option<MatchId>| MatchPartRow {
        unit_id: item.unit,
        id,
        line_id: line,
        movement_id,
        amount: item.amount,
        rule: RULE,
        evidence: "[]".to_owned(),
        maker_person_id: Some(maker),
        checker_person_id: Some(checker),
        undoes_id,
        created_at: stamp.now,
    };
    let mut rows = Vec::new();
    for (id, movement, _) in line_query::standing_parts(tx, item.unit, line)? {
        if movement == own {
            rows.push(part(stamp.mint()?, own, Some(id)));
        }
    }
    rows.push(part(stamp.mint()?, claim, None));
    rows::insert(tx, &rows)?;
    let same = SameAsRow { unit_id: item.unit, later_id: own, earlier_id: claim, created_at: stamp.now };
    rows::insert(tx, &[same])
}
