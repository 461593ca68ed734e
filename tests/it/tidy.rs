//! Style as a test: the order of the rooms, what only one room may do, and the shape of the files.
//!
//! Each check is a function from files to findings. Known exceptions are listed beside it and can
//! only shrink: a finding that is not listed fails, and so does a listed one that is gone.

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Source, files, product};

/// The rooms, from the ground up: a room uses only rooms of earlier rows (`ARCHITECTURE.md`).
const ROOMS: &[&[&str]] = &[
    &["actor", "amount", "clock", "error", "id", "text", "working_days"],
    &["pdf", "store", "config"],
    &["audit", "job"],
    &["unit", "identity", "party"],
    &["tariff", "ledger", "receipt", "statement", "notification", "exception"],
    &["obligation"],
    &["payment"],
    &["correction"],
    &["reconciliation"],
    &["remittance"],
    &["report", "simulator"],
    // `app` is the wiring: it makes every part, and these three are handed the parts by it.
    &["app", "web", "worker", "cli"],
    &["lib", "main"],
];

/// Rows whose rooms know each other: the kernel, and the wiring with its users.
const OPEN_ROWS: [usize; 3] = [0, 11, 12];

/// Edges that go against the order today.
const KNOWN_EDGES: &[(&str, &str)] = &[
    // The form of a database URL is checked with the rest of the configuration.
    ("src/config.rs", "config -> store"),
    // Taking an account on posts its opening balance.
    ("src/unit/account.rs", "unit -> ledger"),
];

/// Names of database products outside `store/`.
const KNOWN_PRODUCTS: &[(&str, &str)] = &[("src/payment/query.rs", "Sqlite")];

/// `diesel` outside `store/` and `query.rs`.
const KNOWN_DIESEL: &[(&str, &str)] = &[
    ("src/receipt/cancel.rs", "diesel"),
    ("src/tariff/edition.rs", "diesel"),
    ("src/unit/account.rs", "diesel"),
    ("src/unit/certificate.rs", "diesel"),
    ("src/unit/mod.rs", "diesel"),
    ("src/unit/series.rs", "diesel"),
    ("src/unit/trust.rs", "diesel"),
    ("src/web/retention.rs", "diesel"),
];

/// Floats far from money: metrics want them.
const KNOWN_FLOATS: &[(&str, &str)] = &[("src/payment/settler.rs", "f64")];

/// The longest a file may be, tests not counted.
const LINE_LIMIT: usize = 500;
/// Longer files, with the length they may have at most.
const KNOWN_LONG: &[(&str, usize)] = &[
    ("src/payment/book.rs", 650),
    ("src/payment/prove.rs", 680),
    ("src/payment/query.rs", 700),
    ("src/payment/settle.rs", 800),
    // One table after the other; diesel reads it, people rarely do.
    ("src/store/schema.rs", 1_000),
];

const COLUMN_LIMIT: usize = 120;
const KNOWN_WIDE: &[(&str, &str)] = &[
    // A table of facts, one kind per line.
    ("src/exception/kind.rs", "over 120 columns"),
    // A macro, which the formatter leaves alone.
    ("src/store/rows.rs", "over 120 columns"),
];

/// Words that name no thing of the trade.
const EMPTY_NAMES: [&str; 10] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"];

type Finding = (String, String);

#[test]
fn a_room_uses_only_rooms_before_it() {
    let files = product();
    assert!(files.len() > 100, "the walk found {} files", files.len());
    assert_only_known(edges_against_the_order(&files), KNOWN_EDGES);
}

#[test]
fn an_edge_against_the_order_is_found_however_it_is_written() {
    let found = |path: &str, text: &str| edges_against_the_order(&[Source::of(path, text)]).len();
    assert_eq!(found("src/receipt/issue.rs", "use crate::payment::settle;"), 1);
    assert_eq!(found("src/receipt/issue.rs", "use crate::{actor::Actor, payment::{self, settle}};"), 1);
    assert_eq!(found("src/receipt/issue.rs", "fn f() { crate::payment::settle() }"), 1);
    assert_eq!(found("src/receipt/verify/mod.rs", "use super::super::payment;"), 1);
    assert_eq!(found("src/party/mod.rs", "use crate::unit;"), 1, "rooms of one row do not know each other");
    assert_eq!(found("src/store/mod.rs", "use crate::worker;"), 1);
    assert_eq!(found("src/attic/mod.rs", ""), 1, "a room that is not in the table");
    assert_eq!(found("src/payment/settle.rs", "use crate::receipt; use super::query; use crate::amount;"), 0);
    assert_eq!(found("src/receipt/issue.rs", "#[cfg(test)]\nmod tests { use crate::payment; }"), 0);
    assert_eq!(found("src/receipt/issue.rs", "// crate::payment is told later"), 0);
    assert_eq!(found("src/web/mod.rs", "use crate::app::App;"), 0);
}

