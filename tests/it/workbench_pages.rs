//! The finance workbench in a browser's terms: a line and what it may be, proposed by one, approved by
//! another, undone by two, with comments; several lines at once; pages however long the queue is.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, Kind, New, Subject};
use bienlai::id::ObligationId;

use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

struct Two {
    finance: Visitor,
    approver: Visitor,
}

fn staff(world: &World, service: &Service) -> Two {
    let unit = Scope::unit(world.ba_dinh.id);
    Two {
        finance: seated(world, service.address, Role::Finance, "ketoan.badinh", unit.clone()),
        approver: seated(world, service.address, Role::Approver, "duyet.badinh", unit),
    }
}

#[test]
fn from_surplus_a_road_leads_to_its_refund_with_payment_and_sum_filled_in() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(30_000)).settle();
        let items = world.exceptions(world.ba_dinh.id);
        let item = items.iter().find(|item| item.kind == Kind::Overpaid).expect("5.000 came too much");
        let mut service = Service::start(&world);
        let Two { mut finance, mut approver } = staff(&world, &service);
        let page = format!("/finance/exceptions/{}", item.id);
        finance.get(&page);
        let start = format!("/finance/refund-start?payment={}&#38;amount=5000", item.subject_text());
        finance.sees(&start);
        assert!(!finance.page.contains("value=\"acknowledge\""), "what is owed is not waved away");
        approver.get(&page);
        assert!(!approver.page.contains("refund-start"), "who approves does not ask");
        let form = start.replace("&#38;", "&");
        finance.get(&form);
        finance.sees("value=\"5000\"");
        let payment = item.subject_text();
        let key = finance.value("key").unwrap();
        let asked = [
            ("key", key.as_str()),
            ("payment", payment.as_str()),
            ("amount", "5000"),
            ("reason", "chuyển thừa"),
        ];
        assert_eq!(finance.post("/finance/refund-start", &asked).status, 303, "{}", finance.page);
        finance.get(&page);
        finance.sees("href=\"/finance/refunds/");
        assert!(!finance.page.contains("refund-start"), "nothing is free any more");
        service.stop();
    });
}

