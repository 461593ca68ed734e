//! What the page `/api` says about each path. A test holds it against the routes.

mod closing;
mod tax;

/// One method of one path, for people.
pub struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    /// What it does, Vietnamese and English.
    pub vi: &'static str,
    pub en: &'static str,
    /// Roles that may; empty where anybody may.
    pub who: &'static str,
    pub notes: &'static str,
    /// An example of the request's body.
    pub body: &'static str,
    /// An example of the answer.
    pub answer: &'static str,
}

impl Endpoint {
    /// Whether the payer reads what the body gives as a reason: Vietnamese, English.
    pub fn payer_reads(&self) -> Option<(String, String)> {
        super::payer_reads::said(self)
    }
}

pub(super) const NONE: Endpoint =
    Endpoint { method: "GET", path: "", vi: "", en: "", who: "", notes: "", body: "", answer: "" };
/// The body of an approval: what was read; 409 act_changed when it moved on in between.
pub(super) const SEEN: &str = r#"{ "expected_revision": 1 }"#;
const READERS: &str =
    "dossier_system (what it raised), unit_reader, cashier, finance, approver, administrator, auditor";

/// Those who see corrections: every reader but a dossier system, which sees the receipts themselves.
const STAFF: &str = "unit_reader, cashier, finance, approver, administrator, auditor";

