//! Evidence kept at sealing, so that a receipt can be proven when its certificate is long over:
//! the chain, what the authority said about the certificate then, and a daily time stamp.

pub mod bundle;
pub mod daily;
pub mod der;
pub mod kept;
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
use crate::store::{Conn, Tx, rows};
use crate::unit::certificate::Listed;

/// A document is stamped with those of its day, or some days later when no stamp was to be had. Whoever
/// brings one stamped later must bring what the authority said by then: a signing time is only claimed.
const STAMPED_WITHIN_S: i64 = 3 * 86_400;

/// Days are stamped in the night after them. Where the authority is silent they wait, however long: a stamp that is
/// not there by then is overdue, and may still come in any night.
const STAMPED_WITHIN_DAYS: i64 = 2;

/// What evidence without a time stamp lacks at `now`, as a code: one that is to come, or one that is overdue. Whoever
/// fetched it early has to fetch it again in both cases.
fn without_stamp(signed_at: Instant, now: Instant) -> &'static str {
    let last = signed_at.business_day().plus_days(STAMPED_WITHIN_DAYS);
    if now.business_day() <= last { "timestamp_missing" } else { "timestamp_overdue" }
}

/// Whether a time stamp came so late that the claimed signing time is not enough beside it.
fn is_late(stamped_at: Instant, signed_at: Instant) -> bool {
    stamped_at > signed_at.plus_seconds(STAMPED_WITHIN_S)
}

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

/// What proves that a seal's certificate stood: the owner of the documents, a CRL and an OCSP answer.
type Said = (UnitId, Option<EvidenceId>, Option<EvidenceId>);

/// The documents that were the newest at sealing. For a seal that had none, or was stamped late, the newest that
/// are kept by now and cover the time of its stamp; of a revoked certificate the one that tells so.
fn said_of(
    conn: &mut Conn,
    (unit, receipt): (UnitId, ReceiptId),
    under: &Listed,
    (signed_at, stamped_at): (Instant, Option<Instant>),
) -> Result<Said> {
    let own = query::of_seal(conn, unit, receipt)?;
    let asked_of = stamped_at.filter(|at| own.is_none() || is_late(*at, signed_at));
    let (owner, mut crl, mut ocsp) = own.unwrap_or((under.unit, None, None));
    let Some(at) = asked_of else { return Ok((owner, crl, ocsp)) };
    let revocation = query::revocation_of(conn, owner, under.id)?;
    for (kind, place) in [("crl", &mut crl), ("ocsp", &mut ocsp)] {
        let told = revocation.as_ref().filter(|(_, said)| said == kind).map(|(id, _)| *id);
        let newest = match told {
            Some(id) => Some(id),
            None => query::newest(conn, owner, under.id, kind, at)?,
        };
        *place = newest.or(*place);
    }
    Ok((owner, crl, ocsp))
}
