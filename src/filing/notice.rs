//! Error notices 04/SS for a wrong name or address, and for an invoice that was cancelled after the authority had
//! it: no new number, two persons.

use super::form::notice::{Demand, Item, Notice, Subject};
use super::reply::Fault;
use super::{Draft, Filing, Kind, State, invoice, invoice_query, notice_query, transmission};
use crate::actor::{Actor, Role};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{FilingId, ReceiptId, UnitId};
use crate::notification;
use crate::receipt::relation::{self, Action};
use crate::receipt::{self, profile};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    pub unit: UnitId,
    /// Each document with what is wrong about its text.
    pub documents: Vec<(ReceiptId, String)>,
    pub demand: Option<Demand>,
    pub place: String,
}

/// Who requests a notice, and takes back or turns down what was requested.
pub const ASKERS: [Role; 4] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator];

/// Requests a notice. It waits for another person. One about a document whose last notice the authority did not
/// accept names that one as what it corrects.
///
/// # Errors
/// `person_required`, `receipt_not_found`, `receipt_not_signed` while the signature is being made,
/// `receipt_not_valid`, `notice_mixed`, `notice_pending` while the same receipt stands in an open one,
/// `registration_missing`, and those of `Notice::check`.
pub fn request(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, asked: Request) -> Result<FilingId> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(asked.unit)?;
    let maker = actor.require_person()?;
    let mut items = Vec::with_capacity(asked.documents.len());
    let (mut subject, mut earlier) = (None, None);
    for (id, reason) in &asked.documents {
        let (item, kind) = item(tx, asked.unit, *id, reason)?;
        if *subject.get_or_insert(kind) != kind {
            return Err(Error::invalid(
                "documents",
                "notice_mixed",
                "receipts and invoices have forms of their own",
            ));
        }
        items.push(item);
        earlier = earlier.max(to_be_corrected(tx, asked.unit, *id)?);
    }
    let notice = Notice {
        subject: subject.unwrap_or(Subject::Receipts),
        taxpayer: super::report::taxpayer(tx, asked.unit, &asked.place)?,
        made_on: stamp.today(),
        demand: asked.demand,
        items,
    };
    notice.check()?;
    let new = Draft {
        unit: asked.unit,
        kind: Kind::ErrorNotice,
        form: notice.form(profile::for_day(stamp.today())),
        period: None,
        slot: None,
        earlier,
        detail: serde_json::to_string(&notice).map_err(|error| Error::internal(error.to_string()))?,
        state: State::Requested,
        maker: Some(maker),
    };
    let id = super::draft(tx, stamp, actor, new, |profile, id| notice.body(profile, id))?;
    let links: Vec<notice_query::NoticeRow> = (1..)
        .zip(&asked.documents)
        .zip(&notice.items)
        .map(|((ordinal, (receipt, _)), item)| notice_query::NoticeRow {
            unit_id: asked.unit,
            filing_id: id,
            ordinal,
            receipt_id: *receipt,
            reason: item.reason.clone(),
        })
        .collect();
    rows::insert(tx, &links)?;
    Ok(id)
}

fn item(tx: &mut Tx<'_>, unit: UnitId, id: ReceiptId, reason: &str) -> Result<(Item, Subject)> {
    let stored = receipt::query::by_id(tx, unit, id)?
        .ok_or_else(|| Error::not_found("receipt_not_found", "no such receipt in your scope"))?;
    let is_withdrawn = is_withdrawn(tx, &stored)?;
    match stored.state.as_str() {
        "signed" | "adjusted" => {}
        _ if is_withdrawn => {}
        "numbered" => {
            return Err(Error::conflict("receipt_not_signed", "its signature follows in a moment"));
        }
        state => return Err(Error::conflict("receipt_not_valid", format!("the receipt is {state}"))),
    }
    let open = |notice: &Told| matches!(notice.state.as_str(), "requested" | "drafted" | "signed");
    if of_receipt(tx, unit, id)?.iter().any(open) {
        let detail = "a notice about this receipt is on its way";
        return Err(Error::conflict("notice_pending", detail));
    }
    let is_receipt = stored.document_kind.starts_with("receipt");
    let item = Item {
        template: stored.template,
        series: stored.series,
        number: stored.number,
        issued_on: stored.issued_on,
        authority_code: None,
        reason: text::clean(reason),
        is_withdrawn,
    };
    Ok((item, if is_receipt { Subject::Receipts } else { Subject::Invoices }))
}

