//! The kinds of exception: everything that can be unexplained about money or paper.
//!
//! Numbers 1 to 26 are the catalogue of matching and callbacks, 27 to 33 those that come from
//! receipts, counters, the Treasury and citizens, 34 and 35 from series, 36 from a person who doubts a match.
//! Numbers and names are stable: they are stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Why a piece of money or paper is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Kind {
    /// Duplicate callback.
    DuplicateCallback = 1,
    /// Same transaction id, different content.
    ContentDiffers = 2,
    /// The same money told by two channels.
    SameMoneyTwoChannels = 3,
    /// Statement credit without a callback.
    CallbackMissing = 4,
    /// Claim without a credit.
    ClaimWithoutCredit = 5,
    /// Payment for a closed obligation.
    LatePayment = 6,
    /// Underpaid.
    Underpaid = 7,
    /// Overpaid.
    Overpaid = 8,
    /// Two transfers for one obligation.
    DuplicateTransfer = 9,
    /// One transfer for several obligations.
    SeveralObligations = 10,
    /// Reversal by the bank.
    BankReversal = 11,
    /// Refund debit not matched.
    RefundUnmatched = 12,
    /// Bank fee.
    BankFee = 13,
    /// Interest.
    Interest = 14,
    /// Cut-off difference.
    CutOff = 15,
    /// Credit of unknown origin.
    UnidentifiedCredit = 16,
    /// Damaged reference code.
    DamagedCode = 17,
    /// Paid into another unit's account.
    WrongAccount = 18,
    /// Digits of the amount perhaps swapped.
    SwappedDigits = 19,
    /// Paid for another person.
    PaidForAnother = 20,
    /// Payment pending.
    PaymentPending = 21,
    /// Bulk settlement does not add up.
    BulkSettlement = 22,
    /// Missing or repeated statement.
    StatementGap = 23,
    /// Identical twin lines.
    TwinLines = 24,
    /// Statement corrected after import.
    StatementCorrected = 25,
    /// Cash or POS money not yet in the account.
    NotDeposited = 26,
    /// Receipt cannot be made.
    ReceiptDue = 27,
    /// Unknown debit.
    UnknownDebit = 28,
    /// Deposit short or over.
    DepositDiffers = 29,
    /// Treasury rejects the remittance, or its report does not fit it.
    TreasuryRejected = 30,
    /// POS chargeback.
    PosChargeback = 31,
    /// Refund bounced.
    RefundBounced = 32,
    /// Citizen's complaint.
    Complaint = 33,
    /// A series that soon ends without another behind it.
    SeriesEnding = 34,
    /// A series is not 1..N, or a number of it is not as it was issued.
    SeriesBroken = 35,
    /// A person says that a line is matched wrongly.
    MatchDoubted = 36,
}

/// What an open exception of a kind does to closing its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayClose {
    /// The bank side of the day is not certain; the day stays open.
    Blocks,
    /// The day may close with the item listed by name in its proof.
    CarriedByName,
}

/// The role that owns an exception until somebody takes it; a value of `actor::Role`.
const FINANCE: &str = "finance";
const CASHIER: &str = "cashier";
const ADMINISTRATOR: &str = "administrator";
const APPROVER: &str = "approver";

struct Facts {
    kind: Kind,
    name: &'static str,
    owner: &'static str,
    due_working_days: u32,
    second_person: bool,
    day_close: DayClose,
    /// Vietnamese, English.
    title: (&'static str, &'static str),
    next_step: (&'static str, &'static str),
    /// What it does to the receipt and to the books while it is open.
    effect: (&'static str, &'static str),
}

impl Kind {
    /// Every kind, by number.
    pub fn all() -> impl Iterator<Item = Kind> {
        FACTS.iter().map(|facts| facts.kind)
    }

    /// 1 to 36.
    pub fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Result<Kind> {
        Kind::all().find(|kind| kind.number() == number).ok_or_else(unknown)
    }

