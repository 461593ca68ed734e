//! Card payments and the acquirer's batches: a batch names sales and chargebacks by approval code,
//! its fee and what is paid out; the statement's line with its reference and exactly that net
//! amount proves the payments. The fee is a charge to recover: gross is owed to the budget.

mod chargeback;
pub mod file;
pub(super) mod line;
pub mod query;
pub mod rules;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, Subject};
use crate::id::*;
use crate::statement;
use crate::store::failure;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::account;

/// Card payments should be in a batch after so many working days.
const PATIENCE_WORKING_DAYS: u32 = 3;

/// What an item of a batch is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    Sale,
    /// The card's holder got the money back: by our refund where one of this amount is on its way, else
    /// against our will. Acquirers' reports often do not tell the two apart.
    #[serde(alias = "refund")]
    Chargeback,
}

impl ItemKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ItemKind::Sale => "sale",
            ItemKind::Chargeback => "chargeback",
        }
    }
}

/// An item as the acquirer tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub kind: ItemKind,
    pub approval_code: String,
    /// Above zero.
    pub amount: Dong,
}

/// A batch as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Batch {
    #[serde(skip)]
    pub unit: UnitId,
    pub id: BatchId,
    pub account: AccountId,
    /// The acquirer's, as the statement's line shows it.
    pub reference: String,
    pub settled_on: BusinessDay,
    pub sales: Dong,
    pub charged_back: Dong,
    pub fee: Dong,
    /// Sales less chargebacks less fee; below zero is taken from the account.
    pub net: Dong,
    pub created_at: Instant,
    /// `awaited`, `credited` or `withdrawn`.
    pub state: String,
    pub revision: i64,
}

/// A batch to be taken on.
#[derive(Clone, Debug)]
pub struct NewBatch {
    pub unit: UnitId,
    /// None: the receiving account.
    pub account: Option<AccountId>,
    pub reference: String,
    pub settled_on: BusinessDay,
    pub fee: Dong,
    pub items: Vec<Item>,
}

/// Notes the approval code of a card payment, at the counter or later.
///
/// # Errors
/// `payment_not_found`, `card_payment_only`, `approval_code_wrong`, `card_slip_exists`.
pub fn record_slip(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    payment: PaymentId,
    (approval_code, terminal): (&str, &str),
) -> Result<()> {
    actor.require_role(&[Role::Cashier, Role::Finance])?;
    actor.scope.require(unit)?;
    let found = super::payment_query::payments(tx, &[(unit, payment)])?.pop();
    let found =
        found.ok_or_else(|| Error::not_found("payment_not_found", "no such payment in your scope"))?;
    if found.method != super::book::Method::Card {
        return Err(Error::conflict("card_payment_only", "only card payments have an approval code"));
    }
    let row = query::SlipRow {
        unit_id: unit,
        payment_id: payment,
        approval_code: rules::approval_code(approval_code)?,
        terminal: text::clean(terminal).chars().take(40).collect(),
        created_at: stamp.now,
    };
    if rows::insert_if_absent(tx, &[row], &["unit_id", "payment_id"])? != [true] {
        return Err(Error::conflict("card_slip_exists", "this payment has an approval code"));
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "card_slip.recorded", payment)])
}

/// Takes a batch on. Items without a payment are an exception until somebody notes the payment's
/// approval code, or the line puts them into suspense.
///
/// # Errors
/// `pos_batch_wrong`, `pos_batch_exists`, `approval_code_wrong`.
pub fn import(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: &NewBatch) -> Result<Batch> {
    actor.require_role(&[Role::Finance])?;
    let unit = new.unit;
    actor.scope.require(unit)?;
    let account = account::named_or_receiving(tx, unit, new.account)?.id;
    let items = rules::items(&new.items)?;
    let sums = rules::sums(&items, new.fee)?;
    statement::query::lock_account(tx, unit, account)?;
    let batch = Batch {
        unit,
        id: stamp.mint()?,
        account,
        reference: rules::reference(&new.reference)?,
        settled_on: new.settled_on,
        sales: sums.sales,
        charged_back: sums.charged_back,
        fee: new.fee,
        net: sums.net,
        created_at: stamp.now,
        state: "awaited".to_owned(),
        revision: 1,
    };
    query::insert(tx, &batch, &items, actor.person).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("pos_batch_exists", "this batch is on record already"),
        _ => error,
    })?;
    query::note(tx, stamp, &batch, "imported", stamp.today(), (actor.person, None))?;
    name_unknown(tx, stamp, &batch)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "pos_batch.imported", batch.id)])?;
    Ok(batch)
}

/// The items of a batch without a payment are an exception while it waits.
pub(super) fn name_unknown(tx: &mut Tx<'_>, stamp: &Stamp<'_>, batch: &Batch) -> Result<()> {
    let items = query::items(tx, batch.unit, batch.id)?;
    let unknown = rules::unmatched(&items, &query::candidates(tx, batch.unit, &items)?);
    if unknown.is_empty() {
        return Ok(());
    }
    let codes: Vec<String> = unknown.iter().map(|item| item.approval_code.clone()).take(20).collect();
    let item = exception::New {
        unit: batch.unit,
        kind: Kind::BulkSettlement,
        subject: Subject::Batch(batch.id),
        account: Some(batch.account),
        amount: Dong::sum(unknown.iter().map(|item| item.amount))?,
        opened_on: stamp.today(),
        detail: Detail::Batch { reference: batch.reference.clone(), approval_codes: codes }.into(),
    };
    exception::open(tx, stamp, &[item]).map(|_| ())
}

/// Card payments that no batch has shown in time: what is to be opened as exceptions.
pub fn overdue(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    unit: UnitId,
    account: AccountId,
    covered_until: BusinessDay,
) -> Result<Vec<exception::New>> {
    if account::receiving(conn, unit).map(|receiving| receiving.id).ok() != Some(account) {
        return Ok(Vec::new());
    }
    let late = query::unsettled(conn, unit)?.into_iter().filter(|(_, _, taken_on)| {
        *taken_on < covered_until && stamp.calendar.distance(*taken_on, covered_until) > PATIENCE_WORKING_DAYS
    });
    Ok(late
        .map(|(payment, amount, taken_on)| exception::New {
            unit,
            kind: Kind::NotDeposited,
            subject: Subject::Payment(payment),
            account: Some(account),
            amount,
            opened_on: stamp.today(),
            detail: Detail::CardInNoBatch { taken_on }.into(),
        })
        .collect())
}

pub fn find(conn: &mut Conn, unit: UnitId, id: BatchId) -> Result<Batch> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("pos_batch_not_found", "no such batch in your scope")
}
