//! Closing a month of a bank account: every day of it is closed, their sums, what is carried on,
//! and the bridge of the month are certified and chained to the month before.

pub mod certificate;
pub mod page;
mod query;
pub mod summary;

use chrono::Datelike;
use serde::Serialize;

use super::bridge;
use super::day_close::reading::{self, Reading};
use super::day_close::{self, sha256};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, CertificateId, UnitId};
use crate::receipt::attest::{Attesters, attest};
use crate::receipt::seal::Keyring;
use crate::statement;
use crate::store::{Conn, Lane, Stamp, Store, Tx, failure};
use crate::unit::{self, BankAccount, account};
use certificate::Content;
pub use query::{Certificate, certificate_by_id, certificates, listed, unit_of};

/// How often a close that something overtook starts over.
const ATTEMPT_LIMIT: u32 = 5;

/// A calendar month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Month(BusinessDay);

impl Month {
    pub fn of(day: BusinessDay) -> Month {
        Month(BusinessDay(day.0.with_day(1).unwrap_or(day.0)))
    }

    pub fn first(self) -> BusinessDay {
        self.0
    }

    pub fn last(self) -> BusinessDay {
        self.next().0.plus_days(-1)
    }

    pub fn next(self) -> Month {
        Month::of(self.0.plus_days(31))
    }

    pub fn before(self) -> Month {
        Month::of(self.0.plus_days(-1))
    }
}

impl std::str::FromStr for Month {
    type Err = Error;

    /// `2026-11`.
    fn from_str(text: &str) -> Result<Month> {
        let day: Option<BusinessDay> = (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten();
        day.map(Month).ok_or_else(|| Error::invalid("month", "month_unreadable", "expected YYYY-MM"))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.0.format("%Y-%m"))
    }
}

/// What closing a month came to.
#[derive(Clone, Debug)]
pub enum Closing {
    Closed(Box<Certificate>),
    /// The days that are not closed, oldest first.
    Refused(Vec<BusinessDay>),
}

/// A month ready to be signed.
struct Prepared {
    unit: UnitId,
    account: AccountId,
    month: Month,
    certificate: Certificate,
    /// The days it rests on, with the hashes of their certificates.
    days: Vec<(BusinessDay, String)>,
}

/// Closes a month. The month before must be closed, from the account's first one on.
///
/// # Errors
/// `month_not_over`, `month_closed`, `month_before_open`, `day_before_account`,
/// `signing_key_missing`, `certificate_not_valid`, `account_not_found`, `role_not_allowed`.
pub fn close<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    (unit, account): (UnitId, AccountId),
    month: Month,
) -> Result<Closing> {
    actor.require_role(&[Role::Finance, Role::System])?;
    actor.scope.require(unit)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match close_once(store, keyring, stamp, actor, (unit, account), month) {
            Err(error) if error.code() == failure::RETRY && attempt < ATTEMPT_LIMIT => {
                tracing::debug!(%unit, %account, %month, attempt, "closing a month starts over");
            }
            other => return other,
        }
    }
}

fn close_once<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    place: (UnitId, AccountId),
    month: Month,
) -> Result<Closing> {
    let now = stamp();
    // The city's key may sign for a unit, so the signer is looked up in every unit's scope.
    let held = store.read(&Scope::All, |conn| keyring.signer(conn, now.vault, place.0, now.now))?;
    let serial = held.signer.certificate().serial().to_owned();
    let prepared = store.read(&actor.scope, |conn| prepare(conn, &now, place, month, &serial))?;
    let mut prepared = match prepared {
        Ok(prepared) => prepared,
        Err(open) => return Ok(Closing::Refused(open)),
    };
    prepared.certificate.signature = attest(&held, &prepared.certificate.document, now.now)?;
    prepared.certificate.signed_by = held.certificate;
    store.write(&actor.scope, Lane::Bulk, |tx| store_close(tx, &stamp(), actor, &prepared))?;
    Ok(Closing::Closed(Box::new(prepared.certificate)))
}

/// The first and last day of the month that the account has.
fn span(conn: &mut Conn, account: &BankAccount, month: Month) -> Result<(BusinessDay, BusinessDay)> {
    let first = month.first().max(account.opened_on);
    let last = match account.closed_on {
        // Lines that came after the account's end are proven too.
        Some(ended) => {
            let last_line = query::last_line(conn, account.unit, account.id)?;
            month.last().min(last_line.map_or(ended, |on| on.max(ended)))
        }
        None => month.last(),
    };
    if first > last {
        let detail = format!("the account is reconciled from {} on", account.opened_on);
        return Err(Error::invalid("month", "day_before_account", detail));
    }
    Ok((first, last))
}

