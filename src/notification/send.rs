//! The courier: claims due messages, sends them outside any transaction, stores what came of it.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;

use super::attachment::Attachment;
use super::email::Mailer;
use super::outbox::{self, Detail};
use super::query::{self, Event};
use super::rules::{self, Answer, Past, Step};
use super::sms::http::HttpOperator;
use super::sms::{Known, Operator, Sms};
use super::wording::cancelled::CancelledFacts;
use super::wording::money::MoneyFacts;
use super::wording::noticed::NoticedFacts;
use super::wording::{self, Facts};
use super::{Channel, KIND_CANCELLED, KIND_CODE, KIND_NOTICED, Message, State, attachment, letter};
use crate::actor::Scope;
use crate::config::Config;
use crate::config::delivery::{self, Patience};
use crate::error::{Error, Result};
use crate::receipt::query::Stored;
use crate::receipt::rendition::{Links, cache};
use crate::store::{Lane, Stamp, Store, failpoint};

/// Gives the time, ids and keys of each step anew.
pub type Stamps<'s, 'a> = &'s (dyn Fn() -> Stamp<'a> + Sync);

struct Mailing {
    mailer: Mailer,
    pace: Pace,
}

struct Texting {
    operators: Vec<Box<dyn Operator>>,
    report_secrets: Vec<(String, SecretString)>,
    is_unicode: bool,
    pace: Pace,
}

struct Pace {
    limiter: DefaultDirectRateLimiter,
    patience: Patience,
    /// Messages sent at the same time.
    width: u32,
    /// How long a claim lasts: longer than any attempt.
    lease_s: i64,
}

impl Pace {
    fn new(per_minute: u32, patience: Patience, width: u32, lease_s: u64) -> Pace {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        let lease_s = i64::try_from(lease_s).unwrap_or(i64::MAX);
        Pace { limiter: RateLimiter::direct(quota), patience, width, lease_s }
    }
}

/// What sends messages, as it is configured.
pub struct Courier {
    mailing: Option<Mailing>,
    texting: Option<Texting>,
    public_url: String,
}

/// Steps of a mail's conversation, each of which may take the whole timeout: connection, greeting,
/// EHLO, STARTTLS and EHLO again, authentication, MAIL, RCPT, DATA, the end.
const MAIL_STEPS: u64 = 11;
const TEXTING_WIDTH: u32 = 4;

impl Courier {
    /// Reads the secrets' files: `config_invalid` with the field when one cannot be used.
    pub fn new(config: &Config) -> Result<Courier> {
        let mailing = match &config.email {
            Some(email) => {
                let lease_s = email.timeout_s * MAIL_STEPS;
                let pace = Pace::new(email.per_minute, email.patience(), email.connections, lease_s);
                Some(Mailing { mailer: Mailer::new(email)?, pace })
            }
            None => None,
        };
        let texting = match &config.sms {
            Some(sms) => {
                let mut operators: Vec<Box<dyn Operator>> = Vec::new();
                let mut report_secrets = Vec::new();
                for operator in &sms.operators {
                    operators.push(Box::new(HttpOperator::new(operator, &sms.brand)?));
                    let path = &operator.report_secret_file;
                    let secret = delivery::secret("sms.operators.report_secret_file", path)?;
                    report_secrets.push((operator.name.clone(), secret));
                }
                // Each operator may be given the message and asked for it.
                let lease_s = sms.operators.iter().map(|operator| operator.timeout_s * 2).sum::<u64>() + 5;
                let pace = Pace::new(sms.per_minute, sms.patience(), TEXTING_WIDTH, lease_s);
                Some(Texting { operators, report_secrets, is_unicode: sms.text == "unicode", pace })
            }
            None => None,
        };
        Ok(Courier { mailing, texting, public_url: config.web.public_url.clone() })
    }

    /// The key an operator's delivery reports are signed with.
    pub fn report_secret(&self, operator: &str) -> Option<&SecretString> {
        let secrets = &self.texting.as_ref()?.report_secrets;
        secrets.iter().find(|(name, _)| name == operator).map(|(_, secret)| secret)
    }

