//! People sign in: from the printed link of the first administrator to the end of a session, and
//! everything that somebody tries who may not.

use std::collections::BTreeSet;

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::duty::delegation::{self, Answer, Offer};
use bienlai::duty::{Kind, Seat};
use bienlai::id::PersonId;
use bienlai::identity::login::NewLogin;
use bienlai::identity::{invitation, login, session, sign_in, sso, totp, vouch};
use bienlai::store::Lane;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::callbacks::token;
use crate::support::program::{How, Service, get, send};
use crate::support::visitor::{PASSWORD, Visitor, appoint, employ, header, location, seated};
use crate::support::{World, each_database};

const COOKIE: &str = "__Host-bienlai";

/// base32 as the page shows it for typing.
fn secret_on(page: &str) -> Vec<u8> {
    let typed = page.split("<span class=\"mono\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in typed.bytes().filter(|b| *b != b' ') {
        held = (held << 5) | alphabet.iter().position(|a| *a == letter).unwrap() as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

#[test]
fn the_first_start_prints_a_link_and_its_administrator_invites_everybody_else() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service =
            Service::start_as(&world, How { web: "first_administrator = true", ..How::default() }).unwrap();
        let log = service.log();
        let token = log.split("/invitation/").nth(1).expect("a link").split_whitespace().next().unwrap();
        let link = format!("/invitation/{token}");

        let mut admin = Visitor::at(service.address);
        assert_eq!(admin.get(&link).status, 200);
        let secret = secret_on(&admin.page);
        let weak = admin.post(&link, &[("password", "1234567890"), ("again", "1234567890"), ("code", "")]);
        assert_eq!(weak.status, 400);
        admin.sees("quá dễ đoán");
        let without = admin.post(&link, &[("password", PASSWORD), ("again", PASSWORD), ("code", "")]);
        assert_eq!(without.status, 400);
        admin.sees("bắt buộc có mã xác thực");
        let before = totp::shown_at(&secret, world.now().minus_seconds(30));
        let done = admin.post(&link, &[("password", PASSWORD), ("again", PASSWORD), ("code", &before)]);
        assert_eq!(done.status, 200, "{}", admin.page);
        assert_eq!(admin.page.matches("<li>").count(), 8, "eight recovery codes: {}", admin.page);
        assert_eq!(admin.get(&link).status, 404, "a link opens once");

        assert_eq!(admin.sign_in("admin", PASSWORD, "").status, 401, "without its code it does not open");
        admin.is_told("sign_in_refused");
        let entered = admin.sign_in("Admin ", PASSWORD, &totp::shown_at(&secret, world.now()));
        assert_eq!((entered.status, location(&entered)), (303, "/users"), "{}", admin.page);
        admin.get("/users");
        let fields = [
            ("person", "Trần Thị Mẫu"),
            ("login", "thungan.badinh"),
            ("role", "cashier"),
            ("units", "00004"),
            ("confirm", ""),
        ];
        let invited = admin.post("/users/invite", &fields);
        assert_eq!(invited.status, 200, "{}", admin.page);
        let shown =
            admin.page.split("/invitation/").nth(1).unwrap().split([' ', '"']).next().unwrap().to_owned();
        let again = admin.post("/users/invite", &[&fields[..], &[("another", "yes")]].concat());
        assert_eq!(again.status, 400);
        admin.sees("Tên đăng nhập này đã có");
        admin.sees("value=\"Trần Thị Mẫu\"");

        let mut cashier = Visitor::at(service.address);
        let link = format!("/invitation/{shown}");
        cashier.get(&link);
        let accepted = cashier.post(&link, &[("password", PASSWORD), ("again", PASSWORD), ("code", "")]);
        assert_eq!(accepted.status, 200, "a cashier may do without a second factor: {}", cashier.page);
        let entered = cashier.sign_in("thungan.badinh", PASSWORD, "");
        assert_eq!(location(&entered), "/counter");
        assert_eq!(cashier.get("/counter").status, 200);
        assert_eq!(cashier.get("/users").status, 403);

        admin.get("/users");
        assert_eq!(admin.post("/users/end", &[("login", "thungan.badinh"), ("confirm", "")]).status, 200);
        let over = cashier.get("/counter");
        assert_eq!((over.status, location(&over)), (303, "/sign-in?next=/counter"), "its session ended too");
        let page = format!("http://{}/counter/walk-in", service.address);
        let typed = [("Content-Type", "application/x-www-form-urlencoded"), ("Referer", page.as_str())];
        let lost = cashier.ask("POST", "/counter/walk-in", &typed, b"name=x");
        assert_eq!((lost.status, location(&lost)), (303, "/sign-in?next=/counter/walk-in&lost=form"));
        let told = location(&lost).to_owned();
        cashier.get(&told);
        assert!(!cashier.page.contains("Phiên làm việc đã hết"), "a link that anybody may send says nothing");
        cashier.ask("GET", &told, &[("Sec-Fetch-Site", "same-origin")], b"");
        cashier.sees("Phiên làm việc đã hết nên biểu mẫu vừa gửi không được nhận");
        cashier.sees("name=\"next\" value=\"/counter/walk-in\"");
        assert_eq!(cashier.sign_in("thungan.badinh", PASSWORD, "").status, 401);
        service.stop();
        assert!(!service.log().contains(PASSWORD));

        let mut service =
            Service::start_as(&world, How { web: "first_administrator = true", ..How::default() }).unwrap();
        assert!(!service.log().contains("/invitation/"), "there is an administrator already");
        service.stop();
    });
}

