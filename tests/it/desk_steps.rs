//! More of the desks in the browser: a refund that staff start, cash on its way to the bank, the queue by
//! filters and many at once, and what stands beside an item.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::correction::Kind as CorrectionKind;
use bienlai::exception::State;
use bienlai::party::Payer;
use bienlai::payment::book::Method;
use bienlai::payment::refund::{self, Ask};

use crate::cards;
use crate::corrections::{corrected, fee, person};
use crate::refunds::{overpaid, statement, today};
use crate::remittances::shown;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database, tools};

fn sit(world: &World, service: &Service, role: Role, name: &str) -> Visitor {
    seated(world, service.address, role, name, Scope::unit(world.ba_dinh.id))
}

#[test]
fn staff_start_a_refund_on_a_page_and_what_was_typed_comes_back_with_an_error() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world).to_string();
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/refunds");
        finance.sees("/finance/refund-start");
        finance.get(&format!("/finance/refund-start?payment={payment}&amount=5000"));
        finance.sees(&format!("value=\"{payment}\""));
        finance.sees("Thừa, còn hoàn được</dt><dd>5.000 đ");
        let key = finance.value("key").unwrap();
        let (of, why) = (("payment", payment.as_str()), ("reason", "nộp thừa"));
        let too_much = [("key", key.as_str()), of, ("amount", "9.000"), why];
        assert_eq!(finance.post("/finance/refund-start", &too_much).status, 400);
        finance.sees("value=\"9.000\"");
        finance.sees("value=\"nộp thừa\"");
        let right = [("key", key.as_str()), of, ("amount", "5.000"), why];
        let made = finance.post("/finance/refund-start", &right);
        assert_eq!(made.status, 303, "{}", finance.page);
        finance.get(location(&made));
        finance.sees("5.000");
        assert_eq!(world.words("SELECT state AS t FROM refund"), ["requested"]);
        service.stop();
    });
}

#[test]
fn a_refund_of_a_part_is_asked_for_once_however_often_its_form_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world).to_string();
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get(&format!("/finance/refund-start?payment={payment}&amount=1000"));
        let key = finance.value("key").unwrap();
        let form = |amount: &'static str| {
            [("key", key.as_str()), ("payment", payment.as_str()), ("amount", amount), ("reason", "nộp thừa")]
        };
        let made = finance.post("/finance/refund-start", &form("1.000"));
        assert_eq!(made.status, 303, "{}", finance.page);
        let again = finance.post("/finance/refund-start", &form("1.000"));
        assert_eq!(location(&again), location(&made), "the first answer");
        assert_eq!(world.words("SELECT state AS t FROM refund"), ["requested"]);
        // Behind the back button, with another sum: only a press of its own asks for more.
        assert_eq!(finance.post("/finance/refund-start", &form("2.000")).status, 400);
        finance.sees("Biểu mẫu này đã lập một đề nghị hoàn tiền rồi");
        assert_eq!(world.count("refund"), 1);
        let fresh = finance.value("key").unwrap();
        let more =
            [("key", fresh.as_str()), ("payment", &payment), ("amount", "2.000"), ("reason", "nộp thừa")];
        assert_eq!(finance.post("/finance/refund-start", &more).status, 303, "{}", finance.page);
        assert_eq!(world.count("refund"), 2);
        service.stop();
    });
}

