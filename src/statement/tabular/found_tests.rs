//! Shapes of exports in which labels, marks or columns stand in another way than usual. All invented.

use crate::statement::layout::Column;
use crate::statement::model::{Parsed, Statement};
use crate::statement::{parse, preview};

fn only(table: &str) -> Statement {
    let Parsed { statements, errors, .. } = parse(table.as_bytes());
    assert!(errors.is_empty(), "{table}: {errors:?}");
    let [statement] = statements.as_slice() else { panic!("{table}: {statements:?}") };
    statement.clone()
}

/// Place and code of the first error.
fn refused(table: &str) -> (String, &'static str) {
    let parsed = parse(table.as_bytes());
    let first = parsed.errors.first().unwrap_or_else(|| panic!("{table} was read"));
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn memos(statement: &Statement) -> Vec<&str> {
    statement.lines.iter().map(|line| line.memo.as_deref().unwrap_or_default()).collect()
}

/// Opening and closing.
fn balances(statement: &Statement) -> [String; 2] {
    [&statement.opening, &statement.closing]
        .map(|balance| balance.as_ref().map(|balance| balance.amount.to_string()).unwrap_or_default())
}

#[test]
fn labels_may_have_their_values_in_the_row_below() {
    let statement = only(
        "Umsätze\nKonto;Filial-/Kontonummer;IBAN;Währung\nGiro;123 1234567 00;DE02100000000000000001;EUR\n\n\
         Buchungstag;Wert;Verwendungszweck;Betrag\n30.6.2026;30.6.2026;Rate;-1.000,00\n\
         29.6.2026;29.6.2026;Miete;750,00\nKontostand;30.6.2026;;2.250,00\n",
    );
    assert_eq!(statement.account.as_deref(), Some("DE02100000000000000001"));
    assert_eq!(statement.currency.as_deref(), Some("EUR"));
    let closing = statement.closing.unwrap();
    assert_eq!(
        (closing.amount.to_string(), closing.date.unwrap().to_string()),
        ("2250.00".into(), "2026-06-30".into())
    );
}

#[test]
fn balances_in_the_row_below_their_labels_prove_the_table() {
    let table = "Račun;SI56610000012345678;;\nValuta;Začetno stanje;Breme;Dobro;Končno stanje\n\
                 EUR;100,00;30,00;0,40;70,40\n\nDatum valute;Datum knjiženja;Prejemnik / Plačnik;Breme;Dobro;Opis prejemnika\n\
                 18.05.2026;18.05.2026;Ana;;0,40;obresti\n17.05.2026;17.05.2026;Vrt;30,00;;zemlja\n";
    let statement = only(table);
    assert_eq!(balances(&statement), ["100.00", "70.40"]);
    assert_eq!(memos(&statement), ["zemlja", "obresti"]);
    assert_eq!(refused(&table.replace(";30,00;;zemlja", ";31,00;;zemlja")).1, "balance_broken");
}

#[test]
fn quotes_that_are_not_doubled_belong_to_the_text() {
    let statement = only(
        "\"Data\",\"Gavėjas\",\"Paaiškinimai\",\"Suma\",\"Valiuta\",\"D/K\"\n\
         \"2026-01-05\",\"UAB \"Beržas\"\",\"Pirkinys UAB \"Beržas\"   Vilnius\",\"12.20\",\"EUR\",\"D\"\n\
         \"2026-01-16\",\"Ona\",\"Alga\",\"50.00\",\"EUR\",\"K\"\n",
    );
    assert_eq!(memos(&statement), ["Pirkinys UAB \"Beržas\" Vilnius", "Alga"]);
    assert_eq!(amounts(&statement), ["-12.20", "50.00"]);
}

#[test]
fn digits_of_the_east_are_digits() {
    let table =
        "التاريخ,البيان,مدين,دائن,الرصيد\n٠٣/٠٨/٢٠٢٦,تحويل,,٩٠٫٥٠,١٬٥٠٠٫٥٠\n٠٤/٠٨/٢٠٢٦,رسوم,٢٫٢٥,,١٬٤٩٨٫٢٥\n";
    let statement = only(table);
    assert_eq!(amounts(&statement), ["90.50", "-2.25"]);
    assert_eq!(balances(&statement), ["1410.00", "1498.25"]);
    assert_eq!(refused(&table.replace("٢٫٢٥", "٣٫٢٥")), ("line 3".into(), "running_balance_broken"));
}

#[test]
fn thai_months_have_their_names_and_the_years_of_the_buddha() {
    let statement = only(
        "วันที่,เวลา,รายการ,ถอน,ฝาก,คงเหลือ\n31 มี.ค. 2568,14:30,ร้าน,60.00,,50000.00\n\
         1 เม.ย. 2568,09:00,เงินเดือน,,35000.00,85000.00\n",
    );
    let days = statement.lines.iter().map(|line| line.booking_date.unwrap().to_string());
    assert_eq!(days.collect::<Vec<_>>(), ["2025-03-31", "2025-04-01"]);
}

#[test]
fn a_balance_before_and_one_after_prove_each_row() {
    let table = "123456789\tEUR\t20260131\t1000,00\t914,50\t20260131\t-85,50\tIncasso water\n\
                 123456789\tEUR\t20260202\t914,50\t3414,50\t20260202\t2500,00\tSalaris\n\
                 123456789\tEUR\t20260203\t3414,50\t3413,50\t20260203\t-1,00\tBEA\n";
    let statement = only(table);
    assert_eq!(amounts(&statement), ["-85.50", "2500.00", "-1.00"]);
    assert_eq!(balances(&statement), ["1000.00", "3413.50"]);
    assert_eq!(statement.account.as_deref(), Some("123456789"));
    let (at, code) = refused(&table.replace("2500,00", "2600,00"));
    assert_eq!((at.as_str(), code), ("line 2", "running_balance_broken"));
}

#[test]
fn one_row_is_enough_where_both_its_balances_prove_it() {
    let statement = only("123456789\tEUR\t20260131\t1000,00\t914,50\t20260131\t-85,50\tIncasso water\n");
    assert_eq!(amounts(&statement), ["-85.50"]);
}

#[test]
fn what_a_wallet_moves_between_own_pockets_is_told_and_not_counted() {
    let parsed = parse(
        "交易时间,交易类型,交易对方,商品,收/支,金额(元),当前状态\n2026-01-05 10:00:00,商户消费,店,茶,支出,7.50,支付成功\n\
         2026-01-06 10:00:00,零钱提现,银行,/,/,100.00,提现已到账\n2026-01-16 10:00:00,转账,王,款,收入,50.00,已存入零钱\n"
            .as_bytes(),
    );
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(amounts(&parsed.statements[0]), ["-7.50", "50.00"]);
    assert!(parsed.warnings.iter().any(|warning| warning.at == "line 3" && warning.code == "row_ignored"));
}

#[test]
fn a_signed_amount_may_stand_where_the_mark_of_a_debit_would() {
    let table = "Effective Date,Description,Reference,Debit / Credit,Amount,Balance\n\
                 20260105,PAYMENT,R1,CR,1000.00,2010.89\n20260116,RIDE,R2,-50.00,-50.00,1960.89\n";
    assert_eq!(amounts(&only(table)), ["1000.00", "-50.00"]);
    assert_eq!(refused(&table.replace(",-50.00,-50.00", ",-51.00,-50.00")).1, "mark_invalid");
}

#[test]
fn a_company_writes_money_in_as_a_debit_of_its_books() {
    let table = "业务日期,摘要,借方发生额,贷方发生额,余额\n2026-01-06,货款,1000.00,,101000.00\n\
                 2026-01-16,手续费,,15.00,100985.00\n2026-01-20,货款,500.00,,101485.00\n";
    let parsed = parse(table.as_bytes());
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(amounts(&parsed.statements[0]), ["1000.00", "-15.00", "500.00"]);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "sides_turned"));
    // One step alone proves nothing of the kind.
    let rows: Vec<&str> = table.lines().take(3).collect();
    assert_eq!(refused(&format!("{}\n", rows.join("\n"))).1, "running_balance_broken");
}