#[test]
fn money_nobody_knew_is_proposed_approved_receipted_and_undone_in_the_browser() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let other = world.raise(Dong(70_000));
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(25_000, "tien nop phi", "U1"),
        );
        let item = world
            .exceptions(world.ba_dinh.id)
            .into_iter()
            .find(|item| item.kind == Kind::UnidentifiedCredit)
            .expect("the line is unexplained");
        let mut service = Service::start(&world);
        let Two { mut finance, mut approver } = staff(&world, &service);
        let page = format!("/finance/exceptions/{}", item.id);
        finance.get("/finance/exceptions");
        finance.sees(&page);
        finance.get(&page);
        finance.sees("tien nop phi");
        finance.sees(&owed.dossier_code);
        finance.sees("đúng số tiền");
        assert!(!finance.page.contains(&other.dossier_code), "another sum is no candidate");
        assert_eq!(world.count("audit_entry WHERE action = 'line.texts_seen'"), 1);

        let target = owed.id.to_string();
        let propose = |reason: &'static str| {
            vec![("do", "propose"), ("resolution", "assign"), ("target", target.as_str()), ("reason", reason)]
        };
        assert_eq!(finance.post(&page, &propose(" ")).status, 400);
        assert_eq!(world.look(|conn| exception::find(conn, item.unit, item.id)).state.as_str(), "open");
        let unknown = [("do", "propose"), ("resolution", "assign"), ("other", "khong co"), ("reason", "x")];
        assert_eq!(finance.post(&page, &unknown).status, 400);
        finance.sees("value=\"khong co\"");
        finance.is_told("target_unknown");
        assert_eq!(finance.post(&page, &propose("đúng tên người nộp")).status, 303, "{}", finance.page);
        finance.get(&page);
        assert_eq!(finance.post(&page, &[("do", "approve")]).status, 400, "not the one who proposed");
        finance.sees("phải khác");
        approver.get(&page);
        approver.sees("đúng tên người nộp");
        approver.post(&page, &[("do", "comment"), ("reason", "đã gọi ngân hàng")]);
        approver.get(&page);
        approver.sees("đã gọi ngân hàng");
        assert_eq!(approver.post(&page, &[("do", "approve")]).status, 303, "{}", approver.page);
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        world.seal();

        // A refused proposal is open again; a settled item is undone by two.
        finance.get("/finance/exceptions?state=resolved");
        finance.sees(&page);
        finance.get(&page);
        finance.sees("<section class=\"panel\"><h2>Đã xử lý</h2>");
        finance.sees(&format!("href=\"/r/{}\"", world.receipts(&owed)[0].lookup_code));
        assert!(!finance.page.contains("\">hạn "), "nothing is due any more");
        assert_eq!(finance.post(&page, &[("do", "reopen"), ("reason", "nhầm người")]).status, 303);
        finance.get(&page);
        finance.sees("nhầm người");
        assert_eq!(finance.post(&page, &[("do", "approve_reopening")]).status, 400, "by another person");
        approver.get(&page);
        let kept = approver.post(&page, &[("do", "refuse_reopening"), ("reason", "đúng rồi")]);
        assert_eq!(kept.status, 303, "{}", approver.page);
        finance.get(&page);
        finance.post(&page, &[("do", "reopen"), ("reason", "nhầm người thật")]);
        approver.get(&page);
        approver.sees(&format!("{} mở lại", owed.dossier_code));
        assert!(!approver.page.contains(&format!("Nghĩa vụ {}", owed.id)), "in what people know it by");
        approver.sees("bị hủy");
        assert_eq!(approver.post(&page, &[("do", "approve_reopening")]).status, 303, "{}", approver.page);
        assert_eq!(world.again(&owed).state.as_str(), "reopened", "it is undone");
        finance.get(&page);
        let again = propose("đúng là người này");
        assert_eq!(finance.post(&page, &again).status, 303, "{}", finance.page);
        approver.get(&page);
        assert_eq!(approver.post(&page, &[("do", "approve")]).status, 303, "{}", approver.page);
        world.seal();

        // The line is found by what it was matched with, and taken apart by two.
        let find = format!("/finance/unmatch?what={}", owed.dossier_code);
        finance.get("/finance/unmatch?what=khong-co");
        finance.sees("Không có dòng sao kê nào");
        finance.get(&find);
        finance.sees("về lại chỗ chờ xác định");
        let line = finance.value("line").expect("the line is found");
        let ask = |why: &'static str| vec![("line", line.as_str()), ("what", "x"), ("reason", why)];
        assert_eq!(finance.post("/finance/unmatch", &ask(" ")).status, 400);
        let asked = finance.post("/finance/unmatch", &ask("ngân hàng nhầm"));
        assert_eq!(asked.status, 303, "{}", finance.page);
        let doubt = crate::support::visitor::location(&asked).to_owned();
        approver.get(&doubt);
        approver.sees("về lại chỗ chờ xác định");
        assert_eq!(approver.post(&doubt, &[("do", "approve")]).status, 303, "{}", approver.page);
        assert_eq!(world.again(&owed).state.as_str(), "reopened", "the line is taken apart");
        let mut stranger =
            seated(&world, service.address, Role::Finance, "ketoan.tayho", Scope::unit(world.tay_ho.id));
        assert_eq!(stranger.get(&page).status, 404);
        service.stop();
    });
}

#[test]
fn two_transfers_of_one_payer_are_proposed_together_for_one_obligation() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(10_000, "chuyen lan 1", "U1")
            .book(15_000, "chuyen lan 2", "U2");
        statement(&world, file);
        let items: Vec<_> = world
            .exceptions(world.ba_dinh.id)
            .into_iter()
            .filter(|item| item.kind == Kind::UnidentifiedCredit)
            .collect();
        assert_eq!(items.len(), 2);
        let mut service = Service::start(&world);
        let Two { mut finance, mut approver } = staff(&world, &service);
        finance.get("/finance/exceptions");
        let names: Vec<String> = items.iter().map(|item| format!("x.{}", item.id)).collect();
        let nothing = [("do", "propose"), ("resolution", "assign"), ("reason", "x")];
        assert_eq!(finance.post("/finance/exceptions/bulk", &nothing).status, 400);
        finance.is_told("exceptions_none_chosen");
        let fields = [
            (names[0].as_str(), "1"),
            (names[1].as_str(), "1"),
            ("do", "propose"),
            ("resolution", "assign"),
            ("target", owed.reference_code.as_str()),
            ("reason", "cùng một người nộp"),
        ];
        let proposed = finance.post("/finance/exceptions/bulk", &fields);
        assert_eq!(proposed.status, 303, "{}", finance.page);
        for item in &items {
            let page = format!("/finance/exceptions/{}", item.id);
            approver.get(&page);
            assert_eq!(approver.post(&page, &[("do", "approve")]).status, 303, "{}", approver.page);
        }
        let now = world.again(&owed);
        assert_eq!((now.state.as_str(), now.allocated), ("paid", Dong(25_000)));
        world.seal();
        service.stop();
    });
}

