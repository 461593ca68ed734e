//! Any signed body of a callback is read without a panic; a claim that is read has a positive sum.
//! `cargo +nightly fuzz run callback`
#![no_main]

use bienlai::payment::channel::bank::{self, Bank, BankConfig};
use bienlai::payment::channel::sepay::{self, Sepay, SepayConfig};
use bienlai::payment::channel::{Channel, Incoming, Notice};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "a-secret-of-the-fuzzer-with-32-bytes";

fuzz_target!(|body: &[u8]| {
    let now = "2026-11-22T09:30:15+07:00".parse().expect("a good time");
    let config = BankConfig { name: "bank".into(), bank_bin: None, secrets: vec![SECRET.into()] };
    let bank = Bank::new(&config).expect("a good configuration");
    let config =
        SepayConfig { name: "sepay".into(), signing_secrets: vec![SECRET.into()], api_keys: Vec::new() };
    let sepay = Sepay::new(&config).expect("a good configuration");
    let bank_headers = bank::sign(&[SECRET.into()], now, body);
    let sepay_headers = sepay::sign(&SECRET.into(), now, body);
    let channels: [(&dyn Channel, &[(String, String)]); 2] = [(&bank, &bank_headers), (&sepay, &sepay_headers)];
    for (channel, headers) in channels {
        if let Ok(Notice::Claim(claim)) = channel.read(&Incoming { headers, body, now }) {
            assert!(claim.amount.0 > 0 && !claim.external_id.is_empty());
        }
    }
});
