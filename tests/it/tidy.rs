//! Style as a test: the order of the rooms, what only one room may do, and the shape of the files.
//!
//! Each check is a function from files to findings. Known exceptions are listed beside it and can
//! only shrink: a finding that is not listed fails, and so does a listed one that is cured.

mod checks;
mod source;

use std::collections::BTreeSet;

use checks::*;
use source::{Source, files, product};

/// Edges that go against the order today.
const KNOWN_EDGES: &[(&str, &str)] = &[
    // The form of a database URL is checked with the rest of the configuration.
    ("src/config.rs", "config -> store"),
    // Quarantined lines and gaps between statements are exceptions from the moment of import.
    ("src/statement/left_out.rs", "statement -> exception"),
    ("src/statement/sequence.rs", "statement -> exception"),
    ("src/statement/version/mod.rs", "statement -> exception"),
    // Taking an account on posts its opening balance.
    ("src/unit/account.rs", "unit -> ledger"),
];

/// Names of database products outside `store/`.
const KNOWN_PRODUCTS: &[(&str, &str)] = &[
    // The demo says where its file is.
    ("src/demo/folder.rs", "sqlite"),
    // So does a bench.
    ("src/bench/place.rs", "sqlite"),
    ("src/payment/query.rs", "Sqlite"),
    ("src/statement/query.rs", "Sqlite"),
];

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

/// Floats far from money: metrics and measurements want them.
const KNOWN_FLOATS: &[(&str, &str)] = &[
    ("src/bench/load.rs", "a figure with a point"),
    ("src/bench/load.rs", "f64"),
    ("src/bench/measure.rs", "a figure with a point"),
    ("src/bench/measure.rs", "f64"),
    ("src/bench/pages.rs", "a figure with a point"),
    ("src/bench/pages.rs", "f64"),
    ("src/bench/reconcile.rs", "a figure with a point"),
    ("src/bench/reconcile.rs", "f64"),
    ("src/bench/reference.rs", "f64"),
    ("src/bench/report.rs", "a figure with a point"),
    ("src/bench/report.rs", "f64"),
    ("src/bench/score.rs", "a figure with a point"),
    ("src/bench/score.rs", "f64"),
    ("src/bench/score/judge.rs", "a figure with a point"),
    ("src/bench/score/judge.rs", "f64"),
    ("src/bench/child.rs", "f64"),
    ("src/payment/settler.rs", "f64"),
    // A spreadsheet has no other numbers.
    ("src/report/sheet.rs", "f64"),
    // A number of an old workbook is one; it becomes text before anything reads it as money.
    ("src/statement/workbook/biff.rs", "f64"),
    // What a body of a request says is handed on as it stands there.
    ("src/web/by_name.rs", "f64"),
    ("src/web/health.rs", "a figure with a point"),
    ("src/web/health.rs", "f64"),
];

/// Longer files, with the length they may have at most.
const KNOWN_LONG: &[(&str, usize)] = &[
    // One endpoint after the other: the API page.
    ("src/web/api/catalogue.rs", 740),
    // One table after the other; diesel reads it, people rarely do.
    ("src/store/schema.rs", 1_400),
];

/// Modules whose name is on the list of words that name nothing.
const KNOWN_EMPTY_NAMES: &[(&str, &str)] = &[];

const KNOWN_WIDE: &[(&str, &str)] = &[
    // A table of facts, one kind per line.
    ("src/exception/kind.rs", "over 120 columns"),
    // A macro, which the formatter leaves alone.
    ("src/store/rows.rs", "over 120 columns"),
];

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
    assert_eq!(found("src/reconciliation/day_query.rs", "use diesel::prelude::*;"), 0);
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
    let on_a_page = [Source::of("src/pdf/line.rs", "let width: f32 = 0.5;")];
    assert_eq!(floats(&on_a_page).len(), 0, "pages are measured in points");
}

#[test]
fn no_query_looks_for_matches_by_what_they_do_not_undo() {
    assert_only_known(null_traps(&product()), &[]);
}

#[test]
fn a_look_for_matches_by_what_they_do_not_undo_is_found() {
    let found = |text: &str| null_traps(&[Source::of("src/payment/line_query.rs", text)]).len();
    assert_eq!(found("\"AND t.undoes_id IS NULL\""), 1);
    assert_eq!(found("\"AND +t.undoes_id IS NULL\""), 0);
}

