use crate::statement::layout::Layout;
use crate::statement::{BalanceBasis, Format, Parsed, Statement, parse, parse_with, preview};

fn read(text: &str) -> Parsed {
    parse(text.as_bytes())
}

fn clean(text: &str) -> Statement {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    assert_eq!((parsed.format, parsed.statements.len()), (Format::Csv, 1), "{text}");
    parsed.statements.remove(0)
}

fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("must be refused: {text}\n{parsed:?}"));
    (first.at.clone(), first.code)
}

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

const VPBANK: &str = "Tài khoản:,0123456789\n\
Ngày,Ngày hiệu lực,STT,Diễn giải,Mã giao dịch,Số tiền,Số dư\n\
22/11/2026,22/11/2026,1,NHAN TU A ND HNPH7K2MQ4X97,FT1,\"25,000\",\"1,025,000\"\n\
22/11/2026 10:11,22/11/2026,2,PHI,FT2,\"-5,500\",\"1,019,500\"\n";

#[test]
fn one_signed_amount_column_is_enough_and_balances_are_derived() {
    let parsed = read(VPBANK);
    assert_eq!(parsed.errors, vec![]);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "balance_derived"));
    let statement = &parsed.statements[0];
    assert_eq!(statement.balance_basis, BalanceBasis::Derived);
    assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "1000000");
    assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "1019500");
    assert_eq!(amounts(statement), ["25000", "-5500"]);
    assert_eq!(statement.account.as_deref(), Some("0123456789"));
    assert_eq!(statement.lines[1].bank_reference.as_deref(), Some("FT2"));
    assert_eq!(statement.lines[1].at, "line 4");
}

#[test]
fn separators_and_byte_order_marks_make_no_difference() {
    let plain = clean(VPBANK);
    let unquoted = VPBANK.replace('"', "");
    for (mark, separator) in [("\u{FEFF}", ","), ("", ";"), ("\u{FEFF}", ";"), ("", "\t")] {
        let text = if separator == "," {
            format!("{mark}{VPBANK}")
        } else {
            let swapped = unquoted
                .replace("5,000", "5.000")
                .replace("1,0", "1.0")
                .replace("9,5", "9.5")
                .replace("5,500", "5.500");
            format!("{mark}{}", swapped.replace(',', separator))
        };
        assert_eq!(amounts(&clean(&text)), amounts(&plain), "{separator:?}");
    }
}

#[test]
fn a_utf_16_file_from_a_spreadsheet_is_read() {
    let tabs = "Ngày\tDiễn giải\tSố tiền\n22/11/2026\tA\t5.000\n";
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(tabs.encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(amounts(&parse(&bytes).statements[0]), ["5000"]);
}

#[test]
fn fees_without_a_sign_are_money_out_where_their_column_is_of_fees_alone() {
    let of = |heading: &str, fees: [&str; 2]| {
        let text = format!(
            "Date,Description,Amount,{heading}\n22/11/2026,A,25000,{}\n22/11/2026,B,8000,{}\n",
            fees[0], fees[1]
        );
        amounts(&parse(text.as_bytes()).statements[0])
    };
    assert_eq!(of("Fee", ["500", "100"]), ["25000", "-500", "8000", "-100"]);
    assert_eq!(of("Fee", ["-500", "-100"]), ["25000", "-500", "8000", "-100"]);
    assert_eq!(of("Fee", ["-500", "100"]), ["25000", "-500", "8000", "100"], "a fee that was given back");
    assert_eq!(of("Phí/Lãi", ["500", "100"]), ["25000", "500", "8000", "100"], "it may be interest");
}

#[test]
fn the_first_row_has_the_sign_that_the_balances_of_the_others_show() {
    let text =
        "Date,Description,Amount,Fee,Balance\n22/11/2026,A,25000,500,24500\n22/11/2026,B,8000,100,32400\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), ["25000", "-500", "8000", "-100"]);
    assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "0");
}

#[test]
fn debit_is_money_out_whatever_its_sign() {
    for debit in ["5,500", "-5,500", "(5,500)"] {
        let text = format!(
            "Date,Details,Debit,Credit,Balance\n22/11/2026,A,,\"25,000\",\"25,000\"\n22/11/2026,B,\"{debit}\",,\"19,500\"\n"
        );
        assert_eq!(amounts(&clean(&text)), ["25000", "-5500"], "{debit}");
    }
}

