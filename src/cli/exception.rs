//! `bienlai exception …`

mod combination;
mod complaint;
mod kinds;
mod letter;

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::office::{self, Office, Roles};
use super::{DONE, print_json, table};
use crate::actor::{Actor, Role, Scope};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, Ask, Decision, Exception, Kind, Owner, State, query};
use crate::id::{ExceptionId, LineId, PersonId, UnitId};
use crate::payment::split::Part;
use crate::payment::{combine, handover, reopen, resolve, undo, unmatch};
use crate::queue::{alarm, hint};
use crate::reconciliation::explanation_query;
use crate::report::proposal::{self, Content};
use crate::store::{Conn, Stamp, Tx};
use crate::unit;
use crate::web::{both, event_view, exception_view, payer_reads, read_target_of};
use crate::worker;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The queue, oldest first
    ///
    /// Example: bienlai exception list --unit 00070 --owner city --min-age-days 5
    List(List),
    /// One exception with everything that happened to it
    Show(Show),
    /// The kinds: owner, due time, next step, effect on receipt and ledger
    Kinds(kinds::Kinds),
    /// Say something about it
    Comment(Comment),
    /// Give it to another role or person
    Assign(Assign),
    /// Propose how to settle it; another person approves
    ///
    /// Money without an owner goes to the budget by a decision: --resolution to_budget --decision
    /// 123/QD-UBND --decided-on 2026-11-20
    Propose(Propose),
    /// Approve the proposal and carry it out
    Approve(Step),
    /// Send the proposal back
    Refuse(Reasoned),
    /// Propose several credits for one obligation that owes exactly their sum
    Combine(combination::Combine),
    /// Approve all of a combination at once, by any of its items
    ApproveCombination(Step),
    /// Send all of a combination back, by any of its items
    RefuseCombination(Reasoned),
    /// Settle it alone, within the unit's limit
    Resolve(Propose),
    /// Ask for a settled one to be opened again; another person approves
    Reopen(Reasoned),
    /// Ask for a wrongly matched statement line to be taken apart; another person approves
    Unmatch(Unmatch),
    /// Approve the request to open it again
    ApproveReopening(Step),
    /// Leave it settled
    RefuseReopening(Reasoned),
    /// Units of the city that wait for exactly this sum, once
    Hint(Step),
    /// Write a letter to the bank (thư tra soát)
    Letter(letter::New),
    /// Print a letter as PDF
    Print(letter::Print),
    /// Record what the bank answered
    Reply(letter::Answer),
    /// Take a citizen's complaint down
    Complain(complaint::Complain),
    /// Draft up to which sum one person may settle exceptions of a unit; another administrator approves it
    Limit(Limit),
    /// Money that has lain too long; looks over the queue first
    Alarms(Alarms),
}

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code; all units when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Only this kind, by its name as `kinds` prints it
    #[arg(long)]
    kind: Option<String>,
    /// open, proposed or resolved; what is not resolved when left out
    #[arg(long)]
    state: Option<String>,
    /// finance, cashier, approver, administrator or city
    #[arg(long)]
    owner: Option<String>,
    /// Only of this sum or more, in whole đồng
    #[arg(long, value_name = "DONG")]
    amount_from: Option<i64>,
    /// Only of this sum or less, in whole đồng
    #[arg(long, value_name = "DONG")]
    amount_to: Option<i64>,
    /// Only what is due before this day, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    due_before: Option<BusinessDay>,
    /// Only what has been open for this many days
    #[arg(long, value_name = "N")]
    min_age_days: Option<u16>,
    /// The last id of the page before
    #[arg(long, value_name = "ID")]
    after: Option<ExceptionId>,
    /// The most exceptions of one page
    #[arg(long, default_value_t = 200)]
    limit: u16,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    /// As exc_…
    exception: ExceptionId,
}

