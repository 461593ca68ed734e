//! The city's figures: what they count, that they agree with the books, who sees them, the report.

use std::process::Command;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::notification::staff::Told;
use bienlai::payment::book::Method;
use bienlai::report::city::mail;
use bienlai::report::collection;
use bienlai::report::{Period, fees};
use bienlai::simulator::mail::MailServer;
use bienlai::store::Conn;
use bienlai::unit::imprint::{self, Imprint};
use serde_json::{Value, json};

use crate::messages::{courier, email_section};
use crate::strangers::token;
use crate::support::judges::keeps_both_standards;
use crate::support::program::{Reply, Service, send};
use crate::support::visitor::{location, seated};
use crate::support::world::POLL;
use crate::support::{World, each_database};

/// What both counted: by unit, by item, by way, dossiers.
fn counted(world: &World, period: Period) -> collection::Collection {
    let units: Vec<_> = world.communes().iter().map(|commune| commune.id).collect();
    world.look(|conn| collection::of_period(conn, &Actor::system(), &units, period))
}

#[test]
fn sums_of_past_days_say_what_the_rows_said_and_agree_with_the_books() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = [world.raise(Dong(25_000)), world.raise(Dong(50_000)), world.raise(Dong(10_000))];
        world.claim(&owed[0], Dong(25_000)).settle();
        world.take(&owed[1], Dong(50_000), Method::Cash).unwrap();
        world.raise(Dong(0));
        let today = world.now().business_day();
        let period = Period::new(today.plus_days(-3), today.plus_days(3)).unwrap();
        let live = counted(&world, period);
        assert_eq!(live.total, Dong(75_000));
        assert_eq!(live.by_way.get("cash"), Some(&Dong(50_000)));
        assert_eq!(live.by_way.get("vpbank"), Some(&Dong(25_000)));
        let paid = live.of_unit(world.ba_dinh.id).unwrap();
        assert_eq!((paid.count, paid.electronic_count, paid.free_count), (2, 1, 1));
        assert_eq!(paid.share_by_count(), Some(5_000));
        assert_eq!(paid.share_by_amount(), Some(3_333));

        let sum = || collection::sum_days(&world.store, &|| world.stamp(), 10).unwrap();
        assert_eq!(sum(), 0, "today is not over");
        world.wait_seconds(today.next().start().plus_seconds(3_600).seconds_since(world.now()));
        assert_eq!(sum(), 1);
        assert_eq!(sum(), 0, "a day is summed once");
        assert_eq!(counted(&world, period), live, "the sums say what the rows said");
        // What is recorded later stands beside the sums.
        world.take(&owed[2], Dong(10_000), Method::Card).unwrap();
        let later = counted(&world, period);
        assert_eq!(later.total, Dong(85_000));
        assert_eq!(later.by_way.get("card"), Some(&Dong(10_000)));
        world.wait_seconds(today.plus_days(2).start().plus_seconds(3_600).seconds_since(world.now()));
        assert_eq!(sum(), 1);
        assert_eq!(counted(&world, period), later);

        let month = fees::Span::parse(&today.to_string()[..7]).unwrap();
        let books =
            world.look(|conn| fees::figures(conn, &Actor::system(), world.ba_dinh.id, month)).collected;
        let whole = counted(&world, month.period().unwrap());
        assert_eq!(whole.by_unit.get(&world.ba_dinh.id), Some(&books), "to the đồng");
    });
}

