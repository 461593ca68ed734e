//! On the command line nobody acts whose login ended or is not open yet, nor whose role may not.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::PersonId;
use bienlai::payment::book::Method;
use bienlai::unit::certificate;

use crate::cash_by_command::Shell;
use crate::exceptions_by_command::{shut_out, two_unknown};
use crate::support::bank_file::BankFile;
use crate::support::visitor::appoint;
use crate::support::world::{BANK, Commune, POLL};
use crate::support::{World, each_database};

/// The commands, each with the person behind its last word, do nothing and name the refusal.
#[track_caller]
fn refused(shell: &Shell<'_>, asked: &[&[&str]], person: PersonId, refusal: &str) {
    let who = person.to_string();
    for arguments in asked {
        let (code, _, error) = shell.run(&[*arguments, &[who.as_str()]].concat());
        assert!(code == 1 && error.contains(refusal), "{arguments:?}: {refusal}: {code} {error}");
    }
}

/// Neither who left nor who is invited does any of it.
#[track_caller]
fn shut(world: &World, shell: &Shell<'_>, asked: &[&[&str]]) {
    for person in shut_out(world, shell) {
        refused(shell, asked, person, "login_not_active");
    }
}

/// Somebody with a login of Ba Đình.
fn seat(world: &World, shell: &Shell<'_>, role: Role, login: &str) -> PersonId {
    let person = shell.person("Hồ Thị Mẫu");
    appoint(world, role, login, Scope::unit(world.ba_dinh.id), person);
    person
}

fn today(world: &World) -> String {
    world.now().business_day().to_string()
}

#[test]
fn letters_hints_limits_and_complaints_are_asked_for_by_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let [item, _] = two_unknown(&world, &shell);
        let item = item["id"].as_str().unwrap();
        let clerk = shell.person("Lê Thị Mẫu").to_string();
        let question = ["exception", "letter", item, "--question", "Ai chuyển?", "--person", &clerk];
        let letter = shell.json(&question)["id"].as_str().unwrap().to_owned();
        let owed = world.raise(Dong(44_000)).id.to_string();
        let pdf = world.database.folder.path().join("thu.pdf");
        let out = pdf.to_string_lossy().into_owned();
        let limit = ["exception", "limit", "--unit", "00004", "--amount", "5000", "--decision", "7/QĐ"];
        let limit = [&limit[..], &["--reason", "ít tiền", "--person"]].concat();
        let asked: [&[&str]; 6] = [
            &question[..6],
            &["exception", "reply", &letter, "--outcome", "identified", "--words", "Người nộp", "--person"],
            &["exception", "print", &letter, &out, "--person"],
            &["exception", "hint", item, "--person"],
            &limit,
            &["exception", "complain", &owed, "--way", "phone", "chưa nhận biên lai", "--person"],
        ];
        shut(&world, &shell, &asked);
        let cashier = seat(&world, &shell, Role::Cashier, "thungan.badinh");
        refused(&shell, &asked[..5], cashier, "role_not_allowed");
        let auditor = seat(&world, &shell, Role::Auditor, "kiemtoan.badinh");
        refused(&shell, &asked[5..], auditor, "role_not_allowed");
        assert!(!pdf.exists(), "nobody printed it");
        let cashier = cashier.to_string();
        let taken = shell.json(&[asked[5], &[cashier.as_str()]].concat());
        assert_eq!(taken["kind"], "complaint", "cashiers take complaints down: {taken}");
    });
}

