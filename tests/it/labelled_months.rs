//! A simulated month is written with its truth, matched in a fresh database and scored.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::tools::{Folder, is_long};
use crate::support::{Database, each_database};

pub fn bienlai(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bienlai")).args(arguments).output().expect("it runs")
}

fn write_month(folder: &Path, seed: u32, lines: u32, accounts: u32) -> Value {
    let (seed, lines, accounts) = (seed.to_string(), lines.to_string(), accounts.to_string());
    let out = folder.to_str().expect("a plain path");
    let written = bienlai(&[
        "simulate",
        "month",
        "--seed",
        &seed,
        "--lines",
        &lines,
        "--accounts",
        &accounts,
        "--days",
        "5",
        "--out",
        out,
    ]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    serde_json::from_slice(&written.stdout).expect("what was written is told as JSON")
}

/// The exit code and the score.
fn score(database: &Database, month: &Path) -> (i32, Value) {
    let json = database.folder.path().join("score.json");
    let path = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let scored = bienlai(&[
        "simulate",
        "score",
        &path(month),
        "--database",
        &database.url,
        "--dir",
        &path(database.folder.path()),
        "--json",
        &path(&json),
    ]);
    let told = std::fs::read(&json).unwrap_or_else(|_| {
        panic!(
            "no score: {}{}",
            String::from_utf8_lossy(&scored.stdout),
            String::from_utf8_lossy(&scored.stderr)
        )
    });
    let code = scored.status.code().unwrap_or(-1);
    (code, serde_json::from_slice(&told).expect("the score is JSON"))
}

#[test]
fn matching_a_labelled_month_makes_no_false_match_and_leaves_little_to_people() {
    let (seeds, lines) = if is_long() { (1..=20, 3_000) } else { (1..=2, 250) };
    for seed in seeds {
        each_database(|database| {
            let folder = Folder::new("month");
            let month = folder.path().join("month");
            let told = write_month(&month, seed, lines, 3);
            let (code, score) = score(&database, &month);
            println!("seed {seed}: {score:#}");
            assert_eq!(score["lines"], told["lines"]);
            assert_eq!(score["false_matches"], 0, "{score:#}");
            assert_eq!(score["false_sums"], 0, "{score:#}");
            assert_eq!(score["missing"], 0, "{score:#}");
            assert_eq!(code, 0, "{score:#}");
        });
    }
}

#[test]
fn a_decision_against_the_truth_is_found_by_the_score() {
    let folder = Folder::new("month");
    let month = folder.path().join("month");
    write_month(&month, 3, 40, 2);
    let path = month.join("truth.csv");
    let truth = std::fs::read_to_string(&path).expect("the truth is a file");
    let first = truth.lines().find(|line| line.contains(",exact,")).expect("most lines are exact");
    let (_, code) = first.rsplit_once(',').expect("parts come last");
    let (code, amount) = code.split_once(':').expect("a code with its amount");
    let swapped: String = code.chars().take(12).chain(['*']).collect();
    let other = truth.replacen(&format!("{code}:{amount}"), &format!("{swapped}:{amount}"), 1);
    std::fs::write(&path, other).expect("the truth is changed");
    let (code, score) = score(&Database::sqlite(), &month);
    assert_eq!((code, &score["false_matches"]), (1, &Value::from(1)), "{score:#}");
}

#[test]
fn the_reconcile_bench_matches_every_line_and_closes_every_day_before_it_tells_a_time() {
    each_database(|database| {
        let folder = database.folder.path().to_str().expect("a plain path").to_owned();
        let json = format!("{folder}/bench.json");
        let arguments = ["bench", "reconcile", "--lines", "120", "--units", "2", "--database", &database.url];
        let measured = bienlai(&[&arguments[..], &["--dir", &folder, "--json", &json]].concat());
        assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
        let told = std::fs::read(&json).expect("the figures are written");
        let told: Value = serde_json::from_slice(&told).expect("the figures are JSON");
        let figure = |name: &str| {
            let figures = told["figures"].as_array().expect("figures");
            figures.iter().find(|one| one["name"] == name).map(|one| one["value"].clone())
        };
        assert_eq!(figure("lines left unknown"), Some(Value::from(0.0)), "{told:#}");
        assert_eq!(figure("days not closed"), Some(Value::from(0.0)), "{told:#}");
        assert_eq!(figure("open movements"), Some(Value::from(126.0)), "a line in twenty pays two claims");
    });
}
