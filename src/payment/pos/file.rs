//! The items of a batch as a file. Ours is a proposal [P]: CSV in UTF-8 with `,` or `;` and the first line
//! `loai,ma_chuan_chi,so_tien`. `loai` is `sale`, `chargeback` or `refund`; the last two are both money
//! that goes back. Any other file is read as the acquirer's own table, by its headings
//! (`statement::partner`) or by the columns that a person named, and may name the fee as well. A batch
//! counts as a whole: one bad line refuses the file, and each bad line is named.

use super::{Item, ItemKind, rules};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::payment::partner_file::{Fault, Faults, Why};
use crate::statement::partner::{self, Field, Kind, Named, Own};

const HEADING: [&str; 3] = ["loai", "ma_chuan_chi", "so_tien"];

/// What a file says of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub items: Vec<Item>,
    /// What the acquirer keeps of all of them, where the table says it.
    pub fee: Option<Dong>,
}

impl Report {
    /// The fee of the batch: what the file says, which a person may repeat, else what they typed.
    ///
    /// # Errors
    /// `pos_fee_differs`.
    pub fn fee_beside(&self, typed: Dong) -> Result<Dong> {
        match self.fee {
            Some(fee) if !typed.is_zero() && typed != fee => {
                Err(Error::invalid("fee", "pos_fee_differs", format!("the file states a fee of {fee}")))
            }
            Some(fee) => Ok(fee),
            None => Ok(typed),
        }
    }
}

/// Reads the items; `named` are the tables whose columns a person named.
///
/// # Errors
/// `pos_batch_unreadable` with the first bad line and how many others there are; `partner_column_missing`.
pub fn parse(bytes: &[u8], named: &[Named]) -> Result<Report> {
    read(bytes, named).map_err(|faults| refused(&faults))
}

/// What cannot be read of a file, as an error.
pub fn refused(faults: &Faults) -> Error {
    faults.error("pos_batch_unreadable")
}

/// The same as `parse`, with the place of everything that cannot be read. Each row that is read may be one of a batch.
///
/// # Errors
/// The bad rows, or what makes the file no batch.
pub fn read(bytes: &[u8], named: &[Named]) -> std::result::Result<Report, Faults> {
    match partner::ours(bytes, &HEADING) {
        Some((text, separator)) => Ok(Report { items: items(text, separator)?, fee: None }),
        None => of_table(bytes, named),
    }
}

/// The acquirer's own table.
fn of_table(bytes: &[u8], named: &[Named]) -> std::result::Result<Report, Faults> {
    let told = |fault: partner::Fault| Fault::of_table(fault, &HEADING.join(","));
    let table = partner::read(bytes, Kind::Pos, &Own { named, ..Own::default() });
    let settled = table.map_err(told)?.settled().map_err(|faults| Faults::of_table(faults, told))?;
    let fee = Dong::sum(settled.items.iter().map(|item| item.fee));
    let fee = fee.map_err(|_| told(partner::Fault::at(1, partner::Why::Amount)))?;
    let item = |item: partner::Item| {
        let kind = if item.is_back { ItemKind::Chargeback } else { ItemKind::Sale };
        checked(item.line, Item { kind, approval_code: item.key, amount: item.amount })
    };
    let items = Faults::none_of(settled.items.into_iter().map(item))?;
    Ok(Report { items, fee: Some(fee).filter(|_| settled.tells_fees) })
}

fn items(text: &str, separator: char) -> std::result::Result<Vec<Item>, Faults> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).skip(1);
    Faults::none_of(lines.map(|(index, line)| row(index + 1, line, separator)))
}

fn row(place: usize, line: &str, separator: char) -> std::result::Result<Item, Fault> {
    let fields: Vec<&str> = line.split(separator).map(str::trim).collect();
    let [kind, approval_code, amount] = fields.as_slice() else {
        return Err(Fault::at(place, Why::Columns(HEADING.len())));
    };
    let kind = match *kind {
        "sale" => ItemKind::Sale,
        "chargeback" | "refund" => ItemKind::Chargeback,
        _ => return Err(Fault::at(place, Why::Kind).in_column(Field::Kind)),
    };
    let is_digits = !amount.is_empty() && amount.bytes().all(|byte| byte.is_ascii_digit());
    let amount = amount.parse().ok().filter(|_| is_digits);
    let amount = amount.ok_or_else(|| Fault::at(place, Why::Amount).in_column(Field::Amount))?;
    checked(place, Item { kind, approval_code: (*approval_code).to_owned(), amount: Dong(amount) })
}

