//! The cashier's and the finance desk in real Chromium: prices that follow the typing, lists that are
//! worked by keyboard, and every page looked at on both screens and in both colours.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::Kind;
use bienlai::tariff::edition;
use serde_json::{Value, json};

use crate::browser_pages::{assert_quiet, look, tab_to, url};
use crate::refunds::{statement, today};
use crate::support::bank_file::BankFile;
use crate::support::browser::{Browser, Screen};
use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, employ};
use crate::support::{World, each_database};

pub fn sign_in(world: &World, service: &Service, role: Role, name: &str) -> Browser {
    let ready = employ(world, role, name, Scope::unit(world.ba_dinh.id));
    let mut browser = Browser::start();
    browser.screen(Screen::Desk);
    browser.open(&url(service, "/sign-in"));
    let code = ready.code(world);
    for (field, value) in [("name", name), ("password", PASSWORD), ("code", code.as_str())] {
        browser.eval(&format!("document.getElementById('{field}').value = {}", Value::from(value)));
    }
    browser.eval("document.querySelector('main form').requestSubmit()");
    browser.wait_for("location.pathname !== '/sign-in' && document.readyState === 'complete'");
    browser
}

#[test]
fn a_walk_in_is_served_with_the_keyboard_and_sees_the_price_while_it_is_typed() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let text = include_str!("../../fixtures/tariff/hanoi.toml");
        world.change(|tx, stamp| edition::store_first(tx, stamp, &Actor::system(), text)).unwrap();
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut browser = sign_in(&world, &service, Role::Cashier, "thungan.badinh");
        browser.open(&url(&service, "/counter/shift"));
        browser.eval("document.querySelector('main form').requestSubmit()");
        browser.sees("Phải có trong ngăn quỹ");
        browser.open(&url(&service, "/counter/favourites"));
        browser.eval("document.querySelector('[name=\"i.chung_thuc_ban_sao\"]').checked = true");
        look(&mut browser, "favourites");
        browser.eval("document.querySelector('main form').requestSubmit()");
        browser.wait_for("location.pathname === '/counter/walk-in' && document.readyState === 'complete'");
        tab_to(&mut browser, "e.name === 'pages.chung_thuc_ban_sao'");
        browser.types("5");
        browser.press("Tab");
        browser.types("3");
        browser.wait_for("document.getElementById('priced').innerText.includes('21.000')");
        assert_eq!(world.count("obligation"), 1, "a price stores nothing");
        look(&mut browser, "walk-in");
        browser.screen(Screen::Desk);
        tab_to(&mut browser, "e.name === 'name'");
        browser.types("Lê Thị Mẫu");
        browser.press("Tab");
        browser.types("Số 3 ngõ Mẫu");
        browser.press("Enter");
        browser.wait_for(
            "location.pathname.startsWith('/counter/obligations/') && document.readyState === 'complete'",
        );
        assert_eq!(browser.focus(), "tendered");
        browser.press("Enter");
        browser.sees("Đã thu tiền");
        // The signature comes by itself, the focus stands on the way to the printer.
        browser.sees("In biên lai");
        browser.wait_for("document.activeElement.hasAttribute('data-print-file')");
        for (path, name) in [
            (format!("/counter/obligations/{}/guide", owed.id), "guide"),
            (format!("/counter/obligations/{}", owed.id), "take-more"),
            ("/counter/screen".to_owned(), "screen"),
            ("/counter/slips".to_owned(), "slips"),
            (format!("/counter/together?o={}&o={}", owed.id, owed.id), "together"),
        ] {
            browser.open(&url(&service, &path));
            look(&mut browser, name);
        }
        // Twelve items, who pays and what it comes to stand on one screen, and typing begins at once.
        browser.open(&url(&service, "/counter/favourites"));
        browser.eval(
            "Array.from(document.querySelectorAll('[name^=\"i.\"]')).forEach((box, at) => { box.checked = at < 12; })",
        );
        browser.eval("document.querySelector('main form').requestSubmit()");
        browser.wait_for("location.pathname === '/counter/walk-in' && document.readyState === 'complete'");
        browser.screen(Screen::Desk);
        browser.open(&url(&service, "/counter/walk-in"));
        assert_eq!(browser.focus(), "name");
        assert_eq!(browser.eval("document.querySelectorAll('.pick').length"), json!(12));
        let below = "document.querySelector('.below').getBoundingClientRect()";
        assert_eq!(
            browser.eval(&format!("{below}.bottom <= innerHeight")),
            json!(true),
            "the sum is in sight"
        );
        let last = "Array.from(document.querySelectorAll('.pick')).pop().getBoundingClientRect().bottom";
        let (last, top) = (browser.eval(last), browser.eval(&format!("{below}.top")));
        assert!(last.as_f64() <= top.as_f64(), "the last item ends at {last}, the sum begins at {top}");
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn cash_is_typed_on_a_screen_that_is_touched_and_counted_by_the_note() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut browser = sign_in(&world, &service, Role::Cashier, "thungan.badinh");
        browser.open(&url(&service, "/counter/shift"));
        browser.eval("document.querySelector('main form').requestSubmit()");
        browser.sees("Phải có trong ngăn quỹ");
        browser.open(&url(&service, &format!("/counter/obligations/{}", owed.id)));
        for (key, typed, change) in [
            ("+20000", "20.000", "–"),
            ("+50000", "70.000", "45.000 đ"),
            ("back", "7.000", "–"),
            ("clear", "", "–"),
            ("3", "3", "–"),
            ("0", "30", "–"),
            ("000", "30.000", "5.000 đ"),
            ("exact", "25.000", "0 đ"),
            ("+100000", "125.000", "100.000 đ"),
        ] {
            browser.eval(&format!("document.querySelector('[data-press=\"{key}\"]').click()"));
            assert_eq!(browser.eval("document.getElementById('tendered').value"), json!(typed), "{key}");
            assert_eq!(browser.eval("document.getElementById('change').textContent"), json!(change), "{key}");
        }
        assert_eq!(browser.eval("document.querySelectorAll('[data-press]').length"), json!(20));
        let small = "[...document.querySelectorAll('[data-press]')].map(e => [e, e.getBoundingClientRect()])
              .filter(([e, box]) => box.height < 44 || box.width < 44).map(([e]) => e.dataset.press)";
        assert_eq!(browser.eval(small), json!([]), "a finger meets each key");
        tab_to(&mut browser, "e.dataset.press === '+500000'");
        browser.eval("document.getElementById('tendered').focus()");
        browser.press("Enter");
        browser.sees("Tiền trả lại: 100.000 đ");
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn the_queue_is_worked_with_j_k_enter_and_x() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let more = world.raise(Dong(25_000));
        let over = world.raise(Dong(25_000));
        let memo = format!("{} nop phi", over.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, today(&world), 0)
            .book(25_000, "tien nop phi", "U1")
            .book(9_000, "khong ro", "U2")
            .book(30_000, &memo, "U3")
            .sent_from("1900777700");
        statement(&world, file);
        let mut service = Service::start(&world);
        let mut browser = Browser::start();
        browser.screen(Screen::Phone);
        browser.open(&url(&service, &format!("/p/{}", over.reference_code)));
        browser.eval("document.querySelectorAll('details').forEach(e => e.open = true)");
        look(&mut browser, "surplus");
        for (field, value) in [("bank", "970432"), ("account_no", "1900777700"), ("holder", "NGUYEN THI THU")]
        {
            browser.eval(&format!("document.getElementById('{field}').value = '{value}'"));
        }
        browser.eval("document.querySelector('form[action$=\"/refund\"]').requestSubmit()");
        browser.sees("Đã nhận đề nghị hoàn");
        look(&mut browser, "surplus-asked");
        assert_quiet(&browser, &service);

        let mut browser = sign_in(&world, &service, Role::Finance, "ketoan.badinh");
        browser.open(&url(&service, "/finance/exceptions"));
        look(&mut browser, "queue");
        browser.screen(Screen::Desk);
        key(&mut browser, "j");
        key(&mut browser, "j");
        key(&mut browser, "k");
        key(&mut browser, "x");
        assert_eq!(browser.eval("document.querySelectorAll('[data-row] input:checked').length"), json!(1));
        browser.press("Enter");
        browser.wait_for(
            "location.pathname.startsWith('/finance/exceptions/exc_') && document.readyState === 'complete'",
        );
        let unknown = world.exceptions(world.ba_dinh.id);
        let unknown = unknown
            .iter()
            .find(|item| item.kind == Kind::UnidentifiedCredit && item.amount == Dong(25_000))
            .expect("the line is unexplained");
        browser.open(&url(&service, &format!("/finance/exceptions/{}", unknown.id)));
        browser.sees(&owed.dossier_code);
        look(&mut browser, "workbench");
        browser.screen(Screen::Desk);
        key(&mut browser, "j");
        key(&mut browser, "j");
        let chosen = browser.eval("document.querySelector('[name=target]:checked').value");
        assert!([json!(owed.id.to_string()), json!(more.id.to_string())].contains(&chosen), "{chosen}");
        browser.eval("document.getElementById('resolution').value = 'assign'");
        tab_to(&mut browser, "e.id === 'reason'");
        browser.types("đúng tên người nộp");
        browser.press("Enter");
        browser.sees("Đề nghị:");
        look(&mut browser, "workbench-proposed");
        for (path, name) in [("/finance/refunds", "refunds"), ("/finance/slips", "countersign")] {
            browser.open(&url(&service, path));
            look(&mut browser, name);
        }
        browser.open(&url(&service, "/finance/statements"));
        let next = BankFile::new(world.ba_dinh.account_no, today(&world), 64_000).book(1_000, "them", "U9");
        let next = String::from_utf8(next.camt()).unwrap();
        drop_file(&mut browser, &next);
        browser.sees("1 dòng");
        // The file that was looked at is still chosen, and the new field takes another one.
        assert_eq!(browser.eval("document.querySelector('.drop input').files.length"), json!(1));
        browser.eval("document.querySelector('.drop input').value = ''");
        browser.eval("document.querySelector('main').dataset.old = '1'");
        drop_file(&mut browser, &next);
        browser.wait_for(
            "!document.querySelector('main').dataset.old && document.querySelector('.drop input').files.length === 1",
        );
        let beside = "(() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'b.xml'));
              const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
              document.querySelector('h1').dispatchEvent(drop); return drop.defaultPrevented; })()";
        assert_eq!(browser.eval(beside), json!(true), "a file let fall beside the field opens nothing");
        // More than a mebibyte is taken in beside the page: its own page tells how far it is.
        let large = format!("{} + '<!--' + 'x'.repeat(1100000) + '-->'", Value::from(next));
        drop_file_for(&mut browser, &large, "import");
        browser.wait_for("location.pathname.startsWith('/finance/imports/')");
        assert_quiet(&browser, &service);
        service.stop();
    });
}

fn key(browser: &mut Browser, key: &str) {
    browser.eval(&format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
    ));
}

/// Drops a file on the field and asks for its preview.
fn drop_file(browser: &mut Browser, content: &str) {
    drop_file_for(browser, &Value::from(content).to_string(), "preview");
}

/// The same for what a script says, and another button.
fn drop_file_for(browser: &mut Browser, content: &str, what: &str) {
    let script =
        "((text, what) => { const data = new DataTransfer(); data.items.add(new File([text], 'a.xml'));
          const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
          document.querySelector('.drop').dispatchEvent(drop);
          const form = document.querySelector('.drop').closest('form');
          form.requestSubmit(form.querySelector(`button[value=${what}]`)); })";
    browser.eval(&format!("{script}({content}, {})", Value::from(what)));
}
