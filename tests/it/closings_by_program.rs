//! Closing on the real program: what finance and an approver do over HTTP and on the command line.

use std::path::PathBuf;
use std::process::Command;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::id::PersonId;
use bienlai::identity::{self, NewClient};
use bienlai::reconciliation::{close, reconcile};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::imports::import;
use crate::support::app::MASTER_KEY;
use crate::support::bank_file::BankFile;
use crate::support::program::{Reply, Service, send};
use crate::support::{World, each_database};

fn staff(world: &World, role: Role, name: &str) -> (PersonId, String) {
    let (system, unit) = (Actor::system(), world.ba_dinh.id);
    let person = world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, name));
    let new = NewClient {
        unit,
        name: format!("{} {name}", role.as_str()),
        person: Some(person),
        role,
        scope: Scope::unit(unit),
    };
    let made = world.change(|tx, stamp| identity::create_client(tx, stamp, &system, new.clone()));
    (person, made.1.expose_secret().to_owned())
}

fn ask(service: &Service, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    send(service.address, method, path, &headers, &body).expect("an answer")
}

/// A fee by statement, on the day of the world.
fn paid(world: &World) {
    let owed = world.raise(Dong(25_000));
    let file = BankFile::new(world.ba_dinh.account_no, world.now().business_day(), 0);
    import(world, &file.book(25_000, &format!("{} nop phi", owed.reference_code), "R1").camt());
    let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
    reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account).expect("the lines are matched");
}

#[test]
fn a_day_is_bridged_closed_printed_and_opened_again_over_http() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        paid(&world);
        let today = world.now().business_day();
        let (_, finance) = staff(&world, Role::Finance, "Người Mẫu Một");
        let (_, approver) = staff(&world, Role::Approver, "Người Mẫu Hai");
        let mut service = Service::start(&world);
        let get = |path: &str| ask(&service, &finance, "GET", path, &Value::Null);
        let days = get("/api/v1/days").json();
        assert_eq!((&days["open"], &days["open_count"]), (&json!([]), &json!(0)), "today is not over");
        assert_eq!(get("/api/v1/days?from=2026-11-02&until=2026-11-01").status, 400);
        let bridge = get(&format!("/api/v1/days/bridge?date={today}")).json();
        assert_eq!(bridge["bridge"]["standing"], "closable", "{bridge}");
        assert_eq!(bridge["bridge"]["bridge"]["receipts"], 25_000);
        assert_eq!(bridge["bridge"]["budget"], 12_500);
        let sheet = get(&format!("/api/v1/days/bridge?date={today}&format=xlsx"));
        assert!(sheet.status == 200 && sheet.body.starts_with(b"PK"), "a spreadsheet");
        assert_eq!(get("/api/v1/days/bridge?format=pdf").status, 400);

        let all = ask(&service, &finance, "POST", "/api/v1/days/close-all", &json!({ "until": today }));
        let certificate = all.json()["accounts"][0]["closed"][0].clone();
        assert_eq!(certificate["date"], today.to_string(), "{}", all.json());
        let id = certificate["id"].as_str().unwrap();
        let pdf = get(&format!("/api/v1/days/certificates/{id}/pdf"));
        assert!(pdf.status == 200 && pdf.body.starts_with(b"%PDF"));
        let xml = get(&format!("/api/v1/days/certificates/{id}/xml"));
        assert!(String::from_utf8(xml.body).unwrap().starts_with("<DayCertificate"));
        assert_eq!(get("/api/v1/days/chain").json()["certificates"].as_array().unwrap().len(), 1);
        let overview = get("/api/v1/days/overview").json();
        assert_eq!(
            (&overview["overview"]["accounts"], &overview["overview"]["up_to_date"]),
            (&json!(1), &json!(1))
        );

        let body = json!({ "date": today, "reason": "Ngân hàng gửi sao kê sửa" });
        let asked = ask(&service, &finance, "POST", "/api/v1/days/reopenings", &body).json();
        let request = asked["reopening"]["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned();
        let path = format!("/api/v1/days/reopenings/{request}/approve");
        let own = ask(&service, &finance, "POST", &path, &Value::Null);
        assert_eq!((own.status, &own.json()["error"]["code"]), (403, &json!("maker_is_checker")));
        let opened = ask(&service, &approver, "POST", &path, &Value::Null).json();
        assert_eq!(opened["days"], json!([today]), "{opened}");
        let again = ask(&service, &finance, "POST", "/api/v1/days/close", &json!({ "date": today })).json();
        assert_eq!(again["certificate"]["date"], today.to_string(), "{again}");
        let listed = get("/api/v1/days/reopenings").json();
        assert_eq!(listed["reopenings"][0]["state"], "closed_again");
        let days = get("/api/v1/days").json();
        let marks: Vec<_> =
            days["certificates"].as_array().unwrap().iter().map(|one| one["stands"].clone()).collect();
        assert_eq!((&days["chain_holds"], marks), (&json!(true), vec![json!(false), json!(true)]), "{days}");
        assert_eq!(get("/api/v1/months").json()["chain_holds"], true);
        let month = json!({ "month": today.to_string()[..7] });
        let early = ask(&service, &finance, "POST", "/api/v1/months/close", &month);
        assert_eq!(early.json()["error"]["code"], "month_not_over", "{}", early.json());
        assert_eq!(get("/api/v1/treasury/due").json()["alarms"], json!([]));
        service.stop();
    });
}

