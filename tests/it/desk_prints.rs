//! What the desk prints: one document as its own file, several as one, in a frame of the desk's own that
//! no other page may hold; and with two keystrokes, the second of which opens the printer's dialog while
//! the desk stays where it is.

use std::path::Path;
use std::process::Command;

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::payment::book::Method;
use serde_json::json;

use crate::browser_desk::sign_in;
use crate::browser_pages::{assert_quiet, tab_to, url};
use crate::counter_desk::desk;
use crate::support::program::{Service, get};
use crate::support::tools::Folder;
use crate::support::visitor::{header, location, seated};
use crate::support::{World, each_database};

fn told_by(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect(program);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn several_receipts_are_one_print_and_one_is_its_own_file() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let paid: Vec<_> = [25_000, 8_000, 5_000].map(|fee| world.raise(Dong(fee))).into();
        for owed in &paid {
            world.take(owed, owed.total, Method::Cash).unwrap();
        }
        world.seal();
        let open = world.raise(Dong(9_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let ask = |ids: &[String]| {
            let list: Vec<String> = ids.iter().map(|id| format!("o={id}")).collect();
            format!("/counter/print.pdf?{}", list.join("&"))
        };
        let ids: Vec<String> = paid.iter().map(|owed| owed.id.to_string()).collect();
        let print = cashier.get(&ask(&ids));
        assert_eq!((print.status, header(&print, "content-type")), (200, "application/pdf"));
        assert_eq!(header(&print, "content-security-policy"), "frame-ancestors 'self'");
        assert_eq!(header(&print, "x-frame-options").to_ascii_uppercase(), "SAMEORIGIN");
        let folder = Folder::new("print");
        std::fs::write(folder.path().join("print.pdf"), &print.body).unwrap();
        let text = told_by("pdftotext", &["-layout", "print.pdf", "-"], folder.path());
        for owed in &paid {
            assert!(text.contains(&owed.total.to_string().replace(" đ", "")), "{} in:\n{text}", owed.total);
        }
        assert_eq!(text.matches("đây là bản in").count(), 3, "each page says that it is a copy:\n{text}");
        let facts = told_by("pdfinfo", &["print.pdf"], folder.path());
        assert!(facts.lines().any(|line| line.starts_with("Pages:") && line.ends_with(" 3")), "{facts}");
        told_by("qpdf", &["--check", "print.pdf"], folder.path());

        let one = cashier.get(&ask(&ids[..1]));
        let receipt = world.receipts(&paid[0]).remove(0);
        let public = get(service.address, &format!("/r/{}.pdf", receipt.lookup_code)).unwrap();
        assert_eq!(one.body, public.body, "one document is the rendition itself");
        assert_eq!(header(&public, "content-security-policy"), "frame-ancestors 'none'");
        assert_eq!(header(&public, "x-frame-options").to_ascii_uppercase(), "DENY");

        assert_eq!(cashier.get(&ask(&[open.id.to_string()])).status, 409, "nothing is made of it yet");
        assert_eq!(get(service.address, &ask(&ids)).unwrap().status, 303, "a stranger signs in first");
        let elsewhere = Scope::unit(world.tay_ho.id);
        let mut other = seated(&world, service.address, Role::Cashier, "thungan.tayho", elsewhere);
        assert_eq!(other.get(&ask(&ids)).status, 409, "another unit's documents are not there");
        service.stop();
    });
}

#[test]
fn enter_takes_the_money_and_enter_prints_while_the_desk_stays_where_it_is() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut browser = sign_in(&world, &service, Role::Cashier, "thungan.badinh");
        browser.open(&url(&service, "/counter/shift"));
        browser.eval("document.querySelector('main form').requestSubmit()");
        browser.sees("Phải có trong ngăn quỹ");
        // Whatever frame is told to print only counts it.
        browser.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PRINTER }));
        let page = format!("/counter/obligations/{}", owed.id);
        browser.open(&url(&service, &page));
        assert_eq!(browser.focus(), "tendered");
        browser.press("Enter");
        browser.sees("Đã thu tiền");
        // The signature comes by itself, and with it the focus on the way to the printer.
        browser.wait_for("document.activeElement.hasAttribute('data-print-file')");
        let here = browser.eval("location.href");
        browser.press("Enter");
        browser.wait_for("window.printed === 1");
        assert_eq!(browser.eval("location.href"), here, "the desk stays");
        assert_eq!(
            browser.eval("new URL(document.getElementById('printer').src).pathname"),
            json!("/counter/print.pdf")
        );
        browser.wait_for("document.activeElement.accessKey === 'n'");

        // Several of the list of today at once, by keyboard too.
        let more = world.raise(Dong(8_000));
        browser.open(&url(&service, &format!("/counter/obligations/{}", more.id)));
        assert_eq!(browser.focus(), "tendered");
        browser.press("Enter");
        browser.wait_for("document.activeElement.hasAttribute('data-print-file')");
        browser.open(&url(&service, "/counter"));
        browser
            .eval("document.querySelectorAll('form[data-print-file] input').forEach(e => e.checked = true)");
        tab_to(&mut browser, "!!e.closest('form[data-print-file]') && e.tagName === 'BUTTON'");
        browser.press("Enter");
        browser.wait_for("window.printed === 1");
        let asked = browser.eval("document.getElementById('printer').src");
        let asked = asked.as_str().unwrap();
        assert!(asked.contains(&owed.id.to_string()) && asked.contains(&more.id.to_string()), "{asked}");
        assert_eq!(browser.eval("location.pathname"), json!("/counter"));
        assert_quiet(&browser, &service);
        service.stop();
    });
}

/// The printer of a story: a frame that is told to print is counted in the page around it.
const PRINTER: &str = "window.print = () => { top.printed = (top.printed || 0) + 1; };";

#[test]
fn without_a_script_the_way_to_the_printer_is_a_link() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut cashier = desk(&world, &service);
        let page = format!("/counter/obligations/{}", owed.id);
        let shown = cashier.get(&page);
        assert!(header(&shown, "content-security-policy").contains("frame-src 'self'"));
        let key = cashier.value("key").unwrap();
        let taking = [("amount", "25000"), ("method", "cash"), ("key", key.as_str()), ("tendered", "")];
        let taken = cashier.post(&format!("{page}/take"), &taking);
        assert_eq!(taken.status, 303, "{}", cashier.page);
        crate::callbacks::wait_for_signatures(&world, std::time::Duration::from_secs(60));
        cashier.get(location(&taken));
        cashier.sees(&format!("href=\"/counter/print.pdf?o={}\"", owed.id));
        let shown = cashier.get("/finance");
        assert!(!header(&shown, "content-security-policy").contains("frame-src"), "the desk's pages alone");
        service.stop();
    });
}
