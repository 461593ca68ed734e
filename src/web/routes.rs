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
        get("/api/v1/receipts.zip", web::to(api::receipts_zip)),
        get("/api/v1/receipts/{id}/notifications", web::to(api::receipt_notifications)),
        get("/api/v1/notifications", web::to(api::list_notifications)),
        post("/api/v1/notifications/{id}/retry", web::to(api::retry_notification)),
        post("/api/v1/obligations/{id}/consent", web::to(api::record_consent)),
        get("/api/v1/receipts/{id}", web::to(api::find_receipt)),
        get("/api/v1/receipts/{id}/xml", web::to(api::receipt_xml)),
        get("/api/v1/receipts/{id}/pdf", web::to(api::receipt_pdf)),
        post("/api/v1/receipts/{id}/corrections", web::to(api::request_correction)),
        get("/api/v1/receipts/{id}/corrections", web::to(api::receipt_corrections)),
        get("/api/v1/corrections", web::to(api::list_corrections)),
        get("/api/v1/corrections/{id}", web::to(api::find_correction)),
        post("/api/v1/corrections/{id}/approve", web::to(api::approve_correction)),
        post("/api/v1/corrections/{id}/refuse", web::to(api::refuse_correction)),
        post("/api/v1/corrections/{id}/agreement", web::to(api::correction_steps::attach)),
        get("/api/v1/corrections/{id}/agreement", web::to(api::correction_steps::read)),
        post("/api/v1/corrections/{id}/withdrawal", web::to(api::correction_steps::ask)),
        post("/api/v1/corrections/{id}/withdrawal/approve", web::to(api::correction_steps::approve)),
        post("/api/v1/corrections/{id}/withdrawal/refuse", web::to(api::correction_steps::refuse)),
        post("/api/v1/payments/{id}/refunds", web::to(api::request_refund)),
        get("/api/v1/refunds", web::to(api::list_refunds)),
        get("/api/v1/refunds/{id}", web::to(api::find_refund)),
        post("/api/v1/refunds/{id}/payee", web::to(api::name_payee)),
        post("/api/v1/refunds/{id}/approve", web::to(api::approve_refund)),
        post("/api/v1/refunds/{id}/send", web::to(api::send_refund)),
        post("/api/v1/refunds/{id}/refuse", web::to(api::refuse_refund)),
        post("/api/v1/shifts", web::to(api::shifts::open)),
        get("/api/v1/shifts", web::to(api::shifts::list)),
        get("/api/v1/shifts/{id}", web::to(api::shifts::find)),
        post("/api/v1/shifts/{id}/close", web::to(api::shifts::close)),
        post("/api/v1/shifts/{id}/sign-off", web::to(api::shifts::sign_off)),
        post("/api/v1/shifts/{id}/send-back", web::to(api::shifts::send_back)),
        post("/api/v1/deposits", web::to(api::deposits::hand_over)),
        get("/api/v1/deposits", web::to(api::deposits::list)),
        get("/api/v1/deposits/{id}", web::to(api::deposits::find)),
        post("/api/v1/deposits/{id}/withdraw", web::to(api::deposits::withdraw)),
        post("/api/v1/payments/{id}/card-slip", web::to(api::pos::card_slip)),
        post("/api/v1/pos/batches", web::to(api::pos::import)),
        get("/api/v1/pos/batches", web::to(api::pos::list)),
        get("/api/v1/pos/batches/{id}", web::to(api::pos::find)),
        post("/api/v1/settlements", web::to(api::settlements::import)),
        get("/api/v1/settlements", web::to(api::settlements::list)),
        get("/api/v1/settlements/{id}", web::to(api::settlements::find)),
        get("/api/v1/remittable", web::to(api::remittances::due)),
        post("/api/v1/remittances", web::to(api::remittances::draft)),
        get("/api/v1/remittances", web::to(api::remittances::list)),
        get("/api/v1/remittances/{id}", web::to(api::remittances::find)),
        post("/api/v1/remittances/{id}/approve", web::to(api::remittances::approve)),
        post("/api/v1/remittances/{id}/refuse", web::to(api::remittances::refuse)),
        get("/api/v1/remittances/{id}/pdf", web::to(api::remittances::pdf)),
        get("/api/v1/remittances/{id}/xml", web::to(api::remittances::xml)),
        get("/api/v1/treasury/due", web::to(api::remittances::alarms)),
        post("/api/v1/treasury/reports", web::to(api::remittances::import)),
        get("/api/v1/exceptions", web::to(api::exceptions::list)),
        post("/api/v1/exceptions/bulk", web::to(api::exception_work::bulk)),
        get("/api/v1/exceptions/alarms", web::to(api::queue::alarms)),
        get("/api/v1/exceptions/{id}", web::to(api::exceptions::find)),
        get("/api/v1/exceptions/{id}/hints", web::to(api::queue::hints)),
        post("/api/v1/exceptions/{id}/comments", web::to(api::exception_work::comment)),
        post("/api/v1/exceptions/{id}/assign", web::to(api::exception_work::assign)),
        post("/api/v1/exceptions/{id}/propose", web::to(api::exceptions::propose)),
        post("/api/v1/exceptions/{id}/approve", web::to(api::exceptions::approve)),
        post("/api/v1/exceptions/{id}/refuse", web::to(api::exceptions::refuse)),
        post("/api/v1/exceptions/{id}/resolve", web::to(api::exceptions::alone)),
        post("/api/v1/exceptions/{id}/reopening", web::to(api::exception_work::ask_to_reopen)),
        post("/api/v1/exceptions/{id}/reopening/approve", web::to(api::exception_work::approve_reopening)),
        post("/api/v1/exceptions/{id}/reopening/refuse", web::to(api::exception_work::refuse_reopening)),
        post("/api/v1/exceptions/{id}/letters", web::to(api::letters::write)),
        get("/api/v1/letters", web::to(api::letters::list)),
        get("/api/v1/letters/{id}", web::to(api::letters::find)),
        get("/api/v1/letters/{id}/pdf", web::to(api::letters::pdf)),
        post("/api/v1/letters/{id}/reply", web::to(api::letters::reply)),
        post("/api/v1/complaints", web::to(api::queue::complain)),
        get("/api/v1/keys", web::to(api::list_keys)),
        post("/api/v1/statements", web::to(api::intake::import)),
        get("/api/v1/statements", web::to(api::list_statements)),
        post("/api/v1/statements/{id}/quarantine", web::to(api::intake::decide_quarantine)),
        get("/api/v1/quarantine", web::to(api::intake::quarantine)),
        get("/api/v1/imports", web::to(api::intake::imports)),
        get("/api/v1/imports/{id}", web::to(api::intake::find_import)),
        get("/api/v1/versions", web::to(api::intake::versions)),
        get("/api/v1/versions/{id}", web::to(api::intake::find_version)),
        post("/api/v1/versions/{id}/propose", web::to(api::intake::propose_version)),
        post("/api/v1/versions/{id}/approve", web::to(api::intake::approve_version)),
        post("/api/v1/versions/{id}/send-back", web::to(api::intake::send_version_back)),
        get("/api/v1/layouts", web::to(api::intake::layouts)),
        post("/api/v1/layouts", web::to(api::intake::save_layout)),
        post("/api/v1/reconciliations", web::to(api::reconcile)),
        get("/api/v1/lines", web::to(api::rules::lines)),
        get("/api/v1/lines/{id}", web::to(api::rules::explain)),
        post("/api/v1/classification-rules", web::to(api::rules::propose)),
        get("/api/v1/classification-rules", web::to(api::rules::list)),
        post("/api/v1/classification-rules/what-if", web::to(api::rules::what_if)),
        post("/api/v1/classification-rules/{id}/approve", web::to(api::rules::approve)),
        post("/api/v1/classification-rules/{id}/refuse", web::to(api::rules::refuse)),
        post("/api/v1/days/close", web::to(api::close_day)),
        get("/api/v1/days", web::to(api::list_days)),
        get("/api/v1/days/bridge", web::to(api::days::bridge)),
        get("/api/v1/days/chain", web::to(api::days::chain)),
        get("/api/v1/days/certificates/{id}/pdf", web::to(api::days::pdf)),
        get("/api/v1/days/certificates/{id}/xml", web::to(api::days::xml)),
        get("/api/v1/days/overview", web::to(api::overview::show)),
        post("/api/v1/days/close-all", web::to(api::overview::close_all)),
        post("/api/v1/days/reopenings", web::to(api::reopenings::request)),
        get("/api/v1/days/reopenings", web::to(api::reopenings::list)),
        post("/api/v1/days/reopenings/{id}/approve", web::to(api::reopenings::approve)),
        post("/api/v1/days/reopenings/{id}/refuse", web::to(api::reopenings::refuse)),
        post("/api/v1/months/close", web::to(api::months::close)),
        get("/api/v1/months", web::to(api::months::list)),
        get("/api/v1/months/certificates/{id}/pdf", web::to(api::months::pdf)),
        get("/api/v1/months/certificates/{id}/xml", web::to(api::months::xml)),
        get("/api/v1/lists/{list}", web::to(api::lists::show)),
        get("/api/v1/reports/fees", web::to(api::figures::of_fees)),
        get("/api/v1/reports/cut-off", web::to(api::figures::at_year_end)),
        get("/api/v1/reports/due", web::to(api::figures::due)),
        post("/api/v1/reports/filed", web::to(api::figures::filed)),
        get("/api/v1/city/figures", web::to(api::city::figures)),
        post("/api/v1/dossier-totals", web::to(api::city::totals)),
        get("/api/v1/books/{book}", web::to(api::ledgers::file)),
        get("/api/v1/series", web::to(api::list_series)),
        post("/api/v1/series/{id}/stop", web::to(api::stop_series)),
        get("/api/v1/series/audits", web::to(api::list_series_audits)),
        get("/api/v1/series/audits/{id}/xml", web::to(api::series_audit_xml)),
        post("/callback/sms/{operator}", web::to(callback::sms_report)),
        get("/api/v1/tax/registrations", web::to(api::tax::registrations)),
        post("/api/v1/tax/registrations", web::to(api::tax::register)),
        post("/api/v1/tax/registrations/accept", web::to(api::tax::accept)),
        get("/api/v1/tax/reports", web::to(api::tax::reports)),
        post("/api/v1/tax/reports", web::to(api::tax::make_report)),
        post("/api/v1/tax/reports/{id}/approve", web::to(api::tax::approve_report)),
        post("/api/v1/tax/reports/{id}/accept", web::to(api::tax::accept_report)),
        get("/api/v1/tax/due", web::to(api::tax::alarms)),
        get("/api/v1/tax/notices", web::to(api::tax::notices)),
        post("/api/v1/tax/notices", web::to(api::tax::request_notice)),
        post("/api/v1/tax/notices/{id}/approve", web::to(api::tax::approve_notice)),
        post("/api/v1/tax/notices/{id}/withdraw", web::to(api::tax::withdraw_notice)),
        get("/api/v1/tax/transmissions", web::to(api::tax::transmissions)),
        get("/api/v1/tax/transmissions/{id}", web::to(api::tax::transmission)),
        post("/api/v1/tax/transmissions/{id}/release", web::to(api::tax::release)),
        post("/callback/{channel}", web::to(callback::notify)),
        post("/callback/{channel}/api/token_generate", web::to(callback::token_generate)),
        post("/callback/{channel}/bank/api/transaction-sync", web::to(callback::transaction_sync)),
        get("/", web::to(pages::frame::start)),
        post("/language", web::to(pages::frame::choose)),
        get("/sign-in", web::to(pages::sign_in::form)),
        post("/sign-in", web::to(pages::sign_in::enter)),
        post("/sign-out", web::to(pages::sign_in::leave)),
        get("/account", web::to(pages::sign_in::account)),
        post("/account/sign-out-everywhere", web::to(pages::sign_in::leave_everywhere)),
        get("/invitation/{token}", web::to(pages::invitation::form)),
        post("/invitation/{token}", web::to(pages::invitation::accept)),
        get("/users", web::to(pages::users::page)),
        post("/users/invite", web::to(pages::users::invite)),
        post("/users/reset", web::to(pages::users::reset)),
        post("/users/end", web::to(pages::users::end)),
        get("/counter", web::to(pages::counter::desk)),
        post("/counter/search", web::to(pages::counter::search)),
        get("/counter/obligations/{id}", web::to(pages::counter::take::page)),
        post("/counter/obligations/{id}/take", web::to(pages::counter::take::take)),
        get("/counter/shift", web::to(pages::counter::shift::page)),
        post("/counter/shift/open", web::to(pages::counter::shift::open)),
        post("/counter/shift/close", web::to(pages::counter::shift::close)),
        get("/finance", web::to(pages::finance::board::page)),
        get("/finance/statements", web::to(pages::finance::statements::page)),
        post("/finance/statements", web::to(pages::finance::statements::take)),
        get("/finance/exceptions", web::to(pages::finance::exceptions::page)),
        post("/finance/exceptions/approve", web::to(pages::finance::exceptions::approve)),
        get("/finance/days", web::to(pages::finance::days::page)),
        post("/finance/days/close", web::to(pages::finance::days::close)),
        get("/city", web::to(pages::city::page)),
        get("/city/report", web::to(pages::city::report)),
        post("/city/totals", web::to(pages::city::totals)),
        get("/p/{code}", web::to(pages::pay::page)),
        get("/p/{code}/status", web::to(pages::live::status)),
        get("/p/{code}/events", web::to(pages::live::events)),
        post("/p/{code}/told", web::to(pages::told::tell)),
        get("/r/{lookup}.xml", web::to(pages::receipt::xml)),
        get("/r/{lookup}.pdf", web::to(pages::rendition::pdf)),
        get("/r/{lookup}/pdf", web::to(pages::rendition::pdf)),
        get("/r/{lookup}", web::to(pages::receipt::page)),
        get("/lookup", web::to(pages::lookup::forms)),
        post("/lookup/receipt", web::to(pages::lookup::by_lookup_code)),
        post("/lookup/dossier", web::to(pages::lookup::by_personal_id)),
        post("/lookup/code", web::to(pages::lookup::request_code)),
        post("/lookup/code/confirm", web::to(pages::lookup::by_one_time_code)),
        post("/lookup/receipts.zip", web::to(pages::lookup::bundle)),
        get("/verify", web::to(pages::verify::form)),
        post("/verify", web::to(pages::verify::judge)),
        get("/api", web::to(pages::api::page)),
        get("/assets/{name}", web::to(pages::asset::serve)),
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
