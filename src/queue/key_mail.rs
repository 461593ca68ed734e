//! Alarms about signing keys are mailed: to the unit's own mailbox (`unit::imprint`) and to those of the city, once
//! each for every alarm. No person is named, and what is sent says where to look.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::actor::Scope;
use crate::error::Result;
use crate::id::UnitId;
use crate::notification::staff::{self, Mail, Told};
use crate::notification::{self, New};
use crate::receipt::key::alarm::{self, Open};
use crate::store::{Conn, Stamp, Store};
use crate::unit::{self, CITY, imprint};

/// Mails every alarm that stands to whoever was not told of it yet. Returns how many messages are new.
pub fn tell(store: &Store, stamp: &Stamp<'_>, told: &Told<'_>) -> Result<usize> {
    let mails = store.read(&Scope::All, |conn| {
        let open = alarm::open(conn)?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let own = own_mailboxes(conn, stamp, open.iter().map(|one| one.unit))?;
        Ok(open.iter().flat_map(|one| mails(one, &own[&one.unit], told)).collect::<Vec<New>>())
    })?;
    staff::tell(store, stamp, &mails)
}

/// A unit's name, code and own mailbox.
pub(super) type Own = (String, String, Option<String>);

pub(super) fn own_mailboxes(
    conn: &mut Conn,
    stamp: &Stamp<'_>,
    units: impl Iterator<Item = UnitId>,
) -> Result<HashMap<UnitId, Own>> {
    let mut own = HashMap::new();
    for id in units {
        if let Entry::Vacant(free) = own.entry(id) {
            let unit = unit::find(conn, id)?;
            let imprint = imprint::recorded(conn, &[id], stamp.today())?.pop();
            let email = imprint.and_then(|(_, imprint)| imprint.email);
            free.insert((unit.name, unit.code, email));
        }
    }
    Ok(own)
}

fn mails(one: &Open, (name, code, own): &Own, told: &Told<'_>) -> Vec<New> {
    let mail = Mail {
        unit: one.unit,
        kind: notification::KIND_KEY_ALARM,
        subject_kind: "key_alarm",
        subject: one.id.0,
        text: words(one, name, code, told.public_url),
        expires_at: None,
    };
    mail.to(told.with_own(own.as_ref()))
}

/// The subject, then what is said, Vietnamese and English.
fn words(one: &Open, name: &str, code: &str, public_url: &str) -> String {
    let (title, title_en) = one.kind.title();
    let place = if one.unit == CITY { "/admin/units".to_owned() } else { format!("/admin/units/{code}") };
    let at = one.raised_at.hanoi_text();
    format!(
        "Cảnh báo chữ ký số: {title} – {name} / Signing alarm: {title_en}\n\
         {title} ({detail}) tại {name}, từ {at}.\nXem tại {public_url}{place}\n\
         {title_en} ({detail}) at {name}, since {at}. See {public_url}{place}\n",
        detail = one.detail
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::id::AlarmId;

    fn open() -> Open {
        Open {
            unit: UnitId(2),
            id: AlarmId(7),
            certificate: None,
            kind: alarm::Kind::SigningStopped,
            detail: "signing_key_missing".into(),
            raised_at: Instant(0),
        }
    }

    #[test]
    fn a_mail_says_what_happened_and_where_and_goes_to_each_mailbox_once() {
        let city = ["nhom@example.vn".to_owned(), "don-vi@example.vn".to_owned()];
        let told = Told { mailboxes: &city, public_url: "https://bienlai.example.vn" };
        let own = ("UBND phường Mẫu".to_owned(), "00004".to_owned(), Some("don-vi@example.vn".to_owned()));
        let mails = mails(&open(), &own, &told);
        let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["don-vi@example.vn", "nhom@example.vn"]);
        let text = mails[0].text.as_deref().unwrap();
        let first = text.lines().next().unwrap();
        assert!(first.contains("UBND phường Mẫu") && first.contains("Không ký được"), "{text}");
        assert!(text.contains("https://bienlai.example.vn/admin/units/00004"), "{text}");
        assert!(mails[0].subject == 7 && mails[0].kind == notification::KIND_KEY_ALARM);
    }
}
