//! Importing a bank file: statements and lines are stored once, whatever is sent again.
//!
//! The whole file is kept encrypted under its hash. A statement is `loading` until its last chunk
//! of lines is in, and nobody looks at it before; a crash in between leaves it so, and importing
//! the same file (or any other of that account) finishes it first. Which lines are new is decided
//! by `identity`, once, when the statement begins: while one statement of an account is loading no
//! other may begin.

use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::draft::{self, Draft, DraftLine};
use super::identity::{self, Features, Span, Verdict};
use super::layout::Layout;
use super::memo::{LineTexts, seal_texts};
use super::query::{self, FileRow, LineRow, QuarantinedRow, StatementRow, StoredStatement};
use super::{Finding, Format, Parsed, parse_with};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Kind, Subject};
use crate::id::*;
use crate::store::vault::{DataKey, Vault};
use crate::store::{Conn, Lane, Stamp, Store, Tx, failpoint, rows};
use crate::text;
use crate::unit::{BankAccount, account};

/// Lines of one bulk transaction: about 20 ms on a small machine.
const CHUNK_LINES: usize = 500;

/// Reads the reference codes in a memo: (verified, damaged). `obligation::reference` gives it.
pub type CodesOf<'a> = dyn Fn(&str) -> (Vec<String>, Vec<String>) + 'a;

/// What an import did, or why it did nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    pub sha256: String,
    pub format: Format,
    pub statements: Vec<ImportedStatement>,
    /// Every statement of the file was here before; nothing was changed.
    pub already_imported: bool,
    /// With any of these nothing was stored.
    pub errors: Vec<Finding>,
    pub warnings: Vec<Finding>,
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
}

/// A file with the hash under which it is kept.
pub struct File<'a> {
    pub bytes: &'a [u8],
    pub sha256: String,
    pub format: Format,
}

impl<'a> File<'a> {
    fn new(bytes: &'a [u8], format: Format) -> Self {
        File { bytes, sha256: text::hex(digest(&SHA256, bytes).as_ref()), format }
    }
}

/// Imports a file. Every transaction takes a stamp of its own.
///
/// Nothing is stored when the file cannot be trusted (`errors`). Errors: `statement_account_unknown`,
/// `statement_currency`, `statement_before_account`, `unit_not_found` (out of scope),
/// `role_not_allowed`, `statement_file_too_large`.
pub fn import_file<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    bytes: &[u8],
) -> Result<Imported> {
    import_file_with(store, stamp, actor, codes_of, bytes, None)
}

/// The same, with the user's layout of a table.
pub fn import_file_with<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    bytes: &[u8],
    layout: Option<&Layout>,
) -> Result<Imported> {
    actor.require_role(&[Role::Finance, Role::System])?;
    if bytes.len() > super::MAX_BYTES {
        return Err(Error::too_large(
            "statement_file_too_large",
            format!("at most {} bytes", super::MAX_BYTES),
        ));
    }
    let parsed = parse_with(bytes, layout);
    let file = File::new(bytes, parsed.format);
    let drafts = match draft::drafts(&parsed) {
        Ok(drafts) => drafts,
        Err(errors) => return Ok(outcome(&file, parsed, errors)),
    };
    let accounts = store.read(&actor.scope, |conn| find_accounts(conn, actor, &drafts))?;
    let mut imported = outcome(&file, parsed, Vec::new());
    imported.already_imported = !drafts.is_empty();
    let import = Import { store, stamp, actor, codes_of, layout };
    for (draft, account) in drafts.iter().zip(&accounts) {
        import.finish_interrupted(account, &file.sha256)?;
        let (statement, was_ready) = import.statement(&file, draft, account)?;
        imported.already_imported &= was_ready;
        imported.statements.push(statement);
    }
    Ok(imported)
}

fn outcome(file: &File<'_>, parsed: Parsed, errors: Vec<Finding>) -> Imported {
    Imported {
        sha256: file.sha256.clone(),
        format: file.format,
        statements: Vec::new(),
        already_imported: false,
        errors,
        warnings: parsed.warnings,
    }
}

