//! What an administrator changes about a unit on its page: accounts, series, what stands on documents,
//! certificates. Each form goes through the use case of the commands and comes back with what was typed.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use secrecy::SecretString;

use super::unit_coded;
use super::units::{compose, compose_list};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::app::App;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::id::{CertificateId, EventId, SeriesId};
use crate::receipt::content::identifier::is_tax_code;
use crate::receipt::key::{SigningKey, installed};
use crate::register;
use crate::store::{Stamp, Tx};
use crate::tariff::UnitKind;
use crate::unit::account::{self, NewAccount};
use crate::unit::certificate::{self, Custody};
use crate::unit::certificate_stop;
use crate::unit::imprint::{self, Imprint};
use crate::unit::series::{self, NewSeries, life};
use crate::unit::{self, CITY, NewUnit, Unit, codes};
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong};
use crate::web::pages::finance::confirm;
use crate::web::pages::frame::see;
use crate::web::pages::session::{Signed, check_origin};
use crate::web::pages::upload;
use crate::web::pages::{Page, Posted, html};
use crate::web::respond::block;

/// A PKCS#12 file with a chain stays far below this.
const FILE_LIMIT_BYTES: usize = 256 * 1_024;

/// `POST /admin/units`: the city registers a unit; what it needs to go live follows on its checklist.
pub async fn register(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    signed.require(&[Role::Administrator])?;
    signed.actor.scope.require(CITY)?;
    let by = By::roles(&[Role::Administrator]);
    let registering = |app: &App, signed: &Signed, fields: &Fields| -> Result<String> {
        let new = new_unit(fields)?;
        let code = new.code.clone();
        confirm(app, signed, fields.get("confirm"))?;
        app.write(&signed.actor, |tx, stamp| {
            let id = unit::register(tx, stamp, &signed.actor, new.clone())?;
            codes::require_own_tax_code(tx, id, &new.tax_code, stamp.today())
        })?;
        Ok(code)
    };
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, registering).await?;
    match done {
        Ok(code) => Ok(see(format!("/onboarding/{code}"))),
        Err(error) => {
            let mut page = compose_list(&request, &signed, &shared).await?;
            page.wrong = match error.code() {
                "unit_exists" => {
                    Wrong(vec![("code".to_owned(), page.lang().of_code("unit_exists").to_owned())])
                }
                _ => Wrong::of(error, page.lang())?,
            };
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// What the form says, checked as the command checks its file.
/// A unit's official code has five digits; a department's may be longer. It is never changed.
const CODE_LIMIT: usize = 20;

fn new_unit(fields: &Fields) -> Result<NewUnit> {
    let given = |name: &str| Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty());
    let code = needed(fields, "code")?;
    let is_written = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let begins = code.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_reserved = ["city", "all"].contains(&code.to_lowercase().as_str());
    if code.len() > CODE_LIMIT || !begins || is_reserved || !code.bytes().all(is_written) {
        return Err(Error::invalid("code", "unit_code_wrong", "1 to 20 letters, digits, dots and hyphens"));
    }
    let tax_code = needed(fields, "tax_code")?;
    if !is_tax_code(&tax_code) {
        return Err(Error::invalid("tax_code", "tax_code_wrong", "its check digit does not fit"));
    }
    let budget_code = given("budget_code");
    let is_budget_code = |code: &String| code.len() == 7 && code.bytes().all(|byte| byte.is_ascii_digit());
    if budget_code.as_ref().is_some_and(|code| !is_budget_code(code)) {
        return Err(Error::invalid("budget_code", "budget_code_wrong", "expected seven digits"));
    }
    Ok(NewUnit {
        code,
        name: needed(fields, "name")?,
        // As lists of communes write it, and the city's targets with them.
        kind: match UnitKind::parse(fields.get("kind"))? {
            UnitKind::Xa => "xã".to_owned(),
            UnitKind::Phuong => "phường".to_owned(),
            other => other.as_str().to_owned(),
        },
        tax_code,
        budget_code,
        address: needed(fields, "address")?,
        phone: given("phone"),
        valid_from: day(fields, "valid_from")?.ok_or_else(|| missing("valid_from"))?,
    })
}

/// `POST /admin/units/{code}/account`
pub async fn account(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("account", fields), |tx, stamp, actor, unit, fields| {
        let new = NewAccount {
            unit: unit.id,
            bank_bin: bank_bin(fields)?,
            account_no: fields.trimmed("account_no").to_owned(),
            holder_name: needed(fields, "holder_name")?,
            opened_on: day(fields, "opened_on")?.ok_or_else(|| missing("opened_on"))?,
            opening_balance: Dong(fields.dong("opening_balance")?.unwrap_or(0)),
        };
        account::register(tx, stamp, actor, new).map(|_| ()).map_err(|error| match error.code() {
            "account_exists" => Error::invalid("account_no", "account_exists", error.detail()),
            _ => error,
        })
    })
    .await
}

