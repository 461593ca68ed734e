//! Receipts that could not be made when their money was settled: made as soon as the cause is
//! gone (a series was opened, a registration recorded, a content corrected).

use std::collections::BTreeSet;

use super::awaited::{self, Collected};
use super::book::{Book, CollectedBy, Method, Payment};
use super::content::{Material, documents, rule_on};
use super::documents::{fee_account, lines_on, made};
use super::flush::flush;
use super::held::load_obligations;
use super::{payment_query, query};
use crate::actor::Actor;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Kind, Subject};
use crate::id::{ObligationId, ReceiptId, UnitId, minted_at};
use crate::identity;
use crate::ledger::{Account, Posting, Source};
use crate::obligation::{Obligation, State};
use crate::receipt::DocumentKind;
use crate::receipt::issue::{self, Draft, Outcome};
use crate::receipt::profile::FeesAndCharges;
use crate::receipt::query::{self as receipts, Current};
use crate::store::{Conn, Stamp, Tx};

/// Kind and cause (an error code) of each document that a paid obligation still waits for, by kind. Where less
/// than all is paid nothing waits but the payer.
pub fn awaited_by(conn: &mut Conn, item: &Obligation) -> Result<Vec<(String, String)>> {
    if item.state == State::Paid { receipts::due_of(conn, item.unit, item.id) } else { Ok(Vec::new()) }
}

/// What became of a due document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Receipt(ReceiptId),
    /// The cause stands.
    Waits {
        code: &'static str,
    },
    /// Nothing is to be made for now: its obligation is not paid, or not owed any more.
    Nothing,
}

impl Made {
    /// Whether the cause is its series, so that others of its unit and kind need not be tried.
    pub fn lacks_series(self) -> bool {
        matches!(self, Made::Waits { code } if code.starts_with("series_") || code.starts_with("clock_"))
    }
}

/// Makes one due document if it can be made now: its number, and the fees that waited as an
/// advance.
pub fn make(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    obligation: ObligationId,
    document_kind: &str,
    revision: i64,
) -> Result<Made> {
    let actor = Actor::system();
    let mut book = Book::new(audit::actor_text(&actor), stamp.now);
    let on = open_day(tx, stamp, unit, obligation)?;
    load_obligations(tx, stamp, &mut book, &[(unit, obligation)])?;
    let Some(held) = book.obligations.get(&(unit, obligation)) else { return Ok(Made::Nothing) };
    let owed = held.value.clone();
    if matches!(owed.state, State::Cancelled | State::Waived) {
        receipts::drop_due(tx, unit, obligation, document_kind, revision)?;
        tell_settled(tx, &mut book, &owed, "the obligation was cancelled")?;
        flush(tx, stamp, &actor, book)?;
        return Ok(Made::Nothing);
    }
    if owed.state != State::Paid {
        return Ok(Made::Nothing);
    }
    let waiting = awaited::of(tx, stamp, &owed)?;
    if let Some(correcting) =
        waiting.filter(|one| one.kind().is_ok_and(|kind| kind.as_str() == document_kind))
    {
        return make_correction(tx, stamp, (book, on), &owed, &correcting, (document_kind, revision));
    }
    let rule = rule_on(stamp.today());
    let standing = receipts::current_of_obligations(tx, &[(unit, obligation)])?;
    let draft = match draft(tx, &book, unit, obligation, document_kind, &standing, rule)? {
        Some(Ok(draft)) => draft,
        Some(Err(code)) => return Ok(Made::Waits { code }),
        None => return Ok(Made::Nothing),
    };
    let kind = draft.kind;
    let id = match number(tx, stamp, draft)? {
        Ok(id) => id,
        Err(code) => return Ok(Made::Waits { code }),
    };
    let lines = book.lines.get(&(unit, obligation)).cloned().unwrap_or_default();
    for line in lines_on(&lines, kind, rule) {
        book.postings.push(Posting {
            unit,
            debit: Account::ReceivedInAdvance(obligation),
            credit: fee_account(line),
            amount: line.amount,
            accounting_date: on,
            source: Source::Receipt(id),
        });
    }
    tell_made(tx, stamp, book, (&owed, id), (document_kind, revision))
}

/// The account's first open day from today on, with the account locked, so that no day closes over
/// the fees that are posted to it: a fee on a closed day would never be shared out.
fn open_day(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    obligation: ObligationId,
) -> Result<BusinessDay> {
    let owed = crate::obligation::query::by_ids(tx, &[(unit, obligation)])?;
    let Some(account) = owed.first().map(|owed| owed.account) else { return Ok(stamp.today()) };
    query::lock_accounts(tx, &[(unit, account)])?;
    crate::shift::query::first_open_day(tx, unit, account, stamp.today())
}

/// The number, or why there is none.
fn number(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    draft: Draft,
) -> Result<std::result::Result<ReceiptId, &'static str>> {
    match issue::number(tx, stamp, &Actor::system(), &[draft])?.pop() {
        Some(Outcome::Numbered { id, .. }) => Ok(Ok(id)),
        Some(Outcome::Refused { code }) => Ok(Err(code)),
        None => Err(Error::internal("numbering told nothing of its only draft")),
    }
}

