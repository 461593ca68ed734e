//! The words about money that came: what is still missing, what was too much.

use askama::Template;

use super::{FOOTER, Words, one_line, short_unit};
use crate::error::{Error, Result};
use crate::notification::money::Miss;
use crate::notification::sms::segment;

/// What a message about money says; amounts are printed, as `25.000 đ`.
#[derive(Clone, Debug)]
pub struct MoneyFacts {
    pub miss: Miss,
    pub unit: String,
    pub received: String,
    pub difference: String,
    pub dossier_code: String,
    pub reference_code: String,
    /// The pay page.
    pub link: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{{ said.subject }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
<p>Kính gửi Ông/Bà,</p>
<p>{{ said.told }}</p>
<p>{{ said.next }}</p>
<p><a href="{{ facts.link }}">{{ said.button }}</a> (mã nộp tiền {{ facts.reference_code }})</p>
<hr><div lang="en"><p>Dear payer,</p>
<p>{{ said.told_en }}</p>
<p>{{ said.next_en }}</p>
<p><a href="{{ facts.link }}">{{ said.button_en }}</a> (reference code {{ facts.reference_code }})</p></div>
<p style="color:#5b6675;font-size:14px">{{ crate::notification::wording::FOOTER }}</p>
</body></html>
"#
)]
struct Html<'a> {
    facts: &'a MoneyFacts,
    said: &'a Said,
}

struct Said {
    subject: String,
    told: String,
    told_en: String,
    next: &'static str,
    next_en: &'static str,
    button: &'static str,
    button_en: &'static str,
}

impl Said {
    fn of(facts: &MoneyFacts) -> Said {
        let MoneyFacts { unit, received, difference, dossier_code, .. } = facts;
        match facts.miss {
            Miss::Partial => Said {
                subject: format!("Đã nhận {received}, còn thiếu {difference} / Paid in part"),
                told: format!(
                    "{unit} đã nhận {received} cho hồ sơ {dossier_code}. Số tiền còn thiếu là {difference}."
                ),
                told_en: format!(
                    "{unit} has received {received} for dossier {dossier_code}. {difference} is still missing."
                ),
                next: "Biên lai được lập khi đã nộp đủ; thư này không có giá trị thay biên lai.",
                next_en: "The receipt is issued when everything is paid; this message is no receipt.",
                button: "Nộp phần còn thiếu",
                button_en: "Pay the rest",
            },
            Miss::Surplus => Said {
                subject: format!("Nhận thừa {difference} / Paid too much"),
                told: format!(
                    "{unit} đã nhận {received} cho hồ sơ {dossier_code}, thừa {difference} so với số phải nộp."
                ),
                told_en: format!(
                    "{unit} has received {received} for dossier {dossier_code}, which is {difference} too much."
                ),
                next: "Khoản thừa được giữ cho Ông/Bà. Để nhận lại, mở liên kết dưới đây và chọn “Xin hoàn tiền”.",
                next_en: "The surplus is kept for you. To have it back, open the link and choose “Ask for it back”.",
                button: "Xem khoản nộp",
                button_en: "See what was paid",
            },
        }
    }
}

pub fn words(facts: &MoneyFacts) -> Result<Words> {
    let said = Said::of(facts);
    let html = Html { facts, said: &said }.render().map_err(|error| Error::internal(error.to_string()))?;
    let Said { told, told_en, next, next_en, button, button_en, .. } = &said;
    let MoneyFacts { link, reference_code, .. } = facts;
    let plain = format!(
        "Kính gửi Ông/Bà,\n\n{told}\n{next}\n\n{button}: {link}\nMã nộp tiền: {reference_code}\n\n--\n\nDear \
         payer,\n\n{told_en}\n{next_en}\n\n{button_en}: {link}\nReference code: {reference_code}\n\n{FOOTER}\n"
    );
    Ok(Words { subject: one_line(&said.subject), plain, html })
}

/// One SMS. The unit's name is cut where the text would need a second segment.
pub fn sms(facts: &MoneyFacts, is_unicode: bool) -> String {
    let MoneyFacts { received, difference, link, .. } = facts;
    let said = match facts.miss {
        Miss::Partial => format!("đã nhận {received}, còn thiếu {difference}. Nộp tiếp: {link}"),
        Miss::Surplus => format!("nhận thừa {difference}. Xin hoàn tiền tại: {link}"),
    };
    segment::in_one(short_unit(&facts.unit), |unit| format!("{unit}: {said}"), is_unicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(miss: Miss) -> MoneyFacts {
        MoneyFacts {
            miss,
            unit: "Ủy ban nhân dân phường Ba Đình".into(),
            received: "10.000 ₫".into(),
            difference: "15.000 ₫".into(),
            dossier_code: "H26.1-261127-0001".into(),
            reference_code: "HNPH7K2MQ4X97".into(),
            link: "https://bienlai.example.vn/p/HNPH7K2MQ4X97".into(),
        }
    }

    #[test]
    fn what_is_missing_is_said_with_where_to_pay_it_and_is_called_no_receipt() {
        let words = words(&facts(Miss::Partial)).unwrap();
        assert_eq!(words.subject, "Đã nhận 10.000 ₫, còn thiếu 15.000 ₫ / Paid in part");
        assert!(words.plain.contains("không có giá trị thay biên lai") && words.plain.contains("no receipt"));
        assert!(words.plain.find("Kính gửi").unwrap() < words.plain.find("Dear payer").unwrap());
        assert!(words.html.contains("15.000 ₫ is still missing"));
        for form in [&words.plain, &words.html] {
            assert!(form.contains("không bao giờ hỏi mật khẩu hay mã OTP"), "{form}");
        }
    }

    #[test]
    fn who_paid_too_much_is_told_where_to_ask_for_it_back() {
        let words = words(&facts(Miss::Surplus)).unwrap();
        for form in [&words.plain, &words.html] {
            assert!(
                form.contains("chọn “Xin hoàn tiền”") && form.contains("choose “Ask for it back”"),
                "{form}"
            );
        }
    }

    #[test]
    fn every_text_is_one_unaccented_segment_even_with_a_long_unit() {
        for miss in [Miss::Partial, Miss::Surplus] {
            let mut facts = facts(miss);
            facts.received = "1.000.000.000 ₫".into();
            facts.unit =
                "Chi nhánh số 12 Trung tâm Phục vụ hành chính công thành phố tại phường rất dài".into();
            let text = sms(&facts, false);
            assert_eq!(segment::size(&text).segments, 1, "{text}");
            assert!(text.ends_with("/p/HNPH7K2MQ4X97"), "the link stays whole: {text}");
        }
        assert_eq!(
            sms(&facts(Miss::Surplus), false),
            "phuong Ba Dinh: nhan thua 15.000 d. Xin hoan tien tai: https://bienlai.example.vn/p/HNPH7K2MQ4X97"
        );
        assert_eq!(
            sms(&facts(Miss::Partial), false),
            "phuong Ba Dinh: da nhan 10.000 d, con thieu 15.000 d. Nop tiep: https://bienlai.example.vn/p/HNPH7K2MQ4X97"
        );
    }
}
