//! The JSON of answers. Fields are only ever added.

use serde::Serialize;

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::exception::{Detail, Exception};
use crate::id::*;
use crate::obligation::feed_query::{Change, PastEvent};
use crate::obligation::{Line, Obligation};
use crate::payment::due;
use crate::receipt::DocumentKind;
use crate::receipt::query::Stored as Receipt;
use crate::receipt::relation::Link;
use crate::store::Conn;
use crate::unit;
use crate::web::Shared;
use crate::web::message;
use crate::web::pages::wording::Lang;
use crate::web::pages::{detail, vietqr};

/// An obligation. `qr` is absent when nothing is owed.
#[derive(Serialize, schemars::JsonSchema)]
pub struct ObligationView {
    pub id: ObligationId,
    pub unit: String,
    /// Who took the dossier in, and who decides on it: by official code, whether the caller may see them or not.
    pub receiving_unit: Option<String>,
    pub competent_unit: Option<String>,
    pub reference_code: String,
    pub state: &'static str,
    pub total: Dong,
    pub paid: Dong,
    pub outstanding: Dong,
    pub dossier_code: String,
    pub procedure_code: String,
    pub procedure_field: String,
    pub intake_mode: String,
    pub submitted_at: Instant,
    pub result_due_on: Option<BusinessDay>,
    pub due_on: BusinessDay,
    pub electronic_payment_required: bool,
    pub waived_ground: Option<String>,
    pub created_at: Instant,
    pub qr: Option<String>,
    pub links: ObligationLinks,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineView>,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct ObligationLinks {
    pub pay: String,
    /// None while nothing is owed: there is nothing to scan.
    pub qr_svg: Option<String>,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct LineView {
    pub item: String,
    pub name: String,
    pub kind: String,
    pub document_kind: String,
    /// The tax inside the amounts, on invoices that show it.
    pub vat_rate: Option<String>,
    pub measure_unit: String,
    pub quantity: String,
    pub unit_price: String,
    pub gross: Dong,
    pub reduction: Dong,
    pub reduction_ground: Option<String>,
    pub amount: Dong,
    pub legal_ground: String,
    pub explanation: String,
    pub explanation_en: String,
}

impl LineView {
    pub fn of(line: &Line) -> Self {
        let (vi, en) = line.explanation.split_once('\n').unwrap_or((&line.explanation, ""));
        LineView {
            item: line.item_code.clone(),
            name: line.item_name.clone(),
            kind: line.kind.clone(),
            document_kind: line.document_kind.clone(),
            vat_rate: line.vat_rate.clone(),
            measure_unit: line.measure_unit.clone(),
            quantity: line.quantity.normalize().to_string(),
            unit_price: line.unit_price.normalize().to_string(),
            gross: line.gross,
            reduction: line.reduction,
            reduction_ground: line.reduction_ground.clone(),
            amount: line.amount,
            legal_ground: line.legal_ground.clone(),
            explanation: vi.to_owned(),
            explanation_en: en.to_owned(),
        }
    }
}

/// An obligation with its QR payload and links. The codes of its units must be known (`UnitCodes::know`).
pub fn obligation(
    shared: &Shared,
    conn: &mut Conn,
    item: &Obligation,
    lines: &[Line],
) -> Result<ObligationView> {
    let is_owed = item.outstanding().is_positive();
    let today = shared.app().clock.now().business_day();
    Ok(ObligationView {
        id: item.id,
        unit: unit::find(conn, item.unit)?.code,
        receiving_unit: shared.unit_codes.of(item.receiving_unit),
        competent_unit: shared.unit_codes.of(item.competent_unit),
        reference_code: item.reference_code.clone(),
        state: item.state.as_str(),
        total: item.total,
        paid: item.allocated,
        outstanding: item.outstanding(),
        dossier_code: item.dossier_code.clone(),
        procedure_code: item.procedure_code.clone(),
        procedure_field: item.procedure_field.clone(),
        intake_mode: item.intake_mode.clone(),
        submitted_at: item.submitted_at,
        result_due_on: item.result_due_on,
        due_on: item.due_on,
        electronic_payment_required: item.electronic_required,
        waived_ground: item.waived_ground.clone(),
        created_at: item.created_at,
        qr: if is_owed { Some(vietqr::payload(conn, item, today)?.text) } else { None },
        links: ObligationLinks {
            pay: shared.url(&format!("/p/{}", item.reference_code)),
            qr_svg: is_owed.then(|| shared.url(&format!("/api/v1/obligations/{}/qr.svg", item.id))),
        },
        lines: lines.iter().map(LineView::of).collect(),
    })
}

/// A receipt with where it is found.
#[derive(Serialize, schemars::JsonSchema)]
pub struct ReceiptView {
    pub id: ReceiptId,
    pub obligation: ObligationId,
    pub document_kind: String,
    /// What people call the kind.
    pub title: &'static str,
    pub title_en: &'static str,
    pub template: String,
    pub series: String,
    pub number: i64,
    pub amount: Dong,
    pub issued_on: BusinessDay,
    pub collected_at: Instant,
    /// `numbered` until it is signed.
    pub state: String,
    pub lookup_code: String,
    pub links: ReceiptLinks,
}

/// A document of a paid obligation that is not made yet, and why; it is made by itself when the cause is gone.
#[derive(Serialize, schemars::JsonSchema)]
pub struct AwaitedView {
    pub document_kind: String,
    /// As of errors, such as `series_closed`.
    pub code: String,
    pub message: &'static str,
    pub message_en: &'static str,
}

/// What an obligation's documents wait for, by kind; empty where none waits.
pub fn awaited(conn: &mut Conn, item: &Obligation) -> Result<Vec<AwaitedView>> {
    let view = |(document_kind, code): (String, String)| {
        let words = message::words(&code);
        AwaitedView { document_kind, code, message: &words.vi, message_en: &words.en }
    };
    Ok(due::awaited_by(conn, item)?.into_iter().map(view).collect())
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct ReceiptLinks {
    pub page: String,
    pub xml: String,
    pub pdf: String,
}

impl ReceiptLinks {
    pub fn of(shared: &Shared, lookup_code: &str) -> Self {
        ReceiptLinks {
            page: shared.url(&format!("/r/{lookup_code}")),
            xml: shared.url(&format!("/r/{lookup_code}.xml")),
            pdf: shared.url(&format!("/r/{lookup_code}.pdf")),
        }
    }
}

pub fn receipt(shared: &Shared, item: &Receipt) -> ReceiptView {
    let (title, title_en) = item.kind().map_or(("Chứng từ", "Document"), DocumentKind::words);
    ReceiptView {
        id: item.id,
        title,
        title_en,
        obligation: item.obligation,
        document_kind: item.document_kind.clone(),
        template: item.template.clone(),
        series: item.series.clone(),
        number: item.number,
        amount: item.amount,
        issued_on: item.issued_on,
        collected_at: item.collected_at,
        state: item.state.clone(),
        lookup_code: item.lookup_code.clone(),
        links: ReceiptLinks::of(shared, &item.lookup_code),
    }
}

/// A receipt with all documents of its chain, the original first.
#[derive(Serialize, schemars::JsonSchema)]
pub struct ReceiptWithChain {
    #[serde(flatten)]
    pub receipt: ReceiptView,
    pub chain: Vec<LinkView>,
}

/// One document of a chain.
#[derive(Serialize, schemars::JsonSchema)]
pub struct LinkView {
    pub id: ReceiptId,
    pub series: String,
    pub number: i64,
    pub amount: Dong,
    pub issued_on: BusinessDay,
    pub state: String,
    /// `replace` or `adjust`; absent for the original.
    pub action: Option<&'static str>,
    pub original: Option<ReceiptId>,
    /// Neither replaced nor cancelled.
    pub is_valid: bool,
    pub links: ReceiptLinks,
}

pub fn chain(shared: &Shared, links: &[Link]) -> Vec<LinkView> {
    let view = |link: &Link| LinkView {
        id: link.document.id,
        series: link.document.series.clone(),
        number: link.document.number,
        amount: link.document.amount,
        issued_on: link.document.issued_on,
        state: link.document.state.clone(),
        action: link.corrects.map(|(action, _)| action.as_str()),
        original: link.corrects.map(|(_, original)| original),
        is_valid: link.is_valid(),
        links: ReceiptLinks::of(shared, &link.document.lookup_code),
    };
    links.iter().map(view).collect()
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct EventView {
    pub kind: String,
    pub state: String,
    pub paid: Dong,
    pub payment: Option<PaymentId>,
    pub receipt: Option<ReceiptId>,
    pub actor: String,
    pub reason: Option<String>,
    pub at: Instant,
}

impl From<PastEvent> for EventView {
    fn from(event: PastEvent) -> Self {
        EventView {
            kind: event.kind,
            state: event.state,
            paid: event.allocated,
            payment: event.payment,
            receipt: event.receipt,
            actor: event.actor,
            reason: event.reason,
            at: event.at,
        }
    }
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct ChangeView {
    pub cursor: String,
    pub obligation: ObligationId,
    pub reference_code: String,
    pub dossier_code: String,
    pub kind: String,
    pub state: String,
    pub total: Dong,
    pub paid: Dong,
    /// The document that came of this change; the receipt when there are several.
    pub receipt: Option<ChangedReceipt>,
    /// Every document of the obligation as it stands now, when one came of this change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<ChangedReceipt>,
    pub at: Instant,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct ChangedReceipt {
    pub id: ReceiptId,
    pub document_kind: String,
    pub lookup_code: String,
    pub links: ReceiptLinks,
}

/// `documents` are those of the change's obligation.
pub fn change(shared: &Shared, item: Change, documents: &[Receipt]) -> ChangeView {
    let changed = |document: &Receipt| ChangedReceipt {
        id: document.id,
        document_kind: document.document_kind.clone(),
        links: ReceiptLinks::of(shared, &document.lookup_code),
        lookup_code: document.lookup_code.clone(),
    };
    let receipt = item.receipt.and_then(|id| documents.iter().find(|document| document.id == id));
    let receipt = receipt.map(changed);
    let documents = match receipt {
        Some(_) => documents.iter().map(changed).collect(),
        None => Vec::new(),
    };
    ChangeView {
        cursor: super::obligations::feed_cursor(item.feed_no),
        obligation: item.obligation,
        reference_code: item.reference_code,
        dossier_code: item.dossier_code,
        kind: item.kind,
        state: item.state,
        total: item.total,
        paid: item.allocated,
        receipt,
        documents,
        at: item.at,
    }
}

#[derive(Serialize)]
pub struct ExceptionView {
    pub id: ExceptionId,
    pub kind: &'static str,
    pub title: &'static str,
    pub title_en: &'static str,
    pub next_step: &'static str,
    pub next_step_en: &'static str,
    pub effect: &'static str,
    pub effect_en: &'static str,
    pub subject: String,
    pub account: Option<AccountId>,
    pub amount: Dong,
    pub owner: String,
    pub assignee: Option<PersonId>,
    pub opened_on: BusinessDay,
    pub due_on: BusinessDay,
    pub age_days: i64,
    pub is_overdue: bool,
    pub blocks_day_close: bool,
    pub state: &'static str,
    /// Moves with every step; an approval may name it as `expected_revision`.
    pub revision: i64,
    /// What is known of it, in words.
    pub detail: String,
    pub detail_en: String,
    /// The same as a code (`say`) with values; none for what older versions stored as a sentence.
    pub about: Option<serde_json::Value>,
}

pub fn exception(item: &Exception, today: BusinessDay) -> ExceptionView {
    ExceptionView {
        id: item.id,
        kind: item.kind.as_str(),
        title: item.title_vi(),
        title_en: item.title_en(),
        next_step: item.kind.next_step_vi(),
        next_step_en: item.kind.next_step_en(),
        effect: item.kind.effect_vi(),
        effect_en: item.kind.effect_en(),
        subject: item.subject_text(),
        account: item.account,
        amount: item.amount,
        owner: item.owner.clone(),
        assignee: item.assignee,
        opened_on: item.opened_on,
        due_on: item.due_on,
        age_days: item.age_days(today),
        is_overdue: today > item.due_on && item.state.as_str() != "resolved",
        blocks_day_close: item.kind.blocks_day_close(),
        state: item.state.as_str(),
        revision: item.revision,
        detail: detail::words(Lang::Vi, &item.detail),
        detail_en: detail::words(Lang::En, &item.detail),
        about: Detail::read(&item.detail).and_then(|about| serde_json::to_value(about).ok()),
    }
}
