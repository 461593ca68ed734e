//! The pages and lists that the service's own document names, so that none is left out because nobody thought
//! of it. Files to keep, streams and what is only for other systems are not pages.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Client;
use crate::error::{Error, Result};

/// A page or list to be asked for.
pub struct Ask {
    pub name: String,
    /// Which of the clients asks.
    pub client: usize,
    pub path: String,
}

/// Roles and the client that has it, for pages and for the API: the first that a path names asks for it.
pub struct Seats {
    pub public: usize,
    pub pages: &'static [(&'static str, usize)],
    pub programs: &'static [(&'static str, usize)],
}

/// Endings of what is kept as a file, and paths that answer with no page of their own.
const NO_PAGES: [&str; 9] =
    [".zip", ".xml", ".pdf", ".png", ".svg", "/events", "/file", "/assets/{name}", "/openapi.json"];

/// What the document names, with the places of paths filled by `places`: the folder before a place, its part, its
/// value. What nothing fits into, and what the seeded town has no seat for, is returned beside.
pub fn asks(
    document: &Value,
    seats: &Seats,
    unit: &str,
    places: &BTreeMap<&str, String>,
) -> (Vec<Ask>, Vec<String>) {
    let (mut asks, mut left) = (Vec::new(), Vec::new());
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        let told = &methods["get"];
        let is_page = !told.is_null() && !NO_PAGES.iter().any(|ending| path.ends_with(ending));
        if !is_page {
            continue;
        }
        match (seat(seats, path, told["x-roles"].as_str().unwrap_or_default()), filled(path, told, places)) {
            (Some(client), Some(filled)) => {
                asks.push(Ask {
                    name: format!("GET {path}"),
                    client,
                    path: asked(&filled, path, told, unit),
                });
            }
            _ => left.push(path.clone()),
        }
    }
    (asks, left)
}

fn seat(seats: &Seats, path: &str, roles: &str) -> Option<usize> {
    let among = if path.starts_with("/api/v1/") { seats.programs } else { seats.pages };
    if roles.is_empty() {
        return Some(seats.public);
    }
    if roles == "signed in" {
        return among.first().map(|(_, client)| *client);
    }
    among.iter().find(|(role, _)| roles.contains(role)).map(|(_, client)| *client)
}

/// The path with real things in its places; none where the town has no such thing.
fn filled(path: &str, told: &Value, places: &BTreeMap<&str, String>) -> Option<String> {
    let mut filled = String::new();
    let mut before = "";
    for part in path.split('/').skip(1) {
        filled.push('/');
        if part.starts_with('{') {
            let choice = told["parameters"].as_array().into_iter().flatten().find_map(|one| {
                let is_it = one["in"] == "path" && one["name"] == part.trim_matches(['{', '}']);
                is_it.then(|| one["schema"]["enum"][0].as_str()).flatten()
            });
            filled.push_str(choice.or_else(|| places.get(before).map(String::as_str))?);
        } else {
            filled.push_str(part);
        }
        before = part;
    }
    Some(filled)
}

/// A list of the API is one of a unit.
fn asked(filled: &str, path: &str, told: &Value, unit: &str) -> String {
    let mut parameters = told["parameters"].as_array().into_iter().flatten();
    let has_unit = parameters.any(|one| one["in"] == "query" && one["name"] == "unit");
    if has_unit && path.starts_with("/api/v1/") { format!("{filled}?unit={unit}") } else { filled.to_owned() }
}

/// Those that answer with a page or a list; the others are named beside with what they answered.
pub fn answering(clients: &mut [Client], asks: Vec<Ask>) -> Result<(Vec<Ask>, Vec<String>)> {
    let (mut answering, mut left) = (Vec::new(), Vec::new());
    for ask in asks {
        let client = clients.get_mut(ask.client).ok_or_else(|| Error::internal("a seat is missing"))?;
        let answer = client.get(&ask.path)?;
        let head = answer.body.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
        if answer.status == 200 && (head.contains("text/html") || head.contains("application/json")) {
            answering.push(ask);
        } else {
            left.push(format!("{} ({})", ask.path, answer.status));
        }
    }
    Ok((answering, left))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_page_is_asked_by_somebody_who_may_with_what_the_town_has() {
        let document = json!({ "paths": {
            "/counter": { "get": { "x-roles": "cashier" } },
            "/p/{code}": { "get": {}, "post": {} },
            "/p/{code}/events": { "get": {} },
            "/finance/lists/{list}": { "get": { "x-roles": "finance, auditor", "parameters": [
                { "in": "path", "name": "list", "schema": { "enum": ["receipts", "payments"] } }] } },
            "/api/v1/days": { "get": { "x-roles": "unit_reader, finance", "parameters": [
                { "in": "query", "name": "unit" }] } },
            "/finance/refunds/{id}": { "get": { "x-roles": "finance" } },
            "/sign-out": { "post": {} },
        }});
        let seats =
            Seats { public: 0, pages: &[("cashier", 1), ("finance", 2)], programs: &[("finance", 4)] };
        let places = BTreeMap::from([("p", "HNP1".to_owned())]);
        let (asks, left) = asks(&document, &seats, "00000", &places);
        let mut asked: Vec<(usize, &str)> = asks.iter().map(|ask| (ask.client, ask.path.as_str())).collect();
        asked.sort_unstable();
        assert_eq!(
            asked,
            [(0, "/p/HNP1"), (1, "/counter"), (2, "/finance/lists/receipts"), (4, "/api/v1/days?unit=00000")]
        );
        assert_eq!(left, ["/finance/refunds/{id}"]);
    }
}
