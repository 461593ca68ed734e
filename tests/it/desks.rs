//! The desks of those who decide, who keep the books and who look over them, in the browser: what waits
//! for a second person, accounts with their certificates, lists, the Treasury, slips of cards, statements
//! that leave something to be decided.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::VersionId;
use bienlai::payment::book::Method;
use bienlai::payment::refund::State as RefundState;
use bienlai::reconciliation::reconcile;
use bienlai::remittance::State as OrderState;
use bienlai::statement::version;
use serde_json::Value;

use crate::duties::register_both;
use crate::refunds::{now, overpaid, request};
use crate::remittances::{close_day, shown};
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, Visitor, appoint, confirmed_before, location, seated};
use crate::support::world::line;
use crate::support::{World, each_database, tools};

fn sit(world: &World, service: &Service, role: Role, name: &str) -> Visitor {
    seated(world, service.address, role, name, Scope::unit(world.ba_dinh.id))
}

fn decide(visitor: &mut Visitor, world: &World, act: &str, subject: &str, rest: &[(&str, &str)]) -> u16 {
    let unit = world.ba_dinh.id.to_string();
    let mut fields = vec![("act", act), ("unit_id", unit.as_str()), ("subject", subject)];
    fields.extend_from_slice(rest);
    visitor.get("/duties");
    visitor.post("/duties/decide", &fields).status
}

#[test]
fn an_approver_decides_what_waits_on_its_page_and_a_refusal_says_why() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        let (first, second) =
            (request(&world, payment, 2_000).unwrap(), request(&world, payment, 1_000).unwrap());
        register_both(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let ready = appoint(&world, Role::Finance, "ketoan.lap", unit, world.clerk);
        let mut service = Service::start(&world);
        let mut maker = Visitor::at(service.address);
        maker.sign_in(&ready.name, PASSWORD, &ready.code(&world));
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        for visitor in [&mut maker, &mut chief, &mut auditor] {
            visitor.get("/duties");
            for text in
                ["nộp thừa", &first.reference_code, "2.000", &format!("/finance/refunds/{}", first.id)]
            {
                visitor.sees(text);
            }
        }
        assert!(!maker.page.contains("/duties/decide"), "who asked for it is offered nothing");
        assert!(!auditor.page.contains("/duties/decide"), "auditors read");
        let subject = first.id.to_string();
        let yes = [("verdict", "approve")];
        assert_eq!(decide(&mut maker, &world, "refund", &subject, &yes), 400);
        assert_eq!(now(&world, &first).state, RefundState::Requested);

        let no = [("verdict", "refuse"), ("reason", " ")];
        assert_eq!(decide(&mut chief, &world, "refund", &subject, &no), 400);
        chief.sees("Cần ghi lý do");
        let no = [("verdict", "refuse"), ("reason", "sai tài khoản")];
        assert_eq!(decide(&mut chief, &world, "refund", &subject, &no), 303, "{}", chief.page);
        assert_eq!(now(&world, &first).state, RefundState::Refused);
        let typed = [("verdict", "approve"), ("reason", "giữ lại chữ này")];
        assert_eq!(decide(&mut chief, &world, "refund", &subject, &typed), 400, "it is decided");
        assert_eq!(decide(&mut chief, &world, "refund", &second.id.to_string(), &yes), 303, "{}", chief.page);
        assert_eq!(now(&world, &second).state, RefundState::Approved);
        service.stop();
    });
}

