//! Why a statement line was posted as it was: its case, what it was matched with, the level and rule
//! that decided, and what was compared.

use serde::Serialize;

use super::evidence::Evidence;
use super::explanation_query as query;
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::Result;
use crate::id::*;
use crate::statement;
use crate::store::Conn;

/// A line with everything that was decided about it. Holds no memo and no name.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub line: LineId,
    pub account: AccountId,
    pub booking_date: BusinessDay,
    /// Minus is money out.
    pub amount: Dong,
    pub codes: Vec<String>,
    /// What it was posted as; None while no run has looked at it.
    pub case: Option<String>,
    pub accounting_date: Option<BusinessDay>,
    pub class: Option<String>,
    /// Of the amount, without its sign.
    pub matched: Dong,
    /// What a rule explains without a movement: charges, interest, what is taken back.
    pub decided_by: Option<Reason>,
    pub parts: Vec<Part>,
}

/// A movement the line shows, and why it does.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub id: MatchId,
    pub movement: MovementId,
    pub amount: Dong,
    /// The match this one takes back.
    pub undoes: Option<MatchId>,
    pub maker: Option<PersonId>,
    pub checker: Option<PersonId>,
    pub matched_at: Instant,
    #[serde(flatten)]
    pub reason: Reason,
}

/// A rule with its level and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub rule: String,
    /// Of the ten levels of matching, the strongest first; None for rules beside them.
    pub level: Option<u8>,
    /// What was compared, without repeats.
    pub compared: Vec<&'static str>,
    pub evidence: Vec<Evidence>,
    pub vi: String,
    pub en: String,
}

impl Reason {
    /// Evidence that an earlier version wrote and this one cannot read is left out.
    pub fn of(rule: &str, stored: &str) -> Reason {
        let read: Vec<serde_json::Value> = serde_json::from_str(stored).unwrap_or_default();
        let evidence: Vec<Evidence> =
            read.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect();
        let mut compared: Vec<&'static str> = evidence.iter().map(Evidence::field).collect();
        compared.sort_unstable();
        compared.dedup();
        Reason {
            rule: rule.to_owned(),
            level: level(rule),
            compared,
            vi: super::evidence::words_vi(&evidence),
            en: super::evidence::words_en(&evidence),
            evidence,
        }
    }
}

/// The level of a rule: 2 and 3 decide alone, 6 when the sum is exact, 8 by report or only choice;
/// the others are proposals, or name a difference.
pub fn level(rule: &str) -> Option<u8> {
    Some(match rule {
        "code_and_amount" => 2,
        "bank_reference" | "provider_reference" | "same_money" | "split_reference" => 3,
        "code_only" => 4,
        "other_unit" => 5,
        "several_codes" => 6,
        "dossier_code" => 7,
        "bulk_reference" | "settlement_report" | "lump_sum" | "pos_batch" => 8,
        "payer_name" | "payer_alias" | "amount_and_day" => 9,
        "damaged_code" => 10,
        _ => return None,
    })
}

/// What is known of a line.
///
/// # Errors
/// `line_not_found`.
pub fn explain(conn: &mut Conn, unit: UnitId, id: LineId) -> Result<Explanation> {
    let line = statement::line_query::line(conn, unit, id)?;
    let case = query::case(conn, unit, id)?;
    let decided_by = query::evidence(conn, unit, id)?;
    Ok(Explanation {
        line: id,
        account: line.account,
        booking_date: line.booking_date,
        amount: line.amount,
        codes: line.codes,
        accounting_date: case.as_ref().map(|(_, date)| *date),
        case: case.map(|(name, _)| name),
        class: line.class,
        matched: line.matched,
        decided_by: decided_by.map(|(rule, evidence)| Reason::of(&rule, &evidence)),
        parts: query::parts(conn, unit, id)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_level_and_what_was_compared() {
        let stored = serde_json::to_string(&[
            Evidence::CodeVerified { code: "HNPH7K2MQ4X97".into() },
            Evidence::AmountExact,
            Evidence::WithinDays(0),
        ]);
        let reason = Reason::of("code_and_amount", &stored.unwrap());
        assert_eq!(reason.level, Some(2));
        assert_eq!(reason.compared, ["amount", "day", "reference_code"]);
        assert_eq!(reason.en, "code HNPH7K2MQ4X97 verified; exact amount; same working day");
    }

    #[test]
    fn evidence_of_another_version_does_not_hide_the_rest() {
        let reason = Reason::of("x", r#"[{"evidence":"amount_exact"},{"evidence":"of_tomorrow"}]"#);
        assert_eq!(reason.evidence, [Evidence::AmountExact]);
        assert!(Reason::of("none", "evidence").evidence.is_empty());
    }
}