/// Refuses a row that could be read and is none of a batch.
fn checked(place: usize, item: Item) -> std::result::Result<Item, Fault> {
    if !rules::is_amount(item.amount) {
        return Err(Fault::at(place, Why::OutOfRange).in_column(Field::Amount));
    }
    match rules::approval_code(&item.approval_code) {
        Ok(_) => Ok(item),
        Err(_) => Err(Fault::at(place, Why::ApprovalCode).in_column(Field::ApprovalCode)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_and_a_bad_line_is_named() {
        let read = parse(
            "\u{feff}loai;ma_chuan_chi;so_tien\r\nsale;A1;25000\r\nchargeback;B2;10\r\n".as_bytes(),
            &[],
        );
        let report = read.unwrap();
        assert_eq!(report.fee, None, "our own file names no fee");
        let read = report.items;
        assert_eq!((read.len(), read[1].kind, read[0].amount), (2, ItemKind::Chargeback, Dong(25_000)));
        for (text, line) in [
            ("", "line 1"),
            ("a,b,c\n", "line 1"),
            ("loai,ma_chuan_chi,so_tien\nsale,A1,1.5\n", "line 2"),
            ("loai,ma_chuan_chi,so_tien\n\nvoid,A1,1\n", "line 3"),
            ("loai,ma_chuan_chi,so_tien\nsale,A1\n", "line 2"),
        ] {
            let fault = parse(text.as_bytes(), &[]).unwrap_err();
            assert_eq!(fault.code(), "pos_batch_unreadable");
            assert!(fault.detail().starts_with(line), "{text}: {}", fault.detail());
        }
    }

    #[test]
    fn every_bad_row_of_our_form_and_of_an_acquirers_table_is_told_with_its_column() {
        let ours = "loai,ma_chuan_chi,so_tien\nvoid,A1,1\nsale,A2,25000\nsale,A-3,1.5\nsale,A4\n\
                    sale,?,9\nsale,A6,0\n";
        let told = |text: &str| {
            let faults = read(text.as_bytes(), &[]).unwrap_err();
            assert_eq!(faults.more, 0);
            faults.told.into_iter().map(|one| (one.line, one.column, one.why)).collect::<Vec<_>>()
        };
        let wanted = [
            (2, Some(Field::Kind), Why::Kind),
            (4, Some(Field::Amount), Why::Amount),
            (5, None, Why::Columns(3)),
            (6, Some(Field::ApprovalCode), Why::ApprovalCode),
            (7, Some(Field::Amount), Why::OutOfRange),
        ];
        assert_eq!(told(ours), wanted);
        let error = parse(ours.as_bytes(), &[]).unwrap_err();
        assert!(error.detail().ends_with("; other wrong rows: 4"), "{}", error.detail());
        let table = "Approval code;Type;Amount\nA1;Void;1.000\nA2;Sale;1.000\nA3;Sale;1,5\n";
        let wanted = [
            (2, Some(Field::Kind), Why::Table(partner::Why::Kind)),
            (4, Some(Field::Amount), Why::Table(partner::Why::Amount)),
        ];
        assert_eq!(told(table), wanted);
        let codes = "Approval code;Type;Amount\n?;Sale;1.000\nA2;Sale;1.000\n";
        assert_eq!(told(codes), [(2, Some(Field::ApprovalCode), Why::ApprovalCode)]);
    }

    const TERMINALS: &[u8] = include_bytes!("../../../fixtures/partner/pos/terminals.csv");
    const SETTLEMENT: &[u8] = include_bytes!("../../../fixtures/partner/pos/settlement.xls");
    const BATCH: &[u8] = include_bytes!("../../../fixtures/partner/pos/batch.xlsx");

    fn told(bytes: &[u8]) -> (Vec<(ItemKind, String, i64)>, Option<i64>) {
        let report = parse(bytes, &[]).unwrap_or_else(|error| panic!("{} {}", error.code(), error.detail()));
        let items = report.items.into_iter().map(|item| (item.kind, item.approval_code, item.amount.0));
        (items.collect(), report.fee.map(|fee| fee.0))
    }

    #[test]
    fn an_acquirers_own_table_is_read_with_its_fees_whatever_holds_it() {
        use ItemKind::*;
        let sales = vec![(Sale, "A00001".to_owned(), 25_000), (Sale, "A00002".to_owned(), 25_000)];
        assert_eq!(told(TERMINALS), (sales, Some(550)));
        let with_back = vec![
            (Sale, "B10001".to_owned(), 1_250_000),
            (Sale, "B10002".to_owned(), 80_000),
            (Chargeback, "B09999".to_owned(), 30_000),
        ];
        assert_eq!(told(SETTLEMENT), (with_back, Some(14_630)));
        let numbers = vec![(Sale, "C20001".to_owned(), 500_000), (Chargeback, "C19998".to_owned(), 45_000)];
        assert_eq!(told(BATCH), (numbers, Some(5_500)), "the tax on the fee is kept as well");
    }

    #[test]
    fn the_fee_of_the_file_counts_and_another_one_is_refused() {
        let report = parse(TERMINALS, &[]).unwrap();
        assert_eq!(report.fee_beside(Dong::ZERO).unwrap(), Dong(550));
        assert_eq!(report.fee_beside(Dong(550)).unwrap(), Dong(550));
        assert_eq!(report.fee_beside(Dong(500)).unwrap_err().code(), "pos_fee_differs");
        let ours = parse(b"loai,ma_chuan_chi,so_tien\nsale,A1,25000\n", &[]).unwrap();
        assert_eq!(ours.fee_beside(Dong(250)).unwrap(), Dong(250), "only the person says it");
    }

    #[test]
    fn a_column_that_is_missing_is_named_beside_those_that_were_found() {
        let table = "Báo cáo POS\nNgày giao dịch;TID;Số tiền;Phí\n25/11/2026;T1;25.000;275\n";
        let error = parse(table.as_bytes(), &[]).unwrap_err();
        assert_eq!(error.code(), "partner_column_missing");
        assert!(
            error.detail().starts_with("line 2: ") && error.detail().contains("Approval code"),
            "{error:?}"
        );
        assert!(error.detail().contains("Ngày giao dịch, TID, Số tiền, Phí"), "{error:?}");
    }

    #[test]
    fn what_may_be_money_in_or_back_is_never_guessed() {
        let table = |rows: &str| format!("Approval code,Type,Amount,Fee,Net\n{rows}");
        for (rows, line) in [
            ("A00001,Void,25000,0,25000\n", "line 2"),
            ("A00001,Sale,-25000,0,-25000\n", "line 2"),
            ("A00001,Sale,25000,275,24700\n", "line 2"),
            ("A00001,Sale,25000,275,24725\nA00002,Sale,0,0,0\n", "line 3"),
        ] {
            let error = parse(table(rows).as_bytes(), &[]).unwrap_err();
            assert_eq!(error.code(), "pos_batch_unreadable", "{rows}");
            assert!(error.detail().starts_with(line), "{rows}: {}", error.detail());
        }
        for (rows, line) in [
            ("A1;Sale;10.000.000;9.890.000\nA0;Refund;30.000;0\n", "line 3"),
            ("A1;Sale;25.000;0\n", "line 2"),
            ("A1;Sale;25.000;-25.000\n", "line 2"),
            ("A1;Refund;-50.000;50.000\n", "line 2"),
        ] {
            let error = parse(format!("Approval code;Type;Amount;Net\n{rows}").as_bytes(), &[]).unwrap_err();
            assert!(error.detail().starts_with(line), "{rows}: {}", error.detail());
            assert!(
                error.detail().contains("the fee is as much as the amount"),
                "{rows}: {}",
                error.detail()
            );
        }
        let small = table("A00001,Sale,1000,1771,-771\nA00002,Sale,25000,2035,22965\n");
        assert_eq!(
            told(small.as_bytes()).1,
            Some(3_806),
            "a fee has a fixed part, which small amounts do not cover"
        );
        let back = table("A00001,Refund,25000,275,24725\n");
        assert_eq!(told(back.as_bytes()).1, Some(-275), "the fee was given back with the money");
    }
}
