//! What keeps a day open, in the words that the refusal to close prints.

use serde::{Deserialize, Serialize};

use super::Item;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::exception::kind::Kind;
use crate::id::{ExceptionId, LineId};
use crate::reconciliation::classification::Class;

/// One reason why a day cannot be closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "obstacle", rename_all = "snake_case")]
pub enum Obstacle {
    DayBeforeOpen { last_closed: Option<BusinessDay> },
    StatementMissing { expected: u32, found: u32 },
    StatementRepeated { found: u32, last: u32 },
    OpeningDiffers { expected: Dong, found: Dong },
    ClosingDiffers { computed: Dong, stated: Dong },
    LedgerDiffers { ledger: Dong, bank: Dong },
    LinesWithoutStatement { count: usize },
    DayNotOver,
    NilDayUnproven,
    NilDayMoved { expected: Dong, found: Dong },
    LineTwice { line: LineId },
    LineOfOtherDay { line: LineId, booking_date: BusinessDay },
    LineNotPosted { line: LineId },
    PostingDiffers { line: LineId, amount: Dong, posted: Dong },
    LineNotClassified { line: LineId },
    MatchSumDiffers { line: LineId, amount: Dong, explained: Dong },
    ClassSumDiffers { class: Class, lines: Dong, ledger: Dong },
    OpenLineUnnamed { line: LineId, open: Dong },
    CarriedAmountDiffers { item: Item, open: Dong, named: Dong },
    OpenItemWithoutException { item: Item },
    BlockedByException { exception: ExceptionId, kind: Kind },
    LinesSetAside { count: usize },
    VersionUndecided { count: usize },
    VersionUnfinished { count: usize },
    OutOfRange,
}

