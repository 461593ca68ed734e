//! `/finance/remittances`: what is owed to the budget by code, orders with their documents, and the
//! Treasury's report of what it credited.

use std::cmp::Reverse;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::alarms::MANY_UNITS;
use super::columns::Columns;
use super::imports::{self, Refusal};
use super::partner_columns;
use super::{READERS, accounts, units};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::payment::partner_file::{Fault, Faults};
use crate::remittance::{self, Draft, Kind, Order, State, alarm, query, report};
use crate::statement::partner;
use crate::store::{Conn, Stamp};
use crate::tariff::Tariff;
use crate::unit::{BankAccount, Unit};
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES};
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, or_dash};
use crate::web::pages::matter::day;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html, upload};
use crate::web::respond::block;

/// Orders that are shown; all of them stand in the list of orders.
const SHOWN: i64 = 50;
/// Rows of a report that are told one by one; of those behind them the number.
const SHOWN_FAULTS: usize = 100;

/// What an account owes, by kind of order.
struct Due {
    unit: String,
    account: AccountId,
    account_no: String,
    covered_until: String,
    kind: &'static str,
    title: &'static str,
    /// Source, due, ordered, free.
    sources: Vec<(String, String, String, String)>,
    can_order: bool,
}

#[derive(Template)]
#[template(path = "remittances.html")]
struct RemittancesPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    units: Vec<(String, String)>,
    /// The unit that is shown; all of them where it is empty, which a whole city's page offers nobody.
    of_unit: String,
    are_many: bool,
    due: Vec<Due>,
    orders: Listing,
    alarms: Vec<(String, &'static str)>,
    /// What a report that was sent just now said of each order.
    outcome: Option<Listing>,
    is_known: bool,
    can_work: bool,
    typed: Fields,
    /// Which column of the report is what, where it has to be asked.
    columns: Option<Columns>,
}

/// `GET /finance/remittances?unit=`: of one unit, or of all.
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let page = compose(&request, &signed, &shared, (Wrong::default(), Fields::default())).await?;
    Ok(html(StatusCode::OK, &page))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<RemittancesPage> {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(request).unwrap_or_default();
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || {
        let stamp = app.stamp();
        let tariff = app.tariff().ok();
        app.read(&actor, |conn| {
            let lang = frame.lang;
            let (mut orders, mut alarms) = (Vec::new(), Vec::new());
            let all = units(conn, &actor)?;
            let are_many = MANY_UNITS <= all.len();
            let of_unit = of_unit(&all, asked.unit.trim());
            let is_asked = |unit: &Unit| of_unit.is_empty() || unit.code == of_unit;
            for unit in all.iter().filter(|unit| is_asked(unit)) {
                orders
                    .extend(query::page(conn, unit.id, None, SHOWN)?.into_iter().map(|order| (unit, order)));
                alarms.extend(alarms_of(conn, &stamp, lang, unit)?);
            }
            // Of several units the newest of all; the list has the rest.
            orders.sort_by_key(|(_, order)| Reverse(order.id));
            orders.truncate(usize::try_from(SHOWN).unwrap_or_default());
            let rows = orders.iter().map(|(unit, order)| order_row(lang, unit, order)).collect();
            let mut due = Vec::new();
            for (unit, account) in accounts(conn, &actor)?.into_iter().filter(|(unit, _)| is_asked(unit)) {
                for kind in Kind::ALL {
                    due.extend(due_of(conn, (lang, tariff.as_deref()), (&unit, &account), kind)?);
                }
            }
            Ok(RemittancesPage {
                csrf,
                wrong,
                units: all.into_iter().map(|unit| (unit.code, unit.name)).collect(),
                of_unit,
                are_many,
                due,
                orders: Listing {
                    caption: frame.t("remittance_orders"),
                    heads: vec![
                        frame.t("matter_number"),
                        frame.t("unit"),
                        frame.t("matter_case"),
                        frame.t("amount"),
                        frame.t("matter_covered"),
                        frame.t("state"),
                    ],
                    rows,
                },
                alarms,
                outcome: None,
                is_known: false,
                can_work: actor.role == Role::Finance,
                typed,
                columns: None,
                frame,
            })
        })
    })
    .await
}

/// The unit whose page it is; of a whole city the first where none is asked for, since what is owed is added up unit
/// by unit.
fn of_unit(all: &[Unit], asked: &str) -> String {
    match all.first() {
        Some(first) if asked.is_empty() && MANY_UNITS <= all.len() => first.code.clone(),
        _ => asked.to_owned(),
    }
}

