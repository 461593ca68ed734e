//! What waits for a second person, and who may stand in for an approver, as `/api` lists it.

use super::catalogue::{Endpoint, NONE};

const BOOKS: &str = "finance, approver, auditor, administrator";
const SEEN: &str = "cashier, finance, approver, auditor, administrator";
const DELEGATES: &str = "cashier, finance, approver, administrator";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/approvals",
        vi: "Việc chờ người thứ hai duyệt; việc quá một ngày làm việc hoặc không ai ở đơn vị duyệt được thì chuyển thành phố.",
        en: "What waits for a second person. After a working day, or where nobody of the unit may decide, the city is \
             asked: escalated says why (waited, nobody_else). Those come first, then the oldest. Every kind that waits is \
             here, as on the board and the page of decisions, each as far as the role may read it.",
        who: BOOKS,
        notes: "?unit= (official code; all units of the token when left out) &cursor= &limit=. total counts all \
                pages. kind: exception, refund, correction, remittance, reopening, version, rule, notice, \
                withdrawal, drawer, usage_report, registration, undo, key_stop, slip, data_act, set_aside; tariff and \
                proposal for who sees the whole city. logins: those that wait for another administrator, who vouches \
                on the page /users; for administrators, and no part of total.",
        answer: r#"{ "approvals": [ { "unit": "unt_01j9…", "unit_code": "00070", "kind": "refund", "title": "Hoàn tiền",
  "title_en": "Refund", "subject": "rfd_01j9…", "amount": 40000, "makers": ["per_01j9…"], "asked_at": "2026-11-23T09:00:00+07:00",
  "due_at": "2026-11-24T09:00:00+07:00", "escalated": "waited" } ],
  "logins": [ { "login": "lgn_01j9…", "name": "duyet.mau", "person": "per_01j9…", "role": "approver",
    "units": ["unt_01j9…"], "makers": ["per_01ja…"], "set_up_at": "2026-11-23T09:00:00+07:00" } ],
  "total": 1, "for_city": 1, "next": null }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/delegations",
        vi: "Ủy quyền duyệt cho một người: việc nào, tới số tiền nào, từ ngày nào đến ngày nào, theo quyết định nào.",
        en: "Lends one's power to approve in a unit to another person: acts, sum, days and decision. It counts when \
             they accept it. What was lent cannot be lent on.",
        who: "approver",
        notes: "acts: exception, refund, correction, remittance, reopening, notice. limit: whole đồng for a single act. \
                The same offer again, while nobody answered the first one, is answered with the first one.",
        body: r#"{ "unit": "00070", "delegate": "per_01j9…", "acts": ["refund", "remittance"], "limit": 5000000,
  "valid_from": "2026-11-23", "valid_until": "2026-12-04", "decision": { "number": "12/QĐ-UBND", "on": "2026-11-20" } }"#,
        answer: r#"{ "delegation": { "id": "dlg_01j9…", "state": "offered", "giver": "per_01j9…", "delegate": "per_01ja…",
  "acts": ["refund", "remittance"], "limit": 5000000, "valid_from": "2026-11-23", "valid_until": "2026-12-04",
  "decision_no": "12/QĐ-UBND" } }"#,
    },
    Endpoint {
        path: "/api/v1/delegations",
        vi: "Ủy quyền mình đã giao, được giao, hoặc của đơn vị mình trông coi.",
        en: "Delegations one gave or was given; those of their units for roles that look after these. Newest first.",
        who: SEEN,
        notes: "?unit= keeps to one unit.",
        answer: r#"{ "delegations": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/delegations/{id}",
        vi: "Một ủy quyền và mọi việc đã duyệt theo đó.",
        en: "One delegation and everything that was approved under it.",
        who: SEEN,
        answer: r#"{ "delegation": { "id": "dlg_01j9…", "state": "accepted" },
  "acts": [ { "kind": "refund", "subject": "rfd_01j9…", "amount": 40000, "delegate": "per_01ja…", "giver": "per_01j9…",
    "decision_no": "12/QĐ-UBND", "at": "2026-11-24T09:00:00+07:00" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/delegations/{id}/accept",
        vi: "Người được ủy quyền nhận.",
        en: "The person it names accepts it.",
        who: DELEGATES,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/delegations/{id}/decline",
        vi: "Người được ủy quyền từ chối.",
        en: "The person it names declines it.",
        who: DELEGATES,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/delegations/{id}/end",
        vi: "Chấm dứt trước hạn: người giao, người nhận, hoặc quản trị của đơn vị.",
        en: "Ends it before its last day: giver, delegate or an administrator of the unit.",
        who: DELEGATES,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/delegations/{id}/acts",
        vi: "Duyệt một việc theo ủy quyền; không duyệt được việc do mình hoặc người giao đề nghị.",
        en: "Approves one thing under a delegation. Neither the delegate nor the giver may have asked for it.",
        who: DELEGATES,
        body: r#"{ "act": "refund", "subject": "rfd_01j9…" }"#,
        answer: r#"{ "approved": { "act": "refund", "subject": "rfd_01j9…", "delegation": "dlg_01j9…" } }"#,
        ..NONE
    },
    Endpoint {
        path: "/duties",
        vi: "Việc chờ duyệt và ủy quyền.",
        en: "What waits for a second person, and delegations.",
        who: SEEN,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/duties/offer",
        vi: "Giao ủy quyền.",
        en: "Offers a delegation, with code or password.",
        who: "approver",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/duties/answer",
        vi: "Nhận, từ chối hoặc chấm dứt ủy quyền.",
        en: "Accepts, declines or ends one.",
        who: DELEGATES,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/duties/act",
        vi: "Duyệt một việc theo ủy quyền.",
        en: "Approves one thing under a delegation, with code or password.",
        who: DELEGATES,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/duties/decide",
        vi: "Duyệt hoặc không duyệt một việc đang chờ, với mã hoặc mật khẩu; không duyệt thì ghi lý do.",
        en: "Approves or refuses one thing that waits, with code or password; a refusal says why.",
        who: "finance, approver",
        ..NONE
    },
    Endpoint {
        path: "/duties/corrections/{id}/agreement",
        vi: "Văn bản thỏa thuận của một việc sửa chứng từ, như đã đính kèm; mỗi lần mở được ghi lại.",
        en: "The agreement a correction stands on, as it was attached; each look is recorded.",
        who: BOOKS,
        notes: "The file itself: PDF, PNG or JPEG.",
        ..NONE
    },
];
