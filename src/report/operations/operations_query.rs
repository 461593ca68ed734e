//! The SQL of queues. Each reads by an index of what waits.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::Queue;
use crate::actor::Scope;
use crate::clock::Instant;
use crate::error::Result;
use crate::store::Conn;
use crate::store::failure::Classify;

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    failing: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    oldest: Option<Instant>,
}

/// Name, what counts as failing, when an entry came, where it waits.
const QUEUES: [(&str, &str, &str, &str); 6] = [
    ("claims", "1", "created_at", "parked_claim t WHERE state = 'parked'"),
    ("signatures", "0", "created_at", "receipt t WHERE state = 'numbered'"),
    ("documents", "0", "created_at", "receipt_due t WHERE state = 'open'"),
    ("imports", "0", "created_at", "import_job t WHERE state IN ('queued', 'running')"),
    (
        "messages",
        "CASE WHEN attempts > 0 THEN 1 ELSE 0 END",
        "created_at",
        "message t WHERE state IN ('waiting', 'sending')",
    ),
    (
        "transmissions",
        "CASE WHEN attempts > 0 THEN 1 ELSE 0 END",
        "created_at",
        "transmission t WHERE state IN ('queued', 'sending', 'unknown', 'delivered')",
    ),
];

pub fn queues(conn: &mut Conn, scope: &Scope) -> Result<Vec<Queue>> {
    let limited = match scope {
        Scope::All => String::new(),
        // Numbers, and therefore safe; the city's own parked claims are the city's.
        Scope::Units(units) => {
            let units: Vec<String> = units.iter().map(|unit| unit.0.to_string()).collect();
            format!(
                "AND t.unit_id IN ({})",
                if units.is_empty() { "-1".to_owned() } else { units.join(", ") }
            )
        }
    };
    let mut found = Vec::with_capacity(QUEUES.len());
    for (name, failing, at, place) in QUEUES {
        let counted: Counted = diesel::sql_query(format!(
            "SELECT CAST(COUNT(*) AS BIGINT) AS waiting, CAST(COALESCE(SUM({failing}), 0) AS BIGINT) AS failing, \
             MIN({at}) AS oldest FROM {place} {limited}"
        ))
        .get_result(conn)
        .classify()?;
        found.push(Queue {
            name,
            waiting: counted.waiting,
            failing: counted.failing,
            oldest: counted.oldest,
        });
    }
    Ok(found)
}
