//! The page `/api` about the intake of statements.

use super::catalogue::{Endpoint, NONE};

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/imports",
        vi: "Các lần nạp tệp sao kê chạy nền của một đơn vị.",
        en: "The imports of a unit that run by themselves, newest first.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &limit=",
        answer: r#"{ "imports": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/imports/{id}",
        vi: "Tiến độ một lần nạp: số dòng đã nạp, tổng số dòng, trạng thái, kết quả.",
        en: "How far an import is: lines done and in all, state, and what it did when it is done.",
        who: "finance, approver, administrator, auditor",
        notes: "state is queued, running, done or failed. After a crash it is taken up again from the kept file.",
        answer: r#"{ "import": { "id": "job_01j9…", "state": "running", "lines_done": 42000, "lines_total": 100000 } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/versions",
        vi: "Các sao kê ngân hàng gửi lại với dòng khác.",
        en: "Statements that the bank sent again with other lines, newest first.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &account= &limit=",
        answer: r#"{ "versions": [ { "id": "ver_01j9…", "unit": "00070", "account": "0123456789",
  "account_id": "acc_01j9…", "closing_on": "2026-11-22", "state": "held" } ], "next": null }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/versions/{id}",
        vi: "Một bản sao kê sửa: từng dòng thêm, mất, đổi; đề nghị đang chờ.",
        en: "A corrected statement: each line added, gone or changed, and what is proposed about it.",
        who: "finance, approver, administrator, auditor",
        notes: "state is applied (moved no money), held, proposed, accepted or dismissed. A difference that moves money \
                takes its stored line out when the version is accepted.",
        answer: r#"{ "version": { "id": "ver_01j9…", "unit": "00070", "account": "0123456789",
  "state": "held", "added": 0, "gone": 1, "changed": 0 },
  "differences": [ { "kind": "gone", "moves_money": true, "line": "lin_01j9…" } ], "proposal": null }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/versions/{id}/propose",
        vi: "Đề nghị nhận (accept) hoặc bỏ (dismiss) bản sao kê sửa.",
        en: "Proposes to accept the corrected statement or to dismiss it.",
        who: "finance, approver",
        body: r#"{ "decision": "accept", "reason": "Ngân hàng xác nhận đã hủy bút toán" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/versions/{id}/approve",
        vi: "Người thứ hai duyệt; bản được nhận vào sổ ngay, dòng mất được ghi đảo và nêu tên khoản nộp.",
        en: "Another person approves. An accepted version goes in at once: what it took out is taken back, under an \
             exception that names the payment.",
        who: "finance, approver",
        notes: "409 statement_version_day_closed while a day it changes is closed.",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/versions/{id}/send-back",
        vi: "Trả đề nghị lại; bản sao kê sửa vẫn chờ.",
        en: "Sends the proposal back; the version is held again.",
        who: "finance, approver",
        body: r#"{ "reason": "Chưa có công văn của ngân hàng" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/quarantine",
        vi: "Các dòng sao kê không đọc được, kèm nguyên văn, chờ người xử lý.",
        en: "Lines of statements that could not be read, with their text, waiting for a person.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &account= &limit=. expected_of_statement is what all of them together must come to.",
        answer: r#"{ "lines": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/statements/{id}/quarantine",
        vi: "Sửa hoặc bỏ mọi dòng đang chờ của một sao kê, mỗi dòng một lý do; số dư phải khớp.",
        en: "Repairs or discards every waiting line of a statement at once, each with a reason; the balances must then \
             prove.",
        who: "finance, approver",
        notes: "A line without repair is discarded. The file's text stays kept. Where the bank states no balances, \
                another person must send the same (awaits_second_person).",
        body: r#"{ "lines": [ { "id": "evt_01j9…", "reason": "Ngân hàng in thiếu chữ số", "repair":
  { "booking_date": "2026-11-23", "amount": 150000, "memo": "HNPH7K2MQ4X97", "bank_reference": "FT26327000000102" } } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/statements/{id}/give-up",
        vi: "Bỏ một sao kê nạp dở: không dòng nào của nó được ghi nhận, các tệp khác của tài khoản đi tiếp.",
        en: "Gives up a statement that is loaded in part: none of its lines is taken, and its account's other files go \
             on.",
        who: "finance, approver",
        notes: "409 statement_not_broken_off unless it has been loading for ten minutes. Its file may be sent again.",
        body: r#"{ "reason": "Tệp hỏng, ngân hàng gửi tệp khác" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/layouts",
        vi: "Các phiên bản bố cục cột đã lưu của một tài khoản, hoặc của bảng do đối tác của đơn vị xuất.",
        en: "Every version of a saved column mapping, newest first: of an account, or of the tables of a unit's \
             partners.",
        who: "finance, approver, administrator, auditor",
        notes: "?unit= &account=, or &partner=pos, gateway or treasury.",
        answer: r#"{ "layouts": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/layouts",
        vi: "Lưu bố cục cột cho một tài khoản, hoặc cho bảng của đối tác; các lần nạp sau đọc theo bản mới nhất.",
        en: "Saves a column mapping for an account, or for a partner's table with these headings; tables are read by \
             the newest one from then on.",
        who: "finance, administrator",
        notes: "?unit= &account=. The body is TOML, as bienlai statement preview prints it. With &partner=pos, gateway \
                or treasury it is headings = [\"…\"], the row of headings as it stands, and [columns] with numbers \
                from one: approval_code, transaction, order_no, reference_code, chapter, sub_item, amount, fee, \
                fee_tax, net, kind, state, date, credit_date, reason, currency.",
        ..NONE
    },
];
