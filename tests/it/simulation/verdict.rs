//! What must hold when a seed is over, beside the promises of every story.

use std::collections::BTreeMap;

use bienlai::amount::Dong;
use bienlai::exception::{Exception, Kind, State};
use bienlai::id::UnitId;
use bienlai::ledger::{self, Account};
use bienlai::obligation;

use super::city::City;

/// Tables that neither a file nor a claim told again may change.
const MONEY: [&str; 9] = [
    "movement",
    "payment",
    "payment_event",
    "allocation",
    "posting",
    "receipt",
    "statement_line",
    "line_case",
    "obligation_event",
];

/// Everything that does not hold, in words.
pub fn faults(city: &City) -> Vec<String> {
    let mut faults = city.world.problems();
    faults.extend(bank_faults(city));
    faults.extend(line_faults(city));
    faults.extend(unexplained(city));
    faults.extend(unpaid(city));
    faults.extend(told_again(city));
    faults
}

/// The trial balances, of every unit.
pub fn balances(city: &City) -> Vec<Vec<(String, Dong)>> {
    let balance = |unit| {
        let mut balance = city.world.look(|conn| ledger::trial_balance(conn, unit));
        balance.sort();
        balance
    };
    city.units().into_iter().map(balance).collect()
}

/// The ledger says of each account what the bank says.
fn bank_faults(city: &City) -> Vec<String> {
    let mut faults = Vec::new();
    for commune in city.world.communes() {
        let told = city.bank.day(commune.account_no, city.last_day()).expect("the account is open").closing;
        let account = Account::Bank(commune.account).to_string();
        let balance = city.world.look(|conn| ledger::trial_balance(conn, commune.id));
        let known = balance.iter().find(|(name, _)| *name == account).map_or(Dong::ZERO, |(_, sum)| *sum);
        if known != told {
            faults.push(format!("{account} holds {}, the bank says {}", known.0, told.0));
        }
    }
    faults
}

/// Every booking is one line, and every line is posted once.
fn line_faults(city: &City) -> Vec<String> {
    let booked = city.bank.ledger().len() as i64;
    let (lines, cases) = (city.world.count("statement_line"), city.world.count("line_case"));
    if (lines, cases) == (booked, booked) {
        return Vec::new();
    }
    vec![format!("{booked} bookings, {lines} lines, {cases} posted")]
}

/// Money without a place that no open exception explains.
pub fn unexplained(city: &City) -> Vec<String> {
    city.units().into_iter().flat_map(|unit| unexplained_in(city, unit)).collect()
}

/// Each account that holds money without a place wants an open exception about that very thing.
fn unexplained_in(city: &City, unit: UnitId) -> Vec<String> {
    let open: Vec<_> = city
        .world
        .exceptions(unit)
        .into_iter()
        .filter(|exception| exception.state != State::Resolved)
        .collect();
    let about = |subject: &str| open.iter().any(|exception| exception.subject_text() == subject);
    let named = |subject: &str, kinds: &[Kind]| {
        open.iter().any(|one| kinds.contains(&one.kind) && one.subject_text() == subject)
    };
    // What no single item is about must fit into the sum of those that may be.
    let summed = |kind: Kind, account: Option<&str>| -> i64 {
        let is_it = |one: &&Exception| {
            one.kind == kind
                && account.is_none_or(|text| one.account.is_some_and(|id| id.to_string() == text))
        };
        open.iter().filter(is_it).map(|one| one.amount.0.abs()).sum()
    };
    let balance = city.world.look(|conn| ledger::trial_balance(conn, unit));
    let mut faults = Vec::new();
    for (account, sum) in balance.iter().filter(|(_, sum)| !sum.is_zero()) {
        let (name, rest) = account.split_once('/').unwrap_or((account, ""));
        let is_explained = match name {
            "suspense" | "unexplained_debit" => about(rest),
            "clearing" => {
                let of = rest.split('/').next().unwrap_or_default();
                standing(&balance, &format!("clearing/{of}/")) <= summed(Kind::ClaimWithoutCredit, Some(of))
            }
            "due_to_unit" => standing(&balance, "due_to_unit/") <= summed(Kind::WrongAccount, None),
            "reversal_to_recover" => {
                standing(&balance, "reversal_to_recover/") <= summed(Kind::BankReversal, None)
            }
            "surplus" => named(rest, &[Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment]),
            "received_in_advance" => named(rest, &[Kind::Underpaid, Kind::ReceiptDue]),
            _ => true,
        };
        if !is_explained {
            faults.push(format!("{account} holds {} of unit {unit} and nothing explains it", sum.0));
        }
    }
    faults
}

/// What stands on all accounts that begin so, without sign.
fn standing(balance: &[(String, Dong)], prefix: &str) -> i64 {
    balance.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, sum)| sum.0.abs()).sum()
}

/// Who paid once, exactly and with the code is paid; with one receipt where a series is open.
fn unpaid(city: &City) -> Vec<String> {
    let mut faults = Vec::new();
    for owed in city.owed.iter().filter(|owed| owed.is_simple()) {
        let now = city.world.again(&owed.obligation);
        let receipts = city.world.receipts(&owed.obligation).len();
        let expected = usize::from(city.world.communes()[owed.commune].series.is_some());
        if now.state != obligation::State::Paid || receipts != expected {
            faults.push(format!("{} is {:?} with {receipts} receipts", now.reference_code, now.state));
        }
    }
    faults
}

/// Every file and every claim once more, and another matching: nothing moves.
fn told_again(city: &City) -> Vec<String> {
    let count = || -> BTreeMap<&str, i64> {
        MONEY.into_iter().map(|table| (table, city.world.count(table))).collect()
    };
    let before = (count(), balances(city));
    for (_, bytes) in city.files.iter().rev() {
        crate::imports::import(&city.world, bytes);
    }
    for batch in city.arrivals.chunks(16) {
        city.world.settle_all(batch);
    }
    city.match_all();
    let after = (count(), balances(city));
    if before == after { Vec::new() } else { vec![format!("told again, {before:?} became {after:?}")] }
}
