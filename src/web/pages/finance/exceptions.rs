//! `/finance/exceptions`: everything unexplained, oldest first, a page at a time; proposals wait for
//! another person. Several items may be proposed, commented or given to somebody at once; each opens on
//! the workbench.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::beside::owner_typed;
use super::proposing;
use super::{READERS, accounts, confirm, units, workbench};
use crate::actor::{Actor, Role, Scope};
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::work_query::{self, Filter};
use crate::exception::{self, Exception, Kind, State, query};
use crate::id::{ExceptionId, UnitId};
use crate::identity::person;
use crate::payment::settler::Numbered;
use crate::payment::{combine, resolve, told};
use crate::report::Period;
use crate::report::list::{self, List};
use crate::store::Conn;
use crate::web::Shared;
use crate::web::api;
use crate::web::extract;
use crate::web::pages::acting::as_seen;
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// Items on one page, as people choose: the next ones are one press away, however many there are.
const SIZES: [i64; 3] = [25, 50, 100];
const SIZE_DEFAULT: i64 = 50;

struct Row {
    id: ExceptionId,
    revision: i64,
    unit: String,
    title: &'static str,
    amount: String,
    opened_on: String,
    age: i64,
    is_overdue: bool,
    /// What is to be done; of what is settled how, by whom and when.
    next_step: String,
    proposal: Option<(String, String)>,
    /// How many were proposed together with it; none where it was proposed alone.
    together: usize,
    /// Whoever settles it answers its payer.
    answers_payer: bool,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    frame: Frame,
    csrf: String,
    can_approve: bool,
    can_combine: bool,
    must_confirm: bool,
    has_second_factor: bool,
    wrong: Wrong,
    rows: Vec<Row>,
    /// `unresolved`, `open`, `proposed` or `resolved`.
    state: &'static str,
    /// The last item of a full page: where the next one begins.
    next: Option<ExceptionId>,
    can_work: bool,
    asked: Asked,
    size: i64,
    /// The address of this list without its place in it: where a form comes back to.
    back: String,
    /// Code and name.
    units: Vec<(String, String)>,
    accounts: Vec<(String, String)>,
    /// Number and title.
    kinds: Vec<(String, &'static str)>,
    owners: Vec<(&'static str, &'static str)>,
    /// To whom items may be given: id and name.
    people: Vec<(String, String)>,
    typed: Fields,
    /// The same question as a list: its id, and the query of its file.
    query_id: String,
    file: String,
}

impl ExceptionsPage {
    /// What items are called whose reason their payer reads, where some are listed.
    fn answered(&self) -> Option<&'static str> {
        self.rows.iter().find(|row| row.answers_payer).map(|row| row.title)
    }

    /// Whether an item was chosen in the form that came back.
    fn is_chosen(&self, id: &ExceptionId) -> bool {
        !self.typed.get(&format!("x.{id}")).is_empty()
    }
}

/// What the address asks for, as it came.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: String,
    after: String,
    unit: String,
    account: String,
    kind: String,
    owner: String,
    /// At least so many days old.
    age: String,
    /// Items on one page.
    size: String,
}

impl Asked {
    /// What a form of this list named as the list it was sent from.
    fn of_form(fields: &Fields) -> Asked {
        web::Query::from_query(fields.get("back")).map(web::Query::into_inner).unwrap_or_default()
    }

    fn size(&self) -> i64 {
        let asked = self.size.trim().parse().ok();
        asked.filter(|size| SIZES.contains(size)).unwrap_or(SIZE_DEFAULT)
    }

    /// The list as a query, from its beginning. What no choice of the page says is left out.
    fn query(&self) -> String {
        let is_plain = |value: &str| {
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        };
        let size = self.size().to_string();
        let chosen = [
            ("state", self.state()),
            ("kind", self.kind.as_str()),
            ("unit", self.unit.as_str()),
            ("account", self.account.as_str()),
            ("owner", self.owner.as_str()),
            ("age", self.age.trim()),
            ("size", size.as_str()),
        ];
        let said = chosen.into_iter().filter(|(_, value)| is_plain(value));
        said.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }

