//! The lists: each a table with its columns and the date by which it is asked.

use crate::id::*;

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    /// A stored word of the program: a state, a kind. Pages say it in the reader's language, files keep it.
    Code,
    Date,
    /// Microseconds, shown in the time of Hà Nội.
    Time,
    Amount,
    Count,
    /// An id, written with its prefix.
    Id(fn(i64) -> String),
    /// The number of a kind of exception.
    Exception,
}

/// One column: its heading, the column of the table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    pub column: &'static str,
    pub kind: Kind,
}

/// How a list is asked by date.
#[derive(Clone, Copy, Debug)]
pub enum Dated {
    Day(&'static str),
    /// Microseconds.
    Time(&'static str),
}

#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    pub title: &'static str,
    pub table: &'static str,
    pub dated: Dated,
    /// What the date is, Vietnamese and English.
    pub date_title: &'static str,
    /// The states its rows can be in; none for rows without one.
    pub states: &'static [&'static str],
    pub columns: &'static [Column],
}

const fn of(title: &'static str, column: &'static str, kind: Kind) -> Column {
    Column { title, column, kind }
}

const fn text(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Text)
}

const fn code(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Code)
}

const fn amount(title: &'static str, column: &'static str) -> Column {
    of(title, column, Kind::Amount)
}

const STATE: Column = code("Trạng thái / State", "state");
const MADE: Column = of("Lập lúc / Made at", "created_at", Kind::Time);
const AMOUNT: Column = amount("Số tiền / Amount", "amount");
const CODE: Column = text("Mã nộp tiền / Reference code", "reference_code");

macro_rules! named {
    ($id:ident) => {
        Kind::Id(|raw| $id(raw).to_string())
    };
}

const ACCOUNT: Column = of("Tài khoản / Account", "account_id", named!(AccountId));
const OBLIGATION: Column = of("Nghĩa vụ / Obligation", "obligation_id", named!(ObligationId));
const PAYMENT: Column = of("Khoản nộp / Payment", "payment_id", named!(PaymentId));

