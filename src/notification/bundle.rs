//! Many receipts as one zip file, written as it is read: the signed XML of each, the page that shows it
//! where it is asked for, and `index.csv`.

use std::cell::Cell;
use std::io::Write;

use ring::digest::{SHA256, digest};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::receipt::DocumentKind;
use crate::receipt::naming::file_stem;
use crate::text;

/// A receipt of a bundle.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The unit's code: numbers are unique within a unit only.
    pub unit: String,
    pub kind: DocumentKind,
    pub series: String,
    pub number: i64,
    pub issued_on: BusinessDay,
    pub amount: Dong,
    pub state: String,
    pub document: Vec<u8>,
    /// The PDF; a receipt whose page cannot be drawn goes without it.
    pub rendition: Option<Vec<u8>>,
}

/// Lets nothing more through once it is shut: an archive that broke off must not look whole, and
/// the zip writer writes its end when it is dropped.
struct Gate<'a, W> {
    out: W,
    is_shut: &'a Cell<bool>,
}

impl<W: Write> Write for Gate<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.is_shut.get() {
            return Err(std::io::Error::other("the bundle broke off"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Writes what `next` gives, page by page, until a page is empty. Returns how many.
pub fn write(out: impl Write, next: impl FnMut() -> Result<Vec<Entry>>) -> Result<usize> {
    let is_shut = Cell::new(false);
    let mut zip = ZipWriter::new_stream(Gate { out, is_shut: &is_shut });
    let written = fill(&mut zip, next);
    if written.is_err() {
        is_shut.set(true);
        return written;
    }
    zip.finish().map_err(|error| broken(&error))?;
    written
}

fn fill<W: Write>(
    zip: &mut ZipWriter<StreamWriter<W>>,
    mut next: impl FnMut() -> Result<Vec<Entry>>,
) -> Result<usize> {
    let options = SimpleFileOptions::default();
    // A PDF is compressed inside already.
    let drawn = options.compression_method(CompressionMethod::Stored);
    let mut index = csv::Writer::from_writer(Vec::new());
    index
        .write_record(["don_vi", "ky_hieu", "so", "ngay_lap", "so_tien", "trang_thai", "tep", "sha256"])
        .map_err(|error| broken(&error))?;
    let mut count = 0;
    loop {
        let page = next()?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let stem = file_stem(entry.kind, &entry.series, entry.number);
            let name = format!("{}/{stem}.xml", text::squash(&entry.unit));
            zip.start_file(&name, options).map_err(|error| broken(&error))?;
            zip.write_all(&entry.document).map_err(|error| broken(&error))?;
            if let Some(page) = &entry.rendition {
                let name = format!("{}/{stem}.pdf", text::squash(&entry.unit));
                zip.start_file(&name, drawn).map_err(|error| broken(&error))?;
                zip.write_all(page).map_err(|error| broken(&error))?;
            }
            index
                .write_record([
                    entry.unit.as_str(),
                    &entry.series,
                    &entry.number.to_string(),
                    &entry.issued_on.to_string(),
                    &entry.amount.0.to_string(),
                    &entry.state,
                    &name,
                    &text::hex(digest(&SHA256, &entry.document).as_ref()),
                ])
                .map_err(|error| broken(&error))?;
            count += 1;
        }
    }
    zip.start_file("index.csv", options).map_err(|error| broken(&error))?;
    let index = index.into_inner().map_err(|error| broken(&error))?;
    // With a mark, so that spreadsheets read it as UTF-8.
    zip.write_all(b"\xef\xbb\xbf").and_then(|()| zip.write_all(&index)).map_err(|error| broken(&error))?;
    Ok(count)
}

/// Most often the reader went away.
fn broken(error: &dyn std::fmt::Display) -> Error {
    Error::conflict("bundle_interrupted", error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    /// A reader who went away.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bundle_whose_reader_went_away_is_told_as_interrupted() {
        let written = write(Gone, || Ok(Vec::new()));
        assert_eq!(written.unwrap_err().code(), "bundle_interrupted");
    }

    #[test]
    fn a_bundle_holds_the_exact_bytes_and_an_index_with_their_hashes() {
        let entry = |number| Entry {
            unit: "00004".into(),
            kind: DocumentKind::Receipt,
            series: "BD-26E".into(),
            number,
            issued_on: "2026-11-27".parse().unwrap(),
            amount: Dong(25_000),
            state: "signed".into(),
            document: format!("<BLai>{number}</BLai>").into_bytes(),
            rendition: (number == 2).then(|| b"%PDF-1.7 2".to_vec()),
        };
        let mut pages = vec![vec![], vec![entry(3)], vec![entry(1), entry(2)]];
        let mut bytes = Vec::new();
        assert_eq!(write(&mut bytes, || Ok(pages.pop().unwrap())).unwrap(), 3);
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read("00004/bien-lai-bd26e-0000002.xml"), "<BLai>2</BLai>");
        assert_eq!(read("00004/bien-lai-bd26e-0000002.pdf"), "%PDF-1.7 2");
        let index = read("index.csv");
        assert_eq!(index.lines().count(), 4);
        let hash = text::hex(digest(&SHA256, b"<BLai>1</BLai>").as_ref());
        assert!(index.contains(&format!(
            "00004,BD-26E,1,2026-11-27,25000,signed,00004/bien-lai-bd26e-0000001.xml,{hash}"
        )));
    }

    #[test]
    fn a_fault_while_reading_leaves_no_whole_archive() {
        let mut bytes = Vec::new();
        assert!(write(&mut bytes, || Err(Error::internal("the store is gone"))).is_err());
        assert!(zip::ZipArchive::new(Cursor::new(bytes)).is_err());
    }
}
