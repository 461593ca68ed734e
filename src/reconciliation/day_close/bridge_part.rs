//! The part of a day's certificate that leads from the receipts to the bank: what was issued, what came in or is on
//! its way without being the other, one by one, and a hash over all of it.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;
use serde::Serialize;

use super::reading::{amount, each, field, number, part, unreadable};
use super::{query, sha256};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, UnitId};
use crate::receipt::markup::Markup;
use crate::reconciliation::bridge::{self, Bridge, Documents, Pier, Span};
use crate::store::Conn;

/// Spans of one kind of account that are named one by one; beyond that the kind is summed; the hash stands for them.
const NAMED: usize = 200;

/// The bridge of a day as it is certified.
#[derive(Clone, Debug)]
pub struct Part {
    pub bridge: Bridge,
    pub documents: Documents,
    rows: Vec<Row>,
    /// What the fee items are called that the day names: (code, name).
    pub items: Vec<(String, String)>,
}

/// Works it out for a day. `shared` are the ledger accounts of the day's shares, from and to.
pub fn of_day(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    date: BusinessDay,
    shared: &[(String, String)],
) -> Result<Part> {
    let (bridge, documents) = bridge::with_documents(conn, (unit, account), (date, date))?;
    let mut codes: BTreeSet<String> = BTreeSet::new();
    for (from, to) in shared {
        codes.extend([from, to].into_iter().filter_map(|account| item_of(account)).map(str::to_owned));
    }
    codes.extend(bridge.spans.iter().filter_map(|span| item_of(&span.account)).map(str::to_owned));
    let mut items = Vec::new();
    for code in codes {
        if let Some(name) = query::name_of_item(conn, unit, &code)? {
            items.push((code, name));
        }
    }
    let rows = rows(&bridge.spans)?;
    Ok(Part { bridge, documents, rows, items })
}

/// The fee item that an account is about.
fn item_of(account: &str) -> Option<&str> {
    match account.split_once('/') {
        Some(("fees_collected" | "share_kept" | "collected_without_document", code)) => Some(code),
        _ => None,
    }
}

/// A row of the bridge: one account, or several of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub pier: String,
    pub account: String,
    pub count: i64,
    pub amount: Dong,
}

/// What an account is, without what it is of.
fn kind(account: &str) -> &str {
    account.split_once('/').map_or(account, |(head, _)| head)
}

/// The spans one by one; a kind of account of which a pier has many is summed. Pure.
fn rows(spans: &[Span]) -> Result<Vec<Row>> {
    let mut many: BTreeMap<(Pier, &str), usize> = BTreeMap::new();
    for span in spans {
        *many.entry((span.pier, kind(&span.account))).or_default() += 1;
    }
    let mut sums: BTreeMap<(Pier, &str), (i64, Dong)> = BTreeMap::new();
    for span in spans {
        let head = kind(&span.account);
        let is_few = many.get(&(span.pier, head)).is_none_or(|count| *count <= NAMED);
        let name = if is_few { span.account.as_str() } else { head };
        let sum = sums.entry((span.pier, name)).or_default();
        *sum = (sum.0 + 1, sum.1.checked_add(span.amount)?);
    }
    let row = |((pier, account), (count, amount)): ((Pier, &str), (i64, Dong))| Row {
        pier: pier.as_str().to_owned(),
        account: account.to_owned(),
        count,
        amount,
    };
    Ok(sums.into_iter().map(row).collect())
}

/// Of every span in its order: pier, account and amount, a tab between and a line feed after each.
fn hash(spans: &[Span]) -> String {
    let line = |span: &Span| format!("{}\t{}\t{}\n", span.pier.as_str(), span.account, span.amount.0);
    sha256(spans.iter().map(line).collect::<String>().as_bytes())
}

/// Writes it into a certificate.
pub fn write(xml: &mut Markup, part: &Part) {
    xml.element("Bridge", |xml| {
        for (tag, (count, amount)) in [("Issued", part.documents.issued), ("Reduced", part.documents.reduced)]
        {
            xml.element(tag, |xml| {
                xml.text("Count", &count.to_string());
                xml.amount("Amount", amount);
            });
        }
        for (tag, pier) in TAGS {
            xml.amount(tag, part.bridge.of(pier));
        }
        xml.amount("Bank", part.bridge.bank);
        xml.text("SpanCount", &part.bridge.spans.len().to_string());
        xml.text("SpansSha256", &hash(&part.bridge.spans));
        xml.element("Spans", |xml| {
            for row in &part.rows {
                xml.element("Span", |xml| {
                    xml.text("Pier", &row.pier);
                    xml.text("Account", &row.account);
                    xml.text("Count", &row.count.to_string());
                    xml.amount("Amount", row.amount);
                });
            }
        });
    });
    xml.element("FeeItems", |xml| {
        for (code, name) in &part.items {
            xml.element("FeeItem", |xml| {
                xml.text("Code", code);
                xml.text("Name", name);
            });
        }
    });
}

