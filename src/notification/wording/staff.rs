//! The words of a mail to staff: written when it is put into the outbox, the first line its subject.

use askama::Template;

use super::{Words, one_line};
use crate::error::{Error, Result};

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#1c2430;max-width:38em">
{% for line in lines %}<p>{{ line }}</p>
{% endfor %}</body></html>
"#
)]
struct Html<'a> {
    subject: &'a str,
    lines: Vec<&'a str>,
}

/// The words of a text.
pub fn words(text: &str) -> Result<Words> {
    let subject = one_line(text.lines().next().unwrap_or_default());
    let lines: Vec<&str> = text.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    let plain = lines.join("\n\n");
    let page = Html { subject: &subject, lines };
    let html = page.render().map_err(|error| Error::internal(format!("a mail was not drawn: {error}")))?;
    Ok(Words { subject, plain, html })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_subject_and_no_line_becomes_markup() {
        let words = words("Việc chờ duyệt\n\nHoàn tiền <b>\nSecond line").unwrap();
        assert_eq!(
            (words.subject.as_str(), words.plain.as_str()),
            ("Việc chờ duyệt", "Hoàn tiền <b>\n\nSecond line")
        );
        assert!(words.html.contains("Hoàn tiền &#60;b&#62;"), "{}", words.html);
    }
}
