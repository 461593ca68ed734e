//! `bienlai remittance …`

mod alarms;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::listing::{Layout, List};
use super::office::{self, Office, Roles};
use super::{DONE, NO, print_json, read_bytes, table};
use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::id::{AccountId, PersonId, RemittanceId, UnitId};
use crate::remittance::document::{self, Content};
use crate::remittance::{self, Draft, Kind, Order, query, report};
use crate::statement::{partner, saved};
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::web::{both, remittance_view as summary};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What closed days made due by budget code, what orders took, what is free
    Due(Due),
    /// Draw an order up from closed days; another person approves it
    ///
    /// Example: bienlai remittance draft --unit 00070 --line budget_due/805-2771=12500 --person per_…
    /// Without --line everything free is ordered.
    Draft(NewOrder),
    /// Approve an order; another person than its maker
    ///
    /// The transfer's text must carry the order's reference code: the statement's debit with it and
    /// exactly the amount proves that the money left.
    Approve(Step),
    /// Refuse an order whose money has not left: its sums may be ordered again
    Refuse(Refusal),
    /// Write the order as PDF (with its XML attached) or XML, by the file's ending
    Document(Document),
    /// Take the Treasury's report of credits and rejections on
    ///
    /// The Treasury's own table, as CSV, workbook or page (order, chapter, sub-item, amount, state or day of
    /// credit), or ours: ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do, where trang_thai is credited
    /// or rejected. Exit code 1 when a row could not be read or does not fit its order.
    Report(ReportFile),
    /// Orders that wait too long, and what is due and was not ordered
    ///
    /// Exit code 1 when there is any.
    Alarms(alarms::Alarms),
    /// One order with what the Treasury said of each of its lines, as JSON
    Show(Show),
    /// The orders of a unit, newest first
    List(List),
}

#[derive(Debug, Args)]
pub struct Show {
    /// The order, as rmt_…
    order: RemittanceId,
}

#[derive(Debug, Args)]
pub struct Place {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account's number; the receiving account when left out
    #[arg(long, value_name = "NO")]
    account: Option<String>,
    /// treasury, kept (the share the unit keeps) or claim (remitted and no longer owed)
    #[arg(long, default_value = "treasury")]
    kind: String,
}

#[derive(Debug, Args)]
pub struct Due {
    #[command(flatten)]
    place: Place,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct NewOrder {
    #[command(flatten)]
    place: Place,
    /// A source and whole đồng, as `due` shows them: budget_due/805-2771=12500; may be repeated
    #[arg(long = "line", value_name = "SOURCE=DONG")]
    lines: Vec<String>,
    /// Who draws it up, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Step {
    /// The order, as rmt_…
    order: RemittanceId,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Refusal {
    #[command(flatten)]
    step: Step,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Document {
    /// The order, as rmt_…
    order: RemittanceId,
    /// Where to write: *.pdf or *.xml
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ReportFile {
    /// The Treasury's report, as CSV
    file: PathBuf,
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Who imports it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Due(asked) => due(&office, &asked)?,
        Command::Draft(asked) => draft(&office, &asked)?,
        Command::Approve(step) => take(&office, &step, office::DECIDERS, remittance::approve)?,
        Command::Refuse(asked) => {
            take(&office, &asked.step, office::DECIDERS, |tx, stamp, actor, unit, id| {
                remittance::refuse(tx, stamp, actor, unit, id, &asked.reason)
            })?;
        }
        Command::Document(asked) => write(&office, &asked)?,
        Command::Report(asked) => return import(&office, &asked),
        Command::Alarms(asked) => return alarms::run(&office, &asked),
        Command::Show(asked) => show(&office, &asked)?,
        Command::List(asked) => list(&office, &asked)?,
    }
    Ok(DONE)
}

fn locate(conn: &mut Conn, place: &Place) -> Result<(UnitId, AccountId, Kind)> {
    let unit = unit::find_by_code(conn, &place.unit)?;
    let account = match &place.account {
        Some(number) => office::account(conn, &unit, number)?.id,
        None => unit::account::receiving(conn, unit.id)?.id,
    };
    Ok((unit.id, account, Kind::parse(&place.kind)?))
}

fn due(office: &Office, asked: &Due) -> Result<()> {
    let found = office.read(&Actor::system(), |conn| {
        let (unit, account, kind) = locate(conn, &asked.place)?;
        remittance::remittable(conn, unit, account, kind)
    })?;
    if asked.json {
        return print_json(&found);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            let (due, ordered, free) = (one.due.to_string(), one.ordered.to_string(), one.free.to_string());
            vec![one.source.clone(), due, ordered, free]
        })
        .collect();
    table::print(&["Nguồn", "Phát sinh", "Đã lập lệnh", "Còn lại"], &rows, &[1, 2, 3]);
    Ok(())
}

fn line(text: &str) -> Result<(String, Dong)> {
    let wrong = || Error::invalid("line", "remittance_lines_wrong", "for example budget_due/805-2771=12500");
    let (source, amount) = text.split_once('=').ok_or_else(wrong)?;
    Ok((source.to_owned(), Dong(amount.parse().map_err(|_| wrong())?)))
}

fn draft(office: &Office, asked: &NewOrder) -> Result<()> {
    let actor = office.acting(office::BOOKKEEPERS, asked.person, |conn| Ok(locate(conn, &asked.place)?.0))?;
    let lines = asked.lines.iter().map(|text| line(text)).collect::<Result<Vec<_>>>()?;
    let order = office.write(&actor, |tx, stamp| {
        let (unit, account, kind) = locate(tx, &asked.place)?;
        let new = Draft { unit, account: Some(account), kind, lines: lines.clone() };
        remittance::draft(tx, stamp, &actor, &new)
    })?;
    print_json(&summary(&order))
}

fn take(
    office: &Office,
    step: &Step,
    roles: Roles,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, RemittanceId) -> Result<Order>,
) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of(conn, scope, step.order)?.ok_or_else(remittance::not_found)
    };
    let actor = office.acting(roles, step.person, |conn| locate(conn, &Scope::All))?;
    let changed = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        act(tx, stamp, &actor, unit, step.order)
    })?;
    print_json(&summary(&changed))
}

