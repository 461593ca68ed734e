//! Signs the canonical body of a receipt: XML-DSig in the shape that documents accepted by the tax
//! authority have (inclusive C14N, RSA PKCS#1 v1.5 with SHA-256, one reference to the data and one
//! to the Object with the signing time).
//!
//! The work is cut in two around the key, so that a batch of prepared documents can go to an HSM or
//! a remote signing service in one call: `assemble` -> `Signer::sign` -> `finish`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::RSA_PKCS1_SHA256;

use super::certificate::SigningCertificate;
use super::frame::Frame;
use crate::clock::Instant;
use crate::error::{Error, Result};

/// The namespace of XML-DSig.
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const INCLUSIVE_C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const SHA256_DIGEST: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Every document begins with these bytes.
pub const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// Signature and Object take their Ids from the Id of the body, so that none is used twice.
pub(super) const OBJECT_ID_PREFIX: &str = "TGKy-";
const ID_LENGTH_LIMIT: usize = 64;

/// Makes RSA PKCS#1 v1.5 signatures with SHA-256.
pub trait Signer: Send + Sync {
    /// One signature per message, in the same order; all or none.
    ///
    /// # Errors
    /// `Busy` when the key is out of reach for a moment, `Internal` otherwise.
    fn sign(&self, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>>;

    fn certificate(&self) -> &SigningCertificate;

    /// The key is outside this process, so that signing may be slow or fail.
    fn is_outside(&self) -> bool {
        false
    }
}

/// A signer with the key in this process.
pub struct SoftwareSigner {
    key: rsa::KeyPair,
    certificate: SigningCertificate,
    random: SystemRandom,
}

impl SoftwareSigner {
    /// Takes a key whose public half is the certificate's.
    ///
    /// # Errors
    /// `key_certificate_mismatch`.
    pub fn new(key: rsa::KeyPair, certificate: SigningCertificate) -> Result<SoftwareSigner> {
        if key.public().as_ref() != certificate.public_key() {
            let detail = "the certificate belongs to another key";
            return Err(Error::invalid("certificate", "key_certificate_mismatch", detail));
        }
        Ok(SoftwareSigner { key, certificate, random: SystemRandom::new() })
    }

    fn sign_one(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
            .map_err(|_| Error::internal("signing failed"))?;
        Ok(signature)
    }
}

impl Signer for SoftwareSigner {
    fn sign(&self, batch: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        batch.iter().map(|message| self.sign_one(message)).collect()
    }

    fn certificate(&self) -> &SigningCertificate {
        &self.certificate
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareSigner({:?})", self.certificate)
    }
}

/// A document that lacks only its signature value.
#[derive(Clone)]
pub struct Prepared<'c> {
    /// The document up to and including `<Signature …>`.
    head: String,
    /// Canonical bytes of SignedInfo, with the namespace on it.
    signed_info: String,
    /// The Object as it stands in the document.
    object: String,
    frame: Frame,
    certificate: &'c SigningCertificate,
}

impl Prepared<'_> {
    /// The bytes to sign.
    pub fn signed_info(&self) -> &[u8] {
        self.signed_info.as_bytes()
    }
}

const SIGNED_INFO_TAG: &str = "<SignedInfo>";
const OBJECT_TAG: &str = "<Object ";

/// Digests a canonical body and prepares the document around it.
///
/// The signing time is written in whole seconds of local time without a zone, as the tax formats
/// do; the certificate must be valid then.
///
/// # Errors
/// `receipt_body_malformed` when `body` is not the body of a known frame with a plain Id;
/// `certificate_not_valid` outside the certificate's validity.
pub fn assemble<'c>(
    body: &[u8],
    certificate: &'c SigningCertificate,
    signing_time: Instant,
) -> Result<Prepared<'c>> {
    let (frame, text, id) = body_and_id(body)?;
    let signature_id = format!("{}-{id}", frame.holder);
    if !certificate.is_valid_at(signing_time) {
        return Err(Error::conflict(
            "certificate_not_valid",
            "the signing certificate is not valid at this time",
        ));
    }
    let object = object_xml(id, &signature_id, signing_time);
    let canonical_object = object.replacen(OBJECT_TAG, &format!("<Object xmlns=\"{DSIG}\" "), 1);
    let signed_info = signed_info_xml(id, &digest_text(body), &digest_text(canonical_object.as_bytes()));
    let key_info = certificate.key_info_xml().len();
    let mut head = String::with_capacity(text.len() + signed_info.len() + object.len() + key_info + 1_024);
    head.push_str(DECLARATION);
    head.push_str(&format!("<{}>", frame.root));
    head.push_str(text);
    head.push_str(&format!("<DSCKS><{}>", frame.holder));
    head.push_str(&format!("<Signature xmlns=\"{DSIG}\" Id=\"{signature_id}\">"));
    Ok(Prepared { head, signed_info, object, frame, certificate })
}

