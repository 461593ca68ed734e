//! The chain of certificates: each signed, each behind the one before, none missing.

use super::certificate::{self, Stated};
use super::query::{self, Certificate};
use super::sha256;
use crate::actor::Scope;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::receipt::attest::Attesters;
use crate::store::{Conn, Store};
use crate::unit::{BankAccount, CITY, account};

/// Checks every certificate of an account: hash, signature, chain, balances, and that each closed
/// day has one. Names the first that is broken.
pub fn verify_chain(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<String>> {
    let account = account::find(conn, unit, account)?;
    let closed = query::closed(conn, unit, account.id)?;
    let mut all = query::certificates(conn, unit, account.id)?;
    let mut signers = Attesters::default();
    for certificate in &all {
        if let Some(fault) = own_fault(conn, certificate, &mut signers)? {
            return Ok(Some(format!("{} {}: {fault}", certificate.date, certificate.id)));
        }
    }
    // Of a day that was closed again only the last certificate is part of the chain.
    all.reverse();
    all.dedup_by_key(|certificate| certificate.date);
    all.reverse();
    let mut previous: Option<&Certificate> = None;
    for (day, revision) in &closed {
        let Some(certificate) = all.iter().find(|one| one.date == *day && one.revision == *revision) else {
            return Ok(Some(format!("{day}: the day is closed but has no certificate")));
        };
        if let Some(fault) = chain_fault(&account, previous, certificate) {
            return Ok(Some(format!("{day} {}: {fault}", certificate.id)));
        }
        previous = Some(certificate);
    }
    let stray = all.iter().find(|one| {
        previous.is_none_or(|last| one.date > last.date) && !closed.iter().any(|(day, _)| *day == one.date)
    });
    match stray {
        Some(one) if query::day_state(conn, unit, account.id, one.date)?.is_none() => {
            Ok(Some(format!("{} {}: the certificate belongs to no day", one.date, one.id)))
        }
        _ => Ok(None),
    }
}

/// The same within a scope that covers the unit.
///
/// # Errors
/// `unit_not_found`, `account_not_found`.
pub fn verify_chain_within(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    account: AccountId,
) -> Result<Option<String>> {
    scope.require(unit)?;
    store.read(&scope.and(CITY), |conn| verify_chain(conn, unit, account))
}

/// What is wrong with a certificate by itself.
fn own_fault(
    conn: &mut Conn,
    certificate: &Certificate,
    signers: &mut Attesters,
) -> Result<Option<&'static str>> {
    if sha256(&certificate.document) != certificate.document_sha256 {
        return Ok(Some("the document is not the one that was hashed"));
    }
    let Ok(stated) = certificate::read(&certificate.document) else {
        return Ok(Some("the document does not read"));
    };
    let row = Stated {
        account: certificate.account.to_string(),
        date: certificate.date.to_string(),
        revision: certificate.revision.to_string(),
        opening: certificate.opening.0.to_string(),
        closing: certificate.closing.0.to_string(),
        previous_sha256: certificate.previous_sha256.clone(),
    };
    if stated != row {
        return Ok(Some("the row says something else than its document"));
    }
    signers.fault(
        conn,
        certificate.unit,
        certificate.signed_by,
        certificate.created_at,
        &certificate.document,
        &certificate.signature,
    )
}

/// What is wrong with a certificate's place behind the one before.
fn chain_fault(
    account: &BankAccount,
    previous: Option<&Certificate>,
    certificate: &Certificate,
) -> Option<&'static str> {
    let (date, opening, sha256) = match previous {
        Some(before) => (before.date.next(), before.closing, before.document_sha256.as_str()),
        None => (account.opened_on, account.opening_balance, ""),
    };
    if certificate.date != date {
        return Some("a day before it has no certificate");
    }
    if certificate.previous_sha256 != sha256 {
        return Some("it does not follow the certificate of the day before");
    }
    (certificate.opening != opening).then_some("it does not open with the balance of the day before")
}
