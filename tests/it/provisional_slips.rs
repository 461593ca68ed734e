//! The morning without a network: slips printed beforehand, money collected on paper, entered and
//! countersigned afterwards, and a shift that does not close over a forgotten slip.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::ledger::Account;
use bienlai::payment::refund;

use crate::corrections::person;
use crate::support::judges::keeps_both_standards;
use crate::support::program::{Service, get};
use crate::support::visitor::{Visitor, header, location, seated};
use crate::support::{World, each_database};

/// The code on the slip of a number.
fn code(world: &World, number: i64) -> String {
    world.words(&format!("SELECT code AS t FROM provisional_slip WHERE slip_no = {number}")).remove(0)
}

#[test]
fn what_was_collected_on_paper_is_entered_countersigned_and_receipted_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", unit.clone());
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[]);
        cashier.get("/counter/slips");
        assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "100")]).status, 400);
        assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "7")]).status, 303);
        assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "3")]).status, 303);
        cashier.get("/counter/slips");
        cashier.sees("1–7");
        cashier.sees("8–10");
        let pad = cashier.page.split("/counter/slips/pad_").last().unwrap().split('/').next().unwrap();
        let pdf = cashier.get(&format!("/counter/slips/pad_{pad}/pdf"));
        assert_eq!((pdf.status, header(&pdf, "content-type")), (200, "application/pdf"));
        let file = world.database.folder.path().join("pad.pdf");
        std::fs::write(&file, &pdf.body).unwrap();
        keeps_both_standards(&file);
        let plain = ["--qdf", "--object-streams=disable", file.to_str().unwrap(), "-"];
        let plain = std::process::Command::new("qpdf").args(plain).output().unwrap();
        let plain = String::from_utf8_lossy(&plain.stdout);
        assert!(plain.contains("/Subtype /text#2fcsv"), "the numbers are attached as what they are");
        let text = std::process::Command::new("pdftotext").arg(&file).arg("-").output().unwrap();
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains("PHIẾU THU TẠM số 7") && text.contains(&code(&world, 7)), "{text}");
        assert!(text.contains("không phải biên lai"), "{text}");
        let unknown = bienlai::id::PadId(7);
        assert_eq!(cashier.get(&format!("/counter/slips/{unknown}/pdf")).status, 404);
        cashier.is_told("slip_pad_not_found");
        cashier.get("/counter/slips");

        let slip = format!("/s/{}", code(&world, 2));
        let mut citizen = Visitor::at(service.address);
        citizen.get(&slip);
        citizen.sees("chưa được nhập");

        let page = format!("/counter/obligations/{}", owed.id);
        let at = world.now().plus_seconds(59).in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        cashier.get(&page);
        let enter = format!("{page}/slip");
        let wrong = [("number", "hai"), ("amount", ""), ("collected_at", "hôm qua")];
        assert_eq!(cashier.post(&enter, &wrong).status, 400);
        for (field, code) in
            [("number", "slip_not_found"), ("amount", "field_missing"), ("collected_at", "slip_time_wrong")]
        {
            cashier.is_told(code);
            cashier.sees(&format!("href=\"#{field}\""));
        }
        for wrong in
            [("99", at.as_str()), ("2", "hôm qua"), ("2", "2020-01-01T08:00"), ("2", "2100-01-01T08:00")]
        {
            let fields = [("number", wrong.0), ("amount", "25000"), ("collected_at", wrong.1)];
            assert_eq!(cashier.post(&enter, &fields).status, 400, "{wrong:?}");
        }
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        let fields = [("number", "2"), ("amount", "25.000"), ("collected_at", now.as_str())];
        let entered = cashier.post(&enter, &fields);
        assert_eq!(entered.status, 303, "{}", cashier.page);
        cashier.get(&page);
        assert_eq!(cashier.post(&enter, &fields).status, 400, "entered once");
        assert_eq!(world.count("payment"), 0, "nothing is in the books before another person signs");

        // The money is in the drawer: nobody takes it or asks for it again.
        cashier.get(&page);
        cashier.sees("Đã thu bằng phiếu thu tạm số 2");
        assert!(!cashier.page.contains("Đã nhận tiền mặt"), "{}", cashier.page);
        let again = [("key", "0123456789abcdef0123456789abcdef"), ("amount", "25000"), ("method", "cash")];
        assert_eq!(cashier.post(&format!("{page}/take"), &again).status, 400, "{}", cashier.page);
        cashier.sees("đang chờ ký đối chứng: không thu nữa");
        assert_eq!(world.count("payment"), 0);
        citizen.get(&format!("/p/{}", owed.reference_code));
        citizen.sees("Đã nộp tại quầy bằng phiếu thu tạm số 2");
        assert!(!citizen.page.contains("<svg"), "no code to pay by");
        citizen.get(&slip);
        citizen.sees("chờ người thứ hai");

        // Slip 2 waits, and slip 1 was used before it or is spoiled: the shift stays open.
        cashier.get("/counter/shift");
        let shift = cashier.value("shift").unwrap();
        assert_eq!(cashier.post("/counter/shift/close", &[("shift", &shift)]).status, 400);
        cashier.sees("chưa vào sổ");
        // A count that differs is not asked about while the slip keeps the shift open.
        let count = [("shift", shift.as_str()), ("n5000", "4")];
        assert_eq!(cashier.post("/counter/shift/close", &count).status, 400);
        cashier.sees("chưa vào sổ");
        cashier.sees("20.000 đ</output>");
        assert!(!cashier.page.contains("Đóng ca với chênh lệch"), "{}", cashier.page);

        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        finance.get("/duties");
        finance.sees("Phiếu thu tạm chờ ký đối chứng: 1");
        finance.get("/finance/slips");
        finance.sees("Phiếu thu tạm số 2");
        let signing = [("unit", "00004"), ("number", "2"), ("do", "sign")];
        let signed = finance.post("/finance/slips", &signing);
        assert_eq!(signed.status, 303, "{}", finance.page);
        finance.get("/finance/slips");
        assert_eq!(finance.post("/finance/slips", &signing).status, 400, "signed once");
        assert_eq!((world.count("payment"), world.count("receipt")), (1, 1));
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        assert_eq!(location(&citizen.get(&slip)), format!("/p/{}", owed.reference_code));

        cashier.get("/counter/shift");
        cashier.sees("25.000 đ");
        let count = [("shift", shift.as_str()), ("n5000", "5")];
        assert_eq!(cashier.post("/counter/shift/close", &count).status, 400, "slip 1 is a gap");
        cashier.get("/counter/slips");
        cashier.sees("Phiếu số 1 đã dùng");
        let spoiled = [("do", "spoil"), ("number", "1"), ("reason", "rách")];
        assert_eq!(cashier.post("/counter/slips", &spoiled).status, 303);
        cashier.get("/counter/shift");
        let count = [count[0], count[1], ("next_slip_1", "3"), ("next_slip_8", "8")];
        assert_eq!(cashier.post("/counter/shift/close", &count).status, 303, "{}", cashier.page);
        assert_eq!(get(service.address, "/s/HNPH7K2MQ4X97").unwrap().status, 404);
        service.stop();
    });
}

