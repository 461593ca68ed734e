//! Every path × every role × own and other unit, from the list that the service itself gives: what
//! the list declares is what happens. A new path without a declared right is told here.

use std::collections::BTreeSet;
use std::time::Duration;

use bienlai::actor::{Role, Scope};

use crate::callbacks::wait_for_signatures;
use crate::strangers::{Door, Offer, Things, asked_for, lived_in, offers, token};
use crate::support::program::{Reply, Service};
use crate::support::visitor::{Visitor, location, seated};
use crate::support::{World, each_database};

const ROLES: [Role; 7] = [
    Role::DossierSystem,
    Role::UnitReader,
    Role::Cashier,
    Role::Finance,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];
/// Roles of people who sign in.
const SEATED: [Role; 5] = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];

/// Paths that anybody may ask for. Whoever adds one says so here, and why it may be public.
const PUBLIC: [&str; 44] = [
    // Channels and operators prove themselves by their own secret.
    "POST /callback/{channel}",
    "POST /callback/{channel}/api/token_generate",
    "POST /callback/{channel}/bank/api/transaction-sync",
    "POST /callback/sms/{operator}",
    // What citizens and visitors read; codes are long and guessing is slowed down.
    "GET /",
    "GET /api",
    "GET /api/try",
    "GET /api/v1/openapi.json",
    "GET /assets/{name}",
    "GET /favicon.ico",
    "GET /robots.txt",
    "GET /invitation/{token}",
    "POST /invitation/{token}",
    "POST /language",
    "GET /lookup",
    "POST /lookup/code",
    "POST /lookup/code/confirm",
    "POST /lookup/dossier",
    "POST /lookup/pay",
    "POST /lookup/receipt",
    "POST /lookup/receipts.zip",
    "GET /p/{code}",
    "GET /p/{code}/events",
    "GET /p/{code}/qr.png",
    "POST /p/{code}/refund",
    "GET /p/{code}/status",
    "POST /p/{code}/told",
    "GET /r/{lookup}",
    "GET /r/{lookup}.pdf",
    "GET /r/{lookup}.xml",
    "GET /r/{lookup}/evidence.json",
    "GET /r/{lookup}/pdf",
    // A short link to the pay page.
    "GET /s/{code}",
    // A screen in a waiting room: whoever has its link, which an administrator ends.
    "GET /screen/{token}",
    "GET /sign-in",
    "POST /sign-in",
    // To the identity provider and back: a try belongs to one browser and is used once.
    "GET /sign-in/sso",
    "GET /sign-in/sso/callback",
    "POST /sign-in/sso/finish",
    "GET /verify",
    "POST /verify",
    // Machines beside the service.
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
];

/// Paths that are asked by POST because the question is long or is noted; they change nothing.
const ASKS: [&str; 3] = ["/api/v1/classification-rules/what-if", "/admin/evidence", "/admin/trail"];

/// Forms whose token stands beside a file and is read with it: a form without a file is refused before.
const FILES: [&str; 2] = ["/city/totals", "/finance/statements"];

/// Everything whose rows people make; what nobody may change must not grow.
const MADE_BY_PEOPLE: [&str; 21] = [
    "posting",
    "obligation_event",
    "payment",
    "receipt",
    "exception_event",
    "correction_event",
    "refund_event",
    "remittance_event",
    "shift",
    "deposit_slip",
    "statement",
    "filing_event",
    "login",
    "login_event",
    "person",
    "message",
    "refund_answer",
    "favourite_list",
    "dossier_link",
    "queue_ticket",
    "provisional_slip_event",
];

impl Offer {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The roles it declares, without what stands in brackets.
    fn roles(&self) -> BTreeSet<String> {
        let mut plain = String::new();
        let mut depth = 0_i32;
        for c in self.who.chars() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 && c != ')' {
                plain.push(c);
            }
        }
        plain.split(',').map(|role| role.trim().replace(" who is a person", "")).collect()
    }

    fn declares(&self, role: Role) -> bool {
        let roles = self.roles();
        let is_staff = roles.contains("staff") && SEATED.contains(&role);
        self.who == "signed in" || is_staff || roles.contains(role.as_str())
    }
}

fn is_public(offer: &Offer) -> bool {
    PUBLIC.contains(&offer.name().as_str())
}

fn made_by_people(world: &World, of: &str) -> Vec<(&'static str, i64)> {
    MADE_BY_PEOPLE.iter().map(|table| (*table, world.count(&format!("{table}{of}")))).collect()
}