#[test]
fn each_payment_counts_by_its_own_way_and_a_dossier_is_electronic_only_without_cash() {
    each_database(|database| {
        let world = World::settled_in(database);
        // One came by two channels, one by one.
        let (first, second) = (world.raise(Dong(25_000)), world.raise(Dong(50_000)));
        world.claim(&first, Dong(20_000)).settle();
        world.claim(&first, Dong(5_000)).by(POLL).settle();
        world.claim(&second, Dong(50_000)).settle();
        let today = world.now().business_day();
        let period = Period::new(today, today).unwrap();
        let found = counted(&world, period);
        let of = |way: &str| found.by_way.get(way).copied().unwrap_or_default();
        assert_eq!((of("vpbank"), of("sepay"), of("in_parts")), (Dong(70_000), Dong(5_000), Dong::ZERO));
        assert_eq!(found.total, Dong(75_000));
        let paid = found.of_unit(world.ba_dinh.id).unwrap();
        assert_eq!((paid.count, paid.electronic_count, paid.electronic_amount), (2, 2, Dong(75_000)));

        world.wait_seconds(today.next().start().plus_seconds(3_600).seconds_since(world.now()));
        assert_eq!(collection::sum_days(&world.store, &|| world.stamp(), 10).unwrap(), 1);
        assert_eq!(counted(&world, period), found, "the sums of the day say the same");
    });
}

#[test]
fn figures_of_one_answer_are_of_one_moment() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise(Dong(25_000));
        let today = world.now().business_day();
        let period = Period::new(today, today).unwrap();
        let units = [world.ba_dinh.id];
        let total = |conn: &mut Conn| {
            collection::of_period(conn, &Actor::system(), &units, period).map(|found| found.total)
        };
        let (before, after) = world.look(|conn| {
            let before = total(conn)?;
            std::thread::scope(|threads| {
                threads.spawn(|| world.claim(&owed, Dong(25_000)).settle()).join().unwrap();
            });
            Ok((before, total(conn)?))
        });
        assert_eq!((before, after), (Dong::ZERO, Dong::ZERO), "what is committed meanwhile is seen later");
        assert_eq!(counted(&world, period).total, Dong(25_000));
    });
}

#[test]
fn figures_of_a_busy_day_are_kept_for_a_while_and_say_of_which_moment_they_are() {
    each_database(|database| {
        let world = World::settled_in(database);
        let today = world.now().business_day();
        let period = Period::new(today, today).unwrap();
        let (busy, calm) = (collection::Kept::from_postings(1), collection::Kept::default());
        let seen = |kept: &collection::Kept| {
            let counted = kept.look(&world.store, period, world.now()).unwrap();
            (counted.of(&Actor::system(), &[world.ba_dinh.id]).unwrap().total, counted.at())
        };
        let pay = || world.claim(&world.raise(Dong(25_000)), Dong(25_000)).settle();
        pay();
        let first = world.now();
        assert_eq!(seen(&busy), (Dong(25_000), first));
        pay();
        world.wait_seconds(20);
        assert_eq!(seen(&busy), (Dong(25_000), first), "many rows are not counted anew for each who looks");
        assert_eq!(seen(&calm), (Dong(50_000), world.now()), "few are");
        busy.refresh(&world.store, world.now()).unwrap();
        assert_eq!(seen(&busy), (Dong(25_000), first), "not yet");
        world.wait_seconds(20);
        busy.refresh(&world.store, world.now()).unwrap();
        assert_eq!(seen(&busy), (Dong(50_000), world.now()));
        pay();
        world.wait_seconds(3_600);
        assert_eq!(seen(&busy), (Dong(75_000), world.now()), "what is too old is never shown");

        // A day that was summed meanwhile counts once.
        world.wait_seconds(today.next().start().plus_seconds(1_000).seconds_since(world.now()));
        assert_eq!(seen(&busy).0, Dong(75_000));
        assert_eq!(collection::sum_days(&world.store, &|| world.stamp(), 10).unwrap(), 1);
        assert_eq!(seen(&busy).0, Dong(75_000));
        assert_eq!(seen(&calm).0, Dong(75_000));
    });
}

