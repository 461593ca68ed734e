use super::*;
use crate::amount::Dong;
use crate::payment::channel::conformance::{Harness, NOW, Prover, conformance};

const NEWEST: &str = "newest-sepay-secret";
const OLDER: &str = "older-sepay-secret";

fn secret(prover: Prover) -> SecretString {
    SecretString::from(match prover {
        Prover::Newest => NEWEST,
        Prover::Older => OLDER,
        Prover::Stranger => "somebody-elses-secret",
    })
}

fn both() -> Vec<SecretString> {
    vec![secret(Prover::Newest), secret(Prover::Older)]
}

fn channel(signing_secrets: Vec<SecretString>, api_keys: Vec<SecretString>) -> Sepay {
    Sepay::new(&SepayConfig { name: "sepay".to_owned(), signing_secrets, api_keys }).unwrap()
}

const MANDATORY: &[(&str, &str)] = &[
    ("id", "callback_external_id_missing"),
    ("accountNumber", "callback_account_no_missing"),
    ("transferType", "callback_direction_missing"),
    ("transferAmount", "callback_amount_missing"),
];

fn good_fields() -> Vec<(&'static str, String)> {
    [
        ("id", "92704"),
        ("gateway", "\"VPBank\""),
        ("transactionDate", "\"2025-11-22 09:00:00\""),
        ("accountNumber", "\"0123456789\""),
        ("subAccount", "null"),
        ("code", "null"),
        ("content", "\"HNPH7K2MQ4X97 LE PHI CT\""),
        ("transferType", "\"in\""),
        ("transferAmount", "25000"),
        ("accumulated", "0"),
        ("referenceCode", "\"FT25326000000001\""),
        ("description", "\"BankAPINotify HNPH7K2MQ4X97 LE PHI CT\""),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

struct Signed;

impl Harness for Signed {
    const PROOF_HEADERS: &'static [&'static str] = &["x-sepay-timestamp", "x-sepay-signature"];
    const ID: &'static str = "id";
    const AMOUNT: &'static str = "transferAmount";
    const MEMO: &'static str = "content";
    const MANDATORY: &'static [(&'static str, &'static str)] = MANDATORY;

    fn channel() -> Box<dyn Channel> {
        Box::new(channel(both(), vec![]))
    }

    fn prove(prover: Prover, at: Instant, body: &[u8]) -> Vec<(String, String)> {
        sign(&secret(prover), at, body)
    }

    fn fields() -> Vec<(&'static str, String)> {
        good_fields()
    }
}

struct ByApiKey;

impl Harness for ByApiKey {
    const PROOF_HEADERS: &'static [&'static str] = &["authorization"];
    const HAS_WINDOW: bool = false;
    const PROVES_BODY: bool = false;
    const ID: &'static str = "id";
    const AMOUNT: &'static str = "transferAmount";
    const MEMO: &'static str = "content";
    const MANDATORY: &'static [(&'static str, &'static str)] = MANDATORY;

    fn channel() -> Box<dyn Channel> {
        Box::new(channel(vec![], both()))
    }

    fn prove(prover: Prover, _: Instant, _: &[u8]) -> Vec<(String, String)> {
        present_api_key(&secret(prover))
    }

    fn fields() -> Vec<(&'static str, String)> {
        good_fields()
    }
}

conformance!(signed_messages, Signed);
conformance!(messages_by_api_key, ByApiKey);

fn fixture(body: &[u8]) -> Claim {
    match channel(both(), vec![]).read(&Incoming {
        headers: &Signed::prove(Prover::Newest, NOW, body),
        body,
        now: NOW,
    }) {
        Ok(Notice::Claim(claim)) => claim,
        other => panic!("expected a claim, got {other:?}"),
    }
}

#[test]
fn the_published_way_of_signing_gives_the_known_signature() {
    let body = br#"{"id":92704,"gateway":"VPBank","transferAmount":25000}"#;
    let headers = sign(&SecretString::from("TESTSECRETKEY"), NOW, body);
    assert_eq!(headers[0].1, "1763776800");
    assert_eq!(headers[1].1, "sha256=1e9c44a7fed329fe6d6ca9ff0d8c6e1f0b109984e4aa6db08d9feb3fd3ed4f81");
}

#[test]
fn a_vpbank_notice_tells_who_sent_the_money_and_keeps_its_memo_whole() {
    let claim = fixture(include_bytes!("../../../fixtures/callback/sepay/credit_vpbank_notice.json"));
    assert_eq!(claim.external_id, "92705");
    assert_eq!(claim.bank_bin.as_deref(), Some("970432"));
    assert_eq!(claim.memo, "NHAN TU 9990001112223 TRACE 123456 ND HNPH7K2MQ4X97 LE PHI CT");
    assert_eq!(claim.sender_account.as_deref(), Some("9990001112223"));
    assert_eq!(claim.bank_reference.as_deref(), Some("FT25326000000002"));
    assert_eq!(claim.occurred_at.map(Instant::hanoi_text).as_deref(), Some("2025-11-22T09:30:15"));
}

