//! Statements of a file that are left out of it while the others go in: what keeps one account's statement out (an
//! account that nobody registered, or of a unit that whoever imports may not act for, a currency, a statement that does
//! not prove) is no reason to keep the others' waiting. Each is named with its place, its account and the reason, and
//! is an item of somebody's queue until it comes in: with the same file once the cause is gone, or with a mended one.
//! The file is kept where its item is.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::draft::{self, Draft, Pages, Refusal, Sorted};
use super::file::{self, File};
use super::import::{Planned, masked};
use super::{Finding, query};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Detail, Kind, New, Subject};
use crate::id::*;
use crate::store::{Conn, Lane, Stamp, Store, Tx};
use crate::text;
use crate::unit::{BankAccount, CITY, account};

/// Letters of an account number that are told: what a damaged file has in its place may be anything.
const ACCOUNT_LETTERS: usize = 40;

/// A statement of a file that was left out, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedStatement {
    /// Which statement of the file it is, from one.
    pub ordinal: i32,
    /// As the file has it; all but its last figures hidden where it is of a unit that whoever imports may not act for.
    pub account_no: Option<String>,
    /// Stable, one of `errors.toml`.
    pub code: &'static str,
    /// The place in the file, and the words.
    #[serde(flatten)]
    pub finding: Finding,
    /// The unit whose queue has it.
    pub unit: UnitId,
}

/// Whose account a statement is of.
pub(super) enum Holder {
    Own(Box<BankAccount>),
    /// Of a unit that whoever imports may not act for.
    Elsewhere,
    /// Nobody registered it, or the file names none.
    Nobody,
}

/// A statement that is left out.
pub(super) struct Refused {
    pub refusal: Refusal,
    holder: Holder,
    /// Where it is for its account and not for what it says: the answer to a file with nothing else in it.
    pub error: Option<Error>,
}

/// A file whose statements were told apart, those that go in with their accounts.
pub(super) struct Parted {
    pub drafts: Vec<Draft>,
    pub accounts: Vec<BankAccount>,
    pub refused: Vec<Refused>,
    pub pages: Pages,
}

/// Looks for the account of every statement and parts those that go in from those that do not. Nothing is booked after
/// `last`.
///
/// # Errors
/// Those of the store.
pub(super) fn part(conn: &mut Conn, actor: &Actor, sorted: Sorted, last: BusinessDay) -> Result<Parted> {
    let Sorted { drafts: read, refused: unread, pages } = sorted;
    let (mut drafts, mut accounts) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
    let mut refused = Vec::with_capacity(unread.len());
    for refusal in unread {
        let holder = holder(conn, actor, refusal.account_no.as_deref())?;
        refused.push(Refused::unread(refusal, holder));
    }
    for draft in read {
        let holder = holder(conn, actor, Some(&draft.account_no))?;
        let ahead = draft::ahead(&draft, last);
        match (ahead, unfit(&draft, &holder), holder) {
            (Some(finding), _, holder) => {
                refused.push(Refused::unread(Refusal::of_draft(&draft, finding), holder));
            }
            (None, None, Holder::Own(account)) => {
                drafts.push(draft);
                accounts.push(*account);
            }
            (None, unfit, holder) => {
                let (error, finding) = unfit.unwrap_or_else(|| elsewhere(&draft.at, &draft.account_no));
                let refusal = Refusal::of_draft(&draft, finding);
                refused.push(Refused { refusal, holder, error: Some(error) });
            }
        }
    }
    refused.sort_by_key(|one| one.refusal.position);
    Ok(Parted { drafts, accounts, refused, pages })
}

/// Whose the account of that number is. One that only a channel told of is nobody's: nobody took it on.
pub(super) fn holder(conn: &mut Conn, actor: &Actor, account_no: Option<&str>) -> Result<Holder> {
    let Some(account_no) = account_no else { return Ok(Holder::Nobody) };
    let Some((unit, id)) = account::find_by_number(conn, account_no)? else { return Ok(Holder::Nobody) };
    if !actor.scope.covers(unit) {
        return Ok(if unit == CITY { Holder::Nobody } else { Holder::Elsewhere });
    }
    let found = account::find(conn, unit, id)?;
    Ok(if found.bank_bin.is_empty() { Holder::Nobody } else { Holder::Own(Box::new(found)) })
}

