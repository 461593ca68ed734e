//! The chains of day certificates in a bundle.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::signers::Signers;
use super::trail::Trail;
use super::{Judgement, StampedDays, Terms};
use crate::clock::BusinessDay;
use crate::reconciliation::day_close::chain_file::{self, ChainFile};

/// What the chains show.
#[derive(Default)]
pub(super) struct Chains {
    by_file: BTreeMap<String, Chain>,
}

#[derive(Default)]
struct Chain {
    account: Option<String>,
    /// Certificates of days since the period began, and every hash.
    of_period: Vec<(BusinessDay, String)>,
    hashes: HashSet<String>,
    first: Option<BusinessDay>,
    standing: BTreeSet<BusinessDay>,
}

impl Chains {
    pub(super) fn read(&mut self, name: &str, bytes: &[u8], terms: &Terms<'_>, found: &mut Judgement) {
        let Ok(file) = ChainFile::read(bytes) else {
            return found.fault(name, "does not read");
        };
        for stranger in Signers::of(&file.signers).strangers(terms) {
            found.fault(name, stranger);
        }
        let judged = chain_file::judge_stamped(&file, terms.trust, terms.authorities);
        found.day_certificates += judged.certificates;
        judged.untrusted.iter().for_each(|signer| found.distrust(signer));
        judged.faults.iter().for_each(|fault| found.fault(name, fault));
        found.stamped.extend(judged.stamped.map(|stamped| StampedDays { file: name.to_owned(), stamped }));
        let chain = self.by_file.entry(name.to_owned()).or_default();
        for shown in judged.shown {
            let unit = (shown.unit.as_str(), shown.unit_code.as_str());
            if unit != (terms.manifest.unit.as_str(), terms.manifest.unit_code.as_str()) {
                found.fault(name, format!("{}: is of another unit, {}", shown.date, shown.unit_code));
            }
            if terms.manifest.from <= shown.date {
                chain.of_period.push((shown.date, shown.sha256.clone()));
            }
            if shown.is_standing {
                chain.standing.insert(shown.date);
            }
            chain.first.get_or_insert(shown.date);
            chain.hashes.insert(shown.sha256);
            chain.account.get_or_insert(shown.account);
        }
    }

    /// Every closing the trail tells of has its certificate here, and every certificate of the period was
    /// told of; days that nobody closed are named.
    pub(super) fn held_against(&self, trail: &Trail, terms: &Terms<'_>, found: &mut Judgement) {
        let told: HashSet<&str> = trail.days.iter().map(|told| told.sha256.as_str()).collect();
        for one in trail.days.iter().filter(|one| trail.is_due(one.seq)) {
            let chain = self.by_file.iter().find(|(_, chain)| chain.account.as_deref() == Some(&one.account));
            if chain.is_none_or(|(_, chain)| !chain.hashes.contains(&one.sha256)) {
                let file = chain.map_or("days", |(file, _)| file.as_str());
                found.fault(file, format!("the certificate of {} of {} is missing", one.date, one.account));
            }
        }
        for (file, chain) in &self.by_file {
            for (date, sha256) in &chain.of_period {
                if !told.contains(sha256.as_str()) {
                    found.fault(file, format!("{date}: the trail knows no closing of it"));
                }
            }
            let last = trail.taken_on().map_or(terms.manifest.until, |day| day.plus_days(-1));
            let last = last.min(terms.manifest.until);
            let first = chain.first.map_or(terms.manifest.from, |first| first.max(terms.manifest.from));
            for (from, until) in gaps(first, last, &chain.standing) {
                found.open.push(format!("{file}: {from} – {until}"));
            }
        }
    }
}

/// The stretches of days from `first` to `last` that are not among `closed`.
fn gaps(
    first: BusinessDay,
    last: BusinessDay,
    closed: &BTreeSet<BusinessDay>,
) -> Vec<(BusinessDay, BusinessDay)> {
    let mut found: Vec<(BusinessDay, BusinessDay)> = Vec::new();
    let mut day = first;
    while day <= last {
        if !closed.contains(&day) {
            match found.last_mut().filter(|(_, until)| until.next() == day) {
                Some((_, until)) => *until = day,
                None => found.push((day, day)),
            }
        }
        day = day.next();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_nobody_closed_are_told_as_stretches() {
        let day = |text: &str| text.parse::<BusinessDay>().unwrap();
        let closed: BTreeSet<BusinessDay> =
            ["2026-11-03", "2026-11-04", "2026-11-07"].into_iter().map(day).collect();
        let found = gaps(day("2026-11-01"), day("2026-11-08"), &closed);
        let expected =
            [("2026-11-01", "2026-11-02"), ("2026-11-05", "2026-11-06"), ("2026-11-08", "2026-11-08")];
        assert_eq!(found, expected.map(|(from, until)| (day(from), day(until))));
        assert_eq!(gaps(day("2026-11-03"), day("2026-11-04"), &closed), []);
        assert_eq!(gaps(day("2026-11-05"), day("2026-11-04"), &closed), []);
    }
}
