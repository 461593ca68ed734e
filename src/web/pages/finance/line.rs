//! `/finance/lines/{id}`: one line of a bank statement: as the bank wrote it, what was read, where it came
//! from, what it was matched with and why, who decided, what asks about it, and the way to take it apart.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::originals::paid_by;
use super::workbench::{TEXT_READERS, purpose};
use super::{READERS, stored, undoing, versions};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::exception::{self, State, Subject};
use crate::id::{AccountId, LineId, MovementId, UnitId};
use crate::payment::undo::Foreseen;
use crate::payment::unmatch;
use crate::reconciliation::classification::Class;
use crate::reconciliation::explanation::{self, Explanation, Part, Reason};
use crate::reconciliation::explanation_query;
use crate::statement::{self, LineTexts, StoredLine, version};
use crate::store::{Conn, Stamp, Tx};
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::detail;
use crate::web::pages::frame::Frame;
use crate::web::pages::listing::{Cell, Listing, day, or_dash, time};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;
use crate::{audit, identity, unit};

#[derive(Template)]
#[template(path = "line.html")]
struct LinePage {
    frame: Frame,
    id: LineId,
    unit: String,
    account: AccountId,
    account_no: String,
    amount: String,
    /// What was read, each with its name.
    read: Vec<(&'static str, String)>,
    /// How it stands, each with its name.
    stands: Vec<(&'static str, String)>,
    /// As the bank wrote it; None for those who may not see it.
    raw: Option<String>,
    matches: Listing,
    items: Listing,
    versions: Listing,
    /// What taking it apart would do, or why it cannot be.
    undoes: Vec<String>,
    can_undo: bool,
}

/// `GET /finance/lines/{id}`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let id: LineId = extract::path(&request, "id")?;
    let frame = Frame::of(&signed, &request);
    let (app, actor) = (Arc::clone(shared.app()), signed.actor);
    let page = block(move || {
        let missing = || Error::not_found("line_not_found", "no such statement line in your scope");
        let (unit, texts) = app.write(&actor, |tx, stamp| {
            let unit = explanation_query::unit_of(tx, &actor.scope, id)?.ok_or_else(missing)?;
            Ok((unit, texts(tx, stamp, &actor, (unit, id))?))
        })?;
        app.read(&actor, |conn| compose(conn, frame, &actor, (unit, id), texts))
    });
    Ok(html(StatusCode::OK, &page.await?))
}

/// The texts, for those who may read them; seeing them leaves a trace.
fn texts(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, LineId),
) -> Result<Option<LineTexts>> {
    if !TEXT_READERS.contains(&actor.role) {
        return Ok(None);
    }
    let line = statement::line_query::line(tx, unit, id)?;
    let found = statement::line_texts(tx, stamp.vault, unit, id, line.key, &line.memo_cipher)?;
    let entry = audit::Entry::by(actor, unit, "line.texts_seen", id).with(purpose(actor.role));
    audit::record(tx, stamp, &[entry])?;
    Ok(Some(found))
}

fn compose(
    conn: &mut Conn,
    frame: Frame,
    actor: &Actor,
    (unit, id): (UnitId, LineId),
    texts: Option<LineTexts>,
) -> Result<LinePage> {
    let line = statement::line_query::line(conn, unit, id)?;
    let told = explanation::explain(conn, unit, id)?;
    let may_ask = unmatch::ASKERS.contains(&actor.role);
    let foreseen = Foreseen::of(unmatch::plan(conn, unit, id).map(|plan| plan.effect))?;
    Ok(LinePage {
        id,
        unit: unit::find(conn, unit)?.name,
        account: line.account,
        account_no: unit::account::find(conn, unit, line.account)?.account_no,
        amount: line.amount.to_string(),
        read: read(conn, frame.lang, &line, texts.as_ref())?,
        stands: stands(frame.lang, &line, &told),
        raw: texts.map(|texts| texts.raw),
        matches: matches(conn, &frame, unit, &told.parts)?,
        items: items(conn, &frame, unit, &told)?,
        versions: versions_of(conn, &frame, &line)?,
        undoes: undoing::words(conn, frame.lang, unit, &foreseen)?,
        can_undo: may_ask && matches!(foreseen, Foreseen::Does(_)),
        frame,
    })
}

