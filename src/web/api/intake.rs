//! The intake of statements: imports that run by themselves, corrected statements, lines set aside,
//! saved column mappings.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::{AccountQuery, account_asked};
use super::step::{ReasonBody, step};
use super::{by_code, paging, unit_asked};
use crate::actor::{Actor, Role};
use crate::error::{Error, Result};
use crate::id::{AccountId, EventId, JobId, StatementId, UnitId, VersionId};
use crate::payment::settler::Numbered as _;
use crate::reconciliation::{office, restated};
use crate::statement::given_up;
use crate::statement::job::{self, Job};
use crate::statement::layout::Layout;
use crate::statement::partner::{Kind, Named};
use crate::statement::quarantine::{self, Decided, Quarantined, Verdict};
use crate::statement::saved;
use crate::statement::version::{self, Decision, Version};
use crate::statement::{Options, query};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract::{self, API_BODY_LIMIT_BYTES, Caller, STATEMENT_BODY_LIMIT_BYTES};
use crate::web::respond::{self, Answer, block};

const READERS: [Role; 4] = [Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
const REASON_LIMIT: usize = 1_000;
const LAYOUT_LIMIT_BYTES: usize = 64 * 1024;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportQuery {
    /// The account of a file that names none.
    account: Option<String>,
}

/// `POST /api/v1/statements`: the body is the bank's file as it came. With `Prefer: respond-async` it is
/// queued, and the answer names the import to look after.
pub async fn import(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&[Role::Finance])?;
    let asked: ImportQuery = extract::query(&request)?;
    let preferences = request.headers().get_all("prefer").filter_map(|value| value.to_str().ok());
    let is_async = preferences.flat_map(|value| value.split(',')).any(|one| one.trim() == "respond-async");
    let bytes = extract::body(payload, STATEMENT_BODY_LIMIT_BYTES).await?;
    let (status, body) = block(move || {
        let app = shared.app();
        let stamp = || app.stamp();
        let options = Options { account_no: asked.account.as_deref(), ..Options::default() };
        let imported = if is_async {
            match job::queue(&app.store, &stamp, &caller.0, &bytes, options)? {
                Ok(job) => {
                    let answer = json!({ "import": job_json(&job) });
                    let named = app.read(&caller.0, |conn| by_code::named(conn, answer))?;
                    return Ok((StatusCode::ACCEPTED, named));
                }
                Err(refused) => *refused,
            }
        } else {
            office::import_with(&app.store, &stamp, &caller.0, &bytes, options)?
        };
        let is_taken = imported.errors.is_empty();
        let status = if is_taken { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let named = app.read(&caller.0, |conn| by_code::named(conn, json!({ "import": imported })))?;
        Ok((status, named))
    })
    .await?;
    respond::json(status, &body)
}

/// What has become of the file is shown as the import said it.
fn job_json(job: &Job) -> Value {
    let outcome = job.outcome.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({
        "id": job.id,
        "unit": job.unit,
        "state": job.state,
        "lines_done": job.lines_done,
        "lines_total": job.lines_total,
        "sha256": job.file_sha256,
        "error": job.error_code,
        "outcome": outcome,
        "created_at": job.created_at,
    })
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    unit: Option<String>,
    account: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ListQuery {
    /// The unit, and the account where one is named.
    fn place(&self, conn: &mut Conn, actor: &Actor) -> Result<(UnitId, Option<AccountId>)> {
        if self.account.is_none() {
            return Ok((unit_asked(conn, actor, self.unit.as_deref())?, None));
        }
        let asked = AccountQuery { unit: self.unit.clone(), account: self.account.clone() };
        account_asked(conn, actor, &asked).map(|(unit, account)| (unit, Some(account)))
    }
}

/// `GET /api/v1/imports?unit=`: the newest first.
pub async fn imports(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let page = paging::asked::<JobId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let (unit, _) = asked.place(conn, &caller.0)?;
            paging::require_unit(conn, unit, ("import_job", page.cursor))?;
            let found = job::list(conn, unit, page)?;
            let next = paging::next(&found, page.limit, |job| job.id);
            let imports: Vec<Value> = found.iter().map(job_json).collect();
            by_code::named(conn, json!({ "imports": imports, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/imports/{id}`
pub async fn find_import(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: JobId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = job::query::unit_of(conn, &caller.0.scope, id)?.ok_or_else(job::query::not_found)?;
            let found = job::find(conn, unit, id)?;
            by_code::named(conn, json!({ "import": job_json(&found) }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/versions?unit=&account=`: the newest first.
pub async fn versions(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let page = paging::asked::<VersionId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let (unit, account) = asked.place(conn, &caller.0)?;
            paging::require_unit(conn, unit, ("statement_version", page.cursor))?;
            let versions = version::list(conn, unit, account, page)?;
            let next = paging::next(&versions, page.limit, |version| version.id);
            by_code::named(conn, json!({ "versions": versions, "next": next }))
        })
    });
    respond::ok(&found.await?)
}

/// `GET /api/v1/versions/{id}`: with what it changes, line by line, and what is proposed about it.
pub async fn find_version(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let id: VersionId = extract::path(&request, "id")?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            let unit = locate(conn, &caller.0, id)?;
            let version = version::find(conn, unit, id)?;
            let differences = version::differences(conn, unit, id)?;
            let proposal = version::proposal(conn, unit, id)?.filter(|_| version.state != "held");
            let proposal = proposal.map(
                |(decision, maker, reason)| json!({ "decision": decision, "maker": maker, "reason": reason }),
            );
            let answer = json!({ "version": version, "differences": differences, "proposal": proposal });
            by_code::named(conn, answer)
        })
    });
    respond::ok(&found.await?)
}

