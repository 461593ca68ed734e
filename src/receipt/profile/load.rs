//! Reads profiles from their files and checks them, before anything is issued by them.

use std::collections::BTreeSet;

use super::{Answer, Correction, Profile};
use crate::receipt::content::ReceiptKind;
use crate::receipt::invoice::VatRate;
use crate::receipt::{format, frame, pattern, rendition, schema};

/// The files that ship with the program, oldest first.
pub const SHIPPED: [(&str, &str); 3] = [
    ("profiles/ND123-2.0.0.toml", include_str!("../../../profiles/ND123-2.0.0.toml")),
    ("profiles/ND70-2.1.0.toml", include_str!("../../../profiles/ND70-2.1.0.toml")),
    ("profiles/ND254-2.1.1.toml", include_str!("../../../profiles/ND254-2.1.1.toml")),
];

/// Reads the files, which stand oldest first; a fault comes back with its file and place.
pub fn load(files: &[(&str, &str)]) -> Result<Vec<Profile>, String> {
    let mut profiles: Vec<Profile> = Vec::with_capacity(files.len());
    for (file, text) in files {
        let profile: Profile = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        let place = |item: &str| format!("{file}, [{item}]");
        check(&profile).map_err(|(item, fault)| format!("{}: {fault}", place(item)))?;
        if let Some(before) = profiles.last() {
            follows(before, &profile).map_err(|fault| format!("{}: {fault}", place("valid_from")))?;
        }
        profiles.push(profile);
    }
    match profiles.last() {
        None => Err("there is no legal profile".to_owned()),
        Some(last) if last.valid_until.is_some() => Err(format!("{}: the newest profile ends", last.name)),
        Some(_) if profiles.iter().map(|one| one.name).collect::<BTreeSet<_>>().len() < profiles.len() => {
            Err("two legal profiles have one name".to_owned())
        }
        Some(_) => Ok(profiles),
    }
}

