//! Holidays are entered by a command or on a page, and a service that runs already counts by them.

use std::time::{Duration, Instant};

use bienlai::actor::{Role, Scope};
use bienlai::clock::BusinessDay;
use serde_json::{Value, json};

use crate::cash_by_command::Shell;
use crate::strangers::token;
use crate::support::program::{Service, send};
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, each_database};

/// How long a running service may take until it counts by what a command entered.
const PATIENCE: Duration = Duration::from_secs(40);

/// Until when the figures of the first month are to be handed in, as the service says.
fn due_on(service: &Service, token: &str) -> BusinessDay {
    let bearer = format!("Bearer {token}");
    let path = "/api/v1/reports/due?unit=00004";
    let reply = send(service.address, "GET", path, &[("Authorization", &bearer)], b"").unwrap();
    let found = reply.json();
    found["due"][0]["due"]["due_on"].as_str().unwrap_or_else(|| panic!("{found}")).parse().unwrap()
}

#[track_caller]
fn comes(service: &Service, token: &str, wanted: BusinessDay) {
    let began = Instant::now();
    while due_on(service, token) != wanted {
        assert!(began.elapsed() < PATIENCE, "{} instead of {wanted}", due_on(service, token));
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The day after, or the Monday after that.
fn next_weekday(day: BusinessDay) -> BusinessDay {
    use chrono::{Datelike, Weekday};
    let mut next = day.next();
    while matches!(next.0.weekday(), Weekday::Sat | Weekday::Sun) {
        next = next.next();
    }
    next
}

#[test]
fn a_running_service_counts_by_the_holidays_that_a_command_entered() {
    each_database(|database| {
        let world = World::settled_in_before(database, 40);
        let reader = token(&world, &world.ba_dinh, Role::Finance);
        let shell = Shell::new(&world);
        let mut service = Service::start(&world);
        let usual = due_on(&service, &reader);
        let (first, last) = (usual.to_string(), next_weekday(usual));
        let until = last.to_string();

        let holiday = ["calendar", "holiday", &first, "--until", &until, "--name", "Nghỉ lễ mẫu"];
        let (code, out, error) = shell.run(&holiday);
        assert_eq!(code, 0, "{error}");
        assert_eq!(out.lines().count(), 2, "a weekend between them is free anyway: {out}");
        comes(&service, &reader, next_weekday(last));
        let (code, out, error) = shell.run(&holiday);
        assert!(code == 0 && out.contains("nothing changed"), "{out} {error}");

        let listed = shell.json(&["calendar", "list", "--json"]);
        let row = |day: &str| json!({ "day": day, "kind": "holiday", "name": "Nghỉ lễ mẫu" });
        assert_eq!(listed, Value::Array(vec![row(&first), row(&until)]));
        let (_, out, _) = shell.run(&["calendar", "list"]);
        assert!(out.contains(&first) && out.contains("nghỉ / holiday"), "{out}");

        for day in [&first, &until] {
            let (code, _, error) = shell.run(&["calendar", "withdraw", day]);
            assert_eq!(code, 0, "{error}");
        }
        comes(&service, &reader, usual);
        let acts =
            world.words("SELECT action AS t FROM audit_entry WHERE action LIKE 'calendar.%' ORDER BY id");
        let (entered, withdrawn) = ("calendar.day_entered", "calendar.day_withdrawn");
        assert_eq!(acts, [entered, entered, withdrawn, withdrawn]);
        service.stop();
    });
}

#[test]
fn the_citys_administrator_keeps_the_calendar_on_a_page() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut city = seated(&world, service.address, Role::Administrator, "quantri.lich", Scope::All);
        city.get("/admin/calendar");
        city.sees("Chưa có gì");
        let enter = |by: &mut Visitor, kind: &str, day: &str, until: &str, name: &str| {
            let fields = [("kind", kind), ("day", day), ("until", until), ("name", name), ("confirm", "")];
            by.post("/admin/calendar/enter", &fields).status
        };
        let tet = ("2027-02-05", "2027-02-11");
        assert_eq!(enter(&mut city, "holiday", tet.0, tet.1, "Tết mẫu"), 200, "{}", city.page);
        city.sees("mới ghi vào lịch: 5");
        city.sees("08/02/2027");
        assert_eq!(enter(&mut city, "worked", "2027-02-20", "", "Làm bù mẫu"), 200, "{}", city.page);
        assert_eq!(enter(&mut city, "worked", "2027-02-08", "", "Làm bù"), 400, "a weekday is worked anyway");
        city.sees("ngày làm bù là thứ Bảy");
        assert_eq!(enter(&mut city, "holiday", "mai", "", "Tết"), 400, "no day");
        assert_eq!(enter(&mut city, "holiday", "2027-04-30", "", " "), 400, "no name");
        assert_eq!(world.count("holiday"), 6);
        city.get("/admin/calendar");
        let back = [("which", "2027-02-08"), ("confirm", "")];
        assert_eq!(city.post("/admin/calendar/withdraw", &back).status, 200, "{}", city.page);
        assert_eq!(city.post("/admin/calendar/withdraw", &back).status, 400, "once");
        assert_eq!(world.count("holiday"), 5);

        // It holds for the whole city: who looks after one unit reads it.
        let own = Scope::unit(world.ba_dinh.id);
        let mut local = seated(&world, service.address, Role::Administrator, "quantri.badinh", own);
        local.get("/admin/calendar");
        local.sees("Tết mẫu");
        assert!(!local.page.contains("/admin/calendar/enter"), "{}", local.page);
        assert_eq!(enter(&mut local, "holiday", "2027-04-30", "", "Riêng"), 404, "{}", local.page);
        assert_eq!(world.count("holiday"), 5);
        service.stop();
    });
}

#[test]
fn what_cannot_be_a_holiday_is_refused_by_name() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let shell = Shell::new(&world);
        let refused = |arguments: &[&str], code: &str| {
            let (exit, _, error) = shell.run(&[&["calendar"][..], arguments].concat());
            assert!(exit == 1 && error.contains(code), "{arguments:?}: {exit} {error}");
        };
        refused(&["holiday", "2027-02-06", "--name", "x"], "calendar_days_none");
        refused(&["worked", "2027-02-08", "--name", "x"], "calendar_days_none");
        refused(&["holiday", "2027-02-01", "--until", "2027-03-31", "--name", "x"], "calendar_span_too_long");
        refused(&["holiday", "2027-02-08", "--name", " "], "field_missing");
        refused(&["holiday", "2027-02-08", "--name", &"x".repeat(101)], "field_too_long");
        refused(&["withdraw", "2027-02-08"], "calendar_day_not_found");
        assert_eq!(world.count("holiday"), 0);
        let (code, out, error) = shell.run(&["calendar", "worked", "2027-02-20", "--name", "Làm bù"]);
        assert!(code == 0 && out.contains("2027-02-20"), "{out} {error}");
    });
}
