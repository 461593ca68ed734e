//! Forms of `/admin/proposals` about what the city asks of units, and for whom it signs: a target, an entrustment, its
//! end.

use actix_web::{HttpRequest, web};

use super::proposal_units::coded;
use super::proposals::{change, propose, read_day, reason_faults, wrong};
use crate::error::{Error, Result};
use crate::report::proposal::{Content, Entrustment, EntrustmentEnd};
use crate::report::target::{Measure, Target};
use crate::unit::entrustment;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, of_field};
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, Posted};

/// `POST /admin/proposals/target`
pub async fn target(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, target_faults, |app, actor, fields| {
        let content = Content::Target(target_of(fields)?);
        propose(app, actor, fields, |_| Ok(content.clone()))
    })
    .await
}

fn target_of(fields: &Fields) -> Result<Target> {
    let is_endless = fields.trimmed("valid_until").is_empty();
    Ok(Target {
        measure: Measure::parse(fields.get("measure"))?,
        kinds: kinds(fields),
        percent: percent(fields)?,
        above: fields.get("above") == "yes",
        valid_from: read_day(fields, "valid_from")?.0,
        valid_until: if is_endless { None } else { Some(read_day(fields, "valid_until")?.0) },
        source: source(fields),
        certainty: fields.get("certainty").to_owned(),
    })
}

fn kinds(fields: &Fields) -> Vec<String> {
    fields.get("kinds").split(',').map(crate::text::clean).collect()
}

fn percent(fields: &Fields) -> Result<i64> {
    fields.trimmed("percent").parse().map_err(|_| wrong("percent", "target_wrong"))
}

fn source(fields: &Fields) -> String {
    crate::text::clean(fields.get("source"))
}

fn target_faults(fields: &Fields) -> Vec<Error> {
    let until = Some(fields.trimmed("valid_until")).filter(|text| !text.is_empty());
    let read = [
        Target::check_kinds(&kinds(fields)).err(),
        percent(fields).err(),
        read_day(fields, "valid_from").err(),
        until.and_then(|_| read_day(fields, "valid_until").err()),
        Target::check_source(&source(fields)).err(),
        // What is wrong only where everything can be read: days out of order, too many percent.
        target_of(fields).ok().and_then(|target| target.check().err()),
    ];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}

/// `POST /admin/proposals/entrust`
pub async fn entrust(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, entrust_faults, |app, actor, fields| {
        let (decided_on, valid_from) = (read_day(fields, "decided_on")?, read_day(fields, "valid_from")?);
        let valid_until = read_day(fields, "valid_until")?;
        propose(app, actor, fields, |conn| {
            let decision_no = fields.get("decision_no").to_owned();
            let unit = coded(conn, fields, "unit")?;
            Ok(Content::Entrustment(Entrustment { unit, decision_no, decided_on, valid_from, valid_until }))
        })
    })
    .await
}

fn entrust_faults(fields: &Fields) -> Vec<Error> {
    decision_faults(fields, "valid_until")
}

/// `POST /admin/proposals/end`
pub async fn end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, end_faults, |app, actor, fields| {
        let (decided_on, from) = (read_day(fields, "decided_on")?, read_day(fields, "valid_from")?);
        propose(app, actor, fields, |conn| {
            let decision_no = fields.get("decision_no").to_owned();
            let unit = coded(conn, fields, "unit")?;
            Ok(Content::EntrustmentEnd(EntrustmentEnd { unit, decision_no, decided_on, from }))
        })
        .map_err(of_first_day)
    })
    .await
}

fn end_faults(fields: &Fields) -> Vec<Error> {
    decision_faults(fields, "valid_from").into_iter().map(of_first_day).collect()
}

/// The form of an end names no last day: days out of order are told beside the one it has.
fn of_first_day(error: Error) -> Error {
    if error.code() == "entrustment_dates_wrong" { of_field(error, "valid_from") } else { error }
}

/// A decision about whom the city signs for: its number, its days in order, up to the one of the last field, and why.
fn decision_faults(fields: &Fields, last: &'static str) -> Vec<Error> {
    let day = |name: &'static str| read_day(fields, name);
    let order = match (day("decided_on"), day("valid_from"), day(last)) {
        (Ok(decided_on), Ok(from), Ok(until)) => entrustment::check_days(decided_on, from, until).err(),
        _ => None,
    };
    let read = [
        entrustment::check_number(fields.get("decision_no")).err(),
        day("decided_on").err(),
        day("valid_from").err(),
        day(last).err(),
        order,
    ];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}
