//! Books, figures, the quarter's report, partners' files and rules of lines at a browser: what a command or a
//! program can do, the people of a unit can do with a page.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::filing::period::Quarter;
use bienlai::filing::{self, due, query};
use bienlai::id::UnitId;
use bienlai::obligation::Obligation;
use bienlai::payment::Arrival;
use bienlai::payment::book::Method;
use bienlai::payment::pos;
use bienlai::report::fees::Span;
use bienlai::worker;

use crate::cards;
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service};
use crate::support::visitor::{Visitor, location, seated};
use crate::support::world::POLL;
use crate::support::{World, each_database};

fn at_ba_dinh(world: &World, service: &Service, role: Role, name: &str) -> Visitor {
    seated(world, service.address, role, name, Scope::unit(world.ba_dinh.id))
}

fn paid_in_cash(world: &World, amount: i64) {
    let owed = world.raise(Dong(amount));
    world.take(&owed, Dong(amount), Method::Cash).unwrap();
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[test]
fn the_books_of_a_period_are_read_on_a_page_and_taken_as_files() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        paid_in_cash(&world, 25_000);
        let mut service = Service::start(&world);
        let mut auditor = at_ba_dinh(&world, &service, Role::Auditor, "kiemtoan.mau");
        assert_eq!(auditor.get("/finance/books").status, 200);
        for seen in ["Bảng cân đối phát sinh", "Tiền mặt trong ngăn quỹ", "Phí, lệ phí đã thu", "25.000 đ"]
        {
            auditor.sees(seen);
        }
        for book in ["journal", "bank", "cash", "fees"] {
            assert_eq!(auditor.get(&format!("/finance/books?unit=00004&book={book}")).status, 200, "{book}");
        }
        auditor.sees("25.000 đ");
        auditor.sees("00004 ");
        statement(&world, BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(9_000, "?", "U7"));
        auditor.get("/finance/books?unit=00004&book=bank");
        auditor.sees("· U7");
        auditor.sees(&format!("Tiền gửi ngân hàng · {}", world.ba_dinh.account_no));
        assert!(!auditor.page.contains("acc_"), "an id is no word of the reader's: {}", auditor.page);
        let day = world.now().business_day();
        for book in ["trial", "journal", "fees"] {
            let path = format!("/finance/books/{book}/file?unit=00004&from={day}&until={day}&format=csv");
            let file = auditor.get(&path);
            assert_eq!(file.status, 200, "{book}");
            assert!(text(&file).contains("25000"), "{book}: {}", text(&file));
        }
        assert_eq!(auditor.get("/finance/books?unit=00004&from=2026-02-30").status, 400);
        auditor.sees("Ngày không đọc được.");
        auditor.sees("action=\"/finance/books\"");
        assert_eq!(auditor.get("/finance/books?unit=00091").status, 400, "another unit's books");
        let mut cashier = at_ba_dinh(&world, &service, Role::Cashier, "thungan.mau");
        assert_eq!(cashier.get("/finance/books").status, 403);
        service.stop();
    });
}

#[test]
fn a_page_of_the_books_is_as_long_as_the_unit_has_items_not_as_it_has_payers() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        for _ in 0..201 {
            let owed = world.raise(Dong(10_000));
            world.claim(&owed, Dong(5_000)).settle();
        }
        let mut service = Service::start(&world);
        let mut auditor = at_ba_dinh(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get("/finance/books?unit=00004");
        assert_eq!(auditor.page.matches("Tiền nộp trước, chưa đủ để lập biên lai").count(), 1);
        auditor.sees("1.005.000 đ");
        auditor.sees("tệp ghi từng khoản");
        let day = world.now().business_day();
        let path = format!("/finance/books/trial/file?unit=00004&from={day}&until={day}&format=csv");
        assert_eq!(text(&auditor.get(&path)).matches("Tiền nộp trước").count(), 201);
        auditor.get("/finance/books?unit=00004&book=journal");
        auditor.sees("Trang này có 200 bút toán đầu; tệp có tất cả.");
        assert!(!auditor.page.contains("Cộng / Total"), "the sum of a beginning says nothing");
        service.stop();
    });
}

