//! The memo of a line is personal data: sealed under the unit's data key, bound to its line.

use crate::error::{Error, Result};
use crate::id::{KeyId, LineId, UnitId};
use crate::store::Conn;
use crate::store::vault::{DataKey, Vault};

fn context(line: LineId) -> String {
    format!("statement_line/{}", line.0)
}

pub fn seal_memo(vault: &Vault, key: &DataKey, line: LineId, memo: &str) -> Result<Vec<u8>> {
    vault.seal(key, &context(line), memo.as_bytes())
}

/// The memo in the clear; empty when its data key was destroyed.
pub fn line_memo(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    line: LineId,
    key: KeyId,
    cipher: &[u8],
) -> Result<String> {
    match vault.open(conn, unit, key, &context(line), cipher) {
        Ok(plain) => String::from_utf8(plain).map_err(|_| Error::internal("a stored memo is no text")),
        Err(error) if error.code() == "erased" => Ok(String::new()),
        Err(error) => Err(error),
    }
}
