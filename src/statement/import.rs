//! Importing a bank file: statements and lines are stored once, whatever is sent again.
//!
//! The whole file is kept encrypted under its hash. A statement is `loading` until its last chunk
//! of lines is in, and nobody looks at it before; a crash in between leaves it so, and importing
//! the same file (or any other of that account) finishes it first. Which lines are new is decided
//! by `identity`, once, when the statement begins: while one statement of an account is loading no
//! other may begin. What contradicts an earlier telling is held by `version`; what cannot go in is left out by itself
//! (`refused`), and the other statements of the file go in.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde::Serialize;

use super::draft::{self, Draft, DraftLine};
use super::file::{self, File};
use super::identity::Features;
use super::layout::Layout;
use super::left_out;
use super::line;
use super::loading;
use super::notice::{self, Notice};
use super::owner::Owners;
use super::query::{self, StoredStatement};
use super::refused::{self, Parted, Refused, RefusedStatement};
use super::saved::{self, Understood};
use super::sequence::Oddity;
use super::version::{self, Version};
use super::{Finding, Format, Parsed};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result, caught};
use crate::id::*;
use crate::store::pace::Pace;
use crate::store::{Conn, Lane, Stamp, Store, Tx, failpoint, rows};
use crate::unit::BankAccount;

pub use super::file::original_file;
pub use super::line::CodesOf;
pub use super::owner::masked;
pub use super::sequence::balance_before;

/// Lines of the first bulk transaction: about 20 ms on a small machine.
const CHUNK_LINES: usize = 8 * rows::WHOLE_STATEMENT;

/// How often a statement asks for its turn again when another one of its account was begun in between.
const TURN_ATTEMPTS: u32 = 5;
/// How long an account's other files wait before a statement that cannot be finished is tried again.
const BROKEN_OFF_RETRY_S: u32 = 60;

/// What an import did, or why it did nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    pub sha256: String,
    pub format: Format,
    pub statements: Vec<ImportedStatement>,
    /// Statements that contradict an earlier telling and wait for two persons, or were dismissed.
    pub held: Vec<Version>,
    /// Statements that were left out: the others of the file went in.
    pub refused: Vec<RefusedStatement>,
    /// Payments inside entries that a notification told of now.
    pub details: usize,
    /// What the file told of, a notification too.
    #[serde(skip)]
    pub accounts: BTreeSet<(UnitId, AccountId)>,
    /// Every statement of the file was here before; nothing was changed.
    pub already_imported: bool,
    /// With any of these nothing was stored: what is wrong with the whole file, or with every statement of it.
    pub errors: Vec<Finding>,
    pub warnings: Vec<Finding>,
    /// Whom what was found is told to.
    #[serde(skip)]
    pub(super) owners: Owners,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportedStatement {
    pub unit: UnitId,
    pub id: StatementId,
    pub account: AccountId,
    pub number: Option<String>,
    pub closing_on: BusinessDay,
    pub opening: Dong,
    pub closing: Dong,
    pub lines_new: usize,
    /// Told by an earlier statement already.
    pub lines_known: usize,
    pub quarantined: usize,
    /// `ready`.
    pub state: String,
    /// False when a statement before this one is missing; an exception says so.
    pub is_chained: bool,
    /// What is odd about its place among the statements of the account.
    pub oddities: Vec<Oddity>,
    /// The version record, where the file says more or other words than an earlier one.
    pub version: Option<VersionId>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub lines_done: usize,
    pub lines_total: usize,
}

/// What an import is told besides the file.
#[derive(Clone, Copy, Default)]
pub struct Options<'o> {
    /// The user's layout of a table; without it the one saved for the account, then ours.
    pub layout: Option<&'o Layout>,
    /// The account of a file that names none.
    pub account_no: Option<&'o str>,
    /// Called after each chunk is committed; an error ends the import there, to be taken up again.
    pub progress: Option<&'o dyn Fn(Progress) -> Result<()>>,
}

/// Imports a file. Every transaction takes a stamp of its own.
///
/// Nothing is stored when the file cannot be trusted, or none of its statements (`errors`). One that cannot go in
/// beside others is left out by itself (`refused`).
///
/// # Errors
/// Where that is so of every statement: `statement_account_unknown`,
/// `statement_currency`, `statement_before_account`, `unit_not_found` (out of scope); `statement_left_out_many`;
/// `role_not_allowed`, `statement_file_too_large`.
pub fn import_file<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    bytes: &[u8],
) -> Result<Imported> {
    import_file_with(store, stamp, actor, codes_of, bytes, Options::default())
}