#[test]
fn headings_may_be_vietnamese_unmarked_or_broken_over_lines() {
    for heading in [
        "Ngày hạch toán;Nội dung;Nợ;Có;Số dư",
        "NGAY;DIEN GIAI;NO;CO;SO DU",
        "\"Ngày\nPosting date\";\"Mô tả/\nDescription\";\"Phát sinh nợ/\nDebit\";\"Phát sinh có/\nCredit\";\"Số dư\nBalance\"",
        "Transaction date;Narrative;Withdrawal;Deposit;Running balance",
    ] {
        let text = format!("{heading}\n22/11/2026;A;;25.000;25.000\n22/11/2026;B;5.500;;19.500\n");
        assert_eq!(amounts(&clean(&text)), ["25000", "-5500"], "{heading}");
    }
}

#[test]
fn newest_first_is_turned_round_by_the_running_balance() {
    let text = "Ngày;Diễn giải;Nợ;Có;Số dư\n22/11/2026;C;;3;106\n22/11/2026;B;;2;103\n22/11/2026;A;;1;101\n";
    let parsed = read(text);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "newest_first"));
    let statement = &parsed.statements[0];
    assert_eq!(amounts(statement), ["1", "2", "3"]);
    assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "100");
    assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "106");
}

#[test]
fn without_balances_the_dates_decide_the_order() {
    let text = "Ngày;Diễn giải;Số tiền\n23/11/2026;B;2\n22/11/2026;A;1\n";
    let parsed = read(text);
    assert_eq!(amounts(&parsed.statements[0]), ["1", "2"]);
    assert!(parsed.warnings.iter().any(|warning| warning.code == "balance_missing"));
    assert_eq!(parsed.exit_code(), 0);
}

#[test]
fn a_balance_column_of_zeros_is_no_balance() {
    let text = "Ngày;Diễn giải;Số tiền;Số dư\n22/11/2026;A;1;0\n22/11/2026;B;2;0\n";
    assert_eq!(clean(text).closing, None);
}

#[test]
fn labels_give_the_balances_and_footers_are_no_rows() {
    let text = "SAO KÊ TÀI KHOẢN\nSố tài khoản: 0123456789 (VND)\nSố tài khoản cũ: 999999\nSố dư đầu kỳ/Opening balance: 1,000 VND\n\n\
STT;Ngày;Diễn giải;Nợ;Có;Số dư\n1;22/11/2026;CONG TY A chuyen tien;;500;1.500\n2;22/11/2026;B;200;;1.300\n\
Tổng cộng;;;200;500;\nSố dư cuối kỳ;;;;;1,300\nChứng từ này được in lúc 10:00\nTrang 1/1\n";
    let statement = clean(text);
    assert_eq!(statement.account.as_deref(), Some("0123456789"));
    assert_eq!(statement.balance_basis, BalanceBasis::Given);
    assert_eq!(statement.opening.as_ref().unwrap().at, "line 4");
    assert_eq!(statement.lines.len(), 2);
    assert_eq!(refused(&text.replace("Tổng cộng;;;200", "Tổng cộng;;;300")).1, "totals_mismatch");
    assert_eq!(
        refused(&text.replace("balance: 1,000", "balance: 1,001")),
        ("line 7".to_owned(), "running_balance_broken")
    );
}

#[test]
fn a_blank_date_is_the_date_above_and_lone_words_go_on_in_the_memo() {
    let text = "Ngày;Số CT;Diễn giải;Nợ;Có;Số dư\n22/11/2026;1;A;;500;500\n;2;CONG TY B;;100;600\n;;HNPH7K2MQ4X97;;;\n;3;TONG GIAM DOC;;1;601\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), ["500", "100", "1"]);
    assert_eq!(statement.lines[1].booking_date, statement.lines[0].booking_date);
    assert_eq!(statement.lines[1].memo.as_deref(), Some("CONG TY B HNPH7K2MQ4X97"));
}

