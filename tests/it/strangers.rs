//! Everything the service offers, as strangers and as hostile staff try it. The list is read from
//! the service itself, so that a new path is tried the day it is there.

use std::collections::BTreeMap;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::*;
use bienlai::identity::{self, NewClient};
use bienlai::obligation::Obligation;
use bienlai::payment::book::Method;
use bienlai::payment::picture;
use bienlai::payment::refund::{Payee, payer};
use bienlai::shift::{deposit, provisional};
use bienlai::simulator::sms::SmsCentre;
use bienlai::statement::{Options, job};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::corrections::fee;
use crate::messages::{courier, sms_section, with_email};
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, get, send};
use crate::support::world::Commune;
use crate::support::{World, each_database, tools};

const STAFF: [Role; 6] =
    [Role::UnitReader, Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];

/// One method of one path as the page `/api` shows it.
pub struct Offer {
    pub method: String,
    pub path: String,
    pub is_for_staff: bool,
    /// The roles that may, as the page says; empty where anybody may.
    pub who: String,
    pub body: Option<Value>,
}

/// The payer asks for surplus on another account, and shows the code that their phone gets.
fn ask_for(world: &World, owed: &Obligation, payee: &Payee) {
    let centre = SmsCentre::start(0, None).unwrap();
    let courier = courier(&sms_section(world, &[&centre.url()]));
    let ask = |code: &str| {
        world.change(|tx, stamp| payer::ask(tx, stamp, owed, (payee, code), &courier));
    };
    ask("");
    let code = || centre.sent().into_iter().find(|sms| sms.text.contains("hoan tien"));
    while code().is_none() {
        courier.send_due(&world.store, &|| world.stamp()).unwrap();
    }
    ask(&code().expect("a code").text[..6]);
}

/// An id as the document's examples have it.
fn is_id(text: &str) -> bool {
    text.len() == 17 && text.as_bytes()[3] == b'_'
}

