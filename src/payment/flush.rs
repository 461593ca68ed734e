//! Writes a book out: projections with their guards, then facts, then documents and their fees.

use std::collections::HashMap;

use super::book::{Book, Bucket, Held, Payment};
use super::{documents, movement_query, payment_query, query, repaid};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception;
use crate::id::*;
use crate::ledger::{self, Account};
use crate::notification::money::{self, Miss, Notice};
use crate::obligation::{self, Obligation};
use crate::payment::movement::Movement;
use crate::store::rows::{self, Column, Insertion, Update};
use crate::store::{Stamp, Tx};

/// What the written book made, for the answers: the documents by obligation, the receipt first.
#[derive(Debug, Default)]
pub struct Written {
    pub receipts: HashMap<(UnitId, ObligationId), Vec<ReceiptId>>,
}

/// Writes everything in the order of the locks: obligations and payments are locked already,
/// series are locked by numbering.
pub fn flush(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, mut book: Book) -> Result<Written> {
    check(&book)?;
    store_projections(tx, &mut book)?;
    store_payments(tx, stamp, &book)?;
    let written = documents::complete(tx, stamp, actor, &mut book)?;
    check_postings(&book)?;
    ledger::post(tx, stamp, &book.postings)?;
    obligation::record_events(tx, stamp, &book.obligation_events)?;
    exception::open(tx, stamp, &book.exceptions)?;
    exception::note(tx, stamp, &book.noted)?;
    exception::settle_by_themselves(tx, stamp, &book.settled_exceptions)?;
    repaid::restate(tx, stamp, &book.covered_in_part)?;
    tell_payers(tx, stamp, &book)?;
    Ok(written)
}

/// Payers are told what is missing or too much; what the same batch completed is told by its receipt.
fn tell_payers(tx: &mut Tx<'_>, stamp: &Stamp<'_>, book: &Book) -> Result<()> {
    let is_missing = |notice: &&Notice| {
        let held = book.obligations.get(&(notice.unit, notice.money.obligation));
        notice.miss == Miss::Surplus || held.is_some_and(|held| held.value.outstanding().is_positive())
    };
    let notices: Vec<Notice> = book.notices.iter().filter(is_missing).cloned().collect();
    money::tell(tx, stamp, &notices)
}

/// The sums that must agree whatever was decided: each payment's postings are its amount, its
/// buckets too, and each obligation holds no more than it asked for.
fn check(book: &Book) -> Result<()> {
    for held in book.payments.values().filter(|held| held.is_changed) {
        let payment = &held.value;
        let buckets = [
            payment.unallocated,
            payment.to_obligations,
            payment.surplus,
            payment.suspense,
            payment.other_unit,
            payment.reversed,
        ];
        if Dong::sum(buckets)? != payment.amount || !payment.unallocated.is_zero() {
            return Err(Error::internal(format!("the buckets of {} do not sum to its amount", payment.id)));
        }
    }
    for held in book.obligations.values().filter(|held| held.is_changed) {
        if held.value.allocated > held.value.total || held.value.allocated < Dong::ZERO {
            return Err(Error::internal(format!("{} holds more than it asked for", held.value.id)));
        }
    }
    Ok(())
}

/// What new payments put into clearing and drawers is exactly what they amount to.
fn check_postings(book: &Book) -> Result<()> {
    let mut received: HashMap<(UnitId, String), i64> = HashMap::new();
    let is_transit = |account: &str| account.starts_with("clearing/") || account.starts_with("drawer/");
    for held in book.payments.values().filter(|held| held.read_revision.is_none()) {
        if is_transit(&held.value.debit_account) {
            let key = (held.value.unit, held.value.debit_account.clone());
            *received.entry(key).or_default() += held.value.amount.0;
        }
    }
    for posting in &book.postings {
        if matches!(posting.debit, Account::Clearing(..) | Account::Drawer(_)) {
            *received.entry((posting.unit, posting.debit.to_string())).or_default() -= posting.amount.0;
        }
    }
    match received.into_iter().find(|(_, difference)| *difference != 0) {
        None => Ok(()),
        Some(((unit, account), _)) => {
            Err(Error::internal(format!("the postings of {unit} to {account} are not its payments")))
        }
    }
}

fn changed<T>(held: &HashMap<impl std::hash::Hash + Eq, Held<T>>) -> Vec<(&T, i64)> {
    held.values()
        .filter(|held| held.is_changed)
        .filter_map(|held| held.read_revision.map(|revision| (&held.value, revision)))
        .collect()
}

