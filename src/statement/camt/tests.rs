use crate::statement::{
    Duplicate, Format, Line, LineSink, Parsed, Statement, can_stream, join_pages, parse, parse_stream,
    prove_balance,
};

fn balance(code: &str, amount: &str, mark: &str) -> String {
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
         <CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>2026-11-22</Dt></Dt></Bal>"
    )
}

fn entry(amount: &str, mark: &str, inside: &str) -> String {
    format!(
        "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>BOOK</Sts>\
         <BookgDt><Dt>2026-11-22</Dt></BookgDt><ValDt><DtTm>2026-11-21T10:00:00+01:00</DtTm></ValDt>{inside}</Ntry>"
    )
}

fn statement(inside: &str) -> String {
    format!("<Stmt><Id>S1</Id><Acct><Id><IBAN>DE001002003</IBAN></Id></Acct>{inside}</Stmt>")
}

fn document(statements: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\">\
         <BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>{statements}</BkToCstmrStmt></Document>"
    )
}

/// A document of one statement that opens with 100.
fn simple(closing: &str, inside: &str) -> String {
    let balances = balance("OPBD", "100.00", "CRDT") + &balance("CLBD", closing, "CRDT");
    document(&statement(&format!("{balances}{inside}")))
}

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!(parsed.statements.len(), 1);
    parsed.statements.remove(0)
}

fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("must be refused: {text}"));
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

#[test]
fn an_entry_is_signed_by_its_mark_and_proven() {
    let statement = clean(&simple("115.00", &(entry("20.00", "CRDT", "") + &entry("5.00", "DBIT", ""))));
    assert_eq!(amounts(&statement), ["20.00", "-5.00"]);
    assert_eq!(statement.lines[0].booking_date.unwrap().to_string(), "2026-11-22");
    assert_eq!(statement.lines[0].value_date.unwrap().to_string(), "2026-11-21");
    assert_eq!(statement.lines[1].at, "/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]");
    assert_eq!(statement.lines[1].raw, entry("5.00", "DBIT", ""));
    assert_eq!(statement.lines[1].entry_index, 2);
}

#[test]
fn the_version_is_known_and_any_namespace_prefix_reads_alike() {
    let plain = simple("120.00", &entry("20.00", "CRDT", ""));
    let parsed = read(&plain);
    assert_eq!(parsed.version.as_deref(), Some("camt.053.001.02"));
    let prefixed =
        plain.replace("</", "</n:").replace('<', "<n:").replace("<n:/n:", "</n:").replace("<n:?", "<?");
    let wrapped =
        format!("<Envelope><Body>{}</Body></Envelope>", plain.replace("<?xml version=\"1.0\"?>", ""));
    assert_eq!(
        clean(&prefixed.replace("xmlns=", "xmlns:n=")).lines[0].amount,
        parsed.statements[0].lines[0].amount
    );
    assert_eq!(clean(&wrapped).at, "/Envelope/Body/Document/BkToCstmrStmt/Stmt[1]");
}

#[test]
fn a_reversal_is_marked_and_keeps_the_direction_of_the_entry() {
    let statement = clean(&simple("80.00", &entry("20.00", "DBIT", "<RvslInd>true</RvslInd>")));
    assert_eq!(amounts(&statement), ["-20.00"]);
    assert!(statement.lines[0].reversal);
}

#[test]
fn only_booked_entries_count() {
    let pending = entry("7.00", "CRDT", "").replace("BOOK", "PDNG");
    let info = entry("8.00", "CRDT", "").replace("<Sts>BOOK</Sts>", "<Sts><Cd>INFO</Cd></Sts>");
    let parsed = read(&simple("120.00", &format!("{pending}{}{info}", entry("20.00", "CRDT", ""))));
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(parsed.statements[0].lines.len(), 1);
    assert_eq!(parsed.statements[0].lines[0].entry_index, 2);
    let places: Vec<_> = parsed.warnings.iter().map(|warning| (warning.code, warning.at.as_str())).collect();
    assert_eq!(
        places,
        [
            ("entry_not_booked", "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]"),
            ("entry_not_booked", "/Document/BkToCstmrStmt/Stmt[1]/Ntry[3]"),
        ]
    );
}

#[test]
fn the_previous_closing_balance_stands_in_for_the_opening() {
    let text = simple("120.00", &entry("20.00", "CRDT", "")).replace("OPBD", "PRCD");
    assert_eq!(clean(&text).opening.unwrap().amount.to_string(), "100.00");
}

#[test]
fn available_balances_are_of_no_interest() {
    let others =
        balance("CLAV", "1.00", "CRDT") + &balance("FWAV", "-9", "X") + &balance("OPAV", "2", "DBIT");
    clean(&simple("120.00", &(others + &entry("20.00", "CRDT", ""))));
}

#[test]
fn an_available_balance_that_is_damaged_is_refused_as_any_other() {
    let with = |damaged: &str| simple("120.00", &(damaged.to_owned() + &entry("20.00", "CRDT", "")));
    let bad_day = balance("OPAV", "2.00", "DBIT").replace("2026-11-22", "2026-11-31");
    for (damaged, at, code) in
        [(balance("CLAV", "1x.00", "CRDT"), "Amt", "amount_unreadable"), (bad_day, "Dt/Dt", "date_invalid")]
    {
        let (place, found) = refused(&with(&damaged));
        assert_eq!((place.ends_with(at), found), (true, code), "{place}");
    }
    for no_day in ["0001-01-01", "9999-12-31T00:00:00Z"] {
        let dateless = |amount: &str| with(&balance("CLAV", amount, "CRDT").replace("2026-11-22", no_day));
        clean(&dateless("1.00"));
        assert_eq!(refused(&dateless("1x.00")).1, "amount_unreadable", "{no_day}");
    }
}

