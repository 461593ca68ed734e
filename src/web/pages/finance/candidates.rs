//! What an item's money may be: what payers say they sent, what the bank notified of the payments inside an
//! entry, what matching suggested, and what is owed of exactly its sum.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Dong;
use crate::error::Result;
use crate::exception::{Detail, Exception, Kind};
use crate::id::{ExceptionId, LineId, MovementId, ObligationId, UnitId};
use crate::obligation::{Obligation, counter_query, query};
use crate::party;
use crate::payment::{line_query, told};
use crate::reconciliation::classification::words;
use crate::reconciliation::evidence::{self, Evidence};
use crate::reconciliation::matching::one_edit_apart;
use crate::statement::line_query::StoredLine;
use crate::statement::{self, notice};
use crate::store::Conn;
use crate::store::vault::Vault;
use crate::web::pages::detail;
use crate::web::pages::wording::Lang;

/// Candidates of one item; who finds none types what they know.
const LIMIT: usize = 12;
/// Obligations of the sum that are looked at, the newest first.
const LOOKED_AT: i64 = 200;

/// An obligation that the money may be for, or earlier money that a debit may take back.
pub(super) struct Candidate {
    /// What the form sends.
    pub id: String,
    /// Or the bank's reference, where no dossier is known.
    pub dossier: String,
    pub payer: String,
    pub owed: String,
    /// Why it is one; empty where only the sum agrees.
    pub evidence: String,
    /// Whether it owes exactly the item's sum.
    pub is_exact: bool,
    /// The only one that anything speaks for; among equals a person chooses.
    pub is_chosen: bool,
}

/// Another item that could be about the same money.
pub(super) struct Related {
    pub id: ExceptionId,
    pub amount: String,
    pub opened_on: String,
}

pub(super) fn related(found: Vec<Exception>) -> Vec<Related> {
    let one = |item: Exception| Related {
        id: item.id,
        amount: item.amount.to_string(),
        opened_on: item.opened_on.0.format("%d/%m/%Y").to_string(),
    };
    found.into_iter().map(one).collect()
}

/// What speaks for an obligation, the most first: its payer says that they sent it; the bank notified its code as
/// one of the payments of this entry; matching named it; a code that is one slip away; the payer's name beside the
/// money.
const SCORES: [(Reason, u32); 5] = [
    (Reason::Told, 1_000),
    (Reason::Notified, 800),
    (Reason::Suggested, 500),
    (Reason::Code, 300),
    (Reason::Name, 100),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Told,
    Notified,
    Suggested,
    Code,
    Name,
}

/// What speaks for one obligation.
#[derive(Default)]
struct Case {
    score: u32,
    words: Vec<String>,
}

impl Case {
    fn add(&mut self, reason: Reason, words: String) {
        if self.words.contains(&words) {
            return;
        }
        self.score += SCORES.iter().find(|(known, _)| *known == reason).map_or(0, |(_, score)| *score);
        self.words.push(words);
    }
}