/// The last notice about a document, where the authority refused it or never said that it accepts it.
///
/// # Errors
/// Those of the store.
pub fn to_be_corrected(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Option<FilingId>> {
    let mut told = of_receipt(conn, unit, receipt)?;
    told.retain(|notice| notice.state != State::Withdrawn.as_str());
    Ok(told.pop().filter(|last| last.state != State::Accepted.as_str()).map(|last| last.id))
}

/// Whether a later notice about each of a refused one's documents is filed or on its way.
pub(super) fn is_corrected(conn: &mut Conn, refused: &Filing) -> Result<bool> {
    let documents = receipts(conn, refused.unit, refused.id)?;
    for receipt in &documents {
        let later = of_receipt(conn, refused.unit, *receipt)?;
        let is_live = |state: &str| State::parse(state).is_ok_and(State::is_live);
        if !later.iter().any(|notice| refused.id < notice.id && is_live(&notice.state)) {
            return Ok(false);
        }
    }
    Ok(!documents.is_empty())
}

/// Why the authority did not take a form, as its answers say: code and text.
///
/// # Errors
/// Those of the store.
pub fn faults(conn: &mut Conn, unit: UnitId, id: FilingId) -> Result<Vec<Fault>> {
    let mut found = Vec::new();
    for message in transmission::of_filing(conn, unit, id)? {
        for reply in transmission::replies(conn, unit, message.id)? {
            let faults: Vec<Fault> = serde_json::from_str(&reply.faults).unwrap_or_default();
            found.extend(faults);
        }
    }
    Ok(found)
}

/// Tells the payers of the documents that an accepted notice puts right. Of a cancelled one they were told when it
/// was cancelled.
pub(super) fn tell_payers(tx: &mut Tx<'_>, stamp: &Stamp<'_>, filing: &Filing) -> Result<()> {
    let notice: Notice = filing.data()?;
    let documents = receipts(tx, filing.unit, filing.id)?;
    for (receipt, item) in documents.into_iter().zip(&notice.items) {
        if !item.is_withdrawn {
            notification::noticed(tx, stamp, filing.unit, receipt)?;
        }
    }
    Ok(())
}

/// Whether a notice about a document may be asked for as far as its state goes: it stands signed, or it is an
/// invoice that was cancelled here while the authority has it.
///
/// # Errors
/// Those of the store.
pub fn may_be_about(conn: &mut Conn, stored: &receipt::query::Stored) -> Result<bool> {
    Ok(matches!(stored.state.as_str(), "signed" | "adjusted") || is_withdrawn(conn, stored)?)
}

/// The law knows no cancelling of an invoice by a person, but one whose money was disproven is cancelled: the
/// authority learns of it by this notice, or by an invoice that adjusts it to nothing.
fn is_withdrawn(conn: &mut Conn, stored: &receipt::query::Stored) -> Result<bool> {
    if stored.state != "cancelled" || stored.document_kind.starts_with("receipt") {
        return Ok(false);
    }
    let is_there = invoice::with_authority(conn, stored.unit, stored.id)?.is_some();
    Ok(is_there && !is_brought_to_nothing(conn, stored.unit, stored.id)?)
}

/// Whether the authority has a cancelled invoice and nothing under way tells it so.
///
/// # Errors
/// Those of the store.
pub fn is_untold(conn: &mut Conn, stored: &receipt::query::Stored) -> Result<bool> {
    Ok(is_withdrawn(conn, stored)? && !tells_the_end(conn, stored.unit, stored.id)?)
}

/// Whether an invoice adjusts a cancelled one to nothing, or the original that this one adjusted.
fn is_brought_to_nothing(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<bool> {
    let adjusted = relation::of_document(conn, unit, receipt)?.filter(|one| one.action == Action::Adjust);
    let original = adjusted.map_or(receipt, |relation| relation.original);
    for adjusting in relation::adjustments(conn, unit, original)? {
        let stored = receipt::query::by_id(conn, unit, adjusting)?;
        if stored.is_some_and(|one| one.state != "cancelled") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is decided, or no notice.
const NOT_REQUESTED: &str = "notice_not_requested";

/// Approves a requested notice; from here on it is signed and sent.
///
/// # Errors
/// `filing_not_found`, `maker_is_checker`, `notice_not_requested`.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: FilingId,
) -> Result<Filing> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let mut filing = super::requested(tx, (unit, id), Kind::ErrorNotice, NOT_REQUESTED)?;
    super::approve(tx, stamp, actor, &mut filing, "notice.approved")?;
    Ok(filing)
}

/// Takes back or turns down a requested notice.
///
/// # Errors
/// `filing_not_found`, `notice_not_requested`, `reason_missing`.
pub fn withdraw(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: FilingId,
    reason: &str,
) -> Result<Filing> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let mut filing = super::requested(tx, (unit, id), Kind::ErrorNotice, NOT_REQUESTED)?;
    super::withdraw(tx, stamp, actor, (&mut filing, reason), "notice.withdrawn")?;
    Ok(filing)
}

/// A notice as the receipt it is about shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Told {
    pub id: FilingId,
    pub form: String,
    pub state: String,
    pub reason: String,
    pub made_at: Instant,
    /// The notice that this one corrects, because the authority did not accept it.
    pub corrects: Option<FilingId>,
}

