//! Holding the stored certificates against each other and against today's rows.

use std::collections::BTreeMap;

use super::certificate::{self, Stated, StatedSeries};
use super::proof::{Proof, Prover};
use super::query::{self, AuditRow};
use crate::actor::Scope;
use crate::audit::sha256_hex;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::receipt::attest::Attesters;
use crate::store::{Conn, Store};
use crate::unit::{CITY, series};

/// Numbers read at a time.
const PAGE: i64 = 256;

/// What an audit of a unit found.
#[derive(Clone, Debug)]
pub struct Audit {
    pub proofs: Vec<Proof>,
    pub certificate_count: usize,
    /// The first thing that is wrong with the stored certificates.
    pub broken: Option<String>,
}

impl Audit {
    pub fn is_whole(&self) -> bool {
        self.broken.is_none() && self.proofs.iter().all(Proof::is_whole)
    }
}

/// Proves every series of a unit and holds each stored certificate against the proof. The numbers
/// are read in pages, each in a transaction of its own.
pub fn audit(store: &Store, scope: &Scope, unit: UnitId) -> Result<Audit> {
    scope.require(unit)?;
    let certificates = store.read(scope, |conn| query::audits(conn, unit))?;
    let checked = store.read(&scope.and(CITY), |conn| check(conn, &certificates))?;
    let (stated, mut broken) = match checked {
        Ok(stated) => (stated, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    let mut asked: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for one in stated.iter().flat_map(|one| &one.series) {
        asked.entry(one.id.clone()).or_default().push(one.count);
    }
    let mut proofs = Vec::new();
    for one in store.read(scope, |conn| series::of_unit(conn, unit))? {
        let wanted = asked.remove(&one.id.to_string()).unwrap_or_default();
        proofs.push(prove(store, scope, unit, one.id, wanted)?);
    }
    if let Some((id, _)) = asked.into_iter().next() {
        broken.get_or_insert(format!("{id}: a certificate names this series, and it is gone"));
    }
    for one in &stated {
        if let Some(fault) = differs(one, &proofs) {
            broken.get_or_insert(fault);
        }
    }
    Ok(Audit { proofs, certificate_count: certificates.len(), broken })
}

/// Proves one series as it stands now.
pub fn prove(store: &Store, scope: &Scope, unit: UnitId, id: SeriesId, asked: Vec<i64>) -> Result<Proof> {
    // Numbers that others give meanwhile lie above what the register said at this moment.
    let (highest, series) = store.read(scope, |conn| {
        let highest = query::highest(conn, unit, id)?;
        Ok((highest, series::find(conn, unit, id)?))
    })?;
    let until = highest.max(series.next_no - 1);
    let mut prover = Prover::new(series, asked);
    let mut after = 0;
    while after < until {
        let page = store.read(scope, |conn| query::page(conn, unit, id, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = last.number;
        page.iter().filter(|entry| entry.number <= until).for_each(|entry| prover.take(entry));
    }
    Ok(prover.finish())
}

/// Checks each certificate by itself and behind the one before.
fn check(conn: &mut Conn, certificates: &[AuditRow]) -> Result<std::result::Result<Vec<Stated>, String>> {
    let mut attesters = Attesters::default();
    let mut all = Vec::with_capacity(certificates.len());
    let mut previous = "";
    for row in certificates {
        let name = format!("{} {}", row.date, row.id);
        let stated = match own_fault(conn, row, &mut attesters)? {
            Ok(stated) => stated,
            Err(fault) => return Ok(Err(format!("{name}: {fault}"))),
        };
        if row.previous_sha256 != previous {
            return Ok(Err(format!("{name}: it does not follow the certificate before it")));
        }
        previous = &row.document_sha256;
        all.push(stated);
    }
    Ok(Ok(all))
}

fn own_fault(
    conn: &mut Conn,
    row: &AuditRow,
    attesters: &mut Attesters,
) -> Result<std::result::Result<Stated, &'static str>> {
    if sha256_hex(&row.document) != row.document_sha256 {
        return Ok(Err("the document is not the one that was hashed"));
    }
    let Ok(stated) = certificate::read(&row.document) else {
        return Ok(Err("the document does not read"));
    };
    let verdict = if row.fault_count == 0 { "whole" } else { "broken" };
    let numbers: i64 = stated.series.iter().map(|one| one.count).sum();
    let says_the_same = stated.unit == row.unit_id.to_string()
        && stated.date == row.date.to_string()
        && stated.verdict == verdict
        && stated.previous_sha256 == row.previous_sha256
        && (stated.series.len() as i64, numbers) == (row.series_count, row.number_count);
    if !says_the_same {
        return Ok(Err("the row says something else than its document"));
    }
    let fault = attesters.fault(
        conn,
        row.unit_id,
        row.certificate_id,
        row.created_at,
        &row.document,
        &row.signature,
    )?;
    Ok(match fault {
        Some(fault) => Err(fault),
        None => Ok(stated),
    })
}

/// Where today's rows are not those a certificate was made of.
fn differs(stated: &Stated, proofs: &[Proof]) -> Option<String> {
    stated.series.iter().find_map(|StatedSeries { id, count, root, .. }| {
        let proof = proofs.iter().find(|proof| proof.series.id.to_string() == *id)?;
        if proof.count < *count {
            return Some(format!("{}: {id} had {count} numbers and has {}", stated.date, proof.count));
        }
        let is_same = proof.roots_at.get(count).is_some_and(|now| now == root);
        (!is_same).then(|| format!("{}: the numbers 1..{count} of {id} are not those certified", stated.date))
    })
}
