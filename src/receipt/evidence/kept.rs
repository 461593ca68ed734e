//! What the evidence kept here proves of a document of ours that came back from outside.

use super::bundle::{self, Judgement};
use super::tops::Tops;
use crate::clock::Instant;
use crate::error::Result;
use crate::receipt::query;
use crate::receipt::recorded::{self, Recorded};
use crate::receipt::verify::{DocumentReport, TrustStore, verify};
use crate::store::Conn;

/// Who is believed, and as of when.
pub struct Terms<'t> {
    pub trust: &'t TrustStore,
    /// DER of those whose time stamps are believed.
    pub authorities: &'t [Vec<u8>],
    pub now: Instant,
}

/// Judges by what was kept at sealing a document of which nothing is open but when it was signed. It may have come
/// in a message or spelled anew, so the bytes that are kept are judged; they speak for it where its signature is
/// the one that was given here. None where nothing is proven.
pub fn judge(
    conn: &mut Conn,
    tops: &Tops,
    document: &DocumentReport,
    terms: &Terms<'_>,
) -> Result<Option<Judgement>> {
    let open = document.registered.as_ref().filter(|_| document.is_open_in_time_only());
    let Some(registered) = open else { return Ok(None) };
    let Recorded::This(item, _) = recorded::find(conn, registered)? else { return Ok(None) };
    let Some(sealed) = query::document(conn, item.unit, item.id)? else { return Ok(None) };
    let report = verify(&sealed, terms.trust, terms.now);
    let given = report.documents.first().and_then(signed);
    if given.is_none() || given != signed(document) {
        return Ok(None);
    }
    let bundle = bundle::export(conn, tops, item.unit, item.id)?;
    let judged = bundle.judge_reported(&sealed, &report, terms.authorities, terms.now)?;
    Ok(Some(judged).filter(Judgement::is_proven))
}

/// By which certificate, and when: over the same data that is the same signature.
fn signed(document: &DocumentReport) -> Option<(&str, Instant)> {
    let first = document.signatures.first()?;
    Some((first.certificate.as_ref()?.fingerprint.as_str(), first.signed_at()?))
}
