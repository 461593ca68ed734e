//! Refused messages: the first 4 kB, encrypted, and a hash, kept for 30 days so that a partner's wrong secret
//! or clock can be found; limited per source, so that a flood fills neither disk nor writer.

use std::sync::Arc;

use actix_web::HttpRequest;
use ring::digest::{SHA256, digest};

use super::Received;
use crate::actor::Actor;
use crate::error::Result;
use crate::id::EventId;
use crate::payment::channel::Refusal;
use crate::store::vault::Vault;
use crate::store::{Conn, rows};
use crate::text;
use crate::unit;
use crate::web::Shared;
use crate::web::query::{Refused, RefusedRow};
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
        body_head: Vec::new(),
        key_id: None,
        received_at: received.now,
    };
    let head: Vec<u8> = received.body.iter().copied().take(HEAD_BYTES).collect();
    let kept = block(move || {
        app.write(&Actor::system(), |tx, stamp| {
            let id: EventId = stamp.mint()?;
            // A body that proves nothing may still name a payer: it is kept as raw events are.
            let key = stamp.sealing_key(tx, unit::CITY)?;
            let body_head = stamp.vault.seal(&key, &context(id.0), &head)?;
            rows::insert(tx, &[RefusedRow { id: id.0, body_head, key_id: Some(key.id), ..row.clone() }])
        })
    });
    if let Err(error) = kept.await {
        tracing::warn!(%error, "a refused callback was not kept");
    }
}

fn context(id: i64) -> String {
    format!("refused_event/{id}")
}

/// The kept bytes of a refused message; empty for those kept before they were encrypted.
pub fn open_head(conn: &mut Conn, vault: &Vault, kept: &Refused) -> Result<Vec<u8>> {
    match kept.key {
        Some(key) => vault.open(conn, unit::CITY, key, &context(kept.id), &kept.head),
        None => Ok(Vec::new()),
    }
}
