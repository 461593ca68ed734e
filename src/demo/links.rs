//! Where to look: an obligation to pay, a receipt, the exceptions, the API page.

use serde_json::{Value, json};

use super::folder::Folder;
use super::running::Service;
use super::state::State;
use super::{Shown, table};
use crate::actor::Actor;
use crate::app::App;
use crate::clock::Instant;
use crate::error::Result;
use crate::simulator::Scenario;
use crate::{obligation, receipt, unit};

pub fn collect(
    service: &Service,
    folder: &Folder,
    state: &State,
    scenarios: usize,
    table: String,
) -> Result<Shown> {
    let url = &service.url;
    let mut links = Vec::new();
    if let Some(code) = unpaid_code(&service.app, state)? {
        links.push(format!("Hồ sơ chờ nộp / to pay:      {url}/p/{code}"));
        links.push(format!(
            "Chuyển tiền / transfer it:   {program} demo pay {code} --port {port} --dir {dir}",
            program = program(),
            port = service.app.config.web.listen.port(),
            dir = folder.path().display(),
        ));
    }
    if let Some(code) = lookup_code(service, state)? {
        links.push(format!("Biên lai / a receipt:        {url}/r/{code}"));
        let ca = folder.path().join(crate::cli::key::CA_CERTIFICATE);
        links.push(format!(
            "Kiểm tra chữ ký / verify:    curl -s {url}/r/{code}.xml -o bienlai.xml && \
             curl -s {url}/r/{code}/evidence.json -o bang-chung.json && \
             {program} receipt verify bienlai.xml --trust {ca} --evidence bang-chung.json",
            ca = ca.display(),
            program = program(),
        ));
    }
    links.push(format!(
        "Ngoại lệ / exceptions:       {url}/finance/exceptions (đăng nhập kế toán / as the accountant)"
    ));
    links.push(format!("API:                         {url}/api"));
    links.push(format!(
        "Lập nghĩa vụ nộp / raise one: {}",
        example(url, &state.tokens()?.dossier_system, service.app.clock.now())
    ));
    links.push(format!(
        "Lệnh khác / other commands:  {program} series audit --config {config} · {program} audit verify --config {config}",
        program = program(),
        config = folder.config_path().display()
    ));
    let (receipts, exceptions) = table::counts(&service.app)?;
    Ok(Shown { dossiers: state.dossiers.len(), scenarios, receipts, exceptions, table, links })
}

/// This program as it was called, so that the lines can be copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "bienlai".into())
}

/// An obligation on which nothing was paid: one that no scenario plays with, as the service says now.
pub fn unpaid_code(app: &App, state: &State) -> Result<Option<String>> {
    let is_used = |code: &str| {
        state.played.iter().any(|played| played.payables.iter().any(|used| used.reference_code == code))
    };
    let candidates = state
        .dossiers
        .iter()
        .filter(|payable| payable.amount.is_positive() && !is_used(&payable.reference_code));
    app.read(&Actor::system(), |conn| {
        for payable in candidates {
            let unit = unit::find_by_code(conn, &payable.unit_code)?;
            let owed = obligation::find(conn, unit.id, payable.obligation.parse()?)?;
            if owed.state == obligation::State::Raised {
                return Ok(Some(owed.reference_code));
            }
        }
        Ok(None)
    })
}

/// A line that raises an obligation as the city's dossier system does, to be copied as it stands.
fn example(url: &str, token: &str, now: Instant) -> String {
    let body = example_body(now);
    format!(
        "curl -s {url}/api/v1/obligations -H 'Authorization: Bearer {token}' -H 'Idempotency-Key: {key}' \
         -H 'Content-Type: application/json' -d '{body}'",
        key = body["dossier_code"].as_str().unwrap_or_default(),
    )
}

/// Each start prints another dossier, so that the line of each works once.
pub fn example_body(now: Instant) -> Value {
    let day = now.business_day();
    json!({
        "unit": EXAMPLE_UNIT,
        "dossier_code": format!("THU-{}", now.0 / 1_000_000),
        "procedure_code": "2.000815",
        "procedure_field": "Chứng thực",
        "intake_mode": "counter",
        "submitted_at": now,
        "due_on": day.plus_days(7),
        "payer": { "name": "Người nộp Mẫu" },
        "lines": [{ "item": "chung_thuc_ban_sao", "pages": 3, "copies": 2 }],
    })
}

const EXAMPLE_UNIT: &str = "00004";

/// The receipt of the one who paid rightly.
pub fn lookup_code(service: &Service, state: &State) -> Result<Option<String>> {
    let right = state.played.iter().find(|played| played.scenario == Scenario::Right);
    let Some(payable) = right.and_then(|played| played.payables.first()) else { return Ok(None) };
    service.app.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, &payable.unit_code)?;
        let receipts = receipt::query::of_obligation(conn, unit.id, payable.obligation.parse()?)?;
        Ok(receipts.into_iter().next().map(|receipt| receipt.lookup_code))
    })
}
