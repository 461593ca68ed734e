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

#[test]
fn headings_of_many_languages_are_known_with_their_marks_and_balances() {
    for heading in [
        "Дата операции;Описание;Сумма;Валюта;Остаток",
        "Дата i час операції;Деталі операції;Сума в валюті картки (EUR);Комісія;Залишок після операції",
        "Дата;Основание;Сума;Валута;Салдо",
        "Tarih;Açıklama;Tutar;Etiket;Bakiye",
        "Tanggal Transaksi;Keterangan;Jumlah;Cabang;Saldo",
        "Kuupäev;Selgitus;Summa;Valuuta;Saldo",
        "Data;Paaiškinimai;Suma;Valiuta;Likutis",
        "Datums;Informācija saņēmējam;Summa;Valūta;Atlikums",
        "Data tranzacției;Detalii tranzacție;Suma;Moneda;Sold",
        "Datum knjiženja;Opis;Iznos;Valuta;Stanje",
        "Ημερομηνία;Περιγραφή;Ποσό;Νόμισμα;Υπόλοιπο",
        "取引日;摘要;入出金;通貨;残高",
        "交易日期;摘要;交易金额;币种;余额",
        "거래일시;적요;거래금액;통화;잔액",
        "תאריך;תיאור;סכום;מטבע;יתרה",
        "التاريخ;البيان;المبلغ;العملة;الرصيد",
        "วันที่;รายการ;จำนวนเงิน;x;ยอดคงเหลือ",
    ] {
        let text = format!("{heading}\n2026-01-05;a;50,00;EUR;350,00\n2026-01-16;b;-7,50;EUR;342,50\n");
        let statement = only(&text);
        assert_eq!(
            lines(&statement),
            [line("2026-01-05", "50.00", "a"), line("2026-01-16", "-7.50", "b")],
            "{heading}"
        );
        assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "342.50", "{heading}");
    }
}

#[test]
fn columns_of_both_sides_are_known_in_many_languages() {
    for heading in [
        "Дата;Назначение платежа;Расход;Приход",
        "Tarih;Açıklama;Borç;Alacak",
        "Datum;Opis;Isplata;Uplata",
        "日付;摘要内容;支払い金額;預かり金額",
        "交易日期;摘要;支出;收入",
        "거래일자;내용;출금액;입금액",
        "Ημ/νία;Αιτιολογία;Χρέωση;Πίστωση",
        "תאריך;פרטים;חובה;זכות",
    ] {
        let text = format!("{heading}\n2026-01-05;a;;50.00\n2026-01-16;b;7.50;\n");
        assert_eq!(
            lines(&only(&text)),
            [line("2026-01-05", "50.00", "a"), line("2026-01-16", "-7.50", "b")],
            "{heading}"
        );
    }
}

#[test]
fn the_amount_of_the_account_goes_before_that_of_the_purchase_in_cyrillic_too() {
    let text = "Дата операции;Дата платежа;Статус;Сумма операции;Валюта операции;Сумма платежа;Валюта платежа;Описание\n\
                05.01.2026 10:00:00;06.01.2026;OK;-10,00;USD;-9,20;EUR;a\n\
                07.01.2026 10:00:00;08.01.2026;FAILED;-1,00;EUR;-1,00;EUR;b\n";
    assert_eq!(lines(&only(text)), [line("2026-01-06", "-9.20", "a")]);
}

#[test]
fn dates_of_the_east_and_months_of_many_languages_are_read() {
    for day in
        ["2026年1月5日", "2026년 1월 5일", "5 января 2026", "5 Ocak 2026", "5 ianuarie 2026", "05 jan 2026"]
    {
        let text = format!("Date;Description;Amount\n{day};a;50.00\n{day};b;-7.50\n");
        assert_eq!(lines(&only(&text))[1], line("2026-01-05", "-7.50", "b"), "{day}");
    }
}

#[test]
fn a_heading_may_be_the_currency_or_both_sides_of_the_amount() {
    let canadian = "Account Type,Account Number,Transaction Date,Description 1,CAD$,USD$\n\
                    Chequing,12345-1234567,1/5/2026,a,50.00,\nChequing,12345-1234567,1/16/2026,b,-7.50,\n";
    let statement = only(canadian);
    assert_eq!(lines(&statement)[1], line("2026-01-16", "-7.50", "b"));
    assert_eq!(statement.currency.as_deref(), Some("CAD"));
    let german = "Buchungstag;Wertstellung;Soll/Haben;Vwz.0\n05.01.2026;05.01.2026;50,00;a\n16.01.2026;16.01.2026;-7,50;b\n";
    assert_eq!(lines(&only(german))[1], line("2026-01-16", "-7.50", "b"));
    let swiss = "IBAN;Booked At;Text;Credit/Debit Amount;Balance;Valuta Date\n\
                 CH0200000000000000001;2026-01-05 00:00:00.0;a;50.00;350.00;2026-01-05 00:00:00.0\n\
                 CH0200000000000000001;2026-01-16 00:00:00.0;b;-7.50;342.50;2026-01-16 00:00:00.0\n";
    assert_eq!(lines(&only(swiss))[1], line("2026-01-16", "-7.50", "b"));
}
