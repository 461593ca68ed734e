//! What goes to the tax authority, at a browser: the ledger of messages with every step and answer, the
//! registration from its draft to its acceptance, and the marks of the rules that people approve by.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::filing::endpoint::TaxEndpoint;
use bienlai::filing::form::registration::{Entrustment, Registration};
use bienlai::filing::registration::listed_from_pem;
use bienlai::filing::rules::Outcome;
use bienlai::filing::{self, Kind, notice, query};
use bienlai::id::FilingId;
use bienlai::payment::book::Method;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::unit::imprint::{self, Imprint, Principal};
use bienlai::unit::registration::{self, Acceptance, CertificateAction, ListedCertificate};
use bienlai::worker;

use crate::filing::{OTHER_SIGNER, PLACE, deliver, install, newcomer};
use crate::support::program::{Reply, Service};
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

/// A link of the page that begins so.
fn link(visitor: &Visitor, beginning: &str) -> String {
    let mark = format!("href=\"{beginning}");
    let rest = visitor.page.split(&mark).nth(1).unwrap_or_else(|| panic!("{mark}: {}", visitor.page));
    format!("{beginning}{}", rest.split('"').next().unwrap())
}

/// A notice about a receipt of Ba Đình.
fn notice_asked(world: &World) -> FilingId {
    let owed = world.raise(Dong(25_000));
    world.take(&owed, Dong(25_000), Method::Cash).unwrap();
    world.seal();
    let receipt = world.receipts(&owed).remove(0).id;
    let clerk = crate::filing::person(&world.ba_dinh, Role::Finance, world.clerk);
    world.change(|tx, stamp| {
        let request = notice::Request {
            unit: world.ba_dinh.id,
            documents: vec![(receipt, "Sai địa chỉ người nộp".into())],
            demand: None,
            place: PLACE.into(),
        };
        notice::request(tx, stamp, &clerk, request)
    })
}

#[test]
fn a_message_is_followed_from_the_list_to_the_answer_as_it_came() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 9);
        world.stop_watching();
        let asked = notice_asked(&world);
        let chief = crate::filing::person(&world.ba_dinh, Role::Approver, world.chief);
        world.change(|tx, stamp| notice::approve(tx, stamp, &chief, world.ba_dinh.id, asked).map(|_| ()));
        deliver(&world, &TaxAuthority::new(Habits::default()));
        let mut service = Service::start(&world);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::All);
        assert_eq!(finance.get("/tax/messages?unit=00004").status, 200);
        finance.sees("304 Thông báo 04/SS-CTĐT");
        finance.sees("đã có kết quả");
        let message = link(&finance, "/tax/messages/trm_");
        assert_eq!(finance.get(&message).status, 200);
        for seen in
            ["cơ quan thuế đã nhận", "999 Phản hồi kỹ thuật [V]", "301 Thông báo 01/TB-SSĐT", "chấp nhận"]
        {
            finance.sees(seen);
        }
        finance.sees("href=\"/r/");
        let (sent, answer) = (format!("{message}/xml"), format!("{message}/answers/1/xml"));
        let sent = finance.get(&sent);
        assert!(sent.status == 200 && text(&sent).contains("04/SS-CTĐT"), "{}", text(&sent));
        let answered = finance.get(&answer);
        assert!(answered.status == 200 && text(&answered).contains("999"), "{}", text(&answered));
        for missing in ["0", "9", "x"] {
            assert_eq!(finance.get(&format!("{message}/answers/{missing}/xml")).status, 404, "{missing}");
        }
        finance.get("/tax/messages?unit=00004&state=open");
        finance.sees("Chưa có gì.");
        assert_eq!(finance.get("/tax/messages?state=lost").status, 400);
        let elsewhere = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Finance, "ketoan.khac", elsewhere);
        assert_eq!(stranger.get(&message).status, 404, "another unit's message does not exist");
        service.stop();
    });
}

