use super::*;
use crate::amount::Dong;
use crate::payment::channel::conformance::{Harness, NOW, Prover, conformance};
use crate::payment::channel::token::{present_password, present_token};

const NEWEST: &str = "newest-token-key-of-thirty-two-bytes";
const OLDER: &str = "older-token-key-of-thirty-two-bytes!";
const STRANGER: &str = "somebody-elses-key-of-thirty-two-byt";
const PASSWORD: &str = "password-of-vietqr";

fn channel(keys: &[&str]) -> Vietqr {
    let config = VietqrConfig {
        name: "vietqr".to_owned(),
        bank_bin: Some("970432".to_owned()),
        user: "vietqr-user".to_owned(),
        passwords: vec![SecretString::from(PASSWORD)],
        token_keys: keys.iter().map(|key| SecretString::from(*key)).collect(),
    };
    Vietqr::new(&config).unwrap()
}

fn fetch_token(channel: &Vietqr, now: Instant) -> String {
    let headers = present_password("vietqr-user", &SecretString::from(PASSWORD));
    channel.issuer().issue(&Incoming { headers: &headers, body: b"", now }).unwrap().text
}

struct TransactionSync;

impl Harness for TransactionSync {
    const PROOF_HEADERS: &'static [&'static str] = &["authorization"];
    const PROVES_BODY: bool = false;
    const ID: &'static str = "transactionid";
    const AMOUNT: &'static str = "amount";
    const MEMO: &'static str = "content";
    const MANDATORY: &'static [(&'static str, &'static str)] = &[
        ("bankaccount", "callback_account_no_missing"),
        ("transType", "callback_direction_missing"),
        ("amount", "callback_amount_missing"),
    ];

    fn channel() -> Box<dyn Channel> {
        Box::new(channel(&[NEWEST, OLDER]))
    }

    fn prove(prover: Prover, at: Instant, _: &[u8]) -> Vec<(String, String)> {
        let key = match prover {
            Prover::Newest => NEWEST,
            Prover::Older => OLDER,
            Prover::Stranger => STRANGER,
        };
        present_token(&fetch_token(&channel(&[key]), at))
    }

    fn fields() -> Vec<(&'static str, String)> {
        [
            ("bankaccount", "\"0123456789\""),
            ("amount", "25000"),
            ("transType", "\"C\""),
            ("content", "\"HNPH7K2MQ4X97 LE PHI CT\""),
            ("transactionid", "\"00000000-0000-4000-8000-000000000001\""),
            ("transactiontime", "1763776800000"),
            ("referencenumber", "\"FT25326000000001\""),
            ("orderId", "\"\""),
            ("terminalCode", "\"\""),
            ("sign", "\"\""),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
    }
}

conformance!(transaction_sync, TransactionSync);

fn read(body: &[u8]) -> Result<Notice, Refusal> {
    let headers = TransactionSync::prove(Prover::Newest, NOW, body);
    channel(&[NEWEST]).read(&Incoming { headers: &headers, body, now: NOW })
}

fn claim(body: &[u8]) -> Claim {
    match read(body) {
        Ok(Notice::Claim(claim)) => claim,
        other => panic!("expected a claim, got {other:?}"),
    }
}

fn reason(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body["errorReason"].as_str().unwrap().to_owned()
}

#[test]
fn a_message_in_the_senders_own_names_is_read() {
    let claim = claim(include_bytes!("../../../fixtures/callback/vietqr/credit.json"));
    assert_eq!(claim.external_id, "00000000-0000-4000-8000-000000000001");
    assert_eq!((claim.direction, claim.amount), (Direction::Credit, Dong(25_000)));
    assert_eq!(claim.memo, "VQR0a1b2c3d4e HNPH7K2MQ4X97");
    assert_eq!(claim.bank_bin.as_deref(), Some("970432"));
    assert_eq!(claim.occurred_at, Some(NOW));
}

#[test]
fn a_message_in_camel_case_without_an_id_is_known_by_its_reference() {
    let claim = claim(include_bytes!("../../../fixtures/callback/vietqr/credit_camel_case.json"));
    assert_eq!(claim.external_id, "ref:FT25326000000003:C");
    assert_eq!(claim.bank_reference.as_deref(), Some("FT25326000000003"));
    assert_eq!(claim.amount, Dong(25_000), "written as 25000.0");
    assert_eq!(claim.memo, "QR HNPH7K2MQ4X97 Ma giao dich Trace123456 Trace 123456");
}

