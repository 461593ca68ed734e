//! The texts of a line are personal data: sealed under the unit's data key, bound to their line.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::{KeyId, LineId, UnitId};
use crate::store::Conn;
use crate::store::vault::{DataKey, Vault};

/// The texts of a line that may name a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTexts {
    #[serde(default)]
    pub memo: String,
    #[serde(default)]
    pub counterparty_name: Option<String>,
    #[serde(default)]
    pub counterparty_account: Option<String>,
    /// The line exactly as it stands in the file.
    #[serde(default)]
    pub raw: String,
}

fn context(line: LineId) -> String {
    format!("statement_line/{}", line.0)
}

pub fn seal_texts(vault: &Vault, key: &DataKey, line: LineId, texts: &LineTexts) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(texts).map_err(|error| Error::internal(error.to_string()))?;
    vault.seal(key, &context(line), &plain)
}

/// The texts in the clear; empty when their data key was destroyed.
pub fn line_texts(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    line: LineId,
    key: KeyId,
    cipher: &[u8],
) -> Result<LineTexts> {
    match vault.open(conn, unit, key, &context(line), cipher) {
        Ok(plain) => serde_json::from_slice(&plain)
            .map_err(|error| Error::internal(format!("the stored texts of a line do not read: {error}"))),
        Err(error) if error.code() == "erased" => Ok(LineTexts::default()),
        Err(error) => Err(error),
    }
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
    line_texts(conn, vault, unit, line, key, cipher).map(|texts| texts.memo)
}
