//! One paid obligation, several documents: a receipt, and invoices beside it.

use std::process::{Command, Stdio};

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::exception::{self, Kind};
use bienlai::ledger::Account;
use bienlai::obligation::{Line, Obligation, State};
use bienlai::payment::book::Method;
use bienlai::payment::{due, resolve};
use bienlai::receipt::query::{self, Stored};
use bienlai::receipt::schema;
use bienlai::receipt::verify::{TrustStore, verify};
use bienlai::unit::imprint::{self, Imprint, Principal};
use bienlai::unit::series::{self, NewSeries};
use diesel::RunQueryDsl;

use crate::support::bank_file::BankFile;
use crate::support::world::{AUTHORITY_PEM, BANK, line};
use crate::support::{World, each_database};

/// A fee with a receipt, and a service sold with 8 % of tax inside its price.
pub fn fee_and_service() -> Vec<Line> {
    let mut service = line("SAO-CHUP", "dich_vu", "invoice_vat", Dong(10_800));
    service.item_name = "Dịch vụ sao chụp hồ sơ".to_owned();
    service.vat_rate = Some("8%".to_owned());
    (service.chapter, service.sub_item, service.kept_share_bp) = (None, None, 10_000);
    vec![line("HT-01", "phi", "receipt", Dong(8_000)), service]
}

pub const BOTH: Dong = Dong(18_800);

pub fn open_invoices(world: &World, kind: &str, template: &str) {
    world.change(|tx, stamp| {
        let new = NewSeries {
            unit: world.ba_dinh.id,
            document_kind: kind.to_owned(),
            template: template.to_owned(),
            series: "K26TBD".to_owned(),
            year: stamp.today().year(),
            last_allowed_no: 99,
            registration: "TB-0002".to_owned(),
        };
        series::open(tx, stamp, &Actor::system(), new)
    });
}

pub fn kinds(documents: &[Stored]) -> Vec<&str> {
    documents.iter().map(|document| document.document_kind.as_str()).collect()
}

fn fees(item: &str) -> Account {
    Account::FeesCollected(item.to_owned())
}

fn clearing(world: &World) -> Account {
    Account::Clearing(world.ba_dinh.account, BANK.to_owned())
}

pub fn signed(world: &World, document: &Stored) -> Vec<u8> {
    world.look(|conn| query::document(conn, document.unit, document.id)).expect("it is signed")
}

/// What each fee account was credited against.
fn sources(world: &World) -> Vec<String> {
    world.words(
        "SELECT p.credit_account || ' ' || r.document_kind AS t FROM posting p JOIN receipt r \
         ON r.unit_id = p.unit_id AND r.id = p.source_id WHERE p.source_kind = 'receipt' ORDER BY 1",
    )
}

pub fn judged(tool: &str, arguments: &[&str], input: &[u8]) -> bool {
    let mut child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{tool} could not be started: {error}"));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
    child.wait().unwrap().success()
}

#[test]
fn a_fee_and_a_service_end_in_a_receipt_and_an_invoice_numbered_together() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        let settled = world.claim(&owed, BOTH).settle();
        let documents = world.receipts(&owed);
        assert_eq!(kinds(&documents), ["receipt", "invoice_vat"], "the receipt comes first");
        assert_eq!(settled.receipts, documents.iter().map(|one| one.id).collect::<Vec<_>>());
        assert_eq!(settled.receipt, Some(documents[0].id));
        assert_eq!((documents[0].amount, documents[1].amount), (Dong(8_000), Dong(10_800)));
        assert_eq!((documents[1].template.as_str(), documents[1].number), ("1", 1));
        assert_eq!(sources(&world), ["fees_collected/HT-01 receipt", "fees_collected/SAO-CHUP invoice_vat"]);
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 18_800), (fees("HT-01"), -8_000), (fees("SAO-CHUP"), -10_800)],
        );

        assert_eq!(world.seal(), 2);
        let trust = TrustStore::from_pem(AUTHORITY_PEM).unwrap();
        let invoice = signed(&world, &documents[1]);
        let report = verify(&invoice, &trust, world.now());
        assert!(report.is_valid(), "{report:?}");
        assert_eq!(report.documents[0].kind, "invoice");
        schema::schema("HDon", "2.1.1").unwrap().check(&invoice).unwrap();
        let text = String::from_utf8(invoice.clone()).unwrap();
        assert!(text.contains("<ThTien>10000</ThTien><TSuat>8%</TSuat>"), "{text}");
        assert!(text.contains("<TgTThue>800</TgTThue>"), "{text}");

        let root = env!("CARGO_MANIFEST_DIR");
        let xsd = format!("{root}/xsd/invoice/2.1.1.xsd");
        assert!(judged("xmllint", &["--noout", "--nonet", "--schema", &xsd, "-"], &invoice));
        let authority = format!("{root}/fixtures/receipt/test-only-ca.pem");
        let dsig_object = "http://www.w3.org/2000/09/xmldsig#:Object";
        let arguments = [
            "--verify",
            "--id-attr:Id",
            "DLHDon",
            "--id-attr:Id",
            dsig_object,
            "--trusted-pem",
            &authority,
            "/dev/stdin",
        ];
        assert!(judged("xmlsec1", &arguments, &invoice), "xmlsec1 accepts it");
        let tampered = text.replace("<TgTTTBSo>10800<", "<TgTTTBSo>90800<");
        assert!(!judged("xmlsec1", &arguments, tampered.as_bytes()));
    });
}

