//! Pages that wait for money: told by server-sent events within a second of the change, or asked
//! every few seconds where a browser or a proxy knows no streams.
//!
//! One look per tick serves every waiting page: the number of queries does not grow with theirs.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;

use super::{Page, on_paper};
use crate::actor::Scope;
use crate::app::App;
use crate::error::{Error, Result};
use crate::id::{ObligationId, UnitId};
use crate::obligation::{self, Obligation, watch_query};
use crate::payment::advised;
use crate::payment::refund::glance_query;
use crate::receipt;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::limit;
use crate::web::respond::{block, retry_after_s};

/// How often the database is looked at while anybody waits.
const TICK: Duration = Duration::from_millis(600);
/// A line now and then keeps proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Streams end after so many of these and begin again by themselves, so that nobody holds one forever.
const KEEP_ALIVES: u32 = 20;
/// Streams of one process, where its open files allow as many.
const STREAMS: usize = 20_000;
/// Open files that other work needs; of the rest streams have half.
const FILES_KEPT: u64 = 256;
/// Obligations looked at in one query.
const CHUNK: usize = 1_000;

type Key = (UnitId, ObligationId);

/// How many streams there may be: each holds a connection, and whoever opens too many is to ask instead.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    in_all: usize,
    per_network: usize,
}

impl Limits {
    pub fn of(web: &crate::config::Web) -> Limits {
        let files = open_files();
        let by_files = files.map_or(STREAMS as u64, |files| files.saturating_sub(FILES_KEPT) / 2);
        let in_all = usize::try_from(by_files).unwrap_or(STREAMS).clamp(1, STREAMS);
        Limits { in_all, per_network: web.streams_per_address }
    }
}

/// How many files this process may have open: all that its administrator allows it. The lower limit it
/// is started with is for programs that do not ask.
fn open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::debug!(%error, "the limit of open files stays");
    }
    getrlimit(Resource::Nofile).current
}

/// The pages that wait, by what they wait for.
pub struct Live {
    limits: Limits,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    by_key: HashMap<Key, watch::Sender<String>>,
    by_network: HashMap<IpAddr, usize>,
    streams: usize,
    is_looking: bool,
    is_over: bool,
}

/// The place of one stream, given back when the stream ends for whatever reason.
struct Place {
    live: Arc<Live>,
    network: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.live.lock();
        waiting.streams = waiting.streams.saturating_sub(1);
        if let Some(count) = waiting.by_network.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                waiting.by_network.remove(&self.network);
            }
        }
    }
}

