//! Wrapping, downgrade and signer attacks on invoices and messages. Every document is kept under
//! `fixtures/receipt/attack` and must come out of this generator byte by byte.

use std::collections::BTreeSet;
use std::fs;

use super::attacks::Attack;
use super::forge::{part, replaced};
use super::oracle::repository;
use super::vendor::{AUTHORITY, Style};
use super::*;
use super::{constant_ids, covered, issuers, others, own, readers};
use crate::receipt::sign::{ENVELOPED, SHA256_DIGEST};

const FOLDER: &str = "fixtures/receipt/attack";

fn body(text: &str) -> String {
    part(text, "<DLHDon ", "</DLHDon>")
}

fn signature(text: &str) -> String {
    part(text, "<Signature ", "</Signature>")
}

fn forged(text: &str) -> String {
    let body = body(text);
    replaced(&replaced(&body, "Id=\"data\"", "Id=\"evil\""), "3750000", "9750000")
}

/// The data moved, doubled or hidden.
fn wrapped(text: &str) -> Vec<Attack> {
    let (original, forged) = (body(text), forged(text));
    let in_place = |with: &str| replaced(text, &original, with);
    let moved_into = |tag: &str| replaced(&in_place(&forged), tag, &format!("{tag}{original}"));
    let same_id = replaced(&forged, "\"evil\"", "\"data\"");
    let disguised = replaced(&original, "Id=\"data\"", "xmlns:x=\"urn:x\" x:Id=\"data\"");
    vec![
        ("forged-before", in_place(&format!("{forged}{original}")), Problem::BodyRepeated),
        ("forged-after", in_place(&format!("{original}{forged}")), Problem::BodyRepeated),
        (
            "forged-around",
            in_place(&replaced(&forged, "<NDHDon>", &format!("{original}<NDHDon>"))),
            Problem::BodyNested,
        ),
        (
            "forged-beside-wrapper",
            in_place(&format!("{forged}<Wrap>{original}</Wrap>")),
            Problem::BodyMisplaced,
        ),
        ("wrapper-alone", in_place(&format!("<Wrap>{original}</Wrap>")), Problem::BodyMisplaced),
        ("moved-into-dscks", moved_into("<DSCKS>"), Problem::BodyMisplaced),
        (
            "moved-into-nban",
            moved_into("<NBan><Signature")
                .replace("<NBan><Signature<DLHDon", "<NBan><DLHDon")
                .replace("</DLHDon> xmlns", "</DLHDon><Signature xmlns")
                .replace("</DLHDon> Id", "</DLHDon><Signature Id"),
            Problem::BodyMisplaced,
        ),
        ("moved-into-signed-info", moved_into("<SignedInfo>"), Problem::BodyInSignature),
        ("moved-into-key-info", moved_into("<KeyInfo>"), Problem::BodyInSignature),
        ("moved-into-object", moved_into("<SignatureProperties xmlns=\"\">"), Problem::BodyInObject),
        ("same-id-twice", in_place(&format!("{same_id}{original}")), Problem::DuplicateId),
        ("forged-alone", in_place(&same_id), Problem::BodyDigestMismatch),
        ("no-data", in_place(""), Problem::BodyMissing),
        (
            "another-name",
            in_place(&format!("{}{original}", forged.replace("DLHDon", "DLHDon2"))),
            Problem::UnsignedContent,
        ),
        ("id-disguised", in_place(&disguised), Problem::IdDisguised),
        (
            "comment-in-amount",
            in_place(&original.replace("3750000.", "375<!-- -->0000.")),
            Problem::CommentInValue,
        ),
        (
            "instruction-in-amount",
            in_place(&original.replace("3750000.", "375<?x?>0000.")),
            Problem::InstructionInValue,
        ),
        (
            "data-in-signature-namespace",
            in_place(&replaced(
                &original,
                "<DLHDon ",
                "<DLHDon xmlns=\"http://www.w3.org/2000/09/xmldsig#\" ",
            )),
            Problem::NamespaceUnexpected,
        ),
    ]
}

