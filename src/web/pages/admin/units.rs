//! `/admin/units`: the units and their mergers; one unit with its accounts, series, certificates,
//! registrations and the trust in its channels.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{READERS, unit_coded, unit_ends};
use crate::actor::{Actor, Role, Scope};
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::CertificateId;
use crate::receipt::key::alarm::Kind as Nearness;
use crate::receipt::key::watch;
use crate::store::{Conn, Stamp};
use crate::tariff::UnitKind;
use crate::unit::series::Phase;
use crate::unit::{self, CITY, Unit, account, certificate, certificate_stop, registration, series, trust};
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::pages::called;
use crate::web::pages::fields::{Fields, Wrong};
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day, or_dash, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Kinds of documents that have series.
const SERIES_KINDS: [&str; 5] =
    ["receipt", "invoice_vat", "invoice_sales", "invoice_vat_with_receipt", "invoice_sales_with_receipt"];

#[derive(Template)]
#[template(path = "units.html")]
pub(super) struct UnitsPage {
    frame: Frame,
    csrf: String,
    listing: Listing,
    /// Whether the reader registers units: the city's own administrators do.
    can_register: bool,
    must_confirm: bool,
    has_second_factor: bool,
    pub wrong: Wrong,
    pub typed: Fields,
    kinds: Vec<(&'static str, &'static str)>,
    today: String,
}

impl UnitsPage {
    pub fn lang(&self) -> Lang {
        self.frame.lang
    }
}

/// `GET /admin/units`
pub async fn list(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose_list(&request, &signed, &shared).await?))
}

pub(super) async fn compose_list(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
) -> Result<UnitsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, lang, actor) = (Arc::clone(shared.app()), frame.lang, signed.actor.clone());
    let now = app.clock.now();
    let rows = block(move || {
        let stamp = app.stamp();
        app.read(&actor, |conn| {
            // The city stands among them for its keys: of whoever is at home in all of it.
            let units = unit::of_scope(conn, &actor.scope)?;
            units.iter().map(|unit| row(conn, &stamp, lang, unit)).collect::<Result<Vec<_>>>()
        })
    })
    .await?;
    Ok(UnitsPage {
        csrf: signed.csrf.clone(),
        listing: Listing {
            caption: frame.t("way_units"),
            heads: ["unit_code", "unit", "unit_kind", "tax_code", "valid", "unit_certificate"]
                .map(|key| frame.t(key))
                .to_vec(),
            rows,
        },
        can_register: signed.actor.role == Role::Administrator && signed.actor.scope == Scope::All,
        must_confirm: !signed.session.is_confirmed(now),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        typed: Fields::default(),
        kinds: UnitKind::ALL.iter().map(|kind| (kind.as_str(), called::unit_kind(lang, *kind))).collect(),
        today: now.business_day().to_string(),
        frame,
    })
}

fn row(conn: &mut Conn, stamp: &Stamp<'_>, lang: Lang, unit: &Unit) -> Result<Vec<Cell>> {
    let held = certificate::of_unit(conn, unit.id)?;
    let signing = certificate::chosen(&held, stamp.now);
    Ok(vec![
        Cell::link(unit.code.clone(), format!("/admin/units/{}", unit.code)),
        Cell::text(unit.name.clone()),
        Cell::text(called::kind_of(lang, &unit.kind)),
        Cell::mono(unit.tax_code.clone()),
        valid(unit, stamp.today()),
        signing.map_or_else(
            || Cell::state(lang.t("unit_no_certificate"), "late"),
            |found| ends(found.not_after, stamp.now),
        ),
    ])
}

fn valid(unit: &Unit, today: BusinessDay) -> Cell {
    match unit.valid_until {
        Some(until) => {
            let days = format!("{} – {}", day(unit.valid_from), day(until));
            if until < today { Cell::state(days, "gone") } else { Cell::text(days) }
        }
        None => Cell::text(day(unit.valid_from)),
    }
}

/// The day a certificate ends, in the tone of how soon that is: by the same days as its alarms.
fn ends(not_after: Instant, now: Instant) -> Cell {
    Cell::state(day(not_after.business_day()), tone(not_after, now))
}