/// Those that something speaks for come first, the most first; then the newest of exactly the sum.
pub(super) fn candidates(
    conn: &mut Conn,
    vault: &Vault,
    lang: Lang,
    item: &Exception,
) -> Result<Vec<Candidate>> {
    if !has_candidates(item) {
        return Ok(Vec::new());
    }
    let mut cases: BTreeMap<ObligationId, Case> = BTreeMap::new();
    for (id, reason, words) in named(conn, lang, item)? {
        cases.entry(id).or_default().add(reason, words);
    }
    let keys: Vec<(UnitId, ObligationId)> = cases.keys().map(|id| (item.unit, *id)).collect();
    let mut found: Vec<Obligation> = query::by_ids(conn, &keys)?;
    let newest = counter_query::owing_exactly(conn, item.unit, item.amount, LOOKED_AT)?;
    let fresh: Vec<(UnitId, ObligationId)> =
        newest.iter().filter(|id| !cases.contains_key(id)).map(|id| (item.unit, *id)).collect();
    found.extend(query::by_ids(conn, &fresh)?);
    found.retain(|one| one.outstanding().is_positive());
    let payers: Vec<_> = found.iter().map(|one| (one.unit, one.party)).collect();
    let payers = party::load(conn, vault, &payers)?;
    let payer = |one: &Obligation| {
        payers.get(&(one.unit, one.party)).and_then(|payer| payer.name.clone()).unwrap_or_default()
    };
    if let Some(told) = told_by_line(conn, vault, item)? {
        for one in &found {
            for (reason, evidence) in told.about(one, &payer(one)) {
                cases.entry(one.id).or_default().add(reason, detail::of_evidence(lang, &[evidence]));
            }
        }
    }
    let score = |one: &Obligation| cases.get(&one.id).map_or(0, |case| case.score);
    let place = |one: &Obligation| newest.iter().position(|id| *id == one.id);
    found.sort_by_key(|one| (std::cmp::Reverse(score(one)), place(one), std::cmp::Reverse(one.id)));
    found.truncate(LIMIT);
    let spoken_for = found.iter().filter(|one| score(one) > 0).count();
    let candidate = |one: &Obligation| Candidate {
        id: one.id.to_string(),
        dossier: one.dossier_code.clone(),
        payer: payer(one),
        owed: one.outstanding().to_string(),
        evidence: cases.get(&one.id).map(|case| case.words.join("; ")).unwrap_or_default(),
        is_exact: one.outstanding() == item.amount,
        is_chosen: spoken_for == 1 && score(one) > 0,
    };
    Ok(found.iter().map(candidate).collect())
}

/// What the item's line says of who paid for what.
struct Told {
    /// Words that look like a code and are none.
    damaged: Vec<String>,
    /// The memo and the sender's name, folded to words.
    memo: String,
    sender: String,
}

/// The statement's line that shows the item's money, if one does.
fn line_of(conn: &mut Conn, item: &Exception) -> Result<Option<StoredLine>> {
    let line = match item.subject_kind.as_str() {
        "line" => Some(LineId(item.subject_id)),
        _ => {
            let movement = (item.unit, MovementId(item.subject_id));
            line_query::lines_of_movements(conn, &[movement])?.pop().map(|(_, _, line)| line)
        }
    };
    line.map(|line| statement::line_query::line(conn, item.unit, line)).transpose()
}

fn told_by_line(conn: &mut Conn, vault: &Vault, item: &Exception) -> Result<Option<Told>> {
    let Some(line) = line_of(conn, item)? else { return Ok(None) };
    let texts = statement::line_texts(conn, vault, line.unit, line.id, line.key, &line.memo_cipher)?;
    Ok(Some(Told {
        damaged: line.damaged.clone(),
        memo: words(&texts.memo),
        sender: words(texts.counterparty_name.as_deref().unwrap_or_default()),
    }))
}

impl Told {
    fn about(&self, owed: &Obligation, payer: &str) -> Vec<(Reason, Evidence)> {
        let mut found = Vec::new();
        let code = &owed.reference_code;
        if self.damaged.iter().any(|word| one_edit_apart(word.as_bytes(), code.as_bytes())) {
            found.push((Reason::Code, Evidence::CodeOneEditAway { code: code.clone() }));
        }
        if self.names(payer) {
            found.push((Reason::Name, Evidence::PayerNameInMemo));
        }
        found
    }

    /// A name of two words or more, as the sender's or within the memo.
    fn names(&self, payer: &str) -> bool {
        // With a space before and after, so that it is found as words alone.
        let name = words(payer);
        name.trim().contains(' ') && (self.memo.contains(&name) || self.sender.contains(&name))
    }
}

/// A line, or money that was taken apart: what nobody could place.
fn has_candidates(item: &Exception) -> bool {
    let is_unplaced =
        matches!(item.kind, Kind::UnidentifiedCredit | Kind::DamagedCode | Kind::BulkSettlement);
    item.subject_kind == "line" || (item.subject_kind == "movement" && is_unplaced)
}

