//! Random damage to the small texts that come from outside: memos, callbacks, the Treasury's report.
//! The same seeds as the targets in `fuzz/`; bank files and receipts have such tests of their own.

use std::path::Path;
use std::time::{Duration, Instant};

use bienlai::obligation::reference::{CodeBook, Found, ReferenceCode};
use bienlai::payment::channel::bank::{self, Bank, BankConfig};
use bienlai::payment::channel::sepay::{self, Sepay, SepayConfig};
use bienlai::payment::channel::{Channel, Incoming, Notice};
use bienlai::remittance::report;
use bienlai::simulator::chance::Chance;

const SPAN: Duration = Duration::from_secs(10);
/// Debug builds do some thousand a second; a fast machine need not do more.
const ROUNDS: usize = 40_000;
const SECRET: &str = "a-secret-of-the-fuzzer-with-32-bytes";

/// The seeds of a target, then the same with random damage for ten seconds.
fn damage(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .expect("the target has seeds")
        .map(|file| file.expect("a seed").path())
        .map(|path| (path.display().to_string(), std::fs::read(path).expect("a seed is read")))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seed");
    seeds.iter().for_each(|(_, bytes)| check(bytes));
    let mut chance = Chance::new(0xB1E2_1A1F);
    let started = Instant::now();
    for _ in 0..ROUNDS {
        if started.elapsed() > SPAN {
            break;
        }
        let mut bytes = chance.pick(&seeds).expect("a seed").1.clone();
        for _ in 0..=chance.below(4) {
            mangle(&mut bytes, &mut chance);
        }
        check(&bytes);
    }
}

fn mangle(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len());
    match chance.below(4) {
        _ if bytes.is_empty() => bytes.push(b'0'),
        0 => bytes[at] ^= 1 << chance.below(8),
        1 => bytes.insert(at, b"{}[]\":,;-+.eE0129 \nHNPH"[chance.below(23)]),
        2 => drop(bytes.remove(at)),
        _ => {
            let end = (at + chance.below(40)).min(bytes.len());
            let piece = bytes[at..end].to_vec();
            let to = chance.below(bytes.len());
            bytes.splice(to..to, piece);
        }
    }
}

#[test]
fn a_damaged_memo_never_yields_a_code_that_does_not_verify() {
    let book = CodeBook::hanoi();
    damage("memo", |bytes| {
        let memo = String::from_utf8_lossy(bytes);
        for found in book.extract(&memo) {
            let codes = match found {
                Found::Verified(code) => vec![code],
                Found::Damaged { candidates, .. } => candidates,
            };
            assert!(codes.iter().all(|code| code.as_str().parse::<ReferenceCode>().is_ok()), "{memo}");
        }
        let _ = book.parse(&memo);
    });
}

#[test]
fn a_damaged_callback_is_a_sound_claim_or_refused() {
    let now = "2026-11-22T09:30:15+07:00".parse().expect("a good time");
    let config = BankConfig { name: "bank".into(), bank_bin: None, secrets: vec![SECRET.into()] };
    let bank = Bank::new(&config).expect("a good configuration");
    let config =
        SepayConfig { name: "sepay".into(), signing_secrets: vec![SECRET.into()], api_keys: Vec::new() };
    let sepay = Sepay::new(&config).expect("a good configuration");
    damage("callback", |body| {
        let bank_headers = bank::sign(&[SECRET.into()], now, body);
        let sepay_headers = sepay::sign(&SECRET.into(), now, body);
        let channels: [(&dyn Channel, &[(String, String)]); 2] =
            [(&bank, &bank_headers), (&sepay, &sepay_headers)];
        for (channel, headers) in channels {
            if let Ok(Notice::Claim(claim)) = channel.read(&Incoming { headers, body, now }) {
                assert!(claim.amount.0 > 0 && !claim.external_id.is_empty(), "{claim:?}");
            }
        }
    });
}

#[test]
fn a_damaged_report_of_the_treasury_yields_sums_above_zero_or_faults() {
    damage("treasury", |bytes| {
        let whole = [b"ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n".as_slice(), bytes].concat();
        for text in [bytes, &whole] {
            if let Ok((rows, _)) = report::parse(text) {
                assert!(rows.iter().all(|row| row.amount.0 > 0), "{rows:?}");
            }
        }
    });
}
