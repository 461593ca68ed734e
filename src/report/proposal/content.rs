//! What is proposed, whether it can be, and what approving it does.

use serde::{Deserialize, Serialize};

use super::super::target::Target;
use super::super::winding_up::account;
use super::Proposal;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::limit;
use crate::id::{AccountId, PersonId, UnitId};
use crate::receipt::content::identifier::{is_digits, is_tax_code};
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::unit::codes::{self, Codes};
use crate::unit::entrustment::{self, Decision};
use crate::unit::naming;
use crate::unit::succession::{self, Succession};
use crate::unit::trust;

/// Digits of the code of a unit that spends the budget.
const BUDGET_CODE_DIGITS: usize = 7;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", content = "of", rename_all = "snake_case")]
pub enum Content {
    /// A target beside those there are; of one kind of unit and measure the newest holds.
    Target(Target),
    Entrustment(Entrustment),
    EntrustmentEnd(EntrustmentEnd),
    Merger(Merger),
    AccountEnd(AccountEnd),
    Naming(Naming),
    Trust(Trust),
    Limit(Limit),
}

/// The city's certificate signs for a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entrustment {
    pub unit: UnitId,
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub valid_from: BusinessDay,
    /// The last day.
    pub valid_until: BusinessDay,
}

/// It does so no more, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrustmentEnd {
    pub unit: UnitId,
    pub decision_no: String,
    pub decided_on: BusinessDay,
    pub from: BusinessDay,
}

/// Another unit goes on for a unit, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merger {
    pub unit: UnitId,
    pub successor: UnitId,
    pub effective_on: BusinessDay,
    pub decision_no: String,
}

/// An account of a unit ends; the proposal's reason is why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEnd {
    pub unit: UnitId,
    pub account: AccountId,
    pub last_day: BusinessDay,
}

/// A unit is called otherwise, or is elsewhere, from a day on. Its codes, where they are named, hold once two
/// persons decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    pub unit: UnitId,
    pub name: String,
    pub address: String,
    pub valid_from: BusinessDay,
    pub decision_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_code: Option<String>,
}

/// A channel's word is taken for money on an account, within limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    pub unit: UnitId,
    pub account: AccountId,
    pub channel: String,
    pub valid_from: BusinessDay,
    pub valid_until: BusinessDay,
    pub agreement_no: String,
    /// The largest single claim.
    pub claim_limit: Dong,
    /// The most that may be claimed and not proven.
    pub unproven_limit: Dong,
    /// After so many days an unproven claim ends it.
    pub age_limit_days: i32,
}

/// Up to which sum one person settles an exception of a unit alone; 0 ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub unit: UnitId,
    pub amount: Dong,
    pub decision_no: String,
}

impl Content {
    /// The kind of its row.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Content::Target(_) => "targets",
            Content::Entrustment(_) | Content::EntrustmentEnd(_) => "entrustment",
            Content::Merger(_) => "merger",
            Content::AccountEnd(_) => "account",
            Content::Naming(_) => "naming",
            Content::Trust(_) => "trust",
            Content::Limit(_) => "limit",
        }
    }

    /// The unit it is about; none for what is the whole city's.
    pub fn unit(&self) -> Option<UnitId> {
        match self {
            Content::Target(_) => None,
            Content::Entrustment(asked) => Some(asked.unit),
            Content::EntrustmentEnd(asked) => Some(asked.unit),
            Content::Merger(asked) => Some(asked.unit),
            Content::AccountEnd(asked) => Some(asked.unit),
            Content::Naming(asked) => Some(asked.unit),
            Content::Trust(asked) => Some(asked.unit),
            Content::Limit(asked) => Some(asked.unit),
        }
    }

    /// Whether an actor may read it: what is the city's, and what is about their units.
    pub(super) fn is_for(&self, actor: &Actor) -> bool {
        let is_successor = matches!(self, Content::Merger(asked) if actor.scope.covers(asked.successor));
        is_successor || self.unit().is_none_or(|unit| actor.scope.covers(unit))
    }

    /// Whether it can be asked for at all, or still be approved.
    pub(super) fn check(&self, tx: &mut Tx<'_>, today: BusinessDay, reason: &str) -> Result<()> {
        if let Some(unit) = self.unit() {
            unit::find(tx, unit)?;
        }
        match self {
            Content::Target(target) => target.check(),
            Content::Entrustment(asked) => entrustment::check(&decision(asked)),
            Content::EntrustmentEnd(asked) => {
                let (valid_from, valid_until) = (asked.from, asked.from);
                let (number, decided_on) = (asked.decision_no.clone(), asked.decided_on);
                entrustment::check(&Decision { number, decided_on, valid_from, valid_until })
            }
            Content::Merger(asked) => succession::check(tx, &merger(asked), today),
            Content::AccountEnd(asked) => {
                account::check(tx, asked.unit, asked.account, asked.last_day, reason)
            }
            Content::Naming(asked) => {
                code_faults(asked.tax_code.as_deref(), asked.budget_code.as_deref())
                    .into_iter()
                    .next()
                    .map_or(Ok(()), Err)?;
                // One that stays as it is takes nobody's.
                let present = unit::find(tx, asked.unit)?.tax_code;
                if let Some(tax_code) = asked.tax_code.as_ref().filter(|code| **code != present) {
                    codes::require_own_tax_code(tx, asked.unit, tax_code, today)?;
                }
                naming::check(&named(asked), &asked.decision_no)?;
                naming::check_day(asked.valid_from, today)
            }
            Content::Trust(asked) => {
                unit::account::find(tx, asked.unit, asked.account)?;
                let days = (asked.valid_from, asked.valid_until);
                let limits = (asked.claim_limit, asked.unproven_limit, asked.age_limit_days);
                trust::check(&asked.agreement_no, days, limits)
            }
            Content::Limit(asked) => limit::check(asked.amount, &asked.decision_no),
        }
    }

    /// Whether something else was decided since, so that what was proposed at that moment is not carried out.
    pub(super) fn is_overtaken_since(&self, conn: &mut Conn, proposed_at: Instant) -> Result<bool> {
        match self {
            Content::Trust(asked) => {
                trust::is_decided_since(conn, (asked.unit, asked.account, &asked.channel), proposed_at)
            }
            _ => Ok(false),
        }
    }
}