/// The obligations that somebody or something names, with the words beside each.
fn named(conn: &mut Conn, lang: Lang, item: &Exception) -> Result<Vec<(ObligationId, Reason, String)>> {
    let mut found = Vec::new();
    for word in told::told_of(conn, item)? {
        if word.subject_kind == "obligation" {
            let words = lang.t("evidence_told").trim_end_matches(';').to_owned();
            found.push((ObligationId(word.subject_id), Reason::Told, words));
        }
    }
    for id in notified(conn, item)? {
        found.push((id, Reason::Notified, lang.t("evidence_notified").to_owned()));
    }
    if item.kind == Kind::SeveralObligations {
        for (code, id, _) in owed_by_code(conn, item)? {
            let words = detail::of_evidence(lang, &[Evidence::CodeVerified { code }]);
            found.push((id, Reason::Suggested, words));
        }
    }
    if let Some(kept) = Detail::read(&item.detail) {
        let suggested = kept.suggested().into_iter();
        for (id, evidence) in suggested {
            // Each reason once, whoever found it; the sum is told beside every candidate.
            for one in evidence::of_values(evidence).into_iter().filter(|one| *one != Evidence::AmountExact) {
                found.push((id, Reason::Suggested, detail::of_evidence(lang, &[one])));
            }
        }
    }
    Ok(found)
}

/// The unit's obligations that the codes of the item's line name, in their order, with what is open of each. Where two
/// codes lead to one, as after a merger, it stands once, under the first.
fn owed_by_code(conn: &mut Conn, item: &Exception) -> Result<Vec<(String, ObligationId, Dong)>> {
    let Some(Detail::Line { code, .. }) = Detail::read(&item.detail) else { return Ok(Vec::new()) };
    let codes: Vec<String> = code.split('+').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    let resolved = query::resolve_codes(conn, &codes)?;
    let own: Vec<(UnitId, ObligationId)> =
        resolved.values().copied().filter(|(unit, _)| *unit == item.unit).collect();
    let owed: BTreeMap<ObligationId, Dong> =
        query::by_ids(conn, &own)?.iter().map(|one| (one.id, one.outstanding())).collect();
    let mut seen = BTreeSet::new();
    let named = |code: String| {
        let (_, id) = *resolved.get(&code)?;
        owed.get(&id).filter(|_| seen.insert(id)).map(|open| (code, id, *open))
    };
    Ok(codes.into_iter().filter_map(named).collect())
}

/// How a transfer that names several obligations may be divided, as the form takes it: to each what it owes, as far as
/// the money reaches. Whoever proposes it changes it as they know better.
pub(super) fn division(conn: &mut Conn, item: &Exception) -> Result<String> {
    if item.kind != Kind::SeveralObligations {
        return Ok(String::new());
    }
    let (mut left, mut parts) = (item.amount, Vec::new());
    for (code, _, open) in owed_by_code(conn, item)? {
        let part = open.min(left);
        if part.is_positive() {
            left = left.checked_sub(part)?;
            // The sum alone, as people type it.
            parts.push(format!("{code} {}", part.grouped()));
        }
    }
    Ok(parts.join("\n"))
}

/// The unit's obligations whose codes the bank named as payments of the item's entry, before or after the line was
/// suspended.
fn notified(conn: &mut Conn, item: &Exception) -> Result<Vec<ObligationId>> {
    let Some(line) = line_of(conn, item)? else { return Ok(Vec::new()) };
    let Some(reference) = &line.bank_reference else { return Ok(Vec::new()) };
    let codes = notice::codes_of_entry(conn, line.unit, line.account, reference, line.amount)?;
    let resolved = query::resolve_codes(conn, &codes.into_iter().collect::<Vec<_>>())?;
    let own = resolved.into_values().filter(|(unit, _)| *unit == item.unit);
    Ok(own.map(|(_, obligation)| obligation).collect::<BTreeSet<_>>().into_iter().collect())
}