/// The exception ends with the last document that was due.
fn tell_settled(tx: &mut Tx<'_>, book: &mut Book, owed: &Obligation, why: &'static str) -> Result<()> {
    if !receipts::is_due(tx, owed.unit, owed.id)? {
        let subject = Subject::Obligation(owed.id);
        book.settled_exceptions.push((owed.unit, Kind::ReceiptDue, subject, why));
    }
    Ok(())
}

fn tell_made(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    mut book: Book,
    (owed, id): (&Obligation, ReceiptId),
    (document_kind, revision): (&str, i64),
) -> Result<Made> {
    let event = book.tell(owed.unit, owed.id, "receipt_made", owed.state, owed.allocated)?;
    book.obligation_events[event].receipt = Some(id);
    receipts::close_due(tx, owed.unit, owed.id, document_kind, revision)?;
    tell_settled(tx, &mut book, owed, "the receipt was made")?;
    flush(tx, stamp, &Actor::system(), book)?;
    Ok(Made::Receipt(id))
}

/// The same for the document of a correction, whose difference was collected.
fn make_correction(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    (mut book, on): (Book, BusinessDay),
    owed: &Obligation,
    correcting: &awaited::Correcting,
    due: (&str, i64),
) -> Result<Made> {
    let missing = || Error::internal("a due receipt's payment was not read");
    let payment = last_payment(tx, owed.unit, owed.id)?.ok_or_else(missing)?;
    let by = collector(tx, &payment)?;
    let collected = Collected { at: minted_at(payment.id.0), by: &by, method: payment.method };
    let draft = correcting.draft(&book, owed, &collected)?;
    let id = match number(tx, stamp, draft)? {
        Ok(id) => id,
        Err(code) => return Ok(Made::Waits { code }),
    };
    let actor = Actor::system();
    correcting.made(tx, stamp, &actor, owed, id, on)?;
    correcting.post_up(&mut book, (owed.unit, owed.id), id, on)?;
    tell_made(tx, stamp, book, (owed, id), due)
}

/// The document that is due under this kind and does not stand yet. Rows written before there were
/// kinds say `receipt` for an invoice too: they stand for whatever is missing. The inner error says
/// why its content cannot be made.
fn draft(
    tx: &mut Tx<'_>,
    book: &Book,
    unit: UnitId,
    id: ObligationId,
    document_kind: &str,
    standing: &[Current],
    rule: FeesAndCharges,
) -> Result<Option<std::result::Result<Draft, &'static str>>> {
    let missing = || Error::internal("a due receipt's obligation, unit or payment was not read");
    let obligation = &book.obligations.get(&(unit, id)).ok_or_else(missing)?.value;
    let payment = last_payment(tx, unit, id)?.ok_or_else(missing)?;
    let payer = book.payers.get(&(unit, obligation.party)).unwrap_or(&book.nobody);
    let collected_at = minted_at(payment.id.0);
    let material = Material {
        unit: book.units.get(&unit).ok_or_else(missing)?,
        imprint: book.imprints.get(&unit),
        payer,
        dossier_code: &obligation.dossier_code,
        lines: book.lines.get(&(unit, id)).ok_or_else(missing)?,
        method: payment.method,
        collected_at,
        collected_by: &collector(tx, &payment)?,
    };
    let mut wanted = documents(&material, rule);
    wanted.retain(|(kind, _)| standing.iter().all(|current| current.kind != Some(*kind)));
    let asked = wanted.iter().position(|(kind, _)| kind.as_str() == document_kind);
    let is_old_row = document_kind == DocumentKind::Receipt.as_str() && !wanted.is_empty();
    let Some(place) = asked.or(is_old_row.then_some(0)) else { return Ok(None) };
    let (kind, document) = wanted.swap_remove(place);
    Ok(Some(made(document)?.map(|content| Draft { unit, obligation: id, kind, content, collected_at })))
}

/// The payment that completed the obligation: the newest with money on it.
fn last_payment(tx: &mut Tx<'_>, unit: UnitId, id: ObligationId) -> Result<Option<Payment>> {
    let ids: BTreeSet<_> =
        payment_query::payments_on(tx, unit, id)?.into_iter().map(|payment| (unit, payment)).collect();
    let mut found = payment_query::payments(tx, &ids.into_iter().collect::<Vec<_>>())?;
    found.retain(|payment| payment.to_obligations.is_positive());
    Ok(found.into_iter().max_by_key(|payment| payment.id))
}

pub(super) fn collector(tx: &mut Tx<'_>, payment: &Payment) -> Result<CollectedBy> {
    match (payment.method, payment.shift) {
        (Method::Cash | Method::Card, Some(shift)) => {
            let cashier = query::cashier(tx, payment.unit, shift)?;
            Ok(CollectedBy::Officer(identity::person_name(tx, cashier)?))
        }
        _ => Ok(CollectedBy::Channel(payment.channel.clone())),
    }
}
