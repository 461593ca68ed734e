//! The command line: one file per subcommand; each unpacks, calls a room and prints.
//!
//! Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 the
//! answer is no (a gap, an invalid receipt, a failed row), 2 not readable or used wrongly.

mod audit;
mod bench;
mod book;
pub mod books;
mod calendar;
mod channel;
mod client;
mod correction;
mod day;
mod demo;
mod deposit;
mod duty;
mod exception;
pub mod key;
mod list;
mod listing;
pub mod logging;
mod migrate;
mod month;
mod notification;
mod obligation;
mod office;
mod pos;
mod profile;
mod receipt;
mod reconcile;
mod refund;
mod remittance;
mod report;
mod reports;
mod rule;
mod series;
pub mod serve;
mod settlement;
mod shift;
mod simulate;
mod statement;
mod statement_desk;
mod statement_map;
mod statement_stream;
pub mod table;
mod tariff;
mod tax;
mod trust;
mod unit;
mod unit_ends;
pub mod units;
pub mod user;
mod virtual_account;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};
use crate::payment::partner_file::Faults;
use crate::statement::partner;
use crate::web::message;

/// Fees of administrative dossiers, signed e-receipts, and the daily proof that the money in the
/// bank and the receipts issued are the same money.
#[derive(Debug, Parser)]
#[command(name = "bienlai", version, after_help = EXAMPLES)]
struct Cli {
    /// The configuration [default: bienlai.toml]; copy bienlai.example.toml to begin with
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  bienlai demo                                 see all of it work, on invented data
  bienlai serve --config /etc/bienlai.toml     run the service
  bienlai statement parse saoke.xml --json     read a bank file; needs no database
  bienlai receipt verify bienlai.xml           check a receipt; needs no database
  bienlai receipt pdf bienlai.xml              draw it as a page to read and print

Environment: BIENLAI_DATABASE_URL, BIENLAI_LISTEN, BIENLAI_MASTER_KEY and BIENLAI_LOG override the
configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until Ctrl-C or SIGTERM
    Serve(serve::Options),
    /// Bring the database to this version's schema
    Migrate,
    /// Show the whole job on invented data: service, bank and payers in one process
    Demo(demo::Options),
    /// Measure this machine: own load generator, own database, the real service
    Bench(bench::Options),
    /// Simulated partners: a labelled month of statements and the score of matching on it, the tax
    /// authority, an authority for time-stamps and certificates, a remote signing service
    #[command(subcommand)]
    Simulate(simulate::Command),
    /// Obligations: what payers owe
    #[command(subcommand)]
    Obligation(obligation::Command),
    /// Bank statements: read and import
    #[command(subcommand)]
    Statement(statement::Command),
    /// Match imported statement lines with movements and obligations
    Reconcile(reconcile::Options),
    /// The rules that classify statement lines which are no fee; two persons
    #[command(subcommand)]
    Rule(rule::Command),
    /// The books of a unit: journal, bank book, cash book, fee detail book, as CSV or XLSX; whether they hold
    #[command(subcommand, alias = "books")]
    Book(book::Command),
    /// Every list of a unit as CSV or XLSX: obligations, payments, receipts and more
    List(list::Options),
    /// Figures of a period: fees for declaration and settlement, the year-end cut-off
    #[command(subcommand)]
    Report(report::Command),
    /// Days of a bank account
    #[command(subcommand)]
    Day(day::Command),
    /// Months of a bank account
    #[command(subcommand)]
    Month(month::Command),
    /// Signed receipts
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Corrections of receipts: replace, adjust, cancel; two persons
    #[command(subcommand)]
    Correction(correction::Command),
    /// Refunds of surplus; two persons
    #[command(subcommand)]
    Refund(refund::Command),
    /// Exceptions: everything unexplained, who has it, how it is settled, letters to the bank
    #[command(subcommand)]
    Exception(exception::Command),
    /// Cash shifts: float, count by denomination, differences signed off by another person
    #[command(subcommand)]
    Shift(shift::Command),
    /// Deposits: cash from drawers to the bank
    #[command(subcommand)]
    Deposit(deposit::Command),
    /// Card payments: approval codes and the acquirer's batches
    #[command(subcommand)]
    Pos(pos::Command),
    /// Payment gateways: settlement reports and what was agreed about their fees
    #[command(subcommand)]
    Settlement(settlement::Command),
    /// Remittance of closed days to the Treasury; two persons
    #[command(subcommand)]
    Remittance(remittance::Command),
    /// Legal profiles: what the law of a day asks of documents
    #[command(subcommand)]
    Profile(profile::Command),
    /// Messages to payers: what was sent, what arrived, what bounced
    #[command(subcommand)]
    Notification(notification::Command),
    /// Signing keys and certificates
    #[command(subcommand)]
    Key(key::Command),
    /// The tariff of fees
    #[command(subcommand)]
    Tariff(tariff::Command),
    /// The tax authority: registration, reports, error notices, the ledger of messages
    #[command(subcommand)]
    Tax(tax::Command),
    /// Collecting units with their accounts and series
    #[command(subcommand)]
    Unit(unit::Command),
    /// Holidays, and days worked in exchange: what due dates and waiting times are counted by
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Secrets of the channels that report money
    #[command(subcommand)]
    Channel(channel::Command),
    /// Persons and API clients
    #[command(subcommand)]
    Client(client::Command),
    /// People who sign in to the pages: invite, reset, end
    #[command(subcommand)]
    User(user::Command),
    /// Receipt series
    #[command(subcommand)]
    Series(series::Command),
    /// The sealed trail of who did what
    #[command(subcommand)]
    Audit(audit::Command),
    /// What waits for a second person, and delegations: who may decide for whom
    #[command(subcommand)]
    Duty(duty::Command),
    /// How far a channel's word is taken for money
    #[command(subcommand)]
    Trust(trust::Command),
}

