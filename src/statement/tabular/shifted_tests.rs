//! Rows of a workbook that lack a cell, or have one too many. All invented.

use crate::statement::model::Parsed;
use crate::statement::parse;

const HEADING: &[&str] = &["Ngày", "Diễn giải", "Số CT", "Nợ", "Có", "Số dư"];
const FIRST: &[&str] = &["22/11/2026", "Thu", "A1", "", "25.000", "125.000"];
const SECOND: &[&str] = &["23/11/2026", "Phí", "A2", "5.500", "", "119.500"];
const THIRD: &[&str] = &["24/11/2026", "Thu", "A3", "", "8.000", "127.500"];

/// A page, which is read as every workbook is: its heading stands in line 2, and each row in one of its own.
fn read(rows: &[&[&str]]) -> Parsed {
    let row = |cells: &&[&str]| {
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.iter().map(row).collect();
    parse(format!("<html><body><table>\n{rows}</table></body></html>\n").as_bytes())
}

fn faults(rows: &[&[&str]]) -> Vec<(String, &'static str)> {
    read(rows).errors.into_iter().map(|error| (error.at, error.code)).collect()
}

fn fault(line: usize, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(format!("line {line}"), code)]
}

#[test]
fn a_row_that_lacks_a_cell_is_refused_at_its_line() {
    assert_eq!(faults(&[HEADING, FIRST, SECOND, THIRD]), []);
    let second = &["23/11/2026", "Phí", "5.500", "", "119.500"];
    assert_eq!(faults(&[HEADING, FIRST, second, THIRD]), fault(4, "row_too_short"));
    let last = &["25/11/2026", "Phí", "2.000", "", "125.500"];
    assert_eq!(
        faults(&[HEADING, FIRST, SECOND, THIRD, last]),
        fault(6, "row_too_short"),
        "nothing is behind it"
    );
    assert_eq!(
        faults(&[HEADING, THIRD, second, FIRST]),
        fault(4, "row_too_short"),
        "the newest row comes first"
    );
}

#[test]
fn a_row_with_a_cell_too_many_is_refused_at_its_line() {
    let heading: Vec<&str> = [HEADING, &["Ghi chú"]].concat();
    let first: Vec<&str> = [FIRST, &[""]].concat();
    let wide = &["23/11/2026", "Thu", "học phí", "777", "", "8.000", "133.000"];
    let third = &["24/11/2026", "Thu", "A3", "", "8.000", "141.000", ""];
    let whole = &["23/11/2026", "Thu", "777", "", "8.000", "133.000", ""];
    assert_eq!(faults(&[&heading, &first, whole, third]), []);
    assert_eq!(faults(&[&heading, &first, wide, third]), fault(4, "row_too_wide"));
}

#[test]
fn a_row_that_lost_its_day_is_refused_where_its_amount_stands_ahead_of_all_amounts() {
    let table = |row: &[&str]| {
        let heading = &["Ngày", "Diễn giải", "Số CT", "Số tiền"];
        let (first, last) = (&["22/11/2026", "Thu", "A1", "25.000"], &["24/11/2026", "Thu", "A3", "8.000"]);
        faults(&[heading, first, row, last])
    };
    assert_eq!(table(&["23/11/2026", "Thu", "A2", "5.000"]), []);
    assert_eq!(table(&["Học phí", "A2", "5.000"]), fault(4, "row_too_short"));
    assert_eq!(table(&["", "23/11/2026", "Thu", "777", "5.000"]), fault(4, "row_too_wide"));
    assert_eq!(table(&["Hạn mức", "", "5.000"]), [], "a limit with its figure is no row");
}

#[test]
fn what_is_printed_in_and_around_a_workbook_is_no_shifted_row() {
    let without_balance = &["25/11/2026", "Thu", "A4", "", "1.000", ""];
    let rows: &[&[&str]] = &[
        &["SAO KÊ TÀI KHOẢN", "", "", "", "", "", ""],
        HEADING,
        FIRST,
        SECOND,
        &["Trang 1/2", "", ""],
        THIRD,
        &["24/11/2026", "Thu", "A3", "", "500", "128.000", "", ""],
        &["Tổng cộng", "", "", "5.500", "33.500", ""],
        &["Ghi chú", "in tại quầy", "", "", ""],
    ];
    assert_eq!(faults(rows), []);
    let limit = &["Hạn mức thấu chi", "theo hợp đồng", "50.000.000", "VND"];
    assert_eq!(faults(&[HEADING, FIRST, SECOND, THIRD, limit]), [], "a limit in as many cells as a row");
    let without_day = &["Học phí", "A4", "1.000", "", "126.500"];
    assert_ne!(faults(&[HEADING, FIRST, SECOND, THIRD, without_day]), [], "its balance stands early, too");
    let codes = faults(&[HEADING, FIRST, SECOND, THIRD, without_balance]);
    assert!(codes.iter().all(|(_, code)| !code.starts_with("row_too")), "{codes:?}");
}
