//! A certificate read back from its bytes: what is printed, carried on or summed up is what was
//! signed, whatever the rows say today.

use std::collections::BTreeMap;

use roxmltree::Node;
use serde::Serialize;

use super::bridge_part::{self, BridgeReading};
use super::certificate::VERSION;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};

/// Everything a day's certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// As `crt_…`.
    pub id: String,
    pub unit_id: String,
    pub unit_code: String,
    pub unit_name: String,
    pub tax_code: String,
    pub account_id: String,
    pub bank_bin: String,
    /// Masked.
    pub account_no: String,
    pub date: BusinessDay,
    pub revision: i64,
    /// Hash of the certificate that this one takes the place of.
    pub replaces_sha256: Option<String>,
    pub is_nil: bool,
    pub is_derived: bool,
    pub is_sequence_checked: bool,
    pub opening: Dong,
    pub credits: Dong,
    pub debits: Dong,
    pub closing: Dong,
    pub line_count: i64,
    pub classes: Vec<(String, Dong)>,
    pub carried: Vec<Carried>,
    pub in_transit_count: i64,
    pub in_transit: Dong,
    /// What of it no claim names.
    pub in_transit_unnamed: Dong,
    /// The same by name; empty in certificates that were made before they named claims.
    pub claims: Vec<OnItsWay>,
    pub shares: Vec<Share>,
    pub cash: Vec<Cash>,
    /// From the receipts to the bank; None in certificates that were made before they said it.
    pub bridge: Option<BridgeReading>,
    /// What fee items are called, by code.
    pub items: BTreeMap<String, String>,
    pub corrections: Vec<Correction>,
    /// Statement and hash of its file.
    pub statements: Vec<(String, String)>,
    pub previous_sha256: String,
    /// Local time in Hà Nội.
    pub issued_at: String,
    pub signer_serial: String,
}

/// Something unexplained, under its exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Carried {
    pub kind: String,
    pub id: String,
    pub amount: Dong,
    pub first_seen: BusinessDay,
    pub exception: String,
    pub exception_kind: String,
}

/// Money on its way at the end of the day, for which documents were issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnItsWay {
    pub payment: String,
    /// None of a card payment.
    pub movement: Option<String>,
    /// The reference code; empty where the payer wrote none.
    pub code: String,
    pub amount: Dong,
    pub first_seen: BusinessDay,
}

/// A share of fees, from one account of the ledger to another; less than zero is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    pub from: String,
    pub to: String,
    pub amount: Dong,
}

impl Share {
    /// Whether it is the unit's to keep; everything else is the budget's.
    pub fn is_kept(&self) -> bool {
        self.to.starts_with("share_kept/")
    }
}

/// Cash that is not in the bank yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cash {
    pub kind: String,
    pub id: String,
    pub amount: Dong,
    pub since: BusinessDay,
}

/// A correction posted on the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    pub id: String,
    pub action: String,
    pub receipt: String,
    pub difference: Dong,
}

/// What of shares is the budget's, and what the unit keeps.
///
/// # Errors
/// `amount_out_of_range`.
pub fn split(shares: &[Share]) -> Result<(Dong, Dong)> {
    let of = |kept: bool| {
        Dong::sum(shares.iter().filter(|share| share.is_kept() == kept).map(|share| share.amount))
    };
    Ok((of(false)?, of(true)?))
}

/// Reads a certificate as `certificate::document` wrote it.
///
/// # Errors
/// `day_certificate_unreadable`.
pub fn read(document: &[u8]) -> Result<Reading> {
    let text = std::str::from_utf8(document).map_err(|_| unreadable())?;
    let parsed = roxmltree::Document::parse(text).map_err(|_| unreadable())?;
    let root = parsed.root_element();
    if root.tag_name().name() != "DayCertificate" || field(root, "Version")? != VERSION {
        return Err(unreadable());
    }
    let (unit, account, transit) = (part(root, "Unit")?, part(root, "Account")?, part(root, "InTransit")?);
    Ok(Reading {
        id: root.attribute("Id").and_then(|id| id.strip_prefix("DC-")).ok_or_else(unreadable)?.to_owned(),
        unit_id: field(unit, "Id")?,
        unit_code: field(unit, "Code")?,
        unit_name: field(unit, "Name")?,
        tax_code: field(unit, "TaxCode")?,
        account_id: field(account, "Id")?,
        bank_bin: field(account, "BankBin")?,
        account_no: field(account, "Number")?,
        date: day(root, "Date")?,
        revision: number(root, "Revision")?,
        replaces_sha256: part(root, "ReplacesSha256")
            .ok()
            .map(|node| node.text().unwrap_or_default().to_owned()),
        is_nil: field(root, "IsNil")? == "true",
        is_derived: field(root, "BalanceBasis")? == "derived",
        is_sequence_checked: field(root, "SequenceChecked")? == "true",
        opening: amount(root, "Opening")?,
        credits: amount(root, "Credits")?,
        debits: amount(root, "Debits")?,
        closing: amount(root, "Closing")?,
        line_count: number(root, "LineCount")?,
        classes: each(root, "Classes", |one| Ok((field(one, "Name")?, amount(one, "Sum")?)))?,
        carried: each(root, "CarriedItems", carried)?,
        in_transit_count: number(transit, "Count")?,
        in_transit: amount(transit, "Amount")?,
        in_transit_unnamed: unnamed(transit)?,
        claims: each(transit, "Claims", on_its_way)?,
        shares: each(root, "Shares", share)?,
        cash: each(root, "CashInTransit", cash)?,
        bridge: bridge_part::read(root)?,
        items: bridge_part::read_items(root)?,
        corrections: each(root, "Corrections", correction)?,
        statements: each(root, "Statements", |one| Ok((field(one, "Id")?, field(one, "FileSha256")?)))?,
        previous_sha256: field(root, "PreviousSha256")?,
        issued_at: field(root, "IssuedAt")?,
        signer_serial: field(root, "SignerSerial")?,
    })
}

