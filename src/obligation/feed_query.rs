//! What became of obligations: the feed that dossier systems follow, and the past of one of them.

use diesel::prelude::*;

use crate::actor::Scope;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{feed, obligation, obligation_event};

/// One line of the change feed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub feed_no: i64,
    pub unit: UnitId,
    pub obligation: ObligationId,
    pub reference_code: String,
    pub dossier_code: String,
    pub kind: String,
    pub state: String,
    pub allocated: Dong,
    pub total: Dong,
    pub receipt: Option<ReceiptId>,
    pub at: Instant,
}

/// Changes after a feed number, in feed order, of the units in scope and, for a dossier system,
/// of the obligations it raised.
pub fn changes(
    conn: &mut Conn,
    scope: &Scope,
    client: Option<ClientId>,
    after: i64,
    limit: i64,
) -> Result<Vec<Change>> {
    type Stored = (
        (i64, UnitId, ObligationId),
        (String, String, Option<ClientId>, Dong),
        (String, String, Dong, Option<ReceiptId>, Instant),
    );
    let query = feed::table
        .inner_join(
            obligation_event::table
                .on(obligation_event::unit_id.eq(feed::unit_id).and(obligation_event::id.eq(feed::event_id))),
        )
        .inner_join(
            obligation::table
                .on(obligation::unit_id.eq(feed::unit_id).and(obligation::id.eq(feed::obligation_id))),
        )
        .filter(feed::feed_no.gt(after))
        .order(feed::feed_no)
        .limit(limit)
        .select((
            (feed::feed_no, feed::unit_id, feed::obligation_id),
            (
                obligation::reference_code,
                obligation::dossier_code,
                obligation::client_id,
                obligation::total + obligation::adjusted,
            ),
            (
                obligation_event::kind,
                obligation_event::state,
                obligation_event::allocated,
                obligation_event::receipt_id,
                obligation_event::at,
            ),
        ))
        .into_boxed();
    let mut query = crate::in_scope!(query, scope, feed);
    if let Some(client) = client {
        query = query.filter(obligation::client_id.eq(client));
    }
    let found: Vec<Stored> = query.load(conn).classify()?;
    Ok(found
        .into_iter()
        .map(|(place, what, event)| Change {
            feed_no: place.0,
            unit: place.1,
            obligation: place.2,
            reference_code: what.0,
            dossier_code: what.1,
            total: what.3,
            kind: event.0,
            state: event.1,
            allocated: event.2,
            receipt: event.3,
            at: event.4,
        })
        .collect())
}

/// One change of an obligation as it is told to people and programs.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct PastEvent {
    pub id: EventId,
    pub revision: i64,
    pub kind: String,
    pub state: String,
    pub allocated: Dong,
    pub payment: Option<PaymentId>,
    pub receipt: Option<ReceiptId>,
    pub actor: String,
    pub reason: Option<String>,
    pub at: Instant,
}

/// The changes of an obligation, oldest first.
pub fn events(conn: &mut Conn, unit: UnitId, id: ObligationId) -> Result<Vec<PastEvent>> {
    obligation_event::table
        .filter(obligation_event::unit_id.eq(unit))
        .filter(obligation_event::obligation_id.eq(id))
        .order((obligation_event::revision, obligation_event::id))
        .select((
            obligation_event::id,
            obligation_event::revision,
            obligation_event::kind,
            obligation_event::state,
            obligation_event::allocated,
            obligation_event::payment_id,
            obligation_event::receipt_id,
            obligation_event::actor,
            obligation_event::reason,
            obligation_event::at,
        ))
        .load(conn)
        .classify()
}