#[test]
fn drawers_deposits_card_batches_settlements_and_figures_are_handled_by_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let taken = world.take(&world.raise(Dong(25_000)), Dong(25_000), Method::Cash).unwrap();
        let (payment, day) = (taken.payment.to_string(), today(&world));
        let shift = world.shift(world.ba_dinh.id).to_string();
        let part = format!("{shift}=25000");
        let clerk = shell.person("Lê Thị Mẫu").to_string();
        let sales = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/partner/pos/terminals.csv");
        let paid = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/partner/gateway/transactions.csv");
        let orders = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/partner/treasury/orders.csv");
        let pos = ["pos", "import", sales, "--unit", "00004", "--reference", "POS000126"];
        let pos = [&pos[..], &["--settled-on", &day, "--person"]].concat();
        let settlement = ["settlement", "import", paid, "--unit", "00004", "--channel", POLL];
        let settlement =
            [&settlement[..], &["--reference", "QT000126", "--settled-on", &day, "--person"]].concat();
        let made = |asked: &[&str]| {
            let made = shell.json(&[asked, &[clerk.as_str()]].concat());
            made["id"].as_str().unwrap().to_owned()
        };
        let (batch, report) = (made(&pos), made(&settlement));
        let asked: [&[&str]; 10] = [
            &["shift", "open", "--unit", "00004", "--float", "10000x2", "--person"],
            &["shift", "close", &shift, "--count", "20000x1", "--person"],
            &["deposit", "hand-over", "--unit", "00004", "--part", &part, "--person"],
            &["pos", "slip", &payment, "--approval-code", "A00001", "--person"],
            &["pos", "withdraw", &batch, "--reason", "nhập nhầm", "--person"],
            &["settlement", "withdraw", &report, "--reason", "nhập nhầm", "--person"],
            &["report", "filed", "--unit", "00004", "--period", "2025-01", "--reference-no", "1", "--person"],
            &["remittance", "report", orders, "--unit", "00004", "--person"],
            &pos,
            &settlement,
        ];
        shut(&world, &shell, &asked);
        let auditor = seat(&world, &shell, Role::Auditor, "kiemtoan.badinh");
        refused(&shell, &asked, auditor, "role_not_allowed");
        assert_eq!(world.count("deposit_slip"), 0, "the drawer keeps its money");
    });
}

#[test]
fn corrections_and_notices_are_asked_for_by_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let (receipt, day) = (world.receipts(&owed).remove(0).id.to_string(), today(&world));
        let cancel = ["correction", "request", &receipt, "--kind", "cancel", "--reason", "nhầm hồ sơ"];
        let agreed = ["--agreement", "1/BB", "--agreed-on", &day, "--about", "hủy biên lai", "--person"];
        let cancel = [&cancel[..], &agreed].concat();
        let asked: [&[&str]; 3] = [
            &["tax", "notice", "request", "--receipt", &receipt, "--reason", "sai tên", "--person"],
            &cancel,
            &["correction", "explain", &receipt, "--name", "Nguyễn Thị Mẫu", "--person"],
        ];
        shut(&world, &shell, &asked);
        let auditor = seat(&world, &shell, Role::Auditor, "kiemtoan.badinh");
        refused(&shell, &asked, auditor, "role_not_allowed");
        assert_eq!(world.count("correction"), 0);
    });
}

