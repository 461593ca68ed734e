//! Several documents printed at once: their pages one after the other in one file for the printer. It is
//! a copy for paper and says so at the foot of each page; the rendition of each stays a file of its own.

use super::query;
use super::{Layout, Links, Standing, form, reading, wording};
use crate::clock::Instant;
use crate::error::Result;
use crate::id::{ReceiptId, UnitId};
use crate::pdf::{self, Leaves, Moment};
use crate::store::Conn;

/// Documents of one print.
pub const LIMIT: usize = 60;

/// A signed document and how it stands.
pub struct Source {
    document: Vec<u8>,
    standing: Standing,
}

/// The signed ones among these receipts of a unit, in their order; at most `LIMIT`.
pub fn sources(conn: &mut Conn, unit: UnitId, ids: &[ReceiptId]) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for id in ids.iter().take(LIMIT) {
        let Some(document) = crate::receipt::query::document(conn, unit, *id)? else { continue };
        let (state, _) = query::state(conn, unit, *id)?;
        let standing = query::standing(conn, unit, *id, &state)?;
        found.push(Source { document, standing });
    }
    Ok(found)
}

/// One file with the pages of all, made at `now`.
///
/// # Errors
/// `rendition_unreadable`.
pub fn together(sources: &[Source], links: &Links, now: Instant) -> Result<Vec<u8>> {
    let mut pages = sources.iter().map(|source| leaves(source, links)).collect::<Result<Vec<Leaves>>>()?;
    let title = format!("Bản in {} chứng từ", sources.len());
    pdf::print(&title, Moment::of(now), &mut pages)
}

fn leaves(source: &Source, links: &Links) -> Result<Leaves> {
    let printed = reading::read(&source.document)?;
    let sheet = match Layout::on(&printed.issued_on) {
        Layout::First => form::lay_out(&printed, &source.standing, links),
    };
    let furniture = form::page_texts(&printed, true);
    Ok(sheet.finish_for_print(&furniture.as_furniture(), wording::watermark(&source.standing)))
}
