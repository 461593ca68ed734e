//! Forms of `/admin/proposals` about units: a merger, the end of an account, a new name, the trust in
//! a channel, the limit for one person.

use actix_web::{HttpRequest, web};

use super::proposals::{change, propose, read_day, wrong};
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::report::proposal::{AccountEnd, Content, Limit, Merger, Naming, Trust};
use crate::store::Conn;
use crate::unit::{self, account};
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Pairs, of_field};
use crate::web::pages::session::Signed;
use crate::web::pages::{Page, Posted};

fn coded(conn: &mut Conn, fields: &Fields, field: &'static str) -> Result<UnitId> {
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
    change(request, signed, form, shared, |app, actor, fields| {
        let channel = fields.trimmed("channel").to_owned();
        if !app.config.channels.names().contains(&channel.as_str()) {
            return Err(wrong("channel", "channel_unknown"));
        }
        let dong = |name: &'static str| {
            fields.dong(name)?.map(Dong).ok_or_else(|| wrong(name, "trust_limits_wrong"))
        };
        let (claim_limit, unproven_limit) = (dong("claim_limit")?, dong("unproven_limit")?);
        let age = fields.trimmed("age_limit_days").parse();
        let age_limit_days = age.map_err(|_| wrong("age_limit_days", "number_unreadable"))?;
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

/// `POST /admin/proposals/merger`
pub async fn merger(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
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

/// `POST /admin/proposals/account-end`
pub async fn account_end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let last_day = read_day(fields, "last_day")?;
        propose(app, actor, fields, |conn| {
            let (unit, account) = account_of(conn, fields)?;
            Ok(Content::AccountEnd(AccountEnd { unit, account, last_day }))
        })
    })
    .await
}

/// `POST /admin/proposals/naming`
pub async fn naming(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
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

/// `POST /admin/proposals/limit`
pub async fn limit(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    change(request, signed, form, shared, |app, actor, fields| {
        let amount = Dong(fields.dong("limit")?.ok_or_else(|| wrong("limit", "limit_wrong"))?);
        propose(app, actor, fields, |conn| {
            let decision_no = fields.trimmed("decision_no").to_owned();
            Ok(Content::Limit(Limit { unit: coded(conn, fields, "unit")?, amount, decision_no }))
        })
        .map_err(|error| match error.code() {
            "decision_missing" => of_field(error, "decision_no"),
            _ => error,
        })
    })
    .await
}

/// What was typed; an empty field asks for no change.
fn filled(fields: &Fields, name: &str) -> Option<String> {
    Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty())
}
