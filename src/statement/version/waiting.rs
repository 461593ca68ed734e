//! Versions that wait for a decision, or to go in.

use super::{Version, query};
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::statement::query::{self as statements, StoredStatement};
use crate::store::Conn;

/// The statement that a version became.
pub fn statement_of(conn: &mut Conn, version: &Version) -> Result<Option<StoredStatement>> {
    let (unit, account) = (version.unit, version.account);
    statements::at_place(conn, unit, account, (version.file_sha256.as_str(), version.position))
}

/// Versions that may go in, accepted or moving no money, whose lines did not yet.
pub fn unfinished(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Version>> {
    let mut left = Vec::new();
    for version in query::in_state(conn, unit, account, &["accepted", "applied"])? {
        if !statement_of(conn, &version)?.is_some_and(|stored| stored.is_ready()) {
            left.push(version);
        }
    }
    Ok(left)
}

/// The versions of an account that wait for a decision.
pub fn undecided(conn: &mut Conn, unit: UnitId, account: AccountId) -> Result<Vec<Version>> {
    query::in_state(conn, unit, account, &["held", "proposed"])
}

/// How many of the versions change something booked by a day.
pub fn touching(conn: &mut Conn, versions: &[Version], date: BusinessDay) -> Result<usize> {
    let mut count = 0;
    for version in versions {
        let differences = query::differences(conn, version.unit, version.id)?;
        let moving = differences.iter().filter(|one| one.moves_money);
        let mut days = moving.flat_map(|one| one.old.iter().chain(&one.new)).map(|side| side.booking_date);
        count += usize::from(days.any(|day| day <= date));
    }
    Ok(count)
}
