//! A way in that somebody handed out opens only when another person vouches that it reached the right hands.
//!
//! Makers and checkers are persons, and a person is known by their logins. Whoever makes an invitation, or links a
//! login to single sign-on, could enter as its person: so no one human opens a login that decides. Until somebody
//! else says yes such a login stays `invited`, with a password that opens nothing. What the program itself hands out
//! (the first link, a command on the machine) needs no second word, nor what people do about a login of their own that
//! was open before.

use super::login::{self, Login, State};
use super::login_query as query;
use crate::actor::{Actor, Role};
use crate::audit;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{EventId, LoginId, UnitId};
use crate::store::vault::Vault;
use crate::store::{Conn, Stamp, Tx};

/// Roles whose word moves money, documents or logins.
pub fn is_asked_for(role: Role) -> bool {
    matches!(role, Role::Finance | Role::Approver | Role::Administrator)
}

impl Login {
    /// Whether its person set it up and a second person has not vouched for it yet.
    pub fn awaits_second(&self) -> bool {
        self.state == State::Invited && self.password.is_some()
    }
}

/// Whether somebody acts on a login that is not theirs.
pub(super) fn is_anothers(actor: &Actor, login: &Login) -> bool {
    actor.role != Role::System && actor.person != Some(login.person)
}

/// Whether a second word is asked for a login: for its role, or because its person decides under a delegation.
pub(super) fn asks(conn: &mut Conn, login: &Login, today: BusinessDay) -> Result<bool> {
    Ok(is_asked_for(login.role)
        || login.role == Role::Cashier && query::is_delegate(conn, login.person, today)?)
}

/// Where a login stands that its person has just set up. Being one's own maker excuses only a way in to a login that
/// was open before: else whoever invites themself would be a second seat of one human, and nobody asked.
pub(super) fn state_when_set_up(conn: &mut Conn, login: &Login, today: BusinessDay) -> Result<State> {
    let was_open = query::was_open(conn, login.id)?;
    let (own, system) = (login.person.to_string(), Role::System.as_str());
    let makers = query::handed_out_by(conn, login.id)?;
    let is_handed_out = makers.iter().any(|by| by != system && !(was_open && *by == own));
    Ok(if is_handed_out && asks(conn, login, today)? { State::Invited } else { State::Active })
}

/// The logins that wait for a second person, of those whose every unit the actor governs. They are no unit's: only who
/// may vouch for them is told.
pub fn awaiting(conn: &mut Conn, actor: &Actor) -> Result<Vec<Login>> {
    if !matches!(actor.role, Role::Administrator | Role::System) {
        return Ok(Vec::new());
    }
    Ok(login::list(conn, actor)?.into_iter().filter(Login::awaits_second).collect())
}

/// What whoever vouches reads of a login that waits.
pub struct Waits {
    /// Who had a hand in its way in, as the trail names them, newest first.
    pub makers: Vec<String>,
    /// When its person set it up, and the word that they read then; none where it was open before it was linked.
    pub set_up: Option<(Instant, String)>,
    /// Of these facts: another hand in them makes another one.
    pub revision: i64,
}

pub fn waits(conn: &mut Conn, vault: &Vault, login: &Login) -> Result<Waits> {
    let set_up = query::set_up(conn, login.id)?.map(|(event, at)| (at, word(vault, event)));
    Ok(Waits { makers: query::handed_out_by(conn, login.id)?, set_up, revision: login.revision })
}

/// Six digits of one setting up, which its person reads aloud to whoever vouches: who set the login up again
/// meanwhile got others.
fn word(vault: &Vault, event: EventId) -> String {
    let digest = vault.blind(UnitId::CITY, "login_set_up", &event.0.to_string());
    let number = digest.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_000);
    format!("{number:06}")
}

/// Opens a login that was handed out by somebody else. Whoever vouches on a page names the revision that it showed.
///
/// # Errors
/// `role_not_allowed`, `login_not_found`, `login_ended`, `login_awaits_nobody`; `act_changed` when another hand was in
/// it since; `maker_is_checker` for whoever had a hand in its way in.
pub fn vouch(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    id: LoginId,
    seen: Option<i64>,
) -> Result<()> {
    let mut login = login::governed(tx, actor, id)?;
    if !login.awaits_second() {
        return Err(Error::conflict(
            "login_awaits_nobody",
            "nothing of this login waits for a second person",
        ));
    }
    if seen.is_some_and(|seen| seen != login.revision) {
        return Err(Error::conflict("act_changed", "it was set up or linked again after you looked"));
    }
    if query::handed_out_by(tx, id)?.contains(&audit::actor_text(actor)) && actor.role != Role::System {
        return Err(Error::forbidden("maker_is_checker", "another person must vouch for it"));
    }
    login.state = State::Active;
    login::store(tx, stamp, &mut login, VOUCHED, &audit::actor_text(actor))?;
    audit::record(tx, stamp, &[audit::Entry::by(actor, UnitId::CITY, "login.vouched", id)])
}

/// The event that opens a login for its second person's word.
pub(super) const VOUCHED: &str = "vouched";

/// Who handed out the way in to a login, as the trail names them: since its last invitation, which makes everything
/// before it void, or since it opened. Newest event first: kind and actor.
pub(super) fn handed_out(events: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, actor) in events {
        match kind.as_str() {
            "activated" | VOUCHED => break,
            "invited" => {
                found.push(actor);
                break;
            }
            _ => found.push(actor),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(events: &[(&str, &str)]) -> Vec<String> {
        handed_out(events.iter().map(|(kind, actor)| ((*kind).to_owned(), (*actor).to_owned())))
    }

    #[test]
    fn who_had_a_hand_in_the_way_in_is_known_since_the_last_invitation_or_since_it_opened() {
        assert_eq!(of(&[("invited", "a")]), ["a"]);
        assert_eq!(
            of(&[("sso_linked", "b"), ("invited", "a"), ("invited", "c")]),
            ["b", "a"],
            "each of them"
        );
        assert_eq!(of(&[("sso_linked", "b"), ("vouched", "c"), ("invited", "a")]), ["b"]);
        assert_eq!(of(&[("sso_linked", "b"), ("activated", "p"), ("invited", "a")]), ["b"]);
        assert!(of(&[("vouched", "b"), ("invited", "a")]).is_empty());
    }

    #[test]
    fn logins_that_decide_are_opened_by_two_and_those_of_cashiers_and_auditors_by_one() {
        let asked = [Role::Finance, Role::Approver, Role::Administrator];
        assert!(asked.into_iter().all(is_asked_for));
        assert!(![Role::Cashier, Role::Auditor].into_iter().any(is_asked_for));
    }
}