#[test]
fn a_batch_is_one_line_with_its_payments_inside() {
    let detail = |amount: &str, memo: &str, reference: &str| {
        format!(
            "<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"EUR\">{amount}</Amt></TxAmt></AmtDtls>\
             <RltdPties><Dbtr><Nm>Payer {amount}</Nm></Dbtr><DbtrAcct><Id><IBAN>DE{amount}</IBAN></Id></DbtrAcct></RltdPties>\
             <RmtInf><Ustrd>{memo}</Ustrd></RmtInf></TxDtls>"
        )
    };
    let inside = format!(
        "<NtryDtls><Btch><PmtInfId>BATCH</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>{}{}</NtryDtls>",
        detail("12.50", "HNPH7K2MQ4X97", "E1"),
        detail("7.50", "second", "NOTPROVIDED")
    );
    let parsed = read(&simple("120.00", &entry("20.00", "CRDT", &inside)));
    assert_eq!((parsed.errors.len(), parsed.warnings.len()), (0, 0));
    let line = &parsed.statements[0].lines[0];
    assert_eq!(line.reference.as_deref(), Some("BATCH"));
    assert_eq!(line.memo.as_deref(), Some("HNPH7K2MQ4X97 second"));
    assert_eq!(line.details.len(), 2);
    assert_eq!(line.details[0].amount.unwrap().to_string(), "12.50");
    assert_eq!(line.details[0].reference.as_deref(), Some("E1"));
    assert_eq!(line.details[1].reference, None);
    assert_eq!(line.details[1].counterparty_name.as_deref(), Some("Payer 7.50"));
    assert!(line.details[1].at.ends_with("Ntry[1]/NtryDtls[1]/TxDtls[2]"));

    let short = inside.replace("7.50<", "7.00<");
    let at = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]".to_owned();
    let refusal = (at, "details_do_not_add_up");
    assert_eq!(refused(&simple("120.00", &entry("20.00", "CRDT", &short))), refusal);
    let instructed = "<AmtDtls><InstdAmt><Amt Ccy=\"USD\">8.00</Amt></InstdAmt>";
    let abroad = short.replacen("<AmtDtls>", instructed, 1);
    let parsed = read(&simple("120.00", &entry("20.00", "CRDT", &abroad)));
    assert_eq!((parsed.errors.len(), parsed.warnings[0].code), (0, "details_do_not_add_up"));
}

#[test]
fn a_batch_without_its_payments_is_a_line_too() {
    let inside = "<NtryDtls><Btch><MsgId>M9</MsgId><NbOfTxs>20</NbOfTxs></Btch></NtryDtls><AddtlNtryInf>SAMMLER</AddtlNtryInf>";
    let line = clean(&simple("120.00", &entry("20.00", "CRDT", inside))).lines.remove(0);
    assert_eq!((line.reference.as_deref(), line.memo.as_deref()), (Some("M9"), Some("SAMMLER")));
    assert!(line.details.is_empty());
}

#[test]
fn the_whole_remittance_text_becomes_the_memo() {
    let full = "A".repeat(140);
    let inside = format!(
        "<NtryDtls><TxDtls><RmtInf><Ustrd>{full}</Ustrd><Ustrd>B &amp; C&#x111;</Ustrd><Ustrd><![CDATA[<d>]]></Ustrd>\
         <Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf><AddtlTxInf>extra</AddtlTxInf></TxDtls></NtryDtls>\
         <AddtlNtryInf>extra</AddtlNtryInf>"
    );
    let line = clean(&simple("120.00", &entry("20.00", "CRDT", &inside))).lines.remove(0);
    assert_eq!(line.memo, Some(format!("{full}B & Cđ <d> RF18 extra")), "what is told twice is said once");
}

#[test]
fn charges_are_kept_in_both_shapes() {
    let old = "<Chrgs><Amt Ccy=\"EUR\">1.00</Amt></Chrgs><Chrgs><Amt Ccy=\"EUR\">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Chrgs>";
    let new = "<Chrgs><TtlChrgsAndTaxAmt Ccy=\"EUR\">3.00</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy=\"EUR\">3.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>";
    let charges = |inside: &str| {
        let line = clean(&simple("120.00", &entry("20.00", "CRDT", inside))).lines.remove(0);
        line.charges
            .into_iter()
            .map(|charge| (charge.amount.to_string(), charge.included))
            .collect::<Vec<_>>()
    };
    assert_eq!(charges(old), [("-1.00".to_owned(), None), ("2.00".to_owned(), None)]);
    assert_eq!(charges(new), [("-3.00".to_owned(), Some(true))]);
}

#[test]
fn several_statements_of_a_file_come_apart() {
    let one = |closing| {
        statement(&format!(
            "{}{}{}",
            balance("OPBD", "1", "CRDT"),
            balance("CLBD", closing, "CRDT"),
            entry("2", "CRDT", "")
        ))
    };
    let parsed = read(&document(&(one("3") + &one("4"))));
    assert_eq!(parsed.statements.len(), 2);
    let errors: Vec<_> = parsed.errors.iter().map(|error| (error.code, error.at.as_str())).collect();
    assert_eq!(errors, [("balance_broken", "/Document/BkToCstmrStmt/Stmt[2]/Bal[2]")]);
}

#[test]
fn a_copy_is_read_with_a_warning() {
    let parsed = read(&simple("100.00", "<CpyDplctInd>DUPL</CpyDplctInd>"));
    assert_eq!((parsed.errors.len(), parsed.warnings[0].code), (0, "duplicate_statement"));
    assert_eq!(parsed.statements[0].duplicate, Some(Duplicate::Duplicate));
}