#[test]
fn a_session_is_new_at_every_sign_in_and_belongs_to_its_own_forms() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let ready = employ(&world, Role::Cashier, "thungan.mot", unit.clone());
        let mut visitor = Visitor::at(service.address);
        let planted = "A".repeat(43);
        visitor.cookies.insert(COOKIE.to_owned(), planted.clone());
        let entered = visitor.sign_in(&ready.name, PASSWORD, "");
        let set = entered.head.lines().find(|line| line.contains(COOKIE)).unwrap().to_owned();
        for flag in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(set.contains(flag), "{set}");
        }
        let first = visitor.cookies[COOKIE].clone();
        assert_ne!(first, planted, "a token that was planted is never taken over");
        visitor.sign_in(&ready.name, PASSWORD, "");
        let second = visitor.cookies[COOKIE].clone();
        assert_ne!(first, second);
        let mut old = Visitor::at(service.address);
        old.cookies.insert(COOKIE.to_owned(), first);
        assert_eq!(old.get("/counter").status, 303, "the session before ended with the new one");

        let page = visitor.get("/counter");
        assert!(header(&page, "content-security-policy").contains("frame-ancestors 'none'"));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(header(&page, name), value);
        }
        let own = format!("http://{}", service.address);
        let token = visitor.value("csrf").unwrap();
        let open = "/counter/shift/open";
        for (origin, token, why) in [
            (own.as_str(), "", "without a form token"),
            (own.as_str(), "00", "with a wrong one"),
            ("https://evil.example", token.as_str(), "from another site"),
            ("null", token.as_str(), "from nowhere"),
        ] {
            let refused = visitor.post_from(origin, open, &[("csrf", token)]);
            assert_eq!(refused.status, 403, "{why}");
        }
        assert_eq!(world.count("shift"), 0);
        let mut other = seated(&world, service.address, Role::Cashier, "thungan.hai", unit);
        other.get("/counter");
        let foreign = other.value("csrf").unwrap();
        assert_eq!(visitor.post_from(&own, open, &[("csrf", &foreign)]).status, 403, "another session's");

        for next in ["//evil.example/", "https://evil.example", "/\\evil.example", "/sign-out"] {
            let fields =
                [("name", ready.name.as_str()), ("password", PASSWORD), ("code", ""), ("next", next)];
            let entered = visitor.post_from(&own, "/sign-in", &fields);
            assert_eq!(location(&entered), "/counter", "{next}");
        }
        let back = visitor.post_from(&own, "/language", &[("lang", "en"), ("back", "//evil.example")]);
        assert_eq!(location(&back), "/lookup");
        visitor.get("/counter");
        visitor.sees("<html lang=\"en\"");
        let left = visitor.post("/sign-out", &[]);
        assert_eq!((left.status, location(&left)), (303, "/sign-in"));
        assert!(!visitor.cookies.contains_key(COOKIE));
        let mut thief = Visitor::at(service.address);
        thief.cookies.insert(COOKIE.to_owned(), second);
        assert_eq!(thief.get("/counter").status, 303);
        service.stop();
    });
}

