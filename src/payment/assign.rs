//! Money in suspense that two persons, or one within the limit, give its obligation.

use super::book::{Book, CollectedBy, Destination, Held, Incoming, Method};
use super::flush::flush;
use super::held::{load_obligations, touch};
use super::{documents, movement_query, resolve, unplaced};
use crate::actor::Actor;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Proposal};
use crate::id::*;
use crate::ledger::Account;
use crate::obligation;
use crate::store::{Stamp, Tx};

/// Suspense to the obligation a person found.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (item, proposal): (&Exception, &Proposal),
    accounting_date: BusinessDay,
) -> Result<Vec<(UnitId, ReceiptId)>> {
    let target =
        proposal.target.ok_or_else(|| Error::invalid("target", "target_missing", "name the obligation"))?;
    let obligation = ObligationId(target);
    let (line, movement) = unplaced::take(tx, stamp, item, (proposal, resolve::by(actor, proposal)))?;
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    load_obligations(tx, stamp, &mut book, &[(item.unit, obligation)])?;
    if book.obligations.is_empty() {
        return Err(obligation::not_found());
    }
    let held = movement_query::movements(tx, &[(item.unit, movement)])?.pop();
    let held = held.ok_or_else(|| Error::internal("a matched movement is gone"))?;
    let revision = held.revision;
    let mut held = Held::read(held, revision);
    let payment: PaymentId = stamp.mint()?;
    let incoming = Incoming {
        unit: item.unit,
        amount: item.amount,
        movement: Some(movement),
        account: item.account,
        shift: None,
        method: Method::Transfer,
        channel: "statement".into(),
        debit: Account::Suspense(line),
        accounting_date,
        collected_at: stamp.now,
        collected_by: CollectedBy::Channel("statement".into()),
        is_proven: true,
    };
    held.value.payment = Some(payment);
    touch(&mut held);
    book.movements.insert((item.unit, movement), held);
    book.receive(payment, &incoming, &Destination::Obligations(vec![obligation]))?;
    let written = flush(tx, stamp, actor, book)?;
    Ok(documents::all(&written))
}