fn page(number: u32, last: bool, inside: &str) -> String {
    statement(&format!(
        "<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn><ElctrncSeqNb>7</ElctrncSeqNb>{inside}"
    ))
}

#[test]
fn pages_without_balances_between_them_are_proven_together() {
    let two_pages = |closing: &str| {
        let first = page(1, false, &(balance("OPBD", "100", "CRDT") + &entry("1", "CRDT", "")));
        let second = page(2, true, &(balance("CLBD", closing, "CRDT") + &entry("2", "CRDT", "")));
        document(&(first + &second))
    };
    let parsed = read(&two_pages("103"));
    assert_eq!(parsed.errors, vec![]);
    let joined = join_pages(parsed.statements);
    assert_eq!(joined.len(), 1);
    assert_eq!(amounts(&joined[0]), ["1", "2"]);
    assert_eq!(refused(&two_pages("104")).1, "balance_broken");
}

#[test]
fn what_a_page_states_is_of_the_page_of_those_so_far_or_of_the_whole_statement() {
    let sums = |count: u32, sum: &str| {
        format!(
            "<TxsSummry><TtlCdtNtries><NbOfNtries>{count}</NbOfNtries><Sum>{sum}</Sum></TtlCdtNtries></TxsSummry>"
        )
    };
    let two_pages = |on_first: &str, on_second: &str| {
        let opening = balance("OPBD", "100", "CRDT");
        let first = page(1, false, &format!("{opening}{on_first}{}", entry("1", "CRDT", "")));
        let closing = balance("CLBD", "103", "CRDT");
        let second = page(2, true, &format!("{closing}{on_second}{}", entry("2", "CRDT", "")));
        let errors = read(&document(&(first + &second))).errors;
        errors.into_iter().map(|error| (error.at, error.code)).collect::<Vec<_>>()
    };
    let (first, second, whole) = (sums(1, "1"), sums(1, "2"), sums(2, "3"));
    for (on_first, on_second) in [(&first, &second), (&first, &whole), (&whole, &whole)] {
        assert_eq!(two_pages(on_first, on_second), [], "{on_first} {on_second}");
    }
    let at = |nth: u32| format!("/Document/BkToCstmrStmt/Stmt[{nth}]/TxsSummry/TtlCdtNtries");
    assert_eq!(two_pages("", &sums(2, "4")), [(at(2), "totals_mismatch")]);
    assert_eq!(two_pages(&sums(3, "1"), &whole), [(at(1), "count_mismatch")]);
}

#[test]
fn pages_with_interim_balances_are_proven_one_by_one() {
    let interim = |code, amount| {
        balance(code, amount, "CRDT").replace("</CdOrPrtry>", "</CdOrPrtry><SubTp><Cd>INTM</Cd></SubTp>")
    };
    let first =
        page(1, false, &(balance("OPBD", "100", "CRDT") + &interim("CLBD", "101") + &entry("1", "CRDT", "")));
    let second = |opening| {
        page(2, true, &(interim("OPBD", opening) + &balance("CLBD", "103", "CRDT") + &entry("2", "CRDT", "")))
    };
    assert_eq!(read(&document(&(first.clone() + &second("101")))).errors, vec![]);
    assert!(!read(&document(&(first + &second("100")))).errors.is_empty());
}

#[test]
fn reports_and_notifications_slot_in_without_proof() {
    let notification =
        "<Document><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N</Id><Acct><Id><IBAN>DE1</IBAN></Id></Acct>"
            .to_owned()
            + &entry("5.00", "CRDT", "")
            + "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>";
    let parsed = read(&notification);
    assert_eq!((parsed.format, parsed.errors), (Format::Camt054, vec![]));
    assert_eq!(parsed.statements[0].currency.as_deref(), Some("EUR"));
    let report = notification.replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrAcctRpt").replace("Ntfctn", "Rpt");
    assert_eq!(read(&report).format, Format::Camt052);
}

/// A notification, which no balance proves.
fn notification(entries: &str) -> String {
    document(&statement(entries))
        .replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
        .replace("Stmt>", "Ntfctn>")
}

#[test]
fn an_entry_of_a_notification_is_what_its_payments_come_to() {
    let paid = |amount: &str, more: &str| {
        let details =
            format!("<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{more}</TxDtls>");
        notification(&entry("20.00", "CRDT", &format!("<NtryDtls>{details}</NtryDtls>")))
    };
    clean(&paid("20.00", ""));
    let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[1]".to_owned();
    assert_eq!(refused(&paid("21.00", "")), (at, "details_do_not_add_up"));
    let charge = "<Chrgs><Amt Ccy=\"EUR\">1.00</Amt></Chrgs>";
    let exchange = "<AmtDtls><TxAmt><CcyXchg><XchgRate>1.05</XchgRate></CcyXchg></TxAmt></AmtDtls>";
    for explained in [paid("21.00", charge), paid("21.00", exchange), paid("0", "")] {
        let parsed = read(&explained);
        assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "details_do_not_add_up"));
    }
}

#[test]
fn an_entry_of_a_notification_comes_once_by_its_reference() {
    let named = entry("20.00", "CRDT", "<AcctSvcrRef>B1</AcctSvcrRef>");
    let other = entry("20.00", "CRDT", "<AcctSvcrRef>B2</AcctSvcrRef>");
    let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[2]".to_owned();
    assert_eq!(refused(&notification(&(named.clone() + &named))), (at, "entry_repeated"));
    assert_eq!(clean(&notification(&(named + &other))).lines.len(), 2);
    let twin = entry("20.00", "CRDT", "");
    assert_eq!(clean(&notification(&(twin.clone() + &twin))).lines.len(), 2, "nothing names them");
}