/// Signs in as the program does, from the same place each time; whether it worked.
fn tries(world: &World, name: &str, password: &str, code: &str) -> bool {
    tries_from(world, "192.0.2.1", name, password, code)
}

fn tries_from(world: &World, source: &str, name: &str, password: &str, code: &str) -> bool {
    let shown = sign_in::Shown { name, password, code, source };
    let found = world.look(|conn| sign_in::named(conn, name));
    let checked = sign_in::check(found.as_ref(), &shown).unwrap();
    world.change(|tx, stamp| sign_in::sign_in(tx, stamp, &checked, &shown)).is_some()
}

#[test]
fn five_failures_lock_a_login_for_a_minute_and_the_next_one_for_two() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = Scope::unit(world.ba_dinh.id);
        employ(&world, Role::Finance, "ketoan.mau", unit);
        for _ in 0..5 {
            assert!(!tries(&world, "ketoan.mau", "sai mật khẩu rồi", ""));
        }
        assert!(!tries(&world, "ketoan.mau", PASSWORD, ""), "locked, even for the right password");
        world.wait_seconds(59);
        assert!(!tries(&world, "ketoan.mau", PASSWORD, ""));
        world.wait_seconds(2);
        assert!(!tries(&world, "ketoan.mau", "sai mật khẩu rồi", ""));
        world.wait_seconds(119);
        assert!(!tries(&world, "ketoan.mau", PASSWORD, ""), "the sixth failure locks twice as long");
        world.wait_seconds(2);
        assert!(tries(&world, "ketoan.mau", PASSWORD, ""));
        assert_eq!(world.count("audit_entry WHERE action = 'login.locked'"), 2);
        for _ in 0..5 {
            assert!(!tries(&world, "nobody.here", PASSWORD, ""));
        }
        assert_eq!(world.count("audit_entry WHERE action = 'login.locked'"), 3, "nobody is counted alike");
    });
}

#[test]
fn somebody_who_guesses_elsewhere_keeps_nobody_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        employ(&world, Role::Finance, "ketoan.mau", Scope::unit(world.ba_dinh.id));
        for _ in 0..8 {
            assert!(!tries_from(&world, "203.0.113.7", "ketoan.mau", "sai mật khẩu rồi", ""));
        }
        assert!(
            tries(&world, "ketoan.mau", PASSWORD, ""),
            "the right password from an office that never failed"
        );
        assert!(!tries_from(&world, "203.0.113.7", "ketoan.mau", PASSWORD, ""), "the guesser waits");
        // Four wrong ones, and a quiet hour: the next wrong one is the first again.
        for _ in 0..4 {
            assert!(!tries(&world, "ketoan.mau", "sai mật khẩu rồi", ""));
        }
        world.wait_seconds(3_600);
        assert!(!tries(&world, "ketoan.mau", "sai mật khẩu rồi", ""));
        assert!(tries(&world, "ketoan.mau", PASSWORD, ""));
        // Hunted from many places, each new place has one try, and the office still gets in.
        for place in 0..20 {
            assert!(!tries_from(&world, &format!("198.51.100.{place}"), "ketoan.mau", "sai", ""));
        }
        assert!(!tries_from(&world, "198.51.100.99", "ketoan.mau", "sai", ""));
        assert!(!tries_from(&world, "198.51.100.99", "ketoan.mau", PASSWORD, ""));
        assert!(tries(&world, "ketoan.mau", PASSWORD, ""));
        world.wait_seconds(2 * 86_400);
        assert!(!tries(&world, "ketoan.mau", "sai", ""));
        assert_eq!(world.count("sign_in_failure"), 1, "what has faded is taken away");
        let kept = world.words("SELECT who AS t FROM sign_in_failure");
        assert!(!kept[0].contains("ketoan"), "names and networks are not kept as they are");
    });
}

