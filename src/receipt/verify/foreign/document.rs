//! Judges one document: where its data stands, every signature, and whether the right ones signed.

use roxmltree::Node;

use super::find::Found;
use super::judge::{self, Covered, Place};
use super::read::{elements, is_blank, is_dsig, local_name, only};
use super::summary::{self, Content};
use super::{Ground, Terms};
use crate::receipt::sign::DSIG;
use crate::receipt::verify::canonical::canonical;
use crate::receipt::verify::problem::Problem;
use crate::receipt::verify::report::{DocumentReport, Integrity, SignatureReport};

/// A batch has one, an invoice two or three, a contract a few more.
const SIGNATURES_LIMIT: usize = 32;

pub(super) fn judge<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &Found<'a, 'i>,
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
    let attacked = report.problems.first().copied();

    let canonical_body = body.map(canonical).and_then(|bytes| String::from_utf8(bytes).ok());
    let place = Place { found, body, canonical_body: canonical_body.as_deref(), attacked };
    let mut covered = Vec::new();
    for (signature, misplaced) in signatures(found, &mut report.problems) {
        let (signature, covers) = match misplaced {
            Some(problem) => (judge::refused(found, signature, problem), Covered::default()),
            None => judge::judge(ground, &place, signature, terms),
        };
        report.signatures.push(signature);
        covered.push(covers);
    }
    let any_covers = covered.iter().any(|covered| covered.body);
    let content = canonical_body.as_deref().filter(|_| any_covers).map(summary::read);
    if let Some(None) = content {
        report.problems.push(Problem::ContentUnreadable);
    }
    let content = content.flatten();
    if let Some(content) = &content {
        judge_signers(&mut report.signatures, &covered, content, terms);
    }
    report.problems.extend(missing(found, &report.signatures, &covered, content.as_ref()));
    report.problems.extend(beside(found));
    report.summary = content.filter(|_| attacked.is_none()).map(|content| content.summary);
    report
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

/// A comment or instruction within a value makes some readers see half of it.
fn problem_of_values(root: Node<'_, '_>) -> Option<Problem> {
    root.descendants().filter(|node| node.is_comment() || node.is_pi()).find_map(|node| {
        let beside = node.parent()?.children();
        let in_value = beside.into_iter().any(|n| n.is_text() && !is_blank(n.text().unwrap_or_default()));
        let problem = if node.is_comment() { Problem::CommentInValue } else { Problem::InstructionInValue };
        in_value.then_some(problem)
    })
}

/// A signature, and why it does not count where it stands.
type Placed<'a, 'i> = (Node<'a, 'i>, Option<Problem>);

/// The signatures and whether they are in their places: in `DSCKS`, or a child of the document; and
/// of a batch message the one over all of it.
fn signatures<'a, 'i>(found: &Found<'a, 'i>, problems: &mut Vec<Problem>) -> Vec<Placed<'a, 'i>> {
    let mut signatures = Vec::new();
    let called = |node: &Node<'a, 'i>| node.is_element() && local_name(*node) == "Signature";
    for node in found.node.descendants().filter(called) {
        if signatures.len() == SIGNATURES_LIMIT {
            problems.push(Problem::SignatureRepeated);
            break;
        }
        signatures.push((node, place_of(node, found).err()));
    }
    let of_message = found.message.and_then(|message| only(message, "CKSNNT"));
    let of_message = of_message.into_iter().flat_map(elements);
    signatures.extend(of_message.filter(|node| is_dsig(*node, "Signature")).map(|node| (node, None)));
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

/// Who signs in which place, by the tax code in the certificate against the signed data.
fn judge_signers(
    signatures: &mut [SignatureReport],
    covered: &[Covered],
    content: &Content,
    _terms: &Terms<'_>,
) {
    for (signature, covered) in signatures.iter_mut().zip(covered) {
        let Some(signer) = &covered.signer else { continue };
        let is_issuer = content.issuers.iter().any(|code| signer.is(code));
        let problem = match signature.role.as_str() {
            "CQT" | "TTCQT" => is_issuer.then_some(Problem::SignerNotAuthority),
            "NMua" => match &content.summary.buyer_tax_code {
                Some(code) if !signer.is(code) => Some(Problem::SignerNotBuyer),
                _ => None,
            },
            "CCKSKhac" => None,
            _ if content.issuers.is_empty() || is_issuer => None,
            _ if signer.identities.is_empty() => Some(Problem::SignerUnidentified),
            _ => Some(Problem::SignerNotSeller),
        };
        signature.problems.extend(problem);
    }
}

/// A signature that must be there and is not.
fn missing(
    found: &Found<'_, '_>,
    signatures: &[SignatureReport],
    covered: &[Covered],
    content: Option<&Content>,
) -> Vec<Problem> {
    if signatures.is_empty() {
        return vec![Problem::SignatureMissing];
    }
    if found.kind != "invoice" {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let has = |roles: &[&str]| signatures.iter().any(|signature| roles.contains(&signature.role.as_str()));
    // Invoices of cash registers (`M` in the series) carry a code instead of a signature.
    let series = content.and_then(|content| content.summary.series.as_deref()).unwrap_or_default();
    let of_cash_register = series.chars().nth(3) == Some('M');
    if !of_cash_register && !has(&["NBan", "HDon", "DSCKS", "CKSNNT", "invoice"]) {
        problems.push(Problem::SellerSignatureMissing);
    }
    let code = only(found.node, "MCCQT").and_then(|code| code.text()).unwrap_or_default().trim();
    if !code.is_empty() && !code.starts_with('M') {
        let by_authority = signatures
            .iter()
            .zip(covered)
            .filter(|(signature, _)| signature.role == "CQT")
            .collect::<Vec<_>>();
        if by_authority.is_empty() {
            problems.push(Problem::AuthoritySignatureMissing);
        } else if !by_authority
            .iter()
            .any(|(signature, covered)| covered.code || signature.integrity == Integrity::Failed)
        {
            problems.push(Problem::CodeNotCovered);
        }
    }
    problems
}

/// What stands beside the data. A whole structure could pose as it; a single note is said.
fn beside(found: &Found<'_, '_>) -> Option<Problem> {
    let known = [found.body_name, "MCCQT", "DLQRCode", "DSCKS", "Signature", "STBao", "controlData"];
    let mut others = elements(found.node).filter(|child| !known.contains(&local_name(*child))).peekable();
    others.peek()?;
    let structured = others.any(|child| elements(child).next().is_some());
    Some(if structured { Problem::UnsignedContent } else { Problem::UnsignedNote })
}
