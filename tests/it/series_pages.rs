//! The series of a unit on their page: states of the numbers, certificates, and the proof made now.

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use bienlai::register::query;
use bienlai::store::page::Page;
use bienlai::worker;

use crate::callbacks::token;
use crate::series_in_parts::proven;
use crate::support::program::{Service, send};
use crate::support::visitor::seated;
use crate::support::{World, each_database};

const FEE: Dong = Dong(25_000);

fn pay(world: &World, count: usize) {
    for _ in 0..count {
        let owed = world.raise(FEE);
        world.claim(&owed, FEE).settle();
    }
}

#[test]
fn who_keeps_the_books_sees_each_series_from_1_to_n_takes_a_nights_certificate_and_proves_it_now() {
    each_database(|database| {
        let mut world = World::settled_in_before(database, 4);
        world.stop_watching();
        let unit = world.ba_dinh.id;
        pay(&world, 3);
        world.seal();
        for _ in 0..3 {
            world.wait_days(1);
            assert_eq!(worker::audit_series(&world.app).unwrap(), 1);
        }
        let nights = world.look(|conn| query::newest(conn, unit, Page::from(2)));
        assert_eq!(nights.len(), 2, "no more than asked for");
        assert!(nights[0].date > nights[1].date, "newest first");
        let rest = world
            .look(|conn| query::newest(conn, unit, Page { cursor: Some(nights[1].id.into()), limit: 2 }));
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].previous_sha256, "", "the first of all comes last");

        let mut service = Service::start(&world);
        let bearer = format!("Bearer {}", token(&world, Role::Finance));
        let asked = |query: &str| {
            let path = format!("/api/v1/series/audits?unit=00004&{query}");
            send(service.address, "GET", &path, &[("Authorization", &bearer)], b"").unwrap().json()
        };
        let (page, dates) = (asked("limit=2"), |page: &serde_json::Value| -> Vec<String> {
            let rows = page["audits"].as_array().expect("a list").iter();
            rows.map(|one| one["date"].as_str().unwrap().to_owned()).collect()
        });
        assert_eq!(dates(&page), [nights[0].date.to_string(), nights[1].date.to_string()]);
        let rest = asked(&format!("limit=2&cursor={}", page["next"].as_str().expect("there is more")));
        assert_eq!((dates(&rest).len(), rest["next"].is_null()), (1, true));
        let sit = |role, name, unit| seated(&world, service.address, role, name, Scope::unit(unit));
        let mut finance = sit(Role::Finance, "ketoan.mau", unit);
        assert_eq!(finance.get("/finance/series").status, 200, "{}", finance.page);
        for told in ["BD-26E", "1 – 3", "đã ký 3", "liền mạch", nights[0].document_sha256.as_str()] {
            finance.sees(told);
        }
        let file = format!("/finance/series/certificates/{}/xml", nights[0].id);
        finance.sees(&file);
        let taken = finance.get(&file);
        assert_eq!(taken.status, 200);
        assert!(String::from_utf8_lossy(&taken.body).contains("<Verdict>whole</Verdict>"));
        proven(&mut finance, "/finance/series/proof?unit=00004");
        finance.sees("đã ký 3");
        finance.sees("Mọi ký hiệu liền mạch; 3 chứng nhận khớp");
        assert_eq!(finance.get("/finance/series?unit=99999").status, 400);

        let mut auditor = sit(Role::Auditor, "kiemtoan.mau", unit);
        proven(&mut auditor, "/finance/series/proof?unit=00004");
        auditor.sees("Mọi ký hiệu liền mạch; 3 chứng nhận khớp");
        let mut stranger = sit(Role::Finance, "ketoan.tayho", world.tay_ho.id);
        assert_eq!(stranger.get(&file).status, 404, "another unit's certificate");
        let mut cashier = sit(Role::Cashier, "thungan.mau", unit);
        assert_eq!(cashier.get("/finance/series").status, 403);
        service.stop();
    });
}
