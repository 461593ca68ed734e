//! `bienlai key rewrap`

use std::path::Path;

use clap::Args;

use crate::actor::{Actor, Scope};
use crate::audit;
use crate::cli::office::Office;
use crate::cli::{DONE, NO};
use crate::error::Result;
use crate::unit::CITY;

/// Data keys in one transaction: payments wait no longer than for a few of them.
const CHUNK: i64 = 50;

#[derive(Debug, Args)]
pub struct Rewrap {
    /// Stop after so many data keys; the next run goes on there
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub fn run(config: &Path, asked: &Rewrap) -> Result<u8> {
    let office = Office::open(config)?;
    let (actor, vault) = (Actor::system(), &office.vault);
    let mut done = 0;
    while asked.limit.is_none_or(|limit| done < limit) {
        let room = asked.limit.map_or(CHUNK, |limit| i64::try_from(limit - done).unwrap_or(CHUNK).min(CHUNK));
        let count = office.write_bulk(&actor, |tx, stamp| {
            let count = vault.rewrap(tx, stamp.now, stamp.ids, room)?;
            if count > 0 {
                let entry = audit::Entry {
                    unit: CITY,
                    actor: "system".to_owned(),
                    action: "data_key.rewrapped",
                    subject: vault.master_id().to_owned(),
                    detail: count.to_string(),
                };
                audit::record(tx, stamp, &[entry])?;
            }
            Ok(count)
        })?;
        if count == 0 {
            break;
        }
        done += count;
    }
    let left = office.store.read(&Scope::All, |conn| vault.left_to_rewrap(conn))?;
    println!("đã bọc lại / wrapped anew: {done}; còn lại / left: {left}");
    if left > 0 {
        return Ok(NO);
    }
    if office.config.vault.second()?.is_some() {
        println!(
            "khóa chính cũ không còn cần: bỏ second_master_key khỏi cấu hình / \
             the old master key is needed no more: take second_master_key out of the configuration"
        );
    }
    Ok(DONE)
}
