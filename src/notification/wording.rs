//! The words of messages: Vietnamese first, English second. They hold what the payer needs to find
//! the receipt, and no personal data.

use askama::Template;

use super::sms::segment;
use crate::text;

/// What a receipt's message says.
#[derive(Clone, Debug)]
pub struct Facts {
    pub unit: String,
    pub series: String,
    pub number: i64,
    /// As it is printed: `25.000 ₫`.
    pub amount: String,
    /// `27/11/2026`.
    pub issued_on: String,
    pub dossier_code: String,
    pub lookup_code: String,
    pub link: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Biên lai {{ facts.series }} số {{ number }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
<p>Kính gửi Ông/Bà,</p>
<p>{{ facts.unit }} đã thu <b>{{ facts.amount }}</b> cho hồ sơ {{ facts.dossier_code }} và lập biên lai điện tử
<b>{{ facts.series }} số {{ number }}</b> ngày {{ facts.issued_on }}.</p>
<p><a href="{{ facts.link }}">Xem và tải biên lai</a> (mã tra cứu {{ facts.lookup_code }}). Tệp XML đính kèm có chữ ký số
là bản gốc của biên lai.</p>
<hr><div lang="en"><p>Dear payer,</p>
<p>{{ facts.unit }} has collected <b>{{ facts.amount }}</b> for dossier {{ facts.dossier_code }} and issued the electronic
receipt <b>{{ facts.series }} no. {{ number }}</b> on {{ facts.issued_on }}.</p>
<p><a href="{{ facts.link }}">Open the receipt</a> (look-up code {{ facts.lookup_code }}). The attached XML file with its
digital signature is the original.</p></div>
<p style="color:#5b6675;font-size:14px">Thư tự động, xin không trả lời. Cơ quan thu không bao giờ hỏi mật khẩu hay mã OTP
qua thư. / Sent automatically; please do not reply. We never ask for passwords or codes by mail.</p>
</body></html>
"#
)]
struct Html<'a> {
    facts: &'a Facts,
    number: String,
}

pub fn subject(facts: &Facts) -> String {
    let subject = format!("Biên lai {} số {:07} / Receipt", facts.series, facts.number);
    // One line whatever a series is called.
    text::clean(&subject).split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn plain(facts: &Facts) -> String {
    let Facts { unit, series, number, amount, issued_on, dossier_code, lookup_code, link } = facts;
    format!(
        "Kính gửi Ông/Bà,\n\n{unit} đã thu {amount} cho hồ sơ {dossier_code} và lập biên lai điện tử {series} số \
         {number:07} ngày {issued_on}.\n\nXem và tải biên lai: {link}\nMã tra cứu: {lookup_code}\n\nTệp XML đính kèm \
         có chữ ký số là bản gốc của biên lai.\n\n--\n\nDear payer,\n\n{unit} has collected {amount} for dossier \
         {dossier_code} and issued the electronic receipt {series} no. {number:07} on {issued_on}.\n\nOpen it: \
         {link}\nLook-up code: {lookup_code}\n\nThe attached XML file with its digital signature is the original.\n\n\
         Thư tự động, xin không trả lời. / Sent automatically; please do not reply.\n"
    )
}

pub fn html(facts: &Facts) -> crate::error::Result<String> {
    Html { facts, number: format!("{:07}", facts.number) }
        .render()
        .map_err(|error| crate::error::Error::internal(error.to_string()))
}

/// One SMS. The unit's name is cut where the text would need a second segment.
pub fn sms(facts: &Facts, is_unicode: bool) -> String {
    let unit = short_unit(&facts.unit);
    let with = |unit: &str| {
        let text = format!(
            "{unit}: đã thu {}, biên lai {} số {:07}. Xem: {}",
            facts.amount, facts.series, facts.number, facts.link
        );
        if is_unicode { text } else { segment::unaccented(&text) }
    };
    let full = with(unit);
    let over = segment::size(&full);
    if over.segments == 1 || over.is_unicode {
        return full;
    }
    let excess = over.length.saturating_sub(160);
    let kept: String = unit.chars().take(unit.chars().count().saturating_sub(excess)).collect();
    with(kept.trim_end())
}

/// The one-time code of a look-up. It says what it is for, and that nobody may ask for it.
pub fn one_time_code(code: &str, is_unicode: bool) -> String {
    let text = format!("{code} là mã tra cứu biên lai, có hiệu lực 5 phút. Không đưa mã này cho bất kỳ ai.");
    if is_unicode { text } else { segment::unaccented(&text) }
}

fn short_unit(name: &str) -> &str {
    name.strip_prefix("Ủy ban nhân dân ").unwrap_or(name)
}

#[cfg(test)]
pub(super) fn sample() -> Facts {
    Facts {
        unit: "Ủy ban nhân dân phường Ba Đình".into(),
        series: "BD-26E".into(),
        number: 1,
        amount: "25.000 ₫".into(),
        issued_on: "27/11/2026".into(),
        dossier_code: "H26.1-261127-0001".into(),
        lookup_code: "7K2M-0Q41-9VAB".into(),
        link: "https://bienlai.example.vn/r/7K2M0Q419VAB".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unaccented_receipt_message_is_one_segment_even_with_a_long_unit() {
        let mut facts = sample();
        let text = sms(&facts, false);
        assert_eq!(
            text,
            "phuong Ba Dinh: da thu 25.000 d, bien lai BD-26E so 0000001. Xem: https://bienlai.example.vn/r/7K2M0Q419VAB"
        );
        facts.unit =
            "Chi nhánh số 12 Trung tâm Phục vụ hành chính công thành phố tại một phường có tên rất dài"
                .into();
        let text = sms(&facts, false);
        assert_eq!(segment::size(&text).segments, 1, "{text}");
        assert!(text.ends_with("/r/7K2M0Q419VAB"), "the link stays whole: {text}");
        assert_eq!(segment::size(&one_time_code("012345", false)).segments, 1);
    }

    #[test]
    fn names_cannot_write_html_or_a_second_header() {
        let mut facts = sample();
        facts.unit = "<script>x</script>".into();
        assert!(!html(&facts).unwrap().contains("<script>"));
        facts.series = "BD\r\nBcc: a@b.vn".into();
        assert!(!subject(&facts).contains(['\r', '\n']));
    }

    #[test]
    fn vietnamese_stands_before_english() {
        let text = plain(&sample());
        assert!(text.find("Kính gửi").unwrap() < text.find("Dear payer").unwrap());
    }
}
