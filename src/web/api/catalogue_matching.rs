//! What the page `/api` says about matching.

use super::catalogue::{Endpoint, NONE};

const WRITERS: &str = "finance, approver, administrator";
const BOOKS: &str = "finance, approver, auditor, administrator";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/api/v1/settlements",
        vi: "Nhập bảng kê quyết toán của cổng thanh toán.",
        en: "Takes a gateway's settlement report on: its transactions with amount and fee.",
        who: "finance",
        notes: "The statement's line with reference in its text and exactly the net amount proves the claims gross; \
                the fee is a charge to recover. Transactions that no waiting claim answers to are an exception. A \
                report that comes after its line is applied by the next matching run. kind returned: money that went back \
                to a payer; charge: what the gateway keeps of the whole. A net below zero is what the bank debits, and an open \
                exception (bulk_settlement) until then; of a net of zero, which no line shows, two persons say with \
                which payout it was settled (resolution settlement, target: that report).",
        body: r#"{ "unit": "00070", "channel": "sepay", "reference": "QT000126", "settled_on": "2026-11-24",
  "items": [ { "reference": "FT26327", "amount": 25000, "fee": 125 } ] }"#,
        answer: r#"{ "settlement": { "id": "set_01j9…", "gross": 25000, "fee": 125, "net": 24875, "state": "awaited" } }"#,
    },
    Endpoint {
        path: "/api/v1/settlements",
        vi: "Các bảng kê quyết toán, mới nhất trước, và thỏa thuận phí đang áp dụng.",
        en: "Settlement reports of a unit, newest first, and the terms in force with its gateways.",
        who: BOOKS,
        notes: "?unit= &limit=.",
        answer: r#"{ "settlements": [], "terms": [] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/settlements/{id}",
        vi: "Một bảng kê với tình trạng từng giao dịch.",
        en: "One report with how each transaction stands: awaited, proven, unknown, amount_differs.",
        who: BOOKS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/settlements/{id}/withdrawal",
        vi: "Đề nghị rút một bảng kê quyết toán nhập nhầm; người thứ hai duyệt ngoại lệ được mở.",
        en: "Asks for a wrongly entered report to be withdrawn; another person approves the exception it opens.",
        who: "finance, approver",
        notes: "Only while no line shows it: paper_credited, paper_withdrawn otherwise. Once approved, the right paper \
                may come under the same reference.",
        body: r#"{ "reason": "Nhập nhầm số tiền" }"#,
        answer: r#"{ "exception": { "id": "exc_01j9…", "kind": "match_doubted", "state": "proposed" } }"#,
    },
    Endpoint {
        path: "/api/v1/lines",
        vi: "Các dòng sao kê hạch toán trong một ngày.",
        en: "The statement lines booked on a day, with what they were posted as.",
        who: BOOKS,
        notes: "?unit= &date= (today) &cursor= (next of the page before) &limit= (1 to 200, 50).",
        answer: r#"{ "next": null, "lines": [ { "id": "lin_01j9…", "amount": 25000, "class": "fee_receipt", "matched": 25000 } ] }"#,
        ..NONE
    },
    Endpoint {
        path: "/api/v1/lines/{id}",
        vi: "Vì sao một dòng sao kê được hạch toán như vậy: quy tắc, mức khớp, dữ liệu đã so sánh.",
        en: "Why a line was posted as it was: case, and for each match the rule, its level, what was compared and \
             the evidence in codes and in words.",
        who: BOOKS,
        answer: r#"{ "line": { "id": "lin_01j9…", "case": "proof", "parts": [ { "movement": "mov_01j9…", "rule": "code_and_amount",
  "level": 2, "compared": [ "amount", "day", "reference_code" ], "evidence": [ { "evidence": "amount_exact" } ] } ] } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/classification-rules",
        vi: "Đề nghị một phiên bản quy tắc phân loại dòng sao kê, cho một đơn vị hoặc toàn thành phố.",
        en: "Proposes a version of a rule that classifies lines which are no fee, for a unit or with city: true for all.",
        who: WRITERS,
        notes: "All conditions given must hold; of phrases and starts_with any one. pattern is a regular expression over \
                the memo in upper case without diacritics. A rule of the same id takes the place of a shipped one; \
                is_off: true switches it off. Only bank_fee and interest post alone.",
        body: r#"{ "unit": "00070", "reason": "Ngân hàng đổi nội dung phí", "rule": { "id": "sms", "class": "bank_fee",
  "direction": "debit", "phrases": [ "TIN NHAN" ], "amount_at_most": 50000 } }"#,
        answer: r#"{ "rule": { "id": "crl_01j9…", "version": 1, "rank": 50, "state": "proposed" } }"#,
    },
    Endpoint {
        path: "/api/v1/classification-rules",
        vi: "Các quy tắc đang áp dụng theo thứ tự xét, và lịch sử phiên bản của đơn vị.",
        en: "The rules in force in the order they are tried, and the unit's own versions.",
        who: BOOKS,
        notes: "?unit=.",
        answer: r#"{ "in_force": [ { "rank": 100, "origin": "shipped", "rule": { "id": "budget" } } ], "versions": [] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/classification-rules/what-if",
        vi: "Thử quy tắc trên các ngày đã qua: dòng nào sẽ được phân loại khác. Không ghi gì.",
        en: "Replays changed rules over at most 100 past days: which lines would be classified otherwise. Writes nothing.",
        who: BOOKS,
        body: r#"{ "unit": "00070", "from": "2026-11-01", "until": "2026-11-30", "rules": [ { "rule": { "id": "sms",
  "class": "bank_fee", "direction": "debit", "phrases": [ "TIN NHAN" ], "amount_at_most": 50000 } } ] }"#,
        answer: r#"{ "what_if": { "lines_looked_at": 12, "changes": [ { "line": "lin_01j9…", "before": null,
  "after": [ "bank_fee", "sms" ], "decides_after": true } ] } }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/classification-rules/{id}/approve",
        vi: "Người khác duyệt phiên bản quy tắc.",
        en: "Another person puts a version in force; the one before is replaced.",
        who: WRITERS,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/classification-rules/{id}/refuse",
        vi: "Từ chối phiên bản quy tắc.",
        en: "Refuses a proposed version.",
        who: WRITERS,
        body: r#"{ "reason": "Quá rộng" }"#,
        ..NONE
    },
];