/// What the reader made of the bank's text, and the statement that brought it. What is not there is left out.
fn read(
    conn: &mut Conn,
    lang: Lang,
    line: &StoredLine,
    texts: Option<&LineTexts>,
) -> Result<Vec<(&'static str, String)>> {
    let brought = statement::query::statement(conn, line.unit, line.statement)?;
    let number = brought.number.map(|number| format!(" · {number}")).unwrap_or_default();
    let from = format!("{}{number} · {} · {}", brought.format, day(brought.closing_on), line.line_no);
    let text = |of: fn(&LineTexts) -> Option<String>| texts.and_then(of).unwrap_or_default();
    let sender = |texts: &LineTexts| {
        let both = [texts.counterparty_name.clone(), texts.counterparty_account.clone()];
        Some(both.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    };
    let found = [
        ("line_from", from),
        ("line_taken_at", time(brought.created_at)),
        ("line_booked_on", day(line.booking_date)),
        ("line_value_on", line.value_date.map(day).unwrap_or_default()),
        ("workbench_reference", line.bank_reference.clone().unwrap_or_default()),
        ("line_own_reference", line.reference.clone().unwrap_or_default()),
        ("memo", text(|texts| Some(texts.memo.clone()))),
        ("workbench_sender", text(sender)),
        ("line_codes", line.codes.join(" ")),
        ("line_damaged", line.damaged.join(" ")),
        ("line_marked", if line.is_reversal { lang.t("yes").to_owned() } else { String::new() }),
    ];
    Ok(named(lang, found))
}

/// How it was posted, and by which rule where no movement explains it.
fn stands(lang: Lang, line: &StoredLine, told: &Explanation) -> Vec<(&'static str, String)> {
    let case =
        told.case.as_deref().map_or(lang.t("line_not_looked_at").to_owned(), |case| stored::case(lang, case));
    let class = told.class.as_deref().and_then(|class| Class::parse(class).ok());
    let posted = told.accounting_date.or(line.posted_on);
    let found = [
        ("line_case", case),
        ("line_class", class.map(|class| lang.pick(class.vi(), class.en()).to_owned()).unwrap_or_default()),
        ("line_posted_on", posted.map(day).unwrap_or_default()),
        ("line_matched", line.matched.to_string()),
        ("line_open", line.open().to_string()),
        ("line_decided_by", told.decided_by.as_ref().map(|why| reason(lang, why)).unwrap_or_default()),
    ];
    named(lang, found)
}

fn named<const N: usize>(lang: Lang, found: [(&'static str, String); N]) -> Vec<(&'static str, String)> {
    let found = found.into_iter().filter(|(_, value)| !value.is_empty());
    found.map(|(key, value)| (lang.t(key), value)).collect()
}

/// The rule, its level, and what it saw.
fn reason(lang: Lang, reason: &Reason) -> String {
    let level = reason.level.map(|level| lang.with("line_level", level));
    let seen = Some(detail::of_evidence(lang, &reason.evidence)).filter(|words| !words.is_empty());
    let words = [Some(reason.rule.clone()), level, seen];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Each match with what was paid by it; one that was taken back stays, with the one that undid it.
fn matches(conn: &mut Conn, frame: &Frame, unit: UnitId, parts: &[Part]) -> Result<Listing> {
    let movements: Vec<MovementId> = parts.iter().map(|part| part.movement).collect();
    let paid = paid_by(conn, unit, &movements)?;
    let mut rows = Vec::with_capacity(parts.len());
    for part in parts {
        let is_gone = part.undoes.is_some() || parts.iter().any(|one| one.undoes == Some(part.id));
        let (key, tone) = if is_gone { ("line_taken_apart", "gone") } else { ("line_stands", "done") };
        let mut who = Vec::new();
        for person in [part.maker, part.checker].into_iter().flatten() {
            who.push(identity::called(conn, person)?);
        }
        let who = if who.is_empty() { frame.t("line_by_itself").to_owned() } else { who.join(", ") };
        rows.push(vec![
            Cell::mono(part.movement.to_string()),
            match paid.get(&part.movement) {
                Some(owed) => Cell::link(owed.dossier_code.clone(), format!("/p/{}", owed.reference_code)),
                None => Cell::text("–"),
            },
            Cell::figure(part.amount),
            Cell::text(reason(frame.lang, &part.reason)),
            Cell::text(format!("{who} · {}", time(part.matched_at))),
            Cell::state(frame.t(key), tone),
        ]);
    }
    let heads = ["line_movement", "line_paid", "amount", "line_why", "line_who", "state"];
    Ok(Listing { caption: frame.t("line_matches"), heads: heads.map(|key| frame.t(key)).to_vec(), rows })
}

/// What asks or asked about the line, or about what it was matched with.
fn items(conn: &mut Conn, frame: &Frame, unit: UnitId, told: &Explanation) -> Result<Listing> {
    let mut subjects = vec![Subject::Line(told.line)];
    subjects.extend(told.parts.iter().map(|part| Subject::Movement(part.movement)));
    let found = exception::query::about(conn, unit, &subjects)?.into_iter();
    let rows = found.map(|item| {
        let title = frame.lang.pick(item.title_vi(), item.title_en());
        let tone = if item.state == State::Resolved { "done" } else { "wait" };
        vec![
            Cell::link(title, format!("/finance/exceptions/{}", item.id)),
            Cell::text(day(item.opened_on)),
            Cell::figure(item.amount),
            Cell::state(stored::value(frame.lang, item.state.as_str()), tone),
        ]
    });
    let heads = ["line_item", "day", "amount", "state"].map(|key| frame.t(key)).to_vec();
    Ok(Listing { caption: frame.t("line_items"), heads, rows: rows.collect() })
}

/// Corrections of the statement that brought the line, and the one that it is itself.
fn versions_of(conn: &mut Conn, frame: &Frame, line: &StoredLine) -> Result<Listing> {
    let brought = statement::query::statement(conn, line.unit, line.statement)?;
    let is_it = |one: &version::Version| {
        one.replaces == brought.id
            || (one.file_sha256 == brought.file_sha256 && one.position == brought.position)
    };
    let states = ["applied", "held", "proposed", "accepted", "dismissed"];
    let found = version::in_state(conn, line.unit, line.account, &states)?.into_iter().filter(is_it);
    let rows = found.map(|one| {
        let number = Cell::link(or_dash(one.number), format!("/finance/versions/{}", one.id));
        let state = versions::state_words(frame.lang, &one.state);
        vec![number, Cell::text(day(one.closing_on)), Cell::text(state)]
    });
    let heads = ["matter_number", "day", "state"].map(|key| frame.t(key)).to_vec();
    Ok(Listing { caption: frame.t("line_versions"), heads, rows: rows.collect() })
}
