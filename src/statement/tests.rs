//! Stories over whole files, and what must hold for any bytes.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/statement"))
}

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(fixtures().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(fixtures().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn read(path: &Path) -> Parsed {
    parse(&fs::read(path).unwrap())
}

/// What every format must tell alike of a line.
#[derive(Debug, PartialEq, Eq)]
struct Core {
    days: [Option<NaiveDate>; 2],
    amount: Decimal,
    bank_reference: Option<String>,
    memo: Option<String>,
}

fn core(statement: &Statement) -> Vec<Core> {
    let core_of = |line: &Line| Core {
        days: [line.booking_date, line.value_date],
        amount: line.amount,
        bank_reference: line.bank_reference.clone(),
        memo: line.memo.clone(),
    };
    statement.lines.iter().map(core_of).collect()
}

#[test]
fn complete_statements_of_every_format_have_no_errors() {
    for folder in ["camt053", "mt940", "csv"] {
        for path in files_in(folder) {
            let parsed = read(&path);
            assert_eq!(parsed.errors, vec![], "{}", path.display());
            assert!(!parsed.statements.is_empty() && parsed.exit_code() == 0);
        }
    }
}

#[test]
fn broken_files_are_refused_with_a_place() {
    for path in files_in("broken") {
        let parsed = read(&path);
        assert_ne!(parsed.exit_code(), 0, "{}", path.display());
        for error in &parsed.errors {
            assert!(
                error.at.starts_with("line ") || error.at.starts_with('/'),
                "{}: {error:?}",
                path.display()
            );
        }
    }
}

#[test]
fn one_statement_in_every_version_of_camt_is_one_model() {
    let first = parse(&bytes_of("camt053/vpbank-vnd.02.xml"));
    for version in ["03", "04", "08", "13"] {
        let other = parse(&bytes_of(&format!("camt053/vpbank-vnd.{version}.xml")));
        assert_eq!(other.version, Some(format!("camt.053.001.{version}")));
        let without_raw = |parsed: &Parsed| {
            let mut statements = parsed.statements.clone();
            statements
                .iter_mut()
                .flat_map(|statement| &mut statement.lines)
                .for_each(|line| line.raw.clear());
            statements
        };
        assert_eq!(without_raw(&other), without_raw(&first), "{version}");
    }
}

#[test]
fn the_same_day_reads_alike_in_camt_mt940_and_csv() {
    let camt = parse(&bytes_of("camt053/vpbank-vnd.08.xml"));
    for name in [
        "mt940/vpbank-vnd.sta",
        "mt940/vpbank-vnd-blocks.sta",
        "csv/two-columns-comma-bom.csv",
        "csv/two-columns-semicolon.csv",
        "csv/newest-first-tab.csv",
        "csv/one-signed-amount.csv",
    ] {
        let other = parse(&bytes_of(name));
        assert_eq!(core(&other.statements[0]), core(&camt.statements[0]), "{name}");
        assert_eq!(other.statements[0].account_number().as_deref(), Some("0123456789"), "{name}");
        let balances = |parsed: &Parsed| {
            let statement = &parsed.statements[0];
            (statement.opening.as_ref().map(|it| it.amount), statement.closing.as_ref().map(|it| it.amount))
        };
        assert_eq!(balances(&other), balances(&camt), "{name}");
    }
}

#[test]
fn the_public_json_has_exactly_its_fields() {
    let text = ":20:A\n:25:0123456789\n:28C:1/1\n:60F:C261121EUR10,\n:61:261122RC5,50NTRFNONREF\n:62F:C261122EUR4,50\n";
    let json: serde_json::Value = serde_json::to_value(parse(text.as_bytes())).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "format": "mt940",
            "statements": [{
                "account": "0123456789", "currency": "EUR", "number": "1/1",
                "opening": {"date": "2026-11-21", "amount": "10"},
                "closing": {"date": "2026-11-22", "amount": "4.50"},
                "lines": [{
                    "booking_date": null, "value_date": "2026-11-22", "amount": "-5.50", "reference": null,
                    "bank_reference": null, "memo": null, "reversal": true
                }]
            }],
            "warnings": [], "errors": []
        })
    );
    let refused: serde_json::Value = serde_json::to_value(parse(b"hello")).unwrap();
    assert_eq!(refused["format"], "unknown");
    assert_eq!(refused["errors"][0]["at"], "line 1");
    assert_eq!(refused["errors"][0].as_object().unwrap().len(), 2);
}

