//! The books of a unit as files: trial balance, journal, bank book, cash book, fee detail book.

use std::str::FromStr;
use std::sync::Arc;

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::books::{AccountQuery, account_asked};
use super::unit_asked;
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::report::chart::Charts;
use crate::report::sheet::Form;
use crate::report::{self, Book, Period, trial_balance};
use crate::store::Tx;
use crate::web::extract::{self, Caller};
use crate::web::respond::{Answer, block};
use crate::web::{Shared, bundle};

const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    unit: Option<String>,
    account: Option<String>,
    from: BusinessDay,
    until: BusinessDay,
    #[serde(default = "csv")]
    format: String,
}

/// The books by name.
#[derive(Clone, Copy)]
pub(in crate::web) enum Name {
    Trial,
    Journal,
    Bank,
    Cash,
    Fees,
}

impl Name {
    pub(in crate::web) const ALL: [Name; 5] =
        [Name::Trial, Name::Journal, Name::Bank, Name::Cash, Name::Fees];

    pub(in crate::web) fn as_str(self) -> &'static str {
        match self {
            Name::Trial => "trial",
            Name::Journal => "journal",
            Name::Bank => "bank",
            Name::Cash => "cash",
            Name::Fees => "fees",
        }
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Name> {
        Name::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| Error::not_found("book_unknown", "trial, journal, bank, cash or fees"))
    }
}

fn csv() -> String {
    "csv".to_owned()
}

/// `GET /api/v1/books/{book}?unit=&account=&from=&until=&format=csv|xlsx`, written as it is read.
pub async fn file(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    sent(&request, caller.0, shared).await
}

/// The book that the path names, over the period of the query.
pub(in crate::web) async fn sent(request: &HttpRequest, actor: Actor, shared: web::Data<Shared>) -> Answer {
    actor.require_role(&READERS)?;
    let name: Name = extract::path(request, "book")?;
    let asked: Asked = extract::query(request)?;
    let form = Form::parse(&asked.format)?;
    let period = Period::new(asked.from, asked.until)?;
    let client = actor.client.map(|id| id.to_string()).or(actor.person.map(|id| id.to_string()));
    let slot = shared.staff_bundles.take(client.unwrap_or_else(|| actor.role.as_str().to_owned()))?;
    let app = Arc::clone(shared.app());
    let (unit, book) = block(move || {
        app.write(&actor, |tx, stamp| {
            let (unit, book) = book_asked(tx, &actor, name, &asked)?;
            let detail = format!("{} {}/{} {}", name.as_str(), period.from, period.until, form.suffix());
            audit::record(tx, stamp, &[audit::Entry::by(&actor, unit, "book.exported", detail)])?;
            Ok((crate::unit::find(tx, unit)?, book))
        })
    })
    .await?;
    let app = Arc::clone(shared.app());
    let charts = Charts::of_unit(&app.config.books, &unit.code)?;
    let file = format!("{}-{}-{}-{}.{}", name.as_str(), unit.code, period.from, period.until, form.suffix());
    bundle::stream(slot, (&file, form.media_type()), move |out| {
        let scope = Scope::unit(unit.id);
        match book {
            Some(book) => {
                let asked = (book, period);
                report::write_as(form, &app.store, &scope, unit.id, asked, &charts, out).map(|one| one.count)
            }
            None => {
                let rows = app.store.read(&scope, |conn| trial_balance::rows(conn, &unit, period))?;
                trial_balance::table(&unit, period, &rows, &charts)?.write_as(form, out)?;
                Ok(rows.len())
            }
        }
    })
}

/// The book; the trial balance is a view of all accounts at once and none of them.
fn book_asked(tx: &mut Tx<'_>, actor: &Actor, name: Name, asked: &Asked) -> Result<(UnitId, Option<Book>)> {
    let unit = unit_asked(tx, actor, asked.unit.as_deref())?;
    let book = match name {
        Name::Trial => None,
        Name::Journal => Some(Book::Journal),
        Name::Cash => Some(Book::Cash),
        Name::Fees => Some(Book::Fees),
        Name::Bank => {
            let query = AccountQuery { unit: asked.unit.clone(), account: asked.account.clone() };
            Some(Book::Bank(account_asked(tx, actor, &query)?.1))
        }
    };
    Ok((unit, book))
}
