//! The city's certificate signs for a commune that has none, by a decision and between two days.

use bienlai::actor::{Actor, Scope};
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::error::Result;
use bienlai::filing::registration::installed;
use bienlai::id::ReceiptId;
use bienlai::receipt::key::SigningKey;
use bienlai::receipt::key::alarm::Kind;
use bienlai::receipt::key::issue_test_certificate;
use bienlai::receipt::query;
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::verify::{Problem, Report, TrustStore, Verdict, verify};
use bienlai::reconciliation::day_close::{chain_file, close_through, verify_chain_within};
use bienlai::register::chain;
use bienlai::report::evidence::judge::judge;
use bienlai::report::fees::Span;
use bienlai::report::principals;
use bienlai::unit::certificate::{self, NewCertificate};
use bienlai::unit::entrustment::{self, Decision};
use bienlai::unit::imprint::{self, Imprint, Principal};
use bienlai::unit::registration::CertificateAction;
use bienlai::unit::series::{self, NewSeries};
use bienlai::unit::{CITY, city};

use crate::documents::fee_and_service;
use crate::evidence_attacks::taken;
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::keys::{KeyWorld, TAX_CODE};
use crate::support::{World, each_database};

const CITY_TAX_CODE: &str = "9900000030";

/// A city that is known and has its own certificate.
fn city_with_key(keys: &KeyWorld) -> SigningKey {
    let identity = city::Identity {
        name: "Ủy ban nhân dân thành phố Mẫu".to_owned(),
        tax_code: CITY_TAX_CODE.to_owned(),
        address: "Số 9 phố Mẫu".to_owned(),
        phone: None,
        budget_code: None,
    };
    keys.world.change(|tx, stamp| city::identify(tx, stamp, &Actor::system(), &identity));
    let now = keys.world.now();
    let key = issue_test_certificate(&keys.authority, &identity.name, CITY_TAX_CODE, now, 400)
        .expect("a certificate");
    let (own, pem, secret) = (key.certificate(), key.chain_pem(), key.to_pem());
    keys.world.change(|tx, stamp| {
        let new = NewCertificate {
            unit: CITY,
            subject: own.subject().to_owned(),
            issuer: own.issuer().to_owned(),
            serial: own.serial().to_owned(),
            certificate_pem: pem.clone(),
            chain_pem: pem.clone(),
            key_pem: &secret,
            not_before: own.valid_from(),
            not_after: own.valid_until(),
            is_test: true,
        };
        certificate::store(tx, stamp, &Actor::system(), new)
    });
    key
}

fn decision(from: BusinessDay) -> Decision {
    Decision {
        number: "12/QĐ-UBND".to_owned(),
        decided_on: from,
        valid_from: from,
        valid_until: from.plus_days(300),
    }
}

fn entrust(keys: &KeyWorld) -> Result<()> {
    let from = keys.world.now().business_day();
    let unit = keys.world.soc_son.id;
    keys.world
        .try_change(|tx, stamp| entrustment::entrust(tx, stamp, &Actor::system(), unit, &decision(from)))
        .map(|_| ())
}

fn document(keys: &KeyWorld, receipt: ReceiptId) -> Vec<u8> {
    let unit = keys.world.soc_son.id;
    keys.world.look(|conn| query::document(conn, unit, receipt)).expect("it is signed")
}

fn judged(keys: &KeyWorld, document: &[u8], entrusted: &[&str]) -> Report {
    let trust = TrustStore::from_pem(keys.authority.certificate_pem()).unwrap();
    let trust = trust.with_entrusted(entrusted.iter().map(|code| (*code).to_owned()));
    verify(document, &trust, keys.world.now())
}

