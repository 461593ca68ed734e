//! People keep their own login: password, recovery codes, second factor, sessions.

use bienlai::actor::{Role, Scope};
use bienlai::identity::{own, session, totp};

use crate::support::program::Service;
use crate::support::visitor::{PASSWORD, Visitor, employ};
use crate::support::{World, each_database};

const NEW: &str = "ao thu lạnh lẽo nước trong";

/// Signs in at a browser of its own; the answer's status.
fn entered(service: &Service, name: &str, password: &str, code: &str) -> (Visitor, u16) {
    let mut visitor = Visitor::at(service.address);
    let status = visitor.sign_in(name, password, code).status;
    (visitor, status)
}

/// The recovery codes that the page shows.
fn codes(visitor: &Visitor) -> Vec<String> {
    let list = visitor.page.split_once("<ul class=\"mono\">").unwrap().1.split_once("</ul>").unwrap().0;
    list.split("<li>").skip(1).map(|item| item.split('<').next().unwrap().to_owned()).collect()
}

#[test]
fn a_changed_password_ends_every_other_session_and_the_old_one_opens_nothing() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let ready = employ(&world, Role::Cashier, "thungan.mau", Scope::unit(world.ba_dinh.id));
        let (mut here, _) = entered(&service, &ready.name, PASSWORD, "");
        let (mut elsewhere, _) = entered(&service, &ready.name, PASSWORD, "");
        here.get("/account");
        let asked =
            |current, password, again| [("current", current), ("password", password), ("again", again)];
        for (typed, told) in [
            (asked("khong phai mat khau", NEW, NEW), "Mật khẩu đang dùng không đúng"),
            (asked(PASSWORD, NEW, "khác hẳn câu trên"), "Hai lần nhập mật khẩu"),
            (asked(PASSWORD, "ngắn", "ngắn"), "class=\"reason\""),
        ] {
            assert_eq!(here.post("/account/password", &typed).status, 400, "{told}");
            here.sees(told);
        }
        here.post("/account/password", &asked("khong phai mat khau", NEW, NEW));
        here.is_told("password_wrong");
        assert_eq!(elsewhere.get("/counter").status, 200, "nothing was changed yet");
        assert_eq!(here.post("/account/password", &asked(PASSWORD, NEW, NEW)).status, 303, "{}", here.page);
        assert_eq!(here.get("/counter").status, 200, "who changed it stays");
        assert_eq!(elsewhere.get("/counter").status, 303, "others are sent to sign in");
        assert_eq!(entered(&service, &ready.name, PASSWORD, "").1, 401);
        assert_eq!(entered(&service, &ready.name, NEW, "").1, 303);
        service.stop();
    });
}

#[test]
fn a_cashier_sets_up_a_second_factor_renews_its_codes_and_ends_the_session_of_a_lost_machine() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let ready = employ(&world, Role::Cashier, "thungan.mau", Scope::unit(world.ba_dinh.id));
        let (mut lost, _) = entered(&service, &ready.name, PASSWORD, "");
        let (mut here, _) = entered(&service, &ready.name, PASSWORD, "");
        here.get("/account/second-factor");
        let token = here.cookies["__Host-bienlai"].clone();
        let session = world.look(|conn| session::find(conn, world.now(), &token));
        let secret = own::offered_second_factor(world.stamp().vault, &session);
        here.sees(&totp::typed(&secret));
        assert_eq!(here.post("/account/second-factor", &[("code", "000000")]).status, 400);
        let code = totp::shown_at(&secret, world.now());
        assert_eq!(here.post("/account/second-factor", &[("code", &code)]).status, 200, "{}", here.page);
        let first = codes(&here);
        assert_eq!(first.len(), 8);
        assert_eq!(entered(&service, &ready.name, PASSWORD, "").1, 401, "the password alone opens nothing");
        assert_eq!(entered(&service, &ready.name, PASSWORD, &first[0]).1, 303);
        assert_eq!(entered(&service, &ready.name, PASSWORD, &first[0]).1, 401, "each opens once");

        here.get("/account");
        assert_eq!(here.post("/account/recovery-codes", &[]).status, 200, "{}", here.page);
        let second = codes(&here);
        assert_eq!(entered(&service, &ready.name, PASSWORD, &first[1]).1, 401, "the old set is void");
        assert_eq!(entered(&service, &ready.name, PASSWORD, &second[0]).1, 303);

        here.get("/account");
        here.sees("Phiên này");
        let mine = session.id.to_string();
        let open = world.look(|conn| session::of_login(conn, world.now(), session.login.id));
        let oldest = open.last().unwrap().0.to_string();
        assert_ne!(oldest, mine);
        assert_eq!(here.post("/account/end-session", &[("session", &oldest)]).status, 303);
        assert_eq!(lost.get("/counter").status, 303, "the lost machine is signed out");
        assert_eq!(here.get("/counter").status, 200);
        service.stop();
    });
}
