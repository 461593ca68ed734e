//! Exports of other countries' banks, read by the dictionary of headings. All invented.

use crate::statement::model::{Parsed, Statement};
use crate::statement::parse;

fn read(table: &str) -> Parsed {
    let parsed = parse(table.as_bytes());
    assert!(parsed.errors.is_empty(), "{table}: {:?}", parsed.errors);
    parsed
}

fn only(table: &str) -> Statement {
    let mut statements = read(table).statements;
    assert_eq!(statements.len(), 1, "{table}");
    statements.remove(0)
}

/// Day, amount and memo of each line.
fn lines(statement: &Statement) -> Vec<(String, String, String)> {
    let texts = statement.lines.iter().map(|line| {
        let day = line.booking_date.map(|day| day.to_string()).unwrap_or_default();
        (day, line.amount.to_string(), line.memo.clone().unwrap_or_default())
    });
    texts.collect()
}

fn line(day: &str, amount: &str, memo: &str) -> (String, String, String) {
    (day.to_owned(), amount.to_owned(), memo.to_owned())
}

#[test]
fn a_german_export_with_two_digit_years_is_read() {
    let table = "\"Auftragskonto\";\"Buchungstag\";\"Valutadatum\";\"Buchungstext\";\"Verwendungszweck\";\
                 \"Beguenstigter/Zahlungspflichtiger\";\"Kontonummer/IBAN\";\"Betrag\";\"Waehrung\"\n\
                 \"DE02100000000000000001\";\"23.11.26\";\"24.11.26\";\"GUTSCHRIFT\";\"Rechnung 17\";\"Muster GmbH\";\
                 \"DE02100000000000000002\";\"1.234,56\";\"EUR\"\n\
                 \"DE02100000000000000001\";\"23.11.26\";\"23.11.26\";\"LASTSCHRIFT\";\"Strom\";\"Werk\";\"\";\"-12,00\";\"EUR\"\n";
    let statement = only(table);
    assert_eq!(
        lines(&statement),
        [
            line("2026-11-23", "1234.56", "GUTSCHRIFT Rechnung 17"),
            line("2026-11-23", "-12.00", "LASTSCHRIFT Strom")
        ]
    );
    assert_eq!(statement.account.as_deref(), Some("DE02100000000000000001"));
    assert_eq!(
        (statement.currency.as_deref(), statement.lines[0].value_date.unwrap().to_string().as_str()),
        (Some("EUR"), "2026-11-24")
    );
}

#[test]
fn soll_and_haben_stand_in_a_column_of_their_own() {
    let table = "Buchungsdatum;Verwendungszweck;Umsatz in EUR;Soll/Haben\n23.11.2026;Miete;500,00;S\n24.11.2026;Lohn;1.500,00;H\n";
    let statement = only(table);
    assert_eq!(
        lines(&statement),
        [line("2026-11-23", "-500.00", "Miete"), line("2026-11-24", "1500.00", "Lohn")]
    );
    assert_eq!(statement.currency.as_deref(), Some("EUR"));
}

#[test]
fn a_dutch_export_says_af_and_bij() {
    let table = "\"Datum\",\"Naam / Omschrijving\",\"Rekening\",\"Tegenrekening\",\"Code\",\"Af Bij\",\"Bedrag (EUR)\",\"Mutatiesoort\",\"Mededelingen\"\n\
                 \"20261123\",\"Voorbeeld\",\"NL02BANK0000000001\",\"NL02BANK0000000002\",\"GT\",\"Af\",\"20,50\",\"Online\",\"nota 1\"\n\
                 \"20261124\",\"Voorbeeld\",\"NL02BANK0000000001\",\"\",\"GT\",\"Bij\",\"7,00\",\"Online\",\"nota 2\"\n";
    let statement = only(table);
    let amounts: Vec<String> = statement.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["-20.50", "7.00"]);
    assert_eq!(statement.account.as_deref(), Some("NL02BANK0000000001"));
    assert!(statement.lines[0].memo.as_deref().unwrap().contains("nota 1"));
}

#[test]
fn french_polish_and_spanish_columns_are_read_with_their_balances() {
    let french =
        "Date;Libellé;Débit euros;Crédit euros\n23/11/2026;VIREMENT;;150,00\n24/11/2026;FRAIS;-2,50;\n";
    assert_eq!(
        lines(&only(french)),
        [line("2026-11-23", "150.00", "VIREMENT"), line("2026-11-24", "-2.50", "FRAIS")]
    );
    let polish = "Data księgowania;Opis operacji;Tytuł;Nadawca/Odbiorca;Kwota;Saldo po operacji\n\
                  2026-11-23;PRZELEW;faktura;Wzór;1 000,00;1 500,00\n2026-11-24;OPŁATA;karta;Bank;-5,00;1 495,00\n";
    let statement = only(polish);
    assert_eq!(statement.lines[1].amount.to_string(), "-5.00");
    assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "1495.00");
    let spanish = "Fecha operación;Fecha valor;Concepto;Cargo;Abono;Saldo\n\
                   23/11/2026;23/11/2026;TRANSFERENCIA;;100,00;600,00\n24/11/2026;24/11/2026;RECIBO;40,00;;560,00\n";
    let statement = only(spanish);
    assert_eq!(
        lines(&statement),
        [line("2026-11-23", "100.00", "TRANSFERENCIA"), line("2026-11-24", "-40.00", "RECIBO")]
    );
    let tampered = spanish.replace("40,00;;560,00", "41,00;;560,00");
    assert_eq!(parse(tampered.as_bytes()).errors[0].at, "line 3");
}

#[test]
fn the_month_comes_first_only_where_the_table_proves_it() {
    let table = |last: &str| format!("Date,Description,Amount\n11/02/2026,a,1.50\n{last},b,2.50\n");
    let days = |table: &str| lines(&only(table)).into_iter().map(|(day, ..)| day).collect::<Vec<_>>();
    assert_eq!(days(&table("11/23/2026")), ["2026-11-02", "2026-11-23"]);
    assert_eq!(days(&table("03/11/2026"))[0], "2026-02-11", "nothing says otherwise: the day is first");
    let contradicting = "Date,Description,Amount\n11/23/2026,a,1.50\n23/11/2026,b,2.50\n";
    assert_eq!(parse(contradicting.as_bytes()).errors[0].code, "date_invalid");
}

#[test]
fn a_minus_may_stand_behind_the_number() {
    let table = "Buchungstag;Verwendungszweck;Betrag (EUR)\n23.11.2026;a;1.234,50-\n24.11.2026;b;10,00+\n";
    let amounts: Vec<String> = only(table).lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["-1234.50", "10.00"]);
}
