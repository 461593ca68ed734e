//! Kinds 8 and 9: one paid obligation yields one invoice that carries a fee beside what is sold, and other people's
//! programs find nothing wrong with it.

use bienlai::amount::Dong;
use bienlai::ledger::Account;
use bienlai::obligation::{Line, State};
use bienlai::receipt::rendition::{self, Links, Standing};
use bienlai::receipt::schema;
use bienlai::receipt::verify::{TrustStore, verify};

use crate::documents::{BOTH, fee_and_service, judged, kinds, open_invoices, signed};
use crate::support::world::{AUTHORITY_PEM, BANK};
use crate::support::{World, each_database};

/// A kind of integrated invoice, and what stands on it alone.
struct Integrated {
    kind: &'static str,
    template: &'static str,
    title: &'static str,
    has_tax: bool,
    says: [&'static str; 2],
}

const VAT: Integrated = Integrated {
    kind: "invoice_vat_with_receipt",
    template: "8",
    title: "Hóa đơn giá trị gia tăng tích hợp biên lai thu thuế, phí, lệ phí",
    has_tax: true,
    says: ["<HDCTTChinh>0</HDCTTChinh>", "<TgTCThue>10000</TgTCThue><TgTThue>800</TgTThue>"],
};

const SALES: Integrated = Integrated {
    kind: "invoice_sales_with_receipt",
    template: "9",
    title: "Hóa đơn bán hàng tích hợp biên lai thu thuế, phí, lệ phí",
    has_tax: false,
    says: ["<HDDCKPTQuan>0</HDDCKPTQuan>", "<DGia>10800</DGia><ThTien>10800</ThTien></HHDVu>"],
};

/// The fee and the service, both on one invoice of this kind; the seller of a sales invoice shows no tax.
fn lines(of: &Integrated) -> Vec<Line> {
    let mut lines = fee_and_service();
    for line in &mut lines {
        line.document_kind = of.kind.to_owned();
        line.vat_rate = line.vat_rate.take().filter(|_| of.has_tax);
    }
    lines
}

/// Paid, numbered, signed, and judged by our verifier and by programs of others.
fn issued(world: &World, of: &Integrated) -> String {
    open_invoices(world, of.kind, of.template);
    let owed = world.raise_lines(&world.ba_dinh, lines(of));
    let settled = world.claim(&owed, BOTH).settle();
    assert_eq!(world.again(&owed).state, State::Paid);
    let documents = world.receipts(&owed);
    assert_eq!(kinds(&documents), [of.kind], "one document for both");
    let invoice = documents.into_iter().next().unwrap();
    assert_eq!(settled.receipt, Some(invoice.id));
    assert_eq!((invoice.template.as_str(), invoice.series.as_str()), (of.template, "K26TBD"));
    assert_eq!((invoice.number, invoice.amount), (1, BOTH));
    assert_eq!(world.seal(), 1);

    let bytes = signed(world, &invoice);
    let report = verify(&bytes, &TrustStore::from_pem(AUTHORITY_PEM).unwrap(), world.now());
    assert!(report.is_valid(), "{report:?}");
    assert_eq!(report.documents[0].kind, "invoice");
    schema::schema("HDon", "2.1.1").unwrap().check(&bytes).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    let xsd = format!("{root}/xsd/invoice/2.1.1.xsd");
    assert!(judged("xmllint", &["--noout", "--nonet", "--schema", &xsd, "-"], &bytes), "xmllint accepts it");
    let authority = format!("{root}/fixtures/receipt/test-only-ca.pem");
    let object = "http://www.w3.org/2000/09/xmldsig#:Object";
    let ids = ["--verify", "--id-attr:Id", "DLHDon", "--id-attr:Id", object, "--trusted-pem"];
    let arguments = [&ids[..], &[authority.as_str(), "/dev/stdin"]].concat();
    assert!(judged("xmlsec1", &arguments, &bytes), "xmlsec1 accepts it");
    let text = String::from_utf8(bytes.clone()).unwrap();
    let tampered = text.replace("<TPhi>8000<", "<TPhi>9000<");
    assert_ne!(tampered, text);
    assert!(!judged("xmlsec1", &arguments, tampered.as_bytes()), "and nothing else");
    let page = rendition::render(&bytes, &Standing::Valid, &Links { public_url: None }).unwrap();
    assert!(page.starts_with(b"%PDF-"));
    text
}

#[test]
fn an_integrated_invoice_of_either_kind_is_numbered_signed_and_accepted_by_programs_of_others() {
    each_database(|database| {
        let world = World::settled_in(database);
        for of in [VAT, SALES] {
            let text = issued(&world, &of);
            let head = format!(
                "<THDon>{}</THDon><KHMSHDon>{}</KHMSHDon><KHHDon>K26TBD</KHHDon><SHDon>1</SHDon>",
                of.title, of.template
            );
            let fee = "<DSLPhi><LPhi><TLPhi>Phí cấp bản sao trích lục hộ tịch</TLPhi><TPhi>8000</TPhi></LPhi></DSLPhi>";
            for part in [head.as_str(), fee, "<TgTTTBSo>18800</TgTTTBSo>"].into_iter().chain(of.says) {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert_eq!(text.contains("<TSuat>"), of.has_tax, "{text}");
            assert_eq!(text.contains("TgTThue"), of.has_tax, "{text}");
        }
        let collected = |item: &str| Account::FeesCollected(item.to_owned());
        let clearing = Account::Clearing(world.ba_dinh.account, BANK.to_owned());
        let twice = |amount: Dong| 2 * amount.0;
        world.assert_balances(
            world.ba_dinh.id,
            &[
                (clearing, twice(BOTH)),
                (collected("HT-01"), -twice(Dong(8_000))),
                (collected("SAO-CHUP"), -twice(Dong(10_800))),
            ],
        );
        assert_eq!(world.problems(), Vec::<String>::new());
    });
}
