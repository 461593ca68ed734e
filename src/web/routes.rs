//! Every path of the service, in one list; those of pages stand in `routes_of_pages`. The page `/api` shows the
//! same list, which a test holds against it.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::{HttpRequest, Route, guard, web};

use super::{api, callback, refusal, routes_of_pages};

/// One method of one path.
pub struct Entry {
    pub method: Method,
    pub path: &'static str,
    route: Route,
}

pub(super) fn get(path: &'static str, route: Route) -> Entry {
    Entry { method: Method::GET, path, route }
}

pub(super) fn post(path: &'static str, route: Route) -> Entry {
    Entry { method: Method::POST, path, route }
}

/// The list, that of the pages at its end. Where two patterns fit a path, the one that comes first here counts.
pub fn entries() -> Vec<Entry> {
    let mut all = vec![
        // Banks come first: a path is found by trying the patterns one after the other.
        post("/callback/{channel}", web::to(callback::notify)),
        post("/callback/{channel}/api/token_generate", web::to(callback::token_generate)),
        post("/callback/{channel}/bank/api/transaction-sync", web::to(callback::transaction_sync)),
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
        get("/api/v1/tariff/items", web::to(api::tariff::items)),
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
        post("/api/v1/pos/batches/{id}/withdrawal", web::to(api::pos::withdraw)),
        post("/api/v1/settlements", web::to(api::settlements::import)),
        get("/api/v1/settlements", web::to(api::settlements::list)),
        get("/api/v1/settlements/{id}", web::to(api::settlements::find)),
        post("/api/v1/settlements/{id}/withdrawal", web::to(api::settlements::withdraw)),
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
        post("/api/v1/exceptions/combine", web::to(api::combinations::propose)),
        get("/api/v1/exceptions/{id}", web::to(api::exceptions::find)),
        get("/api/v1/exceptions/{id}/hints", web::to(api::queue::hints)),
        post("/api/v1/exceptions/{id}/comments", web::to(api::exception_work::comment)),
        post("/api/v1/exceptions/{id}/assign", web::to(api::exception_work::assign)),
        post("/api/v1/exceptions/{id}/propose", web::to(api::exceptions::propose)),
        post("/api/v1/exceptions/{id}/approve", web::to(api::exceptions::approve)),
        post("/api/v1/exceptions/{id}/combination/approve", web::to(api::combinations::approve)),
        post("/api/v1/exceptions/{id}/combination/refuse", web::to(api::combinations::refuse)),
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
        get("/api/v1/approvals", web::to(api::duties::waiting)),
        post("/api/v1/delegations", web::to(api::duties::offer)),
        get("/api/v1/delegations", web::to(api::duties::list)),
        get("/api/v1/delegations/{id}", web::to(api::duties::find)),
        post("/api/v1/delegations/{id}/accept", web::to(api::duties::accept)),
        post("/api/v1/delegations/{id}/decline", web::to(api::duties::decline)),
        post("/api/v1/delegations/{id}/end", web::to(api::duties::end)),
        post("/api/v1/delegations/{id}/acts", web::to(api::duties::act)),
        post("/api/v1/privacy/requests", web::to(api::privacy::receive)),
        get("/api/v1/privacy/requests", web::to(api::privacy::requests)),
        post("/api/v1/privacy/requests/{id}/file", web::to(api::privacy::file)),
        post("/api/v1/privacy/requests/{id}/answer", web::to(api::privacy::answer)),
        post("/api/v1/privacy/requests/{id}/refuse", web::to(api::privacy::refuse)),
        post("/api/v1/privacy/requests/{id}/propose", web::to(api::privacy::propose)),
        post("/api/v1/privacy/requests/{id}/act", web::to(api::privacy::proposed)),
        post("/api/v1/privacy/requests/{id}/approve", web::to(api::privacy::approve)),
        get("/api/v1/privacy/views", web::to(api::privacy::views)),
        post("/api/v1/privacy/incidents", web::to(api::privacy::open)),
        get("/api/v1/privacy/incidents", web::to(api::privacy::incidents)),
        post("/api/v1/privacy/incidents/{id}/note", web::to(api::privacy::note)),
        post("/api/v1/privacy/incidents/{id}/notified", web::to(api::privacy::notified)),
        post("/api/v1/privacy/incidents/{id}/closed", web::to(api::privacy::closed)),
        get("/api/v1/privacy/register", web::to(api::privacy::register)),
        get("/api/v1/keys", web::to(api::list_keys)),
        post("/api/v1/keys/{id}/stop", web::to(api::stop_key)),
        post("/api/v1/keys/stops/{id}/approve", web::to(api::approve_key_stop)),
        post("/api/v1/keys/stops/{id}/refuse", web::to(api::refuse_key_stop)),
        post("/api/v1/keys/stops/{id}/withdraw", web::to(api::withdraw_key_stop)),
        post("/api/v1/statements", web::to(api::intake::import)),
        get("/api/v1/statements", web::to(api::list_statements)),
        post("/api/v1/statements/{id}/quarantine", web::to(api::intake::decide_quarantine)),
        post("/api/v1/statements/{id}/give-up", web::to(api::intake::give_up)),
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
        post("/api/v1/lines/{id}/unmatch", web::to(api::exception_work::unmatch)),
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
        get("/api/v1/evidence.zip", web::to(api::city::evidence)),
        post("/api/v1/dossier-totals", web::to(api::city::totals)),
        get("/api/v1/proposals", web::to(api::proposals::list)),
        post("/api/v1/proposals", web::to(api::proposals::propose)),
        post("/api/v1/proposals/{id}/approve", web::to(api::proposals::approve)),
        post("/api/v1/proposals/{id}/refuse", web::to(api::proposals::refuse)),
        get("/api/v1/units/{code}/handover", web::to(api::proposals::obstacles)),
        post("/api/v1/units/{code}/handover", web::to(api::proposals::hand_over)),
        get("/api/v1/entrustments", web::to(api::proposals::entrustments)),
        get("/api/v1/books/{book}", web::to(api::ledgers::file)),
        get("/api/v1/series", web::to(api::list_series)),
        post("/api/v1/series/{id}/stop", web::to(api::stop_series)),
        get("/api/v1/series/audits", web::to(api::list_series_audits)),
        get("/api/v1/series/audits/{id}/xml", web::to(api::series_audit_xml)),
        post("/callback/sms/{operator}", web::to(callback::sms_report)),
        get("/api/v1/tax/registrations", web::to(api::tax::registrations::list)),
        post("/api/v1/tax/registrations", web::to(api::tax::registrations::register)),
        post("/api/v1/tax/registrations/accept", web::to(api::tax::registrations::accept)),
        post("/api/v1/tax/registrations/{id}/approve", web::to(api::tax::registrations::approve)),
        post("/api/v1/tax/registrations/{id}/withdraw", web::to(api::tax::registrations::withdraw)),
        get("/api/v1/tax/reports", web::to(api::tax::reports)),
        post("/api/v1/tax/reports", web::to(api::tax::make_report)),
        post("/api/v1/tax/reports/{id}/approve", web::to(api::tax::approve_report)),
        post("/api/v1/tax/reports/{id}/accept", web::to(api::tax::accept_report)),
        get("/api/v1/tax/due", web::to(api::tax::alarms)),
        get("/api/v1/tax/invoices", web::to(api::tax::invoices)),
        post("/api/v1/tax/invoices/{id}/again", web::to(api::tax::send_invoice_again)),
        get("/api/v1/tax/notices", web::to(api::tax::notices)),
        post("/api/v1/tax/notices", web::to(api::tax::request_notice)),
        post("/api/v1/tax/notices/{id}/approve", web::to(api::tax::approve_notice)),
        post("/api/v1/tax/notices/{id}/withdraw", web::to(api::tax::withdraw_notice)),
        get("/api/v1/tax/transmissions", web::to(api::tax::transmissions)),
        get("/api/v1/tax/transmissions/{id}", web::to(api::tax::transmission)),
        post("/api/v1/tax/transmissions/{id}/release", web::to(api::tax::release)),
    ];
    all.extend(routes_of_pages::entries());
    all
}