/// Whether a later notice about one of a notice's documents counts as filed, or is on its way.
pub(super) fn is_told_later(conn: &mut Conn, filing: &Filing) -> Result<bool> {
    for receipt in receipts(conn, filing.unit, filing.id)? {
        let told = of_receipt(conn, filing.unit, receipt)?;
        let is_live = |one: &Told| !matches!(one.state.as_str(), "refused" | "withdrawn");
        if told.iter().any(|one| one.id > filing.id && is_live(one)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The documents that a notice is about, in its order.
pub fn receipts(conn: &mut Conn, unit: UnitId, id: FilingId) -> Result<Vec<ReceiptId>> {
    notice_query::receipts(conn, unit, id)
}

/// Invoices of these units that were cancelled here and stand at the authority, and of whose end nothing tells it:
/// each with the form by which it was sent, oldest first.
///
/// # Errors
/// Those of the store.
pub fn withdrawn_untold(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<(Filing, invoice::Sent)>> {
    let mut found = Vec::new();
    for (unit, receipt) in invoice_query::cancelled(conn, units)? {
        let Some(sending) = invoice::with_authority(conn, unit, receipt)? else { continue };
        if tells_the_end(conn, unit, receipt)? || is_brought_to_nothing(conn, unit, receipt)? {
            continue;
        }
        let sent = super::find(conn, unit, sending)?;
        let which = sent.data()?;
        found.push((sent, which));
    }
    Ok(found)
}

/// A notice of before the cancelling was about the document's text, and says nothing of its end.
fn tells_the_end(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<bool> {
    for told in of_receipt(conn, unit, receipt)? {
        if matches!(told.state.as_str(), "refused" | "withdrawn") {
            continue;
        }
        let filing = super::find(conn, unit, told.id)?;
        let place = receipts(conn, unit, told.id)?.into_iter().position(|one| one == receipt);
        let notice: Notice = filing.data()?;
        if place.and_then(|place| notice.items.get(place)).is_some_and(|item| item.is_withdrawn) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The notices about a receipt, oldest first.
pub fn of_receipt(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<Told>> {
    let found = notice_query::of_receipt(conn, unit, receipt)?;
    Ok(found
        .into_iter()
        .map(|(id, form, state, reason, (made_at, corrects))| Told {
            id,
            form,
            state,
            reason,
            made_at,
            corrects,
        })
        .collect())
}
