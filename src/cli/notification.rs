//! `bienlai notification …`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::office::{self, Office, Roles};
use super::{DONE, print_json, read_bytes, table};
use crate::actor::{Actor, Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{MessageId, ObligationId, PersonId, ReceiptId};
use crate::notification::{self, Channel, State, bounce, consent, query, view};
use crate::obligation;
use crate::store::Conn;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Which payers got their receipts, by which way, and which did not
    List(List),
    /// Every attempt and answer of a receipt's messages, or of one message
    Show(Show),
    /// Send a message again that bounced, failed or was given up
    Retry(Retry),
    /// Take in a mail server's delivery report (DSN) from a file or standard input
    Bounce(Bounce),
    /// Record that a payer agrees, or agrees no more, to messages beyond the receipt itself
    Consent(Consent),
}

#[derive(Debug, Args)]
pub struct List {
    /// The collecting unit, by its code; all when absent
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// waiting, sending, sent, delivered, bounced, failed, given_up or no_address
    #[arg(long)]
    state: Option<State>,
    /// The most messages to show
    #[arg(long, default_value_t = 100)]
    limit: i64,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    /// rcp_… or msg_…
    id: String,
}

#[derive(Debug, Args)]
pub struct Retry {
    /// The message, as msg_…
    id: MessageId,
    /// Who asks for it, as per_…; without it the trail names the program
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

#[derive(Debug, Args)]
pub struct Bounce {
    /// The report; standard input when absent or -, as a mail server's pipe gives it
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Consent {
    /// The payer's obligation
    obligation: ObligationId,
    /// Taken back instead of given
    #[arg(long)]
    withdrawn: bool,
    /// Where it is proven: a form's number, a page
    #[arg(long)]
    source: String,
    /// The day; today when absent
    #[arg(long, value_name = "DATE")]
    on: Option<BusinessDay>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let office = Office::open(config)?;
    match command {
        Command::List(options) => list(&office, &options),
        Command::Show(options) => show(&office, &options.id),
        Command::Retry(options) => retry(&office, &options),
        Command::Bounce(options) => take_bounce(&office, options.file.as_deref()),
        Command::Consent(options) => record_consent(&office, options),
    }
}

fn list(office: &Office, options: &List) -> Result<u8> {
    let rows = office.read(&Actor::system(), |conn| {
        let mut rows = Vec::new();
        for unit in office::units(conn, options.unit.as_deref())? {
            for item in query::page(conn, unit.id, options.state.as_slice(), None, options.limit)? {
                rows.push(view::of(conn, &office.config.web.public_url, &unit.code, &item, false)?);
            }
        }
        Ok(rows)
    })?;
    if options.json {
        print_json(&rows)?;
        return Ok(DONE);
    }
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.unit.clone(),
                row.receipt_number.clone().unwrap_or_default(),
                row.channel.to_owned(),
                row.state_vi.to_owned(),
                row.changed_at.map(|at| at.hanoi_text()).unwrap_or_default(),
                row.attempts.to_string(),
                row.link.clone().unwrap_or_default(),
                row.id.to_string(),
            ]
        })
        .collect();
    let head = ["Đơn vị", "Biên lai", "Kênh", "Trạng thái", "Lúc", "Lần", "Tra cứu", "Mã"];
    table::print(&head, &lines, &[]);
    let missing =
        [(office.config.email.is_none(), Channel::Email), (office.config.sms.is_none(), Channel::Sms)];
    for (_, channel) in missing.into_iter().filter(|(is_missing, _)| *is_missing) {
        let went = [State::Sent, State::Delivered, State::Bounced].map(State::as_str);
        let is_sent = rows.iter().any(|row| row.channel == channel.as_str() && went.contains(&row.state));
        eprintln!("{}", unconfigured(channel, is_sent));
    }
    Ok(DONE)
}

/// What it means that this configuration cannot send by the channel: where messages went, a service sends them by
/// another configuration.
fn unconfigured(channel: Channel, is_sent: bool) -> String {
    let section = format!("[{}]", channel.as_str());
    if is_sent {
        return format!(
            "Cấu hình này không có {section}: thư do dịch vụ có {section} gửi. / This configuration has no \
             {section}: a service that has it sends its messages."
        );
    }
    format!("Chưa cấu hình {section}: thư chờ, không mất. / {section} is not configured: its messages wait.")
}

fn show(office: &Office, id: &str) -> Result<u8> {
    let actor = Actor::system();
    let shown = office.read(&actor, |conn| {
        let items = match id.parse::<MessageId>() {
            Ok(message) => {
                let unit =
                    query::unit_of(conn, &actor.scope, message)?.ok_or_else(notification::not_found)?;
                query::find(conn, unit, message)?.into_iter().collect()
            }
            Err(_) => {
                let receipt: ReceiptId = id.parse()?;
                let unit = super::receipt::locate(conn, &actor.scope, receipt)?;
                query::of_subject(conn, unit, "receipt", receipt.0)?
            }
        };
        let mut shown = Vec::new();
        for item in &items {
            let code = crate::unit::find(conn, item.unit)?.code;
            shown.push(view::of(conn, &office.config.web.public_url, &code, item, true)?);
        }
        Ok(shown)
    })?;
    print_json(&shown)?;
    Ok(DONE)
}

