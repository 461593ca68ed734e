//! Judges one document: where its data stands, every signature, and whether the right ones signed.

use ring::digest::{SHA256, digest};
use roxmltree::Node;

use super::batch::Batch;
use super::find::Found;
use super::judge::{self, Covered, Place};
use super::read::{elements, is_blank, local_name};
use super::signers::{self, Signed};
use super::summary::{self, Content};
use super::{Ground, Terms, beside, own};
use crate::receipt::sign::DSIG;
use crate::receipt::verify::canonical::{Form, canonical_as};
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::report::{DocumentReport, Registered, SignatureReport};

/// A batch has one, an invoice two or three, a contract a few more.
const SIGNATURES_LIMIT: usize = 32;

pub(super) fn judge<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &Found<'a, 'i>,
    batch: Option<&Batch<'a, 'i>>,
    terms: &Terms<'_>,
) -> DocumentReport {
    let mut report = DocumentReport::of(found.kind);
    if found.misplaced {
        report.problems.push(Problem::DocumentMisplaced);
    }
    let body = match body(found) {
        Ok(body) => body,
        Err(problem) => {
            report.problems.push(problem);
            None
        }
    };
    report.problems.extend(problem_of_values(found.node));
    let canonical_body = body.and_then(|body| canonical_of(ground, body, &mut report.problems));
    let attacked = report.problems.first().copied();
    let place = Place { around: found.node, body, canonical_body: canonical_body.as_deref(), attacked };
    let covered = judge_signatures(ground, found, &place, batch, terms, &mut report);
    let any_covers = covered.iter().any(|covered| covered.body);
    let content =
        canonical_body.as_deref().filter(|_| any_covers).map(|body| summary::read(body, found.kind));
    if let Some(None) = content {
        report.problems.push(Problem::ContentUnreadable);
    }
    let content = content.flatten();
    if let Some(content) = &content {
        signers::judge(found.kind, &mut report.signatures, &covered, content, terms.trust);
    }
    let signed =
        Signed { found, signatures: &report.signatures, covered: &covered, content: content.as_ref() };
    let missing = signed.missing();
    report.problems.extend(missing);
    report.problems.extend(beside::problem(found));
    if content.is_some() && found.is_ours() {
        report.problems.extend(own::problem(canonical_body.as_deref(), &covered));
    }
    if let Some(content) = content.filter(|_| attacked.is_none()) {
        report.registered = registered(&content, canonical_body.as_deref());
        report.summary = Some(content.summary);
    }
    report
}