const TAGS: [(&str, Pier); 5] = [
    ("Receipts", Pier::Receipts),
    ("CreditedNotReceipted", Pier::CreditedNotReceipted),
    ("ReceiptedNotCredited", Pier::ReceiptedNotCredited),
    ("Reversals", Pier::Reversals),
    ("Own", Pier::Own),
];

/// What a certificate says of its bridge, read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BridgeReading {
    /// Receipts and invoices issued: how many, how much.
    pub issued: (i64, Dong),
    /// Those cancelled or brought down.
    pub reduced: (i64, Dong),
    /// Sums by pier, in the order of `Pier::ALL`.
    pub piers: [Dong; 5],
    pub bank: Dong,
    pub span_count: i64,
    pub spans_sha256: String,
    pub rows: Vec<Row>,
}

/// Reads it from a certificate; None from one that was made before certificates had it.
///
/// # Errors
/// `day_certificate_unreadable`, also where the sums do not add up to what the bank moved.
pub fn read(root: Node<'_, '_>) -> Result<Option<BridgeReading>> {
    let Ok(bridge) = part(root, "Bridge") else { return Ok(None) };
    let counted = |tag: &str| {
        let node = part(bridge, tag)?;
        Ok((number(node, "Count")?, amount(node, "Amount")?))
    };
    let mut piers = [Dong::ZERO; 5];
    for (place, (tag, _)) in TAGS.iter().enumerate() {
        piers[place] = amount(bridge, tag)?;
    }
    let bank = amount(bridge, "Bank")?;
    let row = |one| {
        Ok(Row {
            pier: field(one, "Pier")?,
            account: field(one, "Account")?,
            count: number(one, "Count")?,
            amount: amount(one, "Amount")?,
        })
    };
    let rows = each(bridge, "Spans", row)?;
    if Dong::sum(piers)? != bank || Dong::sum(rows.iter().map(|row| row.amount))? != bank {
        return Err(unreadable());
    }
    let (span_count, spans_sha256) = (number(bridge, "SpanCount")?, field(bridge, "SpansSha256")?);
    let (issued, reduced) = (counted("Issued")?, counted("Reduced")?);
    Ok(Some(BridgeReading { issued, reduced, piers, bank, span_count, spans_sha256, rows }))
}

/// The names that a certificate gives fee items.
///
/// # Errors
/// `day_certificate_unreadable`.
pub fn read_items(root: Node<'_, '_>) -> Result<BTreeMap<String, String>> {
    let items = each(root, "FeeItems", |one| Ok((field(one, "Code")?, field(one, "Name")?)))?;
    Ok(items.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(account: &str, amount: i64) -> Span {
        Span { pier: Pier::of(account), account: account.to_owned(), amount: Dong(amount) }
    }

    #[test]
    fn few_spans_are_named_and_many_are_summed_by_kind() {
        let few = [span("fees_collected/HT-01", 5), span("suspense/lin_0000000000001", 7)];
        let named = rows(&few).unwrap();
        assert_eq!(named.len(), 2);
        assert_eq!((named[1].account.as_str(), named[1].count), ("suspense/lin_0000000000001", 1));

        let many: Vec<Span> =
            (0..=NAMED).map(|at| span(&format!("surplus/pay_{at:013}"), 2)).chain([few[0].clone()]).collect();
        let summed = rows(&many).unwrap();
        assert_eq!(summed.len(), 2, "a kind of which there are few is named beside one that is summed");
        assert!(summed.iter().any(|row| row.account == "fees_collected/HT-01"));
        let surplus = summed.iter().find(|row| row.account == "surplus").unwrap();
        assert_eq!((surplus.count, surplus.amount), (201, Dong(402)));
    }

    #[test]
    fn the_hash_changes_with_every_span() {
        let (one, other) = (span("clearing/acc_1/a", -5), span("clearing/acc_1/b", -5));
        assert_ne!(hash(std::slice::from_ref(&one)), hash(std::slice::from_ref(&other)));
        assert_ne!(hash(&[one.clone(), other]), hash(&[one]));
        assert_eq!(hash(&[]), sha256(b""));
    }
}
