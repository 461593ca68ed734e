//! The pages of a partner's papers, an acquirer's batches and a gateway's settlement reports alike: the list with
//! the form that takes one on, each with its rows, and asking for it to be withdrawn.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::imports::{self, ImportsPage, Outcome, Preview, Refusal};
use super::partner_columns::{self, Reading};
use super::report_page::Ask;
use super::{READERS, stored};
use crate::actor::{Actor, Role, Scope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::exception::Subject;
use crate::id::UnitId;
use crate::payment::payout::withdrawal;
use crate::statement::partner::Kind;
use crate::store::Conn;
use crate::web::Shared;
use crate::web::extract;
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::frame::{Frame, see};
use crate::web::pages::listing::{Cell, Listing};
use crate::web::pages::session::Signed;
use crate::web::pages::wording::Lang;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// What is particular to one sort of papers; `I` is its id, `S` what was found in a file that is looked at.
pub(super) struct Papers<I: 'static, S: 'static> {
    /// Where they are listed; each stands below by its id.
    pub address: &'static str,
    /// The words of the list by their keys: its title, what it is about, what the columns of a file are.
    pub title: &'static str,
    pub lead: &'static str,
    /// The list, on the screen and as a file, that has what the page no longer shows.
    pub list: &'static str,
    pub hint: &'static str,
    /// Whose table a file is.
    pub kind: Kind,
    /// What its form asks beside `imports::asks`.
    pub ask_more: fn(&App, &Frame, &mut Vec<Ask>),
    pub taken: fn(&mut Conn, &Frame, &Actor) -> Result<Vec<Listing>>,
    /// Looks at a file or takes it on, as the form asks.
    pub take: fn((&App, &Actor), &Fields, &[u8], &Reading) -> std::result::Result<Outcome<S>, Refusal>,
    pub preview: fn(&Frame, S) -> Result<Preview>,
    pub subject: fn(I) -> Subject,
    pub unit_of: fn(&mut Conn, &Scope, I) -> Result<Option<UnitId>>,
    pub not_found: fn() -> Error,
    pub read: fn(&mut Conn, &Frame, UnitId, I) -> Result<Paper>,
}

/// What the page of one paper says of it.
pub(super) struct Paper {
    pub title: String,
    pub state: String,
    /// Between its unit and its state.
    pub facts: Vec<(&'static str, String)>,
    pub listing: Listing,
}

/// One that was taken on, with its rows.
#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    csrf: String,
    wrong: Wrong,
    /// Where its withdrawal is asked for, while it waits for its line; by whom may ask.
    withdraws_at: Option<String>,
    reason: String,
    title: String,
    way: (&'static str, &'static str),
    facts: Vec<(&'static str, String)>,
    listing: Listing,
}

/// What a form asked for that could not be done, with the reason that was typed.
#[derive(Default)]
struct Typed {
    wrong: Wrong,
    reason: String,
}

impl<I, S> Papers<I, S>
where
    I: FromStr<Err = Error> + Display + Copy + Send + 'static,
    S: Send + 'static,
{
    /// The list with its form.
    pub async fn page(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
    ) -> Page {
        Ok(html(StatusCode::OK, &self.compose(request, signed, shared).await?))
    }

    async fn compose(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
    ) -> Result<ImportsPage> {
        signed.require(&READERS)?;
        let frame = Frame::of(signed, request);
        let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
        block(move || {
            let today = app.stamp().today();
            app.read(&actor, |conn| {
                let mut asks = imports::asks(conn, &frame, &actor, today)?;
                (self.ask_more)(&app, &frame, &mut asks);
                Ok(ImportsPage {
                    csrf,
                    wrong: Wrong::default(),
                    title: frame.t(self.title),
                    lead: frame.t(self.lead),
                    action: self.address,
                    list: self.list,
                    hint: frame.t(self.hint),
                    can_import: actor.role == Role::Finance,
                    asks,
                    columns: None,
                    faults: Vec::new(),
                    preview: None,
                    taken: (self.taken)(conn, &frame, &actor)?,
                    frame,
                })
            })
        })
        .await
    }

    /// Takes the form of the list: its `do` is `preview` or `import`.
    pub async fn take(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
        payload: web::Payload,
    ) -> Page {
        let (fields, file) = imports::sent(request, signed, payload).await?;
        let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
        let lang = Lang::of(request);
        let outcome = block(move || {
            Ok(partner_columns::look((&app, &actor, lang), self.kind, (&typed, file), |bytes, reading| {
                (self.take)((&app, &actor), &typed, bytes, reading)
            }))
        })
        .await?;
        imports::answer(outcome, &fields, self.compose(request, signed, shared), self.preview).await
    }

    /// The paper that the address names.
    pub async fn one(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
    ) -> Page {
        let page = self.compose_one(request, signed, shared, Typed::default()).await?;
        Ok(html(StatusCode::OK, &page))
    }

    async fn compose_one(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        shared: &web::Data<Shared>,
        typed: Typed,
    ) -> Result<ImportPage> {
        signed.require(&READERS)?;
        let id: I = extract::path(request, "id")?;
        let frame = Frame::of(signed, request);
        let (app, actor, csrf) = (Arc::clone(shared.app()), signed.actor.clone(), signed.csrf.clone());
        block(move || {
            app.read(&actor, |conn| {
                let unit = self.locate(conn, &actor.scope, id)?;
                let paper = (self.read)(conn, &frame, unit, id)?;
                let mut facts = vec![(frame.t("unit"), crate::unit::find(conn, unit)?.name)];
                facts.extend(paper.facts);
                facts.push((frame.t("state"), stored::value(frame.lang, &paper.state)));
                let may_ask = withdrawal::ASKERS.contains(&actor.role) && paper.state == "awaited";
                Ok(ImportPage {
                    csrf,
                    wrong: typed.wrong,
                    withdraws_at: may_ask.then(|| format!("{}/{id}", self.address)),
                    reason: typed.reason,
                    title: paper.title,
                    way: (self.address, frame.t(self.title)),
                    facts,
                    listing: paper.listing,
                    frame,
                })
            })
        })
        .await
    }

    /// Asks for the paper to be withdrawn; leads to the item that another person approves.
    pub async fn withdraw(
        &'static self,
        request: &HttpRequest,
        signed: &Signed,
        form: Posted<Pairs>,
        shared: &web::Data<Shared>,
    ) -> Page {
        let fields = signed.fields(request, form)?;
        signed.require(&withdrawal::ASKERS)?;
        let id: I = extract::path(request, "id")?;
        let (app, actor, typed) = (Arc::clone(shared.app()), signed.actor.clone(), fields.clone());
        let done = block(move || {
            Ok(app.write(&actor, |tx, stamp| {
                let unit = self.locate(tx, &actor.scope, id)?;
                withdrawal::ask(tx, stamp, &actor, (unit, (self.subject)(id)), typed.get("reason"))
            }))
        })
        .await?;
        match done {
            Ok(item) => Ok(see(format!("/finance/exceptions/{}", item.id))),
            Err(error) => {
                let wrong = Wrong::of(error, Lang::of(request))?;
                let typed = Typed { wrong, reason: fields.trimmed("reason").to_owned() };
                let page = self.compose_one(request, signed, shared, typed).await?;
                Ok(html(StatusCode::BAD_REQUEST, &page))
            }
        }
    }

    fn locate(&self, conn: &mut Conn, scope: &Scope, id: I) -> Result<UnitId> {
        (self.unit_of)(conn, scope, id)?.ok_or_else(self.not_found)
    }
}

/// How a paper's state is shown in a list.
pub(super) fn state(lang: Lang, state: &str) -> Cell {
    Cell::state(
        stored::value(lang, state),
        match state {
            "credited" => "done",
            "withdrawn" => "gone",
            _ => "wait",
        },
    )
}
