//! Numbers, days and standings as the page says them.

use super::{Reference, Standing};
use crate::text::capitalised;

/// Whether an amount says nothing: absent, or zero however it is padded.
pub fn is_nothing(amount: &str) -> bool {
    amount.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// (day, month, year) of `YYYY-MM-DD…`.
fn parts(date: &str) -> Option<(&str, &str, &str)> {
    let mut parts = date.get(..10)?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_digits = [year, month, day].concat().bytes().all(|byte| byte.is_ascii_digit());
    (is_digits && year.len() == 4 && month.len() == 2).then_some((day, month, year))
}

/// `Ngày 01 tháng 09 năm 2026`.
pub fn long_date(date: &str) -> String {
    parts(date).map_or_else(|| date.to_owned(), |(d, m, y)| format!("Ngày {d} tháng {m} năm {y}"))
}

/// `01/09/2026`.
pub fn short_date(date: &str) -> String {
    parts(date).map_or_else(|| date.to_owned(), |(d, m, y)| format!("{d}/{m}/{y}"))
}

/// `01/09/2026 09:30:15`, without a zone: these times are local.
pub fn short_time(time: &str) -> String {
    let clock = time.split_once('T').map_or("", |(_, clock)| clock.get(..8).unwrap_or(clock));
    format!("{} {clock}", short_date(time)).trim_end().to_owned()
}

/// A number as documents print it.
pub fn padded(number: &str, digits: usize) -> String {
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{number:0>digits$}")
    } else {
        number.to_owned()
    }
}

pub fn watermark(standing: &Standing) -> Option<&'static str> {
    match standing {
        Standing::Valid | Standing::Noticed(_) => None,
        Standing::Unconfirmed => Some("CHƯA XÁC NHẬN"),
        Standing::Replaced(_) => Some("ĐÃ BỊ THAY THẾ"),
        Standing::Adjusted(_) => Some("ĐÃ ĐIỀU CHỈNH"),
        Standing::Cancelled => Some("ĐÃ HỦY"),
    }
}

/// What a standing means, one sentence for each document that caused it; `noun` is the document's.
pub fn sentences(standing: &Standing, noun: &str) -> Vec<String> {
    let by = |verb: &str, others: &[Reference]| -> Vec<String> {
        if others.is_empty() {
            return vec![format!("{} này {verb} bởi {noun} khác.", capitalised(noun))];
        }
        others
            .iter()
            .map(|other| format!("{} này {verb} bởi {noun} {}.", capitalised(noun), named(other, noun)))
            .collect()
    };
    match standing {
        Standing::Valid => Vec::new(),
        Standing::Noticed(notice) => {
            let (form, day) = (&notice.form, short_date(&notice.made_on.to_string()));
            let told = format!("đã thông báo cơ quan thuế theo mẫu {form} ngày {day}, không lập số mới");
            vec![format!("{} này có tên hoặc địa chỉ ghi sai; {told}.", capitalised(noun))]
        }
        Standing::Unconfirmed => vec![format!("Chưa xác nhận người ký {noun} này.")],
        Standing::Replaced(others) => by("đã bị thay thế", others),
        Standing::Adjusted(others) => by("đã được điều chỉnh", others),
        Standing::Cancelled => {
            vec![format!("{} này đã bị hủy, không có giá trị thanh toán.", capitalised(noun))]
        }
    }
}

fn named(other: &Reference, noun: &str) -> String {
    let digits = if noun == INVOICE { 8 } else { 7 };
    reference(
        &other.template,
        &other.series,
        &padded(&other.number.to_string(), digits),
        &other.issued_on.to_string(),
    )
}

/// `mẫu số 01BLP0-001, ký hiệu TN-26E, số 0000042, ngày 01 tháng 09 năm 2026`.
pub fn reference(template: &str, series: &str, number: &str, issued_on: &str) -> String {
    let date = long_date(issued_on).replacen("Ngày", "ngày", 1);
    format!("mẫu số {template}, ký hiệu {series}, số {number}, {date}")
}

pub const RECEIPT: &str = "biên lai";
pub const INVOICE: &str = "hóa đơn";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::rendition::Notice;

    #[test]
    fn an_amount_of_nothing_is_one_however_it_is_padded() {
        assert!(is_nothing("0") && is_nothing("0.00") && is_nothing("") && !is_nothing("0.5"));
    }

    #[test]
    fn days_and_times_are_said_as_people_say_them() {
        assert_eq!(long_date("2026-09-01"), "Ngày 01 tháng 09 năm 2026");
        assert_eq!(short_time("2026-09-01T09:30:15"), "01/09/2026 09:30:15");
        assert_eq!(short_time("2026-09-01T09:30:15Z"), "01/09/2026 09:30:15");
        assert_eq!((short_date("soon"), short_time("")), ("soon".to_owned(), String::new()));
        assert_eq!((padded("42", 7), padded("K1", 7)), ("0000042".to_owned(), "K1".to_owned()));
    }

    #[test]
    fn a_standing_names_the_documents_that_caused_it() {
        let other = Reference {
            template: "01BLP0-001".into(),
            series: "TN-26E".into(),
            number: 43,
            issued_on: "2026-09-02".parse().unwrap(),
        };
        assert_eq!(
            sentences(&Standing::Replaced(vec![other]), RECEIPT),
            ["Biên lai này đã bị thay thế bởi biên lai mẫu số 01BLP0-001, ký hiệu TN-26E, số 0000043, \
              ngày 02 tháng 09 năm 2026."]
        );
        assert_eq!(
            sentences(&Standing::Adjusted(vec![]), INVOICE),
            ["Hóa đơn này đã được điều chỉnh bởi hóa đơn khác."]
        );
        let notice = Notice { form: "04/SS-CTĐT".into(), made_on: "2026-09-03".parse().unwrap() };
        assert_eq!(
            sentences(&Standing::Noticed(notice), RECEIPT),
            ["Biên lai này có tên hoặc địa chỉ ghi sai; đã thông báo cơ quan thuế theo mẫu 04/SS-CTĐT \
              ngày 03/09/2026, không lập số mới."]
        );
        assert!(sentences(&Standing::Valid, RECEIPT).is_empty());
        assert_eq!(sentences(&Standing::Unconfirmed, RECEIPT), ["Chưa xác nhận người ký biên lai này."]);
    }
}
