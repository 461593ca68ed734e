//! Counts that a bank states of a statement of which an entry is set aside.

use crate::statement::parse;

fn balance(code: &str, amount: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
    )
}

fn entry(amount: &str, mark: &str, inside: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>BOOK</Sts>\
         <BookgDt><Dt>2026-11-22</Dt></BookgDt>{inside}</Ntry>"
    )
}

/// Codes of the errors, and whether a count was not compared, where so many credits are stated beside a credit of 20
/// and this entry.
fn told(count: u32, unread: &str) -> (Vec<&'static str>, bool) {
    let inside = [
        balance("OPBD", "100.00"),
        balance("CLBD", "130.00"),
        format!("<TxsSummry><TtlCdtNtries><NbOfNtries>{count}</NbOfNtries></TtlCdtNtries></TxsSummry>"),
        entry("20.00", "CRDT", ""),
        unread.to_owned(),
    ];
    let text = format!(
        "<Document><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><Othr><Id>0123456789</Id></Othr></Id></Acct>{}</Stmt>\
         </BkToCstmrStmt></Document>",
        inside.concat()
    );
    let parsed = parse(text.as_bytes());
    let is_uncompared = parsed.warnings.iter().any(|warning| warning.code == "count_uncompared");
    (parsed.errors.iter().map(|error| error.code).collect(), is_uncompared)
}

#[test]
fn an_entry_that_is_set_aside_counts_on_its_side() {
    let unread = entry("1x", "CRDT", "");
    assert_eq!(told(2, &unread), (vec!["amount_unreadable"], false));
    assert_eq!(
        told(3, &unread),
        (vec!["amount_unreadable", "count_mismatch"], false),
        "another one is missing"
    );
    assert_eq!(told(2, &entry("1x", "DBIT", "")), (vec!["amount_unreadable", "count_mismatch"], false));
    assert_eq!(told(1, &entry("1x", "DBIT", "")), (vec!["amount_unreadable"], false));
    let announced = unread.replace("BOOK", "PDNG");
    assert_eq!(told(1, &announced).0, ["amount_unreadable"], "the bank may count it");
    assert_eq!(told(2, &announced).0, ["amount_unreadable"]);
}

#[test]
fn an_entry_that_may_be_several_or_of_either_side_leaves_the_count_uncompared() {
    let batch = "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>";
    assert_eq!(told(9, &entry("1x", "CRDT", batch)), (vec!["amount_unreadable"], true));
    assert_eq!(told(9, &entry("10.00", "CRxT", "")), (vec!["mark_invalid"], true));
    assert_eq!(told(9, &entry("1x", "CRDT", "<RvslInd>true</RvslInd>")), (vec!["amount_unreadable"], true));
    let unknown = entry("10.00", "CRDT", "").replace("BOOK", "BOxK");
    assert_eq!(told(9, &unknown), (vec!["status_invalid"], true));
}

#[test]
fn an_entry_that_the_bank_may_not_count_leaves_the_count_of_both_sides_uncompared_too() {
    let overall = |count: u32, unread: &str| {
        let inside = [
            balance("OPBD", "100.00"),
            balance("CLBD", "130.00"),
            format!("<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries></TtlNtries></TxsSummry>"),
            entry("20.00", "CRDT", ""),
            entry("10.00", "CRDT", ""),
            unread.to_owned(),
        ];
        let text = format!(
            "<Document><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><Othr><Id>0123456789</Id></Othr></Id></Acct>{}</Stmt>\
             </BkToCstmrStmt></Document>",
            inside.concat()
        );
        let parsed = parse(text.as_bytes());
        let is_uncompared = parsed.warnings.iter().any(|warning| warning.code == "count_uncompared");
        (parsed.errors.iter().map(|error| error.code).collect::<Vec<_>>(), is_uncompared)
    };
    let undated =
        |amount: &str, inside: &str| entry(amount, "DBIT", inside).replace("2026-11-22", "2026-13-22");
    let reversal = undated("5.00", "<RvslInd>true</RvslInd>");
    assert_eq!(overall(2, &reversal), (vec!["date_invalid"], true), "a reversal that is counted nowhere");
    assert_eq!(overall(2, &undated("0.00", "")), (vec!["date_invalid"], true), "and an entry of nothing");
    assert_eq!(overall(2, &undated("5.00", "")).0, ["date_invalid", "count_mismatch"]);
}
