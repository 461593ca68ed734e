//! Lists and figures: the same rows on the screen and in the file, figures that follow from the
//! postings, and reminders that end when somebody acted.

use std::collections::BTreeSet;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::identity::{self, NewClient};
use bienlai::payment::book::Method;
use bienlai::reconciliation::day_close::{Closing, close};
use bienlai::reconciliation::reconcile;
use bienlai::report::list::{self, Asked, Filter, List, Place};
use bienlai::report::sheet::{Cell, Form};
use bienlai::report::{Period, cut_off, fees, table};
use bienlai::unit::{self, CITY};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::corrections::person;
use crate::imports::import;
use crate::lookups::download;
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::world::line;
use crate::support::{World, each_database};

fn today(world: &World) -> BusinessDay {
    world.now().business_day()
}

fn shown(world: &World, opening: i64, amount: i64, memo: &str) {
    let reference = format!("R{}", world.next());
    let file = BankFile::new(world.ba_dinh.account_no, today(world), opening).book(amount, memo, &reference);
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

/// 25.000 and 8.000 by transfer; 10.000 in cash.
fn lived_in(world: &World) {
    let (phi, le_phi) =
        (line("HT-01", "phi", "receipt", Dong(25_000)), line("LP-01", "le_phi", "receipt", Dong(8_000)));
    let owed = world.raise_lines(&world.ba_dinh, vec![phi, le_phi]);
    shown(world, 0, 33_000, &format!("{} nop phi", owed.reference_code));
    let counter = world.raise(Dong(10_000));
    world.take(&counter, Dong(10_000), Method::Cash).unwrap();
}

pub fn asked(world: &World, list: &str, state: Option<&str>) -> Asked {
    Asked {
        list: List::parse(list).unwrap(),
        units: vec![(world.ba_dinh.id, "00004".to_owned())],
        is_of_all: false,
        period: Period::new(today(world), today(world)).unwrap(),
        state: state.map(str::to_owned),
        filter: Filter::default(),
    }
}

/// The file's rows without its heading.
pub fn written(world: &World, asked: &Asked) -> (usize, String, Vec<Vec<String>>) {
    let mut bytes = Vec::new();
    let count =
        table::write_as(Form::Csv, &mut bytes, |sheet| list::write(&world.store, &Scope::All, asked, sheet));
    let text = String::from_utf8(bytes).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).skip(4).collect();
    (count.unwrap(), text, rows)
}

#[test]
fn every_list_is_written_whole_and_pages_meet_without_gap_or_repeat() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        let mut filled = BTreeSet::new();
        for one in List::all() {
            let asked = asked(&world, one.name(), None);
            let (count, text, rows) = written(&world, &asked);
            assert_eq!(count, rows.len(), "{}: {text}", one.name());
            assert!(text.contains(&asked.query_id()), "the query id stands in the file: {text}");
            let (mut seen, mut after) = (Vec::new(), Place::default());
            loop {
                let (page, next) = world.look(|conn| list::page(conn, &Actor::system(), &asked, after, 1));
                seen.extend(page.iter().map(|row| row[0].shown()));
                match next {
                    Some(last) => after = last,
                    None => break,
                }
            }
            assert_eq!(seen, rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>(), "{}", one.name());
            if count > 0 {
                filled.insert(one.name());
            }
        }
        for name in ["obligations", "payments", "receipts", "lines", "shifts"] {
            assert!(filled.contains(name), "the story filled {name}: {filled:?}");
        }
    });
}

#[test]
fn a_file_calls_accounts_by_their_numbers() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        let waiting = world.raise(Dong(9_000));
        world.claim(&waiting, Dong(9_000)).settle();
        for list in ["claims", "movements", "lines"] {
            let (count, text, _) = written(&world, &asked(&world, list, None));
            assert!(count > 0 && text.contains(world.ba_dinh.account_no), "{list}: {text}");
            assert!(!text.contains("acc_"), "{list}: {text}");
        }
    });
}

