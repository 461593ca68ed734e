//! The bank's files: the same day as camt.053, MT940 and CSV.

pub mod camt;
pub mod csv;
pub mod mt940;

use super::bank::Day;

/// A file as the bank delivers it.
#[derive(Clone, Debug)]
pub struct File {
    /// `saoke-0123456789-20261122.xml`
    pub name: String,
    pub text: String,
}

/// The day in all three formats.
pub fn write_all(day: &Day<'_>) -> [File; 3] {
    let named = |extension: &str, text: String| File {
        name: format!("saoke-{}-{}.{extension}", day.account_no, day.day.0.format("%Y%m%d")),
        text,
    };
    [named("xml", camt::write(day)), named("sta", mt940::write(day)), named("csv", csv::write(day))]
}

#[cfg(test)]
mod tests {
    use super::super::bank::tests::{ACCOUNT, busy_bank};
    use super::*;
    use crate::statement::{self, Format, Line, Statement};

    fn read(file: &File, format: Format) -> Statement {
        let parsed = statement::parse(file.text.as_bytes());
        assert_eq!(parsed.format, format, "{}", file.name);
        assert!(parsed.errors.is_empty(), "{}: {:?}\n{}", file.name, parsed.errors, file.text);
        assert!(parsed.warnings.is_empty(), "{}: {:?}", file.name, parsed.warnings);
        let [only] = <[Statement; 1]>::try_from(parsed.statements).unwrap();
        only
    }

    /// What every format can say.
    fn essence(line: &Line) -> (String, String, String, String) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let day = line.day().unwrap().to_string();
        (day, line.amount.normalize().to_string(), text(&line.bank_reference), text(&line.memo))
    }

    #[test]
    fn our_reader_finds_the_same_day_in_all_three_files() {
        let (bank, day) = busy_bank();
        let told = bank.day(ACCOUNT, day).unwrap();
        let [camt, mt940, csv] = write_all(&told);
        let statements = [read(&camt, Format::Camt053), read(&mt940, Format::Mt940), read(&csv, Format::Csv)];
        let happened: Vec<_> = told
            .bookings
            .iter()
            .map(|booking| {
                let reference = booking.bank_reference.clone();
                (day.to_string(), booking.signed().to_string(), reference, booking.memo.clone())
            })
            .collect();
        for statement in &statements {
            assert_eq!(statement.account_number().as_deref(), Some(ACCOUNT));
            assert_eq!(statement.lines.iter().map(essence).collect::<Vec<_>>(), happened);
            let balance = |balance: &Option<statement::Balance>| balance.as_ref().unwrap().amount.normalize();
            assert_eq!(balance(&statement.opening), told.opening.to_decimal());
            assert_eq!(balance(&statement.closing), told.closing.to_decimal());
        }
        let reversals: Vec<usize> = statements[..2]
            .iter()
            .map(|statement| statement.lines.iter().filter(|line| line.reversal).count())
            .collect();
        assert_eq!(reversals, [1, 1], "camt and MT940 mark what the bank took back");
    }

    #[test]
    fn a_day_without_movements_is_a_statement_too() {
        let (bank, day) = busy_bank();
        let told = bank.day(ACCOUNT, day.next()).unwrap();
        let [camt, mt940, _] = write_all(&told);
        for (file, format) in [(camt, Format::Camt053), (mt940, Format::Mt940)] {
            let statement = read(&file, format);
            assert!(statement.lines.is_empty());
            assert_eq!(statement.closing.unwrap().amount.normalize(), told.closing.to_decimal());
        }
    }
}
