//! The folder where the bank, or whoever fetches its files, drops statements.
//!
//! A file is taken up when it is whole: its size and time stood still between two looks, or it was
//! renamed in under its final name and then stood still. Its content says which account it is of. It then
//! moves to `done` or `failed`, beside a text that says what became of it. Nothing outside of the
//! folder is ever read or written: links, pipes and folders are no files, whoever made them. One bad
//! file is one bad file.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::digest::{SHA256, digest};
use rustix::fs::{AtFlags, Mode, OFlags};

use crate::actor::Actor;
use crate::app::App;
use crate::error::{Error, Result};
use crate::reconciliation::office;
use crate::statement::{Finding, Imported, MAX_BYTES, Options, Progress};
use crate::text;
use crate::web::message;

/// Findings told in the text beside a file; the rest says nothing new.
const TOLD_FINDINGS: usize = 50;

/// What makes a file the same as at the look before.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

/// The folder between two looks.
pub struct Inbox {
    folder: PathBuf,
    seen: HashMap<OsString, Stamp>,
}

/// What became of the files of one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub done: usize,
    pub failed: usize,
    /// Not whole yet, or something was in the way.
    pub waiting: usize,
}

enum Fate {
    Done(String),
    Failed(String),
    /// Something was in the way: it is tried again.
    Waits,
}

impl Inbox {
    pub fn new(folder: &Path) -> Inbox {
        Inbox { folder: folder.to_owned(), seen: HashMap::new() }
    }

    /// Looks once. Fails only when the folder itself cannot be used.
    pub fn look(&mut self, app: &App, keep_on: &dyn Fn() -> bool) -> Result<Look> {
        let folders = Folders::open(&self.folder)?;
        let mut now: HashMap<OsString, Stamp> = HashMap::new();
        let mut look = Look::default();
        for (name, found) in files_in(&self.folder)? {
            let stamp = Stamp { size: found.len(), changed: found.modified().ok() };
            let stood_still = self.seen.get(&name) == Some(&stamp);
            if !stood_still || !keep_on() {
                look.waiting += 1;
                now.insert(name, stamp);
                continue;
            }
            let fate = fate_of(app, &folders, &name, &found, keep_on);
            let moved = match &fate {
                Fate::Done(words) => folders.put_away(&folders.done, &name, words),
                Fate::Failed(words) => folders.put_away(&folders.failed, &name, words),
                Fate::Waits => Ok(()),
            };
            if let Err(error) = moved {
                let name = text::clean(&name.to_string_lossy());
                tracing::warn!(file = %name, %error, "a file of the inbox cannot be moved away");
            }
            match fate {
                Fate::Done(_) => look.done += 1,
                Fate::Failed(_) => look.failed += 1,
                Fate::Waits => {
                    look.waiting += 1;
                    now.insert(name, stamp);
                }
            }
        }
        self.seen = now;
        Ok(look)
    }
}

