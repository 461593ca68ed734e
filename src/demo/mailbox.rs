//! The payers' mailboxes and phones: a mail server and an SMS operator over loopback, which write
//! what arrives into the demo's folder.

use std::path::PathBuf;
use std::time::Duration;

use super::folder::Folder;
use super::running::Service;
use crate::actor::Scope;
use crate::cli::key::write_new;
use crate::config::Config;
use crate::config::delivery::{Email, Sms, SmsOperator};
use crate::error::Result;
use crate::notification::{State, query};
use crate::simulator::mail::MailServer;
use crate::simulator::sms::SmsCentre;

/// How long the demo waits for the last message.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub struct Mailbox {
    mail: MailServer,
    sms: SmsCentre,
    letters: PathBuf,
    texts: PathBuf,
    secret_file: PathBuf,
}

impl Mailbox {
    pub fn open(folder: &Folder) -> Result<Mailbox> {
        let letters = folder.path().join("mail");
        let texts = folder.path().join("sms.log");
        let secret_file = folder.path().join("sms-secret");
        if !secret_file.exists() {
            write_new(&secret_file, &super::folder::secret()?, true)?;
        }
        let mail = MailServer::start(0, Some(&letters))?;
        let sms = SmsCentre::start(0, Some(&texts))?;
        Ok(Mailbox { mail, sms, letters, texts, secret_file })
    }

    /// Tells the service of this start's servers.
    pub fn connect(&self, config: &mut Config) {
        config.email = Some(Email {
            host: "127.0.0.1".into(),
            port: self.mail.address.port(),
            tls: "none".into(),
            ca_file: None,
            allow_plaintext: false,
            user: None,
            password_file: None,
            from: "bienlai@demo.example".into(),
            from_name: "Biên lai điện tử (demo)".into(),
            timeout_s: 5,
            connections: 4,
            per_minute: 600,
            retry_after_s: 2,
            attempt_limit: 24,
        });
        config.sms = Some(Sms {
            brand: "BIENLAI".into(),
            text: "unaccented".into(),
            per_minute: 600,
            retry_after_s: 2,
            attempt_limit: 24,
            operators: vec![SmsOperator {
                name: "demo".into(),
                url: self.sms.url(),
                user: "bienlai".into(),
                secret_file: self.secret_file.clone(),
                report_secret_file: self.secret_file.clone(),
                timeout_s: 5,
                allow_plaintext: false,
            }],
        });
    }

    /// Waits for what is on its way, and says what arrived and where it lies.
    pub fn collect(&self, service: &Service) -> Result<String> {
        let start = std::time::Instant::now();
        let counts = loop {
            let counts = service.app.store.read(&Scope::All, query::counts)?;
            let is_open = |state: &str| state == State::Waiting.as_str() || state == State::Sending.as_str();
            if !counts.iter().any(|(state, ..)| is_open(state)) || start.elapsed() > PATIENCE {
                break counts;
            }
            std::thread::sleep(LOOK_EVERY);
        };
        let of = |channel: &str| -> i64 {
            counts.iter().filter(|(_, found, _)| found == channel).map(|(.., count)| count).sum()
        };
        Ok(format!(
            "Thư, tin nhắn / messages:    {} thư {}/*.eml · {} SMS {} · {} chỉ tra cứu bằng mã / by code only",
            of("email"),
            self.letters.display(),
            of("sms"),
            self.texts.display(),
            of("lookup"),
        ))
    }
}