    /// The stable name, as stored and as used in programs.
    pub fn as_str(self) -> &'static str {
        self.facts().name
    }

    pub fn parse(text: &str) -> Result<Kind> {
        FACTS.iter().find(|facts| facts.name == text).map(|facts| facts.kind).ok_or_else(unknown)
    }

    pub fn title_vi(self) -> &'static str {
        self.facts().title.0
    }

    pub fn title_en(self) -> &'static str {
        self.facts().title.1
    }

    /// The step suggested to the owner.
    pub fn next_step_vi(self) -> &'static str {
        self.facts().next_step.0
    }

    pub fn next_step_en(self) -> &'static str {
        self.facts().next_step.1
    }

    /// What it does to the receipt and to the ledger while it is open.
    pub fn effect_vi(self) -> &'static str {
        self.facts().effect.0
    }

    pub fn effect_en(self) -> &'static str {
        self.facts().effect.1
    }

    /// The role it goes to first: `finance`, `cashier`, `administrator` or `approver`.
    pub fn default_owner(self) -> &'static str {
        self.facts().owner
    }

    /// Working days from the day it was raised until it is overdue.
    pub fn due_working_days(self) -> u32 {
        self.facts().due_working_days
    }

    /// Whether a resolution by hand is proposed by one person and approved by another. An event
    /// that explains the item (the statement line arrives) resolves it without either.
    pub fn needs_second_person(self) -> bool {
        self.facts().second_person
    }

    /// Whether one person may take note of it alone: it asks for no decision about money, and keeps
    /// no day open.
    pub fn one_person_may_acknowledge(self) -> bool {
        !self.needs_second_person() && !self.blocks_day_close()
    }

    pub fn day_close(self) -> DayClose {
        self.facts().day_close
    }

    pub fn blocks_day_close(self) -> bool {
        self.day_close() == DayClose::Blocks
    }

    fn facts(self) -> &'static Facts {
        // The table is in the order of the numbers, which a test holds.
        &FACTS[self as usize - 1]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Kind> for &'static str {
    fn from(kind: Kind) -> Self {
        kind.as_str()
    }
}

impl TryFrom<String> for Kind {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Kind::parse(&text)
    }
}

fn unknown() -> Error {
    Error::invalid("kind", "exception_kind_unknown", "no such kind of exception")
}