fn tone(not_after: Instant, now: Instant) -> &'static str {
    match watch::nearness(not_after, now) {
        None => "done",
        Some(Nearness::Expires60 | Nearness::Expires30) => "wait",
        Some(_) => "late",
    }
}

#[derive(Template)]
#[template(path = "unit.html")]
pub(super) struct UnitPage {
    pub frame: Frame,
    csrf: String,
    code: String,
    title: String,
    lead: String,
    can_change: bool,
    must_confirm: bool,
    pub wrong: Wrong,
    /// The form that came back.
    pub form: &'static str,
    pub typed: Fields,
    listings: Vec<Listing>,
    /// Series that number: id and text.
    open_series: Vec<(String, String)>,
    /// Certificates that may still be stopped: id and text.
    keys: Vec<(String, String)>,
    /// What the reader asked to stop and may take back while nobody decided: id and text.
    asked: Vec<(String, String)>,
    /// The city signs, for units that entrusted it and what is of no unit, and collects nothing.
    is_city: bool,
    /// Kinds of documents, each with what it is called.
    kinds: Vec<(&'static str, String)>,
    today: String,
    /// What stands on documents today: e-mail, Treasury account, Treasury office.
    imprint: [String; 3],
    /// Whether a merger ended the unit and it was not handed over yet.
    waits_for_handover: bool,
}

impl UnitPage {
    /// What a field of a form shows: as it was typed, else as it stands.
    fn shown<'a>(&'a self, form: &str, field: &str, known: &'a str) -> &'a str {
        if self.form == form { self.typed.get(field) } else { known }
    }

    /// What is wrong with a field of a form.
    fn fault(&self, form: &str, field: &str) -> Option<&str> {
        if self.form == form { self.wrong.at(field) } else { None }
    }
}

/// `GET /admin/units/{code}`
pub async fn detail(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

pub(super) async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
) -> Result<UnitPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, lang, actor) = (Arc::clone(shared.app()), frame.lang, signed.actor.clone());
    let code = path_text(request, "code").to_owned();
    let today = app.clock.now().business_day();
    let (unit, listings, open_series, (keys, asked), imprint, waits_for_handover) = block(move || {
        let stamp = app.stamp();
        app.read(&actor, |conn| {
            let unit = unit_coded(conn, &actor, &code)?;
            let mut listings = vec![facts(conn, &stamp, lang, &unit)?];
            let mut waits_for_handover = false;
            if unit.id == CITY {
                listings.push(certificates(conn, &stamp, lang, &unit)?);
            } else {
                listings.extend([
                    accounts(conn, &stamp, lang, &unit, &app.config.channels.names())?,
                    numbering(conn, lang, &unit, stamp.today().year())?,
                    certificates(conn, &stamp, lang, &unit)?,
                    registrations(conn, lang, &unit)?,
                    mergers(conn, lang, &unit)?,
                ]);
                let (ends, waits) = unit_ends::ends(conn, lang, &unit)?;
                listings.extend(ends);
                waits_for_handover = waits;
            }
            let open = series::of_unit(conn, unit.id)?.into_iter().filter(|one| one.is_open);
            let open = open.map(|one| (one.id.to_string(), format!("{} {}", one.template, one.series)));
            let keys = (stoppable(conn, &unit)?, asked_by(conn, &actor, &unit)?);
            let known = unit::imprint::recorded(conn, &[unit.id], stamp.today())?.pop();
            let known = known.map(|(_, known)| known).unwrap_or_default();
            let imprint = [known.email, known.treasury_account, known.treasury_code];
            let imprint = imprint.map(Option::unwrap_or_default);
            Ok((unit, listings, open.collect(), keys, imprint, waits_for_handover))
        })
    })
    .await?;
    let is_city = unit.id == CITY;
    Ok(UnitPage {
        csrf: signed.csrf.clone(),
        code: unit.code,
        title: unit.name,
        lead: unit.address,
        can_change: signed.actor.role == Role::Administrator,
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        wrong: Wrong::default(),
        form: "",
        typed: Fields::default(),
        listings,
        open_series,
        keys,
        asked,
        is_city,
        kinds: SERIES_KINDS.iter().map(|kind| (*kind, called::document(lang, kind))).collect(),
        today: today.to_string(),
        imprint,
        waits_for_handover,
        frame,
    })
}

