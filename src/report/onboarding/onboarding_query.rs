//! The SQL of onboarding: what is known of all units asked for, a few queries for however many.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{TEST_AMOUNT, trial};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::{AccountId, PersonId, UnitId};
use crate::payment::MovementState;
use crate::store::failure::Classify;
use crate::store::schema::{
    bank_account, movement, obligation, payment, receipt_series, refund, registration, statement,
};
use crate::store::schema_figures::account_live;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::unit::{BankAccount, account, certificate, imprint};

/// What is known of units and accounts.
#[derive(Default)]
pub struct Known {
    pub accounts: Vec<BankAccount>,
    pub treasury: HashMap<UnitId, Option<String>>,
    /// Unit, families of documents, number of the notice; the oldest first.
    pub registrations: Vec<(UnitId, String, String)>,
    /// Open series of receipts: unit, year, name, numbers left.
    pub series: Vec<(UnitId, i32, String, i64)>,
    pub certificates: Vec<certificate::Listed>,
    /// The opening balance of an account's first statement.
    pub first_statements: HashMap<(UnitId, AccountId), Dong>,
    /// The test payment: told by a channel, on a statement, refunded.
    pub tests: HashMap<(UnitId, AccountId), (bool, bool, bool)>,
    /// The code under which the newest test of an account is transferred.
    pub begun: HashMap<(UnitId, AccountId), String>,
    pub live: HashMap<(UnitId, AccountId), Instant>,
}

pub fn known(conn: &mut Conn, units: &[UnitId], stamp: &Stamp<'_>) -> Result<Known> {
    let mut known = Known { certificates: certificate::all(conn)?, ..Known::default() };
    for (unit, found) in imprint::in_force(conn, units, stamp.today())? {
        known.treasury.insert(unit, found.treasury_account);
    }
    known.accounts = accounts(conn, units)?;
    known.registrations = registration::table
        .filter(registration::unit_id.eq_any(units))
        .order(registration::id)
        .select((registration::unit_id, registration::document_kinds, registration::notice_no))
        .load(conn)
        .classify()?;
    let series: Vec<(UnitId, i32, String, i64, i64)> = receipt_series::table
        .filter(receipt_series::unit_id.eq_any(units))
        .filter(receipt_series::state.eq("open"))
        .filter(receipt_series::document_kind.eq("receipt"))
        .order(receipt_series::id)
        .select((
            receipt_series::unit_id,
            receipt_series::year,
            receipt_series::series,
            receipt_series::last_allowed_no,
            receipt_series::next_no,
        ))
        .load(conn)
        .classify()?;
    known.series = series
        .into_iter()
        .map(|(unit, year, name, last, next)| (unit, year, name, last - next + 1))
        .collect();
    known.first_statements = first_statements(conn, units)?;
    known.tests = tests(conn, units)?;
    known.begun = begun(conn, units, stamp.today(), &mut known.tests)?;
    let live: Vec<(UnitId, AccountId, Instant)> = account_live::table
        .filter(account_live::unit_id.eq_any(units))
        .select((account_live::unit_id, account_live::account_id, account_live::created_at))
        .load(conn)
        .classify()?;
    known.live = live.into_iter().map(|(unit, account, at)| ((unit, account), at)).collect();
    Ok(known)
}

fn accounts(conn: &mut Conn, units: &[UnitId]) -> Result<Vec<BankAccount>> {
    let open: Vec<UnitId> = bank_account::table
        .filter(bank_account::unit_id.eq_any(units))
        .filter(bank_account::bank_bin.ne(""))
        .filter(bank_account::closed_on.is_null())
        .select(bank_account::unit_id)
        .distinct()
        .load(conn)
        .classify()?;
    let mut found = Vec::new();
    for unit in open {
        found.extend(account::of_unit(conn, unit)?.into_iter().filter(|account| account.closed_on.is_none()));
    }
    Ok(found)
}

fn first_statements(conn: &mut Conn, units: &[UnitId]) -> Result<HashMap<(UnitId, AccountId), Dong>> {
    // The statement that begins on or before the account's first day, else the earliest.
    let found: Vec<(UnitId, AccountId, BusinessDay, Dong)> =
        statement::table
            .inner_join(bank_account::table.on(
                bank_account::unit_id.eq(statement::unit_id).and(bank_account::id.eq(statement::account_id)),
            ))
            .filter(statement::unit_id.eq_any(units))
            .filter(statement::state.eq("ready"))
            .filter(statement::opening_on.le(bank_account::opened_on))
            .order((statement::opening_on, statement::id))
            .select((statement::unit_id, statement::account_id, statement::opening_on, statement::opening))
            .load(conn)
            .classify()?;
    let mut first = HashMap::new();
    for (unit, account, _, opening) in found {
        first.entry((unit, account)).or_insert(opening);
    }
    Ok(first)
}

