use super::*;

fn line(serial: &str, action: CertificateAction) -> ListedCertificate {
    ListedCertificate {
        issuer: "CA thử".into(),
        serial: serial.into(),
        valid_from: Instant(0),
        valid_until: Instant(1),
        action,
    }
}

const UNIT: UnitId = UnitId(7);

fn october(day: i64) -> BusinessDay {
    format!("2026-10-{day:02}").parse().unwrap()
}

/// What acceptances say, from 1 October on, one a day: each the form, the families it names, and its lines.
fn said(acceptances: &[(&str, &str, Vec<ListedCertificate>)]) -> Listing {
    let (mut registrations, mut lines) = (Vec::new(), Vec::new());
    for (id, (form, kinds, listed)) in (1..).map(RegistrationId).zip(acceptances) {
        registrations.push((UNIT, id, october(id.0), (*form).to_owned(), (*kinds).to_owned()));
        lines.extend(listed.iter().map(|line| (UNIT, id, line.clone())));
    }
    grouped(&registrations, lines).remove(&UNIT).unwrap_or_default()
}

/// One form that covers everything.
fn all_said(lines: Vec<ListedCertificate>) -> Listing {
    said(&[("01/ĐKTĐ-CTĐT", "receipt,invoice", lines)])
}

#[test]
fn a_stopped_certificate_is_no_longer_listed_and_a_renewed_one_stays_once() {
    use CertificateAction::{Add, Renew, Stop};
    let all = all_said(vec![line("0A", Add), line("0B", Add), line("a", Renew), line("0b", Stop)]);
    let held = all.in_force();
    assert_eq!(held.iter().map(|held| held.serial.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(all.stops(None, "b") && !all.stops(None, "a") && !all.stops(None, "c"));
}

#[test]
fn a_certificate_of_another_authority_with_the_same_serial_is_another_one() {
    use CertificateAction::{Add, Stop};
    let theirs = |action| ListedCertificate { issuer: "CA khác".into(), ..line("0A", action) };
    let one_left = all_said(vec![line("0A", Add), theirs(Stop)]).in_force();
    assert_eq!(one_left.len(), 1, "only their own is stopped");
    let held = all_said(vec![line("0A", Add), theirs(Add)]).in_force();
    assert_eq!(held.len(), 2);
    assert_eq!(find_certificate(&held, Some("ca  KHÁC"), "a").unwrap().issuer, "CA khác");
    for (issuer, serial) in [(None, "a"), (None, "b"), (Some("CA lạ"), "a")] {
        let refused = find_certificate(&held, issuer, serial).unwrap_err();
        assert_eq!(refused.code(), "registration_certificates_wrong");
    }
    assert!(held[0].is_called(None, "00:0a"), "stored before issuers were kept");
}

#[test]
fn a_form_lists_and_stops_a_certificate_for_the_documents_it_covers_and_no_others() {
    use CertificateAction::{Add, Stop};
    let (receipts, invoices) = ("01/ĐKTĐ-CTĐT", "01/ĐKTĐ-HĐĐT");
    let apart = said(&[
        (receipts, "receipt", vec![line("0A", Add)]),
        (invoices, "invoice", vec![line("0A", Add), line("0B", Add)]),
    ]);
    assert_eq!(apart.families(None, "a"), [Family::Receipt, Family::Invoice]);
    assert_eq!(apart.families(None, "b"), [Family::Invoice]);
    assert!(apart.families(None, "c").is_empty());
    let stopped = said(&[
        (receipts, "receipt", vec![line("0A", Add)]),
        (invoices, "invoice", vec![line("0A", Add)]),
        (invoices, "invoice", vec![line("0A", Stop)]),
    ]);
    assert_eq!(stopped.families(None, "a"), [Family::Receipt]);
    assert!(!stopped.stops(None, "a"), "receipts are signed with it");
    assert_eq!(stopped.in_force().len(), 1);
}

#[test]
fn a_change_speaks_for_all_that_its_form_covers_and_a_newer_form_for_what_it_took_over() {
    use CertificateAction::{Add, Stop};
    let one_form = said(&[
        ("01/ĐKTĐ-CTĐT", "receipt,invoice", vec![line("0A", Add)]),
        ("01/ĐKTĐ-CTĐT", "receipt", vec![line("0A", Stop), line("0B", Add)]),
    ]);
    assert!(one_form.families(None, "a").is_empty());
    assert_eq!(one_form.families(None, "b"), [Family::Receipt, Family::Invoice]);
    let renamed = said(&[
        ("01/ĐK-BL", "receipt", vec![line("0A", Add)]),
        ("01/ĐKTĐ-CTĐT", "receipt", vec![line("0A", Stop), line("0B", Add)]),
    ]);
    assert!(renamed.stops(None, "a"));
    assert_eq!(Listing::default().families(None, "a"), Family::ALL, "before the first acceptance any fits");
}

#[test]
fn what_a_form_covers_later_widens_nothing_that_it_said_before() {
    use CertificateAction::{Add, Renew};
    let form = "01/ĐKTĐ-CTĐT";
    let first = (form, "receipt", vec![line("0A", Add)]);
    let wider = (form, "receipt,invoice", vec![line("0B", Add)]);
    let told = said(&[first.clone(), wider.clone()]);
    assert_eq!(told.families(None, "a"), [Family::Receipt], "the office was told of it for receipts");
    assert_eq!(told.families(None, "b"), Family::ALL);
    let again = said(&[first, wider, (form, "receipt", vec![line("0A", Renew)])]);
    assert_eq!(again.families(None, "a"), Family::ALL, "said again of all that the form covers by then");
}

#[test]
fn a_certificate_signs_documents_for_as_long_as_it_is_valid_and_a_form_lists_it_for_them() {
    use CertificateAction::{Add, Stop};
    let form = "01/ĐKTĐ-HĐĐT";
    let listed = said(&[(form, "invoice", vec![line("0A", Add)])]);
    assert!(listed.has_one_for(Family::Invoice, Instant(0)));
    assert!(!listed.has_one_for(Family::Receipt, Instant(0)), "another form's");
    assert!(!listed.has_one_for(Family::Invoice, Instant(1)), "it is over");
    let stopped = said(&[(form, "invoice", vec![line("0A", Add), line("0A", Stop)])]);
    assert!(!stopped.has_one_for(Family::Invoice, Instant(0)));
    assert!(!said(&[(form, "invoice", vec![])]).has_one_for(Family::Invoice, Instant(0)), "none was named");
}

#[test]
fn a_certificate_tells_its_documents_from_the_acceptance_that_lists_it_until_its_own_end() {
    use CertificateAction::{Add, Renew, Stop};
    let (receipts, invoices) = ("01/ĐKTĐ-CTĐT", "01/ĐKTĐ-HĐĐT");
    let lasting = |action| ListedCertificate {
        valid_from: "2026-10-02T08:00:00+07:00".parse().unwrap(),
        valid_until: "2029-10-02T08:00:00+07:00".parse().unwrap(),
        ..line("0A", action)
    };
    let told = [
        (receipts, "receipt", vec![lasting(Add)]),
        (receipts, "receipt", vec![lasting(Renew)]),
        (invoices, "invoice", vec![lasting(Add)]),
        (invoices, "invoice", vec![lasting(Stop)]),
        (invoices, "invoice", vec![lasting(Add)]),
    ];
    let until: BusinessDay = "2029-10-02".parse().unwrap();
    let of_receipts = Signing { documents: Family::Receipt, from: october(2), until };
    let of_invoices = |day| Signing { documents: Family::Invoice, from: october(day), until };
    let signs = |count: usize| said(&told[..count]).signings(&lasting(Add));
    assert_eq!(signs(1), [of_receipts], "it was accepted before the certificate begins");
    assert_eq!(signs(3), [of_receipts, of_invoices(3)]);
    assert_eq!(signs(4), [of_receipts], "stopped for invoices");
    assert_eq!(signs(5), [of_receipts, of_invoices(5)], "from the acceptance after the stop");
    let over = line("0A", Add);
    assert!(all_said(vec![over.clone()]).signings(&over).is_empty(), "it ended before the acceptance");
}

#[test]
fn serials_are_compared_as_numbers() {
    assert!(same_serial("00:54:0A", "540a"));
    assert!(!same_serial("540a", "540b"));
}
