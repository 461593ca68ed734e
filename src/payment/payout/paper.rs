//! The paper that says what a line pays out.

use super::paper_query::{self as query, BATCHES, SETTLEMENTS};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{Exception, Subject};
use crate::id::*;
use crate::payment::gateway::{self, Settlement};
use crate::payment::pos::{self, Batch};
use crate::store::{Conn, Stamp, Tx};

/// A batch or a settlement report as it stands.
#[derive(Clone, Debug)]
pub enum Paper {
    Batch(Batch),
    Settlement(Settlement),
}

/// A step of a paper: its event, the state after it, its day, who decided and about which line.
pub(super) struct Step {
    pub kind: &'static str,
    pub state: &'static str,
    pub on: BusinessDay,
    pub person: PersonId,
    pub line: Option<LineId>,
}

impl Paper {
    /// The paper that a line shows still, with the day of its postings.
    pub(in crate::payment) fn shown_by(
        conn: &mut Conn,
        unit: UnitId,
        line: LineId,
    ) -> Result<Option<(Paper, BusinessDay)>> {
        if let Some((id, on)) = query::shown_by(conn, &BATCHES, unit, line)? {
            return Ok(Some((Paper::Batch(pos::find(conn, unit, BatchId(id))?), on)));
        }
        let Some((id, on)) = query::shown_by(conn, &SETTLEMENTS, unit, line)? else { return Ok(None) };
        Ok(Some((Paper::Settlement(gateway::find(conn, unit, SettlementId(id))?), on)))
    }

    /// The paper that an item is about.
    pub(super) fn of_item(conn: &mut Conn, item: &Exception) -> Result<Option<Paper>> {
        Ok(match item.subject_kind.as_str() {
            "batch" => Some(Paper::Batch(pos::find(conn, item.unit, BatchId(item.subject_id))?)),
            "settlement" => {
                let id = SettlementId(item.subject_id);
                Some(Paper::Settlement(gateway::find(conn, item.unit, id)?))
            }
            _ => None,
        })
    }

    /// The lines that show papers of an account which paid out exactly so much.
    pub(super) fn lines_of(
        conn: &mut Conn,
        unit: UnitId,
        account: AccountId,
        net: Dong,
    ) -> Result<Vec<LineId>> {
        let mut found = query::lines_of(conn, &BATCHES, (unit, account), net)?;
        found.extend(query::lines_of(conn, &SETTLEMENTS, (unit, account), net)?);
        Ok(found)
    }

    /// The line that shows the paper of an id.
    pub(super) fn line_of(conn: &mut Conn, unit: UnitId, id: i64) -> Result<Option<LineId>> {
        match query::line_of(conn, &BATCHES, unit, id)? {
            Some(line) => Ok(Some(line)),
            None => query::line_of(conn, &SETTLEMENTS, unit, id),
        }
    }

    pub fn unit(&self) -> UnitId {
        match self {
            Paper::Batch(batch) => batch.unit,
            Paper::Settlement(report) => report.unit,
        }
    }

    pub fn account(&self) -> AccountId {
        match self {
            Paper::Batch(batch) => batch.account,
            Paper::Settlement(report) => report.account,
        }
    }

    pub fn subject(&self) -> Subject {
        match self {
            Paper::Batch(batch) => Subject::Batch(batch.id),
            Paper::Settlement(report) => Subject::Settlement(report.id),
        }
    }

    /// What it pays out; below zero is taken from the account.
    pub fn net(&self) -> Dong {
        match self {
            Paper::Batch(batch) => batch.net,
            Paper::Settlement(report) => report.net,
        }
    }

    pub fn fee(&self) -> Dong {
        match self {
            Paper::Batch(batch) => batch.fee,
            Paper::Settlement(report) => report.fee,
        }
    }

    /// What it took from payments, or gave back to payers, besides what it paid out.
    pub fn gave_back(&self) -> Dong {
        match self {
            Paper::Batch(batch) => batch.charged_back,
            Paper::Settlement(report) => report.returned,
        }
    }

    pub fn waits(&self) -> bool {
        self.state() == "awaited"
    }

    pub fn is_withdrawn(&self) -> bool {
        self.state() == "withdrawn"
    }

    fn state(&self) -> &str {
        match self {
            Paper::Batch(batch) => &batch.state,
            Paper::Settlement(report) => &report.state,
        }
    }

    /// Moves it on. It changes only under its account's lock, which the caller holds.
    pub(super) fn step(&mut self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, step: &Step) -> Result<()> {
        let by = (Some(step.person), step.line);
        match self {
            Paper::Batch(batch) => {
                batch.state = step.state.to_owned();
                batch.revision += 1;
                pos::query::store_state(tx, batch)?;
                pos::query::note(tx, stamp, batch, step.kind, step.on, by)
            }
            Paper::Settlement(report) => {
                report.state = step.state.to_owned();
                report.revision += 1;
                gateway::query::store_state(tx, report)?;
                gateway::query::note(tx, stamp, report, step.kind, step.on, by)
            }
        }
    }

    /// A corrected statement says with another line what the line said that showed it. What was posted then stands,
    /// with its day.
    pub(in crate::payment) fn shown_anew(
        &mut self,
        tx: &mut Tx<'_>,
        stamp: &Stamp<'_>,
        (line, on): (LineId, BusinessDay),
        person: PersonId,
    ) -> Result<()> {
        let again = Step { kind: "credited", state: "credited", on, person, line: Some(line) };
        match self {
            Paper::Batch(batch) => {
                let matched = pos::query::standing_matches(tx, batch)?;
                self.step(tx, stamp, &again)?;
                pos::query::keep_matches(tx, stamp, matched)
            }
            Paper::Settlement(_) => self.step(tx, stamp, &again),
        }
    }

    /// What it names and nobody knows is asked about while it waits.
    pub(super) fn name_unknown(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>) -> Result<()> {
        match self {
            Paper::Batch(batch) => pos::name_unknown(tx, stamp, batch),
            Paper::Settlement(report) => gateway::name_unknown(tx, stamp, report),
        }
    }
}

/// A paper of a unit.
///
/// # Errors
/// `pos_batch_not_found`, `settlement_not_found`.
pub(super) fn find(conn: &mut Conn, unit: UnitId, subject: Subject) -> Result<Paper> {
    match subject {
        Subject::Batch(id) => pos::find(conn, unit, id).map(Paper::Batch),
        Subject::Settlement(id) => gateway::find(conn, unit, id).map(Paper::Settlement),
        _ => Err(Error::internal("no paper of a payout")),
    }
}