#[test]
fn a_halted_message_is_let_go_again_by_a_button() {
    struct Wall;
    impl TaxEndpoint for Wall {
        fn send(&self, _: &str, _: &[u8]) -> Outcome {
            Outcome::Rejected("HTTP 401".into())
        }
        fn ask(&self, _: &str) -> Outcome {
            Outcome::NotKnown
        }
    }
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        crate::filing::fill(&world, 1);
        worker::deliver(&world.app, &Wall).unwrap();
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "truong.mau", Scope::All);
        chief.get("/tax/messages?unit=00004&state=halted");
        let message = link(&chief, "/tax/messages/trm_");
        chief.get(&message);
        chief.sees("HTTP 401");
        let released = chief.post(&message, &[]);
        assert_eq!((released.status, location(&released)), (303, message.as_str()));
        chief.get(&message);
        chief.sees("người có quyền cho đi tiếp");
        assert!(!chief.page.contains("Cho đi tiếp</button>"), "{}", chief.page);
        assert_eq!(chief.post(&message, &[]).status, 400, "only a halted message");
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::All);
        finance.get(&message);
        assert_eq!(finance.post(&message, &[]).status, 403);
        service.stop();
    });
}

#[test]
fn an_administrator_registers_a_unit_on_a_page_and_a_second_first_form_is_refused() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let unit = newcomer(&world);
        let own = listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        install(&world, unit, &own.serial).unwrap();
        let mut service = Service::start(&world);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        let page = "/tax/registration?unit=00999";
        assert_eq!(office.get(page).status, 200);
        office.sees("Lập tờ khai đăng ký");
        let form = |office_code: &'static str, action: &'static str| {
            vec![
                ("unit", "00999"),
                ("do", "draft"),
                ("action", action),
                ("office_code", office_code),
                ("office_name", "Thuế cơ sở Thử"),
                ("contact_name", "Người Liên Hệ Mẫu"),
                ("contact_email", "lienhe@example.vn"),
                ("contact_phone", "02400000000"),
            ]
        };
        assert_eq!(office.post("/tax/registration", &form("HN", "new")).status, 400);
        office.sees("value=\"Người Liên Hệ Mẫu\"");
        let drafted = office.post("/tax/registration", &form("10100", "new"));
        assert_eq!((drafted.status, location(&drafted)), (303, page), "{}", office.page);
        office.get(page);
        for seen in [own.serial.as_str(), "Biên lai không in sẵn mệnh giá", "Mẫu tờ khai"] {
            office.sees(seen);
        }
        assert!(!office.page.contains("value=\"draft\""), "one waits already");
        assert_eq!(office.post("/tax/registration", &form("10100", "new")).status, 400);
        worker::sign_forms(&world.app).unwrap();
        office.get(page);
        office.sees("chờ người thứ hai duyệt");
        let id = world.look(|conn| query::of_unit(conn, unit, Some(Kind::Registration), 9)).remove(0).id;
        let id = id.to_string();
        let mut chief = seated(&world, service.address, Role::Approver, "truong.mau", Scope::All);
        chief.get(page);
        chief.sees(&format!("href=\"/duties#{id}\""));
        chief.get("/duties");
        for seen in ["Tờ khai đăng ký biên lai", own.serial.as_str(), "Người Liên Hệ Mẫu"] {
            chief.sees(seen);
        }
        let unit_id = unit.to_string();
        let decide = [
            ("act", "registration"),
            ("subject", id.as_str()),
            ("unit_id", unit_id.as_str()),
            ("verdict", "approve"),
            ("confirm", ""),
        ];
        assert_eq!(chief.post("/duties/decide", &decide).status, 303, "{}", chief.page);
        worker::sign_forms(&world.app).unwrap();
        office.get(page);
        office.sees("đã ký, chờ gửi");
        let accept =
            [("unit", "00999"), ("do", "accept"), ("form", id.as_str()), ("notice_no", "15/TB"), ("on", "")];
        assert_eq!(office.post("/tax/registration", &accept).status, 303, "{}", office.page);
        office.get(page);
        for seen in ["được cơ quan thuế chấp nhận", "15/TB", "Lập tờ khai thay đổi"] {
            office.sees(seen);
        }
        assert_eq!(office.post("/tax/registration", &form("10100", "change")).status, 400);
        office.sees("giống hệt tờ khai đã được cơ quan thuế chấp nhận");
        let changed: Vec<_> = form("10100", "change")
            .into_iter()
            .map(|(name, value)| (name, if name == "contact_name" { "Người Khác Mẫu" } else { value }))
            .collect();
        assert_eq!(office.post("/tax/registration", &changed).status, 303, "{}", office.page);
        office.get(page);
        let second = world.look(|conn| query::of_unit(conn, unit, Some(Kind::Registration), 9)).remove(0).id;
        let second = second.to_string();
        let back = |reason: &'static str| {
            [("unit", "00999"), ("do", "withdraw"), ("form", second.as_str()), ("reason", reason)]
        };
        assert_eq!(office.post("/tax/registration", &back("")).status, 400);
        assert_eq!(office.post("/tax/registration", &back("nhập nhầm")).status, 303, "{}", office.page);
        office.get(page);
        office.sees("nhập nhầm");
        let again = office.post("/tax/registration", &form("10100", "new"));
        assert_eq!(again.status, 400, "what is registered is changed, not registered again");
        office.sees("hãy lập tờ khai thay đổi");
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.mau", Scope::All);
        finance.get(page);
        assert!(!finance.page.contains("value=\"draft\""), "a reader drafts nothing");
        assert_eq!(finance.post("/tax/registration", &form("10100", "change")).status, 403);
        service.stop();
    });
}

