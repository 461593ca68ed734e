//! Documents of others: invoices, receipts, certificates and messages of any issuer, bare or in an
//! envelope, with any number of signatures.
//!
//! Unlike our own receipts they have no single shape. What is fixed is where their data stands, and
//! every signature must cover exactly that element: a reference is resolved in the very tree from
//! which the data is read, each Id it uses must be there once, and whatever is reported is read
//! from the digested bytes.

mod algorithm;
mod document;
pub(super) mod encoding;
mod find;
pub(super) mod gate;
mod judge;
mod key;
mod read;
mod signature;
mod summary;
mod time;

use std::cell::Cell;
use std::collections::HashMap;

use roxmltree::{Document, Node, ParsingOptions};

use self::find::Found;
use super::canonical::Form;
use super::problem::Problem;
use super::report::{DocumentReport, Report};
use super::trust::TrustStore;
use super::{Lenient, canonical};
use crate::clock::Instant;

/// Canonical bytes that all signatures of a file may need together. Two megabytes with five
/// signatures over the whole of it need ten.
const WORK_LIMIT: usize = 64 * 1024 * 1024;

/// What judging needs to know beside the document.
pub(super) struct Terms<'t> {
    pub trust: &'t TrustStore,
    pub now: Instant,
    pub lenient: &'t [Lenient],
}

/// One parsed file.
struct Ground<'a, 'i> {
    root: Node<'a, 'i>,
    /// Every Id, with its elements; only unique ones can be referred to.
    ids: HashMap<&'a str, Vec<Node<'a, 'i>>>,
    /// A namespace is declared by a relative URI somewhere: the document has no canonical form.
    is_formless: bool,
    work: Cell<usize>,
}

pub(super) fn examine(text: &str, terms: &Terms<'_>) -> Report {
    let refused = |problem| Report::of(DocumentReport::refused("unknown", problem));
    if let Err(problem) = gate::check(text) {
        return refused(problem);
    }
    let Ok(document) = parse(text) else { return refused(Problem::NotXml) };
    let is_formless = document.descendants().any(canonical::declares_relative);
    let ground =
        Ground { root: document.root(), ids: ids(&document), is_formless, work: Cell::new(WORK_LIMIT) };
    match find::documents(document.root_element()) {
        Ok(found) => Report::combined_of(judge_all(&ground, &found, terms)),
        Err(problem) => refused(problem),
    }
}

fn parse(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: gate::NODES_LIMIT, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
}

fn judge_all<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &[Found<'a, 'i>],
    terms: &Terms<'_>,
) -> Vec<DocumentReport> {
    found.iter().map(|found| document::judge(ground, found, terms)).collect()
}

/// An Id counts however it is spelled, so that none can hide: `Id`, `ID`, `id`, in any namespace.
fn ids<'a, 'i>(document: &'a Document<'i>) -> HashMap<&'a str, Vec<Node<'a, 'i>>> {
    let mut ids: HashMap<&str, Vec<Node<'a, 'i>>> = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes().filter(|a| a.name().eq_ignore_ascii_case("id")) {
            ids.entry(attribute.value()).or_default().push(node);
        }
    }
    ids
}

fn canonical_again(text: &str, form: &Form<'_, '_>) -> Result<String, Problem> {
    let document = parse(text).map_err(|_| Problem::TransformForbidden)?;
    let exclusive = form.exclusive.as_ref().map(|prefixes| prefixes.iter().copied().collect());
    Ok(canonical::canonical_as(document.root(), &Form { exclusive, ..Form::default() }))
}

impl<'a, 'i> Ground<'a, 'i> {
    /// Canonical text of what is left to compute, in one form after the other: behind the first
    /// each reads the text of the one before.
    fn canonical(
        &self,
        target: Node<'a, 'i>,
        first: &Form<'a, 'i>,
        more: &[Form<'a, 'i>],
    ) -> Result<String, Problem> {
        self.spend(target.range().len())?;
        if self.is_formless {
            return Err(Problem::NamespaceRelative);
        }
        let mut text = canonical::canonical_as(target, first);
        for form in more {
            self.spend(text.len())?;
            text = canonical_again(&text, form)?;
        }
        Ok(text)
    }

    /// Takes from the work that is left.
    fn spend(&self, bytes: usize) -> Result<(), Problem> {
        let left = self.work.get().checked_sub(bytes).ok_or(Problem::WorkExceeded)?;
        self.work.set(left);
        Ok(())
    }
}
