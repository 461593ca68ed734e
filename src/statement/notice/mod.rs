//! camt.054 notifications: they list the payments inside an entry that a statement books as one sum.
//!
//! A notification proves no balance and brings no line: what it tells is kept beside the account, by the
//! bank's reference and the amount of the entry, and joins the line whenever that comes, before or
//! after. Sent again it changes nothing. One that does not read, or has no account to be kept under, is left out of its
//! file by itself, as a statement is.

mod query;

use super::draft::Sorted;
use super::import::{self, CodesOf, Imported, Planned};
use super::memo::{LineTexts, seal_texts};
use super::owner::Owners;
use super::refusal::Refusal;
use super::refused::{self, Incoming, Parted};
use super::{Finding, Format, Line, Parsed, Statement, draft, file, number};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Conn, Lane, Stamp, Store, Tx, rows};
use crate::text;
use crate::unit::BankAccount;

pub use query::{Detail, codes_of_entry, details, has_any};

/// Keeps the details of the notifications of a file, but for those that were left out.
///
/// # Errors
/// As of importing a statement.
pub(super) fn take<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    planned: Planned<'_>,
) -> Result<Imported> {
    let mut imported = planned.outcome();
    let Planned { file, notices, accounts, .. } = planned;
    let told: usize =
        notices.iter().flat_map(|notice| &notice.read.lines).map(|line| line.details.len()).sum();
    let mut expanded = 0;
    for (notice, account) in notices.iter().zip(&accounts) {
        expanded += store.write(&actor.scope, Lane::Bulk, |tx| {
            add(tx, &stamp(), actor, codes_of, &file, (&notice.read, account))
        })?;
    }
    imported.details = expanded;
    imported.already_imported = expanded == 0 && told > 0 && imported.refused.is_empty();
    Ok(imported)
}

/// A notification that reads.
pub(super) struct Notice {
    /// Which notification of the file it is.
    index: usize,
    account_no: String,
    read: Statement,
}

impl Incoming for Notice {
    fn position(&self) -> i32 {
        draft::place_of(self.index)
    }

    fn at(&self) -> &str {
        &self.read.at
    }

    fn account_no(&self) -> &str {
        &self.account_no
    }

    fn ahead(&self, last: BusinessDay) -> Option<Finding> {
        let late = |line: &&Line| line.booking_date.is_some_and(|day| BusinessDay(day) > last);
        let line = self.read.lines.iter().find(late)?;
        Some(draft::not_come(&line.at, BusinessDay(line.booking_date?)))
    }

    fn unfit_for(&self, account: &BankAccount) -> Option<(Error, Finding)> {
        if self.read.lines.iter().all(|line| line.currency == account.currency) {
            return None;
        }
        let detail = format!("the account is in {}", account.currency);
        let vi = format!("Tài khoản dùng loại tiền {}", account.currency);
        let finding = Finding::new(&self.read.at, "statement_currency", vi, &detail);
        Some((Error::invalid(refused::field(self), "statement_currency", detail), finding))
    }

    fn refusal(&self, finding: Finding) -> Refusal {
        Refusal::of(Format::Camt054, (self.index, &self.read), None, vec![finding])
    }
}

/// The notifications of a file, sorted as its statements would be, or everything that stands in the way of the whole
/// of it. They are taken out of what was read.
pub(super) fn sort(parsed: &mut Parsed) -> std::result::Result<Sorted<Notice>, Vec<Finding>> {
    draft::sorted(parsed, None, |index, read, _| notice(index, read))
}

/// What it tells of entries that it names is in whole đồng.
fn notice(index: usize, read: Statement) -> std::result::Result<Notice, Finding> {
    for line in read.lines.iter().filter(|line| reference_of(line).is_some()) {
        draft::whole(&line.at, line.amount)?;
        for amount in line.details.iter().filter_map(|detail| detail.amount) {
            draft::whole(&line.at, amount)?;
        }
    }
    Ok(Notice { index, account_no: read.account_number().unwrap_or_default(), read })
}

