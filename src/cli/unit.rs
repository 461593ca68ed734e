//! `bienlai unit …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::Office;
use super::{DONE, read_text, table, units, virtual_account};
use crate::actor::{Actor, Role};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::party;
use crate::receipt::content::identifier::is_tax_code;
use crate::unit::entrustment::{self, Decision};
use crate::unit::{self, city};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register units with their accounts and series from a file; what is registered stays as it is
    ///
    /// The file is TOML with [[unit]], [[unit.account]] and [[unit.series]]; see
    /// fixtures/units/demo.toml.
    Load {
        /// The units, as TOML
        file: PathBuf,
    },
    /// List the registered units
    List,
    /// Thành phố / say who the city is: its name and tax code, under which it signs for its communes
    ///
    /// Example: bienlai unit city --name "UBND thành phố Mẫu" --tax-code 9900000030 --address "Số 1 phố Mẫu"
    City(City),
    /// Ủy nhiệm / record that the city's certificate signs for a unit that has none of its own
    ///
    /// From the first day on the unit's receipts name the city as who collects and the unit as whom it
    /// collects for (UNThu); on invoices the unit stays the seller and the city is the organisation entrusted
    /// with issuing. The city must be known (unit city), its key installed (key import --unit city), and its
    /// certificate listed in the unit's accepted registration. The law wants the tax office told at least
    /// three days before.
    ///
    /// Example: bienlai unit entrust --unit 00004 --decision 12/QĐ-UBND --decided-on 2026-11-20
    /// --from 2026-12-01 --until 2027-11-30
    Entrust(Entrust),
    /// Thôi ủy nhiệm / end an entrustment from a day on
    EntrustEnd(EntrustEnd),
    /// Xem ủy nhiệm / list the entrustments of all units
    Entrustments,
    /// Sáp nhập, đổi tên, chấm dứt tài khoản / what two persons decide about a unit that ends or changes
    #[command(flatten)]
    End(super::unit_ends::Command),
    /// Xóa dữ liệu cá nhân của một năm / destroy the personal data of a unit and year for good; two persons
    ///
    /// The data key of that year is destroyed, and with it payers, memos and attachments that were kept
    /// under it. Signed receipts stay. Not before the retention of the configuration is over.
    EraseYear(EraseYear),
    /// Tài khoản định danh / record the virtual accounts that a bank opens under an account; two persons
    ///
    /// From the first day on each obligation of the account has a number of its own: payment codes carry it,
    /// and a transfer to it is known without a word in its text.
    ///
    /// Example: bienlai unit virtual-add --unit 00004 --account 1900111100 --prefix MAU001
    /// --until 2027-12-31 --agreement 12/TT-2026 --maker per_… --checker per_…
    VirtualAdd(virtual_account::Add),
    /// Xem tài khoản định danh / list the virtual accounts of all units
    VirtualList,
}

#[derive(Debug, Args)]
pub struct EraseYear {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The year, as 2016
    #[arg(long)]
    year: i32,
    /// The ground of the decision
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
pub struct City {
    /// The city's name, as its documents print it
    #[arg(long)]
    name: String,
    /// The city's tax code
    #[arg(long)]
    tax_code: String,
    /// The city's address
    #[arg(long)]
    address: String,
    /// The city's telephone
    #[arg(long)]
    phone: Option<String>,
    /// MDVQHNSach: seven digits
    #[arg(long)]
    budget_code: Option<String>,
}

#[derive(Debug, Args)]
pub struct Entrust {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The number of the decision or contract
    #[arg(long, value_name = "NO")]
    decision: String,
    /// The day of the decision, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    decided_on: BusinessDay,
    /// The first day
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
    /// The last day
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
}

#[derive(Debug, Args)]
pub struct EntrustEnd {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The number of the decision that ends it
    #[arg(long, value_name = "NO")]
    decision: String,
    /// The day of the decision, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    decided_on: BusinessDay,
    /// The first day on which it holds no more
    #[arg(long, value_name = "DATE")]
    from: BusinessDay,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Load { file } => load(config, &file)?,
        Command::List => list(config)?,
        Command::City(city) => identify(config, city)?,
        Command::Entrust(asked) => entrust(config, &asked)?,
        Command::EntrustEnd(asked) => end(config, &asked)?,
        Command::Entrustments => entrustments(config)?,
        Command::End(command) => super::unit_ends::run(config, command)?,
        Command::EraseYear(asked) => erase_year(config, &asked)?,
        Command::VirtualAdd(asked) => virtual_account::add(config, &asked)?,
        Command::VirtualList => virtual_account::list(config)?,
    }
    Ok(DONE)
}