fn unescaped(text: &str) -> String {
    let marks = [("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    marks.iter().fold(text.to_owned(), |text, (mark, c)| text.replace(mark, c)).replace("&amp;", "&")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

pub fn offers(service: &Service) -> Vec<Offer> {
    let page = String::from_utf8(get(service.address, "/api").unwrap().body).unwrap();
    let sections = page.split("<section").skip(1);
    let read = |section: &str| {
        let (method, path) = between(section, "<h2 class=\"mono\">", "</h2>")?.split_once(' ')?;
        let request = section.split(">Trả lời").next().unwrap_or_default();
        let body = between(request, "<pre>", "</pre>").map(unescaped);
        Some(Offer {
            method: method.to_owned(),
            path: path.to_owned(),
            is_for_staff: path.starts_with("/api/v1/") && !path.ends_with("/openapi.json"),
            who: between(request, "<span class=\"mono roles\">", "</span>")
                .map(unescaped)
                .unwrap_or_default(),
            body: body.and_then(|text| serde_json::from_str(&text).ok()),
        })
    };
    let found: Vec<Offer> = sections.filter_map(read).collect();
    assert!(found.len() > 60, "the page lists {} paths", found.len());
    found
}

pub fn token(world: &World, of: &Commune, role: Role) -> String {
    let system = Actor::system();
    world.change(|tx, stamp| {
        let person = identity::create_person(tx, stamp, &system, of.id, "Người Mẫu")?;
        let new = NewClient {
            unit: of.id,
            name: role.as_str().to_owned(),
            person: (role != Role::DossierSystem).then_some(person),
            role,
            scope: Scope::unit(of.id),
        };
        Ok(identity::create_client(tx, stamp, &system, new)?.1.expose_secret().to_owned())
    })
}

/// Real ids of Ba Đình by the part of a path they follow, and those parts that have none.
pub struct Things(pub BTreeMap<&'static str, String>);

impl Things {
    pub fn of(world: &World) -> Things {
        let unit = world.ba_dinh.id.0;
        let one = |table: &str| {
            let sql = format!("SELECT id AS n FROM {table} WHERE unit_id = {unit} ORDER BY id LIMIT 1");
            world.look(|conn| Ok(tools::numbers(conn, &sql))).first().copied()
        };
        let mut things = BTreeMap::new();
        macro_rules! thing {
            ($part:literal, $table:literal, $id:ident) => {
                things.insert($part, $id(one($table).unwrap_or(77)).to_string());
            };
        }
        thing!("obligations", "obligation", ObligationId);
        thing!("receipts", "receipt", ReceiptId);
        thing!("payments", "payment", PaymentId);
        thing!("corrections", "correction", CorrectionId);
        thing!("refunds", "refund", RefundId);
        thing!("exceptions", "exception", ExceptionId);
        thing!("refund-requests", "refund_request", RefundRequestId);
        thing!("pictures", "told_picture", PictureId);
        thing!("slips", "slip_pad", PadId);
        thing!("persons", "person", PersonId);
        thing!("events", "raw_event", RawEventId);
        thing!("proposals", "proposal", EventId);
        thing!("delegations", "delegation", DelegationId);
        thing!("requests", "data_request", DataRequestId);
        thing!("incidents", "data_incident", IncidentId);
        thing!("letters", "trace_letter", LetterId);
        thing!("shifts", "shift", ShiftId);
        thing!("batches", "pos_batch", BatchId);
        thing!("classification-rules", "class_rule", ClassRuleId);
        thing!("lines", "statement_line", LineId);
        thing!("settlements", "settlement", SettlementId);
        thing!("deposits", "deposit_slip", SlipId);
        thing!("remittances", "remittance", RemittanceId);
        thing!("notifications", "message", MessageId);
        thing!("series", "receipt_series", SeriesId);
        thing!("keys", "signing_certificate", CertificateId);
        thing!("stops", "certificate_stop", EventId);
        thing!("audits", "series_audit", CertificateId);
        thing!("certificates", "day_certificate", CertificateId);
        thing!("days", "bank_account", AccountId);
        thing!("quarantine", "statement", StatementId);
        thing!("reopenings", "day_reopening", ReopeningId);
        thing!("notices", "filing", FilingId);
        thing!("invoices", "filing", FilingId);
        thing!("registrations", "filing", FilingId);
        thing!("reports", "filing", FilingId);
        thing!("statements", "statement", StatementId);
        thing!("lines set aside", "quarantined_line", EventId);
        thing!("versions", "statement_version", VersionId);
        thing!("imports", "import_job", JobId);
        thing!("transmissions", "transmission", TransmissionId);
        thing!("messages", "transmission", TransmissionId);
        for table in [
            "obligation",
            "receipt",
            "payment",
            "correction",
            "refund",
            "message",
            "receipt_series",
            "filing",
            "shift",
            "deposit_slip",
            "slip_pad",
            "told_picture",
            "delegation",
            "data_request",
            "data_incident",
            "refund_request",
        ] {
            assert!(one(table).is_some(), "the story left {table} empty");
        }
        Things(things)
    }

    /// The path with real ids.
    pub fn place(&self, pattern: &str) -> String {
        let mut path = String::new();
        let mut before = "";
        for part in pattern.split('/').skip(1) {
            let id = self.0.get(before).map(String::as_str);
            path.push('/');
            path.push_str(&part.replace("{id}", id.unwrap_or("x")).replace(['{', '}'], ""));
            before = part;
        }
        path
    }

    /// The same, and a query where the unit is named by one.
    pub fn path(&self, offer: &Offer) -> String {
        let mut path = self.place(&offer.path);
        let needs_unit = offer.method == "GET" && offer.is_for_staff && !offer.path.contains('{');
        if needs_unit && !offer.path.ends_with("/keys") && !offer.path.ends_with("/changes") {
            path.push_str("?unit=00004");
            if offer.path.ends_with(".zip") {
                path.push_str("&from=2026-01-01&until=2026-12-31");
            }
        }
        path
    }

    /// The example's body about Ba Đình and its things.
    pub fn body(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text == "00070" => json!("00004"),
            Value::String(text) if text.ends_with('…') || is_id(text) => {
                let known = self.0.values().find(|id| id.get(..4) == text.get(..4));
                json!(known.cloned().unwrap_or_else(|| text.clone()))
            }
            Value::Array(items) => items.iter().map(|item| self.body(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.body(value))).collect())
            }
            other => other.clone(),
        }
    }
}

/// The value with one string of it replaced, for each string in turn.
fn with_each_string(value: &Value, hostile: &str) -> Vec<Value> {
    match value {
        Value::String(_) => vec![json!(hostile)],
        Value::Array(items) => (0..items.len())
            .flat_map(|at| {
                with_each_string(&items[at], hostile).into_iter().map(move |changed| {
                    let mut all = items.clone();
                    all[at] = changed;
                    Value::Array(all)
                })
            })
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, inner)| {
                with_each_string(inner, hostile).into_iter().map(move |changed| {
                    let mut all = fields.clone();
                    all.insert(name.clone(), changed);
                    Value::Object(all)
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

pub struct Door<'a> {
    pub service: &'a Service,
    pub count: std::cell::Cell<u32>,
}

impl Door<'_> {
    pub fn ask(&self, token: Option<&str>, method: &str, path: &str, body: &[u8]) -> Reply {
        let count = self.count.get() + 1;
        self.count.set(count);
        let (bearer, key) = (format!("Bearer {}", token.unwrap_or_default()), format!("K{count}"));
        let mut headers = vec![("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        if token.is_some() {
            headers.push(("Authorization", bearer.as_str()));
        }
        send(self.service.address, method, path, &headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }
}

/// A unit that has something of everything a path can name.
pub fn lived_in(world: &World) {
    let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
    world.take(&owed, Dong(25_000), Method::Cash).unwrap();
    let mailed = world.raise_for(with_email(), Dong(25_000));
    world.take(&mailed, Dong(25_000), Method::Cash).unwrap();
    let (unit, cashier) = (world.ba_dinh.id, world.cashier(world.ba_dinh.id));
    let parts = [(world.shift(unit), Dong(25_000))];
    world
        .app
        .write(&cashier, |tx, stamp| deposit::hand_over(tx, stamp, &cashier, unit, None, &parts))
        .unwrap();
    world
        .app
        .write(&cashier, |tx, stamp| provisional::print_pad(tx, stamp, &cashier, unit, 2))
        .expect("a pad of slips");
    world.change(|tx, stamp| picture::keep(tx, stamp, &owed, b"\x89PNG\r\n\x1a\n"));
    // A large file waits to be taken in.
    let file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0).camt();
    let system = bienlai::actor::Actor::system();
    let queued = job::queue(&world.store, &|| world.stamp(), &system, &file, Options::default());
    assert!(queued.unwrap().is_ok());
    world.seal();
}

/// What staff of the unit itself asked for before.
pub fn asked_for(world: &World, door: &Door<'_>) {
    let unit = world.ba_dinh.id.0;
    let sql = format!("SELECT id AS n FROM receipt WHERE unit_id = {unit} ORDER BY id");
    let receipts = world.look(|conn| Ok(tools::numbers(conn, &sql)));
    let (receipt, later) = (ReceiptId(receipts[0]), ReceiptId(receipts[1]));
    let (maker, checker) =
        (token(world, &world.ba_dinh, Role::Finance), token(world, &world.ba_dinh, Role::Approver));
    let post = |token: &str, path: &str, body: Value| {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let reply = door.ask(Some(token), "POST", path, &body);
        assert!(reply.status < 300, "{path}: {}", reply.json());
        reply.json()
    };
    let correct = |receipt: ReceiptId, kind: &str, lines: Value| {
        let body = json!({ "kind": kind, "reason": "tính nhầm", "lines": lines,
            "agreement": { "number": "05/BB", "on": world.now().business_day(), "about": "thỏa thuận" } });
        post(&maker, &format!("/api/v1/receipts/{receipt}/corrections"), body)
    };
    let first = correct(receipt, "adjust", json!([{ "item": "HT-01", "amount": 20_000 }]));
    post(&checker, &format!("/api/v1/corrections/{}/approve", first["id"].as_str().unwrap()), Value::Null);
    // The correction left a surplus, which its payer wants back.
    let owed = world.look(|conn| {
        let receipt = bienlai::receipt::query::by_id(conn, world.ba_dinh.id, receipt)?.expect("a receipt");
        bienlai::obligation::find(conn, world.ba_dinh.id, receipt.obligation)
    });
    let payee =
        Payee { bank: "VPBank".into(), account_no: "1900777700".into(), holder: "NGUYEN THI THU".into() };
    ask_for(world, &owed, &payee);
    let documents = json!([{ "receipt": later, "reason": "Sai tên người nộp" }]);
    post(&maker, "/api/v1/tax/notices", json!({ "unit": "00004", "documents": documents }));
    let (system, home) = (Actor::system(), world.ba_dinh.id);
    let delegate =
        world.change(|tx, stamp| identity::create_person(tx, stamp, &system, home, "Người Nhận Mẫu"));
    let today = world.now().business_day();
    let offer = json!({ "unit": "00004", "delegate": delegate, "acts": ["refund"], "limit": 9_000,
        "valid_from": today, "valid_until": today, "decision": { "number": "12/QĐ-UBND", "on": today } });
    post(&checker, "/api/v1/delegations", offer);
    let keeper = token(world, &world.ba_dinh, Role::Administrator);
    let asked = json!({ "unit": "00004", "kind": "access", "by": "phone", "value": "0900000001",
        "identity_shown": "vneid" });
    post(&keeper, "/api/v1/privacy/requests", asked);
    let incident = json!({ "unit": "00004", "nature": "gửi nhầm hộp thư", "affected": 1 });
    post(&keeper, "/api/v1/privacy/incidents", incident);
}

#[test]
fn no_path_answers_a_stranger_and_none_fails_at_one() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        let things = Things::of(&world);
        let mut strangers: Vec<(Option<String>, &str)> =
            vec![(None, "nobody"), (Some("bl_x".into()), "a forger")];
        strangers.extend(STAFF.map(|role| (Some(token(&world, &world.tay_ho, role)), role.as_str())));
        strangers.push((Some(token(&world, &world.ba_dinh, Role::DossierSystem)), "another dossier system"));
        let before = world.count("audit_entry");
        for offer in offers(&service).iter().filter(|offer| offer.is_for_staff) {
            let path = things.path(offer);
            let body = offer.body.as_ref().map(|body| things.body(body).to_string()).unwrap_or_default();
            for (token, who) in &strangers {
                let reply = door.ask(token.as_deref(), &offer.method, &path, body.as_bytes());
                // What is proposed for the city, and whom it signs for, is read for one's own units.
                let is_own_desk = reply.status == 200
                    && (path.ends_with("/keys")
                        || path.ends_with("/changes")
                        || ["/api/v1/proposals", "/api/v1/entrustments"].contains(&offer.path.as_str()))
                    && !reply.body.windows(5).any(|part| part == b"00004");
                // Dossiers are the system's that raised them; totals and prices of a unit are for each of its own.
                let raises = *who == "another dossier system"
                    && ["/api/v1/obligations", "/api/v1/dossier-totals", "/api/v1/tariff/items"]
                        .contains(&offer.path.as_str());
                // A file without a word about a unit is read before anything is asked of one.
                let is_file = ["/statements", "/treasury/reports", "/layouts", "/dossier-totals"]
                    .iter()
                    .any(|end| offer.method == "POST" && offer.path.ends_with(end));
                let is_refused =
                    matches!(reply.status, 401 | 403 | 404) || (matches!(reply.status, 400 | 422) && is_file);
                let told = String::from_utf8_lossy(&reply.body).into_owned();
                assert!(
                    is_refused || is_own_desk || raises,
                    "{} {path} answers {who} with {}: {told}",
                    offer.method,
                    reply.status
                );
                if token.is_none() {
                    assert_eq!(reply.status, 401, "{} {path}", offer.method);
                }
            }
        }
        assert_eq!(world.count("audit_entry WHERE action LIKE '%pproved%'"), 1, "only the story's own");
        assert!(world.count("audit_entry") >= before);
        service.stop();
    });
}

#[test]
fn no_text_that_staff_can_send_makes_a_path_fail() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        let things = Things::of(&world);
        let staff: Vec<String> = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator]
            .map(|role| token(&world, &world.ba_dinh, role))
            .into();
        let mut failures = Vec::new();
        let mut try_it = |token: &str, method: &str, path: &str, body: &[u8]| {
            let reply = door.ask(Some(token), method, path, body);
            if reply.status >= 500 {
                failures.push(format!("{method} {path} {}: {}", String::from_utf8_lossy(body), reply.status));
            }
        };
        for offer in offers(&service) {
            let path = things.path(&offer);
            for token in &staff {
                if let Some(body) = offer.body.as_ref().filter(|_| offer.is_for_staff) {
                    for hostile in ["a\u{0}b", "\u{202e}\u{1}<&>'\"\u{ffff}", &"ạ".repeat(9_000)] {
                        for body in with_each_string(&things.body(body), hostile) {
                            try_it(token, &offer.method, &path, body.to_string().as_bytes());
                        }
                    }
                }
                if offer.method == "GET" {
                    for name in
                        ["unit", "state", "dossier_code", "cursor", "after", "account", "quarter", "limit"]
                    {
                        let plain = path.split('?').next().unwrap_or_default();
                        let unit = if name == "unit" { "" } else { "&unit=00004" };
                        try_it(token, "GET", &format!("{plain}?{name}=a%00b{unit}"), b"");
                    }
                }
            }
            let hostile_path = offer.path.replace("{", "%00{").replace(['{', '}'], "");
            try_it(&staff[1], &offer.method, &hostile_path, b"{}");
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        service.stop();
    });
}
