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
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::digest::{SHA256, digest};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Stat};

use super::intake::match_imported;
use crate::actor::{Actor, Scope};
use crate::app::App;
use crate::clock::Instant;
use crate::error::{Error, Kind, Result, caught};
use crate::reconciliation::office;
use crate::statement::inbox::{self, Ended};
use crate::statement::{Finding, Imported, MAX_BYTES, Options, Progress};
use crate::store::Lane;
use crate::text;
use crate::web::message;

/// How soon a file is tried again of which nothing says how long it has to wait.
const SOON_S: u32 = 1;

/// Findings told in the text beside a file; the rest says nothing new.
const TOLD_FINDINGS: usize = 50;

/// What makes a file the same as at the look before.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    changed: Option<SystemTime>,
}

/// Which file it was: a new one under the same name is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed_s: i64,
    changed_ns: i64,
}

impl Identity {
    fn of(found: &Metadata) -> Identity {
        Identity {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            changed_s: found.mtime(),
            changed_ns: found.mtime_nsec(),
        }
    }

    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)] // the types of `stat` differ by machine
    fn is(&self, stat: &Stat) -> bool {
        self.device == stat.st_dev as u64
            && self.inode == stat.st_ino as u64
            && self.size == u64::try_from(stat.st_size).unwrap_or(u64::MAX)
            && self.changed_s == stat.st_mtime as i64
            && self.changed_ns == stat.st_mtime_nsec as i64
    }
}

/// The folder between two looks.
pub struct Inbox {
    folder: PathBuf,
    seen: HashMap<OsString, Stamp>,
    /// Files that something was in the way of, and when they are tried again.
    waits: HashMap<OsString, Instant>,
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
    /// Something was in the way: it is tried again after so many seconds.
    Waits(u32),
}

impl Inbox {
    pub fn new(folder: &Path) -> Inbox {
        Inbox { folder: folder.to_owned(), seen: HashMap::new(), waits: HashMap::new() }
    }

    /// Looks once. Fails only when the folder itself cannot be used.
    pub fn look(&mut self, app: &App, keep_on: &dyn Fn() -> bool) -> Result<Look> {
        let folders = Folders::open(&self.folder)?;
        let mut now: HashMap<OsString, Stamp> = HashMap::new();
        let mut look = Look::default();
        for (name, found) in files_in(&self.folder)? {
            let stamp = Stamp { size: found.len(), changed: found.modified().ok() };
            let stood_still = self.seen.get(&name) == Some(&stamp);
            let must_wait = self.waits.get(&name).is_some_and(|until| app.clock.now() < *until);
            if !stood_still || must_wait || !keep_on() {
                look.waiting += 1;
                now.insert(name, stamp);
                continue;
            }
            let (fate, read) = fate_of(app, &folders, &name, &found, keep_on);
            let moved = match &fate {
                Fate::Done(words) => folders.put_away(&folders.done, &name, read, words),
                Fate::Failed(words) => folders.put_away(&folders.failed, &name, read, words),
                Fate::Waits(_) => Ok(()),
            };
            if let Err(error) = moved {
                let name = text::clean(&name.to_string_lossy());
                tracing::warn!(file = %name, %error, "a file of the inbox cannot be moved away");
            }
            match fate {
                Fate::Done(_) => look.done += 1,
                Fate::Failed(_) => look.failed += 1,
                Fate::Waits(after_s) => {
                    look.waiting += 1;
                    self.waits.insert(name.clone(), app.clock.now().plus_seconds(after_s.into()));
                    now.insert(name, stamp);
                }
            }
        }
        self.waits.retain(|name, _| now.contains_key(name));
        self.seen = now;
        Ok(look)
    }
}

/// What lies in the folder, but for folders and files that are still being written, sorted by name.
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

/// What becomes of a file, and which file that was.
fn fate_of(
    app: &App,
    folders: &Folders,
    name: &OsStr,
    found: &Metadata,
    keep_on: &dyn Fn() -> bool,
) -> (Fate, Identity) {
    if !found.is_file() {
        let words = "Không phải tệp thường (liên kết, ống dẫn hoặc thiết bị): không đọc.\n\
                     Not a plain file (a link, a pipe or a device): it is not read.\n";
        let fate =
            recorded(app, name, None, &Ended::Refused("file_unreadable"), Fate::Failed(words.to_owned()));
        return (fate, Identity::of(found));
    }
    match folders.read(name) {
        Ok((bytes, read)) => (imported(app, name, &bytes, keep_on), read),
        Err(error) => {
            tracing::warn!(%error, "a file of the inbox cannot be read yet");
            (Fate::Waits(SOON_S), Identity::of(found))
        }
    }
}

