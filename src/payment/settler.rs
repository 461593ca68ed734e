//! The queues in front of settling: batches of whatever is waiting, one writer per queue.
//!
//! An account's claims always take the same queue, so writers rarely wait for each other. There is
//! one queue where the database has one writer.
//!
//! There is no timer: while a batch is being written the next one gathers, so the batch grows
//! with the load and a lone claim never waits. A full queue is answered `Busy` at once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::settle::{Arrival, Settled, settle};
use super::{parked_query, query, settle as settling};
use crate::actor::Scope;
use crate::amount::Dong;
use crate::audit;
use crate::clock::Clock;
use crate::error::{Error, Result, caught};
use crate::id::{ClaimId, Ids, RawEventId, ReceiptId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Lane, Stamp, Store, Tx, failure, rows};
use crate::unit;
use crate::working_days::Calendar;

/// The most claims one transaction takes.
pub const BATCH_LIMIT: usize = 256;
/// After a batch of more claims than this the next one is gathered, up to so many claims or so long.
const GATHER_FROM: usize = 4;
const GATHER_GOAL: usize = 30;
const GATHER_LIMIT: Duration = Duration::from_millis(3);
/// The most claims that may wait in one queue.
const QUEUE_LIMIT: usize = 4_096;

/// The answer to one arrival.
#[derive(Clone, Debug)]
pub enum Answer {
    Settled(Settled),
    /// Stored, but it could not be settled now; it is tried again as a first arrival.
    Parked(ClaimId),
}

struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Result<Answer>>,
}

/// Told about receipts that were numbered, so that they are signed soon.
pub trait Numbered: Send + Sync {
    fn numbered(&self, receipts: &[(UnitId, ReceiptId)]);
}

/// What the settling threads work with.
#[derive(Clone)]
pub struct Tools {
    pub store: Store,
    pub clock: Clock,
    pub ids: Arc<Ids>,
    pub vault: Arc<Vault>,
    pub calendar: Arc<Calendar>,
    pub returned_charge_limit: Dong,
    pub numbered: Arc<dyn Numbered>,
}

impl Tools {
    fn stamp(&self) -> Stamp<'_> {
        Stamp {
            now: self.clock.now(),
            ids: &self.ids,
            vault: &self.vault,
            calendar: self.calendar.newest(),
            returned_charge_limit: self.returned_charge_limit,
        }
    }
}

/// Hands claims to the settling threads of the process.
#[derive(Clone)]
pub struct Settler {
    queues: Arc<[mpsc::Sender<Waiting>]>,
    depth: Arc<AtomicUsize>,
}

impl Settler {
    /// Starts a thread per queue. They end, with the queues drained, when every `Settler` is dropped.
    #[expect(clippy::expect_used, reason = "at the start; without its threads the service shall not run")]
    pub fn start(tools: &Tools) -> (Settler, Vec<std::thread::JoinHandle<()>>) {
        let depth = Arc::new(AtomicUsize::new(0));
        let mut queues = Vec::new();
        let mut threads = Vec::new();
        for index in 0..tools.store.settling_writers() {
            let (queue, waiting) = mpsc::channel(QUEUE_LIMIT);
            let (tools, counted) = (tools.clone(), Arc::clone(&depth));
            let thread = std::thread::Builder::new()
                .name(format!("settler-{index}"))
                .spawn(move || run(&tools, waiting, &counted))
                .expect("a settling thread starts");
            queues.push(queue);
            threads.push(thread);
        }
        (Settler { queues: queues.into(), depth }, threads)
    }

    /// Settles one claim and waits for its commit.
    pub async fn settle(&self, arrival: Arrival) -> Result<Answer> {
        let (answer, answered) = oneshot::channel();
        self.depth.fetch_add(1, Ordering::Relaxed);
        let queue = self.queue_of(&arrival);
        if queue.try_send(Waiting { arrival, answer }).is_err() {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::busy("settler_queue_full", 2, "too many callbacks are waiting"));
        }
        answered.await.unwrap_or_else(|_| Err(Error::busy("settler_stopped", 5, "the service is stopping")))
    }

    fn queue_of(&self, arrival: &Arrival) -> &mpsc::Sender<Waiting> {
        let mut hasher = DefaultHasher::new();
        unit::account::directory_code(&arrival.claim.account_no).hash(&mut hasher);
        let index = hasher.finish() % self.queues.len() as u64;
        &self.queues[index as usize]
    }

    /// Whether the settling threads still take claims.
    pub fn is_alive(&self) -> bool {
        self.queues.iter().all(|queue| !queue.is_closed())
    }

    /// Claims waiting now; signing holds back while there are any.
    pub fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }
}

