//! The shape of the Signature element: two references, one algorithm each, one certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::NaiveDateTime;
use roxmltree::Document;

use super::problem::Problem;
use super::shape::{Element, attributes, children, is_called, leaf_text};
use crate::clock::Instant;
use crate::receipt::sign::{DSIG, ENVELOPED, INCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST};

/// What the signature says, nothing of it checked by computing yet.
pub(super) struct SignatureParts<'a, 'i> {
    pub signed_info: Element<'a, 'i>,
    pub object: Element<'a, 'i>,
    pub body_digest: Vec<u8>,
    pub object_digest: Vec<u8>,
    pub value: Vec<u8>,
    pub subject_name: &'a str,
    pub certificate_der: Vec<u8>,
    pub signing_time: Instant,
}

pub(super) fn parts<'a, 'i>(
    document: &'a Document<'i>,
    body: Element<'a, 'i>,
    signature: Element<'a, 'i>,
) -> Result<SignatureParts<'a, 'i>, Problem> {
    attributes(signature, &["Id"])?;
    once(document, "SignedInfo", Problem::SignedInfoMissing, Problem::SignedInfoRepeated)?;
    once(document, "Object", Problem::ObjectMissing, Problem::ObjectRepeated)?;
    let children = children(signature)?;
    if !children.iter().any(|child| is_called(*child, "KeyInfo")) {
        return Err(Problem::KeyInfoMissing);
    }
    let &[signed_info, value, key_info, object] = children.as_slice() else {
        return Err(Problem::SignatureShape);
    };
    expect(signed_info, "SignedInfo", &[])?;
    expect(value, "SignatureValue", &[])?;
    expect(key_info, "KeyInfo", &[])?;
    let (subject_name, certificate_der) = certificate(key_info)?;
    let signing_time = signing_time(object, signature)?;
    let (body_digest, object_digest) = references(document, signed_info, body, object)?;
    let value = decoded(value).ok_or(Problem::SignatureValueMalformed)?;
    Ok(SignatureParts {
        signed_info,
        object,
        body_digest,
        object_digest,
        value,
        subject_name,
        certificate_der,
        signing_time,
    })
}

fn once(document: &Document<'_>, name: &str, missing: Problem, repeated: Problem) -> Result<(), Problem> {
    match document.descendants().filter(|node| is_called(*node, name)).count() {
        0 => Err(missing),
        1 => Ok(()),
        _ => Err(repeated),
    }
}

/// The element has this name in the namespace of XML-DSig and exactly these attributes.
fn expect(node: Element<'_, '_>, name: &str, names: &[&str]) -> Result<(), Problem> {
    if !is_called(node, name) {
        return Err(Problem::SignatureShape);
    }
    if node.tag_name().namespace() != Some(DSIG) {
        return Err(Problem::SignatureNamespaceWrong);
    }
    attributes(node, names)
}

fn attribute<'a>(node: Element<'a, '_>, name: &str) -> &'a str {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == name).map_or("", |a| a.value())
}

/// An empty element that names an algorithm.
fn algorithm<'a>(node: Element<'a, '_>, name: &str, with_content: Problem) -> Result<&'a str, Problem> {
    expect(node, name, &["Algorithm"])?;
    if node.has_children() {
        return Err(with_content);
    }
    Ok(attribute(node, "Algorithm"))
}

/// Which kind of downgrade an algorithm other than ours is.
fn forbidden(algorithm: &str) -> Problem {
    let name = algorithm.to_ascii_lowercase();
    if name.contains("hmac") {
        Problem::AlgorithmHmac
    } else if name.contains("md5") {
        Problem::AlgorithmMd5
    } else if name.ends_with("sha1") {
        Problem::AlgorithmSha1
    } else {
        Problem::AlgorithmForbidden
    }
}

fn references<'a, 'i>(
    document: &Document<'i>,
    signed_info: Element<'a, 'i>,
    body: Element<'a, 'i>,
    object: Element<'a, 'i>,
) -> Result<(Vec<u8>, Vec<u8>), Problem> {
    let children = children(signed_info)?;
    let [canonicalization, method, references @ ..] = children.as_slice() else {
        return Err(Problem::SignatureShape);
    };
    let forbidden_form = Problem::CanonicalizationForbidden;
    if algorithm(*canonicalization, "CanonicalizationMethod", forbidden_form)? != INCLUSIVE_C14N {
        return Err(forbidden_form);
    }
    let method = algorithm(*method, "SignatureMethod", Problem::AlgorithmForbidden)?;
    if method != RSA_SHA256 {
        return Err(forbidden(method));
    }
    let (first, second) = match references {
        [first, second] => (*first, *second),
        [] => return Err(Problem::ReferenceSetEmpty),
        [_] => return Err(Problem::ReferenceMissing),
        _ => return Err(Problem::ReferenceExtra),
    };
    Ok((reference(document, first, body, true)?, reference(document, second, object, false)?))
}