/// As [`import_file`], with options.
pub fn import_file_with<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    bytes: &[u8],
    options: Options<'_>,
) -> Result<Imported> {
    actor.require_role(&[Role::Finance, Role::System])?;
    let mut planned = match look(store, stamp().today(), actor, bytes, options)? {
        Ok(planned) => planned,
        Err(refused) => return Ok(*refused),
    };
    left_out::note(store, stamp, actor, &mut planned)?;
    let came = left_out::came(&planned);
    if planned.parsed.format == Format::Camt054 {
        let imported = notice::take(store, stamp, actor, codes_of, planned)?;
        left_out::settle(store, stamp, &came)?;
        return Ok(imported);
    }
    let mut imported = planned.outcome();
    let Planned { file, drafts, accounts, .. } = planned;
    imported.already_imported = !drafts.is_empty() && imported.refused.is_empty();
    let lines_total = drafts.iter().map(|draft| draft.lines.len()).sum();
    let done = Cell::new(Progress { lines_done: 0, lines_total });
    let import = Import { store, stamp, actor, codes_of, options, done };
    for (draft, account) in drafts.iter().zip(&accounts) {
        match import.in_turn(&file, draft, account)? {
            Told::Statement(statement, was_ready) => {
                imported.already_imported &= was_ready;
                imported.statements.push(statement);
            }
            Told::Held(version) => {
                imported.already_imported = false;
                imported.held.push(version);
            }
        }
    }
    left_out::settle(store, stamp, &came)?;
    Ok(imported)
}

/// A file that can be imported, whole or in part.
pub(super) struct Planned<'a> {
    pub file: File<'a>,
    pub parsed: Parsed,
    pub drafts: Vec<Draft>,
    pub notices: Vec<Notice>,
    /// Of the drafts, or of the notifications.
    pub accounts: Vec<BankAccount>,
    pub refused: Vec<Refused>,
    pub owners: Owners,
}

impl Planned<'_> {
    /// What is told of the file before anything of it is in.
    pub fn outcome(&self) -> Imported {
        let mut imported = outcome(&self.file, &self.parsed, Vec::new());
        imported.accounts = self.accounts.iter().map(|account| (account.unit, account.id)).collect();
        imported.owners = self.owners.clone();
        if let Some(first) = self.accounts.first() {
            imported.refused = refused::told(&self.refused, first.unit);
        }
        imported
    }
}

/// Reads the file, finds its accounts and parts what goes in from what does not; the inner error is a file that nothing
/// is stored of.
pub(super) fn look<'a>(
    store: &Store,
    today: BusinessDay,
    actor: &Actor,
    bytes: &'a [u8],
    options: Options<'_>,
) -> Result<std::result::Result<Planned<'a>, Box<Imported>>> {
    if bytes.len() > super::MAX_BYTES {
        return Err(Error::too_large(
            "statement_file_too_large",
            format!("at most {} bytes", super::MAX_BYTES),
        ));
    }
    let understood = saved::understand(store, actor, bytes, options)?;
    let file = File::new(bytes, &understood);
    let Understood { mut parsed, account_no, .. } = understood;
    let owners = store.read(&actor.scope, |conn| Owners::of(conn, actor, &parsed, account_no.as_deref()))?;
    owners.hide_elsewhere(&mut parsed.warnings);
    if parsed.format == Format::Camt054 {
        return notice::plan(store, today.next(), actor, (file, parsed, owners));
    }
    let sorted = match draft::drafts(&mut parsed, account_no.as_deref()) {
        Ok(sorted) => sorted,
        Err(errors) => return Ok(Err(owners.refuse(&file, &parsed, errors))),
    };
    let (drafts, parted, begun_by) = store.read(&actor.scope, |conn| {
        let (drafts, parted) = refused::part(conn, actor, sorted, today.next())?;
        let begun_by = begun_by(conn, &parted.accounts, &file.sha256)?;
        Ok((drafts, parted, begun_by))
    })?;
    let Parted { accounts, refused, .. } = parted;
    if drafts.is_empty() && !refused.is_empty() {
        return nothing_left(refused).map(|errors| Err(owners.refuse(&file, &parsed, errors)));
    }
    match begun_by {
        Some(layout) if options.layout != Some(&layout) => {
            let options = Options { layout: Some(&layout), account_no: account_no.as_deref(), ..options };
            look(store, today, actor, bytes, options)
        }
        _ => Ok(Ok(Planned { file, parsed, drafts, notices: Vec::new(), accounts, refused, owners })),
    }
}

/// A file in which no statement can go in: the faults of what does not read, else the answer to the first account.
pub(super) fn nothing_left(refused: Vec<Refused>) -> Result<Vec<Finding>> {
    let unread = refused.iter().filter(|one| one.error.is_none());
    let errors: Vec<Finding> = unread.flat_map(|one| one.refusal.findings.iter().cloned()).collect();
    match refused.into_iter().find_map(|one| one.error) {
        Some(error) if errors.is_empty() => Err(error),
        _ => Ok(errors),
    }
}

