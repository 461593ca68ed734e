//! `bienlai series …`

use std::path::Path;

use clap::Subcommand;

use super::office::{self, Office};
use super::{DONE, NO, table};
use crate::actor::Actor;
use crate::error::Result;
use crate::id::UnitId;
use crate::receipt;
use crate::store::Conn;
use crate::unit::{self, Series};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that every series holds each number from 1 to the last exactly once; exit 1 on a gap
    Audit {
        /// Only this unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let Command::Audit { unit } = command;
    let office = Office::open(config)?;
    let mut rows = Vec::new();
    let mut is_whole = true;
    office.read(&Actor::system(), |conn| {
        for unit in office::units(conn, unit.as_deref())? {
            for series in unit::series::of_unit(conn, unit.id)? {
                let fault = fault_of(conn, unit.id, &series)?;
                is_whole &= fault.is_none();
                rows.push(row(&unit.code, &series, fault));
            }
        }
        Ok(())
    })?;
    table::print(&["Đơn vị", "Mẫu số", "Ký hiệu", "Năm", "Đã cấp", "Kết quả"], &rows, &[4]);
    Ok(if is_whole { DONE } else { NO })
}

fn row(unit: &str, series: &Series, fault: Option<String>) -> Vec<String> {
    vec![
        unit.to_owned(),
        series.template.clone(),
        series.series.clone(),
        series.year.to_string(),
        (series.next_no - 1).to_string(),
        fault.unwrap_or_else(|| "liền mạch / no gap".into()),
    ]
}

/// The first thing that is not as it must be.
fn fault_of(conn: &mut Conn, unit: UnitId, series: &Series) -> Result<Option<String>> {
    let numbers = receipt::query::numbers(conn, unit, series.id)?;
    let found: Vec<i64> = numbers.into_iter().map(|(number, _)| number).collect();
    Ok(first_fault(&found, series.next_no))
}

fn first_fault(numbers: &[i64], next_no: i64) -> Option<String> {
    for (expected, found) in (1..).zip(numbers) {
        if *found != expected {
            return Some(format!("expected {expected}, found {found}"));
        }
    }
    let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    (count != next_no - 1).then(|| format!("{count} receipts, but the next number is {next_no}"))
}

#[cfg(test)]
mod tests {
    use super::first_fault;

    #[test]
    fn a_missing_a_repeated_and_a_lost_last_number_are_faults() {
        assert_eq!(first_fault(&[1, 2, 3], 4), None);
        assert_eq!(first_fault(&[], 1), None);
        assert!(first_fault(&[1, 3], 4).unwrap().contains("expected 2, found 3"));
        assert!(first_fault(&[1, 1, 2], 3).unwrap().contains("expected 2, found 1"));
        assert!(first_fault(&[1, 2], 4).unwrap().contains("2 receipts"));
    }
}
