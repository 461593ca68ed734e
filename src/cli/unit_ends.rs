//! `bienlai unit merge`, `hand-over`, `end-account`, `name`: the use cases of `/admin/proposals`, both persons
//! named on the command line.

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{self, Office};
use crate::actor::Scope;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::report::proposal::{self, AccountEnd, Content, Merger, Naming};
use crate::report::winding_up;
use crate::store::{Conn, Lane};
use crate::unit;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sáp nhập / another unit goes on for a unit from a day on; two persons
    ///
    /// From that day nothing new is raised for the unit that ends, and the staff of the other acts for both.
    /// What it leaves is handed over later (unit hand-over).
    ///
    /// Example: bienlai unit merge --unit 00091 --into 00004 --on 2026-12-01 --decision 21/NQ-HĐND
    /// --reason "Sắp xếp đơn vị hành chính" --maker per_… --checker per_…
    Merge(Merge),
    /// Bàn giao / hand over what a merged unit had left; says what is still open
    HandOver(HandOver),
    /// Chấm dứt tài khoản / an account ends with a closed day; two persons
    EndAccount(EndAccount),
    /// Đổi tên / how a unit is called, and where it is, from a day on; two persons
    Name(Name),
}

#[derive(Debug, Args)]
pub struct Both {
    /// Why, and by which decision
    #[arg(long)]
    reason: String,
    /// Who proposes it, as per_…
    #[arg(long, value_name = "ID")]
    maker: PersonId,
    /// Who approves it: another person
    #[arg(long, value_name = "ID")]
    checker: PersonId,
}

#[derive(Debug, Args)]
pub struct Merge {
    /// The unit that ends
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The unit that goes on
    #[arg(long, value_name = "CODE")]
    into: String,
    /// The day from which the other unit goes on, today or later, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    on: BusinessDay,
    /// The number of the decision
    #[arg(long, value_name = "NO")]
    decision: String,
    #[command(flatten)]
    both: Both,
}

#[derive(Debug, Args)]
pub struct HandOver {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Who hands it over, as per_…; without, it is only said what is open
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

#[derive(Debug, Args)]
pub struct EndAccount {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The last day of the account, YYYY-MM-DD; it must be closed
    #[arg(long, value_name = "DATE")]
    last_day: BusinessDay,
    #[command(flatten)]
    both: Both,
}

#[derive(Debug, Args)]
pub struct Name {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The new name
    #[arg(long)]
    name: String,
    /// The new address
    #[arg(long)]
    address: String,
    /// The first day, today or later
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
    /// The number of the decision
    #[arg(long, value_name = "NO")]
    decision: String,
    #[command(flatten)]
    both: Both,
}

pub fn run(config: &Path, command: Command) -> Result<()> {
    match command {
        Command::Merge(asked) => decide(config, &asked.both, |conn| {
            Ok(Content::Merger(Merger {
                unit: unit::find_by_code(conn, &asked.unit)?.id,
                successor: unit::find_by_code(conn, &asked.into)?.id,
                effective_on: asked.on,
                decision_no: asked.decision.clone(),
            }))
        }),
        Command::HandOver(asked) => hand_over(config, &asked),
        Command::EndAccount(asked) => decide(config, &asked.both, |conn| {
            let unit = unit::find_by_code(conn, &asked.unit)?;
            let account = office::account(conn, &unit, &asked.account)?.id;
            Ok(Content::AccountEnd(AccountEnd { unit: unit.id, account, last_day: asked.last_day }))
        }),
        Command::Name(asked) => decide(config, &asked.both, |conn| {
            Ok(Content::Naming(Naming {
                unit: unit::find_by_code(conn, &asked.unit)?.id,
                name: asked.name.clone(),
                address: asked.address.clone(),
                valid_from: asked.from,
                decision_no: asked.decision.clone(),
                tax_code: None,
                budget_code: None,
            }))
        }),
    }
}

/// Proposes and approves in one transaction: where the second person cannot, nothing was proposed.
fn decide(config: &Path, both: &Both, content: impl Fn(&mut Conn) -> Result<Content>) -> Result<()> {
    let office = Office::open(config)?;
    let maker = office.acting_in_city(office::ADMINISTRATORS, both.maker)?;
    let checker = office.acting_in_city(office::ADMINISTRATORS, both.checker)?;
    let id = office.store.write(&Scope::All, Lane::Live, |tx| {
        let content = content(tx)?;
        let id = proposal::propose(tx, &office.stamp(), &maker, &content, &both.reason)?;
        proposal::approve(tx, &office.stamp(), &checker, id)?;
        Ok(id)
    })?;
    println!("{id}");
    Ok(())
}

fn hand_over(config: &Path, asked: &HandOver) -> Result<()> {
    let office = Office::open(config)?;
    let unit = office.store.read(&Scope::All, |conn| unit::find_by_code(conn, &asked.unit))?;
    let Some(person) = asked.person else {
        let obstacles =
            office.store.read(&Scope::All, |conn| match unit::succession::ending(conn, unit.id)? {
                Some(merger) => winding_up::unit::obstacles(conn, &merger),
                None => Ok(Vec::new()),
            })?;
        for one in obstacles {
            let (vi, en) = one.what.words();
            println!("{vi} / {en}: {}", one.detail);
        }
        return Ok(());
    };
    // A login of who goes on sees both units, one of the unit that ends sees only its own.
    let actor = office.acting(office::ADMINISTRATORS, person, |conn| {
        Ok(unit::succession::ending(conn, unit.id)?.map_or(unit.id, |merger| merger.successor))
    })?;
    let done = winding_up::unit::hand_over(&office.store, &|| office.stamp(), &actor, unit.id)?;
    println!("{}: {} nghĩa vụ / obligations, {} ký hiệu / series", unit.code, done.obligations, done.series);
    Ok(())
}