#[test]
fn the_city_signs_for_a_commune_that_entrusted_it_and_the_verifier_says_who_for_whom() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        assert_eq!(entrust(&keys).unwrap_err().code(), "city_identity_missing");
        let key = city_with_key(&keys);
        let other = city::Identity {
            name: "Ủy ban nhân dân thành phố Mẫu".to_owned(),
            tax_code: TAX_CODE.to_owned(),
            address: "Số 9 phố Mẫu".to_owned(),
            phone: None,
            budget_code: None,
        };
        let renamed = keys.world.try_change(|tx, stamp| city::identify(tx, stamp, &Actor::system(), &other));
        assert_eq!(
            renamed.unwrap_err().code(),
            "city_tax_code_in_use",
            "its key still signs under the old one"
        );
        let before = keys.pay();
        keys.world.seal();
        assert_eq!(keys.state(before), "numbered", "without an entrustment the city signs for nobody");
        assert!(keys.alarms().contains(&Kind::SigningStopped));

        assert_eq!(entrust(&keys).unwrap_err().code(), "certificate_not_registered");
        keys.tell(&key, CertificateAction::Add);
        keys.world.wait_seconds(1);
        entrust(&keys).unwrap();
        let twice = keys.world.try_change(|tx, stamp| {
            let principal = Principal {
                name: "Công ty Mẫu".to_owned(),
                tax_code: TAX_CODE.to_owned(),
                contract: "01/HĐ".to_owned(),
            };
            let imprint = Imprint { principal: Some(principal), ..Imprint::default() };
            let unit = keys.world.soc_son.id;
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &imprint)
        });
        assert_eq!(twice.unwrap_err().code(), "entrustment_twice", "a receipt names one principal");
        let listed = keys.world.look(|conn| installed(conn, keys.world.soc_son.id, keys.world.now()));
        assert!(
            listed.iter().any(|held| held.serial == key.certificate().serial()),
            "the unit's next form lists the city's certificate"
        );
        let receipt = keys.pay();
        keys.world.wait_seconds(3);
        keys.world.seal();
        assert_eq!(keys.state(receipt), "signed");
        assert_eq!(keys.state(before), "numbered", "it names the commune, so that only its own key signs it");
        let signed = document(&keys, receipt);
        let text = std::str::from_utf8(&signed).unwrap();
        let who = format!("<TCThu><Ten>Ủy ban nhân dân thành phố Mẫu</Ten><MST>{CITY_TAX_CODE}</MST>");
        let for_whom = format!("<UNThu><Ten>Ủy ban nhân dân xã Sóc Sơn</Ten><MST>{TAX_CODE}</MST></UNThu>");
        assert!(text.contains(&who) && text.contains(&for_whom), "{text}");

        let report = judged(&keys, &signed, &[]);
        assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.problems());
        let summary = report.documents[0].summary.as_ref().unwrap();
        assert_eq!(summary.seller_tax_code.as_deref(), Some(CITY_TAX_CODE));
        assert_eq!(summary.principal_tax_code.as_deref(), Some(TAX_CODE));
        let links = Links { public_url: None };
        assert!(rendition::render(&signed, &Standing::Valid, &links).unwrap().starts_with(b"%PDF"));

        // A key of the commune's own signs what named the commune, and only that.
        let own = keys.store(&keys.issue(300), None);
        let later = keys.pay();
        keys.world.wait_seconds(31);
        keys.world.seal();
        assert_eq!(keys.signed_under(before), own);
        assert_ne!(keys.signed_under(later), own, "the entrustment goes on until it is ended");
        let unit = keys.world.soc_son.id;
        keys.world.change(|tx, stamp| {
            let today = stamp.today();
            entrustment::end(tx, stamp, &Actor::system(), unit, ("15/QĐ-UBND", today), today)
        });
        keys.world.wait_seconds(1);
        let last = keys.pay();
        keys.world.seal();
        assert_eq!(keys.signed_under(last), own);
        assert!(!String::from_utf8(document(&keys, last)).unwrap().contains("UNThu"));

        // The principal reports on what was collected for it, and so it is told what that was.
        let span = Span::Year(keys.world.now().business_day().year());
        let told = keys.world.look(|conn| principals::collected(conn, &Actor::system(), unit, span));
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (told[0].receipts, told[0].amount),
            (2, Dong(50_000)),
            "what the city collected, and no more"
        );
        assert_eq!(told[0].bond.principal_tax_code, TAX_CODE);
        assert_eq!(
            (told[0].bond.collector_tax_code.as_str(), told[0].bond.basis.as_str()),
            (CITY_TAX_CODE, "12/QĐ-UBND")
        );
    });
}