/// Why a statement that reads does not go in: the answer to a file of it alone, and its words beside others.
fn unfit(draft: &Draft, holder: &Holder) -> Option<(Error, Finding)> {
    let field = || format!("statements[{}].account", draft.position);
    let account = match holder {
        Holder::Own(account) => account,
        Holder::Elsewhere => return Some(elsewhere(&draft.at, &draft.account_no)),
        Holder::Nobody => return Some(unknown(&draft.at, &field(), &draft.account_no)),
    };
    if account.currency != draft.currency {
        let detail = format!("the account is in {}, the statement in {}", account.currency, draft.currency);
        let finding = Finding::new(
            &draft.at,
            "statement_currency",
            format!(
                "Tài khoản dùng loại tiền {}, sao kê dùng {}",
                account.currency,
                text::clean(&draft.currency)
            ),
            &detail,
        );
        return Some((Error::invalid(field(), "statement_currency", detail), finding));
    }
    if draft.opening_on < account.opened_on {
        let detail = format!("the account is reconciled from {} on", account.opened_on);
        let finding = Finding::new(
            &draft.at,
            "statement_before_account",
            format!("Tài khoản chỉ được đối soát từ ngày {}", account.opened_on),
            &detail,
        );
        return Some((Error::invalid(field(), "statement_before_account", detail), finding));
    }
    None
}

/// An account that nobody registered.
pub(super) fn unknown(at: &str, field: &str, account_no: &str) -> (Error, Finding) {
    let shown = shown(account_no);
    let finding = Finding::new(
        at,
        "statement_account_unknown",
        format!("Tài khoản {shown} chưa được đăng ký"),
        format!("the account {shown} is not registered"),
    );
    let detail = format!("{at}: account {} is not registered", masked(account_no));
    (Error::invalid(field, "statement_account_unknown", detail), finding)
}

/// An account of a unit that whoever imports may not act for: that it is one is all that is told of it.
pub(super) fn elsewhere(at: &str, account_no: &str) -> (Error, Finding) {
    let hidden = masked(&shown(account_no));
    let finding = Finding::new(
        at,
        "statement_account_elsewhere",
        format!("Tài khoản {hidden} thuộc đơn vị khác; sao kê của tài khoản ấy không được nạp ở đây"),
        format!("the account {hidden} is another unit's; its statement is left out"),
    );
    (Error::not_found("unit_not_found", "no such unit in your scope"), finding)
}

fn shown(account_no: &str) -> String {
    text::clean(account_no).chars().take(ACCOUNT_LETTERS).collect()
}

impl Refused {
    /// What does not read; of another unit's statement no fault is told either.
    pub fn unread(refusal: Refusal, holder: Holder) -> Refused {
        let (error, finding) = match (&holder, refusal.account_no.as_deref()) {
            (Holder::Elsewhere, Some(account_no)) => elsewhere(&refusal.at, account_no),
            _ => return Refused { refusal, holder, error: None },
        };
        Refused { refusal: Refusal { findings: vec![finding], ..refusal }, holder, error: Some(error) }
    }

    /// A statement whose account is not one to store it under.
    pub fn for_account(refusal: Refusal, holder: Holder, error: Error) -> Refused {
        Refused { refusal, holder, error: Some(error) }
    }

    pub fn is_elsewhere(&self) -> bool {
        matches!(self.holder, Holder::Elsewhere)
    }

    /// The number as it may be told.
    fn account_no(&self) -> Option<String> {
        let shown = shown(self.refusal.account_no.as_deref()?);
        Some(if self.is_elsewhere() { masked(&shown) } else { shown })
    }

    /// Its own unit has it to see to, else the one whose statement came with it.
    fn unit(&self, beside: UnitId) -> UnitId {
        match &self.holder {
            Holder::Own(account) => account.unit,
            Holder::Elsewhere | Holder::Nobody => beside,
        }
    }

    fn told(&self, beside: UnitId) -> Option<RefusedStatement> {
        let finding = self.refusal.findings.first()?.clone();
        Some(RefusedStatement {
            ordinal: self.refusal.position.saturating_add(1),
            account_no: self.account_no(),
            code: finding.code,
            finding,
            unit: self.unit(beside),
        })
    }
}

