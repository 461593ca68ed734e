use super::*;

/// A statement of the day with this number, from a balance on, as far as its lines come.
fn telling(sequence: i64, opening: i64, amounts: &[i64]) -> Telling<'static> {
    let day: BusinessDay = "2026-11-20".parse().expect("a day");
    let amounts: Vec<Dong> = amounts.iter().map(|amount| Dong(*amount)).collect();
    let closing = Dong(opening + amounts.iter().map(|amount| amount.0).sum::<i64>());
    let inside = between(Dong(opening), closing, &amounts);
    let (format, sequence, opening) = ("mt940", Some(sequence), Dong(opening));
    Telling { format, sequence, days: [day, day], opening, closing, inside, references: None }
}

#[test]
fn numbers_that_follow_say_nothing_and_the_first_of_a_year_begins() {
    let known = [StoredStatement::numbered(1, 57, "2026-11-20")];
    assert_eq!(by_number(&StoredStatement::numbered(2, 58, "2026-11-23"), &known), []);
    assert_eq!(by_number(&StoredStatement::numbered(2, 1, "2027-01-04"), &known), []);
    assert_eq!(by_number(&known[0], &known), []);
}

#[test]
fn the_first_number_of_a_year_left_out_is_named_where_the_account_was_known_before() {
    let old = StoredStatement::numbered(1, 57, "2026-12-31");
    let second = StoredStatement::numbered(3, 2, "2027-01-05");
    let missing = [Oddity::NumbersMissing { first: 1, last: 1 }];
    assert_eq!(by_number(&second, std::slice::from_ref(&old)), missing);
    assert_eq!(
        by_number(&second, &[old.clone(), StoredStatement::numbered(2, 1, "2027-01-04")]),
        [],
        "it came late"
    );
    assert_eq!(by_number(&second, &[]), [], "the account was taken on within the year");
    let other = StoredStatement { format: "camt.053".into(), ..old.clone() };
    assert_eq!(by_number(&second, &[other]), [], "each format is numbered by itself");
    assert_eq!(by_number(&StoredStatement::numbered(3, 58, "2027-01-05"), &[old]), [], "this bank counts on");
}

#[test]
fn only_the_numbered_statements_of_one_day_tell_other_lines_each() {
    let morning = telling(1, 0, &[5_000]);
    let evening = || telling(2, 5_000, &[700]);
    let is_apart = |other: &Telling<'_>| {
        assert_eq!(morning.is_apart_from(other), other.is_apart_from(&morning));
        morning.is_apart_from(other)
    };
    assert!(is_apart(&evening()));
    let month_end: BusinessDay = "2026-11-30".parse().expect("a day");
    let month = Telling { days: [evening().days[0], month_end], ..evening() };
    let other_format = Telling { format: "camt.053", ..evening() };
    let same_number = Telling { sequence: Some(1), ..evening() };
    let no_number = Telling { sequence: None, ..evening() };
    for other in [month, other_format, same_number, no_number] {
        assert!(!is_apart(&other));
    }
}

#[test]
fn what_tells_the_day_over_again_or_begins_amid_another_is_no_statement_of_other_lines() {
    let (first, second, third) =
        (telling(1, 0, &[5_000]), telling(2, 5_000, &[700]), telling(3, 5_700, &[300]));
    let whole = telling(4, 0, &[5_000, 700, 300]);
    for part in [&first, &second, &third] {
        assert!(!whole.is_apart_from(part) && !part.is_apart_from(&whole));
    }
    assert!(first.is_apart_from(&third) && second.is_apart_from(&third));
    // The first line of the whole came with another statement, the last one did not read.
    let (opening, closing) = (whole.opening, whole.closing);
    for left in [[Dong(700), Dong(300)], [Dong(5_000), Dong(700)]] {
        let part = Telling { inside: between(opening, closing, &left), ..telling(4, 0, &[5_000, 700, 300]) };
        assert!(!part.is_apart_from(&second) && !second.is_apart_from(&part));
    }
    // The balance came to where it ends before its last lines did.
    let returned = telling(1, 0, &[5_000, -200, 200]);
    assert!(returned.is_apart_from(&second) && second.is_apart_from(&returned));
}

#[test]
fn what_begins_where_a_swept_statement_began_and_ended_is_apart_by_its_references() {
    let named = |telling: Telling<'static>, names: &[&str]| {
        let references = Some(names.iter().map(|name| (*name).to_owned()).collect());
        Telling { references, ..telling }
    };
    let swept = named(telling(1, 0, &[100, -100]), &["R1", "R2"]);
    let is_apart = |other: Telling<'static>| {
        assert_eq!(swept.is_apart_from(&other), other.is_apart_from(&swept));
        swept.is_apart_from(&other)
    };
    assert!(is_apart(named(telling(2, 0, &[100]), &["R3"])));
    assert!(!is_apart(named(telling(2, 0, &[100]), &["R1"])));
    assert!(!is_apart(telling(2, 0, &[100])), "no reference says it");
    let whole = named(telling(2, 0, &[100, -100, 100]), &["N1", "N2", "N3"]);
    assert!(!is_apart(whole), "it tells the day over again");
    let morning = named(telling(2, 0, &[100, -100]), &["N1", "N2"]);
    assert!(!is_apart(morning) && !is_apart(named(telling(0, 0, &[100]), &["R3"])));
}

#[test]
fn a_number_left_out_is_named_until_it_comes() {
    let known = [StoredStatement::numbered(1, 1, "2026-11-20")];
    let late = StoredStatement::numbered(3, 4, "2026-11-24");
    assert_eq!(by_number(&late, &known), [Oddity::NumbersMissing { first: 2, last: 3 }]);
    let all = [
        known[0].clone(),
        StoredStatement::numbered(4, 2, "2026-11-21"),
        StoredStatement::numbered(5, 3, "2026-11-23"),
    ];
    assert_eq!(by_number(&late, &all), []);
}

#[test]
fn a_repeated_number_and_a_late_one_are_told_apart() {
    let known =
        [StoredStatement::numbered(1, 1, "2026-11-20"), StoredStatement::numbered(2, 3, "2026-11-24")];
    assert_eq!(
        by_number(&StoredStatement::numbered(3, 2, "2026-11-23"), &known),
        [Oddity::OutOfSequence { number: 2, last: 3 }]
    );
    assert_eq!(
        by_number(&StoredStatement::numbered(3, 3, "2026-11-25"), &known)[0],
        Oddity::NumberRepeated { number: 3, other: StatementId(2) }
    );
    let same_day_again = StoredStatement::numbered(3, 3, "2026-11-24");
    assert!(
        !by_number(&same_day_again, &known).iter().any(|odd| matches!(odd, Oddity::NumberRepeated { .. }))
    );
}