fn facts(conn: &mut Conn, stamp: &Stamp<'_>, lang: Lang, unit: &Unit) -> Result<Listing> {
    let imprint = unit::imprint::in_force(conn, &[unit.id], stamp.today())?.pop().map(|(_, known)| known);
    let fact = |key: &str, value: Cell| vec![Cell::text(lang.t(key)), value];
    let treasury = imprint.as_ref().and_then(|known| known.treasury_account.clone());
    Ok(Listing {
        caption: lang.t("unit_facts"),
        heads: vec![lang.t("unit_fact"), lang.t("unit_value")],
        rows: vec![
            fact("unit_code", Cell::mono(unit.code.clone())),
            fact("tax_code", Cell::mono(unit.tax_code.clone())),
            fact("unit_budget_code", Cell::mono(or_dash(unit.budget_code.clone()))),
            fact("unit_treasury", Cell::mono(or_dash(treasury))),
            fact("unit_kind", Cell::text(called::kind_of(lang, &unit.kind))),
            fact("valid", valid(unit, stamp.today())),
        ],
    })
}

fn accounts(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    lang: Lang,
    unit: &Unit,
    channels: &[&str],
) -> Result<Listing> {
    let mut rows = Vec::new();
    for one in account::of_unit(conn, unit.id)? {
        let pairs: Vec<_> = channels.iter().map(|channel| (unit.id, one.id, (*channel).to_owned())).collect();
        let trusted = trust::in_force(conn, &pairs)?;
        let mut settling: Vec<&str> = trusted
            .iter()
            .filter(|(_, trust)| trust.settles_on(stamp.today()))
            .map(|((_, _, channel), _)| channel.as_str())
            .collect();
        settling.sort_unstable();
        rows.push(vec![
            Cell::mono(one.account_no.clone()),
            Cell::mono(one.bank_bin.clone()),
            Cell::text(one.holder_name.clone()),
            Cell::text(day(one.opened_on)),
            Cell::figure(one.opening_balance),
            one.closed_on.map_or_else(
                || Cell::text(if settling.is_empty() { "–".to_owned() } else { settling.join(", ") }),
                |on| Cell::state(day(on), "gone"),
            ),
        ]);
    }
    let heads = ["account", "unit_bank", "unit_holder", "unit_opened", "statement_opening", "unit_settling"];
    Ok(Listing { caption: lang.t("board_accounts"), heads: heads.map(|key| lang.t(key)).to_vec(), rows })
}

