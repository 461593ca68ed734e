//! The Treasury's own table of what it credited or rejected, by its headings. Pure.
//!
//! Where it has a column of states, the state says what became of a line; where it has none, a line is
//! credited on the day of its credit, and one without such a day is told as a row that says nothing.

use super::report::{self, Fault, REASON_LIMIT, ROWS_LIMIT, Row, Status, is_code};
use crate::amount::Dong;
use crate::statement::partner::{self, Field, Kind, Named, Own, Series, Told, Why, Word};
use crate::text;

const CELLS: report::Why = (
    "số ô của dòng không khớp dòng tiêu đề; dòng có thể bị cắt",
    "the cells of the row do not fit the headings; it may be cut off",
);
const CURRENCY: report::Why = ("chỉ nhận tiền đồng", "the currency is not đồng");
const NO_CREDIT_DAY: report::Why = (
    "không có ngày ghi có: chưa biết đã ghi có hay bị từ chối",
    "no day of credit: neither credited nor rejected",
);
const STATE: report::Why =
    ("trạng thái không nói đã ghi có hay bị từ chối", "the state says neither credited nor rejected");

/// A chapter has three digits; a workbook that takes it for a number drops those in front.
const CHAPTER_DIGITS: usize = 3;

/// Reads the rows that can be read, and tells the others.
///
/// # Errors
/// No table, a needed column that is missing, or a stated sum that the rows do not come to.
pub(super) fn read(bytes: &[u8], named: &[Named]) -> Result<(Vec<Row>, Vec<Fault>), partner::Fault> {
    let table = partner::read(bytes, Kind::Treasury, &Own { named, ..Own::default() })?;
    let too_long = |line: usize| partner::Fault::at(line, Why::TooLong(ROWS_LIMIT));
    if let Some(line) = table.misfits().get(ROWS_LIMIT) {
        return Err(too_long(*line));
    }
    let mut rows = Vec::new();
    let mut faults: Vec<Fault> = table.misfits().iter().map(|line| Fault::at(*line, CELLS)).collect();
    for told in table.rows() {
        if rows.len() + faults.len() >= ROWS_LIMIT {
            return Err(too_long(told.line()));
        }
        match row(told, table.has(Field::State)) {
            Ok(row) => rows.push(row),
            Err(why) => faults.push(Fault::at(told.line(), why)),
        }
    }
    faults.sort_by_key(|fault| fault.line_no);
    // A row whose amount is told as unreadable leaves nothing to compare the sums with.
    let amounts: Option<Vec<Dong>> =
        table.rows().map(|told| told.money(Field::Amount).ok().flatten()).collect();
    if let Some(amounts) = amounts.filter(|_| table.misfits().is_empty()) {
        table.check_totals(&[Series::of(Field::Amount, amounts)])?;
    }
    Ok((rows, faults))
}

fn row(told: Told<'_>, has_states: bool) -> Result<Row, report::Why> {
    let code = told.key().map_err(|_| report::CODE)?;
    let (chapter, sub_item) = (code_in(told.cell(Field::Chapter)), code_in(told.cell(Field::SubItem)));
    if !is_code(code) || !is_code(sub_item) || chapter.len() > 40 {
        return Err(report::CODE);
    }
    told.check_currency().map_err(|_| CURRENCY)?;
    let amount = told.money(Field::Amount).ok().flatten().filter(|amount| amount.is_positive());
    let status = status(told, has_states)?;
    let day = told.day(Field::CreditDate).filter(|_| status == Status::Credited);
    Ok(Row {
        line_no: told.line(),
        reference_code: code.to_uppercase(),
        chapter: whole_chapter(chapter),
        sub_item: sub_item.to_owned(),
        amount: amount.ok_or(report::AMOUNT)?,
        on: day
            .or_else(|| told.day(Field::Date))
            .or_else(|| told.day(Field::CreditDate))
            .ok_or(report::DAY)?,
        status,
        reason: text::clean(told.cell(Field::Reason)).chars().take(REASON_LIMIT).collect(),
    })
}

fn status(told: Told<'_>, has_states: bool) -> Result<Status, report::Why> {
    if !has_states {
        let day = told.day(Field::CreditDate);
        return day.map(|_| Status::Credited).ok_or(NO_CREDIT_DAY);
    }
    match (told.says(Field::State, Word::Credited), told.says(Field::State, Word::Rejected)) {
        (true, false) => Ok(Status::Credited),
        (false, true) => Ok(Status::Rejected),
        _ => Err(STATE),
    }
}