#[test]
fn a_notification_is_in_one_currency() {
    let text = notification(&(entry("20.00", "CRDT", "") + &entry("5.00", "CRDT", "")));
    clean(&text);
    let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[2]".to_owned();
    assert_eq!(refused(&text.replace("\"EUR\">5.00", "\"USD\">5.00")), (at, "currency_mixed"));
    assert_eq!(refused(&text.replace("</Id></Acct>", "</Id><Ccy>USD</Ccy></Acct>")).1, "currency_mixed");
}

#[test]
fn broken_money_is_refused_at_its_element() {
    let good = simple("120.00", &entry("20.00", "CRDT", ""));
    let statement = "/Document/BkToCstmrStmt/Stmt[1]";
    for (from, to, at, code) in [
        (">20.00<", ">21.00<", "/Bal[2]", "balance_broken"),
        (">20.00<", ">20,00<", "/Ntry[1]/Amt", "amount_unreadable"),
        (">20.00<", ">-20.00<", "/Ntry[1]/Amt", "amount_negative"),
        (">20.00<", "><", "/Ntry[1]/Amt", "amount_unreadable"),
        ("<Amt Ccy=\"EUR\">20.00</Amt>", "", "/Ntry[1]", "element_missing"),
        ("<Amt Ccy=\"EUR\">20.00", "<Amt>20.00", "/Ntry[1]/Amt", "element_missing"),
        ("<Amt Ccy=\"EUR\">20.00", "<Amt Ccy=\"euro\">20.00", "/Ntry[1]/Amt", "currency_invalid"),
        ("<Amt Ccy=\"EUR\">20.00", "<Amt Ccy=\"USD\">20.00", "/Ntry[1]", "currency_mixed"),
        ("<Amt Ccy=\"EUR\">120.00", "<Amt Ccy=\"USD\">120.00", "/Bal[2]", "currency_mixed"),
        ("CRDT</CdtDbtInd><Sts>", "CREDIT</CdtDbtInd><Sts>", "/Ntry[1]/CdtDbtInd", "mark_invalid"),
        ("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>", "/Ntry[1]", "element_missing"),
        ("<Sts>BOOK</Sts>", "<Sts>BOOKED</Sts>", "/Ntry[1]/Sts", "status_invalid"),
        ("<Sts>BOOK</Sts>", "<Sts>BOOK</Sts><RvslInd>yes</RvslInd>", "/Ntry[1]/RvslInd", "reversal_invalid"),
        ("<BookgDt><Dt>2026-11-22", "<BookgDt><Dt>2026-11-31", "/Ntry[1]/BookgDt/Dt", "date_invalid"),
        ("<DtTm>2026-11-21T", "<DtTm>21.11.2026T", "/Ntry[1]/ValDt/DtTm", "date_invalid"),
        ("<Cd>CLBD</Cd>", "<Cd>CLAV</Cd>", "", "balance_missing"),
        ("<Cd>CLBD</Cd>", "", "/Bal[2]", "element_missing"),
        ("<Acct><Id><IBAN>DE001002003</IBAN></Id></Acct>", "", "", "element_missing"),
        ("</Id></Acct>", "</Id><Ccy>USD</Ccy></Acct>", "/Bal[1]", "currency_mixed"),
    ] {
        assert!(good.contains(from), "{from}");
        let broken = good.replacen(from, to, 1);
        assert_eq!(refused(&broken), (format!("{statement}{at}"), code), "{from} -> {to}");
    }
}

#[test]
fn stated_totals_must_agree() {
    let totals = |sum: &str, count: &str| {
        let summary = format!(
            "<TxsSummry><TtlCdtNtries><NbOfNtries>{count}</NbOfNtries><Sum>{sum}</Sum></TtlCdtNtries></TxsSummry>"
        );
        read(&simple("120.00", &(summary + &entry("20.00", "CRDT", ""))))
    };
    assert_eq!(totals("20.00", "1").errors, vec![]);
    assert_eq!(totals("21.00", "1").errors[0].code, "totals_mismatch");
    let miscounted = totals("20.00", "3");
    let at = "/Document/BkToCstmrStmt/Stmt[1]/TxsSummry/TtlCdtNtries";
    assert_eq!((miscounted.errors[0].code, miscounted.errors[0].at.as_str()), ("count_mismatch", at));
}

fn summary(inside: &str) -> String {
    format!("<TxsSummry><TtlNtries>{inside}</TtlNtries></TxsSummry>")
}

fn booked_and_pending(inside: &str) -> Parsed {
    let entries = entry("20.00", "CRDT", "") + &entry("5.00", "DBIT", "");
    let pending = entry("7.00", "CRDT", "").replace("BOOK", "PDNG");
    read(&simple("115.00", &format!("{inside}{entries}{pending}")))
}

#[test]
fn the_overall_total_may_be_gross_or_net_with_or_without_what_is_pending() {
    let net = |amount: &str, mark: &str| {
        format!("<TtlNetNtry><Amt>{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd></TtlNetNtry>")
    };
    for good in [
        "<NbOfNtries>2</NbOfNtries><Sum>25.00</Sum>".to_owned() + &net("15.00", "CRDT"),
        "<NbOfNtries>3</NbOfNtries><Sum>32.00</Sum>".to_owned() + &net("22.00", "CRDT"),
        "<Sum>15.00</Sum><TtlNetNtryAmt>15.00</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd>".to_owned(),
    ] {
        assert_eq!(booked_and_pending(&summary(&good)).errors, vec![], "{good}");
    }
    for (wrong, code) in [
        ("<NbOfNtries>4</NbOfNtries>".to_owned(), "count_mismatch"),
        ("<Sum>26.00</Sum>".to_owned(), "totals_mismatch"),
        (net("15.00", "DBIT"), "totals_mismatch"),
        ("<NbOfNtries>two</NbOfNtries>".to_owned(), "number_unreadable"),
    ] {
        let errors = booked_and_pending(&summary(&wrong)).errors;
        assert_eq!(errors.len(), 1, "{wrong}");
        assert_eq!(errors[0].code, code, "{wrong}");
        assert!(errors[0].at.contains("/TxsSummry/TtlNtries"), "{}", errors[0].at);
    }
}

