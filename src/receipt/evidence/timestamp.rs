//! Time stamps (RFC 3161): the request, and the strict reading of a token. Pure.

use ring::digest::{SHA256, digest};
use x509_parser::certificate::X509Certificate;

use super::der::{self, Reader};
use super::revocation::{is_issued_by, oid_text, signed_by};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::receipt::certificate::parse;

/// id-signedData, id-ct-TSTInfo and id-messageDigest.
pub const SIGNED_DATA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
pub const TST_INFO_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 4];
pub const MESSAGE_DIGEST_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
pub const CONTENT_TYPE_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const RSA_ENCRYPTION: &str = "1.2.840.113549.1.1.1";
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";

/// A request to stamp a SHA-256 digest; the authority's certificate is wanted in the token.
pub fn request(sha256: &[u8], nonce: u64) -> Vec<u8> {
    der::sequence(&[
        &der::unsigned(&[1]),
        &imprint(sha256),
        &der::unsigned(&nonce.to_be_bytes()),
        &der::tlv(der::BOOLEAN, &[0xff]),
    ])
}

fn imprint(sha256: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::algorithm(der::SHA256_OID), &der::tlv(der::OCTET_STRING, sha256)])
}

/// The token in an authority's response.
///
/// # Errors
/// `timestamp_refused` when it was not granted, `timestamp_unreadable`.
pub fn token(response: &[u8]) -> Result<Vec<u8>> {
    let mut outer = Reader::new(response).inside(der::SEQUENCE).ok_or_else(unreadable)?;
    let status =
        outer.inside(der::SEQUENCE).and_then(|mut status| status.one(der::INTEGER)).ok_or_else(unreadable)?;
    // granted, or granted with changes.
    if !matches!(status.content, [0] | [1]) {
        return Err(Error::conflict("timestamp_refused", "the time stamping authority did not grant it"));
    }
    outer.one(der::SEQUENCE).map(|token| token.whole.to_vec()).ok_or_else(unreadable)
}

/// What a token proves: the digest existed at this time, says this authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    pub at: Instant,
    pub nonce: Option<Vec<u8>>,
    /// DER of the certificate that signed.
    pub signer: Vec<u8>,
    /// Issued by one of the authorities given.
    pub is_trusted: bool,
}

/// Reads a token over a SHA-256 digest and checks everything that can be checked.
///
/// # Errors
/// `timestamp_unreadable`; `timestamp_wrong` when it stamps something else or its signature does
/// not hold.
pub fn check(token: &[u8], sha256: &[u8], authorities: &[Vec<u8>]) -> Result<Stamped> {
    let signed = SignedData::read(token).ok_or_else(unreadable)?;
    let (stamped, at, nonce) = info(signed.content).ok_or_else(unreadable)?;
    if stamped != imprint(sha256) {
        return Err(wrong("it stamps another digest"));
    }
    for bytes in &signed.certificates {
        let Ok(certificate) = parse(bytes) else { continue };
        if signed.is_signed_by(&certificate) {
            if !may_stamp(&certificate, at) {
                return Err(wrong("its certificate is not one for time stamping, or not valid then"));
            }
            let is_trusted = authorities
                .iter()
                .filter_map(|authority| parse(authority).ok())
                .any(|authority| authority.is_ca() && is_issued_by(&certificate, &authority));
            return Ok(Stamped { at, nonce, signer: bytes.to_vec(), is_trusted });
        }
    }
    Err(wrong("no certificate in it made its signature"))
}

/// The parts of a CMS SignedData with one signer.
struct SignedData<'a> {
    content: &'a [u8],
    certificates: Vec<&'a [u8]>,
    serial: &'a [u8],
    attributes: Vec<u8>,
    algorithm: String,
    signature: &'a [u8],
}