#[test]
fn credits_are_combined_for_who_owes_their_sum_all_of_them_or_none() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(10_000, "chuyen lan 1", "U1")
            .book(15_000, "chuyen lan 2", "U2");
        statement(&world, file);
        let items = world.exceptions(world.ba_dinh.id);
        let names: Vec<String> = items.iter().map(|item| format!("x.{}", item.id)).collect();
        let mut service = Service::start(&world);
        let Two { mut finance, mut approver } = staff(&world, &service);
        finance.get("/finance/exceptions");
        finance.sees("formaction=\"/finance/exceptions/combine\"");
        let path = "/finance/exceptions/combine";
        assert_eq!(finance.post(path, &[(names[0].as_str(), "1"), ("do", "look")]).status, 400);
        finance.sees("Hãy chọn ít nhất hai khoản tiền");
        let both = [(names[0].as_str(), "1"), (names[1].as_str(), "1")];
        assert_eq!(finance.post(path, &[&both[..], &[("do", "look")]].concat()).status, 200);
        finance.sees("Cộng các khoản đã chọn: 25.000 đ");
        finance.sees(&owed.dossier_code);
        finance.sees("đúng số còn nợ");
        let nowhere = [&both[..], &[("do", "propose"), ("reason", "hai lần chuyển")]].concat();
        let dear = world.raise(Dong(30_000));
        let short = [&nowhere[..], &[("other", dear.reference_code.as_str())]].concat();
        assert_eq!(finance.post(path, &short).status, 400, "they do not pay all of it");
        finance.sees("Còn thiếu 5.000 đ, phần này vẫn phải nộp tiếp");
        assert_eq!(finance.post(path, &nowhere).status, 400, "to whom is missing");
        finance.is_told("target_missing");
        assert_eq!(world.count("exception WHERE state = 'proposed'"), 0, "all or none");
        let id = owed.id.to_string();
        let right = [&nowhere[..], &[("target", id.as_str())]].concat();
        assert_eq!(finance.post(path, &right).status, 303, "{}", finance.page);
        assert_eq!(world.count("exception WHERE state = 'proposed'"), 2);
        approver.get("/finance/exceptions?state=proposed");
        approver.sees("Thuộc một lần gộp 2 khoản");
        let (one, unit) = (items[0].id.to_string(), items[0].unit.to_string());
        approver.get("/duties");
        approver.sees("Thuộc một lần gộp 2 khoản");
        let (one, unit) = (one.as_str(), unit.as_str());
        let alone = [("act", "exception"), ("unit_id", unit), ("subject", one), ("verdict", "approve")];
        assert_eq!(approver.post("/duties/decide", &alone).status, 400);
        approver.sees("duyệt hoặc trả lại một lần cho cả lần gộp");
        assert_eq!(world.count("exception WHERE state = 'proposed'"), 2, "neither is approved alone");
        let page = format!("/finance/exceptions/{}", items[0].id);
        approver.get(&page);
        approver.sees("Duyệt cả 2 khoản");
        let seen: Vec<(String, String)> = items
            .iter()
            .map(|item| {
                let revision = world.look(|conn| exception::find(conn, item.unit, item.id)).revision;
                (format!("part.{}", item.id), revision.to_string())
            })
            .collect();
        let mut fields = vec![("do", "approve")];
        fields.extend(seen.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        assert_eq!(approver.post(&page, &fields[..2]).status, 400, "it is approved as it was shown");
        assert_eq!(approver.post(&page, &fields).status, 303, "{}", approver.page);
        assert_eq!(world.count("exception WHERE state = 'proposed'"), 0, "one approval for both");
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        world.seal();
        service.stop();
    });
}

