//! One charge gets another price from a day on, in the text of the tariff: the old row ends the day
//! before, a copy of it begins. Everything else, comments too, stays as it was written. Pure.

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The fee item.
    pub item: String,
    /// Which of its charges, as they stand in the text, counted from 0.
    pub charge: usize,
    pub from: BusinessDay,
    pub price: Dong,
    /// The resolution or circular, with its article.
    pub legal_ground: String,
}

/// Lines of a table, from its head to the line before the next one's.
#[derive(Clone, Copy)]
struct Block {
    start: usize,
    end: usize,
}

/// The text with the change in it. It is checked by loading it, like any other.
///
/// # Errors
/// `tariff_item_unknown`, `tariff_charge_unknown`, `tariff_charge_not_per_unit` for a price in steps or
/// percent, which is changed in the text; `tariff_charge_ended`, `tariff_change_too_early` for a day that
/// is not after the first day of the charge.
pub fn price(text: &str, revision: &Revision) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let fee = fee(&lines, &revision.item)
        .ok_or_else(|| Error::invalid("item", "tariff_item_unknown", "no such fee item in the tariff"))?;
    let block = charges(&lines, fee)
        .get(revision.charge)
        .copied()
        .ok_or_else(|| Error::invalid("charge", "tariff_charge_unknown", "no such charge of the item"))?;
    let old = &lines[block.start..block.end];
    let at = |key: &str| old.iter().position(|line| key_of(line) == Some(key));
    let (Some(price_at), Some(from_at)) = (at("per_unit"), at("valid_from")) else {
        return Err(Error::invalid("charge", "tariff_charge_not_per_unit", "change it in the text"));
    };
    if at("valid_to").is_some() {
        return Err(Error::invalid("charge", "tariff_charge_ended", "the charge has a last day already"));
    }
    let begins = old[from_at].split('"').nth(1).unwrap_or_default();
    let begins: BusinessDay =
        begins.parse().map_err(|_| Error::invalid("from", "date_unreadable", "the charge's first day"))?;
    if revision.from <= begins {
        let detail = format!("the charge begins on {begins}");
        return Err(Error::invalid("from", "tariff_change_too_early", detail));
    }
    let last = old.iter().rposition(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let body = last.map_or(old.len(), |last| last + 1);
    let mut changed: Vec<String> = lines[..block.start].iter().map(|line| (*line).to_owned()).collect();
    for (index, line) in old[..body].iter().enumerate() {
        changed.push((*line).to_owned());
        if index == from_at {
            changed.push(format!("valid_to = \"{}\"", revision.from.plus_days(-1)));
        }
    }
    changed.push(String::new());
    for (index, line) in old[..body].iter().enumerate() {
        changed.push(match index {
            index if index == from_at => format!("valid_from = \"{}\"", revision.from),
            index if index == price_at => format!("per_unit = {}", revision.price.0),
            _ if key_of(line) == Some("legal_ground") => {
                format!("legal_ground = {}", toml::Value::String(revision.legal_ground.clone()))
            }
            _ => (*line).to_owned(),
        });
    }
    changed.extend(old[body..].iter().map(|line| (*line).to_owned()));
    changed.extend(lines[block.end..].iter().map(|line| (*line).to_owned()));
    let mut text = changed.join("\n");
    text.push('\n');
    Ok(text)
}

/// The key a line sets.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some(key)
}

/// The fee item with this code: from its head to the next table that is not its own.
fn fee(lines: &[&str], code: &str) -> Option<Block> {
    let mut start = None;
    let mut is_it = false;
    for (index, line) in lines.iter().enumerate() {
        let head = line.trim();
        if head.starts_with("[[") && !head.starts_with("[[fee.") {
            if let Some(start) = start.filter(|_| is_it) {
                return Some(Block { start, end: index });
            }
            (start, is_it) = ((head == "[[fee]]").then_some(index), false);
        } else if start.is_some() && key_of(line) == Some("code") {
            is_it = line.split('"').nth(1) == Some(code);
        }
    }
    start.filter(|_| is_it).map(|start| Block { start, end: lines.len() })
}

