//! Scoring a labelled month: a fresh database is told everything through the doors of every day, in
//! the order it happened; then what was decided is held against the truth.

mod judge;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use super::place::{CHANNEL, Place};
use super::seed::{Ask, Desk, Opening, Town, asked};
use super::{score_query, tell};
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::cli::books;
use crate::clock::{BusinessDay, Clock, Instant};
use crate::error::{Error, Result};
use crate::obligation;
use crate::obligation::reference::CodeBook;
use crate::payment::{self, Arrival, Claim, Direction};
use crate::reconciliation::reconcile;
use crate::simulator::month::{Folder, Owed, Told};

pub use judge::{KindScore, Score};

/// Claims settled in one transaction.
const BATCH: usize = 64;
/// Claims may be late: so many days after the last statement everything is matched again.
const DAYS_AFTER: i64 = 3;
/// A morning's statements are there by six.
const MORNING_S: i64 = 6 * 3_600;

#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the month.
    pub month: PathBuf,
    /// An empty database; without one an embedded database is made in `folder`.
    pub database: Option<String>,
    pub folder: PathBuf,
}

/// Something that happens at a time of the month.
enum Event<'a> {
    Raise(Vec<&'a Owed>),
    Tell(&'a Told),
    /// The statements of the day arrive and every account is matched.
    Morning(BusinessDay),
}

/// Loads the month and judges what was made of it.
///
/// # Errors
/// `file_unreadable`, `month_file_unreadable`, `bench_database_in_use`.
pub fn run(options: &Options) -> Result<Score> {
    let month = Folder::open(&options.month)?;
    let first = month
        .places
        .iter()
        .map(|place| place.opened_on)
        .min()
        .ok_or_else(|| Error::invalid("places", "month_file_unreadable", "no commune"))?;
    let clock = Clock::fixed(first.start());
    let place = Place::make_at(&options.folder, options.database.as_deref(), clock, true)?;
    let town = Town::open(&place.app, &openings(&month))?;
    let mut table = Table { app: Arc::clone(&place.app), town, waiting: Vec::new(), matching_s: 0.0 };
    let began = Stopwatch::now();
    table.live(&month, first)?;
    let decided = place.app.store.read(&Scope::All, score_query::decided)?;
    let allocated = place.app.store.read(&Scope::All, score_query::allocated)?;
    let accounts = table.town.desks.iter().map(|desk| (desk.account, desk.account_no.to_string())).collect();
    let mut score = judge::judge(&month, &decided, &allocated, &accounts);
    score.seconds = began.elapsed().as_secs_f64();
    score.matching_seconds = table.matching_s;
    Ok(score)
}

fn openings(month: &Folder) -> Vec<Opening> {
    let opening = |place: &crate::simulator::month::Place| Opening {
        code: place.unit_code.clone(),
        name: place.unit_name.clone(),
        account_no: place.account_no.clone(),
        holder: place.holder.clone(),
        balance: place.opening,
        is_trusted: place.is_trusted,
    };
    month.places.iter().map(opening).collect()
}

/// The service the month is told to.
struct Table {
    app: Arc<App>,
    town: Town,
    /// Claims not yet settled.
    waiting: Vec<Arrival>,
    matching_s: f64,
}

impl Table {
    fn live(&mut self, month: &Folder, first: BusinessDay) -> Result<()> {
        let last = month.statements.last().map_or(first, |(day, _)| *day);
        for (at, event) in events(month, first, last) {
            if !matches!(event, Event::Tell(_)) {
                self.settle()?;
            }
            self.app.clock.set(at);
            self.app.lease.renew(&self.app.store, &self.app.clock)?;
            match event {
                Event::Raise(owed) => self.raise(&owed)?,
                Event::Tell(told) => self.hear(told, at)?,
                Event::Morning(day) => self.morning(month, day)?,
            }
        }
        self.settle()
    }

    fn desk(&self, code: &str) -> Result<&Desk> {
        let found = self.town.desks.iter().find(|desk| desk.code == code);
        found
            .ok_or_else(|| Error::invalid("unit_code", "month_file_unreadable", format!("no commune {code}")))
    }

    fn raise(&self, owed: &[&Owed]) -> Result<()> {
        let actor = Actor::system();
        for batch in owed.chunks(BATCH) {
            self.app.write(&actor, |tx, stamp| {
                for one in batch {
                    let code = CodeBook::hanoi().parse(&one.reference_code)?;
                    let ask = Ask {
                        dossier_code: format!("H26.{}", one.reference_code),
                        payer: &one.payer,
                        amount: one.amount,
                    };
                    let new = asked(stamp, self.desk(&one.unit_code)?, ask);
                    obligation::raise_as(tx, stamp, &actor, new, &code)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn hear(&mut self, told: &Told, at: Instant) -> Result<()> {
        self.waiting.push(Arrival {
            claim: claim_of(told),
            raw: told.memo.clone().into_bytes(),
            received_at: at,
        });
        if self.waiting.len() >= BATCH { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<()> {
        let arrivals = std::mem::take(&mut self.waiting);
        if arrivals.is_empty() {
            return Ok(());
        }
        self.app.write(&Actor::system(), |tx, stamp| payment::settle(tx, stamp, &arrivals)).map(|_| ())
    }

    fn morning(&mut self, month: &Folder, day: BusinessDay) -> Result<()> {
        let actor = Actor::system();
        let began = Stopwatch::now();
        for (_, path) in month.statements.iter().filter(|(of, _)| *of == day) {
            let bytes = std::fs::read(path).map_err(|error| {
                Error::invalid("file", "file_unreadable", format!("{}: {error}", path.display()))
            })?;
            let imported = books::import(&self.app, &actor, &bytes)?;
            if let Some(error) = imported.errors.first() {
                let detail = format!("{}: {} {}", path.display(), error.at, error.message);
                return Err(Error::invalid("file", "month_file_unreadable", detail));
            }
        }
        for desk in &self.town.desks {
            reconcile(&self.app.store, &self.app.stamp(), &actor, desk.unit, desk.account)?;
        }
        self.matching_s += began.elapsed().as_secs_f64();
        tell(&format!("{day} is matched"));
        Ok(())
    }
}

/// Everything in the order of its time.
fn events(month: &Folder, first: BusinessDay, last: BusinessDay) -> Vec<(Instant, Event<'_>)> {
    let mut events: Vec<(Instant, Event<'_>)> = Vec::new();
    let mut day = first;
    while day <= last.plus_days(DAYS_AFTER) {
        let owed: Vec<&Owed> = month.owed.iter().filter(|one| one.raised_on == day).collect();
        events.push((day.start(), Event::Raise(owed)));
        events.push((day.next().start().plus_seconds(MORNING_S), Event::Morning(day)));
        day = day.next();
    }
    events.extend(month.told.iter().map(|told| (told.at, Event::Tell(told))));
    // Stable: at one instant obligations come before what is told of them.
    events.sort_by_key(|(at, _)| *at);
    events
}

fn claim_of(told: &Told) -> Claim {
    Claim {
        channel: CHANNEL.to_owned(),
        external_id: told.external_id.clone(),
        account_no: told.account_no.clone(),
        bank_bin: None,
        direction: Direction::Credit,
        amount: told.amount,
        memo: told.memo.clone(),
        bank_reference: told.bank_reference.clone(),
        sender_account: None,
        sender_name: None,
        occurred_at: Some(told.at),
    }
}