impl Live {
    pub fn new(limits: Limits) -> Live {
        Live { limits, waiting: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Joins those who wait for an obligation. Answers whether somebody must begin to look.
    fn join(
        self: &Arc<Self>,
        key: Key,
        stamp: String,
        source: IpAddr,
    ) -> Result<(watch::Receiver<String>, Place, bool)> {
        let network = limit::network(source);
        let mut waiting = self.lock();
        let of_network = waiting.by_network.get(&network).copied().unwrap_or(0);
        let is_full = waiting.streams >= self.limits.in_all || of_network >= self.limits.per_network;
        if waiting.is_over || is_full {
            return Err(Error::busy("live_pages_full", 5, "too many pages wait; they may ask instead"));
        }
        waiting.streams += 1;
        *waiting.by_network.entry(network).or_default() += 1;
        let place = Place { live: Arc::clone(self), network };
        let receiver = waiting.by_key.entry(key).or_insert_with(|| watch::Sender::new(stamp)).subscribe();
        let must_begin = !waiting.is_looking;
        waiting.is_looking = true;
        Ok((receiver, place, must_begin))
    }

    /// What is still waited for; `None` when nothing is, and the looking ends.
    fn keys(&self) -> Option<Vec<Key>> {
        let mut waiting = self.lock();
        waiting.by_key.retain(|_, sender| sender.receiver_count() > 0);
        if waiting.by_key.is_empty() || waiting.is_over {
            waiting.is_looking = false;
            return None;
        }
        Some(waiting.by_key.keys().copied().collect())
    }

    fn tell(&self, stamps: Vec<(Key, String)>) {
        let waiting = self.lock();
        for (key, stamp) in stamps {
            if let Some(sender) = waiting.by_key.get(&key) {
                sender.send_if_modified(|held| {
                    let is_new = *held != stamp;
                    if is_new {
                        *held = stamp;
                    }
                    is_new
                });
            }
        }
    }

    /// Ends every stream, because the service stops: browsers find the next one by themselves.
    pub fn stop(&self) {
        let mut waiting = self.lock();
        waiting.is_over = true;
        waiting.by_key.clear();
    }
}

/// Looks until nobody waits any more.
async fn look(live: Arc<Live>, app: Arc<App>) {
    loop {
        tokio::time::sleep(TICK).await;
        let Some(keys) = live.keys() else { return };
        let app = Arc::clone(&app);
        let looked = block(move || {
            let mut stamps = Vec::with_capacity(keys.len());
            for chunk in keys.chunks(CHUNK) {
                stamps.extend(app.store.read(&Scope::All, |conn| stamps_of(conn, chunk))?);
            }
            Ok(stamps)
        });
        match looked.await {
            Ok(stamps) => live.tell(stamps),
            Err(error) => tracing::debug!(%error, "waiting pages could not be looked at"),
        }
    }
}

/// What tells two states of a page apart: the obligation's revision, its documents' once paid, what came too much of
/// its money, and whether a transfer that was told of never came: that changes the obligation in nothing.
fn stamps_of(conn: &mut Conn, keys: &[Key]) -> Result<Vec<(Key, String)>> {
    let glanced = watch_query::glance(conn, keys)?;
    let paid: Vec<Key> = glanced
        .iter()
        .filter(|(.., state)| state == obligation::State::Paid.as_str())
        .map(|(unit, id, ..)| (*unit, *id))
        .collect();
    let documents = receipt::query::of_obligations(conn, &paid)?;
    let signed = |key: &Key| {
        documents.get(key).map_or(0, |all| all.iter().filter(|one| one.state != "numbered").count())
    };
    // Nobody paid what is as it was raised: most of those who wait.
    let touched: Vec<Key> = glanced
        .iter()
        .filter(|(.., state)| state != obligation::State::Raised.as_str())
        .map(|(unit, id, ..)| (*unit, *id))
        .collect();
    let surplus = glance_query::surplus(conn, &touched)?;
    let disproven = disproven_of(conn, &glanced)?;
    let stamp = |(unit, id, revision, _): watch_query::Glance| {
        let key = (unit, id);
        let too_much = surplus.get(&key).map_or("", String::as_str);
        let again = if disproven.contains(&key) { ".again" } else { "" };
        (key, format!("{revision}.{}{too_much}{again}", signed(&key)))
    };
    Ok(glanced.into_iter().map(stamp).collect())
}

/// Those whose payer is asked for the money again. A transfer that is told of raises the revision, so that most of
/// those who wait are not asked about.
fn disproven_of(conn: &mut Conn, glanced: &[watch_query::Glance]) -> Result<HashSet<Key>> {
    use obligation::State::{PartlyPaid, Raised, Reopened};
    let is_owed = |state: &str| [Raised, PartlyPaid, Reopened].iter().any(|one| one.as_str() == state);
    let told: Vec<Key> = glanced
        .iter()
        .filter(|(_, _, revision, state)| *revision > 1 && is_owed(state))
        .map(|(unit, id, ..)| (*unit, *id))
        .collect();
    let items = obligation::query::by_ids(conn, &told)?;
    advised::disproven(conn, &items)
}

/// The stamp of one page as it is now.
pub fn stamp_of(conn: &mut Conn, item: &Obligation) -> Result<String> {
    Ok(stamps_of(conn, &[(item.unit, item.id)])?.pop().map_or(String::new(), |(_, stamp)| stamp))
}

async fn find(request: &HttpRequest, shared: &web::Data<Shared>) -> Result<(Key, String)> {
    shared.polls.check(shared.source(request))?;
    let code = on_paper::code_of(request)?;
    let app = Arc::clone(shared.app());
    block(move || {
        app.store.read(&Scope::All, |conn| {
            let item = obligation::find_by_code(conn, code.as_str())?;
            Ok(((item.unit, item.id), stamp_of(conn, &item)?))
        })
    })
    .await
}

/// `GET /p/{code}/status`: what the stream tells, for those who ask.
pub async fn status(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let (_, stamp) = find(&request, &shared).await?;
    Ok(HttpResponse::build(StatusCode::OK)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "stamp": stamp })))
}

