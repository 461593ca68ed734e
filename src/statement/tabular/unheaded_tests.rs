//! Exports without a heading row, as banks of many countries write them. All invented.

use crate::statement::layout::{Column, Layout, Place};
use crate::statement::{Parsed, Statement, parse, parse_with, preview};

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!(parsed.statements.len(), 1, "{text}");
    assert!(parsed.warnings.iter().any(|warning| warning.code == "heading_missing"), "{text}");
    parsed.statements.remove(0)
}

/// Day, amount and text of each line.
fn lines(statement: &Statement) -> Vec<[String; 3]> {
    let texts = statement.lines.iter().map(|line| {
        let day = line.booking_date.map(|day| day.to_string()).unwrap_or_default();
        [day, line.amount.to_string(), line.memo.clone().unwrap_or_default()]
    });
    texts.collect()
}

fn ends(statement: &Statement) -> [Option<String>; 2] {
    [&statement.opening, &statement.closing]
        .map(|balance| balance.as_ref().map(|balance| balance.amount.to_string()))
}

fn expect(text: &str, opening: Option<&str>, closing: Option<&str>) {
    let statement = clean(text);
    let wanted = [["2026-01-05", "50.00", "a"], ["2026-01-16", "-7.50", "b"]];
    let wanted = wanted.map(|line| line.map(str::to_owned));
    assert_eq!(lines(&statement), wanted, "{text}");
    assert_eq!(ends(&statement), [opening, closing].map(|end| end.map(str::to_owned)), "{text}");
}

#[test]
fn the_balances_prove_which_column_is_what() {
    let proven = |text: &str| expect(text, Some("300.00"), Some("342.50"));
    proven("05/01/2026,\"+50.00\",\"a\",\"+350.00\"\n16/01/2026,\"-7.50\",\"b\",\"+342.50\"\n");
    proven("16/01/2026,-7.50,b,342.50\n05/01/2026,50.00,a,350.00\n");
    proven("01/05/2026,a,,50.00,350.00\n01/16/2026,b,7.50,,342.50\n");
    proven(
        "123456789\tEUR\t20260105\t300,00\t350,00\t20260105\t50,00\ta\n\
         123456789\tEUR\t20260116\t350,00\t342,50\t20260116\t-7,50\tb\n",
    );
    proven(
        "\"05-01-2026\";\"NL02BANK0000000001\";\"50,00\";\"Credit\";\"a\";\"350,00\"\n\
         \"16-01-2026\";\"NL02BANK0000000001\";\"7,50\";\"Debet\";\"b\";\"342,50\"\n",
    );
    proven(
        "05-01-2026,NL02BANK0000000001,a,EUR,300.00,EUR,50.00,05-01-2026,8810\n\
         16-01-2026,NL02BANK0000000001,b,EUR,350.00,EUR,-7.50,16-01-2026,8810\n",
    );
}

#[test]
fn the_only_column_with_signs_is_the_amount() {
    let signed = |text: &str| expect(text, None, None);
    signed(
        "05.01.2026;\"a\";05.01.2026;50,00;EUR;05.01.2026 03:04:05:678\n16.01.2026;\"b\";16.01.2026;-7,50;EUR;16.01.2026 03:04:05:678\n",
    );
    signed("\"01/05/2026\",\"50.00\",\"*\",\"\",\"a\"\n\"01/16/2026\",\"-7.50\",\"*\",\"\",\"b\"\n");
    signed("Compte;x;****1234;31/01/2026;;342,50\n05/01/2026;;;a;;50,00\n16/01/2026;;;b;;-7,50\n");
    signed("1,20260105,,50.00,a,1,0\n1,20260116,,-7.50,b,1,0\n");
    let trimmed = clean("05/01/2026,a,50\n16/01/2026,b,-7.5\n");
    assert_eq!(trimmed.lines[1].amount.to_string(), "-7.5");
}

#[test]
fn currency_and_account_of_a_table_without_headings_are_kept() {
    let statement = clean(
        "AT020000000000000001;a/1;05.01.2026;06.01.2026;+50,00;EUR\n\
         AT020000000000000001;b;16.01.2026;16.01.2026;-7,50;EUR\n",
    );
    assert_eq!(statement.account.as_deref(), Some("AT020000000000000001"));
    assert_eq!(statement.currency.as_deref(), Some("EUR"));
    assert_eq!(statement.lines[0].value_date.unwrap().to_string(), "2026-01-06");
}

#[test]
fn several_accounts_without_headings_are_several_statements() {
    let row = |account: &str, day: &str, amount: &str, balance: &str| {
        format!("{account}\tEUR\t{day}\t{balance}\t{day}\t{amount}\ttext\n")
    };
    let balanced = [
        row("123456789", "20260105", "50,00", "350,00"),
        row("987654321", "20260106", "1,00", "11,00"),
        row("123456789", "20260116", "-7,50", "342,50"),
        row("987654321", "20260117", "2,00", "13,00"),
    ];
    let parsed = read(&balanced.concat());
    assert_eq!(parsed.errors, vec![]);
    let accounts: Vec<_> = parsed.statements.iter().map(|statement| statement.account.as_deref()).collect();
    assert_eq!(accounts, [Some("123456789"), Some("987654321")]);
    assert_eq!(ends(&parsed.statements[1]), [Some("10.00".to_owned()), Some("13.00".to_owned())]);
    assert!(!read(&balanced.concat().replace("13,00", "13,01")).errors.is_empty());
}

