//! The API's document and the running service say the same: the fields they take, the statuses and
//! shapes they answer with, and every example.

use std::collections::{BTreeMap, BTreeSet};

use bienlai::actor::Role;
use bienlai::clock::Clock;
use bienlai::payment::channel::bank;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::strangers::{Door, Things, asked_for, lived_in, token};
use crate::support::program::{Reply, SECRET, Service, get, send};
use crate::support::world::BANK;
use crate::support::{World, each_database};

/// Those who see most come first.
const ROLES: [Role; 6] =
    [Role::Finance, Role::Cashier, Role::Approver, Role::Administrator, Role::Auditor, Role::DossierSystem];

/// One method of one path of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    pub told: Value,
}

pub fn document(service: &Service) -> Value {
    let reply = get(service.address, "/api/v1/openapi.json").unwrap();
    assert_eq!(reply.status, 200);
    reply.json()
}

pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods");
            methods.iter().map(|(method, told)| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                told: told.clone(),
            })
        })
        .collect()
}

impl Operation {
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/v1/") && !self.path.ends_with("openapi.json")
    }

    /// A role that may.
    pub fn role(&self) -> Role {
        let who = self.told["x-roles"].as_str().unwrap_or_default();
        ROLES.into_iter().find(|role| who.contains(role.as_str())).unwrap_or(Role::Administrator)
    }

    fn body(&self) -> &Value {
        &self.told["requestBody"]["content"]["application/json"]
    }

    fn fields_of_query(&self) -> BTreeSet<String> {
        let told = self.told["parameters"].as_array().into_iter().flatten();
        let query = told.filter(|one| one["in"] == "query");
        query.map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The path with the first of what each part can be named.
    pub fn chosen(&self) -> String {
        let told = self.told["parameters"].as_array().into_iter().flatten();
        let named = told.filter_map(|one| {
            Some((format!("{{{}}}", one["name"].as_str()?), one["schema"]["enum"][0].as_str()?.to_owned()))
        });
        named.fold(self.path.clone(), |path, (part, name)| path.replace(&part, &name))
    }

    /// The path with real ids, and the parameters it cannot do without.
    pub fn url(&self, things: &Things) -> String {
        let url = things.place(&self.chosen());
        let told = self.told["parameters"].as_array().into_iter().flatten();
        let required = told.filter(|one| one["in"] == "query" && one["required"] == true);
        let pairs: Vec<String> = required
            .map(|one| {
                let value = if one["schema"]["format"] == "date" { "2026-11-27" } else { "00004" };
                format!("{}={value}", one["name"].as_str().unwrap_or_default())
            })
            .collect();
        if pairs.is_empty() { url } else { format!("{url}?{}", pairs.join("&")) }
    }
}

/// The names between backquotes that a refusal says it expected.
fn expected(detail: &str) -> BTreeSet<String> {
    // A field's own name may begin so too.
    let told = detail.split(", expected ").nth(1).unwrap_or_default();
    told.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Why a value is not of a schema; the part of JSON Schema that the document uses.
fn fault(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(pointer) = schema["$ref"].as_str() {
        return fault(root, root.pointer(pointer.trim_start_matches('#')).expect("a schema"), value);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().any(|one| fault(root, one, value).is_none());
        return (!fits).then(|| format!("{value} is none of {choices:?}"));
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|kind| is(kind)) {
        return Some(format!("{value} is no {kinds:?}"));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        return Some(format!("{value} is none of the known"));
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Some(format!("{name} is missing"));
            }
        }
        let told = &schema["properties"];
        for (name, inner) in fields {
            match told.get(name) {
                Some(schema) => {
                    if let Some(why) = fault(root, schema, inner) {
                        return Some(format!("{name}: {why}"));
                    }
                }
                None if schema["additionalProperties"] == false => return Some(format!("{name} is unknown")),
                None => {}
            }
        }
    }
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|inner| fault(root, &schema["items"], inner)).next()
}