#[test]
fn date_and_document_number_may_share_a_cell() {
    let text = "\"Ngày/TNX Date\nSố CT/Doc No\";Nội dung chi tiết/Transactions in detail;Số tiền ghi nợ/Debit;Số tiền ghi có/Credit;Số dư/Balance\n\
\"22/11/2026\n5243.65937\";A;;5;5\n";
    assert_eq!(clean(text).lines[0].bank_reference.as_deref(), Some("5243.65937"));
}

#[test]
fn fees_and_taxes_in_their_own_columns_are_lines_of_their_own() {
    for fee in ["-1.000", "1.000"] {
        let text = format!(
            "Ngày giao dịch;Diễn giải;Nợ;Có;Phí/Lãi;Thuế;Số dư\n22/11/2026;A;;50.000;;;50.000\n22/11/2026;B;-20.000;;{fee};-100;28.900\n"
        );
        if fee.starts_with('-') {
            let statement = clean(&text);
            assert_eq!(amounts(&statement), ["50000", "-20000", "-1000", "-100"]);
            assert_eq!(statement.lines[2].memo.as_deref(), Some("Phí, lãi: B"));
        } else {
            assert_eq!(amounts(&clean(&text.replace("-100;", "100;"))), ["50000", "-20000", "-1000", "-100"]);
        }
    }
}

#[test]
fn a_debit_credit_word_column_gives_the_sign() {
    let text = "Ngày;Diễn giải;Nợ/Có;Số tiền\n22/11/2026;A;C;5\n22/11/2026;B;D;2\n";
    assert_eq!(amounts(&clean(text)), ["5", "-2"]);
    assert_eq!(refused(&text.replace(";D;", ";X;")), ("line 3".to_owned(), "mark_invalid"));
    let kind = text.replace("Nợ/Có", "Loại giao dịch");
    assert_eq!(amounts(&clean(&kind)), ["5", "-2"]);
    assert_eq!(
        amounts(&clean(&kind.replace(";C;", ";Chuyển khoản;").replace(";D;2", ";Phí;-2"))),
        ["5", "-2"]
    );
}

#[test]
fn two_accounts_of_one_sheet_are_two_statements() {
    let section = |account: &str, balance: &str| {
        format!(
            "SAO KÊ TÀI KHOẢN;STATEMENT OF ACCOUNT\nSố tài khoản:;{account}\nSố dư đầu kỳ;;{balance}\nNgày;Diễn giải;Nợ;Có;Số dư\n22/11/2026;A;;5;105\nSố dư cuối kỳ;;;;105\n"
        )
    };
    let parsed = read(&(section("0123456789", "100") + &section("9876543210", "100")));
    assert_eq!(parsed.errors, vec![]);
    let accounts: Vec<_> =
        parsed.statements.iter().filter_map(|statement| statement.account.clone()).collect();
    assert_eq!(accounts, ["0123456789", "9876543210"]);
    let once =
        section("0123456789", "100") + "Số tài khoản:;9876543210\nSố dư đầu kỳ;;1\n22/11/2026;A;;5;6\n";
    assert_eq!(read(&once).statements.len(), 2, "the heading may be printed only once");
}

#[test]
fn other_currencies_keep_their_cents() {
    let text = "Account: 0123456789\nCurrency: USD\nDate,Description,Amount,Balance\n22/11/2026,A,12.50,112.50\n23/11/2026,B,-0.50,112.00\n";
    let statement = clean(text);
    assert_eq!(statement.currency.as_deref(), Some("USD"));
    assert_eq!(amounts(&statement), ["12.50", "-0.50"]);
}

#[test]
fn broken_rows_are_refused_at_their_line() {
    for (from, to, at, code) in [
        ("-5,500", "-6,500", "line 4", "running_balance_broken"),
        ("25,000\",\"1", "2500,50\",\"1", "line 3", "amount_unreadable"),
        ("25,000\",\"1", "25k\",\"1", "line 3", "amount_unreadable"),
        ("25,000\",\"1", "1.9036E+13\",\"1", "line 3", "amount_unreadable"),
        ("25,000\",\"1", "25,000 USD\",\"1", "line 3", "currency_mixed"),
        ("22/11/2026 10:11", "31/11/2026 10:11", "line 4", "date_invalid"),
        ("22/11/2026 10:11", "11/22/2026", "line 4", "date_invalid"),
        (",PHI,", ",PHI, VAT,", "line 4", "row_too_wide"),
        ("1,019,500", "1,019,501", "line 4", "running_balance_broken"),
    ] {
        let broken = VPBANK.replacen(from, to, 1);
        assert_ne!(broken, VPBANK);
        assert_eq!(refused(&broken), (at.to_owned(), code), "{from} -> {to}");
    }
    let both = "Ngày;Diễn giải;Nợ;Có\n22/11/2026;A;5;6\n";
    assert_eq!(refused(both), ("line 2".to_owned(), "amount_on_both_sides"));
}