/// The configuration where none is named.
const CONFIG: &str = "bienlai.toml";

/// Exit codes of the commands.
const DONE: u8 = 0;
const NO: u8 = 1;
const UNREADABLE: u8 = 2;

/// Reads the arguments, runs the command, tells the error.
pub fn main() -> ExitCode {
    leave_quietly_when_nobody_reads();
    let cli = Cli::try_parse().unwrap_or_else(|refused| {
        tell_cause(&refused);
        refused.exit()
    });
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&error);
            ExitCode::from(exit_code(&error))
        }
    }
}

/// The words of an argument's refusal, before what the parser of the command line says of it in English.
fn tell_cause(refused: &clap::Error) {
    let cause = std::error::Error::source(refused).and_then(|cause| cause.downcast_ref::<Error>());
    if let Some(error) = cause {
        eprintln!("{}", headline(error));
    }
}

/// The words of an error for who called, on standard error.
fn tell(error: &Error) {
    eprintln!("{}", headline(error));
    eprintln!("  {error}");
    if error.is_internal() {
        eprintln!("  raised at {}", error.raised_at());
    }
}

fn headline(error: &Error) -> String {
    let words = message::words(error.code());
    format!("bienlai: {} / {}", words.vi, words.en)
}

/// A file or a configuration that cannot be used is no answer to what was asked.
fn exit_code(error: &Error) -> u8 {
    let is_unusable = matches!(
        error.code(),
        "file_unreadable"
            | "config_unreadable"
            | "config_invalid"
            | "config_missing"
            | "config_not_read"
            | "master_key_unreadable"
            | "database_url_plaintext"
            | "database_url_unreadable"
            | "database_tls_not_built"
            | "trust_store_empty"
            | "moment_unreadable"
            | "lenient_rule_unknown"
            | "csv_column_unknown"
            | "csv_column_missing"
            | "csv_empty"
            | "csv_encoding"
    );
    if is_unusable { UNREADABLE } else { NO }
}

/// `bienlai … | head` closes our output early, a full disk takes none: no fault to be told with a
/// backtrace. What was not told to the end is no answer, least of all a good one.
fn leave_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            if !text.contains("os error 32") {
                eprintln!("bienlai: {text}");
            }
            std::process::exit(i32::from(UNREADABLE));
        }
        usual(info);
    }));
}

