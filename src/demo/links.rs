//! Where to look: an obligation to pay, a receipt, the exceptions, the API page.

use super::folder::Folder;
use super::running::Service;
use super::state::State;
use super::{Shown, table};
use crate::actor::Actor;
use crate::error::Result;
use crate::receipt;
use crate::simulator::Scenario;
use crate::unit;

pub fn collect(
    service: &Service,
    folder: &Folder,
    state: &State,
    scenarios: usize,
    table: String,
) -> Result<Shown> {
    let url = &service.url;
    let mut links = Vec::new();
    if let Some(code) = unpaid_code(state) {
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
            "Kiểm tra chữ ký / verify:    curl -s {url}/r/{code}.xml -o bienlai.xml && {program} receipt verify bienlai.xml --trust {}",
            ca.display(),
            program = program(),
        ));
    }
    links.push(format!(
        "Ngoại lệ / exceptions:       {url}/finance/exceptions (đăng nhập kế toán / as the accountant)"
    ));
    links.push(format!("API:                         {url}/api"));
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

/// An obligation nobody touched.
pub fn unpaid_code(state: &State) -> Option<&str> {
    let is_used = |code: &str| {
        state.played.iter().any(|played| played.payables.iter().any(|used| used.reference_code == code))
    };
    state
        .dossiers
        .iter()
        .find(|payable| payable.amount.is_positive() && !is_used(&payable.reference_code))
        .map(|payable| payable.reference_code.as_str())
}

/// The receipt of the one who paid rightly.
fn lookup_code(service: &Service, state: &State) -> Result<Option<String>> {
    let right = state.played.iter().find(|played| played.scenario == Scenario::Right);
    let Some(payable) = right.and_then(|played| played.payables.first()) else { return Ok(None) };
    service.app.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, &payable.unit_code)?;
        let receipts = receipt::query::of_obligation(conn, unit.id, payable.obligation.parse()?)?;
        Ok(receipts.into_iter().next().map(|receipt| receipt.lookup_code))
    })
}
