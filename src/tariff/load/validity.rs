//! Charges of one item beside each other: no day with two, and, where promised, no day without.

use std::collections::BTreeMap;

use super::fields::Fault;
use crate::clock::BusinessDay;
use crate::tariff::charge::{Charge, Period};
use crate::tariff::place::{IntakeMode, Places};

/// Charges that would both be in force: same place (by name, by kind or the city), same channel,
/// same day. A unit named beside its kind is no overlap: the more specific place decides.
/// `lines` are those of the charges; the fault stands at the later row.
pub(super) fn overlaps(charges: &[Charge], lines: &[usize]) -> Vec<(usize, Fault)> {
    let rows: Vec<(&Charge, &usize)> = charges.iter().zip(lines).collect();
    let mut faults = Vec::new();
    for (index, (charge, line)) in rows.iter().enumerate() {
        let earlier = rows.iter().take(index).find(|(other, _)| both_in_force(charge, other));
        if let Some((_, other_line)) = earlier {
            let detail =
                format!("the charge of line {other_line} holds for the same place, channel and days");
            faults.push((**line, Fault::new("tariff_charge_overlap", detail)));
        }
    }
    faults
}

fn both_in_force(a: &Charge, b: &Charge) -> bool {
    share_a_place(&a.places, &b.places)
        && !a.channels.is_disjoint(&b.channels)
        && share_a_day(&a.period, &b.period)
}

fn share_a_place(a: &Places, b: &Places) -> bool {
    match (a, b) {
        (Places::City, Places::City) => true,
        (Places::Kinds(a), Places::Kinds(b)) => !a.is_disjoint(b),
        (Places::Units(a), Places::Units(b)) => !a.is_disjoint(b),
        _ => false,
    }
}

fn share_a_day(a: &Period, b: &Period) -> bool {
    a.to.is_none_or(|to| b.from <= to) && b.to.is_none_or(|to| a.from <= to)
}

/// Days without a charge between the first and the last row of a place and channel. A less
/// specific place fills a gap. The fault stands at the row after the gap.
pub(super) fn gaps(charges: &[Charge], lines: &[usize]) -> Vec<(usize, Fault)> {
    let mut faults: BTreeMap<usize, Fault> = BTreeMap::new();
    for (precedence, name) in places_of(charges) {
        for channel in IntakeMode::ALL {
            let counts = |charge: &Charge| {
                let same = charge.places.precedence() == precedence && charge.places.names().contains(&name);
                charge.channels.contains(&channel) && (same || charge.places.precedence() < precedence)
            };
            let own = |charge: &Charge| counts(charge) && charge.places.precedence() == precedence;
            let mut rows: Vec<(&Charge, usize)> =
                charges.iter().zip(lines.iter().copied()).filter(|(charge, _)| counts(charge)).collect();
            rows.sort_by_key(|(charge, _)| charge.period.from);
            let own_starts =
                || rows.iter().filter(|(charge, _)| own(charge)).map(|(charge, _)| charge.period.from);
            let (Some(first), Some(last)) = (own_starts().min(), own_starts().max()) else { continue };
            let relevant = rows.iter().filter(|(charge, _)| charge.period.to.is_none_or(|to| first <= to));
            if let Some((line, day)) = first_gap(relevant, last) {
                let detail = format!("no charge on {day} for {name}, {channel}");
                faults.entry(line).or_insert_with(|| Fault::new("tariff_charge_gap", detail));
            }
        }
    }
    faults.into_iter().collect()
}

fn places_of(charges: &[Charge]) -> Vec<(u8, String)> {
    let mut places: Vec<(u8, String)> = charges
        .iter()
        .flat_map(|charge| charge.places.names().into_iter().map(|name| (charge.places.precedence(), name)))
        .collect();
    places.sort();
    places.dedup();
    places
}

/// Rows come in the order of their first day. Answers the row after the gap and the first day of
/// the gap.
fn first_gap<'a>(
    rows: impl Iterator<Item = &'a (&'a Charge, usize)>,
    last: BusinessDay,
) -> Option<(usize, BusinessDay)> {
    let mut covered_to: Option<BusinessDay> = None;
    for (charge, line) in rows {
        if let Some(covered_to) = covered_to
            && charge.period.from > covered_to.next()
            && covered_to < last
        {
            return Some((*line, covered_to.next()));
        }
        let to = charge.period.to?;
        covered_to = Some(covered_to.map_or(to, |covered_to| covered_to.max(to)));
    }
    None
}
