//! What a table is made of beside its rows. All invented.

use crate::statement::layout::Layout;
use crate::statement::model::{Parsed, Statement};
use crate::statement::{parse, parse_with, preview};

fn read(table: &str) -> Parsed {
    parse(table.as_bytes())
}

fn only(table: &str) -> Statement {
    let parsed = read(table);
    assert!(parsed.errors.is_empty(), "{table}: {:?}", parsed.errors);
    let mut statements = parsed.statements;
    assert_eq!(statements.len(), 1, "{table}");
    statements.remove(0)
}

/// Code and place of the errors.
fn faults(table: &str) -> Vec<(String, String)> {
    read(table).errors.iter().map(|error| (error.code.to_string(), error.at.clone())).collect()
}

fn fault(code: &str, at: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), at.to_owned())]
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn memos(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.memo.clone().unwrap_or_default()).collect()
}

/// Opening and closing balance.
fn ends(statement: &Statement) -> [String; 2] {
    [&statement.opening, &statement.closing]
        .map(|balance| balance.as_ref().map(|balance| balance.amount.to_string()).unwrap_or_default())
}

const HEADING: &str = "Date,Description,Debit,Credit,Balance\n";

#[test]
fn a_table_of_which_no_row_is_read_is_refused() {
    let table = "Date,Description,Debit,Credit,Foreign\n2026-11-23,Rent,-,-,\"12.50\"\n2026-11-24,Wages,-,-,\"80.00\"\n";
    assert_eq!(faults(table), fault("amount_missing", "line 2"));
    let empty = "Date,Description,Debit,Credit,Foreign\n2026-11-23,Note,-,-,\n";
    assert_eq!(faults(empty), []);
}

#[test]
fn a_dash_for_an_amount_does_not_hide_a_balance_that_moved() {
    let table = |amount: &str, balance: &str| {
        format!(
            "{HEADING}2026-11-22,Start,-,-,100.00\n2026-11-23,Rent,20.00,-,80.00\n2026-11-24,Note,{amount},-,{balance}\n2026-11-25,Wages,-,50.00,130.00\n"
        )
    };
    assert_eq!(amounts(&only(&table("-", "80.00"))), ["-20.00", "50.00"]);
    assert_eq!(faults(&table("-", "75.00")), fault("amount_missing", "line 4"));
}

#[test]
fn sums_of_one_side_are_proven_wherever_they_stand() {
    let rows = "2026-11-23,Rent,50,,50\n2026-11-24,Wages,,100,150\n";
    for right in [
        "TOTAL DEBIT,50,,,\nTOTAL CREDIT,100,,,\n",
        ",TOTAL DEBIT,50,,\n,TOTAL CREDIT,,100,\n",
        "Total debit: 50\n",
    ] {
        assert_eq!(amounts(&only(&format!("{HEADING}{rows}{right}"))), ["-50", "100"], "{right}");
    }
    for wrong in ["TOTAL DEBIT,51,,,\n", ",TOTAL CREDIT,,101,\n", "Total debit: 51\n"] {
        assert_eq!(faults(&format!("{HEADING}{rows}{wrong}")), fault("totals_mismatch", "line 4"), "{wrong}");
    }
    let above = format!("Total credits,,\"101\"\n\n{HEADING}{rows}");
    assert_eq!(faults(&above), fault("totals_mismatch", "line 1"));
}

#[test]
fn a_small_table_of_balances_and_sums_is_proven() {
    let table = |closing: &str, credits: &str| {
        format!(
            "INITIAL_BALANCE;CREDITS;DEBITS;FINAL_BALANCE\n10,00;{credits};-20,00;{closing}\n\nDate;Description;Amount\n23-11-2026;In;50,00\n24-11-2026;Out;-20,00\n"
        )
    };
    assert_eq!(ends(&only(&table("40,00", "50,00"))), ["10.00", "40.00"]);
    assert_eq!(faults(&table("41,00", "50,00")).len(), 1);
    assert_eq!(faults(&table("40,00", "51,00")), fault("totals_mismatch", "line 2"));
    let below = format!(
        "{HEADING}2026-11-23,Rent,20.00,,80.00\nSUMMARY\nOpening Balance,,Dr Count,Cr Count,Closing Bal\n100.00,,1,0,80.00\n"
    );
    assert_eq!(ends(&only(&below)), ["100.00", "80.00"]);
    assert_eq!(faults(&below.replace("0,80.00\n", "0,81.00\n")).len(), 1);
}