#[test]
fn money_out_is_a_debit() {
    let claim = fixture(include_bytes!("../../../fixtures/callback/sepay/debit.json"));
    assert_eq!((claim.direction, claim.amount), (Direction::Debit, Dong(11_000)));
}

#[test]
fn a_message_with_the_least_it_may_say_is_taken() {
    let claim = fixture(include_bytes!("../../../fixtures/callback/sepay/least.json"));
    assert_eq!(claim.memo, "");
    assert_eq!((claim.bank_bin, claim.bank_reference, claim.occurred_at), (None, None, None));
}

#[test]
fn a_sender_is_read_from_the_whole_shape_only() {
    let whole = "NHAN TU 9990001112 TRACE 123456 ND";
    for memo in [
        whole,
        "BankAPINotify NHAN TU 9990001112 TRACE 123456 ND abc",
        "nhận từ 9990001112 trace 123456 nd x",
    ] {
        assert_eq!(vpbank_sender(memo).as_deref(), Some("9990001112"), "{memo}");
    }
    for memo in [
        "",
        "NHAN TU",
        "NHAN TU 9990001112",
        "NHAN TU 9990001112 TRACE 12345 ND x",
        "NHAN TU 9990001112 TRACE 1234567 ND x",
        "NHAN TU 9990001112 TRACE 123456 NDX",
        "NHAN TU 9990001112 TRACE 123456",
        "NHAN TU ME HIEN TRACE 123456 ND x",
        "NHAN TU xxxxxx12 TRACE 123456 ND x",
        "CAM ON NHAN TU 9990001112 TRACE 123456 ND x",
        "NHAN TU 99900011122233344455 TRACE 123456 ND x",
    ] {
        assert_eq!(vpbank_sender(memo), None, "{memo}");
    }
}

#[test]
fn a_time_in_another_form_is_left_out_and_the_money_is_taken() {
    for written in [
        "22/11/2025 09:30",
        "2025-11-22T09:30:15",
        "0000-00-00 00:00:00",
        "1999-12-31 23:59:59",
        "+99999-01-01 00:00:0",
    ] {
        assert_eq!(hanoi_time(written), None, "{written}");
    }
    assert_eq!(hanoi_time("2025-11-22 09:00:00"), Some(NOW));
}

#[test]
fn a_wrong_signature_is_never_made_good_by_the_api_key() {
    let both_ways = channel(vec![secret(Prover::Newest)], vec![SecretString::from("an-api-key-of-sepay")]);
    let key = present_api_key(&SecretString::from("an-api-key-of-sepay"));
    let body = include_bytes!("../../../fixtures/callback/sepay/debit.json");
    let read = |headers: &[(String, String)]| both_ways.read(&Incoming { headers, body, now: NOW });
    assert!(read(&key).is_ok());
    assert!(read(&sign(&secret(Prover::Newest), NOW, body)).is_ok());
    let forged = [key, sign(&secret(Prover::Stranger), NOW, body)].concat();
    assert_eq!(read(&forged).unwrap_err().code, "callback_signature_wrong");
}

#[test]
fn a_channel_that_expects_signatures_takes_no_api_key() {
    let headers = present_api_key(&secret(Prover::Newest));
    let answer = channel(both(), vec![]).read(&Incoming { headers: &headers, body: b"{}", now: NOW });
    assert_eq!(answer.unwrap_err().code, "callback_signature_missing");
}

#[test]
fn what_a_message_lacks_to_be_proven_is_named() {
    let by_key = channel(vec![], both()).read(&Incoming { headers: &[], body: b"{}", now: NOW });
    assert_eq!(by_key.unwrap_err().code, "callback_credentials_missing");
    let signed = sign(&secret(Prover::Newest), NOW, b"{}");
    for (header, code) in [
        ("x-sepay-timestamp", "callback_timestamp_missing"),
        ("x-sepay-signature", "callback_signature_missing"),
    ] {
        let headers: Vec<_> = signed.iter().filter(|(name, _)| name != header).cloned().collect();
        let answer = channel(both(), vec![]).read(&Incoming { headers: &headers, body: b"{}", now: NOW });
        assert_eq!(answer.unwrap_err().code, code, "without {header}");
    }
}

#[test]
fn a_channel_without_any_secret_does_not_start() {
    let config = SepayConfig { name: "sepay".to_owned(), signing_secrets: vec![], api_keys: vec![] };
    assert_eq!(Sepay::new(&config).err().map(|error| error.code()), Some("channel_secret_count"));
}

#[test]
fn the_answers_are_in_sepays_words() {
    let channel = channel(both(), vec![]);
    let accepted = channel.answer(&Outcome::Accepted {
        reference: "clm_1".to_owned(),
        receipts: vec!["rcp_1".to_owned()],
        repeated: false,
    });
    assert_eq!(accepted.body, r#"{"success":true}"#);
    assert_eq!(channel.answer(&Outcome::Busy { retry_after_s: 2 }).body, r#"{"success":false}"#);
}
