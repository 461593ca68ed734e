//! Words, dates and labels of banks that once were not known, or were taken for something else. All
//! invented.

use crate::statement::{Parsed, Statement, parse};

#[test]
fn the_iban_of_an_account_goes_before_its_number() {
    let table = |labels: &str| {
        let rows = "Datum;Objem;Zpráva\n22.11.2026;20,00;a\n";
        clean(&format!("{labels}\n{rows}")).account
    };
    let iban = Some("CZ6220100000002345678901".to_owned());
    assert_eq!(table("accountId;2345678901\niban;CZ6220100000002345678901\ncurrency;CZK"), iban);
    assert_eq!(table("iban;CZ6220100000002345678901\naccountId;2345678901\ncurrency;CZK"), iban);
    let other = table("accountId;2345678999\niban;CZ6220100000002345678901\ncurrency;CZK");
    assert_eq!(other.as_deref(), Some("2345678999"), "another account is no better name of this one");
}

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!(parsed.statements.len(), 1, "{text}");
    parsed.statements.remove(0)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn memos(statement: &Statement) -> Vec<&str> {
    statement.lines.iter().map(|line| line.memo.as_deref().unwrap_or_default()).collect()
}

fn days(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.day().map(|day| day.to_string()).unwrap_or_default()).collect()
}

fn ends(statement: &Statement) -> [Option<String>; 2] {
    [&statement.opening, &statement.closing]
        .map(|balance| balance.as_ref().map(|balance| balance.amount.to_string()))
}

fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("must be refused: {text}\n{parsed:?}"));
    (first.at.clone(), first.code)
}

const MOVED: [&str; 2] = ["50.00", "-7.50"];

#[test]
fn headings_of_many_banks_are_known() {
    for (heading, one, two) in [
        (
            "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance",
            "R1,2026-01-05 10:00:00,a,Completed,50.00,,350.00",
            "R2,2026-01-16 10:00:00,b,Completed,,7.50,342.50",
        ),
        ("วันที่,รายการ,เงินออก,เงินเข้า,คงเหลือ", "05/01/2026,a,,50.00,350.00", "16/01/2026,b,7.50,,342.50"),
        ("交易日期,說明,提出,存入,餘額", "2026/01/05,a,,50.00,350.00", "2026/01/16,b,7.50,,342.50"),
        (
            "业务日期,摘要,结算号,借方发生额,贷方发生额,余额",
            "2026-01-05,a,1,,50.00,350.00",
            "2026-01-16,b,2,7.50,,342.50",
        ),
        ("FECHA,DESCRIPCIÓN,DCTO.,VALOR,SALDO", "05/01/2026,a,1,50.00,350.00", "16/01/2026,b,2,-7.50,342.50"),
        (
            "AccountNo,Ccy,PostDate,Remarks,CreditAmount,DebitAmount,CloseBalance",
            "1234567,IDR,05/01/2026,a,50.00,,350.00",
            "1234567,IDR,16/01/2026,b,,7.50,342.50",
        ),
        (
            "Ngày,Số tiền thu,Số tiền chi,Diễn giải,Dư cuối",
            "05/01/2026,50.00,,a,350.00",
            "16/01/2026,,7.50,b,342.50",
        ),
        (
            "Datum der Transaktion,Referenz,Art,Betrag eingehend,Betrag ausgehend,Verfügbares Guthaben,Buchungstext",
            "\"05.01.26, 13:56\",r,x,50.00,0.00,350.00,a",
            "\"16.01.26, 13:57\",r,x,0.00,7.50,342.50,b",
        ),
    ] {
        let statement = clean(&format!("{heading}\n{one}\n{two}\n"));
        assert_eq!(amounts(&statement), MOVED, "{heading}");
        assert_eq!(memos(&statement), ["a", "b"], "{heading}");
        assert_eq!(ends(&statement), [Some("300.00".into()), Some("342.50".into())], "{heading}");
        assert_eq!(days(&statement), ["2026-01-05", "2026-01-16"], "{heading}");
    }
}

