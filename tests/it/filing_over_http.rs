//! Registering, explaining and being reminded over HTTP, with the real program and a simulated authority.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::filing::registration::listed_from_pem;
use bienlai::filing::transmission::Wanted;
use bienlai::id::UnitId;
use bienlai::payment::book::Method;
use bienlai::simulator::tax_authority::server::Server;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::unit::imprint::{self, Imprint, Principal};
use bienlai::unit::registration::{self, Acceptance, CertificateAction};
use serde_json::{Value, json};

use crate::filing::{OTHER_SIGNER, client, install, newcomer};
use crate::support::program::{How, Reply, Service, get, send};
use crate::support::{World, each_database};

/// The courier asks for answers after about 15 and 45 seconds.
const PATIENCE: Duration = Duration::from_secs(150);

fn ask(address: SocketAddr, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(address, method, path, &headers, body.as_bytes()).expect("an answer")
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// Asks until the answer fits.
fn wait_for(what: &str, service: &Service, ask: impl Fn() -> Value, fits: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let seen = ask();
        if fits(&seen) {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: {seen}\n{}", service.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn authority() -> (Arc<TaxAuthority>, Server, String) {
    let authority = Arc::new(TaxAuthority::new(Habits { asked_before_answer: 0, ..Habits::default() }));
    let server = Server::start(Arc::clone(&authority), "127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", server.address);
    (authority, server, url)
}

fn registration_body() -> Value {
    json!({
        "unit": "00999", "action": "new", "office_code": "10100", "office_name": "Thuế cơ sở Thử",
        "contact_name": "Người Liên Hệ Mẫu", "contact_email": "lienhe@example.vn",
        "contact_phone": "02400000000",
    })
}

#[test]
fn an_administrator_registers_entrusted_collection_over_the_api() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = newcomer(&world);
        let own = listed_from_pem(OTHER_SIGNER, CertificateAction::Add).unwrap();
        install(&world, unit, &own.serial).unwrap();
        let principal = Principal {
            name: "Sở Thử Nghiệm".into(),
            tax_code: "9900000009".into(),
            contract: "01/HĐ-UNT".into(),
        };
        world.change(|tx, stamp| {
            let imprint = Imprint { principal: Some(principal.clone()), ..Imprint::default() };
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &imprint)
        });
        let administrator = client(&world, unit, "Quản trị Thử", Role::Administrator);
        let finance = client(&world, unit, "Kế toán Thử", Role::Finance);
        let stranger = client(&world, world.tay_ho.id, "Quản trị Khác", Role::Administrator);
        let (authority, _server, url) = authority();
        let how = How { tax_endpoint: Some(&url), ..How::default() };
        let mut service = Service::start_as(&world, how).expect("the service is ready");
        let post = |token: &str, path: &str, body: &Value| ask(service.address, token, "POST", path, body);
        let path = "/api/v1/tax/registrations";

        let mut body = registration_body();
        assert_eq!(code(&post(&finance, path, &body)).0, 403);
        assert_eq!(code(&post(&stranger, path, &body)).0, 404);
        let refused = post(&administrator, path, &body);
        assert_eq!(code(&refused), (400, "registration_entrustment_missing".into()));
        body["entrustments"] = json!([{
            "direction": "entrusted", "template": "01BLP0-001", "series": "ZZ-26E", "tax_code": "9900000008",
            "organisation": "Sở Thử Nghiệm", "purpose": "Thu hộ phí", "valid_from": "2026-12-01",
            "valid_until": "2027-11-30", "payment_method": "Chuyển khoản",
        }]);
        assert_eq!(
            code(&post(&administrator, path, &body)),
            (400, "registration_entrustment_missing".into())
        );
        body["entrustments"][0]["tax_code"] = json!("9900000009");
        body["entrustments"][0]["valid_until"] = json!("2026-11-30");
        assert_eq!(code(&post(&administrator, path, &body)), (400, "registration_entrustment_wrong".into()));
        body["entrustments"][0]["valid_until"] = json!("2027-11-30");
        body["office_code"] = json!("HN");
        assert_eq!(code(&post(&administrator, path, &body)), (400, "tax_office_wrong".into()));
        body["office_code"] = json!("10100");
        // A certificate of another taxpayer is not listed.
        let theirs = include_str!("../../fixtures/receipt/test-only-signer.pem");
        body["certificates"] = json!([{ "pem": theirs, "action": "add" }]);
        assert_eq!(code(&post(&administrator, path, &body)), (400, "certificate_tax_code_mismatch".into()));
        body["certificates"] = json!([{ "pem": OTHER_SIGNER, "action": "add" }]);
        let made = post(&administrator, path, &body);
        assert_eq!(made.status, 200, "{}", made.json());
        assert_eq!(made.json()["form"]["data"]["entrustments"][0]["kind"], 2);
        assert_eq!(made.json()["form"]["state"], "requested");
        let approve = format!("{path}/{}/approve", made.json()["form"]["id"].as_str().unwrap());
        let seen = |revision: i64| json!({ "expected_revision": revision });
        assert_eq!(code(&post(&administrator, &approve, &seen(1))), (403, "maker_is_checker".into()));
        assert_eq!(code(&post(&finance, &approve, &seen(7))), (409, "act_changed".into()));
        let approved = post(&finance, &approve, &seen(1));
        assert_eq!((approved.status, &approved.json()["form"]["state"]), (200, &json!("drafted")));
        let list = format!("{path}?unit=00999");
        let look = || ask(service.address, &administrator, "GET", &list, &Value::Null).json();
        // The last answer takes its time; the office has told its number by telephone.
        let seen = wait_for("received", &service, look, |seen| seen["forms"][0]["state"] == "received");
        let by_hand = json!({
            "unit": "00999", "notice_no": "77/TB", "accepted_on": world.now().business_day().to_string(),
            "form": seen["forms"][0]["id"],
        });
        let accepted = post(&administrator, "/api/v1/tax/registrations/accept", &by_hand);
        assert_eq!(accepted.status, 200, "{}", accepted.json());
        let seen = look();
        assert_eq!(seen["forms"][0]["state"], "accepted");
        assert_eq!(seen["accepted"][0]["form"], "01/ĐKTĐ-CTĐT");
        assert_eq!(seen["certificates"].as_array().unwrap().len(), 1);
        let signs = &seen["certificates"][0]["signs"];
        assert_eq!(signs[0]["documents"], "receipt", "{signs}");
        assert_eq!(signs[0]["from"], by_hand["accepted_on"], "{signs}");
        assert_eq!((authority.taken().len(), authority.doubles()), (1, 0));
        let sent = world.look(|conn| {
            let found = bienlai::filing::transmission::of_unit(conn, Some(unit), Wanted::All, 9)?;
            bienlai::filing::transmission::payload(conn, unit, found[0].id)
        });
        let sent = String::from_utf8(sent).unwrap();
        let expected = "<DSDKUNhiem><DKUNhiem><LDKUNhiem>2</LDKUNhiem><STT>1</STT><TLCTu>Biên lai thu phí, lệ phí</TLCTu>\
                        <KHMCTu>01BLP0-001</KHMCTu><KHCTu>ZZ-26E</KHCTu><MST>9900000009</MST>";
        assert!(sent.contains(expected), "{sent}");
        service.stop();
    });
}

