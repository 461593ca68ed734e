//! What the bank changed when it sent a statement again. Pure.

use serde::Serialize;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::LineId;
use crate::statement::identity::{Features, Known, Verdict};

/// A stored line with what a comparison looks at.
#[derive(Clone, Debug)]
pub struct KnownLine {
    pub id: LineId,
    pub known: Known,
    /// Its verified reference codes, sorted.
    pub codes: Vec<String>,
    /// It belongs to what the earlier version tells.
    pub is_covered: bool,
}

/// A line of the new version.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub features: Features,
    pub codes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Added,
    Gone,
    Changed,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Gone => "gone",
            Kind::Changed => "changed",
        }
    }

    pub fn parse(text: &str) -> Kind {
        match text {
            "added" => Kind::Added,
            "gone" => Kind::Gone,
            _ => Kind::Changed,
        }
    }

    pub fn vi(self) -> &'static str {
        match self {
            Kind::Added => "thêm",
            Kind::Gone => "mất",
            Kind::Changed => "đổi",
        }
    }
}

/// One side of a difference. The memo is a payer's text and stays with the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    pub booking_date: BusinessDay,
    pub amount: Dong,
    pub bank_reference: Option<String>,
}

impl Side {
    pub(super) fn of(features: &Features) -> Side {
        Side {
            booking_date: features.date,
            amount: features.amount,
            bank_reference: features.bank_reference.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub kind: Kind,
    /// The stored line is taken out of the books when the version is accepted: the day, the amount or
    /// the codes are other ones. A change of words alone moves nothing.
    pub moves_money: bool,
    /// The stored line; absent for what is added.
    pub line: Option<LineId>,
    pub old: Option<Side>,
    pub new: Option<Side>,
}

impl Difference {
    /// Whether day, amount and reference stay: the line says something else, and nothing else of it differs.
    pub fn is_of_words(&self) -> bool {
        self.kind == Kind::Changed && self.old == self.new
    }
}

/// Compares the lines of the new version, with their verdicts, to the covered lines behind the first
/// `skip` of the first day. Between two formats the words do not count: each cuts them in its own way.
pub fn differences(
    known: &[KnownLine],
    (first_day, skip): (BusinessDay, usize),
    lines: &[NewLine],
    verdicts: &[Verdict],
    words_count: bool,
) -> Vec<Difference> {
    let mut gone = unpaired(known, first_day, skip, verdicts);
    let mut found = Vec::new();
    for (line, verdict) in lines.iter().zip(verdicts) {
        let new = Side::of(&line.features);
        let Verdict::Known(at) = verdict else {
            let partner = gone.iter().position(|old| is_same(old, line));
            found.push(match partner.map(|at| gone.remove(at)) {
                Some(old) => changed(old, line, new),
                None => Difference {
                    kind: Kind::Added,
                    moves_money: false,
                    line: None,
                    old: None,
                    new: Some(new),
                },
            });
            continue;
        };
        let Some(old) = known.get(*at).filter(|_| words_count) else { continue };
        let both = old.known.features.bank_reference.is_some() && line.features.bank_reference.is_some();
        let other_reference = both && old.known.features.bank_reference != line.features.bank_reference;
        if other_reference || old.known.features.memo != line.features.memo || old.codes != line.codes {
            found.push(changed(old, line, new));
        }
    }
    found.extend(gone.into_iter().map(|old| Difference {
        kind: Kind::Gone,
        moves_money: true,
        line: Some(old.id),
        old: Some(Side::of(&old.known.features)),
        new: None,
    }));
    found
}

/// The differences of two versions that begin and end at the same balances. Where the newer one adds no line and no
/// amount, and what seems gone does not come to nothing, other statements of the day told that, and none of it is gone.
pub fn without_lines_of_others(found: Vec<Difference>) -> Vec<Difference> {
    let amount = |side: Option<&Side>| side.map(|side| side.amount);
    let is_of_other_money = |one: &Difference| match one.kind {
        Kind::Added => true,
        Kind::Changed => amount(one.old.as_ref()) != amount(one.new.as_ref()),
        Kind::Gone => false,
    };
    let gone = found.iter().filter(|one| one.kind == Kind::Gone).filter_map(|one| amount(one.old.as_ref()));
    let is_contradicted = Dong::sum(gone).is_ok_and(|sum| sum != Dong::ZERO);
    if !is_contradicted || found.iter().any(is_of_other_money) {
        return found;
    }
    found.into_iter().filter(|one| one.kind != Kind::Gone).collect()
}

/// The covered lines no line of the new version tells of.
fn unpaired<'k>(
    known: &'k [KnownLine],
    first_day: BusinessDay,
    skip: usize,
    verdicts: &[Verdict],
) -> Vec<&'k KnownLine> {
    let told = |index| verdicts.contains(&Verdict::Known(index));
    let mut passed = 0;
    let mut left = Vec::new();
    for (index, line) in known.iter().enumerate().filter(|(_, line)| !line.known.is_withdrawn) {
        if line.known.features.date == first_day && passed < skip {
            passed += 1;
        } else if line.is_covered && !told(index) {
            left.push(line);
        }
    }
    left
}

/// The same booking in other words or figures: the bank's reference says so, or the words with the day
/// or the amount, or the day with the amount.
fn is_same(old: &KnownLine, new: &NewLine) -> bool {
    let (a, b) = (&old.known.features, &new.features);
    let same_reference = a.bank_reference.is_some() && a.bank_reference == b.bank_reference;
    let same_words = a.memo == b.memo && (a.date == b.date || a.amount == b.amount);
    same_reference || same_words || (a.date == b.date && a.amount == b.amount)
}