#[test]
fn a_repeated_claim_is_answered_with_both_documents_again() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        let claim = world.claim(&owed, BOTH).id("ONE");
        let (first, again) = (claim.settle(), claim.settle());
        assert_eq!(first.receipts.len(), 2);
        assert!(again.is_repeated);
        assert_eq!(again.receipts, first.receipts);
    });
}

pub fn make_due(world: &World) -> usize {
    let due = world.look(|conn| query::due(conn, None, 100));
    due.into_iter()
        .filter(|one| {
            let made = world.change(|tx, stamp| {
                due::make(tx, stamp, one.unit, one.obligation, &one.document_kind, one.revision)
            });
            matches!(made, due::Made::Receipt(_))
        })
        .count()
}

#[test]
fn an_invoice_without_a_series_waits_while_the_receipt_goes_out() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        world.claim(&owed, BOTH).settle();
        assert_eq!(kinds(&world.receipts(&owed)), ["receipt"]);
        let advance = Account::ReceivedInAdvance(owed.id);
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 18_800), (fees("HT-01"), -8_000), (advance, -10_800)],
        );
        let due = "SELECT document_kind || ' ' || code || ' ' || state AS t FROM receipt_due";
        assert_eq!(world.words(due), ["invoice_vat series_missing open"]);
        assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::ReceiptDue]);
        assert_eq!(make_due(&world), 0, "the cause still stands");

        open_invoices(&world, "invoice_vat", "1");
        assert_eq!(make_due(&world), 1);
        assert_eq!(kinds(&world.receipts(&owed)), ["receipt", "invoice_vat"]);
        assert_eq!(world.words(due), ["invoice_vat series_missing made"]);
        assert!(world.open_kinds(world.ba_dinh.id).is_empty());
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 18_800), (fees("HT-01"), -8_000), (fees("SAO-CHUP"), -10_800)],
        );
        assert_eq!(make_due(&world), 0, "it is made once");
    });
}

#[test]
fn two_documents_that_wait_are_one_task_and_it_ends_with_the_last() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.soc_son, fee_and_service());
        world.claim(&owed, BOTH).settle();
        assert!(world.receipts(&owed).is_empty());
        let due = "SELECT document_kind AS t FROM receipt_due WHERE state = 'open' ORDER BY 1";
        assert_eq!(world.words(due), ["invoice_vat", "receipt"]);
        assert_eq!(world.open_kinds(world.soc_son.id), [Kind::ReceiptDue]);
        world.open_series(&world.soc_son, "SS-26E", 10);
        assert_eq!(make_due(&world), 1);
        assert_eq!(world.words(due), ["invoice_vat"]);
        assert_eq!(world.open_kinds(world.soc_son.id), [Kind::ReceiptDue], "the invoice is still missing");
    });
}

