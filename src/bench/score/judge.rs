//! The judge: each line's decision against its truth. Pure.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::super::report::number;
use super::super::score_query::Decided;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::AccountId;
use crate::simulator::month::{Deal, Folder, Truth};

/// The automatic rate over decidable lines that is asked for.
const RATE_PERCENT: usize = 97;
/// Wrong lines told by name.
const EXAMPLE_LIMIT: usize = 20;

/// What became of the lines of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindScore {
    pub lines: usize,
    /// Decided, and rightly.
    pub right: usize,
    /// Left to a person.
    pub left: usize,
    /// Decided, and wrongly; or not there at all.
    pub wrong: usize,
}

/// The score of a month.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Score {
    pub lines: usize,
    pub decidable: usize,
    /// Decidable lines that were decided rightly, without a person.
    pub automatic: usize,
    /// Of all lines: decided against the truth. Must be 0.
    pub false_matches: usize,
    /// Lines without a decision on record: lost, or told twice. Must be 0.
    pub missing: usize,
    /// Obligations that hold another sum than they should, but for what waits in a line that was left. Must be 0.
    pub false_sums: usize,
    pub kinds: BTreeMap<&'static str, KindScore>,
    /// The first of what is wrong or was left although decidable.
    pub examples: Vec<String>,
    pub seconds: f64,
    /// Of them import and matching.
    pub matching_seconds: f64,
}

impl Score {
    /// Nothing wrong, nothing missing, and the rate reached.
    pub fn is_passed(&self) -> bool {
        self.false_matches == 0
            && self.missing == 0
            && self.false_sums == 0
            && self.automatic * 100 >= self.decidable * RATE_PERCENT
    }

    /// The automatic rate over the decidable lines, in percent.
    pub fn rate(&self) -> f64 {
        if self.decidable == 0 { 100.0 } else { self.automatic as f64 * 100.0 / self.decidable as f64 }
    }

    /// Per kind: name, lines, right, left, wrong.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let row = |(name, kind): (&&str, &KindScore)| {
            let counts = [kind.lines, kind.right, kind.left, kind.wrong];
            std::iter::once((*name).to_owned()).chain(counts.map(|count| count.to_string())).collect()
        };
        self.kinds.iter().map(row).collect()
    }

    /// The figures that count, with what they should be.
    pub fn totals(&self) -> Vec<Vec<String>> {
        let row = |name: &str, value: String, target: &str, is_met: bool| {
            let verdict = if is_met { "met" } else { "MISSED" };
            vec![name.to_owned(), value, target.to_owned(), verdict.to_owned()]
        };
        let rate_met = self.automatic * 100 >= self.decidable * RATE_PERCENT;
        vec![
            row("false matches", self.false_matches.to_string(), "0", self.false_matches == 0),
            row("false sums on obligations", self.false_sums.to_string(), "0", self.false_sums == 0),
            row("lines without a decision", self.missing.to_string(), "0", self.missing == 0),
            row("automatic of decidable, %", number(self.rate()), ">= 97", rate_met),
        ]
    }
}

/// What identifies a line in truth and in the database.
type Key<'a> = (&'a str, BusinessDay, &'a str, Dong);

