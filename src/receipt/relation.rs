//! The chain of a receipt: what replaced, adjusted or cancelled it. Facts, written with the
//! correcting document.

use serde::Serialize;

use super::content::Payer;
use super::query::{self, Stored};
pub use super::relation_query::RelationRow;
use super::{printed, relation_query};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, CorrectionId, ReceiptId, UnitId};
use crate::store::{Conn, Tx, rows};

/// How one document corrects another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Replace,
    Adjust,
    Cancel,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Replace => "replace",
            Action::Adjust => "adjust",
            Action::Cancel => "cancel",
        }
    }

    pub fn parse(text: &str) -> Option<Action> {
        [Action::Replace, Action::Adjust, Action::Cancel].into_iter().find(|action| action.as_str() == text)
    }
}

/// That a document corrects another one, with what that did to the fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    pub unit: UnitId,
    pub correction: CorrectionId,
    /// The correcting document; of a cancelling the cancelled one itself.
    pub receipt: ReceiptId,
    pub original: ReceiptId,
    pub action: Action,
    pub account: AccountId,
    /// The accounting date of its postings.
    pub posted_on: BusinessDay,
    /// What the fees collected changed by.
    pub difference: Dong,
}

/// Records a relation; one for each correction.
pub fn record(tx: &mut Tx<'_>, row: RelationRow) -> Result<()> {
    rows::insert(tx, &[row])
}

/// A document of a chain with what it does to an earlier one.
#[derive(Clone, Debug)]
pub struct Link {
    pub document: Stored,
    /// None for the first of the chain.
    pub corrects: Option<(Action, ReceiptId)>,
}

impl Link {
    /// Neither replaced nor cancelled: the document counts.
    pub fn is_valid(&self) -> bool {
        !matches!(self.document.state.as_str(), "replaced" | "cancelled")
    }
}

/// Every document of the receipt's chain, by number of issue, the original first.
pub fn chain(conn: &mut Conn, item: &Stored) -> Result<Vec<Link>> {
    let documents = query::of_obligation(conn, item.unit, item.obligation)?;
    let ids: Vec<ReceiptId> = documents.iter().map(|document| document.id).collect();
    let relations = relation_query::of_receipts(conn, item.unit, &ids)?;
    let kept = connected(item.id, &relations);
    Ok(documents
        .into_iter()
        .filter(|document| kept.contains(&document.id))
        .map(|document| {
            let corrects = relations
                .iter()
                .find(|relation| relation.receipt == document.id && relation.original != document.id)
                .map(|relation| (relation.action, relation.original));
            Link { document, corrects }
        })
        .collect())
}

/// The documents that relations connect with one of them. Pure.
fn connected(of: ReceiptId, relations: &[Relation]) -> Vec<ReceiptId> {
    let mut kept = vec![of];
    let mut at = 0;
    while let Some(&id) = kept.get(at) {
        for relation in relations {
            for (one, other) in [(relation.receipt, relation.original), (relation.original, relation.receipt)]
            {
                if one == id && !kept.contains(&other) {
                    kept.push(other);
                }
            }
        }
        at += 1;
    }
    kept
}

/// The relation through which a document corrects an earlier one.
pub fn of_document(conn: &mut Conn, unit: UnitId, receipt: ReceiptId) -> Result<Option<Relation>> {
    let found = relation_query::of_receipts(conn, unit, &[receipt])?;
    Ok(found.into_iter().find(|relation| relation.receipt == receipt && relation.action != Action::Cancel))
}

/// The documents that adjust an original.
pub fn adjustments(conn: &mut Conn, unit: UnitId, original: ReceiptId) -> Result<Vec<ReceiptId>> {
    correcting(conn, unit, original, Action::Adjust)
}

/// The payer of a document that may have been adjusted: its newest adjustment prints who they are, because
/// an adjustment may correct a tax code alone.
pub fn payer_printed(conn: &mut Conn, unit: UnitId, original: ReceiptId) -> Result<Payer> {
    let newest = adjustments(conn, unit, original)?.pop().unwrap_or(original);
    Ok(printed::read(&query::body(conn, unit, newest)?)?.payer)
}

/// The documents that do this to an earlier one, oldest first.
pub fn correcting(
    conn: &mut Conn,
    unit: UnitId,
    original: ReceiptId,
    action: Action,
) -> Result<Vec<ReceiptId>> {
    let found = relation_query::of_originals(conn, unit, &[original])?;
    let doing = found.into_iter().filter(|relation| relation.action == action);
    Ok(doing.map(|relation| relation.receipt).collect())
}

/// What a correction made, when it made something.
pub fn of_correction(conn: &mut Conn, unit: UnitId, id: CorrectionId) -> Result<Option<Relation>> {
    relation_query::of_correction(conn, unit, id)
}

/// Corrections whose postings belong to a day of an account.
pub fn posted_on(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    day: BusinessDay,
) -> Result<Vec<Relation>> {
    relation_query::posted_on(conn, unit, account, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(receipt: i64, original: i64, action: Action) -> Relation {
        Relation {
            unit: UnitId(2),
            correction: CorrectionId(receipt),
            receipt: ReceiptId(receipt),
            original: ReceiptId(original),
            action,
            account: AccountId(1),
            posted_on: "2026-11-23".parse().unwrap(),
            difference: Dong(0),
        }
    }

    #[test]
    fn a_chain_is_found_from_each_of_its_documents_and_leaves_strangers_out() {
        let relations = [
            relation(2, 1, Action::Replace),
            relation(3, 2, Action::Replace),
            relation(8, 7, Action::Adjust),
        ];
        for start in 1..=3 {
            let mut found = connected(ReceiptId(start), &relations);
            found.sort_unstable();
            assert_eq!(found, [ReceiptId(1), ReceiptId(2), ReceiptId(3)]);
        }
        assert_eq!(connected(ReceiptId(9), &relations), [ReceiptId(9)]);
    }

    #[test]
    fn an_action_reads_back_from_its_word() {
        for action in [Action::Replace, Action::Adjust, Action::Cancel] {
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        assert_eq!(Action::parse("amend"), None);
    }
}
