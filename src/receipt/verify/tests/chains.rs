//! Authorities between a signer and one of the trust store.

use rcgen::ExtendedKeyUsagePurpose::{
    ClientAuth, CodeSigning, EmailProtection, OcspSigning, Other, ServerAuth, TimeStamping,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256, date_time_ymd,
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

const FREE: BasicConstraints = BasicConstraints::Unconstrained;

/// Root, an authority under it and a signer under that one: is the signer trusted by the root?
fn trust_through(root: BasicConstraints, between: BasicConstraints) -> Trust {
    trust_by(root, &certificate("between", IsCa::Ca(between)), &certificate("signer", IsCa::NoCa))
}

fn trust_by(root: BasicConstraints, between: &CertificateParams, signer: &CertificateParams) -> Trust {
    let root = certificate("root", IsCa::Ca(root));
    let store = TrustStore::from_pem(&root.self_signed(&key(AUTHORITY_KEY_PEM)).unwrap().pem()).unwrap();
    let by_root = Issuer::from_params(&root, key(AUTHORITY_KEY_PEM));
    let chain = between.signed_by(&key(OTHER_SIGNER_PEM), &by_root).unwrap();
    let by_between = Issuer::from_params(between, key(OTHER_SIGNER_PEM));
    let signer = signer.signed_by(&key(SIGNER_PEM), &by_between).unwrap();
    // Certificates that lead nowhere, and the same one again, change nothing.
    let chain = [chain.der().to_vec(), signer.der().to_vec(), chain.der().to_vec()];
    store.judge_der(signer.der(), &chain, signing_time()).0
}

#[test]
fn an_authority_between_is_believed_as_far_as_those_above_it_allow() {
    assert_eq!(trust_through(FREE, FREE), Trust::Ok);
    assert_eq!(trust_through(BasicConstraints::Constrained(1), BasicConstraints::Constrained(0)), Trust::Ok);
    assert_eq!(
        trust_through(BasicConstraints::Constrained(0), FREE),
        Trust::Untrusted,
        "the root allows no authority below itself"
    );
}

#[test]
fn a_key_that_is_for_machines_alone_signs_no_document() {
    let between = certificate("between", IsCa::Ca(FREE));
    let with = |purposes: &[rcgen::ExtendedKeyUsagePurpose]| {
        let mut signer = certificate("signer", IsCa::NoCa);
        signer.extended_key_usages = purposes.to_vec();
        trust_by(FREE, &between, &signer)
    };
    for of_machines in [ServerAuth, CodeSigning, TimeStamping, OcspSigning] {
        assert_eq!(with(std::slice::from_ref(&of_machines)), Trust::Untrusted, "{of_machines:?}");
        let mut authority = between.clone();
        authority.extended_key_usages = vec![of_machines];
        let signer = certificate("signer", IsCa::NoCa);
        assert_eq!(trust_by(FREE, &authority, &signer), Trust::Untrusted, "an authority for machines");
    }
    // Documents: RFC 9336, and the name that came before it.
    let of_documents =
        [Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]), Other(vec![1, 3, 6, 1, 4, 1, 311, 10, 3, 12])];
    for of_people in of_documents.into_iter().chain([ClientAuth, EmailProtection]) {
        assert_eq!(with(&[ServerAuth, of_people.clone()]), Trust::Ok, "{of_people:?}");
    }
}

#[test]
fn what_a_certificate_says_must_not_be_passed_over_is_not() {
    let (between, signer) = (certificate("between", IsCa::Ca(FREE)), certificate("signer", IsCa::NoCa));
    for (critical, trust) in [(false, Trust::Ok), (true, Trust::Untrusted)] {
        let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        unknown.set_criticality(critical);
        let on = |params: &CertificateParams| {
            let mut params = params.clone();
            params.custom_extensions.push(unknown.clone());
            params
        };
        assert_eq!(trust_by(FREE, &between, &on(&signer)), trust, "the signer, critical: {critical}");
        assert_eq!(trust_by(FREE, &on(&between), &signer), trust, "the authority, critical: {critical}");
    }
    let mut for_others = between.clone();
    for_others.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.invalid".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    assert_eq!(trust_by(FREE, &for_others, &signer), Trust::Untrusted, "an authority for certain names");
}
