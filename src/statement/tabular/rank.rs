//! Which of several columns of one meaning counts: the amount in the money of the account before that
//! of the purchase, the booked balance before the available one.

use super::column::{Column, has_any, normalise};
use super::dictionary;
use super::rows::Row;

/// Words of an amount as it was booked on the account.
const BOOKED: &[&str] = &[
    "BILLING",
    "BILLED",
    "BOOKED",
    "BOOKING",
    "SETTLEMENT",
    "SETTLED",
    "ACCOUNT",
    "CONVERTED",
    "POSTED",
    "ROZLICZENIA",
    "RACHUNKU",
    "KONTA",
    "COMPTE",
    "CUENTA",
    "CONTO",
    "KONTOWAHRUNG",
    "ПЛАТЕЖА",
    "СЧЕТА",
    "КАРТЫ",
    "КАРТКИ",
    "РАХУНКУ",
    "SASKAITOS",
    "记账金额",
];
/// Words of an amount as it was agreed with somebody else.
const AGREED: &[&str] = &[
    "TRANSACTION",
    "TRANSACTIE",
    "OPERACJI",
    "TRANSAKCJI",
    "PURCHASE",
    "TRANSACCION",
    "GROSS",
    "ОПЕРАЦИИ",
    "ОПЕРАЦІІ",
    "ТРАНЗАКЦИИ",
    "ТРАНЗАКЦІІ",
    "交易金额",
];
/// Words that name nothing but what the bank takes or gives.
const SURE_FEES: &[&str] = &["PHI", "LAI", "FEE", "FEES", "INTEREST", "CHARGE", "CHARGES"];
/// Words of a balance that counts what is not booked.
const AVAILABLE: &[&str] = &[
    "AVAILABLE",
    "DISPONIBLE",
    "DISPONIBILE",
    "DISPONIVEL",
    "VERFUGBAR",
    "BESCHIKBAAR",
    "DOSTEPNE",
    "DOSTUPNY",
    "TILGJENGELIG",
    "DISPONIBELT",
    "KHA DUNG",
];

/// Puts the best column of a meaning before the others, in place. Gives back the columns of amounts that
/// are as good as the first.
pub(super) fn settle(found: &mut Vec<(Column, usize)>, row: &Row) -> Vec<usize> {
    settle_valor(found, row);
    settle_accounts(found, row);
    prefer(found, Column::Reference, |index| usize::from(is_of_payer(row.cell(index))));
    settle_fees(found, row);
    adopt_reference(found, row);
    prefer(found, Column::Amount, |index| amount_rank(row.cell(index)));
    prefer(found, Column::Balance, |index| usize::from(is_available(row.cell(index))));
    prefer(found, Column::TransactionDate, |index| usize::from(is_of_period(row.cell(index))));
    let first = |wanted| found.iter().find(|(column, _)| *column == wanted).map(|(_, index)| *index);
    let amount = first(Column::Amount);
    let booked = first(Column::Debit).and(first(Column::Credit)).or(amount);
    if let Some(amount) = booked {
        prefer(found, Column::Currency, |index| currency_rank(row, amount, index));
    }
    settle_balance_mark(found);
    let amounts = found.iter().filter(|(column, _)| *column == Column::Amount).map(|(_, index)| *index);
    let rank = |index: usize| amount_rank(row.cell(index));
    amounts.filter(|index| amount.is_some_and(|best| best != *index && rank(best) == rank(*index))).collect()
}

/// “Valor” is the value date beside an amount, and the amount where there is no other.
fn settle_valor(found: &mut [(Column, usize)], row: &Row) {
    let is_money = |column| matches!(column, Column::Amount | Column::Debit | Column::Credit);
    if found.iter().any(|(column, _)| is_money(*column)) {
        return;
    }
    let is_valor = |index: usize| matches!(normalise(row.cell(index)).as_str(), "VALOR" | "VALEUR");
    let mut dates = found.iter_mut().filter(|(column, _)| *column == Column::ValueDate);
    if let Some((column, _)) = dates.find(|(_, index)| is_valor(*index)) {
        *column = Column::Amount;
    }
}

/// Beside “Konto”, the account of the row, “Nr rachunku” is that of the other side.
fn settle_accounts(found: &mut [(Column, usize)], row: &Row) {
    let is = |meaning: &(Column, usize), words: &[&str]| {
        meaning.0 == Column::Account && words.contains(&normalise(row.cell(meaning.1)).as_str())
    };
    if !found.iter().any(|meaning| is(meaning, &["KONTO"])) {
        return;
    }
    for meaning in found.iter_mut() {
        if is(meaning, &["NR RACHUNKU", "NUMER RACHUNKU"]) {
            meaning.0 = Column::CounterpartyAccount;
        }
    }
}

/// A number that the payer gave, not the bank.
fn is_of_payer(heading: &str) -> bool {
    let words =
        ["SYMBOL", "CUSTOMER", "CLIENT", "CHEQUE", "CHQ", "CHECK", "KUNDENREFERENZ", "PAYER", "商家订单号"];
    has_any(&normalise(heading), &words)
}

