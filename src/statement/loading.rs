//! The rows of a statement from `loading`, when nobody looks at it, to `ready`.

use super::draft::Draft;
use super::file::{self, File};
use super::identity::{self, Features, Span};
use super::quarantine;
use super::query::{self, StatementRow, StoredStatement};
use super::sequence::{self, Oddity, Telling, balance_before, known_beside};
use super::version::{self, Withdrawn};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;
use crate::unit::BankAccount;

/// The code of a statement that waits for another one of its account.
pub(super) const ANOTHER: &str = "statement_loading";

/// How the lines of a statement go in.
pub(super) struct Plan {
    pub identity: identity::Plan,
    pub withdrawn: Vec<Withdrawn>,
}

/// Keeps the file, opens the statement as `loading` and sets aside what could not be read. A
/// statement that was begun before is given as it stands.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    file: &File<'_>,
    draft: &Draft,
    account: &BankAccount,
) -> Result<StoredStatement> {
    query::lock_account(tx, account.unit, account.id)?;
    let place = (file.sha256.as_str(), draft.position);
    if let Some(stored) = query::at_place(tx, account.unit, account.id, place)? {
        return Ok(stored);
    }
    if query::loading(tx, account.unit, account.id)?.is_some() {
        return Err(Error::busy(ANOTHER, 2, "another statement of this account is being loaded"));
    }
    let times_given_up = query::times_given_up(tx, account.unit, account.id, place)?;
    file::keep(tx, stamp, account.unit, file)?;
    let id: StatementId = stamp.mint()?;
    rows::insert(
        tx,
        &[StatementRow {
            unit_id: account.unit,
            id,
            account_id: account.id,
            file_sha256: file.sha256.clone(),
            position: query::position(draft.position, times_given_up),
            format: file.format.as_str(),
            number: draft.number.as_deref().map(text::clean),
            sequence: draft.sequence,
            opening_on: draft.opening_on,
            opening: draft.opening,
            closing_on: draft.closing_on,
            closing: draft.closing,
            balance_basis: if draft.is_derived { "derived" } else { "given" },
            line_count: i32::try_from(draft.lines.len()).unwrap_or(i32::MAX),
            created_at: stamp.now,
            state: "loading",
            revision: 1,
        }],
    )?;
    quarantine::set_aside(tx, stamp, account.unit, id, &draft.quarantined)?;
    let entry = audit::Entry::by(actor, account.unit, "statement.begun", id).with(file.sha256.clone());
    audit::record(tx, stamp, &[entry])?;
    query::statement(tx, account.unit, id)
}

/// How the lines of a statement go in that was begun.
pub(super) fn plan(
    conn: &mut Conn,
    account: &BankAccount,
    (draft, begun): (&Draft, &StoredStatement),
    features: &[Features],
    version: Option<VersionId>,
) -> Result<Plan> {
    let withdrawn = match version {
        Some(version) => version::withdrawn_by(conn, account.unit, version)?,
        None => Vec::new(),
    };
    // Their contra lines come with this statement: what it takes out of earlier days is out of the balance.
    let out = withdrawn.iter().filter(|one| one.booking_date < draft.opening_on).map(|one| one.amount);
    let before = balance_before(conn, account, draft.opening_on)?.checked_sub(Dong::sum(out)?)?;
    let this = Telling::of(draft, &begun.format, features);
    let told = known_beside(conn, account, (draft.opening_on, draft.closing_on), &this)?;
    let known: Vec<identity::Known> = told.into_iter().map(|line| line.known).collect();
    let span =
        Span { first_day: draft.opening_on, opening: draft.opening, closing: draft.closing, lines: features };
    Ok(Plan { identity: identity::plan(before, &known, span), withdrawn })
}

/// Makes the statement visible and says what is odd about its place, and whether one is missing before it.
pub(super) fn finish(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    begun: &StoredStatement,
    account: &BankAccount,
    is_chained: bool,
) -> Result<Vec<Oddity>> {
    query::lock_account(tx, begun.unit, begun.account)?;
    let stored = query::statement(tx, begun.unit, begun.id)?;
    if stored.is_ready() {
        return Ok(Vec::new()); // Another process finished it.
    }
    if stored.state == "abandoned" {
        return Err(query::given_up_meanwhile());
    }
    let odd = sequence::oddities(tx, account, &stored, is_chained)?;
    query::set_state(tx, &stored, "ready")?;
    sequence::note(tx, stamp, &stored, &odd)?;
    quarantine::supersede(tx, stamp, &stored)?;
    sequence::settle_gaps(tx, stamp, account)?;
    let entry = audit::Entry::by(actor, stored.unit, "statement.ready", stored.id);
    audit::record(tx, stamp, &[entry])?;
    Ok(odd)
}