#[test]
fn kinds_of_wallets_say_the_side_and_what_they_do_not_say_is_refused() {
    for (credit, debit) in [("Carga", "Compra"), ("Dana Masuk", "Pembayaran")] {
        let text = format!(
            "Fecha,Descripción,Monto,Tipo,Moneda\n05/01/2026,a,50.00,{credit},EUR\n16/01/2026,b,7.50,{debit},EUR\n"
        );
        assert_eq!(amounts(&clean(&text)), MOVED, "{credit}");
        assert_eq!(refused(&text.replace(credit, "Sorteo")), ("line 2".to_owned(), "mark_invalid"));
        let unknown = text.replace(credit, "Sorteo").replace(debit, "Varios");
        assert_eq!(refused(&unknown), ("line 2".to_owned(), "mark_invalid"), "neither is known");
    }
}

#[test]
fn marks_may_be_said_twice_and_in_the_words_of_japan() {
    let text = "交易日期,摘要,借贷,交易金额\n2026-01-05,a,贷 Cr,50.00\n2026-01-16,b,借 Dr,7.50\n";
    assert_eq!(amounts(&clean(text)), MOVED);
    assert_eq!(refused(&text.replace("借 Dr", "借 Cr")).1, "mark_invalid");
    let text = "取引日,受払区分,取扱金額,詳細\n2026/01/05,預入,50,a\n2026/01/16,払出,▲7,b\n";
    assert_eq!(amounts(&clean(text)), ["50", "-7"]);
    let unmarked = "Date,Description,Amount\n05/01/2026,a,50\n16/01/2026,b,▲7\n";
    assert_eq!(amounts(&clean(unmarked)), ["50", "-7"]);
}

#[test]
fn a_column_that_is_called_valuta_is_what_its_cells_are() {
    let dutch = "Rekening;Munt;Datum;Omschrijving;Valuta;Bedrag;Saldo\n\
                 BE00000000000001;EUR;05/01/2026;a;06/01/2026;50,00;350,00\n\
                 BE00000000000001;EUR;16/01/2026;b;17/01/2026;-7,50;342,50\n";
    let statement = clean(dutch);
    assert_eq!(statement.currency.as_deref(), Some("EUR"));
    assert_eq!(statement.lines[0].value_date.map(|day| day.to_string()).as_deref(), Some("2026-01-06"));
    let italian = "Data di inizio,Data di completamento,Descrizione,Importo,Costo,Valuta,Saldo\n\
                   2026-01-04 10:00:00,2026-01-05 10:00:00,a,50.00,0.00,EUR,350.00\n\
                   2026-01-15 10:00:00,2026-01-16 10:00:00,b,-7.00,0.50,EUR,342.50\n";
    let statement = clean(italian);
    assert_eq!(statement.currency.as_deref(), Some("EUR"));
    assert_eq!(days(&statement)[0], "2026-01-05", "the day of completion");
    assert_eq!(
        statement.lines.iter().map(|line| line.amount).sum::<rust_decimal::Decimal>().to_string(),
        "42.50"
    );
}

#[test]
fn a_text_column_of_marks_alone_is_not_put_into_the_memo() {
    let text =
        "Details,Posting Date,Description,Amount\nCREDIT,01/05/2026,a,50.00\nDEBIT,01/16/2026,b,-7.50\n";
    assert_eq!(memos(&clean(text)), ["a", "b"]);
    let unsigned = text.replace("-7.50", "7.50");
    assert_eq!(amounts(&clean(&unsigned)), MOVED, "they say the side where no sign does");
}

#[test]
fn numbered_references_and_a_lone_one_are_the_text() {
    let text = "Transaction Date,Reference,Debit Amount,Credit Amount,Transaction Ref1,Transaction Ref2\n\
                06 Jan 2026,ICT,, 50.00,a,one\n16 Jan 2026,MST, 7.50, ,b,two\n";
    let statement = clean(text);
    assert_eq!(memos(&statement), ["a one", "b two"]);
    assert_eq!(statement.lines[0].bank_reference.as_deref(), Some("ICT"));
    let alone = "Date,Counter Party,Reference,Amount (GBP)\n05/01/2026,x,a,50.00\n16/01/2026,y,b,-7.50\n";
    assert_eq!(memos(&clean(alone)), ["a", "b"]);
}

