//! Tables as banks of many countries write them: the habits that once gave a wrong amount in silence.

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

fn amounts(statement: &Statement) -> Vec<String> {
    statement.lines.iter().map(|line| line.amount.to_string()).collect()
}

fn refused(text: &str) -> (String, &'static str) {
    let parsed = read(text);
    let first = parsed.errors.first().unwrap_or_else(|| panic!("must be refused: {text}\n{parsed:?}"));
    (first.at.clone(), first.code)
}

fn ends(statement: &Statement) -> [Option<String>; 2] {
    [&statement.opening, &statement.closing]
        .map(|balance| balance.as_ref().map(|balance| balance.amount.to_string()))
}

const MOVED: [&str; 2] = ["50.00", "-7.50"];

#[test]
fn marks_are_known_by_their_words_whatever_the_heading_says() {
    for (heading, credit, debit) in [
        ("CreditDebet", "C", "D"),
        ("Richting", "Bij", "Af"),
        ("Flow", "IN", "OUT"),
        ("Transaction Type", "Deposit", "Withdrawal"),
        ("Movement", "Incoming", "Outgoing"),
        ("Type", "Payment received", "Payment made"),
    ] {
        let text = format!(
            "Date,{heading},Description,Amount,Currency\n\
             05/01/2026,{credit},a,50.00,EUR\n16/01/2026,{debit},b,7.50,EUR\n"
        );
        assert_eq!(amounts(&clean(&text)), MOVED, "{heading}");
    }
}

#[test]
fn an_amount_without_sign_beside_an_unknown_word_of_a_known_kind_is_refused() {
    let text = "Date,Type,Description,Amount\n05/01/2026,Credit,a,50.00\n16/01/2026,Sundry,b,7.50\n";
    assert_eq!(refused(text), ("line 3".to_owned(), "mark_invalid"));
}

#[test]
fn rows_of_balances_and_turnover_are_no_movements() {
    let text = "Date,Details,Amount,Currency,D/K\n01/01/2026,Opening balance,300.00,EUR,K\n\
                05/01/2026,a,50.00,EUR,K\n16/01/2026,b,7.50,EUR,D\n31/01/2026,Turnover,7.50,EUR,D\n\
                31/01/2026,Turnover,50.00,EUR,K\n31/01/2026,Closing balance,342.50,EUR,K\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), MOVED);
    assert_eq!(ends(&statement), [Some("300.00".into()), Some("342.50".into())]);
    assert_eq!(refused(&text.replace("342.50", "342.51")).1, "balance_broken");
    assert_eq!(refused(&text.replace("Turnover,50.00", "Turnover,51.00")).1, "totals_mismatch");
    let in_credit = "Date,Description,Debit,Credit,Balance\n01/01/2026,Opening balance,,300.00,300.00\n\
                     05/01/2026,a,,50.00,350.00\n16/01/2026,b,7.50,,342.50\n";
    assert_eq!(ends(&clean(in_credit)), [Some("300.00".into()), Some("342.50".into())]);
}

#[test]
fn a_row_that_is_not_booked_is_no_line() {
    for (heading, booked, open) in [
        ("State", "COMPLETED", "PENDING"),
        ("Status", "Posted", "Declined"),
        ("Info", "Umsatz gebucht", "Umsatz vorgemerkt"),
        ("Stato", "Contabilizzato", "Autorizzato"),
    ] {
        let text = format!(
            "Date,Description,Amount,{heading}\n05/01/2026,a,50.00,{booked}\n\
             16/01/2026,b,-7.50,{booked}\n17/01/2026,c,-9.00,{open}\n"
        );
        assert_eq!(amounts(&clean(&text)), MOVED, "{heading}");
        assert!(read(&text).warnings.iter().any(|warning| warning.code == "entry_not_booked"));
    }
}

#[test]
fn the_booked_amount_counts_and_not_that_of_the_purchase() {
    for headings in [
        "Orig amount,Orig currency,Amount,Payment currency",
        "Transaction amount,Transaction currency,Billing amount,Billing currency",
        "Instructed amount,Instructed currency,Amount,Currency",
    ] {
        let text = format!(
            "Date,Description,{headings}\n05/01/2026,a,55.00,USD,50.00,EUR\n16/01/2026,b,-8.00,USD,-7.50,EUR\n"
        );
        let statement = clean(&text);
        assert_eq!(amounts(&statement), MOVED, "{headings}");
        assert_eq!(statement.currency.as_deref(), Some("EUR"), "{headings}");
    }
    let text = "Date,Description,Amount,Amount\n05/01/2026,a,50.00,55.00\n";
    assert_eq!(refused(text), ("line 2".to_owned(), "amount_ambiguous"));
}

#[test]
fn the_post_date_is_that_of_booking() {
    let text = "Transaction Date,Post Date,Description,Amount\n01/14/2026,01/15/2026,a,50.00\n";
    assert_eq!(clean(text).lines[0].booking_date.unwrap().to_string(), "2026-01-15");
}