#[test]
fn a_list_shows_local_time_amounts_and_one_state_and_nobody_elses_rows() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        let elsewhere = world.raise_at(&world.tay_ho, Dong(99_000));
        let (_, text, rows) = written(&world, &asked(&world, "obligations", None));
        assert_eq!(rows.len(), 2, "{text}");
        assert!(!text.contains(&elsewhere.reference_code), "a list is one unit's");
        let made = world.now().in_hanoi().format("%d/%m/%Y %H:%M:").to_string();
        assert!(rows[0][4].starts_with(&made), "{:?}", rows[0]);
        assert_eq!(rows[0][6], "33000", "a figure, not a text with points");
        let (count, ..) = written(&world, &asked(&world, "payments", Some("claimed")));
        assert_eq!(count, 0);
        assert_eq!(written(&world, &asked(&world, "payments", Some("proven"))).0, 2);
        let mut later = asked(&world, "receipts", None);
        later.period = Period::new(today(&world).next(), today(&world).next()).unwrap();
        assert_eq!(written(&world, &later).0, 0, "by the list's own date");
        let stranger = Actor { scope: Scope::unit(world.tay_ho.id), ..Actor::system() };
        let asked = asked(&world, "receipts", None);
        let refused =
            world.store.read(&Scope::All, |conn| list::page(conn, &stranger, &asked, Place::default(), 10));
        assert_eq!(refused.unwrap_err().code(), "unit_not_found");
        let mut sheet = Vec::new();
        table::write_as(Form::Xlsx, &mut sheet, |into| list::write(&world.store, &Scope::All, &asked, into))
            .unwrap();
        assert!(zip::ZipArchive::new(std::io::Cursor::new(sheet)).is_ok());
    });
}

#[test]
fn a_list_over_all_units_names_the_unit_of_each_row_and_pages_from_one_to_the_next() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        world.raise_at(&world.tay_ho, Dong(99_000));
        let units = vec![(world.ba_dinh.id, "00004".to_owned()), (world.tay_ho.id, "00091".to_owned())];
        let all = Asked { units, is_of_all: true, ..asked(&world, "obligations", None) };
        let (count, text, rows) = written(&world, &all);
        assert_eq!(count, 3, "{text}");
        let of: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(of, ["00004", "00004", "00091"]);
        assert!(text.contains(&all.query_id()) && text.contains("Đơn vị / Unit"), "{text}");
        assert_ne!(all.query_id(), asked(&world, "obligations", None).query_id());
        let (mut seen, mut place) = (Vec::new(), Place::default());
        loop {
            let (page, next) = world.look(|conn| list::page(conn, &Actor::system(), &all, place, 1));
            seen.extend(page.iter().map(|row| row[1].shown()));
            match next {
                Some(last) => place = last.to_string().parse().expect("a place reads back"),
                None => break,
            }
        }
        assert_eq!(seen, rows.iter().map(|row| row[1].clone()).collect::<Vec<_>>());
        let one = Actor { scope: Scope::unit(world.ba_dinh.id), ..Actor::system() };
        let refused = world.store.read(&Scope::All, |conn| list::page(conn, &one, &all, Place::default(), 9));
        assert_eq!(refused.unwrap_err().code(), "unit_not_found");
    });
}

#[test]
fn exceptions_are_listed_by_kind_and_owner_as_the_queue_shows_them() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        shown(&world, 33_000, 7_000, "khong ro");
        let kind = |kind: &str, owner: &str| {
            let list = List::parse("exceptions").unwrap();
            let filter = Filter::parse(list, ("", kind, owner)).unwrap();
            written(&world, &Asked { filter, ..asked(&world, "exceptions", Some("unresolved")) }).0
        };
        assert_eq!((kind("unidentified_credit", ""), kind("", "finance")), (1, 1));
        assert_eq!((kind("overpaid", ""), kind("unidentified_credit", "cashier")), (0, 0));
    });
}