#[test]
fn an_unclosed_quote_is_refused() {
    let rows: String = (0..30).map(|n| format!("22/11/2026,A{n},5\n")).collect();
    let text = format!("Ngày,Diễn giải,Số tiền\n22/11/2026,\"A,5\n{rows}");
    assert_eq!(refused(&text).1, "quote_unclosed");
}

#[test]
fn a_quote_that_swallows_the_rest_of_a_short_file_is_refused_too() {
    let text = "Ngày,Diễn giải,Số tiền\n22/11/2026,\"A \"\"B\"\"\",5\n22/11/2026,\"A,5\n23/11/2026,B,6\n";
    assert_eq!(refused(text), ("line 3".to_owned(), "quote_unclosed"));
    clean(&text.replace("\"A,5", "A \"x\" \",5"));
}

#[test]
fn a_dated_row_without_its_amount_is_refused() {
    let text =
        "Date,Description,Debit,Credit,Balance\n20/11/2026,A,,100.00,200.00\n21/11/2026,B,50.00,,150.00\n";
    clean(text);
    let lost = |row: &str| refused(&format!("{text}{row}\n"));
    assert_eq!(lost("22/11/2026,C,,,"), ("line 4".to_owned(), "amount_missing"));
    assert_eq!(lost("22/11/2026,C,,,155.00"), ("line 4".to_owned(), "amount_missing"));
    assert_eq!(lost("22/11/2026,C,2").1, "row_too_short");
    assert_eq!(lost("22/11/2026,C").1, "row_too_short");
    for harmless in ["22/11/2026,note,,,150.00", "22/11/2026,C,0.00,0.00,150.00", "22/11/2026,,,,"] {
        assert_eq!(amounts(&clean(&format!("{text}{harmless}\n"))), ["100.00", "-50.00"], "{harmless}");
    }
}

#[test]
fn rows_that_leave_empty_cells_out_are_whole() {
    let text = "Date,Description,Amount,Note\n20/11/2026,A,1.50\n21/11/2026,B,2.50\n22/11/2026,C,3.50,x\n";
    assert_eq!(amounts(&clean(text)), ["1.50", "2.50", "3.50"]);
}

#[test]
fn the_currency_is_where_the_file_names_it() {
    let currency = |text: &str| clean(text).currency.unwrap();
    let row = "22/11/2026,A,12.50\n";
    for (text, expected) in [
        (format!("Date,Details,Amount (SGD)\n{row}"), "SGD"),
        (format!("Date,Details,Amount in €\n{row}"), "EUR"),
        (format!("Date,Details,Amount\n{}", row.replace("12.50", "£12.50")), "GBP"),
        (format!("All amounts in USD\nDate,Details,Amount\n{row}"), "USD"),
        (format!("Date,Details,Amount\n{}", row.replace("12.50", "$12.50")), "XXX"),
        (format!("Date,Details,Amount\n{}", row.replace("12.50", "1250")), "XXX"),
        ("Ngày,Diễn giải,Số tiền\n22/11/2026,A,1250\n".to_owned(), "VND"),
        ("Số tài khoản: 0123456789\nDate,Details,Amount\n22/11/2026,A,1250\n".to_owned(), "VND"),
    ] {
        assert_eq!(currency(&text), expected, "{text}");
    }
    let unknown = read(&format!("Date,Details,Amount\n{row}"));
    assert!(unknown.warnings.iter().any(|warning| warning.code == "currency_unknown"));
}

#[test]
fn dinars_keep_three_decimals() {
    let text = "Date,Description,Debit,Credit,Balance,Currency\n01/09/2026,a,,1.250,101.250,BHD\n02/09/2026,b,0.500,,100.750,BHD\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), ["1.250", "-0.500"]);
    assert_eq!(statement.opening.unwrap().amount.to_string(), "100.000");
}

