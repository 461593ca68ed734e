//! The documents of paid obligations: one per kind, all numbered in the transaction that takes the
//! money, and each fee line recognised against its own document.

use std::collections::HashMap;

use super::awaited::{self, Correcting};
use super::book::{Book, Completion};
use super::content::{Material, Place, documents, place_of, rule_on};
use super::flush::Written;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::ledger::{Account, Posting, Source};
use crate::obligation::Line;
use crate::receipt::issue::{self, Draft, Outcome};
use crate::receipt::profile::FeesAndCharges;
use crate::receipt::query::{Current, DueRow};
use crate::receipt::{Document, DocumentKind, query as receipts};
use crate::store::{Stamp, Tx, rows};

/// Why a line of a kind that no version issues waits.
const KIND_NOT_ISSUED: &str = "document_kind_not_issued";

/// What became of one document of a completed obligation.
type Outcomes = HashMap<DocumentKind, Outcome>;

/// Numbers the documents of completed obligations and posts their fees.
pub(super) fn complete(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    book: &mut Book,
) -> Result<Written> {
    let completions = std::mem::take(&mut book.completions);
    let rule = rule_on(stamp.today());
    let mut outcomes: Vec<Outcomes> = Vec::with_capacity(completions.len());
    let mut drafts = Vec::new();
    let mut drafted = Vec::new();
    let mut correcting: HashMap<usize, Correcting> = HashMap::new();
    for (index, completion) in completions.iter().enumerate() {
        let mut known = Outcomes::new();
        if let Some((correction, draft)) = awaited::of_completion(tx, stamp, book, completion)? {
            correcting.insert(index, correction);
            drafted.push((index, draft.kind));
            drafts.push(draft);
            outcomes.push(known);
            continue;
        }
        for (kind, document) in documents(&material(book, completion)?, rule) {
            match made(document)? {
                Ok(content) => {
                    drafts.push(draft(completion, kind, content));
                    drafted.push((index, kind));
                }
                Err(code) => {
                    known.insert(kind, Outcome::Refused { code });
                }
            }
        }
        outcomes.push(known);
    }
    for ((index, kind), outcome) in drafted.into_iter().zip(issue::number(tx, stamp, actor, &drafts)?) {
        if let Some(known) = outcomes.get_mut(index) {
            known.insert(kind, outcome);
        }
    }
    let mut written = Written::default();
    let mut due = Vec::new();
    for (index, (completion, outcomes)) in completions.iter().zip(&outcomes).enumerate() {
        let numbered = numbered(outcomes);
        if let Some(first) = numbered.first() {
            book.obligation_events[completion.event_index].receipt = Some(*first);
            written.receipts.insert((completion.unit, completion.obligation), numbered);
        }
        match correcting.get(&index) {
            Some(correction) => {
                let outcome = outcomes.get(&correction.kind()?);
                correct(tx, stamp, actor, book, completion, (correction, outcome), &mut due)?;
            }
            None => post_fees(book, completion, outcomes, rule, stamp, &mut due)?,
        }
    }
    close_made(tx, book, &completions, &outcomes)?;
    let is_new = rows::insert_if_absent(tx, &due, &["unit_id", "obligation_id", "document_kind"])?;
    for (row, _) in due.iter().zip(is_new).filter(|(_, is_new)| !is_new) {
        // It was due before, made, and its obligation reopened and paid again.
        receipts::reopen_due(tx, row)?;
    }
    Ok(written)
}

/// Documents that were due from an earlier payment of an obligation and are numbered now are due no
/// longer. Only an obligation that was told of before can have any.
fn close_made(
    tx: &mut Tx<'_>,
    book: &mut Book,
    completions: &[Completion],
    outcomes: &[Outcomes],
) -> Result<()> {
    let mut keys = Vec::new();
    for (completion, outcomes) in completions.iter().zip(outcomes) {
        let held = book.obligations.get(&(completion.unit, completion.obligation));
        if held.is_some_and(|held| held.value.revision > PAID_AT_ONCE) {
            let made = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Numbered { .. }));
            keys.extend(made.map(|(kind, _)| (completion.unit, completion.obligation, kind.as_str())));
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    for (unit, obligation, kind, revision) in receipts::open_due(tx, &keys)? {
        receipts::close_due(tx, unit, obligation, &kind, revision)?;
        if !receipts::is_due(tx, unit, obligation)? {
            let subject = Subject::Obligation(obligation);
            book.settled_exceptions.push((unit, Kind::ReceiptDue, subject, "the receipt was made"));
        }
    }
    Ok(())
}

/// The revision of an obligation that was raised and paid, and nothing else.
const PAID_AT_ONCE: i64 = 2;