fn load(config: &Path, file: &Path) -> Result<()> {
    let actor = Actor::system();
    let wanted = units::parse(&read_text(file)?)?;
    let office = Office::open(config)?;
    for unit in &wanted {
        let done = office.write(&actor, |tx, stamp| units::apply(tx, stamp, &actor, unit))?;
        println!("{}  {}: {done}", unit.code, unit.name);
    }
    Ok(())
}

fn list(config: &Path) -> Result<()> {
    let office = Office::open(config)?;
    let units = office.read(&Actor::system(), unit::all)?;
    let rows: Vec<Vec<String>> = units
        .into_iter()
        .map(|unit| vec![unit.code, unit.name, unit.tax_code, unit.id.to_string()])
        .collect();
    table::print(&["Mã", "Tên", "Mã số thuế", "Id"], &rows, &[]);
    Ok(())
}

fn identify(config: &Path, asked: City) -> Result<()> {
    if !is_tax_code(&asked.tax_code) {
        return Err(Error::invalid("tax_code", "tax_code_wrong", "its check digit does not fit"));
    }
    let identity = city::Identity {
        name: asked.name,
        tax_code: asked.tax_code,
        address: asked.address,
        phone: asked.phone,
        budget_code: asked.budget_code,
    };
    let actor = Actor::system();
    Office::open(config)?.write(&actor, |tx, stamp| city::identify(tx, stamp, &actor, &identity))?;
    println!("city  {}  {}", identity.tax_code, identity.name);
    Ok(())
}

fn entrust(config: &Path, asked: &Entrust) -> Result<()> {
    let actor = Actor::system();
    let decision = Decision {
        number: asked.decision.clone(),
        decided_on: asked.decided_on,
        valid_from: asked.from,
        valid_until: asked.until,
    };
    let id = Office::open(config)?.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        entrustment::entrust(tx, stamp, &actor, unit.id, &decision)
    })?;
    println!("{id}");
    Ok(())
}

fn end(config: &Path, asked: &EntrustEnd) -> Result<()> {
    let actor = Actor::system();
    let id = Office::open(config)?.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let decision = (asked.decision.as_str(), asked.decided_on);
        entrustment::end(tx, stamp, &actor, unit.id, decision, asked.from)
    })?;
    println!("{id}");
    Ok(())
}

fn erase_year(config: &Path, asked: &EraseYear) -> Result<()> {
    let office = Office::open(config)?;
    let actor = Actor { person: Some(asked.maker), role: Role::Administrator, ..Actor::system() };
    let kept_years = i32::from(office.config.retention.personal_data_years);
    office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        party::erase_year(tx, stamp, &actor, unit.id, (asked.year, kept_years), asked.checker, &asked.reason)
    })?;
    println!("{} {}: đã xóa / erased", asked.unit, asked.year);
    Ok(())
}

fn entrustments(config: &Path) -> Result<()> {
    let office = Office::open(config)?;
    let rows = office.read(&Actor::system(), |conn| {
        let mut rows = Vec::new();
        for unit in unit::all(conn)? {
            for held in entrustment::of_unit(conn, unit.id)? {
                let what = if held.is_end { "thôi / ended" } else { "ủy nhiệm / entrusted" };
                let until = if held.is_end { String::new() } else { held.valid_until.to_string() };
                rows.push(vec![
                    unit.code.clone(),
                    what.to_owned(),
                    held.decision_no,
                    held.decided_on.to_string(),
                    held.valid_from.to_string(),
                    until,
                    held.issuer.tax_code,
                    held.issuer.name,
                ]);
            }
        }
        Ok(rows)
    })?;
    let heading = ["Đơn vị", "Việc", "Quyết định", "Ngày", "Từ", "Đến", "Mã số thuế", "Bên ký"];
    table::print(&heading, &rows, &[]);
    Ok(())
}
