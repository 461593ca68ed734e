//! `bienlai serve` with a configuration that it cannot use: it says which field and why, makes nothing, and ends
//! with exit code 2.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use bienlai::store::Product;

use crate::support::app::MASTER_KEY;
use crate::support::postgres::free_port;
use crate::support::{Database, World};

/// Exit code and standard error.
fn serve(config: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
    let output = command.arg("--config").arg(config).arg("serve").args(arguments).output().expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_configuration_that_cannot_be_used_is_told_by_its_field_before_anything_is_made() {
    let database = Database::empty(Product::Sqlite);
    let folder = database.folder.path();
    let (config, made) = (folder.join("bienlai.toml"), folder.join("made.db"));
    let (code, told) = serve(&config, &[]);
    assert!(code == 2 && told.contains("config_missing"), "{code} {told}");
    let faults = [
        ("[web]\nworker = 1\n", "unknown field `worker`"),
        ("[web]\nworkers = 0\n", "web.workers: 1 to 64"),
        ("[database]\nurl = \"mysql://x\"\n", "database.url: expected sqlite://"),
        (
            "[[channels.bank]]\nname = \"vpbank\"\nsecrets = [\"short\"]\n",
            "channels.bank[vpbank].secrets: a secret has at least 32 bytes",
        ),
        ("[[channels.sepay]]\nname = \"sepay\"\n", "channels.sepay[sepay].signing_secrets: "),
    ];
    for (fault, expected) in faults {
        let here = format!("[database]\nurl = \"sqlite://{}\"\n", made.display());
        let here = if fault.starts_with("[database]") { String::new() } else { here };
        let text = format!("{here}[vault]\nmaster_key = \"{MASTER_KEY}\"\n{fault}");
        std::fs::write(&config, text).unwrap();
        let (code, told) = serve(&config, &[]);
        assert!(code == 2 && told.contains(expected), "{fault}: {code} {told}");
        assert!(told.starts_with("bienlai: "), "Vietnamese first: {told}");
        assert!(!made.exists(), "{fault}: a database was made");
    }
}

#[test]
fn a_taken_port_is_told_with_the_option_that_changes_it() {
    let world = World::settled_in_today(Database::sqlite());
    let config = world.database.folder.path().join("port.toml");
    let text = format!(
        "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n\
         [web]\nlisten = \"127.0.0.1:1\"\n",
        world.database.url
    );
    std::fs::write(&config, text).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, told) = serve(&config, &["--listen", &address]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(&format!("{address} is taken")) && told.contains("--listen"), "{told}");
}

/// The lines of a block of shell in a document, by the heading above it.
fn shell_of<'a>(text: &'a str, heading: &str) -> &'a str {
    let block = text.split_once(heading).expect(heading).1.split_once("```sh\n").expect("a block of shell").1;
    block.split_once("```").expect("its end").0
}

#[test]
fn the_readme_leads_from_empty_to_the_first_receipt() {
    let database = Database::empty(Product::Sqlite);
    let folder = database.folder.path().join("first");
    std::fs::create_dir_all(folder.join("bin")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bienlai"), folder.join("bin/bienlai")).unwrap();
    std::os::unix::fs::symlink(root.join("fixtures"), folder.join("fixtures")).unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let lines = shell_of(&readme, "### From empty to the first receipt");
    let script = format!("PATH=\"$PWD/bin:$PATH\"\n{lines}");
    let output = Command::new("timeout")
        .args(["120", "sh", "-e", "-c", &script])
        .current_dir(&folder)
        .env("BIENLAI_LISTEN", format!("127.0.0.1:{}", free_port()))
        .output()
        .expect("sh runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{error}");
    assert!(told.contains("HỢP LỆ / valid"), "{told}\n{error}");
}
