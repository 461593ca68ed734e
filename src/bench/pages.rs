//! How long pages and lists take over a filled database, and how soon waiting pages are told.
//!
//! Times are those a client on the same machine sees on an open connection: the service's own and the
//! loopback's.

mod listed;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::load::head;
use super::measure::Scene;
use super::report::{Report, Target};
use super::seed::{Desk, Due};
use super::{Options, child, tell};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::login::{self, NewLogin};
use crate::identity::sign_in::{self, Shown};
use crate::identity::{self, NewClient, invitation, totp};
use crate::obligation;
use crate::receipt;
use crate::store::Lane;

const PASSWORD: &str = "bon phuong tam huong";
/// The most a page may take at p99, in milliseconds.
const LIMIT_MS: f64 = 50.0;
/// Obligations that stay unpaid.
const UNPAID: usize = 200;
/// The first rounds open what stays open: connection, session, statements.
const OPENING: usize = 5;
/// How often a kept PDF is asked for: the service's CPU time is told in hundredths of a second.
const KEPT_PDFS: usize = 2_000;
/// How many PDF pages of receipts a second of CPU serves at least.
const PDFS_PER_CPU_S: f64 = 120.0;

/// One connection that stays open.
struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// `Cookie` or `Authorization`, with its line's end.
    proof: String,
}

struct Answer {
    status: u16,
    body: String,
    took: Duration,
}

impl Client {
    fn new(address: SocketAddr, proof: String) -> Client {
        Client { address, stream: None, proof }
    }

    fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask("GET", path, "", "")
    }

    fn post(&mut self, path: &str, form: &str) -> Result<Answer> {
        let head =
            format!("Origin: http://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n", self.address);
        self.ask("POST", path, &head, form)
    }

    fn ask(&mut self, method: &str, path: &str, more: &str, body: &str) -> Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}{more}Content-Length: {}\r\n\r\n{body}",
            self.address,
            self.proof,
            body.len()
        );
        let began = Instant::now();
        let was_open = self.stream.is_some();
        let mut answer = self.exchange(request.as_bytes());
        if answer.is_err() && was_open {
            // The service ends connections that nobody used for a while.
            self.stream = None;
            answer = self.exchange(request.as_bytes());
        }
        let bytes = answer.map_err(|error| {
            self.stream = None;
            Error::internal(format!("{path}: {error}"))
        })?;
        let took = began.elapsed();
        let (status, _) = head(&bytes).unwrap_or((0, 0));
        Ok(Answer { status, body: String::from_utf8_lossy(&bytes).into_owned(), took })
    }

    fn exchange(&mut self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let fresh = TcpStream::connect(self.address)?;
                fresh.set_nodelay(true)?;
                fresh.set_read_timeout(Some(Duration::from_secs(60)))?;
                self.stream.insert(fresh)
            }
        };
        stream.write_all(request)?;
        let mut bytes = Vec::with_capacity(64 * 1024);
        let mut part = [0_u8; 64 * 1024];
        loop {
            let count = stream.read(&mut part)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            bytes.extend_from_slice(part.get(..count).unwrap_or_default());
            if head(&bytes).is_some_and(|(_, length)| bytes.len() >= length) {
                return Ok(bytes);
            }
        }
    }
}

/// A person of a unit with a session: the cookie's line.
fn seat(app: &App, desk: &Desk, role: Role, scope: Scope) -> Result<String> {
    let system = Actor::system();
    let name = format!("{}.do", role.as_str());
    let token = app.write(&system, |tx, stamp| {
        let person = identity::create_person(tx, stamp, &system, desk.unit, "Người đo tốc độ")?;
        let new = NewLogin { name: name.clone(), person, role, scope: scope.clone() };
        login::invite(tx, stamp, &system, new).map(|(_, token)| token)
    })?;
    let invited = app.read(&system, |conn| invitation::find(conn, &app.stamp(), token.expose_secret()))?;
    let hash = invitation::prepare(&invited.login, PASSWORD, PASSWORD)?;
    let code_at = |at| {
        if invited.needs_second_factor { totp::shown_at(&invited.second_factor, at) } else { String::new() }
    };
    let now = app.clock.now();
    // The step before, so that the code of this moment is still unused.
    let before = code_at(now.minus_seconds(30));
    app.write(&system, |tx, stamp| invitation::accept(tx, stamp, token.expose_secret(), &hash, &before))?;
    let found = app.store.read(&Scope::All, |conn| sign_in::named(conn, &name))?;
    let code = code_at(now);
    let shown = Shown { name: &name, password: PASSWORD, code: &code, source: "127.0.0.1" };
    let checked = sign_in::check(found.as_ref(), &shown)?;
    let entered = app
        .store
        .write(&Scope::All, Lane::Live, |tx| sign_in::sign_in(tx, &app.stamp(), &checked, &shown))?;
    let (_, session) = entered.ok_or_else(|| Error::internal("the bench could not sign in"))?;
    Ok(format!("Cookie: __Host-bienlai={}\r\n", session.expose_secret()))
}

