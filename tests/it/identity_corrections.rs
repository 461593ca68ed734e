//! A wrong tax code, personal id or passport is put right by an adjustment of 0 đồng, also on what was
//! adjusted before: no refusal leads in a circle.

use std::time::Duration;

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction::Kind;
use bienlai::filing::period::Quarter;
use bienlai::filing::{self, notice, report};
use bienlai::ledger;
use bienlai::obligation::State;
use bienlai::party::Payer;
use bienlai::payment::book::Method;
use bienlai::receipt::query::Stored;
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::schema;
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::unit::series::{self, NewSeries};
use serde_json::{Value, json};

use crate::corrections::{
    again, approve, ask, collected, corrected, fee, fees, person, request, states, text_of,
};
use crate::corrections_over_http::{Desk, code};
use crate::documents::{BOTH, fee_and_service, judged, open_invoices, signed};
use crate::filing::deliver;
use crate::support::program::{Service, get};
use crate::support::{World, each_database};

const TAX_CODE: &str = "0199000049";

/// The service signs by itself; a slow machine takes its time.
fn until_signed(world: &World, document: &Stored) -> Stored {
    for _ in 0..1_200 {
        let now = again(world, document);
        if now.state != "numbered" {
            return now;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{} was not signed", document.id)
}

fn body(payer: Option<&Value>, lines: Value, today: &str) -> Value {
    json!({
        "kind": "adjust",
        "reason": "ghi nhầm",
        "agreement": { "number": "05/BB", "on": today, "about": "thỏa thuận về sai sót" },
        "lines": lines,
        "payer": payer,
    })
}

/// Asked for and approved; the correcting document, signed.
fn adjusted(world: &World, desk: &Desk, document: &Stored, key: &str, body: &Value) -> Stored {
    let path = format!("/api/v1/receipts/{}/corrections", document.id);
    let made = desk.post(&desk.maker, &path, key, body);
    assert_eq!(made.status, 201, "{}", made.json());
    let approve = format!("/api/v1/corrections/{}/approve", made.json()["id"].as_str().unwrap());
    let done = desk.post(&desk.checker, &approve, "x", &Value::Null);
    assert_eq!(done.status, 200, "{}", done.json());
    let id = done.json()["receipt"].as_str().unwrap().parse().unwrap();
    let made = world.look(|conn| bienlai::receipt::query::by_id(conn, document.unit, id)).unwrap();
    until_signed(world, &made)
}

#[test]
fn a_wrong_tax_code_on_what_was_adjusted_before_is_adjusted_alone() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        world.take(&owed, BOTH, Method::Cash).unwrap();
        world.seal();
        let (receipt, invoice) = {
            let mut documents = world.receipts(&owed);
            (documents.remove(0), documents.remove(0))
        };
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let today = world.now().business_day().to_string();
        let shown = world.look(|conn| bienlai::correction::payer_shown(conn, invoice.unit, invoice.id));
        let payer = serde_json::to_value(Payer { tax_code: Some(TAX_CODE.to_owned()), ..shown }).unwrap();
        for (document, item, amount) in [(&receipt, "HT-01", 7_000), (&invoice, "SAO-CHUP", 9_720)] {
            let less = body(None, json!([{ "item": item, "amount": amount }]), &today);
            let first = adjusted(&world, &desk, document, &format!("{}-1", document.id), &less);
            assert!(first.amount < Dong(0));
            let path = format!("/api/v1/receipts/{}/corrections", document.id);
            let cancel = json!({ "kind": "cancel", "reason": "x", "agreement": less["agreement"] });
            if document.id == invoice.id {
                let refused = desk.post(&desk.maker, &path, "C", &cancel);
                assert_eq!(code(&refused), "correction_kind_not_allowed");
                assert!(refused.json()["error"]["detail"].as_str().unwrap().contains("adjust"));
            }
            let identity = body(Some(&payer), json!([]), &today);
            let made = adjusted(&world, &desk, document, &format!("{}-2", document.id), &identity);
            assert_eq!((made.amount, made.state.as_str()), (Dong(0), "signed"));
            // What it says now is said already.
            let again = desk.post(&desk.maker, &path, &format!("{}-3", document.id), &identity);
            assert_eq!(code(&again), "correction_changes_nothing", "{}", again.json());

            let text = text_of(&world, &made);
            assert!(text.contains(&format!("<MST>{TAX_CODE}</MST>")), "{text}");
            let bytes = signed(&world, &made);
            let (tag, format, folder) = match document.id == invoice.id {
                true => ("HDon", "2.1.1", "invoice"),
                false => ("BLai", "BL-1.0", "receipt"),
            };
            schema::schema(tag, format).unwrap().check(&bytes).unwrap();
            let xsd = format!("{}/xsd/{folder}/{format}.xsd", env!("CARGO_MANIFEST_DIR"));
            assert!(judged("xmllint", &["--noout", "--nonet", "--schema", &xsd, "-"], &bytes), "{text}");
            let body = if tag == "HDon" { "DLHDon" } else { "DLBLai" };
            let authority = format!("{}/fixtures/receipt/test-only-ca.pem", env!("CARGO_MANIFEST_DIR"));
            let object = "http://www.w3.org/2000/09/xmldsig#:Object";
            let arguments = ["--verify", "--id-attr:Id", body, "--id-attr:Id", object, "--trusted-pem"];
            let arguments = [&arguments[..], &[authority.as_str(), "/dev/stdin"]].concat();
            assert!(judged("xmlsec1", &arguments, &bytes), "{text}");
            let pdf = rendition::render(&bytes, &Standing::Valid, &Links { public_url: None }).unwrap();
            assert!(pdf.starts_with(b"%PDF-"));
            let page = get(service.address, &format!("/r/{}", made.lookup_code)).unwrap();
            assert_eq!(page.status, 200);
        }
        let text = text_of(&world, &world.receipts(&owed).pop().unwrap());
        assert!(text.contains("<TCHDon>2</TCHDon>") && text.contains("<SHDCLQuan>1</SHDCLQuan>"), "{text}");
        assert!(!text.contains("DSHHDVu") && !text.contains("<TToan>"), "nothing is sold or summed: {text}");
        let now = world.again(&owed);
        assert_eq!((now.state, now.total, now.allocated), (State::Paid, Dong(16_720), Dong(16_720)));
        for (item, balance) in [("HT-01", -7_000), ("SAO-CHUP", -9_720)] {
            let found = world.look(|conn| ledger::balance(conn, world.ba_dinh.id, &fees(item)));
            assert_eq!(found, Dong(balance), "an adjusted mark moves no money");
        }
        let quarter = Quarter::of(world.now().business_day());
        let lines = world.look(|conn| report::figures(conn, receipt.unit, quarter));
        assert_eq!((lines[0].used, lines[0].amount), (3, Dong(7_000)), "BC26 counts the number and no money");
        assert_eq!(world.problems(), Vec::<String>::new());
        service.stop();
    });
}

