//! The SQL of what waits for a second person: one statement for all kinds and units, and what was handed to the
//! city.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Kind;
use super::agenda::{Item, Place};
use super::decision::{Matter, Open};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::failure::Classify;
use crate::store::schema::{correction, exception_event, filing, refund, refund_payee};
use crate::store::schema_cash::remittance;
use crate::store::schema_closing::day_reopening;
use crate::store::scoped::listed;

crate::table_row! {
    pub struct EscalationRow in "approval_escalation" {
        pub unit_id: UnitId,
        pub id: EventId,
        pub kind: &'static str,
        pub subject_id: i64,
        pub asked_at: Instant,
        pub why: &'static str,
        pub created_at: Instant,
    }
}

/// Where each matter waits: unit, id, since when, amount, who asked and who had a hand in it beside them; and from
/// what. In the order of the matters. States stand in the text, so that the indexes of exactly these are taken, and
/// where two tables are joined the few rows that wait are read first.
const WAITING: [(Matter, &str, &str); 19] = [
    (
        Matter::Kind(Kind::Exception),
        "x.unit_id, x.id, e.at AS asked_at, x.amount, e.maker_person_id AS maker, CAST(NULL AS BIGINT) AS also",
        "exception x CROSS JOIN exception_event e WHERE x.unit_id IN ({units}) AND x.state <> 'resolved' \
         AND x.state = 'proposed' AND e.unit_id = x.unit_id AND e.exception_id = x.id AND e.kind = 'proposed' \
         AND NOT EXISTS (SELECT 1 FROM exception_event l WHERE l.unit_id = e.unit_id \
         AND l.exception_id = e.exception_id AND l.kind = 'proposed' AND l.revision > e.revision)",
    ),
    (
        // Whoever named the payee last had a hand in it too.
        Matter::Kind(Kind::Refund),
        "r.unit_id, r.id, r.created_at, r.amount, r.maker_person_id, (SELECT p.person_id FROM refund_payee p \
         WHERE p.unit_id = r.unit_id AND p.refund_id = r.id ORDER BY p.id DESC LIMIT 1)",
        "refund r WHERE r.unit_id IN ({units}) AND r.state = 'requested'",
    ),
    (
        // The larger of the two sums is what is at stake.
        Matter::Kind(Kind::Correction),
        "c.unit_id, c.id, c.created_at, CASE WHEN c.old_amount < c.new_amount THEN c.new_amount \
         ELSE c.old_amount END, c.maker_person_id, CAST(NULL AS BIGINT)",
        "correction c WHERE c.unit_id IN ({units}) AND c.state = 'requested'",
    ),
    (
        Matter::Kind(Kind::Remittance),
        "o.unit_id, o.id, o.created_at, o.amount, o.maker_person_id, CAST(NULL AS BIGINT)",
        "remittance o WHERE o.unit_id IN ({units}) AND o.state = 'drafted'",
    ),
    (
        Matter::Kind(Kind::Reopening),
        "d.unit_id, d.id, d.created_at, CAST(0 AS BIGINT), d.maker_person_id, CAST(NULL AS BIGINT)",
        "day_reopening d WHERE d.unit_id IN ({units}) AND d.state = 'requested'",
    ),
    (
        Matter::Kind(Kind::Version),
        "v.unit_id, v.id, e.at, CAST(0 AS BIGINT), e.maker_person_id, CAST(NULL AS BIGINT)",
        "statement_version v CROSS JOIN statement_version_event e WHERE v.unit_id IN ({units}) \
         AND v.state = 'proposed' AND e.unit_id = v.unit_id AND e.version_id = v.id AND e.state = 'proposed' \
         AND NOT EXISTS (SELECT 1 FROM statement_version_event l WHERE l.unit_id = e.unit_id \
         AND l.version_id = e.version_id AND l.state = 'proposed' AND l.revision > e.revision)",
    ),
    (
        Matter::Kind(Kind::Rule),
        "u.unit_id, u.id, u.created_at, CAST(0 AS BIGINT), u.maker_person_id, CAST(NULL AS BIGINT)",
        "class_rule u WHERE u.unit_id IN ({units}) AND u.state = 'proposed'",
    ),
    (
        Matter::Kind(Kind::Notice),
        "f.unit_id, f.id, f.created_at, CAST(0 AS BIGINT), f.maker_person_id, CAST(NULL AS BIGINT)",
        "filing f WHERE f.unit_id IN ({units}) AND f.kind = 'error_notice' AND f.state = 'requested'",
    ),
    (
        Matter::Withdrawal,
        "c.unit_id, c.id, COALESCE((SELECT e.at FROM correction_event e WHERE e.unit_id = c.unit_id \
         AND e.correction_id = c.id AND e.kind = 'withdrawal_requested' ORDER BY e.revision DESC LIMIT 1), \
         c.created_at), CASE WHEN c.old_amount < c.new_amount THEN c.new_amount ELSE c.old_amount END, \
         c.withdrawal_maker_person_id, CAST(NULL AS BIGINT)",
        "correction c WHERE c.unit_id IN ({units}) AND c.state = 'withdrawal_requested'",
    ),
    (
        Matter::Drawer,
        "s.unit_id, s.id, COALESCE(n.at, s.opened_at), COALESCE(n.total - n.expected, 0), n.person_id, \
         CAST(NULL AS BIGINT)",
        "shift s LEFT JOIN shift_count n ON n.unit_id = s.unit_id AND n.shift_id = s.id AND n.kind = 'closing' \
         AND NOT EXISTS (SELECT 1 FROM shift_count l WHERE l.unit_id = n.unit_id AND l.shift_id = n.shift_id \
         AND l.kind = 'closing' AND l.revision > n.revision) WHERE s.unit_id IN ({units}) AND s.state = 'counted'",
    ),
    (
        // It was made by itself.
        Matter::Report,
        "f.unit_id, f.id, f.created_at, CAST(0 AS BIGINT), CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)",
        "filing f WHERE f.unit_id IN ({units}) AND f.kind = 'usage_report' AND f.state = 'requested'",
    ),
    (
        Matter::Registration,
        "f.unit_id, f.id, f.created_at, CAST(0 AS BIGINT), f.maker_person_id, CAST(NULL AS BIGINT)",
        "filing f WHERE f.unit_id IN ({units}) AND f.kind = 'registration' AND f.state = 'requested'",
    ),
    (
        Matter::Undo,
        "a.unit_id, a.exception_id, a.at, i.amount, a.maker_person_id, CAST(NULL AS BIGINT)",
        "exception_event a CROSS JOIN exception i WHERE a.unit_id IN ({units}) AND a.kind = 'reopen_proposed' \
         AND i.unit_id = a.unit_id AND i.id = a.exception_id AND i.state = 'resolved' \
         AND NOT EXISTS (SELECT 1 FROM exception_event l WHERE l.unit_id = a.unit_id \
         AND l.exception_id = a.exception_id AND l.kind IN ('reopen_proposed', 'reopen_refused', 'reopened') \
         AND l.revision > a.revision)",
    ),
    (
        Matter::KeyStop,
        "k.unit_id, k.id, k.asked_at, CAST(0 AS BIGINT), k.maker_person_id, CAST(NULL AS BIGINT)",
        "certificate_stop k WHERE k.unit_id IN ({units}) AND NOT EXISTS (SELECT 1 \
         FROM certificate_stop_decision l WHERE l.unit_id = k.unit_id AND l.stop_id = k.id)",
    ),
    (
        // Both who has the pad and who entered it had the cash in hand.
        Matter::Slip,
        "s.unit_id, s.slip_no, e.at, e.amount, p.person_id, e.person_id",
        "provisional_slip s CROSS JOIN slip_pad p CROSS JOIN provisional_slip_event e \
         WHERE s.unit_id IN ({units}) AND s.state = 'entered' AND p.unit_id = s.unit_id AND p.id = s.pad_id \
         AND e.unit_id = s.unit_id AND e.slip_no = s.slip_no AND e.kind = 'entered' AND e.amount IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM provisional_slip_event l WHERE l.unit_id = e.unit_id \
         AND l.slip_no = e.slip_no AND l.kind = 'entered' AND l.revision > e.revision)",
    ),
    (
        Matter::Tariff,
        "p.unit_id, p.id, p.created_at, CAST(0 AS BIGINT), p.maker_person_id, CAST(NULL AS BIGINT)",
        "proposal p WHERE p.unit_id IN ({units}) AND p.kind = 'tariff' AND p.state = 'proposed'",
    ),
    (
        Matter::Proposal,
        "p.unit_id, p.id, p.created_at, CAST(0 AS BIGINT), p.maker_person_id, CAST(NULL AS BIGINT)",
        "proposal p WHERE p.unit_id IN ({units}) AND p.kind <> 'tariff' AND p.state = 'proposed'",
    ),
    (
        Matter::DataAct,
        "b.unit_id, b.request_id, b.created_at, CAST(0 AS BIGINT), b.maker_person_id, CAST(NULL AS BIGINT)",
        "data_act b WHERE b.unit_id IN ({units})",
    ),
    (
        // Whoever keyed them last waits for another person; what was keyed before agreed with nobody.
        Matter::SetAside,
        "q.unit_id, q.statement_id, q.created_at, CAST(0 AS BIGINT), q.maker_person_id, CAST(NULL AS BIGINT)",
        "quarantine_proposal q WHERE q.unit_id IN ({units}) AND EXISTS (SELECT 1 FROM quarantined_line o \
         WHERE o.unit_id = q.unit_id AND o.statement_id = q.statement_id AND o.state = 'open') \
         AND NOT EXISTS (SELECT 1 FROM quarantine_proposal l WHERE l.unit_id = q.unit_id \
         AND l.statement_id = q.statement_id AND l.id > q.id)",
    ),
];

