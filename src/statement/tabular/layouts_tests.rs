//! Exports as banks of many countries lay them out: `fixtures/statement/layouts.toml`.

use serde::Deserialize;

use crate::statement::parse;

#[derive(Deserialize)]
struct File {
    table: Vec<Table>,
}

#[derive(Deserialize)]
struct Table {
    country: String,
    /// Empty where the table names none.
    currency: String,
    is_balanced: bool,
    text: String,
}

#[test]
fn tables_of_many_banks_are_read_alike() {
    let file: File = toml::from_str(include_str!("../../../fixtures/statement/layouts.toml")).unwrap();
    assert!(file.table.len() > 30);
    for Table { country, currency, is_balanced, text } in file.table {
        let parsed = parse(text.as_bytes());
        assert_eq!(parsed.errors, vec![], "{country}");
        let [statement] = parsed.statements.as_slice() else { panic!("{country}: {parsed:?}") };
        let lines = statement.lines.iter().map(|line| {
            let day = line.booking_date.map(|day| day.to_string()).unwrap_or_default();
            (day, line.amount.normalize().to_string())
        });
        let wanted = [("2026-01-05", "50"), ("2026-01-16", "-7.5")];
        let wanted = wanted.map(|(day, amount)| (day.to_owned(), amount.to_owned()));
        assert_eq!(lines.collect::<Vec<_>>(), wanted, "{country}");
        if !currency.is_empty() {
            assert_eq!(statement.currency.as_deref(), Some(currency.as_str()), "{country}");
        }
        let closing = statement.closing.as_ref().map(|closing| closing.amount.to_string());
        assert_eq!(closing.as_deref() == Some("342.50"), is_balanced, "{country}");
    }
}
