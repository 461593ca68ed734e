//! Forms of `/admin/proposals` about units: a merger, the end of an account, a new name, the trust in
//! a channel, the limit for one person.

use actix_web::{HttpRequest, web};

use super::proposals::{change, propose, read_day, reason_faults, wrong};
use crate::amount::Dong;
use crate::error::{Error, Kind, Result};
use crate::exception;
use crate::id::{AccountId, UnitId};
use crate::report::proposal::{AccountEnd, Content, Limit, Merger, Naming, Trust, code_faults};
use crate::store::Conn;
use crate::unit::{self, account, naming as names, succession, trust as trusted};
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, of_field};
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, Posted};

/// The unit whose code stands in a field.
pub(super) fn coded(conn: &mut Conn, fields: &Fields, field: &'static str) -> Result<UnitId> {
    let found = unit::find_by_code(conn, fields.trimmed(field)).map(|unit| unit.id);
    found.map_err(|_| wrong(field, "unit_not_found"))
}

/// An account that was chosen as `{unit's code}/{number}`.
fn account_of(conn: &mut Conn, fields: &Fields) -> Result<(UnitId, AccountId)> {
    let unknown = || wrong("account", "account_not_found");
    let (code, number) = fields.trimmed("account").split_once('/').ok_or_else(unknown)?;
    let unit = unit::find_by_code(conn, code).map_err(|_| unknown())?.id;
    let account = account::of_number(conn, unit, number).map_err(|_| unknown())?.id;
    Ok((unit, account))
}

/// `POST /admin/proposals/trust`: a channel's word is taken for money, within limits.
pub async fn trust(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, trust_faults, |app, actor, fields| {
        let channel = fields.trimmed("channel").to_owned();
        if !app.config.channels.names().contains(&channel.as_str()) {
            return Err(wrong("channel", "channel_unknown"));
        }
        let (claim_limit, unproven_limit) = (sum(fields, "claim_limit")?, sum(fields, "unproven_limit")?);
        let age_limit_days = age(fields)?;
        let (valid_from, valid_until) = (read_day(fields, "valid_from")?, read_day(fields, "valid_until")?);
        propose(app, actor, fields, |conn| {
            let (unit, account) = account_of(conn, fields)?;
            Ok(Content::Trust(Trust {
                unit,
                account,
                channel: channel.clone(),
                valid_from,
                valid_until,
                agreement_no: fields.trimmed("agreement_no").to_owned(),
                claim_limit,
                unproven_limit,
                age_limit_days,
            }))
        })
    })
    .await
}

fn sum(fields: &Fields, name: &'static str) -> Result<Dong> {
    fields.dong(name)?.map(Dong).ok_or_else(|| wrong(name, "trust_limits_wrong"))
}

fn age(fields: &Fields) -> Result<i32> {
    fields.trimmed("age_limit_days").parse().map_err(|_| wrong("age_limit_days", "number_unreadable"))
}

fn trust_faults(fields: &Fields) -> Vec<Error> {
    let limits = (sum(fields, "claim_limit"), sum(fields, "unproven_limit"));
    let days = (read_day(fields, "valid_from"), read_day(fields, "valid_until"));
    let large = match &limits {
        (Ok(claim), Ok(unproven)) => trusted::check_limits(*claim, *unproven).err(),
        _ => None,
    };
    let order = match &days {
        (Ok(from), Ok(until)) => trusted::check_days(*from, *until).err(),
        _ => None,
    };
    let read = [
        trusted::check_agreement(fields.get("agreement_no")).err(),
        limits.0.err(),
        limits.1.err(),
        large,
        age(fields).and_then(trusted::check_age).err(),
        days.0.err(),
        days.1.err(),
        order,
    ];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}

/// `POST /admin/proposals/merger`
pub async fn merger(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, merger_faults, |app, actor, fields| {
        let effective_on = read_day(fields, "effective_on")?;
        propose(app, actor, fields, |conn| {
            Ok(Content::Merger(Merger {
                unit: coded(conn, fields, "ending")?,
                successor: coded(conn, fields, "successor")?,
                effective_on,
                decision_no: fields.trimmed("decision_no").to_owned(),
            }))
        })
    })
    .await
}

fn merger_faults(fields: &Fields) -> Vec<Error> {
    let decision = succession::check_decision(fields.get("decision_no")).err();
    let read = [read_day(fields, "effective_on").err(), decision];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}

/// `POST /admin/proposals/account-end`
pub async fn account_end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, account_end_faults, |app, actor, fields| {
        let last_day = read_day(fields, "last_day")?;
        propose(app, actor, fields, |conn| {
            let (unit, account) = account_of(conn, fields)?;
            Ok(Content::AccountEnd(AccountEnd { unit, account, last_day }))
        })
    })
    .await
}

fn account_end_faults(fields: &Fields) -> Vec<Error> {
    read_day(fields, "last_day").err().into_iter().chain(reason_faults(fields)).collect()
}

/// `POST /admin/proposals/naming`
pub async fn naming(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, naming_faults, |app, actor, fields| {
        let valid_from = read_day(fields, "valid_from")?;
        propose(app, actor, fields, |conn| {
            Ok(Content::Naming(Naming {
                unit: coded(conn, fields, "unit")?,
                name: fields.trimmed("name").to_owned(),
                address: fields.trimmed("address").to_owned(),
                valid_from,
                decision_no: fields.trimmed("decision_no").to_owned(),
                tax_code: filled(fields, "tax_code"),
                budget_code: filled(fields, "budget_code"),
            }))
        })
    })
    .await
}

fn naming_faults(fields: &Fields) -> Vec<Error> {
    let named = |name: &str| fields.trimmed(name).to_owned();
    let naming = names::Naming { name: named("name"), address: named("address") };
    let (tax_code, budget_code) = (filled(fields, "tax_code"), filled(fields, "budget_code"));
    let mut found = names::faults(&naming, fields.trimmed("decision_no"));
    found.extend(code_faults(tax_code.as_deref(), budget_code.as_deref()));
    found.extend(read_day(fields, "valid_from").err());
    found.extend(reason_faults(fields));
    found
}

/// `POST /admin/proposals/limit`
pub async fn limit(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, limit_faults, |app, actor, fields| {
        let amount = limit_typed(fields)?;
        propose(app, actor, fields, |conn| {
            let decision_no = fields.trimmed("decision_no").to_owned();
            Ok(Content::Limit(Limit { unit: coded(conn, fields, "unit")?, amount, decision_no }))
        })
        .map_err(of_decision)
    })
    .await
}

fn limit_typed(fields: &Fields) -> Result<Dong> {
    fields.dong("limit")?.map(Dong).ok_or_else(|| wrong("limit", "limit_wrong"))
}

fn limit_faults(fields: &Fields) -> Vec<Error> {
    let decision = exception::limit::check_decision(fields.get("decision_no")).err().map(of_decision);
    let read = [limit_typed(fields).err(), decision];
    read.into_iter().flatten().chain(reason_faults(fields)).collect()
}

/// The decision of a limit as the form names it.
fn of_decision(error: Error) -> Error {
    let is_of_it = matches!(error.kind(), Kind::Invalid { field } if field == "decision");
    if is_of_it { of_field(error, "decision_no") } else { error }
}

/// What was typed; an empty field asks for no change.
fn filled(fields: &Fields, name: &str) -> Option<String> {
    Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty())
}