#[test]
fn wrong_codes_at_an_act_are_counted_apart_from_those_at_the_door() {
    each_database(|database| {
        let world = World::settled_in(database);
        employ(&world, Role::Finance, "ketoan.mau", Scope::unit(world.ba_dinh.id));
        let shown = sign_in::Shown { name: "ketoan.mau", password: PASSWORD, code: "", source: "192.0.2.1" };
        let found = world.look(|conn| sign_in::named(conn, shown.name));
        let checked = sign_in::check(found.as_ref(), &shown).unwrap();
        let entered = world.change(|tx, stamp| sign_in::sign_in(tx, stamp, &checked, &shown)).unwrap();
        let token = entered.1.expose_secret().to_owned();
        let session = world.look(|conn| session::find(conn, world.now(), &token));
        let confirms = |password: &str| {
            let typed = sign_in::Shown { password, ..shown };
            let checked = sign_in::check(found.as_ref(), &typed).unwrap();
            world.change(|tx, stamp| sign_in::confirm(tx, stamp, &session, Some(&checked), ""))
        };
        for _ in 0..6 {
            assert!(!tries_from(&world, "203.0.113.7", "ketoan.mau", "sai", ""));
        }
        assert!(confirms(PASSWORD), "what somebody types at the door stops no act");
        for _ in 0..5 {
            assert!(!confirms("sai"));
        }
        assert!(!confirms(PASSWORD), "who is at the desk may not guess either");
        assert!(tries(&world, "ketoan.mau", PASSWORD, ""), "and that does not close the door");
        world.wait_seconds(61);
        assert!(confirms(PASSWORD));
    });
}

#[test]
fn one_human_is_one_person_unless_somebody_says_that_there_are_two_of_the_name() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri.mau", Scope::All);
        admin.get("/users");
        let invite = |admin: &mut Visitor, login: &str, more: &[(&str, &str)]| {
            let fields = [("login", login), ("role", "finance"), ("units", "00004"), ("confirm", "")];
            admin.post("/users/invite", &[&fields[..], more].concat())
        };
        let persons = || world.count("person WHERE display_name LIKE 'Phạm Văn%'");
        assert_eq!(invite(&mut admin, "ketoan.mot", &[("person", "Phạm Văn Mẫu")]).status, 200);
        let same = invite(&mut admin, "duyet.mot", &[("person", " phạm  van MẪU")]);
        assert_eq!((same.status, persons()), (400, 1), "{}", admin.page);
        admin.sees("Đã có người đăng ký với họ tên này");
        let id = admin.page.split("<option value=\"").find(|part| part.contains("(ketoan.mot)")).unwrap();
        let id = id.split('"').next().unwrap().to_owned();
        assert_eq!(invite(&mut admin, "duyet.mot", &[("known", &id)]).status, 200, "{}", admin.page);
        assert_eq!(persons(), 1);
        let people = world.words(
            "SELECT CAST(COUNT(DISTINCT person_id) AS TEXT) AS t FROM login WHERE name IN ('ketoan.mot', 'duyet.mot')",
        );
        assert_eq!(people, ["1"]);
        let other = [("person", "Phạm Văn Mẫu"), ("another", "yes")];
        assert_eq!(invite(&mut admin, "duyet.hai", &other).status, 200, "{}", admin.page);
        assert_eq!(world.count("login WHERE name = 'duyet.hai'"), 1);
        assert_eq!(invite(&mut admin, "ai.do", &[("known", "per_0000000000000")]).status, 400);

        // Another unit's administrator gives nobody here a further hand.
        let own = Scope::unit(world.tay_ho.id);
        let mut other = seated(&world, service.address, Role::Administrator, "quantri.tayho", own);
        other.get("/users");
        let fields = [("login", "muon.ten"), ("role", "finance"), ("units", "00091"), ("known", id.as_str())];
        assert_eq!(other.post("/users/invite", &[&fields[..], &[("confirm", "")]].concat()).status, 400);
        assert_eq!(world.count("login WHERE name = 'muon.ten'"), 0);

        // A city has hundreds: they are turned page by page, and narrowed to a unit.
        let (system, person) = (Actor::system(), id.parse().unwrap());
        for number in 0..60 {
            let (name, scope) = (format!("quay.so{number:02}"), Scope::unit(world.tay_ho.id));
            let new = NewLogin { name, person, role: Role::Finance, scope };
            world.change(|tx, stamp| login::invite(tx, stamp, &system, new.clone()).map(|_| ()));
        }
        let mut seen = BTreeSet::new();
        let mut path = "/users?unit=00091".to_owned();
        for expected in [50, 11] {
            admin.get(&path);
            let rows = admin.page.split("<tr><td class=\"mono\">").skip(1);
            let names: Vec<&str> = rows.map(|row| row.split('<').next().unwrap()).collect();
            assert_eq!(names.len(), expected, "sixty and their administrator: {}", admin.page);
            seen.extend(names.into_iter().map(str::to_owned));
            let next = admin.page.split("<a class=\"button plain\" href=\"").nth(1);
            let next = next.map(|rest| rest.split('"').next().unwrap()).unwrap_or_default();
            path = next.replace("&amp;", "&");
        }
        assert_eq!((seen.len(), path.as_str()), (61, ""));
        assert!(!seen.contains("ketoan.mot"), "another unit's");
        // Behind a login that this list does not have it goes on with the name that comes next.
        let scope = Scope::unit(world.ba_dinh.id);
        let new = NewLogin { name: "quay.so30.khac".to_owned(), person, role: Role::Finance, scope };
        let (gone, _) = world.change(|tx, stamp| login::invite(tx, stamp, &system, new.clone()));
        admin.get(&format!("/users?unit=00091&after={gone}"));
        let first = admin.page.split("<tr><td class=\"mono\">").nth(1).unwrap().split('<').next();
        assert_eq!(first, Some("quay.so31"), "{}", admin.page);
        service.stop();
    });
}