#[test]
fn the_queue_is_the_same_question_as_its_file_and_what_leads_nowhere_says_what_it_waits_for() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let mut service = Service::start(&world);
        let Two { mut finance, .. } = staff(&world, &service);
        finance.get("/finance/exceptions?kind=underpaid");
        let at = finance.page.find("qry_").expect("a query id");
        let query: String = finance.page[at..].chars().take(20).collect();
        let at = finance.page.find("/finance/lists/exceptions/file?").expect("a file");
        let file: String = finance.page[at..].chars().take_while(|c| *c != '"').collect();
        let csv = finance.get(&file.replace("&#38;", "&").replace("&amp;", "&"));
        let csv = String::from_utf8_lossy(&csv.body).into_owned();
        assert!(csv.contains(&query) && csv.contains("Nộp thiếu"), "{file}: {csv}");

        let item = world.exceptions(owed.unit).remove(0);
        let page = format!("/finance/exceptions/{}", item.id);
        finance.get(&page);
        finance.sees("Giảm khoản phải nộp");
        let told = "Người nộp đã được báo phần còn thiếu";
        finance.sees(told);
        assert_eq!(finance.post(&page, &[("do", "remind")]).status, 303, "{}", finance.page);
        finance.get(&page);
        finance.sees("Đã nhắc người nộp phần còn thiếu: 15.000 đ");
        assert_eq!(finance.post(&page, &[("do", "remind")]).status, 400);
        finance.sees("Người nộp vừa được nhắc");
        service.stop();
    });
}

#[test]
fn a_long_queue_is_turned_page_by_page() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let complaint = |unit, account, number: i64| New {
            unit,
            kind: Kind::Complaint,
            subject: Subject::Obligation(ObligationId(number + 1_000)),
            account: Some(account),
            amount: Dong(number + 1),
            opened_on: today(&world),
            detail: String::new(),
        };
        let items: Vec<New> = (0..120).map(|number| complaint(unit, account, number)).collect();
        let of_tay_ho = |number| complaint(world.tay_ho.id, world.tay_ho.account, number);
        let many: Vec<New> = (0..1_020).map(of_tay_ho).collect();
        world.change(|tx, stamp| exception::open(tx, stamp, &many));
        world.change(|tx, stamp| exception::open(tx, stamp, &items));
        let mut service = Service::start(&world);
        let Two { mut finance, .. } = staff(&world, &service);
        let mut seen = 0;
        let mut path = "/finance/exceptions".to_owned();
        for _ in 0..3 {
            finance.get(&path);
            seen += finance.page.matches("data-row").count();
            let next =
                finance.page.split("rel=\"next\" href=\"").nth(1).map(|rest| rest.split('"').next().unwrap());
            path = next.unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&");
        }
        assert_eq!((seen, path.as_str()), (120, ""), "each once, and the last page is the last");

        // Who wants shorter or longer pages says so; the pages behind are as long.
        for (size, pages) in [("25", vec![25, 25]), ("100", vec![100, 20]), ("7", vec![50, 50])] {
            let mut path = format!("/finance/exceptions?state=open&size={size}");
            for expected in pages {
                finance.get(&path);
                assert_eq!(finance.page.matches("data-row").count(), expected, "{path}");
                let next = finance.page.split("rel=\"next\" href=\"").nth(1);
                let next = next.map(|rest| rest.split('"').next().unwrap()).unwrap_or_default();
                path = next.replace("&amp;", "&").replace("&#38;", "&");
            }
        }
        // The board counts them all, however many they are.
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.tp", Scope::All);
        auditor.get("/finance");
        for count in ["120", "1020"] {
            auditor.sees(&format!("<td class=\"money\">{count}</td><td class=\"money\">0</td>"));
        }
        service.stop();
    });
}