#[test]
fn nobody_countersigns_their_own_slip_and_money_that_came_another_way_goes_back() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", unit.clone());
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[]);
        cashier.get("/counter/slips");
        cashier.post("/counter/slips", &[("do", "print"), ("count", "2")]);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&page);
        let fields = [("number", "1"), ("amount", "25.000"), ("collected_at", now.as_str())];
        assert_eq!(cashier.post(&format!("{page}/slip"), &fields).status, 303, "{}", cashier.page);

        // The same person under a second login.
        let person = world
            .words("SELECT CAST(person_id AS TEXT) AS t FROM login WHERE name = 'thungan.badinh'")
            .remove(0);
        let person = bienlai::id::PersonId(person.parse().unwrap());
        let second =
            crate::support::visitor::appoint(&world, Role::Finance, "thungan.ketoan", unit.clone(), person);
        let mut same = Visitor::at(service.address);
        same.sign_in(&second.name, crate::support::visitor::PASSWORD, &second.code(&world));
        same.get("/finance/slips");
        let signing = [("unit", "00004"), ("number", "1"), ("do", "sign")];
        assert_eq!(same.post("/finance/slips", &signing).status, 400);
        same.sees("phải khác");

        world.claim(&owed, Dong(25_000)).settle();
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit);
        finance.get("/finance/slips");
        assert_eq!(finance.post("/finance/slips", &signing).status, 400, "it was paid by transfer meanwhile");
        assert_eq!(world.count("payment"), 1);
        finance.get("/finance/slips");
        let back = [("unit", "00004"), ("number", "1"), ("do", "send_back"), ("reason", "đã chuyển khoản")];
        assert_eq!(finance.post("/finance/slips", &back).status, 303);
        let other = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.tayho", other);
        stranger.get("/finance/slips");
        assert!([403, 404].contains(&stranger.post("/finance/slips", &back).status));
        service.stop();
    });
}

