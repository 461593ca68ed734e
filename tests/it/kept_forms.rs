//! Bad input on any form: the form comes back with what was typed, a summary on top, the reason beside
//! the field, and nothing half-saved. The forms are those of the pages themselves, read and sent by a
//! real browser, so that a new form is tried the day it is there. One database is enough: what a form
//! gives back does not depend on it.

use std::collections::{BTreeMap, BTreeSet};

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use serde_json::{Value, json};

use crate::every_page::{Filled, STAFF, is_page, sit};
use crate::openapi::{Operation, document, operations};
use crate::strangers::{Door, Things, asked_for, lived_in};
use crate::support::World;
use crate::support::browser::Browser;
use crate::support::database::Database;
use crate::support::program::{How, Service};
use crate::support::schema;
use crate::support::visitor::{Visitor, seated};

/// Rows that tell who looked or tried: they are written whatever a form says.
const TRACES: [&str; 12] = [
    "audit_entry",
    "audit_batch",
    "session",
    "audit_leaf",
    "audit_root",
    "unsealed",
    "feed",
    "sign_in_failure",
    "dossier_lookup",
    "dossier_lookup_event",
    "one_time_code",
    "node_lease",
];

/// The forms of a page that somebody fills in, sent by either method; each press of a button is another.
const FORMS: &str = r#"window.presses = [...document.querySelectorAll('main form')].flatMap(form => {
    const typed = [...form.elements].filter(e => e.name && !secret(e) && /^(text|number|date|datetime-local|month|email|tel|textarea|search|select-one)$/.test(e.type));
    const buttons = [...form.querySelectorAll('button:not([type=button])')];
    return typed.length && form.method === 'post' ? buttons.map(button => ({ form, button })) : []; });
  window.presses.map(({ form, button }) => [button.getAttribute('formaction') || form.getAttribute('action'), button.getAttribute('name') ? button.name + '=' + button.value : ''].join(' '))"#;

/// Secrets by their type: passwords, codes of the moment, files, and what the page itself carries.
const SECRET: &str = r#"window.secret = e => /^(password|file|hidden|submit|button|fieldset|output)$/.test(e.type) || e.autocomplete === 'one-time-code'; 0"#;

/// Fills the form and presses: way 0 leaves the first field that must be filled empty, way 1 writes far
/// too much into every text, way 2 writes into each field what is no date and no number. Notes what is
/// sent. The browser's own checks are passed by, as they are by an old browser.
const SEND: &str = r#"((at, way) => {
  const { form, button } = window.presses[at];
  form.noValidate = true;
  const fields = [...form.elements].filter(e => e.name && !secret(e));
  const isText = e => /^(text|textarea|search|email|tel)$/.test(e.type) && !/numeric|decimal/.test(e.inputMode);
  let isBlank = way === 0, sent = [], count = 0, isWrong = way === 1 && fields.some(isText);
  for (const e of fields) {
    if (e.type === 'checkbox' || e.type === 'radio') { if (e.type === 'checkbox' || !form.querySelector(`[name="${e.name}"]:checked`)) { e.checked = true; } continue; }
    if (e.type === 'select-one') { e.selectedIndex = e.options.length - 1; continue; }
    const text = isText(e);
    if (e.type !== 'textarea') { e.type = 'text'; }
    e.removeAttribute('maxlength');
    count += 1;
    if (isBlank && e.required) { e.value = ' '; isBlank = false; isWrong = true; continue; }
    if (way === 2 && !text) { isWrong = true; }
    e.value = way === 1 && text ? 'dấu ' + count + ' ' + 'x'.repeat(9000) : 'dấu ' + count + ' "<&>\'';
  }
  if (!isWrong) { return null; }
  for (const e of fields) { sent.push([e.name, e.type, e.value, e.checked === true]); }
  window.left = true;
  form.requestSubmit(button);
  return sent; })"#;