/// Makes what two persons decided hold.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    found: &Proposal,
    checker: PersonId,
) -> Result<()> {
    match &found.content {
        Content::Target(_) => Ok(()),
        Content::Entrustment(asked) => {
            entrustment::entrust(tx, stamp, actor, asked.unit, &decision(asked)).map(|_| ())
        }
        Content::EntrustmentEnd(asked) => {
            let decided = (asked.decision_no.as_str(), asked.decided_on);
            entrustment::end(tx, stamp, actor, asked.unit, decided, asked.from).map(|_| ())
        }
        Content::Merger(asked) => succession::record(tx, stamp, actor, &merger(asked)),
        Content::AccountEnd(asked) => {
            let how = (asked.last_day, found.reason.as_str());
            account::end(tx, stamp, actor, (asked.unit, asked.account), how, (found.maker, checker))
        }
        Content::Naming(asked) => {
            let dated = (asked.valid_from, asked.decision_no.as_str());
            naming::record(tx, stamp, actor, asked.unit, &named(asked), dated)?;
            let (tax_code, budget_code) = (asked.tax_code.clone(), asked.budget_code.clone());
            codes::change(tx, stamp, actor, asked.unit, &Codes { tax_code, budget_code })
        }
        Content::Trust(asked) => {
            let pair = (asked.unit, asked.account, asked.channel.as_str());
            trust::require_undecided_since(tx, pair, found.created_at)?;
            let grant = trust::Grant {
                unit: asked.unit,
                account: asked.account,
                channel: asked.channel.clone(),
                valid_from: asked.valid_from,
                valid_until: asked.valid_until,
                agreement_no: asked.agreement_no.clone(),
                claim_limit: asked.claim_limit,
                unproven_limit: asked.unproven_limit,
                age_limit_days: asked.age_limit_days,
                maker: found.maker,
                checker,
            };
            trust::grant(tx, stamp, actor, grant).map(|_| ())
        }
        Content::Limit(asked) => {
            let decided = (asked.amount, asked.decision_no.as_str());
            limit::set(tx, stamp, actor, asked.unit, decided, (found.maker, checker))
        }
    }
}

fn decision(asked: &Entrustment) -> Decision {
    Decision {
        number: asked.decision_no.clone(),
        decided_on: asked.decided_on,
        valid_from: asked.valid_from,
        valid_until: asked.valid_until,
    }
}

fn merger(asked: &Merger) -> Succession {
    Succession {
        unit: asked.unit,
        successor: asked.successor,
        effective_on: asked.effective_on,
        decision: asked.decision_no.clone(),
    }
}

/// What is wrong with the codes of a unit, where they are named: a tax code has its check digit, a budget code seven
/// digits.
pub fn code_faults(tax_code: Option<&str>, budget_code: Option<&str>) -> Vec<Error> {
    let tax_code = tax_code
        .filter(|code| !is_tax_code(code))
        .map(|_| Error::invalid("tax_code", "tax_code_wrong", "not a tax code, or its check digit is wrong"));
    let budget_code = budget_code.filter(|code| !is_digits(code, BUDGET_CODE_DIGITS)).map(|_| {
        let detail = format!("expected {BUDGET_CODE_DIGITS} digits");
        Error::invalid("budget_code", "budget_code_wrong", detail)
    });
    tax_code.into_iter().chain(budget_code).collect()
}

fn named(asked: &Naming) -> naming::Naming {
    naming::Naming { name: asked.name.clone(), address: asked.address.clone() }
}