/// A cashier with an open shift and a pad of slips, and somebody who countersigns.
fn two_desks(world: &World, service: &Service) -> (Visitor, Visitor) {
    let unit = Scope::unit(world.ba_dinh.id);
    let mut cashier = seated(world, service.address, Role::Cashier, "thungan.badinh", unit.clone());
    cashier.get("/counter/shift");
    cashier.post("/counter/shift/open", &[]);
    cashier.get("/counter/slips");
    cashier.post("/counter/slips", &[("do", "print"), ("count", "5")]);
    (cashier, seated(world, service.address, Role::Finance, "ketoan.badinh", unit))
}

#[test]
fn the_sheets_of_a_pad_are_there_however_many_pads_were_printed_since() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let (mut cashier, _) = two_desks(&world, &service);
        let first = world.words("SELECT CAST(MIN(id) AS TEXT) AS t FROM slip_pad").remove(0);
        let sheets = format!("/counter/slips/{}/pdf", bienlai::id::PadId(first.parse().unwrap()));
        for _ in 0..20 {
            assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "1")]).status, 303);
        }
        cashier.get("/counter/slips");
        assert!(!cashier.page.contains(&sheets), "the page shows the newest: {}", cashier.page);
        let pdf = cashier.get(&sheets);
        assert_eq!((pdf.status, header(&pdf, "content-type")), (200, "application/pdf"));
        let unit = Scope::unit(world.ba_dinh.id);
        let mut other = seated(&world, service.address, Role::Cashier, "thungan.khac", unit);
        assert_eq!(other.get(&sheets).status, 404, "whose pad it is");
        service.stop();
    });
}

#[test]
fn a_shift_stays_open_over_slips_that_were_used_while_none_was_entered() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let (mut cashier, _) = two_desks(&world, &service);
        cashier.get("/counter/shift");
        cashier.sees("Số phiếu thu tạm đầu tiên chưa dùng");
        let shift = cashier.value("shift").unwrap();
        let close = |cashier: &mut Visitor, next: &str| {
            cashier.get("/counter/shift");
            cashier.post("/counter/shift/close", &[("shift", shift.as_str()), ("next_slip", next)]).status
        };
        assert_eq!(close(&mut cashier, ""), 400, "the books cannot know it");
        cashier.sees("Ghi số phiếu thu tạm đầu tiên chưa dùng");
        assert_eq!(close(&mut cashier, "9"), 400, "there is no such slip");
        cashier.sees("value=\"9\"");
        assert_eq!(close(&mut cashier, "4"), 400, "slips 1 to 3 are in no book");
        cashier.sees("chưa vào sổ");
        for number in ["1", "2", "3"] {
            cashier.get("/counter/slips");
            let spoiled = [("do", "spoil"), ("number", number), ("reason", "ướt mưa")];
            assert_eq!(cashier.post("/counter/slips", &spoiled).status, 303, "{}", cashier.page);
        }
        assert_eq!(close(&mut cashier, "4"), 303, "{}", cashier.page);
        service.stop();
    });
}

#[test]
fn two_pads_in_hand_are_read_each_by_itself_before_the_shift_closes() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = [world.raise(Dong(25_000)), world.raise(Dong(25_000))];
        let mut service = Service::start(&world);
        let (mut cashier, mut finance) = two_desks(&world, &service);
        cashier.post("/counter/slips", &[("do", "print"), ("count", "3")]);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        for (owed, number) in owed.iter().zip(["1", "6"]) {
            let page = format!("/counter/obligations/{}", owed.id);
            cashier.get(&page);
            let fields = [("number", number), ("amount", "25.000"), ("collected_at", now.as_str())];
            assert_eq!(cashier.post(&format!("{page}/slip"), &fields).status, 303, "{}", cashier.page);
            assert_eq!(sign(&mut finance, number, false), 303, "{}", finance.page);
        }
        cashier.get("/counter/shift");
        cashier.sees("Số phiếu 1–5");
        cashier.sees("Số phiếu 6–8");
        let shift = cashier.value("shift").unwrap();
        let close = |cashier: &mut Visitor, first: &str, second: &str| {
            cashier.get("/counter/shift");
            let read = [("next_slip_1", first), ("next_slip_6", second)];
            let count = [("shift", shift.as_str()), ("n50000", "1"), read[0], read[1]];
            cashier.post("/counter/shift/close", &count).status
        };
        assert_eq!(close(&mut cashier, "", "7"), 400, "one pad says nothing of the other");
        cashier.sees("của mỗi tập phiếu đang giữ");
        cashier.sees("value=\"7\"");
        assert_eq!(close(&mut cashier, "2", "6"), 400, "6 was used");
        cashier.sees("đã được dùng");
        assert_eq!(close(&mut cashier, "3", "7"), 400, "slip 2 is in no book");
        cashier.sees("chưa vào sổ");
        assert_eq!(close(&mut cashier, "2", "7"), 303, "{}", cashier.page);
        service.stop();
    });
}

