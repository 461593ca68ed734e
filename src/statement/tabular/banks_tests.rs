//! Exports of banks of Italy, Switzerland, Poland and Hungary: rows of balances, amounts without a side, several
//! accounts in one table, and headings of their own. All invented.

use crate::statement::{Parsed, Statement, parse};

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!(parsed.statements.len(), 1, "{text}");
    parsed.statements.remove(0)
}

/// Place and code of the first error.
fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("{text} was read: {parsed:?}"));
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn memos(statement: &Statement) -> Vec<&str> {
    statement.lines.iter().map(|line| line.memo.as_deref().unwrap_or_default()).collect()
}

/// Opening and closing.
fn ends(statement: &Statement) -> [String; 2] {
    [&statement.opening, &statement.closing].map(|balance| {
        balance.as_ref().map(|balance| balance.amount.normalize().to_string()).unwrap_or_default()
    })
}

const HEADINGS: &str = "DATA;VALUTA;DARE;AVERE;DIVISA;DESCRIZIONE_OPERAZIONE;CAUSALE_ABI\n";
const MOVED: [&str; 2] = ["-100.00", "-41.05"];

/// Two movements of April and May, with a row below them.
fn above(row: &str) -> String {
    format!(
        "{HEADINGS}29/04/2026;27/04/2026;100,00;;EUR;PAGAMENTO;43\n\
         04/05/2026;29/04/2026;41,05;;EUR;PAGAMENTO;43\n{row}\n"
    )
}

#[test]
fn a_booked_balance_below_the_rows_is_the_closing_one() {
    for words in [
        "Saldo contabile",
        "Kontostand",
        "Saldo per 30.04.2026",
        "Saldo contabile finale",
        "Saldo contabile al 30/04/2026",
    ] {
        let text = above(&format!("04/05/2026;;;555,39;EUR;{words};"));
        let statement = clean(&text);
        assert_eq!(amounts(&statement), MOVED, "{words}");
        assert_eq!(ends(&statement)[1], "555.39", "{words}");
        assert!(read(&text).warnings.iter().any(|warning| warning.code == "row_ignored"), "{words}");
    }
}

#[test]
fn an_available_balance_moves_nothing_and_closes_nothing() {
    let three = above(
        "04/05/2026;;;555,39;EUR;Saldo contabile;\n04/05/2026;;;555,39;EUR;Saldo liquido;\n\
         04/05/2026;;;777,04;EUR;Disponibilita al;",
    );
    let statement = clean(&three);
    assert_eq!(
        (amounts(&statement), ends(&statement)[1].as_str()),
        (MOVED.map(str::to_owned).to_vec(), "555.39")
    );
    for words in ["Available balance", "Saldo disponibile", "Disponibilità"] {
        let text = above(&format!("04/05/2026;;;777,04;EUR;{words};"));
        assert_eq!(amounts(&clean(&text)), MOVED, "{words}");
    }
}

#[test]
fn what_may_be_a_balance_or_a_payment_is_refused_at_its_row() {
    let bare = above("04/05/2026;;;555,39;EUR;Saldo;");
    assert_eq!(refused(&bare), ("line 4".to_owned(), "balance_or_payment"));
    for words in ["Saldo contabile", "Saldo disponibile"] {
        let inside = above(&format!("06/05/2026;;;555,39;EUR;{words};\n08/05/2026;;10,00;;EUR;PAGAMENTO;43"));
        assert_eq!(refused(&inside), ("line 4".to_owned(), "balance_or_payment"), "{words}");
    }
    let paid = above("04/05/2026;;;555,39;EUR;saldo fattura 8745;");
    assert_eq!(amounts(&clean(&paid)), ["-100.00", "-41.05", "555.39"]);
}

#[test]
fn a_balance_is_no_payment_by_the_row_that_is_booked_after_it() {
    let table = |rows: &str| format!("Data;Descrizione;Importo;Divisa;Saldo\n{rows}");
    let of_one_day =
        table("04/05/2026;Saldo contabile;500,00;EUR;500,00\n04/05/2026;Giroconto;-500,00;EUR;0,00\n");
    assert_eq!(refused(&of_one_day), ("line 2".to_owned(), "balance_or_payment"), "either may be first");
    let oldest_first = clean(&table(
        "04/05/2026;Saldo contabile;500,00;EUR;500,00\n05/05/2026;Giroconto;-500,00;EUR;0,00\n\
         16/05/2026;Affitto;10,00;EUR;10,00\n",
    ));
    assert_eq!(amounts(&oldest_first), ["-500.00", "10.00"]);
    assert_eq!(ends(&oldest_first), ["500", "10"].map(str::to_owned));
}