#[test]
fn an_administrator_records_an_acceptance_over_the_api_once() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = newcomer(&world);
        let administrator = client(&world, unit, "Quản trị Thử", Role::Administrator);
        let finance = client(&world, unit, "Kế toán Thử", Role::Finance);
        let mut service = Service::start(&world);
        let path = "/api/v1/tax/registrations/accept";
        let today = world.now().business_day();
        let mut body = json!({
            "unit": "00999", "notice_no": "12/TB", "accepted_on": today.plus_days(1).to_string(),
            "office_code": "10100", "office_name": "Thuế cơ sở Thử", "document_kinds": ["receipt"],
            "certificates": [{ "pem": OTHER_SIGNER, "action": "add" }],
        });
        let post = |token: &str, body: &Value| ask(service.address, token, "POST", path, body);
        assert_eq!(code(&post(&administrator, &body)), (400, "registration_date_in_future".into()));
        body["accepted_on"] = json!(today.to_string());
        assert_eq!(post(&finance, &body).status, 403);
        body["office_code"] = json!("HN");
        assert_eq!(code(&post(&administrator, &body)), (400, "tax_office_wrong".into()));
        body["office_code"] = json!("10100");
        body["form_name"] = json!("01/ABC");
        assert_eq!(code(&post(&administrator, &body)), (400, "registration_form_unknown".into()));
        body["form_name"] = json!("01/ĐKTĐ-HĐĐT");
        assert_eq!(code(&post(&administrator, &body)), (400, "registration_form_unfit".into()));
        body["form_name"] = json!("01/ĐKTĐ-CTĐT");
        let recorded = post(&administrator, &body);
        assert_eq!(recorded.status, 200, "{}", recorded.json());
        assert_eq!(code(&post(&administrator, &body)), (409, "registration_exists".into()));
        // What is stopped is named by its serial, and by its issuer where that is asked.
        let held = world.look(|conn| registration::certificates(conn, unit)).remove(0);
        let stop = |issuer: &str, notice: &str| {
            json!({
                "unit": "00999", "notice_no": notice, "accepted_on": today.to_string(), "office_code": "10100",
                "office_name": "Thuế cơ sở Thử", "document_kinds": ["receipt"],
                "certificates": [{ "serial": held.serial, "issuer": issuer, "action": "stop" }],
            })
        };
        let wrong = code(&post(&administrator, &stop("CN=another authority", "13/TB")));
        assert_eq!(wrong, (400, "registration_certificates_wrong".into()));
        assert_eq!(post(&administrator, &stop(&held.issuer, "13/TB")).status, 200);
        assert!(world.look(|conn| registration::certificates(conn, unit)).is_empty());
        service.stop();
    });
}

