//! `bienlai month …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::day::Place;
use super::office::{self, Office};
use super::{DONE, NO, print_json, table, unreadable};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::reconciliation::day_close::certificate::ordinal;
use crate::reconciliation::month_close::{self, Certificate, Closing, Month, page};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Close a month of a bank account: every day of it must be closed
    ///
    /// Exit code 1 when days are open; the answer lists them.
    Close(Close),
    /// The certificates of an account's months, and whether their chain holds
    ///
    /// Exit code 1 when it does not.
    List(List),
    /// Write a month's certificate as a page (PDF, the signed bytes attached) or as the bytes (XML)
    Certificate(Write),
}

#[derive(Debug, Args)]
pub struct Close {
    #[command(flatten)]
    place: Place,
    /// YYYY-MM
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// The person who closes it, as per_…; without it the trail names the program
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub struct Write {
    #[command(flatten)]
    place: Place,
    /// YYYY-MM
    #[arg(long, value_name = "MONTH")]
    month: Month,
    /// Where to write: *.pdf, or *.xml for exactly the signed bytes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Close(asked) => close(&office, &asked),
        Command::List(asked) => list(&office, &asked),
        Command::Certificate(asked) => write(&office, &asked),
    }
}

fn close(office: &Office, asked: &Close) -> Result<u8> {
    let (unit, account) = office.read(&Actor::system(), |conn| asked.place.find(conn))?;
    let actor = office.acting_if_named(office::BOOKKEEPERS, asked.person, |_| Ok(unit.id))?;
    let place = (unit.id, account.id);
    let closing =
        month_close::close(&office.store, &office.keyring, &|| office.stamp(), &actor, place, asked.month)?;
    let month = asked.month.to_string();
    match closing {
        Closing::Closed(certificate) => {
            print_json(&json!({
                "unit": unit.code, "account": account.account_no, "month": month, "closed": true,
                "certificate": certificate.id, "document_sha256": certificate.document_sha256,
            }))?;
            Ok(DONE)
        }
        Closing::Refused(days) => {
            print_json(&json!({
                "unit": unit.code, "account": account.account_no, "month": month, "closed": false,
                "open_days": days,
            }))?;
            Ok(NO)
        }
    }
}

fn list(office: &Office, asked: &List) -> Result<u8> {
    let (found, broken) = office.read(&Actor::system(), |conn| {
        let (unit, account) = asked.place.find(conn)?;
        let found = month_close::certificates(conn, unit.id, account.id)?;
        Ok((found, month_close::verify_chain(conn, unit.id, account.id)?))
    })?;
    let row = |one: &Certificate| {
        vec![
            Month::of(one.date).to_string(),
            ordinal(one.revision).to_string(),
            one.opening.to_string(),
            one.closing.to_string(),
            one.document_sha256.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Tháng", "Lần", "Đầu kỳ", "Cuối kỳ", "SHA-256"], &rows, &[1, 2, 3]);
    match &broken {
        None => println!("liền mạch / the chain holds"),
        Some(fault) => println!("đứt gãy / broken: {fault}"),
    }
    Ok(if broken.is_none() { DONE } else { NO })
}

fn write(office: &Office, asked: &Write) -> Result<u8> {
    let (found, stands) = office.read(&Actor::system(), |conn| {
        let (unit, account) = asked.place.find(conn)?;
        let all = month_close::certificates(conn, unit.id, account.id)?;
        let newest = all.into_iter().rfind(|one| one.date == asked.month.first());
        let newest = newest.ok_or_else(|| {
            let detail = format!("{} was never closed", asked.month);
            Error::not_found("month_certificate_not_found", detail)
        })?;
        month_close::certificate_by_id(conn, unit.id, newest.id)?
            .ok_or_else(|| Error::internal("a certificate is gone"))
    })?;
    let is_xml = asked.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
    let bytes = if is_xml { found.document } else { page::render(&found.document, !stands)? };
    std::fs::write(&asked.out, bytes).map_err(|error| unreadable(&asked.out, &error))?;
    println!("{}", asked.out.display());
    Ok(DONE)
}