pub(crate) fn share(one: Node<'_, '_>) -> Result<Share> {
    Ok(Share { from: field(one, "From")?, to: field(one, "To")?, amount: amount(one, "Amount")? })
}

pub(crate) fn carried(one: Node<'_, '_>) -> Result<Carried> {
    Ok(Carried {
        kind: field(one, "Kind")?,
        id: field(one, "Id")?,
        amount: amount(one, "Amount")?,
        first_seen: day(one, "FirstSeen")?,
        exception: field(one, "Exception")?,
        exception_kind: field(one, "ExceptionKind")?,
    })
}

/// Absent where each claim is named, and in certificates that were made before they named them.
pub(crate) fn unnamed(transit: Node<'_, '_>) -> Result<Dong> {
    part(transit, "Unnamed").map_or(Ok(Dong::ZERO), |_| amount(transit, "Unnamed"))
}

pub(crate) fn on_its_way(one: Node<'_, '_>) -> Result<OnItsWay> {
    Ok(OnItsWay {
        payment: field(one, "Payment")?,
        movement: part(one, "Movement").ok().map(|node| node.text().unwrap_or_default().to_owned()),
        code: field(one, "Code")?,
        amount: amount(one, "Amount")?,
        first_seen: day(one, "FirstSeen")?,
    })
}

pub(crate) fn cash(one: Node<'_, '_>) -> Result<Cash> {
    Ok(Cash {
        kind: field(one, "Kind")?,
        id: field(one, "Id")?,
        amount: amount(one, "Amount")?,
        since: day(one, "Since")?,
    })
}

fn correction(one: Node<'_, '_>) -> Result<Correction> {
    Ok(Correction {
        id: field(one, "Id")?,
        action: field(one, "Action")?,
        receipt: field(one, "Receipt")?,
        difference: amount(one, "Difference")?,
    })
}

pub(crate) fn unreadable() -> Error {
    Error::invalid("document", "day_certificate_unreadable", "not a day certificate")
}

/// The only child of that name.
pub(crate) fn part<'a, 'input>(parent: Node<'a, 'input>, name: &str) -> Result<Node<'a, 'input>> {
    let mut found = parent.children().filter(|node| node.has_tag_name(name));
    found.next().filter(|_| found.next().is_none()).ok_or_else(unreadable)
}

pub(crate) fn field(parent: Node<'_, '_>, name: &str) -> Result<String> {
    part(parent, name).map(|node| node.text().unwrap_or_default().to_owned())
}

pub(crate) fn number(parent: Node<'_, '_>, name: &str) -> Result<i64> {
    field(parent, name)?.parse().map_err(|_| unreadable())
}

pub(crate) fn amount(parent: Node<'_, '_>, name: &str) -> Result<Dong> {
    number(parent, name).map(Dong)
}

pub(crate) fn day(parent: Node<'_, '_>, name: &str) -> Result<BusinessDay> {
    field(parent, name)?.parse().map_err(|_| unreadable())
}

/// The elements within a list; none where the list is absent.
pub(crate) fn each<'a, 'input: 'a, T>(
    parent: Node<'a, 'input>,
    list: &str,
    read: impl Fn(Node<'a, 'input>) -> Result<T>,
) -> Result<Vec<T>> {
    let Ok(list) = part(parent, list) else { return Ok(Vec::new()) };
    list.children().filter(|node| node.is_element()).map(read).collect()
}
