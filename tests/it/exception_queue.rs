//! A day at the queue, as finance, an approver and an auditor live it: on the real program.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::exception::limit;
use bienlai::reconciliation::reconcile;
use serde_json::{Value, json};

use crate::imports::import;
use crate::shifts_over_http::Desk;
use crate::support::bank_file::BankFile;
use crate::support::program::Service;
use crate::support::{World, each_database};

fn ids(list: &Value) -> Vec<String> {
    let items = list["exceptions"].as_array().expect("a list");
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Three credits that nobody can place.
fn unexplained(world: &World) {
    let (commune, today) = (&world.ba_dinh, world.now().business_day());
    let file = BankFile::new(commune.account_no, today, 0)
        .book(11_000, "chuyen tien", "R1")
        .book(22_000, "nop tien", "R2")
        .book(33_000, "tien le phi", "R3");
    import(world, &file.without_sequence().camt());
    reconcile(&world.store, &world.stamp(), &Actor::system(), commune.id, commune.account).unwrap();
}

#[test]
fn the_queue_is_filtered_paged_given_away_and_settled_item_by_item() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        unexplained(&world);
        let owed = world.raise(Dong(11_000));
        world.change(|tx, stamp| {
            let (what, who) = ((Dong(20_000), "7/QĐ"), (world.clerk, world.chief));
            limit::set(tx, stamp, &Actor::system(), world.ba_dinh.id, what, who)
        });
        let mut service = Service::start(&world);
        let desk = Desk { world: &world, service: &service };
        let finance = desk.token(Role::Finance, "Lê Thị Mẫu");
        let approver = desk.token(Role::Approver, "Phạm Văn Mẫu");
        let auditor = desk.token(Role::Auditor, "Đỗ Thị Mẫu");
        let list = |query: &str| ids(&desk.get(&auditor, &format!("/api/v1/exceptions?{query}")));

        // Pages and filters.
        let first = desk.get(&auditor, "/api/v1/exceptions?limit=2");
        let next = first["next"].as_str().expect("there is more");
        assert_eq!(list(&format!("limit=2&after={next}")).len(), 1);
        let all = list("unit=00004&state=unresolved");
        assert_eq!(all.len(), 3);
        let account = world.ba_dinh.account;
        for (query, count) in [
            ("kind=unidentified_credit&owner=finance", 3),
            ("kind=underpaid", 0),
            ("amount_from=20000&amount_to=25000", 1),
            ("due_before=2020-01-01", 0),
            ("due_before=2100-01-01", 3),
            ("min_age_days=1", 0),
            ("max_age_days=0", 3),
            ("state=resolved", 0),
            ("owner=city", 0),
        ] {
            assert_eq!(list(&format!("{query}&account={account}")).len(), count, "{query}");
        }
        let wrong = desk.ask(&auditor, "GET", "/api/v1/exceptions?owner=nobody", b"");
        assert_eq!(wrong.json()["error"]["code"], "exception_owner_unknown");

        // One item says what it is and what it does.
        let (one, two, three) = (&all[0], &all[1], &all[2]);
        let path = |id: &str, rest: &str| format!("/api/v1/exceptions/{id}{rest}");
        let shown = desk.get(&finance, &path(one, ""));
        for field in ["owner", "due_on", "next_step", "effect", "effect_en"] {
            assert!(
                shown["exception"][field].as_str().is_some_and(|text| text.len() > 5),
                "{field}: {shown}"
            );
        }
        assert_eq!(shown["one_person_limit"], 20_000);

        // Comments and owners.
        desk.post(&finance, &path(one, "/comments"), &json!({ "comment": " đã gọi\u{202e} ngân hàng " }));
        let empty = json!({ "comment": "\u{200b}" });
        assert_eq!(desk.refused(&finance, &path(one, "/comments"), &empty), "comment_missing");
        assert_eq!(
            desk.refused(&auditor, &path(one, "/comments"), &json!({ "comment": "x" })),
            "role_not_allowed"
        );
        let nobody = json!({ "owner": "approver", "person": "per_0000000000077", "reason": "cần cấp trên" });
        assert_eq!(desk.refused(&finance, &path(two, "/assign"), &nobody), "person_not_found");
        let many = json!({ "exceptions": [one, two], "action": "assign", "owner": "approver",
            "person": "per_0000000000077", "reason": "cần cấp trên" });
        assert_eq!(desk.refused(&finance, "/api/v1/exceptions/bulk", &many), "person_not_found");
        let give = json!({ "owner": "approver", "reason": "cần cấp trên" });
        desk.post(&finance, &path(two, "/assign"), &give);
        assert_eq!(list("owner=approver"), vec![two.as_str()]);
        let events = desk.get(&finance, &path(one, ""))["events"].clone();
        assert_eq!(events[1]["kind"], "commented");
        assert_eq!(events[1]["reason"], "đã gọi ngân hàng", "cleaned");

        // Many at once: each answers on its own.
        let unknown = "exc_0000000000077";
        let bulk =
            json!({ "exceptions": [one, unknown, three], "action": "comment", "comment": "chờ sao kê" });
        let answer = desk.post(&finance, "/api/v1/exceptions/bulk", &bulk);
        let oks: Vec<bool> =
            answer["results"].as_array().unwrap().iter().map(|one| one["ok"].as_bool().unwrap()).collect();
        assert_eq!(oks, [true, false, true]);
        assert_eq!(answer["results"][1]["error"]["code"], "exception_not_found");
        let unfit = json!({ "exceptions": [one, three], "action": "propose", "resolution": "acknowledge",
            "reason": "đã xem" });
        let answer = desk.post(&finance, "/api/v1/exceptions/bulk", &unfit);
        assert_eq!(answer["results"][0]["error"]["code"], "resolution_unfit");
        assert_eq!(list("state=open").len(), 3, "what does not fit leaves no proposal behind");
        let budget = json!({ "exceptions": [one, three], "action": "propose", "resolution": "to_budget",
            "reason": "không rõ" });
        let answer = desk.post(&finance, "/api/v1/exceptions/bulk", &budget);
        assert_eq!(answer["results"][0]["error"]["code"], "decision_missing");
        let none = json!({ "exceptions": [unknown], "action": "comment", "comment": "x" });
        assert_eq!(desk.refused(&finance, "/api/v1/exceptions/bulk", &none), "exception_not_found");
        let odd = json!({ "exceptions": [one], "action": "dance" });
        assert_eq!(desk.refused(&finance, "/api/v1/exceptions/bulk", &odd), "bulk_action_unknown");

        // What is proposed together is sent back together, and by no other way.
        let both = world.raise(Dong(55_000));
        let together = json!({ "exceptions": [two, three], "target": both.id, "reason": "hai lần chuyển" });
        desk.post(&finance, "/api/v1/exceptions/combine", &together);
        assert_eq!(desk.get(&finance, &path(two, ""))["combination"].as_array().map(Vec::len), Some(2));
        assert_eq!(desk.refused(&approver, &path(two, "/approve"), &Value::Null), "combine_whole");
        let unclear = json!({ "reason": "chưa rõ" });
        assert_eq!(desk.refused(&approver, &path(two, "/refuse"), &unclear), "combine_whole");
        let crafted = json!({ "resolution": "combine", "target": both.id, "reason": "một khoản" });
        assert_eq!(desk.refused(&finance, &path(one, "/propose"), &crafted), "resolution_unknown");
        assert_eq!(list("state=proposed").len(), 2);
        desk.post(&approver, &path(three, "/combination/refuse"), &unclear);
        assert_eq!(list("state=open").len(), 3);

        // One person alone within the limit, two above it.
        let assign = json!({ "resolution": "assign", "target": owed.id, "reason": "người nộp xác nhận" });
        assert_eq!(desk.refused(&finance, &path(three, "/resolve"), &assign), "second_person_needed");
        let settled = desk.post(&finance, &path(one, "/resolve"), &assign);
        assert_eq!(settled["exception"]["state"], "resolved");
        assert_eq!(world.receipts(&owed).len(), 1);
        let decided = json!({ "resolution": "to_budget", "reason": "không ai nhận",
            "decision": { "number": "123/QĐ-UBND", "on": world.now().business_day() } });
        desk.post(&finance, &path(three, "/propose"), &decided);
        assert_eq!(desk.refused(&finance, &path(three, "/approve"), &Value::Null), "maker_is_checker");
        desk.post(&approver, &path(three, "/approve"), &Value::Null);
        let shown = desk.get(&auditor, &path(three, ""));
        assert_eq!(shown["proposal"]["decision"]["number"], "123/QĐ-UBND");

        // What undoing would do is told before anybody asks for it; a letter and a hint are for what is open.
        assert_eq!(desk.get(&auditor, &path(three, ""))["undo"]["does"]["to_suspense"], 33_000);
        let question = json!({ "question": "Đề nghị cho biết người chuyển" });
        assert_eq!(desk.refused(&finance, &path(three, "/letters"), &question), "letter_unfit");
        let letter = desk.post(&finance, &path(two, "/letters"), &question)["letter"].clone();
        let at = format!("/api/v1/letters/{}", letter["id"].as_str().unwrap());
        let pdf = desk.ask(&finance, "GET", &format!("{at}/pdf"), b"");
        assert_eq!((pdf.status, pdf.body.starts_with(b"%PDF-1.")), (200, true));
        let reply = json!({ "outcome": "unknown", "on": world.now().business_day(), "words": "Chưa rõ" });
        desk.post(&finance, &format!("{at}/reply"), &reply);
        assert_eq!(desk.get(&finance, &at)["replies"][0]["words"], "Chưa rõ");
        assert_eq!(desk.get(&auditor, &at)["replies"][0]["words"], "Chưa rõ", "auditors read all");
        let hint = desk.get(&finance, &path(two, "/hints"));
        assert_eq!(hint["hint"]["units"], json!([]));
        assert_eq!(desk.get(&auditor, "/api/v1/exceptions/alarms?unit=00004")["alarms"], json!([]));
        service.stop();
    });
}