/// What was left out, as it is told. `beside` is the unit of the first statement that went in.
pub(super) fn told(refused: &[Refused], beside: UnitId) -> Vec<RefusedStatement> {
    refused.iter().filter_map(|one| one.told(beside)).collect()
}

/// Takes away what was found in statements of units that whoever imports may not act for.
pub(super) fn hide_elsewhere(findings: &mut Vec<Finding>, refused: &[Refused], pages: &Pages) {
    let hidden: BTreeSet<i32> =
        refused.iter().filter(|one| one.is_elsewhere()).map(|one| one.refusal.position).collect();
    if !hidden.is_empty() {
        findings.retain(|finding| pages.owner(&finding.at).is_none_or(|owner| !hidden.contains(&owner)));
    }
}

/// What names a statement in whatever file it comes; none where the file does not say enough.
fn name(account_no: Option<&str>, number: Option<&str>, stated_on: Option<BusinessDay>) -> Option<String> {
    let (account_no, number) = (text::squash(account_no?), text::squash(number?));
    Some(format!("{account_no} {number} {}", stated_on?))
}

fn name_of_draft(draft: &Draft) -> Option<String> {
    name(Some(&draft.account_no), draft.number.as_deref(), Some(draft.closing_on))
}

fn name_of_refusal(refusal: &Refusal) -> Option<String> {
    name(refusal.account_no.as_deref(), refusal.number.as_deref(), refusal.stated_on)
}

/// A statement by what names it anywhere, else by its place in this very file.
fn id_of(name: Option<&str>, (sha256, position): (&str, i32)) -> FilePartId {
    let text = name.map_or_else(|| format!("{sha256} {position}"), str::to_owned);
    let hash = digest(&SHA256, text.as_bytes());
    let bytes: &[u8] = hash.as_ref();
    let first = bytes.first_chunk::<8>().copied().unwrap_or_default();
    FilePartId(i64::from_be_bytes(first) & i64::MAX)
}

/// What is left out is somebody's to see to before anything else of the file goes in: whatever breaks off then, nobody
/// believes that the file was whole.
///
/// # Errors
/// Those of the store.
pub(super) fn note<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    planned: &Planned<'_>,
) -> Result<()> {
    let Some(first) = planned.accounts.first().filter(|_| !planned.refused.is_empty()) else {
        return Ok(());
    };
    let refused = (planned.refused.as_slice(), first.unit);
    store.write(&actor.scope, Lane::Bulk, |tx| open(tx, &stamp(), &planned.file, refused, &planned.drafts))
}

/// Opens an item for each statement that is left out and that nobody has otherwise, and keeps the file beside it. What
/// persons settled stays settled when the file comes again.
fn open(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    file: &File<'_>,
    (refused, beside): (&[Refused], UnitId),
    drafts: &[Draft],
) -> Result<()> {
    let taken: BTreeSet<String> = drafts.iter().filter_map(name_of_draft).collect();
    let mut items: BTreeMap<(UnitId, FilePartId), New> = BTreeMap::new();
    for one in refused {
        let name = name_of_refusal(&one.refusal);
        if name.as_ref().is_some_and(|name| taken.contains(name)) || is_here(tx, one)? {
            continue;
        }
        let unit = one.unit(beside);
        let id = id_of(name.as_deref(), (file.sha256.as_str(), one.refusal.position));
        items.entry((unit, id)).or_insert_with(|| item(stamp, file, one, (unit, id)));
    }
    let units: BTreeSet<UnitId> = items.keys().map(|(unit, _)| *unit).collect();
    for unit in units {
        file::keep(tx, stamp, unit, file)?;
    }
    let items: Vec<New> = items.into_values().collect();
    exception::open_lasting(tx, stamp, &items).map(|_| ())
}

