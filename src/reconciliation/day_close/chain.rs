//! The chain of certificates: each signed, each behind the one before, none missing.

use std::collections::HashMap;

use super::certificate::{self, Stated};
use super::query::{self, Certificate};
use super::sha256;
use crate::error::Result;
use crate::id::{AccountId, CertificateId, UnitId};
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::key::certificates_in;
use crate::store::Conn;
use crate::unit::{self, BankAccount, account};

/// Checks every certificate of an account: hash, signature, chain, balances, and that each closed
/// day has one. Names the first that is broken.
pub fn verify_chain(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<String>> {
    let account = account::find(conn, unit, account)?;
    let closed = query::closed(conn, unit, account.id)?;
    let mut all = query::certificates(conn, unit, account.id)?;
    let mut signers = HashMap::new();
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

/// What is wrong with a certificate by itself.
fn own_fault(
    conn: &mut Conn,
    certificate: &Certificate,
    signers: &mut HashMap<CertificateId, Option<SigningCertificate>>,
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
    if let std::collections::hash_map::Entry::Vacant(free) = signers.entry(certificate.signed_by) {
        let pem = query::signer_pem(conn, &[certificate.unit, unit::CITY], certificate.signed_by)?;
        let der = pem.and_then(|pem| certificates_in(&pem).ok()).and_then(|found| found.into_iter().next());
        free.insert(der.and_then(|der| SigningCertificate::from_der(&der).ok()));
    }
    let Some(Some(signer)) = signers.get(&certificate.signed_by) else {
        return Ok(Some("the signing certificate is not there"));
    };
    let is_signed = signer.is_valid_at(certificate.created_at)
        && signer.verifies(&certificate.document, &certificate.signature);
    Ok((!is_signed).then_some("the signature does not verify"))
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
