//! Rules made ready to be asked about many lines.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::{Class, Rule, RuleId, default_rules, words};
use crate::error::Result;
use crate::reconciliation::matching::Line;

/// Rules in the order they are tried.
#[derive(Clone, Debug, Default)]
pub struct RuleSet(Arc<Vec<Ready>>);

#[derive(Debug)]
struct Ready {
    rule: Rule,
    phrases: Vec<String>,
    starts: Vec<String>,
    pattern: Option<Regex>,
    /// As lines carry it.
    counterparty: Option<String>,
}

static BUILT_IN: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSet::of(&default_rules(), &str::to_owned).unwrap_or_default());

impl RuleSet {
    /// Compiles rules; `hash` turns an account's number into what lines carry of it. Rules that are
    /// off are left out.
    pub fn of(rules: &[Rule], hash: &dyn Fn(&str) -> String) -> Result<RuleSet> {
        let mut ready = Vec::with_capacity(rules.len());
        for rule in rules.iter().filter(|rule| !rule.is_off) {
            rule.check()?;
            ready.push(Ready {
                phrases: rule.phrases.iter().map(|phrase| words(phrase)).collect(),
                starts: rule.starts_with.iter().map(|start| words(start)).collect(),
                pattern: rule.regex()?,
                counterparty: rule.counterparty.as_deref().map(hash),
                rule: rule.clone(),
            });
        }
        Ok(RuleSet(Arc::new(ready)))
    }

    /// Those the program ships.
    pub fn built_in() -> RuleSet {
        BUILT_IN.clone()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The first rule that covers the line, with its class. Rules are tried in their order.
pub fn classify(line: &Line, rules: &RuleSet) -> Option<(Class, RuleId)> {
    let memo = words(&line.memo_folded);
    let found = rules.0.iter().find(|ready| ready.covers(line, &memo));
    found.map(|ready| (ready.rule.class, ready.rule.id.clone()))
}

impl Ready {
    fn covers(&self, line: &Line, memo: &str) -> bool {
        let (rule, size) = (&self.rule, line.amount.0.unsigned_abs());
        let other_side = line.counterparty_account.as_ref();
        rule.direction.covers(line.amount)
            && (!rule.without_counterparty || other_side.is_none())
            && (self.counterparty.is_none() || self.counterparty.as_ref() == other_side)
            && (!rule.marked_reversal || line.reversal)
            && rule.amount_at_least.is_none_or(|least| size >= least.0.unsigned_abs())
            && rule.amount_at_most.is_none_or(|most| size <= most.0.unsigned_abs())
            && self.covers_words(memo)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&line.memo_folded))
    }

    fn covers_words(&self, memo: &str) -> bool {
        (self.phrases.is_empty() && self.starts.is_empty())
            || self.phrases.iter().any(|phrase| memo.contains(phrase.as_str()))
            || self.starts.iter().any(|start| memo.starts_with(start.as_str()))
    }
}
