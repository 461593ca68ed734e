//! People without a dossier, several obligations at once, corrections and the waiting room, as a
//! cashier works them; and every way in which money could be taken twice there.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::correction::{self, Ask, Kind};
use bienlai::exception;
use bienlai::obligation::Obligation;
use bienlai::party::Payer;
use bienlai::payment::book::Method;
use bienlai::tariff::edition;

use crate::corrections::{approve, ask, corrected, request};
use crate::documents::{BOTH, fee_and_service, open_invoices};
use crate::refunds::statement;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::visitor::{Visitor, location, seated};
use crate::support::world::line;
use crate::support::{World, each_database};

pub fn with_tariff(world: &World) {
    let text = include_str!("../../fixtures/tariff/hanoi.toml");
    world.change(|tx, stamp| edition::store_first(tx, stamp, &Actor::system(), text)).expect("it is good");
}

/// A cashier of Ba Đình with an open shift.
pub fn desk(world: &World, service: &Service) -> Visitor {
    let unit = Scope::unit(world.ba_dinh.id);
    let mut cashier = seated(world, service.address, Role::Cashier, "thungan.badinh", unit);
    cashier.get("/counter/shift");
    assert_eq!(cashier.post("/counter/shift/open", &[]).status, 303);
    cashier
}

#[test]
fn a_walk_in_pays_for_pages_and_copies_and_gets_a_dossier_later() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        with_tariff(&world);
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get("/counter/walk-in");
        cashier.sees("Chưa chọn khoản thường dùng");
        cashier.get("/counter/favourites");
        let chosen = [("i.chung_thuc_ban_sao", "1"), ("i.chung_thuc_chu_ky", "1")];
        assert_eq!(cashier.post("/counter/favourites", &chosen).status, 303);
        cashier.get("/counter/favourites");
        let all: Vec<String> = cashier
            .page
            .split("name=\"i.")
            .skip(1)
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect();
        assert!(all.len() > 12, "the tariff has more than a screen holds: {}", all.len());
        let names: Vec<String> = all.iter().map(|code| format!("i.{code}")).collect();
        let too_many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(cashier.post("/counter/favourites", &too_many).status, 400);
        cashier.sees("Nhiều nhất 12");

        cashier.get("/counter/walk-in");
        cashier.sees("Phí chứng thực bản sao");
        let key = cashier.value("key").unwrap();
        let wrong = [
            ("key", key.as_str()),
            ("do", "price"),
            ("pages.chung_thuc_ban_sao", "ba"),
            ("name", "Lê Thị Mẫu"),
        ];
        assert_eq!(cashier.post("/counter/walk-in", &wrong).status, 400);
        cashier.sees("value=\"ba\"");
        cashier.sees("value=\"Lê Thị Mẫu\"");
        // Five pages: two at 2.000, three at 1.000; three copies.
        let form = |action: &'static str| {
            vec![
                ("key", key.as_str()),
                ("do", action),
                ("pages.chung_thuc_ban_sao", "5"),
                ("copies.chung_thuc_ban_sao", "3"),
                ("name", "Lê Thị Mẫu"),
                ("address", "Số 3 ngõ Mẫu"),
            ]
        };
        assert_eq!(cashier.post("/counter/walk-in", &form("price")).status, 200);
        cashier.sees("21.000 đ");
        assert_eq!(world.count("obligation"), 0, "a price stores nothing");
        let first = cashier.post("/counter/walk-in", &form("raise"));
        assert_eq!(first.status, 303, "{}", cashier.page);
        let again = cashier.post("/counter/walk-in", &form("raise"));
        assert_eq!(location(&first), location(&again), "a double click raises once");
        assert_eq!(world.count("obligation"), 1);

        let page = location(&first).to_owned();
        cashier.get(&page);
        cashier.sees("QUAY-");
        let key = cashier.value("key").unwrap();
        let taking = [("amount", "21000"), ("method", "cash"), ("key", key.as_str())];
        let taken = cashier.post(&format!("{page}/take"), &taking);
        assert_eq!(taken.status, 303, "{}", cashier.page);
        cashier.get(location(&taken));
        let linked = cashier.post(&format!("{page}/dossier"), &[("dossier", "H26.1-261127-0009")]);
        assert_eq!(linked.status, 303);
        cashier.get(&page);
        cashier.sees("H26.1-261127-0009");
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "H26.1-261127-0009")]);
        cashier.sees("QUAY-");

        // Raised by mistake: the desk takes it back, and asks nobody for it again.
        cashier.get("/counter/walk-in");
        let key = cashier.value("key").unwrap();
        let mistaken = [
            ("key", key.as_str()),
            ("do", "raise"),
            ("pages.chung_thuc_ban_sao", "50"),
            ("copies.chung_thuc_ban_sao", "3"),
            ("name", "Lê Thị Mẫu"),
        ];
        let raised = cashier.post("/counter/walk-in", &mistaken);
        let mistaken = location(&raised).to_owned();
        cashier.get(&mistaken);
        assert_eq!(cashier.post(&format!("{mistaken}/withdraw"), &[("reason", " ")]).status, 400);
        let back = cashier.post(&format!("{mistaken}/withdraw"), &[("reason", "nhập 50 trang, đúng là 5")]);
        assert_eq!(back.status, 303, "{}", cashier.page);
        cashier.get(&mistaken);
        cashier.sees("Đã hủy");
        assert!(!cashier.page.contains("Đã nhận tiền mặt"), "{}", cashier.page);
        cashier.get(&page);
        assert_eq!(
            cashier.post(&format!("{page}/withdraw"), &[("reason", "nhầm")]).status,
            400,
            "it is paid"
        );
        let of_dossier = format!("/counter/obligations/{}", world.raise(Dong(25_000)).id);
        cashier.get(&of_dossier);
        assert_eq!(cashier.post(&format!("{of_dossier}/withdraw"), &[("reason", "nhầm")]).status, 400);
        cashier.sees("Chỉ hủy tại quầy được khoản do quầy lập");
        service.stop();
    });
}