#[test]
fn every_path_declares_who_may_and_auditors_may_change_nothing() {
    let database = crate::support::Database::sqlite();
    let world = World::settled_in_today(database);
    let mut service = Service::start(&world);
    let known: BTreeSet<&str> = ROLES.iter().map(|role| role.as_str()).chain(["staff"]).collect();
    let all = offers(&service);
    for offer in &all {
        if offer.who.is_empty() {
            assert!(is_public(offer), "{} declares no role: give it one, or name it public", offer.name());
            continue;
        }
        assert!(!is_public(offer), "{} is named public and declares roles", offer.name());
        if offer.who == "signed in" {
            continue;
        }
        for role in offer.roles() {
            // Everybody who signs in.
            assert!(known.contains(role.as_str()), "{}: {role} is no role", offer.name());
        }
        let is_reading = offer.method == "GET" || ASKS.contains(&offer.path.as_str());
        assert!(
            !is_reading || !offer.is_for_staff || offer.declares(Role::Auditor),
            "{} is kept from auditors, who read everything",
            offer.name()
        );
        assert!(
            is_reading || !offer.declares(Role::Auditor),
            "{} would let an auditor change something",
            offer.name()
        );
    }
    let told: BTreeSet<String> = all.iter().map(Offer::name).collect();
    for name in PUBLIC {
        assert!(told.contains(name), "{name} is no path any more");
    }
    service.stop();
}

fn code_of(reply: &Reply) -> String {
    let told: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
    told.and_then(|told| told["error"]["code"].as_str().map(str::to_owned)).unwrap_or_default()
}

#[test]
fn each_role_may_at_the_api_what_is_declared_and_nothing_else() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        // What the signers still write is none of the callers' doing.
        wait_for_signatures(&world, Duration::from_secs(60));
        let things = Things::of(&world);
        let mut wrong = Vec::new();
        // Those who may change nothing come first, so that what they read is as the story left it.
        let order =
            [Role::Auditor, Role::UnitReader, Role::DossierSystem, Role::Cashier, Role::Administrator];
        for role in order.into_iter().chain([Role::Finance, Role::Approver]) {
            let token = token(&world, &world.ba_dinh, role);
            let before = made_by_people(&world, "");
            for offer in offers(&service).iter().filter(|offer| offer.is_for_staff) {
                let path = things.path(offer);
                let body = offer.body.as_ref().map(|body| things.body(body).to_string()).unwrap_or_default();
                let reply = door.ask(Some(&token), &offer.method, &path, body.as_bytes());
                let code = code_of(&reply);
                let is_role_refused = reply.status == 403 && code == "role_not_allowed";
                let fits = if offer.declares(role) {
                    reply.status != 401 && !is_role_refused
                } else {
                    is_role_refused || reply.status == 404
                };
                if !fits {
                    let who = role.as_str();
                    wrong.push(format!("{} {path}: {who} gets {} {code}", offer.method, reply.status));
                }
            }
            if matches!(role, Role::Auditor | Role::UnitReader) {
                assert_eq!(made_by_people(&world, ""), before, "{} changed something", role.as_str());
            }
        }
        assert!(wrong.is_empty(), "{} answers differ from the list:\n{}", wrong.len(), wrong.join("\n"));
        service.stop();
    });
}

/// What a hostile colleague fills into any form: things of Ba Đình.
fn fields(things: &Things, login: &str, account: &str) -> Vec<(&'static str, String)> {
    let of = |part: &str| things.0.get(part).cloned().unwrap_or_default();
    vec![
        ("exception", of("exceptions")),
        ("obligation", of("obligations")),
        ("delegation", of("delegations")),
        ("request", of("requests")),
        ("incident", of("incidents")),
        ("purpose", "thử".to_owned()),
        ("refund", of("refunds")),
        ("correction", of("corrections")),
        ("account", account.to_owned()),
        ("date", today()),
        ("login", login.to_owned()),
        ("units", "00004".to_owned()),
        ("unit", "00004".to_owned()),
        ("role", "finance".to_owned()),
        ("person", "Người Lạ Mẫu".to_owned()),
        ("text", "H26".to_owned()),
        ("q", "H26".to_owned()),
        ("amount", "25000".to_owned()),
        ("method", "cash".to_owned()),
        ("reason", "thử".to_owned()),
        ("confirm", String::new()),
    ]
}

fn today() -> String {
    bienlai::clock::Clock::System.now().business_day().to_string()
}

