//! Bank files as they came, encrypted under their hash, once for each unit, with the mapping by which
//! the columns of a table were understood: it is read the same way whenever it is read again.

use ring::digest::{SHA256, digest};

use super::Format;
use super::file_query::{self, MappingRow};
use super::layout::Layout;
use super::query::{self, FileRow};
use super::saved::Understood;
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
    /// Of a table that was read by a user's mapping.
    mapping: Option<String>,
}

impl<'a> File<'a> {
    pub(super) fn new(bytes: &'a [u8], understood: &Understood) -> Self {
        File {
            bytes,
            sha256: text::hex(digest(&SHA256, bytes).as_ref()),
            format: understood.parsed.format,
            mapping: understood.mapping.clone(),
        }
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
    rows::insert_if_absent(tx, &[row], &["unit_id", "sha256"])?;
    let mapping = file.mapping.iter().map(|mapping| MappingRow {
        unit_id: unit,
        sha256: file.sha256.clone(),
        mapping: mapping.clone(),
        created_at: stamp.now,
    });
    rows::insert_if_absent(tx, &mapping.collect::<Vec<_>>(), &["unit_id", "sha256"]).map(|_| ())
}

/// The mapping by which the columns of a stored table were understood; None of a file that needed none,
/// or came before mappings were kept.
pub fn layout_of(conn: &mut Conn, unit: UnitId, sha256: &str) -> Result<Option<Layout>> {
    file_query::mapping_of(conn, unit, sha256)?.map(|mapping| Layout::from_toml(&mapping)).transpose()
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
