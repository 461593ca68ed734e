//! The machines of others, simulated by commands, so that a user can try the program against them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bienlai::receipt::signer::{RemoteKey, RemoteSecret, RemoteSigner};
use bienlai::simulator::signing_service::{PIN, TOKEN};
use secrecy::SecretString;

use crate::support::program::get;
use crate::support::tools::Folder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bienlai");

/// A machine that runs until it is dropped, with what it said at its start.
struct Machine {
    child: Child,
    said: String,
}

impl Machine {
    fn start(arguments: &[&str]) -> Machine {
        let mut command = Command::new(PROGRAM);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line.expect("a line");
            said.push_str(&line);
            said.push('\n');
            if line.contains("Ctrl-C") {
                break;
            }
        }
        Machine { child, said }
    }

    /// The first address it names.
    fn url(&self) -> String {
        let from = self.said.find("http://").expect("an address");
        self.said[from..].split([' ', '"', '\n']).next().unwrap_or_default().to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(arguments: &[&str]) {
    let output = Command::new(PROGRAM).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn with_authority(folder: &Path) -> (String, String) {
    let ca = folder.join("ca").display().to_string();
    run(&["key", "test-ca", "--out", &ca]);
    let keys = folder.join("keys").display().to_string();
    run(&["key", "issue", "--ca", &ca, "--name", "Phường Mẫu", "--tax-code", "9900000009", "--out", &keys]);
    (ca, format!("{keys}/9900000009.pem"))
}

#[test]
fn a_simulated_signing_service_signs_and_a_simulated_authority_publishes_what_it_revoked() {
    let folder = Folder::new("machines");
    let (ca, pem) = with_authority(folder.path());
    let service = Machine::start(&["simulate", "signing", "--pem", &pem, "--listen", "127.0.0.1:0"]);
    let key = RemoteKey { url: service.url(), credential_id: "ABC".to_owned(), timeout_ms: 5_000 };
    let secret = RemoteSecret { access_token: SecretString::from(TOKEN), pin: Some(SecretString::from(PIN)) };
    let found = RemoteSigner::credential(&key, &secret).expect("it knows its credential");
    assert_eq!(found.certificates.len(), 2, "its certificate and the authority's");
    let unknown = RemoteKey { credential_id: "XYZ".to_owned(), ..key };
    let refused = RemoteSigner::credential(&unknown, &secret).err().expect("it has no such credential");
    assert_eq!(refused.code(), "remote_refused");
    assert!(refused.detail().contains("credentialID"), "{}", refused.detail());

    let revoking = ["simulate", "authority", "--ca", &ca, "--listen", "127.0.0.1:0", "--revoke", "00:ab:cd"];
    let authority = Machine::start(&revoking);
    assert!(authority.said.contains("timestamp_url"), "{}", authority.said);
    let url = authority.url();
    let address = url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
    let list = get(address, "/ca.crl").unwrap();
    assert_eq!(list.status, 200);
    assert!(list.body.windows(2).any(|pair| pair == [0xAB, 0xCD]), "the serial stands in the list");

    let mut silent = revoking.to_vec();
    silent.push("--silent");
    let silent = Machine::start(&silent);
    let address = silent.url().trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
    assert_eq!(get(address, "/ca.crl").unwrap().status, 503);
}

#[test]
fn the_simulated_tax_authority_is_started_by_either_command_and_can_be_out_of_service() {
    for command in [["tax", "simulate"], ["simulate", "tax"]] {
        let mut arguments = command.to_vec();
        arguments.extend(["--listen", "127.0.0.1:0", "--lost-messages", "100", "--refuse-invoices"]);
        let authority = Machine::start(&arguments);
        let address =
            authority.url().trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
        assert_eq!(get(address, "/nothing").unwrap().status, 404);
    }
    let out = ["simulate", "tax", "--listen", "127.0.0.1:0", "--outage-s", "3600"];
    let authority = Machine::start(&out);
    let address = authority.url().trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
    assert!(get(address, "/nothing").is_err(), "nobody answers during an outage");
}
