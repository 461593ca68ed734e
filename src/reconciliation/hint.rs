//! What matching suggests where it may not decide, in words for the person who will.

use std::collections::{BTreeMap, HashMap};

use super::evidence::words_vi;
use super::matching::{Outcome, Suggestion, Target};
use crate::id::LineId;

/// The best suggestions for each line, in words for the exception; all that are equally good.
pub fn hints(outcome: &Outcome) -> HashMap<LineId, String> {
    let mut best: BTreeMap<LineId, Vec<&Suggestion>> = BTreeMap::new();
    // Best first within a line.
    for suggestion in &outcome.suggestions {
        let known = best.entry(suggestion.line).or_default();
        if known.first().is_none_or(|first| first.score == suggestion.score) {
            known.push(suggestion);
        }
    }
    let words = |known: Vec<&Suggestion>| {
        let told: Vec<String> = known
            .iter()
            .map(|one| format!("{} ({}): {}", named(&one.target), one.score, words_vi(&one.evidence)))
            .collect();
        format!("gợi ý {}", told.join(" | "))
    };
    best.into_iter().map(|(line, known)| (line, words(known))).collect()
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
