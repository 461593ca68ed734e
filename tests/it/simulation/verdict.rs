//! What must hold when a seed is over, beside the promises of every story.

use std::collections::BTreeMap;

use bienlai::amount::Dong;
use bienlai::exception::{Exception, Kind, State};
use bienlai::id::{LineId, MovementId, UnitId};
use bienlai::ledger::{self, Account};
use bienlai::obligation;
use bienlai::obligation::reference::{CODE_LENGTH, CodeBook};
use bienlai::payment::book::{Payment, PaymentState};
use bienlai::payment::line_query;
use bienlai::payment::prove::HELD_KINDS;
use bienlai::payment::refund;
use bienlai::report::verify;

use super::city::City;
use super::closing;
use crate::support::tools;

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
    faults.extend(book_faults(city));
    faults.extend(bank_faults(city));
    faults.extend(line_faults(city));
    faults.extend(unexplained(city));
    faults.extend(unpaid(city));
    faults.extend(told_again(city));
    faults
}

/// The same of a city whose offices work, with what was found on the way; a history that broke off is over.
pub fn faults_of_work(city: &City) -> Vec<String> {
    if let Some(office) = city.office.as_ref().filter(|office| !office.faults.is_empty()) {
        return office.faults.clone();
    }
    let mut faults = faults_at_work(city);
    faults.extend(closing::faults(city));
    faults.extend(bank_faults(city));
    faults.extend(line_faults(city));
    faults.extend(unexplained(city));
    faults.extend(unpaid(city));
    faults.extend(told_again(city));
    not_known(faults)
}

/// Faults of the product that are known and not mended yet, by the beginning of their words. They stand apart, so that
/// others are found; each says why it is here.
const KNOWN: &[&str] = &[];

/// Without what is known: by `KNOWN`, or, for whoever looks for something else, by `BIENLAI_TEST_KNOWN` with `|`
/// between beginnings.
pub(super) fn not_known(mut faults: Vec<String>) -> Vec<String> {
    let told = tools::told("BIENLAI_TEST_KNOWN").unwrap_or_default();
    let known: Vec<&str> =
        KNOWN.iter().copied().chain(told.split('|').filter(|one| !one.is_empty())).collect();
    faults.retain(|fault| !known.iter().any(|beginning| fault.starts_with(beginning)));
    faults
}

/// What holds at the end of each day, whatever waits.
pub(super) fn faults_at_work(city: &City) -> Vec<String> {
    let mut faults = city.world.problems();
    faults.extend(city.units().into_iter().flat_map(|unit| owed_both_ways(city, unit)));
    faults
}

/// Payments that the bank took back in part or whole while a surplus of theirs, or money for another unit, stands.
fn owed_both_ways(city: &City, unit: UnitId) -> Vec<String> {
    let balance = city.world.look(|conn| ledger::trial_balance(conn, unit));
    let sum = |account: Account| {
        let text = account.to_string();
        balance.iter().find(|(name, _)| *name == text).map_or(0, |(_, sum)| sum.0)
    };
    let is_kept = |payment: &Payment| {
        let Some(movement) = payment.movement.filter(|_| payment.other_unit.is_positive()) else {
            return false;
        };
        let lines = city.world.look(|conn| line_query::lines_of_movements(conn, &[(unit, movement)]));
        let mut subjects: Vec<String> = lines.into_iter().map(|(_, _, line)| line.to_string()).collect();
        subjects.push(movement.to_string());
        // What was paid on already is gone; that item is resolved.
        let open = city.world.exceptions(unit).into_iter().filter(|one| one.state != State::Resolved);
        open.into_iter().any(|one| one.kind == Kind::WrongAccount && subjects.contains(&one.subject_text()))
    };
    city.payments(unit)
        .iter()
        .filter(|payment| sum(Account::ReversalToRecover(payment.id)) > 0)
        .filter(|payment| sum(Account::Surplus(payment.id)) < 0 || is_kept(payment))
        .map(|payment| format!("owed both ways: {} of unit {unit}", payment.id))
        .collect()
}

/// What happened, with each reference code under the number by which it was told first: those of slips, refunds and
/// orders come from the machine's random source, whatever the seed.
pub fn story(city: &City) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    city.diary().iter().map(|words| retold(words, &mut codes)).collect()
}

