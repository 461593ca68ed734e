//! The judges: poppler, zbar, qpdf, xmlsec1, veraPDF.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A document as a file in a folder of its own, deleted when dropped.
pub struct Page {
    folder: PathBuf,
}

impl Page {
    pub fn of(document: &[u8]) -> Page {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("bienlai-rendition-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("page.pdf"), document).unwrap();
        Page { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The text of all pages, one line of text per line.
    pub fn text(&self) -> String {
        text_of(self.run("pdftotext", "poppler-utils", &["-enc", "UTF-8", "-layout", "page.pdf", "-"]))
    }

    /// The text in reading order, white space folded.
    pub fn words(&self) -> String {
        let raw =
            text_of(self.run("pdftotext", "poppler-utils", &["-enc", "UTF-8", "-raw", "page.pdf", "-"]));
        raw.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn pages(&self) -> usize {
        let told = text_of(self.run("pdfinfo", "poppler-utils", &["page.pdf"]));
        let line = told.lines().find(|line| line.starts_with("Pages:")).unwrap();
        line.trim_start_matches("Pages:").trim().parse().unwrap()
    }

    /// The content of the QR code, from a picture of the first page.
    pub fn qr(&self, dots_per_inch: &str) -> String {
        self.run(
            "pdftoppm",
            "poppler-utils",
            &["-r", dots_per_inch, "-l", "1", "-singlefile", "-png", "page.pdf", "page"],
        );
        text_of(self.run("zbarimg", "zbar-tools", &["-q", "--raw", "page.png"])).trim().to_owned()
    }

    /// veraPDF finds PDF/A-3a and PDF/UA-1 kept. It comes with `./check --long` alone.
    pub fn keeps_both_standards(&self) {
        if crate::cases::is_long() {
            text_of(self.judged_by_standards());
        }
    }

    pub fn judged_by_standards(&self) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/standards.sh");
        self.run("sh", "default-jdk-headless", &[script, "page.pdf"])
    }

    /// Runs a tool in the folder. A missing tool fails the test: a judge that stays away acquits
    /// everybody.
    pub fn run(&self, tool: &str, package: &str, arguments: &[&str]) -> Output {
        run_in(&self.folder, tool, package, arguments)
    }
}

fn run_in(folder: &Path, tool: &str, package: &str, arguments: &[&str]) -> Output {
    Command::new(tool).args(arguments).current_dir(folder).output().unwrap_or_else(|error| {
        panic!("{tool} could not be started ({error}): install the Debian package {package}")
    })
}

pub fn text_of(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