/// Registers the list: one resource for each path, 405 for its other methods, 404 for the rest.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut order = Vec::new();
    let mut resources: BTreeMap<&str, (Vec<Method>, actix_web::Resource)> = BTreeMap::new();
    for entry in entries() {
        let (mut methods, resource) = resources.remove(entry.path).unwrap_or_else(|| {
            order.push(entry.path);
            (Vec::new(), web::resource(entry.path))
        });
        methods.push(entry.method.clone());
        let resource = resource.route(matching(entry.route, entry.method));
        resources.insert(entry.path, (methods, resource));
    }
    let seen: Vec<&str> =
        entries().iter().filter(|entry| entry.method == Method::GET).map(|entry| entry.path).collect();
    for path in order {
        if let Some((methods, resource)) = resources.remove(path) {
            let allowed = allowed(&methods);
            let above = refusal::segments_above(path, &seen);
            config.service(resource.default_service(web::to(move |request: HttpRequest| async move {
                match above {
                    Some(segments) if request.method() == Method::GET => {
                        refusal::seen_above(&request, segments)
                    }
                    _ => refusal::method_not_allowed(&request, allowed),
                }
            })));
        }
    }
    config.default_service(web::to(refusal::path_not_found));
}

/// What can be got can be asked for without its body: the server leaves that out by itself.
fn matching(route: Route, method: Method) -> Route {
    match method {
        Method::GET => route.guard(guard::Any(guard::Get()).or(guard::Head())),
        other => route.method(other),
    }
}

fn allowed(methods: &[Method]) -> &'static str {
    match (methods.contains(&Method::GET), methods.contains(&Method::POST)) {
        (true, true) => "GET, HEAD, POST",
        (true, false) => "GET, HEAD",
        _ => "POST",
    }
}