#[test]
fn the_figures_of_a_month_are_what_was_collected_shared_and_owed() {
    each_database(|database| {
        let world = World::settled_in(database);
        lived_in(&world);
        let (unit, account, day) = (world.ba_dinh.id, world.ba_dinh.account, today(&world));
        let closing =
            close(&world.store, &world.keyring, &|| world.stamp(), &Actor::system(), unit, account, day);
        assert!(matches!(closing, Ok(Closing::Closed(_))));
        let span = fees::Span::parse(&day.to_string()[..7]).unwrap();
        let found = world.look(|conn| fees::figures(conn, &Actor::system(), unit, span));
        assert_eq!(found.collected, Dong(43_000), "{found:?}");
        let phi = found.items.iter().find(|one| one.code == "HT-01").unwrap();
        assert_eq!((phi.collected, phi.budget, phi.kept), (Dong(35_000), Dong(12_500), Dong(12_500)));
        assert_eq!(phi.closing, Dong(10_000), "the cash is not in the bank yet");
        assert_eq!((found.budget_closing, found.kept_closing), (Dong(20_500), Dong(12_500)));
        let unit_row = world.look(|conn| unit::find(conn, unit));
        let table = fees::table(&unit_row, span, &found, day);
        let rows = table.texts();
        assert!(rows.iter().flatten().any(|cell| cell == "20.500 đ"), "{rows:?}");
        let sums: Vec<&Vec<String>> = rows.iter().filter(|row| row[1] == "Cộng / Total").collect();
        let of_items = ["0 đ", "43.000 đ", "20.500 đ", "12.500 đ", "", "10.000 đ"];
        assert_eq!(sums[0][2..], of_items, "collected, to the budget, kept, and left");
        assert_eq!((sums[1][7].as_str(), sums[2][7].as_str()), ("20.500 đ", "12.500 đ"));
        let is_told = |today| {
            let title = fees::table(&unit_row, span, &found, today).title;
            title.iter().any(|line| line.starts_with("Kỳ chưa hết"))
        };
        assert_eq!((is_told(day), is_told("2026-12-01".parse().unwrap())), (true, false));
        // The year says the same; the next month begins with what this one left.
        let year = world
            .look(|conn| fees::figures(conn, &Actor::system(), unit, fees::Span::parse("2026").unwrap()));
        assert_eq!(year.budget, found.budget);
        let next = fees::Span::parse("2026-12").unwrap();
        let after = world.look(|conn| fees::figures(conn, &Actor::system(), unit, next));
        assert_eq!((after.collected, after.budget[0].opening), (Dong::ZERO, Dong(20_500)));
    });
}

fn file(world: &World, period: &str) -> Result<()> {
    let clerk = person(world.ba_dinh.id, world.clerk, Role::Finance);
    let span = fees::Span::parse(period)?;
    world.app.write(&clerk, |tx, stamp| {
        fees::record_filing(tx, stamp, &clerk, world.ba_dinh.id, span, "XN-12/2026")
    })
}

#[test]
fn figures_are_reminded_of_until_somebody_says_that_they_were_handed_in() {
    each_database(|database| {
        let world = World::settled_in(database);
        let due = || {
            let stamp = world.stamp();
            world.look(|conn| fees::due(conn, stamp.calendar, stamp.today(), world.ba_dinh.id))
        };
        assert_eq!(due(), []);
        let month = today(&world).to_string()[..7].to_owned();
        assert_eq!(file(&world, &month).unwrap_err().code(), "fee_period_not_over");
        world.wait_days(30);
        let found = due();
        assert_eq!(found[0].period, month, "{found:?}");
        file(&world, &month).unwrap();
        assert!(due().iter().all(|one| one.period != month));
        assert_eq!(file(&world, &month).unwrap_err().code(), "fee_figures_filed");
    });
}

