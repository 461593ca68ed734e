//! What the page `/api` says about decisions of the city.

use super::catalogue::{Endpoint, NONE};

const READERS: &str = "administrator, approver, auditor";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/proposals",
        vi: "Đề xuất của thành phố: chỉ tiêu, ủy nhiệm ký, sáp nhập, chấm dứt tài khoản, tên mới; mới nhất trước.",
        en: "What the city decides by two persons: targets, entrustments, mergers, ends of accounts, names; newest first.",
        who: READERS,
        notes: "Targets, and what is about the units in scope; the newest 500.",
        answer: r#"{ "proposals": [ { "id": "evt_01j9…", "content": { "what": "target", "of": { "measure": "online",
  "kinds": ["xã"], "percent": 70, "above": false, "valid_from": "2027-01-01", "valid_until": null, "source": "…",
  "certainty": "P" } }, "reason": "…", "maker": "per_01j9…", "created_at": "2026-11-27T09:00:00+07:00",
  "state": "proposed", "checker": null } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/proposals",
        vi: "Đề xuất một quyết định của thành phố; chưa có hiệu lực trước khi người khác duyệt.",
        en: "Proposes a decision of the city; nothing holds before another person approves.",
        who: "administrator",
        notes: "Exactly one of target, entrustment, entrustment_end, merger, account_end, naming, trust, limit, and the reason. \
                What the same person proposed in the same words and still waits is answered with its id.",
        body: r#"{ "reason": "Chỉ tiêu năm 2027", "target": { "measure": "online", "kinds": ["xã", "phường"],
  "percent": 70, "valid_from": "2027-01-01", "source": "Quyết định giao chỉ tiêu", "certainty": "P" } }"#,
        answer: r#"{ "id": "evt_01j9…" }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/proposals/{id}/approve",
        vi: "Một người khác duyệt đề xuất.",
        en: "Another person approves; it holds at once.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/proposals/{id}/refuse",
        vi: "Từ chối đề xuất, hoặc rút đề xuất của mình.",
        en: "Refuses a proposal, or takes one's own back.",
        who: "administrator",
        body: r#"{ "reason": "Chưa có văn bản" }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/units/{code}/handover",
        vi: "Việc còn lại trước khi bàn giao một đơn vị đã sáp nhập.",
        en: "What stands in the way of handing a merged unit over.",
        who: "administrator, auditor",
        answer: r#"{ "successor": "00091", "effective_on": "2026-11-28", "decision_no": "21/NQ-HĐND", "handed_over_at": null,
  "obligations": null, "obstacles": [ { "what": "day_open", "detail": "1900111100 2026-11-26 – 2026-11-27" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/units/{code}/handover",
        vi: "Bàn giao đơn vị đã sáp nhập: nghĩa vụ chưa nộp, số dư đầu, dừng ký hiệu.",
        en: "Hands a merged unit over: unpaid obligations, opening balances, its series stop.",
        who: "administrator who is a person",
        answer: r#"{ "handover": { "obligations": 12, "series": 3 } }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/entrustments",
        vi: "Ủy nhiệm ký đã ghi nhận của các đơn vị.",
        en: "Entrustments on record, of the units in scope.",
        who: READERS,
        answer: r#"{ "entrustments": [ { "unit": "00376", "is_end": false, "decision_no": "12/QĐ-UBND",
  "decided_on": "2026-11-20", "valid_from": "2026-11-23", "valid_until": "2027-11-22", "issuer_name": "…",
  "issuer_tax_code": "9900000030" } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/admin/proposals",
        vi: "Quyết định của thành phố: chỉ tiêu, ủy nhiệm ký, sáp nhập, chấm dứt tài khoản, tên, hạn mức, tin báo có.",
        en: "The city's decisions: targets, entrustments, mergers, ends of accounts, names, limits, trust in channels; \
             ?state=proposed &before= &unit=.",
        who: READERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/target",
        vi: "Đề xuất chỉ tiêu.",
        en: "Proposes a target.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/entrust",
        vi: "Đề xuất ủy nhiệm ký.",
        en: "Proposes an entrustment.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/end",
        vi: "Đề xuất chấm dứt ủy nhiệm ký.",
        en: "Proposes the end of an entrustment.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/merger",
        vi: "Đề xuất sáp nhập đơn vị.",
        en: "Proposes a merger.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/account-end",
        vi: "Đề xuất chấm dứt tài khoản.",
        en: "Proposes the end of an account.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/naming",
        vi: "Đề xuất tên, địa chỉ mới của đơn vị.",
        en: "Proposes a unit's new name or address.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/limit",
        vi: "Đề xuất hạn mức một người xử lý ngoại lệ của đơn vị.",
        en: "Proposes up to which sum one person settles exceptions of a unit.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/trust",
        vi: "Đề xuất tin báo có của một kênh trên một tài khoản.",
        en: "Proposes to take a channel's word for money on an account.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        path: "/finance/trust",
        vi: "Mức tin cậy các kênh: ai quyết định, đến khi nào, vì sao chấm dứt.",
        en: "What channels are trusted with, who decided, and why that ended.",
        who: "finance, approver, administrator, auditor",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/finance/trust/end",
        vi: "Thôi tin báo có của một kênh; một người là đủ.",
        en: "Ends the trust in a channel; one person is enough.",
        who: "finance, approver, administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/units/{code}/handover",
        vi: "Bàn giao đơn vị đã sáp nhập.",
        en: "Hands a merged unit over.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/{id}/approve",
        vi: "Duyệt đề xuất.",
        en: "Approves a proposal.",
        who: "administrator",
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/admin/proposals/{id}/refuse",
        vi: "Từ chối đề xuất.",
        en: "Refuses a proposal.",
        who: "administrator",
        ..NONE
    },
];
