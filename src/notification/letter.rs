//! What a message says, read when it is sent: a document as it stands, money as it came.

use super::money::{Miss, Money};
use super::wording::cancelled::CancelledFacts;
use super::wording::money::MoneyFacts;
use super::wording::noticed::NoticedFacts;
use super::wording::{Corrects, Facts};
use super::{KIND_PARTIAL, KIND_RECEIPT, Message, query};
use crate::error::{Error, Result};
use crate::id::ReceiptId;
use crate::receipt::query::Stored;
use crate::receipt::relation;
use crate::receipt::{DocumentKind, LookupCode};
use crate::store::Conn;
use crate::{obligation, receipt, unit};

/// What is said of money that came.
///
/// # Errors
/// `nothing_missing` when the rest was paid before the message could be sent.
pub(super) fn of_money(
    conn: &mut Conn,
    public_url: &str,
    message: &Message,
    money: Money,
) -> Result<MoneyFacts> {
    let owed = obligation::find(conn, message.unit, money.obligation)?;
    let miss = if message.kind == KIND_PARTIAL { Miss::Partial } else { Miss::Surplus };
    if miss == Miss::Partial && !owed.outstanding().is_positive() {
        return Err(Error::conflict("nothing_missing", format!("it is {}", owed.state.as_str())));
    }
    Ok(MoneyFacts {
        miss,
        unit: unit::find(conn, message.unit)?.name,
        received: money.received.to_string(),
        difference: money.difference.to_string(),
        dossier_code: owed.dossier_code,
        link: format!("{public_url}/p/{}", owed.reference_code),
        reference_code: owed.reference_code,
    })
}

/// What is said of a document that was cancelled.
pub(super) fn of_cancelled(conn: &mut Conn, public_url: &str, message: &Message) -> Result<CancelledFacts> {
    let item = told_of(conn, message)?;
    let owed = obligation::find(conn, item.unit, item.obligation)?;
    let code: LookupCode = item.lookup_code.parse()?;
    Ok(CancelledFacts {
        unit: unit::find(conn, item.unit)?.name,
        kind: item.kind().unwrap_or(DocumentKind::Receipt),
        series: item.series.clone(),
        number: item.printed_number(),
        issued_on: day(&item),
        dossier_code: owed.dossier_code,
        document_link: format!("{public_url}/r/{}", code.as_str()),
        pay_link: format!("{public_url}/p/{}", owed.reference_code),
    })
}

/// What is said of a document whose name or address was wrong, by the notices that the authority took.
///
/// # Errors
/// `receipt_not_current` when it was cancelled or replaced before its payer could be told.
pub(super) fn of_noticed(conn: &mut Conn, public_url: &str, message: &Message) -> Result<NoticedFacts> {
    let item = told_of(conn, message)?;
    if !matches!(item.state.as_str(), "signed" | "adjusted") {
        return Err(Error::conflict("receipt_not_current", format!("it is {}", item.state)));
    }
    let notices = query::accepted_notices(conn, item.unit, item.id)?;
    let form = notices.last().map(|(form, _)| form.clone());
    let form = form.ok_or_else(|| Error::internal("a message tells of a notice that is not there"))?;
    let reasons: Vec<String> = notices.into_iter().map(|(_, reason)| reason).collect();
    let code: LookupCode = item.lookup_code.parse()?;
    Ok(NoticedFacts {
        unit: unit::find(conn, item.unit)?.name,
        kind: item.kind().unwrap_or(DocumentKind::Receipt),
        series: item.series.clone(),
        number: item.printed_number(),
        issued_on: day(&item),
        dossier_code: obligation::find(conn, item.unit, item.obligation)?.dossier_code,
        form,
        reason: reasons.join("; "),
        document_link: format!("{public_url}/r/{}", code.as_str()),
    })
}

fn told_of(conn: &mut Conn, message: &Message) -> Result<Stored> {
    receipt::query::by_id(conn, message.unit, ReceiptId(message.subject))?
        .ok_or_else(|| Error::internal("a message tells of a receipt that is not there"))
}

/// A message's document and what is said of it.
///
/// # Errors
/// `receipt_not_current` when it was cancelled or replaced before it could be told of.
pub(super) fn of_receipt(conn: &mut Conn, public_url: &str, message: &Message) -> Result<(Stored, Facts)> {
    if message.kind != KIND_RECEIPT {
        return Err(Error::internal("this message tells of no receipt"));
    }
    let item = told_of(conn, message)?;
    if !matches!(item.state.as_str(), "signed" | "adjusted") {
        return Err(Error::conflict("receipt_not_current", format!("it is {}", item.state)));
    }
    let owed = obligation::find(conn, item.unit, item.obligation)?;
    let code: LookupCode = item.lookup_code.parse()?;
    let facts = Facts {
        unit: unit::find(conn, item.unit)?.name,
        kind: item.kind().unwrap_or(DocumentKind::Receipt),
        series: item.series.clone(),
        number: item.printed_number(),
        amount: item.amount.to_string(),
        issued_on: day(&item),
        dossier_code: owed.dossier_code,
        lookup_code: code.grouped(),
        link: format!("{}/r/{}", public_url, code.as_str()),
        corrects: corrects(conn, &item)?,
        has_rendition: false,
    };
    Ok((item, facts))
}

fn day(item: &Stored) -> String {
    item.issued_on.0.format("%d/%m/%Y").to_string()
}

/// The earlier document that this one replaces or adjusts.
fn corrects(conn: &mut Conn, item: &Stored) -> Result<Option<Corrects>> {
    let Some(relation) = relation::of_document(conn, item.unit, item.id)? else { return Ok(None) };
    let earlier = receipt::query::by_id(conn, item.unit, relation.original)?
        .ok_or_else(|| Error::internal("a relation names a receipt that is not there"))?;
    Ok(Some(Corrects {
        action: relation.action,
        number: earlier.printed_number(),
        issued_on: day(&earlier),
        series: earlier.series,
    }))
}
