//! The city's overview as rows.

use super::question;
use super::sheet::Cell;
use super::table::Table;
use crate::clock::BusinessDay;
use crate::reconciliation::overview::{Overview, Row};

const COLUMNS: &[&str] = &[
    "Mã / Code",
    "Đơn vị / Unit",
    "Tài khoản / Account",
    "Tình trạng / Standing",
    "Khóa đến / Closed until",
    "Sao kê đến / Statement until",
    "Ngày mở / Open days",
    "Ngày trễ / Late days",
    "Chưa giải thích / Unexplained",
    "Khoản / Count",
    "Lâu nhất (ngày) / Oldest, days",
];

/// A row for each account, the worst first.
pub fn table(overview: &Overview) -> Table {
    let title = vec![
        "Tình hình khóa ngày các tài khoản / How the accounts stand".to_owned(),
        format!(
            "Ngày / Day {} · {} tài khoản: trễ {}, thiếu sao kê {}, còn mở {}, đủ {} / late, no statement, open, \
             up to date",
            overview.today.0.format("%d/%m/%Y"),
            overview.accounts,
            overview.late,
            overview.no_statement,
            overview.open,
            overview.up_to_date
        ),
        query_line(overview),
    ];
    Table { title, columns: COLUMNS, rows: overview.rows.iter().map(row).collect() }
}

/// What was asked: the day and the accounts.
pub fn query_line(overview: &Overview) -> String {
    let of = |one: &Row| format!("{}/{}", one.unit_code, one.account_no);
    let accounts: Vec<String> = overview.rows.iter().map(of).collect();
    question::line(&["overview", &overview.today.to_string(), &accounts.join(",")])
}

fn row(one: &Row) -> Vec<Cell> {
    let day = |day: Option<BusinessDay>| day.map_or(Cell::Empty, Cell::Date);
    let (vi, en) = one.standing.words();
    vec![
        Cell::text(&one.unit_code),
        Cell::text(&one.unit_name),
        Cell::text(&one.account_no),
        Cell::Text(format!("{vi} / {en}")),
        day(one.closed_until),
        day(one.statement_until),
        Cell::Count(one.open_days),
        Cell::Count(one.late_days),
        Cell::Amount(one.unexplained),
        Cell::Count(one.unexplained_count),
        one.oldest_days.map_or(Cell::Empty, Cell::Count),
    ]
}
