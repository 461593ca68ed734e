//! Stories with `bienlai statement parse` and `preview` on files as banks send them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::tools::Folder;

fn statement(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bienlai")).arg("statement").args(arguments).output().unwrap()
}

fn fixture(name: &str) -> String {
    format!("{}/fixtures/statement/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The JSON and the exit code of `parse FILE --json`.
fn parsed(path: &str, more: &[&str]) -> (Value, i32) {
    let output = statement(&[&["parse", path, "--json"], more].concat());
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", String::from_utf8_lossy(&output.stdout)));
    (json, output.status.code().unwrap())
}

#[test]
fn a_workbook_of_a_bank_is_read_from_its_file() {
    for (name, format) in
        [("bank/vietinbank.xls", "xls"), ("bank/bidv.xlsx", "xlsx"), ("bank/tpbank.xls", "html")]
    {
        let (json, code) = parsed(&fixture(name), &[]);
        assert_eq!((json["format"].as_str(), code), (Some(format), 0), "{name}: {json}");
        let lines = json["statements"][0]["lines"].as_array().unwrap();
        let amounts: Vec<_> = lines.iter().map(|line| line["amount"].as_str().unwrap()).collect();
        assert_eq!(amounts, ["25000", "-5500"], "{name}");
        assert_eq!(json["statements"][0]["closing"]["amount"], "1019500", "{name}");
    }
}

#[test]
fn a_table_that_nobody_knows_is_previewed_mapped_and_read() {
    let folder = Folder::new("bank-file-mapping");
    let table = folder.written("own.csv", "Khi nào;Việc gì;Bao nhiêu\n22/11/2026;HNPH7K2MQ4X97;25.000\n");
    assert_eq!(statement(&["preview", &table]).status.code(), Some(2), "its headings say nothing");
    assert_eq!(parsed(&table, &[]).1, 2);
    let mapping = "name = \"own\"\nheadings = [\"Khi nào\"]\ncurrency = \"VND\"\n[columns]\nbooking_date = 1\ndescription = 2\namount = 3\n";
    let map = folder.written("own.toml", mapping);
    let shown = statement(&["preview", &table, "--map", &map]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.contains("Bao nhiêu") && text.contains("[columns]"), "{text}");
    let (json, code) = parsed(&table, &["--map", &map]);
    assert_eq!((code, json["statements"][0]["lines"][0]["amount"].as_str()), (0, Some("25000")), "{json}");
    let wrong = folder.written("wrong.toml", "name = \"own\"\n[columns]\namount = 3\n");
    let refused = statement(&["parse", &table, "--map", &wrong]);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("statement_layout_invalid"));
}

#[test]
fn a_known_table_prints_a_mapping_that_reads_it_again() {
    let folder = Folder::new("bank-file-preview");
    let table = fixture("bank/mb.csv");
    let shown = String::from_utf8(statement(&["preview", &table]).stdout).unwrap();
    assert!(shown.contains("MB, sao kê") && shown.contains("booking_date"), "{shown}");
    let mapping = shown.split_once("\nname = ").map(|(_, mapping)| format!("name = {mapping}")).unwrap();
    let map = folder.written("mb.toml", mapping);
    assert_eq!(parsed(&table, &["--map", &map]).0["statements"], parsed(&table, &[]).0["statements"]);
}

/// More than 64 MB of entries, each a real one.
fn large_camt(path: &Path, entries: usize) {
    use std::io::Write;
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let balance = |code: &str, amount: usize| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
        )
    };
    let (opening, closing) = (balance("OPBD", 1_000), balance("CLBD", 1_000 + entries));
    write!(
        out,
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id>\
         <Acct><Id><Othr><Id>0123456789</Id></Othr></Id></Acct>{opening}{closing}"
    )
    .unwrap();
    let memo = "LE PHI HO TICH ".repeat(60);
    for number in 0..entries {
        writeln!(
            out,
            "<Ntry><Amt Ccy=\"VND\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt>\
             <Dt>2026-11-22</Dt></BookgDt><AcctSvcrRef>FT{number}</AcctSvcrRef><AddtlNtryInf>{memo}</AddtlNtryInf></Ntry>"
        )
        .unwrap();
    }
    write!(out, "</Stmt></BkToCstmrStmt></Document>").unwrap();
}

#[test]
fn a_file_too_large_for_the_memory_is_read_in_little_of_it() {
    const LIMIT_KB: usize = 64 * 1024;
    let folder = Folder::new("bank-file-large");
    let path = folder.path().join("large.xml");
    large_camt(&path, 70_000);
    assert!(std::fs::metadata(&path).unwrap().len() > 70_000_000);
    // The data of the process may not grow to the size of the file.
    let script = format!("ulimit -d {LIMIT_KB}; exec \"$0\" statement parse \"$1\" --json");
    let output =
        Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_bienlai")]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let statement = &json["statements"][0];
    assert_eq!(statement["lines"].as_array().unwrap().len(), 70_000);
    assert_eq!(
        (statement["account"].as_str(), statement["closing"]["amount"].as_str()),
        (Some("0123456789"), Some("71000"))
    );
    assert_eq!(json["errors"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_read_ends_with_two_and_says_so_in_json_too() {
    let (json, code) = parsed("/nowhere/saoke.xml", &[]);
    assert_eq!((code, json["error"]["code"].as_str()), (2, Some("file_unreadable")), "{json}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let mut child = command
        .args(["statement", "parse", "-", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = std::fs::read(fixture("bank/bidv.xlsx")).unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), &bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), json["format"].as_str()), (Some(0), Some("xlsx")), "{json}");
}
