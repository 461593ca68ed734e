//! The Treasury's report in the form that we propose (`report.rs`), row by row. Pure.

use chrono::NaiveDate;

use super::report::{AMOUNT, CODE, DAY, Fault, REASON_LIMIT, ROWS_LIMIT, Row, Status, Why, is_code};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::statement::partner;
use crate::text;

pub(super) const HEADING: [&str; 7] =
    ["ma_lenh", "chuong", "tieu_muc", "so_tien", "ngay", "trang_thai", "ly_do"];
const DAY_COLUMN: usize = 4;

const COLUMNS: Why = ("cần đủ bảy cột", "seven columns are expected");
pub(super) const MONTH_FIRST: Why = (
    "tệp này có ngày viết tháng trước; cần dạng NNNN-TT-NN",
    "days of this file have their month in front: YYYY-MM-DD is needed",
);
const STATUS: Why =
    ("trạng thái phải là credited (đã ghi có) hoặc rejected (từ chối)", "the status is credited or rejected");

/// Reads the rows that can be read, and tells the others.
///
/// # Errors
/// More rows than a report has.
pub(super) fn read(text: &str, separator: char) -> Result<(Vec<Row>, Vec<Fault>), partner::Fault> {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let is_month_first = is_month_first(text, separator);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).skip(1) {
        if rows.len() + faults.len() >= ROWS_LIMIT {
            return Err(partner::Fault::at(index + 1, partner::Why::TooLong(ROWS_LIMIT)));
        }
        match row(index + 1, line, separator, is_month_first) {
            Ok(row) => rows.push(row),
            Err(why) => faults.push(Fault::at(index + 1, why)),
        }
    }
    Ok((rows, faults))
}

/// Whether a slashed day can only have its month in front: then no slashed day of the file says which it is.
fn is_month_first(text: &str, separator: char) -> bool {
    let fits = |day: &str, form: &str| NaiveDate::parse_from_str(day, form).is_ok();
    let mut days = text.lines().filter_map(|line| line.split(separator).nth(DAY_COLUMN)).map(str::trim);
    days.any(|day| fits(day, "%m/%d/%Y") && !fits(day, "%d/%m/%Y"))
}

fn row(line_no: usize, line: &str, separator: char, is_month_first: bool) -> Result<Row, Why> {
    let fields: Vec<&str> = line.splitn(HEADING.len(), separator).map(str::trim).collect();
    let [code, chapter, sub_item, amount, on, status, reason] = fields.as_slice() else {
        return Err(COLUMNS);
    };
    if !is_code(code) || !is_code(sub_item) || chapter.len() > 40 {
        return Err(CODE);
    }
    if is_month_first && on.contains('/') {
        return Err(MONTH_FIRST);
    }
    let is_digits = !amount.is_empty() && amount.bytes().all(|byte| byte.is_ascii_digit());
    let amount = amount.parse().ok().filter(|sum: &i64| is_digits && (1..=Dong::LIMIT.0).contains(sum));
    Ok(Row {
        line_no,
        reference_code: code.to_uppercase(),
        chapter: (*chapter).to_owned(),
        sub_item: (*sub_item).to_owned(),
        amount: Dong(amount.ok_or(AMOUNT)?),
        on: day(on).ok_or(DAY)?,
        status: match *status {
            "credited" => Status::Credited,
            "rejected" => Status::Rejected,
            _ => return Err(STATUS),
        },
        reason: text::clean(reason).chars().take(REASON_LIMIT).collect(),
    })
}

/// A day as we ask for it, or as an office program that opened and saved the file writes it.
fn day(text: &str) -> Option<BusinessDay> {
    // A year of two digits is no year.
    let is_whole = text.len() == "DD/MM/YYYY".len();
    let by_office = || NaiveDate::parse_from_str(text, "%d/%m/%Y").ok().filter(|_| is_whole);
    text.parse().ok().or_else(|| by_office().and_then(|day| BusinessDay::try_from(day).ok()))
}