#[derive(Debug, Args)]
pub struct Step {
    /// As exc_…
    exception: ExceptionId,
    /// Who acts, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Reasoned {
    #[command(flatten)]
    step: Step,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Unmatch {
    /// As lin_…
    line: LineId,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Comment {
    #[command(flatten)]
    step: Step,
    /// No names or numbers of citizens
    words: String,
}

#[derive(Debug, Args)]
pub struct Assign {
    #[command(flatten)]
    step: Step,
    /// finance, cashier, approver, administrator or city
    #[arg(long)]
    owner: String,
    /// The person who is to look after it, as per_…
    #[arg(long, value_name = "ID")]
    to: Option<PersonId>,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
}

#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    step: Step,
    /// assign, split, proves, acknowledge, bank_charge, disprove, deposit, remittance, to_unit, own_transfer, …
    #[arg(long)]
    resolution: String,
    /// What it points at: obl_…, mov_…, rfd_…, slp_…, rmt_…, per_…, unt_…, lin_…
    #[arg(long, value_name = "ID")]
    target: Option<String>,
    /// With split, as often as there are parts: obl_…=25000; what is left stays in suspense
    #[arg(long, value_name = "ID=AMOUNT")]
    part: Vec<String>,
    #[arg(long, help = payer_reads::help_of_answer())]
    reason: String,
    /// The decision's number
    #[arg(long, value_name = "NO", requires = "decided_on")]
    decision: Option<String>,
    /// The decision's day, YYYY-MM-DD
    #[arg(long, value_name = "DATE", requires = "decision")]
    decided_on: Option<BusinessDay>,
}

#[derive(Debug, Args)]
pub struct Limit {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// Whole đồng; 0 ends it
    #[arg(long, value_name = "DONG")]
    amount: i64,
    /// The number of the decision it stands on
    #[arg(long, value_name = "NO")]
    decision: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Who proposes it, as per_…; another administrator approves it at /admin/proposals
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

#[derive(Debug, Args)]
pub struct Alarms {
    /// The collecting unit, by its code; all units when left out
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Who looks after an item without settling it.
const WORKERS: Roles = (Role::Finance, &exception::WORKERS);

pub fn run(config: &Path, command: Command) -> Result<u8> {
    if let Command::Kinds(asked) = command {
        return kinds::print(&asked);
    }
    let office = Office::open(config)?;
    match command {
        Command::List(asked) => list(&office, &asked)?,
        Command::Show(asked) => show(&office, asked.exception)?,
        Command::Kinds(_) => {}
        Command::Comment(asked) => take(&office, &asked.step, WORKERS, |tx, stamp, actor, unit, id| {
            exception::comment(tx, stamp, actor, unit, id, &asked.words)
        })?,
        Command::Assign(asked) => {
            let owner = office.store.read(&Scope::All, |conn| Owner::named(conn, &asked.owner, asked.to))?;
            take(&office, &asked.step, WORKERS, |tx, stamp, actor, unit, id| {
                exception::assign(tx, stamp, actor, unit, id, (&owner, &asked.reason))
            })?;
        }
        Command::Propose(asked) => propose(&office, &asked)?,
        Command::Approve(step) => carry_out(&office, &step, office::DECIDERS, resolve::approve)?,
        Command::Refuse(asked) => {
            take(&office, &asked.step, office::DECIDERS, |tx, stamp, actor, unit, id| {
                exception::refuse(tx, stamp, actor, unit, id, &asked.reason)
            })?;
        }
        Command::Combine(asked) => combination::propose(&office, &asked)?,
        Command::ApproveCombination(step) => combination::approve(&office, &step)?,
        Command::RefuseCombination(asked) => combination::refuse(&office, &asked)?,
        Command::Resolve(asked) => alone(&office, &asked)?,
        Command::Reopen(asked) => {
            take(&office, &asked.step, office::ASKERS, |tx, stamp, actor, unit, id| {
                reopen::ask(tx, stamp, actor, unit, id, &asked.reason)
            })?
        }
        Command::Unmatch(asked) => unmatch(&office, &asked)?,
        Command::ApproveReopening(step) => take(&office, &step, office::DECIDERS, reopen::approve)?,
        Command::RefuseReopening(asked) => {
            take(&office, &asked.step, office::DECIDERS, |tx, stamp, actor, unit, id| {
                exception::refuse_reopening(tx, stamp, actor, unit, id, &asked.reason)
            })?;
        }
        Command::Hint(step) => show_hint(&office, &step)?,
        Command::Letter(asked) => letter::write(&office, &asked)?,
        Command::Print(asked) => letter::print(&office, &asked)?,
        Command::Reply(asked) => letter::answer(&office, &asked)?,
        Command::Complain(asked) => complaint::take(&office, &asked)?,
        Command::Limit(asked) => draft_limit(&office, &asked)?,
        Command::Alarms(asked) => alarms(&office, &asked)?,
    }
    Ok(DONE)
}

fn locate(conn: &mut Conn, actor: &Actor, id: ExceptionId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("exception_not_found", "no such exception"))
}

fn list(office: &Office, asked: &List) -> Result<()> {
    let today = office.clock.now().business_day();
    let state = asked.state.as_deref().map(|text| {
        let known = State::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| Error::invalid("state", "state_unknown", "open, proposed or resolved"))
    });
    let state = state.transpose()?;
    let mut filter = Filter {
        kind: asked.kind.as_deref().map(Kind::parse).transpose()?,
        state,
        unresolved: state.is_none(),
        owner: asked.owner.as_deref().map(Owner::role).transpose()?,
        amount_from: asked.amount_from.map(Dong),
        amount_to: asked.amount_to.map(Dong),
        due_before: asked.due_before,
        opened_until: asked.min_age_days.map(|days| today.plus_days(-i64::from(days))),
        after: asked.after,
        limit: i64::from(asked.limit),
        ..Filter::default()
    };
    let found = office.read(&Actor::system(), |conn| {
        if let Some(code) = &asked.unit {
            filter.unit = Some(unit::find_by_code(conn, code)?.id);
        }
        work_query::page(conn, &Scope::All, &filter)
    })?;
    if asked.json {
        return print_json(&found.iter().map(|item| exception_view(item, today)).collect::<Vec<_>>());
    }
    let row = |item: &Exception| {
        vec![
            item.id.to_string(),
            format!("{} {} · {}", item.kind.number(), item.kind, item.title_vi()),
            both::value(item.state.as_str()),
            both::owner(&item.owner),
            item.amount.to_string(),
            item.due_on.to_string(),
            item.age_days(today).to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Mã", "Loại", "Trạng thái", "Người giữ", "Số tiền", "Hạn", "Số ngày"], &rows, &[4, 6]);
    Ok(())
}

fn show(office: &Office, id: ExceptionId) -> Result<()> {
    let today = office.clock.now().business_day();
    let shown = office.read(&Actor::system(), |conn| {
        let unit = locate(conn, &Actor::system(), id)?;
        let item = exception::find(conn, unit, id)?;
        let events = work_query::events(conn, unit, id)?;
        let events: Vec<_> = events.iter().map(|event| event_view(&item, event)).collect();
        let foreseen = undo::foreseen(conn, &item)?;
        let together: Vec<_> = combine::of(conn, &item)?.iter().map(|part| part.id).collect();
        Ok(json!({ "exception": exception_view(&item, today), "events": events, "undo": foreseen,
            "transfer": handover::transfer(conn, &item)?, "combination": together }))
    })?;
    print_json(&shown)
}

/// Who asks for hints.
const HINTED: Roles = (Role::Finance, &hint::READERS);

fn show_hint(office: &Office, step: &Step) -> Result<()> {
    let actor = office.acting(HINTED, step.person, |conn| locate(conn, &Actor::system(), step.exception))?;
    print_json(&office.store.read(&Scope::All, |conn| hint::of(conn, &actor, step.exception))?)
}

fn take(
    office: &Office,
    step: &Step,
    roles: Roles,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ExceptionId) -> Result<Exception>,
) -> Result<()> {
    let actor = office.acting(roles, step.person, |conn| locate(conn, &Actor::system(), step.exception))?;
    let changed = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor, step.exception)?;
        act(tx, stamp, &actor, unit, step.exception)
    })?;
    print_json(&exception_view(&changed, office.clock.now().business_day()))
}