#[test]
fn two_columns_without_headings_are_sides_where_each_row_has_one() {
    let table =
        "2026-09-10,BOOKS,45.19,,4500********1234\n2026-09-12,PAYMENT THANK YOU,,500.00,4500********1234\n";
    let statement = only(table);
    assert_eq!(amounts(&statement), ["-45.19", "500.00"]);
    assert_eq!(refused(&table.replace("45.19,,", "45.19,1.00,")).1, "format_unknown");
}

#[test]
fn labels_above_a_table_without_headings_are_read() {
    let table = "38-9000-0123456-00,,,,\nCurrency,NZD,,,\n02 Aug 2026,SALARY,,1000.00,1000.00\n\
                 03 Aug 2026,SHOP,,-45.20,954.80\n";
    let statement = only(table);
    assert_eq!(statement.account.as_deref(), Some("389000012345600"));
    assert_eq!(statement.currency.as_deref(), Some("NZD"));
}

#[test]
fn a_reference_in_words_is_the_text_where_there_is_no_other() {
    let statement = only(
        "Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP),Notes\n\
         15/06/2026,Films,FILMS MONTHLY,CARD,-10.99,1210.44,\n16/06/2026,Shop,FT26016AB12,CARD,-1.00,1209.44,\n",
    );
    assert_eq!(memos(&statement), ["FILMS MONTHLY", "CARD"]);
}

