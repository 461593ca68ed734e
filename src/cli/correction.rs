//! `bienlai correction …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, print_json, table};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::correction::{self, Agreement, Ask, Correction, Kind, State};
use crate::error::{Error, Result};
use crate::id::{CorrectionId, PersonId, ReceiptId};
use crate::obligation::Line;
use crate::receipt;
use crate::store::Conn;
use crate::unit;
use crate::web::correction_view;
use crate::worker;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for a receipt to be replaced, adjusted or cancelled; another person approves
    ///
    /// Lines are the receipt's lines as they should have been, all of them. An original is adjusted,
    /// the newest of a chain is replaced, and the two are never mixed. A wrong name or address alone
    /// is told by notice 04/SS and takes no new number.
    ///
    /// Example: bienlai correction request rcp_… --kind adjust --line HT-01=20000
    /// --reason "tính nhầm" --agreement 05/BB --agreed-on 2026-11-24 --about "sai số lượng" --person per_…
    Request(Request),
    /// Approve a correction and carry it out with its money; another person than the one who asked
    ///
    /// Says what it made: the new receipt, the refunds of what is too much, or the money that must be
    /// collected first. Look at `bienlai correction list` before: it shows how sure the rule is.
    Approve(Decision),
    /// Refuse a correction; nothing changes but its state
    Refuse(Refusal),
    /// The corrections of a unit, newest first, each with the certainty of its rule
    List(List),
}

#[derive(Debug, Args)]
pub struct Request {
    /// The receipt, as rcp_…
    receipt: ReceiptId,
    /// replace, adjust or cancel
    #[arg(long, value_parser = |text: &str| Kind::parse(text).map_err(|error| error.to_string()))]
    kind: Kind,
    /// An item of the receipt with its right amount; once for each line, none when cancelling
    #[arg(long = "line", value_name = "ITEM=DONG", value_parser = item_amount)]
    lines: Vec<(String, i64)>,
    #[arg(long)]
    reason: String,
    /// Number of the agreement between collector and payer
    #[arg(long, value_name = "NO")]
    agreement: String,
    /// Day of the agreement
    #[arg(long, value_name = "DATE")]
    agreed_on: BusinessDay,
    /// What the agreement says was wrong
    #[arg(long)]
    about: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The correction, as cor_…
    correction: CorrectionId,
    /// Who decides, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refusal {
    #[command(flatten)]
    decision: Decision,
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Only those that wait for a decision
    #[arg(long)]
    open: bool,
    #[arg(long)]
    json: bool,
}

fn item_amount(text: &str) -> std::result::Result<(String, i64), String> {
    let (item, amount) = text.split_once('=').ok_or("expected ITEM=DONG")?;
    let amount = amount.parse().map_err(|_| "the amount is whole đồng".to_owned())?;
    Ok((item.to_owned(), amount))
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Request(request) => ask(&office, &request)?,
        Command::Approve(decision) => approve(&office, &decision)?,
        Command::Refuse(refusal) => refuse(&office, &refusal)?,
        Command::List(list) => show(&office, &list)?,
    }
    Ok(DONE)
}

fn ask(office: &Office, request: &Request) -> Result<()> {
    let actor = office::person(Role::Finance, request.person);
    let made = office.write(&actor, |tx, stamp| {
        let not_found = || Error::not_found("receipt_not_found", "no such receipt");
        let unit = receipt::query::unit_of(tx, &actor.scope, request.receipt)?.ok_or_else(not_found)?;
        let in_force = correction::lines_in_force(tx, unit, request.receipt)?;
        let ask = Ask {
            unit,
            receipt: request.receipt,
            kind: request.kind,
            reason: request.reason.clone(),
            agreement: Agreement {
                number: request.agreement.clone(),
                on: request.agreed_on,
                about: request.about.clone(),
            },
            lines: lines(&in_force, &request.lines)?,
            payer: None,
        };
        correction::request(tx, stamp, &actor, ask)
    })?;
    print_json(&correction_view(&made))
}

fn lines(in_force: &[Line], asked: &[(String, i64)]) -> Result<Vec<Line>> {
    let mut lines = Vec::with_capacity(asked.len());
    for (item, amount) in asked {
        let known = in_force.iter().find(|line| line.item_code == *item);
        let known = known.ok_or_else(|| {
            let detail = format!("the receipt has no {item}; another item is asked for over the API");
            Error::invalid("line", "correction_line_unfit", detail)
        })?;
        lines.push(correction::at_amount(known, Dong(*amount)));
    }
    Ok(lines)
}

fn approve(office: &Office, decision: &Decision) -> Result<()> {
    let actor = office::person(Role::Approver, decision.person);
    let (changed, amended) = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, decision.correction)?;
        correction::approve(tx, stamp, &actor, unit, decision.correction)
    })?;
    worker::seal_waiting(office);
    print_json(&serde_json::json!({
        "correction": correction_view(&changed),
        "receipt": amended.receipt,
        "refunds": amended.refunds,
        "awaited": amended.awaited,
    }))
}

fn refuse(office: &Office, refusal: &Refusal) -> Result<()> {
    let actor = office::person(Role::Approver, refusal.decision.person);
    let changed = office.write(&actor, |tx, stamp| {
        let unit = correction::locate(tx, &actor.scope, refusal.decision.correction)?;
        correction::refuse(tx, stamp, &actor, unit, refusal.decision.correction, &refusal.reason)
    })?;
    print_json(&correction_view(&changed))
}

const LIST_LIMIT: i64 = 1_000;

fn show(office: &Office, list: &List) -> Result<()> {
    let state = list.open.then_some(State::Requested);
    let found = office.read(&Actor::system(), |conn: &mut Conn| {
        let unit = unit::find_by_code(conn, &list.unit)?;
        correction::list(conn, unit.id, None, state, LIST_LIMIT)
    })?;
    if list.json {
        return print_json(&found.iter().map(correction_view).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let heading = ["Correction", "Receipt", "Kind", "State", "Old", "New", "Rule", "Certainty"];
    table::print(&heading, &rows, &[4, 5]);
    Ok(())
}

fn row(item: &Correction) -> Vec<String> {
    vec![
        item.id.to_string(),
        item.receipt.to_string(),
        item.kind.as_str().to_owned(),
        item.state.as_str().to_owned(),
        item.old_amount.to_string(),
        item.new_amount.to_string(),
        item.profile.clone(),
        item.certainty.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_item_and_whole_dong() {
        assert_eq!(item_amount("HT-01=20000"), Ok(("HT-01".to_owned(), 20_000)));
        assert!(item_amount("HT-01").is_err() && item_amount("HT-01=20.5").is_err());
    }
}