#[test]
fn a_name_in_brackets_is_no_currency() {
    let table =
        "Tran Date,Particulars,Debit,Credit,Balance\n05/01/2026,a,,50.00,350.00\n16/01/2026,b,7.50,,342.50\n";
    let named = format!("Name :- A B (HUF)\n{table}");
    assert_eq!(clean(&named).currency.as_deref(), Some("XXX"));
    let indian = format!("A B (HUF)\nIFSC Code :-,ABCD0001234\n{table}");
    assert_eq!(clean(&indian).currency.as_deref(), Some("INR"));
    let own = format!("Account (HUF),123456789\n{table}");
    assert_eq!(clean(&own).currency.as_deref(), Some("HUF"));
}

#[test]
fn accounts_are_found_in_running_text_and_beside_other_labels() {
    let table = "Date;Description;Amount\n05/01/2026;a;50.00\n16/01/2026;b;-7.50\n";
    for (above, account) in [
        (
            "Statement of Account No - 923010008070 for the period (From : 01-01-2026 To : 31-01-2026)",
            "923010008070",
        ),
        ("Extrato de: Ag: 1234 | Conta: 123456-7 | Entre 01/01/2026 e 31/01/2026", "1234567"),
        ("\"Bank 12; Branch 3627; Account 0005597-00 (Business Account)\"", "123627000559700"),
        ("Compte de Dépôt carte n° 04106119371", "04106119371"),
        ("Kontonummer:;DE12 3456 7890 1234 5678 90 / Girokonto", "DE12345678901234567890"),
        ("\"Tagesgeld\";\"DE12345678901234567890\"", "DE12345678901234567890"),
        ("Konto:;=\"CH93 0000 0000 0000 0000 0\"", "CH9300000000000000000"),
        ("Account Details For:;Savings Account 123-456789-0", "1234567890"),
        ("חשבון: 12345-678", "12345678"),
        ("Movimientos de la cuenta ES91 2100 0418 4502 0005 1332", "ES9121000418450200051332"),
        ("Kontonummer / IBAN: 123.456.78 / CH00 0840 1016 1234 5678 9", "CH0008401016123456789"),
    ] {
        let statement = clean(&format!("{above}\n{table}"));
        assert_eq!(statement.account.as_deref(), Some(account), "{above}");
    }
    let czech = "Číslo účtu;Datum zaúčtování;Popis;Částka\n123456789/0100;05.01.2026;a;50,00\n\
                 123456789/0100;16.01.2026;b;-7,50\n";
    assert_eq!(clean(czech).account.as_deref(), Some("123456789/0100"));
}

#[test]
fn a_balance_of_a_day_is_the_closing_one() {
    let table = "Datum;Beschreibung;Betrag\n05.01.2026;a;50,00\n16.01.2026;b;-7,50\n";
    for above in [
        "\"Kontostand vom 31.01.2026:\";\"342,50 EUR\"",
        "Kontostand;31.1.2026;;;342,50;EUR",
        "Solde au 31/01/2026 342,50 €",
        "Solde au 31/01/2026;342,50",
        "Ledger Balance : 342,50 as of 20260131",
    ] {
        assert_eq!(ends(&clean(&format!("{above}\n{table}")))[1].as_deref(), Some("342.50"), "{above}");
    }
}

#[test]
fn a_balance_that_the_separator_tore_is_put_together() {
    let text =
        "Saldo Awal : 1,410,584,300.00\nTanggal,Keterangan,Jumlah\n05/01/2026,a,50.00\n16/01/2026,b,-7.50\n";
    assert_eq!(ends(&clean(text))[0].as_deref(), Some("1410584300.00"));
}

