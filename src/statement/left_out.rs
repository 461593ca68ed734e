//! The items about statements that were left out of a file (`refused`): opened before anything else of it goes in, and
//! ended when the statement comes in, by whatever file and in whatever unit. What kept it out is often the very day or
//! balance by which it would be known, so that an item is found by account and number first. Notifications (`notice`)
//! are asked about alike, but have no balance to be known by, and keep no day waiting: they prove none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;

use super::draft::{Draft, REPEATED};
use super::file;
use super::import::Planned;
use super::notice::{self, Notified, Told};
use super::number;
use super::query::{self, StoredStatement};
use super::refusal::{Refusal, id_as_written, id_of};
use super::refused::{self, Holder, Incoming, Refused};
use crate::actor::{Actor, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::exception::{self, Detail, Kind, New, State, Subject};
use crate::id::*;
use crate::store::{Conn, Lane, Stamp, Store};
use crate::text;

/// What a statement says of itself whole: two that say the same are one statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Telling {
    account_no: String,
    number: Option<String>,
    closing_on: BusinessDay,
    opening: Dong,
    closing: Dong,
}

impl Telling {
    fn of_draft(draft: &Draft) -> Telling {
        Telling {
            account_no: text::squash(&draft.account_no),
            number: draft.number.as_deref().map(number::of_statement),
            closing_on: draft.closing_on,
            opening: draft.opening,
            closing: draft.closing,
        }
    }

    /// None where the file does not say all of it, and of a notification, which cannot.
    fn of_refusal(refusal: &Refusal) -> Option<Telling> {
        if refusal.is_notice {
            return None;
        }
        Some(Telling {
            account_no: text::squash(refusal.account_no.as_deref()?),
            number: refusal.number.as_deref().map(number::of_statement),
            closing_on: refusal.stated_on?,
            opening: refusal.opening?,
            closing: refusal.closing?,
        })
    }

    /// Of a statement that is in, whose account has this number, squashed.
    fn of_stored(account_no: &str, stored: &StoredStatement) -> Telling {
        Telling {
            account_no: account_no.to_owned(),
            number: stored.number.as_deref().map(number::of_statement),
            closing_on: stored.closing_on,
            opening: stored.opening,
            closing: stored.closing,
        }
    }
}

/// What is left out is somebody's to see to before anything else of the file goes in: whatever breaks off then, nobody
/// believes that the file was whole. What a person resolved stays so when the same is told again. Of accounts that
/// nobody registered more may be left out than persons are asked about; that some are told only is a warning.
///
/// # Errors
/// `statement_left_out_many`, and those of the store.
pub(super) fn note<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    planned: &mut Planned<'_>,
) -> Result<()> {
    let Some(first) = planned.accounts.first().filter(|_| !planned.refused.is_empty()) else {
        return Ok(());
    };
    refused::check_count(&planned.refused)?;
    let (beside, today) = (first.unit, stamp().today());
    let (items, told_only) = store.read(&actor.scope, |conn| new_items(conn, today, planned, beside))?;
    planned.parsed.warnings.extend(refused::told_only(told_only));
    if items.is_empty() {
        return Ok(());
    }
    let units: BTreeSet<UnitId> = items.iter().map(|item| item.unit).collect();
    store.write(&actor.scope, Lane::Bulk, |tx| {
        let stamp = stamp();
        for unit in &units {
            file::keep(tx, &stamp, *unit, &planned.file)?;
        }
        exception::open_lasting(tx, &stamp, &items).map(|_| ())
    })
}