fn imported(app: &App, name: &OsStr, bytes: &[u8], keep_on: &dyn Fn() -> bool) -> Fate {
    let progress = |_: Progress| match keep_on() {
        true => Ok(()),
        false => Err(Error::busy("service_stopping", 5, "the service is stopping")),
    };
    let options = Options { progress: Some(&progress), ..Options::default() };
    let outcome =
        caught(|| office::import_with(&app.store, &|| app.stamp(), &Actor::system(), bytes, options));
    match outcome {
        Ok(imported) => {
            let fate = if imported.errors.is_empty() {
                match_imported(app, &Actor::system(), &imported);
                Fate::Done(done_words(&imported))
            } else {
                Fate::Failed(failed_words(&imported.errors))
            };
            recorded(app, name, Some(bytes), &Ended::Imported(&imported), fate)
        }
        Err(error) if error.is_busy() || error.is_internal() => {
            tracing::warn!(%error, "a file of the inbox waits");
            match error.kind() {
                Kind::Busy { retry_after_s } => Fate::Waits(*retry_after_s),
                _ => Fate::Waits(SOON_S),
            }
        }
        Err(error) => {
            let words = message::words(error.code());
            let told = format!("{}\n{}\n{}: {}\n", words.vi, words.en, error.code(), error.detail());
            recorded(app, name, Some(bytes), &Ended::Refused(error.code()), Fate::Failed(told))
        }
    }
}

