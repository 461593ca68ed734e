//! What each endpoint reads and answers, by the very types its handler uses. An endpoint that is not
//! here is described by its example. A story asks the running service for the fields it takes and
//! holds this table against them.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::super::{
    books, city, combinations, corrections, days, deposits, duties, exception_work, exceptions, figures,
    intake, ledgers, letters, listing, lists, months, notifications, obligations, overview, payments, pos,
    privacy, proposals, queue, raise, receipts, refunds, remittances, reopenings, rules, seen, series,
    settlements, shifts, step, tariff, tax, view,
};

type Make = fn(&mut SchemaGenerator) -> schemars::Schema;

const FILE: &[&str] = &["application/octet-stream", "text/csv", "application/xml", "text/plain"];
const TOML: &[&str] = &["application/toml", "text/plain"];
const AGREEMENT: &[&str] = &["application/pdf", "image/png", "image/jpeg"];

/// What a request's body is.
pub enum Body {
    None,
    /// JSON of this schema; `is_required` is false where an empty body means its defaults.
    Json {
        schema: Value,
        is_required: bool,
    },
    /// A file of one of these media types.
    Raw(&'static [&'static str]),
}

/// What an endpoint reads and answers.
pub struct Shape {
    pub query: Option<Value>,
    pub body: Body,
    pub answer: Option<Value>,
    pub status: u16,
}

impl Shape {
    fn new() -> Self {
        Shape { query: None, body: Body::None, answer: None, status: 200 }
    }

    fn asks<T: JsonSchema>(mut self) -> Self {
        self.query = Some(read(T::json_schema));
        self
    }

    fn reads<T: JsonSchema>(mut self) -> Self {
        self.body = Body::Json { schema: read(T::json_schema), is_required: true };
        self
    }

    fn may_read<T: JsonSchema>(mut self) -> Self {
        self.body = Body::Json { schema: read(T::json_schema), is_required: false };
        self
    }

    fn takes(mut self, media: &'static [&'static str]) -> Self {
        self.body = Body::Raw(media);
        self
    }

    fn created(mut self) -> Self {
        self.status = 201;
        self
    }

    fn answers<T: JsonSchema>(mut self) -> Self {
        self.answer = Some(schema(T::json_schema, SchemaSettings::draft2020_12().for_serialize()));
        self
    }

    /// An object whose field of this name is such a one.
    fn shows<T: JsonSchema>(self, field: &str) -> Self {
        let mut shape = self.answers::<T>();
        let inner = shape.answer.take();
        shape.answer = Some(json!({ "type": "object", "required": [field], "properties": { field: inner } }));
        shape
    }

    /// An object whose field of this name lists such ones.
    fn lists<T: JsonSchema>(self, field: &str) -> Self {
        self.shows::<Vec<T>>(field)
    }
}

fn read(make: Make) -> Value {
    schema(make, SchemaSettings::draft2020_12().for_deserialize())
}

/// Everything inline, so that each operation can be read alone.
fn schema(make: Make, settings: SchemaSettings) -> Value {
    let inline = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    make(&mut inline.into_generator()).to_value()
}

