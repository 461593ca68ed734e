//! A settlement report as a file: CSV in UTF-8 with `,` or `;`. Which heading is which column says a
//! layout (`profiles/gateways/`); ours is a proposal [P]. The last row repeats the sums, so that a
//! file that was cut off is refused. Any other file is read as the gateway's own table, by the layout's
//! headings, the known ones (`statement::partner`) and the columns that a person named. A report counts as
//! a whole: one bad line refuses it, and each bad line is named.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Item, ItemKind, rules};
use crate::amount::Dong;
use crate::error::{Error, Result};
use crate::payment::partner_file::{Fault, Faults, Why};
use crate::statement::partner::{self, Field, Kind, Named, Own};

/// The headings of a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub name: String,
    /// How well the format is known: V, V2, M or P.
    pub certainty: String,
    /// The heading of the transaction ids.
    pub reference: String,
    pub amount: String,
    pub fee: String,
    /// What stands under `reference` in the row of the sums.
    pub total: String,
}

impl Layout {
    /// Reads a layout.
    ///
    /// # Errors
    /// `settlement_layout_invalid`.
    pub fn from_toml(text: &str) -> Result<Layout> {
        let layout: Layout = toml::from_str(text).map_err(|error| {
            Error::invalid("layout", "settlement_layout_invalid", error.message().to_owned())
        })?;
        let headings = [&layout.reference, &layout.amount, &layout.fee, &layout.total];
        if headings.iter().any(|heading| heading.trim().is_empty()) {
            return Err(Error::invalid("layout", "settlement_layout_invalid", "a heading is empty"));
        }
        Ok(layout)
    }

    /// The one this program proposes.
    pub fn built_in() -> Result<Layout> {
        Layout::from_toml(include_str!("../../../profiles/gateways/bienlai.toml"))
    }
}

/// Reads the items; `named` are the tables whose columns a person named.
///
/// # Errors
/// `settlement_unreadable` with the first bad line and how many others there are; `partner_column_missing`.
pub fn parse(bytes: &[u8], layout: &Layout, named: &[Named]) -> Result<Vec<Item>> {
    read(bytes, layout, named).map_err(|faults| refused(&faults))
}

/// What cannot be read of a file, as an error.
pub fn refused(faults: &Faults) -> Error {
    faults.error("settlement_unreadable")
}

/// The same as `parse`, with the place of everything that cannot be read. Each row that is read may be one of a report.
///
/// # Errors
/// The bad rows; where there is none, sums that are missing or differ, or what makes the file no report.
pub fn read(bytes: &[u8], layout: &Layout, named: &[Named]) -> std::result::Result<Vec<Item>, Faults> {
    match Columns::of_text(bytes, layout) {
        Some((text, separator, columns)) => items(text, separator, &columns, layout),
        None => of_table(bytes, layout, named),
    }
}

/// The gateway's own table. One that a layout describes states its sums there, too.
fn of_table(bytes: &[u8], layout: &Layout, named: &[Named]) -> std::result::Result<Vec<Item>, Faults> {
    let headings = [
        (Field::Transaction, layout.reference.as_str()),
        (Field::Amount, layout.amount.as_str()),
        (Field::Fee, layout.fee.as_str()),
    ];
    let own = Own { headings: &headings, total: layout.total.trim(), named };
    let ours = || headings.map(|(_, heading)| heading).join(",");
    let told = |fault: partner::Fault| Fault::of_table(fault, &ours());
    let table = partner::read(bytes, Kind::Gateway, &own).map_err(told)?;
    let is_built_in = Layout::built_in().is_ok_and(|built_in| built_in == *layout);
    if !is_built_in && !table.has_totals() {
        return Err(Fault::at(table.line(), Why::SumsMissing).into());
    }
    let settled = table.settled().map_err(|faults| Faults::of_table(faults, told))?;
    let mut seen = Seen::new();
    Faults::none_of(settled.items.into_iter().map(|one| checked(one.line, item(one)?, &mut seen)))
}

/// A fee that the gateway gave back is none of an item's: nothing says whose it was.
fn item(told: partner::Item) -> std::result::Result<Item, Fault> {
    if told.fee < Dong::ZERO {
        return Err(Fault::at(told.line, Why::Table(partner::Why::Fee)).in_column(Field::Fee));
    }
    let kind = if told.is_back { ItemKind::Returned } else { ItemKind::Paid };
    Ok(Item { kind, reference: told.key, amount: told.amount, fee: told.fee })
}

/// The transactions of the rows above.
type Seen = BTreeSet<(String, ItemKind)>;

