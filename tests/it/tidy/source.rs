//! The tree as the style checks see it: each Rust file with its comments, its texts and its test
//! parts blanked out, byte for byte, so that line numbers stay right.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file of the tree.
pub struct Source {
    /// Relative to the package, with `/`.
    pub path: String,
    /// As it is on disk.
    pub text: String,
    /// Without comments and test parts; texts are kept.
    pub spoken: String,
    /// Without comments, test parts and texts.
    pub code: String,
}

impl Source {
    pub fn of(path: &str, text: &str) -> Source {
        let (mut spoken, mut code) = blank(text);
        for (start, end) in test_parts(&code) {
            wipe(&mut spoken, start, end);
            wipe(&mut code, start, end);
        }
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            spoken: into_text(spoken),
            code: into_text(code),
        }
    }

    /// Lines that are neither in a test part nor emptied together with one.
    pub fn line_count_without_tests(&self) -> usize {
        let (_, code) = blank(&self.text);
        let tests: usize = test_parts(&code)
            .iter()
            .map(|&(start, end)| code[start..end].iter().filter(|&&byte| byte == b'\n').count() + 1)
            .sum();
        self.text.lines().count() - tests.min(self.text.lines().count())
    }

    /// The room a file belongs to: `payment` for `src/payment/settle.rs`, `amount` for
    /// `src/amount.rs`.
    pub fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super::` lead from this file to the root of the package.
    pub fn depth(&self) -> usize {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').count() - usize::from(inside.ends_with("/mod.rs"))
    }
}

/// Every file below `folders` with one of the endings, sorted by path.
pub fn files(folders: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    for folder in folders {
        walk(&root.join(folder), &mut |path| {
            let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
            if endings.iter().any(|ending| name.ends_with(ending)) {
                let bytes = std::fs::read(path).expect("a readable file");
                found.push((name, into_text(bytes)));
            }
        });
    }
    found.sort();
    found
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files of `src/` that are not tests themselves.
pub fn product() -> Vec<Source> {
    let all: Vec<Source> =
        files(&["src"], &[".rs"]).iter().map(|(path, text)| Source::of(path, text)).collect();
    let tests = test_modules(&all);
    all.into_iter()
        .filter(|file| {
            let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
            !tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/")))
        })
        .collect()
}

/// Module paths (`src/payment/settle/tests`) that a `#[cfg(test)] mod x;` takes out of the product.
fn test_modules(all: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in all {
        let (_, code) = blank(&file.text);
        let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let home = if matches!(stem, "src/lib" | "src/main") { "src" } else { stem };
        for (start, end) in test_parts(&code) {
            let part = into_text(code[start..end].to_vec());
            let words: Vec<&str> = part
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .filter(|word| !word.is_empty())
                .collect();
            let name = words.iter().position(|word| *word == "mod").and_then(|at| words.get(at + 1));
            if let (Some(name), true) = (name, part.trim_end().ends_with(';')) {
                found.insert(format!("{home}/{name}"));
            }
        }
        // `#[path = "x_tests.rs"] mod tests;` keeps its file beside the one it tests.
        if stem.ends_with("_tests") {
            found.insert(stem.to_owned());
        }
    }
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    if folder.is_file() {
        return visit(folder);
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}

/// The text with every text and character literal taken out, so that what remains of a line is its
/// width as code: sentences for people and sample data may be longer than code.
pub fn without_literals(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut kept, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let comment = rest
            .starts_with(b"//")
            .then(|| rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
        let literal = text_length(rest, at.checked_sub(1).map(|before| bytes[before]));
        match (comment, literal) {
            (Some(length), _) => kept.extend_from_slice(&rest[..length]),
            (None, Some(length)) => kept.extend(rest[..length].iter().filter(|&&byte| byte == b'\n')),
            (None, None) => kept.push(rest[0]),
        }
        at += comment.or(literal).unwrap_or(1);
    }
    into_text(kept)
}

/// The text without comments, and the text without comments and texts; same length, same lines.
fn blank(text: &str) -> (Vec<u8>, Vec<u8>) {
    let bytes = text.as_bytes();
    let (mut spoken, mut code) = (bytes.to_vec(), bytes.to_vec());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            let end = at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            wipe(&mut spoken, at, end);
            wipe(&mut code, at, end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let end = at + comment_length(rest);
            wipe(&mut spoken, at, end);
            wipe(&mut code, at, end);
            at = end;
        } else if let Some(length) = text_length(rest, at.checked_sub(1).map(|before| bytes[before])) {
            wipe(&mut code, at, at + length);
            at += length;
        } else {
            at += 1;
        }
    }
    (spoken, code)
}

