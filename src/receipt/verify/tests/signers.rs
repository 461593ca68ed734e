//! Documents that are intact but signed by the wrong key, at the wrong time, or over wrong data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{
    CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};
use ring::rsa;
use x509_parser::pem::Pem;

use super::attacks::Attack;
use super::forge::*;
use crate::receipt::certificate::SigningCertificate;
use crate::receipt::sign::SoftwareSigner;
use crate::receipt::testing::*;
use crate::receipt::verify::{Integrity, Problem, Trust, TrustStore, verify};

const RSA_1024_PEM: &str = include_str!("../../../../fixtures/receipt/test-only-rsa-1024.pem");
const EC_PEM: &str = include_str!("../../../../fixtures/receipt/test-only-ec.pem");

fn key_der(pem: &str) -> Vec<u8> {
    Pem::iter_from_buffer(pem.as_bytes())
        .map(Result::unwrap)
        .find(|block| block.label == "PRIVATE KEY")
        .unwrap()
        .contents
}

fn key_pair(pem: &str) -> KeyPair {
    KeyPair::from_pkcs8_der_and_sign_algo(&key_der(pem).as_slice().into(), &PKCS_RSA_SHA256).unwrap()
}

/// A certificate of the attacker's liking for the key of the other unit.
fn rogue(
    change: impl FnOnce(&mut CertificateParams),
    issuer: Option<(&CertificateParams, &str)>,
) -> SoftwareSigner {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params.distinguished_name = subject(TAX_CODE);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    change(&mut params);
    let key = key_pair(OTHER_SIGNER_PEM);
    let certificate = match issuer {
        Some((issuer, issuer_pem)) => {
            params.signed_by(&key, &Issuer::from_params(issuer, key_pair(issuer_pem)))
        }
        None => params.self_signed(&key),
    };
    let certificate = SigningCertificate::from_der(certificate.unwrap().der()).unwrap();
    SoftwareSigner::new(rsa::KeyPair::from_pkcs8(&key_der(OTHER_SIGNER_PEM)).unwrap(), certificate).unwrap()
}

fn subject(tax_code: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, "Ủy ban nhân dân phường Thử Nghiệm");
    name.push(DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]), format!("MST:{tax_code}"));
    name
}

/// The name of the real test authority, which anybody can write into a certificate.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = rcgen::DistinguishedName::new();
    let country = rcgen::string::PrintableString::try_from("VN").unwrap();
    name.push(DnType::CountryName, rcgen::DnValue::PrintableString(country));
    name.push(DnType::OrganizationName, crate::receipt::certificate::TEST_MARK);
    name.push(DnType::CommonName, "bienlai TEST CA");
    params.distinguished_name = name;
    params
}

fn by_the_authority(change: impl FnOnce(&mut CertificateParams)) -> SoftwareSigner {
    rogue(change, Some((&authority_params(), AUTHORITY_KEY_PEM)))
}