#[test]
fn what_is_no_statement_is_unreadable() {
    for bytes in [
        &b""[..],
        b"hello",
        b"\0\0\0\0",
        b"PK\x03\x04xlsx",
        b"\xD0\xCF\x11\xE0xls",
        b"<html><table></table></html>",
        b"a,b,c\n1,2,3\n",
        b"<?xml version=\"1.0\"?><Document><CstmrCdtTrfInitn/></Document>",
        b"\xFF\xFE",
        b"{}",
        b"-",
    ] {
        let parsed = parse(bytes);
        assert_eq!((parsed.format, parsed.exit_code()), (Format::Unknown, 2), "{bytes:?}");
        assert!(parsed.statements.is_empty() && !parsed.errors.is_empty());
    }
}

/// A statement of one entry of 5 euros.
fn mt940_of(entry: &str) -> String {
    format!(":20:A\n:25:1234567890\n:28C:1/1\n:60F:C261121EUR100,00\n{entry}\n:62F:C261122EUR105,00\n")
}

/// A camt.053 of one entry of 20 euros, with this inside.
fn camt_of(inside: &str) -> String {
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S1</Id><Acct><Id><IBAN>DE001002003</IBAN></Id></Acct>{}{}\
         <Ntry><Amt Ccy=\"EUR\">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>{inside}</Ntry></Stmt>\
         </BkToCstmrStmt></Document>",
        balance("OPBD", "100.00"),
        balance("CLBD", "120.00")
    )
}

#[test]
fn a_habit_of_a_bank_is_read_and_told_under_its_code_at_its_place() {
    let latin: Vec<u8> = mt940_of(":61:2611221122C5,NTRFX\n:86:Gebühr")
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    let table = "Ngày,Diễn giải,Số tiền\n22/11/2026,A,5000\n23/11/2026,B,6000";
    let american = "Date,Description,Amount\n01/02/2026,a,1.50\n01/15/26,b,2.50\n";
    let entry = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]";
    for (bytes, at, code) in [
        (mt940_of(":61:2611221122C5NTRFX").into_bytes(), "line 5", "amount_without_comma"),
        (mt940_of(":61:2611221122CX5,NTRFX").into_bytes(), "line 5", "funds_code_unexpected"),
        (mt940_of(":61:2611221122C5,NTRFX\n:86:hen gap\n:12:11 mai").into_bytes(), "line 7", "tag_in_text"),
        (mt940_of(":55:x\n:61:2611221122C5,NTRFX").into_bytes(), "line 5", "tag_unknown"),
        (latin, "line 1", "encoding_guessed"),
        (camt_of("").into_bytes(), entry, "date_missing"),
        (table.into(), "line 3", "end_open"),
        (table.into(), "line 1", "account_missing"),
        (table.into(), "line 1", "currency_assumed"),
        (american.into(), "line 1", "dates_month_first"),
    ] {
        let parsed = parse(&bytes);
        assert_eq!(parsed.errors, vec![], "{code}");
        let told: Vec<(&str, &str)> =
            parsed.warnings.iter().map(|warning| (warning.at.as_str(), warning.code)).collect();
        assert!(told.contains(&(at, code)), "{at} {code}: {told:?}");
    }
    let closed = parse(format!("{table}\n").as_bytes());
    assert!(closed.warnings.iter().all(|warning| warning.code != "end_open"), "a line end proves the end");
}