/// The code at the start of a cell: `2771` of `2771 – Lệ phí khác`.
fn code_in(cell: &str) -> &str {
    cell.split(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '–' | ':'))
        .next()
        .unwrap_or_default()
}

fn whole_chapter(code: &str) -> String {
    let is_number = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("{code:0>CHAPTER_DIGITS$}") } else { code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::report::unreadable;
    use super::*;

    const ORDERS: &[u8] = include_bytes!("../../fixtures/partner/treasury/orders.csv");
    const CREDITS: &[u8] = include_bytes!("../../fixtures/partner/treasury/credits.xls");

    fn told(bytes: &[u8]) -> (Vec<(String, String, i64, Status)>, Vec<usize>) {
        let (rows, faults) = report::read(bytes, &[]).unwrap_or_else(|fault| panic!("{fault:?}"));
        let rows = rows.into_iter().map(|row| {
            let place = format!("{} {} {}", row.reference_code, row.chapter, row.sub_item);
            (place, row.on.to_string(), row.amount.0, row.status)
        });
        (rows.collect(), faults.into_iter().map(|fault| fault.line_no).collect())
    }

    #[test]
    fn a_table_with_states_says_what_became_of_each_line() {
        let (rows, faults) = told(ORDERS);
        let row = |place: &str, amount, status| (place.to_owned(), "2026-11-25".to_owned(), amount, status);
        let wanted = [
            row("MALENH00001 805 2771", 12_500, Status::Credited),
            row("MALENH00001 805 2716", 8_000, Status::Credited),
            row("MALENH00002 018 2771", 1_250_000, Status::Rejected),
        ];
        assert_eq!(rows, wanted);
        assert_eq!(faults, [8], "a state that says neither");
        let (rows, _) = report::read(ORDERS, &[]).unwrap();
        assert_eq!(rows[2].reason, "Sai mã chương");
    }

    #[test]
    fn a_table_without_states_credits_by_the_day_of_credit() {
        let (rows, faults) = told(CREDITS);
        let row =
            |place: &str, day: &str, amount| (place.to_owned(), day.to_owned(), amount, Status::Credited);
        let wanted = [
            row("MALENH00003 805 2771", "2026-11-26", 300_000),
            row("MALENH00003 805 2716", "2026-11-27", 45_000),
        ];
        assert_eq!(rows, wanted);
        assert_eq!(faults, [7], "not credited yet");
    }

    #[test]
    fn every_bad_row_is_told_also_one_that_is_cut_off_and_the_others_are_read() {
        let table = "Số lệnh,Chương,Tiểu mục,Số tiền,Trạng thái,Ngày\nA1,805,2771,1.5,Ghi có,25/11/2026\n\
                     A2,805,2771,1000,Ghi có,25/11/2026\nA3,805,2771,1000\nTổng cộng,,,9.999,,\n";
        let (rows, faults) = told(table.as_bytes());
        assert_eq!((rows.len(), rows[0].2), (1, 1_000));
        assert_eq!(faults, [2, 4], "and no sum is compared that leaves rows out");
    }

    #[test]
    fn a_missing_column_and_a_wrong_sum_refuse_the_report() {
        let table = |sum: &str| {
            format!(
                "Số lệnh,Chương,Tiểu mục,Số tiền,Trạng thái,Ngày\nA1,805,2771,1000,Ghi có,25/11/2026\n{sum}"
            )
        };
        assert_eq!(told(table("Tổng cộng,,,1.000,,\n").as_bytes()).0.len(), 1);
        let refused = |text: &str| unreadable(&report::read(text.as_bytes(), &[]).unwrap_err());
        let error = refused(&table("Tổng cộng,,,1.001,,\n"));
        assert_eq!(error.code(), "treasury_report_unreadable");
        assert!(error.detail().starts_with("line 3"), "{}", error.detail());
        let error = refused(&table("").replace("Chương", "Nguồn"));
        assert_eq!(error.code(), "partner_column_missing");
        assert!(error.detail().contains("Chapter") && error.detail().contains("Nguồn"), "{}", error.detail());
    }
}
