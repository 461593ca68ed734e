//! Bank files as they came, encrypted under their hash, once for each unit.

use ring::digest::{SHA256, digest};

use super::Format;
use super::query::{self, FileRow};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

/// A file with the hash under which it is kept.
pub struct File<'a> {
    pub bytes: &'a [u8],
    pub sha256: String,
    pub format: Format,
}

impl<'a> File<'a> {
    pub(super) fn new(bytes: &'a [u8], format: Format) -> Self {
        File { bytes, sha256: text::hex(digest(&SHA256, bytes).as_ref()), format }
    }
}

pub(super) fn keep(tx: &mut Tx<'_>, stamp: &Stamp<'_>, unit: UnitId, file: &File<'_>) -> Result<()> {
    if query::file(tx, unit, &file.sha256)?.is_some() {
        return Ok(());
    }
    let key = stamp.sealing_key(tx, unit)?;
    let row = FileRow {
        unit_id: unit,
        sha256: file.sha256.clone(),
        format: file.format.as_str(),
        key_id: key.id,
        cipher: stamp.vault.seal(&key, &context(&file.sha256), file.bytes)?,
        received_at: stamp.now,
    };
    rows::insert_if_absent(tx, &[row], &["unit_id", "sha256"]).map(|_| ())
}

pub(super) fn open(conn: &mut Conn, vault: &Vault, unit: UnitId, sha256: &str) -> Result<Vec<u8>> {
    let (key, cipher) = query::file(conn, unit, sha256)?
        .ok_or_else(|| Error::not_found("statement_file_not_found", "no such bank file in this unit"))?;
    vault.open(conn, unit, key, &context(sha256), &cipher)
}

/// The bytes of an imported file, as the bank sent them.
pub fn original_file(
    conn: &mut Conn,
    vault: &Vault,
    actor: &Actor,
    unit: UnitId,
    sha256: &str,
) -> Result<Vec<u8>> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::System])?;
    actor.scope.require(unit)?;
    open(conn, vault, unit, sha256)
}

fn context(sha256: &str) -> String {
    format!("statement_file/{sha256}")
}
