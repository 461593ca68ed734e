//! The bridge report of an account's day: opening balance, movements, closing balance; from the
//! receipts to the bank; what is carried on by name; what is the budget's and what the unit keeps.
//!
//! A closed day is told as it was certified, an open one as it stands. `rules` is pure.

mod query;
pub mod rules;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::day_close;
use super::day_close::outline::{BankSide, Outlook, outline};
use super::day_close::reading::{Carried, Cash, OnItsWay, Share, split};
use super::proof::Obstacle;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::{AccountId, LineId, RemittanceId, SlipId, UnitId};
use crate::ledger::Account;
use crate::statement::import::masked;
use crate::store::{Conn, Stamp};
use crate::unit::{self, account};
pub use rules::{Bridge, Documents, Entry, Pier, Span};

/// How far the day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Closed,
    /// Nothing stands in the way of closing it.
    Closable,
    Open,
}

/// The report. Sums are whole đồng; minus is money out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub unit: UnitId,
    pub unit_code: String,
    pub unit_name: String,
    pub account: AccountId,
    /// Masked.
    pub account_no: String,
    pub date: BusinessDay,
    pub standing: Standing,
    /// The certificate a closed day is told from.
    pub certificate_sha256: Option<String>,
    /// What the bank says; None while no statement shows the day.
    pub bank: Option<BankSide>,
    /// What the books say.
    pub books: BookSide,
    pub bridge: Bridge,
    /// Bank less books at the end of the day: zero, or something is not posted.
    pub difference: Dong,
    /// Everything unexplained, by name.
    pub carried: Vec<Carried>,
    /// Settled on a channel's word, not shown and not overdue.
    pub in_transit_count: i64,
    pub in_transit: Dong,
    /// The same by name, oldest first; empty of days that were closed before certificates named claims.
    pub claims: Vec<OnItsWay>,
    /// How many more there are than `claims` names; the sums cover them all.
    pub claims_left_off: usize,
    /// Cash that is not in the bank yet.
    pub cash: Vec<Cash>,
    /// The day's shares of fees: posted when it is closed, else what closing would post.
    pub shares: Vec<Share>,
    pub budget: Dong,
    pub kept: Dong,
    /// What keeps an open day open.
    #[serde(skip)]
    pub obstacles: Vec<Obstacle>,
}

impl Report {
    /// The same with no more than so many claims by name: thousands may be on their way at once, and whoever reads a
    /// page or an answer looks at the sum.
    #[must_use]
    pub fn naming(mut self, limit: usize) -> Report {
        self.claims_left_off += self.claims.len().saturating_sub(limit);
        self.claims.truncate(limit);
        self
    }
}

/// The ledger's figures of the bank account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BookSide {
    pub opening: Dong,
    pub closing: Dong,
}

/// Works the report out.
///
/// # Errors
/// `account_not_found`, `day_before_account`, `role_not_allowed`.
pub fn of_day(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    place: (UnitId, AccountId),
    date: BusinessDay,
) -> Result<Report> {
    report(conn, stamp, actor, place, (date, None))
}

/// The same with no more than `limit` claims by name: those of an open day that are not named are not read.
///
/// # Errors
/// As of `of_day`.
pub fn in_short(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    place: (UnitId, AccountId),
    date: BusinessDay,
    limit: usize,
) -> Result<Report> {
    report(conn, stamp, actor, place, (date, Some(limit))).map(|told| told.naming(limit))
}

fn report(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, account): (UnitId, AccountId),
    (date, limit): (BusinessDay, Option<usize>),
) -> Result<Report> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    let unit = unit::find(conn, unit)?;
    let account = account::find(conn, unit.id, account)?;
    let bridge = of_period(conn, (unit.id, account.id), (date, date))?;
    let (opening, closing) = day_close::books_around(conn, unit.id, account.id, date)?;
    let books = BookSide { opening, closing };
    let day = outline(conn, stamp, &account, date, limit)?;
    let closing = day.bank.as_ref().map_or(books.closing, |side| side.closing);
    let (standing, certificate_sha256, obstacles) = match day.outlook {
        Outlook::Closed(sha256) => (Standing::Closed, Some(sha256), Vec::new()),
        Outlook::Closable => (Standing::Closable, None, Vec::new()),
        Outlook::Open(obstacles) => (Standing::Open, None, obstacles),
    };
    let (budget, kept) = split(&day.shares)?;
    Ok(Report {
        unit: unit.id,
        unit_code: unit.code,
        unit_name: unit.name,
        account: account.id,
        account_no: masked(&account.account_no),
        date,
        standing,
        certificate_sha256,
        difference: closing.checked_sub(books.closing)?,
        bank: day.bank,
        books,
        bridge,
        carried: day.carried,
        in_transit_count: day.in_transit_count,
        in_transit: day.in_transit,
        claims: day.claims,
        claims_left_off: day.claims_left_off,
        cash: day.cash,
        shares: day.shares,
        budget,
        kept,
        obstacles,
    })
}