#[test]
fn the_page_says_which_documents_each_certificate_is_registered_to_sign_and_from_when_until_when() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = newcomer(&world);
        let own = listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        let other = ListedCertificate { serial: "0B".into(), ..own.clone() };
        let today = world.now().business_day();
        let yesterday = today.plus_days(-1);
        let accept = |form: &str, kind: &str, accepted_on, certificates: &[ListedCertificate]| {
            world.change(|tx, stamp| {
                let acceptance = Acceptance {
                    unit,
                    form: form.into(),
                    notice_no: "15/TB".into(),
                    accepted_on,
                    document_kinds: vec![kind.into()],
                    office_code: "10100".into(),
                    office_name: "Thuế cơ sở Thử".into(),
                    certificates: certificates.to_vec(),
                    filing: None,
                };
                registration::record(tx, stamp, &Actor::system(), acceptance)
            })
        };
        accept("01/ĐKTĐ-CTĐT", "receipt", yesterday, std::slice::from_ref(&own));
        accept("01/ĐKTĐ-HĐĐT", "invoice", today, &[own.clone(), other]);
        let mut service = Service::start(&world);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        let page = "/tax/registration?unit=00999";
        let seen = |day: BusinessDay| day.0.format("%d/%m/%Y").to_string();
        let until = seen(own.valid_until.business_day());
        let (first, second) = (seen(yesterday), seen(today));
        office.get(page);
        office.sees("Được đăng ký để ký");
        office.sees(&format!("Biên lai: {first} – {until}; Hóa đơn: {second} – {until}"));
        let shown =
            |words: &str, day: &str| office.page.matches(&format!("{words}: {day} – {until}")).count();
        assert_eq!(shown("Biên lai", &first), 1, "the other one is listed for invoices");
        assert_eq!(shown("Hóa đơn", &second), 2);
        let home = format!("http://{}", service.address);
        let back = office.value("back").unwrap();
        let switched = office.post_from(&home, "/language", &[("lang", "en"), ("back", &back)]);
        assert_eq!(location(&switched), page, "the unit that was chosen is still shown");
        office.get(page);
        office.sees("Registered to sign");
        office.sees(&format!("Receipt: {first} – {until}; Invoice: {second} – {until}"));
        service.stop();
    });
}

#[test]
fn whoever_approves_a_notice_sees_how_sure_its_rules_are() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let asked = notice_asked(&world);
        let marks = world.look(|conn| {
            let form = filing::find(conn, world.ba_dinh.id, asked)?;
            filing::mark::rules(&form)
        });
        assert!(marks.iter().any(|rule| rule.mark == "P"), "{marks:?}");
        let mut service = Service::start(&world);
        let mut chief = seated(&world, service.address, Role::Approver, "truong.mau", Scope::All);
        chief.get("/duties");
        for rule in marks {
            chief.sees(&format!("[{}] {}", rule.mark, rule.vi));
        }
        service.stop();
    });
}

