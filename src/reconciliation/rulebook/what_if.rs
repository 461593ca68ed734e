//! What rules would make of past days. Reads only.

use serde::Serialize;

use super::{InForce, Origin, in_force_of, query, ready};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{AccountId, LineId, UnitId};
use crate::reconciliation::alias;
use crate::reconciliation::classification::{Class, Rule, classify};
use crate::reconciliation::matching::Line;
use crate::statement::{self, StoredLine};
use crate::store::vault::Vault;
use crate::store::{Conn, Store};
use crate::text;
use crate::unit::account;

/// The most days one question looks at.
const DAYS_LIMIT: i64 = 100;

/// Rules as if they were in force in a unit, over these days.
#[derive(Clone, Debug)]
pub struct Question {
    pub unit: UnitId,
    /// None: all accounts of the unit.
    pub account: Option<AccountId>,
    pub first: BusinessDay,
    pub last: BusinessDay,
    /// Each takes the place of the rule of its id.
    pub rules: Vec<(Rule, Option<i32>)>,
}

/// A line that would be classified otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub line: LineId,
    pub account: AccountId,
    pub booking_date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    /// As it was posted; None: not yet.
    pub posted_as: Option<String>,
    /// By today's rules: class and rule.
    pub before: Option<(Class, String)>,
    pub after: Option<(Class, String)>,
    /// Whether the rule alone would post it, and would have before.
    pub decides_before: bool,
    pub decides_after: bool,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// Lines that rules are asked about: without any code, and not a fee of a citizen.
    pub lines_looked_at: usize,
    pub changes: Vec<Change>,
}

/// Replays classification over past days with changed rules.
///
/// # Errors
/// Those of `Rule::check`; `what_if_days`.
pub fn what_if(store: &Store, vault: &Vault, actor: &Actor, asked: &Question) -> Result<WhatIf> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    actor.scope.require(asked.unit)?;
    if asked.last < asked.first || asked.first.plus_days(DAYS_LIMIT) <= asked.last {
        return Err(Error::invalid("until", "what_if_days", format!("1 to {DAYS_LIMIT} days")));
    }
    for (rule, _) in &asked.rules {
        rule.check()?;
    }
    let versions = store.read(&Scope::All, |conn| query::in_force(conn, asked.unit))?;
    let accounts = store.read(&actor.scope, |conn| account::of_unit(conn, asked.unit))?;
    let mut answer = WhatIf::default();
    for account in accounts.iter().filter(|one| asked.account.is_none_or(|asked| asked == one.id)) {
        let today = in_force_of(versions.clone(), Some(&account.bank_bin));
        let then = changed(&today, &asked.rules, &account.bank_bin);
        let (today, then) = (ready(&today, vault, asked.unit)?, ready(&then, vault, asked.unit)?);
        let mut day = asked.first;
        while day <= asked.last {
            let lines = store.read(&actor.scope, |conn| {
                let stored = statement::line_query::lines_of_day(conn, asked.unit, account.id, day)?;
                stored
                    .into_iter()
                    .map(|line| Ok((replayed(conn, vault, &line)?, line.class)))
                    .collect::<Result<Vec<_>>>()
            })?;
            for (line, posted_as) in lines {
                if !line.codes.is_empty() || !line.damaged.is_empty() || !is_for_rules(posted_as.as_deref()) {
                    continue;
                }
                answer.lines_looked_at += 1;
                let (before, after) = (classify(&line, &today), classify(&line, &then));
                if before == after {
                    continue;
                }
                let decides = |found: &Option<(Class, String)>| {
                    found.as_ref().is_some_and(|(class, _)| class.explains_alone())
                };
                answer.changes.push(Change {
                    line: line.id,
                    account: account.id,
                    booking_date: line.booking_date,
                    amount: line.amount,
                    posted_as,
                    decides_before: decides(&before),
                    decides_after: decides(&after),
                    before,
                    after,
                });
            }
            day = day.next();
        }
    }
    Ok(answer)
}

/// Lines that were matched with money of a payer are not asked about.
fn is_for_rules(class: Option<&str>) -> bool {
    let placed = [Class::FeeReceipt, Class::Surplus, Class::OtherUnit, Class::Reversal];
    class.is_none_or(|class| placed.iter().all(|one| one.as_str() != class))
}

/// Today's rules with these in their places.
fn changed(today: &[InForce], rules: &[(Rule, Option<i32>)], bank: &str) -> Vec<InForce> {
    let mut then: Vec<InForce> = today.to_vec();
    for (rule, rank) in rules {
        let known = then.iter().position(|one| one.rule.id == rule.id);
        let old = known.map(|place| then.remove(place));
        if rule.bank.as_deref().is_some_and(|one| one != bank) {
            then.extend(old);
            continue;
        }
        let rank = rank.or(old.map(|one| one.rank)).unwrap_or(super::RANK_NEW);
        then.push(InForce { rank, origin: Origin::Unit, rule: rule.clone() });
    }
    then.sort_by(|a, b| (a.rank, a.origin, &a.rule.id).cmp(&(b.rank, b.origin, &b.rule.id)));
    then
}

fn replayed(conn: &mut Conn, vault: &Vault, line: &StoredLine) -> Result<Line> {
    let texts = statement::line_texts(conn, vault, line.unit, line.id, line.key, &line.memo_cipher)?;
    let account = texts.counterparty_account.as_deref();
    Ok(Line {
        id: line.id,
        unit: line.unit,
        account: line.account,
        booking_date: line.booking_date,
        amount: line.amount,
        codes: line.codes.clone(),
        damaged: line.damaged.clone(),
        bank_reference: line.bank_reference.clone(),
        customer_reference: line.reference.clone(),
        memo_folded: text::fold(&texts.memo),
        counterparty_account: account.map(|account| alias::account_hash(vault, line.unit, account)),
        reversal: line.is_reversal,
        open: line.open(),
    })
}
