//! What the page `/api` says about signing keys.

use super::catalogue::{Endpoint, NONE};

const DECIDERS: &str = "administrator, approver, finance";
const MAKERS: &str = "administrator, approver";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/api/v1/keys",
        vi: "Chứng thư số của các đơn vị, cảnh báo về khóa ký và đề nghị ngừng đang chờ.",
        en: "The units' certificates, the alarms about signing keys, and which are asked to be stopped.",
        who: "administrator, auditor",
        notes: "A certificate signs only documents of the families it is listed_for (receipt, invoice): those of which \
                an accepted registration lists it.",
        answer: r#"{ "certificates": [], "alarms": [], "stops": [ { "id": "evt_01j9…", "unit": "00070",
  "certificate": "crt_01j9…", "reason": "Lộ khóa", "maker": "per_01j9…", "asked_at": "2026-11-27T09:00:00+07:00" } ] }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/keys/{id}/stop",
        vi: "Đề nghị ngừng một chứng thư số bị lộ, bị mất hoặc nạp nhầm; người khác duyệt.",
        en: "Asks for a certificate to be stopped whose key was stolen, lost or imported by mistake; another person \
             decides.",
        who: MAKERS,
        notes: "Stopped, it signs nothing any more, for good; what it signed can still be verified. 409 \
                certificate_stop_open when that is asked for already, certificate_stopped when it signs no more.",
        body: r#"{ "reason": "Lộ khóa" }"#,
        answer: r#"{ "stop": { "id": "evt_01j9…", "certificate": "crt_01j9…", "reason": "Lộ khóa", "maker": "per_01j9…",
  "asked_at": "2026-11-27T09:00:00+07:00" } }"#,
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/keys/stops/{id}/approve",
        vi: "Người thứ hai duyệt việc ngừng; không khôi phục được.",
        en: "Another person approves the stop; nothing starts the certificate again.",
        who: DECIDERS,
        answer: r#"{ "certificate": "crt_01j9…", "stopped": true }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/keys/stops/{id}/refuse",
        vi: "Không duyệt việc ngừng, kèm lý do; chứng thư vẫn ký.",
        en: "Turns the stop down; the certificate goes on signing.",
        who: DECIDERS,
        body: r#"{ "reason": "Đã tìm thấy thẻ" }"#,
        answer: r#"{ "certificate": "crt_01j9…", "stopped": false }"#,
        ..NONE
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/keys/stops/{id}/withdraw",
        vi: "Người đề nghị rút lại, kèm lý do.",
        en: "Whoever asked takes it back.",
        who: MAKERS,
        notes: "403 not_the_maker for what somebody else asked for.",
        body: r#"{ "reason": "Đã tìm thấy thẻ" }"#,
        answer: r#"{ "certificate": "crt_01j9…", "stopped": false }"#,
    },
];
