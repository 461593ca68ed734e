//! Classes of statement lines, and the rules, as data, for lines that are no fee of a citizen.
//!
//! A rule only explains a line by itself when its class needs no movement: the bank's own fees
//! and interest. For every other class a hit is a hint for a person.

mod rule_set;

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::text::fold;

pub use rule_set::{RuleSet, classify};

/// What a line is. Every line of a closed day has exactly one class.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Money for an obligation of the account's unit, whole, partial or over.
    FeeReceipt,
    /// Wholly too much: paid a second time, or after its obligation had ended.
    Surplus,
    BankFee,
    Interest,
    /// Handed to the Treasury.
    TransferToBudget,
    OwnTransfer,
    /// Cash of a drawer, or a POS batch, paid into the account.
    CashDeposit,
    /// Money given back to a payer.
    RefundByUs,
    Reversal,
    /// A fee of another unit, paid into this account or passed on from it.
    OtherUnit,
    /// Nobody knows yet: suspense or unexplained debit.
    Unknown,
}

impl Class {
    pub const ALL: [Class; 11] = [
        Class::FeeReceipt,
        Class::Surplus,
        Class::BankFee,
        Class::Interest,
        Class::TransferToBudget,
        Class::OwnTransfer,
        Class::CashDeposit,
        Class::RefundByUs,
        Class::Reversal,
        Class::OtherUnit,
        Class::Unknown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Class::FeeReceipt => "fee_receipt",
            Class::Surplus => "surplus",
            Class::BankFee => "bank_fee",
            Class::Interest => "interest",
            Class::TransferToBudget => "transfer_to_budget",
            Class::OwnTransfer => "own_transfer",
            Class::CashDeposit => "cash_deposit",
            Class::RefundByUs => "refund_by_us",
            Class::Reversal => "reversal",
            Class::OtherUnit => "other_unit",
            Class::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Result<Class> {
        Class::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| Error::invalid("class", "line_class_unknown", "no such class of lines"))
    }

    pub fn vi(self) -> &'static str {
        match self {
            Class::FeeReceipt => "thu phí, lệ phí",
            Class::Surplus => "tiền nộp thừa",
            Class::BankFee => "phí ngân hàng",
            Class::Interest => "lãi tiền gửi",
            Class::TransferToBudget => "nộp ngân sách",
            Class::OwnTransfer => "chuyển nội bộ",
            Class::CashDeposit => "nộp tiền mặt",
            Class::RefundByUs => "hoàn tiền cho người nộp",
            Class::Reversal => "giao dịch đảo",
            Class::OtherUnit => "tiền của đơn vị khác",
            Class::Unknown => "chưa rõ",
        }
    }

    pub fn en(self) -> &'static str {
        match self {
            Class::FeeReceipt => "fee receipt",
            Class::Surplus => "paid too much",
            Class::BankFee => "bank fee",
            Class::Interest => "interest",
            Class::TransferToBudget => "transfer to the budget",
            Class::OwnTransfer => "own transfer",
            Class::CashDeposit => "cash deposit",
            Class::RefundByUs => "refund by us",
            Class::Reversal => "reversal",
            Class::OtherUnit => "money of another unit",
            Class::Unknown => "unknown",
        }
    }

    /// Whether the class alone explains a line. The others want a movement, an original or a
    /// named open item.
    pub fn explains_alone(self) -> bool {
        matches!(self, Class::BankFee | Class::Interest)
    }
}

/// The bank's view: a credit is money in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Credit,
    Debit,
    Both,
}

impl Direction {
    fn covers(self, amount: Dong) -> bool {
        match self {
            Direction::Credit => amount.0 > 0,
            Direction::Debit => amount.0 < 0,
            Direction::Both => amount.0 != 0,
        }
    }
}

/// A rule's stable name.
pub type RuleId = String;

/// One rule. All the conditions given must hold; of `phrases` and `starts_with` together any one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: RuleId,
    pub class: Class,
    pub direction: Direction,
    /// Whole words that stand anywhere in the memo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// Whole words the memo begins with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts_with: Vec<String>,
    /// A regular expression that is found in the memo, which is upper case without diacritics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Only lines the bank made itself: no account stands on the other side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_counterparty: bool,
    /// Only lines with this account on the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<String>,
    /// Only lines the bank marked as reversals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked_reversal: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_at_least: Option<Dong>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_at_most: Option<Dong>,
    /// Only accounts at the bank with this BIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Covers nothing, and takes the place of the rule of this id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_off: bool,
}