/// Adds the signature and gives the whole document.
///
/// The signature is checked first, at a twentieth of its cost: a faulty device must not seal a
/// receipt that nobody can verify.
///
/// # Errors
/// `Internal` when the signature is not that of the certificate's key over this document.
pub fn finish(prepared: Prepared<'_>, signature: &[u8]) -> Result<Vec<u8>> {
    if !prepared.certificate.verifies(prepared.signed_info(), signature) {
        return Err(Error::internal("the signer returned a signature that does not verify"));
    }
    let mut xml = prepared.head;
    xml.push_str(SIGNED_INFO_TAG);
    let canonical_tag = format!("<SignedInfo xmlns=\"{DSIG}\">");
    xml.push_str(prepared.signed_info.strip_prefix(canonical_tag.as_str()).unwrap_or_default());
    xml.push_str("<SignatureValue>");
    BASE64.encode_string(signature, &mut xml);
    xml.push_str("</SignatureValue>");
    xml.push_str(prepared.certificate.key_info_xml());
    xml.push_str(&prepared.object);
    xml.push_str(&format!("</Signature></{}></DSCKS></{}>", prepared.frame.holder, prepared.frame.root));
    Ok(xml.into_bytes())
}

/// Signs many bodies at one time of signing with one call to the signer.
///
/// # Errors
/// As `assemble`, `Signer::sign` and `finish`; all or none.
pub fn sign_batch(bodies: &[&[u8]], signer: &dyn Signer, signing_time: Instant) -> Result<Vec<Vec<u8>>> {
    let prepared: Vec<Prepared<'_>> = bodies
        .iter()
        .map(|body| assemble(body, signer.certificate(), signing_time))
        .collect::<Result<_>>()?;
    let messages: Vec<&[u8]> = prepared.iter().map(Prepared::signed_info).collect();
    let signatures = signer.sign(&messages)?;
    if signatures.len() != prepared.len() {
        return Err(Error::internal("the signer returned another number of signatures"));
    }
    prepared.into_iter().zip(signatures).map(|(prepared, signature)| finish(prepared, &signature)).collect()
}

fn body_and_id(body: &[u8]) -> Result<(Frame, &str, &str)> {
    let malformed = || {
        let detail = "expected canonical <DLBLai Id=\"…\">…</DLBLai> or <DLHDon Id=\"…\">…</DLHDon>";
        Error::invalid("body", "receipt_body_malformed", detail)
    };
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let (frame, rest) = Frame::of_body(text).ok_or_else(malformed)?;
    let (id, _) = rest.split_once("\">").ok_or_else(malformed)?;
    if !is_plain_id(id) {
        return Err(malformed());
    }
    Ok((frame, text, id))
}

/// An Id that is an XML name without colon and needs no escaping anywhere.
pub fn is_plain_id(id: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    id.len() <= ID_LENGTH_LIMIT
        && id.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && id.bytes().all(inner)
}

/// SHA-256 in base64, as `DigestValue` carries it.
fn digest_text(canonical: &[u8]) -> String {
    BASE64.encode(digest(&SHA256, canonical))
}

/// `xmlns=""` takes the properties out of the namespace of XML-DSig, which has no SigningTime.
fn object_xml(body_id: &str, signature_id: &str, signing_time: Instant) -> String {
    format!(
        "{OBJECT_TAG}Id=\"{OBJECT_ID_PREFIX}{body_id}\"><SignatureProperties xmlns=\"\">\
         <SignatureProperty Target=\"#{signature_id}\"><SigningTime>{}</SigningTime>\
         </SignatureProperty></SignatureProperties></Object>",
        signing_time.hanoi_text()
    )
}

