//! Tools of a forger: moving parts of a document about, and signing again what was changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use roxmltree::Document;

use crate::receipt::sign::{DECLARATION, Signer};
use crate::receipt::testing::document_text;
use crate::receipt::verify::canonical::canonical;

/// Replaces the first occurrence, which must exist.
pub fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the document");
    text.replacen(from, to, 1)
}

/// A change of the signed sample receipt.
pub fn changed(from: &str, to: &str) -> String {
    replaced(&document_text(), from, to)
}

/// The first element that begins with `open` and ends with `close`.
pub fn part(text: &str, open: &str, close: &str) -> String {
    let start = text.find(open).unwrap_or_else(|| panic!("{open} is not in the document"));
    let end = text[start..].find(close).expect("the closing tag") + start + close.len();
    text[start..end].to_owned()
}

pub fn body(text: &str) -> String {
    part(text, "<DLBLai ", "</DLBLai>")
}

pub fn signature(text: &str) -> String {
    part(text, "<Signature ", "</Signature>")
}

/// The body with another amount and, unless told otherwise, another Id.
pub fn forged_body(text: &str) -> String {
    replaced(&replaced(&body(text), "Id=\"BL-rcp-42\"", "Id=\"evil\""), ">25000<", ">95000<")
}

/// Makes digests, signature value and certificate fit what the document says now, as somebody with
/// a key of his own can.
pub fn signed_again(text: &str, signer: &dyn Signer) -> String {
    let mut text = text.to_owned();
    let key_info = part(&text, "<KeyInfo>", "</KeyInfo>");
    text = text.replacen(&key_info, signer.certificate().key_info_xml(), 1);
    for (index, element) in ["DLBLai", "Object"].into_iter().enumerate() {
        let fitting = BASE64.encode(digest(&SHA256, &canonical_of(&text, element)));
        let old = text.match_indices("<DigestValue>").nth(index).expect("a digest").0;
        let end = text[old..].find("</DigestValue>").unwrap() + old;
        text.replace_range(old..end, &format!("<DigestValue>{fitting}"));
    }
    let value = signer.sign(&[&canonical_of(&text, "SignedInfo")]).unwrap().remove(0);
    let old = part(&text, "<SignatureValue>", "</SignatureValue>");
    text.replacen(&old, &format!("<SignatureValue>{}</SignatureValue>", BASE64.encode(value)), 1)
}

fn canonical_of(text: &str, name: &str) -> Vec<u8> {
    let document = Document::parse(text.strip_prefix(DECLARATION).unwrap()).unwrap();
    canonical(document.descendants().find(|node| node.tag_name().name() == name).expect(name))
}