#[test]
fn counts_of_each_side_are_proven_where_a_row_is_one_line() {
    let below = |debits: u32, credits: u32| {
        format!(
            "{HEADING}2026-11-23,Rent,20.00,,80.00\nSUMMARY\nOpening Balance,,Dr Count,Cr Count,Closing Bal\n100.00,,{debits},{credits},80.00\n"
        )
    };
    assert_eq!(faults(&below(1, 0)), []);
    assert_eq!(faults(&below(2, 0)), fault("count_mismatch", "line 5"));
    assert_eq!(faults(&below(1, 1)), fault("count_mismatch", "line 5"));
    let rows = "2026-11-23,Rent,50,,50\n2026-11-24,Wages,,100,150\n";
    for label in ["Number of debits: ", ",Number of debits,"] {
        let table = |count: u32| format!("{HEADING}{rows}{label}{count}\n");
        assert_eq!(faults(&table(1)), [], "{label}");
        assert_eq!(faults(&table(2)), fault("count_mismatch", "line 4"), "{label}");
    }
    let above = |count: u32| format!("Number of debits,,{count}\n\n{HEADING}{rows}");
    assert_eq!(faults(&above(1)), []);
    assert_eq!(faults(&above(2)), fault("count_mismatch", "line 1"));
    let charged =
        "Date,Description,Amount,Fee,Balance\n22/11/2026,A,25000,500,24500\n22/11/2026,B,8000,100,32400\n";
    let charged = format!("{charged}Number of debits: 1\n");
    assert_eq!(faults(&charged), [], "a payment with its fee is one entry of some banks and two of others");
}

#[test]
fn a_row_that_is_set_aside_counts_on_its_side() {
    let table = |row: &str, count: u32| {
        format!(
            "{HEADING}2026-11-23,Rent,50,,50\n{row}\n2026-11-25,Wages,,100,140\nNumber of debits: {count}\n"
        )
    };
    let unread = "2026-11-24,Fee,1x0,,40";
    let alone = fault("amount_unreadable", "line 3");
    assert_eq!(faults(&table(unread, 2)), alone);
    let miscounted = [alone, fault("count_mismatch", "line 5")].concat();
    assert_eq!(faults(&table(unread, 3)), miscounted, "another row is missing");
    assert_eq!(faults(&table(unread, 1)), miscounted);
    let no_entry = table("Phí tháng 11 (tạm tính),,10,,", 1);
    assert_eq!(faults(&no_entry), fault("date_invalid", "line 3"), "what has no day may be no entry");
    assert!(read(&no_entry).warnings.iter().any(|warning| warning.code == "count_uncompared"));
    let on_both_sides = table("2026-11-24,Fee,10,5,40", 2);
    assert_eq!(faults(&on_both_sides), fault("amount_on_both_sides", "line 3"));
    assert!(read(&on_both_sides).warnings.iter().any(|warning| warning.code == "count_uncompared"));
}

#[test]
fn beside_a_row_that_does_not_read_the_balances_of_the_others_are_proven_still() {
    let rows = |rent: &str, last: &str| {
        [
            "2026-11-22,Start,,100.00,100.00".to_owned(),
            format!("2026-11-22,Rent,{rent},,80.00"),
            "2026-11-23,Food,10.00,,70.00".to_owned(),
            "2026-11-23,Shoes,30.00,,40.00".to_owned(),
            format!("2026-11-24,Wages,,50.00,{last}"),
        ]
    };
    let of = |rows: &[String]| faults(&format!("{HEADING}{}\n", rows.join("\n")));
    let turned = |rows: [String; 5]| rows.into_iter().rev().collect::<Vec<_>>();
    assert_eq!(of(&rows("20.00", "90.00")), []);
    let unread = |at: &str| ("amount_unreadable".to_owned(), at.to_owned());
    let broken = |at: &str| ("running_balance_broken".to_owned(), at.to_owned());
    assert_eq!(of(&rows("2x0.00", "90.00")), [unread("line 3")], "one row alone waits for a person");
    assert_eq!(of(&rows("2x0.00", "91.00")), [unread("line 3"), broken("line 6")]);
    assert_eq!(of(&turned(rows("2x0.00", "90.00"))), [unread("line 5")]);
    assert_eq!(of(&turned(rows("2x0.00", "91.00"))), [unread("line 5"), broken("line 2")]);
}

