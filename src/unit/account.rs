//! Bank accounts of units, found city-wide by bank and number.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use super::CITY;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{AccountId, UnitId};
use crate::ledger::{self, Account, Posting, Source};
use crate::store::failure::{self, Classify};
use crate::store::rows::{self, Column, Lock};
use crate::store::schema::{bank_account, public_code};
use crate::store::{Conn, Stamp, Tx};

/// An account that fees are paid into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    pub unit: UnitId,
    pub id: AccountId,
    pub bank_bin: String,
    pub account_no: String,
    pub holder_name: String,
    pub currency: String,
    pub opened_on: BusinessDay,
    pub opening_balance: Dong,
    pub closed_on: Option<BusinessDay>,
}

#[derive(Clone, Debug)]
pub struct NewAccount {
    pub unit: UnitId,
    pub bank_bin: String,
    pub account_no: String,
    pub holder_name: String,
    /// The first day that is reconciled, and the balance it begins with.
    pub opened_on: BusinessDay,
    pub opening_balance: Dong,
}

crate::table_row! {
    pub struct AccountRow in "bank_account" {
        pub unit_id: UnitId,
        pub id: AccountId,
        pub bank_bin: String,
        pub account_no: String,
        pub holder_name: String,
        pub currency: &'static str,
        pub opened_on: BusinessDay,
        pub opening_balance: Dong,
        pub created_at: Instant,
    }
}

crate::table_row! {
    /// A row of the city-wide directory of codes; see `ARCHITECTURE.md`, "Directories".
    pub struct PublicCodeRow in "public_code" {
        pub code: String,
        pub unit_id: UnitId,
        pub kind: &'static str,
        pub target_id: i64,
    }
}

pub const KIND_ACCOUNT: &str = "account";
pub const KIND_OBLIGATION: &str = "obligation";
pub const KIND_RECEIPT: &str = "receipt";
pub const KIND_REFUND: &str = "refund";
pub const KIND_DEPOSIT: &str = "deposit";
pub const KIND_REMITTANCE: &str = "remittance";
/// A provisional slip (Phiếu thu tạm).
pub const KIND_SLIP: &str = "slip";

/// The directory key of an account number. The bank is left out: senders name it by words of
/// their own, and no two banks of one city's units have been seen to share a number. Should they
/// ever, registration refuses the second.
pub fn directory_code(account_no: &str) -> String {
    format!("ACCOUNT:{}", account_no.trim().to_uppercase())
}

/// Registers an account and takes it on with its opening balance.
pub fn register(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, new: NewAccount) -> Result<AccountId> {
    actor.require_role(&[Role::Administrator, Role::System])?;
    let id = insert(tx, stamp, &new)?;
    if !new.opening_balance.is_zero() {
        ledger::post(
            tx,
            stamp,
            &[Posting {
                unit: new.unit,
                debit: Account::Bank(id),
                credit: Account::Opening(id),
                amount: new.opening_balance,
                accounting_date: new.opened_on,
                source: Source::Account(id),
            }],
        )?;
    }
    audit::record(tx, stamp, &[audit::Entry::by(actor, new.unit, "account.registered", id)])?;
    Ok(id)
}

/// Registers an account nobody knows under the reserved unit, so that money reported on it has a
/// place to stand.
pub fn register_unknown(tx: &mut Tx<'_>, stamp: &Stamp<'_>, account_no: &str) -> Result<AccountId> {
    insert(
        tx,
        stamp,
        &NewAccount {
            unit: CITY,
            bank_bin: String::new(),
            account_no: account_no.to_owned(),
            holder_name: String::new(),
            opened_on: stamp.today(),
            opening_balance: Dong::ZERO,
        },
    )
    .map_err(|error| match error.code() {
        // Another process met the same account at the same moment: read again and use its row.
        "account_exists" => Error::busy(failure::RETRY, 1, "the account was registered meanwhile"),
        _ => error,
    })
}

/// The number of an account as it is kept.
///
/// # Errors
/// `account_no_unreadable`.
pub fn checked_number(typed: &str) -> Result<String> {
    let number = typed.trim().to_uppercase();
    let is_good = (1..=34).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    let wrong = || Error::invalid("account_no", "account_no_unreadable", "1 to 34 letters and digits");
    is_good.then_some(number).ok_or_else(wrong)
}

fn insert(tx: &mut Tx<'_>, stamp: &Stamp<'_>, new: &NewAccount) -> Result<AccountId> {
    let id: AccountId = stamp.mint()?;
    let account_no = checked_number(&new.account_no)?;
    let row = AccountRow {
        unit_id: new.unit,
        id,
        bank_bin: new.bank_bin.clone(),
        account_no: account_no.clone(),
        holder_name: new.holder_name.clone(),
        currency: "VND",
        opened_on: new.opened_on,
        opening_balance: new.opening_balance,
        created_at: stamp.now,
    };
    let code = PublicCodeRow {
        code: directory_code(&account_no),
        unit_id: new.unit,
        kind: KIND_ACCOUNT,
        target_id: id.0,
    };
    rows::insert(tx, &[row]).and_then(|()| rows::insert(tx, &[code])).map_err(|error| {
        match error.code() {
            failure::UNIQUE => Error::conflict("account_exists", "this account number is registered already"),
            _ => error,
        }
    })?;
    Ok(id)
}

