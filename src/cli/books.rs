//! The bookkeeping commands: importing statements, matching them, closing days. The demo does its
//! day's end through the same three doors.

use crate::actor::Actor;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::unit::{BankAccount, Unit};

/// What one of the commands did, as it is printed.
pub struct Outcome {
    pub report: serde_json::Value,
    /// Nothing was refused or left.
    pub is_clean: bool,
}

pub fn import(_app: &App, _actor: &Actor, _file_name: &str, _bytes: &[u8]) -> Result<Outcome> {
    Err(Error::internal("statement import is being built"))
}

pub fn reconcile(_app: &App, _actor: &Actor, _units: &[Unit]) -> Result<Outcome> {
    Err(Error::internal("reconciliation is being built"))
}

pub fn close_day(
    _app: &App,
    _actor: &Actor,
    _unit: &Unit,
    _account: &BankAccount,
    _day: BusinessDay,
) -> Result<Outcome> {
    Err(Error::internal("day closing is being built"))
}