fn charges(lines: &[&str], fee: Block) -> Vec<Block> {
    let is_head = |index: &usize| lines[*index].trim().starts_with("[[");
    let heads: Vec<usize> = (fee.start + 1..fee.end).filter(is_head).collect();
    let own = heads.iter().enumerate().filter(|(_, start)| lines[**start].trim() == "[[fee.charge]]");
    own.map(|(at, start)| Block { start: *start, end: heads.get(at + 1).copied().unwrap_or(fee.end) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tariff::{AskedItem, IntakeMode, Place, Request, UnitKind, assess, load};

    const TEXT: &str = include_str!("../../fixtures/tariff/hanoi.toml");

    fn revision(item: &str, from: &str, price: i64) -> Revision {
        Revision {
            item: item.to_owned(),
            charge: 0,
            from: from.parse().unwrap(),
            price: Dong(price),
            legal_ground: "Nghị quyết \"mới\" 01/2027".to_owned(),
        }
    }

    #[test]
    fn the_new_price_holds_from_its_day_and_the_old_one_until_the_day_before() {
        let text = price(TEXT, &revision("ho_tich_khai_sinh_qua_han", "2027-01-01", 8_000)).unwrap();
        let tariff = load(&text).expect("the changed tariff is good");
        let cost = |on: &str| {
            let request = Request {
                place: Place { unit_code: "00004".to_owned(), unit_kind: UnitKind::Phuong },
                channel: IntakeMode::Counter,
                on: on.parse().unwrap(),
                items: vec![AskedItem {
                    code: "ho_tich_khai_sinh_qua_han".to_owned(),
                    ..AskedItem::default()
                }],
                exemptions: Vec::new(),
            };
            let found = assess(&tariff, &request).unwrap();
            (found.total, found.lines[0].legal_ground.clone())
        };
        assert_eq!(cost("2026-12-31").0, Dong(5_000));
        assert_eq!(cost("2027-01-01"), (Dong(8_000), "Nghị quyết \"mới\" 01/2027".to_owned()));
        // Everything else stays as it was written.
        let kept = TEXT.lines().filter(|line| text.lines().any(|other| other == *line)).count();
        assert_eq!(kept, TEXT.lines().count());
        assert_eq!(load(&text).unwrap().items().count(), load(TEXT).unwrap().items().count());
    }

    #[test]
    fn a_change_that_cannot_be_made_in_one_line_is_refused() {
        let refused = |revision: &Revision| price(TEXT, revision).unwrap_err().code();
        assert_eq!(refused(&revision("khong_co", "2027-01-01", 1)), "tariff_item_unknown");
        let mut other = revision("ho_tich_khai_sinh_qua_han", "2027-01-01", 1);
        other.charge = 9;
        assert_eq!(refused(&other), "tariff_charge_unknown");
        let early = revision("ho_tich_khai_sinh_qua_han", "2025-07-01", 1);
        assert_eq!(refused(&early), "tariff_change_too_early");
    }

    #[test]
    fn every_priced_charge_of_the_tariff_can_be_changed_or_says_why_not() {
        for item in load(TEXT).unwrap().items() {
            for charge in 0..item.charges.len() {
                let mut one = revision(&item.code, "2028-03-01", 12_345);
                one.charge = charge;
                match price(TEXT, &one) {
                    Ok(text) => {
                        assert!(load(&text).is_ok(), "{} {charge}: {:?}", item.code, load(&text).err())
                    }
                    Err(error) => assert!(
                        ["tariff_charge_not_per_unit", "tariff_charge_ended"].contains(&error.code()),
                        "{}",
                        error.code()
                    ),
                }
            }
        }
    }
}
