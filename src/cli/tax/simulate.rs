//! `bienlai tax simulate`, also `bienlai simulate tax`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::cli::simulate::machines::until_stopped;
use crate::error::Result;
use crate::simulator::tax_authority::server::Server;
use crate::simulator::tax_authority::{Habits, TaxAuthority};

#[derive(Debug, Args)]
pub struct Options {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9900")]
    listen: SocketAddr,
    /// Of a hundred messages so many are taken and not answered
    #[arg(long, value_name = "N", default_value_t = 0)]
    lost_answers: u32,
    /// Of a hundred messages so many are neither taken nor answered
    #[arg(long, value_name = "N", default_value_t = 0)]
    lost_messages: u32,
    /// Of a hundred messages so many are taken late: not answered, not found when asked for at first, and doubles when
    /// they come again
    #[arg(long, value_name = "N", default_value_t = 0)]
    late_messages: u32,
    /// Turn away at the door (400) what comes again
    #[arg(long)]
    reject_doubles: bool,
    /// How often it is asked before the answer is there
    #[arg(long, value_name = "N", default_value_t = 1)]
    asked_before_answer: u32,
    /// Refuse every registration
    #[arg(long)]
    refuse_registrations: bool,
    /// Find fault with every invoice (01/TB-KTDL)
    #[arg(long)]
    refuse_invoices: bool,
    /// Accept no error notice (04/SS)
    #[arg(long)]
    refuse_notices: bool,
    /// Out of service for the first so many seconds
    #[arg(long, value_name = "N", default_value_t = 0)]
    outage_s: u64,
    /// The same seed loses the same messages
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub fn run(options: &Options) -> Result<u8> {
    let habits = Habits {
        lost_answers_percent: options.lost_answers,
        lost_messages_percent: options.lost_messages,
        late_messages_percent: options.late_messages,
        rejects_doubles: options.reject_doubles,
        asked_before_answer: options.asked_before_answer,
        refuses_registrations: options.refuse_registrations,
        refuses_invoices: options.refuse_invoices,
        refuses_notices: options.refuse_notices,
        seed: options.seed,
    };
    let authority = Arc::new(TaxAuthority::new(habits));
    if options.outage_s > 0 {
        authority.set_out(true);
        let (authority, outage) = (Arc::clone(&authority), Duration::from_secs(options.outage_s));
        std::thread::spawn(move || {
            std::thread::sleep(outage);
            authority.set_out(false);
        });
    }
    let server = Server::start(authority, options.listen)?;
    println!("cơ quan thuế mô phỏng / simulated tax authority: http://{}", server.address);
    println!("[tax]\nendpoint = \"http://{}\"", server.address);
    until_stopped()
}
