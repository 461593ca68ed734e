//! Staff sign in by the city's identity provider: linked on purpose, with our own second factor, and against
//! everything that an attacker at the provider, on the way, or in another browser tries.

use bienlai::actor::{Actor, Role, Scope};
use bienlai::identity::{login, sso};
use serde_json::{Value, json};

use crate::support::oidc::{Oidc, Signing};
use crate::support::program::{How, Reply, Service};
use crate::support::visitor::{PASSWORD, Ready, Visitor, appoint, employ, location, seated};
use crate::support::{World, each_database};

const COOKIE: &str = "__Host-bienlai";
const TRY: &str = "__Host-bienlai-sso";

struct House {
    world: World,
    provider: Oidc,
    service: Service,
}

impl House {
    fn open(database: crate::support::Database, more: &str) -> House {
        let world = World::settled_in_today(database);
        let provider = Oidc::start();
        let sections = provider.section(world.database.folder.path(), more);
        let service = Service::start_as(&world, How { sections: &sections, ..How::default() }).unwrap();
        House { world, provider, service }
    }

    fn visitor(&self) -> Visitor {
        Visitor::at(self.service.address)
    }

    fn employ(&self, role: Role, name: &str) -> Ready {
        employ(&self.world, role, name, Scope::unit(self.world.ba_dinh.id))
    }

    /// As an administrator does by command.
    fn link(&self, name: &str, subject: &str) {
        let issuer = self.provider.issuer();
        self.world.change(|tx, stamp| {
            let id = login::find_by_name(tx, name)?.id;
            sso::link(tx, stamp, &Actor::system(), id, &issuer, subject)
        });
    }

    /// To the provider, where somebody signs in, and back.
    fn go(&self, visitor: &mut Visitor, subject: &str) -> Reply {
        let path = self.provider.authorize(&begin(visitor, ""), subject);
        visitor.get(&path)
    }
}

/// The provider's address that the sign-in page leads to.
fn begin(visitor: &mut Visitor, next: &str) -> String {
    let reply = visitor.get(&format!("/sign-in/sso{next}"));
    assert_eq!(reply.status, 303, "{}", visitor.page);
    location(&reply).to_owned()
}

#[test]
fn a_cashier_links_the_login_once_and_then_signs_in_without_its_password() {
    each_database(|database| {
        let mut house = House::open(database, "");
        let ready = house.employ(Role::Cashier, "thungan.mot");
        let mut visitor = house.visitor();
        visitor.get("/sign-in");
        visitor.sees("Đăng nhập bằng cổng cán bộ");
        let unlinked = house.go(&mut visitor, "s-1");
        assert_eq!(unlinked.status, 401, "nobody becomes a user by signing in elsewhere");
        visitor.is_told("sso_refused");
        assert_eq!(house.world.count("login"), 1);

        visitor.sign_in(&ready.name, PASSWORD, "");
        visitor.get("/account");
        visitor.sees("chưa liên kết");
        let go = visitor.post("/account/sso", &[]);
        assert_eq!(go.status, 200, "{}", visitor.page);
        let address = visitor.page.split("class=\"button\" href=\"").nth(1).unwrap();
        let address = address.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let back = house.provider.authorize(&address, "s-1");
        let linked = visitor.get(&back);
        assert_eq!((linked.status, location(&linked)), (303, "/account"), "{}", visitor.page);
        visitor.get("/account");
        visitor.sees("đã liên kết");
        assert_eq!(visitor.get(&back).status, 401, "what was used is used");
        visitor.get("/account");
        visitor.post("/sign-out", &[]);

        let address = begin(&mut visitor, "?next=/counter/shift");
        let entered = visitor.get(&house.provider.authorize(&address, "s-1"));
        assert_eq!((entered.status, location(&entered)), (303, "/counter/shift"), "{}", visitor.page);
        assert!(!visitor.cookies.contains_key(TRY), "the try is over");
        assert_eq!(visitor.get("/counter").status, 200);
        let token = visitor.cookies[COOKIE].clone();
        visitor.post("/sign-out", &[]);
        visitor.cookies.insert(COOKIE.to_owned(), token);
        assert_eq!(visitor.get("/counter").status, 303, "signing out ends our session");

        house.go(&mut visitor, "s-1");
        visitor.get("/account");
        let unconfirmed = visitor.post("/account/sso/unlink", &[]);
        assert_eq!(unconfirmed.status, 400, "coming from the provider confirms nothing here");
        visitor.sees("name=\"confirm\"");
        let unlinked = visitor.post("/account/sso/unlink", &[("confirm", PASSWORD)]);
        assert_eq!(unlinked.status, 303, "{}", visitor.page);
        assert_eq!(house.go(&mut house.visitor(), "s-1").status, 401);
        let kinds = house.world.words("SELECT action AS t FROM audit_entry WHERE action LIKE 'login.sso%'");
        assert_eq!(kinds, ["login.sso_linked", "login.sso_unlinked"]);
        assert_eq!(house.world.count("sso_subject") + house.world.count("sso_link"), 0);
        house.service.stop();
    });
}

