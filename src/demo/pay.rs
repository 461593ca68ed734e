//! A payer after the show: transfers for an obligation that is still open, and the bank reports it to
//! the service that runs. So a page that waits can be seen turning.

use std::path::PathBuf;

use super::folder::Folder;
use super::state::State;
use crate::amount::Dong;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::simulator::Report;
use crate::simulator::notify::Notifier;

/// What is transferred.
#[derive(Clone, Debug)]
pub struct Options {
    /// The demo's folder.
    pub dir: PathBuf,
    /// Where its service listens, on 127.0.0.1.
    pub port: u16,
    /// The reference code on the pay page.
    pub reference_code: String,
    /// Other than what is owed.
    pub amount: Option<Dong>,
    /// The bank reports it twice.
    pub twice: bool,
}

/// Books the transfer at the demo's bank and has it reported. Returns the memo as it arrived.
///
/// # Errors
/// `demo_code_unknown`; `service_unreachable` when no demo runs on the port.
pub fn pay(options: &Options) -> Result<String> {
    let folder = Folder::existing(&options.dir)?;
    let mut state = State::load(&folder)?;
    let payable =
        state.dossiers.iter().find(|payable| payable.reference_code == options.reference_code).cloned();
    let unknown = || Error::not_found("demo_code_unknown", "no obligation of this demo has the code");
    let mut order = payable.ok_or_else(unknown)?.transfer();
    order.amount = options.amount.unwrap_or(order.amount);
    let clock = Clock::System;
    let booking = state.bank.credit(clock.now(), &order)?.clone();
    state.save(&folder)?;
    let partners = Folder::partners(&folder.config(options.port)?)?;
    let url = format!("http://127.0.0.1:{}", options.port);
    actix_web::rt::System::new().block_on(async {
        let notifier = Notifier::new(&url, partners, clock);
        for _ in 0..=usize::from(options.twice) {
            let status = notifier.report(&booking, Report::Bank).await?;
            if !(200..300).contains(&status) {
                return Err(Error::internal(format!("the callback was answered {status}")));
            }
        }
        Ok(booking.memo.clone())
    })
}