fn comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < rest.len() {
        match &rest[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" if depth == 1 => return at + 2,
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of the text or character literal that begins here, if one does.
fn text_length(rest: &[u8], before: Option<u8>) -> Option<usize> {
    let in_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let quoted = |from: usize, quote: u8| {
        let mut at = from + 1;
        while at < rest.len() && rest[at] != quote {
            at += if rest[at] == b'\\' { 2 } else { 1 };
        }
        (at + 1).min(rest.len())
    };
    match rest {
        [b'"', ..] => Some(quoted(0, b'"')),
        [b'b' | b'c', b'"', ..] if !in_word => Some(quoted(1, b'"')),
        [b'r', ..] | [b'b' | b'c', b'r', ..] if !in_word => {
            let start = if rest[0] == b'r' { 1 } else { 2 };
            let hashes = rest[start..].iter().take_while(|&&byte| byte == b'#').count();
            if rest.get(start + hashes) != Some(&b'"') {
                return None;
            }
            let mut close = vec![b'"'];
            close.resize(1 + hashes, b'#');
            let body = start + hashes + 1;
            let end = rest[body..].windows(close.len()).position(|window| window == close);
            Some(end.map_or(rest.len(), |end| body + end + close.len()))
        }
        [b'\'', b'\\', ..] => Some(quoted(0, b'\'')),
        // 'x' is a character, 'x without an end a lifetime; a character has one to four bytes.
        [b'\'', ..] => (2..=5)
            .find(|&end| rest.get(end) == Some(&b'\''))
            .filter(|&end| std::str::from_utf8(&rest[1..end]).is_ok_and(|inner| inner.chars().count() == 1))
            .map(|end| end + 1),
        _ => None,
    }
}

/// From each `#[cfg(test)]` to the end of the item it stands on.
fn test_parts(code: &[u8]) -> Vec<(usize, usize)> {
    const MARK: &[u8] = b"#[cfg(test)]";
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(found) = code[at..].windows(MARK.len()).position(|window| window == MARK) {
        let start = at + found;
        let (mut depth, mut end) = (0_i32, start + MARK.len());
        while end < code.len() {
            match code[end] {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => depth -= 1,
                _ => {}
            }
            end += 1;
            let closes = code[end - 1] == b'}' || code[end - 1] == b';' || code[end - 1] == b',';
            if depth <= 0 && closes {
                break;
            }
        }
        parts.push((start, end));
        at = end;
    }
    parts
}

fn wipe(bytes: &mut [u8], start: usize, end: usize) {
    for byte in &mut bytes[start..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn comments_texts_and_test_parts_are_not_code() {
    let file = Source::of(
        "src/payment/settle.rs",
        "use crate::a; // crate::b\n/* crate::c /* nested */ */ fn f<'a>(x: &'a str) -> char { g(\"crate::d \\\" \", r#\"crate::e\"#); '\"' }\n\
         #[cfg(test)]\nmod tests {\n    use crate::f;\n}\nfn last() {}\n",
    );
    assert!(file.code.contains("crate::a") && file.code.contains("fn last"));
    for hidden in ["crate::b", "crate::c", "crate::d", "crate::e", "crate::f"] {
        assert!(!file.code.contains(hidden), "{hidden} in {}", file.code);
    }
    assert!(file.spoken.contains("crate::d") && !file.spoken.contains("crate::b"));
    assert_eq!(file.code.lines().count(), file.text.lines().count());
    assert_eq!(file.line_count_without_tests(), 3);
    assert_eq!((file.room(), file.depth()), ("payment", 2));
}