#[test]
fn a_month_with_days_that_are_open_is_not_closed_and_names_them() {
    each_database(|database| {
        let world = World::settled_in_before(database, 40);
        paid(&world);
        let day = world.now().business_day().to_string();
        let month = &day[..7];
        let (_, finance) = staff(&world, Role::Finance, "Người Mẫu Một");
        let mut service = Service::start(&world);
        let asked = json!({ "month": month });
        let refused = ask(&service, &finance, "POST", "/api/v1/months/close", &asked);
        let told = refused.json();
        assert_eq!((refused.status, &told["error"]["code"]), (409, &json!("month_not_closable")), "{told}");
        assert!(told["open_days"].as_array().unwrap().contains(&json!(day)), "{told}");
        service.stop();
    });
}

struct Shell {
    config: PathBuf,
}

impl Shell {
    fn new(world: &World) -> Shell {
        let config = world.database.folder.path().join("closing.toml");
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n",
            world.database.url
        );
        std::fs::write(&config, text).expect("the configuration is written");
        Shell { config }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
        let output = command.arg("--config").arg(&self.config).args(arguments).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout) + &text(&output.stderr))
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let (code, out) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {out}");
        out
    }
}

#[test]
fn the_same_on_the_command_line() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        paid(&world);
        let day = world.now().business_day();
        let today = day.to_string();
        let (clerk, _) = staff(&world, Role::Finance, "Người Mẫu Một");
        let (chief, _) = staff(&world, Role::Approver, "Người Mẫu Hai");
        let (clerk, chief) = (clerk.to_string(), chief.to_string());
        let shell = Shell::new(&world);
        let place = ["--unit", "00004"];
        let on = |before: &[&str], after: &[&str]| {
            let all: Vec<&str> = before.iter().chain(&place).chain(after).copied().collect();
            all.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let done = |before: &[&str], after: &[&str]| {
            let arguments = on(before, after);
            shell.done(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let open = done(&["day", "list"], &["--json"]);
        assert_eq!(serde_json::from_str::<Value>(&open).unwrap()["open_count"], 0, "today is not over");
        let lost = on(&["list", "days"], &["--from", &today, "--until", &today, "--state", "lost"]);
        let (code, refused) = shell.run(&lost.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(code == 1 && refused.contains("list_state_unknown"), "{refused}");
        let bridge = done(&["day", "bridge"], &["--date", &today]);
        assert!(bridge.contains("Cầu nối") && bridge.contains("25.000 đ"), "{bridge}");
        let called = "Phải nộp ngân sách / Owed to the budget";
        assert!(bridge.contains(called) && !bridge.contains("budget_due/"), "{bridge}");
        assert!(!bridge.contains("acc_"), "accounts of the bank are called by their numbers: {bridge}");
        let file = world.database.folder.path().join("bridge.csv");
        done(&["day", "bridge"], &["--date", &today, "--out", file.to_str().unwrap()]);
        assert!(std::fs::read_to_string(&file).unwrap().contains("Chưa giải thích"));
        close(
            &world.store,
            &world.keyring,
            &|| world.stamp(),
            &Actor::system(),
            world.ba_dinh.id,
            world.ba_dinh.account,
            day,
        )
        .unwrap();
        let page = world.database.folder.path().join("day.pdf");
        done(&["day", "certificate"], &["--date", &today, "--out", page.to_str().unwrap()]);
        assert!(std::fs::read(&page).unwrap().starts_with(b"%PDF"));
        let chain = world.database.folder.path().join("chain.json");
        done(&["day", "export"], &["--out", chain.to_str().unwrap()]);
        let verdict = shell.done(&["day", "verify", chain.to_str().unwrap()]);
        assert!(verdict.contains("LIỀN MẠCH"), "{verdict}");
        let asked =
            done(&["day", "reopen"], &["--date", &today, "--reason", "Sao kê sửa", "--person", &clerk]);
        let request: Value = serde_json::from_str(&asked).unwrap();
        let id = request["id"].as_str().unwrap();
        let (code, own) = shell.run(&["day", "approve-reopening", id, "--person", &clerk]);
        assert!(code == 1 && own.contains("maker_is_checker"), "{own}");
        shell.done(&["day", "approve-reopening", id, "--person", &chief]);
        assert!(done(&["day", "reopenings"], &[]).contains("approved"));
        let (code, table) = shell.run(&["day", "overview"]);
        assert!(table.contains("00004") && code == 0, "today is not over, nothing is late: {code} {table}");
        done(&["day", "close-all"], &["--until", &today]);
        assert!(done(&["day", "reopenings"], &[]).contains("closed_again"));
        let (code, early) = shell.run(&["month", "close", "--unit", "00004", "--month", &today[..7]]);
        assert!(code == 1 && early.contains("month_not_over"), "{early}");
        assert!(done(&["month", "list"], &[]).contains("liền mạch"));
        assert!(shell.done(&["remittance", "alarms"]).contains("nothing waits"));
    });
}