#[test]
fn a_minus_before_the_sum_of_debits_is_left_out_with_a_warning() {
    let debits = |sum: &str| {
        let summary = format!("<TxsSummry><TtlDbtNtries><Sum>{sum}</Sum></TtlDbtNtries></TxsSummry>");
        read(&simple("95.00", &(summary + &entry("5.00", "DBIT", ""))))
    };
    let parsed = debits("-5.00");
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "totals_negative"));
    assert_eq!(debits("-6.00").errors[0].code, "totals_mismatch");
}

#[test]
fn a_batch_must_be_what_the_bank_says_of_it() {
    let detail = |amount: &str| format!("<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt></TxDtls>");
    let batch = |count: &str, total: &str, details: &str| {
        let batch = format!("<Btch><NbOfTxs>{count}</NbOfTxs><TtlAmt Ccy=\"EUR\">{total}</TtlAmt></Btch>");
        simple("120.00", &entry("20.00", "CRDT", &format!("<NtryDtls>{batch}{details}</NtryDtls>")))
    };
    let two = detail("12.00") + &detail("8.00");
    for good in [
        batch("2", "20.00", &two),
        batch("86", "20.00", &detail("20.00")),
        batch("86", "20.00", ""),
        batch("5", "20.00", "<TxDtls><Refs><MsgId>M</MsgId></Refs></TxDtls>"),
        batch("2", "20.50", &two)
            .replace("<NtryDtls>", "<Chrgs><Amt Ccy=\"EUR\">0.50</Amt></Chrgs><NtryDtls>"),
    ] {
        assert_eq!(read(&good).errors, vec![], "{good}");
    }
    let at = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[1]/NtryDtls[1]/Btch";
    for (wrong, place) in [
        (batch("3", "20.00", &two), "NbOfTxs"),
        (batch("2", "21.00", &two), "TtlAmt"),
        (batch("2", "19.00", ""), "TtlAmt"),
    ] {
        assert_eq!(refused(&wrong), (format!("{at}/{place}"), "batch_mismatch"), "{wrong}");
    }
    let counted_inside = summary("<NbOfNtries>2</NbOfNtries>");
    let whole = batch("2", "20.00", &two).replace("<Ntry>", &format!("{counted_inside}<Ntry>"));
    assert_eq!(read(&whole).errors, vec![], "some banks count the payments of a batch");
}

#[test]
fn what_is_not_booked_must_be_well_formed_too() {
    let pending = entry("7.00", "CRDT", "").replace("BOOK", "PDNG");
    let with = |pending: String| simple("120.00", &(entry("20.00", "CRDT", "") + &pending));
    let at = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]";
    assert_eq!(read(&with(pending.clone())).errors, vec![]);
    let wrong_amount = pending.replace("7.00", "7,00");
    assert_eq!(refused(&with(wrong_amount)), (format!("{at}/Amt"), "amount_unreadable"));
    let wrong_date =
        pending.replace("<BookgDt><Dt>2026-11-22", "<BookgDt><Dt>2026-11-31").replace("PDNG", "INFO");
    assert_eq!(refused(&with(wrong_date)), (format!("{at}/BookgDt/Dt"), "date_invalid"));
    let no_currency = pending.replace(" Ccy=\"EUR\"", "");
    assert_eq!(refused(&with(no_currency)), (format!("{at}/Amt"), "element_missing"));
}

