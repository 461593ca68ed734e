//! Rules for lines that are no fee: kept as versions by two persons, tried on past days first, and
//! every posted line says which rule it was.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::error::Result;
use bienlai::exception::Kind;
use bienlai::id::{LineId, PersonId, UnitId};
use bienlai::reconciliation::classification::{Class, Rule, default_rules};
use bienlai::reconciliation::rulebook::{self, NewVersion, Question, Version, WhatIf};
use bienlai::reconciliation::{explanation, reconcile};
use bienlai::unit::CITY;
use serde_json::json;

use crate::cash_by_command::Shell;
use crate::corrections::person;
use crate::imports::import;
use crate::shifts_over_http::Desk;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::{World, each_database};

fn sms() -> Rule {
    let fee = default_rules().into_iter().find(|rule| rule.id == "bank_fee").unwrap();
    Rule { id: "sms".into(), phrases: vec!["TIN NHAN".into()], starts_with: Vec::new(), ..fee }
}

fn officer(unit: UnitId, who: PersonId, role: Role) -> Actor {
    if unit == CITY { Actor { person: Some(who), role, ..Actor::system() } } else { person(unit, who, role) }
}

fn propose(world: &World, unit: UnitId, rule: Rule) -> Result<Version> {
    let clerk = officer(unit, world.clerk, Role::Finance);
    let new = NewVersion { unit, rule, rank: None, reason: "ngân hàng đổi nội dung".into() };
    world.app.write(&clerk, |tx, stamp| rulebook::propose(tx, stamp, &clerk, &new))
}

fn approve(world: &World, version: &Version, who: PersonId) -> Result<Version> {
    let actor = officer(version.unit, who, Role::Approver);
    let (unit, id) = (version.unit, version.id);
    world.app.write(&actor, |tx, stamp| rulebook::approve(tx, stamp, &actor, unit, id))
}

fn shown(world: &World, opening: i64, bookings: &[(i64, &str)]) {
    let day = world.now().business_day();
    let mut file = BankFile::new(world.ba_dinh.account_no, day, opening);
    for (amount, memo) in bookings {
        file = file.book(*amount, memo, &format!("R{}", world.next()));
    }
    import(world, &file.without_sequence().camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

fn asked(world: &World, rules: Vec<Rule>) -> WhatIf {
    let today = world.now().business_day();
    let question = Question {
        unit: world.ba_dinh.id,
        account: None,
        first: today.plus_days(-7),
        last: today,
        rules: rules.into_iter().map(|rule| (rule, None)).collect(),
    };
    rulebook::what_if(&world.store, &world.app.vault, &Actor::system(), &question).expect("it is replayed")
}

fn lines(world: &World) -> Vec<LineId> {
    let sql = "SELECT id AS n FROM statement_line ORDER BY id";
    world.look(|conn| Ok(crate::support::tools::numbers(conn, sql))).into_iter().map(LineId).collect()
}

#[test]
fn a_rule_counts_when_another_person_approved_it_and_not_before() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let made = propose(&world, unit, sms()).unwrap();
        assert_eq!((made.version, made.state.as_str(), made.rank), (1, "proposed", 50));
        assert_eq!(propose(&world, unit, sms()).unwrap_err().code(), "class_rule_waiting");
        shown(&world, 0, &[(-9_900, "THU TIN NHAN T11")]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit], "proposed only");
        assert_eq!(approve(&world, &made, world.clerk).unwrap_err().code(), "maker_is_checker");
        approve(&world, &made, world.chief).unwrap();
        assert_eq!(approve(&world, &made, world.chief).unwrap_err().code(), "class_rule_decided");
        world.wait_days(1);
        shown(&world, -9_900, &[(-8_800, "THU TIN NHAN T11")]);
        assert_eq!(world.open_kinds(unit), [Kind::UnknownDebit], "the first stays as it was posted");
        let second = lines(&world)[1];
        let told = world.look(|conn| explanation::explain(conn, unit, second));
        let reason = told.decided_by.expect("a rule decided");
        assert_eq!(
            (reason.rule.as_str(), reason.compared.as_slice()),
            ("classification", &["classification_rule"][..])
        );
        assert_eq!(reason.en, "classification rule sms");
        // Its next version switches it off.
        let off = propose(&world, unit, Rule { is_off: true, ..sms() }).unwrap();
        assert_eq!(off.version, 2);
        approve(&world, &off, world.chief).unwrap();
        world.wait_days(1);
        shown(&world, -18_700, &[(-7_700, "THU TIN NHAN T11")]);
        assert_eq!(world.open_kinds(unit).len(), 2);
        let states = world.words("SELECT state AS t FROM class_rule ORDER BY version");
        assert_eq!(states, ["replaced", "in_force"]);
        assert_eq!(world.count("class_rule_event"), 5, "every step has its event");
    });
}

#[test]
fn a_rule_of_the_city_counts_for_every_unit_and_a_units_own_goes_before_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let city = propose(&world, CITY, sms()).unwrap();
        approve(&world, &city, world.chief).unwrap();
        shown(&world, 0, &[(-9_900, "THU TIN NHAN T11")]);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        let own = propose(&world, world.ba_dinh.id, Rule { is_off: true, ..sms() }).unwrap();
        approve(&world, &own, world.chief).unwrap();
        world.wait_days(1);
        shown(&world, -9_900, &[(-9_900, "THU TIN NHAN T11")]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::UnknownDebit]);
        let scoped = person(world.ba_dinh.id, world.clerk, Role::Finance);
        let new = NewVersion { unit: CITY, rule: sms(), rank: None, reason: "x".into() };
        let refused = world.app.write(&scoped, |tx, stamp| rulebook::propose(tx, stamp, &scoped, &new));
        assert_eq!(
            refused.unwrap_err().code(),
            "unit_not_found",
            "a unit's officer makes no rule of the city"
        );
    });
}

