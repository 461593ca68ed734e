//! `/api/v1`: the dossier system and the staff's programs. JSON in, JSON out, a bearer token.

mod books;
mod by_code;
pub mod catalogue;
mod catalogue_books;
mod catalogue_cash;
mod catalogue_city;
mod catalogue_desk;
mod catalogue_duties;
mod catalogue_exceptions;
mod catalogue_intake;
mod catalogue_keys;
mod catalogue_matching;
mod catalogue_office;
mod catalogue_pages;
mod catalogue_privacy;
mod catalogue_proposals;
pub mod city;
pub mod combinations;
pub mod correction_steps;
mod corrections;
pub mod days;
pub mod deposits;
pub mod duties;
pub mod exception_work;
pub mod exceptions;
pub mod figures;
pub mod intake;
mod keys;
pub mod ledgers;
pub mod letters;
mod listing;
pub mod lists;
pub mod months;
mod notifications;
mod obligations;
pub mod openapi;
pub mod overview;
pub mod paging;
mod papers;
pub mod payer_reads;
mod payments;
pub mod pos;
pub mod privacy;
pub mod proposals;
mod qr;
pub mod queue;
pub mod raise;
mod receipts;
mod refunds;
pub mod remittances;
pub mod reopenings;
mod repeatable;
pub mod rules;
mod seen;
pub mod series;
pub mod settlements;
pub mod shifts;
mod step;
pub mod tariff;
pub mod tax;
mod view;

pub use books::open_day_json;
pub use books::{close_day, days as list_days, reconcile, statements as list_statements};
pub use corrections::{approve as approve_correction, find as find_correction, list as list_corrections};
pub use corrections::{
    asked_view as correction_asked_view, awaited as awaited_view, lines as correction_lines,
    summary as correction_view,
};
pub use corrections::{
    of_receipt as receipt_corrections, refuse as refuse_correction, request as request_correction,
};
pub use keys::{
    approve_stop as approve_key_stop, list as list_keys, refuse_stop as refuse_key_stop, stop as stop_key,
    withdraw_stop as withdraw_key_stop,
};
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
    zip as receipts_zip, zip_of as receipts_zip_of,
};
pub use refunds::summary as refund_view;
pub use refunds::{
    approve as approve_refund, find as find_refund, list as list_refunds, payee as name_payee,
};
pub use refunds::{refuse as refuse_refund, request as request_refund, send as send_refund};
pub use series::{audit_xml as series_audit_xml, audits as list_series_audits};
pub use series::{list as list_series, stop as stop_series};
pub use view::exception as exception_view;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::Conn;
use crate::unit::{self, Unit};

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

/// The unit a caller names, or every unit of the scope.
fn units_asked(conn: &mut Conn, actor: &Actor, code: Option<&str>) -> Result<Vec<Unit>> {
    if code.is_some() {
        let unit = unit_asked(conn, actor, code)?;
        return Ok(vec![unit::find(conn, unit)?]);
    }
    Ok(unit::all(conn)?.into_iter().filter(|unit| actor.scope.covers(unit.id)).collect())
}
