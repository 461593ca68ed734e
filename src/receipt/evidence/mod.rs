//! Evidence kept at sealing, so that a receipt can be proven when its certificate is long over:
//! the chain, what the authority said about the certificate then, and a daily time stamp.

pub mod bundle;
pub mod daily;
pub mod der;
mod query;
pub mod refresh;
pub mod revocation;
#[cfg(test)]
mod tests;
pub mod timestamp;
pub mod tops;

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Instant;
use crate::error::Result;
use crate::id::{CertificateId, EvidenceId, ReceiptId, UnitId};
use crate::store::{Tx, rows};

/// What is stamped every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// The sealed document of a receipt or an invoice.
    Seal,
    /// The certificate of a closed day.
    Day,
}

impl Leaf {
    pub fn as_str(self) -> &'static str {
        match self {
            Leaf::Seal => "seal",
            Leaf::Day => "day",
        }
    }
}

/// Notes for new seals which documents about their certificate were the newest: (unit, receipt,
/// owner of the certificate, certificate). What its authority does not stand by any more at `at`
/// is none.
pub fn keep(
    tx: &mut Tx<'_>,
    seals: &[(UnitId, ReceiptId, UnitId, CertificateId)],
    at: Instant,
) -> Result<()> {
    let certificates: BTreeSet<(UnitId, CertificateId)> =
        seals.iter().map(|(_, _, owner, certificate)| (*owner, *certificate)).collect();
    let certificates: Vec<(UnitId, CertificateId)> = certificates.into_iter().collect();
    let newest: BTreeMap<(UnitId, CertificateId), (Option<EvidenceId>, Option<EvidenceId>)> =
        query::newest_of_each(tx, &certificates, at)?
            .into_iter()
            .map(|(owner, certificate, crl, ocsp)| ((owner, certificate), (crl, ocsp)))
            .collect();
    let rows: Vec<query::SealEvidenceRow> = seals
        .iter()
        .filter_map(|(unit_id, receipt_id, owner, certificate)| {
            let (crl_id, ocsp_id) = *newest.get(&(*owner, *certificate))?;
            (crl_id.is_some() || ocsp_id.is_some()).then_some(query::SealEvidenceRow {
                unit_id: *unit_id,
                receipt_id: *receipt_id,
                evidence_unit_id: *owner,
                crl_id,
                ocsp_id,
            })
        })
        .collect();
    rows::insert(tx, &rows)
}
