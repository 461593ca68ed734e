//! E-mail: a receipt's message is composed (RFC 5322, MIME) and given to the mail server (SMTP).

use std::io::{self, ErrorKind};
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Part, Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{PoolConfig, SmtpTransport};
use lettre::{Address, Message as Mail, Transport};
use secrecy::ExposeSecret;

use super::attachment::Attachment;
use super::rules::Answer;
use super::wording::Words;
use crate::clock::Instant;
use crate::config::delivery::{self, Email};
use crate::error::{Error, Result};
use crate::text;

/// The connection to the mail server; cheap to share between threads.
pub struct Mailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Mailer {
    /// Reads the secrets' files. `config_invalid` with the field when one cannot be used.
    pub fn new(config: &Email) -> Result<Mailer> {
        let invalid = |field: &str, why: String| Error::invalid(field, "config_invalid", why);
        let address: Address =
            config.from.parse().map_err(|_| invalid("email.from", "an e-mail address in ASCII".into()))?;
        let mut parameters = TlsParameters::builder(config.host.clone());
        if let Some(path) = &config.ca_file {
            let pem = delivery::secret("email.ca_file", path)?;
            let authority = Certificate::from_pem(pem.expose_secret().as_bytes())
                .map_err(|error| invalid("email.ca_file", error.to_string()))?;
            parameters = parameters.add_root_certificate(authority);
        }
        let tls = match config.tls.as_str() {
            "none" => Tls::None,
            kind => {
                let parameters =
                    parameters.build().map_err(|error| invalid("email.tls", error.to_string()))?;
                if kind == "wrapper" { Tls::Wrapper(parameters) } else { Tls::Required(parameters) }
            }
        };
        let mut builder = SmtpTransport::builder_dangerous(config.host.clone())
            .port(config.port)
            .tls(tls)
            .hello_name(ClientId::Domain(address.domain().to_owned()))
            .timeout(Some(Duration::from_secs(config.timeout_s)))
            .pool_config(PoolConfig::new().max_size(config.connections).min_idle(0));
        if let (Some(user), Some(path)) = (&config.user, &config.password_file) {
            let password = delivery::secret("email.password_file", path)?;
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let name = Some(text::clean(&config.from_name)).filter(|name| !name.is_empty());
        Ok(Mailer { transport: builder.build(), from: Mailbox::new(name, address) })
    }

    /// A message in these words. `name` is the part of the Message-ID before `@`.
    pub fn compose(
        &self,
        name: &str,
        to: &str,
        created_at: Instant,
        words: Words,
        attachments: Vec<Attachment>,
    ) -> Result<Mail> {
        compose(&self.from, name, to, created_at, words, attachments)
    }

    /// Gives the message to the server and says what came of it.
    pub fn send(&self, mail: &Mail) -> Answer {
        match self.transport.send(mail) {
            Ok(response) => Answer::Accepted { reference: response.first_line().map(str::to_owned) },
            Err(error) => judge(&error),
        }
    }
}

fn compose(
    from: &Mailbox,
    name: &str,
    to: &str,
    created_at: Instant,
    words: Words,
    attachments: Vec<Attachment>,
) -> Result<Mail> {
    let impossible = |what: String| Error::internal(format!("a message cannot be composed: {what}"));
    let to: Address = to.parse().map_err(|_| impossible("its recipient is no address".into()))?;
    let raw = |name: &'static str, value: &str| {
        HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
    };
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(created_at.ms()).unwrap_or(0));
    let alternative = MultiPart::alternative_plain_html(words.plain, words.html);
    let mut parts = MultiPart::mixed().multipart(alternative);
    for file in attachments {
        parts = parts.singlepart(part(file)?);
    }
    Mail::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(words.subject)
        .date(at)
        .message_id(Some(format!("<{name}@{}>", from.email.domain())))
        // No out-of-office answers (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("Content-Language", "vi, en"))
        .multipart(parts)
        .map_err(|error| impossible(error.to_string()))
}

/// Always base64: the signed bytes must arrive as they are, whatever mail servers do to line ends.
fn part(file: Attachment) -> Result<SinglePart> {
    let media: ContentType =
        file.media.parse().map_err(|_| Error::internal(format!("{} is no media type", file.media)))?;
    let body = Body::new_with_encoding(file.bytes, ContentTransferEncoding::Base64)
        .map_err(|_| Error::internal("bytes that base64 does not carry"))?;
    Ok(Part::new(file.name).body(body, media))
}

