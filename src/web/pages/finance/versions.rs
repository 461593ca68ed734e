//! `/finance/versions/{id}`: a statement that the bank sent again with other lines: what differs, and
//! what one person proposes about it. Another person decides among what waits.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::READERS;
use super::workbench::{TEXT_READERS, purpose};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, LineId, UnitId, VersionId};
use crate::statement::version::{self, Decision, Difference, Side, Version};
use crate::statement::{line_query, line_texts};
use crate::store::Conn;
use crate::unit;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing, or_dash};
use crate::web::pages::matter::day;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Differences that the page shows; the list has all.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "version.html")]
struct VersionPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    typed: Fields,
    id: VersionId,
    account: AccountId,
    account_no: String,
    unit: String,
    number: String,
    closing_on: String,
    state: &'static str,
    differences: Listing,
    /// What is said of differences that are not shown, and where all of them are.
    rest: Option<(String, String)>,
    can_propose: bool,
    waits: bool,
}

/// `GET /finance/versions/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let none = (Wrong::default(), Fields::default());
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, none).await?))
}

/// What a version's state is called.
pub(super) fn state_words(lang: Lang, state: &str) -> &'static str {
    lang.t(match state {
        "held" => "version_held",
        "proposed" => "correct_requested",
        "accepted" => "version_accepted",
        "dismissed" => "version_dismissed",
        _ => "version_applied",
    })
}

fn locate(conn: &mut Conn, actor: &Actor, id: VersionId) -> Result<UnitId> {
    version::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("statement_version_not_found", "no such version in your scope"))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (wrong, typed): (Wrong, Fields),
) -> Result<VersionPage> {
    signed.require(&READERS)?;
    let id: VersionId = extract::path(request, "id")?;
    let frame = Frame::of(signed, request);
    let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
    block(move || {
        let (held, all) = app.read(&actor, |conn| {
            let unit = locate(conn, &actor, id)?;
            Ok((version::find(conn, unit, id)?, version::differences(conn, unit, id)?))
        })?;
        let words = words(&app, &actor, &held, &all)?;
        app.read(&actor, |conn| {
            let unit = unit::find(conn, held.unit)?;
            let rest = rest(frame.lang, all.len(), (&unit.code, held.created_at.business_day()));
            let rows = all.iter().take(SHOWN).map(|one| {
                let (key, tone) = match one.kind {
                    version::Kind::Added => ("matter_added", "wait"),
                    version::Kind::Gone => ("matter_gone", "late"),
                    version::Kind::Changed => ("matter_changed", "late"),
                };
                let money = frame.t(if one.moves_money { "yes" } else { "no" });
                let (old, new) = said(frame.lang, one, &words);
                vec![
                    Cell::state(frame.t(key), tone),
                    Cell::text(side(&one.old) + &old),
                    Cell::text(side(&one.new) + &new),
                    Cell::text(money),
                ]
            });
            let can_work = version::DECIDERS.contains(&actor.role);
            Ok(VersionPage {
                csrf,
                wrong,
                typed,
                id,
                account: held.account,
                account_no: unit::account::find(conn, unit.id, held.account)?.account_no,
                unit: unit.name,
                rest,
                number: or_dash(held.number),
                closing_on: day(held.closing_on),
                state: state_words(frame.lang, &held.state),
                differences: Listing {
                    caption: frame.t("version_differences"),
                    heads: vec![
                        frame.t("state"),
                        frame.t("version_old"),
                        frame.t("version_new"),
                        frame.t("version_moves"),
                    ],
                    rows: rows.collect(),
                },
                can_propose: can_work && held.state == "held",
                waits: held.state == "proposed",
                frame,
            })
        })
    })
    .await
}

