//! Signature wrapping and its relatives: every document here carries a genuine signature, moved,
//! doubled, weakened or re-pointed. None may be accepted, each is refused for its own reason.

use std::collections::BTreeSet;

use super::forge::*;
use super::{downgrades, signers};
use crate::receipt::sign::DECLARATION;
use crate::receipt::testing::{document_text, now, trust};
use crate::receipt::verify::{Problem, TrustStore, verify};

/// What is done, the document, and the problem that must be named.
pub type Attack = (&'static str, String, Problem);

/// The signed data moved aside with forged data in its place, or the other way round.
fn wrapped_data() -> Vec<Attack> {
    let text = document_text();
    let (original, forged) = (body(&text), forged_body(&text));
    let in_place = |with: &str| replaced(&text, &original, with);
    let moved_before = |tag: &str| replaced(&in_place(&forged), tag, &format!("{original}{tag}"));
    let moved_into = |tag: &str| replaced(&in_place(&forged), tag, &format!("{tag}{original}"));
    let same_id = replaced(&forged, "Id=\"evil\"", "Id=\"BL-rcp-42\"");
    let renamed = forged.replace("DLBLai", "DLHDon");
    let around = replaced(&forged, "<NDBLai>", &format!("{original}<NDBLai>"));
    let without_declaration = replaced(&text, DECLARATION, "");
    vec![
        ("forged data before the signed", in_place(&format!("{forged}{original}")), Problem::BodyRepeated),
        ("forged data after the signed", in_place(&format!("{original}{forged}")), Problem::BodyRepeated),
        ("forged data around the signed", in_place(&around), Problem::BodyNested),
        (
            "forged data beside a wrapper",
            in_place(&format!("{forged}<Wrap>{original}</Wrap>")),
            Problem::BodyMisplaced,
        ),
        ("a wrapper alone", in_place(&format!("<Wrap>{original}</Wrap>")), Problem::BodyMisplaced),
        ("signed data moved into DSCKS", moved_into("<DSCKS>"), Problem::BodyMisplaced),
        ("signed data moved beside the signature", moved_before("<Signature "), Problem::BodyMisplaced),
        ("signed data moved into SignedInfo", moved_into("<SignedInfo>"), Problem::BodyInSignature),
        ("signed data moved into KeyInfo", moved_into("<KeyInfo>"), Problem::BodyInSignature),
        (
            "signed data moved into the Object",
            moved_into("<SignatureProperties xmlns=\"\">"),
            Problem::BodyInObject,
        ),
        ("forged data with the same Id", in_place(&format!("{same_id}{original}")), Problem::DuplicateId),
        (
            "forged data under another name",
            in_place(&format!("{renamed}{original}")),
            Problem::UnsignedContent,
        ),
        ("forged data alone", in_place(&same_id), Problem::BodyDigestMismatch),
        ("no data", in_place(""), Problem::BodyMissing),
        (
            "the document in a wrapper",
            format!("{DECLARATION}<Wrap>{without_declaration}</Wrap>"),
            Problem::DocumentUnknown,
        ),
        (
            "words under the root",
            replaced(&text, "<DSCKS>", "<GChu>đã hủy</GChu><DSCKS>"),
            Problem::UnsignedContent,
        ),
        (
            "an unsigned QR code",
            replaced(&text, "<DSCKS>", "<DLQRCode>x</DLQRCode><DSCKS>"),
            Problem::UnsignedContent,
        ),
        ("words in DSCKS", replaced(&text, "</DSCKS>", "<CQT></CQT></DSCKS>"), Problem::UnsignedContent),
        (
            "words beside the signature",
            replaced(&text, "</TCThu></DSCKS>", "<X></X></TCThu></DSCKS>"),
            Problem::UnsignedContent,
        ),
        ("text between the parts", replaced(&text, "<DSCKS>", "đã hủy<DSCKS>"), Problem::TextBetweenElements),
    ]
}

/// The signature moved, doubled, stripped or given to another role.
fn moved_signature() -> Vec<Attack> {
    let text = document_text();
    let (original, signature) = (body(&text), signature(&text));
    let without = replaced(&text, &signature, "");
    let block = part(&text, "<DSCKS>", "</DSCKS>");
    let another = signature.replace("TCThu-BL-rcp-42", "S2").replace("TGKy-BL-rcp-42", "O2");
    let role = |tag: &str| {
        let held = format!("<TCThu>{signature}</TCThu>");
        replaced(&text, &held, &format!("<{tag}>{signature}</{tag}>"))
    };
    let in_body = replaced(&without, "</NDBLai>", &format!("</NDBLai>{signature}"));
    let first = replaced(&replaced(&text, &block, ""), &original, &format!("{block}{original}"));
    let foreign = replaced(&text, "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" ", "<Signature ");
    vec![
        ("in the data", in_body, Problem::SignatureInBody),
        (
            "under the root",
            replaced(&without, "<DSCKS>", &format!("{signature}<DSCKS>")),
            Problem::SignatureMisplaced,
        ),
        (
            "in DSCKS itself",
            replaced(&without, "<TCThu></TCThu></DSCKS>", &format!("{signature}</DSCKS>")),
            Problem::SignatureMisplaced,
        ),
        ("before the data", first, Problem::SignatureMisplaced),
        ("twice", replaced(&text, &signature, &format!("{signature}{another}")), Problem::SignatureRepeated),
        ("as the tax authority's", role("CQT"), Problem::SignatureRoleUnexpected),
        ("as the collector's own", role("NThu"), Problem::SignatureRoleUnexpected),
        ("stripped", without, Problem::SignatureMissing),
        ("stripped with its block", replaced(&text, &block, ""), Problem::SignatureMissing),
        ("outside its namespace", foreign, Problem::SignatureNamespaceWrong),
    ]
}

/// Ways to make two readers see two documents.
fn confusion() -> Vec<Attack> {
    let dsig = "xmlns=\"http://www.w3.org/2000/09/xmldsig#\"";
    vec![
        ("a default namespace twice", changed(dsig, &format!("{dsig} {dsig}")), Problem::NotXml),
        ("a default namespace by a prefix", changed(dsig, &format!("x:{dsig}")), Problem::NotXml),
        ("a default namespace by a colon", changed(dsig, &format!(":{dsig}")), Problem::NotXml),
        ("a prefix for no namespace", changed("<Signature ", "<Signature xmlns:q=\"\" "), Problem::NotXml),
        ("a comment in an amount", changed(">25000<", ">25<!-- -->000<"), Problem::CommentPresent),
        ("a comment in a digest", changed("<DigestValue>", "<DigestValue><!-- -->"), Problem::CommentPresent),
        ("an instruction in an amount", changed(">25000<", ">25<?x?>000<"), Problem::InstructionPresent),
        ("CDATA in an amount", changed(">25000<", "><![CDATA[25000]]><"), Problem::CdataPresent),
        (
            "an Id in another namespace",
            changed("<TTChung>", "<TTChung xmlns:x=\"urn:x\" x:Id=\"BL-rcp-42\">"),
            Problem::IdDisguised,
        ),
        ("an xml:id", changed("<TTChung>", "<TTChung xml:id=\"BL-rcp-42\">"), Problem::IdDisguised),
        ("an ID", changed("<TTChung>", "<TTChung ID=\"BL-rcp-42\">"), Problem::IdDisguised),
        ("an id", changed("<DSCKS>", "<DSCKS id=\"BL-rcp-42\">"), Problem::IdDisguised),
        (
            "an Id on another element",
            changed("<TTChung>", "<TTChung Id=\"BL-rcp-42\">"),
            Problem::DuplicateId,
        ),
        ("a prefix", changed("<BLai>", "<BLai xmlns:p=\"urn:p\"><p:X></p:X>"), Problem::PrefixForbidden),
        (
            "the data in a namespace",
            changed("<DLBLai ", "<DLBLai xmlns=\"urn:evil\" "),
            Problem::NamespaceUnexpected,
        ),
        (
            "the data in the namespace of XML-DSig",
            changed("<BLai>", "<BLai xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"),
            Problem::NamespaceUnexpected,
        ),
        (
            "an attribute on an amount",
            changed("<TgTTTBSo>", "<TgTTTBSo thay=\"95000\">"),
            Problem::AttributeUnexpected,
        ),
        ("a language on the root", changed("<BLai>", "<BLai xml:lang=\"vi\">"), Problem::AttributeUnexpected),
        ("another spelling of an amount", changed(">25000<", ">&#50;5000<"), Problem::NotCanonical),
        ("another spelling of a tag", changed("<TgTTTBSo>", "<TgTTTBSo >"), Problem::NotCanonical),
        (
            "another spelling of an attribute",
            changed("Id=\"BL-rcp-42\"", "Id='BL-rcp-42'"),
            Problem::NotCanonical,
        ),
        (
            "another spelling in SignedInfo",
            changed("<DigestValue>", "<DigestValue\n>"),
            Problem::NotCanonical,
        ),
        (
            "a declaration repeated in SignedInfo",
            changed("<SignedInfo>", "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"),
            Problem::NotCanonical,
        ),
    ]
}

/// Plain changes of what was signed.
fn tampering() -> Vec<Attack> {
    vec![
        ("another amount", changed(">25000<", ">95000<"), Problem::BodyDigestMismatch),
        ("another number", changed("<SBLai>42<", "<SBLai>43<"), Problem::BodyDigestMismatch),
        ("white space", changed("</TTChung>", "</TTChung>\n"), Problem::BodyDigestMismatch),
        (
            "a line dropped",
            changed(&part(&document_text(), "<KThu>", "</KThu>"), ""),
            Problem::BodyDigestMismatch,
        ),
        ("another time of signing", changed("T09:30:15<", "T09:30:16<"), Problem::ObjectDigestMismatch),
        ("an unreadable time", changed("T09:30:15<", "T9:30:15<"), Problem::SigningTimeUnreadable),
    ]
}

pub(super) fn all() -> Vec<Attack> {
    let classes = [
        wrapped_data(),
        moved_signature(),
        confusion(),
        tampering(),
        downgrades::references(),
        downgrades::algorithms(),
        downgrades::key_info(),
        downgrades::object(),
        signers::attacks(),
    ];
    classes.into_iter().flatten().collect()
}

#[test]
fn every_attack_is_refused_for_its_own_reason() {
    let attacks = all();
    for (name, text, expected) in &attacks {
        let report = verify(text.as_bytes(), &trust(), now());
        assert!(!report.is_valid(), "accepted: {name}");
        let problems = report.problems();
        let first = problems.iter().find(|problem| !problem.is_remark());
        assert_eq!(first, Some(expected), "{name}: {problems:?}");
        assert_eq!(report.exit_code(), if expected.is_unreadable() { 2 } else { 1 }, "{name}");
    }
    let codes: BTreeSet<Problem> = attacks.iter().map(|attack| attack.2).collect();
    assert!(attacks.len() >= 60 && codes.len() >= 25, "{} attacks, {} codes", attacks.len(), codes.len());
}

#[test]
fn a_structural_attack_is_refused_even_when_nobody_checks_trust() {
    assert_eq!(
        verify(document_text().as_bytes(), &TrustStore::empty(), now()).exit_code(),
        0,
        "the genuine receipt"
    );
    let structural = [wrapped_data(), moved_signature(), confusion(), tampering()];
    for (name, text, _) in structural.into_iter().flatten() {
        // Without a trusted authority the genuine receipt is `intact` and ends with 0.
        assert_ne!(verify(text.as_bytes(), &TrustStore::empty(), now()).exit_code(), 0, "accepted: {name}");
    }
}

/// Every place between two tags, or between a tag and a text, behind the declaration.
fn places(text: &str) -> impl Iterator<Item = usize> {
    let places: Vec<usize> = text.match_indices('>').map(|(at, _)| at + 1).collect();
    places.into_iter().filter(|place| *place >= DECLARATION.len())
}

#[test]
fn wherever_signed_data_forged_data_or_a_signature_is_put_the_document_is_refused() {
    let text = document_text();
    let (original, signature, forged) = (body(&text), signature(&text), forged_body(&text));
    let forged_in_place = replaced(&text, &original, &forged);
    let same_id = replaced(&forged, "Id=\"evil\"", "Id=\"BL-rcp-42\"");
    let unsigned = replaced(&forged_in_place, &signature, "");
    let kinds = [
        ("the signed data beside forged data", &forged_in_place, &original),
        ("forged data beside the signed", &text, &forged),
        ("forged data with the same Id", &text, &same_id),
        ("a second signature", &text, &signature),
        ("the signature moved away from forged data", &unsigned, &signature),
    ];
    let mut tried = 0;
    for (name, document, moved) in kinds {
        for place in places(document) {
            let mut attack = document.clone();
            attack.insert_str(place, moved);
            let report = verify(attack.as_bytes(), &trust(), now());
            assert!(!report.is_valid(), "accepted: {name} at {place}");
            assert!(
                report.problems().iter().any(|problem| !problem.is_remark()),
                "no reason: {name} at {place}"
            );
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried} documents");
}