#[test]
fn a_corrected_statement_is_told_at_upload_proposed_by_one_and_accepted_by_another_on_pages() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let today = world.now().business_day();
        let file =
            |fee: i64| BankFile::new(world.ba_dinh.account_no, today, 0).book(fee, &memo, "FT26327001");
        crate::imports::import(&world, &file(10_000).camt());
        let (unit, account, system) = (world.ba_dinh.id, world.ba_dinh.account, Actor::system());
        reconcile(&world.store, &world.stamp(), &system, unit, account).expect("the line is matched");
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/statements");
        let told = finance.upload("/finance/statements", &[("do", "import")], &file(25_000).camt());
        assert_eq!(told.status, 200, "{}", finance.page);
        finance.sees("đang chờ hai người quyết định");
        let version = world.look(|conn| version::list(conn, world.ba_dinh.id, None, 10)).remove(0);
        let path = format!("/finance/versions/{}", version.id);
        finance.sees(&path);
        finance.get("/finance/statements");
        finance.sees(&path);
        finance.get(&path);
        finance.sees("10.000");
        finance.sees("25.000");
        let fields = [("decision", "accept"), ("reason", "ngân hàng xác nhận")];
        assert_eq!(finance.post(&path, &fields).status, 303, "{}", finance.page);
        let subject = version.id.to_string();
        let yes = [("verdict", "approve")];
        assert_eq!(decide(&mut finance, &world, "version", &subject, &yes), 400, "not who proposed it");
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        chief.get("/duties");
        chief.sees("ngân hàng xác nhận");
        chief.sees("Nhận sao kê mới");
        assert_eq!(decide(&mut chief, &world, "version", &subject, &yes), 303, "{}", chief.page);
        let state = |id: VersionId| world.look(|conn| version::find(conn, world.ba_dinh.id, id)).state;
        assert_eq!(state(version.id), "accepted");
        service.stop();
    });
}

#[test]
fn lines_that_could_not_be_read_are_told_and_decided_on_their_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let bytes = damaged(&world, &owed.reference_code);
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/statements");
        finance.upload("/finance/statements", &[("do", "import")], &bytes);
        finance.sees("1 dòng không đọc được");
        let statement = world.words("SELECT CAST(statement_id AS TEXT) AS t FROM quarantined_line").remove(0);
        let statement = bienlai::id::StatementId(statement.parse().unwrap());
        let path = format!("/finance/quarantine/{statement}");
        finance.sees(&path);
        finance.get(&path);
        finance.sees("25x00");
        finance.sees("25.000");
        let line = world.look(|conn| bienlai::statement::quarantine::open(conn, world.ba_dinh.id, None, 10));
        let id = line[0].id;
        let name = |field: &str| format!("{field}.{id}");
        let memo = format!("{} nop phi", owed.reference_code);
        let today = world.now().business_day().to_string();
        let (verdict, date, amount, text, reason) =
            (name("do"), name("date"), name("amount"), name("memo"), name("reason"));
        let fields = |sum: &'static str| {
            [
                (verdict.as_str(), "repair"),
                (date.as_str(), today.as_str()),
                (amount.as_str(), sum),
                (text.as_str(), memo.as_str()),
                (reason.as_str(), "bản in mờ"),
            ]
        };
        assert_eq!(finance.post(&path, &fields("24.000")).status, 400, "the balances ask for another sum");
        finance.sees("value=\"24.000\"");
        finance.sees("value=\"bản in mờ\"");
        assert_eq!(finance.post(&path, &fields("25.000")).status, 200, "{}", finance.page);
        finance.sees("Một người khác phải nhập đúng như vậy");
        assert_eq!(finance.post(&path, &fields("25.000")).status, 200, "not the same person twice");
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        confirmed_before(&world, 600);
        chief.get("/duties");
        chief.sees("Sao kê có dòng chờ người thứ hai nhập: 1");
        chief.sees("Việc chờ duyệt: 1");
        chief.get(&path);
        chief.sees("Một người khác đã nhập các dòng này");
        chief.sees("Mã xác thực 6 số của ứng dụng");
        assert_eq!(chief.post(&path, &fields("25.000")).status, 400, "keying the same is approving it");
        chief.sees("value=\"25.000\"");
        confirmed_before(&world, 0);
        assert_eq!(chief.post(&path, &fields("25.000")).status, 303, "{}", chief.page);
        finance.get(&path);
        finance.sees("Không còn dòng nào chờ");
        finance.get("/duties");
        assert!(!finance.page.contains("người thứ hai nhập"), "{}", finance.page);
        assert_eq!(world.again(&owed).state.as_str(), "paid", "what was repaired is matched at once");
        service.stop();
    });
}

