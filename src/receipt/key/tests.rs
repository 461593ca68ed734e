use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::clock::Instant;
use crate::receipt::certificate::TEST_MARK;
use crate::receipt::sign::Signer;
use crate::receipt::testing::{
    AUTHORITY_KEY_PEM, AUTHORITY_PEM, OTHER_SIGNER_PEM, SIGNER_PEM, TAX_CODE, at, signing_key,
};

const PKCS1_PEM: &str = include_str!("../../../fixtures/receipt/test-only-signer-pkcs1.pem");
const ENCRYPTED_PEM: &str = include_str!("../../../fixtures/receipt/test-only-encrypted-key.pem");
const RSA_1024_PEM: &str = include_str!("../../../fixtures/receipt/test-only-rsa-1024.pem");
const EC_PEM: &str = include_str!("../../../fixtures/receipt/test-only-ec.pem");
const P12: &[u8] = include_bytes!("../../../fixtures/receipt/test-only-signer.p12");
const LEGACY_P12: &[u8] = include_bytes!("../../../fixtures/receipt/test-only-signer-legacy.p12");

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn refusal(key_pem: &str, chain_pem: &str, tax_code: &str) -> &'static str {
    SigningKey::from_pem(&secret(key_pem), chain_pem, tax_code).unwrap_err().code()
}

#[test]
fn the_same_key_is_read_from_every_file_it_comes_in() {
    let reference = signing_key(SIGNER_PEM, TAX_CODE);
    let others = [
        signing_key(PKCS1_PEM, TAX_CODE),
        SigningKey::from_pkcs12(P12, &secret("test-only"), TAX_CODE).unwrap(),
        SigningKey::from_pkcs12(LEGACY_P12, &secret("test-only"), TAX_CODE).unwrap(),
    ];
    let expected = reference.signer().unwrap().sign(&[b"message"]).unwrap();
    for key in others {
        assert_eq!(key.certificate(), reference.certificate());
        assert_eq!(key.signer().unwrap().sign(&[b"message"]).unwrap(), expected);
    }
}

#[test]
fn a_key_exported_as_pem_is_read_back_with_its_chain() {
    let key = signing_key(SIGNER_PEM, TAX_CODE);
    assert_eq!(key.chain_pem().matches("BEGIN CERTIFICATE").count(), 2);
    let exported = key.to_pem();
    let back = signing_key(exported.expose_secret(), TAX_CODE);
    assert_eq!(back.certificate(), key.certificate());
    assert_eq!(back.to_pem().expose_secret(), exported.expose_secret());
}

#[test]
fn a_certificate_tells_for_whom_it_signs() {
    let key = signing_key(SIGNER_PEM, TAX_CODE);
    let certificate = key.certificate();
    assert_eq!(certificate.tax_code(), Some(TAX_CODE));
    let subject = format!("UID=MST:{TAX_CODE},CN=Ủy ban nhân dân phường Thử Nghiệm,OU={TEST_MARK},C=VN");
    assert_eq!(certificate.subject(), subject);
    assert_eq!(certificate.issuer(), format!("CN=bienlai TEST CA,O={TEST_MARK},C=VN"));
    assert!(certificate.is_test());
    assert!(certificate.is_valid_at(at("2026-09-01T00:00:00+07:00")));
    assert!(!certificate.is_valid_at(at("2025-12-31T23:59:59+07:00")));
    assert_eq!(certificate.fingerprint().len(), 64);
}

#[test]
fn a_key_that_does_not_fit_its_certificate_or_its_unit_is_refused() {
    assert_eq!(refusal(SIGNER_PEM, OTHER_SIGNER_PEM, TAX_CODE), "key_certificate_mismatch");
    assert_eq!(refusal(SIGNER_PEM, AUTHORITY_PEM, TAX_CODE), "key_certificate_mismatch");
    assert_eq!(refusal(SIGNER_PEM, SIGNER_PEM, "9900000016"), "certificate_tax_code_mismatch");
    assert_eq!(refusal(AUTHORITY_KEY_PEM, AUTHORITY_PEM, TAX_CODE), "certificate_tax_code_mismatch");
}

