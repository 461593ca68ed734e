//! What every channel must do, told once. A channel describes itself by a `Harness` and runs the
//! stories with `conformance!`.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{BODY_LIMIT_BYTES, Channel, Incoming, Notice, Outcome, Refusal, WINDOW_S};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::payment::claim::Claim;

pub const NOW: Instant = Instant(1_763_776_800_000_000);

/// Who proves a message.
#[derive(Clone, Copy)]
pub enum Prover {
    Newest,
    Older,
    Stranger,
}

/// A channel as the suite sees it.
pub trait Harness {
    /// The headers that carry the proof.
    const PROOF_HEADERS: &'static [&'static str];
    /// Whether the proof has a time.
    const HAS_WINDOW: bool = true;
    /// Whether the proof covers the body.
    const PROVES_BODY: bool = true;
    const ID: &'static str;
    const AMOUNT: &'static str;
    const MEMO: &'static str;
    /// Mandatory fields with the code of a message that lacks them.
    const MANDATORY: &'static [(&'static str, &'static str)];

    /// The channel, knowing the secrets of `Newest` and `Older`.
    fn channel() -> Box<dyn Channel>;

    /// The headers of `body` sent at `at`.
    fn prove(prover: Prover, at: Instant, body: &[u8]) -> Vec<(String, String)>;

    /// A good message of 25000 đồng: names and JSON values.
    fn fields() -> Vec<(&'static str, String)>;
}