/// `POST /admin/units/{code}/series`: `do` is `open` or `plan`.
pub async fn series(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("series", fields), |tx, stamp, actor, unit, fields| {
        let whole = |name: &str| {
            let wrong = |_| Error::invalid(name, "number_unreadable", "digits only");
            fields.trimmed(name).replace('.', "").parse::<i64>().map_err(wrong)
        };
        let year = i32::try_from(whole("year")?);
        let new = NewSeries {
            unit: unit.id,
            document_kind: fields.trimmed("document_kind").to_owned(),
            template: fields.trimmed("template").to_owned(),
            series: fields.trimmed("series").to_owned(),
            year: year.map_err(|_| Error::invalid("year", "number_unreadable", "no such year"))?,
            last_allowed_no: whole("last_allowed_no")?,
            registration: needed(fields, "registration")?,
        };
        register::check_new(&new)?;
        let done = match fields.get("do") {
            "plan" => series::plan(tx, stamp, actor, new),
            _ => series::open(tx, stamp, actor, new),
        };
        done.map(|_| ()).map_err(|error| match error.code() {
            "series_exists" => Error::invalid("series", "series_exists", error.detail()),
            _ => error,
        })
    })
    .await
}

/// `POST /admin/units/{code}/series/stop`
pub async fn stop_series(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("stop", fields), |tx, stamp, actor, unit, fields| {
        let unknown = || Error::invalid("which", "series_not_found", "no such series of this unit");
        let id: SeriesId = fields.get("which").parse().map_err(|_| unknown())?;
        series::find(tx, unit.id, id).map_err(|_| unknown())?;
        life::stop(tx, stamp, actor, unit.id, id, fields.get("reason")).map(|_| ())
    })
    .await
}

/// `POST /admin/units/{code}/imprint`: who entrusted the collecting stays as it is recorded.
pub async fn imprint(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("imprint", fields), |tx, stamp, actor, unit, fields| {
        let from = day(fields, "valid_from")?.ok_or_else(|| missing("valid_from"))?;
        let known = imprint::recorded(tx, &[unit.id], from)?.pop().map(|(_, known)| known);
        let given = |name: &str| Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty());
        let wanted = Imprint {
            email: given("email"),
            treasury_account: given("treasury_account"),
            treasury_code: given("treasury_code"),
            ..known.unwrap_or_default()
        };
        imprint::record(tx, stamp, actor, unit.id, from, &wanted).map(|_| ())
    })
    .await
}

/// `POST /admin/units/{code}/certificate`: a PKCS#12 file with its password, or key and chain as PEM. The key is
/// read outside the transaction and stored encrypted.
pub async fn certificate(
    request: HttpRequest,
    signed: Signed,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Page {
    check_origin(&request)?;
    let (fields, file) = upload::form(&request, payload, FILE_LIMIT_BYTES, "file").await?;
    signed.check_token(fields.get("csrf"))?;
    signed.require(&[Role::Administrator])?;
    let code = path_text(&request, "code").to_owned();
    let (app, actor) = (Arc::clone(shared.app()), signed.actor.clone());
    let password = SecretString::from(fields.get("password"));
    let key = block(move || {
        let tax_code = app.read(&actor, |conn| unit_coded(conn, &actor, &code))?.tax_code;
        let none = || Error::invalid("file", "key_file_missing", "choose a file");
        read_key(&file.file("file")?.ok_or_else(none)?, &password, &tax_code)
    })
    .await;
    let key = match key {
        Ok(key) => key,
        Err(error) if error.code() == "unit_not_found" => return Err(error.into()),
        Err(error) => {
            let error = Error::invalid("file", error.code(), error.detail());
            return again(&request, &signed, &shared, ("certificate", fields), error).await;
        }
    };
    change(request, signed, shared, ("certificate", fields), move |tx, stamp, actor, unit, fields| {
        let key_pem = key.to_pem();
        let new = installed(unit.id, key.certificate(), key.chain_pem(), &key_pem);
        let active_from = day(fields, "active_from")?.map(BusinessDay::start);
        let custody = Custody { active_from, ..Custody::software() };
        certificate::store_as(tx, stamp, actor, new, custody).map(|_| ())
    })
    .await
}

/// PEM says of itself that it is text with blocks; everything else is read as PKCS#12.
fn read_key(file: &[u8], password: &SecretString, tax_code: &str) -> Result<SigningKey> {
    match std::str::from_utf8(file) {
        Ok(text) if text.contains("-----BEGIN ") => {
            SigningKey::from_pem(&SecretString::from(text), text, tax_code)
        }
        _ => SigningKey::from_pkcs12(file, password, tax_code),
    }
}

/// `POST /admin/units/{code}/certificate/stop`: asks for a certificate to be stopped; another person decides on
/// the waiting approvals.
pub async fn stop_certificate(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("key-stop", fields), |tx, stamp, actor, unit, fields| {
        let unknown =
            |_| Error::invalid("which", "certificate_not_found", "no such certificate of this unit");
        let id: CertificateId = fields.get("which").parse().map_err(unknown)?;
        certificate_stop::ask(tx, stamp, actor, (unit.id, id), fields.get("reason")).map(|_| ()).map_err(
            |error| match error.code() {
                "certificate_not_found" => unknown(error),
                _ => error,
            },
        )
    })
    .await
}

