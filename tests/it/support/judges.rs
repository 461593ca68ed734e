//! Judges that others wrote: Python's mail server and reader of mail, and veraPDF.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::tools::{Folder, is_long};

/// Debian's own, whatever else stands first in the search path: it finds Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
const JUDGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges");

/// A mail server that we did not write. It ends with this, and with the stories at the latest: its input ends then.
pub struct Aiosmtpd {
    pub port: u16,
    child: Child,
    folder: Folder,
}

impl Aiosmtpd {
    /// A missing server fails the story: a judge that stays away acquits everybody.
    pub fn start() -> Aiosmtpd {
        let folder = Folder::new("maildir");
        let mut child = Command::new(PYTHON)
            .arg(format!("{JUDGES}/mail_server.py"))
            .arg(folder.path().join("mails"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's Python starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("it tells its port");
        let port = line.trim().parse().expect("a port: install the Debian package python3-aiosmtpd");
        Aiosmtpd { port, child, folder }
    }

    /// Every mail it took, as Python's own `email` reads it.
    pub fn read(&self) -> Vec<Value> {
        let output = Command::new(PYTHON)
            .arg(format!("{JUDGES}/mail_reader.py"))
            .arg(self.folder.path().join("mails"))
            .output()
            .expect("Debian's Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("what it read, as JSON")
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// veraPDF finds PDF/A-3a and PDF/UA-1 kept in the file. It comes with `./check --long` alone.
pub fn keeps_both_standards(pdf: &Path) {
    if !is_long() {
        return;
    }
    let judged =
        Command::new("sh").arg(format!("{JUDGES}/standards.sh")).arg(pdf).output().expect("a shell starts");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
}
