//! Reads the fields of a receipt from the canonical bytes that were digested, and only from them.
//!
//! Every element is expected in its place; whatever stands elsewhere or is left over makes the
//! content unreadable, so that nothing signed is silently not shown.

use std::str::FromStr;

use roxmltree::{Document, Node};
use rust_decimal::Decimal;

use crate::amount::Dong;
use crate::receipt::content::{
    CollectedBy, CollectingUnit, Content, CorrectionAction, Line, LineKind, Numbering, Payer, Principal,
    ReceiptKind, Reduction, Relation, Totals,
};
use crate::receipt::profile;
use crate::text::words::{EmptyTens, Four, Thousand, Wording, amount_in_words};

const RELATION: [&str; 6] = ["TCBLai", "LBLCLQuan", "KHMSBLCLQuan", "KHBLCLQuan", "SBLCLQuan", "NLBLCLQuan"];

/// What the signed body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    pub content: Content,
    pub numbering: Numbering,
    /// `PBan`.
    pub format_version: String,
    /// `TBLai`.
    pub title: String,
    /// `TgTTTBChu`, as it was signed.
    pub amount_in_words: String,
}

impl Fields {
    /// Reads the canonical text of `<DLBLai>`; None when they do not have the format.
    pub(super) fn read(canonical: &str) -> Option<Fields> {
        let document = Document::parse(canonical).ok()?;
        let mut body = Cursor::new(document.root_element());
        let mut general = body.element("TTChung")?;
        let mut data = body.element("NDBLai")?;
        body.end()?;

        let format_version = general.text("PBan")?.to_owned();
        profile::all().iter().any(|known| known.format_version.value == format_version).then_some(())?;
        let title = general.text("TBLai")?.to_owned();
        let kind = receipt_kind(general.text("LBLai")?)?;
        let template = general.text("KHMSBLai")?.to_owned();
        let series = general.text("KHBLai")?.to_owned();
        let number = parsed(general.text("SBLai")?)?;
        let dossier_code = general.optional("MHSo");
        let issued_on = parsed(general.text("NLap")?)?;
        (general.text("DVTTe")? == "VND").then_some(())?;
        let payment_method = general.text("HTTToan")?.to_owned();
        let lookup_code = parsed(general.text("MTCuu")?)?;
        let relation = match general.optional_element("TTBLLQuan") {
            Some(earlier) => Some(relation(earlier, RELATION, receipt_kind)?),
            None => None,
        };
        let mut extra = general.element("TTKhac")?;
        general.end()?;
        let collected_on = parsed(extra_field(&mut extra, "NgayThu", "date")?)?;
        let collected_by = collected_by(extra_field(&mut extra, "NguoiThu", "string")?);
        extra.end()?;

        let unit = unit(data.element("TCThu")?)?;
        let payer = data.optional_element("NNop").map_or(Some(Payer::default()), payer)?;
        let lines = entries(data.element("DSKThu")?, "KThu", line)?;
        let (totals, amount_in_words) = totals(data.element("TToan")?)?;
        data.end()?;
        let content = Content {
            kind,
            unit,
            payer,
            lines,
            totals,
            payment_method,
            dossier_code,
            lookup_code,
            collected_on,
            collected_by,
            relation,
        };
        let numbering = Numbering { template, series, number, issued_on };
        Some(Fields { content, numbering, format_version, title, amount_in_words })
    }

    /// The totals are the sums of the lines, and the words are the figures in some accepted
    /// wording.
    pub(super) fn is_consistent(&self) -> bool {
        let totals = &self.content.totals;
        Totals::of(&self.content.lines).is_ok_and(|sums| sums == *totals)
            && every_wording()
                .any(|wording| amount_in_words(totals.payable, &wording) == self.amount_in_words)
    }
}