#[test]
fn the_balance_of_a_day_is_no_movement_and_proves_the_rows() {
    let table = |fee: &str| {
        format!(
            "data;lançamento;valor;saldo\n01/11/2026;SALDO ANTERIOR;;100,00\n05/11/2026;PIX;50,00;\n05/11/2026;SALDO DO DIA;;150,00\n10/11/2026;TAR;-{fee};\n10/11/2026;PIX;-20,00;\n10/11/2026;SALDO DO DIA;;120,00\n"
        )
    };
    let statement = only(&table("10,00"));
    assert_eq!(amounts(&statement), ["50.00", "-10.00", "-20.00"]);
    assert_eq!(ends(&statement), ["100.00", "120.00"]);
    assert_eq!(faults(&table("11,00")), fault("running_balance_broken", "line 6"));
    let in_amounts = "Buchungstag;Verwendungszweck;Betrag\n23.11.2026;Miete;-50,00\n24.11.2026;Lohn;80,00\n24.11.2026;Tagessaldo;130,00\n";
    let statement = only(in_amounts);
    assert_eq!(amounts(&statement), ["-50.00", "80.00"]);
    assert_eq!(ends(&statement), ["100.00", "130.00"]);
}

#[test]
fn an_amount_without_a_day_below_all_days_is_no_movement() {
    let table = "Date,Description,Amount\n2026-11-23,Rent,-20.00\n2026-11-24,Wages,50.00\n,Limit,15500.00\n";
    assert_eq!(faults(table), fault("date_invalid", "line 4"));
    let days =
        "Date,Description,Amount\n2026-11-23,Rent,-20.00\n,Tax,-2.00\n2026-11-24,Wages,50.00\n,Bonus,5.00\n";
    assert_eq!(amounts(&only(days)), ["-20.00", "-2.00", "50.00", "5.00"]);
}

#[test]
fn beside_credits_with_a_mark_those_without_are_debits() {
    let table = "Posting Date,Merchant,Amount (SGD)\n2026-11-20,Food,120.00\n2026-11-21,Thanks,500.00 CR\n";
    assert_eq!(amounts(&only(table)), ["-120.00", "500.00"]);
    let both = format!("{table}2026-11-22,Drugs,(23.50)\n");
    assert_eq!(faults(&both), fault("mark_invalid", "line 4"));
    let unnamed = "Date Processed,Description,Amount,\n12-Nov-2026,Food,£18.89,\n02-Nov-2026,Thanks,\"+ £1,100.00\",CR\n";
    assert_eq!(amounts(&only(unnamed)), ["1100.00", "-18.89"]);
}

#[test]
fn a_row_without_a_mark_keeps_the_sign_it_has() {
    let heading = "Date,Description,Debit / Credit,Amount,Balance\n";
    let table = format!("{heading}20261123,Pay,CR,1000.00,2010.00\n20261124,Food,,-50.00,1960.00\n");
    assert_eq!(amounts(&only(&table)), ["1000.00", "-50.00"]);
    let lost = format!("{heading}20261123,Pay,CR,1000.00,2010.00\n20261124,Food,,50.00,1960.00\n");
    assert_eq!(faults(&lost).len(), 1);
}

#[test]
fn texts_behind_the_last_heading_belong_to_it() {
    let table = "Date,Amount,Description,\"\",\"\"\n2026-11-23,-20.00,Title: 1,Place: A,Card\n2026-11-24,50.00,From: 2,Name: B,\n";
    assert_eq!(memos(&only(table)), ["Title: 1 Place: A Card", "From: 2 Name: B"]);
    let all_go_on =
        "Date;Amount;Description\n2026-11-23;-20,00;Order;A text\n2026-11-24;50,00;Wages;More;And more\n";
    assert_eq!(memos(&only(all_go_on)), ["Order A text", "Wages More And more"]);
    let parted = "Date,Amount,Description\n2026-11-23,-20,00,Order\n2026-11-24,50,00,Wages\n";
    assert_eq!(faults(parted).first().map(|(code, _)| code.as_str()), Some("row_too_wide"));
}