type Tests = HashMap<(UnitId, AccountId), (bool, bool, bool)>;
type Codes = HashMap<(UnitId, AccountId), String>;

/// From the refunds of that sum: there are few, and money that goes back came as a payment before. A claim of which
/// two persons said that its money never came proves nothing of the way.
fn tests(conn: &mut Conn, units: &[UnitId]) -> Result<Tests> {
    type Refunded = (UnitId, AccountId, String, Dong, String);
    let found: Vec<Refunded> = refund::table
        .inner_join(
            payment::table.on(payment::unit_id.eq(refund::unit_id).and(payment::id.eq(refund::payment_id))),
        )
        .inner_join(
            movement::table.on(movement::unit_id
                .eq(payment::unit_id)
                .and(movement::id.nullable().eq(payment::movement_id))),
        )
        .filter(refund::unit_id.eq_any(units))
        .filter(refund::amount.eq(TEST_AMOUNT).and(movement::amount.eq(TEST_AMOUNT)))
        .filter(movement::state.ne(MovementState::Disproven.as_str()))
        .select((
            movement::unit_id,
            movement::account_id,
            movement::claimed_by,
            movement::proven,
            refund::state,
        ))
        .load(conn)
        .classify()?;
    let mut tests = Tests::new();
    for (unit, account, claimed_by, proven, state) in found {
        let one = (!claimed_by.is_empty(), proven == TEST_AMOUNT, state == "debited");
        furthest(&mut tests, (unit, account), one);
    }
    Ok(tests)
}

/// One payment went the whole way, or the one that went furthest.
fn furthest(tests: &mut Tests, place: (UnitId, AccountId), one: (bool, bool, bool)) {
    let count =
        |(told, proven, refunded): (bool, bool, bool)| u8::from(told) + u8::from(proven) + u8::from(refunded);
    let best = tests.entry(place).or_insert(one);
    if count(one) > count(*best) {
        *best = one;
    }
}

/// How long a test that somebody began is looked for.
const BEGUN_DAYS: i64 = 30;

/// The codes of the tests that were begun lately, the newest of each account; what came for them joins the tests,
/// unless two persons said that it never came.
fn begun(conn: &mut Conn, units: &[UnitId], today: BusinessDay, tests: &mut Tests) -> Result<Codes> {
    let dossiers: Vec<String> = (0..=BEGUN_DAYS).map(|days| trial::dossier(today.plus_days(-days))).collect();
    let raised: Vec<(UnitId, AccountId, String)> = obligation::table
        .filter(obligation::dossier_code.eq_any(&dossiers))
        .filter(obligation::unit_id.eq_any(units))
        .filter(obligation::procedure_code.eq(trial::ITEM))
        .order(obligation::id)
        .select((obligation::unit_id, obligation::account_id, obligation::reference_code))
        .load(conn)
        .classify()?;
    if raised.is_empty() {
        return Ok(Codes::new());
    }
    let accounts: Vec<AccountId> = raised.iter().map(|one| one.1).collect();
    let codes: Vec<&str> = raised.iter().map(|one| one.2.as_str()).collect();
    let came: Vec<(UnitId, AccountId, String, Dong)> = movement::table
        .filter(movement::unit_id.eq_any(units))
        .filter(movement::account_id.eq_any(&accounts))
        .filter(movement::code.eq_any(&codes))
        .filter(movement::amount.eq(TEST_AMOUNT))
        .filter(movement::state.ne(MovementState::Disproven.as_str()))
        .select((movement::unit_id, movement::account_id, movement::claimed_by, movement::proven))
        .load(conn)
        .classify()?;
    for (unit, account, claimed_by, proven) in came {
        furthest(tests, (unit, account), (!claimed_by.is_empty(), proven == TEST_AMOUNT, false));
    }
    Ok(raised.into_iter().map(|(unit, account, code)| ((unit, account), code)).collect())
}

/// Whether somebody let an account go live.
pub fn is_live(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<bool> {
    let found: Option<AccountId> = account_live::table
        .filter(account_live::unit_id.eq(unit))
        .filter(account_live::account_id.eq(account))
        .select(account_live::account_id)
        .first(conn)
        .optional()
        .classify()?;
    Ok(found.is_some())
}

crate::table_row! {
    pub struct LiveRow in "account_live" {
        pub unit_id: UnitId,
        pub account_id: AccountId,
        pub person_id: PersonId,
        pub steps: String,
        pub created_at: Instant,
    }
}

pub fn record(
    tx: &mut Tx<'_>,
    unit: UnitId,
    account: AccountId,
    person: PersonId,
    steps: String,
    now: Instant,
) -> Result<()> {
    rows::insert(
        tx,
        &[LiveRow { unit_id: unit, account_id: account, person_id: person, steps, created_at: now }],
    )
}
