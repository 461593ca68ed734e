//! Strict reading of a flat JSON message.
//!
//! Stricter than the standard where two readers could disagree: a repeated key is refused at
//! every depth, and so is deep nesting. Unknown fields and the order of fields mean nothing.
//! Numbers stay text until `number` reads their digits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Refusal;
use super::number::{NumberFault, whole_dong};
use crate::amount::Dong;
use crate::text;

/// Objects and arrays inside one another, the message itself included.
const DEPTH_LIMIT: usize = 16;

/// References, names and the like, in characters (the longest text of an ISO 20022 message).
const TEXT_LIMIT_CHARS: usize = 140;

const ID_LIMIT_BYTES: usize = 64;

/// ISO 13616 allows 34 characters for an account.
const ACCOUNT_LIMIT_BYTES: usize = 34;

/// One field of a partner's message: its spellings there, and our codes when it is absent or
/// cannot be read. The codes are the same for every channel.
pub struct Field {
    names: &'static [&'static str],
    missing: &'static str,
    unreadable: &'static str,
}

macro_rules! fields {
    ($($constructor:ident),+ $(,)?) => {
        impl Field {$(
            pub const fn $constructor(names: &'static [&'static str]) -> Field {
                Field {
                    names,
                    missing: concat!("callback_", stringify!($constructor), "_missing"),
                    unreadable: concat!("callback_", stringify!($constructor), "_unreadable"),
                }
            }
        )+}
    };
}

fields! {
    external_id, account_no, direction, amount, memo, currency,
    bank, bank_reference, sender_account, sender_name, occurred_at, status,
}

impl Field {
    pub fn missing(&self) -> Refusal {
        Refusal::unreadable(self.missing, format!("{} is required", self.name()))
    }

    pub fn unreadable(&self, expected: &str) -> Refusal {
        Refusal::unreadable(self.unreadable, format!("{}: expected {expected}", self.name()))
    }

    fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// The members of a message that is one JSON object.
pub struct Object<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Object<'a> {
    /// # Errors
    /// `callback_json_unreadable` when the body is not UTF-8 or not exactly one JSON object,
    /// `callback_json_duplicate_key`, `callback_json_too_deep`.
    pub fn read(body: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| unreadable("the body is not UTF-8"))?;
        let members = members(text)?;
        for value in members.values() {
            inspect(value, 1)?;
        }
        Ok(Object(members))
    }

    /// The value under one of the field's spellings; `null` counts as absent. Two spellings at
    /// once are a repeated key in disguise.
    fn find(&self, field: &Field) -> Result<Option<&'a str>, Refusal> {
        let mut found = field.names.iter().filter_map(|name| self.0.get(*name));
        let value = found.next().map(|value| value.get()).filter(|token| *token != "null");
        if found.next().is_some() {
            return Err(duplicate_key());
        }
        Ok(value)
    }

    /// A string's content, or the digits of a number as they were written.
    fn scalar(&self, field: &Field) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(token) = self.find(field)? else {
            return Ok(None);
        };
        match token.as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<String>(token) {
                Ok(text) => Ok(Some(Cow::Owned(text))),
                Err(_) => Err(field.unreadable("a string of valid characters")),
            },
            Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(token))),
            _ => Err(field.unreadable("a string or a number")),
        }
    }

    /// A text of any length, cleaned; empty when it is absent.
    pub fn free_text(&self, field: &Field) -> Result<String, Refusal> {
        Ok(self.scalar(field)?.map(|raw| text::clean(&raw)).unwrap_or_default())
    }

    /// Like `free_text`, but the field itself must be there, though it may be empty.
    pub fn required_free_text(&self, field: &Field) -> Result<String, Refusal> {
        if self.find(field)?.is_none() {
            return Err(field.missing());
        }
        self.free_text(field)
    }

    /// A short text, cleaned; `None` when it is absent or empty.
    pub fn short_text(&self, field: &Field) -> Result<Option<String>, Refusal> {
        let cleaned = self.free_text(field)?;
        if cleaned.chars().count() > TEXT_LIMIT_CHARS {
            return Err(field.unreadable("at most 140 characters"));
        }
        Ok(Some(cleaned).filter(|text| !text.is_empty()))
    }

    pub fn required_short_text(&self, field: &Field) -> Result<String, Refusal> {
        self.short_text(field)?.ok_or_else(|| field.missing())
    }

    /// A sender's key: up to 64 printable ASCII characters without spaces, or a whole number.
    /// Compared byte by byte, hence nothing is cleaned away. `None` when absent or empty.
    pub fn id(&self, field: &Field) -> Result<Option<String>, Refusal> {
        let Some(raw) = self.scalar(field)? else {
            return Ok(None);
        };
        let id = raw.trim();
        let number = matches!(raw, Cow::Borrowed(_));
        let printable = id.bytes().all(|byte| byte.is_ascii_graphic());
        let whole = !number || id.bytes().all(|byte| byte.is_ascii_digit());
        if id.len() > ID_LIMIT_BYTES || !printable || !whole {
            return Err(field.unreadable("at most 64 printable ASCII characters, or a whole number"));
        }
        Ok(Some(id.to_owned()).filter(|id| !id.is_empty()))
    }

    /// A bank account: a string, because a number would have lost its leading zeros. Spaces are
    /// removed.
    pub fn account_no(&self, field: &Field) -> Result<String, Refusal> {
        let raw = self.scalar(field)?.ok_or_else(|| field.missing())?;
        let account_no: String = raw.chars().filter(|c| *c != ' ').collect();
        if account_no.is_empty() {
            return Err(field.missing());
        }
        let number = matches!(raw, Cow::Borrowed(_));
        if number
            || account_no.len() > ACCOUNT_LIMIT_BYTES
            || !account_no.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(field.unreadable("a string of at most 34 printable ASCII characters"));
        }
        Ok(account_no)
    }

    /// Whole đồng from zero to `Dong::LIMIT`, as a number or a string.
    pub fn amount(&self, field: &Field) -> Result<Dong, Refusal> {
        let token = self.scalar(field)?.filter(|token| !token.is_empty()).ok_or_else(|| field.missing())?;
        whole_dong(&token).map_err(|fault| {
            let (code, expected) = match fault {
                NumberFault::Unreadable => (field.unreadable, "a decimal number"),
                NumberFault::Negative => ("callback_amount_negative", "no sign; the direction tells it"),
                NumberFault::NotWhole => ("callback_amount_not_whole", "whole đồng"),
                NumberFault::OutOfRange => ("callback_amount_out_of_range", "at most 13 digits"),
            };
            Refusal::unreadable(code, format!("{}: expected {expected}", field.name()))
        })
    }

    /// A whole number of any sign; `None` when it is absent or something else.
    pub fn whole_number(&self, field: &Field) -> Result<Option<i64>, Refusal> {
        Ok(self.scalar(field)?.and_then(|token| token.parse().ok()))
    }
}

