//! The corpus of the fuzz targets replayed, and random damage for half a minute.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use super::*;

const SPAN: Duration = Duration::from_secs(30);

/// A small reproducible generator: the same damage in every run.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

/// What is around the bytes of a seed when they are read.
#[derive(Clone, Copy)]
enum Wrapping {
    None,
    Heading,
    Page,
    /// The sheet of a workbook: damage inside a packed one would only break its checksums.
    Sheet,
}

impl Wrapping {
    fn wrap(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Wrapping::None => bytes.to_vec(),
            Wrapping::Heading => {
                let heading = "Ngày;Số tham chiếu;Nội dung;Ghi nợ;Ghi có;Số dư\n";
                [heading.as_bytes(), bytes].concat()
            }
            Wrapping::Page => [b"<html><table><tr><td>", bytes].concat(),
            Wrapping::Sheet => workbook_of(bytes),
        }
    }
}

fn workbook_of(sheet: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let parts: [(&str, &[u8]); 2] =
        [("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", sheet)];
    for (name, content) in parts {
        writer.start_file(name, plain).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A seed of the fuzz targets, or a file of the fixtures.
struct Seed {
    wrapping: Wrapping,
    bytes: Vec<u8>,
}

fn corpus() -> Vec<Seed> {
    let folders = [
        ("fuzz/corpus/mt940", Wrapping::None),
        ("fuzz/corpus/camt", Wrapping::None),
        ("fuzz/corpus/table", Wrapping::None),
        ("fuzz/corpus/csv", Wrapping::Heading),
        ("fuzz/corpus/html", Wrapping::Page),
        ("fuzz/corpus/xlsx", Wrapping::Sheet),
        ("fuzz/corpus/xls", Wrapping::None),
        ("fixtures/statement/mt940", Wrapping::None),
        ("fixtures/statement/camt053", Wrapping::None),
        ("fixtures/statement/csv", Wrapping::None),
        ("fixtures/statement/bank", Wrapping::None),
        ("fixtures/statement/broken", Wrapping::None),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    for (folder, wrapping) in folders {
        let before = seeds.len();
        for file in fs::read_dir(root.join(folder)).unwrap() {
            seeds.push(Seed { wrapping, bytes: fs::read(file.unwrap().path()).unwrap() });
        }
        assert!(seeds.len() > before, "{folder} is empty");
    }
    seeds
}

/// What must hold for any bytes: nothing read is an error told, and what is clean is proven.
fn assert_sound(bytes: &[u8]) {
    let parsed = parse(bytes);
    assert!(parsed.exit_code() != 2 || !parsed.errors.is_empty());
    assert!(!parsed.statements.is_empty() || !parsed.errors.is_empty(), "nothing read and nothing told");
    for error in &parsed.errors {
        assert!(error.at.contains("line ") || error.at.contains('/'), "{error:?}");
    }
    if parsed.errors.is_empty() && parsed.format.requires_balances() {
        for joined in join_pages(parsed.statements) {
            if joined.opening.is_some() && joined.closing.is_some() {
                assert_eq!(prove_balance(&joined), None);
            }
        }
    }
}

#[test]
fn the_corpus_is_read_without_a_panic() {
    let corpus = corpus();
    assert!(corpus.len() > 50, "{}", corpus.len());
    corpus.iter().for_each(|seed| assert_sound(&seed.wrapping.wrap(&seed.bytes)));
}

#[test]
fn the_seeds_of_wrapped_targets_are_statements_and_not_noise() {
    for seed in corpus().iter().filter(|seed| !matches!(seed.wrapping, Wrapping::None)) {
        let parsed = parse(&seed.wrapping.wrap(&seed.bytes));
        let lines: usize = parsed.statements.iter().map(|statement| statement.lines.len()).sum();
        assert!(lines > 0, "{:?} {}", parsed.errors, String::from_utf8_lossy(&seed.bytes));
    }
}

#[test]
fn half_a_minute_of_random_damage_neither_panics_nor_hangs() {
    let seeds = corpus();
    let seed = 0xB1E2_1A1F_0000_0002;
    println!("seed {seed:#x}");
    let mut damage = Damage(seed);
    let started = Stopwatch::now();
    while started.elapsed() < SPAN {
        let Seed { wrapping, bytes } = &seeds[damage.next(seeds.len())];
        let mut bytes = bytes.clone();
        for _ in 0..=damage.next(4) {
            mangle(&mut bytes, &seeds, &mut damage);
        }
        let bytes = wrapping.wrap(&bytes);
        let before = Stopwatch::now();
        assert_sound(&bytes);
        assert!(before.elapsed() < Duration::from_secs(5), "slow: {}", String::from_utf8_lossy(&bytes));
    }
}

/// Flips, inserts, removes, or splices in a piece of another seed.
fn mangle(bytes: &mut Vec<u8>, seeds: &[Seed], damage: &mut Damage) {
    if bytes.is_empty() {
        return;
    }
    let at = damage.next(bytes.len());
    match damage.next(5) {
        0 => bytes[at] ^= 1 << damage.next(8),
        1 => bytes.insert(at, b":-{}<>&\"'/,.;\r\n\t 0129CD@"[damage.next(24)]),
        2 => drop(bytes.remove(at)),
        3 => {
            let end = (at + damage.next(200)).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => {
            let other = &seeds[damage.next(seeds.len())].bytes;
            let from = damage.next(other.len());
            let to = (from + damage.next(400)).min(other.len());
            bytes.splice(at..at, other[from.min(other.len())..to].iter().copied());
        }
    }
}