#[rustfmt::skip]
const FACTS: [Facts; 36] = [
    Facts { kind: Kind::DuplicateCallback, name: "duplicate_callback", owner: ADMINISTRATOR, due_working_days: 5, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Báo có trùng", "Duplicate callback"),
        next_step: ("Không cần xử lý; nếu lặp lại nhiều, báo kênh thanh toán.", "Nothing to do; if it goes on, tell the payment channel."),
        effect: ("Không ảnh hưởng: biên lai và sổ giữ nguyên.", "None: receipt and books stay as they are.") },
    Facts { kind: Kind::ContentDiffers, name: "content_differs", owner: ADMINISTRATOR, due_working_days: 1, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Cùng mã giao dịch nhưng nội dung khác", "Same transaction id, different content"),
        next_step: ("Đối chiếu với kênh thanh toán và sao kê; không sửa giao dịch đã ghi.", "Compare with the channel and the statement; what was recorded is not changed."),
        effect: ("Biên lai và sổ theo nội dung báo lần đầu; nội dung sau chỉ được lưu.", "Receipt and books follow what was told first; the later content is only kept.") },
    Facts { kind: Kind::SameMoneyTwoChannels, name: "same_money_two_channels", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Một khoản tiền được báo qua hai kênh", "The same money told by two channels"),
        next_step: ("Xem hai biến động đã gộp; đúng thì xác nhận đã xem, sai thì gỡ khớp dòng sao kê.", "Look at the two movements that were joined; acknowledge it where that is right, take the line's match apart where it is not."),
        effect: ("Một khoản tiền ghi sổ một lần; biên lai của bản ghi bị gộp được hủy.", "The money is booked once; the receipt of the record that was dropped is cancelled.") },
    Facts { kind: Kind::CallbackMissing, name: "callback_missing", owner: FINANCE, due_working_days: 3, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Có tiền trên sao kê nhưng không có báo có", "Statement credit without a callback"),
        next_step: ("Đã ghi theo sao kê; hỏi kênh thanh toán vì sao thiếu báo có.", "Booked from the statement; ask the channel why it did not report."),
        effect: ("Biên lai đã lập theo sao kê; sổ ghi có phí, không qua trung gian kênh.", "The receipt is made from the statement; the fee is booked straight from the bank.") },
    Facts { kind: Kind::ClaimWithoutCredit, name: "claim_without_credit", owner: FINANCE, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Có báo có nhưng tiền chưa về", "Claim without a credit"),
        next_step: ("Hỏi ngân hàng theo số tham chiếu; quá hạn thì hai người bác bỏ báo có.", "Ask the bank by its reference; past the limit two persons disprove the claim."),
        effect: ("Biên lai còn hiệu lực, tiền ở mục chờ sao kê; bị bác bỏ thì hủy biên lai, nghĩa vụ mở lại.", "The receipt stands and the money waits in clearing; disproven, the receipt is cancelled and the obligation reopened.") },
    Facts { kind: Kind::LatePayment, name: "late_payment", owner: FINANCE, due_working_days: 3, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Tiền về cho nghĩa vụ đã đóng", "Payment for a closed obligation"),
        next_step: ("Lập đề nghị hoàn tiền; nếu khoản phí vẫn phải thu thì hai người mở lại nghĩa vụ đã hủy để ghi tiền vào đó.", "Propose a refund; where the fee is owed after all, two persons open the cancelled obligation again for this money."),
        effect: ("Không lập biên lai; tiền ghi vào tiền thừa chờ hoàn.", "No receipt; the money is surplus, to be refunded.") },
    Facts { kind: Kind::Underpaid, name: "underpaid", owner: FINANCE, due_working_days: 10, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Nộp thiếu", "Underpaid"),
        next_step: ("Người nộp đã được báo phần còn thiếu; quá hạn thì nhắc lại, giảm khoản phải nộp theo quyết định, hoặc hủy nghĩa vụ để hoàn tiền đã nộp.", "The payer was told what is missing; past the limit remind them, lower what is owed by a decision, or cancel the obligation so that what was paid is refunded."),
        effect: ("Chưa lập biên lai; tiền ghi nhận trước đến khi nộp đủ.", "No receipt yet; the money is held as received in advance until the rest comes.") },
    Facts { kind: Kind::Overpaid, name: "overpaid", owner: FINANCE, due_working_days: 5, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Nộp thừa", "Overpaid"),
        next_step: ("Lập đề nghị hoàn phần thừa.", "Propose a refund of the surplus."),
        effect: ("Biên lai đúng số phải nộp; phần thừa ghi vào tiền thừa chờ hoàn.", "The receipt is for what was due; the rest is surplus.") },
    Facts { kind: Kind::DuplicateTransfer, name: "duplicate_transfer", owner: FINANCE, due_working_days: 5, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Chuyển tiền hai lần cho một nghĩa vụ", "Two transfers for one obligation"),
        next_step: ("Lập đề nghị hoàn khoản chuyển trùng.", "Propose a refund of the second transfer."),
        effect: ("Biên lai của lần đầu giữ nguyên; lần hai ghi vào tiền thừa chờ hoàn.", "The first receipt stays; the second transfer is surplus.") },
    Facts { kind: Kind::SeveralObligations, name: "several_obligations", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Một lần chuyển cho nhiều nghĩa vụ", "One transfer for several obligations"),
        next_step: ("Xác nhận cách chia tiền cho từng nghĩa vụ.", "Confirm how the money is split."),
        effect: ("Chưa lập biên lai; tiền ở mục chờ xử lý đến khi được chia.", "No receipt; the money stands in suspense until it is split.") },
    Facts { kind: Kind::BankReversal, name: "bank_reversal", owner: FINANCE, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Ngân hàng đảo hoặc trả lại giao dịch", "Reversal by the bank"),
        next_step: ("Gắn với giao dịch gốc; nếu đã lập biên lai thì hủy hoặc yêu cầu nộp lại.", "Link it to the original; if a receipt was issued, cancel it or collect again."),
        effect: ("Ghi khoản phải thu lại; biên lai giữ đến khi hủy hoặc nộp lại.", "Booked as money to recover; the receipt stands until it is cancelled or paid again.") },
    Facts { kind: Kind::RefundUnmatched, name: "refund_unmatched", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Khoản chi hoàn chưa khớp", "Refund debit not matched"),
        next_step: ("Gắn khoản ghi nợ với phiếu hoàn tiền.", "Link the debit to the refund it pays."),
        effect: ("Biên lai không đổi; khoản chi ở mục ghi nợ chưa giải thích được, phiếu hoàn còn chờ chuyển.", "No receipt changes; the debit stands as unexplained, the refund still waits to be sent.") },
    Facts { kind: Kind::BankFee, name: "bank_fee", owner: FINANCE, due_working_days: 5, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Phí ngân hàng", "Bank fee"),
        next_step: ("Ghi vào phí phải thu hồi; không trừ vào tiền người nộp.", "Book it as a charge to recover; never net it against a payer's money."),
        effect: ("Biên lai không đổi; phí ghi vào phí ngân hàng phải thu lại, không trừ vào phí của dân.", "No receipt changes; the charge is to be recovered from the bank and reduces no fee.") },
    Facts { kind: Kind::Interest, name: "interest", owner: FINANCE, due_working_days: 5, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Lãi tiền gửi", "Interest"),
        next_step: ("Ghi vào lãi và nộp ngân sách.", "Book it as interest owed to the budget."),
        effect: ("Biên lai không đổi; lãi ghi interest rồi phải nộp ngân sách.", "No receipt changes; interest is owed to the budget.") },
    Facts { kind: Kind::CutOff, name: "cut_off", owner: FINANCE, due_working_days: 2, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Lệch ngày do giờ khóa sổ", "Cut-off difference"),
        next_step: ("Báo cáo theo ngày hạch toán của ngân hàng; chờ sao kê ngày kế tiếp.", "Report by the booking date; wait for the next statement."),
        effect: ("Biên lai giữ nguyên; tiền ở mục chờ sao kê qua ngày, liệt kê đích danh khi khóa sổ.", "The receipt stands; the money waits in clearing over the cut-off and is carried by name.") },
    Facts { kind: Kind::UnidentifiedCredit, name: "unidentified_credit", owner: FINANCE, due_working_days: 3, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Tiền vào chưa rõ người nộp", "Credit of unknown origin"),
        next_step: ("Tìm theo số tiền, tên, hồ sơ; không rõ thì viết thư tra soát hỏi ngân hàng hoặc đề nghị trả lại người chuyển; có quyết định thì nộp ngân sách.", "Search by amount, name and dossier; failing that, write to the bank to ask or to have it returned to the sender; by decision it goes to the budget."),
        effect: ("Không lập biên lai; tiền ở mục chờ xử lý.", "No receipt; the money stands in suspense.") },
    Facts { kind: Kind::DamagedCode, name: "damaged_code", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Mã nộp tiền bị hỏng", "Damaged reference code"),
        next_step: ("Chọn mã gần giống có đúng số tiền và trình duyệt.", "Choose the close code with the same amount and have it approved."),
        effect: ("Không lập biên lai; tiền ở mục chờ xử lý đến khi hai người chọn nghĩa vụ.", "No receipt; the money stands in suspense until two persons choose the obligation.") },
    Facts { kind: Kind::WrongAccount, name: "wrong_account", owner: APPROVER, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Nộp nhầm tài khoản đơn vị khác", "Paid into another unit's account"),
        next_step: ("Chuyển khoản cho đúng đơn vị với mã nộp tiền trong nội dung; dòng ghi nợ của lần chuyển tự khép lại mục này.", "Transfer the money to the right unit with the reference code in the text; the debit of that transfer ends this item."),
        effect: ("Đơn vị nhận nhầm không lập biên lai; ghi khoản phải trả đơn vị đúng.", "The unit that got it makes no receipt; it owes the money to the right unit.") },
    Facts { kind: Kind::SwappedDigits, name: "swapped_digits", owner: FINANCE, due_working_days: 3, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Số tiền có thể bị gõ đảo chữ số", "Digits of the amount perhaps swapped"),
        next_step: ("Chỉ là gợi ý: so số tiền với nghĩa vụ.", "Only a hint: compare the amount with the obligation."),
        effect: ("Chỉ là gợi ý: biên lai và sổ theo số tiền thật đã về.", "A hint only: receipt and books follow the money that came.") },
    Facts { kind: Kind::PaidForAnother, name: "paid_for_another", owner: FINANCE, due_working_days: 5, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Nộp thay người khác", "Paid for another person"),
        next_step: ("Được phép; biên lai ghi tên người có nghĩa vụ.", "Allowed; the receipt names the person who owes."),
        effect: ("Biên lai ghi tên người có nghĩa vụ; sổ không đổi.", "The receipt names the person who owes; the books do not change.") },
    Facts { kind: Kind::PaymentPending, name: "payment_pending", owner: FINANCE, due_working_days: 1, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Giao dịch đang chờ kết quả", "Payment pending"),
        next_step: ("Chờ kênh báo kết quả; quá hạn thì gọi kênh và ghi chú. Chưa ghi sổ.", "Wait for the channel to tell the outcome; past the limit call it and note the answer. Nothing is booked."),
        effect: ("Không biên lai, không ghi sổ trước khi có kết quả.", "No receipt and no posting before the outcome.") },
    Facts { kind: Kind::BulkSettlement, name: "bulk_settlement", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Quyết toán gộp của cổng thanh toán không khớp", "Bulk settlement does not add up"),
        next_step: ("Lấy bảng kê quyết toán; tổng giao dịch trừ phí phải bằng số tiền về.", "Fetch the settlement report; total less fee must equal the credit."),
        effect: ("Biên lai từng giao dịch giữ nguyên; tiền gộp ở mục chờ xử lý hoặc tiền đang chuyển đến khi khớp.", "Single receipts stay; the lump sum waits in suspense or clearing until it adds up.") },
    Facts { kind: Kind::StatementGap, name: "statement_gap", owner: FINANCE, due_working_days: 1, second_person: false, day_close: DayClose::Blocks,
        title: ("Thiếu hoặc trùng sao kê", "Missing or repeated statement"),
        next_step: ("Lấy sao kê còn thiếu từ ngân hàng; ngày chưa được khóa.", "Obtain the missing statement from the bank; the day stays open."),
        effect: ("Biên lai không đổi; ngày sổ phụ chưa khóa được.", "No receipt changes; the day cannot close.") },
    Facts { kind: Kind::TwinLines, name: "twin_lines", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Hai dòng sao kê giống hệt nhau", "Identical twin lines"),
        next_step: ("Hỏi ngân hàng đây là hai giao dịch hay một; giữ cả hai dòng.", "Ask the bank whether these are two movements; both lines stay."),
        effect: ("Mỗi dòng ghi sổ một lần; dòng chưa rõ ở mục chờ xử lý.", "Each line is booked once; the unclear one stands in suspense.") },
    Facts { kind: Kind::StatementCorrected, name: "statement_corrected", owner: FINANCE, due_working_days: 1, second_person: true, day_close: DayClose::Blocks,
        title: ("Ngân hàng gửi lại sao kê đã sửa", "Statement corrected after import"),
        next_step: ("Xem danh sách khác biệt, hai người chấp nhận hoặc bác bản mới, khóa lại ngày.", "Review the differences; two persons accept or dismiss the new version; close the day again."),
        effect: ("Chưa đổi gì đến khi hai người chấp nhận bản mới; khi đó dòng bị đổi được đảo bằng dòng đối ứng.", "Nothing changes until two persons accept the new version; then contra lines take back what changed.") },
    Facts { kind: Kind::NotDeposited, name: "not_deposited", owner: CASHIER, due_working_days: 1, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Tiền mặt hoặc POS chưa về tài khoản", "Cash or POS money not yet in the account"),
        next_step: ("Gắn với giấy nộp tiền hoặc bảng kê POS; tiền thẻ không bao giờ về thì hai người bác bỏ.", "Link it to the deposit slip or the POS batch; a card payment that never comes two persons disprove."),
        effect: ("Biên lai đã lập; tiền ở ngăn quỹ, đang nộp ngân hàng hoặc chờ sao kê.", "Receipts are made; the money is in the drawer, on its way to the bank or waits for the statement.") },
    Facts { kind: Kind::ReceiptDue, name: "receipt_due", owner: ADMINISTRATOR, due_working_days: 1, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Chưa lập được biên lai", "Receipt cannot be made"),
        next_step: ("Bổ sung ký hiệu, đăng ký hoặc sửa nội dung; hệ thống tự lập lại.", "Supply the series, registration or content; the program retries by itself."),
        effect: ("Nghĩa vụ đã đủ tiền nhưng chưa có biên lai; tiền ghi nhận trước.", "Paid without a receipt yet; the money is held as received in advance.") },
    Facts { kind: Kind::UnknownDebit, name: "unknown_debit", owner: FINANCE, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Ghi nợ chưa rõ lý do", "Unknown debit"),
        next_step: ("Hỏi ngân hàng trong ngày; xác định khoản chi: phí, hoàn tiền, lệnh nộp, chuyển cho đơn vị khác, chuyển nội bộ hoặc rút tiền theo quyết định.", "Ask the bank today; name what was paid: a charge, a refund, an order, another unit, an own account, or cash by decision."),
        effect: ("Biên lai không đổi; khoản chi ở mục ghi nợ chưa giải thích được.", "No receipt changes; the debit stands as unexplained.") },
    Facts { kind: Kind::DepositDiffers, name: "deposit_differs", owner: CASHIER, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Tiền nộp vào tài khoản thừa hoặc thiếu", "Deposit short or over"),
        next_step: ("Kiểm quỹ, lập biên bản thừa hoặc thiếu.", "Count the drawer and record the shortage or surplus."),
        effect: ("Biên lai không đổi; phần thiếu ghi cho người giữ quỹ, phần thừa ở mục chờ xử lý.", "No receipt changes; what is short is the keeper's shortage, what is over stands in suspense.") },
    Facts { kind: Kind::TreasuryRejected, name: "treasury_rejected", owner: FINANCE, due_working_days: 1, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Kho bạc từ chối hoặc báo khác lệnh nộp", "Treasury rejects the remittance or reports it otherwise"),
        next_step: ("Đối chiếu báo cáo của Kho bạc với lệnh nộp; sửa chứng từ nộp ngân sách và gửi lại.", "Compare the Treasury's report with the remittance; correct it and send it again."),
        effect: ("Biên lai không đổi; tiền đã chi còn ở mục đang chuyển Kho bạc, nghĩa vụ nộp ngân sách còn nguyên.", "No receipt changes; what was paid is still on its way to the Treasury and still owed to the budget.") },
    Facts { kind: Kind::PosChargeback, name: "pos_chargeback", owner: FINANCE, due_working_days: 3, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Chủ thẻ khiếu nại đòi lại tiền", "POS chargeback"),
        next_step: ("Gửi chứng từ cho ngân hàng thanh toán; nếu mất tiền thì người nộp nộp lại, hoặc hủy biên lai.", "Send the papers to the acquirer; if the money is lost, the payer pays again, or the receipt is cancelled."),
        effect: ("Biên lai giữ đến khi quyết định; tiền ghi khoản phải thu lại.", "The receipt stands until it is decided; the money is to be recovered.") },
    Facts { kind: Kind::RefundBounced, name: "refund_bounced", owner: FINANCE, due_working_days: 2, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Tiền hoàn bị trả về", "Refund bounced"),
        next_step: ("Xác minh tài khoản người nhận và hoàn lại.", "Check the payee's account and refund again."),
        effect: ("Biên lai không đổi; tiền trở lại mục hoàn đã duyệt, chờ chuyển.", "No receipt changes; the money waits to be sent again.") },
    Facts { kind: Kind::Complaint, name: "complaint", owner: FINANCE, due_working_days: 5, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Người dân khiếu nại", "Citizen's complaint"),
        next_step: ("Trả lời người nộp kèm chứng cứ.", "Answer the payer with the evidence."),
        effect: ("Không tự động đổi biên lai hay sổ; thay đổi chỉ qua điều chỉnh, hủy hoặc hoàn tiền.", "Changes nothing by itself; receipt and books change by correction or refund only.") },
    Facts { kind: Kind::SeriesEnding, name: "series_ending", owner: ADMINISTRATOR, due_working_days: 2, second_person: false, day_close: DayClose::CarriedByName,
        title: ("Ký hiệu biên lai sắp hết", "A series soon ends"),
        next_step: ("Đăng ký và mở ký hiệu tiếp theo trước khi hết số hoặc hết năm.", "Register and open the next series before its numbers or its year run out."),
        effect: ("Biên lai còn lập được đến hết số; sau đó thành biên lai chờ lập.", "Receipts are made until the numbers run out; then they are due.") },
    Facts { kind: Kind::SeriesBroken, name: "series_broken", owner: ADMINISTRATOR, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Dãy số biên lai không liền mạch", "A series is not whole"),
        next_step: ("Dừng ký hiệu, giữ nguyên dữ liệu, đối chiếu với bản sao lưu và chứng nhận gần nhất.", "Stop the series, keep the data as it is, compare with the backup and the last certificate."),
        effect: ("Không lập thêm số của ký hiệu này đến khi làm rõ; sổ không đổi.", "No more numbers of the series until it is explained; the books do not change.") },
    Facts { kind: Kind::MatchDoubted, name: "match_doubted", owner: APPROVER, due_working_days: 1, second_person: true, day_close: DayClose::CarriedByName,
        title: ("Khớp nhầm hoặc bảng kê nhập nhầm", "A wrong match, or a paper entered wrongly"),
        next_step: ("Người thứ hai xem việc gỡ khớp hay rút bảng kê sẽ làm gì rồi duyệt hoặc từ chối.", "A second person looks at what un-matching, or withdrawing the paper, will do, then approves or refuses it."),
        effect: ("Chưa đổi gì đến khi duyệt; khi đó tiền về mục chờ xử lý, biên lai lập nhầm bị hủy, nghĩa vụ mở lại.", "Nothing changes until it is approved; then the money stands in suspense, a receipt made of it is cancelled and the obligation open again.") },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::actor::Role;

    #[test]
    fn the_thirty_six_kinds_stand_in_the_order_of_their_numbers() {
        let numbers: Vec<u8> = Kind::all().map(Kind::number).collect();
        assert_eq!(numbers, (1..=36).collect::<Vec<u8>>());
        for kind in Kind::all() {
            assert_eq!(kind.facts().kind, kind);
            assert_eq!(Kind::from_number(kind.number()).unwrap(), kind);
        }
        assert_eq!(Kind::from_number(37).unwrap_err().code(), "exception_kind_unknown");
        assert!(Kind::from_number(0).is_err());
    }

    #[test]
    fn a_kind_reads_back_from_its_stable_name() {
        let mut names = HashSet::new();
        for kind in Kind::all() {
            assert_eq!(Kind::parse(kind.as_str()).unwrap(), kind);
            assert!(names.insert(kind.as_str()), "{kind} stands twice");
            assert!(kind.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{kind}");
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        assert_eq!(Kind::parse("Underpaid").unwrap_err().code(), "exception_kind_unknown");
        assert!(serde_json::from_str::<Kind>("\"nonsense\"").is_err());
    }

    #[test]
    fn every_kind_has_an_owner_that_is_a_role_a_due_time_and_words_in_both_languages() {
        for kind in Kind::all() {
            assert!(Role::parse(kind.default_owner()).is_ok(), "{kind}");
            assert!((1..=10).contains(&kind.due_working_days()), "{kind}");
            let words = [kind.title_vi(), kind.title_en(), kind.next_step_vi(), kind.next_step_en()];
            for words in words.into_iter().chain([kind.effect_vi(), kind.effect_en()]) {
                assert!(words.len() > 5, "{kind}: {words}");
            }
            assert_ne!(kind.title_vi(), kind.title_en());
        }
    }

    #[test]
    fn only_an_uncertain_statement_keeps_a_day_open() {
        let blocking: Vec<Kind> = Kind::all().filter(|kind| kind.blocks_day_close()).collect();
        assert_eq!(blocking, [Kind::StatementGap, Kind::StatementCorrected]);
    }

    #[test]
    fn what_gives_money_away_needs_two_persons() {
        for kind in [Kind::Overpaid, Kind::DuplicateTransfer, Kind::UnidentifiedCredit, Kind::WrongAccount] {
            assert!(kind.needs_second_person(), "{kind}");
        }
        assert!(!Kind::DuplicateCallback.needs_second_person());
        assert!(!Kind::StatementGap.needs_second_person(), "a missing file is fetched, not approved");
    }
}
