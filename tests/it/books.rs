//! The books of a unit say what the bank and the receipts say, in files that office programs open.

use std::process::Command;

use bienlai::actor::Scope;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::report::chart::Charts;
use bienlai::report::sheet::Form;
use bienlai::report::{self, Book, Period, Summary};

use crate::imports::import;
use crate::support::app::MASTER_KEY;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

/// Two fees by statement only, and one claimed and not yet on a statement.
fn a_day_of_money(world: &World) {
    let mut file = BankFile::new(world.ba_dinh.account_no, today(world), 100_000);
    for index in 0..2 {
        let owed = world.raise(FEE);
        file = file.book(FEE.0, &format!("{} nop phi", owed.reference_code), &format!("R{index}"));
    }
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    bienlai::reconciliation::reconcile(
        &world.store,
        &world.stamp(),
        &bienlai::actor::Actor::system(),
        unit,
        account,
    )
    .expect("the lines are matched");
    let owed = world.raise(FEE);
    world.claim(&owed, FEE).settle();
}

fn written(world: &World, book: Book, from: BusinessDay, until: BusinessDay) -> (Summary, Vec<Vec<String>>) {
    let mut bytes = Vec::new();
    let chart = Charts::shipped().expect("a chart ships");
    let period = Period::new(from, until).expect("a period");
    let asked = (book, period);
    let unit = world.ba_dinh.id;
    let summary = report::write_as(Form::Csv, &world.store, &Scope::All, unit, asked, &chart, &mut bytes)
        .expect("a book");
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    (summary, rows)
}

#[test]
fn the_bank_book_begins_and_ends_with_the_balances_of_the_statement() {
    each_database(|database| {
        let world = World::settled_in(database);
        a_day_of_money(&world);
        let book = Book::Bank(world.ba_dinh.account);
        let (summary, rows) = written(&world, book, today(&world), today(&world));
        assert_eq!((summary.count, summary.debits), (2, Dong(50_000)), "{rows:?}");
        let balance = world.look(|conn| {
            let account = bienlai::ledger::Account::Bank(world.ba_dinh.account);
            bienlai::ledger::balance(conn, world.ba_dinh.id, &account)
        });
        assert_eq!(summary.closing(), balance);
        assert_eq!(rows.last().expect("a total")[7], balance.0.to_string());
        // Printed, it says whose book it is, and of which account.
        assert!(rows[1][0].starts_with("00004 "), "{rows:?}");
        let account = format!("Số tài khoản: {} (", world.ba_dinh.account_no);
        assert!(rows.iter().any(|row| row[0].starts_with(&account)), "{rows:?}");

        let tomorrow = today(&world).next();
        let (next, _) = written(&world, book, tomorrow, tomorrow);
        assert_eq!((next.count, next.opening, next.closing()), (0, balance, balance), "carried forward");
    });
}

#[test]
fn the_fee_book_names_each_receipt_with_what_was_collected() {
    each_database(|database| {
        let world = World::settled_in(database);
        a_day_of_money(&world);
        let (summary, rows) = written(&world, Book::Fees, today(&world), today(&world));
        assert_eq!((summary.count, summary.credits), (3, Dong(75_000)));
        let receipts: Vec<&String> =
            rows.iter().filter(|row| row.len() > 6 && row[6] == "25000").map(|row| &row[1]).collect();
        assert_eq!(receipts.len(), 3, "{rows:?}");
        assert!(receipts.iter().all(|number| number.contains("BD-26E")), "{receipts:?}");
        assert_eq!(rows.last().expect("a total")[7], "75000", "fees stand in credit");
    });
}

#[test]
fn the_journal_tells_every_posting_with_the_accounts_of_the_chart() {
    each_database(|database| {
        let world = World::settled_in(database);
        a_day_of_money(&world);
        let (summary, rows) = written(&world, Book::Journal, "2000-01-01".parse().unwrap(), today(&world));
        let posted = world.count("posting");
        assert_eq!(summary.count as i64, posted, "all of them, once: {rows:?}");
        assert!(rows.iter().any(|row| row.len() == 7 && row[4] == "112" && row[5] == "338"), "{rows:?}");
    });
}

#[test]
fn the_command_writes_a_spreadsheet_and_refuses_what_it_cannot() {
    each_database(|database| {
        let world = World::settled_in(database);
        a_day_of_money(&world);
        let folder =
            std::env::temp_dir().join(format!("bienlai-book-{}-{:?}", std::process::id(), world.product()));
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("bienlai.toml");
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
            world.database.url
        );
        std::fs::write(&config, text).unwrap();
        let run = |book: &[&str], out: &str| {
            Command::new(env!("CARGO_BIN_EXE_bienlai"))
                .args(["--config", config.to_str().unwrap(), "book"])
                .args(book)
                .args(["--unit", "00004", "--from", "2026-11-01", "--until", "2026-11-30", "--out"])
                .arg(folder.join(out))
                .output()
                .expect("bienlai runs")
        };
        let done = run(&["bank"], "so.xlsx");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let file = std::fs::File::open(folder.join("so.xlsx")).unwrap();
        assert!(
            zip::ZipArchive::new(file).expect("a spreadsheet").by_name("xl/worksheets/sheet1.xml").is_ok()
        );
        let refused = run(&["fees"], "so.pdf");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("sheet_form_unknown"), "{refused:?}");
        let _ = std::fs::remove_dir_all(&folder);
    });
}
