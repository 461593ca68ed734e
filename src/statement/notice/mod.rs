//! camt.054 notifications: they list the payments inside an entry that a statement books as one sum.
//!
//! A notification proves no balance and brings no line: what it tells is kept beside the account, by the
//! bank's reference and the amount of the entry, and joins the line whenever that comes, before or
//! after. Sent again it changes nothing.

mod query;

use super::draft::Refusal;
use super::import::{CodesOf, Imported, Planned};
use super::memo::{LineTexts, seal_texts};
use super::refused::{self, Holder, Refused};
use super::{Finding, Line, Parsed, Statement, draft, file};
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
    let Planned { file, parsed, accounts, .. } = planned;
    let told: usize =
        parsed.statements.iter().flat_map(|notice| &notice.lines).map(|line| line.details.len()).sum();
    let mut expanded = 0;
    for (notice, account) in parsed.statements.iter().zip(&accounts) {
        expanded += store.write(&actor.scope, Lane::Bulk, |tx| {
            add(tx, &stamp(), actor, codes_of, &file, (notice, account))
        })?;
    }
    imported.details = expanded;
    imported.already_imported = expanded == 0 && told > 0 && imported.refused.is_empty();
    Ok(imported)
}

/// What is booked after `last`, one finding a notification; as of a statement.
pub(super) fn ahead(parsed: &Parsed, last: BusinessDay) -> Vec<Finding> {
    let late = |line: &&Line| line.booking_date.is_some_and(|day| BusinessDay(day) > last);
    let first = parsed.statements.iter().filter_map(|notice| notice.lines.iter().find(late));
    let told = first.filter_map(|line| Some(draft::not_come(&line.at, BusinessDay(line.booking_date?))));
    told.collect()
}

/// The accounts that the notifications of a file are of, in their order, and those that are left out, which are taken
/// out of the file.
///
/// # Errors
/// Where every notification is left out: `statement_account_unknown`, `statement_currency`, `unit_not_found`.
pub(super) fn part(
    store: &Store,
    actor: &Actor,
    parsed: &mut Parsed,
) -> Result<(Vec<BankAccount>, Vec<Refused>)> {
    let notices = std::mem::take(&mut parsed.statements);
    let (mut accounts, mut refused) = (Vec::with_capacity(notices.len()), Vec::new());
    store.read(&actor.scope, |conn| {
        for (index, notice) in notices.into_iter().enumerate() {
            match account_of(conn, actor, index, &notice)? {
                Ok(account) => {
                    accounts.push(account);
                    parsed.statements.push(notice);
                }
                Err(one) => refused.push(*one),
            }
        }
        Ok(())
    })?;
    let first = if accounts.is_empty() { refused.iter_mut().find_map(|one| one.error.take()) } else { None };
    match first {
        Some(error) => Err(error),
        None => Ok((accounts, refused)),
    }
}

fn account_of(
    conn: &mut Conn,
    actor: &Actor,
    index: usize,
    notice: &Statement,
) -> Result<std::result::Result<BankAccount, Box<Refused>>> {
    let field = format!("statements[{index}].account");
    let number = notice.account_number();
    let shown = number.as_deref().unwrap_or_default();
    let holder = refused::holder(conn, actor, number.as_deref())?;
    let (error, finding) = match &holder {
        Holder::Elsewhere => refused::elsewhere(&notice.at, shown),
        Holder::Nobody => refused::unknown(&notice.at, &field, shown),
        Holder::Own(account) if notice.lines.iter().all(|line| line.currency == account.currency) => {
            return Ok(Ok(BankAccount::clone(account)));
        }
        Holder::Own(account) => {
            let detail = format!("the account is in {}", account.currency);
            let vi = format!("Tài khoản dùng loại tiền {}", account.currency);
            let finding = Finding::new(&notice.at, "statement_currency", vi, &detail);
            (Error::invalid(field, "statement_currency", detail), finding)
        }
    };
    let refusal = Refusal::of(index, notice, None, vec![finding]);
    Ok(Err(Box::new(Refused::for_account(refusal, holder, error))))
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

/// What names the entry again in a statement; an entry without a reference cannot be found there.
fn entry_of(line: &Line) -> Result<Option<(String, Dong)>> {
    let reference = line.bank_reference.as_deref().map(text::squash).filter(|text| !text.is_empty());
    match reference {
        Some(reference) => Ok(Some((reference, Dong::from_whole(line.amount)?))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let parsed = crate::statement::parse(text.as_bytes());
        assert_eq!(parsed.errors, vec![]);
        let told: Vec<_> = ahead(&parsed, "2026-11-23".parse().unwrap())
            .into_iter()
            .map(|finding| (finding.at, finding.code))
            .collect();
        let at = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn[1]/Ntry[2]".to_owned();
        assert_eq!(told, [(at, "statement_in_future")]);
        assert_eq!(ahead(&parsed, "2026-11-25".parse().unwrap()), vec![], "a value date may be to come");
    }
}
