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

/// Acts are keys of their own: `day.closed`.
fn is_act(key: &str) -> bool {
    key.contains('.')
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

    /// The part in one's own language of a text that has both. What both quote may have the mark between them, too.
    pub fn part(self, text: &str) -> &str {
        const BETWEEN: &str = " / ";
        let middle = text.matches(BETWEEN).count() / 2;
        let parts = text.match_indices(BETWEEN).nth(middle);
        let parts = parts.and_then(|(at, _)| Some((text.get(..at)?, text.get(at + BETWEEN.len()..)?)));
        parts.map_or(text, |(vi, en)| self.pick(vi, en))
    }

    /// The words of a key. A test holds that every key in use is in the catalogue.
    pub fn t(self, key: &str) -> &'static str {
        catalogue().get(key).map_or("…", |words| self.of_words(words))
    }

    /// The words of a key with its `{}` filled.
    pub fn with(self, key: &str, value: impl std::fmt::Display) -> String {
        self.t(key).replacen("{}", &value.to_string(), 1)
    }

    /// What an act of the trail is called, by its code; none for one that this version does not record.
    pub fn of_act(self, code: &str) -> Option<&'static str> {
        catalogue().get(code).filter(|_| is_act(code)).map(|words| self.of_words(words))
    }

    /// Every act of the trail with its words, by code.
    pub fn acts(self) -> Vec<(&'static str, &'static str)> {
        let acts = catalogue().iter().filter(|(code, _)| is_act(code));
        let mut acts: Vec<_> = acts.map(|(code, words)| (code.as_str(), self.of_words(words))).collect();
        acts.sort_unstable();
        acts
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

    #[test]
    fn of_a_text_in_both_languages_ones_own_part_is_read_whatever_it_quotes() {
        assert_eq!(Lang::Vi.part("một / one"), "một");
        let quoting = "Số tiền “5 / 6” không đọc được / the amount “5 / 6” cannot be read";
        assert_eq!(Lang::Vi.part(quoting), "Số tiền “5 / 6” không đọc được");
        assert_eq!(Lang::En.part(quoting), "the amount “5 / 6” cannot be read");
        assert_eq!(Lang::En.part("một"), "một");
    }

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
            } else if path.file_name().is_some_and(|name| name != "wording.rs")
                && path.extension().is_some_and(|end| end == "rs" || end == "html")
            {
                found.push(std::fs::read_to_string(&path).unwrap());
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
        for text in &mut texts {
            *text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        }
        let is_key =
            |key: &String| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        let used: BTreeSet<String> = texts.iter().flat_map(|text| keys_in(text)).filter(is_key).collect();
        assert!(used.len() > 60, "the scan found {} keys only", used.len());
        let missing: Vec<_> = used.iter().filter(|key| !read.contains_key(*key)).collect();
        assert!(missing.is_empty(), "add to wording.toml: {missing:?}");
        let all = texts.concat();
        let is_said = |key: &str| used.contains(key) || all.contains(&format!("\"{key}\""));
        let unused: Vec<_> = read.keys().filter(|key| !is_act(key) && !is_said(key)).collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
    }

    /// Settings and fields whose names look like acts.
    const NO_ACTS: [&str; 7] = [
        "evidence.timestamp_trust_file",
        "series.document_kind",
        "series.last_allowed_no",
        "series.plan_ahead_days",
        "series.year",
        "trust.authority_files",
        "unit.principal",
    ];

    #[test]
    fn every_act_of_the_trail_is_called_by_words_and_no_words_are_for_an_act_that_nobody_records() {
        let mut texts = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
        let is_code = |word: &&str| {
            let (room, act) = word.split_once('.').unwrap_or_default();
            let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            !room.is_empty() && !act.is_empty() && is_plain(room) && is_plain(act)
        };
        let mut recorded = BTreeSet::new();
        for text in &texts {
            for (at, _) in text.match_indices("Entry::by(") {
                let statement = text[at..].split(';').next().unwrap_or_default();
                recorded.extend(statement.split('"').skip(1).step_by(2).find(is_code));
            }
        }
        // An act may be passed on before it is recorded: whatever is called like one of a room that has acts.
        let acts = Lang::En.acts();
        let rooms: BTreeSet<&str> =
            acts.iter().filter_map(|(code, _)| code.split_once('.')).map(|(room, _)| room).collect();
        let is_of_room = |code: &&str| {
            let (room, act) = code.split_once('.').unwrap_or_default();
            rooms.contains(room) && !["html", "json"].contains(&act) && !NO_ACTS.contains(code)
        };
        for text in &texts {
            recorded.extend(text.split('"').filter(is_code).filter(is_of_room));
        }
        assert!(recorded.len() > 100, "the scan found {} acts only", recorded.len());
        for passed_on in ["notice.approved", "login.locked"] {
            assert!(recorded.contains(passed_on), "{passed_on}");
        }
        let unnamed: Vec<_> = recorded.iter().filter(|code| Lang::Vi.of_act(code).is_none()).collect();
        assert!(unnamed.is_empty(), "add to wording.toml: {unnamed:?}");
        let all = texts.concat();
        let idle: Vec<_> = acts.iter().filter(|(code, _)| !all.contains(&format!("\"{code}\""))).collect();
        assert!(idle.is_empty(), "nobody records {idle:?}");
        assert_eq!(Lang::Vi.of_act("day.closed"), Some("Khóa ngày"));
        assert_eq!(Lang::Vi.of_act("trail_actor"), None, "another word is no act");
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
    fn the_code_that_a_payer_transfers_with_has_one_name() {
        let other = "mã thanh toán";
        for (key, words) in catalogue() {
            assert!(!words.vi.to_lowercase().contains(other), "{key}");
        }
        let errors = include_str!("../../../errors.toml").to_lowercase();
        assert!(!errors.contains(other));
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