/// What lies in the folder and is none of ours, by name.
fn files_in(folder: &Path) -> Result<Vec<(OsString, Metadata)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unusable(folder, &error))? {
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        // What is gone meanwhile is somebody's rename.
        let Ok(metadata) = entry.path().symlink_metadata() else { continue };
        if !metadata.is_dir() && !is_in_the_making(&name) {
            found.push((name, metadata));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Names that programs give to what they are still writing.
fn is_in_the_making(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let endings = [".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".swp", "~"];
    name.starts_with('.') || endings.iter().any(|ending| name.ends_with(ending))
}

fn fate_of(app: &App, folders: &Folders, name: &OsStr, found: &Metadata, keep_on: &dyn Fn() -> bool) -> Fate {
    if !found.is_file() {
        return Fate::Failed(
            "Không phải tệp thường (liên kết, ống dẫn hoặc thiết bị): không đọc.\n\
             Not a plain file (a link, a pipe or a device): it is not read.\n"
                .to_owned(),
        );
    }
    let bytes = match folders.read(name) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(%error, "a file of the inbox cannot be read yet");
            return Fate::Waits;
        }
    };
    let progress = |_: Progress| match keep_on() {
        true => Ok(()),
        false => Err(Error::busy("service_stopping", 5, "the service is stopping")),
    };
    let options = Options { progress: Some(&progress), ..Options::default() };
    let outcome = office::import_with(&app.store, &|| app.stamp(), &Actor::system(), &bytes, options);
    match outcome {
        Ok(imported) if imported.errors.is_empty() => Fate::Done(done_words(&imported)),
        Ok(imported) => Fate::Failed(failed_words(&imported.errors)),
        Err(error) if error.is_busy() || error.is_internal() => {
            tracing::warn!(%error, "a file of the inbox waits");
            Fate::Waits
        }
        Err(error) => {
            let words = message::words(error.code());
            Fate::Failed(format!("{}\n{}\n{}: {}\n", words.vi, words.en, error.code(), error.detail()))
        }
    }
}

fn done_words(imported: &Imported) -> String {
    let mut words = String::new();
    if imported.already_imported {
        words.push_str(
            "Tệp đã nạp trước đây; không có gì mới.\nThe file was imported before; nothing is new.\n",
        );
    }
    for one in &imported.statements {
        words.push_str(&format!(
            "{} {}: {} dòng mới, {} dòng đã biết, {} dòng chờ xử lý / {} new, {} known, {} set aside\n",
            one.id,
            one.closing_on,
            one.lines_new,
            one.lines_known,
            one.quarantined,
            one.lines_new,
            one.lines_known,
            one.quarantined
        ));
        for odd in &one.oddities {
            words.push_str(&format!("  {} / {}\n", odd.vi(), odd.en()));
        }
    }
    for held in &imported.held {
        words.push_str(&format!(
            "{}: ngân hàng gửi lại sao kê với dòng khác; chờ hai người quyết định / a corrected statement waits \
             for two persons\n",
            held.id
        ));
    }
    if imported.details > 0 {
        words.push_str(&format!("{} chi tiết / details\n", imported.details));
    }
    words + &findings_words(&imported.warnings)
}

fn failed_words(errors: &[Finding]) -> String {
    "Không nạp được tệp này; không có gì được ghi.\nThe file was not imported; nothing was stored.\n"
        .to_owned()
        + &findings_words(errors)
}

fn findings_words(findings: &[Finding]) -> String {
    let mut words: String = findings
        .iter()
        .take(TOLD_FINDINGS)
        .map(|finding| format!("{}: {} ({})\n", finding.at, finding.message, finding.code))
        .collect();
    if findings.len() > TOLD_FINDINGS {
        words.push_str("…\n");
    }
    words
}

/// The folder and its two shelves, held open: whatever is renamed meanwhile, nothing is reached through
/// a path that others can bend.
struct Folders {
    inbox: OwnedFd,
    done: OwnedFd,
    failed: OwnedFd,
    path: PathBuf,
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Folders {
    fn open(path: &Path) -> Result<Folders> {
        let failed = |error: rustix::io::Errno| unusable(path, &error.into());
        // The configured path itself may be a link: the administrator wrote it.
        let inbox =
            rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
        let shelf = |name: &str| {
            match rustix::fs::mkdirat(&inbox, name, Mode::from_raw_mode(0o750)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(failed(error)),
            }
            rustix::fs::openat(&inbox, name, FOLDER, Mode::empty()).map_err(failed)
        };
        let (done, failed_shelf) = (shelf("done")?, shelf("failed")?);
        Ok(Folders { inbox, done, failed: failed_shelf, path: path.to_owned() })
    }

    /// The bytes of a plain file; one byte more than is ever read tells that it is too large.
    fn read(&self, name: &OsStr) -> Result<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let unreadable = |error: std::io::Error| unusable(&self.path, &error);
        let opened = rustix::fs::openat(&self.inbox, name, flags, Mode::empty());
        let file = File::from(opened.map_err(|error| unreadable(error.into()))?);
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(Error::invalid("inbox", "file_unreadable", "not a plain file"));
        }
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    /// Moves a file to a shelf with its explanation. A name that is taken there gets the hash of name
    /// and words before it.
    fn put_away(&self, shelf: &OwnedFd, name: &OsStr, words: &str) -> Result<()> {
        let unusable = |error: rustix::io::Errno| unusable(&self.path, &error.into());
        let is_taken = rustix::fs::statat(shelf, name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let mut target = OsString::new();
        if is_taken {
            let told = [name.as_encoded_bytes(), words.as_bytes()].concat();
            let hash = text::hex(digest(&SHA256, &told).as_ref());
            target.push(hash.get(..12).unwrap_or_default());
            target.push("-");
        }
        target.push(name);
        let mut beside = target.clone();
        beside.push(".txt");
        let _ = rustix::fs::unlinkat(shelf, &beside, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(shelf, &beside, flags, Mode::from_raw_mode(0o640));
        let written = opened.map_err(unusable).map(File::from)?.write_all(words.as_bytes());
        written.map_err(|error| self::unusable(&self.path, &error))?;
        rustix::fs::renameat(&self.inbox, name, shelf, &target).map_err(unusable)
    }
}

#[track_caller]
fn unusable(folder: &Path, error: &std::io::Error) -> Error {
    Error::invalid("statements.inbox", "file_unreadable", format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_being_written_is_left_alone() {
        for name in [".saoke.xml", "saoke.xml.part", "saoke.xml.filepart", "saoke.TMP", "saoke.xml~", "a.swp"]
        {
            assert!(is_in_the_making(OsStr::new(name)), "{name}");
        }
        for name in ["saoke.xml", "part.csv", "tmp", "sao kê tháng 11.xlsx"] {
            assert!(!is_in_the_making(OsStr::new(name)), "{name}");
        }
    }
}
