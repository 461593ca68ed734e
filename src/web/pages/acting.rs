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
    /// None where everybody who is signed in may: it is about their own login.
    roles: Option<&'a [Role]>,
    /// Whether the act wants more than a session.
    wants_code: bool,
}

impl<'a> By<'a> {
    /// By these roles, without more than a session; an act that asks for it later does so itself.
    pub fn roles(roles: &'a [Role]) -> By<'a> {
        By { roles: Some(roles), wants_code: false }
    }

    /// With code or password.
    pub fn confirmed(roles: &'a [Role]) -> By<'a> {
        By { wants_code: true, ..By::roles(roles) }
    }

    /// What people do to their own login.
    pub const OWN: By<'static> = By { roles: None, wants_code: false };
    /// The same with code or password.
    pub const OWN_CONFIRMED: By<'static> = By { roles: None, wants_code: true };
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
    act_on(signed, fields, shared, by, move |app, signed, fields| work(app, &signed.actor, fields)).await
}

/// The same on fields that were read already, for an act that looks at the session.
pub async fn act_on<T: Send + 'static>(
    signed: Signed,
    fields: Fields,
    shared: &web::Data<Shared>,
    by: By<'_>,
    work: impl FnOnce(&App, &Signed, &Fields) -> Result<T> + Send + 'static,
) -> Result<Acted<T>> {
    if let Some(roles) = by.roles {
        signed.require(roles)?;
    }
    let (app, typed, signed) = (Arc::clone(shared.app()), fields.clone(), Arc::new(signed));
    let (acting, wants_code) = (Arc::clone(&signed), by.wants_code);
    let done = block(move || {
        if wants_code {
            confirm(&app, &acting, typed.get("confirm"))?;
        }
        work(&app, &acting, &typed)
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