/// Who sends again.
const SENDERS: Roles = (Role::Finance, &notification::SENDERS);

fn retry(office: &Office, options: &Retry) -> Result<u8> {
    let locate = |conn: &mut Conn, scope: &Scope| {
        query::unit_of(conn, scope, options.id)?.ok_or_else(notification::not_found)
    };
    let actor = office.acting_if_named(SENDERS, options.person, |conn| locate(conn, &Scope::All))?;
    office.write(&actor, |tx, stamp| {
        let unit = locate(tx, &actor.scope)?;
        notification::retry(tx, stamp, &actor, unit, options.id)
    })?;
    println!("{} đang chờ gửi lại / waits to be sent again", options.id);
    Ok(DONE)
}

fn take_bounce(office: &Office, file: Option<&Path>) -> Result<u8> {
    let bytes = match file.filter(|path| *path != Path::new("-")) {
        Some(path) => read_bytes(path)?,
        None => {
            let mut bytes = Vec::new();
            let limit = bounce::SIZE_LIMIT_BYTES as u64 + 1;
            std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
                Error::invalid("file", "file_unreadable", format!("standard input: {error}"))
            })?;
            bytes
        }
    };
    let report = bounce::parse(&bytes)?;
    let goes_by_sms = office.config.sms.is_some();
    let state = office.write(&Actor::system(), |tx, stamp| match report.action {
        bounce::Action::Failed => {
            notification::bounced(tx, stamp, report.message, "dsn", &report.status, goes_by_sms)
        }
        bounce::Action::Delivered => notification::delivered(tx, stamp, report.message, "dsn"),
        bounce::Action::Delayed => {
            let (unit, id) = report.message;
            Ok(query::find(tx, unit, id)?.ok_or_else(notification::not_found)?.state)
        }
    })?;
    println!("{}: {}", report.message.1, taken(&report, state));
    Ok(DONE)
}

/// What became of a message by its report. That a server goes on trying is no bounce and changes no state, so its
/// code is not told as that of the state.
fn taken(report: &bounce::Report, state: State) -> String {
    let (vi, en) = state.words();
    let status = &report.status;
    if report.action == bounce::Action::Delayed {
        let code = if status.is_empty() { String::new() } else { format!(" ({status})") };
        return format!(
            "không ghi là bị trả lại: máy chủ thư còn gửi lại{code}; vẫn {vi} / \
             not taken as a bounce: the mail server goes on trying{code}; still {en}"
        );
    }
    format!("{vi} / {en} {status}")
}

fn record_consent(office: &Office, options: Consent) -> Result<u8> {
    let actor = Actor::system();
    office.write(&actor, |tx, stamp| {
        let unit = obligation::query::unit_of(tx, &actor.scope, None, options.obligation)?
            .ok_or_else(obligation::not_found)?;
        let owed = obligation::find(tx, unit, options.obligation)?;
        let word = consent::Word {
            unit,
            party: owed.party,
            is_given: !options.withdrawn,
            source: options.source.clone(),
            given_on: options.on.unwrap_or_else(|| stamp.today()),
        };
        consent::record(tx, stamp, &actor, word)
    })?;
    println!("{}", if options.withdrawn { "đã rút / withdrawn" } else { "đã ghi / recorded" });
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UnitId;

    #[test]
    fn a_delay_is_told_as_one_and_not_as_the_code_of_a_bounce() {
        let told = |action: bounce::Action, status: &str, state: State| {
            let message = (UnitId(5), MessageId(77));
            taken(&bounce::Report { message, action, status: status.to_owned() }, state)
        };
        assert_eq!(told(bounce::Action::Failed, "5.2.2", State::Bounced), "bị trả lại / bounced 5.2.2");
        let delayed = told(bounce::Action::Delayed, "4.2.2", State::Bounced);
        assert!(delayed.starts_with("không ghi là bị trả lại") && delayed.contains("(4.2.2)"), "{delayed}");
        assert!(delayed.ends_with("still bounced") && !delayed.contains("bounced 4.2.2"), "{delayed}");
    }

    #[test]
    fn messages_that_were_sent_are_not_said_to_wait_for_a_configuration() {
        let waits = unconfigured(Channel::Email, false);
        assert!(waits.contains("[email]") && waits.contains("thư chờ"), "{waits}");
        let sent = unconfigured(Channel::Sms, true);
        assert!(sent.contains("[sms]") && !sent.contains("chờ") && !sent.contains("wait"), "{sent}");
    }
}
