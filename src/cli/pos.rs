//! `bienlai pos …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::listing::{Layout, List};
use super::office::{self, Office, Roles};
use super::{DONE, print_json, read_bytes, tell_rows};
use crate::actor::{Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::Subject;
use crate::id::{BatchId, PaymentId, PersonId};
use crate::payment::payout::withdrawal;
use crate::payment::pos::{self, Batch, NewBatch, file, query};
use crate::payment::refund;
use crate::statement::partner::Kind;
use crate::statement::saved;
use crate::store::Conn;
use crate::unit;
use crate::web::{both, exception_view};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Note the approval code of a card payment
    Slip(Slip),
    /// Take an acquirer's batch on from a file of its items
    ///
    /// The acquirer's own table, as CSV, workbook or page (approval code and amount, with fee and net where it
    /// has them), or ours: loai,ma_chuan_chi,so_tien, where loai is sale, chargeback or refund. The statement's
    /// line with the reference in its text and exactly the net amount proves the payments.
    Import(Import),
    /// Ask for a wrongly entered batch to be withdrawn, while no line shows it; another person approves the exception
    Withdraw(Withdraw),
    /// The batches of a unit, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Withdraw {
    /// The batch, as bat_…
    batch: BatchId,
    /// Why it is wrong
    #[arg(long)]
    reason: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Slip {
    /// The card payment, as pay_…
    payment: PaymentId,
    /// The approval code that the terminal printed
    #[arg(long, value_name = "CODE")]
    approval_code: String,
    /// The number of the terminal
    #[arg(long, default_value = "")]
    terminal: String,
    /// Who notes it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Import {
    /// The file of the batch's items
    file: PathBuf,
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account's number; the receiving account when left out
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    /// The acquirer's reference, as the statement shows it
    #[arg(long)]
    reference: String,
    /// The day of settlement, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    settled_on: String,
    /// The acquirer's fee in whole đồng, where the file does not state it
    #[arg(long, value_name = "DONG", default_value_t = 0)]
    fee: i64,
    /// Who imports it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Slip(asked) => slip(&office, &asked)?,
        Command::Import(asked) => import(&office, &asked)?,
        Command::Withdraw(asked) => withdraw(&office, &asked)?,
        Command::List(asked) => list(&office, &asked)?,
    }
    Ok(DONE)
}

fn slip(office: &Office, asked: &Slip) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        refund::query::unit_of_payment(conn, scope, asked.payment)?
            .ok_or_else(|| Error::not_found("payment_not_found", "no such payment"))
    };
    let actor = office.acting(office::CLERKS, asked.person, |conn| locate(conn, &Scope::All))?;
    office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        let what = (asked.approval_code.as_str(), asked.terminal.as_str());
        pos::record_slip(tx, stamp, &actor, unit, asked.payment, what)
    })?;
    println!("{}", asked.payment);
    Ok(())
}

fn import(office: &Office, asked: &Import) -> Result<()> {
    let actor = office.acting_in(office::BOOKKEEPERS, asked.person, &asked.unit)?;
    let named = office.read(&actor, |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?;
        saved::named(conn, unit.id, Kind::Pos)
    })?;
    let report = file::read(&read_bytes(&asked.file)?, &named).map_err(|faults| {
        tell_rows(&faults);
        file::refused(&faults)
    })?;
    let fee = report.fee_beside(Dong(asked.fee))?;
    let settled_on: BusinessDay = asked.settled_on.parse()?;
    let batch = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = match &asked.account {
            Some(number) => Some(office::account(tx, &unit, number)?.id),
            None => None,
        };
        let new = NewBatch {
            unit: unit.id,
            account,
            reference: asked.reference.clone(),
            settled_on,
            fee,
            items: report.items.clone(),
        };
        pos::import(tx, stamp, &actor, &new)
    })?;
    print_json(&batch)
}

/// Who asks for a batch to be withdrawn.
const WITHDRAWERS: Roles = (Role::Finance, &withdrawal::ASKERS);

fn withdraw(office: &Office, asked: &Withdraw) -> Result<()> {
    let locate =
        |conn: &mut Conn, scope: &Scope| query::unit_of(conn, scope, asked.batch)?.ok_or_else(pos::not_found);
    let actor = office.acting(WITHDRAWERS, asked.person, |conn| locate(conn, &Scope::All))?;
    let item = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        withdrawal::ask(tx, stamp, &actor, (unit, Subject::Batch(asked.batch)), &asked.reason)
    })?;
    print_json(&exception_view(&item, office.clock.now().business_day()))
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let layout = Layout {
        headings: &[
            "Bảng kê",
            "Số tham chiếu",
            "Ngày quyết toán",
            "Trạng thái",
            "Tiền thẻ",
            "Phí",
            "Thực nhận",
        ],
        right: &[4, 5, 6],
        cells: |batch: &Batch| {
            vec![
                batch.id.to_string(),
                batch.reference.clone(),
                batch.settled_on.to_string(),
                both::value(&batch.state),
                batch.sales.to_string(),
                batch.fee.to_string(),
                batch.net.to_string(),
            ]
        },
    };
    asked.print(office, query::page, Clone::clone, &layout)
}
