//! ZIP archives under limits: some banks deliver a day as an archive of statements, and a
//! workbook is one, too.
//!
//! What an archive says of its sizes is not believed: every file is read to its end and counted,
//! so that an archive that unfolds without end is refused before it does harm.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::finding::Finding;

/// All files of an archive together, unfolded.
const MAX_UNFOLDED_BYTES: u64 = 256 * 1024 * 1024;
/// Statements in one delivery, or parts of a workbook.
const MAX_FILES: usize = 2_000;

/// A file of an archive.
pub(super) struct Member {
    pub name: String,
    pub bytes: Vec<u8>,
}

pub(super) enum Content {
    /// The parts of an Office workbook.
    Workbook(Vec<Member>),
    /// The content of an OpenDocument spreadsheet.
    Spreadsheet(Vec<u8>),
    /// Files of their own.
    Files(Vec<Member>),
}

pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Opens the archive and reads it to its end.
pub(super) fn open(bytes: &[u8]) -> Result<Content, Finding> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    if archive.len() > MAX_FILES {
        return Err(too_large());
    }
    let is_workbook = archive.file_names().flatten().any(|name| name == "xl/workbook.xml");
    let mut left = MAX_UNFOLDED_BYTES;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| broken())?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(|_| broken())?.into_owned();
        let mut content = Vec::new();
        let read = file.take(left + 1).read_to_end(&mut content).map_err(|_| broken())?;
        left = left.checked_sub(u64::try_from(read).unwrap_or(u64::MAX)).ok_or_else(too_large)?;
        if !is_hidden(&name) {
            members.push(Member { name, bytes: content });
        }
    }
    let is_open_document = |member: &Member| {
        member.name == "mimetype"
            && member.bytes.starts_with(b"application/vnd.oasis.opendocument.spreadsheet")
    };
    if members.iter().any(is_open_document) {
        let content = members.into_iter().find(|member| member.name == "content.xml").ok_or_else(broken)?;
        return Ok(Content::Spreadsheet(content.bytes));
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(if is_workbook { Content::Workbook(members) } else { Content::Files(members) })
}

/// What a file manager leaves in an archive beside the files.
fn is_hidden(name: &str) -> bool {
    name.starts_with("__MACOSX/") || name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
}

fn broken() -> Finding {
    Finding::new(
        "line 1",
        "archive_broken",
        "Tệp nén hỏng hoặc có mật khẩu",
        "the archive is broken or has a password",
    )
}

fn too_large() -> Finding {
    Finding::new(
        "line 1",
        "archive_too_large",
        format!("Nội dung tệp nén vượt quá {MAX_UNFOLDED_BYTES} byte hoặc {MAX_FILES} tệp"),
        format!("the archive unfolds to more than {MAX_UNFOLDED_BYTES} bytes or {MAX_FILES} files"),
    )
}
