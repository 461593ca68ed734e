//! What the page `/api` says about each path. A test holds it against the routes.

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

const NONE: Endpoint =
    Endpoint { method: "GET", path: "", vi: "", en: "", who: "", notes: "", body: "", answer: "" };
const READERS: &str = "dossier_system, cashier, finance, approver, administrator, auditor";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/api/v1/obligations",
        vi: "Lập nghĩa vụ nộp của một hồ sơ; trả mã thanh toán và mã VietQR.",
        en: "Raises what a dossier owes; answers 201 with reference code and VietQR.",
        who: "dossier_system, cashier",
        notes: "Idempotency-Key required (1 to 128 visible ASCII characters): the same key and body get the same \
                answer byte for byte, another body 409 idempotency_key_reused, one still running 409 \
                idempotency_in_flight with Retry-After. Units are named by official code. A line states what its \
                item counts: pages and copies, quantity (whole, or a decimal in quotes), base_value, or amount where \
                the tariff leaves it free. A total of 0 closes the obligation as waived.",
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
  "id": "obl_01j9…", "unit": "00070", "reference_code": "HNPH7K2MQ4X97", "state": "raised",
  "total": 10000, "paid": 0, "outstanding": 10000,
  "qr": "00020101021238…", "links": { "pay": "https://…/p/HNPH7K2MQ4X97", "qr_svg": "https://…/qr.svg" },
  "lines": [ { "item": "chung_thuc_ban_sao", "amount": 10000, "explanation": "…", "explanation_en": "…" } ]
}"#,
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
        notes: "?after= (next of the page before; nothing for the beginning) &limit=. Keep next and ask again; it \
                stands still while nothing is new. A dossier_system sees the obligations it raised.",
        answer: r#"{ "changes": [ { "cursor": "f2a", "obligation": "obl_01j9…", "kind": "paid", "state": "paid",
  "receipt": { "id": "rcp_01j9…", "lookup_code": "7K2MQ4X97ABC", "links": { "page": "…", "xml": "…" } } } ],
  "next": "f2a" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/obligations/{id}",
        vi: "Một nghĩa vụ nộp với khoản thu, biên lai và lịch sử.",
        en: "One obligation with its lines, receipts and events.",
        who: READERS,
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
        notes: "Idempotency-Key required. method is cash or card.",
        body: r#"{ "method": "cash", "amount": 10000 }"#,
        answer: r#"{ "payment": "pay_01j9…", "state": "paid", "amount": 10000, "receipt": { "id": "rcp_01j9…" } }"#,
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
        path: "/api/v1/exceptions",
        vi: "Các ngoại lệ của một đơn vị, cũ nhất trước.",
        en: "Everything unexplained of a unit, oldest first, each with owner, age and next step.",
        who: READERS,
        notes: "?unit= &state=open|proposed|resolved &limit=",
        answer: r#"{ "exceptions": [ { "id": "exc_01j9…", "kind": "underpaid", "next_step": "…", "age_days": 2 } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/exceptions/{id}",
        vi: "Một ngoại lệ và đề nghị xử lý đang chờ.",
        en: "One exception and its proposal.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/propose",
        vi: "Đề nghị cách xử lý, kèm lý do.",
        en: "Proposes how to settle it. target is the id the resolution points at.",
        who: "finance, approver",
        body: r#"{ "resolution": "assign", "target": "obl_01j9…", "reason": "Người nộp xác nhận" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/approve",
        vi: "Người thứ hai duyệt đề nghị.",
        en: "Another person approves.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/exceptions/{id}/refuse",
        vi: "Trả lại đề nghị, kèm lý do.",
        en: "Sends the proposal back; the exception is open again.",
        who: "finance, approver",
        body: r#"{ "reason": "Chưa đủ chứng từ" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/statements",
        vi: "Nạp tệp sao kê của ngân hàng, đúng như đã nhận.",
        en: "Imports a bank's file as it came: camt.053, MT940 or CSV, at most 64 MB as the body.",
        who: "finance",
        notes: "The same file again changes nothing. Bad lines are quarantined and told; good ones are kept.",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/statements",
        vi: "Các sao kê của một tài khoản.",
        en: "The statements of an account.",
        who: "finance, approver, auditor",
        notes: "?unit= (official code) &account= (account number); each may be left out where there is only one.",
        answer: r#"{ "statements": [] }"#,
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
        vi: "Chứng nhận khóa ngày của một tài khoản và tính liên tục của chúng.",
        en: "The day certificates of an account, oldest first, and whether their chain holds.",
        who: "finance, approver, auditor",
        notes: "?unit= &account=",
        answer: r#"{ "certificates": [], "chain_holds": true, "broken": null }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/callback/{channel}",
        vi: "Báo có của SePay hoặc của ngân hàng (đã ký).",
        en: "Notifications of SePay and of banks, signed over the raw body; 2xx means durably stored.",
        notes: "At most 64 kB, no Content-Encoding.",
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
        path: "/verify",
        vi: "Trang kiểm tra chữ ký số.",
        en: "A form to check the signatures of a file.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/verify",
        vi: "Kiểm tra chữ ký số của một tệp.",
        en: "Judges a signed file, sent as a form or as bare bytes of at most 4 MB. Rate-limited per address.",
        ..NONE
    },
    Endpoint { path: "/api", vi: "Trang này.", en: "This page.", ..NONE },
    Endpoint { path: "/assets/bienlai.css", vi: "Kiểu trình bày.", en: "The stylesheet.", ..NONE },
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
