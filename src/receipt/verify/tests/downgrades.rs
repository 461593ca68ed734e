//! Attacks inside the Signature: references re-pointed, algorithms weakened, keys supplied.

use super::attacks::Attack;
use super::forge::*;
use crate::receipt::testing::document_text;
use crate::receipt::verify::Problem;

const REFERENCE_1: &str = "<Reference URI=\"#BL-rcp-42\">";
const REFERENCE_2: &str = "<Reference URI=\"#TGKy-BL-rcp-42\">";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

pub fn references() -> Vec<Attack> {
    let text = document_text();
    let first = part(&text, REFERENCE_1, "</Reference>");
    let second = part(&text, REFERENCE_2, "</Reference>");
    let to = |uri: &str| changed(REFERENCE_1, &format!("<Reference URI=\"{uri}\">"));
    let dropped = |text: &str, reference: &str| replaced(text, reference, "");
    let swapped = replaced(&replaced(&text, &first, "@"), &second, &first).replace('@', &second);
    vec![
        ("no reference", dropped(&dropped(&text, &first), &second), Problem::ReferenceSetEmpty),
        ("the data not referenced", dropped(&text, &first), Problem::ReferenceMissing),
        ("the Object not referenced", dropped(&text, &second), Problem::ReferenceMissing),
        (
            "a third reference",
            changed("</SignedInfo>", &format!("{second}</SignedInfo>")),
            Problem::ReferenceExtra,
        ),
        ("a reference to a web page", to("https://example.invalid/a.xml"), Problem::ReferenceExternal),
        ("a reference to a file", to("file:///etc/passwd"), Problem::ReferenceExternal),
        ("a reference to the whole document", to(""), Problem::ReferenceWholeDocument),
        ("an XPointer to the root", to("#xpointer(/)"), Problem::ReferenceXpointer),
        ("an XPointer to an Id", to("#xpointer(id('BL-rcp-42'))"), Problem::ReferenceXpointer),
        ("a reference to nothing", to("#nowhere"), Problem::ReferenceTargetUnknown),
        ("a reference to the signature", to("#TCThu-BL-rcp-42"), Problem::ReferenceTargetWrong),
        ("both references to the Object", to("#TGKy-BL-rcp-42"), Problem::ReferenceTargetWrong),
        ("references in the other order", swapped, Problem::ReferenceTargetWrong),
        (
            "a typed reference",
            changed(REFERENCE_1, "<Reference URI=\"#BL-rcp-42\" Type=\"x\">"),
            Problem::AttributeUnexpected,
        ),
        ("a reference without URI", changed(REFERENCE_1, "<Reference>"), Problem::AttributeUnexpected),
    ]
}

