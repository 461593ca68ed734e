//! A channel that the program believes no more, because a limit was crossed or a claim was disproven, is told by
//! mail like an alarm about a key: to the unit's own mailbox and to those of the city, once for every suspension.

use super::key_mail::{Own, own_mailboxes};
use crate::actor::Scope;
use crate::error::Result;
use crate::notification::staff::{self, Mail, Told};
use crate::notification::{self, New};
use crate::payment::channel;
use crate::store::{Stamp, Store};
use crate::unit::account;
use crate::unit::trust::{self, Suspended};

/// Mails every suspension that stands to whoever was not told of it yet. Returns how many messages are new.
pub fn tell(store: &Store, stamp: &Stamp<'_>, told: &Told<'_>) -> Result<usize> {
    let mails = store.read(&Scope::All, |conn| {
        let suspended = trust::suspended(conn)?;
        let own = own_mailboxes(conn, stamp, suspended.iter().map(|one| one.unit))?;
        let mut mails = Vec::new();
        for one in &suspended {
            let account_no = account::find(conn, one.unit, one.account)?.account_no;
            mails.extend(mails_of(one, &account_no, &own[&one.unit], told));
        }
        Ok(mails)
    })?;
    staff::tell(store, stamp, &mails)
}

fn mails_of(one: &Suspended, account_no: &str, (name, _, own): &Own, told: &Told<'_>) -> Vec<New> {
    let mail = Mail {
        unit: one.unit,
        kind: notification::KIND_TRUST_SUSPENDED,
        subject_kind: "trust",
        subject: one.id.0,
        text: words(one, account_no, name, told.public_url),
        expires_at: None,
    };
    mail.to(told.with_own(own.as_ref()))
}

/// The subject, then what is said, Vietnamese and English. Of the account only its end.
fn words(one: &Suspended, account_no: &str, name: &str, public_url: &str) -> String {
    let channel = channel::title(&one.channel);
    let digits: Vec<char> = account_no.chars().rev().take(4).collect();
    let ending: String = digits.into_iter().rev().collect();
    let (at, reason) = (one.since.hanoi_text(), &one.reason);
    let place = format!("{public_url}/finance/trust");
    format!(
        "Ngừng tin kênh báo có {channel} – {name}\n\
         Hệ thống tự ngừng tin kênh {channel} trên tài khoản …{ending} của {name} từ {at} ({reason}). Tiền vẫn được \
         ghi nhận, biên lai chờ sao kê. Kiểm tra khóa của kênh rồi quyết định lại tại {place}\n\
         The channel {channel} on account …{ending} of {name} is believed no more since {at} ({reason}). Money is \
         taken in all the same, receipts wait for the statement. Look at the channel's secret and decide anew at \
         {place}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::id::{AccountId, TrustId, UnitId};

    #[test]
    fn a_mail_names_the_channel_the_unit_and_the_way_and_of_the_account_its_end() {
        let one = Suspended {
            unit: UnitId(2),
            id: TrustId(9),
            account: AccountId(3),
            channel: "sepay".into(),
            reason: "unproven_limit".into(),
            since: Instant(0),
        };
        let city = ["nhom@example.vn".to_owned()];
        let told = Told { mailboxes: &city, public_url: "https://bienlai.example.vn" };
        let own = ("UBND phường Mẫu".to_owned(), "00004".to_owned(), Some("don-vi@example.vn".to_owned()));
        let mails = mails_of(&one, "1900555500", &own, &told);
        let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["don-vi@example.vn", "nhom@example.vn"]);
        assert_eq!((mails[0].kind, mails[0].subject), (notification::KIND_TRUST_SUSPENDED, 9));
        let text = mails[0].text.as_deref().unwrap();
        assert!(text.lines().next().unwrap().contains("SePay – UBND phường Mẫu"), "{text}");
        assert!(text.contains("…5500") && !text.contains("1900555500"), "{text}");
        assert!(text.contains("unproven_limit") && text.contains("https://bienlai.example.vn/finance/trust"));
    }
}
