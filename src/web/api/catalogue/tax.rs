//! The paths about the tax authority.

use super::{Endpoint, NONE, SEEN};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/tax/registrations",
        vi: "Đăng ký được chấp nhận, chứng thư trong đăng ký, tờ khai đang gửi.",
        en: "Accepted registrations, the certificates they list, forms on their way.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= &limit=. signs names the documents (receipt, invoice) that a certificate is registered to sign, \
                from the acceptance of the form that lists it for them until its own end.",
        answer: r#"{ "accepted": [], "certificates": [ { "issuer": "CA Mẫu", "serial": "540A", "action": "add",
  "valid_from": "2026-11-01T08:00:00+07:00", "valid_until": "2029-11-01T08:00:00+07:00",
  "signs": [ { "documents": "receipt", "from": "2026-11-27", "until": "2029-11-01" } ] } ], "forms": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/registrations",
        vi: "Lập tờ khai 01/ĐKTĐ-CTĐT (mới hoặc thay đổi); người khác duyệt, rồi hệ thống ký và gửi.",
        en: "Drafts 01/ĐKTĐ-CTĐT, new or change; another person approves, then it is signed and sent.",
        who: "administrator",
        notes: "Without certificates the installed ones are listed; a line has pem, or the serial of one to stop \
                (and its issuer where two have the same). entrustments tell of entrusted collection (DSDKUNhiem): \
                direction (entrusted, entrusting), template, series, tax_code and organisation of the other party, \
                purpose, valid_from, valid_until, payment_method.",
        body: r#"{ "unit": "00070", "action": "new", "office_code": "10100", "office_name": "Thuế cơ sở 1",
  "contact_name": "Người Liên Hệ Mẫu", "contact_email": "lienhe@example.vn", "contact_phone": "02400000000" }"#,
        answer: r#"{ "form": { "id": "fil_01j9…", "state": "requested", "revision": 1 } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/registrations/{id}/approve",
        vi: "Duyệt tờ khai đăng ký; người duyệt khác người lập.",
        en: "Approves a registration form: another person than the one who drafted it; it is signed and sent then.",
        who: "finance, approver, administrator",
        body: SEEN,
        answer: r#"{ "form": { "id": "fil_01j9…", "state": "drafted", "revision": 2 } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/registrations/{id}/withdraw",
        vi: "Rút hoặc từ chối tờ khai đăng ký.",
        en: "Takes back or turns down a drafted registration form.",
        who: "finance, approver, administrator",
        body: r#"{ "reason": "Sai người liên hệ" }"#,
        answer: r#"{ "form": { "id": "fil_01j9…", "state": "withdrawn", "revision": 2 } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/registrations/accept",
        vi: "Ghi nhận việc cơ quan thuế chấp nhận (làm trên cổng thuế); từ đó mới mở được ký hiệu.",
        en: "Records an acceptance by hand; series open and certificates install only after it.",
        who: "administrator",
        body: r#"{ "unit": "00070", "notice_no": "12/TB-TCT", "accepted_on": "2026-11-27", "office_code": "10100",
  "office_name": "Thuế cơ sở 1", "document_kinds": ["receipt"] }"#,
        answer: r#"{ "registration": "reg_01j9…" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/reports",
        vi: "Báo cáo BC26/BLĐT: đến hạn, số liệu của một quý, thay đổi sau khi gửi.",
        en: "BC26/BLĐT: what is due; for a quarter its figures, reports, and what changed since.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= &quarter=2026-Q3",
        answer: r#"{ "due": [ { "quarter": "2026-Q3", "due_on": "2026-10-31", "days_left": 5, "urgency": "soon" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/reports",
        vi: "Lập báo cáo của quý đã kết thúc, hoặc báo cáo bổ sung.",
        en: "Makes the report of a quarter that is over, or the marked supplementary one.",
        who: "finance, approver, administrator",
        body: r#"{ "unit": "00070", "quarter": "2026-Q3", "supplement": false }"#,
        answer: r#"{ "report": { "id": "fil_01j9…", "state": "drafted" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/invoices",
        vi: "Hóa đơn gửi cơ quan thuế: từng hóa đơn đang ở bước nào, theo quy định nào.",
        en: "Invoices on their way to the tax authority: how far each is, by which rules.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= &limit=",
        answer: r#"{ "invoices": [ { "id": "fil_01j9…", "state": "accepted", "data": { "receipt": "rcp_01j9…", "message": 203 } } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/invoices/{id}/again",
        vi: "Gửi lại hóa đơn mà cơ quan thuế đã từ chối, khi nguyên nhân đã hết.",
        en: "Sends an invoice once more that the tax authority refused, when its cause is gone; 409 invoice_not_refused \
             while its last sending was not refused.",
        who: "approver, administrator",
        notes: "id is the form's (fil_…), as GET /api/v1/tax/invoices names it. The token acts for a person.",
        answer: r#"{ "invoice": { "id": "fil_01ja…", "state": "drafted", "data": { "receipt": "rcp_01j9…", "message": 203 } } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/notices",
        vi: "Thông báo sai sót 04/SS của đơn vị.",
        en: "Error notices 04/SS of a unit, newest first.",
        who: "cashier, finance, approver, auditor, administrator",
        notes: "?unit= &limit=",
        answer: r#"{ "notices": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/notices",
        vi: "Đề nghị thông báo sai tên, địa chỉ; không cấp số mới. Người khác duyệt.",
        en: "Requests a notice about a wrong name or address; no new number. Another person approves.",
        who: "cashier, finance, approver, administrator",
        body: r#"{ "unit": "00070", "documents": [ { "receipt": "rcp_01j9…", "reason": "Sai tên người nộp" } ] }"#,
        answer: r#"{ "notice": { "id": "fil_01j9…", "state": "requested" } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/notices/{id}/approve",
        vi: "Duyệt thông báo; người duyệt khác người đề nghị.",
        en: "Approves a notice: another person than the one who requested it.",
        who: "finance, approver, administrator",
        body: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/notices/{id}/withdraw",
        vi: "Rút hoặc từ chối thông báo.",
        en: "Takes back or turns down a requested notice.",
        who: "cashier, finance, approver, administrator",
        body: r#"{ "reason": "Không cần nữa" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/transmissions",
        vi: "Sổ truyền nhận với cơ quan thuế.",
        en: "The ledger of messages to the authority, newest first.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= &open=true &limit=",
        answer: r#"{ "transmissions": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/transmissions/{id}",
        vi: "Một thông điệp với mọi lần gửi và phản hồi.",
        en: "A message with every attempt and answer, as it came.",
        who: "finance, approver, auditor, administrator",
        answer: r#"{ "transmission": {}, "events": [], "replies": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/transmissions/{id}/release",
        vi: "Cho thông điệp đang dừng đi tiếp; hỏi cơ quan thuế trước khi gửi lại.",
        en: "Lets a halted message go again; the authority is asked before it is sent.",
        who: "administrator, approver",
        ..NONE
    },
    Endpoint {
        path: "/api/v1/tax/due",
        vi: "Việc cần làm với cơ quan thuế: báo cáo đến hạn, chờ duyệt, thông điệp bị kẹt.",
        en: "What waits to be done for the tax authority: reports due or to be approved, stuck messages.",
        who: "finance, approver, auditor, administrator",
        notes: "?unit= ; every unit in scope without it",
        answer: r#"{ "alarms": [ { "unit": "00070", "kind": "report_approval", "level": "warning", "quarter": "2026-Q3",
  "due_on": "2026-10-31", "days_left": 5, "filing": "fil_01j9…", "vi": "…", "en": "…" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/reports/{id}/approve",
        vi: "Duyệt báo cáo do hệ thống tự lập; sau đó được ký và gửi.",
        en: "Approves a report that was made by itself; it is signed and sent then.",
        who: "finance, approver, administrator",
        notes: "409 report_figures_changed when receipts changed since it was made; a new one follows within minutes.",
        body: SEEN,
        answer: r#"{ "report": { "id": "fil_01j9…", "state": "drafted" } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/tax/reports/{id}/accept",
        vi: "Ghi nhận cơ quan thuế đã có báo cáo nộp bằng đường khác (cổng thuế).",
        en: "Records that the tax office has a report that went another way, through its portal.",
        who: "finance, approver, administrator",
        body: r#"{ "notice_no": "12/TB-CCT" }"#,
        answer: r#"{ "report": { "id": "fil_01j9…", "state": "accepted" } }"#,
        ..NONE
    },
];