#[test]
fn each_role_sees_at_the_pages_what_is_declared_and_nothing_of_another_unit() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        // What the signers still write is none of the callers' doing.
        wait_for_signatures(&world, Duration::from_secs(60));
        let things = Things::of(&world);
        let own_login = crate::support::visitor::employ(
            &world,
            Role::Finance,
            "ketoan.badinh",
            Scope::unit(world.ba_dinh.id),
        );
        let sql = format!("SELECT account_no AS t FROM bank_account WHERE unit_id = {}", world.ba_dinh.id.0);
        let account_no = world.words(&sql).remove(0);
        let fields = fields(&things, &own_login.name, &account_no);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // Everybody sits down first: the story's own ids are leased for a short time only.
        let seats =
            [(&world.tay_ho, false), (&world.ba_dinh, true)].into_iter().flat_map(|(unit, is_own)| {
                let address = service.address;
                let world = &world;
                SEATED.into_iter().map(move |role| {
                    let name = format!("{}.{}", role.as_str(), if is_own { "day" } else { "khac" });
                    let visitor = seated(world, address, role, &name, Scope::unit(unit.id));
                    (is_own, role, name, visitor)
                })
            });
        let mut seats: Vec<(bool, Role, String, Visitor)> = seats.collect();
        let pages: Vec<Offer> = offers(&service)
            .into_iter()
            .filter(|offer| !offer.is_for_staff && !offer.who.is_empty())
            // They end the session that asks.
            .filter(|offer| {
                !offer.path.starts_with("/sign-out") && !offer.path.ends_with("sign-out-everywhere")
            })
            .collect();
        assert!(pages.len() > 15, "{} pages", pages.len());
        let of_ba_dinh = format!(" WHERE unit_id = {}", world.ba_dinh.id.0);
        let mut wrong = Vec::new();
        let mut marks: Vec<String> = things.0.values().filter(|id| !id.ends_with("02d")).cloned().collect();
        marks.extend([account_no.clone(), own_login.name.clone()]);
        for offer in &pages {
            let reply = ask(&mut Visitor::at(service.address), offer, &things, &fields);
            let is_led = reply.status == 303 && location(&reply).starts_with("/sign-in");
            if !is_led {
                wrong.push(format!("{}: nobody gets {}", offer.name(), reply.status));
            }
        }
        let untouched = made_by_people(&world, &of_ba_dinh);
        for (_, role, name, visitor) in seats.iter_mut().filter(|(is_own, ..)| *is_own) {
            visitor.get("/account");
            let (token, own) = (visitor.value("csrf").unwrap(), format!("http://{}", service.address));
            let forms = pages.iter().filter(|offer| offer.method == "POST" && offer.declares(*role));
            for offer in forms {
                let path = things.path(offer);
                let mine = [[("csrf", token.as_str())].as_slice(), fields.as_slice()].concat();
                let bare = visitor.post_from(&own, &path, &fields).status;
                let sent = visitor.post_from("https://evil.example", &path, &mine).status;
                let is_file = FILES.contains(&offer.path.as_str());
                let is_gone = |status: u16| status == 404 && offer.path.contains('{');
                if !(bare == 403 || is_gone(bare) || is_file && matches!(bare, 400 | 415)) {
                    wrong.push(format!("{}: {name} without a token gets {bare}", offer.name()));
                }
                if sent != 403 && !is_gone(sent) {
                    wrong.push(format!("{}: {name} from another site gets {sent}", offer.name()));
                }
            }
        }
        assert_eq!(made_by_people(&world, &of_ba_dinh), untouched, "a forged form changed something");
        for (is_own, role, name, mut visitor) in seats {
            let before = made_by_people(&world, &of_ba_dinh);
            for offer in &pages {
                let reply = ask(&mut visitor, offer, &things, &fields);
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                let is_led = reply.status == 303 && location(&reply).starts_with("/sign-in");
                let is_refused = matches!(reply.status, 403 | 404);
                let mut complain =
                    |why: &str| wrong.push(format!("{}: {name} gets {} – {why}", offer.name(), reply.status));
                if is_led || reply.status >= 500 {
                    complain("the session must hold and the page must not fail");
                }
                if !offer.declares(role) && !is_refused {
                    complain("not declared");
                }
                // A form may name something that is not there; a page is there.
                let is_denied = reply.status == 403 || offer.method == "GET" && is_refused;
                if offer.declares(role) && is_own && is_denied && !offer.path.contains('{') {
                    complain("declared and refused");
                }
                if !is_own && reply.status < 400 && marks.iter().any(|mark| text.contains(mark.as_str())) {
                    complain("shows something of another unit");
                }
            }
            if !is_own || role == Role::Auditor {
                let now = made_by_people(&world, &of_ba_dinh);
                assert_eq!(now, before, "{name} changed something of Ba Đình");
                let ended = world.count("login WHERE name = 'ketoan.badinh' AND state <> 'active'");
                assert!(is_own || ended == 0, "{name} ended a login of Ba Đình");
            }
        }
        assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
        service.stop();
    });
}

/// Asks for a page, or sends its form with a token of the session.
fn ask(visitor: &mut Visitor, offer: &Offer, things: &Things, fields: &[(&str, &str)]) -> Reply {
    let path = things.path(offer);
    if offer.method == "GET" {
        return visitor.get(&path);
    }
    if visitor.value("csrf").is_none() {
        visitor.get("/account");
    }
    visitor.post(&path, fields)
}