/// Canonical text of the body, taken from the work that is left: it may be longer than what is in
/// the file, by the namespaces it inherits.
fn canonical_of<'a, 'i>(
    ground: &Ground<'a, 'i>,
    body: Node<'a, 'i>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let text = canonical_as(body, &Form::default());
    match ground.spend(text.len().max(super::cost(body))) {
        Ok(()) => Some(text),
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

/// Its own signatures and those over the whole message; with each what it covers.
fn judge_signatures<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &Found<'a, 'i>,
    place: &Place<'_, 'a, 'i>,
    batch: Option<&Batch<'a, 'i>>,
    terms: &Terms<'_>,
    report: &mut DocumentReport,
) -> Vec<Covered> {
    let mut judged: Vec<(SignatureReport, Covered)> = Vec::new();
    for (signature, misplaced) in signatures(ground, found, &mut report.problems) {
        judged.push(match misplaced {
            Some(problem) => (judge::refused(found.node, signature, problem), Covered::default()),
            None => judge::compute(ground, place, signature, terms).over(found.node, place),
        });
    }
    if let Some(batch) = batch {
        judged.extend(batch.signatures.iter().map(|signature| signature.over(found.node, place)));
        report.problems.extend(batch.is_overfull.then_some(Problem::SignatureRepeated));
    }
    let (reports, covered) = judged.into_iter().unzip();
    report.signatures = reports;
    covered
}

fn registered(content: &Content, canonical_body: Option<&str>) -> Option<Registered> {
    let lookup_code = content.lookup_code.clone()?;
    let body_digest = digest(&SHA256, canonical_body?.as_bytes()).as_ref().to_vec();
    Some(Registered { lookup_code, body_digest })
}

/// The one element with the data, a child of the document. Anywhere else its like is a forgery, or
/// the original moved aside to make room for one.
fn body<'a, 'i>(found: &Found<'a, 'i>) -> Result<Option<Node<'a, 'i>>, Problem> {
    let root = found.node;
    let called = |node: &Node<'a, 'i>| node.is_element() && local_name(*node) == found.body_name;
    let mut elsewhere = root.descendants().skip(1).filter(called).filter(|node| node.parent() != Some(root));
    if let Some(node) = elsewhere.next() {
        let within = |name: &str| node.ancestors().skip(1).any(|ancestor| local_name(ancestor) == name);
        return Err(if within("Object") {
            Problem::BodyInObject
        } else if within("Signature") {
            Problem::BodyInSignature
        } else if within(found.body_name) {
            Problem::BodyNested
        } else {
            Problem::BodyMisplaced
        });
    }
    let mut all = elements(root).filter(called);
    match (all.next(), all.next()) {
        (None, _) => Err(Problem::BodyMissing),
        (Some(only), None) if only.tag_name().namespace() == Some(DSIG) => Err(Problem::NamespaceUnexpected),
        (Some(only), None) => Ok(Some(only)),
        _ => Err(Problem::BodyRepeated),
    }
}

/// A comment or instruction within a value makes some readers see half of it. Each element is looked
/// over once.
fn problem_of_values(root: Node<'_, '_>) -> Option<Problem> {
    root.descendants().filter(Node::is_element).find_map(|element| {
        let (mut break_in, mut has_text) = (None, false);
        for child in element.children() {
            if child.is_comment() {
                break_in = break_in.or(Some(Problem::CommentInValue));
            } else if child.is_pi() {
                break_in = break_in.or(Some(Problem::InstructionInValue));
            } else if child.is_text() {
                has_text |= !is_blank(child.text().unwrap_or_default());
            }
        }
        break_in.filter(|_| has_text)
    })
}

/// A signature, and why it does not count where it stands.
type Placed<'a, 'i> = (Node<'a, 'i>, Option<Problem>);

/// The signatures and whether they are in their places: in `DSCKS`, or a child of the document.
fn signatures<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &Found<'a, 'i>,
    problems: &mut Vec<Problem>,
) -> Vec<Placed<'a, 'i>> {
    let mut signatures = Vec::new();
    let called = |node: &Node<'a, 'i>| node.is_element() && local_name(*node) == "Signature";
    // A place kept for a signature that nobody gave.
    let is_bare = |node: &Node<'a, 'i>| {
        node.attributes().len() == 0
            && node.children().all(|child| child.is_text() && is_blank(child.text().unwrap_or_default()))
    };
    for node in found.node.descendants().filter(|node| called(node) && !is_bare(node)) {
        if signatures.len() == SIGNATURES_LIMIT {
            problems.push(Problem::SignatureRepeated);
            break;
        }
        if let Err(problem) = ground.take_signature() {
            problems.push(problem);
            break;
        }
        signatures.push((node, place_of(node, found).err()));
    }
    signatures
}

fn place_of(node: Node<'_, '_>, found: &Found<'_, '_>) -> Result<(), Problem> {
    if node.tag_name().namespace() != Some(DSIG) {
        return Err(Problem::SignatureNamespaceWrong);
    }
    let above: Vec<&str> = node
        .ancestors()
        .skip(1)
        .take_while(|ancestor| *ancestor != found.node)
        .map(|ancestor| local_name(ancestor))
        .collect();
    if above.contains(&found.body_name) {
        return Err(Problem::SignatureInBody);
    }
    if above.contains(&"Signature") {
        return Err(Problem::SignatureMisplaced);
    }
    match above.last() {
        None | Some(&"DSCKS") => Ok(()),
        Some(_) => Err(Problem::SignatureMisplaced),
    }
}