fn sign(finance: &mut Visitor, number: &str, differs: bool) -> u16 {
    finance.get("/finance/slips");
    let mut fields = vec![("unit", "00004"), ("number", number), ("do", "sign")];
    fields.extend(differs.then_some(("differs", "1")));
    finance.post("/finance/slips", &fields).status
}

#[test]
fn a_slip_is_entered_as_the_paper_says_and_its_cash_becomes_a_part_or_a_surplus() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (part, over) = (world.raise(Dong(25_000)), world.raise(Dong(25_000)));
        let mut service = Service::start(&world);
        let (mut cashier, mut finance) = two_desks(&world, &service);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        for (owed, number, amount) in [(&part, "1", "20.000"), (&over, "2", "30.000")] {
            let page = format!("/counter/obligations/{}", owed.id);
            let enter = format!("{page}/slip");
            let fields = [("number", number), ("amount", amount), ("collected_at", now.as_str())];
            for wrong in ["", "0", "abc"] {
                cashier.get(&page);
                let fields = [("number", number), ("amount", wrong), ("collected_at", now.as_str())];
                assert_eq!(cashier.post(&enter, &fields).status, 400, "{wrong}");
            }
            cashier.get(&page);
            assert_eq!(cashier.post(&enter, &fields).status, 400, "not by mistake");
            cashier.sees("khác số còn phải nộp");
            cashier.sees(&format!("value=\"{amount}\""));
            let seen = [fields[0], fields[1], fields[2], ("differs", "1")];
            assert_eq!(cashier.post(&enter, &seen).status, 303, "{}", cashier.page);
            finance.get("/finance/slips");
            finance.sees("hiện còn phải nộp");
            assert_eq!(sign(&mut finance, number, false), 400, "nor by the second person");
            assert_eq!(sign(&mut finance, number, true), 303, "{}", finance.page);
        }
        assert_eq!(world.again(&part).outstanding(), Dong(5_000));
        assert_eq!((world.receipts(&part).len(), world.receipts(&over).len()), (0, 1));
        let shift = world.payments(&world.ba_dinh)[0].shift.unwrap();
        let second = world.payments(&world.ba_dinh)[1].id;
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (Account::Drawer(shift), 50_000),
                (Account::ReceivedInAdvance(part.id), -20_000),
                (Account::FeesCollected("HT-01".into()), -25_000),
                (Account::Surplus(second), -5_000),
            ],
        );
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::Underpaid, Kind::Overpaid]);
        service.stop();
    });
}

#[test]
fn cash_of_a_slip_whose_case_was_paid_by_transfer_meanwhile_is_entered_and_owed_back() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        let mut service = Service::start(&world);
        let (mut cashier, mut finance) = two_desks(&world, &service);
        let now = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
        let page = format!("/counter/obligations/{}", owed.id);
        cashier.get(&page);
        cashier.sees("Đã thu bằng phiếu thu tạm");
        let fields =
            [("number", "1"), ("amount", "25.000"), ("collected_at", now.as_str()), ("differs", "1")];
        assert_eq!(cashier.post(&format!("{page}/slip"), &fields).status, 303, "{}", cashier.page);
        assert_eq!(sign(&mut finance, "1", true), 303, "{}", finance.page);
        let cash = world.payments(&world.ba_dinh).remove(1);
        assert_eq!((cash.amount, cash.surplus), (Dong(25_000), Dong(25_000)));
        assert_eq!(world.receipts(&owed).len(), 1, "no second receipt");
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::DuplicateTransfer]);
        cashier.get("/counter/shift");
        cashier.sees("25.000 đ");

        // It goes back as any surplus: asked for by one person, approved by another.
        let (clerk, chief) = (
            person(world.ba_dinh.id, world.clerk, Role::Finance),
            person(world.ba_dinh.id, world.chief, Role::Approver),
        );
        let payee = refund::Payee {
            bank: "VPBank".to_owned(),
            account_no: "1900777700".to_owned(),
            holder: "NGUYEN THI THU".to_owned(),
        };
        let ask = refund::Ask {
            unit: world.ba_dinh.id,
            payment: cash.id,
            amount: Dong(25_000),
            reason: "đã chuyển khoản trước".to_owned(),
            payee: Some(payee),
        };
        let asked = world.change(|tx, stamp| refund::request(tx, stamp, &clerk, &ask));
        world.change(|tx, stamp| refund::approve(tx, stamp, &chief, asked.unit, asked.id));
        let asked = world.look(|conn| refund::find(conn, asked.unit, asked.id));
        assert_eq!((asked.state, asked.amount), (refund::State::Approved, Dong(25_000)));
        service.stop();
    });
}