#[test]
fn a_hundred_lines_that_could_not_be_read_are_paged_and_discarded_for_one_reason() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let day =
            BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0).book(8_000, "a", "R1");
        let junk = ":61:261123C,NTRFNONREF\r\n:86:dong trong\r\n".repeat(120);
        let text = String::from_utf8(day.mt940()).unwrap().replace(":62F:", &format!("{junk}:62F:"));
        let statement = crate::imports::import(&world, text.as_bytes()).statements[0].id;
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/statements");
        finance.sees("120 dòng không đọc được");
        let path = format!("/finance/quarantine/{statement}");
        finance.get(&path);
        finance.sees("Dòng 1 đến 50 trong 120");
        assert_eq!(finance.page.matches("<fieldset>").count(), 50);

        // What was typed goes along to another page, and nothing is decided by turning.
        let line = world.look(|conn| bienlai::statement::quarantine::open(conn, world.ba_dinh.id, None, 1));
        let (what, why) = (format!("do.{}", line[0].id), format!("reason.{}", line[0].id));
        let one = [(what.as_str(), "discard"), (why.as_str(), "dòng kẻ")];
        let turned = finance.post(&path, &[&one[..], &[("page", "1"), ("to", "3")]].concat());
        assert_eq!(turned.status, 200, "{}", finance.page);
        finance.sees("Dòng 101 đến 120 trong 120");
        finance.sees("value=\"dòng kẻ\"");
        assert_eq!(finance.post(&path, &one).status, 400, "119 lines are left out");
        let all = [&one[..], &[("rest", "dòng trống của ngân hàng")]].concat();
        assert_eq!(finance.post(&path, &all).status, 200, "{}", finance.page);
        finance.sees("Một người khác phải nhập đúng như vậy");
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get(&format!("{path}?page=2"));
        auditor.sees("Dòng 51 đến 100 trong 120");
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        chief.get(&path);
        assert_eq!(chief.post(&path, &all).status, 303, "{}", chief.page);
        let told = world.words(
            "SELECT reason || ' ' || CAST(COUNT(*) AS TEXT) AS t FROM quarantine_event \
             WHERE state = 'discarded' GROUP BY reason ORDER BY COUNT(*)",
        );
        assert_eq!(told, ["dòng kẻ 1", "dòng trống của ngân hàng 119"]);
        service.stop();
    });
}

#[test]
fn open_lines_are_matched_again_by_a_button_on_their_account() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0);
        crate::imports::import(&world, &file.book(25_000, &memo, "FT26327001").camt());
        let mut service = Service::start(&world);
        let path = format!("/finance/days/{}", world.ba_dinh.account);
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get(&path);
        assert_eq!(auditor.post(&format!("{path}/match"), &[]).status, 403);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get(&path);
        finance.sees("Đối chiếu lại các dòng còn mở");
        assert_eq!(world.again(&owed).state.as_str(), "raised");
        for _ in ["once", "and once more, which is a no-op"] {
            assert_eq!(finance.post(&format!("{path}/match"), &[]).status, 303, "{}", finance.page);
            assert_eq!(world.again(&owed).state.as_str(), "paid");
        }
        let claimed = world.raise(Dong(9_000));
        world.claim(&claimed, Dong(9_000)).settle();
        finance.get(&path);
        let bridge = finance.page.split("<h2>Cầu nối").nth(1).expect("the bridge of the day");
        for id in [">acc_", "· acc_"] {
            assert!(!bridge.contains(id), "an id is no word of the reader's: {bridge}");
        }
        service.stop();
    });
}

/// A day whose line of 25,000 was printed with a letter in its amount.
pub fn damaged(world: &World, code: &str) -> Vec<u8> {
    let day = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
        .book(8_000, "le vi du", "R1")
        .book(25_000, &format!("{code} nop phi"), "R2");
    String::from_utf8(day.mt940()).unwrap().replace("C25000,N", "C25x00,N").into_bytes()
}