fn locate(conn: &mut Conn, actor: &Actor, id: VersionId) -> Result<UnitId> {
    version::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("statement_version_not_found", "no such version in your scope"))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProposeBody {
    decision: String,
    reason: String,
}

/// `POST /api/v1/versions/{id}/propose`
pub async fn propose_version(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&version::DECIDERS)?;
    let id: VersionId = extract::path(&request, "id")?;
    let asked: ProposeBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let decision = Decision::parse(&asked.decision)?;
    let reason = bounded(&asked.reason)?;
    let changed = block(move || {
        let actor = &caller.0;
        shared.app().write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            let version = version::propose(tx, stamp, actor, unit, id, (decision, &reason))?;
            version_json(tx, &version)
        })
    });
    respond::ok(&changed.await?)
}

/// `POST /api/v1/versions/{id}/approve`: another person than the one who proposed.
pub async fn approve_version(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&version::DECIDERS)?;
    let id: VersionId = extract::path(&request, "id")?;
    let decided = block(move || {
        let app = shared.app();
        let unit = app.read(&caller.0, |conn| locate(conn, &caller.0, id))?;
        let decided = restated::approve(&app.store, &|| app.stamp(), &caller.0, unit, id)?;
        app.sealing.numbered(&decided.receipts);
        let answer = json!({ "version": decided.version, "import": decided.imported });
        app.read(&caller.0, |conn| by_code::named(conn, answer.clone()))
    });
    respond::ok(&decided.await?)
}

/// `POST /api/v1/versions/{id}/send-back`: the version is held again.
pub async fn send_version_back(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&version::DECIDERS)?;
    let reason = bounded(&ReasonBody::read(payload).await?)?;
    let changed = step(&request, caller, shared, locate, move |tx, stamp, actor, unit, id| {
        let version = version::send_back(tx, stamp, actor, unit, id, &reason)?;
        version_json(tx, &version)
    });
    respond::ok(&changed.await?)
}

/// A version alone, its unit and account as people call them.
fn version_json(conn: &mut Conn, version: &Version) -> Result<Value> {
    by_code::named(conn, json!({ "version": version }))
}

fn bounded(reason: &str) -> Result<String> {
    if reason.chars().count() > REASON_LIMIT {
        return Err(Error::invalid("reason", "field_too_long", format!("at most {REASON_LIMIT} characters")));
    }
    Ok(reason.to_owned())
}

/// `GET /api/v1/quarantine?unit=&account=`: lines that could not be read and wait, with their text and
/// the sum their statement's balances ask of them.
pub async fn quarantine(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: ListQuery = extract::query(&request)?;
    let page = paging::asked::<EventId>(asked.cursor.as_deref(), asked.limit)?;
    let found = block(move || {
        let app = shared.app();
        let (unit, lines, texts) = app.read(&caller.0, |conn| {
            let (unit, account) = asked.place(conn, &caller.0)?;
            paging::require_unit(conn, unit, ("quarantined_line", page.cursor))?;
            let lines = quarantine::open(conn, unit, account, page)?;
            let mut texts = Vec::with_capacity(lines.len());
            for line in &lines {
                let stored = query::statement(conn, unit, line.statement)?;
                texts.push(quarantine::text_of(conn, app.stamp().vault, &stored, line)?);
            }
            Ok((unit, lines, texts))
        })?;
        let mut expected = BTreeMap::new();
        for line in &lines {
            if let std::collections::btree_map::Entry::Vacant(free) = expected.entry(line.statement) {
                free.insert(quarantine::expected(&app.store, &app.stamp(), &caller.0, unit, line.statement)?);
            }
        }
        let shown = |(line, text): (&Quarantined, Option<String>)| {
            json!({
                "id": line.id,
                "statement": line.statement,
                "place": line.place,
                "code": line.code,
                "message": line.message,
                "text": text,
                "expected_of_statement": expected.get(&line.statement).copied().flatten(),
                "created_at": line.created_at,
            })
        };
        let next = paging::next(&lines, page.limit, |line| line.id);
        Ok((lines.iter().zip(texts).map(shown).collect::<Vec<_>>(), next))
    });
    let (lines, next) = found.await?;
    respond::ok(&json!({ "lines": lines, "next": next }))
}

