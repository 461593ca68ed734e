//! Reserving a reference code in the city-wide directory, for whatever of ours is to be recognised
//! by it in a bank's memo: obligations, refunds, deposit slips, orders to the Treasury.

use ring::rand::SystemRandom;

use super::reference::{CodeBook, ReferenceCode};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::{Tx, rows};
use crate::unit::account::PublicCodeRow;

/// A code that nothing else in the city has, now or ever.
pub fn reserve(
    tx: &mut Tx<'_>,
    unit_id: UnitId,
    kind: &'static str,
    target_id: i64,
) -> Result<ReferenceCode> {
    let random = SystemRandom::new();
    // 31^8 codes: a collision is rare, and eight in a row are a fault of the random source.
    for _ in 0..8 {
        let code = CodeBook::hanoi().mint(&random)?;
        let row = PublicCodeRow { code: code.as_str().to_owned(), unit_id, kind, target_id };
        if rows::insert_if_absent(tx, &[row], &["code"])? == [true] {
            return Ok(code);
        }
    }
    Err(Error::internal("no free reference code in eight tries"))
}

/// Takes a code that was chosen elsewhere.
///
/// # Errors
/// `reference_code_taken`.
pub fn take(
    tx: &mut Tx<'_>,
    unit_id: UnitId,
    kind: &'static str,
    target_id: i64,
    code: &ReferenceCode,
) -> Result<()> {
    let row = PublicCodeRow { code: code.as_str().to_owned(), unit_id, kind, target_id };
    if rows::insert_if_absent(tx, &[row], &["code"])? == [true] {
        return Ok(());
    }
    Err(Error::conflict("reference_code_taken", "something else in the city has this code"))
}
