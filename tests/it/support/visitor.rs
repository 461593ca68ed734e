//! Somebody at a browser: keeps its cookies, follows forms, and sends what browsers send.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::clock::Clock;
use bienlai::error::Error;
use bienlai::id::PersonId;
use bienlai::identity::login::{self, NewLogin};
use bienlai::identity::{self, invitation, own, session, totp};
use secrecy::ExposeSecret;

use super::program::{Reply, send};
use super::tools;
use super::world::World;

pub const PASSWORD: &str = "con mèo trèo cây cau";

pub struct Visitor {
    address: SocketAddr,
    pub cookies: BTreeMap<String, String>,
    /// The page seen last.
    pub page: String,
}

impl Visitor {
    pub fn at(address: SocketAddr) -> Visitor {
        Visitor { address, cookies: BTreeMap::new(), page: String::new() }
    }

    /// Asks with these headers beside the cookies, and keeps what comes.
    pub fn ask(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Reply {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = more.to_vec();
        if !cookies.is_empty() {
            headers.push(("Cookie", cookies.as_str()));
        }
        let reply = send(self.address, method, path, &headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        for line in reply.head.lines() {
            let Some(set) = line.to_ascii_lowercase().starts_with("set-cookie:").then(|| &line[11..]) else {
                continue;
            };
            let pair = set.trim().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                match value {
                    "" => self.cookies.remove(name),
                    value => self.cookies.insert(name.to_owned(), value.to_owned()),
                };
            }
        }
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        if text.contains("<!doctype html>") {
            self.page = text;
        }
        reply
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    /// Posts a form of the page seen last, with its form token.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = self.value("csrf").unwrap_or_default();
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.post_from(&format!("http://{}", self.address), path, &all)
    }

    /// Posts these fields and nothing else, as a page of `origin` does.
    pub fn post_from(&mut self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)];
        self.ask("POST", path, &headers, body.join("&").as_bytes())
    }

    /// Posts a form with a file.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Reply {
        self.upload_as(path, fields, "file", file)
    }

    /// The same under the name of the form's file field.
    pub fn upload_as(&mut self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Reply {
        let mut body = Vec::new();
        let token = self.value("csrf").unwrap_or_default();
        for (field, value) in fields.iter().chain(&[("csrf", token.as_str())]) {
            body.extend_from_slice(
                format!("--XyZ\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        let head =
            format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"saoke\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--XyZ--\r\n");
        let origin = format!("http://{}", self.address);
        let headers = [("Content-Type", "multipart/form-data; boundary=XyZ"), ("Origin", origin.as_str())];
        self.ask("POST", path, &headers, &body)
    }

    /// Asks for a proof and for each next part of it, as the page does by itself. `title` stands over every part but
    /// the last, and no `verdict` before it. Returns how many parts there were.
    pub fn prove(&mut self, path: &str, title: &str, verdict: &str) -> usize {
        let (mut next, mut parts) = (Some(path.to_owned()), 0);
        while let Some(path) = next {
            assert_eq!(self.get(&path).status, 200, "{path}: {}", self.page);
            parts += 1;
            let on = self.page.split_once("data-on=\"").and_then(|(_, rest)| rest.split('"').next());
            next = on.map(|on| on.replace("&#38;", "&").replace("&amp;", "&"));
            if next.is_some() {
                self.sees(title);
                assert!(!self.page.contains(verdict), "no verdict before the end: {}", self.page);
            }
        }
        parts
    }

    /// The value of a hidden field of the page seen last.
    pub fn value(&self, name: &str) -> Option<String> {
        let rest = self.page.split_once(&format!("name=\"{name}\" value=\""))?.1;
        rest.split('"').next().map(str::to_owned)
    }

    #[track_caller]
    pub fn sees(&self, text: &str) {
        assert!(self.page.contains(text), "{text} is not on the page:\n{}", self.page);
    }

    /// The words of an error's code stand on the page.
    #[track_caller]
    pub fn is_told(&self, code: &str) {
        self.sees(&bienlai::web::message::words(code).vi);
    }

    pub fn sign_in(&mut self, name: &str, password: &str, code: &str) -> Reply {
        self.get("/sign-in");
        self.post("/sign-in", &[("name", name), ("password", password), ("code", code), ("next", "")])
    }
}

/// Where a reply leads.
pub fn location(reply: &Reply) -> &str {
    let line = reply.head.lines().find(|line| line.to_ascii_lowercase().starts_with("location:"));
    line.map_or("", |line| line[9..].trim())
}

pub fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let prefix = format!("{name}:");
    let line = reply.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&prefix));
    line.map_or("", |line| line[prefix.len()..].trim())
}

