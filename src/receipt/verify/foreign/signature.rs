//! What one signature says, before anything of it is computed.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::algorithm::{Hash, Scheme, Step};
use super::key::Key;
use super::read::{attribute, decoded, elements, is_blank, is_dsig, leaf, local_name, structure};
use crate::receipt::verify::canonical::Form;
use crate::receipt::verify::problem::Problem;

/// Real signatures have two or three.
const REFERENCES_LIMIT: usize = 16;
const TRANSFORMS_LIMIT: usize = 4;
const CERTIFICATES_LIMIT: usize = 8;

pub(super) struct Parts<'a, 'i> {
    pub signed_info: Node<'a, 'i>,
    pub form: Form<'a, 'i>,
    pub scheme: Scheme,
    pub references: Vec<Reference<'a, 'i>>,
    pub value: Vec<u8>,
    pub certificates: Vec<Vec<u8>>,
    pub key_value: Option<Key>,
}

pub(super) struct Reference<'a, 'i> {
    pub uri: &'a str,
    pub enveloped: bool,
    pub form: Form<'a, 'i>,
    /// Canonicalisations behind the first, each of the text of the one before.
    pub more: Vec<Form<'a, 'i>>,
    pub hash: Hash,
    pub digest: Vec<u8>,
}

impl Reference<'_, '_> {
    /// Whether its digest is that of no byte at all, which is what one canonicalisation makes of no node; a second one
    /// would find nothing to read.
    pub(super) fn is_of_nothing(&self) -> bool {
        self.more.is_empty() && self.hash.digest("").as_ref() == self.digest
    }
}

/// Reads the signature, or names the first thing that keeps it from being judged.
pub(super) fn parts<'a, 'i>(signature: Node<'a, 'i>) -> Result<Parts<'a, 'i>, Problem> {
    let children = structure(signature)?;
    match children.iter().filter(|child| is_dsig(**child, "SignedInfo")).count() {
        0 => return Err(Problem::SignedInfoMissing),
        1 => {}
        _ => return Err(Problem::SignedInfoRepeated),
    }
    // The order of XML-DSig, section 4.1; another one is read differently by different engines.
    let [signed_info, value, rest @ ..] = children.as_slice() else { return Err(Problem::SignatureShape) };
    let (key_infos, objects) = match rest {
        [first, objects @ ..] if is_dsig(*first, "KeyInfo") => (Some(*first), objects),
        objects => (None, objects),
    };
    if !is_dsig(*signed_info, "SignedInfo")
        || !is_dsig(*value, "SignatureValue")
        || !objects.iter().all(|child| is_dsig(*child, "Object"))
    {
        return Err(Problem::SignatureShape);
    }
    let (signed_info, value) = (*signed_info, *value);
    let (certificates, key_value) = key_infos.map_or(Ok(Default::default()), key_info)?;
    let (form, scheme, references) = signed(signed_info)?;
    let value = decoded(value).ok_or(Problem::SignatureValueMalformed)?;
    Ok(Parts { signed_info, form, scheme, references, value, certificates, key_value })
}

/// What a signature that cannot be judged still says of itself. Nothing of it is proven.
#[derive(Default)]
pub(super) struct Told<'a, 'i> {
    pub algorithm: Option<String>,
    pub references: Vec<Reference<'a, 'i>>,
    pub certificates: Vec<Vec<u8>>,
}

/// Reads what can be read, part by part.
pub(super) fn told<'a, 'i>(signature: Node<'a, 'i>) -> Told<'a, 'i> {
    let part = |name: &'static str| elements(signature).find(move |child| is_dsig(*child, name));
    let key_info = part("KeyInfo").and_then(|info| key_info(info).ok()).unwrap_or_default();
    let Some(signed_info) = part("SignedInfo") else {
        return Told { certificates: key_info.0, ..Told::default() };
    };
    let method = elements(signed_info).find(|child| is_dsig(*child, "SignatureMethod"));
    let references = elements(signed_info).filter(|child| is_dsig(*child, "Reference"));
    Told {
        algorithm: method.and_then(|method| Scheme::told(algorithm(method))),
        references: references.take(REFERENCES_LIMIT).filter_map(|node| reference(node).ok()).collect(),
        certificates: key_info.0,
    }
}

type Signed<'a, 'i> = (Form<'a, 'i>, Scheme, Vec<Reference<'a, 'i>>);

fn signed<'a, 'i>(signed_info: Node<'a, 'i>) -> Result<Signed<'a, 'i>, Problem> {
    let children = structure(signed_info)?;
    let [canonicalization, method, references @ ..] = children.as_slice() else {
        return Err(Problem::SignatureShape);
    };
    expect(*canonicalization, "CanonicalizationMethod")?;
    let form = match Step::named(algorithm(*canonicalization)) {
        Some(step @ (Step::Inclusive | Step::Exclusive)) => {
            form(*canonicalization, step).ok_or(Problem::CanonicalizationForbidden)?
        }
        _ => return Err(Problem::CanonicalizationForbidden),
    };
    let form = Form { comments: algorithm(*canonicalization).ends_with("#WithComments"), ..form };
    expect(*method, "SignatureMethod")?;
    let scheme = Scheme::named(algorithm(*method))?;
    if elements(*method).next().is_some() {
        return Err(Problem::AlgorithmForbidden);
    }
    match references.len() {
        0 => return Err(Problem::ReferenceSetEmpty),
        1..=REFERENCES_LIMIT => {}
        _ => return Err(Problem::ReferenceExtra),
    }
    let references = references.iter().map(|node| reference(*node)).collect::<Result<_, _>>()?;
    Ok((form, scheme, references))
}