#[test]
fn a_wrong_name_is_explained_over_the_api_by_two_persons() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.seal();
        let receipt = world.receipts(&owed).remove(0).id;
        let unit = world.ba_dinh.id;
        let cashier = client(&world, unit, "Thu ngân Thử", Role::Cashier);
        let approver = client(&world, unit, "Lãnh đạo Thử", Role::Approver);
        let stranger = client(&world, world.tay_ho.id, "Lãnh đạo Khác", Role::Approver);
        let (authority, _server, url) = authority();
        let how = How { tax_endpoint: Some(&url), ..How::default() };
        let mut service = Service::start_as(&world, how).expect("the service is ready");
        let post = |token: &str, path: &str, body: &Value| ask(service.address, token, "POST", path, body);
        let path = "/api/v1/tax/notices";
        let body = |reason: &str| json!({ "unit": "00004", "documents": [{ "receipt": receipt, "reason": reason }] });
        assert_eq!(code(&post(&cashier, path, &body(" "))), (400, "field_missing".into()));
        assert_eq!(post(&stranger, path, &body("Sai tên")).status, 404);
        let made = post(&cashier, path, &body("Sai tên người nộp"));
        assert_eq!((made.status, made.json()["notice"]["state"].clone()), (200, json!("requested")));
        let first = made.json()["notice"]["id"].as_str().unwrap().to_owned();
        assert_eq!(code(&post(&cashier, path, &body("Sai tên"))), (409, "notice_pending".into()));
        let act = |token: &str, id: &str, what: &str, body: &Value| {
            post(token, &format!("{path}/{id}/{what}"), body)
        };
        assert_eq!(act(&cashier, &first, "approve", &Value::Null).status, 403);
        assert_eq!(act(&stranger, &first, "approve", &Value::Null).status, 404);
        assert_eq!(code(&act(&cashier, &first, "withdraw", &json!({ "reason": "" }))).1, "reason_missing");
        let withdrawn = act(&cashier, &first, "withdraw", &json!({ "reason": "Nhầm biên lai" }));
        assert_eq!(withdrawn.json()["notice"]["state"], "withdrawn");
        assert_eq!(code(&act(&approver, &first, "approve", &Value::Null)).1, "notice_not_requested");

        let made = post(&cashier, path, &body("Sai tên người nộp"));
        let second = made.json()["notice"]["id"].as_str().unwrap().to_owned();
        let approved = act(&approver, &second, "approve", &Value::Null);
        assert_eq!((approved.status, approved.json()["notice"]["state"].clone()), (200, json!("drafted")));
        let list = format!("{path}?unit=00004");
        let look = || ask(service.address, &cashier, "GET", &list, &Value::Null).json();
        let seen = wait_for("accepted", &service, look, |seen| seen["notices"][0]["state"] == "accepted");
        assert_eq!(seen["notices"].as_array().unwrap().len(), 2);
        let shown =
            ask(service.address, &cashier, "GET", &format!("/api/v1/receipts/{receipt}"), &Value::Null);
        let states: Vec<Value> =
            shown.json()["notices"].as_array().unwrap().iter().map(|told| told["state"].clone()).collect();
        assert_eq!(states, [json!("withdrawn"), json!("accepted")], "shown where the receipt is");
        assert_eq!((authority.taken().len(), authority.doubles()), (1, 0));
        service.stop();
    });
}