#[test]
fn an_amount_beside_empty_sides_counts_only_with_its_sign() {
    let table = |amount: &str| {
        format!(
            "Date,Description,Debit,Credit,Amount\n2022-05-02,PATTINDE,,300.00,\n\
             2022-05-03,Famain,,,{amount}\n2022-05-04,ARTION,52.00,,\n"
        )
    };
    assert_eq!(refused(&table("131.40")), ("line 3".to_owned(), "amount_side_unknown"));
    assert_eq!(amounts(&clean(&table("-131.40"))), ["300.00", "-131.40", "-52.00"]);
}

#[test]
fn the_rows_of_two_accounts_are_not_taken_for_those_of_one() {
    let parsed = read(
        "\"Data transakcji\";\"Dane kontrahenta\";\"Tytuł\";\"Nr rachunku\";\"Kwota transakcji (waluta rachunku)\";\
         \"Waluta\";\"Konto\"\n\
         2026-05-04;Sklep;Zakup;12105000001111222233334444;-10,00;PLN;KONTO Direct (PLN)\n\
         2026-05-05;Bank;Odsetki;;1,00;PLN;Smart Saver (PLN)\n",
    );
    assert_eq!(parsed.errors, vec![]);
    let [first, second] = parsed.statements.as_slice() else { panic!("{:?}", parsed.statements) };
    assert_ne!(first.account, second.account);
    let line = &first.lines[0];
    assert_eq!(line.counterparty_account.as_deref(), Some("12105000001111222233334444"));
}

#[test]
fn the_currency_beside_the_side_that_is_filled_counts() {
    let parsed = read(
        "Date;Text;Debit;Debit currency;Credit;Credit currency\n30.01.2024;Refund;;;54.00;EUR\n\
         31.01.2024;Migros;22.35;CHF;;\n",
    );
    assert_eq!(parsed.errors, vec![]);
    let read: Vec<_> = parsed.statements.iter().map(|one| (one.currency.as_deref(), amounts(one))).collect();
    let wanted = [(Some("EUR"), vec!["54.00".to_owned()]), (Some("CHF"), vec!["-22.35".to_owned()])];
    assert_eq!(read, wanted);
}

#[test]
fn the_text_of_the_bank_is_the_memo_in_every_language_of_switzerland() {
    for headings in [
        "Date;Type de transaction;Texte de notification;Crédit en CHF;Débit en CHF",
        "Data;Tipo di transazione;Testo di notifica;Accredito in CHF;Addebito in CHF",
    ] {
        let statement =
            clean(&format!("{headings}\n30.01.2024;X1;Migros;;-22.35\n31.01.2024;X2;Paga;54.00;\n"));
        assert_eq!(memos(&statement), ["Migros", "Paga"], "{headings}");
    }
    let booked = clean(
        "Data di contabilizzazione;Data di acquisto;Dettagli di contabilizzazione;Accredito in CHF;Addebito in CHF\n\
         30.01.2024;29.01.2024;Migros;;-22.35\n31.01.2024;;Paga;54.00;\n",
    );
    assert_eq!(
        (memos(&booked), amounts(&booked)),
        (vec!["Migros", "Paga"], vec!["-22.35".into(), "54.00".into()])
    );
    assert_eq!(booked.lines[0].booking_date.map(|day| day.to_string()).as_deref(), Some("2024-01-30"));
}