/// Refuses a row that could be read and is none of a report.
fn checked(place: usize, item: Item, seen: &mut Seen) -> std::result::Result<Item, Fault> {
    match rules::item(&item, seen) {
        Ok(item) => Ok(item),
        Err((field, why)) => Err(Fault::at(place, why).in_column(field)),
    }
}

/// Rows of our form, and the one of the sums.
fn items(
    text: &str,
    separator: char,
    columns: &Columns,
    layout: &Layout,
) -> std::result::Result<Vec<Item>, Faults> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).skip(1);
    let mut seen = Seen::new();
    let mut total = None;
    let rows = lines.map(|(index, line)| {
        let place = index + 1;
        if total.is_some() {
            return Err(Fault::at(place, Why::AfterSums));
        }
        let row = columns.row(line, separator, place)?;
        if row.reference.to_lowercase() == layout.total.trim().to_lowercase() {
            total = Some((place, row));
            return Ok(None);
        }
        checked(place, row, &mut seen).map(Some)
    });
    let items: Vec<Item> = Faults::none_of(rows)?.into_iter().flatten().collect();
    let end = text.lines().count().max(1);
    let (place, total) = total.ok_or(Fault::at(end, Why::SumsMissing))?;
    let sums = rules::sums(&items, Dong::ZERO).map_err(|_| Fault::at(place, Why::Amount))?;
    let whole = sums.gross.checked_sub(sums.returned).map_err(|_| Fault::at(place, Why::Amount))?;
    let told = match total.kind {
        ItemKind::Paid => total.amount,
        ItemKind::Returned => Dong(-total.amount.0),
    };
    if (told, total.fee) != (whole, sums.fee) {
        return Err(Fault::at(place, Why::SumsDiffer(whole, sums.fee)).into());
    }
    Ok(items)
}

struct Columns {
    reference: usize,
    amount: usize,
    fee: usize,
    width: usize,
}