/// The registered account of every draft, within the actor's scope.
fn find_accounts(conn: &mut Conn, actor: &Actor, drafts: &[Draft]) -> Result<Vec<BankAccount>> {
    let mut accounts = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let field = || format!("statements[{index}].account");
        let unknown = || {
            let detail = format!("{}: account {} is not registered", draft.at, masked(&draft.account_no));
            Error::invalid(field(), "statement_account_unknown", detail)
        };
        let (unit, id) = account::find_by_number(conn, &draft.account_no)?.ok_or_else(unknown)?;
        actor.scope.require(unit)?;
        let found = account::find(conn, unit, id)?;
        if found.bank_bin.is_empty() {
            return Err(unknown()); // Only reported by a channel so far: nobody took it on.
        }
        if found.currency != draft.currency {
            let detail = format!("the account is in {}, the statement in {}", found.currency, draft.currency);
            return Err(Error::invalid(field(), "statement_currency", detail));
        }
        if draft.opening_on < found.opened_on {
            let detail = format!("the account is reconciled from {} on", found.opened_on);
            return Err(Error::invalid(field(), "statement_before_account", detail));
        }
        accounts.push(found);
    }
    Ok(accounts)
}

/// All but the last four characters hidden, as certificates and errors show account numbers.
pub fn masked(account_no: &str) -> String {
    let count = account_no.chars().count();
    let shown = if count > 6 { 4 } else { 0 };
    account_no.chars().enumerate().map(|(at, c)| if at + shown < count { '*' } else { c }).collect()
}

struct Import<'s, 'a> {
    store: &'s Store,
    stamp: &'s dyn Fn() -> Stamp<'a>,
    actor: &'s Actor,
    codes_of: &'s CodesOf<'s>,
    layout: Option<&'s Layout>,
}

impl Import<'_, '_> {
    /// A statement of this account that a crash left half loaded is finished from its stored file.
    fn finish_interrupted(&self, account: &BankAccount, sha256: &str) -> Result<()> {
        let stored = self.store.read(&self.actor.scope, |conn| {
            match query::loading(conn, account.unit, account.id)?.filter(|left| left.file_sha256 != sha256) {
                Some(left) => {
                    Ok(Some((open_file(conn, (self.stamp)().vault, account.unit, &left.file_sha256)?, left)))
                }
                None => Ok(None),
            }
        })?;
        let Some((bytes, left)) = stored else { return Ok(()) };
        // A table that was begun with a layout needs it again.
        let parsed = parse_with(&bytes, self.layout);
        let file = File::new(&bytes, parsed.format);
        let drafts =
            draft::drafts(&parsed).map_err(|_| Error::internal("a stored bank file no longer reads"))?;
        let draft = drafts
            .iter()
            .find(|draft| draft.position == left.position)
            .ok_or_else(|| Error::internal("a stored bank file has fewer statements than before"))?;
        self.statement(&file, draft, account).map(|_| ())
    }

    /// One statement from its first row to `ready`; tells whether it was ready before.
    fn statement(
        &self,
        file: &File<'_>,
        draft: &Draft,
        account: &BankAccount,
    ) -> Result<(ImportedStatement, bool)> {
        let begun = self.write(|tx, stamp| begin(tx, stamp, self.actor, file, draft, account))?;
        if begun.is_ready() {
            let lines_known = draft.lines.len();
            return Ok((report(draft, &begun, 0, lines_known, true), true));
        }
        let vault = (self.stamp)().vault;
        let features = features(vault, account, draft);
        let plan = self.store.read(&self.actor.scope, |conn| plan(conn, account, draft, &features))?;
        let new: Vec<(&DraftLine, String)> = draft
            .lines
            .iter()
            .zip(&features)
            .zip(&plan.verdicts)
            .filter_map(|((line, features), verdict)| match verdict {
                Verdict::New { occurrence } => Some((line, identity::text(features, *occurrence))),
                Verdict::Known(_) => None,
            })
            .collect();
        for chunk in new.chunks(CHUNK_LINES) {
            self.write(|tx, stamp| add_lines(tx, stamp, self.actor, &begun, self.codes_of, chunk))?;
            failpoint::hit("statement_chunk");
            std::thread::yield_now();
        }
        self.write(|tx, stamp| finish(tx, stamp, self.actor, &begun, account, plan.is_chained))?;
        let known = draft.lines.len() - new.len();
        Ok((report(draft, &begun, new.len(), known, plan.is_chained), false))
    }

    fn write<T>(&self, mut body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>) -> Result<T> {
        self.store.write(&self.actor.scope, Lane::Bulk, |tx| body(tx, &(self.stamp)()))
    }
}

fn report(
    draft: &Draft,
    begun: &StoredStatement,
    lines_new: usize,
    lines_known: usize,
    is_chained: bool,
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
        is_chained,
    }
}

