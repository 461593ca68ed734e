//! What an acquirer or a gateway paid out: rows with amount, fee and net.

use std::cmp::Ordering;

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
    /// Every row that cannot be read beyond doubt, once each and in the order of the file; where all can, a stated
    /// sum that they do not come to.
    pub fn settled(&self) -> Result<Settled, Vec<Fault>> {
        let has_fees = self.has(Field::Fee) || self.has(Field::FeeTax);
        let mut faults: Vec<Fault> = self.misfits().iter().map(|line| Fault::at(*line, Why::Cells)).collect();
        let written = read_or_tell(self.rows().map(Written::of), &mut faults);
        let (are_deductions, doubtful) = are_deductions(&written);
        faults.extend(doubtful);
        let item = |row: &Written| self.item(row, has_fees, are_deductions);
        let items = read_or_tell(written.iter().map(item), &mut faults);
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.line);
            faults.dedup_by_key(|fault| fault.line);
            return Err(faults);
        }
        self.check_totals(&series(&written, &items)).map_err(|fault| vec![fault])?;
        Ok(Settled { items, tells_fees: has_fees || self.has(Field::Net) })
    }

    fn item(&self, row: &Written, has_fees: bool, are_deductions: bool) -> Result<Item, Fault> {
        let fee = match row.net {
            // What the file itself calls a fee may be more than a small amount: fees have a fixed part.
            Some(net) if has_fees => row.kept_by(net, has_fees),
            Some(net) => row.kept_by(net, has_fees).and_then(|fee| row.bounded(fee)),
            None if self.has(Field::Net) && !has_fees => Err(Why::Amount),
            None => row.fees().map(|fees| if are_deductions { Dong(-fees.0) } else { fees }),
        };
        let column = if row.net.is_some() || !has_fees { Field::Net } else { Field::Fee };
        Ok(Item {
            line: row.line,
            key: row.key.clone(),
            is_back: row.is_back,
            amount: Dong(row.amount.0.abs()),
            fee: fee.map_err(|why| Fault::at(row.line, why).in_column(column))?,
        })
    }
}

/// What can be read; what cannot goes to the faults.
fn read_or_tell<T>(read: impl Iterator<Item = Result<T, Fault>>, faults: &mut Vec<Fault>) -> Vec<T> {
    read.filter_map(|one| one.map_err(|fault| faults.push(fault)).ok()).collect()
}

impl Written {
    fn of(told: Told<'_>) -> Result<Written, Fault> {
        let fault = |field: Field, why: Why| Fault::at(told.line(), why).in_column(field);
        let money = |field: Field| told.money(field).map_err(|why| fault(field, why));
        let key = told.key().map_err(|why| told.of_key(why))?.to_owned();
        told.check_currency().map_err(|why| fault(Field::Currency, why))?;
        if !told.cell(Field::State).is_empty() && !told.says(Field::State, Word::Settled) {
            return Err(fault(Field::State, Why::State));
        }
        let amount = money(Field::Amount)?.filter(|amount| !amount.is_zero());
        let amount = amount.ok_or_else(|| fault(Field::Amount, Why::Amount))?;
        let fee = money(Field::Fee)?.unwrap_or_default();
        let fee_tax = money(Field::FeeTax)?.unwrap_or_default();
        let net = money(Field::Net)?;
        let is_back = is_back(told, amount).map_err(|why| fault(Field::Kind, why))?;
        Ok(Written { line: told.line(), key, is_back, amount, fee, fee_tax, net })
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
/// Most of those that are not zero say which, of as many the first; the rows that say otherwise are told.
fn are_deductions(written: &[Written]) -> (bool, Vec<Fault>) {
    let kept = written.iter().filter(|row| !row.is_back && row.net.is_none());
    // A fee that is no sum is told with its row.
    let kept = kept.filter_map(|row| Some((row.line, row.fees().ok().filter(|fees| !fees.is_zero())?)));
    let signs: Vec<(usize, bool)> = kept.map(|(line, fees)| (line, fees < Dong::ZERO)).collect();
    let below = signs.iter().filter(|(_, is_below)| *is_below).count();
    let are_below = match below.cmp(&(signs.len() - below)) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => signs.first().is_some_and(|(_, is_below)| *is_below),
    };
    let doubtful = signs.iter().filter(|(_, is_below)| *is_below != are_below);
    let doubtful = doubtful.map(|(line, _)| Fault::at(*line, Why::Fee).in_column(Field::Fee)).collect();
    (are_below, doubtful)
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