/// What came back, judged in the browser: the same fields hold the same, a summary stands before the
/// form, each of its links leads to a field of it that says that it is wrong and where the reason is.
const JUDGE: &str = r##"((action, sent) => {
  const wrong = [];
  const summary = document.querySelector('main .errors[role=alert]');
  if (!summary) { wrong.push('no summary'); }
  const forms = [...document.querySelectorAll('main form')].filter(f => [...f.querySelectorAll('button:not([type=button])')].some(b => (b.getAttribute('formaction') || f.getAttribute('action')) === action));
  const differs = form => {
    const fields = [...form.elements].filter(e => e.name && !secret(e));
    return sent.flatMap(([name, type, value, isChecked]) => {
      const own = fields.filter(e => e.name === name);
      if (!own.length) { return [name + ' is gone']; }
      if (type === 'checkbox' || type === 'radio') { return own.some(e => e.value === value && e.checked === isChecked) ? [] : [name + ' is not chosen as it was']; }
      return own.some(e => [e.value, e.getAttribute('value')].includes(value.replace(/\r\n/g, '\n'))) ? [] : [name + ' holds “' + own[0].value.slice(0, 40) + '” and not “' + value.slice(0, 40) + '”']; }); };
  const all = forms.map(form => [differs(form), form]).sort((a, b) => a[0].length - b[0].length);
  if (!all.length) { return wrong.concat(['the form is gone']); }
  const [missing, form] = all[0];
  wrong.push(...missing);
  if (summary && !(summary.compareDocumentPosition(form) & Node.DOCUMENT_POSITION_FOLLOWING)) { wrong.push('the summary is not on top'); }
  if (form.closest('details:not([open])')) { wrong.push('the form is folded away'); }
  for (const link of summary ? summary.querySelectorAll('a[href^="#"]') : []) {
    const id = decodeURIComponent(link.getAttribute('href').slice(1));
    const field = document.getElementById(id);
    if (!field || ![...form.elements].includes(field)) { wrong.push('the summary leads to ' + id + ', which is no field of the form'); continue; }
    const beside = (field.getAttribute('aria-describedby') || '').split(' ').map(one => document.getElementById(one)).filter(Boolean);
    if (!beside.some(one => one.textContent.trim() === link.textContent.trim())) { wrong.push('no reason beside ' + id); }
    if (field.tagName !== 'FIELDSET' && field.getAttribute('aria-invalid') !== 'true') { wrong.push(id + ' does not say that it is wrong'); }
  }
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => wrong.push('two elements are called ' + id));
  return wrong; })"##;

/// How many rows each table holds, but those that only tell who tried.
fn written(world: &World) -> BTreeMap<String, i64> {
    let tables = world.look(|conn| Ok(schema::tables(conn)));
    let kept = tables.into_iter().filter(|table| !TRACES.contains(&table.as_str()));
    kept.map(|table| (table.clone(), world.count(&table))).collect()
}

/// One press of one form of one page, in the three wrong ways. True when a way was refused.
struct Tried<'a> {
    browser: &'a mut Browser,
    world: &'a World,
    url: String,
    place: String,
}

impl Tried<'_> {
    fn press(&mut self, at: usize, action: &str, wrong: &mut Vec<String>) -> bool {
        let mut is_refused = false;
        for way in 0..3 {
            let Some((status, sent, mut wrote)) = self.send(at, way, action).filter(|sent| sent.0 >= 400)
            else {
                continue;
            };
            is_refused = true;
            self.judge((way, status), (action, &sent), wrong);
            // The service works on its own meanwhile: what a form writes it writes each time.
            for _ in 0..2 {
                if wrote.is_empty() {
                    break;
                }
                wrote = self.send(at, way, action).map(|again| again.2).unwrap_or_default();
            }
            if !wrote.is_empty() {
                wrong.push(format!("{} way {way}: {status}, and wrote {wrote:?}", self.place));
            }
        }
        is_refused
    }

    /// Sends the form in one wrong way: the status, what was sent, and the tables that have more rows.
    fn send(&mut self, at: usize, way: u8, action: &str) -> Option<(u64, Value, Vec<String>)> {
        if self.open().get(at)?.split(' ').next() != Some(action) {
            return None;
        }
        let before = written(self.world);
        let sent = self.browser.eval(&format!("{SEND}({at}, {way})"));
        if sent.is_null() {
            return None;
        }
        self.browser.wait_for("window.left === undefined && document.readyState === 'complete'");
        let status = self.browser.eval("performance.getEntriesByType('navigation')[0].responseStatus");
        self.browser.complaints.retain(|one| !one.contains("status of 4"));
        let after = written(self.world);
        let wrote = after.into_iter().filter(|(table, count)| before.get(table) != Some(count));
        Some((status.as_u64().unwrap_or(500), sent, wrote.map(|(table, _)| table).collect()))
    }

    fn judge(&mut self, (way, status): (u8, u64), (action, sent): (&str, &Value), wrong: &mut Vec<String>) {
        if status >= 500 {
            wrong.push(format!("{} way {way}: {status}", self.place));
            return;
        }
        self.browser.eval(SECRET);
        let found = self.browser.eval(&format!("{JUDGE}({}, {sent})", json!(action)));
        let found: Vec<String> =
            serde_json::from_value(found).unwrap_or_else(|_| vec!["not judged".to_owned()]);
        wrong.extend(found.iter().map(|one| format!("{} way {way} ({status}): {one}", self.place)));
    }

    fn open(&mut self) -> Vec<String> {
        self.browser.open(&self.url);
        self.browser.eval(SECRET);
        serde_json::from_value(self.browser.eval(FORMS)).unwrap_or_default()
    }
}

