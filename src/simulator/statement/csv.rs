//! A CSV export with a header, as an internet bank writes it: title lines, two amount columns,
//! thousands separators, totals.

use super::Day;
use crate::amount::Dong;
use crate::payment::Direction;

pub fn write(day: &Day<'_>) -> String {
    let date = day.day.0.format("%d/%m/%Y").to_string();
    let mut rows: Vec<Vec<String>> = vec![
        vec!["NGÂN HÀNG TMCP MÔ PHỎNG".into()],
        vec!["SAO KÊ TÀI KHOẢN / ACCOUNT STATEMENT".into()],
        vec!["Số tài khoản/Account No:".into(), day.account_no.into()],
        vec!["Loại tiền/Currency:".into(), "VND".into()],
        vec![format!("Từ ngày: {date} Đến ngày: {date}")],
        vec!["Số dư đầu kỳ/Opening balance".into(), grouped(day.opening)],
        Vec::new(),
        [
            "STT",
            "Ngày hạch toán/\nPosting date",
            "Ngày hiệu lực/\nValue date",
            "Số tham chiếu/Reference",
            "Nội dung/Description",
            "Nợ/Debit",
            "Có/Credit",
            "Số dư/Balance",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut balance = day.opening.0;
    let (mut debited, mut credited) = (0, 0);
    for (index, booking) in day.bookings.iter().enumerate() {
        balance += booking.signed();
        let amount = grouped(booking.amount);
        let (debit, credit) = match booking.direction {
            Direction::Debit => (amount, String::new()),
            Direction::Credit => (String::new(), amount),
        };
        debited += if booking.direction == Direction::Debit { booking.amount.0 } else { 0 };
        credited += if booking.direction == Direction::Credit { booking.amount.0 } else { 0 };
        rows.push(vec![
            (index + 1).to_string(),
            date.clone(),
            date.clone(),
            booking.bank_reference.clone(),
            booking.memo.clone(),
            debit,
            credit,
            grouped(Dong(balance)),
        ]);
    }
    let blank = String::new;
    rows.push(vec![
        "Tổng cộng/Total".into(),
        blank(),
        blank(),
        blank(),
        blank(),
        grouped(Dong(debited)),
        grouped(Dong(credited)),
        blank(),
    ]);
    let mut closing = vec!["Số dư cuối kỳ/Closing balance".to_owned()];
    closing.extend((0..6).map(|_| String::new()));
    closing.push(grouped(day.closing));
    rows.push(closing);
    rows.push(vec!["Chứng từ này được in từ hệ thống ngân hàng điện tử".into()]);
    let mut text = String::from("\u{FEFF}");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// `1,027,500`
fn grouped(amount: Dong) -> String {
    amount.grouped().replace('.', ",")
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
