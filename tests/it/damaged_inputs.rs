//! What comes from outside, damaged at random: every target of `fuzz/` over its corpus and over the samples
//! of its format in `fixtures/`. Documents with signatures are damaged in `receipt/verify/tests` as well.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bienlai::receipt::evidence::bundle::{Bundle, Finding};
use bienlai::simulator::chance::Chance;

use crate::support::tools;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use targets::{evidence, messages, money, receipts, statements};

/// Damaged for five seconds, in long runs for a minute; so often at most.
const ROUNDS: usize = 40_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect();
    found.sort();
    found
}

fn seeds(target: &str, samples: &[&str]) -> Vec<Vec<u8>> {
    let own = root().join("fuzz/corpus").join(target);
    let folders =
        std::iter::once(own).chain(samples.iter().map(|folder| root().join("fixtures").join(folder)));
    let mut all = Vec::new();
    for folder in folders {
        let found = files(&folder);
        assert!(!found.is_empty(), "{} has no seed", folder.display());
        all.extend(found.iter().map(|path| std::fs::read(path).expect("a seed is read")));
    }
    all
}

/// The seeds of a target as they are, then with damage. A panic names the bytes by seed and round.
fn damage(target: &str, samples: &[&str], check: impl Fn(&[u8])) {
    let seeds = seeds(target, samples);
    seeds.iter().for_each(|bytes| check(bytes));
    let (span, rounds) = if tools::is_long() { (60, 40 * ROUNDS) } else { (5, ROUNDS) };
    let mut chance = Chance::new(0xB1E2_1A1F);
    let started = Instant::now();
    for _ in 0..rounds {
        if started.elapsed() > Duration::from_secs(span) {
            break;
        }
        let mut bytes = chance.pick(&seeds).expect("a seed").clone();
        for _ in 0..=chance.below(4) {
            mangle(&mut bytes, &seeds, &mut chance);
        }
        check(&bytes);
    }
}

/// Flips, inserts, removes, repeats, or splices in a piece of another seed.
fn mangle(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) {
    const TYPED: &[u8] = b"{}[]<>()&\"'=/:;,.+-@%!|eE0129 \r\n\t\0HNPH\x7f\xff\xc3";
    let at = chance.below(bytes.len());
    let end = (at + chance.below(200)).min(bytes.len());
    match chance.below(6) {
        _ if bytes.is_empty() => bytes.push(b'0'),
        0 => bytes[at] ^= 1 << chance.below(8),
        1 => bytes.insert(at, TYPED[chance.below(TYPED.len())]),
        2 => drop(bytes.remove(at)),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let piece = bytes[at..end].to_vec();
            let to = chance.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            let other = chance.pick(seeds).expect("a seed");
            let from = chance.below(other.len());
            let to = (from + chance.below(400)).min(other.len());
            bytes.splice(at..at, other[from.min(to)..to].iter().copied());
        }
    }
}

macro_rules! under_damage {
    ($($name:ident: $target:ident::$check:ident $(, $samples:literal)*;)+) => {
        $(#[test]
        fn $name() {
            damage(stringify!($check), &[$($samples),*], $target::$check);
        })+

        /// The names of all targets.
        const TARGETS: &[(&str, &str)] = &[$((stringify!($target), stringify!($check))),+];
    };
}

