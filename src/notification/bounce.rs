//! Delivery reports by mail (DSN, RFC 3464): what became of which of our messages.

use super::email::is_enhanced;
use super::parse_name;
use crate::error::{Error, Result};
use crate::id::{MessageId, UnitId};

/// The largest report that is read; longer ones carry attachments that say nothing more.
pub const SIZE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Failed,
    /// The server goes on trying.
    Delayed,
    Delivered,
}

/// What a report says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub message: (UnitId, MessageId),
    pub action: Action,
    /// `5.1.1`; empty where it is not told.
    pub status: String,
}

/// Reads a report. `bounce_unreadable` for mail that is none, `bounce_foreign` when it names no
/// message of ours.
pub fn parse(bytes: &[u8]) -> Result<Report> {
    let unreadable = |why: &str| Error::invalid("file", "bounce_unreadable", why);
    if bytes.len() > SIZE_LIMIT_BYTES {
        return Err(Error::too_large("bounce_unreadable", format!("at most {SIZE_LIMIT_BYTES} bytes")));
    }
    // Reports are ASCII by their standard; other bytes are of the returned message.
    let text = unfolded(&String::from_utf8_lossy(bytes));
    let lower = text.to_ascii_lowercase();
    let status_at = lower
        .find("content-type: message/delivery-status")
        .or_else(|| lower.find("content-type: message/global-delivery-status"))
        .ok_or_else(|| unreadable("it has no delivery-status part"))?;
    let part = &text[status_at..];
    let field = |name: &str| {
        part.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let action = match field("action").unwrap_or_default().to_ascii_lowercase().as_str() {
        "failed" => Action::Failed,
        "delayed" => Action::Delayed,
        "delivered" | "relayed" | "expanded" => Action::Delivered,
        _ => return Err(unreadable("it names no known action")),
    };
    let status = field("status").unwrap_or_default();
    let status = status.split_whitespace().next().filter(|word| is_enhanced(word)).unwrap_or_default();
    let message =
        ours(&text).ok_or_else(|| Error::invalid("file", "bounce_foreign", "it names no message of ours"))?;
    Ok(Report { message, action, status: status.to_owned() })
}

/// Header lines that were folded, as one line each.
fn unfolded(text: &str) -> String {
    text.replace("\r\n", "\n").replace("\n\t", " ").replace("\n ", " ")
}

/// The name of the first message of ours: in the returned headers, or in References.
fn ours(text: &str) -> Option<(UnitId, MessageId)> {
    text.match_indices("<msg_").find_map(|(at, _)| {
        let rest = &text[at + 1..];
        parse_name(&rest[..rest.find('@')?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, status: &str) -> String {
        let name = format!("{}.{}", MessageId(77), UnitId(5));
        format!(
            "From: MAILER-DAEMON@mail.example.vn\r\nTo: bienlai@example.vn\r\nMessage-ID: <x@mail.example.vn>\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b\"\r\n\r\n--b\r\n\
             Content-Type: text/plain\r\n\r\nSorry.\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mail.example.vn\r\n\r\nFinal-Recipient: rfc822; mau@example.vn\r\nAction: {action}\r\n\
             Status: {status}\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n\r\n--b\r\n\
             Content-Type: text/rfc822-headers\r\n\r\nMessage-ID:\r\n <{name}@example.vn>\r\nSubject: x\r\n\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_report_is_linked_to_the_message_by_its_id() {
        let found = parse(report("failed", "5.1.1").as_bytes()).unwrap();
        let message = (UnitId(5), MessageId(77));
        assert_eq!(found, Report { message, action: Action::Failed, status: "5.1.1".into() });
        assert_eq!(parse(report("delayed", "4.4.1").as_bytes()).unwrap().action, Action::Delayed);
        assert_eq!(
            parse(report("Delivered", "2.0.0 ok").replace("\r\n", "\n").as_bytes()).unwrap().status,
            "2.0.0"
        );
    }

    #[test]
    fn what_is_no_report_of_ours_changes_nothing() {
        let code = |text: &str| parse(text.as_bytes()).unwrap_err().code();
        assert_eq!(code("Subject: hello\r\n\r\nhi"), "bounce_unreadable");
        assert_eq!(code(&report("exploded", "5.1.1")), "bounce_unreadable");
        assert_eq!(code(&report("failed", "5.1.1").replace("msg_", "xyz_")), "bounce_foreign");
        assert_eq!(code(""), "bounce_unreadable");
        let whole = report("failed", "5.1.1");
        for end in 0..whole.len() {
            let _ = parse(&whole.as_bytes()[..end]);
        }
    }
}