fn retold(words: &str, codes: &mut Vec<String>) -> String {
    let book = CodeBook::hanoi();
    let mut told = String::new();
    let mut rest = words;
    while let Some((before, behind)) = rest.split_once(book.prefix()) {
        // What a bank cut off is shorter.
        let length = behind
            .bytes()
            .take(CODE_LENGTH - book.prefix().len())
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let (code, after) = behind.split_at(length);
        let number = codes.iter().position(|known| known == code).unwrap_or_else(|| {
            codes.push(code.to_owned());
            codes.len() - 1
        });
        told.push_str(&format!("{before}code {number}"));
        rest = after;
    }
    told.push_str(rest);
    told
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

/// The product's own look at its books finds nothing either.
fn book_faults(city: &City) -> Vec<String> {
    let of = |unit| city.world.look(|conn| verify::unit(conn, unit));
    city.units().into_iter().flat_map(of).map(|fault| format!("{}: {:?}", fault.check, fault.about)).collect()
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

/// Every booking is one line, beside those that a corrected statement took out, each with its contra line;
/// every line is posted once, and no corrected statement waits.
fn line_faults(city: &City) -> Vec<String> {
    let booked = city.bank.ledger().len() as i64;
    let (lines, cases) = (city.world.count("statement_line"), city.world.count("line_case"));
    let withdrawn = city.world.count("withdrawn_line");
    let mut faults = Vec::new();
    if (lines, cases) != (booked + 2 * withdrawn, lines) {
        faults.push(format!("{booked} bookings, {lines} lines, {withdrawn} withdrawn, {cases} posted"));
    }
    let waiting = (0..3).map(|commune| city.undecided(commune).len()).sum::<usize>();
    if waiting > 0 {
        faults.push(format!("{waiting} corrected statements wait for ever"));
    }
    faults
}

/// Money without a place that no open exception explains.
pub fn unexplained(city: &City) -> Vec<String> {
    city.units().into_iter().flat_map(|unit| unexplained_in(city, unit)).collect()
}

/// Each account that holds money without a place wants an open exception about that very money, of its sum.
fn unexplained_in(city: &City, unit: UnitId) -> Vec<String> {
    let open: Vec<Exception> = city
        .world
        .exceptions(unit)
        .into_iter()
        .filter(|exception| exception.state != State::Resolved)
        .collect();
    let balance = city.world.look(|conn| ledger::trial_balance(conn, unit));
    let payments = city.payments(unit);
    let asked = Asked { city, unit, open: &open, payments: &payments };
    let mut faults = Vec::new();
    for (account, sum) in &balance {
        let (name, rest) = account.split_once('/').unwrap_or((account, ""));
        let is_explained = match name {
            "suspense" => asked.sum(rest, &HELD_KINDS) + asked.moved(rest) == sum.0.abs(),
            "unexplained_debit" => asked.sum(rest, &DEBIT_KINDS) == sum.0.abs(),
            "clearing" => asked.claims(account) == sum.0.abs(),
            "due_to_unit" => asked.for_unit(rest) == sum.0.abs(),
            "reversal_to_recover" => asked.taken_back(rest) >= sum.0.abs(),
            "surplus" => asked.sum(rest, &SURPLUS_KINDS) >= sum.0.abs() || asked.is_on_its_way(rest),
            "received_in_advance" => asked.is_named(rest, &[Kind::Underpaid, Kind::ReceiptDue]),
            _ => true,
        };
        if !is_explained {
            faults.push(format!("{account} holds {} of unit {unit} and nothing explains it", sum.0));
        }
    }
    faults
}

const DEBIT_KINDS: [Kind; 4] = [Kind::UnknownDebit, Kind::BankFee, Kind::BankReversal, Kind::RefundUnmatched];
const SURPLUS_KINDS: [Kind; 3] = [Kind::Overpaid, Kind::DuplicateTransfer, Kind::LatePayment];

/// What the open exceptions of a unit ask about.
struct Asked<'a> {
    city: &'a City,
    unit: UnitId,
    open: &'a [Exception],
    payments: &'a [Payment],
}

impl Asked<'_> {
    fn about<'s>(&'s self, subject: &'s str, kinds: &'s [Kind]) -> impl Iterator<Item = &'s Exception> {
        self.open.iter().filter(move |one| kinds.contains(&one.kind) && one.subject_text() == subject)
    }

    fn is_named(&self, subject: &str, kinds: &[Kind]) -> bool {
        self.about(subject, kinds).next().is_some()
    }

    /// The exceptions about one subject. That two channels told the same money is said of placed money too.
    fn sum(&self, subject: &str, kinds: &[Kind]) -> i64 {
        let of = |one: &&Exception| one.kind != Kind::SameMoneyTwoChannels;
        self.about(subject, kinds).filter(of).map(|one| one.amount.0.abs()).sum()
    }

    /// Of money that stands under a line: the exceptions about its movements without a payment.
    fn moved(&self, line: &str) -> i64 {
        // Of a drawer that was over there are none.
        let Ok(line) = line.parse::<LineId>() else { return 0 };
        let parts = self.city.world.look(|conn| line_query::standing_parts(conn, self.unit, line));
        let is_free = |id: &MovementId| !self.payments.iter().any(|one| one.movement == Some(*id));
        let free = parts.into_iter().map(|(_, id, _)| id).filter(is_free);
        free.map(|id| self.sum(&id.to_string(), &HELD_KINDS)).sum()
    }

    /// What claims that nothing has proven, each under an exception of its own, put into a clearing.
    fn claims(&self, clearing: &str) -> i64 {
        let claimed = |one: &&Payment| one.state == PaymentState::Claimed && one.debit_account == clearing;
        let asked = |one: &&Payment| match one.movement {
            Some(movement) => {
                let kinds = [Kind::ClaimWithoutCredit, Kind::SameMoneyTwoChannels];
                self.is_named(&movement.to_string(), &kinds)
            }
            // Of a card nobody asks before its batch is late.
            None => true,
        };
        self.payments.iter().filter(claimed).filter(asked).map(|one| one.amount.0).sum()
    }

    /// The payments for a unit whose claim or line an exception is open about.
    fn for_unit(&self, to: &str) -> i64 {
        let world = &self.city.world;
        let mut sum = 0;
        for payment in self.payments.iter().filter(|one| !one.other_unit.is_zero()) {
            let owed = world.look(|conn| line_query::owed_to(conn, self.unit, payment.id));
            let movement = payment.movement.expect("a transfer has a movement");
            let lines = world.look(|conn| line_query::lines_of_movements(conn, &[(self.unit, movement)]));
            let mut subjects: Vec<String> = lines.into_iter().map(|(_, _, line)| line.to_string()).collect();
            subjects.push(movement.to_string());
            let is_asked = subjects.iter().any(|subject| self.is_named(subject, &[Kind::WrongAccount]));
            if is_asked && owed.is_some_and(|unit| unit.to_string() == to) {
                sum += payment.other_unit.0;
            }
        }
        sum
    }

    /// The lines that took a payment's money back.
    fn taken_back(&self, payment: &str) -> i64 {
        let account = Account::ReversalToRecover(payment.parse().expect("a payment"));
        let lines = self.city.world.look(|conn| ledger::lines_of(conn, self.unit, &account));
        let by_line: i64 = lines.iter().map(|line| self.sum(&line.to_string(), &[Kind::BankReversal])).sum();
        by_line + self.sum(payment, &[Kind::PosChargeback])
    }

    /// A refund of it was asked for: whoever answers it decides about the surplus.
    fn is_on_its_way(&self, payment: &str) -> bool {
        let payment = payment.parse().expect("a payment");
        let refunds = self.city.world.look(|conn| refund::query::of_payments(conn, &[(self.unit, payment)]));
        refunds.iter().any(|one| refund::rules::is_live(one.state))
    }
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
    for file in city.files.iter().rev() {
        crate::imports::import(&city.world, &file.bytes);
    }
    for batch in city.arrivals.chunks(16) {
        city.world.settle_all(batch);
    }
    city.match_all();
    let after = (count(), balances(city));
    if before == after { Vec::new() } else { vec![format!("told again, {before:?} became {after:?}")] }
}
