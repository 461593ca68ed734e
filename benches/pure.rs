//! The parts that touch nothing: how long one call takes. `cargo bench --bench pure`.
//!
//! Each is called for a second after a short warm-up; the median of many short rounds is told, so
//! that another program in between does not matter.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bienlai::amount::Dong;
use bienlai::obligation::reference::CodeBook;
use bienlai::payment::channel::bank::{self, Bank, BankConfig};
use bienlai::payment::channel::{Channel, Incoming};
use bienlai::receipt::key::SigningKey;
use bienlai::receipt::sign::sign_batch;
use bienlai::receipt::verify::{Integrity, TrustStore, Verdict, verify};
use bienlai::text::{self, words};
use secrecy::SecretString;

const WARMUP: Duration = Duration::from_millis(200);
const SPAN: Duration = Duration::from_secs(1);
/// Long enough for the clock, short enough to be a round of many.
const ROUND: Duration = Duration::from_millis(5);

const MEMO: &str = "MBVCB.1234567890.LE PHI HO TICH.CT tu 0011000000001 NGUYEN VAN A toi 9704320000001";
const AUTHORITY: &str = include_str!("../fixtures/receipt/test-only-ca.pem");
const SIGNER: &str = include_str!("../fixtures/receipt/test-only-signer.pem");

fn main() {
    texts();
    callbacks();
    signing();
    verifying();
}

fn texts() {
    measure("text: fold a memo", || text::fold(black_box("Nguyễn Thị Ánh nộp lệ phí hộ tịch phường số một")));
    measure("text: an amount in words", || {
        words::amount_in_words(black_box(Dong(1_234_567_890)), &words::Wording::STANDARD)
    });
    let codes = CodeBook::hanoi();
    measure("memo: look for reference codes", || codes.extract(black_box(MEMO)).len());
}

fn callbacks() {
    let secret = SecretString::from("a-secret-of-the-bench-with-32-bytes");
    let config =
        BankConfig { name: "bank".into(), bank_bin: Some("970432".into()), secrets: vec![secret.clone()] };
    let bank = Bank::new(&config).expect("a good configuration");
    let now = "2026-11-22T09:30:15+07:00".parse().expect("a good time");
    let body = format!(
        "{{\"notification_id\":\"N1\",\"account_no\":\"9704320000001\",\"direction\":\"credit\",\"amount\":25000,\
         \"currency\":\"VND\",\"memo\":\"{MEMO}\",\"booked_at\":\"2026-11-22T09:30:15+07:00\"}}"
    );
    let mut headers = bank::sign(std::slice::from_ref(&secret), now, body.as_bytes());
    headers.push(("content-type".into(), "application/json".into()));
    let incoming = Incoming { headers: &headers, body: body.as_bytes(), now };
    assert!(bank.read(&incoming).is_ok(), "the callback is good");
    measure("callback: sign", || bank::sign(std::slice::from_ref(&secret), now, black_box(body.as_bytes())));
    measure("callback: verify and read", || bank.read(black_box(&incoming)).is_ok());
}

fn signing() {
    let key = SigningKey::from_pem(&SecretString::from(SIGNER), SIGNER, "9900000009").expect("the test key");
    let signer = key.signer().expect("a signer");
    let at = "2026-09-01T09:30:15+07:00".parse().expect("a good time");
    let body =
        format!("<DLBLai Id=\"BL-1\"><NDBLai>{}</NDBLai></DLBLai>", "<Ten>Lệ phí hộ tịch</Ten>".repeat(60));
    let sign = || sign_batch(&[black_box(body.as_bytes())], &signer, at).map(|documents| documents.len());
    assert!(sign().is_ok(), "the receipt is signed");
    measure("receipt: sign (RSA-2048, XML-DSig)", sign);
}

/// A receipt of the usual size, in our shape.
fn receipt_of_ours() -> Vec<u8> {
    let key = SigningKey::from_pem(&SecretString::from(SIGNER), SIGNER, "9900000009").expect("the test key");
    let signer = key.signer().expect("a signer");
    let at = "2026-09-01T09:30:15+07:00".parse().expect("a good time");
    let lines = "<Ten>Lệ phí hộ tịch</Ten>".repeat(60);
    let body = format!("<DLBLai Id=\"BL-1\"><NDBLai>{lines}</NDBLai></DLBLai>");
    sign_batch(&[body.as_bytes()], &signer, at).expect("signed").remove(0)
}

/// Of ours and of others', with every digest and the signature, trust judged too.
fn verifying() {
    let trust = TrustStore::from_pem(AUTHORITY).expect("the test authority");
    let now = "2026-09-02T08:00:00+07:00".parse().expect("a good time");
    let other = include_bytes!("../fixtures/receipt/valid/invoice.xml");
    assert_eq!(verify(other, &trust, now).verdict, Verdict::Valid);
    let own = receipt_of_ours();
    let own = own.as_slice();
    let report = verify(own, &trust, now);
    assert_eq!(report.documents[0].signatures[0].integrity, Integrity::Ok, "{report:?}");
    measure("verify: a receipt of ours", || verify(black_box(own), &trust, now).exit_code());
    measure("verify: an invoice of another issuer", || verify(black_box(other), &trust, now).is_valid());
}

/// Tells the median time of one call.
fn measure<T>(name: &str, mut call: impl FnMut() -> T) {
    let mut calls = 0_u32;
    let began = Instant::now();
    while began.elapsed() < WARMUP {
        black_box(call());
        calls += 1;
    }
    let rounds = WARMUP.as_nanos() / ROUND.as_nanos();
    let per_round = (u128::from(calls) / rounds).max(1);
    let mut took = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SPAN {
        let round = Instant::now();
        for _ in 0..per_round {
            black_box(call());
        }
        took.push(round.elapsed().as_nanos() / per_round);
    }
    took.sort_unstable();
    println!("{name:<40} {:>10} ns", took[took.len() / 2]);
}
