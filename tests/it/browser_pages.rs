//! The pages in real Chromium: with the keyboard alone, on a phone, light and dark; what a browser
//! knows and a reader of HTML does not.

use std::path::PathBuf;
use std::time::Duration;

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use serde_json::{Value, json};

use crate::support::browser::{Browser, Screen};
use crate::support::program::{Service, callback_until_taken};
use crate::support::visitor::{PASSWORD, employ};
use crate::support::{World, each_database};

/// What every page must hold, as the browser lays it out; answers what does not.
const LOOK: &str = r#"(() => {
  const wrong = [];
  const seen = e => !e.closest('details:not([open]) > :not(summary)') && e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
  if (document.querySelectorAll('h1').length !== 1) wrong.push('h1: ' + document.querySelectorAll('h1').length);
  if (!document.documentElement.lang || !document.title) wrong.push('lang or title');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => wrong.push('id twice: ' + id));
  for (const e of document.querySelectorAll('input:not([type=hidden]),select,textarea'))
    if (!e.labels.length && !e.getAttribute('aria-label')) wrong.push('no label: ' + e.name);
  for (const e of document.querySelectorAll('a,button')) {
    if (!seen(e)) continue;
    if (!e.textContent.trim() && !e.getAttribute('aria-label')) wrong.push('no name: ' + e.outerHTML.slice(0, 80));
    const box = e.getBoundingClientRect();
    if (e.tagName === 'BUTTON' && (box.height < 24 || box.width < 24)) wrong.push('small: ' + e.innerText);
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
    wrong.push('wider than the screen: ' + document.documentElement.scrollWidth);
  const parse = c => { const n = c.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(e) || e.closest('.said,.skip,svg,[aria-disabled=true]')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const a = light(parse(style.color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < (large ? 3 : 4.5)) wrong.push('contrast ' + ratio.toFixed(2) + ': ' + e.innerText.slice(0, 40));
  }
  return wrong;
})()"#;

pub fn url(service: &Service, path: &str) -> String {
    format!("http://{}{path}", service.address)
}

/// Looks at the page on both screens, in both colours, and keeps the pictures.
pub fn look(browser: &mut Browser, name: &str) {
    for (screen, size) in [(Screen::Phone, "phone"), (Screen::Desk, "desk")] {
        browser.screen(screen);
        for colours in ["dark", "light"] {
            browser.colours(colours);
            let wrong = browser.eval(LOOK);
            assert_eq!(wrong, json!([]), "{name}, {size}, {colours}");
            if !(size == "phone" && colours == "dark") {
                let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
                browser.picture(&folder.join(format!("{name}-{size}-{colours}.png")));
            }
        }
    }
}

/// Nothing but our own host was asked, and no page complained.
/// Chromium's own viewer of PDF files, which is a page of the browser and no host.
const PDF_VIEWER: &str = "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/";