/// Checks one reference and gives its digest.
fn reference<'a, 'i>(
    document: &Document<'i>,
    reference: Element<'a, 'i>,
    target: Element<'a, 'i>,
    enveloped: bool,
) -> Result<Vec<u8>, Problem> {
    expect(reference, "Reference", &["URI"])?;
    refers_to(document, attribute(reference, "URI"), target)?;
    let children = children(reference)?;
    let (transforms, method, value) = match *children.as_slice() {
        [transforms, method, value] => (Some(transforms), method, value),
        [method, value] => (None, method, value),
        _ => return Err(Problem::SignatureShape),
    };
    match transforms {
        Some(transforms) if enveloped => only_enveloped(transforms)?,
        Some(_) => return Err(Problem::TransformForbidden),
        None if enveloped => return Err(Problem::TransformMissing),
        None => {}
    }
    let method = algorithm(method, "DigestMethod", Problem::AlgorithmForbidden)?;
    if method != SHA256_DIGEST {
        return Err(forbidden(method));
    }
    expect(value, "DigestValue", &[])?;
    decoded(value).filter(|digest| digest.len() == 32).ok_or(Problem::DigestValueMalformed)
}

/// The URI is `#` and the Id of exactly this element. Ids are unique, checked before.
fn refers_to(document: &Document<'_>, uri: &str, target: Element<'_, '_>) -> Result<(), Problem> {
    if uri.is_empty() {
        return Err(Problem::ReferenceWholeDocument);
    }
    let id = uri.strip_prefix('#').ok_or(Problem::ReferenceExternal)?;
    if id.contains('(') {
        return Err(Problem::ReferenceXpointer);
    }
    let target_id = attribute(target, "Id");
    if id == target_id && !target_id.is_empty() {
        return Ok(());
    }
    let known = document.descendants().any(|node| node.is_element() && attribute(node, "Id") == id);
    Err(if known { Problem::ReferenceTargetWrong } else { Problem::ReferenceTargetUnknown })
}

fn only_enveloped(transforms: Element<'_, '_>) -> Result<(), Problem> {
    expect(transforms, "Transforms", &[])?;
    for transform in children(transforms)? {
        expect(transform, "Transform", &["Algorithm"])?;
        let name = attribute(transform, "Algorithm");
        if name.contains("xpath") || name.contains("xmldsig-filter2") {
            return Err(Problem::TransformXpath);
        }
        if name.contains("xslt") {
            return Err(Problem::TransformXslt);
        }
        if name != ENVELOPED || transform.has_children() {
            return Err(Problem::TransformForbidden);
        }
    }
    match children(transforms)?.len() {
        0 => Err(Problem::TransformMissing),
        1 => Ok(()),
        _ => Err(Problem::TransformForbidden),
    }
}

/// The subject's name and the one certificate. Nothing else may offer a key.
fn certificate<'a>(key_info: Element<'a, '_>) -> Result<(&'a str, Vec<u8>), Problem> {
    let offers = children(key_info)?;
    if offers.iter().any(|offer| is_called(*offer, "KeyValue")) {
        return Err(Problem::KeyValueSupplied);
    }
    let data = match *offers.as_slice() {
        [data] => data,
        [] => return Err(Problem::CertificateMissing),
        _ => return Err(Problem::KeyInfoUnexpected),
    };
    if !is_called(data, "X509Data") {
        return Err(Problem::KeyInfoUnexpected);
    }
    expect(data, "X509Data", &[])?;
    let inside = children(data)?;
    match inside.iter().filter(|child| is_called(**child, "X509Certificate")).count() {
        0 => return Err(Problem::CertificateMissing),
        1 => {}
        _ => return Err(Problem::CertificateRepeated),
    }
    let [subject, certificate] = *inside.as_slice() else { return Err(Problem::KeyInfoUnexpected) };
    expect(subject, "X509SubjectName", &[])?;
    expect(certificate, "X509Certificate", &[])?;
    let subject_name = leaf_text(subject).ok_or(Problem::KeyInfoUnexpected)?;
    Ok((subject_name, decoded(certificate).ok_or(Problem::CertificateUnreadable)?))
}

/// The Object holds the signing time, in elements outside the namespace of XML-DSig, and points
/// back at the signature.
fn signing_time(object: Element<'_, '_>, signature: Element<'_, '_>) -> Result<Instant, Problem> {
    expect(object, "Object", &["Id"])?;
    let properties = only_child(object, "SignatureProperties")?;
    attributes(properties, &[])?;
    let property = only_child(properties, "SignatureProperty")?;
    attributes(property, &["Target"])?;
    let target = attribute(property, "Target").strip_prefix('#').filter(|id| !id.is_empty());
    if target != Some(attribute(signature, "Id")) {
        return Err(Problem::ObjectTargetWrong);
    }
    let time = only_child(property, "SigningTime")?;
    attributes(time, &[])?;
    local_time(leaf_text(time).ok_or(Problem::ObjectContentUnexpected)?).ok_or(Problem::SigningTimeUnreadable)
}

/// Local time in whole seconds, in its one spelling.
pub(super) fn local_time(text: &str) -> Option<Instant> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok()?;
    (text.len() == "2026-01-01T00:00:00".len()).then_some(())?;
    Some(Instant::from_hanoi(local)).filter(|at| at.hanoi_text() == text)
}

fn only_child<'a, 'i>(node: Element<'a, 'i>, name: &str) -> Result<Element<'a, 'i>, Problem> {
    match *children(node)?.as_slice() {
        [only] if is_called(only, name) && !matches!(only.tag_name().namespace(), Some(DSIG)) => Ok(only),
        _ => Err(Problem::ObjectContentUnexpected),
    }
}

/// Base64 without white space or stray bits.
fn decoded(node: Element<'_, '_>) -> Option<Vec<u8>> {
    BASE64.decode(leaf_text(node)?).ok().filter(|bytes| !bytes.is_empty())
}
