//! What finance and approvers do in a browser, and who may open which page.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;

use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, Visitor, confirmed_before, employ, location, seated};
use crate::support::{World, each_database};

#[test]
fn a_statement_is_looked_at_imported_and_its_day_closed() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        finance.get("/finance");
        finance.sees("******1100");

        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 0)
            .book(25_000, &format!("{} nop phi", owed.reference_code), "FT1")
            .without_sequence()
            .camt();
        finance.get("/finance/statements");
        let looked = finance.upload("/finance/statements", &[("do", "preview")], &file);
        assert_eq!(looked.status, 200, "{}", finance.page);
        finance.sees(&owed.reference_code);
        assert_eq!(world.count("statement"), 0, "a preview stores nothing");
        let begun = BankFile::new(world.ba_dinh.account_no, today, 0).without_sequence();
        let long = (1..=25).fold(begun, |file, number| file.book(1_000, "nop phi", &format!("FT9{number}")));
        finance.upload("/finance/statements", &[("do", "preview")], &long.camt());
        finance.sees("và 5 dòng nữa");
        let cut = &file[..file.len() / 2];
        assert_eq!(finance.upload("/finance/statements", &[("do", "import")], cut).status, 422);
        finance.sees("chưa có gì được ghi");
        assert_eq!(finance.upload("/finance/statements", &[("do", "import")], b"").status, 400);
        assert_eq!(finance.upload("/finance/statements", &[("do", "import")], &file).status, 200);
        finance.sees("Đã nhập sao kê");
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        assert_eq!(finance.upload("/finance/statements", &[("do", "import")], &file).status, 200);
        finance.sees("đã nhập trước đây");

        finance.get("/finance/days");
        let (account, date) = (finance.value("account").unwrap(), finance.value("date").unwrap());
        assert_eq!(date, today.to_string());
        let closed = finance.post("/finance/days/close", &[("account", &account), ("date", &date)]);
        assert_eq!(closed.status, 200, "{}", finance.page);
        finance.sees("Đã khóa ngày");
        finance.get("/finance/days");
        let next = today.next().to_string();
        let early = finance.post("/finance/days/close", &[("account", &account), ("date", &next)]);
        assert!([400, 409].contains(&early.status), "{}", finance.page);
        finance.sees("class=\"errors\"");
        service.stop();
    });
}

#[test]
fn a_table_that_nobody_knows_is_read_by_the_columns_a_person_names_and_so_is_the_next() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        let day = world.now().business_day().0.format("%d/%m/%Y");
        // Two pairs of columns are sums and balances of each other: nobody can tell which is the money.
        let table = format!(
            "Aaa;Bbb;Ccc;Ddd;Eee;Fff;Ggg\n{day};FT1;{} nop phi;25000;25000;50000;50000\n\
             {day};FT2;gui tien;10000;35000;20000;70000\n",
            owed.reference_code
        );
        finance.get("/finance/statements");
        assert_eq!(finance.upload("/finance/statements", &[("do", "preview")], table.as_bytes()).status, 422);
        finance.sees("Cột của bảng");
        finance.sees("1: Aaa | Bbb | Ccc");
        let account = world.ba_dinh.account.to_string();
        let named = [
            ("heading", "1"),
            ("booking_date", "1"),
            ("reference", "2"),
            ("description", "3"),
            ("amount", "4"),
            ("balance", "5"),
            ("dates", "day_first"),
            ("account", account.as_str()),
        ];
        let asked = |act| [&named[..], &[("do", act)]].concat();
        let incomplete = [("do", "preview"), ("heading", "1"), ("booking_date", "1")];
        assert_eq!(finance.upload("/finance/statements", &incomplete, table.as_bytes()).status, 400);
        finance.get("/finance/statements");
        let looked = finance.upload("/finance/statements", &asked("preview"), table.as_bytes());
        assert_eq!(looked.status, 200, "{}", finance.page);
        finance.sees("35000");
        assert_eq!((world.count("statement"), world.count("statement_layout")), (0, 0));
        let taken = finance.upload("/finance/statements", &asked("import"), table.as_bytes());
        assert_eq!(taken.status, 200, "{}", finance.page);
        finance.sees("Đã nhập sao kê");
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        // What was said is kept: the next table of the account is understood without a word. One that does
        // not go on from its books may be anybody's.
        let tomorrow = world.now().business_day().next().0.format("%d/%m/%Y").to_string();
        let next = format!(
            "Aaa;Bbb;Ccc;Ddd;Eee;Fff;Ggg\n{tomorrow};FT3;gui tien;1000;36000;2000;72000\n\
             {tomorrow};FT4;gui tien;2000;38000;4000;76000\n"
        );
        let strange = next.replace("36000", "46000").replace("38000", "48000");
        finance.get("/finance/statements");
        assert_eq!(
            finance.upload("/finance/statements", &[("do", "preview")], strange.as_bytes()).status,
            422
        );
        finance.get("/finance/statements");
        assert_eq!(finance.upload("/finance/statements", &[("do", "preview")], next.as_bytes()).status, 200);
        finance.sees("38000");
        service.stop();
    });
}