#[test]
fn an_original_is_adjusted_in_its_personal_id_and_later_documents_keep_it() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000)]);
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let shown = |document: &Stored| {
            world.look(|conn| bienlai::correction::payer_shown(conn, document.unit, document.id))
        };
        let mut asked = ask(&receipt, Kind::Adjust, Vec::new());
        asked.payer = Some(Payer { personal_id: Some("001199000000".to_owned()), ..shown(&receipt) });
        approve(&world, &request(&world, &asked).unwrap()).unwrap();
        world.seal();
        assert_eq!(states(&world, &owed), [(25_000, "adjusted".into()), (0, "signed".into())]);
        assert_eq!(shown(&receipt).personal_id.as_deref(), Some("001199000000"));
        // A later adjustment of amounts says nothing of the payer, and prints who they are by now.
        corrected(&world, &again(&world, &receipt), Kind::Adjust, vec![fee("HT-01", 20_000)]);
        let newest = world.receipts(&owed).pop().unwrap();
        assert!(text_of(&world, &newest).contains("<CCCDan>001199000000</CCCDan>"));
        assert_eq!(newest.amount, Dong(-5_000));
    });
}

#[test]
fn an_adjusted_identity_stands_in_its_own_quarters_report_and_no_report_that_was_sent_changes() {
    each_database(|database| {
        let world = World::settled_in(database);
        let unit = world.ba_dinh.id;
        let (owed, receipt) = collected(&world, vec![fee("HT-01", 25_000)]);
        world.wait_days(45);
        let next_year = NewSeries {
            unit,
            document_kind: "receipt".into(),
            template: "01BLP0-001".into(),
            series: "BD-27E".into(),
            year: 2027,
            last_allowed_no: 100,
            registration: "TB".into(),
        };
        world.change(|tx, stamp| series::open(tx, stamp, &Actor::system(), next_year.clone()));
        let quarter: Quarter = "2026-Q4".parse().unwrap();
        let place = "Hà Nội";
        let sent = world.change(|tx, stamp| report::make(tx, stamp, &Actor::system(), unit, quarter, place));
        deliver(&world, &TaxAuthority::new(Habits::default()));
        let told = || world.look(|conn| filing::find(conn, unit, sent));
        let before = told();
        assert_eq!(before.state, filing::State::Accepted);

        let shown = world.look(|conn| bienlai::correction::payer_shown(conn, receipt.unit, receipt.id));
        let mut asked = ask(&receipt, Kind::Adjust, Vec::new());
        asked.payer = Some(Payer { personal_id: Some("001199000000".to_owned()), ..shown });
        approve(&world, &request(&world, &asked).unwrap()).unwrap();
        world.seal();
        let adjusting = world.receipts(&owed).pop().unwrap();
        assert_eq!((adjusting.series.as_str(), adjusting.amount), ("BD-27E", Dong(0)));
        let explained = notice::Request {
            unit,
            documents: vec![(adjusting.id, "Sai địa chỉ người nộp".into())],
            demand: None,
            place: place.into(),
        };
        let clerk = person(unit, world.clerk, Role::Finance);
        world.try_change(|tx, stamp| notice::request(tx, stamp, &clerk, explained.clone())).unwrap();

        let after = told();
        assert_eq!((after.body, after.state), (before.body, before.state), "what was sent stays as it was");
        assert_eq!(
            world.look(|conn| report::changes(conn, unit, quarter)),
            [],
            "and says all of its quarter"
        );
        let supplement = world
            .try_change(|tx, stamp| report::supplement(tx, stamp, &Actor::system(), unit, quarter, place));
        assert_eq!(supplement.unwrap_err().code(), "report_unchanged");
        let lines = world.look(|conn| report::figures(conn, unit, "2027-Q1".parse().unwrap()));
        let own = lines.iter().find(|line| line.series == "BD-27E").expect("the new year's series");
        assert_eq!((own.used, own.amount, own.from_no), (1, Dong(0), Some(1)), "counted where it was issued");
    });
}

