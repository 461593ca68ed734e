//! What the days of a month add up to. Pure: the certificates of the days are all it looks at.

use std::collections::BTreeMap;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::reconciliation::day_close::reading::{Carried, Cash, OnItsWay, Reading};

/// A month of an account, from its days' certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub opening: Dong,
    pub credits: Dong,
    pub debits: Dong,
    pub closing: Dong,
    pub line_count: i64,
    pub nil_days: i64,
    /// The lines' sums by what they are.
    pub classes: Vec<(String, Dong)>,
    /// What is open at the end of the last day.
    pub carried: Vec<Carried>,
    pub in_transit_count: i64,
    pub in_transit: Dong,
    pub in_transit_unnamed: Dong,
    pub claims: Vec<OnItsWay>,
    pub cash: Vec<Cash>,
}

/// Adds the days up, oldest first. Each must open with what the one before closed with.
///
/// # Errors
/// `internal` when they do not: closing a day checks that; `amount_out_of_range`.
pub fn summary(days: &[Reading]) -> Result<Summary> {
    let mut sum = Summary::default();
    let mut classes: BTreeMap<String, Dong> = BTreeMap::new();
    let mut before: Option<(BusinessDay, Dong)> = None;
    for day in days {
        match before {
            None => sum.opening = day.opening,
            Some((date, closing)) if date.next() != day.date || closing != day.opening => {
                return Err(Error::internal(format!("the certificate of {} does not follow", day.date)));
            }
            Some(_) => {}
        }
        before = Some((day.date, day.closing));
        sum.credits = sum.credits.checked_add(day.credits)?;
        sum.debits = sum.debits.checked_add(day.debits)?;
        sum.line_count = sum.line_count.saturating_add(day.line_count);
        sum.nil_days += i64::from(day.is_nil);
        for (name, amount) in &day.classes {
            let class = classes.entry(name.clone()).or_default();
            *class = class.checked_add(*amount)?;
        }
    }
    sum.closing = before.map_or(sum.opening, |(_, closing)| closing);
    sum.classes = classes.into_iter().collect();
    if let Some(last) = days.last() {
        sum.carried = last.carried.clone();
        (sum.in_transit_count, sum.in_transit) = (last.in_transit_count, last.in_transit);
        (sum.in_transit_unnamed, sum.claims) = (last.in_transit_unnamed, last.claims.clone());
        sum.cash = last.cash.clone();
    }
    Ok(sum)
}
