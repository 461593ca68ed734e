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
use crate::id::{CertificateId, EventId, SeriesId, UnitId};
use crate::receipt::content::identifier::is_tax_code;
use crate::receipt::key::{SigningKey, installed};
use crate::register;
use crate::store::{Stamp, Tx};
use crate::tariff::UnitKind;
use crate::text;
use crate::unit::account::{self, NewAccount};
use crate::unit::certificate::{self, Custody};
use crate::unit::certificate_stop;
use crate::unit::imprint::{self, Imprint};
use crate::unit::series::{self, NewSeries, life};
use crate::unit::{self, CITY, NewUnit, Unit};
use crate::web::Shared;
use crate::web::extract::path_text;
use crate::web::pages::acting::{self, Acted, By};
use crate::web::pages::fields::{Fields, Pairs, Wrong, of_field};
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
        app.write(&signed.actor, |tx, stamp| unit::register(tx, stamp, &signed.actor, new.clone()))?;
        Ok(code)
    };
    let Acted { signed, fields, done } = acting::act_on(signed, fields, &shared, by, registering).await?;
    match done {
        Ok(code) => Ok(see(format!("/onboarding/{code}"))),
        Err(error) => {
            let mut page = compose_list(&request, &signed, &shared).await?;
            let error = match error.code() {
                "unit_exists" => Error::invalid("code", "unit_exists", error.detail()),
                _ => error,
            };
            page.wrong = Wrong::all(unit_faults(&fields), error, page.lang())?;
            page.typed = fields;
            Ok(html(StatusCode::BAD_REQUEST, &page))
        }
    }
}

/// A unit's official code has five digits; a department's may be longer. It is never changed.
const CODE_LIMIT: usize = 20;

/// What the form says, checked as the command checks its file.
fn new_unit(fields: &Fields) -> Result<NewUnit> {
    Ok(NewUnit {
        code: unit_code(fields)?,
        name: needed(fields, "name")?,
        kind: kind(fields)?,
        tax_code: tax_code(fields)?,
        budget_code: budget_code(fields)?,
        address: needed(fields, "address")?,
        phone: given(fields, "phone"),
        valid_from: needed_day(fields, "valid_from")?,
    })
}

/// Everything that cannot be read of the form of a new unit, in its order.
fn unit_faults(fields: &Fields) -> Vec<Error> {
    let read = [
        unit_code(fields).err(),
        needed(fields, "name").err(),
        kind(fields).err(),
        tax_code(fields).err(),
        budget_code(fields).err(),
        needed(fields, "address").err(),
        needed_day(fields, "valid_from").err(),
    ];
    read.into_iter().flatten().collect()
}

fn given(fields: &Fields, name: &str) -> Option<String> {
    Some(fields.trimmed(name).to_owned()).filter(|text| !text.is_empty())
}

fn unit_code(fields: &Fields) -> Result<String> {
    let code = needed(fields, "code")?;
    let is_written = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let begins = code.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_reserved = ["city", "all"].contains(&code.to_lowercase().as_str());
    if code.len() > CODE_LIMIT || !begins || is_reserved || !code.bytes().all(is_written) {
        return Err(Error::invalid("code", "unit_code_wrong", "1 to 20 letters, digits, dots and hyphens"));
    }
    Ok(code)
}

/// As lists of communes write it, and the city's targets with them.
fn kind(fields: &Fields) -> Result<String> {
    Ok(match UnitKind::parse(fields.get("kind")).map_err(|error| of_field(error, "kind"))? {
        UnitKind::Xa => "xã".to_owned(),
        UnitKind::Phuong => "phường".to_owned(),
        other => other.as_str().to_owned(),
    })
}

fn tax_code(fields: &Fields) -> Result<String> {
    let code = needed(fields, "tax_code")?;
    let wrong = || Error::invalid("tax_code", "tax_code_wrong", "its check digit does not fit");
    is_tax_code(&code).then_some(code).ok_or_else(wrong)
}

fn budget_code(fields: &Fields) -> Result<Option<String>> {
    let code = given(fields, "budget_code");
    let is_good =
        code.as_ref().is_none_or(|code| code.len() == 7 && code.bytes().all(|b| b.is_ascii_digit()));
    let wrong = || Error::invalid("budget_code", "budget_code_wrong", "expected seven digits");
    is_good.then_some(code).ok_or_else(wrong)
}

/// `POST /admin/units/{code}/account`
pub async fn account(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("account", fields), account_faults, |tx, stamp, actor, unit, fields| {
        let new = NewAccount {
            unit: unit.id,
            bank_bin: bank_bin(fields)?,
            account_no: fields.trimmed("account_no").to_owned(),
            holder_name: needed(fields, "holder_name")?,
            opened_on: needed_day(fields, "opened_on")?,
            opening_balance: Dong(fields.dong("opening_balance")?.unwrap_or(0)),
        };
        account::register(tx, stamp, actor, new).map(|_| ()).map_err(|error| match error.code() {
            "account_exists" => Error::invalid("account_no", "account_exists", error.detail()),
            _ => error,
        })
    })
    .await
}

fn account_faults(fields: &Fields) -> Vec<Error> {
    let read = [
        account::checked_number(fields.get("account_no")).err(),
        bank_bin(fields).err(),
        needed(fields, "holder_name").err(),
        needed_day(fields, "opened_on").err(),
        fields.dong("opening_balance").err(),
    ];
    read.into_iter().flatten().collect()
}

