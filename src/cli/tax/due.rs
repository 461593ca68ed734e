//! `bienlai tax due`

use std::path::Path;

use clap::Args;

use crate::actor::Actor;
use crate::cli::office::{self, Office};
use crate::cli::{DONE, NO, print_json, table};
use crate::error::{Error, Result};
use crate::filing::alarm::{self, Alarm, Level};

#[derive(Debug, Args)]
pub struct Options {
    /// The collecting unit, by its code; all when absent
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(config: &Path, options: &Options) -> Result<u8> {
    let office = Office::open(config)?;
    let now = office.clock.now();
    let found = office.read(&Actor::system(), |conn| {
        let mut found: Vec<(String, Alarm)> = Vec::new();
        for unit in office::units(conn, options.unit.as_deref())? {
            let alarms = alarm::of_unit(conn, unit.id, now)?;
            found.extend(alarms.into_iter().map(|alarm| (unit.code.clone(), alarm)));
        }
        Ok::<_, Error>(found)
    })?;
    let is_late = found.iter().any(|(_, alarm)| alarm.level == Level::Alarm);
    if options.json {
        let alarms: Vec<&Alarm> = found.iter().map(|(_, alarm)| alarm).collect();
        print_json(&alarms)?;
    } else {
        print(&found);
    }
    Ok(if is_late { NO } else { DONE })
}

fn print(found: &[(String, Alarm)]) {
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(unit, alarm)| {
            let (vi, en) = alarm.level.words();
            let (what, _) = alarm.kind.words();
            let until = match (&alarm.quarter, alarm.due_on, alarm.days_left) {
                (Some(quarter), Some(due_on), Some(days)) => format!("{quarter}: {due_on} ({days})"),
                _ => alarm.since.map(|since| since.hanoi_text()).unwrap_or_default(),
            };
            let id = match (alarm.transmission, alarm.filing) {
                (Some(id), _) => id.to_string(),
                (None, Some(id)) => id.to_string(),
                (None, None) => "–".to_owned(),
            };
            vec![unit.clone(), format!("{vi} / {en}"), until, id, what.to_owned(), alarm.detail.clone()]
        })
        .collect();
    table::print(&["Đơn vị", "Mức", "Hạn (còn ngày) / từ lúc", "Mã", "Việc", "Chi tiết"], &rows, &[]);
    for kind in alarm::Kind::ALL.into_iter().filter(|kind| found.iter().any(|(_, one)| one.kind == *kind)) {
        println!("{}: {}", kind.as_str(), kind.words().1);
    }
}
