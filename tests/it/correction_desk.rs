//! Corrections as staff do them: the agreement attached and read, an invoice adjusted over HTTP, and
//! on the command line an item added, the withdrawal of what nobody pays, and notice 04/SS.

use std::process::Command;

use bienlai::actor::{Role, Scope};
use bienlai::exception::Kind;
use bienlai::obligation::State;
use bienlai::payment::book::Method;
use serde_json::{Value, json};

use crate::corrections::{collected, fee};
use crate::corrections_over_http::{Desk, code};
use crate::documents::{BOTH, fee_and_service, open_invoices};
use crate::support::program::{Service, get, send};
use crate::support::visitor::seated;
use crate::support::{World, each_database};

const PAPER: &[u8] = b"%PDF-1.7\nvan ban thoa thuan so 05/BB\n";

fn with_body(desk: &Desk, token: &str, path: &str, body: &[u8]) -> crate::support::program::Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/pdf")];
    send(desk.address, "POST", path, &headers, body).expect("an answer")
}

#[test]
fn an_invoice_is_adjusted_over_http_with_its_agreement_and_the_citizen_sees_its_chain() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        world.take(&owed, BOTH, Method::Cash).unwrap();
        world.seal();
        let invoice = world.receipts(&owed).remove(1);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let today = world.now().business_day().to_string();
        let body = json!({
            "kind": "adjust",
            "reason": "tính nhầm",
            "agreement": { "number": "05/BB", "on": today, "about": "thỏa thuận về sai sót" },
            "lines": [{ "item": "SAO-CHUP", "amount": 5_400 }],
        });
        let path = format!("/api/v1/receipts/{}/corrections", invoice.id);
        let made = desk.post(&desk.maker, &path, "K", &body);
        assert_eq!(made.status, 201, "{}", made.json());
        let made = made.json();
        assert_eq!(
            (made["document_kind"].as_str(), made["rule"]["mark"].as_str()),
            (Some("invoice_vat"), Some("V2"))
        );
        assert!(made["rule"]["source"].as_str().unwrap().contains("Circular 91/2026/TT-BTC"), "{made}");

        let step = |name: &str| format!("/api/v1/corrections/{}{name}", made["id"].as_str().unwrap());
        assert_eq!(code(&desk.get(&desk.checker, &step("/agreement"))), "agreement_not_found");
        assert_eq!(
            code(&with_body(&desk, &desk.maker, &step("/agreement"), b"<html>")),
            "agreement_type_unknown"
        );
        assert_eq!(code(&with_body(&desk, &desk.checker, &step("/agreement"), PAPER)), "role_not_allowed");
        let attached = with_body(&desk, &desk.maker, &step("/agreement"), PAPER);
        assert_eq!(attached.status, 200, "{}", attached.json());
        let hash = attached.json()["correction"]["agreement_sha256"].as_str().unwrap().to_owned();
        assert_eq!(hash.len(), 64);
        let read = desk.get(&desk.checker, &step("/agreement"));
        assert_eq!((read.status, read.body.as_slice()), (200, PAPER));
        assert_eq!(desk.get(&desk.stranger, &step("/agreement")).status, 404);
        assert_eq!(world.count("audit_entry WHERE action = 'correction.agreement_seen'"), 1);
        assert_eq!(world.count("correction_agreement WHERE CAST(cipher AS TEXT) LIKE '%thoa thuan%'"), 0);

        let done = desk.post(&desk.checker, &step("/approve"), "x", &Value::Null);
        assert_eq!(done.status, 200, "{}", done.json());
        assert_eq!(
            code(&with_body(&desk, &desk.maker, &step("/agreement"), PAPER)),
            "correction_not_requested",
            "what was approved stays"
        );
        let page = get(service.address, &format!("/r/{}", invoice.lookup_code)).unwrap().body;
        let page = String::from_utf8(page).unwrap();
        for words in [
            "Đã được điều chỉnh",
            "Hóa đơn điều chỉnh",
            "-5.400",
            "5.400 đ",
            "Thuế giá trị gia tăng",
            "800 đ",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(page.contains("Chứng từ cùng lần nộp"), "the receipt beside it: {page}");
        service.stop();
    });
}

