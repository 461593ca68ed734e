//! `bienlai unit virtual-…`: numbers of virtual accounts under an account.

use std::path::Path;

use clap::Args;

use super::office::{self, Office};
use super::table;
use crate::actor::Actor;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::PersonId;
use crate::obligation::virtual_account::{self, Agreed, Style};
use crate::unit;

#[derive(Debug, Args)]
pub struct Add {
    /// The collecting unit, by its code
    #[arg(long, value_name = "CODE")]
    unit: String,
    /// The account number
    #[arg(long, value_name = "NO")]
    account: String,
    /// What every number begins with, as agreed with the bank
    #[arg(long)]
    prefix: String,
    /// What follows it: letters (nine symbols) or digits (fourteen)
    #[arg(long, default_value = "letters")]
    style: String,
    /// The first day on which payers get such numbers; today when absent
    #[arg(long, value_name = "DATE")]
    from: Option<BusinessDay>,
    /// The last one; numbers that were given out are understood afterwards too
    #[arg(long, value_name = "DATE")]
    until: BusinessDay,
    /// The agreement with the bank this stands on
    #[arg(long, value_name = "NO")]
    agreement: String,
    /// Who proposes it, as per_…
    #[arg(long, value_name = "ID")]
    maker: PersonId,
    /// Who approves it: another person
    #[arg(long, value_name = "ID")]
    checker: PersonId,
}

pub fn add(config: &Path, asked: &Add) -> Result<()> {
    let actor = Actor::system();
    let style = Style::parse(&asked.style)?;
    let id = Office::open(config)?.write(&actor, |tx, stamp| {
        let unit = unit::find_by_code(tx, &asked.unit)?;
        let account = office::account(tx, &unit, &asked.account)?;
        let agreed = Agreed {
            unit: unit.id,
            account: account.id,
            prefix: asked.prefix.clone(),
            style,
            valid_from: asked.from.unwrap_or_else(|| stamp.today()),
            valid_until: asked.until,
            agreement_no: asked.agreement.clone(),
            maker: asked.maker,
            checker: asked.checker,
        };
        virtual_account::agree(tx, stamp, &actor, agreed)
    })?;
    println!("{id}");
    Ok(())
}

pub fn list(config: &Path) -> Result<()> {
    let rows = Office::open(config)?.read(&Actor::system(), |conn| {
        let row = |conn: &mut _, range: virtual_account::Range| {
            Ok(vec![
                unit::find(conn, range.unit)?.code,
                unit::account::find(conn, range.unit, range.account)?.account_no,
                range.prefix,
                range.style.as_str().to_owned(),
                range.valid_from.to_string(),
                range.valid_until.to_string(),
                range.agreement_no,
            ])
        };
        virtual_account::all(conn)?.into_iter().map(|range| row(conn, range)).collect::<Result<Vec<_>>>()
    })?;
    let head = ["Unit", "Account", "Prefix", "Style", "From", "Until", "Agreement"];
    table::print(&head, &rows, &[]);
    Ok(())
}