    /// Whether one-time codes can leave the house.
    pub fn sends_sms(&self) -> bool {
        self.texting.is_some()
    }

    /// The words of a one-time code as they are configured.
    pub fn one_time_code(&self, code: &str) -> String {
        wording::one_time_code(code, self.texting.as_ref().is_some_and(|texting| texting.is_unicode))
    }

    /// Whether messages can leave by this way.
    pub fn goes_by(&self, channel: Channel) -> bool {
        match channel {
            Channel::Sms => self.texting.is_some(),
            Channel::Email => self.mailing.is_some(),
            Channel::Lookup => false,
        }
    }

    /// The words of a refund's code, as the way is configured.
    pub fn refund_code(&self, channel: Channel, code: &str, account_no: &str) -> String {
        let is_plain_sms = self.texting.as_ref().is_some_and(|texting| !texting.is_unicode);
        wording::refund_code(code, account_no, channel == Channel::Email || !is_plain_sms)
    }

    /// Sends what is due, a few at a time. Returns how many were tried.
    pub fn send_due(&self, store: &Store, stamps: Stamps<'_, '_>) -> Result<usize> {
        let mut tried = 0;
        if let Some(texting) = &self.texting {
            tried += self.send_channel(store, stamps, Channel::Sms, &texting.pace, &|message| {
                self.text(store, stamps, texting, message)
            })?;
        }
        if let Some(mailing) = &self.mailing {
            tried += self.send_channel(store, stamps, Channel::Email, &mailing.pace, &|message| {
                self.mail(store, stamps, mailing, message)
            })?;
        }
        Ok(tried)
    }

    fn send_channel(
        &self,
        store: &Store,
        stamps: Stamps<'_, '_>,
        channel: Channel,
        pace: &Pace,
        send: &(dyn Fn(Message) -> Result<()> + Sync),
    ) -> Result<usize> {
        let now = stamps().now;
        let waiting =
            store.read(&Scope::All, |conn| query::due(conn, channel, now, i64::from(pace.width)))?.len();
        let allowed = (0..waiting).take_while(|_| pace.limiter.check().is_ok()).count();
        if allowed == 0 {
            return Ok(0);
        }
        let limit = i64::try_from(allowed).unwrap_or(i64::MAX);
        let claimed = store.write(&Scope::All, Lane::Bulk, |tx| {
            outbox::claim(tx, &stamps(), channel, limit, pace.lease_s)
        })?;
        let count = claimed.len();
        std::thread::scope(|scope| {
            for message in claimed {
                scope.spawn(move || {
                    let id = message.id;
                    if let Err(error) = send(message) {
                        // Its lease runs out and it is sent again under the same name.
                        tracing::warn!(message = %id, %error, "what came of a message was not stored");
                    }
                });
            }
        });
        Ok(count)
    }

    fn mail(&self, store: &Store, stamps: Stamps<'_, '_>, mailing: &Mailing, message: Message) -> Result<()> {
        let answer = match self.composed(store, stamps, mailing, &message) {
            Ok(mail) => mailing.mailer.send(&mail),
            Err(error) => not_made(&error),
        };
        failpoint::hit("message_sent");
        self.settle(store, stamps, &message, "smtp", &answer, mailing.pace.patience)
    }

