//! A list as pages show it: a caption, heads, rows of cells.

/// A cell of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
    /// `done`, `wait`, `late` or `gone` for a state, `mono` for a code, `money` for a figure,
    /// `whole` for what is not broken, `breaks` for what is broken anywhere.
    pub tone: &'static str,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    pub fn mono(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), tone: "mono", ..Cell::default() }
    }

    pub fn figure(text: impl ToString) -> Cell {
        Cell { text: text.to_string(), tone: "money", ..Cell::default() }
    }

    /// How many of something, its thousands apart.
    pub fn count(number: i64) -> Cell {
        Cell::figure(crate::text::grouped(&number.to_string()))
    }

    /// A short name that is not broken at its hyphens.
    pub fn whole(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), tone: "whole", ..Cell::default() }
    }

    /// What holds long codes, which are broken wherever a line ends.
    pub fn broken(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), tone: "breaks", ..Cell::default() }
    }

    pub fn state(text: impl Into<String>, tone: &'static str) -> Cell {
        Cell { text: text.into(), tone, ..Cell::default() }
    }

    pub fn link(text: impl Into<String>, href: String) -> Cell {
        Cell { text: text.into(), href: Some(href), ..Cell::default() }
    }

    /// A state is shown as a tag.
    pub fn is_tag(&self) -> bool {
        matches!(self.tone, "done" | "wait" | "late" | "gone")
    }

    /// Words that want room: squeezed beside figures they would stand one below the other.
    pub fn is_long(&self) -> bool {
        self.tone.is_empty() && self.text.chars().count() > 16
    }
}

/// A list.
pub struct Listing {
    pub caption: &'static str,
    pub heads: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
}

impl Listing {
    /// The heading of a column, which stands before each cell where a row is a card.
    pub fn head(&self, column: &usize) -> &'static str {
        self.heads.get(*column).copied().unwrap_or_default()
    }

    /// Whether a column holds figures, which stand at the right, their heading too.
    pub fn is_figures(&self, column: &usize) -> bool {
        let mut cells =
            self.rows.iter().filter_map(|row| row.get(*column)).filter(|cell| !cell.text.is_empty());
        cells.next().is_some_and(|cell| cell.tone == "money")
    }
}

/// An optional text, or a dash.
pub fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// A day as people read it.
pub fn day(day: crate::clock::BusinessDay) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

/// An instant in Hà Nội, to the minute.
pub fn time(at: crate::clock::Instant) -> String {
    at.in_hanoi().format("%d/%m/%Y %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_want_room_and_figures_codes_and_states_do_not() {
        assert!(Cell::text("Phí chứng thực bản sao từ bản chính").is_long());
        assert!(!Cell::text("30/11/2026 16:25").is_long());
        assert!(!Cell::figure("1.254.400.000.000 đ").is_long());
        assert!(!Cell::broken("a5cca9a9cf605e89e7863428b9eae530").is_long());
    }
}
