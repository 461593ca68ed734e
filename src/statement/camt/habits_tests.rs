//! What banks of many countries write besides what the standard asks.

use crate::statement::{Parsed, Statement, parse};

fn document(kind: (&str, &str, &str), inside: &str) -> String {
    let (version, message, statement) = kind;
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{version}\"><{message}>\
         <GrpHdr><MsgId>M</MsgId></GrpHdr><{statement}><Id>S1</Id><Acct><Id><IBAN>DE001002003</IBAN></Id>\
         <Ownr><Nm>PHUONG MOT</Nm></Ownr></Acct>{inside}</{statement}></{message}></Document>"
    )
}

const STATEMENT: (&str, &str, &str) = ("camt.053.001.08", "BkToCstmrStmt", "Stmt");
const REPORT: (&str, &str, &str) = ("camt.052.001.08", "BkToCstmrAcctRpt", "Rpt");
const NOTICE: (&str, &str, &str) = ("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn");

fn balance(code: &str, amount: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
    )
}

/// An entry without any status.
fn entry(amount: &str, dates: &str, details: &str) -> String {
    format!("<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{dates}{details}</Ntry>")
}

const BOOKED: &str = "<BookgDt><Dt>2026-11-22</Dt></BookgDt>";
const VALUED: &str = "<ValDt><Dt>2026-11-22</Dt></ValDt>";

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

/// A statement from 100 to 120 with one credit of 20 in it.
fn of_details(details: &str) -> Statement {
    let details = format!("<NtryDtls><TxDtls>{details}</TxDtls></NtryDtls>");
    let inside = balance("OPBD", "100.00") + &balance("CLBD", "120.00") + &entry("20.00", BOOKED, &details);
    let mut parsed = read(&document(STATEMENT, &inside));
    assert_eq!(parsed.errors, vec![]);
    parsed.statements.remove(0)
}

fn memo(details: &str) -> String {
    of_details(details).lines.remove(0).memo.unwrap_or_default()
}

#[test]
fn an_entry_without_state_is_booked_by_its_date_or_by_the_balances() {
    for kind in [REPORT, NOTICE] {
        let parsed = read(&document(kind, &entry("20.00", BOOKED, "")));
        assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "status_assumed"), "{kind:?}");
        let undated = read(&document(kind, &entry("20.00", VALUED, "")));
        assert_eq!(undated.errors[0].code, "element_missing", "a value date alone may be one to come");
    }
    let report = |closing: &str| {
        let balances = balance("OPBD", "100.00") + &balance("CLBD", closing);
        read(&document(REPORT, &(balances + &entry("20.00", VALUED, ""))))
    };
    assert_eq!(report("120.00").errors, vec![]);
    assert_eq!(report("121.00").errors[0].code, "element_missing");
}

#[test]
fn fractions_that_the_currency_does_not_have_and_unknown_currencies_are_refused() {
    let inside = balance("OPBD", "100.00") + &balance("CLBD", "120.00") + &entry("20.00", BOOKED, "");
    let good = document(STATEMENT, &inside);
    for (from, to, code) in
        [("20.00</Amt>", "20.005</Amt>", "amount_decimals"), ("\"EUR\"", "\"ZZZ\"", "currency_invalid")]
    {
        let parsed = read(&good.replace(from, to));
        assert_eq!(parsed.errors[0].code, code, "{to}");
    }
    assert_eq!(read(&good.replace("20.00</Amt>", "20.00000</Amt>")).errors, vec![]);
    let whole = good.replace("EUR", "JPY").replace("20.00</Amt>", "20.50</Amt>");
    assert_eq!(read(&whole).errors[0].code, "amount_decimals");
}

#[test]
fn documents_put_one_behind_the_other_are_all_read() {
    let of = |from: &str, to: &str| {
        let inside = balance("OPBD", from) + &balance("CLBD", to) + &entry("20.00", BOOKED, "");
        document(STATEMENT, &inside).replace("<Id>S1</Id>", &format!("<Id>S{from}</Id>"))
    };
    let parsed = read(&format!("{}\n{}", of("100.00", "120.00"), of("120.00", "140.00")));
    assert_eq!((parsed.errors, parsed.statements.len()), (vec![], 2));
    let notice = document(NOTICE, &entry("20.00", BOOKED, ""));
    let mixed = format!("{}\n{notice}", of("100.00", "120.00"));
    assert_eq!(read(&mixed).errors[0].code, "xml_broken", "a notification brings no lines");
    let stray = format!("{}<Document/>", of("100.00", "120.00"));
    assert_eq!(read(&stray).errors[0].code, "xml_broken", "no declaration begins a second file");
}

