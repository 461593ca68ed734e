//! The bookkeeping commands: importing statements, matching them, closing days. The demo does its
//! day's end through the same doors.

use serde_json::{Value, json};

use crate::actor::Actor;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::obligation::reference::{CodeBook, Found};
use crate::statement::{self, Imported};
use crate::unit::{BankAccount, Unit, account};
use crate::{reconciliation, worker};

/// What one of the commands did, as it is printed.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub report: Value,
    /// The same in one line.
    pub summary: String,
    /// Nothing was refused or left.
    pub is_clean: bool,
}

/// Imports a bank file.
pub fn import(app: &App, actor: &Actor, bytes: &[u8]) -> Result<Imported> {
    let book = CodeBook::hanoi();
    let codes_of = |memo: &str| codes_in(&book, memo);
    statement::import_file(&app.store, &|| app.stamp(), actor, &codes_of, bytes)
}

/// The verified and the damaged codes of a memo.
fn codes_in(book: &CodeBook, memo: &str) -> (Vec<String>, Vec<String>) {
    let (mut verified, mut damaged) = (Vec::new(), Vec::new());
    for found in book.extract(memo) {
        match found {
            Found::Verified(code) => verified.push(code.as_str().to_owned()),
            Found::Damaged { text, .. } => damaged.push(text),
        }
    }
    (verified, damaged)
}

/// Matches every account of the units and signs the receipts that came of it.
pub fn reconcile(app: &App, actor: &Actor, units: &[Unit]) -> Result<Outcome> {
    let mut reports = Vec::new();
    for unit in units {
        for account in app.read(actor, |conn| account::of_unit(conn, unit.id))? {
            let done = reconciliation::reconcile(&app.store, &app.stamp(), actor, unit.id, account.id)?;
            reports.push(json!({
                "unit": unit.code,
                "account": account.account_no,
                "lines_posted": done.lines_posted,
                "proven": done.proven,
                "credited": done.credited,
                "classified": done.classified,
                "reversed": done.reversed,
                "unknown": done.unknown,
                "overdue_claims": done.overdue_claims,
                "receipts": done.receipts.len(),
            }));
        }
    }
    let sealed = worker::seal_waiting(app);
    Ok(Outcome {
        report: json!({ "accounts": reports, "receipts_signed": sealed }),
        summary: format!("{sealed} receipts signed"),
        is_clean: true,
    })
}

/// Closes a day, or tells what stands in the way.
pub fn close_day(
    _app: &App,
    _actor: &Actor,
    _unit: &Unit,
    _account: &BankAccount,
    _day: BusinessDay,
) -> Result<Outcome> {
    Err(Error::conflict("day_close_missing", "closing days is being built"))
}

/// Raises an obligation once; false when the same content was loaded before.
pub fn raise_loaded(_app: &App, _actor: &Actor, _request: &Value) -> Result<bool> {
    Err(Error::conflict("raise_missing", "raising from requests is being built"))
}