#[test]
fn figures_that_were_handed_in_are_no_longer_due() {
    each_database(|database| {
        let world = World::settled_in_before(database, 40);
        paid_in_cash(&world, 25_000);
        let month = Span::month_before(bienlai::clock::Clock::System.now().business_day()).to_string();
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        finance.get(&format!("/finance/figures?unit=00004&period={month}"));
        let due = format!("unit=00004&#38;period={month}");
        finance.sees(&format!("<a href=\"/finance/figures?{due}\""));
        // The same question on the page and in the file, and a picture of it with its table and words.
        let at = finance.page.find("qry_").expect("a query id");
        let query: String = finance.page[at..].chars().take(20).collect();
        let file = finance.get(&format!("/finance/figures/file?unit=00004&period={month}"));
        assert!(text(&file).contains(&query), "{query}: {}", text(&file));
        let now = world.now().business_day().to_string();
        finance.get(&format!("/finance/figures?unit=00004&period={}", &now[..7]));
        finance.sees("<svg class=\"bar\"");
        finance.sees("id=\"chart-words\"");
        finance.get(&format!("/finance/figures?unit=00004&period={month}"));
        let fields = [("unit", "00004"), ("period", month.as_str()), ("reference_no", "TB 12/2026")];
        let recorded = finance.post("/finance/figures", &fields);
        assert_eq!(recorded.status, 303, "{}", finance.page);
        finance.get(location(&recorded));
        assert!(!finance.page.contains(&format!("<a href=\"/finance/figures?{due}\"")), "{}", finance.page);
        finance.get(&format!("/finance/figures?unit=00004&period={month}"));
        assert_eq!(finance.post("/finance/figures", &fields).status, 400, "once");
        finance.sees("đã được ghi nhận là đã nộp");
        let file = finance.get(&format!("/finance/figures/file?unit=00004&period={month}"));
        assert!(text(&file).contains("Khoản thu"), "{}", text(&file));
        assert_eq!(finance.get("/finance/figures?period=th%C3%A1ng").status, 400);
        finance.sees("Kỳ không đọc được");
        assert_eq!(finance.get("/finance/cut-off?unit=00004").status, 200);
        assert_eq!(finance.get("/finance/cut-off/file?unit=00004").status, 200);
        assert_eq!(finance.get("/finance/cut-off?year=xx").status, 400);
        service.stop();
    });
}

