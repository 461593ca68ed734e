//! The queue on the command line of the real program.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::{EventId, PersonId};
use bienlai::identity::login::{self, NewLogin};
use bienlai::payment::book::Method;
use bienlai::reconciliation::reconcile;
use serde_json::Value;

use crate::cash_by_command::Shell;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::visitor::appoint;
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
    let states = |shown: Value| -> Vec<String> {
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
        let (code, _, error) = shell.run(&[&give[..], &["--to", "per_0000000000077"], &by].concat());
        assert!(code != 0 && error.contains("person_not_found"), "{error}");
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

/// A drawer in which 5,000 đồng are missing is signed off by the approver of its own commune alone.
fn drawer_signed_off(world: &World, shell: &Shell, clerk: &str, (cashier, chief): (PersonId, PersonId)) {
    world.take(&world.raise(Dong(25_000)), Dong(25_000), Method::Cash).unwrap();
    let shift = world.shift(world.ba_dinh.id).to_string();
    shell.json(&["shift", "close", &shift, "--count", "20000x1", "--person", clerk]);
    let elsewhere = shell.person("Đỗ Văn Mẫu");
    appoint(world, Role::Approver, "duyet.tayho", Scope::unit(world.tay_ho.id), elsewhere);
    let sign_off = |person: PersonId| {
        let person = person.to_string();
        shell.run(&["shift", "sign-off", &shift, "--reason", "thiếu", "--person", &person])
    };
    for (who, refused) in [(cashier, "role_not_allowed"), (elsewhere, "shift_not_found")] {
        let (code, _, error) = sign_off(who);
        assert!(code == 1 && error.contains(refused), "{refused}: {code} {error}");
    }
    let (code, _, error) = sign_off(chief);
    assert_eq!(code, 0, "{error}");
    let (_, listed, _) = shell.run(&["shift", "list", "--unit", "00004"]);
    assert!(listed.contains("Thu ngân") && listed.contains("đã đóng / closed"), "{listed}");
}

/// Two people who may not sign in to the commune: a cashier who left, and an approver who set nothing up yet.
pub(crate) fn shut_out(world: &World, shell: &Shell) -> [PersonId; 2] {
    let (left, newcomer) = (shell.person("Ngô Thị Mẫu"), shell.person("Trịnh Văn Mẫu"));
    let (unit, system) = (Scope::unit(world.ba_dinh.id), Actor::system());
    appoint(world, Role::Cashier, "thungan.cu", unit.clone(), left);
    let new = NewLogin { name: "duyet.moi".to_owned(), person: newcomer, role: Role::Approver, scope: unit };
    world.change(|tx, stamp| {
        let id = login::find_by_name(tx, "thungan.cu")?.id;
        login::end(tx, stamp, &system, id)?;
        login::invite(tx, stamp, &system, new.clone())
    });
    [left, newcomer]
}

#[test]
fn commands_let_who_signs_in_do_what_their_login_may_and_no_more() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (commune, today) = (&world.ba_dinh, world.now().business_day());
        let file = BankFile::new(commune.account_no, today, 0).book(11_000, "chuyen tien", "R1");
        import(&world, &file.without_sequence().camt());
        reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
        let owed = world.raise(Dong(11_000));
        let shell = Shell::new(&world);
        let clerk = shell.person("Lê Thị Mẫu");
        let (cashier, chief) = (shell.person("Hồ Thị Mẫu"), shell.person("Phạm Văn Mẫu"));
        let unit = Scope::unit(commune.id);
        appoint(&world, Role::Cashier, "thungan.badinh", unit.clone(), cashier);
        appoint(&world, Role::Approver, "duyet.badinh", unit, chief);
        let item = world.exceptions(commune.id).remove(0).id.to_string();
        let (target, clerk) = (owed.id.to_string(), clerk.to_string());
        let what = ["--resolution", "assign", "--target", &target, "--reason", "đúng người"];
        let ask = [&["exception", "propose", &item][..], &what, &["--person", &clerk]].concat();
        assert_eq!(shell.json(&ask)["state"], "proposed");
        let approve = |person: PersonId| {
            let person = person.to_string();
            shell.run(&["exception", "approve", &item, "--person", &person])
        };
        let [left, newcomer] = shut_out(&world, &shell);
        let refusals = [
            (cashier, "role_not_allowed"),
            (left, "login_not_active"),
            (newcomer, "login_not_active"),
            (PersonId(77), "person_not_found"),
        ];
        for (who, refused) in refusals {
            let (code, _, error) = approve(who);
            assert!(code == 1 && error.contains(refused), "{refused}: {code} {error}");
        }
        let (code, _, error) = approve(chief);
        assert_eq!(code, 0, "{error}");
        assert_eq!(world.again(&owed).state.as_str(), "paid");
        drawer_signed_off(&world, &shell, &clerk, (cashier, chief));
    });
}