/// What of these matters waits in these units, each beside why the city is asked for it. `w` is the one, `s` the
/// other.
fn waiting(units: &[UnitId], matters: &[Matter]) -> Option<String> {
    let listed = listed(units);
    let branch = |(rank, (matter, columns, from)): (usize, &(Matter, &str, &str))| {
        let from = from.replace("{units}", &listed);
        format!("SELECT {rank} AS matter_rank, '{}' AS kind, {columns} FROM {from}", matter.as_str())
    };
    let branches: Vec<String> =
        (0..).zip(&WAITING).filter(|(_, (matter, ..))| matters.contains(matter)).map(branch).collect();
    if units.is_empty() || branches.is_empty() {
        return None;
    }
    // The first branch names the columns of all.
    let named = "SELECT 0 AS matter_rank, '' AS kind, CAST(0 AS BIGINT) AS unit_id, CAST(0 AS BIGINT) AS id, \
                 CAST(0 AS BIGINT) AS asked_at, CAST(0 AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS maker, \
                 CAST(NULL AS BIGINT) AS also WHERE 1 = 0";
    Some(format!(
        "FROM ({named} UNION ALL {}) w LEFT JOIN approval_escalation s ON s.unit_id = w.unit_id \
         AND s.kind = w.kind AND s.subject_id = w.id AND s.asked_at = w.asked_at",
        branches.join(" UNION ALL ")
    ))
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    unit_id: UnitId,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    asked_at: Instant,
    #[diesel(sql_type = BigInt)]
    amount: Dong,
    #[diesel(sql_type = Nullable<BigInt>)]
    maker: Option<PersonId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    also: Option<PersonId>,
    #[diesel(sql_type = Nullable<Text>)]
    why: Option<String>,
}