impl Columns {
    /// The text with its separator, where the headings of the layout stand in its first line.
    fn of_text<'a>(bytes: &'a [u8], layout: &Layout) -> Option<(&'a str, char, Columns)> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let heading = text.lines().find(|line| !line.trim().is_empty())?;
        let separator = if heading.contains(';') { ';' } else { ',' };
        let names: Vec<String> = heading.split(separator).map(|name| name.trim().to_lowercase()).collect();
        let place = |wanted: &str| {
            let wanted = wanted.trim().to_lowercase();
            let mut found = names.iter().enumerate().filter(|(_, name)| **name == wanted);
            let only = found.next().filter(|_| found.next().is_none());
            only.map(|(index, _)| index)
        };
        let columns = Columns {
            reference: place(&layout.reference)?,
            amount: place(&layout.amount)?,
            fee: place(&layout.fee)?,
            width: names.len(),
        };
        Some((text, separator, columns))
    }

    fn row(&self, line: &str, separator: char, place: usize) -> std::result::Result<Item, Fault> {
        let fields: Vec<&str> = line.split(separator).map(str::trim).collect();
        if fields.len() != self.width {
            return Err(Fault::at(place, Why::Columns(self.width)));
        }
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        let wrong = |column: Field| Fault::at(place, Why::Amount).in_column(column);
        let dong = |index: usize, column: Field| {
            let digits = field(index);
            let digits = digits.strip_prefix('-').unwrap_or(digits);
            let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let amount = digits.parse().ok().filter(|_| is_whole);
            amount.map(Dong).ok_or_else(|| wrong(column))
        };
        let is_below = |index: usize| field(index).starts_with('-');
        if is_below(self.fee) {
            return Err(wrong(Field::Fee));
        }
        Ok(Item {
            kind: if is_below(self.amount) { ItemKind::Returned } else { ItemKind::Paid },
            reference: field(self.reference).to_owned(),
            amount: dong(self.amount, Field::Amount)?,
            fee: dong(self.fee, Field::Fee)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Item>> {
        parse(text.as_bytes(), &Layout::built_in().unwrap(), &[])
    }

    #[test]
    fn a_report_is_read_when_its_sums_agree() {
        let text = "\u{feff}ma_giao_dich;so_tien;phi\r\nT1;25000;125\r\nT2;8000;40\r\nTONG;33000;165\r\n";
        let items = read(text).unwrap();
        assert_eq!((items.len(), items[1].amount, items[1].fee), (2, Dong(8_000), Dong(40)));
        assert_eq!(items[0].reference, "T1");
        let with_back = "ma_giao_dich,so_tien,phi\nT1,25000,125\nT1,-5000,0\ntong,20000,125\n";
        let items = read(with_back).unwrap();
        assert_eq!(
            (items[1].kind, items[1].amount),
            (ItemKind::Returned, Dong(5_000)),
            "below zero went back"
        );
        let given_back = "ma_giao_dich,so_tien,phi\nT1,25000,125\nT2,-45000,0\ntong,-20000,125\n";
        assert_eq!(read(given_back).unwrap().len(), 2, "more went back than was paid");
        let other_sign = given_back.replace("tong,-", "tong,");
        assert_eq!(read(&other_sign).unwrap_err().code(), "settlement_unreadable");
        assert_eq!(
            read("ma_giao_dich,so_tien,phi\nT1,9,-1\ntong,9,0\n").unwrap_err().code(),
            "settlement_unreadable"
        );
        assert_eq!(
            read("ma_giao_dich,so_tien,phi\nT1,--9,0\ntong,9,0\n").unwrap_err().code(),
            "settlement_unreadable"
        );
    }

    #[test]
    fn a_report_that_was_cut_off_or_changed_is_refused_with_its_line() {
        let heading = "ma_giao_dich,so_tien,phi\n";
        for (rest, line) in [
            ("T1,25000,125\n", "line 2"),
            ("T1,25000,125\ntong,25001,125\n", "line 3"),
            ("T1,25000,125\ntong,25000,124\n", "line 3"),
            ("T1,25000\ntong,25000,0\n", "line 2"),
            ("T1,1.5,0\ntong,1,0\n", "line 2"),
            ("T1,10,0\ntong,10,0\nT2,5,0\n", "line 4"),
        ] {
            let fault = read(&format!("{heading}{rest}")).unwrap_err();
            assert_eq!(fault.code(), "settlement_unreadable", "{rest}");
            assert!(fault.detail().starts_with(line), "{rest}: {}", fault.detail());
        }
        assert_eq!(read("").unwrap_err().code(), "settlement_unreadable");
        assert_eq!(read("a,b,c\n").unwrap_err().code(), "settlement_unreadable");
    }

    #[test]
    fn every_bad_row_is_told_with_its_column_before_any_sum_is_compared() {
        let layout = Layout::built_in().unwrap();
        let told = |text: &str| {
            let faults = super::read(text.as_bytes(), &layout, &[]).unwrap_err();
            faults.told.into_iter().map(|one| (one.line, one.column, one.why)).collect::<Vec<_>>()
        };
        let ours = "ma_giao_dich,so_tien,phi\nT1,1.5,0\nT2,10,0\nT2,10,0\nT3,10,11\nT4,10\n,10,0\nT5,0,0\n\
                    T6,10,x\ntong,99,0\nT7,1,0\n";
        let wanted = [
            (2, Some(Field::Amount), Why::Amount),
            (4, Some(Field::Transaction), Why::Twice),
            (5, Some(Field::Fee), Why::FeeTooLarge),
            (6, None, Why::Columns(3)),
            (7, Some(Field::Transaction), Why::Reference),
            (8, Some(Field::Amount), Why::OutOfRange),
            (9, Some(Field::Fee), Why::Amount),
            (11, None, Why::AfterSums),
        ];
        assert_eq!(told(ours), wanted);
        let table = "Order ID,Amount,Fee\nDH1,1000,-5\nDH2,12a,5\nDH3,1000,-5\nDH3,1000,-5\nTotal,9,9\n";
        let wanted = [(3, Some(Field::Amount), Why::Table(partner::Why::Amount))];
        assert_eq!(told(table), wanted, "what each row says is compared when all can be read");
        let table = "Order ID,Amount,Fee\nDH1,1000,5\nDH1,1000,5\nDH2,1000,1500\n";
        let wanted = [(3, Some(Field::Transaction), Why::Twice), (4, Some(Field::Fee), Why::FeeTooLarge)];
        assert_eq!(told(table), wanted);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic_and_what_it_reads_adds_up(
            head in proptest::prelude::any::<bool>(),
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            amounts in proptest::collection::vec((1_i64..=9_999, 0_i64..=9), 1..6),
        ) {
            let layout = Layout::built_in().unwrap();
            let heading: &[u8] = if head { b"ma_giao_dich,so_tien,phi\n" } else { b"" };
            let _ = parse(&[heading, &bytes].concat(), &layout, &[]);
            let rows = (1..).zip(&amounts).map(|(n, (amount, fee))| format!("T{n},{},{fee}\n", amount + 10));
            let (gross, fee) = amounts.iter().fold((0, 0), |sums, one| (sums.0 + one.0 + 10, sums.1 + one.1));
            let text = format!("ma_giao_dich,so_tien,phi\n{}tong,{gross},{fee}\n", rows.collect::<String>());
            proptest::prop_assert_eq!(parse(text.as_bytes(), &layout, &[]).unwrap().len(), amounts.len());
        }
    }

    #[test]
    fn another_gateways_table_needs_a_layout_and_no_code() {
        let layout = "name = \"x\"\ncertainty = \"M\"\nreference = \"Transaction\"\namount = \"Gross\"\n\
                      fee = \"MDR\"\ntotal = \"Total\"\n";
        let layout = Layout::from_toml(layout).unwrap();
        let text = "Date,Transaction,Gross,MDR\n2026-11-23,T1,100,1\n,Total,100,1\n";
        assert_eq!(parse(text.as_bytes(), &layout, &[]).unwrap().len(), 1);
        assert_eq!(Layout::from_toml("name = 1").unwrap_err().code(), "settlement_layout_invalid");
    }

    const TRANSACTIONS: &[u8] = include_bytes!("../../../fixtures/partner/gateway/transactions.csv");
    const ORDERS: &[u8] = include_bytes!("../../../fixtures/partner/gateway/orders.xls");
    const DAILY: &[u8] = include_bytes!("../../../fixtures/partner/gateway/daily.xlsx");

    fn told(bytes: &[u8]) -> Vec<(ItemKind, String, i64, i64)> {
        let items = parse(bytes, &Layout::built_in().unwrap(), &[]);
        let items = items.unwrap_or_else(|error| panic!("{} {}", error.code(), error.detail()));
        items.into_iter().map(|item| (item.kind, item.reference, item.amount.0, item.fee.0)).collect()
    }

    #[test]
    fn a_gateways_own_table_is_read_in_any_container_and_encoding() {
        use ItemKind::*;
        let paid = |id: &str, amount, fee| (Paid, id.to_owned(), amount, fee);
        // An old Vietnamese page; the order beside the transaction names nothing.
        assert_eq!(told(TRANSACTIONS), [paid("S1", 25_000, 125), paid("S2", 15_000, 75)]);
        // Only orders, and what is left instead of the fee.
        let back = (Returned, "DH-1003".to_owned(), 50_000, 0);
        assert_eq!(told(ORDERS), [paid("DH-1001", 120_000, 1_320), paid("DH-1002", 2_000_000, 22_000), back]);
        assert_eq!(told(DAILY), [paid("240011", 300_000, 2_750), paid("240012", 45_000, 2_450)]);
    }

    #[test]
    fn a_stated_sum_that_the_rows_do_not_come_to_refuses_the_report() {
        let table = |sums: &str| format!("Order ID,Amount,Fee\nDH1001,100000,500\nDH1002,50000,250\n{sums}");
        for good in ["Total,150000,750\n", "Total amount: 150000\n", "Số giao dịch,2\nTổng phí,750\n", ""]
        {
            assert_eq!(told(table(good).as_bytes()).len(), 2, "{good}");
        }
        for bad in ["Total,150001,750\n", "Total,150000,751\n", "Tổng cộng: 15000\n", "Số giao dịch,3\n"]
        {
            let error = parse(table(bad).as_bytes(), &Layout::built_in().unwrap(), &[]).unwrap_err();
            assert_eq!(error.code(), "settlement_unreadable", "{bad}");
            assert!(error.detail().starts_with("line 4"), "{bad}: {}", error.detail());
        }
    }

    #[test]
    fn a_report_without_a_fee_names_what_is_missing() {
        let table = "Mã đơn hàng;Mã giao dịch;Số tiền\nDH1;T1;25.000\n";
        let error = parse(table.as_bytes(), &Layout::built_in().unwrap(), &[]).unwrap_err();
        assert_eq!(error.code(), "partner_column_missing");
        assert!(error.detail().contains("“Fee” or “Net”"), "{}", error.detail());
        assert!(error.detail().contains("Mã đơn hàng, Mã giao dịch, Số tiền"), "{}", error.detail());
    }

    #[test]
    fn a_layout_is_found_below_titles_too_and_still_wants_its_sums() {
        let layout = "name = \"x\"\ncertainty = \"M\"\nreference = \"Beleg\"\namount = \"Betrag\"\n\
                      fee = \"Entgelt\"\ntotal = \"Summe\"\n";
        let layout = Layout::from_toml(layout).unwrap();
        let table = |sums: &str| format!("Bericht\n\nBeleg;Betrag;Entgelt\nT1;25.000;125\n{sums}");
        assert_eq!(parse(table("Summe;25.000;125\n").as_bytes(), &layout, &[]).unwrap().len(), 1);
        let error = parse(table("").as_bytes(), &layout, &[]).unwrap_err();
        assert_eq!(error.code(), "settlement_unreadable");
        assert!(error.detail().contains("the sums is missing"), "{}", error.detail());
    }
}