/// Ba Đình was registered long ago, so that its last quarter is due.
fn registered_on(world: &World, unit: UnitId, day: &str) {
    world.change(|tx, stamp| {
        let acceptance = Acceptance {
            unit,
            form: "01/ĐKTĐ-CTĐT".into(),
            notice_no: "TB-0000".into(),
            accepted_on: day.parse().unwrap(),
            document_kinds: vec!["receipt".into()],
            office_code: "10100".into(),
            office_name: "Thuế thành phố Thử".into(),
            certificates: vec![],
            filing: None,
        };
        registration::record(tx, stamp, &Actor::system(), acceptance)
    });
}

#[test]
fn an_officer_is_told_of_a_report_that_is_late_approves_it_and_it_is_sent() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let unit = world.ba_dinh.id;
        let last = bienlai::filing::period::Quarter::of(world.now().business_day()).previous();
        registered_on(&world, unit, &last.first_day().to_string());
        let officer = client(&world, unit, "Kế toán Thử", Role::Finance);
        let cashier = client(&world, unit, "Thu ngân Thử", Role::Cashier);
        let stranger = client(&world, world.tay_ho.id, "Kế toán Khác", Role::Finance);
        let (authority, _server, url) = authority();
        let how = How { tax_endpoint: Some(&url), ..How::default() };
        let mut service = Service::start_as(&world, how).expect("the service is ready");
        let address = service.address;
        let due = |token: &str| ask(address, token, "GET", "/api/v1/tax/due", &Value::Null);
        assert_eq!(due(&cashier).status, 403);
        let is_made = |seen: &Value| seen["alarms"][0]["kind"] == "report_approval";
        let seen = wait_for("made", &service, || due(&officer).json(), is_made);
        let alarm = &seen["alarms"][0];
        assert_eq!(
            (alarm["unit"].as_str(), alarm["quarter"].as_str()),
            (Some("00004"), Some(&*last.to_string()))
        );
        assert!(alarm["vi"].as_str().unwrap().contains("chờ duyệt"), "{alarm}");
        assert_eq!(due(&stranger).json()["alarms"], json!([]), "another unit's alarms are not shown");

        let told = Command::new(env!("CARGO_BIN_EXE_bienlai"))
            .args(["tax", "due", "--unit", "00004", "--config"])
            .arg(service.config())
            .output()
            .unwrap();
        let text = String::from_utf8(told.stdout).unwrap();
        assert!(text.contains("chờ duyệt") && text.contains(&last.to_string()), "{text}");
        let level = alarm["level"].as_str().unwrap().to_owned();
        assert_eq!(told.status.code(), Some(if level == "alarm" { 1 } else { 0 }), "{text}");
        let gauge = format!("bienlai_tax_alarms{{kind=\"report_approval\",level=\"{level}\"}} 1");
        let metrics = || Value::String(String::from_utf8(get(address, "/metrics").unwrap().body).unwrap());
        wait_for("counted", &service, metrics, |seen| seen.as_str().unwrap().contains(&gauge));

        let id = alarm["filing"].as_str().unwrap();
        let path = format!("/api/v1/tax/reports/{id}/approve");
        assert_eq!(ask(address, &stranger, "POST", &path, &Value::Null).status, 404);
        let approved = ask(address, &officer, "POST", &path, &Value::Null);
        assert_eq!((approved.status, approved.json()["report"]["state"].clone()), (200, json!("drafted")));
        assert_eq!(code(&ask(address, &officer, "POST", &path, &Value::Null)).1, "report_not_requested");
        wait_for("sent", &service, || due(&officer).json(), |seen| seen["alarms"] == json!([]));
        assert_eq!((authority.taken().len(), authority.doubles()), (1, 0));
        service.stop();
    });
}

