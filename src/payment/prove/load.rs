//! What lines name, read under the locks: movements, obligations, payments, keys and closed days.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Case, Desk, LineWork};
use crate::actor::Actor;
use crate::amount::Dong;
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
use crate::payment::stands_on::{self, StandsOn};
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
    let (movement_ids, mut originals) = read_shown(tx, works, &mut book)?;
    reversal::drop_placed(tx, works, &book, &mut originals)?;
    let earliest = works.iter().map(|work| work.booking_date).min().unwrap_or_else(|| stamp.today());
    let settled = settled_proofs(works, &book, &originals);
    let works: Vec<&LineWork> =
        works.iter().copied().filter(|work| !settled.works.contains(&work.line)).collect();
    let works = works.as_slice();
    let unsettled: Vec<(UnitId, MovementId)> = movement_ids
        .into_iter()
        .filter(|key| book.movements.get(key).is_none_or(|held| held.value.payment.is_none()))
        .collect();
    let channels = line_query::first_channels(tx, &unsettled)?;
    let references: BTreeSet<(UnitId, String)> =
        works.iter().filter_map(|work| reference_key(work)).collect();
    let references: Vec<(UnitId, String)> = references.into_iter().collect();
    let known_keys = movement_query::movement_keys(tx, &references)?
        .into_iter()
        .map(|(unit, key, id)| ((unit, key), id))
        .collect();
    let papers = Papers::named(tx, works)?;
    let taken_back = [reversal::payments(&book, &originals), papers.batches.charged_back()].concat();
    let reversed = stands_on::obligations(tx, &taken_back)?;
    let codes = lock_obligations(tx, stamp, works, &mut book, &settled.movements, reversed)?;
    let mut refunds = Refunds::named(tx, works)?;
    let handovers = Handovers::named(tx, works)?;
    let touched = [refunds.payments(), papers.batches.payments()].concat();
    let touched = lock_payments(tx, &mut book, &settled.movements, touched)?;
    refunds.read(tx, &touched)?;
    let paid: Vec<(UnitId, ObligationId)> = book.obligations.keys().copied().collect();
    let receipts_of = crate::receipt::query::current_of_obligations(tx, &paid)?
        .into_iter()
        .map(|current| (current.unit, current.obligation))
        .collect();
    let advances = reversal::advances(tx, &book, works)?;
    let stands_on = StandsOn::read(tx, &book, &taken_back)?;
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
        stands_on,
        codes,
        refunds,
        papers,
        handovers,
        stamp,
    })
}

/// Reads the movements that the lines name into the book; the movements, and those that the originals of
/// reversals show.
fn read_shown(
    tx: &mut Tx<'_>,
    works: &[&LineWork],
    book: &mut Book,
) -> Result<(Vec<(UnitId, MovementId)>, Originals)> {
    let mut movement_ids: BTreeSet<(UnitId, MovementId)> = BTreeSet::new();
    let mut line_ids: BTreeSet<(UnitId, LineId)> = BTreeSet::new();
    let mut originals = Originals::new();
    for work in works {
        match &work.case {
            Case::Proof { .. } | Case::LumpSum(_) => {
                movement_ids.extend(proven_by(work).iter().map(|(id, _)| (work.unit, *id)));
                if let Case::LumpSum(lump) = &work.case {
                    let returned: Vec<MovementId> = lump.returned.iter().filter_map(|(id, _)| *id).collect();
                    movement_ids.extend(returned.iter().map(|id| (work.unit, *id)));
                    originals.entry((work.unit, work.line)).or_default().extend(returned);
                }
            }
            Case::SameMoney(two) => movement_ids.extend(two.map(|id| (work.unit, id))),
            Case::Reversal { original } => {
                line_ids.insert((work.unit, *original));
                movement_ids.extend(reversal::claimed(tx, work)?);
            }
            Case::TakenBack { movement } => {
                movement_ids.insert((work.unit, *movement));
                originals.entry((work.unit, work.line)).or_default().push(*movement);
            }
            _ => {}
        }
    }
    for (unit, line, movement) in line_query::all_of_lines(tx, &line_ids.into_iter().collect::<Vec<_>>())? {
        originals.entry((unit, line)).or_default().push(movement);
        movement_ids.insert((unit, movement));
    }
    let movement_ids: Vec<(UnitId, MovementId)> = movement_ids.into_iter().collect();
    for movement in movement_query::movements(tx, &movement_ids)? {
        let revision = movement.revision;
        book.movements.insert((movement.unit, movement.id), Held::read(movement, revision));
    }
    Ok((movement_ids, originals))
}

