//! `bienlai trust …`

use std::path::Path;

use clap::{Args, Subcommand};

use super::office::{self, Office, Roles};
use super::{DONE, table};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::unit::{self, Level, trust};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a channel's word for money on an account, within limits; two persons decide
    ///
    /// Without a grant a channel only advises: its claims wait for the bank statement.
    Grant(Grant),
    /// What channels were trusted with on a unit's accounts, and why that ended; the last word holds
    List {
        /// The collecting unit, by its code
        #[arg(long, value_name = "CODE")]
        unit: String,
    },
    /// Take a channel's word for money no longer, from now on; one person is enough
    ///
    /// Nothing is refused: its claims wait for the bank statement again.
    End(End),
}

#[derive(Debug, Args)]
pub struct End {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// The configured name of the channel
    #[arg(long)]
    channel: String,
    /// Why, for the trail
    #[arg(long)]
    reason: String,
    /// Who ends it, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
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
    /// The last day
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
    match command {
        Command::Grant(asked) => grant(config, asked)?,
        Command::List { unit } => list(config, &unit)?,
        Command::End(asked) => end(config, &asked)?,
    }
    Ok(DONE)
}

fn list(config: &Path, unit: &str) -> Result<()> {
    let rows = Office::open(config)?.read(&Actor::system(), |conn| {
        let unit = unit::find_by_code(conn, unit)?;
        trust::history(conn, unit.id)?
            .into_iter()
            .map(|decided| {
                let account = unit::account::find(conn, unit.id, decided.account)?;
                let trust = &decided.trust;
                let limits = [trust.claim_limit, trust.unproven_limit].map(|limit| limit.to_string());
                let until =
                    if trust.level == Level::Settles { trust.valid_until.to_string() } else { String::new() };
                let said = trust.level.as_str().to_owned();
                let [claim, unproven] = limits;
                let from = trust.valid_from.to_string();
                Ok(vec![
                    account.account_no,
                    decided.channel,
                    said,
                    from,
                    until,
                    claim,
                    unproven,
                    decided.ground,
                ])
            })
            .collect::<Result<Vec<Vec<String>>>>()
    })?;
    let head =
        ["Account", "Channel", "Word", "From", "Until", "Per claim", "Unproven", "Agreement or reason"];
    table::print(&head, &rows, &[5, 6]);
    Ok(())
}

/// Who ends a trust.
const ENDERS: Roles = (Role::Administrator, &trust::ENDERS);

fn end(config: &Path, asked: &End) -> Result<()> {
    let office = Office::open(config)?;
    let actor = office.acting_in(ENDERS, asked.person, &asked.unit)?;
    let id = office.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = office::account(tx, &unit, &asked.account)?;
        trust::end(tx, stamp, &actor, (unit.id, account.id, &asked.channel), &asked.reason)
    })?;
    println!("{id}");
    Ok(())
}

fn grant(config: &Path, grant: Grant) -> Result<()> {
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
    Ok(())
}
