//! Invoices are replaced and adjusted like receipts, by the law for invoices, beside their siblings.

use bienlai::amount::Dong;
use bienlai::correction::Kind;
use bienlai::error::Error;
use bienlai::filing::form::notice::INVOICE_FORM;
use bienlai::filing::{self, State as FilingState, notice};
use bienlai::ledger;
use bienlai::obligation::{Line, Obligation, State};
use bienlai::payment::book::Method;
use bienlai::receipt::query::Stored;
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::{relation, schema};
use bienlai::simulator::tax_authority::{Habits, TaxAuthority};
use bienlai::worker;

use crate::corrections::{again, approve, ask, corrected, fees, person, refusal, request, states, text_of};
use crate::documents::{BOTH, fee_and_service, judged, kinds, open_invoices, signed};
use crate::support::program::{Service, get};
use crate::support::world::line;
use crate::support::{World, each_database};

/// A fee and a service paid in cash: the receipt and the invoice, both signed.
fn paid(world: &World) -> (Obligation, Stored, Stored) {
    open_invoices(world, "invoice_vat", "1");
    let owed = world.raise_lines(&world.ba_dinh, fee_and_service());
    world.take(&owed, BOTH, Method::Cash).unwrap();
    world.seal();
    let mut documents = world.receipts(&owed);
    assert_eq!(kinds(&documents), ["receipt", "invoice_vat"]);
    let invoice = documents.remove(1);
    (owed, documents.remove(0), invoice)
}

fn service(amount: i64) -> Line {
    let like = fee_and_service().remove(1);
    bienlai::correction::at_amount(&like, Dong(amount))
}

fn balance(world: &World, item: &str) -> i64 {
    world.look(|conn| ledger::balance(conn, world.ba_dinh.id, &fees(item))).0
}

fn newest(world: &World, owed: &Obligation) -> Stored {
    world.receipts(owed).into_iter().max_by_key(|one| one.id).unwrap()
}

#[test]
fn an_invoice_is_adjusted_down_with_its_tax_and_the_receipt_beside_it_stays() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt, invoice) = paid(&world);
        let amended = corrected(&world, &invoice, Kind::Adjust, vec![service(5_400)]);
        assert_eq!((amended.refunds.len(), amended.awaited), (1, Dong(0)));
        let expected =
            [(8_000, "signed"), (10_800, "adjusted"), (-5_400, "signed")].map(|(n, s)| (n, s.to_owned()));
        assert_eq!(states(&world, &owed), expected);
        let adjusting = newest(&world, &owed);
        assert_eq!((adjusting.document_kind.as_str(), adjusting.series.as_str()), ("invoice_vat", "K26TBD"));
        assert_eq!((adjusting.number, again(&world, &receipt).state.as_str()), (2, "signed"));

        let text = text_of(&world, &adjusting);
        let names_it = format!(
            "<TTHDLQuan><TCHDon>2</TCHDon><LHDCLQuan>1</LHDCLQuan><KHMSHDCLQuan>1</KHMSHDCLQuan>\
             <KHHDCLQuan>K26TBD</KHHDCLQuan><SHDCLQuan>1</SHDCLQuan><NLHDCLQuan>{}</NLHDCLQuan>\
             <GChu>Điều chỉnh cho hóa đơn Mẫu số 1 ký hiệu K26TBD số 00000001",
            invoice.issued_on
        );
        assert!(text.contains(&names_it), "{text}");
        assert!(text.contains("<ThTien>-5000</ThTien><TSuat>8%</TSuat>"), "{text}");
        assert!(text.contains("<TgTThue>-400</TgTThue><TgTTTBSo>-5400</TgTTTBSo>"), "{text}");
        let bytes = signed(&world, &adjusting);
        schema::schema("HDon", "2.1.1").unwrap().check(&bytes).unwrap();
        let xsd = format!("{}/xsd/invoice/2.1.1.xsd", env!("CARGO_MANIFEST_DIR"));
        assert!(judged("xmllint", &["--noout", "--nonet", "--schema", &xsd, "-"], &bytes));
        let page = rendition::render(&bytes, &Standing::Valid, &Links { public_url: None }).unwrap();
        assert!(page.starts_with(b"%PDF-"));

        assert_eq!((balance(&world, "HT-01"), balance(&world, "SAO-CHUP")), (-8_000, -5_400));
        let now = world.again(&owed);
        assert_eq!((now.state, now.total, now.allocated), (State::Paid, Dong(13_400), Dong(13_400)));
        let chain = world.look(|conn| relation::chain(conn, &invoice));
        assert_eq!(chain.len(), 2, "the receipt is a sibling, no link of the chain");
    });
}