#[test]
fn the_number_of_an_order_is_a_reference_and_no_account() {
    let statement = clean(
        "Data;Data valuta;Numero di ordine;Tipo di ordine;Testo di contabilizzazione;Addebiti (USD);Accrediti (USD);\
         Saldo (USD)\n\
         30.01.2024;30.01.2024;123456789;Bonifico;Affitto;100.00;;900.00\n\
         31.01.2024;31.01.2024;123456790;Entrata;Paga;;50.00;950.00\n",
    );
    assert_eq!(memos(&statement), ["Affitto", "Paga"]);
    assert_eq!(statement.lines[0].bank_reference.as_deref(), Some("123456789"));
    assert_eq!((statement.account.as_deref(), statement.currency.as_deref()), (None, Some("USD")));
    let unheaded = clean(
        "05.01.2026;Bonifico;777888;Affitto gennaio;-100,00\n16.01.2026;Accredito;777888;Stipendio;50,00\n",
    );
    assert_eq!(memos(&unheaded), ["Bonifico Affitto gennaio", "Accredito Stipendio"]);
    assert_eq!(unheaded.account, None, "two rows may be of one order");
}

#[test]
fn the_day_of_the_week_behind_a_date_is_no_reference() {
    let statement =
        clean("Dátum;Közlemény;Összeg\n2025.11.17., hétfő;bolt;-100\n2025.11.18., kedd;bér;500\n");
    let line = &statement.lines[0];
    assert_eq!(line.day().map(|day| day.to_string()).as_deref(), Some("2025-11-17"));
    assert_eq!(line.bank_reference, None);
}

#[test]
fn balances_without_a_day_stand_above_and_below_the_rows() {
    let statement = clean(
        "Data contabile;Data valuta;Descrizione;Accrediti;Addebiti\n;;Saldo contabile iniziale in Euro;111;\n\
         30.01.2026;30.01.2026;Affitto;;-100,00\n31.01.2026;31.01.2026;Stipendio;50,00;\n\
         ;;Saldo contabile finale in Euro;61;\n",
    );
    assert_eq!(
        (amounts(&statement), ends(&statement)),
        (vec!["-100.00".into(), "50.00".into()], ["111", "61"].map(str::to_owned))
    );
}

#[test]
fn headings_of_italian_banks_are_known() {
    let of_operation = clean(
        "Data dell'operazione;Data di registrazione;Data di valuta;Moneta;Addebito;Accredito;Saldo;Descrizione1;\
         N. di transazione\n\
         2024-06-18;2024-06-18;2024-06-18;CHF;;50.00;42.97;Y;A1\n\
         2024-06-19;;2024-06-19;CHF;-20.00;;22.97;X;A2\n",
    );
    assert_eq!(amounts(&of_operation), ["50.00", "-20.00"]);
    assert_eq!(of_operation.lines[1].bank_reference.as_deref(), Some("A2"));
    assert_eq!(of_operation.currency.as_deref(), Some("CHF"));
    let short = clean(
        "Data Op.;Data Val.;Causale;Descrizione;Importo;Div.\n30/01/2026;31/01/2026;43;Affitto;-100,00;EUR\n\
         31/01/2026;31/01/2026;48;Paga;50,00;EUR\n",
    );
    assert_eq!(
        (amounts(&short), memos(&short)),
        (vec!["-100.00".into(), "50.00".into()], vec!["Affitto", "Paga"])
    );
    assert_eq!(short.currency.as_deref(), Some("EUR"));
}

#[test]
fn what_is_only_kept_back_or_noted_is_left_out_as_not_booked() {
    let kept = "Data transakcji;Dane kontrahenta;Tytuł;Kwota transakcji (waluta rachunku);Waluta;\
                Kwota blokady/zwolnienie blokady;Waluta\n2026-05-04;Sklep;Zakup;-10,00;PLN;;\n\
                2026-05-05;Stacja;Paliwo;;;-99,00;PLN\n";
    assert_eq!(amounts(&clean(kept)), ["-10.00"]);
    let noted = above("04/05/2026;prenotata;33,35;;EUR;PRE-ADDEBITO;");
    assert_eq!(amounts(&clean(&noted)), MOVED);
    for text in [kept, noted.as_str()] {
        assert!(read(text).warnings.iter().any(|warning| warning.code == "entry_not_booked"), "{text}");
    }
}

#[test]
fn the_label_of_an_account_may_stand_alone_above_it() {
    let table = "Data;Opis;Kwota\n2026-05-04;Zakup;-10,00\n2026-05-05;Odsetki;1,00\n";
    for above in ["#Numer rachunku;\n11114020040000300201355387;", "Conto no.;11114020040000300201355387"] {
        let statement = clean(&format!("{above}\n\n{table}"));
        assert_eq!(statement.account.as_deref(), Some("11114020040000300201355387"), "{above}");
    }
}
