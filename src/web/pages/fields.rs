//! The fields of a posted form, and what is wrong with them: the form comes back with what was
//! typed, a summary on top and the reason beside the field.

use std::collections::BTreeMap;

use super::wording::Lang;
use crate::error::{Error, Kind, Result};
use crate::obligation::bank_bin;
use crate::text;

/// How long the name of a form may be.
const KEY_LIMIT: usize = 64;

/// A form's fields as they came.
pub type Pairs = Vec<(String, String)>;

/// The fields by name; of a repeated one the first counts.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    pub fn of(pairs: Pairs) -> Fields {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            fields.entry(name).or_insert(value);
        }
        Fields(fields)
    }

    /// The field as it was typed; empty where it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// The bank of a form by its number, however it was named; what no bank is called, as it came.
    pub fn bank(&self) -> String {
        let typed = self.trimmed("bank");
        bank_bin::find(typed).map_or(typed, |bank| bank.bin.as_str()).to_owned()
    }

    /// Whole đồng, with or without dots; `None` for an empty field.
    ///
    /// # Errors
    /// `amount_not_whole`, `amount_out_of_range`.
    pub fn dong(&self, name: &str) -> Result<Option<i64>> {
        let text = self.trimmed(name).trim_end_matches(['đ', 'Đ']).trim_end();
        if text.is_empty() {
            return Ok(None);
        }
        let digits: String = text.chars().filter(|c| !matches!(c, '.' | ' ' | '\u{a0}')).collect();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid(name, "amount_not_whole", "digits only"));
        }
        let amount = digits.parse().ok().filter(|amount| *amount <= crate::amount::Dong::LIMIT.0);
        amount.map(Some).ok_or_else(|| Error::invalid(name, "amount_out_of_range", "too large"))
    }

    /// Fields whose names begin so, without the beginning.
    pub fn beginning<'a>(&'a self, with: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(with)?, value.as_str())))
    }
}

/// Names a form: nobody guesses it and no two forms share it.
pub fn fresh_key() -> Result<String> {
    let mut bytes = [0_u8; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| Error::internal("the random source failed"))?;
    Ok(text::hex(&bytes))
}

/// The name that a form came with.
///
/// # Errors
/// `form_unreadable` where it has none.
pub fn key_of(fields: &Fields) -> Result<String> {
    let key = fields.get("key");
    let is_good = (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_hexdigit());
    is_good
        .then(|| key.to_owned())
        .ok_or_else(|| Error::invalid("form.key", "form_unreadable", "no form key"))
}

/// What a use case refuses under a name of its own, or does not find, is the fault of this field.
pub fn of_field(error: Error, field: &str) -> Error {
    match error.kind() {
        Kind::Invalid { .. } | Kind::NotFound => {
            Error::invalid(field, error.code(), error.detail().to_owned())
        }
        _ => error,
    }
}

/// What is wrong with a form: (field, reason); the field is empty for an error of the form as a whole.
#[derive(Clone, Debug, Default)]
pub struct Wrong(pub Vec<(String, String)>);

impl Wrong {
    /// The error in words, beside its field. Faults of ours and of the moment are no fault of a form.
    pub fn of(error: Error, lang: Lang) -> Result<Wrong> {
        let field = match error.kind() {
            Kind::Invalid { field } => field.rsplit('.').next().unwrap_or_default().to_owned(),
            Kind::Conflict | Kind::Unauthenticated => String::new(),
            // What another person may do is told on the page; what a role may never do is not.
            Kind::Forbidden if !matches!(error.code(), "role_not_allowed" | "form_forged") => String::new(),
            _ => return Err(error),
        };
        Ok(Wrong(vec![(field, lang.of_code(error.code()).to_owned())]))
    }

    /// The same of a form that carries a file: what is too large is the file.
    pub fn of_file(error: Error, lang: Lang) -> Result<Wrong> {
        match error.kind() {
            Kind::TooLarge => {
                Wrong::of(Error::invalid("file", error.code(), error.detail().to_owned()), lang)
            }
            _ => Wrong::of(error, lang),
        }
    }

    pub fn is_some(&self) -> bool {
        !self.0.is_empty()
    }

    /// The reason of a field, for its place beside it.
    pub fn at(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Result<Option<i64>, &'static str> {
        let fields = Fields::of(vec![("amount".into(), text.into())]);
        fields.dong("amount").map_err(|error| error.code())
    }

    #[test]
    fn money_is_typed_as_people_type_it() {
        assert_eq!(amount("500.000"), Ok(Some(500_000)));
        assert_eq!(amount(" 25 000 đ "), Ok(Some(25_000)));
        assert_eq!(amount(""), Ok(None));
        for wrong in ["-5", "1,5", "1e6", "năm", "٣"] {
            assert_eq!(amount(wrong), Err("amount_not_whole"), "{wrong}");
        }
        assert_eq!(amount("99999999999999"), Err("amount_out_of_range"));
        assert_eq!(amount("99999999999999999999999"), Err("amount_out_of_range"));
    }

    #[test]
    fn an_error_stands_beside_its_field() {
        let wrong = Wrong::of(Error::invalid("amount", "counter_full_amount_only", ""), Lang::Vi).unwrap();
        assert!(wrong.at("amount").is_some() && wrong.at("name").is_none());
        assert!(Wrong::of(Error::internal("x"), Lang::Vi).is_err(), "a fault of ours is not the form's");
        let large = || Error::too_large("body_too_large", "at most 4 MB");
        assert!(Wrong::of(large(), Lang::Vi).is_err());
        assert!(Wrong::of_file(large(), Lang::Vi).unwrap().at("file").is_some());
    }
}
