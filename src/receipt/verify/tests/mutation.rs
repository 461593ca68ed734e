//! Random small damage: to the signed part it is always noticed, to the rest it never changes what
//! is shown.

use roxmltree::Document;

use super::forge::part;
use super::oracle::judged_by;
use super::vendor::Style;
use crate::receipt::testing::{document, document_text, now, trust};
use crate::receipt::verify::canonical::canonical;
use crate::receipt::verify::{Verdict, verified_content, verify};

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

/// So many, or the full figure when the endurance tests are asked for.
fn rounds(usual: usize) -> usize {
    if crate::cases::is_long() { 100_000 } else { usual }
}

fn range_of(text: &str, open: &str, close: &str) -> std::ops::Range<usize> {
    let found = part(text, open, close);
    let start = text.find(&found).unwrap();
    start..start + found.len()
}

/// Whether another parser reads what ours accepted.
fn is_xml(document: &[u8]) -> bool {
    judged_by("xmllint", "libxml2-utils", &["--noout", "--nonet", "-"], document).status.success()
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
    for _ in 0..rounds(4_000) {
        let at = positions[damage.next(positions.len())];
        let mut mutant = genuine.clone();
        damaged(&mut mutant, at, &mut damage);
        if mutant != genuine && verify(&mutant, &trust, now).exit_code() == 0 {
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
            assert_ne!(verify(mutant.as_bytes(), &trust, now).exit_code(), 0, "{piece}");
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
    for _ in 0..rounds(2_000) {
        let mut mutant = genuine.clone();
        damaged(&mut mutant, positions[damage.next(positions.len())], &mut damage);
        if let Ok(verified) = verified_content(&mutant, &trust, now) {
            assert_eq!(verified.fields, shown);
            assert!(is_xml(&mutant), "accepted: {}", String::from_utf8_lossy(&mutant));
        }
    }
}

/// The elements that the signatures of others cover, and what says how they are signed.
const SIGNED: [&str; 4] = ["DLHDon", "MCCQT", "SignedInfo", "Object"];

fn signed_ranges_of_others(text: &str) -> Vec<std::ops::Range<usize>> {
    let document = Document::parse(text).unwrap();
    let signed = |node: &roxmltree::Node<'_, '_>| SIGNED.contains(&node.tag_name().name());
    document.descendants().filter(signed).map(|node| node.range()).collect()
}

/// What is signed, as it is digested: another spelling of the same is the same.
fn said(text: &str) -> Vec<Vec<u8>> {
    let document = Document::parse(text).unwrap();
    let signed = |node: &roxmltree::Node<'_, '_>| SIGNED.contains(&node.tag_name().name());
    document.descendants().filter(signed).map(canonical).collect()
}

/// Others may spell what they sign in several ways, so damage can be another spelling; it never says
/// anything else.
#[test]
fn no_mutation_of_what_others_signed_is_accepted_unless_it_says_the_same() {
    let (trust, now) = (trust(), now());
    let mut damage = Damage(0x5EED_0003_0000_0001);
    let count = rounds(3_000);
    let (mut accepted, mut spelled_otherwise) = (Vec::new(), 0);
    for style in 0..30 {
        let genuine = Style::any(&mut damage).signed();
        let kept = said(&genuine);
        assert_ne!(verify(genuine.as_bytes(), &trust, now).verdict, Verdict::Invalid, "style {style}");
        let positions: Vec<usize> = signed_ranges_of_others(&genuine).into_iter().flatten().collect();
        for _ in 0..count / 30 {
            let mut mutant = genuine.clone().into_bytes();
            damaged(&mut mutant, positions[damage.next(positions.len())], &mut damage);
            let verdict = verify(&mutant, &trust, now).verdict;
            if mutant == genuine.as_bytes() || !matches!(verdict, Verdict::Valid | Verdict::Intact) {
                continue;
            }
            assert!(is_xml(&mutant), "accepted: {}", String::from_utf8_lossy(&mutant));
            let text = String::from_utf8(mutant).unwrap();
            if said(&text) == kept {
                spelled_otherwise += 1;
            } else {
                accepted.push(text);
            }
        }
    }
    assert!(accepted.is_empty(), "{} accepted, first {:?}", accepted.len(), accepted.first());
    assert!(spelled_otherwise < count / 10, "{spelled_otherwise} of {count} are no damage");
}
