//! `/api/v1`: the dossier system and the staff's programs. JSON in, JSON out, a bearer token.

mod books;
pub mod catalogue;
mod exceptions;
mod keys;
mod notifications;
mod obligations;
mod payments;
mod qr;
pub mod raise;
mod receipts;
pub mod tax;
mod view;

pub use books::{
    close_day, days as list_days, import as import_statement, reconcile, statements as list_statements,
};
pub use exceptions::{approve as approve_exception, find as find_exception, list as list_exceptions};
pub use exceptions::{propose as propose_exception, refuse as refuse_exception};
pub use keys::list as list_keys;
pub use notifications::{
    consent as record_consent, list as list_notifications, of_receipt as receipt_notifications,
    retry as retry_notification,
};
pub use obligations::{
    cancel as cancel_obligation, changes as obligation_changes, create as create_obligation,
    find as find_obligation, list as list_obligations,
};
pub use payments::create as create_payment;
pub use qr::{payload as qr_payload, svg as qr_svg};
pub use receipts::{
    find as find_receipt, pdf as receipt_pdf, signed as signed_document, xml as receipt_xml,
    zip as receipts_zip,
};

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::Conn;
use crate::unit;

/// The most rows of one page.
const PAGE_LIMIT: i64 = 200;
const PAGE_DEFAULT: i64 = 50;

fn page_limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Error::invalid("limit", "limit_out_of_range", format!("1 to {PAGE_LIMIT}")))
}

/// The unit a caller names by its official code, or its only one.
fn unit_asked(conn: &mut Conn, actor: &Actor, code: Option<&str>) -> Result<UnitId> {
    let unit = match (code, &actor.scope) {
        (Some(code), _) => unit::find_by_code(conn, code)?.id,
        (None, crate::actor::Scope::Units(units)) if units.len() == 1 => {
            units.first().copied().unwrap_or(unit::CITY)
        }
        (None, _) => return Err(Error::invalid("unit", "field_missing", "name the unit by its code")),
    };
    actor.scope.require(unit)?;
    Ok(unit)
}
