//! Looks over all certificates: what ends soon, what ended, what was revoked, and which alarms are
//! over.

use std::collections::{BTreeMap, BTreeSet};

use super::alarm::{self, Alarm, Kind, Open};
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{CertificateId, UnitId};
use crate::receipt::keyring::{MISSING, UNLISTED};
use crate::receipt::query;
use crate::store::{Conn, Stamp, Store};
use crate::unit::certificate::{self, Listed};
use crate::unit::entrustment;
use crate::unit::registration::Family;

const DAY_S: i64 = 86_400;

/// What one look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub raised: usize,
    pub cleared: usize,
}

/// Documents that wait for their signature: whose, and of which family.
type Waiting = BTreeSet<(UnitId, Family)>;
/// The city's certificates that sign for the units that entrusted it, as each unit's registrations list them.
type Entrusted = BTreeMap<UnitId, Vec<Listed>>;

/// Raises what is due and clears what is over.
pub fn look(store: &Store, stamp: &Stamp<'_>) -> Result<Looked> {
    let (all, waiting, entrusted, open) = store.read(&Scope::All, |conn| {
        let waiting = query::units_waiting(conn)?;
        let entrusted = entrusted(conn, stamp, &waiting)?;
        Ok((certificate::all(conn)?, waiting, entrusted, alarm::open(conn)?))
    })?;
    let due = due(&all, &waiting, &entrusted, stamp.now);
    let over: Vec<Open> =
        open.into_iter().filter(|open| is_over(open, &due, &all, &waiting, stamp.now)).collect();
    let raised = alarm::raise(store, stamp, &due)?;
    alarm::clear(store, stamp, &over)?;
    Ok(Looked { raised, cleared: over.len() })
}

fn entrusted(conn: &mut Conn, stamp: &Stamp<'_>, waiting: &Waiting) -> Result<Entrusted> {
    let units: BTreeSet<UnitId> = waiting.iter().map(|(unit, _)| *unit).collect();
    let units: Vec<UnitId> = units.into_iter().collect();
    let in_force = entrustment::in_force(conn, &units, stamp.today())?;
    let units: Vec<UnitId> = in_force.into_iter().map(|(unit, _)| unit).collect();
    entrustment::listed_of_city_for(conn, &units, stamp.now)
}

/// The alarms that should stand at `now`, but for those of failing signers. For the units that entrusted it
/// the city signs.
pub fn due(all: &[Listed], waiting: &Waiting, entrusted: &Entrusted, now: Instant) -> Vec<Alarm> {
    let mut by_unit: BTreeMap<UnitId, Vec<&Listed>> = BTreeMap::new();
    for certificate in all {
        by_unit.entry(certificate.unit).or_default().push(certificate);
    }
    let mut due = Vec::new();
    for (unit, certificates) in &by_unit {
        due.extend(of_certificates(*unit, certificates, now));
    }
    let mut stopped: BTreeMap<UnitId, &str> = BTreeMap::new();
    for (unit, family) in waiting {
        let own = by_unit.get(unit).into_iter().flatten().copied();
        let held: Vec<&Listed> = own.chain(entrusted.get(unit).into_iter().flatten()).collect();
        if !held.iter().any(|one| one.signs_documents_at(*family, now)) {
            let is_unlisted = held.iter().any(|one| one.signs_at(now));
            stopped.entry(*unit).or_insert(if is_unlisted { UNLISTED } else { MISSING });
        }
    }
    due.extend(stopped.into_iter().map(|(unit, code)| Alarm::of_unit(unit, Kind::SigningStopped, code)));
    due
}

fn of_certificates(unit: UnitId, certificates: &[&Listed], now: Instant) -> Vec<Alarm> {
    let mut due: Vec<Alarm> = Vec::new();
    // Only the one whose end stops signing is warned of: when one ends and another goes on that signs the same
    // documents, nothing happens.
    for family in Family::ALL {
        let last = last_without_gap(certificates, family, now);
        let near = last.and_then(|last| Some((last, nearness(last.not_after, now)?)));
        let told = near.map(|(last, kind)| {
            Alarm::of_certificate(unit, last.id, kind, &last.not_after.business_day().to_string())
        });
        let new = told.filter(|alarm| !due.contains(alarm));
        due.extend(new);
    }
    for revoked in certificates {
        if let Some(at) = revoked.revoked_at.filter(|_| now < revoked.not_after) {
            due.push(Alarm::of_certificate(unit, revoked.id, Kind::Revoked, &at.business_day().to_string()));
        }
    }
    due
}

