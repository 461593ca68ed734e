//! What a column heading means: Vietnamese, English or both, in any spelling; other languages by their
//! dictionary.

use super::dictionary;
use crate::statement::currency;
use crate::text::fold;

pub(super) use crate::statement::layout::Column;

/// Folded words separated by single spaces: `Số tiền\nghi nợ/Debit` is `SO TIEN GHI NO DEBIT`.
pub(super) fn normalise(text: &str) -> String {
    let folded: String = fold(text).chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether one of the phrases stands in the text as whole words.
pub(super) fn has_any(text: &str, phrases: &[&str]) -> bool {
    let padded = format!(" {text} ");
    phrases.iter().any(|phrase| padded.contains(&format!(" {phrase} ")))
}

const DATE: &[&str] = &["NGAY", "DATE"];
const DEBIT: &[&str] = &[
    "GHI NO",
    "PHAT SINH NO",
    "PS NO",
    "DEBIT",
    "DR",
    "RUT RA",
    "WITHDRAWAL",
    "WITHDRAWALS",
    "TIEN RA",
    "CHI RA",
    "MONEY OUT",
    "PAID OUT",
    "TIEN NO",
    "SO TIEN RUT",
    "TIEN CHI",
];
const CREDIT: &[&str] = &[
    "GHI CO",
    "PHAT SINH CO",
    "PS CO",
    "CREDIT",
    "CR",
    "GUI VAO",
    "DEPOSIT",
    "DEPOSITS",
    "TIEN VAO",
    "THU VAO",
    "MONEY IN",
    "PAID IN",
    "TIEN CO",
    "SO TIEN GUI",
    "TIEN THU",
];
const OTHER_SIDE: &[&str] = &[
    "DOI UNG",
    "KHOAN DICH",
    "TK DICH",
    "DOI TAC",
    "THU HUONG",
    "NGUOI HUONG",
    "NGUOI CHUYEN",
    "NGUOI NHAN",
    "NGUOI GUI",
    "BENEFICIARY",
    "COUNTERPARTY",
    "COUNTER",
    "REMITTER",
    "SENDER",
    "RECEIVER",
    "OFFSET",
    "PARTNER",
    "CORRESPONDENT",
];
const DESCRIPTION: &[&str] = &[
    "NOI DUNG",
    "DIEN GIAI",
    "MO TA",
    "DESCRIPTION",
    "REMARK",
    "REMARKS",
    "DETAIL",
    "DETAILS",
    "NARRATIVE",
    "PARTICULARS",
    "MEMO",
    "GHI CHU",
    "TIEU DE",
];
const REFERENCE: &[&str] = &[
    "THAM CHIEU",
    "REFERENCE",
    "REF",
    "SO CT",
    "DOC NO",
    "BUT TOAN",
    "MA GD",
    "MA GIAO DICH",
    "SO GD",
    "SO GIAO DICH",
    "CHUNG TU",
    "SO PHIEU",
    "MA TRA CUU",
    "TRANSACTION NUMBER",
    "TRANSACTION NO",
    "TRANSACTION ID",
    "FT",
];

/// Of an amount that is not in the money of the account.
const ELSEWHERE: &[&str] = &[
    "ORIGINAL",
    "ORIG",
    "FOREIGN",
    "LOCAL",
    "SOURCE",
    "INSTRUCTED",
    "EXCHANGE",
    "EXCHANGED",
    "INSTRUMENT",
    "EQUIVALENT",
    "REFUNDED",
];

/// What the heading means in a row of that language; `None` for one that is of no use to us.
pub(super) fn classify(heading: &str, language: Option<&str>) -> Option<Column> {
    let text = normalise(heading);
    if text.is_empty() || text.len() > 90 {
        return None;
    }
    if has_any(&text, &["FRANCS"]) {
        return None;
    }
    // `CAD$` is the amount in that money.
    if heading.trim().strip_suffix('$').is_some_and(currency::is_code) {
        return Some(Column::Amount);
    }
    if let Some(column) = dictionary::meaning(heading, language) {
        return Some(column);
    }
    by_parts(heading, &text).or_else(|| classify_apart(heading, language))
}

/// Whether the heading is understood as English or Vietnamese, whatever it means elsewhere.
pub(super) fn is_understood(heading: &str) -> bool {
    by_parts(heading, &normalise(heading)).is_some()
}

/// `PostDate` is “Post Date”.
fn classify_apart(heading: &str, language: Option<&str>) -> Option<Column> {
    let is_start = |(before, letter): (char, char)| before.is_lowercase() && letter.is_uppercase();
    if heading.contains(char::is_whitespace) || !heading.chars().zip(heading.chars().skip(1)).any(is_start) {
        return None;
    }
    let mut apart = String::with_capacity(heading.len() + 4);
    for letter in heading.chars() {
        if letter.is_uppercase() && apart.ends_with(char::is_lowercase) {
            apart.push(' ');
        }
        apart.push(letter);
    }
    classify(&apart, language)
}

fn by_parts(heading: &str, text: &str) -> Option<Column> {
    // `Transaction Ref1` and its like hold what the payer wrote.
    let numbered = text.strip_prefix("TRANSACTION REF").map(str::trim_start);
    if numbered.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(Column::Description);
    }
    // The amount before it was exchanged is not what moved on the account, nor the balance of a period
    // what stands behind a row.
    if has_any(text, ELSEWHERE) || has_any(text, &["INITIAL BALANCE", "FINAL BALANCE"]) {
        return None;
    }
    let has = |phrases: &[&str]| has_any(text, phrases);
    if has(DATE) {
        return Some(classify_date(text));
    }
    if matches!(text, "OPENING BALANCE" | "OPENNING BALANCE") {
        return Some(Column::BalanceBefore);
    }
    if has(&["SO DU", "BALANCE", "DU CUOI", "SODU"]) || text == "DU" {
        return Some(Column::Balance);
    }
    // “Nợ” folds to the same letters as the English “No” of a row number; its marks tell them apart.
    let folded_alone = |word: &str, marked: &str| text == word && heading.to_lowercase().contains(marked);
    // “Số tiền thụ hưởng” and “Số tiền chi tiết” are on no side.
    let is_other = has(&["THU HUONG", "CHI TIET", "CHI NHANH", "THU PHI"]);
    let is_debit = (has(DEBIT) && !is_other) || text == "CHI" || folded_alone("NO", "nợ");
    let is_credit = (has(CREDIT) && !is_other) || folded_alone("THU", "thu") || folded_alone("CO", "có");
    let is_account = has(&["TAI KHOAN", "TK", "ACCOUNT", "STK"]);
    if matches!(text, "NO CO" | "CO NO" | "D C" | "C D" | "DR CR" | "CR DR") {
        return Some(Column::Mark);
    }
    if is_currency_of_side(text) {
        return Some(Column::Currency);
    }
    match (is_debit, is_credit) {
        (true, true) => return Some(Column::Mark),
        (true, false) if !is_account => return Some(Column::Debit),
        (false, true) if !is_account => return Some(Column::Credit),
        _ => {}
    }
    classify_text(text, is_account)
}