    /// The mail as it is sent. Its PDF is drawn outside any transaction.
    fn composed(
        &self,
        store: &Store,
        stamps: Stamps<'_, '_>,
        mailing: &Mailing,
        message: &Message,
    ) -> Result<lettre::Message> {
        let (to, name, letter) = store.read(&Scope::All, |conn| {
            let recipient = outbox::recipient(conn, stamps().vault, message)?;
            let name = message.name(resent(&query::events(conn, message.unit, message.id)?));
            let letter = match (recipient.text, recipient.money) {
                (Some(text), _) if message.kind == KIND_CODE => Letter::Code(text),
                (Some(text), _) => Letter::Staff(text),
                (None, Some(money)) => {
                    Letter::Money(letter::of_money(conn, &self.public_url, message, money)?)
                }
                (None, None) if message.kind == KIND_CANCELLED => {
                    Letter::Cancelled(letter::of_cancelled(conn, &self.public_url, message)?)
                }
                (None, None) if message.kind == KIND_NOTICED => {
                    Letter::Noticed(letter::of_noticed(conn, &self.public_url, message)?)
                }
                (None, None) => {
                    let (item, facts) = letter::of_receipt(conn, &self.public_url, message)?;
                    let original = attachment::of_receipt(conn, &item)?;
                    Letter::Receipt(Box::new((item, facts, original)))
                }
            };
            Ok((recipient.to, name, letter))
        })?;
        let (words, files) = match letter {
            Letter::Code(text) => (wording::refund_code_mail(&text), Vec::new()),
            Letter::Money(facts) => (wording::money::words(&facts)?, Vec::new()),
            Letter::Cancelled(facts) => (wording::cancelled::words(&facts)?, Vec::new()),
            Letter::Noticed(facts) => (wording::noticed::words(&facts)?, Vec::new()),
            Letter::Staff(text) => (wording::staff::words(&text)?, Vec::new()),
            Letter::Receipt(held) => {
                let (item, mut facts, original) = *held;
                let links = Links::to(&self.public_url);
                let drawn = cache::obtain(store, item.unit, item.id, &links, stamps().now);
                let files = attachment::with_rendition(original, drawn);
                facts.has_rendition = files.len() > 1;
                (wording::words(&facts)?, files)
            }
        };
        mailing.mailer.compose(&name, &to, message.created_at, words, files)
    }

    fn text(
        &self,
        store: &Store,
        stamps: Stamps<'_, '_>,
        texting: &Texting,
        mut message: Message,
    ) -> Result<()> {
        let patience = texting.pace.patience;
        let made = store.read(&Scope::All, |conn| {
            let recipient = outbox::recipient(conn, stamps().vault, &message)?;
            let events = query::events(conn, message.unit, message.id)?;
            let text = match (recipient.text, recipient.money) {
                (Some(text), _) => text,
                (None, Some(money)) => {
                    let facts = letter::of_money(conn, &self.public_url, &message, money)?;
                    wording::money::sms(&facts, texting.is_unicode)
                }
                (None, None) if message.kind == KIND_CANCELLED => {
                    let facts = letter::of_cancelled(conn, &self.public_url, &message)?;
                    wording::cancelled::sms(&facts, texting.is_unicode)
                }
                (None, None) if message.kind == KIND_NOTICED => {
                    let facts = letter::of_noticed(conn, &self.public_url, &message)?;
                    wording::noticed::sms(&facts, texting.is_unicode)
                }
                (None, None) => {
                    let (_, facts) = letter::of_receipt(conn, &self.public_url, &message)?;
                    wording::sms(&facts, texting.is_unicode)
                }
            };
            Ok((Sms { id: message.name(resent(&events)), to: recipient.to, text }, past(&events, texting)))
        });
        let (sms, mut past) = match made {
            Ok(made) => made,
            Err(error) => return self.settle(store, stamps, &message, "sms", &not_made(&error), patience),
        };
        let mut last = Answer::Unavailable { code: "no operator".into() };
        let mut sends = 0;
        loop {
            let (at, is_asked) = match rules::next_step(&past, texting.operators.len()) {
                Step::Ask(at) => (at, true),
                Step::Send(at) => (at, false),
            };
            let Some(operator) = texting.operators.get(at) else { break };
            let via = operator.name();
            if is_asked {
                match operator.ask(&sms.id) {
                    Known::Taken { reference } => {
                        let answer = Answer::Accepted { reference };
                        return self.settle(store, stamps, &message, via, &answer, patience);
                    }
                    Known::Delivered => {
                        let key = (message.unit, message.id);
                        store.write(&Scope::All, Lane::Bulk, |tx| {
                            outbox::delivered(tx, &stamps(), key, via)
                        })?;
                        return Ok(());
                    }
                    Known::Undeliverable { code } => {
                        return self.settle(
                            store,
                            stamps,
                            &message,
                            via,
                            &Answer::Refused { code },
                            patience,
                        );
                    }
                    Known::Unreachable { code } => {
                        return self.settle(
                            store,
                            stamps,
                            &message,
                            via,
                            &Answer::Unknown { code },
                            patience,
                        );
                    }
                    Known::Never => {}
                }
            } else {
                if sends == texting.operators.len() {
                    break;
                }
                sends += 1;
                message = store.write(&Scope::All, Lane::Bulk, |tx| {
                    let mut moved = message.clone();
                    outbox::given(tx, &stamps(), &mut moved, via)?;
                    Ok(moved)
                })?;
                let answer = operator.send(&sms);
                failpoint::hit("message_sent");
                match answer {
                    Answer::Unknown { .. } => {
                        past.push(Past::Open(at));
                        continue;
                    }
                    Answer::Unavailable { .. } => last = answer,
                    done => return self.settle(store, stamps, &message, via, &done, patience),
                }
            }
            past.push(Past::NotTaken(at));
            let code = match &last {
                Answer::Unavailable { code } => Some(code.clone()),
                _ => None,
            };
            message = store.write(&Scope::All, Lane::Bulk, |tx| {
                let mut moved = message.clone();
                let detail = Detail { via: Some(via.to_owned()), code: code.clone(), reference: None };
                outbox::step(tx, &stamps(), &mut moved, NOT_TAKEN, State::Sending, detail)?;
                Ok(moved)
            })?;
        }
        self.settle(store, stamps, &message, "sms", &last, patience)
    }

