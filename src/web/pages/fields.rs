//! The fields of a posted form, and what is wrong with them: the form comes back with what was
//! typed, a summary on top and the reason beside the field.

use std::collections::BTreeMap;
use std::num::IntErrorKind;

use super::wording::Lang;
use crate::error::{Error, Kind, Result};
use crate::obligation::bank_bin;
use crate::tariff::QUANTITY_LIMIT;
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

    /// Whole đồng as people type them and banking apps print them: `25000`, `25.000 đ`, `25,000 VND`; `None` for an
    /// empty field.
    ///
    /// # Errors
    /// `amount_not_whole`, `amount_out_of_range`.
    pub fn dong(&self, name: &str) -> Result<Option<i64>> {
        let text: String = without_currency(self.trimmed(name)).split([' ', '\u{a0}']).collect();
        if text.is_empty() {
            return Ok(None);
        }
        let digits =
            ungrouped(&text).ok_or_else(|| Error::invalid(name, "amount_not_whole", "digits only"))?;
        let amount = digits.parse().ok().filter(|amount| *amount <= crate::amount::Dong::LIMIT.0);
        amount.map(Some).ok_or_else(|| Error::invalid(name, "amount_out_of_range", "too large"))
    }

    /// A whole number of pages or copies; `None` for an empty field.
    ///
    /// # Errors
    /// `walk_in_number_wrong`; `tariff_quantity_out_of_range` where it is beyond all that is counted.
    pub fn whole(&self, name: &str) -> Result<Option<u32>> {
        let text = self.trimmed(name);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => {
                let detail = format!("at most {QUANTITY_LIMIT}");
                Err(Error::invalid(name, "tariff_quantity_out_of_range", detail))
            }
            Err(_) => Err(Error::invalid(name, "walk_in_number_wrong", "a whole number")),
        }
    }

    /// Fields whose names begin so, without the beginning.
    pub fn beginning<'a>(&'a self, with: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(with)?, value.as_str())))
    }
}

/// An amount without the name of the currency behind it.
fn without_currency(text: &str) -> &str {
    let number = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '₫');
    let currency = text.get(number.len()..).unwrap_or_default();
    let is_dong = currency == "₫" || matches!(text::fold(currency).as_str(), "D" | "DONG" | "VND");
    if is_dong { number.trim_end() } else { text }
}

/// The digits of a whole number whose thousands dots or commas may part, and never both: what stands behind the
/// other one is a fraction.
fn ungrouped(text: &str) -> Option<String> {
    let separator = if text.contains(',') { ',' } else { '.' };
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    let is_whole = is_grouped && !first.is_empty();
    let digits = format!("{first}{}", rest.concat());
    (is_whole && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
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

    /// The error of one of several fields of a kind, under what its row is called: beside the field as the form names
    /// it, whatever the name.
    pub fn of_row(error: &Error, (field, row): (&str, &str), lang: Lang) -> Wrong {
        Wrong(vec![(field.to_owned(), format!("{row}: {}", lang.of_code(error.code())))])
    }

    /// The same on a form that shows these fields: what is wrong with another one is told of the form as a whole.
    pub fn on(mut self, shown: &[&str]) -> Wrong {
        for (field, _) in self.0.iter_mut().filter(|(field, _)| !shown.contains(&field.as_str())) {
            field.clear();
        }
        self
    }

    /// Everything that is wrong with a form: what reading its fields shows, in the order of the form, and what
    /// ended the attempt.
    pub fn all(faults: Vec<Error>, ended: Error, lang: Lang) -> Result<Wrong> {
        let mut all = Wrong::default();
        for error in faults.into_iter().chain([ended]) {
            all.add(Wrong::of(error, lang)?);
        }
        Ok(all)
    }

    /// Tells more beside what is told already. Of each field the first reason counts, and of the form as a whole
    /// each reason once.
    pub fn add(&mut self, more: Wrong) {
        for told in more.0 {
            let is_told = if told.0.is_empty() { self.0.contains(&told) } else { self.at(&told.0).is_some() };
            if !is_told {
                self.0.push(told);
            }
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
        for said in ["25,000 VND", "25,000VND", "25.000 vnđ", "25000₫", "25.000 đồng", "25 000 Đ", "25.000d"]
        {
            assert_eq!(amount(said), Ok(Some(25_000)), "{said}");
        }
        for wrong in
            ["-5", "1,5", "1e6", "năm", "٣", "25000.00", "25,000.00", "25.000,5", "2.50", ".500", "25 USD"]
        {
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
        let large = Error::too_large("body_too_large", "at most 4 MB");
        assert!(Wrong::of(large, Lang::Vi).is_err());
    }

    #[test]
    fn a_row_is_told_by_its_name_and_what_no_field_shows_is_told_of_the_whole_form() {
        let error = Error::invalid("amount", "amount_not_whole", "");
        let words = Lang::Vi.of_code("amount_not_whole");
        let row = Wrong::of_row(&error, ("l.0.1", "Bản sao"), Lang::Vi);
        assert_eq!(row.at("l.0.1"), Some(format!("Bản sao: {words}").as_str()));
        let wrong = Wrong::of(error, Lang::Vi).unwrap();
        assert_eq!(wrong.clone().on(&["amount"]).at("amount"), Some(words));
        assert_eq!(wrong.on(&["tendered"]).0, [(String::new(), words.to_owned())]);
    }

    #[test]
    fn every_fault_of_a_form_is_told_and_of_each_field_the_first_reason() {
        let at = |field: &str, code: &'static str| Error::invalid(field, code, "");
        let faults = vec![at("payee.bank", "field_missing"), at("amount", "amount_not_whole")];
        let all = Wrong::all(faults, at("amount", "amount_zero"), Lang::Vi).unwrap();
        let fields: Vec<&str> = all.0.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["bank", "amount"]);
        assert_eq!(all.at("amount"), Some(Lang::Vi.of_code("amount_not_whole")));
        let closed = || Error::conflict("obligation_closed", "");
        let all = Wrong::all(vec![at("amount", "amount_zero")], closed(), Lang::Vi).unwrap();
        assert_eq!(all.0.len(), 2, "what ended the attempt is told as well");
        let twice = Wrong::all(vec![closed()], closed(), Lang::Vi).unwrap();
        assert_eq!(twice.0.len(), 1, "{twice:?}");
        let broken = Wrong::all(vec![at("amount", "amount_zero")], Error::internal("x"), Lang::Vi);
        assert!(broken.is_err(), "a fault of ours is not the form's");
    }
}
