//! The text of the file at a finding's place, for the person who must say what it should have been.

use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::super::archive::{self, Content};
use super::super::layout::{Layout, Layouts};
use super::super::{camt, detect, encoding::decode, mt940, tabular, workbook};

/// More of it helps nobody.
const MAX_CHARS: usize = 4_000;

/// What the file says where a line could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub text: String,
    /// Money out, where the text says it.
    pub is_debit: Option<bool>,
    /// The size of the amount in its own currency, where the text says it.
    pub size: Option<Decimal>,
}

/// The text at `line 17`, or of the entry a path such as `/Document/…/Ntry[3]/Amt` lies in, or the row
/// of a sheet. `None` where the place is nowhere in the file.
pub fn raw_text(bytes: &[u8], place: &str, layout: Option<&Layout>) -> Option<String> {
    raw(bytes, place, layout).map(|found| found.text)
}

/// The same with what it says of the amount.
pub fn raw(bytes: &[u8], place: &str, layout: Option<&Layout>) -> Option<Raw> {
    let layouts = Layouts::with(layout);
    let found = if archive::is_archive(bytes) {
        match archive::open(bytes).ok()? {
            Content::Files(members) => {
                let member =
                    members.iter().find(|member| place.starts_with(&format!("{}: ", member.name)))?;
                let place = place.get(member.name.len() + 2..)?;
                raw_at(&member.bytes, place, layouts)?
            }
            Content::Workbook(parts) => row_at(&workbook::of_parts(&parts).ok()?, place, layouts)?,
            Content::Spreadsheet(content) => row_at(&workbook::of_content(&content).ok()?, place, layouts)?,
        }
    } else if detect::is_old_workbook(bytes) {
        row_at(&workbook::of_records(bytes).ok()?, place, layouts)?
    } else {
        raw_at(bytes, place, layouts)?
    };
    Some(Raw { text: found.text.chars().take(MAX_CHARS).collect(), ..found })
}

fn raw_at(bytes: &[u8], place: &str, layouts: Layouts<'_>) -> Option<Raw> {
    let decoded = decode(bytes);
    let text = decoded.text.as_ref();
    match detect::detect_text(text, layouts) {
        detect::Kind::Camt => camt::entry_text(text, place).map(of_entry),
        detect::Kind::Swift => mt940::field_text(text, number(place)?).map(of_field),
        detect::Kind::Table => row_at(&[tabular::rows_of_text(text, layouts)], place, layouts),
        detect::Kind::Markup => row_at(&[tabular::rows_of_markup(text)], place, layouts),
        detect::Kind::Unknown => None,
    }
}

fn number(place: &str) -> Option<usize> {
    place.strip_prefix("line ")?.parse().ok()
}

fn row_at(sheets: &[Vec<tabular::Row>], place: &str, layouts: Layouts<'_>) -> Option<Raw> {
    let number = number(place)?;
    let row = sheets.iter().flatten().find(|row| row.line == number)?;
    let (is_debit, size) = tabular::told(sheets, number, layouts);
    Some(Raw { text: row.raw(), is_debit, size })
}

static MARK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<(?:\w+:)?CdtDbtInd>\s*(CRDT|DBIT)\s*<").ok());
static AMOUNT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<(?:\w+:)?Amt(?:\s[^>]*)?>\s*([0-9]+(?:\.[0-9]+)?)\s*</").ok());
/// Mark, amount and the letter that follows it in `:61:`.
static FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^:61:\d{6}(?:\d{4})?(R?)([CD])[A-Z]?([0-9]+,[0-9]*)?([NFS])?").ok());

/// What stands inside an entry and has amounts and marks of its own.
static INNER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<(?:\w+:)?(?:AmtDtls|Avlbty|Chrgs|Intrst|NtryDtls|TxDtls)\b").ok());

/// The first amount and mark of an entry are its own, where nothing inside it opened before.
fn of_entry(text: String) -> Raw {
    let inner = INNER.as_ref().and_then(|pattern| pattern.find(&text)).map(|found| found.start());
    let own = inner.and_then(|at| text.get(..at)).unwrap_or(&text);
    let first = |pattern: &Option<Regex>| {
        pattern.as_ref().and_then(|one| Some(one.captures(own)?.get(1)?.as_str().to_owned()))
    };
    let at = AMOUNT.as_ref().and_then(|pattern| pattern.find(own)).map(|found| found.start());
    let is_first = at.is_some_and(|at| own.find("Amt").is_some_and(|first| at < first));
    let is_debit = first(&MARK).map(|mark| mark == "DBIT");
    let size = first(&AMOUNT).filter(|_| is_first).and_then(|amount| amount.parse().ok());
    Raw { is_debit, size, text }
}

