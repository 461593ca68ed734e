//! `bienlai tax send`

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;

use crate::actor::Actor;
use crate::cli::office::Office;
use crate::cli::{DONE, NO};
use crate::error::{Error, Result};
use crate::filing::code;
use crate::filing::courier::Round;
use crate::filing::rules::State;
use crate::filing::transmission::{self, Message, Wanted};
use crate::id::TransmissionId;
use crate::web::both;
use crate::worker;

/// Between two rounds; the ledger says by itself which message is due.
const PAUSE: Duration = Duration::from_secs(1);
/// Messages that are waited for, the newest; a longer queue is the service's to drain.
const WATCHED_LIMIT: i64 = 1_000;

#[derive(Debug, Args)]
pub struct Options {
    /// Wait so many seconds for the answers, at most a day
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    wait: Option<u32>,
}

pub fn run(config: &Path, options: &Options) -> Result<u8> {
    let office = Office::open(config)?;
    let signed = worker::sign_forms(&office)?;
    println!("đã ký / signed: {signed}");
    let endpoint = worker::tax_endpoint(&office).ok_or_else(|| {
        Error::conflict("tax_endpoint_missing", "set tax.endpoint; signed forms wait in the ledger")
    })?;
    let watched: Vec<TransmissionId> = open(&office)?.into_iter().map(|message| message.id).collect();
    let until = Instant::now() + Duration::from_secs(options.wait.unwrap_or(0).into());
    let mut all = worker::deliver(&office, &endpoint)?;
    while Instant::now() < until && !open(&office)?.is_empty() {
        std::thread::sleep(PAUSE);
        // A command that waits for minutes outlives the ids it reserved.
        office.lease.renew(&office.store, &office.clock)?;
        add(&mut all, worker::deliver(&office, &endpoint)?);
    }
    println!(
        "đã gửi / sent: {}; đã có ở cơ quan thuế / found there: {}; đã hỏi kết quả / asked: {}; lỗi / failed: {}",
        all.sent, all.found, all.asked, all.failed
    );
    if options.wait.is_none() {
        return Ok(if all.failed == 0 { DONE } else { NO });
    }
    tell(&office, &watched)
}

fn open(office: &Office) -> Result<Vec<Message>> {
    office.read(&Actor::system(), |conn| {
        let open = transmission::of_unit(conn, None, Wanted::Open, WATCHED_LIMIT)?;
        // A halted one waits for a person.
        Ok(open.into_iter().filter(|message| message.state != State::Halted).collect())
    })
}

fn add(all: &mut Round, round: Round) {
    all.sent += round.sent;
    all.found += round.found;
    all.asked += round.asked;
    all.failed += round.failed;
}

/// It went, and the authority has not said the last word of it.
fn is_awaited(state: State) -> bool {
    matches!(state, State::Sending | State::Unknown | State::Delivered)
}

/// What came of each message that was open at the beginning.
fn tell(office: &Office, watched: &[TransmissionId]) -> Result<u8> {
    let actor = Actor::system();
    let (mut awaited, mut is_done) = (0_usize, true);
    for id in watched {
        let (message, answers) = office.read(&actor, |conn| {
            let message = transmission::find(conn, &actor.scope, *id)?;
            let answers = transmission::replies(conn, message.unit, *id)?;
            Ok((message, answers))
        })?;
        let name = code::of(message.kind).map_or("", |kind| kind.vi);
        println!("{id}  {} {name}  {}", message.kind, both::message_state(message.state));
        for answer in answers {
            println!("  ← {}  {}", answer.kind, super::said(&answer));
        }
        awaited += usize::from(is_awaited(message.state));
        is_done &= message.state == State::Answered;
    }
    println!("còn chờ trả lời / still waiting for an answer: {awaited}");
    Ok(if is_done { DONE } else { NO })
}
