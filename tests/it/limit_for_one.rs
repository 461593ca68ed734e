//! Up to which sum one person settles an exception alone: one administrator drafts it, another approves.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::limit;
use bienlai::report::proposal::{Content, Limit};

use crate::mergers::decided;
use crate::support::program::Service;
use crate::support::visitor::seated;
use crate::support::{World, each_database};

fn content(world: &World, amount: i64, decision: &str) -> Content {
    Content::Limit(Limit { unit: world.ba_dinh.id, amount: Dong(amount), decision_no: decision.to_owned() })
}

#[test]
fn a_limit_holds_when_two_administrators_decided_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let in_force = || world.look(|conn| limit::in_force(conn, world.ba_dinh.id));
        let code = |content: &Content| decided(&world, content).unwrap_err().code();
        assert_eq!(code(&content(&world, -1, "7/QĐ")), "limit_wrong");
        assert_eq!(code(&content(&world, 5_000, " ")), "decision_missing");
        assert_eq!(in_force(), None);
        decided(&world, &content(&world, 5_000, "7/QĐ")).unwrap();
        assert_eq!(in_force(), Some(Dong(5_000)));
        decided(&world, &content(&world, 0, "8/QĐ")).unwrap();
        assert_eq!(in_force(), Some(Dong(0)), "the newest counts");
        assert_eq!(
            world.words(
                "SELECT CAST(maker_person_id AS TEXT) || '-' || CAST(checker_person_id AS TEXT) AS t FROM \
                 exception_limit ORDER BY id LIMIT 1"
            ),
            [format!("{}-{}", world.clerk.0, world.chief.0)]
        );
    });
}

#[test]
fn a_limit_is_drafted_and_approved_on_the_page_of_proposals() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut first = seated(&world, service.address, Role::Administrator, "quantri.mot", Scope::All);
        let mut second = seated(&world, service.address, Role::Administrator, "quantri.hai", Scope::All);
        first.get("/admin/proposals");
        let fields = [("unit", "00004"), ("limit", "50.000"), ("decision_no", "7/QĐ"), ("reason", "ít tiền")];
        let wrong = [("unit", "00004"), ("limit", "x"), ("decision_no", "7/QĐ"), ("reason", "ít tiền")];
        assert_eq!(first.post("/admin/proposals/limit", &wrong).status, 400);
        assert_eq!(first.post("/admin/proposals/limit", &fields).status, 303, "{}", first.page);
        first.get("/admin/proposals");
        first.sees("Hạn mức một người xử lý ngoại lệ: 00004");
        first.sees("50.000 đ, 7/QĐ");
        let at = first.page.find("/admin/proposals/evt_").expect("a way to decide");
        let path: String = first.page[at..].chars().take_while(|c| *c != '"').collect();
        let path = path.rsplit_once('/').expect("a step").0.to_owned() + "/approve";
        assert_eq!(first.post(&path, &[]).status, 400, "not the one who drafted it");
        assert_eq!(world.count("exception_limit"), 0);
        second.get("/admin/proposals");
        assert_eq!(second.post(&path, &[]).status, 303, "{}", second.page);
        let held = world.look(|conn| limit::in_force(conn, world.ba_dinh.id));
        assert_eq!(held, Some(Dong(50_000)));
        service.stop();
    });
}