#[test]
fn the_cut_off_lists_what_was_open_and_the_new_years_documents_for_the_old_years_money() {
    each_database(|database| {
        let world = World::settled_in(database);
        let last: BusinessDay = "2026-12-31".parse().unwrap();
        world.wait_days((last.0 - today(&world).0).num_days());
        assert_eq!(today(&world), last);
        // Claimed on the last day; shown by a statement that comes in the new year only.
        let claimed = world.raise(Dong(30_000));
        world.claim(&claimed, Dong(30_000)).settle();
        let late = world.raise(Dong(25_000));
        world.wait_days(2);
        world.open_series(&world.ba_dinh, "BD-27E", 999);
        let file = BankFile::new(world.ba_dinh.account_no, last, 0).book(
            25_000,
            &format!("{} nop phi", late.reference_code),
            "R31",
        );
        import(&world, &file.without_sequence().camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).unwrap();
        let found = world.look(|conn| cut_off::cut_off(conn, &Actor::system(), unit, 2026));
        let open = |section| -> i64 {
            found.positions.iter().filter(|one| one.section == section).map(|one| one.balance.0).sum()
        };
        assert_eq!(open(cut_off::Section::ReceiptedNotCredited), 30_000, "{found:?}");
        let receipts = world.receipts(&late);
        assert_eq!(receipts.len(), 1);
        let listed: Vec<_> = found.late_documents.iter().map(|one| one.id).collect();
        assert_eq!(listed, [receipts[0].id], "{found:?}");
        assert_eq!(found.late_total, Dong(25_000));
        let unit_row = world.look(|conn| unit::find(conn, unit));
        let rows = cut_off::table(&unit_row, &found, today(&world));
        assert!(rows.rows.iter().flatten().any(|cell| *cell == Cell::Amount(Dong(25_000))));
        let is_told = |today| {
            let title = cut_off::table(&unit_row, &found, today).title;
            title.iter().any(|line| line.starts_with("Năm chưa kết thúc"))
        };
        assert_eq!((is_told(last), is_told(today(&world))), (true, false), "31 December itself is not over");
        let before = world.look(|conn| cut_off::cut_off(conn, &Actor::system(), unit, 2025));
        assert!(before.late_documents.is_empty() && before.positions.is_empty(), "{before:?}");
    });
}

fn ask(service: &Service, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, method, path, &headers, &body).expect("an answer")
}

#[test]
fn screen_and_file_answer_the_same_question_over_http() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let (system, unit) = (Actor::system(), world.ba_dinh.id);
        let finance =
            world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, "Người Mẫu"));
        let new = NewClient {
            unit: CITY,
            name: "finance".into(),
            person: Some(finance),
            role: Role::Finance,
            scope: Scope::unit(unit),
        };
        let made = world.change(|tx, stamp| identity::create_client(tx, stamp, &system, new.clone()));
        let token = made.1.expose_secret().to_owned();
        let mut service = Service::start(&world);
        let get = |path: &str| ask(&service, &token, "GET", path, &Value::Null);
        let screen = get("/api/v1/lists/receipts").json();
        let rows = screen["rows"].as_array().unwrap_or_else(|| panic!("{screen}"));
        assert!(!rows.is_empty() && rows[0]["amount"].is_i64(), "{screen}");
        let query_id = screen["query_id"].as_str().unwrap();
        let bearer = format!("Authorization: Bearer {token}\r\n");
        let (status, file) =
            download(service.address, "GET", "/api/v1/lists/receipts?format=csv", &bearer, "");
        assert_eq!(status, 200);
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains(query_id) && text.contains(rows[0]["document"].as_str().unwrap()), "{text}");
        assert_eq!(get("/api/v1/lists/people").status, 404);
        assert_eq!(get("/api/v1/lists/receipts?limit=0").status, 400);
        assert_eq!(world.count("audit_entry WHERE action = 'list.exported'"), 1, "an export leaves a trace");
        let figures = get(&format!("/api/v1/reports/fees?period={}", &today(&world).to_string()[..7])).json();
        assert_eq!(figures["figures"]["collected"], 43_000, "{figures}");
        assert_eq!(get("/api/v1/reports/fees?format=xlsx").status, 200);
        assert_eq!(get("/api/v1/reports/cut-off").json()["cut_off"]["late_total"], 0);
        assert_eq!(get("/api/v1/reports/due").json()["due"], json!([]));
        let early = json!({ "period": &today(&world).to_string()[..7], "reference_no": "XN-1" });
        let refused = ask(&service, &token, "POST", "/api/v1/reports/filed", &early);
        assert_eq!(refused.json()["error"]["code"], "fee_period_not_over", "{}", refused.json());
        service.stop();
    });
}