/// Runs the program's own command line on the service's database.
fn run(service: &Service, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_bienlai"))
        .args(arguments)
        .arg("--config")
        .arg(service.config())
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[test]
fn on_the_command_line_an_item_is_added_and_what_nobody_pays_is_withdrawn() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (_, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let (maker, checker) = (desk.maker_person.to_string(), desk.checker_person.to_string());
        let tariff = format!("{}/fixtures/tariff/hanoi.toml", env!("CARGO_MANIFEST_DIR"));
        run(&service, &["tariff", "load", &tariff]).unwrap();
        let id = receipt.id.to_string();
        let today = world.now().business_day().to_string();
        let ground = ["--reason", "thiếu một khoản", "--agreement", "05/BB", "--agreed-on", &today];
        let request = |change: &[&str]| {
            let mut arguments = vec!["correction", "request", id.as_str()];
            arguments.extend_from_slice(change);
            arguments.extend_from_slice(&ground);
            arguments.extend_from_slice(&["--about", "sai sót", "--person", maker.as_str()]);
            run(&service, &arguments)
        };
        let unknown = request(&["--kind", "adjust", "--remove", "HT-99"]).unwrap_err();
        assert!(unknown.contains("correction_line_unfit"), "{unknown}");
        for way in ["adjust", "replace"] {
            let nothing = request(&["--kind", way]).unwrap_err();
            assert!(nothing.contains("correction_lines_missing"), "{way}: {nothing}");
            let by_name = request(&["--kind", way, "--remove", "HT-01"]).unwrap_err();
            assert!(by_name.contains("correction_to_nothing"), "meant, and refused by its rule: {by_name}");
        }
        assert_eq!(world.count("correction"), 0);
        let notice = request(&["--kind", "replace", "--payer-name", "Nguyễn Thị Mẫu"]).unwrap_err();
        assert!(notice.contains("correction_needs_notice"), "{notice}");
        let asked = request(&["--kind", "adjust", "--add", "ho_tich_khai_tu_qua_han"]).unwrap();
        let asked: Value = serde_json::from_str(&asked).unwrap();
        assert_eq!(asked["difference"], 5_000, "what was there stays: {asked}");
        let correction = asked["id"].as_str().unwrap();

        let folder = world.database.folder.path();
        let (paper, copy) = (folder.join("van-ban.pdf"), folder.join("ban-sao.pdf"));
        std::fs::write(&paper, PAPER).unwrap();
        run(
            &service,
            &["correction", "attach", correction, "--file", paper.to_str().unwrap(), "--person", &maker],
        )
        .unwrap();
        run(
            &service,
            &["correction", "agreement", correction, "-o", copy.to_str().unwrap(), "--person", &checker],
        )
        .unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), PAPER);

        run(&service, &["correction", "approve", correction, "--person", &checker]).unwrap();
        let unpaid = run(&service, &["correction", "list", "--unit", "00004", "--unpaid"]).unwrap();
        assert!(unpaid.contains(correction) && unpaid.contains("5.000"), "{unpaid}");
        assert!(unpaid.contains("Còn thiếu") && unpaid.contains("đã duyệt / approved"), "{unpaid}");
        let all = run(&service, &["correction", "list", "--unit", "00004"]).unwrap();
        assert!(all.contains("Cách sửa") && all.contains("đã duyệt / approved"), "{all}");
        assert!(!all.contains("Receipt") && !all.contains("State"), "{all}");
        let shown = desk.get(&desk.checker, &format!("/api/v1/corrections/{correction}")).json();
        assert_eq!(
            (shown["awaited"]["outstanding"].as_i64(), &shown["awaited"]["is_overdue"]),
            (Some(5_000), &json!(false))
        );
        let withdraw = ["correction", "withdraw", correction, "--reason", "không nộp", "--person", &maker];
        run(&service, &withdraw).unwrap();
        let same = run(&service, &["correction", "withdraw-approve", correction, "--person", &maker]);
        assert!(same.unwrap_err().contains("maker_is_checker"));
        let agree = format!("/api/v1/corrections/{correction}/withdrawal/approve");
        let done = desk.post(&desk.checker, &agree, "x", &Value::Null);
        assert_eq!((done.status, done.json()["correction"]["state"].as_str()), (200, Some("withdrawn")));
        let unpaid = run(&service, &["correction", "list", "--unit", "00004", "--unpaid"]).unwrap();
        assert!(!unpaid.contains(correction), "{unpaid}");

        let explain = ["correction", "explain", &id, "--name", "Nguyễn Thị Mẫu", "--person", &maker];
        let filing = run(&service, &explain).unwrap();
        run(&service, &["tax", "notice", "approve", filing.trim(), "--person", &checker]).unwrap();
        let told = desk.get(&desk.checker, &format!("/api/v1/receipts/{id}")).json();
        assert_eq!(told["notices"][0]["form"], "04/SS-CTĐT", "{told}");
        assert_eq!(told["chain"].as_array().map(Vec::len), Some(1), "no new number");
        service.stop();
    });
}