/// An item for each statement that is left out, that is missed and that nobody was asked about, and how many have none
/// because persons have enough of accounts that nobody registered to see to. What is told of another unit's statement
/// is all that is done about it: that unit has its own files.
fn new_items(
    conn: &mut Conn,
    today: BusinessDay,
    planned: &Planned<'_>,
    beside: UnitId,
) -> Result<(Vec<New>, usize)> {
    let mut here = ready(conn, &planned.refused)?;
    here.extend(planned.drafts.iter().map(Telling::of_draft));
    let mut seen: BTreeSet<(UnitId, FilePartId)> = BTreeSet::new();
    let mut items: BTreeMap<(UnitId, FilePartId), New> = BTreeMap::new();
    let (mut strangers, mut waiting) = (Vec::new(), 0);
    for one in planned.refused.iter().filter(|one| !one.is_elsewhere()) {
        let key = (one.unit(beside), id_of(&planned.file.sha256, &one.refusal));
        let is_here = Telling::of_refusal(&one.refusal).is_some_and(|telling| here.contains(&telling));
        if is_here || is_second(&one.refusal) || !seen.insert(key) {
            continue;
        }
        match (asked(conn, one, key, &planned.file.sha256)?, one.is_nobodys()) {
            (Asked::Ended, _) | (Asked::Waits, false) => {}
            (Asked::Waits, true) => waiting += 1,
            (Asked::Never, true) => strangers.push((key, item(today, &planned.file.sha256, one, key))),
            (Asked::Never, false) => {
                items.insert(key, item(today, &planned.file.sha256, one, key));
            }
        }
    }
    let free = refused::MAX_LEFT_OUT.saturating_sub(waiting);
    let told_only = strangers.len().saturating_sub(free);
    items.extend(strangers.into_iter().take(free));
    Ok((items.into_values().collect(), told_only))
}

/// Whether it is a notification word for word once more: the first one is in, or asked about.
fn is_second(refusal: &Refusal) -> bool {
    refusal.is_notice && refusal.findings.iter().all(|finding| finding.code == REPEATED)
}

/// What became of the item about a statement.
enum Asked {
    /// There is none, or one that ended by itself though the statement is not in.
    Never,
    Waits,
    /// A person resolved it, or the statement is in.
    Ended,
}

fn asked(conn: &mut Conn, one: &Refused, (unit, id): (UnitId, FilePartId), sha256: &str) -> Result<Asked> {
    let mut known = exception::find_any(conn, unit, Kind::StatementGap, Subject::FilePart(id))?;
    let written = id_as_written(sha256, &one.refusal);
    if known.is_none() && written != id {
        known = exception::find_any(conn, unit, Kind::StatementGap, Subject::FilePart(written))?;
    }
    let Some(known) = known else { return Ok(Asked::Never) };
    if known.state != State::Resolved {
        return Ok(Asked::Waits);
    }
    let is_ended = !exception::query::settled_by_itself(conn, unit, known.id)? || is_in(conn, one)?;
    Ok(if is_ended { Asked::Ended } else { Asked::Never })
}

/// Whether its account has a statement that ends the item about it. A notification that ended one is never given up.
fn is_in(conn: &mut Conn, one: &Refused) -> Result<bool> {
    if one.refusal.is_notice {
        return Ok(true);
    }
    let Holder::Own(account) = &one.holder else { return Ok(false) };
    let (account_no, said) = (text::squash(&account.account_no), Said::of_refusal(&one.refusal));
    let stored = query::statements_of(conn, account.unit, account.id)?;
    let mut ready = stored.iter().filter(|stored| stored.is_ready());
    Ok(ready.any(|stored| Arrived::of_stored(&account_no, stored).is_meant(&said)))
}

/// What the accounts of the statements that are left out have already on the days that these state: a copy of it is
/// missed by nobody.
fn ready(conn: &mut Conn, refused: &[Refused]) -> Result<BTreeSet<Telling>> {
    let mut days: BTreeMap<(UnitId, AccountId), (String, BTreeSet<BusinessDay>)> = BTreeMap::new();
    for one in refused {
        if let (Holder::Own(account), Some(day)) = (&one.holder, one.refusal.stated_on) {
            let of_account = || (text::squash(&account.account_no), BTreeSet::new());
            days.entry((account.unit, account.id)).or_insert_with(of_account).1.insert(day);
        }
    }
    let mut ready = BTreeSet::new();
    for ((unit, account), (account_no, days)) in days {
        let days: Vec<BusinessDay> = days.into_iter().collect();
        let stored = query::ready_on(conn, unit, account, &days)?;
        ready.extend(stored.iter().map(|one| Telling::of_stored(&account_no, one)));
    }
    Ok(ready)
}

