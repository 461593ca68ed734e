//! Onboarding: what is still missing before an account of a unit may go live.
//!
//! Nothing is ticked by hand. Each step follows from the rows it is about, so it is found done however
//! it was done, and undone again when a certificate ends or the last cashier leaves. That an account
//! went live is the one thing a person says, and only when every step is there.

mod onboarding_query;
mod steps;
pub mod trial;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::store::{Conn, Stamp, Tx};
use crate::tariff::Tariff;
use crate::unit::{self, CITY, Unit};

pub use onboarding_query::Known;
pub use steps::steps;

/// The sum of the real payment that proves the way of money.
pub const TEST_AMOUNT: Dong = Dong(1_000);

/// What must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    NamesAndTaxCode,
    BudgetCode,
    TreasuryAccount,
    Registration,
    Series,
    Certificate,
    Staff,
    Tariff,
    OpeningBalance,
    TestPayment,
}

impl Step {
    pub fn as_str(self) -> &'static str {
        match self {
            Step::NamesAndTaxCode => "names_and_tax_code",
            Step::BudgetCode => "budget_code",
            Step::TreasuryAccount => "treasury_account",
            Step::Registration => "registration",
            Step::Series => "series",
            Step::Certificate => "certificate",
            Step::Staff => "staff",
            Step::Tariff => "tariff",
            Step::OpeningBalance => "opening_balance",
            Step::TestPayment => "test_payment",
        }
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Step::NamesAndTaxCode => ("Tên, địa chỉ và mã số thuế", "Name, address and tax code"),
            Step::BudgetCode => ("Mã đơn vị quan hệ ngân sách", "Budget code"),
            Step::TreasuryAccount => ("Tài khoản Kho bạc", "Treasury account"),
            Step::Registration => ("Cơ quan thuế chấp nhận đăng ký", "Registration accepted"),
            Step::Series => ("Ký hiệu biên lai đang mở", "An open series of receipts"),
            Step::Certificate => ("Chứng thư số ký được", "A certificate that signs"),
            Step::Staff => {
                ("Nhân sự: thu ngân, kế toán, người duyệt", "Staff: cashier, accountant, approver")
            }
            Step::Tariff => ("Biểu phí cho các thủ tục", "Tariff of its procedures"),
            Step::OpeningBalance => {
                ("Số dư đầu, khớp sao kê đầu tiên", "Opening balance, as the first statement says")
            }
            Step::TestPayment => (
                "Khoản thử 1.000 đ: báo có, sao kê, hoàn lại",
                "A payment of 1.000 đ: told, on the statement, refunded",
            ),
        }
    }
}

/// A step as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub step: Step,
    pub is_done: bool,
    /// What was found, or what is missing: codes and dates, no words of persons.
    pub vi: String,
    pub en: String,
}

/// An account with its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checklist {
    pub unit_code: String,
    pub unit_name: String,
    /// None for a unit that has no account yet.
    #[serde(skip)]
    pub account: Option<AccountId>,
    pub account_no: Option<String>,
    pub steps: Vec<Standing>,
    pub live_since: Option<Instant>,
}

impl Checklist {
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|one| one.is_done).count()
    }

    /// Every step is there, and there is an account to go live.
    pub fn is_green(&self) -> bool {
        self.account.is_some() && self.done() == self.steps.len()
    }
}

/// Who may look.
pub const READERS: [Role; 3] = [Role::Administrator, Role::Auditor, Role::System];

