//! The service beside the demo, on a thread of its own, as `bienlai serve` runs it.

use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::app::{App, Running};
use crate::cli::serve;
use crate::error::{Error, Result};
use crate::web;

/// A running service.
pub struct Service {
    pub app: Arc<App>,
    /// Without a slash at the end.
    pub url: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Service {
    /// Starts it and waits until it listens.
    pub fn start(app: Arc<App>) -> Result<Service> {
        let running = Arc::new(Running::start(Arc::clone(&app))?);
        let (stop, stopped) = oneshot::channel::<()>();
        let (announce, announced) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("service".into())
            .spawn(move || serve_until(running, announce, stopped))
            .map_err(|error| Error::internal(error.to_string()))?;
        match announced.recv() {
            Ok(address) => Ok(Service { app, url: format!("http://{address}"), stop, thread }),
            Err(_) => {
                let ended = thread.join().map_err(|_| Error::internal("the service panicked"))?;
                Err(ended.err().unwrap_or_else(|| Error::internal("the service ended at once")))
            }
        }
    }

    /// Stops it: requests in flight end, the queue drains, what is numbered is signed.
    pub fn stop(self) -> Result<()> {
        let _ = self.stop.send(());
        self.thread.join().map_err(|_| Error::internal("the service panicked"))?
    }

    /// Waits until the process is told to stop.
    pub fn wait(self) -> Result<()> {
        actix_web::rt::System::new().block_on(stop_signal())?;
        println!("\nĐang dừng: ký nốt biên lai… / stopping");
        self.stop()
    }
}

async fn stop_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Error::internal(format!("signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn serve_until(
    running: Arc<Running>,
    announce: mpsc::Sender<std::net::SocketAddr>,
    stopped: oneshot::Receiver<()>,
) -> Result<()> {
    let served = actix_web::rt::System::new().block_on(web::serve_until(
        Arc::clone(&running),
        move |address| {
            let _ = announce.send(address);
        },
        async move {
            let _ = stopped.await;
        },
    ));
    serve::stop(running);
    served
}

/// The port, when it is free; any free one for 0. Asked before anything is made, so that a taken
/// port costs nobody a minute.
pub fn free_port(port: u16) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|_| {
        let detail = format!(
            "cổng {port} đang được dùng; chọn cổng khác bằng --port, ví dụ --port {next} / \
             port {port} is taken; choose another: --port {next}",
            next = port.checked_add(1).unwrap_or(8081)
        );
        Error::conflict("port_taken", detail)
    })?;
    listener.local_addr().map(|address| address.port()).map_err(|error| Error::internal(error.to_string()))
}
