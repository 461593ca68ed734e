//! Letters that ask the bank about a line or a claim (thư tra soát): numbered by unit and year,
//! printed on demand, the bank's reply recorded beside them. What names a person is read from the
//! sealed line when the letter is printed and stands in no table of its own.

use serde::{Deserialize, Serialize};

use super::letter_query::{self as query, LetterRow, ReplyRow, StoredReply};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::exception::{self, State};
use crate::id::*;
use crate::identity;
use crate::payment;
use crate::statement;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx, failure, rows};
use crate::text;
use crate::text::words::{Wording, amount_in_words};
use crate::unit::{self, BankAccount, Unit, account};

pub use super::letter_form::{pdf, xml};

/// A letter as it was written.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    pub unit: UnitId,
    pub id: LetterId,
    pub exception: ExceptionId,
    pub account: AccountId,
    pub line: Option<LineId>,
    pub movement: Option<MovementId>,
    pub year: i32,
    /// Its number in the unit and year.
    pub number: i64,
    pub amount: Dong,
    pub question: String,
    pub maker: PersonId,
    pub created_at: Instant,
}

impl Letter {
    /// `12/2026/TS`.
    pub fn numbered(&self) -> String {
        format!("{}/{}/TS", self.number, self.year)
    }
}

/// What the bank says became of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It says who sent it and what for.
    Identified,
    /// It was or will be taken back.
    Returned,
    /// No such money reached the account.
    NotReceived,
    Unknown,
}

impl Outcome {
    pub const ALL: [Outcome; 4] =
        [Outcome::Identified, Outcome::Returned, Outcome::NotReceived, Outcome::Unknown];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Identified => "identified",
            Outcome::Returned => "returned",
            Outcome::NotReceived => "not_received",
            Outcome::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Result<Outcome> {
        let known = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text);
        let detail = "identified, returned, not_received or unknown";
        known.ok_or_else(|| Error::invalid("outcome", "reply_outcome_unknown", detail))
    }
}

/// The bank's reply, as it is recorded and shown.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    pub outcome: Outcome,
    pub on: BusinessDay,
    /// The bank's own number; may be empty.
    #[serde(default)]
    pub number: String,
    pub words: String,
}

const QUESTION_LIMIT: usize = 1_000;

/// Who writes letters and records replies.
pub const WRITERS: [Role; 2] = [Role::Finance, Role::Approver];
/// Who prints a letter and sees what it and its replies say of people.
pub const PRINTERS: [Role; 3] = [Role::Finance, Role::Approver, Role::Auditor];

/// Writes a letter about an open item with a line or a claim. One letter at a time: the bank
/// answers first.
///
/// # Errors
/// `letter_unfit`, `letter_open`, `question_missing`.
pub fn write(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: ExceptionId,
    question: &str,
) -> Result<Letter> {
    actor.require_role(&WRITERS)?;
    actor.scope.require(unit)?;
    let maker = actor.require_person()?;
    let question = bounded("question", question, "question_missing")?;
    let item = exception::query::lock(tx, unit, id)?;
    let (line, movement) = match item.subject_kind.as_str() {
        "line" => (Some(LineId(item.subject_id)), None),
        "movement" => (None, Some(MovementId(item.subject_id))),
        _ => return Err(unfit()),
    };
    let account = item.account.filter(|_| item.state != State::Resolved).ok_or_else(unfit)?;
    for earlier in query::of_exception(tx, unit, id)? {
        if query::replies(tx, unit, earlier.id)?.is_empty() {
            let detail = format!("letter {} has no reply yet", earlier.numbered());
            return Err(Error::conflict("letter_open", detail));
        }
    }
    let year = stamp.today().year();
    let letter = Letter {
        unit,
        id: stamp.mint()?,
        exception: id,
        account,
        line,
        movement,
        year,
        number: query::next_no(tx, unit, year)?,
        amount: item.amount,
        question,
        maker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row_of(&letter)]).map_err(|error| match error.code() {
        failure::UNIQUE => Error::busy(failure::RETRY, 1, "the letter's number was taken meanwhile"),
        _ => error,
    })?;
    say(tx, stamp, actor, &letter, format!("thư tra soát số {} gửi ngân hàng", letter.numbered()))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "letter.written", letter.id)])?;
    Ok(letter)
}

fn unfit() -> Error {
    Error::conflict("letter_unfit", "letters ask about a line or a claim that is not explained")
}

fn row_of(letter: &Letter) -> LetterRow {
    LetterRow {
        unit_id: letter.unit,
        id: letter.id,
        exception_id: letter.exception,
        account_id: letter.account,
        line_id: letter.line,
        movement_id: letter.movement,
        year: letter.year,
        letter_no: letter.number,
        amount: letter.amount,
        question: letter.question.clone(),
        maker_person_id: letter.maker,
        created_at: letter.created_at,
    }
}

fn say(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, letter: &Letter, words: String) -> Result<()> {
    exception::comment(tx, stamp, actor, letter.unit, letter.exception, &words).map(|_| ())
}

fn bounded(field: &str, value: &str, missing: &'static str) -> Result<String> {
    text::required(field, value, missing, QUESTION_LIMIT)
}

/// What the bank answered, as it is kept.
///
/// # Errors
/// `reply_missing`, `field_too_long`.
pub fn reply_words(typed: &str) -> Result<String> {
    bounded("words", typed, "reply_missing")
}