/// Two credits of Ba Đình that nobody knows, as the list shows them.
pub(crate) fn two_unknown(world: &World, shell: &Shell) -> [Value; 2] {
    let (commune, today) = (&world.ba_dinh, world.now().business_day());
    let file = BankFile::new(commune.account_no, today, 0)
        .book(11_000, "chuyen tien", "R1")
        .book(22_000, "nop tien", "R2");
    import(world, &file.without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
    let found = shell.json(&["exception", "list", "--unit", "00004", "--json"]);
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    [found[0].clone(), found[1].clone()]
}

#[test]
fn of_several_logins_a_command_takes_the_one_that_fits_unit_and_act() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let clerk = shell.person("Lê Thị Mẫu").to_string();
        let items = two_unknown(&world, &shell).map(|item| {
            let owed = world.raise(Dong(item["amount"].as_i64().unwrap())).id.to_string();
            let id = item["id"].as_str().unwrap().to_owned();
            let what = ["--resolution", "assign", "--target", &owed, "--reason", "đúng người"];
            shell.json(&[&["exception", "propose", &id][..], &what, &["--person", &clerk]].concat());
            id
        });
        let (here, there) = (Scope::unit(world.ba_dinh.id), Scope::unit(world.tay_ho.id));
        let names = ["Bùi Thị Mẫu", "Cao Văn Mẫu", "Đinh Thị Mẫu", "Hà Văn Mẫu", "Mai Thị Mẫu"];
        let [two_units, two_roles, stranger, reader, city] = names.map(|name| shell.person(name));
        for (role, name, scope, person) in [
            (Role::Approver, "duyet.tayho", &there, two_units),
            (Role::Finance, "ketoan.badinh", &here, two_units),
            (Role::Auditor, "kiemtoan.badinh", &here, two_roles),
            (Role::Finance, "phutrach.badinh", &here, two_roles),
            (Role::Approver, "duyet.khac", &there, stranger),
            (Role::Auditor, "kiemtoan.khac", &here, reader),
            (Role::Approver, "duyet.pho", &here, city),
            (Role::Administrator, "quantri.pho", &Scope::All, city),
        ] {
            appoint(&world, role, name, scope.clone(), person);
        }
        let approve = |item: &str, person: PersonId| {
            let (code, _, error) =
                shell.run(&["exception", "approve", item, "--person", &person.to_string()]);
            (code, error)
        };
        for (who, refused) in [(stranger, "exception_not_found"), (reader, "role_not_allowed")] {
            let (code, error) = approve(&items[0], who);
            assert!(code == 1 && error.contains(refused), "{refused}: {code} {error}");
        }
        for (item, who) in items.iter().zip([two_units, two_roles]) {
            let (code, error) = approve(item, who);
            assert_eq!(code, 0, "{error}");
        }
        // The tariff is the whole city's: of both logins the city's decides.
        let draft = EventId(7).to_string();
        let (_, _, error) = shell.run(&["tariff", "approve", &draft, "--checker", &city.to_string()]);
        assert!(error.contains("tariff_draft_not_found"), "{error}");
    });
}

#[test]
fn who_asks_by_command_has_a_login_that_may_ask_there() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        let [first, second] = two_unknown(&world, &shell);
        let (one, other, line) = (text(&first, "id"), text(&second, "id"), text(&first, "subject"));
        let target = world.raise(Dong(33_000)).id.to_string();
        let taken = world.take(&world.raise(Dong(25_000)), Dong(25_000), Method::Cash).unwrap();
        let (payment, today) = (taken.payment.to_string(), world.now().business_day().to_string());
        let delegate = shell.person("Lê Thị Mẫu").to_string();
        let combine =
            ["exception", "combine", &one, &other, "--target", &target, "--reason", "gộp", "--person"];
        let unmatch = ["exception", "unmatch", &line, "--reason", "khớp nhầm", "--person"];
        let lend = ["duty", "delegate", "--unit", "00004", "--delegate", &delegate, "--acts", "refund"];
        let days = ["--limit", "5000", "--from", &today, "--until", &today, "--decision", "12/QĐ"];
        let lend = [&lend[..], &days, &["--decided", &today, "--giver"]].concat();
        let refund = ["refund", "request", &payment, "--amount", "5000", "--reason", "nộp thừa"];
        let payee = ["--bank", "970432", "--account", "0123456789", "--holder", "NGƯỜI NỘP MẪU", "--person"];
        let refund = [&refund[..], &payee].concat();
        let order = ["remittance", "draft", "--unit", "00004", "--person"];
        let reopen = ["day", "reopen", "--unit", "00004", "--account", world.ba_dinh.account_no];
        let reopen = [&reopen[..], &["--date", &today, "--reason", "sao kê sửa", "--person"]].concat();
        let refused = |asked: &[&str], person: PersonId, refusal: &str| {
            let who = person.to_string();
            let (code, _, error) = shell.run(&[asked, &[who.as_str()]].concat());
            assert!(code == 1 && error.contains(refusal), "{asked:?}: {refusal}: {code} {error}");
        };
        let [cashier, stranger, finance] =
            ["Hồ Thị Mẫu", "Đỗ Văn Mẫu", "Phạm Văn Mẫu"].map(|name| shell.person(name));
        let (here, there) = (Scope::unit(world.ba_dinh.id), Scope::unit(world.tay_ho.id));
        appoint(&world, Role::Cashier, "thungan.badinh", here.clone(), cashier);
        for asked in [&combine[..], &unmatch[..], &lend[..], &order[..], &reopen[..]] {
            refused(asked, cashier, "role_not_allowed");
        }
        appoint(&world, Role::Approver, "duyet.tayho", there, stranger);
        refused(&combine, stranger, "exception_not_found");
        refused(&unmatch, stranger, "line_not_found");
        refused(&lend, stranger, "unit_not_found");
        refused(&refund, stranger, "payment_not_found");
        appoint(&world, Role::Finance, "ketoan.badinh", here, finance);
        let finance = finance.to_string();
        let proposed = shell.json(&[&combine[..], &[finance.as_str()]].concat());
        assert_eq!(proposed["combination"][0]["state"], "proposed", "{proposed}");
    });
}
