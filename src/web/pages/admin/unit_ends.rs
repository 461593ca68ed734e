//! What a unit's page shows of alarms, names, ended accounts and a merger, and handing the unit over.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::unit_coded;
use super::units::compose;
use crate::actor::Role;
use crate::app::App;
use crate::error::Result;
use crate::receipt::key::alarm;
use crate::report::winding_up;
use crate::store::Conn;
use crate::unit::{Unit, account, naming, succession};
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::finance::confirm;
use crate::web::pages::frame::see;
use crate::web::pages::listing::{Cell, Listing, day, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};

/// The lists, and whether the unit waits to be handed over.
pub(super) fn ends(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<(Vec<Listing>, bool)> {
    let mut listings = vec![keys(conn, lang, unit)?, names(conn, lang, unit)?, accounts(conn, lang, unit)?];
    listings.retain(|listing| !listing.rows.is_empty());
    let Some(merger) = succession::ending(conn, unit.id)? else { return Ok((listings, false)) };
    let done = winding_up::unit::handed_over(conn, unit.id)?;
    let rows = match done {
        Some((at, count)) => vec![vec![
            Cell::state(lang.t("handover_done"), "done"),
            Cell::text(format!("{} · {count} {}", time(at), lang.t("handover_moved"))),
        ]],
        None => {
            let found = winding_up::unit::obstacles(conn, &merger)?.into_iter();
            let row = |one: winding_up::Obstacle| {
                let (vi, en) = one.what.words();
                vec![Cell::state(lang.pick(vi, en), "late"), Cell::text(one.detail)]
            };
            found.map(row).collect()
        }
    };
    let heads = ["handover_what", "handover_detail"];
    listings.push(Listing {
        caption: lang.t("handover"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows,
    });
    Ok((listings, done.is_none()))
}

/// Alarms about the unit's signing keys that stand.
fn keys(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<Listing> {
    let row = |one: alarm::Open| {
        let (vi, en) = one.kind.title();
        vec![
            Cell::state(lang.pick(vi, en), "late"),
            Cell::mono(one.detail.clone()),
            Cell::text(time(one.raised_at)),
        ]
    };
    let heads = ["key_alarm", "handover_detail", "valid"];
    Ok(Listing {
        caption: lang.t("key_alarms"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: alarm::open(conn)?.into_iter().filter(|one| one.unit == unit.id).map(row).collect(),
    })
}

fn names(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<Listing> {
    let row = |one: naming::Dated| {
        vec![
            Cell::text(day(one.valid_from)),
            Cell::text(one.naming.name),
            Cell::text(one.naming.address),
            Cell::text(one.decision_no),
        ]
    };
    let heads = ["valid", "naming_name", "naming_address", "merger_decision"];
    Ok(Listing {
        caption: lang.t("namings"),
        heads: heads.map(|key| lang.t(key)).to_vec(),
        rows: naming::of_unit(conn, unit.id)?.into_iter().map(row).collect(),
    })
}

fn accounts(conn: &mut Conn, lang: Lang, unit: &Unit) -> Result<Listing> {
    let mut rows = Vec::new();
    for one in winding_up::account::ends_of_unit(conn, unit.id)? {
        let number = account::find(conn, unit.id, one.account)?.account_no;
        rows.push(vec![Cell::mono(number), Cell::text(day(one.last_day)), Cell::text(one.reason)]);
    }
    let heads = ["account", "account_last_day", "reason"];
    Ok(Listing { caption: lang.t("accounts_ended"), heads: heads.map(|key| lang.t(key)).to_vec(), rows })
}

/// `POST /admin/units/{code}/handover`: hands over what a merged unit had left.
pub async fn hand_over(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    let code = path_text(&request, "code").to_owned();
    let by = By::roles(&[Role::Administrator]);
    let handing_over = move |app: &App, signed: &Signed, fields: &Fields| -> Result<String> {
        let unit = app.read(&signed.actor, |conn| unit_coded(conn, &signed.actor, &code))?;
        confirm(app, signed, fields.get("confirm"))?;
        winding_up::unit::hand_over(&app.store, &|| app.stamp(), &signed.actor, unit.id)?;
        Ok(unit.code)
    };
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, handing_over).await?;
    match done {
        Ok(code) => Ok(see(format!("/admin/units/{code}"))),
        Err(error) => {
            let mut page = compose(&request, &signed, &shared).await?;
            page.wrong = Wrong::of(error, page.frame.lang)?;
            (page.form, page.typed) = ("handover", fields);
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}