    /// The same as a question of the list of exceptions: what is older than the age, from the first day on.
    fn list(
        &self,
        conn: &mut Conn,
        actor: &Actor,
        filter: &Filter,
        today: BusinessDay,
    ) -> Result<list::Asked> {
        let mut all = api::lists::all_units(conn, actor)?;
        if let Some(unit) = filter.unit {
            all.retain(|(id, _)| *id == unit);
        }
        let until = filter.opened_until.unwrap_or(today);
        Ok(list::Asked {
            list: List::parse("exceptions")?,
            units: all,
            is_of_all: filter.unit.is_none(),
            period: Period::new(first_day().min(until), until)?,
            state: Some(self.state().to_owned()),
            filter: list::Filter { account: filter.account, kind: filter.kind, owner: filter.owner.clone() },
        })
    }

    fn state(&self) -> &'static str {
        let states = ["open", "proposed", "resolved"];
        states.into_iter().find(|state| self.state == *state).unwrap_or("unresolved")
    }

    /// What does not read filters nothing out; the form shows what counted.
    fn filter(&self, conn: &mut Conn, actor: &Actor, today: BusinessDay) -> Result<Filter> {
        let state = self.state();
        let unit = units(conn, actor)?.into_iter().find(|unit| unit.code == self.unit);
        let age = self.age.trim().parse::<i64>().ok().filter(|days| (0..=AGE_LIMIT_DAYS).contains(days));
        Ok(Filter {
            unit: unit.map(|unit| unit.id),
            account: self.account.parse().ok(),
            kind: Kind::parse(&self.kind).ok(),
            state: State::ALL.into_iter().find(|one| one.as_str() == state),
            unresolved: state == "unresolved",
            owner: OWNERS.iter().find(|(role, _)| *role == self.owner).map(|(role, _)| (*role).to_owned()),
            opened_until: age.map(|days| today.plus_days(-days)),
            after: self.after.parse().ok(),
            limit: self.size(),
            ..Filter::default()
        })
    }
}

/// No item is older.
fn first_day() -> BusinessDay {
    BusinessDay(chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap_or_default())
}

/// A question as the query of the list's file.
fn file_query(asked: &list::Asked) -> String {
    let unit = if asked.is_of_all { api::lists::ALL_UNITS.to_owned() } else { asked.of_units() };
    let (period, filter) = (asked.period, &asked.filter);
    format!(
        "unit={unit}&from={}&until={}&state={}&account={}&kind={}&owner={}",
        period.from,
        period.until,
        asked.state.as_deref().unwrap_or_default(),
        filter.account.map(|id| id.to_string()).unwrap_or_default(),
        filter.kind.map_or("", Kind::as_str),
        filter.owner.as_deref().unwrap_or_default()
    )
}

/// The oldest an item can be asked for; about a century.
const AGE_LIMIT_DAYS: i64 = 36_500;

/// Roles that own items, with the words for them.
pub(in crate::web::pages) const OWNERS: [(&str, &str); 5] = [
    ("cashier", "role_cashier"),
    ("finance", "role_finance"),
    ("approver", "role_approver"),
    ("administrator", "role_administrator"),
    ("city", "role_city"),
];

/// `GET /finance/exceptions`
pub async fn page(request: HttpRequest, signed: Signed, shared: web::Data<Shared>) -> Page {
    let asked = extract::query::<Asked>(&request).unwrap_or_default();
    Ok(html(StatusCode::OK, &compose(&request, &signed, &shared, asked).await?))
}

