//! What is still owed in the books and may be paid all the same: money collected on a provisional slip that waits for
//! another person, and transfers that the bank told of and no statement has proven.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web;

use super::own_unit;
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::obligation::Obligation;
use crate::payment::advised::{self, Advised};
use crate::shift::provisional_query;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::pages::fields::{Fields, Wrong};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::respond::block;

/// What waits for the obligations of one page.
pub(super) struct Waiting {
    slips: HashMap<ObligationId, i64>,
    advised: HashMap<ObligationId, Advised>,
}

impl Waiting {
    pub(super) fn of(conn: &mut Conn, unit: UnitId, items: &[Obligation]) -> Result<Waiting> {
        let slips = provisional_query::awaited(conn, unit)?;
        Ok(Waiting { slips, advised: advised::of(conn, unit, items)? })
    }

    /// The number of the slip on which it was collected.
    pub(super) fn slip(&self, id: ObligationId) -> Option<i64> {
        self.slips.get(&id).copied()
    }

    /// Whether the bank told of a transfer for it.
    pub(super) fn is_advised(&self, id: ObligationId) -> bool {
        self.advised.contains_key(&id)
    }

    /// How much the bank told of, and when, in the words of a key.
    pub(super) fn told(&self, lang: Lang, key: &str, id: ObligationId) -> Option<String> {
        let told = self.advised.get(&id)?;
        let at = told.at.in_hanoi().format("%H:%M %d/%m/%Y").to_string();
        Some(lang.with(key, told.amount).replacen("{}", &at, 1))
    }
}

/// Whether the cashier said that they take it although the bank told of a transfer.
pub(super) fn is_despite(fields: &Fields) -> bool {
    !fields.get(advised::DESPITE).is_empty()
}

/// That the bank told of a transfer for one of these and the cashier does not say that they know, beside whatever
/// else a form is refused for.
pub(super) async fn unseen(
    (signed, shared): (&Signed, &web::Data<Shared>),
    ids: Vec<ObligationId>,
    fields: &Fields,
    lang: Lang,
) -> Result<Wrong> {
    let (app, actor, is_despite) = (Arc::clone(shared.app()), signed.actor.clone(), is_despite(fields));
    let seen = block(move || {
        app.read(&actor, |conn| advised::refuse_unseen(conn, own_unit(&actor)?, &ids, is_despite))
    });
    seen.await.map_or_else(|error| Wrong::of(error, lang), |()| Ok(Wrong::default()))
}
