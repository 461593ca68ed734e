//! A form that acts: of a page of this session, by a role that may, with code or password where the act wants
//! one. What came of it is the page's to show.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use super::Posted;
use super::fields::{Fields, Pairs};
use super::finance::confirm;
use super::session::Signed;
use crate::actor::{Actor, Role};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::Shared;
use crate::web::respond::block;

/// Who acts by a form, and how.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub roles: &'a [Role],
    /// Whether the act wants more than a session.
    pub wants_code: bool,
}

impl<'a> By<'a> {
    /// With code or password.
    pub fn confirmed(roles: &'a [Role]) -> By<'a> {
        By { roles, wants_code: true }
    }
}

/// A form that was acted on: its sender and fields again, and what came of it.
pub struct Acted<T> {
    pub signed: Arc<Signed>,
    pub fields: Fields,
    pub done: Result<T>,
}

/// Acts on a form. `form_forged` and `role_not_allowed` are no answer of the act and end the request.
pub async fn act<T: Send + 'static>(
    request: &HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: &web::Data<Shared>,
    by: By<'_>,
    work: impl Fn(&App, &Actor, &Fields) -> Result<T> + Send + 'static,
) -> Result<Acted<T>> {
    let fields = signed.fields(request, form)?;
    signed.require(by.roles)?;
    let (app, typed, signed) = (Arc::clone(shared.app()), fields.clone(), Arc::new(signed));
    let (acting, wants_code) = (Arc::clone(&signed), by.wants_code);
    let done = block(move || {
        if wants_code {
            confirm(&app, &acting, typed.get("confirm"))?;
        }
        work(&app, &acting.actor, &typed)
    });
    let done = done.await;
    Ok(Acted { signed, fields, done })
}

/// That what was approved is what the page showed: its form names the revision it was drawn with, and a step makes
/// the next one. A form that names none is not compared.
///
/// # Errors
/// `act_changed`; the caller's transaction then goes back.
pub fn as_seen(seen: &str, approved: i64) -> Result<()> {
    let seen = seen.trim();
    if seen.is_empty() || seen.parse::<i64>().ok().and_then(|seen| seen.checked_add(1)) == Some(approved) {
        return Ok(());
    }
    Err(Error::conflict("act_changed", "it changed after you looked"))
}