/// A program's token for a unit: the line that proves it.
fn program(app: &App, desk: &Desk, role: Role) -> Result<String> {
    let system = Actor::system();
    let secret = app.write(&system, |tx, stamp| {
        let person = identity::create_person(tx, stamp, &system, desk.unit, "Chương trình đo tốc độ")?;
        let new = NewClient {
            unit: desk.unit,
            name: format!("do.{}", role.as_str()),
            person: Some(person),
            role,
            scope: Scope::unit(desk.unit),
        };
        identity::create_client(tx, stamp, &system, new).map(|(_, secret)| secret)
    })?;
    Ok(format!("Authorization: Bearer {}\r\n", secret.expose_secret()))
}

/// Pages and lists over `options.receipts` receipts, spread over the units.
pub fn pages(options: &Options) -> Result<Report> {
    let mut scene = Scene::set(options)?;
    let unpaid = scene.raise(UNPAID, 1)?;
    let due = scene.raise(options.receipts, options.units)?;
    let one_paid = due.first().map(|due| due.code.clone()).unwrap_or_default();
    let (service, _) = child::Service::start(&scene.place)?;
    let outcome = scene.load(options, &service, false, due)?;
    scene.wait_for_seals(&service)?;
    if let Some(url) = options.database.as_deref().filter(|_| !scene.place.is_embedded) {
        crate::store::census::analyze(url)?;
    }
    scene.report.add("receipts", outcome.total as f64, "");
    let app = &scene.place.app;
    app.lease.renew(&app.store, &app.clock)?;
    let desk = scene.town.desks.first().ok_or_else(|| Error::internal("a bench without units"))?;
    let (paid_id, receipt_id, lookup) = app.read(&Actor::system(), |conn| {
        let item = obligation::find_by_code(conn, &one_paid)?;
        let documents = receipt::query::of_obligation(conn, item.unit, item.id)?;
        let receipt =
            documents.into_iter().next().ok_or_else(|| Error::internal("a bench without receipts"))?;
        Ok((item.id, receipt.id, receipt.lookup_code))
    })?;
    let waiting = unpaid.first().map(|due| due.code.clone()).unwrap_or_default();
    let address = scene.place.address;
    let mut clients = [
        Client::new(address, String::new()),
        Client::new(address, seat(app, desk, Role::Cashier, Scope::unit(desk.unit))?),
        Client::new(address, seat(app, desk, Role::Finance, Scope::unit(desk.unit))?),
        // Of the whole city: lists of every unit are the longest.
        Client::new(address, seat(app, desk, Role::Administrator, Scope::All)?),
        Client::new(address, program(app, desk, Role::Finance)?),
        Client::new(address, program(app, desk, Role::Administrator)?),
    ];
    let [citizen, cashier, finance, administrator, system] = [0, 1, 2, 3, 4];
    let unit = &desk.code;
    let mut figures: Vec<(Cow<'static, str>, Vec<Duration>)> = Vec::new();
    let mut asked = BTreeSet::new();
    for (name, client, path) in [
        ("pay page, waiting", citizen, format!("/p/{waiting}")),
        ("pay page, paid", citizen, format!("/p/{one_paid}")),
        ("receipt by look-up code", citizen, format!("/r/{lookup}")),
        ("look-up forms", citizen, "/lookup".to_owned()),
        ("desk", cashier, "/counter".to_owned()),
        ("desk: one obligation", cashier, format!("/counter/obligations/{paid_id}")),
        ("desk: shift", cashier, "/counter/shift".to_owned()),
        ("finance: board", finance, "/finance".to_owned()),
        ("finance: statements", finance, "/finance/statements".to_owned()),
        ("finance: exceptions", finance, "/finance/exceptions".to_owned()),
        ("finance: days", finance, "/finance/days".to_owned()),
        ("users", administrator, "/users".to_owned()),
        ("the city", administrator, "/city".to_owned()),
        ("API: obligations", system, format!("/api/v1/obligations?unit={unit}")),
        ("API: obligations paid", system, format!("/api/v1/obligations?unit={unit}&state=paid")),
        ("API: list of receipts", system, format!("/api/v1/lists/receipts?unit={unit}")),
        ("API: list of payments", system, format!("/api/v1/lists/payments?unit={unit}")),
        ("API: changes", system, "/api/v1/obligations/changes?limit=200".to_owned()),
        ("API: accounts", system, format!("/api/v1/days/overview?unit={unit}")),
        ("API: exceptions", system, format!("/api/v1/exceptions?unit={unit}")),
    ] {
        tell(name);
        let client = clients.get_mut(client).ok_or_else(|| Error::internal("a seat is missing"))?;
        figures.push((name.into(), timed(options.rounds, || client.get(&path))?));
        asked.insert(path);
    }
    let pdf = format!("/r/{lookup}.pdf");
    let places = BTreeMap::from([
        ("p", waiting.clone()),
        ("r", lookup),
        ("units", unit.clone()),
        ("onboarding", unit.clone()),
        ("obligations", paid_id.to_string()),
        ("receipts", receipt_id.to_string()),
        ("days", desk.account.to_string()),
    ]);
    let (listed, left) = every_listed(&mut clients, unit, &places)?;
    scene.report.note(format!("no such thing in the seeded town, or no page: {}", left.join(", ")));
    for ask in listed.into_iter().filter(|ask| !asked.contains(&ask.path)) {
        tell(&ask.name);
        let client = clients.get_mut(ask.client).ok_or_else(|| Error::internal("a seat is missing"))?;
        figures.push((ask.name.into(), timed(options.rounds, || client.get(&ask.path))?));
    }
    let [_, cashier, ..] = &mut clients;
    let desk_page = cashier.get("/counter")?.body;
    let token = desk_page.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split('"').next());
    let token = token.unwrap_or_default().to_owned();
    for (name, asked) in
        [("desk: search by name", "nguyen van a".to_owned()), ("desk: search by code", waiting)]
    {
        tell(name);
        let form = format!("csrf={token}&q={}", asked.replace(' ', "+"));
        figures.push((name.into(), timed(options.rounds, || cashier.post("/counter/search", &form))?));
    }
    let [citizen, ..] = &mut clients;
    kept_pdfs(&mut scene.report, citizen, service.pid(), &pdf)?;
    service.stop();
    let mut slow = Vec::new();
    for (name, took) in figures {
        let at = |percent: usize| took.get((took.len() * percent).div_ceil(100).max(1) - 1).copied();
        let ms = |percent| at(percent).unwrap_or_default().as_secs_f64() * 1_000.0;
        scene.report.add(format!("{name}: p50"), ms(50), "ms");
        scene.report.aim(format!("{name}: p99"), ms(99), "ms", Target::Below(LIMIT_MS));
        if ms(99) >= LIMIT_MS {
            slow.push(name);
        }
    }
    let slow = if slow.is_empty() { "none".to_owned() } else { slow.join(", ") };
    scene.report.note(format!("over {LIMIT_MS} ms: {slow}"));
    Ok(scene.report)
}

