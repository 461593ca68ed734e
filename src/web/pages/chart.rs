//! Charts as inline SVG beside the numbers they show: bars in a table, columns by day.

use chrono::Datelike;

use crate::amount::Dong;
use crate::clock::BusinessDay;

/// A row of a table with a bar.
pub struct Bar {
    pub name: String,
    pub amount: String,
    /// Of 100.
    pub width: u32,
}

/// A column for each day of a month that has money, each at its place in the month.
pub struct Columns {
    pub columns: Vec<Column>,
    /// What the picture shows, for those who do not see it: first, last and largest.
    pub largest: Option<(String, String)>,
    /// Of the view box.
    pub width: u32,
}

pub struct Column {
    pub day: String,
    pub amount: String,
    pub x: u32,
    pub y: u32,
    pub height: u32,
}

const COLUMN_WIDTH: u32 = 20;
const HEIGHT: u32 = 100;
/// One axis for every month, so that months compare.
const DAYS: u32 = 31;

/// `amount` of `most` in hundredths; what is taken back has no bar.
pub fn width(amount: i64, most: i64) -> u32 {
    if amount <= 0 || most <= 0 {
        return 0;
    }
    let of_hundred = i128::from(amount) * 100 / i128::from(most);
    u32::try_from(of_hundred.min(100)).unwrap_or(0)
}

pub fn bars(sums: impl Iterator<Item = (String, Dong)>) -> Vec<Bar> {
    let sums: Vec<(String, Dong)> = sums.collect();
    let most = sums.iter().map(|(_, amount)| amount.0).max().unwrap_or_default();
    let bar = |(name, amount): (String, Dong)| Bar {
        name,
        amount: amount.to_string(),
        width: width(amount.0, most),
    };
    sums.into_iter().map(bar).collect()
}

pub fn columns(days: &[(BusinessDay, Dong)]) -> Columns {
    let largest = days.iter().max_by_key(|(_, amount)| *amount);
    let most = largest.map_or(0, |(_, amount)| amount.0);
    let shown = |day: &BusinessDay| day.0.format("%d/%m").to_string();
    let column = |(day, amount): &(BusinessDay, Dong)| {
        let height = width(amount.0, most);
        let x = day.0.day0() * COLUMN_WIDTH;
        Column { day: shown(day), amount: amount.to_string(), x, y: HEIGHT - height, height }
    };
    Columns {
        columns: days.iter().map(column).collect(),
        largest: largest.map(|(day, amount)| (shown(day), amount.to_string())),
        width: DAYS * COLUMN_WIDTH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_fills_its_bar_and_what_was_taken_back_has_none() {
        assert_eq!((width(50, 200), width(200, 200), width(-5, 200), width(0, 0)), (25, 100, 0, 0));
        assert_eq!(width(i64::MAX, i64::MAX), 100);
        let day = |text: &str| text.parse::<BusinessDay>().unwrap();
        let found = columns(&[(day("2026-11-01"), Dong(10)), (day("2026-11-28"), Dong(40))]);
        assert_eq!(found.largest, Some(("28/11".to_owned(), "40 đ".to_owned())));
        assert_eq!((found.columns[0].height, found.columns[1].y), (25, 0));
        let places: Vec<u32> = found.columns.iter().map(|column| column.x).collect();
        assert_eq!((places, found.width), (vec![0, 27 * COLUMN_WIDTH], 31 * COLUMN_WIDTH));
    }
}