/// One of each thing that waits: a corrected statement, lines that could not be read, an order.
pub fn something_to_decide(world: &World) {
    let owed = world.raise(Dong(25_000));
    let memo = format!("{} nop phi", owed.reference_code);
    let today = world.now().business_day();
    let file = |fee: i64| BankFile::new(world.ba_dinh.account_no, today, 0).book(fee, &memo, "FT26327001");
    crate::imports::import(world, &file(10_000).camt());
    crate::imports::import(world, &file(25_000).camt());
    let day = BankFile::new(world.ba_dinh.account_no, today, 10_000).book(9_000, "khong ro", "R3");
    let text = String::from_utf8(day.mt940()).unwrap().replace("C9000,N", "C9x00,N");
    crate::imports::import(world, text.as_bytes());
    let (unit, account) = (world.ba_dinh.id.0, world.ba_dinh.account.0);
    let sql = format!(
        "INSERT INTO remittance (unit_id, id, account_id, kind, year, order_no, covered_until, amount, \
         reference_code, maker_person_id, created_at, state, revision) SELECT {unit}, 4711, {account}, \
         'treasury', 2026, 1, '{today}', 12500, 'HNPH7K2MQ4X97', MIN(id), 1, 'drafted', 1 FROM person \
         WHERE unit_id = {unit}"
    );
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
    let sql = format!(
        "INSERT INTO remittance_line (unit_id, remittance_id, line_no, source_account, chapter, sub_item, \
         amount) VALUES ({unit}, 4711, 1, 'budget_due/805-2771', '805', '2771', 12500)"
    );
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
    let sql = format!(
        "INSERT INTO remittance_event (unit_id, id, remittance_id, revision, kind, state, at) \
         VALUES ({unit}, 4712, 4711, 1, 'drafted', 'drafted', 1)"
    );
    tools::run(&mut world.database.as_owner(), &sql).unwrap();
}

/// 33,000 by transfer on a day that is closed: 20,500 for the budget.
pub fn closed_day(world: &World) {
    let (phi, le_phi) =
        (line("HT-01", "phi", "receipt", Dong(25_000)), line("LP-01", "le_phi", "receipt", Dong(8_000)));
    let owed = world.raise_lines(&world.ba_dinh, vec![phi, le_phi]);
    shown(world, 0, 33_000, &format!("{} nop phi", owed.reference_code));
    close_day(world);
}

#[test]
fn an_account_shows_its_certificates_its_bridge_and_is_opened_again_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        closed_day(&world);
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        let path = format!("/finance/days/{}", world.ba_dinh.account);
        finance.get("/finance/days");
        finance.sees(&path);
        auditor.get(&path);
        auditor.sees("33.000");
        auditor.sees("Có hiệu lực");
        assert!(!auditor.page.contains("/reopen"), "auditors read");
        let at = auditor.page.find("/finance/days/certificates/").expect("a certificate");
        let file = auditor.page[at..].split('"').next().unwrap().to_owned();
        let pdf = auditor.get(&file);
        assert!(pdf.body.starts_with(b"%PDF"), "{}", pdf.status);
        let xml = auditor.get(&file.replace("/pdf", "/xml"));
        assert!(xml.body.starts_with(b"<"), "{}", xml.status);
        let today = world.now().business_day().to_string();
        auditor.get(&format!("{path}?date={today}"));
        auditor.sees("Tổng ghi có");
        let csv = auditor.get(&format!("{path}/file?date={today}&format=csv"));
        assert_eq!(csv.status, 200);
        assert!(
            String::from_utf8_lossy(&csv.body).contains("33000"),
            "{}",
            String::from_utf8_lossy(&csv.body)
        );
        assert_eq!(auditor.get(&format!("{path}?date=hôm-qua")).status, 400);
        assert_eq!(auditor.get("/finance/days/acc_0000000000000").status, 404);
        let mut stranger =
            seated(&world, service.address, Role::Finance, "ketoan.tayho", Scope::unit(world.tay_ho.id));
        assert_eq!(stranger.get(&path).status, 404);
        assert_eq!(stranger.get(&file).status, 404);

        finance.get(&path);
        let month = world.now().business_day().to_string()[..7].to_owned();
        let open = finance.post(&format!("{path}/month"), &[("month", &month)]);
        assert_eq!(open.status, 400, "the month is not over");
        let wrong = finance.post(&format!("{path}/reopen"), &[("date", &today), ("reason", "")]);
        assert_eq!(wrong.status, 400);
        finance.sees(&format!("value=\"{today}\""));
        let asked =
            finance.post(&format!("{path}/reopen"), &[("date", &today), ("reason", "thiếu một dòng")]);
        assert_eq!(asked.status, 303, "{}", finance.page);
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        chief.get("/duties");
        chief.sees("thiếu một dòng");
        let subject = chief.value("subject").unwrap();
        let yes = [("verdict", "approve")];
        assert_eq!(decide(&mut chief, &world, "reopening", &subject, &yes), 303, "{}", chief.page);
        finance.get(&path);
        finance.sees("Đã thay thế");
        finance.sees("Đang mở lại");
        service.stop();
    });
}