fn expect(node: Node<'_, '_>, name: &str) -> Result<(), Problem> {
    if is_dsig(node, name) {
        Ok(())
    } else if local_name(node) == name {
        Err(Problem::SignatureNamespaceWrong)
    } else {
        Err(Problem::SignatureShape)
    }
}

fn algorithm<'a>(node: Node<'a, '_>) -> &'a str {
    attribute(node, "Algorithm").unwrap_or_default()
}

/// The form of a canonicalisation; only the exclusive one has a parameter.
fn form<'a, 'i>(node: Node<'a, 'i>, step: Step) -> Option<Form<'a, 'i>> {
    let parameters: Vec<Node<'a, 'i>> = elements(node).collect();
    let prefixes = match parameters.as_slice() {
        [] => "",
        [list] if step == Step::Exclusive && local_name(*list) == "InclusiveNamespaces" => {
            attribute(*list, "PrefixList").unwrap_or_default()
        }
        _ => return None,
    };
    let exclusive: Option<BTreeSet<&'a str>> =
        (step == Step::Exclusive).then(|| prefixes.split_ascii_whitespace().collect());
    let keeps_ids = algorithm(node).contains("xml-c14n11");
    Some(Form { exclusive, keeps_ids, ..Form::default() })
}

fn reference<'a, 'i>(node: Node<'a, 'i>) -> Result<Reference<'a, 'i>, Problem> {
    expect(node, "Reference")?;
    let uri = attribute(node, "URI").ok_or(Problem::ReferenceExternal)?;
    let children = structure(node)?;
    let (transforms, method, value) = match *children.as_slice() {
        [transforms, method, value] => (Some(transforms), method, value),
        [method, value] => (None, method, value),
        _ => return Err(Problem::SignatureShape),
    };
    let (enveloped, forms) = transforms.map_or(Ok(Default::default()), steps)?;
    let mut forms = forms.into_iter();
    let form = forms.next().unwrap_or_default();
    let more = forms.collect();
    expect(method, "DigestMethod")?;
    let hash = Hash::named(algorithm(method))?;
    if elements(method).next().is_some() {
        return Err(Problem::AlgorithmForbidden);
    }
    expect(value, "DigestValue")?;
    let digest = decoded(value).ok_or(Problem::DigestValueMalformed)?;
    Ok(Reference { uri, enveloped, form, more, hash, digest })
}

/// Enveloped signature first, then canonicalisations. Comments are in none of them: a reference
/// within the document leaves them out (XML-DSig, section 4.4.3.3), whatever the form could take.
fn steps<'a, 'i>(transforms: Node<'a, 'i>) -> Result<(bool, Vec<Form<'a, 'i>>), Problem> {
    expect(transforms, "Transforms")?;
    let (mut enveloped, mut forms) = (false, Vec::new());
    let children = structure(transforms)?;
    if children.len() > TRANSFORMS_LIMIT {
        return Err(Problem::TransformForbidden);
    }
    for transform in children {
        expect(transform, "Transform")?;
        let name = algorithm(transform);
        if name.contains("xpath") || name.contains("xmldsig-filter2") {
            return Err(Problem::TransformXpath);
        }
        if name.contains("xslt") {
            return Err(Problem::TransformXslt);
        }
        match Step::named(name) {
            // Behind a canonicalisation there is text, in which no signature can be found again.
            Some(Step::Enveloped) if forms.is_empty() && elements(transform).next().is_none() => {
                enveloped = true;
            }
            Some(step @ (Step::Inclusive | Step::Exclusive)) => {
                forms.push(form(transform, step).ok_or(Problem::TransformForbidden)?);
            }
            _ => return Err(Problem::TransformForbidden),
        }
    }
    Ok((enveloped, forms))
}

type Offered = (Vec<Vec<u8>>, Option<Key>);

/// The certificates and the bare key, if any. Names and serial numbers beside them are hints that
/// nothing rests on.
fn key_info(info: Node<'_, '_>) -> Result<Offered, Problem> {
    let mut certificates = Vec::new();
    let mut key = None;
    for offer in structure(info)? {
        if is_dsig(offer, "X509Data") {
            for child in structure(offer)?.into_iter().filter(|child| is_certificate(*child)) {
                certificates.push(decoded(child).ok_or(Problem::CertificateUnreadable)?);
            }
        } else if is_dsig(offer, "KeyValue") {
            key = key.or(rsa_key_value(offer));
        }
    }
    if certificates.len() > CERTIFICATES_LIMIT {
        return Err(Problem::CertificateRepeated);
    }
    Ok((certificates, key))
}

/// An empty one, as some write beside their own, is none.
fn is_certificate(node: Node<'_, '_>) -> bool {
    is_dsig(node, "X509Certificate") && !leaf(node).is_some_and(|text| is_blank(&text))
}

fn rsa_key_value(offer: Node<'_, '_>) -> Option<Key> {
    let value = elements(offer).find(|child| is_dsig(*child, "RSAKeyValue"))?;
    let part = |name: &str| elements(value).find(|child| is_dsig(*child, name)).and_then(decoded);
    Some(Key::rsa(&part("Modulus")?, &part("Exponent")?))
}