fn together(ids: &[&Obligation]) -> String {
    let list: Vec<String> = ids.iter().map(|owed| format!("o={}", owed.id)).collect();
    format!("/counter/together?{}", list.join("&"))
}

#[test]
fn several_obligations_are_taken_together_all_or_none_and_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (one, two, three) =
            (world.raise(Dong(25_000)), world.raise(Dong(8_000)), world.raise(Dong(5_000)));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", "nguyen thi thu")]);
        cashier.sees("Thu các khoản đã chọn");
        cashier.get(&together(&[&one, &two]));
        cashier.sees("33.000 đ");
        let key = cashier.value("key").unwrap();
        let csrf = cashier.value("csrf").unwrap();
        let (first, second) = (format!("o.{}", one.id), format!("o.{}", two.id));
        let form = |tendered: &'static str, key: &str| -> Vec<(String, String)> {
            [
                ("csrf", csrf.as_str()),
                ("key", key),
                (first.as_str(), "25000"),
                (second.as_str(), "8000"),
                ("tendered", tendered),
                ("method", "cash"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
        };
        let origin = format!("http://{}", service.address);
        let send = |who: &mut Visitor, fields: &[(String, String)]| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            who.post_from(&origin, "/counter/together/take", &fields)
        };
        assert_eq!(send(&mut cashier, &form("30.000", &key)).status, 400);
        cashier.sees("ít hơn số phải nộp");
        assert_eq!(world.count("payment"), 0);
        // Six tabs with two forms press at the same moment.
        let (cookies, address) = (cashier.cookies.clone(), service.address);
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let tabs: Vec<_> = (0..6)
                .map(|n| {
                    let (form, cookies, send) = (&form, cookies.clone(), &send);
                    scope.spawn(move || {
                        let mut tab = Visitor::at(address);
                        tab.cookies = cookies;
                        send(&mut tab, &form("50.000", if n % 2 == 0 { "a0" } else { "b1" })).status
                    })
                })
                .collect();
            tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
        });
        assert!(answers.contains(&303), "{answers:?}");
        assert_eq!(world.count("payment"), 2, "one for each, once: {answers:?}");
        assert_eq!(world.count("receipt"), 2);
        let back = send(&mut cashier, &form("50.000", "a0"));
        assert_eq!(back.status, 303, "the back button");
        cashier.get(location(&back));
        let change = "SELECT CAST(tendered - due AS TEXT) AS t FROM cash_tendered";
        assert_eq!(world.words(change), ["17000", "17000"], "of all that was taken at once");
        assert_eq!(world.count("payment"), 2);

        // One of them came by transfer meanwhile: none is taken.
        let four = world.raise(Dong(9_000));
        cashier.get(&together(&[&three, &four]));
        let key = cashier.value("key").unwrap();
        world.claim(&four, Dong(9_000)).settle();
        let (third, fourth) = (format!("o.{}", three.id), format!("o.{}", four.id));
        let fields =
            [("key", key.as_str()), (third.as_str(), "5000"), (fourth.as_str(), "9000"), ("method", "cash")];
        let late = cashier.post("/counter/together/take", &fields);
        assert_eq!(late.status, 303);
        cashier.get(location(&late));
        cashier.sees("không ghi nhận tiền nào");
        cashier.sees("5.000 đ");
        assert_eq!(world.again(&three).state.as_str(), "raised");
        service.stop();
    });
}

