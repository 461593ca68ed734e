//! Lines that came after their day was closed were posted on the day that was open then. Once their day is open again
//! the bank account has them where the statement has them: their money stands in suspense, or as a debit that nobody
//! explained, from their own day to the one on which they found their place. No posting is taken back.

use super::{Reopening, query};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Kind, Subject};
use crate::id::LineId;
use crate::ledger::{self, Account, Posting, Source};
use crate::store::{Stamp, Tx};

const WHY: &str = "it was posted when it came, after its day was closed";

/// A line, its day and the later one that it was posted on.
#[derive(Clone, Copy, Debug)]
pub struct Late {
    pub line: LineId,
    /// Minus is money out.
    pub amount: Dong,
    pub booking_date: BusinessDay,
    pub posted_on: BusinessDay,
}

/// Posts the lines of the days that opened on their own days. The days are open.
pub fn bring_home(tx: &mut Tx<'_>, stamp: &Stamp<'_>, reopening: &Reopening) -> Result<()> {
    let mut postings = Vec::new();
    for late in query::late_lines(tx, reopening)? {
        postings.extend(moved(reopening, late));
        name(tx, stamp, reopening, late)?;
    }
    ledger::post(tx, stamp, &postings)
}

/// There on its own day, and gone on the day on which the money went on.
fn moved(reopening: &Reopening, late: Late) -> [Posting; 2] {
    let bank = Account::Bank(reopening.account);
    let (debit, credit) = match late.amount.is_positive() {
        true => (bank, Account::Suspense(late.line)),
        false => (Account::UnexplainedDebit(late.line), bank),
    };
    let posting = |debit: &Account, credit: &Account, accounting_date| Posting {
        unit: reopening.unit,
        debit: debit.clone(),
        credit: credit.clone(),
        amount: Dong(late.amount.0.abs()),
        accounting_date,
        source: Source::Line(late.line),
    };
    [posting(&debit, &credit, late.booking_date), posting(&credit, &debit, late.posted_on)]
}

/// A certificate carries what is open by name: where nothing asked about the line, that it came late is its name.
fn name(tx: &mut Tx<'_>, stamp: &Stamp<'_>, reopening: &Reopening, late: Late) -> Result<()> {
    let subject = Subject::Line(late.line);
    if !exception::query::about(tx, reopening.unit, &[subject])?.is_empty() {
        return Ok(());
    }
    let new = exception::New {
        unit: reopening.unit,
        kind: Kind::CutOff,
        subject,
        account: Some(reopening.account),
        amount: Dong(late.amount.0.abs()),
        opened_on: late.booking_date,
        detail: String::new(),
    };
    exception::open(tx, stamp, &[new])?;
    exception::settle_by_themselves(tx, stamp, &[(reopening.unit, Kind::CutOff, subject, WHY)])?;
    Ok(())
}