fn changed(old: &KnownLine, line: &NewLine, new: Side) -> Difference {
    let before = Side::of(&old.known.features);
    let is_other_money = before.booking_date != new.booking_date || before.amount != new.amount;
    Difference {
        kind: Kind::Changed,
        moves_money: is_other_money || old.codes != line.codes,
        line: Some(old.id),
        old: Some(before),
        new: Some(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::identity::Place;

    fn day() -> BusinessDay {
        "2026-11-23".parse().unwrap()
    }

    fn features(amount: i64, memo: &str, reference: &str) -> Features {
        Features {
            date: day(),
            amount: Dong(amount),
            memo: memo.to_owned(),
            bank_reference: Some(reference.to_owned()).filter(|text| !text.is_empty()),
        }
    }

    fn known(id: i64, amount: i64, memo: &str, reference: &str) -> KnownLine {
        KnownLine {
            id: LineId(id),
            known: Known {
                features: features(amount, memo, reference),
                occurrence: 1,
                is_withdrawn: false,
                place: Place::Beside,
                is_of_same_format: true,
            },
            codes: vec![memo.to_owned()],
            is_covered: true,
        }
    }

    fn line(amount: i64, memo: &str, reference: &str) -> NewLine {
        NewLine { features: features(amount, memo, reference), codes: vec![memo.to_owned()] }
    }

    const NEW: Verdict = Verdict::New { occurrence: 1 };

    fn kinds(found: &[Difference]) -> Vec<(Kind, bool)> {
        found.iter().map(|one| (one.kind, one.moves_money)).collect()
    }

    #[test]
    fn the_same_lines_again_differ_in_nothing() {
        let stored = [known(1, 100, "a", "R1"), known(2, 100, "a", "R2")];
        let lines = [line(100, "a", "R2"), line(100, "a", "R1")];
        let verdicts = [Verdict::Known(1), Verdict::Known(0)];
        assert_eq!(differences(&stored, (day(), 0), &lines, &verdicts, true), []);
    }

    #[test]
    fn what_is_added_gone_or_of_another_amount_is_named() {
        let stored = [known(1, 100, "a", "R1"), known(2, 70, "b", "R2"), known(3, 30, "c", "R3")];
        let lines = [line(100, "a", "R1"), line(90, "b", "R2"), line(5, "d", "R4")];
        let found = differences(&stored, (day(), 0), &lines, &[Verdict::Known(0), NEW, NEW], true);
        assert_eq!(kinds(&found), [(Kind::Changed, true), (Kind::Added, false), (Kind::Gone, true)]);
        assert_eq!((found[0].line, found[2].line), (Some(LineId(2)), Some(LineId(3))));
        assert_eq!(found[0].new.as_ref().unwrap().amount, Dong(90));
    }

    #[test]
    fn other_words_move_nothing_unless_they_name_another_code() {
        let stored = [known(1, 100, "a", "R1")];
        let mut words = line(100, "a, xin cam on", "R1");
        words.codes = vec!["a".into()];
        let found = differences(&stored, (day(), 0), &[words], &[Verdict::Known(0)], true);
        assert_eq!(kinds(&found), [(Kind::Changed, false)]);
        let code = line(100, "b", "R1");
        let found = differences(&stored, (day(), 0), std::slice::from_ref(&code), &[Verdict::Known(0)], true);
        assert_eq!(kinds(&found), [(Kind::Changed, true)]);
        let found =
            differences(&stored, (day(), 0), std::slice::from_ref(&code), &[Verdict::Known(0)], false);
        assert_eq!(found, [], "another format may have lost the code");
    }

    #[test]
    fn what_the_equal_balances_of_both_versions_contradict_is_not_gone() {
        let stored = [
            known(1, 100, "a", "R1"),
            known(2, 70, "b", "R2"),
            known(3, 30, "c", "R3"),
            known(4, -30, "d", ""),
        ];
        let left = |lines: &[NewLine], verdicts: &[Verdict], known: &[KnownLine]| {
            kinds(&without_lines_of_others(differences(known, (day(), 0), lines, verdicts, true)))
        };
        let first = [line(100, "a", "R1")];
        assert_eq!(left(&first, &[Verdict::Known(0)], &stored[..2]), []);
        let nothing = [line(100, "a", "R1"), line(70, "b", "R2")];
        let verdicts = [Verdict::Known(0), Verdict::Known(1)];
        assert_eq!(left(&nothing, &verdicts, &stored), [(Kind::Gone, true); 2], "they come to nothing");
        let joined = [line(170, "a", "R1")];
        assert_eq!(left(&joined, &[NEW], &stored[..2]), [(Kind::Changed, true), (Kind::Gone, true)]);
    }

    #[test]
    fn lines_before_the_statement_and_of_others_are_not_gone() {
        let mut stored = vec![known(1, 100, "a", "R1"), known(2, 70, "b", "R2"), known(3, 30, "c", "R3")];
        stored[2].is_covered = false;
        let found = differences(&stored, (day(), 1), &[line(70, "b", "R2")], &[Verdict::Known(1)], true);
        assert_eq!(found, []);
        stored[0].known.is_withdrawn = true;
        let found = differences(&stored, (day(), 0), &[line(70, "b", "R2")], &[Verdict::Known(1)], true);
        assert_eq!(found, [], "what was taken out before is not gone again");
    }
}
