//! What the schemas of the data versions have apart.

use super::*;

#[test]
fn each_version_has_a_schema_of_its_own_that_takes_no_other() {
    for (schema, text) in whatever_is_sent() {
        let own = schema.split_once('/').unwrap().1;
        for version in ["2.0.0", "2.0.1", "2.1.0", "2.1.1", "2.2.0"] {
            let changed = text.replace(&format!("<PBan>{own}<"), &format!("<PBan>{version}<"));
            assert_eq!(is_valid(schema, changed.as_bytes()).0, version == own, "{schema}: {version}");
        }
    }
}

/// 01/ĐK-BL ended before anything was sent, and its tables could not be read.
#[test]
fn whatever_a_law_sends_has_a_schema_of_its_version_but_the_registration_of_before_2_1() {
    let is_unknown =
        |judged: crate::error::Result<()>| judged.is_err_and(|error| error.code() == "form_schema_unknown");
    let mut without = Vec::new();
    for law in profile::all() {
        let version = law.message_version.value;
        let forms = [
            law.registration_form.value,
            law.usage_report_form.value,
            law.error_notice_form.value,
            law.invoice_error_notice_form.value,
        ];
        let is_without = |form: &&str| is_unknown(schema::check_document(form, version, b"<La></La>"));
        without.extend(forms.into_iter().filter(is_without).map(|form| (form, version)));
        assert!(!is_unknown(schema::check_message(version, b"<La></La>")), "{version}");
    }
    assert_eq!(without, [("01/ĐK-BL", "2.0.0")]);
}

#[test]
fn the_certificate_of_decree_254_is_told_of_only_since_its_version() {
    for (schema, fits) in [("receipt_notice/2.1.0", false), ("receipt_notice/2.1.1", true)] {
        let changed = document(schema).replace("<LCTDT>3<", "<LCTDT>8<");
        assert_eq!(is_valid(schema, changed.as_bytes()).0, fits, "{schema}");
    }
}

#[test]
fn the_shape_of_a_notice_for_invoices_follows_the_data_version() {
    for (own, other) in [("2.0.0", "2.1.0"), ("2.1.0", "2.0.0")] {
        let text = document(&format!("invoice_notice/{own}"));
        let renamed = text.replace(&format!("<PBan>{own}<"), &format!("<PBan>{other}<"));
        assert_ne!(renamed, text);
        assert!(!is_valid(&format!("invoice_notice/{other}"), renamed.as_bytes()).0, "{own}");
    }
}
