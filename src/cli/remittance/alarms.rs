//! `bienlai remittance alarms`

use clap::Args;

use crate::actor::Actor;
use crate::cli::office::{self, Office};
use crate::cli::{DONE, NO, print_json, table};
use crate::error::{Error, Result};
use crate::remittance::alarm::{self, Alarm};

#[derive(Debug, Args)]
pub struct Alarms {
    /// The collecting unit, by its code; all when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn run(office: &Office, asked: &Alarms) -> Result<u8> {
    let stamp = office.stamp();
    let found = office.read(&Actor::system(), |conn| {
        let mut found: Vec<(String, Alarm)> = Vec::new();
        for unit in office::units(conn, asked.unit.as_deref())? {
            let alarms = alarm::of_unit(conn, stamp.calendar, stamp.today(), unit.id)?;
            found.extend(alarms.into_iter().map(|alarm| (unit.code.clone(), alarm)));
        }
        Ok::<_, Error>(found)
    })?;
    if asked.json {
        print_json(&found.iter().map(|(_, alarm)| alarm).collect::<Vec<_>>())?;
    } else if found.is_empty() {
        println!("Không có việc chờ / nothing waits");
    } else {
        let row = |(unit, alarm): &(String, Alarm)| {
            let (vi, en) = alarm.kind.words();
            vec![
                unit.clone(),
                alarm.number.clone().unwrap_or_default(),
                alarm.amount.to_string(),
                alarm.since.to_string(),
                alarm.late_days.to_string(),
                format!("{vi} / {en}"),
            ]
        };
        let rows: Vec<Vec<String>> = found.iter().map(row).collect();
        table::print(&["Đơn vị", "Lệnh", "Số tiền", "Từ ngày", "Trễ (ngày)", "Việc cần làm"], &rows, &[2, 4]);
    }
    Ok(if found.is_empty() { DONE } else { NO })
}