/// Judges the month.
pub fn judge(
    month: &Folder,
    decided: &[Decided],
    allocated: &HashMap<String, Dong>,
    accounts: &HashMap<AccountId, String>,
) -> Score {
    let mut found: HashMap<Key<'_>, Vec<&Decided>> = HashMap::with_capacity(decided.len());
    for one in decided {
        let account = accounts.get(&one.account).map_or("", String::as_str);
        found.entry((account, one.booked_on, &one.bank_reference, one.amount)).or_default().push(one);
    }
    let mut score = Score { lines: month.truths.len(), ..Score::default() };
    // A line that no truth knows was told twice, or invented.
    score.missing = decided.len().saturating_sub(month.truths.len());
    // Money that a person places later stands on no obligation yet, unless a channel's word was enough.
    let mut waits: HashMap<&str, i64> = HashMap::new();
    for truth in &month.truths {
        let key: Key<'_> = (&truth.account_no, truth.booked_on, &truth.bank_reference, truth.amount);
        let lines = found.get(&key).map(Vec::as_slice).unwrap_or_default();
        if score.count(truth, lines) == Verdict::Left {
            truth.parts.iter().for_each(|(code, part)| *waits.entry(code).or_default() += part.0);
        }
    }
    for paid in month.paid.iter().filter(|paid| paid.is_decidable) {
        let stands = allocated.get(&paid.reference_code).copied().unwrap_or_default();
        let waiting = waits.get(paid.reference_code.as_str()).copied().unwrap_or_default();
        if !(0..=waiting).contains(&(paid.amount.0 - stands.0)) {
            score.false_sums += 1;
            score.example(format!("{}: {} stands, {} should", paid.reference_code, stands.0, paid.amount.0));
        }
    }
    score
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Left,
    Wrong,
    Missing,
}

fn verdict(truth: &Truth, lines: &[&Decided]) -> Verdict {
    let [line] = lines else { return Verdict::Missing };
    let Some(class) = line.class.as_deref() else { return Verdict::Missing };
    // A claim that came after its line places money that was unknown before.
    let class = if class == "unknown" && !line.parts.is_empty() { "fee_receipt" } else { class };
    if class == "unknown" && line.parts.is_empty() {
        return Verdict::Left;
    }
    let is_same = class == truth.class && line.parts == truth.parts;
    let is_known_payment_out = truth.deal == Deal::ToBudget && class == "transfer_to_budget";
    if is_same || is_known_payment_out { Verdict::Right } else { Verdict::Wrong }
}

impl Score {
    fn count(&mut self, truth: &Truth, lines: &[&Decided]) -> Verdict {
        let verdict = verdict(truth, lines);
        let kind = self.kinds.entry(truth.deal.as_str()).or_default();
        kind.lines += 1;
        match verdict {
            Verdict::Right => kind.right += 1,
            Verdict::Left => kind.left += 1,
            Verdict::Wrong | Verdict::Missing => kind.wrong += 1,
        }
        self.decidable += usize::from(truth.is_decidable);
        self.automatic += usize::from(truth.is_decidable && verdict == Verdict::Right);
        self.false_matches += usize::from(verdict == Verdict::Wrong);
        self.missing += usize::from(verdict == Verdict::Missing);
        let is_worth_telling = match verdict {
            Verdict::Right => false,
            Verdict::Left => truth.is_decidable,
            Verdict::Wrong | Verdict::Missing => true,
        };
        if is_worth_telling {
            let made = lines.first().map(|line| (line.class.clone().unwrap_or_default(), line.parts.clone()));
            self.example(format!(
                "{verdict:?}: {} {} {} {} {}: {} {:?}, but {made:?}",
                truth.deal.as_str(),
                truth.account_no,
                truth.booked_on,
                truth.bank_reference,
                truth.amount.0,
                truth.class,
                truth.parts
            ));
        }
        verdict
    }