pub fn algorithms() -> Vec<Attack> {
    let transform = format!("<Transform Algorithm=\"{ENVELOPED}\"></Transform>");
    let transformed = |name: &str| changed(ENVELOPED, name);
    let xpath = "<XPath>ancestor-or-self::DLBLai</XPath>";
    let with_xpath =
        format!("<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">{xpath}</Transform>");
    let transforms = format!("<Transforms>{transform}</Transforms>");
    let method = |name: &str| changed(RSA_SHA256, name);
    let digest = |name: &str| changed(SHA256, name);
    let form = |name: &str| changed(&format!("{C14N}\""), &format!("{name}\""));
    let short_mac = changed("</SignatureMethod>", "<HMACOutputLength>8</HMACOutputLength></SignatureMethod>");
    vec![
        ("RSA with SHA-1", method("http://www.w3.org/2000/09/xmldsig#rsa-sha1"), Problem::AlgorithmSha1),
        ("RSA with MD5", method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), Problem::AlgorithmMd5),
        (
            "HMAC with the public key",
            method("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
            Problem::AlgorithmHmac,
        ),
        ("HMAC with SHA-1", method("http://www.w3.org/2000/09/xmldsig#hmac-sha1"), Problem::AlgorithmHmac),
        ("ECDSA", method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"), Problem::AlgorithmForbidden),
        ("no algorithm", method(""), Problem::AlgorithmForbidden),
        ("a parameter of the signature method", short_mac, Problem::AlgorithmForbidden),
        ("digest by SHA-1", digest("http://www.w3.org/2000/09/xmldsig#sha1"), Problem::AlgorithmSha1),
        ("digest by MD5", digest("http://www.w3.org/2001/04/xmldsig-more#md5"), Problem::AlgorithmMd5),
        ("digest by SHA-512", digest("http://www.w3.org/2001/04/xmlenc#sha512"), Problem::AlgorithmForbidden),
        (
            "exclusive form",
            form("http://www.w3.org/2001/10/xml-exc-c14n#"),
            Problem::CanonicalizationForbidden,
        ),
        ("form with comments", form(&format!("{C14N}#WithComments")), Problem::CanonicalizationForbidden),
        ("an XPath transform", changed(&transform, &with_xpath), Problem::TransformXpath),
        (
            "an XPath filter",
            transformed("http://www.w3.org/2002/06/xmldsig-filter2"),
            Problem::TransformXpath,
        ),
        (
            "an XSLT transform",
            transformed("http://www.w3.org/TR/1999/REC-xslt-19991116"),
            Problem::TransformXslt,
        ),
        (
            "a base64 transform",
            transformed("http://www.w3.org/2000/09/xmldsig#base64"),
            Problem::TransformForbidden,
        ),
        ("a transform twice", changed(&transform, &transform.repeat(2)), Problem::TransformForbidden),
        ("an empty set of transforms", changed(&transform, ""), Problem::TransformMissing),
        ("no transforms", changed(&transforms, ""), Problem::TransformMissing),
        (
            "a transform of the Object",
            changed(REFERENCE_2, &format!("{REFERENCE_2}{transforms}")),
            Problem::TransformForbidden,
        ),
    ]
}

pub fn key_info() -> Vec<Attack> {
    let text = document_text();
    let certificate = part(&text, "<X509Certificate>", "</X509Certificate>");
    let key_value = "<KeyValue><RSAKeyValue><Modulus>AA==</Modulus></RSAKeyValue></KeyValue>";
    let value = part(&text, "<SignatureValue>", "</SignatureValue>");
    let info = part(&text, "<SignedInfo>", "</SignedInfo>");
    let digest = part(&text, "<DigestValue>", "</DigestValue>");
    let renamed_digest = "<DigestValue xmlns=\"\">AA==</DigestValue>";
    vec![
        (
            "a bare key beside the certificate",
            changed("<KeyInfo>", &format!("<KeyInfo>{key_value}")),
            Problem::KeyValueSupplied,
        ),
        (
            "a key to be fetched",
            changed("<KeyInfo>", "<KeyInfo><RetrievalMethod></RetrievalMethod>"),
            Problem::KeyInfoUnexpected,
        ),
        ("two certificates", changed(&certificate, &certificate.repeat(2)), Problem::CertificateRepeated),
        ("no certificate", changed(&certificate, ""), Problem::CertificateMissing),
        (
            "an empty KeyInfo",
            changed(&part(&text, "<X509Data>", "</X509Data>"), ""),
            Problem::CertificateMissing,
        ),
        ("no KeyInfo", changed(&part(&text, "<KeyInfo>", "</KeyInfo>"), ""), Problem::KeyInfoMissing),
        (
            "an unreadable certificate",
            changed(&certificate, "<X509Certificate>AAAA</X509Certificate>"),
            Problem::CertificateUnreadable,
        ),
        ("another subject name", changed("CN=Ủy ban", "CN=Uỷ ban"), Problem::SubjectNameMismatch),
        (
            "a signature of zeros",
            changed(&value, &format!("<SignatureValue>{}</SignatureValue>", "AAAA".repeat(64))),
            Problem::SignatureWrong,
        ),
        (
            "a signature with white space",
            changed("<SignatureValue>", "<SignatureValue>\n"),
            Problem::SignatureValueMalformed,
        ),
        (
            "an empty signature",
            changed(&value, "<SignatureValue></SignatureValue>"),
            Problem::SignatureValueMalformed,
        ),
        ("no signature value", changed(&value, ""), Problem::SignatureShape),
        (
            "a digest of the wrong length",
            changed(&digest, "<DigestValue>AAAA</DigestValue>"),
            Problem::DigestValueMalformed,
        ),
        (
            "a digest outside the namespace",
            changed(&digest, renamed_digest),
            Problem::SignatureNamespaceWrong,
        ),
        ("two SignedInfo", changed(&info, &info.repeat(2)), Problem::SignedInfoRepeated),
        (
            "a second SignedInfo in the Object",
            changed("<SignatureProperties xmlns=\"\">", &format!("{info}<SignatureProperties xmlns=\"\">")),
            Problem::SignedInfoRepeated,
        ),
        ("no SignedInfo", changed(&info, ""), Problem::SignedInfoMissing),
        ("white space in the Signature", changed("<KeyInfo>", "\n<KeyInfo>"), Problem::TextBetweenElements),
        (
            "an attribute on the Signature",
            changed("Id=\"TCThu-BL-rcp-42\"", "Id=\"TCThu-BL-rcp-42\" Type=\"x\""),
            Problem::AttributeUnexpected,
        ),
    ]
}

pub fn object() -> Vec<Attack> {
    let text = document_text();
    let object = part(&text, "<Object ", "</Object>");
    let second = object.replace("TGKy-BL-rcp-42", "O2");
    let in_dsig = changed("<SignatureProperties xmlns=\"\">", "<SignatureProperties>");
    vec![
        ("no Object", changed(&object, ""), Problem::ObjectMissing),
        ("two Objects", changed(&object, &format!("{object}{second}")), Problem::ObjectRepeated),
        (
            "more inside the Object",
            changed("</SignatureProperties>", "</SignatureProperties><X xmlns=\"\"></X>"),
            Problem::ObjectContentUnexpected,
        ),
        ("properties in the namespace of XML-DSig", in_dsig, Problem::ObjectContentUnexpected),
        (
            "a property of another signature",
            changed("Target=\"#TCThu-BL-rcp-42\"", "Target=\"#other\""),
            Problem::ObjectTargetWrong,
        ),
        (
            "a property of no signature",
            changed("Target=\"#TCThu-BL-rcp-42\"", "Target=\"\""),
            Problem::ObjectTargetWrong,
        ),
    ]
}
