//! `/finance/books`: the books of a unit over a period, to look at and as files: trial balance, journal,
//! bank book, cash book, fee detail book.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::READERS;
use super::report_page::{
    Ask, ReportPage, call, listing, names, part, period_typed, unit_choices, unit_named,
};
use crate::actor::Actor;
use crate::app::App;
use crate::error::{Error, Result};
use crate::report::chart::Charts;
use crate::report::table::Table;
use crate::report::{self, Book, Period, trial_balance};
use crate::store::Conn;
use crate::unit::{Unit, account};
use crate::web::Shared;
use crate::web::api::ledgers::{self, Name};
use crate::web::extract;
use crate::web::pages::fields::Wrong;
use crate::web::pages::frame::Frame;
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, html};
use crate::web::respond::block;

/// Postings on the page; the file has all of them.
const SHOWN: usize = 200;

/// What the page is asked with, as it came.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    unit: String,
    book: String,
    account: String,
    from: String,
    until: String,
}

/// A book, and the question with what stood for what was left out.
struct Found {
    asked: Asked,
    table: Table,
    /// Accounts by their numbers and fee items by their names.
    names: Vec<(String, String)>,
    /// What stands for the reader about how much of it this is.
    note: Option<&'static str>,
}

/// `GET /finance/books?unit=&book=&account=&from=&until=`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    signed.require(&READERS)?;
    let asked: Asked = extract::query(&request).unwrap_or_default();
    let frame = Frame::of(&signed, &request);
    let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), asked.clone());
    let lang = frame.lang;
    let (choices, accounts, found) = block(move || {
        app.read(&actor, |conn| {
            let choices = unit_choices(conn, &actor)?;
            let accounts = match unit_named(conn, &actor, &typed.unit) {
                Ok(unit) => account::of_unit(conn, unit.id)?,
                Err(_) => Vec::new(),
            };
            let accounts: Vec<String> = accounts.into_iter().map(|account| account.account_no).collect();
            Ok((choices, accounts, found(conn, &app, &actor, lang, &typed)))
        })
    })
    .await?;
    let (status, wrong, found) = match found {
        Ok(found) => (StatusCode::OK, Wrong::default(), Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, Wrong::of(error, frame.lang)?, None),
    };
    let asked = found.as_ref().map_or(asked, |found| found.asked.clone());
    let mut page = ReportPage {
        wrong,
        title: frame.t("way_books"),
        lead: frame.t("books_lead"),
        action: "/finance/books",
        asks: asks(&frame, &asked, choices, accounts),
        notes: Vec::new(),
        file: None,
        chart: None,
        listings: Vec::new(),
        hand: None,
        beside: vec![
            ("/finance/figures", frame.t("way_figures")),
            ("/finance/cut-off", frame.t("way_cut_off")),
            ("/finance/lists", frame.t("way_lists")),
        ],
        frame,
    };
    if let Some(found) = found {
        show(&mut page, &found);
    }
    Ok(html(status, &page))
}

fn show(page: &mut ReportPage, found: &Found) {
    let lang = page.frame.lang;
    page.notes = found.table.title.iter().skip(1).map(|line| part(lang, line).to_owned()).collect();
    page.notes.extend(found.note.map(|key| lang.with(key, SHOWN)));
    let asked = &found.asked;
    let account = if asked.book == "bank" { format!("&account={}", asked.account) } else { String::new() };
    let (book, unit) = (&asked.book, &asked.unit);
    let (from, until) = (&asked.from, &asked.until);
    page.file = Some(format!("/finance/books/{book}/file?unit={unit}{account}&from={from}&until={until}"));
    let mut shown = listing(lang, words(lang, &asked.book), &found.table);
    if lang == Lang::En {
        for cell in shown.rows.iter_mut().flatten() {
            cell.text = report::in_english(&cell.text).unwrap_or_else(|| std::mem::take(&mut cell.text));
        }
    }
    call(&found.names, &mut shown);
    page.listings = vec![shown];
}

fn asks(frame: &Frame, asked: &Asked, units: Vec<(String, String)>, accounts: Vec<String>) -> Vec<Ask> {
    let books = Name::ALL.map(|book| (book.as_str().to_owned(), words(frame.lang, book.as_str()).to_owned()));
    let accounts = accounts.into_iter().map(|number| (number.clone(), number)).collect();
    vec![
        Ask::one_of("unit", frame.t("unit"), &asked.unit, units),
        Ask::one_of("book", frame.t("books_book"), &asked.book, books.into()),
        Ask::one_of("account", frame.t("books_account"), &asked.account, accounts),
        Ask::day("from", frame.t("duties_from"), &asked.from),
        Ask::day("until", frame.t("duties_until"), &asked.until),
    ]
}

fn words(lang: Lang, book: &str) -> &'static str {
    lang.t(match book {
        "journal" => "book_journal",
        "bank" => "book_bank",
        "cash" => "book_cash",
        "fees" => "book_fees",
        _ => "book_trial",
    })
}

fn found(conn: &mut Conn, app: &App, actor: &Actor, lang: Lang, typed: &Asked) -> Result<Found> {
    let unit = unit_named(conn, actor, &typed.unit)?;
    let period = period_typed(&typed.from, &typed.until, app.stamp().today())?;
    let book = if typed.book.is_empty() { "trial" } else { typed.book.as_str() };
    let name: Name = book.parse().map_err(|_| Error::invalid("book", "book_unknown", "no such book"))?;
    let charts = Charts::of_unit(&app.config.books, &unit.code)?;
    let (table, note, account) = drawn(conn, (&unit, name, &typed.account), period, &charts)?;
    // A service without a tariff has books nevertheless.
    let tariff = app.tariff_on(conn).ok();
    let names = names(conn, lang, tariff.as_deref(), &unit)?;
    let asked = Asked {
        unit: unit.code,
        book: name.as_str().to_owned(),
        account,
        from: period.from.to_string(),
        until: period.until.to_string(),
    };
    Ok(Found { asked, table, names, note })
}

/// The book, what is to be said of how much of it is shown, and the account it is of.
fn drawn(
    conn: &mut Conn,
    (unit, name, account): (&Unit, Name, &str),
    period: Period,
    charts: &Charts,
) -> Result<(Table, Option<&'static str>, String)> {
    let book = match name {
        Name::Trial => {
            let rows = trial_balance::summed(conn, unit, period)?;
            let table = trial_balance::table(unit, period, &rows, charts)?;
            return Ok((table, Some("books_summed"), account.to_owned()));
        }
        Name::Journal => Book::Journal,
        Name::Cash => Book::Cash,
        Name::Fees => Book::Fees,
        Name::Bank => {
            let held = account::of_unit(conn, unit.id)?;
            let held = held.into_iter().find(|one| account.is_empty() || one.account_no == account);
            let held =
                held.ok_or_else(|| Error::invalid("account", "account_not_found", "not of this unit"))?;
            let (table, is_whole) =
                report::head(conn, unit.id, (Book::Bank(held.id), period), charts, SHOWN)?;
            return Ok((table, beginning(is_whole), held.account_no));
        }
    };
    let (table, is_whole) = report::head(conn, unit.id, (book, period), charts, SHOWN)?;
    Ok((table, beginning(is_whole), account.to_owned()))
}

fn beginning(is_whole: bool) -> Option<&'static str> {
    (!is_whole).then_some("books_beginning")
}

/// `GET /finance/books/{book}/file?unit=&account=&from=&until=&format=csv|xlsx`
pub async fn file(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    ledgers::sent(&request, signed.actor, shared).await.map_err(|failure| failure.0.into())
}