#[test]
fn todays_list_leads_to_a_correction_and_the_waiting_room_sees_four_signs() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let foreign = world.raise_at(&world.tay_ho, Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&format!("{page}/guide"));
        cashier.sees("Nộp bằng điện thoại");
        assert_eq!(cashier.get(&format!("{page}/confirmation")).status, 303, "nothing was taken yet");
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        cashier.post(&format!("{page}/take"), &[("amount", "25000"), ("method", "cash"), ("key", &key)]);
        cashier.get(&format!("{page}/confirmation"));
        cashier.sees("Đây không phải biên lai");
        assert_eq!(cashier.get(&format!("{page}/guide")).status, 303, "it is paid");
        world.seal();

        cashier.get("/counter/screen");
        let last: String =
            owed.dossier_code.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        cashier.sees(&format!("…{last}"));
        cashier.sees("25.000 đ");
        assert!(!cashier.page.contains("Nguyễn Thị Thử") && !cashier.page.contains(&owed.dossier_code));

        cashier.get("/counter");
        cashier.sees(&format!("{page}/correct"));
        cashier.get(&format!("{page}/correct"));
        let receipt = world.receipts(&owed).remove(0).id.to_string();
        let today = world.now().business_day().to_string();
        let form = |about: &'static str| {
            vec![
                ("receipt", receipt.as_str()),
                ("edition", "0"),
                ("kind", "cancel"),
                ("reason", "thu nhầm người"),
                ("number", "05/BB"),
                ("on", today.as_str()),
                ("about", about),
            ]
        };
        assert_eq!(cashier.post(&format!("{page}/correct"), &form("")).status, 400);
        cashier.sees("value=\"thu nhầm người\"");
        for typed in [("l.0.0", "20000"), ("name", "Nguyễn Thị Mẫu")] {
            let more = [form("hủy biên lai"), vec![typed]].concat();
            assert_eq!(cashier.post(&format!("{page}/correct"), &more).status, 400);
            cashier.is_told("correction_cancel_whole");
        }
        assert_eq!(world.count("correction"), 0);
        let asked = cashier.post(&format!("{page}/correct"), &form("hủy biên lai"));
        assert_eq!(asked.status, 303, "{}", cashier.page);
        cashier.get(&format!("{page}/correct"));
        cashier.sees("Chờ người khác duyệt");
        assert_eq!(world.receipts(&owed)[0].state, "signed", "asking changes nothing");
        for part in ["correct", "guide", "confirmation"] {
            let other = format!("/counter/obligations/{}/{part}", foreign.id);
            assert_eq!(cashier.get(&other).status, 404, "{other}");
        }
        service.stop();
    });
}

#[test]
fn two_lines_of_one_item_are_corrected_each_for_itself() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let of = |amount| line("HT-01", "le_phi", "receipt", Dong(amount));
        let owed = world.raise_lines(&world.ba_dinh, vec![of(10_000), of(2_000)]);
        world.take(&owed, Dong(12_000), Method::Cash).unwrap();
        world.seal();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}/correct", owed.id);
        cashier.get(&page);
        cashier.sees("name=\"l.0.0\" class=\"short\" value=\"10000\"");
        cashier.sees("name=\"l.0.1\" class=\"short\" value=\"2000\"");
        let receipt = world.receipts(&owed).remove(0).id.to_string();
        let today = world.now().business_day().to_string();
        let form = [
            ("receipt", receipt.as_str()),
            ("kind", "adjust"),
            ("reason", "tính nhầm"),
            ("number", "06/BB"),
            ("on", today.as_str()),
            ("about", "thỏa thuận về sai sót"),
            ("edition", "0"),
            ("l.0.0", "10000"),
            ("l.0.1", "1500"),
        ];
        assert_eq!(cashier.post(&page, &form).status, 303, "{}", cashier.page);
        let sums =
            "SELECT CAST(old_amount AS TEXT) || ' → ' || CAST(new_amount AS TEXT) AS t FROM correction";
        assert_eq!(world.words(sums), ["12000 → 11500"]);
        service.stop();
    });
}