fn run(tools: &Tools, mut waiting: mpsc::Receiver<Waiting>, depth: &AtomicUsize) {
    let has_company = tools.store.settling_writers() > 1;
    let mut batch = Vec::with_capacity(BATCH_LIMIT);
    let mut is_busy = false;
    loop {
        if is_busy && has_company {
            gather(&waiting);
        }
        if waiting.blocking_recv_many(&mut batch, BATCH_LIMIT) == 0 {
            return;
        }
        let count = batch.len();
        is_busy = count > GATHER_FROM;
        metrics::histogram!("bienlai_settle_batch_claims").record(count as f64);
        let claims = std::mem::take(&mut batch);
        // Whoever waits for the answer of a batch that broke off is put off; the next batch is settled.
        if let Err(error) = caught(|| {
            settle_batch(tools, claims);
            Ok(())
        }) {
            tracing::error!(%error, claims = count, "settling broke off");
        }
        depth.fetch_sub(count, Ordering::Relaxed);
    }
}

/// Lets claims gather for a moment under load: two writers that each take whatever has just come
/// settle many small batches, and the database pays for every statement of each.
fn gather(waiting: &mpsc::Receiver<Waiting>) {
    let began = std::time::Instant::now();
    while waiting.len() < GATHER_GOAL && began.elapsed() < GATHER_LIMIT {
        std::thread::sleep(GATHER_LIMIT / 16);
    }
}

fn settle_batch(tools: &Tools, batch: Vec<Waiting>) {
    let arrivals: Vec<Arrival> = batch.iter().map(|waiting| waiting.arrival.clone()).collect();
    let answers = settle_or_bisect(tools, &arrivals);
    let receipts: Vec<(UnitId, ReceiptId)> = answers
        .iter()
        .filter_map(|answer| match answer {
            Ok(Answer::Settled(settled)) if !settled.is_repeated => Some(settled),
            _ => None,
        })
        .flat_map(documents_of)
        .collect();
    for (waiting, answer) in batch.into_iter().zip(answers) {
        // A caller that hung up loses only its answer.
        let _ = waiting.answer.send(answer);
    }
    if !receipts.is_empty() {
        tools.numbered.numbered(&receipts);
    }
}

fn documents_of(settled: &Settled) -> impl Iterator<Item = (UnitId, ReceiptId)> {
    settled.receipts.iter().map(|receipt| (settled.unit, *receipt))
}

/// One transaction for all; when it fails for a reason of one claim's own, halves are tried, so
/// that a single claim harms only itself.
fn settle_or_bisect(tools: &Tools, arrivals: &[Arrival]) -> Vec<Result<Answer>> {
    let outcome = tools.store.write(&Scope::All, Lane::Live, |tx| {
        let mut answers = Vec::with_capacity(arrivals.len());
        for settled in settle(tx, &tools.stamp(), arrivals)? {
            answers.push(Answer::Settled(settled));
        }
        Ok(answers)
    });
    match outcome {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        // A unique violation is a race with another process on a provider's key: look again.
        Err(error) if error.is_busy() => arrivals.iter().map(|_| Err(error.clone())).collect(),
        Err(error) if arrivals.len() > 1 => {
            tracing::warn!(%error, claims = arrivals.len(), "batch split");
            let (left, right) = arrivals.split_at(arrivals.len() / 2);
            let mut answers = settle_or_bisect(tools, left);
            answers.extend(settle_or_bisect(tools, right));
            answers
        }
        Err(error) if error.code() == failure::UNIQUE => vec![retry_single(tools, arrivals)],
        Err(error) => arrivals.iter().map(|arrival| park(tools, arrival, &error)).collect(),
    }
}

fn retry_single(tools: &Tools, arrivals: &[Arrival]) -> Result<Answer> {
    let settled = tools.store.write(&Scope::All, Lane::Live, |tx| settle(tx, &tools.stamp(), arrivals));
    match (settled, arrivals.first()) {
        (Ok(mut answers), _) if answers.len() == 1 => Ok(Answer::Settled(answers.remove(0))),
        (Err(error), Some(arrival)) if !error.is_busy() => park(tools, arrival, &error),
        (Err(error), _) => Err(error),
        _ => Err(Error::internal("one claim, another number of answers")),
    }
}

/// Keeps a claim that cannot be settled: stored, alarmed, answered, tried again by a job.
fn park(tools: &Tools, arrival: &Arrival, cause: &Error) -> Result<Answer> {
    tracing::error!(error = ?cause, channel = arrival.claim.channel, "claim parked");
    metrics::counter!("bienlai_claims_parked_total").increment(1);
    tools.store.write(&Scope::All, Lane::Live, |tx| park_in(tx, &tools.stamp(), arrival, cause.code()))
}