/// The PDF of a receipt that was drawn once and is served from the store since, asked for by HTTP.
fn kept_pdfs(report: &mut Report, citizen: &mut Client, service: u32, path: &str) -> Result<()> {
    tell("receipt as PDF, kept");
    // Whoever asks first has it drawn.
    timed(1, || citizen.get(path))?;
    let before = child::cpu(service);
    let took = timed(KEPT_PDFS, || citizen.get(path))?;
    let used = child::cpu(service).zip(before).map(|(after, before)| (after - before).as_secs_f64());
    let p99 = took.get(KEPT_PDFS * 99 / 100).copied().unwrap_or_default();
    report.add("receipt as PDF, kept: p99", p99.as_secs_f64() * 1_000.0, "ms");
    if let Some(used) = used.filter(|used| *used > 0.0) {
        let served = (KEPT_PDFS + OPENING) as f64 / used;
        let target = Target::AtLeast(PDFS_PER_CPU_S);
        report.aim("receipts as PDF, kept, per second of service CPU", served, "/s", target);
    }
    Ok(())
}

/// The pages and lists that the service's document names and that answer, and what is left out of them.
fn every_listed(
    clients: &mut [Client],
    unit: &str,
    places: &BTreeMap<&str, String>,
) -> Result<(Vec<listed::Ask>, Vec<String>)> {
    let seats = listed::Seats {
        public: 0,
        pages: &[("cashier", 1), ("finance", 2), ("administrator", 3)],
        programs: &[("finance", 4), ("administrator", 5)],
    };
    let citizen = clients.first_mut().ok_or_else(|| Error::internal("a bench without clients"))?;
    let answer = citizen.get("/api/v1/openapi.json")?.body;
    let document = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let document = serde_json::from_str(document)
        .map_err(|error| Error::internal(format!("the service's document: {error}")))?;
    let (asks, mut left) = listed::asks(&document, &seats, unit, places);
    let (answering, more) = listed::answering(clients, asks)?;
    left.extend(more);
    Ok((answering, left))
}

