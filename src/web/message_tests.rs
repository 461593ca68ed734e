use std::path::Path;

use super::*;
use crate::receipt::verify::Problem;

/// Where a code stands among the arguments of the calls that raise one.
const RAISED_BY: [(&str, usize); 14] = [
    ("Error::invalid(", 1),
    ("Error::not_found(", 0),
    ("Error::conflict(", 0),
    ("Error::forbidden(", 0),
    ("Error::unauthenticated(", 0),
    ("Error::too_large(", 0),
    ("Error::busy(", 0),
    ("Refusal::unauthenticated(", 0),
    ("Refusal::unreadable(", 0),
    ("Finding::new(", 1),
    ("Fault::new(", 0),
    (".refuse(", 0),
    (" refusal(", 0),
    (" invalid(", 0),
];

#[test]
fn every_code_in_the_source_has_words() {
    let mut missing = Vec::new();
    let mut count = 0;
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, source| {
        for code in codes_in(source) {
            count += 1;
            if !catalogue().contains_key(&code) {
                missing.push(format!("{code} ({})", path.display()));
            }
        }
    });
    assert!(count > 300, "the scan found {count} codes only: it does not see them any more");
    assert!(missing.is_empty(), "add to errors.toml: {missing:#?}");
}

#[test]
fn every_problem_of_a_signed_receipt_has_words() {
    for problem in Problem::ALL {
        assert!(catalogue().contains_key(problem.code()), "{}", problem.code());
    }
}

#[test]
fn the_words_are_whole_sentences_in_two_languages() {
    let read: HashMap<String, Words> = toml::from_str(CATALOGUE).expect("errors.toml is TOML");
    for (code, words) in &read {
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{code}");
        for text in [&words.vi, &words.en] {
            assert!(
                text.len() > 5 && text.ends_with('.') && crate::text::clean(text) == *text,
                "{code}: {text}"
            );
        }
        assert_ne!(words.vi, words.en, "{code}");
    }
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            visit(&path, look);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let tests = source.find("#[cfg(test)]\nmod tests {").unwrap_or(source.len());
            look(&path, &source[..tests]);
        }
    }
}

fn codes_in(source: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for (call, position) in RAISED_BY {
        for (at, _) in source.match_indices(call) {
            codes.extend(argument(&source[at + call.len()..], position).and_then(literal));
        }
    }
    for (at, field) in source.match_indices("code: \"") {
        codes.extend(
            source[at + field.len()..].split('"').next().filter(|text| is_code(text)).map(str::to_owned),
        );
    }
    codes
}

/// The text of one argument of a call whose bracket has just opened.
fn argument(rest: &str, position: usize) -> Option<&str> {
    let (mut depth, mut index, mut start) = (0_i32, 0, 0);
    let mut in_text = false;
    let mut previous = ' ';
    for (at, letter) in rest.char_indices() {
        match letter {
            '"' if previous != '\\' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return (index == position).then(|| &rest[start..at]),
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 && index == position => return Some(&rest[start..at]),
            ',' if depth == 0 => {
                index += 1;
                start = at + 1;
            }
            _ => {}
        }
        previous = letter;
    }
    None
}

fn literal(argument: &str) -> Option<String> {
    let text = argument.trim().strip_prefix('"')?.strip_suffix('"')?;
    is_code(text).then(|| text.to_owned())
}

fn is_code(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