#[test]
fn whoever_cancels_another_document_than_the_last_sends_the_payer_that_the_form_shows() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        world.take(&owed, BOTH, Method::Cash).unwrap();
        world.seal();
        let documents = world.receipts(&owed);
        let shown = world.look(|conn| correction::payer_shown(conn, owed.unit, documents[1].id));
        let payer = Payer { tax_code: Some("9900000009".to_owned()), ..shown };
        let wanted = Ask {
            payer: Some(payer),
            ..ask(&documents[1], Kind::Replace, vec![fee_and_service().remove(1)])
        };
        approve(&world, &request(&world, &wanted).unwrap()).unwrap();
        world.seal();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}/correct", owed.id);
        cashier.get(&page);
        cashier.sees("name=\"tax_code\" class=\"short\" value=\"9900000009\"");
        let untouched = ["name", "address", "edition"]
            .map(|name| (name, cashier.value(name).expect("the form shows it")));
        let (receipt, today) = (documents[0].id.to_string(), world.now().business_day().to_string());
        let mut form: Vec<(&str, &str)> =
            untouched.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.extend([
            ("tax_code", "9900000009"),
            ("receipt", receipt.as_str()),
            ("kind", "cancel"),
            ("reason", "thu nhầm người"),
            ("number", "08/BB"),
            ("on", today.as_str()),
            ("about", "hủy biên lai"),
        ]);
        assert_eq!(cashier.post(&page, &form).status, 303, "{}", cashier.page);
        assert_eq!(world.count("correction"), 2);
        service.stop();
    });
}

#[test]
fn lines_that_changed_while_the_form_was_open_are_not_corrected_by_their_old_place() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let of = |amount| line("HT-01", "le_phi", "receipt", Dong(amount));
        let owed = world.raise_lines(&world.ba_dinh, vec![of(10_000), of(2_000)]);
        world.take(&owed, Dong(12_000), Method::Cash).unwrap();
        world.seal();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}/correct", owed.id);
        cashier.get(&page);
        let edition = cashier.value("edition").expect("the form says which lines it is about");
        let receipt = world.receipts(&owed).remove(0);
        // Meanwhile the first line is taken off by others: the second one stands in its place.
        corrected(&world, &receipt, Kind::Adjust, vec![of(2_000)]);
        let (receipt, today) = (receipt.id.to_string(), world.now().business_day().to_string());
        let form = [
            ("receipt", receipt.as_str()),
            ("kind", "adjust"),
            ("reason", "khách báo thiếu trang"),
            ("number", "07/BB"),
            ("on", today.as_str()),
            ("about", "thỏa thuận về sai sót"),
            ("edition", edition.as_str()),
            ("l.0.0", "9000"),
            ("l.0.1", "2000"),
        ];
        assert_eq!(cashier.post(&page, &form).status, 409, "{}", cashier.page);
        cashier.is_told("correction_lines_changed");
        for seen in [
            "value=\"khách báo thiếu trang\"",
            "<dd>9000</dd>",
            "name=\"l.1.0\" class=\"short\" value=\"2000\"",
        ] {
            cashier.sees(seen);
        }
        assert_eq!(cashier.value("edition").as_deref(), Some("1"), "the form is about the lines in force");
        assert_eq!(world.count("correction"), 1, "nothing was asked for by the old place");
        service.stop();
    });
}

#[test]
fn the_change_is_what_was_recorded_and_no_address_says_another() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&page);
        let key = cashier.value("key").unwrap();
        let form = [("amount", "25000"), ("tendered", "50.000"), ("method", "cash"), ("key", &key)];
        let taken = location(&cashier.post(&format!("{page}/take"), &form)).to_owned();
        cashier.get(&taken);
        cashier.sees("Tiền trả lại: 25.000 đ");
        assert_eq!(world.words("SELECT CAST(tendered AS TEXT) AS t FROM cash_tendered"), ["50000"]);
        for forged in ["?taken=25000&tendered=500000", "?taken=pay_00000000000", ""] {
            cashier.get(&format!("{page}{forged}"));
            assert!(!cashier.page.contains("Tiền trả lại"), "{forged}");
        }
        let unit = Scope::unit(world.ba_dinh.id);
        let mut other = seated(&world, service.address, Role::Cashier, "thungan.khac", unit);
        other.get(&taken);
        assert!(!other.page.contains("Tiền trả lại"), "it is another drawer's");
        service.stop();
    });
}

