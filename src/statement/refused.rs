//! Statements of a file, or notifications, that are left out of it while the others go in: what keeps one account's
//! statement out (an account that nobody registered, or of a unit that whoever imports may not act for, a currency, a
//! statement that does not prove) is no reason to keep the others' waiting. Each is named with its place, its account
//! and the reason, and, but for another unit's, is an item of somebody's queue until it comes in (`left_out`): with the
//! same file once the cause is gone, or with a mended one. The file is kept where its item is.

use serde::Serialize;

use super::Finding;
use super::draft::{self, Draft, Pages, Sorted};
use super::import::masked;
use super::refusal::Refusal;
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::Conn;
use crate::text;
use crate::unit::{BankAccount, CITY, account};

/// Letters of an account number that are told: what a damaged file has in its place may be anything.
const ACCOUNT_LETTERS: usize = 40;
/// The most statements of registered accounts that are left out of a file one by one, each of them an item for a
/// person, and the most of accounts that nobody registered that persons are asked about at a time. The words of
/// `statement_left_out_many` name it.
pub(super) const MAX_LEFT_OUT: usize = 500;

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
    /// The unit whose queue has it; of another unit's statement, the one that is told.
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
    pub holder: Holder,
    /// Where it is for its account and not for what it says: the answer to a file with nothing else in it.
    pub error: Option<Error>,
}

/// What a file was parted into, beside what goes in.
pub(super) struct Parted {
    /// Of what goes in, in its order.
    pub accounts: Vec<BankAccount>,
    pub refused: Vec<Refused>,
    pub pages: Pages,
}

/// What reads, and goes in where it has an account to go in under: a statement, or a notification (`notice`).
pub(super) trait Incoming {
    /// Its place in the file, from zero.
    fn position(&self) -> i32;
    fn at(&self) -> &str;
    fn account_no(&self) -> &str;
    /// What of it is booked after `last`.
    fn ahead(&self, last: BusinessDay) -> Option<Finding>;
    /// Why it does not go in under that account: the answer to a file of it alone, and its words beside others.
    fn unfit_for(&self, account: &BankAccount) -> Option<(Error, Finding)>;
    /// It is left out, for that reason.
    fn refusal(&self, finding: Finding) -> Refusal;
}

impl Incoming for Draft {
    fn position(&self) -> i32 {
        self.position
    }

    fn at(&self) -> &str {
        &self.at
    }

    fn account_no(&self) -> &str {
        &self.account_no
    }

    fn ahead(&self, last: BusinessDay) -> Option<Finding> {
        draft::ahead(self, last)
    }

    fn unfit_for(&self, account: &BankAccount) -> Option<(Error, Finding)> {
        if account.currency != self.currency {
            let detail =
                format!("the account is in {}, the statement in {}", account.currency, self.currency);
            let finding = Finding::new(
                &self.at,
                "statement_currency",
                format!(
                    "Tài khoản dùng loại tiền {}, sao kê dùng {}",
                    account.currency,
                    text::clean(&self.currency)
                ),
                &detail,
            );
            return Some((Error::invalid(field(self), "statement_currency", detail), finding));
        }
        if self.opening_on < account.opened_on {
            let detail = format!("the account is reconciled from {} on", account.opened_on);
            let finding = Finding::new(
                &self.at,
                "statement_before_account",
                format!("Tài khoản chỉ được đối soát từ ngày {}", account.opened_on),
                &detail,
            );
            return Some((Error::invalid(field(self), "statement_before_account", detail), finding));
        }
        None
    }

    fn refusal(&self, finding: Finding) -> Refusal {
        Refusal::of_draft(self, finding)
    }
}

