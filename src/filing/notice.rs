//! Error notices 04/SS for a wrong name or address: no new number, two persons.

use super::form::notice::{Demand, Item, Notice, Subject};
use super::{Draft, Filing, Kind, State, notice_query};
use crate::actor::{Actor, Role};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{FilingId, ReceiptId, UnitId};
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

/// Requests a notice. It waits for another person.
///
/// # Errors
/// `person_required`, `receipt_not_found`, `receipt_not_signed` while the signature is being made,
/// `receipt_not_valid`, `notice_mixed`, `notice_pending` while the same receipt stands in an open one,
/// `registration_missing`, and those of `Notice::check`.
pub fn request(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, asked: Request) -> Result<FilingId> {
    actor.require_role(&[Role::Cashier, Role::Finance, Role::Approver, Role::Administrator])?;
    actor.scope.require(asked.unit)?;
    let maker = actor.require_person()?;
    let mut items = Vec::with_capacity(asked.documents.len());
    let mut subject = None;
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
        earlier: None,
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
    match stored.state.as_str() {
        "signed" | "adjusted" => {}
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
    };
    Ok((item, if is_receipt { Subject::Receipts } else { Subject::Invoices }))
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
    actor.require_role(&[Role::Cashier, Role::Finance, Role::Approver, Role::Administrator])?;
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
}

/// The documents that a notice is about, in its order.
pub fn receipts(conn: &mut Conn, unit: UnitId, id: FilingId) -> Result<Vec<ReceiptId>> {
    notice_query::receipts(conn, unit, id)
}

/// The notices about a receipt, oldest first.
pub fn of_receipt(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Vec<Told>> {
    let found = notice_query::of_receipt(conn, unit, receipt)?;
    Ok(found
        .into_iter()
        .map(|(id, form, state, reason, made_at)| Told { id, form, state, reason, made_at })
        .collect())
}
