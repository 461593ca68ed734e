use super::*;
use crate::amount::Dong;
use crate::payment::channel::conformance::{Harness, NOW, Prover, conformance};

fn secret(prover: Prover) -> SecretString {
    SecretString::from(match prover {
        Prover::Newest => "newest-bank-secret-of-thirty-two-bytes",
        Prover::Older => "older-bank-secret-of-thirty-two-bytes!",
        Prover::Stranger => "somebody-elses-secret-of-32-bytes-long",
    })
}

fn channel() -> Bank {
    let config = BankConfig {
        name: "vpbank".to_owned(),
        bank_bin: Some("970432".to_owned()),
        secrets: vec![secret(Prover::Newest), secret(Prover::Older)],
    };
    Bank::new(&config).unwrap()
}

struct Notification;

impl Harness for Notification {
    const PROOF_HEADERS: &'static [&'static str] = &["x-bienlai-timestamp", "x-bienlai-signature"];
    const ID: &'static str = "notification_id";
    const AMOUNT: &'static str = "amount";
    const MEMO: &'static str = "memo";
    const MANDATORY: &'static [(&'static str, &'static str)] = &[
        ("notification_id", "callback_external_id_missing"),
        ("account_no", "callback_account_no_missing"),
        ("direction", "callback_direction_missing"),
        ("amount", "callback_amount_missing"),
        ("currency", "callback_currency_missing"),
        ("memo", "callback_memo_missing"),
        ("booked_at", "callback_occurred_at_missing"),
    ];

    fn channel() -> Box<dyn Channel> {
        Box::new(channel())
    }

    fn prove(prover: Prover, at: Instant, body: &[u8]) -> Vec<(String, String)> {
        sign(&[secret(prover)], at, body)
    }

    fn fields() -> Vec<(&'static str, String)> {
        [
            ("notification_id", "\"VPB-000001\""),
            ("account_no", "\"0123456789\""),
            ("direction", "\"credit\""),
            ("amount", "25000"),
            ("currency", "\"VND\""),
            ("memo", "\"HNPH7K2MQ4X97 LE PHI CT\""),
            ("bank_reference", "\"FT25326000000001\""),
            ("trace", "\"123456\""),
            ("sender_account", "\"9990001112223\""),
            ("sender_name", "\"NGUOI NOP MAU\""),
            ("booked_at", "\"2025-11-22T09:00:00+07:00\""),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
    }
}

conformance!(notifications, Notification);

fn read(headers: &[(String, String)], body: &[u8]) -> Result<Notice, Refusal> {
    channel().read(&Incoming { headers, body, now: NOW })
}

fn read_signed(body: &[u8]) -> Result<Notice, Refusal> {
    read(&sign(&[secret(Prover::Newest)], NOW, body), body)
}

fn claim(body: &[u8]) -> Claim {
    match read_signed(body) {
        Ok(Notice::Claim(claim)) => claim,
        other => panic!("expected a claim, got {other:?}"),
    }
}

const CREDIT: &[u8] = include_bytes!("../../../fixtures/callback/bank/credit.json");

#[test]
fn the_example_of_the_specification_holds() {
    let headers = sign(
        &[SecretString::from("bienlai-test-secret-of-32-bytes!")],
        NOW,
        br#"{"notification_id":"N1","amount":25000}"#,
    );
    assert_eq!(headers[0].1, "1763776800");
    assert_eq!(headers[1].1, "v1=47030642470474225280aafd80ecf1782b217353b350a5f2f62dc4b72ea440cc");
    assert!(include_str!("bank.rs").contains(&format!("//! `{}`", headers[1].1)));
}

#[test]
fn a_full_notification_is_read() {
    let claim = claim(CREDIT);
    assert_eq!(claim.external_id, "VPB-20251122-000001");
    assert_eq!((claim.direction, claim.amount), (Direction::Credit, Dong(25_000)));
    assert_eq!(claim.memo, "HNPH7K2MQ4X97 LE PHI CT");
    assert_eq!(claim.bank_reference.as_deref(), Some("FT25326000000001"));
    assert_eq!(claim.sender_account.as_deref(), Some("9990001112223"));
    assert_eq!(claim.sender_name.as_deref(), Some("NGƯỜI NỘP MẪU"));
    assert_eq!(claim.occurred_at, Some(NOW));
}

#[test]
fn a_debit_without_sender_and_memo_is_read() {
    let claim = claim(include_bytes!("../../../fixtures/callback/bank/debit_least.json"));
    assert_eq!((claim.direction, claim.amount, claim.memo.as_str()), (Direction::Debit, Dong(11_000), ""));
    assert_eq!((claim.bank_reference, claim.sender_account, claim.sender_name), (None, None, None));
}

#[test]
fn a_payment_under_way_is_no_claim_and_a_status_nobody_knows_is_refused() {
    let told = |status: &str| {
        let text = String::from_utf8(CREDIT.to_vec()).unwrap();
        read_signed(text.replacen('{', &format!("{{\"status\":\"{status}\","), 1).as_bytes())
    };
    assert!(matches!(told("booked"), Ok(Notice::Claim(_))));
    assert!(matches!(told("pending"), Ok(Notice::Pending(_))));
    assert!(matches!(told("failed"), Ok(Notice::Failed(_))));
    assert_eq!(told("perhaps").unwrap_err().code, "callback_status_unreadable");
}