/// Finds the accounts of the notifications of a file and parts those that go in from those that do not; the inner error
/// is a file that nothing is kept of. Nothing is booked after `last`.
///
/// # Errors
/// As of looking at a file of statements.
pub(super) fn plan<'a>(
    store: &Store,
    last: BusinessDay,
    actor: &Actor,
    (file, mut parsed, owners): (file::File<'a>, Parsed, Owners),
) -> Result<std::result::Result<Planned<'a>, Box<Imported>>> {
    let sorted = match sort(&mut parsed) {
        Ok(sorted) => sorted,
        Err(errors) => return Ok(Err(owners.refuse(&file, &parsed, errors))),
    };
    let (notices, parted) = store.read(&actor.scope, |conn| refused::part(conn, actor, sorted, last))?;
    let Parted { accounts, refused, .. } = parted;
    if notices.is_empty() && !refused.is_empty() {
        return import::nothing_left(refused).map(|errors| Err(owners.refuse(&file, &parsed, errors)));
    }
    Ok(Ok(Planned { file, parsed, drafts: Vec::new(), notices, accounts, refused, owners }))
}

/// What is known of a notification that goes in, for the item about one that was left out.
pub(super) struct Notified {
    unit: UnitId,
    account: AccountId,
    number: String,
    id: Option<String>,
    /// The first and the last one.
    pages: Option<(u32, u32)>,
    first: BusinessDay,
    last: BusinessDay,
    /// Of its entries, never none.
    references: Vec<String>,
}

/// What an item says of the notification that it is about, as far as that read.
#[derive(Clone, Copy)]
pub(super) struct Told<'t> {
    pub number: Option<&'t str>,
    pub day: Option<BusinessDay>,
    pub id: Option<&'t str>,
    pub pages: Option<(u32, u32)>,
}

impl Notified {
    /// None where it says too little to be told from another one of its account, by its number and its days, and where
    /// nothing of it is kept.
    pub fn of(notice: &Notice, account: &BankAccount) -> Option<Notified> {
        let lines = &notice.read.lines;
        let days = || lines.iter().filter_map(Line::day).map(BusinessDay);
        let references: Vec<String> = lines.iter().filter_map(reference_of).collect();
        if references.is_empty() {
            return None;
        }
        Some(Notified {
            unit: account.unit,
            account: account.id,
            number: number::of_statement(notice.read.number.as_deref()?),
            id: notice.read.id.as_deref().map(text::clean),
            pages: notice.read.page.and_then(|page| page.first.zip(page.number)),
            first: days().min()?,
            last: days().max()?,
            references,
        })
    }

    /// Whether one that was left out of its account, and says so of itself, is this one. It states no balance that
    /// would tell it from others of its number, so that it takes both, and its id and its pages where both say them:
    /// some banks number all alike, and each page of a notification has its number.
    fn is_meant(&self, told: Told<'_>) -> bool {
        let has_id = told.id.zip(self.id.as_deref()).is_none_or(|(one, own)| one == own);
        told.number == Some(self.number.as_str())
            && told.day.is_some_and(|day| (self.first..=self.last).contains(&day))
            && has_id
            && told.pages.zip(self.pages).is_none_or(|(one, own)| own.0 <= one.0 && one.1 <= own.1)
    }

    /// Whether all that it tells was kept before the item was opened, which is then about another one.
    fn was_here(&self, conn: &mut Conn, item: ExceptionId) -> Result<bool> {
        let newest = query::newest(conn, self.unit, self.account, &self.references)?;
        Ok(newest.is_some_and(|newest| newest.0 < item.0))
    }
}

