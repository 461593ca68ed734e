//! `bienlai settlement …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::listing::{Layout, List};
use super::office::{self, Office, Roles};
use super::{DONE, print_json, read_bytes, read_text, tell_rows};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::Subject;
use crate::id::{PersonId, SettlementId};
use crate::payment::gateway::{self, NewSettlement, Settlement, file, query};
use crate::payment::payout::withdrawal;
use crate::statement::partner::Kind;
use crate::statement::saved;
use crate::store::Conn;
use crate::unit;
use crate::web::{both, exception_view};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a gateway's settlement report on from a file
    ///
    /// The gateway's own table, as CSV, workbook or page (transaction or order, amount, fee or net), or ours:
    /// ma_giao_dich,so_tien,phi, where the last row is tong with the sums. The statement's line
    /// with the reference in its text and exactly the net amount proves the claims; a line that came
    /// before is taken out of suspense by the next `bienlai reconcile`. A net amount below zero is what the
    /// gateway debits; a report that comes to nothing is settled by two persons with another payout.
    Import(Import),
    /// Ask for a wrongly entered report to be withdrawn, while no line shows it; another person approves the exception
    Withdraw(Withdraw),
    /// The settlements of a unit, newest first
    List(List),
    /// Record what two persons agreed with a gateway, so that its lump sums are taken apart without a
    /// report where exactly one choice of its claims adds up
    Terms(Agreed),
}

#[derive(Debug, Args)]
pub struct Withdraw {
    /// The settlement, by its id
    settlement: SettlementId,
    /// Why it is wrong
    #[arg(long)]
    reason: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The gateway's settlement report
    file: PathBuf,
    /// The headings of another table, as profiles/gateways/bienlai.toml has them
    #[arg(long, value_name = "FILE")]
    layout: Option<PathBuf>,
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account's number; the receiving account when left out
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    /// The configured name of the gateway's channel
    #[arg(long)]
    channel: String,
    /// The gateway's reference, as the statement shows it
    #[arg(long)]
    reference: String,
    /// The day of settlement
    #[arg(long, value_name = "DATE")]
    settled_on: BusinessDay,
    /// What the gateway keeps of the whole, beside the fees of its items, in whole đồng
    #[arg(long, value_name = "DONG", default_value_t = 0)]
    charge: i64,
    /// Who imports it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Agreed {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The configured name of the gateway's channel
    #[arg(long)]
    channel: String,
    /// Words that stand in the text of its credits
    #[arg(long, value_name = "WORDS")]
    marker: String,
    /// What it keeps of each payment, in hundredths of a percent
    #[arg(long, value_name = "N", default_value_t = 0)]
    fee_bp: i32,
    /// What it keeps of each payment beside that, in whole đồng
    #[arg(long, value_name = "DONG", default_value_t = 0)]
    fee_fixed: i64,
    /// Payments of so many working days before the credit may be in it
    #[arg(long, value_name = "N", default_value_t = 1)]
    window_days: i32,
    /// The first day; today when absent
    #[arg(long, value_name = "DATE")]
    from: Option<BusinessDay>,
    /// The last day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// The agreement this stands on
    #[arg(long, value_name = "NO")]
    agreement: String,
    /// Who proposes it, as per_…
    #[arg(long, value_name = "ID")]
    maker: PersonId,
    /// Who approves it: another person
    #[arg(long, value_name = "ID")]
    checker: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Import(asked) => import(&office, &asked)?,
        Command::Withdraw(asked) => withdraw(&office, &asked)?,
        Command::List(asked) => list(&office, &asked)?,
        Command::Terms(asked) => agree(&office, &asked)?,
    }
    Ok(DONE)
}

fn import(office: &Office, asked: &Import) -> Result<()> {
    let actor = office.acting_in(office::BOOKKEEPERS, asked.person, &asked.unit)?;
    let layout = match &asked.layout {
        Some(path) => file::Layout::from_toml(&read_text(path)?)?,
        None => file::Layout::built_in()?,
    };
    let named = office.read(&actor, |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?;
        saved::named(conn, unit.id, Kind::Gateway)
    })?;
    let items = file::read(&read_bytes(&asked.file)?, &layout, &named).map_err(|faults| {
        tell_rows(&faults);
        file::refused(&faults)
    })?;
    let settlement = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = match &asked.account {
            Some(number) => Some(office::account(tx, &unit, number)?.id),
            None => None,
        };
        let new = NewSettlement {
            unit: unit.id,
            account,
            channel: asked.channel.clone(),
            reference: asked.reference.clone(),
            settled_on: asked.settled_on,
            charge: Dong(asked.charge),
            items: items.clone(),
        };
        gateway::import(tx, stamp, &actor, &new)
    })?;
    print_json(&settlement)
}

/// Who asks for a report to be withdrawn.
const WITHDRAWERS: Roles = (Role::Finance, &withdrawal::ASKERS);

fn withdraw(office: &Office, asked: &Withdraw) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of(conn, scope, asked.settlement)?.ok_or_else(gateway::not_found)
    };
    let actor = office.acting(WITHDRAWERS, asked.person, |conn| locate(conn, &Scope::All))?;
    let item = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        withdrawal::ask(tx, stamp, &actor, (unit, Subject::Settlement(asked.settlement)), &asked.reason)
    })?;
    print_json(&exception_view(&item, office.clock.now().business_day()))
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let layout = Layout {
        headings: &[
            "Bảng kê",
            "Kênh",
            "Số tham chiếu",
            "Ngày quyết toán",
            "Trạng thái",
            "Người nộp đã trả",
            "Phí",
            "Thực nhận",
        ],
        right: &[5, 6, 7],
        cells: |one: &Settlement| {
            vec![
                one.id.to_string(),
                one.channel.clone(),
                one.reference.clone(),
                one.settled_on.to_string(),
                both::value(&one.state),
                one.gross.to_string(),
                one.fee.to_string(),
                one.net.to_string(),
            ]
        },
    };
    asked.print(office, query::page, Clone::clone, &layout)
}

fn agree(office: &Office, asked: &Agreed) -> Result<()> {
    let actor = Actor::system();
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = office::account(tx, &unit, &asked.account)?;
        let terms = gateway::Terms {
            unit: unit.id,
            account: account.id,
            channel: asked.channel.clone(),
            marker: asked.marker.clone(),
            fee_bp: asked.fee_bp,
            fee_fixed: Dong(asked.fee_fixed),
            window_days: asked.window_days,
            valid_from: asked.from.unwrap_or_else(|| stamp.today()),
            valid_until: asked.until,
            agreement_no: asked.agreement.clone(),
            maker: asked.maker,
            checker: asked.checker,
        };
        gateway::agree(tx, stamp, &actor, &terms)
    })?;
    println!("{id}");
    Ok(())
}
