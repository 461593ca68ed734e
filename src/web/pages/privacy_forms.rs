//! What the forms of `/privacy` say, and everything that is wrong with each.

use super::fields::Fields;
use crate::error::{Error, Result};
use crate::id::UnitId;
use crate::party::contact::Contact;
use crate::privacy::request::{self, Ask};
use crate::privacy::{act, worded};
use crate::unit::CITY;

pub(super) fn asked(fields: &Fields, unit: UnitId) -> Ask<'_> {
    Ask {
        unit,
        kind: fields.get("kind"),
        subject: (fields.get("by"), fields.get("value")),
        identity_shown: fields.get("identity_shown"),
    }
}

pub(super) fn ask_faults(fields: &Fields) -> Vec<Error> {
    // Whichever unit it is for, it is asked in the same words.
    request::faults(&asked(fields, CITY))
}

/// A form that nothing is typed into.
pub(super) fn nothing(_: &Fields) -> Vec<Error> {
    Vec::new()
}

pub(super) fn purpose_faults(fields: &Fields) -> Vec<Error> {
    worded("purpose", fields.get("purpose")).err().into_iter().collect()
}

pub(super) fn reason_faults(fields: &Fields) -> Vec<Error> {
    worded("reason", fields.get("reason")).err().into_iter().collect()
}

pub(super) fn detail_faults(fields: &Fields) -> Vec<Error> {
    worded("detail", fields.get("detail")).err().into_iter().collect()
}

/// How many people or hours, with or without dots; an empty field is none.
pub(super) fn counted(fields: &Fields, name: &'static str) -> Result<i64> {
    let number = fields.dong(name).map_err(|_| Error::invalid(name, "number_unreadable", "digits only"))?;
    Ok(number.unwrap_or(0))
}

pub(super) fn incident_faults(fields: &Fields) -> Vec<Error> {
    let nature = worded("nature", fields.get("nature")).err();
    let read = [nature, counted(fields, "affected").err(), counted(fields, "hours").err()];
    read.into_iter().flatten().collect()
}

pub(super) fn contact_of(fields: &Fields) -> Contact {
    let given = |name: &str| Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty());
    Contact { phone: given("phone"), email: given("email") }
}

/// What is wrong with each contact that was typed; an erasure has none.
pub(super) fn contact_faults(fields: &Fields) -> Vec<Error> {
    let Contact { phone, email } = contact_of(fields);
    let phone = phone.map(|phone| Contact { phone: Some(phone), email: None });
    let email = email.map(|email| Contact { phone: None, email: Some(email) });
    phone.into_iter().chain(email).filter_map(|one| act::reachable(&one).err()).collect()
}