#[test]
fn the_sign_of_a_currency_may_stand_behind_its_label() {
    let text = "Kode Mata Uang : Rp\nTanggal;Keterangan;Jumlah\n05/01/2026;a;50.00\n16/01/2026;b;-7.50\n";
    assert_eq!(clean(text).currency.as_deref(), Some("IDR"));
    let text = "Дата операции;Описание;Сумма;Валюта\n05.01.2026;a;50,00;RUR\n16.01.2026;b;-7,50;RUR\n";
    assert_eq!(clean(text).currency.as_deref(), Some("RUB"));
    let text = "Tanggal;Keterangan;Jumlah;Mata Uang\n05/01/2026;a;50.00;360\n16/01/2026;b;-7.50;360\n";
    assert_eq!(clean(text).currency.as_deref(), Some("IDR"));
}

#[test]
fn days_without_a_year_are_those_of_the_period() {
    let text = "Periode : 25/12/2026 - 05/01/2027\nTanggal,Keterangan,Jumlah,,Saldo\n'28/12,a,50.00,CR,350.00\n\
                '02/01,b,7.50,DB,342.50\n'PEND,c,2.50,DB,340.00\n";
    let statement = clean(text);
    assert_eq!(days(&statement), ["2026-12-28", "2027-01-02", "2027-01-05"]);
    assert_eq!(amounts(&statement), ["50.00", "-7.50", "-2.50"]);
    assert!(!read(&text.replace("'02/01", "'02/02")).errors.is_empty(), "outside of the period");
    assert!(!read(&text.replace("'02/01", "'32/01")).errors.is_empty(), "no day at all");
    assert!(!read(text.split_once('\n').unwrap().1).errors.is_empty(), "nothing says the year");
}

#[test]
fn years_of_the_republic_and_of_the_buddha_are_brought_into_ours() {
    for [first, second] in
        [["115/01/05", "115/01/16"], ["1150105", "1150116"], ["115.1.5 10:00", "115.1.16 11:00"]]
    {
        let text = format!("交易日期,摘要,支出金額,存入金額,餘額\n{first},a,,50,350\n{second},b,7,,343\n");
        assert_eq!(days(&clean(&text)), ["2026-01-05", "2026-01-16"], "{first}");
    }
    for [first, second] in
        [["05/01/2569", "16/01/2569"], ["05/01/69", "16/01/69"], ["2569-01-05", "2569-01-16"]]
    {
        let text =
            format!("วันที่,รายการ,ถอน,ฝาก,ยอดคงเหลือ\n{first},a,,50.00,350.00\n{second},b,7.50,,342.50\n");
        assert_eq!(days(&clean(&text)), ["2026-01-05", "2026-01-16"], "{first}");
    }
    let torn = "交易日期,摘要,支出金額,存入金額,餘額\n115/01/05,a,,50,350\n115/13/16,b,7,,343\n";
    assert!(!read(torn).errors.is_empty());
    let english = "Date,Description,Amount\n115/01/05,a,50.00\n";
    assert!(!read(english).errors.is_empty());
}

#[test]
fn the_month_is_never_first_where_nobody_writes_it_so() {
    let german = "Buchungstag;Verwendungszweck;Betrag\n03.01.2026;a;50,00\n03.02.2026;b;-7,50\n";
    assert_eq!(days(&clean(german)), ["2026-01-03", "2026-02-03"]);
    let french = "Date opération;Libellé;Montant\n01/10/2026;a;50,00\n01/11/2026;b;-7,50\n";
    assert_eq!(days(&clean(french)), ["2026-10-01", "2026-11-01"]);
    let canadian = "Account Type,Account Number,Transaction Date,Description 1,CAD$,USD$\n\
                    Chequing,123-4567,1/11/2026,a,50.00,\nChequing,123-4567,1/12/2026,b,-7.50,\n";
    let statement = clean(canadian);
    assert_eq!(days(&statement), ["2026-01-11", "2026-01-12"]);
    assert_eq!(statement.account.as_deref(), Some("1234567"));
}

#[test]
fn balances_that_each_row_repeats_are_those_of_the_statement() {
    let text = "Nomor Rekening,Tanggal,Nilai Transaksi,Debet Credit,Deskripsi Transaksi,Openning Balance,Closing Balance\n\
                0035464944,05/01/2026,50.00,C,a,300.00,342.50\n0035464944,16/01/2026,7.50,D,b,300.00,342.50\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), MOVED);
    assert_eq!(ends(&statement), [Some("300.00".into()), Some("342.50".into())]);
    assert_eq!(statement.account.as_deref(), Some("0035464944"));
    assert!(!read(&text.replace("342.50", "342.40")).errors.is_empty());
}