/// Keeps the file, opens the statement as `loading` and sets aside what could not be read. A
/// statement that was begun before is given as it stands.
fn begin(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    file: &File<'_>,
    draft: &Draft,
    account: &BankAccount,
) -> Result<StoredStatement> {
    query::lock_account(tx, account.unit, account.id)?;
    if let Some(stored) = query::by_position(tx, account.unit, account.id, &file.sha256, draft.position)? {
        return Ok(stored);
    }
    if query::loading(tx, account.unit, account.id)?.is_some() {
        return Err(Error::busy("statement_loading", 2, "another statement of this account is being loaded"));
    }
    keep_file(tx, stamp, account.unit, file)?;
    let id: StatementId = stamp.mint()?;
    rows::insert(
        tx,
        &[StatementRow {
            unit_id: account.unit,
            id,
            account_id: account.id,
            file_sha256: file.sha256.clone(),
            position: draft.position,
            format: format_text(file.format),
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
    quarantine(tx, stamp, account.unit, id, &draft.quarantined)?;
    let entry = audit::Entry::by(actor, account.unit, "statement.begun", id).with(file.sha256.clone());
    audit::record(tx, stamp, &[entry])?;
    query::statement(tx, account.unit, id)
}

fn keep_file(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, file: &File<'_>) -> Result<()> {
    if query::file(tx, unit, &file.sha256)?.is_some() {
        return Ok(());
    }
    let key = stamp.sealing_key(tx, unit)?;
    let row = FileRow {
        unit_id: unit,
        sha256: file.sha256.clone(),
        format: format_text(file.format),
        key_id: key.id,
        cipher: stamp.vault.seal(&key, &file_context(&file.sha256), file.bytes)?,
        received_at: stamp.now,
    };
    rows::insert_if_absent(tx, &[row], &["unit_id", "sha256"]).map(|_| ())
}

fn open_file(conn: &mut Conn, vault: &Vault, unit: UnitId, sha256: &str) -> Result<Vec<u8>> {
    let (key, cipher) = query::file(conn, unit, sha256)?
        .ok_or_else(|| Error::not_found("statement_file_not_found", "no such bank file in this unit"))?;
    vault.open(conn, unit, key, &file_context(sha256), &cipher)
}

/// The bytes of an imported file, as the bank sent them.
pub fn original_file(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    unit: UnitId,
    sha256: &str,
) -> Result<Vec<u8>> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::System])?;
    actor.scope.require(unit)?;
    open_file(conn, vault, unit, sha256)
}

fn quarantine(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    unit: UnitId,
    statement: StatementId,
    findings: &[Finding],
) -> Result<()> {
    let mut set_aside = Vec::with_capacity(findings.len());
    for finding in findings {
        set_aside.push(QuarantinedRow {
            unit_id: unit,
            id: stamp.mint()?,
            statement_id: statement,
            place: finding.at.clone(),
            code: finding.code.to_owned(),
            message: finding.message.clone(),
            created_at: stamp.now,
            state: "open",
            revision: 1,
        });
    }
    rows::insert(tx, &set_aside)
}

fn features(vault: &Vault, account: &BankAccount, draft: &Draft) -> Vec<Features> {
    let squashed = |text: &Option<String>| text.as_deref().map(text::squash).filter(|text| !text.is_empty());
    draft
        .lines
        .iter()
        .map(|line| Features {
            date: line.booking_date,
            amount: line.amount,
            memo: vault.blind(account.unit, "memo", &squashed(&line.read.memo).unwrap_or_default()),
            bank_reference: squashed(&line.read.bank_reference),
        })
        .collect()
}

fn plan(
    conn: &mut Conn,
    account: &BankAccount,
    draft: &Draft,
    features: &[Features],
) -> Result<identity::Plan> {
    let before = balance_before(conn, account, draft.opening_on)?;
    let known = query::known_lines(conn, account.unit, account.id, draft.opening_on, draft.closing_on)?;
    let span =
        Span { first_day: draft.opening_on, opening: draft.opening, closing: draft.closing, lines: features };
    Ok(identity::plan(before, &known, span))
}

/// The balance at the beginning of a day, from the opening of the account and all ready lines.
pub fn balance_before(conn: &mut Conn, account: &BankAccount, day: BusinessDay) -> Result<Dong> {
    let moved = query::turnover(conn, account.unit, account.id, account.opened_on, day)?;
    account.opening_balance.checked_add(moved)
}