/// In the order of the money's way.
pub const LISTS: &[Definition] = &[
    Definition {
        name: "obligations",
        title: "Nghĩa vụ nộp / Obligations",
        table: "obligation",
        dated: Dated::Time("created_at"),
        date_title: "Ngày lập / Raised",
        states: &["raised", "partly_paid", "paid", "reopened", "cancelled", "waived"],
        columns: &[
            of("Nghĩa vụ / Obligation", "id", named!(ObligationId)),
            CODE,
            text("Mã hồ sơ / Dossier", "dossier_code"),
            text("Thủ tục / Procedure", "procedure_code"),
            MADE,
            of("Hạn nộp / Due on", "due_on", Kind::Date),
            amount("Phải nộp / Total", "total"),
            amount("Điều chỉnh / Adjusted", "adjusted"),
            amount("Đã nộp / Paid", "allocated"),
            STATE,
        ],
    },
    Definition {
        name: "claims",
        title: "Báo có / Claims",
        table: "claim",
        dated: Dated::Time("created_at"),
        date_title: "Ngày nhận / Received",
        states: &[],
        columns: &[
            of("Báo có / Claim", "id", named!(ClaimId)),
            of("Biến động / Movement", "movement_id", named!(MovementId)),
            text("Kênh / Channel", "channel"),
            ACCOUNT,
            code("Chiều / Direction", "direction"),
            AMOUNT,
            code("Mức tin cậy / Trust", "trust"),
            of("Giao dịch lúc / Occurred at", "occurred_at", Kind::Time),
            of("Nhận lúc / Received at", "created_at", Kind::Time),
        ],
    },
    Definition {
        name: "movements",
        title: "Biến động / Movements",
        table: "movement",
        dated: Dated::Day("first_seen_on"),
        date_title: "Ngày thấy đầu tiên / First seen",
        states: &["expected", "proven", "disproven", "reversed", "same_as"],
        columns: &[
            of("Biến động / Movement", "id", named!(MovementId)),
            ACCOUNT,
            code("Chiều / Direction", "direction"),
            AMOUNT,
            of("Ngày thấy đầu tiên / First seen", "first_seen_on", Kind::Date),
            amount("Đã chứng minh / Proven", "proven"),
            text("Kênh báo / Claimed by", "claimed_by"),
            PAYMENT,
            STATE,
        ],
    },
    Definition {
        name: "payments",
        title: "Khoản nộp / Payments",
        table: "payment",
        dated: Dated::Day("accounting_date"),
        date_title: "Ngày hạch toán / Accounting date",
        states: &["claimed", "proven", "disproven", "reversed"],
        columns: &[
            of("Khoản nộp / Payment", "id", named!(PaymentId)),
            of("Ngày hạch toán / Accounting date", "accounting_date", Kind::Date),
            code("Hình thức / Method", "method"),
            text("Kênh / Channel", "channel"),
            AMOUNT,
            OBLIGATION,
            amount("Vào nghĩa vụ / To obligations", "to_obligations"),
            amount("Thừa / Surplus", "surplus"),
            amount("Treo / Suspense", "suspense"),
            amount("Thu hồi / Reversed", "reversed"),
            STATE,
            MADE,
        ],
    },
    Definition {
        name: "receipts",
        title: "Biên lai, hóa đơn / Receipts and invoices",
        table: "receipt",
        dated: Dated::Day("issued_on"),
        date_title: "Ngày lập / Issued on",
        states: &["numbered", "signed", "replaced", "adjusted", "cancelled"],
        columns: &[
            of("Chứng từ / Document", "id", named!(ReceiptId)),
            code("Loại / Kind", "document_kind"),
            text("Mẫu / Template", "template"),
            text("Ký hiệu / Series", "series"),
            of("Số / Number", "number", Kind::Count),
            of("Ngày lập / Issued on", "issued_on", Kind::Date),
            AMOUNT,
            OBLIGATION,
            STATE,
        ],
    },
    Definition {
        name: "corrections",
        title: "Điều chỉnh chứng từ / Corrections",
        table: "correction",
        dated: Dated::Time("created_at"),
        date_title: "Ngày đề nghị / Requested",
        states: &["requested", "approved", "refused", "withdrawal_requested", "withdrawn"],
        columns: &[
            of("Điều chỉnh / Correction", "id", named!(CorrectionId)),
            of("Chứng từ / Document", "receipt_id", named!(ReceiptId)),
            code("Loại / Kind", "kind"),
            amount("Số cũ / Old amount", "old_amount"),
            amount("Số mới / New amount", "new_amount"),
            of("Người lập / Maker", "maker_person_id", named!(PersonId)),
            of("Người duyệt / Checker", "checker_person_id", named!(PersonId)),
            MADE,
            STATE,
        ],
    },
    Definition {
        name: "statements",
        title: "Sao kê / Statements",
        table: "statement",
        dated: Dated::Day("closing_on"),
        date_title: "Ngày số dư cuối / Closing day",
        states: &["loading", "ready", "abandoned"],
        columns: &[
            of("Sao kê / Statement", "id", named!(StatementId)),
            ACCOUNT,
            text("Định dạng / Format", "format"),
            text("Số / Number", "number"),
            of("Từ ngày / From", "opening_on", Kind::Date),
            amount("Số dư đầu / Opening", "opening"),
            of("Đến ngày / Until", "closing_on", Kind::Date),
            amount("Số dư cuối / Closing", "closing"),
            of("Số dòng / Lines", "line_count", Kind::Count),
            of("Nhập lúc / Imported at", "created_at", Kind::Time),
            STATE,
        ],
    },
    Definition {
        name: "lines",
        title: "Dòng sao kê / Statement lines",
        table: "statement_line",
        dated: Dated::Day("booking_date"),
        date_title: "Ngày ghi sổ / Booking date",
        states: &[],
        columns: &[
            of("Dòng / Line", "id", named!(LineId)),
            ACCOUNT,
            of("Ngày ghi sổ / Booking date", "booking_date", Kind::Date),
            of("Ngày giá trị / Value date", "value_date", Kind::Date),
            AMOUNT,
            code("Loại / Class", "class"),
            amount("Đã khớp / Matched", "matched"),
            text("Số giao dịch / Bank reference", "bank_reference"),
            of("Hạch toán / Posted on", "posted_on", Kind::Date),
        ],
    },
    Definition {
        name: "exceptions",
        title: "Ngoại lệ / Exceptions",
        table: "exception",
        dated: Dated::Day("opened_on"),
        date_title: "Ngày mở / Opened on",
        states: &["open", "proposed", "resolved"],
        columns: &[
            of("Ngoại lệ / Exception", "id", named!(ExceptionId)),
            of("Loại / Kind", "kind", Kind::Exception),
            of("Ngày mở / Opened on", "opened_on", Kind::Date),
            of("Hạn xử lý / Due on", "due_on", Kind::Date),
            code("Phụ trách / Owner", "owner"),
            code("Về / About", "subject_kind"),
            ACCOUNT,
            AMOUNT,
            STATE,
        ],
    },
    Definition {
        name: "refunds",
        title: "Hoàn trả / Refunds",
        table: "refund",
        dated: Dated::Time("created_at"),
        date_title: "Ngày đề nghị / Requested",
        states: &["requested", "approved", "sent", "debited", "bounced", "refused"],
        columns: &[
            of("Hoàn trả / Refund", "id", named!(RefundId)),
            PAYMENT,
            ACCOUNT,
            AMOUNT,
            CODE,
            of("Người lập / Maker", "maker_person_id", named!(PersonId)),
            of("Người duyệt / Checker", "checker_person_id", named!(PersonId)),
            MADE,
            STATE,
        ],
    },
    Definition {
        name: "shifts",
        title: "Ca thu / Shifts",
        table: "shift",
        dated: Dated::Day("opened_on"),
        date_title: "Ngày mở / Opened on",
        states: &["in_use", "counted", "closed"],
        columns: &[
            of("Ca thu / Shift", "id", named!(ShiftId)),
            of("Người thu / Cashier", "person_id", named!(PersonId)),
            of("Ngày / Day", "opened_on", Kind::Date),
            of("Mở lúc / Opened at", "opened_at", Kind::Time),
            STATE,
        ],
    },
    Definition {
        name: "deposits",
        title: "Giấy nộp tiền / Deposit slips",
        table: "deposit_slip",
        dated: Dated::Day("handed_on"),
        date_title: "Ngày nộp / Handed over on",
        states: &["in_transit", "short", "credited", "withdrawn"],
        columns: &[
            of("Giấy nộp tiền / Slip", "id", named!(SlipId)),
            ACCOUNT,
            of("Ngày nộp / Handed over on", "handed_on", Kind::Date),
            AMOUNT,
            amount("Đã báo có / Credited", "credited"),
            CODE,
            of("Người nộp / Maker", "maker_person_id", named!(PersonId)),
            STATE,
        ],
    },
    Definition {
        name: "remittances",
        title: "Lệnh nộp ngân sách / Remittances",
        table: "remittance",
        dated: Dated::Time("created_at"),
        date_title: "Ngày lập / Drawn up",
        states: &["drafted", "approved", "debited", "credited", "settled", "rejected", "returned", "refused"],
        columns: &[
            of("Lệnh / Order", "id", named!(RemittanceId)),
            of("Số / Number", "order_no", Kind::Count),
            of("Năm / Year", "year", Kind::Count),
            code("Loại / Kind", "kind"),
            ACCOUNT,
            of("Số liệu đến / Covered until", "covered_until", Kind::Date),
            AMOUNT,
            CODE,
            MADE,
            STATE,
        ],
    },
];