fn run(cli: Cli) -> Result<u8> {
    refuse_unread(&cli)?;
    let config = cli.config.unwrap_or_else(|| PathBuf::from(CONFIG));
    let config = config.as_path();
    match cli.command {
        Command::Serve(options) => serve::run(config, &options),
        Command::Migrate => migrate::run(config),
        Command::Demo(options) => demo::run(options),
        Command::Bench(options) => bench::run(options),
        Command::Simulate(command) => simulate::run(command),
        Command::Obligation(command) => obligation::run(config, command),
        Command::Statement(command) => statement::run(config, command),
        Command::Reconcile(options) => reconcile::run(config, options),
        Command::Rule(command) => rule::run(config, command),
        Command::Book(command) => book::run(config, command),
        Command::List(options) => list::run(config, options),
        Command::Report(command) => report::run(config, command),
        Command::Day(command) => day::run(config, command),
        Command::Month(command) => month::run(config, command),
        Command::Receipt(command) => receipt::run(config, command),
        Command::Correction(command) => correction::run(config, command),
        Command::Refund(command) => refund::run(config, command),
        Command::Exception(command) => exception::run(config, command),
        Command::Shift(command) => shift::run(config, command),
        Command::Deposit(command) => deposit::run(config, command),
        Command::Pos(command) => pos::run(config, command),
        Command::Settlement(command) => settlement::run(config, command),
        Command::Remittance(command) => remittance::run(config, command),
        Command::Profile(command) => profile::run(command),
        Command::Notification(command) => notification::run(config, command),
        Command::Key(command) => key::run(config, command),
        Command::Tariff(command) => tariff::run(config, command),
        Command::Tax(command) => tax::run(config, command),
        Command::Unit(command) => unit::run(config, command),
        Command::Channel(command) => channel::run(config, command),
        Command::Client(command) => client::run(config, command),
        Command::User(command) => user::run(config, command),
        Command::Series(command) => series::run(config, command),
        Command::Audit(command) => audit::run(config, command),
        Command::Calendar(command) => calendar::run(config, command),
        Command::Duty(command) => duty::run(config, command),
        Command::Trust(command) => trust::run(config, command),
    }
}

/// A configuration that is named and would not be read: whoever named it means another database than the demo's.
fn refuse_unread(cli: &Cli) -> Result<()> {
    match (&cli.command, &cli.config) {
        (Command::Demo(_), Some(_)) => {
            let detail = "the demo makes its own configuration in its folder; name that with --dir, and run \
                          `bienlai serve --config …` for a database of yours";
            Err(Error::invalid("config", "config_not_read", detail))
        }
        _ => Ok(()),
    }
}

/// Reads a file named on the command line.
fn read_bytes(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

fn read_text(path: &std::path::Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

#[track_caller]
fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::invalid("file", "file_unreadable", format!("{}: {error}", path.display()))
}

/// The bad rows of a partner's file, one by one on standard error, Vietnamese first; then how many more there are.
fn tell_rows(faults: &Faults) {
    for fault in &faults.told {
        eprintln!("{}: {}", partner::place_vi(fault.line, fault.column), fault.why.vi());
        eprintln!("  {}: {}", partner::place_en(fault.line, fault.column), fault.why.en());
    }
    if faults.more > 0 {
        eprintln!("và {0} dòng lỗi nữa / and {0} more bad rows", faults.more);
    }
}

fn print_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::internal(error.to_string()))?;
    println!("{text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_command_and_option_says_what_it_does() {
        Cli::command().debug_assert();
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty(), "{} {argument} has no help", command.get_name());
                // Where nobody need be named, it is said who acts then.
                let is_actor = help.starts_with("Who ") || help.starts_with("The person who ");
                let may_miss = argument.get_id() == "person" && !argument.is_required_set() && is_actor;
                assert!(!may_miss || help.contains("without"), "{}: {help}", command.get_name());
            }
            for inner in command.get_subcommands() {
                assert!(inner.get_about().is_some(), "{} has no help", inner.get_name());
                check(inner);
            }
        }
        check(&Cli::command());
    }

    #[test]
    fn a_configuration_named_beside_the_demo_is_refused_and_every_other_command_takes_it() {
        let refused = |arguments: &[&str]| {
            let cli = Cli::try_parse_from(arguments).unwrap();
            refuse_unread(&cli).err().map(|error| (error.code(), exit_code(&error)))
        };
        let not_read = Some(("config_not_read", UNREADABLE));
        assert_eq!(refused(&["bienlai", "demo", "--config", "x.toml"]), not_read);
        assert_eq!(refused(&["bienlai", "--config", "x.toml", "demo", "--once"]), not_read);
        assert_eq!(refused(&["bienlai", "demo", "--once"]), None);
        assert_eq!(refused(&["bienlai", "serve", "--config", "x.toml"]), None);
    }
}