/// A statement that does not read is missing in its account, whose days wait for it. One that is here for its account
/// alone keeps nobody's days open.
fn item(stamp: &Stamp<'_>, file: &File<'_>, one: &Refused, (unit, id): (UnitId, FilePartId)) -> New {
    let account = match &one.holder {
        Holder::Own(account) if one.error.is_none() => Some(account.id),
        _ => None,
    };
    let refusal = &one.refusal;
    New {
        unit,
        kind: Kind::StatementGap,
        subject: Subject::FilePart(id),
        account,
        amount: Dong::ZERO,
        opened_on: refusal.stated_on.map_or(stamp.today(), |day| day.min(stamp.today())),
        detail: Detail::LeftOut {
            file: file.sha256.clone(),
            ordinal: refusal.position.saturating_add(1),
            place: refusal.at.clone(),
            account_no: one.account_no().unwrap_or_default(),
            code: refusal.findings.first().map_or_else(String::new, |finding| finding.code.to_owned()),
        }
        .into(),
    }
}

/// Whether the account has a statement of that number and day already: another copy is missed by nobody.
fn is_here(conn: &mut Conn, one: &Refused) -> Result<bool> {
    let (Holder::Own(account), Some(number), Some(day)) =
        (&one.holder, &one.refusal.number, one.refusal.stated_on)
    else {
        return Ok(false);
    };
    let number = text::clean(number);
    let ready = query::ready_since(conn, account.unit, account.id, day)?;
    Ok(ready.iter().any(|known| known.closing_on == day && known.number.as_deref() == Some(number.as_str())))
}

/// The statements of a file that go in, by all that an item about one of them may be known by.
pub(super) struct Came {
    units: BTreeSet<UnitId>,
    ids: BTreeSet<FilePartId>,
}

/// What of a file goes in.
pub(super) fn came(planned: &Planned<'_>) -> Came {
    let left_out: BTreeSet<i32> = planned.refused.iter().map(|one| one.refusal.position).collect();
    let count = planned.accounts.len().saturating_add(planned.refused.len());
    let places = (0..).take(count).filter(|position| !left_out.contains(position));
    let mut ids: BTreeSet<FilePartId> =
        places.map(|position| id_of(None, (planned.file.sha256.as_str(), position))).collect();
    let names = planned.drafts.iter().filter_map(name_of_draft);
    ids.extend(names.map(|name| id_of(Some(&name), (planned.file.sha256.as_str(), 0))));
    Came { units: planned.accounts.iter().map(|account| account.unit).collect(), ids }
}

/// Ends the items about statements that are in now, in the units that the file is of.
///
/// # Errors
/// Those of the store.
pub(super) fn settle<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    came: &Came,
) -> Result<()> {
    let units: Vec<UnitId> = came.units.iter().copied().collect();
    let waiting = store.read(&actor.scope, |conn| {
        exception::query::unresolved_about(conn, &units, Kind::StatementGap, Subject::FILE_PART)
    })?;
    let causes: Vec<(UnitId, Kind, Subject, &'static str)> = waiting
        .into_iter()
        .map(|(unit, id)| (unit, FilePartId(id)))
        .filter(|(_, id)| came.ids.contains(id))
        .map(|(unit, id)| (unit, Kind::StatementGap, Subject::FilePart(id), "the statement came in"))
        .collect();
    if causes.is_empty() {
        return Ok(());
    }
    store
        .write(&actor.scope, Lane::Bulk, |tx| exception::settle_by_themselves(tx, &stamp(), &causes))
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_alike_in_every_file_and_by_its_place_where_it_has_no_number() {
        let day: BusinessDay = "2026-11-23".parse().unwrap();
        let named = name(Some("1900 111100"), Some("7"), Some(day));
        assert_eq!(named, name(Some("1900111100"), Some(" 7"), Some(day)));
        let named = named.as_deref();
        assert_eq!(id_of(named, ("one", 0)), id_of(named, ("two", 4)));
        assert_ne!(id_of(None, ("one", 0)), id_of(None, ("one", 1)));
        assert_eq!(name(Some("1900111100"), None, Some(day)), None);
        assert!(id_of(named, ("one", 0)).0 >= 0);
    }

    #[test]
    fn of_another_units_account_only_its_last_figures_are_told() {
        let (error, finding) = elsewhere("line 1", "1900222200");
        assert_eq!((error.code(), finding.code), ("unit_not_found", "statement_account_elsewhere"));
        assert!(finding.message.contains("******2200") && !finding.message.contains("1900"), "{finding:?}");
    }
}