#[test]
fn a_minus_among_debits_is_money_given_back_and_balances_prove_it() {
    let text = "Date,Description,Debit,Credit,Balance\n05/01/2026,a,,50.00,350.00\n\
                16/01/2026,b,7.50,,342.50\n17/01/2026,c,-2.00,,344.50\n";
    assert_eq!(amounts(&clean(text)), ["50.00", "-7.50", "2.00"]);
    let signed = text.replace("344.50", "340.50");
    assert_eq!(amounts(&clean(&signed)), ["50.00", "-7.50", "-2.00"], "the balance says otherwise");
    assert_eq!(refused(&text.replace("344.50", "341.50")).1, "running_balance_broken");
}

#[test]
fn taxes_and_fees_that_only_inform_move_nothing() {
    let text = "Date,Description,Amount,VAT\n05/01/2026,a,50.00,9.00\n16/01/2026,b,-7.50,-1.20\n";
    assert_eq!(amounts(&clean(text)), MOVED);
    let text =
        "Date,Description,Amount,Fee,Balance\n05/01/2026,a,50.00,,350.00\n16/01/2026,b,-7.50,0.50,342.50\n";
    assert_eq!(amounts(&clean(text)), MOVED);
}

#[test]
fn the_booked_balance_goes_before_the_available_one() {
    for headings in ["Available Balance,Balance", "Available Balance,Ledger Balance"] {
        let text = format!(
            "Date,Description,Amount,{headings}\n05/01/2026,a,50.00,900.00,350.00\n\
             16/01/2026,b,-7.50,1100.00,342.50\n"
        );
        assert_eq!(ends(&clean(&text)), [Some("300.00".into()), Some("342.50".into())]);
    }
}

#[test]
fn a_balance_may_have_a_mark_of_its_own() {
    let text = "Date,Description,Amount,Dr / Cr,Balance,Dr / Cr\n05/01/2026,a,50.00,DR,350.00,DR\n\
                16/01/2026,b,7.50,CR,342.50,DR\n";
    let statement = clean(text);
    assert_eq!(amounts(&statement), ["-50.00", "7.50"]);
    assert_eq!(ends(&statement), [Some("-300.00".into()), Some("-342.50".into())]);
}

#[test]
fn each_account_and_each_currency_of_a_table_is_a_statement() {
    let accounts = "Account,Date,Description,Amount,Balance\n0000011111,05/01/2026,a,50.00,350.00\n\
                    0000022222,06/01/2026,x,5.00,15.00\n0000011111,16/01/2026,b,-7.50,342.50\n\
                    0000022222,17/01/2026,y,-1.00,14.00\n";
    let parsed = read(accounts);
    assert_eq!(parsed.errors, vec![]);
    let read_accounts: Vec<_> = parsed.statements.iter().map(|one| one.account.clone().unwrap()).collect();
    assert_eq!(read_accounts, ["0000011111", "0000022222"]);
    assert_eq!(ends(&parsed.statements[0]), [Some("300.00".into()), Some("342.50".into())]);
    let currencies = "Date,Description,Amount,Currency\n05/01/2026,a,50.00,EUR\n06/01/2026,x,5.00,USD\n\
                      16/01/2026,b,-7.50,EUR\n";
    assert_eq!(read(currencies).statements.len(), 2);
    let one = "Date,Description,Amount,Currency,Balance\n05/01/2026,a,50.00,EUR,350.00\n\
               16/01/2026,b,-7.50,USD,342.50\n";
    assert_eq!(refused(one).1, "currency_mixed", "one balance runs through both");
    let torn = "Date,Description,Amount,Currency\n05/01/2026,a,50.00,EUR\n16/01/2026,b,-7.50,EU\n";
    assert_eq!(refused(torn), ("line 3".to_owned(), "currency_invalid"));
}

#[test]
fn days_may_be_newest_first_and_their_rows_oldest_first() {
    let text = "Date,Description,Amount,Balance\n16/01/2026,b,-7.50,342.50\n16/01/2026,c,-2.50,340.00\n\
                05/01/2026,a,50.00,350.00\n";
    assert_eq!(amounts(&clean(text)), ["50.00", "-7.50", "-2.50"]);
    let text = "Date,Description,Amount,Balance\n05/01/2026,a,50.00,350.00\n16/01/2026,c,-2.50,340.00\n\
                16/01/2026,b,-7.50,342.50\n";
    assert_eq!(amounts(&clean(text)), ["50.00", "-7.50", "-2.50"]);
}