/// The number of the bank's answer; it may have none.
///
/// # Errors
/// `field_too_long`.
pub fn reply_number(typed: &str) -> Result<String> {
    let number = text::clean(typed);
    if number.chars().count() > 100 {
        return Err(Error::invalid("number", "field_too_long", "at most 100 characters"));
    }
    Ok(number)
}

/// Records what the bank answered. Its words may name people and are sealed.
///
/// # Errors
/// `reply_missing`, `reply_day_wrong`, `letter_not_found`.
pub fn record_reply(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    id: LetterId,
    reply: &Reply,
) -> Result<Letter> {
    actor.require_role(&WRITERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let letter = query::find(tx, unit, id)?;
    if reply.on > stamp.today() || reply.on < letter.created_at.business_day() {
        let detail = "between the letter's day and today";
        return Err(Error::invalid("on", "reply_day_wrong", detail));
    }
    let (words, number) = (reply_words(&reply.words)?, reply_number(&reply.number)?);
    let event: EventId = stamp.mint()?;
    let key = stamp.sealing_key(tx, unit)?;
    let row = ReplyRow {
        unit_id: unit,
        id: event,
        letter_id: id,
        outcome: reply.outcome.as_str(),
        replied_on: reply.on,
        reply_no: number,
        key_id: key.id,
        cipher: stamp.vault.seal(&key, &context(event), words.as_bytes())?,
        person_id: person,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    let what = match reply.outcome {
        Outcome::Identified => "ngân hàng cho biết người chuyển",
        Outcome::Returned => "ngân hàng thu hồi khoản tiền",
        Outcome::NotReceived => "ngân hàng trả lời: tiền không về tài khoản",
        Outcome::Unknown => "ngân hàng chưa xác định được",
    };
    say(tx, stamp, actor, &letter, format!("trả lời thư {}: {what}", letter.numbered()))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "letter.answered", id)])?;
    Ok(letter)
}

fn context(reply: EventId) -> String {
    format!("trace_reply/{}", reply.0)
}

/// A reply in the clear; its words are empty when their data key was destroyed.
pub fn reply(conn: &mut Conn, vault: &Vault, unit: UnitId, stored: &StoredReply) -> Result<Reply> {
    let words = match vault.open(conn, unit, stored.key, &context(stored.id), &stored.cipher) {
        Ok(plain) => String::from_utf8_lossy(&plain).into_owned(),
        Err(error) if error.code() == "erased" => String::new(),
        Err(error) => return Err(error),
    };
    Ok(Reply { outcome: stored.outcome, on: stored.on, number: stored.number.clone(), words })
}

/// Everything a printed letter says.
#[derive(Clone, Debug)]
pub struct Content {
    pub letter: Letter,
    pub unit: Unit,
    pub account: BankAccount,
    pub maker: String,
    /// Booking day of the line, or the day the claim was seen.
    pub on: BusinessDay,
    /// Money in, or money out.
    pub is_credit: bool,
    pub bank_reference: String,
    /// The channel and number of the claim.
    pub claim: String,
    pub memo: String,
    pub counterparty: String,
}

impl Content {
    /// Reads what the letter is about. `conn` must see all units for the maker's name.
    pub fn read(conn: &mut Conn, vault: &Vault, letter: &Letter) -> Result<Content> {
        let unit = letter.unit;
        let mut content = Content {
            unit: unit::find(conn, unit)?,
            account: account::find(conn, unit, letter.account)?,
            maker: identity::person_name(conn, letter.maker).unwrap_or_default(),
            on: letter.created_at.business_day(),
            is_credit: true,
            bank_reference: String::new(),
            claim: String::new(),
            memo: String::new(),
            counterparty: String::new(),
            letter: letter.clone(),
        };
        if let Some(id) = letter.line {
            content.about_line(conn, vault, id)?;
        }
        if let Some(id) = letter.movement {
            content.about_claim(conn, id)?;
        }
        Ok(content)
    }

    fn about_line(&mut self, conn: &mut Conn, vault: &Vault, id: LineId) -> Result<()> {
        let line = statement::line_query::line(conn, self.letter.unit, id)?;
        let texts = statement::line_texts(conn, vault, self.letter.unit, id, line.key, &line.memo_cipher)?;
        self.on = line.booking_date;
        self.is_credit = line.amount.is_positive();
        self.bank_reference = line.bank_reference.or(line.reference).unwrap_or_default();
        self.memo = texts.memo;
        let other = [texts.counterparty_name, texts.counterparty_account];
        self.counterparty = other.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Ok(())
    }

    fn about_claim(&mut self, conn: &mut Conn, id: MovementId) -> Result<()> {
        let unit = self.letter.unit;
        if let Some(movement) = payment::movement_query::movements(conn, &[(unit, id)])?.pop() {
            self.on = movement.first_seen_on;
            self.is_credit = movement.direction == payment::Direction::Credit;
        }
        let claims = payment::movement_query::claims_of_movements(conn, unit, &[id])?;
        if let Some((_, channel, external, reference)) = claims.into_iter().next() {
            self.claim = format!("{channel} {external}");
            self.bank_reference = reference.unwrap_or_default();
        }
        Ok(())
    }

    pub fn in_words(&self) -> String {
        amount_in_words(self.letter.amount, &Wording::STANDARD)
    }

    /// The name under which it is saved, without its ending.
    pub fn file_stem(&self) -> String {
        format!("thu-tra-soat-{}-{}", self.letter.year, self.letter.number)
    }
}
