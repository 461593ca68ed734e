//! The corpus of the fuzz targets replayed, and random damage for half a minute.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use super::*;

const SPAN: Duration = Duration::from_secs(30);
/// Debug builds read some thousand a second; a fast machine need not do more.
const ROUNDS: u32 = 60_000;

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

fn corpus() -> Vec<Vec<u8>> {
    let folders = [
        "fuzz/corpus/mt940",
        "fuzz/corpus/camt",
        "fuzz/corpus/table",
        "fixtures/statement/mt940",
        "fixtures/statement/camt053",
        "fixtures/statement/csv",
        "fixtures/statement/bank",
        "fixtures/statement/broken",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
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
    corpus.iter().for_each(|bytes| assert_sound(bytes));
}

#[test]
fn half_a_minute_of_random_damage_neither_panics_nor_hangs() {
    let seeds = corpus();
    let seed = 0xB1E2_1A1F_0000_0002;
    println!("seed {seed:#x}");
    let mut damage = Damage(seed);
    let started = Stopwatch::now();
    for _ in 0..ROUNDS {
        if started.elapsed() > SPAN {
            break;
        }
        let mut bytes = seeds[damage.next(seeds.len())].clone();
        for _ in 0..=damage.next(4) {
            mangle(&mut bytes, &seeds, &mut damage);
        }
        let before = Stopwatch::now();
        assert_sound(&bytes);
        assert!(before.elapsed() < Duration::from_secs(5), "slow: {}", String::from_utf8_lossy(&bytes));
    }
}

/// Flips, inserts, removes, or splices in a piece of another seed.
fn mangle(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], damage: &mut Damage) {
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
            let other = &seeds[damage.next(seeds.len())];
            let from = damage.next(other.len());
            let to = (from + damage.next(400)).min(other.len());
            bytes.splice(at..at, other[from.min(other.len())..to].iter().copied());
        }
    }
}
