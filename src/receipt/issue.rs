//! Numbering: a document gets its number and its canonical body in the transaction that settles.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;

use super::content::Numbering;
use super::document::Document;
use super::format::Rulebook;
use super::kind::DocumentKind;
use super::lookup::LookupCode;
use super::query;
use super::shelf::{Shelf, Space};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::store::rows::{self, Insertion};
use crate::store::{Stamp, Tx, failpoint};
use crate::text;
use crate::unit::account::{KIND_RECEIPT, PublicCodeRow};
use crate::unit::{Series, series};

/// A document to be numbered.
pub struct Draft {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub kind: DocumentKind,
    pub content: Document,
    pub collected_at: Instant,
}

/// What became of a draft.
pub enum Outcome {
    Numbered {
        id: ReceiptId,
        lookup_code: String,
    },
    /// The money is settled all the same; the document is due, for this reason.
    Refused {
        code: &'static str,
    },
}

/// Draws a look-up code for a draft's content.
pub fn lookup_code() -> Result<LookupCode> {
    LookupCode::generate(&SystemRandom::new())
}

/// Numbers the drafts in their order, under the locks of their series.
///
/// NLap is today in Hà Nội, but never before the series' last. Numbers of one series follow each
/// other without a gap because they are taken and stored in this one transaction. When a series runs
/// out the rest takes the next one; when none follows, the rest is refused with `series_exhausted`.
pub fn number(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, drafts: &[Draft]) -> Result<Vec<Outcome>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let mut units: Vec<UnitId> = drafts.iter().map(|draft| draft.unit).collect();
    units.sort_unstable();
    units.dedup();
    let mut shelf = Shelf::lock(tx, &units, stamp.today().year())?;
    let mut causes: HashMap<Space, &'static str> = HashMap::new();
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut numbered = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let space = (draft.unit, draft.kind.series_kind());
        match place(stamp, shelf.in_use(tx, stamp, space)?, draft) {
            Ok(row) => {
                outcomes.push(Outcome::Numbered { id: row.id, lookup_code: row.lookup_code.clone() });
                numbered.push(row);
            }
            Err(error) if error.is_internal() || error.is_busy() => return Err(error),
            Err(error) => {
                let code = match (error.code(), causes.get(&space)) {
                    ("series_missing", Some(known)) => known,
                    ("series_missing", None) => {
                        let cause = missing(tx, stamp, draft)?;
                        causes.insert(space, cause);
                        cause
                    }
                    (code, _) => code,
                };
                // Who settles tells it once; what is due is tried again and again.
                tracing::debug!(
                    unit = %draft.unit, obligation = %draft.obligation, kind = %draft.kind, %error,
                    "document cannot be numbered"
                );
                outcomes.push(Outcome::Refused { code });
            }
        }
    }
    series::advance(tx, &shelf.used())?;
    store(tx, stamp, actor, numbered)?;
    Ok(outcomes)
}

/// No series is open: because it was closed, or because there is none.
fn missing(tx: &mut Tx<'_>, stamp: &Stamp<'_>, draft: &Draft) -> Result<&'static str> {
    let year = stamp.today().year();
    let is_known = series::of_unit(tx, draft.unit)?
        .iter()
        .any(|series| series.year == year && series.document_kind == draft.kind.series_kind());
    Ok(if is_known { "series_closed" } else { "series_missing" })
}

/// Clocks of several machines may differ around midnight; a series dated further ahead means that a
/// clock was wrong, and a document of such a day would be too.
const DAYS_AHEAD: i64 = 1;

fn place(stamp: &Stamp<'_>, series: Option<&mut Series>, draft: &Draft) -> Result<query::ReceiptRow> {
    let series = series.ok_or_else(|| Error::conflict("series_missing", "the unit has no open series"))?;
    if series.next_no > series.last_allowed_no {
        return Err(Error::conflict("series_exhausted", "the series is used up"));
    }
    let today = stamp.today();
    let issued_on = series.last_issued_on.map_or(today, |last| last.max(today));
    if issued_on > today.plus_days(DAYS_AHEAD) {
        let detail = format!("the series' last document is of {issued_on}, the clock says {today}");
        return Err(Error::conflict("clock_before_last_document", detail));
    }
    let numbering = Numbering {
        template: series.template.clone(),
        series: series.series.clone(),
        number: u32::try_from(series.next_no).map_err(|_| Error::internal("receipt number out of range"))?,
        issued_on,
    };
    let id: ReceiptId = stamp.mint()?;
    let written = Rulebook::shipped().write(draft.kind, &draft.content, &numbering, &id.to_string())?;
    series.next_no += 1;
    series.last_issued_on = Some(issued_on);
    Ok(query::ReceiptRow {
        unit_id: draft.unit,
        id,
        obligation_id: draft.obligation,
        series_id: series.id,
        number: series.next_no - 1,
        document_kind: draft.kind.as_str(),
        template: numbering.template,
        series: numbering.series,
        amount: draft.content.payable(),
        issued_on,
        collected_at: draft.collected_at,
        lookup_code: draft.content.lookup_code().as_str().to_owned(),
        profile: written.profile,
        body_sha256: text::hex(digest(&SHA256, &written.body).as_ref()),
        body: written.body,
        created_at: stamp.now,
        state: "numbered",
        revision: 1,
    })
}

fn store(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, numbered: Vec<query::ReceiptRow>) -> Result<()> {
    let mut events = Vec::with_capacity(numbered.len());
    let mut codes = Vec::with_capacity(numbered.len());
    for row in &numbered {
        events.push(query::EventRow {
            unit_id: row.unit_id,
            id: stamp.mint()?,
            receipt_id: row.id,
            revision: 1,
            kind: "numbered",
            state: "numbered",
            actor: audit::actor_text(actor),
            reason: None,
            at: stamp.now,
        });
        codes.push(PublicCodeRow {
            code: row.lookup_code.clone(),
            unit_id: row.unit_id,
            kind: KIND_RECEIPT,
            target_id: row.id.0,
        });
    }
    rows::insert_together(tx, vec![Insertion::of(&numbered), Insertion::of(&events), Insertion::of(&codes)])?;
    failpoint::hit("numbered");
    Ok(())
}
