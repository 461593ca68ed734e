//! Invoices on their way to the tax authority: every uncoded invoice is sent as it was issued, one message
//! each (Decree 123/2020/NĐ-CP, article 22.3). Which message it is stands in the legal profile.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::invoice_query::{self, Issued};
use super::query::{self, FilingRow};
use super::{Filing, Kind, State};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{FilingId, ReceiptId, UnitId};
use crate::receipt::{self, DocumentKind, profile};
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text::hex;

/// What stands as the form of such a filing: the root of the document.
pub const FORM: &str = "HDon";

/// Which invoice it is, and as which message it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub receipt: ReceiptId,
    /// `MLTDiep`, as the profile of its day of issue says.
    pub message: i32,
    pub template: String,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
}

/// Drafts the sending of invoices that were sealed just now, in the sealing transaction. Their signature is
/// made, so that they go into the ledger with the next round.
pub fn draft(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    sealed: &[(UnitId, ReceiptId)],
) -> Result<usize> {
    let mut count = 0;
    for issued in invoice_query::issued(tx, sealed)? {
        if let Some(message) = message_of(&issued)? {
            let slot = slot(issued.id);
            draft_one(tx, stamp, actor, issued, (message, slot, None))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Drafts the sending of a unit's sealed invoices that were issued before this program sent any, or whose
/// rule came later; at most `limit`. Returns how many.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn draft_missing(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    limit: i64,
) -> Result<usize> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let missing = invoice_query::never_drafted(tx, unit, limit)?;
    let keys: Vec<(UnitId, ReceiptId)> = missing.into_iter().map(|receipt| (unit, receipt)).collect();
    draft(tx, stamp, actor, &keys)
}

/// Who lets a halted message go again, has a refused invoice sent again, and the authority asked again.
pub const RELEASERS: [Role; 2] = [Role::Administrator, Role::Approver];

/// Drafts the sending of an invoice once more that the authority refused: as when it did not know the series
/// or the certificate yet. A person says so, who knows that the cause is gone.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `filing_not_found` for what is no invoice that was sent;
/// `invoice_not_refused` while its last sending was not refused.
pub fn again(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    receipt: ReceiptId,
) -> Result<FilingId> {
    actor.require_role(&RELEASERS)?;
    actor.require_person()?;
    actor.scope.require(unit)?;
    let sendings = invoice_query::sendings(tx, unit, receipt)?;
    let refusal = |detail: &str| Error::conflict("invoice_not_refused", detail);
    let Some((last, state)) = counting(&sendings) else {
        return Err(Error::not_found("filing_not_found", "this invoice was never sent"));
    };
    if state != State::Refused.as_str() {
        return Err(refusal(&format!("its last sending is {state}")));
    }
    let issued = invoice_query::issued(tx, &[(unit, receipt)])?.pop();
    let issued = issued.ok_or_else(|| Error::internal("an invoice that was sent is gone"))?;
    let message = message_of(&issued)?.ok_or_else(|| refusal("the profile sends none of this kind"))?;
    let slot = format!("{}/{}", slot(receipt), sendings.len());
    draft_one(tx, stamp, actor, issued, (message, slot, Some(*last))).map_err(|error| match error.code() {
        failure::UNIQUE => refusal("somebody sent it again at this moment"),
        _ => error,
    })
}

/// Whether this is an invoice's sending that counts and was refused.
pub fn is_refused(conn: &mut Conn, filing: &Filing) -> Result<bool> {
    if filing.kind != Kind::Invoice || filing.state != State::Refused {
        return Ok(false);
    }
    let sent: Sent = filing.data()?;
    let sendings = invoice_query::sendings(conn, filing.unit, sent.receipt)?;
    Ok(counting(&sendings).is_some_and(|(last, _)| *last == filing.id))
}

/// Whether the invoice of a sending went again after it, and that later sending was not refused.
pub(super) fn is_sent_later(conn: &mut Conn, filing: &Filing) -> Result<bool> {
    let sent: Sent = filing.data()?;
    let sendings = invoice_query::sendings(conn, filing.unit, sent.receipt)?;
    Ok(sendings.iter().any(|(id, state)| *id > filing.id && state != State::Refused.as_str()))
}

/// Of an invoice's sendings, oldest first, the one that says how it stands: its last, unless an earlier one is with the
/// authority again, which was asked anew for it.
fn counting(sendings: &[(FilingId, String)]) -> Option<&(FilingId, String)> {
    let live = sendings.iter().rev().find(|(_, state)| state != State::Refused.as_str());
    live.or_else(|| sendings.last())
}

/// The sending by which the authority has an invoice: the one that counts, when it left and was not refused.
pub fn with_authority(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Option<FilingId>> {
    let sendings = invoice_query::sendings(conn, unit, receipt)?;
    let has = |state: &str| {
        let there = [State::Sent, State::Received, State::Accepted];
        there.into_iter().any(|one| one.as_str() == state)
    };
    Ok(counting(&sendings).filter(|(_, state)| has(state)).map(|(filing, _)| *filing))
}

/// How sure the profile of its day is of the number under which an invoice went: one mark for one number.
pub fn mark(filing: &Filing, sent: &Sent) -> &'static str {
    let Ok(profile) = profile::by_name(&filing.profile) else { return "" };
    let numbers = [&profile.invoice_message, &profile.integrated_invoice_message];
    let known =
        numbers.into_iter().find(|item| i32::try_from(item.value).is_ok_and(|one| one == sent.message));
    known.map_or("", |item| item.certainty.mark())
}

/// None where the profile sends none of this kind.
fn message_of(issued: &Issued) -> Result<Option<i32>> {
    let profile = profile::by_name(&issued.profile)?;
    let Some(kind) = DocumentKind::parse(&issued.document_kind).and_then(DocumentKind::invoice) else {
        return Ok(None);
    };
    let item =
        if kind.is_integrated() { &profile.integrated_invoice_message } else { &profile.invoice_message };
    Ok(i32::try_from(item.value).ok().filter(|code| *code != 0))
}

fn draft_one(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    issued: Issued,
    (message, slot, earlier): (i32, String, Option<FilingId>),
) -> Result<FilingId> {
    let id: FilingId = stamp.mint()?;
    let sent = Sent {
        receipt: issued.id,
        message,
        template: issued.template,
        series: issued.series,
        number: issued.number,
        issued_on: issued.issued_on,
    };
    let row = FilingRow {
        unit_id: issued.unit,
        id,
        kind: Kind::Invoice.as_str(),
        form: FORM.to_owned(),
        period: None,
        slot: Some(slot),
        earlier_id: earlier,
        profile: issued.profile,
        detail: serde_json::to_string(&sent).map_err(|error| Error::internal(error.to_string()))?,
        // The document stands with its seal; it is not kept twice.
        body: Vec::new(),
        body_sha256: hex(digest(&SHA256, b"").as_ref()),
        maker_person_id: None,
        created_at: stamp.now,
        state: State::Drafted.as_str(),
        revision: 1,
    };
    rows::insert(tx, &[row])?;
    let actor_text = audit::actor_text(actor);
    query::tell(tx, stamp, issued.unit, id, (1, "drafted", State::Drafted), &actor_text, None)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, issued.unit, "filing.drafted", id).with(FORM)])?;
    Ok(id)
}

/// Once for each invoice; one that goes again adds how often it went before.
pub(super) fn slot(receipt: ReceiptId) -> String {
    format!("invoice:{receipt}")
}

/// The signed invoice of a filing, as it was issued.
pub(super) fn document(conn: &mut Conn, filing: &Filing) -> Result<Vec<u8>> {
    let sent: Sent = filing.data()?;
    receipt::query::document(conn, filing.unit, sent.receipt)?
        .ok_or_else(|| Error::internal("an invoice to be sent has no signature"))
}

/// A unit's invoices with how far each is on its way, newest first.
pub fn of_unit(conn: &mut Conn, unit: UnitId, limit: i64) -> Result<Vec<(Filing, Sent)>> {
    let filings = query::of_unit(conn, unit, Some(Kind::Invoice), limit)?;
    filings.into_iter().map(|filing| filing.data().map(|sent| (filing, sent))).collect()
}