#[test]
fn what_comes_once_is_refused_when_it_comes_twice() {
    let good = simple("120.00", &entry("20.00", "CRDT", ""));
    let statement = "/Document/BkToCstmrStmt/Stmt[1]";
    for (once, twice, at) in [
        ("<Amt Ccy=\"EUR\">20.00</Amt>", "<Amt Ccy=\"EUR\">9.00</Amt>", "/Ntry[1]/Amt[2]"),
        ("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "/Ntry[1]/CdtDbtInd[2]"),
        ("<Amt Ccy=\"EUR\">100.00</Amt>", "<Amt Ccy=\"EUR\">9.00</Amt>", "/Bal[1]/Amt[2]"),
        ("<Acct>", "<Acct><Id><IBAN>DE9</IBAN></Id></Acct><Acct>", "/Acct[2]"),
    ] {
        let added = if once == "<Acct>" { twice.to_owned() } else { twice.replace("<Sts>", "") + once };
        let broken = good.replacen(once, &added, 1);
        assert_ne!(broken, good, "{once}");
        assert_eq!(refused(&broken), (format!("{statement}{at}"), "element_repeated"), "{once}");
    }
}

#[test]
fn money_outside_of_a_statement_is_not_passed_over() {
    let good = simple("120.00", &entry("20.00", "CRDT", ""));
    let stray = good.replace("</Stmt>", &format!("</Stmt>{}", entry("77.00", "CRDT", "")));
    assert_eq!(refused(&stray), ("/Document/BkToCstmrStmt/Ntry".to_owned(), "entry_outside_statement"));
    assert_eq!(read(&stray).statements[0].lines.len(), 1);
}

#[test]
fn each_day_of_a_statement_opens_with_what_the_day_before_closed_with() {
    let on = |code: &str, amount: &str, day: &str| balance(code, amount, "CRDT").replace("2026-11-22", day);
    let days = |second_opening: &str| {
        let balances = on("OPBD", "100", "2026-11-21") + &on("CLBD", "120", "2026-11-21");
        let second = on("OPBD", second_opening, "2026-11-22") + &on("CLBD", "150", "2026-11-22");
        document(&statement(&(balances + &second + &entry("20", "CRDT", "") + &entry("30", "CRDT", ""))))
    };
    assert_eq!(read(&days("120")).errors, vec![]);
    let at = "/Document/BkToCstmrStmt/Stmt[1]/Bal[3]".to_owned();
    assert_eq!(refused(&days("125")), (at, "balance_chain_broken"));
}

#[test]
fn marks_and_states_a_bank_never_writes_are_assumed_when_the_statement_adds_up() {
    let bare_balance =
        |code: &str, amount: &str| balance(code, amount, "CRDT").replace("<CdtDbtInd>CRDT</CdtDbtInd>", "");
    let bare_entry = |amount: &str, mark: &str| {
        format!("<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd></Ntry>")
    };
    let bare = |closing: &str, more: &str| {
        let balances = bare_balance("OPBD", "100") + &bare_balance("CLBD", closing);
        let entries = bare_entry("20", "CRDT") + &bare_entry("5", "DBIT");
        document(&statement(&(balances + &entries + more)))
    };
    let parsed = read(&bare("115", ""));
    assert_eq!(parsed.errors, vec![]);
    let told: Vec<_> = parsed.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(told, ["direction_assumed", "status_assumed"]);
    assert_eq!(amounts(&parsed.statements[0]), ["20", "-5"]);
    assert_eq!(refused(&bare("116", "")).1, "element_missing", "it does not add up");
    let other_entry_has_a_state = bare("115", &entry("0", "CRDT", ""));
    assert!(refused(&other_entry_has_a_state).0.ends_with("/Bal[1]"), "one state was lost");
    let one_mark =
        simple("120.00", &entry("20.00", "CRDT", "")).replacen("<CdtDbtInd>CRDT</CdtDbtInd>", "", 1);
    assert!(refused(&one_mark).0.ends_with("/Bal[1]"), "one mark was lost");
    let dated = entry("20.00", "CRDT", "").replace("<Sts>BOOK</Sts>", "");
    assert_eq!(
        read(&simple("120.00", &dated)).errors,
        vec![],
        "many banks date their entries and say no more"
    );
    assert_eq!(refused(&simple("125.00", &(dated + &entry("5.00", "CRDT", "")))).1, "element_missing");
}

#[test]
fn the_numbers_of_bai_open_and_close_a_statement() {
    let numbered = simple("120.00", &entry("20.00", "CRDT", ""))
        .replace("<Cd>OPBD</Cd>", "<Prtry>010</Prtry>")
        .replace("<Cd>CLBD</Cd>", "<Prtry>015</Prtry>");
    assert_eq!(clean(&numbered).closing.unwrap().amount.to_string(), "120.00");
    assert_eq!(refused(&numbered.replace("120.00", "121.00")).1, "balance_broken");
}

#[test]
fn pages_of_a_message_are_pages_of_the_statement_they_cut() {
    let of_page = |number: u32, last: bool, inside: String| {
        let page =
            format!("<MsgPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></MsgPgntn></GrpHdr>");
        document(&statement(&inside)).replace("</GrpHdr>", &page)
    };
    let of_first = balance("OPBD", "100", "CRDT") + &balance("ITBD", "101", "CRDT") + &entry("1", "CRDT", "");
    let of_second =
        balance("ITBD", "101", "CRDT") + &balance("CLBD", "103", "CRDT") + &entry("2", "CRDT", "");
    let (first, second) = (read(&of_page(1, false, of_first)), read(&of_page(2, true, of_second.clone())));
    assert_eq!((first.errors, second.errors), (vec![], vec![]));
    let both = first.statements.into_iter().chain(second.statements).collect();
    let joined = join_pages(both);
    assert_eq!((joined.len(), joined[0].closing.as_ref().unwrap().amount.to_string()), (1, "103".to_owned()));
    let alone = read(&of_page(1, true, of_second));
    assert_eq!(alone.statements[0].page, None, "it is no page");
    assert!(alone.warnings.iter().any(|warning| warning.code == "balance_of_moment"));
    let whole = balance("OPBD", "100", "CRDT") + &balance("CLBD", "101", "CRDT") + &entry("1", "CRDT", "");
    assert_eq!(clean(&of_page(2, true, whole)).page, None, "only the message has pages");
}

#[test]
fn a_statement_without_its_opening_is_read_only_when_the_sums_of_the_bank_vouch_for_it() {
    let closing = balance("CLBD", "120.00", "CRDT") + &entry("20.00", "CRDT", "");
    assert_eq!(
        refused(&document(&statement(&closing))),
        ("/Document/BkToCstmrStmt/Stmt[1]".to_owned(), "opening_missing")
    );
    let one_side = closing.clone() + "<TxsSummry><TtlCdtNtries><Sum>20.00</Sum></TtlCdtNtries></TxsSummry>";
    assert_eq!(refused(&document(&statement(&one_side))).1, "opening_missing");
    let sums = "<TxsSummry><TtlCdtNtries><Sum>20.00</Sum></TtlCdtNtries><TtlDbtNtries><Sum>0</Sum></TtlDbtNtries></TxsSummry>";
    let vouched = closing + sums;
    assert_eq!(
        refused(&document(&statement(&vouched.replace(">20.00</Amt>", ">21.00</Amt>")))).1,
        "totals_mismatch"
    );
    let parsed = read(&document(&statement(&vouched)));
    assert_eq!((parsed.errors, parsed.warnings[0].code), (vec![], "opening_missing"));
    assert_eq!(parsed.statements[0].opening, None);
    assert!(prove_balance(&parsed.statements[0]).is_some());
}

#[test]
fn a_report_with_final_balances_must_add_up() {
    let report = |closing: &str| {
        simple(closing, &entry("20.00", "CRDT", ""))
            .replace("BkToCstmrStmt", "BkToCstmrAcctRpt")
            .replace("Stmt>", "Rpt>")
    };
    assert_eq!(read(&report("120.00")).errors, vec![]);
    assert_eq!(refused(&report("121.00")).1, "balance_broken");
    let interim = read(&report("121.00").replace("CLBD", "ITBD"));
    assert_eq!((interim.errors, interim.warnings[0].code), (vec![], "balance_broken"));
}

#[test]
fn a_file_cut_off_anywhere_is_refused_and_keeps_what_was_read() {
    let good = simple("120.00", &(entry("12.00", "CRDT", "") + &entry("8.00", "CRDT", "")));
    for end in 1..good.len() - 1 {
        assert!(!parse(&good.as_bytes()[..end]).errors.is_empty(), "cut at {end}");
    }
    let cut = read(&good[..good.rfind("<Sts>").unwrap()]);
    assert_eq!(cut.statements[0].lines.len(), 1);
    assert_eq!(cut.errors[0].at, "/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]");
    assert_eq!(cut.errors[0].code, "xml_truncated");
    assert_eq!(cut.exit_code(), 1);
}

#[test]
fn a_dtd_is_refused_and_nothing_is_expanded() {
    let text = simple("100.00", "").replace("<Document", "<!DOCTYPE d [<!ENTITY a \"aaaa\">]><Document");
    assert_eq!(refused(&text).1, "xml_dtd_refused");
    assert_eq!(
        refused(&simple("100.00", &entry("1", "CRDT", "<AddtlNtryInf>&a;</AddtlNtryInf>"))).1,
        "xml_entity_unknown"
    );
}

#[test]
fn a_text_in_several_pieces_is_one_text() {
    let memo = |inside: &str| {
        let details =
            format!("<NtryDtls><TxDtls><RmtInf><Ustrd>{inside}</Ustrd></RmtInf></TxDtls></NtryDtls>");
        clean(&simple("120.00", &entry("20.00", "CRDT", &details))).lines.remove(0).memo.unwrap()
    };
    assert_eq!(memo("A &amp; B &#272;<!-- no -->C<![CDATA[ <D> ]]>E"), "A & B ĐC <D> E");
    assert_eq!(memo("<![CDATA[A&B]]>"), "A&B");
    assert_eq!(memo("&lt;"), "<");
    assert_eq!(memo(" \r\n A\r\n  B "), "A B");
}

#[test]
fn what_is_read_of_a_prefixed_or_empty_element_is_its_own() {
    let text = simple(
        "120.00",
        &entry(
            "20.00",
            "CRDT",
            "<NtryRef/><AcctSvcrRef>R</AcctSvcrRef><a:X xmlns:a=\"urn:a\" a:Ccy=\"USD\">1</a:X>",
        ),
    );
    let line = clean(&text).lines.remove(0);
    assert_eq!(
        (line.currency.as_str(), line.bank_reference.as_deref(), line.reference),
        ("EUR", Some("R"), None)
    );
}

#[test]
fn depth_and_text_have_limits() {
    let deep = "<x>".repeat(100_000);
    assert_eq!(refused(&simple("100.00", &deep)).1, "xml_too_deep");
    assert_eq!(refused(&format!("<Document><!-- :camt.05 -->{deep}")).1, "xml_too_deep");
    let many = "<x/>".repeat(100_000);
    assert_eq!(refused(&simple("120.00", &entry("20.00", "CRDT", &many))).1, "xml_too_large");
    let prefixes: String = (0..65).map(|n| format!("<p{n}:x xmlns:p{n}=\"u\"/>")).collect();
    assert_eq!(refused(&simple("120.00", &entry("20.00", "CRDT", &prefixes))).1, "xml_too_large");
    let long = format!("<AddtlNtryInf>{}</AddtlNtryInf>", "x".repeat(70_000));
    assert_eq!(refused(&simple("120.00", &entry("20.00", "CRDT", &long))).1, "xml_text_too_long");
}

#[test]
fn a_message_without_statements_is_refused() {
    let parsed = read(&document(""));
    assert_eq!((parsed.exit_code(), parsed.errors[0].code), (2, "statement_missing"));
}

#[test]
fn the_first_version_has_its_number_in_the_name_and_payments_in_the_entry() {
    let inside = "<Btch><PmtInfId>BATCH</PmtInfId></Btch><TxDtls><RltdPties><Dbtr><Nm>Payer</Nm></Dbtr></RltdPties></TxDtls>";
    let text = simple("120.00", &entry("20.00", "CRDT", inside))
        .replace("BkToCstmrStmt>", "BkToCstmrStmtV01>")
        .replace("<CdOrPrtry>", "")
        .replace("</CdOrPrtry>", "");
    let line = clean(&text).lines.remove(0);
    assert_eq!(
        (line.reference.as_deref(), line.counterparty_name.as_deref()),
        (Some("BATCH"), Some("Payer"))
    );
    assert!(line.details.is_empty(), "the line says it all");
}

#[test]
fn one_payment_is_told_by_its_line_and_kept_where_it_says_more() {
    let paid = |more: &str| {
        let details = format!("<TxDtls><Refs><EndToEndId>E1</EndToEndId>{more}</Refs></TxDtls>");
        entry("20.00", "CRDT", &format!("<NtryDtls>{details}</NtryDtls>"))
    };
    let told = |text: &str| {
        let line = clean(text).lines.remove(0);
        (line.reference.unwrap(), line.details.len())
    };
    assert_eq!(told(&simple("120.00", &paid(""))), ("E1".to_owned(), 0));
    assert_eq!(told(&simple("120.00", &paid("<TxId>T1</TxId>"))), ("E1".to_owned(), 1));
    assert_eq!(told(&notification(&paid(""))), ("E1".to_owned(), 1), "it is read for its payments");
}

#[test]
fn available_balances_stand_in_where_no_booked_one_is_given() {
    let text = simple("120.00", &entry("20.00", "CRDT", "")).replace("OPBD", "OPAV").replace("CLBD", "CLAV");
    let parsed = read(&text);
    assert_eq!(parsed.errors, vec![]);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "balance_available_only"));
    assert_eq!(parsed.statements[0].closing.as_ref().unwrap().amount.to_string(), "120.00");
    assert_eq!(refused(&text.replace(">20.00<", ">21.00<")).1, "balance_broken");
}

