//! What a command cannot do is told by a code of its own, before anything is changed.

use crate::cash_by_command::Shell;
use crate::support::{World, each_database};

#[test]
fn a_command_that_cannot_be_done_is_told_by_the_name_of_its_rule() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Phạm Văn Mẫu").to_string());
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/classification/default.toml");
        let nowhere = world.database.folder.path().join("khong-co").join("ngay.csv");
        let nowhere = nowhere.to_str().unwrap();
        let account = world.ba_dinh.account_no.to_string();
        let trust = [
            "trust",
            "grant",
            "--unit",
            "00004",
            "--account",
            &account,
            "--channel",
            "khong-co",
            "--agreement",
            "1/TT",
            "--until",
            "2099-12-31",
            "--claim-limit",
            "1000",
            "--unproven-limit",
            "1000",
            "--maker",
            &maker,
            "--checker",
            &checker,
        ];
        let propose = ["rule", "propose", rules, "--rank", "0", "--reason", "thử", "--person", &maker];
        let list = [
            "list",
            "days",
            "--unit",
            "00004",
            "--from",
            "2026-11-01",
            "--until",
            "2026-11-30",
            "--out",
            nowhere,
        ];
        let cases: [(&[&str], &str); 5] = [
            (&["user", "sso", "mot.nguoi", "--subject", "3f1c"], "sso_off"),
            (&["tax", "send"], "tax_endpoint_missing"),
            (&trust, "channel_unknown"),
            (&propose, "class_rule_rank"),
            (&list, "file_unwritable"),
        ];
        let trail = world.count("audit_entry");
        for (arguments, code) in cases {
            let (exit, _, error) = shell.run(arguments);
            assert!(exit == 1 && error.contains(code), "{arguments:?}: {exit} {error}");
        }
        assert_eq!(world.count("audit_entry"), trail, "nothing was changed");
    });
}
