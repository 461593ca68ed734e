//! A citizen opens a receipt as a page to read and print; the service draws it once and keeps it,
//! and draws it anew when the receipt stands no more.

use std::path::Path;
use std::process::{Command, Output};

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction::Kind;
use bienlai::filing::notice;
use bienlai::receipt::cancel;
use bienlai::receipt::query::{self, Stored};
use bienlai::receipt::rendition::{Links, cache};
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};

use crate::callbacks::token;
use crate::corrections::{collected, corrected, fee};
use crate::filing::{PLACE, deliver, person};
use crate::support::judges::keeps_both_standards;
use crate::support::program::{Reply, Service, get, send};
use crate::support::tools::Folder;
use crate::support::{Database, World, each_database};

const FEE: Dong = Dong(25_000);

fn paid(world: &World) -> Stored {
    let owed = world.raise(FEE);
    world.claim(&owed, FEE).settle();
    world.receipts(&owed).remove(0)
}

fn is_pdf(reply: &Reply) -> bool {
    reply.status == 200 && reply.head.contains("application/pdf") && reply.body.starts_with(b"%PDF-1.7")
}

/// The text of a page, as poppler reads it.
pub(crate) fn words(folder: &Path, pdf: &[u8]) -> String {
    std::fs::write(folder.join("page.pdf"), pdf).unwrap();
    keeps_both_standards(&folder.join("page.pdf"));
    let output = Command::new("pdftotext").args(["-raw", "page.pdf", "-"]).current_dir(folder).output();
    let output = output.expect("pdftotext is there: install the Debian package poppler-utils");
    String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_citizen_opens_the_receipt_as_a_page_which_is_drawn_once_and_anew_when_it_is_cancelled() {
    each_database(|database| {
        let mut world = World::settled_in_today(database);
        // What becomes of the money of a cancelled receipt is told elsewhere.
        world.stop_watching();
        let folder = Folder::new("renditions");
        let item = paid(&world);
        world.seal();
        let service = Service::start(&world);
        let (page, pdf) = (format!("/r/{}", item.lookup_code), format!("/r/{}.pdf", item.lookup_code));
        let shown = get(service.address, &page).unwrap();
        assert!(
            String::from_utf8_lossy(&shown.body).contains(&format!("href=\"{pdf}\"")),
            "the page leads to it"
        );
        assert!(
            String::from_utf8_lossy(&shown.body).contains("<section class=\"card qr paper\">\n<svg"),
            "paper leads back to the page"
        );

        let first = get(service.address, &pdf).unwrap();
        assert!(is_pdf(&first), "{}", first.head);
        assert!(first.head.contains("filename=\"bien-lai-bd26e-0000001.pdf\""), "{}", first.head);
        let text = words(folder.path(), &first.body);
        assert!(
            text.contains("Số: 0000001")
                && text.contains("25.000")
                && text.contains("Hai mươi lăm nghìn đồng")
        );
        assert_eq!(world.count("rendition"), 1);
        assert_eq!(get(service.address, &format!("{page}/pdf")).unwrap().body, first.body);
        let kept = world.words("SELECT CAST(created_at AS TEXT) AS t FROM rendition");
        assert_eq!(get(service.address, &pdf).unwrap().body, first.body);
        assert_eq!(
            world.words("SELECT CAST(created_at AS TEXT) AS t FROM rendition"),
            kept,
            "it was not drawn again"
        );

        world.change(|tx, stamp| cancel::cancel(tx, stamp, &Actor::system(), item.unit, item.id, "thu nhầm"));
        let after = get(service.address, &pdf).unwrap();
        assert!(is_pdf(&after) && after.body != first.body);
        assert!(words(folder.path(), &after.body).contains("Biên lai này đã bị hủy"));
        assert_eq!(world.count("rendition"), 1, "the page that is out of date is gone");
    });
}

#[test]
fn a_replaced_receipt_names_its_successor_on_the_page_and_the_successor_names_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("replaced");
        let (owed, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        let links = Links::to("https://bienlai.example");
        let page = |item: &Stored| {
            let pdf = cache::obtain(&world.store, item.unit, item.id, &links, world.now()).unwrap();
            words(folder.path(), &pdf)
        };
        assert!(!page(&first).contains("thay thế"), "drawn and kept while it stood");
        corrected(&world, &first, Kind::Replace, vec![fee("HT-01", 22_000)]);
        let second = world.receipts(&owed).remove(1);
        let named = "ký hiệu BD-26E, số 0000002, ngày 23 tháng 11 năm 2026";
        let old = page(&first);
        assert!(
            old.contains("Biên lai này đã bị thay thế bởi biên lai mẫu số") && old.contains(named),
            "{old}"
        );
        let new = page(&second);
        assert!(new.contains("Thay thế cho biên lai") && new.contains("số 0000001"), "{new}");
        assert_eq!(new.matches("Thay thế cho").count(), 1, "said once: {new}");
        assert!(!new.contains("đã bị thay thế"), "{new}");
    });
}

