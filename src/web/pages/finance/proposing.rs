//! The form that proposes how an item is settled: what was typed or chosen, as what it stands for.

use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::exception::{self, Ask, Decision, Exception};
use crate::id::{ExceptionId, ObligationId, UnitId};
use crate::obligation;
use crate::obligation::reference::ReferenceCode;
use crate::obligation::walk_in;
use crate::payment::reduce::REDUCE;
use crate::payment::resolve;
use crate::payment::split::{self, Part};
use crate::store::{Conn, Stamp, Tx};
use crate::web::pages::fields::Fields;
use crate::web::pages::wording::Lang;

/// Proposes what a form says: a resolution, what it points at (an id, a reference code or a dossier),
/// why, and the decision where one is needed.
pub(super) fn propose_as(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    (unit, id): (UnitId, ExceptionId),
    fields: &Fields,
) -> Result<()> {
    let resolution = fields.trimmed("resolution");
    // What is marked among the candidates is meant for none of those that find their other side by themselves.
    let marked = if finds_itself(resolution) { "" } else { fields.trimmed("target") };
    let named = [fields.trimmed("other"), marked].into_iter().find(|text| !text.is_empty());
    let target = match named {
        Some(text) if resolution == REDUCE => Some(crate::web::read_target_of(resolution, text)?),
        Some(text) if needs_target(resolution) => Some(target_of(tx, unit, text)?),
        _ => None,
    };
    let decision = match (fields.trimmed("number"), fields.trimmed("on")) {
        ("", _) => None,
        (number, on) => {
            let wrong = |_| Error::invalid("on", "decision_missing", "the day of the decision");
            let on: BusinessDay = on.parse().map_err(wrong)?;
            Some(Decision { number: number.to_owned(), on })
        }
    };
    let parts = match resolution == split::SPLIT {
        true => parts_of(tx, unit, fields.get("parts"))?,
        false => Vec::new(),
    };
    let ask = Ask { resolution, target, reason: fields.get("reason"), decision };
    resolve::propose(tx, stamp, actor, (unit, id), ask, &parts).map(|_| ())
}

/// A part on each line: whose it is, by id, reference code or dossier, and how much.
fn parts_of(conn: &mut Conn, unit: UnitId, text: &str) -> Result<Vec<Part>> {
    let wrong = || Error::invalid("parts", "split_parts_wrong", "on each line a code and an amount");
    let mut parts = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (whose, amount) = line.split_once([' ', '\t', ';', '=']).ok_or_else(wrong)?;
        let amount =
            Fields::of(vec![("parts".to_owned(), amount.trim_matches([' ', '\t', ';', '=']).to_owned())]);
        let amount = amount.dong("parts")?.ok_or_else(wrong)?;
        let target = target_of(conn, unit, whose).map_err(|_| wrong())?;
        parts.push(Part { obligation: ObligationId(target), amount: Dong(amount) });
    }
    Ok(parts)
}

/// Who is paid, or which line is the other side, is found where only one fits.
pub(super) fn finds_itself(resolution: &str) -> bool {
    matches!(
        resolution,
        "to_unit"
            | "own_transfer"
            | "given_back"
            | "merger_transfer"
            | "batch"
            | "settlement"
            | "payout_back"
    )
}

fn needs_target(resolution: &str) -> bool {
    let on_its_own = "acknowledge bank_charge charge_returned disprove shortage to_budget budget_paid split \
                      reopen_obligation";
    let asked = [exception::UNMATCH, exception::WITHDRAW_PAPER];
    !on_its_own.split(' ').chain(asked).any(|known| known == resolution)
}

/// What somebody typed or chose, as the id it stands for.
pub(super) fn target_of(conn: &mut Conn, unit: UnitId, text: &str) -> Result<i64> {
    if let Ok(id) = crate::web::read_target(text) {
        return Ok(id);
    }
    let unknown = || Error::invalid("other", "target_unknown", "an id, a reference code or a dossier");
    if let Ok(code) = text.parse::<ReferenceCode>() {
        let found = obligation::find_by_code(conn, code.as_str()).map_err(|_| unknown())?;
        return if found.unit == unit { Ok(found.id.0) } else { Err(unknown()) };
    }
    let found = walk_in::of_dossier(conn, unit, text, 2)?;
    match found.as_slice() {
        [one] => Ok(one.id.0),
        _ => Err(unknown()),
    }
}

/// The parts of a proposed split, and what stays in suspense.
pub(super) fn parts_text(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<String> {
    let (mut words, mut rest) = (Vec::new(), item.amount);
    for part in split::proposed(conn, item)? {
        let owed = obligation::find(conn, item.unit, part.obligation)?;
        words.push(format!("{} {}", owed.reference_code, part.amount));
        rest = rest.checked_sub(part.amount)?;
    }
    if rest.is_positive() {
        words.push(lang.with("split_rest", rest));
    }
    Ok(words.join(" · "))
}
