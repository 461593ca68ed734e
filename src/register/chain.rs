//! Holding the stored certificates against each other and against today's rows.

use std::collections::BTreeMap;

use super::broken::{Broken, Why};
use super::certificate::{self, Stated, StatedSeries};
use super::gone;
use super::proof::{Fault, Known, Proof, Prover};
use super::query::{self, AuditRow};
use crate::actor::Scope;
use crate::audit::sha256_hex;
use crate::error::Result;
use crate::id::{SeriesId, UnitId};
use crate::receipt::attest::Attesters;
use crate::store::{Conn, Store};
use crate::unit::{CITY, Series, series};

/// Numbers read at a time.
const PAGE: i64 = 256;

/// What an audit of a unit found.
#[derive(Clone, Debug)]
pub struct Audit {
    pub proofs: Vec<Proof>,
    pub certificate_count: usize,
    /// The first thing that is wrong with the stored certificates.
    pub broken: Option<Broken>,
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
    let proofs = prove_all(store, scope, unit, &stated, &mut asked)?;
    if let Some((id, _)) = asked.into_iter().next() {
        let named = stated.iter().flat_map(|night| &night.series).find(|one| one.id == id);
        broken = broken.or_else(|| named.map(series_gone));
    }
    for one in &stated {
        if let Some(fault) = differs(one, &proofs) {
            broken.get_or_insert(fault);
        }
    }
    Ok(Audit { proofs, certificate_count: certificates.len(), broken })
}

/// Proves every series of a unit as it stands now, beside what its certificates counted and what else knows of
/// its numbers. Takes out of `asked`, by series, the numbers after which the root is wanted.
pub fn prove_all(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    stated: &[Stated],
    asked: &mut BTreeMap<String, Vec<i64>>,
) -> Result<Vec<Proof>> {
    let register = store.read(scope, |conn| series::of_unit(conn, unit))?;
    let mut gone = gone::find(store, scope, unit, &register, stated)?;
    let mut proofs = Vec::with_capacity(register.len());
    for one in &register {
        let id = one.id.to_string();
        let known = Known {
            certified: certified(stated, &id),
            gone: gone.numbers.remove(&one.id).unwrap_or_default(),
        };
        proofs.push(prove(store, scope, unit, one.id, asked.remove(&id).unwrap_or_default(), known)?);
    }
    note_untraced(&mut proofs, gone.untraced);
    Ok(proofs)
}

/// What is said of a series that stands in a certificate alone.
pub(super) fn series_gone(one: &StatedSeries) -> Broken {
    Broken::SeriesGone { series: one.name.clone() }
}

/// The highest number of a series that a certificate counted.
fn certified(stated: &[Stated], id: &str) -> i64 {
    let of_series = stated.iter().flat_map(|night| &night.series).filter(|one| one.id == id);
    of_series.map(|one| one.count).max().unwrap_or(0)
}

/// Receipts that nothing says the series of are those of the gaps. Where there are more of them than gaps, the
/// others had last numbers: they are told of the series that was used last.
pub(super) fn note_untraced(proofs: &mut [Proof], untraced: i64) {
    let gaps: i64 = proofs.iter().map(|proof| proof.missing).sum();
    let newest = proofs.iter_mut().max_by_key(|proof| (proof.series.last_issued_on, proof.series.id));
    let Some(proof) = newest else { return };
    let next = proof.count + 1;
    for _ in gaps..untraced {
        proof.note(next, Fault::Untraced);
    }
}

/// Proves one series as it stands now.
fn prove(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    id: SeriesId,
    asked: Vec<i64>,
    known: Known,
) -> Result<Proof> {
    let (series, told_phase, until) = begin(store, scope, unit, id)?;
    let mut prover = Prover::new(series, asked, known);
    prover.hold_phase(told_phase.as_deref());
    let mut after = Some(0);
    while let Some(from) = after {
        after = take_page(store, scope, &mut prover, (from, until), PAGE)?;
    }
    Ok(prover.finish())
}

/// A series as it stands when its proof begins, the state that its newest event says, and the last number that is
/// looked at.
pub(super) fn begin(
    store: &Store,
    scope: &Scope,
    unit: UnitId,
    id: SeriesId,
) -> Result<(Series, Option<String>, i64)> {
    // Numbers that others give meanwhile lie above what the register said at this moment.
    let (highest, series, told_phase) = store.read(scope, |conn| {
        let highest = query::highest(conn, unit, id)?;
        Ok((highest, series::find(conn, unit, id)?, query::told_phase(conn, unit, id)?))
    })?;
    let until = highest.max(series.next_no - 1);
    Ok((series, told_phase, until))
}