#[test]
fn only_the_store_knows_which_database_it_is() {
    assert_only_known(products_outside_the_store(&product()), KNOWN_PRODUCTS);
}

#[test]
fn a_product_named_elsewhere_is_found() {
    let found = |path: &str, text: &str| products_outside_the_store(&[Source::of(path, text)]).len();
    assert_eq!(found("src/party/query.rs", "let sql = \"select 1 -- PostgreSQL only\";"), 1);
    assert_eq!(found("src/party/query.rs", "match conn { Conn::Pg(inner) => 1 }"), 1);
    assert_eq!(found("src/party/query.rs", "// SQLite has one writer.\nlet page = 1;"), 0);
    assert_eq!(found("src/store/conn.rs", "Conn::Sqlite(inner)"), 0);
}

#[test]
fn only_the_clock_reads_the_clock_and_only_the_configuration_the_environment() {
    assert_only_known(clock_and_environment(&product()), &[]);
}

#[test]
fn a_clock_or_environment_read_elsewhere_is_found() {
    let found = |path: &str, text: &str| clock_and_environment(&[Source::of(path, text)]).len();
    assert_eq!(found("src/audit/mod.rs", "let now = chrono::Utc::now();"), 1);
    assert_eq!(found("src/audit/mod.rs", "let now = SystemTime::now();"), 1);
    assert_eq!(found("src/audit/mod.rs", "let home = std::env::var_os(\"HOME\");"), 1);
    assert_eq!(found("src/config.rs", "std::env::var(name)"), 0);
    assert_eq!(found("src/config.rs", "Utc::now()"), 1);
    assert_eq!(found("src/store/migrate.rs", "env!(\"CARGO_PKG_VERSION\")"), 0);
}

#[test]
fn diesel_stays_in_the_store_and_in_query_files() {
    assert_only_known(diesel_outside_queries(&product()), KNOWN_DIESEL);
}

#[test]
fn diesel_elsewhere_is_found() {
    let found = |path: &str, text: &str| diesel_outside_queries(&[Source::of(path, text)]).len();
    assert_eq!(found("src/payment/settle.rs", "use diesel::prelude::*;"), 1);
    assert_eq!(found("src/payment/query.rs", "use diesel::prelude::*;"), 0);
    assert_eq!(found("src/store/lease.rs", "use diesel::prelude::*;"), 0);
    assert_eq!(found("src/payment/settle.rs", "// diesel::prelude"), 0);
}

#[test]
fn there_are_no_floats_near_money() {
    assert_only_known(floats(&product()), KNOWN_FLOATS);
}

#[test]
fn a_float_is_found_by_its_type_and_by_its_figure() {
    let found = |text: &str| floats(&[Source::of("src/amount.rs", text)]).len();
    assert_eq!(found("fn f(x: f64) {}"), 1);
    assert_eq!(found("let share = 0.5;"), 1);
    assert_eq!(found("let pair = ((1, 2), 3); pair.0.1"), 0);
    assert_eq!(found("for i in 0..5 {} \"0.5\""), 0);
}

#[test]
fn files_stay_short() {
    assert_eq!(too_long(&product(), KNOWN_LONG), Vec::<Finding>::new());
}

#[test]
fn a_long_file_is_found_but_not_for_its_tests() {
    let lines = "fn f() {}\n".repeat(LINE_LIMIT + 1);
    let with_tests = format!("#[cfg(test)]\nmod tests {{\n{lines}}}\n");
    assert_eq!(too_long(&[Source::of("src/a.rs", &lines)], &[]).len(), 1);
    assert_eq!(too_long(&[Source::of("src/a.rs", &with_tests)], &[]).len(), 0);
    assert_eq!(too_long(&[Source::of("src/a.rs", &lines)], &[("src/a.rs", 502)]).len(), 0);
    assert_eq!(too_long(&[Source::of("src/a.rs", "")], &[("src/a.rs", 502)]).len(), 1, "no longer needed");
}