#[test]
fn a_confirmation_names_who_took_the_money_and_not_who_prints_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (cash, transfer) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        world.take(&cash, Dong(25_000), bienlai::payment::book::Method::Cash).unwrap();
        world.claim(&transfer, Dong(25_000)).settle();
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let own = world.words("SELECT p.display_name AS t FROM person p JOIN login l ON l.person_id = p.id");
        for owed in [&cash, &transfer] {
            cashier.get(&format!("/counter/obligations/{}/confirmation", owed.id));
            let bytes = world.look(|conn| {
                bienlai::receipt::query::body(conn, owed.unit, world.receipts(owed).remove(0).id)
            });
            let recorded = bienlai::receipt::printed::read(&bytes).unwrap().collected_by;
            cashier.sees(&recorded);
            let named = format!("<dd>{}</dd></dl>", own.first().unwrap());
            assert!(!cashier.page.contains(&named), "who opens the page took nothing");
        }
        service.stop();
    });
}

#[test]
fn what_the_bank_took_back_under_a_receipt_is_offered_at_the_counter_and_taken_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", owed.reference_code);
        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 0).book(25_000, &memo, "FT26327001");
        statement(&world, file);
        statement(
            &world,
            BankFile::new(world.ba_dinh.account_no, today, 25_000).book(-25_000, &memo, "FT26327001"),
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [exception::Kind::BankReversal]);
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        for asked in ["nguyen thi thu", owed.reference_code.as_str()] {
            cashier.get("/counter");
            cashier.post("/counter/search", &[("q", asked)]);
            cashier.sees(&page);
            cashier.sees("Phải thu lại");
        }
        cashier.get(&page);
        cashier.sees("Ngân hàng đã rút lại tiền");
        let key = cashier.value("key").unwrap();
        let form = [("amount", "25000"), ("method", "cash"), ("key", key.as_str())];
        assert_eq!(cashier.post(&format!("{page}/take"), &form).status, 303, "{}", cashier.page);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        assert_eq!(world.receipts(&owed).len(), 1, "the receipt stands");
        cashier.get(&page);
        assert!(!cashier.page.contains("Ngân hàng đã rút lại tiền"), "it is covered");
        service.stop();
    });
}

#[test]
fn a_paper_leads_to_what_was_paid_and_a_wrong_name_to_a_notice_of_two_persons() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        // A receipt is cancelled without its money, which is another story's.
        world.stop_watching();
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", scope);
        let desk = format!("/counter/obligations/{}", owed.id);
        let number = format!("{} số {:07}", receipt.series, receipt.number);
        for paper in [number.as_str(), receipt.lookup_code.as_str(), owed.reference_code.as_str()] {
            cashier.get("/counter");
            cashier.post("/counter/search", &[("q", paper)]);
            cashier.sees(&desk);
        }
        let path = format!("{desk}/notice");
        let other = [("receipt", "rcp_0000000000007"), ("reason", "Sai tên người nộp")];
        cashier.get(&path);
        cashier.sees("Người nộp sẽ đọc nguyên văn lời này");
        assert_eq!(cashier.post(&path, &other).status, 400, "it is no document of this dossier");
        cashier.sees("value=\"Sai tên người nộp\"");
        let id = receipt.id.to_string();
        let (number, today) = ("12/TB-CCT", world.now().business_day().to_string());
        let half = [("receipt", id.as_str()), ("reason", "Sai tên người nộp"), ("demand_no", number)];
        assert_eq!(cashier.post(&path, &half).status, 400, "a notice of the office has a day");
        cashier.sees("value=\"12/TB-CCT\"");
        let made = cashier.post(&path, &[&half[..], &[("demand_on", today.as_str())][..]].concat());
        assert_eq!(made.status, 303, "{}", cashier.page);
        assert_eq!(world.count("filing"), 1);
        let kept = world.words("SELECT detail AS t FROM filing").remove(0);
        assert!(kept.contains("\"demand\":{\"number\":\"12/TB-CCT\""), "{kept}");
        cashier.get(location(&made));
        cashier.sees("Đã ghi nhận");
        cashier.get(&path);
        cashier.sees(&id);
        let system = bienlai::actor::Actor::system();
        world.change(|tx, stamp| {
            let unit = world.ba_dinh.id;
            bienlai::receipt::cancel::cancel(tx, stamp, &system, unit, receipt.id, "thử")
        });
        cashier.get(&path);
        assert!(!cashier.page.contains(&id), "of a cancelled one the notice would be refused");
        let back = cashier.get(&format!("{desk}/take"));
        assert_eq!(
            (back.status, location(&back)),
            (303, desk.as_str()),
            "who asks for a form's address sees its page"
        );
        service.stop();
    });
}