impl Rule {
    /// Refuses a rule that cannot be meant, or that would post what its class is not.
    ///
    /// # Errors
    /// `class_rule_without_id`, `class_rule_too_wide`, `class_rule_class`,
    /// `class_rule_direction`, `class_rule_amounts`, `class_rule_pattern`.
    pub fn check(&self) -> Result<()> {
        self.faults().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that is wrong with a rule, where `check` names what it comes upon first.
    pub fn faults(&self) -> Vec<Error> {
        let pattern = self.regex().map(|_| ());
        let all = [self.check_name(), self.check_width(), self.check_class(), self.check_amounts(), pattern];
        all.into_iter().filter_map(Result::err).collect()
    }

    fn check_name(&self) -> Result<()> {
        if self.id.trim().is_empty() || self.id.len() > NAME_LIMIT {
            return Err(Error::invalid("id", "class_rule_without_id", "a rule needs a name"));
        }
        Ok(())
    }

    fn check_width(&self) -> Result<()> {
        let mut named = self.phrases.iter().chain(&self.starts_with).chain(&self.counterparty);
        let no_condition = self.phrases.is_empty()
            && self.starts_with.is_empty()
            && !self.marked_reversal
            && self.pattern.is_none()
            && self.counterparty.is_none();
        if named.any(|phrase| words(phrase).trim().is_empty()) || no_condition {
            return Err(Error::invalid("phrases", "class_rule_too_wide", "the rule would cover every line"));
        }
        Ok(())
    }

    fn check_class(&self) -> Result<()> {
        let wrong_way = match self.class {
            Class::FeeReceipt | Class::Surplus | Class::OtherUnit | Class::Unknown => {
                let detail = "lines of this class are found by codes, not by rules";
                return Err(Error::invalid("class", "class_rule_class", detail));
            }
            Class::BankFee | Class::TransferToBudget | Class::RefundByUs => {
                self.direction != Direction::Debit
            }
            Class::Interest | Class::CashDeposit => self.direction != Direction::Credit,
            Class::Reversal | Class::OwnTransfer => false,
        };
        if wrong_way {
            let detail = format!("{} goes one way only", self.class.as_str());
            return Err(Error::invalid("direction", "class_rule_direction", detail));
        }
        Ok(())
    }

    fn check_amounts(&self) -> Result<()> {
        let given = [self.amount_at_least, self.amount_at_most];
        let is_wrong = given.iter().flatten().any(|amount| !amount.is_positive())
            || matches!(given, [Some(least), Some(most)] if least > most);
        if is_wrong {
            return Err(Error::invalid("amount_at_most", "class_rule_amounts", "the amounts are above zero"));
        }
        Ok(())
    }

    /// Compiled under a limit of size; matching takes time in proportion to the memo.
    fn regex(&self) -> Result<Option<Regex>> {
        let Some(pattern) = &self.pattern else { return Ok(None) };
        let wrong = |detail: String| Error::invalid("pattern", "class_rule_pattern", detail);
        if pattern.trim().is_empty() || pattern.len() > PATTERN_LIMIT {
            return Err(wrong(format!("1 to {PATTERN_LIMIT} characters")));
        }
        let compiled = RegexBuilder::new(pattern).size_limit(COMPILED_LIMIT_BYTES).build();
        let regex = compiled.map_err(|error| wrong(error.to_string()))?;
        if regex.is_match("") {
            return Err(wrong("it would be found in every memo".to_owned()));
        }
        Ok(Some(regex))
    }
}

const NAME_LIMIT: usize = 60;
const PATTERN_LIMIT: usize = 200;
const COMPILED_LIMIT_BYTES: usize = 256 * 1024;

/// Whether the memo holds one of the words for money given back. `TRA LAI` may also mean “pays
/// interest” (trả lãi), since diacritics never arrive: it counts on debits only.
pub fn speaks_of_return(memo_folded: &str) -> bool {
    let memo = words(memo_folded);
    RETURN_PHRASES.iter().any(|phrase| memo.contains(format!(" {phrase} ").as_str()))
}

const RETURN_PHRASES: [&str; 4] = ["HOAN TRA", "HOAN TIEN", "TRA LAI", "HOAN LAI"];

/// ASCII words with one space around each, so that a phrase is found only at word boundaries.
pub fn words(text: &str) -> String {
    let folded = fold(text);
    let mut spaced = String::with_capacity(folded.len() + 2);
    spaced.push(' ');
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            spaced.push(c);
        } else if !spaced.ends_with(' ') {
            spaced.push(' ');
        }
    }
    if !spaced.ends_with(' ') {
        spaced.push(' ');
    }
    spaced
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: Vec<Rule>,
}

/// Rules from TOML: a list of `[[rule]]` tables, in the order they are tried.
pub fn parse_rules(toml_text: &str) -> Result<Vec<Rule>> {
    let file: RuleFile = toml::from_str(toml_text)
        .map_err(|error| Error::invalid("rules", "class_rules_unreadable", error.message().to_owned()))?;
    let mut ids = HashSet::new();
    for (index, rule) in file.rule.iter().enumerate() {
        rule.check().map_err(|error| error.in_field(&format!("rule[{index}]")))?;
        if !ids.insert(rule.id.as_str()) {
            let detail = format!("two rules are named {}", rule.id);
            return Err(Error::invalid("rules", "class_rule_twice", detail));
        }
    }
    Ok(file.rule)
}

/// The same rules as TOML.
pub fn rules_to_toml(rules: &[Rule]) -> Result<String> {
    toml::to_string(&RuleFile { rule: rules.to_vec() })
        .map_err(|error| Error::internal(format!("rules cannot be written: {error}")))
}

/// The rules the program ships, in their order.
pub fn default_rules() -> Vec<Rule> {
    parse_rules(include_str!("../../../profiles/classification/default.toml")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