#[test]
fn a_fault_of_a_file_is_told_under_its_code_at_its_place() {
    let cut = |name: &str, length: usize| bytes_of(name)[..length].to_vec();
    let nested = camt_of("<Ntry><Amt Ccy=\"EUR\">1.00</Amt></Ntry>");
    for (bytes, at, code) in [
        (b"PK\x03\x04xlsx".to_vec(), "line 1", "archive_broken"),
        (cut("bank/acb.xls", 600), "line 1", "workbook_broken"),
        (nested.into_bytes(), "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]/Ntry", "element_misplaced"),
        (vec![0; MAX_BYTES + 1], "line 1", "file_too_large"),
    ] {
        let parsed = parse(&bytes);
        let told: Vec<(&str, &str)> =
            parsed.errors.iter().map(|error| (error.at.as_str(), error.code)).collect();
        assert_eq!(told, [(at, code)]);
    }
}

fn all_fixtures() -> Vec<Vec<u8>> {
    ["camt053", "mt940", "csv", "broken"]
        .iter()
        .flat_map(|folder| files_in(folder))
        .map(|path| fs::read(path).unwrap())
        .collect()
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Damage::Remove(at, length)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
        any::<usize>().prop_map(Damage::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let size = bytes.len().max(1);
    let range = |at: usize, length: usize, size: usize| at..(at + length).min(size);
    match damage {
        _ if bytes.is_empty() => {}
        Damage::Replace(at, byte) => bytes[at % size] = *byte,
        Damage::Remove(at, length) => drop(bytes.drain(range(at % size, *length, size))),
        Damage::Repeat(at, length) => {
            let part = bytes[range(at % size, *length, size)].to_vec();
            bytes.splice(at % size..at % size, part);
        }
        Damage::Cut(at) => bytes.truncate(at % size),
    }
}

/// Whatever is given without errors must be proven, line by line.
fn assert_sound(parsed: &Parsed) {
    assert!(parsed.format != Format::Unknown || (parsed.statements.is_empty() && !parsed.errors.is_empty()));
    if parsed.errors.is_empty() && parsed.format.requires_balances() {
        for joined in join_pages(parsed.statements.clone()) {
            if joined.opening.is_some() && joined.closing.is_some() {
                assert_eq!(prove_balance(&joined), None);
            }
        }
    }
}

fn a_day() -> impl Strategy<Value = NaiveDate> {
    (0..20_000_u64).prop_map(|days| NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + Days::new(days))
}

/// (signed cents, value date, days to the booking, reversal)
fn movements() -> impl Strategy<Value = Vec<(i64, NaiveDate, u64, bool)>> {
    prop::collection::vec((-9_999_999_i64..9_999_999, a_day(), 0..100_u64, any::<bool>()), 0..12)
}

fn swift_amount_of(amount: Decimal) -> String {
    format!("{:.2}", amount.abs()).replace('.', ",")
}

fn mark_of(amount: Decimal) -> &'static str {
    if amount.is_sign_negative() { "D" } else { "C" }
}