fn escaped(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
        b' ' => "+".to_owned(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A login that is ready, and the secret of its second factor where its role needs one.
pub struct Ready {
    pub name: String,
    pub secret: Vec<u8>,
    has_second_factor: bool,
}

impl Ready {
    /// The code of this moment; empty for a login without one.
    pub fn code(&self, world: &World) -> String {
        if self.has_second_factor { totp::shown_at(&self.secret, world.now()) } else { String::new() }
    }
}

/// Invites a new person and accepts for them.
pub fn employ(world: &World, role: Role, name: &str, scope: Scope) -> Ready {
    let system = Actor::system();
    let home = match &scope {
        Scope::Units(units) => *units.first().expect("a unit"),
        Scope::All => bienlai::unit::CITY,
    };
    let person: PersonId =
        world.change(|tx, stamp| identity::create_person(tx, stamp, &system, home, &format!("Người {name}")));
    appoint(world, role, name, scope, person)
}

/// A login of a person who is there already.
pub fn appoint(world: &World, role: Role, name: &str, scope: Scope, person: PersonId) -> Ready {
    let system = Actor::system();
    let new = NewLogin { name: name.to_owned(), person, role, scope };
    let (_, token) = world.change(|tx, stamp| login::invite(tx, stamp, &system, new.clone()));
    let token = token.expose_secret().to_owned();
    let invited = world.look(|conn| invitation::find(conn, &world.stamp(), &token));
    let hash = invitation::prepare(&invited.login, PASSWORD, PASSWORD).expect("a good password");
    // A code of the step before, so that the code of this moment is still unused.
    let before = world.now().minus_seconds(30);
    let code = if invited.needs_second_factor {
        totp::shown_at(&invited.second_factor, before)
    } else {
        String::new()
    };
    world.change(|tx, stamp| invitation::accept(tx, stamp, &token, &hash, &code));
    Ready {
        name: name.to_owned(),
        has_second_factor: invited.needs_second_factor,
        secret: invited.second_factor,
    }
}

/// The same, signed in at a browser.
pub fn seated(world: &World, address: SocketAddr, role: Role, name: &str, scope: Scope) -> Visitor {
    let ready = employ(world, role, name, scope);
    let mut visitor = Visitor::at(address);
    let entered = visitor.sign_in(&ready.name, PASSWORD, &ready.code(world));
    assert_eq!(entered.status, 303, "{name} signs in: {}", visitor.page);
    visitor
}

/// Sets up a second factor for who is signed in, as they do on their page.
pub fn protect(world: &World, visitor: &mut Visitor) {
    visitor.get("/account/second-factor");
    let token = visitor.cookies["__Host-bienlai"].clone();
    let session = world.look(|conn| session::find(conn, world.now(), &token));
    let secret = own::offered_second_factor(world.stamp().vault, &session);
    let code = totp::shown_at(&secret, Clock::System.now());
    let done = visitor.post("/account/second-factor", &[("code", &code)]);
    assert_eq!(done.status, 200, "{}", visitor.page);
}

/// As if everybody who is signed in had shown code or password so many seconds ago.
pub fn confirmed_before(world: &World, seconds: i64) {
    let at = Clock::System.now().minus_seconds(seconds).0;
    world.change(|tx, _| {
        tools::run(tx.conn(), &format!("UPDATE session SET confirmed_at = {at}"))
            .map_err(|error| Error::internal(error.to_string()))
    });
}