impl Obstacle {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Obstacle::DayBeforeOpen { .. } => "day_before_open",
            Obstacle::StatementMissing { .. } => "statement_missing",
            Obstacle::StatementRepeated { .. } => "statement_repeated",
            Obstacle::OpeningDiffers { .. } => "opening_differs",
            Obstacle::ClosingDiffers { .. } => "closing_differs",
            Obstacle::LedgerDiffers { .. } => "ledger_differs",
            Obstacle::LinesWithoutStatement { .. } => "lines_without_statement",
            Obstacle::DayNotOver => "day_not_over",
            Obstacle::NilDayUnproven => "nil_day_unproven",
            Obstacle::NilDayMoved { .. } => "nil_day_moved",
            Obstacle::LineTwice { .. } => "line_twice",
            Obstacle::LineOfOtherDay { .. } => "line_of_other_day",
            Obstacle::LineNotPosted { .. } => "line_not_posted",
            Obstacle::PostingDiffers { .. } => "posting_differs",
            Obstacle::LineNotClassified { .. } => "line_not_classified",
            Obstacle::MatchSumDiffers { .. } => "match_sum_differs",
            Obstacle::ClassSumDiffers { .. } => "class_sum_differs",
            Obstacle::OpenLineUnnamed { .. } => "open_line_unnamed",
            Obstacle::CarriedAmountDiffers { .. } => "carried_amount_differs",
            Obstacle::OpenItemWithoutException { .. } => "open_item_without_exception",
            Obstacle::BlockedByException { .. } => "blocked_by_exception",
            Obstacle::LinesSetAside { .. } => "lines_set_aside",
            Obstacle::VersionUndecided { .. } => "version_undecided",
            Obstacle::VersionUnfinished { .. } => "version_unfinished",
            Obstacle::OutOfRange => "out_of_range",
        }
    }

    pub fn vi(&self) -> String {
        match self {
            Obstacle::DayBeforeOpen { last_closed: Some(day) } => {
                format!("Ngày liền trước chưa khóa; ngày khóa gần nhất là {}.", vi_day(*day))
            }
            Obstacle::DayBeforeOpen { last_closed: None } => "Ngày liền trước chưa khóa.".into(),
            Obstacle::StatementMissing { expected, found } => {
                format!("Thiếu sao kê: chờ số {expected} nhưng nhận số {found}.")
            }
            Obstacle::StatementRepeated { found, last } => {
                format!("Sao kê số {found} đã có; số cuối cùng là {last}.")
            }
            Obstacle::OpeningDiffers { expected, found } => {
                format!("Số dư đầu ngày {found} khác số dư cuối ngày trước {expected}.")
            }
            Obstacle::ClosingDiffers { computed, stated } => {
                format!(
                    "Số dư cuối ngày tính được {computed}, sao kê ghi {stated}: có dòng còn thiếu hoặc bị ghi hai lần; hãy \
                     nạp sao kê cả ngày của ngân hàng."
                )
            }
            Obstacle::LedgerDiffers { ledger, bank } => {
                format!("Sổ kế toán ghi số dư {ledger}, ngân hàng {bank}.")
            }
            Obstacle::LinesWithoutStatement { count } => format!("Có {count} dòng nhưng không có sao kê."),
            Obstacle::DayNotOver => {
                "Chỉ có bản xuất nạp khi ngày chưa hết: hãy nạp sao kê cuối ngày hoặc bản xuất sau ngày này; sau ba ngày, bản \
                 đã nạp được coi là đủ."
                    .into()
            }
            Obstacle::NilDayUnproven => {
                "Ngày không có sao kê; chờ sao kê kế tiếp xác nhận số dư không đổi.".into()
            }
            Obstacle::NilDayMoved { expected, found } => format!(
                "Ngày không có sao kê nhưng số dư đã đổi từ {expected} thành {found}; còn thiếu sao kê."
            ),
            Obstacle::LineTwice { line } => format!("Dòng {line} xuất hiện hai lần."),
            Obstacle::LineOfOtherDay { line, booking_date } => {
                format!("Dòng {line} hạch toán ngày {}, không thuộc ngày này.", vi_day(*booking_date))
            }
            Obstacle::LineNotPosted { line } => format!("Dòng {line} chưa ghi sổ."),
            Obstacle::PostingDiffers { line, amount, posted } => {
                format!("Dòng {line} là {amount} nhưng sổ ghi {posted}.")
            }
            Obstacle::LineNotClassified { line } => format!("Dòng {line} chưa phân loại."),
            Obstacle::MatchSumDiffers { line, amount, explained } => {
                format!("Dòng {line} là {amount} nhưng các phần đã khớp là {explained}.")
            }
            Obstacle::ClassSumDiffers { class, lines, ledger } => {
                format!("Loại “{}”: các dòng cộng được {lines}, sổ kế toán ghi {ledger}.", class.vi())
            }
            Obstacle::OpenLineUnnamed { line, open } => {
                format!("Dòng {line} còn {open} chưa khớp và chưa được nêu tên để chuyển tiếp.")
            }
            Obstacle::CarriedAmountDiffers { item, open, named } => {
                format!("{} còn {open} nhưng danh sách chuyển tiếp ghi {named}.", item.vi())
            }
            Obstacle::OpenItemWithoutException { item } => {
                format!("{} chưa có ngoại lệ để chuyển tiếp.", item.vi())
            }
            Obstacle::BlockedByException { exception, kind } => {
                format!("Ngoại lệ {exception} ({}) phải xử lý xong trước khi khóa ngày.", kind.title_vi())
            }
            Obstacle::LinesSetAside { count } => {
                format!("Còn {count} dòng sao kê không đọc được, chờ người xử lý.")
            }
            Obstacle::VersionUndecided { count } => {
                format!("Có {count} sao kê sửa của ngân hàng chờ hai người quyết định.")
            }
            Obstacle::VersionUnfinished { count } => {
                format!("Có {count} sao kê sửa đã được nhận nhưng chưa ghi xong; chạy đối soát để ghi tiếp.")
            }
            Obstacle::OutOfRange => "Tổng số tiền vượt giới hạn tính toán.".into(),
        }
    }

    pub fn en(&self) -> String {
        match self {
            Obstacle::DayBeforeOpen { last_closed: Some(day) } => {
                format!("The day before is not closed; the last closed day is {day}.")
            }
            Obstacle::DayBeforeOpen { last_closed: None } => "The day before is not closed.".into(),
            Obstacle::StatementMissing { expected, found } => {
                format!("A statement is missing: expected number {expected}, found {found}.")
            }
            Obstacle::StatementRepeated { found, last } => {
                format!("Statement {found} is here already; the last one was {last}.")
            }
            Obstacle::OpeningDiffers { expected, found } => {
                format!("The day opens with {found}, but the day before closed with {expected}.")
            }
            Obstacle::ClosingDiffers { computed, stated } => {
                format!(
                    "The closing balance comes to {computed}; the statement says {stated}: a line is missing or stands here \
                     twice; load the bank’s statement of the whole day."
                )
            }
            Obstacle::LedgerDiffers { ledger, bank } => {
                format!("The ledger has a balance of {ledger}, the bank {bank}.")
            }
            Obstacle::LinesWithoutStatement { count } => format!("There are {count} lines but no statement."),
            Obstacle::DayNotOver => {
                "Only an export that came before the day was over is here: bring the bank’s end-of-day statement, or an \
                 export made after this day; after three days the one that is here stands."
                    .into()
            }
            Obstacle::NilDayUnproven => {
                "There is no statement; the next one has to show that the balance did not change.".into()
            }
            Obstacle::NilDayMoved { expected, found } => format!(
                "There is no statement, but the balance went from {expected} to {found}: a statement is missing."
            ),
            Obstacle::LineTwice { line } => format!("Line {line} stands here twice."),
            Obstacle::LineOfOtherDay { line, booking_date } => {
                format!("Line {line} was booked on {booking_date}, which is another day.")
            }
            Obstacle::LineNotPosted { line } => format!("Line {line} is not posted."),
            Obstacle::PostingDiffers { line, amount, posted } => {
                format!("Line {line} is {amount}, but {posted} was posted.")
            }
            Obstacle::LineNotClassified { line } => format!("Line {line} has no class."),
            Obstacle::MatchSumDiffers { line, amount, explained } => {
                format!("Line {line} is {amount}, but its match parts are {explained}.")
            }
            Obstacle::ClassSumDiffers { class, lines, ledger } => {
                format!("Class “{}”: the lines add up to {lines}, the ledger has {ledger}.", class.en())
            }
            Obstacle::OpenLineUnnamed { line, open } => {
                format!("Line {line} has {open} unmatched and is not carried by name.")
            }
            Obstacle::CarriedAmountDiffers { item, open, named } => {
                format!("{} has {open} open, but is carried with {named}.", item.en())
            }
            Obstacle::OpenItemWithoutException { item } => {
                format!("{} has no exception under which it could be carried.", item.en())
            }
            Obstacle::BlockedByException { exception, kind } => {
                format!("Exception {exception} ({}) must be resolved before the day closes.", kind.title_en())
            }
            Obstacle::LinesSetAside { count } => {
                format!("{count} lines of the statement could not be read and wait for a person.")
            }
            Obstacle::VersionUndecided { count } => {
                format!("{count} corrected statements wait for two persons to decide.")
            }
            Obstacle::VersionUnfinished { count } => {
                format!("{count} accepted corrected statements did not go in yet; matching takes them in.")
            }
            Obstacle::OutOfRange => "The sums leave the range of amounts.".into(),
        }
    }
}

