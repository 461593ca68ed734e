//! The trial balance (bảng cân đối phát sinh): every account of a unit with its balance before a
//! period, what moved in it and its balance after. Debits and credits are equal, or the books are wrong.

mod trial_balance_query;

use super::chart::Charts;
use super::sheet::Cell;
use super::table::Table;
use super::{Period, question, rules};
use crate::amount::Dong;
use crate::error::Result;
use crate::ledger::words;
use crate::store::Conn;
use crate::unit::Unit;

/// An account in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As the ledger writes it.
    pub account: String,
    /// Debits less credits before the period.
    pub opening: Dong,
    pub debits: Dong,
    pub credits: Dong,
}

const COLUMNS: &[&str] = &[
    "Tài khoản / Chart account",
    "Nội dung / Account",
    "Chi tiết / Detail",
    "Dư nợ đầu kỳ / Opening debit",
    "Dư có đầu kỳ / Opening credit",
    "Phát sinh nợ / Debits",
    "Phát sinh có / Credits",
    "Dư nợ cuối kỳ / Closing debit",
    "Dư có cuối kỳ / Closing credit",
];

/// The accounts of a unit with a balance before the period or a move in it.
///
/// # Errors
/// Those of the store.
pub fn rows(conn: &mut Conn, unit: &Unit, period: Period) -> Result<Vec<Row>> {
    trial_balance_query::sums(conn, unit.id, period, &[])
}

/// The accounts that stand for one payment, line, shift, slip or order each: a large unit has as many as payers.
const ONE_EACH: [&str; 8] = [
    "received_in_advance",
    "surplus",
    "suspense",
    "unexplained_debit",
    "reversal_to_recover",
    "drawer",
    "deposit_in_transit",
    "treasury_in_transit",
];

/// The same with these summed by kind, so that it is as long as the unit has items, not as it has payers.
///
/// # Errors
/// Those of the store.
pub fn summed(conn: &mut Conn, unit: &Unit, period: Period) -> Result<Vec<Row>> {
    trial_balance_query::sums(conn, unit.id, period, &ONE_EACH)
}

/// The rows with their numbers in the state's chart of the period's last day, and their sums.
///
/// # Errors
/// `chart_account_missing`, `amount_out_of_range`.
pub fn table(unit: &Unit, period: Period, rows: &[Row], charts: &Charts) -> Result<Table> {
    let chart = charts.in_force(period.until)?;
    let mut sums = [Dong::ZERO; 6];
    let mut found = Vec::new();
    for row in rows {
        let closing = row.opening.checked_add(row.debits)?.checked_sub(row.credits)?;
        let amounts = [
            debit(row.opening),
            credit(row.opening),
            row.debits,
            row.credits,
            debit(closing),
            credit(closing),
        ];
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum = sum.checked_add(amount)?;
        }
        let called =
            words::words(&row.account).map_or_else(|| row.account.clone(), |(vi, en)| format!("{vi} / {en}"));
        let mut cells = vec![
            Cell::text(chart.account_of(&row.account)?),
            Cell::Text(called),
            Cell::text(words::about(&row.account)),
        ];
        cells.extend(amounts.map(Cell::Amount));
        found.push(cells);
    }
    found.sort_by_key(|cells| cells.first().map(Cell::shown));
    let mut total = vec![Cell::Empty, Cell::text("Cộng / Total"), Cell::Empty];
    total.extend(sums.map(Cell::Amount));
    found.push(total);
    let title = vec![
        "Bảng cân đối phát sinh / Trial balance".to_owned(),
        format!(
            "{} {} · {} – {}",
            unit.code,
            unit.name,
            rules::day_text(period.from),
            rules::day_text(period.until)
        ),
        charts.words(Period { from: period.until, until: period.until }),
        question::line_over("trial", &unit.code, period),
    ];
    Ok(Table { title, columns: COLUMNS, rows: found })
}

fn debit(balance: Dong) -> Dong {
    balance.max(Dong::ZERO)
}

fn credit(balance: Dong) -> Dong {
    Dong(balance.min(Dong::ZERO).0.saturating_neg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UnitId;

    fn row(account: &str, opening: i64, debits: i64, credits: i64) -> Row {
        Row { account: account.into(), opening: Dong(opening), debits: Dong(debits), credits: Dong(credits) }
    }

    #[test]
    fn what_stands_on_the_left_stands_on_the_right() {
        let day: crate::clock::BusinessDay = "2026-11-23".parse().unwrap();
        let unit = Unit {
            id: UnitId(2),
            code: "00004".into(),
            name: "Phường Mẫu".into(),
            kind: "phường".into(),
            tax_code: String::new(),
            budget_code: None,
            address: String::new(),
            phone: None,
            valid_from: day,
            valid_until: None,
        };
        let chart = Charts::shipped().unwrap();
        let rows = [
            row("fees_collected/HT1", -25_000, 0, 8_000),
            row("bank/acc_1", 25_000, 8_000, 3_000),
            row("charges_to_recover", 0, 3_000, 0),
        ];
        let table = table(&unit, Period::new(day, day).unwrap(), &rows, &chart).unwrap();
        let texts = table.texts();
        let first: Vec<&str> = texts.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(first, ["112", "138", "338", ""], "by the number of the chart, the sums last");
        assert_eq!(texts[0][3..], ["25.000 đ", "0 đ", "8.000 đ", "3.000 đ", "30.000 đ", "0 đ"]);
        assert_eq!(texts[3][3..], ["25.000 đ", "25.000 đ", "11.000 đ", "11.000 đ", "33.000 đ", "33.000 đ"]);
        assert_eq!(texts[2][1..3], ["Phí, lệ phí đã thu / Fees collected", "HT1"]);
    }
}
