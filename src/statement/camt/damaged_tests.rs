//! XML that was damaged on its way, or says two things at once.

const WHOLE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>\
    <CreDtTm>2026-01-16T10:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id>\
    <Acct><Id><Othr><Id>0123456789</Id></Othr></Id></Acct>\
    <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">100.00</Amt>\
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-15</Dt></Dt></Bal>\
    <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">90.00</Amt>\
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-15</Dt></Dt></Bal>\
    <Ntry><Amt Ccy=\"EUR\">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>\
    <BookgDt><DtTm>2026-01-15T09:00:00+01:00</DtTm></BookgDt><AddtlNtryInf>Gebühr</AddtlNtryInf></Ntry>\
    </Stmt></BkToCstmrStmt></Document>";

fn code(bytes: &[u8]) -> Option<&'static str> {
    crate::statement::parse(bytes).errors.first().map(|error| error.code)
}

#[test]
fn xml_that_is_not_well_formed_is_refused() {
    assert_eq!(code(WHOLE.as_bytes()), None);
    for (from, to) in [
        ("</Document>", "</Document>junk"),
        ("</Document>", "</Document><x/>"),
        ("<Amt Ccy=\"EUR\">10.", "<Amt Ccy=\"EUR\" Ccy=\"EUR\">10."),
        ("<Amt Ccy=\"EUR\">10.", "<Amt Ccy=EUR>10."),
        ("Gebühr", "Geb\0hr"),
        ("<Stmt>", "<!-- a -- b --><Stmt>"),
        ("<Sts>BOOK</Sts>", "<Sts>BOOK</Sts><u:X>1</u:X>"),
    ] {
        assert_eq!(code(WHOLE.replace(from, to).as_bytes()), Some("xml_broken"), "{to}");
    }
}

#[test]
fn what_says_that_it_is_utf_8_must_be() {
    let latin: Vec<u8> = WHOLE.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(code(&latin), Some("encoding_broken"));
    let table = "Datum;Text;Betrag\n05.01.2026;Gebühr Bäcker;50,00\n".as_bytes();
    assert_eq!(code(table), None);
    let torn: Vec<u8> = table.iter().copied().filter(|byte| *byte != 0xBC).collect();
    assert_eq!(code(&torn), Some("encoding_broken"));
}

#[test]
fn two_balances_of_one_day_that_differ_are_refused() {
    let again = "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">101.00</Amt>\
                 <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-15</Dt></Dt></Bal><Ntry>";
    assert_eq!(code(WHOLE.replace("<Ntry>", again).as_bytes()), Some("balance_repeated"));
    assert_eq!(code(WHOLE.replace("<Ntry>", &again.replace("101.00", "100.00")).as_bytes()), None);
}

#[test]
fn two_balances_of_no_day_that_differ_are_refused() {
    let undated = WHOLE.replace(
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-15</Dt></Dt></Bal>",
        "<CdtDbtInd>CRDT</CdtDbtInd></Bal>",
    );
    assert_eq!(code(undated.as_bytes()), None);
    let again = "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">101.00</Amt>\
                 <CdtDbtInd>CRDT</CdtDbtInd></Bal><Ntry>";
    assert_eq!(code(undated.replace("<Ntry>", again).as_bytes()), Some("balance_repeated"));
}

/// The same with nothing but the entry, as a notification, which no balance proves.
fn notice() -> String {
    let (head, rest) = WHOLE.split_once("<Bal>").unwrap();
    let (_, entry) = rest.split_once("<Ntry>").unwrap();
    let text = format!("{head}<Ntry>{entry}");
    text.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>")
}

#[test]
fn a_status_or_an_entry_under_a_damaged_name_is_not_one_that_was_left_out() {
    assert_eq!(code(notice().as_bytes()), None);
    assert_eq!(code(notice().replace("<Sts>BOOK</Sts>", "").as_bytes()), None, "the habit of some banks");
    for (from, to, refusal) in [("Sts>", "Stat>", "element_missing"), ("Ntry>", "Entry>", "element_unknown")]
    {
        assert_eq!(code(notice().replace(from, to).as_bytes()), Some(refusal), "{to}");
    }
}

#[test]
fn the_same_sum_in_another_currency_needs_an_exchange() {
    let inside = |more: &str| {
        let payment = format!(
            "<NtryDtls><TxDtls><Amt Ccy=\"USD\">10.00</Amt>{more}<CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls></Ntry>"
        );
        code(notice().replace("</Ntry>", &payment).as_bytes())
    };
    assert_eq!(inside(""), Some("currency_mixed"));
    let exchange = "<AmtDtls><TxAmt><CcyXchg><XchgRate>1</XchgRate></CcyXchg></TxAmt></AmtDtls>";
    assert_eq!(inside(exchange), None);
}

#[test]
fn a_statement_comes_once_by_its_balances_or_its_id() {
    let nameless = WHOLE.replace("<Id>S</Id>", "");
    assert_eq!(code(nameless.as_bytes()), None);
    let (_, statement) = nameless.split_once("<Stmt>").unwrap();
    let (statement, _) = statement.split_once("</Stmt>").unwrap();
    let twice = nameless.replace("</Stmt>", &format!("</Stmt><Stmt>{statement}</Stmt>"));
    assert_eq!(code(twice.as_bytes()), Some("statement_repeated"));
    let (head, tail) = WHOLE.split_once("</Stmt>").unwrap();
    let (_, named) = head.split_once("<Stmt>").unwrap();
    let otherwise = named.replace(">90.00<", ">95.00<").replace(">10.00<", ">5.00<");
    let contradicted = format!("{head}</Stmt><Stmt>{otherwise}</Stmt>{tail}");
    assert_eq!(code(contradicted.as_bytes()), Some("statement_repeated"));
}

#[test]
fn moments_that_do_not_exist_are_refused() {
    for (from, to) in
        [("T09:00:00", "T25:00:00"), ("T09:00:00", "T09:61:00"), ("2026-01-16T10", "2026-13-16T10")]
    {
        assert_eq!(code(WHOLE.replace(from, to).as_bytes()), Some("date_invalid"), "{to}");
    }
}

#[test]
fn pages_that_are_not_numbered_or_marked_as_pages_are_refused() {
    let paged = |number: &str, mark: &str| {
        let page = format!("<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{mark}</LastPgInd></StmtPgntn>");
        code(WHOLE.replace("<Stmt>", &format!("<Stmt>{page}")).as_bytes())
    };
    assert_eq!(paged("00001", "true"), None);
    assert_eq!(paged("one", "true"), Some("number_unreadable"));
    assert_eq!(paged("1", "maybe"), Some("page_mark_invalid"));
}
