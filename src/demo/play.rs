//! The payers and their banks: each scenario is played once, its callbacks sent until answered.

use serde_json::json;

use super::api::Api;
use super::dossier::bar;
use super::folder::Folder;
use super::running::Service;
use super::state::{Played, State};
use crate::actor::Actor;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::simulator::notify::Notifier;
use crate::simulator::{Payable, Scenario};
use crate::unit::{self, BankAccount, account};

/// How often a callback is sent before the demo gives up. Real banks go on for a day.
const ATTEMPT_LIMIT: u32 = 5;

/// Plays what was not played and reports what was not reported.
pub fn play_all(service: &Service, folder: &Folder, state: &mut State) -> Result<()> {
    let accounts = open_accounts(service, state)?;
    actix_web::rt::System::new().block_on(async {
        let partners = Folder::partners(&service.app.config)?;
        let notifier = Notifier::new(&service.url, partners, service.app.clock.clone());
        let api = Api::new(&service.url, &state.tokens()?.dossier_system);
        let bar = bar(Scenario::ALL.len(), "Người nộp chuyển tiền / payers pay");
        for (index, scenario) in Scenario::ALL.into_iter().enumerate() {
            if !state.played.iter().any(|played| played.scenario == scenario) {
                play(service, folder, state, &api, &accounts, (index, scenario)).await?;
            }
            report(folder, state, &notifier, scenario).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    })
}

/// The units' accounts, opened at the bank with the balances they were registered with.
fn open_accounts(service: &Service, state: &mut State) -> Result<Vec<BankAccount>> {
    let accounts = service.app.read(&Actor::system(), |conn| {
        let units = unit::all(conn)?;
        units.iter().map(|unit| account::receiving(conn, unit.id)).collect::<Result<Vec<BankAccount>>>()
    })?;
    for account in &accounts {
        let balance = account.opening_balance;
        state.bank.open_account(&account.account_no, &account.holder_name, account.opened_on, balance);
    }
    Ok(accounts)
}

async fn play(
    service: &Service,
    folder: &Folder,
    state: &mut State,
    api: &Api,
    accounts: &[BankAccount],
    (index, scenario): (usize, Scenario),
) -> Result<()> {
    let of = |index: usize| {
        let account = accounts.get(index % accounts.len().max(1));
        account
            .map(|account| account.account_no.clone())
            .ok_or_else(|| Error::internal("the demo has no accounts"))
    };
    let (own, other) = (of(index)?, of(index + 1)?);
    let payables = choose(state, &own, scenario)?;
    if scenario.is_cancelled_before() {
        for payable in &payables {
            let path = format!("/api/v1/obligations/{}/cancel", payable.obligation);
            let body = json!({ "reason": "Người dân rút hồ sơ" });
            api.post(&path, &format!("demo-cancel-{}", payable.obligation), &body).await?;
        }
    }
    let at = booking_time(service.app.clock.now(), state)?;
    let acts = scenario.play(&mut state.bank, at, &payables, &own, &other)?;
    state.played.push(Played { scenario, payables, acts, is_reported: false });
    state.save(folder)
}

/// Bookings are of the demo's day even when it is continued on another.
fn booking_time(now: Instant, state: &State) -> Result<Instant> {
    let day = state.day()?;
    Ok(if now.business_day() == day { now } else { day.start().plus_seconds(23 * 3600) })
}

/// Obligations of the account's unit that nobody paid yet. `RightMany` takes them from all units.
fn choose(state: &State, own_account: &str, scenario: Scenario) -> Result<Vec<Payable>> {
    let is_used = |payable: &Payable| {
        state
            .played
            .iter()
            .any(|played| played.payables.iter().any(|used| used.obligation == payable.obligation))
    };
    let chosen: Vec<Payable> = state
        .dossiers
        .iter()
        .filter(|payable| payable.amount.is_positive() && !is_used(payable))
        .filter(|payable| scenario == Scenario::RightMany || payable.account_no == own_account)
        .take(scenario.needs())
        .cloned()
        .collect();
    if chosen.len() < scenario.needs() {
        return Err(Error::internal("the demo has too few dossiers"));
    }
    Ok(chosen)
}

async fn report(folder: &Folder, state: &mut State, notifier: &Notifier, scenario: Scenario) -> Result<()> {
    let Some(at) = state.played.iter().position(|played| played.scenario == scenario && !played.is_reported)
    else {
        return Ok(());
    };
    for act in state.played[at].acts.clone() {
        let booking = state.bank.ledger().iter().find(|booking| booking.no == act.booking_no);
        let booking = booking.ok_or_else(|| Error::internal("the bank forgot a booking"))?;
        for route in act.reports {
            let mut attempt = 1;
            loop {
                let status = notifier.report(booking, route).await?;
                if (200..300).contains(&status) {
                    break;
                }
                if status < 500 || attempt == ATTEMPT_LIMIT {
                    return Err(Error::internal(format!("the callback of {route:?} was answered {status}")));
                }
                actix_web::rt::time::sleep(std::time::Duration::from_millis(200 << attempt)).await;
                attempt += 1;
            }
        }
    }
    state.played[at].is_reported = true;
    state.save(folder)
}
