//! Signing times as issuers write them: in many spellings, with a `Z` behind local time, and more than one.

use super::forge::replaced;
use super::vendor::Style;
use super::*;

fn signed_at(time: String) -> String {
    Style { time: Box::leak(time.into_boxed_str()), ..Style::default() }.signed()
}

fn judged(time: &str, now: Instant) -> (Verdict, SignatureReport) {
    let report = verify(signed_at(time.to_owned()).as_bytes(), &trust(), now);
    (report.verdict, report.documents[0].signatures[0].clone())
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[test]
fn local_time_with_a_z_is_taken_for_that_only_while_it_would_lie_in_the_future() {
    let (verdict, signature) = judged("2026-09-02T07:30:00Z", now());
    assert_eq!(verdict, Verdict::Valid, "{signature:?}");
    assert_eq!(signature.signing_time, Some(at("2026-09-02T07:30:00+07:00")));
    assert!(signature.problems.contains(&Problem::SigningTimeTakenAsLocal));
    let (verdict, signature) = judged("2026-09-01T09:30:15Z", now());
    assert_eq!((verdict, signature.signing_time), (Verdict::Valid, Some(at("2026-09-01T16:30:15+07:00"))));
    assert!(!signature.problems.contains(&Problem::SigningTimeTakenAsLocal));
    for future in ["2026-09-02T08:30:00Z", "2026-09-02T07:30:00+00:00", "2026-09-02T14:30:00"] {
        let (verdict, signature) = judged(future, now());
        assert_eq!(verdict, Verdict::Invalid, "{future}");
        assert!(signature.problems.contains(&Problem::SigningTimeInFuture), "{future}");
        assert!(!signature.problems.contains(&Problem::SigningTimeTakenAsLocal), "{future}");
    }
}

#[test]
fn local_time_with_a_z_is_taken_for_that_where_the_certificate_was_over_by_then() {
    let (_, signature) = judged("2026-09-01T09:30:15", now());
    let until = signature.certificate.unwrap().valid_until;
    let after = |seconds: i64, zone: &str| {
        let text = until.plus_seconds(seconds).utc().format("%Y-%m-%dT%H:%M:%S").to_string();
        judged(&format!("{text}{zone}"), until.plus_seconds(30 * 86_400)).1
    };
    let signature = after(3_600, "Z");
    assert!(signature.problems.contains(&Problem::SigningTimeTakenAsLocal), "{signature:?}");
    assert!(!signature.problems.contains(&Problem::CertificateNotValidAtSigning));
    assert_eq!(signature.signing_time, Some(until.plus_seconds(3_600 - 7 * 3_600)));
    for signature in [after(3_600, "+00:00"), after(8 * 3_600, "Z")] {
        assert!(signature.problems.contains(&Problem::CertificateNotValidAtSigning), "{signature:?}");
        assert!(!signature.problems.contains(&Problem::SigningTimeTakenAsLocal));
    }
}

#[test]
fn a_time_with_one_meaning_is_read_and_one_with_two_is_called_unclear() {
    for text in ["9/1/2026 9:30:15 AM", "01/09/2026 9:30:15 SA", "20260901093015"] {
        let (verdict, signature) = judged(text, now());
        assert_eq!(
            (verdict, signature.signing_time),
            (Verdict::Valid, Some(at("2026-09-01T09:30:15+07:00")))
        );
        assert_eq!(signature.problems, [Problem::TestCertificate], "{text}");
    }
    let (verdict, signature) = judged("01/09/2026 09:30:15 AM", now());
    assert_eq!((verdict, signature.signing_time), (Verdict::Valid, None));
    assert!(signature.problems.contains(&Problem::SigningTimeUnclear), "{signature:?}");
}

#[test]
fn of_several_times_the_only_signed_one_counts() {
    let second = "<Object><SignatureProperties xmlns=\"\"><SignatureProperty>\
                  <SigningTime>2026-08-01T00:00:00</SigningTime></SignatureProperty></SignatureProperties></Object>";
    let document = Style::default().signed();
    for (tag, with) in
        [("</Signature>", format!("{second}</Signature>")), ("<Object Id", format!("{second}<Object Id"))]
    {
        let report = verify(replaced(&document, tag, &with).as_bytes(), &trust(), now());
        let signature = &report.documents[0].signatures[0];
        assert_eq!(signature.signing_time, Some(at("2026-09-01T09:30:15+07:00")), "{tag}: {report:?}");
        assert_eq!(signature.problems, [Problem::TestCertificate], "{tag}");
    }
    let many = replaced(&document, "</Signature>", &format!("{}</Signature>", second.repeat(8)));
    let report = verify(many.as_bytes(), &trust(), now());
    assert!(report.problems().contains(&Problem::SigningTimeUnclear), "{report:?}");
}
