//! Whether a payer agrees to messages beyond those that collecting needs. Each word is a record of
//! its own; the newest counts.

use std::collections::HashMap;

use super::query::{self, ConsentRow};
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{PartyId, UnitId};
use crate::store::{Conn, Stamp, Tx, rows};
use crate::text;

const SOURCE_LIMIT: usize = 200;

/// A payer's word, given or taken back.
pub struct Word {
    pub unit: UnitId,
    pub party: PartyId,
    pub is_given: bool,
    /// Where it is proven: a form's number, a page. No personal data.
    pub source: String,
    pub given_on: BusinessDay,
}

/// Records it. `consent_source_missing` without a source, `date_out_of_range` for a day to come.
pub fn record(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, word: Word) -> Result<()> {
    actor.require_role(&[Role::DossierSystem, Role::Cashier, Role::Administrator, Role::System])?;
    actor.scope.require(word.unit)?;
    let source = text::clean(&word.source);
    if source.is_empty() {
        return Err(Error::invalid("source", "consent_source_missing", "say where the consent is proven"));
    }
    if source.chars().count() > SOURCE_LIMIT {
        return Err(Error::invalid("source", "field_too_long", format!("at most {SOURCE_LIMIT} characters")));
    }
    if word.given_on > stamp.today() {
        return Err(Error::invalid("given_on", "date_out_of_range", "the day lies in the future"));
    }
    let row = ConsentRow {
        unit_id: word.unit,
        id: stamp.mint()?,
        party_id: word.party,
        is_given: word.is_given,
        source,
        given_on: word.given_on,
        actor: audit::actor_text(actor),
        created_at: stamp.now,
    };
    let action = if word.is_given { "party.consent_given" } else { "party.consent_withdrawn" };
    rows::insert(tx, &[row])?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, word.unit, action, word.party)])
}

/// The parties that agree now.
pub fn given(conn: &mut Conn, parties: &[(UnitId, PartyId)]) -> Result<HashMap<(UnitId, PartyId), bool>> {
    let words = query::consents(conn, parties)?;
    Ok(words.into_iter().map(|(unit, party, is_given)| ((unit, party), is_given)).collect())
}
