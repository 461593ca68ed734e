//! What was typed comes back. The answer to a form that is refused is its page, drawn anew; here its
//! fields take what was sent, each reason of the summary gets its place beside its field, and the field
//! says so (`aria-invalid`, `aria-describedby`). One mechanism for every form of every page: a page
//! names the field and the reason (`Wrong`) and keeps nothing by hand.
//!
//! Secrets are typed again: passwords, codes of the moment and files never come back.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error as ActixError, FromRequest, HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

use super::fields::Pairs;
use super::markup::{Control, Form, Markup};

/// The fields of the request being answered, as they came.
struct Typed(Rc<Pairs>);

/// Notes what a form sent, for the page that may have to give it back.
pub fn note(request: &HttpRequest, pairs: Pairs) {
    request.extensions_mut().insert(Typed(Rc::new(pairs)));
}

/// A short form, read and noted.
pub struct Kept<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Kept<T> {
    type Error = ActixError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ActixError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, form) = (request.clone(), web::Form::<Pairs>::from_request(request, payload));
        Box::pin(async move {
            let pairs = form.await?.into_inner();
            let fields = MapDeserializer::<_, serde::de::value::Error>::new(pairs.clone().into_iter());
            note(&request, pairs);
            T::deserialize(fields).map(Kept).map_err(actix_web::error::ErrorBadRequest)
        })
    }
}

/// Gives the page of a refused form what was typed.
pub async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let response = next.call(request).await?.map_into_boxed_body();
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_page = media.is_some_and(|media| media.starts_with("text/html"));
    if !response.status().is_client_error() || !is_page {
        return Ok(response);
    }
    let Some(typed) = typed(response.request()) else { return Ok(response) };
    let path = response.request().path().to_owned();
    let (request, answer) = response.into_parts();
    let (head, body) = answer.into_parts();
    let whole = match body.try_into_bytes() {
        Ok(whole) => whole,
        Err(body) => return Ok(ServiceResponse::new(request, head.set_body(body))),
    };
    let kept = std::str::from_utf8(&whole).ok().and_then(|page| refilled(page, &path, &typed));
    let body = kept.map_or_else(|| BoxBody::new(whole), BoxBody::new);
    Ok(ServiceResponse::new(request, head.set_body(body)))
}

/// What was sent: in the body, or in the address by a form that only asks.
fn typed(request: &HttpRequest) -> Option<Rc<Pairs>> {
    if let Some(typed) = request.extensions().get::<Typed>() {
        return Some(Rc::clone(&typed.0));
    }
    let asks = matches!(*request.method(), Method::GET | Method::HEAD) && !request.query_string().is_empty();
    let pairs = web::Query::<Pairs>::from_query(request.query_string()).ok().filter(|_| asks)?;
    Some(Rc::new(pairs.into_inner()))
}

/// The page with its form filled again; `None` where no form of the page could have sent this.
fn refilled(page: &str, path: &str, typed: &[(String, String)]) -> Option<String> {
    let mut markup = Markup::read(page);
    let form = sender(&markup, path, typed)?;
    let controls = markup.controls(&form);
    fill(&mut markup, &controls, typed);
    for (field, reason) in markup.reasons() {
        place(&mut markup, &form, &controls, &field, &reason);
    }
    markup.open_around(&form);
    Some(markup.write())
}

/// The form that sent these fields: the right address, the same hidden values, and most of the fields. A
/// page may hold one for each row, and a row that is gone gives its words to no other.
fn sender(markup: &Markup<'_>, path: &str, typed: &[(String, String)]) -> Option<Form> {
    let mut best: Option<(usize, Form)> = None;
    let is_sent = |control: &Control| typed.contains(&(control.name.clone(), control.value.clone()));
    let is_here = |form: &Form| form.actions.iter().any(|action| action == path);
    for form in markup.forms().into_iter().filter(is_here) {
        let controls = markup.controls(&form);
        let is_same = |control: &Control| !control.is_hidden || control.is_fresh || is_sent(control);
        if !controls.iter().all(is_same) {
            continue;
        }
        let is_named = |name: &str| controls.iter().any(|control| control.name == name);
        let named = typed.iter().filter(|(name, _)| is_named(name)).count();
        let pressed = controls.iter().filter(|control| control.is_button && is_sent(control)).count();
        let score = named + pressed;
        if best.as_ref().is_none_or(|(before, _)| score > *before) {
            best = Some((score, form));
        }
    }
    best.map(|(_, form)| form)
}

