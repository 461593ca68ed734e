//! Deleting what is kept for a time only: idempotency answers, refused events, one-time codes, renditions.

use diesel::prelude::*;

use crate::actor::Scope;
use crate::app::App;
use crate::error::Result;
use crate::notification::lookup;
use crate::receipt::rendition::cache;
use crate::store::Lane;
use crate::store::failure::Classify;
use crate::store::schema::{idempotency, refused_event};

/// Answers are repeated, and refused events shown, for so long.
const KEPT_DAYS: i64 = 30;

/// Deletes expired rows.
pub fn purge(app: &App) -> Result<usize> {
    let renditions = cache::purge(&app.store, app.clock.now())?;
    let oldest = app.clock.now().minus_seconds(KEPT_DAYS * 86_400);
    app.store.write(&Scope::All, Lane::Bulk, |tx| {
        let answers = diesel::delete(idempotency::table.filter(idempotency::created_at.lt(oldest)))
            .execute(tx.conn())
            .classify()?;
        let refused = diesel::delete(refused_event::table.filter(refused_event::received_at.lt(oldest)))
            .execute(tx.conn())
            .classify()?;
        let codes = lookup::purge(tx, app.clock.now())?;
        Ok(answers + refused + renditions + codes)
    })
}
