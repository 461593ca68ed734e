//! The month's figures as rows of one sheet.

use super::{Figures, Measured, NO_FIGURES, Sum};
use crate::clock::BusinessDay;
use crate::report::collection::percent;
use crate::report::question;
use crate::report::sheet::Cell;
use crate::report::table::Table;

const COLUMNS: &[&str] = &[
    "Mục / Section",
    "Mã / Code",
    "Tên / Name",
    "Số thu (đồng) / Collected",
    "Hồ sơ có thu / Paid dossiers",
    "Điện tử / Electronic",
    "Tỷ lệ theo hồ sơ / Share by count",
    "Tỷ lệ theo tiền / Share by amount",
    "Hồ sơ 0 đồng / Free",
    "Tổng hồ sơ / All dossiers",
    "Trực tuyến / Online",
    "Toàn trình / Full process",
    "Ghi chú / Note",
];

/// Title lines of the report, for sheet and page alike.
pub fn title(figures: &Figures) -> Vec<String> {
    vec![
        format!("Báo cáo thu phí, lệ phí tháng {} / Monthly report", figures.month),
        format!("Từ {} đến {} / from, until", shown(figures.from), shown(figures.until)),
        format!(
            "Hạn gửi / Due {} – {} ({})",
            shown(figures.report_due_on),
            figures.report_source,
            figures.report_certainty
        ),
        query_line(figures),
    ]
}

/// What was asked: the month and the units.
pub fn query_line(figures: &Figures) -> String {
    let units: Vec<&str> = figures.units.iter().map(|one| one.unit_code.as_str()).collect();
    question::line(&["city", &figures.month, &units.join(",")])
}

/// The figures as rows: units, items, channels, days, warnings.
pub fn table(figures: &Figures) -> Table {
    let mut rows: Vec<Vec<Cell>> = figures.units.iter().map(unit_row).collect();
    rows.extend(figures.by_item.iter().map(|sum| sum_row("Khoản thu / Item", sum)));
    rows.extend(figures.by_channel.iter().map(|sum| sum_row("Kênh / Channel", sum)));
    for (day, amount) in &figures.by_day {
        rows.push(vec![Cell::text("Ngày / Day"), Cell::Date(*day), Cell::Empty, Cell::Amount(*amount)]);
    }
    for one in &figures.warnings {
        let (vi, en) = one.measured.measure.words();
        let mut row = vec![
            Cell::text("Cảnh báo / Warning"),
            Cell::text(&one.unit_code),
            Cell::Text(format!("{} – {}", one.unit_name, one.field)),
        ];
        row.extend(std::iter::repeat_n(Cell::Empty, 9));
        let told = format!("{vi} / {en}: {}", against(&one.measured));
        row.push(Cell::Text(
            one.old_until.map_or_else(|| told.clone(), |until| format!("{told}. {}", old(until))),
        ));
        rows.push(row);
    }
    rows.push(vec![
        Cell::text("Tổng cộng / Total"),
        Cell::Empty,
        Cell::Empty,
        Cell::Amount(figures.total),
        Cell::Count(figures.paid.count),
        Cell::Count(figures.paid.electronic_count),
        share(figures.paid.share_by_count()),
        share(figures.paid.share_by_amount()),
        Cell::Count(figures.paid.free_count),
    ]);
    Table { title: title(figures), columns: COLUMNS, rows }
}

/// `12 % (≥ 60 %)`
pub fn against(measured: &Measured) -> String {
    match &measured.target {
        Some(target) => format!("{} ({})", measured.shown(), target.shown()),
        None => measured.shown(),
    }
}

fn share(share: Option<i64>) -> Cell {
    share.map_or(Cell::Empty, |share| Cell::Text(percent(share)))
}

fn unit_row(one: &super::Standing) -> Vec<Cell> {
    let dossiers = one.dossiers.as_ref();
    let missing = || Cell::text(NO_FIGURES.0);
    let measured = |at: usize| Cell::Text(one.measured.get(at).map(against).unwrap_or_default());
    vec![
        Cell::text("Đơn vị / Unit"),
        Cell::text(&one.unit_code),
        Cell::text(&one.unit_name),
        Cell::Amount(one.amount),
        Cell::Count(one.paid.count),
        Cell::Count(one.paid.electronic_count),
        measured(2),
        share(one.paid.share_by_amount()),
        Cell::Count(one.paid.free_count),
        dossiers.map_or_else(missing, |total| Cell::Count(total.total)),
        measured(0),
        measured(1),
        one.dossiers_old_until.map_or(Cell::Empty, |until| Cell::Text(old(until))),
    ]
}

/// Figures of dossiers that end before the rest.
fn old(until: BusinessDay) -> String {
    format!("Số liệu hồ sơ đến hết {0} / dossiers until {0}", shown(until))
}

fn shown(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

fn sum_row(section: &str, sum: &Sum) -> Vec<Cell> {
    vec![Cell::text(section), Cell::text(&sum.code), Cell::text(&sum.name), Cell::Amount(sum.amount)]
}