fn store_projections(tx: &mut Tx<'_>, book: &mut Book) -> Result<()> {
    let mut obligations: Vec<(&Obligation, i64)> = changed(&book.obligations);
    obligations.sort_by_key(|(obligation, _)| (obligation.unit, obligation.id));
    obligation::query::store(tx, &obligations)?;
    let mut movements: Vec<(&Movement, i64)> = changed(&book.movements);
    movements.sort_by_key(|(movement, _)| (movement.unit, movement.id));
    movement_query::store_movements(tx, &movements)?;
    let mut payments: Vec<(&Payment, i64)> = changed(&book.payments);
    payments.sort_by_key(|(payment, _)| (payment.unit, payment.id));
    payment_query::store_payments(tx, &payments)?;
    store_exposures(tx, book)
}

fn store_exposures(tx: &mut Tx<'_>, book: &Book) -> Result<()> {
    let mut fresh = Vec::new();
    let mut known = Vec::new();
    for ((unit, account, channel), held) in book.exposures.iter().filter(|(_, held)| held.is_changed) {
        let row = query::ExposureRow {
            unit_id: *unit,
            account_id: *account,
            channel: channel.clone(),
            unproven: held.value,
            revision: held.read_revision.unwrap_or(0) + 1,
        };
        if held.read_revision.is_some() { known.push(row) } else { fresh.push(row) }
    }
    rows::insert(tx, &fresh)?;
    rows::update(
        tx,
        Update {
            table: "channel_exposure",
            keys: vec![
                ("unit_id", Column::of(known.iter().map(|row| row.unit_id))),
                ("account_id", Column::of(known.iter().map(|row| row.account_id))),
                ("channel", Column::of(known.iter().map(|row| row.channel.clone()))),
            ],
            guard: vec![("revision", Column::of(known.iter().map(|row| row.revision - 1)))],
            sets: vec![
                ("unproven", Column::of(known.iter().map(|row| row.unproven))),
                ("revision", Column::of(known.iter().map(|row| row.revision))),
            ],
        },
    )
}

fn store_payments(tx: &mut Tx<'_>, stamp: &Stamp<'_>, book: &Book) -> Result<()> {
    let mut fresh: Vec<payment_query::PaymentRow> = book
        .payments
        .values()
        .filter(|held| held.read_revision.is_none())
        .map(|held| payment_row(&held.value, stamp))
        .collect();
    fresh.sort_by_key(|row| (row.unit_id, row.id));
    let mut events = Vec::with_capacity(book.payment_events.len());
    let mut trail = Vec::with_capacity(book.payment_events.len());
    for event in &book.payment_events {
        events.push(payment_query::PaymentEventRow {
            unit_id: event.unit,
            id: stamp.mint()?,
            payment_id: event.payment,
            revision: event.revision,
            kind: event.kind,
            state: event.state.as_str(),
            actor: book.actor.clone(),
            reason: event.reason.clone(),
            at: stamp.now,
        });
        trail.push(audit::Entry {
            unit: event.unit,
            actor: book.actor.clone(),
            action: payment_action(event.kind),
            subject: event.payment.to_string(),
            detail: String::new(),
        });
    }
    let mut moves = Vec::with_capacity(book.allocations.len());
    for allocation in &book.allocations {
        moves.push(payment_query::AllocationRow {
            unit_id: allocation.unit,
            id: stamp.mint()?,
            payment_id: allocation.payment,
            revision: allocation.revision,
            from_bucket: allocation.from.as_str(),
            to_bucket: allocation.to.as_str(),
            obligation_id: match (allocation.from, allocation.to) {
                (Bucket::Obligation(id), _) | (_, Bucket::Obligation(id)) => Some(id),
                _ => None,
            },
            amount: allocation.amount,
            created_at: stamp.now,
        });
    }
    rows::insert_together(tx, vec![Insertion::of(&fresh), Insertion::of(&events), Insertion::of(&moves)])?;
    audit::record(tx, stamp, &trail)
}

fn payment_action(kind: &str) -> &'static str {
    match kind {
        "claimed" => "payment.claimed",
        "proven" => "payment.proven",
        "disproven" => "payment.disproven",
        "reversed" => "payment.reversed",
        _ => "payment.moved",
    }
}

fn payment_row(payment: &Payment, stamp: &Stamp<'_>) -> payment_query::PaymentRow {
    payment_query::PaymentRow {
        unit_id: payment.unit,
        id: payment.id,
        movement_id: payment.movement,
        account_id: payment.account,
        method: payment.method.as_str(),
        channel: payment.channel.clone(),
        amount: payment.amount,
        obligation_id: payment.obligation,
        shift_id: payment.shift,
        debit_account: payment.debit_account.clone(),
        accounting_date: payment.accounting_date,
        created_at: stamp.now,
        state: payment.state.as_str(),
        revision: payment.revision,
        unallocated: payment.unallocated,
        to_obligations: payment.to_obligations,
        surplus: payment.surplus,
        suspense: payment.suspense,
        other_unit: payment.other_unit,
        reversed: payment.reversed,
    }
}
