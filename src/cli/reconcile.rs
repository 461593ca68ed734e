//! `bienlai reconcile`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office};
use super::{DONE, NO, books, print_json, read_text, table};
use crate::actor::{Actor, Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{LineId, PersonId};
use crate::reconciliation::classification::{Class, parse_rules};
use crate::reconciliation::rulebook::{self, Change, Question};
use crate::reconciliation::{explanation, explanation_query};
use crate::statement::line_query::lines_of_day;
use crate::unit::{self, account};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Only this unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// The person who runs it, as per_…: the accounts of the units that their logins for finance see; without it the
    /// program runs it, in every unit
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Why a statement line was posted as it was: case, rule, level, what was compared
    Explain(Explain),
    /// The lines booked on a day, with what they were posted as
    Lines(Lines),
    /// Which lines of past days other rules would classify otherwise; writes nothing
    WhatIf(WhatIf),
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The line, as lin_…
    line: LineId,
}

#[derive(Debug, Args)]
pub struct Lines {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
}

#[derive(Debug, Args)]
pub struct WhatIf {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account's number; all accounts of the unit when left out
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    /// The first booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
    /// The last booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// The changed rules, as profiles/classification/default.toml has them
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(config: &Path, options: Options) -> Result<u8> {
    let office = Office::open(config)?;
    match &options.command {
        Some(Command::Explain(asked)) => explain(&office, asked.line),
        Some(Command::Lines(asked)) => lines(&office, asked),
        Some(Command::WhatIf(asked)) => what_if(&office, asked),
        None => reconcile(&office, &options),
    }
}

fn reconcile(office: &Office, options: &Options) -> Result<u8> {
    let actor = office.acting_over(Role::Finance, options.person)?;
    let mut units = office.read(&Actor::system(), |conn| office::units(conn, options.unit.as_deref()))?;
    // One that is named is refused where it is out of scope; of all, those in scope are meant.
    if options.unit.is_none() {
        units.retain(|unit| actor.scope.covers(unit.id));
    }
    let outcome = books::reconcile(office, &actor, &units)?;
    print_json(&outcome.report)?;
    Ok(if outcome.is_clean { DONE } else { NO })
}

fn explain(office: &Office, line: LineId) -> Result<u8> {
    let found = office.read(&Actor::system(), |conn| {
        let missing = || Error::not_found("line_not_found", "no such statement line");
        let unit = explanation_query::unit_of(conn, &Scope::All, line)?.ok_or_else(missing)?;
        explanation::explain(conn, unit, line)
    })?;
    print_json(&found)?;
    Ok(DONE)
}

fn lines(office: &Office, asked: &Lines) -> Result<u8> {
    let rows = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?;
        let mut rows = Vec::new();
        for account in account::of_unit(conn, unit.id)? {
            for line in lines_of_day(conn, unit.id, account.id, asked.date)? {
                rows.push(vec![
                    line.id.to_string(),
                    account.account_no.clone(),
                    line.class.as_deref().map(class_words).unwrap_or_default(),
                    line.codes.join(" "),
                    line.matched.to_string(),
                    line.amount.to_string(),
                ]);
            }
        }
        Ok(rows)
    })?;
    let heading = ["Dòng", "Tài khoản", "Loại", "Mã nộp tiền", "Đã khớp", "Số tiền"];
    table::print(&heading, &rows, &[4, 5]);
    Ok(DONE)
}

/// A stored class of lines in words, with the word that rules name it by.
fn class_words(stored: &str) -> String {
    Class::parse(stored).map_or_else(|_| stored.to_owned(), |class| format!("{} / {stored}", class.vi()))
}

fn what_if(office: &Office, asked: &WhatIf) -> Result<u8> {
    let actor = Actor::system();
    let rules = parse_rules(&read_text(&asked.rules)?)?;
    let (unit, account) = office.read(&actor, |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?;
        let account = match &asked.account {
            Some(number) => Some(office::account(conn, &unit, number)?.id),
            None => None,
        };
        Ok((unit.id, account))
    })?;
    let question = Question {
        unit,
        account,
        first: asked.from,
        last: asked.until,
        rules: rules.into_iter().map(|rule| (rule, None)).collect(),
    };
    let found = rulebook::what_if(&office.store, &office.vault, &actor, &question)?;
    if asked.json {
        print_json(&found)?;
        return Ok(DONE);
    }
    let by = |found: &Option<(Class, String)>| {
        found.as_ref().map_or_else(|| "—".to_owned(), |(class, rule)| format!("{} ({rule})", class.as_str()))
    };
    let row = |change: &Change| {
        vec![
            change.line.to_string(),
            change.booking_date.to_string(),
            change.amount.to_string(),
            change.posted_as.clone().unwrap_or_default(),
            by(&change.before),
            by(&change.after),
        ]
    };
    let rows: Vec<Vec<String>> = found.changes.iter().map(row).collect();
    let heading = ["Dòng", "Ngày ghi sổ", "Số tiền", "Đã ghi là", "Quy tắc trước", "Quy tắc sau"];
    table::print(&heading, &rows, &[2]);
    println!("{} / {}", found.changes.len(), found.lines_looked_at);
    Ok(DONE)
}