fn park_in(tx: &mut Tx<'_>, stamp: &Stamp<'_>, arrival: &Arrival, code: &str) -> Result<Answer> {
    let id: ClaimId = stamp.mint()?;
    let raw_event: RawEventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, unit::CITY)?;
    // The whole arrival is archived, so that the job needs nothing else.
    let body = serde_json::to_vec(&(&arrival.claim, &arrival.raw, arrival.received_at))
        .map_err(|error| Error::internal(error.to_string()))?;
    let parked = parked_query::ParkedRow {
        unit_id: unit::CITY,
        id,
        channel: arrival.claim.channel.clone(),
        external_id: arrival.claim.external_id.clone(),
        raw_event_id: raw_event,
        code: code.to_owned(),
        created_at: stamp.now,
        state: "parked",
        revision: 1,
    };
    let is_new = rows::insert_if_absent(tx, &[parked], &["unit_id", "channel", "external_id"])?;
    if is_new == [true] {
        rows::insert(
            tx,
            &[query::RawEventRow {
                unit_id: unit::CITY,
                id: raw_event,
                channel: arrival.claim.channel.clone(),
                key_id: key.id,
                cipher: stamp.vault.seal(&key, &settling::raw_context(raw_event), &body)?,
                sha256: String::new(),
                received_at: arrival.received_at,
            }],
        )?;
        audit::record(
            tx,
            stamp,
            &[audit::Entry {
                unit: unit::CITY,
                actor: "system".into(),
                action: "claim.parked",
                subject: id.to_string(),
                detail: code.to_owned(),
            }],
        )?;
        return Ok(Answer::Parked(id));
    }
    // Told again: the answer is the first one's.
    parked_query::parked_by_key(tx, &arrival.claim.channel, &arrival.claim.external_id).map(Answer::Parked)
}

/// Tries parked claims again; returns how many are settled now.
pub fn retry_parked(tools: &Tools) -> Result<usize> {
    let waiting = tools.store.read(&Scope::All, |conn| parked_query::parked(conn, 100))?;
    let mut settled_count = 0;
    for (unit, claim, _, raw_event, revision) in waiting {
        let archived = tools
            .store
            .read(&Scope::All, |conn| parked_query::parked_arrival(conn, &tools.vault, unit, raw_event));
        let arrival = match archived {
            Ok(arrival) => arrival,
            Err(error) => {
                // One that cannot be read must not keep the others waiting.
                tracing::error!(%claim, %error, "a parked claim cannot be read");
                continue;
            }
        };
        let settled = tools.store.write(&Scope::All, Lane::Bulk, |tx| {
            let settled = settle(tx, &tools.stamp(), std::slice::from_ref(&arrival))?;
            parked_query::close_parked(tx, unit, claim, revision)?;
            Ok(settled)
        });
        match settled {
            Ok(answers) => {
                settled_count += 1;
                let receipts: Vec<(UnitId, ReceiptId)> = answers.iter().flat_map(documents_of).collect();
                tools.numbered.numbered(&receipts);
            }
            Err(error) => tracing::warn!(%claim, %error, "parked claim still cannot be settled"),
        }
    }
    Ok(settled_count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::claim::{Claim, Direction};

    fn arrival() -> Arrival {
        let claim = Claim {
            channel: "sepay".to_owned(),
            external_id: "92704".to_owned(),
            account_no: "0123456789".to_owned(),
            bank_bin: None,
            direction: Direction::Credit,
            amount: Dong(25_000),
            memo: "HNPH7K2MQ4X97".to_owned(),
            bank_reference: None,
            sender_account: None,
            sender_name: None,
            occurred_at: None,
        };
        Arrival { claim, raw: Vec::new(), received_at: crate::clock::Instant(0) }
    }

    #[actix_web::test]
    async fn who_waits_when_settling_ends_is_put_off_and_so_is_who_finds_the_queue_full() {
        let (queue, mut waiting) = mpsc::channel(1);
        let settler = Settler { queues: vec![queue].into(), depth: Arc::default() };
        let ended = async { drop(waiting.recv().await) };
        let (answer, ()) = tokio::join!(settler.settle(arrival()), ended);
        let put_off = answer.map(|_| ()).unwrap_err();
        assert!(put_off.is_busy() && put_off.code() == "settler_stopped", "{put_off:?}");
        let (answer, _answered) = oneshot::channel();
        assert!(settler.queues[0].try_send(Waiting { arrival: arrival(), answer }).is_ok());
        let full = settler.settle(arrival()).await.map(|_| ()).unwrap_err();
        assert!(full.is_busy() && full.code() == "settler_queue_full", "{full:?}");
    }
}