#[test]
fn a_list_on_the_screen_is_the_same_question_as_its_file_and_the_programs() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let token = crate::strangers::token(&world, &world.ba_dinh, Role::Auditor);
        let mut service = Service::start(&world);
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get("/finance/lists");
        auditor.sees("/finance/lists/payments");
        auditor.get("/finance/lists/payments");
        auditor.sees("25.000");
        let at = auditor.page.find("qry_").expect("a query id");
        let query = auditor.page[at..].chars().take(20).collect::<String>();
        let bearer = format!("Bearer {token}");
        let told = crate::support::program::send(
            service.address,
            "GET",
            "/api/v1/lists/payments?unit=00004",
            &[("Authorization", bearer.as_str())],
            b"",
        )
        .unwrap();
        let told: Value = told.json();
        assert_eq!(told["query_id"].as_str(), Some(query.as_str()));
        let today = world.now().business_day();
        let asked = format!("unit=00004&from={today}&until={today}&state=");
        let csv = auditor.get(&format!("/finance/lists/payments/file?{asked}&format=csv"));
        let csv = String::from_utf8_lossy(&csv.body).into_owned();
        assert!(csv.contains(&query) && csv.contains("25000"), "{csv}");
        let xlsx = auditor.get(&format!("/finance/lists/payments/file?{asked}&format=xlsx"));
        assert!(xlsx.body.starts_with(b"PK"), "{}", xlsx.status);
        auditor.get(&format!(
            "/finance/lists/payments?unit=00004&from={}&until={}",
            today,
            today.plus_days(-1)
        ));
        auditor.sees("Có điều cần sửa");
        assert_eq!(auditor.get("/finance/lists/payments?unit=00091").status, 400, "another's unit");
        assert_eq!(auditor.get("/finance/lists/nothing").status, 404);
        service.stop();
    });
}

