//! Anybody brings a signed file to the public page: it says what the signatures are worth, and of a
//! document of ours how it stands today.

use bienlai::correction::Kind;
use bienlai::receipt::query;

use crate::corrections::{collected, corrected, fee};
use crate::support::program::{How, Service, send};
use crate::support::{World, each_database};

fn trusting() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receipt/test-only-ca.pem");
    format!("[trust]\nauthority_files = [\"{file}\"]\n")
}

fn brought(service: &Service, path: &str, file: &[u8]) -> String {
    let answer = send(service.address, "POST", path, &[], file).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.head);
    String::from_utf8(answer.body).unwrap()
}

/// A reader that has seen enough leaves, as `grep -q` does. What it did not hear is no good answer.
#[test]
fn a_forgery_whose_answer_nobody_hears_to_the_end_is_not_passed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.xml");
    let text = include_str!("../../fixtures/receipt/test-only-receipt.xml").replacen("25000", "26000", 1);
    std::fs::write(&path, text).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"))
        .args(["receipt", "verify"])
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(1 | 2)), "{code:?}");
}

#[test]
fn an_editors_mark_before_a_receipt_changes_nothing_that_is_signed() {
    let world = World::settled_in_today(crate::support::database::Database::sqlite());
    let (_, first) = collected(&world, vec![fee("HT-01", 25_000)]);
    let file = world.look(|conn| query::document(conn, first.unit, first.id)).expect("it is signed");
    let sections = trusting();
    let mut service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
    let marked = [b"\xEF\xBB\xBF".as_slice(), &file].concat();
    assert!(brought(&service, "/verify", &marked).contains(">Hợp lệ<"));
    service.stop();
}

#[test]
fn a_replaced_receipt_with_a_good_signature_is_said_to_be_replaced_and_leads_to_its_successor() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        let file = world.look(|conn| query::document(conn, first.unit, first.id)).expect("it is signed");
        let sections = trusting();
        let how = How { sections: &sections, ..How::default() };
        let mut service = Service::start_as(&world, how).expect("it starts");

        let page = brought(&service, "/verify", &file);
        assert!(page.contains(">Hợp lệ<") && page.contains("Biên lai hợp lệ, đã ký số"), "{page}");
        corrected(&world, &first, Kind::Replace, vec![fee("HT-01", 22_000)]);
        let second = world.receipts(&owed).remove(1);
        let text = String::from_utf8(file.clone()).unwrap();
        let bare = text.split_once("?>").map(|(_, rest)| rest).unwrap();
        let in_message = format!("<TDiep><DLieu>{bare}</DLieu></TDiep>");
        for file in [file.as_slice(), in_message.as_bytes()] {
            let page = brought(&service, "/verify", file);
            assert!(page.contains("chứng từ không còn hiệu lực") && !page.contains(">Hợp lệ<"), "{page}");
            assert!(page.contains("Đã bị thay thế"), "{page}");
            assert!(page.contains(&format!("href=\"/r/{}\"", second.lookup_code)), "{page}");
        }
        let tampered = text.replacen("25000", "26000", 1);
        let page = brought(&service, "/verify", tampered.as_bytes());
        assert!(page.contains("Không hợp lệ") && !page.contains(&second.lookup_code), "{page}");
        let facts = ["Chưa được xác nhận", first.series.as_str(), "Mã số thuế bên lập"];
        assert!(
            facts.iter().all(|said| page.contains(said)),
            "it says which document it means to be: {page}"
        );
        assert!(!page.contains("state done"), "and is never green: {page}");
        let result = page.split("id=\"result\"").nth(1).and_then(|rest| rest.split("</section>").next());
        let result = result.expect("the verdict has a place of its own");
        for said in ["Kết quả kiểm tra", "Không hợp lệ", "Toàn vẹn: sai", "Tin cậy người ký:"]
        {
            assert!(result.contains(said), "{said} stands there, with the reasons: {page}");
        }

        let elsewhere = include_bytes!("../../fixtures/receipt/test-only-receipt.xml");
        let page = brought(&service, "/verify", elsewhere);
        assert!(page.contains("Không có trong sổ của hệ thống này"), "{page}");
        service.stop();
    });
}

#[test]
fn a_pdf_of_ours_is_checked_by_the_signed_file_it_carries_and_another_pdf_is_told_plainly() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (_, first) = collected(&world, vec![fee("HT-01", 25_000)]);
        let sections = trusting();
        let how = How { sections: &sections, ..How::default() };
        let mut service = Service::start_as(&world, how).expect("it starts");
        let path = format!("/r/{}.pdf", first.lookup_code);
        let pdf = send(service.address, "GET", &path, &[], b"").unwrap().body;
        assert!(pdf.starts_with(b"%PDF-"));
        let page = brought(&service, "/verify", &pdf);
        assert!(page.contains(">Hợp lệ<") && page.contains("Biên lai hợp lệ, đã ký số"), "{page}");
        assert!(page.contains("tệp XML đã ký nằm trong PDF"), "{page}");
        let other = send(service.address, "POST", "/verify", &[], b"%PDF-1.7\n%%EOF").unwrap();
        assert_eq!(other.status, 409, "{}", other.head);
        let told = String::from_utf8_lossy(&other.body).into_owned();
        assert!(told.contains("không chứa tệp XML đã ký"));
        assert!(told.contains("name=\"file\""), "another file may be chosen at once: {told}");
        let draft = "99 0 obj\n<< /Type /EmbeddedFile >>\nstream\n<BLai/>\nendstream\nendobj\n%%EOF\n";
        for (more, why) in [(draft, "nhiều tệp XML khác nhau"), ("trailer << /Encrypt 5 0 R >>", "bị mã hóa")]
        {
            let changed = [pdf.as_slice(), b"\n", more.as_bytes()].concat();
            let told = send(service.address, "POST", "/verify", &[], &changed).unwrap();
            assert_eq!(told.status, 409, "{}", told.head);
            assert!(String::from_utf8_lossy(&told.body).contains(why), "{why}");
        }
        service.stop();
    });
}

#[test]
fn the_page_offers_the_lenient_rule_by_its_name() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let form = send(service.address, "GET", "/verify", &[], b"").unwrap();
        let form = String::from_utf8(form.body).unwrap();
        let action = "/verify?lenient=enveloped-on-own-object";
        assert!(form.contains(&format!("formaction=\"{action}\"")), "{form}");
        let quirk = include_bytes!("../../fixtures/receipt/attack/vendor-quirk.enveloped_on_own_object.xml");
        let page = brought(&service, "/verify", quirk);
        assert!(page.contains("Không hợp lệ"), "{page}");
        let page = brought(&service, action, quirk);
        assert!(page.contains("Toàn vẹn") && page.contains("theo quy tắc nới lỏng đã chọn"), "{page}");
        let unknown = send(service.address, "POST", "/verify?lenient=everything", &[], quirk).unwrap();
        assert_eq!(unknown.status, 400, "{}", unknown.head);
        service.stop();
    });
}