#[test]
fn a_time_of_another_century_is_refused_with_the_years_that_are_taken() {
    let text = String::from_utf8(CREDIT.to_vec()).unwrap();
    let refusal = read_signed(text.replacen("2025-", "1999-", 1).as_bytes()).unwrap_err();
    assert_eq!(refusal.code, "callback_occurred_at_unreadable");
    assert!(refusal.detail.contains("the years 2000 to 2099"), "{}", refusal.detail);
}

#[test]
fn the_banks_test_message_is_answered_and_not_booked() {
    let notice = read_signed(include_bytes!("../../../fixtures/callback/bank/test.json"));
    assert_eq!(notice, Ok(Notice::Nothing { code: "callback_without_amount" }));
    assert_eq!(channel().answer(&Outcome::Ignored).body, r#"{"status":"ignored"}"#);
}

#[test]
fn one_good_proof_among_several_is_enough() {
    let body = CREDIT;
    for secrets in [
        [secret(Prover::Stranger), secret(Prover::Newest)],
        [secret(Prover::Older), secret(Prover::Stranger)],
    ] {
        assert!(read(&sign(&secrets, NOW, body), body).is_ok());
    }
    let mut headers = sign(&[secret(Prover::Newest)], NOW, body);
    headers[1].1 = format!("v2=whatever, {}", headers[1].1);
    assert!(read(&headers, body).is_ok(), "other versions are ignored");
    headers[1].1 = headers[1].1.replace("v1=", "v0=");
    assert_eq!(read(&headers, body).unwrap_err().code, "callback_signature_wrong");
}

#[test]
fn more_than_four_proofs_are_none() {
    let secrets = |strangers: usize| {
        let mut list = vec![secret(Prover::Stranger); strangers];
        list.push(secret(Prover::Newest));
        list
    };
    assert!(read(&sign(&secrets(3), NOW, CREDIT), CREDIT).is_ok());
    assert_eq!(read(&sign(&secrets(4), NOW, CREDIT), CREDIT).unwrap_err().code, "callback_signature_wrong");
}

#[test]
fn another_currency_and_an_unclear_time_are_refused() {
    let changed = |from: &str, to: &str| {
        let body = std::str::from_utf8(CREDIT).unwrap().replace(from, to);
        read_signed(body.as_bytes()).unwrap_err().code
    };
    assert_eq!(changed("\"VND\"", "\"USD\""), "callback_currency_not_vnd");
    for time in ["2025-11-22T09:00:00", "22/11/2025", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        assert_eq!(changed("2025-11-22T09:00:00+07:00", time), "callback_occurred_at_unreadable", "{time}");
    }
    assert_eq!(changed("\"credit\"", "\"CREDIT\""), "callback_direction_unreadable");
    let long = "9".repeat(141);
    assert_eq!(changed("9990001112223", &long), "callback_sender_account_unreadable");
    assert_eq!(changed("NGƯỜI NỘP MẪU", &long), "callback_sender_name_unreadable");
    assert_eq!(changed("FT25326000000001", &long), "callback_bank_reference_unreadable");
}

#[test]
fn a_stale_message_is_told_apart_from_a_forged_one() {
    let stale = sign(&[secret(Prover::Newest)], NOW.minus_seconds(301), CREDIT);
    assert_eq!(read(&stale, CREDIT).unwrap_err().code, "callback_timestamp_outside_window");
    let forged = sign(&[secret(Prover::Stranger)], NOW.minus_seconds(301), CREDIT);
    assert_eq!(read(&forged, CREDIT).unwrap_err().code, "callback_signature_wrong");
    let mut unclear = sign(&[secret(Prover::Newest)], NOW, CREDIT);
    unclear[0].1 = "2025-11-22T09:00:00Z".to_owned();
    assert_eq!(read(&unclear, CREDIT).unwrap_err().code, "callback_timestamp_unreadable");
}

#[test]
fn a_bank_without_a_long_secret_does_not_start() {
    let start = |secrets: Vec<SecretString>, bank_bin: &str| {
        let config = BankConfig { name: "vpbank".to_owned(), bank_bin: Some(bank_bin.to_owned()), secrets };
        Bank::new(&config).err().map(|error| error.code())
    };
    assert_eq!(start(vec![], "970432"), Some("channel_secret_count"));
    assert_eq!(start(vec![SecretString::from("x".repeat(31))], "970432"), Some("channel_secret_too_short"));
    assert_eq!(start(vec![SecretString::from("x".repeat(32))], "vpb"), Some("channel_bank_bin_unreadable"));
    assert_eq!(start(vec![SecretString::from("x".repeat(32))], "970432"), None);
}

#[test]
fn the_answers_are_those_of_the_specification() {
    let accepted = |receipts: &[&str], repeated| {
        let receipts = receipts.iter().map(|id| (*id).to_owned()).collect();
        channel().answer(&Outcome::Accepted { reference: "clm_1".to_owned(), receipts, repeated }).body
    };
    assert_eq!(accepted(&[], false), r#"{"reference":"clm_1","status":"accepted"}"#);
    let with_receipt = r#"{"receipts":["rcp_1"],"reference":"clm_1","status":"accepted"}"#;
    assert_eq!([accepted(&["rcp_1"], false), accepted(&["rcp_1"], true)], [with_receipt, with_receipt]);
    let refusal = Refusal::unreadable("callback_amount_missing", "amount is required");
    let refused = channel().answer(&Outcome::Refused(&refusal));
    assert_eq!(
        refused.body,
        r#"{"code":"callback_amount_missing","detail":"amount is required","status":"refused"}"#
    );
}
