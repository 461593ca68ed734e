//! The items of a batch as a file. The format is a proposal of ours [P]: CSV in UTF-8 with `,` or
//! `;` and the first line `loai,ma_chuan_chi,so_tien`. `loai` is `sale`, `chargeback` or `refund`; the
//! last two are both money that goes back. A batch counts as a whole: one bad line refuses the file
//! and is named.

use super::{Item, ItemKind};
use crate::amount::Dong;
use crate::error::Result;
use crate::payment::partner_file::{Fault, Why};

const HEADING: [&str; 3] = ["loai", "ma_chuan_chi", "so_tien"];

/// Reads the items. `pos_batch_unreadable` names the line.
pub fn parse(bytes: &[u8]) -> Result<Vec<Item>> {
    read(bytes).map_err(|fault| fault.error("pos_batch_unreadable"))
}

/// The same, with the place of what cannot be read.
pub fn read(bytes: &[u8]) -> std::result::Result<Vec<Item>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::at(1, Why::NotUtf8))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, heading) = lines.next().ok_or(Fault::at(1, Why::Empty))?;
    let separator = if heading.contains(';') { ';' } else { ',' };
    let names: Vec<String> = heading.split(separator).map(|name| name.trim().to_lowercase()).collect();
    if names != HEADING {
        return Err(Fault::at(1, Why::Headings(HEADING.join(","))));
    }
    lines
        .map(|(index, line)| {
            let wrong = |why| Fault::at(index + 1, why);
            let fields: Vec<&str> = line.split(separator).map(str::trim).collect();
            let [kind, approval_code, amount] = fields.as_slice() else {
                return Err(wrong(Why::Columns(HEADING.len())));
            };
            let kind = match *kind {
                "sale" => ItemKind::Sale,
                "chargeback" | "refund" => ItemKind::Chargeback,
                _ => return Err(wrong(Why::Kind)),
            };
            let is_digits = !amount.is_empty() && amount.bytes().all(|byte| byte.is_ascii_digit());
            let amount = amount.parse().ok().filter(|_| is_digits);
            let amount = amount.ok_or_else(|| wrong(Why::Amount))?;
            Ok(Item { kind, approval_code: (*approval_code).to_owned(), amount: Dong(amount) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_and_a_bad_line_is_named() {
        let read =
            parse("\u{feff}loai;ma_chuan_chi;so_tien\r\nsale;A1;25000\r\nchargeback;B2;10\r\n".as_bytes());
        let read = read.unwrap();
        assert_eq!((read.len(), read[1].kind, read[0].amount), (2, ItemKind::Chargeback, Dong(25_000)));
        for (text, line) in [
            ("", "line 1"),
            ("a,b,c\n", "line 1"),
            ("loai,ma_chuan_chi,so_tien\nsale,A1,1.5\n", "line 2"),
            ("loai,ma_chuan_chi,so_tien\n\nvoid,A1,1\n", "line 3"),
            ("loai,ma_chuan_chi,so_tien\nsale,A1\n", "line 2"),
        ] {
            let fault = parse(text.as_bytes()).unwrap_err();
            assert_eq!(fault.code(), "pos_batch_unreadable");
            assert!(fault.detail().starts_with(line), "{text}: {}", fault.detail());
        }
    }
}
