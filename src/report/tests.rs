use super::chart::{Chart, Charts};
use super::rules::{self, Line};
use super::sheet::{Cell, Csv, Sheet, Xlsx};
use super::*;
use crate::id::*;

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn line(debit: &Account, credit: &Account, amount: i64) -> Line {
    Line {
        date: day("2026-11-23"),
        id: PostingId(1),
        debit: debit.to_string(),
        credit: credit.to_string(),
        amount: Dong(amount),
        source_kind: "line".into(),
        source_id: 7,
        number: None,
        bank_reference: None,
    }
}

/// One of each kind of account; a new kind belongs here and into every chart.
fn every_account() -> Vec<Account> {
    vec![
        Account::Drawer(ShiftId(1)),
        Account::Clearing(AccountId(1), "vpbank".into()),
        Account::Bank(AccountId(1)),
        Account::ChargesToRecover,
        Account::ReversalToRecover(PaymentId(1)),
        Account::UnexplainedDebit(LineId(1)),
        Account::ReceivedInAdvance(ObligationId(1)),
        Account::FeesCollected("HT1".into()),
        Account::CollectedWithoutDocument("X".into()),
        Account::PassedOn("X".into()),
        Account::Surplus(PaymentId(1)),
        Account::RefundPayable,
        Account::Suspense(LineId(1)),
        Account::DueToUnit(UnitId(1)),
        Account::Interest,
        Account::BudgetDue("805/2771".into()),
        Account::ShareKept("HT1".into()),
        Account::BudgetRefundDue("805/2771".into()),
        Account::DepositInTransit(SlipId(1)),
        Account::Shortage(PersonId(1)),
        Account::DrawerSuspense(ShiftId(1)),
        Account::TreasuryInTransit(RemittanceId(1)),
        Account::Opening(AccountId(1)),
        Account::Merger(UnitId(3)),
    ]
}

#[test]
fn the_shipped_charts_are_readable_and_know_every_account() {
    let charts = Charts::shipped().unwrap();
    let chart = charts.in_force(day("2026-11-23")).unwrap();
    for account in every_account() {
        let found = chart.account_of(&account.to_string()).unwrap();
        assert!(found.len() >= 3, "{account}: {found}");
        assert!(crate::ledger::words::words(&account.to_string()).is_some(), "{account} is called nothing");
    }
    assert_eq!(chart.account_of("attic/1").unwrap_err().code(), "chart_account_missing");
}

#[test]
fn a_chart_with_a_word_for_a_number_is_refused() {
    let text = "name = \"own\"\nsource = \"s\"\ncertainty = \"P\"\nvalid_from = \"2026-01-01\"\n[accounts]\nbank = \"năm\"\n";
    assert_eq!(Chart::parse(text).unwrap_err().code(), "chart_unreadable");
}