#[test]
fn a_change_on_the_page_keeps_the_entrustments_that_the_office_was_told_of() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let unit = newcomer(&world);
        let own = listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        install(&world, unit, &own.serial).unwrap();
        let entrusted = |tax_code: &str, until: &str| Entrustment {
            kind: 2,
            document_name: "Biên lai thu phí, lệ phí".into(),
            template: "01BLP0-001".into(),
            series: "ZZ-26E".into(),
            tax_code: tax_code.into(),
            organisation: "Đơn vị Ủy Nhiệm Mẫu".into(),
            purpose: "Thu hộ".into(),
            valid_from: "2020-01-01".parse().unwrap(),
            valid_until: until.parse().unwrap(),
            payment_method: "Chuyển khoản".into(),
        };
        let mut form = crate::filing::form_of(&world);
        form.certificates = vec![own.clone()];
        form.entrustments =
            vec![entrusted("9900000023", "2099-12-31"), entrusted("9900000023", "2020-12-31")];
        let person = |id, role| Actor { person: Some(id), client: None, role, scope: Scope::All };
        let (clerk, chief) = (person(world.clerk, Role::Administrator), person(world.chief, Role::Approver));
        let id = world.change(|tx, stamp| filing::registration::draft(tx, stamp, &clerk, unit, &form));
        world.change(|tx, stamp| filing::registration::approve(tx, stamp, &chief, unit, id).map(|_| ()));
        worker::sign_forms(&world.app).unwrap();
        world.change(|tx, stamp| {
            let today = stamp.today();
            filing::registration::accept_by_hand(tx, stamp, &clerk, (unit, id), "15/TB", today).map(|_| ())
        });
        let mut service = Service::start(&world);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        office.get("/tax/registration?unit=00999");
        let change = [
            ("unit", "00999"),
            ("do", "draft"),
            ("action", "change"),
            ("office_code", "10100"),
            ("office_name", "Thuế cơ sở Thử"),
            ("contact_name", "Người Khác Mẫu"),
            ("contact_email", "lienhe@example.vn"),
            ("contact_phone", "02400000000"),
        ];
        assert_eq!(office.post("/tax/registration", &change).status, 303, "{}", office.page);
        service.stop();
        let drafted = world.look(|conn| query::of_unit(conn, unit, Some(Kind::Registration), 9)).remove(0);
        let told = drafted.data::<Registration>().unwrap().entrustments;
        assert_eq!(told, [entrusted("9900000023", "2099-12-31")], "one that ended is not told again");
    });
}

#[test]
fn a_unit_that_collects_for_a_principal_tells_of_it_on_the_page() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        world.stop_watching();
        let unit = newcomer(&world);
        let own = listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        install(&world, unit, &own.serial).unwrap();
        world.change(|tx, stamp| {
            let principal = Principal {
                name: "Sở Mẫu".into(),
                tax_code: "9900000023".into(),
                contract: "12/HĐ-UNT".into(),
            };
            let wanted = Imprint { principal: Some(principal), ..Imprint::default() };
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &wanted)
        });
        let mut service = Service::start(&world);
        let mut office = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        office.get("/tax/registration?unit=00999");
        office.sees("name=\"entrust_tax_code\" value=\"9900000023\"");
        let plain = [
            ("unit", "00999"),
            ("do", "draft"),
            ("action", "new"),
            ("office_code", "10100"),
            ("office_name", "Thuế cơ sở Thử"),
            ("contact_name", "Người Liên Hệ Mẫu"),
            ("contact_email", "lienhe@example.vn"),
            ("contact_phone", "02400000000"),
            ("entrust_direction", "entrusted"),
        ];
        assert_eq!(office.post("/tax/registration", &plain).status, 400);
        office.sees("mục Ủy nhiệm thu");
        let told = [
            ("entrust_tax_code", "9900000023"),
            ("entrust_organisation", "Sở Mẫu"),
            ("entrust_template", "01BLP0-001"),
            ("entrust_series", "ZZ-26E"),
            ("entrust_purpose", "Thu hộ phí, lệ phí"),
            ("entrust_from", "2026-12-01"),
            ("entrust_method", "Chuyển khoản"),
        ];
        let half = [&plain[..], &told[..]].concat();
        assert_eq!(office.post("/tax/registration", &half).status, 400, "the last day is missing");
        office.sees("href=\"#entrust_until\"");
        office.sees("value=\"Thu hộ phí, lệ phí\"");
        let whole = [&half[..], &[("entrust_until", "2027-11-30")][..]].concat();
        assert_eq!(office.post("/tax/registration", &whole).status, 303, "{}", office.page);
        service.stop();
        let drafted = world.look(|conn| query::of_unit(conn, unit, Some(Kind::Registration), 9)).remove(0);
        let told = drafted.data::<Registration>().unwrap().entrustments;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].kind, told[0].tax_code.as_str()), (2, "9900000023"));
        assert_eq!(told[0].valid_until.to_string(), "2027-11-30");
    });
}