under_damage! {
    damaged_swift_messages_are_proven_or_refused: statements::mt940, "statement/mt940";
    damaged_iso_20022_messages_are_proven_or_refused: statements::camt, "statement/camt053";
    damaged_tables_are_proven_or_refused: statements::table, "statement/csv", "statement/bank", "statement/broken";
    damaged_rows_are_proven_or_refused: statements::csv;
    damaged_pages_are_proven_or_refused: statements::html;
    damaged_old_workbooks_are_proven_or_refused: statements::xls;
    damaged_workbooks_are_proven_or_refused: statements::xlsx;
    a_damaged_callback_is_a_sound_claim_or_refused: money::callback, "callback/bank", "callback/sepay", "callback/vietqr";
    a_damaged_memo_never_yields_a_code_that_does_not_verify: money::memo;
    a_damaged_payment_code_reads_back_or_is_refused: money::vietqr_payload;
    a_damaged_report_of_the_treasury_yields_sums_above_zero_or_faults: money::treasury;
    a_damaged_batch_of_cards_names_its_line: money::pos_batch;
    a_damaged_report_of_a_gateway_adds_up_or_is_refused: money::gateway_report;
    damaged_totals_of_dossiers_are_rows_or_refused: money::dossier_totals;
    a_damaged_tariff_names_its_lines: money::tariff_text, "tariff", "tariff/bad";
    a_damaged_form_has_parts_inside_itself: messages::multipart_form;
    a_damaged_answer_of_the_tax_authority_accepts_nothing_it_refuses: messages::tax_answer;
    a_damaged_delivery_report_by_mail_is_read_or_refused: messages::bounce_mail;
    a_damaged_delivery_report_of_an_operator_is_read_or_refused: messages::sms_report;
    a_damaged_token_signs_nobody_in: messages::sign_in_token;
    a_damaged_pdf_carries_a_small_file_or_none: messages::pdf_attachment;
    a_damaged_document_is_judged: receipts::verify, "receipt/attack", "receipt/valid";
    damaged_xml_has_one_canonical_form: receipts::canonical_form, "receipt/attack";
    a_damaged_revocation_list_says_what_was_signed: evidence::crl;
    a_damaged_answer_about_a_certificate_says_what_was_signed: evidence::ocsp;
    a_damaged_time_stamp_says_what_was_signed: evidence::timestamp;
    damaged_evidence_proves_one_document_alone: evidence::evidence_file;
    a_damaged_chain_of_days_holds_only_whole: evidence::day_chain;
    a_damaged_bundle_is_judged: evidence::evidence_bundle;
}

fn seed(path: &str) -> Vec<u8> {
    std::fs::read(root().join("fuzz/corpus").join(path)).expect("a seed is read")
}

#[test]
fn the_seeds_are_what_their_targets_read_and_no_noise() {
    let wrapped = [
        statements::under_heading(&seed("csv/rows.csv")),
        statements::on_page(&seed("html/rows.html")),
        statements::workbook(&seed("xlsx/sheet.xml")),
    ];
    for bytes in wrapped {
        let parsed = bienlai::statement::parse(&bytes);
        assert!(parsed.statements.iter().any(|one| !one.lines.is_empty()), "{:?}", parsed.errors);
    }
    let revoked = Some(evidence::at(evidence::REVOKED_AT));
    assert_eq!(evidence::by_list(&seed("crl/good.der")).expect("it reads").revoked_at, None);
    assert_eq!(evidence::by_list(&seed("crl/revoked.der")).expect("it reads").revoked_at, revoked);
    assert_eq!(evidence::by_answer(&seed("ocsp/good.der")).expect("it reads").revoked_at, None);
    assert_eq!(evidence::by_answer(&seed("ocsp/revoked.der")).expect("it reads").revoked_at, revoked);
    assert!(evidence::stamped(&seed("timestamp/response.der")).expect("it stamps").is_trusted);
    for (name, finding) in [("whole", Finding::ValidWhenSigned), ("revoked", Finding::NotProven)] {
        let bundle = Bundle::read(&seed(&format!("evidence_file/{name}.json"))).expect("it reads");
        assert_eq!(evidence::judged(&bundle).expect("it is judged").finding, finding, "{name}");
    }
}

/// The fuzzer's own files are compiled by nobody here, so each is one line that cannot be wrong.
#[test]
fn the_fuzzer_has_every_target_and_no_other() {
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("the manifest");
    let mut names: Vec<String> = Vec::new();
    for (room, name) in TARGETS {
        let body = format!(
            "//! `cargo +nightly fuzz run {name}`\n#![no_main]\n\n\
             libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bienlai_fuzz::{room}::{name}(bytes));\n"
        );
        let path = root().join("fuzz/fuzz_targets").join(format!("{name}.rs"));
        assert_eq!(std::fs::read_to_string(&path).expect("a target"), body, "{name}");
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")),
            "{name}"
        );
        names.push((*name).to_owned());
    }
    names.sort();
    for folder in ["fuzz/fuzz_targets", "fuzz/corpus"] {
        let mut found: Vec<String> = std::fs::read_dir(root().join(folder))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .map(|name| name.trim_end_matches(".rs").to_owned())
            .collect();
        found.sort();
        assert_eq!(found, names, "{folder}");
    }
}