/// What the city signed is proven to who sees the commune alone, and not the city.
fn proven_to_its_own_staff(keys: &KeyWorld) {
    let world = &keys.world;
    let (unit, account, today) = (world.soc_son.id, world.soc_son.account, world.now().business_day());
    let own = Scope::unit(unit);
    let series = chain::audit(&world.store, &own, unit).unwrap();
    assert!(series.is_whole() && series.certificate_count == 1, "{series:?}");
    let statement = BankFile::new(world.soc_son.account_no, today, 0).without_sequence();
    import(world, &statement.camt());
    let through = close_through(
        &world.store,
        &world.keyring,
        &|| world.stamp(),
        &Actor::system(),
        unit,
        account,
        today,
    );
    assert!(through.as_ref().is_ok_and(|done| !done.closed.is_empty()), "{through:?}");
    assert_eq!(verify_chain_within(&world.store, &own, unit, account).unwrap(), None);
    let file = chain_file::export(&world.store, &Default::default(), &own, unit, account).unwrap();
    let trust = TrustStore::from_pem(keys.authority.certificate_pem()).unwrap();
    let judged = chain_file::judge(&file, &trust);
    assert!(judged.holds(), "{judged:?}");
    let stranger = Scope::unit(world.tay_ho.id);
    let refused =
        chain_file::export(&world.store, &Default::default(), &stranger, unit, account).unwrap_err();
    assert_eq!(refused.code(), "unit_not_found");
}

#[test]
fn a_bundle_of_a_commune_the_city_signs_for_holds_for_who_knows_of_the_entrustment() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let key = city_with_key(&keys);
        keys.tell(&key, CertificateAction::Add);
        entrust(&keys).unwrap();
        keys.pay();
        keys.world.wait_seconds(3);
        keys.world.seal();
        keys.world.wait_days(1);
        bienlai::worker::audit_series(&keys.world.app).unwrap();
        proven_to_its_own_staff(&keys);
        let bytes = taken(&keys.world, &keys.world.soc_son, ("2026-11-23", "2026-11-24"));
        let found = |entrusted: &[&str]| {
            let trust = TrustStore::from_pem(keys.authority.certificate_pem()).unwrap();
            let trust = trust.with_entrusted(entrusted.iter().map(|code| (*code).to_owned()));
            judge(&bytes, &trust, keys.world.now()).expect("it reads")
        };
        let known = found(&[CITY_TAX_CODE]);
        assert_eq!((known.faults.clone(), known.receipts_trusted, known.series_certificates), (vec![], 1, 1));
        let [claimed] = known.entrusted.as_slice() else { panic!("{:?}", known.entrusted) };
        assert_eq!((claimed.tax_code.as_str(), claimed.decision_no.as_str()), (CITY_TAX_CODE, "12/QĐ-UBND"));
        // What the bundle says of itself is not believed.
        let faults = found(&[]).faults;
        let is_told = |beginning: &str, what: &str| {
            faults.iter().any(|fault| fault.starts_with(beginning) && fault.contains(what))
        };
        assert!(is_told("receipts/", "nobody named as entrusted"), "{faults:#?}");
        assert!(is_told("series.json", "nor named as entrusted"), "{faults:#?}");
        assert!(is_told("trail.ndjson", "nor named as entrusted"), "{faults:#?}");
        assert!(!found(&["9900000016"]).holds(), "somebody else is not the city");
    });
}

