//! `bienlai statement …`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::Office;
use super::{DONE, NO, UNREADABLE, print_json, read_bytes, table};
use crate::actor::Role;
use crate::error::Result;
use crate::id::PersonId;
use crate::statement::{self, Finding, Parsed, Statement};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a bank file and print what it says; needs neither database nor configuration
    ///
    /// Formats: camt.052/053/054, MT940, MT942, CSV with a header row. Exit code 0: read and
    /// proven; 1: read, with errors; 2: not readable.
    Parse(Parse),
    /// Import a bank file; the same file, or the same line, is never imported twice
    Import(Import),
}

#[derive(Debug, Args)]
pub struct Parse {
    file: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    file: PathBuf,
    /// The person who imports, as per_…
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Parse(parse) => parse_file(&parse),
        Command::Import(import) => import_file(config, &import),
    }
}

fn parse_file(parse: &Parse) -> Result<u8> {
    let bytes = match read_bytes(&parse.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("bienlai: {error}");
            return Ok(UNREADABLE);
        }
    };
    let parsed = statement::parse(&bytes);
    if parse.json {
        print_json(&parsed)?;
    } else {
        print_parsed(&parsed);
    }
    Ok(parsed.exit_code())
}

fn print_parsed(parsed: &Parsed) {
    let format = serde_json::to_value(parsed.format).unwrap_or_default();
    println!("Định dạng / format: {}", format.as_str().unwrap_or("unknown"));
    for statement in &parsed.statements {
        print_statement(statement);
    }
    print_findings("Cảnh báo / warning", &parsed.warnings);
    print_findings("Lỗi / error", &parsed.errors);
}

fn print_statement(statement: &Statement) {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".into());
    println!(
        "\nTài khoản / account {}  {}  số / no. {}",
        or_dash(&statement.account),
        or_dash(&statement.currency),
        or_dash(&statement.number)
    );
    let rows: Vec<Vec<String>> = statement
        .lines
        .iter()
        .map(|line| {
            vec![
                line.day().map_or_else(|| "–".into(), |day| day.to_string()),
                line.amount.to_string(),
                or_dash(&line.bank_reference),
                if line.reversal { "⟲".into() } else { String::new() },
                or_dash(&line.memo),
            ]
        })
        .collect();
    if let Some(opening) = &statement.opening {
        println!("Số dư đầu / opening {}", opening.amount);
    }
    table::print(&["Ngày", "Số tiền", "Tham chiếu", "", "Nội dung"], &rows, &[1]);
    if let Some(closing) = &statement.closing {
        println!("Số dư cuối / closing {}", closing.amount);
    }
}

fn print_findings(heading: &str, findings: &[Finding]) {
    for finding in findings {
        println!("{heading}: {}: {} ({})", finding.at, finding.message, finding.code);
    }
}

fn import_file(config: &Path, import: &Import) -> Result<u8> {
    let bytes = read_bytes(&import.file)?;
    let office = Office::open(config)?;
    let actor = super::office::actor(Role::Finance, import.person);
    let imported = super::books::import(&office, &actor, &bytes)?;
    print_json(&imported)?;
    Ok(if imported.errors.is_empty() { DONE } else { NO })
}
