//! One method of one path.

use serde_json::{Map, Value, json};

use super::example;
use super::shape::{Body, Shape};
use crate::web::api::catalogue::Endpoint;
use crate::web::api::payer_reads;

const ID_PATTERN: &str = "^[a-z]{3}_[0-9a-hjkmnp-tv-z]{13}$";
const JSON: &str = "application/json";

/// The operation of an endpoint.
pub fn of(endpoint: &Endpoint, shape: Option<&Shape>) -> Value {
    let is_api = endpoint.path.starts_with("/api/v1/");
    let is_open = endpoint.who.is_empty();
    let mut operation = json!({
        "operationId": name(endpoint),
        "tags": [tag(endpoint.path)],
        "summary": endpoint.vi,
        "description": description(endpoint),
        "parameters": parameters(endpoint, shape),
        "responses": responses(endpoint, shape),
        "security": if is_api && !is_open { json!([{ "token": [] }]) } else { json!([]) },
    });
    if !is_open {
        operation["x-roles"] = json!(endpoint.who);
    }
    if let Some(body) = request_body(endpoint, shape) {
        operation["requestBody"] = body;
    }
    operation
}

fn name(endpoint: &Endpoint) -> String {
    let words = endpoint.path.replace("/api/v1", "");
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(endpoint.method.to_ascii_lowercase(), |name, word| format!("{name}_{word}"))
        + if endpoint.path.ends_with(['.', '}']) { "_one" } else { "" }
        + if endpoint.path.ends_with(".pdf") { "_file" } else { "" }
}

fn tag(path: &str) -> &str {
    match path.strip_prefix("/api/v1/") {
        Some(rest) => rest.split(['/', '.']).next().unwrap_or_default(),
        None if path.starts_with("/callback") => "callbacks",
        None if matches!(path, "/healthz" | "/readyz" | "/metrics") => "operation",
        None => "pages",
    }
}

fn description(endpoint: &Endpoint) -> String {
    let mut text = endpoint.en.to_owned();
    if !endpoint.who.is_empty() {
        text.push_str(&format!("\n\nVai trò / roles: {}", endpoint.who));
    }
    if !endpoint.notes.is_empty() {
        text.push_str(&format!("\n\n{}", endpoint.notes));
    }
    if let Some((vi, en)) = payer_reads::said(endpoint) {
        text.push_str(&format!("\n\n{vi}\n\n{en}"));
    }
    text
}

fn parameters(endpoint: &Endpoint, shape: Option<&Shape>) -> Vec<Value> {
    let mut all = Vec::new();
    for part in endpoint.path.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        let schema = match name {
            "id" => json!({ "type": "string", "pattern": ID_PATTERN }),
            "list" => {
                json!({ "type": "string", "enum": crate::report::list::List::all().map(|list| list.name()).collect::<Vec<_>>() })
            }
            "book" => json!({ "type": "string", "enum": ["journal", "bank", "cash", "fees"] }),
            _ => json!({ "type": "string" }),
        };
        all.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    if let Some(query) = shape.and_then(|shape| shape.query.as_ref()) {
        let required = query["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in query["properties"].as_object().into_iter().flatten() {
            let is_required = required.contains(&json!(name));
            all.push(json!({ "name": name, "in": "query", "required": is_required, "schema": of_query(name, schema) }));
        }
    }
    if endpoint.notes.starts_with("Idempotency-Key required") {
        let schema = json!({ "type": "string", "pattern": "^[!-~]{1,128}$" });
        let key = json!({ "name": "Idempotency-Key", "in": "header", "required": true, "schema": schema });
        all.push(key);
    }
    all
}

/// A query has no null: what may be left out is left out.
fn of_query(name: &str, schema: &Value) -> Value {
    let mut schema = match schema["anyOf"].as_array() {
        Some(choices) => choices.iter().find(|one| one["type"] != "null").cloned().unwrap_or_default(),
        None => schema.clone(),
    };
    if let Some(kind) = schema["type"].as_array().and_then(|kinds| kinds.iter().find(|kind| **kind != "null"))
    {
        schema["type"] = kind.clone();
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("default");
    }
    if name == "limit" {
        schema["minimum"] = json!(1);
        schema["maximum"] = json!(super::super::paging::PAGE_LIMIT);
    }
    schema
}

fn request_body(endpoint: &Endpoint, shape: Option<&Shape>) -> Option<Value> {
    let example = example::whole(endpoint.body);
    let (mut content, is_required) = match shape.map(|shape| &shape.body) {
        Some(Body::Json { schema, is_required }) => (json!({ "schema": schema }), *is_required),
        Some(Body::Raw(media)) => {
            let content: Map<String, Value> =
                media.iter().map(|media| ((*media).to_owned(), json!({ "schema": {} }))).collect();
            return Some(json!({ "required": true, "content": content }));
        }
        _ => {
            let shape = example.as_ref().map(example::shape)?;
            (json!({ "schema": shape }), true)
        }
    };
    if let Some(example) = example {
        content["example"] = example;
    }
    let mut media = json!({ JSON: content });
    if endpoint.path == "/api/v1/dossier-totals" {
        media["text/csv"] = json!({ "schema": {} });
    }
    Some(json!({ "required": is_required, "content": media }))
}