pub fn attacks() -> Vec<Attack> {
    let text = document_text();
    let forged = replaced(&text, "Nguyễn Thị Thử", "Nguyễn Thị Giả");
    let mine = |text: &str, signer: &SoftwareSigner| signed_again(text, signer);
    let self_signed = rogue(|_| {}, None);
    let borrowed_name = rogue(|_| {}, Some((&authority_params(), OTHER_SIGNER_PEM)));
    let other_unit = signing_key(OTHER_SIGNER_PEM, OTHER_TAX_CODE).signer().unwrap();
    let mut own_name = CertificateParams::default();
    own_name.distinguished_name = subject(OTHER_TAX_CODE);
    let by_other_unit = rogue(|_| {}, Some((&own_name, OTHER_SIGNER_PEM)));
    let nameless = by_the_authority(|params| params.distinguished_name = rcgen::DistinguishedName::new());
    let sub_authority =
        by_the_authority(|params| params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained));
    let web_server = by_the_authority(|params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment]);
    let short_lived = by_the_authority(|params| params.not_after = date_time_ymd(2026, 6, 1));
    let tomorrow = replaced(&text, "2026-09-01T09:30:15<", "2026-09-03T09:30:15<");
    let reworded = replaced(&text, "Hai mươi lăm nghìn", "Chín mươi lăm nghìn");
    let extended = replaced(&text, "</NDBLai>", "<GChu>đã hủy</GChu></NDBLai>");
    let padded = replaced(&text, "<SBLai>42<", "<SBLai>042<");
    let other_format = replaced(&text, "<PBan>BL-1.0<", "<PBan>BL-9.9<");
    let own = signer();
    vec![
        ("forged and signed by oneself", mine(&forged, &self_signed), Problem::CertificateUntrusted),
        ("signed by oneself", mine(&text, &self_signed), Problem::CertificateUntrusted),
        (
            "by a certificate with the authority's name",
            mine(&text, &borrowed_name),
            Problem::CertificateUntrusted,
        ),
        (
            "by a certificate that another unit issued",
            mine(&text, &by_other_unit),
            Problem::CertificateUntrusted,
        ),
        ("by another unit", mine(&text, &other_unit), Problem::SignerNotCollector),
        ("by nobody in particular", mine(&text, &nameless), Problem::SignerTaxCodeMissing),
        ("by an authority", mine(&text, &sub_authority), Problem::CertificatePurposeWrong),
        ("by a key for another purpose", mine(&text, &web_server), Problem::CertificatePurposeWrong),
        ("after the certificate expired", mine(&text, &short_lived), Problem::CertificateNotValidAtSigning),
        ("in the future", mine(&tomorrow, &own), Problem::SigningTimeInFuture),
        ("with words that are not the figures", mine(&reworded, &own), Problem::ContentInconsistent),
        ("with more than the format has", mine(&extended, &own), Problem::ContentUnreadable),
        ("with a number spelled in another way", mine(&padded, &own), Problem::ContentUnreadable),
        ("in a format nobody knows", mine(&other_format, &own), Problem::ContentUnreadable),
        ("by a short key", with_certificate_of(&text, RSA_1024_PEM), Problem::CertificateKeyTooShort),
        ("by a key of another kind", with_certificate_of(&text, EC_PEM), Problem::CertificateKeyNotRsa),
        ("with digests fitted to a forgery", refitted_digests(&forged), Problem::SignatureWrong),
    ]
}

/// The genuine document with the certificate and subject of another key put into it.
fn with_certificate_of(text: &str, pem: &str) -> String {
    let der =
        Pem::iter_from_buffer(pem.as_bytes()).map(Result::unwrap).find(|b| b.label == "CERTIFICATE").unwrap();
    let old = part(text, "<X509Certificate>", "</X509Certificate>");
    replaced(text, &old, &format!("<X509Certificate>{}</X509Certificate>", BASE64.encode(der.contents)))
}

/// Digests made to fit a forgery, with the old signature kept.
fn refitted_digests(forged: &str) -> String {
    let genuine_value = part(forged, "<SignatureValue>", "</SignatureValue>");
    let refitted = signed_again(forged, &signer());
    let new_value = part(&refitted, "<SignatureValue>", "</SignatureValue>");
    replaced(&refitted, &new_value, &genuine_value)
}

#[test]
fn a_self_made_certificate_is_intact_but_nobodys() {
    let document = signed_again(&document_text(), &rogue(|_| {}, None));
    let report = verify(document.as_bytes(), &trust(), now());
    let signature = &report.documents[0].signatures[0];
    assert_eq!((signature.integrity, signature.trust), (Integrity::Ok, Trust::Untrusted));
    let unchecked = verify(document.as_bytes(), &TrustStore::empty(), now());
    assert_eq!(unchecked.documents[0].signatures[0].trust, Trust::NotChecked, "and that is said");
}

#[test]
fn the_authoritys_own_issue_is_trusted_by_the_same_tools() {
    let document = signed_again(&document_text(), &by_the_authority(|_| {}));
    let report = verify(document.as_bytes(), &trust(), now());
    assert!(report.is_valid(), "the attacks of this file fail for their own reason: {:?}", report.problems());
}

#[test]
fn a_trust_store_takes_only_authorities() {
    let code = |pem: &str| TrustStore::from_pem(pem).unwrap_err().code();
    assert_eq!(code(""), "trust_store_empty");
    assert_eq!(code(SIGNER_PEM), "trust_anchor_not_authority");
    assert_eq!(
        code("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "certificate_unreadable"
    );
    assert!(!TrustStore::from_pem(AUTHORITY_PEM).unwrap().is_empty());
}