#[test]
fn kinds_of_money_in_and_out_are_known_in_more_languages() {
    for table in [
        "Дата;Описание;Сумма;Тип\n05.01.2026;Оклад;50,00;доход\n16.01.2026;Кофе;7,50;расход\n",
        "Ngày giao dịch,Tiêu đề,Loại giao dịch,Số tiền,Đơn vị\n05/01/2026,Lương,Thu nhập,50,VND\n16/01/2026,Phở,Chi tiêu,7,VND\n",
    ] {
        let signs = only(table).lines.iter().map(|line| line.amount.is_sign_negative()).collect::<Vec<_>>();
        assert_eq!(signs, [false, true], "{table}");
    }
}

#[test]
fn two_strokes_are_no_amount() {
    let statement = only(
        "Trans. Date,Value Date,Description,Debit,Credit,Balance After\n05 Jan 2026,05 Jan 2026,Transfer,25.00,--,120.00\n\
         16 Jan 2026,16 Jan 2026,Refund,--,5.00,125.00\n",
    );
    assert_eq!(amounts(&statement), ["-25.00", "5.00"]);
}

#[test]
fn greek_balances_have_their_own_marks() {
    let table = "Τίτλος;Κινήσεις Λογαριασμού: GR7101401420142002320000000\nΝέο Μικτό Υπόλοιπο:; 1.041,00 Π;\n\
                 Προηγούμενο Μικτό Υπόλοιπο:; 1000,00 Π;\n\nΑ/Α;Ημερομηνία;Αιτιολογία;Ποσό;Πρόσημο ποσού;\n\
                 1;16/01/2026;=\"ΕΞΟΔΑ\";4,00;Χ;\n2;05/01/2026;=\"ΚΑΤΑΘΕΣΗ\";45,00;Π;\n";
    let statement = only(table);
    assert_eq!(statement.account.as_deref(), Some("GR7101401420142002320000000"));
    assert_eq!(balances(&statement), ["1000.00", "1041.00"]);
    assert_eq!(refused(&table.replace(";45,00;", ";46,00;")).1, "balance_broken");
}

#[test]
fn a_currency_behind_a_whole_name_is_no_part_of_the_name() {
    let statement = only(
        "Account Number : 01020304050,Account Name : Mary Example,: EUR,,\n\
         Date,Operation Number,Label,Debit,Credit\n02/04/20,N1,Rent,\"-50,00\",\n13/04/20,N2,Sale,,\"80,68\"\n",
    );
    assert_eq!(
        (statement.currency.as_deref(), amounts(&statement)),
        (Some("EUR"), vec!["-50.00".to_owned(), "80.68".to_owned()])
    );
}

#[test]
fn the_widest_column_of_words_is_the_text_where_no_heading_names_one() {
    for heading in [
        "Type",
        "Transaction Type",
        "Original Description",
        "Message",
        "Purpose",
        "Information",
        "Activity",
        "Entry",
        "Wording",
        "Comment",
        "Item",
        "Category",
        "Recipient",
        "Vendor",
        "Company",
    ] {
        let table = format!("Date,{heading},Amount\n2026-01-05,Wages of May,50.00\n2026-01-16,Rent,-7.50\n");
        let statement = only(&table);
        assert_eq!(amounts(&statement), ["50.00", "-7.50"], "{heading}");
        assert_eq!(memos(&statement), ["Wages of May", "Rent"], "{heading}");
        assert_eq!(refused(&table.replace("-7.50", "-7.5x")), ("line 3".into(), "amount_unreadable"));
    }
    let table = "Date,Wording,Code,Amount\n2026-01-05,Wages of May,EUR,50.00\n2026-01-16,Rent,EUR,-7.50\n";
    let shown = preview(table.replace("Wording", "Entry").as_bytes(), None).unwrap();
    assert_eq!(shown.columns[1].meaning, Some(Column::Description));
}

#[test]
fn one_side_alone_and_one_row_alone_are_read_below_a_text_without_a_known_heading() {
    let row = "04 Nov 2026,Direct Debit,18.75,,902.74\n";
    for heading in ["Transactions", "What for"] {
        let one = format!("Date,{heading},Debits,Credits,Balance\n{row}");
        assert_eq!(amounts(&only(&one)), ["-18.75"], "{heading}");
        let two = format!("{one}06 Nov 2026,Rent,2.74,,900.00\n");
        let statement = only(&two);
        assert_eq!(amounts(&statement), ["-18.75", "-2.74"], "{heading}");
        assert_eq!(memos(&statement), ["Direct Debit", "Rent"], "{heading}");
        assert_eq!(refused(&two.replace("900.00", "901.00")), ("line 3".into(), "running_balance_broken"));
    }
}