impl Item {
    pub fn vi(self) -> String {
        match self {
            Item::Line(line) => format!("Dòng {line}"),
            Item::Movement(movement) => format!("Biến động {movement}"),
            Item::Payment(payment) => format!("Khoản nộp {payment}"),
            Item::Batch(batch) => format!("Bảng kê POS {batch}"),
            Item::Shift(shift) => format!("Ca thu {shift}"),
            Item::Slip(slip) => format!("Giấy nộp tiền {slip}"),
            Item::Remittance(order) => format!("Lệnh nộp ngân sách {order}"),
            Item::Settlement(report) => format!("Bảng kê cổng thanh toán {report}"),
            Item::Obligation(obligation) => format!("Nghĩa vụ nộp {obligation}"),
        }
    }

    pub fn en(self) -> String {
        match self {
            Item::Line(line) => format!("Line {line}"),
            Item::Movement(movement) => format!("Movement {movement}"),
            Item::Payment(payment) => format!("Payment {payment}"),
            Item::Batch(batch) => format!("POS batch {batch}"),
            Item::Shift(shift) => format!("Shift {shift}"),
            Item::Slip(slip) => format!("Deposit slip {slip}"),
            Item::Remittance(order) => format!("Remittance {order}"),
            Item::Settlement(report) => format!("Gateway settlement {report}"),
            Item::Obligation(obligation) => format!("Obligation {obligation}"),
        }
    }
}

/// `22/11/2026`, as Vietnamese readers expect a date.
fn vi_day(day: BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}