type CarriedOut = (Exception, Vec<(UnitId, crate::id::ReceiptId)>);

/// Documents that were numbered are signed by the service, which finds them by their state.
fn carry_out(
    office: &Office,
    step: &Step,
    roles: Roles,
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, UnitId, ExceptionId) -> Result<CarriedOut>,
) -> Result<()> {
    take(office, step, roles, |tx, stamp, actor, unit, id| Ok(act(tx, stamp, actor, unit, id)?.0))
}

impl Propose {
    fn target(&self) -> Result<Option<i64>> {
        self.target.as_deref().map(|text| read_target_of(&self.resolution, text)).transpose()
    }

    fn ask(&self, target: Option<i64>) -> Ask<'_> {
        let decision = self.decision.clone().zip(self.decided_on);
        Ask {
            resolution: &self.resolution,
            target,
            reason: &self.reason,
            decision: decision.map(|(number, on)| Decision { number, on }),
        }
    }
}

fn propose(office: &Office, asked: &Propose) -> Result<()> {
    let target = asked.target()?;
    let parts = asked.part.iter().map(|text| part_of(text)).collect::<Result<Vec<Part>>>()?;
    take(office, &asked.step, office::ASKERS, |tx, stamp, actor, unit, id| {
        resolve::propose(tx, stamp, actor, (unit, id), asked.ask(target), &parts)
    })
}

