//! What is not there, or does not fit, is told by a code of its own, over the real program.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::id::*;
use bienlai::payment::book::Method;

use crate::callbacks::token;
use crate::support::program::{Service, send};
use crate::support::{World, each_database};

/// Who asks, what for, with which body, and the code of the answer.
type Case = (Role, &'static str, String, &'static str, &'static str);

const REASON: &str = r#"{ "reason": "thử" }"#;

/// Things of every kind that nobody ever made.
fn missing() -> Vec<Case> {
    use Role::{Administrator, Approver, Finance};
    let nothing = |role, path: String, code| (role, "GET", path, "", code);
    let step = |role, path: String, body, code| (role, "POST", path, body, code);
    let of = |part: &str, id: String| format!("/api/v1/{part}/{id}");
    let then = |part: &str, id: String, act: &str| format!("/api/v1/{part}/{id}/{act}");
    vec![
        nothing(Finance, of("refunds", RefundId(7).to_string()), "refund_not_found"),
        nothing(Finance, of("corrections", CorrectionId(7).to_string()), "correction_not_found"),
        nothing(Finance, of("shifts", ShiftId(7).to_string()), "shift_not_found"),
        nothing(Finance, of("deposits", SlipId(7).to_string()), "deposit_not_found"),
        nothing(Finance, of("pos/batches", BatchId(7).to_string()), "pos_batch_not_found"),
        nothing(Finance, of("settlements", SettlementId(7).to_string()), "settlement_not_found"),
        nothing(Finance, of("remittances", RemittanceId(7).to_string()), "remittance_not_found"),
        nothing(Finance, of("letters", LetterId(7).to_string()), "letter_not_found"),
        nothing(Finance, of("delegations", DelegationId(7).to_string()), "delegation_not_found"),
        nothing(Finance, of("imports", JobId(7).to_string()), "import_not_found"),
        nothing(Finance, of("versions", VersionId(7).to_string()), "statement_version_not_found"),
        nothing(Finance, of("lines", LineId(7).to_string()), "line_not_found"),
        nothing(Finance, of("receipts", ReceiptId(7).to_string()), "receipt_not_found"),
        nothing(Finance, of("obligations", ObligationId(7).to_string()), "obligation_not_found"),
        nothing(Finance, of("exceptions", ExceptionId(7).to_string()), "exception_not_found"),
        nothing(Finance, of("tax/transmissions", TransmissionId(7).to_string()), "transmission_not_found"),
        nothing(
            Finance,
            then("days/certificates", CertificateId(7).to_string(), "xml"),
            "day_certificate_not_found",
        ),
        nothing(
            Finance,
            then("months/certificates", CertificateId(7).to_string(), "xml"),
            "month_certificate_not_found",
        ),
        nothing(
            Finance,
            then("series/audits", CertificateId(7).to_string(), "xml"),
            "series_audit_not_found",
        ),
        nothing(Finance, "/api/v1/books/nhat-ky?unit=00004".to_owned(), "book_unknown"),
        nothing(Finance, "/api/v1/lists/nothing?unit=00004".to_owned(), "list_unknown"),
        step(Finance, then("payments", PaymentId(7).to_string(), "refunds"), PAY, "payment_not_found"),
        step(Finance, then("notifications", MessageId(7).to_string(), "retry"), "", "message_not_found"),
        step(
            Approver,
            then("classification-rules", ClassRuleId(7).to_string(), "approve"),
            "",
            "class_rule_not_found",
        ),
        step(
            Approver,
            then("days/reopenings", ReopeningId(7).to_string(), "approve"),
            "",
            "reopening_not_found",
        ),
        step(Approver, then("tax/notices", FilingId(7).to_string(), "approve"), "", "filing_not_found"),
        step(Approver, then("tax/registrations", FilingId(7).to_string(), "approve"), "", "filing_not_found"),
        step(Administrator, then("series", SeriesId(7).to_string(), "stop"), REASON, "series_not_found"),
        step(
            Administrator,
            then("privacy/requests", DataRequestId(7).to_string(), "answer"),
            REASON,
            "data_request_not_found",
        ),
        step(
            Administrator,
            then("privacy/incidents", IncidentId(7).to_string(), "note"),
            r#"{ "detail": "thử" }"#,
            "incident_not_found",
        ),
        step(Administrator, then("proposals", EventId(7).to_string(), "approve"), "", "proposal_not_found"),
        step(Finance, "/callback/nobody".to_owned(), "{}", "channel_not_found"),
    ]
}

const PAY: &str = r#"{ "amount": 1000, "reason": "thừa" }"#;

/// What nobody may ask for like that, of an obligation that is owed and a payment in cash.
fn unfit(owed: ObligationId, paid: PaymentId) -> Vec<Case> {
    use Role::{Administrator, Approver, Cashier, Finance};
    let ask = |path: &str, code| (Finance, "GET", path.to_owned(), "", code);
    let post = |role, path: &str, body, code| (role, "POST", path.to_owned(), body, code);
    vec![
        ask("/api/v1/exceptions?min_age_days=-1", "number_out_of_range"),
        ask("/api/v1/exceptions?state=half", "state_unknown"),
        ask("/api/v1/exceptions?limit=0", "limit_out_of_range"),
        ask("/api/v1/city/figures?month=2999-01", "month_in_future"),
        ask("/api/v1/receipts.zip?unit=00004&from=2026-11-20&until=2026-11-01", "period_unreadable"),
        ask("/api/v1/days?unit=00004&account=1234", "account_not_found"),
        ask("/api/v1/refunds?unit=99999", "unit_not_found"),
        post(
            Finance,
            "/api/v1/exceptions/bulk",
            r#"{ "exceptions": [], "action": "comment", "comment": "x" }"#,
            "bulk_too_many",
        ),
        post(
            Finance,
            "/api/v1/classification-rules/what-if",
            r#"{ "unit": "00004", "from": "2026-11-20", "until": "2026-11-01", "rules": [] }"#,
            "what_if_days",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": [], "limit": 1000,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "acts_missing",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["dance"], "limit": 1000,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "act_unknown",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["refund"], "limit": 0,
                 "valid_from": "2999-01-01", "valid_until": "2999-01-02",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "delegation_amount_wrong",
        ),
        post(
            Approver,
            "/api/v1/delegations",
            r#"{ "unit": "00004", "delegate": "per_0000000000011", "acts": ["refund"], "limit": 1000,
                 "valid_from": "2999-01-02", "valid_until": "2999-01-01",
                 "decision": { "number": "1/QĐ", "on": "2026-11-01" } }"#,
            "delegation_days_wrong",
        ),
        post(Finance, "/api/v1/days/close", r#"{ "unit": "00004", "date": "2999-01-01" }"#, "day_in_future"),
        post(
            Administrator,
            "/api/v1/tax/notices",
            r#"{ "unit": "00004", "documents": [] }"#,
            "notice_items_wrong",
        ),
        post(
            Cashier,
            &format!("/api/v1/obligations/{owed}/payments"),
            r#"{ "method": "gold", "amount": 25000 }"#,
            "counter_method",
        ),
        post(
            Cashier,
            &format!("/api/v1/obligations/{owed}/consent"),
            r#"{ "given": true, "source": " " }"#,
            "consent_source_missing",
        ),
        post(
            Cashier,
            &format!("/api/v1/payments/{paid}/card-slip"),
            r#"{ "approval_code": "123456" }"#,
            "card_payment_only",
        ),
        post(
            Finance,
            "/api/v1/complaints",
            r#"{ "subject": "obl_0000000000007", "way": "pigeon", "words": "thử" }"#,
            "complaint_way_unknown",
        ),
        post(
            Finance,
            "/api/v1/months/close",
            r#"{ "unit": "00004", "month": "2000-01" }"#,
            "day_before_account",
        ),
        post(Finance, "/api/v1/months/close", r#"{ "unit": "00004", "month": "2999-01" }"#, "month_not_over"),
        post(
            Finance,
            "/api/v1/days/close",
            r#"{ "unit": "00004", "date": "2000-01-01" }"#,
            "day_before_account",
        ),
        post(
            Finance,
            "/api/v1/days/reopenings",
            r#"{ "unit": "00004", "date": "2026-11-20", "reason": "thử" }"#,
            "day_not_closed",
        ),
        post(
            Finance,
            "/api/v1/tax/reports",
            r#"{ "unit": "00004", "quarter": "2026-Q1", "supplement": true }"#,
            "report_missing",
        ),
        post(
            Finance,
            "/api/v1/tax/reports",
            r#"{ "unit": "00004", "quarter": "2999-Q1" }"#,
            "quarter_unreadable",
        ),
        post(
            Administrator,
            "/api/v1/privacy/incidents",
            r#"{ "unit": "00004", "nature": "lộ tệp", "affected": -1 }"#,
            "incident_count_wrong",
        ),
        post(
            Administrator,
            "/api/v1/privacy/requests",
            r#"{ "unit": "00004", "kind": "odd", "by": "dossier", "value": "H26", "identity_shown": "CCCD" }"#,
            "word_unknown",
        ),
    ]
}

#[test]
fn what_is_not_there_or_does_not_fit_is_told_by_a_code_of_its_own() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, cash) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        world.take(&cash, Dong(25_000), Method::Cash).unwrap();
        let paid = world.payments(&world.ba_dinh).remove(0).id;
        let roles = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator];
        let tokens = roles.map(|role| (role, token(&world, role)));
        let mut service = Service::start(&world);
        let mut wrong = Vec::new();
        let cases = missing().into_iter().chain(unfit(owed.id, paid));
        for (number, (role, method, path, body, code)) in cases.enumerate() {
            let token = tokens.iter().find(|(of, _)| *of == role).map(|(_, token)| token).unwrap();
            let (bearer, key) = (format!("Bearer {token}"), format!("K{number}"));
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Content-Type", "application/json"),
                ("Idempotency-Key", key.as_str()),
            ];
            let reply = send(service.address, method, &path, &headers, body.as_bytes()).unwrap();
            let told = reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
            if told != code || !(400..500).contains(&reply.status) {
                wrong.push(format!("{method} {path}: {code} expected, {} {told}", reply.status));
            }
        }
        service.stop();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