#[test]
fn what_if_shows_the_lines_that_would_change_and_writes_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let paid = format!("{} TIN NHAN", owed.reference_code);
        shown(&world, 0, &[(25_000, &paid), (-9_900, "THU TIN NHAN T11"), (-1_100, "PHI DICH VU")]);
        let before: Vec<i64> = ["posting", "class_rule", "exception_event", "line_case", "audit_entry"]
            .map(|t| world.count(t))
            .to_vec();
        let found = asked(&world, vec![sms()]);
        assert_eq!(found.lines_looked_at, 2, "the fee is not asked about");
        let [change] = found.changes.as_slice() else { panic!("{found:?}") };
        assert_eq!(change.amount, Dong(-9_900));
        assert_eq!((change.before.clone(), change.posted_as.as_deref()), (None, Some("unknown")));
        assert_eq!(change.after, Some((Class::BankFee, "sms".to_owned())));
        assert!(change.decides_after && !change.decides_before);
        let fee = default_rules().into_iter().find(|rule| rule.id == "bank_fee").unwrap();
        let found = asked(&world, vec![Rule { is_off: true, ..fee }]);
        let [change] = found.changes.as_slice() else { panic!("{found:?}") };
        assert_eq!((change.amount, change.after.clone()), (Dong(-1_100), None));
        assert!(asked(&world, vec![]).changes.is_empty());
        let after: Vec<i64> = ["posting", "class_rule", "exception_event", "line_case", "audit_entry"]
            .map(|t| world.count(t))
            .to_vec();
        assert_eq!(before, after);
    });
}

#[test]
fn rules_are_kept_and_tried_over_http_and_by_command() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).settle();
        let paid = format!("{} LE PHI", owed.reference_code);
        shown(&world, 0, &[(25_000, &paid), (-9_900, "THU TIN NHAN T11")]);
        let day = world.now().business_day().to_string();
        let shell = Shell::new(&world);
        let (maker, checker) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Vũ Văn Mẫu").to_string());
        let path = world.database.folder.path().join("rules.toml");
        let text = "[[rule]]\nid = \"sms\"\nclass = \"bank_fee\"\ndirection = \"debit\"\n\
                    phrases = [\"TIN NHAN\"]\namount_at_most = 50000\n";
        std::fs::write(&path, text).unwrap();
        let file = path.to_str().unwrap();
        let tried = shell.json(&[
            "reconcile",
            "what-if",
            "--unit",
            "00004",
            "--from",
            &day,
            "--until",
            &day,
            "--rules",
            file,
            "--json",
        ]);
        assert_eq!(tried["changes"][0]["after"][1], "sms", "{tried}");
        let made = shell.json(&[
            "rule",
            "propose",
            file,
            "--unit",
            "00004",
            "--reason",
            "đổi nội dung",
            "--person",
            &maker,
        ]);
        let id = made[0]["id"].as_str().unwrap().to_owned();
        let (code, _, error) = shell.run(&["rule", "approve", &id, "--person", &maker]);
        assert!(code == 1 && error.contains("maker_is_checker"), "{code} {error}");
        assert_eq!(shell.json(&["rule", "approve", &id, "--person", &checker])["state"], "in_force");
        let (_, listed, _) = shell.run(&["rule", "list", "--unit", "00004"]);
        assert!(listed.contains("sms") && listed.contains("shipped"), "{listed}");
        let (_, listed, _) = shell.run(&["reconcile", "lines", "--unit", "00004", "--date", &day]);
        let first = listed.lines().find(|line| line.contains("fee_receipt")).expect("the fee's line");
        let line = first.split_whitespace().next().unwrap().to_owned();
        let told = shell.json(&["reconcile", "explain", &line]);
        assert_eq!(told["parts"][0]["rule"], "code_and_amount", "{told}");
        assert_eq!(told["parts"][0]["level"], 2);

        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let finance = desk.token(Role::Finance, "Trần Văn Mẫu");
        let approver = desk.token(Role::Approver, "Phạm Văn Mẫu");
        let cashier = desk.token(Role::Cashier, "Hồ Thị Mẫu");
        let told = desk.get(&finance, &format!("/api/v1/lines/{line}"));
        assert_eq!(
            told["line"]["parts"][0]["compared"],
            json!(["amount", "day", "reference_code"]),
            "{told}"
        );
        let rule = json!({ "id": "interest_q", "class": "interest", "direction": "credit", "pattern": "^TRA LAI Q[1-4]$" });
        let body = json!({ "rule": rule, "reason": "lãi theo quý" });
        assert_eq!(desk.refused(&cashier, "/api/v1/classification-rules", &body), "role_not_allowed");
        let tried = json!({ "from": day, "until": day, "rules": [ { "rule": rule } ] });
        let answer = desk.post(&finance, "/api/v1/classification-rules/what-if", &tried);
        assert_eq!(answer["what_if"]["changes"], json!([]), "{answer}");
        let made = desk.post(&finance, "/api/v1/classification-rules", &body);
        let id = made["rule"]["id"].as_str().unwrap();
        let approve = format!("/api/v1/classification-rules/{id}/approve");
        assert_eq!(desk.refused(&finance, &approve, &json!({})), "maker_is_checker");
        assert_eq!(desk.post(&approver, &approve, &json!({}))["rule"]["state"], "in_force");
        let listed = desk.get(&finance, "/api/v1/classification-rules");
        assert_eq!(listed["versions"].as_array().unwrap().len(), 2, "{listed}");
        let listed = desk.get(&finance, &format!("/api/v1/lines?date={day}"));
        assert_eq!(listed["lines"].as_array().unwrap().len(), 2, "{listed}");
        service.stop();
    });
}