#[test]
fn an_invoice_may_be_adjusted_to_nothing_because_it_cannot_be_cancelled() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, vec![service(10_800)]);
        world.take(&owed, Dong(10_800), Method::Cash).unwrap();
        world.seal();
        let invoice = world.receipts(&owed).remove(0);
        assert_eq!(refusal(&world, &invoice, Kind::Cancel, Vec::new()), "correction_kind_not_allowed");
        assert_eq!(refusal(&world, &invoice, Kind::Replace, vec![service(0)]), "correction_to_nothing");
        assert_eq!(refusal(&world, &invoice, Kind::Adjust, Vec::new()), "correction_lines_missing");
        let amended = corrected(&world, &invoice, Kind::Adjust, vec![service(0)]);
        assert_eq!(amended.refunds.len(), 1);
        let payment = world.payments(&world.ba_dinh).remove(0);
        assert_eq!((payment.to_obligations, payment.surplus), (Dong(0), Dong(10_800)));
        let now = world.again(&owed);
        assert_eq!((now.state, now.total, now.outstanding()), (State::Paid, Dong(0), Dong(0)));
        assert!(text_of(&world, &newest(&world, &owed)).contains("<TgTTTBSo>-10800</TgTTTBSo>"));
        // Whoever pays all the same gets it back.
        world.claim(&owed, Dong(10_800)).settle();
        assert_eq!(world.payments(&world.ba_dinh)[1].surplus, Dong(10_800));
        // It was right after all in part: the money that comes for it is no advance of nothing.
        corrected(&world, &again(&world, &invoice), Kind::Adjust, vec![service(5_400)]);
        world.claim(&owed, Dong(5_400)).settle();
        world.seal();
        assert_eq!(balance(&world, "SAO-CHUP"), -5_400);
        assert_eq!(newest(&world, &owed).amount, Dong(5_400));
    });
}

#[test]
fn an_invoice_is_replaced_again_and_again_and_never_adjusted_in_between() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, _, first) = paid(&world);
        corrected(&world, &first, Kind::Replace, vec![service(8_640)]);
        let second = newest(&world, &owed);
        let text = text_of(&world, &second);
        assert!(text.contains("<TCHDon>1</TCHDon>") && text.contains("<TgTTTBSo>8640</TgTTTBSo>"), "{text}");
        assert_eq!(refusal(&world, &first, Kind::Replace, vec![service(1_080)]), "correction_not_newest");
        assert_eq!(refusal(&world, &second, Kind::Adjust, vec![service(1_080)]), "correction_mixes_chain");
        let of_receipt = line("HT-01", "phi", "receipt", Dong(8_000));
        assert_eq!(refusal(&world, &second, Kind::Replace, vec![of_receipt]), "correction_line_unfit");
        corrected(&world, &second, Kind::Replace, vec![service(9_720)]);
        // More is asked than was left on it, so the document waits for the difference.
        assert_eq!(world.again(&owed).outstanding(), Dong(1_080));
        assert_eq!(world.receipts(&owed).len(), 3);
        world.claim(&owed, Dong(1_080)).settle();
        world.seal();
        let chain = world.look(|conn| relation::chain(conn, &first));
        let told: Vec<(i64, bool)> =
            chain.iter().map(|link| (link.document.amount.0, link.is_valid())).collect();
        assert_eq!(told, [(10_800, false), (8_640, false), (9_720, true)]);
        assert_eq!(balance(&world, "SAO-CHUP"), -9_720);
    });
}

#[test]
fn receipt_and_invoice_of_one_payment_are_corrected_one_after_the_other() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, receipt, invoice) = paid(&world);
        corrected(&world, &receipt, Kind::Adjust, vec![line("HT-01", "phi", "receipt", Dong(9_000))]);
        // While one waits for its money, its sibling is not touched.
        assert_eq!(refusal(&world, &invoice, Kind::Adjust, vec![service(5_400)]), "correction_awaits_money");
        world.take(&world.again(&owed), Dong(1_000), Method::Cash).unwrap();
        world.seal();
        corrected(&world, &again(&world, &invoice), Kind::Adjust, vec![service(5_400)]);
        corrected(&world, &again(&world, &receipt), Kind::Cancel, Vec::new());
        assert_eq!((balance(&world, "HT-01"), balance(&world, "SAO-CHUP")), (0, -5_400));
        let now = world.again(&owed);
        assert_eq!((now.state, now.total), (State::Paid, Dong(5_400)), "the invoice stays paid");
    });
}

#[test]
fn an_invoice_on_a_channels_word_alone_waits_for_its_statement_and_is_offered_no_cancelling() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat", "1");
        let owed = world.raise_lines(&world.ba_dinh, vec![service(10_800)]);
        world.claim(&owed, Dong(10_800)).settle();
        world.seal();
        let invoice = world.receipts(&owed).remove(0);
        let asked = request(&world, &ask(&invoice, Kind::Adjust, vec![service(5_400)])).unwrap();
        let refused = approve(&world, &asked).unwrap_err();
        assert_eq!(refused.code(), "correction_waits_for_statement");
        assert!(!refused.detail().contains("cancel"), "{refused}");
        assert_eq!(world.again(&owed).total, Dong(10_800), "nothing was half done");
    });
}

