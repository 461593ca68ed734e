//! A partner's file on a page: chosen with what it is about, looked at, taken on; where it cannot be read is
//! told. What was taken on stands below, the newest first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::columns::Columns;
use super::report_page::{Ask, unit_choices, unit_named};
use super::{account_named, accounts};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::payment::partner_file::{Fault, Faults};
use crate::store::Conn;
use crate::unit::Unit;
use crate::web::extract::API_BODY_LIMIT_BYTES;
use crate::web::pages::fields::{Fields, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::Listing;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::upload::{self, Chosen};
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};

/// Rows of a preview; a file may have thousands.
pub(super) const SHOWN_ITEMS: usize = 50;
/// Papers that were taken on, of one unit or of all in sight.
pub(super) const SHOWN_TAKEN: i64 = 100;

#[derive(Template)]
#[template(path = "imports.html")]
pub(super) struct ImportsPage {
    pub frame: Frame,
    pub csrf: String,
    pub wrong: Wrong,
    pub title: &'static str,
    pub lead: &'static str,
    pub action: &'static str,
    /// The list of all that was taken on.
    pub list: &'static str,
    /// What the columns of the file are.
    pub hint: &'static str,
    pub can_import: bool,
    pub asks: Vec<Ask>,
    /// Which column of the file is what, where it has to be asked.
    pub columns: Option<Columns>,
    /// The bad rows of the file, each with its place and what is wrong there; then how many more there are.
    pub faults: Vec<String>,
    /// What the file adds up to, and its first rows.
    pub preview: Option<Preview>,
    pub taken: Vec<Listing>,
}

/// What was found in a file.
pub(super) struct Preview {
    pub sums: Vec<(&'static str, String)>,
    pub listing: Listing,
}

/// Why a file was not taken.
pub(super) enum Refusal {
    Unreadable(Faults),
    Wrong(Error),
}

impl Refusal {
    /// The line at which the headings of a table are not known.
    pub fn unknown_at(&self) -> Option<usize> {
        match self {
            Refusal::Unreadable(faults) => faults.unknown_headings_at(),
            Refusal::Wrong(_) => None,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Wrong(error)
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Refusal {
        Refusal::Unreadable(faults)
    }
}

/// What became of a file: looked at, or taken on and seen at its own page.
pub(super) enum Outcome<S> {
    Seen(S),
    Taken(String),
}

/// The form again with what was found in the file or why it was not taken; the page of what was taken on.
/// `compose` draws the form, `preview` what was found; `columns` is what it asks of the columns of the file.
pub(super) async fn answer<S>(
    (outcome, columns): (std::result::Result<Outcome<S>, Refusal>, Option<Columns>),
    fields: &Fields,
    compose: impl Future<Output = Result<ImportsPage>>,
    preview: impl FnOnce(&Frame, S) -> Result<Preview>,
) -> Page {
    if let Ok(Outcome::Taken(place)) = outcome {
        return Ok(see(place));
    }
    let mut page = compose.await?;
    page.columns = columns;
    for ask in &mut page.asks {
        // What was typed stays; only the file is chosen again.
        ask.value = fields.get(ask.name).to_owned();
    }
    match outcome {
        Ok(Outcome::Seen(found)) => {
            page.preview = Some(preview(&page.frame, found)?);
            return Ok(html(StatusCode::OK, &page));
        }
        Ok(Outcome::Taken(_)) => {}
        Err(refusal) => refuse(&mut page, refusal, fields)?,
    }
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

/// Notes on the page why a file was not taken; what is no fault of the form goes on as an error.
fn refuse(page: &mut ImportsPage, refusal: Refusal, fields: &Fields) -> Result<()> {
    let lang = page.frame.lang;
    match refusal {
        Refusal::Wrong(error) => page.wrong = Wrong::all(faults(fields), error, lang)?,
        Refusal::Unreadable(faults) => {
            page.faults = faults.told.iter().map(|fault| told(lang, fault)).collect();
            page.faults.extend((faults.more > 0).then(|| lang.with("import_more", faults.more)));
        }
    }
    Ok(())
}

/// What cannot be read of the form, in its order. Looking at a file asks for no day.
fn faults(fields: &Fields) -> Vec<Error> {
    let of_day = if fields.get("do") == "import" { settled_on(fields).err() } else { None };
    let of_money = ["fee", "charge"].into_iter().filter_map(|name| fields.dong(name).err());
    of_day.into_iter().chain(of_money).collect()
}

/// A bad row: its line, the column where it is one cell, and what is wrong there.
pub(super) fn told(lang: Lang, fault: &Fault) -> String {
    let mut place = lang.with("import_line", fault.line);
    if let Some(field) = fault.column {
        place = format!("{place}, {}", lang.with("import_column", lang.pick(field.vi(), field.en())));
    }
    format!("{place}: {}", lang.pick(&fault.why.vi(), &fault.why.en()))
}

/// The fields of the form that finance sent, and its file.
pub(super) async fn sent(
    request: &HttpRequest,
    signed: &Signed,
    payload: web::Payload,
) -> Result<(Fields, Chosen)> {
    check_origin(request)?;
    signed.require(&[Role::Finance])?;
    let limit = upload::Limit::of_staff(API_BODY_LIMIT_BYTES);
    let (fields, file) = upload::form(request, payload, limit, "file").await?;
    signed.check_token(fields.get("csrf"))?;
    Ok((fields, file))
}

/// A file that was chosen.
pub(super) fn chosen(file: Chosen) -> Result<Vec<u8>> {
    file.file("file")?.ok_or_else(|| Error::invalid("file", "field_missing", "choose a file"))
}

/// What every such form asks: unit, account, reference, day.
pub(super) fn asks(conn: &mut Conn, frame: &Frame, actor: &Actor, today: BusinessDay) -> Result<Vec<Ask>> {
    let mut held = vec![(String::new(), frame.t("import_receiving").to_owned())];
    for (unit, account) in accounts(conn, actor)? {
        held.push((account.id.to_string(), format!("{} – {}", unit.name, account.account_no)));
    }
    Ok(vec![
        Ask::one_of("unit", frame.t("unit"), "", unit_choices(conn, actor)?),
        Ask::one_of("account", frame.t("account"), "", held),
        Ask::text("reference", frame.t("import_reference"), ""),
        Ask::day("settled_on", frame.t("import_settled_on"), today),
    ])
}

/// The unit, and the account where one other than the receiving one is named.
pub(super) fn place_named(
    conn: &mut Conn,
    actor: &Actor,
    fields: &Fields,
) -> Result<(Unit, Option<AccountId>)> {
    let unit = unit_named(conn, actor, fields.get("unit"))?;
    let account = match fields.trimmed("account") {
        "" => None,
        text => Some(of_unit(account_named(conn, actor, text)?, unit.id)?),
    };
    Ok((unit, account))
}

fn of_unit((held_by, account): (UnitId, AccountId), unit: UnitId) -> Result<AccountId> {
    let wrong = || Error::invalid("account", "account_not_found", "not an account of this unit");
    (held_by == unit).then_some(account).ok_or_else(wrong)
}

pub(super) fn settled_on(fields: &Fields) -> Result<BusinessDay> {
    let wrong = |_| Error::invalid("settled_on", "date_unreadable", "a day");
    fields.trimmed("settled_on").parse().map_err(wrong)
}
