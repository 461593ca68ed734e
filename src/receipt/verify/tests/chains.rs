//! Authorities between a signer and one of the trust store.

use rcgen::ExtendedKeyUsagePurpose::{
    ClientAuth, CodeSigning, EmailProtection, OcspSigning, Other, ServerAuth, TimeStamping,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256, date_time_ymd,
};

use super::issuers::{CASH_REGISTER_CODE, of_series, signed_in};
use super::vendor::{Style, pem_block};
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

/// Known to nobody; statements about qualified certificates; Netscape's purposes; where lists of what was revoked
/// are. Then what is applied: a policy, when none is asked for.
const EXTENSIONS: [(&[u64], &[u8], Trust); 5] = [
    (&[1, 3, 6, 1, 4, 1, 99_999, 1], &[5, 0], Trust::Untrusted),
    (&[1, 3, 6, 1, 5, 5, 7, 1, 3], b"\x30\x0a\x30\x08\x06\x06\x04\x00\x8e\x46\x01\x01", Trust::Untrusted),
    (&[2, 16, 840, 1, 113_730, 1, 1], b"\x03\x02\x05\x20", Trust::Untrusted),
    (&[2, 5, 29, 31], b"\x30\x10\x30\x0e\xa0\x0c\xa0\x0a\x86\x08http://x", Trust::Untrusted),
    (&[2, 5, 29, 32], b"\x30\x08\x30\x06\x06\x04\x55\x1d\x20\x00", Trust::Ok),
];

#[test]
fn what_a_certificate_says_must_not_be_passed_over_is_not() {
    let (between, signer) = (certificate("between", IsCa::Ca(FREE)), certificate("signer", IsCa::NoCa));
    for (name, content, when_critical) in EXTENSIONS {
        for (critical, trust) in [(false, Trust::Ok), (true, when_critical)] {
            let mut extension = CustomExtension::from_oid_content(name, content.to_vec());
            extension.set_criticality(critical);
            let on = |params: &CertificateParams| {
                let mut params = params.clone();
                params.custom_extensions.push(extension.clone());
                params
            };
            assert_eq!(trust_by(FREE, &between, &on(&signer)), trust, "signer, {name:?}: {critical}");
            assert_eq!(trust_by(FREE, &on(&between), &signer), trust, "authority, {name:?}: {critical}");
        }
    }
}

/// Also where the names would fit: they are not compared.
#[test]
fn an_authority_for_certain_names_is_listed_or_not_trusted() {
    let (mut for_some, signer) = (certificate("between", IsCa::Ca(FREE)), certificate("signer", IsCa::NoCa));
    for names in [
        GeneralSubtree::DnsName("example.invalid".to_owned()),
        GeneralSubtree::DirectoryName(signer.distinguished_name.clone()),
    ] {
        for_some.name_constraints =
            Some(NameConstraints { permitted_subtrees: vec![names], excluded_subtrees: Vec::new() });
        assert_eq!(trust_by(FREE, &for_some, &signer), Trust::Untrusted);
        let listed = for_some.self_signed(&key(OTHER_SIGNER_PEM)).unwrap();
        let store = TrustStore::from_pem(&listed.pem()).unwrap();
        let issued =
            signer.signed_by(&key(SIGNER_PEM), &Issuer::from_params(&for_some, key(OTHER_SIGNER_PEM)));
        assert_eq!(store.judge_der(issued.unwrap().der(), &[], signing_time()).0, Trust::Ok, "listed");
    }
}

#[test]
fn the_tax_authority_signs_with_a_certificate_for_documents_however_it_is_named() {
    let root = certificate("root", IsCa::Ca(FREE));
    let store = TrustStore::from_pem(&root.self_signed(&key(AUTHORITY_KEY_PEM)).unwrap().pem()).unwrap();
    let of_ward = of_series("C26MAA", Style::default());
    let cases = [
        (Vec::new(), true),
        (vec![ClientAuth, EmailProtection], true),
        (vec![Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])], true),
        (vec![ServerAuth], false),
        (vec![CodeSigning, TimeStamping, OcspSigning], false),
    ];
    for (purposes, is_fit) in cases {
        let mut authority = certificate("Cơ quan thuế Thử Nghiệm", IsCa::NoCa);
        let tax_code = DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]);
        authority.distinguished_name.push(tax_code, "MST:9900000025");
        authority.extended_key_usages.clone_from(&purposes);
        let by_root = Issuer::from_params(&root, key(AUTHORITY_KEY_PEM));
        let issued = authority.signed_by(&key(OTHER_SIGNER_PEM), &by_root).unwrap();
        let pem = format!("{}{}", key(OTHER_SIGNER_PEM).serialize_pem(), issued.pem());
        let style = Style { key: Box::leak(pem.into_boxed_str()), ..of_ward.clone() };
        let invoice = signed_in(&style, "CQT", CASH_REGISTER_CODE);
        let unnamed = verify(invoice.as_bytes(), &store, now());
        let signature = &unnamed.documents[0].signatures[0];
        let fingerprint = signature.certificate.as_ref().unwrap().fingerprint.clone();
        for identity in ["9900000025".to_owned(), signature.by.clone().unwrap(), fingerprint] {
            for (believed, verdict) in [(&store, Verdict::Valid), (&TrustStore::empty(), Verdict::Intact)] {
                let named = believed.clone().with_tax_authority([identity.clone()]);
                let report = verify(invoice.as_bytes(), &named, now());
                let expected = if is_fit { verdict } else { Verdict::Invalid };
                assert_eq!(report.verdict, expected, "{purposes:?}, {identity}: {:?}", report.problems());
                let is_told = report.problems().contains(&Problem::CertificatePurposeWrong);
                assert_eq!(is_told, !is_fit, "{purposes:?}, {identity}");
            }
        }
    }
}
