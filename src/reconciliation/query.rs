//! What a matching run reads.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{bank_account, statement, statement_line};

/// A statement line as the run needs it.
#[derive(Clone, Debug)]
pub struct StoredLine {
    pub unit: UnitId,
    pub id: LineId,
    pub account: AccountId,
    pub statement: StatementId,
    pub booking_date: BusinessDay,
    pub amount: Dong,
    /// Joined by spaces.
    pub codes: String,
    pub damaged: String,
    pub reference: Option<String>,
    pub bank_reference: Option<String>,
    pub is_reversal: bool,
    pub key: KeyId,
    pub memo_cipher: Vec<u8>,
    pub is_posted: bool,
    pub revision: i64,
    /// Of a posted line.
    pub class: Option<String>,
}

/// The columns of a line, in this order.
pub(super) type Stored = (
    (UnitId, LineId, AccountId, StatementId, BusinessDay, Dong),
    (String, String, Option<String>, Option<String>, bool),
    (KeyId, Vec<u8>, Option<BusinessDay>, i64, Option<String>),
);

impl From<Stored> for StoredLine {
    fn from((place, text, rest): Stored) -> StoredLine {
        StoredLine {
            unit: place.0,
            id: place.1,
            account: place.2,
            statement: place.3,
            booking_date: place.4,
            amount: place.5,
            codes: text.0,
            damaged: text.1,
            reference: text.2,
            bank_reference: text.3,
            is_reversal: text.4,
            key: rest.0,
            memo_cipher: rest.1,
            is_posted: rest.2.is_some(),
            revision: rest.3,
            class: rest.4,
        }
    }
}

/// Lines of ready statements of an account: all that are not posted, and the posted ones booked
/// since `recent`, among which reversals find their originals.
pub fn lines(
    conn: &mut Conn,
    unit: UnitId,
    account: AccountId,
    recent: BusinessDay,
) -> Result<Vec<StoredLine>> {
    let found: Vec<Stored> = statement_line::table
        .inner_join(
            statement::table.on(statement::unit_id
                .eq(statement_line::unit_id)
                .and(statement::id.eq(statement_line::statement_id))),
        )
        .filter(statement_line::unit_id.eq(unit))
        .filter(statement_line::account_id.eq(account))
        .filter(statement::state.eq("ready"))
        .filter(statement_line::posted_on.is_null().or(statement_line::booking_date.ge(recent)))
        .order((statement_line::booking_date, statement_line::id))
        .select((
            (
                statement_line::unit_id,
                statement_line::id,
                statement_line::account_id,
                statement_line::statement_id,
                statement_line::booking_date,
                statement_line::amount,
            ),
            (
                statement_line::codes,
                statement_line::damaged,
                statement_line::reference,
                statement_line::bank_reference,
                statement_line::is_reversal,
            ),
            (
                statement_line::key_id,
                statement_line::memo_cipher,
                statement_line::posted_on,
                statement_line::revision,
                statement_line::class,
            ),
        ))
        .load(conn)
        .classify()?;
    Ok(found.into_iter().map(StoredLine::from).collect())
}

/// The last day the ready statements of an account cover.
pub fn covered_until(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Option<BusinessDay>> {
    statement::table
        .filter(statement::unit_id.eq(unit))
        .filter(statement::account_id.eq(account))
        .filter(statement::state.eq("ready"))
        .select(diesel::dsl::max(statement::closing_on))
        .first::<Option<chrono::NaiveDate>>(conn)
        .classify()
        .map(|day| day.map(BusinessDay))
}

/// Accounts of the units (all of them when None) that are reconciled.
pub fn accounts(conn: &mut Conn, unit: Option<UnitId>) -> Result<Vec<(UnitId, AccountId)>> {
    let mut found = bank_account::table
        .filter(bank_account::bank_bin.ne(""))
        .order((bank_account::unit_id, bank_account::id))
        .select((bank_account::unit_id, bank_account::id))
        .into_boxed();
    if let Some(unit) = unit {
        found = found.filter(bank_account::unit_id.eq(unit));
    }
    found.load(conn).classify()
}

/// The claims' references by movement.
#[derive(Clone, Debug, Default)]
pub struct References {
    pub bank: Vec<String>,
    pub external: Vec<String>,
    /// The channels that claimed it.
    pub channels: Vec<String>,
}

/// References of the claims on the movements.
pub fn references(
    conn: &mut Conn,
    unit: UnitId,
    movements: &[MovementId],
) -> Result<HashMap<MovementId, References>> {
    let mut references: HashMap<MovementId, References> = HashMap::new();
    for chunk in movements.chunks(1_000) {
        for (movement, channel, external, bank) in
            crate::payment::movement_query::claims_of_movements(conn, unit, chunk)?
        {
            let known = references.entry(movement).or_default();
            known.external.push(external);
            known.channels.push(channel);
            known.bank.extend(bank);
        }
    }
    Ok(references)
}
