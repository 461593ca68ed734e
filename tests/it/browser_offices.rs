//! The approver's and the administrator's day in real Chromium, with the keyboard alone: each page on the way is
//! looked at on both screens and judged by axe-core.

use bienlai::actor::{Role, Scope};
use serde_json::json;

use crate::browser_pages::{assert_quiet, look, tab_to, url};
use crate::every_page::axe;
use crate::refunds::{overpaid, request};
use crate::support::browser::{Browser, Screen};
use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, employ};
use crate::support::{World, each_database};

/// Signs in with the keyboard alone.
fn begin(world: &World, service: &Service, role: Role, name: &str, home: &str) -> Browser {
    let ready = employ(world, role, name, Scope::unit(world.ba_dinh.id));
    let mut browser = Browser::start();
    browser.screen(Screen::Desk);
    browser.open(&url(service, "/sign-in"));
    assert_eq!(browser.focus(), "name");
    browser.types(&ready.name);
    browser.press("Tab");
    browser.types(PASSWORD);
    tab_to(&mut browser, "e.id === 'code'");
    browser.types(&ready.code(world));
    browser.press("Enter");
    browser.wait_for(&format!("location.pathname === '{home}' && document.readyState === 'complete'"));
    browser
}

/// Nothing is amiss with the page as it stands.
#[track_caller]
fn judged(browser: &mut Browser, name: &str) {
    look(browser, name);
    assert_eq!(axe(browser), json!([]), "{name}");
    browser.screen(Screen::Desk);
}

/// Follows a way of the navigation.
fn go(browser: &mut Browser, path: &str) {
    browser.eval("document.activeElement.blur()");
    tab_to(browser, &format!("e.getAttribute('href') === '{path}'"));
    browser.press("Enter");
    browser.wait_for(&format!("location.pathname === '{path}' && document.readyState === 'complete'"));
}

#[test]
fn an_approver_decides_what_waits_with_the_keyboard_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let payment = overpaid(&world);
        request(&world, payment, 2_000).unwrap();
        let waiting = "refund WHERE state = 'requested'";
        assert_eq!(world.count(waiting), 1);
        let mut service = Service::start(&world);
        let mut browser = begin(&world, &service, Role::Approver, "duyet.badinh", "/finance");
        judged(&mut browser, "approver-board");
        go(&mut browser, "/duties");
        judged(&mut browser, "approver-duties");
        tab_to(&mut browser, "e.name === 'reason'");
        browser.types("đã xem chứng từ");
        tab_to(&mut browser, "e.name === 'verdict' && e.value === 'approve'");
        browser.press("Enter");
        browser.sees("Không có việc nào chờ");
        assert_eq!(world.count(waiting), 0);
        judged(&mut browser, "approver-done");
        assert_quiet(&browser, &service);
        service.stop();
    });
}

#[test]
fn an_administrator_invites_somebody_and_opens_a_screen_with_the_keyboard_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut browser = begin(&world, &service, Role::Administrator, "quantri.badinh", "/users");
        judged(&mut browser, "users");
        tab_to(&mut browser, "e.id === 'person'");
        browser.types("Lê Thị Mẫu");
        browser.press("Tab");
        browser.types("le.thi.mau");
        tab_to(&mut browser, "e.id === 'units'");
        browser.types("00004");
        browser.press("Enter");
        browser.sees("/invitation/");
        assert_eq!(world.count("login WHERE name = 'le.thi.mau' AND role = 'cashier'"), 1);
        judged(&mut browser, "users-invited");

        go(&mut browser, "/admin/screens");
        tab_to(&mut browser, "e.id === 'unit'");
        browser.types("00004");
        browser.press("Tab");
        browser.types("Sảnh tầng một");
        browser.press("Enter");
        browser.sees("/screen/00004.");
        judged(&mut browser, "screens-opened");
        tab_to(
            &mut browser,
            "e.closest('form')?.getAttribute('action') === '/admin/screens/end' && e.tagName === 'BUTTON'",
        );
        browser.press("Enter");
        browser.sees("đã thu hồi lúc");
        assert_eq!(world.count("screen_link_end"), 1);
        judged(&mut browser, "screens-ended");
        assert_quiet(&browser, &service);
        service.stop();
    });
}