fn item(row: Stored) -> Result<Item> {
    let also = row.also.filter(|also| Some(*also) != row.maker);
    let open = Open {
        unit: row.unit_id,
        matter: Matter::parse(&row.kind)?,
        id: row.id,
        makers: row.maker.into_iter().chain(also).collect(),
        amount: row.amount,
        asked_at: row.asked_at,
    };
    Ok(Item { open, why: row.why })
}

/// What waits behind a place, in the order of the agenda.
pub fn page(
    conn: &mut Conn,
    (units, matters): (&[UnitId], &[Matter]),
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Item>> {
    const ORDER: &str =
        "CASE WHEN s.why IS NULL THEN 1 ELSE 0 END, w.asked_at, w.matter_rank, w.unit_id, w.id";
    let Some(waiting) = waiting(units, matters) else { return Ok(Vec::new()) };
    let behind = after.map_or_else(String::new, |after| {
        let rank = WAITING.iter().position(|(matter, ..)| *matter == after.matter).unwrap_or_default();
        let (escalated, at) = (u8::from(!after.is_escalated.0), after.asked_at.0);
        format!("WHERE ({ORDER}) > ({escalated}, {at}, {rank}, {}, {})", after.unit.0, after.id)
    });
    let found: Vec<Stored> = diesel::sql_query(format!(
        "SELECT w.kind, w.unit_id, w.id, w.asked_at, w.amount, w.maker, w.also, s.why {waiting} {behind} \
         ORDER BY {ORDER} LIMIT {limit}"
    ))
    .load(conn)
    .classify()?;
    found.into_iter().map(item).collect()
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    for_city: i64,
}

/// How many of each matter wait, and how many of them the city is asked for.
pub fn counts(
    conn: &mut Conn,
    units: &[UnitId],
    matters: &[Matter],
) -> Result<BTreeMap<Matter, (usize, usize)>> {
    let Some(waiting) = waiting(units, matters) else { return Ok(BTreeMap::new()) };
    let found: Vec<Counted> = diesel::sql_query(format!(
        "SELECT w.kind, CAST(COUNT(*) AS BIGINT) AS waiting, CAST(COUNT(s.why) AS BIGINT) AS for_city {waiting} \
         GROUP BY w.kind"
    ))
    .load(conn)
    .classify()?;
    let count = |one: i64| usize::try_from(one).unwrap_or_default();
    let told = |one: Counted| -> Result<(Matter, (usize, usize))> {
        Ok((Matter::parse(&one.kind)?, (count(one.waiting), count(one.for_city))))
    };
    found.into_iter().map(told).collect()
}

/// Who has a hand in one thing whose approval may be delegated, whatever became of it: as `page` tells them.
pub fn makers(conn: &mut Conn, unit: UnitId, kind: Kind, id: i64) -> Result<Vec<PersonId>> {
    let maker: Option<PersonId> = match kind {
        Kind::Exception => exception_event::table
            .filter(exception_event::unit_id.eq(unit))
            .filter(exception_event::exception_id.eq(id))
            .filter(exception_event::kind.eq("proposed"))
            .order(exception_event::revision.desc())
            .select(exception_event::maker_person_id)
            .first::<Option<PersonId>>(conn)
            .optional()
            .classify()?
            .flatten(),
        Kind::Correction => correction::table
            .filter(correction::unit_id.eq(unit).and(correction::id.eq(id)))
            .select(correction::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Remittance => remittance::table
            .filter(remittance::unit_id.eq(unit).and(remittance::id.eq(id)))
            .select(remittance::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Reopening => day_reopening::table
            .filter(day_reopening::unit_id.eq(unit).and(day_reopening::id.eq(id)))
            .select(day_reopening::maker_person_id)
            .first(conn)
            .optional()
            .classify()?,
        Kind::Notice => filing::table
            .filter(filing::unit_id.eq(unit).and(filing::id.eq(id)))
            .select(filing::maker_person_id)
            .first::<Option<PersonId>>(conn)
            .optional()
            .classify()?
            .flatten(),
        Kind::Refund => return refund_makers(conn, unit, id),
        Kind::Version | Kind::Rule => None,
    };
    Ok(maker.into_iter().collect())
}

fn refund_makers(conn: &mut Conn, unit: UnitId, id: i64) -> Result<Vec<PersonId>> {
    let maker: Option<PersonId> = refund::table
        .filter(refund::unit_id.eq(unit).and(refund::id.eq(id)))
        .select(refund::maker_person_id)
        .first(conn)
        .optional()
        .classify()?;
    let named: Option<PersonId> = refund_payee::table
        .filter(refund_payee::unit_id.eq(unit))
        .filter(refund_payee::refund_id.eq(id))
        .order(refund_payee::id.desc())
        .select(refund_payee::person_id)
        .first(conn)
        .optional()
        .classify()?;
    let named = named.filter(|named| Some(*named) != maker);
    Ok(maker.into_iter().chain(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_matter_waits_somewhere_in_the_order_in_which_places_compare() {
        let named: Vec<Matter> = WAITING.iter().map(|(matter, ..)| *matter).collect();
        assert!(named.is_sorted(), "{named:?}");
        assert_eq!(named, Matter::all().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_asked_for_without_a_unit_or_a_matter() {
        assert!(waiting(&[], &[Matter::Slip]).is_none() && waiting(&[UnitId(2)], &[]).is_none());
        let text = waiting(&[UnitId(2), UnitId(3)], &[Matter::Slip]).unwrap();
        assert!(text.contains("s.unit_id IN (2, 3)") && !text.contains("refund"), "{text}");
    }
}
