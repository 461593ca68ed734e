//! `bienlai tax simulate`

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use crate::cli::DONE;
use crate::error::{Error, Result};
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
    /// How often it is asked before the answer is there
    #[arg(long, value_name = "N", default_value_t = 1)]
    asked_before_answer: u32,
}

pub fn run(options: &Options) -> Result<u8> {
    let habits = Habits {
        lost_answers_percent: options.lost_answers,
        asked_before_answer: options.asked_before_answer,
        ..Habits::default()
    };
    let server = Server::start(Arc::new(TaxAuthority::new(habits)), options.listen)?;
    println!("cơ quan thuế mô phỏng / simulated tax authority: http://{}", server.address);
    println!("[tax]\nendpoint = \"http://{}\"", server.address);
    println!("Ctrl-C để dừng / Ctrl-C stops it");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(error.to_string()))?;
    runtime.block_on(tokio::signal::ctrl_c()).map_err(|error| Error::internal(error.to_string()))?;
    Ok(DONE)
}