fn unreadable(detail: &str) -> Refusal {
    Refusal::unreadable("callback_json_unreadable", detail)
}

fn duplicate_key() -> Refusal {
    Refusal::unreadable("callback_json_duplicate_key", "a key appears twice")
}

fn members(text: &str) -> Result<BTreeMap<String, &RawValue>, Refusal> {
    let listed: Members = serde_json::from_str(text).map_err(|_| unreadable("expected one JSON object"))?;
    let count = listed.0.len();
    let members: BTreeMap<_, _> = listed.0.into_iter().collect();
    if members.len() < count { Err(duplicate_key()) } else { Ok(members) }
}

/// Looks for repeated keys inside a value, down to the depth limit. Each level is scanned again
/// by the one above it, so a body of the largest size is scanned at most `DEPTH_LIMIT` times.
fn inspect(value: &RawValue, depth: usize) -> Result<(), Refusal> {
    let text = value.get();
    let nested: Vec<&RawValue> = match text.as_bytes().first() {
        Some(b'{' | b'[') if depth >= DEPTH_LIMIT => {
            let detail = format!("at most {DEPTH_LIMIT} levels of nesting");
            return Err(Refusal::unreadable("callback_json_too_deep", detail));
        }
        Some(b'{') => members(text)?.into_values().collect(),
        Some(b'[') => serde_json::from_str(text).map_err(|_| unreadable("expected a JSON array"))?,
        _ => return Ok(()),
    };
    nested.into_iter().try_for_each(|inner| inspect(inner, depth + 1))
}