#[test]
fn rules_tariffs_mergers_and_certificates_are_proposed_by_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let (receipt, day) = (world.receipts(&owed).remove(0).id.to_string(), today(&world));
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/classification/default.toml");
        let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tariff/hanoi.toml");
        let clerk = shell.person("Lê Thị Mẫu").to_string();
        let merge = ["unit", "merge", "--unit", "00091", "--into", "00004", "--on", &day];
        let merge = [&merge[..], &["--decision", "21/NQ-HĐND", "--reason", "Sắp xếp"]].concat();
        let by_maker = [&merge[..], &["--checker", &clerk, "--maker"]].concat();
        let by_checker = [&merge[..], &["--maker", &clerk, "--checker"]].concat();
        let form = ["tax", "registration", "draft", "--unit", "00004", "--office-code", "10100"];
        let contact = ["--office-name", "Thuế cơ sở 1", "--contact", "Nguyễn Văn Mẫu", "--email"];
        let form = [&form[..], &contact, &["a@example.vn", "--phone", "0240000000", "--person"]].concat();
        let trust = ["trust", "end", "--unit", "00004", "--account", world.ba_dinh.account_no];
        let trust = [&trust[..], &["--channel", BANK, "--reason", "lộ khóa", "--person"]].concat();
        let held = world.look(|conn| certificate::of_unit(conn, world.ba_dinh.id)).remove(0).id.to_string();
        let asked: [&[&str]; 10] = [
            &["tariff", "load", tariff, "--reason", "Nghị quyết", "--maker"],
            &by_maker,
            &by_checker,
            &["unit", "hand-over", "--unit", "00091", "--person"],
            &["tax", "invoice", "again", "--unit", "00004", "--receipt", &receipt, "--person"],
            &["key", "stop", "--certificate", &held, "--reason", "lộ khóa", "--person"],
            &["rule", "propose", rules, "--reason", "thử", "--person"],
            &["series", "stop", "--unit", "00004", "--series", "BD-26E", "--reason", "đổi", "--person"],
            &form,
            &trust,
        ];
        shut(&world, &shell, &asked);
        let finance = seat(&world, &shell, Role::Finance, "ketoan.badinh");
        refused(&shell, &asked[..6], finance, "role_not_allowed");
        let cashier = seat(&world, &shell, Role::Cashier, "thungan.badinh");
        refused(&shell, &asked[6..], cashier, "role_not_allowed");
        assert_eq!(world.count("proposal"), 0, "nothing is proposed");
    });
}

#[test]
fn who_is_named_for_holidays_closings_or_the_end_of_a_token_has_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let day = today(&world);
        let account = ["--unit", "00004", "--account", world.ba_dinh.account_no];
        let close_day = [&["day", "close"][..], &account, &["--date", &day, "--person"]].concat();
        let close_month = [&["month", "close"][..], &account, &["--month", &day[..7], "--person"]].concat();
        let create = ["client", "create", "--unit", "00004", "--name", "Một cửa", "--role", "dossier_system"];
        let (_, _, told) = shell.run(&create);
        let client = told.split([' ', ':', '\n']).find(|word| word.starts_with("cli_")).unwrap();
        let asked: [&[&str]; 6] = [
            &["calendar", "holiday", &day, "--name", "Nghỉ lễ mẫu", "--person"],
            &["calendar", "worked", &day, "--name", "Làm bù", "--person"],
            &["calendar", "withdraw", &day, "--person"],
            &close_day,
            &close_month,
            &["client", "end", client, "--person"],
        ];
        shut(&world, &shell, &asked);
        let cashier = seat(&world, &shell, Role::Cashier, "thungan.badinh");
        refused(&shell, &asked, cashier, "role_not_allowed");
    });
}

/// A statement of today with two credits.
fn statement(world: &World, commune: &Commune, first: i64) -> BankFile {
    let file = BankFile::new(commune.account_no, world.now().business_day(), 0);
    file.book(first, "dong 0", "FT26327000").book(8_000, "dong 1", "FT26327001")
}

#[test]
fn corrected_statements_and_lines_set_aside_are_decided_by_a_login_that_may() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let first =
            world.database.folder.written("first.xml", statement(&world, &world.ba_dinh, 10_000).camt());
        shell.json(&["statement", "import", &first]);
        let second =
            world.database.folder.written("second.xml", statement(&world, &world.ba_dinh, 12_000).camt());
        let imported = shell.json(&["statement", "import", &second]);
        let version = imported["held"][0]["id"].as_str().unwrap();
        let text = String::from_utf8(statement(&world, &world.tay_ho, 10_000).mt940()).unwrap();
        let broken = world.database.folder.written("bad.sta", text.replace("C8000,N", "C8x00,N").as_bytes());
        shell.json(&["statement", "import", &broken]);
        let (_, shown, _) = shell.run(&["statement", "quarantine", "list", "--unit", "00091"]);
        let line = shown.split_whitespace().find(|word| word.starts_with("evt_")).unwrap();
        let propose = ["statement", "version", "propose", version, "--decision", "accept", "--reason"];
        let propose = [&propose[..], &["ngân hàng sửa", "--person"]].concat();
        let asked: [&[&str]; 2] =
            [&propose, &["statement", "quarantine", "discard", line, "--reason", "in sai", "--person"]];
        shut(&world, &shell, &asked);
        let auditor = seat(&world, &shell, Role::Auditor, "kiemtoan.badinh");
        refused(&shell, &asked, auditor, "role_not_allowed");
    });
}

