//! Imports that run by themselves: the file is kept first, a worker takes it in, and whoever asked sees
//! how far it is. A job that a crash broke off is taken up again from the file.

pub mod query;

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::import::{self, CodesOf, Imported, Options, Planned, Progress};
use super::layout::Layout;
use super::{file, import_file_with, loading};
use crate::actor::{Actor, Role, Scope};
use crate::audit;
use crate::error::{Error, Kind, Result, caught};
use crate::id::*;
use crate::store::{Lane, Stamp, Store, rows};

pub use query::{Job, find, list};

/// How long a worker has a job before another may take it over; each sign of progress renews it.
const LEASE_US: i64 = 10_000_000;
/// How long what follows an import may take: matching a hundred thousand lines takes a minute on a slow
/// disk.
const THEN_LEASE_US: i64 = 600_000_000;
/// Progress is written at every so many lines.
const TELL_LINES: usize = 2_000;

/// Keeps the file and queues its import. The inner error is a file of which nothing is stored.
///
/// The file is read and its accounts are looked for before it is queued, so that what can never be
/// imported is refused to whoever sends it.
///
/// # Errors
/// As `import_file`.
pub fn queue<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    bytes: &[u8],
    options: Options<'_>,
) -> Result<std::result::Result<Job, Box<Imported>>> {
    actor.require_role(&[Role::Finance, Role::System])?;
    let Planned { file, drafts, accounts, .. } =
        match import::look(store, stamp().today(), actor, bytes, options)? {
            Ok(planned) => planned,
            Err(refused) => return Ok(Err(refused)),
        };
    let unit = accounts
        .first()
        .map(|account| account.unit)
        .ok_or_else(|| Error::internal("a file without an error has a statement"))?;
    let lines_total = drafts.iter().map(|draft| draft.lines.len()).sum::<usize>();
    let mapping = options.layout.map(Layout::to_toml).transpose()?;
    store
        .write(&actor.scope, Lane::Bulk, |tx| {
            let stamp = stamp();
            file::keep(tx, &stamp, unit, &file)?;
            let id: JobId = stamp.mint()?;
            let row = query::JobRow {
                unit_id: unit,
                id,
                file_sha256: file.sha256.clone(),
                person_id: actor.person,
                units: scope_text(&actor.scope),
                mapping: mapping.clone(),
                account_no: options.account_no.map(str::to_owned),
                created_at: stamp.now,
                state: "queued",
                lines_total: i64::try_from(lines_total).unwrap_or(i64::MAX),
                lines_done: 0,
                outcome: None,
                error_code: None,
                leased_until: 0,
                revision: 1,
            };
            rows::insert(tx, &[row])?;
            let entry = audit::Entry::by(actor, unit, "statement.import_queued", id).with(&file.sha256);
            audit::record(tx, &stamp, &[entry])?;
            query::find(tx, unit, id)
        })
        .map(Ok)
}

fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::All => "*".to_owned(),
        Scope::Units(units) => units.iter().map(|unit| unit.0.to_string()).collect::<Vec<_>>().join(","),
    }
}

fn scope_of(text: &str) -> Result<Scope> {
    if text == "*" {
        return Ok(Scope::All);
    }
    let units: std::result::Result<BTreeSet<UnitId>, _> =
        text.split(',').map(|unit| unit.parse().map(UnitId)).collect();
    units.map(Scope::Units).map_err(|_| Error::internal("the scope of a stored import does not read"))
}

/// What surrounds a run.
#[derive(Clone, Copy)]
pub struct Run<'r> {
    /// Asked between two chunks.
    pub keep_on: &'r dyn Fn() -> bool,
    /// Done with what came in, before the import is done: a crash in between does it again.
    pub then: &'r dyn Fn(&Imported),
}

/// Takes the oldest waiting import in, if there is one, and tells how it went.
pub fn run_next<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    codes_of: &CodesOf<'_>,
    around: Run<'_>,
) -> Result<Option<Job>> {
    let taken = store.write(&Scope::All, Lane::Bulk, |tx| {
        let now = stamp().now;
        let Some(mut job) = query::next(tx, now)? else { return Ok(None) };
        job.state = "running".to_owned();
        job.leased_until = now.0.saturating_add(LEASE_US);
        query::store(tx, &mut job)?;
        Ok(Some(job))
    })?;
    let Some(job) = taken else { return Ok(None) };
    run(store, stamp, codes_of, around, job).map(Some)
}

