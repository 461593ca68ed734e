//! Files of any size in memory of one size.

use std::io::Write;
use std::process::{Command, Stdio};

use bienlai::amount::Dong;
use bienlai::clock::Instant;
use bienlai::report::sheet::{Cell, Csv, Sheet, Xlsx};

use crate::support::tools;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
    <GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>9704320000001</Id></Othr></Id></Acct>\
    <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">0</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
    <Dt><Dt>2026-11-26</Dt></Dt></Bal>";
const MB: usize = 1_000_000;

fn entry(number: usize) -> String {
    format!(
        "<Ntry><Amt Ccy=\"VND\">25000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><Dt>2026-11-26</Dt></BookgDt><ValDt><Dt>2026-11-26</Dt></ValDt>\
         <AcctSvcrRef>FT{number:014}</AcctSvcrRef><AddtlNtryInf>{}</AddtlNtryInf></Ntry>",
        "nop le phi ".repeat(400)
    )
}

fn tail(count: usize) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
         <Dt><Dt>2026-11-26</Dt></Dt></Bal></Stmt></BkToCstmrStmt></Document>",
        25_000 * count
    )
}

/// The most memory that the process had so far.
fn most_kb(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("what it had");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

/// A pipe holds 64 kB, so what was written was read.
#[test]
fn a_statement_of_two_hundred_megabytes_needs_no_more_memory_than_one_of_a_hundred() {
    let (half, whole) = if tools::is_long() { (100 * MB, 1_000 * MB) } else { (100 * MB, 200 * MB) };
    let mut child = Command::new(env!("CARGO_BIN_EXE_bienlai"))
        .args(["statement", "parse", "/dev/stdin", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(HEAD.as_bytes()).expect("it reads");
    let (mut written, mut count) = (0, 0);
    let mut write_until = |limit: usize| {
        while written < limit {
            let entry = entry(count);
            pipe.write_all(entry.as_bytes()).expect("it reads");
            (written, count) = (written + entry.len(), count + 1);
        }
        count
    };
    write_until(half);
    let then_kb = most_kb(child.id());
    let count = write_until(whole);
    let now_kb = most_kb(child.id());
    pipe.write_all(tail(count).as_bytes()).expect("it reads");
    drop(pipe);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "it is read and proven");
    assert!(now_kb < then_kb + 8_000, "{then_kb} kB grew to {now_kb} kB");
}

/// Set in the process that writes sheets and does nothing else.
const WRITES: &str = "BIENLAI_TEST_SHEETS";

/// A book of any length leaves as a file in memory of one size, as CSV and as a spreadsheet.
#[test]
fn a_sheet_of_many_rows_needs_no_more_memory_than_one_of_few() {
    if tools::switch(WRITES) {
        return write_sheets();
    }
    let own = std::env::current_exe().expect("this program");
    let name = "memory::a_sheet_of_many_rows_needs_no_more_memory_than_one_of_few";
    let ran = Command::new(own)
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(WRITES, "1")
        .output()
        .expect("it starts again");
    let (told, complaint) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{:?}\n{told}\n{complaint}", ran.status);
    // The test passes without a word where its name is no longer this one.
    assert_eq!(told.matches("sheets written").count(), 1, "{told}");
}

fn write_sheets() {
    let (few, many) = (30_000, if tools::is_long() { 1_000_000 } else { 120_000 });
    for write in [as_csv, as_spreadsheet] {
        write(few);
        let then_kb = most_kb(std::process::id());
        write(many);
        let now_kb = most_kb(std::process::id());
        assert!(now_kb < then_kb + 8_000, "{then_kb} kB grew to {now_kb} kB");
    }
    println!("sheets written");
}

fn fill(sheet: &mut dyn Sheet, rows: i64) {
    sheet.columns(&["Lúc", "Số", "Người nộp", "Số tiền"]).expect("a head is written");
    for number in 0..rows {
        let cells = [
            Cell::Time(Instant::from_ms(1_790_000_000_000 + number)),
            Cell::Count(number),
            Cell::Text(format!("Người nộp thứ {number} của phường")),
            Cell::Amount(Dong(number * 1_000)),
        ];
        sheet.row(&cells).expect("a row is written");
    }
}

fn as_csv(rows: i64) {
    let mut sheet = Csv::new(std::io::sink()).expect("a sheet begins");
    fill(&mut sheet, rows);
    sheet.finish().expect("a sheet ends");
}

fn as_spreadsheet(rows: i64) {
    let mut sheet = Xlsx::new().expect("a sheet begins");
    fill(&mut sheet, rows);
    sheet.finish(&mut std::io::sink()).expect("a sheet ends");
}