fn prepare(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    (unit, account): (UnitId, AccountId),
    month: Month,
    signer_serial: &str,
) -> Result<std::result::Result<Prepared, Vec<BusinessDay>>> {
    let account = account::find(conn, unit, account)?;
    let (first, last) = span(conn, &account, month)?;
    if month.last() >= stamp.today() {
        return Err(Error::invalid("month", "month_not_over", format!("{month} ends on {}", month.last())));
    }
    let revision = match query::state(conn, unit, account.id, month)? {
        Some((state, _)) if state == "closed" => {
            return Err(Error::conflict("month_closed", format!("{month} is closed already")));
        }
        Some((_, revision)) => revision + 1,
        None => 1,
    };
    let previous_sha256 = previous(conn, &account, month)?;
    let standing = query::standing_days(conn, unit, account.id, (first, last))?;
    let mut open = Vec::new();
    let mut day = first;
    while day <= last {
        if !standing.iter().any(|(date, _, _)| *date == day) {
            open.push(day);
        }
        day = day.next();
    }
    if !open.is_empty() {
        return Ok(Err(open));
    }
    let readings =
        standing.iter().map(|(_, _, document)| reading::read(document)).collect::<Result<Vec<Reading>>>()?;
    let days: Vec<(BusinessDay, String)> =
        standing.into_iter().map(|(date, sha256, _)| (date, sha256)).collect();
    let replaced = query::newest(conn, unit, account.id, month)?;
    let unit_row = unit::find(conn, unit)?;
    let id: CertificateId = stamp.mint()?;
    let summary = summary::summary(&readings)?;
    let document = certificate::document(&Content {
        id,
        revision,
        replaces_sha256: replaced.as_ref().map(|one| one.document_sha256.as_str()),
        unit: &unit_row,
        account: &account,
        first,
        last,
        summary: &summary,
        shares: &day_close::posted_shares(conn, unit, account.id, (first, last))?,
        bridge: &bridge::of_period(conn, (unit, account.id), (first, last))?,
        days: &days,
        previous_sha256: &previous_sha256,
        issued_at: stamp.now,
        signer_serial,
    });
    let certificate = Certificate {
        unit,
        id,
        account: account.id,
        date: month.first(),
        revision,
        opening: summary.opening,
        closing: summary.closing,
        document_sha256: sha256(&document),
        document,
        previous_sha256,
        signature: Vec::new(),
        signed_by: CertificateId(0),
        created_at: stamp.now,
    };
    Ok(Ok(Prepared { unit, account: account.id, month, certificate, days }))
}

/// The hash of the certificate of the month before; empty in the account's first month.
fn previous(conn: &mut Conn, account: &BankAccount, month: Month) -> Result<String> {
    if month <= Month::of(account.opened_on) {
        return Ok(String::new());
    }
    let before = month.before();
    let is_closed =
        query::state(conn, account.unit, account.id, before)?.is_some_and(|(state, _)| state == "closed");
    let certificate = query::newest(conn, account.unit, account.id, before)?.filter(|_| is_closed);
    certificate
        .map(|certificate| certificate.document_sha256)
        .ok_or_else(|| Error::conflict("month_before_open", format!("{before} is not closed")))
}

fn store_close(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, prepared: &Prepared) -> Result<()> {
    statement::query::lock_account(tx, prepared.unit, prepared.account)?;
    let (Some(first), Some(last)) = (prepared.days.first(), prepared.days.last()) else {
        return Err(Error::internal("a month without days"));
    };
    let standing = query::standing_days(tx, prepared.unit, prepared.account, (first.0, last.0))?;
    let is_same = standing
        .iter()
        .map(|(date, sha256, _)| (date, sha256))
        .eq(prepared.days.iter().map(|(date, sha256)| (date, sha256)));
    if !is_same {
        return Err(Error::busy(failure::RETRY, 1, "a day of the month changed while it was signed"));
    }
    query::store(tx, stamp, actor, &prepared.certificate, prepared.month)?;
    let entry = audit::Entry::by(actor, prepared.unit, "month.closed", prepared.certificate.id)
        .with(format!("{} {} {}", prepared.account, prepared.month, prepared.certificate.document_sha256));
    audit::record(tx, stamp, &[entry])
}

/// Checks every certificate of an account's months: hash, signature, the link to the month before,
/// and that the days it names are the ones that stand. Names the first that is broken.
pub fn verify_chain(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<String>> {
    let closed = query::closed(conn, unit, account)?;
    let all = query::certificates(conn, unit, account)?;
    let mut signers = Attesters::default();
    let mut previous = String::new();
    for (month, revision) in closed {
        let found = all.iter().find(|one| one.date == month && one.revision == revision);
        let Some(one) = found else {
            return Ok(Some(format!("{}: the month has no certificate", Month::of(month))));
        };
        if let Some(fault) = fault(conn, one, &previous, &mut signers)? {
            return Ok(Some(format!("{} {}: {fault}", Month::of(month), one.id)));
        }
        previous.clone_from(&one.document_sha256);
    }
    Ok(None)
}

/// The same within a scope that covers the unit.
///
/// # Errors
/// `unit_not_found`.
pub fn verify_chain_within(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    account: AccountId,
) -> Result<Option<String>> {
    scope.require(unit)?;
    store.read(&scope.and(unit::CITY), |conn| verify_chain(conn, unit, account))
}

fn fault(
    conn: &mut Conn,
    one: &Certificate,
    previous: &str,
    signers: &mut Attesters,
) -> Result<Option<&'static str>> {
    if sha256(&one.document) != one.document_sha256 {
        return Ok(Some("the document is not the one that was hashed"));
    }
    let Ok(reading) = certificate::read(&one.document) else {
        return Ok(Some("the document does not read"));
    };
    if reading.previous_sha256 != previous || one.previous_sha256 != previous {
        return Ok(Some("it does not follow the certificate of the month before"));
    }
    let standing = query::standing_days(conn, one.unit, one.account, (reading.from, reading.until))?;
    let days: Vec<(BusinessDay, String)> =
        standing.into_iter().map(|(date, sha256, _)| (date, sha256)).collect();
    if days != reading.days {
        return Ok(Some("its days are not the ones that stand"));
    }
    signers.fault(conn, one.unit, one.signed_by, one.created_at, &one.document, &one.signature)
}

#[cfg(test)]
mod tests;