#[test]
fn what_misses_its_target_is_mailed_once_a_day_to_its_unit_and_to_the_city() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_at(&world.tay_ho, Dong(9_000));
        world.take(&owed, Dong(9_000), Method::Cash).unwrap();
        let system = Actor::system();
        world.change(|tx, stamp| {
            let wanted = Imprint { email: Some("tayho@example.vn".to_owned()), ..Imprint::default() };
            imprint::record(tx, stamp, &system, world.tay_ho.id, stamp.today(), &wanted)
        });
        let mailboxes = ["lanhdao@example.vn".to_owned()];
        let told = Told { mailboxes: &mailboxes, public_url: "https://bienlai.example.vn" };
        let tell = || {
            mail::tell(&world.store, &world.stamp(), &collection::Kept::default(), &told)
                .unwrap()
                .unwrap_or_default()
        };
        // Into the next day, but the morning has not come; never into the next month.
        let night = world.now().business_day().next().start().plus_seconds(6 * 3_600);
        world.wait_seconds(night.seconds_since(world.now()));
        assert_eq!(tell(), 0, "nobody is woken");
        world.wait_seconds(2 * 3_600);
        assert_eq!(tell(), 2);
        assert_eq!(tell(), 0, "once a day");

        let server = MailServer::start(0, None).unwrap();
        let courier = courier(&email_section(server.address.port()));
        while courier.send_due(&world.store, &|| world.stamp()).unwrap() > 0 {}
        let mut received = server.received();
        received.sort_by(|one, other| one.to.cmp(&other.to));
        let to: Vec<&str> = received.iter().flat_map(|mail| &mail.to).map(String::as_str).collect();
        assert_eq!(to, ["lanhdao@example.vn", "tayho@example.vn"]);
        world.wait_days(1);
        assert_eq!(tell(), 2, "and again the day after");
        world.wait_days(1);
        while courier.send_due(&world.store, &|| world.stamp()).unwrap() > 0 {}
        assert_eq!(server.received().len(), 2, "a mail of a day that is over is not sent any more");
    });
}