/// The mapping by which this very file was begun and not finished: the rest of it is read by no other.
fn begun_by(conn: &mut Conn, accounts: &[BankAccount], sha256: &str) -> Result<Option<Layout>> {
    for account in accounts {
        let left = query::loading(conn, account.unit, account.id)?;
        if left.is_some_and(|left| left.file_sha256 == sha256) {
            return file::layout_of(conn, account.unit, sha256);
        }
    }
    Ok(None)
}

pub(super) fn outcome(file: &File<'_>, parsed: &Parsed, errors: Vec<Finding>) -> Imported {
    Imported {
        sha256: file.sha256.clone(),
        format: file.format,
        statements: Vec::new(),
        held: Vec::new(),
        refused: Vec::new(),
        details: 0,
        accounts: BTreeSet::new(),
        already_imported: false,
        errors,
        warnings: parsed.warnings.clone(),
        owners: Owners::default(),
    }
}

struct Import<'s, 'a> {
    store: &'s Store,
    stamp: &'s dyn Fn() -> Stamp<'a>,
    actor: &'s Actor,
    codes_of: &'s CodesOf<'s>,
    options: Options<'s>,
    done: Cell<Progress>,
}

/// What became of one statement of the file.
enum Told {
    /// Imported, and whether it was ready before.
    Statement(ImportedStatement, bool),
    Held(Version),
}

impl Import<'_, '_> {
    /// One statement, once no other of its account is half loaded. What this very file left so is finished in its own
    /// place, unless a statement before it goes in only now.
    fn in_turn(&self, file: &File<'_>, draft: &Draft, account: &BankAccount) -> Result<Told> {
        self.finish_interrupted(account, Some(&file.sha256))?;
        for _ in 1..TURN_ATTEMPTS {
            match self.statement(file, draft, account) {
                Err(error) if error.code() == loading::ANOTHER => self.finish_interrupted(account, None)?,
                told => return told,
            }
        }
        self.statement(file, draft, account)
    }

    /// A statement of this account that a crash left half loaded, but for those of one file, is finished. While it
    /// breaks off again the account's other files wait and are tried again: without its lines nobody can say which of
    /// theirs are new.
    fn finish_interrupted(&self, account: &BankAccount, but_of: Option<&str>) -> Result<()> {
        let left =
            self.store.read(&self.actor.scope, |conn| query::loading(conn, account.unit, account.id))?;
        let Some(left) = left.filter(|left| Some(left.file_sha256.as_str()) != but_of) else { return Ok(()) };
        match caught(|| self.finish(account, &left)) {
            Err(error) if !error.is_busy() => {
                let (unit, statement) = (left.unit, left.id);
                tracing::error!(%unit, %statement, %error, "a statement that broke off cannot be finished");
                let detail = format!("{statement} broke off and cannot be finished yet");
                Err(Error::busy(loading::ANOTHER, BROKEN_OFF_RETRY_S, detail))
            }
            finished => finished,
        }
    }

    /// Finishes a statement from its stored file.
    fn finish(&self, account: &BankAccount, left: &StoredStatement) -> Result<()> {
        let stored = (account.unit, left.file_sha256.as_str());
        let (bytes, understood) = saved::understand_stored(
            self.store,
            (self.stamp)().vault,
            self.actor,
            stored,
            &account.account_no,
        )?;
        let file = File::new(&bytes, &understood);
        let Understood { mut parsed, account_no, .. } = understood;
        let sorted = draft::drafts(&mut parsed, account_no.as_deref())
            .map_err(|_| Error::internal("a stored bank file no longer reads"))?;
        let draft = sorted
            .drafts
            .iter()
            .find(|draft| draft.position == left.place())
            .ok_or_else(|| Error::internal("a stored bank file has fewer statements than before"))?;
        self.statement(&file, draft, account).map(|_| ())
    }

    /// One statement from its first row to `ready`.
    fn statement(&self, file: &File<'_>, draft: &Draft, account: &BankAccount) -> Result<Told> {
        let features = line::features((self.stamp)().vault, account.unit, &draft.lines);
        let version = self.version(file, draft, account, &features)?;
        if let Some(held) = version.as_ref().filter(|one| !matches!(&*one.state, "applied" | "accepted")) {
            return Ok(Told::Held(held.clone()));
        }
        let begun = self.write(|tx, stamp| loading::begin(tx, stamp, self.actor, file, draft, account))?;
        let version = version.map(|version| version.id);
        if begun.is_ready() {
            self.advance(draft.lines.len())?;
            return Ok(Told::Statement(
                report(draft, &begun, (0, draft.lines.len()), version, Vec::new()),
                true,
            ));
        }
        let plan = self.store.read(&self.actor.scope, |conn| {
            loading::plan(conn, account, (draft, &begun), &features, version)
        })?;
        let new = line::new_ones(draft, &features, &plan.identity.verdicts);
        self.advance(draft.lines.len() - new.len())?;
        self.add(&begun, &new)?;
        if !plan.withdrawn.is_empty() {
            self.write(|tx, stamp| line::add_contras(tx, stamp, &begun, &plan.withdrawn))?;
        }
        let is_chained = plan.identity.is_chained;
        let oddities =
            self.write(|tx, stamp| loading::finish(tx, stamp, self.actor, &begun, account, is_chained))?;
        let counts = (new.len(), draft.lines.len() - new.len());
        Ok(Told::Statement(report(draft, &begun, counts, version, oddities), false))
    }