/// By method and path.
pub fn table() -> BTreeMap<&'static str, Shape> {
    BTreeMap::from([
        (
            "GET /api/v1/settlements/{id}",
            Shape::new().shows::<crate::payment::gateway::Settlement>("settlement"),
        ),
        ("GET /api/v1/pos/batches/{id}", Shape::new().shows::<crate::payment::pos::Batch>("batch")),
        ("GET /api/v1/obligations/{id}/qr", Shape::new().answers::<crate::web::pages::vietqr::Drawn>()),
        ("GET /api/v1/receipts/{id}", Shape::new().answers::<view::ReceiptWithChain>()),
        (
            "POST /api/v1/obligations",
            Shape::new().reads::<raise::Asked>().created().answers::<view::ObligationView>(),
        ),
        (
            "GET /api/v1/obligations",
            Shape::new().asks::<obligations::ListQuery>().lists::<view::ObligationView>("obligations"),
        ),
        (
            "GET /api/v1/obligations/changes",
            Shape::new().asks::<obligations::ChangesQuery>().answers::<obligations::ChangesPage>(),
        ),
        ("GET /api/v1/obligations/{id}", Shape::new().answers::<obligations::Whole>()),
        (
            "POST /api/v1/obligations/{id}/cancel",
            Shape::new().reads::<obligations::Reason>().answers::<view::ObligationView>(),
        ),
        ("POST /api/v1/obligations/{id}/payments", Shape::new().reads::<payments::Asked>().created()),
        ("GET /api/v1/receipts.zip", Shape::new().asks::<receipts::Period>()),
        ("GET /api/v1/notifications", Shape::new().asks::<notifications::ListQuery>()),
        ("POST /api/v1/obligations/{id}/consent", Shape::new().reads::<notifications::ConsentBody>()),
        ("POST /api/v1/receipts/{id}/corrections", Shape::new().reads::<corrections::Body>().created()),
        ("GET /api/v1/corrections", Shape::new().asks::<listing::StateQuery>()),
        ("POST /api/v1/corrections/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/corrections/{id}/agreement", Shape::new().takes(AGREEMENT)),
        ("POST /api/v1/corrections/{id}/withdrawal", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/corrections/{id}/withdrawal/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/payments/{id}/refunds", Shape::new().reads::<refunds::Body>().created()),
        ("GET /api/v1/refunds", Shape::new().asks::<listing::StateQuery>()),
        ("POST /api/v1/refunds/{id}/payee", Shape::new().reads::<crate::payment::refund::Payee>()),
        ("POST /api/v1/refunds/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/shifts", Shape::new().reads::<shifts::OpenBody>().created()),
        ("GET /api/v1/shifts", Shape::new().asks::<listing::StateQuery>()),
        ("POST /api/v1/shifts/{id}/close", Shape::new().reads::<shifts::CloseBody>()),
        ("POST /api/v1/shifts/{id}/sign-off", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/shifts/{id}/send-back", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/deposits", Shape::new().reads::<deposits::Body>().created()),
        ("GET /api/v1/deposits", Shape::new().asks::<listing::StateQuery>()),
        ("POST /api/v1/deposits/{id}/withdraw", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/payments/{id}/card-slip", Shape::new().reads::<pos::SlipBody>()),
        (
            "POST /api/v1/pos/batches",
            Shape::new().reads::<pos::BatchBody>().created().shows::<crate::payment::pos::Batch>("batch"),
        ),
        (
            "GET /api/v1/pos/batches",
            Shape::new().asks::<listing::PageQuery>().lists::<crate::payment::pos::Batch>("batches"),
        ),
        (
            "POST /api/v1/settlements",
            Shape::new()
                .reads::<settlements::ReportBody>()
                .created()
                .shows::<crate::payment::gateway::Settlement>("settlement"),
        ),
        (
            "GET /api/v1/settlements",
            Shape::new()
                .asks::<listing::PageQuery>()
                .lists::<crate::payment::gateway::Settlement>("settlements"),
        ),
        ("GET /api/v1/remittable", Shape::new().asks::<remittances::DueQuery>()),
        ("POST /api/v1/remittances", Shape::new().reads::<remittances::DraftBody>().created()),
        ("GET /api/v1/remittances", Shape::new().asks::<listing::StateQuery>()),
        ("POST /api/v1/remittances/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("GET /api/v1/treasury/due", Shape::new().asks::<remittances::AlarmQuery>()),
        ("POST /api/v1/treasury/reports", Shape::new().takes(FILE).asks::<remittances::ReportQuery>()),
        ("GET /api/v1/exceptions", Shape::new().asks::<exceptions::ListQuery>()),
        ("POST /api/v1/exceptions/bulk", Shape::new().reads::<exception_work::BulkBody>()),
        ("GET /api/v1/exceptions/alarms", Shape::new().asks::<queue::AlarmQuery>()),
        ("POST /api/v1/exceptions/{id}/comments", Shape::new().reads::<exception_work::CommentBody>()),
        ("POST /api/v1/exceptions/{id}/assign", Shape::new().reads::<exception_work::AssignBody>()),
        ("POST /api/v1/exceptions/{id}/propose", Shape::new().reads::<exceptions::ProposeBody>()),
        ("POST /api/v1/exceptions/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/exceptions/{id}/resolve", Shape::new().reads::<exceptions::ProposeBody>()),
        ("POST /api/v1/exceptions/{id}/reopening", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/pos/batches/{id}/withdrawal", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/settlements/{id}/withdrawal", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/lines/{id}/unmatch", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/exceptions/{id}/reopening/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/exceptions/{id}/letters", Shape::new().reads::<letters::WriteBody>().created()),
        ("GET /api/v1/letters", Shape::new().asks::<listing::PageQuery>()),
        ("POST /api/v1/letters/{id}/reply", Shape::new().reads::<crate::queue::letter::Reply>()),
        ("POST /api/v1/complaints", Shape::new().reads::<queue::ComplaintBody>().created()),
        ("POST /api/v1/statements", Shape::new().takes(FILE).asks::<intake::ImportQuery>()),
        ("GET /api/v1/statements", Shape::new().asks::<books::AccountQuery>()),
        ("POST /api/v1/statements/{id}/quarantine", Shape::new().reads::<intake::QuarantineBody>()),
        ("POST /api/v1/statements/{id}/give-up", Shape::new().reads::<step::ReasonBody>()),
        ("GET /api/v1/quarantine", Shape::new().asks::<intake::ListQuery>()),
        ("GET /api/v1/imports", Shape::new().asks::<intake::ListQuery>()),
        ("GET /api/v1/versions", Shape::new().asks::<intake::ListQuery>()),
        ("POST /api/v1/versions/{id}/propose", Shape::new().reads::<intake::ProposeBody>()),
        ("POST /api/v1/versions/{id}/send-back", Shape::new().reads::<step::ReasonBody>()),
        ("GET /api/v1/layouts", Shape::new().asks::<intake::LayoutQuery>()),
        ("POST /api/v1/layouts", Shape::new().takes(TOML).asks::<intake::LayoutQuery>()),
        ("POST /api/v1/reconciliations", Shape::new().may_read::<books::ReconcileBody>()),
        ("GET /api/v1/lines", Shape::new().asks::<rules::LinesQuery>()),
        ("POST /api/v1/classification-rules", Shape::new().reads::<rules::ProposeBody>().created()),
        ("GET /api/v1/classification-rules", Shape::new().asks::<rules::RulesQuery>()),
        ("POST /api/v1/classification-rules/what-if", Shape::new().reads::<rules::WhatIfBody>()),
        ("POST /api/v1/classification-rules/{id}/approve", Shape::new().may_read::<rules::DecideBody>()),
        ("POST /api/v1/classification-rules/{id}/refuse", Shape::new().may_read::<rules::DecideBody>()),
        ("POST /api/v1/days/close", Shape::new().reads::<books::CloseBody>()),
        ("GET /api/v1/days", Shape::new().asks::<books::DaysQuery>()),
        ("GET /api/v1/days/bridge", Shape::new().asks::<days::BridgeQuery>()),
        ("GET /api/v1/days/chain", Shape::new().asks::<books::AccountQuery>()),
        ("GET /api/v1/days/overview", Shape::new().asks::<overview::OverviewQuery>()),
        ("POST /api/v1/days/close-all", Shape::new().may_read::<overview::CloseBody>()),
        ("POST /api/v1/days/reopenings", Shape::new().reads::<reopenings::RequestBody>()),
        ("GET /api/v1/days/reopenings", Shape::new().asks::<listing::PageQuery>()),
        ("POST /api/v1/days/reopenings/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/months/close", Shape::new().reads::<months::CloseBody>()),
        ("GET /api/v1/months", Shape::new().asks::<books::AccountQuery>()),
        ("GET /api/v1/lists/{list}", Shape::new().asks::<lists::Query>().answers::<lists::Page>()),
        ("GET /api/v1/reports/fees", Shape::new().asks::<figures::FeesQuery>()),
        ("GET /api/v1/reports/cut-off", Shape::new().asks::<figures::CutOffQuery>()),
        ("GET /api/v1/reports/due", Shape::new().asks::<figures::DueQuery>()),
        ("POST /api/v1/reports/filed", Shape::new().reads::<figures::FiledBody>()),
        ("GET /api/v1/books/{book}", Shape::new().asks::<ledgers::Asked>()),
        ("GET /api/v1/series", Shape::new().asks::<series::UnitQuery>()),
        ("POST /api/v1/keys/{id}/stop", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/keys/stops/{id}/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/keys/stops/{id}/withdraw", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/series/{id}/stop", Shape::new().reads::<series::StopBody>()),
        ("GET /api/v1/series/audits", Shape::new().asks::<series::AuditsQuery>()),
        ("GET /api/v1/tariff/items", Shape::new().asks::<tariff::ItemsQuery>()),
        ("GET /api/v1/tax/registrations", Shape::new().asks::<tax::UnitQuery>()),
        ("POST /api/v1/tax/registrations", Shape::new().reads::<tax::registrations::RegistrationBody>()),
        ("POST /api/v1/tax/registrations/accept", Shape::new().reads::<tax::registrations::AcceptBody>()),
        ("POST /api/v1/tax/registrations/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/tax/registrations/{id}/withdraw", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/tax/notices/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/tax/reports/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/refunds/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/exceptions/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/exceptions/combine", Shape::new().reads::<combinations::CombineBody>()),
        (
            "POST /api/v1/exceptions/{id}/combination/approve",
            Shape::new().may_read::<combinations::ApproveBody>(),
        ),
        ("POST /api/v1/exceptions/{id}/combination/refuse", Shape::new().reads::<step::ReasonBody>()),
        ("POST /api/v1/exceptions/{id}/reopening/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/corrections/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/corrections/{id}/withdrawal/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("POST /api/v1/remittances/{id}/approve", Shape::new().may_read::<seen::ApproveBody>()),
        ("GET /api/v1/tax/reports", Shape::new().asks::<tax::ReportQuery>()),
        ("POST /api/v1/tax/reports", Shape::new().reads::<tax::ReportBody>()),
        ("POST /api/v1/tax/reports/{id}/accept", Shape::new().reads::<tax::alarms::AcceptBody>()),
        ("GET /api/v1/tax/due", Shape::new().asks::<tax::alarms::AlarmQuery>()),
        ("GET /api/v1/tax/notices", Shape::new().asks::<tax::UnitQuery>()),
        ("POST /api/v1/tax/notices", Shape::new().reads::<tax::NoticeBody>()),
        ("POST /api/v1/tax/notices/{id}/withdraw", Shape::new().reads::<step::ReasonBody>()),
        ("GET /api/v1/tax/transmissions", Shape::new().asks::<tax::LedgerQuery>()),
        ("GET /api/v1/approvals", Shape::new().asks::<duties::AgendaQuery>()),
        ("POST /api/v1/delegations", Shape::new().reads::<duties::OfferBody>()),
        ("GET /api/v1/delegations", Shape::new().asks::<duties::ListQuery>()),
        ("POST /api/v1/delegations/{id}/acts", Shape::new().reads::<duties::ActBody>()),
        ("POST /api/v1/privacy/requests", Shape::new().reads::<privacy::ReceiveBody>()),
        ("GET /api/v1/privacy/requests", Shape::new().asks::<listing::PageQuery>()),
        ("POST /api/v1/privacy/requests/{id}/file", Shape::new().reads::<privacy::PurposeBody>()),
        ("POST /api/v1/privacy/requests/{id}/answer", Shape::new().reads::<privacy::AnswerBody>()),
        ("POST /api/v1/privacy/requests/{id}/refuse", Shape::new().reads::<privacy::RefuseBody>()),
        ("POST /api/v1/privacy/requests/{id}/propose", Shape::new().reads::<privacy::ContactBody>()),
        ("POST /api/v1/privacy/requests/{id}/approve", Shape::new().reads::<privacy::ApproveBody>()),
        ("GET /api/v1/privacy/views", Shape::new().asks::<listing::PageQuery>()),
        ("POST /api/v1/privacy/incidents", Shape::new().reads::<privacy::OpenBody>()),
        ("GET /api/v1/privacy/incidents", Shape::new().asks::<listing::PageQuery>()),
        ("POST /api/v1/privacy/incidents/{id}/note", Shape::new().reads::<privacy::DetailBody>()),
        ("POST /api/v1/privacy/incidents/{id}/notified", Shape::new().reads::<privacy::DetailBody>()),
        ("POST /api/v1/privacy/incidents/{id}/closed", Shape::new().reads::<privacy::DetailBody>()),
        ("GET /api/v1/privacy/register", Shape::new().asks::<listing::PageQuery>()),
        ("GET /api/v1/tax/invoices", Shape::new().asks::<tax::UnitQuery>()),
        ("GET /api/v1/city/figures", Shape::new().asks::<city::FiguresQuery>()),
        ("POST /api/v1/proposals", Shape::new().reads::<proposals::ProposalBody>()),
        ("POST /api/v1/proposals/{id}/refuse", Shape::new().reads::<proposals::RefusalBody>()),
        ("GET /api/v1/evidence.zip", Shape::new().asks::<city::EvidenceQuery>()),
    ])
}