#[test]
fn a_table_that_is_cut_in_its_last_row_is_refused() {
    let text = "Date,Description,Amount,Balance,Currency\n05/01/2026,a,50.00,350.00,EUR\n\
                10/01/2026,c,-2.50,347.50,EUR\n16/01/2026,b,-7.50,340.00,EUR";
    clean(text);
    let cuts =
        ["16/01/2026,b,-7.50,340.00,E", "16/01/2026,b,-7.50,340", "16/01/2026,b,-7.5", "16/01/202", "16"];
    let whole = text.strip_suffix("16/01/2026,b,-7.50,340.00,EUR").unwrap();
    for cut in cuts {
        assert_eq!(refused(&format!("{whole}{cut}")).0, "line 4", "{cut}");
    }
    let bare = "Date,Description,Amount\n05/01/2026,a,50.00\n16/01/2026,b,-7.5";
    assert_eq!(refused(bare), ("line 3".to_owned(), "row_cut"));
    assert_eq!(amounts(&clean(&format!("{bare}0"))), MOVED);
}

#[test]
fn a_page_or_sheet_in_markup_that_is_cut_is_refused() {
    let page = "<html><body><table><tr><th>Date</th><th>Description</th><th>Amount</th></tr>\
                <tr><td>05/01/2026</td><td>a</td><td>50.00</td></tr>\
                <tr><td>16/01/2026</td><td>b</td><td>-7.50</td></tr></table></body></html>";
    assert_eq!(amounts(&clean(page)), MOVED);
    for end in ["</table>", "</tr></table>", "<td>-7.50"] {
        let at = page.find(end).unwrap();
        assert_eq!(refused(&page[..at]).1, "markup_cut", "{end}");
    }
    let inside = page.replace("<td>a</td>", "<td>a<table><tr><td>n</td></tr></table></td>");
    assert_eq!(amounts(&clean(&inside)), MOVED, "a table inside of a cell");
}

#[test]
fn dates_and_amounts_are_read_in_the_spelling_of_their_country() {
    for date in [
        "5. 1. 2026",
        "05012026",
        "5 janvier 2026",
        "5. Januar 2026",
        "5 de janeiro de 2026",
        "05Jan2026",
        "5 stycznia 2026",
        "Mon, 05 Jan 2026",
    ] {
        let text = format!("Date;Description;Amount\n{date};a;50.00\n");
        assert_eq!(clean(&text).lines[0].day().unwrap().to_string(), "2026-01-05", "{date}");
    }
    for amount in ["=\"50.00\"", "50,00 kr", "RM 50.00", "Rs. 50.00", "R50.00"] {
        let text = format!("Date;Description;Amount\n05/01/2026;a;\"{}\"\n", amount.replace('"', "\"\""));
        assert_eq!(amounts(&clean(&text)), ["50.00"], "{amount}");
    }
}

#[test]
fn sums_under_one_column_of_amounts_are_compared() {
    let text = "Date,Description,Amount\n05/01/2026,a,50.00\n16/01/2026,b,-7.50\nTotal,,42.50\n";
    assert_eq!(amounts(&clean(text)), MOVED);
    assert_eq!(refused(&text.replace("42.50", "43.50")).1, "totals_mismatch");
    let both = "Date,Description,Debit,Credit\n05/01/2026,a,,50.00\n16/01/2026,b,7.50,\n,,7.50,50.00\n";
    assert_eq!(amounts(&clean(both)), MOVED);
    assert_eq!(refused(&both.replace(",,7.50,50.00", ",,7.50,51.00")).1, "totals_mismatch");
}

#[test]
fn a_payer_whose_name_begins_with_the_word_of_a_sum_is_no_sum() {
    for name in ["Tổng công ty Điện lực nộp phí", "TOTAL GAZ", "Total reimbursement"] {
        let text = format!(
            "Ngày,Nội dung,Ghi nợ,Ghi có\n05/01/2026,Nop phi,0.00,25000.00\n07/01/2026,{name},0.00,25000.00\n"
        );
        assert_eq!(clean(&text).lines.len(), 2, "{name}");
    }
}

#[test]
fn a_balance_without_its_figure_takes_none_of_its_neighbours() {
    let rows = "Ngày,Nội dung,Số tiền\n05/01/2026,a,50000\n16/01/2026,b,7500\n";
    let opening = |above: &str| ends(&clean(&format!("{above}\n{rows}")))[0].clone();
    assert_eq!(opening("Số dư đầu kỳ:,,Số dư cuối kỳ:,57500"), None);
    assert_eq!(opening("Số dư đầu kỳ:,,Tổng số giao dịch:,2"), None);
    assert_eq!(opening("Opening balance,not available,Number of lines,2"), None);
    assert_eq!(opening("Opening balance,as on 01/01/2026,300").as_deref(), Some("300"));
}

#[test]
fn states_are_known_in_vietnamese_and_with_their_reason() {
    for state in [
        "Thất bại",
        "Đã hủy",
        "Không thành công",
        "Đang chờ xử lý",
        "Rejected - insufficient funds on account",
    ] {
        let text = format!(
            "Ngày,Nội dung,Số tiền,Trạng thái\n05/01/2026,a,50000,Thành công\n17/01/2026,c,-9000,{state}\n"
        );
        assert_eq!(amounts(&clean(&text)), ["50000"], "{state}");
    }
}
