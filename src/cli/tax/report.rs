//! `bienlai tax report …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::{DECIDERS, locate};
use crate::actor::{Actor, Scope};
use crate::cli::office::{self, Office};
use crate::cli::{DONE, NO, print_json, table};
use crate::error::{Error, Result};
use crate::filing::due::{self, Urgency};
use crate::filing::form::usage::Line;
use crate::filing::period::Quarter;
use crate::filing::{Filing, Kind, query, report};
use crate::id::{FilingId, PersonId, UnitId};
use crate::store::{Stamp, Tx};
use crate::unit;
use crate::web::both;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lập báo cáo / make the report of a quarter that is over
    ///
    /// Example: bienlai tax report make --all --quarter 2026-Q3
    Make(Which),
    /// Lập báo cáo bổ sung / make the marked supplementary report of what changed since
    Supplement(Which),
    /// Số liệu / the figures as the receipts have them now, and what changed since the last report
    Show {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// The quarter, as 2026-Q3
        #[arg(long, value_name = "YYYY-Qn")]
        quarter: Quarter,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Duyệt / approve a report that was made by itself; it is signed and sent then
    Approve {
        /// The form, as fil_…
        id: FilingId,
        /// Who approves it, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Ghi nhận đã nộp / record by hand that the tax office has a report, filed on its portal for one
    Accept {
        /// The form, as fil_…
        id: FilingId,
        /// The number of the tax office's notice
        #[arg(long, value_name = "NO")]
        notice_no: String,
        /// Who records it, as per_…
        #[arg(long, value_name = "ID")]
        person: PersonId,
    },
    /// Đến hạn / reports still to be sent; exit 1 when one is overdue
    Due {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Which {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE", required_unless_present = "all")]
    unit: Option<String>,
    /// Every unit; those with nothing to do are passed over
    #[arg(long, conflicts_with = "unit")]
    all: bool,
    /// The quarter, as 2026-Q3
    #[arg(long, value_name = "YYYY-Qn")]
    quarter: Quarter,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Make(which) => make(&office, &which, false),
        Command::Supplement(which) => make(&office, &which, true),
        Command::Show { unit, quarter, json } => show(&office, &unit, quarter, json),
        Command::Approve { id, person } => {
            change(&office, id, person, &|tx, stamp, actor, unit| due::approve(tx, stamp, actor, unit, id))
        }
        Command::Accept { id, notice_no, person } => {
            change(&office, id, person, &|tx, stamp, actor, unit| {
                due::accept_by_hand(tx, stamp, actor, (unit, id), &notice_no)
            })
        }
        Command::Due { unit } => list_due(&office, unit.as_deref()),
    }
}

/// What stands in the way of one of all units is no fault.
const PASSED_OVER: [&str; 5] = [
    "report_exists",
    "report_unchanged",
    "report_missing",
    "report_nothing_registered",
    "registration_missing",
];

fn make(office: &Office, which: &Which, supplement: bool) -> Result<u8> {
    let actor = Actor::system();
    let place = &office.config.tax.place;
    for unit in office.read(&actor, |conn| office::units(conn, which.unit.as_deref()))? {
        let made = office.write(&actor, |tx, stamp| {
            let act = if supplement { report::supplement } else { report::make };
            act(tx, stamp, &actor, unit.id, which.quarter, place)
        });
        match made {
            Ok(id) => println!("{}  {id}", unit.code),
            Err(error) if which.all && PASSED_OVER.contains(&error.code()) => {
                println!("{}  – ({})", unit.code, error.code());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(DONE)
}

fn show(office: &Office, code: &str, quarter: Quarter, json: bool) -> Result<u8> {
    let (figures, changes, filings) = office.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, code)?;
        Ok((
            report::figures(conn, unit.id, quarter)?,
            report::changes(conn, unit.id, quarter)?,
            query::of_period(conn, unit.id, Kind::UsageReport, &quarter.to_string())?,
        ))
    })?;
    if json {
        print_json(
            &serde_json::json!({ "quarter": quarter.to_string(), "figures": figures, "changes": changes }),
        )?;
        return Ok(DONE);
    }
    for filing in filings {
        let kind =
            if filing.earlier.is_some() { "bổ sung / supplementary" } else { "lần đầu / first" };
        println!("{}  {kind}  {}", filing.id, both::form_state(filing.state));
        super::print_rules(&filing)?;
    }
    let rows: Vec<Vec<String>> = figures.iter().map(cells).collect();
    let heading = [
        "Mẫu số",
        "Ký hiệu",
        "Tồn đầu",
        "Từ số",
        "Đến số",
        "Đã dùng",
        "Số hủy",
        "Số thay thế",
        "Tổng tiền",
        "Tồn cuối",
    ];
    table::print(&heading, &rows, &[2, 3, 4, 5, 8, 9]);
    if !changes.is_empty() {
        println!("Số liệu đã đổi từ báo cáo gần nhất / figures changed since the last report:");
        for change in &changes {
            let told = |line: &Option<Line>| {
                line.as_ref()
                    .map_or("–".to_owned(), |line| format!("{} / {} đồng", line.used, line.amount.0))
            };
            println!(
                "  {} {}: {} → {}",
                change.template,
                change.series,
                told(&change.reported),
                told(&change.now)
            );
        }
    }
    Ok(DONE)
}

fn cells(line: &Line) -> Vec<String> {
    let number = |number: Option<i64>| number.map_or("–".to_owned(), |number| number.to_string());
    let list = |numbers: &[i64]| {
        if numbers.is_empty() {
            return "–".to_owned();
        }
        numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
    };
    vec![
        line.template.clone(),
        line.series.clone(),
        line.opening.to_string(),
        number(line.from_no),
        number(line.to_no),
        line.used.to_string(),
        list(&line.cancelled),
        list(&line.replaced),
        line.amount.0.to_string(),
        line.closing.to_string(),
    ]
}

type Change<'a> = &'a dyn Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId) -> Result<Filing>;

/// What a person does to a report.
fn change(office: &Office, id: FilingId, person: PersonId, change: Change<'_>) -> Result<u8> {
    let actor = office.acting(DECIDERS, person, |conn| locate(conn, &Scope::All, id))?;
    let filing = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope, id)?;
        change(tx, stamp, &actor, unit)
    })?;
    println!("{}  {}", filing.id, both::form_state(filing.state));
    super::print_rules(&filing)?;
    Ok(DONE)
}

fn list_due(office: &Office, code: Option<&str>) -> Result<u8> {
    let today = office.clock.now().business_day();
    let mut rows = Vec::new();
    let mut is_late = false;
    office.read(&Actor::system(), |conn| {
        for unit in office::units(conn, code)? {
            for item in due::due(conn, unit.id, today)? {
                is_late |= item.urgency == Urgency::Overdue;
                let (vi, en) = item.urgency.words();
                rows.push(vec![
                    unit.code.clone(),
                    item.quarter,
                    item.due_on.to_string(),
                    item.days_left.to_string(),
                    format!("{vi} / {en}"),
                    item.state.map_or_else(|| "–".to_owned(), both::form_state_of),
                ]);
            }
        }
        Ok::<(), Error>(())
    })?;
    table::print(&["Đơn vị", "Quý", "Hạn nộp", "Còn (ngày)", "Mức", "Trạng thái"], &rows, &[3]);
    Ok(if is_late { NO } else { DONE })
}
