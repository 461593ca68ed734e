//! The form of a rule: what it begins with, what it says in one sentence, and the rule it describes.

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::reconciliation::classification::{Class, Direction, Rule};
use crate::text;
use crate::web::pages::fields::{Fields, Pairs, of_field};
use crate::web::pages::wording::Lang;

use super::report_page::day_typed;
use super::stored;

/// Days that a rule is tried on where nobody says.
pub(super) const TRIED_DAYS: i64 = 30;

/// The classes that a rule may give.
pub(super) fn classes(lang: Lang) -> Vec<(&'static str, &'static str)> {
    let by_codes = [Class::FeeReceipt, Class::Surplus, Class::OtherUnit, Class::Unknown];
    let all = Class::ALL.into_iter().filter(|class| !by_codes.contains(class));
    all.map(|class| (class.as_str(), lang.pick(class.vi(), class.en()))).collect()
}

/// The conditions of a rule in one sentence.
pub(super) fn says(lang: Lang, rule: &Rule) -> String {
    let mut parts = vec![stored::value(lang, direction(rule.direction))];
    let mut say = |key: &str, value: &str| parts.push(lang.with(key, value));
    if !rule.phrases.is_empty() {
        say("rules_says_phrases", &rule.phrases.join(", "));
    }
    if !rule.starts_with.is_empty() {
        say("rules_says_starts", &rule.starts_with.join(", "));
    }
    for (key, value) in [
        ("rules_says_pattern", &rule.pattern),
        ("rules_says_counterparty", &rule.counterparty),
        ("rules_says_bank", &rule.bank),
    ] {
        value.iter().for_each(|value| say(key, value));
    }
    rule.amount_at_least.iter().for_each(|amount| say("rules_says_least", &amount.to_string()));
    rule.amount_at_most.iter().for_each(|amount| say("rules_says_most", &amount.to_string()));
    if rule.without_counterparty {
        parts.push(lang.t("rules_without_counterparty").to_owned());
    }
    if rule.marked_reversal {
        parts.push(lang.t("rules_marked_reversal").to_owned());
    }
    parts.join("; ")
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Credit => "credit",
        Direction::Debit => "debit",
        Direction::Both => "both",
    }
}

/// The form as it begins from a rule in force.
pub(super) fn begun(typed: &Fields, rule: &Rule, rank: i32) -> Fields {
    let number = |amount: Option<Dong>| amount.map(|amount| amount.0.to_string()).unwrap_or_default();
    let flag = |is_set: bool| if is_set { "1".to_owned() } else { String::new() };
    let pairs = [
        ("unit", typed.get("unit").to_owned()),
        ("rule", rule.id.clone()),
        ("class", rule.class.as_str().to_owned()),
        ("direction", direction(rule.direction).to_owned()),
        ("phrases", rule.phrases.join("\n")),
        ("starts_with", rule.starts_with.join("\n")),
        ("pattern", rule.pattern.clone().unwrap_or_default()),
        ("counterparty", rule.counterparty.clone().unwrap_or_default()),
        ("bank", rule.bank.clone().unwrap_or_default()),
        ("amount_at_least", number(rule.amount_at_least)),
        ("amount_at_most", number(rule.amount_at_most)),
        ("without_counterparty", flag(rule.without_counterparty)),
        ("marked_reversal", flag(rule.marked_reversal)),
        ("is_off", flag(rule.is_off)),
        ("rank", rank.to_string()),
    ];
    Fields::of(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}

/// The days that a rule is tried on, where nobody said.
pub(super) fn with_days(typed: Fields, today: BusinessDay) -> Fields {
    let mut pairs: Pairs =
        typed.beginning("").map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (name, day) in [("from", today.plus_days(1 - TRIED_DAYS)), ("until", today)] {
        if typed.trimmed(name).is_empty() {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name.to_owned(), day.to_string()));
        }
    }
    Fields::of(pairs)
}

/// The rule that a form describes.
///
/// # Errors
/// `amount_not_whole`, `class_rule_class`, those of `Rule::check`.
pub(super) fn rule_of(fields: &Fields) -> Result<Rule> {
    let amounts = (dong(fields, "amount_at_least")?, dong(fields, "amount_at_most")?);
    let rule = described(fields, class_of(fields)?, amounts);
    rule.check().map_err(of_form)?;
    Ok(rule)
}

/// Everything that is wrong with a form, whether its rule is proposed or tried on past days.
pub(super) fn faults(fields: &Fields, today: BusinessDay) -> Vec<Error> {
    let (least, most) = (dong(fields, "amount_at_least"), dong(fields, "amount_at_most"));
    let class = class_of(fields);
    let amounts = (read(&least), read(&most));
    let rule = class.as_ref().ok().map(|class| described(fields, *class, amounts).faults());
    let mut found: Vec<Error> = rule.into_iter().flatten().map(of_form).collect();
    found.extend([class.err(), least.err(), most.err(), rank_of(fields).err()].into_iter().flatten());
    if fields.get("do") == "propose" {
        found.extend(text::reason(fields.get("reason")).err());
    } else {
        let day = |name: &str| day_typed(name, fields.get(name), today).err();
        found.extend(["from", "until"].into_iter().filter_map(day));
    }
    found
}

fn dong(fields: &Fields, name: &str) -> Result<Option<Dong>> {
    Ok(fields.dong(name)?.map(Dong))
}

/// An amount as far as it can be read.
fn read(amount: &Result<Option<Dong>>) -> Option<Dong> {
    amount.as_ref().ok().copied().flatten()
}

fn class_of(fields: &Fields) -> Result<Class> {
    let unknown = |_| Error::invalid("class", "class_rule_class", "no such class");
    Class::parse(fields.get("class")).map_err(unknown)
}

fn described(fields: &Fields, class: Class, (least, most): (Option<Dong>, Option<Dong>)) -> Rule {
    let text = |name: &str| Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty());
    let lines = |name: &str| -> Vec<String> {
        let parts = fields.get(name).lines().map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    Rule {
        id: fields.trimmed("rule").to_owned(),
        class,
        direction: match fields.get("direction") {
            "credit" => Direction::Credit,
            "debit" => Direction::Debit,
            _ => Direction::Both,
        },
        phrases: lines("phrases"),
        starts_with: lines("starts_with"),
        pattern: text("pattern"),
        counterparty: text("counterparty"),
        bank: text("bank"),
        amount_at_least: least,
        amount_at_most: most,
        without_counterparty: fields.get("without_counterparty") == "1",
        marked_reversal: fields.get("marked_reversal") == "1",
        is_off: fields.get("is_off") == "1",
    }
}

/// What is wrong with a rule, at the field that the form has for it.
fn of_form(error: Error) -> Error {
    match error.code() {
        "class_rule_without_id" => of_field(error, "rule"),
        _ => error,
    }
}

pub(super) fn rank_of(fields: &Fields) -> Result<Option<i32>> {
    let wrong = |_| Error::invalid("rank", "class_rule_rank", "a number");
    let text = fields.trimmed("rank");
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
}
