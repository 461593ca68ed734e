//! `bienlai trust …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::DONE;
use super::office::{self, Office};
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::unit::{self, trust};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a channel's word for money on an account, within limits; two persons decide
    ///
    /// Without a grant a channel only advises: its claims wait for the bank statement.
    Grant(Grant),
}

#[derive(Debug, Args)]
pub struct Grant {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The configured name of the channel
    #[arg(long)]
    channel: String,
    /// The agreement with the bank this stands on
    #[arg(long, value_name = "NO")]
    agreement: String,
    /// The first day; today when absent
    #[arg(long, value_name = "DATE")]
    from: Option<BusinessDay>,
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// The largest single claim, in whole đồng
    #[arg(long, value_name = "DONG")]
    claim_limit: i64,
    /// The most money that may be claimed and not proven, in whole đồng
    #[arg(long, value_name = "DONG")]
    unproven_limit: i64,
    /// After so many days an unproven claim ends the trust
    #[arg(long, value_name = "N", default_value_t = 3)]
    age_limit_days: i32,
    /// Who proposes it, as per_…
    #[arg(long, value_name = "ID")]
    maker: PersonId,
    /// Who approves it: another person
    #[arg(long, value_name = "ID")]
    checker: PersonId,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let Command::Grant(grant) = command;
    let office = Office::open(config)?;
    let known = office.config.channels.names();
    if !known.contains(&grant.channel.as_str()) {
        let detail = format!("the configuration has these channels: {}", known.join(", "));
        return Err(Error::invalid("channel", "channel_unknown", detail));
    }
    let actor = Actor::system();
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &grant.unit)?;
        let account = office::account(tx, &unit, &grant.account)?;
        trust::grant(
            tx,
            stamp,
            &actor,
            trust::Grant {
                unit: unit.id,
                account: account.id,
                channel: grant.channel.clone(),
                valid_from: grant.from.unwrap_or_else(|| stamp.today()),
                valid_until: grant.until,
                agreement_no: grant.agreement.clone(),
                claim_limit: Dong(grant.claim_limit),
                unproven_limit: Dong(grant.unproven_limit),
                age_limit_days: grant.age_limit_days,
                maker: grant.maker,
                checker: grant.checker,
            },
        )
    })?;
    println!("{id}");
    Ok(DONE)
}