#[test]
fn a_large_file_is_taken_in_beside_its_page_and_matched_by_itself() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        let mut file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0)
            .book(25_000, &format!("{} nop phi", owed.reference_code), "FT1")
            .without_sequence()
            .camt();
        file.extend(format!("<!--{}-->", "x".repeat(1024 * 1024)).bytes());
        finance.get("/finance/statements");
        let queued = finance.upload("/finance/statements", &[("do", "import")], &file);
        assert_eq!(queued.status, 303, "{}", finance.page);
        let path = location(&queued).to_owned();
        assert!(path.starts_with("/finance/imports/"), "{path}");
        let is_done = |finance: &mut Visitor| {
            finance.get(&path);
            finance.page.contains("Đã nhập sao kê")
        };
        let rounds = 600;
        assert!((0..rounds).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            is_done(&mut finance)
        }));
        finance.sees(world.ba_dinh.account_no);
        assert_eq!(world.again(&owed).state.as_str(), "paid", "what came in by itself is matched by itself");
        finance.get("/finance/statements");
        finance.sees("Các lần nhập gần đây");
        let notice = String::from_utf8(file).unwrap().replace("camt.053", "camt.054");
        let notice = notice.replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn").replace("Stmt>", "Ntfctn>");
        let told = finance.upload("/finance/statements", &[("do", "import")], notice.as_bytes());
        assert_eq!(told.status, 303, "{}", finance.page);
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        assert_eq!(stranger.get(&path).status, 404);
        service.stop();
    });
}

#[test]
fn an_act_that_binds_wants_the_code_of_the_moment_when_the_sign_in_is_old() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        confirmed_before(&world, 600);
        finance.get("/finance/days");
        finance.sees("Nhập lại mật khẩu của bạn");
        let (account, date) = (finance.value("account").unwrap(), finance.value("date").unwrap());
        let fields = [("account", account.as_str()), ("date", date.as_str())];
        for wrong in ["", "sai mật khẩu"] {
            let mut all = fields.to_vec();
            all.push(("confirm", wrong));
            assert_eq!(finance.post("/finance/days/close", &all).status, 400);
            finance.is_told("confirmation_wrong");
        }
        let from_elsewhere = finance.post_from("https://evil.example", "/finance/days/close", &fields);
        assert_eq!(from_elsewhere.status, 403);
        finance.is_told("form_forged");
        finance.get("/finance/days");
        let mut all = fields.to_vec();
        all.push(("confirm", PASSWORD));
        let tried = finance.post("/finance/days/close", &all);
        assert_eq!(tried.status, 409, "confirmed; the day itself has no statement yet: {}", finance.page);
        service.stop();
    });
}

#[test]
fn what_ends_a_debt_a_drawer_or_a_statement_and_an_acceptance_want_the_code_of_the_moment() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let sit = |role, name| seated(&world, service.address, role, name, Scope::unit(world.ba_dinh.id));
        let mut cashier = sit(Role::Cashier, "thungan.badinh");
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[]);
        cashier.get("/counter/shift");
        let shift = cashier.value("shift").unwrap();
        let mut finance = sit(Role::Finance, "ketoan.badinh");
        finance.get("/finance/statements");
        let mut admin = sit(Role::Administrator, "quantri.badinh");
        admin.get("/tax/registration");
        confirmed_before(&world, 600);
        let withdraw = format!("/counter/obligations/{}/withdraw", owed.id);
        let give_up = format!("/finance/statements/{}/give-up", bienlai::id::StatementId(1));
        for (visitor, path, field) in [
            (&mut cashier, withdraw.as_str(), ("reason", "nhầm")),
            (&mut finance, give_up.as_str(), ("reason", "nhầm")),
            (&mut admin, "/tax/registration", ("do", "accept")),
        ] {
            assert_eq!(visitor.post(path, &[field, ("confirm", "sai")]).status, 400, "{path}");
            visitor.is_told("confirmation_wrong");
        }
        cashier.get("/counter/shift");
        cashier.sees("Nhập lại mật khẩu của bạn");
        let close = |confirm| [("shift", shift.as_str()), ("confirm", confirm)];
        assert_eq!(cashier.post("/counter/shift/close", &close("sai")).status, 400);
        cashier.is_told("confirmation_wrong");
        assert_eq!(cashier.post("/counter/shift/close", &close(PASSWORD)).status, 303, "{}", cashier.page);
        service.stop();
    });
}