fn write(office: &Office, asked: &Document) -> Result<()> {
    let content = office.read(&Actor::system(), |conn| {
        let unit = query::unit_of(conn, &Actor::system().scope, asked.order)?;
        let order = remittance::find(conn, unit.ok_or_else(remittance::not_found)?, asked.order)?;
        Content::read(conn, &order)
    })?;
    let is_xml = asked.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
    let bytes = if is_xml { document::xml(&content) } else { document::pdf(&content)? };
    std::fs::write(&asked.out, bytes).map_err(|error| super::unreadable(&asked.out, &error))?;
    println!("{}", asked.out.display());
    Ok(())
}

fn import(office: &Office, asked: &ReportFile) -> Result<u8> {
    let actor = office.acting_in(office::BOOKKEEPERS, asked.person, &asked.unit)?;
    let bytes = read_bytes(&asked.file)?;
    let (unit, named) = office.read(&actor, |conn| {
        let unit = unit::find_by_code(conn, &asked.unit)?.id;
        actor.scope.require(unit)?;
        Ok((unit, saved::named(conn, unit, partner::Kind::Treasury)?))
    })?;
    let told = report::Told::of(&bytes, named)?;
    let imported = office.write(&actor, |tx, stamp| report::take(tx, stamp, &actor, unit, &told))?;
    print_json(&imported)?;
    for fault in &imported.faults {
        eprintln!("dòng {0}: {1}\n  line {0}: {2}", fault.line_no, fault.why_vi, fault.why);
    }
    let is_good = imported.faults.is_empty()
        && imported
            .orders
            .iter()
            .all(|one| matches!(one.outcome, "credited" | "rejected" | "in_part" | "known"));
    Ok(if is_good { DONE } else { NO })
}

fn show(office: &Office, asked: &Show) -> Result<()> {
    let found = office.read(&Actor::system(), |conn| {
        let unit = query::unit_of(conn, &Actor::system().scope, asked.order)?;
        let order = remittance::find(conn, unit.ok_or_else(remittance::not_found)?, asked.order)?;
        let lines = query::lines(conn, order.unit, order.id)?;
        Ok(serde_json::json!({ "remittance": summary(&order), "lines": lines }))
    })?;
    print_json(&found)
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let layout = Layout {
        headings: &["Mã", "Số", "Loại lệnh", "Trạng thái", "Số tiền", "Mã của lệnh chi"],
        right: &[4],
        cells: |order: &Order| {
            let (vi, en) = order.kind.title();
            vec![
                order.id.to_string(),
                format!("{}/{}", order.order_no, order.year),
                format!("{vi} / {en}"),
                both::order_state(order),
                order.amount.to_string(),
                order.reference_code.clone(),
            ]
        },
    };
    asked.print(office, |conn, unit, limit| query::page(conn, unit, None, limit), summary, &layout)
}