async fn compose(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    asked: Asked,
) -> Result<ExceptionsPage> {
    signed.require(&READERS)?;
    let frame = Frame::of(signed, request);
    let app = Arc::clone(shared.app());
    let (actor, lang) = (signed.actor.clone(), frame.lang);
    let can_work = matches!(actor.role, Role::Finance | Role::Approver | Role::Administrator);
    let wanted = asked.clone();
    let (rows, all, accounts, people, question) = block(move || {
        let today = app.clock.now().business_day();
        // Persons and their logins stand at the city; only those of the actor's sight are named.
        let people = match can_work {
            true => app.store.read(&Scope::All, |conn| person::choices(conn, &actor))?,
            false => Vec::new(),
        };
        app.read(&actor, |conn| {
            let all = units(conn, &actor)?;
            let names: HashMap<UnitId, String> =
                all.iter().map(|unit| (unit.id, unit.name.clone())).collect();
            let filter = wanted.filter(conn, &actor, today)?;
            let items = work_query::page(conn, &actor.scope, &filter)?;
            let mut rows = Vec::with_capacity(items.len());
            for item in &items {
                let unit = names.get(&item.unit).cloned().unwrap_or_default();
                rows.push(row(conn, lang, unit, item, today)?);
            }
            let accounts = accounts(conn, &actor)?.into_iter();
            let accounts: Vec<(String, String)> = accounts
                .map(|(unit, one)| (one.id.to_string(), format!("{} – {}", unit.name, one.account_no)))
                .collect();
            let question = wanted.list(conn, &actor, &filter, today)?;
            Ok((rows, all, accounts, people, question))
        })
    })
    .await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == asked.size());
    let title = |kind: Kind| lang.pick(kind.title_vi(), kind.title_en());
    Ok(ExceptionsPage {
        frame,
        csrf: signed.csrf.clone(),
        can_approve: signed.actor.role == Role::Approver,
        can_combine: matches!(signed.actor.role, Role::Finance | Role::Approver),
        must_confirm: !signed.session.is_confirmed(shared.app().clock.now()),
        has_second_factor: signed.session.login.has_second_factor(),
        wrong: Wrong::default(),
        next: rows.last().filter(|_| is_full).map(|row: &Row| row.id),
        rows,
        state: asked.state(),
        can_work,
        size: asked.size(),
        back: asked.query(),
        asked,
        units: all.into_iter().map(|unit| (unit.code, unit.name)).collect(),
        accounts,
        kinds: Kind::all().map(|kind| (kind.as_str().to_owned(), title(kind))).collect(),
        owners: OWNERS.into_iter().map(|(role, key)| (role, lang.t(key))).collect(),
        people: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        typed: Fields::default(),
        query_id: question.query_id(),
        file: file_query(&question),
    })
}

fn row(conn: &mut Conn, lang: Lang, unit: String, item: &Exception, today: BusinessDay) -> Result<Row> {
    let proposal = match item.state {
        State::Proposed => work_query::last_proposal(conn, item.unit, item.id)?,
        _ => None,
    };
    let together = combine::of(conn, item)?.len();
    Ok(Row {
        together,
        answers_payer: told::is_word(item),
        revision: item.revision,
        id: item.id,
        unit,
        title: lang.pick(item.title_vi(), item.title_en()),
        amount: item.amount.to_string(),
        opened_on: item.opened_on.0.format("%d/%m/%Y").to_string(),
        age: item.age_days(today),
        is_overdue: item.due_on < today,
        next_step: match item.state {
            State::Resolved => workbench::last_words(conn, lang, item)?,
            _ => lang.pick(item.kind.next_step_vi(), item.kind.next_step_en()).to_owned(),
        },
        proposal: proposal.map(|proposal| (proposal.resolution, proposal.reason)),
    })
}

/// `POST /finance/exceptions/bulk`: says the same about all that were chosen, gives them to one owner, or
/// proposes the same for them; several lines of one payer go to one obligation this way. Each stands or
/// falls alone: what could not be done is told by name.
pub async fn bulk(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Finance, Role::Approver, Role::Administrator])?;
    let asked = Asked::of_form(&fields);
    let (app, typed) = (Arc::clone(shared.app()), fields.clone());
    let (signed, failed) = block(move || {
        let failed = each(&app, &signed, &typed)?;
        Ok((signed, failed))
    })
    .await?;
    if failed.is_empty() {
        return Ok(see(format!("/finance/exceptions?{}", asked.query())));
    }
    again(&request, &signed, &shared, (fields, failed)).await
}

