//! Every page of the service in real Chromium, judged by axe-core: the list comes from the service's own
//! document, so that a new page is judged without being named here. One database is enough: what a
//! browser draws does not depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::identity;
use bienlai::identity::login::{self, NewLogin};
use bienlai::payment::{gateway, pos};
use bienlai::tariff::{draft, edition};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::openapi::{Operation, document, operations};
use crate::strangers::{Door, Things, asked_for, lived_in};
use crate::support::World;
use crate::support::browser::{Browser, Screen};
use crate::support::database::Database;
use crate::support::program::Service;
use crate::support::tools::switch;
use crate::support::visitor::{PASSWORD, Visitor, employ, seated};
use crate::support::world::POLL;

const AXE: &str = include_str!("../../fixtures/axe/axe.min.js");
/// WCAG 2.2 AA and what axe holds for good practice. Swagger UI's own drawing inside `/api/try` is
/// not ours; the page around it is judged, and everything it offers stands on `/api` as plain HTML.
const JUDGE: &str = r#"axe.run({ exclude: [['#console']] }, { resultTypes: ['violations'] }).then(found =>
  found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target + ' ' + node.html.slice(0, 120)).join(' | ')))"#;

/// Everything one can act on; of a group of radio buttons one is enough.
const CONTROLS: &str = r#"(() => {
  const seen = e => !e.closest('details:not([open]) > :not(summary)') && e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
  window.controls = [...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]
    .filter(e => !e.disabled && e.tabIndex >= 0 && seen(e) && !e.closest('#console'));
  return document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex]').length; })()"#;
const LEFT: &str = r#"window.controls.filter(e => !e.reached &&
  !(e.type === 'radio' && window.controls.some(o => o.type === 'radio' && o.name === e.name && o.reached)))
  .map(e => e.outerHTML.slice(0, 100))"#;
const STEP: &str = r#"(e => { e.reached = true;
  if (e === document.body || e.closest('#console')) return '';
  const style = getComputedStyle(e);
  return style.outlineStyle === 'none' && style.boxShadow === 'none' ? e.outerHTML.slice(0, 100) : ''; })"#;

/// What is judged, apart from what differs at every visit: tokens of forms, and which way of the menu one is on.
/// The menu and what stands beside it, then the page itself.
const CONTENT: &str = r#"(() => {
  const copy = document.documentElement.cloneNode(true);
  copy.querySelectorAll('input[type=hidden]').forEach(e => e.removeAttribute('value'));
  copy.querySelectorAll('[aria-current]').forEach(e => e.removeAttribute('aria-current'));
  copy.querySelectorAll('details').forEach(e => e.removeAttribute('open'));
  const main = copy.querySelector('main');
  const own = main ? main.outerHTML : '';
  if (main) main.remove();
  return [copy.querySelector('body').outerHTML, own]; })()"#;

/// Forms of the page itself that somebody fills in.
const FORMS: &str = "[...document.querySelectorAll('main form')].filter(f => f.method === 'post' && \
                     f.querySelector('input:not([type=hidden]),textarea,select'))";

/// What a page offers to the keyboard, its menu apart: roles that are offered the same go the same way.
const OFFER: &str = "[...document.querySelectorAll('main a,main button,main input,main select,main textarea,\
                     main summary')].map(e => e.tagName + (e.name || e.getAttribute('href') || '')).join()";

/// What a form asks for and where it goes.
const ASKED: &str =
    "(f => f ? f.getAttribute('action') + '?' + [...f.elements].map(e => e.name).join() : null)";

pub const STAFF: [Role; 5] =
    [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];

const TARIFF: &str = include_str!("../../fixtures/tariff/hanoi.toml");

/// What axe-core finds on the page as it stands.
pub fn axe(browser: &mut Browser) -> Value {
    browser.eval(&format!("{AXE}; 0"));
    browser.eval(JUDGE)
}

/// Pages that are no page to look at: they lead on, or answer with a file.
pub fn is_page(operation: &Operation) -> bool {
    let told = &operation.told["responses"]["200"]["content"];
    let is_file = ["/file", "/agreement"].iter().any(|end| operation.path.ends_with(end));
    operation.method == "GET"
        && operation.told["tags"][0] == "pages"
        && !told["text/html"].is_null()
        && !is_file
}