/// The item at fault, and why.
type Fault = (&'static str, String);

fn check(profile: &Profile) -> Result<(), Fault> {
    for (item, pattern) in [
        ("template_pattern", profile.template_pattern.value),
        ("series_pattern", profile.series_pattern.value),
        ("invoice_series_pattern", profile.invoice_series_pattern.value),
        ("passport_pattern", profile.passport_pattern.value),
    ] {
        if !pattern::is_readable(pattern) {
            return Err((item, format!("`{pattern}` is not a pattern this program reads")));
        }
    }
    for (item, digits) in [
        ("number_digits", profile.number_digits.value),
        ("invoice_number_digits", profile.invoice_number_digits.value),
    ] {
        if !(1..=9).contains(&digits) {
            return Err((item, "expected 1 to 9 digits".to_owned()));
        }
    }
    if let Some(kind) = profile.invoice_names.value.0.keys().find(|kind| !(1..=9).contains(*kind)) {
        return Err(("invoice_names", format!("{kind} is no KHMSHDon")));
    }
    if let Some(rate) = profile.vat_rates.value.0.iter().find(|rate| !is_rate(rate)) {
        return Err(("vat_rates", format!("`{rate}` is no TSuat")));
    }
    if !["", "seller"].contains(&profile.solution_provider.value) {
        return Err(("solution_provider", "expected `seller` or nothing".to_owned()));
    }
    for (item, code) in [
        ("invoice_message", profile.invoice_message.value),
        ("integrated_invoice_message", profile.integrated_invoice_message.value),
    ] {
        if code != 0 && !(200..300).contains(&code) {
            return Err((item, format!("{code} is no MLTDiep of an invoice")));
        }
    }
    for (item, code) in [
        ("registration_message", profile.registration_message.value),
        ("usage_report_message", profile.usage_report_message.value),
        ("receipt_notice_message", profile.receipt_notice_message.value),
        ("invoice_notice_message", profile.invoice_notice_message.value),
    ] {
        if !(100..1_000).contains(&code) {
            return Err((item, format!("{code} is no MLTDiep")));
        }
    }
    let withdrawn = &profile.withdrawn_invoices.value;
    let is_way = |way: &Correction| matches!(way, Correction::Adjust | Correction::Explain);
    if withdrawn.is_empty() || !withdrawn.iter().all(is_way) {
        return Err(("withdrawn_invoices", "expected `adjust`, `explain` or both".to_owned()));
    }
    if profile.receipt_types.value.0.iter().any(|(_, code)| ReceiptKind::of_code(*code).is_none()) {
        return Err(("receipt_types", "expected the codes 3 and 4".to_owned()));
    }
    if !rendition::is_layout(profile.page_layout.value) {
        return Err(("page_layout", "no such layout is drawn by this program".to_owned()));
    }
    let is_mute = |answer: &Answer| answer.kinds.is_empty() || answer.yes.is_empty();
    if let Some(answer) = profile.answers().iter().find(|answer| is_mute(&answer.value)) {
        return Err(("check_answer", format!("{} says yes in no message", answer.value.field)));
    }
    if profile.lengths.value.all().contains(&0) {
        return Err(("lengths", "a length of nothing".to_owned()));
    }
    for (item, name) in
        [("format_version", profile.format_version.value), ("invoice_format", profile.invoice_format.value)]
    {
        if format::mapping(name).is_none() {
            return Err((item, format!("no mapping writes the format `{name}`")));
        }
    }
    for (item, frame, version) in [
        ("format_version", frame::RECEIPT, profile.format_version.value),
        ("invoice_version", frame::INVOICE, profile.invoice_version.value),
    ] {
        if !schema::is_shipped(frame.root, version) {
            return Err((item, format!("no schema of {} {version} ships with this program", frame.root)));
        }
    }
    Ok(())
}

fn follows(before: &Profile, profile: &Profile) -> Result<(), String> {
    let expected = before.valid_until.map(|last| last.next());
    if expected == Some(profile.valid_from) {
        return Ok(());
    }
    Err(format!("{} does not begin the day after {} ends", profile.name, before.name))
}

fn is_rate(text: &str) -> bool {
    text == super::OTHER_RATES || text.parse::<VatRate>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str) -> String {
        let (file, text) = SHIPPED[2];
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let files = [SHIPPED[0], SHIPPED[1], (file, text.as_str())];
        load(&files).unwrap_err()
    }

    #[test]
    fn the_shipped_profiles_are_sound() {
        assert_eq!(load(&SHIPPED).unwrap().len(), 3);
    }

    #[test]
    fn a_fault_names_its_file_and_place() {
        let faults = [
            changed("valid_from = \"2026-07-01\"", "valid_from = \"2026-07-02\""),
            changed("valid_from = \"2026-07-01\"", "valid_from = \"2026-13-01\""),
            changed("mark = \"V2\"", "mark = \"X\""),
            changed("source = \"emitted by software of 2026\"", "source = \"\""),
            changed("'^[A-Z]{2}-\\d{2}E$'", "'^[A-Z]+E$'"),
            changed("\"KKKNT\"", "\"12\""),
            changed("value = \"BL-1.0\"", "value = \"BL-9.9\""),
            changed("value = \"HDon-2.1\"", "value = \"HDon-3\""),
            changed("[invoice_version]\nvalue = \"2.1.1\"", "[invoice_version]\nvalue = \"2.2.0\""),
            changed("value = 7", "value = 0"),
            changed("title = 100", "title = 0"),
            changed("value = 209", "value = 999"),
            changed("value = 304", "value = 0"),
            changed("01 = 3, 02 = 4", "01 = 5"),
            changed("[\"adjust\", \"explain\"]", "[\"cancel\"]"),
            changed("{5,20}", "{5,2}"),
            changed("[page_layout]\nvalue = 1", "[page_layout]\nvalue = 9"),
            changed("yes = [\"2\"]", "yes = []"),
            changed("kinds = [111]", "kinds = []"),
            changed("9 = ", "x = "),
            changed("[unknown_buyer]", "[unknown_byer]"),
        ];
        for fault in faults {
            assert!(fault.starts_with("profiles/ND254-2.1.1.toml"), "{fault}");
            assert!(fault.contains("line ") || fault.contains(", ["), "{fault}");
        }
    }

    #[test]
    fn there_is_always_a_profile_in_force() {
        assert!(load(&[]).is_err());
        assert!(load(&SHIPPED[..2]).unwrap_err().contains("the newest profile ends"));
    }
}