fn code_of<T>(read: bienlai::error::Result<T>) -> &'static str {
    read.err().map_or("nothing", |error| error.code())
}

#[test]
fn a_word_that_names_nothing_is_told_by_the_code_of_what_it_should_have_named() {
    use bienlai::{actor, clock, correction, duty, exception, queue, remittance, statement, tariff};
    let told = [
        code_of("yesterday".parse::<clock::Instant>()),
        code_of("2026-02-30".parse::<clock::BusinessDay>()),
        code_of("rfd_x".parse::<RefundId>()),
        code_of(actor::Role::parse("king")),
        code_of(tariff::UnitKind::parse("village")),
        code_of(correction::Kind::parse("erase")),
        code_of(remittance::Kind::parse("gift")),
        code_of(statement::version::Decision::parse("perhaps")),
        code_of(queue::letter::Outcome::parse("silence")),
        code_of(duty::Kind::delegable("version")),
        code_of(exception::Owner::role("nobody")),
        code_of(bienlai::obligation::vietqr::parse("")),
    ];
    let expected = [
        "instant_unreadable",
        "date_unreadable",
        "id_unreadable",
        "role_unknown",
        "unit_kind_unknown",
        "correction_kind_unknown",
        "remittance_kind_unknown",
        "decision_unknown",
        "reply_outcome_unknown",
        "act_unknown",
        "exception_owner_unknown",
        "vietqr_size_wrong",
    ];
    assert_eq!(told, expected);
}