fn ask(service: &Service, token: &str, method: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
    send(service.address, method, path, &headers, body).unwrap()
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

#[test]
fn the_city_sees_who_misses_a_target_and_sends_the_report_at_one_click() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = [
            world.raise(Dong(25_000)),
            world.raise(Dong(50_000)),
            world.raise_at(&world.tay_ho, Dong(9_000)),
        ];
        world.claim(&owed[0], Dong(25_000)).settle();
        world.take(&owed[1], Dong(50_000), Method::Cash).unwrap();
        world.take(&owed[2], Dong(9_000), Method::Cash).unwrap();
        let mut service = Service::start(&world);
        let mut city = seated(&world, service.address, Role::Administrator, "quantri.thanhpho", Scope::All);
        assert_eq!(city.get("/city").status, 200);
        for text in ["84.000 đ", "Ủy ban nhân dân phường Tây Hồ", "chưa có số liệu", "Tiền mặt", "<svg"]
        {
            city.sees(text);
        }
        // Tây Hồ took cash only: 0 % against 50 %.
        city.sees("<span class=\"tag late\">0 %</span>");

        // The dossier system counts; a wrong file changes nothing.
        let today = world.now().business_day();
        let file = format!(
            "unit;field;until;total;online;full_process\n00004;Hộ tịch;{today};100;61;40\n00091;Hộ tịch;{today};10;5;1\n"
        );
        let refused = city.upload("/city/totals", &[], file.replace(";61;", ";161;").as_bytes());
        assert_eq!(refused.status, 400);
        city.sees("không quá tổng");
        city.sees("(dòng 2)");
        let both = file.replace(";61;", ";161;").replace("00091", "99991");
        assert_eq!(city.upload("/city/totals", &[], both.as_bytes()).status, 400);
        city.sees("(dòng 2)");
        city.sees("(dòng 3)");
        let unread = file.replace(";100;", ";một;").replace(";10;", ";mười;");
        assert_eq!(city.upload("/city/totals", &[], unread.as_bytes()).status, 400);
        city.sees("(dòng 2)");
        city.sees("(dòng 3)");
        assert_eq!(world.count("dossier_total"), 0, "nothing is half saved");
        let month = today.0.format("%Y-%m").to_string();
        city.get(&format!("/city?month={month}"));
        let form = format!("/city/totals?month={month}");
        city.sees(&format!("action=\"{form}\""));
        let taken = city.upload(&form, &[], file.as_bytes());
        let back = format!("/city?month={month}&done=1");
        assert_eq!((taken.status, location(&taken)), (303, back.as_str()), "done, and the same month");
        assert_eq!(city.get(&back).status, 200, "{}", city.page);
        city.sees("Đã ghi nhận");
        assert!(!city.page.contains("class=\"errors\""), "nothing of it is wrong");
        city.sees("61 %");
        assert!(!city.page.contains("số liệu hồ sơ đến hết"), "today's are not old");
        city.sees("của 1 đơn vị");
        let teller = token(&world, &world.ba_dinh, Role::DossierSystem);
        let again = json!({ "rows": [{ "unit": "00004", "field": "Hộ tịch", "until": today.to_string(),
            "total": 100, "online": 62, "full_process": 40 }] });
        let told = ask(
            &service,
            &teller,
            "POST",
            "/api/v1/dossier-totals",
            "application/json",
            again.to_string().as_bytes(),
        );
        assert_eq!((told.status, json_of(&told)), (200, json!({ "recorded": 1 })));
        let other = file.lines().next().unwrap().to_owned() + &format!("\n00091;Hộ tịch;{today};1;1;1\n");
        let refused = ask(&service, &teller, "POST", "/api/v1/dossier-totals", "text/csv", other.as_bytes());
        assert_eq!(
            json_of(&refused)["error"]["code"],
            "unit_not_found",
            "another unit's totals are not its own"
        );

        // Totals that end before yesterday are told as what they are, where the month has such a day.
        let old = today.plus_days(-2);
        if old.to_string()[..7] == today.to_string()[..7] {
            let rows = format!("unit,field,until,total,online,full_process\n00091,Hộ tịch,{old},10,5,1\n");
            city.get("/city");
            assert_eq!(city.upload("/city/totals", &[], rows.as_bytes()).status, 303);
            city.get("/city");
            city.sees(&format!("số liệu hồ sơ đến hết {}", old.0.format("%d/%m/%Y")));
        }

        let finance = token(&world, &world.ba_dinh, Role::Finance);
        let found = json_of(&ask(&service, &finance, "GET", "/api/v1/city/figures", "", b""));
        let figures = &found["figures"];
        assert_eq!((&figures["total"], figures["units"].as_array().unwrap().len()), (&json!(75_000), 1));
        let unit = &figures["units"][0];
        assert_eq!(unit["measured"][0]["share"], 6_200, "the newest totals count: {unit}");
        assert_eq!(unit["measured"][2]["share"], 5_000);
        let warned: Vec<&Value> = figures["warnings"].as_array().unwrap().iter().collect();
        assert_eq!(warned.len(), 1, "only full process is missed: {warned:?}");
        assert_eq!(warned[0]["measured"]["measure"], "full_process");
        assert_eq!(warned[0]["field"], "Hộ tịch");

        let month = &today.to_string()[..7];
        for (format, begins) in [("xlsx", &b"PK"[..]), ("pdf", b"%PDF-"), ("csv", "\u{FEFF}".as_bytes())] {
            let file = city.get(&format!("/city/report?month={month}&format={format}"));
            assert_eq!(file.status, 200, "{format}");
            assert!(file.body.starts_with(begins), "{format}");
            if format == "pdf" {
                let kept = world.database.folder.path().join("report.pdf");
                std::fs::write(&kept, &file.body).unwrap();
                keeps_both_standards(&kept);
                let page = Command::new("pdftotext").arg("-layout").arg(&kept).arg("-").output().unwrap();
                let text = String::from_utf8_lossy(&page.stdout);
                assert!(text.contains("theo tiền / by amount"), "shares by count and by amount: {text}");
            }
        }
        assert_eq!(city.get("/city?month=2999-01").status, 400);
        assert_eq!(city.get("/city?month=x").status, 400);
        service.stop();
    });
}
