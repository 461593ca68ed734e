//! `bienlai shift …`

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::listing::{Layout, List};
use super::office::{self, Office};
use super::{DONE, print_json, table};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::error::Result;
use crate::id::{PersonId, ShiftId, UnitId};
use crate::shift::{self, Count, Shift, query, report};
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::web::{both, shift_view as summary};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a cashier's shift of today with a counted float
    ///
    /// Example: bienlai shift open --unit 00070 --float 50000x2,10000x10 --person per_…
    Open(Open),
    /// Count the drawer by denomination, the float among it, and close the shift
    ///
    /// With a difference it waits until another person signs it off or sends it back.
    Close(Close),
    /// Take a difference as it is; another person than the cashier and who counted
    SignOff(Decision),
    /// Have the drawer counted again
    SendBack(Decision),
    /// Expected, counted, difference, takings with receipts, deposits
    Report(Report),
    /// The shifts of a unit, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Open {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Notes by denomination, for example 50000x2,10000x10; an empty text is an empty drawer
    #[arg(long, value_name = "NOTES")]
    float: String,
    /// The cashier, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Close {
    /// The shift, as shf_…
    shift: ShiftId,
    /// Notes by denomination, for example 50000x2,10000x10
    #[arg(long, value_name = "NOTES")]
    count: String,
    /// The first unused provisional slip of the cashier's pad, while slips of theirs are on paper; repeated for
    /// each further pad in hand
    #[arg(long = "next-slip", value_name = "NUMBER")]
    next_slips: Vec<i64>,
    /// Who counted, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The shift, as shf_…
    shift: ShiftId,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who decides, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Report {
    /// The shift, as shf_…
    shift: ShiftId,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Open(asked) => open(&office, &asked)?,
        Command::Close(asked) => close(&office, &asked)?,
        Command::SignOff(asked) => decide(&office, &asked, |tx, stamp, actor, unit| {
            shift::sign_off(tx, stamp, actor, unit, asked.shift, &asked.reason)
        })?,
        Command::SendBack(asked) => decide(&office, &asked, |tx, stamp, actor, unit| {
            shift::send_back(tx, stamp, actor, unit, asked.shift, &asked.reason)
        })?,
        Command::Report(asked) => show(&office, &asked)?,
        Command::List(asked) => list(&office, &asked)?,
    }
    Ok(DONE)
}

fn open(office: &Office, asked: &Open) -> Result<()> {
    let actor = office.acting_in((Role::Cashier, &[]), asked.person, &asked.unit)?;
    let float = Count::parse(&asked.float)?;
    let opened = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        shift::open(tx, stamp, &actor, unit.id, &float)
    })?;
    print_json(&summary(&opened))
}

fn close(office: &Office, asked: &Close) -> Result<()> {
    let actor = office.acting(office::CLERKS, asked.person, |conn| locate(conn, asked.shift))?;
    let count = Count::parse(&asked.count)?;
    let (closed, counted) = office.write(&actor, |tx, stamp| {
        let unit = query::unit_of(tx, &actor.scope, asked.shift)?.ok_or_else(shift::not_found)?;
        shift::close(tx, stamp, &actor, (unit, asked.shift), &count, &asked.next_slips)
    })?;
    print_json(&json!({ "shift": summary(&closed), "counted": counted }))
}

fn decide(
    office: &Office,
    asked: &Decision,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId) -> Result<Shift>,
) -> Result<()> {
    let actor = office.acting(office::DECIDERS, asked.person, |conn| locate(conn, asked.shift))?;
    let changed = office.write(&actor, |tx, stamp| {
        let unit = query::unit_of(tx, &actor.scope, asked.shift)?.ok_or_else(shift::not_found)?;
        act(tx, stamp, &actor, unit)
    })?;
    print_json(&summary(&changed))
}

fn locate(conn: &mut Conn, id: ShiftId) -> Result<UnitId> {
    query::unit_of(conn, &Actor::system().scope, id)?.ok_or_else(shift::not_found)
}

fn show(office: &Office, asked: &Report) -> Result<()> {
    let report = office.read(&Actor::system(), |conn| {
        let unit = locate(conn, asked.shift)?;
        let shift = shift::find(conn, unit, asked.shift)?;
        report::report(conn, &shift)
    })?;
    if asked.json {
        return print_json(&report);
    }
    let variance = report.variance.map_or_else(|| "–".to_owned(), |variance| variance.to_string());
    println!("Ca thu / Shift {}  {}  {}", report.id, report.opened_on, report.state_text());
    println!("Thu ngân / Cashier: {}", report.cashier);
    for (label, amount) in [
        ("Tiền lẻ đầu ca / Float", report.float.to_string()),
        ("Thu tiền mặt / Cash taken", report.cash_taken.to_string()),
        ("Thu qua thẻ / Card taken", report.card_taken.to_string()),
        ("Đã nộp ngân hàng / Handed over", report.handed_over.to_string()),
        ("Còn trong quỹ / Held", report.held.to_string()),
        ("Chênh lệch / Difference", variance),
    ] {
        println!("{label}: {amount}");
    }
    if report.turns.len() > 1 {
        let known = |amount: Option<Dong>| amount.map_or_else(|| "–".to_owned(), |amount| amount.to_string());
        let rows: Vec<Vec<String>> = report
            .turns
            .iter()
            .map(|one| {
                let taken = [one.float, one.cash_taken, one.card_taken].map(|amount| amount.to_string());
                let counted = [one.expected, one.counted, one.variance].map(known);
                [vec![one.opened_at.hanoi_text()], taken.to_vec(), counted.to_vec()].concat()
            })
            .collect();
        let headings = ["Mở lúc", "Tiền lẻ", "Tiền mặt", "Thẻ", "Phải có", "Đếm được", "Chênh lệch"];
        table::print(&headings, &rows, &[1, 2, 3, 4, 5, 6]);
    }
    let rows: Vec<Vec<String>> = report
        .takings
        .iter()
        .map(|one| {
            let receipt = one.receipt.clone().unwrap_or_else(|| "–".to_owned());
            vec![one.payment.to_string(), both::value(&one.method), one.amount.to_string(), receipt]
        })
        .collect();
    table::print(&["Khoản nộp", "Cách nộp", "Số tiền", "Biên lai"], &rows, &[2]);
    Ok(())
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let read = |conn: &mut Conn, unit: UnitId, limit: i64| {
        let shifts = query::page(conn, unit, None, limit)?;
        shifts.into_iter().map(|one| Ok((shift::balance(conn, unit, one.id)?, one))).collect()
    };
    let layout = Layout {
        headings: &["Ca thu", "Thu ngân", "Ngày", "Trạng thái", "Còn trong quỹ"],
        right: &[4],
        cells: |(held, one): &(Dong, Shift)| {
            let state = both::value(one.state.as_str());
            let person = one.person.to_string();
            vec![one.id.to_string(), person, one.opened_on.to_string(), state, held.to_string()]
        },
    };
    asked.print(office, read, |(_, one)| summary(one), &layout)
}