fn fill(markup: &mut Markup<'_>, controls: &[Control], typed: &[(String, String)]) {
    let mut used: Vec<bool> = vec![false; typed.len()];
    for control in controls.iter().filter(|control| control.comes_back()) {
        if control.is_choice() {
            let is_chosen =
                |value: &str| typed.iter().any(|(name, sent)| *name == control.name && sent == value);
            markup.choose(control, is_chosen);
            continue;
        }
        // Of fields with one name the first takes the first.
        let at = (0..typed.len()).find(|at| !used[*at] && typed[*at].0 == control.name);
        if let Some(at) = at {
            used[at] = true;
            markup.set_value(control, &typed[at].1);
        }
    }
}

/// Puts a reason beside its field, unless the page has it there, and ties the two together.
fn place(markup: &mut Markup<'_>, form: &Form, controls: &[Control], field: &str, reason: &str) {
    let by_name =
        controls.iter().find(|control| control.name == field && !control.is_hidden && !control.is_button);
    let by_id = || controls.iter().find(|control| control.id == field && !control.is_hidden);
    let Some(tag) = by_name.or_else(by_id).map(|control| control.tag).or_else(|| markup.group(form, field))
    else {
        return;
    };
    markup.explain(form, tag, field, reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const PAGE: &str = "<main><div class=\"errors\" role=\"alert\"><ul><li><a href=\"#amount\">Sai số</a></li></ul></div>\
        <details><summary>x</summary><form method=\"post\" action=\"/a\"><input type=\"hidden\" name=\"row\" value=\"1\">\
        <div class=\"field\"><label for=\"sum\">S</label><input id=\"sum\" name=\"amount\" value=\"\"></div>\
        <input name=\"why\" value=\"old\"><input type=\"password\" name=\"secret\"><select name=\"way\"><option value=\"a\" selected>A\
        </option><option>B</option></select><input type=\"checkbox\" name=\"yes\" value=\"1\" checked><textarea name=\"long\"></textarea>\
        <button name=\"do\" value=\"go\">Go</button></form></details><form action=\"/a\"><input type=\"hidden\" name=\"row\" value=\"2\">\
        <input name=\"why\"></form></main>";

    #[test]
    fn each_field_holds_what_was_typed_and_the_reason_stands_beside_it() {
        let sent = [
            ("row", "1"),
            ("amount", "\"<x>"),
            ("why", "vì"),
            ("secret", "s"),
            ("way", "B"),
            ("long", "a<b"),
        ];
        let page = refilled(PAGE, "/a", &typed(&sent)).expect("the form is found");
        for part in [
            "name=\"amount\" value=\"&quot;&lt;x&gt;\" aria-describedby=\"sum-reason\" aria-invalid=\"true\"",
            "<span class=\"reason\" id=\"sum-reason\">Sai số</span><input id=\"sum\"",
            "<a href=\"#sum\">",
            "<div class=\"field wrong\">",
            "name=\"why\" value=\"vì\"",
            "<option selected>B</option>",
            "<option value=\"a\">",
            "<textarea name=\"long\">\na&lt;b</textarea>",
            "<details open>",
            "<input type=\"checkbox\" name=\"yes\" value=\"1\">",
            "<input type=\"password\" name=\"secret\">",
            "<input name=\"why\"></form>",
        ] {
            assert!(page.contains(part), "{part} in\n{page}");
        }
    }

    #[test]
    fn a_row_that_is_gone_gives_its_words_to_no_other() {
        assert_eq!(refilled(PAGE, "/a", &typed(&[("row", "3"), ("why", "vì")])), None);
        assert_eq!(refilled(PAGE, "/b", &typed(&[("row", "1"), ("why", "vì")])), None);
        let other = refilled(PAGE, "/a", &typed(&[("row", "2"), ("why", "vì")])).expect("the second form");
        assert!(other.contains("<input name=\"why\" value=\"vì\"></form></main>"), "{other}");
        assert!(other.contains("name=\"why\" value=\"old\""), "{other}");
    }

    #[test]
    fn a_page_of_many_forms_is_looked_over_once() {
        let looks = |count: usize| {
            let form = |n: usize| {
                format!(
                    "<form action=\"/a\"><input type=\"hidden\" name=\"row\" value=\"{n}\"><input name=\"why\"></form>"
                )
            };
            let page: String = (0..count).map(form).collect();
            let markup = Markup::read(&page);
            let last = (count - 1).to_string();
            assert!(sender(&markup, "/a", &typed(&[("row", &last), ("why", "x")])).is_some());
            let here = markup.looks();
            assert!(sender(&markup, "/b", &typed(&[("row", &last)])).is_none());
            assert_eq!(markup.looks(), here, "forms that go elsewhere are not looked into");
            here
        };
        assert_eq!(looks(400), 10 * looks(40), "ten times the forms, ten times the work");
    }

    #[test]
    fn a_page_without_a_change_is_written_as_it_was_read() {
        for page in [PAGE, "", "<", "a < b", "<p>&lt;</p><!-- <form> --><input name=\"a\" value=\">\">"] {
            assert_eq!(Markup::read(page).write(), page);
        }
    }
}