/// `Debit currency`
fn is_currency_of_side(text: &str) -> bool {
    let side = text.strip_suffix(" CURRENCY").or_else(|| text.strip_suffix(" CCY"));
    let side = side.map(|side| side.strip_suffix(" AMOUNT").unwrap_or(side));
    side.is_some_and(|side| DEBIT.contains(&side) || CREDIT.contains(&side))
}

fn classify_date(text: &str) -> Column {
    if has_any(text, &["HIEU LUC", "HL", "VALUE", "EFFECTIVE", "GIA TRI"]) {
        Column::ValueDate
    } else if has_any(
        text,
        &[
            "HACH TOAN",
            "POSTING",
            "POSTED",
            "POST",
            "BOOKING",
            "BOOKED",
            "ACCOUNTING",
            "SETTLEMENT",
            "CLEARED",
            "CLEARING",
            "GHI SO",
        ],
    ) {
        Column::BookingDate
    } else {
        Column::TransactionDate
    }
}

fn classify_text(text: &str, is_account: bool) -> Option<Column> {
    let has = |phrases: &[&str]| has_any(text, phrases);
    let is_other_side = has(OTHER_SIDE);
    let is_name = has(&["TEN", "NAME", "DON VI"]);
    let is_amount = has(&["AMOUNT IN"]);
    if has(&["LOAI TIEN", "TIEN TE", "NGUYEN TE", "CURRENCY", "CCY"]) && !is_amount {
        Some(Column::Currency)
    } else if is_account && is_other_side && !is_name {
        Some(Column::CounterpartyAccount)
    } else if is_other_side && !has(&["NGAN HANG", "BANK"]) {
        Some(Column::CounterpartyName)
    } else if has(DESCRIPTION) {
        Some(Column::Description)
    } else if has(REFERENCE) {
        Some(Column::Reference)
    } else if has(&["THUE", "TAX", "VAT"]) {
        Some(Column::Tax)
    } else if has(&["PHI", "FEE", "LAI", "INTEREST", "CHARGE", "CHARGES"]) {
        Some(Column::Fee)
    } else if has(&["SO TIEN", "AMOUNT", "GIA TRI GIAO DICH"]) {
        Some(Column::Amount)
    } else if is_account && has(&["ACCOUNT TYPE", "LOAI TAI KHOAN", "LOAI TK"]) {
        None
    } else if is_account && !is_name && !is_other_side {
        Some(Column::Account)
    } else if has(&["LOAI", "LOAI GIAO DICH", "LOAI GD", "TRANSACTION TYPE", "TYPE"]) {
        Some(Column::Kind)
    } else if has(&["STT", "NO", "SO TT", "SEQ"]) {
        Some(Column::RowNumber)
    } else {
        match text {
            "CO" => Some(Column::Credit),
            "GIAO DICH" | "TRANSACTION" => Some(Column::Description),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_the_banks_are_understood() {
        for (heading, column) in [
            ("Ngày", Column::TransactionDate),
            ("Ngày/TNX Date - Số CT/Doc No", Column::TransactionDate),
            ("Ngày hiệu lực/\nEffective date", Column::ValueDate),
            ("Ngày hạch toán/Posting date", Column::BookingDate),
            ("Số tiền ghi nợ/Debit", Column::Debit),
            ("Nợ/ Debit", Column::Debit),
            ("Nợ", Column::Debit),
            ("Phát sinh có/Credit", Column::Credit),
            ("Có", Column::Credit),
            ("Tiền rút ra", Column::Debit),
            ("Tiền gửi vào", Column::Credit),
            ("Số dư TK/Account balance", Column::Balance),
            ("Nội dung chi tiết/Transactions in detail", Column::Description),
            ("Mô tả giao dịch/Transaction description", Column::Description),
            ("Số giao dịch/Transaction number", Column::Reference),
            ("Số bút toán", Column::Reference),
            ("Tài khoản đích", Column::CounterpartyAccount),
            ("Tên TK đối ứng", Column::CounterpartyName),
            ("Người hưởng/Người chuyển", Column::CounterpartyName),
            ("Phí/Lãi", Column::Fee),
            ("Thuế", Column::Tax),
            ("Số tiền", Column::Amount),
            ("STT", Column::RowNumber),
            ("No.", Column::RowNumber),
            ("Nợ/Có", Column::Mark),
            ("Loại tiền/Currency", Column::Currency),
            ("Post Date", Column::BookingDate),
            ("Amount in account currency", Column::Amount),
            ("PostDate", Column::BookingDate),
            ("AccountNo", Column::Account),
            ("Số tiền chi", Column::Debit),
            ("Số tiền thu", Column::Credit),
            ("Dư cuối", Column::Balance),
            ("Số phiếu", Column::Reference),
            ("Transaction Ref2", Column::Description),
            ("Openning Balance", Column::BalanceBefore),
        ] {
            assert_eq!(classify(heading, None), Some(column), "{heading}");
        }
        for heading in ["Ngân hàng đối tác", "", "Original Amount", "local_currency", "Instructed amount"]
        {
            assert_eq!(classify(heading, None), None, "{heading}");
        }
    }
}