/// `POST /admin/units/{code}/series`: `do` is `open` or `plan`.
pub async fn series(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("series", fields), series_faults, |tx, stamp, actor, unit, fields| {
        needed(fields, "registration")?;
        let new = new_series(unit.id, fields)?;
        register::check_new(&new)?;
        register::check_year(&new, stamp.today())?;
        let done = match fields.get("do") {
            "plan" => series::plan(tx, stamp, actor, new).map(|_| ()),
            _ => register::enrol(tx, stamp, actor, new).map(|_| ()),
        };
        done.map_err(|error| match error.code() {
            "series_exists" => Error::invalid("series", "series_exists", error.detail()),
            _ => error,
        })
    })
    .await
}

fn new_series(unit: UnitId, fields: &Fields) -> Result<NewSeries> {
    Ok(NewSeries {
        unit,
        document_kind: fields.trimmed("document_kind").to_owned(),
        template: fields.trimmed("template").to_owned(),
        series: fields.trimmed("series").to_owned(),
        year: year(fields)?,
        last_allowed_no: whole(fields, "last_allowed_no")?,
        registration: fields.trimmed("registration").to_owned(),
    })
}

/// What cannot be read, and what a series that could be read may not be.
fn series_faults(fields: &Fields) -> Vec<Error> {
    let read = [
        year(fields).err(),
        whole(fields, "last_allowed_no").err(),
        needed(fields, "registration").err(),
        new_series(CITY, fields).and_then(|new| register::check_new(&new)).err(),
    ];
    read.into_iter().flatten().collect()
}

fn year(fields: &Fields) -> Result<i32> {
    let none = |_| Error::invalid("year", "number_unreadable", "no such year");
    i32::try_from(whole(fields, "year")?).map_err(none)
}

fn whole(fields: &Fields, name: &str) -> Result<i64> {
    let wrong = |_| Error::invalid(name, "number_unreadable", "digits only");
    fields.trimmed(name).replace('.', "").parse::<i64>().map_err(wrong)
}

/// `POST /admin/units/{code}/series/stop`
pub async fn stop_series(
    request: HttpRequest,
    signed: Signed,
    form: Posted<Pairs>,
    shared: web::Data<Shared>,
) -> Page {
    let fields = signed.fields(&request, form)?;
    change(request, signed, shared, ("stop", fields), reason_faults, |tx, stamp, actor, unit, fields| {
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
    change(request, signed, shared, ("imprint", fields), imprint_faults, |tx, stamp, actor, unit, fields| {
        let from = needed_day(fields, "valid_from")?;
        let known = imprint::recorded(tx, &[unit.id], from)?.pop().map(|(_, known)| known);
        let wanted = Imprint {
            email: given(fields, "email"),
            treasury_account: given(fields, "treasury_account"),
            treasury_code: given(fields, "treasury_code"),
            ..known.unwrap_or_default()
        };
        imprint::record(tx, stamp, actor, unit.id, from, &wanted).map(|_| ())
    })
    .await
}

fn imprint_faults(fields: &Fields) -> Vec<Error> {
    needed_day(fields, "valid_from").err().into_iter().collect()
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
    signed.require(&[Role::Administrator])?;
    let limit = upload::Limit::of_staff(FILE_LIMIT_BYTES);
    let (fields, file) = upload::form(&request, payload, limit, "file").await?;
    signed.check_token(fields.get("csrf"))?;
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
            let form = ("certificate", fields);
            return again(&request, &signed, &shared, form, (certificate_faults, error)).await;
        }
    };
    let form = ("certificate", fields);
    change(request, signed, shared, form, certificate_faults, move |tx, stamp, actor, unit, fields| {
        let key_pem = key.to_pem();
        let new = installed(unit.id, key.certificate(), key.chain_pem(), &key_pem);
        let active_from = day(fields, "active_from")?.map(BusinessDay::start);
        let custody = Custody { active_from, ..Custody::software() };
        certificate::store_as(tx, stamp, actor, new, custody).map(|_| ())
    })
    .await
}

fn certificate_faults(fields: &Fields) -> Vec<Error> {
    day(fields, "active_from").err().into_iter().collect()
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
    change(request, signed, shared, ("key-stop", fields), reason_faults, |tx, stamp, actor, unit, fields| {
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
    change(request, signed, shared, ("key-back", fields), reason_faults, |tx, stamp, actor, unit, fields| {
        let detail = "nothing of that id waits for a decision";
        let unknown = |_| Error::invalid("stop", "certificate_stop_not_open", detail);
        let id: EventId = fields.get("stop").parse().map_err(unknown)?;
        certificate_stop::withdraw(tx, stamp, actor, (unit.id, id), fields.get("reason")).map(|_| ())
    })
    .await
}

/// What is changed of the city on its page: its keys. It has no accounts, series or documents of its own.
const OF_THE_CITY: [&str; 3] = ["certificate", "key-stop", "key-back"];

/// Confirms, changes and shows the page again; with what was typed where it could not be done. `faults` is everything
/// that reading the fields shows, in the order of the form.
async fn change(
    request: HttpRequest,
    signed: Signed,
    shared: web::Data<Shared>,
    (form, fields): (&'static str, Fields),
    faults: fn(&Fields) -> Vec<Error>,
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
        Err(error) => again(&request, &signed, &shared, (form, fields), (faults, error)).await,
    }
}

async fn again(
    request: &HttpRequest,
    signed: &Signed,
    shared: &web::Data<Shared>,
    (form, typed): (&'static str, Fields),
    (faults, error): (fn(&Fields) -> Vec<Error>, Error),
) -> Page {
    let mut page = compose(request, signed, shared).await?;
    page.wrong = Wrong::all(faults(&typed), error, page.frame.lang)?;
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

fn needed_day(fields: &Fields, name: &str) -> Result<BusinessDay> {
    day(fields, name)?.ok_or_else(|| missing(name))
}

fn reason_faults(fields: &Fields) -> Vec<Error> {
    text::reason(fields.get("reason")).err().into_iter().collect()
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
