//! Whether the process is up, ready, and how it is doing.

use std::sync::{Arc, Mutex, OnceLock};

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde_json::json;

use super::respond::{self, Answer, block};
use super::{Shared, refusal};
use crate::actor::Scope;
use crate::app::{App, Running};
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::exception::{self, Kind};
use crate::id::minted_at;
use crate::notification::{self, Channel, State};
use crate::queue::alarm;
use crate::{filing, payment, receipt, store};

/// Ages are counted anew at most this often, however often somebody asks.
const GAUGE_AGE_S: i64 = 15;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> HttpResponse {
    plain(StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz`: the store can be reached and written to, its schema fits, claims are taken.
pub async fn readyz(shared: web::Data<Shared>) -> Answer {
    let app = Arc::clone(shared.app());
    let stored = block(move || {
        app.store.read(&Scope::All, store::migrate::check)?;
        if app.store.refuses_writes() {
            return Err(Error::busy(store::failure::UNAVAILABLE, 2, "the last transaction could not write"));
        }
        if !app.store.is_in_place() {
            return Err(Error::busy(store::failure::UNAVAILABLE, 2, "the database file is gone"));
        }
        Ok(())
    })
    .await;
    let is_settling = shared.running.settler.is_alive();
    let is_ready = stored.is_ok() && is_settling;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let store = stored.as_ref().map_or_else(|error| error.code(), |()| "ok");
    let settler = if is_settling { "ok" } else { "stopped" };
    respond::json(status, &json!({ "ready": is_ready, "store": store, "settler": settler }))
}

/// `GET /metrics` on the service's own port; no such path where it has an address of its own.
pub async fn metrics(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    if shared.app().config.web.metrics_listen.is_some() {
        return refusal::path_not_found(request).await;
    }
    counted(shared).await.unwrap_or_else(|failure| failure.error_response())
}

/// `GET /metrics`: counters, histograms and the ages of what waits, for Prometheus.
pub async fn counted(shared: web::Data<Shared>) -> Answer {
    let running = Arc::clone(&shared.running);
    let asked = shared.clone();
    block(move || asked.gauges.refresh(&running)).await?;
    shared.metrics.run_upkeep();
    Ok(plain(StatusCode::OK, shared.metrics.render()))
}

fn plain(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body(text)
}

/// The recorder of the process. Installed once: tests start several servers in one process.
pub fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let claims = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_claims".to_owned()), &claims))
        .unwrap_or_else(|_| PrometheusBuilder::new());
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another metrics recorder was installed before; /metrics shows nothing");
    }
    handle
}

/// What is counted in the database, remembered for a moment.
#[derive(Default)]
pub struct Gauges {
    counted_at: Mutex<Option<Instant>>,
}

impl Gauges {
    /// Sets the gauges, counting in the database when the last count is old.
    fn refresh(&self, running: &Running) -> Result<()> {
        let app = &running.app;
        gauge("bienlai_settler_queue_claims", running.settler.depth() as i64);
        gauge("bienlai_sealing_queue_receipts", app.sealing.depth() as i64);
        let now = app.clock.now();
        let mut counted_at = self.counted_at.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counted_at.is_some_and(|at| (0..GAUGE_AGE_S).contains(&now.seconds_since(at))) {
            return Ok(());
        }
        count(app, now)?;
        *counted_at = Some(now);
        Ok(())
    }
}

/// Money whose owner or ground nobody knows: what stands in suspense or among unexplained debits.
const UNEXPLAINED: [Kind; 9] = [
    Kind::TwinLines,
    Kind::UnidentifiedCredit,
    Kind::DamagedCode,
    Kind::SeveralObligations,
    Kind::ContentDiffers,
    Kind::SameMoneyTwoChannels,
    Kind::BulkSettlement,
    Kind::WrongAccount,
    Kind::UnknownDebit,
];

fn count(app: &App, now: Instant) -> Result<()> {
    let (unproven, unexplained, unsigned, broken) = app.store.read(&Scope::All, |conn| {
        Ok((
            payment::movement_query::oldest_expected(conn)?,
            exception::query::oldest_unresolved(conn, &UNEXPLAINED)?,
            receipt::query::unsigned_count(conn)?,
            exception::query::unresolved_count(conn, Kind::SeriesBroken)?,
        ))
    })?;
    let age = |at: Option<Instant>| at.map_or(0, |at| now.seconds_since(at).max(0));
    gauge("bienlai_oldest_unproven_age_seconds", age(unproven.map(|id| minted_at(id.0))));
    gauge("bienlai_oldest_unexplained_age_seconds", age(unexplained));
    gauge("bienlai_receipts_unsigned", unsigned);
    gauge("bienlai_series_broken", broken);
    gauge("bienlai_books_broken", app.books.broken() as i64);
    for (kind, count) in app.store.read(&Scope::All, |conn| alarm::counts(conn, now))? {
        metrics::gauge!("bienlai_age_alarms_open", "kind" => kind).set(count as f64);
        if kind == alarm::About::TrustSuspended.as_str() {
            gauge("bienlai_trust_suspended", count);
        }
    }
    let sending = app.store.read(&Scope::All, filing::transmission::oldest_waiting)?;
    gauge("bienlai_tax_oldest_waiting_age_seconds", age(sending));
    count_messages(app, now)?;
    gauge("bienlai_key_alarms_open", app.store.read(&Scope::All, receipt::key::alarm::open)?.len() as i64);
    Ok(())
}

/// Ended messages are counted so long.
const ENDED_SHOWN_S: i64 = 30 * 24 * 3_600;

/// Messages that wait or ended without arriving, by way and state, and how old the oldest is.
fn count_messages(app: &App, now: Instant) -> Result<()> {
    let since = now.minus_seconds(ENDED_SHOWN_S);
    let found = app.store.read(&Scope::All, |conn| notification::query::troubled(conn, since))?;
    for channel in [Channel::Email, Channel::Sms] {
        for state in UNSENT {
            let is_it = |row: &&(String, String, i64, Option<Instant>)| {
                row.0 == state.as_str() && row.1 == channel.as_str()
            };
            let row = found.iter().find(is_it);
            let labels = [("channel", channel.as_str()), ("state", state.as_str())];
            metrics::gauge!("bienlai_messages", &labels).set(row.map_or(0, |row| row.2) as f64);
            let oldest_s = row.and_then(|row| row.3).map_or(0, |at| now.seconds_since(at).max(0));
            metrics::gauge!("bienlai_messages_oldest_age_seconds", &labels).set(oldest_s as f64);
        }
    }
    Ok(())
}

const UNSENT: [State; 5] = [State::Waiting, State::Sending, State::Bounced, State::Failed, State::GivenUp];

fn gauge(name: &'static str, value: i64) {
    metrics::gauge!(name).set(value as f64);
}