#[test]
fn the_memo_has_every_text_once_and_words_cut_at_a_narrow_line_whole() {
    let document_number = "<RmtInf><Strd><RfrdDocInf><Nb>INV-7</Nb></RfrdDocInf></Strd></RmtInf>";
    assert_eq!(memo(document_number), "INV-7");
    let returned = "<RtrInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>so tai khoan sai</AddtlInf></RtrInf>";
    assert_eq!(memo(returned), "so tai khoan sai");
    let twice = "<RmtInf><Ustrd>nop phi so 99</Ustrd></RmtInf><AddtlTxInf>so 99</AddtlTxInf>";
    assert_eq!(memo(twice), "nop phi so 99");
    let narrow = "<RmtInf><Ustrd>Ho so 000.00.18.H26-261122-0001 HNP</Ustrd><Ustrd>H7K2MQ4X97 nop phi</Ustrd></RmtInf>";
    assert_eq!(memo(narrow), "Ho so 000.00.18.H26-261122-0001 HNPH7K2MQ4X97 nop phi");
    let by_chance = "<RmtInf><Ustrd>Le phi ho tich thang muoi mot nam n</Ustrd><Ustrd>Nguoi nop tai quay</Ustrd></RmtInf>";
    assert_eq!(memo(by_chance), "Le phi ho tich thang muoi mot nam n Nguoi nop tai quay");
    let wide = by_chance.replace("Nguoi nop tai quay", "goi dien thoai cho nguoi nop truoc khi tra ket qua");
    assert!(memo(&wide).contains("nam n goi"), "no bank that cuts at 35 sends more: {}", memo(&wide));
}

#[test]
fn the_counterparty_is_the_other_side_whoever_is_called_what() {
    let named = |parties: &str| {
        let line = of_details(&format!("<RltdPties>{parties}</RltdPties>")).lines.remove(0);
        line.counterparty_name.unwrap_or_default()
    };
    assert_eq!(named("<UltmtDbtr><Nm>NGUOI NOP</Nm></UltmtDbtr>"), "NGUOI NOP");
    // The refund of a payment of ours: the parties are those of the payment.
    let own_first = "<Dbtr><Nm>PHUONG MOT</Nm></Dbtr><Cdtr><Nm>NGUOI NHAN</Nm></Cdtr>";
    assert_eq!(named(own_first), "NGUOI NHAN");
    assert_eq!(
        named("<Dbtr><Nm>PHUONG MOT</Nm></Dbtr>"),
        "PHUONG MOT",
        "a transfer from another own account"
    );
}

#[test]
fn the_form_of_italian_banks_reads_like_the_standard() {
    let inside = balance("OPBD", "100.00") + &balance("CLBD", "120.00") + &entry("20.00", BOOKED, "");
    let standard = document(STATEMENT, &inside);
    for name in ["CBIDlyStmtReqLogMsg", "CBIPrdcStmtReqLogMsg"] {
        let inner = standard.split_once("<BkToCstmrStmt>").unwrap().1;
        let inner = inner.split_once("</BkToCstmrStmt>").unwrap().0;
        let text = format!(
            "<B:CBIBdyBkToCstmrStmtReq xmlns:B=\"urn:CBI:xsd:CBIBdyBkToCstmrStmtReq.00.01.02\"><{name}>{inner}</{name}>\
             </B:CBIBdyBkToCstmrStmtReq>"
        );
        let parsed = read(&text);
        assert_eq!((parsed.errors.clone(), parsed.statements.len()), (vec![], 1), "{name}");
        assert_eq!(parsed.statements[0].lines, lines_under(&parsed.statements[0], &standard), "{name}");
    }
}

/// The lines of the standard's document at the places of another one.
fn lines_under(other: &Statement, standard: &str) -> Vec<crate::statement::Line> {
    let mut lines = read(standard).statements.remove(0).lines;
    for line in &mut lines {
        line.at = line.at.replace("/Document/BkToCstmrStmt/Stmt[1]", &other.at);
    }
    lines
}

#[test]
fn a_statement_without_an_id_is_taken_where_its_balances_prove_it() {
    let inside = balance("OPBD", "100.00") + &balance("CLBD", "120.00") + &entry("20.00", BOOKED, "");
    let nameless = document(STATEMENT, &inside).replace("<Id>S1</Id>", "");
    let parsed = read(&nameless);
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "status_assumed"));
    assert!(read(&nameless.replace("120.00", "121.00")).exit_code() != 0);
    assert_eq!(read(&document(NOTICE, &entry("1", BOOKED, "")).replace("<Id>S1</Id>", "")).exit_code(), 1);
}

#[test]
fn a_payment_is_of_what_was_instructed_where_nothing_else_is_said() {
    let details = |instructed: &str, currency: &str| {
        let amount =
            format!("<AmtDtls><InstdAmt><Amt Ccy=\"{currency}\">{instructed}</Amt></InstdAmt></AmtDtls>");
        let both =
            format!("<NtryDtls><TxDtls><Refs><EndToEndId>-</EndToEndId></Refs>{amount}</TxDtls></NtryDtls>");
        let line =
            read(&document(NOTICE, &entry("20.00", BOOKED, &both))).statements.remove(0).lines.remove(0);
        (line.reference.clone(), line.details[0].amount.map(|amount| amount.to_string()))
    };
    assert_eq!(details("20.00", "EUR"), (None, Some("20.00".to_owned())));
    assert_eq!(details("25.00", "EUR"), (None, None), "charges were kept back on the way");
    assert_eq!(details("20.00", "USD"), (None, None));
}
