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
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::schema;
use bienlai::receipt::sign::sign_batch;
use bienlai::receipt::verify::{TrustStore, Verdict, verify};
use bienlai::text::{self, words};
use secrecy::SecretString;

const WARMUP: Duration = Duration::from_millis(200);
const SPAN: Duration = Duration::from_secs(1);
/// Long enough for the clock, short enough to be a round of many.
const ROUND: Duration = Duration::from_millis(5);

const MEMO: &str = "MBVCB.1234567890.LE PHI HO TICH.CT tu 0011000000001 NGUYEN VAN A toi 9704320000001";
const AUTHORITY: &str = include_str!("../fixtures/receipt/test-only-ca.pem");
const RECEIPT: &[u8] = include_bytes!("../fixtures/receipt/test-only-receipt.xml");
const SIGNER: &str = include_str!("../fixtures/receipt/test-only-signer.pem");

fn main() {
    texts();
    callbacks();
    signing();
    verifying();
    pages();
    schemas();
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

/// Of ours and of others', with every digest and the signature, trust judged too. The peer is
/// python-xmlsec on the same invoice.
fn verifying() {
    let trust = TrustStore::from_pem(AUTHORITY).expect("the test authority");
    let now = "2026-09-02T08:00:00+07:00".parse().expect("a good time");
    let other = include_bytes!("../fixtures/receipt/valid/invoice.xml");
    for document in [RECEIPT, other] {
        let report = verify(document, &trust, now);
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    }
    measure("verify: a receipt of ours", || verify(black_box(RECEIPT), &trust, now).is_valid());
    measure("verify: an invoice of another issuer", || verify(black_box(other), &trust, now).is_valid());
}

/// One page with two lines, its QR code, tags, three fonts and the signed XML attached, on one
/// thread: the reciprocal is pages per second of a processor. The peer is
/// `benches/peers/weasyprint_receipt.py`, which draws the same file.
fn pages() {
    let links = Links::to("https://bienlai.example");
    let draw = |standing: &Standing| rendition::render(black_box(RECEIPT), standing, &links);
    assert!(draw(&Standing::Valid).is_ok(), "the receipt is drawn");
    measure("receipt: PDF page", || draw(&Standing::Valid).map(|page| page.len()));
    measure("receipt: PDF page, cancelled", || draw(&Standing::Cancelled).map(|page| page.len()));
}

/// A receipt of three lines against its schema, as it is asked when an obligation is raised.
fn schemas() {
    let line = |number: u32| {
        format!(
            "<KThu><STT>{number}</STT><LKThu>1</LKThu><TKThu>Lệ phí hộ tịch</TKThu><SLuong>1</SLuong>\
             <DGia>8000</DGia><ThTien>8000</ThTien></KThu>"
        )
    };
    let lines: String = (1..4).map(line).collect();
    let body = format!(
        "<DLBLai Id=\"BL-1\"><TTChung><PBan>BL-1.0</PBan><TBLai>Biên lai thu phí, lệ phí</TBLai><LBLai>3</LBLai>\
         <KHMSBLai>01BLP0-001</KHMSBLai><KHBLai>TN-26E</KHBLai><SBLai>42</SBLai><NLap>2026-09-01</NLap>\
         <DVTTe>VND</DVTTe><HTTToan>Tiền mặt</HTTToan><MTCuu>7K2M0Q419VAB</MTCuu></TTChung><NDBLai><TCThu>\
         <Ten>Phường Thử Nghiệm</Ten><MST>9900000009</MST><DChi>Số 1 phố Thử Nghiệm</DChi></TCThu>\
         <DSKThu>{lines}</DSKThu><TToan><TgTien>24000</TgTien><TgMGiam>0</TgMGiam><TgTTTBSo>24000</TgTTTBSo>\
         <TgTTTBChu>Hai mươi tư nghìn đồng</TgTTTBChu></TToan></NDBLai></DLBLai>"
    );
    let check = || schema::check_body(black_box(body.as_bytes()));
    if let Err(error) = check() {
        panic!("the receipt fits its schema: {error}");
    }
    measure("receipt: schema validation", || check().is_ok());
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
