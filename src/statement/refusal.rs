//! A statement, or a notification, that is left out of its file, by what it says of itself.

use ring::digest::{SHA256, digest};

use super::draft::{Draft, place_of};
use super::{Balance, Finding, Format, Line, Statement, number};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::FilePartId;
use crate::text;

/// A statement of a file that is left out of it.
pub(super) struct Refusal {
    /// Whether it is a notification, which states no balances.
    pub is_notice: bool,
    /// Its place in the file, from zero.
    pub position: i32,
    pub at: String,
    /// The account that the file names, or that was named for it.
    pub account_no: Option<String>,
    pub number: Option<String>,
    /// Of a notification, which has no balance to be known by: its id, and its first and last page.
    pub id: Option<String>,
    pub pages: Option<(u32, u32)>,
    /// The day it closes with, or begins with where that does not read, or of its last line where that is later; of a
    /// notification that of its last line.
    pub stated_on: Option<BusinessDay>,
    /// The balances that read as whole đồng.
    pub opening: Option<Dong>,
    pub closing: Option<Dong>,
    /// Why, first things first; never none.
    pub findings: Vec<Finding>,
}

impl Refusal {
    pub fn of(
        format: Format,
        (index, statement): (usize, &Statement),
        account_no: Option<&str>,
        findings: Vec<Finding>,
    ) -> Refusal {
        let day = |balance: &Option<Balance>| balance.as_ref().and_then(|balance| balance.date);
        let sum = |balance: &Option<Balance>| {
            balance.as_ref().and_then(|balance| Dong::from_whole(balance.amount).ok())
        };
        let moving = statement.lines.iter().filter(|line| !line.amount.is_zero());
        let last = moving.filter_map(Line::day).max();
        let stated = day(&statement.closing).or(day(&statement.opening));
        let stated = stated.map(|day| last.map_or(day, |last| last.max(day)));
        let is_notice = format == Format::Camt054;
        Refusal {
            is_notice,
            position: place_of(index),
            at: statement.at.clone(),
            account_no: statement.account_number().or(account_no.map(str::to_owned)),
            number: statement.number.clone(),
            id: statement.id.clone().filter(|_| is_notice),
            pages: statement.page.filter(|_| is_notice).and_then(|page| page.first.zip(page.number)),
            stated_on: if is_notice { last } else { stated }.map(BusinessDay),
            opening: sum(&statement.opening),
            closing: sum(&statement.closing),
            findings,
        }
    }

    /// A statement that reads, and is not stored all the same.
    pub fn of_draft(draft: &Draft, finding: Finding) -> Refusal {
        Refusal {
            is_notice: false,
            position: draft.position,
            at: draft.at.clone(),
            account_no: Some(draft.account_no.clone()),
            number: draft.number.clone(),
            id: None,
            pages: None,
            stated_on: Some(draft.closing_on),
            opening: Some(draft.opening),
            closing: Some(draft.closing),
            findings: vec![finding],
        }
    }
}

/// A statement by what it says of itself, alike in every file; by its place in this very file where that is not enough
/// to tell it from others, as of every notification.
pub(super) fn id_of(sha256: &str, refusal: &Refusal) -> FilePartId {
    hashed(named(refusal, number::of_statement), sha256, refusal)
}

/// The id that has the number as it is written, by which items were opened once.
pub(super) fn id_as_written(sha256: &str, refusal: &Refusal) -> FilePartId {
    hashed(named(refusal, text::clean), sha256, refusal)
}

fn hashed(named: Option<String>, sha256: &str, refusal: &Refusal) -> FilePartId {
    let text = named.unwrap_or_else(|| format!("{sha256} {}", refusal.position));
    let hash = digest(&SHA256, text.as_bytes());
    let bytes: &[u8] = hash.as_ref();
    let first = bytes.first_chunk::<8>().copied().unwrap_or_default();
    FilePartId(i64::from_be_bytes(first) & i64::MAX)
}

fn named(refusal: &Refusal, plain: impl Fn(&str) -> String) -> Option<String> {
    if refusal.is_notice {
        return None;
    }
    let (account_no, number) = (refusal.account_no.as_deref()?, refusal.number.as_deref()?);
    let sum = |amount: Option<Dong>| amount.map_or_else(String::new, |amount| amount.0.to_string());
    let (account_no, number) = (text::squash(account_no), plain(number));
    let (opening, closing) = (sum(refusal.opening), sum(refusal.closing));
    Some(format!("{account_no}|{number}|{}|{opening}|{closing}", refusal.stated_on?))
}
