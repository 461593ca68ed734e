//! Lists say their states and kinds in the reader's language; files keep the stored codes.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::Method;

use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

#[test]
fn the_list_of_documents_hands_over_their_signed_files_and_notes_who_took_them() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.seal();
        let mut service = Service::start(&world);
        let sit = |role, name, unit| seated(&world, service.address, role, name, Scope::unit(unit));
        let mut finance = sit(Role::Finance, "ketoan.mau", world.ba_dinh.id);
        finance.get("/finance/lists/receipts");
        let today = world.now().business_day();
        let bundle = format!("/finance/receipts/file?unit=00004&from={today}&until={today}");
        finance.sees(&bundle.replace('&', "&amp;"));
        let taken = finance.get(&bundle);
        assert_eq!(taken.status, 200);
        let archive = zip::ZipArchive::new(std::io::Cursor::new(taken.body)).expect("a zip file");
        assert!(
            archive.file_names().flatten().any(|name| name.ends_with(".xml")),
            "the signed original is in it"
        );
        assert_eq!(world.count("audit_entry WHERE action = 'receipts.bundled'"), 1);
        let backwards = format!("/finance/receipts/file?unit=00004&from={today}&until=2020-01-01");
        assert_eq!(finance.get(&backwards).status, 400);
        finance.get("/finance/lists/payments");
        assert!(!finance.page.contains("/finance/receipts/file"), "only where the documents are");
        let mut cashier = sit(Role::Cashier, "thungan.mau", world.ba_dinh.id);
        assert_eq!(cashier.get(&bundle).status, 403);
        service.stop();
    });
}

#[test]
fn a_list_is_read_in_words_and_its_file_in_codes() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.raise(Dong(8_000));
        world.seal();
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut auditor = seated(&world, service.address, Role::Auditor, "kiemtoan.mau", unit);
        auditor.get("/finance/lists/receipts");
        for words in [">đã ký</td>", ">biên lai</td>", "tệp giữ mã gốc", "<option value=\"signed\">đã ký"]
        {
            auditor.sees(words);
        }
        assert!(
            !auditor.page.contains(">signed</td>") && !auditor.page.contains(">receipt</td>"),
            "no stored word"
        );
        auditor.get("/finance/lists/obligations");
        auditor.sees(">đã lập</td>");
        auditor.get("/finance/lists/obligations?state=paid");
        auditor.sees("<option value=\"paid\" selected>đã nộp");
        auditor.sees(">đã nộp</td>");
        assert!(!auditor.page.contains(">đã lập</td>"), "one state is asked for");
        let csv = auditor.get("/finance/lists/receipts/file?unit=00004&format=csv");
        let csv = String::from_utf8_lossy(&csv.body).into_owned();
        assert!(csv.contains("signed") && csv.contains("receipt") && !csv.contains("đã ký"), "{csv}");
        let origin = format!("http://{}", service.address);
        auditor.post_from(&origin, "/language", &[("lang", "en"), ("back", "/finance")]);
        auditor.get("/finance/lists/receipts");
        auditor.sees(">signed</td>");
        auditor.sees("files keep the stored codes");
        service.stop();
    });
}
