//! The SQL of what payers' accounts were seen to pay for.

use std::collections::HashSet;

use diesel::sql_types::{BigInt, Text};

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

/// The lines among these that were learned from.
pub fn learned(conn: &mut Conn, unit: UnitId, lines: &[LineId]) -> Result<HashSet<LineId>> {
    let found: Vec<(LineId, PartyId)> = rows::fetch::<(BigInt, BigInt), _>(
        conn,
        "SELECT t.line_id, t.party_id FROM payer_alias t",
        &[
            ("unit_id", Column::of(lines.iter().map(|_| unit))),
            ("line_id", Column::of(lines.iter().copied())),
        ],
        "",
        Lock::None,
    )?;
    Ok(found.into_iter().map(|(line, _)| line).collect())
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
        "AND +t.undoes_id IS NULL \
         AND t.rule NOT IN ('bulk_reference', 'settlement_report', 'lump_sum', 'several_codes') \
         AND NOT EXISTS (SELECT 1 FROM match_part u WHERE u.unit_id = t.unit_id AND u.undoes_id = t.id)",
        Lock::None,
    )
}

/// The payers that accounts paid for, under every name they were recorded: those that share a number
/// or a telephone with one. (account's hash, payer).
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
        "",
        Lock::None,
    )
}