/// Keeps what became of a file where the officers of its unit see it. While that cannot be kept, the file
/// waits: to import it again changes nothing.
fn recorded(app: &App, name: &OsStr, bytes: Option<&[u8]>, ended: &Ended<'_>, fate: Fate) -> Fate {
    let sha256 = bytes.map(inbox::hash);
    let name = name.to_string_lossy();
    let kept = app.store.write(&Scope::All, Lane::Bulk, |tx| {
        let units = inbox::units_of(tx, bytes, ended)?;
        inbox::record(tx, &app.stamp(), &units, (&name, sha256.as_deref()), ended)
    });
    if let Err(error) = kept {
        tracing::warn!(%error, "what became of a file of the inbox cannot be kept yet");
        return Fate::Waits(SOON_S);
    }
    let outcome = ended.outcome();
    metrics::counter!("bienlai_inbox_files_total", "outcome" => outcome).increment(1);
    if let Fate::Failed(_) = fate {
        let sha256 = sha256.unwrap_or_default();
        tracing::warn!(sha256, "a file of the inbox was refused");
    }
    fate
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
    for one in &imported.refused {
        words.push_str(&format!(
            "Sao kê thứ {} bị để lại, chưa được nạp / statement {} was left out: {}: {} ({})\n",
            one.ordinal, one.ordinal, one.finding.at, one.finding.message, one.code
        ));
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
    fn read(&self, name: &OsStr) -> Result<(Vec<u8>, Identity)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let unreadable = |error: std::io::Error| unusable(&self.path, &error);
        let opened = rustix::fs::openat(&self.inbox, name, flags, Mode::empty());
        let file = File::from(opened.map_err(|error| unreadable(error.into()))?);
        let found = file.metadata().map_err(unreadable)?;
        if !found.is_file() {
            return Err(Error::invalid("inbox", "file_unreadable", "not a plain file"));
        }
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok((bytes, Identity::of(&found)))
    }

    /// Moves the file that was read to a shelf with its explanation. A name that is taken there, or that
    /// has no room for an ending, gets a hash before it. Another file that took the name meanwhile stays
    /// for the next look.
    fn put_away(&self, shelf: &OwnedFd, name: &OsStr, read: Identity, words: &str) -> Result<()> {
        let unusable = |error: rustix::io::Errno| unusable(&self.path, &error.into());
        let is_read = |folder: &OwnedFd, name: &OsStr| {
            rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| read.is(&stat))
        };
        if !is_read(&self.inbox, name).map_err(unusable)? {
            return Ok(());
        }
        let is_taken = rustix::fs::statat(shelf, name, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let target = shelf_name(name, words, is_taken);
        let mut beside = target.clone();
        beside.push(TOLD_ENDING);
        let _ = rustix::fs::unlinkat(shelf, &beside, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(shelf, &beside, flags, Mode::from_raw_mode(0o640));
        let written = opened.map_err(unusable).map(File::from)?.write_all(words.as_bytes());
        written.map_err(|error| self::unusable(&self.path, &error))?;
        rustix::fs::renameat(&self.inbox, name, shelf, &target).map_err(unusable)?;
        if is_read(shelf, &target).map_err(unusable)? {
            return Ok(());
        }
        // Another file took the name between the look and the move: it was not read yet, so it goes back.
        let _ = rustix::fs::unlinkat(shelf, &beside, AtFlags::empty());
        let back = |name: &OsStr| {
            rustix::fs::renameat_with(shelf, &target, &self.inbox, name, RenameFlags::NOREPLACE)
        };
        back(name).or_else(|_| back(&shelf_name(name, words, true))).map_err(unusable)
    }
}

/// Bytes of a name that leave room for a hash and an ending.
const NAME_BYTES: usize = 200;
/// Bytes that file systems allow.
const NAME_BYTES_MAX: usize = 255;
const TOLD_ENDING: &str = ".txt";

/// The name on a shelf: its own where it is free and leaves room for the ending of the explanation.
fn shelf_name(name: &OsStr, words: &str, is_taken: bool) -> OsString {
    let is_long = name.len() + TOLD_ENDING.len() > NAME_BYTES_MAX;
    if !is_taken && !is_long {
        return name.to_owned();
    }
    let told = [name.as_bytes(), words.as_bytes()].concat();
    let hash = text::hex(digest(&SHA256, &told).as_ref());
    let kept = name.as_bytes();
    // The end of a name says of which kind the file is.
    let kept = &kept[kept.len().saturating_sub(NAME_BYTES)..];
    let is_inside = |byte: &&u8| (0x80..0xc0).contains(*byte);
    let kept = &kept[kept.iter().take_while(is_inside).count()..];
    let mut target = hash.get(..12).unwrap_or_default().as_bytes().to_vec();
    target.push(b'-');
    target.extend_from_slice(kept);
    OsString::from_vec(target)
}

#[track_caller]
fn unusable(folder: &Path, error: &std::io::Error) -> Error {
    Error::invalid("statements.inbox", "file_unreadable", format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_end_and_has_room_for_the_explanation() {
        let long = format!("{}.xml", "ạ".repeat(83));
        assert_eq!(long.len(), 253);
        for (name, is_taken) in [(long.as_str(), false), ("saoke.xml", true), (&"x".repeat(255), true)] {
            let target = shelf_name(OsStr::new(name), "words", is_taken);
            assert!(target.len() + TOLD_ENDING.len() <= NAME_BYTES_MAX, "{target:?}");
            assert!(target.to_str().is_some(), "letters are not cut in two");
            assert!(target.to_string_lossy().ends_with(&name[name.len() - 4..]));
        }
        assert_eq!(shelf_name(OsStr::new("saoke.xml"), "words", false), "saoke.xml");
    }

    #[test]
    fn a_file_that_took_the_name_meanwhile_is_not_put_away_as_read() {
        let folder = std::env::temp_dir().join(format!("bienlai-inbox-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let name = OsStr::new("saoke.xml");
        std::fs::write(folder.join(name), "first").unwrap();
        let folders = Folders::open(&folder).unwrap();
        let (bytes, read) = folders.read(name).unwrap();
        assert_eq!(bytes, b"first");
        std::fs::write(folder.join("new"), "other").unwrap();
        std::fs::rename(folder.join("new"), folder.join(name)).unwrap();
        folders.put_away(&folders.done, name, read, "first was imported").unwrap();
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), b"other", "it waits for its own turn");
        assert_eq!(std::fs::read_dir(folder.join("done")).unwrap().count(), 0);
        let (_, read) = folders.read(name).unwrap();
        folders.put_away(&folders.done, name, read, "other was imported").unwrap();
        assert!(!folder.join(name).exists() && folder.join("done/saoke.xml").exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }

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