#[test]
fn an_entrusted_invoice_is_the_communes_and_names_the_city_as_who_issues_it() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let key = city_with_key(&keys);
        keys.tell(&key, CertificateAction::Add);
        entrust(&keys).unwrap();
        let unit = keys.world.soc_son.id;
        keys.world.change(|tx, stamp| {
            let new = NewSeries {
                unit,
                document_kind: "invoice_vat".to_owned(),
                template: "1".to_owned(),
                series: "K26TSS".to_owned(),
                year: stamp.today().year(),
                last_allowed_no: 99,
                registration: "TB-0002".to_owned(),
            };
            series::open(tx, stamp, &Actor::system(), new)
        });
        let owed = keys.world.raise_lines(&keys.world.soc_son, fee_and_service());
        keys.world.claim(&owed, Dong(18_800)).settle();
        keys.world.seal();
        let invoice = keys.world.receipts(&owed).into_iter().find(|one| one.document_kind == "invoice_vat");
        let signed = document(&keys, invoice.expect("an invoice").id);
        let text = std::str::from_utf8(&signed).unwrap();
        assert!(text.contains(&format!("<MSTDVNUNLHDon>{CITY_TAX_CODE}</MSTDVNUNLHDon>")), "{text}");
        assert!(text.contains(&format!("<NBan><Ten>Ủy ban nhân dân xã Sóc Sơn</Ten><MST>{TAX_CODE}</MST>")));
        let open = judged(&keys, &signed, &[]);
        assert_eq!(open.verdict, Verdict::Intact, "only who knows of the entrustment can confirm it");
        assert!(open.problems().contains(&Problem::SignerEntrusted));
        assert_eq!(judged(&keys, &signed, &[CITY_TAX_CODE]).verdict, Verdict::Valid);
    });
}

#[test]
fn an_entrustment_that_is_still_to_begin_keeps_its_series_for_itself() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let key = city_with_key(&keys);
        keys.tell(&key, CertificateAction::Add);
        let world = &keys.world;
        let today = world.now().business_day();
        let unit = world.soc_son.id;
        world.change(|tx, stamp| {
            entrustment::entrust(tx, stamp, &Actor::system(), unit, &decision(today.plus_days(10)))
        });
        let (template, name) = world.look(|conn| {
            let held = series::of_unit(conn, unit)?;
            Ok((held[0].template.clone(), held[0].series.clone()))
        });
        let other = |until| {
            let series = (template.as_str(), name.as_str(), today.year());
            world.look(|conn| {
                Ok(entrustment::require_series_alone(conn, world.tay_ho.id, series, (today, until)))
            })
        };
        assert_eq!(
            other(today.plus_days(9)).map_err(|error| error.code()),
            Ok(()),
            "until then it signs itself"
        );
        assert_eq!(other(today.plus_days(10)).map_err(|error| error.code()), Err("series_shared"));
    });
}

#[test]
fn two_communes_that_entrust_the_city_cannot_have_a_series_of_one_name() {
    each_database(|database| {
        let keys = KeyWorld::new(World::settled_in(database));
        let key = city_with_key(&keys);
        keys.tell(&key, CertificateAction::Add);
        entrust(&keys).unwrap();
        let world = &keys.world;
        let open = |unit, name: &str| {
            world.try_change(|tx, stamp| {
                let new = NewSeries {
                    unit,
                    document_kind: "receipt".to_owned(),
                    template: "01BLP0-001".to_owned(),
                    series: name.to_owned(),
                    year: stamp.today().year(),
                    last_allowed_no: 99,
                    registration: "TB-0002".to_owned(),
                };
                series::open(tx, stamp, &Actor::system(), new)
            })
        };
        open(world.tay_ho.id, "SX-26E").unwrap();
        open(world.soc_son.id, "SX-26E").expect("the other one signs itself");
        let from = world.now().business_day();
        let second = world.try_change(|tx, stamp| {
            // Tây Hồ's registration does not list the certificate; its series stands in the way as well.
            entrustment::require_series_alone(
                tx,
                world.tay_ho.id,
                ("01BLP0-001", "SX-26E", from.year()),
                (stamp.today(), stamp.today()),
            )
        });
        assert_eq!(second.unwrap_err().code(), "series_shared");
    });
}