/// What is left of an amount is so without its fee. In languages in which the word names other costs as
/// well, only balances show that it was taken.
fn settle_fees(found: &mut Vec<(Column, usize)>, row: &Row) {
    let words = |index: usize| normalise(row.cell(index));
    let amount = found.iter().find(|(column, _)| *column == Column::Amount).map(|(_, index)| *index);
    let is_net = amount.is_some_and(|index| has_any(&words(index), &["NETTO", "NETTOBETRAG", "NETO", "NET"]));
    let has_balance = found.iter().any(|(column, _)| *column == Column::Balance);
    let is_sure = |index: usize| has_any(&words(index), SURE_FEES);
    found.retain(|(column, index)| *column != Column::Fee || (!is_net && (has_balance || is_sure(*index))));
}

/// Where nothing else tells what a row is about, its reference does.
fn adopt_reference(found: &mut Vec<(Column, usize)>, row: &Row) {
    let has_text = found.iter().any(|(column, _)| *column == Column::Description);
    let is_text = |index: usize| matches!(normalise(row.cell(index)).as_str(), "REFERENCE" | "REFERENCES");
    let reference = found.iter().find(|(column, index)| *column == Column::Reference && is_text(*index));
    if let Some((_, index)) = reference.copied().filter(|_| !has_text) {
        found.push((Column::Description, index));
    }
}

/// Lower is better.
pub(super) fn amount_rank(heading: &str) -> usize {
    let words = normalise(heading);
    match () {
        () if has_any(&words, BOOKED) => 0,
        () if has_any(&words, AGREED) => 3,
        () if dictionary::without_currency(&words).contains(' ') => 2,
        () => 1,
    }
}

/// A day of the statement, not of its rows.
fn is_of_period(heading: &str) -> bool {
    has_any(&normalise(heading), &["INITIAL", "FINAL", "FROM", "TO", "START", "END", "DUE", "STATEMENT"])
}

fn is_available(heading: &str) -> bool {
    has_any(&normalise(heading), AVAILABLE)
}

/// The currency of an amount has the words of its heading, or stands beside it.
fn currency_rank(row: &Row, amount: usize, index: usize) -> (bool, usize, usize) {
    let words = |index: usize| normalise(row.cell(index));
    let own = words(amount);
    let shares = words(index).split(' ').any(|word| {
        !matches!(word, "AMOUNT" | "CURRENCY" | "CCY") && own.split(' ').any(|other| other == word)
    });
    // Behind the amount before ahead of it.
    let distance = if index > amount { (index - amount) * 2 - 1 } else { (amount - index) * 2 };
    (!shares, words(index).split(' ').count(), distance)
}

fn prefer<K: Ord>(found: &mut [(Column, usize)], column: Column, rank: impl Fn(usize) -> K) {
    let places = found.iter().enumerate().filter(|(_, (known, _))| *known == column);
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    let Some(first) = places.first().copied() else { return };
    let best = places.into_iter().min_by_key(|place| found.get(*place).map(|(_, index)| rank(*index)));
    if let Some(best) = best {
        found.swap(first, best);
    }
}

/// Behind the balance a second mark, or one beside a debit and a credit column, is that of the balance.
fn settle_balance_mark(found: &mut [(Column, usize)]) {
    let has = |column| found.iter().any(|(known, _)| *known == column);
    let mark_count = found.iter().filter(|(column, _)| *column == Column::Mark).count();
    let needs_no_mark = has(Column::Debit) && has(Column::Credit);
    let balance = found.iter().find(|(column, _)| *column == Column::Balance).map(|(_, index)| *index);
    let Some(balance) = balance.filter(|_| mark_count > 1 || needs_no_mark) else { return };
    for (column, index) in found.iter_mut() {
        if *column == Column::Mark && *index == balance + 1 {
            *column = Column::BalanceMark;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_booked_amount_goes_before_that_of_the_purchase() {
        let row = Row {
            line: 1,
            cells: ["Transaction amount", "Transaction currency", "Billing amount", "Billing currency"]
                .map(str::to_owned)
                .into(),
        };
        let mut found =
            vec![(Column::Amount, 0), (Column::Currency, 1), (Column::Amount, 2), (Column::Currency, 3)];
        settle(&mut found, &row);
        let first = |column| found.iter().find(|(known, _)| *known == column).unwrap().1;
        assert_eq!((first(Column::Amount), first(Column::Currency)), (2, 3));
    }

    #[test]
    fn a_mark_behind_the_balance_is_its_own_where_another_is_there() {
        let mut found = [(Column::Amount, 0), (Column::Mark, 1), (Column::Balance, 2), (Column::Mark, 3)];
        settle_balance_mark(&mut found);
        assert_eq!(found[3].0, Column::BalanceMark);
        let mut found = [(Column::Amount, 0), (Column::Balance, 1), (Column::Mark, 2)];
        settle_balance_mark(&mut found);
        assert_eq!(found[2].0, Column::Mark, "the only mark is that of the amount");
    }
}
