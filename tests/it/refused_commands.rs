//! What a command cannot do is told by a code of its own, before anything is changed.

use std::process::Command;

use bienlai::id::ReceiptId;
use bienlai::web::message::words;

use crate::cash_by_command::Shell;
use crate::support::{World, each_database};

#[test]
fn a_command_that_cannot_be_done_is_told_by_the_name_of_its_rule() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Phạm Văn Mẫu").to_string());
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/classification/default.toml");
        let nowhere = world.database.folder.path().join("khong-co").join("ngay.csv");
        let nowhere = nowhere.to_str().unwrap();
        let account = world.ba_dinh.account_no.to_string();
        let trust = [
            "trust",
            "grant",
            "--unit",
            "00004",
            "--account",
            &account,
            "--channel",
            "khong-co",
            "--agreement",
            "1/TT",
            "--until",
            "2099-12-31",
            "--claim-limit",
            "1000",
            "--unproven-limit",
            "1000",
            "--maker",
            &maker,
            "--checker",
            &checker,
        ];
        let propose = ["rule", "propose", rules, "--rank", "0", "--reason", "thử", "--person", &maker];
        let list = [
            "list",
            "days",
            "--unit",
            "00004",
            "--from",
            "2026-11-01",
            "--until",
            "2026-11-30",
            "--out",
            nowhere,
        ];
        let cases: [(&[&str], &str); 5] = [
            (&["user", "sso", "mot.nguoi", "--subject", "3f1c"], "sso_off"),
            (&["tax", "send"], "tax_endpoint_missing"),
            (&trust, "channel_unknown"),
            (&propose, "class_rule_rank"),
            (&list, "file_unwritable"),
        ];
        let trail = world.count("audit_entry");
        for (arguments, code) in cases {
            let (exit, _, error) = shell.run(arguments);
            assert!(exit == 1 && error.contains(code), "{arguments:?}: {exit} {error}");
        }
        assert_eq!(world.count("audit_entry"), trail, "nothing was changed");
    });
}

/// Exit code, standard error.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bienlai")).args(arguments).output().expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_argument_that_cannot_be_read_is_told_in_both_languages_by_the_words_of_its_code() {
    let receipt = ReceiptId(1).to_string();
    let early = ["tax", "report", "make", "--all", "--quarter", "2019-Q1"];
    assert!(words("quarter_before_receipts").vi.contains("2022-Q3"));
    assert!(refused(&early).1.contains("expected 2022-Q3 or later"), "words and bound say the same");
    let cases: [(&[&str], &str); 5] = [
        (&early, "quarter_before_receipts"),
        (&["correction", "request", "rcp_nope"], "id_unreadable"),
        (&["correction", "request", &receipt, "--kind", "merge"], "correction_kind_unknown"),
        (&["tax", "report", "make", "--all", "--quarter", "2026-Q9"], "quarter_unreadable"),
        (&["client", "create", "--role", "king"], "role_unknown"),
    ];
    for (arguments, code) in cases {
        let (exit, error) = refused(arguments);
        let said = words(code);
        let first = error.lines().next().unwrap_or_default();
        assert_eq!(first, format!("bienlai: {} / {}", said.vi, said.en), "{arguments:?}: {error}");
        assert!(exit == 2 && error.contains(code), "{arguments:?}: {exit} {error}");
    }
    let (exit, error) = refused(&["tax", "report", "make", "--all"]);
    assert!(exit == 2 && error.starts_with("error:"), "what is missing has no code: {error}");
}

#[test]
fn a_test_certificate_is_not_issued_for_a_tax_code_with_a_wrong_check_digit() {
    let out = std::env::temp_dir().join(format!("bienlai-no-key-{}", std::process::id()));
    let out = out.to_str().unwrap();
    let issue =
        ["key", "issue", "--ca", out, "--name", "Phường Mẫu", "--tax-code", "0199000018", "--out", out];
    let (exit, error) = refused(&issue);
    assert!(exit == 1 && error.contains("tax_code_wrong"), "{exit} {error}");
    assert!(error.contains(&words("tax_code_wrong").vi), "{error}");
    assert!(!std::path::Path::new(out).exists(), "nothing was made");
}

#[test]
fn a_profile_that_is_mistyped_is_answered_with_the_names_there_are() {
    let (exit, error) = refused(&["profile", "show", "ND999"]);
    assert!(exit == 1 && error.contains(&words("profile_not_found").vi), "{exit} {error}");
    assert!(error.contains("there are ND123-2.0.0, ND70-2.1.0, ND254-2.1.1"), "{error}");
    assert!(!error.contains("cập nhật") && !error.contains("update"), "{error}");
}

#[test]
fn a_profile_tells_its_longest_texts_in_words_line_by_line() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_bienlai")).args(["profile", "show"]).output().expect("it runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!shown.contains("Lengths"), "{shown}");
    let lines = |words: &str| shown.lines().filter(|line| line.contains(words)).count();
    assert_eq!(lines("tên chứng từ / document's name: 100"), 1, "{shown}");
    assert_eq!(lines("ghi chú / note: 255"), 1, "{shown}");
}