macro_rules! conformance {
    ($name:ident, $harness:ty, [$($story:ident),+ $(,)?]) => {
        mod $name {
            use super::*;
            $(#[test] fn $story() { crate::payment::channel::conformance::$story::<$harness>(); })+
        }
    };
    ($name:ident, $harness:ty) => {
        crate::payment::channel::conformance::conformance!($name, $harness, [
            a_good_message_becomes_a_claim,
            a_message_without_proof_or_with_a_strangers_is_refused,
            a_changed_body_is_not_the_partners,
            the_window_is_three_hundred_seconds_on_both_sides,
            both_secrets_are_taken_while_they_change,
            a_replay_reads_as_an_equal_claim,
            the_same_id_with_other_content_reads_as_another_claim,
            the_order_of_fields_and_unknown_fields_mean_nothing,
            every_mandatory_field_is_asked_for_by_name,
            amounts_are_whole_dong_in_any_notation,
            a_memo_is_the_same_composed_and_decomposed,
            the_largest_body_is_read_and_a_larger_one_refused_unread,
            an_encoded_body_is_refused,
            a_repeated_proof_is_refused,
            broken_json_is_refused_and_a_bomb_does_no_harm,
            a_test_without_money_is_taken_without_a_claim,
            every_outcome_has_its_answer,
            nothing_unproven_is_taken_and_nothing_panics,
            no_field_makes_a_proven_message_panic,
        ]);
    };
}
pub(super) use conformance;

fn object(fields: &[(&'static str, String)]) -> Vec<u8> {
    let members: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

fn good<H: Harness>() -> Vec<u8> {
    object(&H::fields())
}

/// The good message with one field's JSON value replaced, or left out.
fn with<H: Harness>(name: &str, value: Option<&str>) -> Vec<u8> {
    let mut fields = H::fields();
    assert!(fields.iter().any(|(found, _)| *found == name), "{name} is no field of the good message");
    match value {
        Some(value) => {
            fields.iter_mut().filter(|(found, _)| *found == name).for_each(|(_, old)| *old = value.to_owned())
        }
        None => fields.retain(|(found, _)| *found != name),
    }
    object(&fields)
}

fn read_with<H: Harness>(headers: &[(String, String)], body: &[u8], now: Instant) -> Result<Notice, Refusal> {
    H::channel().read(&Incoming { headers, body, now })
}

fn read<H: Harness>(body: &[u8]) -> Result<Notice, Refusal> {
    read_with::<H>(&H::prove(Prover::Newest, NOW, body), body, NOW)
}

fn claim<H: Harness>(body: &[u8]) -> Claim {
    match read::<H>(body) {
        Ok(Notice::Claim(claim)) => claim,
        other => panic!("expected a claim, got {other:?} for {}", String::from_utf8_lossy(body)),
    }
}

/// The code and status of a refusal; a message that is taken fails the test.
fn refused<H: Harness>(body: &[u8]) -> (&'static str, u16) {
    let refusal = read::<H>(body).expect_err(&String::from_utf8_lossy(body));
    (refusal.code, refusal.status)
}

pub fn a_good_message_becomes_a_claim<H: Harness>() {
    let claim = claim::<H>(&good::<H>());
    assert_eq!(claim.channel, H::channel().name());
    assert_eq!(claim.amount, Dong(25_000));
    assert!(!claim.external_id.is_empty() && !claim.account_no.is_empty());
    assert!(claim.memo.contains("HNPH7K2MQ4X97"));
}

pub fn a_message_without_proof_or_with_a_strangers_is_refused<H: Harness>() {
    let body = good::<H>();
    let none = read_with::<H>(&[], &body, NOW).unwrap_err();
    assert_eq!(none.status, 401, "{}", none.code);
    let stranger = read_with::<H>(&H::prove(Prover::Stranger, NOW, &body), &body, NOW).unwrap_err();
    assert_eq!(stranger.status, 401, "{}", stranger.code);
    for missing in H::PROOF_HEADERS {
        let mut headers = H::prove(Prover::Newest, NOW, &body);
        headers.retain(|(name, _)| name != missing);
        assert_eq!(read_with::<H>(&headers, &body, NOW).unwrap_err().status, 401, "without {missing}");
    }
    for proof in H::PROOF_HEADERS {
        for value in
            ["", " ", "0", "none", "Basic AAAA", "sha1=00", "sha256=", "v1=", "v0=00", "Bearer", "Bearer "]
        {
            let mut headers = H::prove(Prover::Newest, NOW, &body);
            headers.iter_mut().filter(|(name, _)| name == proof).for_each(|(_, old)| *old = value.to_owned());
            assert_eq!(read_with::<H>(&headers, &body, NOW).unwrap_err().status, 401, "{proof}: {value}");
        }
    }
}

pub fn a_changed_body_is_not_the_partners<H: Harness>() {
    if !H::PROVES_BODY {
        return;
    }
    let body = good::<H>();
    let headers = H::prove(Prover::Newest, NOW, &body);
    for index in 0..body.len() {
        let mut changed = body.clone();
        changed[index] ^= 1;
        assert_eq!(read_with::<H>(&headers, &changed, NOW).unwrap_err().status, 401, "byte {index}");
    }
    let longer = [body.as_slice(), b" "].concat();
    assert_eq!(read_with::<H>(&headers, &longer, NOW).unwrap_err().code, "callback_signature_wrong");
}

pub fn the_window_is_three_hundred_seconds_on_both_sides<H: Harness>() {
    let body = good::<H>();
    for (drift_s, inside) in
        [(0, true), (WINDOW_S - 1, true), (WINDOW_S, true), (WINDOW_S + 1, !H::HAS_WINDOW)]
    {
        for at in [NOW.plus_seconds(drift_s), NOW.minus_seconds(drift_s)] {
            let answer = read_with::<H>(&H::prove(Prover::Newest, at, &body), &body, NOW);
            assert_eq!(answer.is_ok(), inside, "{drift_s} s");
            assert!(answer.is_ok() || answer.is_err_and(|refusal| refusal.status == 401));
        }
    }
}

pub fn both_secrets_are_taken_while_they_change<H: Harness>() {
    let body = good::<H>();
    for prover in [Prover::Newest, Prover::Older] {
        assert!(read_with::<H>(&H::prove(prover, NOW, &body), &body, NOW).is_ok());
    }
}

pub fn a_replay_reads_as_an_equal_claim<H: Harness>() {
    let body = good::<H>();
    let headers = H::prove(Prover::Newest, NOW, &body);
    let first = read_with::<H>(&headers, &body, NOW).unwrap();
    let again = read_with::<H>(&headers, &body, NOW.plus_seconds(120)).unwrap();
    assert_eq!(first, again);
}

pub fn the_same_id_with_other_content_reads_as_another_claim<H: Harness>() {
    let (first, other) = (claim::<H>(&good::<H>()), claim::<H>(&with::<H>(H::AMOUNT, Some("26000"))));
    assert_eq!(first.external_id, other.external_id);
    assert_ne!(first.content_key(), other.content_key());
    let elsewhere = claim::<H>(&with::<H>(H::ID, Some("\"77001\"")));
    assert_ne!(first.external_id, elsewhere.external_id);
}

pub fn the_order_of_fields_and_unknown_fields_mean_nothing<H: Harness>() {
    let mut fields = H::fields();
    fields.reverse();
    fields.push(("a_field_of_tomorrow", "{\"a\":[1.5e300,null,\"x\"]}".to_owned()));
    assert_eq!(claim::<H>(&object(&fields)), claim::<H>(&good::<H>()));
}

pub fn every_mandatory_field_is_asked_for_by_name<H: Harness>() {
    for (field, code) in H::MANDATORY {
        for value in [None, Some("null")] {
            assert_eq!(refused::<H>(&with::<H>(field, value)), (*code, 400), "{field} {value:?}");
        }
        for value in ["true", "{}", "[]"] {
            let (found, status) = refused::<H>(&with::<H>(field, Some(value)));
            assert_eq!(
                (found, status),
                (code.replace("_missing", "_unreadable").as_str(), 400),
                "{field} {value}"
            );
        }
    }
}

pub fn amounts_are_whole_dong_in_any_notation<H: Harness>() {
    for value in ["25000", "25000.0", "\"25000\"", "\"25000.00\"", "2.5e4", "2.5E+4", "250000e-1"] {
        assert_eq!(claim::<H>(&with::<H>(H::AMOUNT, Some(value))).amount, Dong(25_000), "{value}");
    }
    assert_eq!(claim::<H>(&with::<H>(H::AMOUNT, Some("9999999999999"))).amount, Dong::LIMIT);
    for (value, code) in [
        ("25000.5", "callback_amount_not_whole"),
        ("\"25000.5\"", "callback_amount_not_whole"),
        ("25000.00000000000000000000001", "callback_amount_not_whole"),
        ("25e-1", "callback_amount_not_whole"),
        ("-25000", "callback_amount_negative"),
        ("10000000000000", "callback_amount_out_of_range"),
        ("1e13", "callback_amount_out_of_range"),
        ("1e400", "callback_amount_out_of_range"),
        ("\"25,000\"", "callback_amount_unreadable"),
        ("\"NaN\"", "callback_amount_unreadable"),
        ("\" 25000\"", "callback_amount_unreadable"),
        ("\"\"", "callback_amount_missing"),
        ("NaN", "callback_json_unreadable"),
        ("025000", "callback_json_unreadable"),
        ("0x61A8", "callback_json_unreadable"),
    ] {
        assert_eq!(refused::<H>(&with::<H>(H::AMOUNT, Some(value))), (code, 400), "{value}");
    }
}

pub fn a_memo_is_the_same_composed_and_decomposed<H: Harness>() {
    let memo = |text: &str| claim::<H>(&with::<H>(H::MEMO, Some(text)));
    let composed = memo("\"Thành công HNPH7K2MQ4X97\"");
    assert_eq!(composed.memo, "Thành công HNPH7K2MQ4X97");
    assert_eq!(composed, memo("\"Tha\u{300}nh co\u{302}ng\\u200b  HNPH7K2MQ4X97 \""));
    assert_eq!(composed, memo("\"Th\\u00e0nh c\\u00f4ng\\tHNPH7K2MQ4X97\""));
    let long = "HNPH7K2MQ4X97 ".repeat(1_000);
    assert_eq!(memo(&format!("\"{long}\"")).memo, long.trim_end(), "a memo is never shortened");
}

pub fn the_largest_body_is_read_and_a_larger_one_refused_unread<H: Harness>() {
    let mut body = good::<H>();
    body.resize(BODY_LIMIT_BYTES, b' ');
    assert!(read::<H>(&body).is_ok());
    body.push(b' ');
    assert_eq!(refused::<H>(&body), ("callback_body_too_large", 413));
    // Without any proof the answer is the same: the length is judged before anything is hashed.
    let huge = vec![b'['; 10 * 1024 * 1024];
    assert_eq!(read_with::<H>(&[], &huge, NOW).unwrap_err().code, "callback_body_too_large");
}

pub fn an_encoded_body_is_refused<H: Harness>() {
    let body = good::<H>();
    let encoded = |values: &[&str]| {
        let mut headers = H::prove(Prover::Newest, NOW, &body);
        headers.extend(values.iter().map(|value| ("content-encoding".to_owned(), (*value).to_owned())));
        read_with::<H>(&headers, &body, NOW)
    };
    assert!(encoded(&["identity"]).is_ok());
    for values in [&["gzip"][..], &["br"], &["identity, gzip"], &["identity", "gzip"]] {
        let refusal = encoded(values).unwrap_err();
        assert_eq!((refusal.code, refusal.status), ("callback_encoding_unsupported", 415), "{values:?}");
    }
}

pub fn a_repeated_proof_is_refused<H: Harness>() {
    let body = good::<H>();
    for repeated in H::PROOF_HEADERS {
        let mut headers = H::prove(Prover::Newest, NOW, &body);
        let again = headers.iter().find(|(name, _)| name == repeated).unwrap().clone();
        for other in [again.1.as_str(), "something else"] {
            let mut twice = headers.clone();
            twice.push((again.0.clone(), other.to_owned()));
            let refusal = read_with::<H>(&twice, &body, NOW).unwrap_err();
            assert_eq!((refusal.code, refusal.status), ("callback_header_repeated", 401), "{repeated}");
        }
        headers.insert(0, (again.0.clone(), "something else".to_owned()));
        assert_eq!(read_with::<H>(&headers, &body, NOW).unwrap_err().code, "callback_header_repeated");
    }
}

pub fn broken_json_is_refused_and_a_bomb_does_no_harm<H: Harness>() {
    let body = good::<H>();
    for length in 0..body.len() {
        assert_eq!(refused::<H>(&body[..length]), ("callback_json_unreadable", 400), "cut at {length}");
    }
    for broken in [&b"null"[..], b"[]", b"\xff\xfe{}", b"{\"a\":\"\xc3\x28\"}", b"{} {}", b"\xef\xbb\xbf{}"] {
        assert_eq!(refused::<H>(broken), ("callback_json_unreadable", 400));
    }
    let mut twice = H::fields();
    twice.push((H::AMOUNT, "1".to_owned()));
    assert_eq!(refused::<H>(&object(&twice)), ("callback_json_duplicate_key", 400));
    let bomb = format!("{{\"a\":{}{}}}", "[".repeat(32_000), "]".repeat(32_000));
    assert_eq!(refused::<H>(bomb.as_bytes()), ("callback_json_too_deep", 400));
    let unclosed = "{\"a\":".repeat(13_000);
    assert_eq!(refused::<H>(unclosed.as_bytes()), ("callback_json_unreadable", 400));
}

pub fn a_test_without_money_is_taken_without_a_claim<H: Harness>() {
    let notice = read::<H>(&with::<H>(H::AMOUNT, Some("0")));
    assert_eq!(notice, Ok(Notice::Nothing { code: "callback_without_amount" }));
}

pub fn every_outcome_has_its_answer<H: Harness>() {
    let channel = H::channel();
    let accepted = |repeated| {
        let (reference, receipts) = ("clm_0000000000001".to_owned(), vec!["rcp_0000000000001".to_owned()]);
        channel.answer(&Outcome::Accepted { reference, receipts, repeated })
    };
    assert_eq!(accepted(false), accepted(true), "a repetition gets the same answer");
    let parked = channel.answer(&Outcome::Parked { reference: "clm_0000000000001".to_owned() });
    for answer in [accepted(false), parked, channel.answer(&Outcome::Ignored)] {
        assert_eq!(answer.status, 200);
    }
    let busy = channel.answer(&Outcome::Busy { retry_after_s: 7 });
    assert_eq!(busy.status, 503);
    assert!(busy.headers.contains(&("retry-after", "7".to_owned())));
    assert_eq!(channel.answer(&Outcome::Failed).status, 500);
    for (status, code) in
        [(400, "callback_amount_missing"), (401, "callback_signature_wrong"), (413, "x"), (415, "y")]
    {
        let refusal = Refusal { code, status, detail: "quoted \" and\nbroken".to_owned() };
        let answer = channel.answer(&Outcome::Refused(&refusal));
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers.iter().any(|(name, _)| *name == "www-authenticate"), status == 401);
        assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_ok(), "{}", answer.body);
    }
}

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() })
}