proptest! {

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        assert_sound(&parse(&bytes));
    }

    #[test]
    fn random_words_of_the_formats_never_panic(words in prop::collection::vec(prop::sample::select(vec![
        ":20:", ":25:", ":28C:", ":60F:", ":60M:", ":61:", ":62F:", ":86:", ":NS:", "\n", "\r\n", "-", "-}", "{4:", "{1:F01", "C261122VND", "2611221122C5,NTRF",
        "5,", "//", "?20", "<Stmt>", "</Stmt>", "<Document>", "<BkToCstmrStmt>", "<Ntry>", "<Amt Ccy=\"VND\">", "</Amt>", "<![CDATA[", "<!--", "&amp;", "&#0;", "&x;",
        "Ngày", ",", ";", "Nợ", "Có", "Diễn giải", "Số tiền", "22/11/2026", "\"", "đ", "é", "\u{0}", "Số tài khoản:", "12345678",
    ]), 0..60)) {
        assert_sound(&parse(words.concat().as_bytes()));
    }

    #[test]
    fn damaged_files_never_panic_and_never_pass_unproven(
        pick in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 1..6)
    ) {
        let files = all_fixtures();
        let mut bytes = pick.get(&files).clone();
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        assert_sound(&parse(&bytes));
    }

    #[test]
    fn a_generated_mt940_comes_back(opening in -9_999_999_i64..9_999_999, movements in movements()) {
        let opening = Decimal::new(opening, 2);
        let mut closing = opening;
        let mut text = format!(":20:G\n:25:0123456789\n:28C:1/1\n:60F:{}261121EUR{}\n", mark_of(opening), swift_amount_of(opening));
        for (number, (cents, value_date, shift, reversal)) in movements.iter().enumerate() {
            let amount = Decimal::new(*cents, 2);
            closing += amount;
            let booked = *value_date + Days::new(*shift);
            let mark = match (*reversal, amount.is_sign_negative()) {
                (false, true) => "D",
                (false, false) => "C",
                (true, true) => "RC",
                (true, false) => "RD",
            };
            text += &format!(":61:{}{}{mark}{}NTRFREF{number}//B{number}\n:86:memo {number}\n", value_date.format("%y%m%d"), booked.format("%m%d"), swift_amount_of(amount));
        }
        text += &format!(":62F:{}261122EUR{}\n-\n", mark_of(closing), swift_amount_of(closing));
        let parsed = parse(text.as_bytes());
        prop_assert_eq!(&parsed.errors, &vec![], "{}", text);
        let lines = &parsed.statements[0].lines;
        prop_assert_eq!(lines.len(), movements.len());
        for (line, (cents, value_date, shift, reversal)) in lines.iter().zip(&movements) {
            prop_assert_eq!(line.amount, Decimal::new(*cents, 2));
            prop_assert_eq!(line.value_date, Some(*value_date));
            prop_assert_eq!(line.booking_date, Some(*value_date + Days::new(*shift)));
            prop_assert_eq!(line.reversal, *reversal);
        }
    }

    #[test]
    fn a_generated_camt_comes_back_and_one_wrong_digit_is_caught(
        opening in -9_999_999_i64..9_999_999, movements in movements(), off in 1..1_000_i64
    ) {
        let element = |amount: Decimal| {
            let mark = if amount.is_sign_negative() { "DBIT" } else { "CRDT" };
            format!("<Amt Ccy=\"EUR\">{:.2}</Amt><CdtDbtInd>{mark}</CdtDbtInd>", amount.abs())
        };
        let balance = |code: &str, amount: Decimal| format!("<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}</Bal>", element(amount));
        let opening = Decimal::new(opening, 2);
        let closing = movements.iter().fold(opening, |sum, movement| sum + Decimal::new(movement.0, 2));
        let entries: String = movements.iter().map(|(cents, date, _, reversal)| format!(
            "<Ntry>{}<RvslInd>{reversal}</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>{date}</Dt></BookgDt></Ntry>", element(Decimal::new(*cents, 2))
        )).collect();
        let document = |closing: Decimal| format!(
            "<Document><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>X1</IBAN></Id></Acct>{}{}{entries}</Stmt></BkToCstmrStmt></Document>",
            balance("OPBD", opening), balance("CLBD", closing)
        );
        let parsed = parse(document(closing).as_bytes());
        prop_assert_eq!(&parsed.errors, &vec![]);
        let amounts: Vec<Decimal> = parsed.statements[0].lines.iter().map(|line| line.amount).collect();
        prop_assert_eq!(amounts, movements.iter().map(|movement| Decimal::new(movement.0, 2)).collect::<Vec<_>>());
        let wrong = parse(document(closing + Decimal::new(off, 2)).as_bytes());
        prop_assert_eq!(wrong.errors[0].code, "balance_broken");
    }
}