/// A reversed credit is money out, a reversed debit money in.
fn of_field(text: String) -> Raw {
    let found = FIELD.as_ref().and_then(|pattern| pattern.captures(&text));
    let part = |index| found.as_ref().and_then(|found| found.get(index)).map(|part| part.as_str());
    let is_debit = part(2).map(|mark| (mark == "D") != (part(1) == Some("R")));
    let whole = part(3).filter(|_| part(4).is_some());
    let size = whole.and_then(|amount| amount.trim_end_matches(',').replace(',', ".").parse().ok());
    Raw { is_debit, size, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_place_is_what_stands_there() {
        let swift = ":20:A\r\n:25:1\r\n:61:261122C1x,NTRF\r\nmore\r\n:86:words\r\n:62F:C261122VND1,\r\n";
        assert_eq!(
            raw_text(swift.as_bytes(), "line 3", None).unwrap(),
            ":61:261122C1x,NTRF\nmore\n:86:words"
        );
        let table = "Ngày;Nội dung;Số tiền\n22/11/2026;\"a\nb\";12x\n";
        assert_eq!(raw_text(table.as_bytes(), "line 2", None).unwrap(), "22/11/2026\ta\nb\t12x");
        let entry = "<Ntry><Amt Ccy=\"VND\">x</Amt></Ntry>";
        let camt = format!(
            "<Document><BkToCstmrStmt><Stmt><Id>1</Id><Ntry/>{entry}</Stmt></BkToCstmrStmt></Document>"
        );
        let place = "/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]/Amt";
        assert_eq!(raw_text(camt.as_bytes(), place, None).unwrap(), entry);
        assert_eq!(raw_text(camt.as_bytes(), "/Document/BkToCstmrStmt/Stmt[1]/Ntry[9]", None), None);
        assert_eq!(raw_text(b"nothing", "line 1", None), None);
    }

    #[test]
    fn what_the_text_says_of_the_amount_is_known_though_the_line_does_not_read() {
        let told = |raw: Raw| (raw.is_debit, raw.size.map(|size| size.to_string()));
        let known = |is_debit, size: &str| (Some(is_debit), Some(size.to_owned()));
        let field = |text: &str| told(of_field(text.to_owned()));
        assert_eq!(field(":61:2611221122C25000,NTRF"), known(false, "25000"));
        assert_eq!(field(":61:261122D25000,50NTRF"), known(true, "25000.50"));
        assert_eq!(field(":61:261122RC25000,NTRF"), known(true, "25000"));
        assert_eq!(field(":61:261122C25x00,NTRF"), (Some(false), None), "the amount is damaged");
        assert_eq!(field(":61:2611xxC25000,NTRF"), (None, None));
        let entry = |text: &str| told(of_entry(text.to_owned()));
        let camt = "<Ntry><Amt Ccy=\"VND\">25000</Amt><CdtDbtInd>DBIT</CdtDbtInd></Ntry>";
        assert_eq!(entry(camt), known(true, "25000"));
        let damaged = camt.replace("25000", "2x").replace("</Ntry>", "<TxDtls><Amt>7</Amt></TxDtls></Ntry>");
        assert_eq!(entry(&damaged), (Some(true), None), "an amount of the details is not the entry's");
        for inner in ["Chrgs><ns:Rcrd", "NtryDtls><TxDtls", "AmtDtls", "TxDtls"] {
            let mark = "<CdtDbtInd>DBIT</CdtDbtInd>";
            let charged =
                format!("<Ntry><Amt Ccy=\"VND\">25000</Amt><CdtDbtInd>CxDT</CdtDbtInd><{inner}>{mark}");
            assert_eq!(entry(&charged), (None, Some("25000".to_owned())), "{inner}: a mark of its own");
        }
        let table =
            "Ngày;Nội dung;Ghi nợ;Ghi có\n22/11/2026;a;;5.000\nx/11/2026;b;;12.000\n22/11/2026;c;1x;\n";
        let row = |line: usize| told(raw(table.as_bytes(), &format!("line {line}"), None).unwrap());
        assert_eq!(row(3), known(false, "12000"));
        assert_eq!(row(4), (None, None));
    }
}