    fn settle(
        &self,
        store: &Store,
        stamps: Stamps<'_, '_>,
        message: &Message,
        via: &str,
        answer: &Answer,
        patience: Patience,
    ) -> Result<()> {
        let state = store.write(&Scope::All, Lane::Bulk, |tx| {
            let goes_by_sms = self.goes_by(Channel::Sms);
            outbox::answered(tx, &stamps(), message, via, answer, (patience, chance()), goes_by_sms)
        })?;
        metrics::counter!("bienlai_messages_total", "channel" => message.channel.as_str(), "state" => state.as_str())
            .increment(1);
        Ok(())
    }
}

/// What a mail is made of.
enum Letter {
    Code(String),
    Money(MoneyFacts),
    Cancelled(CancelledFacts),
    Noticed(NoticedFacts),
    Staff(String),
    Receipt(Box<(Stored, Facts, Attachment)>),
}

const NOT_TAKEN: &str = "not_taken";

/// How often people asked for it to be sent again.
fn resent(events: &[Event]) -> usize {
    events.iter().filter(|event| event.kind == "asked_again").count()
}

/// What operators did with a message since it was last asked for.
fn past(events: &[Event], texting: &Texting) -> Vec<Past> {
    let since = events.iter().rposition(|event| event.kind == "asked_again").map_or(0, |at| at + 1);
    events[since..]
        .iter()
        .filter_map(|event| {
            let via = event.via.as_deref()?;
            // An operator that is not configured any more cannot be asked.
            let at = texting.operators.iter().position(|operator| operator.name() == via)?;
            match event.kind.as_str() {
                "given" => Some(Past::Open(at)),
                NOT_TAKEN => Some(Past::NotTaken(at)),
                _ => None,
            }
        })
        .collect()
}

/// A message that cannot be made is not tried for days, unless the store only was busy.
fn not_made(error: &Error) -> Answer {
    let code = error.code().to_owned();
    match error.code() {
        _ if error.is_busy() => Answer::Unavailable { code },
        "receipt_not_current" | "nothing_missing" => Answer::Outdated { code },
        _ => Answer::Impossible { code },
    }
}

fn chance() -> u8 {
    let mut byte = [0_u8; 1];
    let _ = SystemRandom::new().fill(&mut byte);
    byte[0]
}
