//! Names on public pages: enough for the payer to know it is theirs, too little for anybody else.

/// `Trần Thị Mẫu` becomes `T*** T*** Mẫu`, `Mẫu` becomes `M***`.
pub fn name(full: &str) -> String {
    let words: Vec<&str> = full.split_whitespace().collect();
    let Some((last, before)) = words.split_last() else { return String::new() };
    if before.is_empty() {
        return word(last);
    }
    let mut masked: Vec<String> = before.iter().map(|part| word(part)).collect();
    masked.push((*last).to_owned());
    masked.join(" ")
}

fn word(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(String::from).unwrap_or_default();
    // The length of a name is no secret worth keeping, but a fixed one tells even less.
    format!("{first}***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_given_name_stays_whole() {
        assert_eq!(name("Trần Thị Mẫu"), "T*** T*** Mẫu");
        assert_eq!(name("  Mẫu "), "M***");
        assert_eq!(name(""), "");
        assert_eq!(name("CÔNG TY TNHH MẪU"), "C*** T*** T*** MẪU");
    }
}