#[test]
fn an_integrated_invoice_is_adjusted_in_its_fee_and_in_its_service() {
    each_database(|database| {
        let world = World::settled_in(database);
        open_invoices(&world, "invoice_vat_with_receipt", "8");
        let lines = |fee: i64, sold: i64| -> Vec<Line> {
            let both = [line("HT-01", "phi", "x", Dong(fee)), service(sold)];
            both.map(|line| Line { document_kind: "invoice_vat_with_receipt".to_owned(), ..line }).to_vec()
        };
        let owed = world.raise_lines(&world.ba_dinh, lines(8_000, 10_800));
        world.take(&owed, BOTH, Method::Cash).unwrap();
        world.seal();
        let invoice = world.receipts(&owed).remove(0);
        corrected(&world, &invoice, Kind::Adjust, lines(5_000, 10_800));
        let text = text_of(&world, &newest(&world, &owed));
        assert!(text.contains("<TPhi>-3000</TPhi>") && !text.contains("<HHDVu>"), "{text}");
        corrected(&world, &again(&world, &invoice), Kind::Adjust, lines(5_000, 5_400));
        let text = text_of(&world, &newest(&world, &owed));
        assert!(text.contains("<ThTien>-5000</ThTien>") && !text.contains("DSLPhi"), "{text}");
        assert_eq!((balance(&world, "HT-01"), balance(&world, "SAO-CHUP")), (-5_000, -5_400));
    });
}

#[test]
fn a_wrong_name_on_an_invoice_is_told_by_its_own_form_signed_and_without_a_number() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (owed, _, invoice) = paid(&world);
        let mut asked = ask(&invoice, Kind::Replace, vec![service(10_800)]);
        let shown = world.look(|conn| bienlai::correction::payer_shown(conn, invoice.unit, invoice.id));
        assert_eq!(shown.name.as_deref(), Some("Nguyễn Thị Thử"));
        asked.payer = Some(bienlai::party::Payer { name: Some("Nguyễn Thị Mẫu".into()), ..shown });
        assert_eq!(request(&world, &asked).map_err(|e| e.code()).unwrap_err(), "correction_needs_notice");

        let maker = person(owed.unit, world.clerk, bienlai::actor::Role::Finance);
        let checker = person(owed.unit, world.chief, bienlai::actor::Role::Approver);
        let documents = vec![(invoice.id, "Sai tên người mua, đúng là Nguyễn Thị Mẫu".to_owned())];
        let id = world.change(|tx, stamp| {
            let asked = notice::Request {
                unit: owed.unit,
                documents: documents.clone(),
                demand: None,
                place: "Hà Nội".to_owned(),
            };
            notice::request(tx, stamp, &maker, asked)
        });
        world.change(|tx, stamp| notice::approve(tx, stamp, &checker, owed.unit, id));
        worker::sign_forms(&world.app).unwrap();
        let filing = world.look(|conn| filing::find(conn, owed.unit, id));
        assert_eq!((filing.form.as_str(), filing.state), (INVOICE_FORM, FilingState::Signed));
        let marks = filing::mark::rules(&filing).unwrap();
        let number = marks.iter().find(|rule| rule.item == "invoice_notice_message");
        assert_eq!(number.map(|rule| (rule.value.as_str(), rule.mark)), Some(("300", "V2")), "{marks:?}");
        assert_eq!(world.receipts(&owed).len(), 2, "no new number");
        crate::filing::deliver(&world, &TaxAuthority::new(Habits::default()));
        let told = world.look(|conn| notice::of_receipt(conn, owed.unit, invoice.id));
        assert_eq!((told.len(), told[0].state.as_str()), (1, "accepted"));
        let mut program = Service::start(&world);
        let page = get(program.address, &format!("/r/{}", invoice.lookup_code)).unwrap().body;
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("đã thông báo cơ quan thuế theo mẫu 04/SS-HĐĐT"), "{page}");
        assert!(!page.contains("Nguyễn Thị Mẫu"), "the right name is not the public's: {page}");
        program.stop();
    });
}

#[test]
fn an_agreement_of_tomorrow_or_older_than_its_document_is_none() {
    each_database(|database| {
        let world = World::settled_in(database);
        let (_, _, invoice) = paid(&world);
        let mut asked = ask(&invoice, Kind::Adjust, vec![service(5_400)]);
        asked.agreement.on = world.now().business_day().next();
        let code = |error: Error| error.code();
        assert_eq!(request(&world, &asked).map_err(code).unwrap_err(), "correction_agreement_in_future");
        asked.agreement.on = invoice.issued_on.plus_days(-1);
        assert_eq!(
            request(&world, &asked).map_err(code).unwrap_err(),
            "correction_agreement_before_document"
        );
        asked.agreement.on = world.now().business_day();
        let number = std::mem::replace(&mut asked.agreement.number, " ".to_owned());
        assert_eq!(request(&world, &asked).map_err(code).unwrap_err(), "correction_agreement_missing");
        asked.agreement.number = number;
        let asked = request(&world, &asked).unwrap();
        assert_eq!((asked.document_kind.as_str(), asked.certainty.as_str()), ("invoice_vat", "V2"));
        approve(&world, &asked).unwrap();
    });
}