/// `GET /p/{code}/events`: the stamp now and whenever it changes.
pub async fn events(request: HttpRequest, shared: web::Data<Shared>) -> Page {
    let (key, stamp) = find(&request, &shared).await?;
    if request.method() == Method::HEAD {
        return Ok(HttpResponse::Ok().content_type("text/event-stream").finish());
    }
    let joined = shared.live.join(key, stamp.clone(), shared.source(&request));
    let (mut receiver, place, must_begin) = match joined {
        Ok(joined) => joined,
        // Browsers end the stream at this answer, and the page asks instead.
        Err(error) => return Ok(full(&error)),
    };
    if must_begin {
        actix_web::rt::spawn(look(Arc::clone(&shared.live), Arc::clone(shared.app())));
    }
    receiver.mark_unchanged();
    let first = Bytes::from(format!("retry: 1000\ndata: {stamp}\n\n"));
    let parts = stream::unfold((receiver, Some(first), 0_u32), move |(mut receiver, first, quiet)| {
        let _held = &place;
        async move {
            if let Some(first) = first {
                return Some((Ok::<_, Infallible>(first), (receiver, None, quiet)));
            }
            match tokio::time::timeout(KEEP_ALIVE, receiver.changed()).await {
                Ok(Ok(())) => {
                    let stamp = receiver.borrow_and_update().clone();
                    Some((Ok(Bytes::from(format!("data: {stamp}\n\n"))), (receiver, None, 0)))
                }
                Ok(Err(_)) => None,
                Err(_) if quiet >= KEEP_ALIVES => None,
                Err(_) => Some((Ok(Bytes::from_static(b": quiet\n\n")), (receiver, None, quiet + 1))),
            }
        }
    });
    Ok(HttpResponse::build(StatusCode::OK)
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Reverse proxies are asked not to gather the answer.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(parts)))
}

fn full(error: &Error) -> HttpResponse {
    let wait_s = retry_after_s(error).unwrap_or(5);
    HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::RETRY_AFTER, wait_s))
        .json(json!({ "code": error.code() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(in_all: usize, per_network: usize) -> Arc<Live> {
        Arc::new(Live::new(Limits { in_all, per_network }))
    }

    fn from(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn one_network_has_so_many_streams_however_many_addresses_it_has_and_others_are_not_kept_out() {
        let live = live(4, 2);
        let code = |joined: Result<_>| joined.map(|_: (_, Place, bool)| ()).map_err(|error| error.code());
        let join = |id, source| live.join(key(id), String::new(), from(source));
        let first = join(1, "2001:db8:7:1::1").unwrap();
        let _second = join(1, "2001:db8:7:ffff::1").unwrap();
        assert_eq!(code(join(2, "2001:db8:7:2::1")), Err("live_pages_full"), "one page or many");
        let _other = join(1, "192.0.2.1").unwrap();
        drop(first);
        let _again = join(1, "2001:db8:7:3::1").unwrap();
        let _fourth = join(3, "192.0.2.9").unwrap();
        assert_eq!(code(join(4, "192.0.2.10")), Err("live_pages_full"), "and all together");
    }

    #[test]
    fn streams_leave_open_files_for_the_rest() {
        let limits = Limits::of(&crate::config::Web::default());
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        assert!(limits.in_all >= 1 && limits.in_all <= STREAMS);
        assert!(files.is_none_or(|files| (limits.in_all as u64) <= files.max(2) / 2));
    }

    fn key(id: i64) -> Key {
        (UnitId(2), ObligationId(id))
    }

    #[test]
    fn everybody_who_waits_for_one_thing_is_told_once() {
        let live = live(9, 9);
        let (mut first, _one, begins) = live.join(key(1), "1.0".into(), HERE).unwrap();
        let (mut second, _two, again) = live.join(key(1), "1.0".into(), HERE).unwrap();
        let (other, _three, _) = live.join(key(2), "1.0".into(), HERE).unwrap();
        assert!(begins && !again, "one looks for all");
        first.mark_unchanged();
        second.mark_unchanged();
        live.tell(vec![(key(1), "2.0".into()), (key(2), "1.0".into())]);
        assert!(first.has_changed().unwrap() && second.has_changed().unwrap());
        assert!(!other.has_changed().unwrap());
    }

    #[test]
    fn looking_ends_when_nobody_waits_and_begins_again() {
        let live = live(9, 9);
        let (receiver, _place, _) = live.join(key(1), "1.0".into(), HERE).unwrap();
        assert_eq!(live.keys(), Some(vec![key(1)]));
        drop(receiver);
        assert_eq!(live.keys(), None);
        assert!(live.join(key(1), "1.0".into(), HERE).unwrap().2, "somebody must look again");
    }

    #[test]
    fn streams_end_when_the_service_stops() {
        let live = live(9, 9);
        let (receiver, _place, _) = live.join(key(1), "1.0".into(), HERE).unwrap();
        live.stop();
        assert!(receiver.has_changed().is_err(), "the sender is gone");
        assert_eq!(
            live.join(key(1), "1.0".into(), HERE).err().map(|error| error.code()),
            Some("live_pages_full")
        );
    }
}
