//! What lines name, read under the locks: movements, obligations, payments, keys and closed days.

use std::collections::{BTreeSet, HashMap};

use super::{Case, Desk, LineWork};
use crate::actor::Actor;
use crate::audit;
use crate::error::Result;
use crate::id::*;
use crate::obligation;
use crate::payment::book::{Book, Held};
use crate::payment::handover::Handovers;
use crate::payment::held::load_obligations;
use crate::payment::movement::bank_key;
use crate::payment::paper_line::Papers;
use crate::payment::refund::line::Refunds;
use crate::payment::reversal::{Originals, direction};
use crate::payment::{line_query, movement_query, payment_query, query, reversal};
use crate::store::{Stamp, Tx};

pub(in crate::payment) fn look<'a>(
    tx: &mut Tx<'_>,
    stamp: &'a Stamp<'a>,
    actor: &Actor,
    works: &[&LineWork],
    accounts: &[(UnitId, AccountId)],
) -> Result<Desk<'a>> {
    let mut book = Book::new(audit::actor_text(actor), stamp.now);
    let mut movement_ids: BTreeSet<(UnitId, MovementId)> = BTreeSet::new();
    let mut line_ids: BTreeSet<(UnitId, LineId)> = BTreeSet::new();
    let mut named = Originals::new();
    for work in works {
        match &work.case {
            Case::Proof { parts } => movement_ids.extend(parts.iter().map(|(id, _)| (work.unit, *id))),
            Case::SameMoney(two) => movement_ids.extend(two.map(|id| (work.unit, id))),
            Case::LumpSum(lump) => movement_ids.extend(lump.parts.iter().map(|(id, _)| (work.unit, *id))),
            Case::Reversal { original } => {
                line_ids.insert((work.unit, *original));
                movement_ids.extend(reversal::claimed(tx, work)?);
            }
            Case::TakenBack { movement } => {
                movement_ids.insert((work.unit, *movement));
                named.entry((work.unit, work.line)).or_default().push(*movement);
            }
            _ => {}
        }
    }
    let mut originals = named;
    for (unit, line, movement) in
        line_query::movements_of_lines(tx, &line_ids.into_iter().collect::<Vec<_>>())?
    {
        originals.entry((unit, line)).or_default().push(movement);
        movement_ids.insert((unit, movement));
    }
    let movement_ids: Vec<(UnitId, MovementId)> = movement_ids.into_iter().collect();
    for movement in movement_query::movements(tx, &movement_ids)? {
        let revision = movement.revision;
        book.movements.insert((movement.unit, movement.id), Held::read(movement, revision));
    }
    reversal::drop_placed(tx, works, &book, &mut originals)?;
    let channels = line_query::first_channels(tx, &movement_ids)?;
    let references: BTreeSet<(UnitId, String)> =
        works.iter().filter_map(|work| reference_key(work)).collect();
    let references: Vec<(UnitId, String)> = references.into_iter().collect();
    let known_keys = movement_query::movement_keys(tx, &references)?
        .into_iter()
        .map(|(unit, key, id)| ((unit, key), id))
        .collect();
    let reversed = reversal::obligations(tx, &book, &originals)?;
    let codes = lock_obligations(tx, stamp, works, &mut book, reversed)?;
    let mut refunds = Refunds::named(tx, works)?;
    let papers = Papers::named(tx, works)?;
    let handovers = Handovers::named(tx, works)?;
    lock_payments(tx, &mut book, [refunds.payments(), papers.batches.payments()].concat())?;
    refunds.read(tx, &book.payments.keys().copied().collect::<Vec<_>>())?;
    let paid: Vec<(UnitId, ObligationId)> = book.obligations.keys().copied().collect();
    let receipts_of = crate::receipt::query::current_of_obligations(tx, &paid)?
        .into_iter()
        .map(|current| (current.unit, current.obligation))
        .collect();
    let advances = reversal::advances(tx, &book, works)?;
    let earliest = works.iter().map(|work| work.booking_date).min().unwrap_or_else(|| stamp.today());
    let closed = query::closed_days(tx, accounts, earliest)?.into_iter().collect();
    Ok(Desk {
        book,
        closed,
        match_parts: Vec::new(),
        movement_keys: Vec::new(),
        known_keys,
        channels,
        originals,
        receipts_of,
        advances,
        codes,
        refunds,
        papers,
        handovers,
        stamp,
    })
}

pub(in crate::payment) fn reference_key(work: &LineWork) -> Option<(UnitId, String)> {
    let reference = work.bank_reference.as_deref().filter(|reference| !reference.trim().is_empty())?;
    Some((work.unit, bank_key(work.account, direction(work), reference, work.size(), 0)))
}

/// Obligations named by the lines, by the movements they show, and by the payments they touch.
fn lock_obligations(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    works: &[&LineWork],
    book: &mut Book,
    reversed: Vec<(UnitId, ObligationId)>,
) -> Result<HashMap<String, (UnitId, ObligationId)>> {
    let mut ids: BTreeSet<(UnitId, ObligationId)> = reversed.into_iter().collect();
    let mut codes: BTreeSet<String> = BTreeSet::new();
    for work in works {
        if let Case::Credit { named } = &work.case {
            ids.extend(named.iter().copied());
        }
    }
    for held in book.movements.values() {
        codes.extend(held.value.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned));
    }
    let resolved = obligation::query::resolve_codes(tx, &codes.into_iter().collect::<Vec<_>>())?;
    ids.extend(resolved.values().copied());
    load_obligations(tx, stamp, book, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(resolved)
}

fn lock_payments(tx: &mut Tx<'_>, book: &mut Book, refunded: Vec<(UnitId, PaymentId)>) -> Result<()> {
    let mut ids: BTreeSet<(UnitId, PaymentId)> = book
        .movements
        .values()
        .filter_map(|held| held.value.payment.map(|payment| (held.value.unit, payment)))
        .collect();
    ids.extend(refunded);
    let mut pairs = BTreeSet::new();
    for payment in payment_query::lock_payments(tx, &ids.into_iter().collect::<Vec<_>>())? {
        if let Some(account) = payment.account {
            pairs.insert((payment.unit, account, payment.channel.clone()));
        }
        let revision = payment.revision;
        book.payments.insert((payment.unit, payment.id), Held::read(payment, revision));
    }
    for (key, (unproven, revision)) in query::exposures(tx, &pairs.into_iter().collect::<Vec<_>>())? {
        book.exposures.insert(key, Held::read(unproven, revision));
    }
    Ok(())
}
