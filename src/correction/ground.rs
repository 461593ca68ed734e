//! What a request stands on: its reason, the agreement in which collector and payer say what was wrong, and the payer
//! as they should have been. Pure.

use super::{Agreement, rules};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::party::Payer;
use crate::payment::content::printed_payer;
use crate::receipt::profile;
use crate::text;

const MISSING: &str = "correction_agreement_missing";
const NUMBER_LIMIT: usize = 50;
const ABOUT_LIMIT: usize = 500;

/// Where a request names no agreement at all.
pub fn missing() -> Error {
    Error::invalid("agreement", MISSING, "its number, on and about")
}

/// The agreement, cleaned; it was made before anybody asks for what it agrees on.
///
/// # Errors
/// `correction_agreement_in_future`, `correction_agreement_missing`, `field_too_long`.
pub(super) fn checked(asked: &Agreement, today: BusinessDay) -> Result<Agreement> {
    check_day(asked.on, today)?;
    Ok(Agreement { number: number(&asked.number)?, on: asked.on, about: about(&asked.about)? })
}

fn check_day(on: BusinessDay, today: BusinessDay) -> Result<()> {
    if on > today {
        let detail = format!("it is dated {on}, and today is {today}");
        return Err(Error::invalid("agreement.on", "correction_agreement_in_future", detail));
    }
    Ok(())
}

fn number(text: &str) -> Result<String> {
    text::required("agreement.number", text, MISSING, NUMBER_LIMIT)
}

fn about(text: &str) -> Result<String> {
    text::required("agreement.about", text, MISSING, ABOUT_LIMIT)
}

/// An agreement as it was typed: number, day or why it cannot be read, and what it is about.
pub type Typed<'t> = (&'t str, Result<BusinessDay>, &'t str);

/// Everything that is wrong with the reason and the agreement of a request, in the order of its form, where `request`
/// names what it comes upon first. `issued_on` is the day of the document, where it is known.
pub fn faults(
    reason: &str,
    (number_typed, on, about_typed): Typed<'_>,
    issued_on: Option<BusinessDay>,
    today: BusinessDay,
) -> Vec<Error> {
    let of_day = on.and_then(|on| {
        check_day(on, today)?;
        issued_on.map_or(Ok(()), |issued_on| rules::check_agreed(on, issued_on, today))
    });
    let faults =
        [text::reason(reason).err(), number(number_typed).err(), of_day.err(), about(about_typed).err()];
    faults.into_iter().flatten().collect()
}

/// Everything that is wrong with a payer, as a document of today would print them.
pub fn payer_faults(payer: &Payer, today: BusinessDay) -> Vec<Error> {
    printed_payer(&payer.cleaned()).faults(profile::for_day(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    #[test]
    fn everything_that_is_wrong_with_a_request_is_told_at_once() {
        let today = day("2026-11-27");
        let codes = |reason, typed: Typed<'_>, issued_on| -> Vec<&'static str> {
            faults(reason, typed, issued_on, today).iter().map(Error::code).collect()
        };
        let unread = Err(Error::invalid("on", MISSING, "the day"));
        assert_eq!(codes(" ", ("", unread, ""), None), ["reason_missing", MISSING, MISSING, MISSING]);
        assert_eq!(
            codes("vì", ("05/BB", Ok(day("2026-11-28")), " "), None),
            ["correction_agreement_in_future", MISSING]
        );
        let old = Ok(day("2026-11-26"));
        assert_eq!(
            codes("vì", ("05/BB", old, "sai sót"), Some(today)),
            ["correction_agreement_before_document"]
        );
        assert!(codes("vì", ("05/BB", Ok(today), "sai sót"), Some(today)).is_empty());
    }

    #[test]
    fn what_was_refused_first_is_the_first_of_all_that_is_wrong() {
        let today = day("2026-11-27");
        let long = "x".repeat(51);
        for (number, on) in [("", "2026-11-27"), (long.as_str(), "2026-11-27"), ("05/BB", "2026-11-28")] {
            let asked = Agreement { number: number.to_owned(), on: day(on), about: "sai sót".to_owned() };
            let all = faults("vì", (number, Ok(day(on)), "sai sót"), None, today);
            assert_eq!(checked(&asked, today).unwrap_err().code(), all[0].code());
        }
    }

    #[test]
    fn every_mark_of_a_payer_that_is_of_no_form_is_told() {
        let payer = Payer {
            tax_code: Some("123".to_owned()),
            personal_id: Some("12".to_owned()),
            passport: Some("?".to_owned()),
            ..Payer::default()
        };
        let codes: Vec<&str> = payer_faults(&payer, day("2026-11-27")).iter().map(Error::code).collect();
        assert_eq!(codes, ["tax_code_wrong", "personal_id_wrong", "passport_wrong"]);
        assert!(payer_faults(&Payer::default(), day("2026-11-27")).is_empty());
    }
}
