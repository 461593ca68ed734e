//! `bienlai channel …`: the secrets of channels.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};

use super::office::Office;
use super::{DONE, read_text, table};
use crate::actor::Actor;
use crate::app;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::payment::webhook;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The secrets of every channel, by mark, with their last use
    Secrets,
    /// Add a second secret to a channel; one that is drawn is printed this once
    ///
    /// Every process takes it within ten seconds.
    ///
    /// Example: bienlai channel add-secret vpbank
    AddSecret {
        /// The channel's name
        channel: String,
        /// A file whose first line is the secret the partner gave; without it one is drawn
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// Retire a secret for good; the last one stays
    RetireSecret {
        /// The channel's name
        channel: String,
        /// The secret's mark, as `bienlai channel secrets` shows it
        mark: String,
    },
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    let (channels, _) = app::channels(&office.config)?;
    let named = |name: &str| {
        let missing = || Error::not_found("channel_not_found", format!("no channel is named {name}"));
        channels.iter().find(|channel| channel.name() == name).ok_or_else(missing)
    };
    let actor = Actor::system();
    match command {
        Command::Secrets => {
            let mut rows = Vec::new();
            let time = |at: Option<Instant>| at.map_or_else(|| "–".to_owned(), Instant::hanoi_text);
            for channel in &channels {
                let held =
                    office.read(&actor, |conn| webhook::held(conn, &office.vault, channel.as_ref()))?;
                for one in held.into_iter().flatten() {
                    let from = if one.is_configured { "cấu hình".to_owned() } else { time(one.since) };
                    let name = channel.name().to_owned();
                    rows.push(vec![name, one.mark, from, time(one.used_at), time(one.retired_at)]);
                }
            }
            table::print(&["Kênh", "Dấu", "Thêm", "Dùng gần nhất", "Ngừng"], &rows, &[]);
        }
        Command::AddSecret { channel, secret_file } => {
            let channel = named(&channel)?;
            let text = secret_file.as_deref().map(read_text).transpose()?;
            let given = text.map(|text| SecretString::from(text.lines().next().unwrap_or_default()));
            let secret = office.write(&actor, |tx, stamp| {
                webhook::add(tx, stamp, &actor, channel.as_ref(), given.clone())
            })?;
            if given.is_none() {
                println!("{}", secret.expose_secret());
            }
        }
        Command::RetireSecret { channel, mark } => {
            let channel = named(&channel)?;
            office.write(&actor, |tx, stamp| webhook::retire(tx, stamp, &actor, channel.as_ref(), &mark))?;
        }
    }
    Ok(DONE)
}
