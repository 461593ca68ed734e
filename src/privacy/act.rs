//! What a person asked about their data is carried out: one administrator proposes it, another one does it. Contacts
//! are corrected; or what no duty keeps is erased, and the person is told what stays and on which ground.

use serde::Serialize;

use super::KEEPERS;
use super::act_query::{self as query, ActRow};
use super::query as views;
use super::request::{self, Request};
use crate::actor::Actor;
use crate::audit;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::id::*;
use crate::notification::{address, consent, readdress};
use crate::party::contact::{self, Contact};
use crate::payment::refund::payer;
use crate::store::{Conn, Stamp, Tx, rows};

/// What stays of a person after an erasure, and the ground: Vietnamese, English. The law on accounting keeps
/// vouchers and their books for ten years; their year is erased as a whole after that.
pub const STAYS: [(&str, &str); 5] = [
    (
        "Tên, địa chỉ, số giấy tờ trên nghĩa vụ nộp và chứng từ đã lập: chứng từ kế toán (Luật Kế toán)",
        "Name, address and identity number on obligations and documents: accounting vouchers (Law on Accounting)",
    ),
    (
        "Nội dung sao kê của ngân hàng: chứng từ kế toán (Luật Kế toán)",
        "What the bank's statements say: accounting vouchers (Law on Accounting)",
    ),
    (
        "Thông báo đã gửi hoặc đã ngừng gửi, dạng mã hóa: chứng minh đã giao chứng từ, hủy cùng dữ liệu của năm",
        "Messages that were sent or ended, encrypted: proof that documents were delivered; they go with their year",
    ),
    (
        "Tài khoản nhận tiền hoàn của phiếu hoàn đã lập, dạng mã hóa: chứng từ kế toán (Luật Kế toán)",
        "Accounts that refunds go to, encrypted: accounting vouchers (Law on Accounting)",
    ),
    (
        "Nhật ký: ai đã xem và làm gì, không có dữ liệu liên hệ",
        "The trail: who saw and did what; it holds no contact data",
    ),
];

/// What was done for a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    pub request: Request,
    /// Payers of the unit that were meant.
    pub parties: usize,
    pub pictures: usize,
    /// What stays, and why; empty after a correction.
    pub stays: Vec<(&'static str, &'static str)>,
}

/// What waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub request: DataRequestId,
    pub maker: PersonId,
    pub asked_at: Instant,
}

/// What is proposed, as whoever may approve it reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// Approving names it: another proposal has another id.
    pub id: EventId,
    pub request: DataRequestId,
    /// Payers of the unit that are meant.
    pub parties: usize,
    /// How they are reached from then on; none for an erasure, empty when its key is erased.
    pub contact: Option<Contact>,
}

/// The purpose a look at a proposal has in the log of views.
const LOOK: &str = "Duyệt đề xuất / deciding on a proposal";

fn act_context(id: EventId) -> String {
    format!("data_act/{}", id.0)
}

/// Proposes to carry a request out; of one request the newest proposal counts. A correction says how the person is
/// reached from now on.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `data_request_not_found`, `data_request_answered`, `data_request_not_done`
/// for a request to see data, which is answered; `field_missing`, `field_too_long`, `email_unreadable`,
/// `phone_not_mobile`, `subject_not_unique`; `nothing_kept` when nobody is found.
pub fn propose(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
    asked: &Contact,
) -> Result<EventId> {
    let maker = actor.require_person()?;
    let request = request::open(tx, actor, unit, id)?;
    if request::meant(tx, stamp.vault, &request)?.is_empty() {
        return Err(Error::conflict("nothing_kept", "nothing of this person is kept"));
    }
    let act: EventId = stamp.mint()?;
    let sealed = match request.kind.as_str() {
        "correction" => {
            let plain =
                serde_json::to_vec(&reachable(asked)?).map_err(|error| Error::internal(error.to_string()))?;
            let key = stamp.sealing_key(tx, unit)?;
            Some((key.id, stamp.vault.seal(&key, &act_context(act), &plain)?))
        }
        "erasure" => None,
        _ => return Err(Error::conflict("data_request_not_done", "answer it when the file was seen")),
    };
    query::drop_of(tx, unit, id)?;
    let (key_id, cipher) = sealed.unzip();
    let row = ActRow {
        unit_id: unit,
        id: act,
        request_id: id,
        key_id,
        cipher,
        maker_person_id: maker,
        created_at: stamp.now,
    };
    rows::insert(tx, &[row])?;
    audit::record(
        tx,
        stamp,
        &[audit::Entry::by(actor, unit, "privacy.act_proposed", id).with(&request.kind)],
    )?;
    Ok(act)
}