pub(in crate::receipt) fn every_wording() -> impl Iterator<Item = Wording> {
    let thousands = [Thousand::Nghin, Thousand::Ngan];
    let tens = [EmptyTens::Linh, EmptyTens::Le];
    let fours = [Four::Tu, Four::Bon];
    thousands.into_iter().flat_map(move |thousand| {
        tens.into_iter().flat_map(move |empty_tens| {
            fours.into_iter().flat_map(move |four| {
                [false, true].into_iter().map(move |even| Wording { thousand, empty_tens, four, even })
            })
        })
    })
}

fn receipt_kind(code: &str) -> Option<ReceiptKind> {
    match code {
        "3" => Some(ReceiptKind::WithoutPrintedValue),
        "4" => Some(ReceiptKind::WithPrintedValue),
        _ => None,
    }
}

/// Reads what an earlier document is called. The names are those of the elements for the action, the kind, the
/// template, the series, the number and the day of issue.
pub(in crate::receipt) fn relation<K>(
    mut from: Cursor<'_, '_>,
    [action, of_kind, template, series, number, issued_on]: [&str; 6],
    kind: fn(&str) -> Option<K>,
) -> Option<Relation<K>> {
    let action = match from.text(action)? {
        "1" => CorrectionAction::Replaces,
        "2" => CorrectionAction::Adjusts,
        _ => return None,
    };
    let relation = Relation {
        action,
        kind: kind(from.text(of_kind)?)?,
        template: from.text(template)?.to_owned(),
        series: from.text(series)?.to_owned(),
        number: parsed(from.text(number)?)?,
        issued_on: parsed(from.text(issued_on)?)?,
        note: from.optional("GChu"),
    };
    from.end()?;
    Some(relation)
}

pub(in crate::receipt) fn extra_field<'a>(
    extra: &mut Cursor<'a, '_>,
    field: &str,
    kind: &str,
) -> Option<&'a str> {
    let mut entry = extra.element("TTin")?;
    let as_expected = entry.text("TTruong")? == field && entry.text("KDLieu")? == kind;
    let value = entry.text("DLieu")?;
    entry.end()?;
    as_expected.then_some(value)
}

pub(in crate::receipt) fn collected_by(text: &str) -> CollectedBy {
    match text.strip_prefix("Thu tự động qua ") {
        Some(channel) => CollectedBy::Channel(channel.to_owned()),
        None => CollectedBy::Officer(text.to_owned()),
    }
}

fn unit(mut from: Cursor<'_, '_>) -> Option<CollectingUnit> {
    let unit = CollectingUnit {
        name: from.text("Ten")?.to_owned(),
        tax_code: from.text("MST")?.to_owned(),
        budget_code: from.optional("MDVQHNSach"),
        address: from.text("DChi")?.to_owned(),
        phone: from.optional("SDThoai"),
        email: from.optional("DCTDTu"),
        treasury_account: from.optional("STKKBac"),
        treasury_code: from.optional("MKBac"),
        principal: from.optional_element("UNThu").map_or(Some(None), |p| principal(p).map(Some))?,
    };
    from.end()?;
    Some(unit)
}

fn principal(mut from: Cursor<'_, '_>) -> Option<Principal> {
    let principal = Principal { name: from.text("Ten")?.to_owned(), tax_code: from.text("MST")?.to_owned() };
    from.end()?;
    Some(principal)
}

fn payer(mut from: Cursor<'_, '_>) -> Option<Payer> {
    let payer = Payer {
        name: from.optional("Ten"),
        tax_code: from.optional("MST"),
        personal_id: from.optional("CCCDan"),
        passport: from.optional("SHChieu"),
        address: from.optional("DChi"),
        phone: from.optional("SDThoai"),
        email: from.optional("DCTDTu"),
    };
    from.end()?;
    Some(payer)
}

