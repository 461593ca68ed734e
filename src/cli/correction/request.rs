//! `bienlai correction request` and `explain`: asking for what two persons will do.

use clap::Args;

use crate::actor::{Role, Scope};
use crate::amount::Dong;
use crate::cli::office::{self, Office, Roles};
use crate::cli::{print_json, receipt};
use crate::clock::BusinessDay;
use crate::correction::{self, Agreement, Ask, Kind};
use crate::error::{Error, Result};
use crate::filing::notice;
use crate::id::{PersonId, ReceiptId};
use crate::obligation::Line;
use crate::party::Payer;
use crate::text;
use crate::web::raise::AskedLine;
use crate::web::{correction_asked_view, correction_lines};

#[derive(Debug, Args)]
pub struct Request {
    /// The receipt or invoice, as rcp_…
    receipt: ReceiptId,
    /// replace, adjust or cancel
    #[arg(long, value_parser = Kind::parse)]
    kind: Kind,
    /// An item of the document with its right amount; once for each line, none when cancelling, and none when
    /// only the payer is wrong. ITEM=0 takes it off
    #[arg(long = "line", value_name = "ITEM=DONG", value_parser = item_amount)]
    lines: Vec<(String, i64)>,
    /// A further item at the tariff's price; what is not named stays as it is
    ///
    /// Quantities as the tariff asks for them: DD-01,copies=2,pages=3 or DD-02,base=500000
    #[arg(long = "add", value_name = "ITEM[,copies=N…]", value_parser = added)]
    added: Vec<AskedLine>,
    /// An item to be taken away; what is not named stays as it is
    #[arg(long = "remove", value_name = "ITEM")]
    removed: Vec<String>,
    #[command(flatten)]
    payer: PayerArgs,
    /// The reason; it is kept
    #[arg(long)]
    reason: String,
    /// Number of the agreement between collector and payer
    #[arg(long, value_name = "NO")]
    agreement: String,
    /// Day of the agreement
    #[arg(long, value_name = "DATE")]
    agreed_on: BusinessDay,
    /// What the agreement says was wrong
    #[arg(long)]
    about: String,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

/// The payer's data as they should have been; what is not named stays as it is printed.
#[derive(Debug, Args)]
pub struct PayerArgs {
    /// The payer's name
    #[arg(long, value_name = "NAME")]
    payer_name: Option<String>,
    /// The payer's address
    #[arg(long, value_name = "ADDRESS")]
    payer_address: Option<String>,
    /// The payer's tax code, with or without the branch
    #[arg(long, value_name = "MST")]
    payer_tax_code: Option<String>,
    /// Twelve digits
    #[arg(long, value_name = "CCCD")]
    payer_personal_id: Option<String>,
    /// The payer's passport number
    #[arg(long, value_name = "NUMBER")]
    payer_passport: Option<String>,
}

impl PayerArgs {
    fn is_some(&self) -> bool {
        let named = [
            &self.payer_name,
            &self.payer_address,
            &self.payer_tax_code,
            &self.payer_personal_id,
            &self.payer_passport,
        ];
        named.into_iter().any(Option::is_some)
    }