#[test]
fn several_items_are_given_to_one_person_with_a_comment_and_the_list_stays_as_it_was_asked_for() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let owed: Vec<_> = (0..3).map(|_| world.raise(Dong(10_000))).collect();
        let items: Vec<New> = owed
            .iter()
            .map(|owed| New {
                unit,
                kind: Kind::Complaint,
                subject: Subject::Obligation(owed.id),
                account: Some(account),
                amount: Dong(1_000),
                opened_on: today(&world),
                detail: String::new(),
            })
            .collect();
        world.change(|tx, stamp| exception::open(tx, stamp, &items));
        let mut service = Service::start(&world);
        let Two { mut finance, .. } = staff(&world, &service);
        finance.get("/finance/exceptions?state=open&size=25");
        let form = finance
            .page
            .split("id=\"bulk\"")
            .nth(1)
            .and_then(|rest| rest.split("name=\"back\" value=\"").nth(1));
        let back = form.and_then(|rest| rest.split('"').next()).expect("the form says which list it is of");
        let back = back.replace("&#38;", "&");
        let to =
            finance.page.split("name=\"person\"").nth(1).and_then(|rest| rest.split("value=\"per_").nth(1));
        let to =
            format!("per_{}", to.and_then(|rest| rest.split('"').next()).expect("somebody may be chosen"));
        let ids: Vec<_> = world.exceptions(unit).into_iter().map(|item| item.id).collect();
        let names: Vec<String> = ids.iter().take(2).map(|id| format!("x.{id}")).collect();
        let fields = |reason: &'static str| {
            vec![
                (names[0].as_str(), "1"),
                (names[1].as_str(), "1"),
                ("back", back.as_str()),
                ("do", "assign"),
                ("owner", "approver"),
                ("person", to.as_str()),
                ("reason", reason),
            ]
        };
        assert_eq!(finance.post("/finance/exceptions/bulk", &fields("")).status, 400, "it says why");
        finance.sees(&format!("name=\"{}\" value=\"1\" checked", names[0]));
        finance.sees(&format!("<option value=\"{to}\" selected>"));
        let given = finance.post("/finance/exceptions/bulk", &fields("anh xem giúp trong ngày"));
        assert_eq!(
            (given.status, location(&given)),
            (303, "/finance/exceptions?state=open&size=25"),
            "{}",
            finance.page
        );
        let now = world.exceptions(unit);
        let of = |at: usize| {
            let item = now.iter().find(|item| item.id == ids[at]).expect("it is there");
            (item.owner.as_str(), item.assignee.map(|person| person.to_string()))
        };
        assert_eq!(of(0), ("approver", Some(to.clone())));
        assert_eq!(of(1), of(0));
        assert_eq!(of(2).1, None, "what was not ticked stays where it is");
        finance.get(&format!("/finance/exceptions/{}", ids[0]));
        finance.sees("anh xem giúp trong ngày");
        service.stop();
    });
}

#[test]
fn what_is_paid_in_part_is_cancelled_on_its_page_and_the_money_leads_to_a_refund() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let find = |kind: Kind| {
            let mut items = world.exceptions(world.ba_dinh.id).into_iter();
            items.find(|item| item.kind == kind).expect("it is asked about")
        };
        let part = find(Kind::Underpaid);
        let page = format!("/finance/exceptions/{}", part.id);
        let mut service = Service::start(&world);
        let Two { mut finance, mut approver } = staff(&world, &service);
        approver.get(&page);
        assert!(!approver.page.contains("value=\"cancel\""), "who approves cancels nothing");
        finance.get(&page);
        finance.sees("value=\"cancel\"");
        assert_eq!(finance.post(&page, &[("do", "cancel"), ("reason", " ")]).status, 400);
        assert_eq!(finance.post(&page, &[("do", "cancel"), ("reason", "hồ sơ đã rút")]).status, 303);
        let again = world.again(&owed);
        assert_eq!((again.state, again.allocated), (bienlai::obligation::State::Cancelled, Dong(0)));
        assert_eq!(find(Kind::Underpaid).state, exception::State::Resolved, "nobody waits for the rest");
        let surplus = find(Kind::LatePayment);
        assert_eq!((surplus.amount, surplus.state), (Dong(10_000), exception::State::Open));
        finance.get(&format!("/finance/exceptions/{}", surplus.id));
        finance.sees("refund-start");
        finance.get(&page);
        assert_eq!(finance.post(&page, &[("do", "cancel"), ("reason", "lần nữa")]).status, 400);
        service.stop();
    });
}

#[test]
fn why_an_item_ended_by_itself_is_told_in_the_readers_language() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(10_000)).settle();
        let item = world.exceptions(owed.unit).remove(0);
        world.claim(&owed, Dong(15_000)).settle();
        let mut service = Service::start(&world);
        let Two { mut finance, .. } = staff(&world, &service);
        finance.get(&format!("/finance/exceptions/{}", item.id));
        finance.sees("đã nộp đủ");
        assert!(!finance.page.contains("paid in full"), "{}", finance.page);
        service.stop();
    });
}