/// A statement that does not read is missing in its account, whose days wait for it. One that is here for its account
/// alone keeps nobody's days open, and so does a notification.
fn item(today: BusinessDay, sha256: &str, one: &Refused, (unit, id): (UnitId, FilePartId)) -> New {
    let account = match &one.holder {
        Holder::Own(account) if one.error.is_none() && !one.refusal.is_notice => Some(account.id),
        _ => None,
    };
    let refusal = &one.refusal;
    New {
        unit,
        kind: Kind::StatementGap,
        subject: Subject::FilePart(id),
        account,
        amount: Dong::ZERO,
        opened_on: refusal.stated_on.map_or(today, |day| day.min(today)),
        detail: Detail::LeftOut {
            file: sha256.to_owned(),
            ordinal: refusal.position.saturating_add(1),
            place: refusal.at.clone(),
            account_no: one.account_no().unwrap_or_default(),
            code: refusal.findings.first().map_or_else(String::new, |finding| finding.code.to_owned()),
            number: refusal.number.as_deref().map(text::clean),
            day: refusal.stated_on,
            opening: refusal.opening,
            closing: refusal.closing,
            is_notice: refusal.is_notice,
            id: refusal.id.as_deref().map(text::clean),
            pages: refusal.pages,
        }
        .into(),
    }
}

/// A statement that goes in.
struct Arrived {
    unit: UnitId,
    account: AccountId,
    opening_on: BusinessDay,
    telling: Telling,
}

/// What an item says of the statement that it is about, as far as that read.
struct Said {
    number: Option<String>,
    day: Option<BusinessDay>,
    opening: Option<Dong>,
    closing: Option<Dong>,
}

impl Said {
    fn of_refusal(refusal: &Refusal) -> Said {
        Said {
            number: refusal.number.as_deref().map(number::of_statement),
            day: refusal.stated_on,
            opening: refusal.opening,
            closing: refusal.closing,
        }
    }
}

impl Arrived {
    /// A statement that is in, whose account has this number, squashed.
    fn of_stored(account_no: &str, stored: &StoredStatement) -> Arrived {
        let telling = Telling::of_stored(account_no, stored);
        Arrived { unit: stored.unit, account: stored.account, opening_on: stored.opening_on, telling }
    }

    /// Whether an item of its account that says so is about it: the same number, or none, and a day among its own. With
    /// the same number the day may be the fault.
    fn is_meant(&self, said: &Said) -> bool {
        let days = self.opening_on..=self.telling.closing_on;
        let is_within = said.day.is_some_and(|day| days.contains(&day));
        match (&said.number, &self.telling.number) {
            (Some(one), Some(own)) => one == own && (is_within || self.is_likely(said)),
            _ => is_within,
        }
    }

    /// Whether the same number is the same statement although its day is none of these: some banks begin anew with
    /// each year, and some number each statement alike. A balance is the same, and the day, where one reads, is of the
    /// same year, or the same but for its year.
    fn is_likely(&self, said: &Said) -> bool {
        let own = &self.telling;
        let is_alike = said.opening == Some(own.opening) || said.closing == Some(own.closing);
        let is_near = |day: BusinessDay| {
            let date = |day: BusinessDay| (day.0.month(), day.0.day());
            let days = [self.opening_on, own.closing_on];
            days.iter().any(|one| one.year() == day.year() || date(*one) == date(day))
        };
        is_alike && said.day.is_none_or(is_near)
    }

    /// Whether the account had it before the item was opened, which is then about another one.
    fn was_here(&self, conn: &mut Conn, item: ExceptionId) -> Result<bool> {
        let own = &self.telling;
        let stored = query::ready_on(conn, self.unit, self.account, &[own.closing_on])?;
        Ok(stored.iter().any(|one| one.id.0 < item.0 && Telling::of_stored(&own.account_no, one) == *own))
    }
}