/// Looks for the account of every statement and parts those that go in from those that do not. Nothing is booked after
/// `last`.
///
/// # Errors
/// `statement_left_out_many` where others go in, and those of the store.
pub(super) fn part<T: Incoming>(
    conn: &mut Conn,
    actor: &Actor,
    sorted: Sorted<T>,
    last: BusinessDay,
) -> Result<(Vec<T>, Parted)> {
    let Sorted { drafts: read, refused: unread, pages } = sorted;
    let (mut drafts, mut accounts) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
    let mut refused = Vec::with_capacity(unread.len());
    for refusal in unread {
        let holder = holder(conn, actor, refusal.account_no.as_deref())?;
        refused.push(Refused::unread(refusal, holder));
    }
    for draft in read {
        let holder = holder(conn, actor, Some(draft.account_no()))?;
        let ahead = draft.ahead(last);
        match (ahead, unfit(&draft, &holder), holder) {
            (Some(finding), _, holder) => {
                refused.push(Refused::unread(draft.refusal(finding), holder));
            }
            (None, None, Holder::Own(account)) => {
                drafts.push(draft);
                accounts.push(*account);
            }
            (None, unfit, holder) => {
                let (error, finding) = unfit.unwrap_or_else(|| elsewhere(draft.at(), draft.account_no()));
                let refusal = draft.refusal(finding);
                refused.push(Refused { refusal, holder, error: Some(error) });
            }
        }
    }
    refused.sort_by_key(|one| one.refusal.position);
    if !drafts.is_empty() {
        check_count(&refused)?;
    }
    Ok((drafts, Parted { accounts, refused, pages }))
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

/// The place of its account in the answer to a file of it alone.
pub(super) fn field(one: &impl Incoming) -> String {
    format!("statements[{}].account", one.position())
}

/// Why what reads does not go in.
fn unfit(one: &impl Incoming, holder: &Holder) -> Option<(Error, Finding)> {
    match holder {
        Holder::Own(account) => one.unfit_for(account),
        Holder::Elsewhere => Some(elsewhere(one.at(), one.account_no())),
        Holder::Nobody => Some(unknown(one.at(), &field(one), one.account_no())),
    }
}

/// An account that nobody registered.
fn unknown(at: &str, field: &str, account_no: &str) -> (Error, Finding) {
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
fn elsewhere(at: &str, account_no: &str) -> (Error, Finding) {
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

    pub fn is_elsewhere(&self) -> bool {
        matches!(self.holder, Holder::Elsewhere)
    }

    pub fn is_nobodys(&self) -> bool {
        matches!(self.holder, Holder::Nobody)
    }

    /// The number as it may be told.
    pub fn account_no(&self) -> Option<String> {
        let shown = shown(self.refusal.account_no.as_deref()?);
        Some(if self.is_elsewhere() { masked(&shown) } else { shown })
    }

    /// Its own unit has it to see to, else the one whose statement came with it.
    pub fn unit(&self, beside: UnitId) -> UnitId {
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

/// Refuses a file with more statements of registered accounts to be left out than persons are asked about one by one.
/// Those of other units are told and ask nobody, and those of accounts that nobody registered keep no unit's waiting,
/// however many they are.
///
/// # Errors
/// `statement_left_out_many`.
pub(super) fn check_count(refused: &[Refused]) -> Result<()> {
    let count = refused.iter().filter(|one| matches!(one.holder, Holder::Own(_))).count();
    if count <= MAX_LEFT_OUT {
        return Ok(());
    }
    let detail = format!("{count} statements cannot go in; at most {MAX_LEFT_OUT} are left out of a file");
    Err(Error::invalid("statements", "statement_left_out_many", detail))
}

/// That so many statements are left out of which nobody is asked yet.
pub(super) fn told_only(count: usize) -> Option<Finding> {
    let finding = Finding::new(
        "file",
        "statement_left_out_told",
        format!(
            "Có thêm {count} sao kê bị để lại mà chưa mở việc cần xử lý: quá {MAX_LEFT_OUT} sao kê của tài khoản \
             chưa đăng ký. Hãy xử lý các việc đã mở rồi gửi lại tệp"
        ),
        format!(
            "{count} more statements were left out and are told here only: over {MAX_LEFT_OUT} are of accounts that \
             are not registered. See to the open items and send the file again"
        ),
    );
    (count > 0).then_some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_another_units_account_only_its_last_figures_are_told() {
        let (error, finding) = elsewhere("line 1", "1900222200");
        assert_eq!((error.code(), finding.code), ("unit_not_found", "statement_account_elsewhere"));
        assert!(finding.message.contains("******2200") && !finding.message.contains("1900"), "{finding:?}");
    }
}
