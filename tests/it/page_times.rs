//! The benches of pages and of waiting pages do what they say before they tell a time.

use std::cell::RefCell;

use serde_json::Value;

use crate::labelled_months::bienlai;
use crate::support::each_database;

fn measured(arguments: &[&str]) -> Vec<(String, f64)> {
    let told = RefCell::new(Vec::new());
    each_database(|database| {
        let folder = database.folder.path().to_str().expect("a plain path").to_owned();
        let json = format!("{folder}/bench.json");
        let more = ["--database", &database.url, "--dir", &folder, "--json", &json];
        let ran = bienlai(&[arguments, &more].concat());
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let figures: Value = serde_json::from_slice(&std::fs::read(&json).expect("figures")).expect("JSON");
        *told.borrow_mut() = figures["figures"]
            .as_array()
            .expect("figures")
            .iter()
            .map(|one| {
                (one["name"].as_str().unwrap_or_default().to_owned(), one["value"].as_f64().unwrap_or(-1.0))
            })
            .collect();
    });
    told.into_inner()
}

#[test]
fn the_page_bench_asks_every_page_over_receipts_that_are_there() {
    let told = measured(&["bench", "pages", "--receipts", "100", "--units", "2", "--rounds", "10"]);
    let receipts = told.iter().find(|(name, _)| name == "receipts").map(|(_, value)| *value);
    assert_eq!(receipts, Some(100.0), "{told:?}");
    let timed = told.iter().filter(|(name, value)| name.ends_with(": p99") && *value > 0.0).count();
    assert!(timed >= 80, "every page that the service names, {timed}: {told:?}");
    let is_told = |name: &str| told.iter().any(|(known, _)| known == name);
    assert!(is_told("the city: p99") && is_told("GET /duties: p99"), "{told:?}");
}

#[test]
fn the_bench_of_waiting_pages_tells_each_of_its_money() {
    let told =
        measured(&["bench", "live", "--waiting", "40", "--units", "2", "--rounds", "10", "--warmup", "1"]);
    let value = |name: &str| told.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    assert_eq!(value("pages that wait"), Some(40.0), "{told:?}");
    assert!(value("acknowledged to told, p99").is_some_and(|ms| ms > 0.0 && ms < 10_000.0), "{told:?}");
}