#[test]
fn every_adjustment_of_a_receipt_is_named_on_its_page() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("adjusted");
        let (_, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        let links = Links::to("https://bienlai.example");
        let page = || {
            let pdf = cache::obtain(&world.store, first.unit, first.id, &links, world.now()).unwrap();
            words(folder.path(), &pdf)
        };
        corrected(&world, &first, Kind::Adjust, vec![fee("HT-01", 22_000)]);
        let once = page();
        assert!(once.contains("điều chỉnh bởi biên lai") && once.contains("số 0000002"), "{once}");
        corrected(&world, &first, Kind::Adjust, vec![fee("HT-01", 20_000)]);
        let twice = page();
        assert!(twice.contains("số 0000002") && twice.contains("số 0000003"), "{twice}");
    });
}

#[test]
fn a_receipt_whose_wrong_name_the_authority_was_told_of_says_so_on_a_page_drawn_anew() {
    each_database(|database| {
        let world = World::settled_in(database);
        let folder = Folder::new("noticed");
        let (_, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        let links = Links::to("https://bienlai.example");
        let page = || {
            let pdf = cache::obtain(&world.store, first.unit, first.id, &links, world.now()).unwrap();
            words(folder.path(), &pdf)
        };
        assert!(!page().contains("cơ quan thuế"), "drawn and kept before");
        let commune = world.ba_dinh.clone();
        let clerk = person(&commune, Role::Finance, world.clerk);
        let chief = person(&commune, Role::Approver, world.chief);
        let made = world.change(|tx, stamp| {
            let asked = notice::Request {
                unit: commune.id,
                documents: vec![(first.id, "Sai tên người nộp".into())],
                demand: None,
                place: PLACE.into(),
            };
            notice::request(tx, stamp, &clerk, asked)
        });
        assert!(!page().contains("cơ quan thuế"), "the authority knows nothing yet");
        world.change(|tx, stamp| notice::approve(tx, stamp, &chief, commune.id, made));
        deliver(&world, &TaxAuthority::new(Habits::default()));
        let told = page();
        let said = "tên hoặc địa chỉ ghi sai; đã thông báo cơ quan thuế theo mẫu 04/SS-CTĐT ngày";
        assert!(told.contains(said), "{told}");
        assert_eq!(world.count("rendition"), 1, "the page that says nothing of it is gone");
    });
}

#[test]
fn a_receipt_that_is_still_being_signed_has_no_page_yet_and_says_so() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        // Sóc Sơn has no signing key, nor has the city.
        world.open_series(&world.soc_son, "SS-26E", 1_000);
        let owed = world.raise_at(&world.soc_son, FEE);
        world.claim(&owed, FEE).on(world.soc_son.account_no).settle();
        let item = world.receipts(&owed).remove(0);
        let service = Service::start(&world);
        let page = get(service.address, &format!("/r/{}", item.lookup_code)).unwrap();
        let shown = String::from_utf8_lossy(&page.body).into_owned();
        assert!(shown.contains("Đã thu, biên lai đang ký") && !shown.contains(".pdf"), "{shown}");
        let reply = get(service.address, &format!("/r/{}.pdf", item.lookup_code)).unwrap();
        assert_eq!(reply.status, 409);
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(said.contains("Đã thu, biên lai đang ký"), "{said}");
        assert_eq!(get(service.address, "/r/0123456789AB.pdf").unwrap().status, 404);
        assert_eq!(world.count("rendition"), 0);
    });
}

#[test]
fn a_reader_of_the_unit_finds_the_link_in_the_receipt_and_the_page_by_its_id() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let item = paid(&world);
        world.seal();
        let token = token(&world, Role::UnitReader);
        let service = Service::start(&world);
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let ask = |path: &str| send(service.address, "GET", path, &headers, b"").unwrap();
        let view = ask(&format!("/api/v1/receipts/{}", item.id)).json();
        let link = view["links"]["pdf"].as_str().unwrap_or_default().to_owned();
        assert!(link.ends_with(&format!("/r/{}.pdf", item.lookup_code)), "{view}");
        let page = ask(&format!("/api/v1/receipts/{}/pdf", item.id));
        assert!(is_pdf(&page), "{}", page.head);
        assert_eq!(get(service.address, &format!("/r/{}.pdf", item.lookup_code)).unwrap().body, page.body);
        let stranger = get(service.address, &format!("/api/v1/receipts/{}/pdf", item.id)).unwrap();
        assert_eq!(stranger.status, 401);
    });
}