#[test]
fn headings_in_an_unknown_language_leave_the_proof_to_the_balances() {
    let text = "Aa,Bb,Cc,Dd\n05/01/2026,a,50.00,350.00\n16/01/2026,b,-7.50,342.50\n";
    let proven = [Some("300.00".to_owned()), Some("342.50".to_owned())];
    assert_eq!(ends(&clean(text)), proven);
    let above = "Xx Yy\nZz: 1\n\nVv;Ww\n".repeat(3);
    assert_eq!(ends(&clean(&format!("{above}{text}"))), proven);
}

#[test]
fn what_nothing_proves_is_refused() {
    for text in [
        // No sign and no mark.
        "05/01/2026,a,50.00\n16/01/2026,b,7.50\n",
        // Numbers without decimals may count anything.
        "05/01/2026,a,50\n16/01/2026,b,-7\n",
        // Two columns with signs, and no balance that follows.
        "05/01/2026,a,50.00,-3.00\n16/01/2026,b,-7.50,4.00\n",
        // A balance that does not follow.
        "05/01/2026,50.00,a,350.00\n16/01/2026,-7.50,b,342.51\n",
        // One row is left.
        "\"05-01-2026\",\"1.000,00\",\"Credit\",\"a",
        "05.01.2026;a;-1.00",
        // The first row has a mark too few, or no date.
        "x05.01.2026;a;-50,00;EUR\n16.01.2026;b;-7,50;EUR\n17.01.2026;b;-8,50;EUR\n",
        "X1 a;05.01.2026;-50,00;EUR\nX1;b;16.01.2026;-7,50;EUR\nX1;b;17.01.2026;-8,50;EUR\n",
        // A mark that nobody knows, and balances that go the other way with the amounts unsigned.
        "05-01-2026;50,00;Cr7dit;a;350,00\n16-01-2026;7,50;Debet;b;342,50\n",
        // A row with other cells.
        "05/01/2026,50.00,a,350.00\n16/01/2026,-7.50,b\n",
        // Half of the headings are known, and none says what the number is.
        "Date,Details,Balance\n05/01/2026,a,50.00\n16/01/2026,b,-7.50\n",
        // An amount that cannot be read beside a balance below zero.
        "05/01/2026,-50.00,a,-350.00\n16/01/2026,-7.5O,b,-357.50\n",
        // Columns that count, not money.
        "05/01/2026,a,1,1\n16/01/2026,b,1,2\n17/01/2026,b,1,3\n",
    ] {
        let parsed = read(text);
        assert!(!parsed.errors.is_empty(), "{text}: {parsed:?}");
    }
}

#[test]
fn two_ways_to_read_that_differ_are_no_proof() {
    // Either number of the row moves the balance.
    let text = "05/01/2026,a,1.50,1.50,5.00\n16/01/2026,b,2.25,2.25,7.25\n";
    assert_eq!(lines(&clean(text)).len(), 2, "the same numbers are the same reading");
    let text = "05/01/2026,a,1.50,3.00,5.00\n16/01/2026,b,2.25,2.25,7.25\n";
    assert!(!read(text).errors.is_empty(), "the first row is one and a half or three");
}

#[test]
fn a_day_that_does_not_exist_is_refused_at_its_row_without_headings_too() {
    let table = "05.01.2026;\"Miete\";05.01.2026;-50,00;EUR;;\n45.13.2026;\"Lohn\";16.01.2026;7,50;EUR;;\n\
                 17.01.2026;\"Strom\";17.01.2026;-3,00;EUR;;\n";
    let parsed = read(table);
    let places: Vec<_> = parsed.errors.iter().map(|error| (error.at.as_str(), error.code)).collect();
    assert_eq!(places, [("line 2", "date_invalid")]);
}

#[test]
fn words_of_three_letters_are_no_currencies() {
    let text = "15.01.2026;ATM;10,00;;90,00\n17.01.2026;fee;;25,50;115,50\n18.01.2026;POS;15,50;;100,00\n";
    let statement = clean(text);
    assert_eq!(statement.currency.as_deref(), Some("XXX"), "no currency is named");
    let texts: Vec<String> = lines(&statement).into_iter().map(|[_, _, text]| text).collect();
    assert_eq!(texts, ["ATM", "fee", "POS"]);
}

#[test]
fn the_mapping_that_is_shown_keeps_every_text_and_reads_the_same_memos() {
    let text =
        "05.01.2026;Bonifico;777888;Affitto gennaio;-100,00\n16.01.2026;Accredito;777888;Stipendio;50,00\n";
    let shown = preview(text.as_bytes(), None).unwrap().mapping;
    assert_eq!(shown.columns.get(&Column::Description), Some(&Place::Number(4)), "it has the most letters");
    assert_eq!(shown.other_texts, [2]);
    let kept = Layout::from_toml(&shown.to_toml().unwrap()).unwrap();
    assert_eq!(kept, shown);
    let mut parsed = parse_with(text.as_bytes(), Some(&kept));
    assert_eq!(parsed.errors, vec![]);
    let read_again = lines(&parsed.statements.remove(0));
    assert_eq!(read_again, lines(&clean(text)));
    let texts: Vec<&str> = read_again.iter().map(|[_, _, text]| text.as_str()).collect();
    assert_eq!(texts, ["Bonifico Affitto gennaio", "Accredito Stipendio"]);
    // A form asks for the description alone.
    let told = Layout { other_texts: Vec::new(), ..kept.clone() };
    assert_eq!(told.clone().with_texts_of(&shown), kept);
    let mut another = told;
    another.columns.insert(Column::Description, Place::Number(2));
    assert_eq!(another.clone().with_texts_of(&shown), another, "a person named another text");
}
