//! Files of any size in memory of one size.

use std::io::Write;
use std::process::{Child, Command, Stdio};

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
fn most_kb(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
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
    let then_kb = most_kb(&child);
    let count = write_until(whole);
    let now_kb = most_kb(&child);
    pipe.write_all(tail(count).as_bytes()).expect("it reads");
    drop(pipe);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "it is read and proven");
    assert!(now_kb < then_kb + 8_000, "{then_kb} kB grew to {now_kb} kB");
}