/// A 5xx to sender, recipient or content is a bounce; one to the conversation itself (commands,
/// authentication, encryption) is our configuration, which waits until somebody has mended it.
fn judge(error: &lettre::transport::smtp::Error) -> Answer {
    let Some(status) = error.status() else { return unanswered(error) };
    // The server's words may repeat the address; the code and the enhanced code do not.
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let enhanced = words.split_whitespace().find(|word| is_enhanced(word)).unwrap_or_default();
    let number: u16 = status.to_string().parse().unwrap_or(0);
    let code = format!("{number} {enhanced}").trim_end().to_owned();
    match number {
        550..=556 => Answer::Refused { code },
        _ => Answer::Unavailable { code },
    }
}

/// Without a status the server did not say what became of the message. Where no conversation began, it has
/// not left; where one broke off, the server may have taken it.
fn unanswered(error: &lettre::transport::smtp::Error) -> Answer {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_late = error.is_timeout() || cause.is_some_and(|cause| cause.kind() == ErrorKind::WouldBlock);
    let code = match (is_late, error.is_tls(), error.is_client()) {
        (true, _, _) => "timeout",
        (_, true, _) => "tls",
        (_, _, true) => "client",
        _ => "connection",
    };
    // A reply that cannot be read, or ends in the middle, says as little as none.
    if error.is_response() || cause.is_some_and(broke_off) {
        Answer::Unknown { code: code.into() }
    } else {
        Answer::Unavailable { code: code.into() }
    }
}

/// Whether a connection that stood was lost, or waited on in vain: a read or write that takes too long is
/// `WouldBlock`, while a connection that cannot be made in time is `TimedOut`.
fn broke_off(cause: &io::Error) -> bool {
    match cause.kind() {
        ErrorKind::WouldBlock
        | ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted => true,
        // Bytes that are no text; with an error inside it is the encryption that failed.
        ErrorKind::InvalidData => cause.get_ref().is_none(),
        _ => false,
    }
}

/// `5.1.1` (RFC 3463).
pub(super) fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit()))
        && ["2", "4", "5"].contains(&parts[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::wording::{self, Facts};

    fn composed(facts: &Facts, to: &str) -> Result<String> {
        let from = Mailbox::new(Some("Biên lai điện tử".into()), "bienlai@example.vn".parse().unwrap());
        let file = Attachment {
            name: "bien-lai-bd26e-0000001.xml".into(),
            media: "application/xml",
            bytes: b"<BLai>\n</BLai>".to_vec(),
        };
        let mail = compose(
            &from,
            "msg_1.unt_2",
            to,
            "2026-11-27T09:00:00+07:00".parse().unwrap(),
            wording::words(facts)?,
            vec![file],
        )?;
        Ok(String::from_utf8(mail.formatted()).unwrap())
    }

    #[test]
    fn a_message_has_one_lasting_name_and_both_languages_and_the_signed_bytes() {
        let text = composed(&wording::sample(), "mau@example.vn").unwrap();
        assert!(text.contains("Message-ID: <msg_1.unt_2@example.vn>\r\n"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.contains("Date: Fri, 27 Nov 2026 02:00:00 +0000\r\n"), "{text}");
        assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
        assert!(text.contains("multipart/alternative") && text.contains("text/html"));
        assert!(text.contains("PEJMYWk+CjwvQkxhaT4="), "bare line feeds survive in base64");
        assert!(text.lines().all(|line| line.len() <= 998 && line.is_ascii()));
    }

    #[test]
    fn nothing_a_user_types_makes_a_header() {
        let mut facts = wording::sample();
        facts.series = "BD\r\nBcc: other@example.vn\r\n\r\nx".into();
        facts.unit = "X\r\n.\r\nMAIL FROM:<a@b.vn>".into();
        let text = composed(&facts, "mau@example.vn").unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(head.lines().all(|line| !line.starts_with("Bcc:")), "{head}");
        assert!(composed(&facts, "mau@example.vn\r\nRCPT TO:<x@y.vn>").is_err());
    }

    #[test]
    fn a_message_may_have_left_only_by_a_connection_that_stood() {
        for kind in [ErrorKind::WouldBlock, ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset] {
            assert!(broke_off(&kind.into()), "{kind:?}");
        }
        for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::HostUnreachable] {
            assert!(!broke_off(&kind.into()), "{kind:?}");
        }
        assert!(broke_off(&ErrorKind::InvalidData.into()), "an answer that is no text");
        assert!(!broke_off(&io::Error::new(ErrorKind::InvalidData, "unknown issuer")), "no encryption");
        assert!(!broke_off(&io::Error::other("unknown host")));
    }

    #[test]
    fn an_enhanced_status_is_told_from_an_address() {
        assert!(is_enhanced("5.1.1") && is_enhanced("4.7.650"));
        for word in ["5.1", "9.1.1", "mau@5.1.1", "5.1.1.1", "5.1.1234", "5..1"] {
            assert!(!is_enhanced(word), "{word}");
        }
    }
}