#[test]
fn lines_are_short_and_end_where_they_end() {
    let code = files(&["src", "tests", "benches"], &[".rs"]);
    assert_only_known(too_wide(&code), KNOWN_WIDE);
    let others = files(
        &["migrations", "xsd", ".ci", "check", "Cargo.toml", "deny.toml"],
        &[".sql", ".xsd", ".toml", "check", "run"],
    );
    let documents = documents();
    assert!(documents.len() >= 5, "README, ARCHITECTURE, CONTRIBUTING, SECURITY, CHANGELOG");
    for text in [code, others, documents] {
        assert_only_known(trailing_spaces(&text), &[]);
    }
}

#[test]
fn a_long_line_and_a_trailing_space_are_found() {
    let wide = |text: &str| too_wide(&[("src/a.rs".into(), text.into())]).len();
    assert_eq!(wide(&"x".repeat(COLUMN_LIMIT + 1)), 1);
    assert_eq!(wide(&format!("// {}", "x".repeat(COLUMN_LIMIT))), 1);
    assert_eq!(wide(&"đ".repeat(COLUMN_LIMIT)), 0, "characters count, not bytes");
    assert_eq!(wide(&format!("f(\"{}\")", "x".repeat(COLUMN_LIMIT))), 0, "texts do not count");
    let trailing = |text: &str| trailing_spaces(&[("src/a.rs".into(), text.into())]).len();
    assert_eq!(trailing("fn f() {} \n"), 1);
    assert_eq!(trailing("\tfn f() {}\n"), 1);
    assert_eq!(trailing("fn f() {}\n"), 0);
}

#[test]
fn modules_are_named_after_things_of_the_trade() {
    assert_only_known(empty_names(&paths()), &[]);
}

#[test]
fn a_module_that_names_nothing_is_found() {
    let found = |path: &str| empty_names(&[path.to_owned()]).len();
    assert_eq!(found("src/payment/helpers.rs"), 1);
    assert_eq!(found("src/util/dates.rs"), 1);
    assert_eq!(found("src/payment/settle.rs"), 0);
}

#[test]
fn both_products_have_the_same_migrations() {
    let folders = |product: &str| -> BTreeSet<String> {
        let prefix = format!("migrations/{product}/");
        files(&["migrations"], &[".sql"])
            .into_iter()
            .filter_map(|(path, _)| path.strip_prefix(&prefix).map(str::to_owned))
            .collect()
    };
    let (postgresql, sqlite) = (folders("postgresql"), folders("sqlite"));
    assert!(postgresql.len() >= 5);
    assert_eq!(not_twins(&postgresql, &sqlite), BTreeSet::new());
}

#[test]
fn a_migration_without_its_twin_is_found() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(not_twins(&set(&["1/up.sql", "2/up.sql"]), &set(&["1/up.sql"])), set(&["2/up.sql"]));
    assert_eq!(not_twins(&set(&["1/up.sql"]), &set(&["1/up.sql", "2/up.sql"])), set(&["2/up.sql"]));
}

#[test]
fn nothing_is_left_half_done() {
    assert_only_known(leftovers(&product()), &[]);
}

#[test]
fn what_is_left_half_done_is_found() {
    let found = |text: &str| leftovers(&[Source::of("src/a.rs", text)]).len();
    assert_eq!(found("fn f() { todo!() }"), 1);
    assert_eq!(found("fn f() { unimplemented!(\"later\") }"), 1);
    assert_eq!(found("dbg!(x);"), 1);
    assert_eq!(found("// todo!() is not allowed"), 0);
}

/// A map that names what is not there is worse than none.
#[test]
fn the_documents_name_files_that_exist() {
    let paths = paths();
    let mut missing = Vec::new();
    for (document, text) in documents() {
        missing.extend(dead_references(&document, &text, &paths));
    }
    assert_eq!(missing, Vec::<Finding>::new());
}

#[test]
fn a_reference_to_a_file_that_is_gone_is_found() {
    let paths = vec!["src/payment/settle.rs".to_owned()];
    let found = |text: &str| dead_references("ARCHITECTURE.md", text, &paths).len();
    assert_eq!(found("see `src/payment/unsettle.rs`"), 1);
    assert_eq!(found("see `src/payment/settle.rs` in `src/payment/`"), 0);
    assert_eq!(found("see `src/pay/`"), 1);
    assert_eq!(found("see `payment/unsettle.rs`"), 1);
    assert_eq!(found("see `payment/settle.rs`; SQL stays in `query.rs`"), 0);
    assert_eq!(found("a new file `src/payment/channel/<name>.rs`"), 0);
}