/// Has a proof take the numbers above one up to another, at most `limit`. Returns the last it took, and None where
/// there are no more.
pub(super) fn take_page(
    store: &Store,
    scope: &Scope,
    prover: &mut Prover,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Option<i64>> {
    if until <= after {
        return Ok(None);
    }
    let (unit, id) = prover.of();
    let page = store.read(scope, |conn| query::page(conn, unit, id, after, limit))?;
    page.iter().filter(|entry| entry.number <= until).for_each(|entry| prover.take(entry));
    Ok(page.last().map(|last| last.number))
}

/// Checks each certificate by itself and behind the one before.
fn check(conn: &mut Conn, certificates: &[AuditRow]) -> Result<std::result::Result<Vec<Stated>, Broken>> {
    let mut attesters = Attesters::default();
    let mut all = Vec::with_capacity(certificates.len());
    let mut previous = "";
    for row in certificates {
        match check_one(conn, row, previous, &mut attesters)? {
            Ok(stated) => all.push(stated),
            Err(fault) => return Ok(Err(fault)),
        }
        previous = &row.document_sha256;
    }
    Ok(Ok(all))
}

/// Checks one certificate by itself and behind the one before, of which the hash is given.
pub(super) fn check_one(
    conn: &mut Conn,
    row: &AuditRow,
    previous_sha256: &str,
    attesters: &mut Attesters,
) -> Result<std::result::Result<Stated, Broken>> {
    let broken = |why| Broken::Certificate { date: row.date.to_string(), why };
    Ok(match own_fault(conn, row, attesters)? {
        Err(why) => Err(broken(why)),
        Ok(_) if row.previous_sha256 != previous_sha256 => Err(broken(Why::NotFollowing)),
        Ok(stated) => Ok(stated),
    })
}

fn own_fault(
    conn: &mut Conn,
    row: &AuditRow,
    attesters: &mut Attesters,
) -> Result<std::result::Result<Stated, Why>> {
    if sha256_hex(&row.document) != row.document_sha256 {
        return Ok(Err(Why::HashDiffers));
    }
    let Ok(stated) = certificate::read(&row.document) else {
        return Ok(Err(Why::Unreadable));
    };
    let verdict = if row.fault_count == 0 { "whole" } else { "broken" };
    let numbers: i64 = stated.series.iter().map(|one| one.count).sum();
    let says_the_same = stated.unit == row.unit_id.to_string()
        && stated.date == row.date.to_string()
        && stated.verdict == verdict
        && stated.previous_sha256 == row.previous_sha256
        && (stated.series.len() as i64, numbers) == (row.series_count, row.number_count);
    if !says_the_same {
        return Ok(Err(Why::RowDiffers));
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
        Some(_) => Err(Why::NotSigned),
        None => Ok(stated),
    })
}

/// Where today's rows are not those a certificate was made of.
fn differs(stated: &Stated, proofs: &[Proof]) -> Option<Broken> {
    stated.series.iter().find_map(|one| {
        let proof = proofs.iter().find(|proof| proof.series.id.to_string() == one.id)?;
        if proof.count < one.count {
            return Some(fell_short(&stated.date, one, proof.count));
        }
        let is_same = proof.roots_at.get(&one.count) == Some(&one.root);
        (!is_same).then(|| not_certified(&stated.date, one))
    })
}

/// What is said of a series that has fewer numbers than the certificate of `date` counted.
pub(super) fn fell_short(date: &str, StatedSeries { name, count, .. }: &StatedSeries, now: i64) -> Broken {
    Broken::FellShort { date: date.to_owned(), series: name.clone(), counted: *count, now }
}

/// What is said of a series whose numbers are others than those that the certificate of `date` was made of.
pub(super) fn not_certified(date: &str, StatedSeries { name, count, .. }: &StatedSeries) -> Broken {
    Broken::NotCertified { date: date.to_owned(), series: name.clone(), count: *count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::series::Phase;

    fn proof(id: i64, count: i64, last_issued_on: Option<&str>, missing: bool) -> Proof {
        let series = Series {
            unit: UnitId(2),
            id: SeriesId(id),
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "BD-26E".into(),
            year: 2026,
            next_no: count + 1,
            last_allowed_no: 99_999,
            last_issued_on: last_issued_on.map(|day| day.parse().unwrap()),
            is_open: true,
            phase: Phase::Open,
            registration: "TB-01".into(),
            revision: 1,
        };
        let mut proof = Prover::new(series, Vec::new(), Known::default()).finish();
        (proof.faults, proof.fault_count, proof.missing) = (Vec::new(), 0, i64::from(missing));
        proof
    }

    #[test]
    fn what_is_gone_without_a_trace_of_its_series_is_told_once_of_the_series_that_was_used_last() {
        let told = |untraced: i64, missing: bool| {
            let mut proofs = [
                proof(1, 9, Some("2026-11-24"), missing),
                proof(2, 4, Some("2026-11-25"), false),
                proof(3, 0, None, false),
            ];
            note_untraced(&mut proofs, untraced);
            proofs.map(|proof| proof.faults)
        };
        assert_eq!(told(0, false), [vec![], vec![], vec![]]);
        assert_eq!(told(1, false), [vec![], vec![(5, Fault::Untraced)], vec![]]);
        assert_eq!(told(1, true), [vec![], vec![], vec![]], "a gap is told already");
        assert_eq!(told(2, true), [vec![], vec![(5, Fault::Untraced)], vec![]]);
        note_untraced(&mut [], 1);
    }
}
