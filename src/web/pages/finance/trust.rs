//! `/finance/trust`: what channels were trusted with on which account, by whom, and why that ended; ending it. It is
//! given by two persons of the city (`/admin/proposals`).

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::{READERS, account_named, units};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, PersonId, UnitId};
use crate::identity::person_name;
use crate::report::proposal;
use crate::store::Conn;
use crate::unit::trust::{self, Decided, ENDERS};
use crate::unit::{Level, account};
use crate::web::Shared;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, day, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage {
    frame: Frame,
    csrf: String,
    can_end: bool,
    /// Whether the proposals' page is open to the reader.
    sees_proposals: bool,
    must_confirm: bool,
    has_second_factor: bool,
    wrong: Wrong,
    typed: Fields,
    listing: Listing,
    /// What settles today: value of the form and words.
    settling: Vec<(String, String)>,
}

/// `GET /finance/trust`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared).await?))
}

async fn compose(request: &HttpRequest, signed: &Signed, shared: &web::Data<Shared>) -> Result<TrustPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let (app, actor, lang) = (Arc::clone(shared.app()), signed.actor.clone(), frame.lang);
    // Who decided may be registered at another unit; the rows keep to the actor's own.
    let parts = block(move || {
        let today = app.clock.now().business_day();
        app.store.read(&Scope::All, |conn| parts(conn, &actor, lang, today))
    });
    let (rows, settling) = parts.await?;
    let heads =
        ["unit", "account", "channel", "trust_word", "valid", "trust_limits", "trust_ground", "trust_by"];
    Ok(TrustPage {
        csrf: signed.csrf.clone(),
        can_end: ENDERS.contains(&signed.actor.role),
        sees_proposals: proposal::READERS.contains(&signed.actor.role),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        typed: Fields::default(),
        listing: Listing { caption: lang.t("way_trust"), heads: heads.map(|key| lang.t(key)).to_vec(), rows },
        settling,
        frame,
    })
}

type Parts = (Vec<Vec<Cell>>, Vec<(String, String)>);

fn parts(conn: &mut Conn, actor: &Actor, lang: Lang, today: BusinessDay) -> Result<Parts> {
    let (mut rows, mut settling) = (Vec::new(), Vec::new());
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let mut histories = trust::histories(conn, &ids)?;
    let numbers: HashMap<(UnitId, AccountId), String> = account::of_units(conn, &ids)?
        .into_iter()
        .map(|account| ((account.unit, account.id), account.account_no))
        .collect();
    for unit in units {
        let decided = histories.remove(&unit.id).unwrap_or_default();
        for (at, one) in decided.iter().enumerate().rev() {
            let number = numbers.get(&(unit.id, one.account)).map_or("", String::as_str);
            let is_last = decided[at + 1..]
                .iter()
                .all(|later| (later.account, &later.channel) != (one.account, &one.channel));
            let is_settling = is_last && one.trust.settles_on(today);
            rows.push(row(conn, lang, &unit.name, number, one, is_settling)?);
            if is_settling {
                let words = format!("{} {number} – {}", unit.code, one.channel);
                settling.push((format!("{}/{}", one.account, one.channel), words));
            }
        }
    }
    Ok((rows, settling))
}

fn row(
    conn: &mut Conn,
    lang: Lang,
    unit: &str,
    number: &str,
    one: &Decided,
    is_settling: bool,
) -> Result<Vec<Cell>> {
    let is_grant = one.trust.level == Level::Settles;
    let (key, tone) = match (is_grant, is_settling, one.maker) {
        (true, true, _) => ("trust_settles", "done"),
        (true, false, _) => ("trust_over", "gone"),
        (false, _, Some(_)) => ("trust_ended", "gone"),
        (false, _, None) => ("trust_suspended", "late"),
    };
    let valid = match is_grant {
        true => format!("{} – {}", day(one.trust.valid_from), day(one.trust.valid_until)),
        false => String::new(),
    };
    let limits = match is_grant {
        true => {
            let days = lang.with("trust_days", one.trust.age_limit_days);
            format!("{} / {} / {days}", one.trust.claim_limit, one.trust.unproven_limit)
        }
        false => String::new(),
    };
    let mut by = vec![time(one.decided_at)];
    for person in [one.maker, one.checker].into_iter().flatten() {
        by.push(name(conn, person)?);
    }
    Ok(vec![
        Cell::text(unit),
        Cell::mono(number),
        Cell::mono(one.channel.clone()),
        Cell::state(lang.t(key), tone),
        Cell::text(valid),
        Cell::text(limits),
        Cell::text(one.ground.clone()),
        Cell::text(by.join(" · ")),
    ])
}

fn name(conn: &mut Conn, person: PersonId) -> Result<String> {
    // Grants of before persons were registered name nobody any more.
    Ok(person_name(conn, person).unwrap_or_else(|_| person.to_string()))
}

/// `POST /finance/trust/end`: its claims wait for the statement again, from now on.
pub async fn end(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let by = By::confirmed(&ENDERS);
    let Acted { signed, fields, done } = acting::act(&request, signed, form, &shared, by, ended).await?;
    match done {
        Ok(()) => Ok(see("/finance/trust")),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn ended(app: &App, actor: &Actor, fields: &Fields) -> Result<()> {
    let (account, channel) = fields.trimmed("trusted").split_once('/').unwrap_or_default();
    app.write(actor, |tx, stamp| {
        let (unit, account) = account_named(tx, actor, account)?;
        trust::end(tx, stamp, actor, (unit, account, channel), fields.get("reason")).map(|_| ())
    })
}