#[test]
fn the_reference_of_the_bank_goes_before_that_of_the_payer() {
    let text = "Datum zaúčtování;Variabilní symbol;Referenční číslo transakce;Zpráva;Částka\n\
                05.01.2026;17;REF1;a;50,00\n16.01.2026;18;REF2;b;-7,50\n";
    assert_eq!(clean(text).lines[0].bank_reference.as_deref(), Some("REF1"));
}

#[test]
fn what_is_left_of_an_amount_has_lost_its_fee_already() {
    let text = "Datum;Name;Status;Währung;Gebühr;Netto;Betreff\n05.01.2026;x;Abgeschlossen;EUR;-1,00;50,00;a\n\
                16.01.2026;y;Abgeschlossen;EUR;0,00;-7,50;b\n";
    assert_eq!(amounts(&clean(text)), MOVED);
}

#[test]
fn a_reservation_is_told_by_the_words_at_the_end_or_where_the_balance_stands() {
    let norwegian = "Dato;Forklaring;Beløp\n05.01.2026;a;50,00\n16.01.2026;b;-7,50\n\
                     17.01.2026;Varekjøp c Reservert transaksjon;-9,00\n";
    assert_eq!(amounts(&clean(norwegian)), MOVED);
    let polish = "Data operacji,Opis,Kwota,Saldo po operacji\n2026-01-05,a,50.00,350.00\n\
                  2026-01-16,b,-7.50,342.50\n2026-01-17,c,-9.00,W rozliczeniu\n";
    assert_eq!(amounts(&clean(polish)), MOVED);
}

#[test]
fn the_number_of_a_row_is_no_reference() {
    let text = "ID,Date,Description,Amount\n1,05/01/2026,a,50.00\n2,16/01/2026,b,-7.50\n";
    assert_eq!(clean(text).lines[0].bank_reference, None);
    let own = text.replace("\n1,", "\ntx_81,").replace("\n2,", "\ntx_82,");
    assert_eq!(clean(&own).lines[0].bank_reference.as_deref(), Some("tx_81"));
}

#[test]
fn what_goes_out_and_what_comes_in_has_a_name_in_every_language() {
    for head in [
        "Datum;Popis;Výdaje;Příjmy",
        "Datum;Popis;Na vrub;Ve prospěch",
        "Dátum;Leírás;Tartozik;Követel",
        "Data;Descriere;Ieșiri;Intrări",
        "Datum;Opis;Izdatki;Prejemki",
        "Дата;Описание;Разход;Приход",
        "Ημερομηνία;Περιγραφή;Ανάληψη;Κατάθεση",
        "Päivämäärä;Selite;Veloitus;Hyvitys",
        "Datum;Text;Ut;In",
        "Dato;Forklaring;Ut av konto;Inn på konto",
        "Dato;Tekst;Udgift;Indtægt",
        "Dagsetning;Skýring;Út;Inn",
        "Datums;Apraksts;Izdevumi;Ieņēmumi",
        "Data;Paskirtis;Nurašyta;Gauta",
        "Datum;Buchungstext;Auszahlung;Einzahlung",
        "Date;Libellé;Dépenses;Recettes",
        "Data;Descrição;Despesa;Receita",
        "Datum;Omschrijving;Uit;In",
        "Tanggal;Keterangan;Keluar;Masuk",
        "日期;摘要;取出;存入",
        "日付;摘要;支払;預入",
        "Date;Description;Outgoing;Incoming",
    ] {
        let statement = clean(&format!("{head}\n15.01.2026;Rent of May;10,00;\n17.01.2026;Sale;;25,50\n"));
        assert_eq!(amounts(&statement), ["-10.00", "25.50"], "{head}");
        assert_eq!(memos(&statement), ["Rent of May", "Sale"], "{head}");
    }
}
