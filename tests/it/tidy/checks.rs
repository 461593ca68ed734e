//! The checks themselves: from files to findings, (place, what).

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Source, files};

/// The rooms, from the ground up: a room uses only rooms of earlier rows (`ARCHITECTURE.md`).
const ROOMS: &[&[&str]] = &[
    &["actor", "amount", "clock", "error", "id", "text", "working_days"],
    &["pdf", "store", "config"],
    &["audit"],
    &["unit", "identity", "party", "proposal"],
    &["tariff", "ledger", "receipt", "statement", "exception"],
    &["obligation", "register"],
    &["notification"],
    &["remittance", "shift"],
    &["payment"],
    &["filing"],
    &["correction"],
    &["reconciliation"],
    &["duty", "privacy", "queue", "report", "simulator"],
    // `app` is the wiring: it makes every part, and the others are handed the parts by it.
    &["app", "web", "worker", "cli", "demo", "bench"],
    &["lib", "main"],
];

/// Rows whose rooms know each other: the kernel, what is shown, and the wiring with its users.
const OPEN_ROWS: [usize; 3] = [0, 12, 13];

/// The longest a file may be, tests not counted.
pub const LINE_LIMIT: usize = 500;

pub const COLUMN_LIMIT: usize = 120;

/// Words that name no thing of the trade.
const EMPTY_NAMES: [&str; 10] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"];

pub type Finding = (String, String);

pub fn edges_against_the_order(files: &[Source]) -> Vec<Finding> {
    let rows: BTreeMap<&str, usize> = ROOMS
        .iter()
        .enumerate()
        .flat_map(|(row, rooms)| rooms.iter().map(move |room| (*room, row)))
        .collect();
    let mut found = Vec::new();
    for file in files {
        let Some(&own) = rows.get(file.room()) else {
            found.push((file.path.clone(), format!("room `{}` is not in the table", file.room())));
            continue;
        };
        for used in used_rooms(file) {
            let Some(&other) = rows.get(used.as_str()) else { continue };
            let is_open = own == other && OPEN_ROWS.contains(&own);
            if used != file.room() && own <= other && !is_open {
                found.push((file.path.clone(), format!("{} -> {used}", file.room())));
            }
        }
    }
    found
}

/// The first names after `crate::` (also in braces) and after as many `super::` as lead to the root.
fn used_rooms(file: &Source) -> BTreeSet<String> {
    let to_root = "super::".repeat(file.depth());
    let mut used = BTreeSet::new();
    for start in ["crate::", "bienlai::", to_root.as_str()] {
        if start == "bienlai::" && file.room() == "lib" {
            continue;
        }
        for (at, _) in file.code.match_indices(start) {
            let before = file.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            used.extend(first_names(&file.code[at + start.len()..]));
        }
    }
    used
}

fn first_names(rest: &str) -> Vec<String> {
    if !rest.starts_with('{') {
        return vec![word(rest)];
    }
    let (mut names, mut depth) = (Vec::new(), 0_usize);
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(c, '{' | ',') {
            names.push(word(rest[at + 1..].trim_start()));
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

pub fn products_outside_the_store(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !matches!(file.room(), "store" | "config")) {
        for name in words(&file.spoken) {
            if matches!(name.to_lowercase().as_str(), "postgres" | "postgresql" | "sqlite" | "pg") {
                found.push((file.path.clone(), name.to_owned()));
            }
        }
    }
    found
}

pub fn clock_and_environment(files: &[Source]) -> Vec<Finding> {
    let clock = ["Utc::now", "Local::now", "SystemTime::now"];
    let environment = ["env::var(", "env::var_os", "env::vars", "env::set_var", "env::remove_var"];
    let mut found = Vec::new();
    for file in files {
        let banned = clock.iter().filter(|_| file.path != "src/clock.rs");
        for name in banned.chain(environment.iter().filter(|_| file.path != "src/config.rs")) {
            if file.code.contains(name) {
                found.push((file.path.clone(), (*name).to_owned()));
            }
        }
    }
    found
}

pub fn diesel_outside_queries(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let is_query = file.path.ends_with("/query.rs") || file.path.ends_with("_query.rs");
        if file.room() != "store" && !is_query && file.code.contains("diesel::") {
            found.push((file.path.clone(), "diesel".to_owned()));
        }
    }
    found
}

