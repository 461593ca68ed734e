//! `bienlai tax notice …`

use std::path::Path;

use clap::Subcommand;

use super::{DECIDERS, locate};
use crate::actor::{Role, Scope};
use crate::cli::office::{Office, Roles};
use crate::cli::{DONE, receipt, table};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::filing::form::notice::Demand;
use crate::filing::{Kind, notice, query};
use crate::id::{FilingId, PersonId, ReceiptId};
use crate::unit;
use crate::web::{both, payer_reads};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Đề nghị / request a notice for receipts whose name or address is wrong; no new number is taken
    Request {
        /// May be repeated
        #[arg(long, value_name = "ID", required = true)]
        receipt: Vec<ReceiptId>,
        #[arg(long, help = payer_reads::help_of_notice())]
        reason: String,
        /// The number of the tax office's notice that this one answers (Loai 2)
        #[arg(long, value_name = "NO", requires = "demand_on")]
        demand_no: Option<String>,
        /// The day of that notice
        #[arg(long, value_name = "DATE", requires = "demand_no")]
        demand_on: Option<BusinessDay>,
        /// Who requests it, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Duyệt / approve: another person than the one who requested; it is signed and sent then
    Approve {
        /// The form, as fil_…
        id: FilingId,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Rút hoặc từ chối / take back or turn down what was requested
    Withdraw {
        /// The form, as fil_…
        id: FilingId,
        /// The reason; it is kept
        #[arg(long)]
        reason: String,
        /// Who decides, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Danh sách / the notices of a unit, newest first
    List {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
    },
}

/// Who requests a notice.
const ASKERS: Roles = (Role::Finance, &notice::ASKERS);
/// Who takes a notice back.
const WITHDRAWERS: Roles = (Role::Approver, &notice::ASKERS);

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Request { receipt, reason, demand_no, demand_on, person } => {
            let demand = demand_no.zip(demand_on);
            let demand = demand.map(|(number, noticed_on)| Demand { number, noticed_on });
            let first = receipt.first().copied().unwrap_or(ReceiptId(0));
            let actor = office.acting(ASKERS, person, |conn| receipt::locate(conn, &Scope::All, first))?;
            let id = office.write(&actor, |tx, stamp| {
                let unit = receipt::locate(tx, &actor.scope, first)?;
                let documents = receipt.iter().map(|id| (*id, reason.clone())).collect();
                let place = office.config.tax.place.clone();
                let demand = demand.clone();
                notice::request(tx, stamp, &actor, notice::Request { unit, documents, demand, place })
            })?;
            println!("{id}");
        }
        Command::Approve { id, person } => {
            let actor = office.acting(DECIDERS, person, |conn| locate(conn, &Scope::All, id))?;
            let filing = office.write(&actor, |tx, stamp| {
                let unit = locate(tx, &actor.scope, id)?;
                notice::approve(tx, stamp, &actor, unit, id)
            })?;
            println!("{}  {}", filing.id, both::form_state(filing.state));
            super::print_rules(&filing)?;
        }
        Command::Withdraw { id, reason, person } => {
            let actor = office.acting(WITHDRAWERS, person, |conn| locate(conn, &Scope::All, id))?;
            let filing = office.write(&actor, |tx, stamp| {
                let unit = locate(tx, &actor.scope, id)?;
                notice::withdraw(tx, stamp, &actor, unit, id, &reason)
            })?;
            println!("{}  {}", filing.id, both::form_state(filing.state));
        }
        Command::List { unit } => {
            let found = office.read(&crate::actor::Actor::system(), |conn| {
                let unit = unit::find_by_code(conn, &unit)?;
                query::of_unit(conn, unit.id, Some(Kind::ErrorNotice), 200)
            })?;
            let rows: Vec<Vec<String>> = found
                .into_iter()
                .map(|filing| {
                    let at = filing.created_at.hanoi_text();
                    let corrects = filing.earlier.map_or_else(String::new, |earlier| earlier.to_string());
                    vec![filing.id.to_string(), filing.form, at, both::form_state(filing.state), corrects]
                })
                .collect();
            table::print(&["Id", "Mẫu", "Lập lúc", "Trạng thái", "Sửa cho"], &rows, &[]);
        }
    }
    Ok(DONE)
}