type Stored = (UnitId, AccountId, String, String, String, String, BusinessDay, Dong, Option<BusinessDay>);

fn from_stored(row: Stored) -> BankAccount {
    let (unit, id, bank_bin, account_no, holder_name, currency, opened_on, opening_balance, closed_on) = row;
    BankAccount {
        unit,
        id,
        bank_bin,
        account_no,
        holder_name,
        currency,
        opened_on,
        opening_balance,
        closed_on,
    }
}

pub fn of_unit(conn: &mut Conn, unit: UnitId) -> Result<Vec<BankAccount>> {
    of_units(conn, &[unit])
}

/// What the ledger calls the accounts of a unit, and their numbers, by which people know them.
pub fn numbers(conn: &mut Conn, unit: UnitId) -> Result<Vec<(String, String)>> {
    Ok(of_unit(conn, unit)?.into_iter().map(|one| (one.id.to_string(), one.account_no)).collect())
}

/// The accounts of these units, in the order in which they were opened here.
pub fn of_units(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<BankAccount>> {
    let found: Vec<Stored> = bank_account::table
        .filter(bank_account::unit_id.eq_any(units))
        .order(bank_account::id)
        .select((
            bank_account::unit_id,
            bank_account::id,
            bank_account::bank_bin,
            bank_account::account_no,
            bank_account::holder_name,
            bank_account::currency,
            bank_account::opened_on,
            bank_account::opening_balance,
            bank_account::closed_on,
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(from_stored).collect())
}

pub fn find(conn: &mut Conn, unit: UnitId, id: AccountId) -> Result<BankAccount> {
    of_unit(conn, unit)?
        .into_iter()
        .find(|account| account.id == id)
        .ok_or_else(|| Error::not_found("account_not_found", "no such account in this unit"))
}

/// The account of a unit with this number.
///
/// # Errors
/// `account_not_found`.
pub fn of_number(conn: &mut Conn, unit: UnitId, account_no: &str) -> Result<BankAccount> {
    let number = crate::text::squash(account_no);
    of_unit(conn, unit)?
        .into_iter()
        .find(|account| account.account_no.eq_ignore_ascii_case(&number))
        .ok_or_else(|| Error::not_found("account_not_found", "no such account in this unit"))
}

/// The account with this number in any unit, if it is registered.
pub fn find_by_number(conn: &mut Conn, account_no: &str) -> Result<Option<(UnitId, AccountId)>> {
    public_code::table
        .find(directory_code(account_no))
        .select((public_code::unit_id, public_code::target_id))
        .first(conn)
        .optional()
        .classify()
        .map(|found: Option<(UnitId, i64)>| found.map(|(unit, id)| (unit, AccountId(id))))
}

/// What codes of the directory name, of one kind: (code, unit, id). Other codes are left out.
pub fn by_codes(conn: &mut Conn, codes: &[String], kind: &str) -> Result<Vec<(String, UnitId, i64)>> {
    let found: Vec<(String, UnitId, String, i64)> = rows::fetch::<(Text, BigInt, Text, BigInt), _>(
        conn,
        "SELECT t.code, t.unit_id, t.kind, t.target_id FROM public_code t",
        &[("code", Column::of(codes.iter().cloned()))],
        "",
        Lock::None,
    )?;
    Ok(found
        .into_iter()
        .filter(|(_, _, of, _)| of == kind)
        .map(|(code, unit, _, id)| (code, unit, id))
        .collect())
}

/// Keeps an account from ending until the transaction is over. Whoever settles on it need not wait.
///
/// # Errors
/// Busy, to be tried again, where it ended meanwhile.
pub fn keep_open(tx: &mut Tx<'_>, unit: UnitId, id: AccountId) -> Result<()> {
    let keys = [("unit_id", Column::of([unit])), ("id", Column::of([id]))];
    let select = "SELECT t.closed_on FROM bank_account t";
    let found: Vec<Option<BusinessDay>> =
        rows::fetch::<Nullable<Date>, _>(tx, select, &keys, "", Lock::Named)?;
    let ended = found.into_iter().flatten().next();
    match ended {
        None => Ok(()),
        Some(_) => Err(Error::busy(failure::RETRY, 1, "the account ended meanwhile")),
    }
}

/// The account that new obligations of a unit are paid into: its oldest one that is open.
pub fn receiving(conn: &mut Conn, unit: UnitId) -> Result<BankAccount> {
    of_unit(conn, unit)?
        .into_iter()
        .find(|account| account.closed_on.is_none() && !account.bank_bin.is_empty())
        .ok_or_else(|| Error::conflict("unit_has_no_account", "the unit has no open bank account"))
}

/// The account that is named, of this unit; where none is, the receiving one.
///
/// # Errors
/// `account_not_found`, `unit_has_no_account`.
pub fn named_or_receiving(conn: &mut Conn, unit: UnitId, named: Option<AccountId>) -> Result<BankAccount> {
    match named {
        Some(id) => find(conn, unit, id),
        None => receiving(conn, unit),
    }
}
