//! Requests nobody would write, made by schemathesis from the API's document: the service never fails,
//! and never answers what the document does not tell. Minutes long, so in `./check --long` alone.

use std::path::PathBuf;
use std::process::Command;

use bienlai::actor::Role;

use crate::strangers::{Door, asked_for, lived_in, token};
use crate::support::program::Service;
use crate::support::{World, each_database, tools};

const ROLES: [Role; 7] = [
    Role::DossierSystem,
    Role::UnitReader,
    Role::Cashier,
    Role::Finance,
    Role::Approver,
    Role::Administrator,
    Role::Auditor,
];
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,ignored_auth,missing_required_header";

#[test]
fn no_strange_request_is_answered_otherwise_than_the_document_tells() {
    if !tools::is_long() {
        return;
    }
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/schemathesis");
    assert!(program.exists(), "./check --long installs {}", program.display());
    each_database(|database| {
        let world = World::settled_in_today(database);
        lived_in(&world);
        let mut service = Service::start(&world);
        asked_for(&world, &Door { service: &service, count: Default::default() });
        // All of them before the minutes begin in which nobody renews what the world reserved.
        let tokens = ROLES.map(|role| (role, token(&world, &world.ba_dinh, role)));
        for (seed, (role, token)) in tokens.into_iter().enumerate() {
            let bearer = format!("Authorization: Bearer {token}");
            let count = tools::given("BIENLAI_STRANGE_REQUESTS").unwrap_or(30).to_string();
            let ran = Command::new(&program)
                .arg("run")
                .arg(format!("http://{}/api/v1/openapi.json", service.address))
                .args(["--header", &bearer, "--checks", CHECKS, "--max-examples", &count])
                .args(["--phases", "examples,coverage,fuzzing", "--seed", &(seed + 1).to_string()])
                .args([
                    "--include-path-regex",
                    "^/(api/v1|callback)/",
                    "--exclude-path",
                    "/api/v1/openapi.json",
                ])
                .args([
                    "--suppress-health-check",
                    "all",
                    "--warnings",
                    "off",
                    "--no-color",
                    "--continue-on-failure",
                ])
                .current_dir(world.database.folder.path())
                .output()
                .expect("schemathesis runs");
            let told = String::from_utf8_lossy(&ran.stdout);
            assert!(
                ran.status.success(),
                "{}:\n{told}\n{}",
                role.as_str(),
                String::from_utf8_lossy(&ran.stderr)
            );
        }
        service.stop();
    });
}
