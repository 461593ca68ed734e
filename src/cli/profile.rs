//! `bienlai profile …`

use clap::Subcommand;

use super::{DONE, print_json, table};
use crate::error::{Error, Result};
use crate::receipt::profile::{self, Certainty, Listed, Profile};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The legal profiles of this program: from when to when, and how much of each is verified
    List,
    /// The rules of one profile, each with how sure it is and where it comes from
    Show {
        /// As `list` names it, such as ND254-2.1.1; the newest when absent
        name: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: Command) -> Result<u8> {
    profile::check_shipped()?;
    match command {
        Command::List => list(),
        Command::Show { name, json } => show(name.as_deref(), json)?,
    }
    Ok(DONE)
}

fn list() {
    let row = |profile: &Profile| {
        let items = profile.items();
        let marked =
            |mark: Certainty| items.iter().filter(|item| item.mark == mark.mark()).count().to_string();
        vec![
            profile.name.to_owned(),
            profile.valid_from.to_string(),
            profile.valid_until.map_or_else(|| "…".to_owned(), |last| last.to_string()),
            marked(Certainty::Verified),
            marked(Certainty::SecondHand),
            marked(Certainty::FromMemory),
            marked(Certainty::OwnProposal),
            profile.legal_basis.value.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = profile::all().iter().map(row).collect();
    let heads = ["Bộ quy định", "Từ ngày", "Đến ngày", "[V]", "[V2]", "[M]", "[P]", "Căn cứ"];
    table::print(&heads, &rows, &[3, 4, 5, 6]);
    legend();
}

fn show(name: Option<&str>, json: bool) -> Result<()> {
    let profile = match name {
        Some(name) => named(name)?,
        None => profile::newest(),
    };
    let items = profile.items();
    if json {
        return print_json(&serde_json::json!({
            "name": profile.name,
            "valid_from": profile.valid_from,
            "valid_until": profile.valid_until,
            "items": items,
        }));
    }
    let until = profile.valid_until.map_or_else(|| "…".to_owned(), |last| last.to_string());
    println!("{}  {} – {until}\n", profile.name, profile.valid_from);
    let rows: Vec<Vec<String>> = items.iter().flat_map(lines).collect();
    table::print(&["", "Quy định", "Giá trị", "Nguồn"], &rows, &[]);
    legend();
    Ok(())
}

/// The profile that a person names, who may have mistyped it.
fn named(name: &str) -> Result<&'static Profile> {
    let name = name.trim();
    profile::all().iter().find(|profile| profile.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let known: Vec<&str> = profile::all().iter().map(|profile| profile.name).collect();
        Error::invalid("name", "profile_not_found", format!("there are {}", known.join(", ")))
    })
}

/// A rule of several parts takes a line for each.
fn lines(item: &Listed) -> Vec<Vec<String>> {
    let row = |(at, part): (usize, &str)| match at {
        0 => vec![format!("[{}]", item.mark), item.item.to_owned(), part.to_owned(), item.source.to_owned()],
        _ => vec![String::new(), String::new(), part.to_owned(), String::new()],
    };
    item.value.split("; ").enumerate().map(row).collect()
}

fn legend() {
    println!();
    for mark in [Certainty::Verified, Certainty::SecondHand, Certainty::FromMemory, Certainty::OwnProposal] {
        let (vi, en) = mark.words();
        println!("[{}] {vi} / {en}", mark.mark());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_in_letters_of_either_case() {
        assert_eq!(named(" nd70-2.1.0 ").unwrap().name, "ND70-2.1.0");
        assert_eq!(named("nd70-2.1").unwrap_err().code(), "profile_not_found");
    }
}
