//! Numbering: a receipt gets its number and its canonical body in the transaction that settles.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;

use super::content::{Content, Numbering};
use super::lookup::LookupCode;
use super::{profile, query, xml};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::{ObligationId, ReceiptId, UnitId};
use crate::store::rows::{self, Insertion};
use crate::store::{Stamp, Tx};
use crate::text;
use crate::unit::account::{KIND_RECEIPT, PublicCodeRow};
use crate::unit::{Series, series};

/// The document kind this room issues.
pub const RECEIPT: &str = "receipt";

/// A receipt to be numbered.
pub struct Draft {
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub content: Content,
    pub collected_at: Instant,
}

/// What became of a draft.
pub enum Outcome {
    Numbered {
        id: ReceiptId,
        lookup_code: String,
    },
    /// The money is settled all the same; the receipt is due, for this reason.
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
/// other without a gap because they are taken and stored in this one transaction.
pub fn number(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, drafts: &[Draft]) -> Result<Vec<Outcome>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let mut open = lock_series(tx, stamp, drafts)?;
    let mut used: HashMap<UnitId, ()> = HashMap::new();
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut numbered = Vec::with_capacity(drafts.len());
    for draft in drafts {
        match place(stamp, open.get_mut(&draft.unit), draft) {
            Ok(row) => {
                used.insert(draft.unit, ());
                outcomes.push(Outcome::Numbered { id: row.id, lookup_code: row.lookup_code.clone() });
                numbered.push(row);
            }
            Err(error) if error.is_internal() || error.is_busy() => return Err(error),
            Err(error) => {
                tracing::warn!(unit = %draft.unit, obligation = %draft.obligation, %error, "receipt cannot be numbered");
                outcomes.push(Outcome::Refused { code: error.code() });
            }
        }
    }
    let advanced: Vec<Series> =
        open.into_iter().filter(|(unit, _)| used.contains_key(unit)).map(|(_, series)| series).collect();
    series::advance(tx, &advanced)?;
    store(tx, stamp, actor, numbered)?;
    Ok(outcomes)
}

fn lock_series(tx: &mut Tx<'_>, stamp: &Stamp<'_>, drafts: &[Draft]) -> Result<HashMap<UnitId, Series>> {
    let mut units: Vec<UnitId> = drafts.iter().map(|draft| draft.unit).collect();
    units.sort_unstable();
    units.dedup();
    let mut open = HashMap::with_capacity(units.len());
    for series in series::lock_open(tx, &units, stamp.today().year())? {
        // The newest open series of the unit and kind is the one in use.
        if series.document_kind == RECEIPT {
            open.entry(series.unit)
                .and_modify(|held: &mut Series| {
                    if series.id > held.id {
                        *held = series.clone();
                    }
                })
                .or_insert(series);
        }
    }
    Ok(open)
}

fn place(stamp: &Stamp<'_>, series: Option<&mut Series>, draft: &Draft) -> Result<query::ReceiptRow> {
    let series =
        series.ok_or_else(|| Error::conflict("series_missing", "the unit has no open receipt series"))?;
    if series.next_no > series.last_allowed_no {
        return Err(Error::conflict("series_exhausted", "the receipt series is used up"));
    }
    let today = stamp.today();
    let issued_on = series.last_issued_on.map_or(today, |last| last.max(today));
    let profile = profile::for_day(issued_on);
    let numbering = Numbering {
        template: series.template.clone(),
        series: series.series.clone(),
        number: u32::try_from(series.next_no).map_err(|_| Error::internal("receipt number out of range"))?,
        issued_on,
    };
    numbering.validate(profile)?;
    draft.content.validate(profile)?;
    let id: ReceiptId = stamp.mint()?;
    let body = xml::body(&draft.content, &numbering, profile, &id.to_string());
    series.next_no += 1;
    series.last_issued_on = Some(issued_on);
    Ok(query::ReceiptRow {
        unit_id: draft.unit,
        id,
        obligation_id: draft.obligation,
        series_id: series.id,
        number: series.next_no - 1,
        document_kind: RECEIPT,
        template: numbering.template,
        series: numbering.series,
        amount: draft.content.totals.payable,
        issued_on,
        collected_at: draft.collected_at,
        lookup_code: draft.content.lookup_code.as_str().to_owned(),
        profile: profile.name,
        body_sha256: text::hex(digest(&SHA256, &body).as_ref()),
        body,
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
    rows::insert_together(tx, vec![Insertion::of(&numbered), Insertion::of(&events), Insertion::of(&codes)])
}
