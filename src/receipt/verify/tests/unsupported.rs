//! What is not computed here is told from what was changed, and what stands there for nothing is passed over.

use super::forge::replaced;
use super::others::ours;
use super::vendor::{RSA_1024_PEM, RSA_PSS_SHA256, RSA_SHA384, RSA_SHA512, Style};
use super::*;
use crate::receipt::sign::{RSA_SHA256, SHA256_DIGEST};

#[test]
fn what_is_not_computed_here_is_said_to_be_that_and_never_intact() {
    let genuine = Style::default().signed();
    for (from, to) in [
        (RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"),
        (RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
        (RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        (SHA256_DIGEST, "http://www.w3.org/2001/04/xmldsig-more#sha224"),
    ] {
        let report = verify(replaced(&genuine, from, to).as_bytes(), &trust(), now());
        let signature = &report.documents[0].signatures[0];
        assert_eq!((report.verdict, signature.integrity), (Verdict::Invalid, Integrity::Failed), "{to}");
        assert!(signature.problems.contains(&Problem::AlgorithmUnsupported), "{to}: {report:?}");
        assert!(!signature.problems.contains(&Problem::AlgorithmForbidden), "{to}");
    }
}

#[test]
fn a_short_key_is_checked_with_sha_384_and_told_from_a_wrong_signature() {
    let style = Style { method: RSA_SHA384, key: RSA_1024_PEM, ..Style::default() };
    let document = style.signed();
    assert_eq!(ours(document.as_bytes()), [Integrity::Ok]);
    let otherwise = replaced(&document, RSA_SHA384, RSA_SHA512);
    let report = verify(otherwise.as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::SignatureWrong), "{report:?}");
    let spelled = replaced(&document, "URI=\"#data\"", "URI='#data' Type=\"\"");
    let report = verify(spelled.as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::SignatureWrong), "{report:?}");
    let padded = replaced(&document, RSA_SHA384, RSA_PSS_SHA256);
    let report = verify(padded.as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::AlgorithmUnsupported), "{report:?}");
}

#[test]
fn an_empty_certificate_beside_a_good_one_is_none() {
    let good = "<P:X509Certificate>@C@</P:X509Certificate>";
    for (before, behind) in [("<P:X509Certificate/>", ""), ("", "<P:X509Certificate> \n</P:X509Certificate>")]
    {
        let key_info = format!("{before}{good}{behind}");
        let style = Style { key_info: Box::leak(key_info.into_boxed_str()), ..Style::default() };
        let report = verify(style.signed().as_bytes(), &trust(), now());
        assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
    }
    let style = Style { key_info: "<P:X509Certificate/>", ..Style::default() };
    let report = verify(style.signed().as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::CertificateMissing), "{report:?}");
}