struct Staff(BTreeMap<&'static str, String>);

impl Staff {
    fn of(world: &World) -> Staff {
        Staff(ROLES.into_iter().map(|role| (role.as_str(), token(world, &world.ba_dinh, role))).collect())
    }

    fn token(&self, role: Role) -> Option<&str> {
        self.0.get(role.as_str()).map(String::as_str)
    }
}

#[test]
fn the_service_takes_exactly_the_fields_the_document_tells() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        let (things, staff) = (Things::of(&world), Staff::of(&world));
        let mut wrong = Vec::new();
        let mut compared = 0;
        for operation in operations(&document(&service)).iter().filter(|operation| operation.is_api()) {
            let token = staff.token(operation.role());
            let place = format!("{} {}", operation.method, operation.path);
            let mut compare = |told: BTreeSet<String>, reply: &Reply, code: &str, is_whole: bool| {
                let error = &reply.json()["error"];
                let real = expected(error["detail"].as_str().unwrap_or_default());
                compared += 1;
                if error["code"] != code || (is_whole && real != told) || !told.is_subset(&real) {
                    wrong.push(format!("{place}: told {told:?}, but {} {}", reply.status, reply.json()));
                }
            };
            let schema = &operation.body()["schema"];
            if schema.is_object() {
                let url = operation.url(&things);
                let reply = door.ask(token, &operation.method, &url, br#"{"no_such_field":1}"#);
                let is_whole = schema["additionalProperties"] == false;
                compare(keys(&schema["properties"]), &reply, "json_unreadable", is_whole);
            }
            let query = operation.fields_of_query();
            if !query.is_empty() {
                let url = format!("{}?no_such_field=1", things.place(&operation.chosen()));
                let reply = door.ask(token, &operation.method, &url, b"");
                compare(query, &reply, "query_unreadable", true);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(compared > 90, "{compared} compared");
        service.stop();
    });
}

#[test]
fn every_example_runs_and_is_answered_as_the_document_tells() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let door = Door { service: &service, count: Default::default() };
        asked_for(&world, &door);
        let (things, staff) = (Things::of(&world), Staff::of(&world));
        let document = document(&service);
        let mut wrong = Vec::new();
        let (mut asked, mut done) = (0, 0);
        let mut all = operations(&document);
        // What reads comes first, so that it finds things as they were left.
        all.sort_by_key(|operation| operation.method != "GET");
        for operation in all.iter().filter(|operation| operation.is_api()) {
            let example = &operation.body()["example"];
            let body = if example.is_null() { String::new() } else { things.body(example).to_string() };
            let url = operation.url(&things);
            let reply = door.ask(staff.token(operation.role()), &operation.method, &url, body.as_bytes());
            asked += 1;
            let told = &operation.told["responses"][reply.status.to_string()];
            let place = format!("{} {url} {body}", operation.method);
            if reply.status >= 500 || told.is_null() {
                wrong.push(format!("{place}: {} {}", reply.status, reply.json()));
                continue;
            }
            done += usize::from(reply.status < 300);
            let code = reply.json()["error"]["code"].clone();
            if !example.is_null() && (code == "json_unreadable" || code == "query_unreadable") {
                wrong.push(format!("{place}: {}", reply.json()));
            }
            let content = told["content"].as_object().cloned().unwrap_or_default();
            let media = reply.head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-type")
                    .then(|| value.split(';').next().unwrap_or("").trim())
            });
            let media = media.unwrap_or_default();
            match content.get(media) {
                None => wrong.push(format!(
                    "{place}: {} is of {media:?}, told {:?}",
                    reply.status,
                    keys(&told["content"])
                )),
                Some(of) if media == "application/json" => {
                    if let Some(why) = fault(&document, &of["schema"], &reply.json()) {
                        wrong.push(format!("{place}: {} {why}", reply.status));
                    }
                }
                Some(_) => {}
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        println!("{done} of {asked} examples did what they are for; the others met a rule of the world");
        assert!(done > 60, "{done} of {asked}");
        service.stop();
    });
}

