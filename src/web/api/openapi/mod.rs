//! `GET /api/v1/openapi.json`: the API as OpenAPI 3.1, made of the catalogue, the types that handlers
//! read and answer with, and the table of error codes.

mod example;
mod kernel;
mod operation;
mod shape;

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Map, Value, json};

use super::catalogue::endpoints;
use crate::web::{Shared, message};

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

/// The paths below `/api/v1/` whose body is JSON.
pub static READS_JSON: LazyLock<std::collections::BTreeSet<&'static str>> = LazyLock::new(|| {
    let table = shape::table();
    let of = |(place, shape): (&&'static str, &shape::Shape)| {
        matches!(shape.body, shape::Body::Json { .. }).then(|| place.trim_start_matches("POST "))
    };
    table.iter().filter_map(of).collect()
});

/// `GET /api/v1/openapi.json`
pub async fn serve(shared: web::Data<Shared>) -> HttpResponse {
    let mut document = DOCUMENT.clone();
    document["servers"] = json!([
        { "url": "/", "description": "Dịch vụ này / this service" },
        { "url": shared.app().config.web.public_url, "description": "Địa chỉ công khai / its public address" },
    ]);
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type("application/json; charset=utf-8")
        .body(document.to_string())
}

/// The document without its servers.
fn document() -> Value {
    let shapes = shape::table();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints() {
        let place = format!("{} {}", endpoint.method, endpoint.path);
        let operation = operation::of(endpoint, shapes.get(place.as_str()));
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "bienlai",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": ABOUT,
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer",
                    "description": "Token do quản trị cấp / made by the administrator for a role and units" },
            },
            "schemas": { "Error": error_schema() },
        },
    })
}

const ABOUT: &str = "Số tiền là số nguyên đồng; thời gian theo RFC 3339; ngày theo giờ Hà Nội. Chương trình đọc \
                     `error.code`, người đọc `message`. 503 và `idempotency_in_flight` kèm `Retry-After`.\n\n\
                     Amounts are whole đồng, times RFC 3339 with offset, days those of Hà Nội. Fields are only ever \
                     added to answers; unknown fields of requests are refused. Programs read `error.code`. 503 and \
                     `idempotency_in_flight` carry `Retry-After`: send the same again.";

fn error_schema() -> Value {
    let mut codes: Vec<_> = message::all().collect();
    codes.sort_unstable_by_key(|(code, _)| *code);
    let table: Map<String, Value> = codes
        .iter()
        .map(|(code, words)| ((*code).to_owned(), json!({ "vi": words.vi, "en": words.en })))
        .collect();
    let codes: Vec<&str> = codes.iter().map(|(code, _)| *code).collect();
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message", "message_en"],
            "properties": {
                "code": { "type": "string", "enum": codes, "x-words": table },
                "message": { "type": "string" },
                "message_en": { "type": "string" },
                "field": { "type": "string", "description": "Trường sai / the field at fault" },
                "detail": { "type": "string" },
                "request_id": { "type": "string" },
            },
        } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::routes;

    #[test]
    fn every_route_is_in_the_document_and_nothing_else_is() {
        let served: std::collections::BTreeSet<String> = routes::entries()
            .iter()
            .map(|entry| format!("{} {}", entry.method.to_string().to_ascii_lowercase(), entry.path))
            .collect();
        let mut told = std::collections::BTreeSet::new();
        for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
            told.extend(methods.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
        }
        assert_eq!(served, told);
    }

    #[test]
    fn every_shape_belongs_to_a_route() {
        let places: Vec<String> =
            endpoints().iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)).collect();
        for place in shape::table().keys() {
            assert!(places.iter().any(|known| known == place), "{place} is no route");
        }
    }

    #[test]
    fn every_parameter_of_a_path_is_told_and_every_operation_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
            for operation in methods.as_object().unwrap().values() {
                let told = operation["parameters"].as_array().unwrap();
                let count = told.iter().filter(|one| one["in"] == "path").count();
                assert_eq!(count, path.matches('{').count(), "{path}");
                assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
                assert!(operation["responses"].as_object().unwrap().len() > 1, "{path}");
            }
        }
    }

    #[test]
    fn a_body_is_described_by_the_type_its_handler_reads() {
        let post = &DOCUMENT["paths"]["/api/v1/obligations"]["post"];
        let schema = &post["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["due_on"]["format"], "date");
        assert_eq!(schema["additionalProperties"], json!(false), "unknown fields are refused");
        assert!(schema["required"].as_array().unwrap().contains(&json!("due_on")));
        let answer = &post["responses"]["201"]["content"]["application/json"]["schema"];
        assert!(answer["required"].as_array().unwrap().contains(&json!("reference_code")));
    }
}