#[test]
fn a_refund_begins_with_the_account_that_sent_the_money_and_shows_whose_it_was() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0).book(30_000, &memo, "U1");
        statement(&world, file.sent_from("0123456789"));
        world.seal();
        let payment = world.payments(&world.ba_dinh).remove(0).id.to_string();
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        let seen = "audit_entry WHERE action = 'line.texts_seen'";
        finance.get(&format!("/finance/refund-start?payment={payment}&amount=5000"));
        finance.sees("value=\"0123456789\"");
        assert_eq!(world.count(seen), 1, "that it was shown stands in the trail");
        let mut other =
            seated(&world, service.address, Role::Finance, "ketoan.khac", Scope::unit(world.tay_ho.id));
        other.get(&format!("/finance/refund-start?payment={payment}&amount=5000"));
        assert!(!other.page.contains("0123456789"), "another unit's payer");
        finance.sees(&owed.dossier_code);
        // As the page filled it in: the line names no bank, and that is asked for before the approval.
        let (account, holder) =
            (finance.value("sent_account_no").unwrap(), finance.value("sent_holder").unwrap());
        let key = finance.value("key").unwrap();
        let asked = [
            ("key", key.as_str()),
            ("payment", payment.as_str()),
            ("amount", "5.000"),
            ("reason", "nộp thừa"),
            ("bank", ""),
            ("account_no", &account),
            ("holder", &holder),
            ("sent_account_no", &account),
            ("sent_holder", &holder),
        ];
        let made = finance.post("/finance/refund-start", &asked);
        assert_eq!(made.status, 303, "{}", finance.page);
        let mut approver = sit(&world, &service, Role::Approver, "duyet.mau");
        approver.get("/duties");
        approver.sees("Chưa có tài khoản nhận tiền hoàn");
        approver.sees(&owed.dossier_code);
        approver.get(location(&made));
        approver.sees("Nguyễn Thị Thử");
        // A bank is one of the list; each step names who took it.
        finance.get(location(&made));
        finance.sees("<option value=\"970432\">VPBank (970432)</option>");
        let step = format!("{}/step", location(&made));
        let named = |bank: &'static str| {
            [("do", "name"), ("bank", bank), ("account_no", "0123456789"), ("holder", "NGUYEN THI THU")]
        };
        assert_eq!(finance.post(&step, &named("xyz gì đó")).status, 400);
        finance.sees("Không có ngân hàng này trong danh sách");
        // Everything that is wrong is told, in the order of the form.
        let nothing = [("do", "name"), ("bank", "xyz gì đó"), ("account_no", "?"), ("holder", "")];
        assert_eq!(finance.post(&step, &nothing).status, 400);
        let at =
            |field: &str| finance.page.find(&format!("href=\"#{field}\"")).expect("a fault of the field");
        assert!(at("bank") < at("account_no") && at("account_no") < at("holder"), "{}", finance.page);
        assert_eq!(finance.post(&step, &named("970432")).status, 303, "{}", finance.page);
        approver.get(location(&made));
        approver.sees("VPBank (970432)");
        approver.sees("chưa so được ngân hàng");
        approver.sees("Người ketoan.mau");
        approver.sees(&format!("href=\"/r/{}\"", world.receipts(&owed)[0].lookup_code));
        // Where it waits for a decision it says whether it goes back to where its money came from, not the account.
        approver.get("/duties");
        approver.sees("trùng số tài khoản đã chuyển tiền");
        let elsewhere =
            [("do", "name"), ("bank", "970432"), ("account_no", "0987654321"), ("holder", "NGUYEN THI THU")];
        finance.get(location(&made));
        assert_eq!(finance.post(&step, &elsewhere).status, 303, "{}", finance.page);
        approver.get("/duties");
        approver.sees("khác tài khoản đã chuyển tiền: phải xác minh");
        assert!(!approver.page.contains("0987654321"), "seeing the account itself leaves a trace");
        service.stop();
    });
}

#[test]
fn what_was_paid_by_card_goes_back_to_the_card_and_waits_for_no_account() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let taken = world.take(&owed, Dong(25_000), Method::Card).unwrap();
        cards::slip(&world, taken.payment, "A00001").unwrap();
        world.seal();
        cards::batch(&world, "POS000001", 0, &[cards::sale("A00001")]).unwrap();
        cards::shown(&world, 0, 25_000, "POS000001");
        let receipt = world.receipts(&owed).remove(0);
        let amended = corrected(&world, &receipt, CorrectionKind::Replace, vec![fee("HT-01", 20_000)]);
        let mut service = Service::start(&world);
        let mut approver = sit(&world, &service, Role::Approver, "duyet.mau");
        for page in [format!("/finance/refunds/{}", amended.refunds[0]), "/duties".to_owned()] {
            approver.get(&page);
            approver.sees("tiền trả lại vào thẻ");
            approver.sees("value=\"approve\"");
            assert!(!approver.page.contains("Chưa có tài khoản nhận tiền hoàn"), "{page}");
        }
        service.stop();
    });
}

#[test]
fn refunds_stand_newest_first_by_state_with_their_payer_fifty_on_a_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let clerk = person(world.ba_dinh.id, world.clerk, Role::Finance);
        let mut codes = Vec::new();
        for _ in 0..52 {
            let owed = world.raise(Dong(1_000));
            world.claim(&owed, Dong(3_000)).settle();
            let payment = world.payments(&world.ba_dinh).into_iter().map(|one| one.id).max().unwrap();
            let ask = Ask {
                unit: world.ba_dinh.id,
                payment,
                amount: Dong(1_000),
                reason: "nộp thừa".into(),
                payee: None,
            };
            let made = world.change(|tx, stamp| refund::request(tx, stamp, &clerk, &ask));
            codes.push(made.reference_code);
        }
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/refunds");
        finance.sees("Nguyễn Thị Thử");
        assert!(finance.page.contains(&codes[51]) && finance.page.contains(&codes[2]), "the newest fifty");
        assert!(!finance.page.contains(&codes[1]), "the others are one press away");
        let at = finance.page.find("before=rfd_").expect("a next page");
        let next: String = finance.page[at..].chars().take_while(|c| *c != '"').collect();
        finance.get(&format!("/finance/refunds?state=open&{next}"));
        assert!(finance.page.contains(&codes[0]) && finance.page.contains(&codes[1]));
        assert!(!finance.page.contains(&codes[2]));
        finance.get("/finance/refunds?state=debited");
        finance.sees("Không có phiếu hoàn tiền nào ở trạng thái này.");
        let mut auditor = sit(&world, &service, Role::Auditor, "kiemtoan.mau");
        auditor.get("/finance/refunds");
        assert!(!auditor.page.contains("Nguyễn Thị Thử"), "auditors see no names");
        service.stop();
    });
}