#[test]
fn the_report_of_a_quarter_is_approved_and_taken_as_a_file() {
    each_database(|database| {
        // Longer ago than any quarter is long.
        let mut world = World::settled_in_before(database, 100);
        world.stop_watching();
        paid_in_cash(&world, 25_000);
        world.seal();
        let quarter = Quarter::of(world.now().business_day());
        world.wait_days(100);
        assert!(worker::produce_reports(&world.app).unwrap() >= 2, "both communes with series");
        let unit = world.ba_dinh.id;
        let of_unit = |conn: &mut bienlai::store::Conn| {
            query::of_period(conn, unit, filing::Kind::UsageReport, &quarter.to_string())
        };
        let own = world.look(of_unit).remove(0).id;
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| due::approve(tx, stamp, &chief, unit, own).map(|_| ()));
        worker::sign_forms(&world.app).unwrap();
        let mut service = Service::start(&world);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::All);
        finance.get(&format!("/finance/reports?unit=00004&quarter={quarter}"));
        finance.sees("25.000 đ");
        let file = finance.get(&format!("/finance/reports/{own}/xml"));
        assert_eq!(file.status, 200);
        assert!(text(&file).contains("BC26") && text(&file).contains("Signature"), "{}", text(&file));
        let form = world.database.folder.written("bc26.xml", &file.body);
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"));
        let drawn = program.args(["receipt", "pdf", &form]).output().expect("the program runs");
        let told = String::from_utf8_lossy(&drawn.stderr);
        assert!(told.contains("rendition_of_other"), "only receipts and invoices have a page: {told}");
        let page = format!("/finance/reports?unit=00091&quarter={quarter}");
        finance.get(&page);
        finance.sees("đã đề nghị");
        let waiting = finance.page.split("action=\"/finance/reports/").nth(1).unwrap().to_owned();
        let waiting = format!("/finance/reports/{}/xml", waiting.split('"').next().unwrap());
        assert_eq!(finance.get(&waiting).status, 409, "nobody approved it yet");
        finance.is_told("filing_not_signed");
        finance.get(&page);
        let act = finance.page.split("action=\"/finance/reports/").nth(1).unwrap().to_owned();
        let one = format!("/finance/reports/{}", act.split('"').next().unwrap());
        let quarter = quarter.to_string();
        let fields = [("unit", "00091"), ("quarter", quarter.as_str()), ("confirm", ""), ("do", "approve")];
        let approved = finance.post(&one, &fields);
        assert_eq!(approved.status, 303, "{}", finance.page);
        finance.get(&page);
        assert!(!finance.page.contains("value=\"approve\""), "{}", finance.page);
        let again = [("unit", "00091"), ("quarter", quarter.as_str()), ("do", "make")];
        assert_eq!(finance.post("/finance/reports", &again).status, 400, "one report of a quarter");
        finance.sees("Báo cáo của quý này đã lập");
        let present = Quarter::of(world.now().business_day());
        let from = present.next().first_day().0.format("%d/%m/%Y").to_string();
        let present = present.to_string();
        finance.get(&format!("/finance/reports?unit=00004&quarter={present}"));
        finance.sees(&format!("lập được từ ngày {from}"));
        assert!(!finance.page.contains("value=\"make\""), "the quarter is not over: {}", finance.page);
        let early = [("unit", "00004"), ("quarter", present.as_str()), ("do", "make")];
        assert_eq!(finance.post("/finance/reports", &early).status, 400);
        finance.is_told("report_period_not_over");
        finance.get("/finance/reports?unit=00004&quarter=2022-Q4");
        finance.is_told("report_nothing_registered");
        finance.sees("Ví dụ: 2026-Q3");
        assert!(!finance.page.contains("value=\"make\""), "nothing to report on: {}", finance.page);
        finance.get("/finance/reports?quarter=2026-Q7");
        finance.sees("Quý không đọc được");
        service.stop();
    });
}