fn run<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    codes_of: &CodesOf<'_>,
    around: Run<'_>,
    job: Job,
) -> Result<Job> {
    let actor = Actor { person: job.person, client: None, role: Role::Finance, scope: scope_of(&job.units)? };
    let told = RefCell::new(job);
    // A file that makes the import break off fails by itself and holds up no other.
    let done = caught(|| take_in(store, stamp, codes_of, around.keep_on, &actor, &told));
    if let Some(imported) = done.as_ref().ok().filter(|imported| imported.errors.is_empty()) {
        lease(store, stamp, &told, THEN_LEASE_US);
        (around.then)(imported);
    }
    let mut job = told.into_inner();
    let mut pause_s = 0;
    match done {
        Ok(imported) if imported.errors.is_empty() => {
            job.state = "done".to_owned();
            job.error_code = None;
            job.lines_done = job.lines_total;
            job.outcome = serde_json::to_string(&imported).ok();
        }
        Ok(imported) => {
            job.state = "failed".to_owned();
            job.error_code = imported.errors.first().map(|finding| finding.code.to_owned());
            job.outcome = serde_json::to_string(&imported).ok();
        }
        Err(error) => match error.kind() {
            // Something was in the way for a moment: it is queued again. What keeps it waiting is told, since
            // that may take a person to mend.
            Kind::Busy { retry_after_s } => {
                job.state = "queued".to_owned();
                job.error_code = (error.code() == loading::ANOTHER).then(|| error.code().to_owned());
                pause_s = i64::from(*retry_after_s);
            }
            _ => {
                tracing::warn!(import = %job.id, %error, "an import failed");
                job.state = "failed".to_owned();
                job.error_code = Some(error.code().to_owned());
            }
        },
    }
    job.leased_until = stamp().now.0.saturating_add(pause_s * 1_000_000);
    store.write(&Scope::All, Lane::Bulk, |tx| {
        let mut stored = job.clone();
        query::store(tx, &mut stored)?;
        Ok(stored)
    })
}

fn take_in<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    codes_of: &CodesOf<'_>,
    keep_on: &dyn Fn() -> bool,
    actor: &Actor,
    told: &RefCell<Job>,
) -> Result<Imported> {
    let (unit, sha256, mapping, account_no) = {
        let job = told.borrow();
        (job.unit, job.file_sha256.clone(), job.mapping.clone(), job.account_no.clone())
    };
    let bytes = store.read(&actor.scope, |conn| file::open(conn, stamp().vault, unit, &sha256))?;
    let layout = mapping.as_deref().map(Layout::from_toml).transpose()?;
    let last_told = std::cell::Cell::new(0);
    let progress = |progress: Progress| {
        let is_news = progress.lines_done >= last_told.get() + TELL_LINES
            || progress.lines_done == progress.lines_total;
        if is_news {
            last_told.set(progress.lines_done);
            tell(store, stamp, told, progress);
        }
        match keep_on() {
            true => Ok(()),
            false => Err(Error::busy("service_stopping", 5, "the service is stopping")),
        }
    };
    let options =
        Options { layout: layout.as_ref(), account_no: account_no.as_deref(), progress: Some(&progress) };
    import_file_with(store, stamp, actor, codes_of, &bytes, options)
}

/// Writes how far the import is. That another process took the job over, or the disk is slow, does not
/// stop it: the statements themselves know what is in.
fn tell<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, told: &RefCell<Job>, progress: Progress) {
    {
        let mut job = told.borrow_mut();
        job.lines_done = i64::try_from(progress.lines_done).unwrap_or(i64::MAX);
        job.lines_total = i64::try_from(progress.lines_total).unwrap_or(i64::MAX);
    }
    lease(store, stamp, told, LEASE_US);
}

fn lease<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, told: &RefCell<Job>, microseconds: i64) {
    let mut job = told.borrow().clone();
    job.leased_until = stamp().now.0.saturating_add(microseconds);
    let stored = store.write(&Scope::All, Lane::Bulk, |tx| {
        let mut stored = job.clone();
        query::store(tx, &mut stored)?;
        Ok(stored)
    });
    match stored {
        Ok(stored) => {
            told.replace(stored);
        }
        Err(error) => tracing::debug!(import = %job.id, %error, "progress was not written"),
    }
}