/// Pages are measured in points; amounts reach them as texts.
const MEASURED: [&str; 8] = [
    "src/pdf/",
    "src/queue/letter_form.rs",
    "src/receipt/rendition/form/",
    "src/reconciliation/day_close/page.rs",
    "src/reconciliation/month_close/page.rs",
    "src/remittance/form.rs",
    "src/report/city/paper.rs",
    "src/shift/slip_form.rs",
];

pub fn floats(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_measured = |file: &&Source| MEASURED.iter().any(|room| file.path.starts_with(room));
    for file in files.iter().filter(|file| !is_measured(file)) {
        for name in words(&file.code).filter(|name| matches!(*name, "f32" | "f64")) {
            found.push((file.path.clone(), name.to_owned()));
        }
        for (at, _) in file.code.match_indices('.') {
            let digits: String =
                file.code[..at].chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let before = file.code[..at - digits.len()].chars().next_back();
            let after = file.code[at + 1..].chars().next();
            let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
            if is_number && before != Some('.') && after.is_some_and(|c| c.is_ascii_digit()) {
                found.push((file.path.clone(), "a figure with a point".to_owned()));
            }
        }
    }
    found
}

/// SQLite takes `column IS NULL` on a unique key for a single row and reads all rows that undo nothing,
/// for each line of a day. The sign before the column keeps that key out of the plan.
pub fn null_traps(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        for (at, _) in file.spoken.match_indices(".undoes_id IS NULL") {
            let before = file.spoken[..at].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
            if !before.ends_with('+') {
                found.push((file.path.clone(), "undoes_id IS NULL without a + before it".to_owned()));
            }
        }
    }
    found
}

pub fn too_long(files: &[Source], known: &[(&str, usize)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let length = file.line_count_without_tests();
        let allowed = known.iter().find(|(path, _)| *path == file.path).map(|(_, limit)| *limit);
        if length > allowed.unwrap_or(LINE_LIMIT) {
            found.push((file.path.clone(), format!("{length} lines")));
        } else if allowed.is_some() && length <= LINE_LIMIT - 50 {
            found.push((file.path.clone(), "is short now: take it off the list".to_owned()));
        }
    }
    found
}

/// Lines of code over the limit; texts in quotes do not count.
pub fn too_wide(files: &[(String, String)]) -> Vec<Finding> {
    let is_wide =
        |text: &str| source::without_literals(text).lines().any(|line| line.chars().count() > COLUMN_LIMIT);
    files
        .iter()
        .filter(|(_, text)| is_wide(text))
        .map(|(path, _)| (path.clone(), format!("over {COLUMN_LIMIT} columns")))
        .collect()
}

pub fn trailing_spaces(files: &[(String, String)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", number + 1);
            if line.ends_with([' ', '\t', '\r']) {
                found.push((place, "space at the end".to_owned()));
            } else if line.contains('\t') {
                found.push((place, "a tab".to_owned()));
            }
        }
    }
    found
}

pub fn empty_names(paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| path.ends_with(".rs")) {
        let parts = path.trim_end_matches(".rs").split('/');
        found.extend(
            parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| (path.clone(), part.to_owned())),
        );
    }
    found
}

pub fn not_twins(one: &BTreeSet<String>, other: &BTreeSet<String>) -> BTreeSet<String> {
    one.symmetric_difference(other).cloned().collect()
}

pub fn leftovers(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        for mark in ["todo!", "unimplemented!", "dbg!"] {
            if file.code.contains(mark) {
                found.push((file.path.clone(), mark.to_owned()));
            }
        }
    }
    found
}

/// Names in backticks that look like files or folders of ours and are not there. Names of Rust
/// files may leave out `src/`.
pub fn dead_references(document: &str, text: &str, paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for named in text.split('`').skip(1).step_by(2) {
        let is_ours = ["src/", "tests/", "migrations/", "fixtures/", "xsd/", "docs/"]
            .iter()
            .any(|top| named.starts_with(top));
        let is_pattern = named.contains(['<', '*', ' ', '{', '…', '\n']);
        // A bare `query.rs` is any room's, not a file.
        let is_role = ["mod.rs", "rules.rs", "query.rs", "tests.rs"].contains(&named);
        if is_pattern || is_role || !(is_ours || named.ends_with(".rs")) {
            continue;
        }
        let folder = format!("{}/", named.trim_end_matches('/'));
        let is_there = |path: &String| {
            let inside = path.strip_prefix("src/").unwrap_or(path);
            path == named || inside == named || path.starts_with(&folder)
        };
        if !paths.iter().any(is_there) {
            found.push((document.to_owned(), named.to_owned()));
        }
    }
    found
}