fn responses(endpoint: &Endpoint, shape: Option<&Shape>) -> Map<String, Value> {
    let mut all = Map::new();
    let success = shape.map_or(200, |shape| shape.status);
    let mut media = Map::new();
    for kind in media_of(endpoint, shape) {
        let of = if kind == JSON { json_answer(endpoint, shape) } else { json!({}) };
        media.insert(kind.to_owned(), of);
    }
    all.insert(success.to_string(), json!({ "description": endpoint.en, "content": media }));
    for (status, words) in others(endpoint) {
        let content = match (status, endpoint.path.starts_with("/api/v1/")) {
            (202 | 422, _) => json!({ JSON: { "schema": { "type": "object" } } }),
            (303, _) => json!({}),
            (_, true) => json!({ JSON: { "schema": { "$ref": "#/components/schemas/Error" } } }),
            (_, false) => json!({ "text/html": {}, JSON: { "schema": { "type": "object" } } }),
        };
        all.insert(status.to_string(), json!({ "description": words, "content": content }));
    }
    all
}

fn json_answer(endpoint: &Endpoint, shape: Option<&Shape>) -> Value {
    let example = example::whole(endpoint.answer);
    let schema = match (shape.and_then(|shape| shape.answer.clone()), &example) {
        (Some(schema), _) => schema,
        (None, Some(example)) => example::shape(example),
        (None, None) => json!({ "type": "object" }),
    };
    match example {
        Some(example) => json!({ "schema": schema, "example": example }),
        None => json!({ "schema": schema }),
    }
}

/// What a success may be, by the path's ending and the formats it can be asked for in.
fn media_of(endpoint: &Endpoint, shape: Option<&Shape>) -> Vec<&'static str> {
    const SHEETS: [&str; 2] =
        ["text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"];
    let path = endpoint.path;
    let has_format = shape
        .and_then(|shape| shape.query.as_ref())
        .is_some_and(|query| query["properties"].get("format").is_some());
    let of_name = [
        (".svg", "image/svg+xml"),
        (".png", "image/png"),
        ("xml", "application/xml"),
        ("pdf", "application/pdf"),
        (".zip", "application/zip"),
        (".json", JSON),
    ];
    if let Some((_, media)) = of_name.iter().find(|(end, _)| path.ends_with(end)) {
        return vec![media];
    }
    match path {
        "/api/v1/books/{book}" => SHEETS.to_vec(),
        "/api/v1/corrections/{id}/agreement" if endpoint.method == "GET" => {
            vec!["application/pdf", "image/png", "image/jpeg"]
        }
        "/api/v1/city/figures" => [JSON, "application/pdf"].into_iter().chain(SHEETS).collect(),
        "/finance/pictures/{id}" => vec!["image/png", "image/jpeg", "image/webp"],
        "/p/{code}/events" => vec!["text/event-stream"],
        "/healthz" | "/metrics" | "/robots.txt" => vec!["text/plain"],
        "/favicon.ico" => vec!["image/svg+xml"],
        "/assets/{name}" => vec!["text/css", "text/javascript", "image/svg+xml", "font/woff2"],
        _ if has_format => [JSON].into_iter().chain(SHEETS).collect(),
        _ if path.starts_with("/api/v1/") || path.starts_with("/callback") => vec![JSON],
        "/readyz" | "/p/{code}/status" => vec![JSON],
        _ => vec!["text/html"],
    }
}

/// The other statuses it may answer with.
fn others(endpoint: &Endpoint) -> Vec<(u16, &'static str)> {
    const BAD: (u16, &str) = (400, "Yêu cầu không đọc được hoặc sai / unreadable or wrong");
    const UNKNOWN: (u16, &str) = (401, "Thiếu hoặc sai token / no token or a wrong one");
    const FORBIDDEN: (u16, &str) = (403, "Không đủ quyền / not allowed");
    const MISSING: (u16, &str) = (404, "Không có trong phạm vi của token / not there, or not in scope");
    const CONFLICT: (u16, &str) = (409, "Trái với trạng thái hiện tại / not as things stand");
    const LARGE: (u16, &str) = (413, "Quá lớn / too large");
    const MEDIA: (u16, &str) = (415, "Không đọc loại nội dung này / this media type is not read");
    const MANY: (u16, &str) = (429, "Quá nhiều lần / too often; Retry-After");
    const BUSY: (u16, &str) = (503, "Đang bận / busy; Retry-After");
    let is_post = endpoint.method == "POST";
    let path = endpoint.path;
    if path == "/api/v1/openapi.json" || path == "/healthz" || path == "/metrics" {
        return vec![BUSY];
    }
    let mut all = vec![BAD];
    if path.starts_with("/api/v1/") {
        all.extend([UNKNOWN, FORBIDDEN, MISSING, CONFLICT, BUSY]);
        if path == "/api/v1/statements" && is_post {
            all.push((202, "Đã xếp hàng / queued"));
        }
        if matches!(path, "/api/v1/statements" | "/api/v1/treasury/reports") && is_post {
            all.push((422, "Tệp có lỗi, chỉ rõ chỗ sai / the file's faults, each with its place"));
        }
    } else if path.starts_with("/callback") {
        all.extend([UNKNOWN, FORBIDDEN, MISSING, CONFLICT, BUSY]);
    } else {
        all.extend([
            (303, "Sang trang khác / to another page"),
            UNKNOWN,
            FORBIDDEN,
            MISSING,
            CONFLICT,
            MANY,
            BUSY,
        ]);
    }
    if is_post {
        all.extend([LARGE, MEDIA]);
    }
    all
}