#[test]
fn the_order_of_the_dates_is_found_from_all_rows() {
    let days = |text: &str| -> Vec<String> {
        clean(text).lines.iter().map(|line| line.day().unwrap().to_string()).collect()
    };
    let us = "Date,Description,Amount\n01/02/2026,a,1.50\n01/15/26,b,2.50\n";
    assert_eq!(days(us), ["2026-01-02", "2026-01-15"]);
    assert_eq!(
        days(&us.replace("01/15/26", "15/01/26").replace("01/02", "02/01")),
        ["2026-01-02", "2026-01-15"]
    );
    let is_assumed =
        |text: &str| read(text).warnings.iter().any(|warning| warning.code == "date_order_assumed");
    assert!(!is_assumed(us) && is_assumed(&us.replace("01/15/26", "01/05/26")));
    let vietnamese = "Ngày,Diễn giải,Số tiền\n01/02/2026,a,150\n01/05/2026,b,250\n";
    assert_eq!(days(vietnamese), ["2026-02-01", "2026-05-01"]);
    assert!(!is_assumed(vietnamese), "Vietnamese tables write the day first");
}

#[test]
fn a_table_with_value_dates_only_does_not_say_when_it_was_booked() {
    let line = clean("Value date,Description,Amount\n22/11/2026,a,1.50\n").lines.remove(0);
    assert_eq!((line.booking_date, line.value_date.unwrap().to_string()), (None, "2026-11-22".to_owned()));
}

#[test]
fn headings_of_many_languages_are_understood() {
    let row = |date: &str, debit: &str, credit: &str, balance: &str| {
        format!("{date};A;{debit};{credit};{balance}\n")
    };
    for heading in [
        "Buchungstag;Verwendungszweck;Soll;Haben;Saldo (EUR)",
        "Date opération;Libellé;Débit;Crédit;Solde EUR",
        "Boekdatum;Omschrijving;Af;Bij;Saldo (EUR)",
        "Fecha contable;Concepto;Cargo;Abono;Saldo (EUR)",
        "Data contabile;Descrizione;Dare;Avere;Saldo EUR",
        "Data mov.;Descrição;Débito;Crédito;Saldo (EUR)",
        "Data księgowania;Opis operacji;Obciążenia;Uznania;Saldo (EUR)",
        "Könyvelés dátuma;Közlemény;Terhelés;Jóváírás;Egyenleg (EUR)",
        "Bokföringsdatum;Text;Uttag;Insättning;Saldo (EUR)",
    ] {
        let text = format!(
            "{heading}\n{}{}",
            row("22.11.2026", "", "1.250,50", "1.250,50"),
            row("23.11.2026", "0,50", "", "1.250,00")
        );
        let statement = clean(&text);
        assert_eq!(amounts(&statement), ["1250.50", "-0.50"], "{heading}");
        assert_eq!(statement.currency.as_deref(), Some("EUR"), "{heading}");
        assert_eq!(statement.lines[1].booking_date.unwrap().to_string(), "2026-11-23", "{heading}");
        assert_eq!(statement.lines[0].memo.as_deref(), Some("A"), "{heading}");
    }
    let signed = "Datum;Valuta;Buchungstext;Betrag;Währung;S/H\n22.11.2026;21.11.2026;A;1.250,50;EUR;H\n22.11.2026;22.11.2026;B;0,50;EUR;S\n";
    let statement = clean(signed);
    assert_eq!(amounts(&statement), ["1250.50", "-0.50"]);
    assert_eq!(statement.lines[0].value_date.unwrap().to_string(), "2026-11-21");
}

#[test]
fn totals_that_differ_are_told_at_their_row() {
    let text = "Ngày;Diễn giải;Nợ;Có\n22/11/2026;A;;100\n22/11/2026;B;50;\nTổng cộng;;50;120\n";
    assert_eq!(refused(text), ("line 4".to_owned(), "totals_mismatch"));
    clean(&text.replace("120", "100"));
}

fn bank_file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/statement/bank");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