#[test]
fn words_of_a_state_under_an_unknown_heading_are_no_text() {
    let table = "Date,Result,Amount\n2026-01-05,Completed,50.00\n2026-01-16,Failed,-7.50\n";
    assert_eq!(refused(table).1, "format_unknown");
}

#[test]
fn a_currency_beside_some_of_the_amounts_is_that_of_all() {
    let table = "Id,Text,Debit,Credit,Balance,Date\n84,TRANS 1,\"579,68 USD\",,\"USD 9.126,07\",07/03/2026\n\
                 85,TRANS 2,\"544,00\",,\"8.582,07\",17/03/2026\n";
    let statement = only(table);
    assert_eq!(statement.currency.as_deref(), Some("USD"));
    assert_eq!(amounts(&statement), ["-579.68", "-544.00"]);
    for other in ["EUR 9.126,07", "9.126,07"] {
        let mixed = table.replace("USD 9.126,07", other);
        assert_eq!(refused(&mixed), ("line 2".into(), "currency_mixed"), "{other}");
    }
}

#[test]
fn a_row_that_ends_its_words_in_total_is_compared_with_the_rows() {
    for (word, code) in [("Transactions Total", "totals_mismatch"), ("Monthly total", "date_invalid")] {
        let table = format!(
            "Date,Action,Description,Amount\n01/15/2026,Buy,a,-50.00\n01/16/2026,Sale,b,7.50\n{word},,,-42.50\n"
        );
        assert_eq!(amounts(&only(&table)), ["-50.00", "7.50"], "{word}");
        assert_eq!(refused(&table.replace("-42.50", "-43.50")), ("line 4".into(), code), "{word}");
    }
}

#[test]
fn a_pending_row_counts_where_the_balances_break_without_it_and_hold_with_it() {
    let table = |last: &str| {
        format!(
            "Date,Description,Status,Amount,Balance\n2026-01-05,a,Completed,50.00,350.00\n\
             2026-01-10,b,Pending,-100.00,250.00\n2026-01-16,c,Completed,-7.50,{last}\n"
        )
    };
    assert_eq!(amounts(&only(&table("242.50"))), ["50.00", "-100.00", "-7.50"]);
    assert_eq!(amounts(&only(&table("342.50"))), ["50.00", "-7.50"]);
    assert_eq!(refused(&table("243.50")), ("line 4".into(), "running_balance_broken"));
}

#[test]
fn days_in_no_order_are_sorted_where_every_balance_proves_it() {
    let table = "Date,Description,Amount,Balance\n2026-01-16,b,-7.50,342.50\n2026-01-05,a,50.00,350.00\n\
                 2026-01-20,d,-2.50,339.00\n2026-01-18,c,-1.00,341.50\n";
    let statement = only(table);
    assert_eq!(memos(&statement), ["a", "b", "c", "d"]);
    assert_eq!(balances(&statement), ["300.00", "339.00"]);
    let parsed = parse(table.as_bytes());
    assert!(parsed.warnings.iter().any(|warning| warning.code == "rows_out_of_order"));
    assert_eq!(refused(&table.replace("341.50", "341.40")).1, "running_balance_broken");
}

#[test]
fn colons_may_stand_between_the_parts_of_a_day() {
    let table = "Date,Name,Memo,Amount,\n2026:03:01,a,b,-7.80,\n2026:03:06,c,d,-0.46,\n";
    let days: Vec<_> =
        only(table).lines.iter().filter_map(|line| line.day()).map(|day| day.to_string()).collect();
    assert_eq!(days, ["2026-03-01", "2026-03-06"]);
    assert_eq!(refused(&table.replace("2026:03:06", "2026:13:06")), ("line 3".into(), "date_invalid"));
}

#[test]
fn where_every_row_has_no_description_another_column_of_words_is_the_text() {
    let table = "Run Date,Action,Security Description,Security Type,Amount ($)\n\
                 01/27/2026,DIRECT DEBIT,No Description,Cash,-50.00\n01/23/2026,PAYROLL,No Description,Cash,7.50\n";
    assert_eq!(memos(&only(table)), ["PAYROLL", "DIRECT DEBIT"]);
    let described = table.replacen("No Description", "Coffee", 1);
    assert_eq!(memos(&only(&described)), ["No Description", "Coffee"]);
}