fn alarms_of(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    lang: Lang,
    unit: &Unit,
) -> Result<Vec<(String, &'static str)>> {
    let found = alarm::of_unit(conn, stamp.calendar, stamp.today(), unit.id)?;
    Ok(found
        .into_iter()
        .map(|one| {
            let (vi, en) = one.kind.words();
            (unit.name.clone(), lang.pick(vi, en))
        })
        .collect())
}

/// The ledger account of what is handed over, in words: `budget_due/805-2716` is chapter and sub-item, and of
/// a kept share it is the fee item.
pub(in crate::web::pages) fn source(lang: Lang, account: &str, tariff: Option<&Tariff>) -> String {
    match account.split_once('/') {
        Some((_, "interest")) => lang.t("remit_interest").to_owned(),
        Some(("share_kept", code)) => called::item(lang, code, tariff),
        Some((_, codes)) => lang.with("remit_codes", codes),
        None => called::account(lang, account),
    }
}

/// What is owed of one kind; nothing where nothing ever was.
fn due_of(
    conn: &mut Conn,
    (lang, tariff): (Lang, Option<&Tariff>),
    (unit, account): (&Unit, &BankAccount),
    kind: Kind,
) -> Result<Option<Due>> {
    let sources = remittance::remittable(conn, unit.id, account.id, kind)?;
    let is_there = |one: &remittance::Remittable| !one.due.is_zero() || !one.ordered.is_zero();
    let sources: Vec<remittance::Remittable> = sources.into_iter().filter(is_there).collect();
    if sources.is_empty() {
        return Ok(None);
    }
    let (vi, en) = kind.title();
    let row = |one: &remittance::Remittable| {
        (
            source(lang, &one.source, tariff),
            one.due.to_string(),
            one.ordered.to_string(),
            one.free.to_string(),
        )
    };
    Ok(Some(Due {
        unit: unit.name.clone(),
        account: account.id,
        account_no: account.account_no.clone(),
        covered_until: or_dash(query::last_closed(conn, unit.id, account.id)?.map(day)),
        kind: kind.as_str(),
        title: lang.pick(vi, en),
        can_order: sources.iter().any(|one| one.free.is_positive()),
        sources: sources.iter().map(row).collect(),
    }))
}

fn order_row(lang: Lang, unit: &Unit, order: &Order) -> Vec<Cell> {
    let (vi, en) = order.kind.title();
    let (state, tone) = words_of(lang, order);
    vec![
        Cell::link(
            format!("{}/{}", order.order_no, order.year),
            format!("/finance/remittances/{}", order.id),
        ),
        Cell::text(unit.name.clone()),
        Cell::text(lang.pick(vi, en)),
        Cell::figure(order.amount),
        Cell::text(day(order.covered_until)),
        Cell::state(state, tone),
    ]
}

/// Of one that is rejected in part it says so.
pub(in crate::web::pages) fn words_of(lang: Lang, order: &Order) -> (&'static str, &'static str) {
    match order.state {
        State::Rejected if order.is_in_part() => (lang.t("remittance_in_part"), "late"),
        state => state_words(lang, state),
    }
}

pub(super) fn state_words(lang: Lang, state: State) -> (&'static str, &'static str) {
    let (key, tone) = match state {
        State::Drafted => ("correct_requested", "wait"),
        State::Approved => ("correct_approved", "wait"),
        State::Debited => ("remittance_debited", "wait"),
        State::Credited => ("remittance_credited", "wait"),
        State::Settled => ("remittance_settled", "done"),
        State::Rejected => ("remittance_rejected", "late"),
        State::Returned => ("remittance_returned", "gone"),
        State::Refused => ("correct_refused", "gone"),
    };
    (lang.t(key), tone)
}