/// `obl_…=25000`
fn part_of(text: &str) -> Result<Part> {
    let wrong = || Error::invalid("parts", "split_parts_wrong", "an obligation and its amount: obl_…=25000");
    let (obligation, amount) = text.split_once('=').ok_or_else(wrong)?;
    let amount = amount.trim().parse().map_err(|_| wrong())?;
    Ok(Part { obligation: obligation.trim().parse().map_err(|_| wrong())?, amount: Dong(amount) })
}

fn alone(office: &Office, asked: &Propose) -> Result<()> {
    let target = asked.target()?;
    carry_out(office, &asked.step, office::ASKERS, |tx, stamp, actor, unit, id| {
        resolve::alone(tx, stamp, actor, unit, id, &asked.ask(target))
    })
}

fn unmatch(office: &Office, asked: &Unmatch) -> Result<()> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        explanation_query::unit_of(conn, scope, asked.line)?
            .ok_or_else(|| Error::not_found("line_not_found", "no such statement line"))
    };
    let actor = office.acting(office::ASKERS, asked.person, |conn| locate(conn, &Scope::All))?;
    let (item, foreseen) = office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        let item = unmatch::ask(tx, stamp, &actor, (unit, asked.line), &asked.reason)?;
        let foreseen = undo::foreseen(tx, &item)?;
        Ok((item, foreseen))
    })?;
    let today = office.clock.now().business_day();
    print_json(&json!({ "exception": exception_view(&item, today), "undo": foreseen }))
}

fn draft_limit(office: &Office, asked: &Limit) -> Result<()> {
    let actor = office.acting_in_city(office::ADMINISTRATORS, asked.person)?;
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?.id;
        let (amount, decision_no) = (Dong(asked.amount), asked.decision.clone());
        let content = Content::Limit(proposal::Limit { unit, amount, decision_no });
        proposal::propose(tx, stamp, &actor, &content, &asked.reason)
    })?;
    println!("{id}");
    Ok(())
}

fn alarms(office: &Office, asked: &Alarms) -> Result<()> {
    worker::look_over_queue(office)?;
    let found = office.read(&Actor::system(), |conn| {
        let unit = match &asked.unit {
            Some(code) => Some(unit::find_by_code(conn, code)?.id),
            None => None,
        };
        alarm::standing(conn, &Actor::system(), unit, office.clock.now())
    })?;
    if asked.json {
        return print_json(&found);
    }
    let row = |one: &alarm::Shown| {
        let (amount, age) = (one.amount.to_string(), one.age_hours.to_string());
        vec![format!("{} / {}", one.title, one.title_en), one.subject.clone(), amount, age]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    table::print(&["Cảnh báo", "Về", "Số tiền", "Số giờ"], &rows, &[2, 3]);
    Ok(())
}