#[test]
fn the_export_of_each_bank_gives_the_same_day() {
    for (name, format, layout, references) in [
        ("acb.xls", Format::Xls, "ACB, bảng sao kê giao dịch", ["FT1", "FT2"]),
        ("agribank.xls", Format::Html, "Agribank, sổ phụ", ["FT1", "FT2"]),
        ("bidv.xlsx", Format::Xlsx, "BIDV, Excel", ["", ""]),
        ("mb.csv", Format::Csv, "MB, sao kê", ["FT1", "FT2"]),
        ("msb.csv", Format::Csv, "MSB, sao kê", ["FT1", "FT2"]),
        ("tpbank.xls", Format::Html, "TPBank, sao kê", ["", ""]),
        ("vietcombank.xlsx", Format::Xlsx, "Vietcombank, sao kê", ["5243.65937", "5243.65938"]),
        ("vietcombank-cashup.xls", Format::Html, "Vietcombank VCB CashUp", ["5243.1", "5243.2"]),
        ("vietinbank.xls", Format::Xls, "VietinBank eFAST, lịch sử giao dịch", ["FT1", "FT2"]),
        ("vpbank.csv", Format::Csv, "VPBank, CSV", ["FT26326000000001", "FT26326000000002"]),
    ] {
        let bytes = bank_file(name);
        let parsed = parse(&bytes);
        assert_eq!((parsed.errors.as_slice(), parsed.format), (&[][..], format), "{name}");
        let statement = &parsed.statements[0];
        assert_eq!(amounts(statement), ["25000", "-5500"], "{name}");
        assert_eq!(statement.account.as_deref(), Some("0123456789"), "{name}");
        let lines = &statement.lines;
        assert!(lines[0].memo.as_deref().unwrap().contains("HNPH7K2MQ4X97"), "{name}");
        assert_eq!(lines[1].day().unwrap().to_string(), "2026-11-22", "{name}");
        let found: Vec<&str> =
            lines.iter().map(|line| line.bank_reference.as_deref().unwrap_or("")).collect();
        assert_eq!(found, references, "{name}");
        let preview = preview(&bytes, None).unwrap();
        assert_eq!(preview.layout.as_deref(), Some(layout), "{name}");
        if !matches!(name, "msb.csv" | "vpbank.csv") {
            assert_eq!(statement.closing.as_ref().unwrap().amount.to_string(), "1019500", "{name}");
            assert_eq!(statement.opening.as_ref().unwrap().amount.to_string(), "1000000", "{name}");
        }
    }
}

#[test]
fn fee_and_tax_of_techcombank_move_the_balance() {
    let parsed = parse(&bank_file("techcombank.xlsx"));
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(amounts(&parsed.statements[0]), ["25000", "-5000", "-500"]);
    assert_eq!(parsed.statements[0].lines[0].counterparty_name.as_deref(), Some("NGUYEN VAN MAU"));
}

#[test]
fn two_accounts_of_one_page_are_two_statements() {
    let parsed = parse(&bank_file("vietcombank-cashup.xls"));
    let accounts: Vec<_> =
        parsed.statements.iter().filter_map(|statement| statement.account.clone()).collect();
    assert_eq!(accounts, ["0123456789", "9876543210"]);
    assert_eq!(parsed.statements[1].closing.as_ref().unwrap().amount.to_string(), "19500");
}

#[test]
fn a_mapping_of_the_user_goes_before_everything() {
    let text = "When;What;How much\n11/22/2026;HNPH7K2MQ4X97;25000\n11/23/2026;fee;-5500\n";
    assert_eq!(read(text).exit_code(), 2);
    let mapping = "name = \"mine\"\nheadings = [\"When\"]\ndates = \"month_first\"\ncurrency = \"VND\"\n[columns]\nbooking_date = \"When\"\ndescription = 2\namount = \"How much\"\n";
    let layout = Layout::from_toml(mapping).unwrap();
    let parsed = parse_with(text.as_bytes(), Some(&layout));
    assert_eq!((parsed.errors.len(), parsed.format), (0, Format::Csv), "{parsed:?}");
    assert_eq!(amounts(&parsed.statements[0]), ["25000", "-5500"]);
    assert_eq!(parsed.statements[0].lines[1].day().unwrap().to_string(), "2026-11-23");
    let bare = Layout::from_toml("name = \"bare\"\nis_without_heading = true\n[columns]\nbooking_date = 1\ndescription = 2\namount = 3\n").unwrap();
    let parsed = parse_with(b"22/11/2026,A,5000\n23/11/2026,B,-500\n", Some(&bare));
    assert_eq!(
        (parsed.errors.len(), amounts(&parsed.statements[0])),
        (0, vec!["5000".into(), "-500".into()])
    );
}