/// Every path: the lists follow each other on the page, those of the tax authority last.
pub fn endpoints() -> Vec<&'static Endpoint> {
    ENDPOINTS
        .iter()
        .chain(super::catalogue_books::ENDPOINTS)
        .chain(super::catalogue_cash::ENDPOINTS)
        .chain(super::catalogue_intake::ENDPOINTS)
        .chain(super::catalogue_exceptions::ENDPOINTS)
        .chain(super::catalogue_matching::ENDPOINTS)
        .chain(super::catalogue_keys::ENDPOINTS)
        .chain(closing::ENDPOINTS)
        .chain(tax::ENDPOINTS)
        .chain(super::catalogue_duties::ENDPOINTS)
        .chain(super::catalogue_privacy::ENDPOINTS)
        .chain(super::catalogue_city::ENDPOINTS)
        .chain(super::catalogue_office::ENDPOINTS)
        .chain(super::catalogue_proposals::ENDPOINTS)
        .chain(super::catalogue_pages::ENDPOINTS)
        .chain(super::catalogue_desk::ENDPOINTS)
        .collect()
}

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/api/v1/obligations",
        vi: "Lập nghĩa vụ nộp của một hồ sơ; trả mã nộp tiền và mã VietQR.",
        en: "Raises what a dossier owes; answers 201 with reference code and VietQR.",
        who: "dossier_system, cashier",
        notes: "Idempotency-Key required (1 to 128 visible ASCII characters): the same key and body get the same \
                answer byte for byte, another body 409 idempotency_key_reused, one still running 409 \
                idempotency_in_flight with Retry-After. Units are named by official code. A line states what its \
                item counts: pages and copies, quantity (whole, or a decimal in quotes), base_value, or amount where \
                the tariff leaves it free; GET /api/v1/tariff/items says which. A total of 0 closes the obligation as waived.",
        body: r#"{
  "unit": "00070",
  "dossier_code": "H26.1-261122-0001",
  "procedure_code": "2.000815",
  "procedure_field": "Chứng thực",
  "intake_mode": "counter",
  "receiving_unit": "00070",
  "competent_unit": "00070",
  "submitted_at": "2026-11-22T09:30:00+07:00",
  "result_due_on": "2026-11-24",
  "due_on": "2026-11-29",
  "electronic_payment_required": true,
  "payer": { "name": "NGƯỜI NỘP MẪU", "address": "Số 1, đường Mẫu", "phone": "0900000000" },
  "lines": [ { "item": "chung_thuc_ban_sao", "pages": 3, "copies": 2 } ],
  "exemptions": []
}"#,
        answer: r#"{
  "id": "obl_01j9…", "unit": "00070", "receiving_unit": "00070", "competent_unit": "00070", "reference_code": "HNPH7K2MQ4X97", "state": "raised",
  "total": 10000, "paid": 0, "outstanding": 10000,
  "qr": "00020101021238…", "links": { "pay": "https://…/p/HNPH7K2MQ4X97", "qr_svg": "https://…/qr.svg" },
  "lines": [ { "item": "chung_thuc_ban_sao", "amount": 10000, "explanation": "…", "explanation_en": "…" } ]
}"#,
    },
    Endpoint {
        path: "/api/v1/tariff/items",
        vi: "Các khoản thu áp dụng tại đơn vị và số lượng mỗi khoản cần nêu.",
        en: "The fee items in force at a unit, each with the quantities it is asked for with (takes).",
        who: "dossier_system, unit_reader, cashier, finance, approver, administrator, auditor",
        notes: "?unit= &intake_mode= (counter) &on= (today).",
        answer: r#"{ "unit": "00070", "intake_mode": "counter", "on": "2026-11-28", "items": [
  { "item": "chung_thuc_ban_sao", "name": "Chứng thực bản sao từ bản chính", "takes": ["pages", "copies"] } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations",
        vi: "Danh sách nghĩa vụ nộp của một đơn vị, mới nhất trước.",
        en: "Obligations of a unit, newest first.",
        who: READERS,
        notes: "?unit= (official code; may be left out when the token has one unit) &state= &dossier_code= \
                &cursor= (next of the page before) &limit= (1 to 200, 50).",
        answer: r#"{ "obligations": [], "next": null }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations/changes",
        vi: "Mọi thay đổi trạng thái theo thứ tự, kèm đường dẫn biên lai.",
        en: "Every change of state in order, with the receipt's links, so that a dossier never waits.",
        who: READERS,
        notes: "?cursor= (next of the page before; nothing for the beginning) &limit=. Keep next and ask again; it \
                stands still while nothing is new. A dossier_system sees the obligations it raised.",
        answer: r#"{ "changes": [ { "cursor": "f2a", "obligation": "obl_01j9…", "kind": "paid", "state": "paid",
  "receipt": { "id": "rcp_01j9…", "lookup_code": "7K2MQ4X97ABC", "links": { "page": "…", "xml": "…" } },
  "documents": [ { "id": "rcp_01j9…", "document_kind": "receipt" }, { "id": "rcp_01ja…", "document_kind": "invoice_vat" } ] } ],
  "next": "f2a" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations/{id}",
        vi: "Một nghĩa vụ nộp với khoản thu, biên lai và lịch sử.",
        en: "One obligation with its lines, documents (the receipt first) and events.",
        who: READERS,
        notes: "receipts_awaited names each document of a paid obligation that is not made yet, with the code and words \
                of what it waits for (series_closed, clock_before_last_document); empty where none waits.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/obligations/{id}/cancel",
        vi: "Hủy nghĩa vụ chưa có tiền, kèm lý do.",
        en: "Cancels an obligation on which no money stands. Repeating it changes nothing.",
        who: "dossier_system, finance",
        body: r#"{ "reason": "Công dân rút hồ sơ" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations/{id}/qr",
        vi: "Nội dung mã VietQR cho số tiền còn phải nộp.",
        en: "The VietQR payload for what is still owed, with account and memo.",
        who: READERS,
        answer: r#"{ "payload": "00020101021238…", "amount": 10000, "memo": "HNPH7K2MQ4X97 NOP PHI",
  "bank_bin": "970432", "bank": "VPBank", "account_no": "…", "account_holder": "…" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations/{id}/qr.svg",
        vi: "Hình mã VietQR (SVG).",
        en: "The same as an SVG image.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/obligations/{id}/payments",
        vi: "Thu đủ tiền mặt hoặc thẻ tại quầy; lập biên lai ngay.",
        en: "Takes the full outstanding amount in cash or by card; the receipt is numbered at once.",
        who: "cashier",
        notes: "Idempotency-Key required. method is cash or card. The cashier has a shift open: shift_not_open otherwise. \
                400 transfer_advised where the bank told of a transfer that no statement has proven, unless despite is true. \
                Money is taken although a document cannot be made: receipt is null where none is made, and \
                receipts_awaited says for each kind what it waits for, as code, message and message_en, as of the \
                taking; it is made by itself afterwards. GET the obligation for today's state.",
        body: r#"{ "method": "cash", "amount": 10000 }"#,
        answer: r#"{ "payment": "pay_01j9…", "state": "paid", "amount": 10000, "receipt": { "id": "rcp_01j9…" },
  "receipts": [ { "id": "rcp_01j9…", "document_kind": "receipt" }, { "id": "rcp_01ja…", "document_kind": "invoice_vat" } ],
  "receipts_awaited": [] }"#,
    },
    Endpoint {
        path: "/api/v1/receipts/{id}",
        vi: "Thông tin một biên lai.",
        en: "One receipt: number, state, look-up code, links.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/receipts/{id}/xml",
        vi: "Đúng các byte đã ký của biên lai.",
        en: "The exact signed bytes; 409 receipt_not_signed in the moment before.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/receipts.zip",
        vi: "Tải các biên lai đã ký của một đơn vị trong một kỳ, kèm danh mục CSV.",
        en: "The signed receipts of a unit and period as one zip file, with an index; streamed.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &from= &until= (days of issue, at most 366) &pdf=true for the pages too. Recorded in the trail. \
                One at a time for each client; a connection that breaks off leaves no whole archive.",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/receipts/{id}/notifications",
        vi: "Bằng chứng người nộp đã nhận biên lai điện tử: mọi lần gửi và trả lời.",
        en: "Proof that the payer got the electronic receipt: every attempt and answer.",
        who: "cashier, finance, approver, administrator, auditor",
        answer: r#"{ "receipt": "rcp_01j9…", "notifications": [ { "id": "msg_01j9…", "channel": "email", "state": "sent",
  "events": [ { "kind": "enqueued", "state": "waiting" }, { "kind": "sent", "state": "sent", "via": "smtp" } ] } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/notifications",
        vi: "Thông báo cho người nộp của một đơn vị, mới nhất trước.",
        en: "Messages to a unit's payers, newest first.",
        who: "cashier, finance, approver, administrator, auditor",
        notes: "?unit= &state= (waiting, sending, sent, delivered, bounced, failed, given_up, no_address) &cursor= \
                (next of the page before) &limit=. no_address: the payer has the look-up code only.",
        answer: r#"{ "notifications": [], "next": null }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/notifications/{id}/retry",
        vi: "Gửi lại thông báo bị trả lại, không gửi được hoặc đã ngừng gửi.",
        en: "Sends again what bounced, failed or was given up; what was sent is not sent twice.",
        who: "cashier, finance, administrator",
        answer: r#"{ "id": "msg_01j9…", "state": "waiting" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/obligations/{id}/consent",
        vi: "Ghi sự đồng ý của người nộp với tin nhắn ngoài biên lai.",
        en: "Records the payer's word about messages beyond the receipt itself; the newest counts.",
        who: "dossier_system, cashier, administrator",
        body: r#"{ "given": true, "source": "tờ khai điện tử, mục 7", "on": "2026-11-27" }"#,
        answer: r#"{ "obligation": "obl_01j9…", "given": true }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/receipts/{id}/pdf",
        vi: "Bản thể hiện (PDF) của biên lai.",
        en: "The rendition as a PDF; 409 receipt_not_signed in the moment before.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/receipts/{id}/corrections",
        vi: "Đề nghị thay thế, điều chỉnh hoặc hủy một biên lai, hóa đơn.",
        en: "Asks for a receipt or invoice to be replaced, adjusted or cancelled; another person approves. Answers 201.",
        who: "finance, cashier",
        notes: "Idempotency-Key required. lines are the document's lines as they should have been, all of them: an item \
                of the document with its right amount (0 takes it off), or any item with the tariff's quantities. \
                Without lines the payer must be named, and the lines are right (only an invoice cancelled here is \
                adjusted to nothing without either). The agreement's day is no earlier \
                than the document's and no later than today. Every rule that \
                refuses has its own code (correction_…). rule says which legal profile allows it and how sure that is.",
        body: r#"{ "kind": "adjust", "reason": "Thu thừa một bản",
  "agreement": { "number": "05/BB", "on": "2026-11-24", "about": "Thỏa thuận về sai sót" },
  "lines": [ { "item": "chung_thuc_ban_sao", "amount": 6000 } ] }"#,
        answer: r#"{ "id": "cor_01j9…", "kind": "adjust", "state": "requested", "difference": -4000,
  "rule": { "profile": "ND254-2.1.1", "mark": "P", "words": "đề xuất của phần mềm" } }"#,
    },
    Endpoint {
        path: "/api/v1/receipts/{id}/corrections",
        vi: "Các đề nghị sửa và chuỗi chứng từ của một biên lai.",
        en: "Corrections of a receipt, newest first, with the chain of its documents.",
        who: STAFF,
        answer: r#"{ "corrections": [], "chain": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/corrections",
        vi: "Các đề nghị sửa biên lai của một đơn vị.",
        en: "Corrections of a unit, newest first.",
        who: STAFF,
        notes: "?unit= &state=requested|approved|refused|withdrawal_requested|withdrawn &limit=",
        answer: r#"{ "corrections": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/corrections/{id}",
        vi: "Một đề nghị sửa biên lai, kèm mức chắc chắn của quy định.",
        en: "One correction with its lines, its steps, what it made and how sure its rule is.",
        who: STAFF,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/approve",
        vi: "Duyệt và thực hiện, cùng phần tiền; người duyệt khác người đề nghị.",
        en: "Approves and carries it out with its money; another person than the one who asked.",
        who: "finance, approver",
        notes: "As much or less: receipt is the new document, refunds are opened for what is too much. More: awaited \
                must be paid first, the document follows.",
        body: SEEN,
        answer: r#"{ "correction": { "state": "approved" }, "receipt": "rcp_01j9…", "refunds": ["rfd_01j9…"],
  "awaited": 0 }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/refuse",
        vi: "Từ chối đề nghị sửa, kèm lý do.",
        en: "Refuses a correction; nothing changes but its state.",
        who: "finance, approver",
        body: r#"{ "reason": "Biên lai đúng" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/agreement",
        vi: "Kèm bản thỏa thuận (PDF, PNG, JPEG, tối đa 5 MB) khi đề nghị chưa duyệt; lưu có mã hóa.",
        en: "Attaches the agreement itself before the decision; kept encrypted, its hash in the correction.",
        who: "finance, cashier",
        notes: "The file is the body: PDF, PNG or JPEG of at most 5 MB. A later one takes its place.",
        answer: r#"{ "correction": { "state": "requested", "agreement_sha256": "9f86d0…" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/corrections/{id}/agreement",
        vi: "Tải bản thỏa thuận; mỗi lần xem được ghi lại.",
        en: "The agreement as it was attached; each look leaves a trace.",
        who: STAFF,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/withdrawal",
        vi: "Đề nghị rút việc sửa tăng đã duyệt mà không ai nộp phần chênh lệch.",
        en: "Asks for an approved correction whose money never came to be withdrawn.",
        who: "finance, cashier",
        notes: "awaited of the correction shows what is missing, until when, and is_overdue.",
        body: r#"{ "reason": "Người nộp không đồng ý nộp thêm" }"#,
        answer: r#"{ "correction": { "state": "withdrawal_requested" } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/withdrawal/approve",
        vi: "Người thứ hai đồng ý rút: dòng thu thêm bị bỏ, không lập số mới, phần đã nộp thêm được hoàn.",
        en: "Another person agrees: the extra lines go, nothing is numbered, what was paid of them is refunded.",
        who: "finance, approver",
        body: SEEN,
        answer: r#"{ "correction": { "state": "withdrawn" }, "refunds": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/corrections/{id}/withdrawal/refuse",
        vi: "Không đồng ý rút: tiếp tục chờ nộp phần chênh lệch.",
        en: "Turns the withdrawal down: the correction goes on waiting for its money.",
        who: "finance, approver",
        body: r#"{ "reason": "Người nộp sẽ nộp" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/payments/{id}/refunds",
        vi: "Đề nghị hoàn phần nộp thừa của một khoản nộp.",
        en: "Asks for surplus of a payment to go back to its payer; answers 201.",
        who: "finance, cashier",
        notes: "Idempotency-Key required. The payee may be named later and is stored encrypted.",
        body: r#"{ "amount": 4000, "reason": "Nộp thừa",
  "payee": { "bank": "970432", "account_no": "0123456789", "holder": "NGƯỜI NỘP MẪU" } }"#,
        answer: r#"{ "id": "rfd_01j9…", "state": "requested", "amount": 4000, "reference_code": "HNPH7K2MQ4X97" }"#,
    },
    Endpoint {
        path: "/api/v1/refunds",
        vi: "Các phiếu hoàn tiền của một đơn vị.",
        en: "Refunds of a unit, newest first.",
        who: "finance, cashier, approver, auditor",
        notes: "?unit= &state=requested|approved|sent|debited|bounced|refused &limit=",
        answer: r#"{ "refunds": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/refunds/{id}",
        vi: "Một phiếu hoàn tiền; tài khoản nhận chỉ cho người có trách nhiệm.",
        en: "One refund with its steps; the payee in clear for finance and approver only.",
        who: "finance, cashier, approver, auditor",
        notes: "payee_is_sender: whether it is the account the money came from; null when no statement tells.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/refunds/{id}/payee",
        vi: "Ghi tài khoản nhận tiền hoàn, trước khi duyệt.",
        en: "Names the account that is paid, before approval.",
        who: "finance, cashier",
        body: r#"{ "bank": "970432", "account_no": "0123456789", "holder": "NGƯỜI NỘP MẪU" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/refunds/{id}/approve",
        vi: "Duyệt hoàn tiền; người duyệt khác người đề nghị và người ghi tài khoản.",
        en: "Approves; another person than those who asked and who named the payee. Proven money only.",
        who: "finance, approver",
        body: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/refunds/{id}/send",
        vi: "Ghi nhận đã gửi lệnh chi cho ngân hàng, với mã hoàn trong nội dung.",
        en: "Notes that the bank has the transfer, with reference_code in its text; again after a bounce.",
        who: "finance",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/refunds/{id}/refuse",
        vi: "Từ chối phiếu hoàn chưa gửi; tiền trở lại phần nộp thừa.",
        en: "Refuses a refund that is not on its way; its money is surplus again.",
        who: "finance, approver",
        body: r#"{ "reason": "Sai tài khoản" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/statements",
        vi: "Nạp tệp sao kê của ngân hàng, đúng như đã nhận.",
        en: "Imports a bank's file as it came: camt.053, MT940 or CSV, at most 64 MB as the body.",
        who: "finance",
        notes: "The same file again changes nothing. Bad lines are set aside and told; good ones are kept. A statement \
                that cannot go in (an account that nobody registered, another unit's, another currency, balances that \
                do not prove) is left out and named in refused, with ordinal, account_no, code, at and message, and is \
                an exception; the others go in. Sent again once its cause is gone, it goes in. ?account= \
                names the account of a file that names none. With Prefer: respond-async the answer is 202 and names \
                the import to look after.",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/statements",
        vi: "Các sao kê của một tài khoản.",
        en: "The statements of an account.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= (official code) &account= (account number); each may be left out where there is only one.",
        answer: r#"{ "statements": [ { "id": "stm_01j9…", "unit": "00070", "account": "0123456789", "account_id": "acc_01j9…",
  "closing_on": "2026-11-22", "opening": 0, "closing": 25000, "state": "ready" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/reconciliations",
        vi: "Khớp mọi dòng sao kê còn mở.",
        en: "Matches what is open, in one unit or in all of the token's scope.",
        who: "finance",
        body: r#"{ "unit": "00070" }"#,
        answer: r#"{ "accounts": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/days/close",
        vi: "Khóa một ngày của tài khoản; trả chứng nhận, hoặc danh sách những gì còn mở.",
        en: "Closes a day of an account: 200 with its signed certificate, or 409 with everything that is open.",
        who: "finance",
        body: r#"{ "unit": "00070", "account": "0123456789", "date": "2026-11-22" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/days",
        vi: "Chứng nhận khóa ngày của một tài khoản, tính liên tục của chúng, và những ngày chưa khóa, còn chờ gì.",
        en: "The day certificates of an account, oldest first, whether their chain holds, and the days that are over \
             and not closed, with what each waits for.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= &account= &from= &until= stands is false where the day was opened again since. open lists at \
                most 366 days, the oldest first; open_count is all. waits_for is empty where the day can be closed.",
        answer: r#"{ "certificates": [ { "unit": "00070", "account": "0123456789", "account_id": "acc_01j9…",
  "date": "2026-11-22", "revision": 1, "stands": true } ], "chain_holds": true, "broken": null,
  "open": [ { "date": "2026-11-23", "state": "open", "waits_for": [ { "code": "nil_day_unproven",
  "message": "Ngày không có sao kê; …", "message_en": "There is no statement; …" } ] } ], "open_count": 1 }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/series",
        vi: "Sổ ký hiệu của một đơn vị: trạng thái, số đã cấp, số còn lại.",
        en: "The register of series of a unit: state, numbers given, numbers left.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= state is planned, open, stopped, exhausted or closed.",
        answer: r#"{ "series": [ { "id": "ser_01j9…", "series": "BL-26E", "year": 2026, "state": "open",
  "issued": 1204, "remaining": 98795, "last_issued_on": "2026-11-23" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/series/{id}/stop",
        vi: "Dừng hẳn một ký hiệu, có lý do.",
        en: "Stops a series for good, with a reason.",
        who: "administrator who is a person",
        body: r#"{ "reason": "…" }"#,
        answer: r#"{ "series": { "id": "ser_01j9…", "state": "stopped" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/series/audits",
        vi: "Chứng nhận hằng đêm rằng mỗi ký hiệu liền mạch 1..N.",
        en: "The nightly certificates that every series of a unit is 1..N, newest first.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &cursor= &limit= The signature is detached, RSA PKCS#1 v1.5 with SHA-256 over the XML's bytes.",
        answer: r#"{ "audits": [ { "id": "crt_01j9…", "date": "2026-11-23", "whole": true, "numbers": 1204,
  "faults": 0, "sha256": "…", "previous_sha256": "…", "signature": "…" } ], "next": null }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/series/audits/{id}/xml",
        vi: "Đúng các byte đã ký của một chứng nhận.",
        en: "The exact signed bytes of a certificate.",
        who: "finance, approver, administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/callback/{channel}",
        vi: "Báo có của SePay hoặc của ngân hàng (đã ký).",
        en: "Notifications of SePay and of banks, signed over the raw body; 2xx means durably stored.",
        notes: "At most 64 kB, no Content-Encoding. A bank's message, one movement each: account_no, direction (credit \
                or debit), amount (whole đồng, without separators; 0 marks a test), currency (VND), memo (may be empty), \
                booked_at (RFC 3339) and notification_id, the bank's own key, always the same for the same movement, are \
                required; bank_reference (as the statement will show it), sender_account, sender_name, trace and status \
                (booked, pending or failed) may be there; other fields are ignored. X-Bienlai-Timestamp: seconds since \
                1970 at sending, at most 300 s from our clock. X-Bienlai-Signature: v1=<hex>, HMAC-SHA256 of \
                timestamp + \".\" + body as sent, under the shared secret; while secrets change several proofs divided \
                by commas. 200 accepted, receipts once they are numbered; 400 cannot be read: sending it unchanged is \
                useless; on 401, on 5xx and without an answer within 15 s send again, signed anew, after 1, 2, 4, 8 … \
                minutes for 24 hours at least. SePay sends its own message with X-SePay-Timestamp and \
                X-SePay-Signature: sha256=<hex>, or Authorization: Apikey, and gets { \"success\": true }.",
        body: r#"{ "notification_id": "N1", "account_no": "0123456789", "direction": "credit", "amount": 25000,
  "currency": "VND", "memo": "HNPH7K2MQ4X97", "booked_at": "2026-11-22T09:30:15+07:00", "bank_reference": "FT26327000000102" }"#,
        answer: r#"{ "status": "accepted", "reference": "clm_01j9…", "receipts": ["rcp_01j9…"] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/callback/{channel}/api/token_generate",
        vi: "VietQR.vn lấy token.",
        en: "VietQR.vn fetches its token (Basic authentication). The base URL given to it is …/callback/{channel}.",
        answer: r#"{ "access_token": "v1.…", "token_type": "Bearer", "expires_in": 300 }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/callback/{channel}/bank/api/transaction-sync",
        vi: "VietQR.vn báo biến động số dư.",
        en: "VietQR.vn reports a movement with that token.",
        notes: "Authorization: Bearer <token>. Sent again with the same transactionid it gets the same answer; without \
                one the referencenumber stands for it.",
        body: r#"{ "transactionid": "T1", "transactiontime": 1795314615000, "referencenumber": "FT26327000000102",
  "amount": 25000, "content": "HNPH7K2MQ4X97", "bankaccount": "0123456789", "transType": "C" }"#,
        answer: r#"{ "error": false, "errorReason": "000", "toastMessage": "", "object": { "reftransactionid": "clm_01j9…" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/p/{code}",
        vi: "Trang nộp tiền của công dân.",
        en: "The citizen's pay page. Rate-limited per address.",
        ..NONE
    },
    Endpoint {
        path: "/r/{lookup}",
        vi: "Trang tra cứu biên lai.",
        en: "A receipt by its look-up code. Rate-limited per address.",
        ..NONE
    },
    Endpoint {
        path: "/r/{lookup}.xml", vi: "Tải biên lai đã ký.", en: "The exact signed bytes.", ..NONE
    },
    Endpoint {
        path: "/r/{lookup}/evidence.json",
        vi: "Tải bằng chứng của biên lai đã ký.",
        en: "What proves the receipt when its certificate is long over: chain, status then, way to the day's time \
             stamp. `/verify` judges by it.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/callback/sms/{operator}",
        vi: "Nhà mạng báo kết quả phát tin nhắn.",
        en: "An SMS operator's delivery report: X-Bienlai-Timestamp and X-Bienlai-Signature: v1=HMAC-SHA256 over \
             timestamp.body.",
        body: r#"{ "id": "msg_01j9….unt_01j9…", "status": "delivered" }"#,
        answer: r#"{ "state": "delivered" }"#,
        ..NONE
    },
    Endpoint {
        path: "/lookup",
        vi: "Trang tra cứu biên lai.",
        en: "The forms for finding receipts. All of /lookup is rate-limited per address, and nothing personal stands in \
             an address.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/receipt",
        vi: "Tra cứu bằng mã tra cứu.",
        en: "By look-up code (form: lookup_code).",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/pay",
        vi: "Mở trang nộp tiền bằng mã nộp tiền; ở đó báo được “Tôi đã chuyển tiền”.",
        en: "To the pay page by reference code (form: reference); there its payer says that they have transferred.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/dossier",
        vi: "Tra cứu bằng mã hồ sơ và số định danh đầy đủ.",
        en: "By dossier code and the payer's full personal id (form: dossier, personal_id). Five failures lock the \
             dossier for 24 hours; the answer is the same whether or not it exists, but for one of more than 5,000 \
             obligations (dossier_too_large).",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/code",
        vi: "Gửi mã một lần tới điện thoại của người nộp.",
        en: "Sends a one-time code to the payer's phone (form: dossier, phone); the same answer for every dossier.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/code/confirm",
        vi: "Tra cứu bằng mã một lần.",
        en: "By that code (form: dossier, code): five minutes, three tries.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/lookup/receipts.zip",
        vi: "Tải các biên lai vừa tìm được.",
        en: "The receipts just found, XML and PDF, as one zip file (form: ticket, from, until).",
        ..NONE
    },
    Endpoint {
        path: "/r/{lookup}.pdf",
        vi: "Xem, in bản thể hiện của biên lai.",
        en: "The rendition of the receipt as it stands, the signed XML attached.",
        ..NONE
    },
    Endpoint { path: "/r/{lookup}/pdf", vi: "Như trên.", en: "The same.", ..NONE },
    Endpoint {
        path: "/verify",
        vi: "Trang kiểm tra chữ ký số.",
        en: "A form to check the signatures of a file.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/verify",
        vi: "Kiểm tra chữ ký số của một tệp, và tình trạng của chứng từ trong sổ.",
        en: "Judges a signed file, sent as a form (file, and evidence, its evidence file) or as bare bytes of at \
             most 4 MB, and says how a document of ours stands. `?lenient=enveloped-on-own-object` accepts that known fault. Rate-limited per address.",
        ..NONE
    },
    Endpoint { path: "/api", vi: "Trang này.", en: "This page.", ..NONE },
    Endpoint { path: "/healthz", vi: "Tiến trình đang chạy.", en: "The process is up.", ..NONE },
    Endpoint {
        path: "/readyz",
        vi: "Sẵn sàng nhận yêu cầu.",
        en: "The store can be reached, its schema fits, claims are taken; 503 otherwise.",
        answer: r#"{ "ready": true, "store": "ok", "settler": "ok" }"#,
        ..NONE
    },
    Endpoint { path: "/metrics", vi: "Số đo cho Prometheus.", en: "Measures for Prometheus.", ..NONE },
];
