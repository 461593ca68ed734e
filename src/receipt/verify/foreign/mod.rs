//! Documents of others: invoices, receipts, certificates and messages of any issuer, bare or in an
//! envelope, with any number of signatures.
//!
//! Unlike our own receipts they have no single shape. What is fixed is where their data stands, and
//! every signature must cover exactly that element: a reference is resolved in the very tree from
//! which the data is read, each Id it uses must be there once (`ids`), and whatever is reported is
//! read from the digested bytes.

mod algorithm;
mod batch;
mod beside;
mod document;
pub(super) mod encoding;
mod find;
pub(super) mod gate;
mod ids;
mod judge;
mod key;
mod own;
mod read;
mod signature;
mod signers;
mod summary;
mod time;

use std::borrow::Cow;
use std::cell::Cell;

use roxmltree::{Document, Node, ParsingOptions};

use self::batch::Batch;
use self::find::Found;
use self::ids::Ids;
use super::canonical::Form;
use super::problem::Problem;
use super::report::{DocumentReport, Report, Summary, Unconfirmed};
use super::trust::TrustStore;
use super::{Lenient, canonical};
use crate::clock::Instant;

/// What all signatures of a file may need together, in bytes of canonical text, of which each node
/// counts for some at least. Two megabytes with five signatures over the whole of it need ten.
const WORK_LIMIT: usize = 64 * 1024 * 1024;
/// The same for small files: so many times their size, and some more.
const WORK_TIMES: usize = 24;
const WORK_MORE: usize = 256 * 1024;
/// A node without any text costs as much as so many bytes.
const NODE_BYTES: usize = 16;

/// The largest message of cash-register invoices holds some thousand.
const DOCUMENTS_LIMIT: usize = 5_000;
/// Signatures that are judged in a file: two for each of so many documents.
const SIGNATURES_LIMIT: usize = 2 * DOCUMENTS_LIMIT;

/// What judging needs to know beside the document.
pub(super) struct Terms<'t> {
    pub trust: &'t TrustStore,
    pub now: Instant,
    pub lenient: &'t [Lenient],
}

/// One parsed file.
struct Ground<'a, 'i> {
    root: Node<'a, 'i>,
    ids: Ids<'a, 'i>,
    /// A namespace is declared by a relative URI somewhere: the document has no canonical form.
    is_formless: bool,
    work: Cell<usize>,
    signatures: Cell<usize>,
}

pub(super) fn examine(text: &str, terms: &Terms<'_>) -> Report {
    let refused = |problem| Report::of(DocumentReport::refused("unknown", problem));
    let text = &*as_read(text);
    if let Err(problem) = gate::check(text) {
        return refused(problem);
    }
    let Ok(document) = parse(text) else { return refused(Problem::NotXml) };
    let found = match find::documents(document.root_element()) {
        Ok(found) if found.len() > DOCUMENTS_LIMIT => return refused(Problem::DocumentsExceeded),
        Ok(found) => found,
        Err(problem) => return refused(problem),
    };
    let is_formless = document.descendants().any(canonical::declares_relative);
    let ground = Ground {
        root: document.root(),
        ids: Ids::of(&document, &found),
        is_formless,
        work: Cell::new(WORK_LIMIT.min(WORK_MORE + WORK_TIMES * text.len())),
        signatures: Cell::new(SIGNATURES_LIMIT),
    };
    Report::combined_of(judge_all(&ground, &found, terms))
}

/// What each document of a file says of itself, whatever its signatures are worth; nothing for a file that cannot be
/// read, and for a document in which a field is there twice.
pub(super) fn said(text: &str) -> Vec<Option<Unconfirmed>> {
    let text = &*as_read(text);
    let Ok(document) = gate::check(text).and_then(|()| parse(text).map_err(|_| Problem::NotXml)) else {
        return Vec::new();
    };
    let found = find::documents(document.root_element()).unwrap_or_default();
    let of = |found: &Found<'_, '_>| {
        let body = read::only(found.node, found.body_name)?;
        let summary = summary::of_body(body, found.kind)?.summary;
        (summary != Summary::default()).then_some(Unconfirmed { kind: found.kind, summary })
    };
    found.iter().take(DOCUMENTS_LIMIT).map(of).collect()
}

/// The text as the parser reads it rightly: with the line ends that XML knows (section 2.11), of which it leaves a
/// carriage return before a reference as if that had been written as one; and with a space behind the name of the
/// declaration, without which it takes that for an instruction.
fn as_read(text: &str) -> Cow<'_, str> {
    let text: Cow<'_, str> =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() };
    match text.strip_prefix("<?xml").and_then(|rest| rest.strip_prefix(['\t', '\n'])) {
        Some(rest) => format!("<?xml {rest}").into(),
        None => text,
    }
}

fn parse(text: &str) -> Result<Document<'_>, roxmltree::Error> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: gate::NODES_LIMIT, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
}

/// The documents of a message follow each other, so what is signed of it as a whole is computed when
/// the first of them comes.
fn judge_all<'a, 'i>(
    ground: &Ground<'a, 'i>,
    found: &[Found<'a, 'i>],
    terms: &Terms<'_>,
) -> Vec<DocumentReport> {
    let mut message = None;
    let mut batch: Option<Batch<'a, 'i>> = None;
    let mut reports = Vec::with_capacity(found.len());
    for found in found {
        if found.message != message {
            message = found.message;
            batch = message.map(|message| batch::compute_all(ground, message, terms));
        }
        reports.push(document::judge(ground, found, batch.as_ref(), terms));
    }
    reports
}

fn canonical_again(text: &str, form: &Form<'_, '_>) -> Result<String, Problem> {
    let document = parse(text).map_err(|_| Problem::TransformForbidden)?;
    let exclusive = form.exclusive.as_ref().map(|prefixes| prefixes.iter().copied().collect());
    Ok(canonical::canonical_as(document.root(), &Form { exclusive, ..Form::default() }))
}

/// Of writing the canonical text of a subtree.
fn cost(target: Node<'_, '_>) -> usize {
    target.range().len().max(NODE_BYTES * target.descendants().len())
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
        self.spend(cost(target))?;
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

    /// Counts a signature that is to be judged.
    fn take_signature(&self) -> Result<(), Problem> {
        let left = self.signatures.get().checked_sub(1).ok_or(Problem::WorkExceeded)?;
        self.signatures.set(left);
        Ok(())
    }

    /// Takes from the work that is left.
    fn spend(&self, bytes: usize) -> Result<(), Problem> {
        let left = self.work.get().checked_sub(bytes).ok_or(Problem::WorkExceeded)?;
        self.work.set(left);
        Ok(())
    }
}