/// The statements of a file that go in, by all that an item about one of them may say.
pub(super) struct Came {
    sha256: String,
    /// From one.
    ordinals: BTreeSet<i32>,
    /// What of the same file is left out and no copy of what goes in: nothing that came with it ends that.
    left_out: BTreeSet<FilePartId>,
    by_account: BTreeMap<String, Vec<Arrived>>,
    /// The same of notifications.
    notified: BTreeMap<String, Vec<Notified>>,
}

/// What of a file goes in.
pub(super) fn came(planned: &Planned<'_>) -> Came {
    let sha256 = planned.file.sha256.clone();
    let out: BTreeSet<i32> =
        planned.refused.iter().map(|one| one.refusal.position.saturating_add(1)).collect();
    let count = planned.accounts.len().saturating_add(planned.refused.len());
    let mut by_account: BTreeMap<String, Vec<Arrived>> = BTreeMap::new();
    for (draft, account) in planned.drafts.iter().zip(&planned.accounts) {
        let telling = Telling::of_draft(draft);
        let (unit, account, opening_on) = (account.unit, account.id, draft.opening_on);
        let arrived = by_account.entry(telling.account_no.clone()).or_default();
        arrived.push(Arrived { unit, account, opening_on, telling });
    }
    let mut notified: BTreeMap<String, Vec<Notified>> = BTreeMap::new();
    for (notice, account) in planned.notices.iter().zip(&planned.accounts) {
        let of_account = notified.entry(text::squash(notice.account_no())).or_default();
        of_account.extend(Notified::of(notice, account));
    }
    let is_copy = |refusal: &Refusal| {
        let Some(telling) = Telling::of_refusal(refusal) else { return false };
        let same = by_account.get(&telling.account_no);
        same.is_some_and(|same| same.iter().any(|one| one.telling == telling))
    };
    let missed = planned.refused.iter().filter(|one| !is_copy(&one.refusal));
    let ids = |one: &Refused| [id_of(&sha256, &one.refusal), id_as_written(&sha256, &one.refusal)];
    let left_out = missed.flat_map(ids).collect();
    let ordinals = (1..).take(count).filter(|ordinal| !out.contains(ordinal)).collect();
    Came { sha256, ordinals, left_out, by_account, notified }
}

