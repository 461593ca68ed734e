//! A payer after the show: transfers for an obligation that is still open, and the bank reports it to
//! the service that runs. So a page that waits can be seen turning.

use std::path::PathBuf;

use super::folder::Folder;
use super::state::State;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::app::App;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::obligation;
use crate::simulator::notify::Notifier;
use crate::simulator::{Payable, Report};
use crate::unit::{self, account};

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
/// `demo_code_unknown`; `obligation_closed` when nothing is owed and no amount is named;
/// `service_unreachable` when no demo runs on the port.
pub fn pay(options: &Options) -> Result<String> {
    let folder = Folder::existing(&options.dir)?;
    let mut state = State::load(&folder)?;
    let mut order = payable(&folder, options)?.transfer();
    order.amount = options.amount.unwrap_or(order.amount);
    if !order.amount.is_positive() {
        let detail = "nothing is owed any more; --amount transfers all the same";
        return Err(Error::conflict("obligation_closed", detail));
    }
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

/// What the service says of the code: any obligation of it can be paid, also one that a visitor raised.
fn payable(folder: &Folder, options: &Options) -> Result<Payable> {
    let app = App::open(folder.config(options.port)?, Clock::System)?;
    let code = options.reference_code.trim().to_uppercase();
    let found = app.read(&Actor::system(), |conn| {
        let known = obligation::query::resolve_codes(conn, std::slice::from_ref(&code))?;
        let owed = obligation::query::by_ids(conn, &known.into_values().collect::<Vec<_>>())?.pop();
        let unknown = || Error::not_found("demo_code_unknown", "no obligation of this demo has the code");
        let owed = owed.ok_or_else(unknown)?;
        Ok(Payable {
            obligation: owed.id.to_string(),
            unit_code: unit::find(conn, owed.unit)?.code,
            account_no: account::find(conn, owed.unit, owed.account)?.account_no,
            reference_code: owed.reference_code.clone(),
            amount: owed.outstanding(),
            payer_name: "Người nộp Mẫu".to_owned(),
        })
    });
    app.lease.release(&app.store)?;
    found
}