/// The checklists of one unit, or of every unit of the scope, by code.
///
/// `staff` says which roles act for a unit: logins stand at the city and are read apart.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`.
pub fn checklists(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    actor: &Actor,
    only: Option<UnitId>,
    tariff: Option<&Tariff>,
    staff: &[(Role, crate::actor::Scope)],
) -> Result<Vec<Checklist>> {
    actor.require_role(&READERS)?;
    if let Some(only) = only {
        actor.scope.require(only)?;
    }
    let units: Vec<Unit> = unit::all(conn)?
        .into_iter()
        .filter(|unit| unit.id != CITY && actor.scope.covers(unit.id))
        .filter(|unit| match only {
            Some(only) => only == unit.id,
            // What another unit goes on for goes live no more.
            None => unit.valid_until.is_none_or(|last_day| stamp.today() <= last_day),
        })
        .collect();
    let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
    let known = onboarding_query::known(conn, &ids, stamp)?;
    let mut found = Vec::new();
    for unit in &units {
        let accounts: Vec<_> = known.accounts.iter().filter(|account| account.unit == unit.id).collect();
        let list = |account: Option<&crate::unit::BankAccount>| Checklist {
            unit_code: unit.code.clone(),
            unit_name: unit.name.clone(),
            account: account.map(|account| account.id),
            account_no: account.map(|account| account.account_no.clone()),
            steps: steps(unit, account, &known, tariff, staff, stamp.now),
            live_since: account.and_then(|account| known.live.get(&(unit.id, account.id)).copied()),
        };
        if accounts.is_empty() {
            found.push(list(None));
        }
        found.extend(accounts.into_iter().map(|account| list(Some(account))));
    }
    Ok(found)
}

/// Roles and scopes of the logins that may be used. Needs a connection that sees the city's unit.
pub fn staff(conn: &mut Conn) -> Result<Vec<(Role, crate::actor::Scope)>> {
    use crate::identity::login::{self, State};
    let logins = login::list(conn, &Actor::system())?;
    let active = logins.into_iter().filter(|login| login.state == State::Active);
    Ok(active.map(|login| (login.role, login.scope)).collect())
}

/// An account goes live: a person says so, and every step is there at this moment.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `account_not_found`, `onboarding_incomplete` with the steps
/// that are missing, `account_is_live`.
pub fn go_live(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, account): (UnitId, AccountId),
    tariff: Option<&Tariff>,
    staff: &[(Role, crate::actor::Scope)],
) -> Result<()> {
    actor.require_role(&[Role::Administrator])?;
    let person = actor.require_person()?;
    let lists = checklists(tx, stamp, actor, Some(unit), tariff, staff)?;
    let missing = || Error::not_found("account_not_found", "no such account in your scope");
    let list = lists.into_iter().find(|list| list.account == Some(account)).ok_or_else(missing)?;
    if list.live_since.is_some() {
        return Err(Error::conflict("account_is_live", "the account is live already"));
    }
    if !list.is_green() {
        let left: Vec<&str> =
            list.steps.iter().filter(|one| !one.is_done).map(|one| one.step.as_str()).collect();
        return Err(Error::conflict("onboarding_incomplete", left.join(", ")));
    }
    let state: BTreeMap<&str, &str> =
        list.steps.iter().map(|one| (one.step.as_str(), one.en.as_str())).collect();
    let text = serde_json::to_string(&state).map_err(|error| Error::internal(error.to_string()))?;
    onboarding_query::record(tx, unit, account, person, text, stamp.now)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "account.live", account)])
}

/// An obligation may be raised for a unit whose receiving account is live.
///
/// # Errors
/// `account_not_live` with the steps that are missing; `unit_has_no_account`. Needs a connection that sees the unit
/// and, for its staff, the city's.
pub fn require_live(conn: &mut Conn, stamp: &Stamp<'_>, unit: UnitId, tariff: Option<&Tariff>) -> Result<()> {
    let account = unit::account::receiving(conn, unit)?.id;
    if onboarding_query::is_live(conn, unit, account)? {
        return Ok(());
    }
    let staff = staff(conn)?;
    let lists = checklists(conn, stamp, &Actor::system(), Some(unit), tariff, &staff)?;
    let list = lists.iter().find(|list| list.account == Some(account));
    let steps = list.map(|list| list.steps.as_slice()).unwrap_or_default();
    let left: Vec<&str> = steps.iter().filter(|one| !one.is_done).map(|one| one.step.as_str()).collect();
    let left = if left.is_empty() { "an administrator lets it go live".to_owned() } else { left.join(", ") };
    Err(Error::conflict("account_not_live", left))
}
