//! A receipt that is cancelled: its payer is told, and whoever looks at the obligation sees why it is open.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::config::Config;
use bienlai::correction::Kind;
use bienlai::filing::notice::{self, Request};
use bienlai::notification::send::Courier;
use bienlai::party::Payer;
use bienlai::simulator::sms::SmsCentre;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};

use crate::corrections::{corrected, person};
use crate::messages::sms_section;
use crate::support::app::MASTER_KEY;
use crate::support::program::{Service, get};
use crate::support::visitor::seated;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

fn with_phone() -> Payer {
    Payer { phone: Some("0900000001".into()), ..Payer::default() }
}

#[test]
fn who_was_told_of_a_receipt_is_told_once_that_it_is_cancelled_and_nobody_else_is() {
    each_database(|database| {
        let world = World::settled_in(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let sections = sms_section(&world, &[&centre.url()]);
        let config = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n{sections}"));
        let courier = Courier::new(&config.unwrap()).unwrap();
        let deliver = || while courier.send_due(&world.app.store, &|| world.app.stamp()).unwrap() > 0 {};
        let owed = world.raise_for(with_phone(), FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        deliver();
        corrected(&world, &world.receipts(&owed).remove(0), Kind::Cancel, Vec::new());
        deliver();
        deliver();
        let texts: Vec<String> = centre.sent().into_iter().map(|sms| sms.text).collect();
        assert_eq!(texts.len(), 2, "the receipt, and that it is cancelled: {texts:?}");
        assert!(texts[1].contains("da huy bien lai BD-26E so 0000001"), "{texts:?}");
        assert!(texts[1].ends_with(&format!("/p/{}", owed.reference_code)), "{texts:?}");

        // Numbered and never signed: nobody was told of it.
        let other = world.raise_for(with_phone(), FEE);
        world.claim(&other, FEE).settle();
        corrected(&world, &world.receipts(&other).remove(0), Kind::Cancel, Vec::new());
        assert_eq!(world.count("message WHERE kind = 'receipt_cancelled'"), 1);
    });
}

#[test]
fn who_was_told_of_a_receipt_is_told_when_the_authority_took_the_notice_about_its_name() {
    each_database(|database| {
        let world = World::settled_in(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let sections = sms_section(&world, &[&centre.url()]);
        let config = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n{sections}"));
        let courier = Courier::new(&config.unwrap()).unwrap();
        let deliver = || while courier.send_due(&world.app.store, &|| world.app.stamp()).unwrap() > 0 {};
        let (told, untold) = (world.raise_for(with_phone(), FEE), world.raise_for(Payer::default(), FEE));
        for owed in [&told, &untold] {
            world.claim(owed, FEE).settle();
        }
        world.seal();
        deliver();
        let unit = told.unit;
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let asked = Request {
            unit,
            documents: [&told, &untold]
                .map(|owed| (world.receipts(owed)[0].id, "Sai tên, đúng là Nguyễn Thị Mẫu".to_owned()))
                .to_vec(),
            demand: None,
            place: "Hà Nội".to_owned(),
        };
        let id = world.change(|tx, stamp| notice::request(tx, stamp, &clerk, asked.clone()));
        world.change(|tx, stamp| notice::approve(tx, stamp, &chief, unit, id));
        deliver();
        assert_eq!(centre.sent().len(), 1, "the authority has not taken it yet");
        crate::filing::deliver(&world, &TaxAuthority::new(Habits::default()));
        deliver();
        deliver();
        let texts: Vec<String> = centre.sent().into_iter().map(|sms| sms.text).collect();
        assert_eq!(texts.len(), 2, "the receipt, and that its name is put right: {texts:?}");
        assert!(texts[1].contains("da bao thue sua ten, dia chi bien lai BD-26E so 0000001"), "{texts:?}");
        assert!(!texts[1].contains("Nguyen"), "what is right stands in the mail and not here: {texts:?}");
        assert_eq!(
            world.count("message WHERE kind = 'receipt_noticed'"),
            1,
            "who was never told is not told"
        );
    });
}

#[test]
fn who_never_got_the_message_about_a_receipt_gets_none_about_its_end() {
    each_database(|database| {
        let world = World::settled_in(database);
        let centre = SmsCentre::start(0, None).unwrap();
        let sections = sms_section(&world, &[&centre.url()]);
        let config = Config::parse_alone(&format!("[vault]\nmaster_key = \"{MASTER_KEY}\"\n{sections}"));
        let courier = Courier::new(&config.unwrap()).unwrap();
        let owed = world.raise_for(with_phone(), FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        assert_eq!(world.count("message WHERE kind = 'receipt' AND state = 'waiting'"), 1);
        corrected(&world, &world.receipts(&owed).remove(0), Kind::Cancel, Vec::new());
        while courier.send_due(&world.app.store, &|| world.app.stamp()).unwrap() > 0 {}
        assert!(centre.sent().is_empty(), "{:?}", centre.sent().len());
        assert_eq!(world.count("message WHERE kind = 'receipt_cancelled'"), 0);
        assert_eq!(world.words("SELECT state AS t FROM message WHERE kind = 'receipt'"), ["given_up"]);
        let why = world.words("SELECT code AS t FROM message_event WHERE code IS NOT NULL");
        assert_eq!(why, ["receipt_not_current"]);

        // Without an address nothing ever left; the look-up and the pay page say it.
        let unreached = world.raise(FEE);
        world.claim(&unreached, FEE).settle();
        world.seal();
        corrected(&world, &world.receipts(&unreached).remove(0), Kind::Cancel, Vec::new());
        assert_eq!(world.count("message WHERE kind = 'receipt_cancelled'"), 0);
    });
}

#[test]
fn an_obligation_whose_receipt_is_cancelled_says_so_at_the_counter_and_to_its_payer() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
        world.seal();
        corrected(&world, &world.receipts(&owed).remove(0), Kind::Cancel, Vec::new());
        let told = "Biên lai đã hủy, chưa nộp lại";
        let mut service = Service::start(&world);
        let scope = Scope::unit(world.ba_dinh.id);
        let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", scope);
        cashier.get("/counter/shift");
        cashier.post("/counter/shift/open", &[("n10000", "5")]);
        cashier.get("/counter");
        cashier.post("/counter/search", &[("q", owed.dossier_code.as_str())]);
        cashier.sees(told);
        assert!(!cashier.page.contains("Chưa nộp"), "{}", cashier.page);
        cashier.get(&format!("/counter/obligations/{}", owed.id));
        cashier.sees(told);
        let page = get(service.address, &format!("/p/{}", owed.reference_code)).unwrap();
        let page = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.contains(told) && !page.contains("Chưa nộp"), "{page}");
        service.stop();
    });
}
