//! `bienlai day bridge`

use std::path::PathBuf;

use clap::Args;

use super::Place;
use crate::actor::Actor;
use crate::cli::office::Office;
use crate::cli::{DONE, NO, print_json, reports};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::reconciliation::bridge;
use crate::report;
use crate::report::sheet::Cell;
use crate::report::table::Table;
use crate::tariff::Tariff;
use crate::unit::account;
use crate::web::both;

#[derive(Debug, Args)]
pub struct Bridge {
    #[command(flatten)]
    place: Place,
    /// The booking day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    date: BusinessDay,
    /// Write it as a file, *.csv or *.xlsx
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Stands between the two accounts of a way.
const WAY: &str = " → ";

/// Exit code 1 when bank and books differ.
pub fn run(office: &Office, asked: &Bridge) -> Result<u8> {
    let stamp = office.stamp();
    // Files are for programs: they keep the names of the ledger, as those of the page do.
    let is_for_people = !asked.json && asked.out.is_none();
    let (report, numbers) = office.read(&Actor::system(), |conn| {
        let (unit, one) = asked.place.find(conn)?;
        let report = bridge::of_day(conn, &stamp, &Actor::system(), (unit.id, one.id), asked.date)?;
        let numbers = if is_for_people { account::numbers(conn, unit.id)? } else { Vec::new() };
        Ok((report, numbers))
    })?;
    if asked.json {
        print_json(&report)?;
    } else {
        let mut table = report::bridge::table(&report);
        if is_for_people {
            call_accounts(&mut table, office.tariff().ok().as_deref(), &numbers);
        }
        reports::put(&table, asked.out.as_deref())?;
    }
    Ok(if report.difference.is_zero() { DONE } else { NO })
}

/// Calls accounts of the ledger what the page calls them, each side of a way from one to another; accounts of the bank
/// by their numbers.
fn call_accounts(table: &mut Table, tariff: Option<&Tariff>, numbers: &[(String, String)]) {
    for cell in table.rows.iter_mut().flatten() {
        if let Cell::Text(text) = cell {
            let sides = text.split(WAY).map(|account| both::account(account, tariff, numbers));
            *text = sides.collect::<Vec<String>>().join(WAY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_the_ledger_are_words_and_other_texts_stay() {
        let row = |text: &str| vec![Cell::text("Cầu nối / Bridge"), Cell::text(text), Cell::Empty];
        let way = "fees_collected/X → budget_due/805-2716";
        let mut table = Table { rows: vec![row(way), row("lin_1 (exc_2)")], ..Table::default() };
        call_accounts(&mut table, None, &[]);
        let called =
            "Phí, lệ phí đã thu / Fees collected · X → Phải nộp ngân sách / Owed to the budget · 805-2716";
        assert_eq!(table.rows, [row(called), row("lin_1 (exc_2)")]);
    }

    #[test]
    fn accounts_of_the_bank_are_called_by_their_numbers() {
        let row = |text: &str| vec![Cell::text("–"), Cell::text(text)];
        let way = "clearing/acc_1/vpbank → bank/acc_1";
        let mut table = Table { rows: vec![row(way), row("acc_12")], ..Table::default() };
        call_accounts(&mut table, None, &[("acc_1".to_owned(), "9990000401".to_owned())]);
        let called = "Kênh đã báo có, chờ sao kê / Claimed by a channel, not on a statement · 9990000401 · vpbank \
                      → Tiền gửi ngân hàng / Money in the bank · 9990000401";
        assert_eq!(table.rows, [row(called), row("acc_12")]);
    }
}
