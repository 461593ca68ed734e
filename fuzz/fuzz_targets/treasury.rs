//! Any report of the Treasury is read without a panic, and every row that is read has a positive sum.
//! `cargo +nightly fuzz run treasury`
#![no_main]

use bienlai::remittance::report;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = b"ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n".to_vec();
    whole.extend_from_slice(bytes);
    for text in [bytes, &whole] {
        if let Ok((rows, _)) = report::parse(text) {
            assert!(rows.iter().all(|row| row.amount.0 > 0));
        }
    }
});
