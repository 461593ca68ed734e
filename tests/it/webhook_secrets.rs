//! A partner's secret is changed while money comes in: a second one is added, the partner moves over, the old
//! one is retired, and no notice is lost or believed wrongly.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::Clock;
use bienlai::payment::channel::bank::sign;
use bienlai::payment::claim::Claim;
use secrecy::SecretString;
use serde_json::json;

use crate::support::program::{SECRET, Service, send};
use crate::support::visitor::seated;
use crate::support::world::BANK;
use crate::support::{World, each_database};

/// What the service says to a notice under this secret.
fn told(service: &Service, secret: &str, claim: &Claim) -> u16 {
    let now = Clock::System.now();
    let body = json!({
        "notification_id": claim.external_id, "account_no": claim.account_no, "direction": "credit",
        "amount": claim.amount.0, "currency": "VND", "memo": claim.memo, "booked_at": now.to_string(),
    })
    .to_string();
    let mut headers = sign(&[SecretString::from(secret)], now, body.as_bytes());
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let path = format!("/callback/{BANK}");
    send(service.address, "POST", &path, &headers, body.as_bytes()).unwrap().status
}

#[test]
fn a_second_secret_takes_over_from_the_one_of_the_configuration() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let mut service = Service::start(&world);
        let claims: Vec<Claim> =
            (0..6).map(|_| world.claim(&world.raise(Dong(25_000)), Dong(25_000)).claim).collect();
        let mut admin = seated(&world, service.address, Role::Administrator, "quantri", Scope::All);
        admin.get("/admin/webhooks");
        admin.sees("tệp cấu hình");
        let short = admin.post("/admin/webhooks/add", &[("channel", BANK), ("secret", "ngắn")]);
        assert_eq!(short.status, 400);
        let added = admin.post("/admin/webhooks/add", &[("channel", BANK), ("secret", "")]);
        assert_eq!(added.status, 200, "{}", admin.page);
        let fresh = admin.page.split("data-copy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(fresh.len(), 64);
        admin.get("/admin/webhooks");
        assert!(!admin.page.contains(&fresh) && !admin.page.contains(SECRET), "shown once");
        let third = admin.post("/admin/webhooks/add", &[("channel", BANK), ("secret", "")]);
        assert_eq!(third.status, 400, "two at most");

        assert_eq!(told(&service, SECRET, &claims[0]), 200, "both are taken");
        assert_eq!(told(&service, &fresh, &claims[1]), 200);
        assert_eq!(told(&service, &"x".repeat(64), &claims[2]), 401);
        let start = std::time::Instant::now();
        while world.count("channel_secret WHERE used_at IS NOT NULL") < 2 {
            assert!(start.elapsed().as_secs() < 30, "the use of both is written down");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }

        let marks = |page: &str| -> Vec<String> {
            let option = format!("<option value=\"{BANK}/");
            let parts = page.split(&option).skip(1);
            parts.map(|part| format!("{BANK}/{}", part.split('"').next().unwrap())).collect()
        };
        admin.get("/admin/webhooks");
        let both = marks(&admin.page);
        assert_eq!(both.len(), 2, "{}", admin.page);
        let old = world.words("SELECT fingerprint AS t FROM channel_secret WHERE cipher IS NULL").remove(0);
        let old = format!("{BANK}/{}", &old[..8]);
        assert!(both.contains(&old));
        let retired = admin.post("/admin/webhooks/retire", &[("which", &old)]);
        assert_eq!(retired.status, 200, "{}", admin.page);
        assert_eq!(told(&service, SECRET, &claims[3]), 401, "refused at once");
        assert_eq!(told(&service, &fresh, &claims[3]), 200);
        admin.get("/admin/webhooks");
        let left = marks(&admin.page);
        assert_eq!(admin.post("/admin/webhooks/retire", &[("which", &left[0])]).status, 400, "never none");
        admin.get("/admin/webhooks");
        let back = admin.post("/admin/webhooks/add", &[("channel", BANK), ("secret", SECRET)]);
        assert_eq!(back.status, 400, "what was retired does not come back");

        let unit = Scope::unit(world.ba_dinh.id);
        let mut local = seated(&world, service.address, Role::Administrator, "quantri.badinh", unit);
        local.get("/admin/webhooks");
        assert!(!local.page.contains("/admin/webhooks/add"));
        let refused = local.post("/admin/webhooks/add", &[("channel", BANK), ("secret", "")]);
        assert_eq!(refused.status, 400, "a channel serves every unit");
        service.stop();
        assert!(!service.log().contains(&fresh));

        let mut service = Service::start(&world);
        assert_eq!(told(&service, SECRET, &claims[4]), 401, "it stays retired, whatever the file says");
        assert_eq!(told(&service, &fresh, &claims[4]), 200);
        service.stop();
        let trail =
            world.words("SELECT action AS t FROM audit_entry WHERE action LIKE 'channel.%' ORDER BY id");
        assert_eq!(trail, ["channel.secret_added", "channel.secret_retired"]);
        let stored = world.words("SELECT fingerprint AS t FROM channel_secret");
        assert!(stored.len() >= 2, "the old and the fresh one: {stored:?}");
        assert!(stored.iter().all(|print| !print.contains(SECRET) && !print.contains(&fresh)));
    });
}