#[test]
fn labels_and_cells_over_several_rows_are_read_as_their_banks_write_them() {
    let statement = parse(&bytes_of("csv/czech-labels.csv")).statements.remove(0);
    assert_eq!(statement.closing.as_ref().unwrap().amount, "2087.66".parse().unwrap());
    assert_eq!(prove_balance(&statement), None);
    let day = NaiveDate::from_ymd_opt(2026, 11, 21);
    let lines = parse(&bytes_of("csv/date-over-rows.xls")).statements.remove(0).lines;
    assert_eq!(lines.iter().map(|line| line.booking_date).collect::<Vec<_>>(), [day, day]);
    assert_eq!(lines.iter().map(|line| line.amount).sum::<Decimal>(), Decimal::from(21_700));
}

/// An archive of files by their names.
fn archive_of(members: &[(&str, String)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_pages_of_a_statement_come_in_files_of_their_own_and_in_any_order() {
    let page = |number: u32, is_last: bool, balance: (&str, &str), amount: &str| {
        let (code, sum) = balance;
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>\
             </GrpHdr><Stmt><Id>S1</Id><StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{is_last}</LastPgInd></StmtPgntn>\
             <Acct><Id><IBAN>DE001002003</IBAN></Id></Acct><Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>\
             <Amt Ccy=\"EUR\">{sum}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>\
             <Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
             <BookgDt><Dt>2026-11-22</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
        )
    };
    let delivered = |closing: &str| {
        let first = page(1, false, ("OPBD", "100.00"), "20.00");
        let second = page(2, true, ("CLBD", closing), "5.00");
        parse(&archive_of(&[("b.xml", second), ("a.xml", first)]))
    };
    let whole = delivered("125.00");
    assert_eq!((whole.errors.clone(), whole.warnings.clone()), (vec![], vec![]));
    let joined = join_pages(whole.statements);
    assert_eq!((joined.len(), joined[0].lines.len()), (1, 2));
    assert_eq!(joined[0].closing.as_ref().unwrap().amount, Decimal::from(125));
    let broken = delivered("126.00");
    assert_eq!(broken.errors[0].code, "balance_broken");
    assert!(broken.errors[0].at.starts_with("b.xml: "), "{}", broken.errors[0].at);
    let sums = "<TxsSummry><TtlCdtNtries><Sum>26.00</Sum></TtlCdtNtries></TxsSummry><Ntry>";
    let first = page(1, false, ("OPBD", "100.00"), "20.00");
    let second = page(2, true, ("CLBD", "125.00"), "5.00").replace("<Ntry>", sums);
    let miscounted = parse(&archive_of(&[("b.xml", second), ("a.xml", first)]));
    assert_eq!(miscounted.errors[0].code, "totals_mismatch");
    assert!(miscounted.errors[0].at.starts_with("b.xml: "), "{}", miscounted.errors[0].at);
}

#[test]
fn pages_that_follow_already_stay_where_they_are_though_every_day_has_the_same_numbers() {
    let page = |number: u32, opening: &str, amount: &str, closing: &str| {
        format!(
            ":20:STARTUMS\n:25:1234567890\n:28C:0/{number}\n:60{opening}\n:61:261122C{amount},00NTRFNONREF\n\
             :62{closing}\n-\n"
        )
    };
    let first = page(1, "F:C261121EUR100,00", "20", "M:C261122EUR120,00")
        + &page(2, "M:C261122EUR120,00", "5", "F:C261122EUR125,00");
    let second = page(1, "F:C261122EUR125,00", "1", "M:C261123EUR126,00")
        + &page(2, "M:C261123EUR126,00", "2", "F:C261123EUR128,00");
    let both = parse(&archive_of(&[("1.sta", first), ("2.sta", second)]));
    assert_eq!(both.errors, vec![]);
    let closings: Vec<_> =
        join_pages(both.statements).iter().map(|one| one.closing.as_ref().unwrap().amount).collect();
    assert_eq!(closings, [Decimal::from(125), Decimal::from(128)]);
}
