//! `bienlai tax invoice …`

use std::path::Path;

use clap::Subcommand;

use crate::actor::{Actor, Role};
use crate::cli::office::Office;
use crate::cli::{DONE, table};
use crate::error::Result;
use crate::filing::invoice;
use crate::id::{PersonId, ReceiptId};
use crate::unit;
use crate::web::both;

/// So many are drafted at once.
const BATCH: i64 = 500;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Danh sách / a unit's invoices with how far each is on its way to the authority, newest first
    List {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// The most invoices to show
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: i64,
    },
    /// Gửi bổ sung / draft the sending of signed invoices that were never sent; new ones go by themselves
    Missing {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
    },
    /// Gửi lại / send an invoice once more that the authority refused, when the cause is gone
    Again {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// The invoice, as rec_…
        #[arg(long, value_name = "ID")]
        receipt: ReceiptId,
        /// Who sends it again, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::List { unit, limit } => list(&office, &unit, limit),
        Command::Missing { unit } => missing(&office, &unit),
        Command::Again { unit, receipt, person } => again(&office, &unit, receipt, person),
    }
}

fn list(office: &Office, unit: &str, limit: i64) -> Result<u8> {
    let found = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, unit)?;
        invoice::of_unit(conn, unit.id, limit)
    })?;
    let rows: Vec<Vec<String>> = found
        .into_iter()
        .map(|(filing, sent)| {
            let mark = invoice::mark(&filing, &sent);
            vec![
                filing.id.to_string(),
                format!("{} {} {}", sent.template, sent.series, sent.number),
                sent.issued_on.to_string(),
                format!("{} [{mark}]", sent.message),
                both::form_state(filing.state),
            ]
        })
        .collect();
    table::print(&["Id", "Hóa đơn", "Ngày lập", "Thông điệp", "Trạng thái"], &rows, &[]);
    Ok(DONE)
}

fn missing(office: &Office, unit: &str) -> Result<u8> {
    let actor = Actor::system();
    let mut count = 0;
    loop {
        let drafted = office.write(&actor, |tx, stamp| {
            let unit = unit::find_by_code(tx, unit)?;
            invoice::draft_missing(tx, stamp, &actor, unit.id, BATCH)
        })?;
        count += drafted;
        if drafted == 0 {
            break;
        }
    }
    println!("đã lập / drafted: {count}");
    Ok(DONE)
}

fn again(office: &Office, unit: &str, receipt: ReceiptId, person: PersonId) -> Result<u8> {
    let actor = office.acting_in((Role::Administrator, &invoice::RELEASERS), person, unit)?;
    let drafted = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, unit)?;
        invoice::again(tx, stamp, &actor, unit.id, receipt)
    })?;
    println!("{drafted}");
    Ok(DONE)
}