/// Names told as “`this` in `that.rs`” that the file does not define.
pub fn dead_names(document: &str, text: &str, code: &[(String, String)]) -> Vec<Finding> {
    let pieces: Vec<&str> = text.split('`').collect();
    let mut found = Vec::new();
    for told in pieces.windows(3).skip(1).step_by(2) {
        let [named, " in ", file] = told else { continue };
        let name = named.rsplit("::").next().unwrap_or(named).trim_end_matches('!');
        let is_it = |path: &str| path == *file || path.strip_prefix("src/") == Some(*file);
        let is_there = code.iter().any(|(path, text)| is_it(path) && defines(text, name));
        if file.ends_with(".rs") && !is_there {
            found.push((document.to_owned(), format!("{named} in {file}")));
        }
    }
    found
}

fn defines(text: &str, name: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type", "macro_rules!"];
    kinds.iter().any(|kind| {
        let wanted = format!("{kind} {name}");
        let ends = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        text.match_indices(&wanted).any(|(at, _)| ends(text[at + wanted.len()..].chars().next()))
    })
}

/// Items that tell their errors otherwise than under the heading rustdoc knows.
pub fn errors_without_heading(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let documentation = file.text.lines().filter_map(|line| line.trim_start().strip_prefix("///"));
        for line in documentation.filter(|line| line.contains("Errors:") || line.contains("Errors as ")) {
            found.push((file.path.clone(), line.trim().to_owned()));
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

pub fn paths() -> Vec<String> {
    let kinds =
        [".rs", ".sql", ".md", ".toml", ".xsd", ".csv", ".xml", ".pem", ".sta", ".html", ".css", ".java"];
    files(&["src", "tests", "migrations", "fixtures", "xsd", "benches", "docs"], &kinds)
        .into_iter()
        .map(|(path, _)| path)
        .collect()
}

pub fn documents() -> Vec<(String, String)> {
    let names = ["README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG", "BENCHMARKS"];
    let names: Vec<String> = names.iter().map(|name| format!("{name}.md")).collect();
    let mut places: Vec<&str> = names.iter().map(String::as_str).collect();
    places.push("docs");
    files(&places, &[".md"])
}

/// Rooms that the table of *The map* does not name; a mention elsewhere is no entry.
pub fn not_on_the_map(rooms: &BTreeSet<String>, document: &str) -> Vec<String> {
    let map = document.split("\n## ").find(|section| section.starts_with("The map")).unwrap_or_default();
    let is_there =
        |room: &String| map.contains(&format!("`{room}`")) || map.contains(&format!("`{room}.rs`"));
    rooms.iter().filter(|room| !is_there(room)).cloned().collect()
}

/// Items of legal profiles that no code outside their loading reads and nobody is shown: rules that rule
/// nothing.
pub fn unasked_profile_items(files: &[Source]) -> Vec<Finding> {
    const PLACE: &str = "src/receipt/profile/mod.rs";
    let Some(profile) = files.iter().find(|file| file.path == PLACE) else { return Vec::new() };
    let items = profile.code.split("profile! {").last().and_then(|rest| rest.split("\n}").next());
    let items = items.unwrap_or_default().lines().filter_map(|line| line.trim().split_once(": "));
    let names =
        items.map(|(name, _)| name).filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    let is_loading = |file: &&Source| {
        !file.path.starts_with("src/receipt/profile/load")
            && !file.path.starts_with("src/receipt/profile/item")
    };
    let is_asked = |name: &str| {
        files.iter().filter(is_loading).any(|file| {
            file.code.contains(&format!(".{name}."))
                || file.code.contains(&format!(".{name},"))
                || file.code.contains(&format!(".{name}\n"))
                || file.code.contains(&format!(".{name} "))
                || file.code.contains(&format!(".{name};"))
                || file.spoken.contains(&format!("\"{name}\""))
        })
    };
    names.filter(|name| !is_asked(name)).map(|name| (PLACE.to_owned(), name.to_owned())).collect()
}
