//! Any sheet is read without a panic: the bytes before the first zero byte are the sheet, those behind
//! it the shared texts. `cargo +nightly fuzz run xlsx`
#![no_main]

use std::io::{Cursor, Write};

use bienlai_fuzz::assert_sound;
use libfuzzer_sys::fuzz_target;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

fuzz_target!(|bytes: &[u8]| {
    let mut halves = bytes.splitn(2, |byte| *byte == 0);
    let sheet = halves.next().unwrap_or_default();
    let texts = halves.next().unwrap_or(b"<sst/>");
    let parts: [(&str, &[u8]); 3] = [
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ];
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(name, plain).expect("a part begins");
        archive.write_all(content).expect("a part is written");
    }
    assert_sound(archive.finish().expect("the archive ends").get_ref());
});