pub fn nothing_unproven_is_taken_and_nothing_panics<H: Harness>() {
    let name = prop_oneof![
        Just("authorization".to_owned()),
        proptest::sample::select(H::PROOF_HEADERS).prop_map(str::to_owned),
        "[a-z-]{1,12}",
    ];
    let value = prop_oneof![
        "\\PC{0,40}",
        "(sha256=|v1=|Bearer v1\\.1763776800\\.|Apikey |Basic )[0-9a-f]{64}",
        Just("1763776800".to_owned()),
    ];
    let headers = proptest::collection::vec((name, value), 0..5);
    let body = prop_oneof![proptest::collection::vec(any::<u8>(), 0..300), Just(good::<H>()),];
    let now = prop_oneof![Just(NOW.0), any::<i64>()];
    let channel = H::channel();
    let outcome = runner().run(&(headers, body, now), |(headers, body, now)| {
        let unproven = channel.read(&Incoming { headers: &headers, body: &body, now: Instant(now) });
        let refusal = unproven.expect_err("nobody signed this");
        prop_assert!(matches!(refusal.status, 401 | 415), "{}", refusal.code);
        let proof = H::prove(Prover::Newest, NOW, &body);
        let proven = channel.read(&Incoming { headers: &proof, body: &body, now: NOW });
        prop_assert!(proven.is_ok() || proven.is_err_and(|refusal| refusal.status == 400));
        Ok(())
    });
    outcome.unwrap();
}