#[test]
fn a_cashier_takes_money_to_the_bank_with_a_slip_that_has_its_code() {
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
        cashier.get("/counter/deposit");
        cashier.sees("25.000");
        let name = format!("d.{shift}");
        assert_eq!(cashier.post("/counter/deposit", &[(name.as_str(), "30.000")]).status, 400);
        cashier.sees("value=\"30.000\"");
        cashier.is_told("deposit_beyond_drawer");
        cashier.sees(&format!("href=\"#{name}\""));
        assert_eq!(cashier.post("/counter/deposit", &[(name.as_str(), "20.000")]).status, 303);
        cashier.get("/counter/deposit");
        let code = world.words("SELECT reference_code AS t FROM deposit_slip").remove(0);
        cashier.sees(&format!("{code} NOP TIEN MAT"));
        cashier.sees("20.000");
        let mut other = sit(&world, &service, Role::Cashier, "thungan.hai");
        other.get("/counter/deposit");
        assert!(!other.page.contains(&code), "another cashier's");
        service.stop();
    });
}

#[test]
fn the_queue_is_filtered_and_many_proposals_are_approved_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        shown(&world, 0, 9_000, "khong ro mot");
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let mut service = Service::start(&world);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        let item =
            world.look(|conn| bienlai::exception::list(conn, world.ba_dinh.id, Some(State::Open), None, 10));
        let item = item.iter().find(|item| item.amount == Dong(9_000)).expect("money in suspense").clone();
        let account = world.ba_dinh.account;
        for good in [
            format!("unit=00004&kind={}", item.kind.as_str()),
            format!("account={account}&owner={}", item.owner),
            "age=0".to_owned(),
        ] {
            finance.get(&format!("/finance/exceptions?{good}"));
            finance.sees(&item.id.to_string());
        }
        for other in ["kind=complaint", "owner=administrator", "age=30"] {
            finance.get(&format!("/finance/exceptions?{other}"));
            assert!(!finance.page.contains(&item.id.to_string()), "{other}");
        }
        let beside = format!("/finance/exceptions/{}/beside", item.id);
        finance.get(&format!("/finance/exceptions/{}", item.id));
        finance.sees(&beside);
        finance.get(&beside);
        finance.sees("Đơn vị đang chờ đúng số tiền này");
        let asked = finance.post(&beside, &[("do", "letter"), ("question", "Ai chuyển khoản tiền này?")]);
        assert_eq!(asked.status, 303, "{}", finance.page);
        finance.get(&beside);
        finance.sees("Ai chuyển khoản tiền này?");
        let at = finance.page.find("/finance/letters/").expect("a letter");
        let file = finance.page[at..].split('"').next().unwrap().to_owned();
        assert!(finance.get(&file).body.starts_with(b"%PDF"));
        let wrong = [("do", "assign"), ("owner", "nobody"), ("reason", "giao lại")];
        assert_eq!(finance.post(&beside, &wrong).status, 400);
        finance.sees("value=\"giao lại\"");
        let nobody = [
            ("do", "assign"),
            ("owner", "approver"),
            ("person", "per_0000000000077"),
            ("reason", "giao lại"),
        ];
        assert_eq!(finance.post(&beside, &nobody).status, 400, "{}", finance.page);
        finance.is_told("person_not_found");
        let given = [("do", "assign"), ("owner", "approver"), ("reason", "giao lại")];
        assert_eq!(finance.post(&beside, &given).status, 303, "{}", finance.page);

        let target = world.raise(Dong(9_000));
        let box_name = format!("x.{}", item.id);
        finance.get("/finance/exceptions");
        let propose = |resolution: &'static str| {
            [
                (box_name.clone(), "1".to_owned()),
                ("do".to_owned(), "propose".to_owned()),
                ("resolution".to_owned(), resolution.to_owned()),
                ("target".to_owned(), target.reference_code.to_string()),
                ("reason".to_owned(), "người nộp xác nhận".to_owned()),
            ]
        };
        let fields = propose("assign");
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(finance.post("/finance/exceptions/bulk", &fields).status, 303, "{}", finance.page);
        let approve = [(box_name.as_str(), "1"), ("do", "approve")];
        finance.get("/finance/exceptions");
        assert_eq!(finance.post("/finance/exceptions/bulk", &approve).status, 400, "its maker");
        finance.sees(&format!("name=\"{box_name}\" value=\"1\" checked"));
        let mut chief = sit(&world, &service, Role::Approver, "duyet.mau");
        chief.get("/finance/exceptions");
        assert_eq!(chief.post("/finance/exceptions/bulk", &approve).status, 303, "{}", chief.page);
        let now = world.look(|conn| bienlai::exception::find(conn, world.ba_dinh.id, item.id));
        assert_eq!(now.state, State::Resolved);
        service.stop();
    });
}

