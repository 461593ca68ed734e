//! The bridge report as rows: bank, books, the way from receipts to the bank, what is carried on,
//! and how the day's fees are shared.

use super::question;
use super::sheet::Cell;
use super::table::Table;
use crate::amount::Dong;
use crate::exception::Kind;
use crate::reconciliation::bridge::{Pier, Report, Standing};
use crate::reconciliation::classification::Class;

const COLUMNS: &[&str] = &[
    "Mục / Section",
    "Chỉ tiêu / Item",
    "Tài khoản, mã / Account, id",
    "Từ ngày / Since",
    "Số tiền / Amount",
];

/// The parts of the report, in their order.
pub const SECTIONS: [&str; 6] = [BANK, BOOKS, BRIDGE, CARRIED, SHARED, OBSTACLES];

const BANK: &str = "Ngân hàng / Bank";
const BOOKS: &str = "Sổ kế toán / Books";
const BRIDGE: &str = "Cầu nối / Bridge";
const CARRIED: &str = "Chuyển tiếp / Carried on";
const SHARED: &str = "Phân chia / Shared out";
const OBSTACLES: &str = "Vướng mắc / Obstacles";

/// The report's rows, in the order in which it is read.
pub fn table(report: &Report) -> Table {
    let mut rows = Rows::default();
    bank(report, &mut rows);
    books(report, &mut rows);
    piers(report, &mut rows);
    carried(report, &mut rows);
    shares(report, &mut rows);
    obstacles(report, &mut rows);
    Table { title: title(report), columns: COLUMNS, rows: rows.rows }
}

fn title(report: &Report) -> Vec<String> {
    let standing = match report.standing {
        Standing::Closed => "đã khóa / closed",
        Standing::Closable => "chưa khóa, đủ điều kiện khóa / open, can be closed",
        Standing::Open => "chưa khóa được / cannot be closed yet",
    };
    let mut title = vec![
        "Báo cáo cầu nối biên lai – ngân hàng / Bridge from receipts to the bank".to_owned(),
        format!("{} {} · TK / account {}", report.unit_code, report.unit_name, report.account_no),
        format!("Ngày / Day {} · {standing}", report.date.0.format("%d/%m/%Y")),
        question::line(&["bridge", &report.unit_code, &report.account_no, &report.date.to_string()]),
    ];
    if let Some(sha256) = &report.certificate_sha256 {
        title.push(format!("Chứng nhận / Certificate SHA-256 {sha256}"));
    }
    title
}

#[derive(Default)]
struct Rows {
    section: &'static str,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    fn sum(&mut self, item: &str, amount: Dong) {
        self.row(item, "", Cell::Empty, Cell::Amount(amount));
    }

    fn row(&mut self, item: &str, id: &str, since: Cell, amount: Cell) {
        let id = if id.is_empty() { Cell::Empty } else { Cell::text(id) };
        self.rows.push(vec![Cell::text(self.section), Cell::text(item), id, since, amount]);
    }
}

fn bank(report: &Report, rows: &mut Rows) {
    rows.section = BANK;
    let Some(bank) = &report.bank else {
        rows.row("Chưa có sao kê / No statement yet", "", Cell::Empty, Cell::Empty);
        return;
    };
    rows.sum("Số dư đầu ngày / Opening balance", bank.opening);
    for (name, sum) in &bank.classes {
        let words = Class::parse(name)
            .map_or_else(|_| name.clone(), |class| format!("– {} / {}", class.vi(), class.en()));
        rows.sum(&words, *sum);
    }
    rows.sum("Tổng ghi có / Credits", bank.credits);
    rows.sum("Tổng ghi nợ / Debits", Dong(bank.debits.0.saturating_neg()));
    rows.sum("Số dư cuối ngày / Closing balance", bank.closing);
    rows.row("Số dòng sao kê / Lines", "", Cell::Empty, Cell::Count(bank.line_count));
}

fn books(report: &Report, rows: &mut Rows) {
    rows.section = BOOKS;
    rows.sum("Số dư đầu ngày / Opening balance", report.books.opening);
    rows.sum("Phát sinh trong ngày / Moved", report.bridge.bank);
    rows.sum("Số dư cuối ngày / Closing balance", report.books.closing);
    rows.sum("Chênh lệch ngân hàng – sổ / Bank less books", report.difference);
}

fn piers(report: &Report, rows: &mut Rows) {
    rows.section = BRIDGE;
    for pier in Pier::ALL {
        let (vi, en) = pier.words();
        rows.sum(&format!("{vi} / {en}"), report.bridge.of(pier));
        for span in report.bridge.spans.iter().filter(|span| span.pier == pier) {
            rows.row("–", &span.account, Cell::Empty, Cell::Amount(span.amount));
        }
    }
    rows.sum("Bằng: phát sinh trên tài khoản / Makes: moved on the account", report.bridge.bank);
    let left = report.bridge.unexplained().unwrap_or_default();
    rows.sum("Chưa giải thích được / Unexplained", left);
}

fn carried(report: &Report, rows: &mut Rows) {
    rows.section = CARRIED;
    for one in &report.carried {
        let words = Kind::parse(&one.exception_kind).map_or_else(
            |_| one.exception_kind.clone(),
            |kind| format!("{} / {}", kind.title_vi(), kind.title_en()),
        );
        let id = format!("{} ({})", one.id, one.exception);
        rows.row(&words, &id, Cell::Date(one.first_seen), Cell::Amount(one.amount));
    }
    if report.in_transit_count > 0 {
        let words = format!("Đã báo có, chờ sao kê: {} khoản / Claimed, not shown", report.in_transit_count);
        rows.sum(&words, report.in_transit);
    }
    for one in &report.claims {
        let id =
            if one.code.is_empty() { one.payment.clone() } else { format!("{} ({})", one.code, one.payment) };
        rows.row("–", &id, Cell::Date(one.first_seen), Cell::Amount(one.amount));
    }
    for one in &report.cash {
        let words = if one.kind == "shift" {
            "Tiền mặt trong ngăn quỹ / Cash in the drawer"
        } else {
            "Tiền mặt đang nộp ngân hàng / Cash on its way"
        };
        rows.row(words, &one.id, Cell::Date(one.since), Cell::Amount(one.amount));
    }
    if report.carried.is_empty() && report.in_transit_count == 0 && report.cash.is_empty() {
        rows.row("Không có / Nothing", "", Cell::Empty, Cell::Empty);
    }
}

fn shares(report: &Report, rows: &mut Rows) {
    rows.section = SHARED;
    for share in &report.shares {
        let words =
            if share.is_kept() { "Để lại đơn vị / Kept" } else { "Nộp ngân sách / Budget" };
        let way = format!("{} → {}", share.from, share.to);
        rows.row(words, &way, Cell::Empty, Cell::Amount(share.amount));
    }
    rows.sum("Cộng nộp ngân sách / Budget in all", report.budget);
    rows.sum("Cộng để lại đơn vị / Kept in all", report.kept);
}

fn obstacles(report: &Report, rows: &mut Rows) {
    rows.section = OBSTACLES;
    for obstacle in &report.obstacles {
        rows.row(&format!("{} / {}", obstacle.vi(), obstacle.en()), "", Cell::Empty, Cell::Empty);
    }
}