#[test]
fn a_report_between_two_moments_of_a_day_opens_and_closes_with_interim_balances() {
    let inside =
        balance("ITBD", "100.00", "CRDT") + &balance("ITBD", "120.00", "CRDT") + &entry("20.00", "CRDT", "");
    let report =
        document(&statement(&inside)).replace("BkToCstmrStmt", "BkToCstmrAcctRpt").replace("Stmt>", "Rpt>");
    let parsed = read(&report);
    assert_eq!(
        (parsed.format, parsed.errors.len(), parsed.warnings.len()),
        (Format::Camt052, 0, 0),
        "{parsed:?}"
    );
    let statement = &parsed.statements[0];
    assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "100.00");
    assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "120.00");
}

#[test]
fn an_opening_that_is_not_the_previous_closing_is_told() {
    let of = |previous: &str| {
        let inside = balance("PRCD", previous, "CRDT")
            + &balance("OPBD", "100.00", "CRDT")
            + &balance("CLBD", "120.00", "CRDT")
            + &entry("20.00", "CRDT", "");
        read(&document(&statement(&inside)))
    };
    let told = |parsed: &Parsed| parsed.warnings.iter().any(|warning| warning.code == "opening_differs");
    assert!(told(&of("101.00")) && !told(&of("100.00")));
}