#[test]
fn what_no_path_reads_is_refused_under_a_stable_code_by_page_and_program() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let finance = token(&world, &world.ba_dinh, Role::Finance);
        let bearer = format!("Bearer {finance}");
        let large = vec![b' '; 1024 * 1024 + 1];
        let json = ("Content-Type", "application/json");
        let token = ("Authorization", bearer.as_str());
        let cases: [(&str, &str, Vec<(&str, &str)>, &[u8], u16, &str); 7] = [
            ("GET", "/api/v1/nowhere", vec![("Accept", "text/html")], b"", 404, "path_not_found"),
            ("DELETE", "/api/v1/obligations", vec![], b"", 405, "method_not_allowed"),
            (
                "POST",
                "/api/v1/reconciliations",
                vec![token, ("Content-Type", "text/xml")],
                b"<a/>",
                415,
                "media_type_unsupported",
            ),
            (
                "POST",
                "/api/v1/reconciliations",
                vec![token, json, ("Content-Encoding", "gzip")],
                b"x",
                415,
                "media_type_unsupported",
            ),
            ("POST", "/api/v1/reconciliations", vec![token, json], &large, 413, "body_too_large"),
            ("GET", "/nowhere", vec![], b"", 404, "path_not_found"),
            ("POST", "/healthz", vec![json], b"", 405, "method_not_allowed"),
        ];
        let common = [
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "x-request-id:",
            "content-security-policy:",
            "referrer-policy:",
            "cross-origin-resource-policy:",
        ];
        for (method, path, headers, body, status, code) in cases {
            let reply = send(service.address, method, path, &headers, body).unwrap();
            assert_eq!(
                (reply.status, reply.json()["error"]["code"].as_str()),
                (status, Some(code)),
                "{method} {path}"
            );
            for header in common {
                assert!(
                    reply.head.to_ascii_lowercase().contains(&header.to_ascii_lowercase()),
                    "{path}: {header}"
                );
            }
            assert!(!reply.json()["error"]["message"].as_str().unwrap().is_empty());
        }
        let allowed = send(service.address, "DELETE", "/api/v1/obligations", &[], b"").unwrap();
        assert!(allowed.head.to_ascii_lowercase().contains("allow: get, head, post"), "{}", allowed.head);
        let person = [("Accept", "text/html,*/*"), ("Content-Type", "text/plain")];
        for (method, path, status, words) in [
            ("GET", "/nowhere", 404, "Không có trang này"),
            ("DELETE", "/lookup", 405, "Phương thức này không được hỗ trợ"),
            ("POST", "/lookup/receipt", 415, "Loại nội dung gửi lên không đọc được"),
        ] {
            let reply = send(service.address, method, path, &person, b"").unwrap();
            let page = String::from_utf8(reply.body).unwrap();
            assert_eq!(reply.status, status, "{method} {path}");
            assert!(page.contains("<!doctype html>") && page.contains(words), "{method} {path}: {page}");
        }
        // One address guesses codes: it is sent away for a while, and told how long.
        let last = (0..200)
            .map(|_| get(service.address, "/p/HNPH7K2MQ4X97").unwrap())
            .find(|reply| reply.status == 429);
        let last = last.expect("guessing ends");
        assert!(last.head.to_ascii_lowercase().contains("retry-after:"), "{}", last.head);
        assert!(String::from_utf8_lossy(&last.body).contains("<!doctype html>"));
        service.stop();
    });
}

#[test]
fn a_document_can_be_read_as_openapi_and_hides_nothing_of_what_may_be_asked() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let document = document(&service);
        assert_eq!(document["openapi"], "3.1.0");
        let codes = &document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"];
        assert!(codes["enum"].as_array().unwrap().contains(&json!("shift_not_open")));
        let page = String::from_utf8(get(service.address, "/api/try").unwrap().body).unwrap();
        for asset in page.split('"').filter(|part| part.starts_with("/assets/")) {
            let reply = get(service.address, asset).unwrap();
            assert_eq!(reply.status, 200, "{asset}");
            assert!(!reply.body.is_empty());
        }
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing comes from another host");
        service.stop();
    });
}

/// A bank without a public notification of its own builds ours from the document.
#[test]
fn a_bank_sends_what_the_document_shows_and_every_list_is_as_the_document_tells() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        let document = document(&service);
        let told = &document["paths"]["/callback/{channel}"]["post"];
        assert!(told["description"].as_str().unwrap().contains("X-Bienlai-Signature: v1=<hex>"), "{told}");
        let example = told["requestBody"]["content"]["application/json"]["example"].to_string();
        let proof = bank::sign(&[SecretString::from(SECRET)], Clock::System.now(), example.as_bytes());
        let headers: Vec<(&str, &str)> = proof.iter().map(|(name, value)| (&**name, &**value)).collect();
        let path = format!("/callback/{BANK}");
        let reply = send(service.address, "POST", &path, &headers, example.as_bytes()).unwrap();
        assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("accepted")), "{}", reply.json());

        let finance = token(&world, &world.ba_dinh, Role::Finance);
        let door = Door { service: &service, count: Default::default() };
        let lists = &document["paths"]["/api/v1/lists/{list}"]["get"];
        let page = &lists["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(
            page["properties"]["rows"]["items"]["properties"],
            Value::Null,
            "each has its own columns"
        );
        let mut rows = 0;
        for list in lists["parameters"][0]["schema"]["enum"].as_array().expect("every list") {
            let path = format!("/api/v1/lists/{}?unit=00004", list.as_str().unwrap());
            let reply = door.ask(Some(&finance), "GET", &path, b"");
            assert_eq!((reply.status, fault(&document, page, &reply.json())), (200, None), "{path}");
            rows += reply.json()["rows"].as_array().map_or(0, Vec::len);
        }
        assert!(rows > 0, "something was listed");
        let report = door.ask(Some(&finance), "GET", "/api/v1/city/figures?format=pdf", b"");
        let figures = &document["paths"]["/api/v1/city/figures"]["get"]["responses"]["200"]["content"];
        assert!(
            report.body.starts_with(b"%PDF") && figures["application/pdf"].is_object(),
            "{}",
            report.head
        );
        service.stop();
    });
}