#[test]
fn a_waiting_invoice_of_the_time_before_kinds_is_made_as_a_sales_invoice() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(
            &world.ba_dinh,
            vec![line("HT-01", "phi", "receipt", Dong(8_000)), line("DD-01", "phi", "invoice", Dong(9_000))],
        );
        world.claim(&owed, Dong(17_000)).settle();
        assert_eq!(kinds(&world.receipts(&owed)), ["receipt"]);
        // As the version before wrote it.
        world.change(|tx, stamp| {
            let row = query::DueRow {
                unit_id: owed.unit,
                obligation_id: owed.id,
                document_kind: "receipt".to_owned(),
                code: "document_kind_not_issued".to_owned(),
                created_at: stamp.now,
                state: "open",
                revision: 1,
            };
            bienlai::store::rows::insert(tx, &[row])
        });
        open_invoices(&world, "invoice_sales", "2");
        assert_eq!(make_due(&world), 1, "two rows, one invoice");
        assert_eq!(kinds(&world.receipts(&owed)), ["receipt", "invoice_sales"]);
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 17_000), (fees("HT-01"), -8_000), (fees("DD-01"), -9_000)],
        );
    });
}

#[test]
fn an_integrated_invoice_carries_fee_and_service_on_one_document() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat_with_receipt", "8");
        let mut lines = fee_and_service();
        for line in &mut lines {
            line.document_kind = "invoice_vat_with_receipt".to_owned();
        }
        let owed = world.raise_lines(&world.ba_dinh, lines);
        world.claim(&owed, BOTH).settle();
        let documents = world.receipts(&owed);
        assert_eq!(kinds(&documents), ["invoice_vat_with_receipt"]);
        assert_eq!(documents[0].amount, BOTH);
        world.seal();
        let text = String::from_utf8(signed(&world, &documents[0])).unwrap();
        assert!(text.contains("<KHMSHDon>8</KHMSHDon>"), "{text}");
        assert!(text.contains("<DSLPhi><LPhi><TLPhi>Phí cấp bản sao trích lục hộ tịch</TLPhi>"), "{text}");
        assert!(text.contains("<TgTThue>800</TgTThue>"), "{text}");
        assert_eq!(
            sources(&world),
            [
                "fees_collected/HT-01 invoice_vat_with_receipt",
                "fees_collected/SAO-CHUP invoice_vat_with_receipt"
            ]
        );
    });
}

#[test]
fn a_kind_that_nobody_issues_keeps_its_money_in_advance_and_says_so() {
    each_database(|database| {
        let world = World::settled_in(database);
        let owed = world.raise_lines(&world.ba_dinh, vec![line("X-01", "phi", "papyrus", Dong(5_000))]);
        world.claim(&owed, Dong(5_000)).settle();
        assert_eq!(world.again(&owed).state, State::Paid);
        assert_eq!(world.words("SELECT code AS t FROM receipt_due"), ["document_kind_not_issued"]);
        world.assert_balances(
            world.ba_dinh.id,
            &[(clearing(&world), 5_000), (Account::ReceivedInAdvance(owed.id), -5_000)],
        );
        assert_eq!(make_due(&world), 0);
    });
}

/// Money is kept, no number is taken, and the reason stands there.
fn assert_waits(world: &World, owed: &Obligation, code: &str) {
    assert_eq!(world.again(owed).state, State::Paid);
    assert!(world.receipts(owed).is_empty());
    assert_eq!(world.words("SELECT code AS t FROM receipt_due"), [code]);
    let paid = world.again(owed);
    let awaited = world.look(|conn| bienlai::payment::due::awaited_by(conn, &paid));
    assert_eq!(awaited, [("receipt".to_owned(), code.to_owned())], "who asks is told why");
    assert_eq!(world.open_kinds(world.ba_dinh.id), [Kind::ReceiptDue]);
    let advance = Account::ReceivedInAdvance(owed.id);
    let balances = world.look(|conn| bienlai::ledger::trial_balance(conn, owed.unit));
    assert!(balances.contains(&(advance.to_string(), Dong(-25_000))), "{balances:?}");
}

fn series_says(world: &World, set: &str) {
    let sql = format!("UPDATE receipt_series SET {set}, revision = revision + 1 WHERE series = 'BD-26E'");
    world.change(|tx, _| {
        let changed = match tx.conn() {
            bienlai::store::Conn::Pg(inner) => diesel::sql_query(&sql).execute(inner),
            bienlai::store::Conn::Sqlite(inner) => diesel::sql_query(&sql).execute(inner),
        };
        assert_eq!(changed.unwrap(), 1);
        Ok(())
    });
}

