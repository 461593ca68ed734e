//! `/finance`: the morning board, statements, exceptions, refunds, day close, books and reports, for those who
//! keep the books and those who look over them.

pub mod about;
pub mod account;
pub mod alarms;
pub mod batches;
pub mod beside;
pub mod board;
pub mod books;
mod bridge_page;
mod broken_off;
mod candidates;
mod columns;
pub mod combine;
mod combined;
pub mod days;
pub mod exceptions;
pub mod figures;
pub mod importing;
mod imports;
pub mod line;
mod list_names;
pub mod lists;
pub mod notifications;
mod originals;
mod papers;
pub(super) mod part_paid;
mod partner_columns;
pub mod pictures;
mod proposing;
pub mod refund;
pub mod refund_request;
pub mod refund_start;
pub mod refunds;
pub mod remittance;
pub mod remittances;
pub(super) mod report_page;
pub mod reports;
mod roads;
mod rule_form;
pub mod rules;
pub mod series;
pub mod set_aside;
pub mod settlements;
pub mod slips;
pub mod statements;
pub mod steps;
pub(in crate::web::pages) mod stored;
pub mod tax;
pub mod trust;
mod undoing;
pub mod unmatch;
pub mod versions;
mod withdrawing;
pub mod workbench;

use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::identity::sign_in::{self, Shown};
use crate::store::{Conn, Lane};
use crate::unit::{self, BankAccount, CITY, Unit};
use crate::web::pages::session::Signed;

/// Who may look.
const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];

/// The units of an actor, by code, without the reserved one.
fn units(conn: &mut Conn, actor: &Actor) -> Result<Vec<Unit>> {
    let all = unit::all(conn)?;
    Ok(all.into_iter().filter(|unit| unit.id != CITY && actor.scope.covers(unit.id)).collect())
}

/// The accounts of an actor's units, in the units' order.
fn accounts(conn: &mut Conn, actor: &Actor) -> Result<Vec<(Unit, BankAccount)>> {
    let units = units(conn, actor)?;
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let accounts = unit::account::of_units(conn, &ids)?;
    let own = |unit: &Unit| {
        let own: Vec<BankAccount> = accounts.iter().filter(|one| one.unit == unit.id).cloned().collect();
        own.into_iter().map(|account| (unit.clone(), account)).collect::<Vec<_>>()
    };
    Ok(units.iter().flat_map(own).collect())
}

/// An account a form names, in the actor's scope.
fn account_named(conn: &mut Conn, actor: &Actor, text: &str) -> Result<(UnitId, AccountId)> {
    let id: AccountId = text.parse().map_err(|_| unknown_account())?;
    let found = accounts(conn, actor)?.into_iter().find(|(_, account)| account.id == id);
    found.map(|(unit, account)| (unit.id, account.id)).ok_or_else(unknown_account)
}

fn unknown_account() -> Error {
    Error::invalid("account", "account_not_found", "no such account in your scope")
}

/// An act that wants more than a session: the code of the moment, or the password of a login without
/// a second factor, unless it was shown a moment ago. `confirmation_wrong` when it is not right.
pub(super) fn confirm(app: &crate::app::App, signed: &Signed, shown: &str) -> Result<()> {
    if signed.session.is_confirmed(app.clock.now()) {
        return Ok(());
    }
    let login = &signed.session.login;
    let checked = match login.has_second_factor() {
        true => None,
        false => {
            let typed = Shown { name: &login.name, password: shown, code: shown, source: "" };
            Some(sign_in::check(Some(login), &typed)?)
        }
    };
    let is_right = app.store.write(&crate::actor::Scope::All, Lane::Live, |tx| {
        sign_in::confirm(tx, &app.stamp(), &signed.session, checked.as_ref(), shown.trim())
    })?;
    let wrong = || Error::invalid("confirm", "confirmation_wrong", "not the code or password of this login");
    is_right.then_some(()).ok_or_else(wrong)
}