/// `POST /finance/remittances`: draws an order up over everything that is free; another person approves.
pub async fn draft(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance])?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let drafted = block(move || {
        let kind = Kind::parse(typed.get("kind"))?;
        app.write(&actor, |tx, stamp| {
            let (unit, account) = super::account_named(tx, &actor, typed.get("account"))?;
            let new = Draft { unit, account: Some(account), kind, lines: Vec::new() };
            remittance::draft(tx, stamp, &actor, &new)
        })
    })
    .await;
    match drafted {
        Ok(order) => Ok(see(format!("/finance/remittances/{}", order.id))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// `POST /finance/remittances/report`: the Treasury's file, as it came.
pub async fn report(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    payload: web::Payload,
) -> Page {
    check_origin(&request)?;
    signed.require(&[Role::Finance])?;
    let limit = upload::Limit::of_staff(API_BODY_LIMIT_BYTES);
    let (fields, file) = upload::form(&request, payload, limit, "file").await?;
    signed.check_token(fields.get("csrf"))?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let (lang, kind) = (Lang::of(&request), partner::Kind::Treasury);
    let (imported, columns) = block(move || {
        Ok(partner_columns::look((&app, &actor, lang), kind, (&typed, file), |bytes, reading| {
            let told = report::Told::read(bytes, reading.named.clone())
                .map_err(|fault| Faults::from(Fault::from(fault)))?;
            if told.is_empty() {
                reading.nothing_read()?;
            }
            let imported = app.write(&actor, |tx, stamp| {
                let unit = unit_chosen(tx, &actor, typed.trimmed("unit"))?;
                reading.keep(tx, stamp, &actor, unit)?;
                report::take(tx, stamp, &actor, unit, &told)
            })?;
            Ok(imported)
        }))
    })
    .await?;
    let (status, wrong, imported) = match imported {
        Ok(imported) => (StatusCode::OK, Wrong::default(), Some(imported)),
        Err(Refusal::Unreadable(faults)) => {
            let told = faults.told.iter().map(|fault| ("file".to_owned(), told_where(lang, fault)));
            (StatusCode::BAD_REQUEST, Wrong(told.collect()), None)
        }
        Err(Refusal::Wrong(error)) => (StatusCode::BAD_REQUEST, Wrong::of(error, lang)?, None),
    };
    let mut page = compose(&request, &signed, &shared, (wrong, fields)).await?;
    page.columns = columns;
    page.is_known = imported.as_ref().is_some_and(|one| one.is_known);
    page.outcome = imported.map(|one| outcome(lang, &one));
    Ok(html(status, &page))
}

/// The place of what makes a file no report, and why.
fn told_where(lang: Lang, fault: &Fault) -> String {
    format!("{} {}", lang.of_code("treasury_report_unreadable"), imports::told(lang, fault))
}

/// What the report said of each order, and the rows that could not be read.
fn outcome(lang: Lang, imported: &report::Imported) -> Listing {
    let told = |one: &report::Outcome| {
        let (key, tone) = match one.outcome {
            "credited" => ("remittance_credited", "done"),
            "rejected" => ("remittance_rejected", "late"),
            "in_part" => ("remittance_in_part", "late"),
            "known" => ("remittance_known", "done"),
            "differs" => ("remittance_differs", "late"),
            _ => ("remittance_unknown", "late"),
        };
        let code = one.reference_code.clone();
        let order = match one.order {
            Some(id) => Cell::link(code, format!("/finance/remittances/{id}")),
            None => Cell::mono(code),
        };
        vec![order, Cell::state(lang.t(key), tone)]
    };
    let faults = imported.faults.iter().take(SHOWN_FAULTS).map(|fault| {
        let why = lang.pick(fault.why_vi, fault.why);
        vec![Cell::text(lang.with("remittance_row", fault.line_no)), Cell::state(why, "late")]
    });
    let more = imported.faults.len().saturating_sub(SHOWN_FAULTS);
    let more = (more > 0).then(|| vec![Cell::text(lang.with("import_more", more)), Cell::text("")]);
    Listing {
        caption: lang.t("remittance_outcome"),
        heads: vec![lang.t("reference"), lang.t("state")],
        rows: imported.orders.iter().map(told).chain(faults).chain(more).collect(),
    }
}

fn unit_chosen(conn: &mut Conn, actor: &Actor, code: &str) -> Result<UnitId> {
    let found = units(conn, actor)?.into_iter().find(|unit| unit.code == code);
    found.map(|unit| unit.id).ok_or_else(|| Error::invalid("unit", "unit_not_found", "no such unit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_city_begins_with_its_first_unit_and_few_units_stand_on_one_page() {
        let unit = |number: usize| Unit {
            id: UnitId(i64::try_from(number).unwrap()),
            code: format!("{number:05}"),
            name: "Đơn vị thử".into(),
            kind: "phường".into(),
            tax_code: "9900000009".into(),
            budget_code: None,
            address: String::new(),
            phone: None,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: None,
        };
        let units = |count: usize| (1..=count).map(unit).collect::<Vec<_>>();
        assert_eq!(of_unit(&units(3), ""), "");
        assert_eq!(of_unit(&units(MANY_UNITS), ""), "00001");
        assert_eq!(of_unit(&units(MANY_UNITS), "00003"), "00003");
        assert_eq!(of_unit(&[], ""), "");
    }
}