#[test]
fn weak_foreign_encrypted_and_unreadable_keys_are_refused() {
    assert_eq!(refusal(RSA_1024_PEM, RSA_1024_PEM, TAX_CODE), "key_too_short");
    assert_eq!(refusal(EC_PEM, EC_PEM, TAX_CODE), "key_not_rsa");
    assert_eq!(refusal(ENCRYPTED_PEM, SIGNER_PEM, TAX_CODE), "key_encrypted");
    assert_eq!(refusal(AUTHORITY_PEM, AUTHORITY_PEM, TAX_CODE), "key_ambiguous");
    assert_eq!(refusal(&format!("{SIGNER_PEM}{OTHER_SIGNER_PEM}"), SIGNER_PEM, TAX_CODE), "key_ambiguous");
    assert_eq!(refusal("-----BEGIN PRIVATE KEY-----\n!\n", "", TAX_CODE), "key_file_unreadable");
    let wrong_password = SigningKey::from_pkcs12(P12, &secret("wrong"), TAX_CODE).unwrap_err();
    assert_eq!(wrong_password.code(), "key_file_unreadable");
    let garbage = SigningKey::from_pkcs12(b"\x30\x82garbage", &secret(""), TAX_CODE).unwrap_err();
    assert_eq!(garbage.code(), "key_file_unreadable");
}

/// Making RSA keys is slow without optimisation, so one test does all that needs new ones.
#[test]
fn the_test_authority_issues_certificates_that_work_and_say_what_they_are() {
    let authority = TestAuthority::from_pem(&secret(AUTHORITY_KEY_PEM), AUTHORITY_PEM).unwrap();
    let now: Instant = at("2026-09-01T10:00:00+07:00");
    let key = issue_test_certificate(&authority, "Phường, “Mới” + <1>", "9900000016", now, 365).unwrap();
    let certificate = key.certificate();
    assert!(certificate.is_test());
    assert_eq!(certificate.tax_code(), Some("9900000016"));
    assert!(certificate.subject().contains(r"CN=Phường\, “Mới” \+ \<1\>"), "{}", certificate.subject());
    assert_eq!((certificate.valid_from(), certificate.valid_until()), (now, now.plus_seconds(365 * 86_400)));
    assert!(key.signer().is_ok());

    let made = test_authority(now).unwrap();
    assert!(TestAuthority::from_pem(&made.key_pem(), made.certificate_pem()).is_ok());
    let mixed_up = TestAuthority::from_pem(&made.key_pem(), AUTHORITY_PEM).err().unwrap();
    assert_eq!(mixed_up.code(), "key_certificate_mismatch");
}

#[test]
fn a_key_never_reaches_a_log() {
    let shown = format!("{:?}", signing_key(SIGNER_PEM, TAX_CODE));
    assert!(shown.starts_with("SigningKey(SigningCertificate(") && shown.len() < 300, "{shown}");
}

/// A copy of the test certificate that names SHA-1 as the authority's algorithm, inside and outside.
#[test]
fn a_certificate_that_its_authority_signed_weakly_is_refused() {
    let good = signing_key(SIGNER_PEM, TAX_CODE).certificate().der().to_vec();
    assert!(crate::receipt::signer::accept(&good, TAX_CODE).is_ok());
    let sha256_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let mut weak = good.clone();
    let places: Vec<usize> = (0..good.len()).filter(|at| good[*at..].starts_with(&sha256_rsa)).collect();
    assert_eq!(places.len(), 2);
    for at in places {
        weak[at + 8] = 5;
    }
    let refused = crate::receipt::signer::accept(&weak, TAX_CODE).unwrap_err();
    assert_eq!(refused.code(), "certificate_signature_weak");
}

/// A copy of the test certificate whose key may encipher keys and nothing else.
#[test]
fn a_certificate_for_another_use_is_refused_before_it_signs_what_nobody_accepts() {
    let good = signing_key(SIGNER_PEM, TAX_CODE).certificate().der().to_vec();
    let signing_and_non_repudiation = [0x03, 0x02, 0x06, 0xC0];
    let at = good.windows(4).position(|window| window == signing_and_non_repudiation).unwrap();
    let mut for_keys = good.clone();
    for_keys[at + 2..at + 4].copy_from_slice(&[0x05, 0x20]);
    let refused = crate::receipt::signer::accept(&for_keys, TAX_CODE).unwrap_err();
    assert_eq!(refused.code(), "certificate_purpose_wrong");
}