/// The certificate with whose end signing of such documents stops, or stopped: the first of its chain has its turn
/// already, and each is followed by one whose turn comes before it ends, or as it does. One whose turn comes later
/// leaves a gap in which nothing is signed, and does not count until then. Before any turn it is the one that
/// ends last.
fn last_without_gap<'a>(certificates: &[&'a Listed], family: Family, now: Instant) -> Option<&'a Listed> {
    let usable: Vec<&'a Listed> = certificates
        .iter()
        .copied()
        .filter(|certificate| certificate.revoked_at.is_none() && !certificate.is_stopped)
        .filter(|certificate| certificate.listed_for.contains(&family))
        .collect();
    let turn_by =
        |at: Instant| usable.iter().copied().filter(move |certificate| certificate.active_from <= at);
    let Some(mut last) = ending_last(turn_by(now)) else { return ending_last(usable.iter().copied()) };
    loop {
        let end = last.not_after;
        match ending_last(turn_by(end)) {
            Some(next) if next.not_after > end => last = next,
            _ => return Some(last),
        }
    }
}

fn ending_last<'a>(certificates: impl Iterator<Item = &'a Listed>) -> Option<&'a Listed> {
    certificates.max_by_key(|certificate| (certificate.not_after, certificate.id))
}

/// How near the end of a certificate is, if it is to be told.
pub fn nearness(not_after: Instant, now: Instant) -> Option<Kind> {
    match not_after.seconds_since(now) {
        left if left <= 0 => Some(Kind::Expired),
        left if left <= 7 * DAY_S => Some(Kind::Expires7),
        left if left <= 30 * DAY_S => Some(Kind::Expires30),
        left if left <= 60 * DAY_S => Some(Kind::Expires60),
        _ => None,
    }
}

fn is_over(open: &Open, due: &[Alarm], all: &[Listed], waiting: &Waiting, now: Instant) -> bool {
    let is_due = due
        .iter()
        .any(|alarm| (alarm.unit, alarm.certificate, alarm.kind) == (open.unit, open.certificate, open.kind));
    match open.kind {
        // They end with the certificate's turn; while that goes on, only a good signature or a good
        // answer of the authority ends them.
        Kind::SignerFails | Kind::StatusStale => !signs(all, open.certificate, now),
        // A key that is there and does not load still stops the unit.
        Kind::SigningStopped if ![MISSING, UNLISTED].contains(&open.detail.as_str()) => {
            !waiting.iter().any(|(unit, _)| *unit == open.unit)
        }
        _ => !is_due,
    }
}