/// How long each of many rounds took, ranked.
fn timed(rounds: usize, mut ask: impl FnMut() -> Result<Answer>) -> Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(rounds);
    for round in 0..rounds + OPENING {
        let answer = ask()?;
        if answer.status != 200 {
            return Err(Error::internal(format!("the answer was {}: {}", answer.status, answer.body)));
        }
        if round >= OPENING {
            took.push(answer.took);
        }
    }
    took.sort_unstable();
    Ok(took)
}

/// So many pages wait; money comes for one after the other. How soon is each told?
pub fn live(options: &Options) -> Result<Report> {
    let told = options.rounds;
    child::lift_file_limit()?;
    let mut scene = Scene::set(options)?;
    let due = scene.raise(options.waiting.max(told), options.units)?;
    let (service, _) = child::Service::start(&scene.place)?;
    tell(&format!("{} pages begin to wait", options.waiting));
    let mut streams = Vec::with_capacity(due.len());
    for (at, one) in due.iter().enumerate() {
        streams.push(wait(scene.place.address, at, one)?);
    }
    let before = child::cpu(service.pid());
    let began = Instant::now();
    std::thread::sleep(options.warmup);
    let idle = began.elapsed().as_secs_f64();
    let used = child::cpu(service.pid()).zip(before).map(|(after, before)| (after - before).as_secs_f64());
    let mut took = Vec::with_capacity(told);
    for (one, stream) in due.iter().zip(&mut streams).take(told) {
        let paid = Due { code: one.code.clone(), account_no: one.account_no.clone() };
        scene.load(options, &service, false, vec![paid])?;
        let acknowledged_at = Instant::now();
        until_told(stream)?;
        took.push(acknowledged_at.elapsed());
    }
    took.sort_unstable();
    let ms = |at: usize| took.get(at).copied().unwrap_or_default().as_secs_f64() * 1_000.0;
    scene.report.add("pages that wait", streams.len() as f64, "");
    if let Some(used) = used {
        scene.report.add("service CPU while they wait", used / idle, "cores");
    }
    if let Some(bytes) = child::resident_bytes(service.pid()) {
        scene.report.add("memory of the service", bytes as f64 / 1e6, "MB");
    }
    scene.report.add("acknowledged to told, p50", ms(told / 2), "ms");
    scene.report.aim("acknowledged to told, p99", ms(told * 99 / 100), "ms", Target::Below(2_000.0));
    drop(streams);
    service.stop();
    Ok(scene.report)
}

/// Opens a stream as a phone does, each from an address of its own.
fn wait(address: SocketAddr, at: usize, due: &Due) -> Result<TcpStream> {
    let open = || -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let from = format!("198.{}.{}.{}", 18 + at / 65_536, at / 256 % 256, at % 256);
        let request = format!(
            "GET /p/{}/events HTTP/1.1\r\nHost: {address}\r\nX-Forwarded-For: {from}\r\n\r\n",
            due.code
        );
        stream.write_all(request.as_bytes())?;
        let mut seen = Vec::new();
        let mut part = [0_u8; 1_024];
        while !seen.windows(6).any(|six| six == b"data: ") {
            let count = stream.read(&mut part)?;
            if count == 0 || !seen.starts_with(&b"HTTP/1.1 200"[..seen.len().min(12)]) {
                return Err(std::io::Error::other(String::from_utf8_lossy(&seen).into_owned()));
            }
            seen.extend_from_slice(part.get(..count).unwrap_or_default());
        }
        Ok(stream)
    };
    open().map_err(|error| Error::internal(format!("a waiting page: {error}")))
}

fn until_told(stream: &mut TcpStream) -> Result<()> {
    let mut part = [0_u8; 1_024];
    loop {
        let count = stream.read(&mut part).map_err(|error| Error::internal(format!("not told: {error}")))?;
        let text = part.get(..count).unwrap_or_default();
        if count == 0 {
            return Err(Error::internal("a waiting page was dropped"));
        }
        if text.windows(6).any(|six| six == b"data: ") {
            return Ok(());
        }
    }
}
