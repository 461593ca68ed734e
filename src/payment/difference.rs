//! What a correction changes of the fees collected, item by item. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::correcting::stands_on;
use super::documents::fee_account;
use crate::amount::Dong;
use crate::error::Result;
use crate::ledger::Account;
use crate::obligation::Line;
use crate::receipt::DocumentKind;

/// The postings a change of lines asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Moves {
    /// From one fee to another: (debit, credit, amount).
    pub between: Vec<(Account, Account, Dong)>,
    /// Collected more, by fee.
    pub up: Vec<(Account, Dong)>,
    /// Collected less, by fee.
    pub down: Vec<(Account, Dong)>,
}

/// Pairs what one fee on the document loses with what another gains; the rest is more or less money.
pub(super) fn moves(kind: DocumentKind, old: &[Line], new: &[Line]) -> Result<Moves> {
    let mut sums: BTreeMap<String, (Account, Dong)> = BTreeMap::new();
    for (lines, sign) in [(old, -1), (new, 1)] {
        for line in lines.iter().filter(|line| stands_on(kind, line)) {
            let account = fee_account(line);
            let sum = sums.entry(account.to_string()).or_insert((account, Dong::ZERO));
            sum.1 = sum.1.checked_add(Dong(sign * line.amount.0))?;
        }
    }
    let mut moves = Moves::default();
    for (account, difference) in sums.into_values() {
        if difference.is_positive() {
            moves.up.push((account, difference));
        } else if !difference.is_zero() {
            moves.down.push((account, Dong(-difference.0)));
        }
    }
    pair(&mut moves)?;
    Ok(moves)
}

fn pair(moves: &mut Moves) -> Result<()> {
    while let (Some((from, less)), Some((to, more))) = (moves.down.first_mut(), moves.up.first_mut()) {
        let amount = (*less).min(*more);
        moves.between.push((from.clone(), to.clone(), amount));
        *less = less.checked_sub(amount)?;
        *more = more.checked_sub(amount)?;
        moves.down.retain(|(_, left)| left.is_positive());
        moves.up.retain(|(_, left)| left.is_positive());
    }
    Ok(())
}

/// Whether two lines are of one item, so that a document may carry their difference.
pub(super) fn is_same_item(one: &Line, other: &Line) -> bool {
    let what = |line: &Line| {
        (line.item_code.clone(), line.sub_item.clone(), line.kind.clone(), line.vat_rate.clone())
    };
    what(one) == what(other)
}

/// The lines of an adjusting document: for each item on it the difference, once, at its amount.
pub(super) fn difference_lines(kind: DocumentKind, old: &[Line], new: &[Line]) -> Result<Vec<Line>> {
    let mut items: Vec<(Line, Dong)> = Vec::new();
    for (lines, sign) in [(old, -1), (new, 1)] {
        for line in lines.iter().filter(|line| stands_on(kind, line)) {
            let place = items.iter().position(|(known, _)| is_same_item(known, line));
            let place = place.unwrap_or_else(|| {
                items.push((line.clone(), Dong::ZERO));
                items.len() - 1
            });
            if let Some((_, sum)) = items.get_mut(place) {
                *sum = sum.checked_add(Dong(sign * line.amount.0))?;
            }
        }
    }
    Ok(items
        .into_iter()
        .filter(|(_, difference)| !difference.is_zero())
        .map(|(line, difference)| at_difference(&line, difference))
        .collect())
}

/// A line as an adjusting document shows it: the difference, once.
pub(super) fn at_difference(line: &Line, difference: Dong) -> Line {
    Line {
        quantity: Decimal::ONE,
        unit_price: difference.to_decimal(),
        gross: difference,
        reduction: Dong::ZERO,
        reduction_percent: None,
        reduction_ground: None,
        amount: difference,
        ..line.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(item: &str, amount: i64) -> Line {
        Line {
            item_code: item.into(),
            item_name: format!("Phí {item}"),
            kind: "phi".into(),
            document_kind: "receipt".into(),
            measure_unit: "bản".into(),
            quantity: Decimal::from(2),
            unit_price: Decimal::from(amount) / Decimal::from(2),
            gross: Dong(amount),
            reduction: Dong(0),
            reduction_percent: None,
            reduction_ground: None,
            amount: Dong(amount),
            chapter: None,
            sub_item: None,
            kept_share_bp: 0,
            legal_ground: "thử".into(),
            explanation: String::new(),
            vat_rate: None,
        }
    }

    fn fee(item: &str) -> Account {
        Account::FeesCollected(item.into())
    }

    #[test]
    fn less_of_one_item_and_as_much_more_of_another_moves_no_money() {
        let found =
            moves(DocumentKind::Receipt, &[line("a", 100), line("b", 50)], &[line("a", 70), line("c", 80)])
                .unwrap();
        assert_eq!(
            found.between,
            [(fee("a"), fee("c"), Dong(30)), (fee("b"), fee("c"), Dong(50))],
            "80 of c come from a and b"
        );
        assert!(found.up.is_empty() && found.down.is_empty());
    }

    #[test]
    fn what_cannot_be_paired_is_more_or_less_money() {
        let up = moves(DocumentKind::Receipt, &[line("a", 100)], &[line("a", 90), line("b", 40)]).unwrap();
        assert_eq!((up.between, up.up), (vec![(fee("a"), fee("b"), Dong(10))], vec![(fee("b"), Dong(30))]));
        let down = moves(DocumentKind::Receipt, &[line("a", 100)], &[line("a", 60)]).unwrap();
        assert_eq!(down, Moves { down: vec![(fee("a"), Dong(40))], ..Moves::default() });
    }

    #[test]
    fn lines_that_stand_on_no_receipt_are_left_alone() {
        let mut postage = line("post", 30);
        postage.kind = "pass_through".into();
        assert_eq!(
            moves(DocumentKind::Receipt, &[line("a", 1), postage], &[line("a", 1)]).unwrap(),
            Moves::default()
        );
    }

    #[test]
    fn an_adjusting_document_carries_differences_that_add_up() {
        let lines = difference_lines(
            DocumentKind::Receipt,
            &[line("a", 100), line("b", 50)],
            &[line("a", 60), line("b", 50)],
        )
        .unwrap();
        assert_eq!(lines.len(), 1, "what did not change is not on it");
        assert_eq!(
            (lines[0].amount, lines[0].gross, lines[0].quantity),
            (Dong(-40), Dong(-40), Decimal::ONE)
        );
        assert_eq!(lines[0].unit_price, Decimal::from(-40));
    }
}
