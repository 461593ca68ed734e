//! How a line that was read becomes a row: its identity, its sealed texts, its codes.

use super::draft::{Draft, DraftLine};
use super::identity::{self, Features};
use super::line_query::LineRow;
use super::memo::{LineTexts, seal_texts};
use super::query::{self, StoredStatement};
use super::version::query::Withdrawn;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::Result;
use crate::id::*;
use crate::store::rows::insert_if_absent;
use crate::store::vault::{DataKey, Vault};
use crate::store::{Stamp, Tx};
use crate::text;

/// Reads the reference codes in a memo: (verified, damaged). `obligation::reference` gives it.
pub type CodesOf<'a> = dyn Fn(&str) -> (Vec<String>, Vec<String>) + Sync + 'a;

pub(super) fn features(vault: &Vault, unit: UnitId, lines: &[DraftLine]) -> Vec<Features> {
    let squashed = |text: &Option<String>| text.as_deref().map(text::squash).filter(|text| !text.is_empty());
    lines
        .iter()
        .map(|line| Features {
            date: line.booking_date,
            amount: line.amount,
            memo: vault.blind(unit, "memo", &squashed(&line.read.memo).unwrap_or_default()),
            bank_reference: squashed(&line.read.bank_reference),
        })
        .collect()
}

/// The rows of new lines with their identities.
pub(super) fn rows(
    stamp: &Stamp<'_>,
    key: &DataKey,
    begun: &StoredStatement,
    codes_of: &CodesOf<'_>,
    lines: &[(&DraftLine, String)],
) -> Result<Vec<LineRow>> {
    lines
        .iter()
        .map(|(line, identity)| row(stamp, key, begun, codes_of, line, (stamp.mint()?, identity)))
        .collect()
}

/// Stores a chunk of new lines; the ones a broken-off run stored already are left as they are.
///
/// # Errors
/// `statement_given_up`.
pub(super) fn add(tx: &mut Tx<'_>, actor: &Actor, begun: &StoredStatement, lines: &[LineRow]) -> Result<()> {
    actor.scope.require(begun.unit)?;
    query::hold(tx, begun.unit, begun.id)?;
    insert_if_absent(tx, lines, &["unit_id", "account_id", "identity"]).map(|_| ())
}

pub(super) fn row(
    stamp: &Stamp<'_>,
    key: &DataKey,
    begun: &StoredStatement,
    codes_of: &CodesOf<'_>,
    line: &DraftLine,
    (id, identity): (LineId, &str),
) -> Result<LineRow> {
    let memo = text::clean(line.read.memo.as_deref().unwrap_or_default());
    let (verified, damaged) = codes_of(&memo);
    let texts = LineTexts {
        memo,
        counterparty_name: line.read.counterparty_name.clone(),
        counterparty_account: line.read.counterparty_account.clone(),
        raw: line.read.raw.clone(),
    };
    Ok(LineRow {
        unit_id: begun.unit,
        id,
        statement_id: begun.id,
        account_id: begun.account,
        line_no: line.line_no,
        booking_date: line.booking_date,
        value_date: line.read.value_date.map(BusinessDay),
        amount: line.amount,
        identity: identity.to_owned(),
        reference: line.read.reference.as_deref().map(text::clean),
        bank_reference: line.read.bank_reference.as_deref().map(text::clean),
        codes: verified.join(" "),
        damaged: damaged.join(" "),
        key_id: key.id,
        memo_cipher: seal_texts(stamp.vault, key, id, &texts)?,
        is_reversal: line.read.reversal,
        created_at: stamp.now,
        matched: Dong::ZERO,
        revision: 1,
    })
}

/// Stores the contra lines of what a corrected statement took out: each the same sum the other way, on
/// the same day, so that the account's lines still add up to the bank's balances.
pub(super) fn add_contras(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    begun: &StoredStatement,
    withdrawn: &[Withdrawn],
) -> Result<()> {
    let key = stamp.sealing_key(tx, begun.unit)?;
    let mut stored = Vec::with_capacity(withdrawn.len());
    for (index, one) in withdrawn.iter().enumerate() {
        let texts = LineTexts {
            memo: format!("Sao kê sửa: ngân hàng rút lại dòng {} / withdrawn by the bank", one.line),
            ..LineTexts::default()
        };
        let features = Features {
            date: one.booking_date,
            amount: one.amount,
            memo: String::new(),
            bank_reference: None,
        };
        stored.push(LineRow {
            unit_id: begun.unit,
            id: one.contra,
            statement_id: begun.id,
            account_id: begun.account,
            line_no: begun.line_count.saturating_add(i32::try_from(index + 1).unwrap_or(i32::MAX)),
            booking_date: one.booking_date,
            value_date: None,
            amount: Dong(-one.amount.0),
            // No memo hash looks like an id: nothing else can have this identity.
            identity: identity::text(&Features { memo: one.line.to_string(), ..features }, 1),
            reference: None,
            bank_reference: None,
            codes: String::new(),
            damaged: String::new(),
            key_id: key.id,
            memo_cipher: seal_texts(stamp.vault, &key, one.contra, &texts)?,
            is_reversal: true,
            created_at: stamp.now,
            matched: Dong::ZERO,
            revision: 1,
        });
    }
    insert_if_absent(tx, &stored, &["unit_id", "account_id", "identity"]).map(|_| ())
}

/// The new lines of a draft with their identities.
pub(super) fn new_ones<'d>(
    draft: &'d Draft,
    features: &[Features],
    verdicts: &[identity::Verdict],
) -> Vec<(&'d DraftLine, String)> {
    let told = draft.lines.iter().zip(features).zip(verdicts);
    told.filter_map(|((line, features), verdict)| match verdict {
        identity::Verdict::New { occurrence } => Some((line, identity::text(features, *occurrence))),
        identity::Verdict::Known(_) => None,
    })
    .collect()
}
