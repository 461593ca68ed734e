//! What people have on paper: the code to pay with, a document's look-up code or its series and number, a
//! dossier. Only what lies in the reader's scope is found.

use actix_web::HttpRequest;

use crate::actor::{Actor, Scope};
use crate::error::Result;
use crate::id::{ObligationId, UnitId};
use crate::obligation::reference::{CodeBook, ReferenceCode};
use crate::obligation::{self, Obligation, walk_in};
use crate::receipt::LookupCode;
use crate::receipt::query as receipts;
use crate::store::Conn;
use crate::text;
use crate::unit::series;
use crate::web::extract::path_text;

/// The reference code in what was typed or scanned: alone, in groups, in a link, or in a payment code.
pub fn code_in(asked: &str) -> Option<ReferenceCode> {
    let found = CodeBook::hanoi().extract(asked);
    let found = found.iter().find_map(|one| one.verified().cloned());
    found.or_else(|| text::squash(asked).parse().ok())
}

/// The look-up code in what was typed or scanned: alone, in groups, or in the link that a document's QR code holds.
pub fn lookup_in(asked: &str) -> Option<LookupCode> {
    let code = match asked.rsplit_once("/r/") {
        Some((_, behind)) => behind.split(['.', '?', '#', '/']).next().unwrap_or_default(),
        None => asked,
    };
    code.trim().parse().ok()
}

/// The code in a page's address, as people copy or type it from the paper: in groups, or in small letters.
///
/// # Errors
/// `obligation_not_found` where there is none in it.
pub fn code_of(request: &HttpRequest) -> Result<ReferenceCode> {
    code_in(path_text(request, "code")).ok_or_else(obligation::not_found)
}

/// The obligations that a text of a paper names; none where it is no such text. A dossier may have several.
///
/// # Errors
/// Those of the store.
pub fn obligations(conn: &mut Conn, actor: &Actor, asked: &str, limit: i64) -> Result<Vec<Obligation>> {
    let found = of_document(conn, actor, asked)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let mut found = Vec::new();
    for unit in units(actor) {
        found.extend(walk_in::of_dossier(conn, unit, asked, limit)?);
    }
    Ok(found)
}

/// By a code that stands for one thing: to pay with, to look up, or the number of a document.
///
/// # Errors
/// Those of the store.
pub fn of_document(conn: &mut Conn, actor: &Actor, asked: &str) -> Result<Vec<Obligation>> {
    if let Some(code) = code_in(asked) {
        return match obligation::find_by_code(conn, code.as_str()) {
            Ok(item) => Ok(Vec::from_iter(Some(item).filter(|item| actor.scope.covers(item.unit)))),
            Err(error) if error.code() == obligation::not_found().code() => Ok(Vec::new()),
            Err(error) => Err(error),
        };
    }
    let mut found: Option<(UnitId, ObligationId)> = None;
    if let Some(code) = lookup_in(asked)
        && let Some((unit, id)) = receipts::by_lookup_code(conn, code.as_str())?
    {
        found = receipts::by_id(conn, unit, id)?.map(|document| (unit, document.obligation));
    }
    if found.is_none() {
        found = by_number(conn, actor, asked)?;
    }
    let key = found.filter(|(unit, _)| actor.scope.covers(*unit));
    obligation::query::by_ids(conn, &Vec::from_iter(key))
}

/// `BL-26E số 0000008`, `BL-26E 8`: the newest series of that name in the reader's units.
fn by_number(conn: &mut Conn, actor: &Actor, asked: &str) -> Result<Option<(UnitId, ObligationId)>> {
    let mut words = asked.split_whitespace();
    let (Some(name), Some(number)) = (words.next(), words.next_back()) else { return Ok(None) };
    let Ok(number) = number.parse::<i64>() else { return Ok(None) };
    for unit in units(actor) {
        for one in
            series::of_unit(conn, unit)?.iter().rev().filter(|one| one.series.eq_ignore_ascii_case(name))
        {
            if let Some(document) = receipts::by_number(conn, unit, one.id, number)? {
                return Ok(Some((unit, document.obligation)));
            }
        }
    }
    Ok(None)
}

/// The units of a scope; whoever sees the whole city looks for codes, not for names that units share.
fn units(actor: &Actor) -> Vec<UnitId> {
    match &actor.scope {
        Scope::All => Vec::new(),
        Scope::Units(units) => units.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_printed() {
        let code = "HNPH7K2MQ4X97";
        for written in [code, "hnph 7k2m q4x9 7", "HNPH-7K2M-Q4X9-7"] {
            assert_eq!(
                code_in(written).map(|found| found.as_str().to_owned()).as_deref(),
                Some(code),
                "{written}"
            );
        }
        assert!(code_in("Nguyễn Văn Mẫu").is_none());
    }

    #[test]
    fn a_look_up_code_is_read_alone_in_groups_and_from_a_documents_qr_code() {
        for written in [
            "7K2MQ4X97ABC",
            " 7k2m-q4x9-7abc ",
            "https://bienlai.example.vn/r/7K2MQ4X97ABC",
            "https://bienlai.example.vn/r/7K2MQ4X97ABC.pdf",
            "bienlai.example.vn/r/7K2M-Q4X9-7ABC?from=paper",
        ] {
            let found = lookup_in(written).map(|code| code.as_str().to_owned());
            assert_eq!(found.as_deref(), Some("7K2MQ4X97ABC"), "{written}");
        }
        for other in ["", "https://bienlai.example.vn/p/HNPH7K2MQ4X97", "https://bienlai.example.vn/r/"] {
            assert!(lookup_in(other).is_none(), "{other}");
        }
    }
}
