//! Plain tables for people: columns as wide as their widest cell.

/// Prints rows under a heading. Cells named in `right` (by index) are set to the right.
pub fn print(heading: &[&str], rows: &[Vec<String>], right: &[usize]) {
    print!("{}", text(heading, rows, right));
}

pub fn text(heading: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (at, cell) in row.iter().enumerate().take(widths.len()) {
            widths[at] = widths[at].max(width(cell));
        }
    }
    let mut text = String::new();
    let heading: Vec<String> = heading.iter().map(|cell| (*cell).to_owned()).collect();
    push_row(&mut text, &heading, &widths, right);
    let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    push_row(&mut text, &rules, &widths, &[]);
    for row in rows {
        push_row(&mut text, row, &widths, right);
    }
    text
}

fn push_row(text: &mut String, row: &[String], widths: &[usize], right: &[usize]) {
    let mut line = String::new();
    for (at, (cell, full)) in row.iter().zip(widths).enumerate() {
        let space = " ".repeat(full.saturating_sub(width(cell)));
        let (before, after) = if right.contains(&at) { (space.as_str(), "") } else { ("", space.as_str()) };
        line.push_str(before);
        line.push_str(cell);
        line.push_str(after);
        line.push_str("  ");
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Vietnamese is written composed, so a character is a column.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            vec![vec!["Phường".to_owned(), "1".to_owned()], vec!["Xã".to_owned(), "25.000".to_owned()]];
        let text = super::text(&["Đơn vị", "Số tiền"], &rows, &[1]);
        assert_eq!(text, "Đơn vị  Số tiền\n──────  ───────\nPhường        1\nXã       25.000\n");
    }
}
