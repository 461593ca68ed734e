//! `/r/{look-up code}.pdf`: the rendition of a receipt as it stands.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::Semaphore;

use super::Page;
use super::receipt::{asked, find};
use crate::actor::Scope;
use crate::error::{Error, Result};
use crate::receipt::query::Stored;
use crate::receipt::rendition::Links;
use crate::receipt::rendition::cache::{self, Found};
use crate::web::Shared;
use crate::web::respond::block;

/// How long a request waits for its turn to be drawn.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// How many pages may be drawn at once: drawing takes processors from the money path.
pub struct Turns(Semaphore);

impl Turns {
    /// Half the processors, at least one.
    pub fn new() -> Turns {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Turns(Semaphore::new((processors / 2).max(1)))
    }

    pub async fn take(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let busy = || Error::busy("rendition_busy", 2, "too many renditions are being made");
        tokio::time::timeout(TURN_TIMEOUT, self.0.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// The same for a thread that has time: it draws many, and lets requests go before it.
    pub fn draw<T>(&self, work: impl FnOnce() -> T) -> T {
        loop {
            match self.0.try_acquire() {
                Ok(_turn) => return work(),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

/// `GET /r/{lookup}.pdf`
pub async fn pdf(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let code = asked(&request, "lookup")?;
    let reader = shared.clone();
    let item = block(move || reader.app().store.read(&Scope::All, |conn| find(conn, &code))).await?;
    Ok(answer(&shared, item).await?)
}

/// The rendition of a receipt that the caller may see.
pub async fn answer(shared: &web::Data<Shared>, item: Stored) -> Result<HttpResponse> {
    let app = Arc::clone(shared.app());
    let links = Links::to(&app.config.web.public_url);
    let (unit, id) = (item.unit, item.id);
    let found =
        block(move || app.store.read(&Scope::All, |conn| cache::find(conn, unit, id, &links))).await?;
    let document = match found {
        Found::Ready(document) => document,
        Found::ToMake(order) => {
            let _turn = shared.turns.take().await?;
            let app = Arc::clone(shared.app());
            block(move || cache::make(&app.store, &order, app.clock.now())).await?
        }
    };
    let name = format!("inline; filename=\"{}.pdf\"", item.file_stem());
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("x-robots-tag", "noindex"))
        .content_type("application/pdf")
        .body(document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn who_gets_no_turn_is_told_to_ask_again() {
        let turns = Turns::new();
        assert!(turns.take().await.is_ok());
        // As a turn that does not come, without the wait for it.
        turns.0.close();
        let refused = turns.take().await.map(|_| ()).unwrap_err();
        assert!(refused.is_busy() && refused.code() == "rendition_busy", "{refused:?}");
    }
}
