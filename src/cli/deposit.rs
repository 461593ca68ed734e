//! `bienlai deposit …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::listing::{Layout, List};
use super::office::{self, Office};
use super::{DONE, print_json};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{PersonId, ShiftId, SlipId};
use crate::shift::deposit::{self, Slip};
use crate::shift::deposit_query as query;
use crate::store::Conn;
use crate::unit;
use crate::web::{both, deposit_view as summary};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Hand cash of one or more drawers over for deposit at the bank
    ///
    /// The deposit's text must carry the reference code that is printed.
    /// Example: bienlai deposit hand-over --unit 00070 --part shf_…=250000 --person per_…
    HandOver(HandOver),
    /// Say that a slip was never handed over: its money is in the drawers still; another person
    Withdraw(Withdraw),
    /// The slips of a unit, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct HandOver {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account's number; the receiving account when left out
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    /// A drawer and whole đồng, as shf_…=250000; may be repeated
    #[arg(long = "part", value_name = "SHIFT=DONG", required = true)]
    parts: Vec<String>,
    /// Who hands over, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Withdraw {
    /// The slip, as slp_…
    slip: SlipId,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who decides, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::HandOver(asked) => hand_over(&office, &asked)?,
        Command::Withdraw(asked) => withdraw(&office, &asked)?,
        Command::List(asked) => list(&office, &asked)?,
    }
    Ok(DONE)
}

fn part(text: &str) -> Result<(ShiftId, Dong)> {
    let wrong = || Error::invalid("part", "deposit_parts_wrong", "for example shf_…=250000");
    let (shift, amount) = text.split_once('=').ok_or_else(wrong)?;
    Ok((shift.parse()?, Dong(amount.parse().map_err(|_| wrong())?)))
}

fn hand_over(office: &Office, asked: &HandOver) -> Result<()> {
    let actor = office.acting_in(office::CLERKS, asked.person, &asked.unit)?;
    let parts = asked.parts.iter().map(|text| part(text)).collect::<Result<Vec<_>>>()?;
    let slip = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = match &asked.account {
            Some(number) => Some(office::account(tx, &unit, number)?.id),
            None => None,
        };
        deposit::hand_over(tx, stamp, &actor, unit.id, account, &parts)
    })?;
    print_json(&summary(&slip))
}

fn withdraw(office: &Office, asked: &Withdraw) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of(conn, scope, asked.slip)?.ok_or_else(deposit::not_found)
    };
    let actor = office.acting(office::DECIDERS, asked.person, |conn| locate(conn, &Scope::All))?;
    let slip = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        deposit::withdraw(tx, stamp, &actor, unit, asked.slip, &asked.reason)
    })?;
    print_json(&summary(&slip))
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let layout = Layout {
        headings: &["Giấy nộp tiền", "Ngày giao", "Trạng thái", "Số tiền", "Còn chờ", "Mã nộp tiền"],
        right: &[3, 4],
        cells: |slip: &Slip| {
            vec![
                slip.id.to_string(),
                slip.handed_on.to_string(),
                both::value(slip.state.as_str()),
                slip.amount.to_string(),
                slip.open().to_string(),
                slip.reference_code.clone(),
            ]
        },
    };
    asked.print(office, |conn, unit, limit| query::page(conn, unit, None, limit), summary, &layout)
}
