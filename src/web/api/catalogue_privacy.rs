//! People's rights over their own data, as `/api` lists it.

use super::catalogue::{Endpoint, NONE};

const READERS: &str = "administrator, auditor";
const KEEPER: &str = "administrator who is a person";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests",
        vi: "Nhận yêu cầu của một người về dữ liệu của họ: xem, sửa hoặc xóa; hạn trả lời 72 giờ.",
        en: "Takes in what a person asks about their own data; the answer is due within 72 hours.",
        who: "cashier, finance, administrator",
        notes: "kind: access, correction, erasure. by: personal_id, passport, tax_code, phone, email. identity_shown: \
                citizen_card, vneid, passport, authorised. The value is kept as a keyed hash only. correction, erasure: not by phone or email.",
        body: r#"{ "unit": "00070", "kind": "access", "by": "phone", "value": "0900000000", "identity_shown": "vneid" }"#,
        answer: r#"{ "request": { "id": "drq_01j9…", "kind": "access", "state": "received", "due_at": "2026-11-26T09:00:00+07:00" } }"#,
    },
    Endpoint {
        path: "/api/v1/privacy/requests",
        vi: "Các yêu cầu của một đơn vị và kết quả.",
        en: "Requests of a unit and how they were answered, newest first.",
        who: READERS,
        notes: "?unit= &limit=",
        answer: r#"{ "requests": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/file",
        vi: "Mở hồ sơ dữ liệu của người yêu cầu; mục đích được ghi lại.",
        en: "Opens the person's file: what is kept, the dossiers, the documents, and who saw it before and why. The \
             purpose is written down.",
        who: KEEPER,
        body: r#"{ "purpose": "Trả lời yêu cầu xem dữ liệu" }"#,
        answer: r#"{ "file": { "entries": [], "views": [] } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/answer",
        vi: "Ghi nhận đã trả lời yêu cầu.",
        en: "Answers a request. Access after the file was opened, erasure once nothing is kept.",
        who: KEEPER,
        body: r#"{ "reason": "Đã trao bản sao tại quầy" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/refuse",
        vi: "Từ chối, kèm căn cứ.",
        en: "Refuses with the ground: retention_by_law, legal_claim, identity_not_proven, nothing_kept.",
        who: KEEPER,
        body: r#"{ "ground": "retention_by_law", "reason": "Chứng từ còn trong thời hạn lưu trữ" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/propose",
        vi: "Đề xuất thực hiện: sửa cách liên hệ, hoặc xóa những gì luật không buộc giữ.",
        en: "Proposes to carry a request out: new contacts for a correction, nothing for an erasure.",
        who: KEEPER,
        body: r#"{ "phone": "0900000000", "email": "moi@example.vn" }"#,
        answer: r#"{ "proposed": "drq_01j9…", "act": "evt_01j9…" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/act",
        vi: "Xem nội dung đang chờ duyệt; lần xem được ghi lại.",
        en: "What waits for another person: new contacts and the number of payers. The look is written down.",
        who: KEEPER,
        answer: r#"{ "act": { "id": "evt_01j9…", "request": "drq_01j9…", "parties": 1, "contact": { "phone": "0900000000" } } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/requests/{id}/approve",
        vi: "Một người khác duyệt và thực hiện; trả lời những gì còn giữ và căn cứ.",
        en: "Another person carries out the act they saw; the answer names what stays, and why.",
        who: KEEPER,
        body: r#"{ "act": "evt_01j9…" }"#,
        answer: r#"{ "done": { "request": { "id": "dsr_01j9…", "state": "answered" }, "parties": 1, "pictures": 0,
  "stays": [ [ "…", "…" ] ] } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/privacy/views",
        vi: "Ai đã xem dữ liệu của ai, để làm gì.",
        en: "Who saw whose data, and for what, newest first.",
        who: READERS,
        notes: "?unit= &limit=",
        answer: r#"{ "views": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/incidents",
        vi: "Ghi nhận sự cố dữ liệu cá nhân; đồng hồ 72 giờ chạy từ lúc phát hiện.",
        en: "Opens an incident; its 72 hours run from found_at (now when left out).",
        who: KEEPER,
        body: r#"{ "unit": "00070", "nature": "Gửi nhầm thông báo sang hộp thư khác", "affected": 3 }"#,
        answer: r#"{ "incident": { "id": "inc_01j9…", "state": "open", "due_at": "2026-11-26T09:00:00+07:00" }, "hours_left": 72 }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/privacy/incidents",
        vi: "Sự cố của một đơn vị với số giờ còn lại và mọi việc đã làm.",
        en: "Incidents of a unit with the hours that are left and everything that was done, newest first.",
        who: READERS,
        notes: "?unit= &limit=",
        answer: r#"{ "incidents": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/incidents/{id}/note",
        vi: "Ghi một việc đã làm.",
        en: "Notes something that was done.",
        who: KEEPER,
        body: r#"{ "detail": "Đã thu hồi thư" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/incidents/{id}/notified",
        vi: "Đã báo cơ quan có thẩm quyền: số văn bản; nếu quá hạn thì kèm lý do.",
        en: "The authority was told: number of the letter and, when late, why.",
        who: KEEPER,
        body: r#"{ "detail": "Văn bản 05/BC-UBND" }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/privacy/incidents/{id}/closed",
        vi: "Đóng sự cố đã báo.",
        en: "Closes an incident the authority was told of.",
        who: KEEPER,
        body: r#"{ "detail": "Đã khắc phục" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/privacy/register",
        vi: "Hồ sơ xử lý dữ liệu cá nhân: giữ gì, để làm gì, căn cứ, bao lâu.",
        en: "The register of processing: what is kept, why, on which ground, for how long.",
        who: READERS,
        notes: "?unit=",
        answer: r#"{ "activities": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/privacy",
        vi: "Dữ liệu cá nhân: yêu cầu, sự cố, hồ sơ xử lý.",
        en: "Personal data: requests, incidents, the register.",
        who: "cashier, finance, administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/receive",
        vi: "Nhận một yêu cầu.",
        en: "Takes a request in.",
        who: "cashier, finance, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/file",
        vi: "Mở hồ sơ của người yêu cầu, kèm mục đích.",
        en: "Opens the person's file, with a purpose and code.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/close",
        vi: "Ghi kết quả: đã trả lời, hoặc từ chối kèm căn cứ.",
        en: "Answers a request, or refuses it with the ground.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/propose",
        vi: "Đề xuất thực hiện một yêu cầu.",
        en: "Proposes to carry a request out.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/approve",
        vi: "Duyệt và thực hiện.",
        en: "Another person carries it out.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/incident",
        vi: "Ghi nhận sự cố.",
        en: "Opens an incident.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/privacy/step",
        vi: "Ghi việc đã làm, đã báo, đã đóng.",
        en: "What was done about an incident.",
        who: "administrator",
        ..NONE
    },
];