/// The collected difference of a correction becomes a fee against its document; while that cannot
/// be made, it stays an advance.
fn correct(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    book: &mut Book,
    completion: &Completion,
    (correction, outcome): (&Correcting, Option<&Outcome>),
    due: &mut Vec<DueRow>,
) -> Result<()> {
    let key = (completion.unit, completion.obligation);
    let missing = || Error::internal("a paid obligation was not read");
    let owed = book.obligations.get(&key).ok_or_else(missing)?.value.clone();
    let advance = Account::ReceivedInAdvance(completion.obligation);
    if completion.debit != advance {
        // Nothing was held before: what was corrected to nothing is corrected up again.
        book.postings.push(Posting {
            unit: completion.unit,
            debit: completion.debit.clone(),
            credit: advance,
            amount: correction.difference()?,
            accounting_date: completion.accounting_date,
            source: Source::Payment(completion.payment),
        });
    }
    match outcome {
        Some(Outcome::Numbered { id, .. }) => {
            correction.made(tx, stamp, actor, &owed, *id, completion.accounting_date)?;
            correction.post_up(book, key, *id, completion.accounting_date)
        }
        Some(Outcome::Refused { code }) => {
            let waiting = [(correction.kind()?.as_str(), *code)];
            await_documents(book, completion, &waiting, correction.difference()?, stamp, due);
            Ok(())
        }
        None => Err(missing()),
    }
}

/// Content that cannot be made is refused like content that cannot be numbered; only a fault of the
/// program or the database fails the transaction.
pub(super) fn made(document: Result<Document>) -> Result<std::result::Result<Document, &'static str>> {
    match document {
        Ok(document) => Ok(Ok(document)),
        Err(error) if error.is_internal() || error.is_busy() => Err(error),
        Err(error) => Ok(Err(error.code())),
    }
}

/// The numbered documents, the receipt first.
fn numbered(outcomes: &Outcomes) -> Vec<ReceiptId> {
    let id_of = |kind: DocumentKind| match outcomes.get(&kind) {
        Some(Outcome::Numbered { id, .. }) => Some(*id),
        _ => None,
    };
    DocumentKind::ALL.into_iter().filter_map(id_of).collect()
}

fn material<'b>(book: &'b Book, completion: &'b Completion) -> Result<Material<'b>> {
    let key = (completion.unit, completion.obligation);
    let missing = || Error::internal("a paid obligation's lines, payer or unit were not read");
    let obligation = &book.obligations.get(&key).ok_or_else(missing)?.value;
    Ok(Material {
        unit: book.units.get(&completion.unit).ok_or_else(missing)?,
        imprint: book.imprints.get(&completion.unit),
        payer: book.payers.get(&(completion.unit, obligation.party)).unwrap_or(&book.nobody),
        dossier_code: &obligation.dossier_code,
        lines: book.lines.get(&key).ok_or_else(missing)?,
        method: completion.method,
        collected_at: completion.collected_at,
        collected_by: &completion.collected_by,
    })
}

fn draft(completion: &Completion, kind: DocumentKind, content: Document) -> Draft {
    Draft {
        unit: completion.unit,
        obligation: completion.obligation,
        kind,
        content,
        collected_at: completion.collected_at,
    }
}

/// The account a line's money is recognised on when its document is issued.
pub(super) fn fee_account(line: &Line) -> Account {
    match (line.kind.as_str(), line.document_kind.as_str()) {
        ("pass_through", _) => Account::PassedOn(line.item_code.clone()),
        (_, "none") => Account::CollectedWithoutDocument(line.item_code.clone()),
        _ => Account::FeesCollected(line.item_code.clone()),
    }
}

/// A share of what was recognised, and the document it was recognised against.
pub(super) struct Part {
    pub account: Account,
    pub amount: Dong,
    pub document: Option<ReceiptId>,
}

/// Where an obligation's money stands, split into one payment's share and the rest.
#[derive(Default)]
pub(super) struct Parts {
    /// The share, summing to it.
    pub taken: Vec<Part>,
    /// The rest of what was recognised on fee accounts, which becomes an advance again.
    pub left: Vec<Part>,
}

/// Looks through the lines of an obligation for a payment's share. What was only partly paid, and
/// what waits for a document that was never made, stands in advance.
pub(super) fn recognised_parts(
    lines: &[Line],
    obligation: ObligationId,
    share: Dong,
    is_paid: bool,
    documents: &[Current],
) -> Result<Parts> {
    let advance = Account::ReceivedInAdvance(obligation);
    let mut parts = Parts::default();
    if !is_paid {
        parts.taken.push(Part { account: advance, amount: share, document: None });
        return Ok(parts);
    }
    let mut wanted = share;
    for line in lines {
        let document = documents
            .iter()
            .find(|current| current.kind.is_some_and(|kind| kind.covers(&line.document_kind, &line.kind)))
            .map(|current| current.receipt);
        let is_recognised = line.kind == "pass_through" || line.document_kind == "none" || document.is_some();
        let account = if is_recognised { fee_account(line) } else { advance.clone() };
        let part = line.amount.min(wanted);
        wanted = wanted.checked_sub(part)?;
        let rest = line.amount.checked_sub(part)?;
        if is_recognised && rest.is_positive() {
            parts.left.push(Part { account: account.clone(), amount: rest, document });
        }
        parts.taken.push(Part { account, amount: part, document });
    }
    parts.taken.retain(|part| !part.amount.is_zero());
    Ok(parts)
}

