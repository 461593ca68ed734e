//! Writes a book out: projections with their guards, then facts, then receipts and their fees.

use std::collections::HashMap;

use super::book::{Book, Bucket, Completion, Held, Payment};
use super::content::{Material, receipt_content};
use super::query;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::ledger::{self, Account, Posting, Source};
use crate::obligation::{self, Line, Obligation};
use crate::payment::movement::Movement;
use crate::receipt::issue::{self, Draft, Outcome};
use crate::receipt::query::DueRow;
use crate::store::rows::{self, Column, Insertion, Update};
use crate::store::{Stamp, Tx};

/// What the written book made, for the answers: the receipts by obligation.
#[derive(Debug, Default)]
pub struct Written {
    pub receipts: HashMap<(UnitId, ObligationId), ReceiptId>,
}

/// Writes everything in the order of the locks: obligations and payments are locked already,
/// series are locked by numbering.
pub fn flush(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, mut book: Book) -> Result<Written> {
    check(&book)?;
    store_projections(tx, &mut book)?;
    store_payments(tx, stamp, &book)?;
    let written = complete(tx, stamp, actor, &mut book)?;
    check_postings(&book)?;
    ledger::post(tx, stamp, &book.postings)?;
    obligation::record_events(tx, stamp, &book.obligation_events)?;
    exception::open(tx, stamp, &book.exceptions)?;
    exception::settle_by_themselves(tx, stamp, &book.settled_exceptions)?;
    Ok(written)
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
    query::store_movements(tx, &movements)?;
    let mut payments: Vec<(&Payment, i64)> = changed(&book.payments);
    payments.sort_by_key(|(payment, _)| (payment.unit, payment.id));
    query::store_payments(tx, &payments)?;
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
    let mut fresh: Vec<query::PaymentRow> = book
        .payments
        .values()
        .filter(|held| held.read_revision.is_none())
        .map(|held| payment_row(&held.value, stamp))
        .collect();
    fresh.sort_by_key(|row| (row.unit_id, row.id));
    let mut events = Vec::with_capacity(book.payment_events.len());
    let mut trail = Vec::with_capacity(book.payment_events.len());
    for event in &book.payment_events {
        events.push(query::PaymentEventRow {
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
        moves.push(query::AllocationRow {
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

fn payment_row(payment: &Payment, stamp: &Stamp<'_>) -> query::PaymentRow {
    query::PaymentRow {
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

/// Numbers the receipts of completed obligations and posts their fees.
fn complete(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, book: &mut Book) -> Result<Written> {
    let completions = std::mem::take(&mut book.completions);
    let mut drafts = Vec::new();
    let mut drafted = Vec::new();
    for (index, completion) in completions.iter().enumerate() {
        if let Some(draft) = draft(book, completion)? {
            drafts.push(draft);
            drafted.push(index);
        }
    }
    let outcomes = issue::number(tx, stamp, actor, &drafts)?;
    let mut by_completion: HashMap<usize, Outcome> = drafted.into_iter().zip(outcomes).collect();
    let mut written = Written::default();
    let mut due = Vec::new();
    for (index, completion) in completions.iter().enumerate() {
        let outcome = by_completion.remove(&index);
        if let Some(Outcome::Numbered { id, .. }) = &outcome {
            book.obligation_events[completion.event_index].receipt = Some(*id);
            written.receipts.insert((completion.unit, completion.obligation), *id);
        }
        post_fees(book, completion, outcome.as_ref(), stamp, &mut due)?;
    }
    let is_new = rows::insert_if_absent(tx, &due, &["unit_id", "obligation_id", "document_kind"])?;
    for (row, _) in due.iter().zip(is_new).filter(|(_, is_new)| !is_new) {
        // It was due before, made, and its obligation reopened and paid again.
        crate::receipt::query::reopen_due(tx, row)?;
    }
    Ok(written)
}

fn draft(book: &Book, completion: &Completion) -> Result<Option<Draft>> {
    let key = (completion.unit, completion.obligation);
    let missing = || Error::internal("a paid obligation's lines, payer or unit were not read");
    let obligation = &book.obligations.get(&key).ok_or_else(missing)?.value;
    let lines = book.lines.get(&key).ok_or_else(missing)?;
    let unit = book.units.get(&completion.unit).ok_or_else(missing)?;
    let payer = book.payers.get(&(completion.unit, obligation.party)).cloned().unwrap_or_default();
    let content = receipt_content(&Material {
        unit,
        payer: &payer,
        dossier_code: &obligation.dossier_code,
        lines,
        method: completion.method,
        collected_at: completion.collected_at,
        collected_by: &completion.collected_by,
    })?;
    Ok(content.map(|content| Draft {
        unit: completion.unit,
        obligation: completion.obligation,
        content,
        collected_at: completion.collected_at,
    }))
}

/// The account a line's money is recognised on when its document is issued.
pub(super) fn fee_account(line: &Line) -> Account {
    match (line.kind.as_str(), line.document_kind.as_str()) {
        ("pass_through", _) => Account::PassedOn(line.item_code.clone()),
        (_, "none") => Account::CollectedWithoutDocument(line.item_code.clone()),
        _ => Account::FeesCollected(line.item_code.clone()),
    }
}

/// Where an obligation's money stands, split into one payment's share and the rest.
pub(super) struct Parts {
    /// The share: (account, amount), summing to it.
    pub taken: Vec<(Account, Dong)>,
    /// The rest of what was recognised on fee accounts, which becomes an advance again.
    pub left: Vec<(Account, Dong)>,
}

/// Looks through the lines of an obligation for a payment's share. What was only partly paid, and
/// documents that were never made, stand in advance.
pub(super) fn recognised_parts(
    lines: &[Line],
    obligation: ObligationId,
    share: Dong,
    is_paid: bool,
    has_receipt: bool,
) -> Result<Parts> {
    let advance = Account::ReceivedInAdvance(obligation);
    let mut parts = Parts { taken: Vec::new(), left: Vec::new() };
    if !is_paid {
        parts.taken.push((advance, share));
        return Ok(parts);
    }
    let mut wanted = share;
    for line in lines {
        let is_recognised = line.kind == "pass_through"
            || line.document_kind == "none"
            || (has_receipt && line.document_kind == issue::RECEIPT);
        let account = if is_recognised { fee_account(line) } else { advance.clone() };
        let part = line.amount.min(wanted);
        wanted = wanted.checked_sub(part)?;
        let rest = line.amount.checked_sub(part)?;
        if is_recognised && rest.is_positive() {
            parts.left.push((account.clone(), rest));
        }
        parts.taken.push((account, part));
    }
    Ok(parts)
}

/// Fees are recognised line by line against the receipt; without one they stay an advance.
fn post_fees(
    book: &mut Book,
    completion: &Completion,
    outcome: Option<&Outcome>,
    stamp: &Stamp<'_>,
    due: &mut Vec<DueRow>,
) -> Result<()> {
    let key = (completion.unit, completion.obligation);
    let lines = book.lines.get(&key).cloned().unwrap_or_default();
    let advance = Account::ReceivedInAdvance(completion.obligation);
    let mut waiting = Dong::ZERO;
    let mut code = "document_kind_not_issued";
    for line in lines.iter().filter(|line| line.amount.is_positive()) {
        let needs_document = line.kind != "pass_through" && line.document_kind != "none";
        let (credit, source) = match outcome {
            _ if !needs_document => (fee_account(line), Source::Payment(completion.payment)),
            Some(Outcome::Numbered { id, .. }) if line.document_kind == issue::RECEIPT => {
                (fee_account(line), Source::Receipt(*id))
            }
            outcome => {
                if let Some(Outcome::Refused { code: why }) = outcome {
                    code = why;
                }
                waiting = waiting.checked_add(line.amount)?;
                (advance.clone(), Source::Payment(completion.payment))
            }
        };
        if credit == completion.debit {
            continue; // It stands in advance already and stays there.
        }
        book.postings.push(Posting {
            unit: completion.unit,
            debit: completion.debit.clone(),
            credit,
            amount: line.amount,
            accounting_date: completion.accounting_date,
            source,
        });
    }
    if waiting.is_positive() {
        due.push(DueRow {
            unit_id: completion.unit,
            obligation_id: completion.obligation,
            document_kind: issue::RECEIPT,
            code: code.to_owned(),
            created_at: stamp.now,
            state: "open",
            revision: 1,
        });
        book.exceptions.push(exception::New {
            unit: completion.unit,
            kind: Kind::ReceiptDue,
            subject: Subject::Obligation(completion.obligation),
            account: None,
            amount: waiting,
            opened_on: stamp.today(),
            detail: code.to_owned(),
        });
    }
    Ok(())
}