fn numbering(conn: &mut Conn, lang: Lang, unit: &Unit, year: i32) -> Result<Listing> {
    let register = series::of_unit(conn, unit.id)?;
    let state = |one: &series::Series| match one.phase {
        Phase::Stopped if series::leaves_none(&register, one, year) => {
            Cell::state(lang.t("unit_series_none_open"), "late")
        }
        phase => Cell::state(called::phase(lang, phase), if one.is_open { "done" } else { "gone" }),
    };
    let row = |one: &series::Series| {
        vec![
            Cell::mono(format!("{} {}", one.template, one.series)),
            Cell::text(called::document(lang, &one.document_kind)),
            Cell::figure(one.year),
            Cell::count(one.next_no - 1),
            Cell::count(one.remaining()),
            state(one),
        ]
    };
    let heads = ["unit_series", "unit_document", "unit_year", "unit_used", "unit_left", "state"];
    Ok(Listing {
        caption: lang.t("unit_series"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: register.iter().map(row).collect(),
    })
}

fn certificates(conn: &mut Conn, stamp: &Stamp<'_>, lang: Lang, unit: &Unit) -> Result<Listing> {
    let asked = certificate_stop::waiting(conn, unit.id)?;
    let row = |one: certificate::Listed| {
        let (key, tone) = match () {
            () if one.revoked_at.is_some() => ("certificate_revoked", "late"),
            () if one.is_stopped => ("certificate_stopped", "gone"),
            () if asked.iter().any(|stop| stop.certificate == one.id) => ("certificate_stop_asked", "late"),
            () if one.listed_for.is_empty() => ("certificate_unlisted", "late"),
            () if one.signs_at(stamp.now) => ("certificate_signs", "done"),
            () if one.not_after <= stamp.now => ("certificate_over", "gone"),
            () => ("certificate_waits", "wait"),
        };
        // That it is one for trials matters while it may sign, or will.
        let (key, tone) = match key {
            "certificate_signs" if one.is_test => ("certificate_test", "wait"),
            "certificate_waits" if one.is_test => ("certificate_test_waits", "wait"),
            _ => (key, tone),
        };
        vec![
            Cell::text(one.subject.clone()),
            Cell::mono(one.serial.clone()),
            Cell::text(called::signer(lang, &one.signer)),
            Cell::text(time(one.active_from)),
            ends(one.not_after, stamp.now),
            documents(lang, one.listed_for.iter().map(|family| family.as_str())),
            Cell::state(lang.t(key), tone),
        ]
    };
    let heads = [
        "certificate_subject",
        "certificate_serial",
        "certificate_signer",
        "certificate_begins",
        "certificate_ends",
        "certificate_documents",
        "state",
    ];
    Ok(Listing {
        caption: lang.t("certificates"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: certificate::of_unit(conn, unit.id)?.into_iter().map(row).collect(),
    })
}

fn documents<'a>(lang: Lang, kinds: impl Iterator<Item = &'a str>) -> Cell {
    Cell::text(kinds.map(|kind| called::document(lang, kind)).collect::<Vec<_>>().join(", "))
}

/// What may be asked to stop: whatever signs, or will.
fn stoppable(conn: &mut Conn, unit: &Unit) -> Result<Vec<(String, String)>> {
    let all = certificate::of_unit(conn, unit.id)?;
    let good = all.into_iter().filter(|one| one.revoked_at.is_none() && !one.is_stopped);
    Ok(good.map(|one| (one.id.to_string(), format!("{} ({})", one.subject, one.serial))).collect())
}

/// What somebody asked to stop and nobody decided on yet.
fn asked_by(conn: &mut Conn, actor: &Actor, unit: &Unit) -> Result<Vec<(String, String)>> {
    let all = certificate::of_unit(conn, unit.id)?;
    let name = |id: CertificateId| {
        let known = all.iter().find(|one| one.id == id);
        known.map_or_else(String::new, |one| format!("{} ({})", one.subject, one.serial))
    };
    let own = certificate_stop::waiting(conn, unit.id)?.into_iter();
    let own = own.filter(|asked| actor.person == Some(asked.maker));
    Ok(own
        .map(|asked| (asked.id.to_string(), format!("{}: {}", name(asked.certificate), asked.reason)))
        .collect())
}

fn registrations(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<Listing> {
    let row = |one: registration::Registration| {
        vec![
            Cell::text(one.form.clone()),
            Cell::mono(one.notice_no.clone()),
            Cell::text(day(one.accepted_on)),
            documents(lang, one.document_kinds.iter().map(String::as_str)),
        ]
    };
    let heads = ["registration_form", "registration_notice", "registration_accepted", "unit_document"];
    Ok(Listing {
        caption: lang.t("registrations"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: registration::of_unit(conn, unit.id)?.into_iter().map(row).collect(),
    })
}

fn mergers(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<Listing> {
    let mut rows = Vec::new();
    for one in unit::succession::of_unit(conn, unit.id)? {
        let other = if one.unit == unit.id { one.successor } else { one.unit };
        let key = if one.unit == unit.id { "merger_into" } else { "merger_from" };
        // Row-level security may hide the other unit from those who govern this one only.
        let Ok(found) = unit::find(conn, other) else { continue };
        rows.push(vec![
            Cell::text(lang.t(key)),
            Cell::link(found.name, format!("/admin/units/{}", found.code)),
            Cell::text(day(one.effective_on)),
            Cell::text(one.decision),
        ]);
    }
    let heads = ["merger", "unit", "merger_on", "merger_decision"];
    Ok(Listing { caption: lang.t("mergers"), heads: heads.map(|key| lang.t(key)).to_vec(), rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_shown_as_ending_on_the_days_on_which_its_alarms_are_raised() {
        let now = Instant(1_800_000_000_000_000);
        let of = |days: i64| tone(now.plus_seconds(days * 86_400), now);
        assert_eq!([61, 60, 8, 7, 0, -1].map(of), ["done", "wait", "wait", "late", "late", "late"]);
    }
}
