//! The corpus of the fuzz targets replayed, and random damage for half a minute.

use std::fs;
use std::time::{Duration, Instant as Stopwatch};

use super::mutation::Damage;
use super::oracle::repository;
use super::vendor::Style;
use super::*;

const SPAN: Duration = Duration::from_secs(30);

fn corpus() -> Vec<Vec<u8>> {
    ["fuzz/corpus/verify", "fixtures/receipt/attack"]
        .iter()
        .flat_map(|folder| fs::read_dir(repository(folder)).unwrap())
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn judged(bytes: &[u8]) -> Report {
    let strict = verify(bytes, &TrustStore::empty(), now());
    let lenient = verify_leniently(bytes, &TrustStore::empty(), now(), &Lenient::ALL);
    assert!(lenient.exit_code() <= strict.exit_code(), "a lenient rule refuses nothing");
    strict
}

#[test]
fn the_corpus_is_judged_without_a_panic_and_leniency_refuses_nothing() {
    let corpus = corpus();
    assert!(corpus.len() > 60);
    corpus.iter().for_each(|bytes| drop(judged(bytes)));
}

#[test]
fn half_a_minute_of_random_damage_panics_nowhere() {
    let mut seeds = corpus();
    seeds.push(document());
    let mut styles = Damage(0x51EE_D000_0000_0001);
    seeds.extend((0..20).map(|_| Style::any(&mut styles).signed().into_bytes()));
    let seed = 0xB1E2_1A1F_0000_0001;
    println!("seed {seed:#x}");
    let mut damage = Damage(seed);
    let started = Stopwatch::now();
    while started.elapsed() < SPAN {
        let mut bytes = seeds[damage.next(seeds.len())].clone();
        for _ in 0..=damage.next(4) {
            mangled(&mut bytes, &seeds, &mut damage);
        }
        judged(&bytes);
    }
}

/// Flips, inserts, removes, or splices in a piece of another seed.
fn mangled(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], damage: &mut Damage) {
    if bytes.is_empty() {
        return;
    }
    let at = damage.next(bytes.len());
    match damage.next(5) {
        0 => bytes[at] ^= 1 << damage.next(8),
        1 => bytes.insert(at, b"<>&\"'=/ \n!-["[damage.next(12)]),
        2 => drop(bytes.remove(at)),
        3 => {
            let end = (at + damage.next(200)).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => {
            let other = &seeds[damage.next(seeds.len())];
            let from = damage.next(other.len().max(1)).min(other.len());
            let to = (from + damage.next(400)).min(other.len());
            drop(bytes.splice(at..at, other[from..to].iter().copied()));
        }
    }
}
