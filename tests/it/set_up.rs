//! `./check` on a machine that lacks something: it says what, and begins nothing.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use bienlai::bench::Subject;

use crate::support::tools::Folder;

/// What the script itself is made of.
const OWN: [&str; 6] = ["dirname", "mktemp", "rm", "grep", "head", "cat"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A program that answers one thing, whatever it is asked.
fn stub(bin: &Path, name: &str, answer: &str) {
    let path = bin.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho {answer}\n")).expect("a program");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it may run");
}

/// Exit code, and what it told, of the check where only these programs are found.
fn check(bin: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("/bin/bash");
    command.arg(root().join("check")).args(arguments).env("PATH", bin).env_remove("BIENLAI_TEST_LONG");
    let output = command.output().expect("bash runs");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn the_check_names_what_a_machine_lacks_and_begins_nothing() {
    let folder = Folder::new("set-up");
    let bin = folder.path().join("bin");
    std::fs::create_dir_all(&bin).expect("a folder");
    for name in OWN {
        symlink(Path::new("/usr/bin").join(name), bin.join(name)).expect("a link");
    }
    let (code, told) = check(&bin, &["--quick"]);
    assert!(code == Some(2) && told.contains("usage: ./check [--long]"), "{code:?} {told}");

    let (code, told) = check(&bin, &[]);
    assert!(
        code == Some(2) && told.contains("cargo is missing: install a Rust toolchain"),
        "{code:?} {told}"
    );
    stub(&bin, "cargo", "");
    let (code, told) = check(&bin, &[]);
    assert!(code == Some(2) && told.contains("cc is missing"), "{code:?} {told}");

    stub(&bin, "cc", "");
    stub(&bin, "id", "1000");
    stub(&bin, "apt-get", "must-not-run");
    let (code, told) = check(&bin, &[]);
    assert_eq!(code, Some(2), "{told}");
    for package in ["xmlsec1", "libxml2-utils", "chromium", "poppler-utils", "zbar-tools", "qpdf", "softhsm2"]
    {
        assert!(told.contains(package), "{package} is not named: {told}");
    }
    assert!(told.contains("install them, for example: sudo apt-get install"), "{told}");
    assert!(!told.contains("must-not-run") && !told.contains("cargo fmt"), "nothing is begun: {told}");
}

#[test]
fn what_is_checked_elsewhere_is_the_check_and_nothing_else() {
    let run = std::fs::read_to_string(root().join(".ci/run")).expect("the file");
    let commands: Vec<&str> = run.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(commands, ["exec \"$(dirname \"$0\")/../check\""]);
}

/// The words that follow `command` in a text.
fn after<'t>(text: &'t str, command: &str) -> Vec<&'t str> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.split(command).skip(1).map(|rest| rest.split(ends).next().unwrap_or_default()).collect()
}

#[test]
fn each_figure_has_a_command_that_is_there_and_each_peer_its_set_up_in_one_line() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect("a file");
    let (figures, pure) = (read("BENCHMARKS.md"), read("benches/pure.rs"));
    let parts = after(&figures, "cargo bench --bench pure -- ");
    assert!(["signing", "verifying", "schemas"].iter().all(|part| parts.contains(part)), "{parts:?}");
    for part in parts {
        assert!(pure.contains(&format!("(\"{part}\", {part}),")), "`cargo bench` has no part {part}");
    }
    let measured = [
        Subject::Callbacks,
        Subject::Receipts,
        Subject::Series,
        Subject::Reconcile,
        Subject::Start,
        Subject::Pages,
        Subject::Live,
    ]
    .map(Subject::as_str);
    let named = after(&figures, "bienlai bench ");
    assert!(named.iter().all(|one| measured.contains(one)), "{named:?}");
    assert!(measured.iter().all(|one| named.contains(one)), "every subject has its figure: {named:?}");
    for entry in std::fs::read_dir(root().join("benches/peers")).expect("the peers") {
        let name = entry.expect("a peer").file_name().into_string().expect("a name");
        let script = read(&format!("benches/peers/{name}"));
        let lines = |head: &str| script.lines().filter(|line| line.starts_with(head)).count();
        assert_eq!((lines("Set-up: "), lines("Run: ")), (1, 1), "{name}");
        assert!(figures.contains(&format!("benches/peers/{name}")), "{name} stands beside no figure");
    }
}
