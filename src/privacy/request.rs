//! Somebody asks to see, correct or erase their data, and is answered, or refused with the ground.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{CLOCK_S, KEEPERS, READERS, RECEIVERS, act_query, query, worded};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::notification::address;
use crate::party;
use crate::receipt::content::identifier::{is_personal_id, is_tax_code};
use crate::store::page::Page;
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};
use crate::text;

pub const KINDS: [&str; 3] = ["access", "correction", "erasure"];
/// What a person showed to prove who they are.
pub const PROOFS: [&str; 4] = ["citizen_card", "vneid", "passport", "authorised"];
/// Why a request may be refused. `retention_by_law`: vouchers are kept for as long as the law on
/// accounting asks; their year is erased as a whole when that is over.
pub const GROUNDS: [&str; 4] = ["retention_by_law", "legal_claim", "identity_not_proven", "nothing_kept"];
/// By what a payer is found.
pub const SUBJECTS: [&str; 5] = ["personal_id", "passport", "tax_code", "phone", "email"];

/// What is one person's alone; others may share a phone or an e-mail address.
const OWN_SUBJECTS: [&str; 3] = ["personal_id", "passport", "tax_code"];

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    pub unit: UnitId,
    pub id: DataRequestId,
    pub kind: String,
    pub identity_shown: String,
    pub received_at: Instant,
    pub due_at: Instant,
    pub maker: PersonId,
    pub state: String,
    /// How it was answered: the ground of a refusal, and what was said.
    pub ground: Option<String>,
    pub reason: Option<String>,
    pub answered_at: Option<Instant>,
    #[serde(skip)]
    pub subject_kind: String,
    #[serde(skip)]
    pub subject_hash: String,
    #[serde(skip)]
    pub revision: i64,
}

/// What somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub unit: UnitId,
    pub kind: &'a str,
    /// By what they are found, and its value.
    pub subject: (&'a str, &'a str),
    pub identity_shown: &'a str,
}