/// Stores a chunk of new lines; the ones a broken-off run stored already are left as they are.
fn add_lines(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    begun: &StoredStatement,
    codes_of: &CodesOf<'_>,
    lines: &[(&DraftLine, String)],
) -> Result<()> {
    actor.scope.require(begun.unit)?;
    let key = stamp.sealing_key(tx, begun.unit)?;
    let mut stored = Vec::with_capacity(lines.len());
    for (line, identity) in lines {
        stored.push(line_row(stamp, &key, begun, codes_of, line, identity)?);
    }
    rows::insert_if_absent(tx, &stored, &["unit_id", "account_id", "identity"]).map(|_| ())
}

fn line_row(
    stamp: &Stamp<'_>,
    key: &DataKey,
    begun: &StoredStatement,
    codes_of: &CodesOf<'_>,
    line: &DraftLine,
    identity: &str,
) -> Result<LineRow> {
    let id: LineId = stamp.mint()?;
    let memo = text::clean(line.read.memo.as_deref().unwrap_or_default());
    let (verified, damaged) = codes_of(&memo);
    let texts = LineTexts {
        memo,
        counterparty_name: line.read.counterparty_name.clone(),
        counterparty_account: line.read.counterparty_account.clone(),
        raw: line.read.raw.clone(),
    };
    Ok(LineRow {
        unit_id: begun.unit,
        id,
        statement_id: begun.id,
        account_id: begun.account,
        line_no: line.line_no,
        booking_date: line.booking_date,
        value_date: line.read.value_date.map(BusinessDay),
        amount: line.amount,
        identity: identity.to_owned(),
        reference: line.read.reference.as_deref().map(text::clean),
        bank_reference: line.read.bank_reference.as_deref().map(text::clean),
        codes: verified.join(" "),
        damaged: damaged.join(" "),
        key_id: key.id,
        memo_cipher: seal_texts(stamp.vault, key, id, &texts)?,
        is_reversal: line.read.reversal,
        created_at: stamp.now,
        matched: Dong::ZERO,
        revision: 1,
    })
}

/// Makes the statement visible and says whether one is missing before it.
fn finish(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    begun: &StoredStatement,
    account: &BankAccount,
    is_chained: bool,
) -> Result<()> {
    query::lock_account(tx, begun.unit, begun.account)?;
    let stored = query::statement(tx, begun.unit, begun.id)?;
    if stored.is_ready() {
        return Ok(()); // Another process finished it.
    }
    query::set_state(tx, &stored, "ready")?;
    if !is_chained {
        let known = balance_before(tx, account, stored.opening_on)?;
        exception::open(
            tx,
            stamp,
            &[exception::New {
                unit: stored.unit,
                kind: Kind::StatementGap,
                subject: Subject::Statement(stored.id),
                account: Some(stored.account),
                amount: Dong(stored.opening.0.saturating_sub(known.0).saturating_abs()),
                opened_on: stored.opening_on,
                detail: format!("opening {} but {} is known", stored.opening.0, known.0),
            }],
        )?;
    }
    settle_gaps(tx, stamp, account)?;
    let entry = audit::Entry::by(actor, stored.unit, "statement.ready", stored.id);
    audit::record(tx, stamp, &[entry])
}

/// A statement that came late may be the one that was missing.
fn settle_gaps(tx: &mut Tx<'_>, stamp: &Stamp<'_>, account: &BankAccount) -> Result<()> {
    let open = exception::list(tx, account.unit, Some(exception::State::Open), Some(account.id), 1_000)?;
    let mut causes = Vec::new();
    for gap in
        open.into_iter().filter(|item| item.kind == Kind::StatementGap && item.subject_kind == "statement")
    {
        let id = StatementId(gap.subject_id);
        let stored = query::statement(tx, account.unit, id)?;
        let before = balance_before(tx, account, stored.opening_on)?;
        let day = query::known_lines(tx, account.unit, account.id, stored.opening_on, stored.opening_on)?;
        let span = Span {
            first_day: stored.opening_on,
            opening: stored.opening,
            closing: stored.closing,
            lines: &[],
        };
        if identity::plan(before, &day, span).is_chained {
            let reason = "the missing statement came";
            causes.push((account.unit, Kind::StatementGap, Subject::Statement(id), reason));
        }
    }
    exception::settle_by_themselves(tx, stamp, &causes).map(|_| ())
}

fn file_context(sha256: &str) -> String {
    format!("statement_file/{sha256}")
}

fn format_text(format: Format) -> &'static str {
    match format {
        Format::Camt052 => "camt.052",
        Format::Camt053 => "camt.053",
        Format::Camt054 => "camt.054",
        Format::Mt940 => "mt940",
        Format::Mt942 => "mt942",
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Xls => "xls",
        Format::Html => "html",
        Format::Unknown => "unknown",
    }
}
