//! Every path of the service, in one list. The page `/api` shows the same list, which a test
//! holds against it.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, Route, web};

use super::respond::{Answer, Failure};
use super::{api, callback, health, pages};
use crate::error::Error;

/// One method of one path.
pub struct Entry {
    pub method: Method,
    pub path: &'static str,
    route: Route,
}

/// The list. Where two patterns fit a path, the one that comes first here counts.
pub fn entries() -> Vec<Entry> {
    let get = |path, route| Entry { method: Method::GET, path, route };
    let post = |path, route| Entry { method: Method::POST, path, route };
    vec![
        post("/api/v1/obligations", web::to(api::create_obligation)),
        get("/api/v1/obligations", web::to(api::list_obligations)),
        get("/api/v1/obligations/changes", web::to(api::obligation_changes)),
        get("/api/v1/obligations/{id}", web::to(api::find_obligation)),
        post("/api/v1/obligations/{id}/cancel", web::to(api::cancel_obligation)),
        get("/api/v1/obligations/{id}/qr", web::to(api::qr_payload)),
        get("/api/v1/obligations/{id}/qr.svg", web::to(api::qr_svg)),
        post("/api/v1/obligations/{id}/payments", web::to(api::create_payment)),
        get("/api/v1/receipts/{id}", web::to(api::find_receipt)),
        get("/api/v1/receipts/{id}/xml", web::to(api::receipt_xml)),
        get("/api/v1/exceptions", web::to(api::list_exceptions)),
        get("/api/v1/exceptions/{id}", web::to(api::find_exception)),
        post("/api/v1/exceptions/{id}/propose", web::to(api::propose_exception)),
        post("/api/v1/exceptions/{id}/approve", web::to(api::approve_exception)),
        post("/api/v1/exceptions/{id}/refuse", web::to(api::refuse_exception)),
        post("/api/v1/statements", web::to(api::import_statement)),
        get("/api/v1/statements", web::to(api::list_statements)),
        post("/api/v1/reconciliations", web::to(api::reconcile)),
        post("/api/v1/days/close", web::to(api::close_day)),
        get("/api/v1/days", web::to(api::list_days)),
        post("/callback/{channel}", web::to(callback::notify)),
        post("/callback/{channel}/api/token_generate", web::to(callback::token_generate)),
        post("/callback/{channel}/bank/api/transaction-sync", web::to(callback::transaction_sync)),
        get("/p/{code}", web::to(pages::pay::page)),
        get("/r/{lookup}.xml", web::to(pages::receipt::xml)),
        get("/r/{lookup}", web::to(pages::receipt::page)),
        get("/verify", web::to(pages::verify::form)),
        post("/verify", web::to(pages::verify::judge)),
        get("/api", web::to(pages::api::page)),
        get("/assets/bienlai.css", web::to(pages::asset::styles)),
        get("/healthz", web::to(health::healthz)),
        get("/readyz", web::to(health::readyz)),
        get("/metrics", web::to(health::metrics)),
    ]
}

/// Registers the list: one resource for each path, 405 for its other methods, 404 for the rest.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut order = Vec::new();
    let mut resources: BTreeMap<&str, actix_web::Resource> = BTreeMap::new();
    for entry in entries() {
        let resource = resources.remove(entry.path).unwrap_or_else(|| {
            order.push(entry.path);
            web::resource(entry.path).default_service(web::to(method_not_allowed))
        });
        resources.insert(entry.path, resource.route(entry.route.method(entry.method)));
    }
    for path in order {
        if let Some(resource) = resources.remove(path) {
            config.service(resource);
        }
    }
    config.default_service(web::to(path_not_found));
}

async fn path_not_found() -> Answer {
    Err(Failure(Error::not_found("path_not_found", "no such path")))
}

async fn method_not_allowed(request: HttpRequest) -> Answer {
    Err(Failure(Error::not_found("method_not_allowed", format!("{} is not offered here", request.method()))))
}