pub fn no_field_makes_a_proven_message_panic<H: Harness>() {
    let value = prop_oneof![
        "\"\\PC{0,60}\"",
        "-?[0-9]{1,25}(\\.[0-9]{1,5})?([eE][-+]?[0-9]{1,6})?",
        "\"[0-9TZ:. +-]{0,30}\"",
        Just("\"9999-12-31T23:59:60+23:59\"".to_owned()),
        Just("\"0000-01-01 00:00:00\"".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("[{}]".to_owned()),
    ];
    let field = 0..H::fields().len();
    let channel = H::channel();
    let outcome = runner().run(&(field, value), |(field, value)| {
        let mut fields = H::fields();
        fields[field].1 = value;
        let body = object(&fields);
        let proof = H::prove(Prover::Newest, NOW, &body);
        let answer = match channel.read(&Incoming { headers: &proof, body: &body, now: NOW }) {
            Ok(Notice::Claim(claim) | Notice::Pending(claim) | Notice::Failed(claim)) => {
                prop_assert!(claim.amount.is_positive() && claim.amount <= Dong::LIMIT);
                prop_assert!((1..=72).contains(&claim.external_id.len()) && claim.external_id.is_ascii());
                prop_assert!(claim.occurred_at.is_none_or(|at| !at.to_string().is_empty()));
                channel.answer(&Outcome::Ignored)
            }
            Ok(Notice::Nothing { .. }) => channel.answer(&Outcome::Ignored),
            Err(refusal) => channel.answer(&Outcome::Refused(&refusal)),
        };
        prop_assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
        Ok(())
    });
    outcome.unwrap();
}