pub fn assert_quiet(browser: &Browser, service: &Service) {
    let own = url(service, "/");
    // `data:` asks nobody: the browser draws the calendar of a date field with it.
    let is_own = |asked: &str| {
        asked.starts_with(&own)
            || asked.starts_with("data:")
            || asked == "about:blank"
            || asked.starts_with(PDF_VIEWER)
    };
    let foreign: Vec<&String> = browser.asked.iter().filter(|asked| !is_own(asked)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Presses Tab until a field, button or link has the focus.
#[track_caller]
pub fn tab_to(browser: &mut Browser, expression: &str) {
    for _ in 0..40 {
        if browser.eval(&format!("(e => {expression})(document.activeElement)")) == json!(true) {
            return;
        }
        browser.press("Tab");
    }
    panic!("the keyboard never reaches {expression}, but {}", browser.focus());
}

#[test]
fn a_cashier_works_with_the_keyboard_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let ready = employ(&world, Role::Cashier, "thungan.badinh", Scope::unit(world.ba_dinh.id));
        let mut browser = Browser::start();
        browser.screen(Screen::Desk);
        browser.open(&url(&service, "/counter"));
        browser.wait_for("location.pathname === '/sign-in'");
        look(&mut browser, "sign-in");
        assert_eq!(browser.focus(), "name", "one begins to type at once");
        browser.types(&ready.name);
        browser.press("Tab");
        browser.types(PASSWORD);
        browser.press("Enter");
        browser.wait_for("location.pathname === '/counter'");
        look(&mut browser, "counter-closed");

        tab_to(&mut browser, "e.getAttribute('href') === '/counter/shift'");
        browser.press("Enter");
        browser.wait_for("location.pathname === '/counter/shift'");
        tab_to(&mut browser, "e.name === 'n10000'");
        browser.types("5");
        browser.wait_for("document.getElementById('counted').textContent === '50.000 đ'");
        look(&mut browser, "shift-open");
        browser.press("Enter");
        browser.sees("Phải có trong ngăn quỹ");
        look(&mut browser, "shift-close");

        browser.open(&url(&service, "/counter"));
        assert_eq!(browser.focus(), "q");
        browser.types("nguyen thi thu");
        browser.press("Enter");
        browser.sees(&owed.dossier_code);
        look(&mut browser, "counter-found");
        tab_to(&mut browser, "(e.getAttribute('href') || '').startsWith('/counter/obligations/')");
        browser.press("Enter");
        browser.wait_for(
            "location.pathname.startsWith('/counter/obligations/') && document.readyState === 'complete'",
        );
        assert_eq!(browser.focus(), "tendered");
        browser.types("50.000");
        browser.wait_for("document.getElementById('change').textContent === '25.000 đ'");
        look(&mut browser, "take");
        browser.press("Enter");
        browser.sees("Tiền trả lại: 25.000 đ");
        // The signature comes by itself, and with it the way to the printer.
        browser.sees("Xem, in (PDF)");
        look(&mut browser, "taken");
        browser.eval("history.back()");
        browser.wait_for("document.readyState === 'complete'");
        assert_eq!(world.count("payment"), 1);
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn a_phone_shows_the_money_without_being_touched() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut browser = Browser::start();
        browser.screen(Screen::Phone);
        browser.open(&url(&service, &format!("/p/{}", owed.reference_code)));
        browser.sees("Quét mã VietQR");
        let copies = browser.eval("[...document.querySelectorAll('[data-copy]')].map(e => e.dataset.copy)");
        assert_eq!(copies[1], "25000", "{copies}");
        look(&mut browser, "pay");
        browser.eval("document.querySelector('details').open = true");
        look(&mut browser, "pay-told");
        browser.screen(Screen::Phone);
        let claim = world.claim(&owed, Dong(25_000)).claim;
        callback_until_taken(service.address, &claim, Duration::from_secs(5));
        browser.sees("Đã nhận đủ tiền");
        assert_eq!(browser.eval("document.getElementById('said').textContent"), json!("Đã nhận đủ tiền"));
        browser.sees("Bản gốc đã ký (XML)");
        look(&mut browser, "paid");
        for path in ["/lookup", "/verify", "/sign-in"] {
            browser.open(&url(&service, path));
            look(&mut browser, path.trim_start_matches('/'));
        }
        assert_quiet(&browser, &service);
        service.stop();
    });
}

/// How many of these elements are drawn.
fn shown(selector: &str) -> String {
    format!("[...document.querySelectorAll('{selector}')].filter(e => e.getClientRects().length > 0).length")
}

