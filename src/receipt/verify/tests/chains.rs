//! Authorities between a signer and one of the trust store.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    date_time_ymd,
};

use super::vendor::pem_block;
use super::*;
use crate::receipt::testing::{AUTHORITY_KEY_PEM, OTHER_SIGNER_PEM, SIGNER_PEM, signing_time};

fn key(pem: &str) -> KeyPair {
    KeyPair::from_pkcs8_der_and_sign_algo(&pem_block(pem, "PRIVATE KEY").as_slice().into(), &PKCS_RSA_SHA256)
        .unwrap()
}

fn certificate(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let usage = if matches!(is_ca, IsCa::Ca(_)) {
        KeyUsagePurpose::KeyCertSign
    } else {
        KeyUsagePurpose::DigitalSignature
    };
    params.key_usages = vec![usage];
    params.is_ca = is_ca;
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2034, 1, 1));
    params
}

/// Root, an authority under it and a signer under that one: is the signer trusted by the root?
fn trust_through(root: BasicConstraints, between: BasicConstraints) -> Trust {
    let root = certificate("root", IsCa::Ca(root));
    let between = certificate("between", IsCa::Ca(between));
    let store = TrustStore::from_pem(&root.self_signed(&key(AUTHORITY_KEY_PEM)).unwrap().pem()).unwrap();
    let by_root = Issuer::from_params(&root, key(AUTHORITY_KEY_PEM));
    let chain = between.signed_by(&key(OTHER_SIGNER_PEM), &by_root).unwrap();
    let by_between = Issuer::from_params(&between, key(OTHER_SIGNER_PEM));
    let signer = certificate("signer", IsCa::NoCa).signed_by(&key(SIGNER_PEM), &by_between).unwrap();
    // Certificates that lead nowhere, and the same one again, change nothing.
    let chain = [chain.der().to_vec(), signer.der().to_vec(), chain.der().to_vec()];
    store.judge_der(signer.der(), &chain, signing_time()).0
}

#[test]
fn an_authority_between_is_believed_as_far_as_those_above_it_allow() {
    let free = BasicConstraints::Unconstrained;
    assert_eq!(trust_through(free, free), Trust::Ok);
    assert_eq!(trust_through(BasicConstraints::Constrained(1), BasicConstraints::Constrained(0)), Trust::Ok);
    assert_eq!(
        trust_through(BasicConstraints::Constrained(0), free),
        Trust::Untrusted,
        "the root allows no authority below itself"
    );
}