#[test]
fn the_mapping_of_a_preview_reads_the_table_it_was_made_of() {
    let bytes = VPBANK.as_bytes();
    let found = preview(bytes, None).unwrap();
    assert_eq!(found.heading_line, Some(2));
    let layout = Layout::from_toml(&found.mapping.to_toml().unwrap()).unwrap();
    let parsed = parse_with(bytes, Some(&layout));
    assert_eq!(amounts(&parsed.statements[0]), amounts(&parse(bytes).statements[0]));
    assert!(preview(b":20:A\n:25:1\n:28C:1\n", None).is_none());
}

#[test]
fn old_vietnamese_fonts_are_read() {
    // “Ngày”, “Nội dung”, “Số tiền” in TCVN 5712-3.
    let bytes = b"Ng\xB5y;N\xE9i dung;S\xE8 ti\xD2n\n22/11/2026;l\xD6 ph\xDD;25.000\n";
    let parsed = parse(bytes);
    assert_eq!((parsed.encoding, parsed.errors.len()), ("TCVN3", 0));
    assert_eq!(parsed.statements[0].lines[0].memo.as_deref(), Some("lệ phí"));
}

#[test]
fn decimals_without_a_currency_are_not_dong() {
    let parsed = read("Date;Description;Amount\n22/11/2026;A;12,50\n22/11/2026;B;-3,00\n");
    assert_eq!(parsed.errors, vec![]);
    assert_eq!(parsed.statements[0].currency.as_deref(), Some("XXX"));
    assert_eq!(amounts(&parsed.statements[0]), ["12.50", "-3.00"]);
}

/// A ZIP archive of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn the_statements_of_an_archive_are_read_together_and_each_place_names_its_file() {
    let mt940 = ":20:A\n:25:0123456789\n:28C:1\n:60F:C261121VND10,\n:61:261122C5,NTRFX\n:62F:C261122VND15,\n";
    let broken = mt940.replace("VND15", "VND16");
    let parsed =
        parse(&archive(&[("b.sta", broken.as_bytes()), ("a.csv", VPBANK.as_bytes()), ("__MACOSX/a", b"x")]));
    assert_eq!(parsed.statements.len(), 2);
    let errors: Vec<_> = parsed.errors.iter().map(|error| (error.at.as_str(), error.code)).collect();
    assert_eq!(errors, [("b.sta: line 6", "balance_broken")]);
    assert_eq!(parse(&archive(&[])).exit_code(), 2);
    assert_eq!(parse(&archive(&[("note.txt", b"hello")])).exit_code(), 2);
}

#[test]
fn an_archive_that_unfolds_without_end_is_refused() {
    let zeros = vec![b' '; 90 * 1024 * 1024];
    let bomb = archive(&[("a", &zeros), ("b", &zeros), ("c", &zeros), ("xl/workbook.xml", b"")]);
    assert!(bomb.len() < 2_000_000);
    let parsed = parse(&bomb);
    assert_eq!((parsed.exit_code(), parsed.errors[0].code), (2, "archive_too_large"));
}

#[test]
fn a_broken_workbook_is_refused() {
    let good = bank_file("acb.xls");
    for length in (0..good.len()).step_by(97) {
        let parsed = parse(&good[..length]);
        assert!(parsed.exit_code() != 0 || amounts(&parsed.statements[0]) == ["25000", "-5500"], "{length}");
    }
    let good = bank_file("bidv.xlsx");
    for length in (0..good.len()).step_by(11) {
        assert_ne!(parse(&good[..length]).exit_code(), 0, "{length}");
    }
}

#[test]
fn lines_are_counted_alike_whatever_ends_them() {
    let broken = VPBANK.replace("-5,500", "-6,500");
    for text in [broken.clone(), broken.replace('\n', "\r\n"), broken.replace('\n', "\r")] {
        assert_eq!(refused(&text), ("line 4".to_owned(), "running_balance_broken"));
    }
}