#[test]
fn every_room_is_on_the_map() {
    let map = std::fs::read_to_string(source::root().join("ARCHITECTURE.md")).unwrap();
    let rooms: BTreeSet<String> = product().iter().map(|file| file.room().to_owned()).collect();
    let missing: Vec<&String> = rooms.iter().filter(|room| !map.contains(&format!("`{room}"))).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

fn edges_against_the_order(files: &[Source]) -> Vec<Finding> {
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

fn products_outside_the_store(files: &[Source]) -> Vec<Finding> {
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

fn clock_and_environment(files: &[Source]) -> Vec<Finding> {
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

fn diesel_outside_queries(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        if file.room() != "store" && !file.path.ends_with("/query.rs") && file.code.contains("diesel::") {
            found.push((file.path.clone(), "diesel".to_owned()));
        }
    }
    found
}

fn floats(files: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
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

fn too_long(files: &[Source], known: &[(&str, usize)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let length = file.line_count_without_tests();
        let allowed = known.iter().find(|(path, _)| *path == file.path).map(|(_, limit)| *limit);
        if length > allowed.unwrap_or(LINE_LIMIT) {
            found.push((file.path.clone(), format!("{length} lines")));
        } else if allowed.is_some() && length <= LINE_LIMIT {
            found.push((file.path.clone(), "is short now: take it off the list".to_owned()));
        }
    }
    found
}

/// Lines of code over the limit; texts in quotes do not count.
fn too_wide(files: &[(String, String)]) -> Vec<Finding> {
    let is_wide =
        |text: &str| source::without_literals(text).lines().any(|line| line.chars().count() > COLUMN_LIMIT);
    files
        .iter()
        .filter(|(_, text)| is_wide(text))
        .map(|(path, _)| (path.clone(), format!("over {COLUMN_LIMIT} columns")))
        .collect()
}

fn trailing_spaces(files: &[(String, String)]) -> Vec<Finding> {
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

fn empty_names(paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| path.ends_with(".rs")) {
        let parts = path.trim_end_matches(".rs").split('/');
        found.extend(
            parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| (path.clone(), part.to_owned())),
        );
    }
    found
}

fn not_twins(one: &BTreeSet<String>, other: &BTreeSet<String>) -> BTreeSet<String> {
    one.symmetric_difference(other).cloned().collect()
}

fn leftovers(files: &[Source]) -> Vec<Finding> {
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
fn dead_references(document: &str, text: &str, paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for named in text.split('`').skip(1).step_by(2) {
        let is_ours =
            ["src/", "tests/", "migrations/", "fixtures/", "xsd/"].iter().any(|top| named.starts_with(top));
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

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn paths() -> Vec<String> {
    let kinds = [".rs", ".sql", ".md", ".toml", ".xsd", ".csv", ".xml", ".pem", ".sta", ".html", ".css"];
    files(&["src", "tests", "migrations", "fixtures", "xsd", "benches"], &kinds)
        .into_iter()
        .map(|(path, _)| path)
        .collect()
}

fn documents() -> Vec<(String, String)> {
    let names = ["README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG", "BENCHMARKS"];
    let names: Vec<String> = names.iter().map(|name| format!("{name}.md")).collect();
    files(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[".md"])
}

/// Fails on a finding that is not known, and on a known one that is gone.
fn assert_only_known(found: Vec<Finding>, known: &[(&str, &str)]) {
    let found: BTreeSet<Finding> = found.into_iter().collect();
    let known: BTreeSet<Finding> =
        known.iter().map(|(path, what)| ((*path).to_owned(), (*what).to_owned())).collect();
    let new: Vec<&Finding> = found.difference(&known).collect();
    let gone: Vec<&Finding> = known.difference(&found).collect();
    assert!(new.is_empty(), "not allowed: {new:#?}");
    assert!(gone.is_empty(), "cured: take it off the list, which may only shrink: {gone:#?}");
}

#[test]
#[should_panic(expected = "take it off the list")]
fn an_exception_that_is_no_longer_needed_is_found() {
    assert_only_known(Vec::new(), &[("src/a.rs", "x -> y")]);
}
