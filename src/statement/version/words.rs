//! What a corrected statement says of a line of which nothing but the words differs. They are a payer's words and
//! kept with lines alone: what the version says is read in its file each time.

use std::collections::{BTreeMap, HashMap};

use super::{Difference, Side, Version, again};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::LineId;
use crate::statement::line;
use crate::store::Store;
use crate::store::vault::Vault;
use crate::text;

/// The words that the file of a version has for the lines whose words alone it changes. A line is left out where the
/// file's keys were destroyed, or where an unchanged line of the file looks like it.
///
/// # Errors
/// Those of the store.
pub fn words_in_file(
    store: &Store,
    vault: &Vault,
    version: &Version,
    differences: &[Difference],
) -> Result<HashMap<LineId, String>> {
    if !differences.iter().any(Difference::is_of_words) {
        return Ok(HashMap::new());
    }
    let told = match again::in_file(store, vault, version) {
        Ok(Some(found)) => found.draft,
        Ok(None) => return Ok(HashMap::new()),
        Err(error) if error.code() == "erased" => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    let sides: Vec<Side> = line::features(vault, version.unit, &told.lines).iter().map(Side::of).collect();
    let words = told.lines.iter().map(|line| text::clean(line.read.memo.as_deref().unwrap_or_default()));
    Ok(paired(differences, sides.into_iter().zip(words).collect()))
}

type Look = (BusinessDay, Dong, Option<String>);

fn look(side: Side) -> Look {
    (side.booking_date, side.amount, side.bank_reference)
}

/// The changed lines and the lines of the file that look alike, both in the order of the file.
fn paired(differences: &[Difference], lines: Vec<(Side, String)>) -> HashMap<LineId, String> {
    let mut said: BTreeMap<Look, Vec<String>> = BTreeMap::new();
    for (side, words) in lines {
        said.entry(look(side)).or_default().push(words);
    }
    let mut changed: BTreeMap<Look, Vec<LineId>> = BTreeMap::new();
    for one in differences.iter().filter(|one| one.is_of_words()) {
        if let (Some(line), Some(side)) = (one.line, one.new.clone()) {
            changed.entry(look(side)).or_default().push(line);
        }
    }
    let mut found = HashMap::new();
    for (look, lines) in changed {
        let words = said.remove(&look).unwrap_or_default();
        if words.len() == lines.len() {
            found.extend(lines.into_iter().zip(words));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::version::Kind;

    fn side(reference: &str) -> Side {
        let booking_date = "2026-11-23".parse().unwrap();
        Side { booking_date, amount: Dong(100), bank_reference: Some(reference.to_owned()) }
    }

    fn changed(line: i64, (old, new): (&str, &str)) -> Difference {
        let (old, new) = (Some(side(old)), Some(side(new)));
        Difference { kind: Kind::Changed, moves_money: false, line: Some(LineId(line)), old, new }
    }

    #[test]
    fn words_are_told_of_the_lines_that_differ_in_nothing_else_and_are_beyond_doubt() {
        let differences = [changed(1, ("R1", "R1")), changed(2, ("R2", "R2")), changed(3, ("R3", "R4"))];
        let said = [("R1", "a"), ("R2", "b"), ("R2", "c"), ("R4", "d")];
        let lines = said.map(|(reference, words)| (side(reference), words.to_owned())).to_vec();
        assert_eq!(paired(&differences, lines), HashMap::from([(LineId(1), "a".to_owned())]));
    }
}
