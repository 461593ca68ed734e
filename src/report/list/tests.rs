use super::list_query::WIDTH;
use super::*;

fn asked(list: &str, unit: &str, until: &str, state: Option<&str>) -> Asked {
    Asked {
        list: List::parse(list).unwrap(),
        units: vec![(UnitId(1), unit.to_owned())],
        is_of_all: false,
        period: Period::new("2026-11-01".parse().unwrap(), until.parse().unwrap()).unwrap(),
        state: state.map(str::to_owned),
        filter: Filter::default(),
    }
}

#[test]
fn the_same_question_has_the_same_id_and_another_question_another() {
    let one = asked("payments", "00004", "2026-11-30", None).query_id();
    assert_eq!(one, asked("payments", "00004", "2026-11-30", None).query_id());
    assert!(one.starts_with("qry_") && one.len() == 20, "{one}");
    let others = [
        asked("receipts", "00004", "2026-11-30", None),
        asked("payments", "00091", "2026-11-30", None),
        asked("payments", "00004", "2026-11-29", None),
        asked("payments", "00004", "2026-11-30", Some("proven")),
        Asked {
            units: vec![(UnitId(1), "00004".to_owned()), (UnitId(2), "00091".to_owned())],
            is_of_all: true,
            ..asked("payments", "00004", "2026-11-30", None)
        },
    ];
    for other in others {
        assert_ne!(one, other.query_id(), "{other:?}");
    }
}

#[test]
fn no_list_is_wider_than_a_row_and_each_has_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for list in List::all() {
        assert!((1..=WIDTH).contains(&list.0.columns.len()), "{}", list.name());
        assert!(names.insert(list.name()), "{} twice", list.name());
        assert!(list.title().contains(" / "), "Vietnamese and English: {}", list.title());
    }
    assert_eq!(List::parse("people").unwrap_err().code(), "list_unknown");
}

#[test]
fn a_list_is_narrowed_by_what_it_has_alone() {
    let exceptions = List::parse("exceptions").unwrap();
    let found = Filter::parse(exceptions, ("", "underpaid", "finance")).unwrap();
    assert_eq!((found.kind, found.owner.as_deref()), (Some(exception::Kind::Underpaid), Some("finance")));
    let one = Asked { filter: found, ..asked("exceptions", "00004", "2026-11-30", None) };
    assert_ne!(one.query_id(), asked("exceptions", "00004", "2026-11-30", None).query_id());
    let payments = List::parse("payments").unwrap();
    assert_eq!(Filter::parse(payments, ("", "", "finance")).unwrap_err().code(), "list_filter_unknown");
}

#[test]
fn a_place_reads_back_and_stands_for_one_unit_without_a_name() {
    let place = Place { unit: Some(UnitId(7)), after: 42 };
    assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
    assert_eq!("42".parse::<Place>().unwrap(), Place { unit: None, after: 42 });
    assert_eq!("".parse::<Place>().unwrap(), Place::default());
    assert_eq!("4.x".parse::<Place>().unwrap_err().code(), "cursor_unreadable");
}
