use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;
use crate::obligation::reference::CodeBook;
use crate::obligation::reference::Found;
use crate::statement;

fn plan(seed: u64) -> Plan {
    Plan { seed, line_count: 150, account_count: 3, first_day: "2026-10-01".parse().unwrap(), day_count: 6 }
}

/// Every file under a folder with its bytes.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_of(&path));
        } else {
            found.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_seed_others() {
    let written = |seed: u64| {
        let folder = tempfile::tempdir().unwrap();
        let count = write(&make(&plan(seed)).unwrap(), folder.path()).unwrap();
        let bytes = bytes_of(folder.path());
        assert_eq!(bytes.len(), count);
        bytes
    };
    assert_eq!(written(11), written(11));
    assert_ne!(written(11), written(12));
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let month = make(&plan(5)).unwrap();
    write(&month, folder.path()).unwrap();
    let read = Folder::open(folder.path()).unwrap();
    assert_eq!(read.places, month.places);
    assert_eq!(read.owed, month.owed);
    assert_eq!(read.told, month.told);
    assert_eq!(read.truths, month.truths);
    assert_eq!(read.paid, month.paid);
    assert_eq!(write(&month, folder.path()).unwrap_err().code(), "month_folder_in_use");
}

#[test]
fn every_line_of_the_statements_has_exactly_one_truth() {
    let folder = tempfile::tempdir().unwrap();
    write(&make(&plan(21)).unwrap(), folder.path()).unwrap();
    let read = Folder::open(folder.path()).unwrap();
    let mut lines = BTreeSet::new();
    for (day, path) in &read.statements {
        let parsed = statement::parse(&fs::read(path).unwrap());
        assert!(parsed.errors.is_empty(), "{}: {:?}", path.display(), parsed.errors);
        for statement in parsed.statements {
            let account = statement.account_number().unwrap();
            for line in statement.lines {
                let amount = line.amount.normalize().to_string();
                lines.insert((account.clone(), *day, line.bank_reference.unwrap(), amount));
            }
        }
    }
    let truths: Vec<_> = read
        .truths
        .iter()
        .map(|one| {
            (one.account_no.clone(), one.booked_on, one.bank_reference.clone(), one.amount.0.to_string())
        })
        .collect();
    assert_eq!(truths.iter().cloned().collect::<BTreeSet<_>>(), lines);
    assert_eq!(truths.len(), lines.len(), "a truth is told twice");
    assert!(read.truths.len() >= 150);
}

#[test]
fn what_is_called_decidable_can_be_read_from_the_memo_or_from_a_claim() {
    let month = make(&plan(33)).unwrap();
    let verified = |memo: &str| -> BTreeSet<String> {
        let found = CodeBook::hanoi().extract(memo);
        found.iter().filter_map(Found::verified).map(|code| code.as_str().to_owned()).collect()
    };
    for truth in month.truths.iter().filter(|truth| truth.class == "fee_receipt") {
        let booking = month
            .bank
            .ledger()
            .iter()
            .find(|one| one.bank_reference == truth.bank_reference && one.signed() == truth.amount.0)
            .unwrap();
        let by_claims: BTreeSet<String> = month
            .told
            .iter()
            .filter(|told| told.bank_reference.as_deref() == Some(truth.bank_reference.as_str()))
            .flat_map(|told| verified(&told.memo))
            .collect();
        let codes: BTreeSet<String> = truth.parts.iter().map(|(code, _)| code.clone()).collect();
        let is_legible = verified(&booking.memo) == codes || by_claims == codes;
        let is_exact = truth.parts.iter().map(|(_, amount)| amount.0).sum::<i64>() == truth.amount.0;
        assert_eq!(is_legible && is_exact, truth.is_decidable, "{truth:?} {booking:?}");
    }
}

#[test]
fn a_plan_out_of_bounds_is_refused() {
    for wrong in [Plan { line_count: 0, ..plan(1) }, Plan { account_count: 127, ..plan(1) }] {
        assert_eq!(make(&wrong).unwrap_err().code(), "month_plan_invalid");
    }
}
