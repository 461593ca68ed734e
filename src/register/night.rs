//! Every night: each unit's series are proven, the proof is signed and stored behind the one
//! before, and what is broken is named at once.

use std::collections::BTreeMap;

use super::certificate::{self, Content, Stated};
use super::chain::prove_all;
use super::proof::Proof;
use super::query::{self, AuditRow};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::{CertificateId, UnitId};
use crate::receipt::attest::attest;
use crate::receipt::seal::Keyring;
use crate::store::{Lane, Stamp, Store, Tx, failure, rows};
use crate::unit;

/// Proves and certifies the series of one unit for the day that ended. `None` when that day has its
/// certificate already, or no key can sign it yet; broken series are named in either case.
///
/// # Errors
/// `role_not_allowed`, `day_in_future` for a day that is not over; those of the store.
pub fn certify<'a>(
    store: &Store,
    keyring: &Keyring,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    unit: UnitId,
    date: BusinessDay,
) -> Result<Option<AuditRow>> {
    actor.require_role(&[Role::System])?;
    actor.scope.require(unit)?;
    let now = stamp();
    if date >= now.today() {
        return Err(Error::invalid("date", "day_in_future", "the day is not over"));
    }
    // What earlier nights counted is asked of all of them: the last may be one that told of a loss.
    let nights = store.read(&actor.scope, |conn| query::audits(conn, unit))?;
    let stated: Vec<Stated> =
        nights.iter().filter_map(|night| certificate::read(&night.document).ok()).collect();
    let proofs = prove_all(store, &actor.scope, unit, &stated, &mut BTreeMap::new())?;
    store.write(&actor.scope, Lane::Bulk, |tx| note(tx, &stamp(), unit, &proofs))?;
    let signer = store.read(&Scope::All, |conn| keyring.signer(conn, now.vault, unit, now.now));
    let held = match signer {
        Ok(held) => held,
        Err(error) if error.code() == "signing_key_missing" => {
            tracing::warn!(%unit, "the series are proven; no key can sign the certificate");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let id: CertificateId = now.mint()?;
    let (unit_row, last) =
        store.read(&actor.scope, |conn| Ok((unit::find(conn, unit)?, query::last_audit(conn, unit)?)))?;
    if last.as_ref().is_some_and(|last| last.date >= date) {
        return Ok(None);
    }
    let previous_sha256 = last.map(|last| last.document_sha256).unwrap_or_default();
    let document = certificate::document(&Content {
        id,
        unit: &unit_row,
        date,
        proofs: &proofs,
        previous_sha256: &previous_sha256,
        issued_at: now.now,
        signer_serial: held.signer.certificate().serial(),
    });
    let row = AuditRow {
        unit_id: unit,
        id,
        date,
        series_count: i64::try_from(proofs.len()).unwrap_or(i64::MAX),
        number_count: proofs.iter().map(|proof| proof.count).sum(),
        fault_count: proofs.iter().map(|proof| proof.fault_count).sum(),
        document_sha256: audit::sha256_hex(&document),
        signature: attest(&held, &document, now.now)?,
        document,
        previous_sha256,
        certificate_id: held.certificate,
        created_at: now.now,
    };
    let stored = store.write(&actor.scope, Lane::Bulk, |tx| {
        rows::insert(tx, std::slice::from_ref(&row))?;
        let entry = audit::Entry::by(actor, unit, "series.audited", id)
            .with(format!("{date} {} {}", row.fault_count, row.document_sha256));
        audit::record(tx, &stamp(), &[entry])
    });
    match stored {
        Ok(()) => Ok(Some(row)),
        // Another process was first: two certificates never follow the same one.
        Err(error) if error.code() == failure::UNIQUE => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens an exception for each broken series and takes back those of series that are whole.
fn note(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, proofs: &[Proof]) -> Result<()> {
    let mut broken = Vec::new();
    let mut whole = Vec::new();
    for proof in proofs {
        let subject = Subject::Series(proof.series.id);
        let Some((number, fault)) = proof.faults.first() else {
            whole.push((unit, Kind::SeriesBroken, subject, "the series is whole"));
            continue;
        };
        tracing::error!(%unit, series = %proof.series.id, faults = proof.fault_count, number, fault = fault.as_str(), "a series is broken");
        metrics::counter!("bienlai_series_faults_total").increment(proof.fault_count.unsigned_abs());
        broken.push(exception::New {
            unit,
            kind: Kind::SeriesBroken,
            subject,
            account: None,
            amount: Dong::ZERO,
            opened_on: stamp.today(),
            detail: Detail::BrokenSeries {
                series: proof.series.series.clone(),
                number: *number,
                fault: fault.as_str().to_owned(),
                count: proof.fault_count,
            }
            .into(),
        });
    }
    exception::settle_by_themselves(tx, stamp, &whole)?;
    // A broken series is told again every night, whatever was decided about it.
    exception::open(tx, stamp, &broken).map(|_| ())
}