fn signs(all: &[Listed], id: Option<CertificateId>, now: Instant) -> bool {
    all.iter().any(|certificate| Some(certificate.id) == id && certificate.signs_at(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_795_000_000_000_000);

    fn listed(id: i64, from_day: i64, until_day: i64) -> Listed {
        Listed {
            unit: UnitId(7),
            id: CertificateId(id),
            subject: String::new(),
            issuer: String::new(),
            serial: id.to_string(),
            chain_pem: String::new(),
            signer: "software".to_owned(),
            not_after: START.plus_seconds(until_day * DAY_S),
            active_from: START.plus_seconds(from_day * DAY_S),
            is_test: true,
            revoked_at: None,
            is_stopped: false,
            listed_for: Family::ALL.to_vec(),
        }
    }

    fn kinds(all: &[Listed], waiting: &[Family], day: i64) -> Vec<Kind> {
        kinds_of(due(all, &of_the_unit(waiting), &Entrusted::new(), START.plus_seconds(day * DAY_S)))
    }

    fn of_the_unit(families: &[Family]) -> Waiting {
        families.iter().map(|family| (UnitId(7), *family)).collect()
    }

    fn kinds_of(due: Vec<Alarm>) -> Vec<Kind> {
        due.into_iter().map(|alarm| alarm.kind).collect()
    }

    #[test]
    fn an_end_is_told_60_30_and_7_days_before_and_when_it_came() {
        let all = [listed(1, 0, 100)];
        assert!(kinds(&all, &[], 39).is_empty());
        assert_eq!(kinds(&all, &[], 40), [Kind::Expires60]);
        assert_eq!(kinds(&all, &[], 70), [Kind::Expires30]);
        assert_eq!(kinds(&all, &[], 93), [Kind::Expires7]);
        assert_eq!(kinds(&all, &[], 100), [Kind::Expired]);
    }

    #[test]
    fn a_successor_ends_the_warnings() {
        let all = [listed(1, 0, 100), listed(2, 90, 400)];
        assert!(kinds(&all, &[], 95).is_empty());
        let now = START.plus_seconds(95 * DAY_S);
        assert_eq!(certificate::chosen(&all, now).unwrap().id, CertificateId(2));
        assert_eq!(certificate::chosen(&all, START).unwrap().id, CertificateId(1));
        assert_eq!(certificate::next_change(&all, START), Some(START.plus_seconds(90 * DAY_S)));
    }

    #[test]
    fn a_successor_after_a_gap_silences_no_warning_and_one_that_touches_does() {
        let gap = [listed(1, 0, 100), listed(2, 130, 400)];
        assert_eq!(kinds(&gap, &[], 40), [Kind::Expires60]);
        assert_eq!(kinds(&gap, &[], 93), [Kind::Expires7]);
        for day in [100, 129] {
            assert_eq!(kinds(&gap, &[], day), [Kind::Expired], "{day}");
        }
        assert!(kinds(&gap, &[], 130).is_empty());
        let touching = [listed(3, 190, 400), listed(1, 0, 100), listed(2, 100, 200)];
        for day in [95, 100, 150, 195] {
            assert!(kinds(&touching, &[], day).is_empty(), "{day}");
        }
        let later = [listed(1, 0, 100), listed(2, 100, 200), listed(3, 230, 400)];
        assert!(kinds(&later, &[], 95).is_empty());
        assert_eq!(kinds(&later, &[], 150), [Kind::Expires60]);
        let told = due(&later, &Waiting::new(), &Entrusted::new(), START.plus_seconds(150 * DAY_S));
        assert_eq!(told[0].certificate, Some(CertificateId(2)), "the one with which signing stops");
    }

    #[test]
    fn waiting_receipts_without_a_key_are_told_and_the_citys_key_helps_who_entrusted_the_city() {
        let all = [listed(1, 0, 100)];
        let waiting = [Family::Receipt];
        assert_eq!(kinds(&all, &waiting, 50), [Kind::Expires60]);
        assert_eq!(kinds(&all, &waiting, 101), [Kind::Expired, Kind::SigningStopped]);
        let mut city = listed(2, 0, 400);
        city.unit = UnitId::CITY;
        let both = [all[0].clone(), city.clone()];
        assert_eq!(kinds(&both, &waiting, 101), [Kind::Expired, Kind::SigningStopped]);
        let now = START.plus_seconds(101 * DAY_S);
        let helped = |city: Listed| {
            let entrusted = Entrusted::from([(UnitId(7), vec![city])]);
            kinds_of(due(&both, &of_the_unit(&waiting), &entrusted, now))
        };
        assert_eq!(helped(city.clone()), [Kind::Expired]);
        city.listed_for = vec![Family::Invoice];
        assert_eq!(helped(city), [Kind::Expired, Kind::SigningStopped], "not for receipts");
    }

    #[test]
    fn documents_that_the_certificate_is_not_listed_for_are_told_and_its_end_is_told_of_the_others() {
        let (mut receipts, mut invoices) = (listed(1, 0, 100), listed(2, 0, 400));
        (receipts.listed_for, invoices.listed_for) = (vec![Family::Receipt], vec![Family::Invoice]);
        let all = [receipts, invoices.clone()];
        assert!(kinds(&all, &Family::ALL, 1).is_empty());
        assert_eq!(kinds(&all, &[], 95), [Kind::Expires7], "the other one signs no receipts");
        let now = START.plus_seconds(DAY_S);
        let told = due(&[invoices], &of_the_unit(&Family::ALL), &Entrusted::new(), now);
        let expected = Alarm::of_unit(UnitId(7), Kind::SigningStopped, "certificate_not_registered");
        assert_eq!(told, [expected]);
    }

    #[test]
    fn a_revoked_certificate_is_told_and_signs_nothing() {
        let mut all = [listed(1, 0, 400)];
        all[0].revoked_at = Some(START);
        assert_eq!(kinds(&all, &[Family::Receipt], 1), [Kind::Revoked, Kind::SigningStopped]);
        assert!(certificate::chosen(&all, START.plus_seconds(1)).is_none());
    }
}