/// The signature moved, emptied, weakened or pointed elsewhere.
fn re_pointed(text: &str) -> Vec<Attack> {
    let change = |from: &str, to: &str| replaced(text, from, to);
    let signature = signature(text);
    let references = {
        let start = text.find("<Reference ").unwrap();
        let end = text.find("</SignedInfo>").unwrap();
        text[start..end].to_owned()
    };
    let first = part(text, "<Reference ", "</Reference>");
    let enveloped = format!("<Transform Algorithm=\"{ENVELOPED}\"/>");
    let transform = |name: &str| change(&enveloped, &format!("<Transform Algorithm=\"{name}\"/>"));
    let signed_info = part(text, "<SignedInfo>", "</SignedInfo>");
    let value = part(text, "<SignatureValue>", "</SignatureValue>");
    vec![
        ("signature-stripped", change(&part(text, "<DSCKS>", "</DSCKS>"), ""), Problem::SignatureMissing),
        (
            "signature-in-body",
            replaced(&change(&signature, ""), "<NDHDon>", &format!("{signature}<NDHDon>")),
            Problem::SignatureInBody,
        ),
        (
            "signature-misplaced",
            replaced(&change(&signature, ""), "<DSCKS>", &format!("<Wrap>{signature}</Wrap><DSCKS>")),
            Problem::SignatureMisplaced,
        ),
        (
            "signature-namespace",
            change(
                "<Signature Id=\"NBan-1\" xmlns=\"http://www.w3.org/2000/09/xmldsig#\"",
                "<Signature Id=\"NBan-1\" xmlns=\"urn:x\"",
            ),
            Problem::SignatureNamespaceWrong,
        ),
        ("no-references", change(&references, ""), Problem::ReferenceSetEmpty),
        ("too-many-references", change(&references, &references.repeat(9)), Problem::ReferenceExtra),
        (
            "external-reference",
            change("URI=\"#data\"", "URI=\"http://example.invalid/data\""),
            Problem::ReferenceExternal,
        ),
        ("file-reference", change("URI=\"#data\"", "URI=\"file:///etc/passwd\""), Problem::ReferenceExternal),
        ("reference-without-uri", change(" URI=\"#data\"", ""), Problem::ReferenceExternal),
        ("xpointer", change("URI=\"#data\"", "URI=\"#xpointer(id('data'))\""), Problem::ReferenceXpointer),
        ("unknown-target", change("URI=\"#data\"", "URI=\"#other\""), Problem::ReferenceTargetUnknown),
        ("data-not-referenced", change(&first, ""), Problem::BodyNotCovered),
        ("own-object-twice", change("URI=\"#data\"", "URI=\"#Obj-NBan-1\""), Problem::EnvelopedOnOwnObject),
        ("xpath", transform("http://www.w3.org/TR/1999/REC-xpath-19991116"), Problem::TransformXpath),
        ("xpath-filter", transform("http://www.w3.org/2002/06/xmldsig-filter2"), Problem::TransformXpath),
        ("xslt", transform("http://www.w3.org/TR/1999/REC-xslt-19991116"), Problem::TransformXslt),
        (
            "base64-transform",
            transform("http://www.w3.org/2000/09/xmldsig#base64"),
            Problem::TransformForbidden,
        ),
        (
            "hmac",
            change(
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            ),
            Problem::AlgorithmHmac,
        ),
        (
            "rsa-md5",
            change(
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            ),
            Problem::AlgorithmMd5,
        ),
        (
            "digest-md5",
            change(SHA256_DIGEST, "http://www.w3.org/2001/04/xmldsig-more#md5"),
            Problem::AlgorithmMd5,
        ),
        (
            "dsa",
            change(
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            ),
            Problem::AlgorithmForbidden,
        ),
        (
            "sha1-claimed",
            change(
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            ),
            Problem::SignatureWrong,
        ),
        (
            "curve-claimed",
            change(
                "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            ),
            Problem::AlgorithmKeyMismatch,
        ),
        (
            "unknown-canonical-form",
            change("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "urn:none"),
            Problem::CanonicalizationForbidden,
        ),
        (
            "two-signed-infos",
            change(&signed_info, &format!("{signed_info}{signed_info}")),
            Problem::SignedInfoRepeated,
        ),
        ("no-signed-info", change(&signed_info, ""), Problem::SignedInfoMissing),
        (
            "comment-in-digest",
            change("<DigestValue>", "<DigestValue><!-- -->"),
            Problem::DigestValueMalformed,
        ),
        (
            "empty-value",
            change(&value, "<SignatureValue></SignatureValue>"),
            Problem::SignatureValueMalformed,
        ),
        ("two-values", change(&value, &format!("{value}{value}")), Problem::SignatureShape),
        ("text-in-signature", change("<SignedInfo>", "<SignedInfo>x"), Problem::TextBetweenElements),
        ("other-time", change("T09:30:15<", "T10:30:15<"), Problem::ObjectDigestMismatch),
        (
            "no-certificate",
            change(&part(text, "<X509Certificate>", "</X509Certificate>"), ""),
            Problem::CertificateMissing,
        ),
        (
            "broken-certificate",
            change("<X509Certificate>MII", "<X509Certificate>AII"),
            Problem::CertificateUnreadable,
        ),
        (
            "another-key-beside",
            change(
                "<KeyInfo>",
                "<KeyInfo><KeyValue><RSAKeyValue><Modulus>u7u7</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>",
            ),
            Problem::KeyValueMismatch,
        ),
        (
            "document-type",
            change("?><", "?><!DOCTYPE HDon [<!ATTLIST DLHDon Id ID #IMPLIED>]><"),
            Problem::DoctypeForbidden,
        ),
    ]
}

/// Intact documents whose signer or content is not what it must be, and what needs two signatures.
fn signers() -> Vec<Attack> {
    let coded = Style { code: true, ..Style::default() };
    let text = coded.signed();
    let (nban, cqt) = (part(&text, "<NBan><Sig", "</NBan>"), part(&text, "<CQT>", "</CQT>"));
    let inner = |block: &str| signature(block);
    let swapped = replaced(
        &replaced(&replaced(&text, &inner(&nban), "@1@"), &inner(&cqt), &inner(&nban)),
        "@1@",
        &inner(&cqt),
    );
    let by_seller =
        replaced(&coded.document(), "<CQT><Signature Id=\"CQT-1\"", "<CQT2><Signature Id=\"CQT-1\"")
            .replace("</CQT>", "</CQT2>");
    let by_seller = coded.sign(by_seller).replace("CQT2>", "CQT>");
    let other = Style { key: AUTHORITY, ..Style::default() };
    let plain = Style::default();
    let twice = plain.document().replace("</TToan>", "<TgTTTBSo>1</TgTTTBSo></TToan>");
    let code_left_out = {
        let all = coded.document();
        let at = all.rfind("<Reference URI=\"#code\"").unwrap();
        let end = at + all[at..].find("</Reference>").unwrap() + "</Reference>".len();
        coded.sign(format!("{}{}", &all[..at], &all[end..]))
    };
    let future = Style { time: "2027-09-01T09:30:15", ..Style::default() };
    let past = Style { time: "2001-09-01T09:30:15", ..Style::default() };
    vec![
        ("code-changed", replaced(&text, "00AB0", "00AC0"), Problem::ReferenceDigestMismatch),
        (
            "code-added",
            replaced(&plain.signed(), "<DSCKS>", "<MCCQT>00AB0000</MCCQT><DSCKS>"),
            Problem::AuthoritySignatureMissing,
        ),
        ("authority-stripped", replaced(&text, &cqt, ""), Problem::AuthoritySignatureMissing),
        ("seller-stripped", replaced(&text, &nban, ""), Problem::SellerSignatureMissing),
        ("swapped", swapped, Problem::SignerNotAuthority),
        ("seller-as-authority", by_seller, Problem::SignerNotAuthority),
        ("code-not-covered", code_left_out, Problem::CodeNotCovered),
        ("another-seller", other.signed(), Problem::SignerNotSeller),
        ("total-twice", plain.sign(twice), Problem::ContentUnreadable),
        ("in-the-future", future.signed(), Problem::SigningTimeInFuture),
        ("before-the-certificate", past.signed(), Problem::CertificateNotValidAtSigning),
    ]
}

fn messages() -> Vec<Attack> {
    let style = Style { message: Some(""), head: "", ..Style::default() };
    let text = style.signed();
    let invoice = part(&text, "<HDon>", "</HDon>");
    let evil = replaced(&invoice, &body(&text), &forged(&text));
    let batch = Style::default().sign(format!(
        "<TDiep><DLieu Id=\"batch\"><HDon>{}</HDon></DLieu><CKSNNT>{}</CKSNNT></TDiep>",
        style.body(),
        style.signature("NNT-1", &["batch"])
    ));
    vec![
        (
            "document-in-header",
            replaced(&replaced(&text, &invoice, &evil), "<TTChung>", &format!("<TTChung>{invoice}")),
            Problem::DocumentMisplaced,
        ),
        (
            "document-in-wrapper",
            replaced(&text, &invoice, &format!("<Wrap>{invoice}</Wrap>")),
            Problem::DocumentMisplaced,
        ),
        (
            "signature-of-another",
            replaced(
                &text,
                &invoice,
                &format!("{invoice}{}", replaced(&evil, "Obj-NBan-1\"><S", "Obj-2\"><S")),
            ),
            Problem::ReferenceTargetWrong,
        ),
        ("copied-document", replaced(&text, &invoice, &format!("{invoice}{invoice}")), Problem::DuplicateId),
        (
            "two-dlieu",
            replaced(&text, "<DLieu>", &format!("<DLieu>{evil}</DLieu><DLieu>")),
            Problem::DocumentMisplaced,
        ),
        ("batch-changed", replaced(&batch, "3750000", "9750000"), Problem::ReferenceDigestMismatch),
        (
            "batch-extended",
            replaced(&batch, "</DLieu>", "<HDon></HDon></DLieu>"),
            Problem::ReferenceDigestMismatch,
        ),
    ]
}

fn all() -> Vec<(String, String, Problem)> {
    let bare = Style::default().signed();
    let message = Style { message: Some(" xmlns:xsi=\"urn:i\""), ..Style::default() }.signed();
    let named = |prefix: &'static str, attacks: Vec<Attack>| {
        attacks.into_iter().map(move |(name, text, problem)| (format!("{prefix}-{name}"), text, problem))
    };
    named("invoice", wrapped(&bare))
        .chain(named("invoice", re_pointed(&bare)))
        .chain(named("invoice", readers::signatures(&bare)))
        .chain(named("invoice", readers::data(&bare)))
        .chain(named("message", wrapped(&message)))
        .chain(named("message", re_pointed(&message)))
        .chain(named("message", readers::signatures(&message)))
        .chain(named("message", readers::data(&message)))
        .chain(named("reader", readers::documents(&bare)))
        .chain(named("signer", signers()))
        .chain(named("batch", messages()))
        .chain(named("issuer", issuers::attacks()))
        .chain(named("own", own::attacks()))
        .chain(named("ids", constant_ids::attacks()))
        .chain(named("vendor", vec![("quirk", others::quirk(), Problem::EnvelopedOnOwnObject)]))
        .collect()
}

#[test]
fn every_attack_on_others_documents_is_refused_for_its_own_reason() {
    let attacks = all();
    assert!(attacks.len() >= 60, "{}", attacks.len());
    let mut faults = Vec::new();
    // A day later, too: what a time makes impossible today may be possible then.
    let moments = [now(), now().plus_seconds(86_400)];
    for ((name, text, problem), at) in attacks.iter().flat_map(|attack| moments.map(|at| (attack, at))) {
        let report = verify(text.as_bytes(), &trust(), at);
        if matches!(report.verdict, Verdict::Valid | Verdict::Intact) || !report.problems().contains(problem)
        {
            faults.push(format!(
                "{name}, judged at {at:?}: expected {}, {:?} {:?}",
                problem.code(),
                report.verdict,
                report.problems()
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let reasons: BTreeSet<Problem> = attacks.iter().map(|(_, _, problem)| *problem).collect();
    assert!(reasons.len() >= 40, "{}", reasons.len());
}

#[test]
fn the_attacks_kept_as_fixtures_are_the_ones_generated() {
    let (kept, fresh) = (repository(FOLDER), repository("target/attack"));
    let mut differing = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let doubts = issuers::doubts().into_iter();
    let doubts = doubts.map(|(name, text, problem)| (format!("doubt-{name}"), text, problem));
    let remarks = covered::remarks().into_iter();
    let remarks = remarks.map(|(name, text, problem)| (format!("remark-{name}"), text, problem));
    let slug = |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).collect::<Vec<_>>().join("_");
    let ours = super::attacks::all().into_iter();
    let ours = ours.map(|(name, text, problem)| (format!("receipt-{}", slug(name)), text, problem));
    for (name, text, problem) in all().into_iter().chain(doubts).chain(remarks).chain(ours) {
        let file = format!("{name}.{}.xml", problem.code());
        if fs::read(kept.join(&file)).ok().as_deref() != Some(text.as_bytes()) {
            fs::create_dir_all(&fresh).unwrap();
            fs::write(fresh.join(&file), &text).unwrap();
            differing.push(file.clone());
        }
        assert!(names.insert(file), "{name} is there twice");
    }
    let stored: BTreeSet<String> = fs::read_dir(&kept)
        .map(|files| files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    differing.extend(stored.difference(&names).map(|file| format!("{file} (kept, not generated)")));
    assert!(differing.is_empty(), "copy target/attack to {FOLDER} if these changes are meant: {differing:?}");
}