impl Came {
    /// Whether an item is about a statement that is in now.
    fn ends(&self, conn: &mut Conn, item: (ExceptionId, FilePartId), detail: &str) -> Result<bool> {
        let Some(Detail::LeftOut {
            file,
            ordinal,
            account_no,
            number,
            day,
            opening,
            closing,
            is_notice,
            id,
            pages,
            ..
        }) = Detail::read(detail)
        else {
            return Ok(false);
        };
        if file == self.sha256 && self.ordinals.contains(&ordinal) {
            return Ok(true);
        }
        if self.left_out.contains(&item.1) {
            return Ok(false);
        }
        let account_no = text::squash(&account_no);
        let number = number.as_deref().map(number::of_statement);
        if is_notice {
            let notified = self.notified.get(&account_no).map(Vec::as_slice).unwrap_or_default();
            let told = Told { number: number.as_deref(), day, id: id.as_deref(), pages };
            return notice::has_come(conn, notified, item.0, told);
        }
        let said = Said { number, day, opening, closing };
        let of_account = self.by_account.get(&account_no).into_iter().flatten();
        for arrived in of_account.filter(|arrived| arrived.is_meant(&said)) {
            if !arrived.was_here(conn, item.0)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Ends the items about statements that are in now, in every unit: of an account that nobody held, any unit may have
/// been asked.
///
/// # Errors
/// Those of the store.
pub(super) fn settle<'a>(store: &Store, stamp: &dyn Fn() -> Stamp<'a>, came: &Came) -> Result<()> {
    let causes = store.read(&Scope::All, |conn| {
        let mut causes: Vec<exception::query::Cause> = Vec::new();
        let waiting = exception::query::unresolved_about(conn, Kind::StatementGap, Subject::FILE_PART)?;
        for (unit, item, id, detail) in waiting {
            let id = FilePartId(id);
            if came.ends(conn, (item, id), &detail)? {
                causes.push((unit, Kind::StatementGap, Subject::FilePart(id), "the statement came in"));
            }
        }
        Ok(causes)
    })?;
    if causes.is_empty() {
        return Ok(());
    }
    store
        .write(&Scope::All, Lane::Bulk, |tx| exception::settle_by_themselves(tx, &stamp(), &causes))
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn refusal(number: Option<&str>, position: i32, closing: Option<i64>) -> Refusal {
        Refusal {
            is_notice: false,
            position,
            at: "line 1".to_owned(),
            account_no: Some("1900 111100".to_owned()),
            number: number.map(str::to_owned),
            id: None,
            pages: None,
            stated_on: Some(day("2026-11-23")),
            opening: Some(Dong(5)),
            closing: closing.map(Dong),
            findings: Vec::new(),
        }
    }

    fn arrived(number: Option<&str>) -> Arrived {
        let telling = Telling {
            account_no: "1900111100".to_owned(),
            number: number.map(str::to_owned),
            closing_on: day("2026-11-23"),
            opening: Dong(5),
            closing: Dong(9),
        };
        Arrived { unit: UnitId(2), account: AccountId(1), opening_on: day("2026-11-23"), telling }
    }

    fn said(number: Option<&str>, on: Option<&str>, (opening, closing): (Option<i64>, Option<i64>)) -> Said {
        let (opening, closing) = (opening.map(Dong), closing.map(Dong));
        Said { number: number.map(str::to_owned), day: on.map(day), opening, closing }
    }

    #[test]
    fn a_statement_is_one_item_in_every_file_and_one_of_its_place_where_it_has_no_number() {
        let id = |sha256, number, position, closing| id_of(sha256, &refusal(number, position, closing));
        assert_eq!(id("one", Some("7"), 0, Some(9)), id("two", Some(" 7"), 4, Some(9)));
        assert_eq!(id("one", Some("00012/001"), 0, Some(9)), id("two", Some("12/1"), 4, Some(9)));
        assert_ne!(id("one", Some("7"), 0, Some(9)), id("one", Some("7"), 0, Some(8)), "a rival");
        assert_ne!(id("one", None, 0, None), id("one", None, 1, None));
        assert!(id("one", None, 0, None).0 >= 0);
    }

    #[test]
    fn a_mended_statement_is_known_by_its_number_whatever_its_day_was() {
        let seven = arrived(Some("7"));
        let is_meant = |on, balances| seven.is_meant(&said(Some("7"), on, balances));
        assert!(is_meant(Some("2026-11-22"), (Some(5), None)), "the day of its opening");
        assert!(is_meant(Some("2026-11-23"), (None, None)), "its day, where no balance reads");
        assert!(!is_meant(Some("2026-11-30"), (None, None)), "another day's, told by nothing but the number");
        assert!(is_meant(Some("2062-11-23"), (Some(5), Some(9))), "a mistyped year");
        assert!(is_meant(None, (Some(5), None)), "no day at all");
        assert!(is_meant(Some("2026-11-23"), (Some(4), Some(8))), "its day, whatever the balances were");
        assert!(!is_meant(Some("2026-11-20"), (Some(4), None)), "a bank that numbers all alike");
        assert!(!is_meant(Some("2025-04-02"), (Some(5), None)), "the number of another year");
        assert!(!is_meant(None, (None, None)), "nothing but the number");
        assert!(!seven.is_meant(&said(Some("8"), Some("2026-11-23"), (Some(5), Some(9)))));
    }

    #[test]
    fn without_a_number_the_day_is_among_the_days_that_came() {
        let bare = arrived(None);
        assert!(bare.is_meant(&said(None, Some("2026-11-23"), (None, None))));
        assert!(bare.is_meant(&said(Some("7"), Some("2026-11-23"), (None, None))));
        assert!(!bare.is_meant(&said(None, Some("2026-11-22"), (Some(5), Some(9)))));
        assert!(!bare.is_meant(&said(None, None, (Some(5), Some(9)))));
    }
}