#[test]
fn a_balance_of_a_moment_stands_in_where_the_statement_adds_up_with_it() {
    let text = |opening: &str, closing: &str| {
        let inside = balance(opening, "100.00", "CRDT")
            + &balance(closing, "120.00", "CRDT")
            + &entry("20.00", "CRDT", "");
        document(&statement(&inside))
    };
    for (opening, closing) in [("OPBD", "ITBD"), ("ITBD", "CLBD"), ("ITBD", "ITBD")] {
        let parsed = read(&text(opening, closing));
        assert_eq!(parsed.errors, vec![], "{opening} {closing}");
        assert!(parsed.warnings.iter().any(|warning| warning.code == "balance_of_moment"));
        let statement = &parsed.statements[0];
        assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "100.00");
        assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "120.00");
        let broken = text(opening, closing).replace(">20.00<", ">21.00<");
        assert!(!read(&broken).errors.is_empty(), "{opening} {closing} do not add up");
    }
    assert!(!read(&text("OPBD", "XPCD")).errors.is_empty(), "an expected balance proves nothing");
}

#[derive(Default)]
struct Collected {
    lines: Vec<Line>,
    ended: Vec<Statement>,
}

impl LineSink for Collected {
    fn begin(&mut self, format: Format) -> std::io::Result<()> {
        assert_eq!(format, Format::Camt053);
        Ok(())
    }

    fn line(&mut self, line: &Line) -> std::io::Result<()> {
        self.lines.push(line.clone());
        Ok(())
    }

    fn end(&mut self, statement: &Statement) -> std::io::Result<()> {
        self.ended.push(statement.clone());
        Ok(())
    }
}

/// Gives a few bytes at a time, so that every element is cut somewhere.
fn streamed(text: &str) -> (Parsed, Collected) {
    let mut collected = Collected::default();
    let mut input = std::io::BufReader::with_capacity(7, text.as_bytes());
    let parsed = parse_stream(&mut input, &mut collected).unwrap();
    (parsed, collected)
}

#[test]
fn a_stream_gives_the_lines_balances_and_errors_of_the_whole_file() {
    let inside = entry(
        "20.00",
        "CRDT",
        "<NtryDtls><TxDtls><RmtInf><Ustrd>A &amp; B</Ustrd></RmtInf></TxDtls></NtryDtls>",
    );
    let good = simple("115.00", &format!("{inside}\n{}", entry("5.00", "DBIT", "<AddtlNtryInf/>")));
    for text in [
        good.clone(),
        good.replace("115.00", "116.00"),
        good.replace(">5.00<", ">5,00<"),
        good[..good.len() / 2].to_owned(),
    ] {
        let whole = read(&text);
        let (parsed, collected) = streamed(&text);
        assert_eq!((&parsed.errors, &parsed.warnings), (&whole.errors, &whole.warnings), "{text}");
        let mut statement = whole.statements[0].clone();
        assert_eq!(collected.lines, std::mem::take(&mut statement.lines));
        assert_eq!(collected.ended, [statement]);
        assert_eq!(parsed.exit_code(), whole.exit_code());
    }
    assert_eq!(streamed(&document("")).0.errors[0].code, "statement_missing");
    assert!(
        can_stream(good.as_bytes())
            && !can_stream(b":20:A")
            && !can_stream(b"<?xml encoding='utf-16'?><BkToCstmrStmt>")
    );
}

#[test]
fn a_page_that_is_proven_with_others_is_refused_in_a_stream() {
    let first = page(1, false, &(balance("OPBD", "100", "CRDT") + &entry("1", "CRDT", "")));
    let (parsed, _) = streamed(&document(&first));
    assert_eq!(parsed.errors[0].code, "page_not_proven");
}
