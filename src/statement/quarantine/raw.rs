//! The text of the file at a finding's place, for the person who must say what it should have been.

use super::super::archive::{self, Content};
use super::super::layout::{Layout, Layouts};
use super::super::{camt, detect, encoding::decode, mt940, tabular, workbook};

/// More of it helps nobody.
const MAX_CHARS: usize = 4_000;

/// The text at `line 17`, or of the entry a path such as `/Document/…/Ntry[3]/Amt` lies in, or the row
/// of a sheet. `None` where the place is nowhere in the file.
pub fn raw_text(bytes: &[u8], place: &str, layout: Option<&Layout>) -> Option<String> {
    let layouts = Layouts::with(layout);
    let found = if archive::is_archive(bytes) {
        match archive::open(bytes).ok()? {
            Content::Files(members) => {
                let member =
                    members.iter().find(|member| place.starts_with(&format!("{}: ", member.name)))?;
                let place = place.get(member.name.len() + 2..)?;
                text_at(&member.bytes, place, layouts)?
            }
            Content::Workbook(parts) => row_at(&workbook::of_parts(&parts).ok()?, place)?,
            Content::Spreadsheet(content) => row_at(&workbook::of_content(&content).ok()?, place)?,
        }
    } else if detect::is_old_workbook(bytes) {
        row_at(&workbook::of_records(bytes).ok()?, place)?
    } else {
        text_at(bytes, place, layouts)?
    };
    Some(found.chars().take(MAX_CHARS).collect())
}

fn text_at(bytes: &[u8], place: &str, layouts: Layouts<'_>) -> Option<String> {
    let decoded = decode(bytes);
    let text = decoded.text.as_ref();
    match detect::detect_text(text, layouts) {
        detect::Kind::Camt => camt::entry_text(text, place),
        detect::Kind::Swift => mt940::field_text(text, number(place)?),
        detect::Kind::Table => row_at(&[tabular::rows_of_text(text, layouts)], place),
        detect::Kind::Markup => row_at(&[tabular::rows_of_markup(text)], place),
        detect::Kind::Unknown => None,
    }
}

fn number(place: &str) -> Option<usize> {
    place.strip_prefix("line ")?.parse().ok()
}

fn row_at(sheets: &[Vec<tabular::Row>], place: &str) -> Option<String> {
    let number = number(place)?;
    sheets.iter().flatten().find(|row| row.line == number).map(tabular::Row::raw)
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
}