/// The queue with what was chosen and typed, and what is wrong with it.
pub(super) async fn again(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (fields, failed): (Fields, Vec<Error>),
) -> Page {
    let mut page = compose(request, signed, shared, Asked::of_form(&fields)).await?;
    for error in failed {
        page.wrong.0.extend(Wrong::of(error, page.frame.lang)?.0);
    }
    page.wrong.0.dedup();
    page.typed = fields;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

/// Does it for each chosen item, in a transaction of its own; answers what failed.
fn each(app: &crate::app::App, signed: &Signed, fields: &Fields) -> Result<Vec<Error>> {
    let actor = &signed.actor;
    let missing = || Error::invalid("x", "exceptions_none_chosen", "choose at least one");
    let chosen: Vec<ExceptionId> =
        fields.beginning("x.").filter_map(|(id, _)| id.parse().ok()).take(BULK_LIMIT).collect();
    if chosen.is_empty() {
        return Ok(vec![missing()]);
    }
    if fields.get("do") == "approve"
        && let Err(error) = confirm(app, signed, fields.get("confirm"))
    {
        return Ok(vec![error]);
    }
    let owner = match owner_typed(app, fields) {
        Ok(owner) => owner,
        Err(error) => return Ok(vec![error]),
    };
    let mut failed = Vec::new();
    for id in chosen {
        if fields.get("do") == "approve" {
            failed.extend(approved(app, actor, id, fields.get(&format!("seen.{id}"))).err());
            continue;
        }
        let done = app.write(actor, |tx, stamp| {
            let unit = locate(tx, actor, id)?;
            if fields.get("do") == "comment" {
                let noted = exception::comment(tx, stamp, actor, unit, id, fields.get("reason"));
                return noted.map(|_| ()).map_err(|error| of_field(error, "reason"));
            }
            if let Some(owner) = &owner {
                let given = (owner, fields.get("reason"));
                return exception::assign(tx, stamp, actor, unit, id, given).map(|_| ());
            }
            proposing::propose_as(tx, stamp, actor, (unit, id), fields)
        });
        failed.extend(done.err());
    }
    Ok(failed)
}

/// Items of one press: those of the largest page.
pub(super) const BULK_LIMIT: usize = 100;

pub(super) fn locate(conn: &mut Conn, actor: &Actor, id: ExceptionId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?
        .ok_or_else(|| Error::not_found("exception_not_found", "no such exception in your scope"))
}

/// `POST /finance/exceptions/approve`: another person than the one who proposed, with their code.
pub async fn approve(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Approver])?;
    let app = Arc::clone(shared.app());
    let asked = Asked::of_form(&fields);
    let back = asked.query();
    let mut page = compose(&request, &signed, &shared, asked).await?;
    let done = block(move || {
        let id: ExceptionId = fields.get("exception").parse()?;
        confirm(&app, &signed, fields.get("confirm"))?;
        approved(&app, &signed.actor, id, fields.get("seen"))
    });
    match done.await {
        Ok(()) => Ok(see(format!("/finance/exceptions?{back}"))),
        Err(error) => {
            page.wrong = Wrong::of(error, page.frame.lang)?;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

fn approved(app: &crate::app::App, actor: &Actor, id: ExceptionId, seen: &str) -> Result<()> {
    let receipts = app.write(actor, |tx, stamp| {
        let unit = locate(tx, actor, id)?;
        let (approved, receipts) = resolve::approve(tx, stamp, actor, unit, id)?;
        as_seen(seen, approved.revision)?;
        Ok(receipts)
    })?;
    app.sealing.numbered(&receipts);
    Ok(())
}
