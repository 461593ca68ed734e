//! Anybody brings a signed file to the public page, or to the command: it says what the signatures are worth, and of a
//! document of ours how it stands today.

use bienlai::correction::Kind;
use bienlai::receipt::query;
use bienlai::web::message::words;
use serde_json::Value;

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

/// The exit code of `receipt verify` whose reader has seen enough and left, as `grep -q` does.
fn unheard(arguments: &[&str]) -> Option<i32> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"));
    command.args(["receipt", "verify"]).args(arguments).stdout(writer);
    command.stderr(std::process::Stdio::null()).status().unwrap().code()
}

/// What a reader did not hear is no good answer.
#[test]
fn a_document_whose_answer_nobody_hears_is_not_passed_and_a_forgery_that_is_heard_is_refused() {
    let genuine = include_str!("../../fixtures/receipt/test-only-receipt.xml");
    let text = genuine.replacen("25000", "26000", 1);
    assert_ne!(text, genuine, "it is forged");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.xml");
    std::fs::write(&path, text).unwrap();
    let forged = path.to_str().unwrap();
    assert_eq!(by_command(&[forged]).0, Some(1), "it is judged, and bad");
    assert_eq!(unheard(&[forged]), Some(2));
    assert_eq!(by_command(&[GENUINE, "--at", "2026-11-01"]).0, Some(0));
    assert_eq!(unheard(&[GENUINE, "--at", "2026-11-01"]), Some(2), "good, and nobody knows");
}

/// Exit code, standard output, standard error of `receipt verify`.
fn by_command(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let done = command.args(["receipt", "verify"]).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

fn in_json(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let (code, out, error) = by_command(&[&["--json"][..], arguments].concat());
    (code, serde_json::from_str(&out).expect("JSON"), error)
}

const GENUINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/receipt/test-only-receipt.xml");

#[test]
fn a_file_that_cannot_be_opened_is_told_in_both_languages_and_with_its_path_in_the_json() {
    let (code, told, error) = in_json(&["khong-co.xml"]);
    let unreadable = words("file_unreadable");
    assert_eq!((code, told["verdict"].as_str()), (Some(2), Some("unreadable")), "{told}");
    assert_eq!(told["error"]["code"], "file_unreadable", "{told}");
    assert_eq!(told["error"]["message"], unreadable.vi.as_str(), "{told}");
    assert_eq!(told["error"]["file"], "khong-co.xml", "{told}");
    assert!(error.contains(&unreadable.vi) && error.contains(&unreadable.en), "{error}");
}

#[test]
fn of_several_files_each_document_names_its_own_and_one_that_cannot_be_opened_is_among_them() {
    let (code, told, _) = in_json(&[GENUINE, "khong-co.xml"]);
    assert_eq!((code, told["verdict"].as_str()), (Some(2), Some("unreadable")), "{told}");
    assert_eq!(told["documents"][0]["file"], GENUINE, "{told}");
    assert_eq!(told["documents"][0]["kind"], "receipt", "{told}");
    assert!(told["documents"][0].get("error").is_none(), "{told}");
    assert_eq!(told["documents"][1]["file"], "khong-co.xml", "{told}");
    assert_eq!(told["documents"][1]["error"]["code"], "file_unreadable", "{told}");

    let (code, told, _) = in_json(&[GENUINE, "--at", "2026-11-01"]);
    assert_eq!((code, told["verdict"].as_str()), (Some(0), Some("intact")), "{told}");
    assert!(told.get("error").is_none() && told.get("evidence").is_none(), "{told}");
    assert_eq!(told["documents"][0]["signatures"].as_array().map(Vec::len), Some(1), "{told}");
}

#[test]
fn a_receipt_saved_as_utf_16_is_said_to_be_no_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.xml");
    let text = include_str!("../../fixtures/receipt/test-only-receipt.xml");
    let wide = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
    std::fs::write(&path, wide.collect::<Vec<u8>>()).unwrap();
    let (code, told, _) = by_command(&[path.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    let said = ["byte_order_mark", "Tệp là UTF-16/UTF-32, không phải UTF-8", "UTF-16 or UTF-32, not UTF-8"];
    assert!(said.iter().all(|said| told.contains(said)), "{told}");
}

#[test]
fn whoever_brings_no_file_is_told_so_and_may_choose_one_at_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let form = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--B--\r\n";
        let in_form = [("Content-Type", "multipart/form-data; boundary=B")];
        let ways: [(&[(&str, &str)], &str); 2] = [(&[], ""), (&in_form, form)];
        for (headers, body) in ways {
            let answer = send(service.address, "POST", "/verify", headers, body.as_bytes()).unwrap();
            assert_eq!(answer.status, 400, "{}", answer.head);
            let page = String::from_utf8(answer.body).unwrap();
            assert!(page.contains(&words("verify_file_missing").vi), "{page}");
            assert!(page.contains("name=\"file\""), "{page}");
        }
        service.stop();
    });
}

#[test]
fn who_brings_a_picture_is_told_what_can_be_checked_instead() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let page = brought(&service, "/verify", b"\x89PNG\r\n\x1a\n\xff");
        for said in ["Không đọc được", "Ảnh chụp và bản quét không kiểm tra được", "href=\"/lookup\""]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
        service.stop();
    });
}

#[test]
fn whose_signature_a_file_carries_is_said_in_words() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let receipt = include_bytes!("../../fixtures/receipt/test-only-receipt.xml");
        let page = brought(&service, "/verify", receipt);
        assert!(page.contains("Chữ ký của tổ chức thu (TCThu)"), "{page}");
        assert!(!page.contains("Ảnh chụp và bản quét"), "it was read: {page}");
        service.stop();
    });
}

#[test]
fn the_sum_of_an_invoice_in_dong_is_written_as_a_receipts_is_and_another_currency_as_it_stands() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let invoice = include_str!("../../fixtures/receipt/valid/invoice.xml");
        assert!(brought(&service, "/verify", invoice.as_bytes()).contains("<dd>3.750.000 đ</dd>"));
        let lowered = invoice.replacen("<TgTTTBSo>3750000.000000", "<TgTTTBSo>-5800", 1);
        assert!(brought(&service, "/verify", lowered.as_bytes()).contains("<dd>-5.800 đ</dd>"));
        let foreign = invoice.replacen("<DVTTe>VND", "<DVTTe>USD", 1);
        assert!(brought(&service, "/verify", foreign.as_bytes()).contains("<dd>3750000</dd>"));
        service.stop();
    });
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
        assert!(page.contains("Không hợp lệ") && !page.contains("Toàn vẹn: không bị sửa"), "{page}");
        let page = brought(&service, action, quirk);
        assert!(
            page.contains("Toàn vẹn: không bị sửa") && page.contains("theo quy tắc nới lỏng đã chọn"),
            "{page}"
        );
        let unknown = send(service.address, "POST", "/verify?lenient=everything", &[], quirk).unwrap();
        assert_eq!(unknown.status, 400, "{}", unknown.head);
        service.stop();
    });
}
