//! The SQL of what payers' accounts were seen to pay for.

use std::collections::BTreeSet;

use diesel::sql_types::{BigInt, Bool, Text};

use crate::clock::Instant;
use crate::error::Result;
use crate::id::*;
use crate::store::Conn;
use crate::store::rows::{self, Column, Lock};

crate::table_row! {
    pub struct AliasRow in "payer_alias" {
        pub unit_id: UnitId,
        pub account_hash: String,
        pub party_id: PartyId,
        pub line_id: LineId,
        pub created_at: Instant,
    }
}

/// Matches that say nothing of one payer: what stands for several.
const SEVERAL: &str = "('bulk_reference', 'settlement_report', 'lump_sum', 'several_codes')";

/// Whether the match that the row `t` was learned from stands still: of its line, for an obligation of its payer.
/// That the bank took the money back says nothing against whose account it was.
fn stands() -> String {
    format!(
        "EXISTS (SELECT 1 FROM match_part p JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
         JOIN payment y ON y.unit_id = m.unit_id AND y.id = m.payment_id AND y.state IN ('proven', 'reversed') \
         JOIN obligation o ON o.unit_id = y.unit_id AND o.id = y.obligation_id \
         WHERE p.unit_id = t.unit_id AND p.line_id = t.line_id AND +o.party_id = t.party_id \
         AND +p.undoes_id IS NULL AND p.rule NOT IN {SEVERAL} \
         AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = p.unit_id AND u.undoes_id = p.id))"
    )
}

/// What was learned of an account.
#[derive(Clone, Debug)]
pub struct Learned {
    pub account_hash: String,
    pub party: PartyId,
    /// The line that taught it.
    pub line: LineId,
    /// Whether the match that taught it was not withdrawn.
    pub stands: bool,
}

/// What was learned of these accounts.
pub fn learned(conn: &mut Conn, unit: UnitId, accounts: &BTreeSet<&str>) -> Result<Vec<Learned>> {
    let found: Vec<(String, PartyId, LineId, bool)> = rows::fetch::<(Text, BigInt, BigInt, Bool), _>(
        conn,
        &format!("SELECT t.account_hash, t.party_id, t.line_id, {} FROM payer_alias t", stands()),
        &[
            ("unit_id", Column::of(accounts.iter().map(|_| unit))),
            ("account_hash", Column::of(accounts.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    let learned = |(account_hash, party, line, stands)| Learned { account_hash, party, line, stands };
    Ok(found.into_iter().map(learned).collect())
}

/// Forgets what matches taught that were withdrawn, so that another line may teach it anew.
pub fn forget(conn: &mut Conn, unit: UnitId, withdrawn: &[Learned]) -> Result<()> {
    let keys = vec![
        ("unit_id", Column::of(withdrawn.iter().map(|_| unit))),
        ("account_hash", Column::of(withdrawn.iter().map(|one| one.account_hash.as_str()))),
        ("party_id", Column::of(withdrawn.iter().map(|one| one.party))),
    ];
    rows::delete(conn, "payer_alias", keys).map(|_| ())
}

/// The payers of the obligations that lines paid, one row for each match: by code, by reference, or
/// by two persons who placed what stood in suspense. What was undone since is none.
pub fn payers(conn: &mut Conn, unit: UnitId, lines: &[LineId]) -> Result<Vec<(LineId, PartyId)>> {
    rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.line_id, o.party_id FROM match_part t \
         JOIN movement m ON m.unit_id = t.unit_id AND m.id = t.movement_id \
         JOIN payment p ON p.unit_id = m.unit_id AND p.id = m.payment_id AND p.state = 'proven' \
         JOIN obligation o ON o.unit_id = p.unit_id AND o.id = p.obligation_id",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| unit))),
            ("line_id", Column::of(lines.iter().copied())),
        ],
        &format!(
            "AND +t.undoes_id IS NULL AND t.rule NOT IN {SEVERAL} \
             AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = t.unit_id AND u.undoes_id = t.id)"
        ),
        Lock::None,
    )
}

/// The payers that accounts paid for, as far as the matches that said so stand, under every name they were
/// recorded: those that share a number or a telephone with one. (account's hash, payer).
pub fn same_payers(conn: &mut Conn, unit: UnitId, accounts: &[&str]) -> Result<Vec<(String, PartyId)>> {
    rows::fetch::<(Text, BigInt), _>(
        conn,
        "SELECT t.account_hash, j.party_id FROM payer_alias t \
         JOIN party_index i ON i.unit_id = t.unit_id AND i.party_id = t.party_id \
         AND i.kind IN ('personal_id', 'tax_code', 'passport', 'phone') \
         JOIN party_index j ON j.unit_id = i.unit_id AND j.kind = i.kind AND j.hash = i.hash",
        &[
            ("unit_id", Column::of(accounts.iter().map(|_| unit))),
            ("account_hash", Column::of(accounts.iter().copied())),
        ],
        &format!("AND {}", stands()),
        Lock::None,
    )
}