#[test]
fn a_card_batch_is_looked_at_before_it_is_taken_on() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/batches");
        let day = world.now().business_day().to_string();
        let fields = |act: &'static str| {
            [
                ("unit", "00004"),
                ("account", ""),
                ("reference", "POS000126"),
                ("settled_on", day.as_str()),
                ("fee", "250"),
                ("do", act),
            ]
            .map(|(name, value)| (name, value.to_owned()))
        };
        let send = |finance: &mut Visitor, act: &'static str, file: &str| {
            let fields = fields(act);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            finance.upload("/finance/batches", &fields, file.as_bytes())
        };
        let bad = "loai,ma_chuan_chi,so_tien\nsale,A1,25000\nsale,A2,1.5\n";
        assert_eq!(send(&mut finance, "preview", bad).status, 400);
        finance.sees("Dòng 3, cột “Số tiền”: số tiền phải là số nguyên đồng");
        let good = "loai,ma_chuan_chi,so_tien\nsale,A1,25000\nchargeback,A2,5000\n";
        let wrong = [("unit", "00004"), ("settled_on", "hôm qua"), ("fee", "hai"), ("do", "import")];
        assert_eq!(finance.upload("/finance/batches", &wrong, good.as_bytes()).status, 400);
        finance.is_told("date_unreadable");
        finance.is_told("amount_not_whole");
        assert_eq!(send(&mut finance, "preview", good).status, 200, "{}", finance.page);
        finance.sees("19.750 đ");
        finance.sees("value=\"POS000126\"");
        assert_eq!(world.count("pos_batch"), 0, "looking writes nothing");
        let taken = send(&mut finance, "import", good);
        assert_eq!(taken.status, 303, "{}", finance.page);
        finance.get(location(&taken));
        finance.sees("chờ ngân hàng ghi có");
        finance.sees("A2");
        finance.get("/finance/batches");
        finance.sees("POS000126");
        // Who sees a city gets the newest of all its units by one question.
        let (own, other) = (world.ba_dinh.id, world.tay_ho.id);
        let newest = |units: &[UnitId]| world.look(|conn| pos::query::newest(conn, units, 1));
        let found = newest(&[other, own]);
        assert_eq!((found.len(), found[0].unit, found[0].reference.as_str()), (1, own, "POS000126"));
        assert!(newest(&[other]).is_empty());
        assert_eq!(send(&mut finance, "import", good).status, 400);
        finance.sees("Bảng kê POS này đã được nhập.");
        let mut auditor = at_ba_dinh(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get("/finance/batches");
        auditor.sees("POS000126");
        assert!(!auditor.page.contains("type=\"file\""), "auditors look");
        // One that is wrong is withdrawn: here one person asks, and the workbench asks another.
        let at = location(&taken).to_owned();
        auditor.get(&at);
        assert!(!auditor.page.contains("Đề nghị rút"), "auditors look");
        finance.get(&at);
        finance.sees("Đề nghị rút");
        assert_eq!(finance.post(&at, &[("reason", " ")]).status, 400, "{}", finance.page);
        let asked = finance.post(&at, &[("reason", "nhập nhầm số tiền")]);
        assert_eq!(asked.status, 303, "{}", finance.page);
        finance.get(location(&asked));
        finance.sees("Rút bảng kê nhập nhầm");
        service.stop();
    });
}

#[test]
fn a_batch_that_waits_for_its_line_names_the_payments_it_is_about_and_leaves_open_whose_the_rest_is() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = cards::by_card(&world, "A1");
        let items = [cards::sale("A1"), cards::sale("A2")];
        let batch = cards::batch(&world, "POS000127", 250, &items).expect("the batch is taken on");
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        finance.get(&format!("/finance/batches/{}", batch.id));
        finance.sees(&payment.to_string());
        service.stop();
    });
}

#[test]
fn a_gateways_report_is_looked_at_before_it_is_taken_on() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).by(POLL).id("T1").settle();
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/settlements");
        let day = world.now().business_day().to_string();
        let send = |finance: &mut Visitor, act: &str, file: &str| {
            let fields = [
                ("unit", "00004"),
                ("account", ""),
                ("channel", POLL),
                ("reference", "QT000126"),
                ("settled_on", day.as_str()),
                ("do", act),
            ];
            finance.upload("/finance/settlements", &fields, file.as_bytes())
        };
        let cut_off = "ma_giao_dich,so_tien,phi\nT1,25000,125\n";
        assert_eq!(send(&mut finance, "import", cut_off).status, 400);
        finance.sees("Dòng 2: thiếu dòng tổng; tệp có thể bị cắt");
        let good = "ma_giao_dich,so_tien,phi\nT1,25000,125\ntong,25000,125\n";
        assert_eq!(send(&mut finance, "preview", good).status, 200, "{}", finance.page);
        finance.sees("24.875 đ");
        assert_eq!(world.count("settlement"), 0, "looking writes nothing");
        let taken = send(&mut finance, "import", good);
        assert_eq!(taken.status, 303, "{}", finance.page);
        finance.get(location(&taken));
        finance.sees("T1");
        finance.sees("mov_");
        service.stop();
    });
}