#[test]
fn an_approver_types_the_code_of_the_app_after_the_providers_answer() {
    each_database(|database| {
        let mut house = House::open(database, "");
        let ready = house.employ(Role::Approver, "duyet.mot");
        house.link(&ready.name, "s-2");
        let mut visitor = house.visitor();
        let asked = house.go(&mut visitor, "s-2");
        assert_eq!(asked.status, 200, "{}", visitor.page);
        assert!(!visitor.cookies.contains_key(COOKIE), "nobody is in yet");
        let finish = |visitor: &mut Visitor, code: &str| {
            let id = visitor.page.split("name=\"login\" value=\"").nth(1).unwrap().split('"').next().unwrap();
            let fields = [("ticket", visitor.value("ticket").unwrap()), ("login", id.to_owned())];
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            visitor.post("/sign-in/sso/finish", &[&fields[..], &[("code", code)]].concat())
        };
        assert_eq!(finish(&mut visitor, "").status, 401);
        assert_eq!(finish(&mut visitor, "000000").status, 401);
        visitor.sees("Tên, mật khẩu hoặc mã xác thực không đúng");
        let mut thief = house.visitor();
        thief.page = visitor.page.clone();
        assert_eq!(finish(&mut thief, &ready.code(&house.world)).status, 401, "the ticket is one browser's");
        let entered = finish(&mut visitor, &ready.code(&house.world));
        assert_eq!((entered.status, location(&entered)), (303, "/finance"), "{}", visitor.page);
        assert_eq!(visitor.get("/finance").status, 200);

        // Wrong codes count as at the sign-in page, and lock the same.
        let mut guesser = house.visitor();
        house.go(&mut guesser, "s-2");
        for _ in 0..5 {
            assert_eq!(finish(&mut guesser, "111111").status, 401);
        }
        let locked = house.world.count("audit_entry WHERE action = 'login.locked'");
        assert_eq!(locked, 1);
        assert_eq!(finish(&mut guesser, &ready.code(&house.world)).status, 401, "a locked login stays out");
        house.service.stop();
    });
}

#[test]
fn the_providers_second_factor_counts_only_where_the_configuration_says_so() {
    each_database(|database| {
        let mut house = House::open(database, "sufficient_amr = [\"otp\"]");
        let ready = house.employ(Role::Approver, "duyet.hai");
        house.link(&ready.name, "s-3");
        let mut visitor = house.visitor();
        house.provider.twist_next(|claims| claims["amr"] = json!(["pwd"]));
        assert_eq!(house.go(&mut visitor, "s-3").status, 200, "a password alone is no second factor");
        house.provider.twist_next(|claims| {
            claims["amr"] = json!(["pwd", "otp"]);
            claims.as_object_mut().unwrap().remove("auth_time");
        });
        assert_eq!(house.go(&mut visitor, "s-3").status, 200, "nor one that nobody knows the time of");
        house.provider.twist_next(|claims| claims["amr"] = json!(["pwd", "otp"]));
        assert_eq!(house.go(&mut visitor, "s-3").status, 303, "{}", visitor.page);
        let (seen, now) = (house.world.count("session WHERE confirmed_at > created_at - 30000000"), 1);
        assert_eq!(seen, now, "what the provider saw a second ago confirms for a while");
        house.service.stop();
    });
}

