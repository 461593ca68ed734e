//! The queue on the command line of the real program.

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::reconciliation::reconcile;

use crate::cash_by_command::Shell;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

/// Both credits pay one obligation together, by one decision; nobody decides on one of them alone. In the end both are
/// opened again.
fn combined_and_taken_back(world: &World, shell: &Shell, one: &str, (clerk, chief): (&str, &str)) {
    let owed = world.raise(Dong(33_000));
    let (_, table, _) = shell.run(&["exception", "list", "--unit", "00004"]);
    assert!(table.contains("Người giữ") && table.contains("đang mở / open"), "{table}");
    let all = shell.json(&["exception", "list", "--unit", "00004", "--json"]);
    let ids: Vec<&str> = all.as_array().unwrap().iter().filter_map(|item| item["id"].as_str()).collect();
    let other = ids.iter().copied().find(|id| *id != one).unwrap();
    let target = owed.id.to_string();
    let together = |reason: &'static str| {
        let who = ["--target", target.as_str(), "--reason", reason, "--person", clerk];
        shell.json(&[&["exception", "combine", one, other], &who[..]].concat())
    };
    let states = |shown: serde_json::Value| -> Vec<String> {
        let parts = shown["combination"].as_array().unwrap().clone();
        parts.iter().map(|part| part["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(together("chuyển hai lần")), ["proposed", "proposed"]);
    let named = shell.json(&["exception", "show", one])["combination"].as_array().map(Vec::len);
    assert_eq!(named, Some(2), "whoever approves sees what belongs together");
    for alone in [&["approve", one][..], &["refuse", one, "--reason", "một khoản"]] {
        let (code, _, error) = shell.run(&[&["exception"][..], alone, &["--person", chief]].concat());
        assert!(code == 1 && error.contains("combine_whole"), "{error}");
    }
    let back = ["exception", "refuse-combination", other, "--reason", "chưa rõ", "--person", chief];
    assert_eq!(states(shell.json(&back)), ["open", "open"]);
    let (code, _, error) = shell.run(&["exception", "approve-combination", one, "--person", chief]);
    assert!(code == 1 && error.contains("combine_alone"), "{error}");
    together("đã hỏi người nộp");
    let (code, _, error) = shell.run(&["exception", "approve-combination", one, "--person", clerk]);
    assert!(code == 1 && error.contains("maker_is_checker"), "{error}");
    let approve = ["exception", "approve-combination", one, "--person", chief];
    assert_eq!(states(shell.json(&approve)), ["resolved", "resolved"]);
    assert_eq!((world.again(&owed).state.as_str(), world.receipts(&owed).len()), ("paid", 1));
    for id in [one, other] {
        shell.json(&["exception", "reopen", id, "--reason", "nhầm hồ sơ", "--person", clerk]);
        shell.json(&["exception", "approve-reopening", id, "--person", chief]);
    }
    assert_eq!(world.again(&owed).allocated, Dong::ZERO);
}

#[test]
fn an_item_is_found_asked_about_given_away_and_settled_by_commands() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (commune, today) = (&world.ba_dinh, world.now().business_day());
        let file = BankFile::new(commune.account_no, today, 0)
            .book(11_000, "chuyen tien", "R1")
            .book(22_000, "nop tien", "R2");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
        let owed = world.raise(Dong(11_000));
        let shell = Shell::new(&world);
        let (clerk, chief) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Phạm Văn Mẫu").to_string());
        let (clerk, chief) = (clerk.as_str(), chief.as_str());

        let (_, kinds, _) = shell.run(&["exception", "kinds"]);
        assert!(kinds.contains("unidentified_credit") && kinds.contains("suspense"), "{kinds}");
        let found = shell.json(&["exception", "list", "--unit", "00004", "--amount-to", "11000", "--json"]);
        let item = found[0]["id"].as_str().unwrap();
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        let by = ["--person", clerk];
        let said = shell.json(&[&["exception", "comment", item, "đã gọi ngân hàng"], &by[..]].concat());
        assert_eq!(said["state"], "open");
        let give = ["exception", "assign", item, "--owner", "approver", "--reason", "cấp trên"];
        assert_eq!(shell.json(&[&give[..], &by].concat())["owner"], "approver");

        let question = ["exception", "letter", item, "--question", "Ai chuyển?"];
        let letter = shell.json(&[&question[..], &by].concat());
        let id = letter["id"].as_str().unwrap();
        let pdf = world.database.folder.path().join("thu.pdf");
        let (code, _, error) = shell.run(&["exception", "print", id, pdf.to_str().unwrap(), by[0], by[1]]);
        assert_eq!((code, std::fs::read(&pdf).unwrap().starts_with(b"%PDF-1.")), (0, true), "{error}");
        let reply = ["exception", "reply", id, "--outcome", "identified", "--words", "Người nộp phí"];
        assert_eq!(shell.json(&[&reply[..], &by].concat())["number"], letter["number"]);

        combined_and_taken_back(&world, &shell, item, (clerk, chief));
        let target = owed.id.to_string();
        let ask = |verb: &'static str| {
            let what = ["--resolution", "assign", "--target", target.as_str(), "--reason", "đúng người"];
            [&["exception", verb, item][..], &what, &by].concat()
        };
        let (code, _, error) = shell.run(&ask("resolve"));
        assert!(code == 1 && error.contains("second_person_needed"), "{error}");
        let limit = ["exception", "limit", "--unit", "00004", "--amount", "5000", "--decision", "7/QĐ"];
        let (code, ..) = shell.run(&[&limit[..], &["--reason", "ít tiền", "--person", chief]].concat());
        assert_eq!(code, 0);
        // The shell drafts it: nothing holds before another person approved it under their login.
        assert_eq!(world.count("exception_limit"), 0);
        let (code, _, error) = shell.run(&ask("resolve"));
        assert!(code == 1 && error.contains("second_person_needed"), "{error}");
        assert_eq!(shell.json(&ask("propose"))["state"], "proposed");
        let approved = shell.json(&["exception", "approve", item, "--person", chief]);
        assert_eq!(approved["state"], "resolved");
        assert_eq!(world.receipts(&owed).len(), 1);
        let reopen = ["exception", "reopen", item, "--reason", "nhầm người"];
        shell.json(&[&reopen[..], &by].concat());
        let shown = shell.json(&["exception", "show", item]);
        let last = shown["events"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["kind"], "reopen_proposed", "{shown}");
        assert_eq!(shown["undo"]["does"]["obligations_reopened"], serde_json::json!([target]), "{shown}");
        let undone = shell.json(&["exception", "approve-reopening", item, "--person", chief]);
        assert_eq!((undone["state"].as_str(), world.again(&owed).state.as_str()), (Some("open"), "reopened"));
        // Assigned again, the line itself is taken apart.
        shell.json(&ask("propose"));
        shell.json(&["exception", "approve", item, "--person", chief]);
        let line = found[0]["subject"].as_str().unwrap();
        let apart = shell.json(&[&["exception", "unmatch", line, "--reason", "khớp nhầm"][..], &by].concat());
        let doubt = apart["exception"]["id"].as_str().unwrap();
        assert_eq!(apart["undo"]["does"]["to_suspense"], 11_000, "{apart}");
        assert_eq!(shell.json(&["exception", "approve", doubt, "--person", chief])["state"], "resolved");
        shell.json(&ask("propose"));
        shell.json(&["exception", "approve", item, "--person", chief]);
        assert_eq!(world.again(&owed).state.as_str(), "paid");

        let complaint = [
            "exception",
            "complain",
            target.as_str(),
            "--way",
            "phone",
            "chưa nhận biên lai",
            "--person",
            clerk,
        ];
        assert_eq!(shell.json(&complaint)["kind"], "complaint");
        let alarms = shell.json(&["exception", "alarms", "--unit", "00004", "--json"]);
        assert_eq!(alarms, serde_json::json!([]), "nothing is old yet");
        let rest = shell.json(&["exception", "list", "--json"]);
        assert_eq!(rest.as_array().map(Vec::len), Some(2), "the other credit and the complaint: {rest}");
    });
}