#[test]
fn an_order_to_the_treasury_is_drawn_up_approved_and_reported_on_pages() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        closed_day(&world);
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/remittances");
        finance.sees("tiểu mục 805-2771");
        let account = world.ba_dinh.account.to_string();
        let fields = [("account", account.as_str()), ("kind", "treasury")];
        let drafted = finance.post("/finance/remittances", &fields);
        assert_eq!(drafted.status, 303, "{}", finance.page);
        let path = location(&drafted).to_owned();
        let id = path.rsplit('/').next().unwrap().to_owned();
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get(&path);
        auditor.sees("tiểu mục 805-2771");
        auditor.sees("Chờ người khác duyệt");
        assert!(auditor.get(&format!("{path}/pdf")).body.starts_with(b"%PDF"));
        assert!(auditor.get(&format!("{path}/xml")).body.starts_with(b"<"));
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        assert_eq!(decide(&mut chief, &world, "remittance", &id, &[("verdict", "approve")]), 303);
        let order = || {
            let id = id.parse().unwrap();
            world.look(|conn| bienlai::remittance::find(conn, world.ba_dinh.id, id))
        };
        assert_eq!(order().state, OrderState::Approved);

        finance.get("/finance/remittances");
        finance.sees("href=\"/finance/lists/remittances?unit=*\"");
        let none = finance.upload("/finance/remittances/report", &[("unit", "00004")], b"");
        assert_eq!(none.status, 400, "no file was chosen");
        let today = world.now().business_day();
        let code = order().reference_code;
        let mut report = String::from("ma_lenh;chuong;tieu_muc;so_tien;ngay;trang_thai;ly_do\n");
        for line in world.look(|conn| bienlai::remittance::query::lines(conn, world.ba_dinh.id, order().id)) {
            let (chapter, item) = (line.chapter.unwrap_or_default(), line.sub_item.unwrap_or_default());
            report.push_str(&format!("{code};{chapter};{item};{};{today};credited;\n", line.amount.0));
        }
        let unread = report.replace(&today.to_string(), "hôm nay");
        let told = finance.upload("/finance/remittances/report", &[("unit", "00004")], unread.as_bytes());
        assert_eq!(told.status, 200, "{}", finance.page);
        finance.sees("ngày không đọc được, cần dạng NNNN-TT-NN hoặc NN/TT/NNNN");
        let taken = finance.upload("/finance/remittances/report", &[("unit", "00004")], report.as_bytes());
        assert_eq!(taken.status, 200, "{}", finance.page);
        finance.sees("Kho bạc đã ghi có");
        assert_eq!(order().state, OrderState::Credited);
        service.stop();
    });
}

#[test]
fn an_approved_order_whose_money_is_not_sent_is_ended_by_another_person_on_its_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        closed_day(&world);
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/remittances");
        let account = world.ba_dinh.account.to_string();
        let fields = [("account", account.as_str()), ("kind", "treasury")];
        let path = location(&finance.post("/finance/remittances", &fields)).to_owned();
        let id = path.rsplit('/').next().unwrap().to_owned();
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        assert_eq!(decide(&mut chief, &world, "remittance", &id, &[("verdict", "approve")]), 303);
        finance.get(&path);
        finance.sees("Chuyển tiền ở ngân hàng với nội dung có mã");
        finance.sees("kế toán khác hoặc người duyệt hủy lệnh tại trang này");
        assert_eq!(finance.post(&path, &[("reason", "sai tài khoản")]).status, 400, "its maker alone");
        finance.is_told("maker_is_checker");
        chief.get(&path);
        assert_eq!(chief.post(&path, &[("reason", " ")]).status, 400, "without a reason");
        assert_eq!(chief.post(&path, &[("reason", "sai tài khoản")]).status, 303, "{}", chief.page);
        finance.get(&path);
        finance.sees("sai tài khoản");
        assert_eq!(world.words("SELECT state AS t FROM remittance"), ["refused"]);
        service.stop();
    });
}