/// `POST /api/v1/statements/{id}/give-up`: a statement whose loading broke off is not taken.
pub async fn give_up(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&given_up::DECIDERS)?;
    let reason = bounded(&ReasonBody::read(payload).await?)?;
    let given_up = step(&request, caller, shared, locate_statement, move |tx, stamp, actor, unit, id| {
        let statement = given_up::give_up(tx, stamp, actor, (unit, id), &reason)?;
        by_code::named(tx, json!({ "statement": statement }))
    });
    respond::ok(&given_up.await?)
}

fn locate_statement(conn: &mut Conn, actor: &Actor, id: StatementId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("statement_not_found", "no such statement in your scope"))
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuarantineBody {
    lines: Vec<Verdict>,
}

/// `POST /api/v1/statements/{id}/quarantine`: repairs or discards every line that waits, at once.
pub async fn decide_quarantine(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&quarantine::DECIDERS)?;
    let id: StatementId = extract::path(&request, "id")?;
    let asked: QuarantineBody = extract::json(&extract::body(payload, API_BODY_LIMIT_BYTES).await?)?;
    let decided = block(move || {
        let app = shared.app();
        let unit = app.read(&caller.0, |conn| locate_statement(conn, &caller.0, id))?;
        office::decide_quarantine(&app.store, &|| app.stamp(), &caller.0, (unit, id), &asked.lines)
    })
    .await?;
    let awaits_second_person = decided == Decided::SecondPerson;
    respond::ok(&json!({
        "statement": id,
        "repaired": decided.lines(),
        "awaits_second_person": awaits_second_person,
    }))
}

/// Whose mappings: an account's, or those of a unit's partners of one kind.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutQuery {
    unit: Option<String>,
    account: Option<String>,
    /// `pos`, `gateway` or `treasury`, instead of an account.
    partner: Option<String>,
}

impl LayoutQuery {
    fn account(&self, conn: &mut Conn, actor: &Actor) -> Result<(UnitId, AccountId)> {
        let asked = AccountQuery { unit: self.unit.clone(), account: self.account.clone() };
        account_asked(conn, actor, &asked)
    }

    fn partner(&self, conn: &mut Conn, actor: &Actor) -> Result<Option<(UnitId, Kind)>> {
        let Some(partner) = &self.partner else { return Ok(None) };
        let unit = unit_asked(conn, actor, self.unit.as_deref())?;
        let unknown = |error: Error| Error::invalid("partner", "partner_unknown", error.detail().to_owned());
        Ok(Some((unit, Kind::named(partner).map_err(unknown)?)))
    }
}

/// `GET /api/v1/layouts?unit=&account=`: every version of an account's column mapping, newest first; with
/// `partner` instead of `account` those of the unit's partners.
pub async fn layouts(request: HttpRequest, caller: Caller, shared: web::Data<Shared>) -> Answer {
    caller.0.require_role(&READERS)?;
    let asked: LayoutQuery = extract::query(&request)?;
    let found = block(move || {
        shared.app().read(&caller.0, |conn| {
            if let Some((unit, kind)) = asked.partner(conn, &caller.0)? {
                return Ok(json!(saved::versions(conn, unit, kind)?));
            }
            let (unit, account) = asked.account(conn, &caller.0)?;
            Ok(json!(saved::versions(conn, unit, account)?))
        })
    });
    respond::ok(&json!({ "layouts": found.await? }))
}

/// `POST /api/v1/layouts?unit=&account=`: the body is a mapping as `bienlai statement preview` prints it; with
/// `partner` instead of `account` it is `headings` and the numbers of `columns`.
pub async fn save_layout(
    request: HttpRequest,
    caller: Caller,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Answer {
    caller.0.require_role(&saved::KEEPERS)?;
    let asked: LayoutQuery = extract::query(&request)?;
    let body = extract::body(payload, LAYOUT_LIMIT_BYTES).await?;
    let saved = block(move || {
        let actor = &caller.0;
        let text = |code| {
            let no_text = |_| Error::invalid("layout", code, "the body is not UTF-8");
            std::str::from_utf8(&body).map_err(no_text)
        };
        shared.app().write(actor, |tx, stamp| {
            // Whose it is comes first: the body is nobody's business before.
            if let Some((unit, kind)) = asked.partner(tx, actor)? {
                let named = Named::from_toml(text("partner_layout_invalid")?)?.checked(kind)?;
                return Ok(json!(saved::save(tx, stamp, actor, unit, kind, &named)?));
            }
            let (unit, account) = asked.account(tx, actor)?;
            let layout = Layout::from_toml(text("statement_layout_invalid")?)?;
            Ok(json!(saved::save(tx, stamp, actor, unit, account, &layout)?))
        })
    })
    .await?;
    respond::ok(&json!({ "layout": saved }))
}