/// A template that asks for the password of somebody hides it while it is typed.
#[test]
fn a_password_is_never_typed_in_the_clear() {
    let mut count = 0;
    for (name, text) in files(&["src/web/templates"], &[".html"]) {
        for part in text.split("frame.t(\"confirm_password\")").skip(1) {
            let field = part.split_once("<input").map_or("", |(_, rest)| rest);
            let field = field.split_once('>').map_or("", |(field, _)| field);
            assert!(field.contains("type=\"password\""), "{name}: {field}");
            count += 1;
        }
    }
    assert!(count > 5, "the templates are read");
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
    assert_only_known(empty_names(&paths()), KNOWN_EMPTY_NAMES);
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
fn every_item_of_a_legal_profile_is_asked_for_by_somebody() {
    let files = product();
    assert_only_known(unasked_profile_items(&files), &[]);
}

#[test]
fn a_profile_item_that_nobody_asks_for_is_found() {
    let profile = "profile! {\n    asked: u32,\n    shown: u32,\n    dead: u32,\n}\n";
    let files = [
        Source::of("src/receipt/profile/mod.rs", profile),
        Source::of("src/filing/a.rs", "fn a() { profile.asked.value; named(\"shown\"); }"),
    ];
    let found = unasked_profile_items(&files);
    assert_eq!(found, [("src/receipt/profile/mod.rs".to_owned(), "dead".to_owned())]);
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
fn the_documents_name_functions_where_they_are() {
    let code = files(&["src", "tests"], &[".rs"]);
    let mut missing = Vec::new();
    for (document, text) in documents() {
        missing.extend(dead_names(&document, &text, &code));
    }
    assert_eq!(missing, Vec::<Finding>::new());
}

#[test]
fn a_function_that_moved_away_is_found() {
    let code = [("src/payment/flush.rs".to_owned(), "pub fn flush(tx: &mut Tx) {}\nstruct Book;".to_owned())];
    let found = |text: &str| dead_names("ARCHITECTURE.md", text, &code).len();
    assert_eq!(found("see `flush` in `payment/flush.rs`, or `book::Book` in `src/payment/flush.rs`"), 0);
    assert_eq!(found("see `flus` in `payment/flush.rs`"), 1);
    assert_eq!(found("see `flush` in `payment/book/mod.rs`"), 1);
    assert_eq!(found("see `x` and `flush`, in `payment/flush.rs`"), 0, "nothing is told of a place");
}

#[test]
fn errors_stand_under_one_heading() {
    assert_only_known(errors_without_heading(&product()), &[]);
}

#[test]
fn errors_told_in_another_way_are_found() {
    let found = |text: &str| errors_without_heading(&[Source::of("src/a.rs", text)]).len();
    assert_eq!(found("/// Reads it. Errors: `a`.\nfn f() {}"), 1);
    assert_eq!(found("    /// Errors as `read`.\n    fn f() {}"), 1);
    assert_eq!(found("/// Reads it.\n///\n/// # Errors\n/// `a`.\nfn f() {}"), 0);
}

#[test]
fn every_room_is_on_the_map() {
    let map = std::fs::read_to_string(source::root().join("ARCHITECTURE.md")).unwrap();
    let rooms: BTreeSet<String> = product().iter().map(|file| file.room().to_owned()).collect();
    assert_eq!(not_on_the_map(&rooms, &map), Vec::<String>::new());
}

#[test]
fn a_room_that_only_a_walk_names_is_not_on_the_map() {
    let rooms: BTreeSet<String> = ["amount".to_owned(), "report".to_owned(), "text".to_owned()].into();
    let map =
        "# A\n\n## The map\n\n| kernel | `amount.rs` · `text` |\n\n## Walks\n\n`report/mod.rs` lists.\n";
    assert_eq!(not_on_the_map(&rooms, map), vec!["report".to_owned()]);
}

/// Fails on a finding that is not known, and on a known one that is cured or whose file is gone.
fn assert_only_known(found: Vec<Finding>, known: &[(&str, &str)]) {
    let found: BTreeSet<Finding> = found.into_iter().collect();
    let is_known = |finding: &Finding| known.contains(&(finding.0.as_str(), finding.1.as_str()));
    let new: Vec<&Finding> = found.iter().filter(|finding| !is_known(finding)).collect();
    let cured: Vec<_> = known
        .iter()
        .filter(|(path, what)| !found.contains(&((*path).to_owned(), (*what).to_owned())))
        .collect();
    assert!(new.is_empty(), "not allowed: {new:#?}");
    assert!(cured.is_empty(), "cured: take it off the list, which may only shrink: {cured:#?}");
}

#[test]
#[should_panic(expected = "take it off the list")]
fn an_exception_that_is_no_longer_needed_is_found() {
    assert_only_known(Vec::new(), &[("src/lib.rs", "x -> y")]);
}