/// The bridge of an account over accounting dates, both included.
pub fn of_period(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    period: (BusinessDay, BusinessDay),
) -> Result<Bridge> {
    between(conn, (unit, account), period).map(|(bridge, _)| bridge)
}

/// The bridge, and which postings of the unit belong to the account.
fn between(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    period: (BusinessDay, BusinessDay),
) -> Result<(Bridge, Places)> {
    let entries = query::entries(conn, unit, period)?;
    let places =
        Places::read(conn, (unit, account), entries.iter().flat_map(|one| [&*one.debit, &*one.credit]))?;
    let own: Vec<Entry> =
        entries.into_iter().filter(|entry| places.belongs(&entry.debit, &entry.credit)).collect();
    Ok((rules::bridge(&own, &Account::Bank(account).to_string())?, places))
}

/// The same with what documents were issued and cancelled for it.
pub fn with_documents(
    conn: &mut Conn,
    (unit, account): (UnitId, AccountId),
    period: (BusinessDay, BusinessDay),
) -> Result<(Bridge, Documents)> {
    let (bridge, places) = between(conn, (unit, account), period)?;
    let told = query::documents(conn, unit, period)?;
    let mut documents = Documents::default();
    // Money of several payments may stand under one document, which counts once.
    let mut counted = BTreeSet::new();
    for one in told.into_iter().filter(|one| places.belongs(&one.other, "")) {
        let sum = if one.is_issued { &mut documents.issued } else { &mut documents.reduced };
        let is_new = counted.insert((one.is_issued, one.document));
        *sum = (sum.0.saturating_add(i64::from(is_new)), sum.1.checked_add(one.amount)?);
    }
    Ok((bridge, documents))
}

/// Which postings of the unit belong to one of its accounts. Those that name a bank account or something that lies
/// on one are that account's, the others the receiving account's; so each posting is in one bridge, and only a
/// transfer between two accounts of the unit is in two.
struct Places {
    account: AccountId,
    is_receiving: bool,
    /// The accounts of what lies on one, by the text of its id; None where the unit has one account.
    by_id: Option<HashMap<String, AccountId>>,
}

impl Places {
    fn read<'t>(
        conn: &mut Conn,
        (unit, account): (UnitId, AccountId),
        texts: impl Iterator<Item = &'t str> + Clone,
    ) -> Result<Places> {
        if account::of_unit(conn, unit)?.len() == 1 {
            return Ok(Places { account, is_receiving: true, by_id: None });
        }
        let is_receiving =
            account::receiving(conn, unit).map_or(account, |receiving| receiving.id) == account;
        let lines: Vec<LineId> = texts.clone().filter_map(of_id).collect();
        let slips: Vec<SlipId> = texts.clone().filter_map(of_id).collect();
        let orders: Vec<RemittanceId> = texts.filter_map(of_id).collect();
        let by_id = Some(query::accounts_of(conn, unit, (&lines, &slips, &orders))?);
        Ok(Places { account, is_receiving, by_id })
    }

    fn belongs(&self, debit: &str, credit: &str) -> bool {
        let Some(by_id) = &self.by_id else { return true };
        let place = |text: &str| {
            let of = text.split('/').nth(1)?;
            of.parse::<AccountId>().ok().or_else(|| by_id.get(of).copied())
        };
        match (place(debit), place(credit)) {
            (None, None) => self.is_receiving,
            (one, other) => one == Some(self.account) || other == Some(self.account),
        }
    }
}

/// The id behind the slash of an account's text, when it is of this kind.
fn of_id<T: std::str::FromStr>(account: &str) -> Option<T> {
    account.split('/').nth(1)?.parse().ok()
}