#[test]
fn a_complaint_is_taken_down_on_a_page_and_waits_in_the_queue() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.mau");
        cashier.get("/counter/complaints");
        let unknown = [("subject", "HNXX"), ("way", "phone"), ("words", "chưa nhận được biên lai")];
        assert_eq!(cashier.post("/counter/complaints", &unknown).status, 400);
        cashier.sees("chưa nhận được biên lai</textarea>");
        // A dossier that owes twice does not say which of the two it is about.
        let dossier = owed.dossier_code.as_str();
        let second = world.raise(Dong(10_000)).id.0;
        let mut owner = world.database.as_owner();
        tools::unguarded(&mut owner, world.database.product, "obligation");
        let same = format!("UPDATE obligation SET dossier_code = '{dossier}' WHERE id = {second}");
        tools::run(&mut owner, &same).unwrap();
        let either = [("subject", dossier), ("way", "phone"), ("words", "chưa nhận được biên lai")];
        assert_eq!(cashier.post("/counter/complaints", &either).status, 400);
        cashier.is_told("complaint_subject_several");
        let code = owed.reference_code.to_string();
        let known = [("subject", code.as_str()), ("way", "phone"), ("words", "chưa nhận được biên lai")];
        assert_eq!(cashier.post("/counter/complaints", &known).status, 200, "{}", cashier.page);
        let item = world.words("SELECT subject_kind AS t FROM exception");
        assert_eq!(item, ["obligation"]);
        let mut finance = sit(&world, &service, Role::Finance, "ketoan.mau");
        finance.get("/finance/exceptions?kind=complaint");
        finance.sees("/finance/exceptions/exc_");
        service.stop();
    });
}

#[test]
fn a_search_that_may_have_stopped_before_the_right_person_says_so() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let namesake = || Payer { name: Some("Nguyễn Thị Hương".into()), ..Payer::default() };
        for _ in 0..29 {
            world.raise_for(namesake(), Dong(25_000));
        }
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.mot");
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "nguyễn thị hương")]);
        assert!(!cashier.page.contains("Có thể còn nữa"), "all of them stand there");
        world.raise_for(namesake(), Dong(25_000));
        cashier.post("/counter/search", &[("q", "nguyễn thị hương")]);
        cashier.sees("Có thể còn nữa");
        service.stop();
    });
}

#[test]
fn a_desk_whose_difference_waits_for_another_person_is_not_asked_to_open_a_shift() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.badinh");
        cashier.get("/counter/shift");
        assert_eq!(cashier.post("/counter/shift/open", &[("n10000", "5")]).status, 303);
        cashier.get("/counter/shift");
        let shift = cashier.value("shift").unwrap();
        let short = [("shift", shift.as_str()), ("n10000", "4"), ("differs", "40000")];
        assert_eq!(cashier.post("/counter/shift/close", &short).status, 303, "{}", cashier.page);
        cashier.get("/counter");
        cashier.sees("chờ người khác xác nhận");
        assert!(!cashier.page.contains("Chưa mở ca thu"), "it cannot be opened yet");
        let (one, other) = (world.raise(Dong(25_000)).id, world.raise(Dong(9_000)).id);
        for page in [format!("/counter/obligations/{one}"), format!("/counter/together?o={one}&o={other}")] {
            cashier.get(&page);
            cashier.sees("chờ người khác xác nhận");
            assert!(!cashier.page.contains("Chưa mở ca thu"), "{page}");
        }
        service.stop();
    });
}

#[test]
fn a_code_of_another_unit_is_told_from_one_that_nobody_has() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let there = world.raise_at(&world.tay_ho, Dong(99_000));
        let mut service = Service::start(&world);
        let mut cashier = sit(&world, &service, Role::Cashier, "thungan.badinh");
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", there.reference_code.as_str())]);
        cashier.sees("Mã này thuộc đơn vị khác: Ủy ban nhân dân phường Tây Hồ");
        let id = there.id.to_string();
        for kept in ["Không tìm thấy", "99.000", id.as_str()] {
            assert!(!cashier.page.contains(kept), "{kept}: {}", cashier.page);
        }
        cashier.post("/counter/search", &[("q", "Không Có Ai")]);
        cashier.sees("Không tìm thấy");
        service.stop();
    });
}