/// The movements that a line proves: each claimed before it.
fn proven_by(work: &LineWork) -> &[(MovementId, Dong)] {
    match &work.case {
        Case::Proof { parts } => parts,
        Case::LumpSum(lump) => &lump.parts,
        _ => &[],
    }
}

/// Lines and movements whose money found its place when it was claimed.
struct SettledProofs {
    /// Lines that do nothing but prove such movements.
    works: HashSet<LineId>,
    movements: HashSet<(UnitId, MovementId)>,
}

/// A line that proves what was settled on its claim moves the payment's state and nothing else: no code,
/// obligation, paper or refund of it is looked at. These are nearly all lines of an ordinary day.
fn settled_proofs(works: &[&LineWork], book: &Book, originals: &Originals) -> SettledProofs {
    let mut taken_back: HashSet<(UnitId, MovementId)> = HashSet::new();
    for ((unit, _), shown) in originals {
        taken_back.extend(shown.iter().map(|id| (*unit, *id)));
    }
    for work in works {
        if let Case::SameMoney(two) = work.case {
            taken_back.extend(two.map(|id| (work.unit, id)));
        }
    }
    let is_settled = |unit: UnitId, id: MovementId| {
        let held = book.movements.get(&(unit, id)).filter(|_| !taken_back.contains(&(unit, id)));
        held.is_some_and(|held| held.value.payment.is_some())
    };
    let mut settled = SettledProofs { works: HashSet::new(), movements: HashSet::new() };
    for work in works {
        let parts = proven_by(work);
        let keys = parts.iter().map(|(id, _)| (work.unit, *id));
        settled.movements.extend(keys.filter(|(unit, id)| is_settled(*unit, *id)));
        let is_proof = matches!(work.case, Case::Proof { .. });
        if is_proof && parts.iter().all(|(id, _)| is_settled(work.unit, *id)) {
            settled.works.insert(work.line);
        }
    }
    settled
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
    settled: &HashSet<(UnitId, MovementId)>,
    reversed: Vec<(UnitId, ObligationId)>,
) -> Result<HashMap<String, (UnitId, ObligationId)>> {
    let mut ids: BTreeSet<(UnitId, ObligationId)> = reversed.into_iter().collect();
    let mut codes: BTreeSet<String> = BTreeSet::new();
    for work in works {
        if let Case::Credit { named } = &work.case {
            ids.extend(named.iter().copied());
        }
    }
    for (_, held) in book.movements.iter().filter(|(key, _)| !settled.contains(key)) {
        codes.extend(held.value.code.split('+').filter(|code| !code.is_empty()).map(str::to_owned));
    }
    let resolved = obligation::query::resolve_codes(tx, &codes.into_iter().collect::<Vec<_>>())?;
    ids.extend(resolved.values().copied());
    load_obligations(tx, stamp, book, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(resolved)
}

/// Locks the payments of the movements and those given, in one order. Returns the locked ones whose refunds
/// matter: all but those of `settled`, unless they were given.
fn lock_payments(
    tx: &mut Tx<'_>,
    book: &mut Book,
    settled: &HashSet<(UnitId, MovementId)>,
    given: Vec<(UnitId, PaymentId)>,
) -> Result<Vec<(UnitId, PaymentId)>> {
    let mut ids: BTreeSet<(UnitId, PaymentId)> = given.iter().copied().collect();
    let mut plain: HashSet<(UnitId, PaymentId)> = HashSet::new();
    for (key, held) in &book.movements {
        let Some(payment) = held.value.payment else { continue };
        ids.insert((held.value.unit, payment));
        if settled.contains(key) {
            plain.insert((held.value.unit, payment));
        }
    }
    plain.retain(|key| !given.contains(key));
    let mut pairs = BTreeSet::new();
    for payment in payment_query::lock_payments(tx, &ids.iter().copied().collect::<Vec<_>>())? {
        if let Some(account) = payment.account {
            pairs.insert((payment.unit, account, payment.channel.clone()));
        }
        let revision = payment.revision;
        book.payments.insert((payment.unit, payment.id), Held::read(payment, revision));
    }
    for (key, (unproven, revision)) in query::exposures(tx, &pairs.into_iter().collect::<Vec<_>>())? {
        book.exposures.insert(key, Held::read(unproven, revision));
    }
    Ok(book.payments.keys().copied().filter(|key| !plain.contains(key)).collect())
}