#[test]
fn each_posting_is_read_by_the_chart_of_its_unit_and_date() {
    use crate::config::Books;

    let folder = std::env::temp_dir().join(format!("bienlai-charts-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let chart = |name: &str, from: &str, units: &str, bank: &str| {
        format!(
            "name = \"{name}\"\nsource = \"s\"\ncertainty = \"P\"\nvalid_from = \"{from}\"\n{units}\n[accounts]\n\
             bank = \"{bank}\"\nfees_collected = \"3381\"\n"
        )
    };
    let own = "units = [\"00004\"]";
    std::fs::write(folder.join("a.toml"), chart("all", "2026-06-01", "", "1121")).unwrap();
    std::fs::write(folder.join("b.toml"), chart("own", "2026-12-01", own, "11214")).unwrap();
    std::fs::write(folder.join("c.toml"), chart("other", "2026-01-01", "units = [\"00091\"]", "11291"))
        .unwrap();
    let books = Books { charts: vec![folder.clone()], ..Books::default() };
    let charts = Charts::of_unit(&books, "00004").unwrap();
    let read = |on: &str| {
        let mut moved = line(&Account::Bank(AccountId(1)), &Account::FeesCollected("HT1".into()), 1);
        moved.date = day(on);
        rules::row(Book::Journal, &moved, &charts, Dong::ZERO).unwrap()[4].shown()
    };
    assert_eq!([read("2026-05-31"), read("2026-11-30"), read("2026-12-01")], ["112", "1121", "11214"]);
    let words = charts.words(Period::new(day("2026-11-01"), day("2026-12-31")).unwrap());
    assert!(words.contains("all (s, P); own (s, P)") && !words.contains("other"), "{words}");
    let missing = Books { charts: vec![folder.join("none.toml")], ..Books::default() };
    assert_eq!(Charts::of_unit(&missing, "00004").unwrap_err().code(), "chart_unreadable");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn money_of_the_bank_stands_in_debit_and_fees_in_credit() {
    let chart = Charts::shipped().unwrap();
    let account = AccountId(1);
    let collected = line(&Account::Bank(account), &Account::FeesCollected("HT1".into()), 25_000);
    for (book, debit, credit, balance) in
        [(Book::Bank(account), 25_000, 0, 25_000), (Book::Fees, 0, 25_000, 25_000)]
    {
        let mut summary = Summary::default();
        rules::add(&mut summary, book, &collected).unwrap();
        assert_eq!((summary.debits, summary.credits), (Dong(debit), Dong(credit)), "{book:?}");
        let row = rules::row(book, &collected, &chart, summary.closing()).unwrap();
        assert_eq!(row[7], Cell::Amount(Dong(balance)), "{book:?}");
    }
}

#[test]
fn a_fee_put_under_another_item_changes_no_balance() {
    let moved = line(&Account::FeesCollected("HT1".into()), &Account::FeesCollected("HT2".into()), 5_000);
    let mut summary = Summary::default();
    rules::add(&mut summary, Book::Fees, &moved).unwrap();
    assert_eq!((summary.debits, summary.credits, summary.closing()), (Dong(5_000), Dong(5_000), Dong::ZERO));
}

#[test]
fn every_document_of_a_book_is_told_in_english_too() {
    let chart = Charts::shipped().unwrap();
    let mut moved = line(&Account::Bank(AccountId(1)), &Account::FeesCollected("HT1".into()), 1);
    let kinds = [
        "payment",
        "receipt",
        "refund",
        "line",
        "exception",
        "day",
        "account",
        "shift",
        "slip",
        "correction",
        "remittance",
        "handover",
    ];
    for kind in kinds {
        moved.source_kind = kind.into();
        let document = rules::row(Book::Journal, &moved, &chart, Dong::ZERO).unwrap()[1].shown();
        let english = in_english(&document).unwrap_or_else(|| panic!("{document}"));
        assert!(english.is_ascii() || kind == "account", "{english}");
    }
    assert_eq!(
        in_english("Biên lai, hóa đơn 1 K26TAA 0000001").unwrap(),
        "Receipt, invoice 1 K26TAA 0000001"
    );
    assert_eq!(in_english("Cộng"), None);
}

#[test]
fn a_reference_of_the_bank_is_never_read_as_two_languages() {
    let chart = Charts::shipped().unwrap();
    let mut shown = line(&Account::Bank(AccountId(1)), &Account::Suspense(LineId(7)), 1);
    shown.bank_reference = Some("FT26 / 0012".into());
    let document = rules::row(Book::Journal, &shown, &chart, Dong::ZERO).unwrap()[1].shown();
    assert_eq!(document, format!("Dòng sao kê {} · FT26/0012", LineId(7)));
}

#[test]
fn a_period_that_ends_before_it_begins_is_refused() {
    let refused = Period::new(day("2026-11-23"), day("2026-11-22")).unwrap_err();
    assert_eq!(refused.code(), "book_period_reversed");
}

#[test]
fn no_text_becomes_a_formula() {
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"] {
        let mut bytes = Vec::new();
        let mut sheet = Csv::new(&mut bytes).unwrap();
        sheet.row(&[Cell::text(text), Cell::Amount(Dong(-5))]).unwrap();
        sheet.finish().unwrap();
        let written = String::from_utf8(bytes).unwrap();
        let record = written.trim_start_matches('\u{FEFF}').trim_start_matches('"');
        assert!(record.starts_with('\''), "{text:?} came out as {written:?}");
        assert!(written.trim_end().ends_with(",-5"), "amounts stay numbers: {written:?}");
    }
}

#[test]
fn a_spreadsheet_is_whole_and_holds_its_texts_as_texts() {
    let mut sheet = Xlsx::new().unwrap();
    sheet.columns(&["Ngày", "Số tiền"]).unwrap();
    sheet.row(&[Cell::Date(day("2026-11-23")), Cell::Amount(Dong(25_000))]).unwrap();
    sheet.row(&[Cell::text("=HYPERLINK(\"x\")"), Cell::Empty]).unwrap();
    let mut bytes = Vec::new();
    sheet.finish(&mut bytes).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut text)
        .unwrap();
    assert!(text.contains("<v>25000</v>"), "{text}");
    assert!(!text.contains("<f>"), "a formula: {text}");
}