    /// Stores new lines chunk by chunk. While one is written, the next is read for codes and sealed on a thread of
    /// its own, so that whoever waits for the writer waits for the writing only.
    fn add(&self, begun: &StoredStatement, new: &[(&DraftLine, String)]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let key = self.write(|tx, stamp| stamp.sealing_key(tx, begun.unit))?;
        let (key, codes_of) = (&key, self.codes_of);
        std::thread::scope(|scope| {
            let made = |chunk| {
                let stamp = (self.stamp)();
                scope.spawn(move || line::rows(&stamp, key, begun, codes_of, chunk))
            };
            let mut pace = Pace::of(self.store.product(), CHUNK_LINES);
            let (first, mut left) = pace.next(new);
            let mut next = Some(made(first));
            while let Some(making) = next {
                let ended = || Error::internal("a thread that made rows of lines ended early");
                let rows = making.join().map_err(|_| ended())??;
                next = if left.is_empty() {
                    None
                } else {
                    let (chunk, rest) = pace.next(left);
                    left = rest;
                    Some(made(chunk))
                };
                self.write(|tx, _| pace.timed(rows.len(), || line::add(tx, self.actor, begun, &rows)))?;
                failpoint::hit("statement_chunk");
                self.advance(rows.len())?;
                std::thread::yield_now();
            }
            Ok(())
        })
    }

    /// The version this statement is of an earlier one, recorded at its first import. One that was given up is compared
    /// again: with the lines as they stand now.
    fn version(
        &self,
        file: &File<'_>,
        draft: &Draft,
        account: &BankAccount,
        features: &[Features],
    ) -> Result<Option<Version>> {
        let (unit, sha256, position) = (account.unit, &file.sha256, draft.position);
        let (known, compared) = self.store.read(&self.actor.scope, |conn| {
            let known = version::by_position(conn, unit, account.id, sha256, position)?;
            let stands = match &known {
                Some(known) => !version::given_up::is_given_up(conn, known)?,
                None => query::at_place(conn, unit, account.id, (sha256.as_str(), position))?.is_some(),
            };
            if stands {
                return Ok((known, None));
            }
            let format = file.format.as_str();
            let found = version::compare(conn, account, draft, format, features, self.codes_of)?;
            Ok((known, Some(found)))
        })?;
        match (known, compared) {
            (Some(given_up), Some(found)) => {
                let found = found.as_ref();
                self.write(|tx, stamp| version::given_up::take_up(tx, stamp, self.actor, &given_up, found))
                    .map(Some)
            }
            (None, Some(Some(found))) if found.is_recorded() => {
                self.write(|tx, stamp| version::record(tx, stamp, self.actor, file, draft, &found)).map(Some)
            }
            (known, _) => Ok(known),
        }
    }

    fn advance(&self, lines: usize) -> Result<()> {
        let mut done = self.done.get();
        done.lines_done = done.lines_done.saturating_add(lines).min(done.lines_total);
        self.done.set(done);
        self.options.progress.map_or(Ok(()), |progress| progress(done))
    }

    fn write<T>(&self, mut body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>) -> Result<T> {
        self.store.write(&self.actor.scope, Lane::Bulk, |tx| body(tx, &(self.stamp)()))
    }
}

fn report(
    draft: &Draft,
    begun: &StoredStatement,
    (lines_new, lines_known): (usize, usize),
    version: Option<VersionId>,
    oddities: Vec<Oddity>,
) -> ImportedStatement {
    ImportedStatement {
        unit: begun.unit,
        id: begun.id,
        account: begun.account,
        number: begun.number.clone(),
        closing_on: begun.closing_on,
        opening: begun.opening,
        closing: begun.closing,
        lines_new,
        lines_known,
        quarantined: draft.quarantined.len(),
        state: "ready".to_owned(),
        is_chained: !oddities.iter().any(|odd| matches!(odd, Oddity::OpeningDiffers { .. })),
        oddities,
        version,
    }
}
