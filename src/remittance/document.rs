//! The order as a document: canonical XML, and the page that people sign and hand over, with the
//! XML attached. The layout is a proposal of ours [P]; the Treasury's own forms bind the transfer.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Kind, Line, Order, State, form, query};
use crate::error::Result;
use crate::id::EventId;
use crate::identity;
use crate::receipt::markup::Markup;
use crate::store::Conn;
use crate::tariff::{self, Tariff, edition};
use crate::text::words::{Wording, amount_in_words};
use crate::unit::{self, BankAccount, Unit, account};

/// The format version in every order.
pub const VERSION: &str = "RO-1.0";

/// Everything an order's document says.
#[derive(Clone, Debug)]
pub struct Content {
    pub order: Order,
    pub lines: Vec<Line>,
    /// The page names fees by it: that of `tariff_of`.
    pub tariff: Option<Tariff>,
    pub unit: Unit,
    pub account: BankAccount,
    pub maker: String,
    /// None while nobody has approved it.
    pub checker: Option<String>,
}

impl Content {
    pub fn read(conn: &mut Conn, order: &Order) -> Result<Content> {
        Ok(Content {
            lines: query::lines(conn, order.unit, order.id)?,
            tariff: tariff_of(conn, order)?,
            unit: unit::find(conn, order.unit)?,
            account: account::find(conn, order.unit, order.account)?,
            maker: identity::person_name(conn, order.maker).unwrap_or_default(),
            checker: order.checker.map(|person| identity::person_name(conn, person).unwrap_or_default()),
            order: order.clone(),
        })
    }

    /// `12/2026`.
    pub fn number(&self) -> String {
        format!("{}/{}", self.order.order_no, self.order.year)
    }

    /// What the transfer's text must say.
    pub fn transfer_text(&self) -> String {
        match self.order.kind {
            Kind::Treasury => format!("{} NOP NSNN", self.order.reference_code),
            Kind::Kept => format!("{} TRICH PHI DE LAI", self.order.reference_code),
            Kind::Claim => format!("{} HOAN TRA", self.order.reference_code),
        }
    }

    pub fn in_words(&self) -> String {
        amount_in_words(self.order.amount, &Wording::STANDARD)
    }

    /// What stands behind the text of one that must not be used.
    pub fn watermark(&self) -> Option<&'static str> {
        match self.order.state {
            _ if self.order.is_in_part() => Some("KHO BẠC TỪ CHỐI MỘT PHẦN"),
            State::Drafted => Some("CHƯA DUYỆT"),
            State::Refused => Some("ĐÃ HỦY"),
            State::Rejected | State::Returned => Some("KHO BẠC TỪ CHỐI"),
            State::Approved | State::Debited | State::Credited | State::Settled => None,
        }
    }
}

impl Kind {
    /// What its document is called, Vietnamese and English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Kind::Treasury => ("Lệnh nộp tiền vào ngân sách nhà nước", "Order to remit to the state budget"),
            Kind::Kept => ("Lệnh trích phần phí được để lại", "Order to withdraw the kept share"),
            Kind::Claim => {
                ("Đề nghị hoàn trả khoản đã nộp ngân sách", "Claim for what was remitted beyond what is owed")
            }
        }
    }
}

/// The tariff of the day on which a kept share was ordered: its fees are named by it on its page, on its paper and
/// where it waits for approval. None for other orders, and where none reads: an order is printed and shown whatever
/// became of the tariff, with codes then.
pub fn tariff_of(conn: &mut Conn, order: &Order) -> Result<Option<Tariff>> {
    match edition_of(conn, order)? {
        Some(edition) => parsed(conn, edition),
        None => Ok(None),
    }
}

/// The tariffs of all orders on one page, by edition: however many orders an edition names the fees of, its text is
/// read and parsed once.
#[derive(Default)]
pub struct Tariffs {
    by_edition: BTreeMap<EventId, Option<Tariff>>,
}

impl Tariffs {
    /// As `tariff_of` gives it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(&mut self, conn: &mut Conn, order: &Order) -> Result<Option<&Tariff>> {
        let Some(edition) = edition_of(conn, order)? else { return Ok(None) };
        let tariff = match self.by_edition.entry(edition) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(parsed(conn, edition)?),
        };
        Ok(tariff.as_ref())
    }
}

fn edition_of(conn: &mut Conn, order: &Order) -> Result<Option<EventId>> {
    if order.kind == Kind::Kept { edition::id_at(conn, order.created_at) } else { Ok(None) }
}

fn parsed(conn: &mut Conn, edition: EventId) -> Result<Option<Tariff>> {
    Ok(edition::text_of(conn, edition)?.and_then(|text| tariff::load(&text).ok()))
}

/// The canonical bytes. The schema is `xsd/remittance/RO-1.0.xsd`.
pub fn xml(content: &Content) -> Vec<u8> {
    let order = &content.order;
    Markup::document("RemittanceOrder", &format!("RO-{}", order.id), |xml| {
        xml.text("Version", VERSION);
        xml.text("Kind", order.kind.as_str());
        xml.text("Title", order.kind.title().0);
        xml.text("Number", &content.number());
        xml.text("ReferenceCode", &order.reference_code);
        xml.text("TransferText", &content.transfer_text());
        xml.text("MadeAt", &order.created_at.hanoi_text());
        xml.text("CoveredUntil", &order.covered_until.to_string());
        xml.element("Unit", |xml| {
            xml.text("Code", &content.unit.code);
            xml.text("Name", &content.unit.name);
            xml.text("TaxCode", &content.unit.tax_code);
            xml.text("BudgetCode", content.unit.budget_code.as_deref().unwrap_or_default());
        });
        xml.element("Account", |xml| {
            xml.text("BankBin", &content.account.bank_bin);
            xml.text("Number", &content.account.account_no);
            xml.text("Holder", &content.account.holder_name);
        });
        xml.element("Treasury", |xml| {
            xml.text("Code", order.treasury_code.as_deref().unwrap_or_default());
            xml.text("Account", order.treasury_account.as_deref().unwrap_or_default());
        });
        xml.element("Lines", |xml| {
            for line in &content.lines {
                xml.element("Line", |xml| {
                    xml.text("Source", &line.source);
                    xml.text("Chapter", line.chapter.as_deref().unwrap_or_default());
                    xml.text("SubItem", line.sub_item.as_deref().unwrap_or_default());
                    xml.amount("Amount", line.amount);
                });
            }
        });
        xml.amount("Total", order.amount);
        xml.text("TotalInWords", &content.in_words());
        xml.text("State", order.state.as_str());
        xml.text("MadeBy", &content.maker);
        xml.text("ApprovedBy", content.checker.as_deref().unwrap_or_default());
    })
}

/// The page, PDF/A-3a with the XML attached. The same order in the same state gives the same bytes.
pub fn pdf(content: &Content) -> Result<Vec<u8>> {
    form::render(content, &xml(content))
}

/// The name under which it is saved, without its ending.
pub fn file_stem(order: &Order) -> String {
    let noun = match order.kind {
        Kind::Treasury => "lenh-nop-nsnn",
        Kind::Kept => "lenh-trich-phi",
        Kind::Claim => "de-nghi-hoan-tra",
    };
    format!("{noun}-{}-{}", order.year, order.order_no)
}