#[test]
fn a_closed_series_takes_no_number_and_loses_nothing() {
    each_database(|database| {
        let world = World::settled_in(database);
        series_says(&world, "state = 'closed'");
        let owed = world.raise(Dong(25_000));
        assert_eq!(world.claim(&owed, Dong(25_000)).settle().receipt, None);
        assert_waits(&world, &owed, "series_closed");
        world.open_series(&world.ba_dinh, "BE-26E", 10);
        assert_eq!(make_due(&world), 1);
        assert_eq!(world.receipts(&owed)[0].number, 1);
    });
}

#[test]
fn a_clock_behind_the_last_document_takes_no_number_until_it_is_right() {
    each_database(|database| {
        let world = World::settled_in(database);
        let first = world.raise(Dong(25_000));
        world.claim(&first, Dong(25_000)).receipt();
        let ahead = world.now().business_day().plus_days(2);
        series_says(&world, &format!("last_issued_on = '{ahead}'"));
        let owed = world.raise(Dong(25_000));
        assert_eq!(world.claim(&owed, Dong(25_000)).settle().receipt, None);
        assert_waits(&world, &owed, "clock_before_last_document");
        world.wait_days(1);
        assert_eq!(make_due(&world), 1, "a day apart is the midnight of two machines");
        let made = &world.receipts(&owed)[0];
        assert_eq!((made.number, made.issued_on), (2, ahead), "dates follow the numbers");
    });
}

#[test]
fn a_series_of_another_form_takes_no_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        world.open_series(&world.soc_son, "hỏng", 10);
        let owed = world.raise_at(&world.soc_son, Dong(25_000));
        assert_eq!(world.claim(&owed, Dong(25_000)).settle().receipt, None);
        assert_eq!(world.words("SELECT code AS t FROM receipt_due"), ["receipt_series_malformed"]);
        let next = world.words("SELECT CAST(next_no AS TEXT) AS t FROM receipt_series WHERE series = 'hỏng'");
        assert_eq!(next, ["1"]);
    });
}

#[test]
fn an_entrusted_unit_names_its_principal_on_the_receipt() {
    each_database(|database| {
        let world = World::settled_in(database);
        let entrusted = Imprint {
            email: Some("mot-cua@vidu.vn".to_owned()),
            treasury_account: Some("3511.0.1234567".to_owned()),
            treasury_code: Some("0011".to_owned()),
            principal: Some(Principal {
                name: "Sở Thử Nghiệm".to_owned(),
                tax_code: "9900000016".to_owned(),
                contract: "01/HĐ-UNT".to_owned(),
            }),
            issuer: None,
            naming: None,
        };
        world.change(|tx, stamp| {
            let unit = world.ba_dinh.id;
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &Imprint::default())?;
            imprint::record(
                tx,
                stamp,
                &Actor::system(),
                unit,
                stamp.today().plus_days(1),
                &Imprint::default(),
            )?;
            imprint::record(tx, stamp, &Actor::system(), unit, stamp.today(), &entrusted)
        });
        let owed = world.raise(Dong(25_000));
        world.claim(&owed, Dong(25_000)).receipt();
        world.seal();
        let text = String::from_utf8(signed(&world, &world.receipts(&owed)[0])).unwrap();
        let told = "<DCTDTu>mot-cua@vidu.vn</DCTDTu><STKKBac>3511.0.1234567</STKKBac><MKBac>0011</MKBac>\
                    <UNThu><Ten>Sở Thử Nghiệm</Ten><MST>9900000016</MST></UNThu></TCThu>";
        assert!(text.contains(told), "{text}");
        assert!(text.contains("<DLieu>Thu tự động qua VPBank</DLieu>"), "nobody sat at a counter: {text}");
        let trust = TrustStore::from_pem(AUTHORITY_PEM).unwrap();
        assert!(verify(text.as_bytes(), &trust, world.now()).is_valid());
        // Tomorrow's imprint names nobody.
        world.wait_days(1);
        let later = world.raise(Dong(25_000));
        world.claim(&later, Dong(25_000)).receipt();
        world.seal();
        let text = String::from_utf8(signed(&world, &world.receipts(&later)[0])).unwrap();
        assert!(!text.contains("UNThu"), "{text}");
    });
}