#[test]
fn a_kept_page_is_deleted_after_a_month_and_can_be_made_again_byte_for_byte() {
    each_database(|database| {
        let world = World::settled_in(database);
        let item = paid(&world);
        world.seal();
        let links = Links::to("https://bienlai.example");
        let obtain = || cache::obtain(&world.store, item.unit, item.id, &links, world.now()).unwrap();
        let first = obtain();
        let elsewhere = Links::to("https://another.example");
        let other = cache::obtain(&world.store, item.unit, item.id, &elsewhere, world.now()).unwrap();
        assert_ne!(first, other, "the code on the page leads elsewhere");
        assert_eq!(world.count("rendition"), 1);
        world.wait_days(29);
        assert_eq!(cache::purge(&world.store, world.now()).unwrap(), 0);
        world.wait_days(2);
        assert_eq!(cache::purge(&world.store, world.now()).unwrap(), 1);
        assert_eq!(obtain(), first);
    });
}

#[test]
fn two_processes_draw_the_same_bytes_and_refuse_a_file_that_was_tampered_with() {
    let world = World::settled_in(Database::sqlite());
    let item = paid(&world);
    world.seal();
    let document = world.look(|conn| query::document(conn, item.unit, item.id)).expect("it is signed");
    let folder = Folder::new("rendition-cli");
    let tampered = String::from_utf8(document.clone()).unwrap().replace(">25000<", ">95000<");
    std::fs::write(folder.path().join("receipt.xml"), &document).unwrap();
    std::fs::write(folder.path().join("tampered.xml"), tampered).unwrap();
    let draw = |arguments: &[&str]| -> Output {
        let program = env!("CARGO_BIN_EXE_bienlai");
        Command::new(program)
            .args(["receipt", "pdf"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let ca = format!("{}/fixtures/receipt/test-only-ca.pem", env!("CARGO_MANIFEST_DIR"));
    let trusted = ["--trust", ca.as_str()];
    assert!(draw(&[&["receipt.xml"], &trusted[..]].concat()).status.success());
    let url = [&["--public-url", "https://bienlai.example/"], &trusted[..]].concat();
    assert!(draw(&[&["receipt.xml", "-o", "one.pdf"], &url[..]].concat()).status.success());
    assert!(draw(&[&["receipt.xml", "-o", "two.pdf"], &url[..]].concat()).status.success());
    assert_eq!(read("one.pdf"), read("two.pdf"));
    assert_ne!(read("one.pdf"), read("receipt.pdf"), "without the address there is no code");
    let links = Links::to("https://bienlai.example");
    let served = cache::obtain(&world.store, item.unit, item.id, &links, world.now()).unwrap();
    assert_eq!(read("one.pdf"), served, "the service draws the same");

    assert!(draw(&["receipt.xml", "-o", "unconfirmed.pdf"]).status.success());
    let said = words(folder.path(), &read("unconfirmed.pdf"));
    assert!(said.contains("Chưa xác nhận người ký biên lai này."), "nobody vouched for the signer: {said}");
    assert!(!words(folder.path(), &read("receipt.pdf")).contains("Chưa xác nhận"));

    let before = read("one.pdf");
    let refused = draw(&["receipt.xml", "-o", "one.pdf"]);
    assert_eq!(refused.status.code(), Some(1), "what is there is not written over");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("file_exists"));
    assert_eq!(read("one.pdf"), before);
    assert!(draw(&["receipt.xml", "-o", "one.pdf", "--force"]).status.success());
    assert_ne!(read("one.pdf"), before, "without the address there is no code");

    let judged = Command::new(env!("CARGO_BIN_EXE_bienlai"))
        .args(["receipt", "verify", "two.pdf", "--trust", &ca])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert!(judged.status.success() && said.contains("HỢP LỆ"), "the XML that the page carries: {said}");

    for over_itself in ["receipt.xml", "./receipt.xml"] {
        let refused = draw(&["receipt.xml", "-o", over_itself, "--force"]);
        assert_eq!(refused.status.code(), Some(1), "the signed original is never written over");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("rendition_over_original"));
        assert_eq!(read("receipt.xml"), document);
    }
    for (name, bytes, code) in [
        ("picture.xml", &b"\x89PNG\r\n\x1a\n"[..], "encoding_not_utf8"),
        ("newer.xml", &b"<?xml version=\"1.1\"?><BLai/>"[..], "xml_version_unsupported"),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let told = String::from_utf8_lossy(&draw(&[name]).stderr).into_owned();
        assert!(told.contains(code) && !told.contains("rendition_not_intact"), "the reader's reason: {told}");
    }

    let refused = draw(&["tampered.xml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("rendition_not_intact"));
    assert!(!folder.path().join("tampered.pdf").exists());

    let refused = draw(&["two.pdf", "-o", "again.pdf"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(
        told.contains("rendition_of_pdf") && told.contains("takes a signed receipt or invoice as XML"),
        "{told}"
    );
    assert!(!folder.path().join("again.pdf").exists());
}
