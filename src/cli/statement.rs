//! `bienlai statement …`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::statement_desk as desk;
use super::statement_map;
use super::statement_stream::{self, Input};
use super::{DONE, UNREADABLE, print_json, read_bytes, table, unreadable};
use crate::error::{Error, Result};
use crate::id::VersionId;
use crate::statement::layout::Layout;
use crate::statement::{self, Finding, Parsed, Statement};
use crate::web::message;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a bank file and print what it says; needs neither database nor configuration
    ///
    /// Formats: camt.052/053/054 (alone or in a ZIP), MT940, MT942, and tables with a heading row
    /// as CSV, XLSX, XLS or HTML. Exit code 0: read and proven; 1: read, with errors; 2: not
    /// readable.
    Parse(Parse),
    /// Show how a table is understood, with a mapping to start from
    ///
    /// Prints the heading row, the meaning of each column and the first rows, then the mapping as
    /// TOML. Save it, change it, and give it with `--map FILE` to `parse` and `import`.
    Preview(Preview),
    /// Import a bank file; the same file, or the same line, is never imported twice
    Import(desk::Import),
    /// The imports of a unit that run by themselves, and how far they are
    Imports(desk::Place),
    /// What the bank changed when it sent a statement again, line by line
    Diff {
        /// The version, as ver_…
        id: VersionId,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Statements that the bank sent again: what is held is decided by two persons
    #[command(subcommand)]
    Version(desk::VersionCommand),
    /// Lines that could not be read: repaired or discarded by a person, with a reason
    #[command(subcommand)]
    Quarantine(desk::QuarantineCommand),
    /// Column mappings saved for an account
    #[command(subcommand)]
    Map(desk::MapCommand),
}

#[derive(Debug, Args)]
pub struct Parse {
    /// The bank file, or - for standard input; the format is found by its content
    file: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// A mapping of the table's columns, as `preview` prints one
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Preview {
    /// The bank file; the format is found by its content
    file: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// A mapping to try
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    match command {
        Command::Parse(parse) => parse_file(&parse),
        Command::Preview(preview) => preview_file(&preview),
        Command::Import(import) => desk::import_file(config, &import),
        Command::Imports(place) => desk::imports(config, &place),
        Command::Diff { id, json } => desk::diff(config, id, json),
        Command::Version(command) => desk::version(config, &command),
        Command::Quarantine(command) => desk::quarantine(config, command),
        Command::Map(command) => statement_map::run(config, &command),
    }
}

fn layout_of(map: Option<&Path>) -> Result<Option<Layout>> {
    let Some(path) = map else { return Ok(None) };
    let bytes = read_bytes(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::invalid("layout", "statement_layout_invalid", "the file is not UTF-8"))?;
    Layout::from_toml(text).map(Some)
}

fn preview_file(preview: &Preview) -> Result<u8> {
    let layout = layout_of(preview.map.as_deref())?;
    let bytes = read_bytes(&preview.file)?;
    let Some(found) = statement::preview(&bytes, layout.as_ref()) else {
        eprintln!(
            "bienlai: không thấy bảng giao dịch có dòng tiêu đề / no table of transactions with a heading row"
        );
        return Ok(UNREADABLE);
    };
    if preview.json {
        print_json(&found)?;
        return Ok(DONE);
    }
    let layout = found.layout.as_deref().unwrap_or("theo tiêu đề / by its headings");
    println!("Bố cục / layout: {layout}");
    if let Some(line) = found.heading_line {
        println!("Dòng tiêu đề / heading row: {line}");
    }
    let columns: Vec<Vec<String>> = found
        .columns
        .iter()
        .map(|column| {
            let meaning = serde_json::to_value(column.meaning).unwrap_or_default();
            let shown: Vec<&str> = found
                .rows
                .iter()
                .filter_map(|row| row.get(column.number - 1).map(String::as_str))
                .filter(|cell| !cell.trim().is_empty())
                .take(1)
                .collect();
            vec![
                column.number.to_string(),
                column.heading.clone(),
                meaning.as_str().unwrap_or("–").to_owned(),
                crate::text::clean(&shown.concat()),
            ]
        })
        .collect();
    table::print(&["Cột", "Tiêu đề", "Ý nghĩa / meaning", "Ví dụ / example"], &columns, &[0]);
    println!("\n{}", found.mapping.to_toml()?);
    Ok(DONE)
}

fn parse_file(parse: &Parse) -> Result<u8> {
    let layout = layout_of(parse.map.as_deref())?;
    let input = match (parse.file == Path::new("-"), parse.json) {
        (true, _) => from_standard_input().map(Input::Whole),
        (false, true) => statement_stream::open(&parse.file),
        (false, false) => std::fs::read(&parse.file).map(Input::Whole),
    };
    let parsed = match input {
        Ok(Input::Whole(bytes)) => {
            let parsed = statement::parse_with(&bytes, layout.as_ref());
            if parse.json {
                print_json(&parsed)?
            } else {
                print_parsed(&parsed)
            }
            Ok(parsed)
        }
        Ok(Input::Streamed(mut input)) => statement_stream::print_json(&mut input),
        Err(error) => return not_read(parse, &unreadable(&parse.file, &error)),
    };
    Ok(parsed.map_or_else(
        |error| {
            eprintln!("bienlai: {}", unreadable(&parse.file, &error));
            UNREADABLE
        },
        |parsed| parsed.exit_code(),
    ))
}

/// One byte more than is read tells that it is too large.
fn from_standard_input() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = statement::MAX_BYTES as u64 + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Who reads JSON is told in JSON, in the form of the API's errors.
fn not_read(parse: &Parse, error: &Error) -> Result<u8> {
    super::tell(error);
    if parse.json {
        let words = message::words(error.code());
        print_json(&serde_json::json!({
            "error": { "code": error.code(), "message": words.vi, "message_en": words.en },
            "statements": [],
        }))?;
    }
    Ok(UNREADABLE)
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
