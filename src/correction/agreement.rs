//! The agreement itself (văn bản thỏa thuận), kept encrypted beside its correction. Its hash stands
//! in the correction, so that an approver knows which paper was approved.

use ring::digest::{SHA256, digest};

use super::{ASKERS, Correction, State, find, query, tell};
use crate::actor::Actor;
use crate::audit;
use crate::error::{Error, Result};
use crate::id::*;
use crate::store::{Stamp, Tx, rows};
use crate::text;

/// A scan of a few pages.
pub const BYTES_LIMIT: usize = 5 * 1024 * 1024;

/// The files that are kept, by how they begin.
const MEDIA_TYPES: [(&[u8], &str, &str); 3] = [
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
];

/// An agreement as it was attached.
pub struct Document {
    pub media_type: String,
    /// Ending of a file's name.
    pub extension: &'static str,
    pub sha256: String,
    pub bytes: Vec<u8>,
}

/// Attaches the agreement to a correction that waits for its decision; a later one takes its place.
///
/// # Errors
/// `correction_not_requested` once it is decided, `agreement_too_large`,
/// `agreement_type_unknown`.
pub fn attach(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
    bytes: &[u8],
) -> Result<Correction> {
    actor.require_role(&ASKERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let (media_type, _) = media_type(bytes)?;
    let mut correction = find(tx, unit, id)?;
    if correction.state != State::Requested {
        let detail = "it is decided; what was approved stays as it was";
        return Err(Error::conflict("correction_not_requested", detail));
    }
    let sha256 = text::hex(digest(&SHA256, bytes).as_ref());
    let row: EventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, unit)?;
    let cipher = stamp.vault.seal(&key, &context(row), bytes)?;
    let size = i64::try_from(bytes.len()).map_err(|_| too_large())?;
    rows::insert(
        tx,
        &[query::AgreementRow {
            unit_id: unit,
            id: row,
            correction_id: id,
            media_type: media_type.to_owned(),
            size,
            sha256: sha256.clone(),
            key_id: key.id,
            cipher,
            person_id: person,
            created_at: stamp.now,
        }],
    )?;
    correction.agreement_sha256 = Some(sha256);
    correction.revision += 1;
    query::store(tx, &correction)?;
    tell(tx, stamp, &correction, person, "agreement_attached", None)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.agreement_attached", id)])?;
    Ok(correction)
}

/// The newest agreement of a correction. Looking at it leaves a trace.
///
/// # Errors
/// `agreement_not_found` when none was attached, `erased`.
pub fn read(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: CorrectionId,
) -> Result<Document> {
    actor.scope.require(unit)?;
    let missing = || Error::not_found("agreement_not_found", "no agreement is attached to this correction");
    let (row, media_type, sha256, key, cipher) = query::agreement(tx, unit, id)?.ok_or_else(missing)?;
    let bytes = stamp.vault.open(tx, unit, key, &context(row), &cipher)?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "correction.agreement_seen", id)])?;
    let known = MEDIA_TYPES.iter().find(|(_, known, _)| *known == media_type);
    let extension = known.map_or("bin", |(_, _, extension)| extension);
    Ok(Document { media_type, extension, sha256, bytes })
}

fn context(row: EventId) -> String {
    format!("correction_agreement/{}", row.0)
}

/// Whether a file could be kept.
///
/// # Errors
/// `agreement_too_large`, `agreement_type_unknown`.
pub fn check(bytes: &[u8]) -> Result<()> {
    media_type(bytes).map(|_| ())
}

pub fn too_large() -> Error {
    Error::invalid("agreement", "agreement_too_large", format!("at most {BYTES_LIMIT} bytes"))
}

fn media_type(bytes: &[u8]) -> Result<(&'static str, &'static str)> {
    if bytes.len() > BYTES_LIMIT {
        return Err(too_large());
    }
    let known = MEDIA_TYPES.iter().find(|(begin, _, _)| bytes.starts_with(begin));
    known
        .map(|(_, media_type, extension)| (*media_type, *extension))
        .ok_or_else(|| Error::invalid("agreement", "agreement_type_unknown", "expected a PDF, PNG or JPEG"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with_whatever_its_name_says() {
        assert_eq!(media_type(b"%PDF-1.7 ...").unwrap(), ("application/pdf", "pdf"));
        assert_eq!(media_type(b"\xff\xd8\xff\xe0").unwrap().1, "jpg");
        for wrong in [&b""[..], b"<html>", b"MZ", b" %PDF-1.7"] {
            assert_eq!(media_type(wrong).unwrap_err().code(), "agreement_type_unknown");
        }
        let mut huge = b"%PDF-".to_vec();
        huge.resize(BYTES_LIMIT + 1, b' ');
        assert_eq!(media_type(&huge).unwrap_err().code(), "agreement_too_large");
    }
}