/// Each lie, and that it opens nothing.
#[test]
fn no_token_that_was_not_made_for_this_try_opens_anything() {
    each_database(|database| {
        let mut house = House::open(database, "");
        let ready = house.employ(Role::Cashier, "thungan.hai");
        house.link(&ready.name, "s-4");
        let sessions = || house.world.count("session");
        let lies: [(&str, fn(&mut Value)); 10] = [
            ("another nonce", |claims| claims["nonce"] = json!("x")),
            ("no nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
            ("another audience", |claims| claims["aud"] = json!("other")),
            ("an audience beside us", |claims| claims["aud"] = json!(["bienlai", "other"])),
            ("another party", |claims| claims["azp"] = json!("other")),
            ("expired", |claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 61)),
            ("an expiry that is no number", |claims| claims["exp"] = json!("9999999999")),
            ("from the future", |claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 3_600)),
            ("another issuer", |claims| claims["iss"] = json!("https://evil.example")),
            ("another access token", |claims| claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ];
        for (why, lie) in lies {
            house.provider.twist_next(lie);
            assert_eq!(house.go(&mut house.visitor(), "s-4").status, 401, "{why}");
        }
        for signing in [Signing::None, Signing::PublicKeyAsSecret, Signing::Forged] {
            house.provider.sign_next(signing);
            assert_eq!(house.go(&mut house.visitor(), "s-4").status, 401, "{signing:?}");
        }
        assert_eq!(sessions(), 0);
        assert_eq!(house.go(&mut house.visitor(), "s-4").status, 303, "the truth opens");
        assert_eq!(sessions(), 1);

        let mut visitor = house.visitor();
        let back = house.provider.authorize(&begin(&mut visitor, ""), "s-4");
        assert_eq!(house.visitor().get(&back).status, 401, "without the browser's part");
        let mut other = house.visitor();
        begin(&mut other, "");
        assert_eq!(other.get(&back).status, 401, "with another browser's");
        let named = format!("{back}&iss=https%3A%2F%2Fevil.example");
        assert_eq!(visitor.get(&named).status, 401, "an answer in another's name uses the try up");
        assert_eq!(visitor.get(&back).status, 401);
        for bad in ["", "?state=x", "?state=x&code=y", "?error=access_denied", "?state=a&state=b&code=c"] {
            assert_eq!(visitor.get(&format!("/sign-in/sso/callback{bad}")).status, 401, "{bad}");
        }

        // A code that somebody saw is worth nothing in a try of their own: PKCE.
        let mut victim = house.visitor();
        let seen = house.provider.authorize(&begin(&mut victim, ""), "s-4");
        let code = seen.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let mut thief = house.visitor();
        let own = house.provider.authorize(&begin(&mut thief, ""), "s-evil");
        let state = own.split("state=").nth(1).unwrap();
        let injected = thief.get(&format!("/sign-in/sso/callback?code={code}&state={state}"));
        assert_eq!(injected.status, 401, "a code that was made for another's verifier");
        assert_eq!(sessions(), 1);
        house.service.stop();
        let log = house.service.log();
        assert!(!log.contains("code-") && !log.contains("s-4"), "neither codes nor persons stand in the log");
    });
}

