//! Refused messages: the first 4 kB and a hash, kept for 30 days so that a partner's wrong secret
//! or clock can be found; limited per source, so that a flood fills neither disk nor writer.

use std::sync::Arc;

use actix_web::HttpRequest;
use ring::digest::{SHA256, digest};

use super::Received;
use crate::actor::Actor;
use crate::payment::channel::Refusal;
use crate::store::rows;
use crate::text;
use crate::unit;
use crate::web::Shared;
use crate::web::query::RefusedRow;
use crate::web::respond::block;

const HEAD_BYTES: usize = 4_096;

/// Keeps a refused message. That it could not be kept changes nothing for its sender.
pub async fn keep(
    request: &HttpRequest,
    shared: &Shared,
    channel: &str,
    refusal: &Refusal,
    received: &Received,
) {
    metrics::counter!("bienlai_callbacks_refused_total", "code" => refusal.code).increment(1);
    let source = shared.source(request);
    if shared.refusals.count(source).is_err() {
        return;
    }
    tracing::warn!(channel, code = refusal.code, detail = refusal.detail, "callback refused");
    let app = Arc::clone(shared.app());
    let row = RefusedRow {
        id: 0,
        channel: channel.to_owned(),
        code: refusal.code,
        // An address is personal data; its keyed hash still tells one source from another.
        source_sha256: app.vault.blind(unit::CITY, "source", &source.to_string()),
        body_sha256: text::hex(digest(&SHA256, &received.body).as_ref()),
        body_head: received.body.iter().copied().take(HEAD_BYTES).collect(),
        received_at: received.now,
    };
    let kept = block(move || {
        app.write(&Actor::system(), |tx, stamp| {
            let id: crate::id::EventId = stamp.mint()?;
            rows::insert(tx, &[RefusedRow { id: id.0, ..row.clone() }])
        })
    });
    if let Err(error) = kept.await {
        tracing::warn!(%error, "a refused callback was not kept");
    }
}