#[test]
fn a_rule_is_tried_on_past_days_and_counts_once_another_person_approved_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let day = world.now().business_day();
        let file =
            BankFile::new(world.ba_dinh.account_no, day, 50_000).book(-9_900, "THU TIN NHAN T11", "R1");
        crate::imports::import(&world, &file.without_sequence().camt());
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        let rules = "/finance/classification-rules";
        finance.get(&format!("{rules}?unit=00004"));
        finance.sees("Quy tắc đang áp dụng");
        let fields = |act: &'static str| {
            [
                ("unit", "00004"),
                ("rule", "sms"),
                ("class", "bank_fee"),
                ("direction", "debit"),
                ("phrases", "TIN NHAN"),
                ("reason", "ngân hàng đổi nội dung"),
                ("do", act),
            ]
        };
        assert_eq!(finance.post(rules, &fields("try")).status, 200, "{}", finance.page);
        finance.sees("Dòng sẽ được phân loại khác: 1");
        finance.sees("phí ngân hàng (sms)");
        assert_eq!(world.count("class_rule"), 0, "a trial writes nothing");
        let wide =
            finance.post(rules, &[("unit", "00004"), ("rule", "x"), ("class", "bank_fee"), ("do", "try")]);
        assert_eq!(wide.status, 400);
        finance.sees("value=\"x\"");
        let mut city = seated(&world, service.address, Role::Finance, "ketoan.thanhpho", Scope::All);
        city.get(rules);
        let [_, rest @ ..] = fields("try");
        assert_eq!(city.post(rules, &[&[("unit", "city")][..], &rest].concat()).status, 400);
        city.is_told("what_if_unit");
        assert_eq!(finance.post(rules, &fields("propose")).status, 303, "{}", finance.page);
        finance.get(&format!("{rules}?unit=00004"));
        finance.sees("Bạn là người đề nghị");
        let act = finance.page.split("/finance/classification-rules/").nth(1).unwrap().to_owned();
        let one = format!("{rules}/{}", act.split('"').next().unwrap());
        let own = finance.post(&one, &[("unit", "00004"), ("do", "approve"), ("confirm", "")]);
        assert_eq!(own.status, 400, "nobody approves their own");
        let mut chief = at_ba_dinh(&world, &service, Role::Approver, "lanhdao.mau");
        chief.get(&format!("{rules}?unit=00004"));
        chief.sees("TIN NHAN");
        let approved = chief.post(&one, &[("unit", "00004"), ("do", "approve"), ("confirm", "")]);
        assert_eq!(approved.status, 303, "{}", chief.page);
        chief.get(location(&approved));
        chief.sees("đang áp dụng");
        assert!(!chief.page.contains("value=\"approve\""), "nothing waits any more");
        service.stop();
    });
}

#[test]
fn the_bridge_of_a_day_speaks_of_accounts_in_words() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        paid_in_cash(&world, 25_000);
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        finance.get(&format!("/finance/days/{}", world.ba_dinh.account));
        finance.sees("<caption>Cầu nối</caption>");
        finance.sees("Tiền mặt trong ngăn quỹ");
        let main = finance.page.split("<main").nth(1).unwrap();
        for code in ["Cầu nối / Bridge", "fees_collected/", "drawer/"] {
            assert!(!main.contains(code), "{code} is no word of the reader's: {main}");
        }
        service.stop();
    });
}

#[test]
fn the_page_of_a_day_names_a_hundred_claims_on_their_way_and_its_file_names_all() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed: Vec<Obligation> = (0..103).map(|_| world.raise(Dong(25_000))).collect();
        let told: Vec<Arrival> = owed.iter().map(|one| world.claim(one, Dong(25_000)).arrival()).collect();
        world.settle_all(&told);
        let mut service = Service::start(&world);
        let mut finance = at_ba_dinh(&world, &service, Role::Finance, "ketoan.mau");
        let path = format!("/finance/days/{}", world.ba_dinh.account);
        let day = world.now().business_day();
        let named = |text: &str| owed.iter().filter(|one| text.contains(&one.reference_code)).count();
        assert_eq!(finance.get(&format!("{path}?date={day}")).status, 200);
        assert_eq!(named(&finance.page), 100, "{}", finance.page);
        finance.sees("Còn 3 khoản đang chờ sao kê không nêu ở đây");
        finance.sees("2.575.000 đ");
        let file = finance.get(&format!("{path}/file?date={day}&format=csv"));
        assert_eq!(named(&text(&file)), 103);
        service.stop();
    });
}
