//! What undoing would do, in words for the person who is to approve it.

use super::about;
use crate::error::Result;
use crate::id::UnitId;
use crate::payment::undo::{Effect, Foreseen};
use crate::store::Conn;
use crate::web::pages::wording::Lang;

/// One sentence for each thing that happens, in what people know it by; where it cannot be, the reason alone.
pub(super) fn words(conn: &mut Conn, lang: Lang, unit: UnitId, foreseen: &Foreseen) -> Result<Vec<String>> {
    said(lang, foreseen).iter().map(|text| about::named(conn, lang, unit, text)).collect()
}

fn said(lang: Lang, foreseen: &Foreseen) -> Vec<String> {
    let effect = match foreseen {
        Foreseen::Refused(code) => return vec![lang.of_code(code).to_owned()],
        Foreseen::Does(effect) if *effect == Effect::default() => {
            return vec![lang.t("undo_nothing_moves").to_owned()];
        }
        Foreseen::Does(effect) => effect,
    };
    let mut found = vec![lang.with("undo_to_suspense", effect.to_suspense)];
    found.extend(effect.deposits_expected_again.iter().map(|id| lang.with("undo_deposit", id)));
    found.extend(effect.orders_expected_again.iter().map(|id| lang.with("undo_order", id)));
    found.extend(effect.refunds_expected_again.iter().map(|id| lang.with("undo_refund", id)));
    found.extend(effect.expected_again.iter().map(|id| lang.with("undo_expected", id)));
    found.extend(effect.claimed_again.iter().map(|id| lang.with("undo_claimed", id)));
    found.extend(effect.obligations_reopened.iter().map(|id| lang.with("undo_reopens", id)));
    found.extend(effect.receipts_cancelled.iter().map(|id| lang.with("undo_cancels", id)));
    found.extend(effect.items_reopened.iter().map(|id| lang.with("undo_asks_again", id)));
    found.extend(effect.refunds_dropped.iter().map(|id| lang.with("undo_drops", id)));
    found
}