#[test]
fn lines_that_a_request_leaves_out_are_named_before_anybody_approves_it() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![fee("HT-01", 25_000), fee("HT-02", 11_000)]);
        world.take(&owed, Dong(36_000), Method::Cash).unwrap();
        world.seal();
        let receipt = world.receipts(&owed).remove(0);
        let mut service = Service::start(&world);
        let desk = Desk::of(&world, &service);
        let today = world.now().business_day().to_string();
        let path = format!("/api/v1/receipts/{}/corrections", receipt.id);
        let asked = body(None, json!([{ "item": "HT-01", "amount": 30_000 }]), &today);
        let made = desk.post(&desk.maker, &path, "K", &asked).json();
        let removed = |value: &Value| -> Vec<(String, i64)> {
            let lines = value["removed_lines"].as_array().expect("a list").iter();
            lines
                .map(|line| (line["item"].as_str().unwrap().to_owned(), line["amount"].as_i64().unwrap()))
                .collect()
        };
        assert_eq!(removed(&made), [("HT-02".to_owned(), 11_000)], "{made}");
        assert_eq!((made["old_amount"].as_i64(), made["new_amount"].as_i64()), (Some(36_000), Some(30_000)));
        let shown = format!("/api/v1/corrections/{}", made["id"].as_str().unwrap());
        assert_eq!(removed(&desk.get(&desk.checker, &shown).json()), [("HT-02".to_owned(), 11_000)]);
        let approve = format!("{shown}/approve");
        assert_eq!(desk.post(&desk.checker, &approve, "x", &Value::Null).status, 200);
        assert_eq!(removed(&desk.get(&desk.checker, &shown).json()), [], "decided");
        service.stop();
    });
}