#[test]
fn a_subject_is_one_person_and_opens_only_what_is_linked_and_active() {
    each_database(|database| {
        let mut house = House::open(database, "");
        let (one, two) =
            (house.employ(Role::Cashier, "thungan.ba"), house.employ(Role::Cashier, "thungan.tu"));
        house.link(&one.name, "s-5");
        let unit = Scope::unit(house.world.ba_dinh.id);
        let person = house.world.look(|conn| login::find_by_name(conn, &one.name)).person;
        let second = appoint(&house.world, Role::Finance, "ketoan.ba", unit, person);
        house.link(&second.name, "s-5");

        let mut admin =
            seated(&house.world, house.service.address, Role::Administrator, "quantri", Scope::All);
        admin.get("/users");
        admin.sees("Đăng nhập một lần");
        let taken = admin.post("/users/sso", &[("login", &two.name), ("subject", "s-5"), ("confirm", "")]);
        assert_eq!(taken.status, 400);
        admin.sees("đã gắn với một người khác");
        let linked = admin.post("/users/sso", &[("login", &two.name), ("subject", "s-6"), ("confirm", "")]);
        assert_eq!(linked.status, 200, "{}", admin.page);
        assert_eq!(house.go(&mut house.visitor(), "s-6").status, 303);

        // Two logins of one person: they choose.
        let mut visitor = house.visitor();
        assert_eq!(house.go(&mut visitor, "s-5").status, 200);
        visitor.sees(&one.name);
        visitor.sees(&second.name);
        let mut other = house.visitor();
        assert_eq!(house.go(&mut other, "s-5").status, 200);
        let ticket = other.value("ticket").unwrap();
        let foreign = house.world.look(|conn| login::find_by_name(conn, &two.name)).id.to_string();
        let fields = [("ticket", ticket.as_str()), ("login", foreign.as_str()), ("code", "")];
        assert_eq!(other.post("/sign-in/sso/finish", &fields).status, 401, "another person's login");
        let ticket = visitor.value("ticket").unwrap();
        let none = visitor.post("/sign-in/sso/finish", &[("ticket", &ticket), ("code", "")]);
        assert_eq!(none.status, 401);
        let own = house.world.look(|conn| login::find_by_name(conn, &second.name)).id.to_string();
        let fields = [("ticket", ticket.as_str()), ("login", own.as_str()), ("code", "")];
        let entered = visitor.post("/sign-in/sso/finish", &fields);
        assert_eq!((entered.status, location(&entered)), (303, "/finance"), "{}", visitor.page);
        assert_eq!(visitor.post("/sign-in/sso/finish", &fields).status, 401, "a ticket is used once");

        // An ended login, and one whose link went with a new invitation, open nothing.
        let system = Actor::system();
        house.world.change(|tx, stamp| {
            let id = login::find_by_name(tx, &second.name)?.id;
            login::end(tx, stamp, &system, id)?;
            let id = login::find_by_name(tx, &one.name)?.id;
            login::invite_again(tx, stamp, &system, id).map(|_| ())
        });
        assert_eq!(house.go(&mut house.visitor(), "s-5").status, 401);
        assert_eq!(house.world.count("sso_link"), 1);
        house.service.stop();
    });
}

#[test]
fn keys_are_rotated_without_anybody_noticing_and_nobody_is_led_elsewhere() {
    each_database(|database| {
        let mut house = House::open(database, "");
        let ready = house.employ(Role::Cashier, "thungan.nam");
        house.link(&ready.name, "s-7");
        for next in
            ["?next=//evil.example/", "?next=https://evil.example", "?next=/sign-out", "?next=%2F%5Cx"]
        {
            let mut visitor = house.visitor();
            let address = begin(&mut visitor, next);
            let entered = visitor.get(&house.provider.authorize(&address, "s-7"));
            assert_eq!(location(&entered), "/counter", "{next}");
        }
        assert_eq!(house.provider.asked("/jwks"), 1, "keys are kept for a while");
        house.provider.rotate("two");
        // While our copy of the set is too young to be doubted nobody gets in by a key it does not hold; the first
        // who gets in had it fetched. How soon that is depends on how long ago the set was fetched.
        let patience = std::time::Instant::now();
        let mut is_in = false;
        while !is_in && patience.elapsed().as_secs() < 40 {
            let status = house.go(&mut house.visitor(), "s-7").status;
            is_in = status == 303;
            assert_eq!((status, house.provider.asked("/jwks")), if is_in { (303, 2) } else { (401, 1) });
            std::thread::sleep(std::time::Duration::from_secs(u64::from(!is_in)));
        }
        assert!(is_in, "the new key is fetched by itself");
        assert_eq!(house.provider.asked("/jwks"), 2, "once, however often it was asked for");
        house.service.stop();
    });
}

#[test]
fn without_a_table_in_the_configuration_there_is_no_button_and_no_way() {
    let world = World::settled_in_today(crate::support::Database::sqlite());
    let mut service = Service::start(&world);
    let mut visitor = Visitor::at(service.address);
    visitor.get("/sign-in");
    assert!(!visitor.page.contains("/sign-in/sso"));
    assert_eq!(location(&visitor.get("/sign-in/sso")), "/sign-in");
    assert_eq!(location(&visitor.get("/sign-in/sso/callback?code=a&state=b")), "/sign-in");
    assert_eq!(visitor.post("/sign-in/sso/finish", &[("ticket", "x"), ("login", "y")]).status, 401);
    service.stop();
}