/// The members as they were written: a map type would silently keep the last of two.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMOUNT: Field = Field::amount(&["amount", "Amount"]);
    const ID: Field = Field::external_id(&["id"]);
    const ACCOUNT: Field = Field::account_no(&["account"]);
    const MEMO: Field = Field::memo(&["memo"]);

    fn code<T>(read: Result<T, Refusal>) -> &'static str {
        read.err().map_or("accepted", |refusal| refusal.code)
    }

    fn object(text: &str) -> Object<'_> {
        Object::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_repeated_key_is_refused_at_every_depth_and_in_every_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[1,{"y":{"a":1,"a":2}}]}"#,
        ] {
            assert_eq!(code(Object::read(text.as_bytes())), "callback_json_duplicate_key", "{text}");
        }
        assert_eq!(code(object(r#"{"amount":1,"Amount":2}"#).amount(&AMOUNT)), "callback_json_duplicate_key");
        assert_eq!(
            code(object(r#"{"amount":null,"Amount":2}"#).amount(&AMOUNT)),
            "callback_json_duplicate_key"
        );
    }

    #[test]
    fn only_one_whole_json_object_is_read() {
        for text in [
            "",
            " ",
            "null",
            "[]",
            "1",
            "\"{}\"",
            "{",
            "{}{}",
            "{} x",
            "{'a':1}",
            "{\"a\":}",
            "{\"a\":NaN}",
            "{\"a\":01}",
            "{\"a\":1,}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "\u{FEFF}{}",
            "{\"a\":\"\n\"}",
            "// c\n{}",
        ] {
            assert_eq!(code(Object::read(text.as_bytes())), "callback_json_unreadable", "{text:?}");
        }
        assert_eq!(code(Object::read(b"{\"a\":\"\xff\"}")), "callback_json_unreadable");
    }

    #[test]
    fn nesting_is_followed_down_to_its_limit_and_no_further() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(code(Object::read(nested(DEPTH_LIMIT - 1).as_bytes())), "accepted");
        assert_eq!(code(Object::read(nested(DEPTH_LIMIT).as_bytes())), "callback_json_too_deep");
        assert_eq!(code(Object::read(nested(30_000).as_bytes())), "callback_json_too_deep");
        let objects = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(code(Object::read(objects.as_bytes())), "callback_json_too_deep");
        let unclosed = format!("{{\"a\":{}", "[".repeat(60_000));
        assert_eq!(code(Object::read(unclosed.as_bytes())), "callback_json_unreadable");
    }

    #[test]
    fn an_id_is_kept_byte_by_byte() {
        let id =
            |value: &str| object(&format!("{{\"id\":{value}}}")).id(&ID).map(|id| id.unwrap_or_default());
        assert_eq!(id("92704").unwrap(), id("\"92704\"").unwrap());
        assert_eq!(id("\" FT26-1 \"").unwrap(), "FT26-1");
        assert_eq!(id("\"\"").unwrap(), "");
        assert_eq!(id("null").unwrap(), "");
        for wrong in [
            "1.0",
            "-1",
            "1e3",
            "true",
            "{}",
            "\"a b\"",
            "\"số\"",
            "\"a\\u200bb\"",
            &format!("\"{}\"", "9".repeat(65)),
        ] {
            assert_eq!(code(id(wrong)), "callback_external_id_unreadable", "{wrong}");
        }
    }

    #[test]
    fn an_account_is_text_because_numbers_lose_their_leading_zeros() {
        let account = |value: &str| object(&format!("{{\"account\":{value}}}")).account_no(&ACCOUNT);
        assert_eq!(account("\"0123 456 789\"").unwrap(), "0123456789");
        assert_eq!(code(account("\"  \"")), "callback_account_no_missing");
        assert_eq!(code(account("123456789")), "callback_account_no_unreadable");
        assert_eq!(code(account(&format!("\"{}\"", "1".repeat(35)))), "callback_account_no_unreadable");
    }

    #[test]
    fn every_field_has_a_code_for_what_is_missing_and_one_for_what_cannot_be_read() {
        let bank = Field::bank(&["bank"]);
        assert_eq!(code(object("{}").required_short_text(&bank)), "callback_bank_missing");
        assert_eq!(code(object(r#"{"bank":[]}"#).short_text(&bank)), "callback_bank_unreadable");
        let reference = Field::bank_reference(&["ref"]);
        assert_eq!(
            code(object(r#"{"ref":""}"#).required_short_text(&reference)),
            "callback_bank_reference_missing"
        );
        let sender = Field::sender_account(&["from"]);
        assert_eq!(code(object("{}").account_no(&sender)), "callback_sender_account_missing");
        let name = Field::sender_name(&["name"]);
        assert_eq!(
            code(object(r#"{"name":null}"#).required_free_text(&name)),
            "callback_sender_name_missing"
        );
        let currency = Field::currency(&["currency"]);
        assert_eq!(
            code(object(r#"{"currency":true}"#).short_text(&currency)),
            "callback_currency_unreadable"
        );
    }

    #[test]
    fn half_a_character_in_a_text_is_refused() {
        assert_eq!(code(object(r#"{"memo":"\ud800"}"#).free_text(&MEMO)), "callback_memo_unreadable");
        assert_eq!(object(r#"{"memo":"\ud83d\ude00 A"}"#).free_text(&MEMO).unwrap(), "😀 A");
    }

    #[test]
    fn a_refusal_never_repeats_what_was_sent() {
        let refusal = object(r#"{"amount":"090x111y222"}"#).amount(&AMOUNT).unwrap_err();
        assert_eq!(refusal.code, "callback_amount_unreadable");
        assert!(!refusal.detail.contains("090x111y222"), "{}", refusal.detail);
    }
}
