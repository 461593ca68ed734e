//! `bienlai demo`: the whole job on invented data, in one process. Three communes, forty dossiers,
//! a bank beside the service, and the day's end with its statements.
//!
//! What was done is remembered in the folder, step by step, so that a second start continues and
//! raises nothing twice.

mod api;
mod authority;
mod city;
mod day_end;
mod dossier;
mod folder;
mod links;
mod logins;
mod mailbox;
pub mod pay;
mod play;
mod running;
mod state;
mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::app::App;
use crate::clock::Clock;
use crate::error::Result;
use crate::worker;
use folder::Folder;
use running::Service;

/// How the demo is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Throw away what is there.
    pub fresh: bool,
    /// 0 for any free port.
    pub port: u16,
    pub dir: PathBuf,
    /// End when everything was shown.
    pub once: bool,
}

/// What a run leaves to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub dossiers: usize,
    pub scenarios: usize,
    pub receipts: usize,
    pub exceptions: usize,
    /// The table as it was printed.
    pub table: String,
    pub links: Vec<String>,
}

/// Sets up what is missing, shows everything, and runs on until Ctrl-C unless `once`.
///
/// # Errors
/// `port_taken`, `demo_folder_foreign` when `--fresh` would delete a folder that is not a demo's.
pub fn run(options: &Options) -> Result<Shown> {
    let port = running::free_port(options.port)?;
    let folder = Folder::open(&options.dir, options.fresh)?;
    let mailbox = mailbox::Mailbox::open(&folder)?;
    let authority = authority::Authority::open(&folder)?;
    folder.set_port(port)?;
    let mut config = folder.config(port)?;
    mailbox.connect(&mut config);
    authority.connect(&mut config);
    println!("bienlai demo · {} · http://127.0.0.1:{port}", folder.path().display());
    let app = App::open(config, Clock::System)?;
    let mut state = state::State::load(&folder)?;
    city::set_up(&app, &folder, &mut state)?;
    logins::set_up(&app, &folder, &mut state)?;
    worker::refresh_evidence(&app)?;
    let service = Service::start(app)?;
    let outcome = show(&service, &folder, &mut state, &mailbox)
        .and_then(|shown| authority.stamp(&service).map(|()| shown));
    match &outcome {
        Ok(shown) if !options.once => {
            print_links(shown);
            logins::print(&service.url, &state);
            println!("\nDịch vụ đang chạy, Ctrl-C để dừng. / Running; Ctrl-C stops it.");
            service.wait()?;
        }
        Ok(shown) => {
            print_links(shown);
            service.stop()?;
        }
        Err(_) => service.stop()?,
    }
    outcome
}

fn show(
    service: &Service,
    folder: &Folder,
    state: &mut state::State,
    mailbox: &mailbox::Mailbox,
) -> Result<Shown> {
    let is_again = !state.delivered.is_empty();
    dossier::raise_all(service, folder, state)?;
    play::play_all(service, folder, state)?;
    day_end::run(service, folder, state)?;
    let rows = table::rows(&service.app, state)?;
    let table = table::text(&rows);
    if is_again {
        println!("\nĐã diễn ra ở lần chạy đầu / what happened at the first start, as it stands now:");
    }
    println!("\n{table}");
    let mut shown = links::collect(service, folder, state, rows.len(), table)?;
    shown.links.push(mailbox.collect(service)?);
    Ok(shown)
}

fn print_links(shown: &Shown) {
    println!();
    for link in &shown.links {
        println!("{link}");
    }
}