/// The enveloped-signature transform does nothing here, because the signature stands outside the
/// data; readers of the tax formats expect it all the same.
fn signed_info_xml(body_id: &str, body_digest: &str, object_digest: &str) -> String {
    let digest_method = format!("<DigestMethod Algorithm=\"{SHA256_DIGEST}\"></DigestMethod>");
    format!(
        "<SignedInfo xmlns=\"{DSIG}\">\
         <CanonicalizationMethod Algorithm=\"{INCLUSIVE_C14N}\"></CanonicalizationMethod>\
         <SignatureMethod Algorithm=\"{RSA_SHA256}\"></SignatureMethod>\
         <Reference URI=\"#{body_id}\"><Transforms><Transform Algorithm=\"{ENVELOPED}\"></Transform></Transforms>\
         {digest_method}<DigestValue>{body_digest}</DigestValue></Reference>\
         <Reference URI=\"#{OBJECT_ID_PREFIX}{body_id}\">\
         {digest_method}<DigestValue>{object_digest}</DigestValue></Reference></SignedInfo>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::content::sample;
    use crate::receipt::testing::{at, body_of, document_text, signer, signing_time};

    #[test]
    fn a_signed_receipt_has_the_shape_of_accepted_documents() {
        let text = document_text();
        let start = format!("{DECLARATION}<BLai><DLBLai Id=\"BL-rcp-42\"><TTChung><PBan>BL-1.0</PBan>");
        assert!(text.starts_with(&start), "{text}");
        let seam = "</DLBLai><DSCKS><TCThu><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" \
                    Id=\"TCThu-BL-rcp-42\"><SignedInfo><CanonicalizationMethod ";
        assert!(text.contains(seam), "{text}");
        let end = "</KeyInfo><Object Id=\"TGKy-BL-rcp-42\"><SignatureProperties xmlns=\"\">\
                   <SignatureProperty Target=\"#TCThu-BL-rcp-42\"><SigningTime>2026-09-01T09:30:15</SigningTime>\
                   </SignatureProperty></SignatureProperties></Object></Signature></TCThu></DSCKS></BLai>";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn signing_only_adds_around_the_stored_body() {
        let body = body_of(&sample::content());
        let document = sign_batch(&[&body], &signer(), signing_time()).unwrap().remove(0);
        assert!(document.windows(body.len()).any(|window| window == body));
    }

    #[test]
    fn a_batch_is_signed_in_its_order() {
        let mut other = sample::content();
        other.payment_method = "Tiền mặt".to_owned();
        let bodies = [body_of(&sample::content()), body_of(&other)];
        let slices: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let documents = sign_batch(&slices, &signer(), signing_time()).unwrap();
        assert_eq!(documents.len(), 2);
        assert!(String::from_utf8_lossy(&documents[0]).contains("<HTTToan>Chuyển khoản<"));
        assert!(String::from_utf8_lossy(&documents[1]).contains("<HTTToan>Tiền mặt<"));
    }

    #[test]
    fn a_wrong_signature_never_becomes_a_document() {
        let signer = signer();
        let prepared = assemble(&body_of(&sample::content()), signer.certificate(), signing_time()).unwrap();
        let mut signature = signer.sign(&[prepared.signed_info()]).unwrap().remove(0);
        signature[17] ^= 1;
        assert!(finish(prepared, &signature).unwrap_err().is_internal());
    }

    #[test]
    fn an_expired_certificate_signs_nothing() {
        let error =
            assemble(&body_of(&sample::content()), signer().certificate(), at("2040-01-01T00:00:00+07:00"))
                .err()
                .unwrap();
        assert_eq!(error.code(), "certificate_not_valid");
    }

    #[test]
    fn only_a_body_with_a_plain_id_is_signed() {
        for body in [
            "",
            "<DLBLai></DLBLai>",
            "<DLBLai Id=\"1\"></DLBLai>",
            "<DLBLai Id=\"a b\"></DLBLai>",
            "<DLBLai Id=\"a&quot;\"></DLBLai>",
            "<DLBLai Id=\"a\">",
            "<X Id=\"a\"></X>",
        ] {
            let error = assemble(body.as_bytes(), signer().certificate(), signing_time()).err().unwrap();
            assert_eq!(error.code(), "receipt_body_malformed", "{body}");
        }
    }
}