/// `POST /admin/units/{code}/certificate/stop/withdraw`: whoever asked takes it back.
pub async fn withdraw_stop(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("key-back", fields), |tx, stamp, actor, unit, fields| {
        let detail = "nothing of that id waits for a decision";
        let unknown = |_| Error::invalid("stop", "certificate_stop_not_open", detail);
        let id: EventId = fields.get("stop").parse().map_err(unknown)?;
        certificate_stop::withdraw(tx, stamp, actor, (unit.id, id), fields.get("reason")).map(|_| ())
    })
    .await
}

/// What is changed of the city on its page: its keys. It has no accounts, series or documents of its own.
const OF_THE_CITY: [&str; 3] = ["certificate", "key-stop", "key-back"];

/// Confirms, changes and shows the page again; with what was typed where it could not be done.
async fn change(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    (form, fields): (&'static str, Fields),
    act: impl Fn(&mut Tx<'_>, &Stamp<'_>, &Actor, &Unit, &Fields) -> Result<()> + Send + 'static,
) -> Page {
    let code = path_text(&request, "code").to_owned();
    let by = By::roles(&[Role::Administrator]);
    let changing = move |app: &App, signed: &Signed, fields: &Fields| -> Result<String> {
        let actor = &signed.actor;
        let unit = app.read(actor, |conn| unit_coded(conn, actor, &code))?;
        if unit.id == CITY && !OF_THE_CITY.contains(&form) {
            return Err(Error::not_found("unit_not_found", "the city collects nothing itself"));
        }
        confirm(app, signed, fields.get("confirm"))?;
        app.write(actor, |tx, stamp| act(tx, stamp, actor, &unit, fields))?;
        Ok(unit.code)
    };
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, changing).await?;
    match done {
        Ok(code) => Ok(see(format!("/admin/units/{code}"))),
        Err(error) => again(&request, &signed, &shared, (form, fields), error).await,
    }
}

async fn again(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (form, typed): (&'static str, Fields),
    error: Error,
) -> Page {
    let mut page = compose(request, signed, shared).await?;
    page.wrong = Wrong::of(error, page.frame.lang)?;
    page.form = form;
    page.typed = typed;
    Ok(html(StatusCode::BAD_REQUEST, &page))
}

fn missing(field: &str) -> Error {
    Error::invalid(field, "field_missing", "must not be empty")
}

fn needed(fields: &Fields, name: &str) -> Result<String> {
    Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

fn day(fields: &Fields, name: &str) -> Result<Option<BusinessDay>> {
    let text = Some(fields.trimmed(name)).filter(|text| !text.is_empty());
    let wrong = |_| Error::invalid(name, "date_unreadable", "expected YYYY-MM-DD");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

/// The bank's NAPAS number.
fn bank_bin(fields: &Fields) -> Result<String> {
    let text = fields.trimmed("bank_bin");
    let is_good = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    let wrong = || Error::invalid("bank_bin", "channel_bank_bin_unreadable", "six digits");
    is_good.then(|| text.to_owned()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_code_is_a_word_that_means_nothing_else_in_a_path() {
        let refused = |code: &str| {
            let fields = Fields::of(vec![("code".to_owned(), code.to_owned())]);
            new_unit(&fields).err().map(|error| error.code())
        };
        for code in ["city", "ALL", "-1", ".1", "a b", "a/b", "ph\u{1b0}\u{1edd}ng", &"1".repeat(21)] {
            assert_eq!(refused(code), Some("unit_code_wrong"), "{code}");
        }
        for code in ["00004", "D12-1.2", &"1".repeat(20)] {
            assert_ne!(refused(code), Some("unit_code_wrong"), "{code}");
        }
    }
}