#[test]
fn whoever_hands_out_the_way_in_to_a_login_that_decides_never_opens_it_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        employ(&world, Role::Approver, "duyet.mau", Scope::unit(world.ba_dinh.id));
        let seat = |name| seated(&world, service.address, Role::Administrator, name, Scope::All);
        let (mut one, mut two) = (seat("quantri.mot"), seat("quantri.hai"));
        let vouch = |by: &mut Visitor| {
            by.get("/users");
            let seen = by.value("revision.duyet.mau").unwrap_or_default();
            let fields = [("login", "duyet.mau"), ("confirm", ""), ("revision.duyet.mau", seen.as_str())];
            by.post("/users/vouch", &fields).status
        };
        assert_eq!(vouch(&mut two), 400, "it waits for nobody");
        two.sees("không chờ ai xác nhận");

        // An administrator resets an approver's login and takes the link.
        one.get("/users");
        assert_eq!(one.post("/users/reset", &[("login", "duyet.mau"), ("confirm", "")]).status, 200);
        let shown = one.page.split("/invitation/").nth(1).unwrap().split([' ', '"']).next().unwrap();
        let link = format!("/invitation/{shown}");
        let mut taker = Visitor::at(service.address);
        taker.get(&link);
        let secret = secret_on(&taker.page);
        let before = totp::shown_at(&secret, world.now().minus_seconds(30));
        let set = taker.post(&link, &[("password", PASSWORD), ("again", PASSWORD), ("code", &before)]);
        assert_eq!(set.status, 200, "{}", taker.page);
        taker.sees("khi một quản trị viên khác");
        taker.sees("bienlai user vouch");
        let word =
            taker.page.split("<strong class=\"mono\">").last().unwrap().split('<').next().unwrap().to_owned();
        assert_eq!(word.len(), 6, "{}", taker.page);
        let enter = |visitor: &mut Visitor| {
            let code = totp::shown_at(&secret, world.now());
            visitor.sign_in("duyet.mau", PASSWORD, &code).status
        };
        assert_eq!(enter(&mut taker), 401, "password and code are right, and open nothing");
        assert_eq!(vouch(&mut one), 400, "who handed it out says nothing for it");
        one.sees("Người duyệt phải khác");
        two.get("/duties");
        two.sees("Tài khoản chờ một quản trị viên khác xác nhận: 1");
        two.get("/users");
        two.sees("Chờ người thứ hai xác nhận");
        two.sees("<td>Người quantri.mot</td>");
        two.sees(&format!("<td class=\"mono\">{word}</td>"));
        let waiting = |role: Role| {
            let bearer = format!("Bearer {}", token(&world, role));
            let headers = [("Authorization", bearer.as_str())];
            send(service.address, "GET", "/api/v1/approvals", &headers, b"").unwrap().json()["logins"].clone()
        };
        let told = waiting(Role::Administrator);
        assert_eq!(
            (&told[0]["name"], &told[0]["role"], told.as_array().map(Vec::len)),
            (&json!("duyet.mau"), &json!("approver"), Some(1)),
            "{told}"
        );
        assert!(told[0]["makers"][0].as_str().is_some() && !told.to_string().contains(&word), "{told}");
        assert_eq!(waiting(Role::Finance), json!([]), "who may not vouch is told of none");
        let old = two.value("revision.duyet.mau").unwrap();
        for seen in ["", "1"] {
            let fields = [("login", "duyet.mau"), ("confirm", ""), ("revision.duyet.mau", seen)];
            assert_eq!(two.post("/users/vouch", &fields).status, 400, "not what stands there: {seen}");
            two.is_told("act_changed");
        }
        assert_eq!(two.value("revision.duyet.mau"), Some(old), "nothing moved");
        assert_eq!(vouch(&mut two), 200, "{}", two.page);
        assert_eq!(enter(&mut taker), 303, "{}", taker.page);

        // Linked to an identity of single sign-on by somebody else, it is closed until somebody vouches again.
        let actor = |name: &str| world.look(|conn| login::find_by_name(conn, name)).actor();
        let id = world.look(|conn| login::find_by_name(conn, "duyet.mau")).id;
        let (one, two) = (actor("quantri.mot"), actor("quantri.hai"));
        let issuer = "https://idp.example.vn";
        world.change(|tx, stamp| sso::link(tx, stamp, &two, id, issuer, "s-77"));
        assert_eq!(taker.get("/finance").status, 303, "its sessions ended");
        let vouched = |by: &Actor| world.try_change(|tx, stamp| vouch::vouch(tx, stamp, by, id, None));
        assert_eq!(vouched(&two).unwrap_err().code(), "maker_is_checker");
        vouched(&one).expect("another one vouches");
        assert_eq!(vouched(&one).unwrap_err().code(), "login_awaits_nobody");
        let told = world.words("SELECT action AS t FROM audit_entry WHERE action LIKE 'login.%' ORDER BY id");
        assert!(told.iter().filter(|action| *action == "login.vouched").count() == 2, "{told:?}");
        service.stop();
    });
}

