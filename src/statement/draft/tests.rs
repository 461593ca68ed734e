use super::*;
use crate::statement::layout::Layouts;
use crate::statement::parse;
use crate::statement::tabular::{self, Ending, Row};

fn balance(code: &str, amount: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{amount}</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-23</Dt></Dt></Bal>"
    )
}

fn entry(amount: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
         <BookgDt><Dt>2026-11-23</Dt></BookgDt></Ntry>"
    )
}

fn statement(account_no: &str, closing: &str) -> String {
    format!(
        "<Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><Othr><Id>{account_no}</Id></Othr></Id></Acct>\
         {}{}{}</Stmt>",
        balance("OPBD", "0"),
        balance("CLBD", closing),
        entry(closing)
    )
}

fn file(statements: &[String]) -> String {
    format!("<Document><BkToCstmrStmt>{}</BkToCstmrStmt></Document>", statements.concat())
}

#[test]
fn of_two_statements_that_contradict_each_other_neither_goes_in_beside_a_third() {
    let text = file(&[statement("111111", "5"), statement("222222", "7"), statement("111111", "6")]);
    let mut parsed = parse(text.as_bytes());
    let sorted = drafts(&mut parsed, None).unwrap_or_else(|errors| panic!("{errors:?}"));
    let taken: Vec<&str> = sorted.drafts.iter().map(|draft| draft.account_no.as_str()).collect();
    let refused: Vec<_> = sorted.refused.iter().map(|one| (one.position, one.findings[0].code)).collect();
    assert_eq!((taken, refused), (vec!["222222"], vec![(0, REPEATED), (2, REPEATED)]));
    assert_eq!(sorted.drafts[0].position, 1, "a statement keeps its place whatever is left out before it");
}

#[test]
fn a_file_that_is_cut_off_goes_in_not_at_all() {
    let text = file(&[statement("111111", "5"), statement("222222", "7")]);
    let mut parsed = parse(&text.as_bytes()[..text.rfind("<Ntry>").unwrap()]);
    let errors = drafts(&mut parsed, None).map(|_| ()).unwrap_err();
    assert!(errors.iter().any(|error| error.code == "xml_truncated"), "{errors:?}");
}

#[test]
fn a_place_lies_in_the_statement_that_begins_before_it_in_its_own_file() {
    let pages =
        ["a.sta: line 1", "a.sta: line 9", "b.sta: line 3", "c.xml: /D/Stmt[1]", "c.xml: /D/Stmt[11]"];
    let pages = Pages::starting(pages.iter().map(|at| (*at).to_owned()).zip(0..));
    let of = |at: &str| pages.owner(at);
    assert_eq!((of("a.sta: line 8"), of("a.sta: line 9"), of("b.sta: line 99")), (Some(0), Some(1), Some(2)));
    assert_eq!((of("c.xml: /D/Stmt[1]/Bal[2]"), of("c.xml: /D/Stmt[11]")), (Some(3), Some(4)));
    assert_eq!((of("b.sta: line 2"), of("c.xml: /D/GrpHdr"), of("line 4")), (None, None, None));
}

fn page(number: u32, is_last: bool, inside: &str) -> String {
    format!(
        "<Stmt><Id>P</Id><StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{is_last}</LastPgInd></StmtPgntn>\
         <ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><Othr><Id>333333</Id></Othr></Id></Acct>{inside}</Stmt>"
    )
}

#[test]
fn what_pages_state_is_compared_whatever_is_wrong_with_another_statement() {
    let sorted = |count: u32| {
        let sums = format!("<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries></TtlNtries></TxsSummry>");
        let broken = statement("111111", "5").replace(&entry("5"), &entry("6"));
        let first = page(1, false, &(balance("OPBD", "100") + &entry("1")));
        let second = page(2, true, &(balance("CLBD", "103") + &sums + &entry("2")));
        let mut parsed = parse(file(&[broken, first, second, statement("222222", "7")]).as_bytes());
        let sorted = drafts(&mut parsed, None).unwrap_or_else(|errors| panic!("{errors:?}"));
        let refused = sorted.refused.iter().map(|one| (one.position, one.findings[0].code));
        (sorted.drafts.iter().map(|draft| draft.position).collect::<Vec<_>>(), refused.collect::<Vec<_>>())
    };
    assert_eq!(sorted(2), (vec![1, 2], vec![(0, "balance_broken")]));
    assert_eq!(sorted(4), (vec![2], vec![(0, "balance_broken"), (1, "count_mismatch")]));
}

#[test]
fn a_line_of_a_page_that_is_set_aside_counts_in_what_the_pages_state() {
    let sorted = |count: u32| {
        let sums = format!("<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries></TtlNtries></TxsSummry>");
        let first = page(1, false, &(balance("OPBD", "100") + &entry("1") + &entry("1x")));
        let second = page(2, true, &(balance("CLBD", "103") + &sums + &entry("2")));
        let mut parsed = parse(file(&[first, second, statement("222222", "7")]).as_bytes());
        let sorted = drafts(&mut parsed, None).unwrap_or_else(|errors| panic!("{errors:?}"));
        let aside: usize = sorted.drafts.iter().map(|draft| draft.quarantined.len()).sum();
        let told = sorted.refused.iter().flat_map(|one| &one.findings);
        (aside, told.map(|finding| finding.code).collect::<Vec<_>>())
    };
    assert_eq!(sorted(3), (1, vec![]));
    let both = vec!["count_mismatch", "amount_unreadable"];
    assert_eq!(
        sorted(4),
        (0, both),
        "a line is missing beside the one that does not read, which is told too"
    );
}

#[test]
fn a_row_that_may_be_of_either_of_two_sheets_keeps_the_whole_workbook_out() {
    let rows = |text: &str| tabular::rows_of_text(text, Layouts::default());
    let section = |account_no: &str| {
        format!(
            "SAO KÊ TÀI KHOẢN;STATEMENT OF ACCOUNT\nSố tài khoản:;{account_no}\nSố dư đầu kỳ;;100\n\
             Ngày;Diễn giải;Nợ;Có;Số dư\n22/11/2026;A;;5;105\n\
             Số dư cuối kỳ;;;;105\n"
        )
    };
    let sorted = |sheets: &[Vec<Row>]| {
        let reading = tabular::read(sheets, Format::Xlsx, Ending::OfWorkbook, Layouts::default());
        assert_eq!((reading.findings.errors, reading.statements.len()), (vec![], 2));
        let at = reading.statements[1].lines[0].at.clone();
        let mut parsed = Parsed {
            format: reading.format,
            statements: reading.statements,
            warnings: Vec::new(),
            errors: vec![Finding::new(at, "amount_unreadable", "", "")],
            version: None,
            encoding: "",
        };
        drafts(&mut parsed, None).map(|sorted| sorted.drafts[1].quarantined.len())
    };
    let (one, other) = (section("0123456789"), section("9876543210"));
    assert_eq!(sorted(&[rows(&(one.clone() + &other))]), Ok(1));
    let refused = sorted(&[rows(&one), rows(&other)]).unwrap_err();
    assert_eq!((refused.len(), refused[0].code), (1, "amount_unreadable"));
}