#[test]
fn a_card_payment_taken_on_the_page_has_its_approval_code_at_once_or_later() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (first, second) = (world.raise(Dong(25_000)), world.raise(Dong(30_000)));
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.mau");
        cashier.get("/counter/shift");
        assert_eq!(cashier.post("/counter/shift/open", &[]).status, 303);
        let mut take = |id: String, amount: &str, code: &str| {
            let path = format!("/counter/obligations/{id}");
            cashier.get(&path);
            let key = cashier.value("key").unwrap();
            let fields = [
                ("key", key.as_str()),
                ("amount", amount),
                ("method", "card"),
                ("approval_code", code),
                ("terminal", "POS7 4321"),
            ];
            let status = cashier.post(&format!("{path}/take"), &fields).status;
            (status, cashier.page.clone())
        };
        let (status, page) = take(first.id.to_string(), "25000", "ABCDEFGHIJKLMNOPQRSTUVWX");
        assert_eq!(status, 400, "no such code");
        assert!(
            page.contains("value=\"ABCDEFGHIJKLMNOPQRSTUVWX\"") && page.contains("value=\"POS7 4321\""),
            "{page}"
        );
        assert_eq!(world.count("payment"), 0, "nothing is taken with a wrong code");
        assert_eq!(take(first.id.to_string(), "25000", "A1b2c3").0, 303);
        assert_eq!(world.words("SELECT approval_code AS t FROM card_slip"), ["A1B2C3"]);
        assert_eq!(take(second.id.to_string(), "30000", "").0, 303);
        cashier.get("/counter");
        cashier.sees("Thẻ chưa ghi mã chuẩn chi");
        let payment = world.words("SELECT CAST(id AS TEXT) AS t FROM payment WHERE amount = 30000").remove(0);
        let payment = bienlai::id::PaymentId(payment.parse().unwrap()).to_string();
        let fields = |code: &'static str| {
            [
                ("payment", payment.clone()),
                ("approval_code", code.to_owned()),
                ("terminal", "POS7".to_owned()),
            ]
        };
        let mut note = |code: &'static str| {
            let fields = fields(code);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let status = cashier.post("/counter/card-slip", &fields).status;
            (status, cashier.page.clone())
        };
        let (status, page) = note("?");
        assert_eq!(status, 400);
        assert!(page.contains("value=\"?\""), "{page}");
        assert_eq!(note("77XY").0, 303);
        cashier.get("/counter");
        assert!(!cashier.page.contains("/counter/card-slip"), "every card has its code");
        assert_eq!(world.count("card_slip"), 2);
        service.stop();
    });
}

#[test]
fn a_difference_of_a_drawer_is_signed_off_on_the_page_by_another_person_with_a_reason() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.mau");
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[]);
        let path = format!("/counter/obligations/{}", owed.id);
        cashier.get(&path);
        let key = cashier.value("key").unwrap();
        let fields = [("key", key.as_str()), ("amount", "25000"), ("method", "cash")];
        assert_eq!(cashier.post(&format!("{path}/take"), &fields).status, 303, "{}", cashier.page);
        cashier.get("/counter/shift");
        let shift = cashier.value("shift").unwrap();
        let counted = [("shift", shift.as_str()), ("n20000", "1")];
        assert_eq!(cashier.post("/counter/shift/close", &counted).status, 200, "it is seen before it closes");
        cashier.sees("Đếm được 20.000 đ, phải có 25.000 đ");
        cashier.sees("-5.000 đ");
        let seen = [counted[0], counted[1], ("differs", "20000")];
        assert_eq!(cashier.post("/counter/shift/close", &seen).status, 303);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/duties");
        finance.sees("Chênh lệch quỹ ca thu");
        finance.sees("thiếu 5.000");
        let yes = [("verdict", "approve"), ("reason", "")];
        assert_eq!(decide(&mut finance, &world, "drawer", &shift, &yes), 400, "a signature says why");
        let yes = [("verdict", "approve"), ("reason", "biên bản kiểm quỹ")];
        assert_eq!(decide(&mut finance, &world, "drawer", &shift, &yes), 303, "{}", finance.page);
        assert_eq!(world.words("SELECT state AS t FROM shift"), ["closed"]);
        service.stop();
    });
}

#[test]
fn the_board_tells_the_standing_that_the_programs_are_told_and_leads_to_each_account() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        shown(&world, 0, 9_000, "khong ro noi dung");
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance");
        let overview = world.look(|conn| {
            let system = bienlai::actor::Actor::system();
            let stamp = world.stamp();
            bienlai::reconciliation::overview::overview(conn, &stamp, &system, Some(world.ba_dinh.id))
        });
        finance.sees(overview.rows[0].standing.words().0);
        finance.sees("9.000");
        finance.sees(&format!("/finance/days/{}", world.ba_dinh.account));
        finance.sees(&format!("/finance/exceptions?account={}", world.ba_dinh.account));
        service.stop();
    });
}
