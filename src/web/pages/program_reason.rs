//! Why the program itself moved an item on: stored in English, as the trail keeps it, and told in the reader's words.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::wording::Lang;
use crate::text::grouped;

const CATALOGUE: &str = include_str!("../program_reasons.toml");

fn catalogue() -> &'static HashMap<String, String> {
    static READ: OnceLock<HashMap<String, String>> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(CATALOGUE).unwrap_or_default())
}

/// The reason in the reader's language. What the catalogue does not have is told as it is stored.
pub fn words(lang: Lang, stored: &str) -> String {
    let (pattern, numbers) = without_numbers(stored);
    match catalogue().get(&pattern).filter(|_| lang == Lang::Vi) {
        Some(words) => {
            numbers.iter().fold(words.clone(), |words, digits| words.replacen("{}", &grouped(digits), 1))
        }
        None => stored.to_owned(),
    }
}

/// The reason with `{}` in the place of each number, and the numbers.
fn without_numbers(stored: &str) -> (String, Vec<&str>) {
    let (mut pattern, mut numbers, mut rest) = (String::new(), Vec::new(), stored);
    while let Some(at) = rest.find(|one: char| one.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|one: char| !one.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        pattern.push_str(before);
        pattern.push_str("{}");
        numbers.push(digits);
        rest = after;
    }
    pattern.push_str(rest);
    (pattern, numbers)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_programs_reasons_are_told_in_the_readers_language() {
        let told = |stored: &str| words(Lang::Vi, stored);
        assert_eq!(told("5 working days in suspense"), "treo chờ xác định đã 5 ngày làm việc");
        assert_eq!(told("25000 đồng, no longer 30000"), "nay 25.000 đ, trước 30.000 đ");
        assert_eq!(told("the payer paid again"), "người nộp đã nộp lại");
        assert_eq!(words(Lang::En, "the payer paid again"), "the payer paid again");
        assert_eq!(told("nhầm hồ sơ 12"), "nhầm hồ sơ 12", "what a person wrote stays as it is");
    }

    #[test]
    fn each_reason_says_every_number_it_was_stored_with() {
        let read: HashMap<String, String> = toml::from_str(CATALOGUE).expect("program_reasons.toml is TOML");
        assert!(read.len() > 50);
        for (stored, words) in &read {
            assert_eq!(stored.matches("{}").count(), words.matches("{}").count(), "{stored}");
            assert_eq!(&crate::text::clean(words), words, "{stored}");
        }
    }

    /// The calls that end an item by itself, or put it anew, and that take the reason in quotes.
    const SETTLING: [&str; 10] = [
        "settled_exceptions.push(",
        ".settle.push(",
        "settle_exception(",
        "settle_rejection(",
        "tell_settled(",
        "asked_alone(",
        "settle_by_themselves(",
        "desk.settle(",
        "no_longer_late(",
        "ask_anew(",
    ];

    /// What stands in quotes in the statements of a file that make this call, up to an error of theirs. What has no
    /// blank is no reason.
    fn given_in<'a>(text: &'a str, call: &str) -> Vec<&'a str> {
        let found = text.match_indices(call).map(|(at, _)| text.split_at(at));
        let calls = found.filter(|(before, _)| !before.ends_with("fn ")).map(|(_, from)| from);
        let statements = calls.filter_map(|from| from.split(';').next()?.split("Error::").next());
        let quoted = statements.flat_map(|statement| statement.split('"').skip(1).step_by(2));
        quoted.filter(|words| words.contains(' ')).collect()
    }

    /// What stands in quotes behind the subject of a cause: `(unit, kind, Subject::Slip(slip.id), "the rest came")`.
    fn behind_subjects(text: &str) -> impl Iterator<Item = &str> {
        text.split("Subject::").skip(1).filter_map(|rest| {
            let (_, behind) = rest.split_once(')')?;
            let words = behind.trim_start_matches(')').strip_prefix(',')?.trim_start();
            words.strip_prefix('"')?.split('"').next()
        })
    }

    /// What a room that puts items anew calls the reason before it does. What a payer said is kept as it was said.
    fn before_restating(text: &str) -> Vec<&str> {
        let named = |name: &'static str| {
            text.split(name).skip(1).filter_map(|rest| {
                let words = rest.strip_prefix("format!(").unwrap_or(rest).strip_prefix('"')?;
                words.split('"').next().filter(|words| !words.starts_with("Người nộp"))
            })
        };
        match text.contains("exception::restate(") {
            true => named("let reason = ").chain(named("let why = ")).collect(),
            false => Vec::new(),
        }
    }

    /// Reasons as rooms give them in quotes: in a constant `WHY`, in a call of `SETTLING`, behind the subject of a
    /// cause, or before an item is put anew. Each with what it was found by.
    fn reasons_in(folder: &Path, found: &mut Vec<(&'static str, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                reasons_in(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs")
                && !path.ends_with("program_reason.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let named = text.split("const WHY: &str = \"").skip(1);
                let constants = named.filter_map(|rest| rest.split('"').next()).map(|words| ("WHY", words));
                let given = SETTLING
                    .iter()
                    .flat_map(|call| given_in(&text, call).into_iter().map(move |words| (*call, words)));
                let subjects = behind_subjects(&text).map(|words| ("Subject::", words));
                let restated = before_restating(&text).into_iter().map(|words| ("restate(", words));
                let all = constants.chain(given).chain(subjects).chain(restated);
                found.extend(all.map(|(by, words)| (by, words.to_owned())));
            }
        }
    }

    #[test]
    fn every_reason_that_a_room_gives_is_told_in_vietnamese() {
        let mut found = Vec::new();
        reasons_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let missing: Vec<&String> = found
            .iter()
            .map(|(_, reason)| reason)
            .filter(|reason| words(Lang::Vi, reason) == **reason)
            .collect();
        for by in ["WHY", "Subject::", "restate("].into_iter().chain(SETTLING) {
            assert!(found.iter().any(|one| one.0 == by), "the scan finds no reason by {by} any more");
        }
        for given in ["what it hinted at is settled", "it was sent again", "its money was handed over"] {
            assert!(found.iter().any(|(_, reason)| reason == given), "{given}");
        }
        assert!(missing.is_empty(), "add to program_reasons.toml: {missing:?}");
    }
}
