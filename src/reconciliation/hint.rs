//! What matching suggests where it may not decide, as values for the person who will.

use std::collections::{BTreeMap, HashMap};

use super::evidence::values;
use super::matching::{Outcome, Suggestion, Target};
use crate::exception::{Hint, Suggested};
use crate::id::LineId;

/// More equally good ones help nobody.
const LIMIT: usize = 12;

/// The best suggestions for each line; all that are equally good, up to `LIMIT`.
pub fn hints(outcome: &Outcome) -> HashMap<LineId, Hint> {
    let mut best: BTreeMap<LineId, Vec<&Suggestion>> = BTreeMap::new();
    // Best first within a line.
    for suggestion in &outcome.suggestions {
        let known = best.entry(suggestion.line).or_default();
        if known.first().is_none_or(|first| first.score == suggestion.score) && known.len() < LIMIT {
            known.push(suggestion);
        }
    }
    let hint = |known: Vec<&Suggestion>| Hint::Suggested { all: known.into_iter().map(suggested).collect() };
    best.into_iter().map(|(line, known)| (line, hint(known))).collect()
}

fn suggested(one: &Suggestion) -> Suggested {
    Suggested { what: named(&one.target), score: i64::from(one.score), evidence: values(&one.evidence) }
}

fn named(target: &Target) -> String {
    match target {
        Target::Movement(id) => id.to_string(),
        Target::Obligation(id) => id.to_string(),
        Target::Line(id) => id.to_string(),
        Target::Class(class) => class.as_str().to_owned(),
        Target::Movements(ids) => format!("{} movements", ids.len()),
        Target::Obligations(parts) => format!("{} obligations", parts.len()),
    }
}