/// What a desk needs so that its forms are there: an open drawer, a slip to countersign, favourites.
fn at_work(world: &World, cashier: &mut Visitor) {
    cashier.get("/counter/shift");
    cashier.post("/counter/shift/open", &[]);
    cashier.get("/counter/favourites");
    cashier.post("/counter/favourites", &[("i.chung_thuc_ban_sao", "1")]);
    let paid = world.raise(Dong(25_000));
    cashier.get(&format!("/counter/obligations/{}", paid.id));
    let key = cashier.value("key").expect("a form to take money with");
    let taken = [("key", key.as_str()), ("amount", "25000"), ("method", "card"), ("tendered", "")];
    let reply = cashier.post(&format!("/counter/obligations/{}/take", paid.id), &taken);
    assert_eq!(reply.status, 303, "{}", cashier.page);
    cashier.get("/counter/slips");
    assert_eq!(cashier.post("/counter/slips", &[("do", "print"), ("count", "2")]).status, 303);
    let owed = world.raise(Dong(20_000));
    let own = world.words("SELECT CAST(MAX(slip_no) AS TEXT) AS t FROM provisional_slip").remove(0);
    let at = world.now().in_hanoi().format("%Y-%m-%dT%H:%M").to_string();
    let slip = [("number", own.as_str()), ("amount", "20000"), ("collected_at", at.as_str())];
    cashier.get(&format!("/counter/obligations/{}", owed.id));
    let entered = cashier.post(&format!("/counter/obligations/{}/slip", owed.id), &slip);
    assert_eq!(entered.status, 303, "{}", cashier.page);
}

#[test]
fn every_form_gives_back_what_was_typed_with_the_reason_beside_its_field_and_saves_nothing() {
    let world = World::settled_in_today(Database::sqlite());
    lived_in(&world);
    let how = How { web: "first_administrator = false\nlookups_per_minute = 100000", ..How::default() };
    let mut service = Service::start_as(&world, how).expect("the service is ready");
    asked_for(&world, &Door { service: &service, count: Default::default() });
    crate::desks::something_to_decide(&world);
    let filled = Filled::of(&world, Things::of(&world));
    let all = operations(&document(&service));
    let pages: Vec<&Operation> = all.iter().filter(|operation| is_page(operation)).collect();
    let scope = Scope::unit(world.ba_dinh.id);
    let mut seats: Vec<(&str, Option<Visitor>)> = vec![("citizen", None)];
    for role in STAFF {
        let name = format!("{}.badinh", role.as_str());
        let mut visitor = seated(&world, service.address, role, &name, scope.clone());
        if role == Role::Cashier {
            at_work(&world, &mut visitor);
        }
        seats.push((role.as_str(), Some(visitor)));
    }
    let mut browser = Browser::start();
    let (mut wrong, mut tried, mut refused) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (who, visitor) in &mut seats {
        sit(&mut browser, &service, visitor.as_ref());
        for page in &pages {
            let told = page.told["x-roles"].as_str().unwrap_or_default();
            let is_theirs =
                if *who == "citizen" { told.is_empty() } else { told.contains(*who) || told == "signed in" };
            if !is_theirs {
                continue;
            }
            let path = filled.path(page);
            let url = format!("http://{}{path}", service.address);
            let mut one = Tried { browser: &mut browser, world: &world, url, place: String::new() };
            let presses = one.open();
            for (at, press) in presses.iter().enumerate() {
                let action = press.split(' ').next().unwrap_or_default();
                // The same form of the same role on two rows is one form.
                let kind = format!("{who} {} {}", page.path, press.replace(|c: char| c.is_ascii_digit(), ""));
                if !tried.insert(kind.clone()) {
                    continue;
                }
                one.place = format!("{who} {path} → {press}");
                if one.press(at, action, &mut wrong) {
                    refused.insert(kind);
                }
            }
        }
    }
    assert!(tried.len() > 60, "{} forms were found: {tried:#?}", tried.len());
    assert!(wrong.is_empty(), "{} of {} forms:\n{}", wrong.len(), tried.len(), wrong.join("\n"));
    let taken: Vec<_> = tried.difference(&refused).collect();
    println!("{} forms, {} refused something; never: {taken:#?}", tried.len(), refused.len());
    service.stop();
}