/// Fees are recognised line by line against their document; without it they stay an advance.
fn post_fees(
    book: &mut Book,
    completion: &Completion,
    outcomes: &Outcomes,
    rule: FeesAndCharges,
    stamp: &Stamp<'_>,
    due: &mut Vec<DueRow>,
) -> Result<()> {
    let key = (completion.unit, completion.obligation);
    let lines = book.lines.get(&key).cloned().unwrap_or_default();
    let advance = Account::ReceivedInAdvance(completion.obligation);
    let mut waiting: Vec<(&'static str, &'static str)> = Vec::new();
    let mut waiting_amount = Dong::ZERO;
    for line in lines.iter().filter(|line| line.amount.is_positive()) {
        let of_payment = Source::Payment(completion.payment);
        let (credit, source) = match cause(line, outcomes, rule) {
            Ok(None) => (fee_account(line), of_payment),
            Ok(Some(document)) => (fee_account(line), Source::Receipt(document)),
            Err(reason) => {
                waiting.push(reason);
                waiting_amount = waiting_amount.checked_add(line.amount)?;
                (advance.clone(), of_payment)
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
    waiting.sort_unstable();
    waiting.dedup_by_key(|(kind, _)| *kind);
    await_documents(book, completion, &waiting, waiting_amount, stamp, due);
    Ok(())
}

/// Documents that are due: made when the cause is gone.
fn await_documents(
    book: &mut Book,
    completion: &Completion,
    waiting: &[(&'static str, &'static str)],
    amount: Dong,
    stamp: &Stamp<'_>,
    due: &mut Vec<DueRow>,
) {
    for (kind, code) in waiting {
        tracing::warn!(
            unit = %completion.unit, obligation = %completion.obligation, %kind, %code,
            "document cannot be made yet and is due"
        );
        due.push(DueRow {
            unit_id: completion.unit,
            obligation_id: completion.obligation,
            document_kind: (*kind).to_owned(),
            code: (*code).to_owned(),
            created_at: stamp.now,
            state: "open",
            revision: 1,
        });
    }
    if !waiting.is_empty() {
        book.exceptions.push(exception::New {
            unit: completion.unit,
            kind: Kind::ReceiptDue,
            subject: Subject::Obligation(completion.obligation),
            account: None,
            amount,
            opened_on: stamp.today(),
            detail: waits(waiting).into(),
        });
    }
}

/// What each document waits for.
fn waits(waiting: &[(&'static str, &'static str)]) -> Detail {
    let cause = |(kind, code): &(&str, &str)| ((*kind).to_owned(), (*code).to_owned());
    Detail::Waits { causes: waiting.iter().map(cause).collect() }
}

/// The document a line is recognised against, none where it needs none, or why it waits.
fn cause(
    line: &Line,
    outcomes: &Outcomes,
    rule: FeesAndCharges,
) -> std::result::Result<Option<ReceiptId>, (&'static str, &'static str)> {
    match place_of(line, rule) {
        Place::NoDocument => Ok(None),
        Place::Unknown => Err(("unknown", KIND_NOT_ISSUED)),
        Place::Document(kind) => match outcomes.get(&kind) {
            Some(Outcome::Numbered { id, .. }) => Ok(Some(*id)),
            Some(Outcome::Refused { code }) => Err((kind.as_str(), code)),
            None => Err((kind.as_str(), KIND_NOT_ISSUED)),
        },
    }
}

/// The lines of an obligation that stand on a document of this kind and were paid for.
pub(super) fn lines_on(
    lines: &[Line],
    kind: DocumentKind,
    rule: FeesAndCharges,
) -> impl Iterator<Item = &Line> {
    lines
        .iter()
        .filter(move |line| place_of(line, rule) == Place::Document(kind) && line.amount.is_positive())
}

/// Every document of the written obligations, for the signers.
pub(super) fn all(written: &Written) -> Vec<(UnitId, ReceiptId)> {
    let mut all: Vec<(UnitId, ReceiptId)> = written
        .receipts
        .iter()
        .flat_map(|((unit, _), receipts)| receipts.iter().map(|receipt| (*unit, *receipt)))
        .collect();
    all.sort_unstable();
    all
}