/// The words before and after of lines on the screen that differ in nothing else, for those who may read them; seeing
/// them leaves a trace.
fn words(
    app: &App,
    actor: &Actor,
    version: &Version,
    all: &[Difference],
) -> Result<HashMap<LineId, (String, String)>> {
    if !TEXT_READERS.contains(&actor.role) {
        return Ok(HashMap::new());
    }
    let new = version::words_in_file(&app.store, &app.vault, version, all)?;
    let shown: Vec<LineId> =
        all.iter().take(SHOWN).filter_map(|one| one.line).filter(|line| new.contains_key(line)).collect();
    if shown.is_empty() {
        return Ok(HashMap::new());
    }
    app.write(actor, |tx, stamp| {
        let (mut found, mut entries) = (HashMap::new(), Vec::new());
        for line in line_query::lines_by_id(tx, version.unit, &shown)? {
            let texts = line_texts(tx, stamp.vault, line.unit, line.id, line.key, &line.memo_cipher)?;
            let now = new.get(&line.id).cloned().unwrap_or_default();
            found.insert(line.id, (texts.memo, now));
            let entry = audit::Entry::by(actor, line.unit, "line.texts_seen", line.id);
            entries.push(entry.with(purpose(actor.role)));
        }
        audit::record(tx, stamp, &entries)?;
        Ok(found)
    })
}

/// What is said behind both sides of a difference of words alone: the words, or that they differ.
fn said(lang: Lang, one: &Difference, words: &HashMap<LineId, (String, String)>) -> (String, String) {
    match one.line.and_then(|line| words.get(&line)) {
        Some((old, new)) => (format!(" “{old}”"), format!(" “{new}”")),
        None if one.is_of_words() => (String::new(), format!(" ({})", lang.t("version_words"))),
        None => Default::default(),
    }
}

/// A day that a bank sent again may differ in ten thousand lines: they are one list, on the screen and as a file.
fn rest(lang: Lang, count: usize, (unit, received): (&str, BusinessDay)) -> Option<(String, String)> {
    let left_out = count.checked_sub(SHOWN).filter(|left_out| *left_out > 0)?;
    let href = format!("/finance/lists/version_differences?unit={unit}&from={received}&until={received}");
    Some((lang.with("version_rest", left_out), href))
}

fn side(side: &Option<Side>) -> String {
    match side {
        Some(side) => {
            let reference = side.bank_reference.as_deref().unwrap_or_default();
            format!("{} {} {reference}", day(side.booking_date), side.amount)
        }
        None => "–".to_owned(),
    }
}

/// `POST /finance/versions/{id}`: proposes to accept or to dismiss it.
pub async fn propose(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&version::DECIDERS)?;
    let id: VersionId = extract::path(&request, "id")?;
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
    let proposed = block(move || {
        let decision = Decision::parse(typed.get("decision"))?;
        app.write(&actor, |tx, stamp| {
            let unit = locate(tx, &actor, id)?;
            version::propose(tx, stamp, &actor, unit, id, (decision, typed.get("reason"))).map(|_| ())
        })
    })
    .await;
    match proposed {
        Ok(()) => Ok(see(format!("/finance/versions/{id}"))),
        Err(error) => {
            let wrong = Wrong::of(error, Lang::of(&request))?;
            let page = compose(&request, &signed, &shared, (wrong, fields)).await?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_words_says_so_to_who_may_not_read_them() {
        let of = |reference: &str| Side {
            booking_date: "2026-11-28".parse().unwrap(),
            amount: crate::amount::Dong(10_000),
            bank_reference: Some(reference.to_owned()),
        };
        let changed = |new| Difference {
            kind: version::Kind::Changed,
            moves_money: false,
            line: Some(LineId(1)),
            old: Some(of("R1")),
            new: Some(of(new)),
        };
        let told = |one: &Difference, words| said(Lang::Vi, one, &words).1;
        assert_eq!(told(&changed("R1"), HashMap::new()), " (chỉ nội dung khác)");
        assert_eq!(told(&changed("R2"), HashMap::new()), "");
        let words = HashMap::from([(LineId(1), ("le phi".to_owned(), "le phi HK".to_owned()))]);
        assert_eq!(told(&changed("R1"), words), " “le phi HK”");
    }

    #[test]
    fn differences_that_are_not_shown_are_counted_and_lead_to_the_list_that_has_all() {
        let of = |count| rest(Lang::Vi, count, ("00004", "2026-11-28".parse().unwrap()));
        assert_eq!((of(0), of(SHOWN)), (None, None));
        let (words, href) = of(10_000).unwrap();
        assert!(words.contains("9900"), "{words}");
        assert!(href.ends_with("version_differences?unit=00004&from=2026-11-28&until=2026-11-28"), "{href}");
    }
}