/// Whether one of these, which are in now, ends the item that says so of what it is about.
pub(super) fn has_come(
    conn: &mut Conn,
    notified: &[Notified],
    item: ExceptionId,
    told: Told<'_>,
) -> Result<bool> {
    for one in notified.iter().filter(|one| one.is_meant(told)) {
        if !one.was_here(conn, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn add(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    codes_of: &CodesOf<'_>,
    file: &file::File<'_>,
    (notice, account): (&Statement, &BankAccount),
) -> Result<usize> {
    let key = stamp.sealing_key(tx, account.unit)?;
    let mut kept = Vec::new();
    for line in &notice.lines {
        let Some((reference, entry_amount)) = entry_of(line)? else { continue };
        for (index, detail) in line.details.iter().enumerate() {
            let id: EventId = stamp.mint()?;
            let memo = text::clean(detail.memo.as_deref().unwrap_or_default());
            let (verified, damaged) = codes_of(&memo);
            let texts = LineTexts {
                memo,
                counterparty_name: detail.counterparty_name.clone(),
                counterparty_account: detail.counterparty_account.clone(),
                raw: String::new(),
            };
            kept.push(query::DetailRow {
                unit_id: account.unit,
                id,
                account_id: account.id,
                bank_reference: reference.clone(),
                entry_amount,
                position: i32::try_from(index).unwrap_or(i32::MAX),
                amount: detail.amount.map(Dong::from_whole).transpose()?,
                codes: verified.join(" "),
                damaged: damaged.join(" "),
                key_id: key.id,
                memo_cipher: seal_texts(stamp.vault, &key, LineId(id.0), &texts)?,
                file_sha256: file.sha256.clone(),
                created_at: stamp.now,
            });
        }
    }
    if kept.is_empty() {
        return Ok(0);
    }
    file::keep(tx, stamp, account.unit, file)?;
    let key = ["unit_id", "account_id", "bank_reference", "entry_amount", "position"];
    let is_new = rows::insert_if_absent(tx, &kept, &key)?;
    let count = is_new.into_iter().filter(|is_new| *is_new).count();
    let entry = audit::Entry::by(actor, account.unit, "statement.notified", account.id)
        .with(format!("{} {count}", file.sha256));
    audit::record(tx, stamp, &[entry])?;
    Ok(count)
}

fn reference_of(line: &Line) -> Option<String> {
    line.bank_reference.as_deref().map(text::squash).filter(|text| !text.is_empty())
}

/// What names the entry again in a statement; an entry without a reference cannot be found there.
fn entry_of(line: &Line) -> Result<Option<(String, Dong)>> {
    match reference_of(line) {
        Some(reference) => Ok(Some((reference, Dong::from_whole(line.amount)?))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_known_by_its_number_and_a_day_among_its_days() {
        let day = |text: &str| text.parse::<BusinessDay>().unwrap();
        let notified = Notified {
            unit: UnitId(2),
            account: AccountId(1),
            number: "N7".to_owned(),
            id: Some("A1".to_owned()),
            pages: Some((1, 2)),
            first: day("2026-11-22"),
            last: day("2026-11-23"),
            references: vec!["T1".to_owned()],
        };
        let told = |number, on: Option<&str>| Told { number, day: on.map(day), id: None, pages: None };
        let is_meant = |number, on| notified.is_meant(told(number, on));
        assert!(is_meant(Some("N7"), Some("2026-11-22")) && is_meant(Some("N7"), Some("2026-11-23")));
        assert!(!is_meant(Some("N7"), Some("2026-11-24")), "a bank that numbers all alike");
        assert!(!is_meant(Some("N7"), None), "nothing but the number");
        assert!(!is_meant(Some("N8"), Some("2026-11-23")) && !is_meant(None, Some("2026-11-23")));
        let plain = told(Some("N7"), Some("2026-11-23"));
        let has_id = |id| notified.is_meant(Told { id: Some(id), ..plain });
        assert!(has_id("A1") && !has_id("A2"), "a bank whose numbers say nothing and whose ids do");
        let has_pages = |pages| notified.is_meant(Told { pages: Some(pages), ..plain });
        assert!(has_pages((1, 1)) && has_pages((2, 2)) && has_pages((1, 2)));
        assert!(!has_pages((3, 3)) && !has_pages((1, 3)), "a page that is not here");
    }

    #[test]
    fn what_is_booked_after_the_last_day_is_told_once_a_notification() {
        let entry = |day: &str, reference: &str| {
            format!(
                "<Ntry><Amt Ccy=\"VND\">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
                 <BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>2027-01-31</Dt></ValDt>\
                 <AcctSvcrRef>{reference}</AcctSvcrRef></Ntry>"
            )
        };
        let entries = entry("2026-11-22", "A") + &entry("2026-11-24", "B") + &entry("2026-11-25", "C");
        let text = format!(
            "<Document><BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N</Id><Acct><Id><Othr><Id>0123456789</Id></Othr></Id>\
             </Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
        );
        let mut parsed = crate::statement::parse(text.as_bytes());
        assert_eq!(parsed.errors, vec![]);
        let sorted = sort(&mut parsed).unwrap_or_else(|errors| panic!("{errors:?}"));
        let [notice] = sorted.drafts.as_slice() else { panic!("{} notifications", sorted.drafts.len()) };
        let told = notice.ahead("2026-11-23".parse().unwrap()).map(|finding| (finding.at, finding.code));
        let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[2]".to_owned();
        assert_eq!(told, Some((at, "statement_in_future")));
        assert_eq!(notice.ahead("2026-11-25".parse().unwrap()), None, "a value date may be to come");
    }
}