#[test]
fn the_same_reference_out_is_another_movement_than_in() {
    let body = |side: &str| {
        format!(r#"{{"bankaccount":"1","amount":1,"transType":"{side}","referencenumber":"FT1"}}"#)
    };
    assert_ne!(claim(body("C").as_bytes()).external_id, claim(body("D").as_bytes()).external_id);
    assert_eq!(claim(body("D").as_bytes()).direction, Direction::Debit);
}

#[test]
fn a_message_without_id_and_reference_names_nothing() {
    let refusal = read(br#"{"bankaccount":"1","amount":1,"transType":"C","content":"x"}"#).unwrap_err();
    assert_eq!(refusal.code, "callback_external_id_missing");
}

#[test]
fn two_spellings_of_one_field_are_refused() {
    let body = br#"{"bankaccount":"1","bankAccount":"2","amount":1,"transType":"C","transactionid":"1"}"#;
    assert_eq!(read(body).unwrap_err().code, "callback_json_duplicate_key");
}

#[test]
fn a_time_in_seconds_or_beyond_the_calendar_is_left_out() {
    assert_eq!(epoch_ms(1_763_776_800_000), Some(NOW));
    for ms in [0, -1, 1_763_776_800, i64::MAX, i64::MIN] {
        assert_eq!(epoch_ms(ms), None, "{ms}");
    }
}

#[test]
fn the_partner_fetches_a_token_and_uses_it() {
    let channel = channel(&[NEWEST]);
    let headers = present_password("vietqr-user", &SecretString::from(PASSWORD));
    let issued = channel.issuer().issue(&Incoming { headers: &headers, body: b"", now: NOW });
    let answer: Value = serde_json::from_str(&channel.token_answer(&issued).body).unwrap();
    assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_i64()), (Some("Bearer"), Some(300)));

    let headers = present_token(answer["access_token"].as_str().unwrap());
    let body = include_bytes!("../../../fixtures/callback/vietqr/credit.json");
    assert!(channel.read(&Incoming { headers: &headers, body, now: NOW.plus_seconds(299) }).is_ok());
}

#[test]
fn a_wrong_password_is_told_so_and_a_repeated_header_is_refused() {
    let channel = channel(&[NEWEST]);
    let ask = |headers: &[(String, String)]| {
        channel.token_answer(&channel.issuer().issue(&Incoming { headers, body: b"", now: NOW }))
    };
    let wrong = present_password("vietqr-user", &SecretString::from("another password"));
    let right = present_password("vietqr-user", &SecretString::from(PASSWORD));
    for headers in [vec![], wrong.clone(), [right.clone(), right].concat()] {
        let answer = ask(&headers);
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .headers
                .iter()
                .any(|(name, value)| *name == "www-authenticate" && value.starts_with("Basic"))
        );
    }
    assert!(ask(&wrong).body.contains("callback_credentials_wrong"));
    assert!(ask(&[]).body.contains("callback_credentials_missing"));
    let without_token = channel.read(&Incoming { headers: &[], body: b"{}", now: NOW });
    assert_eq!(without_token.unwrap_err().code, "callback_token_missing");
}

#[test]
fn the_answers_are_in_vietqrs_words() {
    let channel = channel(&[NEWEST]);
    let accepted = channel.answer(&Outcome::Accepted {
        reference: "clm_1".to_owned(),
        receipts: vec!["rcp_1".to_owned()],
        repeated: true,
    });
    let body: Value = serde_json::from_str(&accepted.body).unwrap();
    let object = json!({ "reftransactionid": "clm_1" });
    let expected = json!({ "error": false, "errorReason": "000", "toastMessage": "", "object": object });
    assert_eq!(body, expected);
    for (code, expected) in [
        ("callback_json_unreadable", "001"),
        ("callback_amount_not_whole", "002"),
        ("callback_direction_missing", "003"),
        ("callback_external_id_missing", "007"),
        ("callback_bank_reference_unreadable", "008"),
        ("callback_memo_unreadable", "009"),
        ("callback_account_no_missing", "010"),
        ("callback_token_expired", "005"),
    ] {
        assert_eq!(
            reason(&channel.answer(&Outcome::Refused(&Refusal::unreadable(code, "")))),
            expected,
            "{code}"
        );
    }
}

#[test]
fn a_fault_of_ours_is_never_a_400_because_that_would_end_the_sending() {
    let channel = channel(&[NEWEST]);
    for outcome in [Outcome::Busy { retry_after_s: 1 }, Outcome::Failed] {
        let answer = channel.answer(&outcome);
        assert!(answer.status >= 500);
        assert_eq!(reason(&answer), "005");
    }
}