#[test]
fn the_mapping_that_comes_with_an_import_is_kept_by_a_login_that_may_or_nothing_comes_in() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (number, on) = (world.ba_dinh.account_no, world.now().business_day().0.format("%d/%m/%Y"));
        let table =
            format!("Tài khoản: {number}\nKhi nào;Việc gì;Bao nhiêu;Còn lại\n{on};tien gui;25.000;25.000\n");
        let mapping = "name = \"own\"\nheadings = [\"Khi nào\"]\ncurrency = \"VND\"\n[columns]\nbooking_date = 1\n\
                       description = 2\namount = 3\nbalance = 4\n";
        let file = world.database.folder.written("one.csv", table.as_bytes());
        let map = world.database.folder.written("own.toml", mapping.as_bytes());
        let import = ["statement", "import", &file, "--map", &map, "--person"];
        let asked: [&[&str]; 1] = [&import];
        shut(&world, &shell, &asked);
        let cashier = seat(&world, &shell, Role::Cashier, "thungan.badinh");
        refused(&shell, &asked, cashier, "role_not_allowed");
        assert_eq!((world.count("statement_line"), world.count("statement_layout")), (0, 0));
        let finance = seat(&world, &shell, Role::Finance, "ketoan.badinh").to_string();
        let imported = shell.json(&[&import[..], &[finance.as_str()]].concat());
        assert_eq!(imported["statements"][0]["lines_new"], 1, "{imported}");
        assert_eq!(world.count("statement_layout"), 1);
    });
}

#[test]
fn statements_are_imported_and_matched_and_days_closed_by_a_login_that_may_and_in_its_units_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (folder, day) = (&world.database.folder, today(&world));
        let own = folder.written("own.xml", statement(&world, &world.ba_dinh, 10_000).camt());
        let other = folder.written("other.xml", statement(&world, &world.tay_ho, 10_000).camt());
        let close = ["day", "close-all", "--until", &day];
        let [by_own, by_other] = [&own, &other].map(|file| ["statement", "import", file, "--person"]);
        let close_all = [&close[..], &["--person"]].concat();
        let asked: [&[&str]; 3] = [&by_own, &["reconcile", "--person"], &close_all];
        shut(&world, &shell, &asked);
        let cashier = seat(&world, &shell, Role::Cashier, "thungan.badinh");
        refused(&shell, &asked, cashier, "role_not_allowed");
        let finance = seat(&world, &shell, Role::Finance, "ketoan.badinh");
        let theirs = [&close[..], &["--unit", "00091", "--person"]].concat();
        let elsewhere: [&[&str]; 3] = [&by_other, &["reconcile", "--unit", "00091", "--person"], &theirs];
        refused(&shell, &elsewhere, finance, "unit_not_found");
        assert_eq!(world.count("statement_line"), 0, "nothing came in");

        let who = finance.to_string();
        let imported = shell.json(&[&by_own[..], &[who.as_str()]].concat());
        assert_eq!(imported["statements"][0]["lines_new"], 2, "{imported}");
        shell.json(&["statement", "import", &other]);
        let matched = shell.json(&["reconcile", "--person", &who]);
        let units = matched["accounts"].as_array().unwrap();
        assert!(!units.is_empty() && units.iter().all(|one| one["unit"] == "00004"), "{matched}");
        let (_, closed, error) = shell.run(&[&close_all[..], &[who.as_str()]].concat());
        let told = |commune: &Commune| closed.contains(&commune.id.to_string());
        assert!(told(&world.ba_dinh) && !told(&world.tay_ho), "{closed} {error}");
    });
}