#[test]
fn rows_of_two_accounts_are_two_statements() {
    let table = "Date,Description,Account,Counterparty account,Amount\n2026-11-23,Rent,NL99INGB9999999999,,-20.00\n2026-11-24,Wages,NL99INGB9999999998,NL99ASNB9999999999,50.00\n";
    let parsed = read(table);
    assert_eq!(parsed.statements.len(), 2, "{:?}", parsed.errors);
}

#[test]
fn rows_that_leave_out_the_account_of_the_others_are_of_it_and_of_no_other() {
    let table = |[first, second, third]: [&str; 3]| {
        format!(
            "Account,Date,Description,Amount\n{first},2026-11-23,Rent,-20.00\n{second},2026-11-24,Wages,50.00\n{third},2026-11-25,Rent,-5.00\n"
        )
    };
    let number = "NL99INGB9999999999";
    for accounts in [[number, "", number], ["", number, ""]] {
        let statement = only(&table(accounts));
        assert_eq!((statement.account.as_deref(), statement.lines.len()), (Some(number), 3), "{accounts:?}");
    }
    let two = only(&table([number, "", "NL99INGB9999999998"]));
    assert_eq!(two.account, None, "nobody says whose the second row is");
}

#[test]
fn the_sides_of_the_money_may_stand_in_a_row_below_the_other_headings() {
    let below = "Ngày;Diễn giải;Phát sinh;;Số dư\n;;Nợ;Có;\n23/11/2026;Thu;;25000;25000\n24/11/2026;Phí;5500;;19500\n";
    assert_eq!(amounts(&only(below)), ["25000", "-5500"]);
    let rows = "23/11/2026;23/11/2026;;50,00;50,00;Bonifico\n24/11/2026;24/11/2026;7,50;;42,50;Spese\n";
    let split = "Data;Valuta;Importo;;Saldo;Descrizione\n;;Dare;Avere;;\n";
    let above = ";;Importo;;;\nData;Valuta;Dare;Avere;Saldo;Descrizione\n";
    let repeated = split.replacen("Importo;", "Importo;Importo", 1);
    for headings in [split, &repeated, above] {
        assert_eq!(amounts(&only(&format!("{headings}{rows}"))), ["50.00", "-7.50"], "{headings}");
    }
}

#[test]
fn each_account_of_a_sheet_repeats_its_two_rows_of_headings() {
    let table = |account: &str, debit: &str, balance: &str| {
        format!(
            "Số tài khoản;{account};;;\nNgày;Diễn giải;Số tiền;;Số dư\n;;Nợ;Có;\n23/11/2026;Thu;;25000;25000\n\
             24/11/2026;Phí;{debit};;{balance}\n\n"
        )
    };
    let both = [table("0123456789", "5500", "19500"), table("0123456780", "1000", "24000")].concat();
    let parsed = read(&both);
    assert_eq!(parsed.errors, vec![]);
    let all: Vec<Vec<String>> = parsed.statements.iter().map(amounts).collect();
    assert_eq!(all, [["25000", "-5500"], ["25000", "-1000"]]);
}

#[test]
fn the_mapping_of_a_preview_reads_the_table_whose_headings_stand_in_two_rows() {
    let table = "Ngày;Diễn giải;Phát sinh;;Số dư\n;;Nợ;Có;\n23/11/2026;Thu;;25000;25000\n24/11/2026;Phí;5500;;19500\n";
    let shown = preview(table.as_bytes(), None).unwrap().mapping;
    let kept = Layout::from_toml(&shown.to_toml().unwrap()).unwrap();
    let parsed = parse_with(table.as_bytes(), Some(&kept));
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(amounts(&parsed.statements[0]), ["25000", "-5500"]);
}

#[test]
fn a_repeated_heading_with_its_own_balance_begins_a_statement() {
    let heading = "Data;Histórico;Crédito;Débito;Saldo\n";
    let table = format!(
        "{heading}01/11/2026;PIX;100,00;;100,00\n02/11/2026;COMPRA;;10,00;90,00\nÚltimos;;;;\n{heading}03/11/2026;COD. LANC. 0;;;1.045,00\n04/11/2026;PIX;600,00;;1.645,00\n"
    );
    let parsed = read(&table);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    let all: Vec<[String; 2]> = parsed.statements.iter().map(ends).collect();
    assert_eq!(all, [["0.00", "90.00"], ["1045.00", "1645.00"]].map(|ends| ends.map(str::to_owned)));
}