/// The entries of a list and nothing beside them, each read with its ordinal.
pub(in crate::receipt) fn entries<T>(
    mut from: Cursor<'_, '_>,
    name: &str,
    entry: fn(Cursor<'_, '_>, usize) -> Option<T>,
) -> Option<Vec<T>> {
    let mut entries = Vec::new();
    while let Some(element) = from.optional_element(name) {
        entries.push(entry(element, entries.len() + 1)?);
    }
    from.end()?;
    Some(entries)
}

fn line(mut from: Cursor<'_, '_>, ordinal: usize) -> Option<Line> {
    (from.text("STT")? == ordinal.to_string()).then_some(())?;
    let kind = match from.text("LKThu")? {
        "1" => LineKind::Fee,
        "2" => LineKind::Charge,
        _ => return None,
    };
    let line = Line {
        kind,
        item_code: from.optional("MKThu"),
        name: from.text("TKThu")?.to_owned(),
        chapter: from.optional("Chuong"),
        sub_item: from.optional("TMuc"),
        unit: from.optional("DVTinh"),
        quantity: parsed(from.text("SLuong")?)?,
        unit_price: parsed(from.text("DGia")?)?,
        reduction: reduction(&mut from)?,
        amount: dong(from.text("ThTien")?)?,
    };
    from.end()?;
    Some(line)
}

/// The outer None is a fault, the inner one no reduction.
fn reduction(from: &mut Cursor<'_, '_>) -> Option<Option<Reduction>> {
    let percent = from.optional("TLMGiam").map(|text| parsed::<Decimal>(&text));
    let Some(amount) = from.optional("STMGiam") else { return percent.is_none().then_some(None) };
    let percent = match percent {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Some(Reduction { percent, amount: dong(&amount)?, ground: from.text("CCMGiam")?.to_owned() }))
}

fn totals(mut from: Cursor<'_, '_>) -> Option<(Totals, String)> {
    let totals = Totals {
        gross: dong(from.text("TgTien")?)?,
        reduction: dong(from.text("TgMGiam")?)?,
        payable: dong(from.text("TgTTTBSo")?)?,
    };
    let words = from.text("TgTTTBChu")?.to_owned();
    from.end()?;
    Some((totals, words))
}

pub(in crate::receipt) fn dong(text: &str) -> Option<Dong> {
    parsed(text).map(Dong)
}

/// A value in its one spelling: what would be written for it is what was signed, so that `+42` or
/// `042` is not shown as 42.
pub(in crate::receipt) fn parsed<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|value: &T| value.to_string() == text)
}

/// Walks the children of an element in document order.
pub(in crate::receipt) struct Cursor<'a, 'i> {
    next: Option<Node<'a, 'i>>,
}

impl<'a, 'i> Cursor<'a, 'i> {
    pub fn new(element: Node<'a, 'i>) -> Cursor<'a, 'i> {
        Cursor { next: element.first_child() }
    }

    /// Takes the next child if it is an element of this name.
    fn take(&mut self, name: &str) -> Option<Node<'a, 'i>> {
        let found = self.next.filter(|node| node.is_element() && node.tag_name().name() == name)?;
        self.next = found.next_sibling();
        Some(found)
    }

    pub fn element(&mut self, name: &str) -> Option<Cursor<'a, 'i>> {
        self.take(name).map(Cursor::new)
    }

    pub fn optional_element(&mut self, name: &str) -> Option<Cursor<'a, 'i>> {
        self.element(name)
    }

    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        super::shape::leaf_text(self.take(name)?)
    }

    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// Whether the next child is an element of this name whose first child has this name and text.
    pub fn begins_with(&self, name: &str, child: &str, text: &str) -> bool {
        let next = self.next.filter(|node| node.is_element() && node.tag_name().name() == name);
        let first = next.and_then(|node| node.first_child());
        first.is_some_and(|node| {
            node.tag_name().name() == child && super::shape::leaf_text(node) == Some(text)
        })
    }

    /// Nothing is left over.
    pub fn end(&self) -> Option<()> {
        self.next.is_none().then_some(())
    }
}
