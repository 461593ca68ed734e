//! The picture of a transfer that a payer sends with their word: kept encrypted, shown to staff.

use super::picture_query::{self as query, PictureRow};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::obligation::Obligation;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, rows};

/// A screenshot or a photograph of a telephone.
pub const BYTES_LIMIT: usize = 3 * 1024 * 1024;
/// A payer needs a few tries, not a gallery.
const PICTURES_LIMIT: usize = 5;
/// Who sees them: who answers the payer, and auditors, who read everything.
pub const READERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

/// What a file is, by how it begins; the name somebody gave it says nothing.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice());
    is_webp.then_some("image/webp")
}

/// Whether a file could be kept. `picture_unfit` otherwise.
pub fn check(bytes: &[u8]) -> Result<&'static str> {
    if bytes.len() > BYTES_LIMIT {
        return Err(unfit());
    }
    media_type(bytes).ok_or_else(unfit)
}

/// What a file is refused with that cannot be kept.
pub fn unfit() -> Error {
    Error::invalid("picture", "picture_unfit", "JPEG, PNG or WebP, 3 MB at most")
}

/// Keeps the picture beside the obligation it is about; after five the next ones are left out.
pub fn keep(tx: &mut Tx<'_>, stamp: &Stamp<'_>, item: &Obligation, bytes: &[u8]) -> Result<()> {
    let media_type = check(bytes)?;
    if query::of_obligation(tx, item.unit, item.id)?.len() >= PICTURES_LIMIT {
        return Ok(());
    }
    let id: PictureId = stamp.mint()?;
    let key = stamp.sealing_key(tx, item.unit)?;
    let row = PictureRow {
        unit_id: item.unit,
        id,
        obligation_id: item.id,
        media_type,
        key_id: key.id,
        cipher: stamp.vault.seal(&key, &context(id), bytes)?,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])
}

fn context(id: PictureId) -> String {
    format!("told_picture/{}", id.0)
}

/// The pictures of an obligation, oldest first.
pub fn of_obligation(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Vec<PictureId>> {
    query::of_obligation(conn, unit, id)
}

/// A picture with its kind; seeing it leaves a trace. `picture_not_found`.
pub fn show(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, id: PictureId) -> Result<(String, Vec<u8>)> {
    actor.require_role(&READERS)?;
    let found = query::find(tx, &actor.scope, id)?;
    let (unit, media_type, key, cipher) =
        found.ok_or_else(|| Error::not_found("picture_not_found", "no such picture in your scope"))?;
    let purpose = if actor.role == Role::Auditor { "audit" } else { "complaint" };
    let entry = audit::Entry::by(actor, unit, "told.picture_seen", id).with(purpose);
    audit::record(tx, stamp, &[entry])?;
    let bytes = open(tx, stamp.vault, unit, id, key, &cipher)?;
    Ok((media_type, bytes))
}

fn open(
    conn: &mut Conn,
    vault: &Vault,
    unit: UnitId,
    id: PictureId,
    key: KeyId,
    cipher: &[u8],
) -> Result<Vec<u8>> {
    Ok(vault.open(conn, unit, key, &context(id), cipher)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_how_it_begins_and_nothing_else_is_kept() {
        assert_eq!(check(b"\xff\xd8\xff\xe0 more").unwrap(), "image/jpeg");
        assert_eq!(check(b"\x89PNG\r\n\x1a\n more").unwrap(), "image/png");
        assert_eq!(check(b"RIFF\x00\x00\x00\x00WEBPVP8 ").unwrap(), "image/webp");
        for bad in [&b"<svg onload=alert(1)>"[..], b"", b"%PDF-1.7", b"RIFF\x00\x00\x00\x00WAVE", b"GIF89a"] {
            assert_eq!(check(bad).unwrap_err().code(), "picture_unfit");
        }
        let mut large = b"\xff\xd8\xff".to_vec();
        large.resize(BYTES_LIMIT + 1, 0);
        assert_eq!(check(&large).unwrap_err().code(), "picture_unfit");
    }
}