/// What stands in the places of a path.
pub struct Filled(BTreeMap<&'static str, String>, Things);

impl Filled {
    pub fn of(world: &World, things: Things) -> Filled {
        let owed = world.raise(Dong(25_000));
        let paid = world.raise(Dong(30_000));
        world.take(&paid, Dong(30_000), bienlai::payment::book::Method::Cash).unwrap();
        world.seal();
        let receipt = world.receipts(&paid).remove(0);
        let system = Actor::system();
        let unit = world.ba_dinh.id;
        let (_, token) = world.change(|tx, stamp| {
            let person = identity::create_person(tx, stamp, &system, unit, "Người Mới")?;
            let new = NewLogin {
                name: "nguoi.moi".to_owned(),
                person,
                role: Role::Cashier,
                scope: Scope::unit(unit),
            };
            login::invite(tx, stamp, &system, new)
        });
        let screen = world.change(|tx, stamp| {
            let office = Actor {
                person: Some(world.chief),
                client: None,
                role: Role::Administrator,
                scope: Scope::unit(unit),
            };
            bienlai::identity::screen::open(tx, stamp, &office, unit, "Sảnh tầng một")
        });
        let draft = world.change(|tx, stamp| {
            let city = Actor {
                person: Some(world.chief),
                client: None,
                role: Role::Administrator,
                scope: Scope::All,
            };
            edition::store_first(tx, stamp, &system, TARIFF)?.expect("the city's tariff");
            let other = TARIFF.replacen("5_000", "6_000", 1);
            Ok(draft::propose(tx, stamp, &city, &other, "Nghị quyết mẫu")?.expect("a good draft"))
        });
        let parts = BTreeMap::from([
            ("draft", draft.to_string()),
            ("screen", format!("/screen/00004.{}", screen.1.expose_secret())),
            ("{code}", owed.reference_code.to_string()),
            ("{lookup}", receipt.lookup_code.clone()),
            ("{token}", token.expose_secret().to_owned()),
            ("obligation", owed.id.to_string()),
            ("paid", paid.id.to_string()),
            ("slip", world.words("SELECT code AS t FROM provisional_slip WHERE slip_no = 1").remove(0)),
        ]);
        Filled(parts, with_partners_files(world, things))
    }

    pub fn path(&self, operation: &Operation) -> String {
        let owed = format!("/obligations/{}", self.0["obligation"]);
        let paid = format!("/obligations/{}/confirmation", self.0["paid"]);
        let path = operation.chosen().replace("/obligations/{id}/confirmation", &paid);
        let path = path.replace("/obligations/{id}", &owed);
        let path = path.replace("/tariff/drafts/{id}", &format!("/tariff/drafts/{}", self.0["draft"]));
        let path = path.replace("/s/{code}", &format!("/s/{}", self.0["slip"]));
        let path = path.replace("/screen/{token}", &self.0["screen"]);
        let path =
            path.replace("/units/{code}", "/units/00004").replace("/onboarding/{code}", "/onboarding/00004");
        let parts = self.0.iter().filter(|(part, _)| part.starts_with('{'));
        let path = parts.fold(path, |path, (part, value)| path.replace(part, value));
        self.1.place(&path)
    }
}

/// A card batch and a gateway's report, each with its page.
fn with_partners_files(world: &World, mut things: Things) -> Things {
    let unit = world.ba_dinh.id;
    let finance = crate::corrections::person(unit, world.clerk, Role::Finance);
    let settled_on = world.now().business_day();
    let sale = pos::Item { kind: pos::ItemKind::Sale, approval_code: "A1".into(), amount: Dong(25_000) };
    let batch = pos::NewBatch {
        unit,
        account: None,
        reference: "POS000126".into(),
        settled_on,
        fee: Dong(0),
        items: vec![sale],
    };
    let report = gateway::NewSettlement {
        unit,
        account: None,
        channel: POLL.into(),
        reference: "QT000126".into(),
        settled_on,
        charge: Dong::ZERO,
        items: vec![gateway::Item {
            kind: gateway::ItemKind::Paid,
            reference: "T1".into(),
            amount: Dong(25_000),
            fee: Dong(125),
        }],
    };
    let taken = world.app.write(&finance, |tx, stamp| {
        let batch = pos::import(tx, stamp, &finance, &batch)?;
        Ok((batch.id, gateway::import(tx, stamp, &finance, &report)?.id))
    });
    let (batch, report) = taken.expect("both are taken on");
    things.0.insert("batches", batch.to_string());
    things.0.insert("settlements", report.to_string());
    things
}

pub fn sit(browser: &mut Browser, service: &Service, visitor: Option<&Visitor>) {
    browser.call("Network.clearBrowserCookies", json!({}));
    for (name, value) in visitor.into_iter().flat_map(|visitor| &visitor.cookies) {
        let url = format!("http://{}/", service.address);
        let is_secure = name.starts_with("__Host-");
        let cookie = json!({ "name": name, "value": value, "url": url, "path": "/", "secure": is_secure });
        browser.call("Network.setCookie", cookie);
    }
}

/// What the keyboard does not reach, or reaches without showing it.
fn unreached(browser: &mut Browser) -> Option<String> {
    let count = browser.eval(CONTROLS).as_u64().unwrap_or(0);
    if browser.eval(LEFT) == json!([]) {
        return None;
    }
    // A date has several places to stop at.
    for _ in 0..4 * count + 10 {
        browser.press("Tab");
        // Both are asked at once: to ask is what takes the time.
        let at = browser.eval(&format!("[{STEP}(document.activeElement), {LEFT}.length]"));
        if at[0] != json!("") {
            return Some(format!("no focus to be seen on {}", at[0]));
        }
        if at[1] == json!(0) {
            return None;
        }
    }
    Some(format!("the keyboard never reaches {}", browser.eval(LEFT)))
}

/// Whether some part of the page, its menu or what it shows, was not judged yet on this screen: roles that are shown
/// the same are shown it in the same colours, so that it is judged once.
fn is_new(browser: &mut Browser, (path, screen): (&str, &str), judged: &mut BTreeSet<String>) -> bool {
    let content: [String; 2] = serde_json::from_value(browser.eval(CONTENT)).expect("the menu and the page");
    let is_new = content.map(|part| judged.insert(format!("{screen} {path} {part}")));
    is_new[0] || is_new[1]
}

/// Opens a page on both screens, in both colours, with one language each, and lets axe judge it.
fn judge(
    browser: &mut Browser,
    service: &Service,
    (who, path): (&str, &str),
    (gone, judged): (&mut BTreeSet<String>, &mut BTreeSet<String>),
    wrong: &mut Vec<String>,
) {
    for (screen, colours, lang) in [(Screen::Phone, "light", "vi"), (Screen::Desk, "dark", "en")] {
        browser.screen(screen);
        browser.colours(colours);
        let cookie =
            json!({ "name": "bienlai-lang", "value": lang, "url": format!("http://{}/", service.address) });
        browser.call("Network.setCookie", cookie);
        browser.open(&format!("http://{}{path}", service.address));
        let place = format!("{who} {path} {lang} {colours}");
        if path == "/api/try" {
            browser.wait_for("document.querySelectorAll('#console .opblock-tag').length > 20");
        }
        if is_new(browser, (path, colours), judged) {
            match axe(browser) {
                Value::Array(found) => wrong.extend(found.iter().map(|one| format!("{place}: {one}"))),
                other => wrong.push(format!("{place}: axe did not run: {other}")),
            }
        }
        if matches!(screen, Screen::Desk)
            && gone.insert(format!("{path} {}", browser.eval(OFFER)))
            && let Some(why) = unreached(browser)
        {
            wrong.push(format!("{place}: {why}"));
        }
        let wide =
            browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if wide.as_i64().is_none_or(|wide| wide > 1) {
            wrong.push(format!("{place}: {wide} wider than the screen"));
        }
        if !browser.complaints.is_empty() {
            wrong.push(format!("{place}: {:?}", browser.complaints));
            browser.complaints.clear();
        }
    }
    // Whoever wants to look at them asks for them: to draw every page whole takes longer than to judge it.
    if !switch("BIENLAI_TEST_PICTURES") {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    browser.colours("light");
    let name = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    browser.picture(&folder.join(format!("{who}{}.png", &name[..name.len().min(60)])));
}

/// Sends every form of a page as it stands, empty or not, past what the browser itself would hold back.
/// What comes back is a page that axe finds nothing in, and never a failure of ours. A form that another role sent
/// from the page with the same fields is sent once.
fn send_forms(
    browser: &mut Browser,
    service: &Service,
    (who, path): (&str, &str),
    sent: &mut BTreeSet<String>,
    wrong: &mut Vec<String>,
) {
    let url = format!("http://{}{path}", service.address);
    browser.screen(Screen::Phone);
    browser.colours("light");
    browser.open(&url);
    let count = browser.eval(&format!("{FORMS}.length")).as_u64().unwrap_or(0);
    let asked: Vec<Value> =
        (0..count.min(6)).map(|at| browser.eval(&format!("{ASKED}({FORMS}[{at}])"))).collect();
    for (at, action) in asked.iter().enumerate() {
        if action.is_null() || !sent.insert(format!("{path} {action}")) {
            continue;
        }
        browser.open(&url);
        // What was sent before may have taken it away.
        if browser.eval(&format!("{ASKED}({FORMS}[{at}])")) != *action {
            continue;
        }
        browser.eval(&format!("window.left = true; HTMLFormElement.prototype.submit.call({FORMS}[{at}]); 0"));
        browser.wait_for("window.left === undefined && document.readyState === 'complete'");
        let place = format!("{who} {path} sends {action}");
        let status = browser.eval("performance.getEntriesByType('navigation')[0].responseStatus");
        if status.as_u64().is_none_or(|status| status >= 500) {
            wrong.push(format!("{place}: {status}"));
        }
        match axe(browser) {
            Value::Array(found) => wrong.extend(found.iter().map(|one| format!("{place}: {one}"))),
            other => wrong.push(format!("{place}: axe did not run: {other}")),
        }
        // That a form was refused is no fault of the page.
        browser.complaints.retain(|one| !one.contains("status of 4"));
        if !browser.complaints.is_empty() {
            wrong.push(format!("{place}: {:?}", browser.complaints));
            browser.complaints.clear();
        }
    }
}

#[test]
fn axe_finds_nothing_on_any_page_of_any_role() {
    let world = World::settled_in_today(Database::sqlite());
    lived_in(&world);
    let told = world.raise(bienlai::amount::Dong(25_000));
    world.claim(&told, bienlai::amount::Dong(25_000)).settle();
    // The story opens more pages of one address than a person does.
    let how = crate::support::program::How {
        web: "first_administrator = false\nlookups_per_minute = 10000",
        ..Default::default()
    };
    let mut service = Service::start_as(&world, how).expect("the service is ready");
    asked_for(&world, &Door { service: &service, count: Default::default() });
    crate::desks::something_to_decide(&world);
    crate::filing::fill(&world, 1);
    let filled = Filled::of(&world, Things::of(&world));
    let all = operations(&document(&service));
    let pages: Vec<&Operation> = all.iter().filter(|operation| is_page(operation)).collect();
    assert!(pages.len() >= 18, "{} pages", pages.len());
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    let (mut seen, mut sent) = (BTreeSet::new(), BTreeSet::new());
    let (mut gone, mut judged) = (BTreeSet::new(), BTreeSet::new());
    let scope = Scope::unit(world.ba_dinh.id);
    let mut seats: Vec<(String, Option<Visitor>)> = vec![("citizen".to_owned(), None)];
    for role in STAFF {
        let name = format!("{}.badinh", role.as_str());
        let visitor = seated(&world, service.address, role, &name, scope.clone());
        seats.push((role.as_str().to_owned(), Some(visitor)));
    }
    for (who, visitor) in &mut seats {
        sit(&mut browser, &service, visitor.as_ref());
        for page in &pages {
            let path = filled.path(page);
            let told = page.told["x-roles"].as_str().unwrap_or_default();
            let mut stranger = Visitor::at(service.address);
            let status = visitor.as_mut().unwrap_or(&mut stranger).get(&path).status;
            let is_theirs = if who == "citizen" {
                told.is_empty()
            } else {
                told.contains(who.as_str()) || told == "signed in"
            };
            if is_theirs && !matches!(status, 200 | 303) {
                wrong.push(format!("{who} {path}: {status}"));
            }
            if status != 200 || !is_theirs {
                continue;
            }
            seen.insert(page.path.clone());
            judge(&mut browser, &service, (who, &path), (&mut gone, &mut judged), &mut wrong);
            send_forms(&mut browser, &service, (who, &path), &mut sent, &mut wrong);
        }
    }
    let own = format!("http://{}/", service.address);
    let foreign: Vec<&String> = browser
        .asked
        .iter()
        .filter(|asked| !asked.starts_with(&own) && !asked.starts_with("data:") && *asked != "about:blank")
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let unseen: Vec<&str> = pages
        .iter()
        .map(|page| page.path.as_str())
        // They only lead on: to the page of one's own, to a provider and back.
        .filter(|path| !seen.contains(*path) && *path != "/" && !path.starts_with("/sign-in/sso"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unseen.is_empty(), "nobody saw {unseen:?}");
    service.stop();
}

fn tab_to(browser: &mut Browser, expression: &str) {
    for _ in 0..600 {
        if browser.eval(&format!("(e => {expression})(document.activeElement)")) == json!(true) {
            return;
        }
        browser.press("Tab");
    }
    panic!("the keyboard never reaches {expression}, but {}", browser.focus());
}

fn arrive(browser: &mut Browser, path: &str) {
    browser.wait_for(&format!("location.pathname === '{path}' && document.readyState === 'complete'"));
}

#[test]
fn every_role_signs_in_and_goes_to_each_of_its_pages_with_the_keyboard_alone() {
    let world = World::settled_in_today(Database::sqlite());
    lived_in(&world);
    let mut service = Service::start(&world);
    for (at, role) in STAFF.into_iter().enumerate() {
        let scope = Scope::unit(world.ba_dinh.id);
        let ready = employ(&world, role, &format!("nguoi{at}.badinh"), scope);
        let mut browser = Browser::start();
        browser.screen(if at % 2 == 0 { Screen::Phone } else { Screen::Desk });
        browser.open(&format!("http://{}/sign-in", service.address));
        let code = ready.code(&world);
        for (field, value) in [("name", ready.name.as_str()), ("password", PASSWORD), ("code", code.as_str())]
        {
            tab_to(&mut browser, &format!("e.name === '{field}'"));
            browser.types(value);
        }
        browser.press("Enter");
        browser.wait_for("location.pathname !== '/sign-in' && !!document.querySelector('nav.desk a')");
        let ways =
            browser.eval("[...document.querySelectorAll('nav.desk a')].map(a => a.getAttribute('href'))");
        let ways: Vec<String> = serde_json::from_value(ways).unwrap();
        assert!(ways.len() >= 3, "{}: {ways:?}", role.as_str());
        for way in &ways {
            let group = format!("document.querySelector('nav.desk a[href=\"{way}\"]').closest('details')");
            if browser.eval(&format!("{group}.open")) != json!(true) {
                let name = browser.eval(&format!("{group}.querySelector('summary').textContent"));
                tab_to(&mut browser, &format!("e.matches('summary') && e.textContent === {name}"));
                browser.press("Enter");
            }
            tab_to(&mut browser, &format!("e.getAttribute('href') === '{way}'"));
            browser.press("Enter");
            arrive(&mut browser, way);
            assert_eq!(browser.eval("document.querySelectorAll('main h1').length"), json!(1), "{way}");
        }
        tab_to(&mut browser, "e.closest('form') && e.closest('form').getAttribute('action') === '/sign-out'");
        browser.press("Enter");
        browser.wait_for("!document.querySelector('nav.desk')");
        assert_eq!(browser.complaints, Vec::<String>::new(), "{}", role.as_str());
    }
    service.stop();
}

#[test]
fn a_citizen_finds_a_receipt_with_the_keyboard_alone() {
    let world = World::settled_in_today(Database::sqlite());
    let paid = world.raise(Dong(30_000));
    world.take(&paid, Dong(30_000), bienlai::payment::book::Method::Cash).unwrap();
    world.seal();
    let receipt = world.receipts(&paid).remove(0);
    let mut service = Service::start(&world);
    let mut browser = Browser::start();
    browser.screen(Screen::Phone);
    browser.open(&format!("http://{}/lookup", service.address));
    tab_to(&mut browser, "e.name === 'lookup_code'");
    browser.types(&receipt.lookup_code);
    browser.press("Enter");
    browser.sees("Tải bản đã ký (XML)");
    assert_eq!(browser.complaints, Vec::<String>::new());
    service.stop();
}
