//! Binding, serving, and stopping without dropping anybody.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use futures_util::future::{Either, join, select};

use super::{Shared, deadline, guesses, health, pages, refusal, routes, trace};
use crate::app::Running;
use crate::error::{Error, Result};

/// How long requests in flight may take when the service stops.
const DRAIN_S: u64 = 30;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;
/// Threads for database work per worker; the pools behind them are smaller.
const BLOCKING_THREADS: usize = 16;
/// The largest form: the text of a city's tariff, whose Vietnamese letters take nine characters each.
const FORM_LIMIT_BYTES: usize = 512 * 1024;
/// How long the last worker thread may take to let go after the server has ended.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

/// Serves on `config.web.listen` until SIGTERM or SIGINT. `announce` gets the real address: port 0
/// asks for any free one. Afterwards nothing new arrives, so `Running::stop` may be called.
///
/// # Errors
/// `port_taken`, `listen_failed`.
pub async fn serve(running: Arc<Running>, announce: impl FnOnce(SocketAddr)) -> Result<()> {
    let signal = stop_signal()?;
    serve_until(running, announce, signal).await
}

/// The same, until `stop` is ready. When this returns, the server's share of `running` is dropped.
pub async fn serve_until(
    running: Arc<Running>,
    announce: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let listener = bind(running.app.config.web.listen)?;
    let address = listener.local_addr().map_err(|error| listen_failed(&error))?;
    let metrics_listener = running.app.config.web.metrics_listen.map(bind).transpose()?;
    let workers = running.app.config.web.workers;
    let shared = web::Data::new(Shared::new(running));
    let handed_out = shared.clone();
    let stopping = shared.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(handed_out.clone())
            .app_data(web::FormConfig::default().limit(FORM_LIMIT_BYTES))
            .wrap(from_fn(guesses::watch))
            .wrap(from_fn(pages::kept::keep))
            .wrap(from_fn(refusal::media))
            .wrap(from_fn(pages::failed::framed))
            .wrap(from_fn(deadline::limit))
            .wrap(from_fn(trace::trace))
            .configure(routes::configure)
    })
    .workers(workers)
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .shutdown_timeout(DRAIN_S)
    .disable_signals()
    .listen(listener)
    .map_err(|error| listen_failed(&error))?
    .run();
    let metrics = metrics_listener.map(|listener| metrics_server(listener, shared.clone())).transpose()?;
    announce(address);
    tracing::info!(%address, workers, "listening");
    let handle = server.handle();
    let served = beside(server, metrics);
    let ended = match select(Box::pin(served), Box::pin(stop)).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), served)) => {
            // Streams of waiting pages would hold the stop up; their browsers come back by themselves.
            stopping.live.stop();
            tracing::info!("stopping: no new connections, requests in flight are finished");
            join(served, handle.stop(true)).await.0
        }
    };
    drop(stopping);
    release(shared).await;
    ended.map_err(|error| Error::internal(format!("the web server ended: {error}")))
}

/// `/metrics` alone, for the collector, on an address that no citizen reaches.
fn metrics_server(listener: TcpListener, shared: web::Data<Shared>) -> Result<Server> {
    let address = listener.local_addr().map_err(|error| listen_failed(&error))?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .wrap(from_fn(trace::trace))
            .route("/metrics", web::get().to(health::counted))
            .default_service(web::to(refusal::path_not_found))
    })
    .workers(1)
    .shutdown_timeout(DRAIN_S)
    .disable_signals()
    .listen(listener)
    .map_err(|error| listen_failed(&error))?
    .run();
    tracing::info!(%address, "metrics are served here alone");
    Ok(server)
}

/// Runs the service with the server of metrics beside it, which ends with it.
async fn beside(server: Server, metrics: Option<Server>) -> std::io::Result<()> {
    let Some(metrics) = metrics else { return server.await };
    let handle = metrics.handle();
    let served = async {
        let ended = server.await;
        handle.stop(true).await;
        ended
    };
    join(served, metrics).await.0
}

fn bind(address: SocketAddr) -> Result<TcpListener> {
    let bound = || -> std::io::Result<TcpListener> {
        let socket = match address {
            SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        // A restart must not wait for connections of the process before.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG.unsigned_abs())?.into_std()
    };
    bound().map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let detail = format!(
                "{address} is taken by another program; choose another with --listen, web.listen or BIENLAI_LISTEN"
            );
            Error::conflict("port_taken", detail)
        }
        _ => listen_failed(&error),
    })
}

fn listen_failed(error: &std::io::Error) -> Error {
    Error::invalid("web.listen", "listen_failed", error.to_string())
}

/// Ready when the process is asked to end.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Error::internal(format!("signals: {error}")));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits until the worker threads let go, so that the caller's `running` is the last one.
async fn release(shared: web::Data<Shared>) {
    let shared = shared.into_inner();
    let began = std::time::Instant::now();
    while Arc::strong_count(&shared) > 1 && began.elapsed() < RELEASE_LIMIT {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
