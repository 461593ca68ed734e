//! Rows that lost their day, a cell or their separator: they are refused at their line and never passed over. All
//! invented.

use crate::statement::model::{Parsed, Statement};
use crate::statement::parse;

fn read(table: &str) -> Parsed {
    parse(table.as_bytes())
}

fn only(table: &str) -> Statement {
    let parsed = read(table);
    assert!(parsed.errors.is_empty(), "{table}: {:?}", parsed.errors);
    let mut statements = parsed.statements;
    assert_eq!(statements.len(), 1, "{table}");
    statements.remove(0)
}

/// Place and code of the first error.
fn refused(table: &str) -> (String, &'static str) {
    let parsed = read(table);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("{table} was read"));
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

const ABOVE: &str =
    "Date,Description,Ref,Amount,Currency\n2026-03-01,Fee,A,-7.80,EUR\n2026-03-02,In,B,100.00,EUR\n";
const BELOW: &str = "2026-03-07,Fee,C,-1.80,EUR\n";

#[test]
fn a_row_that_lost_its_day_or_other_cells_is_refused_at_its_line() {
    let whole = format!("{ABOVE}2026-03-05,Rent,R5,-500.00,EUR\n{BELOW}");
    assert_eq!(amounts(&only(&whole)), ["-7.80", "100.00", "-500.00", "-1.80"]);
    for (row, code) in [
        ("Rent,R5,-500.00,EUR", "row_too_short"),
        ("R5,-500.00,EUR", "row_too_short"),
        ("-500.00,EUR", "row_too_short"),
        ("2026-13-45,Rent,-500.00,EUR", "row_too_short"),
        ("2026-03-05;Rent;R5;-500.00;EUR", "row_too_short"),
        ("2026-13-45,-500.00,Rent,x,EUR", "date_invalid"),
    ] {
        assert_eq!(refused(&format!("{ABOVE}{row}\n{BELOW}")), ("line 4".to_owned(), code), "{row}");
    }
    let without_currency = "Date,Description,Ref,Amount\n2026-03-01,Fee,A,-7.80\n2026-03-02,In,B,100.00\n";
    for row in ["Rent,R5,-500.00", "R5,-500.00", "-500.00"] {
        let table = format!("{without_currency}{row}\n2026-03-07,Fee,C,-1.80\n");
        assert_eq!(refused(&table), ("line 4".to_owned(), "row_too_short"), "{row}");
    }
}

#[test]
fn a_row_of_another_separator_is_refused_below_all_others_too() {
    let last = "2026-03-09;Rent;R5;-500.00;EUR\n";
    assert_eq!(refused(&format!("{ABOVE}{BELOW}{last}")), ("line 5".to_owned(), "row_too_short"));
}

#[test]
fn whole_dong_in_a_shifted_row_are_an_amount_too() {
    let table = |row: &str| {
        format!("Ngày,Diễn giải,Số CT,Số tiền\n01/03/2026,Phí,A,25000\n{row}\n05/03/2026,Thu,C,15000\n")
    };
    assert_eq!(amounts(&only(&table("02/03/2026,Thu,B,500000"))), ["25000", "500000", "15000"]);
    assert_eq!(refused(&table("Thu,B,500000")), ("line 3".to_owned(), "row_too_short"));
}

#[test]
fn what_is_printed_around_a_table_is_no_row_of_it() {
    let table = "Date,Description,Amount\n2026-03-01,Fee,-7.80\n2026-03-02,In,100.00\n";
    for footer in ["Credit limit,5000.00", "Printed by,A. Clerk", "Rate 1.25", "Total,,92.20"] {
        assert_eq!(amounts(&only(&format!("{table}{footer}\n"))), ["-7.80", "100.00"], "{footer}");
    }
}

#[test]
fn balances_that_hold_without_a_row_show_that_it_moves_nothing() {
    let table = |last: &str| {
        format!(
            "Date,Description,Ref,Amount,Balance\n2026-03-01,Fee,A,-7.80,92.20\nLimit,of the card,500.00,\n\
             2026-03-02,In,B,100.00,{last}\n"
        )
    };
    assert_eq!(amounts(&only(&table("192.20"))), ["-7.80", "100.00"]);
    assert_eq!(refused(&table("692.20")), ("line 3".to_owned(), "row_too_short"));
}

#[test]
fn a_table_of_nothing_but_shifted_rows_is_refused() {
    for (rows, code) in
        [("Rent,R5,-500.00\nFee,R6,-1.80\n", "row_too_short"), ("R5,-500.00\nR6,-1.80\n", "amount_missing")]
    {
        let table = format!("Date,Description,Ref,Amount\n{rows}");
        assert_eq!(refused(&table), ("line 2".to_owned(), code), "{rows}");
    }
    assert_eq!(amounts(&only("Date,Description,Ref,Amount\n")), Vec::<String>::new());
}

#[test]
fn a_row_without_its_day_is_refused_where_each_row_prints_its_own() {
    let table = |second: &str, third: &str| {
        format!(
            "Date,Description,Amount,Balance\n2026-03-01,Fee,-7.80,192.20\n{second},In,100.00,292.20\n\
             {third},Rent,-50.00,242.20\n2026-03-07,Fee,-1.80,240.40\n"
        )
    };
    let day = |table: &str| only(table).lines.remove(1).booking_date.map(|day| day.to_string());
    assert_eq!(day(&table("2026-03-01", "2026-03-05")).as_deref(), Some("2026-03-01"));
    assert_eq!(refused(&table("2026-03-01", "")), ("line 4".to_owned(), "date_invalid"));
    assert_eq!(day(&table("", "2026-03-05")).as_deref(), Some("2026-03-01"), "it is printed on change");
}
