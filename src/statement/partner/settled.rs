//! What an acquirer or a gateway paid out: rows with amount, fee and net.

use super::{Fault, Field, Series, Table, Told, Why, Word};
use crate::amount::Dong;

/// A row that was paid out, or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub line: usize,
    /// The approval code, or the id of the transaction.
    pub key: String,
    /// The payer got the money back.
    pub is_back: bool,
    /// Above zero.
    pub amount: Dong,
    /// What was kept of it; below zero what was given back.
    pub fee: Dong,
}

/// All that a table pays out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub items: Vec<Item>,
    /// The table says what was kept: by a column of fees, or by one of what is left.
    pub tells_fees: bool,
}

/// A row as it is written.
struct Written {
    line: usize,
    key: String,
    is_back: bool,
    amount: Dong,
    fee: Dong,
    fee_tax: Dong,
    net: Option<Dong>,
}

impl Table {
    /// Reads what was paid out. Each row counts, or none does: the batch is one sum of the bank's.
    ///
    /// # Errors
    /// The first row that cannot be read beyond doubt, or a stated sum that the rows do not come to.
    pub fn settled(&self) -> Result<Settled, Fault> {
        let has_fees = self.has(Field::Fee) || self.has(Field::FeeTax);
        let mut written = Vec::with_capacity(self.body.len());
        for told in self.rows() {
            written.push(Written::of(told).map_err(|why| Fault::at(told.line(), why))?);
        }
        let are_deductions = are_deductions(&written)?;
        let mut items = Vec::with_capacity(written.len());
        for row in &written {
            let fee = match row.net {
                // What the file itself calls a fee may be more than a small amount: fees have a fixed part.
                Some(net) if has_fees => row.kept_by(net, has_fees),
                Some(net) => row.kept_by(net, has_fees).and_then(|fee| row.bounded(fee)),
                None if self.has(Field::Net) && !has_fees => Err(Why::Amount),
                None => row.fees().map(|fees| if are_deductions { Dong(-fees.0) } else { fees }),
            };
            let fee = fee.map_err(|why| Fault::at(row.line, why))?;
            items.push(Item {
                line: row.line,
                key: row.key.clone(),
                is_back: row.is_back,
                amount: Dong(row.amount.0.abs()),
                fee,
            });
        }
        self.check_totals(&series(&written, &items))?;
        Ok(Settled { items, tells_fees: has_fees || self.has(Field::Net) })
    }
}

impl Written {
    fn of(told: Told<'_>) -> Result<Written, Why> {
        let key = told.key()?.to_owned();
        told.check_currency()?;
        if !told.cell(Field::State).is_empty() && !told.says(Field::State, Word::Settled) {
            return Err(Why::State);
        }
        let amount = told.money(Field::Amount)?.filter(|amount| !amount.is_zero()).ok_or(Why::Amount)?;
        let fee = told.money(Field::Fee)?.unwrap_or_default();
        let fee_tax = told.money(Field::FeeTax)?.unwrap_or_default();
        let net = told.money(Field::Net)?;
        Ok(Written { line: told.line(), key, is_back: is_back(told, amount)?, amount, fee, fee_tax, net })
    }

    fn fees(&self) -> Result<Dong, Why> {
        self.fee.checked_add(self.fee_tax).map_err(|_| Why::Amount)
    }

    /// A fee that only the net amount tells: as much as the amount, it is none. A net amount of nothing was not paid
    /// out yet.
    fn bounded(&self, fee: Dong) -> Result<Dong, Why> {
        let is_less = fee.0.unsigned_abs() < self.amount.0.unsigned_abs();
        if is_less { Ok(fee) } else { Err(Why::FeeTooLarge) }
    }

    /// The amount with the sign of its side.
    fn signed(&self) -> Dong {
        if self.is_back { Dong(-self.amount.0.abs()) } else { self.amount }
    }

    /// The net amount with the sign of its side: where money went back without a sign, net has none either.
    fn signed_net(&self, net: Dong) -> Dong {
        let is_bare = self.is_back && self.amount.is_positive() && net.is_positive();
        if is_bare { Dong(-net.0) } else { net }
    }

    /// What amount and net leave for the fee, which the column of fees has to say as well.
    fn kept_by(&self, net: Dong, has_fees: bool) -> Result<Dong, Why> {
        let kept = self.signed().checked_sub(self.signed_net(net)).map_err(|_| Why::NetDiffers)?;
        let is_said = !has_fees || kept.0.unsigned_abs() == self.fees()?.0.unsigned_abs();
        let is_possible = self.is_back || kept >= Dong::ZERO;
        if is_said && is_possible { Ok(kept) } else { Err(Why::NetDiffers) }
    }
}

/// Whether the row gave money back: by its kind, else by its sign.
fn is_back(told: Told<'_>, amount: Dong) -> Result<bool, Why> {
    let is_negative = amount < Dong::ZERO;
    if told.cell(Field::Kind).is_empty() {
        return Ok(is_negative);
    }
    match (told.says(Field::Kind, Word::Sale), told.says(Field::Kind, Word::Back)) {
        (true, false) if !is_negative => Ok(false),
        (false, true) => Ok(true),
        _ => Err(Why::Kind),
    }
}

/// Whether the fees of what came in are written below zero, as what is taken away; all of them, or none.
fn are_deductions(written: &[Written]) -> Result<bool, Fault> {
    let mut signs = written.iter().filter(|row| !row.is_back && row.net.is_none());
    let mut known = None;
    let doubtful = signs.find(|row| {
        let Ok(fees) = row.fees() else { return true };
        let is_below = fees < Dong::ZERO;
        !fees.is_zero() && *known.get_or_insert(is_below) != is_below
    });
    match doubtful {
        Some(row) => Err(Fault::at(row.line, Why::Fee)),
        None => Ok(known.unwrap_or(false)),
    }
}

/// What the sums below the rows may be of.
fn series(written: &[Written], items: &[Item]) -> Vec<Series> {
    let of = |field, value: fn(&Written) -> Dong| Series::of(field, written.iter().map(value));
    let has_nets = written.iter().all(|row| row.net.is_some());
    let mut series = vec![
        of(Field::Amount, |row| row.amount),
        of(Field::Amount, Written::signed),
        of(Field::Fee, |row| row.fee),
        Series::of(Field::Fee, items.iter().map(|item| item.fee)),
        of(Field::FeeTax, |row| row.fee_tax),
    ];
    if has_nets {
        series.push(of(Field::Net, |row| row.net.unwrap_or_default()));
        series.push(of(Field::Net, |row| row.signed_net(row.net.unwrap_or_default())));
    }
    series
}