    /// None when nothing was named.
    fn over(&self, printed: &Payer) -> Option<Payer> {
        let named = Payer {
            name: self.payer_name.clone(),
            address: self.payer_address.clone(),
            tax_code: self.payer_tax_code.clone(),
            personal_id: self.payer_personal_id.clone(),
            passport: self.payer_passport.clone(),
            ..Payer::default()
        };
        let payer = named.over(printed.clone());
        (payer != *printed).then_some(payer)
    }
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The receipt or invoice, as rcp_…
    receipt: ReceiptId,
    /// The right name, when the printed one is wrong
    #[arg(long, value_name = "NAME", required_unless_present = "address")]
    name: Option<String>,
    /// The right address, when the printed one is wrong
    #[arg(long)]
    address: Option<String>,
    /// Who asks, as per_…
    #[arg(long, value_name = "ID")]
    person: PersonId,
}

fn item_amount(text: &str) -> std::result::Result<(String, i64), String> {
    let (item, amount) = text.split_once('=').ok_or("expected ITEM=DONG")?;
    let amount = amount.parse().map_err(|_| "the amount is whole đồng".to_owned())?;
    Ok((item.to_owned(), amount))
}

/// `ITEM,copies=2,pages=3`.
fn added(text: &str) -> std::result::Result<AskedLine, String> {
    let mut parts = text.split(',');
    let item = parts.next().unwrap_or_default().trim();
    if item.is_empty() || item.contains('=') {
        return Err("expected ITEM, or ITEM,copies=2".to_owned());
    }
    let mut line = AskedLine { item: item.to_owned(), ..AskedLine::default() };
    for part in parts {
        let (name, value) = part.split_once('=').ok_or("expected copies=2 after the item")?;
        let unreadable = || format!("{name} is not a number");
        match name.trim() {
            "copies" => line.copies = Some(value.parse().map_err(|_| unreadable())?),
            "pages" => line.pages = Some(value.parse().map_err(|_| unreadable())?),
            "quantity" => line.quantity = Some(value.parse().map_err(|_| unreadable())?),
            "base" => line.base_value = Some(Dong(value.parse().map_err(|_| unreadable())?)),
            "amount" => line.amount = Some(Dong(value.parse().map_err(|_| unreadable())?)),
            _ => return Err(format!("{name} is none of copies, pages, quantity, base, amount")),
        }
    }
    Ok(line)
}

pub fn ask(office: &Office, request: &Request) -> Result<()> {
    let subject = request.receipt;
    let actor =
        office.acting(office::CLERKS, request.person, |conn| receipt::locate(conn, &Scope::All, subject))?;
    let made = office.write(&actor, |tx, stamp| {
        let unit = receipt::locate(tx, &actor.scope, subject)?;
        let in_force = correction::lines_in_force(tx, unit, request.receipt)?;
        let asked = asked_lines(&in_force, request)?;
        let ask = Ask {
            unit,
            receipt: request.receipt,
            kind: request.kind,
            reason: request.reason.clone(),
            agreement: Agreement {
                number: request.agreement.clone(),
                on: request.agreed_on,
                about: request.about.clone(),
            },
            lines: correction_lines(office, tx, unit, request.receipt, &asked)?,
            payer: request.payer.over(&correction::payer_shown(tx, unit, request.receipt)?),
        };
        let made = correction::request(tx, stamp, &actor, ask)?;
        correction_asked_view(tx, &made)
    })?;
    print_json(&made)
}

/// The lines as they should have been. With `--add` or `--remove`, or when only the payer is wrong,
/// what is not named stays; otherwise the named lines are all there are.
fn asked_lines(in_force: &[Line], request: &Request) -> Result<Vec<AskedLine>> {
    let of = |item: &str, amount: Dong| AskedLine {
        item: item.to_owned(),
        amount: Some(amount),
        ..AskedLine::default()
    };
    let named = request.lines.iter().map(|(item, _)| item).chain(&request.removed);
    if let Some(unknown) = named.clone().find(|item| in_force.iter().all(|line| line.item_code != **item)) {
        let detail = format!("the document has no {unknown}; --add names further items");
        return Err(Error::invalid("line", "correction_line_unfit", detail));
    }
    let only_payer = request.kind != Kind::Cancel && request.lines.is_empty() && request.payer.is_some();
    let keeps = !request.added.is_empty() || !request.removed.is_empty() || only_payer;
    let mut asked: Vec<AskedLine> = Vec::new();
    if keeps {
        let is_named = |line: &&Line| named.clone().all(|item| *item != line.item_code);
        asked.extend(in_force.iter().filter(is_named).map(|line| of(&line.item_code, line.amount)));
    }
    asked.extend(request.lines.iter().map(|(item, amount)| of(item, Dong(*amount))));
    asked.extend(request.added.iter().cloned());
    // Who takes every line away by name means it: each is named at nothing, as a request without lines is refused.
    if asked.is_empty() && !request.removed.is_empty() {
        asked.extend(in_force.iter().map(|line| of(&line.item_code, Dong::ZERO)));
    }
    Ok(asked)
}

/// Who requests a notice.
const NOTICE_ASKERS: Roles = (Role::Finance, &notice::ASKERS);

/// `LDo` of a notice allows so many characters.
const REASON_LIMIT: usize = 255;

/// A wrong name or address alone: notice 04/SS, no new number. Another person approves it with
/// `bienlai tax notice approve`.
pub fn explain(office: &Office, asked: &Explain) -> Result<()> {
    let subject = asked.receipt;
    let actor =
        office.acting(NOTICE_ASKERS, asked.person, |conn| receipt::locate(conn, &Scope::All, subject))?;
    let id = office.write(&actor, |tx, stamp| {
        let unit = receipt::locate(tx, &actor.scope, subject)?;
        let shown = correction::payer_shown(tx, unit, asked.receipt)?;
        let reason = reason(&shown, asked)?;
        let place = office.config.tax.place.clone();
        let documents = vec![(asked.receipt, reason)];
        notice::request(tx, stamp, &actor, notice::Request { unit, documents, demand: None, place })
    })?;
    println!("{id}");
    Ok(())
}

fn reason(shown: &Payer, asked: &Explain) -> Result<String> {
    let mut parts = Vec::new();
    for (what, printed, right) in
        [("tên người nộp", &shown.name, &asked.name), ("địa chỉ", &shown.address, &asked.address)]
    {
        let Some(right) = right.as_deref().map(text::clean).filter(|right| !right.is_empty()) else {
            continue;
        };
        let printed = printed.as_deref().unwrap_or("(để trống)");
        if printed == right {
            let detail = format!("{what}: the document says so already");
            return Err(Error::conflict("correction_changes_nothing", detail));
        }
        parts.push(format!("Sai {what}: đã ghi “{printed}”, đúng là “{right}”"));
    }
    let reason = parts.join("; ");
    if reason.is_empty() || reason.chars().count() > REASON_LIMIT {
        let detail = format!("what is wrong and what is right, together at most {REASON_LIMIT} characters");
        return Err(Error::invalid("reason", "field_too_long", detail));
    }
    Ok(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_item_and_whole_dong() {
        assert_eq!(item_amount("HT-01=20000"), Ok(("HT-01".to_owned(), 20_000)));
        assert!(item_amount("HT-01").is_err() && item_amount("HT-01=20.5").is_err());
    }

    #[test]
    fn an_added_item_names_the_quantities_its_tariff_asks_for() {
        let line = added("DD-01,copies=2,pages=3").unwrap();
        assert_eq!((line.item.as_str(), line.copies, line.pages), ("DD-01", Some(2), Some(3)));
        assert_eq!(added("DD-02,base=500000").unwrap().base_value, Some(Dong(500_000)));
        assert_eq!(added("DD-03,quantity=1.5").unwrap().quantity.unwrap().to_string(), "1.5");
        for wrong in ["", "copies=2", "DD-01,copies", "DD-01,copies=x", "DD-01,price=2"] {
            assert!(added(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_notice_says_what_is_wrong_and_what_is_right() {
        let shown = Payer { name: Some("Nguyễn Thị Thử".into()), ..Payer::default() };
        let asked = |name: Option<&str>, address: Option<&str>| Explain {
            receipt: ReceiptId(1),
            name: name.map(str::to_owned),
            address: address.map(str::to_owned),
            person: PersonId(1),
        };
        assert_eq!(
            reason(&shown, &asked(Some("Nguyễn Thị Mẫu"), Some("Số 2 ngõ Mẫu"))).unwrap(),
            "Sai tên người nộp: đã ghi “Nguyễn Thị Thử”, đúng là “Nguyễn Thị Mẫu”; Sai địa chỉ: đã ghi \
             “(để trống)”, đúng là “Số 2 ngõ Mẫu”"
        );
        let same = reason(&shown, &asked(Some("Nguyễn Thị Thử"), None));
        assert_eq!(same.unwrap_err().code(), "correction_changes_nothing");
        assert!(reason(&shown, &asked(None, Some(&"đ".repeat(300)))).is_err());
    }
}
