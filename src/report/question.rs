//! What a report was asked: one id for one question, on the screen and in the file.

use ring::digest::{SHA256, digest};

use super::Period;
use crate::text;

/// The id of a question. The same for the same words, whoever asks it, and in whatever form.
pub fn id(words: &[&str]) -> String {
    let hash = text::hex(digest(&SHA256, words.join("|").as_bytes()).as_ref());
    format!("qry_{}", hash.get(..16).unwrap_or_default())
}

/// The title line that names it, Vietnamese and English.
pub fn line(words: &[&str]) -> String {
    let id = id(words);
    format!("Mã truy vấn: {id} / Query id: {id}")
}

/// The same of a report over a period.
pub fn line_over(report: &str, about: &str, period: Period) -> String {
    line(&[report, about, &period.from.to_string(), &period.until.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_has_one_id_and_every_word_of_it_counts() {
        assert_eq!(id(&["fees", "00004", "2026-11"]), id(&["fees", "00004", "2026-11"]));
        assert_ne!(id(&["fees", "00004", "2026-11"]), id(&["fees", "00004", "2026-10"]));
        assert!(line(&["fees"]).starts_with("Mã truy vấn: qry_"));
    }
}
