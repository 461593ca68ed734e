//! Where a database file lies. Whoever moves or deletes the file of a running service leaves it writing into
//! what nobody will open again: nothing is acknowledged then.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A file as it was found: its path, device and inode.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: (u64, u64),
}

impl Place {
    /// The file that lies there now, if one does.
    pub(super) fn of(path: &str) -> Option<Place> {
        let path = PathBuf::from(path);
        let file = file_at(&path)?;
        Some(Place { path, file })
    }

    /// Whether the same file still lies there.
    pub(super) fn is_kept(&self) -> bool {
        file_at(&self.path) == Some(self.file)
    }
}

fn file_at(path: &PathBuf) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}