/// Every page of staff with the roles that may open it.
const PAGES: &[(&str, &[Role])] = &[
    ("/counter", &[Role::Cashier]),
    ("/counter/shift", &[Role::Cashier]),
    ("/counter/together", &[Role::Cashier]),
    ("/counter/walk-in", &[Role::Cashier]),
    ("/counter/favourites", &[Role::Cashier]),
    ("/counter/slips", &[Role::Cashier]),
    ("/counter/screen", &[Role::Cashier]),
    ("/finance/refunds", &[Role::Finance, Role::Approver, Role::Auditor]),
    ("/finance/slips", &[Role::Finance, Role::Approver, Role::Auditor]),
    ("/finance", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
    ("/finance/statements", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
    ("/finance/exceptions", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
    ("/finance/days", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
    ("/users", &[Role::Administrator, Role::Auditor]),
    ("/city", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
    ("/admin/units", &[Role::Administrator, Role::Auditor]),
    ("/admin/clients", &[Role::Administrator, Role::Auditor]),
    ("/admin/screens", &[Role::Administrator, Role::Auditor]),
    ("/admin/calendar", &[Role::Administrator, Role::Auditor]),
    ("/admin/operations", &[Role::Administrator, Role::Auditor]),
    ("/admin/trail", &[Role::Administrator, Role::Auditor]),
    ("/admin/evidence", &[Role::Administrator, Role::Auditor]),
    ("/admin/proposals", &[Role::Administrator, Role::Approver, Role::Auditor]),
    ("/onboarding", &[Role::Administrator, Role::Auditor]),
    ("/tariff", &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator]),
];

/// Every form of staff with the only role that may send it.
const FORMS: &[(&str, Role)] = &[
    ("/counter/search", Role::Cashier),
    ("/counter/shift/open", Role::Cashier),
    ("/counter/shift/close", Role::Cashier),
    ("/counter/walk-in", Role::Cashier),
    ("/counter/favourites", Role::Cashier),
    ("/counter/together/take", Role::Cashier),
    ("/counter/slips", Role::Cashier),
    ("/finance/exceptions/approve", Role::Approver),
    ("/finance/days/close", Role::Finance),
    ("/users/invite", Role::Administrator),
    ("/users/reset", Role::Administrator),
    ("/users/end", Role::Administrator),
    ("/users/vouch", Role::Administrator),
    ("/admin/units", Role::Administrator),
    ("/admin/clients/create", Role::Administrator),
    ("/admin/clients/revoke", Role::Administrator),
    ("/admin/screens/open", Role::Administrator),
    ("/admin/screens/end", Role::Administrator),
    ("/admin/calendar/enter", Role::Administrator),
    ("/admin/calendar/withdraw", Role::Administrator),
    ("/admin/operations/replay", Role::Administrator),
    ("/onboarding/live", Role::Administrator),
    ("/tariff/price", Role::Administrator),
    ("/tariff/text", Role::Administrator),
];

#[test]
fn each_role_opens_its_own_pages_and_sees_its_own_unit_only() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        world.raise_at(&world.tay_ho, Dong(25_000));
        let mut service = Service::start(&world);
        let mut stranger = Visitor::at(service.address);
        for (page, _) in PAGES {
            let sent = stranger.get(page);
            assert_eq!((sent.status, location(&sent)), (303, format!("/sign-in?next={page}").as_str()));
        }
        for (form, _) in FORMS {
            assert_eq!(stranger.post(form, &[]).status, 303, "{form}");
        }
        let unit = Scope::unit(world.ba_dinh.id);
        let roles = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];
        for role in roles {
            let name = format!("nguoi.{}", role.as_str());
            let mut visitor = seated(&world, service.address, role, &name, unit.clone());
            visitor.get("/account");
            let token = visitor.value("csrf").unwrap();
            let origin = format!("http://{}", service.address);
            for (form, only) in FORMS.iter().filter(|(_, only)| *only != role) {
                let refused = visitor.post_from(&origin, form, &[("csrf", &token)]);
                assert_eq!(refused.status, 403, "{form} is for {} and not for {name}", only.as_str());
            }
            for (page, allowed) in PAGES {
                let expected = if allowed.contains(&role) { 200 } else { 403 };
                assert_eq!(visitor.get(page).status, expected, "{page} for {name}");
                assert!(!visitor.page.contains("Tây Hồ"), "{page} shows another unit to {name}");
                assert!(!visitor.page.contains(world.tay_ho.account_no), "{page} for {name}");
            }
        }
        let own = employ(&world, Role::Administrator, "quantri.tayho", Scope::unit(world.tay_ho.id));
        let mut other = Visitor::at(service.address);
        other.sign_in(&own.name, PASSWORD, &own.code(&world));
        other.get("/users");
        assert!(!other.page.contains("nguoi.cashier"), "logins of another unit are not listed");
        let end = other.post("/users/end", &[("login", "nguoi.cashier"), ("confirm", "")]);
        assert_eq!(end.status, 404, "nor can they be ended: {}", other.page);
        let wide = [("person", "Ai Đó"), ("login", "ai.do"), ("role", "finance"), ("units", "00004")];
        other.get("/users");
        assert_eq!(
            other.post("/users/invite", &wide).status,
            404,
            "a unit that is not theirs does not exist"
        );
        assert_eq!(world.count("login WHERE name = 'ai.do'"), 0);
        service.stop();
    });
}