/// New contacts, as messages go to them.
///
/// # Errors
/// `field_missing`, `field_too_long`, `phone_not_mobile`, `email_unreadable`.
pub fn reachable(asked: &Contact) -> Result<Contact> {
    let contact = asked.cleaned()?;
    if contact.phone.as_deref().is_some_and(|phone| address::mobile(phone).is_none()) {
        return Err(Error::invalid("phone", "phone_not_mobile", "a Vietnamese mobile number"));
    }
    if contact.email.as_deref().is_some_and(|email| address::email(email).is_none()) {
        return Err(Error::invalid("email", "email_unreadable", "an e-mail address"));
    }
    Ok(contact)
}

/// Reads what waits for this person's decision, and writes down that they did; `None` when nothing does, and
/// for who proposed it.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `data_request_not_found`.
pub fn look(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
) -> Result<Option<Proposed>> {
    actor.require_role(&KEEPERS)?;
    actor.scope.require(unit)?;
    let person = actor.require_person()?;
    let request = views::lock(tx, unit, id)?.ok_or_else(request::not_found)?;
    let act = query::of_request(tx, unit, id)?.filter(|act| act.maker != person);
    let Some(act) = act.filter(|_| request.state == "received") else { return Ok(None) };
    let contact = match &act.sealed {
        Some((key, cipher)) => match stamp.vault.open(tx, unit, *key, &act_context(act.id), cipher) {
            Ok(plain) => Some(read(&plain)?),
            Err(error) if error.code() == "erased" => Some(Contact::default()),
            Err(error) => return Err(error),
        },
        None => None,
    };
    let parties = request::meant(tx, stamp.vault, &request)?;
    views::record_views(tx, stamp, unit, &parties, (id, person, LOOK))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, unit, "privacy.act_seen", id)])?;
    Ok(Some(Proposed { id: act.id, request: id, parties: parties.len(), contact }))
}

fn read(plain: &[u8]) -> Result<Contact> {
    serde_json::from_slice(plain).map_err(|error| Error::internal(error.to_string()))
}

pub fn not_proposed() -> Error {
    Error::conflict("act_not_proposed", "somebody proposes it first")
}

/// Another administrator carries out what was proposed and `seen`, and the request is answered.
///
/// # Errors
/// `role_not_allowed`, `person_required`, `data_request_not_found`, `data_request_answered`, `act_not_proposed`,
/// `maker_is_checker`, `subject_not_unique`; `act_changed` when another proposal took the place of what was seen.
pub fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, DataRequestId),
    seen: EventId,
) -> Result<Done> {
    let checker = actor.require_person()?;
    let mut request = request::open(tx, actor, unit, id)?;
    let act = query::of_request(tx, unit, id)?.ok_or_else(not_proposed)?;
    if act.maker == checker {
        return Err(Error::forbidden("maker_is_checker", "another person must approve"));
    }
    if act.id != seen {
        return Err(Error::conflict("act_changed", "another proposal took its place"));
    }
    let parties = request::meant(tx, stamp.vault, &request)?;
    let mut done = Done { request: request.clone(), parties: parties.len(), pictures: 0, stays: Vec::new() };
    let reason = match act.sealed {
        Some((key, cipher)) => {
            let plain = stamp.vault.open(tx, unit, key, &act_context(act.id), &cipher)?;
            let contact = read(&plain)?;
            contact::correct(tx, stamp, (unit, &parties), id, &contact)?;
            readdress::follow(tx, stamp, unit, &parties)?;
            "Đã sửa số điện thoại, thư điện tử / phone and e-mail corrected".to_owned()
        }
        None => {
            for party in &parties {
                done.pictures += contact::erase(tx, stamp, (unit, *party), id, (act.maker, checker))?;
                withdraw_consent(tx, stamp, actor, (unit, *party), id)?;
                payer::forget_declined(tx, unit, *party)?;
            }
            readdress::follow(tx, stamp, unit, &parties)?;
            done.stays = STAYS.to_vec();
            let stays: Vec<&str> = STAYS.iter().map(|(vi, _)| *vi).collect();
            format!(
                "Đã xóa điện thoại, thư điện tử, tài khoản đã nộp hoặc đã xin hoàn mà không được nhận, ảnh. Còn giữ: {}",
                stays.join("; ")
            )
        }
    };
    query::drop_of(tx, unit, id)?;
    request::close(tx, stamp, actor, &mut request, ("answered", None, reason))?;
    done.request = request;
    Ok(done)
}

/// Nobody is written to any more who asked to be forgotten.
fn withdraw_consent(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, party): (UnitId, PartyId),
    request: DataRequestId,
) -> Result<()> {
    if !consent::given(tx, &[(unit, party)])?.get(&(unit, party)).copied().unwrap_or(false) {
        return Ok(());
    }
    let word =
        consent::Word { unit, party, is_given: false, source: request.to_string(), given_on: stamp.today() };
    consent::record(tx, stamp, actor, word)
}

/// What waits for a second person in a unit.
pub fn waiting(conn: &mut Conn, unit: UnitId) -> Result<Vec<Waiting>> {
    query::waiting(conn, unit)
}

/// Proposing and approving are an administrator's.
pub fn may_act(actor: &Actor) -> bool {
    KEEPERS.contains(&actor.role)
}
