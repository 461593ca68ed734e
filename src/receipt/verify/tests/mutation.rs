//! Random small damage: to the signed part it is always noticed, to the rest it never changes what
//! is shown.

use super::forge::part;
use crate::receipt::testing::{document, document_text, now, trust};
use crate::receipt::verify::{verified_content, verify};

/// A small reproducible generator: the same damage in every run.
pub struct Damage(pub u64);

impl Damage {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

fn range_of(text: &str, open: &str, close: &str) -> std::ops::Range<usize> {
    let found = part(text, open, close);
    let start = text.find(&found).unwrap();
    start..start + found.len()
}

/// The data, SignedInfo with the signature value, and the Object.
fn signed_ranges(text: &str) -> Vec<std::ops::Range<usize>> {
    vec![
        range_of(text, "<DLBLai ", "</DLBLai>"),
        range_of(text, "<SignedInfo>", "</SignatureValue>"),
        range_of(text, "<Object ", "</Object>"),
    ]
}

fn damaged(bytes: &mut Vec<u8>, at: usize, damage: &mut Damage) {
    match damage.next(4) {
        0 => bytes[at] ^= 1 << damage.next(8),
        1 => bytes[at] = bytes[at].wrapping_add(1 + damage.next(255) as u8),
        2 => bytes.insert(at, b" \n<>&\"'0a/"[damage.next(10)]),
        _ => drop(bytes.remove(at)),
    }
}

#[test]
fn no_mutation_of_the_signed_part_is_accepted() {
    let (genuine, trust, now) = (document(), trust(), now());
    let positions: Vec<usize> = signed_ranges(&document_text()).into_iter().flatten().collect();
    let mut damage = Damage(0x5EED_0001);
    let mut accepted = Vec::new();
    for _ in 0..4_000 {
        let at = positions[damage.next(positions.len())];
        let mut mutant = genuine.clone();
        damaged(&mut mutant, at, &mut damage);
        if mutant != genuine && verify(&mutant, &trust, now).is_valid() {
            accepted.push((at, String::from_utf8_lossy(&mutant).into_owned()));
        }
    }
    assert!(accepted.is_empty(), "{} accepted, first {:?}", accepted.len(), accepted.first());
}

#[test]
fn no_swap_repetition_or_loss_of_an_element_is_accepted() {
    let (text, trust, now) = (document_text(), trust(), now());
    let range = range_of(&text, "<DLBLai ", "</DLBLai>");
    let parsed = roxmltree::Document::parse(&text[range.clone()]).unwrap();
    let elements: Vec<std::ops::Range<usize>> = parsed
        .descendants()
        .filter(|n| n.is_element() && n.parent_element().is_some())
        .map(|n| n.range())
        .collect();
    for element in elements {
        let (start, end) = (range.start + element.start, range.start + element.end);
        let piece = &text[start..end];
        let lost = format!("{}{}", &text[..start], &text[end..]);
        let twice = format!("{}{piece}{}", &text[..end], &text[end..]);
        let emptied = format!("{}<X></X>{}", &text[..start], &text[end..]);
        for mutant in [lost, twice, emptied] {
            assert!(!verify(mutant.as_bytes(), &trust, now).is_valid(), "{piece}");
        }
    }
}

#[test]
fn damage_outside_the_signed_part_never_changes_what_is_shown() {
    let (genuine, trust, now) = (document(), trust(), now());
    let shown = verified_content(&genuine, &trust, now).unwrap().fields;
    let signed = signed_ranges(&document_text());
    let positions: Vec<usize> =
        (0..genuine.len()).filter(|at| !signed.iter().any(|range| range.contains(at))).collect();
    let mut damage = Damage(0x5EED_0002);
    for _ in 0..2_000 {
        let mut mutant = genuine.clone();
        damaged(&mut mutant, positions[damage.next(positions.len())], &mut damage);
        if let Ok(verified) = verified_content(&mutant, &trust, now) {
            assert_eq!(verified.fields, shown);
        }
    }
}