#[test]
fn the_command_that_sends_waits_for_the_answer_and_says_what_came() {
    let mut world = World::settled_in_today(crate::support::Database::sqlite());
    world.stop_watching();
    let (_authority, _server, url) = authority();
    let how = How { tax_endpoint: Some(&url), ..How::default() };
    // The service is ended before anything waits: the command alone sends and asks.
    let mut service = Service::start_as(&world, how).expect("the service is ready");
    let config = service.config();
    service.stop();
    crate::filing::fill(&world, 1);
    let tax = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_bienlai");
        let mut command = Command::new(program);
        command.arg("tax").args(arguments).arg("--config").arg(&config).output().unwrap()
    };
    let send = |arguments: &[&str]| tax(&[&["send"], arguments].concat());
    let told = send(&["--wait", "1"]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(said.contains("sent: 2"), "{said}{}", String::from_utf8_lossy(&told.stderr));
    // Whatever came within a second is told of each; what has not come is no success.
    assert_eq!(said.matches("  109 Tờ khai").count(), 2, "both communes' forms: {said}");
    let answered = said.matches("  đã có kết quả / answered").count();
    assert_eq!(told.status.code(), Some(i32::from(answered < 2)), "{said}");
    // Nothing failed and a form waits all the same: what it waits for is said.
    let awaited = format!("còn chờ trả lời / still waiting for an answer: {}", 2 - answered);
    assert!(said.contains("failed: 0") && said.contains(&awaited), "{said}");
    assert_eq!(send(&["--wait", "0"]).status.code(), Some(2), "at least a second");

    // The ledger and the form say in words what happened, Vietnamese first.
    let read = |arguments: &[&str]| String::from_utf8(tax(arguments).stdout).unwrap();
    let named = |text: &str, prefix: &str| {
        text.split_whitespace().find(|word| word.starts_with(prefix)).unwrap().to_owned()
    };
    let message = named(&said, "trm_");
    assert!(read(&["ledger", "list"]).contains(" / "), "each state in both languages");
    let shown = read(&["ledger", "show", &message]);
    for step in [
        "vào sổ / put into the ledger → chờ gửi / waits to be sent",
        "bắt đầu gửi / sending begins → đang gửi / is being sent",
        "cơ quan thuế đã nhận / the authority took it → đã đến, chờ phản hồi / arrived, waits for answers",
    ] {
        assert!(shown.contains(step), "{step}: {shown}");
    }
    let form = read(&["form", &named(&shown, "fil_")]);
    for step in [
        "lập / drafted → đã lập, chờ ký / drafted, waits for its signature",
        "ký số / signed → đã ký, chờ gửi / signed, waits to be sent",
    ] {
        assert!(form.contains(step), "{step}: {form}");
    }
}
