//! Reports that are held in memory, to the screen or into a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::table;
use crate::error::{Error, Result};
use crate::report::sheet::Form;
use crate::report::table::Table;

/// Prints a report as text, or writes it as the file's ending says: .csv or .xlsx.
pub fn put(report: &Table, out: Option<&Path>) -> Result<()> {
    let Some(path) = out else {
        report.title.iter().for_each(|line| println!("{line}"));
        table::print(report.columns, &report.texts(), &report.right());
        return Ok(());
    };
    let form = form_of(path)?;
    into_file(path, |sink| report.write_as(form, sink))?;
    println!("{}: {} dòng / rows", path.display(), report.rows.len());
    Ok(())
}

/// The form that a file's ending names.
///
/// # Errors
/// `sheet_form_unknown`.
pub fn form_of(path: &Path) -> Result<Form> {
    Form::parse(path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default())
}

/// Fills a file.
///
/// # Errors
/// `file_unwritable`.
pub fn into_file<T>(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let broken = |error: std::io::Error| {
        Error::invalid("out", "file_unwritable", format!("{}: {error}", path.display()))
    };
    let mut file = BufWriter::new(File::create(path).map_err(broken)?);
    let filled = fill(&mut file)?;
    file.flush().map_err(broken)?;
    Ok(filled)
}
