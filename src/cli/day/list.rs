//! `bienlai day list`

use clap::Args;
use serde_json::json;

use super::Place;
use crate::actor::Actor;
use crate::cli::office::Office;
use crate::cli::{DONE, print_json, table};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::reconciliation::open_days::{self, OpenDay};
use crate::report::Period;
use crate::web::open_day_json;

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// The first day, YYYY-MM-DD; the first one that is not closed when left out
    #[arg(long, value_name = "DATE")]
    from: Option<BusinessDay>,
    /// The last day, YYYY-MM-DD; yesterday when left out
    #[arg(long, value_name = "DATE")]
    until: Option<BusinessDay>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(office: &Office, asked: &List) -> Result<u8> {
    if let (Some(from), Some(until)) = (asked.from, asked.until) {
        Period::new(from, until)?;
    }
    let stamp = office.stamp();
    let actor = Actor::system();
    let found = office.read(&actor, |conn| {
        let (_, account) = asked.place.find(conn)?;
        let span = (asked.from, asked.until);
        open_days::with_proof(conn, &stamp, &actor, &account, (span, open_days::LIMIT))
    })?;
    if asked.json {
        let open: Vec<_> = found.days.iter().map(open_day_json).collect();
        print_json(&json!({ "open": open, "open_count": found.count }))?;
        return Ok(DONE);
    }
    let rows: Vec<Vec<String>> = found.days.iter().map(cells).collect();
    table::print(&["Ngày", "Trạng thái", "Còn chờ"], &rows, &[]);
    if found.count > rows.len() {
        println!("{} / {}", rows.len(), found.count);
    }
    Ok(DONE)
}

fn cells(day: &OpenDay) -> Vec<String> {
    let waits: Vec<String> = day.waits_for.iter().map(crate::reconciliation::proof::Obstacle::vi).collect();
    let waits = if waits.is_empty() { "khóa được ngay".to_owned() } else { waits.join(" ") };
    let state = if day.is_late { "trễ hạn / late" } else { "đang mở / open" };
    vec![day.date.to_string(), state.to_owned(), waits]
}
