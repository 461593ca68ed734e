//! What channels, gateways, acquirers, the Treasury and payers write, and what the city loads.

use std::sync::LazyLock;

use bienlai::amount::Dong;
use bienlai::obligation::reference::{CodeBook, Found, ReferenceCode};
use bienlai::obligation::vietqr;
use bienlai::payment::channel::bank::{Bank, BankConfig};
use bienlai::payment::channel::sepay::{Sepay, SepayConfig};
use bienlai::payment::channel::vietqr::{Vietqr, VietqrConfig};
use bienlai::payment::channel::{Channel, Notice};
use bienlai::payment::{gateway, pos};
use bienlai::remittance::report;
use bienlai::report::target::total;
use bienlai::tariff;

const SECRET: &str = "a-secret-of-the-fuzzer-with-32-bytes";

static CHANNELS: LazyLock<[Box<dyn Channel>; 3]> = LazyLock::new(|| {
    let bank = BankConfig { name: "bank".into(), bank_bin: None, secrets: vec![SECRET.into()] };
    let sepay =
        SepayConfig { name: "sepay".into(), signing_secrets: vec![SECRET.into()], api_keys: Vec::new() };
    let vietqr = VietqrConfig {
        name: "vietqr".into(),
        bank_bin: None,
        user: "vietqr".into(),
        passwords: vec![SECRET.into()],
        token_keys: vec![SECRET.into()],
    };
    [
        Box::new(Bank::new(&bank).expect("a good configuration")),
        Box::new(Sepay::new(&sepay).expect("a good configuration")),
        Box::new(Vietqr::new(&vietqr).expect("a good configuration")),
    ]
});

/// The body of a callback whose sender was proven: a claim that is read has a sum and a key.
pub fn callback(body: &[u8]) {
    for channel in CHANNELS.iter() {
        match channel.read_archived(body) {
            Ok(Notice::Claim(claim)) => {
                assert!(claim.amount.0 > 0 && !claim.external_id.is_empty(), "{claim:?}");
            }
            Ok(_) => {}
            Err(refusal) => assert!((400..500).contains(&refusal.status), "{refusal:?}"),
        }
    }
}

/// Every code that is found in a memo verifies.
pub fn memo(bytes: &[u8]) {
    let (memo, book) = (String::from_utf8_lossy(bytes), CodeBook::hanoi());
    for found in book.extract(&memo) {
        let codes = match found {
            Found::Verified(code) => vec![code],
            Found::Damaged { candidates, .. } => candidates,
        };
        assert!(codes.iter().all(|code| code.as_str().parse::<ReferenceCode>().is_ok()), "{memo}");
    }
    let _ = book.parse(&memo);
}

/// What is read of a payment code, written again, is read as the same.
pub fn vietqr_payload(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(parsed) = vietqr::parse(text) else { return };
    if let Ok(again) = parsed.payload.encode() {
        let read = vietqr::parse(&again).expect("what we write is read");
        assert_eq!(read.payload, parsed.payload, "{text}");
    }
}

/// Every row of the Treasury's report that is read has a sum above zero.
pub fn treasury(bytes: &[u8]) {
    let whole = [b"ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n".as_slice(), bytes].concat();
    for text in [bytes, &whole] {
        if let Ok(told) = report::Told::of(text, Vec::new()) {
            let (rows, faults) = (told.rows(), told.faults());
            assert!(rows.iter().all(|row| row.amount.0 > 0), "{rows:?}");
            assert!(faults.iter().all(|fault| fault.line_no > 0), "{faults:?}");
        }
    }
}

/// A batch of an acquirer: whole đồng, none below zero.
pub fn pos_batch(bytes: &[u8]) {
    let whole = [b"loai,ma_chuan_chi,so_tien\n".as_slice(), bytes].concat();
    for text in [bytes, &whole] {
        match pos::file::parse(text, &[]) {
            Ok(report) => assert!(report.items.iter().all(|item| item.amount.0 >= 0), "{report:?}"),
            Err(fault) => assert!(fault.detail().starts_with("line "), "{}", fault.detail()),
        }
    }
}

/// A gateway's report: what is read and pays something out adds up, and none is below zero.
pub fn gateway_report(bytes: &[u8]) {
    let layout = gateway::file::Layout::built_in().expect("the built-in layout reads");
    let whole = [b"ma_giao_dich,so_tien,phi\n".as_slice(), bytes].concat();
    for text in [bytes, &whole] {
        if let Ok(items) = gateway::file::parse(text, &layout, &[]) {
            let Ok(sums) = gateway::rules::sums(&items, Dong::ZERO) else { continue };
            assert!(sums.gross.0 >= 0 && sums.returned.0 >= 0 && sums.fee.0 >= 0, "{items:?}");
        }
    }
}

/// Totals of dossiers: as many rows as lines, at most.
pub fn dossier_totals(bytes: &[u8]) {
    let whole = [total::COLUMNS.join(",").as_bytes(), b"\n", bytes].concat();
    for text in [bytes, &whole] {
        if let Ok(rows) = total::parse(text) {
            assert!(rows.len() <= text.len(), "{rows:?}");
        }
    }
}

/// The text of a tariff: all of it is good, or each bad row is told with a line of the text.
pub fn tariff_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(problems) = tariff::load(&text) {
        let last = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        assert!(!problems.is_empty(), "refused, and nothing told");
        for problem in problems {
            assert!((1..=last).contains(&problem.line), "{problem:?} of {last}");
        }
    }
}
