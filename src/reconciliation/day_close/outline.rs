//! A day as it can be told: a closed one as it was certified, an open one as it stands.

use serde::Serialize;

use super::certificate::named;
use super::facts::{self, DayRead};
use super::fingerprint_query::Fingerprint;
use super::reading::{self, Carried, Cash, OnItsWay, Reading, Share};
use super::transit::Claim;
use super::{check_date, month_start, posted_shares, query, share_out, weigh};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::reconciliation::proof::Obstacle;
use crate::store::{Conn, Stamp};
use crate::unit::BankAccount;

/// How far a day is.
#[derive(Clone, Debug)]
pub enum Outlook {
    /// With the hash of its certificate.
    Closed(String),
    Closable,
    Open(Vec<Obstacle>),
}

/// The bank's figures of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BankSide {
    pub opening: Dong,
    pub credits: Dong,
    pub debits: Dong,
    pub closing: Dong,
    pub line_count: i64,
    /// No statement shows the day itself; the next one proves that nothing moved.
    pub is_nil: bool,
    /// The lines' sums by what they are.
    pub classes: Vec<(String, Dong)>,
}

/// A day, with what is open on it.
#[derive(Clone, Debug)]
pub struct DayOutline {
    pub outlook: Outlook,
    /// None while no statement shows the day.
    pub bank: Option<BankSide>,
    pub carried: Vec<Carried>,
    pub in_transit_count: i64,
    pub in_transit: Dong,
    pub claims: Vec<OnItsWay>,
    /// How many more there are than `claims` names.
    pub claims_left_off: usize,
    pub cash: Vec<Cash>,
    /// Posted when the day is closed, else what closing would post; empty while it cannot close.
    pub shares: Vec<Share>,
}

/// Tells a day of an account; of an open one no more claims by name than `limit`, where there is one.
///
/// # Errors
/// `day_in_future`, `day_before_account`.
pub fn outline(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    date: BusinessDay,
    limit: Option<usize>,
) -> Result<DayOutline> {
    let is_closed =
        query::day_state(conn, account.unit, account.id, date)?.is_some_and(|(state, _)| state == "closed");
    if is_closed && let Some(certificate) = query::certificate(conn, account.unit, account.id, date)? {
        let outlook = Outlook::Closed(certificate.document_sha256);
        let outline = of_reading(outlook, reading::read(&certificate.document)?);
        let shares = posted_shares(conn, account.unit, account.id, (date, date))?;
        return Ok(DayOutline { shares, ..outline });
    }
    match told(conn, stamp, account, date, limit)? {
        Ok(document) => Ok(of_reading(Outlook::Closable, reading::read(&document)?)),
        Err((obstacles, read)) => of_facts(Outlook::Open(obstacles), &read),
    }
}

/// What stands in the way of closing a day; nothing where it is closed or can be. No claim is named, and no
/// certificate made.
///
/// # Errors
/// As of `outline`.
pub fn in_its_way(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    date: BusinessDay,
) -> Result<Vec<Obstacle>> {
    let state = query::day_state(conn, account.unit, account.id, date)?;
    if state.is_some_and(|(state, _)| state == "closed") {
        return Ok(Vec::new());
    }
    check_date(conn, stamp, account, date)?;
    let read = facts::read(conn, account, date, stamp.today(), Some(0))?;
    Ok(weigh(&read).err().unwrap_or_default())
}

/// How an open day would be told if it were closed now: its certificate's bytes, or what was read of it and what
/// stands in the way. Nothing is prepared for a day that cannot close, which is most of the time today.
fn told(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    account: &BankAccount,
    date: BusinessDay,
    limit: Option<usize>,
) -> Result<std::result::Result<Vec<u8>, (Vec<Obstacle>, DayRead)>> {
    let revision = check_date(conn, stamp, account, date)?;
    let mut read = facts::read(conn, account, date, stamp.today(), limit)?;
    let proof = match weigh(&read) {
        Ok(proof) => proof,
        Err(obstacles) => return Ok(Err((obstacles, read))),
    };
    // A certificate names every claim.
    if read.in_transit.left_off() > 0 {
        read = facts::read(conn, account, date, stamp.today(), None)?;
    }
    let first = month_start(date).max(account.opened_on);
    let place = (first, Fingerprint::none());
    let prepared = share_out(conn, stamp, account, revision, proof, &read, "", place)?;
    Ok(Ok(prepared.document))
}

fn of_reading(outlook: Outlook, reading: Reading) -> DayOutline {
    DayOutline {
        outlook,
        bank: Some(BankSide {
            opening: reading.opening,
            credits: reading.credits,
            debits: reading.debits,
            closing: reading.closing,
            line_count: reading.line_count,
            is_nil: reading.is_nil,
            classes: reading.classes,
        }),
        carried: reading.carried,
        in_transit_count: reading.in_transit_count,
        in_transit: reading.in_transit,
        claims: reading.claims,
        claims_left_off: 0,
        cash: reading.cash,
        shares: reading.shares,
    }
}

fn on_its_way(claim: &Claim) -> OnItsWay {
    OnItsWay {
        payment: claim.payment.to_string(),
        movement: claim.movement.map(|id| id.to_string()),
        code: claim.code.clone(),
        amount: claim.amount,
        first_seen: claim.first_seen,
    }
}

/// What is known of a day that cannot be closed: the statement's own figures, and what is open.
fn of_facts(outlook: Outlook, read: &DayRead) -> Result<DayOutline> {
    let facts = &read.facts;
    let amounts = || facts.lines.iter().map(|line| line.amount);
    let credits = Dong::sum(amounts().filter(|amount| amount.is_positive()))?;
    let debits = Dong::ZERO.checked_sub(Dong::sum(amounts().filter(|amount| *amount < Dong::ZERO))?)?;
    let bank = facts.statement.as_ref().map(|statement| BankSide {
        opening: statement.opening,
        credits,
        debits,
        closing: statement.closing,
        line_count: i64::try_from(facts.lines.len()).unwrap_or(i64::MAX),
        is_nil: false,
        classes: facts.ledger_by_class.iter().map(|(class, sum)| (class.as_str().to_owned(), *sum)).collect(),
    });
    let carried = facts.open_items.iter().filter_map(|open| {
        let (kind, id) = named(open.item);
        let (exception, exception_kind) = open.exception?;
        Some(Carried {
            kind: kind.to_owned(),
            id,
            amount: open.amount,
            first_seen: open.first_seen,
            exception: exception.to_string(),
            exception_kind: exception_kind.as_str().to_owned(),
        })
    });
    let cash = read.cash.iter().map(|one| {
        let (kind, id) = named(one.item);
        Cash { kind: kind.to_owned(), id, amount: one.amount, since: one.since }
    });
    Ok(DayOutline {
        outlook,
        bank,
        carried: carried.collect(),
        in_transit_count: i64::try_from(read.in_transit.count).unwrap_or(i64::MAX),
        in_transit: read.in_transit.amount.checked_add(read.in_transit_unnamed)?,
        claims: read.in_transit.claims.iter().map(on_its_way).collect(),
        claims_left_off: read.in_transit.left_off(),
        cash: cash.collect(),
        shares: Vec::new(),
    })
}