/// Sets up a login as whoever holds its link does; tells whether it waits for a second person.
fn sets_up(world: &World, token: &str) -> bool {
    let invited = world.look(|conn| invitation::find(conn, &world.stamp(), token));
    let hash = invitation::prepare(&invited.login, PASSWORD, PASSWORD).expect("a good password");
    let code = totp::shown_at(&invited.second_factor, world.now());
    world.change(|tx, stamp| invitation::accept(tx, stamp, token, &hash, &code));
    let login = world.look(|conn| login::find(conn, invited.login.id));
    assert_ne!(login.is_active(), login.awaits_second());
    login.awaits_second()
}

#[test]
fn an_administrator_alone_becomes_nobody_who_decides() {
    each_database(|database| {
        let world = World::settled_in(database);
        let home = Scope::unit(world.ba_dinh.id);
        employ(&world, Role::Administrator, "quantri.mot", Scope::All);
        employ(&world, Role::Administrator, "quantri.hai", Scope::All);
        let actor = |name: &str| world.look(|conn| login::find_by_name(conn, name)).actor();
        let (one, two) = (actor("quantri.mot"), actor("quantri.hai"));
        let own = one.person.expect("somebody");
        let new =
            NewLogin { name: "tu.cap".to_owned(), person: own, role: Role::Finance, scope: home.clone() };
        let (id, token) = world.change(|tx, stamp| login::invite(tx, stamp, &one, new.clone()));
        assert!(sets_up(&world, token.expose_secret()), "invited by themself, and nobody else knows");
        let vouched = |by: &Actor| world.try_change(|tx, stamp| vouch::vouch(tx, stamp, by, id, None));
        assert_eq!(vouched(&one).unwrap_err().code(), "maker_is_checker");
        vouched(&two).expect("another one vouches");
        let again = world.change(|tx, stamp| login::invite_again(tx, stamp, &one, id));
        assert!(!sets_up(&world, again.expose_secret()), "a way in that is theirs, to what was open before");

        // Whoever stands in for an approver decides, so a cashier's login waits too while they may.
        employ(&world, Role::Approver, "duyet.mau", home.clone());
        employ(&world, Role::Cashier, "quay.mau", home);
        let quay = world.look(|conn| login::find_by_name(conn, "quay.mau"));
        let resets = || {
            let token = world.change(|tx, stamp| login::invite_again(tx, stamp, &one, quay.id));
            sets_up(&world, token.expose_secret())
        };
        assert!(!resets(), "thirty people wait at that desk");
        let today = world.now().business_day();
        let offer = Offer {
            unit: world.ba_dinh.id,
            delegate: quay.person,
            acts: vec![Kind::Refund],
            limit: Dong(1_000_000),
            valid_from: today,
            valid_until: today.plus_days(7),
            decision_no: "12/QĐ-UBND".to_owned(),
            decision_on: today,
        };
        let chief = actor("duyet.mau");
        let lent = world.change(|tx, stamp| delegation::offer(tx, stamp, &chief, &offer));
        world.change(|tx, stamp| sso::link(tx, stamp, &one, quay.id, "https://idp.example.vn", "s-78"));
        assert!(
            !world.look(|conn| login::find(conn, quay.id)).is_active(),
            "linked by another, it is closed"
        );
        assert!(resets(), "what is offered may be taken on by whoever enters");
        let (unit, seat) = (world.ba_dinh.id, Seat::Login(quay.id));
        let declined = (Answer::Decline, seat);
        world.change(|tx, stamp| delegation::answer(tx, stamp, &quay.actor(), (unit, lent.id), declined));
        assert!(!resets(), "nothing is lent any more");
    });
}