fn known(field: &str, value: &str, words: &[&'static str]) -> Result<&'static str> {
    let found = words.iter().copied().find(|word| *word == value);
    found.ok_or_else(|| Error::invalid(field, "word_unknown", words.join(", ")))
}

/// A value that no payer can have finds nobody: who mistyped it would be told that nothing is kept.
fn check_form(kind: &str, value: &str) -> Result<()> {
    let squashed = text::squash(value);
    let (is_good, code, detail) = match kind {
        "phone" => (address::is_phone(value), "phone_unreadable", "8 to 17 digits"),
        "email" => (value.parse::<lettre::Address>().is_ok(), "email_unreadable", "an e-mail address"),
        "tax_code" => (is_tax_code(&with_hyphen(&squashed)), "tax_code_wrong", "a tax code"),
        "personal_id" => (is_personal_id(&squashed, 0), "personal_id_wrong", "twelve digits"),
        _ => ((5..=20).contains(&squashed.len()), "passport_wrong", "5 to 20 letters and digits"),
    };
    if is_good { Ok(()) } else { Err(Error::invalid("value", code, detail)) }
}

/// The thirteen digits of a branch with their hyphen, however somebody typed them.
fn with_hyphen(squashed: &str) -> String {
    match squashed.split_at_checked(10) {
        Some((head, branch)) if branch.len() == 3 => format!("{head}-{branch}"),
        _ => squashed.to_owned(),
    }
}

/// Everything that is wrong with what somebody asks, where `receive` names what it comes upon first.
pub fn faults(ask: &Ask<'_>) -> Vec<Error> {
    let by = known("by", ask.subject.0, &SUBJECTS);
    let value = worded("value", ask.subject.1);
    let form = match (&by, &value) {
        (Ok(by), Ok(value)) => check_form(by, value).err(),
        _ => None,
    };
    let kind = known("kind", ask.kind, &KINDS).err();
    let shown = known("identity_shown", ask.identity_shown, &PROOFS).err();
    [kind, by.err(), value.err(), form, shown].into_iter().flatten().collect()
}

/// Takes a request in at the counter.
///
/// # Errors
/// `word_unknown`, `field_missing`, `subject_not_unique`, and those of a value that no payer can have.
pub fn receive(tx: &mut Tx<'_>, stamp: &Stamp<'_>, actor: &Actor, ask: &Ask<'_>) -> Result<Request> {
    actor.require_role(&RECEIVERS)?;
    actor.scope.require(ask.unit)?;
    let maker = actor.require_person()?;
    let subject_kind = known("by", ask.subject.0, &SUBJECTS)?;
    let value = worded("value", ask.subject.1)?;
    check_form(subject_kind, &value)?;
    let kind = known("kind", ask.kind, &KINDS)?;
    let request = Request {
        unit: ask.unit,
        id: stamp.mint()?,
        kind: kind.to_owned(),
        identity_shown: known("identity_shown", ask.identity_shown, &PROOFS)?.to_owned(),
        received_at: stamp.now,
        due_at: stamp.now.plus_seconds(CLOCK_S),
        maker,
        state: "received".to_owned(),
        ground: None,
        reason: None,
        answered_at: None,
        subject_kind: subject_kind.to_owned(),
        subject_hash: party::term_hash(stamp.vault, ask.unit, subject_kind, &value),
        revision: 1,
    };
    meant(tx, stamp.vault, &request)?;
    query::insert(tx, &request)?;
    query::note(tx, stamp, &request, None, "", maker)?;
    let entry = audit::Entry::by(actor, ask.unit, "privacy.requested", request.id).with(&request.kind);
    audit::record(tx, stamp, &[entry])?;
    Ok(request)
}

/// Answers a request: what was done, with the id of a correction where there is one.
///
/// # Errors
/// `data_request_not_found`, `data_request_answered`, `data_request_not_seen` when access was
/// asked and nobody looked at the file, `erasure_not_done` while anything of the person is kept.
pub fn answer(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
    reason: &str,
) -> Result<Request> {
    let reason = worded("reason", reason)?;
    let mut request = open(tx, actor, unit, id)?;
    if request.kind == "access" && !query::was_seen(tx, unit, id)? {
        let detail = "open the file for this request first";
        return Err(Error::conflict("data_request_not_seen", detail));
    }
    if request.kind == "erasure" && !meant(tx, stamp.vault, &request)?.is_empty() {
        let detail = "data of this person is kept still";
        return Err(Error::conflict("erasure_not_done", detail));
    }
    close(tx, stamp, actor, &mut request, ("answered", None, reason))?;
    Ok(request)
}

/// Refuses a request; the ground is told to the person.
///
/// # Errors
/// `word_unknown`, `data_request_not_found`, `data_request_answered`; `data_still_kept` when the ground is that
/// nothing is kept, and something is.
pub fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
    (ground, reason): (&str, &str),
) -> Result<Request> {
    let ground = known("ground", ground, &GROUNDS)?;
    let reason = worded("reason", reason)?;
    let mut request = open(tx, actor, unit, id)?;
    if ground == "nothing_kept" && is_kept(tx, stamp.vault, &request)? {
        return Err(Error::conflict("data_still_kept", "data of this person is kept"));
    }
    act_query::drop_of(tx, unit, id)?;
    close(tx, stamp, actor, &mut request, ("refused", Some(ground), reason))?;
    Ok(request)
}

pub(super) fn open(tx: &mut Tx<'_>, actor: &Actor, unit: UnitId, id: DataRequestId) -> Result<Request> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    actor.require_person()?;
    let request = query::lock(tx, unit, id)?.ok_or_else(not_found)?;
    if request.state != "received" {
        return Err(Error::conflict("data_request_answered", format!("it is {}", request.state)));
    }
    Ok(request)
}

pub(super) fn close(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    request: &mut Request,
    (state, ground, reason): (&'static str, Option<&'static str>, String),
) -> Result<()> {
    let person = actor.require_person()?;
    request.state = state.to_owned();
    request.revision += 1;
    request.ground = ground.map(str::to_owned);
    request.answered_at = Some(stamp.now);
    query::store(tx, request)?;
    query::note(tx, stamp, request, ground, &reason, person)?;
    request.reason = Some(reason);
    let action = if state == "refused" { "privacy.refused" } else { "privacy.answered" };
    let entry = audit::Entry::by(actor, request.unit, action, request.id);
    audit::record(tx, stamp, &[entry.with(ground.unwrap_or_default())])
}

/// The payers behind a request, as long as they are kept.
pub fn parties(conn: &mut Conn, request: &Request) -> Result<Vec<PartyId>> {
    party::by_term(conn, request.unit, &request.subject_kind, &request.subject_hash)
}

/// The payers whose data a request is about. By what is one person's alone: all who carry it. A phone or an
/// e-mail address may be shared: those who left nothing that is theirs alone, when they all have one name.
///
/// # Errors
/// `subject_not_unique`.
pub(super) fn meant(conn: &mut Conn, vault: &Vault, request: &Request) -> Result<Vec<PartyId>> {
    let found = parties(conn, request)?;
    if request.kind == "access" || OWN_SUBJECTS.contains(&request.subject_kind.as_str()) || found.is_empty() {
        return Ok(found);
    }
    let keys: Vec<(UnitId, PartyId)> = found.into_iter().map(|id| (request.unit, id)).collect();
    let mut by_name: BTreeMap<String, Vec<PartyId>> = BTreeMap::new();
    for ((_, id), payer) in party::load(conn, vault, &keys)? {
        if [&payer.personal_id, &payer.passport, &payer.tax_code].iter().all(|own| own.is_none()) {
            by_name.entry(text::fold(payer.name.as_deref().unwrap_or_default())).or_default().push(id);
        }
    }
    let mut one_name = by_name.into_values();
    match (one_name.next(), one_name.next()) {
        (Some(mut meant), None) => {
            meant.sort_unstable();
            Ok(meant)
        }
        _ => Err(Error::conflict("subject_not_unique", format!("one of {}", OWN_SUBJECTS.join(", ")))),
    }
}

/// Whether something is kept of the person who asks. Of a phone or an e-mail address that payers of several names
/// have left, nobody can tell, until somebody has opened the file for this person.
fn is_kept(conn: &mut Conn, vault: &Vault, request: &Request) -> Result<bool> {
    let found = match meant(conn, vault, request) {
        Ok(found) => found,
        Err(error) if error.code() == "subject_not_unique" => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_own = OWN_SUBJECTS.contains(&request.subject_kind.as_str());
    if request.kind != "access" || is_own || found.is_empty() {
        return Ok(!found.is_empty());
    }
    let keys: Vec<(UnitId, PartyId)> = found.into_iter().map(|id| (request.unit, id)).collect();
    let payers = party::load(conn, vault, &keys)?;
    let names: BTreeSet<String> =
        payers.values().map(|payer| text::fold(payer.name.as_deref().unwrap_or_default())).collect();
    Ok(names.len() == 1 || query::was_seen(conn, request.unit, request.id)?)
}

/// Requests of a unit, newest first.
pub fn list(conn: &mut Conn, actor: &Actor, unit: UnitId, page: impl Into<Page>) -> Result<Vec<Request>> {
    actor.require_role(&READERS)?;
    actor.scope.require(unit)?;
    query::page(conn, unit, page)
}

/// The unit of a request in the actor's scope.
pub fn locate(conn: &mut Conn, actor: &Actor, id: DataRequestId) -> Result<UnitId> {
    query::unit_of(conn, &actor.scope, id)?.ok_or_else(not_found)
}

pub fn not_found() -> Error {
    Error::not_found("data_request_not_found", "no such request in your scope")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_found_by_its_tax_code_however_people_write_it() {
        for written in ["9900000009", "9900000009-001", "9900000009001", "9900000009 001", "9900000009–001"]
        {
            assert!(check_form("tax_code", written).is_ok(), "{written}");
        }
        for wrong in ["9900000008001", "9900000009000", "99000000090011", "123"] {
            assert_eq!(check_form("tax_code", wrong).unwrap_err().code(), "tax_code_wrong", "{wrong}");
        }
    }
}
