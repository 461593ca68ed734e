//! `bienlai duty …`: what waits for a second person, and delegations.

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{Office, Roles};
use super::{DONE, print_json, table};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::duty::delegation::{self, Answer, Offer};
use crate::duty::{Kind, Seat, waiting};
use crate::error::Result;
use crate::id::{DelegationId, PersonId};
use crate::payment::settler::Numbered;
use crate::unit;
use crate::worker;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// What waits for a second person, what the city is asked for first
    Waiting {
        /// The collecting unit, by its code; all units when left out
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Ask the city for what waited a working day or nobody of the unit may decide; runs by itself too
    Escalate,
    /// Delegations, newest first
    Delegations {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// An approver lends their power to approve to another person
    ///
    /// Example: bienlai duty delegate --unit 00070 --giver per_… --delegate per_… --acts refund,remittance
    /// --limit 5000000 --from 2026-11-23 --until 2026-12-04 --decision 12/QĐ-UBND --decided 2026-11-20
    Delegate(Delegate),
    /// The person it names accepts it
    Accept(One),
    /// The person it names declines it
    Decline(One),
    /// Giver or delegate ends it before its last day
    End(One),
    /// Approve one thing under a delegation
    Approve {
        #[command(flatten)]
        one: One,
        /// exception, refund, correction, remittance, reopening or notice
        #[arg(long)]
        act: String,
        /// What is approved, as rfd_…, cor_…, …
        #[arg(long)]
        subject: String,
    },
}

#[derive(Debug, Args)]
pub struct One {
    /// The delegation, as dlg_…
    delegation: DelegationId,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Delegate {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The approver, as per_…
    #[arg(long, value_name = "ID")]
    giver: PersonId,
    /// Who may approve instead, as per_…
    #[arg(long, value_name = "ID")]
    delegate: PersonId,
    /// exception, refund, correction, remittance, reopening, notice
    #[arg(long, value_delimiter = ',', required = true)]
    acts: Vec<String>,
    /// Whole đồng for a single act
    #[arg(long, value_name = "DONG")]
    limit: i64,
    /// The first day
    #[arg(long, value_name = "DAY")]
    from: BusinessDay,
    /// The last day
    #[arg(long, value_name = "DAY")]
    until: BusinessDay,
    /// The number of the decision
    #[arg(long, value_name = "NO")]
    decision: String,
    /// The day of the decision
    #[arg(long, value_name = "DAY")]
    decided: BusinessDay,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::Waiting { unit, json } => show_waiting(&office, unit.as_deref(), json)?,
        Command::Escalate => println!("{}", worker::escalate_decisions(&office)?),
        Command::Delegations { json } => show_delegations(&office, json)?,
        Command::Delegate(asked) => delegate(&office, &asked)?,
        Command::Accept(one) => answer(&office, &one, Answer::Accept)?,
        Command::Decline(one) => answer(&office, &one, Answer::Decline)?,
        Command::End(one) => answer(&office, &one, Answer::End)?,
        Command::Approve { one, act, subject } => approve(&office, &one, &act, &subject)?,
    }
    Ok(DONE)
}

fn show_waiting(office: &Office, code: Option<&str>, json: bool) -> Result<()> {
    let actor = Actor::system();
    let found = office.read(&actor, |conn| {
        let unit = code.map(|code| unit::find_by_code(conn, code)).transpose()?.map(|unit| unit.id);
        waiting::list(conn, &office.stamp(), &actor, unit)
    })?;
    if json {
        return print_json(&found);
    }
    let row = |one: &waiting::Shown| {
        vec![
            one.unit.to_string(),
            one.title.to_owned(),
            one.subject.clone(),
            one.amount.to_string(),
            one.asked_at.hanoi_text(),
            one.escalated.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Đơn vị", "Việc", "Mã", "Số tiền", "Đề nghị lúc", "Thành phố"], &rows, &[3]);
    Ok(())
}

fn show_delegations(office: &Office, json: bool) -> Result<()> {
    let actor = Actor::system();
    let found = office.read(&actor, |conn| delegation::list(conn, &actor))?;
    if json {
        return print_json(&found);
    }
    let row = |one: &delegation::Delegation| {
        let acts: Vec<&str> = one.acts.iter().map(|kind| kind.as_str()).collect();
        vec![
            one.id.to_string(),
            one.giver.to_string(),
            one.delegate.to_string(),
            acts.join(","),
            one.limit.to_string(),
            format!("{} – {}", one.valid_from, one.valid_until),
            one.decision_no.clone(),
            one.state.as_str().to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let heads = ["Mã", "Người giao", "Người nhận", "Việc", "Tối đa", "Thời hạn", "Quyết định", "Trạng thái"];
    table::print(&heads, &rows, &[4]);
    Ok(())
}

fn delegate(office: &Office, asked: &Delegate) -> Result<()> {
    let unit = office.read(&Actor::system(), |conn| Ok(unit::find_by_code(conn, &asked.unit)?.id))?;
    let actor = office.acting((Role::Approver, &[]), asked.giver, |_| Ok(unit))?;
    let acts = asked.acts.iter().map(|act| Kind::delegable(act)).collect::<Result<Vec<_>>>()?;
    let made = office.write(&Actor::system(), |tx, stamp| {
        let offer = Offer {
            unit,
            delegate: asked.delegate,
            acts: acts.clone(),
            limit: Dong(asked.limit),
            valid_from: asked.from,
            valid_until: asked.until,
            decision_no: asked.decision.clone(),
            decision_on: asked.decided,
        };
        delegation::offer(tx, stamp, &actor, &offer)
    })?;
    println!("{}", made.id);
    Ok(())
}

/// Who takes a delegation on and uses it.
const DELEGATES: Roles = (Role::Finance, &delegation::DELEGATES);

/// The delegate at the console.
fn delegated(office: &Office, one: &One) -> Result<Actor> {
    office.delegate(DELEGATES, one.person, |conn| delegation::unit_of(conn, one.delegation))
}

fn answer(office: &Office, one: &One, answer: Answer) -> Result<()> {
    let actor = delegated(office, one)?;
    let changed = office.write(&Actor::system(), |tx, stamp| {
        let unit = delegation::unit_of(tx, one.delegation)?;
        delegation::answer(tx, stamp, &actor, (unit, one.delegation), (answer, Seat::Console))
    })?;
    println!("{}", changed.state.as_str());
    Ok(())
}

fn approve(office: &Office, one: &One, act: &str, subject: &str) -> Result<()> {
    let actor = delegated(office, one)?;
    let kind = Kind::delegable(act)?;
    let subject = kind.subject_id(subject)?;
    // The delegation opens its unit, whichever the delegate's own is.
    let (standing_in, _) = office.read(&Actor::system(), |conn| {
        delegation::standing_in(conn, &actor, Seat::Console, one.delegation)
    })?;
    let receipts = office.write(&Actor::system(), |tx, stamp| {
        delegation::exercise(tx, stamp, &standing_in, one.delegation, (kind, subject))
    })?;
    office.sealing.numbered(&receipts);
    println!("{}", kind.subject_text(subject));
    Ok(())
}