#[test]
fn a_code_opens_once_and_a_recovery_code_replaces_it_once() {
    each_database(|database| {
        let world = World::settled_in(database);
        let system = Actor::system();
        let approver = employ(&world, Role::Approver, "duyet.mau", Scope::unit(world.ba_dinh.id));
        let code = approver.code(&world);
        assert!(tries(&world, "duyet.mau", PASSWORD, &code));
        assert!(!tries(&world, "duyet.mau", PASSWORD, &code), "a code that was seen opens nothing again");
        world.wait_seconds(30);
        assert!(tries(&world, "duyet.mau", PASSWORD, &approver.code(&world)));

        let login = world.look(|conn| login::find_by_name(conn, "duyet.mau"));
        let token = world.change(|tx, stamp| login::invite_again(tx, stamp, &system, login.id));
        assert!(!tries(&world, "duyet.mau", PASSWORD, &approver.code(&world)), "the password ended");
        assert_eq!(world.count("session"), 0, "and the sessions");
        let token = token.expose_secret().to_owned();
        let invited = world.look(|conn| invitation::find(conn, &world.stamp(), &token));
        let hash = invitation::prepare(&invited.login, PASSWORD, PASSWORD).unwrap();
        let code = totp::shown_at(&invited.second_factor, world.now());
        let (_, recovery) = world.change(|tx, stamp| invitation::accept(tx, stamp, &token, &hash, &code));
        assert_eq!(recovery.iter().collect::<BTreeSet<_>>().len(), 8);
        assert!(tries(&world, "duyet.mau", PASSWORD, &recovery[3]));
        assert!(!tries(&world, "duyet.mau", PASSWORD, &recovery[3]));
        let stored = world.words("SELECT code_hash AS t FROM recovery_code");
        assert_eq!(stored.len(), 7);
        let plain = recovery[0].replace('-', "");
        assert!(stored.iter().all(|hash| *hash != plain), "codes are not kept as they are shown");
    });
}