#[test]
fn copying_works_without_the_browsers_clipboard_and_says_what_happened() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let mut service = Service::start(&world);
        let mut browser = Browser::start();
        browser.screen(Screen::Phone);
        browser.open(&url(&service, &format!("/p/{}", owed.reference_code)));
        // As on plain http, where pages get none.
        browser.eval("Object.defineProperty(navigator, 'clipboard', { value: undefined }) && true");
        let press = |browser: &mut Browser, works: bool| {
            browser.eval(&format!("document.execCommand = () => {works}; true"));
            browser.eval("document.querySelectorAll('[data-copy]')[2].click()");
        };
        press(&mut browser, false);
        browser.sees("Đã chọn sẵn");
        let memo = browser.eval("document.querySelectorAll('[data-copy]')[2].dataset.copy");
        assert_eq!(browser.eval("document.activeElement.value"), memo, "it is there to be copied by hand");
        let is_selected = "document.activeElement.selectionEnd === document.activeElement.value.length";
        assert_eq!(browser.eval(is_selected), json!(true));
        look(&mut browser, "copied-by-hand");
        press(&mut browser, true);
        browser.sees("Đã sao chép");
        assert_eq!(browser.eval("document.querySelectorAll('.by-hand').length"), json!(0));
        assert_eq!(browser.eval("document.getElementById('said').textContent"), json!("Đã sao chép"));
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn without_scripts_a_payer_pays_and_finds_the_receipt_and_a_cashier_takes_cash() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, cash) = (world.raise(Dong(25_000)), world.raise(Dong(8_000)));
        let mut service = Service::start(&world);
        let mut browser = Browser::start();
        browser.screen(Screen::Phone);
        browser.scripts(false);
        browser.open(&url(&service, &format!("/p/{}", owed.reference_code)));
        browser.sees("Quét mã VietQR");
        assert_eq!(browser.eval(&shown(".copy")), json!(0), "what needs a script is not shown");
        look(&mut browser, "pay-plain");
        let claim = world.claim(&owed, Dong(25_000)).claim;
        callback_until_taken(service.address, &claim, Duration::from_secs(5));
        crate::callbacks::wait_for_signatures(&world, Duration::from_secs(30));
        browser.open(&url(&service, &format!("/p/{}", owed.reference_code)));
        browser.sees("Đã nhận đủ tiền");
        let lookup = world.receipts(&owed).remove(0).lookup_code;
        browser.open(&url(&service, "/lookup"));
        browser.eval("document.getElementById('lookup_code').focus()");
        browser.types(&lookup);
        browser.press("Enter");
        let is_there = format!("location.pathname === '/r/{lookup}' && document.readyState === 'complete'");
        browser.wait_for(&is_there);
        browser.sees("25.000");

        let ready = employ(&world, Role::Cashier, "thungan.badinh", Scope::unit(world.ba_dinh.id));
        browser.screen(Screen::Desk);
        browser.open(&url(&service, "/counter/shift"));
        browser.wait_for("location.pathname === '/sign-in' && document.readyState === 'complete'");
        browser.eval("document.getElementById('name').focus()");
        browser.types(&ready.name);
        browser.press("Tab");
        browser.types(PASSWORD);
        browser.press("Enter");
        browser.wait_for("location.pathname === '/counter/shift' && document.readyState === 'complete'");
        browser.eval("document.getElementById('n10000').focus()");
        browser.types("5");
        browser.press("Enter");
        browser.sees("Phải có trong ngăn quỹ");
        browser.open(&url(&service, &format!("/counter/obligations/{}", cash.id)));
        assert_eq!(browser.eval(&shown("[data-press]")), json!(0), "the keypad is there with scripts only");
        browser.eval("document.getElementById('tendered').focus()");
        browser.types("10.000");
        browser.press("Enter");
        browser.sees("Tiền trả lại: 2.000 đ");
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn finance_and_administrators_see_whole_pages() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        let word = bienlai::payment::told::Word {
            amount: Dong(25_000),
            on: world.now().business_day(),
            trace: "FT1".to_owned(),
            time: String::new(),
        };
        world.change(|tx, stamp| bienlai::payment::told::tell(tx, stamp, &owed, &word));
        let tariff = include_str!("../../fixtures/tariff/hanoi.toml");
        let system = bienlai::actor::Actor::system();
        world.change(|tx, stamp| bienlai::tariff::edition::store_first(tx, stamp, &system, tariff)).unwrap();
        let mut service = Service::start(&world);
        for (role, name, paths) in [
            (
                Role::Finance,
                "ketoan.badinh",
                &["/finance", "/finance/statements", "/finance/exceptions", "/finance/days", "/account"][..],
            ),
            (
                Role::Administrator,
                "quantri.badinh",
                &[
                    "/users",
                    "/city",
                    "/admin/units",
                    "/admin/units/00004",
                    "/admin/clients",
                    "/admin/operations",
                    "/admin/trail",
                    "/admin/evidence",
                    "/onboarding",
                    "/onboarding/00004",
                    "/tariff",
                    "/tariff/simulator",
                ],
            ),
        ] {
            let ready = employ(&world, role, name, Scope::unit(world.ba_dinh.id));
            let mut browser = Browser::start();
            browser.open(&url(&service, "/sign-in"));
            for (field, value) in [("name", ready.name.clone()), ("password", PASSWORD.to_owned())] {
                browser.eval(&format!("document.getElementById('{field}').value = {}", Value::from(value)));
            }
            let code = ready.code(&world);
            browser.eval(&format!("document.getElementById('code').value = '{code}'"));
            browser.eval("document.querySelector('main form').requestSubmit()");
            browser.wait_for(&format!("location.pathname === '{}'", paths[0]));
            for path in paths {
                browser.open(&url(&service, path));
                look(&mut browser, path.trim_start_matches('/').replace('/', "-").as_str());
            }
            assert_quiet(&browser, &service);
        }
        service.stop();
    });
}
