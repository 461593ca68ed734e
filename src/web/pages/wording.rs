//! What pages say: Vietnamese first, English on request, all of it in `wording.toml`.

use std::collections::HashMap;
use std::sync::OnceLock;

use actix_web::HttpRequest;

use crate::web::message::{self, Words};

const CATALOGUE: &str = include_str!("../wording.toml");
/// Remembers the language somebody chose; it says nothing about the person.
pub const COOKIE: &str = "bienlai-lang";

fn catalogue() -> &'static HashMap<String, Words> {
    static READ: OnceLock<HashMap<String, Words>> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(CATALOGUE).unwrap_or_default())
}

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    Vi,
    En,
}

impl Lang {
    /// The language of a request: what was chosen before, else Vietnamese.
    pub fn of(request: &HttpRequest) -> Lang {
        match request.cookie(COOKIE) {
            Some(cookie) => Lang::named(cookie.value()),
            None => Lang::Vi,
        }
    }

    pub fn named(text: &str) -> Lang {
        if text == "en" { Lang::En } else { Lang::Vi }
    }

    pub fn code(self) -> &'static str {
        self.pick("vi", "en")
    }

    pub fn other(self) -> &'static str {
        self.pick("en", "vi")
    }

    pub fn pick<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// The part in one's own language of a text that has both.
    pub fn part(self, text: &str) -> &str {
        text.split_once(" / ").map_or(text, |(vi, en)| self.pick(vi, en))
    }

    /// The words of a key. A test holds that every key in use is in the catalogue.
    pub fn t(self, key: &str) -> &'static str {
        catalogue().get(key).map_or("…", |words| self.of_words(words))
    }

    /// The words of a key with its `{}` filled.
    pub fn with(self, key: &str, value: impl std::fmt::Display) -> String {
        self.t(key).replacen("{}", &value.to_string(), 1)
    }

    /// What an error says.
    pub fn of_code(self, code: &str) -> &'static str {
        self.of_words(message::words(code))
    }

    fn of_words(self, words: &'static Words) -> &'static str {
        self.pick(&words.vi, &words.en)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Keys as they stand in calls: `t("…")`, `with("…"`, `key("…")`.
    fn keys_in(text: &str) -> Vec<String> {
        let mut keys = Vec::new();
        for call in ["t(\"", "with(\"", "key: \"", "fill(lang, \""] {
            for (at, _) in text.match_indices(call) {
                let before = text[..at].chars().next_back().unwrap_or(' ');
                let rest = &text[at + call.len()..];
                let is_call = call.starts_with("key") || call.starts_with("fill") || before == '.';
                if let Some(key) = rest.split('"').next().filter(|_| is_call) {
                    keys.push(key.to_owned());
                }
            }
        }
        keys
    }

    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if path.file_name().is_some_and(|name| name != "wording.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
            }
        }
    }

    #[test]
    fn every_key_in_use_has_words_and_every_word_is_used() {
        let read: HashMap<String, Words> = toml::from_str(CATALOGUE).expect("wording.toml is TOML");
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut texts = Vec::new();
        files(&web.join("pages"), &mut texts);
        files(&web.join("templates"), &mut texts);
        let is_key =
            |key: &String| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        let used: BTreeSet<String> = texts.iter().flat_map(|text| keys_in(text)).filter(is_key).collect();
        assert!(used.len() > 60, "the scan found {} keys only", used.len());
        let missing: Vec<_> = used.iter().filter(|key| !read.contains_key(*key)).collect();
        assert!(missing.is_empty(), "add to wording.toml: {missing:?}");
        let all = texts.concat();
        let unused: Vec<_> =
            read.keys().filter(|key| !used.contains(*key) && !all.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
    }

    /// Files of pages with Vietnamese in them: each string beside its English one, or a word that is stored.
    const BESIDE_ENGLISH: [&str; 6] = [
        "called.rs",
        "receipt.rs",
        "verify.rs",
        // Kinds of units, the name of a layout and the sign of a currency are data.
        "unit_forms.rs",
        "columns.rs",
        "statements.rs",
    ];

    fn is_vietnamese(line: &str) -> bool {
        let is_of_latin = |c: char| matches!(c, 'à'..='ö' | 'ø'..='ý' | 'À'..='Ö' | 'Ø'..='Ý');
        let is_own = |c: char| matches!(c, '\u{1ea0}'..='\u{1ef9}') || "ăđĩũơưĂĐĨŨƠƯ".contains(c);
        line.chars().any(|c| is_of_latin(c) || is_own(c))
    }

    #[test]
    fn no_page_speaks_vietnamese_to_who_chose_english() {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut found = Vec::new();
        let mut look = |folder: &str, is_code: bool| {
            let mut waiting = vec![web.join(folder)];
            while let Some(path) = waiting.pop() {
                if path.is_dir() {
                    waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                    continue;
                }
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                let said = text.split("#[cfg(test)]").next().unwrap_or_default();
                let is_said =
                    |line: &&str| !is_code || (!line.trim().starts_with("//") && line.contains('"'));
                let lines = said.lines().filter(is_said).filter(|line| is_vietnamese(line));
                let is_known = is_code && (BESIDE_ENGLISH.contains(&name.as_str()) || name == "wording.rs");
                found.extend(lines.filter(|_| !is_known).map(|line| format!("{name}: {}", line.trim())));
            }
        };
        look("templates", false);
        look("pages", true);
        assert!(found.is_empty(), "into wording.toml with them: {found:#?}");
        assert!(is_vietnamese("Mã lỗi") && is_vietnamese("đã") && !is_vietnamese("“Done” – 5 × 3"));
    }

    #[test]
    fn the_words_stand_in_two_languages() {
        for (key, words) in catalogue() {
            assert!(!words.vi.is_empty() && !words.en.is_empty(), "{key}");
            assert_eq!(words.vi.matches("{}").count(), words.en.matches("{}").count(), "{key}");
            assert_eq!(crate::text::clean(&words.vi), words.vi, "{key}");
        }
        assert_eq!(Lang::Vi.with("change_due", "5.000 đ"), "Tiền trả lại: 5.000 đ");
    }
}