#[test]
fn a_session_ends_by_itself_when_nobody_uses_it_and_after_a_working_day() {
    each_database(|database| {
        let world = World::settled_in(database);
        employ(&world, Role::Finance, "ketoan.mau", Scope::unit(world.ba_dinh.id));
        let enter = || {
            let shown =
                sign_in::Shown { name: "ketoan.mau", password: PASSWORD, code: "", source: "192.0.2.1" };
            let found = world.look(|conn| sign_in::named(conn, shown.name));
            let checked = sign_in::check(found.as_ref(), &shown).unwrap();
            let entered = world.change(|tx, stamp| sign_in::sign_in(tx, stamp, &checked, &shown));
            entered.unwrap().1.expose_secret().to_owned()
        };
        let is_open = |token: &str| {
            let now = world.now();
            world.app.store.read(&Scope::All, |conn| session::find(conn, now, token)).is_ok()
        };
        let token = enter();
        world.wait_seconds(3_599);
        assert!(is_open(&token));
        world.wait_seconds(1);
        assert!(!is_open(&token), "an hour without use");
        let token = enter();
        for _ in 0..24 {
            world.wait_seconds(1_790);
            let session = world.look(|conn| session::find(conn, world.now(), &token));
            world
                .app
                .store
                .write(&Scope::All, Lane::Live, |tx| session::seen(tx, world.now(), session.id))
                .unwrap();
        }
        world.wait_seconds(300);
        assert!(!is_open(&token), "twelve hours, however busy");
    });
}

#[test]
fn maker_and_checker_are_persons_however_many_logins_they_have() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let system = Actor::system();
        let home = world.ba_dinh.id;
        let person: PersonId = world
            .change(|tx, stamp| bienlai::identity::create_person(tx, stamp, &system, home, "Lê Thị Mẫu"));
        appoint(&world, Role::Finance, "ketoan.mau", unit.clone(), person);
        let second = appoint(&world, Role::Approver, "duyet.mau", unit.clone(), person);
        let maker = Actor { person: Some(person), client: None, role: Role::Finance, scope: unit.clone() };
        let item = complaint(&world);
        world
            .app
            .write(&maker, |tx, stamp| {
                bienlai::exception::propose(
                    tx,
                    stamp,
                    &maker,
                    world.ba_dinh.id,
                    item.id,
                    ("acknowledge", None, "đã trả lời"),
                )
            })
            .unwrap();
        let mut approver = Visitor::at(service.address);
        approver.sign_in(&second.name, PASSWORD, &second.code(&world));
        approver.get("/finance/exceptions");
        let id = item.id.to_string();
        let own = approver.post("/finance/exceptions/approve", &[("exception", &id), ("confirm", "")]);
        assert_eq!(own.status, 400, "{}", approver.page);
        approver.sees("Người duyệt phải khác người đề nghị");
        let mut other = seated(&world, service.address, Role::Approver, "duyet.khac", unit);
        other.get("/finance/exceptions");
        let done = other.post("/finance/exceptions/approve", &[("exception", &id), ("confirm", "")]);
        assert_eq!(done.status, 303, "{}", other.page);
        service.stop();
    });
}

/// An item that a person may acknowledge.
pub fn complaint(world: &World) -> bienlai::exception::Exception {
    let owed = world.raise(bienlai::amount::Dong(25_000));
    let word = bienlai::payment::told::Word {
        amount: bienlai::amount::Dong(25_000),
        on: world.now().business_day(),
        trace: "FT 26331".to_owned(),
        time: String::new(),
    };
    world.change(|tx, stamp| bienlai::payment::told::tell(tx, stamp, &owed, &word));
    let items = world.exceptions(world.ba_dinh.id);
    items.into_iter().find(|item| item.kind == bienlai::exception::Kind::Complaint).unwrap()
}

#[test]
fn an_api_token_opens_no_page_and_a_session_no_api() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let unit = Scope::unit(world.ba_dinh.id);
        let visitor = seated(&world, service.address, Role::Finance, "ketoan.mau", unit);
        let cookie = format!("{COOKIE}={}", visitor.cookies[COOKIE]);
        let api = crate::support::program::send(
            service.address,
            "GET",
            "/api/v1/exceptions?unit=00004",
            &[("Cookie", cookie.as_str())],
            b"",
        )
        .unwrap();
        assert_eq!(api.status, 401);
        let page = crate::support::program::send(
            service.address,
            "GET",
            "/finance",
            &[("Authorization", "Bearer cli_x.y")],
            b"",
        )
        .unwrap();
        assert_eq!(page.status, 303);
        assert_eq!(get(service.address, "/sign-in").unwrap().status, 200);
        service.stop();
    });
}
