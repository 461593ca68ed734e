//! Classes of statement lines, and the rules, as data, for lines that are no fee of a citizen.
//!
//! A rule only explains a line by itself when its class needs no movement: the bank's own fees
//! and interest. For every other class a hit is a hint for a person.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::matching::Line;
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::text::fold;

/// What a line is. Every line of a closed day has exactly one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Money for an obligation of the account's unit, whole, partial or over.
    FeeReceipt,
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
    pub const ALL: [Class; 10] = [
        Class::FeeReceipt,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Only lines the bank made itself: no account stands on the other side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_counterparty: bool,
    /// Only lines the bank marked as reversals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked_reversal: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_at_most: Option<Dong>,
}

impl Rule {
    fn covers(&self, line: &Line, memo: &str) -> bool {
        self.direction.covers(line.amount)
            && (!self.without_counterparty || line.counterparty_account.is_none())
            && (!self.marked_reversal || line.reversal)
            && self.amount_at_most.is_none_or(|most| line.amount.0.unsigned_abs() <= most.0.unsigned_abs())
            && self.covers_words(memo)
    }

    fn covers_words(&self, memo: &str) -> bool {
        let without_words = self.phrases.is_empty() && self.starts_with.is_empty();
        without_words
            || self.phrases.iter().any(|phrase| memo.contains(words(phrase).as_str()))
            || self.starts_with.iter().any(|start| memo.starts_with(words(start).as_str()))
    }

    fn check(&self) -> Result<()> {
        if self.id.trim().is_empty() {
            return Err(Error::invalid("id", "class_rule_without_id", "a rule needs a name"));
        }
        let empty_phrase =
            self.phrases.iter().chain(&self.starts_with).any(|phrase| words(phrase).trim().is_empty());
        let no_condition = self.phrases.is_empty() && self.starts_with.is_empty() && !self.marked_reversal;
        if empty_phrase || no_condition {
            return Err(Error::invalid("phrases", "class_rule_too_wide", "the rule would cover every line"));
        }
        Ok(())
    }
}

/// The first rule that covers the line, with its class. Rules are tried in their order.
pub fn classify(line: &Line, rules: &[Rule]) -> Option<(Class, RuleId)> {
    let memo = words(&line.memo_folded);
    rules.iter().find(|rule| rule.covers(line, &memo)).map(|rule| (rule.class, rule.id.clone()))
}

/// Whether the memo holds one of the words for money given back. `TRA LAI` may also mean “pays
/// interest” (trả lãi), since diacritics never arrive: it counts on debits only.
pub fn speaks_of_return(memo_folded: &str) -> bool {
    let memo = words(memo_folded);
    RETURN_PHRASES.iter().any(|phrase| memo.contains(format!(" {phrase} ").as_str()))
}

const RETURN_PHRASES: [&str; 4] = ["HOAN TRA", "HOAN TIEN", "TRA LAI", "HOAN LAI"];

/// ASCII words with one space around each, so that a phrase is found only at word boundaries.
pub(super) fn words(text: &str) -> String {
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

/// A charge above this is looked at by a person.
const FEE_LIMIT: Dong = Dong(500_000);

/// The built-in set. Words of giving back and of the budget come before `PHI`, because “HOAN TRA
/// LE PHI” and “NOP NSNN PHI” hold that word too.
pub fn default_rules() -> Vec<Rule> {
    use Class::*;
    use Direction::*;
    let rule = |id: &str, class, direction, phrases: &[&str]| Rule {
        id: id.to_owned(),
        class,
        direction,
        phrases: phrases.iter().map(|phrase| (*phrase).to_owned()).collect(),
        starts_with: Vec::new(),
        without_counterparty: false,
        marked_reversal: false,
        amount_at_most: None,
    };
    let budget = ["NSNN", "KBNN", "KHO BAC", "NGAN SACH NHA NUOC"];
    let refund = ["HOAN TRA", "HOAN TIEN", "HOAN LAI", "HOAN PHI", "HOAN LE PHI", "TRA LAI"];
    let fee = ["PHI DICH VU", "PHI CHUYEN TIEN", "PHI QUAN LY", "PHI DUY TRI", "PHI SMS", "THUE GTGT", "VAT"];
    let interest =
        ["TRA LAI TIEN GUI", "LAI NHAP VON", "NHAP LAI VAO GOC", "LAI TIEN GUI", "CREDIT INTEREST"];
    vec![
        Rule { marked_reversal: true, ..rule("reversal_marked", Reversal, Both, &[]) },
        rule("budget", TransferToBudget, Debit, &budget),
        rule("refund", RefundByUs, Debit, &refund),
        rule("own_transfer", OwnTransfer, Both, &["CHUYEN NOI BO", "DIEU CHUYEN VON", "DIEU CHUYEN NOI BO"]),
        Rule {
            starts_with: vec!["PHI".into(), "THU PHI".into()],
            without_counterparty: true,
            amount_at_most: Some(FEE_LIMIT),
            ..rule("bank_fee", BankFee, Debit, &fee)
        },
        Rule { without_counterparty: true, ..rule("interest", Interest, Credit, &interest) },
        rule("cash_deposit", CashDeposit, Credit, &["NOP TIEN MAT", "NOP TM"]),
    ]
}

#[cfg(test)]
mod tests;