#[test]
fn a_claim_that_never_came_takes_every_document_of_its_obligation_back() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        let settled = world.claim(&owed, BOTH).settle();
        let officer = |person| Actor {
            person: Some(person),
            client: None,
            role: Role::Finance,
            scope: Scope::unit(owed.unit),
        };
        let (maker, checker) = (officer(world.clerk), officer(world.chief));
        world.change(|tx, stamp| {
            let new = exception::New {
                unit: owed.unit,
                kind: Kind::ClaimWithoutCredit,
                subject: exception::Subject::Movement(settled.movement),
                account: Some(world.ba_dinh.account),
                amount: BOTH,
                opened_on: stamp.today(),
                detail: String::new(),
            };
            exception::open(tx, stamp, &[new])
        });
        let item = world.exceptions(owed.unit).remove(0);
        let proposal = ("disprove", None, "sao kê không có");
        world
            .app
            .write(&maker, |tx, stamp| exception::propose(tx, stamp, &maker, owed.unit, item.id, proposal))
            .unwrap();
        world
            .app
            .write(&checker, |tx, stamp| resolve::approve(tx, stamp, &checker, owed.unit, item.id))
            .unwrap();
        let states: Vec<String> = world.receipts(&owed).into_iter().map(|one| one.state).collect();
        assert_eq!(states, ["cancelled", "cancelled"]);
        assert_eq!(world.again(&owed).state, State::Reopened);
        world.assert_balances(owed.unit, &[]);
        assert_eq!(
            world.words(
                "SELECT p.debit_account || ' ' || r.document_kind AS t FROM posting p JOIN receipt r \
                 ON r.unit_id = p.unit_id AND r.id = p.source_id WHERE p.debit_account LIKE 'fees_collected/%' \
                 ORDER BY 1"
            ),
            ["fees_collected/HT-01 receipt", "fees_collected/SAO-CHUP invoice_vat"],
            "each fee is taken back against its own document"
        );
        // Paid again, it gets new ones; the cancelled numbers stay.
        world.take(&owed, BOTH, Method::Cash).unwrap();
        let numbers: Vec<(String, i64)> =
            world.receipts(&owed).into_iter().map(|one| (one.state, one.number)).collect();
        let told = |state: &str, number| (state.to_owned(), number);
        assert_eq!(
            numbers,
            [told("cancelled", 1), told("numbered", 2), told("cancelled", 1), told("numbered", 2)]
        );
    });
}

#[test]
fn a_day_closes_on_a_transfer_that_no_channel_told_of_and_that_pays_a_receipt_and_an_invoice() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
        let day = crate::closed_late::today(&world);
        let memo = format!("{} nop phi", owed.reference_code);
        let file = BankFile::new(world.ba_dinh.account_no, day, 0).book(BOTH.0, &memo, "FT26327001");
        crate::refunds::statement(&world, file);
        assert_eq!(kinds(&world.receipts(&owed)), ["receipt", "invoice_vat"]);
        // Both documents are of one line, which brought the money of both.
        let told = crate::closed_late::closed(&world, day);
        assert_eq!(told.carried, []);
    });
}

#[test]
fn the_profiles_are_listed_with_how_sure_each_rule_is() {
    let said = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_bienlai")).arg("profile").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, list) = said(&["list"]);
    assert_eq!(code, Some(0));
    for name in ["ND123-2.0.0", "ND70-2.1.0", "ND254-2.1.1"] {
        assert!(list.contains(name), "{list}");
    }
    let (_, shown) = said(&["show", "ND254-2.1.1"]);
    let line = |item: &str| shown.lines().find(|line| line.contains(item)).unwrap().to_owned();
    assert!(line("receipt_corrections").starts_with("[P]"), "{shown}");
    assert!(line("template_pattern").starts_with("[M]"), "{shown}");
    assert!(line("unknown_buyer").starts_with("[V2]") && line("unknown_buyer").contains("người tiêu dùng"));
    assert!(shown.contains("[M] chưa kiểm chứng / from memory, unverified"), "{shown}");
    let (_, json) = said(&["show", "ND70-2.1.0", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"][1]["item"], "message_version");
    assert_eq!(json["items"][1]["mark"], "V");
    assert_eq!(said(&["show", "ND999"]).0, Some(1));
}