    fn example(&mut self, words: String) {
        if self.examples.len() < EXAMPLE_LIMIT {
            self.examples.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::month::Paid;

    const CODE: &str = "HNPH7K2MQ4X97";

    fn truth(deal: Deal) -> Truth {
        Truth {
            account_no: "1001".into(),
            booked_on: "2026-10-05".parse().unwrap(),
            bank_reference: "FT1".into(),
            amount: Dong(25_000),
            deal,
            is_decidable: deal.is_decidable(),
            class: deal.class(),
            parts: vec![(CODE.into(), Dong(25_000))],
        }
    }

    fn line(class: Option<&str>, parts: &[(&str, i64)]) -> Decided {
        Decided {
            account: AccountId(1),
            booked_on: "2026-10-05".parse().unwrap(),
            bank_reference: "FT1".into(),
            amount: Dong(25_000),
            class: class.map(str::to_owned),
            parts: parts.iter().map(|(code, amount)| ((*code).to_owned(), Dong(*amount))).collect(),
        }
    }

    fn judged(deal: Deal, lines: &[Decided]) -> Score {
        judged_with(deal, lines, Vec::new(), &HashMap::new())
    }

    /// The same, with what should stand on the obligation and what does.
    fn judged_with(
        deal: Deal,
        lines: &[Decided],
        paid: Vec<Paid>,
        allocated: &HashMap<String, Dong>,
    ) -> Score {
        let month = Folder {
            places: Vec::new(),
            owed: Vec::new(),
            told: Vec::new(),
            statements: Vec::new(),
            truths: vec![truth(deal)],
            paid,
        };
        let accounts = HashMap::from([(AccountId(1), "1001".to_owned())]);
        judge(&month, lines, allocated, &accounts)
    }

    #[test]
    fn money_on_another_code_or_in_another_amount_is_a_false_match() {
        assert!(judged(Deal::Exact, &[line(Some("fee_receipt"), &[(CODE, 25_000)])]).is_passed());
        for parts in [[("HNPH3C8DR5Y1A", 25_000)], [(CODE, 24_000)]] {
            let score = judged(Deal::Exact, &[line(Some("fee_receipt"), &parts)]);
            assert_eq!((score.false_matches, score.automatic, score.is_passed()), (1, 0, false));
            assert_eq!(score.examples.len(), 1);
        }
    }

    #[test]
    fn what_only_a_person_can_know_may_be_left_and_must_not_be_guessed_wrongly() {
        let left = judged(Deal::Mistyped, &[line(Some("unknown"), &[])]);
        assert_eq!((left.decidable, left.false_matches, left.is_passed()), (0, 0, true));
        let guessed = judged(Deal::Mistyped, &[line(Some("fee_receipt"), &[("HNPH3C8DR5Y1A", 25_000)])]);
        assert_eq!(guessed.false_matches, 1);
    }

    #[test]
    fn a_line_left_although_decidable_lowers_the_rate_only() {
        let score = judged(Deal::Exact, &[line(Some("unknown"), &[])]);
        assert_eq!((score.false_matches, score.missing, score.rate()), (0, 0, 0.0));
        assert!(!score.is_passed());
    }

    #[test]
    fn an_obligation_waits_with_a_line_that_was_left_and_never_holds_another_sum() {
        let false_sums = |class: &str, parts: &[(&str, i64)], stands: i64| {
            let paid = Paid { reference_code: CODE.into(), amount: Dong(25_000), is_decidable: true };
            let allocated = HashMap::from([(CODE.to_owned(), Dong(stands))]);
            judged_with(Deal::Exact, &[line(Some(class), parts)], vec![paid], &allocated).false_sums
        };
        assert_eq!(false_sums("unknown", &[], 0), 0, "it waits for the person the line waits for");
        assert_eq!(false_sums("unknown", &[], 25_000), 0, "a channel's word was enough");
        assert_eq!(false_sums("unknown", &[], 26_000), 1, "more than it should");
        assert_eq!(false_sums("fee_receipt", &[(CODE, 25_000)], 25_000), 0);
        assert_eq!(false_sums("fee_receipt", &[(CODE, 25_000)], 0), 1, "the line was decided");
    }

    #[test]
    fn a_lost_a_doubled_and_an_unposted_line_are_missing() {
        let good = line(Some("fee_receipt"), &[(CODE, 25_000)]);
        assert_eq!(judged(Deal::Exact, &[]).missing, 1);
        assert!(judged(Deal::Exact, &[good.clone(), good]).missing > 0);
        assert_eq!(judged(Deal::Exact, &[line(None, &[])]).missing, 1);
    }
}
