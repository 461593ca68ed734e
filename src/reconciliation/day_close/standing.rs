//! What stood at the end of a day on the accounts that wait for something: suspense and unexplained debits line by
//! line, and clearing. One look at the books answers for every line. What was on its way begins at the figure that the
//! certificate of the last closed day keeps: nothing is posted on a day that is closed.

use std::collections::{BTreeSet, HashMap};

use super::placed::{self, Moved};
use super::query;
use super::standing_query::{self, Pair};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::LineId;
use crate::reconciliation::classification::Class;
use crate::store::Conn;
use crate::unit::BankAccount;

/// What a line's waiting account held, with the sign of the line, and where the rest went.
#[derive(Clone, Debug, Default)]
struct Held {
    open: Dong,
    moved: Moved,
}

/// The books at the end of a day.
pub struct Standing {
    /// Money in, by its line.
    suspense: HashMap<LineId, Held>,
    /// Money out, by its line.
    debits: HashMap<LineId, Held>,
    /// The lines of the same account: what two of them explain went back.
    own: BTreeSet<LineId>,
    /// Taken on a channel's word or by card, and not shown by any line.
    pub clearing: Dong,
}

impl Standing {
    pub fn read(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<Standing> {
        let mut standing = Standing {
            suspense: HashMap::new(),
            debits: HashMap::new(),
            own: BTreeSet::new(),
            clearing: clearing(conn, account, until)?,
        };
        for pair in &standing_query::pairs(conn, account.unit, until)? {
            standing.add(pair)?;
        }
        standing.own = standing.tied(conn, account)?;
        Ok(standing)
    }

    fn add(&mut self, pair: &Pair) -> Result<()> {
        let sides = [
            (&pair.debit, &pair.credit, pair.amount),
            (&pair.credit, &pair.debit, Dong::ZERO.checked_sub(pair.amount)?),
        ];
        for (account, other, debited) in sides {
            let credited = Dong::ZERO.checked_sub(debited)?;
            let (held, line, left) = match account.split_once('/') {
                Some(("suspense", id)) => (&mut self.suspense, id.parse::<LineId>(), debited),
                Some(("unexplained_debit", id)) => (&mut self.debits, id.parse::<LineId>(), credited),
                _ => continue,
            };
            let Ok(line) = line else { continue };
            let held = held.entry(line).or_default();
            held.open = held.open.checked_sub(debited)?;
            if !other.starts_with("bank/") {
                let sum = held.moved.entry(other.clone()).or_default();
                *sum = sum.checked_add(left)?;
            }
        }
        Ok(())
    }

    /// Of the lines that explain one another those of this account.
    fn tied(&self, conn: &mut Conn, account: &BankAccount) -> Result<BTreeSet<LineId>> {
        let held = self.suspense.values().chain(self.debits.values());
        let ids: BTreeSet<LineId> =
            held.flat_map(|held| held.moved.keys()).filter_map(|other| placed::line_of(other)).collect();
        let ids: Vec<LineId> = ids.into_iter().collect();
        let found = query::posted_lines(conn, account.unit, account.id, &ids)?;
        Ok(found.into_iter().map(|(id, ..)| id).collect())
    }

    fn held(&self, line: LineId, amount: Dong) -> Option<&Held> {
        if amount < Dong::ZERO { self.debits.get(&line) } else { self.suspense.get(&line) }
    }

    /// What was unexplained of a line, with the sign of its amount.
    pub fn open(&self, line: LineId, amount: Dong) -> Dong {
        self.held(line, amount).map_or(Dong::ZERO, |held| held.open)
    }

    /// What nobody knows of a payout's other side, with the other sign than the line: chargebacks of a credit, sales of
    /// a debit.
    pub fn beside(&self, line: LineId, amount: Dong) -> Dong {
        let held = if amount < Dong::ZERO { self.suspense.get(&line) } else { self.debits.get(&line) };
        held.map_or(Dong::ZERO, |held| held.open)
    }

    /// The lines of which something was unexplained, of whatever account of the unit.
    pub fn waiting(&self) -> impl Iterator<Item = LineId> + '_ {
        let held = self.suspense.iter().chain(&self.debits);
        held.filter(|(_, held)| !held.open.is_zero()).map(|(id, _)| *id)
    }

    /// What a line that nobody knew at first was found to be.
    pub fn class(&self, line: LineId, amount: Dong) -> Class {
        match self.held(line, amount) {
            Some(held) if !held.open.is_zero() => Class::Unknown,
            Some(held) => placed::class(&held.moved, |other| self.own.contains(&other)),
            None => Class::FeeReceipt,
        }
    }
}

/// Taken on a channel's word or by card, and not shown by any line at the end of a day.
fn clearing(conn: &mut Conn, account: &BankAccount, until: BusinessDay) -> Result<Dong> {
    let kept = standing_query::kept_clearing(conn, account, until)?;
    let before = kept.map_or(Dong::ZERO, |kept| kept.clearing);
    before.checked_add(standing_query::clearing_moved(conn, account, (kept, until))?)
}