impl<'a> SignedData<'a> {
    fn read(token: &'a [u8]) -> Option<SignedData<'a>> {
        let mut outer = Reader::new(token).inside(der::SEQUENCE)?;
        if outer.one(der::OID)?.content != SIGNED_DATA_OID {
            return None;
        }
        let mut data = outer.inside(der::context(0))?.inside(der::SEQUENCE)?;
        data.one(der::INTEGER)?;
        data.one(der::SET)?;
        let mut encapsulated = data.inside(der::SEQUENCE)?;
        if encapsulated.one(der::OID)?.content != TST_INFO_OID {
            return None;
        }
        let content = encapsulated.inside(der::context(0))?.one(der::OCTET_STRING)?.content;
        let certificates = data.inside(der::context(0))?.map(|element| element.whole).collect();
        let _lists = data.one(der::context(1));
        let mut signer = data.inside(der::SET)?.inside(der::SEQUENCE)?;
        signer.one(der::INTEGER)?;
        let mut name = signer.inside(der::SEQUENCE)?;
        name.one(der::SEQUENCE)?;
        let serial = name.one(der::INTEGER)?.content;
        let digest = oid_text(signer.inside(der::SEQUENCE)?.one(der::OID)?.content)?;
        let attributes = signer.one(der::context(0))?;
        let mut algorithm = oid_text(signer.inside(der::SEQUENCE)?.one(der::OID)?.content)?;
        if algorithm == RSA_ENCRYPTION && digest == oid_text(der::SHA256_OID)? {
            RSA_SHA256.clone_into(&mut algorithm);
        }
        let signature = signer.one(der::OCTET_STRING)?.content;
        let has_digest = attribute(attributes.content, MESSAGE_DIGEST_OID)?
            == der::tlv(der::OCTET_STRING, digest_of(content).as_ref());
        let has_type = attribute(attributes.content, CONTENT_TYPE_OID)? == der::tlv(der::OID, TST_INFO_OID);
        // The attributes are signed as a SET OF, whatever tag they carry inside.
        let attributes = der::tlv(der::SET, attributes.content);
        (has_digest && has_type).then_some(SignedData {
            content,
            certificates,
            serial,
            attributes,
            algorithm,
            signature,
        })
    }

    fn is_signed_by(&self, certificate: &X509Certificate<'_>) -> bool {
        certificate.tbs_certificate.raw_serial() == self.serial
            && signed_by(certificate, &self.algorithm, &self.attributes, self.signature)
    }
}

fn digest_of(bytes: &[u8]) -> ring::digest::Digest {
    digest(&SHA256, bytes)
}

/// The one value of an attribute, as it stands.
fn attribute<'a>(attributes: &'a [u8], oid: &[u8]) -> Option<&'a [u8]> {
    let mut found = Reader::new(attributes).filter_map(|one| {
        let mut one = Reader::new(one.content);
        (one.one(der::OID)?.content == oid).then(|| one.one(der::SET))?
    });
    let only = found.next()?;
    found.next().is_none().then_some(only.content)
}

/// TSTInfo: (message imprint, time, nonce).
fn info(bytes: &[u8]) -> Option<(&[u8], Instant, Option<Vec<u8>>)> {
    let mut info = Reader::new(bytes).inside(der::SEQUENCE)?;
    info.one(der::INTEGER)?;
    info.one(der::OID)?;
    let imprint = info.one(der::SEQUENCE)?.whole;
    info.one(der::INTEGER)?;
    let at = der::read_time(info.one(der::GENERALIZED_TIME)?.content)?;
    let _accuracy = info.one(der::SEQUENCE);
    let _ordering = info.one(der::BOOLEAN);
    Some((imprint, at, info.one(der::INTEGER).map(|nonce| nonce.content.to_vec())))
}

fn may_stamp(certificate: &X509Certificate<'_>, at: Instant) -> bool {
    let validity = certificate.validity();
    let is_valid = (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&at.seconds());
    let is_for_this = certificate
        .extended_key_usage()
        .is_ok_and(|usage| usage.is_some_and(|usage| usage.value.time_stamping));
    is_valid && is_for_this
}

#[track_caller]
fn unreadable() -> Error {
    Error::conflict("timestamp_unreadable", "not a time stamp as RFC 3161 describes it")
}

#[track_caller]
fn wrong(why: &str) -> Error {
    Error::conflict("timestamp_wrong", why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_token_is_told_as_refused_or_as_no_answer() {
        let answer = |status: u8| der::sequence(&[&der::sequence(&[&der::tlv(der::INTEGER, &[status])])]);
        let code = |response: &[u8]| token(response).unwrap_err().code();
        assert_eq!(code(&answer(2)), "timestamp_refused");
        for granted in [0, 1] {
            assert_eq!(code(&answer(granted)), "timestamp_unreadable", "granted, and nothing stamped");
        }
        for noise in [&b""[..], b"<html/>", b"\x30\x00", b"\x30\x02\x30\x00"] {
            assert_eq!(code(noise), "timestamp_unreadable", "{noise:?}");
        }
    }
}