#[test]
fn fillers_are_no_memo_and_the_kind_stands_in() {
    let table = "Date,Type,Description,Amount,Balance\n2026-11-23,Card,----------,-20.00,80.00\n2026-11-24,Wages,Acme,50.00,130.00\n";
    assert_eq!(memos(&only(table)), ["Card", "Acme"]);
}

#[test]
fn references_are_the_texts_where_no_other_column_is_one() {
    let table = "Date,Counter Party,Reference,Amount,Balance\n2026-11-23,Shop,ORDER SEVEN,-20.00,80.00\n2026-11-24,Works,Wages,50.00,130.00\n";
    assert_eq!(memos(&only(table)), ["ORDER SEVEN", "Wages"]);
}

#[test]
fn a_debit_with_all_its_separators_is_whole_without_a_line_end() {
    let table = "Date,Description,Debit,Credit\n2026-11-23,Wages,,50000.00\n2026-11-25,Rent,12000.00,";
    assert_eq!(amounts(&only(table)), ["50000.00", "-12000.00"]);
    let cut = "Date,Description,Debit,Credit\n2026-11-23,Wages,,50000.00\n2026-11-25,Rent,,";
    assert_ne!(faults(cut), []);
}

#[test]
fn a_row_that_lost_its_amount_is_refused_whatever_column_its_words_stand_in() {
    let table = "Date,Merchant Name,Type,Amount\n13/01/2026,Shop,Card,-5.00\n14/01/2026,Cafe,Card,\n";
    assert_eq!(faults(table), fault("amount_missing", "line 3"));
}

#[test]
fn what_is_left_of_a_row_that_was_cut_is_not_passed_over() {
    let head = "Account;Currency;Booking date;Description;Amount;Balance\n";
    let whole = "0123 456;CHF;13.01.2026;Rent;-50.00;150.00\n";
    for piece in ["0123 456;CH", "0123 456;CHF;14.01.2", "0123 456;CHF;14"] {
        assert_eq!(faults(&format!("{head}{whole}{piece}")), fault("row_cut", "line 3"), "{piece}");
    }
    assert!(faults(&format!("{head}{whole}Printed by;A. Clerk")).is_empty(), "a footer is no piece of a row");
    // The only row has nothing to be compared with but its own cells.
    assert_eq!(faults(&format!("{head}0123 456;CHF;13.01.20")), fault("row_cut", "line 2"));
    assert_eq!(faults(&format!("{head}0123 456;CHF;13.01.2026;Rent;-50.00;15")), fault("row_cut", "line 2"));
    let coded = head.replace("Account", "Voucher");
    let page = format!("{coded}1234;CHF;13.01.2026;Rent;-50.00;150.00\nPage;1");
    assert!(faults(&page).is_empty(), "a word is no code, though it is as long");
}

#[test]
fn two_figures_left_of_a_year_are_not_read_as_another_one() {
    let table = |day: &str| {
        format!(
            "Date;Text;Amount;Balance\n2026-11-01;a;10.00;20.00\n{day};b;5.00;25.00\n2026-11-03;c;5.00;30.00\n"
        )
    };
    for short in ["26-11-02", "02/11/26"] {
        assert!(faults(&table(short)).is_empty(), "some write it short: {short}");
    }
    for left in ["06-11-02", "02/11/20"] {
        assert_eq!(faults(&table(left)), fault("date_invalid", "line 3"), "{left}");
    }
}

#[test]
fn a_balance_with_fewer_decimals_than_its_amount_is_whole_where_the_stated_ones_prove_it() {
    let table = |opening: &str, balance: &str| {
        format!(
            "Opening balance;{opening}\nDate;Description;Amount;Balance\n2026-11-23;Wages;12.34;{balance}"
        )
    };
    assert!(faults(&table("138.16", "150.5")).is_empty(), "138.16 and 12.34 are 150.5");
    assert!(faults(&table("137.66", "150")).is_empty());
    assert_ne!(faults(&table("138.16", "150")), [], "a digit is lost");
    let bare = table("138.16", "150.5").replace("Opening balance;138.16\n", "");
    assert_eq!(faults(&bare), fault("row_cut", "line 2"), "nothing proves it");
}
