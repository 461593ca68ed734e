//! Payment gateways that pay many claims out in one credit, less their fee.
//!
//! A settlement report names the claims by the channel's transaction ids with amounts and fees: the
//! line with its reference in the text and exactly its net amount proves them: a debit, where payers got
//! back more than was paid; what comes to nothing two persons settle with another payout. Without a report the
//! terms agreed with the gateway say what it keeps of each payment; the claims are then searched for
//! (`reconciliation::lump`). The fee is a charge to recover: gross is owed to the budget.

pub mod file;
pub mod line;
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
use crate::store::{Conn, Stamp, Tx, failure};
use crate::text;
use crate::unit::account;

/// What an item of a settlement is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    #[default]
    Paid,
    /// The payer got money of a transaction back: by our refund where one of this amount is on its way, else
    /// against our will.
    #[serde(alias = "refund", alias = "chargeback")]
    Returned,
}

impl ItemKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ItemKind::Paid => "paid",
            ItemKind::Returned => "returned",
        }
    }
}

/// One payment of a settlement, as the gateway tells it, or what it gave back of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    #[serde(default)]
    pub kind: ItemKind,
    /// The channel's transaction id, as its callback had it.
    pub reference: String,
    /// What the payer paid, or got back, above zero.
    pub amount: Dong,
    #[serde(default)]
    pub fee: Dong,
}

/// A settlement as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Settlement {
    #[serde(skip)]
    pub unit: UnitId,
    pub id: SettlementId,
    pub account: AccountId,
    pub channel: String,
    /// The gateway's, as the statement's line shows it.
    pub reference: String,
    pub settled_on: BusinessDay,
    pub gross: Dong,
    /// What payers got back.
    pub returned: Dong,
    /// Of its items, and what it charges for the whole.
    pub fee: Dong,
    /// Gross less what was returned less fee; below zero is taken from the account, zero is shown by no line.
    pub net: Dong,
    pub created_at: Instant,
    /// `awaited`, `credited` or `withdrawn`.
    pub state: String,
    pub revision: i64,
}

/// A settlement report to be taken on.
#[derive(Clone, Debug)]
pub struct NewSettlement {
    pub unit: UnitId,
    /// None: the receiving account.
    pub account: Option<AccountId>,
    pub channel: String,
    pub reference: String,
    pub settled_on: BusinessDay,
    /// What the gateway keeps of the whole, beside the fees of its items.
    pub charge: Dong,
    pub items: Vec<Item>,
}

/// Where an item leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A claim of the item's amount waits for its line.
    Awaited,
    /// A line showed it.
    Proven,
    /// No claim of the channel has this id on this account.
    Unknown,
    /// The claim has another amount.
    AmountDiffers,
}

/// What was agreed with a gateway about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub unit: UnitId,
    pub account: AccountId,
    pub channel: String,
    /// Whole words that its credits carry.
    pub marker: String,
    /// Of each payment, in hundredths of a percent, rounded half up to the đồng.
    pub fee_bp: i32,
    /// Of each payment, beside that.
    pub fee_fixed: Dong,
    /// Claims of so many working days before the credit may be in it.
    pub window_days: i32,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub agreement_no: String,
    pub maker: PersonId,
    pub checker: PersonId,
}

/// Records what two persons agreed with a gateway. The newest row of account and channel is in force.
///
/// # Errors
/// `gateway_terms_wrong`, `agreement_missing`, `maker_is_checker`.
pub fn agree(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, terms: &Terms) -> Result<TermsId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    actor.scope.require(terms.unit)?;
    if terms.agreement_no.trim().is_empty() {
        return Err(Error::invalid(
            "agreement_no",
            "agreement_missing",
            "name the agreement with the gateway",
        ));
    }
    if terms.maker == terms.checker {
        return Err(Error::invalid("checker", "maker_is_checker", "two different persons must decide"));
    }
    let terms = rules::terms(terms)?;
    let id = query::insert_terms(tx, stamp, &terms)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, terms.unit, "gateway_terms.agreed", id)])?;
    Ok(id)
}

/// Takes a settlement report on. Items that no waiting claim answers to are an exception; what is
/// still unknown when the line comes stands in suspense. So is a report that pays nothing out, whole.
///
/// # Errors
/// `settlement_wrong`, `settlement_exists`.
pub fn import(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: &NewSettlement) -> Result<Settlement> {
    actor.require_role(&[Role::Finance])?;
    let unit = new.unit;
    actor.scope.require(unit)?;
    let account = account::named_or_receiving(tx, unit, new.account)?.id;
    let items = rules::items(&new.items)?;
    let sums = rules::sums(&items, new.charge)?;
    statement::query::lock_account(tx, unit, account)?;
    let settlement = Settlement {
        unit,
        id: stamp.mint()?,
        account,
        channel: rules::channel(&new.channel)?,
        reference: rules::reference(&new.reference)?,
        settled_on: new.settled_on,
        gross: sums.gross,
        returned: sums.returned,
        fee: sums.fee,
        net: sums.net,
        created_at: stamp.now,
        state: "awaited".to_owned(),
        revision: 1,
    };
    query::insert(tx, &settlement, &items, actor.person).map_err(|error| match error.code() {
        failure::UNIQUE => Error::conflict("settlement_exists", "this settlement is on record already"),
        _ => error,
    })?;
    query::note(tx, stamp, &settlement, "imported", stamp.today(), (actor.person, None))?;
    name_unknown(tx, stamp, &settlement)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "settlement.imported", settlement.id)])?;
    Ok(settlement)
}

/// The transactions of a report that no waiting claim answers to are an exception while it waits. So is one that
/// pays nothing out: what the gateway takes by it, or, where it comes to nothing, what was paid.
pub(super) fn name_unknown(tx: &mut Tx<'_>, stamp: &Stamp<'_>, settlement: &Settlement) -> Result<()> {
    let items = query::items(tx, settlement.unit, settlement.id)?;
    let standings = query::standings(tx, settlement, &items)?;
    let unknown: Vec<&Item> = items
        .iter()
        .zip(&standings)
        .filter(|(item, (standing, _))| match item.kind {
            ItemKind::Paid => *standing != Standing::Awaited,
            ItemKind::Returned => !matches!(standing, Standing::Awaited | Standing::Proven),
        })
        .map(|(item, _)| item)
        .collect();
    let amount = match settlement.net {
        net if net < Dong::ZERO => Dong(net.0.abs()),
        Dong::ZERO => settlement.gross,
        _ if unknown.is_empty() => return Ok(()),
        _ => Dong::sum(unknown.iter().map(|item| item.amount))?,
    };
    let ids: Vec<String> = unknown.iter().take(20).map(|item| text::squash(&item.reference)).collect();
    let item = exception::New {
        unit: settlement.unit,
        kind: Kind::BulkSettlement,
        subject: Subject::Settlement(settlement.id),
        account: Some(settlement.account),
        amount,
        opened_on: stamp.today(),
        detail: Detail::Settlement {
            reference: settlement.reference.clone(),
            channel: settlement.channel.clone(),
            transactions: ids,
        }
        .into(),
    };
    exception::open(tx, stamp, &[item]).map(|_| ())
}

pub fn find(conn: &mut Conn, unit: UnitId, id: SettlementId) -> Result<Settlement> {
    query::by_ids(conn, &[(unit, id)])?.pop().ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("settlement_not_found", "no such settlement in your scope")
}