#[test]
fn finance_asks_with_the_paper_the_approver_opens_it_and_what_nobody_pays_is_withdrawn_on_the_workbench() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let mut finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", unit.clone());
        let mut chief = seated(&world, service.address, Role::Approver, "duyet.badinh", unit);
        let elsewhere = Scope::unit(world.tay_ho.id);
        let mut stranger = seated(&world, service.address, Role::Approver, "duyet.tayho", elsewhere);

        let page = format!("/counter/obligations/{}/correct", owed.id);
        assert_eq!(finance.get(&page).status, 200);
        assert!(!finance.page.contains(&format!("href=\"/counter/obligations/{}\"", owed.id)), "no counter");
        finance.sees("enctype=\"multipart/form-data\"");
        let (id, today) = (receipt.id.to_string(), world.now().business_day().to_string());
        let fields = [
            ("receipt", id.as_str()),
            ("edition", "0"),
            ("kind", "adjust"),
            ("reason", "tính thiếu một bản"),
            ("number", "08/BB"),
            ("on", today.as_str()),
            ("about", "thỏa thuận về sai sót"),
            ("l.0.0", "33000"),
        ];
        let refused = finance.upload_as(&page, &fields, "agreement", b"<html>");
        assert_eq!((refused.status, world.count("correction")), (400, 0), "neither is kept");
        finance.sees("value=\"tính thiếu một bản\"");
        let asked = finance.upload_as(&page, &fields, "agreement", PAPER);
        assert_eq!(asked.status, 303, "{}", finance.page);

        chief.get("/duties");
        chief.sees("đã đính kèm bản quét");
        let correction = world.words("SELECT CAST(id AS TEXT) AS t FROM correction").remove(0);
        let correction = bienlai::id::CorrectionId(correction.parse().unwrap()).to_string();
        let paper = format!("/duties/corrections/{correction}/agreement");
        chief.sees(&paper);
        let opened = chief.get(&paper);
        assert_eq!((opened.status, opened.body.as_slice()), (200, PAPER));
        assert_eq!(stranger.get(&paper).status, 404);
        assert_eq!(world.count("audit_entry WHERE action = 'correction.agreement_seen'"), 1);
        let unit_id = world.ba_dinh.id.to_string();
        let mut decide = |act: &str| {
            chief.get("/duties");
            let about = [
                ("act", act),
                ("unit_id", unit_id.as_str()),
                ("subject", correction.as_str()),
                ("verdict", "approve"),
            ];
            let done = chief.post("/duties/decide", &about);
            assert_eq!(done.status, 303, "{}", chief.page);
        };
        decide("correction");
        assert_eq!(world.again(&owed).state, State::Reopened);

        // Nobody pays the difference.
        let items = world.exceptions(world.ba_dinh.id);
        let item = items.iter().find(|item| item.kind == Kind::Underpaid).expect("it is asked for");
        let bench = format!("/finance/exceptions/{}", item.id);
        finance.get(&bench);
        finance.sees("Biên lai đã lập vẫn còn hiệu lực");
        finance.sees(&page);
        assert!(!finance.page.contains("value=\"cancel\""), "no way to a wall: the receipt stands");
        let wrong = finance.post(&bench, &[("do", "cancel"), ("reason", "không nộp")]);
        assert_eq!(wrong.status, 400);
        let no_reason = finance.post(&bench, &[("do", "withdraw"), ("reason", " ")]);
        assert_eq!(no_reason.status, 400);
        let done = finance.post(&bench, &[("do", "withdraw"), ("reason", "không nộp")]);
        assert_eq!(done.status, 303, "{}", finance.page);
        finance.get(&bench);
        finance.sees("Đã đề nghị rút việc sửa");
        assert!(!finance.page.contains("value=\"withdraw\""), "once");
        decide("withdrawal");
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(world.receipts(&owed)[0].state, "signed", "the receipt stood all the time");
        service.stop();
    });
}
